"""Grey image -> pore mask: each step a function from image to image, of two or three dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from rampore.checks import choice, quantity
from rampore.extras import needs
from rampore.pores.recipe import PixelSize, PoreError, Recipe, aspect

#: Volume of a ball of diameter 1, by the number of dimensions [-].
UNIT_BALL = {2: math.pi / 4, 3: math.pi / 6}

#: Pixels whose medians are found together [-]: 27 arrays of them stay in a processor's cache.
_AT_ONCE = 2**15

#: A size along every axis, or one for each [px].
Sizes = float | Sequence[float]

#: Bins of the histogram on which Otsu's thresholds are found [-].
BINS = 256


def odd(size: float) -> int:
    """The odd whole number of pixels nearest to a size [px], at least 1."""
    quantity("size", size, PoreError, at_least=0, unit="px")
    return 2 * round((size - 1) / 2) + 1 if size > 1 else 1


def check_image(image: ArrayLike, what: str = "image") -> np.ndarray:
    """The image as an array, if it is one of two or three dimensions that can be segmented.

    Raises
    ------
    PoreError
        Where it has another number of dimensions, or fewer than 3 pixels along one.
    """
    image = np.asarray(image)
    if image.ndim not in (2, 3):
        raise PoreError(
            f"the {what} has {image.ndim} dimensions; two (a section) or three (a volume) are "
            "needed"
        )
    if min(image.shape) < 3:
        shape = " x ".join(map(str, image.shape))
        raise PoreError(
            f"the {what} is {shape} pixels; every side must have 3 or more (is it a colour image?)"
        )
    return image


def check_grey(grey: ArrayLike) -> np.ndarray:
    """The grey image as single-precision numbers.

    Raises
    ------
    PoreError
        Where it is not an image, not a number, not finite, or the same everywhere.
    """
    grey = check_image(grey)
    if grey.dtype == bool or not np.issubdtype(grey.dtype, np.number) or np.iscomplexobj(grey):
        raise PoreError(f"grey values must be real numbers, not {grey.dtype}")
    grey = grey.astype(np.float32)
    if not np.isfinite(grey).all():
        raise PoreError(
            f"{np.count_nonzero(~np.isfinite(grey))} pixels are not finite (NaN, infinity, or too "
            "large)"
        )
    if np.ptp(grey) == 0:
        raise PoreError(
            f"the image is {grey.flat[0]:g} everywhere: nothing to tell pore from solid by"
        )
    return grey


def _along(size: float, ratio: Sequence[float]) -> tuple[float, ...]:
    """A length along each axis [px], where pixels are `ratio` times longer."""
    return tuple(size / each for each in ratio)


def illumination(grey: np.ndarray, sigma: Sizes) -> np.ndarray:
    """The image blurred over a standard deviation of `sigma` [px]: three box filters, near a
    Gaussian at any size.
    """
    quantity("standard deviation of the blur", sigma, PoreError, at_least=0, unit="px")
    size = [odd(math.sqrt(4 * each**2 + 1)) for each in np.broadcast_to(sigma, grey.ndim)]
    for _ in range(3):
        grey = ndimage.uniform_filter(grey, size, mode="reflect")
    return grey


def subtract_background(grey: np.ndarray, sigma: Sizes) -> np.ndarray:
    """Take out light that adds: the image less its blur over `sigma` [px], at the mean grey value
    it had.
    """
    background = illumination(grey, sigma)
    return grey - background + background.mean()


def divide_background(grey: np.ndarray, sigma: Sizes) -> np.ndarray:
    """Take out light that multiplies: the image over its blur over `sigma` [px], at the mean grey
    value it had.

    Raises
    ------
    PoreError
        Where the blurred image is not positive.
    """
    background = illumination(grey, sigma)
    if background.min() <= 0:
        raise PoreError("background = 'divide' needs positive grey values; use 'subtract'")
    return grey / background * background.mean()


def median(image: np.ndarray, size: Sizes, where: np.ndarray | None = None) -> np.ndarray:
    """Median over a window, `size` pixels a side [px]; only where it is asked for, else 0."""
    side = [odd(each) for each in np.broadcast_to(size, image.ndim).tolist()]
    half = [each // 2 for each in side]
    if math.prod(side) > 27:
        found = ndimage.median_filter(image, side, mode="reflect")
        return found if where is None else np.where(where, found, 0)
    # SciPy's filter takes many times as long; the fewer bytes a value has, the faster.
    compact = narrow(image)
    padded = np.pad(compact, [(each, each) for each in half], mode="symmetric")
    window = (np.indices(side).reshape(image.ndim, -1).T - half) @ np.cumprod(
        [1, *padded.shape[:0:-1]]
    )[::-1]
    values, found = padded.ravel(), np.empty_like(padded)
    margin = int(window.max())
    for start in range(margin, values.size - margin, _AT_ONCE):
        stop = min(start + _AT_ONCE, values.size - margin)
        found.ravel()[start:stop] = _middle([values[start + i : stop + i].copy() for i in window])
    inner = found[tuple(slice(each, -each or None) for each in half)].astype(image.dtype)
    return inner if where is None else np.where(where, inner, 0)


def narrow(image: np.ndarray) -> np.ndarray:
    """The same values in the fewest bytes, where they are whole numbers from 0 to 65535."""
    if image.dtype == bool or image.dtype.itemsize == 1:
        return image
    if image.min() < 0 or image.max() > np.iinfo(np.uint16).max:
        return image
    few = image.astype(np.uint8 if image.max() <= np.iinfo(np.uint8).max else np.uint16)
    return few if np.array_equal(few, image) else image


def majority(mask: np.ndarray, passes: int) -> np.ndarray:
    """The mask after each pixel has gone, so many times, the way of most of the 3 x 3 (x 3) about
    it; the image goes on beyond its edge as in a mirror.
    """
    for _ in range(passes):
        smoothed = median(mask, 3)
        if np.array_equal(smoothed, mask):
            break
        mask = smoothed
    return mask


def _middle(values: list[np.ndarray]) -> np.ndarray:
    """Median of an odd number of arrays, element by element; the arrays are used up.

    Of more than half of them the least and the greatest are no median: they go, one that has not
    been looked at joins.
    """
    held, rest = values[: len(values) // 2 + 2], values[len(values) // 2 + 2 :]
    spare = np.empty_like(held[0])
    while len(held) > 1:
        last = len(held) - 1
        pairs = [(i, last - i) for i in range(len(held) // 2)]
        pairs += [(0, i) for i in range(1, (len(held) + 1) // 2)] + [
            (i, last) for i in range(len(held) // 2, last)
        ]
        for i, j in pairs:
            np.minimum(held[i], held[j], out=spare)
            np.maximum(held[i], held[j], out=held[j])
            held[i], spare = spare, held[i]
        held = held[1:last] + rest[:1]
        rest = rest[1:]
    return held[0]


def gaussian(image: np.ndarray, sigma: Sizes) -> np.ndarray:
    """Blur by a Gaussian of standard deviation `sigma` [px]."""
    quantity("standard deviation of the blur", sigma, PoreError, at_least=0, unit="px")
    return ndimage.gaussian_filter(image, sigma, mode="reflect")


def otsu(grey: np.ndarray) -> float:
    """Threshold after Otsu: the two classes it parts differ most [grey]."""
    with needs("images"):
        from skimage.filters import threshold_otsu

    return float(threshold_otsu(grey, nbins=BINS)) + _half_bin(grey)


def multi_otsu(grey: np.ndarray, classes: int, bright: bool = False) -> float:
    """Threshold that parts the darkest, or the brightest, of several classes from the others, after
    Otsu [grey].

    Raises
    ------
    PoreError
        Where the image has fewer grey values than classes.
    """
    with needs("images"):
        from skimage.filters import threshold_multiotsu

    quantity("classes", classes, PoreError, at_least=2, whole=True)
    try:
        return float(
            threshold_multiotsu(grey, classes=classes, nbins=BINS)[-1 if bright else 0]
        ) + _half_bin(grey)
    except ValueError as error:
        raise PoreError(f"multi-Otsu with {classes} classes: {error}") from None


def _half_bin(grey: np.ndarray) -> float:
    """From the middle of a bin, which scikit-image gives, to its upper edge, where the classes part
    [grey].
    """
    return float(np.ptp(grey)) / (2 * BINS)


def local(grey: np.ndarray, window: Sizes) -> np.ndarray:
    """Gaussian-weighted mean over a neighbourhood `window` pixels wide, as a threshold at each
    pixel [grey].
    """
    with needs("images"):
        from skimage.filters import threshold_local

    sides = [max(odd(each), 3) for each in np.broadcast_to(window, grey.ndim).tolist()]
    return threshold_local(grey, tuple(sides))


def remove_small(mask: np.ndarray, diameter: float, ratio: Sequence[float] = ()) -> np.ndarray:
    """Drop connected pieces of a mask that are smaller than a disc (ball) of `diameter` [px], where
    pixels are `ratio` times longer along each axis.

    Pieces that touch by a corner are one.
    """
    quantity("diameter", diameter, PoreError, at_least=0, unit="px")
    smallest = round(UNIT_BALL[mask.ndim] * diameter**mask.ndim / math.prod(ratio), 9)
    if smallest <= 1:
        return mask
    pieces, _ = ndimage.label(mask, np.ones((3,) * mask.ndim))
    large = np.bincount(pieces.ravel()) >= smallest
    large[0] = False
    return large[pieces]


def segment(
    grey: np.ndarray,
    pores: str,
    recipe: Recipe | None = None,
    pixel_size: PixelSize | None = None,
    region: np.ndarray | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> np.ndarray:
    """Where the pores are, by a recipe's background, noise filter, threshold, majority and smallest
    objects.

    Parameters
    ----------
    grey : (n0, n1[, n2]) array
        Grey values, of any scale.
    pores : {"dark", "bright"}
        Which side of the threshold is pore; never guessed.
    recipe : Recipe, optional
    pixel_size : float or sequence of float, optional
        Edge of a pixel, or one for each axis [m]; needed where the recipe has lengths that are not
        in pixels.
    region : array of bool, the shape of `grey`, optional
        Where the sample is: the threshold is found there, and there is no pore elsewhere.
    progress : callable, optional
        Told the name of each step when it starts.

    Returns
    -------
    (n0, n1[, n2]) array of bool
        True in a pore.

    Raises
    ------
    PoreError
        Where the image cannot be segmented: NaN, constant, wrong dimensions; or the arguments do
        not fit.
    """
    choice("pores", pores, ("dark", "bright"), PoreError)
    recipe = recipe or Recipe()
    grey = check_grey(grey)
    region = check_region(region, grey.shape)
    bright = pores == "bright"
    ratio = aspect(pixel_size, grey.ndim)
    if recipe.background != "none":
        progress(f"background: {recipe.background}")
        step = subtract_background if recipe.background == "subtract" else divide_background
        grey = step(grey, _along(recipe.background_size.pixels(pixel_size), ratio))
    if recipe.denoise != "none":
        progress(f"noise: {recipe.denoise}")
        grey = (median if recipe.denoise == "median" else gaussian)(
            grey, _along(recipe.denoise_size.pixels(pixel_size), ratio)
        )
    progress(f"threshold: {recipe.threshold}")
    values = grey if region is None else grey[region]
    if np.ptp(values) == 0:
        raise PoreError(
            "nothing is left to tell pore from solid by: the image is the same everywhere after "
            "filtering"
        )
    match recipe.threshold:
        case "otsu":
            threshold = otsu(values)
        case "multi-otsu":
            threshold = multi_otsu(values, recipe.threshold_classes, bright)
        case "local":
            window = _along(recipe.threshold_window.pixels(pixel_size), ratio)
            threshold = local(grey, window)
        case "fixed":
            threshold = recipe.threshold_value
    threshold = threshold + recipe.threshold_offset
    mask = grey > threshold if bright else grey <= threshold
    if region is not None:
        mask &= region
    if recipe.majority:
        progress("majority")
        mask = majority(mask, recipe.majority)
    progress("small objects")
    mask = remove_small(mask, recipe.smallest_pore.pixels(pixel_size), ratio)
    filled = ~remove_small(~mask, recipe.smallest_solid.pixels(pixel_size), ratio)
    return filled if region is None else filled & region


def check_region(region: ArrayLike | None, shape: tuple[int, ...]) -> np.ndarray | None:
    """The region as an array of bool, if it is one, fits the image and is not empty.

    Raises
    ------
    PoreError
        Where it does not.
    """
    if region is None:
        return None
    region = np.asarray(region)
    if region.dtype != bool or region.shape != shape:
        raise PoreError(
            f"the region must be bool of shape {shape}, not {region.dtype} of shape {region.shape}"
        )
    if not region.any():
        raise PoreError("the region is empty")
    return region
