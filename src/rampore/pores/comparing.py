"""One image segmented in several ways side by side: what they agree on, and how far apart they are.

Nothing is asked but what a reader sees, whether pores are dark or bright and how many phases there
are. What the ways differ by, whether light is evened out and how a pixel at the edge of a pore is
decided, is what nobody can know beforehand of a new image.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from rampore.checks import choice, quantity
from rampore.extras import needs
from rampore.pores.recipe import PixelSize, PoreError, Recipe, aspect
from rampore.pores.segmenting import (
    BINS,
    check_grey,
    median,
    remove_small,
    subtract_background,
)

#: How the ways end whose light is evened out.
EVENED = "light evened"
#: Light varies over this share of the shorter side of an image, or over more [-].
LIGHT = 0.25
#: Blur of the light, at least [px].
LEAST_LIGHT = 60.0
#: Undecided is what is this near to the threshold, of the way to the mean of either class [-].
UNDECIDED = 0.25
#: Noise below which nothing is taken out [grey, of a range of 255].
LEAST_NOISE = 1.0
#: Similar patches of a section are averaged: side of a patch, how far they are sought [px], and how
#: alike they must be, over the noise [-].
PATCH, REACH, ALIKE = 5, 6, 0.8


class Comparison(NamedTuple):
    """Masks of one image, by the names of the ways they were found in."""

    masks: dict[str, np.ndarray]  #: True in a pore, each of the shape of the image
    share: np.ndarray  #: of the ways that find a pixel in a pore [-]

    @property
    def mask(self) -> np.ndarray:
        """Where most of the ways whose light is evened out find a pore.

        The others show what the light does. They have no vote: where light is even it makes no
        difference, and where it is not they are wrong together.
        """
        voters = [mask for way, mask in self.masks.items() if way.endswith(EVENED)]
        return np.sum(voters, axis=0) > len(voters) / 2

    @property
    def disputed(self) -> float:
        """Share of the image on which not all are of one mind [-]."""
        return float(np.mean((self.share > 0) & (self.share < 1)))


def compare(
    grey: np.ndarray,
    pores: str,
    phases: int,
    pixel_size: PixelSize | None = None,
    recipe: Recipe | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Comparison:
    """Segment an image in six ways: with its light as it is and evened out, and each time by a
    threshold, by the gradient at the edges, and by what is connected to sure pores.

    Thresholds are Otsu's for as many classes as there are phases, on an image without noise: of a
    section similar patches are averaged, of a volume it is filtered by its median. What lies within
    a quarter of the way from the threshold to the mean of either class is undecided. By the
    gradient, a watershed from what is decided meets there where the grey value changes fastest; by
    what is connected, all of it on the solid's side is pore where it joins one. What most of the
    three with evened light find is the answer, the spread of all six how far to trust it.

    Parameters
    ----------
    grey : (n0, n1[, n2]) array
        Grey values, of any scale.
    pores : {"dark", "bright"}
        What is pore.
    phases : int
        How many phases the image shows, pores among them, from 2 to 5.
    pixel_size : float or sequence of float, optional
        Where the edges of a voxel differ, one for each axis [m].
    recipe : Recipe, optional
        Of which the sizes of the smallest objects count.
    progress : callable, optional
        Told the name of each step when it starts.

    Raises
    ------
    PoreError
        Where the image cannot be segmented, or has fewer grey values than phases.
    """
    choice("pores", pores, ("dark", "bright"), PoreError)
    quantity("phases", phases, PoreError, at_least=2, at_most=5, whole=True)
    recipe = recipe or Recipe()
    # pores are bright from here on
    grey = check_grey(grey) if pores == "bright" else -check_grey(grey)
    ratio = aspect(pixel_size, grey.ndim)
    progress("noise")
    clean = without_noise(grey, ratio)
    width = max(LIGHT * min(grey.shape), LEAST_LIGHT)
    masks = {}
    evened = subtract_background(clean, [width / each for each in ratio])
    for light, image in {"light as it is": clean, EVENED: evened}.items():
        progress(light)
        for decision, mask in _decided(image, phases).items():
            mask = remove_small(mask, recipe.smallest_pore.pixels(pixel_size), ratio)
            solid = remove_small(~mask, recipe.smallest_solid.pixels(pixel_size), ratio)
            masks[f"{decision}, {light}"] = ~solid
    return Comparison(masks, np.mean(list(masks.values()), axis=0, dtype=np.float32))


def without_noise(grey: np.ndarray, ratio: tuple[float, ...]) -> np.ndarray:
    """The image without what differs from pixel to pixel and has no structure."""
    if grey.ndim == 3:
        return median(grey, [3 / each for each in ratio])
    with needs("images"):
        from skimage.restoration import denoise_nl_means

    noise = noise_level(grey)
    if noise <= LEAST_NOISE / 255 * float(np.ptp(grey)):
        return grey
    return denoise_nl_means(
        grey, PATCH, REACH, h=ALIKE * noise, sigma=noise, fast_mode=True, preserve_range=True
    ).astype(np.float32)


def noise_level(grey: np.ndarray) -> float:
    """Standard deviation of noise that differs from pixel to pixel, of a section [grey].

    From the median of a second difference along both axes (Immerkaer 1996), which slopes and the
    few pixels at edges leave as it is.
    """
    line = np.array([1.0, -2.0, 1.0])
    difference = ndimage.convolve(grey.astype(float), np.outer(line, line), mode="reflect")
    return float(1.4826 * np.median(np.abs(difference)) / 6)


def _decided(image: np.ndarray, phases: int) -> dict[str, np.ndarray]:
    """Bright pores of an image, by each of the ways to decide on what is near the threshold."""
    with needs("images"):
        from skimage.filters import sobel, threshold_multiotsu
        from skimage.segmentation import watershed

    try:
        cuts = threshold_multiotsu(image, phases, nbins=BINS)
    except ValueError as error:
        raise PoreError(f"multi-Otsu with {phases} classes: {error}") from None
    cut = cuts[-1] + float(np.ptp(image)) / (2 * BINS)
    pore, rest = image > cut, image <= cut
    below = image[rest & (image > cuts[-2])] if phases > 2 else image[rest]
    low = cut + UNDECIDED * (float(below.mean()) - cut)
    high = cut + UNDECIDED * (float(image[pore].mean()) - cut)
    sure = np.zeros(image.shape, np.int8)
    sure[image < low], sure[image > high] = 1, 2
    pieces, _ = ndimage.label(image > low, np.ones((3,) * image.ndim))
    joined = np.zeros(pieces.max() + 1, bool)
    joined[pieces[pore]] = True
    joined[0] = False
    return {
        "threshold": pore,
        "gradient": watershed(sobel(image), sure) == 2,
        "connected": joined[pieces],
    }
