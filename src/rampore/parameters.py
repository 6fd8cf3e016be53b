"""Parameters: every input of the study with its unit, source and confidence, read once and turned into SI.

``data/cell.toml`` is what a reader edits; :func:`load` is the only thing that reads it. The dataclasses below say what
a file must hold: each field knows its SI unit, the rule that its value obeys and, where it follows from others, the
formula. A what-if changes a few values with :func:`with_values`; what follows from them follows.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from rampore import RamporeError
from rampore.units import UnitError, difference_to_si, from_si, to_si

FARADAY = 96485.33212  #: Faraday's constant [C/mol], CODATA 2018

_SHIPPED = "cell.toml"


class ParameterError(RamporeError, ValueError):
    """An input that cannot be used; the message names the file, the key, the reason and what to do."""

    def __init__(self, file: str, key: str, reason: str, remedy: str) -> None:
        super().__init__(f"{file}: {key}: {reason}; {remedy}" if key else f"{file}: {reason}; {remedy}")
        self.file, self.key, self.reason, self.remedy = file, key, reason, remedy

    def __reduce__(self):
        return type(self), (self.file, self.key, self.reason, self.remedy)


class Confidence(StrEnum):
    """How far a value can be trusted, from best to worst."""

    GIVEN = "given"
    READ = "read"
    READ_SECONDARY = "read-secondary"
    READ_ABSTRACT = "read-abstract"
    DERIVED = "derived"
    PROXY = "proxy"
    UNVERIFIED = "unverified"
    OWN = "own"

    @property
    def meaning(self) -> str:
        """What the mark says, as a phrase."""
        return _MEANING[self]


_MEANING = {
    Confidence.GIVEN: "stated in the paper that is being reproduced",
    Confidence.READ: "read in the source named, or in the code named there",
    Confidence.READ_SECONDARY: "read in somebody else's digest of the source, not in the source",
    Confidence.READ_ABSTRACT: "read in an abstract or a snippet only",
    Confidence.DERIVED: "computed from other values, of this page or of the source",
    Confidence.PROXY: "a stand-in: read, but for another material or cell",
    Confidence.UNVERIFIED: "without a source: recalled or assumed",
    Confidence.OWN: "set by whoever runs this",
}

T = TypeVar("T")


class Named(Mapping[str, T], Generic[T]):
    """Things by name: immutable, in order, hashable where they are; an unknown name is answered with the near ones."""

    __slots__ = ("_items", "_what")

    def __init__(self, items: Mapping[str, T], what: str = "this") -> None:
        self._items, self._what = dict(items), what

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            raise KeyError(f"{self._what} has no {name!r}{_near(name, self._items)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __hash__(self) -> int:
        return hash(tuple(self._items.items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"


class Alternatives(Named[T]):
    """Rival data sets for one thing, and which of them the study builds on.

    Attributes
    ----------
    chosen : str
        Name of the one that the study takes.
    why : str
        The reason.
    """

    __slots__ = ("chosen", "why")

    def __init__(self, items: Mapping[str, T], chosen: str, why: str, what: str = "this") -> None:
        super().__init__(items, what)
        self.chosen, self.why = chosen, why

    @property
    def base(self) -> T:
        """The one that the study takes."""
        return self[self.chosen]

    def __hash__(self) -> int:
        return hash((super().__hash__(), self.chosen))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alternatives) and self.chosen == other.chosen and dict(self) == dict(other)


# What a value looks like ----------------------------------------------------------------------------------------------


class Curve(NamedTuple):
    """A tabulated function."""

    x: tuple[float, ...]  #: argument, strictly increasing [SI]
    y: tuple[float, ...]  #: value [SI]

    def __repr__(self) -> str:
        return f"Curve({len(self.x)} points, x {self.x[0]:g} to {self.x[-1]:g})"


class Formula(NamedTuple):
    """A published correlation: its form, its coefficients, and how its result becomes SI."""

    form: str  #: name of the functional form
    text: str  #: the formula for a reader, with its arguments' units
    coefficients: tuple[float, ...] | Named[float | tuple[float, ...]]  #: as the source prints them
    unit: str  #: unit of the result
    factor: float  #: the result times this is SI


class Branches(NamedTuple):
    """An open-circuit potential against lithium; both branches are the same where a source gives one."""

    lithiation: Curve | Formula  #: potential [V] over the stoichiometry [-], lithium going in
    delithiation: Curve | Formula  #: the same, lithium coming out


class ExchangeCurrent(NamedTuple):
    r"""Exchange-current density, :math:`i_0 = i_\mathrm{ref} (c_e/c_\mathrm{ref})^{1-a} x^a (1-x)^{1-a}`.

    With :math:`c_\mathrm{ref}` = 1000 mol/m3, x the stoichiometry at the particle's surface, and an Arrhenius factor
    that is 1 at 298.15 K.
    """

    reference: float  #: i_ref [A/m2]
    exponent: float  #: a [-]
    activation_energy: float  #: [J/mol]


class ConversionCapacity(NamedTuple):
    """What the stoichiometry of SiO's conversion allows."""

    first_lithiation: float  #: [C/kg]
    reversible: float  #: [C/kg]
    efficiency: float  #: reversible / first lithiation [-]


@dataclass(frozen=True)
class Component:
    """One component of a coating.

    Attributes
    ----------
    name : str
        Key of the material.
    mass_fraction : float
        Share of the coating's mass [-].
    density : float
        True density [kg/m3].
    density_uncertainty : float
        Half of the range that sources allow [kg/m3]; 0 where only one value was found.
    specific_capacity : float
        Reversible specific capacity [C/kg]; 0 for what stores no lithium.
    active : bool
        Whether it stores lithium.
    density_range : (float, float) or None
        The range itself [kg/m3]; None where only one value was found.
    """

    name: str
    mass_fraction: float
    density: float
    density_uncertainty: float
    specific_capacity: float
    active: bool
    density_range: tuple[float, float] | None = None


