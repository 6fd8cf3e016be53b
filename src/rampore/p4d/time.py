"""Steps in time: second order, variable, controlled by their error; and protocols made of steps
with cut-offs.

The derivative at the new time is that of the parabola through the new and the two last states
(BDF2; backward Euler after a jump of what is imposed). The error of a step is read from its
distance to the parabola through the three last states, on the concentration of salt, the surface
stoichiometries, the hysteresis and the voltage.

Steps may be a billionth of the time that they start from. Their lengths are kept with the states
therefore, and never taken from the difference of two times, which has lost their digits.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rampore.checks import choice, increasing, quantity
from rampore.p4d.cell import Mirror
from rampore.p4d.equations import C, Unknowns
from rampore.p4d.errors import AtCutOffError, CellError, SolverError
from rampore.p4d.expansion import Room
from rampore.p4d.model import Drive, Model

REMEMBERED = 4  # states: one more than the error of a step is read from, for a better guess
LEAST = 10.0  # least steps: up to so many the error of a step is taken as it comes
AT_ONCE = " at once"  # what an end is called beyond which the cell is as soon as current flows
CRAWLING = 20  # steps of no more than that in a row: time has come to the end of its digits
LOW = 0.05  # of the initial concentration: below, salt runs out as an exponential does [-]
# What a guess may make of the salt that there is, at least, and, where that is low, at most [-]
LEAST_SALT, MOST_SALT = 0.2, 5.0


@dataclass(frozen=True)
class TimeCourse:
    """What a step imposes as time goes on: straight lines between points, or levels.

    Every point is met exactly. A level jumps at the next point, and the last point only ends it.

    Raises
    ------
    CellError
        The points are not two or more, do not begin at 0 or do not follow each other, or a value
        is not finite.
    """

    times: tuple[float, ...]  #: since the start of the step (n,) [s]
    values: tuple[float, ...]  #: at these times (n,) [A/m2, W/m2]
    held: bool = False  #: whether each value stays until the next time

    def __post_init__(self):
        times, values = (np.asarray(each, float) for each in (self.times, self.values))
        if times.ndim != 1 or times.size < 2 or values.shape != times.shape:
            raise CellError(
                f"a course takes two points or more, and has {times.size} times and "
                f"{values.size} values"
            )
        quantity("course: times", times, CellError, at_least=0, unit="s")
        quantity("course: values", values, CellError)
        increasing("course: times", times, CellError)
        if times[0] != 0:
            raise CellError(f"course: times begin at {times[0]:g} s, not at 0")
        choice("held", self.held, (True, False), CellError)

    def value(self, piece: int, elapsed: float) -> float:
        """Of the piece behind the point of this number, at a time since the start [s]."""
        if self.held:
            return self.values[piece]
        start, end = self.times[piece : piece + 2]
        share = (elapsed - start) / (end - start)
        return (1 - share) * self.values[piece] + share * self.values[piece + 1]


@dataclass(frozen=True)
class Step:
    """One step of a protocol: what is imposed, and what ends it, whichever comes first.

    Current densities and powers are per area of the cell and positive on discharge. Where the
    positive foils of both faces are not tied, a current is that of both together and ``back`` what
    of it the back gives; a voltage is that of both, and one that ends the step is met by whichever
    face with a current comes to it first.

    A current or a power may follow a course, which ends the step with its last point; a voltage
    that ends it before is met from the side on which the cell is as the step begins.

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
    #: what of a current the back gives, where the positive foils of both faces are not tied [A/m2]
    back: float | None = None
    #: of a current [A/m2] or a power [W/m2], in place of ``value``
    course: TimeCourse | None = None

    def __post_init__(self):
        choice("mode", self.mode, ("current", "voltage", "power", "rest"), CellError)
        name = f"step of {self.mode}"
        quantity(f"{name}: value", self.value, CellError)
        if self.back is not None:
            quantity(f"{name}: back", self.back, CellError)
            if self.mode != "current":
                raise CellError(f"{name}: back = {self.back:g} has no effect: it is of a current")
        if self.until_voltage is not None:
            quantity(f"{name}: until_voltage", self.until_voltage, CellError)
        for end in ("until_time", "until_capacity", "until_current"):
            if getattr(self, end) is not None:
                quantity(f"{name}: {end}", getattr(self, end), CellError, above=0)
        if self.mode == "rest" and self.value != 0:
            raise CellError(f"{name}: value = {self.value:g} has no effect")
        if self.course is not None:
            self._check_course(name, self.course)
            return
        ends = (self.until_voltage, self.until_time, self.until_capacity, self.until_current)
        if all(end is None for end in ends):
            raise CellError(f"a {name} without an end")
        if self.until_time is None and self.value == 0 and self.mode != "voltage":
            raise CellError(f"a {name} in which no charge passes needs until_time")

    def _check_course(self, name, course):
        if self.mode not in ("current", "power"):
            raise CellError(f"a {name} has no course: a current or a power has one")
        if self.value != 0:
            raise CellError(f"{name}: value = {self.value:g} has no effect beside a course")
        for other in ("back", "until_capacity", "until_current"):
            if (given := getattr(self, other)) is not None:
                raise CellError(f"{name}: {other} = {given:g} does not go with a course")
        if self.until_time is not None and self.until_time > course.times[-1]:
            raise CellError(
                f"{name}: until_time = {self.until_time:g} s is beyond the end of its course, "
                f"{course.times[-1]:g} s"
            )

    @property
    def longest(self) -> float:
        """After which it ends at the latest [s]."""
        if self.until_time is not None:
            return self.until_time
        return math.inf if self.course is None else self.course.times[-1]


