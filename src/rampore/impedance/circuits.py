"""Any equivalent circuit, in the notation of impedance.py: ``R0-p(R1,CPE1)-p(R2,CPE2)-Wo1``."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from rampore.checks import nearest, quantity
from rampore.extras import needs
from rampore.impedance.fitting import COVERED, Fit
from rampore.impedance.spectrum import ImpedanceError, Spectrum

#: Bounds of a circuit's text: its characters, and how deep its branches nest.
LONGEST, DEEPEST = 500, 10
#: Evaluations after which a fit has not converged.
MOST_EVALUATIONS = 2000


class CircuitError(ImpedanceError):
    """A circuit, or a guess of its parameters, without sense: the message says what and why."""

    exit_code = 2


def check_circuit(circuit: str, guess: Sequence[float]) -> None:
    """Hold a circuit to the notation and its guess to the circuit, before impedance.py evaluates
    either.

    Parameters
    ----------
    circuit : str
    guess : sequence of float
        [SI]

    Raises
    ------
    CircuitError
        Where the text is anything but elements with their numbers, ``-`` and ``p( , )``, an element
        is not known or there twice, or the guess has another count or lies outside of what the fit
        allows.
    """
    with needs("spectra"):
        from impedance.models.circuits.elements import circuit_elements
        from impedance.models.circuits.fitting import set_default_bounds

    if not isinstance(circuit, str):
        raise CircuitError(f"a circuit is a text such as 'R0-p(R1,CPE1)', not {circuit!r}")
    guess = np.atleast_1d(quantity("guess", guess, CircuitError))
    known = {
        name: made.num_params
        for name, made in circuit_elements.items()
        if hasattr(made, "num_params")
    }
    elements = _elements(circuit)
    names = []
    for element in elements:
        kind = element.rstrip("0123456789_")
        if kind not in known:
            raise CircuitError(
                f"circuit {circuit!r}: there is no element {kind!r}{nearest(kind, known)}"
            )
        if elements.count(element) > 1:
            raise CircuitError(
                f"circuit {circuit!r}: {element} is there twice; give each element its own number"
            )
        count = known[kind]
        names += [element] if count == 1 else [f"{element}_{number}" for number in range(count)]
    if len(names) != len(guess):
        raise CircuitError(
            f"circuit {circuit!r} with {len(guess)} values: it has {len(names)} parameters, "
            f"{', '.join(names)}"
        )
    for name, value, low, high in zip(
        names, guess, *set_default_bounds(circuit.replace(" ", "")), strict=True
    ):
        limit = {"at_most": high} if np.isfinite(high) else {}
        quantity(
            f"circuit {circuit!r}: the guess of {name}", value, CircuitError, at_least=low, **limit
        )


def _elements(circuit: str) -> list[str]:
    """The elements of a circuit in the order of its text, which is read by the grammar and never
    evaluated.
    """
    if len(circuit) > LONGEST:
        raise CircuitError(
            f"a circuit of {len(circuit)} characters is too long; {LONGEST} are read"
        )
    words = re.findall(r"p\(|[A-Za-z]+_?\d{1,3}|[-,)]|\S", circuit)
    elements: list[str] = []

    def refuse(word: str) -> None:
        raise CircuitError(
            f"circuit {circuit!r}: {word or 'its end'!r} is not expected; elements with a number "
            "are joined by '-', branches by 'p( , )', as in 'R0-p(R1,CPE1)'"
        )

    def series(depth: int) -> str:
        """Read elements and branches; gives the word that ends them."""
        while True:
            word = words.pop(0) if words else ""
            if word == "p(":
                if depth == DEEPEST:
                    raise CircuitError(
                        f"circuit {circuit!r} nests its branches deeper than {DEEPEST} levels"
                    )
                end, branches = series(depth + 1), 1
                while end == ",":
                    end, branches = series(depth + 1), branches + 1
                if end != ")" or branches == 1:
                    refuse(end)
            elif len(word) > 1:
                elements.append(word)
            else:
                refuse(word)
            word = words.pop(0) if words else ""
            if word != "-":
                return word

    if end := series(0):
        refuse(end)
    return elements


def fit_circuit(spectrum: Spectrum, circuit: str, guess: Sequence[float]) -> Fit:
    """Fit an equivalent circuit by impedance.py's ``CustomCircuit``, with weights of one over the
    modulus.

    Parameters
    ----------
    spectrum : Spectrum
    circuit : str
        In impedance.py's notation: elements in series are joined by ``-``, in parallel by ``p( ,
        )``.
    guess : sequence of float
        Start of every parameter, in the order of the elements [SI].

    Returns
    -------
    Fit

    Raises
    ------
    ImpedanceError
        Where circuit and guess do not fit each other, the fit does not converge, or leaves a
        parameter undetermined.
    """
    with needs("spectra"):
        from impedance.models.circuits import CustomCircuit
    from scipy.stats import t

    if 2 * spectrum.frequency.size <= len(guess):
        raise ImpedanceError(
            f"{spectrum.frequency.size} frequencies do not determine {len(guess)} parameters"
        )
    check_circuit(circuit, guess)
    try:
        made = CustomCircuit(circuit, initial_guess=[float(value) for value in guess])
        made.fit(
            spectrum.frequency, spectrum.impedance, weight_by_modulus=True, maxfev=MOST_EVALUATIONS
        )
        names, units = made.get_param_names()
        fitted = made.predict(spectrum.frequency)
    except Exception as error:
        raise ImpedanceError(f"circuit {circuit!r} cannot be fitted: {error}") from error
    values, deviation = np.asarray(made.parameters_), np.asarray(made.conf_)
    if not np.isfinite(deviation).all():
        loose = [name for name, each in zip(names, deviation, strict=True) if not np.isfinite(each)]
        raise ImpedanceError(f"the spectrum does not determine {', '.join(loose)} of {circuit!r}")
    freedom = 2 * spectrum.frequency.size - values.size
    reach = t.ppf((1 + COVERED) / 2, freedom) * deviation
    return Fit(tuple(names), tuple(units), values, values - reach, values + reach, spectrum, fitted)
