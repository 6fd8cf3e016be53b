"""A structure from a TOML file: lengths with their unit, shares and porosities as numbers.

.. code-block:: toml

    [[holes]]
    foil = "negative"
    lattice = "triangular"
    pitch = "160 um"
    width = "75 um"
    depth = "15 um"         # thickness of the foil
    filling = "coating"     # or "electrolyte", or the porosity of the coating in them

    [[channels]]
    coating = "positive"
    lattice = "lines"
    pitch = "200 um"
    width = "30 um"
    floor = "10 um"         # straight walls without it
    depth = "40 um"         # through to the foil without it

    [negative]
    porosity = "0.3 + 0.1*x"   # x: 0 at the foil, 1 at the separator; or a number, or voxels.npy
    in_plane = 2.47

    [positive]
    solid = "pressed"

The other keys are the attributes of :class:`rampore.structure.Holes`,
:class:`rampore.structure.Channels` and :class:`rampore.structure.Coating`. Layers are tables
``[[negative.layers]]`` with ``share`` and ``porosity``; with ``exponent`` and ``prefactor`` they
have a closure of their own. A table ``[back]`` coats the other face of the negative foil as well:
what its layers have of their own stands in ``[back.negative]``, ``[back.separator]`` and
``[back.positive]`` as ``thickness`` and ``porosity``, and ``tied = false`` parts the two positive
foils. ``sides = ["50 um", "80 um"]``, on top of the file, are those of the
unit cell where voxels say all.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from rampore import untrusted
from rampore.checks import known_keys, quantity
from rampore.closures import Closure, ClosureError
from rampore.expressions import Expression, ExpressionError
from rampore.structure import Back, BackLayer, Structure
from rampore.structure.errors import StructureError
from rampore.structure.openings import SIDES, Channels, Holes, Openings
from rampore.structure.porosity import Coating, CoatingLayer, DepthProfile, Porosity, Voxels
from rampore.units import UnitError, to_si

MOST_BYTES = 100_000  #: of the file
MOST_VOXELS = 50_000_000

_LENGTHS = {"pitch", "width", "length", "depth", "floor"}


def read(path: str | os.PathLike) -> Structure:
    """The structure that a file describes.

    Parameters
    ----------
    path : path
        The TOML; a file of voxels that it names lies beside it.

    Raises
    ------
    StructureError
        The file cannot be read, or something in it makes no sense; the message names the entry.
    """
    return of_tables(load(path), Path(path).parent, str(path))


def load(path: str | os.PathLike) -> dict[str, Any]:
    """The tables of a file, as they stand there, for :func:`of_tables`.

    Raises
    ------
    StructureError
        It cannot be read, or is no TOML.
    """
    text = untrusted.text(path, StructureError, MOST_BYTES)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise StructureError(f"{path} is no TOML: {problem}") from None


def beside(tables: Mapping[str, Any], folder: str | os.PathLike = "") -> list[Path]:
    """The files of voxels that tables name.

    Parameters
    ----------
    tables : mapping
        As :func:`load` gives them.
    folder : path
        Where they lie.
    """
    named = [tables[side].get("porosity") for side in SIDES if isinstance(tables.get(side), dict)]
    return [Path(folder, name) for name in named if isinstance(name, str) and _is_file(name)]


def _is_file(porosity: str) -> bool:
    return porosity.endswith(".npy")


def of_tables(
    tables: Mapping[str, Any], folder: str | os.PathLike = "", where: str = "the structure"
) -> Structure:
    """The structure that the tables of a file describe.

    Parameters
    ----------
    tables : mapping
        As :func:`load` gives them.
    folder : path
        Where files of voxels lie.
    where : str
        What a message calls the tables.

    Raises
    ------
    StructureError
        Something in them makes no sense; the message names the entry.
    """
    known_keys(where, tables, ("holes", "channels", *SIDES, "sides", "back"), StructureError)
    folder = Path(folder)
    return Structure(
        tuple(_opening(Holes, each, where) for where, each in _rows(tables, "holes")),
        tuple(_opening(Channels, each, where) for where, each in _rows(tables, "channels")),
        **{side: _coating(tables.get(side, {}), side, folder) for side in SIDES},
        sides=_sides(tables["sides"]) if "sides" in tables else None,
        back=_back(tables["back"]) if "back" in tables else None,
    )


def _back(table: object) -> Back:
    if not isinstance(table, dict):
        raise StructureError("back is a table, [back]")
    layers = ("negative", "separator", "positive")
    known_keys("back", table, (*layers, "tied"), StructureError)
    values = {"tied": table["tied"]} if "tied" in table else {}
    for name in layers:
        own = table.get(name, {})
        if not isinstance(own, dict):
            raise StructureError(f"back.{name} is a table, [back.{name}]")
        known_keys(f"back.{name}", own, ("thickness", "porosity"), StructureError)
        if "thickness" in own:
            own = own | {"thickness": _length(f"back.{name}: thickness", own["thickness"])}
        values[name] = BackLayer(**own)
    return Back(**values)


def _sides(lengths: object) -> tuple[float, float]:
    if not isinstance(lengths, list) or len(lengths) != 2:
        raise StructureError(f"sides = {lengths!r} are two lengths, such as ['50 um', '80 um']")
    along_x, along_y = (_length("sides", length) for length in lengths)
    return along_x, along_y


def _rows(tables: Mapping[str, Any], name: str) -> list[tuple[str, Mapping[str, Any]]]:
    rows = tables.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise StructureError(f"{name} are tables, each under [[{name}]]")
    return [(f"{name} {number}", row) for number, row in enumerate(rows, 1)]


def _opening(kind: type[Openings], table: Mapping[str, Any], where: str) -> Any:
    known = [field.name for field in fields(kind)]
    known_keys(where, table, known, StructureError)
    needed = ("lattice", "pitch", "width", *(("depth",) if kind is Holes else ()))
    if missing := [name for name in needed if name not in table]:
        raise StructureError(f"{where}: there is no {missing[0]!r}")
    values = {
        name: _length(f"{where}: {name}", value) if name in _LENGTHS else value
        for name, value in table.items()
    }
    try:
        return kind(**values)
    except StructureError as problem:
        raise StructureError(f"{where}: {problem}") from None


def _length(name: str, text: object) -> float:
    if not isinstance(text, str):
        raise StructureError(f"{name} = {text!r} is no length with its unit, such as '75 um'")
    number, _, unit = text.strip().partition(" ")
    try:
        return to_si(float(number), unit.strip(), "m")
    except ValueError as problem:
        said = problem if isinstance(problem, UnitError) else "no length such as '75 um'"
        raise StructureError(f"{name} = {text!r}: {said}") from None


def _coating(table: object, side: str, folder: Path) -> Coating:
    if not isinstance(table, dict):
        raise StructureError(f"{side} is a table, [{side}]")
    known_keys(side, table, ("porosity", "in_plane", "solid", "layers"), StructureError)
    if "porosity" in table and "layers" in table:
        raise StructureError(f"{side}: a coating has a porosity or layers: leave one of them out")
    changes = {name: table[name] for name in ("in_plane", "solid") if name in table}
    try:
        if "layers" in table:
            changes["porosity"] = tuple(_layer(row, where) for where, row in _rows(table, "layers"))
        elif "porosity" in table:
            changes["porosity"] = _porosity(table["porosity"], folder)
        return Coating(**changes)
    except (StructureError, ClosureError, ExpressionError) as problem:
        raise StructureError(f"{side}: {problem}") from None


def _layer(table: Mapping[str, Any], where: str) -> CoatingLayer:
    known = ("share", "porosity", "in_plane", "exponent", "prefactor")
    known_keys(where, table, known, StructureError)
    if missing := [name for name in ("share", "porosity") if name not in table]:
        raise StructureError(f"{where}: there is no {missing[0]!r}")
    efficiency = None
    if "exponent" in table:
        efficiency = Closure(where, table["exponent"], table.get("prefactor", 1.0))
    elif "prefactor" in table:
        raise StructureError(f"{where}: a prefactor goes with an exponent")
    return CoatingLayer(table["share"], table["porosity"], efficiency, table.get("in_plane"))


def _porosity(value: object, folder: Path) -> Porosity:
    if not isinstance(value, str):
        return float(quantity("porosity", value, StructureError, above=0, at_most=1))
    if not _is_file(value):
        expression = Expression(value)
        return DepthProfile(expression)
    path = untrusted.regular(folder / value, StructureError)
    with untrusted.fenced(f"{path} is no array", StructureError):
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.size > MOST_VOXELS:
        raise StructureError(f"{path}: {array.size} voxels are more than {MOST_VOXELS}")
    if array.dtype.kind not in "iuf":
        raise StructureError(f"{path} holds no numbers")
    return Voxels(np.array(array, float))
