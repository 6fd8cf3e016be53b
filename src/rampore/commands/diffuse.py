"""``rampore diffuse``: diffusion through a segmented image or volume along its axes: numbers,
profiles, figures, and where they are asked for the fields.
"""

import argparse
import gc
import json
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rampore import micrograph
from rampore.commands import images
from rampore.commands.files import together
from rampore.diffusion import (
    Diffusion,
    DiffusionError,
    electrode_tortuosity,
    most_pixels,
    steady_diffusion,
)
from rampore.extras import LEFT_OUT, installed, needs
from rampore.figures.diffusion import overview
from rampore.representative import Interval, interval
from rampore.simple import conducting
from rampore.storage import netcdf
from rampore.style import render_both

#: Balance of fluxes in the parts of an image, whose scatter is larger by far [-].
OF_PARTS = 1e-3

#: Columns of the table of directions, as they stand in ``diffusion.json``.
TABLE = (
    "axis",
    "porosity",
    "percolating_fraction",
    "relative_diffusivity",
    "tortuosity_factor",
    "macmullin_number",
    "electrode_tortuosity_factor",
)


def run(options: argparse.Namespace) -> None:
    """Do what the command line says: ``directions.csv``, a profile and a figure for each axis, the
    fields where they are asked for, and ``diffusion.json``, written last.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the subcommand, see ``rampore diffuse --help``.

    Raises
    ------
    micrograph.MicrographError, DiffusionError, PartsError
        The image, a phase or an axis cannot be used.
    multigrid.ConvergenceError
        The balance of fluxes that is asked for was not reached.
    """
    file, part = images.chosen(options)
    _say(f"reading {', '.join(repr(str(path)) for path in options.image[:3])}")
    image = micrograph.read_labels(file, max_pixels=most_pixels(), **part)
    images.tell(image, _say, cropped=part["crop"] is not None)
    phases = dict(options.phase)
    diffusivity = conducting(image.label, phases)
    axes = _axes(options.axis, diffusivity.ndim)
    if (image.label == image.label.flat[0]).all():
        _say(f"note: every pixel has the label {image.label.flat[0]:g}")
    spacing = 1.0 if image.pixel_size is None else image.pixel_size
    with together(options.output) as folder:
        entries = {
            "image": ", ".join(path.name for path in options.image),
            "phases": [
                {"label": label, "relative_diffusivity": value} for label, value in phases.items()
            ],
            "sides": options.sides,
            "tolerance": options.tolerance,
        }
        if options.representative:
            _say("parts of the image: porosity")
            whole = interval(diffusivity > 0, np.mean, spacing=spacing)
            entries["porosity_interval"] = _interval(whole, image.pixel_size)
        directions = []
        for axis in axes:
            result = _solve(diffusivity, axis, spacing, options)
            found = summary(result, image.pixel_size)
            name = f"_{axis}" if len(axes) > 1 else ""
            write(result, image.label, image.pixel_size, folder, name, options.fields)
            del result  # its memory is needed for what follows
            gc.collect()  # drawing leaves cycles behind, which hold the fields
            if options.electrode:
                found["electrode_tortuosity_factor"] = _electrode(
                    diffusivity, axis, spacing, options.sides
                )
            if options.representative:
                found["relative_diffusivity_interval"] = _parts(
                    diffusivity, axis, spacing, options.sides, found, image.pixel_size
                )
            directions.append(found)
        # one direction stands in the open, several in a row
        entries = (directions[0] if len(axes) == 1 else {}) | entries | {"directions": directions}
        _table(directions, folder / "directions.csv")
        (folder / "diffusion.json").write_text(
            json.dumps(entries, indent=2, allow_nan=False) + "\n", encoding="utf-8"
        )
    if options.fields and not installed("pyvista"):
        _say(f"note: {LEFT_OUT.format('a file for ParaView', 'paraview')}")
    for found in directions:
        factor = found["tortuosity_factor"]
        shown = "nothing percolates" if factor is None else f"tortuosity factor {factor:.4f}"
        if found.get("electrode_tortuosity_factor") is not None:
            shown += f", of the electrode {found['electrode_tortuosity_factor']:.4f}"
        _say(f"axis {found['axis']}: porosity {found['porosity']:.4f}, {shown}")
    _say(f"{options.output / 'diffusion.json'}")


def _say(step: str) -> None:
    print(f"rampore diffuse: {step}", file=sys.stderr, flush=True)


def _axes(asked: Sequence[int], ndim: int) -> list[int]:
    """The axes from 0 on, each once.

    Raises
    ------
    DiffusionError
        Where the image has no such axis, or two names are of one.
    """
    for axis in asked:
        if not -ndim <= axis < ndim:
            raise DiffusionError(f"there is no axis {axis}: the image has {ndim}, from 0")
    axes = [axis % ndim for axis in asked]
    if len(set(axes)) < len(axes):
        raise DiffusionError(f"the axes {', '.join(map(str, asked))} name one of them twice")
    return axes


def _solve(diffusivity: np.ndarray, axis: int, spacing, options) -> Diffusion:
    _say(f"solving {' x '.join(map(str, diffusivity.shape))} pixels along axis {axis}")
    return steady_diffusion(
        diffusivity,
        axis,
        spacing=spacing,
        sides=options.sides,
        tolerance=options.tolerance,
        progress=lambda step, imbalance: _say(
            f"iteration {step}: fluxes differ by {imbalance:.1e}"
        ),
    )


