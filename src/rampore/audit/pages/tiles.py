"""The ledger at a glance: a tile for each statement, which names it and leads to its page."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from rampore.audit.chapter import STATEMENTS, slug
from rampore.audit.claims import Verdict


def tiles(entries: Iterable[dict], sections: Mapping[int, str]) -> str:
    """One tile per statement, by section of the ledger, with its verdict's colour and glyph, as raw
    HTML in MyST Markdown.

    Parameters
    ----------
    entries : iterable of dict
        Claims as :func:`rampore.audit.claims.record` writes them.
    sections : mapping of int to str
        Titles of the ledger's sections.

    Returns
    -------
    str
        A tile says its statement's name and words where the pointer or the focus is on it; links
        go from a page beside the scorecard.
    """
    entries = list(entries)
    order = list(Verdict)
    rows = []
    for number, title in sections.items():
        row = sorted(
            (entry for entry in entries if entry["section"] == number),
            key=lambda entry: order.index(entry["verdict"]),
        )
        if row:
            rows.append(
                f'<div class="tiles-row"><p id="tiles-{number}">{html.escape(title)}</p>'
                f'<ul aria-labelledby="tiles-{number}">{"".join(map(_tile, row))}</ul></div>'
            )
    return f'``````{{raw}} html\n<div class="tiles">{_key(entries)}{"".join(rows)}</div>\n``````\n'


def _tile(entry: dict) -> str:
    verdict = Verdict(entry["verdict"])
    name = html.escape(entry["id"])
    return (
        f'<li><a class="tile tile-{slug(verdict)}" href="{STATEMENTS}/{name}.html">'
        f'<span aria-hidden="true">{verdict.glyph}</span>'
        f'<span class="tile-words"><b>{name}</b>, {verdict}: {html.escape(entry["statement"])}'
        "</span></a></li>"
    )


def _key(entries: Iterable[dict]) -> str:
    verdicts = [entry["verdict"] for entry in entries]
    items = "".join(
        f'<li><a href="scorecard.html#verdict={quote(verdict)}">'
        f'<span class="tile tile-{slug(verdict)}" aria-hidden="true">{verdict.glyph}</span> '
        f"{verdicts.count(verdict)} {verdict}</a></li>"
        for verdict in Verdict
        if verdict in verdicts
    )
    return f'<ul class="tiles-key" aria-label="Statements by verdict">{items}</ul>'
