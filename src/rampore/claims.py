"""The ledger: what the paper states, what a computation gives, and the verdict that follows.

``data/claims.toml`` holds every statement with its tolerance, fixed before anything was computed. A chapter hands in a
:class:`Report`; :func:`verdict` is the one place where the two meet.
"""

from __future__ import annotations

import itertools
import math
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from rampore.units import UnitError, difference_from_si, difference_to_si, from_si, to_si


class LedgerError(ValueError):
    """The ledger, or a report to it, is not what it must be; the message names the claim and the reason."""


class Basis(StrEnum):
    """What a statement of the paper rests on."""

    DESIGN = "design"
    GEOMETRY = "geometry"
    IMAGE = "image"
    SIMULATION = "simulation"
    EXPERIMENT = "experiment"


class Kind(StrEnum):
    """What a statement says: a number (value, ratio), or something that holds or not (order, trend)."""

    VALUE = "value"
    RATIO = "ratio"
    ORDER = "order"
    TREND = "trend"

    @property
    def is_number(self) -> bool:
        return self in (Kind.VALUE, Kind.RATIO)


class Verdict(StrEnum):
    """What an independent computation says of a statement."""

    INPUT = "input"
    REPRODUCED = "reproduced"
    CONDITIONAL = "conditional"
    NOT_REPRODUCED = "not reproduced"
    INCONSISTENT = "inconsistent"
    NOT_TESTABLE = "not testable"
    NOT_YET_COMPUTED = "not yet computed"


@dataclass(frozen=True)
class Claim:
    """One statement of the paper.

    Attributes
    ----------
    id, section, where : str, int, str
        Name, section of the ledger, and place in the paper.
    basis, kind : Basis, Kind
    statement : str
        What the paper says, in this project's words.
    unit : str
        Unit of `stated`, `tolerance` and `half_digit`; empty for an order or a trend.
    stated : float or None
        The paper's number [unit]; None for an order or a trend.
    tolerance : float or None
        Largest difference that counts as agreement [unit].
    tolerance_from : str
        Where the tolerance comes from: the printed digits, or a stated range.
    half_digit : float or None
        Half of the last printed digit [unit]; exact numbers have 0.
    chapter : str
        The chapter that computes it, or empty.
    needs : str
        What would settle it, where a computation cannot.
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
    tolerance_from: str = ""
    half_digit: float | None = None
    chapter: str = ""
    needs: str = ""

    def __post_init__(self) -> None:
        if self.kind.is_number != (self.stated is not None):
            raise LedgerError(
                f"claim {self.id!r}: a {self.kind} must{'' if self.kind.is_number else ' not'} state a number"
            )
        if self.kind.is_number:
            if self.tolerance is None or self.tolerance < 0 or not self.tolerance_from:
                raise LedgerError(
                    f"claim {self.id!r}: needs `tolerance` >= 0 and `tolerance_from`, which says where it comes from"
                )
            if self.half_digit is None:
                raise LedgerError(f"claim {self.id!r}: needs `half_digit`, half of the last printed digit")
            try:
                to_si(self.stated, self.unit)
            except UnitError as error:
                raise LedgerError(f"claim {self.id!r}: {error}") from None

    @property
    def stated_si(self) -> float:
        """The paper's number in SI base units."""
        if self.stated is None:
            raise LedgerError(f"claim {self.id!r} states no number")
        return to_si(self.stated, self.unit)

    @property
    def half_digit_si(self) -> float:
        """Half of the last printed digit, in SI base units."""
        if self.half_digit is None:
            raise LedgerError(f"claim {self.id!r} states no number")
        return difference_to_si(self.half_digit, self.unit)


