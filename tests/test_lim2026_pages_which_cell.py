"""The page *Which cell is yours?*: what it shows is what the audit derives of that case, in the
browser, on every combination that the form has.
"""

import math
from pathlib import Path

import numpy as np
import pytest

from rampore.audit import sweep
from rampore.audit.ledger import read_ledger
from rampore.lim2026 import LEDGER
from rampore.lim2026.pages import which_cell
from rampore.lim2026.sweeps import crossing, design, gains

DATA = Path(__file__).parents[1] / "book" / "data"
SCRIPT = Path(which_cell.__file__).parents[2] / "audit" / "static" / "chooser.js"

#: Chooses every combination, as a reader would, and takes down what is seen.
ALL = r"""
() => {
  const form = document.querySelector("form.chooser");
  const { axes } = JSON.parse(form.querySelector("script").textContent);
  const seen = (selector) => {
    const part = form.querySelector(selector);
    return part.hidden ? null : part.textContent;
  };
  const combinations = axes.reduce(
    (all, { values }) => all.flatMap((one) => values.map((value) => [...one, value])), [[]]);
  return combinations.map((values) => {
    axes.forEach((axis, n) => { form.elements[axis.name].value = axis.values.indexOf(values[n]); });
    form.dispatchEvent(new Event("input"));
    const shown = [...form.querySelectorAll(".chooser-outcome [data-shows]")]
      .map((place) => [place.dataset.shows, place.textContent]);
    return {
      values,
      shown: seen(".chooser-outcome") === null ? null : Object.fromEntries(shown),
      none: seen(".chooser-none"),
      missing: seen(".chooser-missing"),
    };
  });
}
"""


@pytest.fixture(scope="module")
def crossed():
    return sweep.read(DATA / "crossing.nc")


@pytest.fixture(scope="module")
def foils():
    return sweep.read(DATA / "design.nc")


def seen_of_all(form, reader, tmp_path):
    page, found = reader
    file = tmp_path / "page.html"
    script = SCRIPT.read_text(encoding="utf-8")
    file.write_text(
        f'<!doctype html><meta charset="utf-8"><body>{form}<script>{script}</script>',
        encoding="utf-8",
    )
    page.goto(file.as_uri())
    seen = page.evaluate(ALL)
    assert found == []
    assert all(
        sum(one[part] is not None for part in ("shown", "none", "missing")) == 1 for one in seen
    )
    return seen


def number(text):
    """A shown number and its shown error."""
    value, _, error = text.replace("\N{MINUS SIGN}", "-").partition(" ± ")
    return float(value), float(error or 0)


def agrees(text, value, error):
    """The shown number is the computed one to its last digit, its error no smaller; none is shown
    where there is none on either mesh.
    """
    if math.isnan(value) or math.isnan(error):
        return text == "–"
    shown, beside = number(text)
    digits = len(text.split(" ± ")[0].partition(".")[2])
    return abs(shown - value) <= 0.5001 * 10**-digits and beside >= error * (1 - 1e-9) * (
        " ± " in text
    )


def of_case(data, values):
    """Which case of the crossing the words of the form name."""
    closure, porosity, contact, swelling, separator, share, cathode = values
    ohms = float(contact.removesuffix(" on both"))
    ratio = 1.0 if contact.endswith("on both") or ohms == 0 else 0.2
    same = np.logical_and.reduce(
        [
            data.closure.values == closure,
            data.porosity.values == porosity,
            data.contact.values == ohms,
            data.contact_ratio.values == ratio,
            data.swelling.values == swelling,
            data.separator.values == float(separator),
            data.open_fraction.values == float(share),
            data.cathode.values == cathode,
        ]
    )
    return np.flatnonzero(same)


