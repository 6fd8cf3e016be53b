"""How thick a cell becomes along a protocol: closed forms, bounds of several runs, curves beside
them, pores that close, refusals.
"""

from dataclasses import replace

import numpy as np
import pytest

from rampore.p4d.dilation import (
    Bounds,
    bounds_over_charge,
    bounds_over_time,
    dataset,
    departure,
    dilate,
)
from rampore.p4d.errors import CellError
from rampore.p4d.examples import marquis_2019
from rampore.p4d.solution import Mesh, Step

COARSE = Mesh((5, 2, 5), modes=4)
GROWTH = 0.13  #: of the graphite from empty to full [-]
CURRENT = 12.0  # [A/m2]


def swelling(growth):
    cell = marquis_2019()
    (graphite,) = cell.negative.materials
    graphite = replace(graphite, volume_law=lambda x: 1 + growth * x, stoichiometry=0.2)
    (oxide,) = cell.positive.materials
    return replace(
        cell,
        negative=replace(cell.negative, materials=(graphite,)),
        positive=replace(cell.positive, materials=(replace(oxide, stoichiometry=0.85),)),
    )


def there_and_back(cell, seconds=3000.0):
    return [
        Step("current", -CURRENT, until_voltage=cell.upper_cutoff, until_time=seconds),
        Step("rest", until_time=300.0),
        Step("current", CURRENT, until_voltage=cell.lower_cutoff, until_time=0.8 * seconds),
    ]


@pytest.fixture(scope="module")
def runs():
    cell = swelling(GROWTH)
    return [dilate(cell, there_and_back(cell), sharing, COARSE) for sharing in (0.0, 0.5, 1.0)]


def test_a_free_stack_thickens_by_what_its_solid_gains_over_the_share_of_solid(runs):
    """Of an even law the volume is that of the mean stoichiometry, however uneven the cell."""
    cell = swelling(GROWTH)
    (graphite,), free = cell.negative.materials, runs[-1]
    x = free.solution.dataset.stoichiometry_negative_graphite.values
    grown = GROWTH * (x - x[0]) / (1 + GROWTH * x[0]) * graphite.fraction
    expected = cell.negative.thickness * grown / (1 - cell.negative.porosity)
    assert free.change() == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert free.change("thickness_negative") == pytest.approx(free.change(), abs=1e-15)
    assert np.all(free.change("thickness_positive") == 0)
    assert free.porosity == pytest.approx(0.3, rel=1e-9)


def test_a_rigid_stack_keeps_its_thickness_and_loses_pores(runs):
    rigid = runs[0]
    assert np.all(rigid.change() == 0)
    most = np.argmax(rigid.charge)
    assert rigid.porosity[most] == rigid.porosity.min() < 0.3


def test_the_charge_is_what_was_taken_up_and_the_thickness_follows_it_both_ways(runs):
    for run in runs:
        assert run.charge[0] == 0
        assert run.charge.max() == pytest.approx(3000 * CURRENT, rel=1e-6)
        assert run.charge[-1] == pytest.approx(0.2 * 3000 * CURRENT, rel=1e-6)
    free = runs[-1]
    slope = free.change()[1:] / free.charge[1:]
    assert slope == pytest.approx(slope[0], rel=1e-6)  # one host, an even law: no loop


def test_bounds_are_the_ends_of_the_sharings_over_time_and_over_charge(runs):
    time = np.array([0.0, 1500.0, 2999.0])
    over_time = bounds_over_time(runs, time)
    charge = CURRENT * time
    over_charge = bounds_over_charge(runs, charge)
    for least, most in (over_time, over_charge):
        assert np.all(least == 0)
        assert most == pytest.approx(time / 3000 * runs[-1].change().max(), rel=1e-5)


def test_bounds_hold_the_whole_loop_of_a_run_and_nothing_where_none_has_been(runs):
    """Both ways through a charge count, and the state that each step starts from."""
    free = runs[-1]
    charge = free.charge[free.charge > 0.2 * free.charge.max()]
    change = free.change()[free.charge > 0.2 * free.charge.max()]
    least, most = bounds_over_charge([free], charge)
    assert np.all(least <= change + 1e-15)
    assert np.all(most >= change - 1e-15)
    beyond = bounds_over_charge(runs, np.array([-1.0, 1.01 * free.charge.max()]))
    assert np.isnan(beyond).all()
    assert np.isnan(bounds_over_time(runs, np.array([1e9]))).all()


def test_a_run_that_has_ended_leaves_the_bounds_in_time_to_the_others(runs):
    short = runs[1]
    cut = short.solution.dataset.isel(time=slice(0, short.time.size // 2))
    short = short._replace(solution=short.solution._replace(dataset=cut))
    late = np.array([runs[2].time[-1]])
    assert bounds_over_time([short, runs[2]], late).least == runs[2].change()[-1]


def test_a_curve_departs_by_what_it_lies_above_the_most_or_below_the_least():
    bounds = Bounds(np.array([0.0, 1.0, 1.0, np.nan]), np.array([0.0, 2.0, 2.0, np.nan]))
    beside = departure(bounds, np.array([0.0, 2.5, 0.75, 9.0]))
    assert beside.excess.tolist() == [0.0, 0.5, -0.25, 0.0]
    assert beside.judged.tolist() == [True, True, True, False]
    assert beside.outside.tolist() == [1, 2]


def test_pores_that_close_end_a_step_by_name_and_the_next_one_goes_on_from_there():
    cell = swelling(5.0)
    rigid = dilate(cell, there_and_back(cell), 0.0, COARSE)
    assert rigid.solution.ends[0] == "porosity"
    assert rigid.porosity[rigid.closed] == pytest.approx(0.01, abs=1e-5)
    assert rigid.time[rigid.closed] < 3000
    assert rigid.charge[-1] < 0.5 * rigid.charge[rigid.closed]
    assert rigid.porosity[-1] > 0.1
    free = dilate(cell, there_and_back(cell), 1.0, COARSE)
    assert free.closed is None


def test_all_states_stand_in_one_data_set_with_a_unit_each(runs):
    data = dataset(runs)
    assert dict(data.sizes) == {"state": sum(run.time.size for run in runs)}
    assert all(variable.attrs["units"] for variable in data.values())
    free = data.isel(state=data.sharing.values == 1)
    assert free.thickness.values - free.thickness.values[0] == pytest.approx(runs[-1].change())
    assert free.charge.values == pytest.approx(runs[-1].charge)
    assert free.time.values == pytest.approx(runs[-1].time)


def test_a_cell_that_keeps_its_volume_and_a_sharing_that_is_none_are_refused():
    cell = swelling(GROWTH)
    with pytest.raises(CellError, match="no material has a volume_law"):
        dilate(marquis_2019(), there_and_back(cell), 0.5, COARSE)
    with pytest.raises(CellError, match="sharing"):
        dilate(cell, there_and_back(cell), -0.1, COARSE)