class State(NamedTuple):
    """The cell at one time."""

    time: float  #: [s]
    step: float  #: since the state before [s]
    u: np.ndarray  #: as in :class:`rampore.p4d.equations.Unknowns` (cells, 3)
    voltages: np.ndarray  #: of the cell, or of its front and its back [V]
    current: float  #: [A/m2]
    x: tuple[np.ndarray, ...]  #: surface stoichiometries of each population [-]
    j: tuple[np.ndarray, ...]  #: current densities of each population [A/m2]
    hysteresis: tuple[np.ndarray, ...]  #: states of each population [-]
    #: least anywhere, where materials change their volume, else nan [-]
    porosity: float = math.nan
    #: whether what is imposed jumped at the state before
    jumped: bool = True

    @property
    def unknowns(self) -> Unknowns:
        """What was solved for."""
        return Unknowns(self.u, self.voltages)

    @property
    def voltage(self) -> float:
        """Of the cell, or of its front [V]."""
        return float(self.voltages[0])


class Tolerances(NamedTuple):
    """How exact the solution in time is."""

    #: error of a step: of c_e over its start, of the stoichiometry [-], of the voltage over 1 V [-]
    time: float = 1e-3
    #: error left of c_e over its start and of the potentials over 1 V, over ``time`` [-]
    newton: float = 0.1
    linear: float = 1e-2  #: relative residual of the linear systems [-]
    #: over the hour divided by the C-rate, and over the tolerance in time [-]
    first_step: float = 1e-3
    #: below this, or four last digits of the time, the solution is given up [s]
    smallest_step: float = 1e-9
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


def _ages(states: Sequence[State]) -> list[float]:
    """Times of the states, latest first, from that of the latest on [s]."""
    ages = [0.0]
    for later in states[:-1]:
        ages.append(ages[-1] - later.step)
    return ages


def _combine(weights, values):
    """Sum of as many of the values as there are weights, each times its own."""
    return sum(weight * value for weight, value in zip(weights, values, strict=False))


