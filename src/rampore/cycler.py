"""Tables of cyclers: what a run gives in the Battery Data Format, a measured curve beside it, and
what a drive cycle asks of a cell.

The format, of the Battery Data Alliance, names each column with its unit. A current that charges is
positive there, and negative in the engine.
"""

from __future__ import annotations

import os
import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore import RamporeError, tables
from rampore.checks import increasing
from rampore.units import from_si

if TYPE_CHECKING:
    import pandas as pd
    import xarray

STRAIGHT = 1e-4  #: how far straight lines between the points of a table may be from the curve [V]
#: What the columns of a measured curve are called where several have a time or a voltage.
NAMES = {
    "time": ("test time", "time", "total time", "elapsed time", "t"),
    "voltage": ("voltage", "cell voltage", "ecell", "ewe", "u", "e", "v"),
}
_SI = {"time": "s", "voltage": "V"}
HOUR = 3600.0  #: [s]


class CyclerError(RamporeError, ValueError):
    """A file that holds no measured curve, or one that has nothing in common with a run."""

    exit_code = 2


class Totals(NamedTuple):
    """What passed in a run, or in one step of it."""

    discharged: float  #: charge that the cell gave [C/m2]
    charged: float  #: charge that it took up [C/m2]
    energy_discharged: float  #: [J/m2]
    energy_charged: float  #: [J/m2]


class CyclerSeries(NamedTuple):
    """A run over time, from the state that it starts from, per area of the cell."""

    time: np.ndarray  #: (n,) [s]
    voltage: np.ndarray  #: (n,) [V]
    current: np.ndarray  #: positive on discharge (n,) [A/m2]
    step: np.ndarray  #: of the protocol, from 0, that led here (n,)
    jump: np.ndarray  #: whether what is imposed jumped at the point before (n,)

    @classmethod
    def of(cls, data: xarray.Dataset) -> CyclerSeries:
        """The series of a run, from the ``dataset`` of its solution."""
        names = ("time", "voltage", "current_density", "step", "jump")
        return cls(*(data[name].values for name in names))

    def turned(self) -> CyclerSeries:
        """The same with the electrodes exchanged: both voltage and current change their sign."""
        return self._replace(voltage=-self.voltage, current=-self.current)

    def part(self, step: int) -> CyclerSeries:
        """One step of the protocol, from the state that it starts from."""
        rows = np.flatnonzero(self.step == step)
        if rows.size and rows[0] > 0:
            rows = np.append(rows[0] - 1, rows)
        return CyclerSeries(*(column[rows] for column in self))

    @property
    def charge(self) -> np.ndarray:
        """Charge that the cell gave since the start (n,) [C/m2]."""
        return np.append(0.0, np.cumsum(self._between(self.current)))

    @property
    def totals(self) -> Totals:
        """What passed in either direction."""
        passed = self._between(self.current), self._between(self.current * self.voltage)
        sums = [sign * values[sign * values > 0].sum() for values in passed for sign in (1, -1)]
        return Totals(*(float(value) + 0.0 for value in sums))

    def _between(self, rate: np.ndarray) -> np.ndarray:
        """Integral of a rate over each interval (n - 1,); at a jump it is what comes after it."""
        mean = np.where(self.jump[1:], rate[1:], 0.5 * (rate[1:] + rate[:-1]))
        return mean * np.diff(self.time)

    def drawn(self) -> CyclerSeries:
        """With points between the steps in time, so that straight lines are the curve of the
        voltage; see :func:`polyline`.
        """
        ends = np.append(np.flatnonzero(self.jump[1:]), self.time.size - 1)
        pieces = [CyclerSeries(*(column[:1] for column in self))]
        for begin, end in pairwise(ends):
            piece = CyclerSeries(*(column[begin : end + 1] for column in self))
            time, voltage = polyline(piece.time, piece.voltage)
            current = piece.current
            if time.size > current.size:
                later = np.interp(time[1:], piece.time[1:], piece.current[1:])
                current = np.append(piece.current[:1], later)
            jump = np.arange(time.size) == 1
            made = CyclerSeries(time, voltage, current, np.full(time.size, piece.step[-1]), jump)
            pieces.append(CyclerSeries(*(column[1:] for column in made)))
        return CyclerSeries(*(np.concatenate(columns) for columns in zip(*pieces, strict=True)))


