"""The ledger, the verdict rule, and the scorecard that shows them."""

import json
import math
import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from printed import misread, printed

import rampore
from rampore import lim2026
from rampore.audit import claims
from rampore.audit.chapter import accepted_text, full, line, otherwise_text, route_text
from rampore.audit.claims import Otherwise, Report, Uncertainty, Under, Verdict
from rampore.audit.ledger import (
    Basis,
    Change,
    Claim,
    Condition,
    Kind,
    Ledger,
    LedgerError,
    ToleranceFrom,
    read_ledger,
    read_printed,
)
from rampore.audit.pages.scorecard import scorecard_page, summary, summary_readme
from rampore.audit.pages.tiles import tiles
from rampore.style import VERDICT

ROOT = Path(__file__).resolve().parent.parent
PAPER = ROOT.parent / "shared" / "paper" / "claims.toml"

THICKER = Condition("The foil is thicker", (10.0, 15.0), "nm", "two statements")
LENGTH = Claim(
    id="length", section=1, where="1", basis=Basis.GEOMETRY, kind=Kind.VALUE,
    statement="It is 4.50 um long.", unit="um", printed="4.50 um", route="as wide as long",
    uses=("width",), cause="square", condition=THICKER, chapter="collector",
)  # fmt: skip
WIDTH = replace(
    LENGTH, id="width", basis=Basis.DESIGN, statement="It is 4.50 um wide.", uses=(), condition=None
)
TREND = Claim(
    id="trend",
    section=1,
    where="1",
    basis=Basis.GEOMETRY,
    kind=Kind.TREND,
    statement="It grows.",
    fails_if="it shrinks",
    uses=("width",),
    cause="square",
    condition=THICKER,
    chapter="collector",
)
SPREAD = Claim(
    id="spread", section=2, where="1", basis=Basis.EXPERIMENT, kind=Kind.RATIO,
    statement="10 to 25 % more.", unit="1", printed="10 % to 25 %", change=Change.MORE,
    condition=Condition("It sticks", (1.0, 1.4), "1", "others"), needs="five <runs>",
)  # fmt: skip
LEDGER = Ledger(
    [LENGTH, WIDTH, TREND, SPREAD],
    {1: "Geometry", 2: "Strength & more"},
    {"square": "It is a square <of> unequal sides."},
)
OTHERWISE = Otherwise("in a wider one", True)


#: A half-range of 0.01 um that comes from the printed width.
WIDE = 2 * claims.Rounding(0.005e-6, {"width": 0.005e-6})


def under(gives, needed=14.0):
    return Under(needed, gives)


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
    known = replace(SPREAD, chapter="collector", route="five runs")
    assert claims.verdict(known, None) == "pending"


def test_both_ends_of_a_stated_range_agree_and_nothing_beyond():
    found = [
        claims.verdict(SPREAD, Report("spread", value)) for value in (1.0999, 1.10, 1.25, 1.2501)
    ]
    assert found == ["not reproduced", "reproduced", "reproduced", "not reproduced"]


@pytest.mark.parametrize(
    "claim",
    [claim for claim in read_ledger(lim2026.LEDGER).values() if claim.kind.is_number],
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
        (Report("length", 4.5e-6, given=("height",)), "no claim 'height'"),
        (Report("length", None, given=("width",)), "nothing was computed from width"),
        (Report("length", None), "does not say which data it `needs`"),
        (Report("length", 4.5e-6, rounding=-1e-9), "`rounding` must be a half-width"),
        (Report("length", 4.5e-6, otherwise=OTHERWISE), "the value itself is the measure"),
        (Report("trend", None, given=("length",)), "nothing was computed from length"),
        (Report("trend", True, given=("length",)), "a balance between statements is a cross"),
        (Report("spread", None), "say in `bound` what a computation can still tell"),
        (Report("length", 4.6e-6, under=under(4.5e-6, math.nan)), "needed = nan must be finite"),
        (
            Report("length", 4.5e-6, uncertainty=Uncertainty(inputs=math.nan)),
            "`inputs` must be a half-width",
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
        Report("spread", None, bound="At least 5 %.", explanation="Because."),
        Report("trend", False, measure="0.96", otherwise=OTHERWISE, explanation="Because."),
        Report("trend", False, under=under(True), explanation="Because."),
        Report("trend", None, under=under(True), explanation="Because."),
        Report("width", taken=True, explanation="Because."),
    ],
)
def test_a_report_that_fits_passes(report):
    claims.check(LEDGER, report)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": ""}, "needs its `text`"),
        ({"source": ""}, "needs its `source`"),
        ({"unit": "furlong/apple"}, "furlong/apple"),
        ({"plausible": (3.0, 2.0)}, "is no range"),
        ({"plausible": 3.0}, "is no range"),
        ({"plausible": (math.nan, 2.0)}, "plausible at index (0,) = nan must"),
    ],
)
def test_a_condition_without_text_source_unit_or_range_is_refused(fields, message):
    with pytest.raises(LedgerError, match=re.escape(message)):
        replace(THICKER, **fields)


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
    assert entry["assumption"]["plausible"] == [10.0, 15.0]
    assert entry["accepted"] == pytest.approx([4.5 - 0.015, 4.5 + 0.015], rel=1e-12)


