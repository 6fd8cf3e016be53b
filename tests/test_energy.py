"""The stack and its energy density: exact values by hand, conservation, limits, round trips,
refusals.
"""

from dataclasses import replace

import numpy as np
import pytest

from rampore import energy
from rampore.energy import Design, Layer, Stack, StackError
from rampore.lim2026 import parameters, stacks
from rampore.lim2026.parameters import Branches, Curve
from rampore.lim2026.stacks import Blend, ContentBalance

# Round numbers, so that every expected value below can be checked by hand.
CELL = Design(
    positive_foil_thickness=10e-6,
    positive_foil_density=3000.0,
    positive_loading=0.200,
    positive_density=4000.0,
    positive_porosity=0.2,
    separator_thickness=20e-6,
    separator_density=1000.0,
    separator_porosity=0.5,
    negative_loading=0.060,
    negative_density=1500.0,
    negative_porosity=0.3,
    negative_foil_thickness=10e-6,
    negative_foil_density=9000.0,
)
BLEND = Blend(siox_capacity=1600.0, graphite_capacity=400.0, active_fraction=0.9)
CAPACITY = 43.2  # of 0.06 kg/m2 with a third of SiOx: 0.06 * 0.9 * 800
FLAT = {
    "siox": Branches(*[Curve((0.0, 1.0), (0.4, 0.4))] * 2),
    "graphite": Branches(*[Curve((0.0, 1.0), (0.1, 0.1))] * 2),
}
BALANCE = ContentBalance(
    positive=Curve((0.0, 1.0), (5.0, 3.0)),
    positive_capacity=80.0,
    siox_efficiency=0.8,
    graphite_efficiency=0.9,
    lower_cutoff=2.0,
    upper_cutoff=4.0,
    **FLAT,
)


def test_a_stack_of_five_dry_layers_weighs_and_measures_what_a_hand_calculation_gives():
    stack = CELL.stack()
    masses = {"Al foil": 0.03, "cathode": 0.2, "separator": 0.01, "anode": 0.06, "Cu foil": 0.09}
    assert {layer.name: layer.areal_mass for layer in stack.layers} == pytest.approx(
        masses, rel=1e-14
    )
    assert stack.areal_mass == pytest.approx(0.39, rel=1e-14)
    assert [layer.thickness * 1e6 for layer in stack.layers] == pytest.approx(
        [10, 50, 20, 40, 10], rel=1e-14
    )
    assert stack.thickness == pytest.approx(130e-6, rel=1e-14)


def test_energy_density_is_the_areal_energy_over_mass_and_over_thickness():
    density = energy.energy_density(CELL.stack(), 390.0)
    assert density == pytest.approx((1000.0, 3.0e6), rel=1e-14)


def test_holes_take_a_fraction_of_the_foil_and_as_much_coating_from_above_it():
    stack = replace(CELL, open_fraction=0.2).stack()
    foil, anode = stack["Cu foil"], stack["anode"]
    assert (foil.areal_mass, foil.thickness) == pytest.approx((0.072, 10e-6), rel=1e-14)
    assert (anode.areal_mass, anode.thickness) == pytest.approx((0.06, 38e-6), rel=1e-14)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("open_fraction", [0.0, 0.2, 0.317])
def test_mass_and_volume_are_conserved_when_holes_are_made_and_filled(sides, open_fraction):
    """What leaves the stack is the copper of the holes and nothing else, in mass and in volume."""
    bare = replace(CELL, sides=sides).stack()
    perforated = replace(CELL, sides=sides, open_fraction=open_fraction).stack()
    copper = open_fraction * CELL.negative_foil_thickness
    assert bare.areal_mass - perforated.areal_mass == pytest.approx(
        copper * CELL.negative_foil_density, abs=1e-15
    )
    assert bare.thickness - perforated.thickness == pytest.approx(copper, abs=1e-18)


@pytest.mark.parametrize("open_fraction", [0.0, 0.3])
def test_mass_shares_sum_to_one_and_layers_to_the_stack(open_fraction):
    stack = replace(
        CELL, open_fraction=open_fraction, electrolyte_density=1200.0, casing_areal_mass=0.02
    ).stack()
    assert sum(stack.mass_shares.values()) == pytest.approx(1.0, abs=1e-14)
    assert sum(layer.areal_mass for layer in stack.layers) == pytest.approx(
        stack.areal_mass, rel=1e-14
    )
    assert len(stack.layers) == 7


