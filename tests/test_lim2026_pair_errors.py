"""Two foils through the same tests, and the numerical errors of what they differ by."""

import numpy as np
import pytest

from rampore.lim2026 import parameters
from rampore.lim2026.cells import PorositySet, Scenario
from rampore.lim2026.pairs import (
    COARSE,
    FINE,
    READING,
    OnBoth,
    contact_for_ratio,
    halved,
    pair,
    short_pulses,
)
from rampore.lim2026.scenarios import Row, capacity_table, claim_table, depth_table, table
from rampore.p4d.errors import CellError

GIVEN = parameters.load()
HALF = halved(COARSE)


@pytest.fixture(scope="module")
def base():
    return pair(GIVEN, Scenario(), 3.0, COARSE, HALF)


def test_an_error_adds_what_the_mesh_and_what_longer_steps_on_either_foil_change():
    rough = OnBoth(np.array([1.0]), np.array([5.0]))
    coarser = OnBoth(np.array([2.0]), np.array([4.0]))
    found = OnBoth(np.array([4.0]), np.array([12.0]), None, coarser, rough)
    assert found.ratio == [3.0]
    assert found.ratio_error == abs(3.0 - 2.0) + abs(4.0 / 1.0 - 2.0) + abs(5.0 / 2.0 - 2.0)
    assert found.error(lambda bare, _: bare) == 2.0 + 1.0


def test_what_the_steps_leave_on_both_foils_does_not_cancel():
    alike = OnBoth(1.0, 1.0, None, OnBoth(1.0, 1.0), OnBoth(1.01, 1.01))
    assert alike.ratio_error == pytest.approx(0.02, rel=0.02)


def test_without_a_coarser_run_no_error_is_known():
    assert np.isnan(OnBoth(1.0, 2.0).ratio_error)


def test_half_the_cells_are_never_none():
    assert halved(READING._replace(layers=(1, 3, 8), columns=(1, 1))) == READING._replace(
        layers=(1, 2, 4), columns=(1, 1), hole_layers=2
    )


@pytest.mark.parametrize("porosity", PorositySet)
def test_a_finer_mesh_gives_a_gain_within_the_error_of_the_coarse_one(porosity):
    """Of meshes that the book uses: on the coarsest a gain can stay by chance where both capacities
    move by a tenth.
    """
    scenario = Scenario(porosity=porosity)
    one = pair(GIVEN, scenario, 3.0, READING, halved(READING))
    finer = pair(GIVEN, scenario, 3.0, FINE)
    assert abs(finer.gain - one.gain) < one.gain_error
    assert abs(finer.bare.capacity - one.bare.capacity) < one.error(lambda bare, _: bare.capacity)


def test_the_error_of_the_gain_is_that_of_its_finding(base):
    assert base.errors[0] == pytest.approx(base.gain_error, rel=1e-12)
    assert len(base.errors) == len(base.findings)


def test_scenarios_with_the_same_bare_cell_share_its_runs(base):
    scenario = Scenario(porosity=PorositySet.MASS_CONSERVING)
    shared = pair(GIVEN, scenario, 3.0, COARSE, HALF, like=base)
    assert shared.bare is base.bare
    assert shared.rough.bare is base.rough.bare
    assert shared.gain == pytest.approx(pair(GIVEN, scenario, 3.0, COARSE).gain, rel=1e-9)


@pytest.mark.parametrize(
    ("given", "scenario"),
    [
        (GIVEN, Scenario(porosity=PorositySet.RECIPE)),
        (parameters.with_values(GIVEN, {"contact.negative": (1.0, "ohm cm2")}), Scenario()),
        (GIVEN, Scenario(siox_fraction=0.3)),
    ],
)
def test_the_runs_of_another_bare_cell_are_refused(base, given, scenario):
    with pytest.raises(CellError, match="another one"):
        pair(given, scenario, 3.0, COARSE, like=base)


def test_a_contact_resistance_in_series_brings_the_pulses_to_the_ratio_asked_for():
    bare, perforated, ratio = 4.5e-3, 4.6e-3, 0.76
    series = contact_for_ratio(bare, perforated, ratio, GIVEN)
    foil = GIVEN.perforation
    metal = (
        1 - foil.open_fraction + 4 * foil.open_fraction * foil.foil_thickness / foil.hole_diameter
    )
    on_perforated = series * GIVEN.contact.perforated_ratio / metal
    assert (perforated + on_perforated) / (bare + series) == pytest.approx(ratio, rel=1e-12)


def test_short_pulses_on_a_finer_mesh_lie_within_the_error():
    coarse, fine = (
        short_pulses(GIVEN, Scenario(), READING, COARSE),
        short_pulses(GIVEN, Scenario(), FINE),
    )
    assert abs(fine.ratio - coarse.ratio) < coarse.ratio_error
    assert abs(fine.bare - coarse.bare) < coarse.error(lambda bare, _: bare)


def test_a_scenario_prints_each_number_with_its_error_and_the_digits_that_it_leaves():
    rows = {
        "known": Row(-0.0048, 0.98032, 1.01699, 1, 5, 8, 0.0019, 0.0086, 0.0004),
        "not known": Row(-0.0884, 0.98032, 1.01699, 2, 6, 8),
    }
    minus = "\N{MINUS SIGN}"
    assert table(rows).loc["known"].tolist() == [
        f"{minus}0.5 ± 0.2 %",
        "× 0.980 ± 0.009",
        "× 1.017 ± 0.001",
        "1, 5, 2",
    ]
    assert table(rows).loc["not known"].tolist() == [f"{minus}9 %", "× 0.98", "× 1.02", "2, 6, 0"]
    gain = table(rows).loc["known", "Capacity at 3C"]
    assert gain.numbers[0] == pytest.approx((-0.48, 0.19))


def test_tables_hold_each_number_with_the_error_of_its_pair(base):
    capacity = capacity_table({"base": base}).loc["base", "bare (mAh cm⁻²)"].numbers[0]
    assert capacity == pytest.approx(
        (base.bare.capacity / 36000, base.error(lambda bare, _: bare.capacity) / 36000)
    )
    depths = depth_table({"base": base})
    assert depths.loc[("base", "perforated"), "porous"].numbers[0][0] == pytest.approx(
        100 * base.perforated.depth.hpd
    )
    assert depths.loc[("base", "bare"), "porous"] == ""
    claims, judged = claim_table({"base": base}), base.judged()
    assert claims.loc["p4d-3c-capacity", "base"] == "fails"
    margin = claims.loc["p4d-overpotential", "base: margin"].numbers[0]
    assert margin == pytest.approx([1e3 * number for number in judged["p4d-overpotential"][2:4]])
