"""Bare against perforated foil in one discharge, in pulses and in the rate test, on the smallest
meshes that run.
"""

import inspect
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr

from rampore.lim2026 import cells, pairs, parameters, scenarios
from rampore.lim2026.cells import PorositySet, Scenario
from rampore.lim2026.pairs import PulseTest, contact_for_ratio, pair, pulse_resistance, pulse_tests
from rampore.lim2026.scenarios import Row
from rampore.lim2026.sweeps import crossing
from rampore.p4d import discharge, protocols
from rampore.p4d.errors import CellError
from rampore.p4d.grid import NEGATIVE
from rampore.p4d.model import Model
from rampore.p4d.solution import Mesh, Step, Tolerances, simulate
from rampore.p4d.structured import HOLES

GIVEN = parameters.load()
TINY = Mesh((4, 2, 4), (2, 3), 2, 5)
LINE = TINY._replace(columns=(1, 1))
TINIEST = Mesh((2, 1, 2), (2, 2), 1, 4)
HALF = pairs.halved(pairs.READING)
SMALL = Mesh((4, 2, 4), (2, 2), 1, 4)
EVEN = Scenario(porosity=PorositySet.RECIPE)
LOOSE = Tolerances(time=3e-3)


def contact(value):
    """The study's cell with this contact resistance of bare foil [ohm cm2]."""
    return parameters.with_values(GIVEN, {"contact.negative": (value, "ohm cm2")})


def metal():
    """Area of a perforated foil's face and of the walls of its holes, over the plan, by adding up
    areas [-].
    """
    radius, depth = GIVEN.perforation.hole_diameter / 2, GIVEN.perforation.foil_thickness
    open_area = np.pi * radius**2
    plan = open_area / GIVEN.perforation.open_fraction
    return (plan - open_area + 2 * np.pi * radius * depth) / plan


# Pulses


def test_the_mean_of_a_pulse_test_counts_every_pulse_once():
    assert PulseTest(np.array([1.0, 0.5]), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 9.0]])).mean == 4.0


@pytest.mark.parametrize("ratio", [0.5, 0.76, 1.1])
def test_the_contact_resistance_for_a_ratio_gives_that_ratio_when_it_is_added(ratio):
    """In series with everything: whole on bare foil; on perforated foil its share over the metal
    that there is.
    """
    added = contact_for_ratio(3e-3, 4e-3, ratio, GIVEN)
    share = GIVEN.contact.perforated_ratio / metal()
    assert (4e-3 + share * added) / (3e-3 + added) == pytest.approx(ratio, rel=1e-12)


def test_the_contact_resistance_for_a_ratio_is_the_one_that_the_simulation_had():
    """Pulses without and with 5 ohm cm2; potentials of walls and face differ slightly: 2 %."""
    means = {}
    for foil, mesh in ((False, LINE), (True, TINY)):
        for value in (0.0, 5.0):
            cell = cells.half_cell(
                contact(value), replace(EVEN, perforated=foil), state_of_charge=0.8
            )
            means[foil, value] = pulse_resistance(cell, mesh, LOOSE)
    assert means[False, 5.0] - means[False, 0.0] == pytest.approx(5e-4, rel=1e-2)
    ratio = means[True, 5.0] / means[False, 5.0]
    assert contact_for_ratio(means[False, 0.0], means[True, 0.0], ratio, GIVEN) == pytest.approx(
        5e-4, rel=2e-2
    )


def test_a_pulse_test_counts_its_states_of_charge_by_what_a_slow_discharge_gives():
    bare, perforated = pulse_tests(GIVEN, EVEN, SMALL, LOOSE, levels=2)
    assert bare.resistances.shape == perforated.resistances.shape == (2, 3)
    assert list(bare.state_of_charge) == list(perforated.state_of_charge) == [1.0, 0.5]
    # each of its foil: the first pulse starts from rest and full, as one alone does; steps end
    # within the tolerance
    alone = [
        pulse_resistance(cells.half_cell(GIVEN, replace(EVEN, perforated=foil)), mesh, LOOSE)
        for foil, mesh in ((False, SMALL._replace(columns=(1, 1))), (True, SMALL))
    ]
    first = [test.resistances[0, 0] for test in (bare, perforated)]
    assert first == pytest.approx(alone, rel=1e-3)
    assert abs(alone[1] / alone[0] - 1) > 5e-3


