r"""A body cut into finite elements, and its equilibrium under strains that have no stress.

A body is one cell of a foil: mirror planes stand around it, and move and tilt as the foil stretches
and bends,

.. math:: u_k = (\epsilon_k - \kappa_k z)\,x_k \quad\text{on}\quad x_k = l_k,

with strains and curvatures that are unknowns like the others. scikit-fem gives shape functions and
quadrature; elements are added up here, since a vector's form of so many shape functions is dear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from rampore.checks import quantity
from rampore.mechanics.errors import MechanicsError
from rampore.mechanics.solids import Response, Solid, respond

if TYPE_CHECKING:
    from scipy import sparse
    from skfem import Basis

#: Steps of Newton's method in one load, and rounds in which a crack opens and closes.
ITERATIONS = 30
#: Force that may be lacking, over the largest at a node of the body held as it was [-].
TOLERANCE = 1e-9


T = TypeVar("T", int, np.ndarray)


class NodePair(NamedTuple):
    """Two nodes in one place on the faces of a crack, and where it opens."""

    upper: int  #: of the coating
    lower: int  #: of the foil
    axis: int  #: at right angles to the faces
    sign: int  #: 1 where the coating lies on the axis' positive side


@dataclass(frozen=True)
class Body:
    """Elements of a cell, the solids that they are of, and the cell's size.

    Attributes
    ----------
    nodes : (d, n) array
        Where they are, the last axis through the thickness [m].
    dofs : (e, l) array
        Of each element's local displacements: d times the node, and the axis.
    strain : (e, q, c, l) array
        Strain at the points by the local displacements, in Mandel components [1/m].
    volume : (e, q) array
        Of each point [m3]; around an axis, of the whole turn.
    points : (d, e, q) array
        Where they are [m].
    reference : (d, q) array
        Where they are in each element, from 0 to 1 [-].
    part : (e,) array
        Index of the solid of each element.
    solids : tuple of Solid
    sides : tuple of float
        Lengths of the cell in its plane [m]; the radius around an axis.
    pairs : tuple of NodePair
        Of the faces of cracks.
    """

    nodes: np.ndarray
    dofs: np.ndarray
    strain: np.ndarray
    volume: np.ndarray
    points: np.ndarray
    reference: np.ndarray
    part: np.ndarray
    solids: tuple[Solid, ...]
    sides: tuple[float, ...]
    pairs: tuple[NodePair, ...] = ()

    @property
    def size(self) -> int:
        """Number of displacements."""
        return self.nodes.size

    @property
    def plan(self) -> float:
        """Plan area of the cell [m2]."""
        return float(np.pi * self.sides[0] ** 2 if len(self.sides) == 1 else np.prod(self.sides))

    def nodes_at(self, axis: int, value: float) -> np.ndarray:
        """Nodes in a plane at right angles to an axis, or around it, at `value` [m]."""
        near = 1e-7 * np.ptp(self.nodes[axis])
        return np.flatnonzero(np.abs(self.nodes[axis] - value) < near)

    def dof(self, nodes: T, axis: int) -> T:
        """Index of the displacement of a node, or of more, along an axis."""
        return len(self.nodes) * nodes + axis


class Equilibrium(NamedTuple):
    """A body in equilibrium."""

    displacement: np.ndarray  #: of the nodes (d, n) [m]
    strain: np.ndarray  #: of the cell in its plane (s,) [-]
    curvature: np.ndarray  #: of the cell (s,) [1/m]
    response: Response  #: stress at the points (e, q, c), and what the solids remember
    energy: float  #: elastic, of the body [J]
    potential: float  #: the energy less what the pull gave [J]
    #: that elements exert on their local displacements (e, l) [N]
    force: np.ndarray
    closed: np.ndarray  #: which pairs of a crack touch (p,)

    def resultant(self, body: Body, part: int, nodes: np.ndarray, axis: int) -> float:
        """Force that one solid takes from beyond some nodes [N], along an axis."""
        wanted = np.isin(body.dofs, body.dof(nodes, axis)) & (body.part == part)[:, None]
        return float(self.force[wanted].sum())


def discretise(
    basis: Basis,
    part: np.ndarray,
    solids: Sequence[Solid],
    sides: Sequence[float],
    pairs: Sequence[NodePair] = (),
) -> Body:
    """A body of the elements of a scalar basis; of two axes is what turns around the second.

    Parameters
    ----------
    basis : skfem.Basis
        Of one displacement.
    part : (e,) array of int
        Index of each element's solid.
    solids : sequence of Solid
    sides : sequence of float
        One length around an axis, two in space [m].
    pairs : sequence of NodePair
        Of nodes as the basis numbers its unknowns.

    Returns
    -------
    Body
    """
    axes = basis.mesh.p.shape[0]
    points = np.asarray(basis.global_coordinates())
    fields = [field for (field,) in basis.basis]
    shape = (basis.nelems, basis.X.shape[-1])
    slope = np.stack([np.broadcast_to(field.grad, (axes, *shape)) for field in fields])
    volume = np.array(basis.dx)
    count = len(fields)
    shears = [(1, 2), (0, 2), (0, 1)] if axes == 3 else [(0, 1)]
    strain = np.zeros((3 + len(shears), count, axes, *shape))
    if axes == 3:
        for axis in range(3):
            strain[axis, :, axis] = slope[:, axis]
    else:  # r and z, then around the axis
        value = np.stack([np.broadcast_to(np.asarray(field), shape) for field in fields])
        strain[0, :, 0], strain[1, :, 1], strain[2, :, 0] = (
            slope[:, 0],
            slope[:, 1],
            value / points[0],
        )
        volume = 2 * np.pi * points[0] * volume
    for row, (first, second) in enumerate(shears, start=3):
        strain[row, :, first] = slope[:, second] / np.sqrt(2)
        strain[row, :, second] = slope[:, first] / np.sqrt(2)
    dofs = axes * basis.element_dofs.T[:, :, None] + np.arange(axes)
    return Body(
        nodes=basis.doflocs,
        dofs=dofs.reshape(len(dofs), -1),
        strain=np.ascontiguousarray(
            strain.reshape(3 + len(shears), count * axes, *shape).transpose(2, 3, 0, 1)
        ),
        volume=volume,
        points=points,
        reference=basis.X,
        part=np.asarray(part),
        solids=tuple(solids),
        sides=tuple(sides),
        pairs=tuple(pairs),
    )


def equilibrate(
    body: Body,
    history: Sequence[np.ndarray],
    *,
    flat: bool = False,
    pull: Sequence[float] | None = None,
    fixed: Sequence[int] = (),
) -> list[Equilibrium]:
    """Equilibrium of a body as its solids swell.

    Parameters
    ----------
    body : Body
    history : sequence of (e, q) arrays
        Strain without stress at the points, equal in all directions [-], at one time after the
        other; what yields remembers.
    flat : bool
        Whether the cell stays flat, as between platens or on a foil that is coated alike on both
        sides.
    pull : sequence of float, optional
        Force per width along each side of the cell, in the plane z = 0 [N/m].
    fixed : sequence of int
        Displacements that are held at zero.

    Returns
    -------
    list of Equilibrium
        One for each time.

    Raises
    ------
    MechanicsError
        Where Newton's method did not converge, by so much, or a crack opens and closes for ever.
    """
    pulls = np.zeros(len(body.sides)) if pull is None else np.asarray(pull, dtype=float)
    quantity("pull", pulls, MechanicsError, unit="N/m")
    if pulls.shape != (len(body.sides),):
        raise MechanicsError(f"{pulls.size} pulls on a cell of {len(body.sides)} sides")
    blank = np.zeros((*body.volume.shape, body.strain.shape[2]))
    memory = Response(blank, blank, blank, blank[..., 0])
    closed = np.zeros(len(body.pairs), dtype=bool)
    start, states = np.zeros(body.size + 2 * len(body.sides)), []
    for swell in history:
        if np.shape(swell) != body.volume.shape:
            raise MechanicsError(
                f"a strain of shape {np.shape(swell)} at points of shape {body.volume.shape}"
            )
        quantity("strain without stress", swell, MechanicsError)
        for _ in range(ITERATIONS):
            whole, free = _freedom(body, flat, fixed, closed)
            start = whole @ start[free]
            start, state = _newton(body, whole, swell, memory, pulls, start, closed)
            before, closed = closed, _touching(body, state)
            if np.array_equal(before, closed):
                break
        else:
            raise MechanicsError(
                f"pairs of the crack still open and close after {ITERATIONS} rounds"
            )
        memory = state.response
        states.append(state)
    return states


def _newton(
    body: Body,
    whole: sparse.csr_matrix,
    swell: np.ndarray,
    memory: Response,
    pull: np.ndarray,
    start: np.ndarray,
    closed: np.ndarray,
) -> tuple[np.ndarray, Equilibrium]:
    """Displacements and the cell's own strains in equilibrium, from those at the start; `whole`
    makes all of them of those that are free.
    """
    from scipy.sparse.linalg import splu

    size, sides = body.size, len(body.sides)
    load = np.zeros(size + 2 * sides)
    # a cell's strain is scaled by its side; around an axis the pull works in two directions
    load[size : size + sides] = pull * body.plan / body.sides * (2 if sides == 1 else 1)
    # what it would take to hold the body as it was
    held = _exerted(body, _respond(body, np.zeros(size), swell, memory))
    scale = max(_added(body, np.abs(held)).max(), np.abs(load).max())
    motion, largest = start, np.inf
    for _ in range(ITERATIONS):
        response = _respond(body, motion[:size], swell, memory)
        force = _exerted(body, response)
        lack = load.copy()
        lack[:size] -= _added(body, force)
        lack = whole.T @ lack
        largest = np.abs(lack).max()
        if largest <= TOLERANCE * scale:
            return motion, _state(body, motion, response, force, swell, load, closed)
        stiffness = whole.T @ _stiffness(body, response.tangent) @ whole
        # a symmetric matrix, and diagonal pivots of a stable solid
        factor = splu(
            stiffness.tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        motion = motion + whole @ factor.solve(lack)
    raise MechanicsError(
        f"{largest / scale:.2g} of the force is lacking after {ITERATIONS} steps; "
        "smaller loads may converge"
    )


def _strained(body: Body, displacement: np.ndarray, swell: np.ndarray) -> np.ndarray:
    """Strain less that without stress (e, q, c) [-]."""
    strain = np.einsum("eqcl,el->eqc", body.strain, displacement[body.dofs])
    strain[..., :3] -= swell[..., None]
    return strain


def _respond(body: Body, displacement: np.ndarray, swell: np.ndarray, memory: Response) -> Response:
    """Response of the solids at all points."""
    strain = _strained(body, displacement, swell)
    parts = [np.flatnonzero(body.part == index) for index in range(len(body.solids))]
    answers = [
        respond(solid, strain[part], memory.plastic[part], memory.hardened[part])
        for solid, part in zip(body.solids, parts, strict=True)
    ]
    order = np.argsort(np.concatenate(parts))
    return Response(*(np.concatenate(field)[order] for field in zip(*answers, strict=True)))


def _exerted(body: Body, response: Response) -> np.ndarray:
    """Force that elements exert on their local displacements (e, l) [N]."""
    return np.einsum("eqcl,eqc,eq->el", body.strain, response.stress, body.volume)


def _added(body: Body, force: np.ndarray) -> np.ndarray:
    """Sum of the elements' forces at each displacement [N]."""
    return np.bincount(body.dofs.ravel(), force.ravel(), body.size)


