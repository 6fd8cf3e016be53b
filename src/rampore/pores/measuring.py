"""Labelled pores -> sizes, throats, neighbours, profiles, networks; lengths in m, axes as those of
the image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from rampore.arrays import FloatOrArray
from rampore.checks import choice
from rampore.checks import quantity as checked
from rampore.pores.partitioning import counted, distance_map
from rampore.pores.recipe import Length, PixelSize, PoreError, Recipe, aspect, edges
from rampore.pores.segmenting import check_image, check_region, odd

if TYPE_CHECKING:
    import pandas as pd

    from rampore.pores.passes import Faces


#: Pixels of an image that another processor may put on the other side of a threshold.
FEW_PIXELS = 3


class Profile(NamedTuple):
    """Porosity along an axis."""

    position: np.ndarray  #: middle of each pixel [m], shape (n,)
    #: over the window around it [-], shape (n,); NaN where the window has none of the region
    porosity: np.ndarray
    window: float  #: width of the window [m]


class Throats(NamedTuple):
    """Where pores meet: one entry for each connected interface, or for each pair of pores."""

    pores: np.ndarray  #: labels of the two pores, the smaller first, shape (n, 2)
    area: np.ndarray  #: of the interface: [m] in a section, [m2] in a volume, shape (n,)
    #: twice the largest distance to solid on the side of the larger label [m]
    inscribed_diameter: np.ndarray
    position: np.ndarray  #: middle of the interface, shape (n, ndim) [m]

    @property
    def width(self) -> np.ndarray:
        """Length of the interface in a section, diameter of a disc of its area in a volume [m]."""
        return self.area if self.position.shape[1] == 2 else np.sqrt(4 * self.area / math.pi)


class Mean(NamedTuple):
    """A mean over pores, with its bootstrap interval."""

    value: float  #: [the quantity's unit]
    low: float  #: lower end of the interval
    high: float  #: upper end of the interval
    pores: int  #: how many pores entered


def check_mask(mask: ArrayLike) -> np.ndarray:
    """The mask as an array, if it is one of bool.

    Raises
    ------
    PoreError
        Where it is not.
    """
    mask = np.asarray(mask)
    if mask.dtype != bool or not mask.size:
        raise PoreError(f"a mask is an array of bool, not of {mask.dtype} and {mask.size} pixels")
    return mask


def check_labels(labels: ArrayLike) -> np.ndarray:
    """The labels as an array, if they are whole numbers on a section or a volume.

    Raises
    ------
    PoreError
        Where they are not, or where a number from 1 to the largest is missing.
    """
    labels = check_image(labels, "label image")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise PoreError("labels must be whole numbers: 0 in the solid, 1, 2, ... in the pores")
    missing = np.count_nonzero(np.bincount(labels.ravel())[1:] == 0)
    if missing:
        raise PoreError(f"labels run from 1 to {labels.max()}, but {missing} of them have no pixel")
    return labels


def porosity(mask: np.ndarray, region: np.ndarray | None = None) -> float:
    """Share of pore in the image, or in a region of it [-]."""
    mask = check_mask(mask)
    region = check_region(region, mask.shape)
    return float(mask.mean() if region is None else mask[region].mean())


def few_pixels(region: np.ndarray) -> float:
    """``FEW_PIXELS`` as a share of a region, a mask: how far a porosity in it is known [-]."""
    return FEW_PIXELS / max(int(np.count_nonzero(region)), 1)


def porosity_contrast(npr: float, pr: float) -> float:
    """Porosity at the holes over that between them [-]."""
    checked("porosity over foil", npr, PoreError, above=0, at_most=1)
    checked("porosity at a hole", pr, PoreError, at_least=0, at_most=1)
    return pr / npr


def porosity_profile(
    mask: np.ndarray,
    axis: int,
    window: Length | str,
    pixel_size: PixelSize,
    region: np.ndarray | None = None,
) -> Profile:
    """Porosity along an axis, over a window that moves along it.

    At the image's ends the window is mirrored, so that the mean of the profile is the mean
    porosity; within a region, the mean weighted by the share of the region in the window.

    Parameters
    ----------
    mask : (n0, n1[, n2]) array of bool
        True in a pore.
    axis : int
        The axis that the profile runs along.
    window : Length or str
        Width of the window; it becomes the nearest odd number of pixels.
    pixel_size : float or sequence of float
        [m]
    region : array of bool, the shape of `mask`, optional
        What the porosity is a share of; all of the image by default.

    Returns
    -------
    Profile

    Raises
    ------
    PoreError
        Where there is no such axis, or the window is wider than the image.
    """
    mask = check_mask(check_image(mask, "mask"))
    region = check_region(region, mask.shape)
    checked("axis", axis, PoreError, at_least=0, below=mask.ndim, whole=True)
    step, ratio = edges(pixel_size, mask.ndim)[axis], aspect(pixel_size, mask.ndim)[axis]
    if not isinstance(window, str | Length):
        raise PoreError(f"a window is a length such as '3 px' or '0.2 um', not {window!r}")
    length = Length.parse(window) if isinstance(window, str) else window
    size = odd(length.pixels(pixel_size) / ratio)
    if size > mask.shape[axis]:
        raise PoreError(
            f"a window of {length} ({size} px) is wider than the image ({mask.shape[axis]} px)"
        )
    others = tuple(set(range(mask.ndim)) - {axis})
    within = np.ones(mask.shape, bool) if region is None else region
    pore, whole = (
        ndimage.uniform_filter1d(each.sum(axis=others, dtype=float), size, mode="reflect")
        for each in (mask & within, within)
    )
    share = np.divide(pore, whole, out=np.full(len(pore), np.nan), where=whole > 0.5 / size)
    return Profile((np.arange(mask.shape[axis]) + 0.5) * step, share, size * step)


def porosity_scatter(
    mask: np.ndarray,
    windows: Sequence[float],
    pixel_size: PixelSize,
    region: np.ndarray | None = None,
) -> np.ndarray:
    """How much the porosity of a window differs from place to place along the last axis.

    Parameters
    ----------
    mask : (n0, n1) array of bool
        True in a pore; statistically the same along its last axis.
    windows : sequence of float
        Widths [m].
    pixel_size : float or sequence of float
        [m]
    region : array of bool, the shape of `mask`, optional
        What the porosity is a share of.

    Returns
    -------
    array, the shape of `windows`
        Standard deviation over all places of the window [-]. Windows within an image of width W
        scatter less about its mean than about the true one, by the factor 1 - L / W in the
        variance, which is made good.

    Raises
    ------
    PoreError
        Where a window is wider than half of the image.
    """
    mask = check_mask(check_image(mask, "mask"))
    region = check_region(region, mask.shape)
    checked("windows", windows, PoreError, above=0, unit="m")
    within = np.ones(mask.shape, bool) if region is None else region
    pore, whole = (
        np.append(0, np.cumsum(each.sum(axis=tuple(range(mask.ndim - 1)))))
        for each in (mask & within, within)
    )
    deviations = []
    for window in windows:
        size = round(window / edges(pixel_size, mask.ndim)[-1])
        if not 1 <= size <= mask.shape[-1] / 2:
            raise PoreError(
                f"a window of {size} px does not fit twice into an image of {mask.shape[-1]} px"
            )
        share = (pore[size:] - pore[:-size]) / (whole[size:] - whole[:-size])
        deviations.append(np.sqrt(share.var() / (1 - size / mask.shape[-1])))
    return np.array(deviations)


def equivalent_radius(size: FloatOrArray, ndim: int) -> FloatOrArray:
    r"""Radius of the disc or ball of the same size, :math:`\sqrt{A/\pi}` or :math:`(3V/4\pi)^{1/3}`
    (Eq. 2.1) [m].

    Parameters
    ----------
    size : float or array
        Area A [m2] where `ndim` is 2, volume V [m3] where it is 3.
    ndim : {2, 3}

    Raises
    ------
    PoreError
        Where a size is negative or not finite, or `ndim` is neither.
    """
    choice("ndim", ndim, (2, 3), PoreError)
    checked("size", size, PoreError, at_least=0)
    return np.sqrt(size / math.pi) if ndim == 2 else np.cbrt(3 * size / (4 * math.pi))


def _distance(
    labels: np.ndarray, distance: np.ndarray | None, ratio: Sequence[float]
) -> np.ndarray:
    if distance is None:
        return distance_map(labels > 0, ratio=ratio)
    if np.shape(distance) != labels.shape:
        raise PoreError(
            f"distances of shape {np.shape(distance)} do not go with labels of {labels.shape}"
        )
    return distance


def _interfaces(faces: Faces, pair: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Number of the connected interface of each face: of one pair of pores, joined at an edge, a
    corner or a pixel.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ndim = len(shape)
    stride = np.cumprod([1, *(2 * side + 2 for side in shape[:0:-1])])[::-1]
    code = faces.place @ stride
    order = np.argsort(code)
    ordered = code[order]
    steps = [step for step in np.ndindex(*(5,) * ndim) if np.abs(np.subtract(step, 2)).sum() == 2]
    ends = []
    for step in (np.subtract(step, 2) @ stride for step in steps):
        if step > 0:
            found = np.searchsorted(ordered, ordered + step)
            hit = np.flatnonzero(ordered[np.minimum(found, len(ordered) - 1)] == ordered + step)
            one, other = order[hit], order[found[hit]]
            ends.append(np.stack([one, other])[:, pair[one] == pair[other]])
    one, other = np.concatenate(ends, axis=1)
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(len(code),) * 2)
    return connected_components(graph, directed=False)[1]


def throats(
    labels: np.ndarray,
    pixel_size: PixelSize,
    separate: bool = False,
    distance: np.ndarray | None = None,
) -> Throats:
    """The interfaces at which pores meet, pixel face to pixel face.

    An interface's area is the length of its vector area: exact for a straight cut in any direction,
    where counting pixel faces gives up to the square root of the number of dimensions times as
    much.

    Parameters
    ----------
    labels : (n0, n1[, n2]) array of int
        0 in the solid, 1, 2, ... in the pores.
    pixel_size : float or sequence of float
        [m]
    separate : bool
        Whether two pores that meet at several places have a throat at each; else one, of their
        summed area.
    distance : array of float, the shape of `labels`, optional
        Euclidean distance to solid, in shortest edges of a pixel [px], where it is at hand.

    Returns
    -------
    Throats
        In the order of the labels.

    Raises
    ------
    PoreError
        Where the labels are not of pores.
    """
    from rampore.pores.passes import faces

    labels = check_labels(labels)
    steps, ratio = edges(pixel_size, labels.ndim), aspect(pixel_size, labels.ndim)
    shortest, met = min(steps), faces(labels)
    pairs, pair = np.unique(met.pores @ [labels.max() + 1, 1], return_inverse=True)
    if not len(pairs):
        return Throats(np.empty((0, 2), int), np.empty(0), np.empty(0), np.empty((0, labels.ndim)))
    patch = _interfaces(met, pair, labels.shape)
    of_patch = np.zeros(patch.max() + 1, int)
    of_patch[patch] = pair
    vector = np.bincount(patch * labels.ndim + met.axis, met.sign, len(of_patch) * labels.ndim)
    vector = vector.reshape(-1, labels.ndim) * (math.prod(ratio) / np.array(ratio))
    area = np.sqrt((vector**2).sum(axis=1))
    if separate:
        order = np.argsort(of_patch, kind="stable")
        group = np.argsort(order)[patch]
        area, conns = area[order], pairs[of_patch[order]]
    else:
        group = pair
        area, conns = np.bincount(of_patch, area), pairs
    distance = _distance(labels, distance, ratio)
    reach = np.zeros(len(conns))
    np.maximum.at(reach, group, distance.ravel()[met.inner])
    count = np.bincount(group)
    middle = [np.bincount(group, along / 2 + 0.5) / count for along in met.place.T]
    return Throats(
        np.stack(np.divmod(conns, labels.max() + 1), axis=1),
        area * shortest ** (labels.ndim - 1),
        2 * reach * shortest,
        np.stack(middle, axis=1) * steps,
    )


def corner_neighbours(labels: np.ndarray) -> np.ndarray:
    """Pairs of pores that share at least a pixel's corner, (n, 2), the smaller label first."""
    labels = check_labels(labels)
    codes = []
    for step in np.ndindex(*(3,) * labels.ndim):
        step = np.subtract(step, 1)
        if tuple(step) <= (0,) * labels.ndim:
            continue
        one, other = (
            labels[
                tuple(
                    slice(max(0, s), n + min(0, s))
                    for s, n in zip(way * step, labels.shape, strict=True)
                )
            ]
            for way in (-1, 1)
        )
        met = (one != other) & (one > 0) & (other > 0)
        a, b = one[met].astype(np.int64), other[met]
        codes.append(np.unique(np.minimum(a, b) * (labels.max() + 1) + np.maximum(a, b)))
    return np.stack(np.divmod(np.unique(np.concatenate(codes)), labels.max() + 1), axis=1)