def test_a_pulse_is_ten_seconds_at_five_times_1c_from_rest():
    cell = cells.half_cell(GIVEN, EVEN, state_of_charge=0.8)
    data = simulate(cell, [Step("current", 5 * cell.one_c, until_time=10.0)], LINE, LOOSE).dataset
    by_hand = (cell.open_circuit_voltage - float(data.voltage[-1])) / (5 * 3.6 * 10)
    assert pulse_resistance(cell, LINE, LOOSE) == pytest.approx(by_hand, rel=1e-9)


def test_a_pulse_that_meets_the_cut_off_has_no_resistance():
    cell = cells.half_cell(GIVEN, EVEN, state_of_charge=0.8)
    short = replace(cell, lower_cutoff=cell.open_circuit_voltage - 1e-3)
    assert np.isnan(pulse_resistance(short, LINE, LOOSE))


def test_the_protocols_are_the_papers_where_nothing_else_is_said():
    """Sect. 2.4: pulses of 10 s at 5C, 3.75C and 1.25C, 40 s apart, at every tenth; 0.2C to 5C and
    back to 0.2C.
    """
    cell = cells.half_cell(GIVEN)
    pulses = protocols.pulse_test(cell, 129600.0)
    rates, ends = [], []
    for number in pulses.pulses.ravel():
        step, after = pulses.steps[number : number + 2]
        rates.append(step.value / cell.one_c)
        ends.append((step.until_time, after.mode, after.until_time))
    assert rates == pytest.approx([5, 3.75, 1.25] * 10)
    assert set(ends) == {(10.0, "rest", 40.0)}
    between = [step for step in pulses.steps if step.until_capacity]
    assert [step.value / cell.one_c for step in between] == pytest.approx([0.2] * 9)
    assert [step.until_capacity for step in between] == pytest.approx(
        [12960.0 - 100.0 * cell.one_c] * 9
    )
    assert {pulses.steps[number - 1].until_time for number in pulses.pulses[:, 0]} == {1800.0}

    levels = inspect.signature(pulse_tests).parameters["levels"].default
    assert protocols.pulse_test(cell, 129600.0, levels).steps == pulses.steps

    full, _ = cells.charged_cell(GIVEN)
    steps = protocols.rate_test(full)
    assert [step.value / full.one_c for step in steps[::3]] == pytest.approx(
        [0.2, 0.5, 1, 2, 3, 5, 0.2]
    )
    assert {step.until_voltage for step in steps[::3]} == {3.0}
    charges = list(zip(steps[1::3], steps[2::3], strict=True))
    assert [step.value / full.one_c for step, _ in charges] == pytest.approx([-0.2] * 6)
    assert {(step.until_voltage, held.mode, held.value) for step, held in charges} == {
        (4.3, "voltage", 4.3)
    }
    assert [held.until_current / full.one_c for _, held in charges] == pytest.approx([0.02] * 6)
    assert steps[1:3] == protocols.charge(full)


# Discharges


@pytest.fixture(scope="module")
def fast():
    """At 3C on either foil, with the error that half the layers and triple steps show."""
    coarser = Mesh((2, 1, 2), (2, 2), 1, 5)
    return pair(contact(5.0), EVEN, 3.0, TINY, coarser, LOOSE), coarser


def test_a_pair_is_the_two_cells_of_a_scenario_discharged_alone(fast):
    both, _ = fast
    built = [
        cells.charged_cell(contact(5.0), replace(EVEN, perforated=foil))[0]
        for foil in (False, True)
    ]
    assert [cell.perforation is None for cell in both.cells] == [True, False]
    for cell, mesh, ours in zip(built, (LINE, TINY), (both.bare, both.perforated), strict=True):
        alone = simulate(cell, [Step("current", 3 * cell.one_c, until_voltage=3.0)], mesh, LOOSE)
        # met exactly or not, the marks of the fields move the steps: by some of the tolerance in
        # time
        assert ours.capacity == pytest.approx(alone.capacity, rel=3 * LOOSE.time)
    assert both.gain == both.perforated.capacity / both.bare.capacity - 1
    assert both.gain > 0  # five ohm cm2 less four fifths of them


