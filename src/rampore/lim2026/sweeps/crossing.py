"""The assumptions, crossed: what the paper's simulation claims become where each open input takes
each of its values.

A case is a plain mapping, so that :mod:`rampore.audit.sweep` can keep it and hand it to a process
or a cluster; :func:`compute` turns it into numbers. What an input may be, and why, stands in
``AXES``.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore.audit.sweep import COARSER, FINER, USUAL, Plan
from rampore.checks import choice, known_keys, quantity
from rampore.lim2026 import control, parameters
from rampore.lim2026.cells import (
    CathodeBasis,
    LayerClosures,
    PorositySet,
    Scenario,
    charged_cell,
    measured_closure,
)
from rampore.lim2026.readings import Finding, compare, judge
from rampore.p4d.balance import slow_discharge
from rampore.p4d.cell import Cell, bruggeman, tortuosity
from rampore.p4d.discharge import Discharge, discharge_with_retry
from rampore.p4d.errors import CellError
from rampore.p4d.model import Mesh
from rampore.p4d.time import Tolerances

if TYPE_CHECKING:
    import xarray

__all__ = [
    "AXES",
    "CLAIMS",
    "CONTROLS",
    "FOLDED",
    "GROUPS",
    "MESHES",
    "RATES",
    "SHARINGS",
    "TOLERANCES",
    "UNITS",
    "Axis",
    "Standing",
    "about",
    "beside",
    "capacities",
    "cases",
    "closures",
    "compute",
    "contact_error",
    "contact_needed",
    "decider",
    "delivered",
    "discharges",
    "indices",
    "key",
    "margins",
    "on_both_foils",
    "plan",
    "settled",
    "space",
    "standing",
    "swollen",
    "values",
    "verdicts",
]


class Axis(NamedTuple):
    """An open input: the values that it takes, and where they come from."""

    name: str
    values: tuple
    unit: str
    why: str


AXES = (
    Axis(
        "porosity",
        tuple(str(one) for one in PorositySet),
        "",
        "as published; the pair nearest to it that holds as much solid as on bare foil; the "
        "recipe's, everywhere",
    ),
    Axis("open_fraction", (0.2, 0.317), "1", "by the lattice and by the two weighings"),
    Axis(
        "closure",
        ("constant tau", "impedance law", "Bruggeman", "percolation", "cubes"),
        "",
        "transport efficiency over porosity in the anode, none of them preferred: one tortuosity "
        "factor; the power law of impedance on graphite; the usual exponent, in the cathode too; "
        "pores between overlapping grains; chapter 3's generated cubes",
    ),
    Axis(
        "separator",
        (2.5, 6.0),
        "1",
        "tortuosity factor: the lowest that impedance found, of a Celgard one, a MacMullin number "
        "of 6.1; the mean of two HDPE ones like the paper's, 14.6",
    ),
    Axis(
        "contact",
        (0.0, 1.0, 3.0, 7.0, 10.0),
        "ohm cm2",
        "of the coating on bare foil; the literature has 0 to 2e-3 on copper, up to 38 on badly "
        "pressed foil",
    ),
    Axis(
        "contact_ratio",
        (0.2, 1.0),
        "1",
        "perforated over bare: the paper's own; the same on both as a control",
    ),
    Axis(
        "cathode",
        tuple(str(one) for one in CathodeBasis),
        "",
        "the printed 3.3 mAh/cm2, an N/P ratio of 1.09; what the printed loading holds by the "
        "table of potential, 1.00",
    ),
    Axis(
        "swelling",
        ("none", "rigid", "half", "free"),
        "",
        "of the anode's solids by the lithium in them, by the lattice of Li15Si4 and a fit to "
        "graphite, the porosities being those without lithium: left out; in a stack where pores "
        "take all of it; half to them and half to the thickness, in logarithms; all to the "
        "thickness",
    ),
)

#: Share of the growth that goes to the thickness, by swelling [-].
SHARINGS = {"none": None, "rigid": 0.0, "half": 0.5, "free": 1.0}

#: What axes take where solids swell, of which the whole is seen where they do not.
FOLDED = {
    "open_fraction": (0.2,),
    "contact": (0.0, 3.0),
    "cathode": (str(CathodeBasis.STATED),),
}

#: What a first look takes of the axes: the ends of what matters most.
FIRST_LOOK = {
    "contact": (0.0, 3.0, 10.0),
    "open_fraction": (0.2,),
    "cathode": ("stated",),
    "swelling": ("none",),
}

#: What a discharge follows from beside its case.
ENGINE = (
    "bpx",
    "cell",
    "equations",
    "grid",
    "lanes",
    "linear",
    "model",
    "particles",
    "time",
    "solution",
    "study",
)

CONTROLS = (10.0,)  #: contact resistances that are also run with the same on both foils [ohm cm2]
#: axes that decide how far the salt starves, and so how fine the mesh must be
GROUPS = ("closure", "separator", "swelling")
RATES = {"3C": 3.0, "5C": 5.0}  #: over 1C [-]

#: By name: the one of the crossing; of twice its spacing, which a numerical error is read from; of
#: twice its layers, by which that error is tested; and of half its spacing. Layers decide: where
#: salt starves their error is a hundred times that of the columns, and they are hardly dearer.
MESHES = {
    "crossing": Mesh((16, 8, 16), (4, 6), 4),
    "coarser": Mesh((8, 4, 8), (2, 3), 2),
    "deeper": Mesh((32, 16, 32), (2, 3), 2),
    "finer": Mesh((32, 16, 32), (8, 12), 8),
}

#: On each of them, so that what the steps leave is less than what the boxes do.
TOLERANCES = {
    "crossing": Tolerances(time=1e-3),
    "coarser": Tolerances(time=3e-3),
    "deeper": Tolerances(time=1e-3),
    "finer": Tolerances(time=3e-4),
}

#: The claims on the 3C discharge, whose margins :func:`compute` gives.
CLAIMS = {
    "p4d-3c-capacity": "1",
    "p4d-overpotential": "V",
    "p4d-overpotential-hpd": "V",
    "p4d-dod-hpd": "1",
    "p4d-dod-lpd-near": "1",
    "p4d-dod-bcue": "1",
    "p4d-accumulation": "mol/m3",
    "p4d-gradient": "mol/m3",
}


def key(claim: str) -> str:
    """Name of a claim's margin in the data set."""
    return claim.replace("-", "_")


