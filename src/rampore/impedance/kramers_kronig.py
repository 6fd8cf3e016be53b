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

#: How far the time constants reach beyond the measured range: a relaxation outside of it shows
#: inside [-].
BEYOND = 10.0


class KramersKronig(NamedTuple):
    """How well a spectrum obeys Kramers and Kronig's relations."""

    real: np.ndarray  #: residual of the real part over the modulus (n,) [-]
    imaginary: np.ndarray  #: of the imaginary part (n,) [-]
    elements: int  #: time constants of the model that obeys them

    @property
    def rms(self) -> float:
        """Root mean square of the complex residual [-]."""
        return float(np.sqrt(np.mean(self.real**2 + self.imaginary**2)))

    @property
    def passed(self) -> bool:
        """Whether :attr:`rms` is within `ACCEPTED`."""
        return self.rms <= ACCEPTED


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
        follow noise too.

    Returns
    -------
    KramersKronig

    Raises
    ------
    ImpedanceError
        Where there are not enough frequencies for the test to mean anything.
    """
    quantity("per_decade", per_decade, ImpedanceError, above=0)
    omega, z = spectrum.omega, spectrum.impedance
    first, last = 1 / omega.max() / BEYOND, BEYOND / omega.min()
    decades = np.log10(last / first)
    elements = max(3, int(per_decade * decades))
    if 2 * omega.size < 1.5 * (elements + 3):
        raise ImpedanceError(
            f"{omega.size} frequencies cannot test {elements} time constants: lower `per_decade`, "
            "or measure more"
        )
    tau = np.geomspace(first, last, elements)
    chain = 1 / (1 + 1j * np.outer(omega, tau))
    ends = np.column_stack([np.ones_like(z), 1 / (1j * omega), 1j * omega])
    columns = np.column_stack([ends, chain]) / np.abs(z)[:, np.newaxis]
    matrix = np.concatenate([columns.real, columns.imag])
    wanted = z / np.abs(z)
    wanted = np.concatenate([wanted.real, wanted.imag])
    scale = np.linalg.norm(matrix, axis=0)
    solution = np.linalg.lstsq(matrix / scale, wanted, rcond=1e-10)[0]
    real, imaginary = np.split(wanted - matrix / scale @ solution, 2)
    return KramersKronig(real, imaginary, elements)
