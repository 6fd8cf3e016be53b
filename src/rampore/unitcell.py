"""The unit cell of a triangular lattice of holes, on a mesh of boxes that the edge of the holes
cuts exactly.

Mirror planes bound a rectangle of half a pitch along a close-packed row by half the distance of
equal rows; a quarter of a hole stands in its first corner and another in the opposite one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rampore import RamporeError
from rampore.checks import increasing, quantity


class UnitCellError(RamporeError, ValueError):
    """A lattice or a mesh that cannot be; the message names the quantity."""


class CutMesh(NamedTuple):
    """Boxes in the plane of the foil, and what of them lies in a hole."""

    x: np.ndarray  #: edges (nx + 1,) [m]
    y: np.ndarray  #: edges (ny + 1,) [m]
    plan: np.ndarray  #: area of the boxes (nx, ny) [m2]
    hole: np.ndarray  #: area of their part in a hole (nx, ny) [m2]
    #: length in a hole of the edge between (i, j) and (i + 1, j) (nx - 1, ny) [m]
    side_x: np.ndarray
    side_y: np.ndarray  #: of the edge between (i, j) and (i, j + 1) (nx, ny - 1) [m]
    arc: np.ndarray  #: length of the hole's edge in the boxes (nx, ny) [m]


def sides_of_cell(pitch: float) -> tuple[float, float]:
    """Width along a close-packed row and height of the unit cell, p / 2 and sqrt(3) p / 2 [m]."""
    quantity("pitch", pitch, UnitCellError, above=0, unit="m")
    return pitch / 2, np.sqrt(3) * pitch / 2


def cut_mesh(x: np.ndarray, y: np.ndarray, radius: float) -> CutMesh:
    """Boxes between the edges x and y, cut by quarter discs in the first corner and the opposite
    one.

    Parameters
    ----------
    x : (nx + 1,) array
    y : (ny + 1,) array
        Increasing from 0 [m].
    radius : float
        Of the holes [m]; 0 leaves a bare foil.

    Returns
    -------
    CutMesh

    Raises
    ------
    UnitCellError
        Where the edges do not increase, or the radius is none.
    """
    for name, edges in (("x", x), ("y", y)):
        quantity(f"edges {name}", edges, UnitCellError, unit="m")
        if np.ndim(edges) != 1 or np.size(edges) < 2:
            raise UnitCellError(f"the edges {name} are a row of two or more")
        increasing(f"edges {name}", edges, UnitCellError)
    quantity("radius", radius, UnitCellError, at_least=0, unit="m")
    plan = np.outer(np.diff(x), np.diff(y))
    return CutMesh(x, y, plan, *_two_quarter_discs(x, y, radius))


def graded(n: int, length: float, grading: float = 0.6) -> np.ndarray:
    """Edges of n intervals on [0, length], finer at both ends by (1 - grading) / (1 + grading)."""
    quantity("intervals", n, UnitCellError, at_least=1, whole=True)
    quantity("length", length, UnitCellError, above=0, unit="m")
    quantity("grading", grading, UnitCellError, at_least=0, below=1)
    s = np.linspace(0.0, 1.0, n + 1)
    return length * (s - grading * np.sin(2 * np.pi * s) / (2 * np.pi))


def _two_quarter_discs(x, y, radius):
    """Quarter discs in two opposite corners: area in the cells, length on the inner faces, arc in
    the cells.
    """
    hole = np.zeros((len(x) - 1, len(y) - 1))
    side_x, side_y, arc = (
        np.zeros((len(x) - 2, len(y) - 1)),
        np.zeros((len(x) - 1, len(y) - 2)),
        np.zeros_like(hole),
    )
    if radius > 0:
        for turn in (slice(None), slice(None, None, -1)):
            u, v = np.abs(x[turn] - x[turn][0]), np.abs(y[turn] - y[turn][0])
            chord_u, chord_v = (np.sqrt(np.maximum(radius**2 - edge**2, 0)) for edge in (u, v))
            corner = area_in_quarter_disc(u[:, None], v[None, :], radius)
            hole[turn, turn] += np.diff(np.diff(corner, axis=0), axis=1)
            side_x[turn, turn] += np.diff(np.minimum(v[None, :], chord_u[1:-1, None]), axis=1)
            side_y[turn, turn] += np.diff(np.minimum(u[:, None], chord_v[None, 1:-1]), axis=0)
            from_u, from_v = (
                np.arccos(np.minimum(u / radius, 1)),
                np.arcsin(np.minimum(v / radius, 1)),
            )
            last = np.minimum(from_u[:-1, None], from_v[None, 1:])
            first = np.maximum(from_u[1:, None], from_v[None, :-1])
            arc[turn, turn] += radius * np.maximum(last - first, 0)
    hole[hole < 1e-12 * np.outer(np.diff(x), np.diff(y))] = 0.0
    return hole, side_x, side_y, arc


def area_in_quarter_disc(u: np.ndarray, v: np.ndarray, radius: float) -> np.ndarray:
    """Area of [0, u] x [0, v] inside the disc of this radius about the origin [m2].

    Parameters
    ----------
    u, v : array
        Not negative; they are broadcast [m].
    radius : float
        Positive [m].
    """

    def below(t):
        return 0.5 * (
            t * np.sqrt(np.maximum(radius**2 - t**2, 0)) + radius**2 * np.arcsin(t / radius)
        )

    u = np.minimum(u, radius)
    corner = np.minimum(u, np.sqrt(np.maximum(radius**2 - v**2, 0)))
    return v * corner + below(u) - below(corner)
