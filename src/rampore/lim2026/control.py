"""The positive control: cells in which others found a gain, and the paper's own beside them.

What is computed, how it is read and what counts as found stands in ``lim2026/data/control.toml``,
which was fixed before any of it was computed. A cell with channels has a partner without; whether
the graphite that channels leave no room for is gone or pressed aside says which.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import brentq

from rampore.closures import Closure, ClosureError, mixing_gain
from rampore.constants import FARADAY
from rampore.lim2026 import parameters
from rampore.lim2026.coatings import generated_closure
from rampore.materials import Function
from rampore.p4d import examples
from rampore.p4d.balance import capacities, discharged, slow_discharge, with_stoichiometries
from rampore.p4d.cell import Cell
from rampore.p4d.errors import CellError, SolverError
from rampore.p4d.model import Mesh
from rampore.p4d.partners import unstructured
from rampore.p4d.solution import Solution, Step, Tolerances, simulate
from rampore.structure import Channels, Coating, Structure
from rampore.units import to_si

if TYPE_CHECKING:
    import pandas

__all__ = [
    "Charge",
    "channels",
    "charge",
    "charged",
    "closure",
    "closures",
    "drilled_cell",
    "ended",
    "given_off",
    "law_pitch",
    "limit_cell",
    "limit_gain",
    "limit_lines",
    "literature_cell",
    "medium",
    "on_map",
    "partner",
    "pressed_capacity",
    "readings",
]

UM = 1e-6  #: [m]


@cache
def readings() -> Mapping[str, Mapping]:
    """What is computed, how it is read and what counts: ``lim2026/data/control.toml``."""
    shipped = resources.files("rampore.lim2026") / "data" / "control.toml"
    return tomllib.loads(shipped.read_text(encoding="utf-8"))


# Closures and the effective medium ----------------------------------------------------------------


@cache
def _cubes() -> Closure:
    return generated_closure()


def closures(given: parameters.CellInputs) -> dict[str, Closure]:
    """One closure of each family, by name; none is the base.

    Parameters
    ----------
    given : parameters.CellInputs
        For what the study measured or read.
    """
    return {name: closure(name, given) for name in readings()["closures"]}


def closure(name: str, given: parameters.CellInputs) -> Closure:
    """One of :func:`closures` alone."""
    return _closure(name, readings()["closures"][name], given)


def _closure(name: str, entry: Mapping, given: parameters.CellInputs) -> Closure:
    if "tortuosity" in entry:
        return Closure(name, 1.0, 1 / entry["tortuosity"])
    if "law" in entry:
        factor, power = given.negative.tortuosity_law.coefficients  # tau = p1 eps^p2
        return Closure(name, 1 - power, 1 / factor)
    if "generated" in entry:
        return replace(_cubes(), name=name)
    threshold = entry.get("threshold", 0.0)
    # a coating that is all pore conducts as the electrolyte does
    return Closure(name, entry["exponent"], (1 - threshold) ** -entry["exponent"], threshold)


def on_map(given: parameters.CellInputs) -> dict[str, Closure]:
    """What the map of the effective medium shows beside :func:`closures`."""
    return {name: _closure(name, entry, given) for name, entry in readings()["map_only"].items()}


def medium(
    by_name: Mapping[str, Function], low: float, high: float, mean: float
) -> "pandas.DataFrame":
    """What two porosities, mixed by area, conduct under each closure.

    Parameters
    ----------
    by_name : mapping of str to callable
        Transport efficiency over porosity [-].
    low, high : float
        The porosities that are mixed [-].
    mean : float
        Of the mixture [-].

    Returns
    -------
    pandas.DataFrame
        By closure: ``tortuosity`` at the mean, ``slope`` of ln g over ln eps there, ``gain`` of the
        mixture over the mean less 1, and ``open``, what the law gives an open electrolyte, where
        the cell has 1 [-].
    """
    import pandas as pd

    def row(closure):
        efficiency = float(closure(mean))
        if not efficiency > 0:
            raise ClosureError(f"nothing conducts at a porosity of {mean:g}")
        ends = np.log([closure(mean * (1 + side)) for side in (-STEP, STEP)])
        return {
            "tortuosity": mean / efficiency,
            "slope": float(np.ptp(ends) / np.log((1 + STEP) / (1 - STEP))),
            "gain": float(mixing_gain(low, high, mean, closure)),
            "open": float(closure(1.0)),
        }

    return pd.DataFrame({name: row(closure) for name, closure in by_name.items()}).T


STEP = 1e-5  #: of the porosity, for a derivative [-]


# Cells --------------------------------------------------------------------------------------------


def channels(width: float, pitch: float, lattice: str = "triangular", **more: Any) -> Channels:
    """Channels through a coating, their lengths in um.

    Parameters
    ----------
    width, pitch : float
        [um]
    lattice : str
    **more
        As of :class:`rampore.structure.Channels`, in SI.
    """
    return Channels(lattice=lattice, width=width * UM, pitch=pitch * UM, **more)


def limit_cell(
    structure: Structure | None = None, in_plane: float = 1.0, exponent: float | None = None
) -> Cell:
    """LG M50 with the coating of the exact limits.

    Parameters
    ----------
    structure : Structure, optional
    in_plane : float
        Efficiency in the plane over that through it [-].
    exponent : float, optional
        Of Bruggeman's relation, in place of the slow coating's law [-].
    """
    chosen, base = readings()["limits"], examples.chen_2020()
    graphite = replace(base.negative.materials[0], fraction=chosen["fraction"])
    law = Closure("slow", chosen["alpha"], 1 / chosen["gamma"])
    negative = replace(
        base.negative,
        porosity=chosen["porosity"],
        materials=(graphite,),
        transport_efficiency=law if exponent is None else Closure("Bruggeman", exponent),
        in_plane=in_plane,
    )
    return replace(base, negative=negative, structure=structure)


def limit_lines(pitch: float) -> Structure:
    """Lines of the limits' share at a pitch [um], their solid pressed aside."""
    lines = channels(readings()["limits"]["share"] * pitch, pitch, "lines")
    return Structure(channels=(lines,), negative=Coating(solid="pressed"))


