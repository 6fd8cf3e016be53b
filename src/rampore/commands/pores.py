"""``rampore pores``: the pores of one image, with their files and their figure."""

import argparse
import sys

from rampore import micrograph, pores
from rampore.commands.files import together
from rampore.figures.pores import report
from rampore.simple import analyse_pores


def run(options: argparse.Namespace) -> None:
    """Do what the command line says: ``pores.json``, ``pores.csv``, ``labels.tif`` and a figure,
    written last.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the subcommand, see ``rampore pores --help``.

    Raises
    ------
    micrograph.MicrographError, pores.PoreError
        The image or the recipe cannot be used.
    """
    recipe = pores.read_recipe(*options.recipe)
    _say("reading")
    pixel_size = None if options.pixel_um is None else options.pixel_um * 1e-6
    crop = (options.rows, options.columns) if options.rows or options.columns else None
    image = micrograph.read(
        options.image, pixel_size=pixel_size, page=options.page, crop=crop, override=True
    )
    with together(options.output) as folder:
        analysis = analyse_pores(image, options.pores, recipe=recipe, progress=_say).analysis
        _say("means and figure")
        for name, content in report(image.grey, analysis, options.pores).items():
            (folder / name).write_bytes(content)
    _say(
        f"{options.output / 'pores.json'}: {len(analysis.table)} pores, porosity "
        f"{analysis.porosity:.3f}"
    )


def _say(step: str) -> None:
    print(f"rampore pores: {step}", file=sys.stderr, flush=True)
