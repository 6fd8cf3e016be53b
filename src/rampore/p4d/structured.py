"""A structure on the mesh of a cell: what each box of a coating holds, and how it conducts.

A box that the wall of a channel cuts holds the volumes of both sides, exactly. It conducts by its
eighths, so that the way from its centre to each of its faces is the right one: an eighth that the
wall cuts conducts as the two sides in parallel where the wall runs along, as the two in series
where it faces that way, and by the square of its normal in between.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rampore.p4d.cell import Cell
from rampore.p4d.grid import HOLE, NEGATIVE, POSITIVE, POSITIVE_HOLE, Grid
from rampore.structure.mesh import cut
from rampore.structure.openings import SIDES
from rampore.structure.porosity import DirectedClosure, sample

#: Layers of z of the coating of each electrode, and of the holes of its foil.
COATING, HOLES = (
    dict(zip(SIDES, layers, strict=True))
    for layers in ((NEGATIVE, POSITIVE), (HOLE, POSITIVE_HOLE))
)

#: of a face, below which a part of it is rounding [-]
ROUNDING = 1e-12
PARTS = 8  #: of each edge of a unit cell, for the mean porosity of a coating [-]


class BoxContent(NamedTuple):
    """What boxes hold."""

    porosity: np.ndarray  #: (nx, ny, nz) [-]
    solid: np.ndarray  #: volume of solid over that of the electrode by itself (nx, ny, nz) [-]
    #: of the electrolyte from the centre of a box to its lower and its upper face, along x, y and z
    #: (2, 3, nx, ny, nz) [-]
    efficiency: np.ndarray


def coating_medium(cell: Cell, side: str, grid: Grid) -> BoxContent:
    """The coating and what is in its channels, on its boxes.

    Parameters
    ----------
    cell : rampore.p4d.cell.Cell
        With a structure.
    side : {"negative", "positive"}
    grid : rampore.p4d.grid.Grid
    """
    coating, closure = _coating(cell, side)
    eighths, from_foil = _eighths(grid, COATING[side]), side == "negative"
    between = sample(coating, closure, eighths, from_foil)
    channels = cell.structure.channels_in(side)
    shape = tuple(edges.size - 1 for edges in eighths)
    left, porosity = np.ones(shape), np.zeros(shape)
    parallel, series = np.zeros((2, 3, *shape))
    wall = np.full((3, *shape), np.finfo(float).tiny)
    for each in channels:
        part = cut(*eighths, each, from_foil)
        filling = 1.0 if each.filling == "electrolyte" else each.filling
        efficiency = closure.efficiency(filling)[:, None, None, None]
        left -= part.share
        porosity += part.share * filling
        parallel += part.share * efficiency
        series += part.share / efficiency
        wall += part.wall
    left = np.maximum(left, 0.0)
    efficiency = between.series_efficiency()
    facing = wall / wall.sum(axis=0)
    return _joined(
        cell,
        side,
        porosity + left * between.mean_porosity(),
        facing / (series + left / efficiency) + (1 - facing) * (parallel + left * efficiency),
    )


def hole_medium(cell: Cell, side: str, grid: Grid) -> BoxContent:
    """The coating in the holes of the "negative" or the "positive" foil, on their boxes."""
    coating, closure = _coating(cell, side)
    filling = cell.structure.holes_in(side).filling
    coating = coating.at_foil() if filling == "coating" else replace(coating, porosity=filling)
    eighths = _eighths(grid, HOLES[side])
    shape = tuple(edges.size - 1 for edges in eighths)
    inside = sample(coating, closure, eighths, from_foil=side == "negative")
    return _joined(
        cell,
        side,
        np.broadcast_to(inside.mean_porosity(), shape),
        np.broadcast_to(inside.series_efficiency(), (3, *shape)),
    )


def coated_faces(cell: Cell, grid: Grid) -> list[np.ndarray]:
    """Shares of the faces normal to x, y and z of all boxes that no open channel takes up, in the
    shapes of the grid's areas [-].
    """
    faces = [np.ones_like(area) for area in (grid.area_x, grid.area_y, grid.area_z)]
    for channels in cell.structure.channels:
        if channels.filling != "electrolyte":
            continue
        layers = np.flatnonzero(grid.layer == COATING[channels.coating])
        first, last = layers[0], layers[-1]
        edges = _edges(grid, COATING[channels.coating])
        part = cut(*edges, channels, from_foil=channels.coating == "negative")
        faces[0][..., first : last + 1] -= part.face_x
        faces[1][..., first : last + 1] -= part.face_y
        faces[2][..., first:last] -= part.face_z
    return [np.where(face < ROUNDING, 0.0, face) for face in faces]


def porosity_between(cell: Cell, side: str) -> float:
    """Mean porosity of a coating between its channels [-]."""
    coating, closure = _coating(cell, side)
    layers = cell.negative, cell.separator, cell.positive
    ends = np.cumsum([0.0, *(getattr(layer, "thickness", 0.0) for layer in layers)])
    low, high = ends[:2] if side == "negative" else ends[2:]
    edges = tuple(
        np.linspace(*span, PARTS + 1)
        for span in ((0.0, cell.structure.unit_cell[0]), (0.0, cell.structure.unit_cell[1]),
                     (low, high))
    )  # fmt: skip
    return float(sample(coating, closure, edges, side == "negative").mean_porosity().mean())


def _edges(grid, layer):
    """Edges of the boxes of one layer of a cell."""
    numbers = np.flatnonzero(grid.layer == layer)
    return grid.x, grid.y, grid.z[numbers[0] : numbers[-1] + 2]


def _eighths(grid, layer):
    """Edges of the halves of its boxes along each axis."""
    halves = []
    for edges in _edges(grid, layer):
        middles = 0.5 * (edges[1:] + edges[:-1])
        halves.append(np.insert(edges, np.arange(1, edges.size), middles))
    return tuple(halves)


def _coating(cell, side):
    """The coating between its channels, with its porosity, and how it conducts."""
    electrode = getattr(cell, side)
    coating = cell.structure.between(side, electrode.porosity, electrode.thickness)
    in_plane = electrode.in_plane if coating.in_plane is None else coating.in_plane
    return coating, DirectedClosure(electrode.transport_efficiency, in_plane)


def _joined(cell, side, porosity, efficiency) -> BoxContent:
    """Boxes of eighths: their means, and for each half of the way through them the four in it."""
    nx, ny, nz = (n // 2 for n in porosity.shape)
    whole = porosity.reshape(nx, 2, ny, 2, nz, 2).mean(axis=(1, 3, 5))
    eighths = efficiency.reshape(3, nx, 2, ny, 2, nz, 2)
    halves = [
        np.moveaxis(eighths[axis].mean(axis=across), 1 + axis, 0)
        for axis, across in enumerate(((3, 5), (1, 5), (1, 3)))
    ]
    solid = (1 - whole) / (1 - getattr(cell, side).porosity)
    return BoxContent(whole, solid, np.stack(halves, axis=1))
