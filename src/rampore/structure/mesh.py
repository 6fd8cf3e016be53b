"""Openings on a mesh of boxes: shares of volumes and faces, and which way their walls face."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from rampore.structure import sections
from rampore.structure.openings import Channels, Openings, Outline
from rampore.structure.sections import Section

#: of a layer, below which two heights are one [-]
DIGITS = 1e-9
# Gauss's points and weights on [0, 1]: the area of a wall that slants is a parabola over the height
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_POINTS, _WEIGHTS = 0.5 + _POINTS / 2, _WEIGHTS / 2


class Cut(NamedTuple):
    """Openings in boxes."""

    share: np.ndarray  #: of each box that lies in them (nx, ny, nz) [-]
    face_x: np.ndarray  #: of the face between (i, j, k) and (i + 1, j, k) (nx - 1, ny, nz) [-]
    face_y: np.ndarray  #: (nx, ny - 1, nz) [-]
    face_z: np.ndarray  #: (nx, ny, nz - 1) [-]
    #: area of their walls and floors in each box, by the square of each part of the normal
    #: (3, nx, ny, nz) [m2]
    wall: np.ndarray


def section(
    x: np.ndarray, y: np.ndarray, openings: Openings, width: float, outlines: Iterable[Outline]
) -> Section:
    """Openings in boxes at the height where they are so wide.

    Parameters
    ----------
    x : (nx + 1,) array
    y : (ny + 1,) array
        Edges of the boxes, from 0 to the end of the unit cell [m].
    openings : Openings
    width : float
        [m]
    outlines : iterable of Outline
        Those that reach into the unit cell.
    """
    length = width if openings.length is None else openings.length - openings.width + width
    turned = openings.along == ("x" if openings.lattice == "lines" else "y")
    parts = [sections.nothing(*((y, x) if turned else (x, y)))]
    for each in outlines:
        place = (each.y, each.x) if turned else (each.x, each.y)
        edges = (y, x) if turned else (x, y)
        if openings.lattice == "lines":
            parts.append(sections.strip(*edges, place[0], width))
        else:
            parts.append(sections.stadium(*edges, place, width, length))
    whole = sections.added(*parts)
    return sections.transposed(whole) if turned else whole


def cut(x: np.ndarray, y: np.ndarray, z: np.ndarray, channels: Channels, from_foil: bool) -> Cut:
    """Channels in the boxes of their coating.

    Parameters
    ----------
    x : (nx + 1,) array
    y : (ny + 1,) array
    z : (nz + 1,) array
        Edges of the boxes of the coating alone [m].
    channels : Channels
    from_foil : bool
        Whether the foil is at the lower end of z.
    """
    thickness = z[-1] - z[0]
    depth, near = channels.depth_in(thickness), DIGITS * thickness
    outlines = list(channels.outlines(x[-1], y[-1]))
    below = z[-1] - z if from_foil else z - z[0]  # the separator, at the edges
    below = np.where(np.abs(below - depth) < near, depth, np.maximum(below, 0.0))
    slope = (channels.width - channels.width_at(1.0)) / 2 / depth

    def at(height):
        return section(x, y, channels, channels.width_at(height / depth), outlines)

    plan = np.outer(np.diff(x), np.diff(y))
    nx, ny, nz = shape = (*plan.shape, z.size - 1)
    area, side_x, side_y = (np.zeros(each) for each in (shape, (nx - 1, ny, nz), (nx, ny - 1, nz)))
    wall = np.zeros((3, *shape))
    straight = at(0.0) if slope == 0 else None
    for k in range(nz):
        upper, lower = sorted(below[k : k + 2])
        reach = min(lower, depth) - upper
        if reach <= 0:
            continue
        for point, weight in zip(_POINTS, _WEIGHTS, strict=True):
            here = straight or at(upper + point * reach)
            height = weight * reach
            area[..., k] += height / (lower - upper) * here.area
            side_x[..., k] += height / (lower - upper) * here.side_x
            side_y[..., k] += height / (lower - upper) * here.side_y
            # of a wall that slants, sqrt(1 + s^2) as large, 1 / (1 + s^2) faces sideways
            sideways = here.facing_x, here.rim - here.facing_x, here.rim * slope**2
            wall[..., k] += height / np.hypot(1, slope) * np.stack(sideways)
        if upper < depth <= lower and depth < thickness - near:
            wall[2, ..., k] += at(depth).area
    planes = np.zeros((nx, ny, nz - 1))
    for k, height in enumerate(below[1:-1]):
        if height <= depth:
            planes[..., k] = at(height).area
    share = area / plan[..., None]
    return Cut(
        np.where(share < DIGITS, 0.0, np.where(share > 1 - DIGITS, 1.0, share)),
        side_x / np.diff(y)[None, :, None],
        side_y / np.diff(x)[:, None, None],
        planes / plan[..., None],
        wall,
    )
