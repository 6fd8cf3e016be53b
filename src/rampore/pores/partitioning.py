"""Pore mask -> labelled pores: watersheds of the distance map, behind one signature, in two and
three dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from rampore.checks import choice, quantity
from rampore.extras import needs
from rampore.pores.recipe import CHOICES, PixelSize, PoreError, Recipe, aspect
from rampore.pores.segmenting import check_image, gaussian, median


class Relief(NamedTuple):
    """What a watershed floods, from the markers up."""

    height: np.ndarray  #: the distance map, smoothed or not [px]; in the solid it has no meaning
    markers: np.ndarray  #: 1, 2, ... on each marker, 0 elsewhere


def distance_map(
    mask: np.ndarray, metric: str = "euclidean", ratio: Sequence[float] = ()
) -> np.ndarray:
    """Distance to the nearest solid pixel [px]; the image's edge is not solid.

    Parameters
    ----------
    mask : (n0, n1[, n2]) array of bool
        True in a pore.
    metric : {"euclidean", "cityblock", "chessboard"}
    ratio : sequence of float, optional
        Edge of a pixel along each axis over the shortest [-].

    Returns
    -------
    array, the shape of `mask`
        Zero in the solid.

    Raises
    ------
    PoreError
        Where the metric is not one of the choices, or knows cubes only, which voxels are not.
    """
    choice("metric", metric, CHOICES["metric"], PoreError)
    oblong = any(each != 1 for each in ratio)
    if metric == "cityblock" and oblong:
        return _cityblock(mask, ratio)
    if metric == "chessboard" and oblong:
        raise PoreError("metric = 'chessboard' takes voxels that are cubes; use 'euclidean'")
    if metric != "euclidean":
        return ndimage.distance_transform_cdt(mask, {"cityblock": "taxicab"}.get(metric, metric))
    with needs("images"):
        from edt import edt

    mask = np.ascontiguousarray(mask)
    return edt(mask, anisotropy=ratio, parallel=2) if oblong else edt(mask, parallel=2)


def _cityblock(mask: np.ndarray, ratio: Sequence[float]) -> np.ndarray:
    """City-block distance where a step is `ratio` long: there and back along one axis after the
    other.
    """
    distance = np.where(mask, np.float32(np.inf), np.float32(0))
    for axis, step in enumerate(ratio):
        along = np.moveaxis(distance, axis, 0)
        for i in range(1, len(along)):
            np.minimum(along[i], along[i - 1] + np.float32(step), out=along[i])
        for i in range(len(along) - 2, -1, -1):
            np.minimum(along[i], along[i + 1] + np.float32(step), out=along[i])
    return distance


def rabbani(
    mask: np.ndarray,
    metric: str,
    smoothing: str,
    size: float,
    ratio: Sequence[float] = (),
    distance: np.ndarray | None = None,
) -> Relief:
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
    ratio : sequence of float, optional
        As in :func:`distance_map`.
    distance : array, the shape of `mask`, optional
        The Euclidean distance map, where it is at hand.
    """
    with needs("images"):
        from skimage.morphology import reconstruction

    from rampore.pores.flooding import maxima

    choice("smoothing", smoothing, CHOICES["smoothing"], PoreError)
    quantity("size of the smoothing", size, PoreError, at_least=0, unit="px")
    known = distance if metric == "euclidean" else None
    height = distance_map(mask, metric, ratio) if known is None else known
    sizes = [size / each for each in ratio] or size
    if smoothing == "median":
        height = median(height, sizes, mask)
    elif smoothing == "gaussian":
        height = gaussian(height.astype(np.float32), sizes)
    elif smoothing == "h-maxima":
        height = height.astype(np.float32)
        height = reconstruction(
            height - np.float32(size), height, footprint=np.ones((3,) * mask.ndim)
        )
    return Relief(height, maxima(height, mask))


def summits(
    height: np.ndarray, mask: np.ndarray, radius: int, ratio: Sequence[float] = ()
) -> np.ndarray:
    """Pixels of the mask that none within a disc (ball) exceeds: as PoreSpy finds them, faster.

    Only what no direct neighbour exceeds is held against the whole disc.

    Parameters
    ----------
    height : array of float
        Distance map [px].
    mask : array of bool
    radius : int
        Of the disc, 2 or more [px]: a smaller one lacks the direct neighbours.
    ratio : sequence of float, optional
        As in :func:`distance_map`.
    """
    raised = np.where(mask, height, height + 2)  # PoreSpy's guard against peaks on the pore's rim
    candidates = mask.copy()
    for axis in range(mask.ndim):
        candidates &= raised >= ndimage.maximum_filter1d(raised, 3, axis=axis, mode="reflect")
    places = np.argwhere(candidates)
    offsets = np.argwhere(ball(radius, mask.ndim, ratio)) - radius
    last = np.array(mask.shape) - 1
    for offset in offsets:
        near = np.clip(places + offset, 0, last)
        places = places[raised[tuple(near.T)] <= raised[tuple(places.T)]]
    found = np.zeros(mask.shape, bool)
    found[tuple(places.T)] = True
    return found


