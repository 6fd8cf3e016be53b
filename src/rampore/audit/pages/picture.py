"""The ledger at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from rampore.audit.claims import Verdict
from rampore.style import VERDICT

_WIDTH, _MARGIN = 7.0, 0.08  #: of the figure [in]
_TILE, _GAP = 0.265, 0.03  #: side of a tile and space between two [in]
_LABEL, _APART = 0.28, 0.08  #: height of a section's title, space before the next one [in]
_LEGEND_COLUMNS, _LEGEND_LINE = 3, 0.33  #: line height [in]


def overview(entries: Iterable[dict], sections: Mapping[int, str]) -> Figure:
    """One tile per statement, by section of the ledger, with its verdict's colour and glyph.

    Parameters
    ----------
    entries : iterable of dict
        Claims as :func:`rampore.audit.claims.record` writes them.
    sections : mapping of int to str
        Titles of the ledger's sections.

    Returns
    -------
    matplotlib.figure.Figure
        Legible from 390 px width on.
    """
    order = list(Verdict)
    verdicts = {number: [] for number in sections}
    for entry in entries:
        verdicts[entry["section"]].append(Verdict(entry["verdict"]))
    counts = {verdict: sum(row.count(verdict) for row in verdicts.values()) for verdict in order}
    shown = {verdict: count for verdict, count in counts.items() if count}

    per_line = int((_WIDTH - 2 * _MARGIN + _GAP) / (_TILE + _GAP))
    lines = {number: -(-len(row) // per_line) for number, row in verdicts.items()}
    legend_lines = -(-len(shown) // _LEGEND_COLUMNS)
    pitch = _TILE + _GAP
    height = (
        legend_lines * _LEGEND_LINE
        + sum(_LABEL + _APART + n * pitch for n in lines.values())
        + 2 * _MARGIN
    )

    figure = Figure(figsize=(_WIDTH, height), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    _legend(axes, shown, legend_lines)
    top = legend_lines * _LEGEND_LINE + 2 * _MARGIN
    for number, title in sections.items():
        row = sorted(verdicts[number], key=order.index)
        axes.text(
            _MARGIN,
            top + 0.19,
            f"{number} · {title}",
            fontsize=11.5,
            weight="bold",
            color="#22282E",
        )
        top += _LABEL
        for index, verdict in enumerate(row):
            line, column = divmod(index, per_line)
            _tile(axes, _MARGIN + column * pitch, top + line * pitch, verdict)
        top += lines[number] * pitch + _APART
    return figure


def _legend(axes: Axes, counts: Mapping[Verdict, int], lines: int) -> None:
    width = (_WIDTH - 2 * _MARGIN) / _LEGEND_COLUMNS
    for index, (verdict, count) in enumerate(counts.items()):
        column, line = divmod(index, lines)
        left, top = _MARGIN + column * width, _MARGIN + line * _LEGEND_LINE
        _tile(axes, left, top, verdict)
        axes.text(
            left + _TILE + 0.1, top + 0.19, f"{verdict}: {count}", fontsize=12.5, color="#22282E"
        )


def _tile(axes: Axes, left: float, top: float, verdict: Verdict) -> None:
    fill, ink = VERDICT[verdict]
    edge, style = (ink, (0, (2, 2))) if fill == "white" else (fill, "solid")
    rounded = "round,pad=0,rounding_size=0.04"
    axes.add_patch(
        FancyBboxPatch(
            (left, top),
            _TILE,
            _TILE,
            rounded,
            facecolor=fill,
            edgecolor=edge,
            linewidth=0.8,
            linestyle=style,
        )
    )
    axes.text(
        left + _TILE / 2,
        top + _TILE / 2,
        verdict.glyph,
        ha="center",
        va="center_baseline",
        fontsize=12,
        color=ink,
    )