def _state(
    body: Body,
    motion: np.ndarray,
    response: Response,
    force: np.ndarray,
    swell: np.ndarray,
    load: np.ndarray,
    closed: np.ndarray,
) -> Equilibrium:
    """What a body in equilibrium is asked for."""
    size, sides = body.size, np.array(body.sides)
    elastic = _strained(body, motion[:size], swell) - response.plastic
    energy = 0.5 * np.einsum("eqc,eqc,eq->", elastic, response.stress, body.volume)
    strain, curvature = motion[size:].reshape(2, -1)
    return Equilibrium(
        motion[:size].reshape(-1, len(body.nodes)).T,
        strain / sides,
        curvature / sides**2,
        response,
        float(energy),
        float(energy - load @ motion),
        force,
        closed,
    )


def _stiffness(body: Body, tangent: np.ndarray) -> sparse.csr_matrix:
    """Stiffness of all displacements, with empty rows for the cell's own strains."""
    from scipy import sparse

    elements, points, components, local = body.strain.shape
    forced = np.einsum("eqcd,eqdl->eqcl", tangent * body.volume[..., None, None], body.strain)
    flat = (elements, points * components, local)
    # without BLAS, whose threads cost more than products as small as these
    blocks = np.einsum("ekl,ekm->elm", body.strain.reshape(flat), forced.reshape(flat))
    rows = np.repeat(body.dofs, local, axis=1)
    columns = np.tile(body.dofs, (1, local))
    whole = body.size + 2 * len(body.sides)
    return sparse.coo_matrix(
        (blocks.ravel(), (rows.ravel(), columns.ravel())), shape=(whole, whole)
    ).tocsr()


