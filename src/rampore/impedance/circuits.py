"""Any equivalent circuit, in the notation of impedance.py: ``R0-p(R1,CPE1)-p(R2,CPE2)-Wo1``."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from rampore.checks import choice, quantity
from rampore.impedance.fitting import COVERED, Fit
from rampore.impedance.spectrum import ImpedanceError, Spectrum

#: Longest circuit [characters].
LONGEST = 200


def _check_circuit(circuit: str) -> None:
    """Refuse what is no circuit before it is evaluated, which is how impedance.py reads one."""
    from impedance.models.circuits.elements import circuit_elements

    if not isinstance(circuit, str) or not re.fullmatch(rf"[A-Za-z0-9_,() -]{{1,{LONGEST}}}", circuit):
        raise ImpedanceError(f"a circuit is a text such as 'R0-p(R1,CPE1)' of at most {LONGEST} characters")
    elements = [name for name in circuit_elements if name not in ("s", "p")]
    for word in re.findall(r"[A-Za-z0-9_]+", circuit):
        if word != "p":
            kind = re.sub(r"_?\d+$", "", word)
            choice(f"element {word} of circuit {circuit!r}, of the kind", kind, elements, ImpedanceError)


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

    _check_circuit(circuit)
    quantity("guess", list(guess), ImpedanceError)
    if not 0 < len(guess) < 2 * spectrum.frequency.size:
        raise ImpedanceError(f"{spectrum.frequency.size} frequencies do not determine {len(guess)} parameters")
    try:
        made = CustomCircuit(circuit, initial_guess=[float(value) for value in guess])
        made.fit(spectrum.frequency, spectrum.impedance, weight_by_modulus=True)
        names, units = made.get_param_names()
        fitted = made.predict(spectrum.frequency)
    except Exception as error:  # the reader of circuits raises whatever it likes
        raise ImpedanceError(f"circuit {circuit!r} with {len(guess)} values: {error}") from None
    values, deviation = np.asarray(made.parameters_), np.asarray(made.conf_)
    if not np.isfinite(deviation).all():
        loose = [name for name, each in zip(names, deviation, strict=True) if not np.isfinite(each)]
        raise ImpedanceError(f"the spectrum does not determine {', '.join(loose)} of {circuit!r}")
    freedom = 2 * spectrum.frequency.size - values.size
    reach = t.ppf((1 + COVERED) / 2, freedom) * deviation
    return Fit(tuple(names), tuple(units), values, values - reach, values + reach, spectrum, fitted)
