"""Readings and ranges of statements that no number settles."""

import pytest

from rampore.audit.inputs.records import Confidence
from rampore.audit.ledger import read_ledger
from rampore.lim2026 import LEDGER
from rampore.lim2026.limits import Range, Stand, ranges, readings
from rampore.swelling import LITHIUM_IN_SILICON
from rampore.units import from_si


@pytest.mark.parametrize(
    ("chapter", "of"), [("swelling", "limits"), ("double-sided", "both_sides")]
)
def test_every_statement_of_the_chapter_has_its_reading(chapter, of):
    ledger = read_ledger(LEDGER)
    assert set(readings(of)) == {name for name in ledger if ledger[name].chapter == chapter}


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        ("adhesion-gain", "cohesion_ratio"),
        ("adhesion-by-area", "wall"),
        ("contact-angle-pcu", "roughness"),
        ("dilation-bcue", "sharing"),
        ("dilation-pcue", "sharing"),
        ("ageing-causes", "loss_exponent"),
        ("expansion-siox", "lithium_volume"),
        ("double-sided-alike", "first_share"),
        ("no-leakage", "blade_viscosity"),
    ],
)
def test_a_condition_has_the_range_that_the_chapter_draws(claim, name):
    condition = read_ledger(LEDGER)[claim].condition
    found = (ranges() | ranges("both_sides"))[name]
    ends = [from_si(end, condition.unit) for end in (found.low, found.high)]
    assert ends == pytest.approx(condition.plausible, rel=1e-12)


def test_the_range_of_lithiums_volume_is_that_of_the_librarys_sources():
    values = [each.value for each in LITHIUM_IN_SILICON.values()]
    found = ranges()["lithium_volume"]
    assert (found.low, found.high) == pytest.approx((min(values), max(values)), rel=1e-12)


def test_a_statement_stands_over_the_most_that_is_allowed_of_it():
    stand = Stand("it swells", "if dense", 15.0, 4.0, 7.5)
    assert (stand.share, stand.allowed) == (2.0, False)
    assert stand._replace(stated=7.5).allowed
    assert not stand._replace(stated=3.0).allowed


@pytest.mark.parametrize("of", ["limits", "both_sides"])
def test_every_range_says_where_it_comes_from(of):
    for name, found in ranges(of).items():
        assert isinstance(found, Range)
        assert isinstance(found.confidence, Confidence)
        assert len(found.why) > 10, name