def test_a_foil_without_holes_gains_exactly_nothing():
    assert energy.gain_of_holes(CELL) == (0.0, 0.0)


def test_the_double_sided_unit_has_two_coatings_and_two_separators_on_one_foil_each():
    one, two = CELL.stack(), replace(CELL, sides=2).stack()
    factors = {layer.name: layer.areal_mass / one[layer.name].areal_mass for layer in two.layers}
    assert factors == {"Al foil": 1, "cathode": 2, "separator": 2, "anode": 2, "Cu foil": 1}


def test_electrolyte_fills_the_pores_that_are_named_and_adds_no_thickness():
    """Pores: 10 um in the cathode, 10 um in the separator, 12 um in the anode."""
    wet = replace(CELL, electrolyte_density=1000.0)
    assert wet.stack()["electrolyte"].areal_mass == pytest.approx(0.032, rel=1e-14)
    assert wet.stack().thickness == CELL.stack().thickness
    only = replace(wet, electrolyte_in=("separator",), electrolyte_excess=1.5).stack()
    assert only["electrolyte"].areal_mass == pytest.approx(0.015, rel=1e-14)


def test_filled_holes_keep_the_pores_of_the_coating():
    wet = replace(CELL, electrolyte_density=1000.0)
    perforated = replace(wet, open_fraction=0.3)
    assert perforated.stack()["electrolyte"].areal_mass == pytest.approx(
        wet.stack()["electrolyte"].areal_mass, rel=1e-14
    )


def test_counting_more_never_makes_the_cell_lighter():
    masses = [stack.areal_mass for stack in energy.counted(CELL, 1200.0).values()]
    assert masses == sorted(masses)
    assert masses[0] < masses[1] < masses[2]


def test_the_gain_grows_with_open_fraction_and_foil_thickness():
    gains = energy.gain_map(CELL, [6e-6, 8e-6, 10e-6], [0.0, 0.2, 0.3, 0.4])
    for values in gains:
        assert values.shape == (4, 3)
        assert np.all(values[0] == 0)
        assert np.all(np.diff(values, axis=0) > 0)
        assert np.all(np.diff(values[1:], axis=1) > 0)


def test_the_gain_is_the_saved_mass_over_the_mass_that_is_left():
    perforated = replace(CELL, open_fraction=0.2)
    assert energy.gain_of_holes(perforated) == pytest.approx((0.018 / 0.372, 2 / 128), rel=1e-12)


def test_equal_areal_energy_gives_the_gain_as_a_ratio_of_energy_densities():
    before, after = CELL.stack(), replace(CELL, open_fraction=0.25).stack()
    ratio = np.divide(energy.energy_density(after, 350.0), energy.energy_density(before, 350.0))
    assert energy.gain(before, after) == pytest.approx(tuple(ratio - 1), rel=1e-12)


def test_the_gain_shrinks_with_everything_that_is_counted_besides():
    steps = energy.gain_after_each(
        replace(CELL, open_fraction=0.3),
        {"start": {}, "two sides": {"sides": 2}, "electrolyte": {"electrolyte_density": 1200.0}},
    )
    assert [step.name for step in steps] == ["start", "two sides", "electrolyte"]
    per_mass = [step.gain.gravimetric for step in steps]
    assert per_mass == sorted(per_mass, reverse=True)
    assert steps[2].design.sides == 2  # each change stands on those before
    assert steps[2].gain.volumetric == steps[1].gain.volumetric


def published(open_fraction=0.2, areal_energy=371.0):
    """What somebody would print of the cell above, without rounding."""
    bare, pierced = CELL.stack(), replace(CELL, open_fraction=open_fraction).stack()
    before, after = (energy.energy_density(stack, areal_energy) for stack in (bare, pierced))
    return stacks.Published(
        foil_mass=bare["Cu foil"].areal_mass,
        pierced_mass=pierced["Cu foil"].areal_mass,
        foil_share=bare.mass_shares["Cu foil"],
        pierced_share=pierced.mass_shares["Cu foil"],
        saved_share=(bare.areal_mass - pierced.areal_mass) / bare.areal_mass,
        gravimetric=before.gravimetric,
        gravimetric_pierced=after.gravimetric,
        volumetric=before.volumetric,
        volumetric_pierced=after.volumetric,
        saved_thickness=bare.thickness - pierced.thickness,
    )


