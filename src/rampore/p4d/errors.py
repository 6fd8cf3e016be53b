"""What the engine raises when it cannot go on."""

from rampore import RamporeError


class SolverError(RamporeError, RuntimeError):
    """The solution cannot be continued; the message says where in the cell, when, and why."""


class CellError(RamporeError, ValueError):
    """The description of a cell or of its protocol makes no sense; the message names the entry."""

    exit_code = 2


class AtCutOffError(CellError):
    """A run whose first step has ended before it begins: the cell at rest is at its cut-off
    already, or beyond.
    """
