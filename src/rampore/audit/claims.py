"""What a computation gives for a statement of the paper, and the verdict that follows.

The ledger (:mod:`rampore.audit.ledger`) holds every statement with the rules by which it is judged.
A chapter hands in a :class:`Report`; :func:`check` refuses one that does not fit, :func:`verdict`
is the one place where the two meet, and :func:`record` writes both down.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from rampore.audit.ledger import Basis, Claim, Condition, Ledger, LedgerError
from rampore.checks import quantity
from rampore.units import UnitError, difference_from_si, difference_to_si, from_si, to_si


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


def _is_finite(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


class Uncertainty(NamedTuple):
    """Half-widths of a computed value, by what they come from [as the value, SI].

    Shown beside the value; a verdict never widens its tolerance by them.
    """

    numerics: float | None = None  #: mesh, time step, solver tolerance
    #: how the quantity is defined: threshold, metric, counting rule
    definition: float | None = None
    #: the range that the literature allows for what the paper does not publish
    inputs: float | None = None


class Under(NamedTuple):
    """What a computation gives under the condition that the ledger names for a statement."""

    needed: float  #: the value that the statement needs [unit of the condition]
    gives: float | bool  #: the value [SI], or whether the statement then holds


class Otherwise(NamedTuple):
    """A case in which an order or a trend comes out the other way: that its reading can tell."""

    case: str
    holds: bool


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
        What the published inputs give by the statement's own route: the value, or whether the order
        or trend holds; None for a design value that is taken as given, and where what is published
        does not suffice for any value.
    taken : bool
        A design value that the study takes as given.
    given : tuple of str
        The statements of the paper that alone give `computed`; empty where anything else entered.
    rounding : float
        Half-range of `computed` that comes from the printed digits of what it was computed from:
        a :class:`Rounding`, see :func:`printed_range`; a number without an origin is refused.
    uncertainty : Uncertainty
        What else limits the value; for the reader, not for the verdict.
    under : Under or None
        What comes out under the ledger's condition.
    otherwise : Otherwise or None
        For an order or a trend: a case in which the same reading comes out the other way.
    measure : str
        For an order or a trend: the number behind it, e.g. "0.96 times the bare foil's area".
    bound : str
        Where what is published does not suffice: what a computation can still say, e.g. how far the
        stated value can lie from what was measured, or how often chance alone would give it.
    explanation : str
        One or two sentences for the scorecard.
    """

    claim_id: str
    computed: float | bool | None = None
    taken: bool = False
    given: tuple[str, ...] = ()
    rounding: float = 0.0
    uncertainty: Uncertainty = Uncertainty()
    under: Under | None = None
    otherwise: Otherwise | None = None
    measure: str = ""
    bound: str = ""
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
    4. It agrees under the condition that the ledger names, and the value this needs lies within the
       range that the ledger has for it: `conditional`.
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
        claim.condition
        and report.under
        and claim.condition.holds_at(report.under.needed)
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
    yield from _off_the_route(ledger, claim, report)
    yield from _unfit_values(claim, report)
    if report.under:
        yield from _unfit_condition(claim, report.under)
    if claim.kind.is_number:
        if report.measure or report.otherwise:
            yield (
                "`measure` and `otherwise` are for an order or a trend; here the value itself is "
                "the measure"
            )
    else:
        yield from _unfit_order(claim, report)
    if report.rounding or isinstance(report.rounding, Rounding):
        yield from _free(ledger, report.rounding)
    found = verdict(claim, report)
    if found is Verdict.INCONSISTENT and not claim.cause:
        yield (
            "it is inconsistent, and the ledger names no `cause` for it: several rows of one "
            "contradiction count as one"
        )
    if found is Verdict.NOT_TESTABLE and not report.bound:
        yield "it is not testable: say in `bound` what a computation can still tell"


def _unfit_values(claim: Claim, report: Report) -> Iterator[str]:
    """What is no value of such a claim."""
    for value in [report.computed] + ([report.under.gives] if report.under else []):
        if claim.kind.is_number:
            if value is not None and not _is_finite(value):
                yield f"states a number in {claim.unit!r}: {value!r} was reported"
        elif value is not None and not isinstance(value, bool):
            yield (
                f"a statement of kind {claim.kind} holds or not: report True or False, "
                f"not {value!r}"
            )
    for name, width in {"rounding": report.rounding, **report.uncertainty._asdict()}.items():
        if width is not None and not (_is_finite(width) and width >= 0):
            yield f"`{name}` must be a half-width, not {width!r}"
    if report.computed is None and not report.under and not claim.needs:
        yield "no value was computed, and the ledger does not say which data it `needs`"


def _off_the_route(ledger: Ledger, claim: Claim, report: Report) -> Iterator[str]:
    """Where a report takes statements that the statement's own route does not take."""
    if claim.id in report.given:
        yield (
            "it is among the statements that it was computed from: "
            "a statement is no evidence for itself"
        )
    for name in report.given:
        ledger[name]
    if report.given and report.computed is None:
        yield f"nothing was computed from {', '.join(report.given)}"
    if others := [name for name in report.given if name not in claim.uses]:
        yield (
            f"its own route does not take {', '.join(others)}: a balance between statements is a "
            "cross-check, with a row of its own"
        )


