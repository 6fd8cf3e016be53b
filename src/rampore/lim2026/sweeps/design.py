"""Which foil to take: the paper's cell over hole diameter, pitch, foil thickness and calendering.

Every design has the paper's loading, recipe, cathode and separator, and the contact resistance of
the literature. Its coating is what the calender of :mod:`rampore.coating` makes of one dried
coating at the density that is asked for, so that all designs hold the same mass; its impedance, the
tortuosity law that the study takes.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore import coating, collector, energy
from rampore.audit.sweep import Plan
from rampore.checks import choice, known_keys
from rampore.lim2026 import parameters, stacks
from rampore.lim2026.cells import PorositySet, Scenario, charged_cell
from rampore.lim2026.sweeps.crossing import Axis, about, beside, discharges
from rampore.p4d.cell import Cell
from rampore.sweep import SweepError

if TYPE_CHECKING:
    import xarray

__all__ = [
    "AXES",
    "GOALS",
    "TESTED",
    "UNITS",
    "Axis",
    "DesignedCoating",
    "beaten",
    "cases",
    "coated",
    "compute",
    "front",
    "nearest",
    "paper_case",
    "plan",
    "values",
]


AXES = (
    Axis(
        "hole_diameter",
        (40e-6, 75e-6, 120e-6, 180e-6),
        "m",
        "the paper's is 75 um, and it modelled 32.5 to 600 um",
    ),
    Axis(
        "pitch",
        (100e-6, 160e-6, 240e-6, 400e-6),
        "m",
        "the paper's is 160 um where a fifth of the foil is open",
    ),
    Axis(
        "foil_thickness",
        (6e-6, 10e-6, 15e-6, 20e-6),
        "m",
        "from the thinnest foil in use; the paper's is 15 um",
    ),
    Axis(
        "density",
        (1300.0, 1500.0, 1700.0),
        "kg/m3",
        "of the calendered coating; the paper's is 1.5 g/cm3",
    ),
)
LIGAMENT = 20e-6  #: narrowest metal between two holes that is made [m]; assumed

RATES = {"0.2C": 0.2, "3C": 3.0, "5C": 5.0}  #: over 1C [-]
TESTED = {"3C": 3.0, "5C": 5.0}  #: where salt may starve

#: Of all numbers in the data set.
UNITS = (
    {axis.name: axis.unit for axis in AXES}
    | {"open_fraction": "1", "porosity_foil": "1", "porosity_hole": "1", "lowest_np_ratio": "1"}
    | {f"capacity_{rate}": "C/m2" for rate in RATES}
    | {"gravimetric": "J/kg", "volumetric": "J/m3", "strength": "N/m"}
)

#: What a design should have much of, as :func:`front` takes it.
GOALS = ("gravimetric", "capacity_3C", "strength")


def cases(axes: Sequence[Axis] = AXES) -> list[dict]:
    """Every foil whose holes leave a ``LIGAMENT``, at every density; and bare foils, with a
    diameter of 0.

    Parameters
    ----------
    axes : sequence of Axis
    """
    values = {axis.name: axis.values for axis in axes}
    lattices = [
        (d, p)
        for d, p in itertools.product(values["hole_diameter"], values["pitch"])
        if d + LIGAMENT <= p
    ]
    return [
        {"hole_diameter": d, "pitch": p, "foil_thickness": t, "density": rho}
        for d, p in [(0.0, 0.0), *lattices]
        for t, rho in itertools.product(values["foil_thickness"], values["density"])
    ]


def paper_case() -> dict:
    """The paper's own foil, its pitch to the micrometre."""
    own = _given().perforation
    pitch = float(collector.pitch_from_open_fraction(own.hole_diameter, own.open_fraction))
    return {
        "hole_diameter": own.hole_diameter,
        "pitch": round(pitch, 6),
        "foil_thickness": own.foil_thickness,
        "density": _given().negative.density,
    }


@lru_cache(maxsize=1)
def _given() -> parameters.CellInputs:
    return parameters.load()


