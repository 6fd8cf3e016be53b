"""The paper's cell, built from ``cell.toml`` and from what the paper leaves open.

What ``cell.toml`` holds - electrolyte, tables of potential, contact resistance, open fraction - a
what-if changes there, with :func:`rampore.audit.inputs.with_values`; what no file can hold is a
:class:`Scenario`. Values that no source states for this cell are assumptions; :func:`assumptions`
lists them with what they rest on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.polynomial import Polynomial

from rampore import materials
from rampore.audit.inputs.records import Confidence
from rampore.checks import choice, quantity
from rampore.coating import Keep, Local, local_thickness, mass_conserving_porosity
from rampore.collector import pitch_from_open_fraction
from rampore.constants import FARADAY
from rampore.lim2026 import correlations, parameters
from rampore.materials import ExchangeCurrent, Function
from rampore.p4d.balance import (
    Balance,
    balance,
    capacities,
    charge_held,
    charged,
    common_potential,
    stoichiometry_at,
    with_stoichiometries,
)
from rampore.p4d.cell import (
    Cell,
    Electrode,
    Field,
    Lithium,
    Material,
    Mirror,
    Perforation,
    Separator,
    Swelling,
    bruggeman,
)
from rampore.p4d.errors import CellError
from rampore.swelling import GRAPHITE, LITHIUM_IN_SILICON, VolumeLaw

#: Of lithium metal at 1 mol/L, Xu et al., J. Electrochem. Soc. 166 (2019) A3456, as PyBaMM's set of
#: that name has it. Not in the paper: a stand-in.
LITHIUM_EXCHANGE_CURRENT = materials.ExchangeCurrent(70.6, salt=0.3)


class PorositySet(StrEnum):
    """Which porosities the negative coating has."""

    #: as the micrographs give them: 24 %, and 19 and 28 % on the perforated foil
    PUBLISHED = "published"
    #: 24 %, and the pair nearest to 19 and 28 % that holds the same solid
    MASS_CONSERVING = "mass-conserving"
    RECIPE = "recipe"  #: what loading, density and recipe imply, the same everywhere


class CathodeBasis(StrEnum):
    """How much the positive electrode gives between the cut-off voltages."""

    #: the paper's areal capacity, so that the electrodes stand to each other as it prints them
    STATED = "stated"
    LOADING = "loading"  #: what its loading holds by the table of its potential


class LayerClosures(NamedTuple):
    """Transport efficiency over porosity [-] of each porous layer."""

    negative: Function
    separator: Function
    positive: Function


def measured_closure(given: parameters.CellInputs) -> LayerClosures:
    """Tortuosity factors from impedance: a law for the negative electrode, numbers for separator
    and positive one.
    """
    law = given.negative.tortuosity_law
    return LayerClosures(
        *(
            correlations.transport_efficiency(tortuosity)
            for tortuosity in (
                law or given.negative.tortuosity,
                given.separator.tortuosity,
                given.positive.tortuosity,
            )
        )
    )


def power_closure(exponent: float = 1.5) -> LayerClosures:
    """Bruggeman's relation with one exponent [-] in all layers."""
    quantity("exponent", exponent, CellError, at_least=0)
    return LayerClosures(*(bruggeman(exponent),) * 3)


@dataclass(frozen=True)
class Scenario:
    """What neither the paper nor a literature value settles."""

    perforated: bool = False
    porosity: PorositySet = PorositySet.PUBLISHED
    keep: Keep = Keep.SOLID_RATIO  #: what of the published pair the mass-conserving one keeps
    closure: LayerClosures | None = None  #: default: :func:`measured_closure`
    cathode: CathodeBasis = CathodeBasis.STATED
    #: lithium that the first charge leaves behind [C/m2]; default: the middle of its range
    lost: float | None = None
    #: how fast a change of direction changes the branch; assumed [-]
    hysteresis_decay: float = 40.0
    #: of the active material, at the areal capacity of the paper [-]
    siox_fraction: float | None = None
    #: of what the solids of the negative coating grow by, as
    #: :class:`rampore.p4d.cell.Swelling` has it; without it they keep their volume [-]
    sharing: float | None = None

    def __post_init__(self):
        choice("perforated", self.perforated, (False, True), CellError)
        chosen = (("porosity", PorositySet), ("keep", Keep), ("cathode", CathodeBasis))
        for name, words in chosen:
            word = choice(name, getattr(self, name), words, CellError)
            object.__setattr__(self, name, words(word))
        if self.lost is not None:
            quantity("lost", self.lost, CellError, at_least=0, unit="C/m2")
        quantity("hysteresis_decay", self.hysteresis_decay, CellError, at_least=0)
        if self.siox_fraction is not None:
            quantity("siox_fraction", self.siox_fraction, CellError, at_least=0, at_most=1)
        if self.sharing is not None:
            quantity("sharing", self.sharing, CellError, at_least=0)


