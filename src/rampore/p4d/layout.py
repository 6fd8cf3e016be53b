"""A cell on its mesh: what each box holds, what lies between two boxes, and what touches a foil."""

from typing import NamedTuple

import numpy as np

from rampore.checks import SHARES, quantity
from rampore.coating import Local
from rampore.p4d.cell import Cell, Electrode, Field, Material
from rampore.p4d.equations import Layout, S
from rampore.p4d.errors import CellError
from rampore.p4d.grid import HOLE, NEGATIVE, POSITIVE, SEPARATOR, Grid

#: Transport efficiency that stands for 0, in pores that lead nowhere: nothing passes within any
#: digits, and the potential of what they hold stays defined [-]
STILL = 1e-30


class Particles(NamedTuple):
    """Where one material of one electrode is."""

    side: str  #: "negative" or "positive"
    material: Material
    cells: np.ndarray  #: numbers of its boxes (count,)
    volume: np.ndarray  #: of it in each of them (count,) [m3]


class _Fields(NamedTuple):
    """What the boxes hold, each (nx, ny, nz)."""

    porosity: np.ndarray  #: share of electrolyte; 0 where there is none [-]
    efficiency: np.ndarray  #: of the transport in it [-]
    conductivity: np.ndarray  #: of the solid, effective; 0 where there is none [S/m]
    capacitance: np.ndarray  #: of the double layer [F]


def lay_out(cell: Cell, grid: Grid) -> tuple[Layout, list[Particles]]:
    """What the kernels need to know of a cell on a mesh, and the particles in its boxes.

    Parameters
    ----------
    cell : rampore.p4d.cell.Cell
    grid : rampore.p4d.grid.Grid

    Raises
    ------
    CellError
        A quantity that differs from place to place leaves its limits in some box.
    """
    fields, particles = _make_fields(cell, grid)
    absent = np.zeros((*grid.shape, 3), bool)
    absent[grid.volume == 0] = True
    absent[fields.conductivity == 0, S] = True
    layout = Layout(
        **_faces(grid, fields.conductivity),
        **_contacts(cell, grid, fields.conductivity),
        pore=(fields.porosity * grid.volume).ravel(),
        efficiency=fields.efficiency.ravel(),
        capacitance=fields.capacitance.ravel(),
        absent=absent.reshape(-1, 3),
    )
    return layout, particles


def _numbers(grid):
    """Numbers of the boxes (nx, ny, nz)."""
    return np.arange(np.prod(grid.shape)).reshape(grid.shape)


class _Region:
    """Those boxes of some layers of z that are not foil."""

    def __init__(self, grid: Grid, *layers: int) -> None:
        self.where = np.isin(grid.layer, layers) & (grid.volume > 0)
        self.volume = grid.volume[self.where]
        self._centres = [centre[self.where] for centre in grid.centres()]
        covered = (grid.foil_negative / grid.foil_positive)[..., None]
        self._over_hole = np.where(grid.layer == HOLE, 1.0, 1.0 - covered)[self.where]

    def values(self, field: Field) -> np.ndarray:
        """What a field is in each of the boxes (count,)."""
        if isinstance(field, Local):
            return field.mean(self._over_hole)
        if callable(field):
            return field(*self._centres)
        return np.full(self.volume.size, float(field))


def _make_fields(cell, grid) -> tuple[_Fields, list[Particles]]:
    fields = _Fields(*(np.full(grid.shape, value) for value in (0.0, 1.0, 0.0, 0.0)))
    particles = []
    for side, layers in (
        ("negative", (NEGATIVE, HOLE) if cell.holes_are_coated else (NEGATIVE,)),
        ("positive", (POSITIVE,)),
    ):
        electrode = getattr(cell, side)
        if isinstance(electrode, Electrode):
            region = _Region(grid, *layers)
            _add_electrolyte(fields, f"{side} electrode", region, electrode)
            particles += _add_solids(fields, side, region, electrode, _numbers(grid)[region.where])
    _add_electrolyte(fields, "separator", _Region(grid, SEPARATOR), cell.separator)
    if not cell.holes_are_coated:
        fields.porosity[(grid.layer == HOLE) & (grid.volume > 0)] = 1.0
    return fields, particles


def _add_electrolyte(fields, name, region, porous) -> None:
    """Enter the electrolyte of an electrode or of the separator."""
    porosity = region.values(porous.porosity)
    efficiency = porous.transport_efficiency(porosity)
    quantity(f"{name}: porosity", porosity, CellError, above=0, at_most=1)
    quantity(f"{name}: transport_efficiency", efficiency, CellError, at_least=0, at_most=1)
    if not np.any(efficiency):
        raise CellError(f"{name}: transport_efficiency is 0 everywhere: no current passes")
    fields.porosity[region.where] = porosity
    fields.efficiency[region.where] = np.maximum(efficiency, STILL)


