"""Figures of diffusion through images: lengths come in SI and are drawn in um."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from rampore.diffusion import Diffusion
from rampore.figures.pores import DRAWN, UM
from rampore.style import ACCENT, TITLE, new_figure

SOLID = "#D9D4CC"
CONCENTRATION, FLUX = "cividis", "inferno"


def field_map(
    axes: Axes, values: np.ndarray, extent: tuple[float, float, float, float], **norm: Any
) -> AxesImage:
    """A field where something diffuses, the colour of solid elsewhere."""
    axes.set_facecolor(SOLID)
    return axes.imshow(values, extent=extent, interpolation="nearest", **norm)


def overview(
    result: Diffusion, label: np.ndarray, size: float | tuple[float, ...] | None
) -> Figure:
    """An image, concentration and flux in it, and what both are along the flow; of a volume, the
    middle section.

    Parameters
    ----------
    result : Diffusion
    label : array, shape of the image
    size : float, tuple of float or None
        Edge of a pixel, or one for each axis [m].
    """
    across = next(axis for axis in range(result.concentration.ndim) if axis != result.axis)
    cut = [slice(None)] * label.ndim
    if label.ndim == 3:  # the plane that holds the flow
        other = 3 - result.axis - across
        cut[other] = label.shape[other] // 2
    turn = (lambda plane: plane) if result.axis < across else np.transpose
    step = -(-max(label.shape) // DRAWN)
    picture, c, flux = (
        turn(field[tuple(cut)])[::step, ::step]
        for field in (label, result.concentration, result.flux_magnitude)
    )
    edges = np.broadcast_to(1.0 if size is None else size, label.ndim)
    scale, unit = (1.0, "px") if size is None else (UM, "µm")
    length = label.shape[result.axis] * scale * edges[result.axis]
    extent = (0, label.shape[across] * scale * edges[across], length, 0)
    mean = result.relative_diffusivity / (label.shape[result.axis] * edges[result.axis])

    tall = min(max(2.6 * extent[2] / extent[1], 1.0), 4.0)
    figure, ((image, inside), (crowd, along)) = new_figure(2, 2, height=2 * tall + 1.6)
    image.imshow(picture, cmap="gray", extent=extent, interpolation="nearest")
    drawn = field_map(inside, c, extent, cmap=CONCENTRATION, vmin=0, vmax=1)
    figure.colorbar(drawn, ax=inside, label="c / c$_0$ (–)")
    moving = flux > 0
    high = np.percentile(flux[moving], 99) / mean if moving.any() else 1.0
    drawn = field_map(
        crowd, np.where(moving, flux / (mean or 1.0), np.nan), extent, cmap=FLUX, vmin=0, vmax=high
    )
    figure.colorbar(drawn, ax=crowd, label="flux over its mean (–)", extend="max")
    for axes in (image, inside, crowd):
        axes.set(xlabel=f"axis {across} ({unit})", ylabel=f"axis {result.axis} ({unit})")
    others = tuple(axis for axis in range(label.ndim) if axis != result.axis)
    taking_part = np.isfinite(result.concentration)
    count = taking_part.sum(axis=others)
    total = np.where(taking_part, result.concentration, 0).sum(axis=others)
    depth = length * (np.arange(len(count)) + 0.5) / len(count)
    along.plot(
        np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0),
        depth,
        color=ACCENT,
    )
    along.set(
        xlabel="mean c / c$_0$ (–)",
        ylabel=f"axis {result.axis} ({unit})",
        xlim=(0, 1),
        ylim=(length, 0),
    )
    factor = (
        f"τ = {result.tortuosity_factor:.3f}" if result.relative_diffusivity else "no path through"
    )
    image.set_title(f"conducting: {100 * result.conducting_fraction:.1f} %", **TITLE)
    inside.set_title("concentration", **TITLE)
    crowd.set_title("flux", **TITLE)
    along.set_title(factor, **TITLE)
    return figure
