"""What the interface of a coating bears and releases, and what is left to the foil's ligaments.

At a rim stresses are singular: their peak grows with the mesh, their mean over a stretch stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from rampore.checks import choice, quantity
from rampore.mechanics.bodies import Body, Equilibrium, equilibrate
from rampore.mechanics.cells import (
    COATING,
    FOIL,
    NORMAL,
    Crack,
    FoilFace,
    PerforatedCell,
    axisymmetric,
    field,
)
from rampore.mechanics.errors import MechanicsError


class Traction(NamedTuple):
    """Stress on a face around the axis, at three points of each element's edge."""

    position: np.ndarray  #: r on a plane, z on the wall, increasing (n,) [m]
    normal: np.ndarray  #: positive where it pulls the coating off (n,) [Pa]
    shear: np.ndarray  #: sigma_rz (n,) [Pa]
    area: np.ndarray  #: that each point stands for (n,) [m2]
    edges: np.ndarray  #: ends of the elements' edges (n / 3 + 1,) [m]

    def mean(self, begin: float, end: float) -> tuple[float, float]:
        """Mean normal and shear stress between two positions [Pa]."""
        low, high = self.edges[[0, -1]]
        quantity("begin", begin, MechanicsError, at_least=low, below=high, unit="m")
        quantity("end", end, MechanicsError, above=begin, at_most=high, unit="m")

        def within(values: np.ndarray) -> float:
            added = np.append(0.0, np.cumsum(values.reshape(-1, 3).sum(axis=1)))
            return float(np.diff(np.interp([begin, end], self.edges, added))[0])

        area = within(self.area)
        return within(self.normal * self.area) / area, within(self.shear * self.area) / area


