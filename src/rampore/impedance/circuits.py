"""Any equivalent circuit, in the notation of impedance.py: ``R0-p(R1,CPE1)-p(R2,CPE2)-Wo1``."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from rampore.checks import choice, nearest, quantity
from rampore.extras import needs
from rampore.impedance.fitting import COVERED, Fit, weights
from rampore.impedance.spectrum import ImpedanceError, Spectrum

#: Bounds of a circuit's text: its characters, and how deep its branches nest.
LONGEST, DEEPEST = 500, 10
#: Evaluations after which a fit has not converged.
MOST_EVALUATIONS = 2000
#: Elements whose second parameter is an exponent, at most 1.
EXPONENT = ("CPE", "La")
#: Processor time after which a fit is given up [s].
SECONDS = 60.0
#: Starts that are tried where none is given, and evaluations that each of them may take.
STARTS, FIRST_EVALUATIONS = 24, 60
#: Where so many of them end at the same misfit, to a thousandth, no more are tried.
AGREEING = 5
#: How far apart from the scales of the spectrum they lie [-].
SPREAD = 100.0
#: Farther than this from the scales of the spectrum no automatic start looks [-].
REACH = 1e8


class CircuitError(ImpedanceError):
    """A circuit, or a guess of its parameters, without sense: the message says what and why."""

    exit_code = 2


class Circuit(NamedTuple):
    """An equivalent circuit that was read, ready to be evaluated."""

    text: str
    names: tuple[str, ...]  #: of its parameters
    units: tuple[str, ...]
    greatest: np.ndarray  #: (p,) what impedance.py allows at most; at least it is 0 [units]
    tree: list  #: its elements in series, with branches
    functions: Mapping[str, Callable]  #: impedance.py's, by the kind of element

    def impedance(self, frequency: np.ndarray, values: Sequence[float]) -> np.ndarray:
        """Its impedance at the frequencies [Hz], for values of its parameters [units]; [ohm]."""
        return _evaluate(self.tree, self.functions, frequency, list(values))


def read_circuit(circuit: str) -> Circuit:
    """Hold a circuit to the notation and to the elements that impedance.py has; the text is read by
    its grammar and never executed.

    Parameters
    ----------
    circuit : str
        In impedance.py's notation: elements in series are joined by ``-``, in parallel by ``p( ,
        )``.

    Raises
    ------
    CircuitError
        Where the text is anything but elements with their numbers, ``-`` and ``p( , )``, or an
        element is not known or there twice.
    """
    with needs("spectra"):
        from impedance.models.circuits.elements import circuit_elements

    if not isinstance(circuit, str):
        raise CircuitError(f"a circuit is a text such as 'R0-p(R1,CPE1)', not {circuit!r}")
    known = {name: made for name, made in circuit_elements.items() if hasattr(made, "num_params")}
    elements, tree = _parse(circuit)
    names, units, greatest = [], [], []
    for element in elements:
        kind = _kind(element)
        if kind not in known:
            raise CircuitError(
                f"circuit {circuit!r}: there is no element {kind!r}{nearest(kind, known)}"
            )
        if elements.count(element) > 1:
            raise CircuitError(
                f"circuit {circuit!r}: {element} is there twice; give each element its own number"
            )
        count = known[kind].num_params
        names += [element] if count == 1 else [f"{element}_{number}" for number in range(count)]
        units += known[kind].units
        greatest += [1.0 if kind in EXPONENT and n == 1 else np.inf for n in range(count)]
    return Circuit(circuit, tuple(names), tuple(units), np.array(greatest), tree, circuit_elements)


def check_circuit(circuit: str, guess: Sequence[float]) -> Circuit:
    """Read a circuit, and hold a guess of its parameters to it.

    Parameters
    ----------
    circuit : str
        See :func:`read_circuit`.
    guess : sequence of float
        [SI]

    Raises
    ------
    CircuitError
        Where the circuit cannot be read, or the guess has another count or lies outside of what the
        fit allows.
    """
    guess = np.atleast_1d(quantity("guess", guess, CircuitError))
    made = read_circuit(circuit)
    if len(made.names) != len(guess):
        raise CircuitError(
            f"circuit {circuit!r} with {len(guess)} values: it has {len(made.names)} parameters, "
            f"{', '.join(made.names)}"
        )
    for name, value, high in zip(made.names, guess, made.greatest, strict=True):
        limit = {"at_most": high} if np.isfinite(high) else {}
        quantity(
            f"circuit {circuit!r}: the guess of {name}", value, CircuitError, at_least=0, **limit
        )
    return made


def _kind(element: str) -> str:
    return element.rstrip("0123456789_")


def _evaluate(
    tree: list, functions: Mapping[str, Callable], frequency: np.ndarray, values: list[float]
) -> np.ndarray:
    """Elements and branches in series; takes its parameters off the front of `values`."""
    parts = []
    for each in tree:
        if isinstance(each, str):
            element = functions[_kind(each)]
            taken, values[: element.num_params] = values[: element.num_params], []
            parts.append(element(taken, frequency))
        else:
            branches = [_evaluate(branch, functions, frequency, values) for branch in each]
            parts.append(functions["p"](branches))
    return functions["s"](parts) if len(parts) > 1 else parts[0]


def _parse(circuit: str) -> tuple[list[str], list]:
    """The elements of a circuit in the order of its text, and as a tree: a row of elements and of
    branches, which are lists of such rows.
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

    def series(depth: int) -> tuple[list, str]:
        """Read elements and branches; gives them and the word that ends them."""
        row: list = []
        while True:
            word = words.pop(0) if words else ""
            if word == "p(":
                if depth == DEEPEST:
                    raise CircuitError(
                        f"circuit {circuit!r} nests its branches deeper than {DEEPEST} levels"
                    )
                branches, end = [], ","
                while end == ",":
                    branch, end = series(depth + 1)
                    branches.append(branch)
                if end != ")" or len(branches) == 1:
                    refuse(end)
                row.append(branches)
            elif len(word) > 1:
                elements.append(word)
                row.append(word)
            else:
                refuse(word)
            word = words.pop(0) if words else ""
            if word != "-":
                return row, word

    tree, end = series(0)
    if end:
        refuse(end)
    return elements, tree


