"""Parameters: every input of the study with its unit, source and confidence, read once and turned into SI.

``data/cell.toml`` is what a reader edits; :func:`load` is the only thing that reads it. The dataclasses below say what
a file must hold: each field knows its SI unit, the rule that its value obeys and, where it follows from others, the
formula. A what-if changes a few values with :func:`with_values`; what follows from them follows.
"""

from __future__ import annotations

import dataclasses
import math
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, dataclass_transform

from rampore import RamporeError
from rampore.audit.inputs.records import FORMULA_KEYS, Confidence, Record, Source, entries_of, read_sources, tree_of
from rampore.audit.inputs.records import NotChosen as NotChosen
from rampore.audit.inputs.values import (
    ANY,
    AT_LEAST_ONE,
    EFFICIENCY,
    FRACTION,
    NON_NEGATIVE,
    OPEN_FRACTION,
    POISSON,
    POSITIVE,
    PROPER_FRACTION,
    Alternatives,
    Branches,
    Component,
    ConversionCapacity,
    Correlation,
    Curve,
    Demand,
    ExchangeCurrent,
    Formula,
    Group,
    Input,
    Limits,
    Named,
    Parts,
    Potential,
    Quantity,
    Refused,
    Rule,
    Series,
    Several,
    Shares,
    Table,
    demands_of,
    is_pair,
    near,
)

FARADAY = 96485.33212  #: Faraday's constant [C/mol], CODATA 2018


class ParameterError(RamporeError, ValueError):
    """An input that cannot be used; the message names the file, the key, the reason and what to do."""

    def __init__(self, file: str, key: str, reason: str, remedy: str) -> None:
        super().__init__(f"{file}: {key}: {reason}; {remedy}" if key else f"{file}: {reason}; {remedy}")
        self.file, self.key, self.reason, self.remedy = file, key, reason, remedy

    def __reduce__(self):
        return type(self), (self.file, self.key, self.reason, self.remedy)


# What a field says ----------------------------------------------------------------------------------------------------


def _demand(demand: Demand):
    return field(metadata={"demand": demand})


def _input(kind: Any, label: str, **more):
    return _demand(Input(label, kind, **more))


def _quantity(unit: str, label: str, rule: Rule = POSITIVE, **more):
    return _input(Quantity(unit, rule), label, **more)


def _series(unit: str, label: str, rule: Rule = POSITIVE):
    return _input(Series(unit, rule), label)


def _limits(unit: str, label: str, rule: Rule = POSITIVE):
    return _input(Limits(unit, rule), label)


def _correlation(unit: str, label: str):
    return _input(Correlation(unit), label, optional=True)


def _bruggeman_exponent():
    return _quantity(
        "1",
        "exponent b of D_eff = D eps^b that gives the same",
        ANY,
        derive=lambda own: 1 + math.log(own.tortuosity) / math.log(1 / own.porosity),
        formula="1 + ln(tau) / ln(1 / eps)",
    )


def _group(made: type, label: str):
    return _demand(Group(label, made))


def _several(of: Any, label: str, choose: bool = False):
    each = Group(label, of) if isinstance(of, type) else Input(label, of)
    return _demand(Several(label, each, choose))


@dataclass_transform(frozen_default=True, kw_only_default=True)
def _described(cls: type) -> type:
    """A frozen dataclass whose Attributes section is written from its fields: one place for what each of them is."""
    cls = dataclass(frozen=True, kw_only=True)(cls)
    types = {item.name: item.type for item in dataclasses.fields(cls)}
    lines = [cls.__doc__ or "", "", "    Attributes", "    ----------"]
    for name, demand in demands_of(cls).items():
        kind, formula = getattr(demand, "kind", None), getattr(demand, "formula", "")
        unit = f" [{'-' if kind.unit == '1' else kind.unit}]" if isinstance(kind, Quantity) else ""
        follows = f"; {formula}" if formula else ""
        lines += [f"    {name} : {types[name]}", f"        {demand.label}{unit}{follows}."]
    cls.__doc__ = "\n".join(lines) + "\n    "
    return cls


# The cell -------------------------------------------------------------------------------------------------------------


@_described
class Foil:
    """A current collector without holes."""

    thickness: float = _quantity("m", "thickness of the foil")
    density: float = _quantity("kg/m3", "density of the metal")
    conductivity: float = _quantity("S/m", "electronic conductivity")
    tensile_strength: float = _quantity("Pa", "measured tensile strength")


