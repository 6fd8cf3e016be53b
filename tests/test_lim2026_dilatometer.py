"""The paper's cell in its dilatometer: the engine's states beside volumes at open circuit."""

import numpy as np
import pytest

from rampore.lim2026 import dilatometer, parameters, thickening
from rampore.lim2026.cells import charged_cell
from rampore.lim2026.dilatometer import FULL, RATE, SECONDS
from rampore.p4d.balance import slow_discharge

GIVEN = parameters.load()
BARE, _ = charged_cell(GIVEN)
CHARGE = 0.4 * GIVEN.positive.areal_capacity


@pytest.fixture(scope="module")
def free():
    return {foil: dilatometer.course(GIVEN, foil, 1.0) for foil in (False, True)}


@pytest.fixture(scope="module")
def by_volumes():
    coating = thickening.negative_coating(GIVEN, 9.05e-6)
    return thickening.thickening(coating, thickening.slow_charge(BARE, CHARGE), 1.0)[-1]


@pytest.mark.parametrize("perforated", [False, True])
def test_it_starts_at_the_lower_cut_off_and_as_thick_as_lithium_makes_it_there(perforated):
    cell = dilatometer.discharged_cell(GIVEN, perforated)
    assert cell.open_circuit_voltage == pytest.approx(cell.lower_cutoff, abs=1e-9)
    assert [material.volume_at for material in cell.negative.materials] == [0.0, 0.0]
    assert [material.volume_at for material in cell.positive.materials] == [1.0]


def test_at_a_slow_rate_the_engine_is_what_volumes_say(free, by_volumes):
    """What is left at a hundredth of the rate is how the first lithium shares itself out."""
    gaps = [
        by_volumes - dilatometer.course(GIVEN, False, 1.0, rate=rate).negative[FULL]
        for rate in (RATE, RATE / 10, RATE / 100)
    ]
    assert gaps[0] > 4 * gaps[1] > 4 * gaps[2] > 0
    assert gaps[2] == pytest.approx(0.0, abs=0.003 * by_volumes)
    assert by_volumes - free[False].negative[FULL] == pytest.approx(gaps[0], rel=1e-12)


def test_a_rigid_stack_keeps_its_thickness():
    assert np.all(dilatometer.course(GIVEN, False, 0.0).cell == 0)


def test_coating_in_a_hole_keeps_its_room_and_the_rest_grows_as_on_bare_foil(free):
    bare, perforated = (free[foil].negative[FULL] for foil in (False, True))
    assert perforated == pytest.approx(thickening.columns(GIVEN).npr * bare, rel=0.01)


def test_the_cathode_shrinks_by_what_its_lithium_held_open(free):
    """By the volumes, spread evenly over the pores of a free stack; its active share is that of the
    printed capacity.
    """
    shrinks = thickening.shrinking(GIVEN, thickening.slow_charge(BARE, CHARGE))[-1]
    (oxide,) = BARE.positive.materials
    share = (
        oxide.fraction
        / dict(
            zip(
                (part.name for part in GIVEN.positive.composition),
                GIVEN.positive.volume_fractions,
                strict=True,
            )
        )["nmc"]
    )
    expected = share * shrinks / (1 - GIVEN.positive.porosity)
    for run in free.values():
        assert run.positive[FULL] == pytest.approx(expected, rel=0.03)
        assert run.cell == pytest.approx(run.negative + run.positive, abs=1e-12)


def test_the_charge_takes_its_time_and_the_cut_off_ends_the_discharge_before(free):
    """So some of the thickness stays, with no lithium lost."""
    for run in free.values():
        assert run.time[FULL] == pytest.approx(SECONDS)
        assert SECONDS < run.time[-1] < 2 * SECONDS
        assert 0 < run.cell[-1] < 0.2 * run.cell[FULL]
    assert slow_discharge(BARE) > CHARGE


def test_half_the_mesh_and_longer_steps_move_it_by_less_than_a_hundredth_of_a_micrometre(free):
    for run in free.values():
        for part in ("cell", "negative", "positive"):
            gap = getattr(run, part) - getattr(run.coarser, part)
            assert np.abs(gap).max() < 1e-8
            assert np.abs(gap).max() > 0
