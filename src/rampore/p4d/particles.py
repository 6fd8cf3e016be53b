r"""Diffusion in the spheres of one material, a few modes each, condensed to the surface.

With rho = r / R and x = c / c_max, the sphere obeys

.. math:: \partial_t x = \rho^{-2} \partial_\rho (\rho^2 D R^{-2} \partial_\rho x), \qquad
          -D R^{-1} c_{max} \partial_\rho x = j / F \text{ at } \rho = 1.

Galerkin's method on the even polynomials of degree below 2 n, orthonormal under the weight rho^2,
gives dy/dt = -S(D) y / R^2 - q j / (F R c_max) with x_surface = q . y and conserves lithium
exactly, for S maps constants to zero. Where D is constant S is diagonalised once; where it varies,
D is extrapolated to the new time and the small system of each sphere is solved. An implicit step
makes the surface a linear function of the current density, x_surface = A + B j, and that is all the
cell sees.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import eval_jacobi, roots_jacobi

from rampore.checks import quantity
from rampore.constants import FARADAY
from rampore.kernels import njit
from rampore.p4d.cell import Material
from rampore.p4d.errors import CellError


class Modes(NamedTuple):
    """A spectral sphere of radius 1."""

    rate: np.ndarray  #: eigenvalues of the diffusion operator (n,) [-]
    surface: np.ndarray  #: value of each mode at rho = 1 (n,) [-]
    mean: float  #: volume mean of x is mean * y[0] [-]
    node_value: np.ndarray  #: value of each mode at the quadrature nodes (m, n) [-]
    node_slope: np.ndarray  #: its derivative, times the root of the quadrature weight (m, n) [-]


def make_modes(n: int) -> Modes:
    """Modes of the sphere: polynomials in rho^2 of degree below n, rotated to diagonalise
    diffusion.
    """
    if quantity("modes", n, CellError, at_least=1) != int(n):
        raise CellError(f"modes = {n} must be a whole number")
    nodes, weights = roots_jacobi(2 * n, 0.0, 0.5)
    s, weights = 0.5 * (nodes + 1), weights / 2**2.5
    orders = np.arange(n)
    norm = np.sqrt(4 * orders + 3)

    def value(s):
        return norm * eval_jacobi(orders, 0.0, 0.5, 2 * np.asarray(s)[..., None] - 1)

    slope_in_s = (
        norm
        * (orders + 1.5)
        * np.where(
            orders > 0, eval_jacobi(np.maximum(orders - 1, 0), 1.0, 1.5, 2 * s[:, None] - 1), 0.0
        )
    )
    node_slope = 2 * np.sqrt(s * weights)[:, None] * slope_in_s
    rate, rotation = np.linalg.eigh(node_slope.T @ node_slope)
    rate[0] = 0.0
    rotation *= np.where(value(1.0) @ rotation < 0, -1.0, 1.0)
    node_slope = node_slope @ rotation
    node_slope[:, 0] = 0.0
    return Modes(rate, value(1.0) @ rotation, np.sqrt(3.0), value(s) @ rotation, node_slope)


class Medium(NamedTuple):
    """What the spheres of one material are, as the kernels need it."""

    modes: Modes
    #: on equal intervals of the stoichiometry from 0 to 1; twice the same where it is constant
    diffusivity: np.ndarray  #: (count,) [m2/s]
    inverse_square: float  #: 1 / R^2 [1/m2]
    gain: float  #: 1 / (F R c_max) [m2/(A s)]


class Answer(NamedTuple):
    """What an implicit step makes of the current density j: y = known + response j at the new time,
    and x_surface = a + b j.
    """

    a: np.ndarray  #: (count,) [-]
    b: np.ndarray  #: (count,) [m2/A]
    known: np.ndarray  #: (count, n) [-]
    response: np.ndarray  #: (count, n) [m2/A]


@njit(cache=True)
def condense_constant(
    y: np.ndarray, y_old: np.ndarray, weights: np.ndarray, medium: Medium, answer: Answer
) -> None:
    """Fill the answer of spheres of constant diffusivity, whose modes do not mix.

    ``weights`` are those of the time derivative, dy/dt = w0 y + w1 y_n + w2 y_(n-1) [1/s].
    """
    rate, surface, gain = medium.modes.rate, medium.modes.surface, medium.gain
    a, b, known, response = answer.a, answer.b, answer.known, answer.response
    for k in range(y.shape[0]):
        a[k] = 0.0
        b[k] = 0.0
        for n in range(y.shape[1]):
            decay = rate[n] * medium.diffusivity[0] * medium.inverse_square
            pivot = 1.0 / (weights[0] + decay)
            known[k, n] = -(weights[1] * y[k, n] + weights[2] * y_old[k, n]) * pivot
            response[k, n] = -surface[n] * gain * pivot
            a[k] += surface[n] * known[k, n]
            b[k] += surface[n] * response[k, n]


@njit(cache=True)
def condense_variable(
    y: np.ndarray,
    y_old: np.ndarray,
    weights: np.ndarray,
    ahead: float,
    medium: Medium,
    answer: Answer,
) -> None:
    """The same where D depends on x: it is taken at y + ahead (y - y_old), and each sphere has its
    own matrix.
    """
    node_value, node_slope = medium.modes.node_value, medium.modes.node_slope
    diffusivity, surface, gain = medium.diffusivity, medium.modes.surface, medium.gain
    a, b, known, response = answer.a, answer.b, answer.known, answer.response
    n_nodes, n = node_value.shape
    last = diffusivity.shape[0] - 1
    matrix = np.empty((n, n))
    for k in range(y.shape[0]):
        # w0 + S(D): the weak form's integral of D times two slopes, by quadrature; its lower half
        # is enough, and a constant, the mode 0, has no slope
        matrix[:] = 0.0
        for m in range(n_nodes):
            x = 0.0
            for i in range(n):
                x += node_value[m, i] * (y[k, i] + ahead * (y[k, i] - y_old[k, i]))
            place = min(max(x, 0.0), 1.0) * last
            left = min(int(place), last - 1)
            part = place - left
            d = (1.0 - part) * diffusivity[left] + part * diffusivity[left + 1]
            d *= medium.inverse_square
            for i in range(1, n):
                scaled = d * node_slope[m, i]
                for j in range(1, i + 1):
                    matrix[i, j] += scaled * node_slope[m, j]
        for i in range(n):
            matrix[i, i] += weights[0]
        _cholesky(matrix)
        # two right-hand sides: what there was before, and a unit of current through the surface
        for i in range(n):
            known[k, i] = -(weights[1] * y[k, i] + weights[2] * y_old[k, i])
            response[k, i] = -surface[i] * gain
        _cholesky_solve(matrix, known[k])
        _cholesky_solve(matrix, response[k])
        a[k] = 0.0
        b[k] = 0.0
        for i in range(n):
            a[k] += surface[i] * known[k, i]
            b[k] += surface[i] * response[k, i]


@njit(cache=True)
def _cholesky(matrix):
    n = matrix.shape[0]
    for i in range(n):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = np.sqrt(total) if i == j else total / matrix[j, j]


@njit(cache=True)
def _cholesky_solve(lower, vector):
    n = lower.shape[0]
    for i in range(n):
        for k in range(i):
            vector[i] -= lower[i, k] * vector[k]
        vector[i] /= lower[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            vector[i] -= lower[k, i] * vector[k]
        vector[i] /= lower[i, i]


@njit(cache=True)
def largest_overshoot(
    y: np.ndarray, surface: np.ndarray, a: np.ndarray, step: float, most: float
) -> tuple[int, float]:
    """Number of the sphere whose surface, at ``y`` now and ``a`` after the step, goes furthest
    beyond full or empty, and by how much beyond what it may: ``step`` more than it is beyond now,
    and ``most`` in all.
    """
    worst, largest = 0, -np.inf
    for k in range(y.shape[0]):
        before = 0.0
        for n in range(surface.shape[0]):
            before += surface[n] * y[k, n]
        allowed = step + min(max(before - 1.0, -before, 0.0), most - step)
        beyond = max(a[k] - 1.0, -a[k]) - allowed
        if not beyond <= largest:
            worst, largest = k, beyond
    return worst, largest


class Spheres:
    """All the spheres of one material, with their history.

    Parameters
    ----------
    modes : Modes
    material : rampore.p4d.cell.Material
    count : int
        Number of spheres, one for each cell of the mesh that holds the material.
    """

    def __init__(self, modes: Modes, material: Material, count: int) -> None:
        self.constant = not callable(material.diffusivity)
        diffusivity = (
            np.full(2, float(material.diffusivity))
            if self.constant
            else np.asarray(material.diffusivity(np.linspace(0, 1, 2001)), float)
        )
        place = f"over the stoichiometry, in {diffusivity.size - 1} steps,"
        quantity(f"{material.name}: diffusivity {place}", diffusivity, CellError, above=0)
        self.medium = Medium(
            modes=modes,
            diffusivity=diffusivity,
            inverse_square=1 / material.radius**2,
            gain=1 / (FARADAY * material.radius * material.maximum_concentration),
        )
        self.y = np.zeros((count, modes.rate.size))
        self.y[:, 0] = material.stoichiometry / modes.mean
        self.y_old = self.y.copy()
        self._answer = Answer(*np.empty((2, count)), *np.empty((2, *self.y.shape)))

    @property
    def modes(self) -> Modes:
        """Of each sphere."""
        return self.medium.modes

    @property
    def a(self) -> np.ndarray:
        """Stoichiometry of the surface after the prepared step, without a current (count,) [-]."""
        return self._answer.a

    @property
    def b(self) -> np.ndarray:
        """How a current density shifts that (count,) [m2/A]."""
        return self._answer.b

    def condense(self, weights: np.ndarray, ahead: float) -> None:
        """Prepare the step to the new time: the surface is ``a + b j`` from now on.

        ``weights`` are those of the time derivative [1/s], ``ahead`` is the new step over the last
        [-].
        """
        if self.constant:
            condense_constant(self.y, self.y_old, weights, self.medium, self._answer)
        else:
            condense_variable(self.y, self.y_old, weights, ahead, self.medium, self._answer)

    def overshoot(self, step: float, most: float) -> tuple[int, float]:
        """Of the prepared step, as :func:`largest_overshoot` says [-]."""
        return largest_overshoot(self.y, self.modes.surface, self.a, step, most)

    def advance(self, j: np.ndarray) -> None:
        """Take the prepared step with the current densities j (count,) [A/m2]."""
        step = self._answer
        self.y_old, self.y = self.y, step.known + step.response * j[:, None]

    def move_of_mean(self) -> tuple[np.ndarray, np.ndarray]:
        """How far the prepared step moves the mean stoichiometry of each sphere: without current
        [-], and per current density [m2/A], (count,) both.
        """
        mean, step = self.modes.mean, self._answer
        return mean * (step.known[:, 0] - self.y[:, 0]), mean * step.response[:, 0]

    def transfer(self, omega: float) -> complex:
        r"""How the surface of each uniform sphere answers a current density that oscillates [m2/A],
        (count,) complex.

        :math:`H = -\frac{1}{F R c_{max}} \sum_n q_n^2 / (i\omega + D \lambda_n / R^2)`, exact for
        the modes; with more and more of them :math:`-\frac{R}{F D c_{max}} \frac{\tanh s}{s - \tanh
        s}`, :math:`s = R\sqrt{i\omega/D}`.

        Parameters
        ----------
        omega : float
            [1/s]
        """
        table, medium = self.medium.diffusivity, self.medium
        diffusivity = np.interp(self.mean, np.linspace(0, 1, table.size), table)
        rate = self.modes.rate * diffusivity[:, None] * medium.inverse_square
        return -medium.gain * (self.modes.surface**2 / (1j * omega + rate)).sum(axis=1)

    @property
    def surface(self) -> np.ndarray:
        """Stoichiometry at the surface of each sphere (count,) [-]."""
        return self.y @ self.modes.surface

    @property
    def mean(self) -> np.ndarray:
        """Mean stoichiometry of each sphere (count,) [-]."""
        return self.modes.mean * self.y[:, 0]

    def profile(self, rho: np.ndarray) -> np.ndarray:
        """Stoichiometry at the radii rho (m,), each a fraction of R: (count, m) [-]."""
        m = self.modes
        nodes = 0.5 * (roots_jacobi(2 * m.rate.size, 0.0, 0.5)[0] + 1)
        coefficients = np.linalg.lstsq(
            nodes[:, None] ** np.arange(m.rate.size), m.node_value, rcond=None
        )[0]
        return self.y @ (np.asarray(rho)[:, None] ** (2 * np.arange(m.rate.size)) @ coefficients).T
