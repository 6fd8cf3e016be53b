"""Records: what a file says of each value and where it comes from, checked, and the tree of values
made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from rampore.audit.inputs.values import (
    ANY,
    Alternatives,
    Component,
    Correlation,
    Demand,
    Group,
    Input,
    Named,
    Potential,
    Quantity,
    Refused,
    Series,
    Several,
    Shares,
    about,
    demands_of,
    is_pair,
    joined,
    known,
    named,
    near,
    text,
)
from rampore.units import from_si

FORMULA_KEYS = ("form", "formula")
_TEXT_KEYS = ("place", "note", "claim")
_ENTRY_KEYS = (
    "value",
    "unit",
    "source",
    "place",
    "confidence",
    "note",
    "range",
    "not_chosen",
    "claim",
)
_RIVAL_KEYS = ("value", "unit", "source", "why", "claim")
_CHOICE = ("chosen", "why")


class Confidence(StrEnum):
    """How far a value can be trusted, from best to worst."""

    meaning: str  #: what the mark says, as a phrase

    GIVEN = "given", "stated in the paper that is being reproduced"
    READ = "read", "read in the source named, or in the code named there"
    READ_SECONDARY = (
        "read-secondary",
        "read in somebody else's digest of the source, not in the source",
    )
    READ_ABSTRACT = "read-abstract", "read in an abstract or a snippet only"
    DERIVED = "derived", "computed from other values, of this page or of the source"
    PROXY = "proxy", "a stand-in: read, but for another material or cell"
    UNVERIFIED = "unverified", "without a source: recalled or assumed"
    OWN = "own", "set by whoever runs this"

    def __new__(cls, mark: str, meaning: str):
        made = str.__new__(cls, mark)
        made._value_, made.meaning = mark, meaning
        return made


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
    #: how a computed value follows from the others, or the formula of a correlation; or empty
    formula: str
    variant: str  #: which of several: the name of the data set or of the material; or empty


def _record(key: str, demand: Input, entry: Mapping, si_value: Any) -> Record:
    """Provenance of one value, from an entry that :func:`_check` let through."""
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
        range=_limits(demand, entry),
        not_chosen=tuple(_not_chosen(rival, unit) for rival in entry.get("not_chosen", [])),
        formula=demand.formula if computed else entry.get("formula", ""),
        variant=demand.variant,
        note=_note(demand, entry),
        place=entry.get("place", ""),
        claim=entry.get("claim", ""),
    )


def _note(demand: Input, entry: Mapping) -> str:
    """The note of the file, and one of what the reading did to the value."""
    own = entry.get("note", "")
    done = (
        demand.kind.note(entry["value"], entry["unit"]) if isinstance(demand.kind, Shares) else ""
    )
    return " ".join(part for part in (own, done) if part)


def _limits(demand: Input, entry: Mapping) -> tuple[float, float] | None:
    """What sources allow, in SI; None where the entry does not say."""
    if "range" not in entry or not isinstance(demand.kind, Quantity):
        return None
    low, high = entry["range"]
    return demand.kind.read(low, entry["unit"]), demand.kind.read(high, entry["unit"])


def _not_chosen(rival: Mapping, unit: Any) -> NotChosen:
    unit = rival.get("unit", unit if isinstance(unit, str) else "")
    return NotChosen(
        _frozen(rival["value"]), unit, _names(rival["source"]), rival["why"], rival.get("claim", "")
    )


def _names(source: str | list | tuple) -> tuple[str, ...]:
    return (source,) if isinstance(source, str) else tuple(source)


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Named({name: _frozen(part) for name, part in value.items()})
    return tuple(_frozen(part) for part in value) if isinstance(value, list | tuple) else value


# What is checked ----------------------------------------------------------------------------------


def read_sources(tables: Any) -> dict[str, Source]:
    """The references of a file by name."""
    if not isinstance(tables, Mapping):
        raise Refused("is not a table", 'write [sources.name] and citation = "..."', "sources")
    made = {}
    for name, table in tables.items():
        named(name, "sources")
        key = joined("sources", name)
        with about(key):
            if not isinstance(table, Mapping):
                raise Refused("is not a table", f'write [{key}] and citation = "..."')
            known(table, Source._fields, key)
            text(table.get("citation"), "citation")
            made[name] = Source(
                *(text(table[part], part) if part in table else "" for part in Source._fields)
            )
    return made


def _check(key: str, demand: Input, entry: Mapping, sources: Mapping[str, Source]) -> None:
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
    if not has_value:
        Quantity(demand.kind.unit, ANY).read(1.0, entry["unit"])
    if has_value and "source" not in entry:
        raise Refused(
            "has no source",
            'add source = ["..."], a key of [sources]; an unverified value says source = []',
        )
    _check_sources(entry.get("source", []), sources)
    if (
        has_value
        and not entry["source"]
        and confidence not in (Confidence.UNVERIFIED, Confidence.OWN)
    ):
        reason = f"is marked {confidence} and names no source"
        raise Refused(reason, 'add one, or write confidence = "unverified"')
    for name in _TEXT_KEYS:
        if not isinstance(entry.get(name, ""), str):
            raise Refused(f"{name} is not a text", f'write {name} = "..."')
        if entry.get(name):
            text(entry[name], name)
    _check_rivals(demand, entry, sources, joined(key, "not_chosen"))
    if "range" in entry:
        _check_range(demand, entry)


def _check_sources(names: Any, sources: Mapping[str, Source]) -> None:
    if not isinstance(names, str | list | tuple) or not all(
        isinstance(name, str) for name in names
    ):
        raise Refused(f"source {names!r} is not a list of names", 'write source = ["..."]')
    for name in _names(names):
        if name not in sources:
            raise Refused(
                f"unknown source {name!r}{near(name, sources)}",
                f"describe it under [sources.{name}]",
            )


def _check_rivals(demand: Input, entry: Mapping, sources: Mapping[str, Source], key: str) -> None:
    rivals = entry.get("not_chosen", [])
    if not isinstance(rivals, list) or not all(isinstance(rival, Mapping) for rival in rivals):
        remedy = "write not_chosen = [{ value = ..., source = [...], why = ... }]"
        raise Refused("not_chosen is not a list of tables", remedy)
    for rival in rivals:
        known(rival, _RIVAL_KEYS, key)
        for name in ("value", "source", "why"):
            if name not in rival:
                raise Refused(f"a rival value in not_chosen has no {name}", f"add {name}")
        if not isinstance(rival["why"], str):
            raise Refused(
                f"why {rival['why']!r} in not_chosen is not a text",
                "say in a sentence why it was not taken",
            )
        _check_sources(rival["source"], sources)
        with about(key):
            _check_rival(demand, rival, rival.get("unit", entry["unit"]))


def _check_rival(demand: Input, rival: Mapping, unit: Any) -> None:
    for name in ("why", "claim"):
        if name in rival:
            text(rival[name], name)
    if isinstance(rival["value"], str):
        text(rival["value"], "value")
        return
    if "unit" not in rival and not isinstance(unit, str):
        raise Refused("a rival value in not_chosen has no unit", "add unit")
    values = rival["value"] if isinstance(rival["value"], list) else [rival["value"]]
    Series(demand.kind.unit, ANY).read(values, unit)


def _check_range(demand: Input, entry: Mapping) -> None:
    if not isinstance(demand.kind, Quantity) or not is_pair(entry["range"]):
        raise Refused(
            f"range {entry['range']!r} is not two numbers beside one value",
            "write range = [low, high]",
        )
    try:
        low, high = (demand.kind.read(end, entry["unit"]) for end in entry["range"])
        value = demand.kind.read(entry["value"], entry["unit"]) if "value" in entry else low
    except Refused as refused:
        raise Refused(f"range: {refused.reason}", refused.remedy) from None
    if not low <= value <= high:
        raise Refused(
            f"range {entry['range']} does not hold the value",
            "order it, and let the value lie in it",
        )


# From tables to entries by key, from those to values, from these to the tree ----------------------


def entries_of(node: Demand, table: Any, key: str = "") -> dict[str, Any]:
    """The entries of a file by key, each still as written; refuses what no field asks for."""
    if not isinstance(table, Mapping):
        raise Refused(f"{table!r} is not a table", f"write [{key}] and its entries below", key)
    if isinstance(node, Input):
        return {key: table}
    if isinstance(node, Several):
        parts = dict.fromkeys(table, node.each)
    else:
        parts = demands_of(node.made)
        known(table, parts, key)
    entries: dict[str, Any] = {}
    for name, content in table.items():
        if isinstance(node, Several) and node.choose and name in _CHOICE:
            entries[joined(key, name)] = content
        else:
            named(name, key)
            entries |= entries_of(parts[name], content, joined(key, name))
    return entries


def _parts(node: Group | Several, key: str, entries: Mapping[str, Any]) -> dict[str, Demand]:
    """What stands directly below a key, by name; what a file names freely in the file's order."""
    if isinstance(node, Group):
        return demands_of(node.made)
    below = (
        name.removeprefix(f"{key}.").split(".")[0] for name in entries if name.startswith(f"{key}.")
    )
    return {name: node.each for name in dict.fromkeys(below) if name not in _CHOICE}


