"""The forms of published correlations: what each name means, and functions in SI from form and
coefficients.

A correlation is anything with a ``form``, the ``coefficients`` as its source prints them, and the
``factor`` that turns its result into SI. Potentials are functions of the stoichiometry [-],
properties of an electrolyte of its salt concentration [mol/m3].
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
from scipy.special import expit

from rampore.checks import nearest, quantity
from rampore.constants import FARADAY, GAS_CONSTANT, REFERENCE_TEMPERATURE
from rampore.correlations import CorrelationError
from rampore.materials.functions import Function, Tabulated, arrhenius, constant
from rampore.materials.properties import Electrolyte


class PrintedCorrelation(Protocol):
    """Form, coefficients and unit of a published correlation."""

    form: str
    coefficients: tuple | Mapping
    factor: float


NYMAN_ACTIVATION = 17e3


#: Places at which a correlation is looked at over its domain.
POINTS = 101
#: What the properties of an electrolyte are over its validity; a transference number below 0 was
#: measured.
_LIMITS = {
    "conductivity": {"above": 0},
    "diffusivity": {"above": 0},
    "transference": {"below": 1},
    "thermodynamic_factor": {"above": 0},
}


def _landesfeind_conductivity(p, c, T):
    rise = 1 + p[2] * np.sqrt(c) + p[3] * (1 + p[4] * np.exp(1000 / T)) * c
    return p[0] * (1 + (T - p[1])) * c * rise / (1 + c**4 * p[5] * np.exp(1000 / T))


def _landesfeind_diffusivity(p, c, T):
    return 1e-10 * p[0] * np.exp(p[1] * c + p[2] / T + p[3] * c / T)


def _landesfeind_polynomial(p, c, T):
    powers = (1, c, T, c**2, c * T, T**2, c**3, c**2 * T, c * T**2)
    return sum(coefficient * power for coefficient, power in zip(p, powers, strict=True))


def _nyman_conductivity(p, c, T):
    return p[0] * c**3 + p[1] * c**1.5 + p[2] * c


def _valoen_conductivity(p, c, T):
    root = (
        p[0]
        + p[1] * T
        + p[2] * T**2
        + c * (p[3] + p[4] * T + p[5] * T**2)
        + c**2 * (p[6] + p[7] * T)
    )
    return 0.1 * c * root**2


def _valoen_diffusivity(p, c, T):
    return 1e-4 * 10 ** (p[0] + p[1] / (T + p[2] + p[3] * c) + p[4] * c)


def _valoen_factor(p, c, T):
    return p[0] + p[1] * np.sqrt(c) + p[2] * (1 + p[3] * (T - 294)) * c * np.sqrt(c)


def _polynomial(p, x, T):
    return np.polyval(p, x)


_OF_CONCENTRATION = {
    "constant": lambda p, c, T: p[0] + 0.0 * c,
    "polynomial": _polynomial,
    "landesfeind-conductivity": _landesfeind_conductivity,
    "landesfeind-diffusivity": _landesfeind_diffusivity,
    "landesfeind-polynomial": _landesfeind_polynomial,
    "nyman-conductivity": _nyman_conductivity,
    "valoen-reimers-conductivity": _valoen_conductivity,
    "valoen-reimers-diffusivity": _valoen_diffusivity,
    "valoen-reimers-thermodynamic-factor": _valoen_factor,
}


def _steps(x, heights, centres, widths):
    return sum(h * np.tanh((x - c) / w) for h, c, w in zip(heights, centres, widths, strict=True))


def _poles(p, x, T):
    return np.polyval(p[:8], x) + p[8] * (1 / x + 1 / (x - 1))


def _ecker_graphite(p, x, T):
    return (
        p["a"] * np.exp(-p["b"] * x)
        + p["c"] * np.exp(-p["d"] * (x - p["e"]))
        - p["r"] * np.tanh(p["S"] * (x - p["t"]))
        - p["g"] * np.tanh(p["h"] * (x - p["i"]))
        - p["j"] * np.tanh(p["k"] * (x - p["m"]))
        - p["n"] * np.exp(p["o"] * (x - p["p"]))
        + p["q"]
    )


def _mohtat_graphite(p, x, T):
    exponential = p["height"] * np.exp(-p["rate"] * (x + p["shift"]))
    return p["offset"] + exponential - _steps(x, p["steps"], p["centres"], p["widths"])


def _chen_graphite(p, x, T):
    widths = [1 / slope for slope in p["slopes"]]
    return (
        p["height"] * np.exp(-p["rate"] * x)
        + p["offset"]
        - _steps(x, p["steps"], p["centres"], widths)
    )


def _chen_nmc(p, x, T):
    return (
        p["slope"] * x
        + p["offset"]
        - _steps(x, p["steps"], p["centres"], [1 / slope for slope in p["slopes"]])
    )


def _mohtat_nmc(p, x, T):
    return np.polyval(p[5::-1], x) + p[6] * np.exp(p[7] * x + p[8])


_OF_STOICHIOMETRY = {
    "polynomial": _polynomial,
    "polynomial-with-poles": _poles,
    "ecker-graphite": _ecker_graphite,
    "mohtat-graphite": _mohtat_graphite,
    "chen-graphite": _chen_graphite,
    "chen-nmc": _chen_nmc,
    "mohtat-nmc": _mohtat_nmc,
}


def _multi_site(p, temperature):
    """The multi-site, multi-reaction form gives x of U; its inverse as a table."""
    u0, share, width = (np.asarray(p[name])[:, None] for name in ("U0", "X", "w"))
    u = np.linspace(-0.2, 5.5, 20001)
    x = np.sum(share * expit(FARADAY * (u0 - u) / (GAS_CONSTANT * temperature * width)), axis=0)
    _, first = np.unique(np.round(x / share.sum(), 12), return_index=True)
    return Tabulated(x[first] / share.sum(), u[first])


def _form(correlation: PrintedCorrelation, forms: dict[str, Callable]) -> Callable:
    if correlation.form not in forms:
        hint = nearest(correlation.form, sorted(forms))
        raise CorrelationError(f"the form {correlation.form!r} is not known here{hint}")
    if not correlation.coefficients:
        raise CorrelationError(f"{correlation.form}: the parameters hold no coefficients")
    return forms[correlation.form]


def potential(
    correlation: PrintedCorrelation, temperature: float = REFERENCE_TEMPERATURE
) -> Function:
    """An open-circuit potential over the stoichiometry [V].

    Parameters
    ----------
    correlation : PrintedCorrelation
    temperature : float
        [K]

    Raises
    ------
    CorrelationError
        The form is not known, or does not go with its coefficients.
    """
    quantity("temperature", temperature, CorrelationError, above=0, unit="K")
    if correlation.form == "msmr":
        return _multi_site(correlation.coefficients, temperature)
    form = _form(correlation, _OF_STOICHIOMETRY)

    def of_stoichiometry(x):
        return correlation.factor * form(correlation.coefficients, x, temperature)

    places = np.linspace(0, 1, POINTS)[1:-1]
    _within(f"potential of the form {correlation.form}", of_stoichiometry, places, {})
    return of_stoichiometry


def over_concentration(
    correlation: PrintedCorrelation, temperature: float = REFERENCE_TEMPERATURE
) -> Function:
    """A property of an electrolyte over its salt concentration [mol/m3], in SI.

    Parameters
    ----------
    correlation : PrintedCorrelation
    temperature : float
        [K]

    Raises
    ------
    CorrelationError
        The form is not known.
    """
    form = _form(correlation, _OF_CONCENTRATION)
    return lambda c: correlation.factor * form(correlation.coefficients, c / 1000, temperature)


def electrolyte(
    properties: Mapping[str, PrintedCorrelation | None],
    source: str,
    temperature: float = REFERENCE_TEMPERATURE,
    validity: tuple[float, float] = (0.0, 3000.0),
) -> Electrolyte:
    """Transport in an electrolyte from one source's correlations.

    Where the source gives no thermodynamic factor it is 1, which is what other codes set beside it.

    Parameters
    ----------
    properties : mapping of str to Correlation
        By name: conductivity, diffusivity, transference, and (or None) thermodynamic_factor.
    source : str
        Whose they are, for reports.
    temperature : float
        [K]
    validity : (float, float)
        Concentrations that the correlations are trusted between [mol/m3].

    Raises
    ------
    CorrelationError
        Conductivity, diffusivity or transference number is missing, a form is not known or does not
        go with its coefficients, or a property cannot be what it is somewhere up to the end of
        `validity`.
    """
    quantity("temperature", temperature, CorrelationError, above=0, unit="K")
    lowest, highest = validity
    quantity("validity", highest, CorrelationError, above=0, unit="mol/m3")
    needed = ("conductivity", "diffusivity", "transference")
    missing = [name for name in needed if properties.get(name) is None]
    if missing:
        raise CorrelationError(f"{source} gives no {' and no '.join(missing)}")
    conductivity, diffusivity, transference = (
        over_concentration(properties[name], temperature) for name in needed
    )
    printed_factor = properties.get("thermodynamic_factor")
    if printed_factor is None:
        factor = constant(1.0)
    else:
        factor = over_concentration(printed_factor, temperature)
        if printed_factor.form == "valoen-reimers-thermodynamic-factor":
            numerator = factor

            def factor(c):
                return numerator(c) / (1 - transference(c))

    if properties["conductivity"].form == "nyman-conductivity":
        warmer = arrhenius(NYMAN_ACTIVATION, temperature)
        cold_conductivity, cold_diffusivity = conductivity, diffusivity

        def conductivity(c):
            return warmer * cold_conductivity(c)

        def diffusivity(c):
            return warmer * cold_diffusivity(c)

    made = Electrolyte(conductivity, diffusivity, transference, factor, highest, source, lowest)
    c = np.linspace(0, highest, POINTS)[1:]
    for name, limits in _LIMITS.items():
        label = f"{source}: {name.replace('_', ' ')} up to {highest:g} mol/m3"
        _within(label, getattr(made, name), c, limits)
    return made


def _within(name: str, function: Function, places: np.ndarray, limits: dict[str, float]) -> None:
    """Refuse a correlation that cannot be evaluated where it will be used, or leaves its limits
    there.
    """
    try:
        with np.errstate(all="ignore"):
            values = function(places)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise CorrelationError(
            f"{name}: the form does not go with its coefficients ({error})"
        ) from None
    quantity(name, values, CorrelationError, **limits)