@_described
class NegativeFoil(Foil):
    """The bare copper foil."""

    areal_mass: float = _quantity("kg/m2", "measured areal mass")


@_described
class Perforation:
    """The perforated copper foil: a triangular lattice of round holes."""

    hole_diameter: float = _quantity("m", "diameter of a hole")
    foil_thickness: float = _quantity("m", "thickness of the perforated foil")
    open_fraction: float = _quantity("1", "area fraction of holes", OPEN_FRACTION)
    areal_mass: float = _quantity("kg/m2", "measured areal mass")
    tensile_strength: float = _quantity("Pa", "measured tensile strength")


@_described
class Electrode:
    """A calendered coating on one side of a foil."""

    loading: float = _quantity("kg/m2", "mass loading of one side")
    density: float = _quantity("kg/m3", "density of the calendered coating")
    areal_capacity: float = _quantity("C/m2", "nominal areal capacity")
    composition: tuple[Component, ...] = _input(Shares(), "composition by mass")
    thickness: float = _quantity(
        "m",
        "thickness of the coating",
        derive=lambda own: own.loading / own.density,
        formula="loading / density of the coating",
    )
    porosity: float = _quantity(
        "1",
        "porosity that the recipe implies",
        PROPER_FRACTION,
        derive=lambda own: 1 - own.density * sum(part.mass_fraction / part.density for part in own.composition),
        formula="1 - density of the coating x sum of (mass fraction / true density)",
    )
    tortuosity: float = _quantity("1", "tortuosity factor, D_eff = D eps / tau", AT_LEAST_ONE)
    bruggeman_exponent: float = _bruggeman_exponent()
    conductivity: float = _quantity("S/m", "effective electronic conductivity of the coating")

    @property
    def volume_fractions(self) -> tuple[float, ...]:
        """Volume of each component per volume of coating [-], in the order of the composition."""
        return tuple(part.mass_fraction * self.density / part.density for part in self.composition)


@_described
class NegativeElectrode(Electrode):
    """The SiOx/graphite coating."""

    porosity_image: float = _quantity("1", "porosity on the bare foil, from micrographs", PROPER_FRACTION)
    porosity_npr: float = _quantity("1", "porosity over foil (NPR), from micrographs", PROPER_FRACTION)
    porosity_pr: float = _quantity("1", "porosity over a hole (PR), from micrographs", PROPER_FRACTION)
    initial_porosity: tuple[float, ...] = _limits(
        "1", "range of the porosity of uncalendered graphite coatings", PROPER_FRACTION
    )
    tortuosity_law: Formula | None = _correlation("1", "tortuosity factor over porosity")


@_described
class PositiveElectrode(Electrode):
    """The NMC622 coating."""

    porosity_over_density: Curve | None = _input(
        Table(Series("kg/m3"), Series("1", FRACTION)), "porosity over the density of the coating", optional=True
    )


@_described
class Separator:
    """The polyethylene separator."""

    thickness: float = _quantity("m", "thickness in coin cells")
    thickness_pouch: float = _quantity("m", "thickness in pouch cells")
    porosity: float = _quantity("1", "porosity", PROPER_FRACTION)
    density: float = _quantity("kg/m3", "density of the polymer")
    tortuosity: float = _quantity("1", "tortuosity factor, D_eff = D eps / tau", AT_LEAST_ONE)
    macmullin_number: float = _quantity("1", "MacMullin number, tau / eps", AT_LEAST_ONE)
    bruggeman_exponent: float = _bruggeman_exponent()
    tensile_strength: float = _quantity("Pa", "measured tensile strength")


@_described
class ElectrolyteCorrelations:
    """Transport properties over concentration and temperature, as one source measured them; None where it did not."""

    conductivity: Formula | None = _correlation("S/m", "ionic conductivity")
    diffusivity: Formula | None = _correlation("m2/s", "diffusivity of the salt")
    transference: Formula | None = _correlation("1", "transference number of Li+")
    thermodynamic_factor: Formula | None = _correlation("1", "thermodynamic factor, 1 + d ln f / d ln c")


@_described
class Electrolyte:
    """LiPF6 in EC/EMC."""

    concentration: float = _quantity("mol/m3", "concentration of the salt")
    density: float = _quantity("kg/m3", "density of the solution")
    correlations: Alternatives[ElectrolyteCorrelations] = _several(
        ElectrolyteCorrelations, "transport in the electrolyte", choose=True
    )


@_described
class Inactive:
    """A component that stores no lithium."""

    density: float = _quantity("kg/m3", "true density")


