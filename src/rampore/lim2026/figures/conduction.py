"""The figures of the chapter on conduction: results come in SI, lengths are drawn in um or mm,
fields in uT.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rampore.conduction.field import HoleSignal, long_strip_field
from rampore.conduction.through_plane import ThroughPlane
from rampore.lim2026.uniformity import Departure
from rampore.style import (
    ACCENT,
    BCUE,
    COPPER,
    LEGEND,
    MUTED,
    PAPER,
    PCUE,
    PERCENT,
    TITLE,
    UM,
    new_figure,
)

MM = 1e3
MICROTESLA = 1e6

_DEFINITIONS = {
    "variation": "standard deviation / mean",
    "shortfall": "1 − least / mean",
    "excess": "resistance / bare foil's − 1",
}


def _mirrored(quarter: np.ndarray) -> np.ndarray:
    """Two periods along x and one along y, around the middle of the unit cell's first hole."""
    period = np.block([[quarter[::-1, ::-1], quarter[::-1]], [quarter[:, ::-1], quarter]])
    return np.roll(np.tile(period, (2, 1)), len(quarter), axis=0)


def _both_ways(edges: np.ndarray) -> np.ndarray:
    return np.concatenate([-edges[:0:-1], edges])


def current_maps(flows: Sequence[ThroughPlane], highest: float = 1.5) -> Figure:
    """Current density at the coating's top, and in the section through a row of holes (Fig. S7).

    Parameters
    ----------
    flows : sequence of ThroughPlane
        From top to bottom.
    highest : float
        End of the colour scale, over the mean at the top [-].
    """
    figure, axes = new_figure(
        len(flows), 2, width=6.0, height=1.75 * len(flows) + 0.7, width_ratios=[1, 1.25]
    )
    colours = {"vmin": 0, "vmax": highest, "cmap": "viridis", "rasterized": True}
    for row, (flow, (top, section)) in enumerate(zip(flows, axes, strict=True)):
        net, foil = flow.network, flow.foil
        x, y, z = (UM * edges for edges in (net.x, net.y, net.z))
        far, high = 2 * x[-1], y[-1]
        wide = np.linspace(-far, far, 4 * (x.size - 1) + 1)
        top.pcolormesh(
            wide, _both_ways(y), _mirrored(flow.top_current / flow.mean_current).T, **colours
        )
        angle = np.linspace(0, 2 * np.pi, 181)
        around = UM * foil.hole_diameter / 2 * np.array([np.cos(angle), np.sin(angle)])
        rows = [(place, 0) for place in (-far, 0, far)]
        rows += [(side * x[-1], up) for side in (-1, 1) for up in (-high, high)]
        for centre in rows:
            top.plot(around[0] + centre[0], around[1] + centre[1], color="white", lw=0.8, ls=":")
        top.set(xlim=(-far, far), ylim=(-high, high), aspect="equal", ylabel="y (µm)")
        top.set_title(f"holes of {UM * foil.hole_diameter:g} µm", **TITLE)
        speed = np.sqrt((flow.current_density()[:, :, 0] ** 2).sum(0)) / flow.mean_current
        mesh = section.pcolormesh(
            _both_ways(x), z, np.concatenate([speed[::-1], speed]).T, **colours
        )
        radius, end = UM * foil.hole_diameter / 2, x[-1]
        for left in (-end, radius):
            depth = UM * foil.hole_depth
            section.add_patch(Rectangle((left, -depth), end - radius, depth, fc=COPPER, ec="none"))
        section.set(xlim=(-end, end), ylabel="z (µm)")
        top.locator_params(nbins=4)
        if row == len(flows) - 1:
            top.set_xlabel("x (µm)")
            section.set_xlabel("x (µm)")
    bar = figure.colorbar(mesh, ax=axes, location="top", shrink=0.6, aspect=30, extend="max")
    bar.set_label("current density over its mean at the top (–)")
    bar.outline.set_visible(False)
    return figure


