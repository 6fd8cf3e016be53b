"""The paper's electrode with a coating on each side of the foil, between two cathodes.

Where both sides are equal, the middle of the foil is a mirror plane, and the cell is twice the
:func:`face`. Where one carries more than the other, lithium can pass the holes from side to side;
the same cell with :func:`closed` holes tells what is their doing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.lim2026 import parameters
from rampore.lim2026.cells import LayerClosures, PorositySet, Scenario, charged_cell
from rampore.lim2026.limits import readings
from rampore.lim2026.pairs import COARSE, LONGER, USUAL, OnBoth
from rampore.lim2026.sweeps import crossing
from rampore.p4d.balance import capacities, charged, depth, with_stoichiometries
from rampore.p4d.cell import Cell, Electrode, Face
from rampore.p4d.errors import CellError
from rampore.p4d.grid import Grid
from rampore.p4d.model import grid_of
from rampore.p4d.protocols import rate_capacities, rate_test
from rampore.p4d.solution import Mesh, Solution, Step, Tolerances, simulate

if TYPE_CHECKING:
    import xarray

#: Of the rate test of the pouch cells, over 1C; the last one is back at the first [-].
RATES = (0.5, 1.0, 2.0, 3.0, 5.0, 0.5)
#: By what the loadings of the two sides differ, over their mean [-].
DIFFERENCES = (0.02, 0.05, 0.10)


# Cells


def closures(given: parameters.CellInputs) -> dict[str, LayerClosures]:
    """The transport laws under which the statements are read, by their names."""
    separator = given.separator.tortuosity
    names = readings("both_sides", "closures")["names"]
    return {name: crossing.closures(name, separator) for name in names}


def face(given: parameters.CellInputs, scenario: Scenario | None = None) -> tuple[Cell, float]:
    """One side of the electrode, charged: the paper's cell with half the depth of the holes; and
    the lithium that its first charge left behind [C/m2].

    Parameters
    ----------
    given : parameters.CellInputs
    scenario : Scenario, optional
    """
    half = given.perforation.foil_thickness / 2
    halved = parameters.with_values(given, {"perforation.foil_thickness": (half, "m")})
    return charged_cell(halved, scenario)


def both_faces(
    given: parameters.CellInputs,
    scenario: Scenario | None = None,
    difference: float = 0.0,
    tied: bool = True,
) -> Cell:
    """Both sides, the negative coating in front thinner and that on the back thicker than the mean,
    each charged as if the holes were closed; the cathodes are alike.

    Parameters
    ----------
    given : parameters.CellInputs
    scenario : Scenario, optional
    difference : float
        Of the two loadings, over their mean [-].
    tied : bool
        Whether the cathodes are.

    Raises
    ------
    CellError
        Where the difference is none, or a side cannot take up what its cathode gives.
    """
    quantity("difference", difference, CellError, at_least=0, below=2)
    cell, lost = face(given, scenario)
    shares = (1 - difference / 2, 1 + difference / 2)
    thin, thick = (_loaded(cell, share) for share in shares)
    foil = cell.perforation
    if foil is not None:
        foil = replace(foil, foil_thickness=2 * foil.foil_thickness)
    contacts = cell.contact_negative, cell.contact_positive
    cell = replace(
        cell,
        negative=thin,
        one_c=2 * cell.one_c,
        perforation=foil,
        back=Face(thick, cell.separator, cell.positive, *contacts),
        tied=tied,
    )
    sides = zip(cell.faces().items(), shares, strict=True)
    return cell.with_faces({name: charged(side, lost * share) for (name, side), share in sides})


def _loaded(cell: Cell, share: float) -> Electrode:
    """The negative electrode with another height over foil and hole, so that it holds this share of
    what it held [-].
    """
    electrode = cell.negative
    fraction = electrode.materials[0].fraction
    held, held_twice = (
        depth(
            replace(cell, negative=replace(electrode, thickness=times * electrode.thickness)),
            "negative",
            fraction,
        )
        for times in (1, 2)
    )
    more = (share - 1) * held / (held_twice - held)
    return replace(electrode, thickness=electrode.thickness * (1 + more))


def closed(cell: Cell, mesh: Mesh) -> Grid:
    """The mesh of a cell with two faces whose holes are closed in the middle of the foil.

    Parameters
    ----------
    cell : Cell
    mesh : Mesh

    Raises
    ------
    CellError
        Where the cell has one face.
    """
    if cell.back is None:
        raise CellError("a foil that is coated on one side has no holes between two")
    grid = grid_of(cell, mesh)
    areas = grid.area_z.copy()
    areas[..., grid.middle - 1] = 0.0
    return grid._replace(area_z=areas)


# The rate test


class Tested(NamedTuple):
    """Capacities of the rate test of one cell."""

    capacities: np.ndarray  #: (6,) [C/m2]
    rough: np.ndarray | None = None  #: the same on a coarser mesh, with longer steps in time


def capacities_of(
    cell: Cell,
    mesh: Mesh = COARSE,
    coarser: Mesh | None = None,
    tolerances: Tolerances = USUAL,
) -> Tested:
    """The pouch cells' rate test: 0.5C to 5C and back, charged at 0.2C before each.

    Parameters
    ----------
    cell : Cell
        Charged.
    mesh : Mesh
        Of a perforated cell; a bare one, the same in every column, has one.
    coarser : Mesh, optional
        On which it runs once more, with ``LONGER`` steps in time, for the error.
    tolerances : Tolerances
    """

    def run(mesh, tolerances):
        if cell.perforation is None:
            mesh = mesh._replace(columns=(1, 1))
        return rate_capacities(simulate(cell, rate_test(cell, RATES), mesh, tolerances))

    longer = tolerances._replace(time=LONGER * tolerances.time)
    return Tested(run(mesh, tolerances), run(coarser, longer) if coarser else None)


def beside(bare: Tested, perforated: Tested) -> OnBoth:
    """Two cells' tests as a pair, whose error is what the mesh and the steps change together."""
    pair = OnBoth(bare.capacities, perforated.capacities)
    if bare.rough is None or perforated.rough is None:
        return pair
    rough = OnBoth(bare.rough, perforated.rough)
    return pair._replace(coarser=rough, rough=rough)


