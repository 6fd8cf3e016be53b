"""Figures of segmented images: lengths come in SI and are drawn in um."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from rampore.extras import needs
from rampore.pores import (
    Analysis,
    Comparison,
    Length,
    Mean,
    Profile,
    as_csv,
    porosity_profile,
    summary,
)
from rampore.pores.analysis import written
from rampore.pores.recipe import PixelSize, aspect, edges
from rampore.style import ACCENT, MUTED, NEGATIVE, PERCENT, UM, new_figure, render_both

#: Longest side of a picture that is drawn [px]: more does not show on paper.
DRAWN = 1400


def section(image: np.ndarray) -> np.ndarray:
    """The image itself, or the middle section of a volume along its first axis."""
    return image if image.ndim == 2 else image[len(image) // 2]


def _mean_line(axes, found: Mean, factor: float, text: str) -> None:
    axes.axvspan(factor * found.low, factor * found.high, color=MUTED, alpha=0.35, lw=0)
    axes.axvline(factor * found.value, color="black", lw=1.4, label=text)
    axes.legend(frameon=False, fontsize=9, loc="upper right", handlelength=1.2)


def profile(analysis: Analysis) -> Profile:
    """The porosity along the last axis, over windows of a twentieth of it."""
    ratio = aspect(analysis.pixel_size, analysis.mask.ndim)[-1]
    window = Length(ratio * max(1, analysis.mask.shape[-1] // 20))
    return porosity_profile(analysis.mask, analysis.mask.ndim - 1, window, analysis.pixel_size)


def overview(
    grey: np.ndarray, analysis: Analysis, along: Profile, radius: Mean, number: Mean
) -> Figure:
    """An image and its pores, the porosity along it, and how radii and coordination numbers are
    distributed.

    Parameters
    ----------
    grey : (n0, n1[, n2]) array
        The image; of a volume, the middle section is drawn.
    analysis : Analysis
    along : Profile
        The porosity along the last axis.
    radius, number : Mean
        Mean equivalent radius [m] and coordination number [-], drawn with their intervals.
    """
    picture, labels = section(np.asarray(grey)), section(analysis.labels)
    step = -(-max(picture.shape) // DRAWN)
    picture, labels = picture[::step, ::step], labels[::step, ::step]
    down, across = (
        UM * step * edge for edge in edges(analysis.pixel_size, analysis.mask.ndim)[-2:]
    )
    extent = (0, labels.shape[1] * across, labels.shape[0] * down, 0)
    tall = min(max(3.1 * extent[2] / extent[1], 0.8), 4.5)
    figure, axes = new_figure(3, 2, height=4.6 + tall, height_ratios=[tall, 1.5, 1.9])
    (raw, coloured), (left, right), (sizes, neighbours) = axes

    low, high = np.percentile(picture, [0.5, 99.5])
    for panel in (raw, coloured):
        panel.imshow(
            picture, cmap="gray", vmin=low, vmax=high, extent=extent, interpolation="nearest"
        )
        panel.set(xlabel="x (µm)", ylabel="depth (µm)")
    radii = UM * analysis.table["equivalent_radius"].to_numpy()
    scale = ScalarMappable(Normalize(0, np.percentile(radii, 98)), "viridis")
    colours = np.vstack([np.zeros(4), scale.to_rgba(radii)])
    coloured.imshow(colours[labels], extent=extent, interpolation="nearest")
    figure.colorbar(scale, ax=[raw, coloured], label="radius (µm)", extend="max")
    raw.set_title("image", loc="left", fontsize=10.5, fontweight="bold")
    coloured.set_title(f"{len(radii)} pores", loc="left", fontsize=10.5, fontweight="bold")

    grid = left.get_gridspec()
    left.remove()
    right.remove()
    strip = figure.add_subplot(grid[1, :])
    strip.spines[["top", "right"]].set_visible(False)
    strip.plot(UM * along.position, PERCENT * along.porosity, color=ACCENT)
    strip.axhline(PERCENT * analysis.porosity, color="black", lw=1, ls="--")
    strip.set(xlim=(0, UM * 2 * along.position[-1] - UM * along.position[-2]), ylim=(0, None))
    strip.set(xlabel="x (µm)", ylabel="porosity (%)")
    strip.set_title(
        f"porosity {PERCENT * analysis.porosity:.1f} %, window {UM * along.window:.3g} µm",
        loc="left",
        fontsize=10.5,
        fontweight="bold",
    )

    sizes.hist(radii, bins="auto" if len(radii) < 1000 else 60, color=NEGATIVE)
    _mean_line(sizes, radius, UM, f"mean {UM * radius.value:.3g} µm")
    sizes.set(xlabel="equivalent radius (µm)", ylabel="number of pores (–)", xlim=(0, None))
    count = np.bincount(analysis.table["coordination"])
    neighbours.bar(np.arange(len(count)), count, color=NEGATIVE)
    _mean_line(neighbours, number, 1, f"mean {number.value:.2f}")
    neighbours.set(xlabel="coordination number (–)", ylabel="number of pores (–)")
    neighbours.xaxis.get_major_locator().set_params(integer=True)
    return figure


#: What is drawn for each way of a comparison: column, name on the axis, factor.
SPREAD = (
    ("porosity", "porosity (%)", PERCENT),
    ("pores", "number of pores (–)", 1),
    ("mean_radius", "mean radius (µm)", UM),
    ("mean_coordination", "mean coordination number (–)", 1),
)


def comparison(
    grey: np.ndarray, found: Comparison, table: pd.DataFrame, pixel_size: PixelSize
) -> Figure:
    """An image, the share of the ways that find a pore in it, and what each way makes of it.

    Parameters
    ----------
    grey : (n0, n1[, n2]) array
        The image; of a volume, the middle section is drawn.
    found : Comparison
    table : pandas.DataFrame
        A row for each way, by its name, and the last for what is taken; ``porosity`` [-],
        ``pores``, ``mean_radius`` [m], ``mean_coordination`` [-].
    pixel_size : float or sequence of float
        [m]
    """
    picture, share = section(np.asarray(grey)), section(found.share)
    step = -(-max(picture.shape) // DRAWN)
    picture, share = picture[::step, ::step], share[::step, ::step]
    down, across = (UM * step * edge for edge in edges(pixel_size, np.ndim(grey))[-2:])
    extent = (0, picture.shape[1] * across, picture.shape[0] * down, 0)
    tall = min(max(3.1 * extent[2] / extent[1], 0.8), 4.5)
    figure, ((raw, agreed), *strips) = new_figure(
        3, 2, height=4.6 + tall, height_ratios=[tall, 2, 2]
    )
    low, high = np.percentile(picture, [0.5, 99.5])
    raw.imshow(picture, cmap="gray", vmin=low, vmax=high, extent=extent, interpolation="nearest")
    drawn = agreed.imshow(
        share, cmap="cividis", vmin=0, vmax=1, extent=extent, interpolation="nearest"
    )
    figure.colorbar(drawn, ax=[raw, agreed], label="see a pore (–)")
    for panel in (raw, agreed):
        panel.set(xlabel="x (µm)", ylabel="depth (µm)")
    label_panel(raw, "image")
    label_panel(agreed, f"disputed: {PERCENT * found.disputed:.1f} %")
    places = np.arange(len(table))[::-1]
    for panel, (name, title, factor) in zip(np.ravel(strips), SPREAD, strict=True):
        values = factor * table[name].to_numpy(float)
        panel.plot(values[:-1], places[:-1], "o", color=NEGATIVE)
        panel.plot(values[-1:], places[-1:], "D", color=ACCENT)
        panel.axvline(values[-1], color=ACCENT, lw=1, ls="--")
        panel.set(xlabel=title, yticks=places, xlim=(0, 1.1 * np.nanmax(values)))
        panel.set_yticklabels(table.index if panel in np.ravel(strips)[::2] else [])
    return figure


def report(
    grey: np.ndarray,
    analysis: Analysis,
    pores: str,
    seed: int = 0,
    extra: Mapping[str, object] | None = None,
) -> dict[str, bytes]:
    """The files that ``rampore pores`` writes, by their names; the same bytes for the same image
    and recipe.

    Parameters
    ----------
    grey : (n0, n1[, n2]) array
    analysis : Analysis
    pores : str
        What is pore, e.g. "dark".
    seed : int
        Of the bootstrap's generator.
    extra : mapping, optional
        What ``pores.json`` shall hold besides.

    Raises
    ------
    PoreError
        Where no pore enters the means.
    """
    with needs("images"):
        import tifffile

    rng = np.random.default_rng(seed)
    by_number, by_size = analysis.means(rng), analysis.means(rng, weighted=True)
    entries = summary(analysis, by_number, by_size) | {"pores": pores, "bootstrap_seed": seed}
    entries |= written(dict(extra or {}))
    figure = overview(grey, analysis, profile(analysis), *by_number)
    labels, size = io.BytesIO(), analysis.pixel_size
    tifffile.imwrite(
        labels,
        analysis.labels.astype(np.uint16 if analysis.labels.max() < 2**16 else np.uint32),
        compression="zlib",
        photometric="minisblack",
        metadata=None,
        resolution=tuple(0.01 / edge for edge in edges(size, analysis.mask.ndim)[:-3:-1]),
        resolutionunit="CENTIMETER",
    )
    return {
        "labels.tif": labels.getvalue(),
        "pores.csv": as_csv(analysis.table).encode(),
        **{f"pores.{form}": image for form, image in render_both(figure, "pores").items()},
        "pores.json": (json.dumps(entries, indent=2, allow_nan=False) + "\n").encode(),
    }


# ── The figures of chapter 2 ──────────────────────────────────────────────────────────────────────


def label_panel(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=10.5, fontweight="bold")