@_described
class ActiveMaterial:
    """A material that stores lithium."""

    density: float = _quantity("kg/m3", "true density")
    specific_capacity: float = _quantity("C/kg", "reversible specific capacity")
    radius: float = _quantity("m", "radius of a particle")
    maximum_concentration: float = _quantity(
        "mol/m3",
        "concentration of lithium at full stoichiometry",
        derive=lambda own: own.specific_capacity * own.density / FARADAY,
        formula="specific capacity x density / F",
    )
    diffusivity: float = _quantity("m2/s", "diffusivity of lithium in the solid")
    exchange_current: ExchangeCurrent = _input(
        Parts(ExchangeCurrent, (Quantity("A/m2"), Quantity("1", PROPER_FRACTION), Quantity("J/mol", NON_NEGATIVE))),
        "exchange-current density",
    )
    ocp: Alternatives[Branches] = _several(Potential(), "open-circuit potential against lithium", choose=True)


@_described
class Graphite(ActiveMaterial):
    """Artificial graphite."""

    theoretical_capacity: float = _quantity("C/kg", "specific capacity of LiC6")
    initial_efficiency: float = _quantity("1", "Coulombic efficiency of the first cycle", EFFICIENCY)
    volume_change: Formula | None = _correlation("1", "relative volume change over the stoichiometry")


@_described
class SiliconOxide(ActiveMaterial):
    """Silicon oxide, SiOx with x about 1."""

    theoretical_capacity: ConversionCapacity = _input(
        Parts(ConversionCapacity, (Quantity("C/kg"), Quantity("C/kg"), Quantity("1", EFFICIENCY))),
        "limits of the conversion to Li15Si4 and Li4SiO4",
    )
    first_lithiation_capacity: tuple[float, ...] = _series("C/kg", "specific capacity of the first lithiation")
    initial_efficiency: tuple[float, ...] = _series(
        "1", "Coulombic efficiency of the first cycle, from no to thick carbon coating", EFFICIENCY
    )
    volume_ratio: float = _quantity("1", "volume of lithiated over pristine SiOx")


@_described
class NickelManganeseCobalt(ActiveMaterial):
    """LiNi0.6Mn0.2Co0.2O2; its stoichiometry is the true lithium content."""

    maximum_concentration: float = _quantity(
        "mol/m3",
        "concentration of lithium at full stoichiometry",
        derive=lambda own: own.density / own.molar_mass,
        formula="density / molar mass",
    )
    molar_mass: float = _quantity("kg/mol", "molar mass")
    theoretical_capacity: float = _quantity(
        "C/kg",
        "specific capacity of all lithium",
        derive=lambda own: FARADAY / own.molar_mass,
        formula="F / molar mass",
    )
    radius_large: float = _quantity("m", "radius of the large particles")
    radius_small: float = _quantity("m", "radius of the small particles")
    mass_fraction_large: float = _quantity("1", "mass fraction of the large particles", FRACTION)
    specific_surface: float = _quantity("1/m", "surface of the particles per volume of coating")
    diffusivity_correlation: Formula | None = _correlation("m2/s", "diffusivity over the stoichiometry")
    exchange_current_correlation: Formula | None = _correlation(
        "A/m2", "exchange-current density over the stoichiometry"
    )
    conductivity_correlation: Formula | None = _correlation("S/m", "electronic conductivity over the stoichiometry")
    volume_change: Formula | None = _correlation("1", "relative volume change over the stoichiometry")


@_described
class Contact:
    """Where electrons pass from foil to coating, and the double layer."""

    negative: float = _quantity("ohm m2", "contact resistance, copper to coating", NON_NEGATIVE)
    positive: float = _quantity("ohm m2", "contact resistance, aluminium to coating", NON_NEGATIVE)
    perforated_ratio: float = _quantity("1", "interfacial resistivity on perforated over bare copper")
    double_layer_capacitance: float = _quantity("F/m2", "double-layer capacitance per surface of particles")


@_described
class Formation:
    """Lithium lost in the first cycle."""

    irreversible_capacity: tuple[float, ...] = _limits("C/m2", "range of the capacity lost in the negative electrode")
    efficiency_full_cell: tuple[float, ...] = _series(
        "1", "Coulombic efficiency of the full cell's first cycle, from no to thick carbon coating", EFFICIENCY
    )


