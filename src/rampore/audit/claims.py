"""The ledger: what the paper states, what a computation gives, and the verdict that follows.

A study keeps every statement in ``claims.toml`` with its tolerance, fixed before anything was
computed. A chapter hands in a :class:`Report`; :func:`check` refuses one that does not fit,
:func:`verdict` is the one place where the two meet, and :func:`record` writes both down.
"""

from __future__ import annotations

import difflib
import itertools
import json
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

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


class Verdict(StrEnum):
    """What an independent computation says of a statement."""

    REPRODUCED = "reproduced"
    CONDITIONAL = "conditional"
    NOT_REPRODUCED = "not reproduced"
    INCONSISTENT = "inconsistent"
    INPUT = "input"
    NOT_TESTABLE = "not testable"
    PENDING = "pending"

    @property
    def glyph(self) -> str:
        """A sign that tells the verdict without its colour."""
        return dict(zip(Verdict, "✓◐✗≠↓–…", strict=True))[self]


class ToleranceFrom(StrEnum):
    """What fixes a tolerance: half of the last digit that the paper prints, or half of a range that
    it states.
    """

    PRINTED_DIGITS = "printed digits"
    STATED_RANGE = "stated range"


def _is_finite(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


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
        Unit of `stated`, `tolerance` and `half_digit`; empty for an order or a trend.
    stated : float or None
        The paper's number [unit], the middle where it states a range; None for an order or a trend.
    tolerance : float or None
        Largest difference that counts as agreement [unit].
    tolerance_from : ToleranceFrom or None
        What fixes `tolerance`. Printed digits make it `half_digit`.
    half_digit : float or None
        Half of the last printed digit [unit]; a counted number has 0.
    chapter : str
        The chapter that computes it, or empty.
    needs : str
        The unpublished data that would settle it, or empty.
    range_from_needed : bool
        Whether the plausible range of its assumption is known to be built from the value that is
        needed: such a range is refused of any other claim.

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
    stated: float | None = None
    tolerance: float | None = None
    tolerance_from: ToleranceFrom | None = None
    half_digit: float | None = None
    chapter: str = ""
    needs: str = ""
    range_from_needed: bool = False

    def __post_init__(self) -> None:
        for reason in self._faults():
            raise LedgerError(f"claim {self.id!r}: {reason}")

    def _faults(self) -> Iterator[str]:
        for name in ("id", "where", "statement", "unit", "chapter", "needs"):
            if not isinstance(getattr(self, name), str):
                yield f"`{name}` must be a text, not {getattr(self, name)!r}"
        if not isinstance(self.section, int) or isinstance(self.section, bool):
            yield f"`section` must be a whole number, not {self.section!r}"
        if not isinstance(self.range_from_needed, bool):
            yield f"`range_from_needed` must be true or false, not {self.range_from_needed!r}"
        numbers = {
            "stated": self.stated,
            "tolerance": self.tolerance,
            "half_digit": self.half_digit,
        }
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id):
            yield "an id is made of small letters and digits, joined by hyphens"
        if not self.statement:
            yield "`statement` is empty"
        if not self.chapter and not self.needs:
            yield (
                "names neither a `chapter` that computes it nor, in `needs`, "
                "the data that would settle it"
            )
        if not self.kind.is_number:
            given = [name for name, value in numbers.items() if value is not None]
            given += [name for name in ("unit", "tolerance_from") if getattr(self, name)]
            if given:
                yield f"a statement of kind {self.kind} has no number, and so no {', '.join(given)}"
            return
        for name, value in numbers.items():
            if not _is_finite(value):
                yield f"`{name}` must be a finite number, not {value!r}"
            elif name != "stated" and value < 0:
                yield f"`{name}` must not be negative, as {value!r} is"
        if not self.tolerance_from:
            yield f"needs `tolerance_from`: {' or '.join(map(repr, map(str, ToleranceFrom)))}"
        if (
            self.tolerance_from is ToleranceFrom.PRINTED_DIGITS
            and self.tolerance != self.half_digit
        ):
            yield (
                f"a tolerance from printed digits is `half_digit`, {self.half_digit!r}, "
                f"not {self.tolerance!r}"
            )
        try:
            to_si(1.0, self.unit)
        except UnitError as error:
            yield str(error)

    @property
    def stated_si(self) -> float:
        """The paper's number in SI base units."""
        return to_si(self._number(self.stated), self.unit)

    @property
    def tolerance_si(self) -> float:
        """Largest difference that counts as agreement, in SI base units."""
        return difference_to_si(self._number(self.tolerance), self.unit)

    @property
    def half_digit_si(self) -> float:
        """Half of the last printed digit, in SI base units."""
        return difference_to_si(self._number(self.half_digit), self.unit)

    def _number(self, value: float | None) -> float:
        if value is None:
            raise LedgerError(
                f"claim {self.id!r} is a statement of kind {self.kind}: it states no number"
            )
        return value


