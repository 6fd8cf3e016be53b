"""Quantities, choices and keys where they enter."""

import math

import numpy as np
import pytest

from rampore import RamporeError, checks


class Bad(RamporeError):
    """What these tests ask to be raised."""


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, -1.0, 0.0, 2.0, "1", None, True, 1j]
)
def test_what_is_no_finite_number_between_the_limits_is_refused_by_its_name(value):
    with pytest.raises(Bad, match="porosity"):
        checks.quantity("porosity", value, Bad, above=0, at_most=1)


@pytest.mark.parametrize("value", [1e-9, 0.5, 1, np.float32(0.3), np.array([0.2, 1.0])])
def test_a_quantity_within_its_limits_comes_back_as_it_was(value):
    assert checks.quantity("porosity", value, Bad, above=0, at_most=1) is value


def test_zero_is_a_value_where_the_limit_includes_it_and_none_where_it_does_not():
    assert checks.quantity("current", 0.0, Bad, at_least=0) == 0.0
    with pytest.raises(Bad, match=r"current = 0 A must be finite and above 0"):
        checks.quantity("current", 0.0, Bad, above=0, unit="A")


def test_one_bad_entry_among_good_ones_is_found_and_its_place_named():
    with pytest.raises(Bad, match=r"at index \(1, 0\) = nan"):
        checks.quantity("field", np.array([[1.0, 2.0], [np.nan, 3.0]]), Bad)


def test_a_misspelt_choice_is_answered_by_the_nearest_right_one():
    assert checks.choice("mode", "current", ("current", "power"), Bad) == "current"
    with pytest.raises(Bad, match="did you mean 'current'"):
        checks.choice("mode", "curent", ("current", "power"), Bad)
    with pytest.raises(Bad, match="there are: 'current', 'power'"):
        checks.choice("mode", "xyz", ("current", "power"), Bad)


def test_a_misspelt_key_is_answered_by_the_nearest_right_one():
    checks.known_keys("file", ["a"], ["a", "b"], Bad)
    with pytest.raises(Bad, match="did you mean 'Hole pitch'"):
        checks.known_keys("file", ["Hole ptich"], ["Hole pitch", "Foil"], Bad)


def test_a_table_that_stands_still_or_turns_back_is_refused_with_its_row():
    checks.increasing("x", [0.0, 1.0, 2.0], Bad)
    with pytest.raises(Bad, match="row 3 follows 1"):
        checks.increasing("x", [0.0, 1.0, 1.0], Bad)


def test_shares_may_miss_one_by_their_rounding_and_no_further():
    checks.shares("fractions", [0.7, 0.3 + 0.9e-3], Bad)
    with pytest.raises(Bad, match=r"sum to 1\.0011"):
        checks.shares("fractions", [0.7, 0.3 + 1.1e-3], Bad)
