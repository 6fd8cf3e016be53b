"""Figures of diffusion through images: lengths come in SI and are drawn in um."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm, Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D
from scipy.stats import t as t_distribution

from rampore.collector import PerforatedFoil
from rampore.diffusion import Diffusion
from rampore.figures.pores import DRAWN, UM
from rampore.figures.style import ACCENT, BCUE, COPPER, MUTED, NEGATIVE, PAPER, PCUE, new_figure
from rampore.micrograph import Phantom, Phase
from rampore.transport import Closure, Fields

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_TITLE = {"loc": "left", "fontsize": 10.5, "fontweight": "bold"}
_LEGEND = {"frameon": False, "fontsize": 9, "handlelength": 1.6}
_SOLID = "#D9D4CC"
_CONCENTRATION, _FLUX = "cividis", "inferno"


def _map(axes, values: np.ndarray, extent, **norm):
    """A field where something diffuses, the colour of solid elsewhere."""
    axes.set_facecolor(_SOLID)
    return axes.imshow(values, extent=extent, interpolation="nearest", **norm)


def overview(result: Diffusion, label: np.ndarray, size: float | None) -> Figure:
    """An image, concentration and flux in it, and what both are along the flow; of a volume, the middle section.

    Parameters
    ----------
    result : Diffusion
    label : array, shape of the image
    size : float or None
        Edge of a pixel [m].
    """
    across = next(axis for axis in range(result.concentration.ndim) if axis != result.axis)
    cut = [slice(None)] * label.ndim
    if label.ndim == 3:  # the plane that holds the flow
        other = 3 - result.axis - across
        cut[other] = label.shape[other] // 2
    turn = (lambda plane: plane) if result.axis < across else np.transpose
    step = -(-max(label.shape) // DRAWN)
    picture, c, flux = (
        turn(field[tuple(cut)])[::step, ::step] for field in (label, result.concentration, result.flux_magnitude)
    )
    side = 1.0 if size is None else UM * size
    unit = "px" if size is None else "µm"
    length = label.shape[result.axis] * side
    extent = (0, label.shape[across] * side, length, 0)
    mean = result.relative_diffusivity / (label.shape[result.axis] * (1.0 if size is None else size))

    tall = min(max(2.6 * picture.shape[0] / picture.shape[1], 1.0), 4.0)
    figure, ((image, inside), (crowd, along)) = new_figure(2, 2, height=2 * tall + 1.6)
    image.imshow(picture, cmap="gray", extent=extent, interpolation="nearest")
    drawn = _map(inside, c, extent, cmap=_CONCENTRATION, vmin=0, vmax=1)
    figure.colorbar(drawn, ax=inside, label="c / c$_0$ / -")
    moving = flux > 0
    high = np.percentile(flux[moving], 99) / mean if moving.any() else 1.0
    drawn = _map(crowd, np.where(moving, flux / (mean or 1.0), np.nan), extent, cmap=_FLUX, vmin=0, vmax=high)
    figure.colorbar(drawn, ax=crowd, label="flux over its mean / -", extend="max")
    for axes in (image, inside, crowd):
        axes.set(xlabel=f"axis {across} / {unit}", ylabel=f"axis {result.axis} / {unit}")
    others = tuple(axis for axis in range(label.ndim) if axis != result.axis)
    taking_part = np.isfinite(result.concentration)
    count = taking_part.sum(axis=others)
    total = np.where(taking_part, result.concentration, 0).sum(axis=others)
    depth = side * (np.arange(len(count)) + 0.5)
    along.plot(np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0), depth, color=ACCENT)
    along.set(xlabel="mean c / c$_0$ / -", ylabel=f"axis {result.axis} / {unit}", xlim=(0, 1), ylim=(length, 0))
    factor = f"τ = {result.tortuosity_factor:.3f}" if result.relative_diffusivity else "no path through"
    image.set_title(f"conducting: {100 * result.conducting_fraction:.1f} %", **_TITLE)
    inside.set_title("concentration", **_TITLE)
    crowd.set_title("flux", **_TITLE)
    along.set_title(factor, **_TITLE)
    return figure


# The chapter's figures ------------------------------------------------------------------------------------------------

_PLACE = {"bCuE": (BCUE, "-"), "pCuE, PR": (PCUE, "-"), "pCuE, NPR": (PCUE, "--")}


def percolation(table: pd.DataFrame, marked: Mapping[str, float]) -> Figure:
    """How many sections let anything through, and how far their pores reach down.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`rampore.transport.percolation` returns it.
    marked : mapping of str to float
        Porosities that the paper states.
    """
    figure, axes = new_figure(height=3.2)
    mean = table.groupby("porosity").mean()
    axes.plot(100 * table["porosity"], 100 * table["deepest"], "o", mfc="none", color=MUTED, label="a section's depth")
    axes.plot(100 * mean.index, 100 * mean["deepest"], color=NEGATIVE, label="depth that its pores reach")
    axes.plot(100 * mean.index, 100 * mean["reached"], color=ACCENT, label="pore area joined to the surface")
    axes.plot(100 * mean.index, 100 * mean["percolates"], color=BCUE, lw=2.5, label="sections with a way through")
    for name, value in marked.items():
        axes.axvline(100 * value, color="black", lw=0.8, ls=":")
        axes.text(100 * value, 112, name, ha="center", fontsize=9)
    axes.set(xlabel="porosity / %", ylabel="share / %", ylim=(-3, 108))
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.32), **_LEGEND)
    return figure


def section_maps(phantoms: Mapping[str, Phantom], results: Mapping[str, Diffusion]) -> Figure:
    """Concentration and flux in sections, one row an electrode; metal in copper, what nothing reaches in grey.

    Parameters
    ----------
    phantoms : mapping of str to Phantom
    results : mapping of str to Diffusion
    """
    figure, panels = new_figure(len(phantoms), 2, height=1.0 + 1.35 * len(phantoms), sharex=True, squeeze=False)
    deepest = max(UM * phantom.pixel_size * len(phantom.phase) for phantom in phantoms.values())
    for row, (name, phantom) in zip(panels, phantoms.items(), strict=True):
        result, extent = results[name], _extent(phantom)
        pores = phantom.pore & np.isfinite(result.concentration)
        flux = result.flux_magnitude
        drawn = [
            _map(row[0], np.where(pores, result.concentration, np.nan), extent, cmap=_CONCENTRATION, vmin=0, vmax=1),
            _map(
                row[1],
                np.where(pores, flux / flux[phantom.pore].mean(), np.nan),
                extent,
                cmap=_FLUX,
                norm=LogNorm(1e-2, 1e1),
            ),
        ]
        for axes in row:
            metal = np.ma.masked_equal(phantom.phase == Phase.COLLECTOR, False)
            axes.imshow(metal, extent=extent, cmap=ListedColormap([COPPER]), interpolation="nearest")
            axes.set(ylim=(deepest, 0), title=None)
            axes.set_title(name, **_TITLE)
        row[0].set_ylabel("depth / µm")
    for axes in panels[-1]:
        axes.set_xlabel("x / µm")
    labels = "c / c$_0$ / -", "flux over its mean in the pores / -"
    for column, (field, text) in enumerate(zip(drawn, labels, strict=True)):
        extend = "both" if column else "neither"
        figure.colorbar(field, ax=panels[:, column], label=text, location="bottom", extend=extend, aspect=30)
    return figure


def _extent(phantom: Phantom) -> tuple[float, float, float, float]:
    rows, columns = phantom.phase.shape[:2]
    left, side = UM * phantom.origin[0], UM * phantom.pixel_size
    return left, left + columns * side, rows * side, 0


def depth_curves(data: xr.Dataset, names: Sequence[str]) -> Figure:
    """Concentration over depth in each place, one panel a case: mean over the seeds, and their span.

    Parameters
    ----------
    data : xarray.Dataset
        As :func:`rampore.transport.compare_sections` returns it.
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
            axes.plot(np.nanmean(each[:, known], axis=0), depth[known], color=colour, ls=style, label=place)
        axes.set(xlabel="c / c$_0$ in the pores / -", xlim=(0, 1))
        axes.set_title(name, **_TITLE)
    panels[0, 0].set(ylabel="depth / µm", ylim=(depth[-1], 0))
    panels[0, 0].legend(loc="lower right", **_LEGEND)
    return figure


