"""A cell on its mesh: what each box holds, what lies between two boxes, and what touches a foil."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rampore.checks import SHARES, quantity
from rampore.coating import Local
from rampore.p4d.cell import BACK, Cell, Electrode, Field, Material
from rampore.p4d.equations import Layout, S
from rampore.p4d.errors import CellError
from rampore.p4d.grid import HOLE, SEPARATOR, Grid
from rampore.p4d.structured import (
    COATING,
    HOLES,
    BoxContent,
    coated_faces,
    coating_medium,
    hole_medium,
)
from rampore.structure.openings import SIDES

#: Transport efficiency that stands for 0, in pores that lead nowhere: nothing passes within any
#: digits, and the potential of what they hold stays defined [-]
STILL = 1e-30


class Particles(NamedTuple):
    """Where one material of one electrode is."""

    #: "negative" or "positive", with "back " before it on the other face of the negative foil
    side: str
    material: Material
    cells: np.ndarray  #: numbers of its boxes (count,)
    volume: np.ndarray  #: of it in each of them (count,) [m3]


class _Fields(NamedTuple):
    """What the boxes hold, each (nx, ny, nz), and how they meet."""

    porosity: np.ndarray  #: share of electrolyte; 0 where there is none [-]
    efficiency: np.ndarray  #: of the transport in it, down along z [-]
    conductivity: np.ndarray  #: of the solid, effective; 0 where there is none [S/m]
    capacitance: np.ndarray  #: of the double layer [F]
    #: that efficiency over the one from the centre to the lower and to the upper face, along x, y
    #: and z (2, 3, nx, ny, nz) [-]
    stretch: np.ndarray
    #: share of the faces normal to x, y and z that the solid passes [-]
    coated: Sequence[np.ndarray | float]


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
    fields, particles = _fields_of_faces(cell, grid)
    absent = np.zeros((*grid.shape, 3), bool)
    absent[grid.volume == 0] = True
    absent[fields.conductivity == 0, S] = True
    layout = Layout(
        **_faces(grid, fields),
        **_contacts_of_faces(cell, grid, fields.conductivity),
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
        covered = (grid.foil_negative / grid.plan)[..., None]
        self._over_hole = np.where(grid.layer == HOLE, 1.0, 1.0 - covered)[self.where]

    def values(self, field: Field) -> np.ndarray:
        """What a field is in each of the boxes (count,)."""
        if isinstance(field, Local):
            return field.mean(self._over_hole)
        if callable(field):
            return field(*self._centres)
        return np.full(self.volume.size, float(field))


def _fields_of_faces(cell, grid) -> tuple[_Fields, list[Particles]]:
    """Each face of the negative foil in its boxes, the back upside down."""
    (front, *back), numbers = grid.faces(), _numbers(grid)
    fields, particles = _make_fields(cell.faces()[""], front)
    if not back:
        return fields, particles
    cells = numbers[..., grid.middle :].ravel()
    particles = [each._replace(cells=cells[each.cells]) for each in particles]
    below, others = _make_fields(cell.faces()[BACK], *back)
    cells = numbers[..., grid.middle - 1 :: -1].ravel()
    particles += [each._replace(side=BACK + each.side, cells=cells[each.cells]) for each in others]

    def stacked(under, *over):
        return np.concatenate([under[..., ::-1], *over], axis=-1)

    stretch = below.stretch.copy()
    stretch[:, 2] = stretch[::-1, 2]  # what was up is down
    coated = fields.coated
    if cell.structure is not None:
        middle = np.ones((*grid.plan.shape, 1))
        *across, up = zip(below.coated, fields.coated, strict=True)
        coated = [*(stacked(*each) for each in across), stacked(up[0], middle, up[1])]
    return (
        _Fields(
            *(stacked(*each) for each in zip(below[:4], fields[:4], strict=True)),
            stacked(stretch, fields.stretch),
            coated,
        ),
        particles,
    )


def _make_fields(cell, grid) -> tuple[_Fields, list[Particles]]:
    fields = _Fields(
        *(np.full(grid.shape, value) for value in (0.0, 1.0, 0.0, 0.0)),
        np.ones((2, 3, *grid.shape)),
        [1.0, 1.0, 1.0],
    )
    particles = []
    for side in SIDES:
        electrode = getattr(cell, side)
        if not isinstance(electrode, Electrode):
            continue
        layers = (COATING[side], *([HOLES[side]] if cell.has_coated_holes(side) else []))
        region = _Region(grid, *layers)
        if cell.structure is None:
            medium = _even_medium(f"{side} electrode", region, electrode)
        else:
            medium = _structured_medium(cell, side, grid, region)
        _add_electrolyte(fields, region, medium)
        particles += _add_solids(fields, side, region, electrode, medium, _numbers(grid))
    if cell.structure is not None:
        fields.coated[:] = coated_faces(cell, grid)
    separator = _Region(grid, SEPARATOR)
    _add_electrolyte(fields, separator, _even_medium("separator", separator, cell.separator))
    for side in SIDES:
        if not cell.has_coated_holes(side):
            fields.porosity[(grid.layer == HOLES[side]) & (grid.volume > 0)] = 1.0
    return fields, particles


def _even_medium(name, region, porous) -> BoxContent:
    """An electrode without a structure, or the separator, in its boxes."""
    porosity = region.values(porous.porosity)
    through = porous.transport_efficiency(porosity)
    across = porous.in_plane * through
    quantity(f"{name}: porosity", porosity, CellError, above=0, at_most=1)
    for efficiency in (through, across):
        quantity(f"{name}: transport_efficiency", efficiency, CellError, at_least=0, at_most=1)
    if not np.any(through):
        raise CellError(f"{name}: transport_efficiency is 0 everywhere: no current passes")
    return BoxContent(
        porosity, np.ones_like(porosity), np.stack([np.stack([across, across, through])] * 2)
    )


def _structured_medium(cell, side, grid, region) -> BoxContent:
    """An electrode with a structure, in its boxes."""
    whole = BoxContent(np.zeros(grid.shape), np.zeros(grid.shape), np.ones((2, 3, *grid.shape)))
    parts = {COATING[side]: coating_medium(cell, side, grid)}
    if cell.has_coated_holes(side):
        parts[HOLES[side]] = hole_medium(cell, side, grid)
    for layer, part in parts.items():
        for everywhere, here in zip(whole, part, strict=True):
            everywhere[..., grid.layer == layer] = here
    return BoxContent(*(values[..., region.where] for values in whole))


def _add_electrolyte(fields, region, medium) -> None:
    """Enter the electrolyte of an electrode or of the separator."""
    efficiency = np.maximum(medium.efficiency, STILL)
    down = efficiency[0, 2]
    fields.porosity[region.where], fields.efficiency[region.where] = medium.porosity, down
    fields.stretch[..., region.where] = down / efficiency


def _add_solids(fields, side, region, electrode, medium, numbers) -> list[Particles]:
    """Enter the solids of an electrode; returns its particles."""
    cells, room = numbers[region.where], medium.solid * region.volume
    conductivity = np.where(medium.solid > 0, region.values(electrode.conductivity), 0.0)
    quantity(f"{side} electrode: conductivity", conductivity, CellError, at_least=0)
    capacitance = electrode.double_layer * region.values(electrode.inert_surface) * room
    filled, particles = fields.porosity[region.where], []
    for material in electrode.materials:
        fraction = region.values(material.fraction) * medium.solid
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


def _faces(grid, fields) -> dict[str, np.ndarray]:
    """The faces between boxes: those along x, then y, then z."""
    cells = _numbers(grid)
    axes, left, right, areas, h_left, h_right = [], [], [], [], [], []
    longer_left, longer_right, coated = [], [], []
    for axis, (edges, area) in enumerate(
        ((grid.x, grid.area_x), (grid.y, grid.area_y), (grid.z, grid.area_z))
    ):
        half = np.expand_dims(np.diff(edges) / 2, tuple({0, 1, 2} - {axis}))
        half = np.broadcast_to(half, grid.shape).ravel()
        left.append(np.split(cells, [-1], axis)[0].ravel())
        right.append(np.split(cells, [1], axis)[1].ravel())
        h_left.append(half[left[-1]])
        h_right.append(half[right[-1]])
        longer_left.append(fields.stretch[1, axis].ravel()[left[-1]])
        longer_right.append(fields.stretch[0, axis].ravel()[right[-1]])
        coated.append((area * fields.coated[axis]).ravel())
        areas.append(area.ravel())
        axes.append(np.full(area.size, axis))
    axes, left, right, areas, h_left, h_right, longer_left, longer_right, coated = (
        np.concatenate(parts)
        for parts in (
            axes, left, right, areas, h_left, h_right, longer_left, longer_right, coated,
        )
    )  # fmt: skip
    # half a box on either side, in series; nothing passes where one of them has no solid
    sigma_left, sigma_right = (fields.conductivity.ravel()[cells] for cells in (left, right))
    solid, joined = np.zeros_like(areas), (sigma_left > 0) & (sigma_right > 0)
    solid[joined] = coated[joined] / (
        h_left[joined] / sigma_left[joined] + h_right[joined] / sigma_right[joined]
    )
    return {
        "axis": axes.astype(np.uint32),
        "left": left.astype(np.uint32),
        "right": right.astype(np.uint32),
        "area": areas,
        # half a box that conducts worse than down along z is as much longer
        "h_left": h_left * longer_left,
        "h_right": h_right * longer_right,
        "solid": solid,
    }


def _contacts_of_faces(cell, grid, conductivity) -> dict[str, np.ndarray]:
    """The boxes that touch a foil with some solid, of all faces."""
    n, numbers = grid.middle, _numbers(grid)
    boxes = [slice(n, None), slice(n - 1, None, -1)]
    found = []
    for face, mesh, where in zip(cell.faces().values(), grid.faces(), boxes, strict=False):
        contacts = _contacts(face, mesh, conductivity[..., where])
        cells = numbers[..., where].ravel()
        found.append(
            {name: cells[v] if name.endswith("cells") else v for name, v in contacts.items()}
        )
    return {name: np.concatenate([each[name] for each in found]) for name in found[0]}


def _contacts(cell, grid, conductivity) -> dict[str, np.ndarray]:
    """The boxes that touch a foil with some solid: half a box and the contact resistance in series.

    A foil is touched on its face and on the walls of coated holes.
    """
    found = {}
    for side in SIDES:
        touching = np.zeros(grid.shape)
        if isinstance(getattr(cell, side), Electrode):
            contact = getattr(cell, f"contact_{side}")
            layers = np.flatnonzero(grid.layer == COATING[side])
            face = layers[0 if side == "negative" else -1]
            solid = conductivity[..., face] > 0
            away = np.diff(grid.z)[face] / 2 / np.where(solid, conductivity[..., face], 1.0)
            foil = getattr(grid, f"foil_{side}")
            touching[..., face] = np.where(solid, foil / (away + contact), 0.0)
            walled = (grid.wall > 0) & (conductivity > 0) & (grid.layer == HOLES[side])
            wall = grid.wall[walled]
            away = grid.volume[walled] / wall / 2
            touching[walled] += wall / (away / conductivity[walled] + contact)
        cells = np.flatnonzero(touching)
        found |= {f"{side}_cells": cells, f"{side}_foil": touching.ravel()[cells]}
    return found
