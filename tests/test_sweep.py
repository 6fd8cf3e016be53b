"""Sweeps, with processes of this machine and on a local Dask cluster."""

import json
import math
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from rampore import RamporeError, sweep
from rampore.sweep import Journal, Outcome, SweepError, Workers

CASES = [{"x": float(x), "label": "even" if x % 2 == 0 else "odd"} for x in range(6)]


def squared(case):
    return {"square": case["x"] ** 2}


def refusing(case):
    if case["x"] == 2:
        raise RamporeError("no square of two today")
    return squared(case)


def breaking(case):
    if case["x"] == 5:
        raise ZeroDivisionError("five")
    return squared(case)


def noted(case):
    """Leaves one file for each start and each end, named after the process."""
    folder = Path(case["folder"])
    started = folder / f"{case['x']:.0f}.{os.getpid()}.started"
    started.touch()
    time.sleep(0.2)
    started.with_suffix(".ended").touch()
    return squared(case)


def killing(case):
    """Kills the worker, the first time that it meets this case."""
    mark = Path(case["folder"]) / "killed"
    if case["x"] == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return noted(case)


def planned(compute, cases, finer=None, group=lambda case: None):
    return sweep.Plan("squares", compute, cases, finer or {}, group, {"x": "m", "square": "m2"}, ("sweep.py",), {})


@contextmanager
def threads(count=1):
    with ThreadPoolExecutor(count) as executor:
        yield Workers(executor, count)


def fresh(tmp_path, version="1"):
    return Journal(tmp_path / "journal.jsonl", version)


def test_every_case_is_computed_and_comes_in_its_place(tmp_path):
    with threads(3) as workers:
        outcomes = sweep.run(squared, CASES, fresh(tmp_path), workers)
    assert [outcome.values["square"] for outcome in outcomes] == [case["x"] ** 2 for case in CASES]


def test_processes_of_this_machine_do_the_work(tmp_path):
    cases = [{"x": float(x), "folder": str(tmp_path)} for x in range(2)]
    with sweep.processes(2) as workers:
        outcomes = sweep.run(noted, cases, fresh(tmp_path), workers)
    assert [outcome.values["square"] for outcome in outcomes] == [0.0, 1.0]
    assert all(str(os.getpid()) not in path.name for path in tmp_path.glob("*.ended"))


def test_what_stands_in_the_journal_does_not_run_again(tmp_path):
    with threads() as workers:
        sweep.run(squared, CASES[:4], fresh(tmp_path), workers)
        ran = []
        outcomes = sweep.run(lambda case: ran.append(case["x"]) or squared(case), CASES, fresh(tmp_path), workers)
    assert ran == [4.0, 5.0]
    assert [outcome.values["square"] for outcome in outcomes] == [case["x"] ** 2 for case in CASES]


def test_equal_cases_run_once(tmp_path):
    ran = []
    with threads() as workers:
        outcomes = sweep.run(lambda case: ran.append(case) or squared(case), CASES[3:4] * 3, fresh(tmp_path), workers)
    assert len(ran) == 1
    assert [outcome.values["square"] for outcome in outcomes] == [9.0] * 3


def test_another_version_counts_nothing_of_the_old_one(tmp_path):
    with threads() as workers:
        sweep.run(squared, CASES, fresh(tmp_path), workers)
    assert all(case in fresh(tmp_path) for case in CASES)
    assert not any(case in fresh(tmp_path, "2") for case in CASES)


def test_a_case_that_the_model_refuses_is_an_outcome_with_its_reason(tmp_path):
    with threads() as workers:
        outcomes = sweep.run(refusing, CASES, fresh(tmp_path), workers)
    assert outcomes[2] == Outcome({}, "RamporeError: no square of two today")
    assert fresh(tmp_path)[CASES[2]] == outcomes[2]
    assert outcomes[3].values == {"square": 9.0}


def test_an_unforeseen_exception_ends_the_sweep_and_what_was_done_stands(tmp_path):
    expected = r"'x': 5\.0.*ZeroDivisionError: five; what was finished stands"
    with threads() as workers, pytest.raises(SweepError, match=expected):
        sweep.run(breaking, CASES, fresh(tmp_path), workers)
    assert [case in fresh(tmp_path) for case in CASES] == [True] * 5 + [False]


def test_a_line_that_was_torn_off_is_dropped_and_its_case_alone_runs_again(tmp_path):
    with threads() as workers:
        sweep.run(squared, CASES, fresh(tmp_path), workers)
        path = tmp_path / "journal.jsonl"
        path.write_bytes(path.read_bytes()[:-9])
        assert [case in fresh(tmp_path) for case in CASES] == [True] * 5 + [False]
        sweep.run(squared, CASES, fresh(tmp_path), workers)
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["values"]["square"] for entry in entries] == [case["x"] ** 2 for case in CASES]


