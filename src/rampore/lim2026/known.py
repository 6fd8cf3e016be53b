"""What the positive control says: which known gains are found, and what a change must be to give
one.

All of it reads the data set of ``rampore sweep control`` by the rules of
``lim2026/data/control.toml``; :mod:`rampore.lim2026.sweeps.control` says how it is made.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rampore.audit.numbers import Phrase, phrase, with_error
from rampore.checks import choice
from rampore.closures import Closure
from rampore.lim2026.control import limit_gain, pressed_capacity, readings
from rampore.lim2026.sweeps.control import LEVERS
from rampore.p4d.errors import CellError
from rampore.p4d.model import Mesh
from rampore.p4d.time import Tolerances

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = [
    "NAMES",
    "RESOLUTIONS",
    "STATUSES",
    "ExactLimits",
    "Known",
    "OwnCellAnswer",
    "Reach",
    "answer",
    "answer_text",
    "closures_of",
    "evenly",
    "lever_table",
    "limits",
    "outcome_table",
    "outcomes",
    "paper_table",
    "plating",
    "plating_table",
    "reach",
    "reach_text",
    "reaches",
    "rows",
    "smallest_spread",
    "span",
    "status",
    "verdict",
    "window",
]

MAH_CM2 = 36000.0  #: [C/m2]

#: By name two meshes, of what is shown and of its error: half the boxes in every direction.
RESOLUTIONS = {
    "reading": (Mesh((32, 16, 32), (8, 1)), Mesh((16, 8, 16), (4, 1))),
    "fine": (Mesh((64, 32, 64), (16, 1)), Mesh((32, 16, 32), (8, 1))),
}
#: in time on the first of them, and on the second
TOLERANCES = Tolerances(time=1e-3), Tolerances(time=3e-3)

#: Known outcomes by their names in ``control.toml``, as a reader knows them.
NAMES = {
    "habedank": "Habedank 2018",
    "nrel": "Tancin 2025",
    "chen_highly_ordered": "Chen 2020",
    "raju": "Raju 2026",
    "none_expected": "none expected",
}

#: What a pair may say, in words.
STATUSES = ("finds it", "finds none", "finds the opposite", "too close", "carries nothing")


def rows(data: "xarray.Dataset", **wanted: Any) -> "pandas.DataFrame":
    """The pairs of a data set that have some values, in its order.

    Parameters
    ----------
    data : xarray.Dataset
    **wanted
        A value, or a list of them, by the name of an input.

    Raises
    ------
    CellError
        Where there are none.
    """
    table = data.to_dataframe()
    for name, value in wanted.items():
        table = table[table[name].isin(value if isinstance(value, list) else [value])]
    if table.empty:
        raise CellError(f"no pair has {wanted}")
    return table


def status(row: Mapping, smallest: float) -> str:
    """In a word what a pair's gain says, one of :data:`STATUSES`.

    Parameters
    ----------
    row : mapping
        With ``plain``, ``gain`` and ``gain_error``.
    smallest : float
        Gain that is interpreted at all [-].
    """
    if row["plain"] == 0:
        return "carries nothing"
    gain, error = row["gain"], row["gain_error"]
    if np.isnan(gain):  # a run that failed decides nothing
        return "too close"
    if abs(gain) > max(error, smallest):
        return "finds it" if gain > 0 else "finds the opposite"
    return "finds none" if error <= smallest else "too close"


def closures_of(data: "xarray.Dataset") -> dict[str, Closure]:
    """The closures that the paper's cell was run under, by name."""
    first = rows(data, part="paper").drop_duplicates("closure").set_index("closure")
    numbers = first[["exponent", "prefactor", "threshold"]]
    return {str(name): Closure(str(name), *row) for name, row in numbers.iterrows()}


# Exact limits ------------------------------------------------------------------------------------