def _inputs(
    node: Demand, key: str, entries: Mapping, variant: str = ""
) -> Iterator[tuple[str, Input]]:
    """Every key that a cell has, with what its field demands."""
    if isinstance(node, Input):
        yield key, node._replace(variant=variant)
    else:
        for name, part in _parts(node, key, entries).items():
            yield from _inputs(
                part, joined(key, name), entries, name if isinstance(node, Several) else variant
            )


def tree_of(
    made: type, entries: Mapping[str, Any], sources: Mapping[str, Source]
) -> tuple[dict[str, Any], dict[str, Record]]:
    """The fields of a class with what belongs in each, and the record of every value by key, from
    checked entries.
    """
    inputs = dict(_inputs(Group("", made), "", entries))
    missing = [
        key
        for key, demand in inputs.items()
        if key not in entries and not (demand.derive or demand.optional)
    ]
    if missing:
        others = f", as are {len(missing) - 1} others" if len(missing) > 1 else ""
        remedy = (
            f"add [{missing[0]}] with value, unit, source, confidence, "
            'or start the file with extends = "study"'
        )
        raise Refused(f"is missing{others}", remedy, missing[0])
    for key, entry in entries.items():
        if key in inputs:
            with about(key):
                _check(key, inputs[key], entry, sources)
    values = _Values(inputs, entries)
    records = {}
    for key, demand in inputs.items():
        with about(key):
            if values[key] is not None:
                records[key] = _record(key, demand, entries.get(key, {}), values[key])
    return {name: _built(part, name, values) for name, part in demands_of(made).items()}, records


