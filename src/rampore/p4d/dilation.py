"""How thick a cell becomes along a protocol, from the states that the engine goes through.

How much of what its solids gain a coating gives to its thickness is seldom known
(:mod:`rampore.swelling`). So a protocol is run at several sharings, and the least and the most of
these runs are bounds, over time and over the charge that the cell took up.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore.p4d.cell import Cell, Swelling
from rampore.p4d.expansion import CLOSED, SERIES
from rampore.p4d.solution import Mesh, Solution, Step, Tolerances, simulate

if TYPE_CHECKING:
    import xarray

#: The parts of a cell whose thickness is told, by the name of their series in a solution.
PARTS = {
    "thickness": "cell",
    "thickness_negative": "negative coating",
    "thickness_positive": "positive coating",
}

SHARING = {"units": "1", "long_name": "share of the solid's logarithmic growth in the thickness"}
CHARGE = {"units": "C/m2", "long_name": "charge that the cell took up since the start, per area"}


class Dilation(NamedTuple):
    """A cell's thickness along a protocol at one sharing."""

    sharing: float  #: [-]
    solution: Solution

    @property
    def time(self) -> np.ndarray:
        """(n,) [s]"""
        return self.solution.dataset.time.values

    @property
    def charge(self) -> np.ndarray:
        """That the cell took up since the start, per area (n,) [C/m2]."""
        return 0.0 - self.solution.dataset.capacity.values  # of nothing no -0

    @property
    def porosity(self) -> np.ndarray:
        """Least anywhere (n,) [-]."""
        return self.solution.dataset.porosity_min.values

    @property
    def parts(self) -> list[str]:
        """Those of :data:`PARTS` that the cell has."""
        return [name for name in PARTS if name in self.solution.dataset]

    def change(self, part: str = "thickness") -> np.ndarray:
        """What one of the :data:`PARTS` gained in thickness since the start (n,) [m]."""
        thickness = self.solution.dataset[part].values
        return thickness - thickness[0]

    @property
    def closed(self) -> int | None:
        """The state in which pores first had closed, and a step ended for it."""
        for number, end in enumerate(self.solution.ends):
            if end.startswith("porosity"):
                before = self.solution.dataset.step.values <= number
                return int(np.flatnonzero(before)[-1])
        return None

    def passes(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Charge [C/m2], increasing, and change of the cell's thickness [m] in each step of the
        protocol, from the state that it starts from.
        """
        charge, change = self.charge, self.change()
        for number in range(len(self.solution.ends)):
            states = np.flatnonzero(self.solution.dataset.step.values == number)
            if states.size:
                states = np.arange(max(states[0] - 1, 0), states[-1] + 1)
                states = states[np.argsort(charge[states], kind="stable")]
                yield charge[states], change[states]


def dilate(
    cell: Cell,
    protocol: Sequence[Step],
    sharing: float,
    mesh: Mesh | None = None,
    tolerances: Tolerances | None = None,
    progress: Callable | None = None,
) -> Dilation:
    """Run a protocol on a cell whose coatings share what their solids gain.

    Parameters
    ----------
    cell : Cell
        With a ``volume_law`` of at least one material. Where it has no least porosity of its own,
        a step ends where pores close, at :data:`rampore.p4d.expansion.CLOSED`, and the next one
        goes on from there.
    protocol : sequence of Step
    sharing : float
        In place of the cell's own [-].
    mesh, tolerances, progress
        As in :func:`rampore.p4d.solution.simulate`.

    Raises
    ------
    CellError
        No material changes its volume, or the sharing is none.
    SolverError
        As of :func:`rampore.p4d.solution.simulate`.
    """
    stack = replace(cell.swelling or Swelling(), sharing=sharing)
    if stack.least_porosity is None:
        stack = replace(stack, least_porosity=CLOSED)
    cell = replace(cell, swelling=stack)
    return Dilation(sharing, simulate(cell, protocol, mesh, tolerances, progress=progress))


class Bounds(NamedTuple):
    """What a cell became thicker by, over several runs; nan where none of them has been."""

    least: np.ndarray  #: (n,) [m]
    most: np.ndarray  #: (n,) [m]


def bounds_over_time(runs: Sequence[Dilation], time: np.ndarray) -> Bounds:
    """Least and most over the runs that still go on at a time (n,) [s]."""
    return _bounds(np.interp(time, run.time, run.change(), right=np.nan) for run in runs)


def bounds_over_charge(runs: Sequence[Dilation], charge: np.ndarray) -> Bounds:
    """Least and most over the runs, and over the steps of each that pass a charge that the cell
    took up (n,) [C/m2].
    """
    return _bounds(
        np.interp(charge, *course, left=np.nan, right=np.nan)
        for run in runs
        for course in run.passes()
    )


def _bounds(curves):
    curves = np.array(list(curves))
    return Bounds(np.fmin.reduce(curves), np.fmax.reduce(curves))


class OutsideBounds(NamedTuple):
    """Where a measured curve lies beside the bounds of computed ones."""

    excess: np.ndarray  #: above the most, or, negative, below the least; 0 between (n,) [m]
    judged: np.ndarray  #: whether a run has been at the charge (n,) [-]

    @property
    def outside(self) -> np.ndarray:
        """The points beside the bounds, in their order."""
        return np.flatnonzero(self.excess)


def departure(bounds: Bounds, thickness: np.ndarray) -> OutsideBounds:
    """Hold a measured change of thickness (n,) [m] against bounds at the same charges."""
    judged = np.isfinite(bounds.least)
    above = np.maximum(thickness - bounds.most, 0.0)
    below = np.minimum(thickness - bounds.least, 0.0)
    return OutsideBounds(np.where(judged, above + below, 0.0), judged)


def dataset(runs: Sequence[Dilation]) -> "xarray.Dataset":
    """All states of all runs, one run after another along ``state``, with their units."""
    import xarray as xr

    first = runs[0].solution.dataset
    names = [name for name in ("step", "current_density", "voltage", *SERIES) if name in first]
    series = {
        "sharing": ([np.full(run.time.size, run.sharing) for run in runs], SHARING),
        "time": ([run.time for run in runs], {"units": "s", "long_name": "since the start"}),
        "charge": ([run.charge for run in runs], CHARGE),
        **{
            name: ([run.solution.dataset[name].values for run in runs], first[name].attrs)
            for name in names
        },
    }
    return xr.Dataset(
        {name: ("state", np.concatenate(values), attrs) for name, (values, attrs) in series.items()}
    )
