"""The ledger, the verdict rule, and the scorecard that shows them."""

import csv
import json
import math
import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import rampore
from rampore import lim2026
from rampore.audit import claims
from rampore.audit.chapter import assumption_text
from rampore.audit.claims import (
    Assumption,
    Basis,
    Claim,
    Kind,
    LedgerError,
    Report,
    ToleranceFrom,
    Uncertainty,
    Verdict,
)
from rampore.audit.pages.picture import overview
from rampore.audit.pages.scorecard import scorecard_page, summary, summary_readme
from rampore.style import VERDICT, render

ROOT = Path(__file__).resolve().parent.parent
PAPER = ROOT.parent / "shared" / "paper" / "claims.toml"
PRINTED = ROOT / "tests" / "data" / "paper" / "printed.csv"

LENGTH = Claim(
    id="length", section=1, where="1", basis=Basis.GEOMETRY, kind=Kind.VALUE,
    statement="It is 4.50 um long.", unit="um", stated=4.5, tolerance=0.005,
    tolerance_from=ToleranceFrom.PRINTED_DIGITS, half_digit=0.005, chapter="collector",
)  # fmt: skip
WIDTH = replace(LENGTH, id="width", basis=Basis.DESIGN, statement="It is 4.50 um wide.")
TREND = Claim(
    id="trend",
    section=1,
    where="1",
    basis=Basis.GEOMETRY,
    kind=Kind.TREND,
    statement="It grows.",
    chapter="collector",
)
SPREAD = Claim(
    id="spread", section=2, where="1", basis=Basis.EXPERIMENT, kind=Kind.RATIO,
    statement="10 to 25 % more.", unit="1", stated=1.175, tolerance=0.075,
    tolerance_from=ToleranceFrom.STATED_RANGE, half_digit=0.005, needs="five <runs>",
)  # fmt: skip
LEDGER = claims.Ledger([LENGTH, WIDTH, TREND, SPREAD], {1: "Geometry", 2: "Strength & more"})


#: A half-range of 0.01 um that comes from the printed width.
WIDE = 2 * claims.Rounding(0.005e-6, {"width": 0.005e-6})


def under(gives, needed=14.0, plausible=(10.0, 15.0), unit="nm"):
    return Assumption("The foil is thicker", needed, plausible, unit, "two statements", gives)


# ── The rule ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (Report("length", 4.5e-6), "reproduced"),
        (Report("length", 4.505e-6), "reproduced"),
        (Report("length", 4.495e-6), "reproduced"),
        (Report("length", 4.50501e-6), "not reproduced"),
        (Report("length", 4.525e-6, rounding=0.02e-6), "reproduced"),
        (Report("length", 4.5251e-6, rounding=0.02e-6), "not reproduced"),
        (Report("length", 4.6e-6, uncertainty=Uncertainty(1e-6, 1e-6, 1e-6)), "not reproduced"),
        (Report("length", 4.6e-6, given=("width",)), "inconsistent"),
        (Report("length", 4.5e-6, given=("width",)), "reproduced"),
        (Report("length", 4.6e-6, under=under(4.504e-6)), "conditional"),
        (Report("length", 4.6e-6, given=("width",), under=under(4.504e-6)), "conditional"),
        (Report("length", 4.6e-6, under=under(4.51e-6)), "not reproduced"),
        (Report("length", 4.6e-6, under=under(4.504e-6, needed=15.01)), "not reproduced"),
        (
            Report("length", 4.6e-6, given=("width",), under=under(4.504e-6, needed=9.99)),
            "inconsistent",
        ),
        (Report("length", 4.5e-6, under=under(4.6e-6)), "reproduced"),
        (Report("length", None, under=under(4.504e-6)), "conditional"),
        (Report("length", None, under=under(4.6e-6)), "not testable"),
        (Report("length", None), "not testable"),
        (Report("trend", True), "reproduced"),
        (Report("trend", False), "not reproduced"),
        (Report("trend", False, given=("width",)), "inconsistent"),
        (Report("trend", False, under=under(True)), "conditional"),
        (Report("trend", False, under=under(False)), "not reproduced"),
        (Report("width", taken=True), "input"),
    ],
)
def test_the_first_line_of_the_rule_that_fits_gives_the_verdict(report, expected):
    assert claims.verdict(LEDGER[report.claim_id], report) == expected


