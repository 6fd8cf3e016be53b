"""Pore mask -> labelled pores: watersheds of the distance map, behind one signature, in two and
three dimensions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from rampore.checks import choice, quantity
from rampore.extras import needs
from rampore.pores.recipe import CHOICES, PoreError, Recipe
from rampore.pores.segmenting import check_image, gaussian, median


class Relief(NamedTuple):
    """What a watershed floods, from the markers up."""

    height: np.ndarray  #: the distance map, smoothed or not [px]
    markers: np.ndarray  #: 1, 2, ... on each marker, 0 elsewhere


def distance_map(mask: np.ndarray, metric: str = "euclidean") -> np.ndarray:
    """Distance to the nearest solid pixel [px]; the image's edge is not solid.

    Parameters
    ----------
    mask : (n0, n1[, n2]) array of bool
        True in a pore.
    metric : {"euclidean", "cityblock", "chessboard"}

    Returns
    -------
    array, the shape of `mask`
        Zero in the solid.

    Raises
    ------
    PoreError
        Where the metric is not one of the choices.
    """
    choice("metric", metric, CHOICES["metric"], PoreError)
    if metric != "euclidean":
        return ndimage.distance_transform_cdt(mask, {"cityblock": "taxicab"}.get(metric, metric))
    with needs("images"):
        from edt import edt

    return edt(np.ascontiguousarray(mask), parallel=2)


def rabbani(mask: np.ndarray, metric: str, smoothing: str, size: float) -> Relief:
    """Relief after Rabbani et al. 2014: a marker at each highest place of the smoothed distance
    map.

    Parameters
    ----------
    mask : array of bool
    metric : {"cityblock", "euclidean", "chessboard"}
    smoothing : {"none", "median", "gaussian", "h-maxima"}
    size : float
        Side of the median's window, standard deviation of the Gaussian, or height of the h-maxima
        [px].
    """
    with needs("images"):
        from skimage.morphology import local_maxima, reconstruction

    choice("smoothing", smoothing, CHOICES["smoothing"], PoreError)
    quantity("size of the smoothing", size, PoreError, at_least=0, unit="px")
    height = distance_map(mask, metric)
    if smoothing == "median":
        height = median(height, size, mask)
    elif smoothing == "gaussian":
        height = gaussian(height.astype(np.float32), size)
    elif smoothing == "h-maxima":
        height = height.astype(np.float32)
        height = reconstruction(
            height - np.float32(size), height, footprint=np.ones((3,) * mask.ndim)
        )
    height = np.where(mask, height, 0)
    summits, _ = ndimage.label(local_maxima(height), np.ones((3,) * mask.ndim))
    return Relief(height, summits)


def summits(height: np.ndarray, mask: np.ndarray, radius: int) -> np.ndarray:
    """Pixels of the mask that none within a disc (ball) exceeds: as PoreSpy finds them, faster.

    Only what no direct neighbour exceeds is held against the whole disc.

    Parameters
    ----------
    height : array of float
        Distance map [px].
    mask : array of bool
    radius : int
        Of the disc, 2 or more [px]: a smaller one lacks the direct neighbours.
    """
    raised = np.where(mask, height, height + 2)  # PoreSpy's guard against peaks on the pore's rim
    candidates = mask.copy()
    for axis in range(mask.ndim):
        candidates &= raised >= ndimage.maximum_filter1d(raised, 3, axis=axis, mode="reflect")
    places = np.argwhere(candidates)
    offsets = np.argwhere(ball(radius, mask.ndim)) - radius
    last = np.array(mask.shape) - 1
    for offset in offsets:
        near = np.clip(places + offset, 0, last)
        places = places[raised[tuple(near.T)] <= raised[tuple(places.T)]]
    found = np.zeros(mask.shape, bool)
    found[tuple(places.T)] = True
    return found


def ball(radius: int, ndim: int) -> np.ndarray:
    """Pixels nearer than `radius` to the middle of a cube [px]."""
    at = np.indices((2 * radius + 1,) * ndim) - radius
    return (at**2).sum(axis=0) < radius**2


def without_saddles(peaks: np.ndarray, height: np.ndarray, steps: int = 20) -> np.ndarray:
    """Peaks from which no way leads up: as PoreSpy trims saddle points, but all peaks at once.

    Each peak grows, step by step, into the highest of the pixels that it and its neighbours cover.
    It stays where it no longer changes, and goes where it has left all the pixels it had.

    Parameters
    ----------
    peaks : array of bool
        Pixels that touch along an edge are one peak.
    height : array of float, the shape of `peaks`
        Distance map [px].
    steps : int
        After which what has not come to rest goes.
    """
    numbers, _ = ndimage.label(np.pad(peaks, 1))
    ground = np.pad(height, 1).ravel()
    strides = np.array(numbers.strides) // numbers.itemsize
    around = (np.indices((3,) * peaks.ndim).reshape(peaks.ndim, -1).T - 1) @ strides
    kept = np.zeros(numbers.max() + 1, bool)
    grown = np.flatnonzero(numbers)
    owner = numbers.ravel()[grown].astype(np.int64)
    span = numbers.size
    for _ in range(steps):
        pair = np.sort(owner * span + grown)
        cover = np.unique((pair[:, None] + around).ravel())
        whose, where = np.divmod(cover, span)
        starts = np.flatnonzero(np.diff(whose, prepend=-1))
        summit = np.repeat(
            np.maximum.reduceat(ground[where], starts), np.diff(starts, append=len(whose))
        )
        higher = cover[(ground[where] == summit) & (summit > 0)]
        stays = np.isin(higher, pair, assume_unique=True)
        had, has, common = (
            np.bincount(each // span, minlength=len(kept)) for each in (pair, higher, higher[stays])
        )
        at_rest = (had == has) & (has == common) & (has > 0)
        kept |= at_rest
        owner, grown = np.divmod(higher[(~at_rest & (common > 0))[higher // span]], span)
        if not owner.size:
            break
    inner = (slice(1, -1),) * peaks.ndim
    return kept[numbers[inner]]


def without_neighbours(peaks: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Peaks that stand farther from the nearest other one than from solid, else the higher: as
    PoreSpy trims them.

    Parameters
    ----------
    peaks : array of bool
        Pixels that touch by a corner are one peak.
    height : array of float, the shape of `peaks`
        Distance map [px].
    """
    numbers, count = ndimage.label(peaks, np.ones((3,) * peaks.ndim))
    if count < 2:
        return peaks
    places = np.flatnonzero(peaks)
    owner = numbers.ravel()[places] - 1
    share = np.bincount(owner)
    middle = np.stack(
        [np.bincount(owner, at) / share for at in np.unravel_index(places, peaks.shape)], axis=1
    ).astype(int)
    # PoreSpy's way to tell equal peaks apart
    reach = height[tuple(middle.T)] + 1e-6 * np.arange(count)
    distance, nearest = (found[:, 1] for found in cKDTree(middle).query(middle, k=2))
    close = np.flatnonzero(distance <= reach)
    lower = np.where(reach[close] < reach[nearest[close]], close, nearest[close])
    kept = np.ones(count + 1, bool)
    kept[np.append(0, lower + 1)] = False
    return kept[numbers]


