"""What a notebook uses to hand over what it found: verdicts, figures, results, numbers for the
prose.

A chapter run by hand shows all of it and writes nothing; run by :mod:`rampore.audit.reproduce` it
is given an output folder.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rampore.audit import claims, numbers
from rampore.audit.claims import Otherwise, Report, Rounding, Uncertainty, Under
from rampore.audit.ledger import Ledger, ToleranceFrom, read_ledger
from rampore.audit.numbers import Number, Phrase
from rampore.audit.study import settings
from rampore.extras import needs
from rampore.units import difference_from_si, from_si

if TYPE_CHECKING:
    import pandas
    import xarray
    from matplotlib.figure import Figure

    from rampore.scenes import Scene

__all__ = [
    "CLAIM_MIME",
    "FIGURE_MIME",
    "KEPT_MIME",
    "NUMBERS_MIME",
    "SCENE_MIME",
    "STATEMENTS",
    "TABLE_MIME",
    "Chapter",
    "Otherwise",
    "Uncertainty",
    "Under",
]

#: A cell output of this type holds one entry of claims.json: the verdict stays in the cell that
#: computed it.
CLAIM_MIME = "application/vnd.rampore.claim+json"

#: One of this type holds a table for the summary, which the README and the book's first page carry.
TABLE_MIME = "application/vnd.rampore.table+json"

#: One of this type holds a scene that a reader can turn, as :class:`rampore.scenes.Scene` encodes
#: it: the book puts it beside its pages.
SCENE_MIME = "application/vnd.rampore.scene+json"

#: One of this type holds what a figure shows as CSV, beside its pictures.
FIGURE_MIME = "application/vnd.rampore.figure+json"

#: In which a book's pages of statements lie, beside its chapters.
STATEMENTS = "claim"

#: One of this type names the entries of the chapter's numbers that an output shows.
KEPT_MIME = "application/vnd.rampore.kept+json"

#: One of this type, in a chapter's last cell, holds all its numbers with their errors:
#: :mod:`rampore.audit.numbers`.
NUMBERS_MIME = "application/vnd.rampore.numbers+json"

#: The same as a result.
NUMBERS_FILE = "numbers"


class _Shown:
    """A cell output made of a MIME bundle."""

    def __init__(self, bundle: dict) -> None:
        self.bundle = bundle

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict:
        wanted = set(include or self.bundle) - set(exclude or ())
        return {mime: content for mime, content in self.bundle.items() if mime in wanted}

    def __repr__(self) -> str:
        return self.bundle["text/plain"]


class Chapter:
    """One chapter's hand-over to the book.

    Parameters
    ----------
    name : str
        Name of the notebook, without its ending.
    output : str or None
        Folder for figures and results; None writes nothing.
    ledger : Ledger, optional
        By default the one of the study in whose folder the notebook runs.
    accuracy : float
        Relative numerical error of a number that comes without one [-]; by default that of a closed
        formula.
    """

    def __init__(
        self,
        name: str,
        output: str | Path | None = None,
        ledger: Ledger | None = None,
        accuracy: float = numbers.ROUNDING,
    ) -> None:
        import pandas as pd

        # with pyarrow beside it pandas would keep a phrase as plain text, without its numbers
        pd.set_option("mode.string_storage", "python")
        self.name = name
        self.output = Path(output) if output else None
        self.ledger = read_ledger(settings(Path.cwd()).ledger) if ledger is None else ledger
        self.accuracy = accuracy
        self.numbers = numbers.Numbers()

    def stated(self, claim_id: str) -> float:
        """The paper's number [SI]."""
        return self.ledger[claim_id].stated_si

    def half_digit(self, claim_id: str) -> Rounding:
        """Half of the last digit that the paper prints [SI]."""
        half = self.ledger[claim_id].half_digit_si
        return Rounding(half, {claim_id: half})

    def printed(self, claim_id: str) -> tuple[float, Rounding]:
        """The paper's number and half of its last printed digit [SI]:
        :func:`rampore.audit.claims.printed_range`.
        """
        return self.stated(claim_id), self.half_digit(claim_id)

    def take(self, claim_id: str, explanation: str = "A design value, taken as given.") -> _Shown:
        """Take a design value of the paper as given: verdict `input`.

        Raises
        ------
        rampore.audit.ledger.LedgerError
            Where the statement is not of basis `design`.
        """
        return self._verdict(Report(claim_id, taken=True, explanation=explanation))

    def report(
        self,
        claim_id: str,
        computed: float | bool | None,
        *,
        given: tuple[str, ...] = (),
        rounding: float = 0.0,
        uncertainty: Uncertainty = Uncertainty(),
        under: Under | None = None,
        otherwise: Otherwise | None = None,
        measure: str = "",
        bound: str = "",
        explanation: str,
        needed_error: float | None = None,
    ) -> _Shown:
        """Hand in what was computed for a claim; shows the verdict. Numbers in SI.

        Parameters
        ----------
        claim_id : str
        computed : float, bool or None
            What the published inputs (and constants of nature) give by the statement's own route,
            never a value that needs more: that stands in `under`. For an order or a trend, whether
            it holds. None where what is published gives no value at all.
        given, rounding, uncertainty, under, otherwise, measure, bound, explanation
            As in :class:`rampore.audit.claims.Report`. What `uncertainty` names as `numerics` is
            the numerical error of all numbers of the report but those that a condition needs.
        needed_error : float, optional
            Numerical error of what the condition needs [its unit]; by default the chapter's
            accuracy times it.

        Raises
        ------
        rampore.audit.ledger.LedgerError
            Where the report does not fit the claim.
        """
        if under:
            under = Under(_plain(under.needed), _plain(under.gives))
        if otherwise:
            otherwise = otherwise._replace(holds=_plain(otherwise.holds))
        given = (given,) if isinstance(given, str) else tuple(given)
        report = Report(
            claim_id,
            computed=_plain(computed),
            given=given,
            rounding=_plain(rounding),
            uncertainty=Uncertainty(*map(_plain, uncertainty)),
            under=under,
            otherwise=otherwise,
            measure=measure,
            bound=bound,
            explanation=explanation,
        )
        return self._verdict(report, needed_error)

    def _verdict(self, report: Report, needed_error: float | None = None) -> _Shown:
        claims.check(self.ledger, report)
        entry = claims.record(replace(self.ledger[report.claim_id], chapter=self.name), report)
        self._keep_report(report, entry["verdict"], needed_error)
        return _Shown({CLAIM_MIME: entry, "text/html": card(entry), "text/plain": line(entry)})

    def _keep_report(self, report: Report, verdict: str, needed_error: float | None) -> None:
        name, numerics = f"claim/{report.claim_id}", report.uncertainty.numerics or None
        self.numbers.keep_text(f"{name}/verdict", verdict)
        for part in ("measure", "bound", "explanation"):
            if text := getattr(report, part):
                self.numbers.keep_text(f"{name}/{part}", text)
        if report.otherwise:
            self.numbers.keep_text(f"{name}/otherwise", report.otherwise.case)
        widths = {"rounding": report.rounding} | report.uncertainty._asdict()
        values = {"computed": report.computed} | {
            key: width for key, width in widths.items() if width
        }
        if report.under:
            values |= report.under._asdict()
        for part, value in values.items():
            if value is not None and part != "numerics":
                error = needed_error if part == "needed" else numerics
                self.numbers.keep(f"{name}/{part}", value, error, self.accuracy)

    def phrase(self, template: str, *values: Number | str) -> Phrase:
        """A text with numbers in it, for :meth:`say`, :meth:`tell` and what :meth:`report` takes as
        text.

        See :func:`rampore.audit.numbers.phrase`; a number without an error has the chapter's
        accuracy.
        """
        return numbers.phrase(template, *values, accuracy=self.accuracy)

    def tell(self, name: str, *sentences: str) -> _Shown:
        """Show a few sentences, one a line, and keep the numbers of those that are phrases.

        Parameters
        ----------
        name : str
        *sentences : str
        """
        kept = [f"text/{name}/{number}" for number in range(len(sentences))]
        for key, sentence in zip(kept, sentences, strict=True):
            self.numbers.keep_text(key, sentence)
        paragraphs = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
        page = f'<div class="told">{paragraphs}</div>'
        return _Shown({KEPT_MIME: kept, "text/html": page, "text/plain": "\n".join(sentences)})

    def table(
        self,
        name: str,
        table: pandas.DataFrame | pandas.Series,
        decimals: int | Mapping[Any, int] = 3,
        error: float | Mapping[Any, float] | pandas.DataFrame | None = None,
    ) -> _Shown:
        """Show a table, and keep its numbers with their errors.

        Parameters
        ----------
        name : str
        table : pandas.DataFrame or Series
            Its index and columns name the rows and columns; units stand there.
        decimals : int or mapping of column to int
            Decimals of the numbers that are not whole; fewer where the numerical error leaves
            fewer.
        error : float, mapping of column to float, or pandas.DataFrame, optional
            Numerical error [as the numbers]; by default the chapter's accuracy times each number.
            Of a mapping or a table, a column without an entry has that default.
        """
        import pandas as pd

        table = table.to_frame(table.name or "") if isinstance(table, pd.Series) else table
        shown = table.astype(object).copy()
        for place, column in enumerate(table.columns):
            values = table.iloc[:, place]
            wanted = decimals if isinstance(decimals, int) else decimals.get(column, 3)
            errors = self._errors(values, column, error)
            shown.isetitem(place, _set(values, errors, wanted))
            key = f"table/{name}/{_label(column)}"
            if values.dtype.kind == "O":
                for row, value in enumerate(values):
                    keep = self.numbers.keep_text if isinstance(value, str) else self.numbers.keep
                    keep(f"{key}/{row}", value)
            else:
                for start in range(0, len(values), numbers.LONGEST):
                    part = slice(start, start + numbers.LONGEST)
                    end = f"/{start}" if start else ""
                    exact = values.dtype.kind not in "fc"
                    self.numbers.keep(
                        key + end, values.to_numpy()[part], None if exact else errors[part]
                    )
        self.numbers.keep_text(
            f"table/{name}", " | ".join(map(_label, [*table.index, *table.columns]))
        )
        only_words = all(isinstance(value, str) for value in shown.to_numpy().ravel())
        with pd.option_context("display.max_colwidth", None):
            page = shown.to_html(border=0, classes="words" if only_words else "numbers", na_rep="")
        return _Shown(
            {
                KEPT_MIME: [f"table/{name}"],
                "text/html": page,
                "text/plain": shown.to_string(na_rep=""),
            }
        )

    def _errors(self, values: pandas.Series, column: Any, error: Any) -> np.ndarray:
        if error is not None and not isinstance(error, int | float):
            error = error.get(column)
        if error is None and values.dtype.kind == "f":
            error = self.accuracy * values.abs()
        return np.broadcast_to(
            np.asarray(0.0 if error is None else error, dtype=float), len(values)
        )

    def close(self) -> _Shown:
        """Hand over every number of the chapter with its error: the last cell of a notebook."""
        entries = self.numbers.entries
        if self.output:
            _write(
                self.output,
                "results",
                f"{NUMBERS_FILE}.json",
                _json(NUMBERS_FILE, entries).encode(),
            )
        return _Shown(
            {NUMBERS_MIME: entries, "text/plain": "every number above, with its numerical error"}
        )

    def figure(
        self, figure: Figure, name: str, dpi: int = 150, error: float | Figure | None = None
    ) -> _Shown:
        """Show a figure and hand over its numbers as CSV; save it as PNG and SVG where there is an
        output folder.

        Parameters
        ----------
        figure : matplotlib.figure.Figure
        name : str
            File name without ending.
        dpi : int
            Resolution of the PNG [1/in].
        error : float or matplotlib.figure.Figure, optional
            Numerical error of what is drawn, over the largest of each artist's numbers [-]; by
            default the chapter's accuracy, or a millionth where that is less. A figure is the same
            one, drawn from a coarser computation: the error is then the largest difference of each
            artist's numbers.
        """
        from rampore.audit.drawn import as_csv, differences, drawn, words
        from rampore.style import render, render_both

        relative, between = max(self.accuracy, 1e-6), {}
        if isinstance(error, float | int):
            relative = error
        elif error is not None:
            between = differences(figure, error)
        for part, values in drawn(figure):
            finite = np.abs(values[np.isfinite(values)])
            allowed = max(relative * finite.max(initial=0.0), between.get(part, 0.0))
            self.numbers.keep(f"figure/{name}/{part}", values, allowed)
        for number, text in enumerate(words(figure)):
            self.numbers.keep_text(f"figure/{name}/text/{number}", text)
        title = f"{self.name}: {name}"
        if self.output:
            images = render_both(figure, title, dpi)
            for form, image in images.items():
                _write(self.output, "figures", f"{name}.{form}", image)
        else:
            images = {"png": render(figure, "png", title, dpi)}
        bundle = {"image/png": images["png"], "text/plain": f"<figure {name}>"}
        if "svg" in images:
            bundle["image/svg+xml"] = images["svg"].decode()
        data = as_csv(figure)
        return _Shown(bundle | ({FIGURE_MIME: {"csv": data}} if data else {}))

    def scene(self, name: str, scene: Scene, text: str, error: float | Scene) -> _Shown:
        """Hand over a scene that a reader of the book can turn, and save it where there is an
        output folder. A figure beside it is its still picture.

        Parameters
        ----------
        name : str
            In small letters, one in the whole book.
        scene : rampore.scenes.Scene
        text : str
            What is to be seen, for who cannot turn it.
        error : float or rampore.scenes.Scene
            Numerical error over the largest number of a field [-]; or the same scene from a coarser
            computation, of which the frames that both have are compared.
        """
        kept = []
        for label, values in scene.summaries().items():
            kept.append(f"scene/{name}/{label}")
            self.numbers.keep(kept[-1], values, _scene_error(label, values, error))
        encoded = scene.encoded()
        if self.output:
            _write(self.output, "results", f"{name}.scene.json", json.dumps(encoded).encode())
        page = (
            f'<div class="scene" data-scene="{html.escape(name)}"><p>{html.escape(text)}</p>'
            '<button type="button" hidden>Turn it</button></div>'
            '<script src="../_static/scene.js" defer></script>'
        )
        content = {"name": name, "scene": encoded}
        return _Shown({SCENE_MIME: content, KEPT_MIME: kept, "text/html": page, "text/plain": text})

    def result(
        self, name: str, data: Any, error: float | Mapping[str, float] | None = None
    ) -> None:
        """Save a result, where there is an output folder.

        Parameters
        ----------
        name : str
            File name without ending.
        data : mapping, dataclass or NamedTuple; pandas.DataFrame; xarray.Dataset or DataArray
            Saved as JSON, CSV or NetCDF. Units stand in the keys or the column names, where
            ``data.attrs["units"]`` of a table (column -> unit) is put too; each number of a dataset
            carries the attribute ``units``.
        error : float or mapping of str to float, optional
            Numerical error over the largest number of an entry, a column or a field; by default the
            chapter's accuracy [-]. Of a mapping: the error itself, by entry, column or field [its
            unit]; what it does not name has the default.

        Raises
        ------
        ValueError
            Where a number of a dataset has no unit, or a mapping holds what is not finite.
        TypeError
            Where `data` is none of these.
        """
        data = _mapping(data)
        if hasattr(data, "to_netcdf"):  # before the mappings: a dataset is one
            ending, content = "nc", _netcdf(name, data)
            fields = data.variables if hasattr(data, "data_vars") else {name: data}
            parts = {key: field.values for key, field in fields.items()}
        elif hasattr(data, "to_csv"):
            ending, content = "csv", _csv(data).encode()
            parts = {
                _label(column): data.iloc[:, place].to_numpy()
                for place, column in enumerate(data.columns)
            }
        elif isinstance(data, Mapping):
            ending, content = "json", _json(name, data).encode()
            parts = dict(_leaves(json.loads(content)))
        else:
            raise TypeError(
                f"result {name!r}: a {type(data).__name__} is no mapping, table or dataset"
            )
        relative = error if isinstance(error, float | int) else self.accuracy
        absolute = {} if error is None or isinstance(error, float | int) else error
        for part, values in parts.items():
            self._keep_result(
                f"result/{name}/{part}", np.asarray(values), relative, absolute.get(part)
            )
        if self.output:
            _write(self.output, "results", f"{name}.{ending}", content)

    def _keep_result(
        self, name: str, values: np.ndarray, relative: float, absolute: float | None
    ) -> None:
        if values.dtype.kind == "f" and values.size > numbers.LONGEST:
            values = numbers.summary(values)
        if values.dtype.kind == "f":
            finite = np.abs(values[np.isfinite(values)])
            self.numbers.keep(
                name, values, relative * finite.max(initial=0.0) if absolute is None else absolute
            )
        else:
            self.numbers.keep(name, values.ravel()[numbers.spaced(values.size)].astype(str))

    def summarise(self, title: str, table: pandas.DataFrame) -> _Shown:
        """Show a table, and hand it over to the summary of the study.

        Parameters
        ----------
        title : str
            What it shows and under which condition, as a sentence.
        table : pandas.DataFrame
            Of texts, those with numbers as :meth:`phrase` gives them; its index names the rows.
        """
        name = table.index.name or ""
        kept = f"summary/{slug(title)[:40]}"
        for row, texts in zip(table.index, table.values, strict=True):
            for column, text in zip(table.columns, texts, strict=True):
                self.numbers.keep_text(f"{kept}/{row}/{column}", text)
        entry = {
            "title": title,
            "columns": [name, *map(str, table.columns)],
            "rows": [
                [str(row), *map(str, values)]
                for row, values in zip(table.index, table.values, strict=True)
            ],
        }
        return _Shown(
            {
                TABLE_MIME: entry,
                "text/html": table.to_html(border=0),
                "text/plain": table.to_string(),
            }
        )

    def say(
        self,
        name: str,
        value: float | str,
        unit: str | None = None,
        digits: int = 3,
        error: float | None = None,
    ) -> None:
        """Keep a number for the prose, where the role ``glue:text`` sets it by its name.

        Parameters
        ----------
        name : str
        value : float or str
            In SI; a string is kept as it is, a phrase with its numbers.
        unit : str, optional
            Unit to write it in; "%" for a ratio in per cent; None for the number alone.
        digits : int
            Significant digits; fewer where the numerical error leaves fewer.
        error : float, optional
            Numerical error [SI]; by default the chapter's accuracy times the value.
        """
        with needs("book"):
            from myst_nb import glue

        if isinstance(value, str):
            self.numbers.keep_text(f"prose/{name}", value)
        else:
            self.numbers.keep(f"prose/{name}", value, error, self.accuracy)
            digits = _digits_allowed(
                value, unit, digits, abs(value) * self.accuracy if error is None else error
            )
        glue(name, spell(value, unit, digits), display=False)


