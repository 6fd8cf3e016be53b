"""Numbers of ``cell.toml`` against a second transcription of their sources in ``tests/data``."""

import csv
import math
import re
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from rampore import materials
from rampore.lim2026 import parameters
from rampore.lim2026.parameters import Confidence
from rampore.units import to_si

VALUES = Path(__file__).parent / "data" / "paper" / "values.csv"
RECORDS = parameters.load().records
NUMBER = re.compile(r"(?<![\w.])-?\d+\.?\d*(?:e[+-]?\d+)?")

#: Rivals that lie outside what the study allows, as their reasons say: too simple a relation, a
#: unit that is ambiguous, and a resistance that was not visible.
OUTSIDE = {
    ("negative.tortuosity", 1.83),
    ("positive.tortuosity", 2.19),
    ("nmc.diffusivity", 3e-12),
    ("nmc.diffusivity", 5.6e-11),
    ("contact.negative", 0),
}


def numbers(value):
    """All numbers of a value, in order: of tables, of named coefficients, of a formula that is a
    text.
    """
    if isinstance(value, str):
        return [float(number) for number in NUMBER.findall(value)]
    if hasattr(value, "values"):
        value = list(value.values())
    return (
        [number for part in value for number in numbers(part)]
        if isinstance(value, list | tuple)
        else [float(value)]
    )


def units(value):
    """The units of a value, those of named parts and of a table's columns one after the other."""
    if isinstance(value, str):
        return value
    return " ".join(value.values() if hasattr(value, "values") else value)


class Copy(NamedTuple):
    """A number of the second transcription."""

    value: float  #: not a number where no source was found: there is nothing to copy
    rounded: bool  #: whether it follows from what the source prints, and the file rounds it

    @classmethod
    def of(cls, written):
        try:
            return cls(float("nan" if written == "?" else written), False)
        except ValueError:
            return cls(eval(written, {}), True)

    def agrees(self, number):
        """Whether a number of the file is this one, to the digits that the file has of it."""
        if math.isnan(self.value):
            return True
        reach = 1e-9 * abs(self.value)  # a range was converted to SI
        if self.rounded:
            decimals = -Decimal(repr(number)).as_tuple().exponent
            reach += 0.5 * 10.0**-decimals
        return abs(number - self.value) <= reach


def transcribed():
    """(key, part) -> unit and numbers of each of its rows."""
    found = {}
    with VALUES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            line = (row["unit"], [Copy.of(written) for written in row["numbers"].split()])
            found.setdefault((row["key"], row["part"]), []).append(line)
    return found


def written():
    """The same of the study's file; what the loader computes from other entries is not copied from
    anywhere.
    """
    found = {}
    for key, record in RECORDS.items():
        if record.source or record.confidence is not Confidence.DERIVED:
            found[key, "value"] = [(units(record.unit), numbers(record.value))]
        if record.range:
            found[key, "range"] = [("SI", list(record.range))]
        if record.not_chosen:
            found[key, "rival"] = [
                (units(rival.unit), numbers(rival.value)) for rival in record.not_chosen
            ]
    return found


OURS, THEIRS = written(), transcribed()


@pytest.mark.parametrize("entry", list(THEIRS), ids=" ".join)
def test_a_value_is_what_its_source_says_each_time_it_is_copied(entry):
    ours, theirs = OURS[entry], THEIRS[entry]
    assert [unit for unit, _ in ours] == [unit for unit, _ in theirs]
    for (_, here), (_, there) in zip(ours, theirs, strict=True):
        assert len(here) == len(there)
        assert all(copy.agrees(number) for copy, number in zip(there, here, strict=True)), there


def test_every_value_that_has_a_source_was_copied_twice():
    assert set(OURS) == set(THEIRS)


def test_the_one_number_that_was_found_in_no_source_is_named():
    """The density is a default of a code that gives no reference."""
    unseen = {
        key
        for key, rows in THEIRS.items()
        for _, copies in rows
        if any(math.isnan(copy.value) for copy in copies)
    }
    assert unseen == {("electrolyte.density", "range"), ("electrolyte.density", "rival")}


def test_rivals_lie_within_the_range_that_the_study_allows_or_say_why_not():
    outside = set()
    for key, record in RECORDS.items():
        low, high = record.range or (None, None)
        for rival in record.not_chosen:
            if low is None or isinstance(rival.value, str):
                continue
            allowed = (low - 1e-9 * abs(low), high + 1e-9 * abs(high))
            inside = (
                allowed[0] <= to_si(number, rival.unit) <= allowed[1]
                for number in numbers(rival.value)
            )
            outside |= {
                (key, n) for n, good in zip(numbers(rival.value), inside, strict=True) if not good
            }
    assert outside == OUTSIDE


@pytest.mark.parametrize(
    ("key", "first", "function"),
    [
        ("graphite.diffusivity", "8.4e-13", materials.graphite_diffusivity_ecker),
        ("graphite.diffusivity", "3.0321", materials.graphite_diffusivity_oregan),
        ("nmc.diffusivity", "2.7 ", materials.nmc811_diffusivity_oregan),
    ],
)
def test_a_formula_that_the_file_quotes_is_the_function_of_that_name(key, first, function):
    """The quoted text, made Python: a space is a product, a caret a power."""
    [text] = [
        rival.value
        for rival in RECORDS[key].not_chosen
        if isinstance(rival.value, str) and rival.value.startswith(first)
    ]
    code = re.sub(r"(?<=[\d)x]) (?=[\dex(])", "*", text).replace("^", "**")
    x = np.linspace(0.05, 0.95, 19)
    assert function(x) == pytest.approx(eval(code, {"exp": np.exp, "x": x}), rel=1e-9)
