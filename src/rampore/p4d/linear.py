r"""Linear systems of a conservation law on boxes: three unknowns a cell, seven-point couplings, and
one or two bordering unknowns.

Unknowns 0 and 1 of a cell act on those of its neighbours, unknown 2 on its own kind; within a cell
all three mix. A bordering unknown couples to any cell of its layers by a column and a row; where
there are two, each layer has one of them. What flows out of a cell flows into its neighbour.

Lines along z are solved exactly (blocks of 3 x 3, no pivoting between blocks), in two colours;
columns are then aggregated 2 x 2 until one is left, which is solved exactly together with the
bordering unknowns. One such cycle preconditions GMRES; where there is one column, it is the
solution.

The kernels work on ``WIDTH`` columns at once. Column (i, j) has the number n = i P + j, where P is
ny, or ny + 1 where that is even. P is odd, so the colour of a column is n modulo 2, its place among
its colour m = n // 2, and each of its four neighbours, all of the other colour, lies a fixed number
of places away. A vector is stored as [colour, k, unknown, m], the matrix as [colour, block of
columns, k, coefficient, column]; the numbers of all levels follow one another.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from rampore.kernels import njit
from rampore.p4d.errors import SolverError
from rampore.p4d.lanes import WIDTH, load, splat, store

# Coefficients of a cell: the 3 x 3 block of its own unknowns, then the couplings cc, ce, ec, ee, ss
# to its neighbours below and above along x, y and z. Packed, the inverse P of the pivot of its line
# replaces the first, and P times its coupling to the cell above it along z the last, which is full.
BELOW = BELOW_X = 9
BELOW_Y, BELOW_Z, ABOVE_X, ABOVE_Y, ABOVE_Z, COEFFICIENTS = range(14, 44, 5)
ABOVE, PACKED = ABOVE_X, 43


class Level(NamedTuple):
    """A matrix; of all levels the numbers lie one after the other, the finest first."""

    matrix: np.ndarray  #: (nx, ny, nz, 39), in the order of the coefficients
    column: np.ndarray  #: of the bordering unknown of each layer (nx, ny, nz, 3)
    row: np.ndarray
    #: columns of the finer level without such an unknown, less 1 if this has none (nx, ny, nz, 3)
    units: np.ndarray

    @property
    def diagonal(self) -> np.ndarray:
        """Blocks of the cells' own unknowns (nx, ny, nz, 3, 3)."""
        return self.matrix[..., :9].reshape(*self.matrix.shape[:3], 3, 3)

    @property
    def below(self) -> np.ndarray:
        """Couplings cc, ce, ec, ee, ss to the lower neighbours in x, y and z (nx, ny, nz, 3, 5)."""
        return self.matrix[..., BELOW:ABOVE].reshape(*self.matrix.shape[:3], 3, 5)

    @property
    def above(self) -> np.ndarray:
        """Couplings to the neighbours above (nx, ny, nz, 3, 5)."""
        return self.matrix[..., ABOVE:].reshape(*self.matrix.shape[:3], 3, 5)


@njit(cache=True, inline="always")
def _join(to, k, what, first, factor):
    """Add a coupling to the block of a cell's own unknowns."""
    to[k, 0] += factor * what[k, first]
    to[k, 1] += factor * what[k, first + 1]
    to[k, 3] += factor * what[k, first + 2]
    to[k, 4] += factor * what[k, first + 3]
    to[k, 8] += factor * what[k, first + 4]


