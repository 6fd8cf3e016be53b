r"""Closures: the transport efficiency of a porous medium from its porosity, and when a mixture of
two conducts better.

A *closure* gives :math:`g = D_\mathrm{eff}/D_0 = \varepsilon/\tau` as a function of the porosity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rampore import RamporeError
from rampore.arrays import FloatOrArray
from rampore.checks import quantity


class ClosureError(RamporeError, ValueError):
    """A closure that cannot be used; the message says why."""


@dataclass(frozen=True)
class Closure:
    r"""Transport efficiency over porosity, :math:`g = B\,(\varepsilon - \varepsilon_c)^a` (Eq.
    3.6), 0 below.

    Attributes
    ----------
    name : str
    exponent, prefactor, threshold : float
        a, B and eps_c [-]. Bruggeman's relation is a = 1.5, B = 1, eps_c = 0.
    """

    name: str
    exponent: float
    prefactor: float = 1.0
    threshold: float = 0.0

    def __post_init__(self) -> None:
        quantity("exponent", self.exponent, ClosureError)
        quantity("prefactor", self.prefactor, ClosureError, above=0)
        quantity("threshold", self.threshold, ClosureError, at_least=0, below=1)

    def __call__(self, porosity: FloatOrArray) -> FloatOrArray:
        """D_eff / D_0 at a porosity, or an array of them [-]."""
        quantity("porosity", porosity, ClosureError, at_least=0, at_most=1)
        return (
            self.prefactor
            * np.maximum(np.asarray(porosity, float) - self.threshold, 0) ** self.exponent
        )

    def tortuosity(self, porosity: FloatOrArray) -> FloatOrArray:
        """tau = eps / g [-]."""
        return porosity / self(porosity)


def fit_closure(
    porosity: np.ndarray, efficiency: np.ndarray, name: str = "fit", free: bool = True
) -> Closure:
    """The closure without threshold that is nearest to computed efficiencies in their logarithms.

    Parameters
    ----------
    porosity, efficiency : (n,) array
        [-]
    name : str
    free : bool
        Whether the prefactor is fitted as well; else it is 1, so that a sample of pores alone
        conducts fully.
    """
    quantity("porosity of samples that are not all pore", porosity, ClosureError, above=0, below=1)
    quantity("efficiency of samples that percolate", efficiency, ClosureError, above=0)
    if np.ndim(porosity) != 1 or np.shape(porosity) != np.shape(efficiency):
        raise ClosureError("a closure is fitted to as many efficiencies as porosities")
    if not np.size(porosity) or (free and np.ptp(porosity) == 0):
        raise ClosureError("a closure is fitted to samples of different porosities")
    eps, g = np.log(porosity), np.log(efficiency)
    if not free:
        return Closure(name, float(eps @ g / (eps @ eps)))
    exponent, level = np.polyfit(eps, g, 1)
    return Closure(name, float(exponent), float(np.exp(level)))


def mixing_gain(low: float, high: float, mean: float, closure: Callable) -> float:
    r"""What two porosities mixed by area, at equal thickness and pore volume, conduct more than
    their mean, less 1.

    :math:`\left[(1-w)\,g(\varepsilon_1) + w\,g(\varepsilon_2)\right]/g(\varepsilon_0) - 1` with
    :math:`w = (\varepsilon_0-\varepsilon_1)/(\varepsilon_2-\varepsilon_1)`; positive where g is
    convex.
    """
    quantity("porosities", [low, mean, high], ClosureError, at_least=0, at_most=1)
    if not low < mean < high:
        raise ClosureError(f"{mean:g} is no mixture of {low:g} and {high:g}")
    weight = (mean - low) / (high - low)
    return ((1 - weight) * closure(low) + weight * closure(high)) / closure(mean) - 1
