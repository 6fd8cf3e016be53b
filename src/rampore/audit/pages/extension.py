"""What the pages of a study ask of Sphinx: anchors at the cells, a page for each statement, tags
for who meets a page elsewhere, and an index that a browser searches without a server.

A run adds it to the configuration of the study.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rampore.audit.chapter import STATEMENTS
from rampore.audit.pages import searching
from rampore.extras import needs

with needs("book"):
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.util import logging

logger = logging.getLogger(__name__)

#: What a run leaves for this module, among the generated pages.
SITE = "site.json"

_NAME, _TITLE, _DESCRIPTION, _BODY, _PREVIEW = (
    f"RAMPORE-{part}" for part in ("NAME", "TITLE", "DESCRIPTION", "BODY", "PREVIEW")
)
_NO_SIDEBAR = "html_theme.sidebar_secondary.remove"
#: Bootstrap follows the sections that a page's table of contents names. Where there is none, it
#: takes every link of the page for one of it, and stumbles over the states of the filter.
_NO_CONTENTS = '<div class="bd-toc-nav" hidden></div>'

_LONGEST = 200  #: of a description [character]


def setup(app: Sphinx) -> dict[str, Any]:
    """Listen to Sphinx."""
    app.connect("config-inited", _find_templates)
    app.connect("builder-inited", _read_site)
    app.connect("doctree-read", _mark_cells)
    app.connect("html-collect-pages", _own_pages)
    app.connect("html-page-context", _add_tags)
    app.connect("html-page-context", _offer_figures)
    app.connect("build-finished", _fill_pages)
    searching.listen(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _find_templates(app: Sphinx, config: Config) -> None:
    config.templates_path = [*config.templates_path, str(Path(__file__).parent / "templates")]


def _read_site(app: Sphinx) -> None:
    """Sphinx's own search gives way to one that knows statements, and need not index every page."""
    setattr(app.builder, "search", False)  # noqa: B010  only builders of HTML have it
    found = sorted(Path(app.srcdir).rglob(f"_generated/{SITE}"))
    setattr(app, "rampore_site", json.loads(found[0].read_text("utf-8")) if found else {})  # noqa: B010


def _site(app: Sphinx) -> dict[str, Any]:
    return getattr(app, "rampore_site", {})


def _mark_cells(app: Sphinx, doctree: nodes.document) -> None:
    for container in doctree.findall(nodes.container):
        if "cell_index" in container and container.get("nb_element") == "cell_code":
            number = container["cell_index"] + 1
            container["ids"].append(f"cell-{number}")
            for part in container.findall(nodes.container):
                if part.get("nb_element") == "cell_code_source":
                    part["ids"].append(f"code-{number}")
    page = getattr(doctree.settings.env, "docname", "")
    place, table = _site(app).get("parameters", {}).get(page, (None, ""))
    for container in [*doctree.findall(nodes.container)] if table else ():
        if container.get("cell_index") == place and container.get("nb_element") == "cell_code":
            index = container.parent.index(container)
            container.parent.insert(index, nodes.raw("", table, format="html"))


def _own_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The search, and one page of the theme as the shell of all statements' pages: to lay out each
    of them would take longer than the rest of the book.
    """
    yield "search", {"title": "Search"}, "rampore-search.html"
    if _site(app).get("statements"):
        context = {
            "title": _TITLE,
            "body": _BODY,
            "meta": {_NO_SIDEBAR: True},
            "rampore_description": _DESCRIPTION,
            "rampore_preview": _PREVIEW,
        }
        yield _shell(app), context, "page.html"


def _shell(app: Sphinx) -> str:
    return f"{_site(app)['folder']}/{STATEMENTS}/{_NAME}"


# Tags ---------------------------------------------------------------------------------------------


def _add_tags(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    about = _site(app).get("about", {})
    title = re.sub(r"<[^>]+>", "", str(context.get("title") or app.config.html_title))
    description = context.get("rampore_description") or _described(doctree) or title
    tags = {
        "description": description,
        "og:title": html.unescape(title),
        "og:description": description,
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "citation_title": html.unescape(title),
        "citation_publication_date": about.get("year"),
        "citation_author": about.get("authors", []),
    }
    if paper := about.get("paper"):
        tags["citation_reference"] = f"citation_title={paper['title']}; citation_doi={paper['doi']}"
    if base := app.config.html_baseurl:
        address = f"{base.rstrip('/')}/"
        preview = context.get("rampore_preview", "book")
        tags["og:url"] = tags["citation_public_url"] = f"{address}{pagename}.html"
        tags["og:image"] = f"{address}_static/previews/{preview}.png"
        tags["twitter:card"] = "summary_large_image"
    if _NO_SIDEBAR in (context.get("meta") or {}):
        context["body"] = f"{_NO_CONTENTS}{context['body']}"
    context["metatags"] = context.get("metatags", "") + "".join(
        _tag(name, content) for name, content in tags.items()
    )


def _tag(name: str, content: str | list[str] | None) -> str:
    key = "property" if name.startswith("og:") else "name"
    several = content if isinstance(content, list) else [content]
    return "".join(
        f'<meta {key}="{name}" content="{html.escape(each)}" />\n' for each in several if each
    )


def _described(doctree: nodes.document | None) -> str:
    """The first words of a page, up to the end of a sentence or of a word."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else ()
    for paragraph in paragraphs:
        text = " ".join(paragraph.astext().split())
        if len(text) < 20:
            continue
        if len(text) <= _LONGEST:
            return text
        sentences = re.match(rf"(.{{40,{_LONGEST}}}[.?!]) ", text)
        return sentences[1] if sentences else f"{text[:_LONGEST].rsplit(' ', 1)[0]} …"
    return ""


