"""Values: what an input may look like, and how what a file says of it is read, checked and turned
into SI.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Generic, NamedTuple, TypeVar

from rampore.units import UnitError, difference_to_si, to_si

T = TypeVar("T")

#: Longest text of an entry [characters], and longest part of it that a message repeats.
LONGEST, SHOWN = 4000, 300
#: What a reader may call a source, a material, a data set or a coefficient.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ +-]{0,63}")


class Named(Mapping[str, T], Generic[T]):
    """Things by name: immutable, in order, hashable where they are; an unknown name is answered
    with the near ones.
    """

    __slots__ = ("_items", "_what")

    def __init__(self, items: Mapping[str, T], what: str = "this") -> None:
        self._items, self._what = dict(items), what

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            raise KeyError(f"{self._what} has no {name!r}{near(name, self._items)}") from None

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
        return (
            isinstance(other, Alternatives)
            and self.chosen == other.chosen
            and dict(self) == dict(other)
        )


def near(name: object, names: Iterable[str]) -> str:
    """The end of a message about an unknown name: the known ones that look like it."""
    found = difflib.get_close_matches(str(name), list(names), n=3)
    return f"; did you mean {' or '.join(found)}?" if found else ""


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
    """An open-circuit potential against lithium; both branches are the same where a source gives
    one.
    """

    lithiation: Curve | Formula  #: potential [V] over the stoichiometry [-], lithium going in
    delithiation: Curve | Formula  #: the same, lithium coming out


class ExchangeCurrentInput(NamedTuple):
    r"""Exchange-current density, :math:`i_0 = i_\mathrm{ref} (c_e/c_\mathrm{ref})^{1-a} x^a
    (1-x)^{1-a}`.

    With :math:`c_\mathrm{ref}` = 1000 mol/m3, x the stoichiometry at the particle's surface, and an
    Arrhenius factor that is 1 at 298.15 K.
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
    """One component of a coating."""

    name: str  #: key of the material
    mass_fraction: float  #: share of the coating's mass [-]
    density: float  #: true density [kg/m3]
    #: half of the range that sources allow [kg/m3]; 0 where only one value was found
    density_uncertainty: float
    specific_capacity: float  #: reversible specific capacity [C/kg]; 0 for what stores no lithium
    active: bool  #: whether it stores lithium
    #: the range itself [kg/m3]; None where only one value was found
    density_range: tuple[float, float] | None = None


# What is refused ----------------------------------------------------------------------------------


class Refused(ValueError):
    """Why an input cannot be used and what to do about it, before the file and perhaps the key are
    known.
    """

    def __init__(self, reason: str, remedy: str, key: str = "") -> None:
        super().__init__(reason)
        self.reason, self.remedy, self.key = reason, remedy, key

    @property
    def in_one_line(self) -> tuple[str, str, str]:
        """Key, reason and remedy, without what would break a line or fill a screen."""
        key, reason, remedy = (_shown(str(part)) for part in (self.key, self.reason, self.remedy))
        return key, reason, remedy


def _shown(text: str) -> str:
    line = "".join(each if each.isprintable() else repr(each)[1:-1] for each in text[:SHOWN])
    return line if len(text) <= SHOWN else f"{line} ..."


@contextmanager
def about(key: str) -> Iterator[None]:
    """What is refused within or cannot be computed is refused of `key` unless it names another."""
    try:
        yield
    except Refused as refused:
        refused.key = refused.key or key
        raise
    except ArithmeticError as error:
        raise Refused(
            f"cannot be computed with ({error})", "correct the value or its unit", key
        ) from None


def known(names: Iterable[str], allowed: Iterable[str], below: str = "") -> None:
    """Refuse a name that is not allowed below a key."""
    for name in names:
        if name not in allowed:
            remedy = f"use one of {', '.join(allowed)}, or take it out"
            raise Refused(f"unknown key{near(name, allowed)}", remedy, joined(below, name))


def joined(key: str, name: str) -> str:
    """The key of a name below another key."""
    return f"{key}.{name}" if key else name


def is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2


def named(name: str, below: str = "") -> None:
    """Refuse a name that could be taken for more than one."""
    if not NAME.fullmatch(name):
        remedy = "take letters, digits, spaces, +, - and _, 64 of them at most"
        raise Refused("cannot be a name", remedy, joined(below, name))


def text(value: Any, what: str, remedy: str = "") -> str:
    if not isinstance(value, str) or not value.strip():
        raise Refused(f"{what} must be a text, not {value!r}", remedy or f'write {what} = "..."')
    if len(value) > LONGEST:
        raise Refused(f"{what} has {len(value)} characters", f"shorten it to {LONGEST} or fewer")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"{value!r} is not a number", "write a number, without quotes")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Refused(f"{value!r} is not a finite number", "write a finite number")
    return number


