"""How the verdicts came to be what they are: the file, its tables, and this study's own."""

import re
import tomllib
from pathlib import Path

import pytest

from rampore.audit.claims import Verdict
from rampore.audit.history import (
    HistoryError,
    by_statement,
    flips_table,
    read_history,
    stays_table,
)
from rampore.audit.study import settings

ROOT = Path(__file__).resolve().parent.parent

FILE = """
[[change]]
date = 2026-01-02
is = "inconsistent"
statements = ["length", "width"]

[[change]]
date = 2026-02-03
was = "inconsistent"
is = "not testable"
why = "It was | weighed."
statements = ["length"]

[[change]]
date = 2026-02-03
was = "inconsistent"
is = "inconsistent"
why = "As a number now."
statements = ["width"]
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "history.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_a_history_is_read_statement_by_statement(path):
    found = by_statement(read_history(path))
    assert [change.now for change in found["length"]] == ["inconsistent", "not testable"]
    assert [change.was for change in found["width"]] == [None, "inconsistent"]
    assert found["length"][1].date.isoformat() == "2026-02-03"


def test_what_flipped_and_what_stayed_stand_in_a_table_each(path):
    changes = read_history(path)
    assert flips_table(changes).splitlines()[2:] == [
        '| <a href="claim/length.html">length</a> | ≠ inconsistent | – not testable | 2026-02-03 '
        "| It was \\| weighed. |"
    ]
    assert stays_table(changes).splitlines()[2:] == [
        '| <a href="claim/width.html">width</a> | ≠ inconsistent | 2026-02-03 | As a number now. |'
    ]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('is = "not testable"', 'is = "untestable"', "'untestable' is no verdict"),
        (
            'was = "inconsistent"\nis = "not testable"',
            'is = "not testable"',
            "'length' was without",
        ),
        ('was = "inconsistent"\nis = "not', 'was = "input"\nis = "not', "and inconsistent by what"),
        ("date = 2026-02-03", 'date = "2026-02-03"', "`date` is a day"),
        ("date = 2026-02-03", "date = 2025-02-03", "stands after 2026-01-02"),
        ('why = "It was | weighed."', "", "says in `why` what changed"),
        ('statements = ["length"]', 'statements = "length"', "a list of texts"),
        ('is = "not testable"', 'is = "not testable"\nwhen = 3', "when"),
        ("[[change]]\ndate = 2026-01-02", "[[change]\ndate = 2026-01-02", "cannot be read as TOML"),
    ],
)
def test_a_history_that_does_not_hold_together_is_refused(path, before, after, message):
    path.write_text(FILE.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(HistoryError, match=re.escape(message)):
        read_history(path)


# ── This study's ──────────────────────────────────────────────────────────────────────────────────


def verdicts(name):
    return tomllib.loads((ROOT / "tests" / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def changes():
    history = settings(ROOT).history
    assert history
    return read_history(history)


def test_the_history_ends_with_the_verdicts_of_today(changes):
    last = {name: each[-1].now for name, each in by_statement(changes).items()}
    assert last == verdicts("expected_verdicts.toml"), "a flip stands in history.toml with its why"


def test_the_history_has_every_flip_since_the_rules(changes):
    before, after = map(verdicts, ("data/verdicts_before_the_rules.toml", "expected_verdicts.toml"))
    flipped = {
        (name, before[name], after[name])
        for name in after
        if name in before and before[name] != after[name]
    }
    told = [change for change in changes if change.was not in (None, change.now)]
    since = {
        (change.statement, str(change.was), str(change.now))
        for change in told
        if str(change.date) == "2026-11-30"
    }
    assert since == flipped
    assert all(len(change.why) > 20 for change in told)
    assert not [change for change in changes if Verdict.PENDING in (change.was, change.now)]
