"""The picture of a page elsewhere: what a link to it shows."""

from __future__ import annotations

from matplotlib.figure import Figure

from rampore.audit.claims import Verdict
from rampore.style import VERDICT

_INK = "#22282E"


def preview(title: str, verdict: Verdict | None) -> Figure:
    """A verdict in its colour, over the title of the book; the title alone where there is none.

    Parameters
    ----------
    title : str
    verdict : Verdict or None

    Returns
    -------
    matplotlib.figure.Figure
        Of 12 by 6.3 in, the shape that such pictures have.
    """
    fill, ink = VERDICT[verdict] if verdict else ("white", _INK)
    figure = Figure(figsize=(12, 6.3), facecolor=fill)
    if verdict:
        figure.text(0.5, 0.62, verdict.glyph, ha="center", va="center", fontsize=150, color=ink)
        figure.text(0.5, 0.3, str(verdict), ha="center", va="center", fontsize=60, color=ink)
    figure.text(
        0.5,
        0.1 if verdict else 0.5,
        title,
        ha="center",
        va="center",
        fontsize=26,
        color=ink,
        wrap=True,
    )
    return figure
