"""The mesh: boxes in x, y and z, cut exactly by the edge of the holes.

Cells are stored as (nx, ny, nz). Layers of z lie, from below, in the holes of the negative foil (z < 0), in the
negative electrode, the separator and the positive electrode. A box that the edge of a hole cuts keeps its centre and
has the area of its part inside the circle; the walls between boxes have the length of their part inside.
"""

from typing import NamedTuple

import numpy as np

from rampore.p4d.errors import CellError

HOLE, NEGATIVE, SEPARATOR, POSITIVE = range(4)


class Grid(NamedTuple):
    """Geometry of the cells and of the faces between them."""

    x: np.ndarray  #: edges (nx + 1,) [m]
    y: np.ndarray  #: edges (ny + 1,) [m]
    z: np.ndarray  #: edges (nz + 1,) [m]
    layer: np.ndarray  #: HOLE, NEGATIVE, SEPARATOR or POSITIVE (nz,)
    volume: np.ndarray  #: (nx, ny, nz) [m3]; 0 in the foil
    area_x: np.ndarray  #: of faces between (i, j, k) and (i + 1, j, k) (nx - 1, ny, nz) [m2]
    area_y: np.ndarray  #: (nx, ny - 1, nz) [m2]
    area_z: np.ndarray  #: (nx, ny, nz - 1) [m2]
    foil_negative: np.ndarray  #: area that the negative foil covers at z = 0 (nx, ny) [m2]
    foil_positive: np.ndarray  #: (nx, ny) [m2]
    wall: np.ndarray  #: area of the wall of the hole in each cell (nx, ny, nz) [m2]

    @property
    def shape(self):
        """(nx, ny, nz)."""
        return self.volume.shape

    @property
    def area(self):
        """Of the unit cell in the plane [m2]."""
        return float(self.foil_positive.sum())

    def centres(self):
        """x, y and z of the centres of the boxes, each (nx, ny, nz) [m]."""
        middles = [0.5 * (edges[1:] + edges[:-1]) for edges in (self.x, self.y, self.z)]
        return np.meshgrid(*middles, indexing="ij")


def graded(n, length, grading=0.6):
    """Edges of n intervals on [0, length], finer at both ends by (1 - grading) / (1 + grading)."""
    s = np.linspace(0.0, 1.0, n + 1)
    return length * (s - grading * np.sin(2 * np.pi * s) / (2 * np.pi))


def make_grid(thicknesses, layers, perforation=None, columns=(1, 1), hole_layers=6, grading=0.6, sides=None):
    """The mesh of a unit cell.

    Parameters
    ----------
    thicknesses : (negative, separator, positive)
        [m]; a negative of 0 is a foil of lithium.
    layers : (int, int, int)
        Number of cells through each of them.
    perforation : rampore.p4d.cell.Perforation, optional
        Holes in the negative foil.
    columns : (int, int)
        Cells along x and y.
    hole_layers : int
        Cells through the depth of the holes.
    grading : float
        How much finer the cells are at the faces of each layer, 0 to 1 [-].
    sides : (float, float), optional
        Width of an unperforated unit cell [m], else 1 m x 1 m.
    """
    if min(columns) < 1 or any(n < 1 for n, thickness in zip(layers, thicknesses, strict=True) if thickness > 0):
        raise CellError(f"a mesh of {columns} columns and {layers} layers has no cells")
    z, layer, base = [np.zeros(1)], [], 0.0
    for name, n, thickness in zip((NEGATIVE, SEPARATOR, POSITIVE), layers, thicknesses, strict=True):
        if thickness > 0:
            z.append(base + graded(n, thickness, grading)[1:])
            layer += [name] * n
            base += thickness
    if perforation is None:
        width, height = sides or (1.0, 1.0)
        radius = 0.0
    else:
        width, height = perforation.pitch / 2, np.sqrt(3) * perforation.pitch / 2
        radius = perforation.hole_diameter / 2
        if radius > 0:
            z.insert(0, graded(hole_layers, perforation.foil_thickness, grading)[:-1] - perforation.foil_thickness)
            layer = [HOLE] * hole_layers + layer
    z, layer = np.concatenate(z), np.array(layer)
    x, y = np.linspace(0, width, columns[0] + 1), np.linspace(0, height, columns[1] + 1)
    dz = np.diff(z)

    plan = np.outer(np.diff(x), np.diff(y))
    hole, side_x, side_y, arc = _two_quarter_discs(x, y, radius)
    in_hole = layer == HOLE

    def through(inside, outside):
        return np.where(in_hole, inside[..., None], outside[..., None])

    footprint = through(hole, plan)
    return Grid(
        x,
        y,
        z,
        layer,
        footprint * dz,
        through(side_x, np.broadcast_to(np.diff(y), side_x.shape)) * dz,
        through(side_y, np.broadcast_to(np.diff(x)[:, None], side_y.shape)) * dz,
        np.minimum(footprint[..., 1:], footprint[..., :-1]),
        plan - hole,
        plan,
        through(arc, np.zeros_like(arc)) * dz,
    )


def _two_quarter_discs(x, y, radius):
    """Quarter discs in two opposite corners: area in the cells, length on the inner faces, arc in the cells."""
    hole = np.zeros((len(x) - 1, len(y) - 1))
    side_x, side_y, arc = np.zeros((len(x) - 2, len(y) - 1)), np.zeros((len(x) - 1, len(y) - 2)), np.zeros_like(hole)
    if radius > 0:
        for turn in (slice(None), slice(None, None, -1)):
            u, v = np.abs(x[turn] - x[turn][0]), np.abs(y[turn] - y[turn][0])
            chord_u, chord_v = (np.sqrt(np.maximum(radius**2 - edge**2, 0)) for edge in (u, v))
            corner = _area_in_quarter_disc(u[:, None], v[None, :], radius)
            hole[turn, turn] += np.diff(np.diff(corner, axis=0), axis=1)
            side_x[turn, turn] += np.diff(np.minimum(v[None, :], chord_u[1:-1, None]), axis=1)
            side_y[turn, turn] += np.diff(np.minimum(u[:, None], chord_v[None, 1:-1]), axis=0)
            from_u, from_v = np.arccos(np.minimum(u / radius, 1)), np.arcsin(np.minimum(v / radius, 1))
            last = np.minimum(from_u[:-1, None], from_v[None, 1:])
            first = np.maximum(from_u[1:, None], from_v[None, :-1])
            arc[turn, turn] += radius * np.maximum(last - first, 0)
    hole[hole < 1e-12 * np.outer(np.diff(x), np.diff(y))] = 0.0
    return hole, side_x, side_y, arc


def _area_in_quarter_disc(u, v, radius):
    """Area of [0, u] x [0, v] inside the disc of this radius about the origin."""

    def below(t):
        return 0.5 * (t * np.sqrt(np.maximum(radius**2 - t**2, 0)) + radius**2 * np.arcsin(t / radius))

    u = np.minimum(u, radius)
    corner = np.minimum(u, np.sqrt(np.maximum(radius**2 - v**2, 0)))
    return v * corner + below(u) - below(corner)