class Uncertainty(NamedTuple):
    """Half-widths of a computed value, by what they come from [as the value, SI].

    Shown beside the value; a verdict never widens its tolerance by them.
    """

    numerics: float | None = None  #: mesh, time step, solver tolerance
    #: how the quantity is defined: threshold, metric, counting rule
    definition: float | None = None
    #: the range that the literature allows for what the paper does not publish
    inputs: float | None = None


@dataclass(frozen=True)
class Assumption:
    """What would have to hold, and does not stand in the paper, for a statement to come out.

    Attributes
    ----------
    text : str
        The assumption, as a sentence.
    needed : float
        The value that the statement needs [unit].
    plausible : (float, float)
        The range that `source` allows for it [unit].
    unit, source : str
        Unit of `needed` and `plausible`, and where the range comes from.
    gives : float or bool
        What the computation gives under it [SI], or whether the statement then holds.

    Raises
    ------
    LedgerError
        Where the text or the source is missing, the unit cannot be read, or the range is none.
    """

    text: str
    needed: float
    plausible: tuple[float, float]
    unit: str
    source: str
    gives: float | bool

    def __post_init__(self) -> None:
        if not self.text or not self.source:
            raise LedgerError(
                "an assumption needs its `text`, and the `source` of its plausible range"
            )
        quantity("needed", self.needed, LedgerError)
        if not isinstance(self.plausible, list | tuple) or len(self.plausible) != 2:
            raise LedgerError(f"assumption {self.text!r}: {self.plausible!r} is no range")
        quantity("plausible", self.plausible, LedgerError)
        low, high = self.plausible
        if not low <= high:
            raise LedgerError(
                f"assumption {self.text!r}: {self.needed!r} in {self.plausible!r} is no value in "
                "a range"
            )
        try:
            to_si(self.needed, self.unit)
        except UnitError as error:
            raise LedgerError(f"assumption {self.text!r}: {error}") from None

    @property
    def is_plausible(self) -> bool:
        low, high = self.plausible
        return low <= self.needed <= high

    @property
    def range_from_needed(self) -> bool:
        """Whether an end or the middle of the range is the needed value itself: it then holds that
        value whatever it is.
        """
        low, high = self.plausible
        return any(
            math.isclose(self.needed, place, rel_tol=1e-9)
            for place in (low, high, (low + high) / 2)
        )


class Rounding(float):
    """A half-range that comes from the printed digits of statements, and knows of which.

    Sums of two, and multiples by a number, know it too; everything else is a plain number.

    Parameters
    ----------
    value : float
        The half-range [SI].
    origin : mapping of str to float
        Half of the last printed digit of each statement that it comes from [SI], by claim; under
        the empty name what comes from no statement.
    """

    origin: dict[str, float]
    __array_priority__ = 1.0  # a number of NumPy leaves the product with one to this class

    def __new__(cls, value: float, origin: Mapping[str, float]) -> Rounding:
        made = super().__new__(cls, value)
        made.origin = dict(origin)
        return made

    def __add__(self, other: float) -> float:
        if isinstance(other, Rounding):
            return Rounding(float(self) + float(other), self.origin | other.origin)
        return float(self) + other

    def __mul__(self, other: float) -> float:
        if isinstance(other, int | float):
            return Rounding(float(self) * other, self.origin)
        return float(self) * other

    __rmul__ = __mul__

    def __truediv__(self, other: float) -> float:
        if isinstance(other, int | float):
            return Rounding(float(self) / other, self.origin)
        return float(self) / other

    def __reduce__(self) -> tuple[type[Rounding], tuple[float, dict[str, float]]]:
        return type(self), (float(self), self.origin)


