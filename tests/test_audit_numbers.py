"""The record of a chapter's numbers, and what two of them are held to."""

import math
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from rampore.audit.chapter import KEPT_MIME, NUMBERS_MIME, Chapter, Uncertainty, Under
from rampore.audit.claims import Rounding
from rampore.audit.drawn import differences as apart_by_part
from rampore.audit.drawn import drawn, words
from rampore.audit.ledger import Condition, Ledger, read_ledger
from rampore.audit.numbers import (
    LONGEST,
    Numbers,
    decimals_allowed,
    differences,
    phrase,
    spaced,
    with_error,
)
from rampore.lim2026 import LEDGER


def record(**values):
    numbers = Numbers()
    for name, (value, error) in values.items():
        numbers.keep(name, value, error)
    return numbers.entries


def test_a_number_within_its_error_has_not_changed_and_one_beyond_has():
    assert differences(record(a=(1.0, 1e-3)), record(a=(1.0009, 1e-3))) == []
    [line] = differences(record(a=(1.0, 1e-3)), record(a=(1.0011, 1e-3)))
    assert "1 has become 1.0011" in line
    assert "its error is 0.001" in line


def test_the_error_of_the_reference_counts_and_may_not_grow():
    [change, growth] = differences(record(a=(1.0, 1e-3)), record(a=(1.1, 0.2)))
    assert "its error is 0.001" in change
    assert "has grown from 0.001 to 0.2" in growth


def test_each_entry_of_a_row_has_its_own_error():
    old = record(row=([1.0, 10.0], [1e-3, 1.0]))
    assert differences(old, record(row=([1.0, 10.9], [1e-3, 1.0]))) == []
    [line] = differences(old, record(row=([1.5, 10.0], [1e-3, 1.0])))
    assert "(number 1)" in line


@pytest.mark.parametrize(
    ("old", "new"), [(3, 4), ("closed", "open"), (True, False), ([1, 2], [1, 3])]
)
def test_counts_words_and_what_holds_are_compared_exactly(old, new):
    assert differences(record(a=(old, None)), record(a=(old, None))) == []
    assert len(differences(record(a=(old, None)), record(a=(new, None)))) == 1


def test_no_number_is_its_own_equal_only_where_neither_is_one():
    assert differences(record(a=(np.nan, 0.1)), record(a=(np.nan, 0.1))) == []
    assert len(differences(record(a=(np.nan, 0.1)), record(a=(1.0, 0.1)))) == 1
    assert len(differences(record(a=(1.0, 0.1)), record(a=(np.nan, 0.1)))) == 1


def test_what_is_missing_or_new_is_said():
    assert differences(record(a=(1.0, 0.1)), record(b=(1.0, 0.1))) == [
        "a: no longer there",
        "b: is new",
    ]


def test_a_name_stands_for_one_thing():
    numbers = Numbers()
    numbers.keep("a", 1.0)
    with pytest.raises(ValueError, match="kept already"):
        numbers.keep("a", 1.0)


def test_a_phrase_compares_its_words_exactly_and_its_numbers_within_their_errors():
    def told(value, word="times"):
        numbers = Numbers()
        numbers.keep_text("p", phrase("{:.2f} {} the area, {:.0f} in all", (value, 0.01), word, 7))
        return numbers.entries

    assert phrase("{:+.1f} %", -0.25) == "\N{MINUS SIGN}0.2 %"
    assert differences(told(1.234), told(1.239)) == []
    assert len(differences(told(1.234), told(1.254))) == 1
    assert len(differences(told(1.234), told(1.234, "by"))) == 1


def test_a_phrase_in_a_table_keeps_its_numbers_with_pyarrow_there_and_without():
    pytest.importorskip("pyarrow")  # with it, pandas has a storage of its own for text
    with pd.option_context("mode.string_storage", "pyarrow"):
        Chapter("collector", ledger=read_ledger(LEDGER))
        column = pd.DataFrame({"share": [with_error("{:.%df}", 2.0, 0.1)]})["share"]
        assert [number for number, _ in column[0].numbers] == [2.0, 0.1]


def test_a_long_row_keeps_its_ends():
    chosen = spaced(1000)
    assert (chosen[0], chosen[-1]) == (0, 999)
    assert len(chosen) == LONGEST
    assert spaced(0).size == 0


@pytest.mark.parametrize(
    ("wanted", "error", "allowed"),
    [(3, 0.0, 3), (3, 1e-9, 3), (3, 0.002, 2), (3, 0.01, 2), (3, 0.2, 0), (3, 20.0, -2)],
)
def test_a_number_is_printed_with_the_digits_that_its_error_allows(wanted, error, allowed):
    assert decimals_allowed(wanted, [error]) == allowed


def test_what_rounds_to_zero_has_no_minus_and_everything_below_it_has():
    assert phrase("{:+.1f} {:.0f} {:.1e} {:.1f}", -0.04, -0.4, -0.0, -0.06) == "+0.0 0 0.0e+00 −0.1"
    assert phrase("{:.1f}", -math.inf) == "−inf"
    chapter = Chapter("collector")
    table = pd.DataFrame({"held": [-0.2, 3.0], "free": [-0.04, -0.06]})
    shown = chapter.table("zero", table, 1, error={"held": 1.0}).bundle["text/plain"]
    assert shown.split() == ["held", "free", "0", "0", "0.0", "1", "3", "−0.1"]


