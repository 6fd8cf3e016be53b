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
from rampore.p4d.model import Mesh
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
    [
        ([0.5, 0.3, 0.1], True),
        ([0.1, 0.3, 0.5], False),
        ([0.3, 0.299, 0.1], None),
        ([0.5, 0.004, 0.003], True),
        ([0.004, 0.003, 0.002], None),
        ([0.5, np.nan, 0.1], None),
    ],
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
    # the coarser mesh gave nothing: known to itself alone
    assert known.reach_text(known.Reach(np.nan, np.nan, 0.12, np.nan)) == "not within: +12 ± 12 %"
    found = {(change, "a"): known.Reach(1.05, 0.02, 0.3, 0.01) for change in pairs.LEVERS}
    shown = known.lever_table(found)
    assert shown.loc["np ratio, × anode", "a"] == "1.05 ± 0.02"
    assert len(shown) == len(pairs.LEVERS)


def test_the_spread_is_the_least_and_the_most_over_the_closures():
    found = {
        ("loading", "a"): known.Reach(0.97, 0.001, 0.5, 0.01),
        ("loading", "b"): known.Reach(0.92, 0.001, 0.5, 0.01),
        ("temperature", "a"): known.Reach(2.0, 0.1, 0.5, 0.01),
        ("contact", "a"): known.Reach(2.0, 0.1, 0.5, 0.01),
    }
    text = known.smallest_spread(found)
    assert text == (
        "It takes, under so many of the closures, 3.0 ± 0.1 to 8.0 ± 0.1 % of loading (2 of 2), or "
        "2.0 ± 0.1 K (1 of 2)."
    )
    sizes = [value for value, _ in text.numbers[::2]]  # each before its error
    assert sizes == pytest.approx([3.0, 8.0, 2.0])
    assert text.masked == text.replace("3.0", "#").replace("8.0", "#").replace("2.0", "#").replace(
        "0.1", "#"
    )
    assert "No change" in known.smallest_spread({("loading", "a"): known.Reach(*[np.nan] * 4)})


def test_a_first_plating_is_told_in_the_unit_of_the_charge():
    row = {"plain_plates": 18000.0, "plain_plates_error": 360.0, "changed_plates": np.nan}
    assert known.plating(row, "plain") == "0.50 ± 0.01"
    assert known.plating(row, "changed") == "not before the end"


def several(**columns):
    """Pairs of a part, each column a list."""
    return xr.Dataset({name: ("case", np.array(values)) for name, values in columns.items()})


def of_paper(holes, channels, plain=1.0):
    """A gain by holes and one by channels, of one cell each closure."""
    count = len(holes)
    return several(
        part=["paper"] * 2 * count,
        separator=[6.0] * 2 * count,
        closure=[f"{n}" for n in range(count)] * 2,
        change=["holes"] * count + ["channel"] * count,
        rate=[5.0] * 2 * count,
        plain=np.broadcast_to(plain, 2 * count),
        gain=[*holes, *channels],
        gain_error=[0.01] * 2 * count,
    )


def test_a_cell_could_have_said_yes_where_channels_gain_and_holes_do_not():
    data = of_paper([-0.1, 0.0, 0.1, np.nan], [0.1, 0.1, 0.1, np.nan], [1.0, 1.0, 1.0, 0.0] * 2)
    found = known.answer(data, 0.005, 5.0)
    assert found == known.OwnCellAnswer(4, 1, 3, 1, apart=1, open_channels=0, open_holes=1)
    assert known.answer_text(found, 5.0) == (
        "At 5C 1 of 4 cells carry nothing. Of the others channels make 3 faster (0 too close to "
        "say), holes 1 (1 too close to say). Cells that gain by channels and not by holes, where "
        "the model could have said yes: 1."
    )
    channels = known.rows(data, change="channel", gain=[0.1])
    assert known.span(channels) == "+10 ± 1 % to +10 ± 1 %"
    with pytest.raises(CellError, match="no pair"):
        known.answer(data, 0.005, 3.0)


def habedank(gains):
    """A gain at each rate, graphite removed."""
    asked = control.readings()["habedank"]
    count = len(asked["rates"])
    return several(
        part=["habedank"] * count,
        change=[f"{asked['kind']}; {asked['partner']}"] * count,
        rate=asked["rates"],
        plain=[1.0] * count,
        gain=gains,
        gain_error=[0.001] * count,
    )


@pytest.mark.parametrize(
    ("at_3c", "word"), [(0.03, "below"), (0.04, "within"), (0.7, "within"), (0.73, "above")]
)
def test_a_size_on_discharge_is_held_beside_a_window_around_the_measured(at_3c, word):
    """A third of 11 % to three times 24 %."""
    text = known.window(habedank([0.0, 0.2, at_3c, 0.2, -0.1]), 0.005)
    assert text.startswith(f"The size at 3C lies {word} what would count as alike")
    assert text.endswith("4 to 72 %; of a gain, none is found at 1C, 5C.")
    everywhere = known.window(habedank([0.1, 0.2, at_3c, 0.2, 0.1]), 0.005)
    assert everywhere.endswith("of a gain, there is one at every rate.")


