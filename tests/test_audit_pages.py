"""What a book has beside its chapters: a page for each statement, its first page, citations, and
what its search finds.
"""

import datetime
import io
import json
import re
from html.parser import HTMLParser

import pytest
from docutils import nodes
from docutils.utils import new_document
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from sphinx import addnodes

from rampore.audit import claims
from rampore.audit.citing import Citation, bibtex_of_paper, bibtex_of_statement, citation
from rampore.audit.claims import Otherwise, Report, Uncertainty, Under, Verdict
from rampore.audit.history import VerdictChange
from rampore.audit.ledger import Basis, Claim, Condition, Kind, Ledger
from rampore.audit.ledger import Change as Printed
from rampore.audit.pages.front import Card, cards, cards_page, covers, finding, key_numbers, said
from rampore.audit.pages.panels import Drawn
from rampore.audit.pages.preview import preview
from rampore.audit.pages.searching import SearchPlace, as_script, places_of
from rampore.audit.pages.statements import Shown, apart, figures_of, found_places, statement_pages
from rampore.audit.panels import Panel, PanelError
from rampore.audit.study import Paper, UsageError

TOUCHES = Condition("It touches badly.", (0.0, 2.0), "ohm cm2", "another cell")
GAIN = Claim(
    id="gain", section=1, where="3, Fig. 1a", basis=Basis.EXPERIMENT, kind=Kind.RATIO,
    statement="It gives 20 % <more>.", unit="1", printed="20 %", change=Printed.MORE,
    route="two discharges", uses=("mass",), condition=TOUCHES, chapter="rates", needs="curves",
)  # fmt: skip
MASS = Claim(
    id="mass", section=1, where="2", basis=Basis.DESIGN, kind=Kind.VALUE,
    statement="It weighs 5.0 g.", unit="g", printed="5.0 g", chapter="rates",
)  # fmt: skip
GROWS = Claim(
    id="grows", section=1, where="2", basis=Basis.GEOMETRY, kind=Kind.TREND, statement="It grows.",
    fails_if="it shrinks", uses=("mass",), cause="size", chapter="rates",
)  # fmt: skip
LEDGER = Ledger([GAIN, MASS, GROWS], {1: "Cells & more"}, {"size": "It is <both>."})
CITED = Citation("Some & others", ("A. Body",), "", "1.2", "2026", "https://example.org/book")


@pytest.fixture
def entries():
    reports = {
        "gain": Report(
            "gain", 0.94, uncertainty=Uncertainty(0.04, None, 0.5), under=Under(5.7, 1.2),
            explanation="Less <than> stated.",
        ),
        "mass": Report("mass", taken=True, explanation="Taken."),
        "grows": Report(
            "grows", False, given=("mass",), otherwise=Otherwise("in water", True),
            measure="0.96 < 1", explanation="It shrinks.",
        ),
    }  # fmt: skip
    found = [claims.record(claim, reports[name]) for name, claim in LEDGER.items()]
    place = {"link": "rates.html#what", "cell": {"index": 2, "id": "x"}}
    return [entry | place for entry in found]


@pytest.fixture
def shown():
    change = VerdictChange("gain", datetime.date(2026, 1, 2), None, Verdict.REPRODUCED, "")
    flip = VerdictChange(
        "gain", datetime.date(2026, 2, 3), Verdict.REPRODUCED, Verdict.NOT_REPRODUCED, "By `mass`."
    )
    return Shown(
        {"gain": ["fig-rates"]},
        {"fig-rates": Drawn("rates", "Two <curves>.", b"")},
        {"rates": "The rates"},
        {"gain": [change, flip]},
        CITED,
        Paper("A paper", ("B. Else",), "10.1/2"),
        "book",
    )


class Balance(HTMLParser):
    """Refuses what is closed in another order than it was opened."""

    def __init__(self):
        super().__init__()
        self.stack = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("img", "input"):
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


