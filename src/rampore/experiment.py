"""Protocols in the sentences of PyBaMM's experiments: ``Discharge at 1C until 2.5 V``.

================================================  ============================================
``Discharge at 3C until 2.5 V``                   ends at the voltage
``Charge at C/2 for 2 hours or until 4.2 V``      ends at whichever comes first
``Hold at 4.2 V until C/50``                      ends at the current
``Rest for 10 minutes``                           ends at the time
``Discharge at 20 W for 30 s``                    a power in place of a current
``Follow us06.csv until 2.5 V``                   a current or a power over time, from a table
``3 x [Charge at 1C until 4.2 V; Rest for 1 h]``  repeats what stands in the brackets
================================================  ============================================

Sentences are parted by semicolons or lines; what follows a ``#`` is a remark. Times are in ``s``,
``min`` or ``h``, written out or not, voltages in ``V`` or ``mV``. A current is ``3C`` or ``C/3``,
or in ``A`` or ``mA``, a power in ``W`` or ``mW``, of the whole cell: its area makes a density of
it, as ``A/m2``, ``mA/cm2``, ``W/m2`` and ``mW/cm2`` are one. 1C is that of the cell.

A table is followed in straight lines from point to point, or, as in ``Follow us06.csv in levels``,
each value until the next one's time; it ends with its last point. Columns and signs are those of
:func:`rampore.cycler.read_cycle`; where the table does not say it, ``Follow us06.csv, positive
charges`` does, or ``positive discharges``. A voltage that ends it before is met from the side on
which the cell is as the step begins.

PyBaMM lets an end stand that never comes (a voltage of a rest or a hold, a current of a constant
current), and ends by itself a step whose duration is not said, after a day or at the cut-off of the
cell. Here such an end is refused, and what is not said ends nothing. Refused are as well a
resistance, a period of output, and a temperature of a single step.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from rampore import RamporeError
from rampore.checks import nearest, quantity
from rampore.cycler import IMPOSED, DriveCycle, read_cycle
from rampore.p4d.cell import Cell
from rampore.p4d.time import Step, TimeCourse

#: More steps than this are no protocol that ends.
MOST_STEPS = 10_000
LONGEST = 200  #: sentence [characters]

#: That a sentence may begin with.
VERBS = ("Discharge", "Charge", "Hold", "Rest", "Follow")
#: Factors to SI, and what of the cell a number is of.
_UNITS = IMPOSED | {"V": ("voltage", 1.0, ""), "mV": ("voltage", 1e-3, "")}
_SECONDS: dict[str, float] = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
}

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_WITH_UNIT = re.compile(rf"({_NUMBER})\s*(\S+)")
_C_OVER = re.compile(rf"C\s*/\s*({_NUMBER})")
_PARTS = re.compile(
    r"(?:at\b *(?P<at>.*?))? *(?:\bfor\b *(?P<time>.*?))? *(?:(?:\bor +)?\buntil\b *(?P<end>.*))?"
)
_FOLLOWED = re.compile(
    r"(?P<file>.+?)(?:, *positive +(?P<positive>charges|discharges))?(?P<levels> +in +levels)?"
    r"(?P<ends> +(?:for|until)\b.*)?"
)
_TOKENS = re.compile(r"[\[\];\n]|[^\[\];\n]+")
_TIMES = re.compile(r"(\d{1,9})\s*[x×*]")


class ExperimentError(RamporeError, ValueError):
    """A protocol that cannot be read; the message names the sentence and its part."""

    exit_code = 2


class Amount(NamedTuple):
    """What a step imposes, or what ends it."""

    kind: str  #: "current", "voltage" or "power"
    value: float  #: over 1C [-], of the cell [A, W], per area [A/m2, W/m2], or a voltage [V]
    per: str  #: which of these: "1C", "cell", "area"; empty of a voltage

    def of(self, cell: Cell, area: float | None) -> float:
        """The number that the engine takes [A/m2, W/m2 or V].

        Parameters
        ----------
        cell : Cell
        area : float, optional
            Of all its electrode pairs [m2].

        Raises
        ------
        ExperimentError
            Where it is of the whole cell, and no area is known.
        """
        if self.per == "1C":
            return self.value * cell.one_c
        if self.per != "cell":
            return self.value
        if area is None:
            raise ExperimentError(
                f"a {self.kind} of the whole cell needs its area: say it per area, as in "
                f"{'20 A/m2' if self.kind == 'current' else '80 W/m2'}"
            )
        return self.value / area


class Sentence(NamedTuple):
    """One step in words, and what was understood of it."""

    text: str
    verb: str  #: one of :data:`VERBS`
    at: Amount | None  #: what is imposed; nothing of a rest
    time: float | None  #: that ends it [s]
    end: Amount | None  #: that ends it
    cycle: DriveCycle | None = None  #: that is followed, in place of ``at``
    levels: bool = False  #: whether each value of it stays until the next one's time

    def step(self, cell: Cell, area: float | None = None) -> Step:
        """The step of the engine.

        Parameters
        ----------
        cell : Cell
        area : float, optional
            Of all its electrode pairs, for currents and powers of the whole cell [m2].

        Raises
        ------
        ExperimentError
            Where an area is needed.
        """
        until: dict[str, Any] = {"until_time": self.time}
        if self.end is not None:
            until[f"until_{self.end.kind}"] = self.end.of(cell, area)
        if self.cycle is not None:
            times, values, kind, per, _ = self.cycle
            scale = Amount(kind, 1.0, per).of(cell, area)
            course = TimeCourse(times, tuple(scale * value for value in values), self.levels)
            return Step(kind, course=course, **until)
        if self.at is None:
            return Step("rest", until_time=self.time)
        sign = -1.0 if self.verb == "Charge" else 1.0
        return Step(self.at.kind, sign * self.at.of(cell, area), **until)


def parse(text: str, folder: str | os.PathLike = "") -> tuple[Sentence, ...]:
    """The sentences of a protocol, each as often as it is to be run.

    Parameters
    ----------
    text : str
        See :mod:`rampore.experiment`.
    folder : path
        Where tables to follow lie, unless their names begin at the root.

    Raises
    ------
    ExperimentError
        Where a part of it cannot be read, has no effect or never ends.
    CyclerError
        Where a table to follow cannot be read.
    """
    levels: list[tuple[int, list[Sentence]]] = [(1, [])]
    times, count = 0, 0
    for token in _tokens(text):
        if times and token != "[":
            raise ExperimentError(f"'{times} x' repeats what stands in brackets: '{times} x [...]'")
        if token == "[":
            if not times:
                raise ExperimentError("before a '[' stands how often, as in '3 x [...]'")
            levels.append((times, []))
            times = 0
        elif token == "]":
            if len(levels) == 1:
                raise ExperimentError("a ']' closes nothing")
            repeats, inner = levels.pop()
            quantity("steps", repeats * len(inner), ExperimentError, at_most=MOST_STEPS)
            levels[-1][1].extend(repeats * inner)
        elif repeated := _TIMES.fullmatch(token):
            times = quantity("times", int(repeated[1]), ExperimentError, above=0)
        else:
            count += 1
            try:
                levels[-1][1].append(_sentence(token, folder))
            except ExperimentError as problem:
                raise ExperimentError(f"sentence {count}, {token[:60]!r}: {problem}") from None
    if times or len(levels) > 1:
        raise ExperimentError(
            "a '[' is not closed" if levels[1:] else f"'{times} x' repeats nothing"
        )
    [(_, sentences)] = levels
    if not sentences:
        raise ExperimentError("there is no sentence, as 'Discharge at 1C until 2.5 V' would be one")
    quantity("steps", len(sentences), ExperimentError, at_most=MOST_STEPS)
    return tuple(sentences)


def steps(
    text: str, cell: Cell, area: float | None = None, folder: str | os.PathLike = ""
) -> list[Step]:
    """A protocol in sentences as steps of the engine.

    Parameters
    ----------
    text : str
        See :mod:`rampore.experiment`.
    cell : Cell
        Whose 1C is meant.
    area : float, optional
        Of all its electrode pairs, for currents and powers of the whole cell [m2].
    folder : path
        Where tables to follow lie.

    Raises
    ------
    ExperimentError
        Where a part of it cannot be read, has no effect or never ends, or an area is needed.
    CyclerError
        Where a table to follow cannot be read.

    Examples
    --------
    >>> from rampore.p4d import examples
    >>> cell = examples.chen_2020()
    >>> [step.mode for step in steps("Discharge at 1C until 3 V; Rest for 1 h", cell)]
    ['current', 'rest']
    """
    return [sentence.step(cell, area) for sentence in parse(text, folder)]


def _tokens(text: str) -> Iterator[str]:
    """Sentences, brackets and counts."""
    plain = "\n".join(line.partition("#")[0] for line in text.splitlines())
    for token in _TOKENS.findall(plain):
        if (token := " ".join(token.split())) not in ("", ";"):
            yield token


def _sentence(text: str, folder: str | os.PathLike) -> Sentence:
    if len(text) > LONGEST:
        raise ExperimentError(f"it is longer than {LONGEST} characters")
    word, _, rest = text.partition(" ")
    verb = word.capitalize()
    if verb not in VERBS:
        raise ExperimentError(f"{word!r} is no instruction{nearest(verb, VERBS)}")
    if "oC" in text or " period)" in text:
        raise ExperimentError(
            "a temperature or a period of output has no place in a sentence: the one is the "
            "cell's, and every step in time is kept"
        )
    if verb == "Follow":
        return _followed(text, rest, folder)
    parts = _PARTS.fullmatch(rest)
    if parts is None:
        raise ExperimentError(f"{rest!r} begins with neither 'at' nor 'for' nor 'until'")
    at, time, end = parts.group("at", "time", "end")
    if time is None and end is None:
        raise ExperimentError("it has no end: 'for' a time, 'until' an amount, or both")
    imposed = None if at is None else _amount(at)
    ways = _ways_to_end(verb, imposed, end is not None)
    return Sentence(
        text,
        verb,
        imposed,
        None if time is None else _seconds(time),
        None if end is None else _end(end, ways),
    )


def _followed(text: str, rest: str, folder: str | os.PathLike) -> Sentence:
    """A table that is followed."""
    parts = _FOLLOWED.fullmatch(rest)
    if parts is None:
        raise ExperimentError("a table is followed, as in 'Follow us06.csv until 2.5 V'")
    ends = _PARTS.fullmatch((parts["ends"] or "").strip())
    time, end = (None, None) if ends is None else ends.group("time", "end")
    cycle = read_cycle(os.path.join(folder, parts["file"].strip()), parts["positive"] or "")
    return Sentence(
        text,
        "Follow",
        None,
        None if time is None else _seconds(time),
        None if end is None else _end(end, {"voltage": ""}),
        cycle,
        parts["levels"] is not None,
    )


def _ways_to_end(verb: str, at: Amount | None, ends: bool) -> dict[str, str]:
    """Which kinds of amount end a step, and whether from above or from below."""
    kind = at.kind if at is not None else ""
    if verb == "Rest":
        if at is not None or ends:
            raise ExperimentError("a rest has a time and nothing else, as in 'Rest for 10 minutes'")
        return {}
    if verb == "Hold":
        if kind != "voltage":
            raise ExperimentError("a voltage is held, as in 'Hold at 4.2 V until C/50'")
        return {"current": "<"}
    if at is None or kind == "voltage":
        raise ExperimentError(
            f"a {verb.lower()} is at a current or a power, as in '{verb} at 1C for 1 h'; a voltage "
            "is held, as in 'Hold at 4.2 V until C/50'"
        )
    quantity(kind, at.value, ExperimentError, above=0)
    voltage = {"voltage": "<" if verb == "Discharge" else ">"}
    return voltage | ({"current": "<"} if kind == "power" else {})


def _end(text: str, ways: dict[str, str]) -> Amount:
    """An amount that ends a step, which is of one of these kinds and passed in this way."""
    way = text[:1] if text.startswith(("<", ">")) else ""
    end = _amount(text.removeprefix(way).strip())
    if end.kind not in ways:
        raise ExperimentError(
            f"'until {text}' has no effect here: a {' or a '.join(ways)} ends this step"
        )
    if way not in ("", ways[end.kind]):
        raise ExperimentError(
            f"'until {text}' holds before it begins: leave the {way!r} out"
            if ways[end.kind]
            else f"'until {text}': leave the {way!r} out, for the cell comes from where it begins"
        )
    if end.kind == "current":
        quantity("current", end.value, ExperimentError, above=0)
    return end


def _amount(text: str) -> Amount:
    if over := _C_OVER.fullmatch(text):
        rate = quantity(f"the divisor in {text!r}", float(over[1]), ExperimentError, above=0)
        return Amount("current", 1 / rate, "1C")
    number, unit = _parted(text, "an amount, as '1C', 'C/50', '20 A', '2.5 V' or '10 W'")
    if unit.lower() in ("ohm", "ω"):
        raise ExperimentError(f"{text!r} is a resistance: a current, voltage or power is imposed")
    if unit not in _UNITS:
        raise ExperimentError(f"{unit!r} in {text!r} is no unit here{nearest(unit, _UNITS)}")
    kind, factor, per = _UNITS[unit]
    return Amount(kind, quantity(text, factor * number, ExperimentError), per)


def _seconds(text: str) -> float:
    number, unit = _parted(text, "a time, as '40 s', '10 minutes' or '0.5 hours'")
    if unit not in _SECONDS:
        raise ExperimentError(f"{unit!r} in {text!r} is no unit of time{nearest(unit, _SECONDS)}")
    return quantity(text, _SECONDS[unit] * number, ExperimentError, above=0)


def _parted(text: str, wanted: str) -> tuple[float, str]:
    found = _WITH_UNIT.fullmatch(text)
    if found is None:
        raise ExperimentError(f"{text!r} is not {wanted}")
    return float(found[1]), found[2]
