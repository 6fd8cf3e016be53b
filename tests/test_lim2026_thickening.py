"""How thick the paper's coatings grow: volumes along a slow charge."""

import numpy as np
import pytest

from rampore.constants import FARADAY
from rampore.lim2026 import parameters, thickening
from rampore.lim2026.cells import charged_cell
from rampore.p4d.balance import capacities, slow_discharge
from rampore.p4d.errors import CellError
from rampore.swelling import GRAPHITE, VolumeLaw

GIVEN = parameters.load()
CELL, _ = charged_cell(GIVEN)
CHARGE = 0.4 * GIVEN.positive.areal_capacity


@pytest.fixture(scope="module")
def course():
    return thickening.slow_charge(CELL, CHARGE)


def test_what_leaves_the_cathode_is_in_the_anode(course):
    members, ((capacity, _),) = capacities(CELL, "negative"), capacities(CELL, "positive")
    held = sum(part * course.negative[material.name] for part, material in members)
    assert held - held[0] == pytest.approx(course.charge, rel=1e-6, abs=1e-3)
    assert capacity * (course.positive[0] - course.positive) == pytest.approx(course.charge)


def test_a_cell_cannot_take_up_more_than_it_gave():
    with pytest.raises(CellError, match="charge"):
        thickening.slow_charge(CELL, 1.01 * slow_discharge(CELL))


def test_hosts_of_one_volume_per_lithium_grow_by_that_volume_whichever_takes_it(course):
    """With pores that keep their volume the thickness is moles times volume, and nothing else."""
    volume = 9e-6
    full = FARADAY * GIVEN.graphite.maximum_concentration / FARADAY * volume
    graphite = VolumeLaw(np.polynomial.Polynomial([1, full]), "")
    coating = thickening.negative_coating(GIVEN, volume, graphite)
    grown = thickening.thickening(coating, course)
    expected = volume * course.charge / FARADAY
    assert grown == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_at_constant_porosity_it_grows_more_by_the_share_of_pores(course):
    coating = thickening.negative_coating(GIVEN, 9e-6, GRAPHITE["13.2 %"])
    kept, grown = (thickening.thickening(coating, course, g)[-1] for g in (None, 1.0))
    assert grown == pytest.approx(kept / (1 - coating.porosity), rel=1e-9)
    assert thickening.thickening(coating, course, 0.0)[-1] == pytest.approx(0, abs=1e-15)


def test_pores_that_the_image_hides_leave_the_solid_as_it_is(course):
    hidden = thickening.negative_coating(GIVEN, 9e-6, porosity=GIVEN.negative.porosity_image)
    shown = thickening.negative_coating(GIVEN, 9e-6)
    both = (thickening.thickening(coating, course)[-1] for coating in (hidden, shown))
    assert next(both) == pytest.approx(next(both), rel=1e-9)


def test_the_cathode_shrinks_as_it_gives_lithium(course):
    gained = thickening.shrinking(GIVEN, course)
    assert gained[0] == 0
    assert gained[-1] < 0
    assert abs(gained[-1]) < 0.02 * GIVEN.positive.thickness


def test_columns_over_foil_and_hole_make_up_what_bare_foil_carries():
    assert thickening.columns(GIVEN).mean(GIVEN.perforation.open_fraction) == pytest.approx(1)
    bare, perforated = thickening.pore_depths(GIVEN)
    # 0.8 x 0.19 x 30 + 0.2 x 0.28 x 45 against 0.24 x 33
    assert (1e6 * bare, 1e6 * perforated) == pytest.approx((7.92, 7.08), rel=1e-9)