def assumptions(given: parameters.CellInputs) -> Mapping[str, str]:
    """What the cell rests on that no source states for it: by key of ``cell.toml`` or by subject,
    and why.
    """
    used = [
        f"{group}.{name}"
        for group, names in {
            "negative": ("conductivity", "tortuosity", "tortuosity_law"),
            "positive": ("conductivity", "tortuosity"),
            "separator": ("porosity", "tortuosity"),
            "siox": ("density", "specific_capacity", "radius", "diffusivity", "exchange_current"),
            "graphite": (
                "density",
                "specific_capacity",
                "radius",
                "diffusivity",
                "exchange_current",
            ),
            "nmc": ("density", "radius", "diffusivity", "exchange_current"),
            "contact": ("negative", "positive", "double_layer_capacitance"),
        }.items()
        for name in names
    ]
    used += [
        f"{name}.ocp.{getattr(given, name).ocp.chosen}" for name in ("siox", "graphite", "nmc")
    ]
    weak = (Confidence.PROXY, Confidence.UNVERIFIED, Confidence.READ_SECONDARY, Confidence.OWN)
    listed = {
        key: f"{record.confidence}: {record.note}".rstrip(": ")
        for key in used
        if (record := given.records.get(key)) is not None and record.confidence in weak
    }
    return listed | {
        "1C": "the positive electrode's nominal areal capacity in one hour; "
        "the paper does not define it",
        "cathode": "the printed areal capacity between the cut-off voltages; "
        "by loading and table of potential it would hold another",
        "lithium lost": "the middle of formation.irreversible_capacity, "
        "taken from the charged state at once",
        "hysteresis": "one state, moved by the stoichiometry; the rate has no source, "
        "and a discharge does not feel it",
        "pores": "active fractions follow the loading; pores that loading and density imply "
        "and the image hides take no part in transport",
        "swelling": "porosities and thicknesses stay as they are; where a scenario lets them "
        "change, those that are given are of the coating without lithium",
        "holes": "filled with the coating over them, their walls in contact like the foil's face",
    }


SAMPLED = (
    "negative",
    "positive",
    "separator",
    "siox",
    "graphite",
    "nmc",
    "contact",
    "perforation",
)  #: groups of values


