"""The map of designs, read: what beats what, how often a design is on the front, and a cell of
one's own beside it.

Readings and goals stand in ``lim2026/data/designs.toml``; :mod:`rampore.lim2026.sweeps.kinds`
computes the map.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore import collector
from rampore.audit.numbers import Phrase, with_error
from rampore.checks import choice
from rampore.energy import energy_density
from rampore.lim2026.sweeps import kinds
from rampore.p4d.balance import slow_discharge
from rampore.p4d.cell import Cell
from rampore.p4d.errors import CellError
from rampore.p4d.partners import unstructured
from rampore.p4d.solution import Step

if TYPE_CHECKING:
    import pandas
    import xarray

#: What a design should have much of, and why, in the order of the readings.
GOALS = tuple(kinds.readings()["goals"])
#: Factor from SI to what tables and figures have, and what they call it.
IN_UNITS = {
    "capacity_3C": (1 / 36000, "capacity at 3C (mAh cm⁻²)"),
    "gravimetric": (1 / 3600, "energy per mass (Wh kg⁻¹)"),
    "volumetric": (1 / 3.6e6, "energy per volume (Wh L⁻¹)"),
    "margin": (1e3, "plating margin (mV)"),
    "strength": (1e-3, "strength (N mm⁻¹)"),
}


def chosen(data: xarray.Dataset, **of: str | float) -> xarray.Dataset:
    """The designs of a data set that have these inputs.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep kinds`` writes it.
    **of
        Values by the keys of a case.

    Raises
    ------
    CellError
        There are none.
    """
    for name in of:
        choice("input", name, kinds.KEYS, CellError)
    fits = [
        data[name].values == value
        if isinstance(value, str)
        else np.isclose(data[name], value, rtol=1e-6, atol=0)
        for name, value in of.items()
    ]
    found = np.flatnonzero(np.logical_and.reduce(fits))
    if not found.size:
        raise CellError(f"no design among the {data.sizes['case']} has {of}")
    return data.isel(case=found)


def names(data: xarray.Dataset, foil: bool = True) -> list[str]:
    """What each design is called.

    Parameters
    ----------
    data : xarray.Dataset
    foil : bool
        Whether its foil is named too.
    """
    columns = zip(*(data[name].values for name in ("kind", "width", "step", "foil_thickness")),
                  strict=True)  # fmt: skip
    return [_name(*each, foil=foil) for each in columns]


def _name(kind, width, step, thickness, foil):
    what = {
        "bare": "bare",
        "holes": f"holes {1e6 * width:.0f} µm",
        "channels": f"channels {1e6 * width:.0f} µm",
        "layers": f"layers ±{abs(step):.2f}{', turned' if step < 0 else ''}",
    }[str(kind)]
    return f"{what}, foil {1e6 * thickness:.0f} µm" if foil else what


# The front ----------------------------------------------------------------------------------------


def beats(values: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Which design beats which: worse in no goal by more than the error of the difference, and
    better in one by more.

    Parameters
    ----------
    values, errors : (goals, n) array
        Of which more is better, and their numerical errors [each its unit].

    Returns
    -------
    (n, n) array of bool
        Whether the design of the row beats that of the column; nothing beats, or is beaten by, what
        lacks a value.
    """
    difference = values[:, :, None] - values[:, None, :]
    error = np.hypot(errors[:, :, None], errors[:, None, :])
    known = (np.isfinite(difference) & np.isfinite(error)).all(axis=0)
    with np.errstate(invalid="ignore"):
        better, worse = (difference > error).any(axis=0), (difference < -error).any(axis=0)
    return known & better & ~worse


def front(data: xarray.Dataset, goals: Sequence[str] = GOALS) -> np.ndarray:
    """Which designs nothing beats (case,); one that lacks a value is none of them.

    Parameters
    ----------
    data : xarray.Dataset
        Designs that compete with each other.
    goals : sequence of str
        Quantities of which more is better.
    """
    values, errors = (
        np.stack([data[name + end].values for name in goals]) for end in ("", "_error")
    )
    whole = (np.isfinite(values) & np.isfinite(errors)).all(axis=0)
    return ~beats(values, errors).any(axis=0) & whole


def how_often(data: xarray.Dataset, faces: int) -> pandas.DataFrame:
    """In how many closures nothing beats a design of the same cell, sides and closure, without
    swelling.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep kinds`` writes it.
    faces : int
        1 or 2.

    Returns
    -------
    pandas.DataFrame
        By design and cell, the count; a design that one of the cells does not have has none there.
    """
    import pandas as pd

    axes, columns = kinds.readings()["axes"], {}
    for cell in axes["cells"]:
        column: dict[str, float] = {}
        for closure in axes["closures"]:
            group = chosen(data, cell=cell, closure=closure, swelling="none", faces=faces)
            for name, best in zip(names(group), front(group), strict=True):
                column[name] = column.get(name, 0) + int(best)
        columns[cell] = column
    return pd.DataFrame(columns)


# Beside the bare electrode ------------------------------------------------------------------------


#: What is compared on each mesh, by the goal: ratio less 1, and difference.
GAINS = {"capacity_3C": "gain_3C", "margin": "margin_gain"}


