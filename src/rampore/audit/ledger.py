"""The ledger: what the paper states, and the rules by which each statement will be judged.

Everything on which a verdict could be bent stands here, in ``claims.toml``, before anything is
computed: the number as the paper prints it, from which tolerance and rounding follow; the route
that the statement names; for what only holds under an assumption, the assumption and a range for
it; for what has no number, the finding that would refute it. A chapter can change none of it.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from rampore import RamporeError
from rampore.checks import choice, known_keys, quantity
from rampore.units import UnitError, difference_from_si, difference_to_si, from_si, to_si


class LedgerError(RamporeError, ValueError):
    """The ledger, or a report to it, is not what it must be; the message names the claim and the
    reason.
    """


class Basis(StrEnum):
    """What a statement of the paper rests on."""

    DESIGN = "design"
    GEOMETRY = "geometry"
    IMAGE = "image"
    SIMULATION = "simulation"
    EXPERIMENT = "experiment"


class Kind(StrEnum):
    """What a statement says: a number (value, ratio), or something that holds or not (order,
    trend).
    """

    VALUE = "value"
    RATIO = "ratio"
    ORDER = "order"
    TREND = "trend"

    @property
    def is_number(self) -> bool:
        return self in (Kind.VALUE, Kind.RATIO)


class ToleranceFrom(StrEnum):
    """What fixes a tolerance: half of the last digit that the paper prints, or half of a range that
    it states.
    """

    PRINTED_DIGITS = "printed digits"
    STATED_RANGE = "stated range"


class Change(StrEnum):
    """How a printed share is meant where it says by how much something is more or less."""

    MORE = "more"
    LESS = "less"


class PrintedNumber(NamedTuple):
    """A number, or the two ends of a range, as the paper prints them."""

    low: float
    high: float
    half_digit: float  #: half of the last printed digit
    unit: str


_NUMBER = r"(?P<{0}>-?\d+(?:\.\d+)?)\s*(?P<{0}_unit>(?!to\s)[^\d\s].*?)?"
_PRINTED = re.compile(rf"{_NUMBER.format('low')}(?:\s+to\s+{_NUMBER.format('high')})?")


def read_printed(text: str, unit: str, zeros_count: bool = False) -> PrintedNumber:
    """Read a number as the paper prints it, with half of its last digit.

    The digit that counts last is the last one printed. Of a whole number that ends in zeros it is
    the one before them: "50 %" may be 48 %, and the paper that means 50.0 % can write so.

    Parameters
    ----------
    text : str
        E.g. ``"4.95 mg/cm2"``, ``"24 %"``, ``"10 % to 25 %"``.
    unit : str
        Unit of the number where it is printed without one.
    zeros_count : bool
        Whether the final zeros of a whole number are digits as others are.

    Raises
    ------
    LedgerError
        Where the text is neither a number nor a range.
    """
    found = _PRINTED.fullmatch(text)
    if not found:
        raise LedgerError(
            f"`printed` is a number, or a range such as '10 % to 25 %', with its unit: {text!r} "
            "is neither"
        )
    last = found["high"] or found["low"]
    low, high = float(found["low"]), float(last)
    if low > high:
        raise LedgerError(f"`printed`: {text!r} is no range")
    if "." in last:
        exponent = -len(last.partition(".")[2])
    else:
        exponent = 0 if zeros_count else len(last) - len(last.rstrip("0") or last)
    half_digit = float(f"5e{exponent - 1}")
    return PrintedNumber(low, high, half_digit, found["high_unit"] or found["low_unit"] or unit)


@dataclass(frozen=True)
class Condition:
    """What would have to hold, and does not stand in the paper, for a statement to come out.

    Attributes
    ----------
    text : str
        The assumption, as a sentence.
    plausible : (float, float)
        The range that `source` allows for the quantity in it [unit].
    unit, source : str
        Unit of the range, and where it comes from: something that does not know which value the
        statement needs.

    Raises
    ------
    LedgerError
        Where the text or the source is missing, the unit cannot be read, or the range is none.
    """

    text: str
    plausible: tuple[float, float]
    unit: str
    source: str

    def __post_init__(self) -> None:
        for name in ("text", "source", "unit"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise LedgerError(f"a condition needs its `{name}`")
        if not isinstance(self.plausible, list | tuple) or len(self.plausible) != 2:
            raise LedgerError(f"condition {self.text!r}: {self.plausible!r} is no range")
        quantity("plausible", self.plausible, LedgerError)
        low, high = self.plausible
        if not low <= high:
            raise LedgerError(f"condition {self.text!r}: {self.plausible!r} is no range")
        try:
            to_si(low, self.unit)
        except UnitError as error:
            raise LedgerError(f"condition {self.text!r}: {error}") from None

    def holds_at(self, needed: float) -> bool:
        """Whether the value that the statement needs lies in the plausible range [unit]."""
        low, high = self.plausible
        return low <= needed <= high

    def is_built_from(self, needed: float) -> bool:
        """Whether an end or the middle of the range is the needed value itself: it would hold that
        value whatever it is.
        """
        low, high = self.plausible
        return any(
            math.isclose(needed, place, rel_tol=1e-9) for place in (low, high, (low + high) / 2)
        )


#: A number that stands by itself, unlike those in Li15Si4 or Fig. 3a.
_ALONE = re.compile(r"(?<![A-Za-z\d.])\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Claim:
    """One statement of the paper.

    Attributes
    ----------
    id, section, where : str, int, str
        Name, section of the ledger, and place in the paper.
    basis, kind : Basis, Kind
        What it rests on, and what it says.
    statement : str
        What the paper says, in this project's words.
    unit : str
        Unit in which it is compared and shown; empty for an order or a trend.
    printed : str
        Its number as the paper prints it: :func:`read_printed`.
    change : Change or None
        Where the printed share says how much more or less: "24 %" less states a ratio of 0.76.
    zeros_count : str
        Why final zeros of a whole number are digits here, e.g. what else is printed to that digit.
    circumstances : tuple of str
        For an order or a trend: the parts of the statement whose numbers say when it holds, not
        what. Any other number in it is one to be scored as a number.
    route : str
        How the statement itself says, or plainly implies, that its number comes about.
    uses : tuple of str
        The statements that this route takes. A report that takes others is a balance between
        statements, and has a row of its own.
    cross_check : bool
        Whether no sentence of the paper says this: a balance between the statements that it `uses`.
    cause : str
        The contradiction to which the row belongs where it is inconsistent; rows that share one are
        counted as one.
    fails_if : str
        For an order or a trend: the finding that would refute it.
    condition : Condition or None
        Under which it comes out, where the published inputs do not give it.
    chapter : str
        The chapter that computes it, or empty.
    needs : str
        The unpublished data that would settle it, or empty.

    Raises
    ------
    LedgerError
        Where the fields do not fit each other.
    """

    id: str
    section: int
    where: str
    basis: Basis
    kind: Kind
    statement: str
    unit: str = ""
    printed: str = ""
    change: Change | None = None
    zeros_count: str = ""
    circumstances: tuple[str, ...] = ()
    route: str = ""
    uses: tuple[str, ...] = ()
    cross_check: bool = False
    cause: str = ""
    fails_if: str = ""
    condition: Condition | None = None
    chapter: str = ""
    needs: str = ""

    def __post_init__(self) -> None:
        for reason in self._faults():
            raise LedgerError(f"claim {self.id!r}: {reason}")

    def _faults(self) -> Iterator[str]:
        yield from self._of_wrong_type()
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id):
            yield "an id is made of small letters and digits, joined by hyphens"
        if not self.statement:
            yield "`statement` is empty"
        if not self.chapter and not self.needs:
            yield (
                "names neither a `chapter` that computes it nor, in `needs`, "
                "the data that would settle it"
            )
        if self.cross_check and len(self.uses) < 1:
            yield "a cross-check says in `uses` between which statements it is"
        if self.id in self.uses:
            yield "`uses` names the statement itself, which is no evidence for itself"
        yield from self._of_a_number() if self.kind.is_number else self._of_an_order()

    def _of_wrong_type(self) -> Iterator[str]:
        texts = ("id", "where", "statement", "unit", "printed", "zeros_count", "route", "cause")
        for name in (*texts, "fails_if", "chapter", "needs"):
            if not isinstance(getattr(self, name), str):
                yield f"`{name}` must be a text, not {getattr(self, name)!r}"
            elif getattr(self, name).isspace():
                yield f"`{name}` must be a text, not spaces"
        for name in ("circumstances", "uses"):
            listed = getattr(self, name)
            if not isinstance(listed, tuple) or not all(isinstance(text, str) for text in listed):
                yield f"`{name}` must be a list of texts, not {listed!r}"
        if not isinstance(self.section, int) or isinstance(self.section, bool):
            yield f"`section` must be a whole number, not {self.section!r}"
        if not isinstance(self.cross_check, bool):
            yield f"`cross_check` must be true or false, not {self.cross_check!r}"

    @property
    def _is_judged(self) -> bool:
        """Whether a chapter computes it, rather than taking it as given."""
        return bool(self.chapter) and self.basis is not Basis.DESIGN

    def _of_a_number(self) -> Iterator[str]:
        if not self.unit or not self.printed:
            yield "a number needs its `unit`, and as the paper has it, `printed`"
            return
        for name in ("circumstances", "fails_if"):
            if getattr(self, name):
                yield f"`{name}` is for an order or a trend"
        if self._is_judged and not self.route:
            yield "needs `route`: how the statement itself says that its number comes about"
        try:
            if self.change and self._printed.unit not in ("%", "1"):
                yield f"`change` is for a share: {self.printed!r} is none"
            difference_to_si(1.0, self._printed.unit, self.unit)
            to_si(self.stated, self.unit)
        except (LedgerError, UnitError) as error:
            yield str(error)

    def _of_an_order(self) -> Iterator[str]:
        numbers = ("unit", "printed", "change", "zeros_count")
        if given := [name for name in numbers if getattr(self, name)]:
            yield f"a statement of kind {self.kind} has no number, and so no {', '.join(given)}"
        if self.basis is Basis.DESIGN:
            return
        words = self.statement
        for part in self.circumstances:
            if part not in words:
                yield f"`circumstances`: {part!r} does not stand in the statement"
            words = words.replace(part, "")
        if number := _ALONE.search(words):
            yield (
                f"prints the number {number[0]}: score it as a number, in a row of kind value or "
                "ratio, or name it in `circumstances`"
            )
        if self._is_judged and not self.fails_if:
            yield "needs `fails_if`: the finding that would refute it"

    @cached_property
    def _printed(self) -> PrintedNumber:
        if not self.kind.is_number:
            raise LedgerError(
                f"claim {self.id!r} is a statement of kind {self.kind}: it states no number"
            )
        return read_printed(self.printed, self.unit, bool(self.zeros_count))

    def _in_unit(self, value: float) -> float:
        unit = self._printed.unit
        if self.change:
            share = to_si(value, unit)
            return 1 + share if self.change is Change.MORE else 1 - share
        return value if unit == self.unit else from_si(to_si(value, unit), self.unit)

    def _width_in_unit(self, width: float) -> float:
        unit = self._printed.unit
        if unit == self.unit:
            return width
        return difference_from_si(difference_to_si(width, unit), self.unit)

    @property
    def stated(self) -> float:
        """The paper's number [unit], the middle where it states a range."""
        low, high = self._printed.low, self._printed.high
        return self._in_unit(low if low == high else (low + high) / 2)

    @property
    def half_digit(self) -> float:
        """Half of the last printed digit [unit]."""
        return self._width_in_unit(self._printed.half_digit)

    @property
    def tolerance_from(self) -> ToleranceFrom:
        """What fixes the tolerance."""
        is_range = self._printed.low < self._printed.high
        return ToleranceFrom.STATED_RANGE if is_range else ToleranceFrom.PRINTED_DIGITS

    @property
    def tolerance(self) -> float:
        """Largest difference that counts as agreement [unit]."""
        if self.tolerance_from is ToleranceFrom.PRINTED_DIGITS:
            return self.half_digit
        return self._width_in_unit((self._printed.high - self._printed.low) / 2)

    @property
    def stated_si(self) -> float:
        """The paper's number in SI base units."""
        return to_si(self.stated, self.unit)

    @property
    def tolerance_si(self) -> float:
        """Largest difference that counts as agreement, in SI base units."""
        return difference_to_si(self.tolerance, self.unit)

    @property
    def half_digit_si(self) -> float:
        """Half of the last printed digit, in SI base units."""
        return difference_to_si(self.half_digit, self.unit)