# What a field demands -------------------------------------------------------------------------------------------------


class Rule(NamedTuple):
    """What a number must be."""

    text: str
    holds: Callable[[float], bool]


POSITIVE = Rule("greater than 0", lambda value: value > 0)
NON_NEGATIVE = Rule("0 or more", lambda value: value >= 0)
FRACTION = Rule("between 0 and 1", lambda value: 0 <= value <= 1)
PROPER_FRACTION = Rule("greater than 0 and less than 1", lambda value: 0 < value < 1)
AT_LEAST_ONE = Rule("1 or more", lambda value: value >= 1)
ANY = Rule("a number", lambda value: True)


class _Refused(ValueError):
    """Reason and remedy, before file and key are known."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Refused(f"{value!r} is not a number", "write a number, without quotes")
    if not math.isfinite(value):
        raise _Refused(f"{value!r} is not a finite number", "write a finite number")
    return float(value)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Refused(f"{what} must be a text, not {value!r}", f'write {what} = "..."')
    return value


def _unit(value: Any, si: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Refused(f"unit must be a text, not {value!r}", f"name a unit that {si} can be expressed in")
    return value


@dataclass(frozen=True)
class Quantity:
    """A field's demand: one number."""

    unit: str
    rule: Rule = POSITIVE

    def read(self, value: Any, unit: Any, _: Mapping) -> float:
        return self._convert(_number(value), _unit(unit, self.unit))

    def _convert(self, number: float, unit: str) -> float:
        try:
            converted = to_si(number, unit, self.unit)
        except UnitError as error:
            raise _Refused(str(error), f"give the value in a unit that {self.unit} can be expressed in") from None
        self.check(converted, f"{number:g} {unit}")
        return converted

    def check(self, si_value: float, shown: str) -> None:
        if not math.isfinite(si_value):
            raise _Refused(f"{shown} is beyond what can be computed with", "correct the value or its unit")
        if not self.rule.holds(si_value):
            raise _Refused(f"{shown} must be {self.rule.text}", "correct the value or its unit")


@dataclass(frozen=True)
class Series(Quantity):
    """A field's demand: a list of numbers in one unit."""

    def read(self, value: Any, unit: Any, _: Mapping) -> tuple[float, ...]:
        if not isinstance(value, list | tuple) or not value:
            raise _Refused(f"{value!r} is not a list of numbers", "write value = [..., ...]")
        return tuple(self._convert(_number(number), _unit(unit, self.unit)) for number in value)


@dataclass(frozen=True)
class Table:
    """A field's demand: pairs of numbers, the first column increasing."""

    units: tuple[str, str]
    rules: tuple[Rule, Rule]

    @property
    def unit(self) -> str:
        return self.units[1]

    def read(self, value: Any, unit: Any, _: Mapping) -> Curve:
        if not isinstance(unit, list | tuple) or len(unit) != 2:
            raise _Refused(f"unit {unit!r} is not a list of two", 'write unit = ["1", "V"], one for each column')
        if not isinstance(value, list | tuple) or len(value) < 2:
            raise _Refused("a table needs two rows or more", "write value = [[x, y], [x, y], ...]")
        for row in value:
            if not isinstance(row, list | tuple) or len(row) != 2:
                raise _Refused(f"the row {row!r} is not a pair of numbers", "write value = [[x, y], [x, y], ...]")
        columns = [
            Series(si, rule).read(column, name, {})
            for column, name, si, rule in zip(zip(*value, strict=True), unit, self.units, self.rules, strict=True)
        ]
        for before, after in zip(columns[0], columns[0][1:], strict=False):
            if after <= before:
                raise _Refused(
                    f"the first column must increase, and {after:g} follows {before:g}", "sort the rows, drop doubles"
                )
        return Curve(*columns)


@dataclass(frozen=True)
class Correlation:
    """A field's demand: a formula with its coefficients, or one number where the source gives a constant."""

    unit: str

    def read(self, value: Any, unit: Any, entry: Mapping) -> Formula:
        name = _unit(unit, self.unit)
        try:
            factor = difference_to_si(1.0, name, self.unit)
        except UnitError as error:
            raise _Refused(str(error), f"give the result's unit, one that {self.unit} can be expressed in") from None
        form, text = _text(entry.get("form"), "form"), _text(entry.get("formula"), "formula")
        return Formula(form, text, self._coefficients(value), name, factor)

    def _coefficients(self, value: Any):
        if isinstance(value, Mapping):
            return Named({name: self._coefficients_of_one(part) for name, part in value.items()}, "this formula")
        if isinstance(value, list | tuple):
            return tuple(_number(number) for number in value)
        return (_number(value),)

    @staticmethod
    def _coefficients_of_one(part: Any) -> float | tuple[float, ...]:
        return tuple(_number(number) for number in part) if isinstance(part, list | tuple) else _number(part)


@dataclass(frozen=True)
class Potential:
    """A field's demand: an open-circuit potential, one branch or two, each a table or a formula."""

    unit: str = "V"

    def read(self, value: Any, unit: Any, entry: Mapping) -> Branches:
        one = (
            Correlation("V")
            if "formula" in entry
            else Table(("1", "V"), (FRACTION, Rule("between -1 and 6 V", lambda volt: -1 <= volt <= 6)))
        )
        if isinstance(value, Mapping) and {"lithiation", "delithiation"} & set(value):
            if set(value) != {"lithiation", "delithiation"}:
                raise _Refused(
                    f"the branches are {', '.join(map(str, value))}",
                    "give both, lithiation and delithiation, or one `value`",
                )
            return Branches(*(one.read(value[branch], unit, entry) for branch in ("lithiation", "delithiation")))
        both = one.read(value, unit, entry)
        return Branches(both, both)


