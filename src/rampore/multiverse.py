"""Many recipes on the same images: what of a result is the sample, and what the way of counting."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from itertools import product
from multiprocessing import get_context
from typing import Literal, NamedTuple

import numpy as np

from rampore.arrays import FloatOrArray
from rampore.checks import known_keys, quantity
from rampore.micrograph import Micrograph, Microscope, Mixture, Phantom, PhantomElectrode, section
from rampore.pores.measuring import coordination, cut_by_edge, equivalent_radius, porosity, throats
from rampore.pores.partitioning import counted, distance_map, drop_small, partition
from rampore.pores.recipe import PoreError, Recipe
from rampore.pores.segmenting import segment

_STEPS = [field.name for field in fields(Recipe)]
#: The fields of a recipe on which its mask depends, and those on which the pores in it do before
#: any is dropped.
_MASK = tuple(_STEPS[: _STEPS.index("partition")])
_PARTS = ("partition", "metric", "smoothing", "smoothing_size", "peak_radius", "peak_blur")


#: Equally likely values of a scatter that a mean over all of them takes [-].
_SCATTERS = 10_000


class Outcomes(NamedTuple):
    """What n recipes find: a row for each recipe, a column for each group of columns of the image
    and one for all.

    A pixel at a threshold may join two pores or part them: by that much the means are known.
    """

    porosity: np.ndarray  #: of the whole [-], shape (n,)
    radius: np.ndarray  #: mean equivalent radius [m], shape (n, 1 + groups), the whole first
    coordination: np.ndarray  #: mean coordination number [-], shape (n, 1 + groups)
    pores: np.ndarray  #: that entered the mean radius [-], shape (n, 1 + groups)

    @property
    def radius_error(self) -> np.ndarray:
        """What one pore more or less is to the mean radius [m], shape (n, 1 + groups)."""
        return self.radius / np.maximum(self.pores, 1)

    @property
    def coordination_error(self) -> np.ndarray:
        """What one contact more or less is to the mean coordination number [-], shape (n, 1 +
        groups).
        """
        return 2 / np.maximum(self.pores, 1)


def at_share(
    found: Outcomes, widths: Sequence[float], share: FloatOrArray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean radius and coordination number of an image of which another share lies over holes.

    Its pores are those of the two groups of columns, as many a length as in either; for recipes in
    which every pore counts.

    Parameters
    ----------
    found : Outcomes
        Of n recipes and two groups: over foil, at a hole.
    widths : (float, float)
        Length of the image in either group [m].
    share : (m,) array
        Of the image that lies over holes [-].

    Returns
    -------
    radius, coordination : (n, m) array
        [m], [-]
    """
    quantity("share", share, PoreError, at_least=0, at_most=1)
    share = np.atleast_1d(share)
    lengths = np.stack([1 - share, share]) / np.asarray(widths)[:, np.newaxis]
    weights = found.pores[:, 1:, np.newaxis] * lengths
    weights = weights / weights.sum(axis=1, keepdims=True)
    radius, coordination = (
        (values[:, 1:, np.newaxis] * weights).sum(axis=1)
        for values in (found.radius, found.coordination)
    )
    return radius, coordination


class OverSections(NamedTuple):
    """A number of several sections."""

    mean: float  #: [the number's unit]
    deviation: float  #: standard deviation from section to section
    error: float  #: largest numerical error of one section's


def over_sections(
    sections: Sequence[Outcomes], quantity: Literal["radius", "coordination"], column: int = 0
) -> OverSections:
    """A mean of the first recipe, over sections.

    Parameters
    ----------
    sections : sequence of Outcomes
    quantity : {"radius", "coordination"}
    column : int
        Group of columns of the image; 0 for the whole.
    """
    values, errors = (
        np.array([getattr(each, name)[0, column] for each in sections])
        for name in (quantity, f"{quantity}_error")
    )
    return OverSections(float(values.mean()), float(values.std(ddof=1)), float(errors.max()))


