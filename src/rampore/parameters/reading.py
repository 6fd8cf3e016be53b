"""Reading: from a file's tables to entries by key, from those to values, and from these to a tree of dataclasses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rampore.parameters.provenance import FORMULA_KEYS, limits
from rampore.parameters.values import (
    Alternatives,
    Component,
    Demand,
    Group,
    Input,
    Named,
    Refused,
    Several,
    Shares,
    about,
    demands_of,
    joined,
    known,
    near,
)

_CHOICE = ("chosen", "why")


def entries_of(node: Demand, table: Any, key: str) -> dict[str, Any]:
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
            entries |= entries_of(parts[name], content, joined(key, name))
    return entries


def _parts(node: Group | Several, key: str, entries: Mapping[str, Any]) -> dict[str, Demand]:
    """What stands directly below a key, by name; what a file names freely in the file's order."""
    if isinstance(node, Group):
        return demands_of(node.made)
    below = (name.removeprefix(f"{key}.").split(".")[0] for name in entries if name.startswith(f"{key}."))
    return {name: node.each for name in dict.fromkeys(below) if name not in _CHOICE}


def inputs_of(node: Demand, key: str, entries: Mapping, variant: str = "") -> Iterator[tuple[str, Input]]:
    """Every key that a cell has, with what its field demands."""
    if isinstance(node, Input):
        yield key, node._replace(variant=variant)
    else:
        for name, part in _parts(node, key, entries).items():
            yield from inputs_of(part, joined(key, name), entries, name if isinstance(node, Several) else variant)


class Values(dict):
    """SI values by key, each read or computed when it is first asked for."""

    def __init__(self, inputs: Mapping[str, Input], entries: Mapping[str, Any]) -> None:
        super().__init__()
        self.inputs, self.entries = inputs, entries

    def __missing__(self, key: str) -> Any:
        group = key.rpartition(".")[0]
        if key not in self.inputs:
            raise Refused("is named in a composition and described nowhere", f"add [{key}] and its value", group)
        demand, entry = self.inputs[key], self.entries.get(key, {})
        value = None
        with about(key):
            if "value" in entry:
                formula = {name: entry[name] for name in FORMULA_KEYS if name in entry}
                value = demand.kind.read(entry["value"], entry["unit"], **formula)
            elif demand.derive:
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
        span = limits(self.inputs[key], self.entries[key])
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

    def __init__(self, values: Values, group: str) -> None:
        self._values, self._group = values, group

    def __getattr__(self, name: str) -> Any:
        return self._values.attribute(f"{self._group}.{name}")


def built(node: Demand, key: str, values: Values) -> Any:
    if isinstance(node, Input):
        return values.attribute(key)
    parts = {name: built(part, joined(key, name), values) for name, part in _parts(node, key, values.entries).items()}
    if isinstance(node, Group):
        return node.made(**parts)
    if not node.choose:
        return Named(parts, key)
    chosen, why = values.entries.get(f"{key}.chosen"), values.entries.get(f"{key}.why", "")
    if not isinstance(chosen, str) or chosen not in parts:
        none = (
            f"{chosen!r} is none of {', '.join(parts)}{near(chosen, parts)}" if parts else "there is nothing to choose"
        )
        raise Refused(none, f"write chosen = one of the tables under [{key}]", f"{key}.chosen")
    return Alternatives(parts, chosen, why, key)
