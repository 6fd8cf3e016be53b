"""What electrodes hold, where a fraction varies in space and where holes are in the foil."""

from dataclasses import replace

import numpy as np
import pytest

from rampore.coating import Local
from rampore.constants import FARADAY
from rampore.p4d import examples
from rampore.p4d.balance import capacities
from rampore.p4d.cell import Perforation
from rampore.p4d.model import Mesh, Model

HOLES = Perforation(75e-6, 160e-6, 15e-6, "coating")


def with_fraction(side, fraction, perforation=None):
    cell = replace(examples.chen_2020(), perforation=perforation)
    electrode = getattr(cell, side)
    material = replace(electrode.materials[0], fraction=fraction)
    return replace(cell, **{side: replace(electrode, materials=(material,), porosity=0.25)})


def held(cell, side, sides=None):
    ((capacity, material),) = capacities(cell, side, sides)
    return capacity / (FARADAY * material.maximum_concentration)


def test_a_fraction_that_falls_through_the_electrode_holds_its_integral():
    """0.6 - 0.3 z / L, over either electrode from its own face on."""
    cell = examples.chen_2020()
    layers = (0.0, cell.negative.thickness, cell.negative.thickness + cell.separator.thickness)
    for side, start in (("negative", layers[0]), ("positive", layers[2])):
        length = getattr(cell, side).thickness
        varied = with_fraction(side, lambda x, y, z: 0.6 - 0.3 * (z - start) / length)  # noqa: B023
        assert held(varied, side) == pytest.approx(0.45 * length, rel=1e-9)


def test_a_fraction_that_varies_in_the_plane_holds_its_mean():
    cell = with_fraction("negative", lambda x, y, z: 0.4 + 0.2 * x / 3e-5 + 0.0 * z)
    assert held(cell, "negative", (3e-5, 1e-5)) == pytest.approx(0.5 * 85.2e-6, rel=1e-9)


@pytest.mark.parametrize("filling", ["coating", "electrolyte"])
def test_holes_hold_what_the_model_puts_into_them(filling):
    """A number, a pair and a function that is the same everywhere, against the spheres on the
    mesh.
    """
    foil = replace(HOLES, filling=filling)
    for fraction in (0.6, Local(0.6, 0.6), lambda x, y, z: 0.6 + 0.0 * x):
        cell = with_fraction("negative", fraction, foil)
        model = Model(cell, Mesh((4, 2, 4), (6, 10), 3))
        population = next(p for p in model.populations if p.electrode == "negative")
        ((capacity, _),) = capacities(cell, "negative")
        assert capacity == pytest.approx(float(np.sum(population.capacity)) / model.area, rel=1e-9)