class Uncertainty(NamedTuple):
    """Half-widths of a computed value, by what they come from [as the value, SI].

    Shown beside the value; a verdict never widens its tolerance by them.
    """

    numerics: float | None = None  #: mesh, time step, solver tolerance
    definition: float | None = None  #: how the quantity is defined: threshold, metric, counting rule
    inputs: float | None = None  #: the range that the literature allows for what the paper does not publish


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
        The range that sources allow for it [unit].
    unit, source : str
    gives : float or bool
        What the computation gives under it [SI], or whether the statement then holds.
    """

    text: str
    needed: float
    plausible: tuple[float, float]
    unit: str
    source: str
    gives: float | bool

    @property
    def is_plausible(self) -> bool:
        low, high = self.plausible
        return low <= self.needed <= high


@dataclass(frozen=True)
class Report:
    """What a chapter found out about one claim; numbers in SI.

    Attributes
    ----------
    claim_id : str
    computed : float, bool or None
        The value, or whether the order or trend holds; None for a design value that is taken as given.
    taken : bool
        A design value that the study takes as given.
    given : tuple of str
        The statements of the paper that alone give `computed`; empty where anything else entered.
    rounding : float
        Half-range of `computed` that comes from the printed digits of what it was computed from.
    uncertainty : Uncertainty
    under : Assumption or None
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
    explanation: str = ""


def _agrees(claim: Claim, value: float | bool, rounding: float) -> bool:
    if not claim.kind.is_number:
        return bool(value)
    reach = difference_to_si(claim.tolerance, claim.unit) + rounding
    return abs(value - claim.stated_si) <= reach * (1 + 1e-9)  # 1e-9: a tie in decimals is a tie in binary


def verdict(claim: Claim, report: Report | None) -> Verdict:
    """The verdict on one claim: the only rule there is.

    1. Without a report: `not testable` where the ledger names the data that would settle it and no chapter, else
       `not yet computed`.
    2. A design value that is taken as given: `input`.
    3. The value agrees, |computed - stated| <= tolerance + rounding (an order or a trend: it holds): `reproduced`.
    4. It agrees under a named assumption whose needed value lies within its plausible range: `conditional`.
    5. Other statements of the paper alone gave the value: `inconsistent`; anything else: `not reproduced`.
    """
    if report is None:
        return Verdict.NOT_TESTABLE if claim.needs and not claim.chapter else Verdict.NOT_YET_COMPUTED
    if report.taken:
        return Verdict.INPUT
    if _agrees(claim, report.computed, report.rounding):
        return Verdict.REPRODUCED
    if report.under and report.under.is_plausible and _agrees(claim, report.under.gives, report.rounding):
        return Verdict.CONDITIONAL
    return Verdict.INCONSISTENT if report.given else Verdict.NOT_REPRODUCED


def printed_range(function: Callable[..., float], **inputs: tuple[float, float]) -> tuple[float, float]:
    """A value computed from printed numbers, and how far their rounding can move it.

    Parameters
    ----------
    function : callable
        Takes the inputs by name, monotonic in each of them over its rounding interval.
    **inputs : (float, float)
        Printed value and half of its last printed digit.

    Returns
    -------
    (float, float)
        The value at the printed numbers, and its largest distance to the values at the corners of the box.
    """
    middle = function(**{name: value for name, (value, _) in inputs.items()})
    ends = ([(name, value - half), (name, value + half)] for name, (value, half) in inputs.items())
    corners = [function(**dict(corner)) for corner in itertools.product(*ends)]
    return middle, max(abs(corner - middle) for corner in corners)


