"""The mesh of the unit cell: exact areas whatever the resolution."""

from dataclasses import replace

import numpy as np
import pytest

from rampore.p4d.cell import Perforation
from rampore.p4d.errors import CellError
from rampore.p4d.examples import chen_2020
from rampore.p4d.grid import HOLE, make_grid
from rampore.p4d.layout import lay_out

HOLES = Perforation(hole_diameter=75e-6, pitch=160e-6, foil_thickness=15e-6)
LAYERS = (33e-6, 20e-6, 57e-6)


@pytest.mark.parametrize("columns", [(1, 1), (3, 5), (8, 14), (31, 17)])
def test_holes_keep_their_area_and_their_wall_on_every_mesh(columns):
    grid = make_grid(LAYERS, (4, 3, 5), HOLES, columns)
    open_area = grid.area - grid.foil_negative.sum()
    assert open_area / grid.area == pytest.approx(HOLES.open_fraction, rel=1e-12)
    assert grid.volume[..., grid.layer == HOLE].sum() == pytest.approx(open_area * 15e-6, rel=1e-12)
    assert grid.wall.sum() == pytest.approx(np.pi * 37.5e-6 * 15e-6, rel=1e-12)


def test_volume_of_the_layers_is_the_plan_times_their_thickness():
    grid = make_grid(LAYERS, (4, 3, 5), HOLES, (4, 7))
    assert grid.volume[..., grid.layer != HOLE].sum() == pytest.approx(
        grid.area * sum(LAYERS), rel=1e-12
    )
    assert grid.area == pytest.approx(80e-6 * np.sqrt(3) * 80e-6)


def test_faces_in_the_hole_are_open_over_the_length_of_the_chord():
    """The faces at x = X have together the chord of both quarter discs; the lattice has a centre of
    symmetry.
    """
    grid = make_grid(LAYERS, (4, 3, 5), HOLES, (8, 14))
    lengths = grid.area_x[:, :, 0].sum(axis=1) / np.diff(grid.z)[0]
    x = grid.x[1:-1]
    chords = sum(np.sqrt(np.maximum(37.5e-6**2 - (x - centre) ** 2, 0)) for centre in (0, 80e-6))
    assert np.allclose(lengths, chords, rtol=1e-12, atol=0)
    assert np.allclose(grid.area_y[:, :, 0], grid.area_y[::-1, ::-1, 0], rtol=1e-9, atol=1e-18)


def test_a_hole_of_no_size_leaves_the_mesh_of_the_bare_foil():
    bare = make_grid(LAYERS, (4, 3, 5), None, (2, 2), sides=(80e-6, np.sqrt(3) * 80e-6))
    closed = make_grid(LAYERS, (4, 3, 5), Perforation(0.0, 160e-6, 15e-6), (2, 2))
    for one, other in zip(bare, closed, strict=True):
        alone = one is other is None  # what a foil that is coated on one face lacks
        assert alone or np.allclose(one, other, rtol=1e-14, atol=0)


def test_refusal_of_an_empty_mesh_and_of_holes_that_touch():
    with pytest.raises(CellError, match="no cells"):
        make_grid(LAYERS, (4, 0, 5))
    with pytest.raises(CellError, match="touch"):
        Perforation(160e-6, 160e-6, 15e-6)


def test_a_box_that_the_edge_misses_is_all_foil_or_all_hole_to_the_last_digit():
    foil = Perforation(40e-6, 100e-6, 10e-6)
    grid = make_grid((85e-6, 12e-6, 75e-6), (4, 2, 4), foil, (6, 10), 2)
    share = 1.0 - grid.foil_negative / grid.foil_positive
    near = np.minimum(np.abs(share), np.abs(share - 1.0)) < 1e-9
    assert np.isin(share[near], (0.0, 1.0)).all()
    assert {0.0, 1.0} <= set(share[near])


@pytest.mark.parametrize("contact", [0.0, 1e-4])
def test_a_wall_is_reached_by_half_of_what_a_box_measures_from_it_and_by_the_contact(contact):
    """A hole that is one box wide, whose volume over its wall is what it measures from the wall."""
    coated = replace(HOLES, filling="coating")
    cell = replace(chen_2020(), perforation=coated, contact_negative=contact)
    layers = (cell.negative.thickness, cell.separator.thickness, cell.positive.thickness)
    grid = make_grid(layers, (4, 3, 5), HOLES, (1, 1))
    layout, _ = lay_out(cell, grid)
    walls = np.flatnonzero((grid.wall > 0).ravel())
    there = {int(k): g for k, g in zip(layout.negative_cells, layout.negative_foil, strict=True)}
    wall, volume = (each.ravel()[walls] for each in (grid.wall, grid.volume))
    across = 1 / (0.5 * (volume / wall) / cell.negative.conductivity + contact)
    assert [there[int(k)] for k in walls] == pytest.approx(list(wall * across), rel=1e-12)
