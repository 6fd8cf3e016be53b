"""Figures of a cell that was simulated."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from rampore.arrays import distinct
from rampore.p4d.dilation import Dilation, bounds_over_charge, bounds_over_time
from rampore.p4d.solution import Cause
from rampore.style import ACCENT, LEGEND, MUTED, PCUE, UM, new_figure

if TYPE_CHECKING:
    import xarray

HOUR, MAH_CM2 = 3600.0, 3.6e4  # s in an hour, C/m2 in a mAh/cm2
_CLOSED = {"color": "black", "marker": "x", "ls": "none", "zorder": 4}  # where pores close
_BESIDE = {
    "color": "black",
    "marker": "o",
    "mfc": "none",
    "ls": "none",
    "label": "beside the bounds",
}


def voltage_parts(data: xarray.Dataset) -> Figure:
    """Voltage over charge, above the parts that it loses.

    Parameters
    ----------
    data : xarray.Dataset
        `dataset` of a :class:`rampore.p4d.solution.Solution`.

    Returns
    -------
    Figure
    """
    charge = data.capacity / 3600
    figure, (top, bottom) = new_figure(2, 1, height=6, sharex=True)
    at_rest = (data.cause == Cause.OPEN_CIRCUIT).values
    open_circuit = data.parts.isel(part=at_rest).sum("part")
    top.plot(charge, open_circuit, "--", color=MUTED, label="open circuit")
    top.plot(charge, data.voltage, color=PCUE, label="cell")
    top.set_ylabel("voltage (V)")
    top.legend()
    for part in data.part.values[~at_rest]:
        lost = 1e3 * data.parts.sel(part=part)
        if float(abs(lost).max()) > 1:
            bottom.plot(charge, lost, label=str(part))
    bottom.set_ylabel("part of the voltage (mV)")
    bottom.set_xlabel("charge given (A h m⁻²)")
    bottom.legend(ncols=2)
    return figure


def thickening(
    runs: Sequence[Dilation], measured: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
) -> Figure:
    """What a cell gains in thickness over time and over charge, and the bounds of all its runs.

    Parameters
    ----------
    runs : sequence of Dilation
        From the least sharing.
    measured : ((n,) array, (n,) array, (m,) array), optional
        Charge that the cell took up [C/m2], change of its thickness [m], and the points that lie
        beside the bounds.

    Returns
    -------
    Figure
    """
    figure, (over_time, over_charge) = new_figure(1, 2, height=3.6, sharey=True)
    time = distinct(np.concatenate([run.time for run in runs]))
    charge = np.concatenate([run.charge for run in runs])
    charge = np.linspace(charge.min(), charge.max(), 401)
    filled = {"color": ACCENT, "alpha": 0.2, "lw": 0}
    for axes, places, bounds in (
        (over_time, time / HOUR, bounds_over_time(runs, time)),
        (over_charge, charge / MAH_CM2, bounds_over_charge(runs, charge)),
    ):
        axes.fill_between(places, UM * bounds.least, UM * bounds.most, **filled)
    for run, line in zip(runs, cycle(("-", "--", "-.", ":")), strict=False):
        look = {"color": ACCENT, "ls": line, "label": f"sharing {run.sharing:g}"}
        for axes, places in (
            (over_time, run.time / HOUR),
            (over_charge, run.charge / MAH_CM2),
        ):
            axes.plot(places, UM * run.change(), **look)
            if run.closed is not None:
                axes.plot(places[run.closed], UM * run.change()[run.closed], **_CLOSED)
    if any(run.closed is not None for run in runs):
        over_time.plot([], [], label="pores close", **_CLOSED)
    if measured is not None:
        places, change, outside = measured
        places, change = places / MAH_CM2, UM * change
        shown = [
            over_charge.plot(places, change, ".", color="black", label="measured"),
            over_charge.plot(places[outside], change[outside], **_BESIDE),
        ]
        over_charge.legend(handles=[line for (line,) in shown], **LEGEND)
    over_time.set(xlabel="time (h)", ylabel="thickening of the cell (µm)")
    over_charge.set(xlabel="charge taken up (mAh cm⁻²)")
    over_time.legend(**LEGEND)
    return figure
