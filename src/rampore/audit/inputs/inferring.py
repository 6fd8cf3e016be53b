"""The classes of a parameter file that no study declares, read off its own tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from keyword import iskeyword
from typing import Any

from rampore.audit.inputs.declaring import Inputs, group_field, input_field
from rampore.audit.inputs.values import ANY, Quantity, Refused, Series, joined, named
from rampore.units import UnitError, si_unit

#: What makes a table an entry and not a group.
_OF_AN_ENTRY = ("value", "unit")


def inferred(tables: Mapping[str, Any]) -> type[Inputs]:
    """The class of inputs that a file's own tables describe.

    Parameters
    ----------
    tables : mapping
        Of the file, without its sources.

    Returns
    -------
    type
        Of kind :class:`~rampore.audit.inputs.declaring.Inputs`, with a field for each table.

    Raises
    ------
    Refused
        Where something is no table, or a name is none that an attribute can have.
    """
    reserved = {item.name for item in dataclasses.fields(Inputs)}
    for name in tables:
        if name in reserved:
            raise Refused("is a name that has another meaning", "take another name", name)
    return dataclasses.make_dataclass(
        "InferredInputs", _fields(tables, ""), bases=(Inputs,), frozen=True, kw_only=True
    )


def _fields(tables: Mapping[str, Any], below: str) -> list[tuple]:
    return [(name, Any, _field(name, table, below)) for name, table in tables.items()]


def _field(name: str, table: Any, below: str):
    key, label = joined(below, name), name.replace("_", " ")
    named(name, below)
    if not name.isidentifier() or iskeyword(name) or name.startswith("_"):
        raise Refused("cannot be an attribute", "take letters, digits and _, a letter first", key)
    if not isinstance(table, Mapping):
        raise Refused(f"{table!r} is not a table", f"write [{key}] and its entries below", key)
    if not any(part in table for part in _OF_AN_ENTRY):
        group = dataclasses.make_dataclass("Group", _fields(table, key), frozen=True, kw_only=True)
        return group_field(group, label)
    kind = Series if isinstance(table.get("value"), list) else Quantity
    return input_field(kind(_si(table.get("unit", "1"), key), ANY), label)


def _si(unit: Any, key: str) -> str:
    if not isinstance(unit, str):
        raise Refused(f"unit {unit!r} is not a text", 'write unit = "..."', key)
    try:
        return si_unit(unit)
    except UnitError as error:
        raise Refused(str(error), "name a unit that can be read", key) from None
