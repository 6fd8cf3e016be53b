"""Loss, growth and the power of comparisons: exact values, rates integrated, draws, refusals."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import solve_ivp

from rampore import ageing
from rampore.ageing import AgeingError, Law


@pytest.mark.parametrize(
    ("law", "left"), [(Law.LINEAR, 0.6), (Law.ROOT, 0.7), (Law.GEOMETRIC, 0.6561)]
)
def test_a_tenth_lost_by_the_hundredth_cycle_goes_on_by_its_law(law, left):
    """By hand: four times the cycles, four times the loss, twice the loss, 0.9 to the fourth."""
    rate = ageing.rate_of_loss(0.9, 100, law)
    assert ageing.retained(100, rate, law) == pytest.approx(0.9, rel=1e-13, abs=0)
    expected = 0.8 if law == Law.ROOT else left
    assert ageing.retained(400, rate, law) == pytest.approx(expected, rel=1e-13, abs=0)


@pytest.mark.parametrize("law", list(Law))
def test_life_and_rate_undo_each_other(law):
    rate = ageing.rate_of_loss(0.8, 160, law)
    assert ageing.life(0.8, rate, law) == pytest.approx(160, rel=1e-12, abs=0)


def test_twice_the_rate_halves_a_life_and_quarters_it_where_the_loss_goes_as_the_root():
    rate = 1e-3
    ratios = [ageing.life(0.8, rate, law) / ageing.life(0.8, 2 * rate, law) for law in Law]
    assert ratios == pytest.approx([2, 4, 2], rel=2e-3)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0, 4.0])
def test_a_place_that_keeps_its_charge_loses_by_the_rate_integrated(exponent):
    depth, rate, cycles = 0.7, 2e-3, 60.0

    def loss(_, q):
        return -rate * (depth / q) ** exponent * q

    course = solve_ivp(loss, (0, cycles), [1.0], rtol=1e-11, atol=1e-13)
    found = ageing.stress_driven_capacity(cycles, depth, rate, exponent)
    assert found == pytest.approx(course.y[0, -1], rel=1e-9, abs=0)


def test_at_the_end_of_its_life_a_place_is_full():
    depth = np.array([0.3, 0.6, 0.95])
    life = ageing.stress_driven_life(depth, 1e-3, 2.0)
    assert ageing.stress_driven_capacity(life, depth, 1e-3, 2.0) == pytest.approx(
        depth, rel=1e-12, abs=0
    )
    with pytest.raises(AgeingError, match="cannot take its charge"):
        ageing.stress_driven_capacity(life[1] + 1, depth, 1e-3, 2.0)


def test_a_layer_grows_by_its_two_resistances_integrated():
    reaction, growth, initial, time = 1e-12, 1e-21, 2e-9, 1e5
    rate = solve_ivp(
        lambda _, x: 1 / (1 / reaction + 2 * x / growth), (0, time), [initial], rtol=1e-11, atol=0
    )
    found = ageing.interface_thickness(time, reaction, growth, initial)
    assert found == pytest.approx(rate.y[0, -1], rel=1e-8, abs=0)
    assert ageing.interface_thickness(0.0, reaction, growth, initial) == pytest.approx(initial)


def test_a_layer_is_linear_while_thin_and_a_root_when_thick():
    assert ageing.interface_thickness(1.0, 1e-12, 1e-15) == pytest.approx(1e-12, rel=1e-8, abs=0)
    thick = ageing.interface_thickness(np.array([1e12, 4e12]), 1.0, 1e-20)
    assert thick == pytest.approx([1e-4, 2e-4], rel=1e-8, abs=0)


def test_the_charge_of_a_layer_is_its_lithium_s():
    assert ageing.lithium_in_interface(1e-8, 1e-5, 50.0) == pytest.approx(0.05 * 96485.33212)


@pytest.mark.parametrize(("effect", "cells", "power"), [(0.5, 64, 0.801), (0.8, 26, 0.807)])
def test_cohen_s_samples_have_the_power_that_he_tabulates(effect, cells, power):
    """Cohen 1988, table 2.4.1: medium and large effects at 80 %."""
    assert ageing.power(effect, 1.0, cells, cells) == pytest.approx(power, abs=2e-3)
    assert ageing.cells_needed(effect, 1.0) == cells


@pytest.mark.parametrize("freedom", [None, 3, math.inf])
@pytest.mark.parametrize("level", [0.05, 0.2])
def test_where_there_is_no_difference_one_is_found_as_often_as_the_level_says(freedom, level):
    found = ageing.power(0.0, 1.0, 3, 4, freedom=freedom, level=level)
    assert found == pytest.approx(level, rel=1e-9, abs=0)


@pytest.mark.parametrize(("n", "m", "freedom"), [(3, 3, None), (2, 5, None), (1, 1, 3)])
def test_draws_find_a_difference_as_often_as_the_power_says(n, m, freedom):
    """Cells drawn, their spread estimated from them or from another study: within four errors."""
    rng, draws = np.random.default_rng(7), 40000
    first, second = rng.normal(0, 1, (draws, n)), rng.normal(2.5, 1, (draws, m))
    if freedom is None:
        t = stats.ttest_ind(first, second, axis=1).statistic
        degrees = n + m - 2
    else:
        error = np.sqrt(rng.chisquare(freedom, draws) / freedom * (1 / n + 1 / m))
        t, degrees = (second.mean(axis=1) - first.mean(axis=1)) / error, freedom
    share = np.mean(np.abs(t) > stats.t.isf(0.025, degrees))
    expected = ageing.power(2.5, 1.0, n, m, freedom=freedom)
    assert share == pytest.approx(expected, abs=4 * math.sqrt(0.25 / draws))


def test_more_degrees_of_freedom_come_to_a_known_spread():
    found = ageing.power(2.0, 1.0, 2, 2, freedom=1e7)
    assert found == pytest.approx(ageing.power(2.0, 1.0, 2, 2, freedom=math.inf), rel=1e-6, abs=0)


def test_one_cell_against_one_tells_four_spreads_apart_in_four_of_five_trials():
    """Normal quantiles 1.959964 and 0.841621; the far tail is 1e-6, and worth 2e-6 of it."""
    found = ageing.detectable_difference(1.0, 1, 1, freedom=math.inf)
    assert found == pytest.approx(math.sqrt(2) * (1.959964 + 0.841621), rel=3e-6)


@pytest.mark.parametrize("freedom", [None, 3, math.inf])
def test_the_detectable_difference_has_the_power_that_was_wanted(freedom):
    difference = ageing.detectable_difference(0.2, 3, 4, wanted=0.9, freedom=freedom)
    assert ageing.power(difference, 0.2, 3, 4, freedom=freedom) == pytest.approx(
        0.9, rel=1e-9, abs=0
    )


def test_the_chance_of_as_much_is_that_of_the_t_test():
    first, second = [1.0, 2.0, 4.0], [3.0, 5.0, 7.0, 4.0]
    pooled = math.sqrt((2 * np.var(first, ddof=1) + 3 * np.var(second, ddof=1)) / 5)
    difference = np.mean(second) - np.mean(first)
    expected = stats.ttest_ind(first, second).pvalue
    found = ageing.chance_of_as_much(difference, pooled, 3, 4)
    assert found == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ageing.retained(10, 0.01, "cubic"), "cubic"),
        (lambda: ageing.retained(200, 0.01, Law.LINEAR), "left"),
        (lambda: ageing.rate_of_loss(0.8, 0, Law.ROOT), "cycles"),
        (lambda: ageing.life(1.2, 0.01, Law.ROOT), "left"),
        (lambda: ageing.stress_driven_life(1.1, 1e-3, 2.0), "depth"),
        (lambda: ageing.interface_thickness(1.0, 0.0, 1.0), "reaction"),
        (lambda: ageing.lithium_in_interface(1e-9, 1e-5, 0.0), "area"),
        (lambda: ageing.power(1.0, 1.0, 1, 1), "one cell against one"),
        (lambda: ageing.power(1.0, 0.0, 2, 2), "spread"),
        (lambda: ageing.power(1.0, 1.0, 2.5, 2), "n, cells"),
        (lambda: ageing.power(1.0, 1.0, 2, 2, level=1.0), "level"),
        (lambda: ageing.detectable_difference(1.0, 2, 2, wanted=0.01), "wanted"),
        (lambda: ageing.cells_needed(0.0, 1.0), "difference"),
    ],
)
def test_a_loss_or_a_comparison_that_cannot_be_is_refused(call, words):
    with pytest.raises(AgeingError, match=words):
        call()
