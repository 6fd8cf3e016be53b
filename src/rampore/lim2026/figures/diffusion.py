"""Figures of chapter 3: sections, cubes and unit cells; lengths come in SI and are drawn in um."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm, Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import Affine2D
from scipy.stats import t as t_distribution

from rampore.closures import Closure
from rampore.collector import PerforatedFoil
from rampore.diffusion import Diffusion
from rampore.figures.diffusion import CONCENTRATION, FLUX, SOLID, field_map
from rampore.figures.pores import UM
from rampore.lim2026.coatings import Fields
from rampore.micrograph import Phantom, Phase
from rampore.style import (
    ACCENT,
    BCUE,
    COPPER,
    LEGEND,
    MUTED,
    NEGATIVE,
    PAPER,
    PCUE,
    TITLE,
    new_figure,
)

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


# The chapter's figures ----------------------------------------------------------------------------

_PLACE = {"bCuE": (BCUE, "-"), "pCuE, PR": (PCUE, "-"), "pCuE, NPR": (PCUE, "--")}


def percolation(table: pd.DataFrame, marked: Mapping[str, float]) -> Figure:
    """How many sections let anything through, and how far their pores reach down.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`rampore.lim2026.coatings.percolation` returns it.
    marked : mapping of str to float
        Porosities that the paper states.
    """
    figure, axes = new_figure(height=3.2)
    mean = table.groupby("porosity").mean()
    axes.plot(
        100 * table["porosity"],
        100 * table["deepest"],
        "o",
        mfc="none",
        color=MUTED,
        label="a section's depth",
    )
    axes.plot(
        100 * mean.index, 100 * mean["deepest"], color=NEGATIVE, label="depth that its pores reach"
    )
    axes.plot(
        100 * mean.index,
        100 * mean["reached"],
        color=ACCENT,
        label="pore area joined to the surface",
    )
    axes.plot(
        100 * mean.index,
        100 * mean["percolates"],
        color=BCUE,
        lw=2.5,
        label="sections with a way through",
    )
    for name, value in marked.items():
        axes.axvline(100 * value, color="black", lw=0.8, ls=":")
        axes.text(100 * value, 112, name, ha="center", fontsize=9)
    axes.set(xlabel="porosity (%)", ylabel="share (%)", ylim=(-3, 108))
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.32), **LEGEND)
    return figure


def section_maps(phantoms: Mapping[str, Phantom], results: Mapping[str, Diffusion]) -> Figure:
    """Concentration and flux in sections, one row an electrode; metal in copper, what nothing
    reaches in grey.

    Parameters
    ----------
    phantoms : mapping of str to Phantom
    results : mapping of str to Diffusion
    """
    figure, panels = new_figure(
        len(phantoms), 2, height=1.0 + 1.35 * len(phantoms), sharex=True, squeeze=False
    )
    deepest = max(UM * phantom.pixel_size * len(phantom.phase) for phantom in phantoms.values())
    for row, (name, phantom) in zip(panels, phantoms.items(), strict=True):
        result, extent = results[name], _extent(phantom)
        pores = phantom.pore & np.isfinite(result.concentration)
        flux = result.flux_magnitude
        drawn = [
            field_map(
                row[0],
                np.where(pores, result.concentration, np.nan),
                extent,
                cmap=CONCENTRATION,
                vmin=0,
                vmax=1,
            ),
            field_map(
                row[1],
                np.where(pores, flux / flux[phantom.pore].mean(), np.nan),
                extent,
                cmap=FLUX,
                norm=LogNorm(1e-2, 1e1),
            ),
        ]
        for axes in row:
            metal = np.ma.masked_equal(phantom.phase == Phase.COLLECTOR, False)
            axes.imshow(
                metal, extent=extent, cmap=ListedColormap([COPPER]), interpolation="nearest"
            )
            axes.set(ylim=(deepest, 0), title=None)
            axes.set_title(name, **TITLE)
        row[0].set_ylabel("depth (µm)")
    for axes in panels[-1]:
        axes.set_xlabel("x (µm)")
    labels = "c / c$_0$ (–)", "flux over its mean in the pores (–)"
    for column, (field, text) in enumerate(zip(drawn, labels, strict=True)):
        extend = "both" if column else "neither"
        figure.colorbar(
            field, ax=panels[:, column], label=text, location="bottom", extend=extend, aspect=30
        )
    return figure


def _extent(phantom: Phantom) -> tuple[float, float, float, float]:
    rows, columns = phantom.phase.shape[:2]
    left, side = UM * phantom.origin[0], UM * phantom.pixel_size
    return left, left + columns * side, rows * side, 0


def depth_curves(data: xr.Dataset, names: Sequence[str]) -> Figure:
    """Concentration over depth in each place, one panel a case: mean over the seeds, and their
    span.

    Parameters
    ----------
    data : xarray.Dataset
        As :func:`rampore.lim2026.coatings.compare_sections` returns it.
    names : sequence of str
        Title of each case.
    """
    figure, panels = new_figure(1, len(names), height=3.4, sharey=True, squeeze=False)
    depth = UM * data.depth.values
    for number, (axes, name) in enumerate(zip(panels[0], names, strict=True)):
        for place, (colour, style) in _PLACE.items():
            each = data.concentration.isel(case=number).sel(place=place).values
            known = np.isfinite(each).any(axis=0)
            low, high = np.nanmin(each[:, known], axis=0), np.nanmax(each[:, known], axis=0)
            axes.fill_betweenx(depth[known], low, high, color=colour, alpha=0.12, lw=0)
            axes.plot(
                np.nanmean(each[:, known], axis=0),
                depth[known],
                color=colour,
                ls=style,
                label=place,
            )
        axes.set(xlabel="c / c$_0$ in the pores (–)", xlim=(0, 1))
        axes.set_title(name, **TITLE)
    panels[0, 0].set(ylabel="depth (µm)", ylim=(depth[-1], 0))
    panels[0, 0].legend(loc="lower right", **LEGEND)
    return figure


def crowding(data: xr.Dataset, cubes: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Share of the flux in the most loaded tenth of the pores: in sections by place and case, in
    cubes by porosity.

    Parameters
    ----------
    data : xarray.Dataset
        As :func:`rampore.lim2026.coatings.compare_sections` returns it.
    cubes : pandas.DataFrame
        As :func:`rampore.lim2026.coatings.tortuosities` returns it.
    names : sequence of str
        Label of each case.
    """
    figure, (left, right) = new_figure(1, 2, height=3.4, sharey=True, width_ratios=[1.4, 1])
    half = t_distribution.ppf(0.975, data.sizes["seed"] - 1) / np.sqrt(data.sizes["seed"])
    for shift, (place, (colour, style)) in zip((-0.2, 0, 0.2), _PLACE.items(), strict=True):
        share = data.share.sel(place=place)
        at = np.arange(data.sizes["case"]) + shift
        for column in range(data.sizes["case"]):
            left.plot(
                np.full(data.sizes["seed"], at[column]),
                100 * share.values[:, column],
                ".",
                color=colour,
                alpha=0.35,
            )
        filled = colour if style == "-" else "white"
        left.errorbar(
            at,
            100 * share.mean("seed"),
            yerr=100 * half * share.std("seed", ddof=1),
            fmt="s",
            color=colour,
            mfc=filled,
            capsize=4,
            label=place,
        )
    left.set_xticks(range(data.sizes["case"]), names, fontsize=9)
    left.set(ylabel="flux in the most loaded 10 % (%)", ylim=(0, None))
    left.set_title("sections", **TITLE)
    left.legend(loc="lower left", **LEGEND)
    right.plot(100 * cubes["porosity"], 100 * cubes["share"], "o", mfc="none", color=NEGATIVE)
    mean = cubes.groupby("asked")["share"].mean()
    right.plot(100 * mean.index, 100 * mean, color=NEGATIVE)
    right.set(xlabel="porosity (%)")
    right.set_title("cubes", **TITLE)
    right.axhline(10, color=MUTED, lw=0.8, ls=":")
    left.axhline(10, color=MUTED, lw=0.8, ls=":")
    return figure