_KEYS = tuple(axis.name for axis in AXES)  #: of a case


def _complete(case: Mapping) -> None:
    if missing := [axis.name for axis in AXES if axis.name not in case]:
        raise SweepError(f"a design needs {', '.join(missing)}")


class DesignedCoating(NamedTuple):
    """The coating of a design."""

    open_fraction: float  #: [-]
    porosity: coating.Local  #: over foil and over a hole [-]
    mean_porosity: float  #: of the same mass at the same density on bare foil [-]
    np_ratio: coating.Local  #: [-]


def coated(given: parameters.CellInputs, case: Mapping) -> DesignedCoating:
    """What the calender makes of the paper's dried coating on a design's foil.

    Parameters
    ----------
    given : parameters.CellInputs
    case : mapping
        As :func:`cases` gives it, of a perforated foil.

    Raises
    ------
    CoatingError
        Where the holes take up all of the coating.
    """
    known_keys("a design", case, _KEYS, SweepError)
    _complete(case)
    own, depth = given.negative, case["foil_thickness"]
    f = float(collector.open_fraction_from_lattice(case["hole_diameter"], case["pitch"]))
    solid = own.density / (1 - own.porosity)
    dried = coating.dried_from_loading(
        own.loading, (1 - np.mean(own.initial_porosity)) * solid, f, depth
    )
    final = coating.local_thickness(
        coating.coating_thickness(own.loading, case["density"]), f, depth
    )
    pressed = coating.calender(dried, depth, 1 - final.npr / dried.thickness)
    loading = coating.Local(
        *(rho * h for rho, h in zip(pressed.density, pressed.thickness, strict=True))
    )
    ratio = (
        coating.np_ratio(one, own.loading, own.areal_capacity, given.positive.areal_capacity)
        for one in loading
    )
    return DesignedCoating(
        f,
        coating.Local(*(float(1 - rho / solid) for rho in pressed.density)),
        float(1 - case["density"] / solid),
        coating.Local(*map(float, ratio)),
    )


def compute(case: Mapping) -> dict[str, float]:
    """What a design gives: capacities, energy per mass and volume, strength of the foil, lowest
    local N/P; all of it on the coarser mesh too, the capacities of :data:`TESTED` on the deeper.

    The energy is that of a discharge at 0.2C; foils, dry coatings and a dry separator count, one
    side coated. The strength is the force per width that the foil carries, by its net section in
    the weaker direction and the paper's tensile strength of bare foil.

    Parameters
    ----------
    case : mapping
        As :func:`cases` gives it.

    Raises
    ------
    CoatingError, CellError, SolverError
        The coating does not fit on the foil, the electrodes do not fit each other, or a run cannot
        be computed.
    """
    design = _design(case)

    def deeper(mesh):
        ends = discharges(design.cell, TESTED, mesh)
        return {f"capacity_{name}": one.capacity for name, one in ends.items()}

    return beside(lambda mesh: _values(design, mesh), deeper)


def values(case: Mapping, mesh: str) -> dict[str, float]:
    """What a design gives on one mesh alone.

    Parameters
    ----------
    case : mapping
        As :func:`cases` gives it.
    mesh : str
        One of :data:`rampore.lim2026.sweeps.crossing.MESHES`.
    """
    return _values(_design(case), mesh)


class _Design(NamedTuple):
    """A design, and what it gives without being discharged."""

    cell: Cell
    stack: energy.Stack
    numbers: dict[str, float]


