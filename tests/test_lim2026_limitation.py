"""What ends a discharge, and how warm it may make the cell: by cause, and against the heat that is
left where nothing conducts it away.
"""

from dataclasses import replace

import numpy as np
import pytest

from rampore.energy import Layer
from rampore.lim2026 import limitation, parameters
from rampore.lim2026.cells import Scenario, charged_cell
from rampore.lim2026.pairs import READING, TOLERANCES, pair
from rampore.lim2026.stacks import design_of
from rampore.p4d.discharge import discharge
from rampore.p4d.solution import Mesh

GIVEN = parameters.load()


@pytest.fixture(scope="module")
def at_5c():
    return discharge(charged_cell(GIVEN)[0], 5.0, READING._replace(columns=(1, 1)))


def test_the_causes_and_the_rest_are_the_whole_fall_of_the_voltage(at_5c):
    read, solution = at_5c
    lost = limitation.losses(solution, read)
    fall = float(solution.dataset.voltage[0] - solution.dataset.voltage[-1])
    parts = [*limitation.CAUSES, "rest"]
    assert lost[parts].sum() == pytest.approx(fall, abs=1e-9)
    assert lost["salt, positive"] == pytest.approx(float(solution.dataset.c_e_min[-1]), rel=1e-9)
    assert lost["salt, negative"] > GIVEN.electrolyte.concentration


def test_the_losses_of_a_pair_err_by_no_more_than_they_say():
    one = pair(GIVEN, Scenario(), 5.0, Mesh((8, 4, 8), (2, 2), 1), Mesh((4, 2, 4), (2, 2), 1))
    lost, errors = limitation.losses_on_bare(one)
    finer = discharge(one.cells[0], 5.0, Mesh((16, 8, 16)), TOLERANCES)
    missed = abs(limitation.losses(finer[1], finer[0]) - lost)
    assert missed.index.equals(errors.index)
    assert (missed <= errors + 1e-6).all()


def test_a_contact_alone_is_what_it_takes(at_5c):
    cell = replace(charged_cell(GIVEN)[0], contact_negative=1e-3)
    resisted = discharge(cell, 5.0, READING._replace(columns=(1, 1)))
    plain, poor = (limitation.losses(solution, read) for read, solution in (at_5c, resisted))
    current = 5 * cell.one_c
    gained = poor["contact and solid"] - plain["contact and solid"]
    assert gained == pytest.approx(current * (1e-3 - GIVEN.contact.negative), rel=0.02)


def test_the_heat_capacity_is_that_of_every_layer():
    layers = design_of(GIVEN).stack().layers
    assert {layer.name for layer in layers} >= set(limitation.HEAT_CAPACITIES)
    copper = next(layer for layer in layers if layer.name == "Cu foil")
    assert isinstance(copper, Layer)
    others = sum(layer.areal_mass for layer in layers if "foil" not in layer.name)
    aluminium = next(layer for layer in layers if layer.name == "Al foil")
    expected = 385 * copper.areal_mass + 897 * aluminium.areal_mass + 700 * others
    assert limitation.heat_capacity(GIVEN) == pytest.approx(expected)


def test_all_heat_is_kept(at_5c):
    """At a constant overpotential: charge times it, over the heat capacity."""
    read, _ = at_5c
    charge = np.array([0.0, 100.0, 400.0])
    curve = read.curve._replace(
        charge=charge, voltage=np.full(3, 3.5), open_circuit=np.full(3, 4.0)
    )
    rise = limitation.adiabatic_rise(GIVEN, read._replace(curve=curve))
    assert rise == pytest.approx(400 * 0.5 / limitation.heat_capacity(GIVEN))
