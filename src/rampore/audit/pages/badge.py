"""The counts by verdict as a picture of one line, for a README."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable

from rampore.audit.claims import Verdict
from rampore.style import VERDICT

_CHARACTER, _MARGIN, _HEIGHT = 7.0, 6, 20  # [px], of a text of 11 px
_LABEL = "audit"


def badge(entries: Iterable[dict]) -> str:
    """The counts by verdict as SVG: a field for each verdict that occurs, in its colour.

    Parameters
    ----------
    entries : iterable of dict
        Claims as :func:`rampore.audit.claims.record` writes them.

    Returns
    -------
    str
        Says the same to a screen reader.
    """
    counter = Counter(entry["verdict"] for entry in entries)
    counts = {verdict: counter[verdict] for verdict in Verdict if counter[verdict]}
    fields = [(_LABEL, ("#22282E", "white"))]
    fields += [(f"{verdict.glyph} {count}", VERDICT[verdict]) for verdict, count in counts.items()]
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "no statements"
    parts, left = [], 0
    for text, (fill, ink) in fields:
        width = round(_CHARACTER * len(text)) + 2 * _MARGIN
        parts.append(
            f'<rect x="{left}" width="{width}" height="{_HEIGHT}" fill="{fill}"/>'
            f'<text x="{left + width / 2:g}" y="14" fill="{ink}">{html.escape(text)}</text>'
        )
        left += width
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left}" height="{_HEIGHT}" role="img" '
        f'aria-label="audit: {html.escape(said)}"><title>audit: {html.escape(said)}</title>'
        '<g font-family="DejaVu Sans,Verdana,sans-serif" font-size="11" text-anchor="middle">'
        f"{''.join(parts)}</g></svg>\n"
    )
