"""Many independent computations, each kept as soon as it is done: a sweep goes on where it stopped.

A sweep is one function evaluated at many cases. What is done stands in a journal, a text file with
one line a case, so that an interruption, a worker that is killed or a full disk loses nothing that
was finished, and nothing that was finished runs again. Any ``concurrent.futures.Executor`` does the
work: processes of this machine, or a cluster by the executor that its library provides.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from filelock import FileLock, Timeout

from rampore import RamporeError
from rampore.extras import needs
from rampore.lifeline import end_with
from rampore.units import duration

if TYPE_CHECKING:
    import xarray

#: between two looks after the workers [s], and how many in vain: a nanny needs some seconds
_LOOK, _LOOKS = 10.0, 3

Case = Mapping[str, float | int | str | bool]
Progress = Callable[[int, int, str], None]


class SweepError(RamporeError):
    """A sweep cannot go on; the message says why, and what stands."""


class Outcome(NamedTuple):
    """What one case gave: numbers, or the reason why there are none."""

    values: dict[str, float]  #: empty where the case failed
    error: str = ""


class Workers(NamedTuple):
    """Who does the work.

    A worker gets its next case when its last one stands in the journal: a worker that dies takes
    with it what it was at, and nothing that it had finished.
    """

    executor: Executor
    at_once: int  #: how many cases
    alive: Callable[[], bool] = lambda: True  #: whether there is any worker at this moment


class Journal:
    """The finished cases of a sweep, by their content.

    Every line that is whole counts, whatever stands between: one that an interruption or a full
    disk tore off is dropped, and its case runs again.

    Parameters
    ----------
    path : Path
        Made with the first outcome; one process at a time writes to it.
    version : str
        What the outcomes follow from beside the case: change it, and none of them counts any more.
    """

    def __init__(self, path: Path, version: str = "") -> None:
        self.path, self.version = Path(path), version
        self._known: dict[str, Outcome] = {}
        if self.path.exists() and not self.path.is_file():
            raise SweepError(f"the journal {self.path} is no plain file: move it away")
        try:
            if self.path.exists():
                self._known = dict(map(_entry, self.path.read_bytes().split(b"\n")))
        except OSError as error:
            raise SweepError(f"cannot read {self.path}: {error.strerror}") from error
        self._known.pop("", None)

    def key(self, case: Case) -> str:
        """SHA-256 of a case and the version."""
        content = json.dumps([self.version, dict(case)], sort_keys=True, allow_nan=False)
        return hashlib.sha256(content.encode()).hexdigest()

    def __contains__(self, case: Case) -> bool:
        return self.key(case) in self._known

    def __getitem__(self, case: Case) -> Outcome:
        return self._known[self.key(case)]

    @contextmanager
    def writing(self) -> Iterator[Callable[[Case, Outcome], None]]:
        """Gives a function that adds an outcome, on the disk when it returns; what others added
        until now is known.

        Raises
        ------
        SweepError
            Where another process writes to the journal, or it cannot be written.
        """
        lock = FileLock(f"{self.path}.lock", blocking=False)
        with ExitStack() as held:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                held.enter_context(lock)
                file = held.enter_context(open(self.path, "a+b", buffering=0))
                _end_last_line(file)
            except Timeout:
                wanted = "wait for it, or take another journal"
                raise SweepError(f"another sweep is writing to {self.path}: {wanted}") from None
            except OSError as error:
                raise self._full(error) from error
            self._known = Journal(self.path, self.version)._known

            def add(case: Case, outcome: Outcome) -> None:
                key = self.key(case)
                entry = {"key": key, "case": dict(case), **outcome._asdict()}
                try:
                    _append(file, json.dumps(entry).encode() + b"\n")
                except OSError as error:
                    raise self._full(error) from error
                self._known[key] = outcome

            yield add

    def _full(self, error: OSError) -> SweepError:
        return SweepError(
            f"cannot write to {self.path}: {error.strerror or error}; what it holds stands"
        )


def _entry(line: bytes) -> tuple[str, Outcome]:
    """Key and outcome that a line of a journal holds, in spite of what was torn off before them; or
    an empty key.
    """
    try:
        entry = json.loads(line[max(0, line.rfind(b'{"key": ')) :])
        key, values, error = entry["key"], entry["values"], entry["error"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return "", Outcome({})
    numbers = isinstance(values, dict) and all(
        type(value) in (int, float) for value in values.values()
    )
    whole = numbers and isinstance(key, str) and isinstance(error, str)
    return (key, Outcome(values, error)) if whole else ("", Outcome({}))


def _end_last_line(file: io.FileIO) -> None:
    """Let a journal end in a whole line: one that lacks its end alone gets it, one that was torn
    off goes.
    """
    content = Path(file.name).read_bytes()
    last = content.rpartition(b"\n")[2]
    if last and _entry(last)[0]:
        _append(file, b"\n")
    elif last:
        file.truncate(len(content) - len(last))


def _append(file: io.FileIO, content: bytes) -> None:
    """All of it, on the disk, or nothing."""
    end = file.seek(0, os.SEEK_END)
    try:
        while content:
            content = content[file.write(content) :]
        os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            file.truncate(end)
        raise


def run(
    compute: Callable[[Case], Mapping[str, float]],
    cases: Sequence[Case],
    journal: Journal,
    workers: Workers,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Evaluate a function at every case that the journal does not hold yet.

    Parameters
    ----------
    compute : callable
        Takes a case, gives numbers by name. It must be importable, and each run of it independent.
        A ``RamporeError`` that it raises is the case's outcome; any other exception ends the sweep.
    cases : sequence of mappings
        Plain numbers and texts by name. Equal cases run once.
    journal : Journal
    workers : Workers
        As :func:`processes` and :func:`cluster` give them, or your own.
    progress : callable, optional
        Told (done, all, text) after every case.

    Returns
    -------
    list of Outcome
        In the order of the cases.

    Raises
    ------
    SweepError
        Where a worker died, the journal cannot be written, or a case raised what is no
        ``RamporeError``.
    """
    if any(case not in journal for case in cases):
        with journal.writing() as add:  # another sweep may have added some meanwhile
            waiting = list(
                {journal.key(case): case for case in cases if case not in journal}.values()
            )
            done = len(cases) - len(waiting)
            for case, outcome in _outcomes(compute, waiting, workers):
                add(case, outcome)
                done += 1
                if progress is not None:
                    progress(done, len(cases), outcome.error)
    return [journal[case] for case in cases]