def tortuosity(
    cubes: pd.DataFrame, fitted: Closure, closures: Sequence[Closure], tested: tuple[float, float]
) -> Figure:
    """Tortuosity factor over porosity: generated cubes and their sections, and the closures of the
    literature.

    Parameters
    ----------
    cubes : pandas.DataFrame
        As :func:`rampore.lim2026.coatings.tortuosities` returns it.
    fitted : Closure
    closures : sequence of Closure
    tested : (float, float)
        Porosities between which measured coatings lie [-].
    """
    figure, axes = new_figure(height=3.8)
    factor = cubes["porosity"] / cubes["efficiency"]
    axes.semilogy(100 * cubes["porosity"], factor, "o", mfc="none", color=NEGATIVE, label="cubes")
    open_ = cubes[cubes["section_efficiency"] > 0]
    axes.plot(
        100 * open_["porosity"],
        open_["porosity"] / open_["section_efficiency"],
        "v",
        mfc="none",
        color=MUTED,
        label="its sections, where one of eight is open",
    )
    eps = np.linspace(0.16, 0.55, 80)
    axes.plot(100 * eps, fitted.tortuosity(eps), color=NEGATIVE, label=fitted.name)
    for closure, style in zip(closures, ("--", ":", "-.", (0, (1, 1)), (0, (5, 1))), strict=False):
        axes.plot(100 * eps, closure.tortuosity(eps), color=ACCENT, ls=style, label=closure.name)
    axes.axvspan(*(100 * each for each in tested), color=MUTED, alpha=0.12, lw=0)
    axes.set(xlabel="porosity (%)", ylabel="tortuosity factor (–)", xlim=(16, 55), ylim=(1, 2000))
    axes.legend(ncols=2, loc="upper right", **LEGEND)
    return figure


