"""What openings cover of boxes at one height: areas, edges and rims, exact on every mesh.

Boxes lie between the edges x and y. An opening is a stadium - a disc that is drawn out along x, a
disc itself where it is as long as wide - or a strip along the whole of y; one along the other axis
is the :func:`transposed` one on transposed boxes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rampore.unitcell import area_in_quarter_disc

#: of the mesh, below which two edges are one [-]
DIGITS = 1e-12


class Section(NamedTuple):
    """Openings in the boxes, cut at one height."""

    area: np.ndarray  #: of the openings in each box (nx, ny) [m2]
    #: length in openings of the edge between (i, j) and (i + 1, j) (nx - 1, ny) [m]
    side_x: np.ndarray
    side_y: np.ndarray  #: of the edge between (i, j) and (i, j + 1) (nx, ny - 1) [m]
    rim: np.ndarray  #: length of the rims in each box (nx, ny) [m]
    facing_x: np.ndarray  #: integral of the squared x of the normal along the rims (nx, ny) [m]


def nothing(x: np.ndarray, y: np.ndarray) -> Section:
    """No opening at all."""
    nx, ny = x.size - 1, y.size - 1
    shapes = (nx, ny), (nx - 1, ny), (nx, ny - 1), (nx, ny), (nx, ny)
    return Section(*(np.zeros(shape) for shape in shapes))


def added(*sections: Section) -> Section:
    """Openings side by side."""
    return Section(*(sum(parts) for parts in zip(*sections, strict=True)))


def transposed(section: Section) -> Section:
    """The same with x and y exchanged."""
    return Section(
        section.area.T,
        section.side_y.T,
        section.side_x.T,
        section.rim.T,
        (section.rim - section.facing_x).T,
    )


def strip(x: np.ndarray, y: np.ndarray, centre: float, width: float) -> Section:
    """A strip along y, of a width and about a centre [m]."""
    low, high = centre - width / 2, centre + width / 2
    dy = np.diff(y)
    rim = np.zeros(x.size - 1)
    for column in (_box(x, low, above=True), _box(x, high, above=False)):
        if column is not None:
            rim[column] += 1.0
    within = (x[1:-1] > low) & (x[1:-1] < high)
    across = np.diff(np.clip(x, low, high))
    rims = np.outer(rim, dy)
    return Section(
        np.outer(across, dy),
        np.outer(within, dy),
        np.repeat(across[:, None], dy.size - 1, axis=1),
        rims,
        rims,
    )


def stadium(
    x: np.ndarray, y: np.ndarray, centre: tuple[float, float], width: float, length: float
) -> Section:
    """Two half discs of a diameter of ``width``, and between them a rectangle along x.

    Parameters
    ----------
    x : (nx + 1,) array
    y : (ny + 1,) array
        Edges of the boxes, increasing [m].
    centre : (float, float)
        [m]
    width, length : float
        Along y and along x, the latter at least the former [m].
    """
    u, v, radius, half = x - centre[0], y - centre[1], width / 2, (length - width) / 2
    if radius == 0:
        return nothing(x, y)
    # Up to terms of u or of v alone, which differences along both drop: the area below and left of
    # (u, v)
    left = _signed_area(np.minimum(u + half, 0.0)[:, None], v, radius)
    right = _signed_area(np.maximum(u - half, 0.0)[:, None], v, radius)
    middle = np.outer(np.clip(u, -half, half), np.clip(v, -radius, radius))
    area = np.diff(np.diff(left + middle + right, axis=0), axis=1)
    area[area < DIGITS * np.outer(np.diff(x), np.diff(y))] = 0.0

    chord = _half_chord(np.maximum(np.abs(u[1:-1]) - half, 0.0), radius)[:, None]
    reach = np.where(np.abs(v[1:-1]) < radius, half + _half_chord(v[1:-1], radius), 0.0)
    side_x = np.diff(np.clip(v, -chord, chord), axis=1)
    side_y = np.diff(np.clip(u[:, None], -reach, reach), axis=0)

    rim, facing_x = np.zeros_like(area), np.zeros_like(area)
    for way_u in (-1, 1):
        for way_v in (-1, 1):
            _add_quarter_rim(way_u * u - half, way_v * v, way_u, way_v, radius, rim, facing_x)
    straight = np.diff(np.clip(u, -half, half))
    for row in (_box(v, -radius, above=True), _box(v, radius, above=False)):
        if row is not None:
            rim[:, row] += straight
    return Section(area, side_x, side_y, rim, facing_x)


def _signed_area(u, v, radius):
    """Integral of a disc about the origin over [0, u] x [0, v], with the signs of u and v."""
    return np.sign(u) * np.sign(v) * area_in_quarter_disc(np.abs(u), np.abs(v), radius)


def _half_chord(distance, radius):
    return np.sqrt(np.maximum(radius**2 - distance**2, 0.0))


def _add_quarter_rim(u, v, way_u, way_v, radius, rim, facing_x) -> None:
    """Add to the boxes the arc of a quarter disc, which lies at positive u and v."""
    turn = slice(None, None, way_u), slice(None, None, way_v)
    u, v = np.clip(u[turn[0]], 0.0, radius), np.clip(v[turn[1]], 0.0, radius)
    from_u, from_v = np.arccos(u / radius), np.arcsin(v / radius)
    last = np.minimum(from_u[:-1, None], from_v[None, 1:])
    first = np.minimum(np.maximum(from_u[1:, None], from_v[None, :-1]), last)
    rim[turn] += radius * (last - first)
    sines = np.sin(2 * last) - np.sin(2 * first)
    facing_x[turn] += radius * ((last - first) / 2 + sines / 4)


def _box(edges, place, above):
    """The box on the one side of a place, or the other; None beyond the mesh."""
    near = DIGITS * (edges[-1] - edges[0])
    if above:
        number = np.searchsorted(edges, place + near, "right") - 1
    else:
        number = np.searchsorted(edges, place - near, "left") - 1
    return int(number) if 0 <= number < edges.size - 1 else None
