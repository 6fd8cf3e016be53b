"""From a grey image to all that is measured on it, by one recipe."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore.pores.measuring import (
    Mean,
    Throats,
    mean,
    pore_table,
    porosity,
    throats,
)
from rampore.pores.partitioning import check_parted, distance_map, partition
from rampore.pores.recipe import PixelSize, Recipe, aspect, edges
from rampore.pores.segmenting import segment

if TYPE_CHECKING:
    import pandas as pd

UM = 1e6  #: um in a metre


class Analysis(NamedTuple):
    """What a recipe finds on an image."""

    recipe: Recipe
    pixel_size: PixelSize  #: one edge, or one for each axis where they differ [m]
    mask: np.ndarray  #: True in a pore, the shape of the image
    labels: np.ndarray  #: 0 in the solid, 1, 2, ... in the pores
    throats: Throats
    table: pd.DataFrame  #: a row for each pore
    porosity: float  #: [-], of the region where one is given

    def means(
        self, rng: np.random.Generator, weighted: bool = False, resamples: int = 999
    ) -> tuple[Mean, Mean]:
        """Mean equivalent radius [m] and mean coordination number [-], by the recipe's counting
        rule.

        Parameters
        ----------
        rng : numpy.random.Generator
            For the bootstrap.
        weighted : bool
            Whether a pore weighs as its area or volume.
        resamples : int
        """
        rule = {"weighted": weighted, "boundary": self.recipe.boundary, "resamples": resamples}
        return (
            mean(self.table, "equivalent_radius", rng, **rule),
            mean(self.table, "coordination", rng, isolated=self.recipe.isolated, **rule),
        )


def analyse(
    grey: np.ndarray,
    pores: str,
    pixel_size: PixelSize,
    recipe: Recipe | None = None,
    region: np.ndarray | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Analysis:
    """Segment a grey image, part its pores, and measure them.

    Parameters
    ----------
    grey : (n0, n1[, n2]) array
        Grey values, of any scale.
    pores : {"dark", "bright"}
        Which side of the threshold is pore.
    pixel_size : float or sequence of float
        Edge of a pixel, or one for each axis [m].
    recipe : Recipe, optional
    region : array of bool, the shape of `grey`, optional
        Where the sample is.
    progress : callable, optional
        Told the name of each step when it starts.

    Returns
    -------
    Analysis

    Raises
    ------
    PoreError
        Where the image cannot be segmented or parted.
    """
    recipe = recipe or Recipe()
    edges(pixel_size, np.ndim(grey))
    mask = segment(grey, pores, recipe, pixel_size, region, progress)
    return measure(mask, pixel_size, recipe, region, progress)


def measure(
    mask: np.ndarray,
    pixel_size: PixelSize,
    recipe: Recipe | None = None,
    region: np.ndarray | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Analysis:
    """Part the pores of a mask and measure them: :func:`analyse` without the segmenting."""
    recipe = recipe or Recipe()
    mask = check_parted(mask)
    ratio = aspect(pixel_size, mask.ndim)
    progress(f"pores: {recipe.partition}")
    distance = distance_map(mask, ratio=ratio)
    labels = partition(mask, recipe, pixel_size, distance)
    progress("throats and sizes")
    found = throats(labels, pixel_size, recipe.neighbours == "throats", distance)
    table = pore_table(labels, pixel_size, found, recipe, distance)
    return Analysis(recipe, pixel_size, mask, labels, found, table, porosity(mask, region))


def summary(
    analysis: Analysis, by_number: tuple[Mean, Mean], by_size: tuple[Mean, Mean]
) -> dict[str, object]:
    """What ``pores.json`` holds: lengths in um, each with its unit in its name; numbers to 10
    digits.

    Parameters
    ----------
    analysis : Analysis
    by_number, by_size : (Mean, Mean)
        What :meth:`Analysis.means` gives, not weighted and weighted.
    """
    entries: dict[str, object] = {"porosity": analysis.porosity}
    for weight, (radius, number) in (("", by_number), ("_weighted_by_size", by_size)):
        for name, unit, found, factor in (
            ("mean_equivalent_radius", "_um", radius, UM),
            ("mean_coordination_number", "", number, 1),
        ):
            entries[f"{name}{weight}{unit}"] = factor * found.value
            entries[f"{name}{weight}_interval_95{unit}"] = [factor * found.low, factor * found.high]
    width = analysis.throats.width
    entries |= {
        "pore_count": len(analysis.table),
        "pores_in_mean_radius": by_number[0].pores,
        "pores_in_mean_coordination_number": by_number[1].pores,
        "isolated_pore_count": int((analysis.table["coordination"] == 0).sum()),
        "boundary_pore_count": int(analysis.table["boundary"].sum()),
        "throat_count": len(width),
        "mean_throat_width_um": UM * width.mean() if len(width) else None,
        "shape_px": list(analysis.mask.shape),
        "pixel_um": _in_um(analysis.pixel_size),
        "recipe": analysis.recipe.as_dict(),
    }
    return written(entries)


def _in_um(pixel_size: PixelSize) -> float | list[float]:
    if isinstance(pixel_size, float):
        return UM * pixel_size
    return [UM * edge for edge in pixel_size]


def written(value: object) -> object:
    """Numbers to 10 digits, so that the last bits of a sum do not show; None for what is not a
    number.
    """
    if isinstance(value, dict):
        return {name: written(each) for name, each in value.items()}
    if isinstance(value, list):
        return [written(each) for each in value]
    if isinstance(value, float):
        return float(f"{value:.10g}") if math.isfinite(value) else None
    return value
