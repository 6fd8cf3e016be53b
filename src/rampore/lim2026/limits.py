"""How statements that no number settles are read, and what physics allows of them.

Readings and ranges stand in ``lim2026/data``: in ``limits.toml`` for swelling, adhesion and ageing,
in ``both_sides.toml`` for the electrode that is coated on both sides. Both were written before
anything was computed for these statements.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from rampore.audit.inputs.records import Confidence
from rampore.checks import known_keys, quantity
from rampore.lim2026.stacks import StackError
from rampore.units import to_si


class Range(NamedTuple):
    """How far a quantity that no source states for this cell may lie, and why."""

    low: float  #: [SI]
    high: float  #: [SI]
    unit: str  #: in which the file has it
    confidence: Confidence
    why: str


class Stand(NamedTuple):
    """A statement beside what is allowed of it."""

    statement: str
    condition: str  #: under which what is allowed is allowed
    stated: float  #: the paper's, or what it needs [any unit]
    least: float  #: allowed, in that unit
    most: float  #: allowed, in that unit
    paper: bool = (
        True  #: whether the paper prints the number; else it follows from one that it does
    )

    @property
    def share(self) -> float:
        """Stated over the most that is allowed [-]."""
        return self.stated / self.most

    @property
    def allowed(self) -> bool:
        """Whether it lies within what is allowed."""
        return self.least <= self.stated <= self.most


def _file(of: str) -> dict:
    shipped = resources.files("rampore.lim2026") / "data" / f"{of}.toml"
    return tomllib.loads(shipped.read_text(encoding="utf-8"))


def readings(of: str = "limits", table: str = "readings") -> dict[str, str]:
    """For each statement what is compared, and what would make it one verdict or another.

    Parameters
    ----------
    of : str
        Name of the file in ``lim2026/data``.
    table : str
        Of it; another than "readings" asks what is no statement of the paper.
    """
    return dict(_file(of)[table])


@lru_cache
def ranges(of: str = "limits") -> dict[str, Range]:
    """The ranges of a file in ``lim2026/data`` by their names.

    Parameters
    ----------
    of : str
        Name of the file.

    Raises
    ------
    StackError
        Where a range has no source, or is none.
    """
    return {name: _range(name, entry) for name, entry in _file(of)["ranges"].items()}


def _range(name: str, entry: dict) -> Range:
    known_keys(f"range {name}", entry, Range._fields, StackError)
    low, high = (to_si(entry[end], entry["unit"]) for end in ("low", "high"))
    quantity(f"range {name}: low", low, StackError, at_least=0)
    quantity(f"range {name}: high", high, StackError, above=low)
    return Range(low, high, entry["unit"], Confidence(entry["confidence"]), entry["why"])