#: Of what :func:`margins` gives.
MARGIN_UNITS = {key(claim): unit for claim, unit in CLAIMS.items()} | {
    f"{key(claim)}_{some}": "1" for claim in CLAIMS for some in ("every", "any")
}

#: Of all numbers in the data set.
UNITS = (
    {axis.name: axis.unit for axis in AXES if axis.unit}
    | {f"capacity_{foil}_{rate}": "C/m2" for foil in ("bare", "perforated") for rate in RATES}
    | {"gain_5C": "1"}
    | {f"slow_{foil}": "C/m2" for foil in ("bare", "perforated")}
    | MARGIN_UNITS
)


def cases(axes: Iterable[Axis] = AXES) -> list[dict]:
    """Every combination of the axes' values; where the contact is equal on both foils,
    :data:`CONTROLS` alone, and where solids swell, what :data:`FOLDED` has.
    """
    axes = tuple(axes)
    found = []
    for values in itertools.product(*(axis.values for axis in axes)):
        case = {axis.name: value for axis, value in zip(axes, values, strict=True)}
        if case["swelling"] != "none" and any(case[one] not in FOLDED[one] for one in FOLDED):
            continue
        equal = case["contact_ratio"] == 1.0
        # without resistance the ratio says nothing
        if case["contact"] in CONTROLS or equal == (case["contact"] == 0):
            found.append(case)
    return found


def _group(case: Mapping) -> tuple:
    return tuple(case[name] for name in GROUPS)


