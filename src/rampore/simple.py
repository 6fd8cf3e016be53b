"""The short way to what most people come for, with defaults and results that show themselves.

``import rampore`` offers what stands here. A function takes what the one before it gave, and keeps
what that knew, such as the size of a pixel; a result prints as a few lines, shows as a table in a
notebook, and draws itself by its ``plot``. What lies behind it is an attribute of it, and the
module to go on with is named there.
"""

from __future__ import annotations

import html
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from rampore import RamporeError
from rampore.arrays import distinct
from rampore.checks import choice, quantity

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from rampore.collector import PerforatedFoil
    from rampore.diffusion import Diffusion
    from rampore.energy import Design, EnergyDensity, Stack
    from rampore.impedance.fitting import Fit
    from rampore.impedance.judging import Adequacy
    from rampore.impedance.kramers_kronig import KramersKronig
    from rampore.impedance.screening import Screening
    from rampore.impedance.spectrum import Spectrum
    from rampore.micrograph import Labels, Micrograph
    from rampore.micrograph.reading import PixelSize
    from rampore.p4d.cell import Cell
    from rampore.p4d.solution import Mesh, Solution, Step, Tolerances
    from rampore.p4d.time import State
    from rampore.pores import Analysis, Mean, Recipe

#: Boxes along x and y of the unit cell of a perforated foil, and of a bare one.
COLUMNS = {True: (8, 14), False: (1, 1)}

#: What the kernels take to compile on one slow core, of cells, of diffusion and of pores [s].
CELL_SECONDS, DIFFUSION_SECONDS, PORE_SECONDS = 40.0, 6.0, 10.0

HOUR = 3600.0  #: [s]
UM = 1e6  #: um in a metre
PERCENT = 100.0


class WrongKindError(RamporeError, TypeError):
    """What was passed is of another kind than what is needed; the message says what to write."""

    exit_code = 2


class _Shown(ABC):
    """A result that a terminal shows as lines and a notebook as a table."""

    title: ClassVar[str]

    @abstractmethod
    def rows(self) -> list[tuple[str, str]]:
        """What is shown: names, and values with their units."""

    def __repr__(self) -> str:
        rows = self.rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join([self.title, *(f"  {name:{width}}  {value}" for name, value in rows)])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for name, value in self.rows()
        )
        return f"<table><caption>{html.escape(self.title)}</caption>{rows}</table>"


# ── Cells ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False, repr=False)
class CellRun(_Shown):
    """A cell that was run, per area of the cell.

    Attributes
    ----------
    cell : Cell
    solution : Solution
        Everything, see :mod:`rampore.p4d.solution`.
    """

    title: ClassVar[str] = "a cell that was run"
    cell: Cell
    solution: Solution

    @property
    def dataset(self) -> xr.Dataset:
        """Series over time and fields in x, y and z, with their units."""
        return self.solution.dataset

    @property
    def time(self) -> np.ndarray:
        """(n,) [s]"""
        return self.dataset.time.values

    @property
    def voltage(self) -> np.ndarray:
        """(n,) [V]"""
        return self.dataset.voltage.values

    @property
    def capacity(self) -> float:
        """Charge that the cell gave; negative where it took it up [C/m2]."""
        return self.solution.capacity

    @property
    def energy(self) -> float:
        """Energy that the cell gave [J/m2]."""
        return float(np.trapezoid(self.voltage * self.dataset.current_density.values, self.time))

    def rows(self) -> list[tuple[str, str]]:
        shown = [
            ("capacity", f"{self.capacity / HOUR:.4g} A h/m2"),
            ("energy", f"{self.energy / HOUR:.4g} W h/m2"),
            ("voltage", f"{self.voltage[0]:.4f} V to {self.voltage[-1]:.4f} V"),
            ("duration", f"{self.time[-1]:.4g} s, ended by {' and '.join(self.solution.ends)}"),
            (
                "salt",
                f"{float(self.dataset.c_e_min.min()):.0f} to "
                f"{float(self.dataset.c_e_max.max()):.0f} mol/m3",
            ),
        ]
        shown += [("exhausted", told) for told in self.solution.exhausted if told]
        if self.cell.has_pattern:
            shown.append(
                ("open fraction of the foil", f"{PERCENT * self.cell.open_fraction:.3g} %")
            )
        return shown

    def plot(self) -> Figure:
        """Voltage over charge, above the parts that it loses."""
        from rampore.figures.p4d import voltage_parts

        return voltage_parts(self.dataset)