@_described
class Calendering:
    """Compaction of the coatings."""

    compaction: Formula = _input(Correlation("kg/m3"), "density of the coating over line load")
    positive_initial_density: float = _quantity("kg/m3", "density of the uncalendered positive coating")
    positive_maximum_density: float = _quantity("kg/m3", "lower bound of its greatest density")
    modulus_nmc: float = _quantity("Pa", "Young's modulus of NMC in the compaction model")
    modulus_binder: float = _quantity("Pa", "Young's modulus of carbon and binder in the compaction model")
    modulus_aluminium: float = _quantity("Pa", "Young's modulus of aluminium foil")
    poisson_ratio: float = _quantity("1", "Poisson's ratio in the compaction model", POISSON)
    yield_stress_nmc: tuple[float, ...] = _limits("Pa", "range of the yield stress of NMC")


@_described
class Formats:
    """The cells that were built."""

    coin_negative_diameter: float = _quantity("m", "diameter of the negative electrode in coin cells")
    coin_positive_diameter: float = _quantity("m", "diameter of the positive electrode in coin cells")
    pouch_negative_width: float = _quantity("m", "edge of the square negative electrode in pouch cells")
    pouch_positive_width: float = _quantity("m", "edge of the square positive electrode in pouch cells")
    pouch_film_thickness: float = _quantity("m", "thickness of the pouch film")
    stack_negative_width: float = _quantity("m", "edge of the negative electrode in the two-stack cell")
    stack_positive_width: float = _quantity("m", "edge of the positive electrode in the two-stack cell")
    half_cell_lower_cutoff: float = _quantity("V", "lower cut-off voltage of half cells")
    half_cell_upper_cutoff: float = _quantity("V", "upper cut-off voltage of half cells")


@_described
class Cell:
    """Every input of the study, in SI.

    ``records[key]`` says where the value of attribute ``key`` comes from, e.g. ``records["negative.loading"]``, and
    ``sources[name]`` is the reference.
    """

    temperature: float = _quantity("K", "temperature")
    lower_cutoff: float = _quantity("V", "lower cut-off voltage")
    upper_cutoff: float = _quantity("V", "upper cut-off voltage")
    collector_negative: NegativeFoil = _group(NegativeFoil, "Bare copper foil")
    perforation: Perforation = _group(Perforation, "Perforated copper foil")
    collector_positive: Foil = _group(Foil, "Aluminium foil")
    negative: NegativeElectrode = _group(NegativeElectrode, "Negative electrode")
    positive: PositiveElectrode = _group(PositiveElectrode, "Positive electrode")
    separator: Separator = _group(Separator, "Separator")
    electrolyte: Electrolyte = _group(Electrolyte, "Electrolyte")
    siox: SiliconOxide = _group(SiliconOxide, "Silicon oxide")
    graphite: Graphite = _group(Graphite, "Graphite")
    nmc: NickelManganeseCobalt = _group(NickelManganeseCobalt, "NMC622")
    contact: Contact = _group(Contact, "Interfaces")
    formation: Formation = _group(Formation, "First cycle")
    calendering: Calendering = _group(Calendering, "Calendering")
    formats: Formats = _group(Formats, "Cells that were built")
    materials: Named[Inactive] = _several(Inactive, "Carbon black and binders")
    sources: Named[Source] = field(compare=False, repr=False)
    records: Named[Record] = field(compare=False, repr=False)
    file: str = field(compare=False, repr=False)
    entries: Mapping[str, Any] = field(compare=False, repr=False)


# Reading a file -------------------------------------------------------------------------------------------------------

_SHIPPED = "cell.toml"
_CHANGED = ", with changes"
#: Of a file [bytes]; the study's own has 60 000.
_LARGEST = 1_000_000
#: Names in one key; the study's own have five at most, and reading takes the square of their number.
_LONG_KEY = re.compile(r"""^[ \t]*+(?:(?:[\w-]++|"(?:\\.|[^"\\\n])*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){20}""", re.MULTILINE)


def load(path: str | Path | None = None) -> Cell:
    """Read the inputs of a cell; by default those of the study.

    A file holds everything, or starts with ``extends = "study"`` and holds only what differs from the study. An entry
    that a file gives replaces the study's whole entry, so that a value never stands beside another value's source.

    Parameters
    ----------
    path : path, optional
        A TOML file made like the package's own ``data/cell.toml``.

    Returns
    -------
    Cell

    Raises
    ------
    ParameterError
        Where the file cannot be read, lacks an entry, has an unknown one, or holds a value that makes no sense.
    """
    file = _SHIPPED if path is None else str(path)
    with _named(file):
        content = _content(resources.files("rampore") / "data" / _SHIPPED if path is None else Path(path))
        entries: dict[str, Any] = {}
        sources: dict[str, Source] = {}
        if "extends" in content:
            base = content.pop("extends")
            if base != "study":
                raise Refused(f"{base!r} is not known", 'write extends = "study", or leave it out', "extends")
            study = load()
            entries, sources = dict(study.entries), dict(study.sources)
        sources |= read_sources(content.pop("sources", {}))
        entries |= entries_of(Group("", Cell), content)
        return _cell(entries, sources, file)


