"""Tables of measured columns: a line of names and units, and numbers below it.

Columns are parted by commas, semicolons or tabs, decimals are points.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rampore import RamporeError
from rampore.checks import quantity
from rampore.units import UnitError, to_si
from rampore.untrusted import text

#: More lines than this are no measured curve, nor are longer ones [characters].
MOST_LINES, LONGEST_LINE = 1_000_000, 2**12
_UNIT = re.compile(r"[^/\[(]*(?:/|\[|\()([^\])]+)[\])]?")


class TextTable(NamedTuple):
    """A table as it is written."""

    path: str
    headings: list[str]
    rows: list[list[str]]

    def numbers(
        self, columns: Sequence[tuple[int, float]], error: type[RamporeError]
    ) -> np.ndarray:
        """Some of its columns (rows, columns), each times a factor.

        Parameters
        ----------
        columns : sequence of (int, float)
            Place and factor of each.
        error : type
            What is raised where a cell is no finite number.
        """
        return np.array(
            [
                [self._number(number, row, place, factor, error) for place, factor in columns]
                for number, row in enumerate(self.rows, 2)
            ]
        )

    def _number(
        self, number: int, row: list[str], place: int, factor: float, error: type[RamporeError]
    ) -> float:
        cell = row[place].strip() if place < len(row) else ""
        try:
            value = float(cell)
        except ValueError:
            raise error(f"{self.path}: {cell!r} in row {number} is no number") from None
        return factor * quantity(f"{self.path}: row {number}", value, error)


def read(path: str | os.PathLike, error: type[RamporeError]) -> TextTable:
    """Read a table from a text file, packed by gzip or bzip2 or not.

    Parameters
    ----------
    path : path
    error : type
        What is raised where it cannot be read, or has no two rows below its heading.
    """
    lines = [line for line in text(path, error).splitlines() if line.strip()]
    if not 3 <= len(lines) <= MOST_LINES:
        raise error(f"{path}: {len(lines)} lines are no heading and two points or more")
    if len(longest := max(lines, key=len)) > LONGEST_LINE:
        raise error(f"{path}: a line of {len(longest)} characters is none of a table")
    rows = csv.reader(lines, delimiter=max(",;\t", key=lines[0].count))
    return TextTable(os.fspath(path), next(rows), list(rows))


def unit(heading: str) -> str:
    """The unit behind a name, as in ``thickness / um`` or ``Charge (mAh)``; empty without one."""
    match = _UNIT.fullmatch(heading.strip())
    return match[1].strip() if match else ""


def factor(written: str, si: str) -> float | None:
    """What a number in a unit is multiplied by to be in another; None where it measures something
    else.
    """
    try:
        return to_si(1.0, written, si) if written else None
    except UnitError:
        return None
