r"""Multigrid for symmetric networks of conductances on a box of cells; it knows no physics.

The system is :math:`\sum_f K_f (x_i - x_{j(f)}) + g_i x_i = b_i`: every cell i is joined to its
neighbours j through its faces f by conductances :math:`K_f \ge 0`, and to the ground by :math:`g_i
\ge 0`. Cells without any conductance are left out.

Each level is scaled to a unit diagonal, :math:`\hat A = S A S` with :math:`S =
\mathrm{diag}(A)^{-1/2}`, whose spectrum lies in (0, 2]: a Chebyshev polynomial smooths its upper
part with nothing but contiguous sweeps. Coarse cells are blocks of two along each axis that is
strongly coupled, the coarse operator is the Galerkin one for piecewise constant interpolation, and
its correction is lengthened by `OVERCORRECTION`, because piecewise constants make the coarse
network too stiff by a factor of two (Braess 1995). One W-cycle preconditions conjugate gradients,
in single precision under an iteration in double precision: the preconditioner decides how fast the
answer comes, never what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rampore import RamporeError
from rampore.checks import quantity
from rampore.kernels import njit

#: Length of the coarse correction; 2 would be exact for a uniform network, less is safe for a
#: ragged one.
OVERCORRECTION = 1.8
#: Degree of the smoothing polynomial, before and after the coarse correction.
DEGREE = 3
#: The polynomial smooths the eigenvalues from 2 / SMOOTHED to 2.
SMOOTHED = 6.0
#: An axis is coarsened where its mean conductance is at least this share of the strongest axis'.
STRONG = 0.25
#: What a difference of areas leaves below zero is nothing, to this share of the greatest [-].
ROUNDING = 1e-9
#: A level with no more cells is solved by a dense factorisation.
COARSEST = 400

_compile = njit(cache=True, fastmath={"nsz", "arcp", "contract", "reassoc"}, nogil=True)


class ConvergenceError(RamporeError, RuntimeError):
    """An iteration that did not reach what was asked of it; says how far it came."""


class NetworkError(RamporeError, ValueError):
    """Conductances that make no network; the message names what is wrong with them."""


# The wrap-around face of a periodic axis stands in the last slice of its conductances and is zero
# on a closed one, so that neighbours are found by index arithmetic alone. Kernels work on rows of
# the last axis, whose ends are peeled off, so that the compiler can vectorise what lies between.
# The sum over neighbours is written out in both kernels and for both parts of a row: as a function
# of its own it keeps the compiler from vectorising, at half the speed.


@_compile
def _chebyshev(k0, k1, k2, x, other, b, step, momentum):
    """other = x + momentum (x - other) + step (b - A x), for a matrix of unit diagonal."""
    n0, n1, n2 = x.shape
    for i in range(n0):
        up, down = (i - 1) % n0, (i + 1) % n0
        for j in range(n1):
            north, south = (j - 1) % n1, (j + 1) % n1
            ku, kd, kn, ks, kr = k0[up, j], k0[i, j], k1[i, north], k1[i, j], k2[i, j]
            xu, xd, xn, xs, xr = x[up, j], x[down, j], x[i, north], x[i, south], x[i, j]
            br, out = b[i, j], other[i, j]
            # A = 1 - K with the scaled conductances K; the inner cells of a row have no wrap to
            # look out for, the two ends follow
            for k in range(1, n2 - 1):
                near = ku[k] * xu[k] + kd[k] * xd[k] + kn[k] * xn[k] + ks[k] * xs[k]
                near += kr[k - 1] * xr[k - 1] + kr[k] * xr[k + 1]
                out[k] = xr[k] + momentum * (xr[k] - out[k]) + step * (br[k] - xr[k] + near)
            for k in range(0, n2, max(n2 - 1, 1)):
                west, east = (k - 1) % n2, (k + 1) % n2
                near = ku[k] * xu[k] + kd[k] * xd[k] + kn[k] * xn[k] + ks[k] * xs[k]
                near += kr[west] * xr[west] + kr[k] * xr[east]
                out[k] = xr[k] + momentum * (xr[k] - out[k]) + step * (br[k] - xr[k] + near)


@_compile
def _apply(k0, k1, k2, diagonal, x, y):
    """y = A x; returns x . y."""
    n0, n1, n2 = x.shape
    product = 0.0
    for i in range(n0):
        up, down = (i - 1) % n0, (i + 1) % n0
        for j in range(n1):
            north, south = (j - 1) % n1, (j + 1) % n1
            ku, kd, kn, ks, kr = k0[up, j], k0[i, j], k1[i, north], k1[i, j], k2[i, j]
            xu, xd, xn, xs, xr = x[up, j], x[down, j], x[i, north], x[i, south], x[i, j]
            d, out = diagonal[i, j], y[i, j]
            for k in range(1, n2 - 1):
                near = ku[k] * xu[k] + kd[k] * xd[k] + kn[k] * xn[k] + ks[k] * xs[k]
                near += kr[k - 1] * xr[k - 1] + kr[k] * xr[k + 1]
                out[k] = d[k] * xr[k] - near
                product += out[k] * xr[k]
            for k in range(0, n2, max(n2 - 1, 1)):
                west, east = (k - 1) % n2, (k + 1) % n2
                near = ku[k] * xu[k] + kd[k] * xd[k] + kn[k] * xn[k] + ks[k] * xs[k]
                near += kr[west] * xr[west] + kr[k] * xr[east]
                out[k] = d[k] * xr[k] - near
                product += out[k] * xr[k]
    return product


@_compile
def _restrict(residual, rescale, shift, coarse):
    """Sum the unscaled residual over the cells of each block."""
    n0, n1, n2 = residual.shape
    coarse[:] = 0
    for i in range(n0):
        for j in range(n1):
            r, s, out = residual[i, j], rescale[i, j], coarse[i >> shift[0], j >> shift[1]]
            for k in range(n2):
                out[k >> shift[2]] += r[k] * s[k]


@_compile
def _correct(x, rescale, coarse, shift, length):
    """Add each block's correction to its cells."""
    n0, n1, n2 = x.shape
    for i in range(n0):
        for j in range(n1):
            out, s, c = x[i, j], rescale[i, j], coarse[i >> shift[0], j >> shift[1]]
            for k in range(n2):
                out[k] += length * c[k >> shift[2]] * s[k]


