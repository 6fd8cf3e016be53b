r"""Ageing: laws by which capacity is lost, the interface that grows, and what a few cells can tell.

A law turns one number, a cycle at which a share of the capacity was left, into the course before
and after; a comparison of a few cells tells two laws, or two cells, apart only by its power.
"""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np

from rampore import RamporeError
from rampore.arrays import FloatOrArray
from rampore.checks import choice, quantity
from rampore.constants import FARADAY


class AgeingError(RamporeError, ValueError):
    """A loss or a comparison that cannot be; the message names the quantity and the reason."""


class Law(StrEnum):
    """How capacity falls over the cycles n, at the rate k."""

    LINEAR = "linear"  #: 1 - k n
    ROOT = "root"  #: 1 - k sqrt(n): an interface that grows through itself
    GEOMETRIC = "geometric"  #: (1 - k)^n: an efficiency per cycle of 1 - k


def retained(cycles: FloatOrArray, rate: FloatOrArray, law: Law) -> FloatOrArray:
    """Share of the capacity that is left [-].

    Parameters
    ----------
    cycles : float or array
        n [-].
    rate : float or array
        k [-].
    law : Law

    Raises
    ------
    AgeingError
        Where a quantity lies outside its limits, or nothing is left.
    """
    choice("law", law, Law, AgeingError)
    quantity("cycles", cycles, AgeingError, at_least=0)
    quantity("rate", rate, AgeingError, at_least=0, at_most=1)
    if law == Law.GEOMETRIC:
        return np.power(1 - np.asarray(rate), cycles)
    left = 1 - np.multiply(rate, cycles if law == Law.LINEAR else np.sqrt(cycles))
    return quantity("capacity that is left", left, AgeingError, at_least=0)


def rate_of_loss(left: FloatOrArray, cycles: FloatOrArray, law: Law) -> FloatOrArray:
    """Rate k [-] of a law that leaves the share `left` [-] after so many `cycles` [-].

    Raises
    ------
    AgeingError
        Where nothing is left, or there was no cycle.
    """
    choice("law", law, Law, AgeingError)
    quantity("capacity that is left", left, AgeingError, above=0, at_most=1)
    quantity("cycles", cycles, AgeingError, above=0)
    if law == Law.GEOMETRIC:
        return -np.expm1(np.log(left) / cycles)
    return (1 - left) / (cycles if law == Law.LINEAR else np.sqrt(cycles))


def life(left: FloatOrArray, rate: FloatOrArray, law: Law) -> FloatOrArray:
    """Cycles [-] until the share `left` [-] of the capacity is left at the `rate` k [-].

    Raises
    ------
    AgeingError
        Where a quantity lies outside its limits.
    """
    choice("law", law, Law, AgeingError)
    quantity("capacity that is left", left, AgeingError, above=0, at_most=1)
    quantity("rate", rate, AgeingError, above=0, below=1)
    if law == Law.GEOMETRIC:
        return np.log(left) / np.log1p(-np.asarray(rate))
    linear = (1 - left) / rate
    return linear if law == Law.LINEAR else linear**2


def stress_driven_capacity(
    cycles: FloatOrArray, depth: FloatOrArray, rate: float, exponent: float
) -> np.ndarray:
    r"""Local capacity under a loss that grows with the local depth of lithiation.

    Each cycle takes the share :math:`k\,y^m` of a place that is lithiated to the depth y; a place
    that has to take the same charge c as before is lithiated the deeper the less is left of it,
    :math:`y = c/q`, so that

    .. math:: q = (1 - m k c^m n)^{1/m}.

    Parameters
    ----------
    cycles : float or array
        n [-]; one or broadcast with `depth`.
    depth : float or array
        c, depth of lithiation of each place in the first cycle [-].
    rate : float
        k, share lost in a cycle to full depth [-].
    exponent : float
        m [-].

    Returns
    -------
    array
        q, over the capacity before [-].

    Raises
    ------
    AgeingError
        Where a place is filled before: it has less capacity than charge, see
        :func:`stress_driven_life`.
    """
    quantity("cycles", cycles, AgeingError, at_least=0)
    longest = stress_driven_life(depth, rate, exponent)
    if np.any(cycles > longest * (1 + 1e-12)):
        raise AgeingError(
            f"a place is filled after {np.min(longest):.6g} cycles and cannot take its charge"
        )
    lost = exponent * rate * np.power(depth, exponent) * cycles
    return np.power(1 - lost, 1 / exponent)