@dataclass(frozen=True)
class Report:
    """What a chapter found out about one claim; numbers in SI.

    Attributes
    ----------
    claim_id : str
        The claim.
    computed : float, bool or None
        What the published inputs give: the value, or whether the order or trend holds; None for a
        design value that is taken as given, and where what is published does not suffice for any
        value.
    taken : bool
        A design value that the study takes as given.
    given : tuple of str
        The statements of the paper that alone give `computed`; empty where anything else entered.
    rounding : float
        Half-range of `computed` that comes from the printed digits of what it was computed from:
        a :class:`Rounding`, see :func:`printed_range`; a number without an origin is refused.
    uncertainty : Uncertainty
        What else limits the value; for the reader, not for the verdict.
    under : Assumption or None
        What would have to hold for the statement to come out.
    measure : str
        For an order or a trend: the number behind it, e.g. "0.96 times the bare foil's area".
    explanation : str
        One or two sentences for the scorecard.
    """

    claim_id: str
    computed: float | bool | None = None
    taken: bool = False
    given: tuple[str, ...] = ()
    rounding: float = 0.0
    uncertainty: Uncertainty = Uncertainty()
    under: Assumption | None = None
    measure: str = ""
    explanation: str = ""


def _agrees(claim: Claim, value: float | bool | None, rounding: float) -> bool:
    if value is None:
        return False
    if not claim.kind.is_number:
        return bool(value)
    difference, reach = abs(value - claim.stated_si), claim.tolerance_si + rounding
    # A tie in decimals is a tie, whatever binary arithmetic makes of it.
    return difference <= reach or math.isclose(
        difference, reach, rel_tol=1e-9, abs_tol=1e-12 * abs(claim.stated_si)
    )


def verdict(claim: Claim, report: Report | None) -> Verdict:
    """The verdict on one claim: the only rule there is. What fits first, holds.

    1. No chapter has reported: `not testable` where the ledger has no chapter for it and says which
       data would settle it, else `pending`: its chapter is still to come. A release has none.
    2. A design value that the study takes as given: `input`.
    3. What the published inputs give agrees with the paper, ``|computed - stated| <= tolerance +
       rounding`` (an order or a trend: it holds): `reproduced`.
    4. It agrees under a named assumption, and the value this needs lies within its plausible range:
       `conditional`.
    5. What is published does not suffice for a value: `not testable`.
    6. Other statements of the paper, and nothing else, gave the value: `inconsistent`.
    7. `not reproduced`.
    """
    if report is None:
        return Verdict.NOT_TESTABLE if claim.needs and not claim.chapter else Verdict.PENDING
    if report.taken:
        return Verdict.INPUT
    if _agrees(claim, report.computed, report.rounding):
        return Verdict.REPRODUCED
    if (
        report.under
        and report.under.is_plausible
        and _agrees(claim, report.under.gives, report.rounding)
    ):
        return Verdict.CONDITIONAL
    if report.computed is None:
        return Verdict.NOT_TESTABLE
    return Verdict.INCONSISTENT if report.given else Verdict.NOT_REPRODUCED


def printed_range(
    function: Callable[..., float], **inputs: tuple[float, float]
) -> tuple[float, Rounding]:
    """A value computed from printed numbers, and how far their rounding can move it.

    Parameters
    ----------
    function : callable
        Takes the inputs by name, monotonic in each of them over its rounding interval.
    **inputs : (float, float)
        Printed value and half of its last printed digit, both in the unit that `function` takes, as
        :meth:`rampore.audit.chapter.Chapter.printed` and this function give them.

    Returns
    -------
    (float, Rounding)
        The value at the printed numbers, and its largest distance to the values at the corners of
        the box, which knows the statements that the inputs come from.

    Raises
    ------
    LedgerError
        Where a half digit is negative, or the function has no finite value at a corner.
    """
    for name, (value, half) in inputs.items():
        quantity(name, value, LedgerError)
        quantity(f"half of the last digit of {name}", half, LedgerError, at_least=0)
    middle = float(function(**{name: value for name, (value, _) in inputs.items()}))
    ends = ([(name, value - half), (name, value + half)] for name, (value, half) in inputs.items())
    corners = [dict(corner) for corner in itertools.product(*ends)]
    distances = [abs(float(function(**corner)) - middle) for corner in corners]
    for corner, distance in zip(corners, distances, strict=True):
        if not math.isfinite(distance):
            raise LedgerError(
                f"no finite value at the printed numbers or at the corner {corner!r} of their "
                "rounding"
            )
    halves = [half for _, half in inputs.values() if half]
    origins = [half.origin if isinstance(half, Rounding) else {"": half} for half in halves]
    return middle, Rounding(max(distances), {k: v for each in origins for k, v in each.items()})