@_compile
def _coarsen(k0, k1, k2, ground, shift, c0, c1, c2, coarse_ground):
    """Galerkin operator of the blocks: conductances between blocks add up, those within a block
    vanish.
    """
    n0, n1, n2 = ground.shape
    for i in range(n0):
        here0, next0 = i >> shift[0], (i + 1) % n0 >> shift[0]
        for j in range(n1):
            here1, next1 = j >> shift[1], (j + 1) % n1 >> shift[1]
            for k in range(n2):
                here2, next2 = k >> shift[2], (k + 1) % n2 >> shift[2]
                coarse_ground[here0, here1, here2] += ground[i, j, k]
                if next0 != here0:
                    c0[here0, here1, here2] += k0[i, j, k]
                if next1 != here1:
                    c1[here0, here1, here2] += k1[i, j, k]
                if next2 != here2:
                    c2[here0, here1, here2] += k2[i, j, k]


@_compile
def _scale(k0, k1, k2, s):
    """Conductances of the matrix that `s` scales to a unit diagonal, in place."""
    n0, n1, n2 = s.shape
    for i in range(n0):
        for j in range(n1):
            for k in range(n2):
                k0[i, j, k] *= s[i, j, k] * s[(i + 1) % n0, j, k]
                k1[i, j, k] *= s[i, j, k] * s[i, (j + 1) % n1, k]
                k2[i, j, k] *= s[i, j, k] * s[i, j, (k + 1) % n2]


@_compile
def _advance(x, r, p, q, step):
    """x += step p and r -= step q."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            xr, rr, pr, qr = x[i, j], r[i, j], p[i, j], q[i, j]
            for k in range(xr.size):
                xr[k] += step * pr[k]
                rr[k] -= step * qr[k]


@_compile
def _turn(p, z, share):
    """p = z + share p."""
    for i in range(p.shape[0]):
        for j in range(p.shape[1]):
            pr, zr = p[i, j], z[i, j]
            for k in range(pr.size):
                pr[k] = zr[k] + share * pr[k]


@_compile
def _product(x, y):
    """x . y, in double precision."""
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            xr, yr = x[i, j], y[i, j]
            for k in range(xr.size):
                total += xr[k] * yr[k]
    return total


def degree(conductances: Sequence[np.ndarray], dtype: type | None = None) -> np.ndarray:
    """Sum of the conductances of each cell's faces, in their precision or another."""
    total = np.zeros_like(conductances[0], dtype)
    for axis, k in enumerate(conductances):
        total += k
        after, before = np.moveaxis(total, axis, 0), np.moveaxis(k, axis, 0)
        after[1:] += before[:-1]
        after[0] += before[-1]
    return total


