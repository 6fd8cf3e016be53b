"""How large an image must be: what its parts differ by, and what follows for the whole.

A mean over a volume V of a random structure scatters from sample to sample with a variance of C / V
once V is much larger than what is correlated in it. C follows from the parts of one image, and so
does the interval of the whole, and the size that a narrower one takes (Kanit et al., Int. J. Solids
Struct. 40 (2003) 3647).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from rampore import RamporeError
from rampore.checks import quantity

#: Parts along each axis, by the number of axes.
DIVISIONS = {2: (2, 4, 8), 3: (2, 4)}
#: Parts from which a variance is taken at least; fewer say too little of it.
FEWEST = 8
#: A part has so many pixels along each axis at least.
SMALLEST = 8


class PartsError(RamporeError, ValueError):
    """An image that cannot be parted; the message says why."""

    exit_code = 2


class Division(NamedTuple):
    """What the parts of an image have for one division of it."""

    count: int  #: of parts
    edges: tuple[float, ...]  #: of a part along each axis [L]
    values: np.ndarray  #: of the quantity in each part, shape (count,)


class Interval(NamedTuple):
    """A quantity of an image as an estimate of that of its material."""

    value: float
    low: float  #: lower end of the 95 % interval
    high: float
    size_for_five_percent: float  #: edge of the cube (square) that gives 5 % either way [L]
    parts: tuple[Division, ...]


def divided(
    image: np.ndarray, division: int, spacing: Sequence[float]
) -> tuple[list[np.ndarray], tuple[float, ...]]:
    """Parts of an image, `division` along each axis, and their edges [L]; what remains at the far
    ends is left out.
    """
    sides = [n // division for n in image.shape]
    parts = [
        image[tuple(slice(i * n, (i + 1) * n) for i, n in zip(place, sides, strict=True))]
        for place in itertools.product(range(division), repeat=image.ndim)
    ]
    return parts, tuple(n * h for n, h in zip(sides, spacing, strict=True))


def interval(
    image: np.ndarray,
    measure: Callable[[np.ndarray], float],
    *,
    spacing: float | Sequence[float] = 1.0,
    value: float | None = None,
    threads: int = 1,
) -> Interval:
    """The 95 % interval of a mean quantity, and how large an image has to be for 5 %.

    Each division that has :data:`FEWEST` parts or more gives the variance of a part times its
    volume, which no longer depends on the volume once that is large enough; of two divisions the
    larger product counts, with Student's factor for its number of parts.

    Parameters
    ----------
    image : (n0, n1[, n2]) array
        Of a material that is the same everywhere; a gradient widens the interval.
    measure : callable
        Gives the quantity of a part, e.g. ``np.mean``.
    spacing : float or sequence of float
        Edge of a pixel [L], along each axis if they differ.
    value : float, optional
        Of the whole image, where it is at hand.
    threads : int
        Parts that are measured at once; worth it where `measure` leaves Python to itself.

    Raises
    ------
    PartsError
        Where the image is too small to be parted.
    """
    from scipy.stats import t

    image = np.asarray(image)
    if image.ndim not in DIVISIONS:
        raise PartsError(f"an image of two or three dimensions is parted, not of {image.ndim}")
    quantity("spacing", spacing, PartsError, above=0)
    steps = np.broadcast_to(spacing, image.ndim).tolist()
    possible = [n for n in DIVISIONS[image.ndim] if min(image.shape) // n >= SMALLEST]
    if not possible or possible[-1] ** image.ndim < FEWEST:
        shape = " x ".join(map(str, image.shape))
        raise PartsError(
            f"an image of {shape} pixels is too small to be parted: {FEWEST} parts of {SMALLEST} "
            "pixels along each axis are needed"
        )
    quantity("threads", threads, PartsError, at_least=1, whole=True)
    found = []
    with ThreadPoolExecutor(threads) as pool:
        for division in possible:
            parts, edges = divided(image, division, steps)
            values = np.array([float(value) for value in pool.map(measure, parts)])
            found.append(Division(len(parts), edges, values))
    whole = float(measure(image)) if value is None else value
    volume = math.prod(n * h for n, h in zip(image.shape, steps, strict=True))
    half = max(
        t.ppf(0.975, each.count - 1)
        * math.sqrt(each.values.var(ddof=1) * math.prod(each.edges) / volume)
        for each in found
        if each.count >= FEWEST
    )
    edge = volume ** (1 / image.ndim)
    size = edge * (half / (0.05 * abs(whole))) ** (2 / image.ndim) if whole else math.inf
    return Interval(whole, whole - half, whole + half, size, tuple(found))
