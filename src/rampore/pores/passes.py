"""What is read off labelled pores in one pass over the image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rampore.kernels import njit


class Extents(NamedTuple):
    """Of pores 1 to n."""

    pixels: np.ndarray  #: how many, shape (n,)
    middle: np.ndarray  #: mean of their middles, from the image's corner, shape (n, ndim) [px]
    reach: np.ndarray  #: largest distance to solid, shape (n,) [px]


class Faces(NamedTuple):
    """The pixel faces at which two pores meet, those across axis 0 first."""

    pores: np.ndarray  #: the two labels, the smaller first, shape (n, 2)
    axis: np.ndarray  #: that the face stands across, shape (n,)
    sign: np.ndarray  #: 1 where the smaller label comes first along that axis, else -1
    #: twice the face's middle, in pixels from the middle of the first one, shape (n, ndim)
    place: np.ndarray
    inner: np.ndarray  #: flat index of the pixel on the side of the larger label


def extents(labels: np.ndarray, distance: np.ndarray) -> Extents:
    """Pixels, middle and reach of each pore.

    Parameters
    ----------
    labels : (n0, n1[, n2]) array of int
        0 in the solid, 1, 2, ... in the pores.
    distance : array of float, the shape of `labels`
        Distance to solid [px].
    """
    n = int(labels.max(initial=0))
    pixels, middle, reach = np.zeros(n, np.int64), np.zeros((n, 3)), np.zeros(n)
    _gather_extents(_deep(labels), _deep(distance), pixels, middle, reach)
    return Extents(pixels, middle[:, 3 - labels.ndim :] / pixels[:, None], reach)


def faces(labels: np.ndarray) -> Faces:
    """The pixel faces at which pores meet.

    Parameters
    ----------
    labels : (n0, n1[, n2]) array of int
        0 in the solid, 1, 2, ... in the pores.
    """
    deep, lacking = _deep(labels), 3 - labels.ndim
    none = np.empty(0, np.int64)
    count = _gather_faces(deep, none, none, none)
    first, second, axis = (np.empty(count, np.int64) for _ in range(3))
    _gather_faces(deep, first, second, axis)
    one, other = labels.ravel()[first].astype(np.int64), labels.ravel()[second].astype(np.int64)
    place = np.stack(np.unravel_index(first, labels.shape), axis=1)
    place += np.stack(np.unravel_index(second, labels.shape), axis=1)
    return Faces(
        np.stack([np.minimum(one, other), np.maximum(one, other)], axis=1),
        axis - lacking,
        np.where(one < other, 1, -1),
        place,
        np.where(one < other, second, first),
    )


def _deep(image: np.ndarray) -> np.ndarray:
    """The image as a volume: a section is one of a single slice."""
    return np.ascontiguousarray(image).reshape((1,) * (3 - image.ndim) + image.shape)


@njit(cache=True)
def _gather_extents(labels, distance, pixels, middle, reach):
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            for k in range(labels.shape[2]):
                pore = labels[i, j, k] - 1
                if pore >= 0:
                    pixels[pore] += 1
                    middle[pore, 0] += i + 0.5
                    middle[pore, 1] += j + 0.5
                    middle[pore, 2] += k + 0.5
                    reach[pore] = max(reach[pore], distance[i, j, k])


@njit(cache=True)
def _gather_faces(labels, first, second, axis):
    """Write the flat indices of the two pixels of each face, where there is room for them; the
    number of faces.
    """
    n0, n1, n2 = labels.shape
    flat = labels.ravel()
    count = 0
    for across in range(3):
        step = (n1 * n2, n2, 1)[across]
        for i in range(n0 - (across == 0)):
            for j in range(n1 - (across == 1)):
                start = (i * n1 + j) * n2
                for place in range(start, start + n2 - (across == 2)):
                    one = flat[place]
                    if one > 0:
                        other = flat[place + step]
                        if other > 0 and other != one:
                            if first.size:
                                first[count], second[count], axis[count] = (
                                    place,
                                    place + step,
                                    across,
                                )
                            count += 1
    return count