def read_bpx(path: str | os.PathLike) -> Cell:
    """Read a cell from a BPX file.

    Parameters
    ----------
    path : path

    Raises
    ------
    CellError
        The file, or something in it, cannot be used.
    """
    from rampore.p4d import bpx

    return bpx.read(path)


def simulate(
    cell: Cell,
    steps: Step | Sequence[Step],
    *,
    foil: PerforatedFoil | None = None,
    filling: Literal["electrolyte", "coating"] = "electrolyte",
    mesh: Mesh | None = None,
    tolerances: Tolerances | None = None,
    progress: Callable[[State], None] | None = None,
) -> CellRun:
    """Run a protocol on a cell, with the three-dimensional Doyle-Fuller-Newman model.

    Parameters
    ----------
    cell : Cell
    steps : Step or sequence of Step
    foil : PerforatedFoil, optional
        In place of the negative foil that the cell has.
    filling : {"electrolyte", "coating"}
        What is in the holes of `foil`.
    mesh : Mesh, optional
    tolerances : Tolerances, optional
    progress : callable, optional
        Called with every :class:`~rampore.p4d.time.State`.

    Raises
    ------
    CellError, SolverError
        The cell makes no sense, or cannot be computed.
    """
    from rampore.kernels import announced
    from rampore.p4d import solution
    from rampore.p4d.time import Step

    cell = _on_foil(cell, foil, filling)
    steps = [steps] if isinstance(steps, Step) else list(steps)
    if mesh is None:
        mesh = solution.Mesh(columns=COLUMNS[cell.has_pattern])
    with announced(CELL_SECONDS):
        return CellRun(cell, solution.simulate(cell, steps, mesh, tolerances, progress=progress))


def discharge(
    cell: Cell,
    c_rate: float = 1.0,
    *,
    foil: PerforatedFoil | None = None,
    filling: Literal["electrolyte", "coating"] = "electrolyte",
    mesh: Mesh | None = None,
    tolerances: Tolerances | None = None,
    progress: Callable[[State], None] | None = None,
) -> CellRun:
    """Discharge a cell at constant current to its lower cut-off, or charge it to its upper one.

    Parameters
    ----------
    cell : Cell
    c_rate : float
        Current over 1C; negative charges [-].
    foil, filling, mesh, tolerances, progress
        As in :func:`simulate`.

    Raises
    ------
    CellError, SolverError
        The cell makes no sense, is empty (or full) at the start, or cannot be computed.
    """
    from rampore.p4d.errors import CellError
    from rampore.p4d.time import Step

    cell = _on_foil(cell, foil, filling)
    if quantity("C-rate", c_rate, CellError) == 0:
        raise CellError("a C-rate of 0 discharges nothing")
    step = Step(
        "current",
        c_rate * cell.one_c,
        until_voltage=_cutoff(cell, c_rate),
        until_time=3 * HOUR / abs(c_rate),
    )
    return simulate(cell, step, mesh=mesh, tolerances=tolerances, progress=progress)


def _on_foil(cell: Cell, foil: PerforatedFoil | None, filling: str) -> Cell:
    from rampore.collector import PerforatedFoil
    from rampore.p4d.cell import Cell, Perforation

    if not isinstance(cell, Cell):
        raise WrongKindError(
            f"a Cell is needed, not {_kind(cell)}: read one by rampore.read_bpx('cell.json'), or "
            "take rampore.examples.cell()"
        )
    if foil is None:
        return cell
    if not isinstance(foil, PerforatedFoil):
        raise WrongKindError(
            f"foil = {_kind(foil)}: write rampore.PerforatedFoil(hole_diameter=75e-6, "
            "pitch=160e-6, thickness=15e-6), lengths in m"
        )
    return replace(
        cell,
        perforation=Perforation(foil.hole_diameter, foil.pitch, foil.thickness, filling),
    )


