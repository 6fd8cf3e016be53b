"""Where a run stands after an accepted state, in memory or in a file, so that it can go on from
there as if it had never been stopped.

The file is a ZIP archive of arrays as numpy writes them, without pickles: reading one runs nothing.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from rampore.p4d.errors import CellError
from rampore.p4d.expansion import Reservoir, Room, Shape
from rampore.p4d.time import State, Walk, Whereabouts

#: How the values that are no arrays are called in the archive.
PLAIN = "plain"


class Tape(NamedTuple):
    """Rows of equal names that a run has taken down; it only adds to them."""

    rows: list[dict[str, Any]]
    length: int  #: how many of them count

    def columns(self) -> dict[str, np.ndarray]:
        """Each name's values, one after the other."""
        rows = self.rows[: self.length]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]} if rows else {}


def rows_of(columns: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """The rows that :meth:`Tape.columns` gives of them."""
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


class RunRecord(NamedTuple):
    """What a run has taken down up to a state."""

    series: Tape
    balance: Tape
    fields: Tape
    memory: dict[str, Any]  #: what the next row follows from


class Checkpoint(NamedTuple):
    """Where a run stands after an accepted state."""

    step: int  #: of the protocol, counted from 0
    ends: tuple[str, ...]  #: of the steps before it
    exhausted: tuple[str, ...]  #: of the steps before it
    standing: Whereabouts
    record: RunRecord

    @property
    def time(self) -> float:
        """[s]"""
        return self.standing.history[0].time

    def to_bytes(self) -> bytes:
        """The content of a file, see :mod:`rampore.p4d.checkpoint`."""
        *tapes, memory = self.record
        arrays: list[np.ndarray] = []
        plain = _packed((*self[:-1], [tape.columns() for tape in tapes], memory), arrays)
        stream = io.BytesIO()
        text = np.frombuffer(json.dumps(plain).encode(), np.uint8)
        numbered = {f"array{number}": array for number, array in enumerate(arrays)}
        np.savez_compressed(stream, **{PLAIN: text}, **numbered)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Checkpoint":
        """What :meth:`to_bytes` made a file of.

        Raises
        ------
        CellError
            It is no such file.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                plain = json.loads(archive[PLAIN].tobytes())
                *where, standing, tapes, memory = _unpacked(plain, archive)
            tapes = (Tape(rows, len(rows)) for rows in map(rows_of, tapes))
            return cls(*where, standing, RunRecord(*tapes, memory))
        except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as problem:
            raise CellError(f"it does not hold where a run stands ({problem})") from problem


# Named tuples of arrays and plain values, one within the other ------------------------------------

#: What may stand in a file.
KINDS = {kind.__name__: kind for kind in (State, Whereabouts, Walk, Room, Shape, Reservoir)}


def _packed(value: Any, arrays: list[np.ndarray]) -> Any:
    """A value for JSON, its arrays by their numbers in ``arrays``."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, tuple | list):
        kind = type(value).__name__
        return {"items": [_packed(item, arrays) for item in value], "of": kind}
    if isinstance(value, dict):
        return {"entries": {name: _packed(entry, arrays) for name, entry in value.items()}}
    return value.item() if isinstance(value, np.generic) else value


def _unpacked(value: Any, archive: Mapping[str, np.ndarray]) -> Any:
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return archive[f"array{value['array']}"]
    if "entries" in value:
        return {name: _unpacked(entry, archive) for name, entry in value["entries"].items()}
    items = tuple(_unpacked(item, archive) for item in value["items"])
    return KINDS[value["of"]](*items) if value["of"] in KINDS else items
