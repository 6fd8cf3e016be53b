"""``rampore sweep``: a study of many cases, from a journal that outlives a stop to one file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from importlib import import_module, metadata
from pathlib import Path

from rampore import storage, sweep
from rampore.audit.reproduce.fingerprint import seal
from rampore.audit.sweep import write


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
        See :func:`rampore.sweep.run`.
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
    with workers as pool:
        outcomes = sweep.run(plan.compute, plan.cases, journal, pool, sweep.bar(report))
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
    write(data, options.output)
    report(f"{len(plan.cases)} cases in {options.output}")