def test_the_error_of_a_finding_is_at_least_what_the_coarser_pair_moves_its_margin_by(fast):
    both, coarser = fast
    other = pair(contact(5.0), EVEN, 3.0, coarser, None, LOOSE)
    assert np.isnan(other.errors).all()
    moved = [
        abs(one.margin - two.margin) for one, two in zip(both.findings, other.findings, strict=True)
    ]
    assert np.isfinite(moved).all()
    assert (np.array(both.errors) >= np.array(moved) * (1 - 1e-9) - 1e-15).all()
    assert 0 < abs(both.gain - other.gain) < both.gain_error < 10 * abs(both.gain - other.gain)
    judged = both.judged()
    assert judged["p4d-3c-capacity"].margin == both.gain
    assert judged["p4d-3c-capacity"].error == both.gain_error


def test_what_the_overpotential_is_made_of_is_named_rightly_and_adds_up(fast):
    both, _ = fast
    cell, curve, charge = both.cells[0], both.bare.curve, 3600.0
    made_of = discharge.losses(both.solutions[0], cell, charge)
    assert sum(made_of.values()) == pytest.approx(
        np.interp(charge, curve.charge, curve.overpotential), rel=1e-12
    )
    # 5 ohm cm2 at 3C, and solids of which the better conducts so well that only the cathode's ohm
    # shows
    ohmic = 5e-4 * 3 * cell.one_c
    cathode = cell.positive.thickness / cell.positive.conductivity * 3 * cell.one_c
    assert ohmic < made_of["contact and solids"] < ohmic + cathode
    assert min(value for name, value in made_of.items() if "balance" not in name) > 0
    # early in the discharge the materials are still in balance: nothing is counted twice or left
    # out
    early = discharge.losses(both.solutions[0], cell, float(curve.charge[2]))
    assert early["anode: materials out of balance"] == pytest.approx(0, abs=1e-3)
    # salt: by the difference of its potential across the cell, as an electrode of lithium there
    # would see it
    data = both.solutions[0].dataset
    salt = data.parts.sel(part=["electrolyte, diffusion", "electrolyte, ohmic"]).sum("part")
    assert made_of["salt: ohmic"] + made_of["salt: diffusion"] == pytest.approx(
        -np.interp(charge, data.capacity, salt), rel=1e-12
    )


@pytest.mark.parametrize("foil", ["bare", "perforated"])
@pytest.mark.parametrize("quantity", ["depth", "overpotential"])
def test_a_block_is_the_unit_cell_of_the_coating_down_to_the_bottom_of_the_holes(
    fast, foil, quantity
):
    both, _ = fast
    number = ["bare", "perforated"].index(foil)
    cell, solution, read = (
        both.cells[number],
        both.solutions[number],
        (both.bare, both.perforated)[number],
    )
    block = discharge.block(cell, solution, quantity)
    data = solution.dataset
    holes = number == 1
    depth = GIVEN.perforation.foil_thickness if holes else 0.0
    assert block.edge == (GIVEN.perforation.hole_diameter / 2 if holes else 0.0)
    assert (block.z[0], block.z[-1]) == pytest.approx((-depth, cell.negative.thickness), abs=1e-15)
    coating = data.layer.isin(["negative", "hole"]).values
    for edges, name, middle in (
        (block.x, "x", slice(None)),
        (block.y, "y", slice(None)),
        (block.z, "z", coating),
    ):
        np.testing.assert_allclose(
            edges, np.append(data[f"{name}_edge"][:-1][middle], edges[-1]), atol=1e-15
        )
        np.testing.assert_allclose(
            (edges[1:] + edges[:-1]) / 2, data[name].values[middle], atol=1e-15
        )
    values, volume = block.values, data.volume.values[..., coating]
    np.testing.assert_array_equal(np.isnan(values), volume == 0)
    mean = np.nansum(values * volume) / volume.sum()
    # equal porosity everywhere: the mean by volume is the one by lithium
    assert mean == pytest.approx(getattr(read, quantity).all, rel=1e-9)
    assert np.nanmax(values) == pytest.approx(getattr(read, quantity).largest, rel=1e-12)


