"""The map of designs: bare foil, holes, channels and layers in two cells, at equal mass.

Axes, readings and what counts as better stand in ``lim2026/data/designs.toml``, which was fixed
before any of it was computed. A case is one electrode in one cell under one closure; what its foil
is as thick as decides its mass and its strength, and its transport where it has holes.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from rampore import collector
from rampore.audit.sweep import Plan
from rampore.checks import choice
from rampore.energy import Design as StackDesign
from rampore.energy import Stack, energy_density
from rampore.lim2026 import control, parameters, stacks
from rampore.lim2026.cells import PorositySet, Scenario, charged_cell
from rampore.lim2026.control import UM
from rampore.lim2026.sweeps import crossing, design
from rampore.lim2026.sweeps.crossing import MESHES, SHARINGS, TOLERANCES, complete
from rampore.p4d.balance import at_state_of_charge, slow_discharge
from rampore.p4d.cell import Cell, Perforation, Swelling
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Solution, Step
from rampore.structure import Channels, Coating, CoatingLayer, Structure
from rampore.swelling import GRAPHITE
from rampore.units import to_si

__all__ = [
    "KEYS",
    "UNITS",
    "BuiltDesign",
    "built",
    "cases",
    "compute",
    "ended",
    "margin",
    "plan",
    "readings",
    "values",
]

#: What the transport in a face follows from, beside the depth of its holes.
_OF_TRANSPORT = ("cell", "closure", "swelling", "kind", "width", "pitch", "step")
KEYS = (*_OF_TRANSPORT, "faces", "foil_thickness")  #: of a case
KINDS = ("bare", "holes", "channels", "layers")
CELLS = ("paper", "graphite")
RATES = {"slow": 0.2, "fast": 3.0}  #: of the discharges, over 1C [-]

#: Of all numbers in the data set.
UNITS = {
    "width": "m",
    "pitch": "m",
    "step": "1",
    "faces": "1",
    "foil_thickness": "m",
    "capacity_3C": "C/m2",
    "areal_energy": "J/m2",
    "gravimetric": "J/kg",
    "volumetric": "J/m3",
    "margin": "V",
    "gain_3C": "1",
    "margin_gain": "V",
    "taken": "1",
    "strength": "N/m",
    "open_fraction": "1",
}


# Cases --------------------------------------------------------------------------------------------


@cache
def readings() -> Mapping[str, Any]:
    """Axes, readings and goals: ``lim2026/data/designs.toml``."""
    shipped = resources.files("rampore.lim2026") / "data" / "designs.toml"
    return tomllib.loads(shipped.read_text(encoding="utf-8"))


def cases() -> list[dict]:
    """Every case: foils and sizes on one side, foils on both, then swelling, under each closure."""
    axes = readings()["axes"]
    return [
        case
        for cell, closure in product(axes["cells"], axes["closures"])
        for swelling in axes["swellings"]
        for kind in KINDS
        for case in _of_kind(cell, closure, swelling, kind)
    ]


def _of_kind(cell: str, closure: str, swelling: str, kind: str) -> list[dict]:
    axes, own = readings()["axes"], readings()["kinds"][kind]
    foils = axes["bare_foils" if kind == "bare" else "foils"]
    sizes = own.get("sizes") or own[cell]
    pitch = own["pitch"][cell] * UM if "pitch" in own else 0.0

    def case(size, faces, foil):
        width, step = (size * UM, 0.0) if pitch else (0.0, size)
        numbers = width, pitch, step, float(faces), foil * UM
        return dict(zip(KEYS, (cell, closure, swelling, kind, *numbers), strict=True))

    if swelling != "none":
        return [case(sizes[0], 1, foils[0])]
    one = [case(size, 1, foil) for size, foil in product(sizes, foils)]
    return [*one, *(case(sizes[0], 2, foil) for foil in foils)]


# Cells --------------------------------------------------------------------------------------------


class BuiltDesign(NamedTuple):
    """A design: one face of it as a charged cell, and what it weighs and bears."""

    face: Cell
    stack: Stack  #: of all faces
    strength: float  #: of the negative foil [N/m]
    open_fraction: float  #: of the negative foil [-]


@cache
def _study() -> parameters.CellInputs:
    """The study's inputs with the recipe's porosity and one contact on every foil."""
    given = parameters.load()
    changes = {
        "negative.porosity_image": (given.negative.porosity, "1"),
        "contact.perforated_ratio": (1.0, "1"),
    }
    return parameters.with_values(given, changes)


def built(case: Mapping) -> BuiltDesign:
    """A design of a case.

    Parameters
    ----------
    case : mapping
        As :func:`cases` gives it. Holes or channels as wide as nothing, and layers without a step,
        are the bare electrode.

    Raises
    ------
    CellError
        Something in the case makes no sense, or solids are to swell on both faces of a foil.
    CoatingError
        The coating does not fill the holes.
    """
    complete(case, KEYS)
    choice("cell", case["cell"], CELLS, CellError)
    choice("kind", case["kind"], KINDS, CellError)
    choice("swelling", case["swelling"], SHARINGS, CellError)
    choice("faces", case["faces"], (1, 2), CellError)
    if case["faces"] == 2 and case["swelling"] != "none":
        raise CellError("solids swell on a foil that is coated on one face, not on both")
    f, holes = 0.0, (0.0, 0.0, 0.0)
    if case["kind"] == "holes" and case["width"] > 0:
        f = float(collector.open_fraction_from_lattice(case["width"], case["pitch"]))
        holes = case["width"], case["pitch"], case["foil_thickness"] / case["faces"]
    make = _paper_face if case["cell"] == "paper" else _graphite_face
    face = make(case["closure"], SHARINGS[case["swelling"]], *holes)
    face = replace(face, structure=_structure(case, face))
    thickness, copper = case["foil_thickness"], _study().collector_negative
    layers = replace(
        _layers(case["cell"]),
        negative_foil_thickness=thickness,
        open_fraction=f,
        sides=int(case["faces"]),
        electrolyte_density=_study().electrolyte.density,
    )
    strength = min(collector.net_section(f)) * copper.tensile_strength * thickness
    return BuiltDesign(face, layers.stack(), float(strength), f)


@cache
def _paper_face(closure, sharing, diameter, pitch, depth) -> Cell:
    given = _study()
    if depth:
        holes = {
            "hole_diameter": diameter,
            "pitch": pitch,
            "foil_thickness": depth,
            "density": given.negative.density,
        }
        f, porosity, *_ = design.coated(given, holes)
        given = parameters.with_values(
            given,
            {
                "negative.porosity_npr": (porosity.npr, "1"),
                "negative.porosity_pr": (porosity.pr, "1"),
                "perforation.hole_diameter": (diameter, "m"),
                "perforation.foil_thickness": (depth, "m"),
                "perforation.open_fraction": (f, "1"),
            },
        )
    scenario = Scenario(
        perforated=bool(depth),
        porosity=PorositySet.PUBLISHED,
        closure=crossing.closures(closure, given.separator.tortuosity),
        sharing=sharing,
    )
    return charged_cell(given, scenario)[0]


@cache
def _graphite_face(closure, sharing, diameter, pitch, depth) -> Cell:
    cell = control.literature_cell()
    thicker = to_si(readings()["graphite"]["areal_capacity"], "mAh/cm2")
    thicker /= 3600 * cell.one_c
    (graphite,) = cell.negative.materials
    if sharing is not None:
        graphite = replace(graphite, volume_law=GRAPHITE["Ai 2020"], volume_at=0.0)
    negative = replace(
        cell.negative,
        thickness=thicker * cell.negative.thickness,
        materials=(graphite,),
        transport_efficiency=control.closure(closure, _study()),
    )
    holes = None
    if depth:
        holes = Perforation(diameter, pitch, depth, "coating")
        filled = holes.open_fraction * depth
        negative = replace(negative, thickness=negative.thickness - filled)
    return replace(
        cell,
        negative=negative,
        positive=replace(cell.positive, thickness=thicker * cell.positive.thickness),
        one_c=thicker * cell.one_c,
        perforation=holes,
        swelling=None if sharing is None else Swelling(sharing),
    )


def _structure(case: Mapping, face: Cell) -> Structure | None:
    width, step = case["width"], case["step"]
    if width and case["kind"] == "channels":
        drilled = Channels(lattice="triangular", width=width, pitch=case["pitch"])
        return Structure(channels=(drilled,), negative=Coating(solid="pressed"))
    if step and case["kind"] == "layers":
        mean = face.negative.porosity
        parts = tuple(CoatingLayer(0.5, mean + sign * step) for sign in (-1, 1))
        return Structure(negative=Coating(parts), sides=(face.negative.thickness,) * 2)
    return None


@cache
def _layers(cell: str) -> StackDesign:
    """What a unit of the stack is made of, on bare foil."""
    given = _study()
    paper = stacks.design_of(given)
    if cell == "paper":
        return paper
    face = _graphite_face(readings()["axes"]["closures"][0], None, 0.0, 0.0, 0.0)
    densities = {}
    for side, active in (("negative", given.graphite), ("positive", given.nmc)):
        electrode = getattr(face, side)
        (material,) = electrode.materials
        binder = 1 - electrode.porosity - material.fraction
        density = material.fraction * active.density + binder * given.materials["pvdf"].density
        densities |= {
            f"{side}_density": density,
            f"{side}_loading": density * electrode.thickness,
            f"{side}_porosity": electrode.porosity,
        }
    return replace(paper, **densities)


# Numbers ------------------------------------------------------------------------------------------


def ended(cell: Cell, step: Step, mesh: str) -> Solution:
    """One step of a cell, as :func:`rampore.lim2026.control.ended` takes it.

    Parameters
    ----------
    cell : Cell
    step : Step
    mesh : str
        One of :data:`rampore.lim2026.sweeps.crossing.MESHES`.
    """
    return control.ended(cell, step, MESHES[mesh], TOLERANCES[mesh])


def _discharged(cell: Cell, rate: float, mesh: str) -> Solution:
    step = Step("current", rate * cell.one_c, until_voltage=cell.lower_cutoff)
    return ended(cell, step, mesh)


def margin(cell: Cell, mesh: str) -> tuple[float, float]:
    """Least phi_s - phi_e on the charge of the readings, none where the cell comes to its upper
    cut-off before; and the share of the slow discharge that it takes [V], [-].

    Parameters
    ----------
    cell : Cell
        Charged.
    mesh : str
        As of :func:`ended`.
    """
    asked, slow = readings()["charge"], slow_discharge(cell)
    step = Step(
        "current",
        -asked["rate"] * cell.one_c,
        until_voltage=cell.upper_cutoff,
        until_capacity=asked["up_to"] * slow,
    )
    course = ended(at_state_of_charge(cell, asked["from_state"]), step, mesh)
    least = course.plating_margin().value if course.ends[0] == "capacity" else np.nan
    return least, -course.capacity / slow


class _Transport(NamedTuple):
    """What one face of a design gives, whatever its foil weighs."""

    capacity: float  #: at 3C [C/m2]
    energy: float  #: at 0.2C [J/m2]
    margin: float  #: [V]
    taken: float  #: [-]


_NOTHING = {"kind": "bare", "width": 0.0, "pitch": 0.0, "step": 0.0}


def _of_face(case: Mapping) -> tuple:
    """What designs share that run once: a case in which the foil counts where it has holes."""
    depth = case["foil_thickness"] / case["faces"] if case["kind"] == "holes" else UM
    return (*(case[name] for name in _OF_TRANSPORT), 1.0, depth)


@cache
def _capacity(mesh: str, *of_face) -> float:
    """At 3C [C/m2]."""
    face = built(dict(zip(KEYS, of_face, strict=True))).face
    return _discharged(face, RATES["fast"], mesh).capacity


@cache
def _transport(mesh: str, *of_face) -> _Transport:
    face = built(dict(zip(KEYS, of_face, strict=True))).face
    slow = _discharged(face, RATES["slow"], mesh).dataset
    energy = float(np.trapezoid(slow.voltage.values, slow.capacity.values))
    return _Transport(_capacity(mesh, *of_face), energy, *margin(face, mesh))


def values(case: Mapping, mesh: str) -> dict[str, float]:
    """What a design gives on one mesh alone, and what it gains over the bare electrode there; what
    has no outcome is left out.

    Parameters
    ----------
    case : mapping
        As :func:`cases` gives it.
    mesh : str
        One of :data:`rampore.lim2026.sweeps.crossing.MESHES`.
    """
    whole, own = built(case), _transport(mesh, *_of_face(case))
    bare = _transport(mesh, *_of_face({**case, **_NOTHING}))
    areal_energy = case["faces"] * own.energy
    density = energy_density(whole.stack, areal_energy)
    found = {
        "capacity_3C": own.capacity,
        "areal_energy": areal_energy,
        "gravimetric": density.gravimetric,
        "volumetric": density.volumetric,
        "margin": own.margin,
        "gain_3C": own.capacity / bare.capacity - 1 if bare.capacity else np.nan,
        "margin_gain": own.margin - bare.margin,
        "taken": own.taken,
        "strength": whole.strength,
        "open_fraction": whole.open_fraction,
    }
    return {name: value for name, value in found.items() if np.isfinite(value)}


def compute(case: Mapping) -> dict[str, float]:
    """What a design gives, all of it on the coarser mesh too, and the charge at 3C on the deeper.

    Parameters
    ----------
    case : mapping
        As :func:`cases` gives it.

    Raises
    ------
    CellError, CoatingError, SolverError
        The design cannot be, or cannot be computed.
    """
    return crossing.beside(
        lambda mesh: values(case, mesh),
        lambda mesh: {"capacity_3C": _capacity(mesh, *_of_face(case))},
    )


def plan(coarse: bool = False) -> Plan:
    """The designs as :mod:`rampore.audit.sweep_command` runs them.

    Parameters
    ----------
    coarse : bool
        The first closure and no swelling, for a first look.
    """
    first = readings()["axes"]["closures"][0]
    chosen = [
        case
        for case in cases()
        if not coarse or (case["closure"] == first and case["swelling"] == "none")
    ]
    return Plan(
        "Holes, channels, layers and both sides at equal mass, in the paper's cell and in a thick "
        "graphite one",
        compute,
        chosen,
        lambda case: (case["cell"], case["kind"], case["closure"]),
        UNITS,
        crossing.about("of the same cell, kind and closure"),
    )
