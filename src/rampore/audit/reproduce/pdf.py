"""The book as one PDF: its pages put one behind another in a single document, which Chromium prints
once, so that every link within the book stays one.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from rampore.audit.study import ReproduceError
from rampore.extras import needs

with needs("book"):
    from bs4 import BeautifulSoup, Tag

#: The PDF's name, beside the first page.
NAME = "book.pdf"

#: Names a browser, where none of the usual ones is on the path.
VARIABLE = "RAMPORE_CHROMIUM"

#: On a page, what stands in the place of the link where no PDF was made.
OFFER = "book-pdf"

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LONGEST = 600  # of printing [s]
_UNPRINTED = "script, button, a.headerlink, .toctree-wrapper, .prev-next-footer, noscript, iframe"
_REFERRING = ("href", "xlink:href", "for", "aria-labelledby", "aria-describedby", "headers")
_PAPER = """
@page { size: A4; margin: 16mm 15mm; @bottom-center { content: counter(page); font-size: 9pt; } }
html, body { display: block; background: white; }
.bd-article { break-before: page; padding: 0; }
.bd-article:first-of-type { break-before: auto; }
"""


def browser() -> str | None:
    """Chromium, or what takes its arguments; None where there is none."""
    named = os.environ.get(VARIABLE)
    return named or next(filter(None, map(shutil.which, _BROWSERS)), None)


def make(html: Path, pages: Sequence[str], address: str, chromium: str) -> Path:
    """Print a built book, and offer the PDF on its pages.

    Parameters
    ----------
    html : Path
        Folder of the built book.
    pages : sequence of str
        In their order, from `html`, without an ending.
    address : str
        Where the book is published, to which links to all else lead; or empty.
    chromium : str
        Program.

    Returns
    -------
    Path
        Of the PDF, beside the first page.

    Raises
    ------
    ReproduceError
        Where the browser gives no PDF; it holds what the browser said.
    """
    folder = (html / pages[0]).parent
    document, printed = folder / ".print.html", folder / NAME
    document.write_text(one_document(html, pages, address), encoding="utf-8")
    sandbox = ["--no-sandbox"] * (hasattr(os, "geteuid") and os.geteuid() == 0)
    options = ["--headless", "--disable-gpu", "--no-pdf-header-footer", *sandbox]
    options += ["--generate-pdf-document-outline", f"--print-to-pdf={printed}"]
    try:
        with tempfile.TemporaryDirectory() as profile:
            done = subprocess.run(
                [chromium, *options, f"--user-data-dir={profile}", document.resolve().as_uri()],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_LONGEST,
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReproduceError(f"no PDF: {error}") from error
    finally:
        document.unlink(missing_ok=True)
    if done.returncode or not printed.is_file():
        said = done.stderr[-500:]
        raise ReproduceError(f"no PDF: {chromium} ends with {done.returncode}: {said}")
    _offer(html / f"{pages[0]}.html")
    return printed


def one_document(html: Path, pages: Sequence[str], address: str) -> str:
    """All pages as one, to lie beside the first of them.

    Parameters
    ----------
    html, pages, address
        As of :func:`make`.
    """
    place = posixpath.dirname(pages[0])
    first = _soup(html, pages[0])
    heads = [str(link) for link in first.select("head link[rel=stylesheet], head style")]
    title = first.title.get_text() if first.title else ""
    articles = [_article(html, page, pages, place, address) for page in pages]
    language = first.html.get("lang", "en") if first.html else "en"
    return (
        f'<!DOCTYPE html><html lang="{language}" data-theme="light"><head><meta charset="utf-8">'
        f"<title>{title}</title>{''.join(heads)}<style>{_PAPER}</style></head>"
        f"<body>{''.join(articles)}</body></html>"
    )


def _soup(html: Path, page: str) -> BeautifulSoup:
    return BeautifulSoup((html / f"{page}.html").read_text(encoding="utf-8"), "html.parser")


def _article(html: Path, page: str, pages: Sequence[str], place: str, address: str) -> str:
    article = _soup(html, page).select_one("article.bd-article")
    if article is None:
        raise ReproduceError(f"no PDF: {page}.html has no article")
    for tag in article.select(_UNPRINTED):
        tag.decompose()
    for tag in [article, *article.find_all(True)]:
        if identity := tag.get("id"):
            tag["id"] = anchor(page, str(identity))
        tag.attrs.pop("loading", None)
        for name in ("src", "data"):
            source = tag.get(name)
            if source and not urlsplit(str(source)).scheme:
                tag[name] = posixpath.relpath(_target(page, str(source)), place or ".")
        for name in _REFERRING:
            if value := tag.get(name):
                _lead(tag, name, str(value), page, pages, address)
    article["id"] = anchor(page)
    return str(article)


def _lead(tag: Tag, name: str, value: str, page: str, pages: Sequence[str], address: str) -> None:
    """Lead a reference to where its target stands in the one document, or to the published one."""
    if name not in ("href", "xlink:href"):
        tag[name] = " ".join(anchor(page, each) for each in value.split())
        return
    if urlsplit(value).scheme:
        return
    path, fragment = urldefrag(value)
    target = _target(page, path) if path else f"{page}.html"
    there = target.removesuffix(".html")
    if there in pages:
        tag[name] = f"#{anchor(there, unquote(fragment))}"
    elif address:
        tag[name] = f"{address}/{target}" + (f"#{fragment}" if fragment else "")
    else:
        del tag[name]


def _target(page: str, path: str) -> str:
    """A path from a page, as one from the folder of the HTML."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(path)))


def anchor(page: str, identity: str = "") -> str:
    """The name that an anchor of a page has in the one document; without one, the page's own."""
    return f"{page}--{identity}".replace("/", "-") if identity else page.replace("/", "-")


def _offer(first: Path) -> None:
    """Put the link where the page says that there is no PDF."""
    soup = BeautifulSoup(first.read_text(encoding="utf-8"), "html.parser")
    for place in soup.select(f".{OFFER}"):
        place.clear()
        link = soup.new_tag("a", href=NAME)
        link.string = "The whole book as one PDF"
        place.append(link)
    first.write_text(str(soup), encoding="utf-8")