def test_a_table_prints_what_its_errors_allow_and_keeps_every_number():
    chapter = Chapter("collector")
    table = pd.DataFrame({"gain": [0.12345, -0.2], "cases": [3, 4]}, index=["bare", "perforated"])
    shown = chapter.table("gains", table, error={"gain": 0.002}).bundle
    assert shown["text/plain"].split() == [
        "gain",
        "cases",
        "bare",
        "0.12",
        "3",
        "perforated",
        "−0.20",
        "4",
    ]
    assert shown[KEPT_MIME] == ["table/gains"]
    assert chapter.numbers.entries["table/gains/gain"] == "0.12345 -0.2 ± 0.002"
    assert chapter.numbers.entries["table/gains/cases"] == [3, 4]


def test_a_chapter_closes_with_all_its_numbers_as_output_and_as_result(tmp_path):
    chapter = Chapter("collector", output=tmp_path)
    chapter.result("found", {"width": {"um": 3.0}, "names": ["a"]})
    entries = chapter.close().bundle[NUMBERS_MIME]
    assert entries == {"result/found/width/um": "3 ± 3e-09", "result/found/names": ["a"]}
    assert (tmp_path / "results" / "numbers.json").is_file()


def test_a_claim_keeps_its_value_with_its_numerical_error_and_its_verdict():
    chapter = Chapter("collector")
    chapter.report("tensile-ratio", 0.3525, explanation=chapter.phrase("{:.2f} of it", 0.3525))
    entries = chapter.numbers.entries
    assert entries["claim/tensile-ratio/computed"] == "0.3525 ± 3.5e-10"
    assert entries["claim/tensile-ratio/explanation"] == ["# of it"]
    assert len(entries["claim/tensile-ratio/verdict"]) == 1


def test_a_curve_is_the_same_wherever_its_points_lie():
    def curve(points):
        figure, axes = plt.subplots()
        axes.plot(points, points**2)
        found = dict(drawn(figure))
        plt.close(figure)
        return found["0/line 0/y"]

    assert np.allclose(curve(np.linspace(0, 1, 2000)), curve(np.linspace(0, 1, 1717)), atol=1e-6)
    assert not np.allclose(
        curve(np.linspace(0, 1, 2000)), 1.01 * curve(np.linspace(0, 1, 2000)), atol=1e-6
    )


def test_a_curve_over_decades_is_kept_at_as_many_places_of_each_up_to_its_end():
    """Of a power over a logarithmic axis neighbours have one ratio, and the last is the end."""
    figure, axes = plt.subplots()
    frequency = np.geomspace(1e-2, 1e5, 3000)
    axes.loglog(frequency, frequency**-0.5)
    plt.close(figure)
    found = dict(drawn(figure))
    x, y = found["0/line 0/x"], found["0/line 0/y"]
    assert x[[0, -1]] == pytest.approx([1e-2, 1e5])
    assert x[1:] / x[:-1] == pytest.approx(np.full(x.size - 1, 1e7 ** (1 / (x.size - 1))), rel=0.01)
    assert y == pytest.approx(x**-0.5, rel=1e-4)


def line(*heights):
    figure, axes = plt.subplots()
    axes.plot([0.0, 1.0], heights)
    axes.set(xlim=(0, 1), ylim=(0, 10))
    plt.close(figure)
    return figure


def test_a_figure_drawn_from_a_coarser_computation_gives_each_artist_its_error():
    chapter = Chapter("collector")
    chapter.figure(line(2.0, 3.0), "curve", error=line(2.0, 3.25))
    entries = chapter.numbers.entries
    assert entries["figure/curve/0/line 0/y"] == "2 3 ± 0.25"
    assert entries["figure/curve/0/line 0/x"] == "0 1 ± 1e-06"
    with pytest.raises(ValueError, match="unlike artists"):
        chapter.figure(line(2.0, 3.0), "other", error=plt.figure())


def test_a_result_s_errors_are_given_by_entry_or_over_its_largest_number():
    chapter = Chapter("collector")
    table = pd.DataFrame({"width": [1.0, 4.0], "depth": [2.0, 3.0]})
    chapter.result("absolute", table, error={"width": 0.5})
    chapter.result("relative", table, error=0.1)
    entries = chapter.numbers.entries
    assert entries["result/absolute/width"] == "1 4 ± 0.5"
    assert entries["result/absolute/depth"] == "2 3 ± 3e-09"
    assert entries["result/relative/width"] == "1 4 ± 0.4"