@dataclass(frozen=True)
class Parts:
    """A field's demand: a few numbers that belong together, each with its name and unit."""

    made: type
    parts: tuple[tuple[str, Quantity], ...]

    @property
    def unit(self) -> str:
        return self.parts[0][1].unit

    def read(self, value: Any, unit: Any, _: Mapping):
        names = [name for name, _ in self.parts]
        for what, given in (("value", value), ("unit", unit)):
            if not isinstance(given, Mapping) or set(given) != set(names):
                raise _Refused(f"{what} must name {', '.join(names)}", f"write {what} = {{ {names[0]} = ..., ... }}")
        read = []
        for name, quantity in self.parts:
            try:
                read.append(quantity.read(value[name], unit[name], {}))
            except _Refused as refused:
                raise _Refused(f"{name}: {refused.reason}", refused.remedy) from None
        return self.made(*read)


@dataclass(frozen=True)
class Shares:
    """A field's demand: shares of a whole by name, which sum to one."""

    unit: str = "1"

    def read(self, value: Any, unit: Any, _: Mapping) -> tuple[tuple[str, float], ...]:
        if not isinstance(value, Mapping) or not value:
            raise _Refused(f"{value!r} names no shares", "write value = { graphite = 95, paa = 5 }")
        one = Quantity("1", FRACTION)
        shares = tuple((name, one.read(share, unit, {})) for name, share in value.items())
        total = sum(share for _, share in shares)
        if abs(total - 1) > 1e-9 * len(shares):  # binary rounding of the shares, nothing more
            raise _Refused(f"the shares sum to {total:.6g}, not to 1", "correct the shares")
        return shares


def _input(kind, label: str, derive: Callable | None = None, formula: str = "", optional: bool = False) -> dict:
    """Metadata of a field that a file fills; with `derive`, one that follows from others where the file does not."""
    return {"kind": kind, "label": label, "derive": derive, "formula": formula, "optional": optional}


def _quantity(unit: str, label: str, rule: Rule = POSITIVE, **more):
    return field(metadata=_input(Quantity(unit, rule), label, **more))


def _group(made: Any, label: str, open_ended: bool = False, choose: bool = False) -> dict[str, Any]:
    """Metadata of a field that holds a group of fields; an open-ended one holds any number of them, by name."""
    return {"group": made, "label": label, "open": open_ended, "choose": choose}


def _documented(cls: type) -> type:
    """Write the class's Attributes section from its fields, so that there is one place for what each of them is."""
    lines = [cls.__doc__, "", "    Attributes", "    ----------"]
    for item in dataclasses.fields(cls):
        if "label" not in item.metadata:
            continue
        kind = item.metadata.get("kind")
        unit = f" [{'-' if kind.unit == '1' else kind.unit}]" if isinstance(kind, Quantity) else ""
        follows = f"; {item.metadata['formula']}" if item.metadata.get("formula") else ""
        lines += [f"    {item.name} : {item.type}", f"        {item.metadata['label']}{unit}{follows}."]
    cls.__doc__ = "\n".join(lines) + "\n    "
    return cls


# What follows from other values ---------------------------------------------------------------------------------------


_BRUGGEMAN = "1 + ln(tau) / ln(1 / eps)"


def _thickness(values: Mapping, group: str) -> float:
    return values[f"{group}.loading"] / values[f"{group}.density"]


def _porosity(values: Mapping, group: str) -> float:
    solids = sum(share / values[f"{_home(name)}.density"] for name, share in values[f"{group}.composition"])
    return 1 - values[f"{group}.density"] * solids


def _bruggeman(values: Mapping, group: str) -> float:
    return 1 + math.log(values[f"{group}.tortuosity"]) / math.log(1 / values[f"{group}.porosity"])


def _concentration_from_capacity(values: Mapping, group: str) -> float:
    return values[f"{group}.specific_capacity"] * values[f"{group}.density"] / FARADAY


def _concentration_from_molar_mass(values: Mapping, group: str) -> float:
    return values[f"{group}.density"] / values[f"{group}.molar_mass"]


def _capacity_from_molar_mass(values: Mapping, group: str) -> float:
    return FARADAY / values[f"{group}.molar_mass"]


# The cell -------------------------------------------------------------------------------------------------------------


@_documented
@dataclass(frozen=True, kw_only=True)
class Foil:
    """A current collector without holes."""

    thickness: float = _quantity("m", "thickness of the foil")
    density: float = _quantity("kg/m3", "density of the metal")
    conductivity: float = _quantity("S/m", "electronic conductivity")
    tensile_strength: float = _quantity("Pa", "measured tensile strength")


@_documented
@dataclass(frozen=True, kw_only=True)
class NegativeFoil(Foil):
    """The bare copper foil."""

    areal_mass: float = _quantity("kg/m2", "measured areal mass")


@_documented
@dataclass(frozen=True, kw_only=True)
class Perforation:
    """The perforated copper foil: a triangular lattice of round holes."""

    hole_diameter: float = _quantity("m", "diameter of a hole")
    foil_thickness: float = _quantity("m", "thickness of the perforated foil")
    open_fraction: float = _quantity("1", "area fraction of holes", PROPER_FRACTION)
    areal_mass: float = _quantity("kg/m2", "measured areal mass")
    tensile_strength: float = _quantity("Pa", "measured tensile strength")


@_documented
@dataclass(frozen=True, kw_only=True)
class Electrode:
    """A calendered coating on one side of a foil."""

    loading: float = _quantity("kg/m2", "mass loading of one side")
    density: float = _quantity("kg/m3", "density of the calendered coating")
    areal_capacity: float = _quantity("C/m2", "nominal areal capacity")
    composition: tuple[Component, ...] = field(metadata=_input(Shares(), "composition by mass"))
    thickness: float = _quantity(
        "m", "thickness of the coating", derive=_thickness, formula="loading / density of the coating"
    )
    porosity: float = _quantity(
        "1",
        "porosity that the recipe implies",
        PROPER_FRACTION,
        derive=_porosity,
        formula="1 - density of the coating x sum of (mass fraction / true density)",
    )
    tortuosity: float = _quantity("1", "tortuosity factor, D_eff = D eps / tau", AT_LEAST_ONE)
    bruggeman_exponent: float = _quantity(
        "1",
        "exponent b of D_eff = D eps^b that gives the same",
        ANY,
        derive=_bruggeman,
        formula=_BRUGGEMAN,
    )
    conductivity: float = _quantity("S/m", "effective electronic conductivity of the coating")

    @property
    def volume_fractions(self) -> tuple[float, ...]:
        """Volume of each component per volume of coating [-], in the order of the composition."""
        return tuple(part.mass_fraction * self.density / part.density for part in self.composition)