def words(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_a_page_says_all_of_its_statement_and_leads_to_cell_figure_and_neighbours(entries, shown):
    page, _, last = statement_pages(LEDGER, entries, shown)
    assert (page.name, page.verdict) == ("gain", "not reproduced")
    for part in [
        'href="../rates.html#cell-3"', 'href="../rates.html#what">The rates',
        'href="../rates.html#fig-rates"', 'src="{{figure:fig-rates}}"', 'href="mass.html"',
        'href="../scorecard.html#verdict=not%20reproduced"', "../scorecard.html#section=1",
    ]:  # fmt: skip
        assert part in page.body, part
    said_there = words(page.body)
    for part in [
        "It gives 20 % &lt;more&gt;.", "Stated 1.2 (printed: 20 %)", "Computed 0.94",
        "5.2 times the tolerance", "± 0.040", "± 0.50", "none given", "1.15 to 1.25",
        "two discharges", "It touches badly: needs 5.7 Ω cm²", "outside 0 to 2 Ω cm²",
        "Curves.", "2026-01-02", "It was reproduced. By mass .",
        "https://example.org/book/book/claim/gain.html", "doi = {10.1/2}", "After mass",
    ]:  # fmt: skip
        assert part in said_there.replace("\xa0", " "), part
    assert "It is &lt;both&gt;." in last.body
    assert 'href="mass.html"><span>Before' in last.body


def test_pages_are_well_formed_and_escape_what_authors_write(entries, shown):
    for page in statement_pages(LEDGER, entries, shown):
        parser = Balance()
        parser.feed(page.body)
        assert parser.stack == []
        assert not re.search(r"<(more|than|both|curves)|< 1", page.body)
        assert page.description.startswith("“")


def test_a_statement_that_others_rest_on_names_them(entries, shown):
    _, mass, _ = statement_pages(LEDGER, entries, shown)
    rests = mass.body[mass.body.index("What rests on it") :]
    assert 'href="gain.html"' in rests
    assert 'href="grows.html"' in rests


def test_the_verdict_of_a_page_is_that_of_the_entry_and_not_of_the_history(entries, shown):
    flipped = [dict(entry) for entry in entries]
    flipped[0]["verdict"] = "conditional"
    page = statement_pages(LEDGER, flipped, shown)[0]
    assert "By this run: ◐ conditional" in words(page.body).replace("  ", " ")


def test_the_distance_to_what_is_stated_is_counted_in_tolerances(entries):
    assert apart(entries[0]) == pytest.approx(0.26 / 0.05)
    assert apart(entries[1]) is None
    assert apart(entries[2]) is None


def figure(label):
    cell = new_code_cell("", outputs=[new_output("display_data", {"image/png": "AA=="})])
    cell.metadata["mystnb"] = {"figure": {"name": label}, "image": {"alt": "Something."}}
    return cell


def test_a_figure_of_the_papers_panel_comes_before_the_nearest_in_the_section(entries):
    cells = [new_markdown_cell("# A"), figure("fig-near"), new_code_cell(""), figure("fig-far")]
    cells += [new_markdown_cell("# B"), figure("fig-rates")]
    notebooks = {"rates": new_notebook(cells=cells)}
    drawn = {name: Drawn("rates", "", b"") for name in ("fig-near", "fig-far", "fig-rates")}
    panel = Panel("Fig. 1a", "caption", "Rates.", ("fig-rates",))
    found = figures_of(entries, {"": [panel]}, drawn, notebooks)
    assert found == {"gain": ["fig-rates"], "mass": ["fig-far"], "grows": ["fig-far"]}


# ── The first page ────────────────────────────────────────────────────────────────────────────────


def test_the_key_statement_gives_three_numbers(entries):
    text = words(key_numbers(GAIN, entries[0])).replace("\xa0", " ")
    for part in ["The paper states +20 %", "Computed from what it prints −6 ± 4 %", "5.7 Ω cm²"]:
        assert part in text
    assert "±50 % by what is not published" in text
    assert "outside 0 to 2.0 Ω cm²" in text


def test_a_key_statement_without_a_condition_says_what_is_stated_and_computed(entries):
    text = key_numbers(MASS, entries[1])
    assert text.count('class="fact ') == 2
    assert "5.0" in text
    assert "taken as given" in text


def glued(name, text):
    output = new_output("display_data", {"application/papermill.record/text/plain": repr(text)})
    output.metadata["scrapbook"] = {"name": name}
    return new_code_cell("", outputs=[output])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "**What comes out.**\n\n1. **It is {glue:text}`n`.** More.\n2. Else.",
            "It is −3 %. More.",
        ),
        ("- One [link](a.md), $x$\n  goes on ({numref}`fig-a`).\n- Two.", "One link, x goes on."),
        ("# Title\n\nNo *list* here.", "No list here."),
        ("1. " + "A word. " * 60, "A word. " * 31 + "A word."),
    ],
)
def test_a_chapter_is_told_by_the_first_of_its_findings(source, expected):
    notebook = new_notebook(cells=[new_markdown_cell(source), glued("n", "−3 %")])
    assert said(notebook) == {"n": "−3 %"}
    told = finding(notebook)
    assert told == expected
    assert len(told) <= 260


def test_a_cover_is_small_in_pixels_and_bytes_and_keeps_its_shape():
    big = io.BytesIO()
    Image.new("RGB", (1500, 900), "white").save(big, "PNG")
    card = Card("rates", 4, "Rates", "It is so.", "a")
    ((name, picture),) = covers([card], {"a": Drawn("rates", "", big.getvalue())}).items()
    assert name == "covers/a.webp"
    assert Image.open(io.BytesIO(picture)).size == (300, 180)


