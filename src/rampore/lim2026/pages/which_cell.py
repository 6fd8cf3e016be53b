"""The page *Which cell is yours?*: the crossing of the assumptions and the designs, each behind a
form.

Every number and every word of a verdict is the audit's own, of one computed case; the page only
looks it up.
"""

from __future__ import annotations

import html
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from rampore.audit.ledger import read_ledger
from rampore.audit.pages.chooser import CaseAxis, Cases, Plot, chooser
from rampore.lim2026 import LEDGER
from rampore.lim2026.scenarios import number_text
from rampore.lim2026.sweeps import crossing, design, gains

if TYPE_CHECKING:
    import pandas
    import xarray

_AREAL = 1 / 36000  #: mAh/cm2 in C/m2
_CLAIM_WORDS = {1: "holds", -1: "fails", 0: "open"}
_WANTED = "rate-5c-20"  #: the statement on the gain that the form answers

#: What the axes of the crossing are called, and their values where their names do not say it.
_AXES = {
    "closure": ("How pores conduct", {}),
    "porosity": (
        "Porosities of the coating",
        {
            "published": "as published",
            "mass-conserving": "of equal mass",
            "recipe": "the recipe's, everywhere",
        },
    ),
    "contact": ("Contact resistance on bare foil", {}),
    "swelling": (
        "Swelling of the anode",
        {
            "none": "left out",
            "rigid": "into the pores",
            "half": "half to the thickness",
            "free": "to the thickness",
        },
    ),
    "separator": ("Tortuosity factor of the separator", {}),
    "open_fraction": ("Share of the foil that is holes", {}),
    "cathode": (
        "Capacity of the cathode",
        {"stated": "as stated", "loading": "by its loading"},
    ),
}
_SLIDERS = ("contact", "swelling", "separator", "open_fraction")
#: As the study takes them; the literature has no resistance between coating and copper.
_START = {
    "closure": "impedance law",
    "porosity": "published",
    "contact": "0",
    "swelling": "none",
    "separator": "6",
    "open_fraction": "0.2",
    "cathode": "stated",
}

#: What a case gives at each rate, with the unit.
_OF_RATES = {
    "gain": ("gain of capacity on perforated foil", " %"),
    "bare": ("bare foil (mAh cm⁻²)", ""),
    "share_bare": ("bare foil, of its slow discharge", " %"),
    "perforated": ("perforated foil (mAh cm⁻²)", ""),
    "share_perforated": ("perforated foil, of its slow discharge", " %"),
}

_DESIGN_AXES = {
    "hole_diameter": ("Diameter of the holes", 1e6, "µm"),
    "pitch": ("Distance between holes", 1e6, "µm"),
    "foil_thickness": ("Thickness of the foil", 1e6, "µm"),
    "density": ("Density of the coating", 1e-3, "g cm⁻³"),
}
#: What a design gives: its heading with the unit, and the factor to it.
_DESIGN_COLUMNS = {
    "gravimetric": ("energy per mass (Wh kg⁻¹)", 1 / 3600),
    "volumetric": ("energy per volume (Wh L⁻¹)", 1 / 3.6e6),
    "capacity_3C": ("capacity at 3C (mAh cm⁻²)", _AREAL),
    "capacity_5C": ("capacity at 5C (mAh cm⁻²)", _AREAL),
    "strength": ("strength of the foil (N mm⁻¹)", 1e-3),
    "lowest_np_ratio": ("lowest local N/P", 1.0),
}


def assumptions_form(data: xarray.Dataset) -> str:
    """The crossing behind a form, as raw HTML.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep crossing`` writes it.
    """
    choices = [_choice(name) for name in _AXES]
    return chooser(
        "Which cell is yours?",
        choices,
        assumption_cases(data),
        _START,
        _assumptions_shown(),
        [
            Plot(
                f"bare_{rate}",
                f"perforated_{rate}",
                f"bare foil, {rate} (mAh cm⁻²)",
                f"perforated foil, {rate} (mAh cm⁻²)",
                lines,
            )
            for rate, lines in (
                ("3C", {1.0: "equal"}),
                ("5C", {1.0: "equal", 1 + _stated_gain(): "as stated"}),
            )
        ],
    )


def _stated_gain() -> float:
    return read_ledger(LEDGER)[_WANTED].stated_si - 1


def _choice(name: str) -> CaseAxis:
    axis = next(axis for axis in crossing.AXES if axis.name == name)
    label, words = _AXES[name]
    if name == "contact":
        return CaseAxis(
            name, label, _contacts(), True, f"{axis.why}; else a fifth on perforated foil"
        )
    values = {_word(value): words.get(_word(value), _word(value)) for value in axis.values}
    return CaseAxis(name, label, values, name in _SLIDERS, axis.why)


