r"""The unit cell of a perforated foil and its coating, cut into elements.

The foil lies between z = -t and 0, its coating above, a second one below where there is one; the
hole stands around the axis r = 0, or in two opposite corners of the lattice's cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore.checks import choice, quantity
from rampore.extras import needs
from rampore.mechanics.bodies import Body, NodePair, discretise
from rampore.mechanics.errors import MechanicsError
from rampore.mechanics.solids import Solid

if TYPE_CHECKING:
    from skfem import Basis

FOIL, COATING = 0, 1  #: the parts of a body, as its `part` has them


class Hole(StrEnum):
    """What is in a hole of the foil."""

    FILLED = "filled"  #: the coating, as a peg
    SPANNED = "spanned"  #: nothing, and the coating above it
    OPEN = "open"  #: nothing, and nothing above it


class FoilFace(StrEnum):
    """Where coating and foil meet."""

    TOP = "top"  #: the plane z = 0, outside the hole
    WALL = "wall"  #: of the hole, where it is filled
    BACK = "back"  #: the plane z = -t, where the foil is coated on both sides


#: Axis at right angles to a face, and the side of it on which the coating lies.
NORMAL = {FoilFace.TOP: (1, 1), FoilFace.WALL: (0, -1), FoilFace.BACK: (1, -1)}


class Crack(NamedTuple):
    """A part of a face that has come off; its faces may touch, and slide without friction."""

    face: FoilFace
    begin: float  #: r on a plane, z on the wall [m]
    end: float  #: beyond `begin` [m]


@dataclass(frozen=True)
class PerforatedCell:
    """One hole of a coated foil, and what of foil and coating belongs to it.

    Attributes
    ----------
    foil, coating : Solid
    foil_thickness, coating_thickness : float
        t, and h above the foil, of one side [m].
    hole_radius : float
        a [m]; 0 for a foil without holes.
    cell_radius : float
        R, of the circle around the hole with the area of the lattice's cell [m]: sqrt(sqrt(3) / 2
        pi), 0.525, times the pitch of a triangular one.
    hole : Hole
    sides : {1, 2}
        Sides that are coated.

    Raises
    ------
    MechanicsError
        Where a length is none, or the hole leaves no foil.
    """

    foil: Solid
    coating: Solid
    foil_thickness: float
    coating_thickness: float
    hole_radius: float
    cell_radius: float
    hole: Hole = Hole.FILLED
    sides: int = 1

    def __post_init__(self) -> None:
        for name in ("foil_thickness", "coating_thickness", "cell_radius"):
            value = getattr(self, name)
            quantity(name.replace("_", " "), value, MechanicsError, above=0, unit="m")
        quantity(
            "hole radius",
            self.hole_radius,
            MechanicsError,
            at_least=0,
            below=self.cell_radius,
            unit="m",
        )
        choice("hole", self.hole, Hole, MechanicsError)
        choice("sides", self.sides, (1, 2), MechanicsError)

    @property
    def pitch(self) -> float:
        """Pitch of the triangular lattice whose cell has this area [m]."""
        return self.cell_radius * np.sqrt(2 * np.pi / np.sqrt(3))

    @property
    def levels(self) -> list[float]:
        """Heights at which foil and coatings begin and end [m]."""
        below = [-self.foil_thickness - self.coating_thickness] * (self.sides == 2)
        return [*below, -self.foil_thickness, 0.0, self.coating_thickness]

    def part(self, height: np.ndarray, outside: np.ndarray) -> np.ndarray:
        """What is at a height [m], outside a hole or in it: a part, or -1 for nothing."""
        within = (height > -self.foil_thickness) & (height < 0)
        in_hole = np.where(within & (self.hole == Hole.SPANNED), -1, COATING)
        in_hole = np.full_like(in_hole, -1) if self.hole == Hole.OPEN else in_hole
        return np.where(outside, np.where(within, FOIL, COATING), in_hole)


def field(body: Body, coating: float | Callable = 0.0, foil: float | Callable = 0.0) -> np.ndarray:
    """Strain without stress at the points of a body.

    Parameters
    ----------
    body : Body
        Of this module.
    coating, foil : float or callable
        Strain [-], or what gives it from the points' (d, ...) coordinates [m].

    Returns
    -------
    (e, q) array
        [-]
    """
    strain = np.zeros(body.volume.shape)
    for part, value in ((FOIL, foil), (COATING, coating)):
        of_part = body.part == part
        strain[of_part] = value(body.points[:, of_part]) if callable(value) else value
    return strain


def axisymmetric(
    cell: PerforatedCell,
    cracks: Sequence[Crack] = (),
    *,
    finest: float = 0.5e-6,
    growth: float = 1.4,
    resolved: Sequence[Crack] = (),
) -> Body:
    """The cell turned around its hole, in biquadratic elements.

    Parameters
    ----------
    cell : PerforatedCell
    cracks : sequence of Crack
    finest : float
        Size of the elements at the rims and at the ends of cracks [m]; an eighth of a crack's
        length resolves it.
    growth : float
        Size of an element over that of its neighbour, at most [-].
    resolved : sequence of Crack
        Cracks that are none yet, whose ends the mesh has all the same: bodies with one and the
        other differ by no error of the mesh.

    Returns
    -------
    Body

    Raises
    ------
    MechanicsError
        Where a crack lies on no face of the cell, or a quantity outside its limits.
    """
    quantity("finest element", finest, MechanicsError, above=0, unit="m")
    quantity("growth of elements", growth, MechanicsError, at_least=1, at_most=4)
    radii, heights = {cell.hole_radius, cell.cell_radius}, set(cell.levels)
    if cell.hole != Hole.OPEN:
        radii.add(0.0)
    ends = [*cracks, *resolved]
    for crack in ends:
        _check(cell, crack)
        (heights if crack.face == FoilFace.WALL else radii).update((crack.begin, crack.end))
    tips = {end for crack in ends for end in (crack.begin, crack.end)}
    r = _edges(sorted(radii), {0.0, cell.cell_radius} - tips, finest, growth)
    outer = {min(heights), max(heights)} - {-cell.foil_thickness}
    z = _edges(sorted(heights), outer, finest, growth)
    corner = np.arange(len(r) * len(z)).reshape(len(r), len(z))
    quads = np.stack([corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]])
    middle_r, middle_z = np.meshgrid((r[1:] + r[:-1]) / 2, (z[1:] + z[:-1]) / 2, indexing="ij")
    part = cell.part(middle_z, middle_r > cell.hole_radius).ravel()
    quads, part = quads.reshape(4, -1)[:, part >= 0], part[part >= 0]
    where = np.stack(np.meshgrid(r, z, indexing="ij")).reshape(2, -1)
    used, quads = np.unique(quads, return_inverse=True)
    return _body(cell, where[:, used], quads.reshape(4, -1), part, cracks)


def _check(cell: PerforatedCell, crack: Crack) -> None:
    choice("face of a crack", crack.face, FoilFace, MechanicsError)
    if crack.face == FoilFace.WALL:
        low, high = -cell.foil_thickness, 0.0
        there = cell.hole == Hole.FILLED and cell.hole_radius > 0
    else:
        low, high = cell.hole_radius, cell.cell_radius
        there = crack.face == FoilFace.TOP or cell.sides == 2
    if not there:
        raise MechanicsError(f"this cell has no face {str(crack.face)!r} for a crack")
    quantity("begin of a crack", crack.begin, MechanicsError, at_least=low, below=high, unit="m")
    quantity("end of a crack", crack.end, MechanicsError, above=crack.begin, at_most=high, unit="m")


def _edges(breaks: Sequence[float], coarse: set[float], finest: float, growth: float) -> np.ndarray:
    """Edges of elements through all breaks, fine at those that are not `coarse`."""
    edges = [np.array([breaks[0]])]
    for low, high in pairwise(breaks):
        length, fine = high - low, [each not in coarse for each in (low, high)]
        reach = length / 2 if all(fine) else length
        # as many elements of a growing size as reach so far, and the first of them a bit finer
        if growth > 1:
            count = np.log1p(reach * (growth - 1) / finest) / np.log(growth)
        else:
            count = reach / finest
        sizes = growth ** np.arange(max(1, np.ceil(count - 1e-9)))
        steps = np.cumsum(sizes) * (reach / sizes.sum())
        if all(fine):
            inner = np.concatenate([steps, length - steps[-2::-1]])
            inner = np.append(inner, length)
        elif fine[1]:
            inner = np.append(length - steps[-2::-1], length)
        else:
            inner = steps
        edges.append(low + inner[:-1])
        edges.append(np.array([high]))
    return np.concatenate(edges)


def _body(
    cell: PerforatedCell,
    where: np.ndarray,
    quads: np.ndarray,
    part: np.ndarray,
    cracks: Sequence[Crack],
) -> Body:
    """A body of quadrilaterals, torn along its cracks."""
    with needs("mechanics"):
        from skfem import Basis, ElementQuad2, MeshQuad

    split, torn = _tear(where, quads, part, cracks)
    if _pieces(split) > 1:
        raise MechanicsError("the cracks part a coating from the foil: nothing holds it")
    corners = np.concatenate([where, where[:, torn]], axis=1)
    mesh = MeshQuad(np.ascontiguousarray(corners), np.ascontiguousarray(split))
    basis = Basis(mesh, ElementQuad2(), intorder=5)
    solids = (cell.foil, cell.coating)
    pairs = _pairs(basis, part, cracks)
    return discretise(basis, part, solids, (cell.cell_radius,), pairs)


def _on(crack: Crack, where: np.ndarray, sides: dict[FoilFace, float]) -> np.ndarray:
    """Whether places lie on a crack, its ends included; `sides` are those of its plane."""
    axis, _ = NORMAL[crack.face]
    slack = 1e-6 * (crack.end - crack.begin)
    along = where[1 - axis]
    return (
        (np.abs(where[axis] - sides[crack.face]) < slack)
        & (along > crack.begin - slack)
        & (along < crack.end + slack)
    )


def _planes(where: np.ndarray, quads: np.ndarray, part: np.ndarray) -> dict[FoilFace, float]:
    """Where the faces stand: r of the wall, z of the planes [m]."""
    foil = where[:, quads[:, part == FOIL]]
    return {FoilFace.TOP: 0.0, FoilFace.WALL: foil[0].min(), FoilFace.BACK: foil[1].min()}


def _tear(
    where: np.ndarray, quads: np.ndarray, part: np.ndarray, cracks: Sequence[Crack]
) -> tuple[np.ndarray, np.ndarray]:
    """Corners of elements after those of the coating got nodes of their own on cracks; and which
    nodes were doubled.

    A node is doubled where every edge between foil and coating that ends in it lies on a crack:
    within one, and at its end on a free edge or a mirror plane, not at its tip.
    """
    sides = np.sort(np.stack([quads, np.roll(quads, -1, axis=0)]), axis=0).reshape(2, -1)
    owner = np.tile(part, 4)
    edges, edge = np.unique(sides, axis=1, return_inverse=True)
    both = [
        np.bincount(edge.ravel(), owner == each, edges.shape[1]) > 0 for each in (FOIL, COATING)
    ]
    between = edges[:, both[0] & both[1]]
    middle = where[:, between].mean(axis=1)
    planes = _planes(where, quads, part)
    cracked = np.zeros(between.shape[1], dtype=bool)
    for crack in cracks:
        cracked |= _on(crack, middle, planes)
    count = np.bincount(between.ravel(), minlength=where.shape[1])
    open_ = np.bincount(between[:, cracked].ravel(), minlength=where.shape[1])
    torn = np.flatnonzero((count > 0) & (open_ == count))
    number = np.arange(where.shape[1])
    number[torn] = where.shape[1] + np.arange(len(torn))
    return np.where(part == COATING, number[quads], quads), torn


def _pieces(quads: np.ndarray) -> int:
    """Into how many pieces elements fall that hang together by their nodes."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    links = np.ones(quads.size // 4 * 3), (np.tile(quads[0], 3), quads[1:].ravel())
    _, piece = connected_components(coo_matrix(links, shape=(quads.max() + 1,) * 2))
    return len(np.unique(piece[np.unique(quads)]))


