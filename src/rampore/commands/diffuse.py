"""``rampore diffuse``: diffusion through a segmented image or volume, with its fields and its
figure.
"""

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np

from rampore import micrograph
from rampore.commands.files import together
from rampore.diffusion import Diffusion, most_pixels, steady_diffusion
from rampore.extras import LEFT_OUT, installed, needs
from rampore.figures.diffusion import overview
from rampore.simple import conducting
from rampore.storage import netcdf
from rampore.style import render


def run(options: argparse.Namespace) -> None:
    """Do what the command line says: ``fields.nc``, ``fields.vti``, a figure and
    ``diffusion.json``, written last.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the subcommand, see ``rampore diffuse --help``.

    Raises
    ------
    micrograph.MicrographError, DiffusionError
        The image or a phase cannot be used.
    multigrid.ConvergenceError
        The balance of fluxes that is asked for was not reached.
    """
    _say(f"reading {str(options.image)!r}")
    image = micrograph.read_labels(
        options.image,
        page=options.page,
        shape=options.shape,
        dtype=options.dtype or "uint8",
        max_pixels=most_pixels(),
    )
    size = image.pixel_size if options.voxel_um is None else 1e-6 * options.voxel_um
    phases = dict(options.phase)
    diffusivity = conducting(image.label, phases)
    if (image.label == image.label.flat[0]).all():
        _say(f"note: every pixel has the label {image.label.flat[0]:g}")
    with together(options.output) as folder:
        _say(f"solving {' x '.join(map(str, diffusivity.shape))} pixels along axis {options.axis}")
        result = steady_diffusion(
            diffusivity,
            options.axis,
            spacing=1.0 if size is None else size,
            sides=options.sides,
            tolerance=options.tolerance,
            progress=lambda step, imbalance: _say(
                f"iteration {step}: fluxes differ by {imbalance:.1e}"
            ),
        )
        entries = summary(result, size) | {
            "image": options.image.name,
            "phases": [
                {"label": label, "relative_diffusivity": value} for label, value in phases.items()
            ],
            "sides": options.sides,
            "tolerance": options.tolerance,
        }
        _say("fields and figure")
        write(result, image.label, size, entries, folder)
    if not installed("pyvista"):
        _say(f"note: {LEFT_OUT.format('a file for ParaView', 'paraview')}")
    factor = (
        f"tortuosity factor {result.tortuosity_factor:.4f}"
        if result.relative_diffusivity
        else "nothing percolates"
    )
    _say(
        f"{options.output / 'diffusion.json'}: porosity {result.conducting_fraction:.4f}, {factor}"
    )


def _say(step: str) -> None:
    print(f"rampore diffuse: {step}", file=sys.stderr, flush=True)


def summary(result: Diffusion, size: float | None) -> dict:
    """What ``diffusion.json`` holds: plain numbers, units in their names; null for what is infinite
    or not known.

    Parameters
    ----------
    result : Diffusion
    size : float or None
        Edge of a voxel [m].
    """
    flows = result.relative_diffusivity > 0
    return {
        "porosity": result.conducting_fraction,
        "percolating_fraction": result.percolating_fraction,
        "percolates": flows,
        "relative_diffusivity": result.relative_diffusivity,
        "tortuosity_factor": result.tortuosity_factor if flows else None,
        "macmullin_number": result.macmullin_number if flows else None,
        "mean_diffusivity": result.mean_diffusivity,
        "imbalance": result.imbalance,
        "iterations": result.iterations,
        "axis": result.axis,
        "shape_px": list(result.concentration.shape),
        "voxel_um": None if size is None else 1e6 * size,
    }


def write(
    result: Diffusion, label: np.ndarray, size: float | None, entries: dict, folder: Path
) -> None:
    """Write the fields as NetCDF and, with the extra ``paraview``, for ParaView; the figure, and
    `entries`, into a folder.

    Parameters
    ----------
    result : Diffusion
    label : array, shape of the image
    size : float or None
        Edge of a voxel [m].
    entries : dict
    folder : Path
    """
    import xarray

    step, unit = (1.0, "voxel") if size is None else (size, "m")
    shape = label.shape
    fields = {
        "label": (label.astype(np.uint8) if label.dtype == bool else label, "1"),
        "concentration": (result.concentration.astype(np.float32), "1"),
    }
    names = [f"axis{number}" for number in range(label.ndim)]
    places = {
        name: (name, step * (np.arange(n) + 0.5), {"units": unit})
        for name, n in zip(names, shape, strict=True)
    }
    data = xarray.Dataset(
        {name: (names, values, {"units": held}) for name, (values, held) in fields.items()}
        | {"flux": (["component", *names], result.flux.astype(np.float32), {"units": f"1/{unit}"})},
        places | {"component": ("component", names)},
        {"title": "steady diffusion: concentration over that of the inlet, flux over D_0 times it"},
    )
    coding = {name: {"compression": "gzip", "compression_opts": 1} for name in data.data_vars}
    (folder / "fields.nc").write_bytes(netcdf(data, coding))

    if installed("pyvista"):
        _paraview(data, label.shape, step).save(folder / "fields.vti")

    figure = overview(result, label, size)
    for form in ("png", "svg"):
        (folder / f"diffusion.{form}").write_bytes(render(figure, form, "diffusion"))
    (folder / "diffusion.json").write_text(
        json.dumps(entries, indent=2, allow_nan=False) + "\n", encoding="utf-8"
    )


def _paraview(data, shape: tuple[int, ...], step: float):
    """The fields as boxes that ParaView shows."""
    with needs("paraview"):
        import pyvista

    grid = pyvista.ImageData(
        dimensions=[*(n + 1 for n in shape), *[1] * (3 - len(shape))], spacing=(step,) * 3
    )
    for name in ("label", "concentration"):
        grid.cell_data[name] = data[name].values.ravel(order="F")
    flux = np.zeros((math.prod(shape), 3), np.float32)
    for number, component in enumerate(data["flux"].values):
        flux[:, number] = component.ravel(order="F")
    grid.cell_data["flux"] = flux
    return grid
