"""The mesh: boxes in x, y and z, cut exactly by the edge of the holes.

Cells are stored as (nx, ny, nz). Layers of z lie, from below, in the holes of the negative foil (z
< 0), in the negative electrode, the separator, the positive electrode and the holes of its foil.
Where the negative foil is coated on both faces, those of the other one lie below the middle of its
holes, in the opposite order. A box that the edge of a hole cuts keeps its centre and has the area
of its part inside; the walls between boxes have the length of their part inside.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.p4d.errors import CellError
from rampore.structure.mesh import section
from rampore.structure.openings import SIDES
from rampore.unitcell import cut_mesh, graded, sides_of_cell

if TYPE_CHECKING:
    from rampore.p4d.cell import Perforation
    from rampore.structure import Structure

HOLE, NEGATIVE, SEPARATOR, POSITIVE, POSITIVE_HOLE = range(5)
#: The same on the other face of a negative foil that is coated on both.
BACK_HOLE, BACK_NEGATIVE, BACK_SEPARATOR, BACK_POSITIVE, BACK_POSITIVE_HOLE = range(5, 10)

#: of the area of a box, below which a part of it is rounding [-]
DIGITS = 1e-12

NOTHING = np.zeros((0, 0))


class Grid(NamedTuple):
    """Geometry of the cells and of the faces between them."""

    x: np.ndarray  #: edges (nx + 1,) [m]
    y: np.ndarray  #: edges (ny + 1,) [m]
    z: np.ndarray  #: edges (nz + 1,) [m]
    layer: np.ndarray  #: from HOLE to POSITIVE_HOLE, or to BACK_POSITIVE_HOLE (nz,)
    volume: np.ndarray  #: (nx, ny, nz) [m3]; 0 in the foil
    area_x: np.ndarray  #: of faces between (i, j, k) and (i + 1, j, k) (nx - 1, ny, nz) [m2]
    area_y: np.ndarray  #: (nx, ny - 1, nz) [m2]
    area_z: np.ndarray  #: (nx, ny, nz - 1) [m2]
    foil_negative: np.ndarray  #: area of the negative foil that coating stands on (nx, ny) [m2]
    foil_positive: np.ndarray  #: (nx, ny) [m2]
    wall: np.ndarray  #: area of the wall of the hole in each cell (nx, ny, nz) [m2]
    plan: np.ndarray  #: area of the boxes in the plane (nx, ny) [m2]
    #: the same as ``foil_negative`` and ``foil_positive`` of the other face; none where it is bare
    foil_back_negative: np.ndarray = NOTHING
    foil_back_positive: np.ndarray = NOTHING

    @property
    def shape(self) -> tuple[int, ...]:
        """(nx, ny, nz)."""
        return self.volume.shape

    @property
    def area(self) -> float:
        """Of the unit cell in the plane [m2]."""
        return float(self.plan.sum())

    @property
    def middle(self) -> int:
        """Number of the plane of z, from below, in the middle of the negative foil; 0 where that is
        coated on one face.
        """
        return int(np.count_nonzero(self.layer >= BACK_HOLE))

    def faces(self) -> list["Grid"]:
        """The mesh of each face of the negative foil by itself, each with z from its own face on:
        the front, and the back where that is coated.
        """
        n = self.middle
        if n == 0:
            return [self]
        below, above = (slice(n - 1, None, -1), slice(n - 2, None, -1)), (slice(n, None),) * 2
        back, front = (
            self._replace(
                z=z,
                layer=self.layer[boxes] % BACK_HOLE,
                volume=self.volume[..., boxes],
                area_x=self.area_x[..., boxes],
                area_y=self.area_y[..., boxes],
                area_z=self.area_z[..., planes],
                wall=self.wall[..., boxes],
                foil_negative=negative,
                foil_positive=positive,
                foil_back_negative=NOTHING,
                foil_back_positive=NOTHING,
            )
            for (boxes, planes), z, negative, positive in (
                (below, 2 * self.z[n] - self.z[n::-1], self.foil_back_negative,
                 self.foil_back_positive),
                (above, self.z[n:], self.foil_negative, self.foil_positive),
            )
        )  # fmt: skip
        return [front, back]

    def centres(self) -> list[np.ndarray]:
        """x, y and z of the centres of the boxes, each (nx, ny, nz) [m]."""
        middles = [0.5 * (edges[1:] + edges[:-1]) for edges in (self.x, self.y, self.z)]
        return np.meshgrid(*middles, indexing="ij")


def _check(thicknesses, layers, columns, hole_layers, grading, sides):
    for name, numbers, size in (
        ("layers", layers, 3),
        ("columns", columns, 2),
        ("hole_layers", [hole_layers], 1),
    ):
        whole = [int(n) == n for n in quantity(name, list(numbers), CellError)]
        if len(whole) != size or not all(whole):
            raise CellError(f"{name} = {numbers} must be {size} whole number{'s' * (size > 1)}")
    quantity("thicknesses", list(thicknesses), CellError, at_least=0, unit="m")
    quantity("grading", grading, CellError, at_least=0, below=1)
    quantity("sides", list(sides or (1.0, 1.0)), CellError, above=0, unit="m")
    there = [n for n, thickness in zip(layers, thicknesses, strict=True) if thickness > 0]
    if min(*columns, *there, hole_layers) < 1:
        raise CellError(
            f"a mesh of {columns} columns, {layers} layers and {hole_layers} in the holes has no "
            "cells"
        )


def make_grid(
    thicknesses: Sequence[float],
    layers: tuple[int, int, int],
    perforation: "Perforation | None" = None,
    columns: tuple[int, int] = (1, 1),
    hole_layers: int = 6,
    grading: float = 0.6,
    sides: tuple[float, float] | None = None,
    structure: "Structure | None" = None,
) -> Grid:
    """The mesh of a unit cell.

    Parameters
    ----------
    thicknesses : (negative, separator, positive)
        [m]; a negative of 0 is a foil of lithium.
    layers : (int, int, int)
        Number of cells through each of them.
    perforation : rampore.p4d.cell.Perforation, optional
        Holes in the negative foil.
    columns : (int, int)
        Cells along x and y.
    hole_layers : int
        Cells through the depth of the holes.
    grading : float
        How much finer the cells are at the faces of each layer, 0 to 1 [-].
    sides : (float, float), optional
        Width of an unperforated unit cell [m], else 1 m x 1 m.
    structure : rampore.structure.Structure, optional
        In place of a perforation; its unit cell counts over ``sides``.
    """
    _check(thicknesses, layers, columns, hole_layers, grading, sides)
    z, layer, base = [np.zeros(1)], [], 0.0
    for name, n, thickness in zip(
        (NEGATIVE, SEPARATOR, POSITIVE), layers, thicknesses, strict=True
    ):
        if thickness > 0:
            z.append(base + graded(n, thickness, grading)[1:])
            layer += [name] * n
            base += thickness
    width, height = sides or (1.0, 1.0)
    radius, depths = 0.0, {"negative": 0.0, "positive": 0.0}
    if perforation is not None:
        width, height = sides_of_cell(perforation.pitch)
        radius = perforation.hole_diameter / 2
        depths["negative"] = perforation.foil_thickness if radius > 0 else 0.0
    elif structure is not None:
        width, height = structure.unit_cell
        depths |= {holes.foil: holes.depth for holes in structure.holes}
    if depths["negative"]:
        below = graded(hole_layers, depths["negative"], grading)[:-1] - depths["negative"]
        z.insert(0, below)
        layer = [HOLE] * hole_layers + layer
    if depths["positive"]:
        z.append(base + graded(hole_layers, depths["positive"], grading)[1:])
        layer += [POSITIVE_HOLE] * hole_layers
    z, layer = np.concatenate(z), np.array(layer)
    x, y = np.linspace(0, width, columns[0] + 1), np.linspace(0, height, columns[1] + 1)
    dz = np.diff(z)

    plan = np.outer(np.diff(x), np.diff(y))
    below, above = cut_mesh(x, y, radius)[3:], cut_mesh(x, y, 0.0)[3:]
    if structure is not None:
        below, above = (_cut_by_holes(structure.holes_in(side), x, y) for side in SIDES)
    sections = {HOLE: _exact(below, plan), POSITIVE_HOLE: _exact(above, plan)}
    foils = [plan - sections[where][0] for where in (HOLE, POSITIVE_HOLE)]
    if structure is not None:
        foils = [
            structure.touched(side, x, y, thickness)
            for side, thickness in zip(SIDES, (thicknesses[0], thicknesses[2]), strict=True)
        ]
    whole = (
        plan,
        np.broadcast_to(np.diff(y), below[1].shape),
        np.broadcast_to(np.diff(x)[:, None], below[2].shape),
        np.zeros_like(plan),
    )
    footprint, side_x, side_y, arc = (
        np.stack([sections.get(name, whole)[n] for name in layer.tolist()], axis=-1)
        for n in range(4)
    )
    return Grid(
        x,
        y,
        z,
        layer,
        footprint * dz,
        side_x * dz,
        side_y * dz,
        np.minimum(footprint[..., 1:], footprint[..., :-1]),
        *foils,
        arc * dz,
        plan,
    )


def join(front: Grid, back: Grid) -> Grid:
    """The mesh of a negative foil that is coated on both faces, of those of each face with half the
    depth of the holes: the back upside down, below the front.
    """

    def stacked(*parts):
        below, *above = parts
        return np.concatenate([below[..., ::-1], *above], axis=-1)

    # what is open in the middle of the foil is open all the way through the hole
    open_area = front.area_z[..., :1] if HOLE in front.layer else np.zeros((*front.plan.shape, 1))
    return Grid(
        front.x,
        front.y,
        np.append((2 * front.z[0] - back.z)[:0:-1], front.z),
        np.append(back.layer[::-1] + BACK_HOLE, front.layer),
        stacked(back.volume, front.volume),
        stacked(back.area_x, front.area_x),
        stacked(back.area_y, front.area_y),
        stacked(back.area_z, open_area, front.area_z),
        front.foil_negative,
        front.foil_positive,
        stacked(back.wall, front.wall),
        front.plan,
        back.foil_negative,
        back.foil_positive,
    )


def _cut_by_holes(holes, x, y):
    """Area, lengths of the edges and rim of the holes of a foil in the boxes."""
    if holes is None:
        return cut_mesh(x, y, 0.0)[3:]
    return section(x, y, holes, holes.width, holes.outlines(x[-1], y[-1]))[:4]


def _exact(cut, plan):
    """A box that the edge misses is all foil or all hole, whatever the last digits of its area
    say.
    """
    hole, *lengths = cut
    hole = np.where(hole < DIGITS * plan, 0.0, np.where(plan - hole < DIGITS * plan, plan, hole))
    return hole, *lengths
