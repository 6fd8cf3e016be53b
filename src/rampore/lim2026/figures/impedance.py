"""Figures of chapter 7: spectra of the paper's cells, arcs and lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rampore.figures.impedance import LONG_LEGEND
from rampore.impedance.spectrum import Spectrum
from rampore.lim2026.cycles import SlowCycle
from rampore.style import BCUE, MUTED, PAPER, PCUE, PERCENT, POSITIVE, TITLE, new_figure

_FOILS = ((BCUE, "-", "bCuE"), (PCUE, "--", "pCuE"))
_OHM_CM2 = 1e4  # per ohm m2
_MICRO = 1e6
_MAH_CM2 = 1 / 36000  # per C/m2
#: Frequencies that the spectra are marked at [Hz].
_MARKED = (1e3, 1.0)


def spectra(cells: Mapping[str, Sequence[Spectrum]]) -> Figure:
    """Spectra of a cell on bare and on perforated foil, one panel a state, all on one scale.

    Open markers: 1 kHz and 1 Hz.

    Parameters
    ----------
    cells : mapping of str to (2,) sequence of Spectrum
        By title; bare, perforated.
    """
    columns = 2 if len(cells) > 1 else 1
    rows = -(-len(cells) // columns)
    figure, axes = new_figure(
        rows, columns, width=5.4, height=0.7 + 1.35 * rows, sharex=True, sharey=True, squeeze=False
    )
    shown = [one.impedance for pair in cells.values() for one in pair]
    right, top = (
        1.05 * max(part)
        for part in zip(*((z.real.max(), -z.imag.min()) for z in shown), strict=True)
    )
    for axis, (title, pair) in zip(axes.flat, cells.items(), strict=False):
        for spectrum, (color, line, label), width in zip(pair, _FOILS, (2.4, 1.4), strict=True):
            z = spectrum.impedance
            axis.plot(z.real, -z.imag, color=color, ls=line, lw=width, label=label)
            at = [int(np.argmin(np.abs(np.log(spectrum.frequency / f)))) for f in _MARKED]
            axis.plot(z.real[at], -z.imag[at], "o", color=color, mfc="white", ms=6)
        axis.set_title(title, fontsize=9)
        axis.set(xlim=(0, right), ylim=(0, top))
        axis.set_aspect("equal")
    for axis in axes[-1]:
        axis.set_xlabel("Z' (Ω)")
    for axis in axes[:, 0]:
        axis.set_ylabel("−Z'' (Ω)")
    axes[0, 0].legend(loc="upper left", **LONG_LEGEND)
    return figure


def charge_transfer(states: np.ndarray, sets: Mapping[str, np.ndarray]) -> Figure:
    """Fitted charge-transfer resistance over the state of charge, and that on perforated over that
    on bare foil.

    Parameters
    ----------
    states : (n,) array
        State of charge [-].
    sets : mapping of str to (2, n) array
        By the name of the porosities; bare, perforated [ohm].
    """
    figure, (above, below) = new_figure(
        2, 1, width=6.0, height=5.0, sharex=True, height_ratios=[1.4, 1]
    )
    marks = ("o", "s", "^")
    for (name, pair), mark in zip(sets.items(), marks, strict=False):
        for values, (color, line, label) in zip(pair, _FOILS, strict=True):
            if label == "pCuE" or mark == "o":  # the coating on bare foil is the same
                text = f"{label}, {name}" if label == "pCuE" else label
                above.plot(
                    PERCENT * states, values, color=color, ls=line, marker=mark, ms=4, label=text
                )
        below.plot(PERCENT * states, pair[1] / pair[0], color=PCUE, marker=mark, ms=4, label=name)
    below.axhline(1.0, color=MUTED, ls=":")
    above.set(ylabel="$R_\\mathrm{ct}$ (Ω)", ylim=(0, None))
    below.set(xlabel="state of charge (%)", ylabel="pCuE over bCuE (–)")
    above.legend(**LONG_LEGEND)
    below.legend(**LONG_LEGEND)
    return figure


def lines(thickness: np.ndarray, sets: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Ionic resistance and tortuosity that one transmission line finds, over the coating's
    thickness.

    Parameters
    ----------
    thickness : (n,) array
        On bare foil [m].
    sets : mapping of str to ((2, n), (2, 2, n)) arrays
        By the name of the porosities: resistances on bare and on perforated foil [ohm m2];
        tortuosity factors with the thickness over foil and by volume, each on bare and on
        perforated foil [-].
    """
    figure, (above, middle, below) = new_figure(3, 1, width=6.0, height=7.4, sharex=True)
    x = _MICRO * thickness
    for (name, (resistance, factors)), mark in zip(sets.items(), "os^", strict=False):
        for n, (color, line, label) in enumerate(_FOILS):
            if n or mark == "o":  # the coating on bare foil is the same
                text = f"{label}, {name}" if n else label
                above.plot(
                    x, _OHM_CM2 * resistance[n], color=color, ls=line, marker=mark, ms=4, label=text
                )
                middle.plot(x, factors[0][n], color=color, ls=line, marker=mark, ms=4)
                if n:
                    middle.plot(
                        x, factors[1][n], color=color, ls=":", marker=mark, ms=4, mfc="white"
                    )
        below.plot(
            x,
            PERCENT * (1 - resistance[1] / resistance[0]),
            color=PCUE,
            marker=mark,
            ms=4,
            label=name,
        )
    below.axhline(0.0, color=MUTED, ls=":")
    above.set(ylabel="$R_\\mathrm{ion}$ (Ω cm²)", ylim=(0, None))
    middle.set(ylabel="tortuosity factor (–)")
    below.set(xlabel="thickness on bare foil (µm)", ylabel="gain in $R_\\mathrm{ion}$ (%)")
    above.legend(**LONG_LEGEND)
    middle.plot([], [], color=PCUE, ls="--", marker="o", ms=4, label="by the thickness over foil")
    middle.plot([], [], color=PCUE, ls=":", marker="o", ms=4, mfc="white", label="by volume")
    middle.legend(**LONG_LEGEND)
    below.legend(**LONG_LEGEND)
    return figure


