"""``rampore pores``: the pores of an image, grey or segmented, their files and their figure."""

import argparse
import csv
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rampore import micrograph, pores
from rampore.arrays import distinct
from rampore.commands import images
from rampore.commands.files import together
from rampore.figures.pores import comparison, report
from rampore.kernels import announced
from rampore.pores import Analysis, Comparison, Recipe
from rampore.pores.comparing import EVENED
from rampore.pores.recipe import PixelSize
from rampore.simple import PORE_SECONDS, analyse_pores, conducting
from rampore.style import render_both

UM = 1e6  #: um in a metre

#: So few values are those of labels rather than of a grey image.
FEW_VALUES = 4

#: Said where nobody chose how to segment.
ONE_THRESHOLD = (
    "note: one threshold between two phases in even light is taken; --phases 2, or as many as "
    "there are, segments in six ways side by side, of which three hold in uneven light"
)

#: What a recipe says of segmenting.
STEPS = (
    "background",
    "background_size",
    "denoise",
    "denoise_size",
    "threshold",
    "threshold_classes",
    "threshold_window",
    "threshold_value",
    "threshold_offset",
)

#: What is measured where ways stand side by side.
MOST = f"most, {EVENED}"

#: Shares of the volume at which a distribution of sizes is read off [-].
SHARES = (0.1, 0.5, 0.9)


def run(options: argparse.Namespace) -> None:
    """Do what the command line says: ``pores.csv``, ``throats.csv``, ``network.npz``,
    ``labels.tif``, a figure and ``pores.json``, written last; where it is asked for the structure
    too.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the subcommand, see ``rampore pores --help``.

    Raises
    ------
    micrograph.MicrographError, pores.PoreError, DiffusionError
        The image, a label or the recipe cannot be used.
    """
    recipe = pores.read_recipe(*options.recipe)
    _say("reading")
    file, part = images.chosen(options)
    measure = _grey if options.phase is None else _segmented
    image, asked, analyse = measure(options, file, part, recipe)
    with together(options.output) as folder:
        analysis, extra = analyse(folder), {}
        if options.structure:
            _say("structure")
            extra, tables = structure(analysis)
            for name, content in tables.items():
                (folder / name).write_text(content, encoding="utf-8")
        _say("means and figure")
        network: dict[str, Any] = {**pores.network(analysis.table, analysis.throats)}
        np.savez_compressed(folder / "network.npz", **network)
        (folder / "throats.csv").write_text(throats_csv(analysis), encoding="utf-8")
        for name, content in report(image, analysis, asked, extra=extra).items():
            (folder / name).write_bytes(content)
    _say(
        f"{options.output / 'pores.json'}: {len(analysis.table)} pores, porosity "
        f"{analysis.porosity:.3f}"
    )


def _say(step: str) -> None:
    print(f"rampore pores: {step}", file=sys.stderr, flush=True)


def _grey(options: argparse.Namespace, file: images.File, part: dict, recipe: Recipe):
    image = micrograph.read(file, override=True, **part)
    images.tell(image, _say, cropped=part["crop"] is not None)
    if (count := distinct(image.grey).size) <= FEW_VALUES:
        _say(f"note: it has {count} values; if they are labels, name those of pores by --phase")

    def analyse(folder: Path) -> Analysis:
        if options.phases is None:
            if not _changed(recipe):
                _say(ONE_THRESHOLD)
            return analyse_pores(image, options.pores, recipe=recipe, progress=_say).analysis
        _refuse_steps(recipe)
        with announced(PORE_SECONDS):
            found = pores.compare(
                image.grey, options.pores, options.phases, image.pixel_size, recipe, _say
            )
            return side_by_side(image.grey, found, image.pixel_size, recipe, folder)

    return image.grey, options.pores, analyse


def _refuse_steps(recipe: Recipe) -> None:
    """Refuse a recipe that says how to segment, where the number of phases says it already."""
    if changed := _changed(recipe):
        raise pores.PoreError(
            f"{changed[0]} would have no effect with --phases, which segments in ways of its own"
        )


def _changed(recipe: Recipe) -> list[str]:
    """The steps of segmenting that are not as they are by default."""
    usual = Recipe()
    return [step for step in STEPS if getattr(recipe, step) != getattr(usual, step)]