def complete(case: Mapping, names: Iterable[str]) -> None:
    """Refuse a case that lacks an input, or names one that there is not.

    Parameters
    ----------
    case : mapping
    names : iterable of str
        Of the inputs.

    Raises
    ------
    CellError
        With the name.
    """
    names = list(names)
    known_keys("a case", case, names, CellError)
    if missing := [name for name in names if name not in case]:
        raise CellError(f"a case needs {', '.join(missing)}")


def inputs(case: Mapping) -> tuple[parameters.CellInputs, Scenario]:
    """The study's inputs with what a case says of them, and the scenario on bare foil."""
    complete(case, (axis.name for axis in AXES))
    for axis in AXES:
        if not axis.unit:
            choice(axis.name, case[axis.name], axis.values, CellError)
    given = parameters.with_values(
        _given(),
        {
            "perforation.open_fraction": (case["open_fraction"], "1"),
            "contact.negative": (case["contact"], "ohm cm2"),
            "contact.perforated_ratio": (case["contact_ratio"], "1"),
        },
    )
    return given, Scenario(
        porosity=PorositySet(case["porosity"]),
        closure=closures(case["closure"], case["separator"]),
        cathode=CathodeBasis(case["cathode"]),
        sharing=SHARINGS[case["swelling"]],
    )


@cache
def closures(name: str, separator: float) -> LayerClosures:
    """Transport efficiencies of the layers.

    Parameters
    ----------
    name : str
        Of the axis "closure"; the negative electrode's is that of
        :func:`rampore.lim2026.control.closure`.
    separator : float
        Tortuosity factor [-].
    """
    negative = control.closure(name, _given())
    positive = bruggeman() if name == "Bruggeman" else measured_closure(_given()).positive
    return LayerClosures(negative, tortuosity(separator), positive)


@lru_cache(maxsize=1)
def _given() -> parameters.CellInputs:
    return parameters.load()


#: Axes that a cell on bare foil follows from: cases that differ in others share its discharges.
_OF_BARE = ("porosity", "closure", "separator", "contact", "cathode", "swelling")


def _on_bare(case: Mapping, mesh: str) -> dict[str, Discharge]:
    """Discharges on bare foil by rate."""
    own = {name: case[name] for name in _OF_BARE}
    if own["porosity"] != PorositySet.RECIPE:  # the others differ on perforated foil alone
        own["porosity"] = str(PorositySet.PUBLISHED)
    return _shared_on_bare(mesh, *own.values())


@cache
def _shared_on_bare(mesh: str, *of_bare) -> dict[str, Discharge]:
    on_any_foil = {axis.name: axis.values[0] for axis in AXES}
    return discharges(
        _bare_cell(on_any_foil | dict(zip(_OF_BARE, of_bare, strict=True))), RATES, mesh
    )


def _bare_cell(case: Mapping) -> Cell:
    return charged_cell(*inputs(case))[0]


def discharges(cell: Cell, rates: Mapping[str, float], mesh: str) -> dict[str, Discharge]:
    """A charged cell at several rates.

    Parameters
    ----------
    cell : Cell
        Of one column, where it has no holes.
    rates : mapping of str to float
        By name, over 1C [-].
    mesh : str
        One of :data:`MESHES`.
    """
    boxes = MESHES[mesh] if cell.perforation else MESHES[mesh]._replace(columns=(1, 1))
    return {
        name: discharge_with_retry(cell, rate, boxes, TOLERANCES[mesh])[0]
        for name, rate in rates.items()
    }


def compute(case: Mapping) -> dict[str, float]:
    """What a case gives: capacities, the gain at 5C, and for each claim on the 3C discharge its
    margin.

    A claim holds where its margin is positive. Beside the margin of the reading that decides stands
    whether every reading of the claim holds, and whether any does. All of it stands there as the
    coarser mesh has it too, and the capacities as the deeper one does. What a discharge at no rate
    at all would give, ``slow_bare`` and ``slow_perforated``, follows from the balance.

    Parameters
    ----------
    case : mapping
        As :func:`cases` gives it.

    Raises
    ------
    CellError, SolverError
        The electrodes do not fit each other, or a discharge cannot be computed.
    """
    perforated = _on_perforated(case)

    def on_foils(mesh):
        return _on_bare(case, mesh), discharges(perforated, RATES, mesh)

    return {
        **beside(lambda mesh: _values(*on_foils(mesh)), lambda mesh: capacities(*on_foils(mesh))),
        "slow_bare": slow_discharge(_bare_cell(case)),
        "slow_perforated": slow_discharge(perforated),
    }