def test_what_is_printed_gives_back_the_cell_that_it_came_from():
    found = published()
    assert (found.mass, found.areal_energy, found.thickness) == pytest.approx(
        (0.39, 371.0, 130e-6), rel=1e-12
    )
    assert found.areal_energy_pierced == pytest.approx(371.0, rel=1e-12)
    assert (found.saved_mass, found.thickness_to_save) == pytest.approx((0.018, 2e-6), rel=1e-9)


def test_printed_figures_of_one_pair_of_cells_agree_with_each_other():
    found = published()
    assert found.share_of_pierced == pytest.approx(found.pierced_share, rel=1e-12)
    assert found.share_of_saved == pytest.approx(found.saved_share, rel=1e-12)
    assert found.mass_by_pierced_share == pytest.approx(0.39, rel=1e-12)
    assert found.mass_by_saved_share == pytest.approx(0.39, rel=1e-12)
    assert found.mass_by_pierced_share_kept == pytest.approx(0.372, rel=1e-12)
    assert found.gravimetric_by_mass == pytest.approx(found.gravimetric_pierced, rel=1e-12)
    assert found.volumetric_by_thickness == pytest.approx(found.volumetric_pierced, rel=1e-12)
    assert found.gain_stated == pytest.approx(
        energy.gain_of_holes(replace(CELL, open_fraction=0.2)), rel=1e-12
    )
    assert found.gain_by_mass == pytest.approx(found.gain_stated.gravimetric, rel=1e-12)


def test_a_thickness_saving_gives_back_the_gain_it_was_asked_for():
    saved = stacks.thickness_saving(130e-6, 0.04)
    assert 130e-6 / (130e-6 - saved) - 1 == pytest.approx(0.04, rel=1e-12)


def test_a_blend_needs_the_loading_of_a_hand_calculation_and_the_way_back_finds_the_content():
    assert BLEND.capacity(1 / 3) == pytest.approx(720.0)
    assert BLEND.loading(1 / 3, CAPACITY) == pytest.approx(0.06, rel=1e-14)
    for content in (0.0, 0.3, 1.0):
        assert BLEND.siox_fraction(BLEND.loading(content, CAPACITY), CAPACITY) == pytest.approx(
            content, abs=1e-12
        )


def test_a_blend_holds_its_areal_capacity_at_every_content():
    content = np.linspace(0, 1, 7)
    active = 0.9 * BLEND.loading(content, CAPACITY)
    charge = active * (content * BLEND.siox_capacity + (1 - content) * BLEND.graphite_capacity)
    assert charge == pytest.approx(np.full(7, CAPACITY), rel=1e-12)
    share = BLEND.siox_share(content)
    assert share * CAPACITY == pytest.approx(active * content * BLEND.siox_capacity, rel=1e-12)


def test_the_capacity_of_siox_is_what_the_graphite_leaves_to_do():
    assert stacks.siox_capacity(CAPACITY, 0.06, 0.3, 0.6, 400.0) == pytest.approx(
        BLEND.siox_capacity, rel=1e-12
    )


def test_two_thicknesses_give_back_the_blend_that_made_them():
    thickness = [BLEND.loading(content, CAPACITY) / 1500 for content in (1.0, 0.1)]
    found = stacks.blend_from_thicknesses(thickness, (1.0, 0.1), CAPACITY, 1500.0, 0.9)
    assert (found.siox_capacity, found.graphite_capacity) == pytest.approx(
        (1600.0, 400.0), rel=1e-12
    )


def test_energy_density_rises_with_content_when_the_energy_stays():
    found = stacks.over_content(CELL, BLEND, [0.1, 0.3, 0.5, 1.0], CAPACITY, 105.0)
    assert np.all(np.diff(found.gravimetric) > 0)
    assert np.all(np.diff(found.volumetric) > 0)
    assert found.areal_energy == pytest.approx(np.full(4, 105.0), rel=1e-14)


