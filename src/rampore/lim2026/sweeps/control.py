"""The positive control as a sweep: every pair of cells, with and without a change, in one table.

A row is a pair: a cell that others structured, or the paper's own, plain and with one thing
changed. Ranges, readings and what counts stand in ``lim2026/data/control.toml``.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np

from rampore.audit.sweep import USUAL, Plan
from rampore.checks import choice
from rampore.lim2026 import control, parameters
from rampore.lim2026.cells import PorositySet, Scenario, charged_cell, measured_closure
from rampore.lim2026.control import channels, charge, given_off, readings
from rampore.lim2026.sweeps.crossing import TOLERANCES, beside, complete
from rampore.p4d.balance import capacities, charge_at_cutoff, common_potential, stoichiometry_at
from rampore.p4d.balance import with_stoichiometries as filled
from rampore.p4d.cell import Cell
from rampore.p4d.errors import CellError
from rampore.p4d.model import Mesh
from rampore.structure import Coating, DepthProfile, Structure
from rampore.units import to_si

__all__ = [
    "KEYS",
    "LEVERS",
    "cases",
    "compute",
    "faced",
    "plan",
    "values",
]

KEYS = ("part", "closure", "separator", "change", "size", "rate")  #: of a case

#: Of the designer's question, each with the unit of its size.
LEVERS = {
    "channel": "µm wide",
    "gradient": "of porosity",
    "thickness": "× thickness",
    "conductivity": "× electrolyte",
    "contact": "Ω cm² to a fifth",
    "loading": "× loading",
    "np_ratio": "× anode",
    "temperature": "K",
    "offset": "mm aligned",
}

UNITS = {
    "separator": "1",
    "size": "1",
    "rate": "1",
    "plain": "C/m2",
    "changed": "C/m2",
    "gain": "1",
    "margin": "V",
    "plain_plates": "C/m2",
    "changed_plates": "C/m2",
    "exponent": "1",
    "prefactor": "1",
    "threshold": "1",
}

#: By name as of the crossing. The rows of a triangular lattice are sqrt(3) pitches apart: boxes are
#: about as long as wide, for salt comes to a channel from all sides.
MESHES = {
    "crossing": Mesh((20, 10, 20), (8, 14), 4),
    "coarser": Mesh((10, 5, 10), (4, 7), 2),
    "deeper": Mesh((40, 20, 40)),
    "finer": Mesh((40, 20, 40), (16, 28), 8),
}


def cases() -> list[dict]:
    """Every pair: the paper's cell first, then what others measured, then the designer's levers."""
    asked, levers = readings(), readings()["levers"]
    found = [
        _case("paper", closure, separator, change, 0.0, rate)
        for rate in asked["paper_cell"]["rates"]
        for separator in asked["paper_cell"]["separators"]
        for closure in asked["closures"]
        for change in ("holes", "channel")
    ]
    return [*found, *_literature_cases(asked), *_lever_cases(asked["closures"], levers)]


def _case(*values) -> dict:
    return dict(zip(KEYS, values, strict=True))


def _literature_cases(asked: Mapping) -> list[dict]:
    width = asked["literature_cell"]["width"]
    known, equal, before = "slow", *asked["literature_cell"]["partners"]
    found = []
    for part in ("habedank", "nrel"):
        for rate in asked[part]["rates"]:
            found.append(_case(part, known, 0.0, f"removed; {before}", width, rate))
            if part == "nrel" or rate == asked[part]["deciding"]:
                found.append(_case(part, known, 0.0, f"removed; {equal}", width, rate))
                found.append(_case(part, known, 0.0, f"pressed; {equal}", width, rate))
    drilled = asked["raju"]
    found += [
        _case("raju", known, 0.0, "drilled", pitch, drilled["rate"]) for pitch in drilled["pitches"]
    ]
    none = asked["none_expected"]
    return [*found, _case("none_expected", "Bruggeman", 0.0, "lines", 30.0, none["rate"])]


def _lever_cases(closures: Mapping, levers: Mapping) -> list[dict]:
    separator = readings()["paper_cell"]["separators"][0]
    return [
        _case("lever", closure, separator, change, float(size), levers["rate"])
        for change in LEVERS
        for closure in closures
        for size in levers[change]
    ]


# Pairs --------------------------------------------------------------------------------------------


class _Pair(NamedTuple):
    plain: Cell
    changed: Cell
    faced: float = 1.0  #: share of the plain cell's area that carries its current [-]


@cache
def _given(separator: float, temperature: float) -> parameters.CellInputs:
    study = parameters.load()
    changes = {"separator.tortuosity": (separator, "1"), "contact.perforated_ratio": (1.0, "1")}
    warmer = study.temperature + temperature
    return parameters.with_values(study, changes | {"temperature": (warmer, "K")})


@cache
def _paper_cell(closure: str, separator: float, perforated: bool = False, warmer: float = 0.0):
    """The paper's cell and its lost lithium [C/m2], the same solid and contact on both foils."""
    given = _given(separator, warmer)
    own = measured_closure(given)._replace(negative=control.closure(closure, given))
    scenario = Scenario(perforated, PorositySet.MASS_CONSERVING, closure=own)
    return charged_cell(given, scenario)


