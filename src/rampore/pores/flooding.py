"""A watershed in two steps: its markers, the highest places of a relief, and the labels that spread
from them, one level after the other.

Pixels are flooded as by scikit-image's watershed, the highest first and of one level those that
were reached first; of markers of one level those that stand first in the image. Where levels are
counted beforehand, a queue for each of them takes the place of a heap.
"""

from __future__ import annotations

import numpy as np

from rampore.kernels import njit


def maxima(height: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Number the places of a mask, of one pixel or of several of one height, that no neighbour
    exceeds, be it one over a corner.

    Parameters
    ----------
    height : (n0, n1[, n2]) array
        Places of height 0 are none.
    mask : array of bool, the shape of `height`

    Returns
    -------
    array of int32, the shape of `height`
        0 elsewhere.
    """
    padded = np.pad(np.where(mask, height, 0), 1)
    numbers = np.zeros(padded.shape, np.int32)
    _number_maxima(padded.ravel(), numbers.ravel(), neighbours(padded.shape))
    return np.maximum(numbers[_inner(mask.ndim)], 0)


def watershed(height: np.ndarray, markers: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Labels of the markers, spread over the mask from the highest pixels down, over corners too.

    Parameters
    ----------
    height : (n0, n1[, n2]) array
        Flooded from above.
    markers : array of int, the shape of `height`
        1, 2, ... on each marker, 0 elsewhere.
    mask : array of bool, the shape of `height`

    Returns
    -------
    array of int32, the shape of `height`
        0 outside of the mask, and where no way leads to a marker.
    """
    inner = _inner(mask.ndim)
    labels = np.full(np.add(mask.shape, 2), -1, np.int32)
    labels[inner] = np.where(mask, markers, -1)
    depth = np.zeros(labels.shape, np.int32)
    depth[inner][mask], count = depths(height[mask])
    after = np.empty(labels.size, np.int32 if labels.size < 2**31 else np.int64)
    _spread(labels.ravel(), depth.ravel(), count, neighbours(labels.shape), after)
    return np.maximum(labels[inner], 0)


def depths(heights: np.ndarray) -> tuple[np.ndarray, int]:
    """How many steps each lies below the highest, and how many levels there are.

    A step is one of whole numbers, else one from a height that occurs to the next.
    """
    if not heights.size:
        return heights.astype(np.int32), 0
    if np.issubdtype(heights.dtype, np.integer):
        depth = heights.max() - heights
        return depth, int(depth.max()) + 1
    different, number = np.unique(heights, return_inverse=True)
    return len(different) - 1 - number, len(different)


def neighbours(shape: tuple[int, ...]) -> np.ndarray:
    """Steps from a pixel to those around it in a flat image of this shape, the nearest first."""
    offsets = np.array(list(np.ndindex((3,) * len(shape)))) - 1
    order = np.argsort(np.abs(offsets).sum(axis=1), kind="stable")[1:]
    return offsets[order] @ np.cumprod([1, *shape[:0:-1]])[::-1]


def _inner(ndim: int) -> tuple[slice, ...]:
    return (slice(1, -1),) * ndim


@njit(cache=True)
def _number_maxima(height, numbers, steps):
    """Write the number of each maximum into `numbers`, and -1 where there is none."""
    for place in range(height.size):
        if height[place] > 0:
            for step in steps:
                if height[place + step] > height[place]:
                    numbers[place] = -1
                    break
    found = 0
    for start in range(height.size):
        if height[start] <= 0 or numbers[start] != 0:
            continue
        plateau, highest, looked_at = [start], True, 0
        numbers[start] = found + 1
        while looked_at < len(plateau):
            place = plateau[looked_at]
            looked_at += 1
            for step in steps:
                beside = place + step
                if height[beside] == height[start]:
                    if numbers[beside] == 0:
                        numbers[beside] = found + 1
                        plateau.append(beside)
                    elif numbers[beside] < 0:
                        highest = False
        if highest:
            found += 1
        else:
            for place in plateau:
                numbers[place] = -1


@njit(cache=True)
def _spread(labels, depth, count, steps, after):
    """Flood what is 0 in `labels`, flat and with -1 on its rim, in place.

    Each depth has a queue from its `first` pixel to its `last`; `after` each stands the next.
    """
    first, last = np.full(count, -1), np.full(count, -1)
    for place in range(labels.size):
        if labels[place] > 0:
            _queue(place, depth[place], first, last, after)
    level = 0
    while level < count:
        place = first[level]
        if place < 0:
            level += 1
            continue
        first[level] = after[place]
        for step in steps:
            beside = place + step
            if labels[beside] == 0:
                labels[beside] = labels[place]
                reached = depth[beside]
                _queue(beside, reached, first, last, after)
                # what stands higher than the pass over which it was reached comes next
                level = min(level, reached)


@njit(cache=True, inline="always")
def _queue(place, level, first, last, after):
    """Put a pixel at the end of the queue of its level."""
    after[place] = -1
    if first[level] < 0:
        first[level] = place
    else:
        after[last[level]] = place
    last[level] = place