def _outcome(compute: Callable[[Case], Mapping[str, float]], case: Case) -> Outcome:
    """Runs in a worker."""
    try:
        return Outcome({name: float(value) for name, value in compute(case).items()})
    except RamporeError as error:
        return Outcome({}, f"{type(error).__name__}: {error}")


def _outcomes(
    compute: Callable[[Case], Mapping[str, float]], cases: Sequence[Case], workers: Workers
) -> Iterator[tuple[Case, Outcome]]:
    """Cases and outcomes as they come, with as many under way as there are workers."""
    left = iter(cases)
    running: dict[Future, Case] = {}

    def hand_out(count: int) -> None:
        for case in islice(left, count):
            running[workers.executor.submit(_outcome, compute, dict(case))] = case

    try:
        hand_out(workers.at_once)
        absent = 0
        while running:
            done = wait(running, _LOOK, FIRST_COMPLETED).done
            absent = 0 if done or workers.alive() else absent + 1
            if absent > _LOOKS:
                raise SweepError(
                    "all workers are gone; what was finished stands, start some and run again to "
                    "go on"
                )
            for future in done:
                case = running.pop(future)
                try:
                    outcome = future.result()
                except BrokenExecutor as error:
                    raise SweepError(
                        "a worker was killed, for want of memory perhaps; what was finished "
                        "stands, run again to go on"
                    ) from error
                except CancelledError as error:
                    raise SweepError(
                        "the scheduler is gone; what was finished stands, run again to go on"
                    ) from error
                except Exception as error:
                    what = f"{type(error).__name__}: {error}"
                    raise SweepError(
                        f"the case {dict(case)} raised {what}; what was finished stands"
                    ) from error
                # a cluster computes again what a dead worker held and somebody still refers to
                del future
                yield case, outcome
                hand_out(1)
    finally:
        for future in running:
            future.cancel()