def _cutoff(cell: Cell, c_rate: float) -> float:
    """The cut-off that the run goes to, where there is a way to it [V]."""
    from rampore.p4d.errors import CellError

    start = cell.open_circuit_voltage
    if c_rate > 0:
        if cell.state_of_charge == 0:
            raise CellError(
                "the cell starts empty, at a state of charge of 0: there is nothing to discharge"
            )
        if not start > cell.lower_cutoff:
            raise CellError(
                f"the cell starts at {start:.4f} V, not above the lower cut-off of "
                f"{cell.lower_cutoff:g} V"
            )
        return cell.lower_cutoff
    if cell.state_of_charge == 1:
        raise CellError(
            "the cell starts full, at a state of charge of 1: there is nothing to charge"
        )
    if not start < cell.upper_cutoff:
        raise CellError(
            f"the cell starts at {start:.4f} V, not below the upper cut-off of "
            f"{cell.upper_cutoff:g} V"
        )
    return cell.upper_cutoff


# ── Images ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False, repr=False)
class PoreNetwork(_Shown):
    """The pores of an image.

    Attributes
    ----------
    image : Micrograph
    pores : {"dark", "bright"}
    analysis : Analysis
        Mask, labels, throats and a table of the pores, see :mod:`rampore.pores`.
    """

    title: ClassVar[str] = "the pores of an image"
    image: Micrograph
    pores: str
    analysis: Analysis

    @property
    def pixel_size(self) -> PixelSize:
        """Edge of a pixel, or one for each axis where they differ [m]."""
        return self.analysis.pixel_size

    @property
    def mask(self) -> np.ndarray:
        """True in a pore, the shape of the image."""
        return self.analysis.mask

    @property
    def table(self) -> pd.DataFrame:
        """A row for each pore."""
        return self.analysis.table

    @property
    def porosity(self) -> float:
        """Share of the image that is pore [-]."""
        return self.analysis.porosity

    @cached_property
    def _means(self) -> tuple[Mean, Mean]:
        return self.analysis.means(np.random.default_rng(0))

    @property
    def radius(self) -> Mean:
        """Mean equivalent radius, with its interval [m]."""
        return self._means[0]

    @property
    def coordination(self) -> Mean:
        """Mean number of neighbours, with its interval [-]."""
        return self._means[1]

    def rows(self) -> list[tuple[str, str]]:
        radius, number = self._means
        return [
            ("pores", str(len(self.table))),
            ("porosity", f"{PERCENT * self.porosity:.1f} %"),
            (
                "mean radius",
                f"{UM * radius.value:.3g} µm ({UM * radius.low:.3g} to {UM * radius.high:.3g})",
            ),
            (
                "mean coordination number",
                f"{number.value:.2f} ({number.low:.2f} to {number.high:.2f})",
            ),
            ("pixel", _edges(self.pixel_size)),
        ]

    def plot(self) -> Figure:
        """The image and its pores, the porosity along it, radii and coordination numbers."""
        from rampore.figures.pores import overview, profile

        return overview(self.image.grey, self.analysis, profile(self.analysis), *self._means)


def read_image(
    image: str | os.PathLike | Sequence[str | os.PathLike] | np.ndarray,
    pixel_size: float | Sequence[float] | None = None,
    **options: Any,
) -> Micrograph:
    """Read a grey cross-section or volume.

    Parameters
    ----------
    image : path, sequence of paths or array
        A file, a folder of slices, or several files that are slices.
    pixel_size : float or sequence of float, optional
        Edge of a pixel, or one for each axis, where the file does not say it [m].
    **options
        Page, channel, crop and others, as in :func:`rampore.micrograph.read`.

    Raises
    ------
    MicrographError
        The image cannot be used as it is, or nobody says the size of its pixels.
    """
    from rampore import micrograph

    return micrograph.read(image, pixel_size, **options)


def read_labels(image: str | os.PathLike | Sequence[str | os.PathLike], **options: Any) -> Labels:
    """Read a segmented section or volume, one number for each phase.

    Parameters
    ----------
    image : path or sequence of paths
        A file, of which pages are a volume, a folder of slices, or several files that are slices.
    **options
        Pixel size, page, channel, crop, shape and type of a raw file and others, as in
        :func:`rampore.micrograph.read_labels`.

    Raises
    ------
    MicrographError
        The file cannot be used.
    """
    from rampore import micrograph

    return micrograph.read_labels(image, **options)