def _pairs(basis: Basis, part: np.ndarray, cracks: Sequence[Crack]) -> list[NodePair]:
    """Nodes of the basis that stand in one place on the two faces of a crack."""
    if not cracks:
        return []
    where = basis.doflocs
    planes = _planes(basis.mesh.p, basis.mesh.t, part)
    of = [np.unique(basis.element_dofs[:, part == each]) for each in (FOIL, COATING)]
    foil, coating = (nodes[~np.isin(nodes, of[1 - each])] for each, nodes in enumerate(of))
    pairs = []
    for crack in cracks:
        axis, sign = NORMAL[crack.face]
        lower, upper = (
            sorted(nodes[_on(crack, where[:, nodes], planes)], key=lambda n: where[1 - axis, n])
            for nodes in (foil, coating)
        )
        pairs += [NodePair(int(u), int(v), axis, sign) for u, v in zip(upper, lower, strict=True)]
    return pairs


def lattice(cell: PerforatedCell, elements: int = 4, layers: int = 4) -> Body:
    """The cell of a triangular lattice in space, in serendipity elements of twenty nodes.

    Half a pitch along a close-packed row by half the distance of equal rows, as
    :mod:`rampore.unitcell` has it, with mirror planes around. The rim is a polygon of the hole's
    area.

    Parameters
    ----------
    cell : PerforatedCell
        With a hole; its pitch is that of :attr:`PerforatedCell.pitch`.
    elements : int
        Along an eighth of the rim, and from the rim to the cell's sides.
    layers : int
        Through the foil, and through the coating [-].

    Returns
    -------
    Body

    Raises
    ------
    MechanicsError
        Where the cell has no hole, or holes that touch.
    """
    with needs("mechanics"):
        from skfem import Basis, ElementHexS2, MeshHex

    quantity("elements", elements, MechanicsError, at_least=1, whole=True)
    quantity("layers", layers, MechanicsError, at_least=1, whole=True)
    quantity("hole radius", cell.hole_radius, MechanicsError, above=0, below=cell.pitch / 2)
    where, quads, outside = _plan(cell, elements)
    through = np.linspace(0, 1, layers + 1)
    graded = through**2  # fine at the foil
    z = [cell.coating_thickness * graded, cell.foil_thickness * (through - 1)]
    if cell.sides == 2:
        z.append(-cell.foil_thickness - cell.coating_thickness * graded)
    z = np.unique(np.concatenate(z))
    count = where.shape[1]
    nodes = np.concatenate([np.tile(where, len(z)), np.repeat(z, count)[None]])
    floor = quads[:, None, :] + count * np.arange(len(z) - 1)[None, :, None]
    first, second, third, fourth = floor.reshape(4, -1)
    # scikit-fem's order of corners: by the sum of their reference coordinates
    above = first + count, fourth + count, second + count, third + count
    boxes = np.stack([first, above[0], fourth, second, above[1], above[2], third, above[3]])
    middle = np.repeat((z[1:] + z[:-1]) / 2, quads.shape[1])
    part = cell.part(middle, np.tile(outside, len(z) - 1))
    boxes, part = boxes[:, part >= 0], part[part >= 0]
    used, boxes = np.unique(boxes, return_inverse=True)
    basis = Basis(MeshHex(nodes[:, used], boxes.reshape(8, -1)), ElementHexS2(), intorder=5)
    sides = cell.pitch / 2, np.sqrt(3) / 2 * cell.pitch
    return discretise(basis, part, (cell.foil, cell.coating), sides)