def test_every_record_has_the_same_keys_whether_reported_or_not():
    reports = {
        "length": Report("length", 4.5e-6),
        "width": Report("width", taken=True),
        "trend": Report("trend", True, otherwise=OTHERWISE),
    }
    keys = {tuple(claims.record(claim, reports.get(name))) for name, claim in LEDGER.items()}
    keys |= {tuple(claims.record(claim, None)) for claim in LEDGER.values()}
    assert len(keys) == 1


@pytest.mark.parametrize(
    "report",
    [
        Report("length", 4.6e-6, rounding=WIDE, under=under(4.5e-6), explanation="So."),
        Report("length", 4.5e-6, uncertainty=Uncertainty(1e-9, None, 2e-9), explanation="So."),
        Report(
            "trend", False, measure="1", given=("width",), otherwise=OTHERWISE, explanation="So."
        ),
        Report("width", taken=True, explanation="So."),
        Report("spread", None, bound="5 % or more", explanation="So."),
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
        ("printed", "5 um"),
        ("route", "as it falls"),
        ("cause", "another"),
        ("accepted", [4.0, 5.0]),
        ("fails_if", "never"),
    ],
)
def test_an_entry_that_says_otherwise_than_the_ledger_is_found_out(field, value):
    entry = claims.record(LENGTH, Report("length", 4.6e-6, explanation="So.")) | {field: value}
    (found,) = claims.discrepancies(LEDGER, entry)
    assert found.startswith(f"{field} is {value!r}, and ")


@pytest.mark.parametrize("field", ["plausible", "text", "source"])
def test_an_assumption_that_is_not_the_ledgers_is_found_out(field):
    entry = claims.record(LENGTH, Report("length", 4.6e-6, under=under(4.5e-6), explanation="So."))
    entry["assumption"][field] = [0.0, 1e3] if field == "plausible" else "otherwise"
    assert claims.discrepancies(LEDGER, entry)[0].startswith("assumption is ")


def test_the_interval_that_would_have_been_accepted_is_told_where_rounding_widens_it():
    wide = claims.record(LENGTH, Report("length", 4.6e-6, rounding=WIDE, explanation="So."))
    text = accepted_text(wide).replace("\N{NO-BREAK SPACE}", " ")
    assert text == "Accepted from 4.485 to 4.515 µm: 3.0 times the tolerance."
    assert accepted_text(claims.record(LENGTH, Report("length", 4.6e-6, explanation="So."))) == ""


def test_route_cross_check_and_what_would_refute_an_order_are_told():
    report = Report("trend", False, otherwise=OTHERWISE, bound="", explanation="So.")
    entry = claims.record(TREND, report)
    assert otherwise_text(entry) == (
        "Refuted by: it shrinks. It holds, for comparison, in a wider one."
    )
    assert route_text(claims.record(LENGTH, None)) == "Route: as wide as long."
    balance = claims.record(replace(LENGTH, cross_check=True), None)
    assert route_text(balance) == "A balance that no sentence draws: as wide as long."
    alone = claims.record(TREND, replace(report, otherwise=None))
    assert otherwise_text(alone).endswith("No case was computed in which it holds.")
    lines = full(entry | {"link": "a.html"})
    assert (lines[0], lines[1], lines[-1]) == (line(entry), "It grows.", "a.html")
    assert "So." in lines


def test_what_is_not_computed_is_none_in_the_record():
    for entry in (
        claims.record(SPREAD, None),
        claims.record(WIDTH, Report("width", taken=True, explanation="So.")),
    ):
        assert entry["computed"] is None


# ── The file ──────────────────────────────────────────────────────────────────────────────────────


