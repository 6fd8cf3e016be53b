"""How long a run of a chapter takes: the time of a usual run, and how much more work other values
ask for.

``study.toml`` says where measured times stand, and for a choice that refines a mesh the boxes of
the finer one over those of the usual::

    times = "benchmarks/chapter_times.json"

    [effort.p4d.resolution]
    fine = 8

The file holds ``wall_time_s`` of each chapter's usual run, ``cost_exponent``, the power of the
boxes by which the time grows, and the ``machine`` (``processor``, ``cores``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Times:
    """Measured times of usual runs.

    Attributes
    ----------
    usual : dict of str to float
        By chapter [s].
    exponent : float
        Power of the boxes by which the time grows [-].
    measured_on : str
        In words.
    """

    usual: dict[str, float] = field(default_factory=dict)
    exponent: float = 1.0
    measured_on: str = ""

    def expected(self, chapter: str, boxes: float = 1.0) -> float | None:
        """Time of a run whose mesh has so many times the usual boxes [s]; None where nothing was
        measured. What a chapter does beside its meshes is counted as if it grew with them.
        """
        usual = self.usual.get(chapter)
        return None if usual is None else usual * boxes**self.exponent


def read_times(path: Path | None) -> Times:
    """The stored times; none where there is no such file, or it says something else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        return Times()
    usual, machine = content.get("wall_time_s", {}), content.get("machine", {})
    on = f"{machine.get('processor', 'a processor')} with {machine.get('cores', '?')} cores"
    return Times(usual, content.get("cost_exponent", 1.0), on)


def boxes(effort: Mapping[str, Mapping[str, float]], values: Mapping[str, Any]) -> float:
    """Boxes of the meshes that these values ask for, over the usual ones.

    Parameters
    ----------
    effort : mapping
        Of the chapter: boxes by parameter and choice.
    values : mapping
        Of the parameters that were given.
    """
    product = 1.0
    for name, value in values.items():
        product *= effort.get(name, {}).get(str(value), 1.0)
    return product
