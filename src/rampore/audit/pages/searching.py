"""The index of a book's search: statements, prose and code, each a place that a link leads to.

Pages that are opened from a folder may not fetch an index, so it is a script that sets one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rampore.extras import needs

with needs("book"):
    from docutils import nodes
    from sphinx import addnodes
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: The script, among a book's static files.
INDEX = "search-index.js"

_LONGEST = 4000  #: text of one place [character]
_UNREADABLE = (nodes.raw, nodes.literal_block, nodes.math, nodes.math_block, nodes.comment)


class SearchPlace(NamedTuple):
    """What the search can find."""

    kind: str  #: ``statement``, ``prose`` or ``code``
    title: str
    page: str  #: title of the page that it stands on; of a statement, its verdict
    address: str  #: from the root of the book
    text: str


def listen(app: Sphinx) -> None:
    """Gather the places of every page as Sphinx reads it, and write the index at the end."""
    app.connect("doctree-read", _gather)
    app.connect("env-purge-doc", lambda app, env, name: _places(env).pop(name, None))
    app.connect("env-merge-info", _merge)
    app.connect("build-finished", _write)


def _places(env: BuildEnvironment) -> dict[str, list[SearchPlace]]:
    """Of each page; Sphinx keeps its environment between runs, and merges those of its workers."""
    return env.__dict__.setdefault("rampore_places", {})


def _gather(app: Sphinx, doctree: nodes.document) -> None:
    _places(app.env)[app.env.docname] = list(places_of(doctree, f"{app.env.docname}.html"))


def _merge(app: Sphinx, env: BuildEnvironment, names: Iterable[str], other: Any) -> None:
    _places(env).update({name: _places(other)[name] for name in names if name in _places(other)})


def _write(app: Sphinx, exception: Exception | None) -> None:
    if exception:
        return
    site = getattr(app, "rampore_site", {})
    found = [SearchPlace(*place) for place in site.get("places", [])]
    found += [place for name in sorted(_places(app.env)) for place in _places(app.env)[name]]
    path = Path(app.outdir) / "_static" / INDEX
    path.write_text(as_script(found), encoding="utf-8")


def as_script(places: Iterable[SearchPlace]) -> str:
    """The places as the script that ``search.js`` reads them from."""
    rows = json.dumps([list(place) for place in places], ensure_ascii=False, separators=(",", ":"))
    return f"window.ramporePlaces = {rows};\n"


def places_of(doctree: nodes.document, address: str) -> Iterator[SearchPlace]:
    """A place for each section of a page with words of its own, and for each object that it
    documents.

    Parameters
    ----------
    doctree : docutils.nodes.document
        As read, before references are resolved.
    address : str
        Of the page, from the root of the book.
    """
    title = next((node.astext() for node in doctree.findall(nodes.title)), "")
    for section in doctree.findall(nodes.section):
        heading = next(iter(section.findall(nodes.title)))
        text = _text(node for node in section.children[1:] if not isinstance(node, nodes.section))
        first = section.parent is doctree
        anchor = "" if first else f"#{section['ids'][0]}"
        if text or first:
            yield SearchPlace("prose", heading.astext(), title, address + anchor, text)
    for described in doctree.findall(addnodes.desc):
        for signature in described.findall(addnodes.desc_signature):
            if signature.parent is described and signature["ids"]:
                yield SearchPlace(
                    "code",
                    signature["ids"][0],
                    title,
                    f"{address}#{signature['ids'][0]}",
                    _text(described.findall(nodes.paragraph))[:300],
                )


def _text(parts: Iterable[nodes.Node]) -> str:
    words = " ".join(word for part in parts for word in _words(part))
    return re.sub(r"\s+", " ", words).strip()[:_LONGEST]


def _words(node: nodes.Node) -> Iterator[str]:
    """The text below a node that a reader sees as text."""
    if isinstance(node, (*_UNREADABLE, addnodes.desc)) or _is_number_to_come(node):
        return
    if isinstance(node, nodes.Text):
        yield str(node)
        return
    inside = "".join if isinstance(node, nodes.TextElement) else " ".join
    yield inside(word for child in node.children for word in _words(child))


def _is_number_to_come(node: nodes.Node) -> bool:
    return isinstance(node, addnodes.pending_xref) and node.get("reftype") in ("numref", "eq")
