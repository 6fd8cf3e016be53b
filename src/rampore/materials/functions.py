"""Functions of one variable and their derivatives: tables, polynomials, constants.

All of them accept complex arguments, so that :func:`slope` differentiates them to the last digit.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from rampore import RamporeError
from rampore.arrays import FloatOrArray
from rampore.checks import increasing, quantity
from rampore.constants import GAS_CONSTANT, REFERENCE_TEMPERATURE

Function = Callable[[FloatOrArray], FloatOrArray]


class MaterialError(RamporeError, ValueError):
    """A table or a property that cannot be: the message names the value."""

    exit_code = 2


def slope(function: Function, x: FloatOrArray) -> FloatOrArray:
    """Derivative of a function at x, by its own ``slope`` if it has one, else by the complex step.

    Parameters
    ----------
    function : callable
        Analytic and real on the real axis, or with an attribute ``slope``.
    x : float or array
        Where [the function's own unit].
    """
    if hasattr(function, "slope"):
        return function.slope(x)
    step = 1e-30
    return np.imag(function(np.asarray(x, float) + 1j * step)) / step


class Tabulated:
    """A measured curve, interpolated without overshoot (PCHIP), continued by straight lines or held
    at its ends.

    Parameters
    ----------
    x : (n,) array
        Abscissae, in any order, without repeats [-].
    y : (n,) array
        Values [V for a potential].
    held : bool
        Whether it keeps its first and its last value beyond them.

    Raises
    ------
    MaterialError
        Fewer than two points, a repeated abscissa, or a value that is not finite.
    """

    def __init__(self, x: ArrayLike, y: ArrayLike, held: bool = False) -> None:
        x, y = np.asarray(x, float), np.asarray(y, float)
        if x.ndim != 1 or x.shape != y.shape or x.size < 2:
            raise MaterialError(
                f"a table needs two columns of equal length with two rows or more, not {x.shape}, "
                f"{y.shape}"
            )
        order = np.argsort(x)
        self.x = increasing("x of a table, in order,", x[order], MaterialError)
        self.y = quantity("y of a table, in order of x,", y[order], MaterialError)
        self.held = held
        self._curve = PchipInterpolator(self.x, self.y)
        self._slope = self._curve.derivative()

    def __call__(self, x: FloatOrArray) -> FloatOrArray:
        inside = np.clip(x, self.x[0], self.x[-1])
        return (
            self._curve(inside)
            if self.held
            else self._curve(inside) + self._slope(inside) * (x - inside)
        )

    def slope(self, x: FloatOrArray) -> FloatOrArray:
        """Derivative dy/dx [V for a potential]."""
        inside = np.clip(x, self.x[0], self.x[-1])
        return np.where(self.held & (inside != x), 0.0, self._slope(inside))


def polynomial(*coefficients: float) -> Function:
    """The polynomial with these coefficients, highest power first."""

    def evaluate(x):
        return np.polyval(coefficients, x)

    return evaluate


def constant(value: float) -> Function:
    """The function that is the same everywhere."""

    def evaluate(x):
        return value + 0.0 * x

    return evaluate


def arrhenius(
    activation_energy: float, temperature: float, reference: float = REFERENCE_TEMPERATURE
) -> float:
    """Factor exp(E/R (1/T_ref - 1/T)) [-] of an activation energy [J/mol]."""
    return np.exp(activation_energy / GAS_CONSTANT * (1 / reference - 1 / temperature))
