"""Figures of a cell that was simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from rampore.p4d.solution import Cause
from rampore.style import MUTED, PCUE, new_figure

if TYPE_CHECKING:
    import xarray


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
    top.set_ylabel("voltage / V")
    top.legend()
    for part in data.part.values[~at_rest]:
        lost = 1e3 * data.parts.sel(part=part)
        if float(abs(lost).max()) > 1:
            bottom.plot(charge, lost, label=str(part))
    bottom.set_ylabel("part of the voltage / mV")
    bottom.set_xlabel("charge given / A h m$^{-2}$")
    bottom.legend(ncols=2)
    return figure


# The chapter --------------------------------------------------------------------------------------