def pairs_that_decide(
    difference: float, deviation: float, level: float = 0.05, power: float = 0.8
) -> int:
    """The least number of pairs of sections on which a t-test of either sign shows a difference.

    Parameters
    ----------
    difference : float
        To be shown [any unit].
    deviation : float
        Its standard deviation from pair to pair, which the test takes from the pairs [as
        `difference`].
    level, power : float
        How often chance alone would show one, and how often that one is shown, its sign right [-].

    Returns
    -------
    int
        2 or more: one pair knows no scatter.
    """
    from scipy.stats import chi2, norm, t

    quantity("difference", abs(difference), PoreError, above=0)
    quantity("deviation", deviation, PoreError, above=0)
    quantity("level", level, PoreError, above=0, below=1)
    quantity("power", power, PoreError, above=level, below=1)
    ratio = abs(difference) / deviation
    # With the scatter known beforehand it would take this many, and no fewer without.
    pairs = max(2, math.ceil(((norm.ppf(1 - level / 2) + norm.ppf(power)) / ratio) ** 2))
    evenly = (np.arange(_SCATTERS) + 0.5) / _SCATTERS
    while True:
        scatter = np.sqrt(chi2.ppf(evenly, pairs - 1) / (pairs - 1))  # as the pairs show it
        limit = t.ppf(1 - level / 2, pairs - 1)
        if norm.sf(limit * scatter - ratio * math.sqrt(pairs)).mean() >= power:
            return pairs
        pairs += 1


@dataclass(frozen=True)
class Specimen:
    """A section to be generated and looked at.

    Attributes
    ----------
    electrode : PhantomElectrode
    mixture : Mixture
    width, pixel_size : float
        [m]
    seed : int
        Of the grains; the microscope has a stream of its own.
    microscope : Microscope or None
        None: the mask is the truth, and recipes differ in what comes after it only.
    window : float
        In which the porosity is enforced, as in :func:`rampore.micrograph.section` [m].
    """

    electrode: PhantomElectrode
    mixture: Mixture
    width: float
    pixel_size: float
    seed: int
    microscope: Microscope | None = None
    window: float = float("inf")

    def phantom(self) -> Phantom:
        """The section, centred on the middle of a hole where there is one."""
        rng = np.random.default_rng([self.seed, 0])
        size = {
            "width": self.width,
            "pixel_size": self.pixel_size,
            "x": -self.width / 2,
            "window": self.window,
        }
        return section(self.electrode, self.mixture, rng=rng, **size)

    def image(self, phantom: Phantom | None = None) -> Micrograph:
        """What the microscope shows of it."""
        if self.microscope is None:
            raise PoreError("without a microscope there is no image of the specimen, only its mask")
        phantom = self.phantom() if phantom is None else phantom
        return self.microscope.image(phantom, np.random.default_rng([self.seed, 1]))

    def at_holes(self, phantom: Phantom) -> np.ndarray:
        """(n1,) whether a column of the image lies over a hole; nowhere on bare foil."""
        return phantom.coating[phantom.z < 0].any(axis=0)


def variations(base: Recipe, *choices: Iterable[Mapping[str, object]]) -> list[Recipe]:
    """Every combination of one change out of each group of changes to a recipe.

    Parameters
    ----------
    base : Recipe
    *choices : iterable of mapping of str to object
        Each a group; a mapping holds the fields that change together.
    """
    groups = [list(group) for group in choices]
    for group in groups:
        for change in group:
            known_keys("a recipe", change, _STEPS, PoreError)
    merged = (
        {name: value for change in combination for name, value in change.items()}
        for combination in product(*groups)
    )
    return [replace(base, **change) for change in merged]


