"""Steps in time: second order, variable, controlled by their error; and protocols made of steps
with cut-offs.

The derivative at the new time is that of the parabola through the new and the two last states
(BDF2; backward Euler after a jump of what is imposed). The error of a step is read from its
distance to the parabola through the three last states, on the concentration of salt, the surface
stoichiometries and the voltage.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rampore.checks import choice, quantity
from rampore.p4d.cell import Mirror
from rampore.p4d.equations import C
from rampore.p4d.errors import AtCutOffError, CellError, SolverError
from rampore.p4d.model import Drive, Model

REMEMBERED = 4  # states: one more than the error of a step is read from, for a better guess
LOW = 0.05  # of the initial concentration: below, salt runs out as an exponential does [-]


@dataclass(frozen=True)
class Step:
    """One step of a protocol: what is imposed, and what ends it, whichever comes first.

    Current densities and powers are per area of the cell and positive on discharge.

    Raises
    ------
    CellError
        There is no such mode, a value is not finite, or nothing is sure to end the step.
    """

    mode: str  #: "current" [A/m2], "voltage" [V], "power" [W/m2] or "rest"
    value: float = 0.0
    until_voltage: float | None = None  #: [V]
    until_time: float | None = None  #: since the start of the step [s]
    #: charge passed in the step, in the direction of the current [C/m2]
    until_capacity: float | None = None
    until_current: float | None = None  #: magnitude [A/m2]

    def __post_init__(self):
        choice("mode", self.mode, ("current", "voltage", "power", "rest"), CellError)
        name = f"step of {self.mode}"
        quantity(f"{name}: value", self.value, CellError)
        if self.until_voltage is not None:
            quantity(f"{name}: until_voltage", self.until_voltage, CellError)
        for end in ("until_time", "until_capacity", "until_current"):
            if getattr(self, end) is not None:
                quantity(f"{name}: {end}", getattr(self, end), CellError, above=0)
        if self.mode == "rest" and self.value != 0:
            raise CellError(f"{name}: value = {self.value:g} has no effect")
        ends = (self.until_voltage, self.until_time, self.until_capacity, self.until_current)
        if all(end is None for end in ends):
            raise CellError(f"a {name} without an end")
        if self.until_time is None and self.value == 0 and self.mode != "voltage":
            raise CellError(f"a {name} in which no charge passes needs until_time")


class State(NamedTuple):
    """The cell at one time."""

    time: float  #: [s]
    u: np.ndarray  #: (cells, 3)
    voltage: float  #: [V]
    current: float  #: [A/m2]
    x: tuple[np.ndarray, ...]  #: surface stoichiometries of each population [-]
    j: tuple[np.ndarray, ...]  #: current densities of each population [A/m2]


class Tolerances(NamedTuple):
    """How exact the solution in time is."""

    #: error of a step: of c_e over its start, of the stoichiometry [-], of the voltage over 1 V [-]
    time: float = 1e-3
    #: error left of c_e over its start and of the potentials over 1 V, over ``time`` [-]
    newton: float = 0.1
    linear: float = 1e-2  #: relative residual of the linear systems [-]
    #: over the hour divided by the C-rate, and over the tolerance in time [-]
    first_step: float = 1e-3
    smallest_step: float = 1e-9  #: below this the solution is given up [s]
    cutoff: float = 1e-6  #: how closely a cut-off is met, relative to its quantity [V, s, ...]

    def check(self) -> None:
        """Raises :class:`rampore.p4d.errors.CellError` where one of them is no positive number."""
        for name, value in self._asdict().items():
            quantity(f"tolerances: {name}", value, CellError, above=0)


def derivative_weights(steps: Sequence[float]) -> np.ndarray:
    """Weights of the new, the last and the one before in the time derivative [1/s], from the last
    two steps [s].
    """
    h = steps[0]
    if len(steps) == 1:
        return np.array([1.0, -1.0, 0.0]) / h
    ratio = h / steps[1]
    return np.array([(1 + 2 * ratio) / (1 + ratio), -(1 + ratio), ratio**2 / (1 + ratio)]) / h


def extrapolation_weights(times: Sequence[float], t: float) -> list[float]:
    """Weights of the polynomial through the states at ``times``, evaluated at ``t``."""
    return [
        math.prod((t - other) / (own - other) for other in times if other != own) for own in times
    ]


def _combine(weights, values):
    """Sum of as many of the values as there are weights, each times its own."""
    return sum(weight * value for weight, value in zip(weights, values, strict=False))


class Integrator:
    """Walks a model through time.

    Parameters
    ----------
    model : Model
    tolerances : Tolerances
    on_state : callable, optional
        Called with every accepted :class:`State`.
    """

    def __init__(
        self,
        model: Model,
        tolerances: Tolerances | None = None,
        on_state: Callable[[State], None] | None = None,
    ) -> None:
        if isinstance(model.cell.positive, Mirror):
            raise CellError(
                "a cell with a mirror has a spectrum, but no voltage in time: give both of its "
                "electrodes"
            )
        self.model = model
        self.tolerances = tolerances or Tolerances()
        self.tolerances.check()
        self.on_state = on_state or (lambda state: None)
        u, voltage = model.start()
        self.history = [self._state(0.0, u, voltage, 0.0)]
        # of the states in the history, how many came after the last jump of what is imposed
        self._settled = 0
        self.step_size = None
        self.counts = {"steps": 0, "rejected": 0, "failed": 0}
        self.on_state(self.state)

    @property
    def state(self) -> State:
        """The last accepted state."""
        return self.history[0]

    def _state(self, t, u, voltage, current):
        populations = self.model.populations
        return State(
            t,
            u,
            voltage,
            current,
            tuple(p.x.copy() for p in populations),
            tuple(p.j.copy() for p in populations),
        )

    def attempt(self, h: float, drive: Drive) -> tuple[State, float]:
        """The state after a step of h, not yet accepted, and the error of the step over its
        tolerance.
        """
        model, past = self.model, self.history[:3]
        times = [state.time for state in past]
        t = times[0] + h
        steps = [h] + ([times[0] - times[1]] if len(past) > 1 else [])
        weights = derivative_weights(steps)
        ahead = extrapolation_weights(times, t)
        # potentials jump, concentrations do not
        after = extrapolation_weights(times[: max(self._settled, 1)], t)
        guess, voltage = self._guess(t)
        model.condense(weights, h / steps[1] if len(steps) > 1 else 0.0)
        u, voltage_new = model.newton(
            guess,
            voltage,
            past[0].u,
            past[min(1, len(past) - 1)].u,
            weights,
            drive,
            self.tolerances.newton * self.tolerances.time,
            self.tolerances.linear,
        )
        new = self._state(t, u, voltage_new, model.foil_current(u, voltage_new))
        return new, self._error(new, past, ahead, after, steps)

    def _guess(self, t):
        """Unknowns and voltage expected from the past; the current densities go into the
        populations.
        """
        past = self.history
        times = [state.time for state in past]
        settled = extrapolation_weights(times[: max(self._settled, 1)], t)
        guess = _combine(settled, [state.u for state in past])
        for n, population in enumerate(self.model.populations):
            population.j[:] = _combine(settled, [state.j[n] for state in past])
        # Where salt is low its logarithm is extrapolated, for it fades away
        weights, last = extrapolation_weights(times, t), past[0].u[:, C]
        salt = _combine(weights, [state.u[:, C] for state in past])
        low = last < LOW * self.model.cell.concentration
        if low.any():
            salt[low] = np.exp(_combine(weights, [np.log(state.u[low, C]) for state in past]))
        guess[:, C] = np.clip(salt, 0.2 * last, np.where(low, 5.0 * last, np.inf))
        return guess, _combine(settled, [state.voltage for state in past])

    def _error(self, new, past, ahead, after, steps):
        if len(past) == 1:
            return 0.0
        h, h_1 = steps
        own = h * (h + h_1) / (2 * h + h_1)
        share = own / ((h + h_1 + (past[1].time - past[2].time if len(past) > 2 else 0.0)) + own)
        salt = new.u[:, C] - _combine(ahead, [state.u[:, C] for state in past])
        parts = [
            np.sqrt(np.average(salt**2, weights=self.model.layout.pore))
            / self.model.cell.concentration
        ]
        for n, population in enumerate(self.model.populations):
            surface = new.x[n] - _combine(ahead, [state.x[n] for state in past])
            parts.append(np.sqrt(np.average(surface**2, weights=population.capacity)))
        if self._settled > 1:
            parts.append(abs(new.voltage - _combine(after, [state.voltage for state in past])))
        return share * max(parts) / self.tolerances.time

    def accept(self, new: State) -> None:
        """Make an attempted state the present one."""
        for population in self.model.populations:
            before = population.spheres.mean
            population.spheres.advance(population.j)
            if population.decay:
                moved = population.spheres.mean - before
                branch = -np.sign(moved)
                fading = np.exp(-population.decay * np.abs(moved))
                population.hysteresis[:] = branch + (population.hysteresis - branch) * fading
        self.history = [new, *self.history[: REMEMBERED - 1]]
        self._settled = min(self._settled + 1, REMEMBERED)
        self.counts["steps"] += 1
        self.on_state(new)

    def run(self, step: Step, stops: Sequence[float] = ()) -> str:
        """Walk through one step of a protocol; returns why it ended.

        Parameters
        ----------
        step : Step
        stops : sequence of float
            Times [s] since the start of the run that are met exactly.

        Raises
        ------
        SolverError
            The solution cannot be continued.
        CellError
            The run begins with this step, and its end is reached before it begins or as soon as
            current flows.
        """
        drive = Drive("current", 0.0) if step.mode == "rest" else Drive(step.mode, step.value)
        begin, passed = self.state.time, 0.0
        self.history, self._settled = self.history[:1], 0
        h = self._first_step(drive)
        end = np.inf if step.until_time is None else begin + step.until_time
        marks = sorted([t for t in stops if begin < t < end] + [end])
        fall, last, before = None, None, 1.0
        while True:
            now = self.state
            mark = next(t for t in marks if t > now.time * (1 + 1e-14) + 1e-12)
            room = mark - now.time
            h = room if h > 0.999 * room else min(h, 0.5 * room) if h > 0.5 * room else h
            try:
                new, error = self.attempt(h, drive)
            except SolverError as problem:
                self.counts["failed"] += 1
                h *= 0.25
                if h < self.tolerances.smallest_step:
                    raise SolverError(
                        f"{problem}; at {now.time:.6g} s and {now.voltage:.4f} V under "
                        f"{drive.mode} {drive.value:g}, and steps down to {h:.1e} s do not help"
                    ) from problem
                continue
            if error > 1 and h > 10 * self.tolerances.smallest_step:
                self.counts["rejected"] += 1
                h *= max(0.2, 0.9 * error ** (-1 / 3))
                continue
            charge = (
                passed + 0.5 * (now.current + new.current) * h
                if drive.mode != "current"
                else passed + drive.value * h
            )
            if fall is None:
                fall = self._falls(step, now, new)
            crossed = self._excess(step, new, charge, fall)
            if crossed is not None and crossed[1] > 0:
                first = self.counts["steps"] == 0
                if len(self.history) == 1 and self._excess(step, now, passed, fall)[1] > 0:
                    if first:
                        raise AtCutOffError(self._over(step, crossed[0]))
                    return crossed[0]
                new, reason = self._meet(step, drive, now, passed, h, fall)
                if first and new.time < self.tolerances.smallest_step:
                    raise AtCutOffError(self._over(step, reason))
                self.accept(new)
                return reason
            self.accept(new)
            passed = charge
            # proportional and integral: a rising error holds the step back
            if len(self.history) > 2:
                error = max(error, 1e-3)
                trend = h / last * (before / error) ** (1 / 3) if last else 1.0
                last, before = h, error
                h *= min(2.0, max(0.3, 0.9 * error ** (-1 / 3) * min(1.0, trend)))
            else:
                h *= 2.0
            if new.time >= end * (1 - 1e-14):
                return "time"

    def _over(self, step, reason):
        end = f"{getattr(step, f'until_{reason}'):g}"
        return (
            f"the cell starts at {self.state.voltage:.4f} V, and the end of the first step, "
            f"{reason} = {end}, is reached before {step.mode} = {step.value:g} has any effect"
        )

    def _first_step(self, drive):
        scale = self.model.cell.one_c
        size = abs(drive.value) / scale if drive.mode == "current" else 1.0
        return self.tolerances.first_step * self.tolerances.time * 3600.0 / max(size, 0.1)

    def _falls(self, step, now, new):
        if step.until_voltage is None:
            return True
        return (
            now.voltage > step.until_voltage if len(self.history) > 1 else new.voltage < now.voltage
        )

    def _excess(self, step, state, charge, fall):
        """(reason, by how much its cut-off is exceeded, over its scale) of the cut-off that is
        exceeded most.
        """
        ends = []
        if step.until_voltage is not None:
            ends.append(("voltage", (step.until_voltage - state.voltage) * (1 if fall else -1)))
        if step.until_capacity is not None:
            ends.append(("capacity", abs(charge) / step.until_capacity - 1))
        if step.until_current is not None:
            ends.append(("current", 1 - abs(state.current) / step.until_current))
        return max(ends, key=lambda pair: pair[1]) if ends else None

    def _meet(self, step, drive, now, passed, h, fall):
        """Repeat the step that went too far so that it meets the cut-off (secant, Illinois)."""

        def miss(size):
            new, _ = self.attempt(size, drive)
            charge = (
                passed + 0.5 * (now.current + new.current) * size
                if drive.mode != "current"
                else passed + drive.value * size
            )
            return new, self._excess(step, new, charge, fall)

        low, high = 0.0, h
        f_low = self._excess(step, now, passed, fall)[1]
        new, (reason, f_high) = miss(h)
        size, side = h, 0
        for _ in range(60):
            size = (
                (low * f_high - high * f_low) / (f_high - f_low)
                if f_low < 0
                else 0.5 * (low + high)
            )
            new, (reason, f) = miss(size)
            if abs(f) <= self.tolerances.cutoff or high - low < 1e-12 * max(h, now.time):
                return new, reason
            if f > 0:
                high, f_high = size, f
                f_low = 0.5 * f_low if side == 1 else f_low
                side = 1
            else:
                low, f_low = size, f
                f_high = 0.5 * f_high if side == -1 else f_high
                side = -1
        raise SolverError(
            f"the cut-off by {reason} is not met better than {f:.1e} at {now.time + size:.6g} s"
        )
