"""The one error of this package."""

from rampore import RamporeError


class ConductionError(RamporeError, ValueError):
    """A foil, a coating or a condition that makes no conduction problem; the message names the quantity."""


def check_positive(**quantities: float) -> None:
    """Refuse a quantity that is not positive and finite."""
    for name, value in quantities.items():
        if not 0 < value < float("inf"):
            raise ConductionError(f"{name.replace('_', ' ')} must be positive and finite, not {value!r}")