def snow(mask: np.ndarray, peak_radius: float, sigma: float) -> Relief:
    """Relief after Gostick, Phys. Rev. E 96 (2017) 023307, with the markers that PoreSpy's SNOW
    finds.

    Parameters
    ----------
    mask : array of bool
    peak_radius : float
        Radius within which one peak is kept [px].
    sigma : float
        Standard deviation of the Gaussian on the distance map before peaks are sought [px].
    """
    quantity("peak radius", peak_radius, PoreError, at_least=0, unit="px")
    quantity("standard deviation of the blur", sigma, PoreError, at_least=0, unit="px")
    height = distance_map(mask)
    peaks = summits(
        gaussian(height, sigma) * mask if sigma else height, mask, max(2, round(peak_radius))
    )
    peaks = without_neighbours(without_saddles(peaks, height), height)
    return Relief(height, ndimage.label(peaks, np.ones((3,) * mask.ndim))[0])


def flood(mask: np.ndarray, relief: Relief) -> np.ndarray:
    """Watershed of a relief from its summits down, within the mask: every pixel of the mask belongs
    to a pore.

    A piece of the mask without a marker, too thin or too small for a summit, is a pore of its own.

    Returns
    -------
    array of int32, the shape of `mask`
        0 in the solid, 1, 2, ... in the pores.
    """
    with needs("images"):
        from skimage.segmentation import watershed

    whole = np.ones((3,) * mask.ndim)
    labels = watershed(-relief.height, relief.markers, connectivity=whole, mask=mask).astype(
        np.int32
    )
    rest = mask & (labels == 0)
    if rest.any():
        pieces, _ = ndimage.label(rest, whole)
        labels[rest] = pieces[rest] + labels.max()
    return labels