@_documented
@dataclass(frozen=True, kw_only=True)
class NegativeElectrode(Electrode):
    """The SiOx/graphite coating."""

    porosity_image: float = _quantity("1", "porosity on the bare foil, from micrographs", PROPER_FRACTION)
    porosity_npr: float = _quantity("1", "porosity over foil (NPR), from micrographs", PROPER_FRACTION)
    porosity_pr: float = _quantity("1", "porosity over a hole (PR), from micrographs", PROPER_FRACTION)
    initial_porosity: tuple[float, ...] = field(
        metadata=_input(Series("1", PROPER_FRACTION), "range of the porosity of uncalendered graphite coatings")
    )
    tortuosity_law: Formula | None = field(
        metadata=_input(Correlation("1"), "tortuosity factor over porosity", optional=True)
    )


@_documented
@dataclass(frozen=True, kw_only=True)
class PositiveElectrode(Electrode):
    """The NMC622 coating."""

    porosity_over_density: Curve | None = field(
        metadata=_input(
            Table(("kg/m3", "1"), (POSITIVE, FRACTION)), "porosity over the density of the coating", optional=True
        )
    )


@_documented
@dataclass(frozen=True, kw_only=True)
class Separator:
    """The polyethylene separator."""

    thickness: float = _quantity("m", "thickness in coin cells")
    thickness_pouch: float = _quantity("m", "thickness in pouch cells")
    porosity: float = _quantity("1", "porosity", PROPER_FRACTION)
    density: float = _quantity("kg/m3", "density of the polymer")
    tortuosity: float = _quantity("1", "tortuosity factor, D_eff = D eps / tau", AT_LEAST_ONE)
    macmullin_number: float = _quantity("1", "MacMullin number, tau / eps", AT_LEAST_ONE)
    bruggeman_exponent: float = _quantity(
        "1", "exponent b of D_eff = D eps^b that gives the same", ANY, derive=_bruggeman, formula=_BRUGGEMAN
    )
    tensile_strength: float = _quantity("Pa", "measured tensile strength")


@_documented
@dataclass(frozen=True, kw_only=True)
class ElectrolyteCorrelations:
    """Transport properties over concentration and temperature, as one source measured them; None where it did not."""

    conductivity: Formula | None = field(metadata=_input(Correlation("S/m"), "ionic conductivity", optional=True))
    diffusivity: Formula | None = field(metadata=_input(Correlation("m2/s"), "diffusivity of the salt", optional=True))
    transference: Formula | None = field(metadata=_input(Correlation("1"), "transference number of Li+", optional=True))
    thermodynamic_factor: Formula | None = field(
        metadata=_input(Correlation("1"), "thermodynamic factor, 1 + d ln f / d ln c", optional=True)
    )


@_documented
@dataclass(frozen=True, kw_only=True)
class Electrolyte:
    """LiPF6 in EC/EMC."""

    concentration: float = _quantity("mol/m3", "concentration of the salt")
    density: float = _quantity("kg/m3", "density of the solution")
    correlations: Alternatives[ElectrolyteCorrelations] = field(
        metadata=_group(ElectrolyteCorrelations, "transport in the electrolyte", open_ended=True, choose=True)
    )


@_documented
@dataclass(frozen=True, kw_only=True)
class Inactive:
    """A component that stores no lithium."""

    density: float = _quantity("kg/m3", "true density")


_OCP = _group(Potential(), "open-circuit potential against lithium", open_ended=True, choose=True)


@_documented
@dataclass(frozen=True, kw_only=True)
class ActiveMaterial:
    """A material that stores lithium."""

    density: float = _quantity("kg/m3", "true density")
    specific_capacity: float = _quantity("C/kg", "reversible specific capacity")
    radius: float = _quantity("m", "radius of a particle")
    maximum_concentration: float = _quantity(
        "mol/m3",
        "concentration of lithium at full stoichiometry",
        derive=_concentration_from_capacity,
        formula="specific capacity x density / F",
    )
    diffusivity: float = _quantity("m2/s", "diffusivity of lithium in the solid")
    exchange_current: ExchangeCurrent = field(
        metadata=_input(
            Parts(
                ExchangeCurrent,
                (
                    ("reference", Quantity("A/m2")),
                    ("exponent", Quantity("1", PROPER_FRACTION)),
                    ("activation_energy", Quantity("J/mol", NON_NEGATIVE)),
                ),
            ),
            "exchange-current density",
        )
    )
    ocp: Alternatives[Branches] = field(metadata=_OCP)


@_documented
@dataclass(frozen=True, kw_only=True)
class Graphite(ActiveMaterial):
    """Artificial graphite."""

    theoretical_capacity: float = _quantity("C/kg", "specific capacity of LiC6")
    initial_efficiency: float = _quantity("1", "Coulombic efficiency of the first cycle", FRACTION)
    volume_change: Formula | None = field(
        metadata=_input(Correlation("1"), "relative volume change over the stoichiometry", optional=True)
    )