def _design(case: Mapping) -> _Design:
    known_keys("a design", case, _KEYS, SweepError)
    _complete(case)
    study, depth = _given(), case["foil_thickness"]
    perforated = case["hole_diameter"] > 0
    solid = study.negative.density / (1 - study.negative.porosity)
    changes = {"negative.density": (case["density"], "kg/m3")}
    f, porosity = 0.0, coating.Local(*(1 - case["density"] / solid,) * 2)
    lowest = study.negative.areal_capacity / study.positive.areal_capacity
    if perforated:
        f, porosity, _, np_ratio = coated(study, case)
        lowest = min(np_ratio)
        changes |= {
            "negative.porosity_npr": (porosity.npr, "1"),
            "negative.porosity_pr": (porosity.pr, "1"),
            "perforation.hole_diameter": (case["hole_diameter"], "m"),
            "perforation.foil_thickness": (depth, "m"),
            "perforation.open_fraction": (f, "1"),
        }
    changes["negative.porosity_image"] = (1 - case["density"] / solid, "1")
    given = parameters.with_values(study, changes)
    cell, _ = charged_cell(given, Scenario(perforated=perforated, porosity=PorositySet.PUBLISHED))
    net = collector.net_section(f)
    return _Design(
        cell,
        stacks.design_of(given, negative_foil_thickness=depth, open_fraction=f).stack(),
        {
            "open_fraction": f,
            "porosity_foil": porosity.npr,
            "porosity_hole": porosity.pr,
            "lowest_np_ratio": lowest,
            "strength": min(net) * study.collector_negative.tensile_strength * depth,
        },
    )


def _values(design: _Design, mesh: str) -> dict[str, float]:
    runs = discharges(design.cell, RATES, mesh)
    slow = runs["0.2C"].curve
    density = energy.energy_density(design.stack, float(np.trapezoid(slow.voltage, slow.charge)))
    return {f"capacity_{name}": one.capacity for name, one in runs.items()} | {
        **design.numbers,
        "gravimetric": density.gravimetric,
        "volumetric": density.volumetric,
    }


def plan(coarse: bool = False) -> Plan:
    """The designs as :mod:`rampore.audit.sweep_command` runs them.

    Parameters
    ----------
    coarse : bool
        The paper's foil thickness alone, for a first look.
    """
    narrowed = {"foil_thickness": (_given().perforation.foil_thickness,)} if coarse else {}
    chosen = cases([axis._replace(values=narrowed.get(axis.name, axis.values)) for axis in AXES])
    return Plan(
        "Foils for the paper's cell, over hole diameter, pitch, thickness and calendering",
        compute,
        chosen,
        lambda case: None,
        UNITS,
        about("that there are"),
    )


def nearest(data: xarray.Dataset, case: Mapping) -> int:
    """Which design of a data set is a case, to a thousandth of each of its lengths and of its
    density.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep design`` writes it.
    case : mapping
        As :func:`cases` gives it; what it does not name may be anything.

    Raises
    ------
    SweepError
        Where there is none.
    """
    known_keys("a design", case, _KEYS, SweepError)
    same = [
        np.isclose(data[axis.name].values, case[axis.name], rtol=1e-3)
        for axis in AXES
        if axis.name in case
    ]
    found = np.flatnonzero(np.logical_and.reduce(same))
    if not found.size:
        raise SweepError(f"no design among the {data.sizes['case']} is {dict(case)}")
    return int(found[0])


def beaten(data: xarray.Dataset, goals: Sequence[str] = GOALS) -> np.ndarray:
    """Which design (first axis) is beaten by which other one: it has no more in any goal, and less
    in one (case, case).

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep design`` writes it.
    goals : sequence of str
        Quantities of which more is better.
    """
    for name in goals:
        choice("goal", name, list(map(str, data.data_vars)), SweepError)
    values = np.stack([data[name].values for name in goals])
    at_least = (values[:, None, :] >= values[:, :, None]).all(axis=0)
    better = (values[:, None, :] > values[:, :, None]).any(axis=0)
    return at_least & better


def front(data: xarray.Dataset, goals: Sequence[str] = GOALS) -> np.ndarray:
    """Which designs no other one beats in every goal (case,); one that could not be computed is
    none of them.

    Parameters
    ----------
    data, goals
        As of :func:`beaten`.
    """
    computed = np.isfinite([data[name].values for name in goals]).all(axis=0)
    return ~beaten(data, goals).any(axis=1) & computed
