"""Several ways to one number, each with what the printed digits leave open, and which of them
exclude each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.collector import CollectorError


class Estimate(NamedTuple):
    """One way to a number, with the half-range that the printed digits leave."""

    name: str
    value: float
    half_range: float

    @property
    def interval(self) -> tuple[float, float]:
        """Lowest and highest value that the printed digits allow."""
        return self.value - self.half_range, self.value + self.half_range


def exclusions(estimates: Sequence[Estimate]) -> np.ndarray:
    """Which estimates exclude each other: their intervals have no value in common.

    Parameters
    ----------
    estimates : sequence of Estimate, length n

    Returns
    -------
    (n, n) array of bool

    Raises
    ------
    CollectorError
        Where there is no estimate, or one of them is not finite.
    """
    if not len(estimates):
        raise CollectorError("there are no estimates to compare")
    for estimate in estimates:
        quantity(estimate.name, estimate.value, CollectorError)
        quantity(f"half range of {estimate.name}", estimate.half_range, CollectorError, at_least=0)
    low, high = np.array([estimate.interval for estimate in estimates]).T
    apart = low[:, None] > high[None, :]
    return apart | apart.T