def test_a_statement_without_a_report_waits_for_its_chapter_or_for_data():
    assert claims.verdict(LENGTH, None) == "pending"
    assert claims.verdict(SPREAD, None) == "not testable"
    assert claims.verdict(replace(SPREAD, chapter="collector"), None) == "pending"


def test_both_ends_of_a_stated_range_agree_and_nothing_beyond():
    found = [
        claims.verdict(SPREAD, Report("spread", value)) for value in (1.0999, 1.10, 1.25, 1.2501)
    ]
    assert found == ["not reproduced", "reproduced", "reproduced", "not reproduced"]


@pytest.mark.parametrize(
    "claim",
    [claim for claim in claims.load(lim2026.LEDGER).values() if claim.kind.is_number],
    ids=lambda c: c.id,
)
def test_a_value_at_the_edge_of_the_tolerance_agrees_in_every_unit_of_the_ledger(claim):
    """In SI, 4.50 + 0.005 mg/cm2 and its difference to 4.50 mg/cm2 differ by a binary digit: the
    tie must hold.
    """
    for sign in (-1, 1):
        edge = claim.stated_si + sign * claim.tolerance_si
        beyond = claim.stated_si + sign * 1.001 * claim.tolerance_si
        assert claims.verdict(claim, Report(claim.id, edge)) is Verdict.REPRODUCED
        assert claims.verdict(claim, Report(claim.id, beyond)) is Verdict.NOT_REPRODUCED


def test_every_verdict_has_a_glyph_and_a_colour_of_its_own():
    assert len({verdict.glyph for verdict in Verdict}) == len(Verdict)
    assert list(VERDICT) == [str(verdict) for verdict in Verdict]
    assert len(set(VERDICT.values())) == len(Verdict)


# ── Rounding of printed numbers ───────────────────────────────────────────────────────────────────


def test_the_rounding_of_a_product_is_the_distance_to_its_farthest_corner():
    """(2 +- 0.5)(3 +- 0.5): corners 3.75, 5.25, 6.25, 8.75 around 6."""
    assert claims.printed_range(lambda a, b: a * b, a=(2.0, 0.5), b=(3.0, 0.5)) == (6.0, 2.75)


def test_the_rounding_of_a_falling_function_is_found_at_the_lower_end():
    middle, rounding = claims.printed_range(lambda a: 1 / a, a=(2.0, 1.0))
    assert (middle, rounding) == (0.5, 0.5)


def test_an_exact_number_adds_no_rounding():
    assert claims.printed_range(lambda a, b: a - b, a=(3.0, 0.5), b=(1.0, 0.0)) == (2.0, 0.5)
    assert claims.printed_range(lambda: 7.0) == (7.0, 0.0)


@pytest.mark.parametrize(
    ("function", "inputs", "message"),
    [
        (lambda a: a, {"a": (1.0, -0.5)}, "half of the last digit of a = -0.5 must"),
        (lambda a: a, {"a": (1.0, math.nan)}, "half of the last digit of a = nan must"),
        (lambda a: math.inf if a < 1 else a, {"a": (1.0, 0.5)}, r"corner \{'a': 0.5\}"),
    ],
)
def test_a_half_digit_or_a_value_that_is_none_is_refused(function, inputs, message):
    with pytest.raises(LedgerError, match=message):
        claims.printed_range(function, **inputs)


def test_a_rounding_knows_the_statements_that_it_comes_from():
    """Through a range of a range, a sum, a multiple; and a number of nobody's is told apart."""
    width = (4.5e-6, claims.Rounding(0.005e-6, {"width": 0.005e-6}))
    length = (4.5e-6, claims.Rounding(0.005e-6, {"length": 0.005e-6}))
    ratio = claims.printed_range(lambda a, b: a / b, a=width, b=length)
    scaled = claims.printed_range(lambda x: 3 * x, x=ratio)[1]
    assert scaled == pytest.approx(3 * ratio[1], rel=1e-12)
    assert scaled.origin == {"width": 0.005e-6, "length": 0.005e-6}
    both = 2.0 * width[1] + length[1] / 4
    assert (float(both), both.origin) == (pytest.approx(0.01125e-6, rel=1e-12), scaled.origin)
    assert type(1.0 - width[1]) is float
    assert claims.printed_range(lambda a: a, a=(1.0, 0.1))[1].origin == {"": 0.1}
    assert claims.printed_range(lambda a: a, a=(1.0, 0.0))[1].origin == {}


