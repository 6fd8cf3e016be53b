"""Dilatometers: the thickness of a cell over its charge, and what lithium can make of it.

What lithium adds to a host is at least what its coating gains where the pores keep their volume;
where the porosity stays, the pores gain as well. A curve above that of dense lithium metal is no
matter of lithium alone: pores opened, gas came, or something bent.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from rampore import RamporeError, tables
from rampore.checks import quantity
from rampore.constants import FARADAY
from rampore.swelling import lithium_volumes, volume_per_lithium

#: What columns are, by the unit that theirs can be expressed in.
KINDS = {"m": "thickness", "C/m2": "areal charge", "C": "charge"}


class DilatometryError(RamporeError, ValueError):
    """A file that holds no curve of a dilatometer, or a curve that answers nothing."""


class Dilatometry(NamedTuple):
    """Thickness over charge, both from where they began."""

    charge: np.ndarray  #: per area (n,) [C/m2]
    thickness: np.ndarray  #: change (n,) [m]
    understood: str  #: what was taken for what, in one line


def read_dilatometry(path: str | Path, area: float | None = None) -> Dilatometry:
    """Read a curve from a table with one column of a length and one of a charge.

    The first line names the columns with their units, as ``thickness / um`` or ``Charge (mAh)``;
    columns are parted by commas, semicolons or tabs, decimals are points. Other columns, as of time
    and voltage, are passed over.

    Parameters
    ----------
    path : path
        A text file, packed by gzip or bzip2 or not.
    area : float, optional
        Of one coating [m2]; where the charge is that of the cell, and only there.

    Returns
    -------
    Dilatometry

    Raises
    ------
    DilatometryError
        Where the file cannot be read, a column is missing, or there are two of a kind, or a value
        is no number.
    """
    if area is not None:
        quantity("area", area, DilatometryError, above=0, unit="m2")
    table = tables.read(path, DilatometryError)
    headings = table.headings
    found: dict[str, tuple[int, float]] = {}
    for place, heading in enumerate(headings):
        kind, scale = _kind(heading)
        if kind in found:
            raise DilatometryError(
                f"{path}: both {headings[found[kind][0]].strip()!r} and {heading.strip()!r} are a "
                f"{kind}: keep one"
            )
        if kind:
            found[kind] = place, scale
    charge = "areal charge" if "areal charge" in found else "charge"
    for kind, example in (("thickness", "thickness / um"), (charge, "charge / mAh")):
        if kind not in found:
            raise DilatometryError(f"{path}: no column is a {kind}, as {example!r} would be")
    if (charge == "charge") != (area is not None):
        raise DilatometryError(
            f"{path}: the charge is that of the cell; its area is needed"
            if area is None
            else f"{path}: the charge is one per area already; an area has no effect on it"
        )
    columns = [found["thickness"], found[charge]]
    values = table.numbers(columns, DilatometryError)
    thickness, amount = (values - values[0]).T
    names = " and ".join(repr(headings[place].strip()) for place, _ in columns)
    return Dilatometry(amount / (area or 1.0), thickness, f"{len(values)} points of {names}")


def _kind(heading: str) -> tuple[str, float]:
    """What a column is, by its unit, and the unit in SI; nothing of what is neither."""
    for si, kind in KINDS.items():
        if (scale := tables.factor(tables.unit(heading), si)) is not None:
            return kind, scale
    return "", 0.0


class Bound(NamedTuple):
    """Thickness that lithium makes in one host, along a curve."""

    host: str
    volume: tuple[float, float]  #: least and largest per lithium, over the sources [m3/mol]
    least: np.ndarray  #: at the least volume, where the pores keep theirs (n,) [m]
    most: np.ndarray  #: at the largest volume, where the porosity stays (n,) [m]


class Thickening(NamedTuple):
    """What a curve asks of each mole of lithium, and what hosts give."""

    row: int  #: of the curve, where the charge is largest
    volume: float  #: that each mole of lithium added by then [m3/mol]
    left: float  #: thickness at the end [m]
    left_charge: float  #: charge at the end [C/m2]
    bounds: tuple[Bound, ...]
    beyond_metal: bool  #: whether it is more than dense lithium metal at the same porosity


def compare(curve: Dilatometry, porosity: float) -> Thickening:
    """Hold a curve against what lithium makes of its hosts.

    Parameters
    ----------
    curve : Dilatometry
    porosity : float
        Of the coating before [-].

    Returns
    -------
    Thickening

    Raises
    ------
    DilatometryError
        Where no charge moved, or the porosity is none.
    """
    quantity("porosity", porosity, DilatometryError, at_least=0, below=1)
    row = int(np.argmax(np.abs(curve.charge)))
    charge = abs(float(curve.charge[row]))
    quantity("largest charge", charge, DilatometryError, above=0, unit="C/m2")
    volume = float(volume_per_lithium(float(curve.thickness[row]), charge))
    moles = np.abs(curve.charge) / FARADAY
    bounds = tuple(
        Bound(host, span, span[0] * moles, span[1] * moles / (1 - porosity))
        for host, span in lithium_volumes().items()
    )
    metal = bounds[-1]
    return Thickening(
        row,
        volume,
        float(curve.thickness[-1]),
        float(curve.charge[-1]),
        bounds,
        bool(curve.thickness[row] > metal.most[row]),
    )
