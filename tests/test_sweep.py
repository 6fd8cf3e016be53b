"""Sweeps, with processes of this machine and on a local Dask cluster."""

import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import psutil
import pytest

from rampore import RamporeError, sweep
from rampore.audit.sweep import Plan, read
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


def planned(compute, cases, group=lambda case: None):
    return Plan("squares", compute, cases, group, {"x": "m", "square": "m2"}, {})


@contextmanager
def threads(count=1):
    with ThreadPoolExecutor(count) as executor:
        yield Workers(executor, count)


def two_workers(distributed):
    """A cluster on this machine, without pages of its own."""
    return distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        worker_dashboard_address=None,
    )


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
        outcomes = sweep.run(
            lambda case: ran.append(case["x"]) or squared(case), CASES, fresh(tmp_path), workers
        )
    assert ran == [4.0, 5.0]
    assert [outcome.values["square"] for outcome in outcomes] == [case["x"] ** 2 for case in CASES]


def test_equal_cases_run_once(tmp_path):
    ran = []
    with threads() as workers:
        outcomes = sweep.run(
            lambda case: ran.append(case) or squared(case), CASES[3:4] * 3, fresh(tmp_path), workers
        )
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


def add(journal, *numbers):
    with journal.writing() as write:
        for number in numbers:
            write(CASES[number], Outcome(squared(CASES[number])))


def known(tmp_path):
    return [number for number, case in enumerate(CASES) if case in fresh(tmp_path)]


@pytest.mark.parametrize(
    "bad",
    [
        b"garbage",
        b"",
        b"[]",
        b"{}",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"key": "a", "values": 3, "error": ""}',
        b'{"key": "a", "values": {"y": "3"}, "error": ""}',
        b'{"key": 3, "values": {}, "error": ""}',
    ],
    ids=lambda bad: bad[:45].decode("latin-1"),
)
def test_every_good_line_of_a_journal_is_kept_whatever_stands_between(tmp_path, bad):
    add(fresh(tmp_path), 0, 1, 2, 3)
    path = tmp_path / "journal.jsonl"
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:2], bad, *lines[3:]]) + b"\n")
    assert known(tmp_path) == [0, 1, 3]
    add(fresh(tmp_path), 4)
    assert known(tmp_path) == [0, 1, 3, 4]


@pytest.mark.parametrize(
    "torn", [b"\0" * 300, b'{"key": "c0ffee", "ca'], ids=["a hole", "half a line"]
)
def test_a_good_line_counts_that_stands_behind_what_was_torn_off(tmp_path, torn):
    add(fresh(tmp_path), 0, 1)
    path = tmp_path / "journal.jsonl"
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + torn + second)
    assert known(tmp_path) == [0, 1]


def test_a_last_line_that_lacks_its_end_alone_is_kept_and_swallows_nothing(tmp_path):
    add(fresh(tmp_path), 0, 1)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    add(fresh(tmp_path), 2)
    add(fresh(tmp_path), 3)
    assert known(tmp_path) == [0, 1, 2, 3]


def test_a_journal_that_was_opened_while_another_wrote_loses_nothing_and_nothing_runs_twice(
    tmp_path,
):
    first, second, ran = fresh(tmp_path), fresh(tmp_path), []
    add(first, 0, 1, 2)
    with threads() as workers:
        sweep.run(lambda case: ran.append(case["x"]) or squared(case), CASES, second, workers)
    assert ran == [3.0, 4.0, 5.0]
    assert known(tmp_path) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("room", [0, 1, 50, 150, 199])
def test_a_full_disk_keeps_every_finished_case_and_the_next_run_does_the_rest(tmp_path, room):
    add(fresh(tmp_path), 0, 1)
    path = tmp_path / "journal.jsonl"
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + room, hard))
    try:
        with (
            threads() as workers,
            pytest.raises(SweepError, match=r"cannot write to .*; what it holds stands"),
        ):
            sweep.run(squared, CASES, fresh(tmp_path), workers)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes().startswith(before)
    assert path.read_bytes().endswith(b"\n")
    with threads() as workers:
        outcomes = sweep.run(squared, CASES, fresh(tmp_path), workers)
    assert [outcome.values["square"] for outcome in outcomes] == [case["x"] ** 2 for case in CASES]


def test_an_error_of_what_tells_the_progress_is_not_taken_for_one_of_the_journal(tmp_path):
    def broken(done, whole, error):
        raise BrokenPipeError("nobody listens")

    with threads() as workers, pytest.raises(BrokenPipeError, match="nobody listens"):
        sweep.run(squared, CASES, fresh(tmp_path), workers, progress=broken)


def test_a_journal_that_is_no_file_is_named(tmp_path):
    with pytest.raises(SweepError, match=r"the journal .* is no plain file"):
        Journal(tmp_path)