class ExactLimits(NamedTuple):
    """What lines give in the limits that are known, over the plain cell on the same mesh."""

    exact: float  #: gain at the pitch 0, of the one-dimensional cell of the mean [-]
    exact_error: float  #: what the coarser mesh changes of it [-]
    miss: float  #: the finest pitch's gain less the exact one [-]
    miss_error: float  #: what the coarser mesh changes of it [-]
    #: gain and its error at the pitches, each (m,) [-], by the efficiency in the plane over that
    #: through it
    gains: dict[float, tuple[np.ndarray, np.ndarray]]

    def half_pitch(self, in_plane: float) -> tuple[float, float]:
        """Pitch at which half of the exact gain is left and its error from those of the gains [um];
        nan where it is nowhere.
        """
        gain, error = self.gains[in_plane]
        low, middle, high = (self._half(gain + sign * error) for sign in (-1, 0, 1))
        return middle, (high - low) / 2

    def _half(self, gain):
        below = np.flatnonzero(gain < self.exact / 2)
        if not below.size or not below[0]:
            return np.nan
        ends = slice(below[0] - 1, below[0] + 1)
        return float(np.interp(-self.exact / 2, -gain[ends], readings()["limits"]["pitches"][ends]))


def limits(mesh: Mesh, coarser: Mesh) -> ExactLimits:
    """Run lines of every pitch on a mesh, and for the errors on a coarser one.

    Parameters
    ----------
    mesh, coarser : Mesh
        Columns across half a pitch.
    """
    asked, both = readings()["limits"], list(zip((mesh, coarser), TOLERANCES, strict=True))
    (exact, base), (rough, rough_base) = (limit_gain(*one) for one in both)

    def over(pitches, in_plane):
        return (
            np.array([pressed_capacity(pitch, *one, in_plane) / plain - 1 for pitch in pitches])
            for one, plain in zip(both, (base, rough_base), strict=True)
        )

    gains = {}
    for ratio in asked["anisotropies"]:
        gain, coarse = over(asked["pitches"], ratio)
        gains[ratio] = gain, np.abs(gain - coarse)
    (fine, rough_fine) = (float(each[0]) for each in over(asked["fine_pitches"][:1], 1.0))
    miss, rough_miss = fine - exact, rough_fine - rough
    return ExactLimits(exact, abs(exact - rough), miss, abs(miss - rough_miss), gains)


# Pairs --------------------------------------------------------------------------------------------


class Known(NamedTuple):
    """Whether a known outcome is found, and by how much."""

    found: bool | None  #: None where the numerical error leaves it open
    value: float  #: of what decides, in `unit`
    error: float
    unit: str
    what: str  #: the value, in words


def _sign(value: float, error: float, least: float = 0.0) -> bool | None:
    return bool(value > 0) if abs(value) > max(error, least) else None


def outcomes(data: "xarray.Dataset", smallest: float) -> dict[str, Known]:
    """The known outcomes by their names in ``control.toml``.

    Parameters
    ----------
    data : xarray.Dataset
    smallest : float
        Gain that is interpreted at all [-].
    """
    asked, found = readings(), {}
    for name in ("habedank", "nrel"):
        rule = asked[name]
        change = f"{rule['kind']}; {rule['partner']}"
        one = rows(data, part=name, change=change, rate=rule["deciding"]).iloc[0]
        holds = _sign(one.gain, one.gain_error, smallest)
        what = f"gain at {rule['deciding']:g}C"
        found[name] = Known(holds, one.gain, one.gain_error, "1", what)
    rule = asked["chen_highly_ordered"]
    change = f"{rule['kind']}; {rule['partner']}"
    later = [_later(row) for _, row in rows(data, part="nrel", change=change).iterrows()]
    found["chen_highly_ordered"] = min(later, key=lambda one: _RANK[one.found])
    found["raju"] = _rising(rows(data, part="raju"), smallest)
    one = rows(data, part="none_expected").iloc[0]
    room = asked["none_expected"]["at_most"] - abs(one.gain)
    holds = _sign(room, one.gain_error)
    found["none_expected"] = Known(
        holds, one.gain, one.gain_error, "1", "gain where transport does not limit"
    )
    return found


#: of what several rates say, the worst counts
_RANK = {False: 0, None: 1, True: 2}