class Cycles(NamedTuple):
    """One panel of :func:`slow_cycles`."""

    foils: tuple[SlowCycle, ...]  #: bare and perforated, or the cathode alone
    range: tuple[SlowCycle, ...]  #: on bare foil, at the ends of what the first charge may lose
    stated: float  #: the capacity that the paper prints [C/m2]
    label: str  #: of that
    legend: str = "best"  #: where it has room


def slow_cycles(panels: Mapping[str, Cycles]) -> Figure:
    """First charge and discharge at open circuit, over the charge that has passed in either.

    Parameters
    ----------
    panels : mapping of str to Cycles
        By title.
    """
    figure, axes = new_figure(
        len(panels), 1, width=6.0, height=0.5 + 2.3 * len(panels), sharex=True, squeeze=False
    )
    for axis, (title, panel) in zip(axes.flat, panels.items(), strict=True):
        for cycle in panel.range:
            _draw_cycle(axis, cycle, color=BCUE, lw=0.8, alpha=0.6)
        looks = _FOILS if len(panel.foils) > 1 else ((POSITIVE, "-", "cathode"),)
        for cycle, (color, line, label), width in zip(panel.foils, looks, (2.2, 1.4), strict=False):
            _draw_cycle(axis, cycle, color=color, ls=line, lw=width, label=label)
        first = panel.foils[0]
        low, high = sorted((first.charging[0], first.charging[-1]))
        ends = [
            (_MAH_CM2 * x[-1], low + (high - low) / 4) for x in (first.charged, first.discharged)
        ]
        axis.annotate("", *ends, arrowprops={"arrowstyle": "<->", "color": MUTED})
        axis.annotate("taken", ends[0], (6, 0), textcoords="offset points", va="center", fontsize=9)
        axis.plot(_MAH_CM2 * panel.stated, first.discharging[-1], label=panel.label, **PAPER)
        axis.set(ylabel="voltage (V)")
        axis.set_title(title, **TITLE)
        axis.legend(loc=panel.legend, **LONG_LEGEND)
    widest = max(one.charged[-1] for panel in panels.values() for one in panel.foils)
    axes[-1, 0].set(xlabel="charge (mAh cm⁻²)", xlim=(0, 1.15 * _MAH_CM2 * widest))
    return figure


def _draw_cycle(axis: Axes, cycle: SlowCycle, label: str | None = None, **look: Any) -> None:
    axis.plot(_MAH_CM2 * cycle.charged, cycle.charging, label=label, **look)
    axis.plot(_MAH_CM2 * cycle.discharged, cycle.discharging, **look)