def _scene_error(label: str, values: np.ndarray, error: float | Scene) -> float:
    """Numerical error of a field's least, mean and largest values over the frames [their unit]."""
    if isinstance(error, float | int):
        return error * float(np.abs(values).max())
    fine, rough = (one.reshape(3, -1) for one in (values, error.summaries()[label]))
    both = min(fine.shape[1], rough.shape[1])
    return float(np.abs(fine[:, :both] - rough[:, :both]).max())


def _write(output: Path, folder: str, name: str, content: bytes) -> None:
    if Path(name).name != name:
        raise ValueError(f"{name!r} must be a file name, without folders")
    path = output / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _mapping(data: Any) -> Any:
    """A dataclass or a named tuple as the mapping of its fields; anything else as it is."""
    if hasattr(data, "_asdict"):
        return data._asdict()
    return asdict(data) if is_dataclass(data) and not isinstance(data, type) else data


def _plain(value: Any) -> Any:
    """A Python number, bool or list for a numpy scalar, array or whatever else has ``tolist``."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"a {type(value).__name__} is no number: {value!r}")


def _label(name: object) -> str:
    """A row's or a column's name as text; the levels of a compound one joined."""
    return ", ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _leaves(data: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every list of numbers and every single value of nested mappings, by its path."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _leaves(value, f"{path}/{key}" if path else str(key))
    elif isinstance(data, list) and any(isinstance(value, list | dict) for value in data):
        for index, value in enumerate(data):
            yield from _leaves(value, f"{path}/{index}")
    else:
        yield path, data


def _set(values: pandas.Series, errors: np.ndarray, decimals: int) -> list:
    """A column as it is printed, with the decimals that its errors allow; texts and whole numbers
    as they are.
    """
    if values.dtype.kind != "f":
        return list(values)
    allowed = max(0, numbers.decimals_allowed(decimals, errors))
    return ["" if math.isnan(value) else numbers.fixed(value, f".{allowed}f") for value in values]


def _digits_allowed(value: float, unit: str | None, digits: int, error: float) -> int:
    """Significant digits of a number of which the last may be off by one, at least one."""
    if unit == "%":
        value, error = 100 * value, 100 * error
    elif unit not in (None, "1"):
        value, error = from_si(value, unit), difference_from_si(error, unit)
    if not value:
        return digits
    leading = math.floor(math.log10(abs(value)))
    return max(
        1, min(digits, numbers.decimals_allowed(digits - 1 - leading, [error]) + leading + 1)
    )


def _json(name: str, data: Mapping) -> str:
    try:
        return (
            json.dumps(data, indent=2, allow_nan=False, ensure_ascii=False, default=_plain) + "\n"
        )
    except ValueError as error:
        raise ValueError(f"result {name!r}: {error}") from None


def _csv(table: pandas.DataFrame) -> str:
    units = table.attrs.get("units", {})
    named = table.rename(columns={column: f"{column} [{unit}]" for column, unit in units.items()})
    return named.to_csv(index=any(level is not None for level in table.index.names))


def _netcdf(name: str, data: xarray.Dataset | xarray.DataArray) -> bytes:
    dataset = data if hasattr(data, "data_vars") else data.to_dataset(name=data.name or name)
    numbers = {
        key: variable
        for key, variable in dataset.variables.items()
        if variable.dtype.kind in "iufc"
    }
    bare = [str(key) for key, variable in numbers.items() if "units" not in variable.attrs]
    if bare:
        raise ValueError(f"result {name!r}: no attribute `units` on {', '.join(bare)}")
    compressed = {
        key: {"compression": "gzip", "compression_opts": 4} for key in numbers if numbers[key].ndim
    }
    return bytes(dataset.to_netcdf(engine="h5netcdf", encoding=compressed))


# ── Numbers and units as print sets them ──────────────────────────────────────────────────────────

_MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NAMES = {"degC": "°C", "deg": "°", "ohm": "Ω", "percent": "%"}


def spell(value: float | str, unit: str | None = None, digits: int = 3) -> str:
    """A number as it stands in prose: `digits` significant digits, in the unit that is asked for,
    with a true minus.

    Parameters
    ----------
    value : float or str
        In SI; a string is returned as it is.
    unit : str, optional
        Unit to write it in; "%" for a ratio in per cent; None or "1" for the number alone.
    digits : int
        Significant digits.

    Raises
    ------
    ValueError
        Where the value is not finite.
    """
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        raise ValueError(f"{value!r} cannot stand in prose")
    value = float(value)
    if unit == "%":
        value *= 100
    elif unit not in (None, "1"):
        value = from_si(value, unit)
    return with_unit(_significant(value, digits), unit)


def _significant(value: float, digits: int) -> str:
    if not value:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if not -4 <= int(exponent) < 7:
        return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}".replace("-", _MINUS)
    rounded = float(f"{mantissa}e{exponent}")
    return f"{rounded:.{max(0, digits - 1 - int(exponent))}f}".replace("-", _MINUS)


def with_unit(number: str, unit: str | None) -> str:
    """A number that is already spelled, with its unit; ``1`` or None adds nothing, degrees stand
    close.
    """
    if unit in (None, "", "1"):
        return number
    name = unit_text(unit)
    return f"{number}{'' if name == '°' else _SPACE}{name}"


def unit_text(unit: str) -> str:
    """A unit as print sets it: ``mg/cm2`` becomes mg cm⁻², ``um`` becomes µm, ``ohm*m2`` becomes Ω
    m².
    """
    above, *below = unit.split("/")
    factors = [(name, 1) for name in re.split(r"[ *]", above) if name not in ("", "1")]
    factors += [(name, -1) for part in below for name in re.split(r"[ *]", part) if name]
    return _SPACE.join(_factor(name, sign) for name, sign in factors)


def _factor(name: str, sign: int) -> str:
    letters, power, *_ = [*re.split(r"\^?(-?\d+)$", name), "1"]
    exponent = sign * int(power)
    letters = _NAMES.get(letters, re.sub(r"^u(?=[A-Za-z])", "µ", letters))
    return letters + ("" if exponent == 1 else str(exponent).translate(_RAISED))


# ── How a claim and its verdict look: in a chapter, and on the scorecard ──────────────────────────


def badge(verdict: str) -> str:
    """A verdict as an HTML badge: glyph and word, in its colour."""
    glyph = f'<span aria-hidden="true">{claims.Verdict(verdict).glyph}</span>'
    return f'<span class="verdict verdict-{slug(verdict)}">{glyph} {verdict}</span>'


def slug(text: str) -> str:
    """A name for a CSS class or an address."""
    return text.replace(" ", "-")


def stated_text(entry: dict) -> str:
    """The paper's number as the paper prints it; empty for an order or a trend, which the statement
    itself says.
    """
    if entry["half_digit"] is None:
        return ""
    decimals = _decimals(entry)
    if entry["tolerance_from"] == ToleranceFrom.STATED_RANGE:
        low, high = (
            _fixed(entry["stated"] + sign * entry["tolerance"], decimals) for sign in (-1, 1)
        )
        return with_unit(f"{low} to {high}", entry["unit"])
    return with_unit(_fixed(entry["stated"], decimals), entry["unit"])


def tolerance_text(entry: dict) -> str:
    """What the ledger allows as agreement, and what fixed it; empty for an order or a trend."""
    if entry["half_digit"] is None:
        return ""
    return f"±{_SPACE}{_brief(entry['tolerance'])}, {entry['tolerance_from']}"


def accepted_text(entry: dict) -> str:
    """The interval in which a computed value would have been reproduced, where the rounding of what
    it was computed from widens the tolerance, and by how much; else empty.
    """
    if not entry["rounding"]:
        return ""
    times = (entry["accepted"][1] - entry["accepted"][0]) / (2 * entry["tolerance"])
    return f"Accepted from {interval_text(entry)}: {_significant(times, 2)} times the tolerance."


def interval_text(entry: dict) -> str:
    """The interval in which a computed value would have been reproduced; empty for an order or a
    trend.
    """
    if entry["accepted"] is None:
        return ""
    low, high = (_fixed(end, _decimals(entry) + 1) for end in entry["accepted"])
    return with_unit(f"{low} to {high}", entry["unit"])


def otherwise_text(entry: dict) -> str:
    """What would refute an order or a trend, and a case in which it comes out the other way."""
    told = [f"Refuted by: {entry['fails_if'].rstrip('.')}."] if entry["fails_if"] else []
    if case := entry["otherwise"]:
        word = "holds" if case["holds"] else "fails"
        told.append(f"It {word}, for comparison, {case['case'].rstrip('.')}.")
    elif entry["computed"] is False and not (entry["assumption"] or {}).get("gives"):
        told.append("No case was computed in which it holds.")
    return " ".join(told)


def route_text(entry: dict) -> str:
    """By which route the statement is scored; of a cross-check, that no sentence says it."""
    text = entry["route"].rstrip(".")
    if not text:
        return ""
    return (
        f"A balance that no sentence draws: {text}." if entry["cross_check"] else f"Route: {text}."
    )


def computed_text(entry: dict) -> str:
    """What was computed, to one digit more than the paper prints; words where nothing was."""
    if entry["computed"] is not None:
        return _value_text(entry, entry["computed"])
    return "taken as given" if entry["verdict"] == claims.Verdict.INPUT else "–"


def uncertainty_text(entry: dict) -> str:
    """The half-widths of the computed value, named by what they come from; empty where there are
    none.
    """
    causes = {name: entry["uncertainty"][name] for name in Uncertainty._fields}
    widths = {"rounding": entry["rounding"], **causes}
    return ", ".join(
        f"±{_SPACE}{_significant(width, 2)} {name}" for name, width in widths.items() if width
    )


def width_text(entry: dict, width: float | None) -> str:
    """A half-width in the statement's unit; empty where there is none."""
    return f"±{_SPACE}{with_unit(_significant(width, 2), entry['unit'])}" if width else ""