def _contacts() -> dict[str, str]:
    """Contact resistance and its ratio are one axis: a fifth on perforated foil, or the same on
    both.
    """
    contact = next(axis for axis in crossing.AXES if axis.name == "contact")
    fifth = {_word(value): f"{value:g} Ω cm²" for value in contact.values}
    return fifth | {
        f"{value:g} on both": f"{value:g} Ω cm² on both foils" for value in crossing.CONTROLS
    }


def _word(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def assumption_cases(data: xarray.Dataset) -> Cases:
    """What every case of the crossing gave, as texts; axes in the order of the form.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep crossing`` writes it.
    """
    pairs = gains.table({"crossing": data})
    columns: dict[str, list[str]] = {}
    for rate in crossing.RATES:
        of_rate = pairs[pairs.rate == rate]
        for foil in ("bare", "perforated"):
            name = f"capacity_{foil}_{rate}"
            columns[f"{foil}_{rate}"] = _texts(
                "{:.%df}", _AREAL * data[name].values, _AREAL * data[f"{name}_error"].values
            )
            share = crossing.delivered(data, foil, rate).values
            error = data[f"{name}_error"].values / data[f"slow_{foil}"].values
            columns[f"share_{foil}_{rate}"] = _texts("{:.%df}", 100 * share, 100 * error)
        columns[f"gain_{rate}"] = _texts("{:+.%df}", 100 * of_rate.gain, 100 * of_rate.gain_error)
        columns[f"sure_{rate}"] = [
            "" if sure else "not settled: twice the layers give something else"
            for sure in of_rate.resolved
        ]
    at_5c = pairs[pairs.rate == "5C"]
    columns["wanted"] = gains.reached(at_5c, _stated_gain()).tolist()
    claims = {
        claim: [_CLAIM_WORDS[int(one)] for one in crossing.verdicts(data, claim).values]
        for claim in crossing.CLAIMS
    }
    columns |= {crossing.key(claim): words for claim, words in claims.items()}
    counted = [Counter(words) for words in zip(*claims.values(), strict=True)]
    columns |= {word: [str(count[word]) for count in counted] for word in _CLAIM_WORDS.values()}
    rows = {
        levels: why_not(error) if error else texts
        for levels, texts, error in zip(
            map(_levels, _cases(data)),
            zip(*columns.values(), strict=True),
            data.error.values,
            strict=True,
        )
    }
    return Cases(tuple(columns), rows)


def _texts(template: str, values: np.ndarray | pandas.Series, errors) -> list[str]:
    return [
        str(number_text(template, value, error))
        for value, error in zip(values, errors, strict=True)
    ]


def _cases(data: xarray.Dataset) -> list[dict]:
    columns = {axis.name: data[axis.name].values.tolist() for axis in crossing.AXES}
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def _levels(case: dict) -> tuple[int, ...]:
    """Where a case of the crossing lies on the axes of the form."""
    chosen = {name: _word(case[name]) for name in _AXES}
    if case["contact"] and case["contact_ratio"] == 1.0:
        chosen["contact"] += " on both"
    return tuple(list(_choice(name).values).index(value) for name, value in chosen.items())


def why_not(error: str) -> str:
    """In a few words why a case has no outcome.

    Parameters
    ----------
    error : str
        What the sweep kept of it.
    """
    return (
        "the pores close before the cell is charged"
        if "pores" in error and "close" in error
        else "the solver finds no start"
    )


def _assumptions_shown() -> str:
    ledger = read_ledger(LEDGER)
    stated = f"{100 * _stated_gain():.0f} %"
    rows = "".join(
        f'<tr><th scope="row">{html.escape(ledger[claim].statement)} '
        f'<a href="claim/{claim}.html"><small>{claim}</small></a></th>'
        f"<td>{{{crossing.key(claim)}}}</td></tr>"
        for claim in crossing.CLAIMS
    )
    of_rates = "".join(
        f'<tr><th scope="row">{label}</th>'
        + "".join(f'<td class="number">{{{name}_{rate}}}{unit}</td>' for rate in crossing.RATES)
        + "</tr>"
        for name, (label, unit) in _OF_RATES.items()
    )
    rates = "".join(f'<th scope="col">at {rate}</th>' for rate in crossing.RATES)
    return (
        '<p class="chooser-answer" role="status">Perforated foil changes the capacity at 3C by '
        "<strong>{gain_3C} %</strong> and at 5C by <strong>{gain_5C} %</strong>: the paper's "
        f"{stated} at 5C are <strong>{{wanted}}</strong>. Of its {len(crossing.CLAIMS)} statements "
        "on the discharge at 3C {holds} hold, {fails} fail, {open} are open.</p>"
        "<p>The bare cell delivers <strong>{share_bare_5C} %</strong> of its slow discharge at 5C, "
        "which is a result and no choice: whoever knows that share of a cell of his own can look "
        "which assumptions have it.</p>"
        f"<table><thead><tr><td></td>{rates}</tr></thead><tbody>{of_rates}</tbody></table>"
        "<p><small>± is the numerical error. {sure_3C} {sure_5C}</small></p>"
        '<table><thead><tr><th scope="col">The paper, of the discharge at 3C</th>'
        f'<th scope="col">Here</th></tr></thead><tbody>{rows}</tbody></table>'
    )


# Designs ------------------------------------------------------------------------------------------


def foils_form(data: xarray.Dataset) -> str:
    """The designs behind a form, as raw HTML.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep design`` writes it.
    """
    rows = "".join(
        f'<tr><th scope="row">{label}</th><td class="number">{{{name}}}</td></tr>'
        for name, (label, _) in _DESIGN_COLUMNS.items()
    )
    shown = (
        '<p class="chooser-answer" role="status">This foil is <strong>{front}</strong> in energy '
        "per mass, capacity at 3C and strength taken together{example}.</p>"
        "<p><small>Share of the foil that is holes: {open_fraction}. Without holes their distance "
        "says nothing.</small></p>"
        f"<table><tbody>{rows}</tbody></table><p><small>± is the numerical error.</small></p>"
    )
    choices = [_design_choice(data, name) for name in _DESIGN_AXES]
    own = design.paper_case()
    start = {name: _design_word(name, own[name]) for name in _DESIGN_AXES}
    (x, _), (y, _) = _DESIGN_COLUMNS["gravimetric"], _DESIGN_COLUMNS["capacity_3C"]
    plot = Plot("gravimetric", "capacity_3C", x, y)
    return chooser("Which foil?", choices, design_cases(data), start, shown, [plot])


def _design_word(name: str, value: float) -> str:
    return f"{value * _DESIGN_AXES[name][1]:.4g}"


def _design_choice(data: xarray.Dataset, name: str) -> CaseAxis:
    """Every value that some design takes; a bare foil is one whose holes have no diameter."""
    label, _, unit = _DESIGN_AXES[name]
    values = np.unique(data[name].values)
    words = [_design_word(name, one) for one in values if one or name == "hole_diameter"]
    return CaseAxis(
        name, label, {word: f"{word} {unit}" if word != "0" else "no holes" for word in words}, True
    )


def design_cases(data: xarray.Dataset) -> Cases:
    """What every design gave, as texts, and by how many others it is beaten; a bare foil stands at
    every distance between holes.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep design`` writes it.
    """
    columns = {
        name: _texts("{:.%df}", factor * data[name].values, factor * data[f"{name}_error"].values)
        for name, (_, factor) in _DESIGN_COLUMNS.items()
    }
    columns["open_fraction"] = [f"{100 * share:.1f} %" for share in data.open_fraction.values]
    beaten, best = design.beaten(data), design.front(data)
    columns["front"] = [
        "beaten by none" if on_front else f"beaten by {by.sum()} of {best.size - 1} others"
        for by, on_front in zip(beaten, best, strict=True)
    ]
    columns["example"] = [_example(data, by & best) for by in beaten]
    choices = {name: list(_design_choice(data, name).values) for name in _DESIGN_AXES}
    rows = {}
    for n, texts in enumerate(zip(*columns.values(), strict=True)):
        words = {name: _design_word(name, data[name].values[n]) for name in _DESIGN_AXES}
        pitches = choices["pitch"] if words["hole_diameter"] == "0" else [words["pitch"]]
        for pitch in pitches:
            levels = (
                choices[name].index(word) for name, word in (words | {"pitch": pitch}).items()
            )
            rows[tuple(levels)] = str(data.error.values[n]) or texts
    return Cases(tuple(columns), rows)


def _example(data: xarray.Dataset, better: np.ndarray) -> str:
    """The strongest of the designs that are better, in words; nothing where there is none."""
    if not better.any():
        return ""
    one = data.isel(case=int(np.argmax(np.where(better, data.strength.values, -np.inf))))
    word = {name: _design_word(name, one[name].item()) for name in _DESIGN_AXES}
    holes = (
        "bare foil"
        if word["hole_diameter"] == "0"
        else f"holes of {word['hole_diameter']} µm every {word['pitch']} µm"
    )
    return (
        f", for example by {word['foil_thickness']} µm of foil, {holes}, {word['density']} g cm⁻³"
    )
