"""The positive control: the effective medium, the cells, and what a data set of pairs says."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from rampore.closures import Closure
from rampore.lim2026 import control, known, parameters
from rampore.lim2026.sweeps import control as pairs
from rampore.p4d.balance import capacities
from rampore.p4d.errors import CellError
from rampore.structure import Coating, Structure

GIVEN = parameters.load()


@pytest.fixture(autouse=True)
def known_cubes(monkeypatch):
    """Fifteen cubes take seconds, and only their fit is wanted."""
    monkeypatch.setattr(control, "_cubes", lambda: Closure("cubes", 3.1, 1.9))


def lithium(cell):
    """That both electrodes hold [C/m2]."""
    both = [pair for side in ("negative", "positive") for pair in capacities(cell, side)]
    return sum(capacity * material.stoichiometry for capacity, material in both)


# Exact values


@pytest.mark.parametrize(
    ("exponent", "gain"), [(1.0, 1.0), (1.1, 1.0015), (1.5, 1.011), (2.0, 1.030), (3.0, 1.098)]
)
def test_mixing_19_and_28_per_cent_gains_what_convexity_says(exponent, gain):
    table = control.medium({"law": Closure("law", exponent, 0.3)}, 0.19, 0.28, 0.208)
    assert 1 + table.gain["law"] == pytest.approx(gain, abs=5e-4)
    assert table.slope["law"] == pytest.approx(exponent, rel=1e-6)
    assert table.open["law"] == pytest.approx(0.3)


def test_of_two_powers_the_gain_is_that_of_the_square_by_hand():
    """0.8 x 0.19^2 + 0.2 x 0.28^2 over 0.208^2, less 1."""
    table = control.medium({"square": Closure("square", 2.0)}, 0.19, 0.28, 0.208)
    assert table.gain["square"] == pytest.approx(0.04456 / 0.043264 - 1, rel=1e-12)


def test_the_impedance_law_gives_open_electrolyte_a_fifth_of_what_it_conducts():
    table = control.medium(control.closures(GIVEN), 0.19, 0.28, 0.208)
    assert table.open["impedance law"] == pytest.approx(1 / 4.7)
    assert table.open["Bruggeman"] == table.open["percolation"] == pytest.approx(1.0)
    assert len(table) == 5


def test_a_threshold_above_the_denser_part_lets_only_the_other_conduct():
    """At 0.2 the 19 % conduct nothing, and the 28 % all."""
    table = control.medium({"t": Closure("t", 1.0, 1.0, 0.2)}, 0.19, 0.28, 0.208)
    assert 1 + table.gain["t"] == pytest.approx(0.2 * 0.08 / 0.008)


def test_the_pitch_of_the_law_leaves_ribs_of_twice_the_thickness():
    """L = 85.2 um, and channels take a fifth; in the plane the square root counts."""
    assert control.law_pitch(1.0) == pytest.approx(2 * 85.2 / 0.8)
    assert control.law_pitch(4.0) == pytest.approx(4 * 85.2 / 0.8)


@pytest.mark.parametrize(("offset", "share"), [(0.0, 1.0), (1.0, 1.0), (15.0, 0.0)])
def test_a_cathode_within_the_anode_is_faced_and_one_beyond_it_is_not(offset, share):
    assert pairs.faced(offset) == share


def test_half_out_of_line_discs_face_what_counting_points_says():
    x, y = np.meshgrid(*(np.linspace(-7, 7, 1401),) * 2)
    within = np.hypot(x, y) <= 7
    both = within & (np.hypot(x - 4, y) <= 8)
    assert pairs.faced(4.0) == pytest.approx(both.sum() / within.sum(), abs=1e-3)


# Cells


def test_the_literatures_cell_holds_what_it_is_said_to():
    asked, cell = control.readings()["literature_cell"], control.literature_cell()
    ((held, _),) = capacities(cell, "negative")
    assert held / 36000 == pytest.approx(asked["np_ratio"] * asked["areal_capacity"], rel=1e-9)
    assert cell.one_c == pytest.approx(10 * asked["areal_capacity"])
    assert cell.open_circuit_voltage == pytest.approx(cell.upper_cutoff, abs=1e-9)
    empty = control.literature_cell(full=False)
    assert empty.open_circuit_voltage == pytest.approx(empty.lower_cutoff, abs=0.01)


@pytest.mark.parametrize("solid", ["removed", "pressed"])
def test_a_charge_moves_lithium_and_makes_none(solid):
    cut = control.channels(40, 100)
    structure = Structure(channels=(cut,), negative=Coating(solid=solid))
    empty = control.literature_cell(structure, full=False)
    full = control.charged(empty)
    assert lithium(full) == pytest.approx(lithium(empty), rel=1e-12)
    share = cut.open_fraction if solid == "removed" else 0.0
    plain = capacities(control.literature_cell(full=False), "negative")[0][0]
    assert capacities(empty, "negative")[0][0] == pytest.approx((1 - share) * plain, rel=1e-9)


def test_a_cell_of_too_little_graphite_cannot_be_charged():
    empty = control.literature_cell(full=False)
    thin = replace(empty, negative=replace(empty.negative, thickness=20e-6))
    with pytest.raises(CellError, match="full below"):
        control.charged(thin)


@pytest.mark.parametrize("change", ["gradient", "thickness", "channel", "conductivity"])
def test_what_a_designer_changes_at_one_mass_leaves_the_mass(change):
    size = control.readings()["levers"][change][0]
    case = pairs._case("lever", "impedance law", 6.0, change, float(size), 5.0)
    plain, changed, faced = pairs._of_lever(case)
    held = [
        sum(capacity for capacity, _ in capacities(each, "negative")) for each in (plain, changed)
    ]
    assert held[1] == pytest.approx(held[0], rel=1e-9)
    assert faced == 1.0


def test_less_of_both_coatings_is_in_the_same_state():
    case = pairs._case("lever", "impedance law", 6.0, "loading", 0.9, 5.0)
    plain, changed, _ = pairs._of_lever(case)
    assert lithium(changed) == pytest.approx(0.9 * lithium(plain), rel=1e-12)
    assert changed.open_circuit_voltage == pytest.approx(plain.open_circuit_voltage, abs=1e-12)


def test_more_anode_holds_what_its_own_loss_leaves():
    """The loss of the first charge grows with the anode: a tenth of it more is gone."""
    case = pairs._case("lever", "impedance law", 6.0, "np_ratio", 1.1, 5.0)
    plain, changed, _ = pairs._of_lever(case)
    _, lost = pairs._paper_cell("impedance law", 6.0)
    assert lithium(plain) - lithium(changed) == pytest.approx(0.1 * lost, rel=1e-6)
    held = [sum(q for q, _ in capacities(each, "negative")) for each in (plain, changed)]
    assert held[1] == pytest.approx(1.1 * held[0], rel=1e-9)


def test_the_three_cells_of_the_paper_hold_the_same_solid():
    case = pairs._case("paper", "impedance law", 6.0, "holes", 0.0, 5.0)
    bare, perforated, _ = pairs._of_paper(case)
    _, channelled, _ = pairs._of_paper(case | {"change": "channel"})
    held = [
        sum(q for q, _ in capacities(each, "negative")) for each in (bare, perforated, channelled)
    ]
    assert held == pytest.approx([held[0]] * 3, rel=1e-6)
    assert bare.contact_negative == perforated.contact_negative


def test_every_pair_is_asked_for_once():
    found = [tuple(case.values()) for case in pairs.cases()]
    assert len(set(found)) == len(found)
    coarse, full = (len(pairs.plan(coarse).cases) for coarse in (True, False))
    asked, levers = control.readings(), control.readings()["levers"]
    rungs = sum(len(levers[name]) for name in pairs.LEVERS)
    assert full - coarse == rungs * len(asked["closures"])


# What a data set says


def table(gains, part="lever", change="channel", plain=1.0, error=0.01):
    sizes = np.arange(1.0, len(gains) + 1)
    count = len(gains)
    columns = {
        "part": [part] * count,
        "closure": ["a"] * count,
        "change": [change] * count,
        "size": sizes,
        "rate": [5.0] * count,
        "plain": [plain] * count,
        "gain": gains,
        "gain_error": [error] * count,
    }
    return xr.Dataset({name: ("case", np.array(values)) for name, values in columns.items()})


def test_the_smallest_change_lies_on_the_line_between_two_rungs():
    found = known.reach(table([0.1, 0.3, 0.5]), "a", "channel")
    assert found.size == pytest.approx(1.5)
    assert found.error == pytest.approx(0.05)
    assert (found.most, found.most_error) == pytest.approx((0.5, 0.01))
    assert known.reach(table([0.4]), "a", "channel").size == pytest.approx(0.5)  # from no change on
    assert known.reach(table([0.4], change="loading"), "a", "loading").size == pytest.approx(1.0)
    never = known.reach(table([0.1, 0.15]), "a", "channel")
    assert np.isnan(never.size)
    assert never.most == pytest.approx(0.15)
    nothing = known.reach(table([np.nan]), "a", "channel")
    assert np.isnan(nothing.most)


@pytest.mark.parametrize(
    ("gain", "error", "plain", "word"),
    [
        (0.03, 0.01, 1.0, "finds it"),
        (-0.03, 0.01, 1.0, "finds the opposite"),
        (0.03, 0.04, 1.0, "too close"),
        (0.003, 0.001, 1.0, "finds none"),
        (np.nan, np.nan, 0.0, "carries nothing"),
        (np.nan, np.nan, np.nan, "too close"),
    ],
)
def test_a_gain_is_read_by_its_error_and_by_the_smallest_that_counts(gain, error, plain, word):
    row = {"plain": plain, "gain": gain, "gain_error": error}
    assert known.status(row, 0.005) == word
    assert set(known.STATUSES) == set(control.readings()["reading"]["statuses"])


@pytest.mark.parametrize(
    ("gains", "found"),
    [([0.5, 0.3, 0.1], True), ([0.1, 0.3, 0.5], False), ([0.3, 0.299, 0.1], None)],
)
def test_denser_holes_have_to_give_more_at_each_step(gains, found):
    """The sizes are pitches: the smallest comes first here."""
    one = known._rising(known.rows(table(gains, "raju", "drilled")), 0.005)
    assert one.found is found
    assert one.value == gains[0]


def test_a_first_plating_that_never_comes_is_later_than_any():
    row = table([0.1], "nrel").to_dataframe().iloc[0]
    row = row.reindex([*row.index, "plain_plates", "changed_plates", "margin", "margin_error"])
    both = {"plain_plates_error": 1.0, "changed_plates_error": 1.0}
    for name, value in both.items():
        row[name] = value
    row["margin"], row["margin_error"] = 0.01, 0.002
    assert known._later(row).unit == "V"
    assert known._later(row).found is True
    row["plain_plates"] = 100.0
    assert known._later(row).found is True
    row["changed_plates"] = 101.0
    assert known._later(row).found is None
    row["changed_plates"] = 90.0
    assert known._later(row).found is False


def test_what_is_not_there_is_refused():
    with pytest.raises(CellError, match="no pair has"):
        known.rows(table([0.1]), part="paper")
    with pytest.raises(CellError, match="channel"):
        known.reach(table([0.1]), "a", "chanel")


# In words


def test_a_smallest_change_is_told_with_its_error_or_why_there_is_none():
    assert known.reach_text(known.Reach(1.05, 0.02, 0.3, 0.01)) == "1.05 ± 0.02"
    assert known.reach_text(known.Reach(np.nan, np.nan, 0.12, 0.01)) == "not within: +12 ± 1 %"
    assert known.reach_text(known.Reach(*[np.nan] * 4)) == "carries nothing"


def test_the_spread_is_the_least_and_the_most_over_the_closures():
    found = {
        ("loading", "a"): known.Reach(0.97, 0.001, 0.5, 0.01),
        ("loading", "b"): known.Reach(0.92, 0.001, 0.5, 0.01),
        ("temperature", "a"): known.Reach(2.0, 0.1, 0.5, 0.01),
        ("contact", "a"): known.Reach(2.0, 0.1, 0.5, 0.01),
    }
    text = known.smallest_spread(found)
    assert text == "Where a change does it, it takes 3.0 to 8.0 % of loading, 2.0 to 2.0 K."
    assert "No change" in known.smallest_spread({("loading", "a"): known.Reach(*[np.nan] * 4)})


def test_a_first_plating_is_told_in_the_unit_of_the_charge():
    row = {"plain_plates": 18000.0, "plain_plates_error": 360.0, "changed_plates": np.nan}
    assert known.plating(row, "plain") == "0.50 ± 0.01"
    assert known.plating(row, "changed") == "not before the end"


def test_half_of_the_exact_gain_is_read_between_two_pitches():
    pitches = control.readings()["limits"]["pitches"]
    gain = np.array([1.0, 0.9, 0.6, 0.4, 0.3, 0.2, 0.1])
    limits = known.ExactLimits(1.0, 0.0, np.array([0.99]), {1.0: (gain, 0 * gain + 0.02)})
    apart = pitches[3] - pitches[2]
    middle = pitches[2] + apart / 2
    assert limits.half_pitch(1.0) == pytest.approx((middle, apart * 0.02 / 0.2))
    assert limits.miss == pytest.approx(-0.01)
