"""The scorecard: every statement of the paper with its verdict, and the counts for the index page
and the README.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from rampore.audit.chapter import (
    STATEMENTS,
    accepted_text,
    assumption_text,
    badge,
    computed_text,
    otherwise_text,
    route_text,
    slug,
    stated_text,
    tolerance_text,
    uncertainty_text,
)
from rampore.audit.claims import Verdict
from rampore.audit.pages.statements import apart

#: What a verdict says of a statement: one, several, and the rule in a line.
_PHRASES = {
    Verdict.REPRODUCED: (
        "is reproduced",
        "are reproduced",
        "the published inputs alone give it, within the tolerance fixed beforehand",
    ),
    Verdict.CONDITIONAL: (
        "holds only under an assumption that the paper does not state",
        "hold only under an assumption that the paper does not state",
        "it comes out only under a named assumption that the paper does not state",
    ),
    Verdict.NOT_REPRODUCED: (
        "is not reproduced",
        "are not reproduced",
        "the published inputs give something else",
    ),
    Verdict.INCONSISTENT: (
        "contradicts other numbers of the paper",
        "contradict other numbers of the paper",
        "other numbers of the paper, and nothing else, give another value",
    ),
    Verdict.INPUT: (
        "is a design value taken as given",
        "are design values taken as given",
        "a design value that the study starts from",
    ),
    Verdict.NOT_TESTABLE: (
        "needs data that are not published",
        "need data that are not published",
        "only unpublished data or a new measurement would settle it; the scorecard says which",
    ),
    Verdict.PENDING: (
        "waits for its chapter",
        "wait for their chapter",
        "its chapter has not reported; a release has none",
    ),
}


def scorecard_page(
    entries: Iterable[dict], sections: Mapping[int, str], causes: Mapping[str, str]
) -> str:
    """The scorecard as MyST Markdown: a filter, one row per statement, and the contradictions.

    Parameters
    ----------
    entries : iterable of dict
        Claims as :func:`rampore.audit.claims.record` writes them; ``link``, relative to the
        scorecard page, leads to the section that computed one.
    sections : mapping of int to str
        Titles of the ledger's sections by number.
    causes : mapping of str to str
        The paper's contradictions by name, each in a sentence.

    Returns
    -------
    str
        One raw HTML block. It shows everything without a script; ``scorecard.js`` adds the filter.
    """
    entries = list(entries)
    groups = "".join(
        _group(number, title, [entry for entry in entries if entry["section"] == number])
        for number, title in sections.items()
    )
    return _raw(
        f'<div class="scorecard-frame">{_filter(entries, sections)}{_DOWNLOADS}'
        '<table class="scorecard"><thead><tr>'
        '<th scope="col">Verdict</th><th scope="col">Statement and finding</th>'
        '<th scope="col">Stated</th><th scope="col">Computed</th></tr></thead>'
        f"{groups}</table>{_contradictions(entries, causes)}</div>"
        '<script src="../_static/scorecard.js" defer></script>'
    )


_DOWNLOADS = (
    '<p class="scorecard-downloads">All of it as a table, '
    '<a href="../_static/claims.csv" download>claims.csv</a>, and as it was computed, '
    '<a href="../_static/claims.json" download>claims.json</a>.</p>'
)


def _contradictions(entries: list[dict], causes: Mapping[str, str]) -> str:
    """Every contradiction once, with the rows that it makes inconsistent."""
    rows = {name: [] for name in causes}
    for entry in entries:
        if entry["verdict"] == Verdict.INCONSISTENT:
            rows[entry["cause"]].append(html.escape(entry["id"]))
    items = "".join(
        f'<li id="cause-{html.escape(name)}" data-cause="{html.escape(name)}">'
        f"<span>{html.escape(causes[name])}</span> "
        + ", ".join(f'<a class="claim-id" href="#{row}">{row}</a>' for row in found)
        + "</li>"
        for name, found in rows.items()
        if found
    )
    return items and f'<h2>Contradictions</h2><ol class="scorecard-causes">{items}</ol>'


def summary(entries: Iterable[dict], tables: Iterable[dict] = ()) -> str:
    """The counts by verdict as MyST Markdown: a sentence, a table that leads to the filtered
    scorecard, more tables.
    """
    entries = list(entries)
    rows = "".join(
        f'<tr><td>{badge(verdict)}</td><td class="scorecard-count">'
        f'<a href="scorecard.html#verdict={quote(verdict)}">{count}</a></td>'
        f"<td>{_PHRASES[verdict][2]}</td></tr>"
        for verdict, count in _counts(entries).items()
    )
    head = (
        '<thead><tr><th scope="col">Verdict</th><th scope="col">Statements</th>'
        '<th scope="col">When</th></tr></thead>'
    )
    counted = f"{_sentence(entries)}\n\n" + _raw(
        f'<table class="scorecard-summary">{head}<tbody>{rows}</tbody></table>'
    )
    return "\n".join([counted, *map(_table, tables)])


def summary_readme(entries: Iterable[dict], tables: Iterable[dict] = ()) -> str:
    """The counts by verdict as the Markdown that GitHub shows: a sentence and a table; then more
    tables.

    Parameters
    ----------
    entries : iterable of dict
        Claims as :func:`rampore.audit.claims.record` writes them.
    tables : iterable of dict
        As :meth:`rampore.audit.chapter.Chapter.summarise` hands them over.
    """
    entries = list(entries)
    rows = [
        f"| {verdict.glyph} {verdict} | {count} | {_PHRASES[verdict][2]} |"
        for verdict, count in _counts(entries).items()
    ]
    counted = [
        _sentence(entries),
        "",
        "| Verdict | Statements | When |",
        "|:--|--:|:--|",
        *rows,
        "",
    ]
    return "\n".join([*counted, *map(_table, tables)])


def _table(table: dict) -> str:
    rows = (table["columns"], [":--", *["--:"] * (len(table["columns"]) - 1)], *table["rows"])
    return "\n".join([table["title"], "", *(f"| {' | '.join(row)} |" for row in rows), ""])


def _counts(entries: list[dict]) -> dict[Verdict, int]:
    counter = Counter(entry["verdict"] for entry in entries)
    return {verdict: counter[verdict] for verdict in Verdict if counter[verdict]}


def _sentence(entries: list[dict]) -> str:
    """The counts in words: of statements, of balances between them, of contradictions."""
    stated = [entry for entry in entries if not entry["cross_check"]]
    told = [f"Of the paper's {len(stated)} statements, {_counted(stated)}."]
    if balances := [entry for entry in entries if entry["cross_check"]]:
        which = f"{len(balances)} balances" if len(balances) > 1 else "the one balance"
        told.append(f"Of {which} between them that no sentence draws, {_counted(balances)}.")
    inconsistent = [entry for entry in entries if entry["verdict"] == Verdict.INCONSISTENT]
    causes = {entry["cause"] for entry in inconsistent}
    if len(inconsistent) > 1:
        which = f"{len(causes)} contradictions" if len(causes) > 1 else "one contradiction"
        told.append(f"What is inconsistent comes from {which}.")
    return " ".join(told)


def _counted(entries: list[dict]) -> str:
    phrases = [
        f"{count} {_PHRASES[verdict][count > 1]}" for verdict, count in _counts(entries).items()
    ]
    return f"{', '.join(phrases[:-1])}, and {phrases[-1]}" if len(phrases) > 1 else "".join(phrases)


def _raw(text: str) -> str:
    text = text.replace("`", "&#96;")  # a fence of a claim's words would end the block
    return f"``````{{raw}} html\n{text}\n``````\n"


def _filter(entries: list[dict], sections: Mapping[int, str]) -> str:
    subjects = {"": "all"} | {str(number): title for number, title in sections.items()}
    chips = "".join(
        f'<button type="button" aria-pressed="false" data-verdict="{verdict}">'
        f"{badge(verdict)} {count}</button>"
        for verdict, count in _counts(entries).items()
    )
    return (
        '<form class="scorecard-filter" role="search" aria-label="Filter the statements" hidden>'
        f'<div class="scorecard-chips" role="group" aria-label="Verdict">{chips}</div>'
        f"<label>Subject {_choice('section', subjects)}</label>"
        f"<label>Chapter {_select('chapter', entries)}</label>"
        f"<label>Basis {_select('basis', entries)}</label>"
        '<label>Text <input type="search" name="q" autocomplete="off" '
        'placeholder="e.g. loading, Fig. 6f"></label>'
        f"<label>Grouped by {_choice('group', _GROUPS)}</label>"
        f"<label>Sorted by {_choice('sort', _SORTS)}</label>"
        '<button type="reset">Show all</button>'
        '<output class="scorecard-shown" aria-live="polite"></output></form>'
    )


#: By what the rows stand together, and in which order; the empty one is how the page is made.
_GROUPS = {"": "subject", "cause": "contradiction", "verdict": "verdict", "chapter": "chapter"}
_SORTS = {"": "the paper", "name": "name", "apart": "distance in tolerances"}


def _select(name: str, entries: list[dict]) -> str:
    there = {entry[name]: entry[name] for entry in entries if entry[name]}
    nothing = {"none": "none"} if any(not entry[name] for entry in entries) else {}
    return _choice(name, {"": "all"} | there | nothing)


def _choice(name: str, options: Mapping[str, str]) -> str:
    shown = "".join(
        f'<option value="{html.escape(value)}">{html.escape(text)}</option>'
        for value, text in options.items()
    )
    return f'<select name="{name}">{shown}</select>'


def _group(number: int, title: str, entries: list[dict]) -> str:
    head = (
        '<tr class="scorecard-section"><th colspan="4" scope="rowgroup">'
        f"{number} · {html.escape(title)}</th></tr>"
    )
    return f"<tbody>{head}{''.join(map(_row, entries))}</tbody>"


def _row(entry: dict) -> str:
    name, verdict = html.escape(entry["id"]), entry["verdict"]
    inconsistent = verdict == Verdict.INCONSISTENT
    data = {
        "verdict": verdict,
        "section": entry["section"],
        "chapter": entry["chapter"] or "none",
        "basis": entry["basis"],
        "cause": entry["cause"] if inconsistent else "",
        "apart": "" if (distance := apart(entry)) is None else f"{distance:.6g}",
    }
    told = " ".join(f'data-{key}="{html.escape(str(value))}"' for key, value in data.items())
    return (
        f'<tr id="{name}" class="scorecard-{slug(verdict)}" {told}>'
        f'<td class="scorecard-verdict"><a href="#verdict={quote(verdict)}">{badge(verdict)}</a>'
        "</td>"
        f'<td class="scorecard-statement">{_finding(entry)}</td>'
        f'<td class="scorecard-number" data-label="stated">'
        f"{_number(stated_text(entry), tolerance_text(entry))}</td>"
        f'<td class="scorecard-number" data-label="computed">'
        f"{_number(computed_text(entry), uncertainty_text(entry))}</td></tr>"
    )


def _number(text: str, widths: str) -> str:
    details = "".join(
        f"<small>{html.escape(width)}</small>" for width in widths.split(", ") if width
    )
    return html.escape(text) + details


def _finding(entry: dict) -> str:
    name = html.escape(entry["id"])
    meta = [
        f'<a class="claim-id" href="{STATEMENTS}/{name}.html">{name}</a>',
        _where(entry),
        html.escape(entry["basis"]),
    ]
    untestable = entry["verdict"] == Verdict.NOT_TESTABLE
    parts = {
        "measure": html.escape(entry["measure"]),
        "explanation": html.escape(entry["explanation"]),
        "assumption": html.escape(assumption_text(entry)),
        "accepted": html.escape(accepted_text(entry)),
        "bound": html.escape(entry["bound"]),
        "otherwise": html.escape(otherwise_text(entry)),
        "route": html.escape(route_text(entry)),
        "needs": f"Would settle it: {html.escape(entry['needs'])}." if untestable else "",
        "given": ", ".join(
            f'<a href="#{html.escape(other)}">{html.escape(other)}</a>' for other in entry["given"]
        ),
        "cause": _cause(entry),
        "link": _link(entry),
    }
    parts["given"] = parts["given"] and f"From {parts['given']}."
    body = "".join(f'<p class="claim-{part}">{text}</p>' for part, text in parts.items() if text)
    return (
        f'<p class="claim-statement">{html.escape(entry["statement"])}</p>'
        f'<p class="claim-meta">{" · ".join(meta)}</p>{body}'
    )


def _cause(entry: dict) -> str:
    if entry["verdict"] != Verdict.INCONSISTENT:
        return ""
    cause = html.escape(entry["cause"])
    return f'Contradiction: <a href="#cause-{cause}">{cause.replace("-", " ")}</a>.'


def _where(entry: dict) -> str:
    sections_marked = re.sub(r"(^|, )(?=\d)", "\\1§\N{NO-BREAK SPACE}", entry["where"])
    return html.escape(f"paper, {sections_marked}")


def _link(entry: dict) -> str:
    chapter, link = html.escape(entry["chapter"]), entry.get("link")
    if link:
        return f'<a href="{html.escape(link)}">How: chapter {chapter} ›</a>'
    return (
        f"Waits for chapter {chapter}." if entry["verdict"] == Verdict.PENDING and chapter else ""
    )