def test_the_first_cycle_keeps_back_what_each_material_keeps():
    """A third of SiOx supplies two thirds of the charge: 43.2 (2/3 1/4 + 1/3 1/9)."""
    assert BALANCE.loss(BLEND, 1 / 3, CAPACITY) == pytest.approx(43.2 * (1 / 6 + 1 / 27), rel=1e-12)


def test_a_discharge_against_a_flat_anode_is_the_integral_of_a_straight_line():
    """Pure SiOx at 0.4 V that keeps 15: 3 + 2 c / 80 - 0.4 = 4.0 V at c = 56 out of the cathode,
    and 41 come back.
    """
    found = BALANCE.discharge(BLEND, 1.0, 60.0)
    assert found.capacity == pytest.approx(56.0 - 15.0, rel=1e-6)
    assert found.mean_voltage == pytest.approx(3 + (56 + 15) / 80 - 0.4, rel=1e-6)
    assert found.areal_energy == found.capacity * found.mean_voltage


def test_a_discharge_stops_at_the_lower_cutoff():
    """V = 2.6 + 2 c / 80: 3.2 V is reached with 24 out of the cathode, so 56 - 24 come back."""
    found = replace(BALANCE, lower_cutoff=3.2).discharge(BLEND, 1.0, 60.0)
    assert found.capacity == pytest.approx(32.0, rel=1e-3)  # one step of 4000 in the charge axis
    assert found.mean_voltage == pytest.approx(3.6, rel=1e-3)


@pytest.mark.parametrize("points", [100, 301, 1000, 4000])
def test_the_error_of_a_discharge_covers_what_its_points_leave(points):
    """V = 2.6 + 2 c / 80 down to 3.2 V delivers 32 at 3.6 V; the error is a step or two."""
    found = replace(BALANCE, lower_cutoff=3.2).discharge(BLEND, 1.0, 60.0, points)
    assert abs(found.capacity - 32.0) <= found.capacity_error <= 3 * 60.0 / points
    assert abs(found.mean_voltage - 3.6) <= found.voltage_error
    assert abs(found.areal_energy - 32.0 * 3.6) <= found.areal_energy_error


def test_two_anode_materials_empty_one_after_the_other_when_their_potentials_lie_apart():
    """Halves at 0.1 and 0.4 V: 4.0 V is reached with the SiOx full and 3 + 2 c / 80 - 0.1, c = 44
    in the anode.
    """
    blend = Blend(500.0, 499.0, 0.9)
    lossless = replace(BALANCE, siox_efficiency=1.0, graphite_efficiency=1.0)
    found = lossless.discharge(blend, 0.5, 80.0)
    siox = 80.0 * blend.siox_share(0.5)
    mean = 3 + 44 / 80 - (siox * 0.4 + (44 - siox) * 0.1) / 44
    assert found.capacity == pytest.approx(44.0, rel=1e-3)  # one step of 4000 in the charge axis
    assert found.mean_voltage == pytest.approx(mean, rel=1e-3)


def test_a_cell_charges_on_one_branch_and_discharges_on_the_other():
    """3 + 2 c / 80 - 0.2 = 4.0 V at c = 48; back at 0.4 V of the anode."""
    siox = Branches(
        lithiation=Curve((0.0, 1.0), (0.2, 0.2)), delithiation=Curve((0.0, 1.0), (0.4, 0.4))
    )
    found = replace(BALANCE, siox=siox, siox_efficiency=1.0).discharge(BLEND, 1.0, 60.0)
    assert found.capacity == pytest.approx(48.0, rel=1e-6)
    assert found.mean_voltage == pytest.approx(3 + 48 / 80 - 0.4, rel=1e-6)


def test_more_loss_delivers_less():
    found = [
        replace(BALANCE, siox_efficiency=efficiency).discharge(BLEND, 1.0, 60.0).capacity
        for efficiency in (0.7, 0.8, 0.9, 1.0)
    ]
    assert np.all(np.diff(found) > 0)