def pressed_capacity(
    pitch: float, mesh: Mesh, tolerances: Tolerances | None = None, in_plane: float = 1.0
) -> float:
    """Charge that the limits' cell gives with lines at a pitch, its solid pressed aside [C/m2].

    Parameters
    ----------
    pitch : float
        [um]
    mesh : Mesh
    tolerances : Tolerances, optional
    in_plane : float
        Efficiency in the plane over that through it [-].
    """
    cell = limit_cell(limit_lines(pitch), in_plane)
    return given_off(cell, readings()["limits"]["rate"], mesh, tolerances)


def limit_gain(mesh: Mesh, tolerances: Tolerances | None = None) -> tuple[float, float]:
    """Gain at the pitch 0, of the one-dimensional cell of the mean, and what the plain cell gives
    [-], [C/m2].

    Channels and ribs are in parallel: their efficiency is f + (1 - f) e of the ribs' porosity.

    Parameters
    ----------
    mesh : Mesh
    tolerances : Tolerances, optional
    """
    chosen, plain = readings()["limits"], limit_cell()
    f = chosen["share"]
    ribs = 1 - (1 - chosen["porosity"]) / (1 - f)
    efficiency = f + (1 - f) * float(plain.negative.transport_efficiency(ribs))
    mean = replace(plain.negative, transport_efficiency=lambda eps: efficiency + 0.0 * eps)
    base, uniform = (
        given_off(cell, chosen["rate"], mesh, tolerances)
        for cell in (plain, replace(plain, negative=mean))
    )
    return uniform / base - 1, base


def law_pitch(in_plane: float) -> float:
    """Pitch of the limits' lines whose ribs are as wide as the scaling law of Usseglio-Viretta et
    al. 2020 allows, w = 2 L sqrt(D_ip / D_tp) [um].

    Parameters
    ----------
    in_plane : float
        Efficiency in the plane over that through it [-].
    """
    ribs = 2 * limit_cell().negative.thickness * np.sqrt(in_plane)
    return float(ribs / (1 - readings()["limits"]["share"]) / UM)


def literature_cell(structure: Structure | None = None, full: bool = True) -> Cell:
    """LG M50's materials at the loading of the cells that others structured, at the start of a
    discharge or of a charge.

    Parameters
    ----------
    structure : Structure, optional
    full : bool
        Whether it is charged.
    """
    chosen, base = readings()["literature_cell"], examples.chen_2020()
    moved = to_si(chosen["areal_capacity"], "mAh/cm2")
    most = slow_discharge(base)
    empty = discharged(base, most)
    graphite = replace(empty.negative.materials[0], fraction=chosen["fraction"])
    per_depth = FARADAY * graphite.maximum_concentration * graphite.fraction
    limits = readings()["limits"]
    law = Closure("slow", limits["alpha"], 1 / limits["gamma"])
    cell = replace(
        empty,
        negative=replace(
            base.negative,
            thickness=chosen["np_ratio"] * moved / per_depth,
            porosity=chosen["porosity"],
            materials=(graphite,),
            transport_efficiency=law,
        ),
        positive=replace(empty.positive, thickness=base.positive.thickness * moved / most),
        one_c=moved / 3600,
        structure=structure,
        state_of_charge=0.0,
    )
    return charged(cell) if full else cell


def drilled_cell(structure: Structure | None = None) -> Cell:
    """The charged :func:`literature_cell` with a positive coating that is pressed and drilled.

    Parameters
    ----------
    structure : Structure, optional
    """
    limits, cell = readings()["limits"], literature_cell(full=False)
    law = Closure("slow", limits["alpha"], 1 / limits["gamma"])
    porosity = readings()["raju"]["porosity"]
    positive = replace(cell.positive, porosity=porosity, transport_efficiency=law)
    return charged(replace(cell, positive=positive, structure=structure))


