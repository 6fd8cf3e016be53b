"""Many independent computations, each kept as soon as it is done: a sweep goes on where it stopped.

A sweep is one function evaluated at many cases. What is done stands in a journal, a text file with one line a case, so
that an interruption, a worker that is killed or a full disk loses nothing that was finished, and nothing that was
finished runs again. Any ``concurrent.futures.Executor`` does the work: processes of this machine, or a cluster by
the executor that its library provides.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rampore import RamporeError

if TYPE_CHECKING:
    import xarray

SEAL = "content_sha256"  #: attribute of a data set that holds the hash of its content

Case = Mapping[str, float | int | str | bool]
Progress = Callable[[int, int, str], None]


class SweepError(RamporeError):
    """A sweep cannot go on; the message says why, and what stands."""


class Outcome(NamedTuple):
    """What one case gave: numbers, or the reason why there are none."""

    values: dict[str, float]  #: empty where the case failed
    error: str = ""


class Plan(NamedTuple):
    """A sweep that a command runs by its name, and what its data set says of itself."""

    title: str
    compute: Callable[[Case], Mapping[str, float]]
    cases: Sequence[Case]
    finer: Mapping[int, Case]  #: on a finer mesh, by the number of the case that they check
    group: Callable[[Case], Hashable]  #: cases that it gives the same of share their numerical error
    units: Mapping[str, str]  #: of every number that goes in or comes out
    sources: Sequence[str]  #: files of the package, as patterns, that an outcome follows from beside its case
    about: Mapping[str, str]  #: what the reader should know of the whole

    def errors(self, outcomes: Sequence[Outcome], finer: Sequence[Outcome]) -> list[dict[str, float]]:
        """The numerical error of each case: the largest difference between the meshes that its group shows.

        Parameters
        ----------
        outcomes, finer : sequence of Outcome
            Of ``cases`` and of ``finer``, in their order; without values where one failed.
        """
        found: dict[Hashable, dict[str, float]] = {}
        for number, one in zip(self.finer, finer, strict=True):
            worst, coarser = found.setdefault(self.group(self.cases[number]), {}), outcomes[number].values
            for name in coarser.keys() & one.values.keys():
                worst[name] = max(worst.get(name, 0.0), abs(coarser[name] - one.values[name]))
        return [found.get(self.group(case), {}) for case in self.cases]


class Workers(NamedTuple):
    """Who does the work.

    A worker gets its next case when its last one stands in the journal: a worker that dies takes with it what it was
    at, and nothing that it had finished.
    """

    executor: Executor
    count: int  #: how many cases run at once


class Journal:
    """The finished cases of a sweep, by their content.

    A line that an interruption tore off is dropped, and its case runs again.

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
        whole = 0
        if self.path.is_file():
            for line in self.path.read_bytes().splitlines(keepends=True):
                try:
                    entry = json.loads(line)
                    self._known[entry["key"]] = Outcome(entry["values"], entry["error"])
                except (ValueError, KeyError, TypeError):
                    break
                whole += len(line)
        self._whole = whole

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
        """Gives a function that adds an outcome, on the disk when it returns.

        Raises
        ------
        SweepError
            Where another process writes to the journal, or it cannot be written.
        """
        from filelock import FileLock, Timeout

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self.path}.lock", blocking=False), open(self.path, "ab") as file:
                file.truncate(self._whole)

                def add(case: Case, outcome: Outcome) -> None:
                    key = self.key(case)
                    entry = {"key": key, "case": dict(case), **outcome._asdict()}
                    file.write(json.dumps(entry).encode() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                    self._known[key], self._whole = outcome, file.tell()

                yield add
        except Timeout:
            raise SweepError(f"another sweep is writing to {self.path}: wait for it, or name another folder") from None
        except OSError as error:
            raise SweepError(f"cannot write to {self.path}: {error.strerror or error}; what it holds stands") from error


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
        Takes a case, gives numbers by name. It must be importable, and each run of it independent. A
        ``RamporeError`` that it raises is the case's outcome; any other exception ends the sweep.
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
        Where a worker died, the journal cannot be written, or a case raised what is no ``RamporeError``.
    """
    waiting = list({journal.key(case): case for case in cases if case not in journal}.values())
    if waiting:
        with journal.writing() as add:
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
        hand_out(workers.count)
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                case = running.pop(future)
                try:
                    outcome = future.result()
                except BrokenExecutor as error:
                    raise SweepError(
                        "a worker was killed, for want of memory perhaps; what was finished stands, run again to go on"
                    ) from error
                except Exception as error:
                    what = f"{type(error).__name__}: {error}"
                    raise SweepError(f"the case {dict(case)} raised {what}; what was finished stands") from error
                del future  # a cluster computes again what a dead worker held and somebody still refers to
                yield case, outcome
                hand_out(1)
    finally:
        for future in running:
            future.cancel()


@contextmanager
def processes(count: int | None = None) -> Iterator[Workers]:
    """Processes of this machine, one a core by default."""
    count = count or os.cpu_count() or 1
    # Compiled code and threads do not survive a fork.
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
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
        Where Dask's `distributed` is not installed, nothing answers, or the cluster has no workers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise SweepError("a cluster takes Dask: pip install 'rampore[cluster]'") from None
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise SweepError(f"no Dask scheduler answers at {address!r}: {error}") from error
    with client:
        count = sum(client.nthreads().values())
        if count == 0:
            raise SweepError(f"the Dask cluster at {address!r} has no workers: start some")
        yield Workers(client.get_executor(pure=False), count)


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


def write(data: xarray.Dataset, path: Path) -> None:
    """Save a data set with the hash of what it holds, which :func:`read` holds it to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sealed = data.assign_attrs({SEAL: _content(data)})
    packed = {name: {"compression": "gzip", "compression_opts": 4} for name in data if data[name].dtype.kind == "f"}
    sealed.to_netcdf(path, engine="h5netcdf", encoding=packed)


def read(path: Path | str) -> xarray.Dataset:
    """A data set as :func:`write` left it.

    Raises
    ------
    SweepError
        Where its numbers are not those that were written.
    """
    import xarray as xr

    with xr.open_dataset(path, engine="h5netcdf") as stored:
        data = stored.load()
    if data.attrs.get(SEAL) != _content(data):
        raise SweepError(f"{path}: the numbers are not those that `rampore sweep` wrote: run it again")
    return data


def _content(data: xarray.Dataset) -> str:
    """SHA-256 of all values, and of the description but for the hash itself."""
    content = {name: data[name].values.tolist() for name in sorted(map(str, data.variables))}
    content["attributes"] = {name: text for name, text in sorted(data.attrs.items()) if name != SEAL}
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