def _on_perforated(case: Mapping) -> Cell:
    given, scenario = inputs(case)
    return charged_cell(given, replace(scenario, perforated=True))[0]


def beside(values: Callable[[str], Mapping], tested: Callable[[str], Mapping]) -> dict[str, float]:
    """What the sweep's mesh gives, beside it the same of the coarser one, and what is tested on the
    deeper: functions of a mesh by its name in :data:`MESHES`.
    """
    return {
        **values("crossing"),
        **{name + COARSER: value for name, value in values("coarser").items()},
        **{name + FINER: value for name, value in tested("deeper").items()},
    }


def values(case: Mapping, mesh: str) -> dict[str, float]:
    """What a case gives on one mesh alone.

    Parameters
    ----------
    case : mapping
        As :func:`cases` gives it.
    mesh : str
        One of :data:`MESHES`.
    """
    return _values(_on_bare(case, mesh), discharges(_on_perforated(case), RATES, mesh))


def _values(bare: Mapping[str, Discharge], perforated: Mapping[str, Discharge]) -> dict[str, float]:
    found = on_both_foils(bare, perforated)
    found.pop("gain_3C", None)  # the margin of a claim
    return found


def capacities(
    bare: Mapping[str, Discharge], perforated: Mapping[str, Discharge]
) -> dict[str, float]:
    """Of both foils by rate [C/m2]; parameters as of :func:`on_both_foils`."""
    return {
        f"capacity_{foil}_{rate}": ends[rate].capacity
        for rate in RATES
        for foil, ends in (("bare", bare), ("perforated", perforated))
    }


def on_both_foils(
    bare: Mapping[str, Discharge], perforated: Mapping[str, Discharge]
) -> dict[str, float]:
    """Capacities, gains and the margins of the claims on the 3C discharge.

    A cell that cannot carry a current gives 0; there is no gain over nothing, and no margin.

    Parameters
    ----------
    bare, perforated : mapping of str to Discharge
        By rate, as :data:`RATES` names them.
    """
    found = capacities(bare, perforated)
    for name in RATES:
        if bare[name].capacity:
            found[f"gain_{name}"] = perforated[name].capacity / bare[name].capacity - 1
    if bare["3C"].capacity and perforated["3C"].capacity:
        found |= margins(compare(bare["3C"], perforated["3C"]))
    return found


def margins(findings: Iterable[Finding]) -> dict[str, float]:
    """For each claim the margin of the reading that decides, and whether every reading and any of
    them is positive.

    Parameters
    ----------
    findings : iterable of Finding
        As :func:`rampore.lim2026.readings.compare` gives them.
    """
    found = {}
    findings = tuple(findings)
    for claim, judged in judge(findings, [0.0] * len(findings)).items():
        others = (judged.margin, *judged.readings)
        found[key(claim)] = judged.margin
        found[f"{key(claim)}_every"] = float(all(margin > 0 for margin in others))
        found[f"{key(claim)}_any"] = float(any(margin > 0 for margin in others))
    return found


def plan(coarse: bool = False) -> Plan:
    """The crossing as :mod:`rampore.audit.sweep_command` runs it.

    Parameters
    ----------
    coarse : bool
        Only the ends of what matters most, for a first look.
    """
    axes = [
        axis._replace(values=FIRST_LOOK.get(axis.name, axis.values)) if coarse else axis
        for axis in AXES
    ]
    return Plan(
        "The assumptions of the P4D study, crossed: bare against perforated foil, discharged at "
        "3C and 5C",
        compute,
        cases(axes),
        _group,
        UNITS,
        about(f"with the same {' and '.join(GROUPS)}"),
    )