def rate_tests(
    given: parameters.CellInputs,
    of: Mapping[str, LayerClosures],
    mesh: Mesh = COARSE,
    coarser: Mesh | None = None,
    tolerances: Tolerances = USUAL,
    sharing: float | None = None,
) -> dict[str, OnBoth]:
    """Capacities of the rate test on bare foil and, at equal mass, on perforated foil, by the
    closure.

    Parameters
    ----------
    given : parameters.CellInputs
    of : mapping of str to LayerClosures
    mesh, coarser, tolerances
        As of :func:`capacities_of`.
    sharing : float, optional
        As of :class:`~rampore.lim2026.cells.Scenario`.
    """
    found = {}
    for name, closure in of.items():
        base = Scenario(porosity=PorositySet.MASS_CONSERVING, closure=closure, sharing=sharing)
        bare, perforated = (
            capacities_of(face(given, replace(base, perforated=foil))[0], mesh, coarser, tolerances)
            for foil in (False, True)
        )
        found[name] = beside(bare, perforated)
    return found


def by_published_porosities(
    given: parameters.CellInputs,
    of: Mapping[str, LayerClosures],
    equal_mass: Mapping[str, OnBoth],
    mesh: Mesh = COARSE,
) -> dict[str, OnBoth]:
    """The perforated cell with the published porosities beside the bare cell of tests at equal
    mass, which is the same; without an error of its own.

    Parameters
    ----------
    given : parameters.CellInputs
    of : mapping of str to LayerClosures
    equal_mass : mapping of str to OnBoth
        What :func:`rate_tests` gave on this mesh.
    mesh : Mesh
    """
    return {
        name: OnBoth(
            equal_mass[name].bare,
            capacities_of(face(given, Scenario(perforated=True, closure=closure))[0], mesh)[0],
        )
        for name, closure in of.items()
    }


def does_no_better(gain: np.ndarray, error: np.ndarray, read_off: float) -> bool:
    """Whether a perforated cell delivers less at some rate by more than the error, or nowhere more
    by what can be read off.

    Parameters
    ----------
    gain, error : (n,) array
        Of the capacity at each rate, and its numerical error [-].
    read_off : float
        [-]
    """
    return bool((gain < -error).any() or not (gain > read_off).any())


# What passes the holes


def current(cell: Cell, rate: float, **ends: float) -> Step:
    """A step of current, half of it from each side where the cathodes are not tied.

    Parameters
    ----------
    cell : Cell
        Of both sides.
    rate : float
        Over 1C, positive on discharge [-].
    **ends
        Of :class:`~rampore.p4d.time.Step`; by default the cut-off in this direction.
    """
    value = rate * cell.one_c
    cutoff = cell.lower_cutoff if rate > 0 else cell.upper_cutoff
    half = None if cell.tied else value / 2
    return Step("current", value, back=half, **(ends or {"until_voltage": cutoff}))


def cycles(cell: Cell, rate: float, count: int) -> list[Step]:
    """Discharges and charges at one rate, each charge held at the cut-off down to a twentieth of
    1C, and a last discharge.

    Parameters
    ----------
    cell : Cell
    rate : float
        Over 1C [-].
    count : int
    """
    held = Step("voltage", cell.upper_cutoff, until_current=0.05 * cell.one_c)
    cycle = [current(cell, rate), current(cell, -rate), held]
    return [*cycle * count, current(cell, rate)]


class Fullness(NamedTuple):
    """How full the two sides are along a run."""

    time: np.ndarray  #: (n,) [s]
    thin: np.ndarray  #: mean lithium over capacity of the thin negative side (n,) [-]
    thick: np.ndarray  #: of the thick one (n,) [-]
    solution: Solution

    @property
    def apart(self) -> np.ndarray:
        """How much fuller the thin side is (n,) [-]."""
        return self.thin - self.thick

    def at_end(self, step: int) -> float:
        """How much fuller the thin side is at the end of a step of the protocol [-]."""
        of_step = np.flatnonzero(self.solution.dataset.step.values == step)
        return float(self.apart[of_step[-1]])

    def passed(self, step: int) -> float:
        """Charge of a step of the protocol [C/m2], positive on discharge."""
        given = self.solution.step(step).capacity.values
        return float(given[-1] - given[0])