def _pressed(width: float, pitch: float) -> Structure:
    return Structure(channels=(channels(width, pitch),), negative=Coating(solid="pressed"))


def _of_paper(case: Mapping) -> _Pair:
    closure, separator = case["closure"], case["separator"]
    plain, _ = _paper_cell(closure, separator)
    if choice("change", case["change"], ("holes", "channel"), CellError) == "holes":
        return _Pair(plain, _paper_cell(closure, separator, perforated=True)[0])
    chosen = readings()["paper_cell"]
    return _Pair(plain, replace(plain, structure=_pressed(chosen["width"], chosen["pitch"])))


def _of_lever(case: Mapping) -> _Pair:
    (plain, lost), size = _paper_cell(case["closure"], case["separator"]), case["size"]
    negative = plain.negative
    match choice("change", case["change"], LEVERS, CellError):
        case "channel":
            pitch = readings()["paper_cell"]["pitch"]
            return _Pair(plain, replace(plain, structure=_pressed(size, pitch)))
        case "gradient":
            profile = DepthProfile(lambda z: negative.porosity + size * (2 * z - 1))
            sides = (negative.thickness,) * 2
            graded = Structure(negative=Coating(profile), sides=sides)
            return _Pair(plain, replace(plain, structure=graded))
        case "thickness":
            return _Pair(plain, replace(plain, negative=_looser(negative, size)))
        case "conductivity":
            return _Pair(plain, replace(plain, electrolyte=_quicker(plain.electrolyte, size)))
        case "contact":
            bad = to_si(size, "ohm cm2")
            share = parameters.load().contact.perforated_ratio
            good = replace(plain, contact_negative=share * bad)
            return _Pair(replace(plain, contact_negative=bad), good)
        case "loading":
            thinner = {
                side: replace(getattr(plain, side), thickness=size * getattr(plain, side).thickness)
                for side in ("negative", "positive")
            }
            return _Pair(plain, replace(plain, **thinner))
        case "np_ratio":
            thicker = replace(negative, thickness=size * negative.thickness)
            return _Pair(plain, _recharged(replace(plain, negative=thicker), size * lost))
        case "temperature":
            warmer, _ = _paper_cell(case["closure"], case["separator"], warmer=size)
            return _Pair(plain, warmer)
    return _Pair(plain, plain, faced(size))


def _looser(electrode, factor):
    """As much solid in a coating that is thicker by a factor."""
    made = tuple(replace(each, fraction=each.fraction / factor) for each in electrode.materials)
    porosity = 1 - (1 - electrode.porosity) / factor
    return replace(
        electrode, thickness=factor * electrode.thickness, porosity=porosity, materials=made
    )


def _quicker(electrolyte, factor):
    """An electrolyte that conducts and diffuses better by a factor."""
    return electrolyte._replace(
        conductivity=lambda c: factor * electrolyte.conductivity(c),
        diffusivity=lambda c: factor * electrolyte.diffusivity(c),
    )


def _recharged(cell, lost):
    """The cell at the end of its charge, the lithium in it less what was lost [C/m2]."""
    members, ((capacity, cathode),) = capacities(cell, "negative"), capacities(cell, "positive")
    held = charge_at_cutoff(members, cathode, capacity, lost, cell.upper_cutoff)
    level = common_potential(members, held, 1.0)
    states = [stoichiometry_at(material, level, 1.0) for _, material in members]
    return replace(
        cell,
        negative=filled(cell.negative, states),
        positive=filled(cell.positive, [1 - (held + lost) / capacity]),
    )


def faced(offset: float) -> float:
    """Share of the cathode's disc that the anode's covers, their centres apart [-].

    Parameters
    ----------
    offset : float
        [mm]
    """
    chosen = readings()["levers"]
    large, small = chosen["anode_diameter"] / 2, chosen["cathode_diameter"] / 2
    if offset <= large - small:
        return 1.0
    if offset >= large + small:
        return 0.0
    cosines = (
        (offset**2 + one**2 - other**2) / (2 * offset * one)
        for one, other in ((large, small), (small, large))
    )
    angles = [float(np.arccos(cosine)) for cosine in cosines]
    lens = sum(
        radius**2 * (angle - np.sin(2 * angle) / 2)
        for radius, angle in zip((large, small), angles, strict=True)
    )
    return float(lens / (np.pi * small**2))


