r"""Whether a spectrum is that of a linear system that did not change meanwhile: Kramers and
Kronig's relations.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.impedance.spectrum import ImpedanceError, Spectrum

#: Root mean square residual above which a spectrum is not believed [-]; one per cent is the custom
#: of the field.
ACCEPTED = 0.01

#: Fewer time constants a decade than this do not follow a relaxation to `ACCEPTED`.
SPARSEST = 2.0
#: Root mean square of what the chain leaves of smooth relaxations [-]: less noise than this cannot
#: be told.
RESOLVED = 5e-4

#: How far the time constants reach beyond the measured range: a relaxation outside of it shows
#: inside [-].
BEYOND = 10.0


class TooFewError(ImpedanceError):
    """There are too few frequencies for the test."""


class KramersKronig(NamedTuple):
    """How well a spectrum obeys Kramers and Kronig's relations."""

    real: np.ndarray  #: residual of the real part over the modulus (n,) [-]
    imaginary: np.ndarray  #: of the imaginary part (n,) [-]
    elements: int  #: time constants of the model that obeys them

    @property
    def noise(self) -> float:
        """Standard deviation of either part that the residuals speak of, over the modulus [-]: the
        free values of the model took their share of it. Not below `RESOLVED`.
        """
        squares = float(np.sum(self.real**2 + self.imaginary**2))
        return max(float(np.sqrt(squares / (2 * self.real.size - self.elements - 3))), RESOLVED)

    @property
    def rms(self) -> float:
        """Root mean square of the complex residual [-]."""
        return float(np.sqrt(np.mean(self.real**2 + self.imaginary**2)))

    @property
    def passed(self) -> bool:
        """Whether :attr:`rms` is within `ACCEPTED`."""
        return bool(self.rms <= ACCEPTED)


def kramers_kronig(spectrum: Spectrum, per_decade: float = 3.0) -> KramersKronig:
    r"""Test a spectrum against a chain of RC elements, which obeys the relations whatever its
    resistances are.

    The linear test of Boukamp (J. Electrochem. Soc. 142 (1995) 1885): :math:`Z = R_0 + \sum_k
    R_k/(1 + i\omega\tau_k) + 1/(i\omega C) + i\omega L` with fixed time constants over the range of
    the frequencies and a decade beyond either end, fitted by least squares with weights of one over
    the modulus. What it cannot follow drifted, was nonlinear, or is noise.

    Parameters
    ----------
    spectrum : Spectrum
    per_decade : float
        Time constants in each decade [-]; three follow smooth relaxations to 0.05 %, more of them
        follow noise too. Fewer are taken, down to `SPARSEST`, where there are not enough
        frequencies for so many.

    Returns
    -------
    KramersKronig

    Raises
    ------
    ImpedanceError
        Where there are not enough frequencies for the test to mean anything.
    """
    quantity("per_decade", per_decade, ImpedanceError, above=0)
    omega = spectrum.omega
    first, last = 1 / omega.max() / BEYOND, BEYOND / omega.min()
    decades = np.log10(last / first)
    elements = max(3, int(per_decade * decades))
    if (most := int(2 * omega.size / 1.5) - 3) < elements:
        if most < min(per_decade, SPARSEST) * decades:
            raise TooFewError(
                f"{omega.size} frequencies cannot test {elements} time constants: lower "
                "`per_decade`, or measure more"
            )
        elements = most
    tau = np.geomspace(first, last, elements)
    matrix, wanted = chain(spectrum, tau)
    solution = np.linalg.lstsq(matrix, wanted, rcond=1e-10)[0]
    real, imaginary = np.split(wanted - matrix @ solution, 2)
    return KramersKronig(real, imaginary, elements)


def chain(spectrum: Spectrum, tau: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The linear model of the test: columns of unit length for :math:`R_0`, :math:`1/C`, :math:`L`
    and the resistance of each time constant, and what they are to add up to.

    Parameters
    ----------
    spectrum : Spectrum
    tau : (m,) array
        [s]

    Returns
    -------
    matrix : (2 n, m + 3) array
        Real parts above imaginary parts, over the modulus [-].
    wanted : (2 n,) array
        The spectrum so [-].
    """
    omega, z = spectrum.omega, spectrum.impedance
    links = 1 / (1 + 1j * np.outer(omega, tau))
    ends = np.column_stack([np.ones_like(z), 1 / (1j * omega), 1j * omega])
    columns = np.column_stack([ends, links]) / np.abs(z)[:, np.newaxis]
    matrix = np.concatenate([columns.real, columns.imag])
    wanted = z / np.abs(z)
    return matrix / np.linalg.norm(matrix, axis=0), np.concatenate([wanted.real, wanted.imag])