# ── Reports that do not fit ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("report", "message"),
    [
        (Report("lenght", 1.0), "no claim 'lenght'; did you mean length"),
        (Report("length", 1.0, explanation=""), "needs an `explanation`"),
        (Report("width", taken=True, explanation=""), "needs an `explanation`"),
        (Report("length", taken=True), "only a design value"),
        (Report("width", 4.5e-6, taken=True), "taken as given: nothing is computed"),
        (Report("width", taken=True, given=("length",)), "taken as given: nothing is computed"),
        (Report("length", True), "states a number in 'um': True"),
        (Report("length", math.nan), "states a number in 'um': nan"),
        (Report("length", math.inf), "states a number in 'um': inf"),
        (Report("length", 4.6e-6, under=under(True)), "states a number in 'um': True"),
        (Report("trend", 0.96), "report True or False, not 0.96"),
        (Report("trend", False, under=under(1.0)), "report True or False, not 1.0"),
        (Report("trend", True, rounding=0.1), "put them into `measure`"),
        (Report("trend", True, uncertainty=Uncertainty(numerics=0.1)), "put them into `measure`"),
        (Report("length", 4.5e-6, measure="4.5"), "the value itself is the measure"),
        (Report("length", 4.5e-6, given=("length",)), "no evidence for itself"),
        (Report("length", 4.5e-6, given=("height",)), "no claim 'height'"),
        (Report("length", None, given=("width",)), "nothing was computed from width"),
        (Report("length", None), "does not say which data it `needs`"),
        (Report("length", 4.5e-6, rounding=-1e-9), "`rounding` must be a half-width"),
        (Report("length", 4.6e-6, rounding=0.1e-6), "from a number that no statement prints"),
        (
            Report("length", 4.6e-6, rounding=claims.Rounding(0.1e-6, {"": 0.1e-6})),
            "from a number that no statement prints",
        ),
        (
            Report("length", 4.6e-6, rounding=claims.Rounding(0.1e-6, {"height": 0.1e-6})),
            "no claim 'height'",
        ),
        (
            Report("length", 4.6e-6, rounding=claims.Rounding(0.1e-6, {"width": 0.1e-6})),
            "takes 1e-07 for half of the last digit of 'width'",
        ),
        (
            Report("length", 4.6e-6, under=under(4.5e-6, 15.0)),
            "built from the value that is needed",
        ),
        (
            Report("length", 4.6e-6, under=under(4.5e-6, 10.0)),
            "built from the value that is needed",
        ),
        (
            Report("length", 4.6e-6, under=under(4.5e-6, 12.5)),
            "built from the value that is needed",
        ),
        (
            Report("length", 4.5e-6, uncertainty=Uncertainty(inputs=math.nan)),
            "`inputs` must be a half-width",
        ),
        (
            Report("spread", 1.0, under=under(1.2, 1.2, (1.0, 1.3), "1")),
            "is to assume the statement itself",
        ),
        (
            Report("length", 4.6e-6, under=under(4.5e-6, 4500.0, (1.0, 1e4))),
            "is to assume the statement itself",
        ),
    ],
)
def test_a_report_that_does_not_fit_its_claim_is_refused_with_the_reason(report, message):
    if report.explanation == "" and "explanation" not in message:
        report = replace(report, explanation="Because.")
    with pytest.raises(LedgerError, match=re.escape(message)):
        claims.check(LEDGER, report)


@pytest.mark.parametrize(
    "report",
    [
        Report("length", 4.6e-6, rounding=WIDE, given=("width",), explanation="Because."),
        Report("length", 4.6e-6, under=under(4.5e-6), explanation="Because."),
        Report("length", None, under=under(4.5e-6), explanation="Because."),
        Report("spread", None, explanation="Because."),
        Report("trend", False, measure="0.96 times", explanation="Because."),
        Report("width", taken=True, explanation="Because."),
    ],
)
def test_a_report_that_fits_passes(report):
    claims.check(LEDGER, report)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": ""}, "needs its `text`"),
        ({"source": ""}, "and the `source`"),
        ({"unit": "furlong/apple"}, "furlong/apple"),
        ({"plausible": (3.0, 2.0)}, "is no value in a range"),
        ({"plausible": (math.nan, 2.0)}, "plausible at index (0,) = nan must"),
        ({"needed": math.inf}, "needed = inf must"),
    ],
)
def test_an_assumption_without_text_source_unit_or_range_is_refused(fields, message):
    with pytest.raises(LedgerError, match=re.escape(message)):
        replace(under(1.0), **fields)


