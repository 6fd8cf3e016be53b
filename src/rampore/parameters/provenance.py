"""Provenance: where a value comes from, how far to trust it, and what was not chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from rampore.parameters.values import (
    Correlation,
    Input,
    Named,
    Potential,
    Quantity,
    Refused,
    about,
    is_pair,
    joined,
    known,
    near,
    text,
)
from rampore.units import from_si

FORMULA_KEYS = ("form", "formula")
_TEXT_KEYS = ("place", "note", "claim")
_ENTRY_KEYS = ("value", "unit", "source", "place", "confidence", "note", "range", "not_chosen", "claim")
_RIVAL_KEYS = ("value", "unit", "source", "why", "claim")


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
    """Where one value comes from."""

    key: str  #: the path of the attribute
    label: str  #: what it is
    value: Any  #: as the file has it; of a derived value, the value in the file's unit
    unit: Any  #: as the file has it
    si_value: Any  #: as the attribute has it
    si_unit: str
    source: tuple[str, ...]  #: keys of `Cell.sources`; empty where there is none
    place: str  #: where in the source
    confidence: Confidence
    note: str
    range: tuple[float, float] | None  #: what sources allow [si_unit]
    not_chosen: tuple[NotChosen, ...]
    claim: str  #: the statement of the ledger that gives the same number, or empty
    formula: str  #: how a computed value follows from the others, or the formula of a correlation; or empty
    variant: str  #: which of several: the name of the data set or of the material; or empty


def record(key: str, demand: Input, entry: Mapping, si_value: Any) -> Record:
    """Provenance of one value, from an entry that :func:`check` let through."""
    computed = "value" not in entry
    unit = entry.get("unit", demand.kind.unit)
    return Record(
        key=key,
        label=demand.label,
        value=from_si(si_value, unit) if computed else _frozen(entry["value"]),
        unit=_frozen(unit),
        si_value=si_value,
        si_unit=demand.kind.unit,
        source=_names(entry.get("source", [])),
        confidence=Confidence(entry.get("confidence", Confidence.DERIVED)),
        range=limits(demand, entry),
        not_chosen=tuple(_not_chosen(rival, unit) for rival in entry.get("not_chosen", [])),
        formula=demand.formula if computed else entry.get("formula", ""),
        variant=demand.variant,
        **{name: entry.get(name, "") for name in _TEXT_KEYS},
    )


def limits(demand: Input, entry: Mapping) -> tuple[float, float] | None:
    """What sources allow, in SI; None where the entry does not say."""
    return tuple(demand.kind.read(end, entry["unit"]) for end in entry["range"]) if "range" in entry else None


def _not_chosen(rival: Mapping, unit: Any) -> NotChosen:
    unit = rival.get("unit", unit if isinstance(unit, str) else "")
    return NotChosen(_frozen(rival["value"]), unit, _names(rival["source"]), rival["why"], rival.get("claim", ""))


def _names(source: str | list | tuple) -> tuple[str, ...]:
    return (source,) if isinstance(source, str) else tuple(source)


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Named({name: _frozen(part) for name, part in value.items()})
    return tuple(_frozen(part) for part in value) if isinstance(value, list | tuple) else value


# What is refused ------------------------------------------------------------------------------------------------------


def read_sources(tables: Any) -> dict[str, Source]:
    """The references of a file by name."""
    if not isinstance(tables, Mapping):
        raise Refused("is not a table", 'write [sources.name] and citation = "..."', "sources")
    made = {}
    for name, table in tables.items():
        key = joined("sources", name)
        with about(key):
            if not isinstance(table, Mapping):
                raise Refused("is not a table", f'write [{key}] and citation = "..."')
            known(table, Source._fields, key)
            text(table.get("citation"), "citation")
            made[name] = Source(*(text(table[part], part) if part in table else "" for part in Source._fields))
    return made


def check(key: str, demand: Input, entry: Mapping, sources: Mapping[str, Source]) -> None:
    """Refuse an entry whose provenance is not complete."""
    is_formula = isinstance(demand.kind, Correlation | Potential)
    known(entry, _ENTRY_KEYS + FORMULA_KEYS * is_formula, key)
    if "unit" not in entry:
        raise Refused("has no unit", 'add unit = "...", or unit = "1" for a number without one')
    if "confidence" not in entry:
        raise Refused("has no confidence", f"add confidence = one of {', '.join(Confidence)}")
    confidence, has_value = entry["confidence"], "value" in entry
    if confidence not in list(Confidence):
        reason = f"unknown confidence {confidence!r}{near(confidence, Confidence)}"
        raise Refused(reason, f"use one of {', '.join(Confidence)}")
    if not has_value and (confidence != Confidence.DERIVED or not demand.derive):
        raise Refused("has no value", "add value = ...")
    if has_value and "source" not in entry:
        raise Refused("has no source", 'add source = ["..."], a key of [sources]; an unverified value says source = []')
    _check_sources(entry.get("source", []), sources)
    if has_value and not entry["source"] and confidence not in (Confidence.UNVERIFIED, Confidence.OWN):
        reason = f"is marked {confidence} and names no source"
        raise Refused(reason, 'add one, or write confidence = "unverified"')
    for name in _TEXT_KEYS:
        if not isinstance(entry.get(name, ""), str):
            raise Refused(f"{name} is not a text", f'write {name} = "..."')
    _check_rivals(entry.get("not_chosen", []), sources, joined(key, "not_chosen"))
    if "range" in entry:
        _check_range(demand, entry)


def _check_sources(names: Any, sources: Mapping[str, Source]) -> None:
    if not isinstance(names, str | list | tuple) or not all(isinstance(name, str) for name in names):
        raise Refused(f"source {names!r} is not a list of names", 'write source = ["..."]')
    for name in _names(names):
        if name not in sources:
            raise Refused(f"unknown source {name!r}{near(name, sources)}", f"describe it under [sources.{name}]")


def _check_rivals(rivals: Any, sources: Mapping[str, Source], key: str) -> None:
    if not isinstance(rivals, list) or not all(isinstance(rival, Mapping) for rival in rivals):
        remedy = "write not_chosen = [{ value = ..., source = [...], why = ... }]"
        raise Refused("not_chosen is not a list of tables", remedy)
    for rival in rivals:
        known(rival, _RIVAL_KEYS, key)
        for name in ("value", "source", "why"):
            if name not in rival:
                raise Refused(f"a rival value in not_chosen has no {name}", f"add {name}")
        _check_sources(rival["source"], sources)


def _check_range(demand: Input, entry: Mapping) -> None:
    if type(demand.kind) is not Quantity or not is_pair(entry["range"]):
        raise Refused(f"range {entry['range']!r} is not two numbers beside one value", "write range = [low, high]")
    try:
        low, high = limits(demand, entry)
        value = demand.kind.read(entry["value"], entry["unit"]) if "value" in entry else low
    except Refused as refused:
        raise Refused(f"range: {refused.reason}", refused.remedy) from None
    if not low <= value <= high:
        raise Refused(f"range {entry['range']} does not hold the value", "order it, and let the value lie in it")