def charged(cell: Cell) -> Cell:
    """A discharged cell after a slow charge to its upper cut-off: what lithium there is has moved.

    Parameters
    ----------
    cell : Cell
        Of one material on each side, each in equilibrium.

    Raises
    ------
    CellError
        The negative electrode is full before.
    """
    ((held, negative),), ((given, positive),) = (
        capacities(cell, side) for side in ("negative", "positive")
    )

    def states(moved):
        return negative.stoichiometry + moved / held, positive.stoichiometry - moved / given

    def beyond(moved):
        x, y = states(moved)
        return float(positive.open_circuit(y) - negative.open_circuit(x)) - cell.upper_cutoff

    most = (1 - 1e-6) * min(held * (1 - negative.stoichiometry), given * positive.stoichiometry)
    if beyond(most) < 0:
        raise CellError("the negative electrode is full below the upper cut-off")
    ends = states(brentq(beyond, 0.0, most))
    return replace(
        cell,
        negative=with_stoichiometries(cell.negative, ends[:1]),
        positive=with_stoichiometries(cell.positive, ends[1:]),
        state_of_charge=1.0,
    )


def partner(cell: Cell, equal: str, full: bool = True) -> Cell:
    """A literature cell's partner without channels, from the same discharged state.

    Parameters
    ----------
    cell : Cell
        Discharged.
    equal : str
        As of :func:`rampore.p4d.partners.unstructured`.
    full : bool
        Whether both start charged.
    """
    plain = unstructured(cell, equal)
    return charged(plain) if full else plain


# Runs ---------------------------------------------------------------------------------------------


def _boxes(cell: Cell, mesh: Mesh) -> Mesh:
    """A cell that is the same everywhere has one column."""
    pattern = cell.perforation or (cell.structure and cell.structure.openings)
    return mesh if pattern else mesh._replace(columns=(1, 1))


def ended(cell: Cell, step: Step, mesh: Mesh, tolerances: Tolerances | None = None) -> Solution:
    """One step; with short steps in time where the salt starves too suddenly for the others.

    Parameters
    ----------
    cell : Cell
    step : Step
    mesh : Mesh
        Of which a cell that is the same everywhere in the plane has one column.
    tolerances : Tolerances, optional
    """
    tolerances = tolerances or Tolerances()
    try:
        return simulate(cell, [step], _boxes(cell, mesh), tolerances)
    except SolverError:
        shorter = tolerances._replace(time=tolerances.time / 10)
        return simulate(cell, [step], _boxes(cell, mesh), shorter)


def given_off(cell: Cell, rate: float, mesh: Mesh, tolerances: Tolerances | None = None) -> float:
    """Charge that a discharge gives to the lower cut-off, 0 where the cell cannot carry it [C/m2].

    Parameters
    ----------
    cell : Cell
    rate : float
        Over 1C [-].
    mesh : Mesh
    tolerances : Tolerances, optional
    """
    step = Step("current", rate * cell.one_c, until_voltage=cell.lower_cutoff)
    return ended(cell, step, mesh, tolerances).capacity


class Charge(NamedTuple):
    """What a charge at constant current to the upper cut-off gives."""

    charge: np.ndarray  #: that the cell took (n,) [C/m2]
    margin: np.ndarray  #: least phi_s - phi_e in the negative electrode (n,) [V]

    @property
    def capacity(self) -> float:
        """That it took in all [C/m2]."""
        return float(self.charge[-1])

    @property
    def plates_at(self) -> float:
        """Charge at which lithium may first be plated; all of it and more, inf, where it may not
        [C/m2].
        """
        below = np.flatnonzero(self.margin < 0)
        if not below.size:
            return np.inf
        n = below[0]
        if n == 0:
            return float(self.charge[0])
        part = self.margin[n - 1] / (self.margin[n - 1] - self.margin[n])
        return float(self.charge[n - 1] + part * (self.charge[n] - self.charge[n - 1]))

    def margin_at(self, charge: float) -> float:
        """The margin at a charge [V]."""
        return float(np.interp(charge, self.charge, self.margin))


def charge(cell: Cell, rate: float, mesh: Mesh, tolerances: Tolerances | None = None) -> Charge:
    """Charge a cell at constant current to its upper cut-off.

    Parameters
    ----------
    cell : Cell
        Discharged.
    rate : float
        Over 1C [-].
    mesh : Mesh
    tolerances : Tolerances, optional
    """
    step = Step("current", -rate * cell.one_c, until_voltage=cell.upper_cutoff)
    data = ended(cell, step, mesh, tolerances).dataset
    return Charge(-data.capacity.values, data.plating_margin.values)