def of_nrel(**more):
    """Three pairs at 6C: over all the graphite, as much spread evenly, and pressed aside."""
    changes = ("removed; thickness and porosity", *(f"{kind}; mass and thickness" for kind in
               ("removed", "pressed")))  # fmt: skip
    columns = {
        "part": ["nrel"] * 3,
        "change": changes,
        "rate": [6.0] * 3,
        "plain": [36000.0, 54000.0, 36000.0],
        "plain_error": [360.0] * 3,
        "changed": [72000.0] * 3,
        "changed_error": [360.0] * 3,
        "gain": [1.0, 1 / 3, 0.05],
        "gain_error": [0.01, 0.01, 0.01],
        "margin": [0.004, 0.001, np.nan],
        "margin_error": [0.001] * 3,
    }
    return several(**columns | more)


def test_what_graphite_taken_away_gives_is_told_apart_from_its_channels():
    """Twice the charge by channels, 1.5 times by the same graphite without: 1.33 by the channels
    alone.
    """
    text = known.evenly(of_nrel(), "nrel")
    gains = text.numbers[::2]  # each before its error
    assert [value for value, _ in gains] == pytest.approx([100.0, 50.0, 100 / 3, 5.0])
    # of 1.5, 360 in 36000 and in 54000
    assert gains[1][1] == pytest.approx(150 * (0.01 + 0.01 / 1.5))
    assert "evenly, without any channel, by +50 ± 3 %;" in text


def test_what_a_charge_gives_is_told_in_the_unit_of_the_charge():
    shown = known.plating_table(of_nrel(plain_plates=[3600.0, np.nan, np.nan],
                                        plain_plates_error=[36.0] * 3))  # fmt: skip
    first = shown.loc["6C, removed; thickness and porosity"]
    assert first.tolist() == ["1.00 ± 0.01", "2.00 ± 0.01", "0.100 ± 0.001", "not before the end",
                              "+4 ± 1"]  # fmt: skip
    assert shown["margin gained, mV"].tolist()[-1] == "–"


def test_a_known_outcome_is_told_with_what_was_measured():
    found = {
        "habedank": known.Known(True, 0.5, 0.01, "1", "gain"),
        "nrel": known.Known(None, 0.3, np.nan, "1", "gain"),
        "chen_highly_ordered": known.Known(False, -3600.0, 360.0, "C/m2", "plating"),
    }
    shown = known.outcome_table(found)
    assert shown["size"].tolist() == ["+50 ± 1 %", "+30 ± 30 %", "−0.10 ± 0.01 mAh cm⁻²"]
    assert shown["known"].tolist() == ["+11 to +24 %", "more than +30 %", "a direction alone"]
    assert shown["direction"].tolist() == ["found", "too close to say", "not found"]
    assert shown.index.tolist() == ["Habedank 2018", "Tancin 2025", "Chen 2020"]


@pytest.mark.parametrize(
    ("directions", "within", "words"),
    [
        ((True, True), True, "finds what is known"),
        ((True, False), True, "finds what is known, but not Tancin 2025"),
        (
            (True, None),
            False,
            "finds what is known, but not a limit; Tancin 2025 is too close to say",
        ),
        ((False, None), True, "does not find what is known"),
    ],
)
def test_the_verdict_on_the_audit_names_what_is_not_found(directions, within, words):
    found = {
        name: known.Known(one, 0.1, 0.01, "1", "gain")
        for name, one in zip(("habedank", "nrel"), directions, strict=True)
    }
    said, why = known.verdict(found, {"a limit": within})
    assert said == words
    assert why.startswith(f"{directions.count(True)} of 2 known outcomes come out in direction")
    assert why.endswith(f"{int(within)} of 1 exact limits within what was asked.")


# The engine's exact limits, on as few boxes as find them


def test_the_engine_has_the_exact_limit_and_the_law_of_the_ribs():
    """Half as many columns as the chapter's coarser mesh: the fine pitch is the one-dimensional
    cell to what the chapter asks, the gain falls with the pitch, and the pitches of half the gain
    are apart as the square root of the anisotropy.
    """
    asked = control.readings()["limits"]
    limits = known.limits(Mesh((4, 2, 4), (4, 1)), Mesh((2, 1, 2), (2, 1)))
    assert abs(limits.miss) < asked["fine_tolerance"]
    for gain, _ in limits.gains.values():
        assert np.all(np.diff(gain) < 0)
        assert limits.exact > gain[0]
    halves = [limits.half_pitch(ratio)[0] for ratio in asked["anisotropies"]]
    ratio = np.sqrt(asked["anisotropies"][1])
    assert halves[1] / halves[0] == pytest.approx(ratio, rel=asked["law_ratio"])
    assert control.law_pitch(1.0) / halves[0] == pytest.approx(1.0, abs=asked["law_factor"] - 1)


def test_half_of_the_exact_gain_is_read_between_two_pitches():
    pitches = control.readings()["limits"]["pitches"]
    gain = np.array([1.0, 0.9, 0.6, 0.4, 0.3, 0.2, 0.1])
    limits = known.ExactLimits(1.0, 0.0, -0.01, 0.0, {1.0: (gain, 0 * gain + 0.02)})
    apart = pitches[3] - pitches[2]
    middle = pitches[2] + apart / 2
    assert limits.half_pitch(1.0) == pytest.approx((middle, apart * 0.02 / 0.2))