def _unfit_condition(claim: Claim, under: Under) -> Iterator[str]:
    """Where what is reported under a condition was not to be had under the ledger's."""
    condition = claim.condition
    if not condition:
        yield "the ledger names no `condition` for it: what it may assume stands there beforehand"
        return
    if not _is_finite(under.needed):
        yield f"needed = {under.needed!r} must be finite"
        return
    if condition.is_built_from(under.needed):
        yield (
            f"the plausible range {condition.plausible} of {condition.text!r} is built from the "
            f"value that is needed, {under.needed!r}: take one from a source that does not know it"
        )
    if _restates(claim, condition, under):
        yield f"to assume {condition.text!r} is to assume the statement itself"


def _unfit_order(claim: Claim, report: Report) -> Iterator[str]:
    if report.rounding or any(width is not None for width in report.uncertainty):
        yield (
            f"a statement of kind {claim.kind} has no rounding and no uncertainty: "
            "put them into `measure`"
        )
    if not report.computed or claim.basis is Basis.DESIGN:
        return
    other_ways = [report.otherwise.holds] if report.otherwise else []
    other_ways += [report.under.gives] if report.under else []
    if all(other_ways):
        yield "it is not seen to be able to fail: give a case in which it does, as `otherwise`"


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


def _restates(claim: Claim, condition: Condition, under: Under) -> bool:
    """Whether the assumption gives back its own number: then it is the statement, not a reason for
    it.
    """
    if not claim.kind.is_number:
        return False
    try:
        difference_to_si(1.0, condition.unit, claim.unit)
    except UnitError:
        return False
    return math.isclose(to_si(under.needed, condition.unit), under.gives, rel_tol=1e-6)


def record(claim: Claim, report: Report | None) -> dict:
    """One claim with its verdict, as it stands in ``claims.json``.

    Numbers are in the claim's unit; an assumption's `needed` and `plausible` in the assumption's;
    the half digits of ``rounding_from`` in SI. ``accepted`` is the interval in which a value would
    have been reproduced: the tolerance, widened by what the rounding of its inputs leaves open.
    What a chapter leaves open is None. Where a chapter has reported, ``link`` to the section that
    did is added by :mod:`rampore.audit.reproduce`.
    """
    found = report or Report(claim.id)
    is_number = claim.kind.is_number

    def in_unit(value: float | None, convert: Callable[[float, str], float]) -> float | None:
        return convert(value, claim.unit) if is_number and value is not None else value

    rounding = in_unit(found.rounding, difference_from_si) if is_number and report else None
    reach = claim.tolerance + (rounding or 0.0) if is_number else 0.0
    entry = {
        "id": claim.id,
        "verdict": verdict(claim, report).value,
        "stated": claim.stated if is_number else claim.statement,
        "computed": in_unit(found.computed, from_si),
        "unit": claim.unit,
        "printed": claim.printed,
        "tolerance": claim.tolerance if is_number else None,
        "tolerance_from": str(claim.tolerance_from) if is_number else "",
        "half_digit": claim.half_digit if is_number else None,
        "accepted": [claim.stated - reach, claim.stated + reach] if is_number else None,
        "taken": found.taken,
        "rounding": rounding,
        "rounding_from": dict(getattr(found.rounding, "origin", {})),
        "uncertainty": {
            name: in_unit(width, difference_from_si)
            for name, width in found.uncertainty._asdict().items()
        },
        "measure": found.measure,
        "otherwise": found.otherwise._asdict() if found.otherwise else None,
        "fails_if": claim.fails_if,
        "basis": str(claim.basis),
        "kind": str(claim.kind),
        "chapter": claim.chapter,
        "section": claim.section,
        "where": claim.where,
        "statement": claim.statement,
        "explanation": found.explanation,
        "route": claim.route,
        "given": list(found.given),
        "cross_check": claim.cross_check,
        "cause": claim.cause,
        "assumption": None,
        "bound": found.bound,
        "needs": claim.needs,
    }
    if claim.condition and found.under:
        entry["assumption"] = asdict(claim.condition) | {
            "plausible": list(claim.condition.plausible),
            "needed": found.under.needed,
            "is_plausible": claim.condition.holds_at(found.under.needed),
            "gives": in_unit(found.under.gives, from_si),
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

    def si(value: Any, convert: Callable[[float, str], float]) -> Any:
        return convert(value, claim.unit) if claim.kind.is_number and value is not None else value

    try:
        under, otherwise = entry["assumption"], entry["otherwise"]
        rounding, origin = si(entry["rounding"] or 0.0, difference_to_si), entry["rounding_from"]
        widths = {name: si(width, difference_to_si) for name, width in entry["uncertainty"].items()}
        return Report(
            claim.id,
            computed=si(entry["computed"], to_si),
            taken=entry["taken"],
            given=tuple(entry["given"]),
            rounding=Rounding(rounding, origin) if origin else rounding,
            uncertainty=Uncertainty(**widths),
            under=Under(under["needed"], si(under["gives"], to_si)) if under else None,
            otherwise=Otherwise(**otherwise) if otherwise else None,
            measure=entry["measure"],
            bound=entry["bound"],
            explanation=entry["explanation"],
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
