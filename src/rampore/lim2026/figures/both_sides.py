"""Figures of the chapter on the electrode that is coated on both sides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from rampore import style
from rampore.lim2026.both_sides import OpenAndClosed
from rampore.lim2026.pairs import OnBoth
from rampore.lim2026.second_coat import Leak
from rampore.style import LEGEND, PERCENT, TITLE, UM

_LINES = ("-", "--", ":")
_SMALL = {"fontsize": 9}


def rates(
    rate: tuple[float, ...], tests: Mapping[str, Mapping[str, OnBoth]], read_off: float
) -> Figure:
    """What perforated foil delivers over bare foil at each rate of the test, with the error.

    Parameters
    ----------
    rate : tuple of float
        Of the discharges, in the order of the test, over 1C [-].
    tests : mapping of str to mapping of str to OnBoth
        By the porosities, a panel each, and by the closure, a line each.
    read_off : float
        What can be read off the paper's figure, a share of the capacity [-].
    """
    figure, panels = style.new_figure(1, len(tests), height=3.4, sharey=True)
    place = np.arange(len(rate))
    for axes, (porosity, of_closure) in zip(np.atleast_1d(panels), tests.items(), strict=True):
        axes.axhspan(-PERCENT * read_off, PERCENT * read_off, color="black", alpha=0.07, lw=0)
        axes.axhline(0, color="black", lw=0.8)
        for (closure, test), line in zip(of_closure.items(), _LINES, strict=True):
            error = None if test.coarser is None else PERCENT * test.ratio_error
            axes.errorbar(
                place,
                PERCENT * (test.ratio - 1),
                error,
                color=style.PCUE,
                ls=line,
                marker=".",
                capsize=2,
                lw=1.3,
                label=closure,
            )
        axes.set_title(porosity, **TITLE)
        axes.set_xticks(place, [f"{each:g}C" for each in rate])
        axes.set_xlabel("rate (in the order of the test)")
    first = np.atleast_1d(panels)[0]
    first.set_ylabel("capacity, perforated over bare (%)")
    first.legend(loc="lower left", **LEGEND)
    return figure


def passing(runs: Mapping[str, Mapping[float, OpenAndClosed]]) -> Figure:
    """How much fuller the thin side is along a run, with open and with closed holes.

    Parameters
    ----------
    runs : mapping of str to mapping of float to OpenAndClosed
        By what is imposed, a panel each, and by the difference of the loadings [-].
    """
    figure, panels = style.new_figure(1, len(runs), height=3.5, sharey=True)
    panels = np.atleast_1d(panels)
    for axes, (imposed, of_difference) in zip(panels, runs.items(), strict=True):
        axes.axhline(0, color="black", lw=0.8)
        for (difference, run), line in zip(of_difference.items(), (":", "--", "-"), strict=True):
            for course, colour in zip(run, (style.PCUE, style.MUTED), strict=True):
                axes.plot(course.time / 3600, PERCENT * course.apart, color=colour, ls=line)
            if axes is panels[0]:
                axes.plot([], [], color="black", ls=line, label=f"{PERCENT * difference:.0f} %")
        axes.set_title(imposed, **TITLE)
        axes.set_xlabel("time (h)")
        axes.set_xlim(0, None)
    panels[0].set_ylabel("thin side fuller by (% of its capacity)")
    panels[0].legend(loc="upper center", title="loadings differ by", title_fontsize=9, **LEGEND)
    for label, colour in (("holes open", style.PCUE), ("holes closed", style.MUTED)):
        panels[-1].plot([], [], color=colour, label=label)
    panels[-1].legend(loc="upper center", **LEGEND)
    return figure


def coats(
    share: np.ndarray, thinner: np.ndarray, comparable: tuple[float, float], pressures: Leak
) -> Figure:
    """What the holes take from the first coat, and what presses it out of them.

    Parameters
    ----------
    share : (n,) array
        Of the holes, that the first coat fills [-].
    thinner : (n,) array
        By which it is thinner than the second [m].
    comparable : (float, float)
        Difference that the paper itself calls thinner, and what its digit leaves of it [m].
    pressures : Leak
    """
    figure, (filled, pressed) = style.new_figure(1, 2, height=3.2, width_ratios=[1, 1.25])
    filled.plot(share, UM * thinner, color=style.PCUE)
    for value, line in zip(comparable, ("-", "--"), strict=True):
        filled.axhline(UM * value, color="black", lw=0.8, ls=line)
    filled.plot(share[-1], UM * comparable[0], clip_on=False, **style.PAPER)
    filled.set(xlabel="share of the holes, first coat (–)", ylabel="first coat thinner by (µm)")
    filled.set(xlim=(share[0], share[-1]), ylim=(0, 1.15 * UM * comparable[0]))
    rows = {
        "wet film, by its weight": (pressures.film, style.ELECTROLYTE),
        "under the blade": (pressures.blade, style.COPPER),
        "meniscus at the lower rim bears": (pressures.held, style.ACCENT),
    }
    for row, (ends, colour) in enumerate(rows.values()):
        pressed.barh(row, ends.most - ends.least, left=ends.least, height=0.5, color=colour)
        pressed.plot([ends.middle] * 2, [row - 0.25, row + 0.25], color="black", lw=1.4)
    pressed.set_yticks(range(len(rows)), list(rows), **_SMALL)
    pressed.set_ylim(len(rows) - 0.4, -0.6)
    pressed.tick_params(axis="y", length=0)
    pressed.set(xscale="log", xlim=(0.1, 2e5), xlabel="pressure (Pa)")
    return figure


def tomogram(
    size: np.ndarray,
    below: Mapping[str, tuple[np.ndarray, np.ndarray]],
    mean: Mapping[str, float],
    seen: tuple[float, float],
) -> Figure:
    """Share of the pores that is smaller than what a tomogram can show.

    Parameters
    ----------
    size : (n,) array
        Diameter [m].
    below : mapping of str to ((n,) array, (n,) array)
        Least and most share of the pores below it, by the electrode [-].
    mean : mapping of str to float
        Mean diameter that the paper states, by the electrode [m].
    seen : (float, float)
        Least and most of the smallest thing that shows [m].
    """
    figure, axes = style.new_figure(width=5.6, height=3.4)
    colours = {"pCuE": style.PCUE, "bCuE": style.BCUE}
    axes.axvspan(UM * seen[0], UM * seen[1], color="black", alpha=0.08, lw=0)
    axes.text(UM * sum(seen) / 2, 3, "smallest thing\nthat shows", ha="center", **_SMALL)
    for electrode, (low, high) in below.items():
        colour = colours[electrode]
        axes.fill_between(
            UM * size, PERCENT * low, PERCENT * high, color=colour, alpha=0.3, lw=0, label=electrode
        )
        axes.plot(UM * mean[electrode], 0, clip_on=False, **style.PAPER | {"mec": colour})
    axes.set(xlabel="diameter (µm)", ylabel="pores below it (% of their area)")
    axes.set(xlim=(0, UM * size[-1]), ylim=(0, 103))
    axes.legend(loc="lower right", **LEGEND)
    return figure
