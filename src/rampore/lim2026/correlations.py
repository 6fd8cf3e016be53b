"""The correlations and tables of ``cell.toml`` as functions in SI."""

import numpy as np

from rampore.audit.inputs.values import Curve, Formula
from rampore.checks import quantity
from rampore.constants import REFERENCE_TEMPERATURE
from rampore.correlations import CorrelationError
from rampore.lim2026.parameters import ElectrolyteCorrelations
from rampore.materials import Electrolyte, Function, Tabulated, forms

__all__ = ["CorrelationError", "electrolyte", "potential", "transport_efficiency"]

#: Of correlations that no source gives a range of [mol/m3]: chosen.
UNSTATED_VALIDITY = (0.0, 3000.0)


def _falling(curve: Curve):
    """A measured potential without its small rises, which no material in equilibrium has."""
    x, y = np.asarray(curve.x), np.asarray(curve.y)
    return Tabulated(x, np.minimum.accumulate(y) - 1e-9 * np.arange(x.size))


def potential(curve: Curve | Formula, temperature: float = REFERENCE_TEMPERATURE) -> Function:
    """An open-circuit potential over the stoichiometry [V].

    A table is interpolated without overshoot and continued in straight lines; where it rises, by
    the scatter of its measurement, it stays level (a slope of 1 nV a row keeps it invertible).

    Parameters
    ----------
    curve : Curve or Formula
        As :mod:`rampore.lim2026.parameters` gives them.
    temperature : float
        [K]

    Raises
    ------
    CorrelationError
        The form is not known, or does not go with its coefficients.
    """
    quantity("temperature", temperature, CorrelationError, above=0, unit="K")
    return _falling(curve) if isinstance(curve, Curve) else forms.potential(curve, temperature)


def electrolyte(
    correlations: ElectrolyteCorrelations, source: str, temperature: float = REFERENCE_TEMPERATURE
) -> Electrolyte:
    """Transport in an electrolyte from one source's correlations, see
    :func:`rampore.materials.forms.electrolyte`.

    Parameters
    ----------
    correlations : ElectrolyteCorrelations
        Up to their validity they are computed, beyond it held.
    source : str
        Whose they are, for reports.
    temperature : float
        [K]

    Raises
    ------
    CorrelationError
        As the function named above.
    """
    names = ("conductivity", "diffusivity", "transference", "thermodynamic_factor")
    properties = {name: getattr(correlations, name) for name in names}
    return forms.electrolyte(
        properties, source, temperature, correlations.validity or UNSTATED_VALIDITY
    )


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