def analyse_pores(
    image: Micrograph | str | os.PathLike | np.ndarray,
    pores: Literal["dark", "bright"],
    *,
    pixel_size: float | None = None,
    recipe: Recipe | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> PoreNetwork:
    """Find and measure the pores of a grey cross-section or volume.

    Parameters
    ----------
    image : Micrograph, path or array
    pores : {"dark", "bright"}
        What is pore; never guessed.
    pixel_size : float, optional
        Where the image does not know it [m].
    recipe : Recipe, optional
        See :class:`rampore.pores.Recipe`.
    progress : callable, optional
        Told the name of each step when it starts.

    Raises
    ------
    MicrographError, PoreError
        The image cannot be read, segmented or parted.
    """
    from rampore import micrograph
    from rampore.kernels import announced
    from rampore.pores import PoreError, analyse

    choice("pores", pores, ("dark", "bright"), PoreError)
    if isinstance(image, micrograph.Labels):
        raise WrongKindError(
            "a grey image is needed, and labels are segmented already: measure a mask of them by "
            "rampore.pores.measure(labels.label == 1, labels.pixel_size)"
        )
    if not isinstance(image, micrograph.Micrograph):
        image = micrograph.read(image, pixel_size)
    elif pixel_size is not None:
        raise WrongKindError(
            f"the image has pixels of {_edges(image.pixel_size)} already: leave pixel_size out, "
            "or give it to rampore.read_image"
        )
    with announced(PORE_SECONDS):
        analysis = analyse(image.grey, pores, image.pixel_size, recipe, progress=progress)
    return PoreNetwork(image, pores, analysis)


@dataclass(frozen=True, eq=False, repr=False)
class Tortuosity(_Shown):
    """How much the pores of an image hinder diffusion along one axis.

    Attributes
    ----------
    diffusion : Diffusion
        Concentration and flux, see :mod:`rampore.diffusion`.
    label : array
        The image.
    pixel_size : float, tuple of float or None
        Edge of a pixel, or one for each axis where they differ [m]; None where it is not known, and
        does not matter.
    """

    title: ClassVar[str] = "diffusion through an image"
    diffusion: Diffusion
    label: np.ndarray
    pixel_size: PixelSize | None

    @property
    def tortuosity_factor(self) -> float:
        """tau = eps D_0 / D_eff [-]; infinite where nothing percolates."""
        return self.diffusion.tortuosity_factor

    @property
    def relative_diffusivity(self) -> float:
        """D_eff / D_0 [-]."""
        return self.diffusion.relative_diffusivity

    @property
    def porosity(self) -> float:
        """Share of the image that conducts [-]."""
        return self.diffusion.conducting_fraction

    def rows(self) -> list[tuple[str, str]]:
        flow = self.diffusion
        size = self.pixel_size
        factor = f"{flow.tortuosity_factor:.4g}"
        return [
            ("tortuosity factor", factor if flow.relative_diffusivity else "no path through"),
            ("relative diffusivity", f"{flow.relative_diffusivity:.4g}"),
            ("conducting", f"{PERCENT * flow.conducting_fraction:.1f} %"),
            ("of it on a path", f"{PERCENT * flow.percolating_fraction:.1f} %"),
            ("axis", str(flow.axis)),
            ("pixel", "not known" if size is None else _edges(size)),
        ]

    def plot(self) -> Figure:
        """The image, concentration and flux in it, and the means along the flow."""
        from rampore.figures.diffusion import overview

        return overview(self.diffusion, self.label, self.pixel_size)


def tortuosity(
    image: PoreNetwork | Labels | Micrograph | str | os.PathLike | np.ndarray,
    phase: float | Iterable[float] | Mapping[float, float] | None = None,
    *,
    axis: int = 0,
    pixel_size: float | None = None,
    sides: Literal["closed", "periodic"] = "closed",
    tolerance: float = 1e-4,
    progress: Callable[[int, float], None] | None = None,
) -> Tortuosity:
    """Tortuosity factor of a segmented section or volume, by steady diffusion through it.

    Parameters
    ----------
    image : PoreNetwork, Labels, Micrograph, path or array
        What :func:`analyse_pores` or :func:`read_labels` gave; an array of bool, of labels, or of
        a few diffusivities between 0 and 1.
    phase : float, sequence or mapping, optional
        The labels that conduct, or their diffusivities over that of the electrolyte by label. May
        be left out where the image says it: pores that were found, True, or 1 among 0.
    axis : int
        Of the flow.
    pixel_size : float, optional
        Where the image does not know it [m].
    sides, tolerance, progress
        As in :func:`rampore.diffusion.steady_diffusion`.

    Raises
    ------
    DiffusionError
        The image is grey, or does not say what conducts.
    ConvergenceError
        The tolerance was not reached.
    """
    from rampore.diffusion import steady_diffusion
    from rampore.kernels import announced

    label, known = _segmented(image)
    if known is not None and pixel_size is not None:
        raise WrongKindError(
            f"the image has pixels of {_edges(known)} already: leave pixel_size out"
        )
    size = pixel_size if known is None else known
    with announced(DIFFUSION_SECONDS):
        result = steady_diffusion(
            conducting(label, phase),
            axis,
            spacing=1.0 if size is None else size,
            sides=sides,
            tolerance=tolerance,
            progress=progress,
        )
    return Tortuosity(result, label, size)


def _edges(size: PixelSize) -> str:
    """The size of a pixel, in words."""
    return " x ".join(f"{UM * edge:.4g}" for edge in np.ravel(size)) + " µm"


def _segmented(image) -> tuple[np.ndarray, PixelSize | None]:
    """Labels and the edge of a pixel [m], as far as it is known."""
    from rampore import micrograph

    match image:
        case PoreNetwork():
            return image.mask, image.pixel_size
        case micrograph.Micrograph():
            return image.grey, image.pixel_size
        case str() | os.PathLike():
            image = micrograph.read_labels(image)
    if isinstance(image, micrograph.Labels):
        return image.label, image.pixel_size
    return np.asarray(image), None


def conducting(
    label: np.ndarray, phase: float | Iterable[float] | Mapping[float, float] | None = None
) -> np.ndarray:
    """D / D_0 of each pixel of a segmented image [-].

    Parameters
    ----------
    label : array
    phase : float, sequence or mapping, optional
        As in :func:`tortuosity`.

    Raises
    ------
    DiffusionError
        No pixel has one of the labels; or without `phase`, where the image is grey or does not say
        what conducts.
    """
    from rampore.diffusion import DiffusionError

    if phase is None and label.dtype == bool:
        return label
    if label.dtype.kind not in "biuf":
        raise DiffusionError(f"an image of numbers is needed, not of {label.dtype}")
    held = distinct(label)
    if phase is None:
        return _told_by_values(label, held)
    # in the image's own precision: 0.1 is another number in half of the digits
    own = label.dtype.type if label.dtype.kind == "f" else float
    if isinstance(phase, Mapping):
        diffusivities = {float(own(each)): float(value) for each, value in phase.items()}
    else:
        diffusivities = dict.fromkeys(np.ravel(phase).astype(own).astype(float).tolist(), 1.0)
    for each, value in diffusivities.items():
        quantity(f"diffusivity of label {each:g}", value, DiffusionError, at_least=0)
    _refuse_grey(held, "labels")
    missing = [each for each in diffusivities if each not in held]
    if missing and len(held) > 1:
        raise DiffusionError(
            f"no pixel has the label {', '.join(f'{each:g}' for each in missing)}; there are "
            f"{', '.join(f'{value:g}' for value in held)}"
        )
    if set(diffusivities.values()) == {1.0}:
        return np.isin(label, list(diffusivities))
    diffusivity = np.zeros(label.shape, np.float32)
    for each, value in diffusivities.items():
        diffusivity[label == each] = value
    return diffusivity


def _told_by_values(label: np.ndarray, held: np.ndarray) -> np.ndarray:
    """The image itself, where its values can be nothing but diffusivities."""
    from rampore.diffusion import DiffusionError

    _refuse_grey(held, "labels or diffusivities")
    if not (held >= 0).all() or not (held <= 1).all():
        if (held != np.round(held)).any():
            raise DiffusionError(
                f"diffusivities lie between 0 and 1, and these go from {held[0]:g} to "
                f"{held[-1]:g}: is it a grey image? Segment it by rampore.analyse_pores(image, "
                "'dark')"
            )
        raise DiffusionError(
            f"which label conducts? Write phase={held[0]:g}, for example; there are "
            f"{', '.join(f'{value:g}' for value in held)}"
        )
    return label


def _refuse_grey(held: np.ndarray, wanted: str) -> None:
    from rampore.diffusion import DiffusionError
    from rampore.micrograph.reading import MOST_PHASES

    if held.size > MOST_PHASES:
        raise DiffusionError(
            f"{wanted} are needed, and an image of {held.size} different values looks grey: "
            "segment it by rampore.analyse_pores(image, 'dark') and pass what that gives, or read "
            "a segmented file by rampore.read_labels. A map of diffusivities goes to "
            "rampore.diffusion.steady_diffusion"
        )


# ── Stacks ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False, repr=False)
class StackEnergy(_Shown):
    """The energy density of a stack.

    Attributes
    ----------
    stack : Stack
        Its layers, see :mod:`rampore.energy`.
    areal_energy : float
        [J/m2]
    density : EnergyDensity
        [J/kg, J/m3]
    """

    title: ClassVar[str] = "the energy density of a stack"
    stack: Stack
    areal_energy: float
    density: EnergyDensity

    @property
    def gravimetric(self) -> float:
        """[J/kg]"""
        return self.density.gravimetric

    @property
    def volumetric(self) -> float:
        """[J/m3]"""
        return self.density.volumetric

    def rows(self) -> list[tuple[str, str]]:
        return [
            ("per mass", f"{self.gravimetric / HOUR:.1f} W h/kg"),
            ("per volume", f"{self.volumetric / HOUR / 1e3:.1f} W h/L"),
            ("areal mass", f"{100 * self.stack.areal_mass:.2f} mg/cm2"),
            ("thickness", f"{UM * self.stack.thickness:.1f} µm"),
            *(
                (f"of the mass, {name}", f"{PERCENT * share:.1f} %")
                for name, share in self.stack.mass_shares.items()
            ),
        ]

    def plot(self) -> Figure:
        """Mass and thickness of each layer."""
        from rampore.figures.energy import layers

        return layers(self.stack)


def energy_density(
    design: Design | Stack, areal_energy: float, *, foil: PerforatedFoil | None = None
) -> StackEnergy:
    """Energy density of a stack.

    Parameters
    ----------
    design : Design or Stack
    areal_energy : float
        Capacity times mean voltage, of all sides of the unit, e.g. ``run.energy`` of a
        :class:`CellRun` [J/m2].
    foil : PerforatedFoil, optional
        In place of the design's negative foil; the coating fills its holes.

    Raises
    ------
    StackError
        The stack cannot be built.
    """
    from rampore import energy

    if isinstance(design, energy.Design):
        if foil is not None:
            design = replace(
                design,
                negative_foil_thickness=foil.thickness,
                negative_foil_density=foil.density,
                open_fraction=foil.open_fraction,
            )
        stack = design.stack()
    elif isinstance(design, energy.Stack) and foil is None:
        stack = design
    else:
        raise WrongKindError(
            f"a Design is needed, not {_kind(design)}: write rampore.Design(...), or take "
            "rampore.examples.design()"
        )
    return StackEnergy(stack, areal_energy, energy.energy_density(stack, areal_energy))


# ── Spectra ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False, repr=False)
class SpectrumFit(_Shown):
    """A spectrum, whether it can be believed, and what was fitted to it.

    Attributes
    ----------
    spectrum : Spectrum
    fit : Fit
        Parameters with their intervals, see :mod:`rampore.impedance.fitting`.
    check : KramersKronig or None
        Of what was fitted; None where it has too few frequencies.
    judgement : Adequacy
        Whether the circuit describes the spectrum, see :mod:`rampore.impedance.judging`; where it
        does not, the intervals mean nothing.
    screening : Screening
        Which frequencies were left out, see :mod:`rampore.impedance.screening`.
    """

    title: ClassVar[str] = "a spectrum that was fitted"
    spectrum: Spectrum
    fit: Fit
    check: KramersKronig | None
    judgement: Adequacy
    screening: Screening

    def __getitem__(self, name: str) -> float:
        """One parameter's value."""
        return self.fit[name]

    def rows(self) -> list[tuple[str, str]]:
        fit, tested = self.fit, self.check
        told = self.judgement.describes
        parameters = zip(fit.names, fit.units, fit.values, fit.low, fit.high, strict=True)
        return [
            *(
                (name, f"{value:.4g} {unit}" + f" ({low:.4g} to {high:.4g})" * told)
                for name, unit, value, low, high in parameters
            ),
            ("residual", f"{PERCENT * fit.rms:.2f} %"),
            (
                "Kramers-Kronig residual",
                "not tested" if tested is None else f"{PERCENT * tested.rms:.2f} %",
            ),
            *(("left out", str(each)) for each in self.screening.findings),
            *([] if told else [("misfit", str(self.judgement))]),
        ]

    def plot(self) -> Figure:
        """The spectrum with its fit, and the residuals of fit and test."""
        from rampore.figures.impedance import report

        return report(self.spectrum, self.check, self.fit, self.screening.kept)


def read_spectrum(
    path: str | os.PathLike,
    *,
    area: float | None = None,
    loop: int | None = None,
    sheet: str | None = None,
) -> Spectrum:
    """Read an impedance spectrum from what an instrument or a spreadsheet wrote.

    Columns are found by their names and units, see :func:`rampore.impedance.reading.read`, which
    also says what was taken for what.

    Parameters
    ----------
    path : path
        A table as text (``.csv``, ``.txt``, ``.mpt``, ``.DTA``, ``.z``, ...) or ``.xlsx``.
    area : float, optional
        Of the electrode, where the file has resistances times an area [m2].
    loop : int, optional
        Which of several spectra in the file, from 1.
    sheet : str, optional
        Which sheet of a workbook.

    Raises
    ------
    ImpedanceError
        The file cannot be read, or holds no spectrum or several.
    """
    from rampore.impedance import reading

    return reading.read_spectrum(os.fspath(path), area=area, loop=loop, sheet=sheet)


def fit_impedance(
    spectrum: Spectrum,
    circuit: str = "blocking",
    guess: Sequence[float] | None = None,
    *,
    short: bool = False,
    weighting: str = "modulus",
    keep_all: bool = False,
) -> SpectrumFit:
    """Leave out what does not belong to a spectrum, test the rest by Kramers and Kronig's
    relations, and fit a circuit to it.

    Parameters
    ----------
    spectrum : Spectrum
    circuit : str
        "blocking" is a symmetric cell of two porous electrodes in which nothing reacts; anything
        else is a circuit in impedance.py's notation, e.g. ``"R0-p(R1,CPE1)"``.
    guess : sequence of float, optional
        Start of each parameter of a circuit [SI]; found from the spectrum by default.
    short : bool
        Whether to allow for an electronic short in a blocking cell.
    weighting : str
        By what residuals are divided: modulus, unit, noise.
    keep_all : bool
        Whether to leave nothing out.

    Raises
    ------
    ImpedanceError
        The spectrum breaks the relations, does not determine the circuit, or is not described by it
        at all; the circuit or its guess makes no sense.
    """
    from rampore.impedance.analysing import analyse, prepare
    from rampore.impedance.circuits import CircuitError, check_circuit, fit_circuit
    from rampore.impedance.spectrum import Spectrum
    from rampore.impedance.transmission_line import fit_blocking_cell

    if not isinstance(spectrum, Spectrum):
        raise WrongKindError(
            f"a Spectrum is needed, not {_kind(spectrum)}: read one by "
            "rampore.read_spectrum('file.csv')"
        )

    def fitted(part: Spectrum, by: str, start: Fit | None) -> Fit:
        if circuit == "blocking":
            return fit_blocking_cell(part, short, by).fit
        return fit_circuit(part, circuit, guess if start is None else start.values, weighting=by)

    if circuit == "blocking" and guess is not None:
        raise CircuitError("a blocking cell needs no guess: leave it out")
    if circuit != "blocking" and short:
        raise CircuitError("short goes with circuit='blocking': put a resistor into the circuit")
    if guess is not None:
        check_circuit(circuit, guess)
    found = analyse(prepare(spectrum, not keep_all), fitted, weighting)
    found.refuse_misfit()
    prepared = found.prepared
    return SpectrumFit(spectrum, found.fit, prepared.check, found.judgement, prepared.screening)


def _kind(value) -> str:
    return f"a {type(value).__name__}"
