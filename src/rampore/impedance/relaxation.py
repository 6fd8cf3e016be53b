r"""The distribution of relaxation times: which processes a spectrum holds, without a circuit.

.. math:: Z(\omega) = R_\infty + i\omega L + \frac{1}{i\omega C}
   + \int \frac{\gamma(\ln\tau)}{1 + i\omega\tau}\, d\ln\tau, \qquad \gamma \ge 0

is ill-posed: many distributions give the same spectrum to within its noise. Of them the smoothest
is taken (Tikhonov's regularisation of the second derivative), among those that leave no more than
the noise that Kramers and Kronig's relations leave (Morozov's discrepancy principle).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.impedance.kramers_kronig import ACCEPTED, BEYOND, kramers_kronig
from rampore.impedance.spectrum import ImpedanceError, Spectrum

#: Time constants in each decade [-].
PER_DECADE = 12
#: Weights of the regularisation that are tried, from the smoothest on.
WEIGHTS = np.geomspace(1e1, 1e-11, 37)
#: Residual over the noise that the smoothest distribution may leave [-].
DISCREPANCY = 1.05
#: A peak lower than this share of the highest is none.
LOWEST_PEAK = 0.1


class Relaxation(NamedTuple):
    """A distribution of relaxation times."""

    tau: np.ndarray  #: time constants (m,) [s]
    density: np.ndarray  #: gamma, per natural logarithm of the time constant (m,) [ohm]
    ohmic: float  #: R_inf [ohm]
    inductance: float  #: [H]
    capacitance: float  #: in series; infinite where none is needed [F]
    regularisation: float  #: the weight that was taken [-]
    rms: float  #: root mean square of what is left, over the modulus [-]

    @property
    def polarisation(self) -> float:
        """Resistance of all relaxations [ohm]."""
        return float(np.trapezoid(self.density, np.log(self.tau)))

    def peaks(self) -> list[tuple[float, float]]:
        """Time constant [s] and resistance [ohm] of each peak, from the fastest on; the resistance
        is what lies between the valleys beside it.
        """
        density, x = self.density, np.log(self.tau)
        padded = np.concatenate([[-1.0], density, [-1.0]])
        tops = np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]))
        tops = tops[density[tops] > LOWEST_PEAK * density.max()]
        valleys = [first + int(np.argmin(density[first:last])) for first, last in pairwise(tops)]
        edges = [0, *valleys, density.size - 1]
        return [
            (float(self.tau[top]), float(np.trapezoid(density[a : b + 1], x[a : b + 1])))
            for top, a, b in zip(tops, edges[:-1], edges[1:], strict=True)
        ]


def relaxation(spectrum: Spectrum, regularisation: float | None = None) -> Relaxation:
    """The distribution of relaxation times of a spectrum.

    Parameters
    ----------
    spectrum : Spectrum
        One that obeys Kramers and Kronig's relations.
    regularisation : float, optional
        Weight of the second derivative [-]; by default the largest that leaves no more than the
        noise.

    Returns
    -------
    Relaxation

    Raises
    ------
    ImpedanceError
        Where there are too few frequencies, or no distribution describes the spectrum.
    """
    check = kramers_kronig(spectrum)
    if not check.passed:
        raise ImpedanceError(
            "a spectrum that breaks Kramers and Kronig's relations has no relaxation times"
        )
    if regularisation is not None:
        quantity("regularisation", regularisation, ImpedanceError, above=0)
    system = _System(spectrum)
    allowed = DISCREPANCY * np.sqrt(2) * check.noise
    for weight in WEIGHTS if regularisation is None else (regularisation,):
        found = system.solve(weight)
        if found.rms <= allowed:
            break
    if regularisation is None and found.rms > max(allowed, ACCEPTED):
        raise ImpedanceError(
            f"no distribution of relaxation times describes the spectrum: {100 * found.rms:.2g} % "
            "is left"
        )
    return found


class _System:
    """The linear system: ends of the circuit and densities at the time constants, to be what was
    measured, over the modulus.
    """

    def __init__(self, spectrum: Spectrum) -> None:
        omega, z = spectrum.omega, spectrum.impedance
        modulus = np.abs(z)
        first, last = 1 / omega.max() / BEYOND, BEYOND / omega.min()
        self.tau = np.geomspace(first, last, int(PER_DECADE * np.log10(last / first)) + 1)
        step = np.log(self.tau[1] / self.tau[0])
        share = np.full(self.tau.size, step)
        share[[0, -1]] /= 2
        kernel = share / (1 + 1j * np.outer(omega, self.tau))
        ends = np.column_stack([np.ones_like(z), 1j * omega, 1 / (1j * omega)])
        columns = np.column_stack([ends, kernel]) / modulus[:, np.newaxis]
        self.matrix = np.concatenate([columns.real, columns.imag])
        self.wanted = np.concatenate([(z / modulus).real, (z / modulus).imag])
        # one size for all unknowns, so that the weight means the same for every spectrum
        size = np.full(self.tau.size + 3, float(np.median(modulus)))
        size[:3] = 1 / np.linalg.norm(self.matrix[:, :3], axis=0)
        self.matrix, self.size = self.matrix * size, size
        bend = np.diff(np.eye(self.tau.size + 2), 2, axis=0)[:, 1:-1] / step**1.5
        self.smooth = np.column_stack([np.zeros((self.tau.size, 3)), bend])

    def solve(self, weight: float) -> Relaxation:
        from scipy.optimize import nnls

        system = np.vstack([self.matrix, np.sqrt(weight) * self.smooth])
        try:
            solution, _ = nnls(system, np.concatenate([self.wanted, np.zeros(self.tau.size)]))
        except RuntimeError as error:
            raise ImpedanceError(
                f"no distribution of relaxation times is found: {error}"
            ) from error
        left = self.matrix @ solution - self.wanted
        ohmic, inductance, elastance, *density = solution * self.size
        return Relaxation(
            self.tau,
            np.array(density),
            float(ohmic),
            float(inductance),
            float(1 / elastance) if elastance > 0 else float("inf"),
            float(weight),
            float(np.sqrt(2 * np.mean(left**2))),
        )
