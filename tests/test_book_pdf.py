"""The book as one PDF, printed from the pages as built."""

import shutil
from pathlib import Path

import pytest
from pypdf import PdfReader

from rampore.audit.reproduce import pdf
from rampore.audit.study import find, read_notebook

STUDY = find(Path(__file__).resolve().parent.parent)
ADDRESS = "https://example.org/book"


def test_links_within_stay_within_and_others_lead_to_the_published_pages(tmp_path):
    (tmp_path / "book").mkdir()
    pages = {
        "a": '<h1 id="t">A</h1><a href="b.html#x">b</a><a href="api/c.html#y">c</a>'
        '<a href="#t">t</a><img loading="lazy" src="../_images/i.png"><a href="https://d.org/">d</a>',
        "b": '<h1 id="x">B</h1><a href="a.html">a</a>',
    }
    for name, body in pages.items():
        page = (
            f'<html><head></head><body><article class="bd-article">{body}</article></body></html>'
        )
        (tmp_path / f"book/{name}.html").write_text(page)
    document = pdf.one_document(tmp_path, ["book/a", "book/b"], ADDRESS)
    for part in (
        'href="#book-b--x"',
        'id="book-b--x"',
        'href="#book-a--t"',
        'href="#book-a"',
        'id="book-a"',
        f'href="{ADDRESS}/book/api/c.html#y"',
        'href="https://d.org/"',
        'src="../_images/i.png"',
    ):
        assert part in document
    assert "loading" not in document
    assert 'href="api' not in pdf.one_document(tmp_path, ["book/a", "book/b"], "")


def test_the_first_page_offers_the_pdf_in_the_place_of_a_word(tmp_path):
    page = tmp_path / "index.html"
    page.write_text(f'<p class="{pdf.OFFER}">There is none.</p>')
    pdf._offer(page)
    assert f'href="{pdf.NAME}"' in page.read_text()
    assert "There is none" not in page.read_text()


def test_the_first_page_has_a_place_for_the_offer():
    assert f'class="{pdf.OFFER}"' in (STUDY.root / f"{STUDY.pages[0]}.md").read_text("utf-8")


@pytest.fixture(scope="module")
def printed(built, tmp_path_factory):
    chromium = pdf.browser()
    if not chromium:
        pytest.skip(f"no chromium here: install it, or name one by {pdf.VARIABLE}")
    html = tmp_path_factory.mktemp("printed") / "html"
    shutil.copytree(built / "html", html)
    return pdf.make(html, STUDY.pages, ADDRESS, chromium)


def test_the_pdf_is_the_whole_book_with_its_outline_and_its_links_and_no_path(printed):
    reader = PdfReader(printed)
    assert len(reader.pages) > 100
    tops = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert len(tops) == len(STUDY.pages)
    for notebook in STUDY.chapters.values():
        title = read_notebook(notebook).cells[0].source.splitlines()[0].lstrip("# ")
        assert any(title in top for top in tops), title
    known, inner = reader.named_destinations, 0
    for page in reader.pages:
        for each in page.get("/Annots") or []:
            link = each.get_object()
            action = link["/A"].get_object() if "/A" in link else {}
            if (place := link.get("/Dest")) is not None:
                assert place in known
                inner += 1
            elif address := action.get("/URI"):
                assert str(address).startswith(("https://", "http://", "mailto:")), address
    assert inner > 500
    assert b"file://" not in printed.read_bytes()
    assert str(printed.parent).encode() not in printed.read_bytes()