def _electrode(diffusivity: np.ndarray, axis: int, spacing, sides: str) -> float | None:
    """The factor that impedance sees; None where there are no walls, or none is reached."""
    _say(f"charging the walls from axis {axis}")
    try:
        factor = electrode_tortuosity(diffusivity, axis, spacing=spacing, sides=sides)[0]
    except DiffusionError as error:
        _say(f"note: {error}")
        return None
    return factor if math.isfinite(factor) else None


def _parts(diffusivity, axis: int, spacing, sides: str, found: dict, size) -> dict:
    _say(f"parts of the image: diffusion along axis {axis}")

    def measure(part: np.ndarray) -> float:
        return steady_diffusion(
            part, axis, spacing=spacing, sides=sides, tolerance=OF_PARTS
        ).relative_diffusivity

    known, threads = found["relative_diffusivity"], os.cpu_count() or 1
    return _interval(
        interval(diffusivity, measure, spacing=spacing, value=known, threads=threads), size
    )


def _interval(found: Interval, size) -> dict:
    """An interval as JSON has it; lengths in um, or in pixels where their size is not known."""
    unit, factor = ("px", 1.0) if size is None else ("um", 1e6)
    needed = found.size_for_five_percent
    return {
        "low": found.low,
        "high": found.high,
        f"edge_for_5_percent_{unit}": factor * needed if math.isfinite(needed) else None,
        "parts": [
            {
                "count": each.count,
                f"edges_{unit}": [factor * edge for edge in each.edges],
                "mean": float(each.values.mean()),
                "standard_deviation": float(each.values.std(ddof=1)),
            }
            for each in found.parts
        ],
    }


def _table(directions: list[dict], path: Path) -> None:
    import pandas as pd

    table = pd.DataFrame(directions)
    table = table[[name for name in TABLE if name in table]]
    table.to_csv(path, index=False, float_format="%.8g", lineterminator="\n")


def summary(result: Diffusion, size: float | tuple[float, ...] | None) -> dict:
    """What ``diffusion.json`` holds of a direction: plain numbers, units in their names; null for
    what is infinite or not known.

    Parameters
    ----------
    result : Diffusion
    size : float, tuple of float or None
        Edge of a voxel, or one for each axis [m].
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
        "voxel_um": images.in_um(size),
    }


def write(
    result: Diffusion,
    label: np.ndarray,
    size: float | tuple[float, ...] | None,
    folder: Path,
    name: str = "",
    fields: bool = False,
) -> None:
    """Write the profile of a direction, its figure, and where they are asked for its fields as
    NetCDF and, with the extra ``paraview``, for ParaView.

    Parameters
    ----------
    result : Diffusion
    label : array, shape of the image
    size : float, tuple of float or None
        Edge of a voxel, or one for each axis [m].
    folder : Path
    name : str
        Put behind the names of the files.
    fields : bool
    """
    if result.relative_diffusivity:
        _profile(result, size, folder / f"profile{name}.csv")
    figure = overview(result, label, size)
    for form, image in render_both(figure, f"diffusion{name}").items():
        (folder / f"diffusion{name}.{form}").write_bytes(image)
    if fields:
        _fields(result, label, size, folder, name)


def _profile(result: Diffusion, size, path: Path) -> None:
    along = result.profile()
    unit, factor = ("px", 1.0) if size is None else ("um", 1e6)
    np.savetxt(
        path,
        np.column_stack([factor * along.position, along.diffusivity, along.tortuosity_factor]),
        "%.8g",
        ",",
        header=f"position_{unit},mean_diffusivity,tortuosity_factor",
        comments="",
    )


def _fields(result: Diffusion, label: np.ndarray, size, folder: Path, name: str) -> None:
    import xarray

    unit = "voxel" if size is None else "m"
    steps = np.broadcast_to(1.0 if size is None else size, label.ndim).tolist()
    shape = label.shape
    fields = {
        "label": (label.astype(np.uint8) if label.dtype == bool else label, "1"),
        "concentration": (result.concentration.astype(np.float32), "1"),
    }
    names = [f"axis{number}" for number in range(label.ndim)]
    places = {
        name: (name, step * (np.arange(n) + 0.5), {"units": unit})
        for name, n, step in zip(names, shape, steps, strict=True)
    }
    data = xarray.Dataset(
        {name: (names, values, {"units": held}) for name, (values, held) in fields.items()}
        | {"flux": (["component", *names], result.flux.astype(np.float32), {"units": f"1/{unit}"})},
        places | {"component": ("component", names)},
        {"title": "steady diffusion: concentration over that of the inlet, flux over D_0 times it"},
    )
    coding = {name: {"compression": "gzip", "compression_opts": 1} for name in data.data_vars}
    (folder / f"fields{name}.nc").write_bytes(netcdf(data, coding))
    if installed("pyvista"):
        _paraview(data, shape, steps).save(folder / f"fields{name}.vti")


def _paraview(data, shape: tuple[int, ...], steps: list[float]):
    """The fields as boxes that ParaView shows."""
    with needs("paraview"):
        import pyvista

    grid = pyvista.ImageData(
        dimensions=[*(n + 1 for n in shape), *[1] * (3 - len(shape))],
        spacing=[*steps, *[1.0] * (3 - len(shape))],
    )
    for name in ("label", "concentration"):
        grid.cell_data[name] = data[name].values.ravel(order="F")
    flux = np.zeros((math.prod(shape), 3), np.float32)
    for number, component in enumerate(data["flux"].values):
        flux[:, number] = component.ravel(order="F")
    grid.cell_data["flux"] = flux
    return grid