# ── What is written down ──────────────────────────────────────────────────────────────────────────


def test_a_record_holds_numbers_in_the_unit_of_the_paper_and_survives_json():
    report = Report(
        "length", 4.6e-6, rounding=0.01e-6, uncertainty=Uncertainty(numerics=1e-9),
        under=under(4.5e-6), explanation="So.",
    )  # fmt: skip
    entry = json.loads(json.dumps(claims.record(LENGTH, report), allow_nan=False))
    required = {
        "id",
        "verdict",
        "stated",
        "computed",
        "unit",
        "tolerance",
        "uncertainty",
        "basis",
        "chapter",
    }
    assert required | {"explanation"} <= set(entry)
    assert (entry["verdict"], entry["stated"], entry["unit"]) == ("conditional", 4.5, "um")
    assert entry["computed"] == pytest.approx(4.6, rel=1e-12)
    assert entry["rounding"] == pytest.approx(0.01, rel=1e-12)
    assert entry["uncertainty"] == {
        "numerics": pytest.approx(0.001, rel=1e-12),
        "definition": None,
        "inputs": None,
    }
    assert entry["assumption"]["gives"] == pytest.approx(4.5, rel=1e-12)
    assert (entry["assumption"]["needed"], entry["assumption"]["is_plausible"]) == (14.0, True)
    assert entry["assumption"]["range_from_needed"] is False


def test_every_record_has_the_same_keys_whether_reported_or_not():
    reports = {
        "length": Report("length", 4.5e-6),
        "width": Report("width", taken=True),
        "trend": Report("trend", True),
    }
    keys = {tuple(claims.record(claim, reports.get(name))) for name, claim in LEDGER.items()}
    keys |= {tuple(claims.record(claim, None)) for claim in LEDGER.values()}
    assert len(keys) == 1


@pytest.mark.parametrize(
    "report",
    [
        Report("length", 4.6e-6, rounding=WIDE, under=under(4.5e-6), explanation="So."),
        Report("length", 4.5e-6, uncertainty=Uncertainty(1e-9, None, 2e-9), explanation="So."),
        Report("trend", False, measure="0.96", given=("width",), explanation="So."),
        Report("width", taken=True, explanation="So."),
        Report("spread", None, explanation="So."),
        None,
    ],
)
def test_an_entry_is_what_the_ledger_makes_of_the_report_in_it(report):
    claim = LEDGER[report.claim_id] if report else SPREAD
    entry = json.loads(json.dumps(claims.record(claim, report)))
    assert claims.discrepancies(LEDGER, entry) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verdict", "reproduced"),
        ("stated", 4.61),
        ("tolerance", 0.5),
        ("half_digit", 0.5),
        ("unit", "mm"),
        ("kind", "ratio"),
        ("statement", "It is 4.6 um long."),
        ("chapter", "mine"),
        ("needs", "nothing"),
    ],
)
def test_an_entry_that_says_otherwise_than_the_ledger_is_found_out(field, value):
    entry = claims.record(LENGTH, Report("length", 4.6e-6, explanation="So.")) | {field: value}
    (found,) = claims.discrepancies(LEDGER, entry)
    assert found.startswith(f"{field} is {value!r}, and ")


def test_a_plausible_range_built_from_the_needed_value_is_shown_where_the_ledger_knows_of_it():
    known = replace(LENGTH, range_from_needed=True)
    ledger = claims.Ledger([known], {1: "Geometry"})
    report = Report("length", 4.6e-6, under=under(4.5e-6, 15.0), explanation="So.")
    claims.check(ledger, report)
    entry = claims.record(known, report)
    assert entry["verdict"] == "conditional"
    assert assumption_text(entry).endswith("That range is built from the value needed.")


def test_what_is_not_computed_is_none_in_the_record():
    for entry in (
        claims.record(SPREAD, None),
        claims.record(WIDTH, Report("width", taken=True, explanation="So.")),
    ):
        assert entry["computed"] is None


# ── The file ──────────────────────────────────────────────────────────────────────────────────────


def test_the_ledger_has_all_102_statements_in_nine_sections():
    ledger = claims.load(lim2026.LEDGER)
    assert len(ledger) == 102
    assert sorted(ledger.sections) == list(range(1, 10))
    assert {claim.section for claim in ledger.values()} == set(ledger.sections)


