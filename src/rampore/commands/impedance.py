"""``rampore impedance``: spectra read, tested and fitted, with their files and figures; one, or all
of a folder.
"""

import argparse
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rampore import storage
from rampore.commands.files import together
from rampore.figures.impedance import bode, relaxation_times, report
from rampore.impedance.analysing import Prepared, SpectrumAnalysis, analyse, prepare
from rampore.impedance.circuits import (
    SECONDS,
    CircuitError,
    check_circuit,
    compare,
    fit_circuit,
    read_circuit,
    undetermined,
)
from rampore.impedance.fitting import Fit
from rampore.impedance.judging import judge
from rampore.impedance.reading import IVIUM, Reading, read
from rampore.impedance.relaxation import relaxation
from rampore.impedance.screening import select
from rampore.impedance.spectrum import ImpedanceError, Spectrum
from rampore.impedance.transmission_line import fit_blocking_cell, tortuosity
from rampore.style import render_both

Say = Callable[[str], object]

#: Endings of what is taken for a spectrum in a folder.
ENDINGS = (
    *(".csv", ".txt", ".mpt", ".dta", ".z", ".par", ".xlsx", ".i2b", ".p00", ".gz", ".bz2"),
    *IVIUM,
)
#: Of a batch's table, beside the parameters.
COLUMNS = ("file", "result", "kramers_kronig_percent", "misfit_percent", "noise_percent")


class IdleOptionError(ImpedanceError):
    """An option that has no effect on this file."""

    exit_code = 2


class DoubleNameError(ImpedanceError):
    """Several files would write to one place."""

    exit_code = 2


def run(options: argparse.Namespace, say: Say = print) -> dict:
    """Do what the command line says of one spectrum, or of each of several.

    One leaves ``impedance.json``, ``residuals.csv`` and its figures in the folder; several leave
    that in a folder each, and a ``table.csv`` beside them.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the subcommand, see ``rampore impedance --help``.
    say : callable
        Takes a line of what was found.

    Returns
    -------
    dict
        The summary of the one spectrum, or by name those of several.

    Raises
    ------
    ImpedanceError
        The circuit makes no sense, or the spectrum, or every one of several, cannot be read,
        believed or fitted. Where it can be read, its test is written and drawn all the same.
    """
    for circuit in options.circuit or ():
        check_circuit(circuit, options.guess) if options.guess else read_circuit(circuit)
    if len(options.spectrum) == 1 and not options.spectrum[0].is_dir():
        return _one(options, options.spectrum[0], options.output, say)
    return _batch(options, say)