def _freedom(
    body: Body, flat: bool, fixed: Sequence[int], closed: np.ndarray
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """All displacements and the cell's own strains (rows), of those that are free (columns), and
    which these are.

    The cell's strains and curvatures stand behind the displacements, times its sides and their
    squares, so that all unknowns are lengths.
    """
    from scipy import sparse

    size, sides = body.size, len(body.sides)
    held = np.zeros(size + 2 * sides, dtype=bool)
    held[np.asarray(fixed, dtype=int)] = True
    held[size + sides :] = flat
    if not len(fixed):  # one node keeps the cell where it is
        corner = body.nodes_at(0, body.sides[0])[:1]
        held[body.dof(corner, len(body.nodes) - 1)] = True
    rows, columns, values = [], [], []
    for axis, side in enumerate(body.sides):
        held[body.dof(body.nodes_at(axis, 0.0), axis)] = True
        edge = body.nodes_at(axis, side)
        moved = body.dof(edge, axis)
        held[moved] = True
        rows += [moved, moved]
        columns += [np.full(len(edge), size + axis), np.full(len(edge), size + sides + axis)]
        values += [np.ones(len(edge)), -body.nodes[-1, edge] / side]
    free = np.flatnonzero(~held)
    entries = np.concatenate([np.ones(len(free)), *values])
    whole = sparse.csr_matrix(
        (entries, (np.concatenate([free, *rows]), np.concatenate([free, *columns]))),
        shape=(len(held), len(held)),
    )
    tied = np.arange(len(held))
    for upper, lower, axis, _ in (body.pairs[index] for index in np.flatnonzero(closed)):
        tied[body.dof(upper, axis)] = body.dof(lower, axis)
    free = free[tied[free] == free]
    return whole[tied][:, free], free


def _touching(body: Body, state: Equilibrium) -> np.ndarray:
    """Which pairs of a crack touch next: those that press, and those that overlap."""
    inner = _added(body, state.force)
    overlap = 1e-9 * np.abs(state.displacement).max()
    shut = []
    for pair, closed in zip(body.pairs, state.closed, strict=True):
        upper, lower, axis, sign = pair
        if closed:  # what the foil gives the coating
            shut.append(sign * inner[body.dof(upper, axis)] > 0)
        else:
            gap = sign * (state.displacement[axis, upper] - state.displacement[axis, lower])
            shut.append(gap < -overlap)
    return np.array(shut, dtype=bool)