class _Pace:
    """How long the next step is to be.

    A step that was accepted lets the next one grow as its error allows; proportional and integral:
    a rising error holds it back.
    """

    def __init__(self, h: float, last: float = 0.0, error: float = 1.0) -> None:
        self.h = h  #: [s]
        self.last = last  #: that was accepted, with a known error; 0 where none was [s]
        self.error = error  #: of that over the tolerance [-]

    def towards(self, room: float) -> float:
        """The next step where there is ``room`` [s] up to a time that is to be met; two equal steps
        rather than one and a rest.
        """
        if self.h > 0.999 * room:
            return room
        return min(self.h, 0.5 * room)

    def rejected(self, h: float, error: float) -> None:
        self.h = h * max(0.2, 0.9 * error ** (-1 / 3))

    def failed(self, h: float) -> None:
        self.h = 0.25 * h

    def started(self, h: float) -> None:
        """After a step whose error is not known yet."""
        self.h = 2.0 * h

    def accepted(self, h: float, error: float) -> None:
        error = max(error, 1e-3)
        trend = h / self.last * (self.error / error) ** (1 / 3) if self.last else 1.0
        self.last, self.error = h, error
        self.h = h * min(2.0, max(0.3, 0.9 * error ** (-1 / 3) * min(1.0, trend)))


class _Imposed:
    """What a step of a protocol imposes as time goes on."""

    def __init__(self, course: TimeCourse | None, drive: Drive, start: float, piece: int) -> None:
        self._course, self._drive = course, drive
        self.start = start  #: of the step [s]
        self.piece = piece  #: of the course that counts, behind the point of this number

    def points(self) -> list[float]:
        """Times at which the course turns, or jumps [s]."""
        return [] if self._course is None else [self.start + t for t in self._course.times[1:-1]]

    def at(self, time: float) -> Drive:
        """What is imposed at a time of the present piece [s]."""
        if self._course is None:
            return self._drive
        return self._drive._replace(value=self._course.value(self.piece, time - self.start))

    def turns(self, time: float, within: float) -> bool:
        """Whether the course comes to a point at a time, give or take ``within``; what follows it
        counts from then on [s].
        """
        before = self.piece
        points = () if self._course is None else self._course.times[1:-1]
        while self.piece < len(points) and self.start + points[self.piece] <= time + within:
            self.piece += 1
        return self.piece > before

    @property
    def jumps(self) -> bool:
        """Whether the course does so at its points."""
        return self._course is not None and self._course.held


class _Ends:
    """The cut-offs of one step of a protocol, and the charge that passed in it."""

    def __init__(self, step: Step, drive: Drive, now: State, least_porosity: float | None) -> None:
        self._step, self._drive, self._least_porosity = step, drive, least_porosity
        self.passed = 0.0  #: in the accepted states [C/m2]
        #: of each voltage +1 where it rises, -1 where it falls, on discharge, 0 where only the
        #: other face has a current; where none has, the first step says it
        self.ways = np.zeros(now.voltages.size)
        if step.course is not None and step.until_voltage is not None:
            self.ways = np.where(now.voltages > step.until_voltage, -1.0, 1.0)
        elif drive.mode != "voltage":
            self.ways = -np.sign(drive.of_each(now.voltages.size))

    def _charge(self, now: State, new: State) -> float:
        mean = (
            self._drive.value
            if self._drive.mode == "current"
            else 0.5 * (now.current + new.current)
        )
        return self.passed + mean * new.step

    def accept(self, now: State, new: State) -> None:
        self.passed = self._charge(now, new)

    def excess_after(self, now: State, new: State) -> tuple[str, float]:
        """As :meth:`_excess`, of a state after the last one."""
        if not self.ways.any():
            self.ways = np.where(new.voltages < now.voltages, -1.0, 1.0)
        return self._excess(new, self._charge(now, new))

    def excess(self, now: State) -> tuple[str, float]:
        """As :meth:`_excess`, of the last accepted state."""
        return self._excess(now, self.passed)

    def _excess(self, state, charge):
        """Name of the cut-off that is exceeded most, and by how much, over its scale."""
        step, ends = self._step, [("time", -np.inf)]
        if step.until_voltage is not None:
            above = self.ways * (state.voltages - step.until_voltage)
            ends.append(("voltage", float(above[self.ways != 0].max())))
        if step.until_capacity is not None:
            ends.append(("capacity", abs(charge) / step.until_capacity - 1))
        if step.until_current is not None:
            ends.append(("current", 1 - abs(state.current) / step.until_current))
        if self._least_porosity is not None:
            ends.append(("porosity", self._least_porosity - state.porosity))
        return max(ends, key=lambda pair: pair[1])


