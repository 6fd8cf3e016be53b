"""Linear systems of a conservation law on boxes: three unknowns a cell, seven-point couplings, one bordering unknown.

Unknowns 0 and 1 of a cell act on those of its neighbours, unknown 2 on its own kind; within a cell all three mix. The
bordering unknown couples to any cell by a column and a row. What flows out of a cell flows into its neighbour.

Lines along z are solved exactly (blocks of 3 x 3, no pivoting between blocks), in two colours; columns are then
aggregated 2 x 2 until one is left, which is solved exactly together with the bordering unknown. One such cycle
preconditions GMRES; where there is one column, it is the solution.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numba import njit

from rampore.p4d.errors import SolverError


class Level(NamedTuple):
    """A matrix; shapes without the trailing block are those of the mesh, faces one less along their own axis."""

    diagonal: np.ndarray  #: (nx, ny, nz, 3, 3)
    x_above: np.ndarray  #: (nx - 1, ny, nz, 5): row of the lower cell, column of the upper one
    x_below: np.ndarray  #: row of the upper cell, column of the lower one
    y_above: np.ndarray
    y_below: np.ndarray
    z_above: np.ndarray
    z_below: np.ndarray
    absent: np.ndarray  #: (nx, ny, nz, 3) True where there is no unknown: its row is that of the unit matrix
    column: np.ndarray  #: of the bordering unknown (nx, ny, nz, 3)
    row: np.ndarray
    pivot: np.ndarray  #: inverses of the pivots of the lines along z (nx, ny, nz, 3, 3)


@njit(cache=True)
def factorise(level):
    """Invert the pivots of every line along z."""
    nx, ny, nz = level.diagonal.shape[:3]
    p = np.empty((3, 3))
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                p[:] = level.diagonal[i, j, k]
                if k > 0:
                    lower, upper, before = (
                        level.z_below[i, j, k - 1],
                        level.z_above[i, j, k - 1],
                        level.pivot[i, j, k - 1],
                    )
                    for c in range(3):
                        if c == 2:
                            v0, v1, v2 = before[0, 2] * upper[4], before[1, 2] * upper[4], before[2, 2] * upper[4]
                        else:
                            v0 = before[0, 0] * upper[c] + before[0, 1] * upper[2 + c]
                            v1 = before[1, 0] * upper[c] + before[1, 1] * upper[2 + c]
                            v2 = before[2, 0] * upper[c] + before[2, 1] * upper[2 + c]
                        p[0, c] -= lower[0] * v0 + lower[1] * v1
                        p[1, c] -= lower[2] * v0 + lower[3] * v1
                        p[2, c] -= lower[4] * v2
                q = level.pivot[i, j, k]
                q[0, 0] = p[1, 1] * p[2, 2] - p[1, 2] * p[2, 1]
                q[0, 1] = p[0, 2] * p[2, 1] - p[0, 1] * p[2, 2]
                q[0, 2] = p[0, 1] * p[1, 2] - p[0, 2] * p[1, 1]
                q[1, 0] = p[1, 2] * p[2, 0] - p[1, 0] * p[2, 2]
                q[1, 1] = p[0, 0] * p[2, 2] - p[0, 2] * p[2, 0]
                q[1, 2] = p[0, 2] * p[1, 0] - p[0, 0] * p[1, 2]
                q[2, 0] = p[1, 0] * p[2, 1] - p[1, 1] * p[2, 0]
                q[2, 1] = p[0, 1] * p[2, 0] - p[0, 0] * p[2, 1]
                q[2, 2] = p[0, 0] * p[1, 1] - p[0, 1] * p[1, 0]
                determinant = p[0, 0] * q[0, 0] + p[0, 1] * q[1, 0] + p[0, 2] * q[2, 0]
                for r in range(3):
                    for c in range(3):
                        q[r, c] /= determinant


@njit(cache=True, inline="always")
def _less(v0, v1, v2, coupling, f, g, h, x, i, j, k):
    """(v0, v1, v2) less what cell (i, j, k) contributes through the face (f, g, h)."""
    x0, x1, x2 = x[i, j, k, 0], x[i, j, k, 1], x[i, j, k, 2]
    return (
        v0 - coupling[f, g, h, 0] * x0 - coupling[f, g, h, 1] * x1,
        v1 - coupling[f, g, h, 2] * x0 - coupling[f, g, h, 3] * x1,
        v2 - coupling[f, g, h, 4] * x2,
    )


@njit(cache=True, inline="always")
def _outside(right, column, x_above, x_below, y_above, y_below, border, x, i, j, k):
    """Right-hand side of cell (i, j, k) less what its lateral neighbours and the bordering unknown contribute."""
    v0, v1, v2 = right[i, j, k, 0], right[i, j, k, 1], right[i, j, k, 2]
    if border != 0.0:
        v0 -= column[i, j, k, 0] * border
        v1 -= column[i, j, k, 1] * border
        v2 -= column[i, j, k, 2] * border
    if i > 0:
        v0, v1, v2 = _less(v0, v1, v2, x_below, i - 1, j, k, x, i - 1, j, k)
    if i < x.shape[0] - 1:
        v0, v1, v2 = _less(v0, v1, v2, x_above, i, j, k, x, i + 1, j, k)
    if j > 0:
        v0, v1, v2 = _less(v0, v1, v2, y_below, i, j - 1, k, x, i, j - 1, k)
    if j < x.shape[1] - 1:
        v0, v1, v2 = _less(v0, v1, v2, y_above, i, j, k, x, i, j + 1, k)
    return v0, v1, v2


@njit(cache=True)
def relax(level, right, border, x, colour):
    """Solve every line along z of one colour, its neighbours fixed."""
    nx, ny, nz = x.shape[:3]
    x_above, x_below, y_above, y_below = level.x_above, level.x_below, level.y_above, level.y_below
    z_above, z_below, column, p = level.z_above, level.z_below, level.column, level.pivot
    for i in range(nx):
        for j in range((i + colour) % 2, ny, 2):
            for k in range(nz):
                v0, v1, v2 = _outside(right, column, x_above, x_below, y_above, y_below, border, x, i, j, k)
                if k > 0:
                    v0, v1, v2 = _less(v0, v1, v2, z_below, i, j, k - 1, x, i, j, k - 1)
                for r in range(3):
                    x[i, j, k, r] = p[i, j, k, r, 0] * v0 + p[i, j, k, r, 1] * v1 + p[i, j, k, r, 2] * v2
            for k in range(nz - 2, -1, -1):
                v0, v1, v2 = _less(0.0, 0.0, 0.0, z_above, i, j, k, x, i, j, k + 1)
                for r in range(3):
                    x[i, j, k, r] += p[i, j, k, r, 0] * v0 + p[i, j, k, r, 1] * v1 + p[i, j, k, r, 2] * v2


@njit(cache=True, inline="always")
def _residual(right, column, x_above, x_below, y_above, y_below, z_above, z_below, d, border, x, i, j, k):
    v0, v1, v2 = _outside(right, column, x_above, x_below, y_above, y_below, border, x, i, j, k)
    if k > 0:
        v0, v1, v2 = _less(v0, v1, v2, z_below, i, j, k - 1, x, i, j, k - 1)
    if k < x.shape[2] - 1:
        v0, v1, v2 = _less(v0, v1, v2, z_above, i, j, k, x, i, j, k + 1)
    x0, x1, x2 = x[i, j, k, 0], x[i, j, k, 1], x[i, j, k, 2]
    return (
        v0 - d[i, j, k, 0, 0] * x0 - d[i, j, k, 0, 1] * x1 - d[i, j, k, 0, 2] * x2,
        v1 - d[i, j, k, 1, 0] * x0 - d[i, j, k, 1, 1] * x1 - d[i, j, k, 1, 2] * x2,
        v2 - d[i, j, k, 2, 0] * x0 - d[i, j, k, 2, 1] * x1 - d[i, j, k, 2, 2] * x2,
    )


@njit(cache=True)
def restrict_residual(level, right, x, colour, coarse):
    """Sum the residual of the lines of one colour over the columns of each aggregate; the other lines have none.

    Neither has an absent unknown, whose row is that of the unit matrix and whose right-hand side is zero.
    """
    coarse[:] = 0.0
    nx, ny, nz = x.shape[:3]
    x_above, x_below, y_above, y_below = level.x_above, level.x_below, level.y_above, level.y_below
    z_above, z_below, column, diagonal = level.z_above, level.z_below, level.column, level.diagonal
    for i in range(nx):
        for j in range((i + colour) % 2, ny, 2):
            for k in range(nz):
                v0, v1, v2 = _residual(
                    right, column, x_above, x_below, y_above, y_below, z_above, z_below, diagonal, 0.0, x, i, j, k
                )
                coarse[i // 2, j // 2, k, 0] += v0
                coarse[i // 2, j // 2, k, 1] += v1
                coarse[i // 2, j // 2, k, 2] += v2


@njit(cache=True)
def image(level, right, border, x, colour, out):
    """out = A x + column border, where the lines of one colour are known to give ``right``."""
    nx, ny, nz = x.shape[:3]
    x_above, x_below, y_above, y_below = level.x_above, level.x_below, level.y_above, level.y_below
    z_above, z_below, column, diagonal = level.z_above, level.z_below, level.column, level.diagonal
    for i in range(nx):
        for j in range(ny):
            known = (i + j) % 2 == colour
            for k in range(nz):
                out[i, j, k, 0] = right[i, j, k, 0]
                out[i, j, k, 1] = right[i, j, k, 1]
                out[i, j, k, 2] = right[i, j, k, 2]
                if not known:
                    v0, v1, v2 = _residual(
                        right,
                        column,
                        x_above,
                        x_below,
                        y_above,
                        y_below,
                        z_above,
                        z_below,
                        diagonal,
                        border,
                        x,
                        i,
                        j,
                        k,
                    )
                    out[i, j, k, 0] -= v0
                    out[i, j, k, 1] -= v1
                    out[i, j, k, 2] -= v2


@njit(cache=True)
def restrict(fine, absent, coarse):
    """Sum a field over the columns of each aggregate."""
    coarse[:] = 0.0
    nx, ny, nz = fine.shape[:3]
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                for c in range(3):
                    if not absent[i, j, k, c]:
                        coarse[i // 2, j // 2, k, c] += fine[i, j, k, c]


@njit(cache=True)
def prolong(coarse, absent, fine):
    """Add a field of the aggregates to their columns."""
    nx, ny, nz = fine.shape[:3]
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                for c in range(3):
                    if not absent[i, j, k, c]:
                        fine[i, j, k, c] += coarse[i // 2, j // 2, k, c]


@njit(cache=True, inline="always")
def _join(diagonal, i, j, k, coupling, f, g, h, factor):
    """Add a coupling through the face (f, g, h) to the block of cell (i, j, k)."""
    diagonal[i, j, k, 0, 0] += factor * coupling[f, g, h, 0]
    diagonal[i, j, k, 0, 1] += factor * coupling[f, g, h, 1]
    diagonal[i, j, k, 1, 0] += factor * coupling[f, g, h, 2]
    diagonal[i, j, k, 1, 1] += factor * coupling[f, g, h, 3]
    diagonal[i, j, k, 2, 2] += factor * coupling[f, g, h, 4]


@njit(cache=True)
def coarsen(fine, coarse):
    """Fill the matrix of the aggregates.

    It is the sum over their columns, except that the distance between neighbouring aggregates is twice that between
    columns: the fluxes between them are halved, on both sides of the face, so that what leaves one enters the other.
    """
    coarse.diagonal[:] = 0.0
    coarse.x_above[:] = 0.0
    coarse.x_below[:] = 0.0
    coarse.y_above[:] = 0.0
    coarse.y_below[:] = 0.0
    coarse.z_above[:] = 0.0
    coarse.z_below[:] = 0.0
    nx, ny, nz = fine.diagonal.shape[:3]
    diagonal = coarse.diagonal
    for i in range(nx):
        ci = i // 2
        for j in range(ny):
            cj = j // 2
            for k in range(nz):
                for r in range(3):
                    if not fine.absent[i, j, k, r]:
                        for c in range(3):
                            diagonal[ci, cj, k, r, c] += fine.diagonal[i, j, k, r, c]
                if k < nz - 1:
                    for c in range(5):
                        coarse.z_above[ci, cj, k, c] += fine.z_above[i, j, k, c]
                        coarse.z_below[ci, cj, k, c] += fine.z_below[i, j, k, c]
                if i < nx - 1 and i % 2 == 0:
                    _join(diagonal, ci, cj, k, fine.x_above, i, j, k, 1.0)
                    _join(diagonal, ci, cj, k, fine.x_below, i, j, k, 1.0)
                elif i < nx - 1:
                    _join(diagonal, ci, cj, k, fine.x_below, i, j, k, 0.5)
                    _join(diagonal, ci + 1, cj, k, fine.x_above, i, j, k, 0.5)
                    for c in range(5):
                        coarse.x_above[ci, cj, k, c] += 0.5 * fine.x_above[i, j, k, c]
                        coarse.x_below[ci, cj, k, c] += 0.5 * fine.x_below[i, j, k, c]
                if j < ny - 1 and j % 2 == 0:
                    _join(diagonal, ci, cj, k, fine.y_above, i, j, k, 1.0)
                    _join(diagonal, ci, cj, k, fine.y_below, i, j, k, 1.0)
                elif j < ny - 1:
                    _join(diagonal, ci, cj, k, fine.y_below, i, j, k, 0.5)
                    _join(diagonal, ci, cj + 1, k, fine.y_above, i, j, k, 0.5)
                    for c in range(5):
                        coarse.y_above[ci, cj, k, c] += 0.5 * fine.y_above[i, j, k, c]
                        coarse.y_below[ci, cj, k, c] += 0.5 * fine.y_below[i, j, k, c]
    restrict(fine.column, fine.absent, coarse.column)
    restrict(fine.row, fine.absent, coarse.row)
    for i in range(coarse.diagonal.shape[0]):
        for j in range(coarse.diagonal.shape[1]):
            for k in range(nz):
                for c in range(3):
                    if coarse.absent[i, j, k, c]:
                        coarse.diagonal[i, j, k, c, c] = 1.0


@njit(cache=True)
def dot(x, y):
    """Scalar product, on one thread: vectors this short are slower on several."""
    total = 0.0
    for k in range(x.size):
        total += x[k] * y[k]
    return total


@njit(cache=True)
def add(factor, x, y):
    """y += factor x."""
    for k in range(x.size):
        y[k] += factor * x[k]


def make_level(shape, absent):
    """An empty matrix on boxes of this shape."""
    nx, ny, nz = shape
    x, y, z = (max(nx - 1, 0), ny, nz, 5), (nx, max(ny - 1, 0), nz, 5), (nx, ny, nz - 1, 5)
    faces = [np.zeros(s) for s in (x, x, y, y, z, z)]
    blocks = [np.zeros((*shape, 3, 3)) for _ in range(2)]
    vectors = [np.zeros((*shape, 3)) for _ in range(2)]
    return Level(blocks[0], *faces, absent, *vectors, blocks[1])


class Multigrid:
    """A bordered matrix on boxes and its solution.

    Fill ``finest`` (blocks, ``column``, ``row``) and ``corner``, call :meth:`prepare`, then :meth:`solve`.

    Parameters
    ----------
    absent : (nx, ny, nz, 3) array of bool
        Where there is no unknown.
    """

    def __init__(self, absent):
        self.levels = [make_level(absent.shape[:3], absent)]
        while max(absent.shape[:2]) > 1:
            nx, ny = absent.shape[:2]
            coarse = np.ones(((nx + 1) // 2, (ny + 1) // 2, *absent.shape[2:]), bool)
            for i in range(2):
                for j in range(2):
                    part = absent[i::2, j::2]
                    coarse[: part.shape[0], : part.shape[1]] &= part
            absent = coarse
            self.levels.append(make_level(absent.shape[:3], absent))
        self.finest = self.levels[0]
        self.corner = 0.0
        self._work = [[np.zeros_like(level.column) for _ in range(2)] for level in self.levels]
        self._response = np.zeros_like(self.levels[-1].column)
        self.iterations = 0

    def prepare(self):
        """Build the coarser matrices and factorise the lines of all of them."""
        for fine, coarse in zip(self.levels[:-1], self.levels[1:], strict=True):
            coarsen(fine, coarse)
        for level in self.levels:
            factorise(level)
        last = self.levels[-1]
        relax(last, last.column, 0.0, self._response, 0)
        self._schur = self.corner - dot(last.row.ravel(), self._response.ravel())
        if self._schur == 0.0 or not np.isfinite(self._schur):
            raise SolverError("the linear system of the whole cell is singular")

    def cycle(self, right, border_right, depth=0):
        """An approximate solution (x, border) by one cycle; exact on the last level."""
        level = self.levels[depth]
        x = self._work[depth][0]
        if depth == len(self.levels) - 1:
            relax(level, right, 0.0, x, 0)
            border = (border_right - dot(level.row.ravel(), x.ravel())) / self._schur
            add(-border, self._response.ravel(), x.ravel())
            return x, border
        x[:] = 0.0
        relax(level, right, 0.0, x, 0)
        relax(level, right, 0.0, x, 1)
        coarse_right = self._work[depth + 1][1]
        restrict_residual(level, right, x, 0, coarse_right)
        correction, border = self.cycle(coarse_right, border_right - dot(level.row.ravel(), x.ravel()), depth + 1)
        prolong(correction, level.absent, x)
        relax(level, right, border, x, 1)
        relax(level, right, border, x, 0)
        return x, border

    def solve(self, right, border_right, tolerance, maximum=60):
        """Solve to a relative residual by GMRES, the cycle preconditioning from the right.

        Returns
        -------
        x : (nx, ny, nz, 3) array
        border : float

        Raises
        ------
        SolverError
            Not converged after ``maximum`` iterations.
        """
        if len(self.levels) == 1:
            x, border = self.cycle(right, border_right)
            return x.copy(), border
        size = right.size
        b = np.append(right.ravel(), border_right)
        norm = np.sqrt(dot(b, b))
        if norm == 0.0:
            return np.zeros_like(right), 0.0
        basis, directions = [b / norm], []
        hessenberg = np.zeros((maximum + 1, maximum))
        small = np.zeros(maximum + 1)
        small[0] = norm
        rotations = []
        for n in range(maximum):
            vector = basis[n][:size].reshape(right.shape)
            x, border = self.cycle(vector, basis[n][size])
            directions.append(np.append(x.ravel(), border))
            w = np.empty(size + 1)
            image(self.finest, vector, border, x, 0, w[:size].reshape(right.shape))
            w[size] = dot(self.finest.row.ravel(), x.ravel()) + self.corner * border
            for m in range(n + 1):
                hessenberg[m, n] = dot(basis[m], w)
                add(-hessenberg[m, n], basis[m], w)
            hessenberg[n + 1, n] = np.sqrt(dot(w, w))
            for m, (cosine, sine) in enumerate(rotations):
                upper, lower = hessenberg[m, n], hessenberg[m + 1, n]
                hessenberg[m, n], hessenberg[m + 1, n] = cosine * upper + sine * lower, cosine * lower - sine * upper
            length = np.hypot(hessenberg[n, n], hessenberg[n + 1, n])
            cosine, sine = hessenberg[n, n] / length, hessenberg[n + 1, n] / length
            rotations.append((cosine, sine))
            subdiagonal, hessenberg[n, n], hessenberg[n + 1, n] = hessenberg[n + 1, n], length, 0.0
            small[n], small[n + 1] = cosine * small[n], -sine * small[n]
            if abs(small[n + 1]) <= tolerance * norm:
                break
            basis.append(w / subdiagonal)
        else:
            raise SolverError(
                f"the linear solver is at {abs(small[maximum]) / norm:.1e} of its residual after {maximum} iterations"
            )
        self.iterations = n + 1
        weights = np.linalg.solve(hessenberg[: n + 1, : n + 1], small[: n + 1])
        solution = np.zeros(size + 1)
        for weight, direction in zip(weights, directions, strict=True):
            add(weight, direction, solution)
        return solution[:size].reshape(right.shape), float(solution[size])

    def sparse(self):
        """The bordered matrix as a ``scipy.sparse`` array, for reference."""
        level = self.finest
        nx, ny, nz = level.diagonal.shape[:3]
        number = np.arange(nx * ny * nz).reshape(nx, ny, nz)
        rows, columns, values = [], [], []

        def add(row, column, block):
            for r in range(3):
                for c in range(3):
                    rows.append(3 * row.ravel() + r)
                    columns.append(3 * column.ravel() + c)
                    values.append(block[..., r, c].ravel())

        def dense(coupling):
            block = np.zeros((*coupling.shape[:3], 3, 3))
            block[..., 0, 0], block[..., 0, 1], block[..., 1, 0], block[..., 1, 1], block[..., 2, 2] = np.moveaxis(
                coupling, -1, 0
            )
            return block

        add(number, number, level.diagonal)
        for axis, (above, below) in enumerate(
            ((level.x_above, level.x_below), (level.y_above, level.y_below), (level.z_above, level.z_below))
        ):
            lower, upper = np.split(number, [1], axis)[1], np.split(number, [-1], axis)[0]
            add(upper, lower, dense(above))
            add(lower, upper, dense(below))
        matrix = sp.coo_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))))
        return sp.block_array(
            [[matrix, level.column.reshape(-1, 1)], [level.row.reshape(1, -1), np.array([[self.corner]])]], format="csc"
        )