def follow(
    cell: Cell,
    steps: Sequence[Step],
    mesh: Mesh = COARSE,
    holes: bool = True,
    tolerances: Tolerances = USUAL,
) -> Fullness:
    """Run a protocol on both sides.

    Parameters
    ----------
    cell : Cell
    steps : sequence of Step
    mesh : Mesh
    holes : bool
        Whether they are open.
    tolerances : Tolerances
    """
    grid = None if holes else closed(cell, mesh)
    solution = simulate(cell, steps, mesh, tolerances, grid=grid)
    thin, thick = (_depth(side, name, solution.dataset) for name, side in cell.faces().items())
    return Fullness(solution.dataset.time.values, thin, thick, solution)


def _depth(side: Cell, name: str, data: xarray.Dataset) -> np.ndarray:
    """Mean lithium over capacity of the negative electrode of a side."""
    members = capacities(side, "negative")
    held = sum(
        capacity * _stoichiometry(data, f"{name}negative", material.name)
        for capacity, material in members
    )
    return held / sum(capacity for capacity, _ in members)


def _stoichiometry(data, electrode, material):
    return data[f"stoichiometry_{electrode.replace(' ', '_')}_{material}"].values


def left_by(cell: Cell, course: Fullness) -> Cell:
    """The cell as a run left it, each material as full everywhere as it is on average, on the
    branches on which it began.

    Parameters
    ----------
    cell : Cell
        That was run.
    course : Fullness
    """
    data = course.solution.dataset
    return cell.with_electrodes(
        {
            name: with_stoichiometries(
                electrode,
                [float(_stoichiometry(data, name, each.name)[-1]) for each in electrode.materials],
            )
            for name, electrode in cell.electrodes.items()
        }
    )


class OpenAndClosed(NamedTuple):
    """One run with the holes open, and one with them closed."""

    open: Fullness
    closed: Fullness

    def evened(self, step: int) -> float:
        """Share of the difference which closed holes leave at the end of a step that open ones take
        [-].
        """
        return 1 - abs(self.open.at_end(step)) / abs(self.closed.at_end(step))

    def gain(self, step: int) -> float:
        """Charge of a step with open holes over that with closed ones, less 1 [-]."""
        return self.open.passed(step) / self.closed.passed(step) - 1

    def margin(self, step: int) -> float:
        """By how much the least potential against lithium is higher with open holes [V]."""
        one, other = (each.solution.plating_margin(step).value for each in self)
        return one - other

    def deepest(self, step: int) -> float:
        """Deepest mean lithiation of the thin side in a step, open over closed [-]."""
        one, other = (each.thin[each.solution.dataset.step.values == step].max() for each in self)
        return float(one / other)


def open_and_closed(
    cell: Cell,
    steps: Sequence[Step],
    mesh: Mesh = COARSE,
    tolerances: Tolerances = USUAL,
) -> OpenAndClosed:
    """Run a protocol with open and with closed holes; parameters as of :func:`follow`."""
    return OpenAndClosed(*(follow(cell, steps, mesh, holes, tolerances) for holes in (True, False)))


def usual_run(cell: Cell) -> list[Step]:
    """A discharge at 0.5C, an hour of rest, and a charge at 1C."""
    return [current(cell, 0.5), Step("rest", until_time=3600.0), current(cell, -1.0)]


def resting_halfway(cell: Cell, mesh: Mesh = COARSE, hours: float = 1.0) -> OpenAndClosed:
    """A rest that begins where a discharge at 0.5C with closed holes has given half of what it
    gives.

    Parameters
    ----------
    cell : Cell
    mesh : Mesh
    hours : float
        Of rest.
    """
    whole = follow(cell, [current(cell, 0.5)], mesh, holes=False)
    half = current(cell, 0.5, until_capacity=whole.passed(0) / 2)
    middle = left_by(cell, follow(cell, [half], mesh, holes=False))
    return open_and_closed(middle, [Step("rest", until_time=3600.0 * hours)], mesh)


def time_to(course: Fullness, share: float) -> float:
    """Time until the difference has first fallen to a share of that at the start [s]; infinite
    where it does not within the run.

    Parameters
    ----------
    course : Fullness
    share : float
        [-]
    """
    quantity("share", share, CellError, above=0, below=1)
    left = course.apart / course.apart[0]
    below = np.flatnonzero(left <= share)
    if not below.size:
        return np.inf
    ends = slice(below[0] - 1, below[0] + 1)
    return float(np.interp(-share, -left[ends], course.time[ends]))


def standing(share: float) -> str:
    """Whether holes even the sides out, in the words of the readings, by the share of the
    difference that they take [-].
    """
    return "even out" if share >= 0.5 else "stay apart" if share <= 0.1 else "even out in part"