# Scenarios


def test_a_row_of_the_table_is_perforated_over_bare(fast):
    """Twice the contact resistance of bare foil favours the perforated one in all three numbers."""
    both, _ = fast
    found = scenarios.row(contact(5.0), EVEN, both, SMALL)
    assert found.gain_3c == both.gain
    other = pair(contact(5.0), EVEN, 5.0, SMALL)
    assert found.ratio_5c == pytest.approx(
        other.perforated.capacity / other.bare.capacity, rel=1e-12
    )
    assert found.ratio_5c > 1 > found.pulse_ratio
    resistances = {}
    for foil, mesh in ((False, SMALL._replace(columns=(1, 1))), (True, SMALL)):
        built = [
            cells.half_cell(contact(5.0), replace(EVEN, perforated=foil), state_of_charge=level)
            for level in (0.8, 0.4)
        ]
        resistances[foil] = sum(pulse_resistance(cell, mesh) for cell in built)
    assert found.pulse_ratio == pytest.approx(resistances[True] / resistances[False], rel=1e-9)
    assert found.claims == 8
    judged = [one.holds for one in both.judged().values()]
    assert (found.holding, found.failing) == (judged.count(True), judged.count(False))


def test_the_table_prints_gains_in_per_cent_and_ratios_as_factors():
    rows = {"a": Row(0.034, 1.181, 0.846, 5, 2, 8), "b": Row(-0.0199, 0.98, np.nan, 0, 8, 8)}
    table = scenarios.table(rows)
    assert table.index.name == "Scenario"
    assert list(table.loc["a"]) == ["+3 %", "× 1.18", "× 0.85", "5, 2, 1"]
    assert list(table.loc["b"]) == ["\N{MINUS SIGN}2 %", "× 0.98", "–", "0, 8, 0"]
    assert list(table.columns) == [
        "Capacity at 3C",
        "at 5C",
        "Pulse resistance",
        "Claims that hold, fail, are open",
    ]


def test_a_rate_test_gives_seven_capacities_on_either_foil_bare_first():
    both = pairs.rate_tests(contact(5.0), EVEN, TINIEST, tolerances=Tolerances(time=1e-2))
    bare, perforated = both.bare, both.perforated
    assert bare.shape == perforated.shape == (7,)
    assert (np.diff(bare[:6]) < 0).all()
    assert bare[5] < perforated[5]
    assert bare[0] == pytest.approx(perforated[0], rel=2e-2)


def test_the_meshes_by_name_are_alike_and_each_a_half_or_three_quarters_of_the_next():
    """What one mesh shows of another's error holds only where both are refined alike: electrodes by
    as many planes, a separator by half of them, everything by one ratio, to half a cell.
    """
    family = (pairs.FINEST, pairs.FINE, pairs.READING, pairs.COARSE)
    for (mesh, coarser), ratio in zip(pairwise(family), (0.5, 0.5, 0.75), strict=True):
        numbers, fewer = (
            np.array([*one.layers, *one.columns, one.hole_layers]) for one in (mesh, coarser)
        )
        np.testing.assert_array_equal(fewer, np.floor(ratio * numbers + 0.5))
        assert ratio == 0.75 or coarser == pairs.halved(mesh)
    for mesh in family:
        negative, separator, positive = mesh.layers
        assert negative == positive == 2 * separator
    for meshes in pairs.RESOLUTIONS.values():
        assert meshes in (family[:3], family[1:])


def test_the_table_of_contacts_says_where_none_is_enough():
    at = {"closure": ["cubes", "Bruggeman"], "separator": [2.5, 6.0]}
    needed = xr.DataArray([[1.0, 2.0], [np.inf, 4.0]], at, ("closure", "separator"))
    table = scenarios.contact_table({"rate": needed}, {"rate": xr.full_like(needed, 0.5)})
    assert table["rate", "separator 2.5"].tolist() == ["1.0 ± 0.5", "none is enough"]
    assert table.loc["Bruggeman", ("rate", "separator 6")] == "4.0 ± 0.5"


