"""Measures of a mask as it is, without parting it: surface, chords, thickness, correlation, edges.

Lengths in m; the edges of a voxel may differ.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.pores.measuring import check_mask
from rampore.pores.partitioning import distance_map
from rampore.pores.recipe import PixelSize, PoreError, aspect, edges
from rampore.pores.segmenting import check_image

#: Steps along the axes over the length of a curve in space that lies anyhow [-].
STEPS = 1.5


class TwoPointCorrelation(NamedTuple):
    """How alike two places are, by their distance along an axis."""

    distance: np.ndarray  #: [m]
    #: probability that both ends lie in pores [-]: the porosity at 0, its square far away
    probability: np.ndarray


class Thickness(NamedTuple):
    """Diameter of the largest ball (disc) within the pores that a place lies in."""

    diameter: np.ndarray  #: shape of the mask, 0 in the solid [m]

    def quantiles(self, shares: tuple[float, ...] = (0.1, 0.5, 0.9)) -> tuple[float, ...]:
        """Diameters below which these shares of the pores' volume lie [m]."""
        within = self.diameter[self.diameter > 0]
        if not within.size:
            raise PoreError("the mask has no pore")
        return tuple(np.quantile(within, shares).tolist())


def _checked(mask: np.ndarray, pixel_size: PixelSize) -> tuple[np.ndarray, tuple[float, ...]]:
    mask = check_mask(check_image(mask, "mask"))
    return mask, edges(pixel_size, mask.ndim)