def _numbers(value: Any) -> float | tuple[float, ...]:
    return tuple(map(_number, value)) if isinstance(value, list | tuple) else _number(value)


# What a value must be -----------------------------------------------------------------------------


#: Open fraction at which the holes of a triangular lattice touch [-].
CLOSE_PACKED = math.pi / (2 * math.sqrt(3))
#: Shares that were computed from rounded numbers add up to one within this [-].
SHARES = 1e-3
#: Each share misses by this at most where nothing but binary arithmetic rounded it [-].
ROUNDING = 1e-9


class Rule(NamedTuple):
    """What a number must be."""

    text: str
    holds: Callable[[float], bool]


POSITIVE = Rule("greater than 0", lambda value: value > 0)
NON_NEGATIVE = Rule("0 or more", lambda value: value >= 0)
FRACTION = Rule("between 0 and 1", lambda value: 0 <= value <= 1)
PROPER_FRACTION = Rule("greater than 0 and less than 1", lambda value: 0 < value < 1)
EFFICIENCY = Rule("greater than 0 and at most 1", lambda value: 0 < value <= 1)
OPEN_FRACTION = Rule(
    f"greater than 0 and less than {CLOSE_PACKED:.4f}, where round holes touch",
    lambda value: 0 < value < CLOSE_PACKED,
)
POISSON = Rule("between 0 and 0.5", lambda value: 0 <= value <= 0.5)
AT_LEAST_ONE = Rule("1 or more", lambda value: value >= 1)
ANY = Rule("a number", lambda value: True)


@dataclass(frozen=True)
class Measured:
    """What is read from numbers with a unit."""

    unit: str
    rule: Rule = POSITIVE

    def number(self, value: Any, unit: Any) -> float:
        number = _number(value)
        unit = text(unit, "unit", f"name a unit that {self.unit} can be expressed in")
        try:
            converted = to_si(number, unit, self.unit)
        except UnitError as error:
            raise Refused(
                str(error), f"give the value in a unit that {self.unit} can be expressed in"
            ) from None
        self.check(converted, f"{number:g} {unit}")
        return converted

    def check(self, si_value: float, shown: str) -> None:
        if not math.isfinite(si_value):
            raise Refused(
                f"{shown} is beyond what can be computed with", "correct the value or its unit"
            )
        if not self.rule.holds(si_value):
            raise Refused(f"{shown} must be {self.rule.text}", "correct the value or its unit")


@dataclass(frozen=True)
class Quantity(Measured):
    """One number."""

    def read(self, value: Any, unit: Any) -> float:
        return self.number(value, unit)


@dataclass(frozen=True)
class Series(Measured):
    """A list of numbers in one unit."""

    def read(self, value: Any, unit: Any) -> tuple[float, ...]:
        if not isinstance(value, list | tuple) or not value:
            raise Refused(f"{value!r} is not a list of numbers", "write value = [..., ...]")
        return tuple(self.number(number, unit) for number in value)


@dataclass(frozen=True)
class Limits(Series):
    """The lowest and the highest of a range, in one unit."""

    def read(self, value: Any, unit: Any) -> tuple[float, ...]:
        limits = super().read(value, unit)
        if len(limits) != 2 or limits[0] > limits[1]:
            raise Refused(f"{value!r} is not a range", "write value = [lowest, highest]")
        return limits


@dataclass(frozen=True)
class Table:
    """Pairs of numbers, the first column increasing."""

    x: Series
    y: Series

    @property
    def unit(self) -> str:
        return self.y.unit

    def read(self, value: Any, unit: Any) -> Curve:
        if not is_pair(unit):
            raise Refused(
                f"unit {unit!r} is not a list of two",
                'write unit = ["1", "V"], one for each column',
            )
        if not isinstance(value, list | tuple) or len(value) < 2:
            raise Refused("a table needs two rows or more", "write value = [[x, y], [x, y], ...]")
        for row in value:
            if not is_pair(row):
                raise Refused(
                    f"the row {row!r} is not a pair of numbers",
                    "write value = [[x, y], [x, y], ...]",
                )
        x, y = zip(*value, strict=True)
        curve = Curve(self.x.read(x, unit[0]), self.y.read(y, unit[1]))
        for before, after in pairwise(curve.x):
            if after <= before:
                reason = f"the first column must increase, and {after:g} follows {before:g}"
                raise Refused(reason, "sort the rows, drop doubles")
        return curve