def _later(row) -> Known:
    """Whether the cell with channels plates at a larger charge, or has more margin where neither
    does.
    """
    plain, changed = (row.get(f"{cell}_plates", np.nan) for cell in ("plain", "changed"))
    if np.isnan(plain) and np.isnan(changed):
        what = f"more margin at equal charge at {row['rate']:g}C"
        holds = _sign(row["margin"], row["margin_error"])
        return Known(holds, row["margin"], row["margin_error"], "V", what)
    what = f"later first plating at {row['rate']:g}C"
    if np.isnan(plain) or np.isnan(changed):
        return Known(bool(np.isnan(changed)), np.nan, np.nan, "C/m2", f"{what}: one cell alone")
    error = row["plain_plates_error"] + row["changed_plates_error"]
    return Known(_sign(changed - plain, error), changed - plain, error, "C/m2", what)


def _rising(table, smallest):
    """Whether the gain rises with the density of holes, step by step."""
    ordered = table.sort_values("size", ascending=False)
    gains, errors = ordered.gain.to_numpy(), ordered.gain_error.to_numpy()[1:]
    rises, falls = np.diff(gains) > errors, np.diff(gains) < -errors
    small = gains[1:] <= smallest  # of a run that failed neither holds
    settled = (rises | small).all() and not small.all()
    holds = False if falls.any() else True if settled else None
    last = ordered.iloc[-1]
    what = f"gain with holes {last['size']:g} µm apart"
    return Known(holds, last.gain, last.gain_error, "1", what)


class Reach(NamedTuple):
    """The smallest change that gives the goal."""

    size: float  #: in the lever's unit; nan where no rung reaches it
    error: float  #: of the size, from the gains' numerical errors
    most: float  #: largest gain of all rungs [-]; nan where the plain cell carries nothing
    most_error: float


def reach(data: "xarray.Dataset", closure: str, change: str) -> Reach:
    """The smallest change of one kind that gives the goal, on straight lines between the rungs.

    Parameters
    ----------
    data : xarray.Dataset
    closure, change : str
    """
    goal = readings()["levers"]["goal"]
    table = rows(data, part="lever", closure=closure, change=choice_of(data, change))
    sizes, gains, errors = (table[name].to_numpy() for name in ("size", "gain", "gain_error"))
    known = np.isfinite(gains)
    if not known.any():
        return Reach(np.nan, np.nan, np.nan, np.nan)
    none = 1.0 if change in ("thickness", "conductivity", "loading", "np_ratio") else 0.0
    sizes = np.append(none, sizes[known])

    def crossing(values):
        values = np.append(0.0, values)
        above = np.flatnonzero(values >= goal)
        if not above.size:
            return np.nan
        n = above[0]
        return float(np.interp(goal, values[n - 1 : n + 1], sizes[n - 1 : n + 1]))

    ends = [crossing(gains[known] + sign * errors[known]) for sign in (-1, 0, 1)]
    best = int(np.argmax(gains[known]))
    return Reach(
        ends[1],
        float(np.nanmax(np.abs(np.array(ends) - ends[1]))) if np.isfinite(ends[1]) else np.nan,
        float(gains[known][best]),
        float(errors[known][best]),
    )


def choice_of(data: "xarray.Dataset", change: str) -> str:
    """A lever of a data set, or what there are."""
    return choice("change", change, sorted(set(map(str, data.change.values))), CellError)


def reaches(data: "xarray.Dataset") -> dict[tuple[str, str], Reach]:
    """What :func:`reach` gives, by lever and closure."""
    table = rows(data, part="lever")[["change", "closure"]].drop_duplicates()
    return {
        (change, closure): reach(data, closure, change)
        for change, closure in table.itertuples(index=False)
    }


# The paper's own cell -----------------------------------------------------------------------------


class OwnCellAnswer(NamedTuple):
    """How many of the paper's cells at a rate, one a closure and separator, say what."""

    cells: int
    starved: int  #: carry nothing
    channels: int  #: gain by channels in the coating
    holes: int  #: gain by holes in the foil
    apart: int  #: gain by channels, and by holes nothing or less
    open_channels: int  #: the error leaves open whether channels gain
    open_holes: int  #: the error leaves open whether holes gain


