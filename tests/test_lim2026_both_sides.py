"""The paper's electrode with a coating on each side: what equal sides are, and what unequal ones
pass.
"""

from dataclasses import replace

import numpy as np
import pytest

from rampore.lim2026 import both_sides, parameters
from rampore.lim2026.both_sides import Fullness
from rampore.lim2026.cells import PorositySet, Scenario
from rampore.lim2026.limits import readings
from rampore.lim2026.pairs import OnBoth
from rampore.p4d.balance import capacities
from rampore.p4d.cell import BACK
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Mesh, Step, Tolerances, simulate

GIVEN = parameters.load()
PERFORATED = Scenario(perforated=True, porosity=PorositySet.MASS_CONSERVING)
SMALL = Mesh((3, 2, 3), (1, 2), 1, 5)


def held(cell):
    return sum(capacity for capacity, _ in capacities(cell, "negative"))


@pytest.fixture(scope="module")
def unequal():
    return both_sides.both_faces(GIVEN, PERFORATED, 0.1)


@pytest.fixture(scope="module")
def runs(unequal):
    """A discharge at 0.5C and an hour of rest."""
    steps = [both_sides.current(unequal, 0.5), Step("rest", until_time=3600.0)]
    return both_sides.open_and_closed(unequal, steps, SMALL)


# Exact values


def test_a_side_is_the_papers_cell_with_half_the_depth_of_holes():
    side, _ = both_sides.face(GIVEN, PERFORATED)
    foil = GIVEN.perforation
    assert side.perforation.foil_thickness == pytest.approx(foil.foil_thickness / 2, rel=1e-12)
    saved = foil.open_fraction * foil.foil_thickness / 2
    assert side.negative.thickness == pytest.approx(GIVEN.negative.thickness - saved, rel=1e-12)
    both = both_sides.both_faces(GIVEN, PERFORATED)
    assert both.one_c == pytest.approx(2 * side.one_c, rel=1e-12)
    assert both.perforation.foil_thickness == pytest.approx(foil.foil_thickness, rel=1e-12)


@pytest.mark.parametrize("perforated", [False, True])
@pytest.mark.parametrize("difference", [0.0, 0.1])
def test_the_sides_differ_by_what_is_asked_and_their_mean_stays(perforated, difference):
    scenario = replace(PERFORATED, perforated=perforated)
    one, _ = both_sides.face(GIVEN, scenario)
    both = both_sides.both_faces(GIVEN, scenario, difference)
    thin, thick = (held(side) for side in both.faces().values())
    assert thin == pytest.approx((1 - difference / 2) * held(one), rel=1e-9)
    assert thick == pytest.approx((1 + difference / 2) * held(one), rel=1e-9)


def test_equal_mass_holds_what_bare_foil_does():
    bare, perforated = (
        both_sides.face(GIVEN, replace(PERFORATED, perforated=foil))[0] for foil in (False, True)
    )
    assert held(perforated) == pytest.approx(held(bare), rel=1e-9)


def test_the_thin_side_is_fuller_at_the_start_as_its_cathode_gives_as_much(unequal):
    thin, thick = unequal.faces().values()
    fill = [
        sum(c * m.stoichiometry for c, m in capacities(side, "negative")) / held(side)
        for side in (thin, thick)
    ]
    assert 0.05 < fill[0] - fill[1] < 0.1


def test_closed_holes_pass_nothing_and_open_ones_do(runs):
    through = [run.solution.dataset.lithium_through_holes.values for run in runs]
    assert np.all(through[1] == 0)
    assert through[0][-1] < 0  # from the thin side in front to the thick one behind


def test_the_time_to_a_share_is_where_the_difference_has_fallen_to_it():
    time = np.linspace(0, 10, 101)
    falling = Fullness(time, 0.1 * np.exp(-time) + 0.5, np.full(101, 0.5), None)
    assert both_sides.time_to(falling, 0.5) == pytest.approx(np.log(2), abs=2e-3)
    assert both_sides.time_to(falling._replace(thin=np.full(101, 0.6)), 0.5) == np.inf