@_documented
@dataclass(frozen=True, kw_only=True)
class SiliconOxide(ActiveMaterial):
    """Silicon oxide, SiOx with x about 1."""

    theoretical_capacity: ConversionCapacity = field(
        metadata=_input(
            Parts(
                ConversionCapacity,
                (
                    ("first_lithiation", Quantity("C/kg")),
                    ("reversible", Quantity("C/kg")),
                    ("efficiency", Quantity("1", FRACTION)),
                ),
            ),
            "limits of the conversion to Li15Si4 and Li4SiO4",
        )
    )
    first_lithiation_capacity: tuple[float, ...] = field(
        metadata=_input(Series("C/kg"), "specific capacity of the first lithiation")
    )
    initial_efficiency: tuple[float, ...] = field(
        metadata=_input(
            Series("1", FRACTION), "Coulombic efficiency of the first cycle, from no to thick carbon coating"
        )
    )
    volume_ratio: float = _quantity("1", "volume of lithiated over pristine SiOx")


@_documented
@dataclass(frozen=True, kw_only=True)
class NickelManganeseCobalt(ActiveMaterial):
    """LiNi0.6Mn0.2Co0.2O2; its stoichiometry is the true lithium content."""

    maximum_concentration: float = _quantity(
        "mol/m3",
        "concentration of lithium at full stoichiometry",
        derive=_concentration_from_molar_mass,
        formula="density / molar mass",
    )
    molar_mass: float = _quantity("kg/mol", "molar mass")
    theoretical_capacity: float = _quantity(
        "C/kg", "specific capacity of all lithium", derive=_capacity_from_molar_mass, formula="F / molar mass"
    )
    radius_large: float = _quantity("m", "radius of the large particles")
    radius_small: float = _quantity("m", "radius of the small particles")
    mass_fraction_large: float = _quantity("1", "mass fraction of the large particles", FRACTION)
    specific_surface: float = _quantity("1/m", "surface of the particles per volume of coating")
    diffusivity_correlation: Formula | None = field(
        metadata=_input(Correlation("m2/s"), "diffusivity over the stoichiometry", optional=True)
    )
    exchange_current_correlation: Formula | None = field(
        metadata=_input(Correlation("A/m2"), "exchange-current density over the stoichiometry", optional=True)
    )
    conductivity_correlation: Formula | None = field(
        metadata=_input(Correlation("S/m"), "electronic conductivity over the stoichiometry", optional=True)
    )
    volume_change: Formula | None = field(
        metadata=_input(Correlation("1"), "relative volume change over the stoichiometry", optional=True)
    )


@_documented
@dataclass(frozen=True, kw_only=True)
class Contact:
    """Where electrons pass from foil to coating, and the double layer."""

    negative: float = _quantity("ohm m2", "contact resistance, copper to coating", NON_NEGATIVE)
    positive: float = _quantity("ohm m2", "contact resistance, aluminium to coating", NON_NEGATIVE)
    perforated_ratio: float = _quantity("1", "interfacial resistivity on perforated over bare copper")
    double_layer_capacitance: float = _quantity("F/m2", "double-layer capacitance per surface of particles")


@_documented
@dataclass(frozen=True, kw_only=True)
class Formation:
    """Lithium lost in the first cycle."""

    irreversible_capacity: tuple[float, ...] = field(
        metadata=_input(Series("C/m2"), "range of the capacity lost in the negative electrode")
    )
    efficiency_full_cell: tuple[float, ...] = field(
        metadata=_input(
            Series("1", FRACTION),
            "Coulombic efficiency of the full cell's first cycle, from no to thick carbon coating",
        )
    )


@_documented
@dataclass(frozen=True, kw_only=True)
class Calendering:
    """Compaction of the coatings."""

    compaction: Formula = field(metadata=_input(Correlation("kg/m3"), "density of the coating over line load"))
    positive_initial_density: float = _quantity("kg/m3", "density of the uncalendered positive coating")
    positive_maximum_density: float = _quantity("kg/m3", "lower bound of its greatest density")
    modulus_nmc: float = _quantity("Pa", "Young's modulus of NMC in the compaction model")
    modulus_binder: float = _quantity("Pa", "Young's modulus of carbon and binder in the compaction model")
    modulus_aluminium: float = _quantity("Pa", "Young's modulus of aluminium foil")
    poisson_ratio: float = _quantity("1", "Poisson's ratio in the compaction model", FRACTION)
    yield_stress_nmc: tuple[float, ...] = field(metadata=_input(Series("Pa"), "range of the yield stress of NMC"))


@_documented
@dataclass(frozen=True, kw_only=True)
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


class Source(NamedTuple):
    """Where values come from."""

    citation: str  #: the full reference
    doi: str  #: without the resolver's address; empty where there is none
    read: str  #: where the value was read, where that is not the reference itself


class NotChosen(NamedTuple):
    """A rival value, and why the study does not take it."""

    value: Any  #: as the file has it, in `unit`
    unit: str
    source: tuple[str, ...]
    why: str
    claim: str


@dataclass(frozen=True)
class Record:
    """Where one value comes from.

    Attributes
    ----------
    key, label : str
        Name, which is the path of the attribute, and what it is.
    value, unit
        As the file has them; of a derived value, its value in the file's unit.
    si_value, si_unit
        As the attribute has it.
    source : tuple of str
        Keys of `Cell.sources`; empty where there is none.
    place : str
        Where in the source.
    confidence : Confidence
    note : str
    range : (float, float) or None
        What sources allow [si_unit].
    not_chosen : tuple of NotChosen
    claim : str
        The statement of the ledger that gives the same number, or empty.
    formula : str
        How a computed value follows from the others, or the formula of a correlation; or empty.
    variant : str
        Which of several: the name of the data set or of the material; or empty.
    """

    key: str
    label: str
    value: Any
    unit: Any
    si_value: Any
    si_unit: str
    source: tuple[str, ...]
    place: str
    confidence: Confidence
    note: str
    range: tuple[float, float] | None
    not_chosen: tuple[NotChosen, ...]
    claim: str
    formula: str
    variant: str


