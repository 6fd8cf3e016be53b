"""Tables of cyclers: charge and energy of a run, the Battery Data Format, measured curves."""

import re

import numpy as np
import pytest

from rampore.cycler import (
    IMPOSED,
    STRAIGHT,
    CyclerError,
    CyclerSeries,
    MeasuredCurve,
    battery_data,
    misfit,
    polyline,
    read_cycle,
    read_measured,
)

#: Labels that the format prefers, as its description lists them (Battery Data Alliance).
REQUIRED = ("Test Time / s", "Voltage / V", "Current / A")
OTHERS = ("Step Count / 1", "Ambient Temperature / degC", "Net Capacity / Ah")


def series():
    """100 s at 20 A/m2 and 4 V, 100 s of rest at 4 V, 50 s of charge at 40 A/m2 and 5 V; each step
    begins with a jump.
    """
    times = [[0.0], np.linspace(1, 100, 12), np.linspace(101, 200, 7), np.linspace(201, 250, 9)]
    values = [(4.0, 0.0, 0), (4.0, 20.0, 0), (4.0, 0.0, 1), (5.0, -40.0, 2)]
    columns = [
        (time, *(np.full(len(time), value) for value in row))
        for time, row in zip(times, values, strict=True)
    ]
    made = [np.concatenate(column) for column in zip(*columns, strict=True)]
    return CyclerSeries(*made, jump=np.isin(np.arange(made[0].size), [0, 1, 13, 20]))


# A run


def test_a_current_counts_from_the_instant_that_its_step_begins():
    run = series()
    assert run.charge[[12, 19, -1]] == pytest.approx([2000.0, 2000.0, 0.0])
    assert run.totals == pytest.approx((2000.0, 2000.0, 8000.0, 10000.0))


def test_the_steps_of_a_run_add_up_to_it():
    run = series()
    parts = [run.part(number).totals for number in range(3)]
    assert np.sum(parts, axis=0) == pytest.approx(np.array(run.totals))
    assert [part.time[0] for part in map(run.part, range(3))] == [0.0, 100.0, 200.0]


def test_a_step_that_ended_before_it_began_is_empty_and_the_next_begins_where_it_stood():
    run = series()
    run = CyclerSeries(*(column[run.step != 1] for column in run))
    assert run.part(1).time.size == 0
    assert run.part(2).time[0] == 100.0
    assert np.unique(run.drawn().step).tolist() == [0, 2]


def test_points_between_the_steps_change_neither_charge_nor_the_jumps():
    time = np.concatenate([[0.0, 1e-3], np.linspace(5.0, 100.0, 20), [100.001], 100 + time_fine()])
    step = np.where(time <= 100.0, 0, 1)
    current = np.where(step == 0, 10.0, -20.0)
    current[0] = 0.0
    voltage = np.where(step == 0, 4.0 - 1e-4 * (time / 10) ** 3, 3.5 + 1e-3 * np.sqrt(time))
    jump = np.isin(time, [1e-3, 100.001])
    run = CyclerSeries(time, voltage, current, step, jump)
    drawn = run.drawn()
    assert drawn.time.size > run.time.size
    assert np.isin(run.time, drawn.time).all()
    assert np.all(np.diff(drawn.time) > 0)
    assert drawn.charge[-1] == pytest.approx(run.charge[-1])
    assert set(drawn.current) == {0.0, 10.0, -20.0}
    assert drawn.voltage[np.isin(drawn.time, run.time)] == pytest.approx(run.voltage)


def time_fine():
    return np.linspace(5.0, 100.0, 20)


def test_a_run_that_has_only_begun_is_a_single_point():
    run = CyclerSeries(*(column[:1] for column in series()))
    assert run.charge.tolist() == [0.0]
    assert run.totals == (0.0, 0.0, 0.0, 0.0)
    assert run.drawn().time.tolist() == [0.0]


def test_straight_lines_between_the_points_are_the_curve_within_a_fifth_of_a_millivolt():
    """A knee of exponentials, in steps that grow with what is left of it; the first is a jump."""

    def curve(t):
        return 3.7 - 0.1 * np.exp(-t / 20.0) - 0.3 * np.exp((t - 1000.0) / 60.0)

    steps = np.concatenate([[1e-3], np.linspace(5.0, 95.0, 19), np.linspace(100.0, 1000.0, 91)])
    t, v = polyline(np.append(0.0, steps), np.append(4.1, curve(steps)))
    assert np.isin(steps, t).all()
    assert np.all(np.diff(t) > 0)
    assert v[:2] == pytest.approx([4.1, curve(steps[0])])
    fine = np.linspace(steps[0], 1000.0, 100_000)
    chords = np.abs(np.interp(fine, t, v) - curve(fine))
    assert chords.max() < 2 * STRAIGHT  # what the cubic itself misses is the rest
    assert np.abs(np.interp(fine, steps, curve(steps)) - curve(fine)).max() > 5 * STRAIGHT
    assert t.size < 4 * steps.size


