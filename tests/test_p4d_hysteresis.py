"""Hysteresis of the open-circuit potential: its branch, its pace, its error in time."""

from dataclasses import replace

import numpy as np
import pytest

from rampore.p4d import equations, examples
from rampore.p4d.solution import Mesh, Step, Tolerances, simulate

COARSE = Mesh((8, 5, 8))
GAP = 0.04  #: between the branches [V]


def cell_with_branches(decay, start):
    """Chen's cell, whose negative electrode has branches on either side of its potential."""
    cell = examples.chen_2020()
    material = cell.negative.materials[0]
    branched = replace(
        material,
        lithiation=lambda x: material.potential(x) - GAP / 2,
        delithiation=lambda x: material.potential(x) + GAP / 2,
        hysteresis=start,
        hysteresis_decay=decay,
    )
    return replace(cell, negative=replace(cell.negative, materials=(branched,)))


def voltages(cell, protocol, times, tolerance=1e-3, mesh=COARSE):
    """At times that are met exactly; and the steps that it took."""
    solution = simulate(cell, protocol, mesh, Tolerances(time=tolerance), times)
    data = solution.dataset
    return np.interp(times, data.time, data.voltage), solution.counts["steps"]


def test_the_state_decays_by_half_of_its_constant():
    """dh/dx = -(decay / 2) (h + sign(dx)) sign(dx), however it is cut into moves."""
    h, decay = 0.3, 20.0
    for move, branch in ((0.05, -1.0), (-0.05, 1.0)):
        expected = branch + (h - branch) * np.exp(-decay / 2 * 0.05)
        assert equations.decayed(h, decay, move)[0] == pytest.approx(expected, rel=1e-15)
        halfway = equations.decayed(h, decay, move / 2)[0]
        assert equations.decayed(halfway, decay, move / 2)[0] == pytest.approx(expected, rel=1e-14)
    assert equations.decayed(h, decay, 0.0)[0] == pytest.approx(h, rel=1e-15)


@pytest.mark.parametrize("move", [-0.1, -1e-6, 1e-6, 0.1])
def test_its_slope_is_the_derivative_in_the_move(move):
    up, down = (equations.decayed(-0.2, 30.0, move + step)[0] for step in (1e-7, -1e-7))
    assert equations.decayed(-0.2, 30.0, move)[1] == pytest.approx((up - down) / 2e-7, rel=1e-5)


@pytest.fixture(scope="module")
def without_decay():
    return errors_in_time(0.0, -1.0)


def errors_in_time(decay, start):
    """Largest errors of the voltage of a discharge at 1C at three tolerances, and the steps."""
    cell, times = cell_with_branches(decay, start), np.arange(100.0, 3000.0, 100.0)
    protocol = [Step("current", cell.one_c, until_time=3000.0)]
    exact = voltages(cell, protocol, times, 1e-7)[0]
    found = [voltages(cell, protocol, times, tolerance) for tolerance in (1e-3, 1e-4, 1e-5)]
    return [np.abs(voltage - exact).max() for voltage, _ in found], [steps for _, steps in found]


@pytest.mark.parametrize(("decay", "start"), [(20.0, 0.0), (20.0, -1.0), (100.0, -1.0)])
def test_its_error_in_time_is_that_of_a_run_without_it(decay, start, without_decay):
    """0.14 mV at the default tolerance, falling as the steps squared; from a branch 40 mV away."""
    errors, steps = errors_in_time(decay, start)
    assert errors[0] < 2e-4
    assert np.all(np.array(errors) < 1.5 * np.array(without_decay[0]))
    assert np.all(np.array(steps) < 1.05 * np.array(without_decay[1]))
    assert -np.polyfit(np.log(steps), np.log(errors), 1)[0] > 1.6, (errors, steps)


def test_a_run_that_turns_is_as_exact():
    """Discharge, charge, discharge: the state goes to one branch, to the other and back."""
    cell = cell_with_branches(50.0, 0.0)
    protocol = [Step("current", sign * cell.one_c, until_time=600.0) for sign in (1.0, -1.0, 1.0)]
    times = np.array([300.0, 599.0, 700.0, 900.0, 1199.0, 1300.0, 1500.0, 1799.0])
    exact = voltages(cell, protocol, times, 1e-7)[0]
    assert np.abs(voltages(cell, protocol, times)[0] - exact).max() < 4e-4
