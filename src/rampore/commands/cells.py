"""The cell that a command runs: its file, the options on its foil, its stack and its mesh, and what
a run tells on its way.
"""

import argparse
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rampore.checks import quantity
from rampore.p4d import bpx
from rampore.p4d.cell import Cell, Electrode, Perforation, Swelling
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Mesh
from rampore.p4d.time import State
from rampore.simple import COLUMNS
from rampore.structure import files as structure

LAYERS = (20, 10, 20)  #: cells through negative electrode, separator and positive electrode

#: of --collector perforated, where they are not given
HOLES = {"hole_um": 75.0, "pitch_um": 160.0, "foil_um": 15.0}


def read(
    args: argparse.Namespace,
    rates: Sequence[float],
    report: Callable[[str], object],
    sharing: float | None = None,
) -> Cell:
    """The cell of the file ``args.cell`` with what the other options change of it.

    Parameters
    ----------
    args : argparse.Namespace
        ``cell``, ``collector``, ``structure``, ``hole_um``, ``pitch_um``, ``foil_um``,
        ``lower_cutoff``, ``upper_cutoff``, ``reservoir_um`` and ``least_porosity``.
    rates : sequence of float
        Over 1C, of the steps that the cell is for [-].
    report : callable
        Takes a line, of what the reader of the file remarks.
    sharing : float, optional
        Of what swells [-].

    Raises
    ------
    CellError
        The file or an option makes no sense, or has no effect.
    """
    holes = _holes(args)
    cell = read_file(args.cell, report)
    cell = in_stack(_with_cutoffs(cell, args, rates), args, sharing)
    if args.collector is not None:
        cell = replace(cell, perforation=holes)
    if args.structure is not None:
        if args.collector is not None:
            raise CellError("--collector has no effect beside --structure, which has its own holes")
        cell = structured(cell, args.structure)
    return cell


def read_file(
    path: Path,
    report: Callable[[str], object],
    soc: float | None = None,
    temperature: float | None = None,
) -> Cell:
    """A cell from a BPX file, see :func:`rampore.p4d.bpx.read`; what is remarked of it is
    reported.
    """
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        cell = bpx.read(path, soc, temperature)
    for remark in remarks:
        if not issubclass(remark.category, DeprecationWarning):
            report(f"note: {remark.message}")
    return cell


def structured(cell: Cell, path: Path) -> Cell:
    """A cell with the structure of a file, and one voltage."""
    return with_one_voltage(cell.with_structure(structure.read(path)))


def with_one_voltage(cell: Cell) -> Cell:
    """The cell, whose faces one current must say all of."""
    if not cell.tied:
        raise CellError(
            "one current says nothing of each face: let the positive foils of [back] be tied"
        )
    return cell


def mesh_of(cell: Cell, args: argparse.Namespace) -> Mesh:
    """The mesh of ``args.layers`` and ``args.columns``, by default the coarsest that is enough."""
    return Mesh(tuple(args.layers or LAYERS), tuple(args.columns or COLUMNS[cell.has_pattern]))


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


def _with_cutoffs(cell, args, rates):
    """The cell between the cut-offs of the options; each of them must be able to end a step."""
    given = {"lower_cutoff": args.lower_cutoff, "upper_cutoff": args.upper_cutoff}
    given = {name: value for name, value in given.items() if value is not None}
    ending = {"lower_cutoff": any(r > 0 for r in rates), "upper_cutoff": any(r < 0 for r in rates)}
    for name, value in given.items():
        quantity(f"{_option(name)}-V", value, CellError)
        if not ending[name]:
            raise CellError(
                f"{_option(name)}-V has no effect on a run that ends at the other cut-off"
            )
    return replace(cell, **given)


def in_stack(cell: Cell, args: argparse.Namespace, sharing: float | None) -> Cell:
    """The cell in the stack of ``args.reservoir_um`` and ``args.least_porosity`` and at a sharing,
    which must have something to make room for.
    """
    options = {
        "sharing": sharing,
        "reservoir_um": args.reservoir_um,
        "least_porosity": args.least_porosity,
    }
    given = {name: value for name, value in options.items() if value is not None}
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
        """Take a state in; returns its lowest and highest salt concentration [mol/m3]."""
        from rampore.p4d.equations import C

        salt = np.nanmin(state.u[:, C]), np.nanmax(state.u[:, C])
        for span, values in zip(self.spans, [salt, *state.x], strict=True):
            span[:] = (
                min(span[0], float(np.min(values))),
                max(span[1], float(np.max(values))),
            )
        return salt

    @property
    def spans(self) -> list[list[float]]:
        """Lowest and highest salt concentration [mol/m3], and surface stoichiometry of each
        material [-].
        """
        return [self._salt, *self._surfaces]

    def take_up(self, spans: Sequence[Sequence[float]]) -> None:
        """Go on from the :attr:`spans` of another run of the same cell."""
        for span, (low, high) in zip(self.spans, spans, strict=True):
            span[:] = float(low), float(high)

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


class RunProgress:
    """A line for every twentieth of an hour at 1C, and how far concentrations went.

    Parameters
    ----------
    cell : Cell
    report : callable
        Takes a line.
    """

    def __init__(self, cell: Cell, report: Callable[[str], object]) -> None:
        self._cell, self._report, self._validity = cell, report, Validity(cell)
        self._given, self._passed, self._next = 0.0, 0.0, 0.0

    def __call__(self, state: State) -> None:
        charge = state.current * state.step / (3600.0 * self._cell.one_c)
        self._given, self._passed = self._given + charge, self._passed + abs(charge)
        salt = self._validity(state)
        if self._passed >= self._next:
            self._report(
                f"{state.time:9.1f} s  state of charge "
                f"{100 * (self._cell.state_of_charge - self._given):5.1f} %  "
                f"{state.voltage:.4f} V  salt {salt[0]:.0f} to {salt[1]:.0f} mol/m3"
            )
            self._next += 0.05

    def left(self) -> list[str]:
        """Where the run was beyond what properties were measured at, one line for each."""
        return self._validity.left()