# The Battery Data Format


def test_a_table_has_the_names_the_units_and_the_signs_of_the_format():
    table = battery_data(series(), area=0.5, temperature=298.15)
    assert tuple(table.columns) == REQUIRED + OTHERS
    at = table.set_index("Test Time / s")
    assert at.loc[100.0, "Current / A"] == -10.0  # it discharges
    assert at.loc[250.0, "Current / A"] == 20.0  # it charges
    assert at.loc[[100.0, 200.0, 250.0], "Step Count / 1"].tolist() == [1, 2, 3]
    assert at.loc[200.0, "Net Capacity / Ah"] == pytest.approx(-0.5 * 2000 / 3600)
    assert at.iloc[-1]["Net Capacity / Ah"] == pytest.approx(0.0)
    assert set(table["Ambient Temperature / degC"]) == {25.0}
    assert table["Test Time / s"].is_monotonic_increasing


def test_a_table_passes_the_validator_of_the_format():
    bdf = pytest.importorskip("bdf", reason="the extra `validation` is not installed")
    report = bdf.validate(battery_data(series(), area=0.5, temperature=298.15))
    assert report["ok"]
    assert not report["extras"]
    assert not report["legacy_labels"]


# A measured curve


def written(folder, heading, rows, separator=","):
    path = folder / "curve.csv"
    lines = [separator.join(map(str, row)) for row in (heading, *rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


ROWS = [(10.0, 4.0), (20.0, 3.9), (40.0, 3.7)]


@pytest.mark.parametrize(
    ("heading", "factors"),
    [
        (("Test Time / s", "Voltage / V"), (1.0, 1.0)),
        (("time_s", "voltage_V"), (1.0, 1.0)),
        (("time/s", "Ecell/V"), (1.0, 1.0)),
        (("Time (h)", "U [mV]"), (3600.0, 1e-3)),
        (("time / min", "voltage / kV"), (60.0, 1e3)),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_measured_curve_is_read_by_the_names_and_units_of_its_columns(
    heading, factors, separator, tmp_path
):
    curve = read_measured(written(tmp_path, heading, ROWS, separator))
    assert curve.time == pytest.approx(factors[0] * np.array([0.0, 10.0, 30.0]))
    assert curve.voltage == pytest.approx(factors[1] * np.array([4.0, 3.9, 3.7]))
    assert all(repr(name) in curve.understood for name in heading)


def test_the_time_of_the_test_is_told_from_other_times_by_its_name(tmp_path):
    heading = ("Step Time / s", "Current / A", "Test Time / s", "Voltage / V", "Aux / V", "Note")
    rows = [(0.0, 1.0, 5.0, 4.0, 9.0, "a"), (1.0, 1.0, 6.0, 3.9, 9.0, ""), (0, 0, 8.0, 3.8, 9, "")]
    curve = read_measured(written(tmp_path, heading, rows))
    assert curve.time.tolist() == [0.0, 1.0, 3.0]
    assert curve.voltage.tolist() == [4.0, 3.9, 3.8]


@pytest.mark.parametrize(
    ("heading", "message"),
    [
        (("charge / mAh", "Voltage / V"), "no column is a time, as 'time / s' would be"),
        (("time / s", "voltage"), "no column is a voltage, as 'voltage / V' would be"),
        (("time / s", "Time / h"), "'time / s' and 'Time / h' are both a time: keep one"),
        (("Step Time / s", "Unix Time / s"), "are both a time: keep one, or call one 'test time'"),
    ],
)
def test_a_table_without_a_curve_is_refused_by_the_columns_that_it_has(heading, message, tmp_path):
    with pytest.raises(CyclerError, match=re.escape(message)):
        read_measured(written(tmp_path, heading, ROWS))


def test_what_is_no_number_is_named_by_its_row(tmp_path):
    path = written(tmp_path, ("time / s", "voltage / V"), [*ROWS, (50.0, "n/a")])
    with pytest.raises(CyclerError, match="'n/a' in row 5 is no number"):
        read_measured(path)


def test_a_misfit_is_of_the_times_that_both_have():
    """The run is 2 mV above, and 4 mV above once; what was measured goes on for longer."""
    run = CyclerSeries(
        np.array([0.0, 1.0, 101.0]),
        np.array([4.2, 4.0, 3.9]),
        np.ones(3),
        np.zeros(3),
        np.array([False, True, False]),
    )
    time = np.array([0.0, 11.0, 51.0, 101.0, 200.0])
    there = np.array([4.0, 3.99, 3.95, 3.9, 1.0]) - np.array([0.0, 2e-3, 4e-3, 2e-3, 0.0])
    found = misfit(run, MeasuredCurve(time, there, ""))
    assert found.points == 3
    assert found.rms == pytest.approx(np.sqrt((2 * 2**2 + 4**2) / 3) * 1e-3)
    assert (found.largest, found.time) == pytest.approx((4e-3, 51.0))


def test_a_curve_that_begins_after_the_run_has_ended_is_refused():
    late = MeasuredCurve(np.array([0.0, 900.0]), np.array([4.0, 3.0]), "")
    with pytest.raises(CyclerError, match="no measured point lies between start and end"):
        misfit(series(), late)


# A drive cycle

DRIVEN = [(5.0, 2.0), (6.0, -1.0), (8.0, 0.0)]


@pytest.mark.parametrize(
    ("heading", "name", "positive", "sign"),
    [
        ("Discharge current / A", "a.csv", "", 1.0),
        ("Charge Current (A)", "a.csv", "", -1.0),
        ("discharge_current_A", "a.csv", "", 1.0),
        ("Current / A", "a.csv", "discharges", 1.0),
        ("Current / A", "a.csv", "charges", -1.0),
        ("Current / A", "a.bdf.csv", "", -1.0),
        ("Current / A", "a.bdf.csv", "charges", -1.0),
        ("Discharge current / A", "a.csv", "discharges", 1.0),
    ],
)
def test_the_sign_of_a_cycle_is_what_something_says(heading, name, positive, sign, tmp_path):
    path = written(tmp_path, ("Time / s", heading), DRIVEN).rename(tmp_path / name)
    cycle = read_cycle(path, positive)
    assert cycle.times == (0.0, 1.0, 3.0)
    assert cycle.values == (2.0 * sign, -1.0 * sign, 0.0)
    assert (cycle.kind, cycle.per) == ("current", "cell")
    assert f"positive where it {'discharges' if sign > 0 else 'charges'}" in cycle.understood


@pytest.mark.parametrize("unit", IMPOSED)
def test_a_cycle_has_the_unit_of_its_column(unit, tmp_path):
    rows = [(0, 3, 4), (1, 6, 4)]
    path = written(tmp_path, ("t / min", f"Discharge / {unit}", "Voltage / V"), rows)
    cycle = read_cycle(path)
    kind, factor, per = IMPOSED[unit]
    assert cycle[:4] == ((0.0, 60.0), (3.0 * factor, 6.0 * factor), kind, per)


@pytest.mark.parametrize(
    ("headings", "positive", "message"),
    [
        (("Time / s", "Current / A"), "", "nothing says whether a positive 'Current / A'"),
        (("Time / s", "Charge current / A"), "discharges", "leave out that it discharges"),
        (("Time / s", "Charge or discharge / A"), "", "nothing says whether a positive"),
        (("Time / s", "Voltage / V"), "", "no column is a current or a power"),
        (("Step", "Discharge / A"), "", "no column is a time"),
    ],
)
def test_a_cycle_that_leaves_something_open_is_refused(headings, positive, message, tmp_path):
    with pytest.raises(CyclerError, match=re.escape(message)):
        read_cycle(written(tmp_path, headings, DRIVEN), positive)


def test_a_cycle_with_a_current_and_a_power_is_refused(tmp_path):
    path = written(tmp_path, ("Time / s", "Discharge / A", "Discharge / W"), [(0, 1, 4), (1, 1, 4)])
    with pytest.raises(CyclerError, match="'Discharge / A' and 'Discharge / W' are both imposed"):
        read_cycle(path)


def test_times_of_a_cycle_follow_each_other(tmp_path):
    path = written(tmp_path, ("Time / s", "Discharge / A"), [(0, 1), (2, 1), (2, 3)])
    with pytest.raises(CyclerError, match="times must increase: 2 at row 3"):
        read_cycle(path)