def printed():
    """Rows of what the paper prints: numbers as they stand there, and the words around them."""
    with PRINTED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_as_printed(text):
    """Value and half of the last digit [unit]: 24 %, 24 % lower and 24 % more are 0.24, 0.76 and
    1.24.
    """
    numbers = re.findall(r"\d+(?:\.(\d+))?", text)
    values = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
    value, half = sum(values) / len(values), 0.5 * 10 ** -len(numbers[0])
    if "%" in text:
        value, half = value / 100, half / 100
    share = {"lower": 1 - value, "more": 1 + value}
    return share.get(text.split()[-1], value), half


@pytest.mark.parametrize(
    "row", [row for row in printed() if row["printed"]], ids=lambda row: row["id"]
)
def test_the_ledger_states_what_the_paper_prints_to_its_last_digit(row):
    """Typed a second time from the paper. Of the adhesion, "10 to 25 % higher", the ledger has the
    middle.
    """
    claim = claims.load(lim2026.LEDGER)[row["id"]]
    text = f"{row['printed']} more" if row["id"] == "adhesion-gain" else row["printed"]
    value, half = read_as_printed(text)
    assert claim.unit == row["unit"]
    assert claim.stated == pytest.approx(value, rel=1e-12)
    assert claim.half_digit == pytest.approx(half, rel=1e-12)
    if row["id"] == "adhesion-gain":
        assert claim.tolerance == pytest.approx((0.25 - 0.10) / 2, rel=1e-12)
    else:
        assert claim.tolerance == pytest.approx(half, rel=1e-12)


def test_the_ledger_has_every_statement_in_its_order_and_of_its_kind():
    listed = [(row["id"], row["basis"], row["kind"]) for row in printed()]
    assert [
        (claim.id, claim.basis, claim.kind) for claim in claims.load(lim2026.LEDGER).values()
    ] == listed
    numbered = {row["id"] for row in printed() if row["printed"]}
    assert {
        claim.id for claim in claims.load(lim2026.LEDGER).values() if claim.stated is not None
    } == numbered


def test_what_is_said_to_be_printed_stands_in_the_paper():
    """A text without figures and layout, beside this checkout or not; spaces and line breaks do not
    count.
    """
    if not PAPER.with_name("lim2026.txt").exists():
        pytest.skip("the paper's whole text, CC BY 4.0, is not in the repository")
    text = "".join(PAPER.with_name("lim2026.txt").read_text(encoding="utf-8").split())
    for row in printed():
        assert "".join(row["words"].split()) in text, row["id"]
        if row["words"]:
            assert row["printed"].split("%")[0] in row["words"], row["id"]


def test_the_ledger_says_in_words_of_its_own_what_the_paper_states():
    if not PAPER.exists():
        pytest.skip("a list of the paper's statements in other words is not in the repository")
    listed = tomllib.loads(PAPER.read_text(encoding="utf-8"))["claim"]
    ledger = claims.load(lim2026.LEDGER)
    assert list(ledger) == [entry["id"] for entry in listed]
    for entry in listed:
        assert ledger[entry["id"]].statement != entry["text"], entry["id"]
        if "value" in entry:
            assert (ledger[entry["id"]].stated, ledger[entry["id"]].unit) == (
                entry["value"],
                entry["unit"],
            )


def test_a_half_digit_is_half_a_power_of_ten_that_divides_the_stated_number():
    for claim in claims.load(lim2026.LEDGER).values():
        if claim.kind.is_number:
            digit = 2 * claim.half_digit
            assert math.log10(digit) == pytest.approx(round(math.log10(digit)), abs=1e-9), claim.id
            if claim.tolerance_from is ToleranceFrom.PRINTED_DIGITS:
                assert claim.stated / digit == pytest.approx(
                    round(claim.stated / digit), abs=1e-9
                ), claim.id


def test_geometry_and_design_of_the_collector_and_the_energy_have_a_chapter_that_stands():
    for claim in claims.load(lim2026.LEDGER).values():
        if claim.section in (1, 2, 8, 9) and claim.basis in (Basis.GEOMETRY, Basis.DESIGN):
            assert claim.chapter in ("collector", "energy"), claim.id