@_documented
@dataclass(frozen=True, kw_only=True)
class Cell:
    """Every input of the study, in SI.

    ``records[key]`` says where the value of attribute ``key`` comes from, e.g. ``records["negative.loading"]``, and
    ``sources[name]`` is the reference.
    """

    temperature: float = _quantity("K", "temperature")
    lower_cutoff: float = _quantity("V", "lower cut-off voltage")
    upper_cutoff: float = _quantity("V", "upper cut-off voltage")
    collector_negative: NegativeFoil = field(metadata=_group(NegativeFoil, "Bare copper foil"))
    perforation: Perforation = field(metadata=_group(Perforation, "Perforated copper foil"))
    collector_positive: Foil = field(metadata=_group(Foil, "Aluminium foil"))
    negative: NegativeElectrode = field(metadata=_group(NegativeElectrode, "Negative electrode"))
    positive: PositiveElectrode = field(metadata=_group(PositiveElectrode, "Positive electrode"))
    separator: Separator = field(metadata=_group(Separator, "Separator"))
    electrolyte: Electrolyte = field(metadata=_group(Electrolyte, "Electrolyte"))
    siox: SiliconOxide = field(metadata=_group(SiliconOxide, "Silicon oxide"))
    graphite: Graphite = field(metadata=_group(Graphite, "Graphite"))
    nmc: NickelManganeseCobalt = field(metadata=_group(NickelManganeseCobalt, "NMC622"))
    contact: Contact = field(metadata=_group(Contact, "Interfaces"))
    formation: Formation = field(metadata=_group(Formation, "First cycle"))
    calendering: Calendering = field(metadata=_group(Calendering, "Calendering"))
    formats: Formats = field(metadata=_group(Formats, "Cells that were built"))
    materials: Named[Inactive] = field(metadata=_group(Inactive, "Carbon black and binders", open_ended=True))
    sources: Named[Source] = field(compare=False, repr=False)
    records: Named[Record] = field(compare=False, repr=False)
    file: str = field(compare=False, repr=False)
    entries: Mapping[str, Any] = field(compare=False, repr=False)


# Reading a file -------------------------------------------------------------------------------------------------------

_ENTRY_KEYS = ("value", "unit", "source", "place", "confidence", "note", "range", "not_chosen", "claim")
_FORMULA_KEYS = ("form", "formula")
_RIVAL_KEYS = ("value", "unit", "source", "why", "claim")
_SOURCE_KEYS = ("citation", "doi", "read")
_BASES = ("study",)


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
    file, content = _read(path)
    entries: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    if "extends" in content:
        base = content.pop("extends")
        if base not in _BASES:
            raise ParameterError(file, "extends", f"{base!r} is not known", 'write extends = "study", or leave it out')
        study = load()
        entries, sources = dict(study.entries), dict(study.sources)
    sources |= _sources(content.pop("sources", {}), file)
    entries |= _collect(Cell, content, "", file)
    return _assemble(entries, sources, file)


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
    file = cell.file if cell.file.endswith(_CHANGED) else cell.file + _CHANGED
    entries = dict(cell.entries)
    for key, change in changes.items():
        if key not in cell.records and not (key in entries and isinstance(entries[key], str)):
            raise ParameterError(
                file, key, f"there is no such value{_near(key, cell.records)}", "name a key of cell.records"
            )
        if isinstance(change, str):
            if isinstance(entries.get(key), Mapping) or key in cell.records:
                raise ParameterError(file, key, f"{change!r} is not a value with a unit", 'give (value, "unit")')
            entries[key] = change
            continue
        if not isinstance(change, list | tuple) or len(change) != 2:
            raise ParameterError(file, key, f"{change!r} is not a value with a unit", 'give (value, "unit")')
        if key not in cell.records:
            raise ParameterError(file, key, f"{change!r} is not a name", "give the name of one of the alternatives")
        kept = {name: entries[key][name] for name in ("form", "formula") if name in entries.get(key, ())}
        value, unit = change
        entries[key] = kept | {"value": value, "unit": unit, "source": [], "confidence": str(Confidence.OWN)}
    return _assemble(entries, dict(cell.sources), file)


_CHANGED = ", with changes"


