"""A cell with a structure beside one without, of equal mass by construction.

Of mass, thickness and porosity a structure leaves no more than two what they are in an electrode
that is the same everywhere: the question says which two, and the third follows.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from rampore.checks import choice
from rampore.p4d.balance import depth
from rampore.p4d.cell import Cell, Electrode
from rampore.p4d.errors import CellError
from rampore.p4d.grid import Grid
from rampore.p4d.model import Mesh, grid_of
from rampore.p4d.solution import Solution, simulate
from rampore.p4d.structured import porosity_between
from rampore.p4d.time import Step, Tolerances
from rampore.structure.openings import SIDES


class Equal(StrEnum):
    """What two electrodes have in common."""

    MASS_AND_THICKNESS = "mass and thickness"  #: what is there, spread evenly
    MASS_AND_POROSITY = "mass and porosity"  #: what is there, in a coating as thick as that makes
    #: what was there before something was taken away
    THICKNESS_AND_POROSITY = "thickness and porosity"


class Pair(NamedTuple):
    """Two cells on meshes of the same columns, and of as many layers."""

    structured: Cell
    plain: Cell
    structured_grid: Grid
    plain_grid: Grid


def unstructured(cell: Cell, equal: str = Equal.MASS_AND_THICKNESS) -> Cell:
    """The cell without its structure or its perforation.

    Parameters
    ----------
    cell : Cell
    equal : Equal
        What its electrodes keep, on each face where there are two. The coating in holes of a foil
        counts as mass; the porosity is that between the channels, its mean where it differs from
        place to place.

    Raises
    ------
    CellError
        A porosity, or a material's fraction, is not one number, or the solid does not fit.
    """
    choice("equal", equal, list(Equal), CellError)
    if cell.back is not None:
        faces = {name: unstructured(face, equal) for name, face in cell.faces().items()}
        return replace(cell, structure=None, perforation=None).with_faces(faces)
    changes = {
        side: _spread(cell, side, Equal(equal))
        for side in SIDES
        if isinstance(getattr(cell, side), Electrode)
    }
    return replace(cell, structure=None, perforation=None, **changes)


def _spread(cell, side, equal):
    electrode = getattr(cell, side)
    values = [electrode.porosity, *(material.fraction for material in electrode.materials)]
    if not all(isinstance(value, int | float) for value in values):
        raise CellError(
            f"{side} electrode: only one porosity and one fraction can be spread evenly"
        )
    porosity = electrode.porosity if cell.structure is None else porosity_between(cell, side)
    solid = (1 - porosity) / (1 - electrode.porosity)
    height, thickness = depth(cell, side, 1.0), electrode.thickness
    match equal:
        case Equal.MASS_AND_THICKNESS:
            solid = height / thickness
            porosity = 1 - (1 - electrode.porosity) * solid
            if porosity <= 0:
                raise CellError(
                    f"{side} electrode: its solid does not fit into {thickness * 1e6:.4g} um"
                )
        case Equal.MASS_AND_POROSITY:
            thickness = height / solid
    materials = tuple(
        replace(material, fraction=material.fraction * solid) for material in electrode.materials
    )
    return replace(electrode, thickness=thickness, porosity=porosity, materials=materials)


def pair(cell: Cell, mesh: Mesh, equal: str = Equal.MASS_AND_THICKNESS) -> Pair:
    """A cell beside itself :func:`unstructured`, on matched meshes.

    Parameters
    ----------
    cell : Cell
    mesh : Mesh
    equal : Equal
    """
    plain, grid = unstructured(cell, equal), grid_of(cell, mesh)
    return Pair(cell, plain, grid, grid_of(plain, mesh, (float(grid.x[-1]), float(grid.y[-1]))))


def compare(
    cells: Pair,
    protocol: Sequence[Step],
    mesh: Mesh,
    tolerances: Tolerances | None = None,
) -> tuple[Solution, Solution]:
    """The same protocol on both cells of a pair: with the structure, and without.

    Parameters
    ----------
    cells : Pair
    protocol, mesh, tolerances
        As in :func:`rampore.p4d.solution.simulate`.
    """
    return (
        simulate(cells.structured, protocol, mesh, tolerances, grid=cells.structured_grid),
        simulate(cells.plain, protocol, mesh, tolerances, grid=cells.plain_grid),
    )
