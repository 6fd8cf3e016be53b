"""One spectrum."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rampore import RamporeError
from rampore.checks import quantity

#: Fewer frequencies than this make no spectrum.
FEWEST = 5
#: More than this are no single spectrum.
MOST = 2000
#: Least and greatest frequency [Hz] and modulus [ohm] that any instrument could mean.
FREQUENCIES = (1e-12, 1e15)
MODULI = (1e-18, 1e18)


class ImpedanceError(RamporeError, ValueError):
    """A spectrum or a circuit that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class Spectrum:
    """Impedance over frequency, from the highest to the lowest.

    Attributes
    ----------
    frequency : (n,) array
        [Hz]
    impedance : (n,) array of complex
        [ohm]; capacitive where its imaginary part is negative.

    Raises
    ------
    ImpedanceError
        Where a value is not finite or beyond `FREQUENCIES` and `MODULI`, a frequency not positive
        or there twice, or there are fewer than `FEWEST` or more than `MOST`.
    """

    frequency: np.ndarray
    impedance: np.ndarray = field(repr=False)

    def __post_init__(self) -> None:
        try:
            f, z = np.array(self.frequency), np.array(self.impedance, complex)
        except (TypeError, ValueError):
            raise ImpedanceError(
                "a spectrum is a row of frequencies and one of impedances, all numbers"
            ) from None
        f = np.asarray(quantity("frequency", f, ImpedanceError, unit="Hz"), float)
        if f.ndim != 1 or f.shape != z.shape or f.size < FEWEST:
            raise ImpedanceError(
                f"{f.size} frequencies and {z.size} impedances: {FEWEST} or more of each are needed"
            )
        if f.size > MOST:
            raise ImpedanceError(
                f"{f.size} frequencies are no single spectrum: thin them to {MOST} or fewer"
            )
        if not np.isfinite(z).all():
            raise ImpedanceError(f"the impedance at {f[~np.isfinite(z)][0]:g} Hz is not finite")
        if (f <= 0).any() or np.unique(f).size < f.size:
            raise ImpedanceError("frequencies must be positive, and each there once")
        if not np.abs(z).min() > 0:
            raise ImpedanceError("an impedance of 0 can be neither weighted nor fitted")
        for name, values, (low, high), unit in (
            ("frequency", f, FREQUENCIES, "Hz"),
            ("modulus of the impedance", np.abs(z), MODULI, "ohm"),
        ):
            quantity(name, values, ImpedanceError, at_least=low, at_most=high, unit=unit)
        order = np.argsort(-f)
        object.__setattr__(self, "frequency", f[order])
        object.__setattr__(self, "impedance", z[order])

    @property
    def omega(self) -> np.ndarray:
        """Angular frequency (n,) [1/s]."""
        return 2 * np.pi * self.frequency

    def where(self, kept: np.ndarray) -> Spectrum:
        """The part of the spectrum for which `kept` (n,) is true."""
        if np.asarray(kept).dtype != bool or np.shape(kept) != self.frequency.shape:
            raise ImpedanceError(
                f"what is kept of {self.frequency.size} frequencies is as many True or False"
            )
        return Spectrum(self.frequency[kept], self.impedance[kept])

    def capacitive(self) -> Spectrum:
        """Without the frequencies at which the leads' inductance outweighs the cell."""
        return self.where(self.impedance.imag < 0)
