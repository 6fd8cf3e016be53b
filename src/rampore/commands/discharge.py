"""``rampore discharge``: one discharge of a cell from a BPX file, with its files and its figure."""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rampore.checks import quantity
from rampore.commands import cells
from rampore.commands.files import together
from rampore.cycler import polyline
from rampore.extras import LEFT_OUT, installed, needs
from rampore.p4d.cell import Cell
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Solution
from rampore.simple import discharge
from rampore.storage import netcdf

if TYPE_CHECKING:
    import xarray


def run(args: argparse.Namespace, report: Callable[[str], object] = print) -> dict:
    """Do what the command line says; returns the summary.

    Parameters
    ----------
    args : argparse.Namespace
        The options of the subcommand, see ``rampore discharge --help``.
    report : callable
        Takes a line of progress.

    Raises
    ------
    CellError
        The file or an option makes no sense, or has no effect.
    SolverError
        The discharge cannot be computed.
    """
    c_rate = quantity("--c-rate", args.c_rate, CellError)
    cell = cells.read(args, [c_rate], report, args.sharing)
    mesh = cells.mesh_of(cell, args)
    with together(args.output) as folder:
        progress = cells.RunProgress(cell, report)
        solution = discharge(cell, c_rate, mesh=mesh, progress=progress).solution
        summary = summarise(cell, solution, c_rate) | {"validity_left": progress.left()}
        write(solution, summary, folder)
    for told in (
        *summary["validity_left"],
        *filter(None, solution.exhausted),
        *_at_once(summary, solution),
    ):
        report(f"note: {told}")
    if not installed("pyvista"):
        report(f"note: {LEFT_OUT.format('files for ParaView', 'paraview')}")
    return summary


def _at_once(summary, solution):
    """What a reader should know of a run that gave nothing."""
    if summary["ended_by"] == "voltage at once":
        asked, voltage = summary["current_density_A_per_m2"], summary["final_voltage_V"]
        flows = float(solution.dataset.current_density[-1])
        yield (
            f"as soon as {asked:g} A/m2 flow the voltage is {voltage:.4f} V, beyond its cut-off"
            if abs(flows / asked - 1) < 1e-6
            else f"at {voltage:.4f} V, its cut-off, {flows:.4g} A/m2 flow, not {asked:g}"
        ) + ": no charge passes"


def summarise(cell: Cell, solution: Solution, c_rate: float) -> dict:
    """What ``summary.json`` holds: plain numbers in named units."""
    data = solution.dataset
    time, voltage = data.time.values, data.voltage.values
    energy = np.trapezoid(voltage * data.current_density.values, time)
    return (
        {
            "c_rate": c_rate,
            "one_c_A_per_m2": cell.one_c,
            "current_density_A_per_m2": c_rate * cell.one_c,
            "ended_by": solution.ends[-1],
            "exhausted": solution.exhausted[-1],
            "duration_s": float(time[-1]),
            "capacity_Ah_per_m2": solution.capacity / 3600,
            "energy_Wh_per_m2": float(energy) / 3600,
            "mean_voltage_V": float(energy) / solution.capacity if solution.capacity else None,
            "open_circuit_voltage_V": float(voltage[0]),
            "final_voltage_V": float(voltage[-1]),
            "salt_lowest_mol_per_m3": float(data.c_e_min.min()),
            "salt_highest_mol_per_m3": float(data.c_e_max.max()),
            "electrolyte": cell.electrolyte.source,
            "electrolyte_valid_from_mol_per_m3": cell.electrolyte.lowest,
            "electrolyte_valid_to_mol_per_m3": cell.electrolyte.validity,
            "open_fraction": cell.open_fraction,
            "temperature_K": cell.temperature,
            "conservation": solution.conservation._asdict(),
            "steps": solution.counts,
        }
        | (plating(solution) if c_rate < 0 else {})
        | swelling(data)
        | (faces(data) if cell.back else {})
    )


def faces(data: "xarray.Dataset") -> dict:
    """What each face of the negative foil gave, and what went through the holes."""
    last = data.isel(time=-1)
    return {
        "faces": {
            name: {
                "capacity_Ah_per_m2": float(last[f"capacity_{name}"]) / 3600,
                "current_density_A_per_m2": float(last[f"current_density_{name}"]),
            }
            for name in ("front", "back")
        },
        "lithium_through_holes_mol_per_m2": float(last.lithium_through_holes),
        "salt_through_holes_mol_per_m2": float(last.salt_through_holes),
    }


def plating(solution: Solution) -> dict:
    """The least margin against plating of a charge, where and when."""
    if "plating_margin" not in solution.dataset:
        return {}
    margin = solution.plating_margin()
    return {
        "plating_margin_V": margin.value,
        "plating_margin_s": margin.time,
        "plating_margin_um": [1e6 * place for place in margin[2:]],
    }


def swelling(data: "xarray.Dataset") -> dict:
    """Thickness at the start and the end, and the least porosity, where materials swell."""
    names = [name for name in data if name.startswith("thickness")]
    return {
        f"{name}_um": [1e6 * float(value) for value in data[name].values[[0, -1]]] for name in names
    } | ({"porosity_least": float(data.porosity_min.min())} if names else {})


def write(solution: Solution, summary: dict, output: Path) -> None:
    """Write what a discharge gave into a folder.

    These are ``discharge.csv``, a :func:`~rampore.cycler.polyline`, ``.png`` and ``.svg``,
    ``fields.nc``, for ParaView ``fields_0.vtr`` and so on, one for each time of the fields (with
    the extra ``paraview``), and last ``summary.json``.
    """
    from rampore.figures.p4d import voltage_parts
    from rampore.style import render_both

    output = Path(output)
    data = solution.dataset
    time, voltage = polyline(data.time.values, data.voltage.values)
    capacity = np.interp(time, data.time.values, data.capacity.values)
    np.savetxt(
        output / "discharge.csv",
        np.column_stack([time, voltage, capacity / 3600]),
        delimiter=",",
        header="time_s,voltage_V,capacity_Ah_m2",
        comments="",
        fmt="%.9g",
    )
    (output / "fields.nc").write_bytes(netcdf(data))
    for form, image in render_both(voltage_parts(data)).items():
        (output / f"discharge.{form}").write_bytes(image)
    write_paraview(data, output, "fields")
    (output / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def write_paraview(data: "xarray.Dataset", folder: Path, name: str) -> None:
    """Write ``NAME_0.vtr`` and so on into a folder, one for each time of the fields, where the
    extra ``paraview`` is installed.
    """
    if installed("pyvista"):
        for number, grid in enumerate(paraview(data)):
            grid.save(folder / f"{name}_{number}.vtr")


def paraview(data: "xarray.Dataset") -> Iterator:
    """The fields at each of their times as a grid of boxes that ParaView shows.

    Parameters
    ----------
    data : xarray.Dataset
        ``dataset`` of a :class:`rampore.p4d.solution.Solution`.

    Yields
    ------
    pyvista.RectilinearGrid
        Lengths in um; every field with its unit, not a number where there is none of it.
    """
    with needs("paraview"):
        import pyvista

    edges = [1e6 * data[f"{axis}_edge"].values for axis in "xyz"]
    for number, time in enumerate(data.field_time.values):
        grid = pyvista.RectilinearGrid(*edges)
        for name, field in data.isel(field_time=number).items():
            if field.dims == ("x", "y", "z"):
                grid.cell_data[f"{name} [{field.attrs['units']}]"] = field.values.ravel(order="F")
        grid.field_data["time [s]"] = [float(time)]
        yield grid