def answer(data: "xarray.Dataset", smallest: float, rate: float) -> OwnCellAnswer:
    """What holes and channels find in the paper's own cell.

    Parameters
    ----------
    data : xarray.Dataset
    smallest : float
        Gain that is interpreted at all [-].
    rate : float
        Over 1C [-].
    """
    table = rows(data, part="paper", rate=rate).set_index(["separator", "closure"])
    words = table.apply(status, axis=1, smallest=smallest)
    holes, channels = (words[table.change == change] for change in ("holes", "channel"))
    gains, none = channels == "finds it", holes.isin(["finds none", "finds the opposite"])
    return OwnCellAnswer(
        cells=len(channels),
        starved=int((channels == "carries nothing").sum()),
        channels=int(gains.sum()),
        holes=int((holes == "finds it").sum()),
        apart=int((gains & none).sum()),
        open_channels=int((channels == "too close").sum()),
        open_holes=int((holes == "too close").sum()),
    )


# In words -----------------------------------------------------------------------------------------


def _told(value, error, decimals=(2, 3), unit="", template="{:.%df}"):
    """A number with its error as a text; "–" where there is none."""
    if not np.isfinite(value):
        return "–"
    error = error if np.isfinite(error) else abs(value)  # where the coarser mesh gave nothing
    return with_error(template, value, error, decimals, unit)


_SIGNED = "{:+.%df}"


def _gain(value, error):
    return _told(100 * value, 100 * error, (1, 1), " %", _SIGNED)


def _joined(template, *parts):
    """Phrases set into a text, with all their numbers."""
    text = Phrase(template.format(*parts))
    text.masked = template.format(*(getattr(part, "masked", part) for part in parts))
    text.numbers = tuple(number for part in parts for number in getattr(part, "numbers", ()))
    return text


#: What a known outcome's unit is shown in: factor, name.
_SHOWN = {"1": (100, " %"), "V": (1e3, " mV"), "C/m2": (1 / MAH_CM2, " mAh cm⁻²")}
_DIRECTION = {True: "found", False: "not found", None: "too close to say"}


def outcome_table(found: Mapping[str, Known]) -> "pandas.DataFrame":
    """Known outcomes in words: what decides here, its size, what was measured, and the direction.

    Parameters
    ----------
    found : mapping
        As :func:`outcomes` gives it.
    """
    import pandas as pd

    def words(name, one):
        factor, unit = _SHOWN[one.unit]
        return {
            "here": one.what,
            "size": _told(factor * one.value, factor * one.error, (1, 3), unit, _SIGNED),
            "known": _measured(readings()[name]),
            "direction": _DIRECTION[one.found],
        }

    return pd.DataFrame({NAMES[name]: words(name, one) for name, one in found.items()}).T


def _measured(rule):
    """The size of a known outcome, where one is known."""
    if "high" in rule:
        return phrase("{:+.0f} to {:+.0f} %", 100 * rule["low"], 100 * rule["high"])
    if "low" in rule:
        return phrase("more than {:+.0f} %", 100 * rule["low"])
    if "at_most" in rule:
        return phrase("within {:.0f} % of none", 100 * rule["at_most"])
    return "a direction alone"


def verdict(found: Mapping[str, Known], met: Mapping[str, bool]) -> tuple[str, str]:
    """The verdict on the audit, and its count.

    Parameters
    ----------
    found : mapping
        As :func:`outcomes` gives it.
    met : mapping of str to bool
        Whether an exact limit is, by its name.
    """
    named = {NAMES[name]: one.found for name, one in found.items()}
    why = (
        f"{list(named.values()).count(True)} of {len(named)} known outcomes come out in "
        f"direction, {sum(met.values())} of {len(met)} exact limits within what was asked."
    )
    if True not in named.values():
        return "does not find what is known", why
    named |= met
    but = [f"not {name}" for name, holds in named.items() if holds is False]
    but += [f"{name} is too close to say" for name, holds in named.items() if holds is None]
    return f"finds what is known{', but ' if but else ''}{'; '.join(but)}", why