def coordination(
    labels: np.ndarray,
    found: Throats,
    recipe: Recipe | None = None,
    pixel_size: PixelSize | None = None,
) -> np.ndarray:
    """Coordination number of each pore, by the recipe's rule: what counts as a neighbour, and from
    which width on.

    Parameters
    ----------
    labels : (n0, n1[, n2]) array of int
    found : Throats
        Separate ones where the rule is ``"throats"``.
    recipe : Recipe, optional
    pixel_size : float or sequence of float, optional
        [m]; needed where the recipe names a smallest throat.

    Returns
    -------
    (n,) array of int
        Of pores 1 to n [-].
    """
    recipe = recipe or Recipe()
    if recipe.neighbours == "corners":
        pairs = corner_neighbours(labels)
    else:
        smallest = recipe.smallest_throat
        wide = (
            found.width >= smallest.pixels(pixel_size) * np.min(pixel_size)
            if smallest.value
            else slice(None)
        )
        pairs = found.pores[wide]
        if recipe.neighbours == "labels":
            pairs = np.unique(pairs, axis=0)
    return np.bincount(pairs.ravel(), minlength=np.max(labels) + 1)[1:]


def cut_by_edge(labels: np.ndarray) -> np.ndarray:
    """(n,) whether pores 1 to n reach the image's edge."""
    edges = [np.take(labels, end, axis).ravel() for axis in range(labels.ndim) for end in (0, -1)]
    reached = np.zeros(labels.max() + 1, bool)
    reached[np.concatenate(edges)] = True
    return reached[1:]


