"""What may be wrong with a structure."""

from rampore import RamporeError


class StructureError(RamporeError, ValueError):
    """A structure that cannot be; the message names the quantity and the reason."""

    exit_code = 2
