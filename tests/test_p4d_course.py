"""Currents and powers that follow a course, and runs that are stopped and gone on with."""

from dataclasses import replace

import numpy as np
import pytest

from rampore import materials
from rampore.p4d import examples
from rampore.p4d.cell import Lithium
from rampore.p4d.checkpoint import Checkpoint
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Mesh, Step, TimeCourse, Tolerances, simulate

COARSE = Mesh((8, 4, 8))
CELL = examples.chen_2020()
TIMES = np.arange(0.0, 65.0, 4.0)
RATES = 0.6 + 1.4 * np.sin(TIMES / 5.0)  # over 1C, in both directions


def course(held=False, scale=CELL.one_c):
    return TimeCourse(tuple(TIMES), tuple(scale * RATES), held)


def run(*steps, cell=CELL, **options):
    return simulate(cell, steps, COARSE, **options)


# What is imposed


@pytest.mark.parametrize("held", [False, True])
def test_every_point_of_a_course_is_met_and_so_is_its_charge(held):
    data = run(Step("rest", until_time=10.0), Step("current", course=course(held))).step(1)
    assert set(10.0 + TIMES) <= set(data.time.values)
    currents = data.set_index(time="time").current_density.sel(time=10.0 + TIMES[1:]).values
    after = RATES[:-1] if held else RATES[1:]
    assert currents / CELL.one_c == pytest.approx(after, rel=1e-6)
    pieces = RATES[:-1] if held else 0.5 * (RATES[1:] + RATES[:-1])
    passed = float(data.capacity[-1] - data.capacity[0]) / CELL.one_c
    # the first step in time, of a few ms, is of first order
    assert passed == pytest.approx(pieces @ np.diff(TIMES), rel=1e-12 if held else 1e-6)


def test_a_level_that_stays_is_a_constant_current():
    whole = run(Step("current", CELL.one_c, until_time=60.0))
    levels = run(Step("current", course=TimeCourse((0.0, 60.0), (CELL.one_c, 7.0), held=True)))
    assert levels.dataset.identical(whole.dataset)


def test_a_course_of_levels_is_a_protocol_of_as_many_steps():
    course_ = run(Step("current", course=course(held=True)))
    steps = [
        Step("current", rate * CELL.one_c, until_time=time)
        for rate, time in zip(RATES[:-1], np.diff(TIMES), strict=True)
    ]
    apart = run(*steps)
    assert course_.ends == ("time",)
    np.testing.assert_allclose(course_.dataset.voltage, apart.dataset.voltage, atol=1e-12)
    np.testing.assert_allclose(course_.dataset.capacity, apart.dataset.capacity, rtol=1e-12)
    jumps = apart.dataset.jump.values
    assert np.array_equal(course_.dataset.jump.values, jumps)
    assert jumps.sum() == 1 + len(steps)  # the state that it starts from counts as one


def test_a_course_of_the_power_that_a_current_took_repeats_the_current():
    currents = run(Step("current", course=course()), field_times=np.arange(0.0, 64.0, 0.25))
    data = currents.dataset
    t, first = np.unique(data.time.values, return_index=True)
    power = (data.voltage * data.current_density).values[first]
    power[0] = power[1]
    again = run(Step("power", course=TimeCourse(tuple(t), tuple(power)))).dataset
    met = again.set_index(time="time").current_density.sel(time=TIMES[2:]).values
    assert met / CELL.one_c == pytest.approx(RATES[2:], abs=1e-3)


def test_a_course_is_left_at_its_cut_off_from_the_side_on_which_it_began():
    down = run(Step("current", course=course(), until_voltage=4.0))
    assert down.ends == ("voltage",)
    assert float(down.dataset.voltage[-1]) == pytest.approx(4.0, abs=2e-6)
    assert down.dataset.time[-1] < TIMES[-1]
    discharged = Step("current", CELL.one_c, until_time=600.0)
    up = run(discharged, Step("current", course=course(), until_voltage=3.98))
    assert up.ends == ("time", "voltage")
    assert float(up.dataset.voltage[-1]) == pytest.approx(3.98, abs=2e-6)
    whole = run(Step("current", course=course(), until_voltage=2.5))
    assert whole.ends == ("time",)
    part = run(Step("current", course=course(), until_time=30.0))
    assert float(part.dataset.time[-1]) == 30.0


