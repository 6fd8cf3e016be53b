"""What a notebook uses to hand over what it found: verdicts, figures, results, numbers for the prose.

A chapter run by hand shows all of it and writes nothing; run by :mod:`rampore.reproduce` it is given an output folder.
"""

from __future__ import annotations

import html
import io
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rampore import claims
from rampore.claims import Assumption, Report, Uncertainty
from rampore.units import from_si

__all__ = ["CLAIM_MIME", "Assumption", "Chapter", "Uncertainty"]

#: A cell output of this type holds one entry of claims.json: the verdict stays in the cell that computed it.
CLAIM_MIME = "application/vnd.rampore.claim+json"


class _Shown:
    """A cell output made of a MIME bundle."""

    def __init__(self, bundle: dict) -> None:
        self.bundle = bundle

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return self.bundle


class Chapter:
    """One chapter's hand-over to the book.

    Parameters
    ----------
    name : str
        Name of the notebook, without its ending.
    output : str or None
        Folder for figures and results; None writes nothing.
    ledger : claims.Ledger, optional
        By default the one of the package.
    """

    def __init__(self, name: str, output: str | Path | None = None, ledger: claims.Ledger | None = None) -> None:
        self.name = name
        self.output = Path(output) if output else None
        self.ledger = ledger or claims.load()

    def stated(self, claim_id: str) -> float:
        """The paper's number [SI]."""
        return self.ledger[claim_id].stated_si

    def half_digit(self, claim_id: str) -> float:
        """Half of the last digit that the paper prints [SI]."""
        return self.ledger[claim_id].half_digit_si

    def printed(self, claim_id: str) -> tuple[float, float]:
        """The paper's number and half of its last printed digit [SI], as :func:`claims.printed_range` takes them."""
        return self.stated(claim_id), self.half_digit(claim_id)

    def take(self, claim_id: str, explanation: str = "A design value, taken as given.") -> _Shown:
        """Take a design value of the paper as given: verdict `input`.

        Raises
        ------
        claims.LedgerError
            Where the statement is not of basis `design`.
        """
        return self._verdict(Report(claim_id, taken=True, explanation=explanation))

    def report(
        self,
        claim_id: str,
        computed: float | bool,
        *,
        given: tuple[str, ...] = (),
        rounding: float = 0.0,
        uncertainty: Uncertainty = Uncertainty(),
        under: Assumption | None = None,
        explanation: str,
    ) -> _Shown:
        """Hand in what was computed for a claim; shows the verdict. Numbers in SI, see :class:`claims.Report`.

        Raises
        ------
        claims.LedgerError
            Where the report does not fit the claim.
        """
        if not isinstance(computed, bool):
            computed = bool(computed) if type(computed).__name__ == "bool_" else float(computed)
        return self._verdict(Report(claim_id, computed, False, tuple(given), rounding, uncertainty, under, explanation))

    def _verdict(self, report: Report) -> _Shown:
        claim = self.ledger[report.claim_id]
        claim = replace(claim, chapter=self.name)
        claims.check(self.ledger, report)
        entry = claims.record(claim, report)
        return _Shown({CLAIM_MIME: entry, "text/html": verdict_html(entry), "text/plain": verdict_text(entry)})

    def figure(self, figure, name: str, dpi: int = 150) -> _Shown:
        """Show a figure, and save it as PNG and SVG where there is an output folder.

        Parameters
        ----------
        figure : matplotlib.figure.Figure
        name : str
            File name without ending.
        dpi : int
            Resolution of the PNG.
        """
        title = {"Title": f"{self.name}: {name}"}
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=dpi, metadata=title)
        if self.output:
            svg = io.BytesIO()
            figure.savefig(svg, format="svg", metadata=title | {"Date": None})
            self._write(f"figures/{name}.png", png.getvalue())
            self._write(f"figures/{name}.svg", svg.getvalue())
        return _Shown({"image/png": png.getvalue(), "text/plain": f"<figure {name}>"})

    def result(self, name: str, data) -> Path | None:
        """Save a result: a mapping as JSON, a pandas table as CSV, an xarray dataset as NetCDF.

        Units stand in the keys, the column names or the attributes.
        """
        if not self.output:
            return None
        if isinstance(data, Mapping):
            return self._write(f"results/{name}.json", json.dumps(data, indent=2, allow_nan=False).encode() + b"\n")
        if hasattr(data, "to_csv"):
            return self._write(f"results/{name}.csv", data.to_csv(index=False).encode())
        return self._write(f"results/{name}.nc", bytes(data.to_netcdf(engine="h5netcdf")))

    def say(self, name: str, value: float | str, unit: str | None = None, digits: int = 3) -> None:
        """Keep a number for the prose, where ``{glue:text}`name` `` sets it.

        Parameters
        ----------
        name : str
        value : float or str
            In SI; a string is kept as it is.
        unit : str, optional
            Unit to write it in; "%" for a ratio in per cent; None for the number alone.
        digits : int
            Significant digits.
        """
        from myst_nb import glue

        glue(name, spell(value, unit, digits), display=False)

    def _write(self, relative: str, content: bytes) -> Path:
        path = self.output / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


