"""``rampore discharge``: one discharge of a cell from a BPX file, with its files and its figure."""

import argparse
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rampore.checks import quantity
from rampore.commands.files import together
from rampore.cycler import polyline
from rampore.extras import LEFT_OUT, installed, needs
from rampore.p4d import bpx
from rampore.p4d.cell import Cell, Electrode, Perforation, Swelling
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Mesh, Solution
from rampore.p4d.time import State
from rampore.simple import COLUMNS, discharge
from rampore.storage import netcdf
from rampore.structure import files as structure

if TYPE_CHECKING:
    import xarray

#: of --collector perforated, where they are not given
HOLES = {"hole_um": 75.0, "pitch_um": 160.0, "foil_um": 15.0}


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
    holes = _holes(args)
    c_rate = quantity("--c-rate", args.c_rate, CellError)
    cell = _in_stack(_with_cutoffs(read_cell(args.cell, report), args), args)
    if args.collector is not None:
        cell = replace(cell, perforation=holes)
    if args.structure is not None:
        if args.collector is not None:
            raise CellError("--collector has no effect beside --structure, which has its own holes")
        cell = structured(cell, args.structure)
    columns = tuple(args.columns or COLUMNS[cell.has_pattern])
    mesh = Mesh(tuple(args.layers), columns)
    with together(args.output) as folder:
        progress = _Progress(cell, c_rate, report)
        solution = discharge(cell, c_rate, mesh=mesh, progress=progress).solution
        summary = summarise(cell, solution, c_rate) | {"validity_left": progress.validity.left()}
        write(solution, summary, folder)
    for told in (*summary["validity_left"], *filter(None, solution.exhausted), *_at_once(summary)):
        report(f"note: {told}")
    if not installed("pyvista"):
        report(f"note: {LEFT_OUT.format('files for ParaView', 'paraview')}")
    return summary


def read_cell(path: Path, report: Callable[[str], object]) -> Cell:
    """A cell from a BPX file; what is remarked of the file is reported."""
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        cell = bpx.read(path)
    for remark in remarks:
        if not issubclass(remark.category, DeprecationWarning):
            report(f"note: {remark.message}")
    return cell


def structured(cell: Cell, path: Path) -> Cell:
    """A cell with the structure of a file, and one voltage."""
    cell = cell.with_structure(structure.read(path))
    if not cell.tied:
        raise CellError(
            "one current says nothing of each face: let the positive foils of [back] be tied"
        )
    return cell


def _at_once(summary):
    """What a reader should know of a run that gave nothing."""
    if summary["ended_by"] == "voltage at once":
        yield (
            f"as soon as {summary['current_density_A_per_m2']:g} A/m2 flow the voltage is "
            f"{summary['final_voltage_V']:.4f} V, beyond its cut-off: no charge passes"
        )


def _option(name):
    return "--" + name.replace("_", "-")


def _holes(args):
    """The perforation that the options describe; None where they ask for none."""
    given = {name: value for name in HOLES if (value := getattr(args, name)) is not None}
    if args.collector != "perforated":
        if given:
            raise CellError(
                f"{_option(next(iter(given)))} has no effect without --collector perforated"
            )
        return None
    lengths = HOLES | given
    return Perforation(
        *(1e-6 * quantity(_option(name), lengths[name], CellError, above=0) for name in HOLES)
    )


def _with_cutoffs(cell, args):
    """The cell between the cut-offs of the options; each of them must be able to end the run."""
    given = {"lower_cutoff": args.lower_cutoff, "upper_cutoff": args.upper_cutoff}
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        quantity(f"{_option(name)}-V", value, CellError)
    useless = "upper_cutoff" if args.c_rate > 0 else "lower_cutoff"
    if useless in given:
        raise CellError(
            f"{_option(useless)}-V has no effect on a run that ends at the other cut-off"
        )
    return replace(cell, **given)


def _in_stack(cell, args):
    """The cell in the stack of the options, which must have something to make room for."""
    given = {
        name: value
        for name in ("sharing", "reservoir_um", "least_porosity")
        if (value := getattr(args, name)) is not None
    }
    for name, value in given.items():
        quantity(_option(name), value, CellError)
    if given and not cell.swells:
        raise CellError(
            f"{_option(next(iter(given)))} has no effect on materials that keep their volume: the "
            "file has no 'Volume change of ...'"
        )
    if "reservoir_um" in given:
        given["reservoir"] = 1e-6 * given.pop("reservoir_um")
    return replace(cell, swelling=Swelling(**given)) if given else cell


class Validity:
    """How far concentrations went in a run, against where properties were measured."""

    def __init__(self, cell: Cell) -> None:
        self._electrolyte = cell.electrolyte
        self._members = [
            (name, material)
            for name, electrode in cell.electrodes.items()
            if isinstance(electrode, Electrode)
            for material in electrode.materials
        ]
        self._salt, self._surfaces = [np.inf, -np.inf], [[np.inf, -np.inf] for _ in self._members]

    def __call__(self, state: State) -> tuple[float, float]:
        """Take a state in; gives its lowest and highest salt concentration [mol/m3]."""
        from rampore.p4d.equations import C

        salt = np.nanmin(state.u[:, C]), np.nanmax(state.u[:, C])
        for span, values in zip([self._salt, *self._surfaces], [salt, *state.x], strict=True):
            span[:] = min(span[0], np.min(values)), max(span[1], np.max(values))
        return salt

    def left(self) -> list[str]:
        """Where the run was beyond what properties were measured at, one line for each."""
        electrolyte = self._electrolyte
        spans = [("salt [mol/m3]", self._salt, (electrolyte.lowest, electrolyte.validity))]
        for (side, material), span in zip(self._members, self._surfaces, strict=True):
            spans.append(
                (f"surface stoichiometry, {side} {material.name}", span, material.validity)
            )
        return [
            f"{name} went from {span[0]:.5g} to {span[1]:.5g}; its properties are valid from "
            f"{valid[0]:.5g} to {valid[1]:.5g} and held beyond"
            for name, span, valid in spans
            if span[0] < valid[0] or span[1] > valid[1]
        ]


class _Progress:
    """A line for every twentieth of an hour at 1C, and how far concentrations went."""

    def __init__(self, cell, c_rate, report):
        self._cell, self._rate, self._report, self._next = cell, c_rate / 3600.0, report, 0.0
        self.validity = Validity(cell)

    def __call__(self, state):
        given, salt = self._rate * state.time, self.validity(state)
        if abs(given) >= self._next:
            self._report(
                f"{state.time:9.1f} s  state of charge "
                f"{100 * (self._cell.state_of_charge - given):5.1f} %  "
                f"{state.voltage:.4f} V  salt {salt[0]:.0f} to {salt[1]:.0f} mol/m3"
            )
            self._next += 0.05


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

    These are ``discharge.csv``, a :func:`polyline`, ``.png`` and ``.svg``, ``fields.nc``, for
    ParaView ``fields_0.vtr`` and so on, one for each time of the fields (with the extra
    ``paraview``), and last ``summary.json``.
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
    if installed("pyvista"):
        for number, grid in enumerate(paraview(data)):
            grid.save(output / f"fields_{number}.vtr")
    (output / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


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
