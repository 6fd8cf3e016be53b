"""A page for every statement of the paper: all that its row on the scorecard says, what it hangs
on, what became of its verdict, and how to cite it.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from rampore.audit.chapter import (
    STATEMENTS,
    accepted_text,
    assumption_text,
    badge,
    computed_text,
    interval_text,
    otherwise_text,
    slug,
    spell,
    stated_text,
    tolerance_text,
    width_text,
    with_unit,
)
from rampore.audit.citing import Citation, bibtex_of_paper, bibtex_of_statement
from rampore.audit.claims import Uncertainty, Verdict
from rampore.audit.history import VerdictChange
from rampore.audit.ledger import Condition, Ledger
from rampore.audit.pages.panels import Drawn
from rampore.audit.panels import Groups, Panel, places
from rampore.audit.study import Paper, headings
from rampore.extras import needs

with needs("audit"):
    from nbformat import NotebookNode

#: What an uncertainty comes from, in words.
_FROM = {
    "rounding": "rounding of the printed numbers that it was computed from",
    "numerics": "numerics: mesh, time step, tolerance of the solver",
    "definition": "definition: threshold, metric, counting rule, protocol",
    "inputs": "unpublished inputs: the range that the literature allows",
}


class Shown(NamedTuple):
    """What a page of a statement shows beside its entry."""

    figures: Mapping[str, Sequence[str]]  #: labels of figures, by statement
    drawn: Mapping[str, Drawn]  #: the figures of the book, by label
    titles: Mapping[str, str]  #: of the chapters, by name
    history: Mapping[str, Sequence[VerdictChange]]  #: by statement
    cited: Citation
    paper: Paper
    place: str  #: of the pages, from the published address, e.g. ``book``


class StatementPage(NamedTuple):
    """A page of a statement, but for what surrounds it."""

    name: str  #: of the file, without its ending
    verdict: str
    title: str
    description: str  #: a sentence or two, for who meets the page elsewhere
    body: str  #: HTML; ``{{figure:LABEL}}`` stands for the address of a figure


def statement_pages(ledger: Ledger, entries: Iterable[dict], shown: Shown) -> list[StatementPage]:
    """The pages, in the ledger's order.

    Parameters
    ----------
    ledger : Ledger
    entries : iterable of dict
        Claims as :func:`rampore.audit.claims.record` writes them; ``link`` and ``cell`` lead to
        what computed one.
    shown : Shown

    Returns
    -------
    list of StatementPage
        Links go from a page in :data:`rampore.audit.chapter.STATEMENTS`, beside the book's.
    """
    by_id = {entry["id"]: entry for entry in entries}
    order = list(by_id)
    return [_page(ledger, by_id, order, name, shown) for name in order]


def _page(
    ledger: Ledger, by_id: Mapping[str, dict], order: list[str], name: str, shown: Shown
) -> StatementPage:
    entry, claim = by_id[name], ledger[name]
    sections = {
        "What comes out": _outcome(entry),
        "How it is judged": _rules(entry),
        "What it rests on": _statements(by_id, claim.uses),
        "What rests on it": _statements(
            by_id, [other.id for other in ledger.values() if name in other.uses]
        ),
        "Under which condition": _condition(entry, claim.condition),
        "Where it was computed": _place(entry, shown),
        "What would settle it": _needs(entry),
        "Contradiction": _cause(ledger, by_id, entry),
        "History of the verdict": _history(entry, shown.history.get(name, ())),
        "How to cite this page": _cite(entry, shown),
    }
    parts = [
        f'<section id="{slug(title.lower())}"><h2>{title}</h2>{content}</section>'
        for title, content in sections.items()
        if content
    ]
    body = f'<article class="claim-page">{_head(ledger, entry)}{"".join(parts)}</article>'
    return StatementPage(
        name,
        entry["verdict"],
        f"{name}: {entry['verdict']}",
        describe(entry),
        body + _turn(order, name),
    )


def figures_of(
    entries: Iterable[dict],
    groups: Groups,
    drawn: Mapping[str, Drawn],
    notebooks: Mapping[str, NotebookNode],
) -> dict[str, list[str]]:
    """Labels of the figures that belong to each statement: of its chapter, what answers the paper's
    panels that it rests on; where there is none, the nearest one in the section that judged it.

    Parameters
    ----------
    entries : iterable of dict
    groups : mapping of str to list of Panel
        The paper's figures, as far as the study lists them.
    drawn : mapping of str to Drawn
        The figures of the book by label.
    notebooks : mapping of str to NotebookNode
        Executed notebooks, by chapter.
    """
    panels = [panel for group in groups.values() for panel in group]
    sections = {name: _sections(notebook) for name, notebook in notebooks.items()}
    return {
        entry["id"]: _answering(entry, panels, drawn)
        or _nearest(entry["cell"]["index"], notebooks[entry["chapter"]], sections[entry["chapter"]])
        for entry in entries
        if entry["cell"]
    }


def _sections(notebook: NotebookNode) -> list[int]:
    """For each cell, how many headings stand at it or above."""
    return list(itertools.accumulate(len(headings(cell)) for cell in notebook.cells))


def _answering(entry: dict, panels: Iterable[Panel], drawn: Mapping[str, Drawn]) -> list[str]:
    named = set(places(entry["where"]))
    return list(
        dict.fromkeys(
            label
            for panel in panels
            if named & set(panel.places) or entry["id"] in panel.statements
            for label in panel.counterpart
            if drawn[label].chapter == entry["chapter"]
        )
    )


def _nearest(index: int, notebook: NotebookNode, section: list[int]) -> list[str]:
    figures = [
        (abs(place - index), cell.metadata.mystnb.figure.name)
        for place, cell in enumerate(notebook.cells)
        if "name" in cell.metadata.get("mystnb", {}).get("figure", {})
        and section[place] == section[index]
        and any("image/png" in output.get("data", {}) for output in cell.outputs)
    ]
    return [min(figures)[1]] if figures else []


def found_places(entries: Iterable[dict], folder: str) -> list[tuple[str, str, str, str, str]]:
    """What the search finds of the statements: :class:`rampore.audit.pages.searching.SearchPlace`.

    Parameters
    ----------
    entries : iterable of dict
    folder : str
        Of the book's pages.
    """
    return [
        (
            "statement",
            f"{entry['id']} · {entry['statement']}",
            entry["verdict"],
            f"{folder}/{STATEMENTS}/{entry['id']}.html",
            " ".join(filter(None, (entry[part] for part in _SEARCHED))),
        )
        for entry in entries
    ]


_SEARCHED = ("explanation", "measure", "bound", "route", "needs", "where")


def describe(entry: dict) -> str:
    """A statement, what came out and the verdict, in a line or two."""
    numbers = [f"stated {stated_text(entry)}"] if stated_text(entry) else []
    if entry["computed"] is not None:
        numbers.append(f"computed {computed_text(entry)}" if numbers else computed_text(entry))
    found = f" {', '.join(numbers).capitalize()}." if numbers else ""
    return f"“{entry['statement']}” {entry['verdict'].capitalize()}.{found}"


def _head(ledger: Ledger, entry: dict) -> str:
    section = html.escape(ledger.sections[entry["section"]])
    where = re.sub(r"(^|, )(?=\d)", "\\1§\N{NO-BREAK SPACE}", entry["where"])
    kind = "a balance that no sentence draws" if entry["cross_check"] else entry["basis"]
    return (
        '<nav class="claim-trail" aria-label="Where this page stands">'
        '<a href="../scorecard.html">Scorecard</a> › '
        f'<a href="../scorecard.html#section={entry["section"]}">{section}</a></nav>'
        f"<h1>{html.escape(entry['statement'])}</h1>"
        f'<p class="claim-head"><a class="verdict-link" '
        f'href="../scorecard.html#verdict={quote(entry["verdict"])}">{badge(entry["verdict"])}'
        f'</a> <span class="claim-id">{html.escape(entry["id"])}</span> '
        f"<span>{html.escape(kind)}</span> <span>paper, {html.escape(where)}</span></p>"
    )


def _outcome(entry: dict) -> str:
    told = [entry["explanation"], entry["measure"], entry["bound"]]
    if entry["half_digit"] is None:
        told.insert(0, f"It {computed_text(entry)}." if entry["computed"] is not None else "")
        return _paragraphs(told)
    rows = {
        "Stated": f"{stated_text(entry)} (printed: {entry['printed']})",
        "Computed": computed_text(entry),
        "Distance": _apart(entry),
    }
    widths = {"rounding": entry["rounding"]} | {
        name: entry["uncertainty"][name] for name in Uncertainty._fields
    }
    if entry["computed"] is not None:
        rows |= {
            f"± {_FROM[name]}": width_text(entry, width) or "none given"
            for name, width in widths.items()
        }
    return _paragraphs(told) + _table(rows)


def apart(entry: dict) -> float | None:
    """How far what was computed lies from what is stated, in tolerances [-]; None where one of the
    two is no number.
    """
    if entry["half_digit"] is None or entry["computed"] is None:
        return None
    return abs(entry["computed"] - entry["stated"]) / entry["tolerance"]


def _apart(entry: dict) -> str:
    distance = apart(entry)
    return "" if distance is None else f"{spell(distance, digits=2)} times the tolerance"


def _rules(entry: dict) -> str:
    rows = {
        "Route": entry["route"],
        "Tolerance": tolerance_text(entry),
        "Accepted": interval_text(entry),
    }
    text = _table(rows) if any(rows.values()) else ""
    return text + _paragraphs([accepted_text(entry), otherwise_text(entry)])


def _condition(entry: dict, condition: Condition | None) -> str:
    if not condition or entry["assumption"]:
        return _paragraphs([assumption_text(entry)])
    low, high = (spell(end, digits=4) for end in condition.plausible)
    return _paragraphs(
        [
            f"{condition.text} From {low} to {with_unit(high, condition.unit)} "
            f"({condition.source}). Nothing was computed under it."
        ]
    )


def _needs(entry: dict) -> str:
    return _paragraphs(
        [f"{entry['needs'][:1].upper()}{entry['needs'][1:]}." if entry["needs"] else ""]
    )


def _statements(by_id: Mapping[str, dict], names: Iterable[str]) -> str:
    items = "".join(
        f'<li><a class="claim-id" href="{html.escape(name)}.html">{html.escape(name)}</a> '
        f"{badge(by_id[name]['verdict'])} {html.escape(by_id[name]['statement'])}</li>"
        for name in names
        if name in by_id
    )
    return items and f'<ul class="claim-list">{items}</ul>'


def _cause(ledger: Ledger, by_id: Mapping[str, dict], entry: dict) -> str:
    if entry["verdict"] != Verdict.INCONSISTENT:
        return ""
    cause = entry["cause"]
    others = [
        name
        for name, other in by_id.items()
        if other["cause"] == cause
        and other["verdict"] == Verdict.INCONSISTENT
        and name != entry["id"]
    ]
    shared = _statements(by_id, others)
    told = f"<p>{html.escape(ledger.causes[cause])}</p>"
    return told + (f"<p>It counts once, and shows here too:</p>{shared}" if shared else "")


def _place(entry: dict, shown: Shown) -> str:
    if not entry.get("link"):
        return ""
    chapter, cell = entry["chapter"], entry["cell"]["index"] + 1
    title = html.escape(shown.titles.get(chapter, chapter))
    links = (
        f'<p><a href="../{html.escape(chapter)}.html#cell-{cell}">The cell that gave the verdict'
        f'</a>, in <a href="../{html.escape(entry["link"])}">{title}</a>.</p>'
    )
    return links + "".join(_figure(label, shown) for label in shown.figures.get(entry["id"], ()))


def _figure(label: str, shown: Shown) -> str:
    drawn = shown.drawn[label]
    return (
        f'<figure><a href="../{html.escape(drawn.chapter)}.html#{html.escape(label)}">'
        f'<img src="{{{{figure:{html.escape(label)}}}}}" loading="lazy" '
        f'alt="{html.escape(drawn.alternative)}"></a></figure>'
    )


def _history(entry: dict, changes: Sequence[VerdictChange]) -> str:
    rows = "".join(
        f"<tr><td>{change.date}</td><td>{badge(change.now)}</td><td>{_marked(_why(change))}</td></tr>"
        for change in changes
    )
    today = f"<p>By this run: {badge(entry['verdict'])}</p>"
    if not rows:
        return today
    head = '<tr><th scope="col">Since</th><th scope="col">Verdict</th><th scope="col">Why</th></tr>'
    return f'<table class="claim-history"><thead>{head}</thead><tbody>{rows}</tbody></table>{today}'


def _why(change: VerdictChange) -> str:
    if change.was is None:
        return change.why or "The first verdict."
    stays = "stays" if change.was is change.now else f"was {change.was}"
    return f"It {stays}. {change.why}"


def _marked(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _cite(entry: dict, shown: Shown) -> str:
    place = "/".join(filter(None, [shown.place, STATEMENTS, f"{entry['id']}.html"]))
    blocks = [bibtex_of_statement(entry, shown.cited, place), bibtex_of_paper(shown.paper)]
    text = html.escape("\n\n".join(filter(None, blocks)))
    return f'<div class="highlight"><pre tabindex="0">{text}</pre></div>'


def _turn(order: list[str], name: str) -> str:
    at = order.index(name)
    around = {"Before": order[at - 1 : at] if at else [], "After": order[at + 1 : at + 2]}
    links = "".join(
        f'<a href="{html.escape(other)}.html"><span>{word}</span> {html.escape(other)}</a>'
        for word, others in around.items()
        for other in others
    )
    return f'<nav class="claim-turn" aria-label="The statements before and after">{links}</nav>'


def _table(rows: Mapping[str, str]) -> str:
    body = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(text)}</td></tr>'
        for name, text in rows.items()
        if text
    )
    return f'<table class="claim-numbers"><tbody>{body}</tbody></table>'


def _paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<p>{html.escape(text)}</p>" for text in texts if text)