def ball(radius: int, ndim: int, ratio: Sequence[float] = ()) -> np.ndarray:
    """Pixels nearer than `radius` to the middle of a cube [px], where pixels are `ratio` longer."""
    at = np.indices((2 * radius + 1,) * ndim) - radius
    if ratio:
        at = at * np.reshape(ratio, (ndim,) + (1,) * ndim)
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


def without_neighbours(
    peaks: np.ndarray, height: np.ndarray, ratio: Sequence[float] = ()
) -> np.ndarray:
    """Peaks that stand farther from the nearest other one than from solid, else the higher: as
    PoreSpy trims them.

    Parameters
    ----------
    peaks : array of bool
        Pixels that touch by a corner are one peak.
    height : array of float, the shape of `peaks`
        Distance map [px].
    ratio : sequence of float, optional
        As in :func:`distance_map`.
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
    placed = middle * ratio if ratio else middle
    distance, nearest = (found[:, 1] for found in cKDTree(placed).query(placed, k=2))
    close = np.flatnonzero(distance <= reach)
    lower = np.where(reach[close] < reach[nearest[close]], close, nearest[close])
    kept = np.ones(count + 1, bool)
    kept[np.append(0, lower + 1)] = False
    return kept[numbers]


def snow(
    mask: np.ndarray,
    peak_radius: float,
    sigma: float,
    ratio: Sequence[float] = (),
    distance: np.ndarray | None = None,
) -> Relief:
    """Relief after Gostick, Phys. Rev. E 96 (2017) 023307, with the markers that PoreSpy's SNOW
    finds.

    Parameters
    ----------
    mask : array of bool
    peak_radius : float
        Radius within which one peak is kept [px].
    sigma : float
        Standard deviation of the Gaussian on the distance map before peaks are sought [px].
    ratio : sequence of float, optional
        As in :func:`distance_map`.
    distance : array, the shape of `mask`, optional
        The Euclidean distance map, where it is at hand.
    """
    quantity("peak radius", peak_radius, PoreError, at_least=0, unit="px")
    quantity("standard deviation of the blur", sigma, PoreError, at_least=0, unit="px")
    height = distance_map(mask, ratio=ratio) if distance is None else distance
    blur = [sigma / each for each in ratio] or sigma
    peaks = summits(
        gaussian(height, blur) * mask if sigma else height, mask, max(2, round(peak_radius)), ratio
    )
    peaks = without_neighbours(without_saddles(peaks, height), height, ratio)
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
    from rampore.pores.flooding import watershed

    whole = np.ones((3,) * mask.ndim)
    labels = watershed(relief.height, relief.markers, mask)
    rest = mask & (labels == 0)
    if rest.any():
        pieces, _ = ndimage.label(rest, whole)
        labels[rest] = pieces[rest] + labels.max()
    return labels


def check_parted(mask: np.ndarray) -> np.ndarray:
    """The mask, if it is one of pores and solid.

    Raises
    ------
    PoreError
        Where it is not.
    """
    mask = check_image(mask, "mask")
    if mask.dtype != bool:
        raise PoreError(f"a mask is an array of bool, not of {mask.dtype}; segment the image first")
    if mask.all():
        raise PoreError(
            "the mask is pore everywhere: without solid there is no distance to part pores by"
        )
    return mask


def partition(
    mask: np.ndarray,
    recipe: Recipe | None = None,
    pixel_size: PixelSize | None = None,
    distance: np.ndarray | None = None,
) -> np.ndarray:
    """Part a pore mask into pores, by the recipe's watershed.

    Parameters
    ----------
    mask : (n0, n1[, n2]) array of bool
        True in a pore.
    recipe : Recipe, optional
    pixel_size : float or sequence of float, optional
        Edge of a pixel, or one for each axis [m]; needed where the recipe has lengths that are not
        in pixels.
    distance : array of float, the shape of `mask`, optional
        Euclidean distance to solid, in shortest edges of a pixel [px], where it is at hand.

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
    mask = check_parted(mask)
    ratio = aspect(pixel_size, mask.ndim)
    match recipe.partition:
        case "rabbani":
            size = recipe.smoothing_size.pixels(pixel_size)
            labels = flood(
                mask, rabbani(mask, recipe.metric, recipe.smoothing, size, ratio, distance)
            )
        case "snow":
            radius, blur = (
                recipe.peak_radius.pixels(pixel_size),
                recipe.peak_blur.pixels(pixel_size),
            )
            labels = flood(mask, snow(mask, radius, blur, ratio, distance))
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
