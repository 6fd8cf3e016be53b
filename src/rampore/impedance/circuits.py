"""Any equivalent circuit, in the notation of impedance.py: ``R0-p(R1,CPE1)-p(R2,CPE2)-Wo1``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rampore.impedance.fitting import COVERED, Fit
from rampore.impedance.spectrum import ImpedanceError, Spectrum


def fit_circuit(spectrum: Spectrum, circuit: str, guess: Sequence[float]) -> Fit:
    """Fit an equivalent circuit by impedance.py's ``CustomCircuit``, with weights of one over the modulus.

    Parameters
    ----------
    spectrum : Spectrum
    circuit : str
        In impedance.py's notation: elements in series are joined by ``-``, in parallel by ``p( , )``.
    guess : sequence of float
        Start of every parameter, in the order of the elements [SI].

    Returns
    -------
    Fit

    Raises
    ------
    ImpedanceError
        Where circuit and guess do not fit each other, the fit does not converge, or leaves a parameter undetermined.
    """
    from impedance.models.circuits import CustomCircuit
    from scipy.stats import t

    try:
        made = CustomCircuit(circuit, initial_guess=[float(value) for value in guess])
        made.fit(spectrum.frequency, spectrum.impedance, weight_by_modulus=True)
        names, units = made.get_param_names()
        fitted = made.predict(spectrum.frequency)
    except (ValueError, TypeError, KeyError, RuntimeError, SyntaxError, NameError) as error:
        raise ImpedanceError(f"circuit {circuit!r} with {len(guess)} values: {error}") from None
    values, deviation = np.asarray(made.parameters_), np.asarray(made.conf_)
    if not np.isfinite(deviation).all():
        loose = [name for name, each in zip(names, deviation, strict=True) if not np.isfinite(each)]
        raise ImpedanceError(f"the spectrum does not determine {', '.join(loose)} of {circuit!r}")
    freedom = 2 * spectrum.frequency.size - values.size
    reach = t.ppf((1 + COVERED) / 2, freedom) * deviation
    return Fit(tuple(names), tuple(units), values, values - reach, values + reach, spectrum, fitted)
