"""``rampore impedance``: one spectrum tested and fitted, with its files and its figure."""

import json
from pathlib import Path

import numpy as np

from rampore.figures.impedance import report
from rampore.figures.style import render
from rampore.impedance.circuits import fit_circuit
from rampore.impedance.kramers_kronig import kramers_kronig
from rampore.impedance.spectrum import ImpedanceError, read_spectrum
from rampore.impedance.transmission_line import fit_blocking_cell, tortuosity


def run(options, say=print) -> dict:
    """Do what the command line says: ``impedance.json``, ``residuals.csv`` and the figure; returns the summary.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the subcommand, see ``rampore impedance --help``.
    say : callable
        Takes a line of what was found.

    Raises
    ------
    ImpedanceError
        The spectrum cannot be read, believed or fitted, or the options do not fit each other. Where it can be read, its
        test is written and drawn all the same.
    """
    geometry = _geometry(options)
    if options.model == "circuit" and not (options.circuit and options.guess):
        raise ImpedanceError("--model circuit needs --circuit and a --guess for each of its parameters")
    spectrum = read_spectrum(options.spectrum, options.instrument)
    check = kramers_kronig(spectrum)
    summary = {"model": options.model, "kramers_kronig": {"rms": check.rms, "passed": check.passed}}
    fit = None
    try:
        if options.model == "blocking":
            summary |= _blocking(spectrum, options.short, geometry)
            fit = summary.pop("fit")
        elif not check.passed:
            raise ImpedanceError(
                f"the spectrum breaks Kramers and Kronig's relations by {100 * check.rms:.1f} % and is not fitted"
            )
        else:
            fit = fit_circuit(spectrum, options.circuit, options.guess)
            summary["circuit"] = options.circuit
        summary |= {"residual_rms": fit.rms, "parameters": _parameters(fit)}
    except ImpedanceError as error:
        summary["refused"] = str(error)
        raise
    finally:
        _write(options.output, summary, spectrum, check, fit)
    for name, entry in summary["parameters"].items():
        say(f"{name} = {entry['value']:.4g} {entry['unit']}  ({entry['low']:.4g} to {entry['high']:.4g})")
    for name in ("cell_ionic_resistance_ohm", "tortuosity", "with_short", "without_short"):
        if name in summary:
            say(f"{name} = {summary[name]}")
    say(f"residual {100 * fit.rms:.2f} %, Kramers-Kronig {100 * check.rms:.2f} %: {options.output / 'impedance.json'}")
    return summary


def _geometry(options) -> tuple[float, float, float, float] | None:
    given = options.area_cm2, options.thickness_um, options.porosity, options.conductivity
    if any(value is not None for value in given):
        if None in given:
            raise ImpedanceError("a tortuosity needs all of --area-cm2, --thickness-um, --porosity and --conductivity")
        if min(given) <= 0:
            raise ImpedanceError("area, thickness, porosity and conductivity must be positive")
        return options.area_cm2 * 1e-4, options.thickness_um * 1e-6, options.porosity, options.conductivity
    return None


def _blocking(spectrum, short: bool, geometry) -> dict:
    """The fit, what follows from it, and what the other assumption on a short would make of it."""
    cell = fit_blocking_cell(spectrum, short)
    found = {"fit": cell.fit, "cell_ionic_resistance_ohm": cell.cell_resistance}
    if geometry:
        found["tortuosity"] = float(tortuosity(cell.electrode_resistance, *geometry))
    try:
        other = fit_blocking_cell(spectrum, not short)
        rival = {"residual_rms": other.fit.rms, "cell_ionic_resistance_ohm": other.cell_resistance}
    except ImpedanceError as error:
        rival = {"refused": str(error)}
    return found | {"without_short" if short else "with_short": rival}


def _parameters(fit) -> dict:
    rows = zip(fit.names, fit.units, fit.values, fit.low, fit.high, strict=True)
    return {
        name: {"value": float(value), "low": float(low), "high": float(high), "unit": unit}
        for name, unit, value, low, high in rows
    }


def _write(folder: Path, summary: dict, spectrum, check, fit) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    columns = {
        "frequency_Hz": spectrum.frequency,
        "real_ohm": spectrum.impedance.real,
        "imaginary_ohm": spectrum.impedance.imag,
        "kramers_kronig_real": check.real,
        "kramers_kronig_imaginary": check.imaginary,
    }
    if fit is not None:
        place = np.isin(spectrum.frequency, fit.spectrum.frequency)
        for name, part in (("fit_real_ohm", fit.fitted.real), ("fit_imaginary_ohm", fit.fitted.imag)):
            columns[name] = np.full(spectrum.frequency.size, np.nan)
            columns[name][place] = part
    table = np.column_stack(list(columns.values()))
    np.savetxt(folder / "residuals.csv", table, "%.9g", ",", header=",".join(columns), comments="")
    (folder / "impedance.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    figure = report(spectrum, check, fit)
    for form in ("png", "svg"):
        (folder / f"impedance.{form}").write_bytes(render(figure, form))