def fit_circuit(
    spectrum: Spectrum,
    circuit: str,
    guess: Sequence[float] | None = None,
    *,
    weighting: str = "modulus",
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    seconds: float = SECONDS,
) -> Fit:
    """Fit an equivalent circuit by least squares, with the elements of impedance.py.

    Parameters
    ----------
    spectrum : Spectrum
    circuit : str
        See :func:`read_circuit`.
    guess : sequence of float, optional
        Start of every parameter, in the order of the elements [SI]; by default several are made
        from the scales of the spectrum, and the best end counts.
    weighting : str
        One of :data:`rampore.impedance.fitting.WEIGHTINGS`.
    fixed : mapping of str to float, optional
        Parameters that are known, by name [SI].
    bounds : mapping of str to pair of float, optional
        Least and greatest value of parameters, by name [SI].
    seconds : float
        Of processor time, after which the fit is given up [s].

    Returns
    -------
    Fit
        Fixed parameters have intervals of no width.

    Raises
    ------
    ImpedanceError
        Where circuit, guess and bounds do not fit each other, the fit does not converge or not in
        time, or the spectrum leaves a parameter undetermined.
    """
    from scipy.stats import t

    made = read_circuit(circuit) if guess is None else check_circuit(circuit, guess)
    quantity("seconds", seconds, CircuitError, above=0, unit="s")
    held, (low, high) = _fixed(made, fixed or {}), _bounds(made, bounds or {})
    free = np.isnan(held)
    count, f = int(free.sum()), spectrum.frequency
    if 2 * f.size <= count:
        raise ImpedanceError(f"{f.size} frequencies do not determine {count} parameters")
    if not count:
        raise CircuitError(f"all parameters of {circuit!r} are fixed: nothing is left to fit")
    model = _timed(made, f, held, seconds)
    limits = low[free], high[free]
    if guess is None:
        scales = _scales(made, spectrum)[free]
        values, deviation = _solve(model, spectrum, weighting, circuit, limits, scales=scales)
    else:
        start = np.clip(np.asarray(guess, float)[free], *limits)
        values, deviation = _solve(model, spectrum, weighting, circuit, limits, start=start)
    if (loose := ~np.isfinite(deviation)).any():
        names = np.array(made.names)[free][loose]
        raise ImpedanceError(f"the spectrum does not determine {', '.join(names)} of {circuit!r}")
    found, reach = held.copy(), np.zeros(held.size)
    found[free] = values
    reach[free] = t.ppf((1 + COVERED) / 2, 2 * f.size - count) * deviation
    fitted = made.impedance(f, found)
    return Fit(
        made.names, made.units, found, found - reach, found + reach, spectrum, fitted, weighting
    )