def tortuosity_along(local: xr.DataArray, places: Mapping[str, float]) -> Figure:
    """Local tortuosity factor of cubes over depth: each cube, and the mean of each porosity.

    Parameters
    ----------
    local : xarray.DataArray
        As :func:`rampore.lim2026.coatings.local_tortuosities` returns it.
    places : mapping of {"bCuE", "pCuE, PR", "pCuE, NPR"} to float
        Porosity of each [-].
    """
    figure, axes = new_figure(height=3.6)
    depth = UM * local.depth.values
    for place, porosity in places.items():
        each, (colour, style) = local.sel(porosity=porosity), _PLACE[place]
        axes.semilogx(each.values.T, depth, color=colour, ls=style, lw=0.8, alpha=0.45)
        axes.plot(each.mean("seed"), depth, color=colour, ls=style, lw=2.2, label=place)
    axes.set(xlabel="local tortuosity factor (–)", ylabel="depth (µm)", ylim=(depth[-1], 0))
    axes.set_xticks([2, 5, 10, 20, 50, 100], ["2", "5", "10", "20", "50", "100"])
    axes.set_xticks([], minor=True)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=3, **LEGEND)
    return figure


_TOLD = {
    "porosity": "porosity",
    "radius": "mean radius\nof the pores",
    "coordination": "mean coordination\nnumber",
    "tortuosity": "tortuosity factor",
    "share": "flux in the most\nloaded tenth",
}