def _polynomial() -> list[tuple[np.float32, np.float32]]:
    """Step and momentum of each Chebyshev sweep over [2 / SMOOTHED, 2] (Saad 2003, Alg. 12.1)."""
    # The scaled matrix has its spectrum in [0, 2]; the coarser levels see to what lies below
    high, low = 2.0, 2.0 / SMOOTHED
    centre, half = (high + low) / 2, (high - low) / 2
    ratio, sweeps = half / centre, [(1 / centre, 0.0)]
    for _ in range(DEGREE - 1):
        following = 1 / (2 * centre / half - ratio)
        sweeps.append((2 * following / half, following * ratio))
        ratio = following
    return [(np.float32(step), np.float32(momentum)) for step, momentum in sweeps]


@dataclass
class _Level:
    conductances: tuple[np.ndarray, np.ndarray, np.ndarray]  # of the scaled matrix
    scale: np.ndarray  # S; 0 in cells that are left out
    root: np.ndarray  # 1 / S; 0 in cells that are left out
    shift: tuple[int, int, int]  # log2 of the block's edge
    x: np.ndarray
    b: np.ndarray
    spare: np.ndarray


class Multigrid:
    """A network and its hierarchy of ever coarser ones.

    Called with a residual it runs one W-cycle, a symmetric positive definite preconditioner;
    :meth:`solve` runs conjugate gradients with it.

    Parameters
    ----------
    conductances : three (n0, n1, n2) arrays
        Conductance of the face between a cell and its next neighbour along each axis; the last
        slice joins the last cell with the first (zero unless the axis is periodic). Zero throughout
        along an axis of one cell.
    ground : (n0, n1, n2) array
        Conductance of each cell to the ground. Every connected set of cells must be grounded
        somewhere.
    """

    def __init__(self, conductances: Sequence[np.ndarray], ground: np.ndarray) -> None:
        shapes = {np.shape(array) for array in (*conductances, ground)}
        if (
            len(conductances) != 3
            or len(shapes) != 1
            or len(*shapes) != 3
            or 0 in next(iter(shapes))
        ):
            raise NetworkError(
                f"three conductances and the ground are arrays of one shape, not {sorted(shapes)}"
            )
        for name, array in (
            ("conductances", np.array([[k.min(), k.max()] for k in conductances])),
            ("ground", ground),
        ):
            greatest = float(quantity(f"greatest of {name}", array.max(), NetworkError, at_least=0))
            quantity(f"least of {name}", array.min(), NetworkError, at_least=-ROUNDING * greatest)
        # What is rounded off a sum of single conductances would be ground in every cell: along a
        # way of hundreds of cells that takes per cents of a flux
        self.network = (*conductances, degree(conductances, np.float64) + ground)
        self.levels: list[_Level] = []
        self._sweeps = _polynomial()
        k = tuple(np.array(array, np.float32) for array in conductances)
        ground = np.asarray(ground, np.float32)
        while True:
            shift = self._shift(k)
            root = np.sqrt(degree(k) + ground)
            last = root.size <= COARSEST or not any(shift)
            if last:
                self._factor = self._factorise(k, root**2)
            else:
                shape = tuple((n + s) >> s for n, s in zip(root.shape, shift, strict=True))
                coarse = tuple(np.zeros(shape, np.float32) for _ in range(4))
                _coarsen(*k, ground, shift, *coarse)
            scale = np.divide(1, root, out=np.zeros_like(root), where=root > 0)
            _scale(*k, scale)
            work = np.zeros((2, *root.shape), np.float32)
            if not self.levels:
                # Conjugate gradients keep A p where a cycle keeps x and b of its finest level:
                # neither outlives the other's use, as the sweeps of a cycle are even in number
                self._between = work.reshape(-1).view(np.float64).reshape(root.shape)
            self.levels.append(_Level(k, scale, root, shift, *work, np.zeros_like(root)))
            if last:
                break
            k, ground = coarse[:3], coarse[3]

    @staticmethod
    def _shift(conductances) -> tuple[int, int, int]:
        strength = [
            k.mean(dtype=float) if k.shape[axis] > 1 else 0.0 for axis, k in enumerate(conductances)
        ]
        return tuple(int(s > 0 and s >= STRONG * max(strength)) for s in strength)

    @staticmethod
    def _factorise(conductances, diagonal):
        from scipy.linalg import LinAlgError, cho_factor

        cells = np.arange(diagonal.size).reshape(diagonal.shape)
        matrix = np.diag(np.where(diagonal > 0, diagonal, 1).ravel().astype(float))
        for axis, k in enumerate(conductances):
            here, there = cells.ravel(), np.roll(cells, -1, axis).ravel()
            np.subtract.at(matrix, (here, there), k.ravel())
            np.subtract.at(matrix, (there, here), k.ravel())
        try:
            return cho_factor(matrix)
        except LinAlgError:
            raise NetworkError(
                "some of the cells are joined to no ground: their values can be anything"
            ) from None

    def __call__(self, residual: np.ndarray) -> np.ndarray:
        """An approximate solution z of A z = residual; the next call overwrites the array."""
        finest = self.levels[0]
        np.multiply(residual, finest.scale, out=finest.b, casting="same_kind")
        self._cycle(0)
        return np.multiply(finest.x, finest.scale, out=finest.spare)

    def _smooth(self, level: _Level) -> None:
        for step, momentum in self._sweeps:
            _chebyshev(*level.conductances, level.x, level.spare, level.b, step, momentum)
            level.x, level.spare = level.spare, level.x

    def _cycle(self, depth: int) -> None:
        """Solve level `depth` for its `b`, roughly, into its `x`."""
        from scipy.linalg import cho_solve

        level = self.levels[depth]
        if depth == len(self.levels) - 1:
            x = cho_solve(self._factor, (level.b * level.root).ravel(), check_finite=False)
            level.x[...] = x.reshape(level.x.shape) * level.root
            return
        level.x[...] = 0
        self._smooth(level)
        below = self.levels[depth + 1]
        # spare + (b - A x), see _chebyshev with step 1 and momentum -1
        level.spare[...] = 0
        _chebyshev(
            *level.conductances, level.x, level.spare, level.b, np.float32(1), np.float32(-1)
        )
        _restrict(level.spare, level.root, level.shift, below.b)
        below.b *= below.scale
        self._cycle(depth + 1)
        # A second visit pays where it costs less than the level itself: blocks of four cells or
        # more.
        if sum(level.shift) > 1 and depth + 2 < len(self.levels):
            first = below.x.copy()
            below.spare[...] = 0
            _chebyshev(
                *below.conductances, below.x, below.spare, below.b, np.float32(1), np.float32(-1)
            )
            below.b[...] = below.spare
            self._cycle(depth + 1)
            below.x += first
        below.x *= below.scale
        _correct(level.x, level.root, below.x, level.shift, np.float32(OVERCORRECTION))
        self._smooth(level)

    def solve(
        self,
        b: np.ndarray,
        x: np.ndarray,
        converged: Callable[[np.ndarray], bool] | None = None,
        tolerance: float = 1e-10,
        most: int = 2000,
        overwrite_b: bool = False,
    ) -> int:
        """Solve A x = b by preconditioned conjugate gradients, in place.

        Parameters
        ----------
        b : (n0, n1, n2) array
            Right side; zero in cells that are left out.
        x : (n0, n1, n2) array of float64
            First guess, overwritten by the solution.
        converged : callable, optional
            Is asked after every iteration whether `x` will do.
        tolerance : float
            Without `converged`: reduction of the error's energy norm, as the preconditioner
            measures it.
        most : int
            Iterations after which it gives up.
        overwrite_b : bool
            Keep the residual in place of `b`, in its precision; saves an array.

        Returns
        -------
        int
            Iterations.

        Raises
        ------
        ConvergenceError
            Where `most` iterations did not suffice.
        NetworkError
            Where the right side or the first guess does not fit the network, or a limit is none.
        """
        if not np.shape(b) == np.shape(x) == self.levels[0].scale.shape or x.dtype != np.float64:
            raise NetworkError(
                f"a network of shape {self.levels[0].scale.shape} takes b and x of that shape, x "
                "in float64"
            )
        quantity("least and greatest of the right side", [b.min(), b.max()], NetworkError)
        quantity("tolerance", tolerance, NetworkError, above=0)
        quantity("most", most, NetworkError, at_least=1, whole=True)
        q = self._between
        _apply(*self.network, x, q)
        r = np.subtract(b, q, out=b if overwrite_b else None, casting="same_kind")
        # x and r take the same p, which may be rounded as r is: the residual stays that of x
        p, before, first = np.zeros_like(x, r.dtype), np.inf, None
        for iteration in range(1, most + 1):
            z = self(r)
            product = _product(r, z)
            first = product if first is None else first
            if converged is None and product <= tolerance**2 * first:
                return iteration - 1
            # The preconditioner is positive definite: nothing but rounding is left of r
            if product <= 0:
                break
            _turn(p, z, product / before)
            before = product
            step = product / _apply(*self.network, p, q)
            _advance(x, r, p, q, step)
            if converged is not None and converged(x):
                return iteration
        raise ConvergenceError(
            f"conjugate gradients did not converge; gave up in iteration {iteration} of at most "
            f"{most}"
        )