def crowding(data: xr.Dataset, cubes: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Share of the flux in the most loaded tenth of the pores: in sections by place and case, in cubes by porosity.

    Parameters
    ----------
    data : xarray.Dataset
        As :func:`rampore.transport.compare_sections` returns it.
    cubes : pandas.DataFrame
        As :func:`rampore.transport.tortuosities` returns it.
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
                np.full(data.sizes["seed"], at[column]), 100 * share.values[:, column], ".", color=colour, alpha=0.35
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
    left.set(ylabel="flux in the most loaded 10 % / %", ylim=(0, None))
    left.set_title("sections", **_TITLE)
    left.legend(loc="lower left", **_LEGEND)
    right.plot(100 * cubes["porosity"], 100 * cubes["share"], "o", mfc="none", color=NEGATIVE)
    mean = cubes.groupby("asked")["share"].mean()
    right.plot(100 * mean.index, 100 * mean, color=NEGATIVE)
    right.set(xlabel="porosity / %")
    right.set_title("cubes", **_TITLE)
    right.axhline(10, color=MUTED, lw=0.8, ls=":")
    left.axhline(10, color=MUTED, lw=0.8, ls=":")
    return figure


def tortuosity(
    cubes: pd.DataFrame, fitted: Closure, closures: Sequence[Closure], tested: tuple[float, float]
) -> Figure:
    """Tortuosity factor over porosity: generated cubes and their sections, and the closures of the literature.

    Parameters
    ----------
    cubes : pandas.DataFrame
        As :func:`rampore.transport.tortuosities` returns it.
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
    axes.set(xlabel="porosity / %", ylabel="tortuosity factor / -", xlim=(16, 55), ylim=(1, 2000))
    axes.legend(ncols=2, loc="upper right", **_LEGEND)
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
        exponents, 100 * thresholds, 100 * first, cmap="RdBu", vmin=-60, vmax=60, shading="gouraud", rasterized=True
    )
    figure.colorbar(drawn, ax=axes, label="gain of the perforated coating / %", extend="both")
    for (name, gain), style in zip(gains.items(), ("-", "--", ":"), strict=True):
        if gain.min() < 0 < gain.max():
            axes.contour(exponents, 100 * thresholds, gain, [0], colors="black", linestyles=[style], linewidths=1.8)
        axes.plot([], [], color="black", ls=style, lw=1.8, label=name)
    ordered = sorted(closures, key=lambda each: each.exponent)
    for closure in ordered:
        axes.plot(closure.exponent, 100 * closure.threshold, **PAPER)
    gaps = np.flatnonzero(np.diff([each.exponent for each in ordered]) > 0.25) + 1
    for near in np.split(np.arange(len(ordered)), gaps):  # one label for what would overlap
        first = ordered[near[0]]
        name = "; ".join(ordered[k].name for k in near)
        axes.text(first.exponent + 0.05, 0.9, name, fontsize=8.5, rotation=62, va="bottom", rotation_mode="anchor")
    axes.set(xlabel="exponent a of ε/τ ∝ (ε − ε$_c$)$^a$ / -", ylabel="porosity ε$_c$ at which it vanishes / %")
    axes.set(xlim=(exponents[0], exponents[-1]), ylim=(-0.6, 100 * thresholds[-1]))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=1, **_LEGEND)
    return figure


def unit_cells(cells: Mapping[str, Fields], foil: PerforatedFoil) -> Figure:
    """Concentration on the metal over the distance from a hole's edge, over that on bare foil.

    Parameters
    ----------
    cells : mapping of str to Fields
        As :func:`rampore.transport.consuming_unit_cell` returns them.
    foil : PerforatedFoil
    """
    figure, axes = new_figure(height=3.4)
    shades = (PCUE, ACCENT, MUTED, NEGATIVE)
    for (name, cell), colour in zip(cells.items(), shades, strict=False):
        rim = UM * (cell.distance - foil.hole_diameter / 2)
        outside = rim > 0
        order = np.argsort(rim[outside])
        axes.plot(rim[outside][order], cell.on_metal[outside][order] / cell.bare_foil, color=colour, label=name)
        axes.axhline(cell.alone / cell.bare_foil, color=colour, lw=0.9, ls=":")
        axes.plot(-3, cell.hole_bottom / cell.bare_foil, "D", color=colour, clip_on=False)
    axes.axhline(1, color=BCUE, lw=1.6, label="bare foil")
    axes.axvline(0, color="black", lw=0.8)
    axes.set_xticks([-3, 0, *range(10, 60, 10)], ["hole\nbottom", 0, *range(10, 60, 10)])
    axes.set(xlabel="distance from the edge of the hole / µm", ylabel="c on the metal over that on bare foil / -")
    axes.set(xlim=(-6, None), ylim=(0, None))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=3, **_LEGEND)
    return figure


def block(phantom: Phantom, field: np.ndarray, label: str, high: float) -> Figure:
    """A volume seen from above, its front and its right side: a field in the pores, solid light, metal in copper.

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
    colours = ScalarMappable(Normalize(0, high), _FLUX)
    for name, (cut, matrix) in faces.items():
        phase, values = phantom.phase[cut], field[cut]
        if name == "top":
            phase, values = phase.T, values.T
        picture = colours.to_rgba(np.where(np.isfinite(values), values, 0))
        picture[(phase != Phase.PORE) | ~np.isfinite(values)] = to_rgba(_SOLID)
        picture[phase == Phase.COLLECTOR] = to_rgba(COPPER)
        picture[..., :3] *= {"front": 1.0, "right": 0.85, "top": 1.0}[name]
        shown = axes.imshow(picture, extent=(0, 1, 1, 0), interpolation="nearest", clip_on=False)
        shown.set_transform(Affine2D(np.vstack([matrix, [0, 0, 1]])) + axes.transData)
    axes.set(xlim=(-2, wide + lean[0] + 2), ylim=(-deep - 2, lean[1] + 2), aspect="equal", xlabel="x / µm")
    axes.set_ylabel("height / µm")
    figure.colorbar(colours, ax=axes, label=label, shrink=0.8, extend="max")
    return figure