def test_every_combination_shows_the_case_that_was_computed_or_that_there_is_none(
    crossed, reader, tmp_path
):
    seen = seen_of_all(which_cell.assumptions_form(crossed), reader, tmp_path)
    assert len(seen) == 5 * 3 * 6 * 4 * 2 * 2 * 2
    columns = {name: crossed[name].values for name in map(str, crossed.data_vars)}
    met = set()
    for one in seen:
        cases = of_case(crossed, one["values"])
        if not cases.size:
            assert one["missing"], one
            continue
        [n] = cases
        met.add(int(n))
        if columns["error"][n]:
            assert which_cell.why_not(columns["error"][n]) in one["none"]
            continue
        shown = one["shown"]
        for rate, gain in (("3C", "p4d_3c_capacity"), ("5C", "gain_5C")):
            assert agrees(
                shown[f"gain_{rate}"], 100 * columns[gain][n], 100 * columns[f"{gain}_error"][n]
            )
            for foil in ("bare", "perforated"):
                capacity = f"capacity_{foil}_{rate}"
                value, error = columns[capacity][n], columns[f"{capacity}_error"][n]
                assert agrees(shown[f"{foil}_{rate}"], value / 36000, error / 36000)
                share = 100 * value / columns[f"slow_{foil}"][n]
                assert agrees(
                    shown[f"share_{foil}_{rate}"], share, 100 * error / columns[f"slow_{foil}"][n]
                )
    assert met == set(range(crossed.sizes["case"]))


def test_a_verdict_is_the_one_that_the_audit_derives_of_that_case(crossed, reader, tmp_path):
    stated = read_ledger(LEDGER)["rate-5c-20"].stated_si - 1
    for one in seen_of_all(which_cell.assumptions_form(crossed), reader, tmp_path)[::61]:
        if one["shown"] is None:
            continue
        case = crossed.isel(case=of_case(crossed, one["values"]))
        counts = dict.fromkeys(("holds", "fails", "open"), 0)
        for claim in crossing.CLAIMS:
            found = crossing.standing(case, claim)
            [word] = [name for name, share in found._asdict().items() if share == 1]
            assert one["shown"][crossing.key(claim)] == word
            counts[word] += 1
        assert {name: int(one["shown"][name]) for name in counts} == counts
        floor = gains.by_floor(gains.table({"crossing": case}), {"5C": stated}).loc[("5C", 0.0)]
        word = "reached" if floor.reached else "undecided" if floor.may else "missed"
        assert one["shown"]["wanted"] == word


def test_every_foil_is_on_the_front_or_says_how_many_beat_it(foils, reader, tmp_path):
    seen = seen_of_all(which_cell.foils_form(foils), reader, tmp_path)
    best = design.front(foils)
    goals = np.stack([foils[name].values for name in design.GOALS])
    met = set()
    for one in seen:
        hole, pitch, thickness, density = (
            float(value) * factor
            for value, factor in zip(one["values"], (1e-6, 1e-6, 1e-6, 1e3), strict=True)
        )
        near = [
            np.isclose(foils[name].values, value, rtol=1e-3, atol=0)
            for name, value in (
                ("hole_diameter", hole),
                ("pitch", pitch if hole else 0.0),
                ("foil_thickness", thickness),
                ("density", density),
            )
        ]
        cases = np.flatnonzero(np.logical_and.reduce(near))
        if not cases.size:
            assert one["missing"]
            continue
        [n] = cases
        met.add(int(n))
        assert (one["shown"]["front"] == "beaten by none") == best[n]
        better = (goals >= goals[:, [n]]).all(axis=0) & (goals > goals[:, [n]]).any(axis=0)
        if better.any():
            assert one["shown"]["front"] == f"beaten by {better.sum()} of {best.size - 1} others"
        assert agrees(
            one["shown"]["gravimetric"],
            foils.gravimetric.values[n] / 3600,
            foils.gravimetric_error.values[n] / 3600,
        )
    assert met == set(range(foils.sizes["case"]))
    assert len(seen) == math.prod(
        len(values)
        for values in ((0, *design.AXES[0].values), *(a.values for a in design.AXES[1:]))
    )
