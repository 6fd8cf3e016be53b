"""``rampore impedance``: one spectrum tested and fitted, with its files and its figure."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rampore.commands.files import together
from rampore.figures.impedance import report
from rampore.impedance.circuits import check_circuit
from rampore.impedance.fitting import Fit
from rampore.impedance.kramers_kronig import kramers_kronig
from rampore.impedance.reading import Reading, read
from rampore.impedance.spectrum import ImpedanceError
from rampore.impedance.transmission_line import fit_blocking_cell, tortuosity
from rampore.simple import fit_impedance
from rampore.style import render


class IdleOptionError(ImpedanceError):
    """An option that has no effect on this file."""

    exit_code = 2


def run(options: argparse.Namespace, say: Callable[[str], object] = print) -> dict:
    """Do what the command line says: ``impedance.json``, ``residuals.csv`` and the figure; returns
    the summary.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the subcommand, see ``rampore impedance --help``.
    say : callable
        Takes a line of what was found.

    Raises
    ------
    ImpedanceError
        The circuit makes no sense, or the spectrum cannot be read, believed or fitted. Where it can
        be read, its test is written and drawn all the same.
    """
    if options.model == "circuit":
        check_circuit(options.circuit, options.guess)
    reading = _read(options)
    spectrum = reading.spectrum
    say(f"read: {reading.understood}")
    for note in reading.notes:
        say(f"note: {note}")
    with together(options.output) as folder:
        check = kramers_kronig(spectrum)
        summary, refusal = (
            {
                "model": options.model,
                "read": {"understood": reading.understood, "notes": list(reading.notes)},
                "kramers_kronig": {"rms": check.rms, "passed": check.passed},
            },
            None,
        )
        try:
            found, fit = _fit(options, spectrum)
            summary |= found | {"residual_rms": fit.rms, "parameters": _parameters(fit)}
        except ImpedanceError as error:
            summary["refused"], refusal, fit = str(error), error, None
        _write(folder, summary, spectrum, check, fit)
    if refusal:
        raise refusal
    for name, entry in summary["parameters"].items():
        say(
            f"{name} = {entry['value']:.4g} {entry['unit']}  ({entry['low']:.4g} to "
            f"{entry['high']:.4g})"
        )
    for name in ("cell_ionic_resistance_ohm", "tortuosity", "with_short", "without_short"):
        if name in summary:
            say(f"{name} = {summary[name]}")
    say(
        f"residual {100 * fit.rms:.2f} %, Kramers-Kronig {100 * check.rms:.2f} %: "
        f"{options.output / 'impedance.json'}"
    )
    return summary


def _read(options) -> Reading:
    area = None if options.area_cm2 is None else options.area_cm2 * 1e-4
    reading = read(options.spectrum, area=area, loop=options.loop, sheet=options.sheet)
    if area is not None and not reading.areal and options.porosity is None:
        raise IdleOptionError(
            f"--area-cm2 would have no effect: {options.spectrum} is in ohm, and a tortuosity "
            "needs all four of --area-cm2, --thickness-um, --porosity and --conductivity"
        )
    return reading


def _fit(options, spectrum) -> tuple[dict, Fit]:
    if options.model == "blocking":
        geometry = (options.area_cm2, options.thickness_um, options.porosity, options.conductivity)
        return _blocking(spectrum, options.short, None if None in geometry else geometry)
    fit = fit_impedance(spectrum, options.circuit, options.guess).fit
    return {"circuit": options.circuit}, fit


def _blocking(spectrum, short: bool, geometry) -> tuple[dict, Fit]:
    """What follows from the fit, and what the other assumption on a short would make of it; and the
    fit.

    `geometry` is area [cm2] and thickness [um] of an electrode, its porosity [-], the conductivity
    [S/m]; or None.
    """
    cell = fit_blocking_cell(spectrum, short)
    found = {"cell_ionic_resistance_ohm": cell.cell_resistance}
    if geometry:
        area, thickness, porosity, conductivity = geometry
        found["tortuosity"] = float(
            tortuosity(
                cell.electrode_resistance, area * 1e-4, thickness * 1e-6, porosity, conductivity
            )
        )
    try:
        other = fit_blocking_cell(spectrum, not short)
        rival = {"residual_rms": other.fit.rms, "cell_ionic_resistance_ohm": other.cell_resistance}
    except ImpedanceError as error:
        rival = {"refused": str(error)}
    return found | {"without_short" if short else "with_short": rival}, cell.fit


def _parameters(fit) -> dict:
    rows = zip(fit.names, fit.units, fit.values, fit.low, fit.high, strict=True)
    return {
        name: {"value": float(value), "low": float(low), "high": float(high), "unit": unit}
        for name, unit, value, low, high in rows
    }


def _write(folder: Path, summary: dict, spectrum, check, fit) -> None:
    columns = {
        "frequency_Hz": spectrum.frequency,
        "real_ohm": spectrum.impedance.real,
        "imaginary_ohm": spectrum.impedance.imag,
        "kramers_kronig_real": check.real,
        "kramers_kronig_imaginary": check.imaginary,
    }
    if fit is not None:
        place = np.isin(spectrum.frequency, fit.spectrum.frequency)
        for name, part in (
            ("fit_real_ohm", fit.fitted.real),
            ("fit_imaginary_ohm", fit.fitted.imag),
        ):
            columns[name] = np.full(spectrum.frequency.size, np.nan)
            columns[name][place] = part
    table = np.column_stack(list(columns.values()))
    np.savetxt(folder / "residuals.csv", table, "%.9g", ",", header=",".join(columns), comments="")
    figure = report(spectrum, check, fit)
    for form in ("png", "svg"):
        (folder / f"impedance.{form}").write_bytes(render(figure, form))
    (folder / "impedance.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
