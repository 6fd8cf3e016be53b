r"""Linear systems of a conservation law on boxes: three unknowns a cell, seven-point couplings, one bordering unknown.

Unknowns 0 and 1 of a cell act on those of its neighbours, unknown 2 on its own kind; within a cell all three mix. The
bordering unknown couples to any cell by a column and a row. What flows out of a cell flows into its neighbour.

Lines along z are solved exactly (blocks of 3 x 3, no pivoting between blocks), in two colours; columns are then
aggregated 2 x 2 until one is left, which is solved exactly together with the bordering unknown. One such cycle
preconditions GMRES; where there is one column, it is the solution.

The kernels work on ``WIDTH`` columns at once. Column (i, j) has the number n = i P + j, where P is ny, or ny + 1 where
that is even. P is odd, so the colour of a column is n modulo 2, its place among its colour m = n // 2, and each of its
four neighbours, all of the other colour, lies a fixed number of places away. A vector is stored as x[colour, k, unknown,
m], the matrix as [colour, block of columns, k, coefficient, column]; the numbers of all levels follow one another.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numba import njit

from rampore.p4d.errors import SolverError
from rampore.p4d.lanes import WIDTH, load, splat, store


class Level(NamedTuple):
    """A matrix; shapes without the trailing block are those of the mesh, faces one less along their own axis."""

    diagonal: np.ndarray  #: (nx, ny, nz, 3, 3)
    x_above: np.ndarray  #: (nx - 1, ny, nz, 5): row of the lower cell, column of the upper one
    x_below: np.ndarray  #: row of the upper cell, column of the lower one
    y_above: np.ndarray
    y_below: np.ndarray
    z_above: np.ndarray
    z_below: np.ndarray
    column: np.ndarray  #: of the bordering unknown (nx, ny, nz, 3)
    row: np.ndarray
    units: np.ndarray  #: how many columns of the finer level have no such unknown, less 1 if this has none (nx, ny, nz, 3)


def make_level(absent, units):
    """A matrix that couples nothing, where ``absent`` (nx, ny, nz, 3) tells where there is no unknown."""
    nx, ny, nz = absent.shape[:3]
    x, y, z = (max(nx - 1, 0), ny, nz, 5), (nx, max(ny - 1, 0), nz, 5), (nx, ny, nz - 1, 5)
    faces = [np.zeros(s) for s in (x, x, y, y, z, z)]
    return Level(np.zeros((*absent.shape, 3)), *faces, np.zeros(absent.shape), np.zeros(absent.shape), units)


@njit(cache=True)
def _sum(coarse, i, j, fine, f, g, factor):
    """Add a column of numbers to another."""
    to, what = coarse[i, j].ravel(), fine[f, g].ravel()
    for n in range(to.size):
        to[n] += factor * what[n]


@njit(cache=True)
def _join(diagonal, i, j, coupling, f, g, factor):
    """Add the couplings through the faces (f, g) of a column to the blocks of the cells of column (i, j)."""
    for k in range(diagonal.shape[2]):
        diagonal[i, j, k, 0, 0] += factor * coupling[f, g, k, 0]
        diagonal[i, j, k, 0, 1] += factor * coupling[f, g, k, 1]
        diagonal[i, j, k, 1, 0] += factor * coupling[f, g, k, 2]
        diagonal[i, j, k, 1, 1] += factor * coupling[f, g, k, 3]
        diagonal[i, j, k, 2, 2] += factor * coupling[f, g, k, 4]


@njit(cache=True)
def coarsen(fine, coarse):
    """Fill the matrix of the aggregates.

    It is the sum over their columns, except that the distance between neighbouring aggregates is twice that between
    columns: the fluxes between them are halved, on both sides of the face, so that what leaves one enters the other.
    """
    x_above, x_below, y_above, y_below = fine.x_above, fine.x_below, fine.y_above, fine.y_below
    diagonal, units = coarse.diagonal, coarse.units
    for part in (
        coarse.x_above, coarse.x_below, coarse.y_above, coarse.y_below, coarse.z_above, coarse.z_below,
    ):  # fmt: skip
        part[:] = 0.0
    diagonal[:] = 0.0
    coarse.column[:] = 0.0
    coarse.row[:] = 0.0
    nx, ny, nz = fine.diagonal.shape[:3]
    for i in range(nx):
        ci = i // 2
        for j in range(ny):
            cj = j // 2
            _sum(diagonal, ci, cj, fine.diagonal, i, j, 1.0)
            _sum(coarse.column, ci, cj, fine.column, i, j, 1.0)
            _sum(coarse.row, ci, cj, fine.row, i, j, 1.0)
            _sum(coarse.z_above, ci, cj, fine.z_above, i, j, 1.0)
            _sum(coarse.z_below, ci, cj, fine.z_below, i, j, 1.0)
            if i < nx - 1 and i % 2 == 0:
                _join(diagonal, ci, cj, x_above, i, j, 1.0)
                _join(diagonal, ci, cj, x_below, i, j, 1.0)
            elif i < nx - 1:
                _join(diagonal, ci, cj, x_below, i, j, 0.5)
                _join(diagonal, ci + 1, cj, x_above, i, j, 0.5)
                _sum(coarse.x_above, ci, cj, x_above, i, j, 0.5)
                _sum(coarse.x_below, ci, cj, x_below, i, j, 0.5)
            if j < ny - 1 and j % 2 == 0:
                _join(diagonal, ci, cj, y_above, i, j, 1.0)
                _join(diagonal, ci, cj, y_below, i, j, 1.0)
            elif j < ny - 1:
                _join(diagonal, ci, cj, y_below, i, j, 0.5)
                _join(diagonal, ci, cj + 1, y_above, i, j, 0.5)
                _sum(coarse.y_above, ci, cj, y_above, i, j, 0.5)
                _sum(coarse.y_below, ci, cj, y_below, i, j, 0.5)
    for i in range(diagonal.shape[0]):
        for j in range(diagonal.shape[1]):
            for k in range(nz):
                for r in range(3):
                    diagonal[i, j, k, r, r] -= units[i, j, k, r]


# Coefficients of a cell in the packed matrix: couplings to its four lateral neighbours and to the cell below it, then
# the inverse P of the pivot of its line, then P times the coupling to the cell above it
BELOW, PIVOT, ABOVE, COEFFICIENTS = 20, 25, 34, 43


class Plan(NamedTuple):
    """Where the numbers of a level lie."""

    pitch: int  #: numbers from one row of columns to the next, odd
    blocks: int  #: of columns of one colour
    layers: int
    width: int  #: places for the columns of one colour
    margin: int  #: zeros before and after the vector; the last one is the bordering unknown's
    vector: int  #: where the vector begins,
    half: int  #: where colour 1 does,
    end: int  #: and where it ends
    matrix: int  #: where the matrix begins
    parents: int  #: where the list of the aggregates of the columns of colour 0 begins
    count: int  #: how long it is


def make_plans(shapes):
    """One plan for each level, finest first, and the lists of aggregates: their places in the coarser level."""
    plans, parents, vector, matrix, listed = [], [], 0, 0, 0
    for (nx, ny, nz), coarser in zip(shapes, [*shapes[1:], None], strict=True):
        pitch = ny if ny % 2 else ny + 1
        blocks = -(-nx * pitch // (2 * WIDTH))
        width, margin = blocks * WIDTH, -(-((pitch + 1) // 2 + 1) // WIDTH) * WIDTH
        half = vector + margin + nz * 3 * width
        end = half + nz * 3 * width + margin
        number = np.arange(0, nx * pitch, 2)
        plans.append(Plan(pitch, blocks, nz, width, margin, vector, half, end, matrix, listed, number.size))
        if coarser is not None:
            coarse_pitch = coarser[1] if coarser[1] % 2 else coarser[1] + 1
            coarse_width = -(-coarser[0] * coarse_pitch // (2 * WIDTH)) * WIDTH
            i, j = number // pitch // 2, np.minimum(number % pitch, ny - 1) // 2
            place, colour = np.divmod(i * coarse_pitch + j, 2)
            parents.append(colour * nz * 3 * coarse_width + place)
            listed += number.size
        vector = end
        matrix += 2 * blocks * nz * COEFFICIENTS * WIDTH
    return np.array(plans), np.concatenate([*parents, np.zeros(0, np.int64)]).astype(np.uint32)


@njit(cache=True, inline="always")
def _plan(plans, depth):
    p = plans[depth]
    return Plan(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10])


@njit(cache=True, inline="always")
def _place(plan, colour, k):
    """Where unknown 0 of layer k of the first column of a colour lies."""
    return plan.vector + plan.margin + (colour * plan.layers + k) * 3 * plan.width


@njit(cache=True, inline="always")
def _shifts(plan, colour):
    """Places from a column to its neighbours below and above along x, below and above along y."""
    half = plan.pitch // 2
    return -half - 1 + colour, half + colour, -1 + colour, colour


@njit(cache=True)
def pack(level, plan, matrix):
    """Bring a matrix into the order of the plan; the pivots and what is above them are still bare."""
    nx, ny, nz = level.diagonal.shape[:3]
    x_above, x_below, y_above, y_below = level.x_above, level.x_below, level.y_above, level.y_below
    size = COEFFICIENTS * WIDTH
    for n in range(2 * plan.blocks * WIDTH):
        i, j = divmod(n, plan.pitch)
        m, colour = divmod(n, 2)
        block, lane = divmod(m, WIDTH)
        first = plan.matrix + (colour * plan.blocks + block) * nz * size + lane
        if i >= nx or j >= ny:
            for k in range(nz):
                for r in range(3):
                    matrix[first + k * size + (PIVOT + 4 * r) * WIDTH] = 1.0
            continue
        if i > 0:
            _spread(x_below[i - 1, j], matrix[first:])
        if i < nx - 1:
            _spread(x_above[i, j], matrix[first + 5 * WIDTH :])
        if j > 0:
            _spread(y_below[i, j - 1], matrix[first + 10 * WIDTH :])
        if j < ny - 1:
            _spread(y_above[i, j], matrix[first + 15 * WIDTH :])
        _spread(level.z_below[i, j], matrix[first + size + BELOW * WIDTH :])
        _spread(level.z_above[i, j], matrix[first + ABOVE * WIDTH :])
        diagonal, to = level.diagonal[i, j], matrix[first + PIVOT * WIDTH :]
        for k in range(nz):
            for r in range(3):
                for c in range(3):
                    to[k * size + (3 * r + c) * WIDTH] = diagonal[k, r, c]


@njit(cache=True, inline="always")
def _spread(coupling, to):
    for k in range(coupling.shape[0]):
        for c in range(5):
            to[k * COEFFICIENTS * WIDTH + c * WIDTH] = coupling[k, c]


@njit(cache=True)
def pack_vector(field, plan, vector):
    """Bring a field (nx, ny, nz, 3) into the order of the plan."""
    nx, ny = field.shape[:2]
    for i in range(nx):
        for j in range(ny):
            m, colour = divmod(i * plan.pitch + j, 2)
            one, to = field[i, j].ravel(), vector[_place(plan, colour, 0) + m :]
            for n in range(one.size):
                to[n * plan.width] = one[n]


@njit(cache=True)
def unpack_vector(vector, plan, field):
    """Bring a field (nx, ny, nz, 3) back from the order of the plan."""
    nx, ny = field.shape[:2]
    for i in range(nx):
        for j in range(ny):
            m, colour = divmod(i * plan.pitch + j, 2)
            one, what = field[i, j].ravel(), vector[_place(plan, colour, 0) + m :]
            for n in range(one.size):
                one[n] = what[n * plan.width]


@njit(cache=True, inline="always")
def _times(matrix, at, x0, x1, x2):
    """A coupling times the unknowns of the neighbour."""
    return (
        load(matrix, at) * x0 + load(matrix, at + WIDTH) * x1,
        load(matrix, at + 2 * WIDTH) * x0 + load(matrix, at + 3 * WIDTH) * x1,
        load(matrix, at + 4 * WIDTH) * x2,
    )


@njit(cache=True, inline="always")
def _dense(matrix, at, x0, x1, x2):
    """A full block times three unknowns."""
    return (
        load(matrix, at) * x0 + load(matrix, at + WIDTH) * x1 + load(matrix, at + 2 * WIDTH) * x2,
        load(matrix, at + 3 * WIDTH) * x0 + load(matrix, at + 4 * WIDTH) * x1 + load(matrix, at + 5 * WIDTH) * x2,
        load(matrix, at + 6 * WIDTH) * x0 + load(matrix, at + 7 * WIDTH) * x1 + load(matrix, at + 8 * WIDTH) * x2,
    )


@njit(cache=True)
def factorise(plan, matrix):
    """Invert the pivots of every line along z."""
    step = COEFFICIENTS * WIDTH
    for line in range(2 * plan.blocks):
        for k in range(plan.layers):
            at = plan.matrix + (line * plan.layers + k) * step
            p = at + PIVOT * WIDTH
            p00, p01, p02 = load(matrix, p), load(matrix, p + WIDTH), load(matrix, p + 2 * WIDTH)
            p10, p11, p12 = load(matrix, p + 3 * WIDTH), load(matrix, p + 4 * WIDTH), load(matrix, p + 5 * WIDTH)
            p20, p21, p22 = load(matrix, p + 6 * WIDTH), load(matrix, p + 7 * WIDTH), load(matrix, p + 8 * WIDTH)
            if k > 0:
                below, w = at + BELOW * WIDTH, at - step + ABOVE * WIDTH
                v0, v1, v2 = _times(
                    matrix, below, load(matrix, w), load(matrix, w + 3 * WIDTH), load(matrix, w + 6 * WIDTH)
                )
                p00, p10, p20 = p00 - v0, p10 - v1, p20 - v2
                v0, v1, v2 = _times(
                    matrix, below, load(matrix, w + WIDTH), load(matrix, w + 4 * WIDTH), load(matrix, w + 7 * WIDTH)
                )
                p01, p11, p21 = p01 - v0, p11 - v1, p21 - v2
                v0, v1, v2 = _times(
                    matrix, below, load(matrix, w + 2 * WIDTH), load(matrix, w + 5 * WIDTH), load(matrix, w + 8 * WIDTH)
                )
                p02, p12, p22 = p02 - v0, p12 - v1, p22 - v2
            q00, q10, q20 = p11 * p22 - p12 * p21, p12 * p20 - p10 * p22, p10 * p21 - p11 * p20
            factor = splat(1.0) / (p00 * q00 + p01 * q10 + p02 * q20)
            store(matrix, p, q00 * factor)
            store(matrix, p + WIDTH, (p02 * p21 - p01 * p22) * factor)
            store(matrix, p + 2 * WIDTH, (p01 * p12 - p02 * p11) * factor)
            store(matrix, p + 3 * WIDTH, q10 * factor)
            store(matrix, p + 4 * WIDTH, (p00 * p22 - p02 * p20) * factor)
            store(matrix, p + 5 * WIDTH, (p02 * p10 - p00 * p12) * factor)
            store(matrix, p + 6 * WIDTH, q20 * factor)
            store(matrix, p + 7 * WIDTH, (p01 * p20 - p00 * p21) * factor)
            store(matrix, p + 8 * WIDTH, (p00 * p11 - p01 * p10) * factor)
            w = at + ABOVE * WIDTH
            u0, u1, u2, u3 = (
                load(matrix, w), load(matrix, w + WIDTH), load(matrix, w + 2 * WIDTH), load(matrix, w + 3 * WIDTH),
            )  # fmt: skip
            u4, none = load(matrix, w + 4 * WIDTH), splat(0.0)
            for c, (a, b, d) in enumerate(((u0, u2, none), (u1, u3, none), (none, none, u4))):
                v0, v1, v2 = _dense(matrix, p, a, b, d)
                store(matrix, w + c * WIDTH, v0)
                store(matrix, w + (3 + c) * WIDTH, v1)
                store(matrix, w + (6 + c) * WIDTH, v2)


@njit(cache=True, inline="always")
def _lateral(matrix, at, x, n, shifts, width):
    """What the lateral neighbours of the columns at n contribute; ``n`` counts among the other colour."""
    v0, v1, v2 = splat(0.0), splat(0.0), splat(0.0)
    for face in range(4):
        spot = n + shifts[face]
        w0, w1, w2 = _times(
            matrix, at + 5 * face * WIDTH, load(x, spot), load(x, spot + width), load(x, spot + 2 * width)
        )
        v0, v1, v2 = v0 + w0, v1 + w1, v2 + w2
    return v0, v1, v2


@njit(cache=True)
def relax(plan, matrix, right, column, border, x, colour, alone):
    """Solve every line along z of one colour, its neighbours fixed, or zero where it is ``alone``."""
    width, layers, step = plan.width, plan.layers, COEFFICIENTS * WIDTH
    shifts = _shifts(plan, colour)
    outer = splat(border)
    for block in range(plan.blocks):
        first = plan.matrix + (colour * plan.blocks + block) * layers * step
        x0, x1, x2 = splat(0.0), splat(0.0), splat(0.0)
        for k in range(layers):
            at, n = first + k * step, _place(plan, colour, k) + block * WIDTH
            v0 = load(right, n) - outer * load(column, n)
            v1 = load(right, n + width) - outer * load(column, n + width)
            v2 = load(right, n + 2 * width) - outer * load(column, n + 2 * width)
            if not alone:
                w0, w1, w2 = _lateral(matrix, at, x, _place(plan, 1 - colour, k) + block * WIDTH, shifts, width)
                v0, v1, v2 = v0 - w0, v1 - w1, v2 - w2
            w0, w1, w2 = _times(matrix, at + BELOW * WIDTH, x0, x1, x2)
            x0, x1, x2 = _dense(matrix, at + PIVOT * WIDTH, v0 - w0, v1 - w1, v2 - w2)
            store(x, n, x0)
            store(x, n + width, x1)
            store(x, n + 2 * width, x2)
        for k in range(layers - 2, -1, -1):
            at, n = first + k * step, _place(plan, colour, k) + block * WIDTH
            w0, w1, w2 = _dense(matrix, at + ABOVE * WIDTH, x0, x1, x2)
            x0, x1, x2 = load(x, n) - w0, load(x, n + width) - w1, load(x, n + 2 * width) - w2
            store(x, n, x0)
            store(x, n + width, x1)
            store(x, n + 2 * width, x2)


@njit(cache=True)
def lateral(plan, matrix, x, colour, out):
    """What the other colour contributes to the rows of one."""
    width, shifts = plan.width, _shifts(plan, colour)
    for block in range(plan.blocks):
        for k in range(plan.layers):
            at = plan.matrix + ((colour * plan.blocks + block) * plan.layers + k) * COEFFICIENTS * WIDTH
            n = block * WIDTH
            v0, v1, v2 = _lateral(matrix, at, x, _place(plan, 1 - colour, k) + n, shifts, width)
            n += _place(plan, colour, k)
            store(out, n, v0)
            store(out, n + width, v1)
            store(out, n + 2 * width, v2)


@njit(cache=True)
def restrict(fine, coarse, parents, residual, right):
    """Subtract the numbers of colour 0 from those of their aggregates, which are zero before."""
    right[coarse.vector : coarse.end] = 0.0
    aggregate = parents[fine.parents : fine.parents + fine.count]
    for row in range(3 * fine.layers):
        what = residual[_place(fine, 0, 0) + row * fine.width :]
        to = right[_place(coarse, 0, 0) + row * coarse.width :]
        for m in range(aggregate.size):
            to[aggregate[m]] -= what[m]


@njit(cache=True)
def prolong(fine, coarse, parents, x):
    """Add the numbers of the aggregates to their columns of colour 0."""
    aggregate = parents[fine.parents : fine.parents + fine.count]
    for row in range(3 * fine.layers):
        to = x[_place(fine, 0, 0) + row * fine.width :]
        what = x[_place(coarse, 0, 0) + row * coarse.width :]
        for m in range(aggregate.size):
            to[m] += what[aggregate[m]]


@njit(cache=True, fastmath={"reassoc", "contract"})
def dot(x, y, start, end):
    """Scalar product of two vectors between two places."""
    one, other, total = x[start:end], y[start:end], 0.0
    for k in range(one.size):
        total += one[k] * other[k]
    return total


@njit(cache=True, fastmath={"contract"})
def add(factor, x, y, start, end):
    """y += factor x between two places."""
    what, to = x[start:end], y[start:end]
    for k in range(to.size):
        to[k] += factor * what[k]


class Hierarchy(NamedTuple):
    """All levels, as the kernels need them."""

    plans: np.ndarray  #: (levels, ...) of int
    parents: np.ndarray  #: of each column of colour 0 its aggregate in the coarser level
    matrix: np.ndarray
    column: np.ndarray
    row: np.ndarray
    response: np.ndarray  #: of the coarsest level to the column of the bordering unknown
    right: np.ndarray
    x: np.ndarray
    before: np.ndarray  #: colour 0 of the finest level before its last relaxation


@njit(cache=True)
def cycle(h, schur, border_right, bare):
    """One cycle on ``h.right`` into ``h.x``; returns the bordering unknown.

    ``bare`` says that the right-hand side of colour 0 of the finest level is zero; its first relaxation is left out.
    """
    parents, matrix, right, x = h.parents, h.matrix, h.right, h.x
    last = h.plans.shape[0] - 1
    for depth in range(last):
        plan = _plan(h.plans, depth)
        if depth == 0 and bare:
            x[plan.vector : plan.half] = 0.0
        else:
            relax(plan, matrix, right, h.column, 0.0, x, 0, True)
        relax(plan, matrix, right, h.column, 0.0, x, 1, depth == 0 and bare)
        border_right -= dot(h.row, x, plan.vector, plan.end)
        lateral(plan, matrix, x, 0, h.before)
        restrict(plan, _plan(h.plans, depth + 1), parents, h.before, right)
    plan = _plan(h.plans, last)
    relax(plan, matrix, right, h.column, 0.0, x, 0, True)
    border = (border_right - dot(h.row, x, plan.vector, plan.end)) / schur
    add(-border, h.response, x, plan.vector, plan.end)
    for depth in range(last - 1, -1, -1):
        plan = _plan(h.plans, depth)
        prolong(plan, _plan(h.plans, depth + 1), parents, x)
        relax(plan, matrix, right, h.column, border, x, 1, False)
        if depth == 0:
            h.before[: plan.half] = x[: plan.half]
        relax(plan, matrix, right, h.column, border, x, 0, False)
    return border


@njit(cache=True)
def gmres(h, schur, corner, tolerance, basis, directions, solution):
    """Solve the bordered system by GMRES, a cycle preconditioning from the right.

    ``solution`` is the right-hand side, the bordering unknown's at its end, and becomes the solution. The residual of
    the lines that are relaxed last is zero, so the rest is all that is iterated on. Returns the number of iterations and
    what is left of the residual.
    """
    plan = _plan(h.plans, 0)
    half, end, maximum = plan.half, plan.end, directions.shape[0]
    matrix, right, x, row, before = h.matrix, h.right, h.x, h.row, h.before
    norm = np.sqrt(dot(solution, solution, 0, end))
    if norm == 0.0:
        return 0, 0.0
    right[:half] = solution[:half]
    x[half:end] = 0.0
    relax(plan, matrix, right, h.column, 0.0, x, 0, True)
    lateral(plan, matrix, x, 1, before)
    start = basis[0]
    size = end - half
    start[:] = solution[half:]
    add(-1.0, before[half:end], start, 0, size)
    start[size - plan.margin :] = 0.0
    start[size - 1] = solution[end - 1] - dot(row, x, 0, half)
    solution[:half] = x[:half]
    solution[half:] = 0.0
    length = np.sqrt(dot(start, start, 0, size))
    if length <= 1e-3 * tolerance * norm:
        return 0, length / norm
    start /= length
    hessenberg = np.zeros((maximum + 1, maximum))
    small, cosine, sine = np.zeros(maximum + 1), np.zeros(maximum), np.zeros(maximum)
    small[0] = length
    right[:half] = 0.0
    count = 0
    while count < maximum:
        vector, w, n = basis[count], basis[count + 1], count
        right[half:end] = vector
        border = cycle(h, schur, vector[size - 1], True)
        x[end - 1] = border
        directions[n] = x[:end]
        add(-1.0, x, before, 0, half)
        lateral(plan, matrix, before, 1, before)
        w[:] = vector
        add(-1.0, before[half:end], w, 0, size)
        x[end - 1] = 0.0
        w[size - 1] = dot(row, x, 0, end) + corner * border
        for m in range(n + 1):
            hessenberg[m, n] = dot(basis[m], w, 0, size)
            add(-hessenberg[m, n], basis[m], w, 0, size)
        hessenberg[n + 1, n] = np.sqrt(dot(w, w, 0, size))
        for m in range(n):
            upper, lower = hessenberg[m, n], hessenberg[m + 1, n]
            hessenberg[m, n] = cosine[m] * upper + sine[m] * lower
            hessenberg[m + 1, n] = cosine[m] * lower - sine[m] * upper
        upper, lower = hessenberg[n, n], hessenberg[n + 1, n]
        pivot = np.hypot(upper, lower)
        cosine[n], sine[n] = upper / pivot, lower / pivot
        hessenberg[n, n] = pivot
        small[n + 1] = -sine[n] * small[n]
        small[n] *= cosine[n]
        count += 1
        if not abs(small[count]) > tolerance * norm:
            break
        w /= lower
    for n in range(count - 1, -1, -1):
        for m in range(n + 1, count):
            small[n] -= hessenberg[n, m] * small[m]
        small[n] /= hessenberg[n, n]
        add(small[n], directions[n], solution, 0, end)
    return count, abs(small[count]) / norm


class Multigrid:
    """A bordered matrix on boxes and its solution.

    Fill ``finest`` (blocks, ``column``, ``row``) and ``corner``, call :meth:`prepare`, then :meth:`solve`.

    Parameters
    ----------
    absent : (nx, ny, nz, 3) array of bool
        Where there is no unknown: its row is that of the unit matrix, and its right-hand side zero.
    maximum : int
        Iterations at most.
    """

    def __init__(self, absent, maximum=60):
        self.levels = [make_level(absent, np.zeros(absent.shape))]
        while max(absent.shape[:2]) > 1:
            nx, ny = absent.shape[:2]
            shape = ((nx + 1) // 2, (ny + 1) // 2, *absent.shape[2:])
            coarse, units = np.ones(shape, bool), np.zeros(shape)
            for i in range(2):
                for j in range(2):
                    part = absent[i::2, j::2]
                    coarse[: part.shape[0], : part.shape[1]] &= part
                    units[: part.shape[0], : part.shape[1]] += part
            absent = coarse
            self.levels.append(make_level(absent, units - absent))
        self.finest = self.levels[0]
        self.corner = 0.0
        self.iterations = 0
        plans, parents = make_plans([level.diagonal.shape[:3] for level in self.levels])
        self._plans = [Plan(*(int(n) for n in plan)) for plan in plans]
        finest, last = self._plans[0], self._plans[-1]
        vectors = [np.zeros(last.end) for _ in range(6)]
        matrix = np.zeros(last.matrix + 2 * last.blocks * last.layers * COEFFICIENTS * WIDTH)
        self._hierarchy = Hierarchy(plans, parents, matrix, *vectors)
        self._basis = np.empty((maximum + 1, finest.end - finest.half))
        self._directions = np.empty((maximum, finest.end))
        self._solution = np.zeros(finest.end)

    def prepare(self):
        """Build the coarser matrices and factorise the lines of all of them.

        Raises
        ------
        SolverError
            The matrix is singular.
        """
        for fine, coarse in zip(self.levels[:-1], self.levels[1:], strict=True):
            coarsen(fine, coarse)
        h = self._hierarchy
        for level, plan in zip(self.levels, self._plans, strict=True):
            pack(level, plan, h.matrix)
            pack_vector(level.column, plan, h.column)
            pack_vector(level.row, plan, h.row)
            factorise(plan, h.matrix)
        relax(plan, h.matrix, h.column, h.column, 0.0, h.response, 0, True)
        self._schur = self.corner - dot(h.row, h.response, plan.vector, plan.end)
        if self._schur == 0.0 or not np.isfinite(self._schur):
            raise SolverError("the linear system of the whole cell is singular")

    def solve(self, right, border_right, tolerance):
        """Solve to a relative residual by GMRES, a cycle preconditioning from the right.

        Returns
        -------
        x : (nx, ny, nz, 3) array
        border : float

        Raises
        ------
        SolverError
            Not converged after as many iterations as there may be.
        """
        plan, solution = self._plans[0], self._solution
        pack_vector(right, plan, solution)
        solution[-1] = border_right
        self.iterations, left = gmres(
            self._hierarchy, self._schur, self.corner, tolerance, self._basis, self._directions, solution
        )
        if not left <= tolerance:
            raise SolverError(f"the linear solver is at {left:.1e} of its residual after {self.iterations} iterations")
        x = np.empty_like(right)
        unpack_vector(solution, plan, x)
        return x, float(solution[-1])

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