class Ledger(Mapping[str, Claim]):
    """All statements, by name, in the ledger's order."""

    def __init__(self, claims: Iterable[Claim], sections: Mapping[int, str]) -> None:
        claims = tuple(claims)
        self.sections = dict(sections)
        self._claims = {claim.id: claim for claim in claims}
        if len(self._claims) != len(claims):
            names = [claim.id for claim in claims]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise LedgerError(f"these claims stand in the ledger more than once: {', '.join(twice)}")

    def __getitem__(self, claim_id: str) -> Claim:
        try:
            return self._claims[claim_id]
        except KeyError:
            import difflib

            near = difflib.get_close_matches(claim_id, self._claims, n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise LedgerError(f"the ledger has no claim {claim_id!r}{hint}") from None

    def __contains__(self, claim_id: object) -> bool:
        return claim_id in self._claims

    def __iter__(self):
        return iter(self._claims)

    def __len__(self) -> int:
        return len(self._claims)


def load(path: str | Path | None = None) -> Ledger:
    """Read the ledger; by default the one that comes with the package.

    Raises
    ------
    LedgerError
        Where the file is not TOML, or an entry has an unknown key, lacks one, or has a nonsense value.
    """
    source = Path(path) if path else resources.files("rampore") / "data" / "claims.toml"
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise LedgerError(f"{source}: not valid TOML: {error}") from None
    claims = []
    for entry in content.get("claim", []):
        name = entry.get("id", "without an id")
        try:
            claims.append(Claim(**entry | {"basis": Basis(entry["basis"]), "kind": Kind(entry["kind"])}))
        except KeyError as error:
            raise LedgerError(f"{source}: claim {name!r} has no {error}") from None
        except (TypeError, ValueError) as error:
            raise LedgerError(f"{source}: claim {name!r}: {error}") from None
    return Ledger(claims, {entry["number"]: entry["title"] for entry in content.get("section", [])})


def check(ledger: Ledger, report: Report) -> None:
    """Refuse a report that does not fit its claim.

    Raises
    ------
    LedgerError
        A number for a trend or the reverse; a value that is not finite; a design value 'taken' of a statement that is
        no design; a `given` that names no claim.
    """
    claim = ledger[report.claim_id]
    if report.taken:
        if claim.basis is not Basis.DESIGN:
            raise LedgerError(
                f"claim {claim.id!r} is of basis {claim.basis}: only a design value can be taken as given"
            )
        return
    values = [report.computed] + ([report.under.gives] if report.under else [])
    for value in values:
        if claim.kind.is_number and (isinstance(value, bool) or value is None or not math.isfinite(value)):
            raise LedgerError(f"claim {claim.id!r} states a number in {claim.unit}; {value!r} was reported")
        if not claim.kind.is_number and not isinstance(value, bool):
            raise LedgerError(f"claim {claim.id!r} is a {claim.kind}: report True or False, not {value!r}")
    for name in report.given:
        ledger[name]
    if not report.explanation:
        raise LedgerError(f"claim {claim.id!r}: a report needs an explanation")


def record(claim: Claim, report: Report | None) -> dict:
    """One claim with its verdict, as it stands in ``claims.json``: numbers in the unit of the claim."""

    def number(value):
        return from_si(value, claim.unit) if claim.kind.is_number and value is not None else value

    def width(value):
        return difference_from_si(value, claim.unit) if claim.kind.is_number and value is not None else value

    entry = {
        "id": claim.id,
        "verdict": verdict(claim, report).value,
        "stated": claim.stated if claim.kind.is_number else claim.statement,
        "computed": None,
        "unit": claim.unit,
        "tolerance": claim.tolerance,
        "tolerance_from": claim.tolerance_from,
        "rounding": None,
        "uncertainty": dict.fromkeys(Uncertainty._fields),
        "basis": claim.basis.value,
        "kind": claim.kind.value,
        "chapter": claim.chapter,
        "section": claim.section,
        "where": claim.where,
        "statement": claim.statement,
        "explanation": "",
        "given": [],
        "assumption": None,
        "needs": claim.needs,
    }
    if report is not None:
        entry["computed"] = claim.stated if report.taken else number(report.computed)
        entry["rounding"] = width(report.rounding)
        entry["uncertainty"] = {name: width(value) for name, value in report.uncertainty._asdict().items()}
        entry["explanation"] = report.explanation
        entry["given"] = list(report.given)
        if report.under:
            entry["assumption"] = asdict(report.under) | {
                "gives": number(report.under.gives),
                "plausible": list(report.under.plausible),
            }
    return entry
