"""``rampore swell --cell``: how thick a cell becomes along a protocol, at several sharings, and the
curve of a dilatometer against their bounds.
"""

import argparse
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

import rampore
from rampore import storage
from rampore.commands import cells
from rampore.commands.files import table, together
from rampore.dilatometry import Dilatometry
from rampore.figures.p4d import thickening
from rampore.kernels import announced
from rampore.p4d.cell import Cell
from rampore.p4d.dilation import (
    PARTS,
    Dilation,
    OutsideBounds,
    bounds_over_charge,
    dataset,
    departure,
    dilate,
)
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Mesh, Step
from rampore.simple import CELL_SECONDS
from rampore.style import render_both

FILES = ("swelling.json", "thickness.csv", "thickness.nc", "thickness.png", "thickness.svg")

SHARINGS = (0.0, 0.5, 1.0)  #: the two ends, and one between them [-]
LONGEST = 3 * 3600.0  #: of a step at 1C without a duration [s]
MAH_CM2 = 3.6e4  #: C/m2 in a mAh/cm2
UM = 1e6  #: um in a metre


def run(
    options: argparse.Namespace, curve: Dilatometry | None, say: Callable[[str], object]
) -> dict:
    """Do what the command line says of a cell.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the subcommand, see ``rampore swell --help``.
    curve : Dilatometry, optional
        That is held against the bounds.
    say : callable
        Takes a line of what was found, or of progress.

    Returns
    -------
    dict
        What ``swelling.json`` has.

    Raises
    ------
    CellError
        The cell, or an option, makes no sense, or has no effect.
    SolverError
        The cell cannot be computed.
    """
    sharings, durations = _sharings(options), _durations(options)
    cell = cells.read(options, options.c_rate, say)
    if not cell.swells:
        raise CellError(f"{options.cell}: no material swells: it has no 'Volume change of ...'")
    protocol = _protocol(cell, options.c_rate, durations, options.rest_s)
    mesh = cells.mesh_of(cell, options)
    runs: list[Dilation] = []
    left: dict[str, None] = {}
    with together(options.output, FILES if curve is None else (*FILES, "bounds.csv")) as folder:
        for sharing in sharings:
            say(f"at a sharing of {sharing:g}")
            progress = cells.RunProgress(cell, say)
            with announced(CELL_SECONDS):
                runs.append(dilate(cell, protocol, sharing, mesh, progress=progress))
            left |= dict.fromkeys(progress.left())
        found = [_summary(run) for run in runs]
        summary = {"made_by": _made_by(options, cell, mesh), "runs": found}
        summary["validity_left"] = list(left)
        lines = [line for each in found for line in _told(each)]
        lines += [f"note: {note}" for note in left]
        measured = None
        if curve is not None:
            bounds = bounds_over_charge(runs, curve.charge)
            beside = departure(bounds, curve.thickness)
            summary["curve"] = _compared(curve, beside)
            lines += _told_of_curve(summary["curve"])
            headings = ["areal charge / mAh cm-2", "thickness / um", "least / um", "most / um"]
            columns = [curve.charge / MAH_CM2, *(UM * each for each in (curve.thickness, *bounds))]
            storage.write(folder / "bounds.csv", table(headings, columns))
            measured = curve.charge, curve.thickness, beside.outside
        storage.write(folder / "thickness.csv", _states(runs))
        attributes = {name: json.dumps(value) for name, value in summary["made_by"].items()}
        data = dataset(runs).assign_attrs(attributes)
        storage.write(folder / "thickness.nc", storage.netcdf(data))
        for form, image in render_both(thickening(runs, measured)).items():
            storage.write(folder / f"thickness.{form}", image)
        storage.write(folder / "swelling.json", json.dumps(summary, indent=2) + "\n")
    for line in lines:
        say(line)
    return summary


def _sharings(options):
    """Those that are asked for, from the least [-]."""
    sharings = sorted(options.sharing or SHARINGS)
    if twice := [less for less, more in pairwise(sharings) if less == more]:
        raise CellError(f"--sharing: {twice[0]:g} is given twice")
    return sharings


def _durations(options):
    """Of each step at most [s]; None where its cut-off alone ends it."""
    rates, given = options.c_rate, options.duration_s or [None]
    if 0 in rates:
        raise CellError("--c-rate: at 0 nothing swells; --rest-s is a rest after each step")
    if len(given) not in (1, len(rates)):
        raise CellError(
            f"--duration-s: {len(given)} of them for {len(rates)} steps: give one for all, or one "
            "for each"
        )
    return given * len(rates) if len(given) == 1 else given


def _protocol(cell: Cell, rates, durations, rest) -> list[Step]:
    """A step at each rate, to its cut-off or for its duration, and the rests after them."""
    steps = []
    for rate, duration in zip(rates, durations, strict=True):
        cutoff = cell.lower_cutoff if rate > 0 else cell.upper_cutoff
        longest = LONGEST / abs(rate) if duration is None else duration
        current = rate * cell.one_c
        steps.append(Step("current", current, until_voltage=cutoff, until_time=longest))
        if rest is not None:
            steps.append(Step("rest", until_time=rest))
    return steps