def pore_table(
    labels: np.ndarray,
    pixel_size: PixelSize,
    found: Throats | None = None,
    recipe: Recipe | None = None,
    distance: np.ndarray | None = None,
) -> pd.DataFrame:
    """A row for each pore.

    Parameters
    ----------
    labels : (n0, n1[, n2]) array of int
    pixel_size : float or sequence of float
        [m]
    found : Throats, optional
        Found from the labels by default.
    recipe : Recipe, optional
        Its counting rule.
    distance : array of float, the shape of `labels`, optional
        Euclidean distance to solid, in shortest edges of a pixel [px], where it is at hand.

    Returns
    -------
    pandas.DataFrame
        Indexed by label: ``area`` or ``volume``, ``equivalent_radius``, ``inscribed_radius`` (the
        largest distance to solid), ``position_0``, ... (centre of mass), ``boundary`` (cut by the
        image's edge), ``coordination``. The units stand in ``attrs["units"]``, the counting rule in
        ``attrs["recipe"]``.
    """
    import pandas as pd

    from rampore.pores.passes import extents

    recipe = recipe or Recipe()
    labels = check_labels(labels)
    steps, ratio = edges(pixel_size, labels.ndim), aspect(pixel_size, labels.ndim)
    shortest, distance = min(steps), _distance(labels, distance, ratio)
    found = (
        throats(labels, pixel_size, recipe.neighbours == "throats", distance)
        if found is None
        else found
    )
    each = extents(labels, distance)
    size = counted(labels, recipe) * math.prod(ratio) * shortest**labels.ndim
    measure, unit = ("area", "m2") if labels.ndim == 2 else ("volume", "m3")
    columns = {
        measure: (size, unit),
        "equivalent_radius": (equivalent_radius(size, labels.ndim), "m"),
        "inscribed_radius": (each.reach * shortest, "m"),
        **{
            f"position_{axis}": (each.middle[:, axis] * step, "m")
            for axis, step in enumerate(steps)
        },
        "boundary": (cut_by_edge(labels), "1"),
        "coordination": (coordination(labels, found, recipe, pixel_size), "1"),
    }
    table = pd.DataFrame(
        {name: values for name, (values, _) in columns.items()},
        pd.RangeIndex(1, len(size) + 1, name="label"),
    )
    table.attrs = {
        "units": {name: unit for name, (_, unit) in columns.items()},
        "recipe": recipe.as_dict(),
    }
    return table