@dataclass(frozen=True)
class Correlation:
    """A formula with its coefficients, or one number where the source gives a constant."""

    unit: str

    def read(self, value: Any, unit: Any, form: Any = None, formula: Any = None) -> Formula:
        unit = text(unit, "unit", f"name a unit that {self.unit} can be expressed in")
        try:
            factor = difference_to_si(1.0, unit, self.unit)
        except UnitError as error:
            raise Refused(
                str(error), f"give the result's unit, one that {self.unit} can be expressed in"
            ) from None
        form, formula = text(form, "form"), text(formula, "formula")
        if isinstance(value, Mapping):
            for name in value:
                named(name)
            coefficients = Named(
                {name: _numbers(part) for name, part in value.items()}, "this formula"
            )
        else:
            numbers = value if isinstance(value, list | tuple) else [value]
            coefficients = tuple(map(_number, numbers))
        return Formula(form, formula, coefficients, unit, factor)


class Potential:
    """An open-circuit potential, one branch or two, each a table or a formula."""

    unit = "V"
    table = Table(
        Series("1", FRACTION), Series("V", Rule("between -1 and 6 V", lambda volt: -1 <= volt <= 6))
    )

    def read(self, value: Any, unit: Any, form: Any = None, formula: Any = None) -> Branches:
        def branch(values: Any) -> Curve | Formula:
            if formula is None:
                return self.table.read(values, unit)
            return Correlation("V").read(values, unit, form, formula)

        if not isinstance(value, Mapping) or not set(Branches._fields) & set(value):
            both = branch(value)
            return Branches(both, both)
        if set(value) != set(Branches._fields):
            remedy = "give both, lithiation and delithiation, or one `value`"
            raise Refused(f"the branches are {', '.join(map(str, value))}", remedy)
        return Branches(*(branch(value[name]) for name in Branches._fields))


@dataclass(frozen=True)
class Parts:
    """A few numbers that belong together, each with its name and unit."""

    made: type
    quantities: tuple[Quantity, ...]

    @property
    def unit(self) -> str:
        return self.quantities[0].unit

    def read(self, value: Any, unit: Any) -> Any:
        names = self.made._fields
        for what, given in (("value", value), ("unit", unit)):
            if not isinstance(given, Mapping) or set(given) != set(names):
                raise Refused(
                    f"{what} must name {', '.join(names)}",
                    f"write {what} = {{ {names[0]} = ..., ... }}",
                )
        parts = []
        for name, quantity in zip(names, self.quantities, strict=True):
            try:
                parts.append(quantity.read(value[name], unit[name]))
            except Refused as refused:
                raise Refused(f"{name}: {refused.reason}", refused.remedy) from None
        return self.made(*parts)


class Shares:
    """Shares of a whole by name, which sum to one."""

    unit = "1"

    def read(self, value: Any, unit: Any) -> tuple[tuple[str, float], ...]:
        if not isinstance(value, Mapping) or not value:
            raise Refused(f"{value!r} names no shares", "write value = { graphite = 95, paa = 5 }")
        shares = tuple(
            (name, Quantity("1", FRACTION).read(share, unit)) for name, share in value.items()
        )
        total = sum(share for _, share in shares)
        if abs(total - 1) > SHARES:
            raise Refused(f"the shares sum to {total:.6g}, not to 1", "correct the shares")
        if abs(total - 1) > ROUNDING * len(shares):
            return tuple((name, share / total) for name, share in shares)
        return shares

    def note(self, value: Mapping[str, float], unit: str) -> str:
        """What a reader should know of shares that were rounded; empty where they sum to one."""
        total = sum(to_si(share, unit, "1") for share in value.values())
        if abs(total - 1) <= ROUNDING * len(value):
            return ""
        return f"The shares sum to {total:.6g} and are divided by it."


# What a file must say -----------------------------------------------------------------------------


class Input(NamedTuple):
    """A field that a file fills; with `derive`, one that follows from its group's others where the
    file does not.
    """

    label: str
    kind: Quantity | Series | Table | Correlation | Potential | Parts | Shares
    derive: Callable[[Any], float] | None = None  #: from the group's values, by attribute
    formula: str = ""  #: the same for a reader
    optional: bool = False
    variant: str = ""  #: which of several


class Group(NamedTuple):
    """A field that holds a group of fields."""

    label: str
    made: type


class Several(NamedTuple):
    """A field that holds any number of the same, by name; one of them may have to be chosen."""

    label: str
    each: Input | Group
    choose: bool = False


Demand = Input | Group | Several


def demands_of(made: type) -> dict[str, Demand]:
    """What the fields of a class demand of a file, by name."""
    return {
        item.name: item.metadata["demand"] for item in dataclasses.fields(made) if item.metadata
    }