def test_a_cell_of_two_sides_holds_twice_the_energy():
    one, two = (
        stacks.over_content(replace(CELL, sides=sides), BLEND, [0.5], CAPACITY, 105.0)
        for sides in (1, 2)
    )
    assert two.areal_energy == pytest.approx(2 * one.areal_energy, rel=1e-14)


@pytest.mark.parametrize("siox_capacity", [800.0, 1600.0, 1e5])
@pytest.mark.parametrize("graphite_capacity", [1.0, 200.0, 400.0])
def test_no_pair_of_capacities_gains_more_than_the_bound(siox_capacity, graphite_capacity):
    blend = Blend(siox_capacity, graphite_capacity, 0.9)
    areal_capacity = CELL.negative_loading * blend.capacity(1 / 3)
    bound = stacks.largest_gain_of_content(CELL, 1 / 3, 0.3, 0.5)
    found = stacks.gain_of_content(CELL, blend, areal_capacity, 0.3, 0.5)
    assert found.gravimetric < bound.gravimetric
    assert found.volumetric < bound.volumetric


def test_the_bound_is_reached_where_graphite_holds_nothing():
    blend = Blend(1e9, 1.0, 0.9)
    areal_capacity = CELL.negative_loading * blend.capacity(1 / 3)
    bound = stacks.largest_gain_of_content(CELL, 1 / 3, 0.3, 0.5)
    assert stacks.gain_of_content(CELL, blend, areal_capacity, 0.3, 0.5) == pytest.approx(
        bound, rel=1e-6
    )


@pytest.mark.parametrize(("per", "index"), [("mass", 0), ("volume", 1)])
@pytest.mark.parametrize("sides", [1, 2])
def test_the_content_for_a_gain_gives_that_gain(per, index, sides):
    design = replace(CELL, sides=sides)
    content = stacks.content_for_gain(design, BLEND, CAPACITY, 0.3, 0.02, per)
    assert stacks.gain_of_content(design, BLEND, CAPACITY, 0.3, content)[index] == pytest.approx(
        0.02, rel=1e-10
    )


@pytest.mark.parametrize("sides", [1, 2])
def test_the_growth_of_the_areal_capacity_for_a_gain_gives_that_gain(sides):
    design = replace(CELL, sides=sides)
    growth = stacks.capacity_growth_for_gain(design, BLEND, CAPACITY, 0.3, 0.5, 0.08)
    before = replace(design, negative_loading=BLEND.loading(0.3, CAPACITY)).stack()
    after = replace(
        design,
        negative_loading=growth * BLEND.loading(0.5, CAPACITY),
        positive_loading=growth * design.positive_loading,
    ).stack()
    assert growth * before.areal_mass / after.areal_mass - 1 == pytest.approx(0.08, rel=1e-10)


def test_the_spread_of_a_uniform_input_is_that_of_the_uniform_distribution():
    """Within four standard errors of 4000 draws: 1 % of the range for the limits, 3.2 % for the
    median.
    """
    found = energy.spread(lambda x: x, {"x": (10.0, 20.0)}, np.random.default_rng(1))
    assert (found.low, found.high) == pytest.approx((10.25, 19.75), abs=0.1)
    assert found.middle == pytest.approx(15.0, abs=0.32)
    assert found.half_width == (found.high - found.low) / 2


def test_the_error_of_a_spread_is_how_far_it_moves_with_the_seed():
    """The median's is the largest, 10 / sqrt(4 n).

    Thirty seeds know a standard deviation to 13 %, so that 0.3 is somewhat over twice that; the
    estimate itself reads the density off 400 draws, to some per cent in the mean of thirty.
    """
    found = [
        energy.spread(lambda x: x, {"x": (10.0, 20.0)}, np.random.default_rng(seed), 400)
        for seed in range(30)
    ]
    moved = np.std([(run.low, run.middle, run.high) for run in found], axis=0).max()
    assert np.mean([run.error for run in found]) == pytest.approx(10 / np.sqrt(4 * 400), rel=0.1)
    assert moved == pytest.approx(np.mean([run.error for run in found]), rel=0.3)