class Walk(NamedTuple):
    """How far a step of a protocol has come."""

    start: float  #: when it began [s]
    piece: int  #: of its course
    pace: tuple[float, float, float]  #: what the length of the next step in time follows from
    crawled: int  #: least steps in a row
    passed: float  #: charge [C/m2]
    ways: np.ndarray  #: to its cut-off by voltage (voltages,)


class Whereabouts(NamedTuple):
    """All that a run goes on from: between two steps of its protocol, or within one.

    Nothing of it is changed when the run goes on.
    """

    history: tuple[State, ...]  #: latest first
    settled: int  #: of these, how many came after the last jump of what is imposed
    counts: dict[str, int]
    spheres: tuple[tuple[np.ndarray, np.ndarray], ...]  #: modes, now and before
    foils: tuple[tuple[np.ndarray, np.ndarray], ...]  #: of lithium: currents and states
    room: Room | None  #: where materials change their volume
    walk: Walk | None  #: within a step


class Integrator:
    """Walks a model through time.

    Parameters
    ----------
    model : Model
    tolerances : Tolerances
    on_state : callable, optional
        Called with every accepted :class:`State`.
    since : Whereabouts, optional
        Where another integrator of the same model came to; this one goes on from there.
    """

    def __init__(
        self,
        model: Model,
        tolerances: Tolerances | None = None,
        on_state: Callable[[State], None] | None = None,
        since: Whereabouts | None = None,
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
        self.history: list[State] = []
        self.history.append(self._state(0.0, 0.0, model.start(), 0.0))
        # of the states in the history, how many came after the last jump of what is imposed
        self._settled = 0
        #: what ended the last run, where and when, if it was "exhausted"
        self.exhausted = ""
        self.counts = {"steps": 0, "rejected": 0, "failed": 0}
        if since is None:
            self.on_state(self.state)
        else:
            self._take_up(since)

    def standing(self, walk: Walk | None = None) -> Whereabouts:
        """Where it is: between two steps of a protocol, or as far within one."""
        model = self.model
        return Whereabouts(
            tuple(self.history),
            self._settled,
            dict(self.counts),
            tuple((p.spheres.y, p.spheres.y_old) for p in model.populations),
            tuple((foil.current.copy(), foil.state.copy()) for foil in model.foils.values()),
            None if model.expansion is None else model.expansion.room(),
            walk,
        )

    def _take_up(self, since):
        model, last = self.model, since.history[0]
        if last.u.shape != self.state.u.shape or len(since.spheres) != len(model.populations):
            raise CellError("what is to be gone on with is of another cell, or of another mesh")
        self.history, self._settled = list(since.history), since.settled
        self.counts = dict(since.counts)
        for n, p in enumerate(model.populations):
            p.spheres.y, p.spheres.y_old = since.spheres[n]
            p.x[:], p.j[:] = last.x[n], last.j[n]
            p.hysteresis = p.hysteresis._replace(state=last.hysteresis[n])
        for foil, (current, state) in zip(model.foils.values(), since.foils, strict=True):
            foil.current[:], foil.state[:] = current, state
        if model.expansion is not None:
            model.expansion.take_up(since.room)

    @property
    def state(self) -> State:
        """The last accepted state."""
        return self.history[0]

    def _state(self, time, step, unknowns, current):
        populations = self.model.populations
        return State(
            time,
            step,
            *unknowns,
            current,
            tuple(p.x.copy() for p in populations),
            tuple(p.j.copy() for p in populations),
            tuple(p.hysteresis_ahead() for p in populations),
            math.nan if self.model.expansion is None else self.model.expansion.least_porosity,
            len(self.history) < 2,
        )

    def attempt(self, h: float, drive: Drive) -> tuple[State, float]:
        """The state after a step of h, not yet accepted, and the error of the step over its
        tolerance.
        """
        model, past = self.model, self.history[:3]
        steps = [h] + ([past[0].step] if len(past) > 1 else [])
        weights = derivative_weights(steps)
        growth = h / steps[1] if len(steps) > 1 else 0.0
        model.condense(weights, growth)
        last, before = past[0], past[min(1, len(past) - 1)]
        known = Unknowns(
            weights[1] * last.u + weights[2] * before.u,
            weights[1] * last.voltages + weights[2] * before.voltages,
        )
        guess = self._guess(h)
        if model.expansion is not None:
            known.u[:, C] = model.expansion.prepare(weights, growth, last.u[:, C], before.u[:, C])
        found = model.newton(
            guess,
            known,
            drive,
            self.tolerances.newton * self.tolerances.time,
            self.tolerances.linear,
        )
        missed = None if model.expansion is None else model.expansion.follow()
        new = self._state(last.time + h, h, found, model.foil_current(found.u))
        return new, self._error(new, past, missed)

    def _guess(self, h):
        """Unknowns expected from the past after a step of h; the current densities go into the
        populations.
        """
        past, ages = self.history, _ages(self.history)
        settled = extrapolation_weights(ages[: max(self._settled, 1)], h)
        guess = _combine(settled, [state.u for state in past])
        for n, population in enumerate(self.model.populations):
            population.j[:] = _combine(settled, [state.j[n] for state in past])
        # Where salt is low its logarithm is extrapolated, for it fades away
        weights, last = extrapolation_weights(ages, h), past[0].u[:, C]
        salt = _combine(weights, [state.u[:, C] for state in past])
        low = last < LOW * self.model.cell.concentration
        if low.any():
            ahead = _combine(weights, [np.log(state.u[low, C]) for state in past])
            # the exponential of no more than is taken of it
            salt[low] = np.exp(np.minimum(ahead, np.log(MOST_SALT * last[low])))
        guess[:, C] = np.maximum(salt, LEAST_SALT * last)
        return Unknowns(guess, _combine(settled, [state.voltages for state in past]))

    def _error(self, new, past, missed):
        if len(past) == 1:
            return 0.0
        model, ages, h = self.model, _ages(past), new.step
        # potentials jump, concentrations do not
        ahead = extrapolation_weights(ages, h)
        after = extrapolation_weights(ages[: max(self._settled, 1)], h)
        own = h * (h - ages[1]) / (2 * h - ages[1])
        share = own / (h - ages[-1] + own)
        salt = new.u[:, C] - _combine(ahead, [state.u[:, C] for state in past])
        parts = [np.sqrt(np.average(salt**2, weights=model.layout.pore)) / model.cell.concentration]
        for n, population in enumerate(model.populations):
            surface = new.x[n] - _combine(ahead, [state.x[n] for state in past])
            parts.append(np.sqrt(np.average(surface**2, weights=population.capacity)))
            if population.hysteresis.decay > 0:
                state = new.hysteresis[n] - _combine(ahead, [state.hysteresis[n] for state in past])
                gap = population.half_gap(new.x[n]) * state
                parts.append(np.sqrt(np.average(gap**2, weights=population.capacity)))
        if missed is not None:
            parts.append(np.sqrt(np.average(missed**2, weights=model.layout.pore)))
        if self._settled > 1:
            jump = new.voltages - _combine(after, [state.voltages for state in past])
            parts.append(np.abs(jump).max())
        return share * max(parts) / self.tolerances.time

    def accept(self, new: State) -> None:
        """Make the state that was attempted last the present one."""
        for population in self.model.populations:
            population.advance()
        if self.model.expansion is not None:
            self.model.expansion.advance(self.model.weights, new.u[:, C])
        self.history = [new, *self.history[: REMEMBERED - 1]]
        self._settled = min(self._settled + 1, REMEMBERED)
        self.counts["steps"] += 1
        self.on_state(new)

    def run(
        self,
        step: Step,
        stops: Sequence[float] = (),
        walk: Walk | None = None,
        on_walk: Callable[[Whereabouts], object] | None = None,
    ) -> str:
        """Walk through one step of a protocol; returns why it ended: "time", "voltage", "capacity",
        "current"; "porosity", where swelling leaves pores the least that they may have; "voltage at
        once", where contact and kinetics alone take the voltage beyond its cut-off as soon as
        current flows; or "exhausted", before any of these was reached.

        Parameters
        ----------
        step : Step
        stops : sequence of float
            Times [s] since the start of the run that are met exactly.
        walk : Walk, optional
            How far it has come already, of what the integrator goes on from.
        on_walk : callable, optional
            Called with where it is after every accepted state but the last.

        Raises
        ------
        SolverError
            The solution cannot be continued, and nothing is exhausted.
        CellError
            The run begins with this step, and its end is reached before it begins.
        """
        self.exhausted = ""
        if walk is None:
            self.history, self._settled = self.history[:1], 0
        begun = self.state.time if walk is None else walk.start
        imposed = _Imposed(step.course, self._drive(step), begun, walk.piece if walk else 0)
        end = begun + step.longest
        points = (*stops, *imposed.points())
        marks = [*sorted({t for t in points if self.state.time < t < end}), end]
        expansion = self.model.expansion
        least_porosity = expansion.settings.least_porosity if expansion is not None else None
        drive = imposed.at(self.state.time)
        ends = _Ends(step, drive, self.state, least_porosity)
        pace, crawled, started = _Pace(self._first_step(drive)), 0, walk is not None
        if walk is not None:
            pace, crawled = _Pace(*walk.pace), walk.crawled
            ends.passed, ends.ways = walk.passed, walk.ways
        while True:
            now = self.state
            least = max(self.tolerances.smallest_step, 4 * np.spacing(now.time))
            if imposed.turns(now.time, least):
                if imposed.jumps:
                    self.history, self._settled = self.history[:1], 0
                    pace = _Pace(self._first_step(imposed.at(now.time)))
                self._settled = min(self._settled, 1)
            while marks and marks[0] - now.time < least:
                del marks[0]
            if not marks:
                return "time"
            room = marks[0] - now.time
            h = max(pace.towards(room), least)
            drive = imposed.at(now.time + h)
            try:
                new, error = self.attempt(h, drive)
                if error > 1 and h > LEAST * least:
                    self.counts["rejected"] += 1
                    pace.rejected(h, error)
                    continue
                if h == room:
                    new = new._replace(time=marks[0])
                reason, excess = ends.excess_after(now, new)
                if excess > 0:
                    new, reason = self._meet(ends, imposed, h, least)
                    if new is not None:
                        self.accept(new)
                    elif self.counts["steps"] == 0:
                        raise self._nothing_to_do(step, reason, drive)
                    return reason.removesuffix(AT_ONCE) if started else reason
            except SolverError as problem:
                self.counts["failed"] += 1
                if h <= least:
                    return self._end_early(str(problem), step, drive, least, started)
                pace.failed(h)
                continue
            self.accept(new)
            ends.accept(now, new)
            started = True
            crawled = crawled + 1 if h <= LEAST * least else 0
            if crawled == CRAWLING:
                return self._end_exhausted("time does not advance", drive)
            if len(self.history) > 2:
                pace.accepted(h, error)
            else:
                pace.started(h)
            if on_walk is not None:
                paces = pace.h, pace.last, pace.error
                reached = Walk(begun, imposed.piece, paces, crawled, ends.passed, ends.ways)
                on_walk(self.standing(reached))

    def _drive(self, step):
        """What a step imposes on the cell."""
        if step.mode == "rest":
            return Drive("current", 0.0)
        tied = self.model.voltages == 1
        if tied and step.back is not None:
            raise CellError(
                f"a step of {step.mode} with back = {step.back:g} takes a cell with two positive "
                "foils that are not tied"
            )
        if not tied and (step.mode == "power" or (step.mode == "current" and step.back is None)):
            raise CellError(
                f"a step of {step.mode} does not say what each face gives: where the positive "
                "foils are not tied, give a current and what of it is `back`"
            )
        return Drive(step.mode, step.value, step.back or 0.0)

    def _end_early(self, problem, step, drive, least, started):
        """End where not even the least step can be taken."""
        at_cutoff = None
        if len(self.history) == 1:
            at_cutoff = self._at_cutoff(step.until_voltage, drive, least)
        if at_cutoff is None:
            return self._end_exhausted(problem, drive)
        self.accept(at_cutoff)
        return "voltage" if started else "voltage" + AT_ONCE

    def _at_cutoff(self, voltage, drive, least):
        """The instant in which the cell is at its cut-off, where less passes then than is imposed;
        else None.

        What is imposed may take hundreds of volts, which no iteration finds its way to.
        """
        if voltage is None or drive.mode == "voltage" or self.model.voltages > 1:
            return None
        try:
            instant, _ = self.attempt(least, Drive("voltage", voltage))
        except SolverError:
            return None
        passes = instant.current * (instant.voltage if drive.mode == "power" else 1.0)
        return instant._replace(step=0.0) if passes / drive.value < 1 else None

    def _end_exhausted(self, problem, drive):
        """End where something is used up; where nothing is, the problem is another one."""
        now = self.state
        where = f"at {now.time:.6g} s and {now.voltage:.4f} V under {drive.mode} {drive.value:g}"
        currents = drive.of_each(self.model.voltages)
        if drive.mode == "voltage" or not currents.any():
            currents = np.full(self.model.voltages, now.current)
        used_up = self.model.used_up(now.u, now.x, discharging=currents > 0)
        if not used_up:
            raise SolverError(f"{problem}; {where}, and shorter steps do not help")
        self.exhausted = f"{used_up}, {where}"
        return "exhausted"

    def _nothing_to_do(self, step, reason, drive):
        """A run that has ended before it begins is an error."""
        end = f"{getattr(step, f'until_{reason}'):g}"
        return AtCutOffError(
            f"the cell starts at {self.state.voltage:.4f} V, and the end of the first step, "
            f"{reason} = {end}, is reached before {step.mode} = {drive.value:g} has any effect"
        )

    def _first_step(self, drive):
        scale = self.model.cell.one_c
        asked = np.abs(drive.of_each(self.model.voltages)).sum()
        size = asked / scale if drive.mode == "current" else 1.0
        return self.tolerances.first_step * self.tolerances.time * 3600.0 / max(size, 0.1)

    def _meet(self, ends, imposed, h, least):
        """Repeat a step of h that went too far so that it meets the cut-off (secant, Illinois);
        returns the state, or None where the last one is there already, and how the step ends.
        """
        now = self.state

        def miss(size):
            new, _ = self.attempt(size, imposed.at(now.time + size))
            return new, *ends.excess_after(now, new)

        low, high, jumped = 0.0, h, len(self.history) == 1
        reason, f_low = ends.excess(now)
        if f_low >= 0 if jumped else f_low > -self.tolerances.cutoff:
            return None, reason
        if jumped:
            new, reason, f_low = miss(least)
            if f_low > 0:  # the least step stands for the instant, in which no charge passes
                return new._replace(step=0.0), reason + AT_ONCE
            low = least
        new, reason, f_high = miss(h)
        side = 0
        for _ in range(60):
            size = (low * f_high - high * f_low) / (f_high - f_low)
            new, reason, f = miss(size)
            if abs(f) <= self.tolerances.cutoff or high - low < 1e-12 * h:
                break
            if f > 0:
                high, f_high = size, f
                f_low = 0.5 * f_low if side == 1 else f_low
                side = 1
            else:
                low, f_low = size, f
                f_high = 0.5 * f_high if side == -1 else f_high
                side = -1
        # where the digits of a surface that is almost full end, no better than a step's error
        if abs(f) <= max(self.tolerances.cutoff, self.tolerances.time) and new.time > now.time:
            return new, reason
        raise SolverError(
            f"the cut-off by {reason} is not met better than {f:.1e} at {now.time + size:.6g} s"
        )