def with_values(cell: Cell, changes: Mapping[str, tuple[Any, Any] | str]) -> Cell:
    """The same cell with a few values changed; what follows from them is computed anew.

    Parameters
    ----------
    cell : Cell
    changes : mapping of str to (value, unit)
        By key, e.g. ``{"perforation.open_fraction": (0.317, "1")}``. The name alone picks one of several rival data
        sets, e.g. ``{"electrolyte.correlations.chosen": "Nyman"}``.

    Returns
    -------
    Cell
        The changed entries carry the confidence mark `own`.

    Raises
    ------
    ParameterError
        As :func:`load`.
    """
    file = cell.file.removesuffix(_CHANGED) + _CHANGED
    entries = dict(cell.entries)
    with _named(file):
        for key, change in changes.items():
            entries[key] = _changed(cell, key, change)
        return _cell(entries, cell.sources, file)


def _changed(cell: Cell, key: str, change: Any) -> Any:
    entry = cell.entries.get(key, {})
    is_name = isinstance(entry, str)
    if is_name and isinstance(change, str):
        return change
    if not is_name and key not in cell.records:
        raise Refused(f"there is no such value{near(key, cell.records)}", "name a key of cell.records", key)
    if not is_pair(change):
        raise Refused(f"{change!r} is not a value with a unit", 'give (value, "unit")', key)
    if is_name:
        raise Refused(f"{change!r} is not a name", "give the name of one of the alternatives", key)
    kept = {name: entry[name] for name in FORMULA_KEYS if name in entry}
    value, unit = change
    return kept | {"value": value, "unit": unit, "source": [], "confidence": str(Confidence.OWN)}


@contextmanager
def _named(file: str) -> Iterator[None]:
    """What is refused within is refused of `file`."""
    try:
        yield
    except Refused as refused:
        raise ParameterError(file, *refused.in_one_line) from None
    except RecursionError:
        raise ParameterError(
            file, "", "nests tables or lists too deeply", "write them as the study's file has them"
        ) from None


def _content(origin) -> dict[str, Any]:
    try:
        _readable(origin)
        content = origin.read_text(encoding="utf-8-sig")
        if _LONG_KEY.search(content):
            raise Refused("has a key of twenty names or more", "write keys as the study's file has them")
        return tomllib.loads(content)
    except OSError as error:
        raise Refused(f"cannot be read ({error.strerror})", "give the path of a TOML file") from None
    except UnicodeDecodeError as error:
        raise Refused(f"is not UTF-8 text ({error.reason})", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"is not valid TOML: {error}", "correct it at the place named") from None
    except Refused:
        raise
    except ValueError as error:  # a path with a zero byte, a number of thousands of digits
        raise Refused(f"cannot be read ({error})", "give the path of a TOML file") from None


def _readable(origin) -> None:
    """Refuse what never ends or is no cell: a pipe, a device, a huge file."""
    if not isinstance(origin, Path):
        return
    status = origin.stat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise Refused("is not a file", "give the path of a TOML file")
    if status.st_size > _LARGEST:
        raise Refused(f"has {status.st_size} bytes", f"give a file of {_LARGEST} bytes or fewer")


def _cell(entries: Mapping[str, Any], sources: Mapping[str, Source], file: str) -> Cell:
    fields, records = tree_of(Cell, entries, sources)
    formats = fields["formats"]
    if fields["lower_cutoff"] >= fields["upper_cutoff"]:
        raise Refused("is not below upper_cutoff", "correct one of them", "lower_cutoff")
    if formats.half_cell_lower_cutoff >= formats.half_cell_upper_cutoff:
        raise Refused("is not below half_cell_upper_cutoff", "correct one of them", "formats.half_cell_lower_cutoff")
    return Cell(
        **fields,
        sources=Named(sources, "cell.sources"),
        records=Named(records, "cell.records"),
        file=file,
        entries=Named(entries, "cell.entries"),
    )