def test_what_an_assumption_needs_has_an_error_of_its_own_and_the_rest_that_of_the_value():
    ledger = read_ledger(LEDGER)
    so = Condition("It is so.", (1.0, 3.0), "1", "a source")
    known = dict(ledger) | {"tensile-ratio": replace(ledger["tensile-ratio"], condition=so)}
    chapter = Chapter("collector", ledger=Ledger(known.values(), ledger.sections, ledger.causes))
    under = Under(1.5, 0.354)
    numerics = Uncertainty(numerics=1e-4, definition=0.02)
    chapter.report(
        "tensile-ratio",
        0.3,
        rounding=Rounding(0.01, chapter.half_digit("tensile-strength-pcu").origin),
        uncertainty=numerics,
        under=under,
        explanation="So.",
        needed_error=0.1,
    )
    entries = chapter.numbers.entries
    errors = {
        part: entries[f"claim/tensile-ratio/{part}"].split("± ")[1]
        for part in ("computed", "gives", "needed")
    }
    assert errors == {"computed": "0.0001", "gives": "0.0001", "needed": "0.1"}
    assert entries["claim/tensile-ratio/rounding"] == "0.01 ± 0.0001"
    assert entries["claim/tensile-ratio/definition"] == "0.02 ± 0.0001"


def test_every_kind_of_artist_gives_its_data():
    figure, axes = plt.subplots()
    axes.plot([0, 1], [2, 3], label="a")
    axes.bar([0], [5.0])
    axes.scatter([1.0], [4.0])
    axes.pcolormesh(np.array([[1.0, 2.0], [3.0, 4.0]]))
    axes.imshow(np.eye(3))
    axes.fill_between([0, 1], [0, 0], [1, 2])
    axes.set_title("title")
    axes.legend()
    found = dict(drawn(figure))
    plt.close(figure)
    assert found["0/patch 0/y"].max() == 5.0
    assert found["0/collection 1/colour"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert found["0/collection 1/x"].tolist() == [0.0, 1.0, 2.0] * 3
    assert found["0/image 0/colour"].sum() == 3.0
    assert found["0/collection 2/y"].max() == 2.0
    assert words(figure) == ["title", "a"]


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-8.8413, 0.183, "−8.8 ± 0.2"),
        (-0.5, 0.04, "−0.50 ± 0.04"),
        (0.98, 1e-7, "0.980 ± 0.001"),
        (253.4, 3.69, "253 ± 4"),
        (5.5, 0.95, "5.5 ± 1.0"),
        (0.98, 0.0, "0.98"),
    ],
)
def test_a_number_is_printed_with_its_error_rounded_up_at_the_errors_first_digit(
    value, error, text
):
    assert with_error("{:.%df}", value, error) == text


def test_what_is_printed_with_its_error_is_compared_within_it():
    first, second, third = (with_error("{:.%df} of all", value, 0.2) for value in (1.0, 1.15, 1.25))
    record = [Numbers() for _ in range(3)]
    for numbers, text in zip(record, (first, second, third), strict=True):
        numbers.keep_text("a", text)
    assert differences(record[0].entries, record[1].entries) == []
    assert len(differences(record[0].entries, record[2].entries)) == 1


def bars(*heights):
    figure, axes = plt.subplots()
    axes.bar(range(len(heights)), heights)
    axes.set_ylim(0, 10)
    plt.close(figure)
    return figure


def test_a_bar_that_agrees_by_chance_has_the_error_of_the_others():
    apart = apart_by_part(bars(2.0, 3.0), bars(2.0001, 3.25))
    assert apart["0/patch 0/y"] == apart["0/patch 1/y"] == 0.25
    assert apart["0/patch 0/x"] == 0.0


def test_a_bar_that_differs_by_its_last_digits_is_the_same_on_every_processor():
    apart = apart_by_part(bars(2.0, 3.0), bars(2.0 * (1 + 2**-50), 3.25))
    assert apart["0/patch 0/y"] < 1e-14
    assert apart["0/patch 1/y"] == 0.25


def test_a_profile_over_half_the_cells_is_held_against_the_middle_of_each():
    def profile(cells, slope=1.0):
        figure, axes = plt.subplots()
        z = (np.arange(cells) + 0.5) / cells
        axes.plot(slope * z, z)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        plt.close(figure)
        return figure

    assert apart_by_part(profile(16), profile(8))["0/line 0/y"] == pytest.approx(0, abs=1e-12)
    assert apart_by_part(profile(16), profile(8, 1.1))["0/line 0/x"] == pytest.approx(0.1 * 15 / 16)


def test_what_a_coarser_drawing_lacks_has_the_largest_difference_of_its_kind():
    def lines(*values):
        figure, axes = plt.subplots()
        for value in values:
            axes.plot([0, 1], [value, value])
        plt.close(figure)
        return figure

    apart = apart_by_part(lines(1.0, 2.0, 3.0), lines(1.0, 2.5))
    assert (apart["0/line 0/y"], apart["0/line 1/y"], apart["0/line 2/y"]) == (0.0, 0.5, 0.5)


def test_painted_cells_of_two_meshes_are_compared_by_their_distribution():
    def painted(cells):
        figure, axes = plt.subplots()
        axes.pcolormesh(np.linspace(0.0, 2.0, 4 * cells).reshape(4, cells))
        plt.close(figure)
        return figure

    assert apart_by_part(painted(12), painted(5))["0/collection 0/colour"] < 0.05