def directions(steps: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Steps from a pixel to its neighbours, one of each pair of opposite ones, and the share of all
    directions that is nearest to each [-].
    """
    ndim = len(steps)
    moves = np.array([each for each in np.ndindex((3,) * ndim) if each > (1,) * ndim]) - 1
    way = moves * steps
    way = way / np.linalg.norm(way, axis=1, keepdims=True)
    if ndim == 2:
        angle = np.arctan2(way[:, 0], way[:, 1]) % math.pi
        order = np.argsort(angle)
        gaps = np.diff(angle[order], append=angle[order[0]] + math.pi) / math.pi
        share = np.empty(len(moves))
        share[order] = (gaps + np.roll(gaps, 1)) / 2
        return moves, share
    from scipy.spatial import SphericalVoronoi

    areas = SphericalVoronoi(np.vstack([way, -way])).calculate_areas()
    return moves, areas[: len(moves)] / (2 * math.pi)


def specific_surface(mask: np.ndarray, pixel_size: PixelSize) -> float:
    r"""Surface of the pores over the volume of the image; in a section the perimeter over its area.

    By Cauchy and Crofton: lines in the directions of all neighbours cross the surface
    :math:`P_L` times per length, and :math:`S_V = 2 \overline{P_L}`, :math:`L_A = \pi/2\,
    \overline{P_L}`, each direction weighed by its share of all. The image's edge is no surface.

    Parameters
    ----------
    mask : (n0, n1[, n2]) array of bool
        True in a pore.
    pixel_size : float or sequence of float
        [m]

    Returns
    -------
    float
        [1/m]
    """
    mask, steps = _checked(mask, pixel_size)
    crossed = 0.0
    for move, share in zip(*directions(steps), strict=True):
        here, there = (
            mask[
                tuple(
                    slice(max(0, m), n + min(0, m))
                    for m, n in zip(way * move, mask.shape, strict=True)
                )
            ]
            for way in (-1, 1)
        )
        length = float(np.linalg.norm(move * steps))
        crossed += share * np.count_nonzero(here != there) / (here.size * length)
    return crossed * (math.pi / 2 if mask.ndim == 2 else 2)


def chord_lengths(mask: np.ndarray, pixel_size: PixelSize, axis: int) -> np.ndarray:
    """Lengths of the straight ways through pores along an axis, from wall to wall [m].

    What the image's edge cuts is left out.

    Parameters
    ----------
    mask : (n0, n1[, n2]) array of bool
    pixel_size : float or sequence of float
        [m]
    axis : int

    Returns
    -------
    (n,) array
        [m]
    """
    mask, steps = _checked(mask, pixel_size)
    quantity("axis", axis, PoreError, at_least=0, below=mask.ndim, whole=True)
    lines = np.moveaxis(mask, axis, -1).reshape(-1, mask.shape[axis])
    change = np.diff(lines.astype(np.int8), axis=1)
    line, place = np.nonzero(change)
    begins = change[line, place] > 0
    whole = begins[:-1] & (line[:-1] == line[1:])
    return (place[1:] - place[:-1])[whole] * steps[axis]


def local_thickness(mask: np.ndarray, pixel_size: PixelSize, sizes: int = 20) -> Thickness:
    """Diameter of the largest ball (disc) within the pores that each place lies in.

    Parameters
    ----------
    mask : (n0, n1[, n2]) array of bool
    pixel_size : float or sequence of float
        [m]
    sizes : int
        Radii that are tried, evenly spread up to the largest; between two of them the lower counts.
    """
    mask, steps = _checked(mask, pixel_size)
    quantity("sizes", sizes, PoreError, at_least=1, whole=True)
    ratio, diameter = aspect(steps, mask.ndim), np.zeros(mask.shape, np.float32)
    if mask.all():
        raise PoreError("the mask is pore everywhere: its thickness has no bound")
    distance = distance_map(mask, ratio=ratio)
    for radius in np.linspace(0, distance.max(), sizes + 1)[1:]:
        centres = distance >= radius * (1 - 1e-6)
        reached = distance_map(~centres, ratio=ratio) < radius
        diameter[reached & mask] = 2 * radius * min(steps)
    thin = mask & (diameter == 0)
    diameter[thin] = 2 * distance[thin] * min(steps)
    return Thickness(diameter)


def two_point_correlation(
    mask: np.ndarray, pixel_size: PixelSize, axis: int
) -> TwoPointCorrelation:
    """Probability that two places, some way apart along an axis, both lie in pores.

    Parameters
    ----------
    mask : (n0, n1[, n2]) array of bool
    pixel_size : float or sequence of float
        [m]
    axis : int

    Returns
    -------
    TwoPointCorrelation
        Up to half of the image's length.
    """
    mask, steps = _checked(mask, pixel_size)
    quantity("axis", axis, PoreError, at_least=0, below=mask.ndim, whole=True)
    lines = np.moveaxis(mask, axis, -1)
    n = mask.shape[axis]
    far = n // 2 + 1
    pairs = [np.count_nonzero(lines[..., : n - r] & lines[..., r:]) for r in range(far)]
    count = (n - np.arange(far)) * (mask.size // n)
    return TwoPointCorrelation(np.arange(far) * steps[axis], np.array(pairs) / count)


def triple_phase_length(labels: np.ndarray, pixel_size: PixelSize) -> float:
    r"""Length of the lines at which three phases meet, over the volume; in a section, of the points
    over its area.

    Lines are found as edges of voxels, whose steps are longer than the line by 3/2 where it lies
    anyhow in space; that is taken off. What is left is an eighth too long on a smooth rim, whose
    pixels step back and forth.

    Parameters
    ----------
    labels : (n0, n1[, n2]) array of int
        A number for each phase.
    pixel_size : float or sequence of float
        [m]

    Returns
    -------
    float
        [1/m2]
    """
    labels = check_image(labels, "label image")
    steps = edges(pixel_size, labels.ndim)
    volume = labels.size * math.prod(steps)
    if labels.ndim == 2:
        return _meetings(labels, 0, 1) / volume
    along = [steps[axis] * _meetings(labels, *({0, 1, 2} - {axis})) for axis in range(labels.ndim)]
    return sum(along) / STEPS / volume


def _meetings(labels: np.ndarray, one: int, other: int) -> int:
    """How many corners of four pixels, side by side along two axes, hold three phases or more."""

    def part(i: int, j: int) -> np.ndarray:
        index = [slice(None)] * labels.ndim
        index[one] = slice(i, labels.shape[one] - 1 + i)
        index[other] = slice(j, labels.shape[other] - 1 + j)
        return labels[tuple(index)]

    a, b, c, d = part(0, 0), part(0, 1), part(1, 0), part(1, 1)
    kinds = 1 + (b != a).astype(np.int8)
    kinds += (c != a) & (c != b)
    kinds += (d != a) & (d != b) & (d != c)
    return int(np.count_nonzero(kinds >= 3))