def about(alike: str) -> dict[str, str]:
    """What a data set says of its meshes and its numerical errors.

    Parameters
    ----------
    alike : str
        Which cases are about as exact as each other.
    """
    mesh, coarser = (
        f"layers {one.layers}, columns {one.columns}, {one.hole_layers} in the holes"
        for one in (MESHES["crossing"], MESHES["coarser"])
    )
    return {
        "mesh": mesh,
        "numerical_error": f"*_error: the difference to a mesh of {coarser} with longer steps in "
        f"time, or what {USUAL:.0%} of those are at most over the cases {alike}, whichever is "
        "larger",
        "resolved": f"*_resolved: whether the same on layers {MESHES['deeper'].layers} lies within "
        "that error, 1 or 0",
    }


# What the crossing says ---------------------------------------------------------------------------


def space(data: "xarray.Dataset", control: bool = False) -> "xarray.Dataset":
    """The crossing over its axes, one dimension an axis, without swelling.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep`` writes it.
    control : bool
        The cases whose contact resistance is the same on both foils, in place of those where it is
        the paper's fifth.
    """
    left_out = ("contact_ratio", "swelling")
    ratio = data.contact_ratio.values
    wanted = (data.contact.values == 0) | ((ratio == 1.0) if control else (ratio != 1.0))
    return _over_axes(data, wanted & (data.swelling.values == "none"), left_out)


def swollen(data: "xarray.Dataset") -> "xarray.Dataset":
    """What swelling is crossed with, over ``swelling`` and the axes that take more than one value
    there; not a number where pores close.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep`` writes it.
    """
    wanted = (data.contact.values == 0) | (data.contact_ratio.values != 1.0)
    for name, kept in FOLDED.items():
        wanted &= np.isin(data[name].values, kept)
    alone = [name for name, kept in FOLDED.items() if len(kept) == 1]
    return _over_axes(data, wanted, ("contact_ratio", *alone))


def _over_axes(data, wanted, left_out) -> "xarray.Dataset":
    names = [axis.name for axis in AXES if axis.name not in left_out]
    kept = data.isel(case=np.flatnonzero(wanted)).drop_vars([*left_out, "error"], errors="ignore")
    return kept.set_index(case=names).unstack("case")


def settled(data: "xarray.Dataset", rate: str) -> "xarray.DataArray":
    """Whether the capacities on both foils lie within their errors of what twice the layers give.

    Where it does not, the meshes that the errors are read from may agree and both be wrong. A data
    set that does not say so is taken at its word.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep`` writes it, or over its axes.
    rate : str
        One of :data:`RATES`.
    """
    import xarray as xr

    return np.logical_and(
        *(
            data.get(f"capacity_{foil}_{rate}_resolved", xr.DataArray(1.0)) == 1
            for foil in ("bare", "perforated")
        )
    )


def delivered(data: "xarray.Dataset", foil: str, rate: str) -> "xarray.DataArray":
    """What a cell gives over what it would give at no rate at all [-].

    Parameters
    ----------
    data : xarray.Dataset
        As :func:`settled` takes it.
    foil : {"bare", "perforated"}
    rate : str
        One of :data:`RATES`.
    """
    return data[f"capacity_{foil}_{rate}"] / data[f"slow_{foil}"]


class Standing(NamedTuple):
    """How a claim stands among pairs, as shares of them [-].

    Every pair counts. Open are those whose margin is below its numerical error, that are not
    :func:`settled`, or that have no margin, since a cell gave nothing or has no outcome.
    """

    holds: float
    fails: float
    open: float

    @property
    def word(self) -> str:
        """On which of the pairs the claim holds: "all", "some" or "none"."""
        return "all" if self.holds == 1 else "some" if self.holds > 0 else "none"


def verdicts(data: "xarray.Dataset", claim: str) -> "xarray.DataArray":
    """Of each pair whether a claim on the 3C discharge holds (1), fails (-1) or is open (0), as
    :class:`Standing` has it.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep`` writes it, or over its axes.
    claim : str
        One of :data:`CLAIMS`.
    """
    margin, error = data[key(claim)], data[f"{key(claim)}_error"]
    holds, fails = (sign * margin >= error for sign in (1, -1))
    return (settled(data, "3C") & (holds != fails)) * (2 * holds.astype(int) - 1)