def outcomes(
    mask_of: Callable[[Recipe], np.ndarray],
    recipes: Sequence[Recipe],
    pixel_size: float,
    group: np.ndarray | None = None,
    region: np.ndarray | None = None,
) -> Outcomes:
    """What recipes find on one image, each step done once for all the recipes that share it.

    Parameters
    ----------
    mask_of : callable
        The (n0, n1) mask that a recipe's segmentation gives.
    recipes : sequence of Recipe, length n
    pixel_size : float
        [m]
    group : (n1,) array of int, optional
        Group of each column of the image, from 0; a pore belongs to that of its middle.
    region : (n0, n1) array of bool, optional
        What the porosity is a share of.

    Returns
    -------
    Outcomes
        NaN where no pore is left to take a mean of.
    """
    if group is not None:
        quantity("group", group, PoreError, at_least=0, whole=True)
    groups = 0 if group is None else int(np.max(group)) + 1
    share, count = np.empty(len(recipes)), np.zeros((len(recipes), 1 + groups), int)
    radius, number = np.full((2, len(recipes), 1 + groups), np.nan)
    for alike in _by(recipes, range(len(recipes)), _MASK):
        mask = mask_of(recipes[alike[0]])
        share[alike] = porosity(mask, region)
        distance = distance_map(mask)
        for same in _by(recipes, alike, _PARTS):
            whole = partition(mask, replace(recipes[same[0]], smallest_part=0), pixel_size)
            for left in _by(recipes, same, ("watershed_lines", "smallest_part")):
                labels = drop_small(whole, recipes[left[0]])
                size = counted(labels, recipes[left[0]]) * pixel_size**labels.ndim
                radii, edge = equivalent_radius(size, labels.ndim), cut_by_edge(labels)
                where = _groups(labels, group)
                found = throats(labels, pixel_size, True, distance)
                for rule in _by(recipes, left, ("neighbours", "smallest_throat")):
                    neighbours = coordination(labels, found, recipes[rule[0]], pixel_size)
                    for k in rule:
                        kept = where & (recipes[k].boundary | ~edge)
                        connected = kept & (recipes[k].isolated | (neighbours > 0))
                        count[k] = kept.sum(axis=1)
                        radius[k], number[k] = _means(radii, kept), _means(neighbours, connected)
    return Outcomes(share, radius, number, count)


def _by(
    recipes: Sequence[Recipe], among: Iterable[int], names: Sequence[str]
) -> Iterable[list[int]]:
    """Numbers of the recipes that share the values of some fields."""
    alike: dict[tuple, list[int]] = {}
    for k in among:
        alike.setdefault(tuple(getattr(recipes[k], name) for name in names), []).append(k)
    return alike.values()


def _groups(labels: np.ndarray, group: np.ndarray | None) -> np.ndarray:
    """(1 + groups, pores) whether a pore belongs to the whole, and to each group."""
    every = np.ones((1, labels.max()), bool)
    if group is None:
        return every
    inside = np.flatnonzero(labels)
    number = labels.ravel()[inside]
    column = np.bincount(number, inside % labels.shape[1])[1:] / np.bincount(number)[1:]
    mine = np.asarray(group)[np.round(column).astype(int)]
    return np.concatenate([every, mine == np.arange(group.max() + 1)[:, None]])


def _means(values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    count = kept.sum(axis=1)
    return np.divide(kept @ values, count, out=np.full(len(kept), np.nan), where=count > 0)


def generate(specimens: Sequence[Specimen], workers: int = 1) -> list[Phantom]:
    """The sections of specimens, on some processes."""
    return _each(Specimen.phantom, workers, specimens)


def survey(jobs: Sequence[tuple[Specimen, Sequence[Recipe]]], workers: int = 1) -> list[Outcomes]:
    """Generate specimens, look at each, and see what its recipes find: in the whole, over foil, at
    the holes.

    The sample's outline is taken as known: thresholds are found within it.

    Parameters
    ----------
    jobs : sequence of (Specimen, sequence of Recipe)
    workers : int
        Processes; the longest jobs should come first.

    Returns
    -------
    list of Outcomes
        Of each job.
    """
    return _each(_examine, workers, *zip(*jobs, strict=True))


def _each(task: Callable, workers: int, *arguments: Sequence) -> list:
    quantity("workers", workers, PoreError, at_least=1, whole=True)
    if workers == 1:
        return list(map(task, *arguments))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(task, *arguments))


def _examine(specimen: Specimen, recipes: Sequence[Recipe]) -> Outcomes:
    phantom = specimen.phantom()
    region, group = phantom.coating, specimen.at_holes(phantom).astype(int)
    if specimen.microscope is None:
        return outcomes(lambda recipe: phantom.pore, recipes, specimen.pixel_size, group, region)
    grey = specimen.image(phantom).grey

    def mask_of(recipe: Recipe) -> np.ndarray:
        return segment(grey, "dark", recipe, specimen.pixel_size, region)

    return outcomes(mask_of, recipes, specimen.pixel_size, group, region)
