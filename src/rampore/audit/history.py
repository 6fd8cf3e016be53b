"""How the verdicts came to be what they are: each first one, each flip, and each that stayed on
other grounds.

A study may keep it in a file of its own, which ``study.toml`` names as ``history``::

    [[change]]
    date = 2026-11-30
    was = "inconsistent"          # missing where it is the first verdict on the statements
    is = "not testable"
    why = "..."                   # what changed: the rule, the reading, the evidence
    statements = ["loading", "thickness"]
"""

from __future__ import annotations

import datetime
import html
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from rampore import RamporeError
from rampore.audit.claims import Verdict
from rampore.checks import known_keys

_KEYS = ("date", "was", "is", "why", "statements")


class HistoryError(RamporeError, ValueError):
    """A history is not what it must be; the message names the entry and the reason."""


class VerdictChange(NamedTuple):
    """What happened to the verdict on one statement."""

    statement: str
    date: datetime.date
    was: Verdict | None  #: None where it is the first
    now: Verdict
    why: str


def read_history(path: str | Path) -> list[VerdictChange]:
    """Read a history: a change for each statement, in the order of the file.

    Raises
    ------
    HistoryError
        Where the file cannot be read or is not TOML, an entry has an unknown key, lacks one or has
        a nonsense value, or a verdict was another one before than the entry says.
    """
    source = Path(path)
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise HistoryError(f"{source}: cannot be read as TOML: {error}") from None
    try:
        known_keys("a history has [[change]]", content, ("change",), HistoryError)
        entries = content.get("change", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise HistoryError("change is no list of tables: write [[change]] before each")
        changes = [
            change for number, entry in enumerate(entries, 1) for change in _changes(number, entry)
        ]
        _refuse_gaps(changes)
    except HistoryError as error:
        raise HistoryError(f"{source}: {error}") from None
    return changes


def _changes(number: int, entry: dict) -> Iterator[VerdictChange]:
    name = f"change {number}"
    known_keys(name, entry, _KEYS, HistoryError)
    if type(date := entry.get("date")) is not datetime.date:
        raise HistoryError(f"{name}: `date` is a day such as 2026-11-30, not {date!r}")
    was = _verdict(name, entry["was"]) if "was" in entry else None
    now, why = _verdict(name, entry.get("is")), entry.get("why", "")
    if not isinstance(why, str) or (was and not why):
        raise HistoryError(f"{name}: says in `why` what changed")
    statements = entry.get("statements")
    if not isinstance(statements, list) or not all(isinstance(text, str) for text in statements):
        raise HistoryError(f"{name}: `statements` is a list of texts, not {statements!r}")
    for statement in statements:
        yield VerdictChange(statement, date, was, now, why)


def _verdict(name: str, word: object) -> Verdict:
    if word not in list(Verdict):
        raise HistoryError(f"{name}: {word!r} is no verdict; there are: {', '.join(Verdict)}")
    return Verdict(word)


def _refuse_gaps(changes: Iterable[VerdictChange]) -> None:
    last: dict[str, VerdictChange] = {}
    for change in changes:
        before = last.get(change.statement)
        known = before.now if before else None
        if known != change.was:
            raise HistoryError(
                f"{change.statement!r} was {change.was or 'without a verdict'} before "
                f"{change.date}, and {known or 'without one'} by what stands above"
            )
        if before and change.date < before.date:
            raise HistoryError(f"{change.statement!r}: {change.date} stands after {before.date}")
        last[change.statement] = change


def flips_table(changes: Iterable[VerdictChange]) -> str:
    """The verdicts that became others, as a table in Markdown, newest first."""
    flips = [change for change in changes if change.was not in (None, change.now)]
    rows = [
        f"| {_linked(change)} | {_named(change.was)} | {_named(change.now)} | {change.date} "
        f"| {_cell(change.why)} |"
        for change in sorted(flips, key=lambda change: change.date, reverse=True)
    ]
    return "\n".join(["| Statement | Was | Is | Since | Why |", "|:--|:--|:--|:--|:--|", *rows, ""])


def stays_table(changes: Iterable[VerdictChange]) -> str:
    """The verdicts that stayed on other grounds, as a table in Markdown, newest first."""
    stays = [change for change in changes if change.was is change.now]
    rows = [
        f"| {_linked(change)} | {_named(change.now)} | {change.date} | {_cell(change.why)} |"
        for change in sorted(stays, key=lambda change: change.date, reverse=True)
    ]
    return "\n".join(["| Statement | Verdict | Since | Why |", "|:--|:--|:--|:--|", *rows, ""])


def by_statement(changes: Iterable[VerdictChange]) -> Mapping[str, list[VerdictChange]]:
    """The changes of each statement, oldest first."""
    found: dict[str, list[VerdictChange]] = {}
    for change in changes:
        found.setdefault(change.statement, []).append(change)
    return found


def _linked(change: VerdictChange) -> str:
    name = html.escape(change.statement)
    return f'<a href="claim/{name}.html">{name}</a>'


def _named(verdict: Verdict | None) -> str:
    return f"{verdict.glyph} {verdict}" if verdict else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
