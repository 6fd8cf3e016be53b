"""Figures of the positive control: the effective medium, known gains, and the paper's own cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from rampore.lim2026.control import law_pitch, readings
from rampore.lim2026.known import rows
from rampore.lim2026.sweeps.control import LEVERS
from rampore.style import ACCENT, LEGEND, MUTED, PAPER, PCUE, TITLE, new_figure

if TYPE_CHECKING:
    import pandas
    import xarray

#: Okabe and Ito's, one a closure
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def medium(families: pandas.DataFrame, literature: pandas.DataFrame) -> Figure:
    """The map of the effective medium: what mixing gains over how tortuous the coating is.

    Closures that lie on each other share a marker; one of the literature that lies on a family has
    none.

    Parameters
    ----------
    families, literature : pandas.DataFrame
        As :func:`rampore.lim2026.control.medium` gives them.
    """
    figure, axes = new_figure(height=4.2)
    filled, hollow = _by_place(families), _by_place(literature)
    hollow = {key: place for key, place in hollow.items() if key not in filled}
    for places, aside, label, style in (
        (filled.values(), "right", "families of this chapter", {"color": PCUE}),
        (hollow.values(), "left", "closures of the literature", {"mfc": "white", "mec": MUTED}),
    ):
        axes.plot(*zip(*(place for place, _ in places), strict=True), "o", label=label, **style)
        for place, names in places:
            axes.annotate(
                ", ".join(names), place, (7 if aside == "left" else -7, 0),
                textcoords="offset points", ha=aside, va="center", fontsize=9,
            )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=1, linscale=0.8)
    for axis, ticks in (
        (axes.yaxis, (0, 0.5, 1, 3, 10, 30, 100)),
        (axes.xaxis, (1, 2, 5, 10, 20, 50, 100)),
    ):
        axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set(
        xlim=(1, 100),
        ylim=(-0.15, 100),
        xlabel="tortuosity factor at the mean porosity (–)",
        ylabel="gain by mixing (%)",
    )
    axes.minorticks_off()
    axes.legend(loc="upper left", **LEGEND)
    return figure


def _by_place(table):
    """Where a closure stands on the map, and the names of all that stand there, lowest gain first;
    two digits tell two places apart.
    """
    found: dict[tuple[str, ...], tuple[tuple[float, float], list[str]]] = {}
    for name, row in table.sort_values("gain").iterrows():
        place = row.tortuosity, 100 * row.gain
        found.setdefault(tuple(f"{x:.2g}" for x in place), (place, []))[1].append(str(name))
    return found


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
    for share, name in ((1.0, "exact limit"), (0.5, "half of it")):
        axes.axhline(100 * share * limit, color=MUTED, lw=1, ls=":")
        axes.text(at[-1], 100 * share * limit, name, ha="right", va="bottom", fontsize=9)
    for (ratio, (gain, error)), colour in zip(gains.items(), _COLOURS, strict=False):
        label = "the same in all directions" if ratio == 1 else f"× {ratio:g} in the plane"
        _points(axes, at, gain, error, colour, label)
        axes.axvline(law_pitch(ratio), color=colour, lw=1, ls="--")
    axes.plot([], [], color=MUTED, lw=1, ls="--", label="ribs as wide as the law allows")
    axes.axhline(0, color=MUTED, lw=1)
    axes.set(xscale="log", xlabel="pitch of the lines (µm)", ylabel="gain at 2C (%)")
    axes.set_xticks(at, [f"{pitch:g}" for pitch in at])
    axes.minorticks_off()
    axes.legend(loc="lower left", **LEGEND)
    return figure


def _points(axis, x, gain, error, colour, label=""):
    """Gains with their errors, joined [-]."""
    axis.errorbar(x, 100 * gain, 100 * error, fmt="o-", ms=4, capsize=2, color=colour, label=label)


def rates(data: xarray.Dataset) -> Figure:
    """What channels give of the literature's cell: on discharge, on charge, and where holes in a
    pressed cathode are denser; with what others measured.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep control`` writes it.
    """
    figure, (left, middle, right) = new_figure(1, 3, height=3.8)
    for axis, part in ((left, "habedank"), (middle, "nrel")):
        by_change = rows(data, part=part).groupby("change", sort=False)
        for (change, group), colour in zip(by_change, _COLOURS, strict=False):
            _points(axis, group.rate, group.gain, group.gain_error, colour, _CHANNELS[change])
    drilled = rows(data, part="raju")
    _points(right, drilled["size"], drilled.gain, drilled.gain_error, _COLOURS[0])
    discharge, charge = (readings()[part] for part in ("habedank", "nrel"))
    for end in (discharge["low"], discharge["high"]):
        left.plot(discharge["deciding"], 100 * end, **PAPER)
    middle.plot(charge["deciding"], 100 * charge["low"], **PAPER, label="measured by others")
    left.set(xlabel="discharge rate (C)", ylabel="gain of capacity (%)")
    middle.set(xlabel="charge rate (C)", ylabel="gain of charge taken (%)")
    right.set(xlabel="pitch in the cathode (µm)", ylabel="gain of capacity (%)")
    left.set_xticks(discharge["rates"])
    middle.set(xticks=charge["rates"], xlim=(charge["rates"][0] - 0.5, charge["rates"][-1] + 0.5))
    right.set_xticks(drilled["size"].iloc[[0, 1, -1]])
    for axis, title in zip(
        (left, middle, right), ("discharge", "charge", "drilled NMC"), strict=True
    ):
        axis.axhline(0, color=MUTED, lw=1)
        axis.set_title(title, **TITLE)
    handles = middle.get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=2, **LEGEND)
    return figure


_CHANNELS = {
    "removed; thickness and porosity": "graphite removed, over all of it",
    "removed; mass and thickness": "removed, over as much spread evenly",
    "pressed; mass and thickness": "pressed aside, over the same graphite",
}


def paper_cell(data: xarray.Dataset, nominal: float) -> Figure:
    """The paper's own cell on one axis: holes in the foil and channels in the coating, by closure,
    rate and separator; at the right what the bare cell delivers.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep control`` writes it.
    nominal : float
        Areal capacity that the cell's share counts [C/m2].
    """
    chosen, stated = readings()["paper_cell"], readings()["levers"]
    separators, at_rates = chosen["separators"], chosen["rates"]
    names = list(readings()["closures"])
    figure, axes = new_figure(len(separators), len(at_rates), height=5.8, sharex=True, sharey=True)
    for axis, (separator, rate) in zip(axes.flat, product(separators, at_rates), strict=True):
        here = rows(data, part="paper", separator=separator, rate=rate)
        axis.axvline(0, color=MUTED, lw=1)
        for change, (colour, label, shift) in _CHANGES.items():
            its = here[here.change == change].set_index("closure").loc[names]
            y = np.arange(len(names)) + shift
            axis.errorbar(
                100 * its.gain, y, xerr=100 * its.gain_error,
                fmt="o", ms=5, capsize=2, color=colour, label=label,
            )  # fmt: skip
        _beside(axis, its.plain / nominal)
        if rate == stated["rate"]:
            axis.plot(100 * stated["goal"], -0.6, **PAPER, label="stated in the paper")
        axis.set_title(f"{rate:g}C, separator of tortuosity {separator:g}", **TITLE)
        axis.set_yticks(range(len(names)), names)
    axes[0, 0].set_ylim(len(names) - 0.5, -1.0)
    axes[0, 0].margins(x=0.12)
    for axis in axes[-1]:
        axis.set_xlabel("gain of capacity (%)")
    handles = axes[0, -1].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=3, **LEGEND)
    return figure


#: Colour, words and place beside a closure's line.
_CHANGES = {
    "holes": (PCUE, "holes in the foil", 0.14),
    "channel": (ACCENT, "channels in the coating", -0.14),
}


def _beside(axis, shares: Iterable[float]) -> None:
    """What the plain cell delivers, at the right end of each row."""
    where = {"transform": axis.get_yaxis_transform(), "va": "center", "fontsize": 8}
    axis.text(1.02, -0.6, "bare gives", color=MUTED, **where)
    for row, share in enumerate(shares):
        axis.text(1.02, row, f"{100 * share:.1f} %" if share else "nothing", color=MUTED, **where)


def levers(data: xarray.Dataset) -> Figure:
    """The designer's question: gain over each change, a line a closure.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep control`` writes it.
    """
    asked = readings()["levers"]
    figure, axes = new_figure(3, 3, height=7.2, sharey=True)
    for axis, (change, unit) in zip(axes.flat, LEVERS.items(), strict=True):
        axis.axhline(100 * asked["goal"], color="black", lw=1, ls=":", label="stated in the paper")
        axis.axhline(0, color=MUTED, lw=1)
        for name, colour in zip(readings()["closures"], _COLOURS, strict=False):
            its = rows(data, part="lever", change=change, closure=name)
            axis.plot(its["size"], 100 * its.gain, "o-", ms=3, color=colour, label=name)
        axis.set_title(_TITLES.get(change, change), **TITLE)
        axis.set_xlabel(unit, fontsize=9)
        axis.locator_params(axis="x", nbins=4)
    axes[0, 0].set_yscale("symlog", linthresh=20)
    axes[0, 0].yaxis.set_major_formatter("{x:g}")
    axes[0, 0].minorticks_off()
    axes[1, 0].set_ylabel(f"gain of capacity at {asked['rate']:g}C (%)")
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=3, **LEGEND)
    return figure


_TITLES = {
    "channel": "channels",
    "gradient": "porosity gradient",
    "thickness": "pressed less",
    "conductivity": "electrolyte",
    "np_ratio": "N/P ratio",
    "offset": "alignment",
}
