"""Figures of a cell that was simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

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
    names = [str(part) for part in data.part.values]
    open_circuit = sum(
        data.parts.sel(part=name) for name in names if name.startswith("open circuit")
    )
    top.plot(charge, open_circuit, "--", color=MUTED, label="open circuit")
    top.plot(charge, data.voltage, color=PCUE, label="cell")
    top.set_ylabel("voltage / V")
    top.legend()
    for name in names:
        part = 1e3 * data.parts.sel(part=name)
        if not name.startswith("open circuit") and float(abs(part).max()) > 1:
            bottom.plot(charge, part, label=name)
    bottom.set_ylabel("part of the voltage / mV")
    bottom.set_xlabel("charge given / A h m$^{-2}$")
    bottom.legend(ncols=2)
    return figure


# The chapter --------------------------------------------------------------------------------------