# Figures ------------------------------------------------------------------------------------------

_FIGURE = re.compile(
    r'<figure[^>]*\bid="([^"]+)"[^>]*>\s*<img[^>]*\bsrc="([^"]+)".*?(?=</figure>)', re.DOTALL
)


def _offer_figures(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Under each figure of a chapter, a row of what a reader may take along, and its code."""
    there, cells = frozenset(_site(app).get("figures", ())), _cells_of_figures(doctree)
    if not there or not cells:
        return
    static = context["pathto"]("_static/figures", 1)

    def offer(figure: re.Match[str]) -> str:
        label, source = figure[1], figure[2]
        places = {
            "PNG": f"{static}/{label}.png" if f"{label}.png" in there else "",
            "SVG": source if source.endswith(".svg") else "",
            "data (CSV)": f"{static}/{label}.csv" if f"{label}.csv" in there else "",
            "code": f"#{cells[label]}" if cells.get(label) else "",
        }
        links = {form: place for form, place in places.items() if place}
        items = "".join(_taken(label, form, place) for form, place in links.items())
        return f'{figure[0]}<ul class="figure-files">{items}</ul>'

    context["body"] = _FIGURE.sub(offer, context["body"])


def _taken(label: str, form: str, place: str) -> str:
    """A link that says by itself which figure it belongs to."""
    keep = "" if place.startswith("#") else f' download="{label}.{place.rpartition(".")[2]}"'
    return f'<li><a href="{place}"{keep} aria-label="{form}, {label}">{form}</a></li>'


def _cells_of_figures(doctree: nodes.document | None) -> dict[str, str]:
    """Where the code of each figure stands, by the figure's label; empty where it is hidden."""
    places = {}
    for cell in doctree.findall(nodes.container) if doctree else ():
        if cell.get("nb_element") == "cell_code":
            code = [
                part["ids"][-1]
                for part in cell.findall(nodes.container)
                if part.get("nb_element") == "cell_code_source" and part["ids"]
            ]
            figures = [name for figure in cell.findall(nodes.figure) for name in figure["ids"]]
            places |= dict.fromkeys(figures, code[0] if code else "")
    return places


# Pages of statements ------------------------------------------------------------------------------


def _fill_pages(app: Sphinx, exception: Exception | None) -> None:
    if exception or not _site(app).get("statements"):
        return
    site, shell = _site(app), Path(app.outdir) / f"{_shell(app)}.html"
    page, places = shell.read_text(encoding="utf-8"), _figures(Path(app.outdir) / site["folder"])
    for statement in site["statements"]:
        body = re.sub(
            r"\{\{figure:([^}]+)\}\}",
            lambda found: f"../{_place(places, found[1])}",
            statement["body"],
        )
        parts = {
            _NAME: statement["name"],
            _TITLE: html.escape(statement["title"]),
            _DESCRIPTION: html.escape(statement["description"]),
            _PREVIEW: statement["verdict"].replace(" ", "-"),
            _BODY: body,
        }
        filled = re.sub("|".join(parts), lambda found, parts=parts: parts[found[0]], page)
        shell.with_name(f"{statement['name']}.html").write_text(filled, encoding="utf-8")
    shell.unlink()


def _place(places: dict[str, str], label: str) -> str:
    if label not in places:
        logger.warning("the book shows no figure %s, which a statement's page leads to", label)
    return places.get(label, "")


def _figures(folder: Path) -> dict[str, str]:
    """Where the picture of each figure lies, from the folder of the pages, by its label."""
    figure = re.compile(r'<figure[^>]*\bid="([^"]+)".*?<img[^>]*\bsrc="([^"]+)"', re.DOTALL)
    return {
        label: source
        for path in sorted(folder.glob("*.html"))
        for label, source in figure.findall(path.read_text(encoding="utf-8"))
    }
