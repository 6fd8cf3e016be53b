"""The one error of this package."""

from rampore import RamporeError
from rampore.checks import quantity


class ConductionError(RamporeError, ValueError):
    """A foil, a coating or a condition that makes no conduction problem; the message names the
    quantity.
    """


def check_positive(**quantities: float) -> None:
    """Refuse a quantity that is not positive and finite."""
    for name, value in quantities.items():
        quantity(name.replace("_", " "), value, ConductionError, above=0)