def as_csv(table: pd.DataFrame) -> str:
    """The table as CSV: lengths, areas and volumes in um, um2, um3, each with its unit in the
    column's name.
    """
    powers = {"m": 1, "m2": 2, "m3": 3}
    columns = {}
    for name, values in table.items():
        unit = table.attrs["units"][name]
        if unit in powers:
            columns[f"{name}_u{unit}"] = (values * 1e6 ** powers[unit]).map("{:.10g}".format)
        else:
            columns[name] = values.astype(int)
    return table.iloc[:, :0].assign(**columns).to_csv(lineterminator="\n")


def network(table: pd.DataFrame, found: Throats) -> dict[str, np.ndarray]:
    """The pores and throats as PoreSpy and OpenPNM name them; SI units.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`pore_table`.
    found : Throats
        From :func:`throats`.

    Returns
    -------
    dict of str to array
        Pores are numbered from 0; sections lie at 0 along the third axis.
    """
    ndim = found.position.shape[1]
    flat = ((0, 0), (0, 3 - ndim))
    coords = np.pad(table[[f"position_{axis}" for axis in range(ndim)]].to_numpy(), flat)
    peaks = np.pad(found.position, flat)
    conns = found.pores - 1
    one, other = (np.linalg.norm(peaks - coords[end], axis=1) for end in conns.T)
    size = table["area" if ndim == 2 else "volume"].to_numpy()
    return {
        "pore.all": np.ones(len(table), bool),
        "throat.all": np.ones(len(conns), bool),
        "throat.conns": conns,
        "pore.coords": coords,
        "pore.region_label": table.index.to_numpy(),
        "pore.region_volume": size,
        "pore.volume": size,
        "pore.equivalent_diameter": 2 * table["equivalent_radius"].to_numpy(),
        "pore.extended_diameter": 2 * table["inscribed_radius"].to_numpy(),
        "pore.boundary": table["boundary"].to_numpy(),
        "pore.coordination_number": table["coordination"].to_numpy(),
        "throat.coords": peaks,
        "throat.cross_sectional_area": found.area,
        "throat.equivalent_diameter": found.width,
        "throat.inscribed_diameter": found.inscribed_diameter,
        "throat.total_length": one + other,
        "throat.direct_length": np.linalg.norm(coords[conns[:, 0]] - coords[conns[:, 1]], axis=1),
    }