def departures(
    diameters: np.ndarray,
    band: tuple[Departure, Departure],
    middles: Mapping[str, Departure],
    thin: Departure,
    limit: float,
    stated: Sequence[float],
) -> Figure:
    """How far the current is from uniform over the holes' diameter, by three definitions.

    Parameters
    ----------
    diameters : (n,) array
        [m]
    band : two Departure of (n,) arrays
        Least and greatest over the resistivities of the literature [-].
    middles : mapping of str to Departure of (n,) arrays
        With the study's resistivities, by the name of the foil [-]; the first is that of the band.
    thin : Departure
        Of holes much wider than the coating is thick [-].
    limit : float
        Departure that counts as uniform [-].
    stated : sequence of float
        The diameters of the paper [m].
    """
    figure, axes = new_figure(3, 1, width=5.4, height=7.2, sharex=True)
    for axis, (name, label) in zip(axes, _DEFINITIONS.items(), strict=True):
        low, high = (PERCENT * getattr(end, name) for end in band)
        axis.fill_between(
            UM * diameters,
            low,
            high,
            color=PCUE,
            alpha=0.25,
            lw=0,
            label="literature's resistivities",
        )
        for (foil, middle), line in zip(middles.items(), cycle(("-", "-."))):
            axis.plot(UM * diameters, PERCENT * getattr(middle, name), line, color=PCUE, label=foil)
        axis.axhline(
            PERCENT * getattr(thin, name),
            color=MUTED,
            ls="--",
            lw=1.2,
            label="wide holes, closed form",
        )
        axis.axhline(PERCENT * limit, color="black", lw=0.9, ls=":", label="counts as uniform")
        for diameter in stated:
            axis.axvline(UM * diameter, color=MUTED, lw=0.6, alpha=0.6, zorder=0)
        axis.set_title(label, **TITLE)
        axis.set(ylabel="departure (%)", xscale="log", xlim=(UM * diameters[0], UM * diameters[-1]))
    axes[1].legend(loc="center right", **LEGEND)  # where all curves are high
    axes[-1].set_xlabel("hole diameter, the paper's five marked (µm)")
    axes[-1].set_xticks([UM * d for d in stated], [f"{UM * d:g}" for d in stated])
    axes[-1].set_xticks([], minor=True)
    return figure


def thresholds(
    thicknesses: np.ndarray, contacts: Sequence[float], widest: Departure, cell: tuple[float, float]
) -> Figure:
    """The widest uniform hole over the coating's thickness, by three definitions and at several
    contacts.

    Parameters
    ----------
    thicknesses : (n,) array
        [m]
    contacts : (m,) sequence of float
        Contact over bulk resistance [-].
    widest : Departure of (m, n) arrays
        [m]
    cell : (float, float)
        The paper's coating thickness and hole diameter [m].
    """
    figure, axes = new_figure(3, 1, width=5.2, height=7.2, sharex=True, sharey=True)
    shades = [PCUE, ACCENT, COPPER]
    for axis, (name, label) in zip(axes, _DEFINITIONS.items(), strict=True):
        for contact, line, shade in zip(
            contacts, getattr(widest, name), cycle(shades), strict=False
        ):
            finite = np.where(np.isfinite(line) & (line > 0), line, np.nan)
            axis.plot(
                UM * thicknesses, UM * finite, color=shade, label=f"contact / bulk = {contact:g}"
            )
        axis.plot(UM * cell[0], UM * cell[1], **PAPER | {"label": "the paper's foil"})
        axis.set_title(label, **TITLE)
        axis.set(ylabel="widest uniform hole (µm)", xscale="log", yscale="log")
        axis.set_yticks([30, 75, 150, 300], ["30", "75", "150", "300"])
        axis.set_yticks([], minor=True)
    axes[0].legend(loc="upper left", **LEGEND)
    axes[-1].set_xlabel("coating thickness (µm)")
    ticks = [10, 20, 30, 50, 100]
    axes[-1].set_xticks(ticks, [f"{tick}" for tick in ticks])
    axes[-1].set_xticks([], minor=True)
    return figure