def window(data: "xarray.Dataset", smallest: float) -> Phrase:
    """Where the size on discharge lies beside what Habedank et al. measured, and at which rates
    there is no gain, as a sentence.

    Parameters
    ----------
    data : xarray.Dataset
    smallest : float
        Gain that is interpreted at all [-].
    """
    rule = readings()["habedank"]
    table = rows(data, part="habedank", change=f"{rule['kind']}; {rule['partner']}")
    [gain] = table[table.rate == rule["deciding"]].gain
    low, high = rule["low"] / 3, 3 * rule["high"]
    alike = "above" if gain > high else "below" if gain < low else "within"
    without = [
        f"{row['rate']:g}C" for _, row in table.iterrows() if status(row, smallest) != "finds it"
    ]
    at = f"none is found at {', '.join(without)}" if without else "there is one at every rate"
    return phrase(
        f"The size at {rule['deciding']:g}C lies {alike} what would count as alike, a third of the "
        "lower to three times the upper end of what was measured, {:.0f} to {:.0f} %; of a gain, "
        f"{at}.",
        100 * low,
        100 * high,
    )


def evenly(data: "xarray.Dataset", part: str) -> Phrase:
    """What taking graphite away in channels gives, what as little of it spread evenly gives, and
    what channels give beside a plain coating of the same graphite, as a sentence.

    Parameters
    ----------
    data : xarray.Dataset
    part : {"habedank", "nrel"}
    """
    rate, what = (
        readings()[part]["deciding"],
        {"habedank": "capacity", "nrel": "charge taken"}[part],
    )
    table = rows(data, part=part, rate=rate).set_index("change")
    removed, same, pressed = (
        table.loc[change]
        for change in (
            "removed; thickness and porosity",
            "removed; mass and thickness",
            "pressed; mass and thickness",
        )
    )
    ratio = same.plain / removed.plain
    off = ratio * (same.plain_error / same.plain + removed.plain_error / removed.plain)
    return _joined(
        f"At {rate:g}C channels in place of graphite change the {what} by {{}}; as much graphite "
        "taken from the whole coating evenly, without any channel, by {}; the channels over that "
        "even coating by {}; and channels whose graphite is pressed aside by {}.",
        _gain(removed.gain, removed.gain_error),
        _gain(ratio - 1, off),
        *(_gain(each.gain, each.gain_error) for each in (same, pressed)),
    )


def plating(row: Mapping, cell: str) -> str:
    """Charge at which lithium may first be plated, with its error [mAh/cm2], as a text.

    Parameters
    ----------
    row : mapping
        A pair of part "nrel".
    cell : {"plain", "changed"}
    """
    at = row.get(f"{cell}_plates", np.nan)
    if np.isnan(at):
        return "not before the end"
    return _told(at / MAH_CM2, row[f"{cell}_plates_error"] / MAH_CM2)


def plating_table(data: "xarray.Dataset") -> "pandas.DataFrame":
    """What cells take on charge, where lithium may first be plated [mAh/cm2], and the margin that
    channels gain at the last charge that both cells take [mV], in words.

    Parameters
    ----------
    data : xarray.Dataset
    """
    import pandas as pd

    def words(row):
        taken = {
            cell: _told(row[cell] / MAH_CM2, row[f"{cell}_error"] / MAH_CM2)
            for cell in ("plain", "changed")
        }
        return {
            "taken, plain": taken["plain"],
            "with channels": taken["changed"],
            "first plating, plain": plating(row, "plain"),
            "with channels, plating": plating(row, "changed"),
            "margin gained, mV": _told(
                1e3 * row["margin"], 1e3 * row["margin_error"], (1, 1), template=_SIGNED
            ),
        }

    table = rows(data, part="nrel")
    names = (f"{row['rate']:g}C, {row['change']}" for _, row in table.iterrows())
    return pd.DataFrame(
        dict(zip(names, (words(row) for _, row in table.iterrows()), strict=True))
    ).T


def reach_text(one: Reach) -> str:
    """A smallest change with its error, or why there is none, as a text."""
    if np.isfinite(one.size):
        return _told(one.size, one.error)
    if np.isfinite(one.most):
        most = 100 * one.most, 100 * one.most_error
        return _told(*most, (0, 1), " %", f"not within: {_SIGNED}")
    return "carries nothing"