def side_by_side(
    grey: np.ndarray, found: Comparison, pixel_size: PixelSize, recipe: Recipe, folder: Path
) -> Analysis:
    """What most of the ways on evened light find, measured; the table of all six ways and their
    figure are written.

    Parameters
    ----------
    grey : array
    found : Comparison
    pixel_size : float or sequence of float
        [m]
    recipe : Recipe
    folder : Path
    """
    rows, masks = {}, {**found.masks, MOST: found.mask}
    analyses = {}
    for name, mask in masks.items():
        _say(f"measuring: {name}")
        analyses[name] = pores.measure(mask, pixel_size, recipe)
        radius, number = analyses[name].means(np.random.default_rng(0), resamples=1)
        porosity, count = analyses[name].porosity, len(analyses[name].table)
        rows[name] = (porosity, count, radius.value, number.value)
    columns = ["porosity", "pores", "mean_radius", "mean_coordination"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    written = table.assign(mean_radius_um=UM * table["mean_radius"]).drop(columns="mean_radius")
    written.to_csv(folder / "ways.csv", index_label="way", float_format="%.8g", lineterminator="\n")
    figure = comparison(grey, found, table, pixel_size)
    for form, image in render_both(figure, "ways").items():
        (folder / f"ways.{form}").write_bytes(image)
    spread = table["porosity"].iloc[:-1]
    _say(f"porosity {spread.min():.3f} to {spread.max():.3f} by {len(spread)} ways")
    return analyses[MOST]


def _segmented(options: argparse.Namespace, file: images.File, part: dict, recipe: Recipe):
    image = micrograph.read_labels(file, **part)
    images.tell(image, _say, cropped=part["crop"] is not None)
    if (pixel_size := image.pixel_size) is None:
        raise micrograph.MicrographError(
            "the pixel size is not known: give it by --voxel-um, in um"
        )
    mask = np.asarray(conducting(image.label, options.phase), bool)
    asked = "label " + ", ".join(f"{each:g}" for each in options.phase)

    def analyse(folder: Path) -> Analysis:
        return pores.measure(mask, pixel_size, recipe, progress=_say)

    return image.label, asked, analyse


def throats_csv(analysis: Analysis) -> str:
    """A row for each throat: the labels of its two pores, its size, its place; lengths in um."""
    found, ndim = analysis.throats, analysis.labels.ndim
    power, size = (1, "length_um") if ndim == 2 else (2, "area_um2")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    places = [f"position_{axis}_um" for axis in range(ndim)]
    writer.writerow(["pore_1", "pore_2", size, "width_um", "inscribed_diameter_um", *places])
    columns = (
        UM**power * found.area,
        UM * found.width,
        UM * found.inscribed_diameter,
        *(UM * found.position.T),
    )
    for pair, *values in zip(found.pores, *columns, strict=True):
        writer.writerow([*pair, *(f"{value:.10g}" for value in values)])
    return text.getvalue()


def structure(analysis: Analysis) -> tuple[dict, dict[str, str]]:
    """What ``pores.json`` holds of the mask as it is, and the tables that go with it.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    entries : dict
        Lengths in um, each with its unit in its name.
    tables : dict of str to str
        By the name of their files: the correlation along each axis, and the particles of the solid.
    """
    mask, size = analysis.mask, analysis.pixel_size
    surface = pores.specific_surface(mask, size)
    chords = [pores.chord_lengths(mask, size, axis) for axis in range(mask.ndim)]
    thickness = pores.local_thickness(mask, size).quantiles(SHARES)
    particles = pores.measure(~mask, size, analysis.recipe).table
    volume = particles["area" if mask.ndim == 2 else "volume"].to_numpy()
    diameter = 2 * particles["equivalent_radius"].to_numpy()
    order = np.argsort(diameter)
    below = np.cumsum(volume[order]) / volume.sum()
    entries = {
        "specific_surface_per_um": surface / UM,
        "mean_chord_um": [UM * float(each.mean()) if each.size else None for each in chords],
        "local_thickness_um": dict(zip(_names(), (UM * each for each in thickness), strict=True)),
        "particle_count": len(particles),
        "particle_diameter_um": {
            name: UM * float(diameter[order][np.searchsorted(below, share)])
            for name, share in zip(_names(), SHARES, strict=True)
        },
    }
    tables = {"particles.csv": pores.as_csv(particles)}
    for axis in range(mask.ndim):
        found = pores.two_point_correlation(mask, size, axis)
        rows = zip(UM * found.distance, found.probability, strict=True)
        tables[f"correlation_{axis}.csv"] = "distance_um,probability\n" + "".join(
            f"{distance:.8g},{probability:.8g}\n" for distance, probability in rows
        )
    return {"structure": entries}, tables


def _names() -> list[str]:
    return [f"d{100 * share:.0f}" for share in SHARES]