def draw(
    given: parameters.CellInputs, rng: np.random.Generator
) -> tuple[parameters.CellInputs, Scenario]:
    """A cell from within what the literature allows.

    Every value of ``SAMPLED`` groups that has a range is drawn from it, evenly, or evenly in its
    logarithm where the range spans more than a factor of three; potentials and electrolyte from the
    rival sets of ``cell.toml`` that are complete (for NMC622, those over its true lithium content);
    the loss of the first charge from its range; the rest of the scenario from what it can be, the
    tortuosity factors being the drawn ones or Bruggeman's.

    Parameters
    ----------
    given : parameters.CellInputs
    rng : numpy.random.Generator

    Returns
    -------
    parameters.CellInputs, Scenario
    """
    changes = {
        "siox.ocp.chosen": str(rng.choice(list(given.siox.ocp))),
        "graphite.ocp.chosen": str(
            rng.choice([name for name in given.graphite.ocp if name != "chen"])
        ),
        "nmc.ocp.chosen": str(rng.choice(["hanyang", "kremer"])),
        "electrolyte.correlations.chosen": str(
            rng.choice(
                [
                    name
                    for name, one in given.electrolyte.correlations.items()
                    if one.conductivity is not None
                ]
            )
        ),
    }
    for key, record in given.records.items():
        if (
            record.range is None
            or key.partition(".")[0] not in SAMPLED
            or key == "separator.macmullin_number"
        ):
            continue
        low, high = record.range
        value = (
            np.exp(rng.uniform(np.log(low), np.log(high)))
            if high > 3 * low
            else rng.uniform(low, high)
        )
        changes[key] = (float(value), record.si_unit)
    drawn = parameters.with_values(given, changes)
    factors = (drawn.negative.tortuosity, drawn.separator.tortuosity, drawn.positive.tortuosity)
    measured = LayerClosures(*(correlations.transport_efficiency(factor) for factor in factors))
    scenario = Scenario(
        perforated=bool(rng.integers(2)),
        porosity=PorositySet(rng.choice(list(PorositySet))),
        keep=Keep(rng.choice(list(Keep))),
        cathode=CathodeBasis(rng.choice(list(CathodeBasis))),
        closure=(measured, power_closure())[rng.integers(2)],
        lost=float(rng.uniform(*given.formation.irreversible_capacity)),
        hysteresis_decay=float(np.exp(rng.uniform(np.log(2.0), np.log(200.0)))),
    )
    return drawn, scenario


# Materials


def volume_laws(
    given: parameters.CellInputs,
    lithium_volume: float = LITHIUM_IN_SILICON["lattice of Li15Si4"].value,
    graphite: VolumeLaw = GRAPHITE["Ai 2020"],
) -> dict[str, VolumeLaw]:
    """Volume of the hosts of the negative electrode over their stoichiometries, over that without
    lithium.

    Parameters
    ----------
    given : parameters.CellInputs
    lithium_volume : float
        That a mole of lithium adds to the silicon in SiOx [m3/mol].
    graphite : VolumeLaw
    """
    full = given.siox.maximum_concentration * lithium_volume
    return {
        "siox": VolumeLaw(Polynomial([1, full]), "volume per lithium"),
        "graphite": graphite,
    }


def _exchange_current(given: parameters.ExchangeCurrentInput, temperature):
    filled = given.exponent
    warm = materials.arrhenius(given.activation_energy, temperature)
    return materials.ExchangeCurrent(given.reference * warm, 1000.0, 1 - filled, filled, 1 - filled)


def _material(name, given, fraction: Field, temperature, decay, volume_law=None) -> Material:
    branches = given.ocp.base
    one = branches.lithiation == branches.delithiation
    lithiation, delithiation = (correlations.potential(branch, temperature) for branch in branches)
    return Material(
        name,
        fraction,
        given.radius,
        given.maximum_concentration,
        given.diffusivity,
        _exchange_current(given.exchange_current, temperature),
        stoichiometry=0.5,
        potential=lithiation if one else None,
        lithiation=None if one else lithiation,
        delithiation=None if one else delithiation,
        hysteresis=0.0 if one else 1.0,
        hysteresis_decay=0.0 if one else decay,
        volume_law=volume_law,
        volume_at=None if volume_law is None else 0.0,
    )


def _composition(given: parameters.CellInputs, scenario: Scenario):
    """Volume of SiOx and graphite per volume of coating [-] and the thickness of the coating on
    bare foil [m].
    """
    part = {one.name: one.mass_fraction for one in given.negative.composition}
    active = part["siox"] + part["graphite"]
    share = part["siox"] / active if scenario.siox_fraction is None else scenario.siox_fraction
    mass = {"siox": active * share, "graphite": active * (1 - share)}
    thickness = given.negative.thickness
    if scenario.siox_fraction is not None:
        specific = sum(mass[name] * getattr(given, name).specific_capacity for name in mass)
        thickness = given.negative.areal_capacity / (specific * given.negative.density)
    volume = {
        name: mass[name] * given.negative.density / getattr(given, name).density for name in mass
    }
    return {name: fraction for name, fraction in volume.items() if fraction > 0}, thickness


