"""Parts of a book's first page: what its key statement says and what came of it, and a card for
each chapter.
"""

from __future__ import annotations

import ast
import html
import io
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rampore.audit.chapter import (
    STATEMENTS,
    computed_text,
    slug,
    spell,
    stated_text,
    width_text,
    with_unit,
)
from rampore.audit.claims import Uncertainty
from rampore.audit.ledger import Change, Claim
from rampore.audit.numbers import with_error
from rampore.audit.pages.panels import Drawn
from rampore.audit.panels import PanelError
from rampore.audit.study import headings
from rampore.extras import needs

with needs("audit"):
    from nbformat import NotebookNode

_GLUED = "application/papermill.record/text/plain"
_LONGEST = 260  #: of a finding, but for its first sentence [character]

_WIDEST, _QUALITY = 300, 50  #: of a cover [pixel], [-]: a first page shows one for each chapter


class Card(NamedTuple):
    """A chapter in a few words."""

    chapter: str
    number: int | None
    title: str
    finding: str
    cover: str  #: label of its figure, or empty


# The key statement --------------------------------------------------------------------------------


def key_numbers(claim: Claim, entry: dict) -> str:
    """Three numbers as raw HTML in MyST Markdown: what is stated, what was computed, and what it
    would take.

    Parameters
    ----------
    claim : Claim
    entry : dict
        As :func:`rampore.audit.claims.record` writes it, with its ``link``.
    """
    page = f'<a href="{STATEMENTS}/{html.escape(claim.id)}.html">{html.escape(claim.id)}</a>'
    link = entry.get("link")
    how = f' · <a href="{html.escape(link)}">how</a>' if link else ""
    facts = [
        ("stated", "The paper states", _stated(claim, entry), entry["statement"], page),
        (
            f"computed scorecard-{slug(entry['verdict'])}",
            "Computed from what it prints",
            _computed(claim, entry),
            _width_words(claim, entry),
            f"verdict: {entry['verdict']}{how}",
        ),
        ("needed", "What it would take", *_needed(entry)),
    ]
    return _raw("".join(_fact(*fact) for fact in facts if fact[2]))


def fact(kind: str, title: str, number: str, words: str, note: str = "") -> str:
    """One more number beside those of the key statement, as raw HTML in MyST Markdown.

    Parameters
    ----------
    kind : str
        Of its colour: ``stated``, ``needed`` or ``control``.
    title, number, words : str
        What it is, the number itself, and what it says; plain text.
    note : str
        HTML.
    """
    return _raw(_fact(kind, title, number, words, note))


def _fact(kind: str, title: str, number: str, words: str, note: str = "") -> str:
    small = f"<small>{note}</small>" if note else ""
    return (
        f'<div class="fact fact-{kind}"><p class="fact-title">{html.escape(title)}</p>'
        f'<p class="fact-number">{html.escape(number)}</p>'
        f"<p>{html.escape(words)}</p>{small}</div>"
    )


def _raw(text: str) -> str:
    return f"``````{{raw}} html\n{text.replace('`', '&#96;')}\n``````\n"


def _stated(claim: Claim, entry: dict) -> str:
    if claim.change is None:
        return stated_text(entry)
    share = claim.printed if "%" in claim.printed else stated_text(entry)
    return f"{'+' if claim.change is Change.MORE else '−'}{share}".replace(
        " ", "\N{NO-BREAK SPACE}"
    )


def _computed(claim: Claim, entry: dict) -> str:
    value = entry["computed"]
    if claim.change is None or not isinstance(value, float):
        return computed_text(entry)
    error = 100 * (entry["uncertainty"]["numerics"] or 0.0)
    return with_error("{:+.%df}", 100 * (value - 1), error, (1, 1), "\N{NO-BREAK SPACE}%")


def _width_words(claim: Claim, entry: dict) -> str:
    """What else limits the value, in words."""
    widths = {name: entry["uncertainty"][name] for name in Uncertainty._fields}
    words = {
        "numerics": "mesh and time step",
        "definition": "reading",
        "inputs": "what is not published",
    }
    if claim.change is not None:
        told = [
            f"±{spell(width, '%', 2)} by {words[name]}" for name, width in widths.items() if width
        ]
    else:
        told = [
            f"{width_text(entry, width)} by {words[name]}"
            for name, width in widths.items()
            if width
        ]
    return f"{'; '.join(told)}." if told else ""


def _needed(entry: dict) -> tuple[str, str, str]:
    under = entry["assumption"]
    if not under:
        return "", "", ""
    needed, low, high = (
        spell(number, digits=2) for number in (under["needed"], *under["plausible"])
    )
    within = "within" if under["is_plausible"] else "outside"
    range_text = f"{within} {low} to {with_unit(high, under['unit'])}: {under['source']}."
    return with_unit(needed, under["unit"]), under["text"], html.escape(range_text)


