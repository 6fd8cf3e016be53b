"""The correlations and tables of ``cell.toml`` as functions in SI, for whatever computes with them.

A ``Formula`` of ``cell.toml`` names its form and holds the coefficients as its source prints them;
here is what each form means. Potentials and properties of solids are functions of the stoichiometry
[-], those of the electrolyte of its salt concentration [mol/m3].
"""

from collections.abc import Callable

import numpy as np
from scipy.special import expit

from rampore import RamporeError
from rampore.checks import nearest, quantity
from rampore.constants import FARADAY, GAS_CONSTANT, REFERENCE_TEMPERATURE
from rampore.lim2026.parameters import Curve, ElectrolyteCorrelations, Formula
from rampore.materials import Electrolyte, Function, Tabulated, arrhenius, constant

__all__ = ["CorrelationError", "electrolyte", "potential", "transport_efficiency"]

#: of conductivity and diffusivity, as the text of both correlations says [J/mol]
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


class CorrelationError(RamporeError, ValueError):
    """A correlation that cannot be evaluated: the message names its form and what is missing."""

    exit_code = 2


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


def _falling(curve: Curve):
    """A measured potential without its small rises, which no material in equilibrium has."""
    x, y = np.asarray(curve.x), np.asarray(curve.y)
    return Tabulated(x, np.minimum.accumulate(y) - 1e-9 * np.arange(x.size))


def _form(formula: Formula, forms: dict[str, Callable]) -> Callable:
    if formula.form not in forms:
        raise CorrelationError(
            f"the form {formula.form!r} is not known here{nearest(formula.form, sorted(forms))}"
        )
    if not formula.coefficients:
        raise CorrelationError(f"{formula.form}: the parameters hold no coefficients")
    return forms[formula.form]


def potential(curve: Curve | Formula, temperature=REFERENCE_TEMPERATURE) -> Function:
    """An open-circuit potential over the stoichiometry [V].

    A table is interpolated without overshoot and continued in straight lines; where it rises, by
    the scatter of its measurement, it stays level (a slope of 1 nV a row keeps it invertible).

    Parameters
    ----------
    curve : parameters.Curve or parameters.Formula
    temperature : float
        [K]

    Raises
    ------
    CorrelationError
        The form is not known, or does not go with its coefficients.
    """
    quantity("temperature", temperature, CorrelationError, above=0, unit="K")
    if isinstance(curve, Curve):
        return _falling(curve)
    if curve.form == "msmr":
        return _multi_site(curve.coefficients, temperature)
    form = _form(curve, _OF_STOICHIOMETRY)

    def found(x):
        return curve.factor * form(curve.coefficients, x, temperature)

    _within(f"potential of the form {curve.form}", found, np.linspace(0, 1, POINTS)[1:-1], {})
    return found


def _over_concentration(formula: Formula, temperature) -> Function:
    form = _form(formula, _OF_CONCENTRATION)
    return lambda c: formula.factor * form(formula.coefficients, c / 1000, temperature)


def electrolyte(
    given: ElectrolyteCorrelations, source: str, temperature=REFERENCE_TEMPERATURE, validity=3000.0
) -> Electrolyte:
    """Transport in an electrolyte from one source's correlations.

    Where the source gives no thermodynamic factor it is 1, which is what other codes set beside it.

    Parameters
    ----------
    given : parameters.ElectrolyteCorrelations
    source : str
        Whose they are, for reports.
    temperature : float
        [K]
    validity : float
        Highest concentration that the correlations are trusted to [mol/m3].

    Raises
    ------
    CorrelationError
        Conductivity, diffusivity or transference number is missing, a form is not known or does not
        go with its coefficients, or a property cannot be what it is somewhere up to `validity`.
    """
    quantity("temperature", temperature, CorrelationError, above=0, unit="K")
    quantity("validity", validity, CorrelationError, above=0, unit="mol/m3")
    missing = [
        name
        for name in ("conductivity", "diffusivity", "transference")
        if getattr(given, name) is None
    ]
    if missing:
        raise CorrelationError(f"{source} gives no {' and no '.join(missing)}")
    conductivity, diffusivity, transference = (
        _over_concentration(getattr(given, name), temperature)
        for name in ("conductivity", "diffusivity", "transference")
    )
    if given.thermodynamic_factor is None:
        factor = constant(1.0)
    else:
        factor = _over_concentration(given.thermodynamic_factor, temperature)
        if given.thermodynamic_factor.form == "valoen-reimers-thermodynamic-factor":
            numerator = factor

            def factor(c):
                return numerator(c) / (1 - transference(c))

    if given.conductivity.form == "nyman-conductivity":
        warmer = arrhenius(NYMAN_ACTIVATION, temperature)
        cold_conductivity, cold_diffusivity = conductivity, diffusivity

        def conductivity(c):
            return warmer * cold_conductivity(c)

        def diffusivity(c):
            return warmer * cold_diffusivity(c)

    found = Electrolyte(conductivity, diffusivity, transference, factor, validity, source)
    c = np.linspace(0, validity, POINTS)[1:]
    for name, limits in _LIMITS.items():
        _within(
            f"{source}: {name.replace('_', ' ')} up to {validity:g} mol/m3",
            getattr(found, name),
            c,
            limits,
        )
    return found


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


def transport_efficiency(tortuosity: Formula | float) -> Function:
    """Transport efficiency eps / tau [-] over the porosity, from a tortuosity factor or its power
    law.

    Parameters
    ----------
    tortuosity : float or parameters.Formula
        tau [-], or tau = p1 eps^p2.
    """
    if not isinstance(tortuosity, Formula):
        quantity("tortuosity", tortuosity, CorrelationError, above=0)
        return lambda eps: eps / tortuosity
    if tortuosity.form != "power-law":
        raise CorrelationError(
            f"the form {tortuosity.form!r} is not known here; known is power-law"
        )
    factor, exponent = tortuosity.coefficients
    return lambda eps: eps / (factor * eps**exponent)
