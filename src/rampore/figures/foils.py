"""Figures of perforated foils: lengths come in SI and are drawn in um."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rampore.micrograph import FoilPicture, Micrograph
from rampore.style import ACCENT, BCUE, LEGEND, UM, new_figure


def found_holes(picture: Micrograph, seen: FoilPicture) -> Figure:
    """A picture of a foil with the edges of the holes that were found on it.

    Parameters
    ----------
    picture : rampore.micrograph.Micrograph
        In two dimensions, of square pixels.
    seen : rampore.micrograph.FoilPicture
        What was measured on it.
    """
    rows, columns = picture.grey.shape
    pixel = UM * float(np.max(picture.pixel_size))
    extent = (0, columns * pixel, rows * pixel, 0)
    figure, axes = new_figure(height=min(max(7.0 * rows / columns, 2.0), 9.0) + 0.5)
    axes.imshow(picture.grey, cmap="gray", extent=extent, interpolation="nearest")
    x, y = ((np.arange(n) + 0.5) * pixel for n in (columns, rows))
    whole = np.isin(seen.labels, seen.numbers)
    parts = (
        (f"{seen.holes} whole holes", ACCENT, whole),
        ("cut by the frame", BCUE, (seen.labels > 0) & ~whole),
    )
    lines = []
    for name, colour, part in parts:
        if part.any():
            axes.contour(x, y, part, [0.5], colors=colour, linewidths=1.2)
            lines.append(Line2D([], [], color=colour, label=name))
    figure.legend(handles=lines, loc="outside upper center", ncols=2, **LEGEND)
    axes.set(xlabel="x (µm)", ylabel="y (µm)")
    axes.set_aspect("equal")
    return figure
