"""``rampore sweep``: the crossing of the study's assumptions, from a journal that survives interruption to one file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata

from rampore import sweep
from rampore.p4d import crossing
from rampore.reproduce.files import digest
from rampore.reproduce.fingerprint import PACKAGE

CHECKED = 3  #: cases of each group that are run on the finer mesh too
TITLE = "The assumptions of the P4D study, crossed: bare against perforated foil, discharged at 3C and 5C"

#: What ``--coarse`` leaves of the axes: the ends of what matters most, for a first look.
COARSE = {"contact": (0.0, 3.0, 10.0), "electrolyte": ("LG19",), "cathode": ("hanyang",)}


def version() -> str:
    """What outcomes follow from beside the case: the engine and the inputs, by their content."""
    names = ("p4d/*.py", "data/cell.toml", "coating.py", "collector.py", "correlations.py", "materials.py")
    files = sorted(path for name in names for path in PACKAGE.glob(name))
    return digest("".join(digest(path.read_bytes()) for path in files))


def axes(coarse: bool) -> list[crossing.Axis]:
    """The axes of the whole crossing, or of the coarse one."""
    return [axis._replace(values=COARSE.get(axis.name, axis.values)) if coarse else axis for axis in crossing.AXES]


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


def run(options: argparse.Namespace, report: Callable[[str], None] | None = None) -> None:
    """Do what the command line says.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the subcommand, see ``rampore sweep --help``.
    report : callable, optional
        Takes a line of progress; standard error by default.

    Raises
    ------
    SweepError
        See :func:`rampore.sweep.run`.
    """
    report = report or (lambda text: print(text, file=sys.stderr))
    chosen = crossing.cases(axes(options.coarse))
    fine = crossing.checked(chosen, CHECKED)
    journal = sweep.Journal(options.journal, version())
    workers = sweep.cluster(options.scheduler) if options.scheduler else sweep.processes(options.jobs)
    with workers as pool, _bar(report) as tell:
        outcomes = sweep.run(crossing.compute, [*chosen, *fine], journal, pool, tell)
    found = {crossing.label(case): one.values for case, one in zip([*chosen, *fine], outcomes, strict=True)}
    plain = [{name: value for name, value in case.items() if name != "mesh"} for case in chosen]
    data = sweep.dataset(plain, outcomes[: len(chosen)], crossing.UNITS, _provenance(options, len(fine)))
    errors = crossing.errors(chosen, fine, found)
    for name in errors[0]:
        data[f"{name}_error"] = ("case", [error[name] for error in errors], {"units": crossing.UNITS[name]})
    options.output.parent.mkdir(parents=True, exist_ok=True)
    packed = {name: {"compression": "gzip", "compression_opts": 4} for name in data if data[name].dtype.kind == "f"}
    data.to_netcdf(options.output, engine="h5netcdf", encoding=packed)
    report(f"{len(chosen)} cases in {options.output}")


def _provenance(options: argparse.Namespace, compared: int) -> dict[str, str]:
    mesh, fine = crossing.MESHES["crossing"], crossing.MESHES["fine"]
    return {
        "title": TITLE,
        "source": f"rampore sweep{' --coarse' if options.coarse else ''}",
        "follows_from": version(),
        "mesh": f"layers {mesh.layers}, columns {mesh.columns}, {mesh.hole_layers} in the holes",
        "numerical_error": f"*_error: the largest difference to a mesh of layers {fine.layers}, columns "
        f"{fine.columns}, {fine.hole_layers} in the holes, among cases by lot ({compared} in all) with the same "
        f"{' and '.join(crossing.GROUPS)}",
        "packages": ", ".join(f"{name} {metadata.version(name)}" for name in ("rampore", "numpy", "scipy", "numba")),
    }
