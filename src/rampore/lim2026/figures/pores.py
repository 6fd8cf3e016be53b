"""Figures of chapter 2: phantoms, sections, and what recipes make of them; lengths come in SI and
are drawn in um.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from rampore.figures.pores import label_panel
from rampore.micrograph import KnownPores
from rampore.multiverse import Outcomes
from rampore.pores import Analysis, Profile
from rampore.pores.recipe import edges
from rampore.style import (
    ACCENT,
    BCUE,
    COPPER,
    MUTED,
    NEGATIVE,
    PAPER,
    PCUE,
    PERCENT,
    UM,
    new_figure,
)

if TYPE_CHECKING:
    from pandas import DataFrame


def phantoms(
    known: KnownPores, found: np.ndarray, pixels: np.ndarray, errors: np.ndarray
) -> Figure:
    """Discs with their channels as they were parted, and the error of the radius over the size of a
    pixel.

    Parameters
    ----------
    known : KnownPores
    found : array of int
        Labels that a recipe gives.
    pixels : (n,) array
        Pixel size over the discs' radius [-].
    errors : (n,) array
        Relative error of the mean radius [-].
    """
    figure, (left, right) = new_figure(2, 1, width=5.6, height=5.6, height_ratios=[1.2, 1])
    side = UM * known.pixel_size
    colours = np.vstack([[0.92, 0.92, 0.92, 1], colormaps["tab20"](np.arange(found.max()) % 20)])
    extent = (0, found.shape[1] * side, found.shape[0] * side, 0)
    left.imshow(colours[found], extent=extent, interpolation="nearest")
    left.set(xlabel="x (µm)", ylabel="depth (µm)")
    label_panel(left, f"{found.max()} pores found, {known.labels.max()} drawn")
    right.axhline(0, color=MUTED, lw=1)
    right.plot(pixels, PERCENT * errors, marker="o", ms=5, color=NEGATIVE)
    right.set(
        xlabel="pixel over radius of a disc (–)",
        ylabel="error of the\nmean radius (%)",
        xscale="log",
    )
    ticks = pixels[::2]
    right.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
    right.set_xticks([], minor=True)
    return figure


def sections(shown: Mapping[str, tuple[np.ndarray, Analysis]], largest: float = 2e-6) -> Figure:
    """Grey sections and their pores, coloured by equivalent radius, to one scale (Fig. 2a, b).

    Parameters
    ----------
    shown : mapping of str to (array, Analysis)
        Grey image and what a recipe finds on it, by the electrode's name.
    largest : float
        Radius at which the colours end [m].
    """
    tall = [analysis.labels.shape[0] for _, analysis in shown.values() for _ in range(2)]
    inches = 5.4 * sum(tall) / max(analysis.labels.shape[1] for _, analysis in shown.values())
    figure, axes = new_figure(
        len(tall), 1, width=6.2, height=2.2 + inches, sharex=True, height_ratios=tall
    )
    scale = ScalarMappable(Normalize(0, UM * largest), "viridis")
    for k, (name, (grey, analysis)) in enumerate(shown.items()):
        tall_um, wide_um = UM * np.array(edges(analysis.pixel_size, 2))
        extent = (0, grey.shape[1] * wide_um, grey.shape[0] * tall_um, 0)
        radii = UM * analysis.table["equivalent_radius"].to_numpy()
        colours = np.vstack([[1, 1, 1, 1], scale.to_rgba(radii)])
        low, high = np.percentile(grey, [0.5, 99.5])
        axes[2 * k].imshow(
            grey, cmap="gray", vmin=low, vmax=high, extent=extent, interpolation="antialiased"
        )
        axes[2 * k + 1].imshow(colours[analysis.labels], extent=extent, interpolation="nearest")
        label_panel(axes[2 * k], name)
        for panel in axes[2 * k : 2 * k + 2]:
            panel.set_ylabel("depth (µm)", fontsize=9)
    axes[-1].set_xlabel("x (µm)")
    bar = {"location": "bottom", "aspect": 40, "extend": "max"}
    figure.colorbar(scale, ax=list(axes), label="equivalent radius of a pore (µm)", **bar)
    return figure


def along_the_foil(
    profiles: Mapping[str, Profile],
    holes: Sequence[tuple[float, float]],
    stated: Mapping[str, float],
) -> Figure:
    """Porosity along x of both electrodes, with the holes shaded and what the paper states (Fig.
    2a, b).

    Parameters
    ----------
    profiles : mapping of {"pCuE", "bCuE"} to Profile
    holes : sequence of (float, float)
        Where a hole starts and ends [m].
    stated : mapping of {"PR", "NPR", "bCuE"} to float
        [-]
    """
    figure, axes = new_figure(2, 1, width=6.0, height=4.6, sharex=True, sharey=True)
    for panel, (name, profile), colour in zip(axes, profiles.items(), (PCUE, BCUE), strict=True):
        panel.plot(UM * profile.position, PERCENT * profile.porosity, color=colour, lw=1.3)
        label_panel(panel, f"{name}, window {UM * profile.window:.0f} µm")
        panel.set_ylabel("porosity (%)")
    for k, (start, end) in enumerate(holes):
        axes[0].axvspan(
            UM * start, UM * end, color=COPPER, alpha=0.22, lw=0, label=None if k else "over a hole"
        )
        axes[0].plot(
            UM * (start + end) / 2,
            PERCENT * stated["PR"],
            **PAPER,
            label=None if k else "the paper",
        )
        if k:
            axes[0].plot(UM * (holes[k - 1][1] + start) / 2, PERCENT * stated["NPR"], **PAPER)
    middle = UM * profiles["bCuE"].position.mean()
    axes[1].plot(middle, PERCENT * stated["bCuE"], **PAPER)
    axes[1].set(xlabel="x (µm)", ylim=(8, 42), xlim=(0, 2 * middle))
    handles = axes[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper right", ncols=2, frameon=False, fontsize=9)
    return figure


def scatter_over_width(
    windows: np.ndarray,
    strips: np.ndarray,
    pooled: np.ndarray,
    marks: Mapping[str, float],
    difference: float,
) -> Figure:
    """How much the porosity of a piece of section differs from place to place, over the piece's
    width.

    Parameters
    ----------
    windows : (n,) array
        [m]
    strips : (m, n) array
        Standard deviation of the porosity in each of several strips [-].
    pooled : (n,) array
        In all of them [-].
    marks : mapping of str to float
        Widths to mark [m].
    difference : float
        Between the two porosities of the perforated electrode [-].
    """
    figure, axis = new_figure(width=5.6, height=3.6)
    axis.plot(UM * windows, PERCENT * strips.T, color=BCUE, lw=0.9, alpha=0.6)
    axis.plot(
        UM * windows,
        PERCENT * pooled,
        marker="o",
        ms=5,
        color=BCUE,
        lw=2.2,
        label="bCuE, all strips",
    )
    law = pooled[2] * np.sqrt(windows[2] / windows)
    axis.plot(
        UM * windows,
        PERCENT * law,
        color=MUTED,
        lw=1,
        ls="--",
        label="independent pieces, $L^{-1/2}$",
    )
    axis.axhline(PERCENT * difference, color=PCUE, lw=1.2)
    axis.text(
        UM * windows[-1],
        PERCENT * difference * 1.06,
        "28 − 19 %",
        color=PCUE,
        ha="right",
        va="bottom",
    )
    for name, width in marks.items():
        axis.axvline(UM * width, color=MUTED, lw=1, ls=":")
        axis.text(UM * width * 0.98, 0.32, name, rotation=90, ha="right", va="bottom", fontsize=9)
    axis.set(
        xlabel="width of the window L (µm)", ylabel="standard deviation\nof the porosity (points)"
    )
    axis.set(xscale="log", yscale="log", ylim=(0.3, 14))
    ticks = [5, 10, 20, 40, 80, 160]
    axis.set_xticks(ticks, [f"{tick}" for tick in ticks])
    axis.set_yticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
    axis.set_xticks([], minor=True)
    axis.legend(frameon=False, fontsize=9, loc="lower left")
    return figure


def predicted(
    cases: Mapping[str, Sequence[Outcomes]], stated: Mapping[str, tuple[float, float]]
) -> Figure:
    """Mean radius and coordination number of every section, in the whole and in its two regions
    (Fig. 2d, e).

    Parameters
    ----------
    cases : mapping of str to sequence of Outcomes
        By the case, the bare electrode first; the first recipe of each is drawn.
    stated : mapping of {"pCuE", "bCuE"} to (float, float)
        Radius [m] and coordination number [-].
    """
    figure, panels = new_figure(2, 1, width=5.8, height=5.8, sharex=True)
    quantities = (
        ("radius", UM, "mean equivalent\nradius (µm)"),
        ("coordination", 1, "mean coordination\nnumber (–)"),
    )
    ticks, groups, place = {}, {}, 0.0
    for case, found in cases.items():
        regions, colour = (("whole", "NPR", "PR"), PCUE) if groups else (("whole",), BCUE)
        groups[case] = place + (len(regions) - 1) / 2
        for column, region in enumerate(regions):
            for panel, (name, factor, _) in zip(panels, quantities, strict=True):
                values = factor * np.array([getattr(each, name)[0, column] for each in found])
                panel.plot(
                    np.full(len(values), place),
                    values,
                    "o",
                    ms=5,
                    mfc="white" if column else colour,
                    mec=colour,
                )
                panel.hlines(values.mean(), place - 0.3, place + 0.3, color="black", lw=1.4)
            ticks[place] = region
            place += 1
        place += 0.6
    for index, (panel, (_, factor, label)) in enumerate(zip(panels, quantities, strict=True)):
        for electrode, style in (("bCuE", "-"), ("pCuE", "--")):
            value = factor * stated[electrode][index]
            panel.axhline(value, color="black", lw=0.8, ls=style, zorder=0)
            panel.plot(-0.9, value, **PAPER)
            panel.text(
                1.01, value, f"the paper,\n{electrode}", fontsize=9, va="center",
                transform=panel.get_yaxis_transform(),
            )  # fmt: skip
        panel.set_ylabel(label)
    for case, middle in groups.items():
        panels[0].text(
            middle,
            1.02,
            case.replace(", ", ",\n"),
            transform=panels[0].get_xaxis_transform(),
            ha="center",
            fontsize=9,
        )
    panels[1].set_xticks(list(ticks), list(ticks.values()), fontsize=9)
    panels[1].set_xlim(-1.2, max(ticks) + 0.6)
    return figure


def multiverse(
    bare: Outcomes,
    perforated: Outcomes,
    stated: Mapping[str, tuple[float, float]],
    between_sections: tuple[float, float],
) -> Figure:
    """Radius and coordination number by every recipe, and the difference between the electrodes by
    every recipe.

    Parameters
    ----------
    bare, perforated : Outcomes
        Of the same recipes.
    stated : mapping of {"pCuE", "bCuE"} to (float, float)
        Radius [m] and coordination number [-].
    between_sections : (float, float)
        Standard deviation, from one pair of sections to the next, of the ratio of radii and of the
        difference of coordination numbers [-].
    """
    figure, (above, below) = new_figure(2, 1, width=5.6, height=7.4)
    for found, colour, name, mark in ((bare, BCUE, "bCuE", "s"), (perforated, PCUE, "pCuE", "o")):
        x, y = UM * found.radius[:, 0], found.coordination[:, 0]
        above.plot(
            x, y, mark, ms=3, color=colour, alpha=0.35, mew=0, label=f"{name}, {len(x)} recipes"
        )
    for name, down in (("bCuE", -15), ("pCuE", 8)):
        radius, number = stated[name]
        above.plot(UM * radius, number, **PAPER)
        where = {"xytext": (0, down), "textcoords": "offset points", "ha": "center", "zorder": 6}
        above.annotate(f"the paper, {name}", (UM * radius, number), fontsize=9, **where)
    above.margins(x=0.12)
    above.set(xlabel="mean equivalent radius (µm)", ylabel="mean coordination number (–)")
    above.legend(frameon=False, fontsize=9, loc="upper right", markerscale=2)
    label_panel(above, "what each recipe finds")
    for column, label, fill in (
        (0, "whole section", PCUE),
        (1, "over foil (NPR)", "#7FB7DA"),
        (2, "at a hole (PR)", ACCENT),
    ):
        ratio = perforated.radius[:, column] / bare.radius[:, 0]
        more = perforated.coordination[:, column] - bare.coordination[:, 0]
        below.plot(ratio, more, "o", ms=3, color=fill, alpha=0.4, mew=0, label=label)
    (r_bare, n_bare), (r_perforated, n_perforated) = stated["bCuE"], stated["pCuE"]
    below.axhline(0, color=MUTED, lw=1)
    below.axvline(1, color=MUTED, lw=1)
    bars = {"fmt": "none", "ecolor": "black", "capsize": 3, "lw": 1.2}
    below.errorbar(1, 0, xerr=2 * between_sections[0], yerr=2 * between_sections[1], **bars)
    below.plot(r_perforated / r_bare, n_perforated - n_bare, **PAPER)
    where = {"xytext": (-8, 0), "textcoords": "offset points", "ha": "right", "va": "center"}
    below.annotate(
        "the paper, pCuE", (r_perforated / r_bare, n_perforated - n_bare), fontsize=9, **where
    )
    below.set(xlabel="radius, pCuE over bCuE (–)", ylabel="coordination number, pCuE − bCuE (–)")
    below.legend(frameon=False, fontsize=9, loc="upper left", markerscale=2)
    label_panel(below, "what is left of the difference")
    return figure


def microscopes(
    looks: Mapping[str, tuple[Outcomes, Outcomes]], stated: Mapping[str, tuple[float, float]]
) -> Figure:
    """What the same two sections are by one recipe under several microscopes.

    Parameters
    ----------
    looks : mapping of str to (Outcomes, Outcomes)
        Bare and perforated electrode, by what was changed; the first recipe is drawn.
    stated : mapping of {"pCuE", "bCuE"} to (float, float)
        Radius [m] and coordination number [-].
    """
    figure, panels = new_figure(1, 2, width=6.2, height=0.9 + 0.36 * len(looks), sharey=True)
    places = np.arange(len(looks))
    for panel, name, factor, index, label in (
        (panels[0], "radius", UM, 0, "mean radius (µm)"),
        (panels[1], "coordination", 1, 1, "coordination number (–)"),
    ):
        for side, (electrode, colour, mark) in enumerate(
            (("bCuE", BCUE, "s"), ("pCuE", PCUE, "o"))
        ):
            values = [factor * getattr(pair[side], name)[0, 0] for pair in looks.values()]
            panel.plot(values, places, mark, ms=6, color=colour, label=electrode)
            panel.plot(factor * stated[electrode][index], -1, **PAPER | {"marker": mark})
        panel.set_xlabel(label)
    panels[0].set_yticks(np.append(-1, places), ["the paper", *looks], fontsize=9)
    panels[0].set_ylim(len(looks) - 0.5, -1.6)
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="outside upper center",
        ncols=2,
        frameon=False,
        fontsize=9,
    )
    return figure


def distributions(
    tables: Mapping[str, DataFrame], stated: Mapping[str, tuple[float, float]]
) -> Figure:
    """How many pores have which radius, and how many neighbours (Fig. 2d, e).

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Of the pores of each electrode, as :class:`rampore.pores.Analysis` has them: ``bCuE``,
        ``pCuE``, and others beside them.
    stated : mapping of {"pCuE", "bCuE"} to (float, float)
        Mean radius [m] and coordination number [-].
    """
    figure, (left, right) = new_figure(2, 1, width=5.6, height=5.2)
    edges, numbers = np.arange(0, 2.3, 0.1), np.arange(-0.5, 7.5)
    for name, table in tables.items():
        colour, style = {"bCuE": (BCUE, "-"), "pCuE": (PCUE, "--")}.get(name, (ACCENT, "-."))
        drawn = (UM * table["equivalent_radius"], edges), (table["coordination"], numbers)
        for column, (axis, (values, bins)) in enumerate(zip((left, right), drawn, strict=True)):
            counts, _ = np.histogram(values, bins)
            axis.stairs(PERCENT * counts / len(values), bins, color=colour, ls=style, lw=1.8)
            axis.axvline(values.mean(), color=colour, lw=1, ls=style, label=f"{name}, mean")
            if name in stated:
                mean = stated[name][column] * (1 if column else UM)
                marker = PAPER | {"mec": colour, "label": f"{name}, the paper's mean"}
                axis.plot(mean, 2, **marker)
    left.set(xlabel="equivalent radius (µm)", ylabel="share of the pores (%)", xlim=(0, 2.2))
    right.set(xlabel="coordination number (–)", ylabel="share of the pores (%)", xlim=(-0.5, 6.5))
    left.legend(frameon=False, fontsize=9, loc="upper right")
    return figure


def over_share(
    shares: np.ndarray,
    curves: Mapping[str, tuple[Mapping[str, np.ndarray], np.ndarray, np.ndarray]],
    stated: Mapping[str, float],
    marks: Mapping[str, float],
) -> Figure:
    """The difference between the electrodes over the share of the image that lies over holes.

    Parameters
    ----------
    shares : (m,) array
        [-]
    curves : mapping of str to (means, least, most)
        By the label of the axis: means of several sections by the porosities, the published ones
        first, and the ends of the recipes; (m,) arrays each.
    stated : mapping of str to float
        What the paper's numbers make, by the same label.
    marks : mapping of str to float
        Shares to mark [-].
    """
    figure, panels = new_figure(2, 1, width=5.6, height=5.8, sharex=True)
    for panel, (label, (means, least, most)) in zip(panels, curves.items(), strict=True):
        band = {"color": PCUE, "alpha": 0.15, "lw": 0, "label": "published, all recipes"}
        panel.fill_between(PERCENT * shares, least, most, **band)
        for (name, mean), style in zip(means.items(), ("-", "-."), strict=False):
            panel.plot(PERCENT * shares, mean, color=PCUE, lw=2, ls=style, label=name)
        panel.axhline(stated[label], color="black", lw=0.8, ls="--")
        panel.plot(PERCENT * marks["section"], stated[label], **PAPER, label="the paper")
        for name, share in marks.items():
            panel.axvline(PERCENT * share, color=MUTED, lw=1, ls=":")
            place = {"transform": panel.get_xaxis_transform(), "ha": "center", "fontsize": 9}
            if panel is panels[0]:
                panel.text(PERCENT * share, 1.02, name, **place)
        panel.set_ylabel(label)
    handles = panels[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=2, frameon=False, fontsize=9)
    panels[1].set(xlabel="share of the image that lies over holes (%)", xlim=(0, 100))
    return figure