def spell(value: float | str, unit: str | None = None, digits: int = 3) -> str:
    """A number as it stands in prose: `digits` significant digits, in the unit that is asked for, with a true minus."""
    if isinstance(value, str):
        return value
    if unit == "%":
        value, unit = 100 * value, "%"
    elif unit not in (None, "1"):
        value = from_si(value, unit)
    rounded = float(f"{value:.{digits}g}")
    decimals = max(0, digits - 1 - (math.floor(math.log10(abs(rounded))) if rounded else 0))
    number = f"{rounded:.{decimals}f}".replace("-", "\N{MINUS SIGN}")
    return number if unit in (None, "1") else f"{number}\N{NO-BREAK SPACE}{unit_text(unit)}"


def unit_text(unit: str) -> str:
    """A unit as print sets it: ``mg/cm2`` becomes mg cm⁻², ``um`` becomes µm."""
    if "/" not in unit:
        return _raise_digits(unit.replace("um", "µm").replace("deg", "°") if unit in ("um", "deg") else unit)
    above, *below = unit.split("/")
    factors = [_raise_digits(name if name[-1].isdigit() else name + "1", minus=True) for name in below]
    return " ".join([above.replace("um", "µm"), *factors])


def _raise_digits(name: str, minus: bool = False) -> str:
    raised = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
    letters = name.rstrip("0123456789")
    return letters + ("⁻" if minus else "") + name[len(letters) :].translate(raised)


def verdict_text(entry: dict) -> str:
    """One claim and its verdict as a line of text."""
    return f"{entry['id']}: stated {_side(entry, 'stated')}, computed {_side(entry, 'computed')} -> {entry['verdict']}"


def verdict_html(entry: dict) -> str:
    """One claim and its verdict as a small card for the page."""
    kind = entry["verdict"].replace(" ", "-")
    parts = [
        f'<span class="verdict verdict-{kind}">{entry["verdict"]}</span>',
        f'<span class="claim-id">{html.escape(entry["id"])}</span>',
        f'<p class="claim-statement">{html.escape(entry["statement"])}</p>',
    ]
    if entry["verdict"] != "input":
        parts.append(
            f'<p class="claim-numbers">stated <b>{_side(entry, "stated")}</b>, computed <b>{_side(entry, "computed")}</b></p>'
        )
    parts.append(f'<p class="claim-explanation">{html.escape(entry["explanation"])}</p>')
    return f'<div class="claim-card">{"".join(parts)}</div>'


def _side(entry: dict, side: str) -> str:
    value = entry[side]
    if entry["kind"] in ("order", "trend"):
        return "as written" if side == "stated" else ("holds" if value else "does not hold")
    unit = "" if entry["unit"] == "1" else f" {unit_text(entry['unit'])}"
    return f"{value:.4g}{unit}"