def stress_driven_life(depth: FloatOrArray, rate: float, exponent: float) -> FloatOrArray:
    r"""Cycles until a place has lost what its charge leaves free, :math:`(c^{-m} - 1)/(m k)` [-].

    From there on it cannot take its charge: lithium plates, or goes elsewhere.

    Parameters
    ----------
    depth, rate, exponent
        As in :func:`stress_driven_capacity`.

    Raises
    ------
    AgeingError
        Where a quantity lies outside its limits.
    """
    quantity("depth of lithiation", depth, AgeingError, above=0, at_most=1)
    quantity("rate", rate, AgeingError, above=0, below=1)
    quantity("exponent", exponent, AgeingError, above=0)
    return (np.power(depth, -float(exponent)) - 1) / (exponent * rate)


def interface_thickness(
    time: FloatOrArray, reaction: float, growth: float, initial: float = 0.0
) -> FloatOrArray:
    r"""Thickness of a layer that grows by a reaction, then through itself.

    :math:`x^2/B + x/k = t + \tau` (Deal and Grove, J. Appl. Phys. 36 (1965) 3770): linear in time
    while thin, a root of time when thick.

    Parameters
    ----------
    time : float or array
        t [s].
    reaction : float
        k, the rate of the bare surface [m/s].
    growth : float
        B, the parabolic rate [m2/s].
    initial : float
        Thickness at t = 0 [m].

    Returns
    -------
    float or array
        x [m].

    Raises
    ------
    AgeingError
        Where a quantity lies outside its limits.
    """
    quantity("time", time, AgeingError, at_least=0, unit="s")
    quantity("rate of the reaction", reaction, AgeingError, above=0, unit="m/s")
    quantity("parabolic rate", growth, AgeingError, above=0, unit="m2/s")
    quantity("initial thickness", initial, AgeingError, at_least=0, unit="m")
    linear = growth / reaction
    square = initial**2 + linear * initial + growth * np.asarray(time)
    return 2 * square / (linear + np.sqrt(linear**2 + 4 * square))


def lithium_in_interface(
    thickness: FloatOrArray, volume_per_lithium: float, area: FloatOrArray
) -> FloatOrArray:
    """Charge that a layer holds [C/m2], per plan area.

    Parameters
    ----------
    thickness : float or array
        Of the layer [m].
    volume_per_lithium : float
        Volume of the layer that holds a mole of lithium [m3/mol].
    area : float or array
        Surface that it covers, over the plan area [-].

    Raises
    ------
    AgeingError
        Where a quantity lies outside its limits.
    """
    quantity("thickness", thickness, AgeingError, at_least=0, unit="m")
    quantity("volume per lithium", volume_per_lithium, AgeingError, above=0, unit="m3/mol")
    quantity("area", area, AgeingError, above=0)
    return np.multiply(thickness, area) * FARADAY / volume_per_lithium


def _compared(
    spread: float, n: int, m: int, level: float, freedom: float | None
) -> tuple[float, float, float]:
    """Standard error of the difference of two means, degrees of freedom, and the limit of |t|."""
    from scipy import stats

    quantity("spread", spread, AgeingError, above=0)
    for name, count in (("n", n), ("m", m)):
        quantity(f"{name}, cells of one kind", count, AgeingError, at_least=1, whole=True)
    quantity("level", level, AgeingError, above=0, below=1)
    if freedom is None:
        freedom = n + m - 2
        if freedom == 0:
            raise AgeingError(
                "one cell against one shows no spread of its own: `freedom` says how well the "
                "stated one is known"
            )
    elif freedom != math.inf:
        quantity("freedom", freedom, AgeingError, above=0)
    limit = float(stats.t.isf(level / 2, freedom))
    return spread * math.sqrt(1 / n + 1 / m), freedom, limit


