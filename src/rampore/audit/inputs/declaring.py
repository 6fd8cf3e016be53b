"""How a study declares its inputs: dataclasses whose fields say what a parameter file must hold.

A field knows its SI unit, the rule that its value obeys and, where it follows from others, the
formula. The root of the tree is an :class:`Inputs`, which :func:`rampore.audit.inputs.read` fills
from a file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, dataclass_transform

from rampore.audit.inputs.records import Record, Source
from rampore.audit.inputs.values import (
    POSITIVE,
    Correlation,
    Demand,
    Group,
    Input,
    Limits,
    Measured,
    Named,
    Quantity,
    Rule,
    Series,
    Several,
    demands_of,
)


def _demand(demand: Demand) -> Any:
    return field(metadata={"demand": demand})


def input_field(kind: Any, label: str, **more: Any) -> Any:
    """A value of any kind, e.g. `Parts`."""
    return _demand(Input(label, kind, **more))


def quantity_field(unit: str, label: str, rule: Rule = POSITIVE, **more: Any) -> Any:
    """A number with a unit."""
    return input_field(Quantity(unit, rule), label, **more)


def series_field(unit: str, label: str, rule: Rule = POSITIVE) -> Any:
    """Numbers of one unit."""
    return input_field(Series(unit, rule), label)


def limits_field(unit: str, label: str, rule: Rule = POSITIVE) -> Any:
    """A range: lowest and highest value."""
    return input_field(Limits(unit, rule), label)


def correlation_field(unit: str, label: str) -> Any:
    """A formula with coefficients; may be left out."""
    return input_field(Correlation(unit), label, optional=True)


def group_field(made: type, label: str) -> Any:
    """A group of inputs, itself a described class."""
    return _demand(Group(label, made))


def several_field(of: Any, label: str, choose: bool = False) -> Any:
    """Named alternatives or companions of one kind; `choose` makes the file say which of them
    counts.
    """
    each = Group(label, of) if isinstance(of, type) else Input(label, of)
    return _demand(Several(label, each, choose))


@dataclass_transform(frozen_default=True, kw_only_default=True)
def described(cls: type) -> type:
    """A frozen dataclass whose Attributes section is written from its fields: one place for what
    each of them is.
    """
    cls = dataclass(frozen=True, kw_only=True)(cls)
    types = {item.name: item.type for item in dataclasses.fields(cls)}
    lines = [cls.__doc__ or "", "", "    Attributes", "    ----------"]
    for name, demand in demands_of(cls).items():
        kind, formula = getattr(demand, "kind", None), getattr(demand, "formula", "")
        unit = f" [{'-' if kind.unit == '1' else kind.unit}]" if isinstance(kind, Measured) else ""
        follows = f"; {formula}" if formula else ""
        lines += [f"    {name} : {types[name]}", f"        {demand.label}{unit}{follows}."]
    cls.__doc__ = "\n".join(lines) + "\n    "
    return cls


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Every input of a study, in SI: the root of its tree of described classes.

    ``records[key]`` says where the value of attribute ``key`` comes from, e.g.
    ``records["negative.loading"]``, and ``sources[name]`` is the reference.
    """

    sources: Named[Source] = field(compare=False, repr=False)
    records: Named[Record] = field(compare=False, repr=False)
    file: str = field(compare=False, repr=False)
    entries: Mapping[str, Any] = field(compare=False, repr=False)

    @classmethod
    def agree(cls, values: Mapping[str, Any]) -> None:
        """Refuse values that each make sense, and not together: a study's own class says which.

        Parameters
        ----------
        values : mapping of str to value
            By name of the root's fields.

        Raises
        ------
        Refused
        """