def test_the_spread_of_a_design_repeats_with_the_seed_and_vanishes_with_the_ranges():
    def measure(design):
        return design.stack().areal_mass

    ranges = {"separator_porosity": (0.4, 0.6), "positive_loading": (0.19, 0.21)}
    first, second = (
        energy.spread_of_design(CELL, measure, ranges, np.random.default_rng(7), samples=200)
        for _ in range(2)
    )
    assert first == second
    assert first.low < CELL.stack().areal_mass < first.high
    still = energy.spread_of_design(
        CELL, measure, {"positive_loading": (0.2, 0.2)}, np.random.default_rng(7), 10
    )
    assert still.half_width == 0


def test_the_papers_cell_is_built_from_the_parameters():
    cell = parameters.load()
    stack = stacks.design_of(cell).stack()
    assert stack["Cu foil"].areal_mass == pytest.approx(
        cell.collector_negative.areal_mass, rel=1e-14
    )
    assert stack["anode"].areal_mass == cell.negative.loading
    assert stack["anode"].thickness == pytest.approx(cell.negative.thickness, rel=1e-14)
    thin = stacks.design_of(cell, separator_thickness=cell.separator.thickness_pouch).stack()
    assert thin.thickness < stack.thickness


def test_the_papers_blend_reaches_its_areal_capacity():
    """3.6 mAh/cm2 is printed to half a tenth; specific capacities are rounded to 1 mAh/g."""
    cell = parameters.load()
    blend = stacks.blend_of(cell)
    fraction = stacks.siox_fraction_of(cell)
    assert fraction == pytest.approx(31 / 93, rel=1e-12)
    assert blend.capacity(fraction) * cell.negative.loading == pytest.approx(
        cell.negative.areal_capacity, rel=1e-3
    )


def test_the_rival_balances_bracket_each_other_and_never_exceed_the_cathode():
    cell = parameters.load()
    blend, fraction = stacks.blend_of(cell), stacks.siox_fraction_of(cell)
    balances = stacks.balances_of(cell)
    # two cathode tables, two silicon tables, the lowest and the highest efficiency
    assert len(balances) == 8
    efficiencies = cell.siox.initial_efficiency
    ends = min(efficiencies), max(efficiencies)
    assert ends[0] < ends[1]
    assert [balance.siox_efficiency for balance in balances] == 4 * list(ends)
    for balance in balances:
        found = balance.discharge(blend, fraction, cell.negative.areal_capacity)
        lost = balance.loss(blend, fraction, cell.negative.areal_capacity)
        assert found.capacity + lost < balance.positive_capacity
        assert cell.lower_cutoff < found.mean_voltage < cell.upper_cutoff


def test_a_cathode_table_goes_on_straight_beyond_either_end():
    balance = stacks.balances_of(parameters.load())[0]
    x, y = np.asarray(balance.positive.x), np.asarray(balance.positive.y)
    for end, next_to_it in ((0, 1), (-1, -2)):
        step = x[end] - x[next_to_it]
        beyond = stacks._extended(balance.positive, x[end] + step)
        assert beyond == pytest.approx(2 * y[end] - y[next_to_it], rel=1e-12)