def test_the_ledger_has_142_statements_and_11_balances_in_nine_sections():
    ledger = read_ledger(lim2026.LEDGER)
    assert len(ledger) == 153
    assert sum(claim.cross_check for claim in ledger.values()) == 11
    assert sorted(ledger.sections) == list(range(1, 10))
    assert {claim.section for claim in ledger.values()} == set(ledger.sections)


def test_the_ledger_states_what_the_paper_prints_to_its_last_digit():
    """Typed a second time from the paper."""
    assert list(misread(read_ledger(lim2026.LEDGER))) == []


def test_the_ledger_has_every_statement_in_its_order_and_of_its_kind():
    listed = [(row["id"], row["basis"], row["kind"]) for row in printed()]
    assert [
        (claim.id, claim.basis, claim.kind) for claim in read_ledger(lim2026.LEDGER).values()
    ] == listed
    numbered = {row["id"] for row in printed() if row["printed"]}
    derived = {"densification-kinematic"}  # the difference of two printed porosities
    for claim in read_ledger(lim2026.LEDGER).values():
        stated = claim.kind.is_number and not claim.cross_check and claim.id not in derived
        assert stated == (claim.id in numbered), claim.id


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
        else:
            claim = read_ledger(lim2026.LEDGER)[row["id"]]
            assert claim.cross_check or not row["printed"], row["id"]


def test_the_ledger_says_in_words_of_its_own_what_the_paper_states():
    if not PAPER.exists():
        pytest.skip("a list of the paper's statements in other words is not in the repository")
    listed = tomllib.loads(PAPER.read_text(encoding="utf-8"))["claim"]
    ledger = read_ledger(lim2026.LEDGER)
    known = {entry["id"] for entry in listed}
    assert [name for name in ledger if name in known] == [entry["id"] for entry in listed]
    for entry in listed:
        assert ledger[entry["id"]].statement != entry["text"], entry["id"]
        if "value" in entry:
            assert (ledger[entry["id"]].stated, ledger[entry["id"]].unit) == (
                entry["value"],
                entry["unit"],
            )


def test_a_half_digit_is_half_a_power_of_ten_that_divides_the_stated_number():
    for claim in read_ledger(lim2026.LEDGER).values():
        if claim.kind.is_number:
            digit = 2 * claim.half_digit
            assert math.log10(digit) == pytest.approx(round(math.log10(digit)), abs=1e-9), claim.id
            if claim.tolerance_from is ToleranceFrom.PRINTED_DIGITS:
                assert claim.stated / digit == pytest.approx(
                    round(claim.stated / digit), abs=1e-9
                ), claim.id


def test_every_statement_has_a_chapter_that_stands():
    ledger = read_ledger(lim2026.LEDGER)
    chapters = {claim.chapter for claim in ledger.values()}
    own = {"channels", "designs"}  # judge the audit itself, and what the paper does not speak of
    assert chapters | own == {path.stem for path in (ROOT / "book").glob("*.ipynb")}
    assert not chapters & own


