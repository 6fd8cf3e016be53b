"""The figure of runs under a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import NamedTuple

from matplotlib.figure import Figure

from rampore.cycler import HOUR, CyclerSeries, MeasuredCurve
from rampore.style import BCUE, LEGEND, PAPER, PCUE, PERCENT, new_figure

#: A line for each rate; both of a pair have the same.
LINES = ("-", "--", "-.", ":")
MARKERS = 40  #: of a measured curve, at most


class DrawnCurve(NamedTuple):
    """One run."""

    name: str
    series: CyclerSeries
    bare: bool  #: whether it is the partner without a structure
    measured: MeasuredCurve | None  #: what is held against it


def overview(curves: Sequence[DrawnCurve], gains: Mapping[str, tuple[float, float]]) -> Figure:
    """Voltage over time and over charge.

    Parameters
    ----------
    curves : sequence of DrawnCurve
        The partner of a run comes after it.
    gains : mapping of str to (float, float)
        Charge that the run of this name gave over that of its partner, less one, and the error of
        that [-].
    """
    figure, (left, right) = new_figure(1, 2, width=9.0, height=3.6, sharey=True)
    lines = cycle(LINES)
    line = LINES[0]
    for curve in curves:
        line = line if curve.bare else next(lines)
        drawn = curve.series.drawn()
        style = {"color": BCUE if curve.bare else PCUE, "ls": line}
        label = curve.name
        if curve.name in gains:
            gain, error = gains[curve.name]
            label += f" ({PERCENT * gain:+.2f} ± {PERCENT * error:.2f} % charge)"
        left.plot(drawn.time / HOUR, drawn.voltage, label=curve.name, **style)
        right.plot(drawn.charge / HOUR, drawn.voltage, label=label, **style)
        if curve.measured is not None:
            time, voltage, _ = curve.measured
            every = max(1, time.size // MARKERS)
            marks = PAPER | {"ms": 4, "mew": 0.9, "label": f"{curve.name}, measured"}
            left.plot(time[::every] / HOUR, voltage[::every], **marks)
    left.set(xlabel="time (h)", ylabel="voltage (V)")
    right.set(xlabel="charge given (A h m⁻²)")
    for axes in (left, right):
        axes.legend(**LEGEND)
    return figure