def assumption_text(entry: dict) -> str:
    """The assumption under which the statement comes out, with what it needs, its range and its
    source; or empty.
    """
    under = entry["assumption"]
    if not under:
        return ""
    needed, low, high = (_brief(number) for number in (under["needed"], *under["plausible"]))
    needed, high = (with_unit(number, under["unit"]) for number in (needed, high))
    within = "within" if under["is_plausible"] else "outside"
    gives = _value_text(entry, under["gives"])
    outcome = f"it {gives}" if entry["half_digit"] is None else f"it is {gives}"
    text, source = under["text"].rstrip("."), under["source"].rstrip(".")
    return f"{text}: needs {needed}, {within} {low} to {high} ({source}); then {outcome}."


def _value_text(entry: dict, value: float | bool) -> str:
    if entry["half_digit"] is None:
        return "holds" if value else "does not hold"
    return with_unit(_fixed(value, _decimals(entry) + 1), entry["unit"])


def _decimals(entry: dict) -> int:
    half = entry["half_digit"]
    return max(0, -round(math.log10(2 * half))) if half else 0


def _fixed(value: float, decimals: int) -> str:
    if value and abs(value) < 0.5 * 10**-decimals:
        return _significant(value, 2)
    return f"{value:.{decimals}f}".replace("-", _MINUS)