def power(
    difference: float,
    spread: float,
    n: int,
    m: int,
    *,
    freedom: float | None = None,
    level: float = 0.05,
) -> float:
    """Chance that a comparison of two means finds a difference that is there.

    Two-sided t-test of normal values with one spread, by the noncentral distribution; the normal
    one where the spread is known.

    Parameters
    ----------
    difference : float
        Of the two kinds' true means, in any unit; of logarithms for lives that scatter by factors.
    spread : float
        Standard deviation of single cells, in that unit.
    n, m : int
        Cells of each kind.
    freedom : float, optional
        Degrees of freedom by which the spread is known: those of the cells, n + m - 2, where it is
        left out; one less than the cells of another study; ``math.inf`` for a spread that is given.
    level : float
        Chance of finding a difference that is none [-].

    Returns
    -------
    float
        [-]

    Raises
    ------
    AgeingError
        Where a quantity lies outside its limits, or nothing says how well the spread is known.
    """
    from scipy import stats

    quantity("difference", difference, AgeingError)
    error, freedom, limit = _compared(spread, n, m, level, freedom)
    shift = abs(difference) / error
    if freedom == math.inf:
        return float(stats.norm.sf(limit - shift) + stats.norm.cdf(-limit - shift))
    # the far tail by symmetry: the distribution function itself loses its digits there
    return float(stats.nct.sf(limit, freedom, shift) + stats.nct.sf(limit, freedom, -shift))


def chance_of_as_much(
    difference: float, spread: float, n: int, m: int, *, freedom: float | None = None
) -> float:
    """Chance that cells of one kind differ as much or more [-]: the p-value of a `difference` that
    was seen.

    The other parameters and the errors are those of :func:`power`.
    """
    from scipy import stats

    quantity("difference", difference, AgeingError)
    error, freedom, _ = _compared(spread, n, m, 0.5, freedom)
    return float(2 * stats.t.sf(abs(difference) / error, freedom))


def detectable_difference(
    spread: float,
    n: int,
    m: int,
    *,
    wanted: float = 0.8,
    freedom: float | None = None,
    level: float = 0.05,
) -> float:
    """Difference that a comparison finds with the `wanted` power [-], in the unit of the spread.

    The other parameters and the errors are those of :func:`power`.
    """
    from scipy.optimize import brentq

    error, freedom, limit = _compared(spread, n, m, level, freedom)
    quantity("wanted power", wanted, AgeingError, above=level, below=1)

    def short(shift: float) -> float:
        return power(shift * error, spread, n, m, freedom=freedom, level=level) - wanted

    most = limit + 1
    while short(most) < 0:
        most *= 2
    return error * brentq(short, 0.0, most, xtol=1e-12)


def cells_needed(
    difference: float, spread: float, *, wanted: float = 0.8, level: float = 0.05
) -> int:
    """Cells of each of two kinds that find a difference with the `wanted` power [-].

    The other parameters and the errors are those of :func:`power`; the spread is that of the cells.
    """
    quantity("difference", abs(difference), AgeingError, above=0)
    quantity("wanted power", wanted, AgeingError, above=level, below=1)

    def enough(cells: int) -> bool:
        return power(difference, spread, cells, cells, level=level) >= wanted

    most = 2
    while not enough(most):
        most *= 2
    fewest = most // 2
    while most - fewest > 1:
        middle = (most + fewest) // 2
        most, fewest = (middle, fewest) if enough(middle) else (most, middle)
    return most
