"""Figures of the page *Verification*: orders of convergence, and the differences to other codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import color_sequences
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from rampore.style import MUTED, PCUE, new_figure


def convergence(orders: Mapping[str, Mapping]) -> Figure:
    """Errors of the voltage over cells, columns, steps and modes, with the line of second order.

    Parameters
    ----------
    orders : mapping
        Part ``orders`` of ``benchmarks/results/p4d/verification.json``.

    Returns
    -------
    Figure
    """
    titles = {
        "thickness": "cells through each electrode",
        "plane": "columns along x",
        "time": "steps in time",
        "radius": "modes of a sphere",
    }
    figure, axes = new_figure(2, 2, width=5.6, height=4.8)
    for axis, (name, title) in zip(axes.flat, titles.items(), strict=True):
        sizes, errors = (
            np.asarray(orders[name]["sizes"]),
            1e3 * np.asarray(orders[name]["errors_V"]),
        )
        axis.loglog(sizes, errors, "o-", color=PCUE)
        if "order" in orders[name]:
            axis.loglog(
                sizes,
                errors[-1] * (sizes[-1] / sizes) ** 2,
                "--",
                color=MUTED,
                label="second order",
            )
            axis.legend(frameon=False)
        else:
            axis.axhline(0.1, color=MUTED, ls=":")
            axis.text(sizes[-1], 0.14, "asked for with 10 modes", ha="right", fontsize=9)
        axis.xaxis.set_major_locator(FixedLocator(sizes))
        axis.xaxis.set_major_formatter(ScalarFormatter())
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_xlabel(title)
    for axis in axes[:, 0]:
        axis.set_ylabel("error of the voltage (mV)")
    return figure


def comparison(peers: Sequence[Mapping]) -> Figure:
    """Voltages here and in other codes, and their differences.

    Parameters
    ----------
    peers : sequence of mapping
        Part ``peers`` of ``benchmarks/results/p4d/verification.json``.

    Returns
    -------
    Figure
    """
    figure, (top, bottom) = new_figure(
        2, 1, width=5.6, height=7.6, sharex=True, height_ratios=(2, 3)
    )
    colours = color_sequences["tab10"]
    for colour, one in zip(colours, peers, strict=False):
        share = np.asarray(one["time_s"]) / one["time_s"][-1]
        ours, difference = np.asarray(one["voltage_V"]), np.asarray(one["difference_V"])
        top.plot(share, ours, color=colour)
        every = max(len(share) // 12, 1)
        top.plot(share[::every], (ours - difference)[::every], "o", mfc="none", mec=colour, ms=5)
        bottom.semilogy(
            share, 1e3 * np.maximum(np.abs(difference), 1e-7), color=colour, label=one["name"]
        )
    top.set_ylabel("voltage (V)")
    bottom.set_ylabel("difference (mV)")
    bottom.set_xlabel("time over that at the end of the comparison (–)")
    figure.legend(
        *bottom.get_legend_handles_labels(), loc="outside lower center", frameon=False, ncols=1
    )
    return figure