# Chapters -----------------------------------------------------------------------------------------


def cards(
    notebooks: Mapping[str, NotebookNode],
    drawn: Mapping[str, Drawn],
    wanted: Mapping[str, str],
    numbers: Mapping[str, int],
) -> list[Card]:
    """A card for each chapter: its title, the first of its findings, and a figure.

    Parameters
    ----------
    notebooks : mapping of str to NotebookNode
        Executed notebooks, by chapter.
    drawn : mapping of str to Drawn
        The figures of the book by label.
    wanted : mapping of str to str
        Label of the figure of a chapter; by default its first.
    numbers : mapping of str to int
        Of chapters that have one.

    Raises
    ------
    PanelError
        Where the book has no such figure.
    """
    if lacking := [label for label in wanted.values() if label not in drawn]:
        raise PanelError(f"covers of chapters: the book has no figure {', '.join(lacking)}")
    first: dict[str, str] = {}
    for label, figure in drawn.items():
        first.setdefault(figure.chapter, label)
    return [
        Card(
            name,
            numbers.get(name),
            title_of(notebook) or name,
            finding(notebook),
            wanted.get(name, first.get(name, "")),
        )
        for name, notebook in notebooks.items()
    ]


def title_of(notebook: NotebookNode) -> str:
    """The first heading of a chapter."""
    return next((heading for cell in notebook.cells for heading in headings(cell)), "")


def cards_page(made: Iterable[Card], drawn: Mapping[str, Drawn]) -> str:
    """The cards as MyST Markdown; their pictures are those of :func:`covers`."""
    items = "".join(_card(card, drawn) for card in made)
    return _raw(f'<ul class="chapter-cards">{items}</ul>')


def covers(made: Iterable[Card], drawn: Mapping[str, Drawn]) -> dict[str, bytes]:
    """The pictures of cards, small, as WebP by their path among static files."""
    return {_cover(card): _small(drawn[card.cover].png) for card in made if card.cover}


def _cover(card: Card) -> str:
    return f"covers/{card.cover}.webp"


def _small(png: bytes) -> bytes:
    with needs("book"):
        from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.thumbnail((_WIDEST, _WIDEST), Image.Resampling.LANCZOS)
    shrunk = io.BytesIO()
    image.save(shrunk, "WEBP", quality=_QUALITY)
    return shrunk.getvalue()


def _card(card: Card, drawn: Mapping[str, Drawn]) -> str:
    number = f"{card.number} · " if card.number else ""
    image = ""
    if card.cover:
        image = (
            f'<img src="../_static/{_cover(card)}" loading="lazy" '
            f'alt="{html.escape(drawn[card.cover].alternative)}">'
        )
    return (
        f'<li class="chapter-card"><a href="{html.escape(card.chapter)}.html">'
        f"{number}{html.escape(card.title)}</a>{image}<p>{html.escape(card.finding)}</p></li>"
    )


def said(notebook: NotebookNode) -> dict[str, str]:
    """What an executed chapter has set for its prose, by name: see
    :meth:`rampore.audit.chapter.Chapter.say`.
    """
    return {
        output.metadata.scrapbook.name: str(ast.literal_eval(output.data[_GLUED]))
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "scrapbook" in output.get("metadata", {}) and _GLUED in output.get("data", {})
    }


def finding(notebook: NotebookNode) -> str:
    """The first of a chapter's findings, as plain text: of the first list in it, or else of its
    first paragraph, as many sentences as go into a few lines.
    """
    numbers = said(notebook)
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    listed = re.search(
        r"^(?:1\.|[-*]) (.+?)(?=^(?:\d+\.|[-*]) |\n\n|\Z)", "\n\n".join(texts), re.M | re.S
    )
    if listed:
        return _short(_plain(listed[1], numbers))
    paragraphs = [part for text in texts for part in text.split("\n\n") if not part.startswith("#")]
    return _short(_plain(paragraphs[0], numbers)) if paragraphs else ""


def _plain(markdown: str, numbers: Mapping[str, str]) -> str:
    """A piece of Markdown without its marks; a glued number by what it is."""
    text = re.sub(r"\{glue:text\}`([^`]+)`", lambda found: numbers.get(found[1], "…"), markdown)
    text = re.sub(r" ?\(?\{[a-z:]+\}`[^`]*`\)?", "", text)
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    return " ".join(re.sub(r"\*\*|[*`$]", "", text).split())


def _short(text: str) -> str:
    first, *sentences = re.split(r"(?<=[.?!])\s+(?=[A-Z])", text)
    for sentence in sentences:
        if len(f"{first} {sentence}") > _LONGEST:
            break
        first = f"{first} {sentence}"
    return first