def mean(
    table: pd.DataFrame,
    quantity: str,
    rng: np.random.Generator,
    weighted: bool = False,
    boundary: bool = True,
    isolated: bool = True,
    confidence: float = 0.95,
    resamples: int = 999,
) -> Mean:
    """Mean over pores, by number or by size, with a percentile bootstrap over pores.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`pore_table`.
    quantity : str
        A column of it.
    rng : numpy.random.Generator
    weighted : bool
        Whether a pore weighs as its area or volume; else all weigh the same.
    boundary, isolated : bool
        Whether pores cut by the image's edge, and pores without a neighbour, enter.
    confidence : float
        Of the interval [-].
    resamples : int
        How often the pores are drawn anew.

    Returns
    -------
    Mean
        [the column's unit]

    Raises
    ------
    PoreError
        Where no pore is left.
    """
    from scipy.stats import bootstrap

    choice("quantity", quantity, list(table.columns), PoreError)
    checked("confidence", confidence, PoreError, above=0, below=1)
    checked("resamples", resamples, PoreError, at_least=1, whole=True)
    kept = table[(boundary | ~table["boundary"]) & (isolated | (table["coordination"] > 0))]
    if not len(kept):
        raise PoreError(
            f"no pore is left to take the mean {quantity.replace('_', ' ')} of: the image has "
            f"{len(table)}"
        )
    values = kept[quantity].to_numpy(float)
    size = (
        kept["area" if "area" in kept else "volume"].to_numpy() if weighted else np.ones(len(kept))
    )
    value = float(values @ size / size.sum())
    if len(kept) == 1:
        return Mean(value, math.nan, math.nan, 1)
    interval = bootstrap(
        (values * size, size),
        lambda part, whole, axis: part.sum(axis) / whole.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=resamples,
        batch=max(1, 2_000_000 // len(kept)),
        confidence_level=confidence,
        method="percentile",
        rng=rng,
    ).confidence_interval
    return Mean(value, float(interval.low), float(interval.high), len(kept))