def lever_table(found: Mapping[tuple[str, str], Reach]) -> "pandas.DataFrame":
    """The smallest changes, a row a lever with its unit, a column a closure, in words.

    Parameters
    ----------
    found : mapping
        As :func:`reaches` gives it.
    """
    import pandas as pd

    closures = dict.fromkeys(closure for _, closure in found)
    return pd.DataFrame(
        {
            closure: {
                f"{change.replace('_', ' ')}, {unit}": reach_text(found[change, closure])
                for change, unit in LEVERS.items()
            }
            for closure in closures
        }
    )


#: Changes in which two cells of one kind differ, the unit, and what a size is over the base's.
SPREADS = {
    "loading": (" % of loading", lambda size: 100 * (1 - size)),
    "conductivity": (" % of the electrolyte's transport", lambda size: 100 * (size - 1)),
    "thickness": (" % of thickness at one mass", lambda size: 100 * (size - 1)),
    "np_ratio": (" % of anode", lambda size: 100 * (size - 1)),
    "temperature": (" K", lambda size: size),
    "offset": (" mm of alignment", lambda size: size),
}


def smallest_spread(found: Mapping[tuple[str, str], Reach]) -> Phrase:
    """What two cells need to differ by to stand as far apart as the goal, and under how many
    closures that does it, as a sentence.

    Parameters
    ----------
    found : mapping
        As :func:`reaches` gives it.
    """
    parts, closures = [], {closure for _, closure in found}
    for change, (unit, relative) in SPREADS.items():
        sizes = sorted(
            (relative(one.size), abs(relative(one.size + one.error) - relative(one.size)))
            for (name, _), one in found.items()
            if name == change and np.isfinite(one.size)
        )
        if sizes:
            ends = [_told(*size, (1, 1)) for size in dict.fromkeys((sizes[0], sizes[-1]))]
            template = f"{' to '.join(['{}'] * len(ends))}{unit} ({len(sizes)} of {len(closures)})"
            parts.append(_joined(template, *ends))
    if not parts:
        return phrase("No change that was tried does it under any closure.")
    listed = _joined(", or ".join(["{}"] * len(parts)), *parts)
    return _joined("It takes, under so many of the closures, {}.", listed)


def paper_table(data: "xarray.Dataset", smallest: float, nominal: float) -> "pandas.DataFrame":
    """What the paper's bare cell gives, and what holes and channels do to it, in words.

    Parameters
    ----------
    data : xarray.Dataset
    smallest : float
        Gain that is interpreted at all [-].
    nominal : float
        Areal capacity that the cell's share counts [C/m2].
    """
    import pandas as pd

    def words(pair):
        plain = pair.iloc[0]
        share = _told(100 * plain.plain / nominal, 100 * plain.plain_error / nominal, (1, 1))
        by_change = pair.set_index("change")
        return {"bare cell gives, %": share} | {
            change: status(by_change.loc[change], smallest) for change in ("holes", "channel")
        }

    groups = rows(data, part="paper").groupby(["rate", "separator", "closure"], sort=False)
    found = {
        f"{rate:g}C, separator {separator:g}, {closure}": words(pair)
        for (rate, separator, closure), pair in groups
    }
    return pd.DataFrame(found).T


def answer_text(one: OwnCellAnswer, rate: float) -> Phrase:
    """What holes and channels find in the paper's own cell at a rate, as two sentences."""
    return phrase(
        f"At {rate:g}C {{}} of {{}} cells carry nothing. Of the others channels make {{}} faster "
        "({} too close to say), holes {} ({} too close to say). Cells that gain by channels and "
        "not by holes, where the model could have said yes: {}.",
        *(one.starved, one.cells, one.channels, one.open_channels),
        *(one.holes, one.open_holes, one.apart),
    )


def span(table: "pandas.DataFrame") -> Phrase:
    """The least and the most of the gains of some pairs, with their errors."""
    ends = table.dropna(subset="gain").sort_values("gain").iloc[[0, -1]]
    return _joined("{} to {}", *(_gain(end.gain, end.gain_error) for end in ends.itertuples()))