def polyline(
    time: np.ndarray, voltage: np.ndarray, within: float = STRAIGHT
) -> tuple[np.ndarray, np.ndarray]:
    """A curve for straight lines: what is between the steps is added where they would cut a bend.

    Between two steps the curve is the cubic that has the slopes of the parabolas through each step
    and its neighbours, which is as exact as the steps are. The first step is a jump to where
    current flows.

    Parameters
    ----------
    time : (n,) array
        Of the steps at one current, from the state before it flows on [s].
    voltage : (n,) array
        [V]
    within : float
        How far the lines may be from the curve [V].

    Returns
    -------
    time, voltage : (m,) arrays
        The steps are among them [s, V].
    """
    if time.size < 4:
        return time, voltage
    from scipy.interpolate import CubicHermiteSpline

    t = time[1:]
    curve = CubicHermiteSpline(t, voltage[1:], np.gradient(voltage[1:], t, edge_order=2))
    # a chord of h is at most h^2 / 8 times the second derivative away, which is linear in a piece
    ends = np.stack([np.abs(curve.c[1]), np.abs(curve.c[1] + 3 * curve.c[0] * np.diff(t))])
    pieces = np.ceil(np.diff(t) * np.sqrt(ends.max(axis=0) / (4 * within))).astype(int)
    points = [
        np.linspace(start, end, max(count, 1), endpoint=False)
        for start, end, count in zip(t[:-1], t[1:], pieces, strict=True)
    ]
    added = np.concatenate([*points, t[-1:]])
    return np.append(time[0], added), np.append(voltage[0], curve(added))


def battery_data(series: CyclerSeries, area: float, temperature: float) -> pd.DataFrame:
    """A run as a table of the Battery Data Format.

    Parameters
    ----------
    series : CyclerSeries
    area : float
        Of the cell [m2].
    temperature : float
        [K]

    Returns
    -------
    pandas.DataFrame
        Columns as the format names them. Steps are counted from 1. Charge and current are positive
        where the cell takes it up; the net capacity is that since the start.
    """
    import pandas as pd

    series = series.drawn()
    return pd.DataFrame(
        {
            "Test Time / s": series.time,
            "Voltage / V": series.voltage,
            "Current / A": -area * series.current,
            "Step Count / 1": series.step.astype(int) + 1,
            "Ambient Temperature / degC": from_si(temperature, "degC"),
            "Net Capacity / Ah": -area * series.charge / HOUR,
        }
    )


class MeasuredCurve(NamedTuple):
    """A measured curve, from where it begins."""

    time: np.ndarray  #: (n,) [s]
    voltage: np.ndarray  #: (n,) [V]
    understood: str  #: what was taken for what, in one line


class Misfit(NamedTuple):
    """How far a run is from a measured curve."""

    rms: float  #: root of the mean square [V]
    largest: float  #: the run less what was measured, where they differ most [V]
    time: float  #: when [s]
    points: int  #: that were compared


def read_measured(path: str | os.PathLike) -> MeasuredCurve:
    """Read a measured curve from a table with a column of a time and one of a voltage.

    The first line names the columns with their units, as ``Test Time / s``, ``Voltage (mV)`` or
    ``time_s``; columns are parted by commas, semicolons or tabs, decimals are points. Other columns
    are passed over. Where several have a time (or a voltage), the names of :data:`NAMES` decide.

    Parameters
    ----------
    path : path
        A text file, packed by gzip or bzip2 or not.

    Raises
    ------
    CyclerError
        Where the file cannot be read, has no time or no voltage or several of one, or a value is no
        number.
    """
    table = tables.read(path, CyclerError)
    columns = [_column(table, kind) for kind in _SI]
    time, voltage = table.numbers(columns, CyclerError).T
    names = " and ".join(repr(table.headings[place].strip()) for place, _ in columns)
    return MeasuredCurve(time - time[0], voltage, f"{time.size} points of {names}")


def _column(table: tables.TextTable, kind: str) -> tuple[int, float]:
    """Place and factor to SI of the column with a time, or a voltage."""
    found = []
    for place, heading in enumerate(table.headings):
        name, _, suffix = heading.strip().rpartition("_")
        unit = tables.unit(heading)
        if (scale := tables.factor(unit or suffix, _SI[kind])) is not None:
            name = heading.partition("/")[0] if unit else name
            found.append((place, scale, name.partition("(")[0].partition("[")[0].strip().lower()))
    known = [each for each in found if each[2].replace("_", " ") in NAMES[kind]]
    if len(found) > 1 and len(known) == 1:
        found = known
    if len(found) != 1:
        names = " and ".join(repr(table.headings[place].strip()) for place, *_ in found)
        raise CyclerError(
            f"{table.path}: {names} are both a {kind}: keep one, or call one {NAMES[kind][0]!r}"
            if found
            else f"{table.path}: no column is a {kind}, as '{kind} / {_SI[kind]}' would be"
        )
    [(place, scale, _)] = found
    return place, scale