ENTRY = """
[[section]]
number = 1
title = "Geometry"

[[claim]]
id = "length"
section = 1
where = "1"
basis = "geometry"
kind = "value"
statement = "It is 4.50 um long."
unit = "um"
stated = 4.5
half_digit = 0.005
tolerance = 0.005
tolerance_from = "printed digits"
chapter = "collector"
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("number = 1", "number = ", "cannot be read as TOML"),
        ("number = 1", "", "a section has no 'number'"),
        ("[[claim]]", "[[claims]]", "unknown key 'claims'; did you mean 'claim'?"),
        ("basis", "base", "claim 'length': unknown key 'base'"),
        ('basis = "geometry"', "", "claim 'length' has no 'basis'"),
        ('where = "1"', "", "claim 'length': "),
        ('"geometry"', '"hearsay"', "basis = 'hearsay' is not one of the choices"),
        ('"value"', '"guess"', "kind = 'guess' is not one of the choices"),
        (
            '"value"', '"trend"',
            "has no number, and so no stated, tolerance, half_digit, unit, tolerance_from",
        ),
        ("stated = 4.5\n", "", "`stated` must be a finite number, not None"),
        ("stated = 4.5\n", 'stated = "4.5"\n', "`stated` must be a finite number, not '4.5'"),
        ("stated = 4.5\n", "stated = nan\n", "`stated` must be a finite number, not nan"),
        ("half_digit = 0.005\n", "", "`half_digit` must be a finite number, not None"),
        ("\ntolerance = 0.005", "\ntolerance = -0.005", "`tolerance` must not be negative"),
        (
            "\ntolerance = 0.005", "\ntolerance = 0.01",
            "printed digits is `half_digit`, 0.005, not 0.01",
        ),
        ('tolerance_from = "printed digits"\n', "", "needs `tolerance_from`"),
        (
            '"printed digits"', '"the result"',
            "tolerance_from = 'the result' is not one of the choices",
        ),
        ('unit = "um"', 'unit = "smoot"', "smoot"),
        ("section = 1", "section = 2", "the ledger has no section 2"),
        ('chapter = "collector"', "", "names neither a `chapter`"),
        ('"It is 4.50 um long."', '""', "`statement` is empty"),
        ('id = "length"', 'id = "Länge 1"', "an id is made of small letters"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_ledger_is_refused_with_file_claim_and_reason(tmp_path, old, new, message):
    path = tmp_path / "claims.toml"
    path.write_text(ENTRY, encoding="utf-8")
    assert list(claims.load(path)) == ["length"]
    assert old in ENTRY
    path.write_text(ENTRY.replace(old, new), encoding="utf-8")
    with pytest.raises(LedgerError, match=re.escape(message)) as caught:
        claims.load(path)
    assert str(path) in str(caught.value)


def test_a_ledger_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(LedgerError, match=r"no-ledger\.toml"):
        claims.load(tmp_path / "no-ledger.toml")


def test_a_statement_that_stands_twice_is_refused():
    with pytest.raises(LedgerError, match="more than once: length"):
        claims.Ledger([LENGTH, WIDTH, LENGTH], {1: "Geometry"})


def test_an_order_or_a_trend_has_no_number_to_ask_for():
    with pytest.raises(
        LedgerError, match="'trend' is a statement of kind trend: it states no number"
    ):
        _ = TREND.stated_si


# ── Expected verdicts ─────────────────────────────────────────────────────────────────────────────


def test_the_expected_verdicts_name_every_statement_and_only_verdicts_there_are():
    expected = tomllib.loads(
        (ROOT / "tests" / "expected_verdicts.toml").read_text(encoding="utf-8")
    )
    assert list(expected) == list(claims.load(lim2026.LEDGER))
    assert set(expected.values()) <= {str(verdict) for verdict in Verdict}


def test_no_verdict_has_flipped(built):
    expected = tomllib.loads(
        (ROOT / "tests" / "expected_verdicts.toml").read_text(encoding="utf-8")
    )
    entries = json.loads((built / "claims.json").read_text(encoding="utf-8"))
    found = {entry["id"]: entry["verdict"] for entry in entries}
    flipped = [
        f'{name} = "{found[name]}"  # was "{expected[name]}"'
        for name in found
        if found[name] != expected[name]
    ]
    assert list(found) == list(expected)
    assert not flipped, "\n".join(
        [
            "these verdicts flipped; where that is meant, put them into expected_verdicts.toml:",
            *flipped,
        ]
    )


# ── The scorecard ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def entries():
    reports = {
        "length": Report(
            "length", 4.6e-6, given=("width",), rounding=WIDE,
            uncertainty=Uncertainty(1e-8, None, 2e-8), under=under(4.5e-6, needed=20.0),
            explanation="Longer <than> & stated.",
        ),
        "width": Report("width", taken=True, explanation="Taken."),
        "trend": Report("trend", False, measure="0.96 < 1", explanation="It shrinks."),
    }  # fmt: skip
    found = [claims.record(claim, reports.get(name)) for name, claim in LEDGER.items()]
    return [
        entry | {"link": "collector.html#length" if entry["id"] == "length" else ""}
        for entry in found
    ]


def test_the_scorecard_holds_every_statement_once_in_its_section(entries):
    page = scorecard_page(entries, LEDGER.sections)
    positions = [page.index(f'<tr id="{name}"') for name in LEDGER]
    assert all(page.count(f'id="{name}"') == 1 for name in LEDGER)
    assert positions == sorted(positions)
    assert page.count("<tr id=") == len(LEDGER)
    assert page.index("2 · Strength &amp; more") < positions[-1]
    assert page.index("2 · Strength &amp; more") > positions[-2]


def test_the_scorecard_of_the_whole_ledger_holds_each_id_once():
    ledger = claims.load(lim2026.LEDGER)
    page = scorecard_page(
        [claims.record(claim, None) for claim in ledger.values()], ledger.sections
    )
    assert all(page.count(f'id="{name}"') == 1 for name in ledger)


def test_a_row_shows_both_numbers_their_uncertainty_the_assumption_and_where_it_was_computed(
    entries,
):
    page = scorecard_page(entries, LEDGER.sections)
    row = page[page.index('<tr id="length"') : page.index('<tr id="width"')].replace(
        "\N{NO-BREAK SPACE}", " "
    )
    for part in [
        "4.50 µm", "± 0.005", "4.600 µm", "± 0.010 rounding", "± 0.010 numerics", "± 0.020 inputs",
        "≠</span> inconsistent",
        "The foil is thicker: needs 20 nm, outside 10 to 15 nm (two statements); then it is 4.500 "
        "µm.",
        'href="collector.html#length"', 'From <a href="#width">width</a>',
        'data-chapter="collector"',
    ]:  # fmt: skip
        assert part in row, part


def test_a_row_says_where_the_statement_stands_in_the_paper(entries):
    entries[0]["where"] = "abstract, 3.2, Fig. 3a, b, S13d"
    page = scorecard_page(entries, LEDGER.sections).replace("\N{NO-BREAK SPACE}", " ")
    assert "paper, abstract, § 3.2, Fig. 3a, b, S13d" in page
    assert page.count("paper, § 1 ") == 3


def test_the_scorecard_escapes_what_authors_write(entries):
    page = scorecard_page(entries, LEDGER.sections)
    assert "Longer &lt;than&gt; &amp; stated." in page
    assert "five &lt;runs&gt;" in page
    assert "0.96 &lt; 1" in page
    assert not re.search(r"<(than|runs)|< 1", page)


def test_the_scorecard_is_well_formed(entries):
    from html.parser import HTMLParser

    class Balance(HTMLParser):
        stack, void = [], {"input"}

        def handle_starttag(self, tag, attributes):
            if tag not in self.void:
                self.stack.append(tag)

        def handle_endtag(self, tag):
            assert self.stack.pop() == tag

    for text in (scorecard_page(entries, LEDGER.sections), summary(entries)):
        parser = Balance()
        parser.feed(text)
        assert parser.stack == []


def test_the_summary_counts_every_statement_once(entries):
    sentence = (
        "Of the paper's 4 statements, 1 is not reproduced, 1 contradicts other numbers of the "
        "paper, 1 is a design value taken as given, and 1 needs data that are not published."
    )
    for text in (summary(entries), summary_readme(entries)):
        assert text.startswith(sentence)
    counts = re.findall(r"\| (\d+) \|", summary_readme(entries))
    assert sum(map(int, counts)) == 4
    assert 'href="scorecard.html#verdict=not%20reproduced">1</a>' in summary(entries)


def test_the_summary_carries_the_tables_that_chapters_hand_over(entries):
    table = {
        "title": "Two cells.",
        "columns": ["Cell", "Gain"],
        "rows": [["one", "−9 %"], ["two", "+3 %"]],
    }
    expected = "Two cells.\n\n| Cell | Gain |\n| :-- | --: |\n| one | −9 % |\n| two | +3 % |\n"
    for text in (summary(entries, [table]), summary_readme(entries, [table])):
        assert text.endswith(f"\n\n{expected}")


def test_the_summary_of_several_statements_speaks_in_the_plural():
    unreported = [claims.record(claim, None) for claim in (LENGTH, WIDTH, SPREAD)]
    expected = (
        "Of the paper's 3 statements, 1 needs data that are not published, "
        "and 2 wait for their chapter."
    )
    assert summary(unreported).startswith(expected)


def test_the_picture_has_a_tile_for_each_statement_and_each_line_of_its_legend(entries):
    figure = overview(entries, LEDGER.sections)
    verdicts = {entry["verdict"] for entry in entries}
    assert len(figure.axes[0].patches) == len(entries) + len(verdicts)
    words = [text.get_text() for text in figure.axes[0].texts]
    assert {f"{verdict}: 1" for verdict in verdicts} <= set(words)


def test_the_picture_stays_inside_its_frame_and_is_the_same_twice():
    ledger = claims.load(lim2026.LEDGER)
    figures = [
        overview([claims.record(claim, None) for claim in ledger.values()], ledger.sections)
        for _ in range(2)
    ]
    renderer = FigureCanvasAgg(figures[0]).get_renderer()
    artists = [*figures[0].axes[0].texts, *figures[0].axes[0].patches]
    boxes = [artist.get_window_extent(renderer).extents for artist in artists]
    frame = figures[0].bbox.extents
    assert np.all(np.min(boxes, axis=0)[:2] >= frame[:2])
    assert np.all(np.max(boxes, axis=0)[2:] <= frame[2:])
    assert render(figures[0], "svg") == render(figures[1], "svg")


@pytest.fixture
def shown(tmp_path, entries):
    """The scorecard of the small ledger in a browser, opened from a folder, without server."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    (tmp_path / "_static").mkdir()
    (tmp_path / "book").mkdir()
    for name in ("scorecard.js", "scorecard.css"):
        shutil.copy(Path(rampore.__file__).parent / "audit" / "static" / name, tmp_path / "_static")
    body = "\n".join(scorecard_page(entries, LEDGER.sections).splitlines()[1:-1])
    head = '<!doctype html><meta charset="utf-8">'
    head += '<link rel="stylesheet" href="../_static/scorecard.css">'
    path = tmp_path / "book" / "scorecard.html"
    path.write_text(head + body, encoding="utf-8")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser, path.as_uri()
        browser.close()