def told(quotients: pd.DataFrame, stated: Mapping[str, float]) -> Figure:
    """What sections, and the volumes that they are cut from, show of the difference between two
    porosities.

    Parameters
    ----------
    quotients : pandas.DataFrame
        As :func:`rampore.lim2026.coatings.told_apart` returns it.
    stated : mapping of str to float
        Quotients of the paper's numbers, by the quantity [-].
    """
    figure, axes = new_figure(width=6.2, height=4.2)
    cut = quotients.index.get_level_values("plane") >= 0
    for row, name in enumerate(_TOLD):
        volumes, sections = quotients.loc[~cut, name], quotients.loc[cut, name]
        told = sections.dropna()
        axes.plot(told, np.full(len(told), row + 0.2), ".", color=MUTED, alpha=0.5, ms=6)
        axes.plot(volumes, np.full(len(volumes), row - 0.2), "D", color=NEGATIVE, ms=5)
        if name in stated:
            axes.plot(stated[name], row, **PAPER)
        place = {"transform": axes.get_yaxis_transform(), "ha": "right", "fontsize": 9}
        axes.text(0.99, row - 0.1, f"{len(told)} of {len(sections)} pairs", **place)
    axes.axvline(1, color=BCUE, lw=1.2)
    labelled = (".", MUTED, "two sections"), ("D", NEGATIVE, "the two cubes that they are cut from")
    for mark, colour, label in labelled:
        axes.plot([], [], mark, color=colour, ms=6, label=label)
    axes.plot([], [], **PAPER, label="the paper, pCuE / bCuE")
    axes.set_yticks(range(len(_TOLD)), list(_TOLD.values()), fontsize=9)
    axes.set(
        xscale="log", ylim=(len(_TOLD) - 0.4, -0.6), xlabel="at the holes over on bare foil (–)"
    )
    axes.set_xticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
    axes.set_xticks([], minor=True)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=3, **LEGEND)
    return figure


def mixing_map(
    exponents: np.ndarray,
    thresholds: np.ndarray,
    gains: Mapping[str, np.ndarray],
    closures: Sequence[Closure],
) -> Figure:
    """Where the porous columns beside dense ones conduct better than one porosity throughout.

    Parameters
    ----------
    exponents : (m,) array
        a of the closures [-].
    thresholds : (n,) array
        Their eps_c [-].
    gains : mapping of str to (n, m) array
        Gain in conductance; the first is drawn in colour, of all where they vanish [-].
    closures : sequence of Closure
        Marked on the map.
    """
    figure, axes = new_figure(height=4.6)
    first = next(iter(gains.values()))
    drawn = axes.pcolormesh(
        exponents,
        100 * thresholds,
        100 * first,
        cmap="RdBu",
        vmin=-60,
        vmax=60,
        shading="gouraud",
        rasterized=True,
    )
    figure.colorbar(drawn, ax=axes, label="gain of the perforated coating (%)", extend="both")
    for (name, gain), style in zip(gains.items(), ("-", "--", ":"), strict=True):
        if gain.min() < 0 < gain.max():
            axes.contour(
                exponents,
                100 * thresholds,
                gain,
                [0],
                colors="black",
                linestyles=[style],
                linewidths=1.8,
            )
        axes.plot([], [], color="black", ls=style, lw=1.8, label=name)
    ordered = sorted(closures, key=lambda each: each.exponent)
    before, height = -np.inf, 0
    for number, closure in enumerate(ordered, 1):
        place = closure.exponent, 100 * closure.threshold
        axes.plot(*place, **PAPER)
        # above its neighbour's where the two would overlap
        height = height + 11 if closure.exponent - before < 0.25 else 8
        before = closure.exponent
        axes.annotate(
            f"{number}", place, (0, height), textcoords="offset points", ha="center", fontsize=9
        )
    axes.set(
        xlabel="exponent a of ε/τ ∝ (ε − ε$_c$)$^a$ (–)",
        ylabel="porosity ε$_c$ at which it vanishes (%)",
    )
    axes.set(xlim=(exponents[0], exponents[-1]), ylim=(-0.9, 100 * thresholds[-1]))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=1, **LEGEND)
    named = [f"{number}  {closure.name}" for number, closure in enumerate(ordered, 1)]
    figure.legend(
        [Line2D([], [], ls="none")] * len(named), named, loc="outside lower center", ncols=4,
        **LEGEND | {"handlelength": 0},
    )  # fmt: skip
    return figure