def _near(name: str, names) -> str:
    near = difflib.get_close_matches(str(name), list(names), n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _home(material: str) -> str:
    """Key of the group that describes a material."""
    own = {
        item.name for item in dataclasses.fields(Cell) if issubclass(item.metadata.get("group", str), ActiveMaterial)
    }
    return material if material in own else f"materials.{material}"


def _read(path: str | Path | None) -> tuple[str, dict[str, Any]]:
    origin = Path(path) if path is not None else resources.files("rampore") / "data" / _SHIPPED
    file = str(path) if path is not None else _SHIPPED
    try:
        return file, tomllib.loads(origin.read_text(encoding="utf-8"))
    except OSError as error:
        raise ParameterError(file, "", f"cannot be read ({error.strerror})", "give the path of a TOML file") from None
    except UnicodeDecodeError as error:
        raise ParameterError(file, "", f"is not UTF-8 text ({error.reason})", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ParameterError(file, "", f"is not valid TOML: {error}", "correct it at the place named") from None


def _sources(tables: Any, file: str) -> dict[str, Source]:
    if not isinstance(tables, Mapping):
        raise ParameterError(file, "sources", "is not a table", 'write [sources.name] and citation = "..."')
    made = {}
    for name, table in tables.items():
        key = f"sources.{name}"
        if not isinstance(table, Mapping):
            raise ParameterError(file, key, "is not a table", f'write [{key}] and citation = "..."')
        _known(table, _SOURCE_KEYS, key, file)
        try:
            _text(table.get("citation"), "citation")
            made[name] = Source(*(_text(table[part], part) if part in table else "" for part in _SOURCE_KEYS))
        except _Refused as refused:
            raise ParameterError(file, key, refused.reason, refused.remedy) from None
    return made


def _known(table: Mapping, allowed, path: str, file: str) -> None:
    for name in table:
        if name not in allowed:
            key = f"{path}.{name}" if path else name
            raise ParameterError(
                file, key, f"unknown key{_near(name, allowed)}", f"use one of {', '.join(allowed)}, or take it out"
            )


def _collect(made: type, table: Any, path: str, file: str) -> dict[str, Any]:
    """The entries of a file by key, each still as written; refuses what no field asks for."""
    fields = {item.name: item.metadata for item in dataclasses.fields(made) if item.metadata}
    _known(table, list(fields), path, file)
    entries: dict[str, Any] = {}
    for name, content in table.items():
        key, demand = f"{path}.{name}" if path else name, fields[name]
        if not isinstance(content, Mapping):
            raise ParameterError(file, key, f"{content!r} is not a table", f"write [{key}] and its entries below")
        if "kind" in demand:
            entries[key] = content
        elif not demand["open"]:
            entries |= _collect(demand["group"], content, key, file)
        else:
            for part, inner in content.items():
                inner_key = f"{key}.{part}"
                if demand["choose"] and part in ("chosen", "why"):
                    entries[inner_key] = inner
                elif not isinstance(inner, Mapping):
                    raise ParameterError(
                        file, inner_key, f"{inner!r} is not a table", f"write [{inner_key}] and its entries below"
                    )
                elif isinstance(demand["group"], type):
                    entries |= _collect(demand["group"], inner, inner_key, file)
                else:
                    entries[inner_key] = inner
    return entries


def _names(entries: Mapping[str, Any], key: str) -> list[str]:
    """Names below an open-ended key, in the file's order."""
    below = (name[len(key) + 1 :].split(".")[0] for name in entries if name.startswith(f"{key}."))
    return [name for name in dict.fromkeys(below) if name not in ("chosen", "why")]


def _demands(made: type, path: str, entries: Mapping[str, Any]) -> Iterator[tuple[str, Mapping]]:
    """Every key that a cell has, with what its field demands."""
    for item in dataclasses.fields(made):
        if not item.metadata:
            continue
        key, demand = f"{path}.{item.name}" if path else item.name, item.metadata
        if "kind" in demand:
            yield key, demand
        elif not demand["open"]:
            yield from _demands(demand["group"], key, entries)
        else:
            for name in _names(entries, key):
                inner = f"{key}.{name}"
                own = {"label": demand["label"], "kind": demand["group"]}
                parts = _demands(own["kind"], inner, entries) if isinstance(own["kind"], type) else [(inner, own)]
                yield from ((part, {**asked, "variant": name}) for part, asked in parts)


class _Values(dict):
    """SI values by key, each read or computed when it is first asked for."""

    def __init__(self, demands: Mapping[str, Mapping], entries: Mapping[str, Any], file: str) -> None:
        super().__init__()
        self.demands, self.entries, self.file = demands, entries, file

    def __missing__(self, key: str) -> Any:
        if key not in self.demands:
            group = key.rpartition(".")[0]
            raise ParameterError(
                self.file, group, "is named in a composition and described nowhere", f"add [{key}] and its value"
            )
        demand, entry = self.demands[key], self.entries.get(key, {})
        kind, derive = demand["kind"], demand.get("derive")
        try:
            if "value" in entry:
                self[key] = kind.read(entry["value"], entry["unit"], entry)
            elif derive:
                computed = derive(self, key.rpartition(".")[0])
                kind.check(computed, f"{computed:g}, computed as {demand['formula']},")
                self[key] = computed
            elif demand.get("optional") and not entry:
                self[key] = None
            else:
                raise _Refused(
                    "has no value" if entry else "is missing", f"add [{key}] with value, unit, source, confidence"
                )
        except _Refused as refused:
            raise ParameterError(self.file, key, refused.reason, refused.remedy) from None
        return self[key]


def _record(key: str, demand: Mapping, entry: Mapping, si_value: Any, file: str) -> Record:
    """Provenance of one value, from an entry that :func:`_checked` let through."""
    kind = demand["kind"]
    computed = "value" not in entry
    unit = entry.get("unit", kind.unit)
    limits = entry.get("range")
    return Record(
        key=key,
        label=demand["label"],
        value=from_si(si_value, unit) if computed else _frozen(entry["value"]),
        unit=_frozen(unit),
        si_value=si_value,
        si_unit=kind.unit,
        source=_list(entry.get("source", [])),
        place=entry.get("place", ""),
        confidence=Confidence(entry.get("confidence", Confidence.DERIVED)),
        note=entry.get("note", ""),
        range=tuple(to_si(number, unit, kind.unit) for number in limits) if limits else None,
        not_chosen=tuple(
            NotChosen(
                _frozen(rival["value"]),
                rival.get("unit", unit if isinstance(unit, str) else ""),
                _list(rival["source"]),
                rival["why"],
                rival.get("claim", ""),
            )
            for rival in entry.get("not_chosen", [])
        ),
        claim=entry.get("claim", ""),
        formula=demand["formula"] if computed else entry.get("formula", ""),
        variant=demand.get("variant", ""),
    )


def _list(source: Any) -> tuple[str, ...]:
    return (source,) if isinstance(source, str) else tuple(source)


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Named({name: _frozen(part) for name, part in value.items()})
    return tuple(_frozen(part) for part in value) if isinstance(value, list | tuple) else value


def _check_entry(key: str, demand: Mapping, entry: Mapping, sources: Mapping[str, Source], file: str) -> None:
    """Refuse an entry whose provenance is not complete."""

    def refuse(reason: str, remedy: str):
        raise ParameterError(file, key, reason, remedy)

    _known(
        entry, _ENTRY_KEYS + (_FORMULA_KEYS if isinstance(demand["kind"], Correlation | Potential) else ()), key, file
    )
    if "unit" not in entry:
        refuse("has no unit", 'add unit = "...", or unit = "1" for a number without one')
    if "confidence" not in entry:
        refuse("has no confidence", f"add confidence = one of {', '.join(Confidence)}")
    if entry["confidence"] not in list(Confidence):
        near = _near(entry["confidence"], Confidence)
        refuse(f"unknown confidence {entry['confidence']!r}{near}", f"use one of {', '.join(Confidence)}")
    if "value" not in entry and (entry["confidence"] != Confidence.DERIVED or not demand.get("derive")):
        refuse("has no value", "add value = ...")
    if "source" not in entry and "value" in entry:
        refuse("has no source", 'add source = ["..."], a key of [sources]; an unverified value says source = []')
    _check_sources(entry.get("source", []), sources, refuse)
    may_lack = entry["confidence"] in (Confidence.UNVERIFIED, Confidence.OWN) or "value" not in entry
    if not may_lack and not entry["source"]:
        refuse(f"is marked {entry['confidence']} and names no source", 'add one, or write confidence = "unverified"')
    for name in ("place", "note", "claim"):
        if not isinstance(entry.get(name, ""), str):
            refuse(f"{name} is not a text", f'write {name} = "..."')
    rivals = entry.get("not_chosen", [])
    if not isinstance(rivals, list) or not all(isinstance(rival, Mapping) for rival in rivals):
        refuse("not_chosen is not a list of tables", "write not_chosen = [{ value = ..., source = [...], why = ... }]")
    for rival in rivals:
        _known(rival, _RIVAL_KEYS, f"{key}.not_chosen", file)
        for name in ("value", "source", "why"):
            if name not in rival:
                refuse(f"a rival value in not_chosen has no {name}", f"add {name}")
        _check_sources(rival["source"], sources, refuse)
    if "range" in entry:
        _check_range(demand["kind"], entry, refuse)


def _check_sources(names: Any, sources: Mapping[str, Source], refuse: Callable) -> None:
    if not isinstance(names, str | list | tuple) or not all(isinstance(name, str) for name in names):
        refuse(f"source {names!r} is not a list of names", 'write source = ["..."]')
    for name in _list(names):
        if name not in sources:
            refuse(f"unknown source {name!r}{_near(name, sources)}", f"describe it under [sources.{name}]")


def _check_range(kind, entry: Mapping, refuse: Callable) -> None:
    limits = entry["range"]
    if type(kind) is not Quantity or not isinstance(limits, list) or len(limits) != 2:
        refuse(f"range {limits!r} is not two numbers beside one value", "write range = [low, high]")
    try:
        low, high = (kind.read(number, entry["unit"], {}) for number in limits)
        inside = "value" not in entry or low <= kind.read(entry["value"], entry["unit"], {}) <= high
    except _Refused as refused:
        refuse(f"range: {refused.reason}", refused.remedy)
    if not low <= high or not inside:
        refuse(f"range {limits} does not hold the value", "order it, and let the value lie in it")


def _may_lack(demand: Mapping) -> bool:
    return bool(demand.get("derive") or demand.get("optional"))


def _assemble(entries: Mapping[str, Any], sources: dict[str, Source], file: str) -> Cell:
    demands = dict(_demands(Cell, "", entries))
    missing = [key for key, demand in demands.items() if key not in entries and not _may_lack(demand)]
    if missing:
        others = f", as are {len(missing) - 1} others" if len(missing) > 1 else ""
        remedy = f'add [{missing[0]}] with value, unit, source, confidence, or start the file with extends = "study"'
        raise ParameterError(file, missing[0], f"is missing{others}", remedy)
    for key, entry in entries.items():
        if key in demands:
            _check_entry(key, demands[key], entry, sources, file)
    values = _Values(demands, entries, file)
    records = {
        key: _record(key, demand, entries.get(key, {}), values[key], file)
        for key, demand in demands.items()
        if values[key] is not None
    }
    if values["lower_cutoff"] >= values["upper_cutoff"]:
        raise ParameterError(file, "lower_cutoff", "is not below upper_cutoff", "correct one of them")
    tree = _build(Cell, "", values, entries, records, file)
    return Cell(
        **tree,
        sources=Named(sources, "cell.sources"),
        records=Named(records, "cell.records"),
        file=file,
        entries=Named(entries, "cell.entries"),
    )


def _build(made: type, path: str, values: _Values, entries: Mapping, records: Mapping, file: str) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for item in dataclasses.fields(made):
        if not item.metadata:
            continue
        key, demand = f"{path}.{item.name}" if path else item.name, item.metadata
        if isinstance(demand.get("kind"), Shares):
            tree[item.name] = tuple(_component(name, share, values, records) for name, share in values[key])
        elif "kind" in demand:
            tree[item.name] = values[key]
        elif not demand["open"]:
            group = demand["group"]
            tree[item.name] = group(**_build(group, key, values, entries, records, file))
        else:
            tree[item.name] = _open_group(key, demand, values, entries, records, file)
    return tree


def _open_group(key: str, demand: Mapping, values: _Values, entries: Mapping, records: Mapping, file: str):
    group = demand["group"]
    parts = {
        name: group(**_build(group, f"{key}.{name}", values, entries, records, file))
        if isinstance(group, type)
        else values[f"{key}.{name}"]
        for name in _names(entries, key)
    }
    if not demand["choose"]:
        return Named(parts, key)
    chosen, why = entries.get(f"{key}.chosen"), entries.get(f"{key}.why", "")
    if not isinstance(chosen, str) or chosen not in parts:
        raise ParameterError(
            file,
            f"{key}.chosen",
            f"{chosen!r} is none of {', '.join(parts)}{_near(chosen, parts)}"
            if parts
            else "there is nothing to choose",
            f"write chosen = one of the tables under [{key}]",
        )
    return Alternatives(parts, chosen, why, key)


def _component(name: str, share: float, values: _Values, records: Mapping[str, Record]) -> Component:
    home = _home(name)
    density, active = values[f"{home}.density"], not home.startswith("materials.")
    limits = records[f"{home}.density"].range
    return Component(
        name=name,
        mass_fraction=share,
        density=density,
        density_uncertainty=(limits[1] - limits[0]) / 2 if limits else 0.0,
        specific_capacity=values[f"{home}.specific_capacity"] if active else 0.0,
        active=active,
        density_range=limits,
    )