class BesideBare(NamedTuple):
    """Designs beside the bare electrode of the same cell, closure and swelling."""

    designs: xarray.Dataset
    change: np.ndarray  #: over the bare electrode's less 1, of a margin the difference [-] or [V]
    error: np.ndarray  #: of that [-] or [V]


def beside_bare(data: xarray.Dataset, goal: str, **of: str | float) -> BesideBare:
    """What a goal gains over the bare electrode.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep kinds`` writes it.
    goal : str
        One of :data:`GAINS`.
    **of
        Cell, closure, swelling, faces and foil.
    """
    choice("goal", goal, GAINS, CellError)
    group = chosen(data, **of)
    others = group.isel(case=np.flatnonzero(group.kind.values != "bare"))
    return BesideBare(others, *(others[GAINS[goal] + end].values for end in ("", "_error")))


def base_change(
    data: xarray.Dataset, goal: str, cell: str, closure: str, swelling: str, kind: str
) -> tuple[float, float]:
    """What a kind's base changes of a goal over the bare electrode at the same swelling, on one
    side and the middle foil, and its error; not numbers where either has no outcome [-] or [V].

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep kinds`` writes it.
    goal : str
        One of :data:`GAINS`.
    cell, closure, swelling, kind : str
        Of the designs.
    """
    of = {"cell": cell, "closure": closure, "swelling": swelling}
    found = beside_bare(data, goal, **of, faces=1, foil_thickness=middle_foil())
    first = int(np.flatnonzero(found.designs.kind.values == kind)[0])  # bases come first
    return float(found.change[first]), float(found.error[first])


