"""A structure on the mesh of a cell: what each box of a coating holds, and how it conducts.

A box that the wall of a channel cuts holds the volumes of both sides, exactly. Along each axis it
conducts as the two in parallel where the wall runs along, as the two in series where it faces that
way, and by the square of its normal in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rampore.p4d.cell import Cell
from rampore.p4d.grid import HOLE, NEGATIVE, POSITIVE, POSITIVE_HOLE, Grid
from rampore.structure import Structure
from rampore.structure.mesh import Cut, cut
from rampore.structure.openings import SIDES, Channels
from rampore.structure.porosity import Closure, sample

#: Layers of z of the coating of each electrode, and of the holes of its foil.
COATING, HOLES = (
    dict(zip(SIDES, layers, strict=True))
    for layers in ((NEGATIVE, POSITIVE), (HOLE, POSITIVE_HOLE))
)


#: of a face, below which a part of it is rounding [-]
ROUNDING = 1e-12


class Medium(NamedTuple):
    """What boxes hold."""

    porosity: np.ndarray  #: (nx, ny, nz) [-]
    solid: np.ndarray  #: volume of solid over that of the electrode by itself (nx, ny, nz) [-]
    efficiency: np.ndarray  #: of the electrolyte along x, y and z (3, nx, ny, nz) [-]


def channels_of(structure: Structure, side: str, grid: Grid) -> list[tuple[Channels, Cut]]:
    """Channels of the "negative" or the "positive" coating, each on the boxes of that coating."""
    numbers = _layers(grid, COATING[side])
    z = grid.z[numbers[0] : numbers[-1] + 2]
    return [
        (channels, cut(grid.x, grid.y, z, channels, from_foil=side == "negative"))
        for channels in structure.channels_in(side)
    ]


def coating_medium(
    cell: Cell, side: str, grid: Grid, channels: Sequence[tuple[Channels, Cut]]
) -> Medium:
    """The coating and what is in its channels, on its boxes.

    Parameters
    ----------
    cell : rampore.p4d.cell.Cell
        With a structure.
    side : {"negative", "positive"}
    grid : rampore.p4d.grid.Grid
    channels : sequence of (Channels, Cut)
        As :func:`channels_of` gives them.
    """
    coating, closure = _coating(cell, side)
    whole = _sampled(coating, closure, cell, side, grid, COATING[side])
    if not channels:
        return whole
    left, porosity, solid = 1.0, 0.0, 0.0
    parallel, series = np.zeros((2, *whole.efficiency.shape))
    wall = np.full_like(parallel, np.finfo(float).tiny)
    for each, part in channels:
        filling = 1.0 if each.filling == "electrolyte" else each.filling
        inside, efficiency = part.share, closure.efficiency(filling)[:, None, None, None]
        left = left - inside
        porosity = porosity + inside * filling
        solid = solid + inside * _solid(filling, cell, side)
        parallel += inside * efficiency
        series += inside / efficiency
        wall += part.wall
    left = np.maximum(left, 0.0)
    parallel += left * whole.efficiency
    series += left / whole.efficiency
    facing = wall / wall.sum(axis=0)
    return Medium(
        porosity + left * whole.porosity,
        solid + left * whole.solid,
        facing / series + (1 - facing) * parallel,
    )


def hole_medium(cell: Cell, side: str, grid: Grid) -> Medium:
    """The coating in the holes of the "negative" or the "positive" foil, on their boxes."""
    coating, closure = _coating(cell, side)
    filling = cell.structure.holes_in(side).filling
    coating = coating.at_foil() if filling == "coating" else replace(coating, porosity=filling)
    return _sampled(coating, closure, cell, side, grid, HOLES[side])


def coated_faces(
    grid: Grid, channels: Mapping[str, Sequence[tuple[Channels, Cut]]]
) -> list[np.ndarray]:
    """Shares of the faces normal to x, y and z of all boxes that no open channel takes up, in the
    shapes of the grid's areas [-].
    """
    faces = [np.ones_like(area) for area in (grid.area_x, grid.area_y, grid.area_z)]
    for side, members in channels.items():
        layers = _layers(grid, COATING[side])
        if not layers.size:
            continue
        first, last = layers[0], layers[-1]
        for each, part in members:
            if each.filling == "electrolyte":
                faces[0][..., first : last + 1] -= part.face_x
                faces[1][..., first : last + 1] -= part.face_y
                faces[2][..., first:last] -= part.face_z
    return [np.where(face < ROUNDING, 0.0, face) for face in faces]


def _layers(grid, layer):
    return np.flatnonzero(grid.layer == layer)


def _coating(cell, side):
    """The coating between its channels, with its porosity, and how it conducts."""
    electrode = getattr(cell, side)
    coating = cell.structure.between(side, electrode.porosity, electrode.thickness)
    in_plane = electrode.in_plane if coating.in_plane is None else coating.in_plane
    return coating, Closure(electrode.transport_efficiency, in_plane)


def _solid(porosity, cell, side):
    return (1 - porosity) / (1 - getattr(cell, side).porosity)


def _sampled(coating, closure, cell, side, grid, layer):
    numbers = _layers(grid, layer)
    edges = grid.x, grid.y, grid.z[numbers[0] : numbers[-1] + 2]
    samples = sample(coating, closure, edges, from_foil=side == "negative")
    shape = (*grid.plan.shape, numbers.size)
    porosity = np.broadcast_to(samples.mean_porosity(), shape)
    efficiency = np.broadcast_to(samples.series_efficiency(), (3, *shape))
    return Medium(porosity, _solid(porosity, cell, side), efficiency)