def test_four_thousand_draws_are_the_default():
    drawn = []
    ranges, rng = {"open_fraction": (0.1, 0.3)}, np.random.default_rng(1)
    energy.spread_of_design(CELL, lambda design: drawn.append(design) or 1.0, ranges, rng)
    assert len(drawn) == 4000


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Layer("foil", -1.0, 0.0), "layer 'foil': areal_mass = -1 must"),
        (lambda: Layer("foil", 1.0, float("nan")), "layer 'foil': thickness = nan must"),
        (lambda: Stack(()), "a stack needs layers"),
        (lambda: Stack((Layer("a", 1, 1), Layer("a", 1, 1))), "with a name each"),
        (lambda: CELL.stack()["copper"], "no layer 'copper'; it has Al foil, cathode"),
        (lambda: replace(CELL, open_fraction=1.0), "open_fraction = 1 must"),
        (lambda: replace(CELL, separator_porosity=-0.1), "separator_porosity = -0.1 must"),
        (lambda: replace(CELL, negative_density=0.0), "negative_density = 0 must"),
        (lambda: replace(CELL, sides=3), "sides = 3 is not one of the choices"),
        (
            lambda: replace(CELL, electrolyte_in=("foil",)),
            "electrolyte_in = 'foil' is not one of the choices",
        ),
        (
            lambda: replace(CELL, open_fraction=0.9, negative_loading=0.01),
            "the coating is only 6.67 um thick",
        ),
        (lambda: replace(published(), foil_share=0.0), "foil_share = 0 must"),
        (lambda: Blend(300.0, 400.0, 0.9), "SiOx must hold more charge than graphite"),
        (lambda: Blend(1600.0, 400.0, 1.1), "active_fraction = 1.1 must"),
        (lambda: BLEND.loading(1.2, CAPACITY), "SiOx fraction of the active material = 1.2 must"),
        (lambda: BLEND.siox_fraction(1.0, CAPACITY), "pure graphite 12 mg/cm2"),
        (lambda: replace(BALANCE, siox_efficiency=0.0), "siox_efficiency = 0 must"),
        (
            lambda: replace(BALANCE, lower_cutoff=4.5).discharge(BLEND, 1.0, 60.0),
            "lower_cutoff and upper_cutoff must increase",
        ),
        (
            lambda: replace(BALANCE, upper_cutoff=5.5).discharge(BLEND, 1.0, 20.0),
            "the anode is full at",
        ),
        (
            lambda: stacks.content_for_gain(CELL, BLEND, CAPACITY, 0.3, 0.5, "mass"),
            "pure SiOx gains",
        ),
        (
            lambda: stacks.content_for_gain(CELL, BLEND, CAPACITY, 0.3, 0.02, "litre"),
            "per = 'litre' is not one of the choices",
        ),
        (
            lambda: stacks.capacity_growth_for_gain(CELL, BLEND, CAPACITY, 0.3, 0.5, 2.0),
            "coatings without any foil gain less",
        ),
        (
            lambda: stacks.capacity_growth_for_gain(
                replace(CELL, electrolyte_density=1200.0), BLEND, CAPACITY, 0.3, 0.5, 0.05
            ),
            "a design that does not count it",
        ),
        (
            lambda: energy.spread(lambda x: x, {"x": (2.0, 1.0)}, np.random.default_rng(0)),
            "runs from 2.0 down to 1.0",
        ),
        (
            lambda: energy.spread_of_design(
                CELL, lambda d: 1.0, {"porosity": (0, 1)}, np.random.default_rng(0)
            ),
            "unknown key 'porosity'; did you mean 'positive_porosity'",
        ),
    ],
)
def test_nonsense_is_refused_with_the_reason(build, message):
    with pytest.raises(StackError, match=message):
        build()


def draw_masses(figures):
    stacks = {"bare": CELL.stack(), "perforated": replace(CELL, open_fraction=0.2).stack()}
    return figures.masses(stacks, {"share": (0.39, 0.001)}, {"dry": 0.39})


def draw_thicknesses(figures):
    return figures.thicknesses({"bare": CELL.stack(), "wet": CELL.stack()}, [140e-6, None])


def draw_content(figures):
    free = stacks.over_content(CELL, BLEND, [0.1, 0.5, 1.0], CAPACITY, 300.0)
    stated = {
        "gravimetric": [(0.3, 8e5), (0.3, 9e5), (0.5, 9e5)],
        "volumetric": [(0.3, 2e9), (0.3, 3e9), (0.4, 3e9)],
    }
    return figures.over_content(free, free, (1 / 3, 8.5e5, 2.5e9), stated)