def _plan(cell: PerforatedCell, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes and quadrilaterals of the lattice's cell in its plane, and which lie outside holes.

    A quarter hole in half of the cell: a square in its corner, a ring around that in two blocks,
    and two blocks from there to the sides; then the same turned by half a turn.
    """
    width, height = cell.pitch / 2, np.sqrt(3) / 4 * cell.pitch
    turn = np.pi / 4 / n
    radius = cell.hole_radius * np.sqrt(turn / np.sin(turn))
    core = 0.55 * radius
    s = np.linspace(0, 1, n + 1)
    wide = (width / radius) ** 1.5
    graded = (wide**s - 1) / (wide - 1)  # finer at the rim, the more so the smaller the hole
    low = radius * np.stack([np.cos(np.pi / 4 * s), np.sin(np.pi / 4 * s)])
    high = radius * np.stack([np.sin(np.pi / 4 * (1 - s)), np.cos(np.pi / 4 * (1 - s))])
    square = np.stack(np.meshgrid(core * s, core * s, indexing="ij"))
    right, top = np.stack([0 * s + core, core * s]), np.stack([core * (1 - s), 0 * s + core])
    side, lid = np.stack([0 * s + width, height * s]), np.stack([width * (1 - s), 0 * s + height])

    def between(inner: np.ndarray, outer: np.ndarray, share: np.ndarray) -> np.ndarray:
        return inner[:, None] + share[None, :, None] * (outer - inner)[:, None]

    blocks = [
        square,
        between(right, low, s),
        between(top, high, s),
        between(low, side, graded),
        between(high, lid, graded),
    ]
    where, quads = [], []
    corner = np.arange((n + 1) ** 2).reshape(n + 1, n + 1)
    quad = np.stack([corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]])
    for number, block in enumerate(
        [*blocks, *(np.array([[[width]], [[2 * height]]]) - block for block in blocks)]
    ):
        where.append(block.reshape(2, -1))
        quads.append(quad.reshape(4, -1) + number * (n + 1) ** 2)
    where, quads = np.concatenate(where, axis=1), np.concatenate(quads, axis=1)
    outside = np.tile(np.repeat([False, False, False, True, True], n**2), 2)
    _, first, same = np.unique(
        np.round(where / (1e-7 * radius)), axis=1, return_index=True, return_inverse=True
    )
    return where[:, first], same.ravel()[quads], outside
