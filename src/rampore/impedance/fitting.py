"""Least squares on spectra: what all circuits share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from rampore.checks import choice, quantity
from rampore.impedance.kramers_kronig import RESOLVED, kramers_kronig
from rampore.impedance.spectrum import ImpedanceError, Spectrum

#: By what the residual of each frequency is divided: the modulus, one number, or the noise that
#: Kramers and Kronig's relations leave near it.
WEIGHTINGS = ("modulus", "unit", "noise")
#: Half the width of the window in which the noise is taken from the test's residuals [decades].
WINDOW = 0.5

#: Probability that a confidence interval covers.
COVERED = 0.95


@dataclass(frozen=True)
class Fit:
    """A circuit fitted to a spectrum.

    Attributes
    ----------
    names, units : tuple of str
        Of the parameters.
    values : (p,) array
        [units]
    low, high : (p,) array
        Ends of the confidence intervals, with probability `COVERED` [units].
    spectrum : Spectrum
        What was fitted.
    fitted : (n,) array of complex
        [ohm]
    weighting : str
        One of `WEIGHTINGS`.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spectrum: Spectrum = field(repr=False)
    fitted: np.ndarray = field(repr=False)
    weighting: str = "modulus"

    def __getitem__(self, name: str) -> float:
        """One parameter's value."""
        return float(self.values[self.place(name)])

    def place(self, name: str) -> int:
        """Where a parameter stands among the others."""
        return self.names.index(choice("parameter", name, self.names, ImpedanceError))

    @property
    def residual(self) -> np.ndarray:
        """Measured less fitted, over the modulus of the measured (n,) [-]."""
        return (self.spectrum.impedance - self.fitted) / np.abs(self.spectrum.impedance)

    @property
    def rms(self) -> float:
        """Root mean square of the residual [-]."""
        return float(np.sqrt(np.mean(np.abs(self.residual) ** 2)))


def fit_logarithms(
    spectrum: Spectrum,
    model: Callable[..., np.ndarray],
    guesses: Sequence[Sequence[float]],
    names: Sequence[str],
    units: Sequence[str],
    least: Sequence[float],
    greatest: Sequence[float],
    weighting: str = "modulus",
) -> Fit:
    """Fit a model whose parameters are positive, by least squares in their logarithms.

    Parameters
    ----------
    spectrum : Spectrum
    model : callable
        ``model(omega, *parameters)`` gives the impedance (n,) [ohm].
    guesses : sequence of (p,) sequences of float
        Where to start from; the best end counts.
    least, greatest : (p,) sequence of float
        Bounds of the parameters.
    names, units : (p,) sequence of str
    weighting : str
        One of `WEIGHTINGS`.

    Returns
    -------
    Fit
        Its confidence intervals come from the curvature at the minimum, in the logarithms.

    Raises
    ------
    ImpedanceError
        Where the fit does not converge, or leaves a parameter undetermined: at a bound, or without
        curvature.
    """
    from scipy.optimize import least_squares
    from scipy.stats import t

    _check_start(guesses, names, units, least, greatest)
    if 2 * spectrum.frequency.size <= len(names):
        raise ImpedanceError(
            f"{spectrum.frequency.size} frequencies do not determine {len(names)} parameters"
        )
    omega, z = spectrum.omega, spectrum.impedance
    scale = weights(spectrum, weighting)
    bounds = np.log(least), np.log(greatest)
    inner = bounds[0] + 1e-6, bounds[1] - 1e-6

    def departure(logarithms):
        difference = (model(omega, *np.exp(logarithms)) - z) / scale
        return np.concatenate([difference.real, difference.imag])

    try:
        with np.errstate(over="ignore", invalid="ignore"):
            ends = [
                least_squares(
                    departure,
                    np.clip(np.log(guess), *inner),
                    bounds=bounds,
                    x_scale="jac",
                    max_nfev=2000,
                )
                for guess in guesses
            ]
    except ValueError as error:
        raise ImpedanceError(
            f"the fit of {', '.join(names)} cannot start from this spectrum: {error}"
        ) from error
    found = min(ends, key=lambda end: end.cost)
    if not found.success:
        raise ImpedanceError(f"the fit of {', '.join(names)} did not converge: {found.message}")
    freedom = found.fun.size - len(names)
    at_bound = [name for name, active in zip(names, found.active_mask, strict=True) if active]
    curvature = found.jac.T @ found.jac
    if at_bound or np.linalg.cond(curvature) > 1e12:
        which = ", ".join(at_bound) or "its parameters"
        raise ImpedanceError(f"the spectrum does not determine {which}")
    variance = np.linalg.inv(curvature) * (found.fun @ found.fun) / freedom
    reach = t.ppf((1 + COVERED) / 2, freedom) * np.sqrt(np.diag(variance))
    values = np.exp(found.x)
    if (loose := reach > np.log(greatest) - np.log(least)).any():
        which = ", ".join(np.array(names)[loose])
        raise ImpedanceError(f"the spectrum does not determine {which}")
    low, high = values * np.exp(-reach), values * np.exp(reach)
    fitted = model(omega, *values)
    return Fit(tuple(names), tuple(units), values, low, high, spectrum, fitted, weighting)


def weights(spectrum: Spectrum, weighting: str) -> np.ndarray:
    """By what the residual of each frequency is divided (n,) [ohm].

    Parameters
    ----------
    spectrum : Spectrum
    weighting : str
        One of `WEIGHTINGS`.

    Raises
    ------
    ImpedanceError
        Where there is no such weighting, or too few frequencies to tell the noise.
    """
    modulus = np.abs(spectrum.impedance)
    match choice("weighting", weighting, WEIGHTINGS, ImpedanceError):
        case "modulus":
            return modulus
        case "unit":
            return np.full(modulus.size, np.median(modulus))
    check = kramers_kronig(spectrum)
    decade = np.log10(spectrum.frequency)
    near = np.abs(decade[:, np.newaxis] - decade) <= WINDOW
    squares = near @ (check.real**2 + check.imaginary**2) / near.sum(axis=1)
    return modulus * np.maximum(np.sqrt(squares), RESOLVED)


def _check_start(guesses, names, units, least, greatest) -> None:
    if not len(guesses) or {len(row) for row in (*guesses, units, least, greatest)} != {len(names)}:
        raise ImpedanceError(f"guesses, units and bounds are needed of each of {', '.join(names)}")
    for what, row in (
        ("least", least),
        ("greatest", greatest),
        *(("guess", guess) for guess in guesses),
    ):
        for name, value in zip(names, row, strict=True):
            quantity(f"{what} {name.replace('_', ' ')}", value, ImpedanceError, above=0)
    for name, low, high in zip(names, least, greatest, strict=True):
        quantity(f"greatest {name.replace('_', ' ')}", high, ImpedanceError, above=low)