@njit(cache=True)
def coarsen(matrix: np.ndarray, total: np.ndarray, units: np.ndarray) -> None:
    """Fill the matrix ``total`` of the aggregates, whose ``units`` are those of its :class:`Level`.

    It is the sum over their columns, except that the distance between neighbouring aggregates is
    twice that between columns: the fluxes between them are halved, on both sides of the face, so
    that what leaves one enters the other.
    """
    total[:] = 0.0
    nx, ny, nz = matrix.shape[:3]
    shares = np.ones(COEFFICIENTS)
    for i in range(nx):
        # to the other column of its aggregate, and to the next aggregate
        inner_x, outer_x = (BELOW_X, ABOVE_X) if i % 2 else (ABOVE_X, BELOW_X)
        beside_x = i + (1 if i % 2 else -1)
        shares[inner_x : inner_x + 5], shares[outer_x : outer_x + 5] = 0.0, 0.5
        for j in range(ny):
            inner_y, outer_y = (BELOW_Y, ABOVE_Y) if j % 2 else (ABOVE_Y, BELOW_Y)
            beside_y = j + (1 if j % 2 else -1)
            shares[inner_y : inner_y + 5], shares[outer_y : outer_y + 5] = 0.0, 0.5
            to, own = total[i // 2, j // 2], matrix[i, j]
            in_x, in_y = 0 <= beside_x < nx, 0 <= beside_y < ny
            next_x, next_y = matrix[beside_x if in_x else i, j], matrix[i, beside_y if in_y else j]
            factor_x, factor_y = 0.5 if in_x else 0.0, 0.5 if in_y else 0.0
            for k in range(nz):
                for c in range(COEFFICIENTS):
                    to[k, c] += shares[c] * own[k, c]
                _join(to, k, own, inner_x, 1.0)
                _join(to, k, own, inner_y, 1.0)
                _join(to, k, next_x, inner_x, factor_x)
                _join(to, k, next_y, inner_y, factor_y)
    for i in range(total.shape[0]):
        for j in range(total.shape[1]):
            for k in range(nz):
                for r in range(3):
                    total[i, j, k, 4 * r] -= units[i, j, k, r]


@njit(cache=True)
def aggregate(fine: np.ndarray, coarse: np.ndarray) -> None:
    """Sum a field over the columns of each aggregate."""
    coarse[:] = 0.0
    for i in range(fine.shape[0]):
        for j in range(fine.shape[1]):
            to, own = coarse[i // 2, j // 2].ravel(), fine[i, j].ravel()
            for n in range(own.size):
                to[n] += own[n]


class LevelLayout(NamedTuple):
    """Where the numbers of a level lie."""

    pitch: int  #: numbers from one row of columns to the next, odd
    blocks: int  #: of columns of one colour
    layers: int
    width: int  #: places for the columns of one colour
    #: zeros before and after the vector; the last ones are the bordering unknowns'
    margin: int
    vector: int  #: where the vector begins,
    half: int  #: where colour 1 does,
    end: int  #: and where it ends
    matrix: int  #: where the matrix begins
    parents: int  #: where the list of the aggregates of the columns of colour 0 begins
    count: int  #: how long it is
    nx: int  #: columns along x
    ny: int
    cells: int  #: where its cells begin among those of all levels


def make_plans(shapes: Sequence[tuple[int, ...]]) -> tuple[np.ndarray, np.ndarray]:
    """One plan for each level, finest first, and the lists of aggregates: their places in the
    coarser level.
    """
    plans, parents, vector, matrix, listed, cells = [], [], 0, 0, 0, 0
    for (nx, ny, nz), coarser in zip(shapes, [*shapes[1:], None], strict=True):
        pitch = ny if ny % 2 else ny + 1
        blocks = -(-nx * pitch // (2 * WIDTH))
        width, margin = blocks * WIDTH, -(-((pitch + 1) // 2 + 1) // WIDTH) * WIDTH
        half = vector + margin + nz * 3 * width
        end = half + nz * 3 * width + margin
        number = np.arange(0, nx * pitch, 2)
        plans.append(
            LevelLayout(
                pitch, blocks, nz, width, margin, vector, half, end, matrix, listed, number.size,
                nx, ny, cells,
            )
        )  # fmt: skip
        if coarser is not None:
            coarse_pitch = coarser[1] if coarser[1] % 2 else coarser[1] + 1
            coarse_width = -(-coarser[0] * coarse_pitch // (2 * WIDTH)) * WIDTH
            i, j = number // pitch // 2, np.minimum(number % pitch, ny - 1) // 2
            place, colour = np.divmod(i * coarse_pitch + j, 2)
            parents.append(colour * nz * 3 * coarse_width + place)
            listed += number.size
        vector = end
        matrix += 2 * blocks * nz * PACKED * WIDTH
        cells += nx * ny * nz
    return np.array(plans), np.concatenate([*parents, np.zeros(0, np.int64)]).astype(np.uint32)


@njit(cache=True, inline="always")
def _plan(plans, depth):
    p = plans[depth]
    return LevelLayout(
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12], p[13]
    )


@njit(cache=True)
def _part(plan, numbers):
    """The numbers of a level's cells among those of all levels, by the cells' places."""
    count = plan.nx * plan.ny * plan.layers
    own = numbers[plan.cells : plan.cells + count]
    return own.reshape((plan.nx, plan.ny, plan.layers, numbers.shape[1]))


@njit(cache=True, inline="always")
def _place(plan, colour, k):
    """Where unknown 0 of layer k of the first column of a colour lies."""
    return plan.vector + plan.margin + (colour * plan.layers + k) * 3 * plan.width


@njit(cache=True, inline="always")
def _shifts(plan, colour):
    """Places from a column to its neighbours below along x and y, above along x and y."""
    half = plan.pitch // 2
    return -half - 1 + colour, -1 + colour, half + colour, colour


@njit(cache=True)
def pack(matrix: np.ndarray, plan: LevelLayout, packed: np.ndarray) -> None:
    """Bring a matrix into the order of the plan; pivots and what is above them are still bare."""
    nx, ny, nz = matrix.shape[:3]
    flat = matrix.ravel()
    size = nz * COEFFICIENTS
    starts = np.empty(WIDTH, np.int64)
    for line in range(2 * plan.blocks):
        colour, block = divmod(line, plan.blocks)
        for lane in range(WIDTH):
            i, j = divmod(2 * (block * WIDTH + lane) + colour, plan.pitch)
            starts[lane] = (i * ny + j) * size if i < nx and j < ny else -1
        first = plan.matrix + line * nz * PACKED * WIDTH
        for k in range(nz):
            to = packed[first + k * PACKED * WIDTH :]
            for lane in range(WIDTH):
                if starts[lane] >= 0:
                    own = flat[starts[lane] + k * COEFFICIENTS :]
                    for c in range(COEFFICIENTS):
                        to[c * WIDTH + lane] = own[c]
                else:
                    for r in range(3):
                        to[4 * r * WIDTH + lane] = 1.0


@njit(cache=True)
def pack_vector(field: np.ndarray, plan: LevelLayout, vector: np.ndarray) -> None:
    """Bring a field (nx, ny, nz, 3) into the order of the plan."""
    nx, ny = field.shape[:2]
    for i in range(nx):
        for j in range(ny):
            m, colour = divmod(i * plan.pitch + j, 2)
            one, to = field[i, j].ravel(), vector[_place(plan, colour, 0) + m :]
            for n in range(one.size):
                to[n * plan.width] = one[n]


@njit(cache=True)
def unpack_vector(vector: np.ndarray, plan: LevelLayout, field: np.ndarray) -> None:
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
        load(matrix, at + 3 * WIDTH) * x0
        + load(matrix, at + 4 * WIDTH) * x1
        + load(matrix, at + 5 * WIDTH) * x2,
        load(matrix, at + 6 * WIDTH) * x0
        + load(matrix, at + 7 * WIDTH) * x1
        + load(matrix, at + 8 * WIDTH) * x2,
    )


@njit(cache=True)
def factorise(plan: LevelLayout, matrix: np.ndarray) -> None:
    """Invert the pivots of every line along z.

    A line is a block tridiagonal matrix of diagonals D, couplings L to the cell below and U to that
    above. Its pivots are D_k - L_k P_(k-1) U_(k-1), with P their inverses; kept are P and P U.
    """
    step = PACKED * WIDTH
    for line in range(2 * plan.blocks):
        for k in range(plan.layers):
            at = plan.matrix + (line * plan.layers + k) * step
            p = at
            p00, p01, p02 = load(matrix, p), load(matrix, p + WIDTH), load(matrix, p + 2 * WIDTH)
            p10, p11, p12 = (
                load(matrix, p + 3 * WIDTH),
                load(matrix, p + 4 * WIDTH),
                load(matrix, p + 5 * WIDTH),
            )
            p20, p21, p22 = (
                load(matrix, p + 6 * WIDTH),
                load(matrix, p + 7 * WIDTH),
                load(matrix, p + 8 * WIDTH),
            )
            # Less L times the three columns of P U of the cell below
            if k > 0:
                below, w = at + BELOW_Z * WIDTH, at - step + ABOVE_Z * WIDTH
                v0, v1, v2 = _times(
                    matrix,
                    below,
                    load(matrix, w),
                    load(matrix, w + 3 * WIDTH),
                    load(matrix, w + 6 * WIDTH),
                )
                p00, p10, p20 = p00 - v0, p10 - v1, p20 - v2
                v0, v1, v2 = _times(
                    matrix,
                    below,
                    load(matrix, w + WIDTH),
                    load(matrix, w + 4 * WIDTH),
                    load(matrix, w + 7 * WIDTH),
                )
                p01, p11, p21 = p01 - v0, p11 - v1, p21 - v2
                v0, v1, v2 = _times(
                    matrix,
                    below,
                    load(matrix, w + 2 * WIDTH),
                    load(matrix, w + 5 * WIDTH),
                    load(matrix, w + 8 * WIDTH),
                )
                p02, p12, p22 = p02 - v0, p12 - v1, p22 - v2
            # The inverse of 3 x 3 by its cofactors
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
            # P times U, whose five numbers become nine, one column after the other
            w = at + ABOVE_Z * WIDTH
            u0, u1, u2, u3 = (
                load(matrix, w), load(matrix, w + WIDTH),
                load(matrix, w + 2 * WIDTH), load(matrix, w + 3 * WIDTH),
            )  # fmt: skip
            u4, none = load(matrix, w + 4 * WIDTH), splat(0.0)
            for c, (a, b, d) in enumerate(((u0, u2, none), (u1, u3, none), (none, none, u4))):
                v0, v1, v2 = _dense(matrix, p, a, b, d)
                store(matrix, w + c * WIDTH, v0)
                store(matrix, w + (3 + c) * WIDTH, v1)
                store(matrix, w + (6 + c) * WIDTH, v2)


@njit(cache=True, inline="always")
def _lateral(matrix, at, x, n, shifts, width):
    """What the lateral neighbours of the columns at n contribute; ``n`` counts among the other
    colour.
    """
    v0, v1, v2 = splat(0.0), splat(0.0), splat(0.0)
    for face in range(4):
        spot, coupling = n + shifts[face], at + (BELOW_X + 5 * face + 5 * (face // 2)) * WIDTH
        w0, w1, w2 = _times(
            matrix, coupling, load(x, spot), load(x, spot + width), load(x, spot + 2 * width)
        )
        v0, v1, v2 = v0 + w0, v1 + w1, v2 + w2
    return v0, v1, v2


@njit(cache=True)
def relax(
    plan: LevelLayout,
    matrix: np.ndarray,
    right: np.ndarray,
    column: np.ndarray,
    border: np.ndarray,
    x: np.ndarray,
    colour: int,
    alone: bool,
) -> None:
    """Solve every line along z of a colour, its neighbours fixed, or zero if it is ``alone``;
    ``border`` (layers,) is the bordering unknown of each layer.
    """
    width, layers, step = plan.width, plan.layers, PACKED * WIDTH
    shifts = _shifts(plan, colour)
    for block in range(plan.blocks):
        first = plan.matrix + (colour * plan.blocks + block) * layers * step
        # Upwards: x_k = P_k (right_k - column_k border - neighbours - L_k x_(k-1))
        x0, x1, x2 = splat(0.0), splat(0.0), splat(0.0)
        for k in range(layers):
            at, n = first + k * step, _place(plan, colour, k) + block * WIDTH
            outer = splat(border[k])
            v0 = load(right, n) - outer * load(column, n)
            v1 = load(right, n + width) - outer * load(column, n + width)
            v2 = load(right, n + 2 * width) - outer * load(column, n + 2 * width)
            if not alone:
                w0, w1, w2 = _lateral(
                    matrix, at, x, _place(plan, 1 - colour, k) + block * WIDTH, shifts, width
                )
                v0, v1, v2 = v0 - w0, v1 - w1, v2 - w2
            w0, w1, w2 = _times(matrix, at + BELOW_Z * WIDTH, x0, x1, x2)
            x0, x1, x2 = _dense(matrix, at, v0 - w0, v1 - w1, v2 - w2)
            store(x, n, x0)
            store(x, n + width, x1)
            store(x, n + 2 * width, x2)
        # Back down: x_k less (P U)_k x_(k+1)
        for k in range(layers - 2, -1, -1):
            at, n = first + k * step, _place(plan, colour, k) + block * WIDTH
            w0, w1, w2 = _dense(matrix, at + ABOVE_Z * WIDTH, x0, x1, x2)
            x0, x1, x2 = load(x, n) - w0, load(x, n + width) - w1, load(x, n + 2 * width) - w2
            store(x, n, x0)
            store(x, n + width, x1)
            store(x, n + 2 * width, x2)


@njit(cache=True)
def lateral(
    plan: LevelLayout, matrix: np.ndarray, x: np.ndarray, colour: int, out: np.ndarray
) -> None:
    """What the other colour contributes to the rows of one."""
    width, shifts = plan.width, _shifts(plan, colour)
    for block in range(plan.blocks):
        for k in range(plan.layers):
            at = plan.matrix + ((colour * plan.blocks + block) * plan.layers + k) * PACKED * WIDTH
            n = block * WIDTH
            v0, v1, v2 = _lateral(matrix, at, x, _place(plan, 1 - colour, k) + n, shifts, width)
            n += _place(plan, colour, k)
            store(out, n, v0)
            store(out, n + width, v1)
            store(out, n + 2 * width, v2)


@njit(cache=True)
def restrict(
    fine: LevelLayout,
    coarse: LevelLayout,
    parents: np.ndarray,
    residual: np.ndarray,
    right: np.ndarray,
) -> None:
    """Subtract the numbers of colour 0 from those of their aggregates, which are zero before."""
    right[coarse.vector : coarse.end] = 0.0
    places = parents[fine.parents : fine.parents + fine.count]
    for row in range(3 * fine.layers):
        what = residual[_place(fine, 0, 0) + row * fine.width :]
        to = right[_place(coarse, 0, 0) + row * coarse.width :]
        for m in range(places.size):
            to[places[m]] -= what[m]


@njit(cache=True)
def prolong(fine: LevelLayout, coarse: LevelLayout, parents: np.ndarray, x: np.ndarray) -> None:
    """Add the numbers of the aggregates to their columns of colour 0."""
    places = parents[fine.parents : fine.parents + fine.count]
    for row in range(3 * fine.layers):
        to = x[_place(fine, 0, 0) + row * fine.width :]
        what = x[_place(coarse, 0, 0) + row * coarse.width :]
        for m in range(places.size):
            to[m] += what[places[m]]


@njit(cache=True)
def copy(what: np.ndarray, to: np.ndarray) -> None:
    """to = what, of one length; an assignment to a slice compiles the text of its error too."""
    for k in range(to.size):
        to[k] = what[k]


@njit(cache=True, fastmath={"reassoc", "contract"})
def dot(x: np.ndarray, y: np.ndarray, start: int, end: int) -> float:
    """Scalar product of two vectors between two places."""
    one, other, total = x[start:end], y[start:end], 0.0
    for k in range(one.size):
        total += one[k] * other[k]
    return total


@njit(cache=True, fastmath={"contract"})
def add(factor: float, x: np.ndarray, y: np.ndarray, start: int, end: int) -> None:
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
    rows: np.ndarray  #: of each bordering unknown (borders, ...)
    responses: np.ndarray  #: of the coarsest level to the columns of each (borders, ...)
    right: np.ndarray
    x: np.ndarray
    before: np.ndarray  #: colour 0 of the finest level before its last relaxation
    bordering: np.ndarray  #: number of the bordering unknown of each layer (layers,)
    none: np.ndarray  #: zeros, in place of that unknown (layers,)
    outer: np.ndarray  #: that unknown (layers,)


@njit(cache=True)
def divide(schur: np.ndarray, border: np.ndarray) -> None:
    """Make a right-hand side of the one or two bordering unknowns their solution."""
    if border.size == 1:
        border[0] /= schur[0, 0]
        return
    one, other = border[0], border[1]
    determinant = schur[0, 0] * schur[1, 1] - schur[0, 1] * schur[1, 0]
    border[0] = (one * schur[1, 1] - other * schur[0, 1]) / determinant
    border[1] = (other * schur[0, 0] - one * schur[1, 0]) / determinant


@njit(cache=True)
def solve_coarsest(h: Hierarchy, schur: np.ndarray, border: np.ndarray) -> None:
    """Solve the one line of the coarsest level together with the bordering unknowns, whose
    right-hand sides ``border`` become their solutions.
    """
    plan, x = _plan(h.plans, h.plans.shape[0] - 1), h.x
    relax(plan, h.matrix, h.right, h.column, h.none, x, np.int64(0), np.bool_(True))
    for b in range(border.size):
        border[b] -= dot(h.rows[b], x, plan.vector, plan.end)
    divide(schur, border)
    for b in range(border.size):
        add(-border[b], h.responses[b], x, plan.vector, plan.end)


@njit(cache=True)
def cycle(h: Hierarchy, schur: np.ndarray, border: np.ndarray, bare: bool) -> None:
    """One cycle on ``h.right`` into ``h.x``; ``border`` is the right-hand side of the bordering
    unknowns and becomes their solution.

    ``bare`` says that the right-hand side of colour 0 of the finest level is zero; its first
    relaxation is left out.
    """
    # typed: for a literal each kernel would be compiled anew
    even, odd, alone = np.int64(0), np.int64(1), np.bool_(True)
    parents, matrix, right, x = h.parents, h.matrix, h.right, h.x
    last = h.plans.shape[0] - 1
    # Down: after colour 0 and colour 1, the residual of colour 1 is zero and that of colour 0 is
    # what colour 1 contributes to it: that goes to the aggregates. What the row of the border takes
    # of each level's x leaves the border's right-hand side
    for depth in range(last):
        plan = _plan(h.plans, depth)
        if depth == 0 and bare:
            x[plan.vector : plan.half] = 0.0
        else:
            relax(plan, matrix, right, h.column, h.none, x, even, alone)
        relax(plan, matrix, right, h.column, h.none, x, odd, depth == 0 and bare)
        for b in range(border.size):
            border[b] -= dot(h.rows[b], x, plan.vector, plan.end)
        lateral(plan, matrix, x, even, h.before)
        restrict(plan, _plan(h.plans, depth + 1), parents, h.before, right)
    # The coarsest level is one line, solved exactly with the border by its Schur complement
    solve_coarsest(h, schur, border)
    for k in range(h.outer.size):
        h.outer[k] = border[h.bordering[k]]
    # Up, the border known: the same colours in the opposite order
    for depth in range(last - 1, -1, -1):
        plan = _plan(h.plans, depth)
        prolong(plan, _plan(h.plans, depth + 1), parents, x)
        relax(plan, matrix, right, h.column, h.outer, x, odd, not alone)
        if depth == 0:
            copy(x[: plan.half], h.before[: plan.half])
        relax(plan, matrix, right, h.column, h.outer, x, even, not alone)


class StoredLevels(NamedTuple):
    """The cells of all levels, the finest first, as :class:`Level` has them."""

    matrix: np.ndarray  #: (cells, 39)
    column: np.ndarray  #: (cells, 3)
    row: np.ndarray  #: (cells, 3)
    units: np.ndarray  #: (cells, 3)


@njit(cache=True)
def pick(
    what: np.ndarray, plan: LevelLayout, bordering: np.ndarray, b: int, to: np.ndarray
) -> None:
    """to = what, in the layers of one bordering unknown; zero in the others."""
    to[plan.vector : plan.end] = 0.0
    for colour in range(2):
        for k in range(plan.layers):
            if bordering[k] == b:
                first = _place(plan, colour, k)
                copy(what[first : first + 3 * plan.width], to[first : first + 3 * plan.width])


@njit(cache=True)
def prepare(stored: StoredLevels, h: Hierarchy) -> np.ndarray:
    """Build the coarser matrices and borders from the finest and factorise the lines of all.

    Returns what the border's Schur complement takes from its corner (borders, borders).
    """
    matrix, units = stored.matrix, stored.units
    for depth in range(h.plans.shape[0]):
        plan, finer = _plan(h.plans, depth), _plan(h.plans, max(depth - 1, 0))
        if depth > 0:
            coarsen(_part(finer, matrix), _part(plan, matrix), _part(plan, units))
        pack(_part(plan, matrix), plan, h.matrix)
        factorise(plan, h.matrix)
        h.right[plan.vector : plan.end] = 0.0
        for given, packed in ((stored.row, h.right), (stored.column, h.column)):
            if depth > 0:
                aggregate(_part(finer, given), _part(plan, given))
            pack_vector(_part(plan, given), plan, packed)
        for b in range(h.rows.shape[0]):
            pick(h.right, plan, h.bordering, b, h.rows[b])
    plan = _plan(h.plans, h.plans.shape[0] - 1)
    borders = h.rows.shape[0]
    taken = np.empty((borders, borders))
    for b in range(borders):
        pick(h.column, plan, h.bordering, b, h.right)
        response = h.responses[b]
        relax(plan, h.matrix, h.right, h.column, h.none, response, np.int64(0), np.bool_(True))
        for r in range(borders):
            taken[r, b] = dot(h.rows[r], response, plan.vector, plan.end)
    return taken


@njit(cache=True)
def balance(h: Hierarchy, schur: np.ndarray, residual: np.ndarray, solution: np.ndarray) -> None:
    """Correct a solution by what is constant in each plane, so that its residual sums to zero
    there.

    The residual is that of colour 1, the other has none. The coarsest matrix is just the sum over
    planes, for what flows between columns cancels.
    """
    plan, last = _plan(h.plans, 0), _plan(h.plans, h.plans.shape[0] - 1)
    right, x = h.right, h.x
    right[last.vector : last.end] = 0.0
    first = _place(last, 0, 0)
    for row in range(3 * plan.layers):
        own = residual[plan.half + row * plan.width : plan.half + (row + 1) * plan.width]
        total = 0.0
        for m in range(own.size):
            total += own[m]
        right[first + row * last.width] = total
    border = residual[plan.end - schur.shape[0] : plan.end].copy()
    solve_coarsest(h, schur, border)
    for row in range(6 * plan.layers):
        at = _place(plan, 0, 0) + row * plan.width
        constant = x[first + row % (3 * plan.layers) * last.width]
        for m in range(at, at + plan.width):
            solution[m] += constant
    add(1.0, border, solution[plan.end - border.size :], np.int64(0), border.size)


@njit(cache=True)
def eliminate(h: Hierarchy, solution: np.ndarray, start: np.ndarray) -> None:
    """Solve for colour 0 with all else at zero; what that leaves is the system that is iterated on.

    ``solution`` is the right-hand side and becomes the solution so far; ``start`` becomes the
    residual of colour 1 and, in its last places, of the borders.
    """
    # typed: for a literal each kernel would be compiled anew
    even, odd, alone = np.int64(0), np.int64(1), np.bool_(True)
    plan, x, before = _plan(h.plans, 0), h.x, h.before
    half, end = plan.half, plan.end
    size = end - half
    copy(solution[:half], h.right[:half])
    x[half:end] = 0.0
    relax(plan, h.matrix, h.right, h.column, h.none, x, even, alone)
    lateral(plan, h.matrix, x, odd, before)
    copy(solution[half:], start)
    add(-1.0, before[half:end], start, even, size)
    start[size - plan.margin :] = 0.0
    borders = h.rows.shape[0]
    for b in range(borders):
        start[size - borders + b] = solution[end - borders + b] - dot(h.rows[b], x, even, half)
    copy(x[:half], solution[:half])
    solution[half:] = 0.0


@njit(cache=True)
def rotate(
    hessenberg: np.ndarray, n: int, cosine: np.ndarray, sine: np.ndarray, small: np.ndarray
) -> float:
    """Make column ``n`` of a Hessenberg matrix one of a triangle by Givens rotations: those of the
    columns before, and a new one, which turns the right-hand side ``small`` too.

    Returns what stood below the diagonal. Of the right-hand side, the place after n is now what is
    left of the residual.
    """
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
    return lower


@njit(cache=True)
def gmres(
    h: Hierarchy,
    schur: np.ndarray,
    corner: np.ndarray,
    tolerance: float,
    basis: np.ndarray,
    directions: np.ndarray,
    solution: np.ndarray,
) -> tuple[int, float]:
    """Solve the bordered system by GMRES, a cycle preconditioning from the right.

    ``solution`` is the right-hand side, the bordering unknowns' at its end, and becomes the
    solution. The residual of the lines that are relaxed last is zero, so the rest is all that is
    iterated on. Returns the number of iterations and what is left of the residual.
    """
    # typed: for a literal each kernel would be compiled anew
    even, odd, alone = np.int64(0), np.int64(1), np.bool_(True)
    plan = _plan(h.plans, 0)
    half, end, maximum = plan.half, plan.end, directions.shape[0]
    right, x, before = h.right, h.x, h.before
    border = np.empty(corner.size)
    norm = np.sqrt(dot(solution, solution, even, end))
    if norm == 0.0:
        return 0, 0.0
    if h.plans.shape[0] == 1:  # one column: the cycle is the inverse
        copy(solution, right[:end])
        copy(solution[end - border.size : end], border)
        cycle(h, schur, border, not alone)
        copy(x[:end], solution)
        copy(border, solution[end - border.size : end])
        return 1, 0.0
    start, size = basis[0], end - half
    eliminate(h, solution, start)
    length = np.sqrt(dot(start, start, even, size))
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
        # The direction that a cycle makes of the last vector, and what the matrix makes of that: in
        # the rows of colour 1 the vector, which they met before colour 0 was relaxed a last time,
        # and what that change of colour 0 contributes
        copy(vector, right[half:end])
        copy(vector[size - border.size : size], border)
        cycle(h, schur, border, alone)
        copy(border, x[end - border.size : end])
        copy(x[:end], directions[n])
        add(-1.0, x, before, even, half)
        lateral(plan, h.matrix, before, odd, before)
        copy(vector, w)
        add(-1.0, before[half:end], w, even, size)
        x[end - border.size : end] = 0.0
        for b in range(border.size):
            w[size - border.size + b] = dot(h.rows[b], x, even, end) + corner[b] * border[b]
        # Arnoldi, by the modified process of Gram and Schmidt
        for m in range(n + 1):
            hessenberg[m, n] = dot(basis[m], w, even, size)
            add(-hessenberg[m, n], basis[m], w, even, size)
        hessenberg[n + 1, n] = np.sqrt(dot(w, w, even, size))
        lower = rotate(hessenberg, n, cosine, sine, small)
        count += 1
        if lower > 0.0:
            w /= lower
        if not abs(small[count]) > tolerance * norm:
            break
    # The residual is small[count] times the last vector, turned back through all the rotations
    left = small[count]
    before[half:end] = 0.0
    for n in range(count, 0, -1):
        add(left * cosine[n - 1], basis[n], before[half:end], even, size)
        left *= -sine[n - 1]
    add(left, basis[0], before[half:end], even, size)
    # The directions' coefficients, from the triangle
    for n in range(count - 1, -1, -1):
        for m in range(n + 1, count):
            small[n] -= hessenberg[n, m] * small[m]
        small[n] /= hessenberg[n, n]
        add(small[n], directions[n], solution, even, end)
    balance(h, schur, before, solution)
    return count, abs(small[count]) / norm


class CellMultigrid:
    """A bordered matrix on boxes and its solution.

    Fill ``finest`` (``matrix``, ``column``, ``row``) and ``corner``, call :meth:`prepare`, then
    :meth:`solve`.

    Parameters
    ----------
    absent : (nx, ny, nz, 3) array of bool
        Where there is no unknown: its row is that of the unit matrix, and its right-hand side zero.
    maximum : int
        Iterations at most.
    bordering : (nz,) array of int, optional
        Number of the bordering unknown that each layer couples to, 0 or 1; by default there is one.
    """

    def __init__(
        self, absent: np.ndarray, maximum: int = 60, bordering: np.ndarray | None = None
    ) -> None:
        self._absent = absent
        layers = absent.shape[2]
        bordering = np.zeros(layers, np.int64) if bordering is None else bordering
        borders = int(bordering.max()) + 1
        shapes, units = [absent.shape], [np.zeros(absent.shape)]
        while max(absent.shape[:2]) > 1:
            nx, ny = absent.shape[:2]
            shapes.append(((nx + 1) // 2, (ny + 1) // 2, *absent.shape[2:]))
            coarse, own = np.ones(shapes[-1], bool), np.zeros(shapes[-1])
            for i in range(2):
                for j in range(2):
                    part = absent[i::2, j::2]
                    coarse[: part.shape[0], : part.shape[1]] &= part
                    own[: part.shape[0], : part.shape[1]] += part
            absent = coarse
            units.append(own - absent)
        flat = np.concatenate([one.reshape(-1, 3) for one in units])
        self._stored = StoredLevels(
            np.zeros((len(flat), COEFFICIENTS)), *np.zeros((2, len(flat), 3)), flat
        )
        cells = self._absent[..., 0].size
        self.finest = Level(
            *(numbers[:cells].reshape(*shapes[0][:3], -1) for numbers in self._stored)
        )
        self.corner = np.zeros(borders)
        self.iterations = 0
        plans, parents = make_plans([shape[:3] for shape in shapes])
        self._plans = [LevelLayout(*(int(n) for n in plan)) for plan in plans]
        finest, last = self._plans[0], self._plans[-1]
        column, right, x, before = (np.zeros(last.end) for _ in range(4))
        rows, responses = (np.zeros((borders, last.end)) for _ in range(2))
        matrix = np.zeros(last.matrix + 2 * last.blocks * last.layers * PACKED * WIDTH)
        self._hierarchy = Hierarchy(
            plans, parents, matrix, column, rows, responses, right, x, before,
            np.asarray(bordering, np.int64), np.zeros(layers), np.zeros(layers),
        )  # fmt: skip
        self._basis = np.empty((maximum + 1, finest.end - finest.half))
        self._directions = np.empty((maximum, finest.end))
        self._solution = np.zeros(finest.end)

    def prepare(self) -> None:
        """Build the coarser matrices and factorise the lines of all of them.

        Raises
        ------
        SolverError
            The matrix is singular.
        """
        self._schur = np.diag(self.corner) - prepare(self._stored, self._hierarchy)
        determinant = np.linalg.det(self._schur)
        if determinant == 0.0 or not np.isfinite(determinant):
            raise SolverError("the linear system of the whole cell is singular")

    def solve(
        self, right: np.ndarray, border_right: np.ndarray, tolerance: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Solve to a relative residual by GMRES, a cycle preconditioning from the right.

        Parameters
        ----------
        right : (nx, ny, nz, 3) array
        border_right : (borders,) array
        tolerance : float
            [-]

        Returns
        -------
        x : (nx, ny, nz, 3) array
        border : (borders,) array

        Raises
        ------
        SolverError
            Not converged after as many iterations as there may be.
        """
        plan, solution = self._plans[0], self._solution
        solution[:] = 0.0
        pack_vector(right, plan, solution)
        borders = slice(-self.corner.size, None)
        solution[borders] = border_right
        self.iterations, left = gmres(
            self._hierarchy,
            self._schur,
            self.corner,
            tolerance,
            self._basis,
            self._directions,
            solution,
        )
        if not left <= tolerance:
            raise SolverError(
                f"the linear solver is at {left:.1e} of its residual after {self.iterations} "
                "iterations"
            )
        x = np.empty_like(right)
        unpack_vector(solution, plan, x)
        x[self._absent] = 0.0
        return x, solution[borders].copy()

    def sparse(self) -> sp.sparray:
        """The bordered matrix as a ``scipy.sparse`` array, for reference."""
        level = self.finest
        nx, ny, nz = level.row.shape[:3]
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
            (
                block[..., 0, 0],
                block[..., 0, 1],
                block[..., 1, 0],
                block[..., 1, 1],
                block[..., 2, 2],
            ) = np.moveaxis(coupling, -1, 0)
            return block

        add(number, number, level.diagonal)
        for axis in range(3):
            upper, lower = np.split(number, [1], axis)[1], np.split(number, [-1], axis)[0]
            add(lower, upper, dense(np.split(level.above[..., axis, :], [-1], axis)[0]))
            add(upper, lower, dense(np.split(level.below[..., axis, :], [1], axis)[1]))
        matrix = sp.coo_array(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
        )
        of_layer = np.eye(self.corner.size)[self._hierarchy.bordering]  # (nz, borders)
        columns, rows = (
            np.einsum("ijkr,kb->ijkrb", each, of_layer).reshape(-1, self.corner.size)
            for each in (level.column, level.row)
        )
        return sp.block_array([[matrix, columns], [rows.T, np.diag(self.corner)]], format="csc")
