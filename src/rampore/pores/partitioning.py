"""Pore mask -> labelled pores: watersheds of the distance map, behind one signature, in two and three dimensions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from rampore.pores.recipe import PoreError, Recipe
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
    """
    if metric != "euclidean":
        return ndimage.distance_transform_cdt(mask, {"cityblock": "taxicab"}.get(metric, metric))
    from edt import edt

    return edt(np.ascontiguousarray(mask), parallel=2)


def rabbani(mask: np.ndarray, metric: str, smoothing: str, size: float) -> Relief:
    """Relief after Rabbani et al. 2014: a marker at each highest place of the smoothed distance map.

    Parameters
    ----------
    mask : array of bool
    metric : {"cityblock", "euclidean", "chessboard"}
    smoothing : {"none", "median", "gaussian"}
    size : float
        Side of the median's window, or standard deviation of the Gaussian [px].
    """
    from skimage.morphology import local_maxima

    height = distance_map(mask, metric)
    if smoothing == "median":
        height = median(height, size, mask)
    elif smoothing == "gaussian":
        height = gaussian(height.astype(np.float32), size)
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
    """PoreSpy's structuring element: pixels nearer than `radius` to the middle of a cube."""
    from porespy.tools import ps_round

    return ps_round(r=radius, ndim=ndim)


def snow(mask: np.ndarray, peak_radius: float, sigma: float) -> Relief:
    """Relief after Gostick, Phys. Rev. E 96 (2017) 023307, with the markers that PoreSpy's SNOW finds.

    Parameters
    ----------
    mask : array of bool
    peak_radius : float
        Radius within which one peak is kept [px].
    sigma : float
        Standard deviation of the Gaussian on the distance map before peaks are sought [px].
    """
    from porespy import settings
    from porespy.filters import trim_nearby_peaks, trim_saddle_points

    shown = settings.tqdm["disable"]
    settings.tqdm["disable"] = True
    try:
        height = distance_map(mask)
        peaks = summits(gaussian(height, sigma) * mask if sigma else height, mask, max(2, round(peak_radius)))
        peaks = trim_nearby_peaks(peaks=trim_saddle_points(peaks=peaks, dt=height), dt=height)
    finally:
        settings.tqdm["disable"] = shown
    return Relief(height, ndimage.label(peaks, np.ones((3,) * mask.ndim))[0])


def flood(mask: np.ndarray, relief: Relief) -> np.ndarray:
    """Watershed of a relief from its summits down, within the mask: every pixel of the mask belongs to a pore.

    A piece of the mask without a marker, too thin or too small for a summit, is a pore of its own.

    Returns
    -------
    array of int32, the shape of `mask`
        0 in the solid, 1, 2, ... in the pores.
    """
    from skimage.segmentation import watershed

    whole = np.ones((3,) * mask.ndim)
    labels = watershed(-relief.height, relief.markers, connectivity=whole, mask=mask).astype(np.int32)
    rest = mask & (labels == 0)
    if rest.any():
        pieces, _ = ndimage.label(rest, whole)
        labels[rest] = pieces[rest] + labels.max()
    return labels


def partition(mask, recipe: Recipe | None = None, pixel_size: float | None = None) -> np.ndarray:
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
        0 in the solid, 1, 2, ... in the pores; every pixel of the mask has a pore. Pieces that touch by a corner only
        may be one pore.

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
        raise PoreError("the mask is pore everywhere: without solid there is no distance to part pores by")
    match recipe.partition:
        case "rabbani":
            return flood(mask, rabbani(mask, recipe.metric, recipe.smoothing, recipe.smoothing_size.pixels(pixel_size)))
        case "snow":
            radius, blur = recipe.peak_radius.pixels(pixel_size), recipe.peak_blur.pixels(pixel_size)
            return flood(mask, snow(mask, radius, blur))
    return ndimage.label(mask, np.ones((3,) * mask.ndim))[0].astype(np.int32)