STATED = energy.Gain(0.075, 0.023)
DRAWN = {
    "masses": draw_masses,
    "thicknesses": draw_thicknesses,
    "over_content": draw_content,
    "gain_by_foil": lambda figures: figures.gain_by_foil(
        {"a": STATED, "b": energy.Gain(-0.04, -0.01)}, STATED
    ),
    "gain_after_each": lambda figures: figures.gain_after_each(
        energy.gain_after_each(
            replace(CELL, open_fraction=0.3), {"start": {}, "two": {"sides": 2}}
        ),
        STATED,
    ),
    "gain_over_foil": lambda figures: figures.gain_over_foil(
        np.array([6e-6, 10e-6]),
        (0.1, 0.2),
        energy.gain_map(CELL, [6e-6, 10e-6], (0.1, 0.2)),
        [6e-6],
        STATED,
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_draws_with_a_unit_on_each_axis_and_the_papers_values_as_open_markers(name):
    from rampore.lim2026.figures import energy as figures
    from rampore.style import PAPER, render

    figure = DRAWN[name](figures)
    assert render(figure, "png", name).startswith(b"\x89PNG")
    for axes in figure.axes:
        labels = [label for label in (axes.get_xlabel(), axes.get_ylabel()) if label]
        assert labels
        assert all("(" in label and label.endswith(")") for label in labels)
    lines = [line for axes in figure.axes for line in axes.get_lines()]
    assert any(line.get_marker() == PAPER["marker"] and line.get_mfc() == "white" for line in lines)


def test_the_bars_are_as_long_as_the_layers_and_start_where_the_last_one_ended():
    from rampore.lim2026.figures import energy as figures

    bars = [patch for patch in draw_thicknesses(figures).axes[0].patches if patch.get_y() < 0]
    assert [bar.get_width() for bar in bars] == pytest.approx([10, 50, 20, 40, 10])
    assert [bar.get_x() for bar in bars] == pytest.approx([0, 10, 60, 80, 120])


def test_a_cell_of_the_mass_that_a_gain_needs_gains_it():
    mass = stacks.mass_for_gain(0.0286, 0.075)
    assert mass / (mass - 0.0286) - 1 == pytest.approx(0.075, rel=1e-12)


def test_the_least_content_for_a_gain_is_where_the_bound_reaches_it():
    """The inverse of the bound, found by another way: with graphite that holds nothing."""
    design = stacks.design_of(parameters.load())
    others = design.stack().areal_mass - design.negative_loading
    least = stacks.least_content_for_gain(design.negative_loading, 1 / 3, 0.3, others, 0.075)
    bound = stacks.largest_gain_of_content(design, 1 / 3, 0.3, least)
    assert bound.gravimetric == pytest.approx(0.075, rel=1e-12)
    with pytest.raises(StackError, match="however light"):
        stacks.least_content_for_gain(design.negative_loading, 1 / 3, 0.3, others, 0.2)


def test_a_foil_of_a_given_mass_keeps_it_at_any_thickness():
    design = stacks.design_of(parameters.load())
    for thickness in (8e-6, 10e-6):
        stack = stacks.of_layers(design, 0.09, negative_foil_thickness=thickness)
        assert stack["Cu foil"].areal_mass == pytest.approx(0.09, rel=1e-14)
        assert stack["Cu foil"].thickness == thickness


def test_statements_moved_to_a_cell_of_another_mass_keep_all_but_the_share():
    published = stacks.Published(
        foil_mass=0.09,
        pierced_mass=0.06,
        foil_share=0.225,
        pierced_share=0.15,
        saved_share=0.075,
        gravimetric=240.0,
        gravimetric_pierced=260.0,
        volumetric=600_000.0,
        volumetric_pierced=620_000.0,
        saved_thickness=3e-6,
    )
    moved = published.in_cell(0.36)
    assert moved.mass == pytest.approx(0.36)
    assert moved.share_of_pierced_kept == pytest.approx(0.06 / 0.36)
    assert moved.mass_by_gain == published.mass_by_gain == pytest.approx(0.03 / (1 - 240 / 260))
    assert published.mass_by_volume(published.thickness) == pytest.approx(published.mass)
    thickness = 150e-6
    pierced = 260.0 * (published.mass_by_volume_pierced(thickness) - 0.03) / (thickness - 3e-6)
    assert pierced == pytest.approx(620_000.0)


def test_the_share_of_a_cathode_between_the_cut_offs_is_that_of_its_straight_potential():
    """4.5 V empty, 3.0 V full: between 4.2 and 3.3 V lie three fifths."""
    line = Curve((0.0, 1.0), (4.5, 3.0))
    flat = Branches(Curve((0.0, 1.0), (0.2, 0.1)), Curve((0.0, 1.0), (0.2, 0.1)))
    balance = ContentBalance(line, 1.0, flat, flat, 1.0, 1.0, 3.3, 4.2)
    assert balance.positive_share == pytest.approx(0.6, rel=1e-9)
