"""From a measured spectrum to what a circuit says of it: points that do not belong to it left out,
the test of Kramers and Kronig's relations on what will be fitted, the fit, its misfit, and what the
weighting makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rampore.impedance.fitting import Fit
from rampore.impedance.judging import Adequacy, Weighed, judge, ranges, runs, weigh
from rampore.impedance.kramers_kronig import (
    ACCEPTED,
    KramersKronig,
    TooFewError,
    kramers_kronig,
)
from rampore.impedance.screening import Screening, screen
from rampore.impedance.spectrum import ImpedanceError, Spectrum
from rampore.impedance.transmission_line import BREAKS


class Prepared(NamedTuple):
    """A spectrum, and the part of it that can be believed."""

    whole: Spectrum
    screening: Screening
    part: Spectrum  #: what was kept
    check: KramersKronig | None  #: of the part; None where it has too few frequencies

    def refuse_broken(self) -> None:
        """Refuse a spectrum that breaks the relations, with the frequencies where it does.

        Raises
        ------
        ImpedanceError
        """
        if self.check is None or self.check.passed:
            return
        residual = np.hypot(self.check.real, self.check.imaginary)
        around = np.sqrt(np.convolve(residual**2, np.ones(3) / 3, "same"))
        where = runs(self.part.frequency, around > ACCEPTED)
        raise ImpedanceError(
            f"{BREAKS.format(100 * self.check.rms)}; by more than {100 * ACCEPTED:g} % "
            f"{ranges(where) or 'at single points'}: measure again, or keep only what can be "
            "believed (fmin, fmax, mask; --fmin, --fmax, --mask)"
        )


def prepare(spectrum: Spectrum, screened: bool = True) -> Prepared:
    """Leave out what does not belong to a spectrum, and test the rest.

    Parameters
    ----------
    spectrum : Spectrum
    screened : bool
        Whether to leave points out, see :func:`~rampore.impedance.screening.screen`.
    """
    n = spectrum.frequency.size
    screening = screen(spectrum) if screened else Screening(np.ones(n, bool), ())
    part = spectrum.where(screening.kept)
    try:
        check = kramers_kronig(part)
    except TooFewError:
        check = None
    return Prepared(spectrum, screening, part, check)


class SpectrumAnalysis(NamedTuple):
    """What a circuit says of a spectrum, and how far that goes."""

    prepared: Prepared
    fit: Fit
    judgement: Adequacy
    weighed: Weighed

    def refuse_misfit(self) -> None:
        """Refuse a circuit that is not that of the cell.

        Raises
        ------
        ImpedanceError
        """
        if self.judgement.refused:
            raise ImpedanceError(f"{self.judgement}: what was fitted would mean nothing")


def analyse(
    prepared: Prepared,
    fitted: Callable[[Spectrum, str, Fit | None], Fit],
    weighting: str = "modulus",
) -> SpectrumAnalysis:
    """Fit what was kept of a spectrum, test the misfit, and fit again under the other weightings.

    Parameters
    ----------
    prepared : Prepared
    fitted : callable
        Takes a spectrum, a weighting and, for the other weightings, the fit to start from; gives
        the fit.
    weighting : str
        The one that counts.

    Raises
    ------
    ImpedanceError
        Where the spectrum breaks Kramers and Kronig's relations, or cannot be fitted.
    """
    prepared.refuse_broken()
    part = prepared.part
    fit = fitted(part, weighting, None)
    kept = np.isin(part.frequency, fit.spectrum.frequency)
    others = weigh(lambda each: fit if each == weighting else fitted(part, each, fit))
    return SpectrumAnalysis(prepared, fit, judge(fit, prepared.check, kept), others)