ENTRY = """
[[section]]
number = 1
title = "Geometry"

[[cause]]
id = "square"
title = "Unequal sides."

[[claim]]
id = "length"
section = 1
where = "1"
basis = "geometry"
kind = "value"
statement = "It is 4.50 um long."
unit = "um"
printed = "4.50 um"
route = "as wide as long"
cause = "square"
chapter = "collector"

[claim.condition]
text = "It is thick."
plausible = [1.0, 2.0]
unit = "mm"
source = "others"

[[claim]]
id = "order"
section = 1
where = "1"
basis = "geometry"
kind = "order"
statement = "At 3C it is longer than wide."
circumstances = ["3C"]
fails_if = "it is wider"
uses = ["length"]
chapter = "collector"
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("number = 1", "number = ", "cannot be read as TOML"),
        ("number = 1", "", "section None: has a whole `number`"),
        ('title = "Unequal sides."', "", "cause 'square': has a text"),
        ("[[cause]]", "[[claims]]", "unknown key 'claims'; did you mean 'claim'?"),
        ("basis", "base", "claim 'length': unknown key 'base'"),
        ('basis = "geometry"', "", "claim 'length' has no 'basis'"),
        ('where = "1"', "", "claim 'length' has no 'where'"),
        ('"geometry"', '"hearsay"', "basis = 'hearsay' is not one of the choices"),
        ('"value"', '"guess"', "kind = 'guess' is not one of the choices"),
        ('"value"', '"trend"', "has no number, and so no unit, printed"),
        ('printed = "4.50 um"', "", "as the paper has it, `printed`"),
        ('"4.50 um"', '"about 4.50 um"', "'about 4.50 um' is neither"),
        ('"4.50 um"', '"4.50 um to 3 um"', "is no range"),
        ('"4.50 um"', '"4.50 kg"', "claim 'length': "),
        ('printed = "4.50 um"', "printed = 4.5", "`printed` must be a text, not 4.5"),
        ('"4.50 um"', '"4.50 um"\ntolerance = 1.0', "unknown key 'tolerance'"),
        ('"4.50 um"', '"4.50 um"\nchange = "more"', "`change` is for a share"),
        ('"4.50 um"', '"4.50 um"\nchange = "else"', "change = 'else' is not one of the choices"),
        ('"4.50 um"', '"4.50 um"\nfails_if = "no"', "`fails_if` is for an order or a trend"),
        ('route = "as wide as long"', "", "needs `route`: how the statement itself says"),
        ('cause = "square"', 'cause = "circle"', "the ledger has no cause 'circle'"),
        ("[1.0, 2.0]", "[2.0, 1.0]", "is no range"),
        ("[1.0, 2.0]", "1.5", "is no range"),
        ('source = "others"', "", "a condition needs its `source`"),
        ("plausible =", "likely =", "claim 'length': condition: unknown key 'likely'"),
        ('["3C"]', '["4C"]', "'4C' does not stand in the statement"),
        ('["3C"]', '"3C"', "`circumstances` must be a list of texts, not '3C'"),
        ('fails_if = "it is wider"', "", "needs `fails_if`: the finding that would refute it"),
        ('["length"]', '["lenght"]', "no claim 'lenght'; did you mean length"),
        ('["length"]', '["order"]', "no evidence for itself"),
        ('uses = ["length"]', "cross_check = true", "says in `uses` between which statements"),
        ('uses = ["length"]', "cross_check = 1", "`cross_check` must be true or false, not 1"),
        ('unit = "um"', 'unit = "smoot"', "smoot"),
        ("section = 1", "section = 2", "the ledger has no section 2"),
        ('chapter = "collector"', "", "names neither a `chapter`"),
        ('"It is 4.50 um long."', '""', "`statement` is empty"),
        ('id = "length"', 'id = "Länge 1"', "an id is made of small letters"),
    ],
)
def test_a_mistake_in_the_ledger_is_refused_with_file_claim_and_reason(tmp_path, old, new, message):
    path = tmp_path / "claims.toml"
    path.write_text(ENTRY, encoding="utf-8")
    assert list(read_ledger(path)) == ["length", "order"]
    assert old in ENTRY
    path.write_text(ENTRY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LedgerError, match=re.escape(message)) as caught:
        read_ledger(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "zeros_count", "expected"),
    [
        ("4.95 mg/cm2", False, (4.95, 4.95, 0.005, "mg/cm2")),
        ("4.50", False, (4.5, 4.5, 0.005, "um")),
        ("30", True, (30.0, 30.0, 0.5, "um")),
        ("30", False, (30.0, 30.0, 5.0, "um")),
        ("200 %", False, (200.0, 200.0, 50.0, "%")),
        ("0", False, (0.0, 0.0, 0.5, "um")),
        ("-15 um", False, (-15.0, -15.0, 0.5, "um")),
        ("10 % to 25 %", False, (10.0, 25.0, 0.5, "%")),
        ("10 to 25 %", False, (10.0, 25.0, 0.5, "%")),
        ("1 um to 2 um", False, (1.0, 2.0, 0.5, "um")),
    ],
)
def test_a_printed_number_is_good_to_half_of_its_last_digit_and_zeros_are_none(
    text, zeros_count, expected
):
    assert read_printed(text, "um", zeros_count) == expected


def test_a_ledger_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(LedgerError, match=r"no-ledger\.toml"):
        read_ledger(tmp_path / "no-ledger.toml")


def test_a_statement_that_stands_twice_is_refused():
    with pytest.raises(LedgerError, match="more than once: length"):
        Ledger([LENGTH, WIDTH, LENGTH], {1: "Geometry"})


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
    assert list(expected) == list(read_ledger(lim2026.LEDGER))
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
    page = scorecard_page(entries, LEDGER.sections, LEDGER.causes)
    positions = [page.index(f'<tr id="{name}"') for name in LEDGER]
    assert all(page.count(f'id="{name}"') == 1 for name in LEDGER)
    assert positions == sorted(positions)
    assert page.count("<tr id=") == len(LEDGER)
    assert page.index("2 · Strength &amp; more") < positions[-1]
    assert page.index("2 · Strength &amp; more") > positions[-2]


def test_the_scorecard_of_the_whole_ledger_holds_each_id_once():
    ledger = read_ledger(lim2026.LEDGER)
    page = scorecard_page(
        [claims.record(claim, None) for claim in ledger.values()], ledger.sections, ledger.causes
    )
    assert all(page.count(f'id="{name}"') == 1 for name in ledger)


def test_a_row_shows_both_numbers_their_uncertainty_the_assumption_and_where_it_was_computed(
    entries,
):
    page = scorecard_page(entries, LEDGER.sections, LEDGER.causes)
    row = page[page.index('<tr id="length"') : page.index('<tr id="width"')].replace(
        "\N{NO-BREAK SPACE}", " "
    )
    for part in [
        "4.50 µm", "± 0.005", "4.600 µm", "± 0.010 rounding", "± 0.010 numerics", "± 0.020 inputs",
        "≠</span> inconsistent",
        "Accepted from 4.485 to 4.515 µm: 3.0 times the tolerance.",
        '<a href="#cause-square">square</a>', "Route: as wide as long.",
        "The foil is thicker: needs 20 nm, outside 10 to 15 nm (two statements); then it is 4.500 "
        "µm.",
        'href="collector.html#length"', 'From <a href="#width">width</a>',
        'href="claim/length.html"', 'href="#verdict=inconsistent"',
        'data-chapter="collector"', 'data-cause="square"', 'data-apart="20"',
    ]:  # fmt: skip
        assert part in row, part


def test_a_row_says_where_the_statement_stands_in_the_paper(entries):
    entries[0]["where"] = "abstract, 3.2, Fig. 3a, b, S13d"
    page = scorecard_page(entries, LEDGER.sections, LEDGER.causes).replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "paper, abstract, § 3.2, Fig. 3a, b, S13d" in page
    assert page.count("paper, § 1 ") == 3


def test_the_scorecard_escapes_what_authors_write(entries):
    page = scorecard_page(entries, LEDGER.sections, LEDGER.causes)
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

    for text in (scorecard_page(entries, LEDGER.sections, LEDGER.causes), summary(entries)):
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


def test_there_is_a_tile_for_each_statement_which_names_it_and_leads_to_its_page(entries):
    page = tiles(entries, LEDGER.sections)
    for entry in entries:
        tile = page[page.index(f'href="claim/{entry["id"]}.html"') :].partition("</a>")[0]
        assert f"<b>{entry['id']}</b>, {entry['verdict']}: " in tile
        assert f">{Verdict(entry['verdict']).glyph}</span>" in tile
    assert page.count('class="tile tile-') == len(entries) + len({e["verdict"] for e in entries})
    assert page.index("Geometry") < page.index("Strength &amp; more")


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
    body = "\n".join(scorecard_page(entries, LEDGER.sections, LEDGER.causes).splitlines()[1:-1])
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


def test_rows_are_grouped_by_contradiction_and_sorted_by_name_or_distance(shown):
    browser, address = shown
    page = browser.new_page()
    page.goto(address)
    groups = "rows => rows.filter(r => r.offsetHeight).map(r => r.textContent)"
    page.select_option("select[name=group]", "cause")
    titles = page.eval_on_selector_all("tr.scorecard-section", groups)
    assert titles == ["It is a square <of> unequal sides.", "No contradiction"]
    page.select_option("select[name=group]", "verdict")
    titles = page.eval_on_selector_all("tr.scorecard-section", groups)
    assert titles == ["not reproduced", "inconsistent", "input", "not testable"]
    page.select_option("select[name=group]", "")
    page.select_option("select[name=sort]", "name")
    assert visible(page) == ["length", "trend", "width", "spread"]
    page.select_option("select[name=sort]", "apart")
    assert visible(page)[0] == "length"
    assert page.url.endswith("#sort=apart")
    page.click("button[type=reset]")
    page.wait_for_function("!location.hash")
    assert visible(page) == list(LEDGER)


def test_a_verdict_that_is_clicked_lands_on_all_that_share_it(shown):
    browser, address = shown
    page = browser.new_page()
    page.goto(address)
    page.click("#length .scorecard-verdict a")
    page.wait_for_function("document.querySelector('output').textContent.startsWith('1 of')")
    assert visible(page) == ["length"]
    page.goto(address + "#section=2")
    assert visible(page) == ["spread"]


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
