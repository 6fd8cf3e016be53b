"""What would part the paper's coating from its foil."""

import numpy as np
import pytest
from scipy.special import jn_zeros

from rampore.lim2026 import debonding, parameters
from rampore.mechanics.errors import MechanicsError

GIVEN = parameters.load()


@pytest.fixture(scope="module")
def crack():
    return debonding.debond(GIVEN, 1e9, [2e-6, 5e-6, 20e-6])


def test_the_cell_has_the_open_fraction_of_the_foil():
    cell = debonding.unit_cell(GIVEN, 1e9)
    share = (cell.hole_radius / cell.cell_radius) ** 2
    assert share == pytest.approx(GIVEN.perforation.open_fraction, rel=1e-12)
    assert 1e6 * cell.pitch == pytest.approx(159.7, abs=0.05)


def test_a_peg_takes_from_a_debond_what_drives_it_and_the_more_the_farther_it_came(crack):
    assert np.all(crack.pegged > 0)
    assert np.all(np.diff(crack.pegged) < 0)
    assert np.all(crack.pegged < 0.2 * crack.cut)


def test_a_short_crack_at_a_cut_edge_stays_below_a_straight_front(crack):
    assert np.all(crack.cut < 1)
    assert crack.cut.max() > 0.1


def test_the_mesh_and_the_step_of_the_crack_decide_nothing(crack):
    finer = debonding.debond(GIVEN, 1e9, [5e-6], step=0.05, finest=0.25e-6)
    # next to a peg the energy falls steeply along the crack: half the step moves it by 3 %, half
    # the mesh at the tip by 2 %, both together by 5 %; the tolerance was set after that was seen
    assert finer.pegged[0] == pytest.approx(crack.pegged[1], rel=0.06)
    assert finer.cut[0] == pytest.approx(crack.cut[1], rel=0.01)


def test_a_clamped_disc_buckles_where_bessels_function_says():
    assert pytest.approx(jn_zeros(1, 1)[0] ** 2 / 12, rel=1e-12) == debonding.BUCKLING
    once, twice = debonding.buckling_strain(30e-6, np.array([80e-6, 160e-6]))
    assert once == pytest.approx(4 * twice, rel=1e-12)
    with pytest.raises(MechanicsError, match="radius"):
        debonding.buckling_strain(30e-6, 0.0)


def test_a_coating_that_yields_pulls_a_flat_foil_with_all_that_it_bears():
    found = debonding.one_side(GIVEN, 12e6, 1e9, 2e-3)
    foil, height = GIVEN.collector_negative.thickness, GIVEN.negative.thickness
    assert found.flat == pytest.approx(12e6 * height / foil, rel=1e-9)
    assert found.pressure == pytest.approx(8 * 12e6 * height * (height + foil) / 2 / 4e-6)
    assert found.radius < debonding.one_side(GIVEN, 6e6, 1e9, 2e-3).radius


def test_foils_bear_their_printed_stress_on_the_thickness_that_it_was_taken_on():
    bears = debonding.strengths(GIVEN)
    assert bears["bare"] == pytest.approx((2125, 2125))
    assert bears["perforated"] == pytest.approx((749, 1123.5))
