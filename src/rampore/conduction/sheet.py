r"""Current along the foil: a perforated sheet in the plane, and the way from the tab to the far
edge.

Equations are numbered as in chapter 6 of the book.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from rampore.arrays import FloatOrArray
from rampore.checks import choice, quantity
from rampore.collector import CLOSE_PACKED
from rampore.conduction.errors import ConductionError, check_positive
from rampore.unitcell import cut_mesh, sides_of_cell


@dataclass(frozen=True)
class Sheet:
    """Current along a perforated foil, in the unit cell of its lattice.

    Attributes
    ----------
    relative_conductance : float
        Sheet conductance over that of the bare foil [-].
    axis : int
        Along which the mean current runs: 0 is x, along a close-packed row.
    spacing : (float, float)
        Edges of a pixel along x and y [m].
    current : (2, nx, ny) array
        Components of the sheet current over its mean, averages over pixels, hole included [-].
    imbalance : float
        Largest difference between the currents through any two sections, over their mean [-].
    """

    relative_conductance: float
    axis: int
    spacing: tuple[float, float]
    current: np.ndarray = field(repr=False)
    imbalance: float

    def tiled(self, cells: tuple[int, int]) -> np.ndarray:
        """The current of many unit cells beside each other, each the mirror image of its
        neighbours.

        Parameters
        ----------
        cells : (int, int)
            Along x and y.

        Returns
        -------
        (2, cells[0] nx, cells[1] ny) array
            Exact for a strip whose edges are mirror planes of the lattice [-].
        """
        for number in cells:
            quantity("unit cells", number, ConductionError, at_least=1, whole=True)
        along, across = self.current[self.axis], self.current[1 - self.axis]
        pair = [
            [part, sign * part[:, ::-1], sign * part[::-1], part[::-1, ::-1]]
            for part, sign in ((along, 1), (across, -1))
        ]
        repeats = tuple(-(-n // 2) for n in cells)
        size = tuple(n * part for n, part in zip(cells, along.shape, strict=True))
        whole = [
            np.tile(np.block([[a, b], [c, d]]), repeats)[: size[0], : size[1]]
            for a, b, c, d in pair
        ]
        return np.array(whole if self.axis == 0 else whole[::-1])


def perforated_sheet(
    hole_diameter: float, pitch: float, axis: int = 0, cells: int = 64, tolerance: float = 1e-10
) -> Sheet:
    """Effective conductance of a foil with round holes on a triangular lattice, in its plane.

    Finite volumes on boxes whose edges are as long as their metal. The mean current runs along
    `axis` between two mirror planes, which are equipotentials.

    Parameters
    ----------
    hole_diameter, pitch : float
        [m]
    axis : {0, 1}
        0 along a close-packed row.
    cells : int
        Boxes along half a pitch.
    tolerance : float
        Reduction of the error of the linear solver [-].

    Returns
    -------
    Sheet

    Raises
    ------
    ConductionError
        Where the holes overlap or are finer than the mesh can tell.
    multigrid.ConvergenceError
        Where `tolerance` is not reached.
    """
    from rampore.multigrid import Multigrid

    check_positive(hole_diameter=hole_diameter, pitch=pitch, tolerance=tolerance)
    choice("axis", axis, (0, 1), ConductionError)
    quantity("cells", cells, ConductionError, at_least=2, whole=True)
    if hole_diameter >= pitch:
        raise ConductionError(
            f"holes of {hole_diameter * 1e6:g} um overlap at a pitch of {pitch * 1e6:g} um"
        )
    width, height = sides_of_cell(pitch)
    shape = cells, round(math.sqrt(3) * cells)
    lines = (np.linspace(0, side, n + 1) for side, n in zip((width, height), shape, strict=True))
    mesh = cut_mesh(*lines, hole_diameter / 2)
    steps = mesh.x[1], mesh.y[1]
    kx, ky, ground, drive = (np.zeros(shape) for _ in range(4))
    for k, side, (across, along) in (
        (kx[:-1], mesh.side_x, steps[::-1]),
        (ky[:, :-1], mesh.side_y, steps),
    ):
        metal = (across - side) / along
        k[...] = np.where(metal > 1e-12 * across / along, metal, 0)
    radius, middles = hole_diameter / 2, (mesh.y, mesh.x)[axis]
    first, last = (slice(None),) * axis + (0,), (slice(None),) * axis + (-1,)
    # Metal on the two outer edges, each of which cuts one hole along its diameter.
    open_first = np.diff(np.maximum(middles, radius))
    ground[first] = 2 * open_first / steps[axis]
    ground[last] = 2 * open_first[::-1] / steps[axis]
    drive[first] = ground[first]
    phi = np.zeros(shape)
    box = [array[:, np.newaxis, :] for array in (kx, np.zeros(shape), ky)]
    hierarchy = Multigrid(box, ground[:, np.newaxis, :])
    hierarchy.solve(drive[:, np.newaxis, :], phi[:, np.newaxis, :], tolerance=tolerance)

    flows = []
    for direction, k in enumerate((kx, ky)):
        edges = np.zeros(tuple(n + (a == direction) for a, n in enumerate(shape)))
        inner = (slice(None),) * direction + (slice(1, -1),)
        edges[inner] = np.delete(k * (phi - np.roll(phi, -1, direction)), -1, direction)
        if direction == axis:
            edges[first] = ground[first] * (1 - phi[first])
            edges[last] = ground[last] * phi[last]
        flows.append(edges)
    through = flows[axis].sum(1 - axis)
    density = [
        (np.delete(flow, 0, direction) + np.delete(flow, -1, direction)) / 2 / steps[1 - direction]
        for direction, flow in enumerate(flows)
    ]
    length, breadth = (width, height) if axis == 0 else (height, width)
    return Sheet(
        relative_conductance=float(through.mean() * length / breadth),
        axis=axis,
        spacing=steps,
        current=np.array(density) / (through.mean() / breadth),
        imbalance=float(np.ptp(through) / through.mean()),
    )


def maxwell(open_fraction: FloatOrArray) -> FloatOrArray:
    """Conductance of a sheet with few round holes over that of the bare one, (1 - f) / (1 + f) (Eq.
    6.8) [-].

    Maxwell (1873) for spheres, here in the plane; also Hashin and Shtrikman's upper bound of any
    such sheet.
    """
    quantity("open fraction", open_fraction, ConductionError, at_least=0, at_most=1)
    return (1 - open_fraction) / (1 + open_fraction)


def rayleigh(open_fraction: FloatOrArray, orders: int = 3) -> FloatOrArray:
    r"""The same for a triangular lattice at any open fraction, by Rayleigh's multipoles (Eq. 6.9)
    [-].

    The potential around a hole is a series of multipoles of the orders 1, 5, 7, 11, ... that
    six-fold symmetry allows; what all other holes add to each is a lattice sum (Rayleigh 1892;
    Perrins, McKenzie and McPhedran 1979).

    Parameters
    ----------
    open_fraction : float or array
        f, below that of touching holes [-].
    orders : int
        How many multipoles.

    Returns
    -------
    float or array
        [-]

    Raises
    ------
    ConductionError
        Where f is not below that of touching holes.
    """
    quantity("open fraction", open_fraction, ConductionError, at_least=0, below=CLOSE_PACKED)
    quantity("orders", orders, ConductionError, at_least=1, whole=True)
    fractions = np.asarray(open_fraction, float)
    multipoles = [n for n in range(1, 3 * orders + 1) if n % 6 in (1, 5)][:orders]
    sums = {n: _lattice_sum(n) for n in range(6, 2 * multipoles[-1] + 1, 6)}
    values = np.vectorize(lambda f: _first_multipole(f, multipoles, sums))(fractions)
    return 1 - 2 * fractions * values


def _first_multipole(f, multipoles, sums):
    """Strength of the dipole in a unit mean field; 1 / (1 + f) where other multipoles do not count.

    With the field -x + sum of all holes' B_n a^n cos(n theta) / r^n, holes that insulate ask of
    each order n B_n = [n = 1] - sum over m of (-1)^m C(n + m - 1, n) S_(n + m) a^(n + m) B_m; the
    dipoles' own field, S_2, is f.
    """
    radius = math.sqrt(f * math.sqrt(3) / (2 * math.pi))  # over the pitch
    matrix = np.eye(len(multipoles))
    for row, n in enumerate(multipoles):
        for column, m in enumerate(multipoles):
            total = sums.get(n + m, 0.0) * radius ** (n + m) if n + m > 2 else -f
            matrix[row, column] -= math.comb(n + m - 1, n) * total
    return np.linalg.solve(matrix, np.eye(len(multipoles))[0])[0]


def _lattice_sum(order: int, reach: int = 40) -> float:
    """Sum of 1 / z^order over a triangular lattice of unit pitch without its origin."""
    m, n = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    z = (m + n * np.exp(1j * math.pi / 3)).ravel()
    return float((z[z != 0] ** -float(order)).sum().real)


class TabLoss(NamedTuple):
    """Potential drop in a foil that is fed at a tab and gives off its current evenly."""

    mean: float  #: over the area; times the current: the power lost [V]
    greatest: float  #: at the point farthest in potential [V]
    error: float  #: largest difference of the two to those on a mesh half as fine [V]


def tab_loss(
    width: float,
    length: float,
    tab_width: float,
    sheet_resistance: float,
    current: float,
    cells: int = 128,
    tolerance: float = 1e-10,
) -> TabLoss:
    r"""Ohmic drop in a rectangular foil with a tab in the middle of one edge (Eq. 6.10).

    Solves :math:`\nabla^2\phi = R_s I / (w l)` with :math:`\phi = 0` at the tab and no current
    through the other edges. A tab as wide as the foil leaves :math:`I R_s l/2w` at the far edge and
    :math:`I R_s l/3w` on average.

    Parameters
    ----------
    width, length : float
        Of the foil, along the tab's edge and away from it [m].
    tab_width : float
        [m]
    sheet_resistance : float
        [ohm]
    current : float
        All that the foil takes up [A].
    cells : int
        Boxes along the width.
    tolerance : float
        Reduction of the error of the linear solver [-].

    Returns
    -------
    TabLoss

    Raises
    ------
    ConductionError
        Where the tab is wider than the foil, or a length is not positive.
    multigrid.ConvergenceError
        Where `tolerance` is not reached.
    """
    check_positive(
        width=width, length=length, tab_width=tab_width, sheet_resistance=sheet_resistance
    )
    quantity("current", current, ConductionError, unit="A")
    quantity("cells", cells, ConductionError, at_least=2, whole=True)
    if tab_width > width:
        raise ConductionError(
            f"a tab of {tab_width * 1e3:g} mm is wider than the foil, {width * 1e3:g} mm"
        )
    given = width, length, tab_width, sheet_resistance * current, tolerance
    (mean, greatest), coarse = (_tab_drops(*given, boxes) for boxes in (cells, cells // 2))
    return TabLoss(mean, greatest, max(abs(mean - coarse[0]), abs(greatest - coarse[1])))


def _tab_drops(width, length, tab_width, drop, tolerance, cells):
    """Mean and greatest potential drop [V], of a current that drops so much [V] in a square."""
    from rampore.multigrid import Multigrid

    # Half of the foil: the tab's middle is a mirror plane.
    edges = np.linspace(0, width / 2, cells // 2 + 1)
    rows = max(1, round(length / width * cells))
    shape, step = (edges.size - 1, rows), (edges[1], length / rows)
    kx, ky, ground = (np.zeros(shape) for _ in range(3))
    kx[:-1], ky[:, :-1] = step[1] / step[0], step[0] / step[1]
    # Half a box lies between the tab and the first centres; every box takes an even share of half
    # the current
    ground[:, 0] = 2 * np.diff(np.minimum(edges, tab_width / 2)) / step[1]
    source = np.full(shape, drop / (2 * ground.size))
    phi = np.zeros(shape)
    network = [array[:, np.newaxis, :] for array in (kx, np.zeros(shape), ky)]
    Multigrid(network, ground[:, np.newaxis, :]).solve(
        source[:, np.newaxis, :], phi[:, np.newaxis, :], tolerance=tolerance
    )
    return float(phi.mean()), float(phi.max())