class Ledger(Mapping[str, Claim]):
    """All statements, by name, in the ledger's order; `sections` holds the sections' titles by
    number.
    """

    def __init__(self, claims: Iterable[Claim], sections: Mapping[int, str]) -> None:
        claims = tuple(claims)
        self.sections = dict(sections)
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


def load(path: str | Path) -> Ledger:
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
        known_keys(
            "a ledger has [[section]] and [[claim]]", content, ("section", "claim"), LedgerError
        )
        for name, tables in content.items():
            if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
                raise LedgerError(f"{name} is no list of tables: write [[{name}]] before each")
        sections = dict(_section(entry) for entry in content.get("section", []))
        return Ledger([_claim(entry) for entry in content.get("claim", [])], sections)
    except KeyError as error:
        raise LedgerError(f"{source}: a section has no {error}") from None
    except LedgerError as error:
        raise LedgerError(f"{source}: {error}") from None


def _section(entry: dict) -> tuple[int, str]:
    known_keys("a section", entry, ("number", "title"), LedgerError)
    number, title = entry["number"], entry["title"]
    if not isinstance(number, int) or isinstance(number, bool) or not isinstance(title, str):
        raise LedgerError(f"section {number!r}: has a whole `number` and a text as its `title`")
    return number, title


def _claim(entry: dict) -> Claim:
    name = entry.get("id", "without an id")
    known_keys(f"claim {name!r}", entry, [field.name for field in fields(Claim)], LedgerError)
    for key, words in (("basis", Basis), ("kind", Kind), ("tolerance_from", ToleranceFrom)):
        if key in entry:
            choice(f"claim {name!r}: {key}", entry[key], list(map(str, words)), LedgerError)
    try:
        choices = {"basis": Basis(entry["basis"]), "kind": Kind(entry["kind"])}
        if "tolerance_from" in entry:
            choices["tolerance_from"] = ToleranceFrom(entry["tolerance_from"])
        return Claim(**entry | choices)
    except LedgerError:
        raise
    except KeyError as error:
        raise LedgerError(f"claim {name!r} has no {error}") from None
    except (TypeError, ValueError) as error:
        raise LedgerError(f"claim {name!r}: {error}") from None


def check(ledger: Ledger, report: Report) -> None:
    """Refuse a report that does not fit its claim, or that would prove a statement by itself.

    Raises
    ------
    LedgerError
        With the claim and the reason.
    """
    claim = ledger[report.claim_id]
    for reason in _objections(ledger, claim, report):
        raise LedgerError(f"claim {claim.id!r}: {reason}")