def _made_by(options, cell: Cell, mesh: Mesh) -> dict:
    """What it takes to make the files again."""
    asked = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(options).items()
        if isinstance(value, Path | float | int | list) and name not in ("output", "debug")
    }
    return {
        "program": f"rampore {rampore.__version__}",
        "cell_sha256": hashlib.sha256(options.cell.read_bytes()).hexdigest(),
        "options": asked,
        "one_c_A_per_m2": cell.one_c,
        "layers": mesh.layers,
        "columns": mesh.columns,
    }


def _summary(run: Dilation) -> dict:
    """What ``swelling.json`` holds of one run: plain numbers in named units."""
    charge, closed = run.charge / MAH_CM2, run.closed
    most = int(np.argmax(np.abs(charge)))
    change = {PARTS[name]: UM * run.change(name) for name in run.parts}
    slope = float(change["cell"][most] / charge[most]) if charge[most] else None
    return {
        "sharing": run.sharing,
        "time_s": float(run.time[most]),
        "areal_charge_mAh_cm2": float(charge[most]),
        "thicker_um": {name: float(values[most]) for name, values in change.items()},
        "um_per_mAh_cm2": slope,
        "left_um": float(change["cell"][-1]),
        "left_areal_charge_mAh_cm2": float(charge[-1]),
        "porosity_least": float(run.porosity.min()),
        "pores_closed_s": None if closed is None else float(run.time[closed]),
        "ended_by": run.solution.ends,
        "exhausted": [told for told in run.solution.exhausted if told],
        "conservation": run.solution.conservation._asdict(),
    }


def _told(found: dict) -> Iterator[str]:
    """What is said of one run."""
    (_, cell), *coatings = found["thicker_um"].items()
    parts = ", ".join(f"{name} {value:+.3g}" for name, value in coatings)
    slope = found["um_per_mAh_cm2"]
    per_charge = "" if slope is None else f", {slope:.3g} um per mAh/cm2"
    yield (
        f"sharing {found['sharing']:g}: {cell:+.3g} um at {found['areal_charge_mAh_cm2']:.3g} "
        f"mAh/cm2{per_charge} ({parts}); porosity down to {100 * found['porosity_least']:.1f} %"
    )
    yield (
        f"  {found['left_um']:+.3g} um at the end, at {found['left_areal_charge_mAh_cm2']:.3g} "
        "mAh/cm2"
    )
    if found["pores_closed_s"] is not None:
        yield f"  the pores close after {found['pores_closed_s']:.4g} s, which ends the step"
    if "voltage at once" in found["ended_by"]:
        yield "  in a step the voltage is beyond its cut-off at once: no charge passes"
    yield from (f"  exhausted: {told}" for told in found["exhausted"])


def _compared(curve: Dilatometry, beside: OutsideBounds) -> dict:
    """Where a curve lies beside the bounds."""
    outside = beside.outside

    def point(row):
        return {
            "areal_charge_mAh_cm2": float(curve.charge[row]) / MAH_CM2,
            "thickness_um": UM * float(curve.thickness[row]),
            "beyond_um": UM * float(beside.excess[row]),
        }

    return {
        "understood": curve.understood,
        "points": int(curve.charge.size),
        "judged": int(np.count_nonzero(beside.judged)),
        "outside": int(outside.size),
        "first_outside": point(outside[0]) if outside.size else None,
        "farthest_outside": point(np.argmax(np.abs(beside.excess))) if outside.size else None,
    }


def _told_of_curve(compared: dict) -> Iterator[str]:
    """What is said of a curve."""
    yield f"read {compared['understood']}"
    if missing := compared["points"] - compared["judged"]:
        yield f"  {missing} of them at charges where no run has been"
    yield f"  {compared['judged'] - compared['outside']} of them between the bounds"
    if not compared["outside"]:
        return
    yield f"  {compared['outside']} of them beside the bounds"
    points = {which: compared[f"{which}_outside"] for which in ("first", "farthest")}
    for which, point in points.items():
        yield (
            f"    {which} {point['thickness_um']:.3g} um at {point['areal_charge_mAh_cm2']:.3g} "
            f"mAh/cm2, {abs(point['beyond_um']):.2g} um "
            + ("above the most" if point["beyond_um"] > 0 else "below the least")
        )


def _states(runs: Sequence[Dilation]) -> str:
    """Every state of every run as a table."""
    parts = runs[0].parts
    headings = ["sharing", "time / s", "areal charge / mAh cm-2"]
    headings += [f"{PARTS[name]} / um" for name in parts] + ["least porosity"]
    rows = [
        [
            np.full(run.time.size, run.sharing),
            run.time,
            run.charge / MAH_CM2,
            *(UM * run.change(name) for name in parts),
            run.porosity,
        ]
        for run in runs
    ]
    return table(headings, [np.concatenate(column) for column in zip(*rows, strict=True)])