def unit_cells(cells: Mapping[str, Fields], foil: PerforatedFoil) -> Figure:
    """Concentration on the metal over the distance from a hole's edge, over that on bare foil.

    Parameters
    ----------
    cells : mapping of str to Fields
        As :func:`rampore.lim2026.coatings.consuming_unit_cell` returns them.
    foil : PerforatedFoil
    """
    figure, axes = new_figure(height=3.4)
    shades = (PCUE, ACCENT, MUTED, NEGATIVE)
    for (name, cell), colour in zip(cells.items(), shades, strict=False):
        rim = UM * (cell.distance - foil.hole_diameter / 2)
        outside = rim > 0
        order = np.argsort(rim[outside])
        axes.plot(
            rim[outside][order],
            cell.on_metal[outside][order] / cell.bare_foil,
            color=colour,
            label=name,
        )
        axes.axhline(cell.alone / cell.bare_foil, color=colour, lw=0.9, ls=":")
        axes.text(
            1.01, cell.on_metal[outside][order[-1]] / cell.bare_foil, name, color=colour,
            fontsize=9, va="center", transform=axes.get_yaxis_transform(),
        )  # fmt: skip
        axes.plot(-3, cell.hole_bottom / cell.bare_foil, "D", color=colour, clip_on=False)
    bare = axes.axhline(1, color=BCUE, lw=1.6, label="bare foil")
    alone = Line2D([], [], ls=":", color=MUTED, label="the coating over foil, without holes")
    axes.axvline(0, color="black", lw=0.8)
    axes.set_xticks([-3, 0, *range(10, 60, 10)], ["hole\nbottom", 0, *range(10, 60, 10)])
    axes.set(
        xlabel="distance from the edge of the hole (µm)",
        ylabel="c over that on bare foil (–)",
    )
    axes.set(xlim=(-6, None), ylim=(0, None))
    figure.legend(handles=[bare, alone], loc="outside upper left", ncols=2, **LEGEND)
    return figure


def block(phantom: Phantom, field: np.ndarray, label: str, high: float) -> Figure:
    """A volume seen from above, its front and its right side: a field in the pores, solid light,
    metal in copper.

    Parameters
    ----------
    phantom : Phantom
        Of three dimensions.
    field : array, shape of the phantom
    label : str
        Of the colour bar.
    high : float
        Upper end of the colours.
    """
    figure, axes = new_figure(height=3.2)
    side = UM * phantom.pixel_size
    deep, wide, broad = (side * n for n in phantom.phase.shape)
    lean = np.array([0.55, 0.45]) * broad  # how far the back lies to the right and up
    faces = {  # image with its first row on top; where (column, row) of unit length go
        "front": (np.s_[:, :, 0], [[wide, 0, 0], [0, -deep, 0]]),
        "right": (np.s_[:, -1, :], [[lean[0], 0, wide], [lean[1], -deep, 0]]),
        "top": (np.s_[0, :, ::-1], [[wide, -lean[0], lean[0]], [0, -lean[1], lean[1]]]),
    }
    colours = ScalarMappable(Normalize(0, high), FLUX)
    for name, (cut, matrix) in faces.items():
        phase, values = phantom.phase[cut], field[cut]
        if name == "top":
            phase, values = phase.T, values.T
        picture = colours.to_rgba(np.where(np.isfinite(values), values, 0))
        picture[(phase != Phase.PORE) | ~np.isfinite(values)] = to_rgba(SOLID)
        picture[phase == Phase.COLLECTOR] = to_rgba(COPPER)
        picture[..., :3] *= {"front": 1.0, "right": 0.85, "top": 1.0}[name]
        shown = axes.imshow(picture, extent=(0, 1, 1, 0), interpolation="nearest", clip_on=False)
        shown.set_transform(Affine2D(np.vstack([matrix, [0, 0, 1]])) + axes.transData)
    axes.set(
        xlim=(-2, wide + lean[0] + 2),
        ylim=(-deep - 2, lean[1] + 2),
        aspect="equal",
        xlabel="x (µm)",
    )
    axes.set_ylabel("height (µm)")
    keys = (Patch(color=SOLID, label="solid"), Patch(color=COPPER, label="foil"))
    figure.legend(handles=keys, loc="outside upper left", ncols=2, **LEGEND)
    figure.colorbar(colours, ax=axes, label=label, shrink=0.8, extend="max")
    return figure