def test_a_jump_within_a_course_beyond_its_cut_off_ends_it_there():
    levels = TimeCourse((0.0, 10.0, 20.0), (CELL.one_c, 1000 * CELL.one_c, 0.0), held=True)
    solution = run(Step("current", course=levels, until_voltage=2.5))
    assert solution.ends == ("voltage",)
    assert float(solution.dataset.time[-1]) == pytest.approx(10.0)
    assert solution.capacity == pytest.approx(10.0 * CELL.one_c, rel=1e-9)


def test_the_error_of_a_course_follows_the_tolerance_in_time():
    t = TIMES[1:]

    def voltage(tolerance):
        data = run(Step("current", course=course()), tolerances=Tolerances(time=tolerance)).dataset
        return data.set_index(time="time").voltage.sel(time=t).values

    exact = voltage(1e-6)
    errors = [np.abs(voltage(tolerance) - exact).max() for tolerance in (1e-3, 1e-4)]
    assert errors[0] < 1e-3
    # the tolerance is of the order of h^3, the error of h^2
    assert errors[1] < errors[0] / 10**0.5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TimeCourse((0.0,), (1.0,)), "two points or more"),
        (lambda: TimeCourse((0.0, 1.0), (1.0, 2.0, 3.0)), "2 times and 3 values"),
        (lambda: TimeCourse((1.0, 2.0), (1.0, 2.0)), "begin at 1 s, not at 0"),
        (lambda: TimeCourse((0.0, 2.0, 2.0), (1.0, 2.0, 3.0)), "times must increase"),
        (lambda: TimeCourse((0.0, 2.0), (1.0, np.nan)), "course: values"),
        (lambda: Step("voltage", course=course()), "a current or a power has one"),
        (lambda: Step("current", 1.0, course=course()), "value = 1 has no effect beside a course"),
        (lambda: Step("current", until_capacity=1.0, course=course()), "until_capacity = 1 does"),
        (lambda: Step("current", until_time=99.0, course=course()), "beyond the end of its course"),
    ],
)
def test_a_course_that_makes_no_sense_is_refused(make, message):
    with pytest.raises(CellError, match=message):
        make()


# Stopped and gone on with


def swelling():
    negative = CELL.negative
    material = replace(negative.materials[0], volume_law=lambda x: 1.0 + 0.13 * x)
    return replace(CELL, negative=replace(negative, materials=(material,)))


CELLS = {
    "full": CELL,
    "half": replace(CELL, negative=Lithium(materials.ExchangeCurrent(20.0, salt=0.3))),
    "layered": replace(CELL, positive=replace(CELL.positive, double_layer=0.2)),
    "swelling": swelling(),
    "two materials": examples.ai_2022(),
}
PROTOCOL = (
    Step("current", CELL.one_c, until_time=100.0),
    Step("current", course=course()),
    Step("current", course=course(held=True)),
    Step("rest", until_time=50.0),
)


@pytest.mark.parametrize("name", CELLS)
def test_a_run_that_was_stopped_gives_what_it_had_given_undisturbed(name):
    points: list[Checkpoint] = []
    stops = [50.0, 130.0]
    whole = run(*PROTOCOL, cell=CELLS[name], on_checkpoint=points.append, field_times=stops)
    for place in (0.01, 0.3, 0.6, 0.99):
        point = Checkpoint.from_bytes(points[int(place * len(points))].to_bytes())
        again = run(*PROTOCOL, cell=CELLS[name], since=point, field_times=stops)
        assert again.dataset.identical(whole.dataset)
        assert again._replace(dataset=None) == whole._replace(dataset=None)


def test_an_interruption_leaves_the_last_accepted_state():
    points: list[Checkpoint] = []

    def stop(state):
        if state.time > 120.0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(*PROTOCOL, on_checkpoint=points.append, progress=stop)
    assert points[-1].step == 1
    assert points[-1].time <= 120.0
    states = []
    again = run(*PROTOCOL, since=points[-1], progress=states.append)
    assert states[0].time > 120.0  # nothing is computed twice
    assert again.dataset.identical(run(*PROTOCOL).dataset)


def test_what_is_gone_on_with_is_of_the_same_cell_on_the_same_mesh():
    points: list[Checkpoint] = []
    run(Step("rest", until_time=1.0), on_checkpoint=points.append)
    with pytest.raises(CellError, match="of another cell, or of another mesh"):
        simulate(CELL, [Step("rest", until_time=1.0)], Mesh((6, 4, 8)), since=points[0])


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_holds_no_state_is_refused(content):
    with pytest.raises(CellError, match="does not hold where a run stands"):
        Checkpoint.from_bytes(content)