def misfit(series: CyclerSeries, measured: MeasuredCurve) -> Misfit:
    """How far a run is from a measured curve, at the times of the latter.

    Parameters
    ----------
    series : CyclerSeries
    measured : MeasuredCurve
        What it has at its start, where the current may flow already or not, and after the end of
        the run is left out.

    Raises
    ------
    CyclerError
        Where they have no time in common.
    """
    both = (measured.time > 0) & (measured.time <= series.time[-1])
    if not both.any():
        raise CyclerError(
            f"no measured point lies between start and end of the run, {series.time[-1]:g} s later"
        )
    drawn, time = series.drawn(), measured.time[both]
    away = np.interp(time, drawn.time, drawn.voltage) - measured.voltage[both]
    worst = int(np.argmax(np.abs(away)))
    rms = float(np.sqrt(np.mean(away**2)))
    return Misfit(rms, float(away[worst]), float(time[worst]), int(time.size))


# Drive cycles

#: What is imposed, in units: kind, factor to SI, and whether it is over 1C, of the whole cell or
#: per area of it.
IMPOSED = {
    "C": ("current", 1.0, "1C"),
    "A": ("current", 1.0, "cell"),
    "mA": ("current", 1e-3, "cell"),
    "A/m2": ("current", 1.0, "area"),
    "mA/cm2": ("current", 10.0, "area"),
    "W": ("power", 1.0, "cell"),
    "mW": ("power", 1e-3, "cell"),
    "W/m2": ("power", 1.0, "area"),
    "mW/cm2": ("power", 10.0, "area"),
}
#: Which sign discharges, by the word in a heading, or in a sentence, that says so.
SIGNS = {"discharge": 1.0, "discharges": 1.0, "charge": -1.0, "charges": -1.0}
BATTERY_DATA = ".bdf.csv"  #: what the name of a file in the Battery Data Format ends in


class DriveCycle(NamedTuple):
    """What a table asks of a cell as time goes on."""

    times: tuple[float, ...]  #: since its start (n,) [s]
    values: tuple[float, ...]  #: positive on discharge, in SI or over 1C (n,)
    kind: str  #: "current" or "power"
    per: str  #: "1C", "cell" or "area"
    understood: str  #: what was taken for what, in one line


def read_cycle(path: str | os.PathLike, positive: str = "") -> DriveCycle:
    """Read a drive cycle from a table with a column of a time and one of a current or a power.

    Columns are named as for :func:`read_measured`, the second one with a unit of :data:`IMPOSED`.
    Which sign discharges is never guessed: the heading says it, as ``Discharge current / A`` or
    ``charge_power_W``; or the name of the file, for in the Battery Data Format (``.bdf.csv``) what
    charges is positive; or ``positive`` does.

    Parameters
    ----------
    path : path
        A text file, packed by gzip or bzip2 or not.
    positive : {"charges", "discharges", ""}
        What a positive value does, where neither heading nor name says it.

    Raises
    ------
    CyclerError
        Where the file cannot be read, has no time, or no current or power, or several of one, a
        value is no number, times do not increase, or nothing or two things say the sign.
    """
    table = tables.read(path, CyclerError)
    time = _column(table, "time")
    place, unit = _imposed(table)
    kind, scale, per = IMPOSED[unit]
    heading = table.headings[place].strip()
    sign, said = _sign(table.path, heading, positive)
    t, values = table.numbers([time, (place, scale)], CyclerError).T
    increasing(f"{path}: times", t, CyclerError)
    understood = (
        f"{t.size} points of {table.headings[time[0]].strip()!r} and {heading!r}, positive where "
        f"it {said}"
    )
    values = sign * values + 0.0  # of nothing no -0
    return DriveCycle(tuple((t - t[0]).tolist()), tuple(values.tolist()), kind, per, understood)


def _imposed(table: tables.TextTable) -> tuple[int, str]:
    """Place and unit of the column with a current or a power."""
    found = []
    for place, heading in enumerate(table.headings):
        unit = tables.unit(heading) or heading.strip().rpartition("_")[2]
        if unit in IMPOSED:
            found.append((place, unit))
    if len(found) != 1:
        names = " and ".join(repr(table.headings[place].strip()) for place, _ in found)
        raise CyclerError(
            f"{table.path}: {names} are both imposed: keep one"
            if found
            else f"{table.path}: no column is a current or a power, as 'Discharge current / A' "
            f"would be; units are {', '.join(IMPOSED)}"
        )
    return found[0]


def _sign(path: str, heading: str, positive: str) -> tuple[float, str]:
    """Which sign discharges, and what a positive value does."""
    words = re.findall("[a-z]+", heading.lower())
    says = {word.removesuffix("s") + "s" for word in words if word in SIGNS}
    if path.lower().endswith(BATTERY_DATA):
        says.add("charges")
    if positive and says and says != {positive}:
        raise CyclerError(
            f"{path}: {heading!r} {' and '.join(sorted(says))} where it is positive: leave out "
            f"that it {positive}"
        )
    says = says or {positive}
    if len(says) > 1 or not all(says):
        raise CyclerError(
            f"{path}: nothing says whether a positive {heading!r} charges or discharges: call it "
            "'Charge ...' or 'Discharge ...', or say 'positive charges' or 'positive discharges'"
        )
    [said] = says
    return SIGNS[said], said