def _timed(
    made: Circuit, frequency: np.ndarray, held: np.ndarray, seconds: float
) -> Callable[..., np.ndarray]:
    """A circuit's real and imaginary parts in a row, for values of what is not held; it raises once
    the time has passed.
    """
    end, free = time.thread_time() + seconds, np.isnan(held)

    def model(_, *values):
        if time.thread_time() > end:
            raise ImpedanceError(
                f"circuit {made.text!r} is not fitted after {seconds:g} s: give a guess, or fewer "
                "parameters"
            )
        whole = held.copy()
        whole[free] = values
        fitted = made.impedance(frequency, whole)
        return np.hstack([fitted.real, fitted.imag])

    return model


def _solve(
    model: Callable[..., np.ndarray],
    spectrum: Spectrum,
    weighting: str,
    circuit: str,
    limits: tuple[np.ndarray, np.ndarray],
    *,
    start: np.ndarray | None = None,
    scales: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The values that fit best, from a start or from the scales of the parameters, and their
    standard deviations.
    """
    from scipy.optimize import OptimizeWarning, curve_fit

    z, scale = spectrum.impedance, weights(spectrum, weighting)
    wanted, sigma = np.hstack([z.real, z.imag]), np.hstack([scale, scale])
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", OptimizeWarning)
            if start is None:
                start = _start(model, wanted, sigma, scales, limits)
            values, covariance = curve_fit(
                model,
                spectrum.frequency,
                wanted,
                p0=start,
                bounds=limits,
                sigma=sigma,
                maxfev=MOST_EVALUATIONS,
                ftol=1e-13,
            )
    except ImpedanceError:
        raise
    except Exception as error:
        raise ImpedanceError(f"circuit {circuit!r} cannot be fitted: {error}") from error
    return values, np.sqrt(np.diag(covariance))


def undetermined(fit: Fit) -> tuple[str, ...]:
    """Parameters of which the spectrum tells nothing: their interval holds no value and twice that
    alike.
    """
    reach = (fit.high - fit.low) / 2
    return tuple(np.array(fit.names)[reach > np.abs(fit.values)].tolist())


def _fixed(made: Circuit, fixed: Mapping[str, float]) -> np.ndarray:
    """Values of what is fixed, NaN for the rest."""
    held = np.full(len(made.names), np.nan)
    for name, value in fixed.items():
        place = made.names.index(choice("fixed parameter", name, made.names, CircuitError))
        limit = made.greatest[place]
        above = {"at_most": limit} if np.isfinite(limit) else {}
        held[place] = quantity(f"fixed {name}", value, CircuitError, at_least=0, **above)
    return held


def _bounds(
    made: Circuit, bounds: Mapping[str, tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.zeros(len(made.names)), made.greatest.copy()
    for name, (least, greatest) in bounds.items():
        place = made.names.index(choice("bounded parameter", name, made.names, CircuitError))
        low[place] = quantity(f"least {name}", least, CircuitError, at_least=0)
        high[place] = min(
            quantity(f"greatest {name}", greatest, CircuitError, above=least), high[place]
        )
    return low, high


def _start(
    model: Callable[..., np.ndarray],
    wanted: np.ndarray,
    sigma: np.ndarray,
    scales: np.ndarray,
    limits: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """The best of some short fits in the logarithms, which start near the scales."""
    from scipy.optimize import least_squares

    low = np.maximum(limits[0], 1e-30)
    floor = np.log(np.maximum(low, scales / REACH))
    ceiling = np.log(np.minimum(limits[1], scales * REACH))
    ceiling = np.maximum(ceiling, floor + 1e-6)

    def departure(logarithms):
        found = (model(None, *np.exp(logarithms)) - wanted) / sigma
        return np.where(np.isfinite(found), found, 1e6)

    rng = np.random.default_rng(0)
    ends = []
    for attempt in range(STARTS):
        spread = rng.uniform(-1, 1, scales.size) * np.log(SPREAD) * (attempt > 0)
        start = np.clip(np.log(scales) + spread, floor + 1e-9, ceiling - 1e-9)
        ends.append(
            least_squares(
                departure,
                start,
                bounds=(floor, ceiling),
                x_scale="jac",
                max_nfev=FIRST_EVALUATIONS,
            )
        )
        best = min(ends, key=lambda end: end.cost)
        if sum(end.cost <= 1.001 * best.cost for end in ends) >= AGREEING:
            break
    return np.clip(np.exp(best.x), low, limits[1])


def _scales(made: Circuit, spectrum: Spectrum) -> np.ndarray:
    """A value of each parameter from which it can be reached: resistances from the width of the
    spectrum, times from its frequencies, slower for each element that follows.
    """
    z, omega = spectrum.impedance, spectrum.omega
    top = max(float(z.real[0]), 1e-3 * float(np.abs(z).max()))
    width = max(float(np.ptp(z.real)), 1e-3 * float(np.abs(z).max()))
    elements = list(dict.fromkeys(name.partition("_")[0] for name in made.names))
    slow = [each for each in elements if _kind(each) not in ("R", "L", "La")]
    rates = np.geomspace(omega[0], omega[-1], len(slow) + 2)[1:-1]
    times = dict(zip(slow, 1 / rates, strict=True))
    scales = []
    for name, unit in zip(made.names, made.units, strict=True):
        element = name.partition("_")[0]
        tau = times.get(element, 1 / omega[0])
        kind = _kind(element)
        if (name.endswith("_1") and kind in EXPONENT) or unit == "":
            scales.append(0.85)
        elif unit == "sec":
            scales.append(tau)
        elif kind in ("L", "La"):
            scales.append(max(float(z.imag[0]), 1e-3 * top) / omega[0])
        elif "F" in unit or unit.startswith("Ohm^-1"):
            scales.append(tau / width)
        elif kind == "W":
            scales.append(width * np.sqrt(omega[-1]))
        else:
            scales.append(top if element == elements[0] else width)
    return np.array(scales)


class Rival(NamedTuple):
    """One of several circuits for the same spectrum."""

    circuit: str
    fit: Fit
    criterion: float  #: Schwarz's; less is better [-]


def compare(fits: Mapping[str, Fit]) -> tuple[Rival, ...]:
    """Circuits by Schwarz's information criterion, the best first; it weighs the misfit against the
    number of parameters.

    It tells which of them is the best, not whether one is any good: that says
    :func:`rampore.impedance.judging.judge`.

    Parameters
    ----------
    fits : mapping of str to Fit
        Of one spectrum, under one weighting.
    """
    rivals = []
    for circuit, fit in fits.items():
        scale = weights(fit.spectrum, fit.weighting)
        squares = float(np.sum(np.abs((fit.spectrum.impedance - fit.fitted) / scale) ** 2))
        count, size = int((fit.high > fit.low).sum()) + 1, 2 * fit.fitted.size
        criterion = size * np.log(max(squares, np.finfo(float).tiny) / size)
        criterion += count * np.log(size)
        rivals.append(Rival(circuit, fit, float(criterion)))
    return tuple(sorted(rivals, key=lambda rival: rival.criterion))