def _negative(given: parameters.CellInputs, scenario: Scenario, efficiency):
    """The negative electrode and its solid per area over that on bare foil [-]."""
    fractions, bare = _composition(given, scenario)
    own = given.negative
    porosity = own.porosity if scenario.porosity is PorositySet.RECIPE else own.porosity_image
    thickness, scale, solid = bare, 1.0, 1.0
    if scenario.perforated:
        f, depth = given.perforation.open_fraction, given.perforation.foil_thickness
        local = local_thickness(bare, f, depth)
        pair = Local(own.porosity_npr, own.porosity_pr)
        if scenario.porosity is PorositySet.RECIPE:
            pair = Local(porosity, porosity)
        elif scenario.porosity is PorositySet.MASS_CONSERVING:
            pair = mass_conserving_porosity(pair, local, (1 - porosity) * bare, f, scenario.keep)
        scale = Local(*((1 - eps) / (1 - porosity) for eps in pair))
        solid = Local(*(s * h for s, h in zip(scale, local, strict=True))).mean(f) / bare
        porosity, thickness = pair, local.npr

    def scaled(fraction):
        return Local(*(fraction * s for s in scale)) if isinstance(scale, Local) else fraction

    laws = {} if scenario.sharing is None else volume_laws(given)
    made = tuple(
        _material(
            name,
            getattr(given, name),
            scaled(fraction),
            given.temperature,
            scenario.hysteresis_decay,
            laws.get(name),
        )
        for name, fraction in fractions.items()
    )
    electrode = Electrode(
        thickness,
        porosity,
        own.conductivity,
        made,
        efficiency,
        given.contact.double_layer_capacitance,
    )
    return electrode, solid


def _active_of_positive(given: parameters.CellInputs, basis: CathodeBasis) -> Material:
    shares = zip(given.positive.composition, given.positive.volume_fractions, strict=True)
    fraction = {part.name: fraction for part, fraction in shares}["nmc"]
    made = _material("nmc", given.nmc, fraction, given.temperature, 0.0)
    if basis is CathodeBasis.LOADING:
        return made
    empty, full = (
        stoichiometry_at(made, cutoff, 0.0) for cutoff in (given.upper_cutoff, given.lower_cutoff)
    )
    reversible = FARADAY * made.maximum_concentration * given.positive.thickness * (full - empty)
    return replace(made, fraction=given.positive.areal_capacity / reversible)


# Cells


def _electrolyte(given: parameters.CellInputs):
    chosen = given.electrolyte.correlations
    return correlations.electrolyte(chosen.base, chosen.chosen, given.temperature)


def _parts(given: parameters.CellInputs, scenario: Scenario, separator_thickness):
    closure = scenario.closure or measured_closure(given)
    negative, solid = _negative(given, scenario, closure.negative)
    separator = Separator(separator_thickness, given.separator.porosity, closure.separator)
    holes, contact = None, given.contact.negative
    if scenario.perforated:
        foil = given.perforation
        pitch = float(pitch_from_open_fraction(foil.hole_diameter, foil.open_fraction))
        holes = Perforation(foil.hole_diameter, pitch, foil.foil_thickness, "coating")
        contact *= given.contact.perforated_ratio
    return negative, solid, separator, holes, contact, closure


def _swelling(scenario: Scenario) -> Swelling | None:
    return None if scenario.sharing is None else Swelling(scenario.sharing)


def charged_cell(
    given: parameters.CellInputs, scenario: Scenario | None = None
) -> tuple[Cell, float]:
    """The paper's full cell at the end of charge, and the lithium that the first charge left behind
    [C/m2].

    The cathode is full of lithium when the cell is new. The first charge goes up to the upper
    cut-off voltage at open circuit, on the branches of lithiation, and leaves ``lost`` behind; then
    the materials of the negative electrode share what they hold at one potential, on the branches
    of delithiation.

    Parameters
    ----------
    given : parameters.CellInputs
        The study's inputs, :func:`rampore.lim2026.parameters.load`, or a what-if of them.
    scenario : Scenario, optional

    Raises
    ------
    CellError
        The electrodes do not fit each other or the cut-off voltages.
    CorrelationError
        A correlation cannot be evaluated.
    """
    scenario = scenario or Scenario()
    negative, solid, separator, holes, contact, closure = _parts(
        given, scenario, given.separator.thickness
    )
    positive = Electrode(
        given.positive.thickness,
        given.positive.porosity,
        given.positive.conductivity,
        (_active_of_positive(given, scenario.cathode),),
        closure.positive,
        given.contact.double_layer_capacitance,
    )
    cell = Cell(
        negative,
        separator,
        positive,
        _electrolyte(given),
        given.electrolyte.concentration,
        one_c=given.positive.areal_capacity / 3600.0,
        lower_cutoff=given.lower_cutoff,
        upper_cutoff=given.upper_cutoff,
        temperature=given.temperature,
        contact_negative=contact,
        contact_positive=given.contact.positive,
        perforation=holes,
        swelling=_swelling(scenario),
    )
    lost = (
        float(np.mean(given.formation.irreversible_capacity))
        if scenario.lost is None
        else scenario.lost
    ) * solid
    return charged(cell, lost), lost