@pytest.mark.parametrize(
    ("gain", "no_better"),
    [
        ([0.02, 0.05], False),
        ([0.0, 0.05], False),
        ([-0.0005, 0.05], False),  # less, but within the error
        ([-0.002, 0.05], True),  # less at some rate
        ([0.005, 0.009], True),  # nowhere more than can be read off
    ],
)
def test_a_cell_is_no_better_that_gives_less_somewhere_or_nowhere_more(gain, no_better):
    assert both_sides.does_no_better(np.array(gain), np.array([1e-3, 1e-3]), 0.01) is no_better


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.5, "even out"), (0.49, "even out in part"), (0.1, "stay apart"), (-0.2, "stay apart")],
)
def test_whether_holes_even_the_sides_out_is_said_in_the_words_of_the_readings(share, words):
    assert both_sides.standing(share) == words


def test_the_closures_are_those_that_were_written_down():
    assert list(both_sides.closures(GIVEN)) == readings("both_sides", "closures")["names"]


# What is conserved, and the same thing in two ways


def test_behind_closed_holes_half_of_the_current_makes_each_side_its_own_cell():
    """Both take steps of their own: 2e-5 V is more than those leave at this tolerance."""
    cell = both_sides.both_faces(GIVEN, PERFORATED, 0.1, tied=False)
    tight = Tolerances(time=1e-5)
    steps = [both_sides.current(cell, 1.0, until_time=300.0)]
    together = both_sides.follow(cell, steps, SMALL, holes=False, tolerances=tight)
    data = together.solution.dataset
    for name, side in zip(("voltage", "voltage_back"), cell.faces().values(), strict=True):
        step = Step("current", side.one_c, until_time=300.0)
        alone = simulate(side, [step], SMALL, tight).dataset
        assert float(data[name][-1]) == pytest.approx(float(alone.voltage[-1]), abs=2e-5)


def test_open_holes_even_the_sides_out_and_lose_nothing(runs):
    assert runs.closed.at_end(0) > 0.01
    assert runs.evened(0) > 0.5
    assert runs.evened(1) > 0.5
    for run in runs:
        assert run.solution.conservation.lithium < 1e-8
    given = runs.open.solution.dataset.capacity.values
    assert runs.open.passed(0) == pytest.approx(float(given[-1]), rel=1e-12)
    assert abs(runs.gain(0)) < 0.01


def test_a_cell_is_left_as_full_as_a_run_left_it(unequal, runs):
    left = both_sides.left_by(unequal, runs.closed)
    for name, side in left.faces().items():
        filled = sum(c * m.stoichiometry for c, m in capacities(side, "negative")) / held(side)
        along = runs.closed.thick if name == BACK else runs.closed.thin
        assert filled == pytest.approx(along[-1], rel=1e-9)


def test_two_equal_sides_stay_equal_and_nothing_passes():
    cell = both_sides.both_faces(GIVEN, PERFORATED)
    run = both_sides.follow(cell, [both_sides.current(cell, 1.0, until_time=600.0)], SMALL)
    assert np.abs(run.apart).max() < 1e-9


def test_cells_beside_each_other_know_the_error_of_their_ratio():
    """What the coarser mesh and the longer steps change of it together."""
    tests = [
        both_sides.Tested(np.array([fine]), np.array([rough]))
        for fine, rough in ((10.0, 9.5), (11.0, 9.9))
    ]
    pair = both_sides.beside(*tests)
    assert pair.ratio[0] == pytest.approx(1.1, rel=1e-12)
    assert pair.ratio_error[0] == pytest.approx(1.1 - 9.9 / 9.5, rel=1e-9)
    lone = both_sides.beside(*(test._replace(rough=None) for test in tests))
    assert np.isnan(lone.ratio_error[0])
    assert isinstance(lone, OnBoth)


def test_cycles_come_back_to_a_charge_held_at_the_cut_off(unequal):
    steps = both_sides.cycles(unequal, 1.0, 2)
    assert [step.mode for step in steps] == ["current", "current", "voltage"] * 2 + ["current"]
    run = both_sides.follow(unequal, steps[:4], SMALL, tolerances=Tolerances(time=3e-3))
    assert run.solution.ends == ("voltage", "voltage", "current", "voltage")


# Refusal


def test_refusal_of_holes_between_sides_that_are_not_there():
    side, _ = both_sides.face(GIVEN, PERFORATED)
    with pytest.raises(CellError, match="one side"):
        both_sides.closed(side, SMALL)


@pytest.mark.parametrize("difference", [-0.1, 2.0])
def test_refusal_of_a_difference_that_leaves_no_coating(difference):
    with pytest.raises(CellError, match="difference"):
        both_sides.both_faces(GIVEN, PERFORATED, difference)


def test_refusal_of_a_share_that_is_none(runs):
    with pytest.raises(CellError, match="share"):
        both_sides.time_to(runs.open, 0.0)