def sheet_conductance(
    open_fraction: np.ndarray,
    curves: Mapping[str, np.ndarray],
    computed: tuple[np.ndarray, np.ndarray],
    chosen: Sequence[float],
) -> Figure:
    """Conductance of a perforated sheet over that of the bare one, over its open fraction.

    Parameters
    ----------
    open_fraction : (n,) array
        [-]
    curves : mapping of str to (n,) array
        Closed forms, by name [-].
    computed : ((m,) array, (m,) array)
        Open fractions, and what the unit cell gives [-].
    chosen : sequence of float
        Open fractions that the study carries [-].
    """
    figure, axis = new_figure(width=5.4, height=3.2)
    for (name, values), style in zip(
        curves.items(), ({"color": MUTED, "ls": "--"}, {"color": PCUE}), strict=True
    ):
        axis.plot(open_fraction, values, label=name, **style)
    axis.plot(*computed, marker="s", ms=5, color=ACCENT, ls="none", label="unit cell, computed")
    for value in chosen:
        axis.axvline(value, color=MUTED, lw=1, ls=":", zorder=0)
    axis.set(
        xlabel="open fraction f (–)",
        ylabel="sheet conductance over bare foil's (–)",
        ylim=(0, 1),
        xlim=(0, 0.9),
    )
    axis.legend(loc="upper right", **LEGEND)
    return figure


def strip_profiles(signal: HoleSignal, current: float, sensor_pitch: float) -> Figure:
    """Field across the middle of a strip, bare and perforated, at several distances.

    Parameters
    ----------
    signal : HoleSignal
    current : float
        [A]
    sensor_pitch : float
        [m]
    """
    figure, axes = new_figure(
        len(signal.standoff),
        2,
        width=6.0,
        height=2.0 * len(signal.standoff) + 0.4,
        sharex=True,
        sharey="col",
    )
    y = MM * signal.y
    for row, (z, across) in enumerate(zip(signal.standoff, signal.across, strict=True)):
        bare = long_strip_field(signal.y, float(z), signal.width, current / signal.width)
        for axis, name, solid, added in zip(
            axes[row], ("$B_y$", "$B_z$"), bare, across[1:], strict=True
        ):
            axis.plot(y, MICROTESLA * (solid + added), color=PCUE, lw=1.2, label="perforated")
            axis.plot(y, MICROTESLA * solid, color=BCUE, lw=1.2, ls="--", label="bare")
            nearest = np.arange(-2, 3) * sensor_pitch * MM
            for place in nearest[np.abs(nearest) < MM * signal.width / 2]:
                axis.axvline(place, color=MUTED, lw=0.6, zorder=0)
            axis.set_title(f"{name} at {MM * z:g} mm", **TITLE)
            axis.set_ylabel("field (µT)")
    for axis in axes[-1]:
        axis.set_xlabel("y across the strip (mm)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, **LEGEND)
    return figure


def hole_signals(
    signal: HoleSignal,
    noise: float,
    resolvable: tuple[np.ndarray, Mapping[str, np.ndarray]],
    pitch: float,
) -> Figure:
    """What holes change in the field over the distance from the strip, and which pitch would show.

    Parameters
    ----------
    signal : HoleSignal
    noise : float
        Of a good sensor [T].
    resolvable : ((n,) array, mapping of str to (n,) array)
        Distances, and the smallest pitch that shows there, by what can be told [m].
    pitch : float
        Of the paper's foil [m].
    """
    figure, (left, right) = new_figure(2, 1, width=5.4, height=6.4, sharex=True)
    z, shown = MM * signal.standoff, signal.inside > 1e-16
    left.axhline(MICROTESLA * signal.field, color=BCUE, lw=1.4, label="field of the bare strip")
    left.plot(
        z,
        MICROTESLA * signal.greatest,
        color=PCUE,
        marker="o",
        ms=4,
        label="change by holes, edges included",
    )
    left.plot(
        z[shown],
        MICROTESLA * signal.inside[shown],
        color=PCUE,
        ls="--",
        label="change far from the edges",
    )
    left.axhline(
        MICROTESLA * noise, color="black", lw=0.9, ls=":", label="noise of a good chip sensor"
    )
    left.set(ylabel="magnetic field (µT)", yscale="log", xscale="log", ylim=(1e-5, 1e3))
    left.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, **LEGEND)
    distance, pitches = resolvable
    for (name, values), shade in zip(pitches.items(), cycle((PCUE, ACCENT)), strict=False):
        right.plot(MM * distance, MM * values, color=shade, label=name)
    right.axhline(MM * pitch, color="black", lw=1.2, label="the paper's lattice")
    right.set(
        xlabel="distance from the foil (mm)", ylabel="smallest pitch that shows (mm)", yscale="log"
    )
    ticks = [0.05, 0.1, 0.2, 0.5, 1, 2, 5]
    right.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    right.set_xticks([], minor=True)
    right.legend(loc="upper left", **LEGEND)
    return figure