def over_closures(
    data: xarray.Dataset, goal: str, cell: str, kind: str
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Least and largest of what :func:`base_change` gives over the closures without swelling, each
    with its error [-] or [V].

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep kinds`` writes it.
    goal, cell, kind : str
    """
    changes = [
        base_change(data, goal, cell, closure, "none", kind)
        for closure in kinds.readings()["axes"]["closures"]
    ]
    known = [change for change in changes if np.isfinite(change[0])]
    return min(known), max(known)


def span(data: xarray.Dataset, goal: str, cell: str, kind: str) -> Phrase:
    """The two of :func:`over_closures` in words, in per cent or in mV.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep kinds`` writes it.
    goal, cell, kind : str
    """
    factor, unit = (1e3, "mV") if goal == "margin" else (100.0, "%")
    low, high = (
        with_error("{:+.%df}", factor * value, factor * error, (1, 2))
        for value, error in over_closures(data, goal, cell, kind)
    )
    text = Phrase(f"{low} to {high} {unit}")
    text.numbers, text.masked = low.numbers + high.numbers, f"{low.masked} to {high.masked} {unit}"
    return text


def middle_foil() -> float:
    """The foil on which kinds are compared [m]."""
    return kinds.readings()["axes"]["foils"][0] * kinds.UM


def sides(data: xarray.Dataset, closure: str) -> pandas.DataFrame:
    """What the base of each kind gives with one side coated and with both, on the middle foil, each
    number with its numerical error.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep kinds`` writes it.
    closure : str
    """
    import pandas as pd

    of = {"closure": closure, "swelling": "none", "foil_thickness": middle_foil()}
    rows = {}
    for cell in kinds.readings()["axes"]["cells"]:
        for kind in kinds.KINDS:
            pair = [
                chosen(data, cell=cell, kind=kind, faces=faces, **of).isel(case=0)
                for faces in (1, 2)
            ]
            rows[f"{cell}, {kind}"] = {
                f"{IN_UNITS[goal][1]}, {words}": _entry(
                    goal, float(each[goal]), float(each[f"{goal}_error"])
                )
                for goal in ("capacity_3C", "gravimetric", "volumetric", "margin")
                for each, words in zip(pair, ("one", "both"), strict=True)
            }
    return pd.DataFrame(rows).T


def by_kind(often: pandas.DataFrame) -> pandas.DataFrame:
    """How many designs of each kind are on the front under every closure, and under some.

    Parameters
    ----------
    often : pandas.DataFrame
        As :func:`how_often` gives it.

    Returns
    -------
    pandas.DataFrame
        By kind; ``designs``, ``always`` and ``sometimes`` of each cell, in number.
    """
    import pandas as pd

    most = len(kinds.readings()["axes"]["closures"])
    kind = often.index.str.split(r"[ ,]").str[0]
    return pd.DataFrame(
        {
            (cell, word): counted.groupby(kind, sort=False).sum().astype(int)
            for cell, column in often.items()
            for word, counted in (
                ("designs", column.notna()),
                ("always", column == most),
                ("sometimes", (column > 0) & (column < most)),
            )
        }
    )


class AsStrong(NamedTuple):
    """A perforated foil beside a bare one that bears as much."""

    perforated: float  #: thickness [m]
    bare: float  #: thickness [m]
    gravimetric: float  #: energy per mass of the bare one over the perforated one's, less 1 [-]
    volumetric: float  #: the same per volume [-]
    error: float  #: numerical, of both [-]


def as_strong(data: xarray.Dataset, cell: str, closure: str, faces: int) -> list[AsStrong]:
    """Every perforated foil beside the bare one that is as strong, with the energies that both
    electrodes give.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep kinds`` writes it.
    cell, closure : str
    faces : int
        1 or 2.
    """
    group = chosen(data, cell=cell, closure=closure, swelling="none", faces=faces)
    bare = group.isel(case=int(np.flatnonzero(group.kind.values == "bare")[0]))
    found = []
    for n in np.flatnonzero(group.kind.values == "holes"):
        holes = group.isel(case=int(n))
        thickness = float(holes.foil_thickness)
        thin = thickness * min(collector.net_section(float(holes.open_fraction)))
        case = {name: bare[name].item() for name in kinds.KEYS} | {"foil_thickness": float(thin)}
        density = energy_density(kinds.built(case).stack, float(bare.areal_energy))
        gains = (value / float(holes[name]) - 1 for name, value in density._asdict().items())
        error = np.hypot(
            *(float(each.areal_energy_error / each.areal_energy) for each in (bare, holes))
        )
        found.append(AsStrong(thickness, float(thin), *gains, float(error)))
    return found


# A cell of one's own ------------------------------------------------------------------------------


class OwnCell(NamedTuple):
    """What one cell gives, and the numerical error of each."""

    capacity: float  #: at 3C [C/m2]
    energy: float  #: at 0.2C [J/m2]
    margin: float  #: on the charge of the readings; nan where it comes to the cut-off before [V]
    errors: tuple[float, float, float]


def measured(cell: Cell) -> OwnCell:
    """What a cell gives, by the readings of the map.

    Parameters
    ----------
    cell : Cell
        Charged.
    """
    fine, coarse = (_measured(cell, mesh) for mesh in ("crossing", "coarser"))
    errors = (abs(one - other) for one, other in zip(fine, coarse, strict=True))
    return OwnCell(*fine, tuple(errors))


def _measured(cell, mesh):
    runs = [
        kinds.ended(
            cell, Step("current", rate * cell.one_c, until_voltage=cell.lower_cutoff), mesh
        ).dataset
        for rate in kinds.RATES.values()
    ]
    energy = np.trapezoid(runs[0].voltage.values, runs[0].capacity.values)
    return float(runs[1].capacity[-1]), float(energy), kinds.margin(cell, mesh)[0]


class Unit(NamedTuple):
    """What of a unit of a stack is not the negative foil, and that foil."""

    mass: float  #: [kg/m2]
    thickness: float  #: [m]
    foil: float  #: thickness of the negative foil [m]
    foil_density: float  #: of its metal [kg/m3]

    def per_mass(self, energy: float, open_fraction: float) -> float:
        """Energy per mass [J/kg] of an energy per area [J/m2]."""
        return energy / (self.mass + self.foil_density * self.foil * (1 - open_fraction))

    def per_volume(self, energy: float) -> float:
        """Energy per volume [J/m3] of an energy per area [J/m2]."""
        return energy / (self.thickness + self.foil)


def own_table(structured: Cell, unit: Unit) -> pandas.DataFrame:
    """A structured cell beside itself with its solid spread evenly over the same thickness.

    Parameters
    ----------
    structured : Cell
        Charged.
    unit : Unit
        Of the stack, the same for both.

    Returns
    -------
    pandas.DataFrame
        By cell the goals but the strength, each with its numerical error.
    """
    import pandas as pd

    cells = {"with the structure": structured, "spread evenly": unstructured(structured)}
    rows = {}
    for name, cell in cells.items():
        given = measured(cell)
        f, (capacity, energy, margin) = cell.open_fraction, given.errors
        per_mass, per_volume = unit.per_mass(1.0, f), unit.per_volume(1.0)
        goals = {
            "capacity_3C": (given.capacity, capacity),
            "gravimetric": (given.energy * per_mass, energy * per_mass),
            "volumetric": (given.energy * per_volume, energy * per_volume),
            "margin": (given.margin, margin),
        }
        rows[name] = {IN_UNITS[goal][1]: _entry(goal, *pair) for goal, pair in goals.items()}
        rows[name]["slow discharge (mAh cm⁻²)"] = with_error(
            "{:.%df}", slow_discharge(cell) / 36000, 0.0
        )
    return pd.DataFrame(rows).T


def _entry(goal, value, error):
    if not np.isfinite(value + error):
        return "not taken" if np.isnan(value) else "not taken on the coarser mesh"
    factor = IN_UNITS[goal][0]
    return with_error("{:.%df}", factor * value, factor * error, (2, 3))


def table(data: xarray.Dataset, **of: str | float) -> pandas.DataFrame:
    """The goals of some designs, each with its numerical error.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep kinds`` writes it.
    **of
        Values by the keys of a case.
    """
    import pandas as pd

    group = chosen(data, **of)
    columns = {
        IN_UNITS[goal][1]: [
            _entry(goal, float(value), float(error))
            for value, error in zip(group[goal], group[f"{goal}_error"], strict=True)
        ]
        for goal in GOALS
    }
    return pd.DataFrame(columns, names(group))