def full_cell(
    given: parameters.CellInputs, scenario: Scenario | None = None
) -> tuple[Cell, Balance]:
    """:func:`charged_cell`, with its balance in place of what was lost alone."""
    cell, lost = charged_cell(given, scenario)
    return cell, balance(cell, lost)


def half_cell(
    given: parameters.CellInputs,
    scenario: Scenario | None = None,
    exchange_current: ExchangeCurrent = LITHIUM_EXCHANGE_CURRENT,
    state_of_charge: float = 1.0,
) -> Cell:
    """The paper's SiOx/graphite electrode against lithium, in equilibrium in itself.

    Lithium is the positive side, so that the perforated foil keeps its place: the potential of the
    electrode is minus the voltage, a positive current takes lithium out of it, as a discharge of
    the full cell does, and 1C is its areal capacity in one hour.

    Parameters
    ----------
    given : parameters.CellInputs
    scenario : Scenario, optional
    exchange_current : materials.ExchangeCurrent
        Of lithium; :data:`LITHIUM_EXCHANGE_CURRENT` is a stand-in.
    state_of_charge : float
        From 1, lithiated to the lower cut-off of half cells, down to 0, delithiated to the upper
        one [-].
    """
    scenario = scenario or Scenario()
    negative, _, separator, holes, contact, _ = _parts(given, scenario, given.separator.thickness)
    cell = Cell(
        negative,
        separator,
        Lithium(exchange_current),
        _electrolyte(given),
        given.electrolyte.concentration,
        one_c=given.negative.areal_capacity / 3600.0,
        lower_cutoff=-given.formats.half_cell_upper_cutoff,
        upper_cutoff=-given.formats.half_cell_lower_cutoff,
        temperature=given.temperature,
        contact_negative=contact,
        perforation=holes,
        state_of_charge=state_of_charge,
        swelling=_swelling(scenario),
    )
    members = capacities(cell, "negative")
    full = charge_held(members, given.formats.half_cell_lower_cutoff, -1.0)
    empty = charge_held(members, given.formats.half_cell_upper_cutoff, 1.0)
    level = common_potential(members, empty + state_of_charge * (full - empty), 1.0)
    return replace(
        cell,
        negative=with_stoichiometries(
            negative, [stoichiometry_at(material, level, 1.0) for _, material in members]
        ),
    )


def blocking_cell(given: parameters.CellInputs, scenario: Scenario | None = None) -> Cell:
    """The symmetric cell of two of the paper's negative electrodes in which nothing reacts.

    The surface of their materials has the double layer alone; the holes of the two foils lie
    opposite each other.

    Parameters
    ----------
    given : parameters.CellInputs
    scenario : Scenario, optional
    """
    cell = half_cell(given, scenario)
    electrode, holes = cell.negative, cell.perforation
    surfaces = [(material.fraction, 3 / material.radius) for material in electrode.materials]
    if holes is None:
        surface = sum(fraction * per_volume for fraction, per_volume in surfaces)
    else:
        surface = Local(
            *(sum(part[n] * per_volume for part, per_volume in surfaces) for n in range(2))
        )
    return replace(
        cell,
        negative=replace(electrode, materials=(), inert_surface=surface),
        separator=replace(cell.separator, thickness=cell.separator.thickness / 2),
        positive=Mirror(),
        swelling=None,
    )
