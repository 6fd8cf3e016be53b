"""The paper's tests as lists of steps, and what is read off their runs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.p4d.cell import Cell
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Solution
from rampore.p4d.time import Step

RATES = (0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 0.2)  #: of the paper's rate test, section 2.4
PULSES = (5.0, 3.75, 1.25)  #: of its pulse test


def charge(cell: Cell, rate: float = 0.2, cutoff_rate: float = 0.02) -> list[Step]:
    """Constant current up to the upper cut-off, then constant voltage down to a small current.

    Parameters
    ----------
    cell : Cell
    rate, cutoff_rate : float
        Over 1C [-].
    """
    quantity("rate of charge", rate, CellError, above=0)
    quantity("cutoff_rate", cutoff_rate, CellError, above=0)
    return [
        Step("current", -rate * cell.one_c, until_voltage=cell.upper_cutoff),
        Step("voltage", cell.upper_cutoff, until_current=cutoff_rate * cell.one_c),
    ]


def rate_test(
    cell: Cell, rates: Sequence[float] = RATES, charge_rate: float = 0.2, cutoff_rate: float = 0.02
) -> list[Step]:
    """Discharge a charged cell at one rate after the other, each followed by :func:`charge` (but
    the last).

    Step 3 n is the discharge at ``rates[n]``.
    """
    quantity("rates", list(rates), CellError, above=0)
    steps = []
    for rate in rates:
        steps.append(Step("current", rate * cell.one_c, until_voltage=cell.lower_cutoff))
        steps += charge(cell, charge_rate, cutoff_rate)
    return steps[:-2]


def rate_capacities(solution: Solution) -> np.ndarray:
    """Charge that each discharge of a :func:`rate_test` gave [C/m2]."""
    discharges = range(0, len(solution.ends), 3)
    return np.array([_given(solution.step(number)) for number in discharges])


def _given(data):
    return float(data.capacity[-1] - data.capacity[0])


class Pulses(NamedTuple):
    """A pulse test: its steps, and which of them are the pulses."""

    steps: list[Step]
    pulses: np.ndarray  #: number of each pulse's step (levels, pulses)
    #: given before each level, from full, not counting earlier pulses (levels,) [C/m2]
    charge: np.ndarray


def pulse_test(
    cell: Cell,
    capacity: float,
    levels: int = 10,
    rates: Sequence[float] = PULSES,
    duration: float = 10.0,
    rest: float = 40.0,
    between: float = 0.2,
    settle: float = 1800.0,
) -> Pulses:
    """Pulses of discharge at equal steps of the state of charge (HPPC), from a full cell down.

    Parameters
    ----------
    cell : Cell
    capacity : float
        What the state of charge counts [C/m2].
    levels : int
        States of charge: 100 %, and down by 1 / levels each.
    rates : sequence of float
        Of the pulses, over 1C [-].
    duration, rest : float
        Of each pulse and after it [s].
    between : float
        Rate of the discharge from one level to the next, over 1C [-]; it makes up for what the
        pulses took.
    settle : float
        Rest before each level's pulses [s]; the paper does not say how long.
    """
    quantity("capacity", capacity, CellError, above=0, unit="C/m2")
    quantity("rates", list(rates), CellError, above=0)
    quantity("between", between, CellError, above=0)
    if not (isinstance(levels, int | np.integer) and levels >= 1):
        raise CellError(f"levels = {levels!r} must be a whole number from 1 on")
    taken = sum(rates) * duration * cell.one_c
    per_level = capacity / levels
    steps, numbers = [], np.zeros((levels, len(rates)), int)
    for level in range(levels):
        steps.append(Step("rest", until_time=settle))
        for n, rate in enumerate(rates):
            numbers[level, n] = len(steps)
            steps.append(Step("current", rate * cell.one_c, until_time=duration))
            steps.append(Step("rest", until_time=rest))
        if level < levels - 1:
            steps.append(Step("current", between * cell.one_c, until_capacity=per_level - taken))
    return Pulses(steps, numbers, per_level * np.arange(levels))


def pulse_resistances(solution: Solution, pulses: Pulses) -> np.ndarray:
    """Fall of the voltage over each pulse, over its current (levels, pulses) [ohm m2]."""

    def resistance(number):
        data = solution.step(number)
        return float(data.voltage[0] - data.voltage[-1]) / float(data.current_density[-1])

    return np.array([[resistance(number) for number in level] for level in pulses.pulses])