def standing(data: "xarray.Dataset", claim: str, floor: float = 0.0) -> Standing:
    """How a claim on the 3C discharge stands over a space, or among samples.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep`` writes it, or over its axes.
    claim : str
        One of :data:`CLAIMS`.
    floor : float
        Pairs whose bare cell delivers less than this share of its slow discharge are left out [-].

    Raises
    ------
    CellError
        No pair is left.
    """
    counted = ~(delivered(data, "bare", "3C") < floor)  # of which nothing is known counts
    number = int(counted.sum())
    if not number:
        raise CellError(f"no bare cell delivers {floor:.0%} of its slow discharge")
    found = verdicts(data, claim)
    holds, fails = (int((counted & (found == which)).sum()) / number for which in (1, -1))
    return Standing(holds, fails, 1 - holds - fails)


def indices(values: "xarray.DataArray") -> dict[str, tuple[float, float]]:
    """How much each axis decides: its share of the variance alone, and with all that it does
    together with others [-].

    The first-order and the total index of Sobol, exact on a crossing: the variance of the means
    over the axis, and the mean of the variances along it, each over the variance of all. Both are 0
    where nothing varies.

    Parameters
    ----------
    values : xarray.DataArray
        Over the axes of :func:`space`, without gaps.
    """
    if values.isnull().any():
        raise CellError(
            "the crossing has gaps: what an axis decides is known of all cases or of none"
        )
    whole = float(values.var())
    if whole == 0:
        return {str(dim): (0.0, 0.0) for dim in values.dims}
    return {
        str(dim): (
            float(values.mean([other for other in values.dims if other != dim]).var()) / whole,
            float(values.var(dim).mean()) / whole,
        )
        for dim in values.dims
    }


def contact_needed(values: "xarray.DataArray", level: float) -> "xarray.DataArray":
    """The contact resistance on bare foil at which a quantity comes up to a level [ohm cm2].

    Straight lines between the values of the axis; 0 where it is above from the start, inf where it
    does not get there.

    Parameters
    ----------
    values : xarray.DataArray
        Over the axes of :func:`space`, rising with the contact resistance.
    level : float
        In the unit of the values.
    """
    import xarray as xr

    quantity("level", level, CellError)
    contact = values.contact.values

    def one(row):
        above = np.flatnonzero(row >= level)
        if not above.size:
            return np.inf
        n = above[0]
        return (
            contact[0] if n == 0 else np.interp(level, row[n - 1 : n + 1], contact[n - 1 : n + 1])
        )

    return xr.apply_ufunc(one, values, input_core_dims=[["contact"]], vectorize=True)


def contact_error(
    values: "xarray.DataArray", error: "xarray.DataArray", level: float
) -> "xarray.DataArray":
    """Numerical error of :func:`contact_needed` [ohm cm2]: half of what it moves by between both
    ends of the values'.

    Where one of the two does not get to the level, the end of the axis stands for it.

    Parameters
    ----------
    values, error : xarray.DataArray
        Over the axes of :func:`space`, and the numerical error of each.
    level : float
        In the unit of the values.
    """
    end = float(values.contact.max())
    low, high = (contact_needed(values + sign * error, level).clip(max=end) for sign in (1, -1))
    return (high - low) / 2


def decider(margin: "xarray.DataArray", labels: Mapping[str, str]) -> str:
    """The axis that matters most for whether a claim holds, by its total index; or that it does not
    matter which.

    Parameters
    ----------
    margin : xarray.DataArray
        Over the axes of :func:`space`.
    labels : mapping of str to str
        What the axes are called.
    """
    if margin.isnull().any():
        raise CellError("the crossing has gaps: what decides is known of all cases or of none")
    holds = (margin > 0).astype(float)
    if holds.min() == holds.max():
        return "none: it holds" if holds.max() else "none: it fails"
    found = indices(holds)
    return labels[max(found, key=lambda name: found[name][1])]
