"""``rampore discharge``: one discharge of a cell from a BPX file, with its files and its figure."""

import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from rampore.commands.files import together
from rampore.figures.p4d import voltage_parts
from rampore.figures.style import render
from rampore.p4d import bpx
from rampore.p4d.cell import Perforation
from rampore.p4d.equations import C
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Mesh, Step, simulate
from rampore.storage import netcdf


def run(args, report=print):
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
        The file or an option makes no sense.
    SolverError
        The discharge cannot be computed.
    """
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        cell = bpx.read(args.cell)
    for remark in remarks:
        report(f"note: {remark.message}")
    if args.collector == "bare":
        cell = replace(cell, perforation=None)
    elif args.collector == "perforated":
        cell = replace(cell, perforation=Perforation(args.hole_um * 1e-6, args.pitch_um * 1e-6, args.foil_um * 1e-6))
    cell = replace(
        cell,
        lower_cutoff=cell.lower_cutoff if args.lower_cutoff is None else args.lower_cutoff,
        upper_cutoff=cell.upper_cutoff if args.upper_cutoff is None else args.upper_cutoff,
    )
    if args.c_rate == 0:
        raise CellError("a C-rate of 0 discharges nothing")
    columns = tuple(args.columns or ((8, 14) if cell.perforation else (1, 1)))
    current = args.c_rate * cell.one_c
    cutoff = cell.lower_cutoff if current > 0 else cell.upper_cutoff
    solution = simulate(
        cell,
        [Step("current", current, until_voltage=cutoff, until_time=3 * 3600.0 / abs(args.c_rate))],
        Mesh(tuple(args.layers), columns),
        progress=_Progress(cell, current, report),
    )
    summary = summarise(cell, solution, args.c_rate)
    with together(args.output) as folder:
        write(solution, summary, folder)
    return summary


class _Progress:
    """A line for every twentieth of the charge of an hour at 1C."""

    def __init__(self, cell, current, report):
        self._cell, self._rate, self._report, self._next = cell, current / (3600.0 * cell.one_c), report, 0.0

    def __call__(self, state):
        given = self._rate * state.time
        if abs(given) >= self._next:
            salt = state.u[:, C]
            self._report(
                f"{state.time:9.1f} s  state of charge {100 * (self._cell.state_of_charge - given):5.1f} %  "
                f"{state.voltage:.4f} V  salt {salt.min():.0f} to {salt.max():.0f} mol/m3"
            )
            self._next += 0.05


def summarise(cell, solution, c_rate):
    """What ``summary.json`` holds: plain numbers in named units."""
    data = solution.dataset
    time, voltage = data.time.values, data.voltage.values
    energy = np.trapezoid(voltage * data.current_density.values, time)
    return {
        "c_rate": c_rate,
        "one_c_A_per_m2": cell.one_c,
        "current_density_A_per_m2": c_rate * cell.one_c,
        "ended_by": solution.ends[-1],
        "duration_s": float(time[-1]),
        "capacity_Ah_per_m2": solution.capacity / 3600,
        "energy_Wh_per_m2": float(energy) / 3600,
        "mean_voltage_V": float(energy) / solution.capacity,
        "open_circuit_voltage_V": float(voltage[0]),
        "final_voltage_V": float(voltage[-1]),
        "salt_lowest_mol_per_m3": float(data.c_e_min.min()),
        "salt_highest_mol_per_m3": float(data.c_e_max.max()),
        "electrolyte": cell.electrolyte.source,
        "electrolyte_valid_to_mol_per_m3": cell.electrolyte.validity,
        "open_fraction": cell.perforation.open_fraction if cell.perforation else 0.0,
        "temperature_K": cell.temperature,
        "conservation": solution.conservation._asdict(),
        "steps": solution.counts,
    }


def write(solution, summary, output):
    """Write what a discharge gave into a folder.

    These are ``discharge.csv``, ``.png`` and ``.svg``, ``fields.nc``, for ParaView ``fields_0.vtr`` and so on, one for
    each time of the fields, and last ``summary.json``.
    """
    output = Path(output)
    data = solution.dataset
    np.savetxt(
        output / "discharge.csv",
        np.column_stack([data.time, data.voltage, data.capacity / 3600]),
        delimiter=",",
        header="time_s,voltage_V,capacity_Ah_m2",
        comments="",
        fmt="%.9g",
    )
    (output / "fields.nc").write_bytes(netcdf(data))
    (output / "discharge.png").write_bytes(render(voltage_parts(data), "png"))
    (output / "discharge.svg").write_bytes(render(voltage_parts(data), "svg"))
    for number, grid in enumerate(paraview(data)):
        grid.save(output / f"fields_{number}.vtr")
    (output / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def paraview(data):
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
    import pyvista

    edges = [1e6 * data[f"{axis}_edge"].values for axis in "xyz"]
    for number, time in enumerate(data.field_time.values):
        grid = pyvista.RectilinearGrid(*edges)
        for name, field in data.isel(field_time=number).items():
            if field.dims == ("x", "y", "z"):
                grid.cell_data[f"{name} [{field.attrs['units']}]"] = field.values.ravel(order="F")
        grid.field_data["time [s]"] = [float(time)]
        yield grid