def visible(page):
    return page.eval_on_selector_all(
        "tr[data-verdict]", "rows => rows.filter(r => r.offsetHeight).map(r => r.id)"
    )


def test_the_filter_works_in_the_browser_and_keeps_its_state_in_the_address(shown):
    browser, address = shown
    page = browser.new_page()
    page.goto(address)
    assert visible(page) == list(LEDGER)
    page.click("button[data-verdict='not testable']")
    assert visible(page) == ["spread"]
    assert page.inner_text("output") == "1 of 4 statements"
    page.focus("button[data-verdict='inconsistent']")
    page.keyboard.press("Space")
    assert visible(page) == ["length", "spread"]
    page.select_option("select[name=basis]", "geometry")
    page.fill("input[name=q]", "WIDTH longer")
    assert visible(page) == ["length"]
    page.wait_for_function("location.hash.includes('q=')")

    again = browser.new_page()
    again.goto(page.url)
    assert visible(again) == ["length"]
    again.evaluate("location.hash = '#spread'")
    again.wait_for_function("document.querySelector('output').textContent.startsWith('all')")
    assert visible(again) == list(LEDGER)
    again.fill("input[name=q]", "nothing of the kind")
    assert visible(again) == []
    again.click("button[type=reset]")
    again.wait_for_function("document.querySelector('output').textContent.startsWith('all')")
    assert visible(again) == list(LEDGER)


def test_the_scorecard_shows_everything_without_scripts_and_fits_a_phone(shown):
    browser, address = shown
    page = browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 800}
    ).new_page()
    page.goto(f"{address}#verdict=input")
    assert page.locator("tr[data-verdict]:visible").count() == len(LEDGER)
    assert not page.is_visible("form")
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