def _objections(ledger: Ledger, claim: Claim, report: Report) -> Iterator[str]:
    if not report.explanation:
        yield "a report needs an `explanation`"
    if report.taken:
        if claim.basis is not Basis.DESIGN:
            yield f"its basis is {claim.basis}: only a design value can be taken as given"
        if report.computed is not None or report.given or report.under:
            yield "it is taken as given: nothing is computed for it"
        return
    for value in [report.computed] + ([report.under.gives] if report.under else []):
        if claim.kind.is_number:
            if value is not None and not _is_finite(value):
                yield f"states a number in {claim.unit!r}: {value!r} was reported"
        elif value is not None and not isinstance(value, bool):
            yield (
                f"a statement of kind {claim.kind} holds or not: report True or False, "
                f"not {value!r}"
            )
    if claim.id in report.given:
        yield (
            "it is among the statements that it was computed from: "
            "a statement is no evidence for itself"
        )
    for name in report.given:
        ledger[name]
    if report.given and report.computed is None:
        yield f"nothing was computed from {', '.join(report.given)}"
    if report.under and _restates(claim, report.under):
        yield f"to assume {report.under.text!r} is to assume the statement itself"
    if report.computed is None and not report.under and not claim.needs:
        yield "no value was computed, and the ledger does not say which data it `needs`"
    if report.measure and claim.kind.is_number:
        yield "`measure` is for an order or a trend; here the value itself is the measure"
    if not claim.kind.is_number and (
        report.rounding or any(width is not None for width in report.uncertainty)
    ):
        yield (
            f"a statement of kind {claim.kind} has no rounding and no uncertainty: "
            "put them into `measure`"
        )
    for name, width in {"rounding": report.rounding, **report.uncertainty._asdict()}.items():
        if width is not None and not (_is_finite(width) and width >= 0):
            yield f"`{name}` must be a half-width, not {width!r}"
    if report.rounding or isinstance(report.rounding, Rounding):
        yield from _free(ledger, report.rounding)
    if report.under and report.under.range_from_needed and not claim.range_from_needed:
        yield (
            f"the plausible range {report.under.plausible} of {report.under.text!r} is built from "
            f"the value that is needed, {report.under.needed!r}: take one from a source that does "
            "not know it"
        )


def _free(ledger: Ledger, rounding: float) -> Iterator[str]:
    """What of a rounding does not come from the printed digits of statements."""
    origin = rounding.origin if isinstance(rounding, Rounding) else {"": rounding}
    for name, half in origin.items():
        if not name:
            yield (
                "its rounding comes from a number that no statement prints: give what "
                "`printed_range` makes of statements taken by `printed`"
            )
        elif not math.isclose(half, ledger[name].half_digit_si, rel_tol=1e-9):
            yield f"its rounding takes {half:g} for half of the last digit of {name!r}"


def _restates(claim: Claim, under: Assumption) -> bool:
    """Whether the assumption gives back its own number: then it is the statement, not a reason for
    it.
    """
    if not claim.kind.is_number:
        return False
    try:
        difference_to_si(1.0, under.unit, claim.unit)
    except UnitError:
        return False
    return math.isclose(to_si(under.needed, under.unit), under.gives, rel_tol=1e-6)


def record(claim: Claim, report: Report | None) -> dict:
    """One claim with its verdict, as it stands in ``claims.json``.

    Numbers are in the claim's unit; an assumption's `needed` and `plausible` in the assumption's;
    the half digits of ``rounding_from`` in SI.
    What a chapter leaves open is None. Where a chapter has reported, ``link`` to the section that
    did is added by :mod:`rampore.audit.reproduce`.
    """
    found = report or Report(claim.id)

    def in_unit(value: float | None, convert: Callable[[float, str], float]) -> float | None:
        return convert(value, claim.unit) if claim.kind.is_number and value is not None else value

    entry = {
        "id": claim.id,
        "verdict": verdict(claim, report).value,
        "stated": claim.stated if claim.kind.is_number else claim.statement,
        "computed": in_unit(found.computed, from_si),
        "unit": claim.unit,
        "tolerance": claim.tolerance,
        "tolerance_from": str(claim.tolerance_from or ""),
        "half_digit": claim.half_digit,
        "taken": found.taken,
        "rounding": in_unit(found.rounding, difference_from_si)
        if claim.kind.is_number and report
        else None,
        "rounding_from": dict(getattr(found.rounding, "origin", {})),
        "uncertainty": {
            name: in_unit(width, difference_from_si)
            for name, width in found.uncertainty._asdict().items()
        },
        "measure": found.measure,
        "basis": str(claim.basis),
        "kind": str(claim.kind),
        "chapter": claim.chapter,
        "section": claim.section,
        "where": claim.where,
        "statement": claim.statement,
        "explanation": found.explanation,
        "given": list(found.given),
        "assumption": None,
        "needs": claim.needs,
    }
    if under := found.under:
        entry["assumption"] = asdict(under) | {
            "plausible": list(under.plausible),
            "is_plausible": under.is_plausible,
            "range_from_needed": claim.range_from_needed or under.range_from_needed,
            "gives": in_unit(under.gives, from_si),
        }
    return entry