def _brief(value: float) -> str:
    number = _significant(value, 4)
    return number.rstrip("0").rstrip(".") if "." in number and "×" not in number else number


def line(entry: dict) -> str:
    """One claim and its verdict as a line of text."""
    found = [f"stated {stated_text(entry)}"] if stated_text(entry) else []
    if entry["verdict"] == claims.Verdict.INPUT:
        found.append("taken as given")
    elif entry["half_digit"] is None and entry["computed"] is not None:
        found.append(computed_text(entry))
    else:
        found.append(f"computed {computed_text(entry)}")
    return f"{entry['id']}: {', '.join(found)} -> {entry['verdict']}"


def full(entry: dict) -> list[str]:
    """Everything about one claim, a line each; empty where there is nothing to say."""
    return [
        line(entry),
        entry["statement"],
        route_text(entry),
        entry["measure"],
        uncertainty_text(entry),
        accepted_text(entry),
        entry["explanation"],
        assumption_text(entry),
        entry["bound"],
        otherwise_text(entry),
        entry["link"],
    ]


def card(entry: dict) -> str:
    """One claim and its verdict as a small HTML card, which leads to the claim's page."""
    name = html.escape(entry["id"])
    link = f'<a class="claim-id" href="{STATEMENTS}/{name}.html">{name}</a>'
    body = "".join(
        f'<p class="claim-{part}">{text}</p>' for part, text in _card_parts(entry).items() if text
    )
    return (
        f'<div class="claim-card claim-card-{slug(entry["verdict"])}">'
        f'<p class="claim-head">{badge(entry["verdict"])} {link}</p>{body}</div>'
    )


def _card_parts(entry: dict) -> dict[str, str]:
    stated, computed = html.escape(stated_text(entry)), html.escape(computed_text(entry))
    numbers = [f"stated <b>{stated}</b> ({html.escape(tolerance_text(entry))})"] if stated else []
    if entry["computed"] is not None:
        numbers.append(f"computed <b>{computed}</b>" if stated else f"<b>{computed}</b>")
    parts = {"statement": entry["statement"], "numbers": ""} | {
        "measure": entry["measure"],
        "uncertainty": uncertainty_text(entry),
        "accepted": accepted_text(entry),
        "explanation": entry["explanation"],
        "assumption": assumption_text(entry),
        "bound": entry["bound"],
        "otherwise": otherwise_text(entry),
        "route": route_text(entry),
        "needs": f"Would settle it: {entry['needs']}."
        if entry["verdict"] == claims.Verdict.NOT_TESTABLE
        else "",
    }
    return {part: html.escape(text) for part, text in parts.items()} | {
        "numbers": ", ".join(numbers)
    }