class Ledger(Mapping[str, Claim]):
    """All statements, by name, in the ledger's order.

    Attributes
    ----------
    sections : dict of int to str
        Their titles by number.
    causes : dict of str to str
        The paper's contradictions by name, each in a sentence.
    """

    def __init__(
        self,
        claims: Iterable[Claim],
        sections: Mapping[int, str],
        causes: Mapping[str, str] | None = None,
    ) -> None:
        claims = tuple(claims)
        self.sections = dict(sections)
        self.causes = dict(causes or {})
        self._claims = {claim.id: claim for claim in claims}
        if len(self._claims) != len(claims):
            names = [claim.id for claim in claims]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise LedgerError(
                f"these claims stand in the ledger more than once: {', '.join(twice)}"
            )
        for claim in claims:
            if claim.section not in self.sections:
                raise LedgerError(
                    f"claim {claim.id!r}: the ledger has no section {claim.section!r}"
                )
            if claim.cause and claim.cause not in self.causes:
                raise LedgerError(f"claim {claim.id!r}: the ledger has no cause {claim.cause!r}")
            for name in claim.uses:
                self[name]

    def __getitem__(self, claim_id: str) -> Claim:
        try:
            return self._claims[claim_id]
        except KeyError:
            near = difflib.get_close_matches(claim_id, self._claims, n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise LedgerError(f"the ledger has no claim {claim_id!r}{hint}") from None

    def __contains__(self, claim_id: object) -> bool:
        return claim_id in self._claims

    def __iter__(self) -> Iterator[str]:
        return iter(self._claims)

    def __len__(self) -> int:
        return len(self._claims)


def read_ledger(path: str | Path) -> Ledger:
    """Read a ledger.

    Raises
    ------
    LedgerError
        Where the file cannot be read or is not TOML, or an entry has an unknown key, lacks one, or
        has a nonsense value; the message names file, claim and reason.
    """
    source = Path(path)
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise LedgerError(f"{source}: cannot be read as TOML: {error}") from None
    try:
        tables = ("section", "cause", "claim")
        known_keys(
            "a ledger has [[section]], [[cause]] and [[claim]]", content, tables, LedgerError
        )
        for name, entries in content.items():
            if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
                raise LedgerError(f"{name} is no list of tables: write [[{name}]] before each")
        sections = dict(map(_section, content.get("section", [])))
        causes = dict(map(_cause, content.get("cause", [])))
        return Ledger(map(_claim, content.get("claim", [])), sections, causes)
    except LedgerError as error:
        raise LedgerError(f"{source}: {error}") from None


def _section(entry: dict) -> tuple[int, str]:
    known_keys("a section", entry, ("number", "title"), LedgerError)
    number, title = entry.get("number"), entry.get("title")
    if not isinstance(number, int) or isinstance(number, bool) or not isinstance(title, str):
        raise LedgerError(f"section {number!r}: has a whole `number` and a text as its `title`")
    return number, title


def _cause(entry: dict) -> tuple[str, str]:
    known_keys("a cause", entry, ("id", "title"), LedgerError)
    name, title = entry.get("id"), entry.get("title")
    if not isinstance(name, str) or not isinstance(title, str):
        raise LedgerError(f"cause {name!r}: has a text as its `id` and as its `title`")
    return name, title


def _claim(entry: dict) -> Claim:
    name = f"claim {entry.get('id', 'without an id')!r}"
    known_keys(name, entry, [field.name for field in fields(Claim)], LedgerError)
    required = [field.name for field in fields(Claim) if field.default is MISSING]
    if missing := [key for key in required if key not in entry]:
        raise LedgerError(f"{name} has no {missing[0]!r}")
    read = dict(entry)
    for key, words in (("basis", Basis), ("kind", Kind), ("change", Change)):
        if key in entry:
            choice(f"{name}: {key}", entry[key], list(map(str, words)), LedgerError)
            read[key] = words(entry[key])
    for key in ("circumstances", "uses"):
        if isinstance(entry.get(key), list):
            read[key] = tuple(entry[key])
    if "condition" in entry:
        read["condition"] = _condition(name, entry["condition"])
    try:
        return Claim(**read)
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, LedgerError) else LedgerError(f"{name}: {error}") from None


def _condition(claim: str, entry: object) -> Condition:
    if not isinstance(entry, dict):
        raise LedgerError(f"{claim}: `condition` is a table, not {entry!r}")
    names = [field.name for field in fields(Condition)]
    known_keys(f"{claim}: condition", entry, names, LedgerError)
    if missing := [name for name in names if name not in entry]:
        raise LedgerError(f"{claim}: a condition needs its `{missing[0]}`")
    plausible = entry["plausible"]
    ends = tuple(plausible) if isinstance(plausible, list) else plausible
    try:
        return Condition(entry["text"], ends, entry["unit"], entry["source"])
    except LedgerError as error:
        raise LedgerError(f"{claim}: {error}") from None
