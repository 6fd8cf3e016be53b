"""Figures of the positive control: the effective medium, known gains, and the paper's own cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from rampore.lim2026.control import law_pitch, readings
from rampore.lim2026.known import rows
from rampore.lim2026.sweeps.control import LEVERS
from rampore.style import ACCENT, BCUE, LEGEND, MUTED, PAPER, PCUE, TITLE, new_figure

if TYPE_CHECKING:
    import pandas
    import xarray

#: Okabe and Ito's, one a closure
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def medium(families: pandas.DataFrame, literature: pandas.DataFrame) -> Figure:
    """The map of the effective medium: what mixing gains over how tortuous the coating is.

    Parameters
    ----------
    families, literature : pandas.DataFrame
        As :func:`rampore.lim2026.control.medium` gives them.
    """
    figure, axes = new_figure(height=4.2)
    axes.axhline(0, color=MUTED, lw=1)
    for table, style in (
        (literature, {"marker": "o", "mfc": "white", "mec": MUTED}),
        (families, {"marker": "o", "color": PCUE}),
    ):
        for number, (name, row) in enumerate(table.sort_values("gain").iterrows()):
            axes.plot(row.tortuosity, 100 * row.gain, ls="none", **style)
            up = 4 if number % 2 else -11
            axes.annotate(
                str(name),
                (row.tortuosity, 100 * row.gain),
                (6, up),
                textcoords="offset points",
                fontsize=8,
                color="black" if table is families else MUTED,
            )
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=1, linscale=0.8)
    axes.set_yticks([0, 0.5, 1, 3, 10, 30, 100], ["0", "0.5", "1", "3", "10", "30", "100"])
    axes.set_xticks([2, 5, 10, 20, 50], ["2", "5", "10", "20", "50"])
    axes.set(
        xlim=(1.7, 170),
        ylim=(-0.3, 100),
        xlabel="tortuosity factor at the mean porosity",
        ylabel="gain by mixing (%)",
    )
    axes.minorticks_off()
    return figure


def pitches(
    gains: Mapping[float, tuple[np.ndarray, np.ndarray]], at: np.ndarray, limit: float
) -> Figure:
    """Gain by lines over their pitch, with the exact limit and the scaling law's widths.

    Parameters
    ----------
    gains : mapping of float to (gain, error)
        By the efficiency in the plane over that through it, each (n,) [-].
    at : (n,) array
        Pitches [um].
    limit : float
        Gain at the pitch 0 [-].
    """
    figure, axes = new_figure(height=3.6)
    axes.axhline(100 * limit, color=MUTED, lw=1, ls=":")
    axes.text(at[-1], 100 * limit, "exact limit", ha="right", va="bottom", fontsize=9, color=MUTED)
    for (ratio, (gain, error)), colour in zip(gains.items(), _COLOURS, strict=False):
        label = "the same in all directions" if ratio == 1 else f"× {ratio:g} in the plane"
        axes.errorbar(
            at, 100 * gain, 100 * error, fmt="o-", ms=4, color=colour, label=label, capsize=2
        )
        axes.axvline(law_pitch(ratio), color=colour, lw=1, ls="--")
    axes.set(
        xscale="log", xlabel="pitch of the lines (µm)", ylabel="gain at 2C (%)", ylim=(0, None)
    )
    axes.set_xticks(at, [f"{pitch:g}" for pitch in at])
    axes.minorticks_off()
    axes.legend(**LEGEND)
    return figure


def rates(data: xarray.Dataset) -> Figure:
    """What channels give of the literature's cell: on discharge, on charge, and where holes in a
    pressed cathode are denser; with what others measured.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep control`` writes it.
    """
    figure, (left, middle, right) = new_figure(1, 3, height=3.6)
    asked = readings()
    for axis, part in ((left, "habedank"), (middle, "nrel")):
        table = rows(data, part=part)
        for (change, group), colour in zip(
            table.groupby("change", sort=False), _COLOURS, strict=False
        ):
            axis.errorbar(
                group.rate,
                100 * group.gain,
                100 * group.gain_error,
                fmt="o-",
                ms=4,
                capsize=2,
                color=colour,
                label=_WORDS[change],
            )
        axis.axhline(0, color=MUTED, lw=1)
    rule = asked["habedank"]
    for end in (rule["low"], rule["high"]):
        left.plot(rule["deciding"], 100 * end, **PAPER)
    middle.plot(asked["nrel"]["deciding"], 100 * asked["nrel"]["low"], **PAPER)
    drilled = rows(data, part="raju")
    right.errorbar(
        drilled["size"],
        100 * drilled.gain,
        100 * drilled.gain_error,
        fmt="o-",
        ms=4,
        capsize=2,
        color=_COLOURS[0],
    )
    right.axhline(0, color=MUTED, lw=1)
    left.set(xlabel="discharge rate (C)", ylabel="gain of capacity (%)")
    middle.set(xlabel="charge rate (C)", ylabel="gain of charge taken (%)")
    middle.set_xticks(asked["nrel"]["rates"])
    right.set(xlabel="pitch in the cathode (µm)", ylabel="gain of capacity (%)")
    for axis, title in zip(
        (left, middle, right), ("discharge", "charge", "drilled NMC"), strict=True
    ):
        axis.set_title(title, **TITLE)
    figure.legend(
        *middle.get_legend_handles_labels(), loc="outside lower center", ncols=3, **LEGEND
    )
    return figure


_WORDS = {
    "removed; thickness and porosity": "graphite removed, against all of it",
    "removed; mass and thickness": "removed, against as much graphite",
    "pressed; mass and thickness": "pressed aside, same graphite",
}


def paper_cell(data: xarray.Dataset) -> Figure:
    """The paper's own cell on one axis: holes in the foil and channels in the coating, by closure,
    rate and separator.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep control`` writes it.
    """
    table = rows(data, part="paper")
    chosen = readings()["paper_cell"]
    names = list(readings()["closures"])
    figure, axes = new_figure(
        len(chosen["separators"]), len(chosen["rates"]), height=5.6, sharex=True, sharey=True
    )
    stated = readings()["levers"]["goal"]
    for row, separator in zip(axes, chosen["separators"], strict=True):
        for axis, rate in zip(row, chosen["rates"], strict=True):
            here = table[(table.separator == separator) & (table.rate == rate)]
            axis.axvline(0, color=MUTED, lw=1)
            for change, colour, shift in (("holes", PCUE, 0.14), ("channel", ACCENT, -0.14)):
                its = here[here.change == change].set_index("closure").reindex(names)
                axis.errorbar(
                    100 * its.gain,
                    np.arange(len(names)) + shift,
                    xerr=100 * its.gain_error,
                    fmt="o",
                    ms=5,
                    capsize=2,
                    color=colour,
                    label={"holes": "holes in the foil", "channel": "channels in the coating"}[
                        change
                    ],
                )
            if rate == readings()["levers"]["rate"]:
                axis.plot(100 * stated, len(names) - 0.5, **PAPER, label="measured in the paper")
            axis.set_title(f"{rate:g}C, separator of tortuosity {separator:g}", **TITLE)
            axis.set_yticks(range(len(names)), names)
    axes[0, 0].set_ylim(len(names) - 0.2, -0.6)
    for axis in axes[-1]:
        axis.set_xlabel("gain of capacity (%)")
    handles, labels = axes[0, -1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, **LEGEND)
    return figure


def levers(data: xarray.Dataset) -> Figure:
    """The designer's question: gain over each change, a line a closure.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep control`` writes it.
    """
    figure, axes = new_figure(3, 3, height=6.6, sharey=True)
    goal = 100 * readings()["levers"]["goal"]
    for axis, (change, unit) in zip(axes.flat, LEVERS.items(), strict=True):
        axis.axhline(goal, color=BCUE, lw=1, ls=":")
        for name, colour in zip(readings()["closures"], _COLOURS, strict=False):
            its = rows(data, part="lever", change=change, closure=name)
            axis.plot(its["size"], 100 * its.gain, "o-", ms=3, color=colour, label=name)
        axis.set_title(change.replace("_", " "), **TITLE)
        axis.set_xlabel(unit, fontsize=9)
    axes[0, 0].set_yscale("symlog", linthresh=10)
    axes[0, 0].set_yticks([-10, 0, 10, 20, 100], ["−10", "0", "10", "20", "100"])
    axes[0, 0].minorticks_off()
    axes[1, 0].set_ylabel("gain of capacity at 5C (%)")
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=5, **LEGEND
    )
    return figure
