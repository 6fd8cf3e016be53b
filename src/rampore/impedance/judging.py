"""Whether a circuit describes a spectrum: its misfit against the noise that Kramers and Kronig's
relations leave.

The test of the relations follows whatever a linear cell at rest can answer; what it leaves is
noise. A circuit that leaves more than that is another cell's. Its parameters may still be of use,
their statistical intervals are not: they count as scatter what is a wrong model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rampore.impedance.fitting import WEIGHTINGS, Fit
from rampore.impedance.kramers_kronig import ACCEPTED, KramersKronig
from rampore.impedance.spectrum import ImpedanceError

#: Probability with which noise alone would look like a misfit.
FALSE_ALARM = 1e-3
#: A circuit that leaves more than this of the modulus is refused [-].
MOST_MISFIT = 0.05
#: A frequency is named where the misfit around it is this many times the noise [-].
NAMED = 3.0

#: What is said of a circuit that leaves more than noise.
DOES_NOT_DESCRIBE = "does not describe the spectrum"


class Adequacy(NamedTuple):
    """How a fit's misfit compares with the noise of its spectrum."""

    misfit: float  #: root mean square of the residual for each free value, over the modulus [-]
    noise: float  #: the same of the Kramers-Kronig test at these frequencies [-]
    threshold: float  #: misfit that noise alone exceeds with the probability `FALSE_ALARM` [-]
    where: tuple[tuple[float, float], ...]  #: ranges in which it is worst, highest first [Hz]

    @property
    def describes(self) -> bool:
        """Whether the misfit may be noise."""
        return bool(self.misfit <= self.threshold)

    @property
    def refused(self) -> bool:
        """Whether the misfit is so large that not even the values mean anything."""
        return not self.describes and self.misfit > MOST_MISFIT

    def __str__(self) -> str:
        numbers = f"misfit {100 * self.misfit:.2g} %, noise {100 * self.noise:.2g} %"
        if self.describes:
            return f"the circuit describes the spectrum: {numbers}"
        return f"the circuit {DOES_NOT_DESCRIBE}: {numbers}, worst {ranges(self.where)}"


def ranges(where: tuple[tuple[float, float], ...]) -> str:
    """Ranges of frequencies [Hz] in words."""
    return ", ".join(
        f"at {high:.4g} Hz" if high == low else f"from {high:.4g} to {low:.4g} Hz"
        for high, low in where
    )


def judge(fit: Fit, check: KramersKronig | None, kept: np.ndarray | None = None) -> Adequacy:
    """Test a fit's misfit against the noise of its spectrum.

    The ratio of the two variances is compared with the quantile of Fisher's distribution.

    Parameters
    ----------
    fit : Fit
    check : KramersKronig or None
        The test of the spectrum; where it has too few frequencies for one, the accepted residual
        of a test stands in for the noise.
    kept : (n,) array of bool, optional
        Which of the frequencies of the test were fitted; all by default.
    """
    from scipy.stats import f as fisher

    residual = np.abs(fit.residual)
    freedom = 2 * residual.size - fit.values.size
    misfit = float(np.sqrt(2 * np.sum(residual**2) / freedom))
    if check is None:
        noise, threshold = ACCEPTED, ACCEPTED
    else:
        squares = check.real**2 + check.imaginary**2
        total, free = squares.sum(), 2 * squares.size - check.elements - 3
        share = 1.0 if kept is None else float(squares[kept].sum() / total)
        noise = float(check.noise * np.sqrt(2 * share * squares.size / residual.size))
        threshold = noise * float(np.sqrt(fisher.isf(FALSE_ALARM, freedom, free)))
    around = np.sqrt(np.convolve(residual**2, np.ones(3) / 3, "same"))
    level = min(NAMED * noise, around.max())
    return Adequacy(misfit, noise, threshold, runs(fit.spectrum.frequency, around >= level))


def runs(frequency: np.ndarray, marked: np.ndarray) -> tuple[tuple[float, float], ...]:
    """First and last frequency of each run of marked ones."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(int), [0]])))
    return tuple(
        (float(frequency[start]), float(frequency[stop - 1]))
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
    )


class Weighed(NamedTuple):
    """A fit under each weighting, as far as it could be made."""

    fits: dict[str, Fit]  #: by weighting
    refusals: dict[str, str]  #: why there is none

    def span(self, name: str, intervals: bool) -> tuple[float, float]:
        """From the least to the greatest value of a parameter over the weightings, or end of its
        intervals.
        """
        places = [(fit, fit.place(name)) for fit in self.fits.values()]
        lows = [(fit.low if intervals else fit.values)[place] for fit, place in places]
        highs = [(fit.high if intervals else fit.values)[place] for fit, place in places]
        return float(min(lows)), float(max(highs))


def weigh(fitted: Callable[[str], Fit]) -> Weighed:
    """Fit under each of :data:`~rampore.impedance.fitting.WEIGHTINGS`, so that what they disagree
    about can be seen.

    Parameters
    ----------
    fitted : callable
        Takes a weighting and gives the fit.
    """
    fits, refusals = {}, {}
    for weighting in WEIGHTINGS:
        try:
            fits[weighting] = fitted(weighting)
        except ImpedanceError as error:
            refusals[weighting] = str(error)
    return Weighed(fits, refusals)