def traction(body: Body, state: Equilibrium, face: FoilFace) -> Traction:
    """Stress on a face of an axisymmetric cell, from the coating's side.

    Each element's stress, known at its nine points, is a biquadratic function; this is its value on
    the edge.

    Parameters
    ----------
    body : Body
        Of :func:`rampore.mechanics.cells.axisymmetric`.
    state : Equilibrium
    face : FoilFace

    Returns
    -------
    Traction

    Raises
    ------
    MechanicsError
        Where the body has no such face.
    """
    choice("face", face, FoilFace, MechanicsError)
    if len(body.sides) != 1:
        raise MechanicsError("tractions are those of a cell around an axis")
    axis, sign = NORMAL[face]
    corners = body.nodes[:, body.dofs[:, 0:8:2] // 2]  # (2, e, 4), from the lower left one
    foil = corners[:, body.part == FOIL].reshape(2, -1)
    plane = {
        FoilFace.TOP: foil[1].max(),
        FoilFace.WALL: foil[0].min(),
        FoilFace.BACK: foil[1].min(),
    }[face]
    # the edge of the coating's elements that looks at the foil, and elements beside the foil
    edge = corners[axis].min(axis=1) if sign == 1 else corners[axis].max(axis=1)
    along = corners[1 - axis].mean(axis=1)
    slack = 1e-6 * np.ptp(foil[1])
    beside = (along > foil[1 - axis].min()) & (along < foil[1 - axis].max())
    touching = np.flatnonzero((body.part == COATING) & (np.abs(edge - plane) < slack) & beside)
    if not touching.size:
        raise MechanicsError(f"this body has no face {str(face)!r}")
    touching = touching[np.argsort(along[touching])]
    gauss, weight = np.polynomial.legendre.leggauss(3)
    gauss, weight = (gauss + 1) / 2, weight / 2
    where = np.empty((2, 3))
    where[1 - axis], where[axis] = gauss, 0 if sign == 1 else 1
    to_edge = _biquadratic(where) @ np.linalg.inv(_biquadratic(body.reference))
    stress = np.einsum("pq,eqc->epc", to_edge, state.response.stress[touching])
    low, high = (extreme(corners[1 - axis, touching], axis=1) for extreme in (np.min, np.max))
    position = low[:, None] + (high - low)[:, None] * gauss
    radius = position if axis == 1 else np.full_like(position, plane)
    area = 2 * np.pi * radius * (high - low)[:, None] * weight
    return Traction(
        position.ravel(),
        stress[..., axis].ravel(),
        stress[..., 3].ravel() / np.sqrt(2),
        area.ravel(),
        np.append(low, high[-1]),
    )


def _biquadratic(where: np.ndarray) -> np.ndarray:
    """Products of powers up to 2 at reference coordinates (2, n): (n, 9)."""
    powers = where[:, :, None] ** np.arange(3)
    return (powers[0][:, :, None] * powers[1][:, None, :]).reshape(-1, 9)


def ligament_stress(cell: PerforatedCell, body: Body, state: Equilibrium, axis: int) -> float:
    """Mean stress in the metal between holes, of a cell of the lattice [Pa].

    By what the foil's elements take across a mirror plane through a hole: along y between the
    neighbours of a close-packed row, its narrowest ligament; along x between holes of every second
    row.

    Parameters
    ----------
    cell : PerforatedCell
    body : Body
        Of :func:`rampore.mechanics.cells.lattice`.
    state : Equilibrium
    axis : {0, 1}
        Of the stress: 0 along a close-packed row, 1 at right angles to it.

    Returns
    -------
    float
        Positive where it pulls [Pa].

    Raises
    ------
    MechanicsError
        Where the cell is one around an axis.
    """
    choice("axis", axis, (0, 1), MechanicsError)
    if len(body.sides) != 2:
        raise MechanicsError("ligaments are those of a cell of the lattice")
    width = body.sides[1 - axis] - cell.hole_radius
    force = -state.resultant(body, FOIL, body.nodes_at(axis, 0.0), axis)
    return force / (width * cell.foil_thickness)


class Release(NamedTuple):
    """What a crack along the interface releases as it grows."""

    rate: float  #: energy per area, G [J/m2]
    area: float  #: by which it grew [m2]
    touching: float  #: share of the grown crack's nodes that press on each other [-]


def energy_release(
    cell: PerforatedCell,
    before: Sequence[Crack],
    after: Sequence[Crack],
    coating: float | Callable,
    *,
    flat: bool = False,
    pull: float = 0.0,
    finest: float = 0.5e-6,
    growth: float = 1.4,
) -> Release:
    r"""Energy release rate of a crack, :math:`G = -\Delta\Pi / \Delta A`.

    Two bodies of one mesh, with the crack before and after a small step; its faces touch where they
    would overlap.

    Parameters
    ----------
    cell : PerforatedCell
    before, after : sequence of Crack
        The cracks; no crack before is none of those after it.
    coating : float or callable
        Strain of the coating without stress [-], as in :func:`rampore.mechanics.cells.field`.
    flat, pull
        As in :func:`rampore.mechanics.bodies.equilibrate` [N/m].
    finest, growth
        As in :func:`rampore.mechanics.cells.axisymmetric` [m], [-].

    Returns
    -------
    Release

    Raises
    ------
    MechanicsError
        Where the cracks do not grow, or the solids yield.
    """
    grown = _area(cell, after) - _area(cell, before)
    quantity("area by which the cracks grow", grown, MechanicsError, above=0, unit="m2")
    if np.isfinite([cell.foil.yield_stress, cell.coating.yield_stress]).any():
        raise MechanicsError("what yielding solids release is no energy of the crack's alone")
    potential, touching = [], 0.0
    for cracks in (before, after):
        body = axisymmetric(cell, cracks, finest=finest, growth=growth, resolved=[*before, *after])
        [state] = equilibrate(body, [field(body, coating)], flat=flat, pull=(pull,))
        potential.append(state.potential)
        touching = float(np.mean(state.closed)) if cracks else 0.0
    return Release((potential[0] - potential[1]) / grown, grown, touching)


def _area(cell: PerforatedCell, cracks: Sequence[Crack]) -> float:
    """Area of cracks [m2]."""
    return sum(
        2 * np.pi * cell.hole_radius * (crack.end - crack.begin)
        if crack.face == FoilFace.WALL
        else np.pi * (crack.end**2 - crack.begin**2)
        for crack in cracks
    )
