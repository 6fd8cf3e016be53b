"""Pore masks whose pores, radii and neighbours are known."""

import numpy as np

from rampore.pores.segmenting import gaussian


def discs(radius, counts, pitch, links=(), width=3):
    """Discs (balls) on a square (cubic) lattice, some joined by straight channels of an odd width
    [px].

    Parameters
    ----------
    radius : float
    counts : tuple of int
        Discs along each axis.
    pitch : int
    links : iterable of (tuple, int)
        Lattice place of a disc, and the axis along which a channel leads to the next.
    width : int

    Returns
    -------
    mask : array of bool
    place : array of int
        Number of the lattice cell, in which each pixel lies, from 0.
    """
    axes = [np.arange(n * pitch) for n in counts]
    grid = np.meshgrid(*axes, indexing="ij")
    mask = sum((g % pitch - pitch // 2) ** 2 for g in grid) <= radius**2
    for place, axis in links:
        centre = [p * pitch + pitch // 2 for p in place]
        span = [slice(c - width // 2, c + width // 2 + 1) for c in centre]
        span[axis] = slice(centre[axis], centre[axis] + pitch)
        mask[tuple(span)] = True
    return mask, np.ravel_multi_index([g // pitch for g in grid], counts)


def all_links(counts):
    """Every channel between neighbours of a lattice."""
    return [
        (place, axis)
        for place in np.ndindex(*counts)
        for axis in range(len(counts))
        if place[axis] + 1 < counts[axis]
    ]


def blobs(shape, porosity, seed=1, size=4):
    """A random field, cut at the quantile that gives the porosity."""
    field = gaussian(np.random.default_rng(seed).random(shape), size)
    return field < np.quantile(field, porosity)
