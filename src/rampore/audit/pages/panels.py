"""The page *Figure by figure*: every figure, panel and table of the paper beside its counterpart in
the book.
"""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rampore.audit.chapter import FIGURE_MIME, STATEMENTS, badge
from rampore.audit.panels import Groups, Panel, PanelError, places
from rampore.extras import needs

with needs("audit"):
    from nbformat import NotebookNode

#: In which a book's generated pages lie, beside its own.
FOLDER = "_generated"

_WIDEST = 360  #: of a thumbnail: twice what the page gives it, for fine screens [pixel]
_COLOURS = 128  #: a drawing has few, and is a third as large with a palette
_FIRM = "\N{NO-BREAK SPACE}"
_HEAD = "| In the paper | What it shows | In this book | Statements |\n|:--|:--|:--|:--|"


class Drawn(NamedTuple):
    """A figure of the book."""

    chapter: str
    alternative: str  #: for who cannot see it
    png: bytes
    csv: str = ""  #: its numbers


def drawn_by(notebooks: Mapping[str, NotebookNode]) -> dict[str, Drawn]:
    """The figures of executed chapters, by their labels."""
    return {
        shown["figure"]["name"]: Drawn(
            chapter,
            shown.get("image", {}).get("alt", ""),
            base64.b64decode(output.data["image/png"]),
            output.data.get(FIGURE_MIME, {}).get("csv", ""),
        )
        for chapter, notebook in notebooks.items()
        for cell in notebook.cells
        if "name" in (shown := cell.metadata.get("mystnb", {})).get("figure", {})
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    }


def figure_files(drawn: Mapping[str, Drawn]) -> dict[str, bytes]:
    """The figures as PNG and their numbers as CSV, by file name: what a reader takes along."""
    pictures = {f"{label}.png": figure.png for label, figure in drawn.items()}
    numbers = {f"{label}.csv": figure.csv.encode() for label, figure in drawn.items() if figure.csv}
    return pictures | numbers


def panels_page(groups: Groups, entries: Iterable[dict], drawn: Mapping[str, Drawn]) -> str:
    """The page as MyST Markdown without a title: the counts, then a table for each group.

    Parameters
    ----------
    groups : mapping of str to list of Panel
    entries : iterable of dict
        Claims as :func:`rampore.audit.claims.record` writes them.
    drawn : mapping of str to Drawn
        The figures of the book by their labels.

    Raises
    ------
    PanelError
        Where a panel names a figure or a statement that there is not, or a statement stands in a
        figure of the paper that the list lacks.
    """
    by_id: dict[str, dict] = {entry["id"]: entry for entry in entries}
    panels = [panel for group in groups.values() for panel in group]
    _refuse_strangers(panels, by_id, drawn)
    parts = [_counts(panels)]
    for title, group in groups.items():
        rows = "\n".join(_row(panel, by_id, drawn) for panel in group)
        parts += [f"## {title}", f"```{{table}}\n:class: panels\n\n{_HEAD}\n{rows}\n```"]
    return "\n\n".join(parts) + "\n"


def thumbnails(groups: Groups, drawn: Mapping[str, Drawn]) -> dict[str, bytes]:
    """The counterparts, small, as PNG by the path from the folder of generated pages."""
    labels = {label for group in groups.values() for panel in group for label in panel.counterpart}
    return {_thumbnail(label): _small(drawn[label].png) for label in sorted(labels & set(drawn))}


def _thumbnail(label: str) -> str:
    return f"thumbnails/{label}.png"


def _small(png: bytes) -> bytes:
    with needs("book"):
        from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.thumbnail((_WIDEST, 2 * _WIDEST), Image.Resampling.LANCZOS)
    shrunk = io.BytesIO()
    image.quantize(_COLOURS).save(shrunk, "PNG", optimize=True)
    return shrunk.getvalue()


def statements_of(panel: Panel, entries: Mapping[str, dict]) -> list[str]:
    """The statements whose place is one of the panel's, in the ledger's order, then those that rest
    on it besides.
    """
    placed = [
        name for name, entry in entries.items() if set(panel.places) & set(places(entry["where"]))
    ]
    return list(dict.fromkeys([*placed, *panel.statements]))


def _refuse_strangers(
    panels: list[Panel], entries: Mapping[str, dict], drawn: Mapping[str, Drawn]
) -> None:
    for panel in panels:
        if lacking := [label for label in panel.counterpart if label not in drawn]:
            raise PanelError(f"{panel.name}: the book has no figure {', '.join(lacking)}")
        if lacking := [name for name in panel.statements if name not in entries]:
            raise PanelError(f"{panel.name}: the ledger has no claim {', '.join(lacking)}")
    listed = {place for panel in panels for place in panel.places}
    for name, entry in entries.items():
        if lacking := [place for place in places(entry["where"]) if place not in listed]:
            raise PanelError(
                f"the claim {name!r} stands in {', '.join(lacking)}, "
                "which is not in the list of figures"
            )


def _counts(panels: list[Panel]) -> str:
    def counted(chosen: Iterable[Panel]) -> int:
        return sum(len(panel.places) for panel in chosen)

    answered = [panel for panel in panels if panel.counterpart]
    waiting = [panel for panel in panels if panel.chapter and not panel.counterpart]
    rest = counted(panels) - counted(answered) - counted(waiting)
    pending = f"{counted(waiting)} wait for their chapter, " if waiting else ""
    return (
        f"Of {counted(panels)} figures, panels and tables, {counted(answered)} have a counterpart, "
        f"{pending}and {rest} have none, for the reason that stands beside each."
    )


def _row(panel: Panel, entries: Mapping[str, dict], drawn: Mapping[str, Drawn]) -> str:
    anchor = re.sub(r"[^a-z0-9]+", "-", f"paper {panel.name}".lower())
    rows = [_statement(entries[name]) for name in statements_of(panel, entries)]
    cells = (
        f'<span id="{anchor}"></span>**{panel.name.replace(" ", _FIRM, 1)}**',
        f"{panel.shows} <small>({_marked(panel.where)})</small>",
        "<br>".join(_answers(panel, drawn)),
        "<br>".join(rows) or "–",
    )
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    """A text that ends neither its row nor its column."""
    return " ".join(text.split("\n")).replace("|", "&#124;")


def _marked(where: str) -> str:
    """Where the paper says it, with a sign before the number of a section."""
    return re.sub(r"(^|, )(?=\d)", rf"\1§{_FIRM}", where)


def _answers(panel: Panel, drawn: Mapping[str, Drawn]) -> list[str]:
    shown = []
    for label in panel.counterpart:
        chapter, alternative, *_ = drawn[label]
        image = f"![{_escaped(alternative)}]({FOLDER}/{_thumbnail(label)})"
        shown.append(
            f'<a class="thumbnail" href="{chapter}.html#{label}">{image}</a> {{numref}}`{label}`'
        )
    if panel.chapter and not panel.counterpart:
        shown.append(f"{badge('pending')} Waits for chapter {panel.chapter}.")
    return [*shown, *([panel.why] if panel.why else [])]


def _escaped(text: str) -> str:
    """A text that says the same in Markdown."""
    return re.sub(r"([^\w\s])", r"\\\1", text, flags=re.ASCII)


def _statement(entry: dict) -> str:
    name = html.escape(entry["id"])
    return (
        f'<a class="claim-id" href="{STATEMENTS}/{name}.html">{name}</a> {badge(entry["verdict"])}'
    )