def test_a_row_of_the_crossing_counts_what_is_open():
    kept = {f"{crossing.key(claim)}_error": 0.1 for claim in crossing.CLAIMS}
    margins = dict.fromkeys(map(crossing.key, crossing.CLAIMS), 1.0)
    margins |= {"p4d_3c_capacity": -0.2, "p4d_gradient": 0.05}
    more = {"gain_5C": 0.3, "gain_5C_error": 0.01, "capacity_bare_3C": 1.0, "slow_bare": 2.0}
    found = scenarios.row_of(xr.Dataset(kept | margins | more))
    assert (found.holding, found.failing, found.claims) == (6, 1, 8)
    assert (found.gain_3c, found.ratio_5c, found.ratio_5c_error) == (-0.2, 1.3, 0.01)
    assert np.isnan(found.pulse_ratio)


# Plating


def test_the_margin_of_a_slow_charge_is_the_potential_of_the_anode_where_it_ends():
    """At the upper cut-off and at open circuit; overpotentials take of it, the more the faster."""
    cell, _ = cells.charged_cell(GIVEN, EVEN)
    (positive,) = cell.positive.materials
    at_rest = positive.open_circuit(positive.stoichiometry) - cell.upper_cutoff
    margins = [pairs.plating_margins(GIVEN, EVEN, rate, SMALL) for rate in (0.005, 0.2, 1.0)]
    for foil in ("bare", "perforated"):
        found = [getattr(one, foil)[0] for one in margins]
        assert found[0] == pytest.approx(at_rest, abs=2e-3)
        assert at_rest > found[0] > found[1] > found[2]


def test_the_margin_of_a_charge_on_a_finer_mesh_lies_within_the_error():
    one = pairs.plating_margins(GIVEN, EVEN, 0.5, pairs.READING, HALF)
    finer = pairs.plating_margins(GIVEN, EVEN, 0.5, pairs.FINE)
    missed = abs(finer.perforated - one.perforated)
    assert np.all(missed < one.error(lambda _, perforated: perforated))


def test_a_charge_has_a_rate():
    with pytest.raises(CellError, match="rate"):
        pairs.plating_margins(GIVEN, EVEN, 0.0, SMALL)


def test_at_equal_charge_neither_cell_goes_further_than_the_other():
    found = pairs.plating_margins(GIVEN, EVEN, 1.0, SMALL)
    raised = [float(np.diff(of)[0]) for of in (found.bare, found.perforated)]
    assert min(raised) == pytest.approx(0.0, abs=1e-12)
    assert max(raised) > 1e-5


@pytest.mark.parametrize("sharing", [0.5, 1.0])
def test_pores_that_are_left_when_charged_are_those_that_the_engine_starts_with(sharing):
    scenario = Scenario(sharing=sharing)
    found = scenarios.porosities_when_charged(GIVEN, scenario)
    for foil, places in ((False, ["bare"]), (True, ["over foil", "over a hole", "in a hole"])):
        cell = cells.charged_cell(GIVEN, replace(scenario, perforated=foil))[0]
        mesh = pairs.READING if foil else pairs.READING._replace(columns=(1, 1))
        model = Model(cell, mesh)
        porosity = model.expansion.now.porosity.reshape(model.grid.shape)
        layers = np.isin(model.grid.layer, [NEGATIVE, HOLES["negative"]])
        inside = porosity[..., layers][model.grid.volume[..., layers] > 0]
        for place in places:
            assert np.abs(inside - found[place]).min() < 1e-3, place
        assert found[places].min() < inside.min() + 1e-3


def test_in_a_rigid_stack_the_printed_pores_would_have_to_hold_solid():
    found = scenarios.porosities_when_charged(GIVEN, Scenario(sharing=0.0))
    assert found["bare"] < 0
    assert found["over foil"] < found["bare"]
    with pytest.raises(CellError, match="sharing"):
        scenarios.porosities_when_charged(GIVEN, Scenario())