@contextmanager
def processes(count: int | None = None) -> Iterator[Workers]:
    """Processes of this machine, one a core by default; they end with this one, even where it is
    killed.
    """
    count = count or os.cpu_count() or 1
    # Compiled code and threads do not survive a fork.
    with ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=end_with, initargs=(os.getpid(),)
    ) as pool:
        yield Workers(pool, count)


@contextmanager
def cluster(address: str) -> Iterator[Workers]:
    """The workers of a Dask cluster; this package must be installed there too.

    Parameters
    ----------
    address : str
        Of the scheduler, e.g. ``tcp://10.0.0.5:8786``.

    Raises
    ------
    SweepError
        Where nothing answers, or the cluster has no workers.
    """
    with needs("cluster"):
        from distributed import Client
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise SweepError(f"no Dask scheduler answers at {address!r}: {error}") from error
    with client:
        count = _threads(client)
        if count == 0:
            raise SweepError(f"the Dask cluster at {address!r} has no workers: start some")
        yield Workers(client.get_executor(pure=False), count, lambda: _threads(client) > 0)


def _threads(client: Any) -> int:  # the type of `nthreads` is that of an asynchronous client
    return sum(client.nthreads().values())


def bar(report: Callable[[str], object], parts: int = 20) -> Progress:
    """Tells how far a sweep is, and how long it will still take at its pace until then.

    Parameters
    ----------
    report : callable
        Takes a line.
    parts : int
        Lines in all, but for those of cases without an outcome.
    """
    began, before, last = time.monotonic(), -1, -1

    def tell(done: int, whole: int, error: str) -> None:
        nonlocal before, last
        if error:
            report(f"a case has no outcome: {error}")
        if before < 0:
            before = done - 1  # those stood in the journal
        part = parts * done // whole
        if part != last:
            last = part
            left = (time.monotonic() - began) / (done - before) * (whole - done)
            ends = f", about {duration(left)} left" if done < whole else ""
            report(f"[{'#' * part}{'.' * (parts - part)}] {done} of {whole}{ends}")

    return tell


def dataset(
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    units: Mapping[str, str],
    attributes: Mapping[str, str] | None = None,
) -> xarray.Dataset:
    """Cases and what they gave as one data set with the dimension ``case``.

    Parameters
    ----------
    cases, outcomes
        As :func:`run` takes and gives them.
    units : mapping
        Unit of every input and output that is a number; text has none.
    attributes : mapping, optional
        What the reader should know of the whole.

    Raises
    ------
    SweepError
        Where a quantity has no unit.
    """
    import xarray as xr

    inputs = list(dict.fromkeys(name for case in cases for name in case))
    outputs = list(dict.fromkeys(name for outcome in outcomes for name in outcome.values))
    data = {name: [case.get(name, math.nan) for case in cases] for name in inputs}
    data |= {name: [outcome.values.get(name, math.nan) for outcome in outcomes] for name in outputs}
    data["error"] = [outcome.error for outcome in outcomes]
    variables = {}
    for name, values in data.items():
        text = any(isinstance(value, str) for value in values)
        if not text and name not in units:
            raise SweepError(f"{name!r} has no unit: name it in `units`, '1' where it has none")
        column = [str(value) for value in values] if text else [float(value) for value in values]
        variables[name] = ("case", column, {} if text else {"units": units[name]})
    return xr.Dataset(variables, attrs=dict(attributes or {}))