def _of_literature(case: Mapping) -> _Pair:
    asked, full = readings(), case["part"] != "nrel"
    if case["part"] == "raju":
        drill = channels(asked["raju"]["width"], case["size"], coating="positive")
        plain = control.drilled_cell()
        return _Pair(plain, control.drilled_cell(Structure(channels=(drill,))))
    if case["part"] == "none_expected":
        exponent = asked["none_expected"]["exponent"]
        lines = control.limit_lines(case["size"])
        return _Pair(
            control.limit_cell(exponent=exponent), control.limit_cell(lines, exponent=exponent)
        )
    solid, equal = case["change"].split("; ")
    chosen = asked["literature_cell"]
    cut = channels(case["size"], chosen["pitch"], chosen["lattice"])
    structure = Structure(channels=(cut,), negative=Coating(solid=solid))
    empty = control.literature_cell(structure, full=False)
    return _Pair(control.partner(empty, equal, full), control.charged(empty) if full else empty)


#: Which pair a part's cases are.
_PARTS = {"paper": _of_paper, "lever": _of_lever} | dict.fromkeys(
    ("habedank", "nrel", "raju", "none_expected"), _of_literature
)


# Numbers ------------------------------------------------------------------------------------------


def compute(case: Mapping) -> dict[str, float]:
    """What the plain and the changed cell give or take, the gain, and on charge the plating margin;
    all of it on the coarser mesh too, and of the plain cell on the deeper.

    Parameters
    ----------
    case : mapping
        As :func:`cases` gives it.

    Raises
    ------
    CellError, SolverError
        A cell does not fit together, or cannot be computed.
    """
    found = beside(
        lambda mesh: values(case, mesh), lambda mesh: {"plain": _plain(case, mesh).capacity}
    )
    if case["part"] not in ("paper", "lever"):
        return found
    law = control.closure(case["closure"], parameters.load())
    return found | {name: getattr(law, name) for name in ("exponent", "prefactor", "threshold")}


class _Given(NamedTuple):
    """A discharge, of which the charge alone is wanted."""

    capacity: float


def _run(case, cell, rate, mesh):
    if case["part"] == "nrel":
        return charge(cell, rate, MESHES[mesh], TOLERANCES[mesh])
    return _Given(given_off(cell, rate, MESHES[mesh], TOLERANCES[mesh]))


def _plain(case: Mapping, mesh: str):
    """The plain cell; rows that share it run it once."""
    complete(case, KEYS)
    if case["part"] in ("paper", "lever") and case["change"] not in ("contact", "offset"):
        case = {**case, "part": "paper", "change": "channel", "size": 0.0}
    return _shared(mesh, *(case[name] for name in KEYS))


@cache
def _shared(mesh: str, *of_plain):
    case = _case(*of_plain)
    pair = _PARTS[case["part"]](case)
    found = _run(case, pair.plain, case["rate"] / pair.faced, mesh)
    return found if pair.faced == 1 else _Given(pair.faced * found.capacity)


def values(case: Mapping, mesh: str) -> dict[str, float]:
    """What a pair gives on one mesh alone.

    Parameters
    ----------
    case : mapping
        As :func:`cases` gives it.
    mesh : str
        One of ``MESHES``.
    """
    plain = _plain(case, mesh)
    changed = _run(case, _PARTS[case["part"]](case).changed, case["rate"], mesh)
    found = {"plain": plain.capacity, "changed": changed.capacity}
    if plain.capacity:
        found["gain"] = changed.capacity / plain.capacity - 1
    if case["part"] == "nrel":
        last = min(plain.capacity, changed.capacity)
        found["margin"] = changed.margin_at(last) - plain.margin_at(last)
        at = {"plain_plates": plain.plates_at, "changed_plates": changed.plates_at}
        found |= {name: value for name, value in at.items() if np.isfinite(value)}
    return found


def plan(coarse: bool = False) -> Plan:
    """The pairs as :mod:`rampore.audit.sweep_command` runs them.

    Parameters
    ----------
    coarse : bool
        Without the designer's levers, for a first look.
    """
    return Plan(
        "The positive control: cells with and without channels, holes and other changes",
        compute,
        [case for case in cases() if not (coarse and case["part"] == "lever")],
        lambda case: tuple(case[name] for name in ("part", "closure", "change")),
        UNITS,
        {
            "mesh": _words(MESHES["crossing"]),
            "numerical_error": f"*_error: the difference to a mesh of {_words(MESHES['coarser'])} "
            f"with longer steps in time, or what {USUAL:.0%} of those are at most over the cases "
            "of the same part, closure and change, whichever is larger",
            "resolved": f"*_resolved: whether the same on layers {MESHES['deeper'].layers} lies "
            "within that error, 1 or 0",
        },
    )


def _words(mesh: Mesh) -> str:
    return f"layers {mesh.layers}, columns {mesh.columns}, {mesh.hole_layers} in the holes"