def test_an_interruption_keeps_what_was_done(tmp_path):
    def interrupted(done, total, error):
        if done == 3:
            raise KeyboardInterrupt

    with threads() as workers, pytest.raises(KeyboardInterrupt):
        sweep.run(squared, CASES, fresh(tmp_path), workers, progress=interrupted)
    assert sum(case in fresh(tmp_path) for case in CASES) == 3


def test_a_worker_that_is_killed_ends_the_sweep_of_this_machine_and_the_next_run_does_the_rest(tmp_path):
    cases = [{"x": float(x), "folder": str(tmp_path)} for x in range(6)]
    with sweep.processes(2) as workers, pytest.raises(SweepError, match=r"a worker was killed.*run again"):
        sweep.run(killing, cases, fresh(tmp_path), workers)
    stood = [case for case in cases if case in fresh(tmp_path)]
    with sweep.processes(2) as workers:
        outcomes = sweep.run(killing, cases, fresh(tmp_path), workers)
    assert [outcome.values["square"] for outcome in outcomes] == [case["x"] ** 2 for case in cases]
    for case in stood:
        assert len(list(tmp_path.glob(f"{case['x']:.0f}.*.ended"))) == 1


def test_two_sweeps_do_not_write_to_one_journal(tmp_path):
    with threads() as workers, fresh(tmp_path).writing(), pytest.raises(SweepError, match="another sweep is writing"):
        sweep.run(squared, CASES, fresh(tmp_path), workers)


def test_a_worker_of_a_cluster_that_is_killed_under_the_command_loses_nothing_and_nothing_runs_twice(
    tmp_path, monkeypatch
):
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    from rampore.cli import main
    from rampore.commands import sweep as command  # here, so that the workers need not import the engine

    cases = [{"x": float(x), "folder": str(tmp_path)} for x in range(12)]
    monkeypatch.setitem(command.PLANS, "crossing", lambda coarse: planned(killing, cases))
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, worker_dashboard_address=None
    )
    result, journal = tmp_path / "result.nc", tmp_path / "journal.jsonl"
    with cluster:
        called = ["sweep", "--scheduler", cluster.scheduler_address, "--journal", str(journal), "-o", str(result)]
        assert main(called) == 0
    assert (tmp_path / "killed").exists()
    assert sweep.read(result).square.values.tolist() == [case["x"] ** 2 for case in cases]
    assert len(journal.read_text().splitlines()) == len(cases)
    for case in cases:
        assert len(list(tmp_path.glob(f"{case['x']:.0f}.*.ended"))) == 1


def test_a_scheduler_that_does_not_answer_is_named():
    pytest.importorskip("distributed", reason="distributed is not installed")
    with pytest.raises(SweepError, match="no Dask scheduler answers at 'nowhere'"), sweep.cluster("nowhere"):
        pass


def test_the_data_set_holds_cases_values_units_and_reasons():
    outcomes = [Outcome({"square": 4.0}), Outcome({}, "SolverError: no")]
    data = sweep.dataset(CASES[1:3], outcomes, {"x": "m", "square": "m2"}, {"title": "squares"})
    assert data.square.units == "m2"
    assert data.x.values.tolist() == [1.0, 2.0]
    assert data.label.values.tolist() == ["odd", "even"]
    assert data.square.values[0] == 4.0
    assert math.isnan(data.square.values[1])
    assert data.error.values.tolist() == ["", "SolverError: no"]
    with pytest.raises(SweepError, match="'square' has no unit"):
        sweep.dataset(CASES[1:3], outcomes, {"x": "m"})


def test_a_case_carries_the_largest_difference_between_the_meshes_in_its_group():
    plan = planned(squared, CASES, {0: {"x": 0.5}, 2: {"x": 2.25}, 3: {"x": 3.5}}, group=lambda case: case["label"])
    outcomes = [Outcome({"square": case["x"] ** 2}) for case in CASES]
    finer = [Outcome({"square": 0.25}), Outcome({"square": 5.0625}), Outcome({}, "SolverError: no")]
    even, odd = {"square": 1.0625}, {}
    assert plan.errors(outcomes, finer) == [even, odd] * 3


def test_a_data_set_whose_numbers_were_changed_is_refused(tmp_path):
    data = sweep.dataset(CASES, [Outcome(squared(case)) for case in CASES], {"x": "m", "square": "m2"})
    path = tmp_path / "new" / "squares.nc"
    sweep.write(data, path)
    assert sweep.read(path).square.values.tolist() == [case["x"] ** 2 for case in CASES]
    mended = sweep.read(path)
    mended.square[2] = 4.5
    mended.to_netcdf(path, engine="h5netcdf")
    with pytest.raises(SweepError, match="not those that `rampore sweep` wrote"):
        sweep.read(path)