def partition(
    mask: np.ndarray, recipe: Recipe | None = None, pixel_size: float | None = None
) -> np.ndarray:
    """Part a pore mask into pores, by the recipe's watershed.

    Parameters
    ----------
    mask : (n0, n1[, n2]) array of bool
        True in a pore.
    recipe : Recipe, optional
    pixel_size : float, optional
        Side of a pixel [m]; needed where the recipe has lengths that are not in pixels.

    Returns
    -------
    (n0, n1[, n2]) array of int32
        0 in the solid, 1, 2, ... in the pores. Every pixel of the mask has a pore, unless the
        recipe drops small parts. Pieces that touch by a corner only may be one pore.

    Raises
    ------
    PoreError
        Where the mask is not one, or is all pore.
    """
    recipe = recipe or Recipe()
    mask = check_image(mask, "mask")
    if mask.dtype != bool:
        raise PoreError(f"a mask is an array of bool, not of {mask.dtype}; segment the image first")
    if mask.all():
        raise PoreError(
            "the mask is pore everywhere: without solid there is no distance to part pores by"
        )
    match recipe.partition:
        case "rabbani":
            size = recipe.smoothing_size.pixels(pixel_size)
            labels = flood(mask, rabbani(mask, recipe.metric, recipe.smoothing, size))
        case "snow":
            radius, blur = (
                recipe.peak_radius.pixels(pixel_size),
                recipe.peak_blur.pixels(pixel_size),
            )
            labels = flood(mask, snow(mask, radius, blur))
        case "none":
            labels = ndimage.label(mask, np.ones((3,) * mask.ndim))[0].astype(np.int32)
    return drop_small(labels, recipe)


def lines(labels: np.ndarray) -> np.ndarray:
    """Pixels of a pore that touch, along an edge or by a corner, a pore of smaller number."""
    number = np.where(labels > 0, labels, np.iinfo(labels.dtype).max)
    return (labels > 0) & (ndimage.minimum_filter(number, 3, mode="nearest") < labels)


def counted(labels: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Pixels that count to the size of pores 1 to n, without the lines where the recipe leaves
    lines [-].
    """
    shown = np.where(lines(labels), 0, labels) if recipe.watershed_lines else labels
    return np.bincount(shown.ravel(), minlength=labels.max() + 1)[1:]


def drop_small(labels: np.ndarray, recipe: Recipe) -> np.ndarray:
    """The labels without pores of less than the recipe's smallest part, numbered anew."""
    kept = (
        np.append(False, counted(labels, recipe) >= recipe.smallest_part)
        if recipe.smallest_part
        else True
    )
    if np.all(kept):
        return labels
    return np.where(kept, np.cumsum(kept), 0).astype(labels.dtype)[labels]