def _batch(options, say: Say) -> dict:
    paths = [path for given in options.spectrum for path in _files(given)]
    names = [path.name for path in paths]
    if twice := [name for name in names if names.count(name) > 1]:
        raise DoubleNameError(f"two files are named {twice[0]!r}, and would share a folder")
    table = options.output / "table.csv"
    storage.check(table)
    summaries, rows, reasons = {}, [], []
    for path in paths:
        said: list[str] = []
        try:
            summary = _one(options, path, options.output / path.name, said.append)
            result = "fitted" if summary["misfit"]["describes"] else said[-1]
        except IdleOptionError:
            raise
        except ImpedanceError as error:
            summary, result = {}, str(error)
            reasons.append(result)
        summaries[path.name] = summary
        rows.append(_row(path.name, result, summary))
        say(f"{path.name}: {result}")
    names = list(dict.fromkeys(name for row in rows for name in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    storage.write(table, stream.getvalue())
    if len(reasons) == len(paths):
        raise ImpedanceError(
            f"none of {len(paths)} spectra could be fitted; the last: {reasons[-1]}"
        )
    say(f"{len(paths) - len(reasons)} of {len(paths)} fitted: {table}")
    return summaries


def _files(given: Path) -> list[Path]:
    if not given.is_dir():
        return [given]
    found = sorted(path for path in given.iterdir() if path.suffix.lower() in ENDINGS)
    if not found:
        raise ImpedanceError(
            f"the folder {str(given)!r} holds no spectrum: no file that ends in "
            f"{', '.join(ENDINGS)}"
        )
    return found


def _row(name: str, result: str, summary: dict) -> dict:
    if "parameters" not in summary:
        return dict(zip(COLUMNS, (name, result), strict=False))
    misfit = summary["misfit"]
    check = summary["kramers_kronig"]["rms"]
    values = (
        100 * check if check is not None else "",
        100 * misfit["misfit"],
        100 * misfit["noise"],
    )
    row = dict(zip(COLUMNS, (name, result, *values), strict=True))
    row |= {key: entry["value"] for key, entry in summary["parameters"].items()}
    numbers = ("cell_ionic_resistance_ohm", "tortuosity")
    return row | {key: summary[key] for key in numbers if key in summary}


def _one(options, path: Path, output: Path, say: Say) -> dict:
    reading = _read(options, path)
    say(f"read: {reading.understood}")
    asked = select(reading.spectrum, options.fmin, options.fmax, options.mask or ())
    with together(output) as folder:
        prepared = prepare(asked, not options.keep_all)
        notes = [*reading.notes, *map(str, prepared.screening.findings)]
        check = prepared.check
        if check is None:
            notes.append(
                f"{prepared.part.frequency.size} frequencies are too few to test Kramers and "
                "Kronig's relations: the fit is the test, for a circuit obeys them"
            )
        summary = {
            "model": options.model,
            "read": {"understood": reading.understood, "notes": notes},
            "kramers_kronig": {
                "rms": None if check is None else check.rms,
                "passed": None if check is None else check.passed,
            },
        }
        for note in notes:
            say(f"note: {note}")
        refusal, fit = None, None
        try:
            found, analysis = _fit(options, prepared)
            judgement = analysis.judgement
            summary["misfit"] = {
                "misfit": judgement.misfit,
                "noise": judgement.noise,
                "threshold": judgement.threshold,
                "describes": judgement.describes,
                "where_Hz": judgement.where,
            }
            analysis.refuse_misfit()
            fit = analysis.fit
            summary |= found | {
                "weighting": fit.weighting,
                "residual_rms": fit.rms,
                "parameters": _parameters(analysis),
            }
        except ImpedanceError as error:
            summary["refused"], refusal = str(error), error
        _write(folder, summary, prepared, fit, options.drt)
    if refusal:
        raise refusal
    _tell(summary, analysis, output, say)
    return summary


def _tell(summary: dict, analysis: SpectrumAnalysis, output: Path, say: Say) -> None:
    for name, entry in summary["parameters"].items():
        unit = "" if entry["unit"] in ("", "-") else f" {entry['unit']}"
        if entry.get("undetermined"):
            say(f"{name} = {entry['value']:.4g}{unit}  (the spectrum does not determine it)")
            continue
        within = (
            f"{entry['low']:.4g} to {entry['high']:.4g}"
            if entry["low"] is not None
            else "no interval"
        )
        say(f"{name} = {entry['value']:.4g}{unit}  ({within}; {_by_weighting(entry)})")
    for name in ("cell_ionic_resistance_ohm", "tortuosity", "with_short", "without_short"):
        if name in summary:
            say(f"{name} = {summary[name]}")
    for rival in summary.get("compared", ()):
        verdict = rival.get("refused") or (
            f"information criterion {rival['criterion']:.1f}, misfit {100 * rival['misfit']:.2g} %"
            + ("" if rival["describes"] else ": does not describe the spectrum")
        )
        say(f"{rival['circuit']}: {verdict}")
    check = analysis.prepared.check
    tested = "not tested" if check is None else f"{100 * check.rms:.2f} %"
    say(
        f"residual {100 * analysis.fit.rms:.2f} % (weighting {analysis.fit.weighting}), "
        f"Kramers-Kronig {tested}: {output / 'impedance.json'}"
    )
    say(str(analysis.judgement))


def _by_weighting(entry: dict) -> str:
    return ", ".join(
        f"{weighting} {each['value']:.4g}" for weighting, each in entry["weightings"].items()
    )


def _read(options, path: Path) -> Reading:
    area = None if options.area_cm2 is None else options.area_cm2 * 1e-4
    reading = read(path, area=area, loop=options.loop, sheet=options.sheet)
    if area is not None and not reading.areal and options.porosity is None:
        raise IdleOptionError(
            f"--area-cm2 would have no effect: {path} is in ohm, and a tortuosity needs all four "
            "of --area-cm2, --thickness-um, --porosity and --conductivity"
        )
    return reading


def _fit(options, prepared: Prepared) -> tuple[dict, SpectrumAnalysis]:
    if options.model == "blocking":
        geometry = (options.area_cm2, options.thickness_um, options.porosity, options.conductivity)
        return _blocking(options, prepared, None if None in geometry else geometry)
    return _circuits(options, prepared)


def _circuits(options, prepared: Prepared) -> tuple[dict, SpectrumAnalysis]:
    """The circuit, or the best of several: first those that describe the spectrum, then by the
    information criterion.
    """
    prepared.refuse_broken()

    def fitted(circuit: str, spectrum: Spectrum, weighting: str, start: Fit | None = None) -> Fit:
        return fit_circuit(
            spectrum,
            circuit,
            options.guess if start is None else start.values,
            weighting=weighting,
            fixed=dict(options.fix or ()),
            bounds=dict(options.bound or ()),
            seconds=options.seconds or SECONDS,
        )

    fits, refused = {}, {}
    for circuit in options.circuit:
        try:
            fits[circuit] = fitted(circuit, prepared.part, options.weighting)
        except CircuitError:
            raise
        except ImpedanceError as error:
            refused[circuit] = error
    if not fits:
        raise next(iter(refused.values()))
    rivals = compare(fits)
    judged = {each.circuit: judge(each.fit, prepared.check) for each in rivals}
    best = min(rivals, key=lambda each: (not judged[each.circuit].describes, each.criterion))
    found = {"circuit": best.circuit}
    if len(options.circuit) > 1:
        found["compared"] = [
            {
                "circuit": each.circuit,
                "criterion": each.criterion,
                "misfit": judged[each.circuit].misfit,
                "describes": judged[each.circuit].describes,
            }
            for each in rivals
        ] + [{"circuit": each, "refused": str(error)} for each, error in refused.items()]

    def again(spectrum: Spectrum, weighting: str, start: Fit | None) -> Fit:
        return best.fit if start is None else fitted(best.circuit, spectrum, weighting, start)

    return found, analyse(prepared, again, options.weighting)


def _blocking(options, prepared: Prepared, geometry) -> tuple[dict, SpectrumAnalysis]:
    """What follows from the fit, and what the other assumption on a short would make of it.

    `geometry` is area [cm2] and thickness [um] of an electrode, its porosity [-], the conductivity
    [S/m]; or None.
    """

    analysis = analyse(
        prepared,
        lambda part, weighting, _: fit_blocking_cell(part, options.short, weighting).fit,
        options.weighting,
    )
    electrode = analysis.fit["ionic_resistance"]
    found = {"cell_ionic_resistance_ohm": 2 * electrode}
    if geometry:
        area, thickness, porosity, conductivity = geometry
        found["tortuosity"] = float(
            tortuosity(electrode, area * 1e-4, thickness * 1e-6, porosity, conductivity)
        )
    try:
        other = fit_blocking_cell(prepared.part, not options.short, options.weighting).fit
        rival = {
            "residual_rms": other.rms,
            "cell_ionic_resistance_ohm": 2 * other["ionic_resistance"],
        }
    except ImpedanceError as error:
        rival = {"refused": str(error)}
    return found | {"without_short" if options.short else "with_short": rival}, analysis


def _parameters(analysis: SpectrumAnalysis) -> dict:
    """Value and interval of each parameter, and the same under each weighting; where the circuit
    does not describe the spectrum, an interval would count a wrong model as scatter, and is none.
    """
    fit, weighed, describes = analysis.fit, analysis.weighed, analysis.judgement.describes
    loose = undetermined(fit)

    def entry(each: Fit, name: str) -> dict:
        place = each.place(name)
        return {
            "value": float(each.values[place]),
            "low": float(each.low[place]) if describes else None,
            "high": float(each.high[place]) if describes else None,
        }

    found = {}
    for name, unit in zip(fit.names, fit.units, strict=True):
        found[name] = entry(fit, name) | {"unit": unit}
        found[name]["weightings"] = {
            weighting: entry(each, name) for weighting, each in weighed.fits.items()
        }
        found[name]["over_weightings"] = weighed.span(name, intervals=describes)
        if name in loose:
            found[name]["undetermined"] = True
    return found


def _write(folder: Path, summary: dict, prepared: Prepared, fit: Fit | None, wanted: bool) -> None:
    spectrum, check, kept = prepared.whole, prepared.check, prepared.screening.kept
    columns = {
        "frequency_Hz": spectrum.frequency,
        "real_ohm": spectrum.impedance.real,
        "imaginary_ohm": spectrum.impedance.imag,
        "kept": kept.astype(float),
    }
    if check is not None:
        for name, part in (
            ("kramers_kronig_real", check.real),
            ("kramers_kronig_imaginary", check.imaginary),
        ):
            columns[name] = _placed(spectrum, kept, part)
    if fit is not None:
        place = np.isin(spectrum.frequency, fit.spectrum.frequency)
        columns["fit_real_ohm"] = _placed(spectrum, place, fit.fitted.real)
        columns["fit_imaginary_ohm"] = _placed(spectrum, place, fit.fitted.imag)
    table = np.column_stack(list(columns.values()))
    np.savetxt(folder / "residuals.csv", table, "%.9g", ",", header=",".join(columns), comments="")
    figures = {
        "impedance": report(spectrum, check, fit, kept),
        "bode": bode(spectrum, fit, kept),
    }
    if wanted:
        figures |= _times(folder, summary, prepared)
    for name, figure in figures.items():
        for form, image in render_both(figure).items():
            (folder / f"{name}.{form}").write_bytes(image)
    (folder / "impedance.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def _times(folder: Path, summary: dict, prepared: Prepared) -> dict:
    """The figure of the relaxation times; their table, and what is said of them in the summary."""
    try:
        found = relaxation(prepared.part)
    except ImpedanceError as error:
        summary["relaxation_times"] = {"refused": str(error)}
        return {}
    summary["relaxation_times"] = {
        "peaks": [{"time_s": tau, "resistance_ohm": r} for tau, r in found.peaks()],
        "regularisation": found.regularisation,
        "residual_rms": found.rms,
    }
    table = np.column_stack([found.tau, found.density])
    header = "time_constant_s,density_ohm"
    np.savetxt(folder / "relaxation.csv", table, "%.9g", ",", header=header, comments="")
    return {"relaxation": relaxation_times(found)}


def _placed(spectrum: Spectrum, place: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values at the frequencies where `place` is true, NaN at the others."""
    column = np.full(spectrum.frequency.size, np.nan)
    column[place] = values
    return column
