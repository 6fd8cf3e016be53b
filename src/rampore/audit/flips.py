"""What changed between two runs of an audit: verdicts that flipped, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rampore.audit.chapter import computed_text
from rampore.audit.claims import Verdict


class Flip(NamedTuple):
    """A statement whose verdict is another one now."""

    claim: str
    before: str  #: verdict; empty where the statement is new
    after: str  #: verdict; empty where the statement is gone
    computed_before: str  #: as a card shows it
    computed_after: str


def flips(old: Iterable[dict], new: Iterable[dict]) -> list[Flip]:
    """The statements whose verdict differs, or that stand in one of the two alone.

    Parameters
    ----------
    old, new : iterable of dict
        Of two ``claims.json``, see :func:`rampore.audit.claims.entries`.

    Returns
    -------
    list of Flip
        In the order of the new ones; those that are gone come last.
    """
    before, after = ({entry["id"]: entry for entry in entries} for entries in (old, new))
    names = [*after, *(name for name in before if name not in after)]
    pairs = ((name, before.get(name), after.get(name)) for name in names)
    return [
        Flip(name, *(each["verdict"] if each else "" for each in pair), *map(_computed, pair))
        for name, *pair in pairs
        if not (pair[0] and pair[1] and pair[0]["verdict"] == pair[1]["verdict"])
    ]


def _computed(entry: dict | None) -> str:
    return computed_text(entry) if entry else ""


def as_markdown(found: list[Flip]) -> str:
    """The flips as a table, or the sentence that there are none."""
    if not found:
        return "No verdict flipped.\n"
    count = f"{len(found)} verdicts flipped." if len(found) > 1 else "One verdict flipped."
    rows = [
        f"| {_code(flip.claim)} | {_named(flip.before) or 'new'} | {_named(flip.after) or 'gone'} "
        f"| {_cell(flip.computed_before)} → {_cell(flip.computed_after)} |"
        for flip in found
    ]
    head = ["| Statement | Was | Is | Computed |", "|:--|:--|:--|:--|"]
    return "\n".join([f"**{count}**", "", *head, *rows, ""])


def _named(verdict: str) -> str:
    return f"{Verdict(verdict).glyph} {verdict}" if verdict else ""


def _code(text: str) -> str:
    return f"`{text.replace('`', '')}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|") or "–"
