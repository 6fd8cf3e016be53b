"""The one error of this package."""

from rampore import RamporeError


class MechanicsError(RamporeError, ValueError):
    """A solid, a cell or a load that makes no problem, or one that was not solved; the message says
    by how much.
    """