def _add_solids(fields, side, region, electrode, cells) -> list[Particles]:
    """Enter the solids of an electrode; returns its particles."""
    conductivity = region.values(electrode.conductivity)
    quantity(f"{side} electrode: conductivity", conductivity, CellError, at_least=0)
    capacitance = electrode.double_layer * region.values(electrode.inert_surface) * region.volume
    filled, particles = fields.porosity[region.where], []
    for material in electrode.materials:
        fraction = region.values(material.fraction)
        quantity(f"{side} {material.name}: fraction", fraction, CellError, at_least=0)
        filled += fraction
        if np.any((fraction > 0) & (conductivity == 0)):
            raise CellError(
                f"{side} {material.name}: there is some where the electrode conducts nothing"
            )
        surface = 3 * fraction / material.radius * region.volume
        capacitance += electrode.double_layer * surface
        volume = fraction * region.volume
        present = volume > 0
        particles.append(Particles(side, material, cells[present], volume[present]))
    if np.any(filled > 1 + SHARES):
        raise CellError(
            f"{side} electrode: porosity and active fractions add to {filled.max():.3f}"
        )
    if np.any((capacitance > 0) & (conductivity == 0)):
        raise CellError(f"{side} electrode: a double layer where the electrode conducts nothing")
    fields.conductivity[region.where] = conductivity
    fields.capacitance[region.where] = capacitance
    return particles


def _faces(grid, conductivity) -> dict[str, np.ndarray]:
    """The faces between boxes: those along x, then y, then z."""
    cells = _numbers(grid)
    axes, left, right, areas, h_left, h_right = [], [], [], [], [], []
    for axis, (edges, area) in enumerate(
        ((grid.x, grid.area_x), (grid.y, grid.area_y), (grid.z, grid.area_z))
    ):
        half = np.expand_dims(np.diff(edges) / 2, tuple({0, 1, 2} - {axis}))
        half = np.broadcast_to(half, grid.shape).ravel()
        left.append(np.split(cells, [-1], axis)[0].ravel())
        right.append(np.split(cells, [1], axis)[1].ravel())
        h_left.append(half[left[-1]])
        h_right.append(half[right[-1]])
        areas.append(area.ravel())
        axes.append(np.full(area.size, axis))
    axes, left, right, areas, h_left, h_right = (
        np.concatenate(parts) for parts in (axes, left, right, areas, h_left, h_right)
    )
    # half a box on either side, in series; nothing passes where one of them has no solid
    sigma_left, sigma_right = conductivity.ravel()[left], conductivity.ravel()[right]
    solid, joined = np.zeros_like(areas), (sigma_left > 0) & (sigma_right > 0)
    solid[joined] = areas[joined] / (
        h_left[joined] / sigma_left[joined] + h_right[joined] / sigma_right[joined]
    )
    return {
        "axis": axes.astype(np.uint32),
        "left": left.astype(np.uint32),
        "right": right.astype(np.uint32),
        "area": areas,
        "h_left": h_left,
        "h_right": h_right,
        "solid": solid,
    }


def _contacts(cell, grid, conductivity) -> dict[str, np.ndarray]:
    """The boxes that touch a foil with some solid: half a box and the contact resistance in series.

    The negative foil is touched on its face and on the walls of coated holes.
    """
    depth = np.diff(grid.z) / 2
    touching = np.zeros(grid.shape)

    def on_face(area, layer, contact):
        solid = conductivity[..., layer] > 0
        away = depth[layer] / np.where(solid, conductivity[..., layer], 1.0)
        return np.where(solid, area / (away + contact), 0.0)

    if isinstance(cell.negative, Electrode):
        face = int(np.flatnonzero(grid.layer == NEGATIVE)[0])
        touching[..., face] = on_face(grid.foil_negative, face, cell.contact_negative)
        walled = (grid.wall > 0) & (conductivity > 0)
        wall = grid.wall[walled]
        away = grid.volume[walled] / wall / 2
        touching[walled] += wall / (away / conductivity[walled] + cell.contact_negative)
    negative = np.flatnonzero(touching)
    positive, behind = np.zeros(0, int), np.zeros(0)
    if isinstance(cell.positive, Electrode):
        behind = on_face(grid.foil_positive, -1, cell.contact_positive).ravel()
        positive, behind = _numbers(grid)[..., -1].ravel()[behind > 0], behind[behind > 0]
    return {
        "negative_cells": negative,
        "negative_foil": touching.ravel()[negative],
        "positive_cells": positive,
        "positive_foil": behind,
    }