def test_workers_end_when_the_process_that_they_work_for_is_killed(tmp_path):
    program = (
        "from pathlib import Path\nfrom rampore import sweep\n"
        "from test_sweep import sleeping\n"
        "if __name__ == '__main__':\n"
        f"    cases = [{{'x': float(x), 'folder': {str(tmp_path)!r}}} for x in range(2)]\n"
        "    with sweep.processes(2) as workers:\n"
        f"        journal = sweep.Journal(Path({str(tmp_path / 'journal.jsonl')!r}))\n"
        "        sweep.run(sleeping, cases, journal, workers)\n"
    )
    (tmp_path / "killed.py").write_text(program)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    main = subprocess.Popen([sys.executable, str(tmp_path / "killed.py")], env=environment)
    _wait_for(lambda: len(list(tmp_path.glob("*.pid"))) == 2)
    workers = [psutil.Process(int(path.stem)) for path in tmp_path.glob("*.pid")]
    main.kill()
    main.wait()
    _wait_for(lambda: not any(worker.is_running() for worker in workers))


def sleeping(case):
    (Path(case["folder"]) / f"{os.getpid()}.pid").touch()
    time.sleep(600)
    return squared(case)


def _wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_a_sweep_whose_workers_are_all_gone_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(sweep, "_LOOK", 0.05)
    gone = Event()
    with ThreadPoolExecutor(1) as executor:
        workers = Workers(executor, 1, lambda: False)
        with pytest.raises(SweepError, match=r"all workers are gone; what was finished stands"):
            sweep.run(
                lambda case: gone.wait(60) and squared(case), CASES[:1], fresh(tmp_path), workers
            )
        gone.set()


def test_an_interruption_keeps_what_was_done(tmp_path):
    def interrupted(done, total, error):
        if done == 3:
            raise KeyboardInterrupt

    with threads() as workers, pytest.raises(KeyboardInterrupt):
        sweep.run(squared, CASES, fresh(tmp_path), workers, progress=interrupted)
    assert sum(case in fresh(tmp_path) for case in CASES) == 3


def test_a_worker_that_is_killed_ends_the_sweep_of_this_machine_and_the_next_run_does_the_rest(
    tmp_path,
):
    cases = [{"x": float(x), "folder": str(tmp_path)} for x in range(6)]
    with (
        sweep.processes(2) as workers,
        pytest.raises(SweepError, match=r"a worker was killed.*run again"),
    ):
        sweep.run(killing, cases, fresh(tmp_path), workers)
    stood = [case for case in cases if case in fresh(tmp_path)]
    with sweep.processes(2) as workers:
        outcomes = sweep.run(killing, cases, fresh(tmp_path), workers)
    assert [outcome.values["square"] for outcome in outcomes] == [case["x"] ** 2 for case in cases]
    for case in stood:
        assert len(list(tmp_path.glob(f"{case['x']:.0f}.*.ended"))) == 1


def test_two_sweeps_do_not_write_to_one_journal(tmp_path):
    with (
        threads() as workers,
        fresh(tmp_path).writing(),
        pytest.raises(SweepError, match="another sweep is writing"),
    ):
        sweep.run(squared, CASES, fresh(tmp_path), workers)


def test_a_worker_of_a_cluster_that_is_killed_loses_nothing_and_nothing_of_the_journal_runs_again(
    tmp_path, monkeypatch
):
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    from rampore.cli import main
    from rampore.lim2026.sweeps import crossing

    cases = [{"x": float(x), "folder": str(tmp_path)} for x in range(12)]
    monkeypatch.setattr(crossing, "plan", lambda coarse: planned(killing, cases))
    result, journal = tmp_path / "result.nc", tmp_path / "journal.jsonl"
    with two_workers(distributed) as cluster:
        called = [
            "sweep",
            "--scheduler",
            cluster.scheduler_address,
            "--journal",
            str(journal),
            "-o",
            str(result),
        ]
        assert main(called) == 0
    assert (tmp_path / "killed").exists()
    assert read(result).square.values.tolist() == [case["x"] ** 2 for case in cases]
    assert len(journal.read_text().splitlines()) == len(cases)
    ended = [len(list(tmp_path.glob(f"{case['x']:.0f}.*.ended"))) for case in cases]
    assert min(ended) == 1
    # one may have ended on the worker, and not yet have come back
    assert sum(ended) <= len(cases) + 1


def test_a_scheduler_that_does_not_answer_is_named():
    pytest.importorskip("distributed", reason="distributed is not installed")
    with (
        pytest.raises(SweepError, match="no Dask scheduler answers at 'nowhere'"),
        sweep.cluster("nowhere"),
    ):
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