def test_a_card_has_number_title_finding_and_the_figure_that_is_asked_for():
    notebook = new_notebook(
        cells=[new_markdown_cell("# Rates & more\n\n1. It is so."), figure("a")]
    )
    drawn = {"a": Drawn("rates", "First.", b""), "b": Drawn("rates", "Second.", b"")}
    (card,) = cards({"rates": notebook}, drawn, {}, {"rates": 4})
    assert card.cover == "a"
    (card,) = cards({"rates": notebook}, drawn, {"rates": "b"}, {"rates": 4})
    page = cards_page([card], drawn)
    assert '<a href="rates.html">4 · Rates &amp; more</a>' in page
    assert 'alt="Second."' in page
    assert "<p>It is so.</p>" in page
    with pytest.raises(PanelError, match="the book has no figure c"):
        cards({"rates": notebook}, drawn, {"rates": "c"}, {})


# ── Citations ─────────────────────────────────────────────────────────────────────────────────────


def test_a_study_is_cited_by_its_citation_file_and_else_by_its_configuration(tmp_path):
    (tmp_path / "_config.yml").write_text('title: Book\nauthor: Me\ncopyright: "2025"\n')
    assert citation(tmp_path) == Citation("Book", ("Me",), "", "", "2025", "")
    (tmp_path / "CITATION.cff").write_text(
        "title: Soft\nversion: 1.2\nabstract: So.\nauthors:\n- {family-names: B, given-names: A}\n"
    )
    assert citation(tmp_path) == Citation("Book", ("A B",), "So.", "1.2", "2025", "")
    (tmp_path / "CITATION.cff").write_text("title: [")
    with pytest.raises(UsageError, match="not valid YAML"):
        citation(tmp_path)


def test_bibtex_escapes_what_it_would_read_as_commands(entries):
    text = bibtex_of_statement(entries[0], CITED, "book/claim/gain.html")
    assert text.startswith("@misc{gain,")
    assert "howpublished = {A statement in Some \\& others, version 1.2}" in text
    assert "20 \\% <more>" in text
    assert text.count("{") == text.count("}")
    assert bibtex_of_paper(Paper()) == ""


# ── Search ────────────────────────────────────────────────────────────────────────────────────────


def paragraph(*parts):
    return nodes.paragraph("", "", *parts)


def section(title, anchor, *parts):
    made = nodes.section("", nodes.title("", title), *parts)
    made["ids"].append(anchor)
    return made


def test_the_search_finds_each_section_by_the_words_that_a_reader_sees_there():
    document = new_document("a")
    document += section(
        "Title",
        "title",
        paragraph(nodes.Text("First "), nodes.strong("", "words"), nodes.math("", "x^2")),
        nodes.literal_block("", "hidden = 1"),
        section(
            "Below",
            "below",
            nodes.bullet_list("", nodes.list_item("", paragraph(nodes.Text("One")))),
        ),
        section("Empty", "empty", nodes.raw("", "<b>no</b>", format="html")),
    )
    assert list(places_of(document, "book/a.html")) == [
        SearchPlace("prose", "Title", "Title", "book/a.html", "First words"),
        SearchPlace("prose", "Below", "Title", "book/a.html#below", "One"),
    ]


def test_the_search_finds_what_a_page_documents_by_its_name():
    signature = addnodes.desc_signature("", "area(x)", ids=["rampore.area"])
    content = addnodes.desc_content("", paragraph(nodes.Text("Of a foil.")))
    document = new_document("a")
    document += section("API", "api", addnodes.desc("", signature, content))
    *_, found = places_of(document, "api.html")
    assert found == SearchPlace(
        "code", "rampore.area", "API", "api.html#rampore.area", "Of a foil."
    )


def test_the_index_is_a_script_that_sets_what_was_gathered(entries):
    places = [SearchPlace(*place) for place in found_places(entries, "book")]
    script = as_script(places)
    rows = json.loads(script.removeprefix("window.ramporePlaces = ").removesuffix(";\n"))
    assert rows[0][:2] == ["statement", "gain · It gives 20 % <more>."]
    assert rows[0][3] == "book/claim/gain.html"
    assert "Less <than> stated." in rows[0][4]


@pytest.mark.parametrize("verdict", [None, *Verdict])
def test_a_preview_says_the_verdict_and_the_title_within_its_frame(verdict):
    drawn = preview("Some book", verdict)
    texts = [text.get_text() for text in drawn.texts]
    assert texts[-1] == "Some book"
    assert not verdict or str(verdict) in texts
    renderer = drawn.canvas.get_renderer() if hasattr(drawn.canvas, "get_renderer") else None
    boxes = [text.get_window_extent(renderer) for text in drawn.texts]
    assert all(drawn.bbox.x0 <= box.x0 and box.x1 <= drawn.bbox.x1 for box in boxes)