def reported(claim: Claim, entry: Mapping) -> Report | None:
    """The report that an entry of ``claims.json``, or of a cell's output, was made from; None where
    no chapter had reported.

    Parameters
    ----------
    claim : Claim
    entry : mapping
        As :func:`record` gives it; of what the ledger or the rule says nothing is read.

    Raises
    ------
    LedgerError
        Where the entry holds no report.
    """
    if not entry.get("explanation"):
        return None
    is_number = claim.kind.is_number

    def si(value: Any, convert: Callable[[float, str], float]) -> Any:
        return convert(value, claim.unit) if is_number and value is not None else value

    try:
        under = None
        if said := entry["assumption"]:
            fields_of = ("text", "needed", "unit", "source")
            under = Assumption(
                **{name: said[name] for name in fields_of},
                plausible=tuple(said["plausible"]),
                gives=si(said["gives"], to_si),
            )
        widths = {name: si(width, difference_to_si) for name, width in entry["uncertainty"].items()}
        rounding = si(entry["rounding"] or 0.0, difference_to_si)
        return Report(
            claim.id,
            si(entry["computed"], to_si),
            entry["taken"],
            tuple(entry["given"]),
            Rounding(rounding, entry["rounding_from"]) if entry["rounding_from"] else rounding,
            Uncertainty(**widths),
            under,
            entry["measure"],
            entry["explanation"],
        )
    except KeyError as error:
        raise LedgerError(f"claim {claim.id!r}: the entry has no {error}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise LedgerError(f"claim {claim.id!r}: the entry is damaged: {error}") from None


def discrepancies(ledger: Ledger, entry: Mapping) -> list[str]:
    """The fields of an entry that say something else than the ledger and the rule make of the
    report in it.

    Parameters
    ----------
    ledger : Ledger
    entry : mapping
        Of ``claims.json``, or of a cell's output.

    Returns
    -------
    list of str
        E.g. ``"verdict is 'reproduced', and 'inconsistent' by the ledger"``; empty where the entry
        is what it must be.

    Raises
    ------
    LedgerError
        Where the entry holds no report, or one that :func:`check` refuses.
    """
    claim = ledger[entry["id"]]
    report = reported(claim, entry)
    if report:
        check(ledger, report)
    derived = record(claim, report)
    return [
        f"{name} is {entry.get(name)!r}, and {value!r} by the ledger"
        for name, value in derived.items()
        if not _same(entry.get(name), value)
    ]


def _same(value: object, other: object) -> bool:
    if _is_finite(value) and _is_finite(other):
        return math.isclose(value, other, rel_tol=1e-9)
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        return value.keys() == other.keys() and all(_same(value[key], other[key]) for key in other)
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(_same, value, other))
    return type(value) is type(other) and value == other


_TEXTS = ("id", "unit", "tolerance_from", "kind", "chapter", "statement", "explanation", "link")


def entries(path: Path) -> list[dict]:
    """What a ``claims.json`` holds: for each statement what :func:`record` gives, with its
    ``link``.

    Parameters
    ----------
    path : Path

    Raises
    ------
    LedgerError
        Where there is no such file, or it is not as it was written.
    """
    again = "`rampore reproduce` writes it anew"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).splitlines()[0]
        raise LedgerError(f"{path}: cannot be read ({reason}): {again}") from None
    if not isinstance(content, list) or not content:
        raise LedgerError(f"{path}: holds no list of statements: {again}")
    for number, entry in enumerate(content, start=1):
        if not _is_entry(entry):
            raise LedgerError(f"{path}: statement {number} is damaged: {again}")
    return content


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or not all(isinstance(entry.get(name), str) for name in _TEXTS):
        return False
    half_digit, computed = entry.get("half_digit"), entry.get("computed")
    numbers = (
        [entry.get("stated"), entry.get("tolerance"), half_digit] if half_digit is not None else []
    )
    if computed is not None and not isinstance(computed, bool):
        numbers.append(computed)
    return entry.get("verdict") in list(Verdict) and all(map(_is_finite, numbers))
