"""``rampore sweep``: a study of many cases, from a journal that outlives a stop to one file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module, metadata
from pathlib import Path

from rampore import storage
from rampore.audit import sweep
from rampore.audit.reproduce.fingerprint import seal


@contextmanager
def _bar(report: Callable[[str], None]) -> Iterator[sweep.Progress]:
    """Tells how far a sweep is: in place on a terminal, elsewhere a line every twentieth."""
    last = -1

    def tell(done: int, whole: int, error: str) -> None:
        nonlocal last
        if error:
            report(f"a case has no outcome: {error}")
        part = 20 * done // whole
        if part != last:
            last = part
            report(f"[{'#' * part}{'.' * (20 - part)}] {done} of {whole}")

    yield tell


def run(
    options: argparse.Namespace,
    plans: Mapping[str, str],
    report: Callable[[str], None] | None = None,
) -> None:
    """Do what the command line says.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the subcommand, see ``rampore sweep --help``.
    plans : mapping of str to str
        What can be asked for: modules whose ``plan(coarse)`` gives a
        :class:`rampore.audit.sweep.Plan`.
    report : callable, optional
        Takes a line of progress; standard error by default.

    Raises
    ------
    SweepError
        See :func:`rampore.audit.sweep.run`.
    StorageError
        Where the result cannot be written, which is found out before anything is computed.
    """
    report = report or (lambda text: print(text, file=sys.stderr))
    place = options.journal or Path("build", "sweep", f"{options.sweep}.jsonl")
    if place.resolve() == options.output.resolve():
        raise sweep.SweepError(f"{place} is the journal and the result: name two files")
    storage.check(options.output)
    plan = import_module(plans[options.sweep]).plan(options.coarse)
    follows_from = seal(plan.compute)
    journal = sweep.Journal(place, follows_from)
    workers = (
        sweep.cluster(options.scheduler) if options.scheduler else sweep.processes(options.jobs)
    )
    with workers as pool, _bar(report) as tell:
        outcomes = sweep.run(plan.compute, plan.cases, journal, pool, tell)
    packages = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("rampore", "numpy", "scipy", "numba")
    )
    source = f"rampore sweep {options.sweep}{' --coarse' if options.coarse else ''}"
    origin = {
        "title": plan.title,
        "source": source,
        "follows_from": follows_from,
        "packages": packages,
    }
    data = plan.dataset(outcomes, origin)
    sweep.write(data, options.output)
    report(f"{len(plan.cases)} cases in {options.output}")