class _Values(dict):
    """SI values by key, each read or computed when it is first asked for."""

    def __init__(self, inputs: Mapping[str, Input], entries: Mapping[str, Any]) -> None:
        super().__init__()
        self.inputs, self.entries = inputs, entries

    def __missing__(self, key: str) -> Any:
        group = key.rpartition(".")[0]
        if key not in self.inputs:
            raise Refused(
                "is named in a composition and described nowhere",
                f"add [{key}] and its value",
                group,
            )
        demand, entry = self.inputs[key], self.entries.get(key, {})
        value = None
        with about(key):
            if "value" in entry:
                formula = {name: entry[name] for name in FORMULA_KEYS if name in entry}
                value = demand.kind.read(entry["value"], entry["unit"], **formula)
            elif demand.derive and isinstance(demand.kind, Quantity):
                value = demand.derive(_Own(self, group))
                demand.kind.check(value, f"{value:g}, computed as {demand.formula},")
        return self.setdefault(key, value)

    def attribute(self, key: str) -> Any:
        """What the cell has under a key: the value, and the components in place of their shares."""
        if isinstance(self.inputs[key].kind, Shares):
            return tuple(self._component(name, share) for name, share in self[key])
        return self[key]

    def _component(self, name: str, share: float) -> Component:
        active = f"{name}.specific_capacity" in self.inputs
        home = name if active else f"materials.{name}"
        key = f"{home}.density"
        density = self[key]
        span = _limits(self.inputs[key], self.entries[key])
        return Component(
            name=name,
            mass_fraction=share,
            density=density,
            density_uncertainty=(span[1] - span[0]) / 2 if span else 0.0,
            specific_capacity=self[f"{home}.specific_capacity"] if active else 0.0,
            active=active,
            density_range=span,
        )


class _Own:
    """The values of one group, by attribute."""

    def __init__(self, values: _Values, group: str) -> None:
        self._values, self._group = values, group

    def __getattr__(self, name: str) -> Any:
        return self._values.attribute(f"{self._group}.{name}")


def _built(node: Demand, key: str, values: _Values) -> Any:
    if isinstance(node, Input):
        return values.attribute(key)
    parts = {
        name: _built(part, joined(key, name), values)
        for name, part in _parts(node, key, values.entries).items()
    }
    if isinstance(node, Group):
        return node.made(**parts)
    if not node.choose:
        return Named(parts, key)
    chosen, why = values.entries.get(f"{key}.chosen"), values.entries.get(f"{key}.why", "")
    if not isinstance(chosen, str) or chosen not in parts:
        none = (
            f"{chosen!r} is none of {', '.join(parts)}{near(chosen, parts)}"
            if parts
            else "there is nothing to choose"
        )
        raise Refused(none, f"write chosen = one of the tables under [{key}]", f"{key}.chosen")
    if not isinstance(why, str):
        raise Refused(
            f"{why!r} is not a text",
            "write why = the reason of the choice, in a sentence",
            f"{key}.why",
        )
    if why:
        with about(f"{key}.why"):
            text(why, "why")
    return Alternatives(parts, chosen, why, key)
