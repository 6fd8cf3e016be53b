"""Slow first cycles: cells of known balance, what the tables give, what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from rampore.lim2026 import cycles, parameters
from rampore.lim2026.cells import PorositySet, Scenario, charged_cell, half_cell
from rampore.lim2026.figures import impedance as figures
from rampore.p4d.balance import at_state_of_charge, capacities, slow_discharge
from rampore.p4d.errors import CellError

GIVEN = parameters.load()
LOST = float(np.mean(GIVEN.formation.irreversible_capacity))


def straight(material, high, low):
    """The material with a straight potential and no hysteresis."""
    return replace(
        material,
        potential=lambda x: high + (low - high) * x,
        lithiation=None,
        delithiation=None,
        hysteresis=0.0,
    )


def with_straight_potentials(cell):
    """SiOx alone from 2 to 0 V, the cathode from 6 to 3 V, as far as there is one."""
    electrode = cell.negative
    cell = replace(
        cell, negative=replace(electrode, materials=(straight(electrode.materials[0], 2.0, 0.0),))
    )
    if not hasattr(cell.positive, "materials"):
        return cell
    cathode = straight(cell.positive.materials[0], 6.0, 3.0)
    return replace(cell, positive=replace(cell.positive, materials=(cathode,)))


def test_a_straight_potential_gives_a_straight_cycle():
    """From 1.5 V, at a quarter full, to 5 mV; only what is lost does not come back."""
    cell = with_straight_potentials(half_cell(GIVEN))
    ((capacity, _),) = capacities(cell, "negative")
    cycle = cycles.negative_cycle(cell, 1e4)
    window = (1.5 - 0.005) / 2.0 * capacity
    assert cycle.charged[-1] == pytest.approx(window + 1e4, rel=1e-9)
    assert cycle.taken == pytest.approx(1e4, rel=1e-4)
    share = cycle.charged / cycle.charged[-1]
    assert cycle.charging == pytest.approx(1.5 - 1.495 * share, abs=1e-9)
    assert cycle.discharging == pytest.approx(0.005 + 2 * cycle.discharged / capacity, abs=1e-9)
    assert cycle.efficiency == pytest.approx(window / (window + 1e4), rel=1e-5)


def test_a_cell_that_loses_nothing_comes_back_the_way_it_went():
    cell = with_straight_potentials(charged_cell(GIVEN)[0])
    ((siox, _),), ((nmc, _),) = capacities(cell, "negative"), capacities(cell, "positive")
    slope = 2.0 / siox + 3.0 / nmc  # of the voltage, from 1 V on, per charge [V m2/C]
    held = (4.3 - 1.0) / slope
    x = held / siox, 1 - held / nmc
    made = [
        replace(e, materials=(replace(e.materials[0], stoichiometry=at),))
        for e, at in zip((cell.negative, cell.positive), x, strict=True)
    ]
    cycle = cycles.full_cycle(replace(cell, negative=made[0], positive=made[1]), 0.0)
    there = np.interp(held - cycle.discharged, cycle.charged, cycle.charging)
    assert cycle.discharging[:-1] == pytest.approx(there[:-1], abs=1e-9)
    assert cycle.discharged[-1] == pytest.approx((4.3 - 3.0) / slope, rel=1e-9)


@pytest.mark.parametrize("perforated", [False, True])
def test_a_full_cell_runs_between_its_cutoffs_and_gives_its_slow_discharge(perforated):
    cell, lost = charged_cell(GIVEN, Scenario(perforated))
    cycle = cycles.full_cycle(cell, lost)
    assert cycle.charging[-1] == pytest.approx(cell.upper_cutoff, abs=1e-4)
    assert cycle.discharging[-1] == cell.lower_cutoff
    assert cycle.discharged[-1] == pytest.approx(slow_discharge(cell), rel=1e-4)
    half = at_state_of_charge(cell, 0.5).open_circuit_voltage
    at = np.interp(cycle.discharged[-1] / 2, cycle.discharged, cycle.discharging)
    assert at == pytest.approx(half, abs=1e-4)
    assert cycle.taken > lost


def test_a_cathode_gives_back_all_but_what_lies_below_its_cutoff():
    cell = charged_cell(GIVEN)[0]
    cycle = cycles.positive_cycle(cell)
    assert (cycle.charging[-1], cycle.discharging[-1]) == pytest.approx((4.3, 3.0))
    assert cycle.taken == pytest.approx(cycle.charged[0], rel=1e-9)


def test_at_equal_mass_both_foils_have_one_half_cell():
    bare, perforated = (
        cycles.negative_cycle(half_cell(GIVEN, Scenario(foil, PorositySet.MASS_CONSERVING)), LOST)
        for foil in (False, True)
    )
    assert perforated.charged == pytest.approx(bare.charged, rel=1e-9)
    assert perforated.discharging == pytest.approx(bare.discharging, abs=1e-7)


@pytest.mark.parametrize("cycle", [cycles.negative_cycle, cycles.full_cycle])
def test_a_loss_that_is_no_charge_is_refused(cycle):
    cell = half_cell(GIVEN) if cycle is cycles.negative_cycle else charged_cell(GIVEN)[0]
    with pytest.raises(CellError, match="lost"):
        cycle(cell, -1.0)


def test_a_cell_that_is_empty_above_its_cutoff_is_refused():
    cell, lost = charged_cell(GIVEN)
    with pytest.raises(CellError, match="above the lower cut-off"):
        cycles.full_cycle(replace(cell, lower_cutoff=0.0), lost)


def test_the_figure_of_cycles_shows_both_foils_and_what_the_paper_prints():
    cell, lost = charged_cell(GIVEN)
    panel = figures.Cycles((cycles.full_cycle(cell, lost),) * 2, (), 9.9e4, "60 mAh on two faces")
    (axis,) = figures.slow_cycles({"full cells": panel}).axes
    markers = [line for line in axis.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in markers] == pytest.approx([9.9e4 / 36000])
    assert axis.get_xlabel() == "charge (mAh cm⁻²)"
    assert axis.get_ylabel() == "voltage (V)"
