"""The book as a reader meets it: notebooks as committed, pages as built and opened in a browser
without a network.
"""

import ast
import html
import json
import re
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import axe_playwright_python
import nbformat
import pytest
import yaml
from fontTools.ttLib import TTFont
from screens import LAPTOP, PAPER, PHONE

from rampore.audit import claims
from rampore.audit.chapter import CLAIM_MIME, KEPT_MIME, NUMBERS_MIME, TABLE_MIME, badge
from rampore.audit.claims import Verdict
from rampore.audit.ledger import read_ledger
from rampore.audit.numbers import differences
from rampore.audit.study import NoStudyError
from rampore.lim2026 import LEDGER

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"


def documents(node):
    """Every page that the table of contents names, in order."""
    if isinstance(node, list):
        return [page for entry in node for page in documents(entry)]
    if isinstance(node, dict):
        here = [node[key] for key in ("root", "file") if key in node]
        return here + [
            page
            for key, below in node.items()
            if key not in ("root", "file")
            for page in documents(below)
        ]
    return []


PAGES = documents(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
CHAPTERS = [page for page in PAGES if (ROOT / f"{page}.ipynb").is_file()]


# ── As committed ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=CHAPTERS)
def notebook(request):
    return nbformat.read(ROOT / f"{request.param}.ipynb", as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def test_every_page_of_the_contents_is_there_once():
    assert [
        page
        for page in PAGES
        if not any((ROOT / f"{page}{ending}").is_file() for ending in (".md", ".ipynb"))
    ] == []
    assert len(set(PAGES)) == len(PAGES)


def test_every_page_that_is_there_stands_in_the_contents():
    there = {
        path.relative_to(ROOT).with_suffix("").as_posix() for path in BOOK.rglob("*.[mi][dp]*")
    }
    assert {page for page in there if "/_" not in page} == set(PAGES)


def test_every_chapter_has_a_number_of_its_own():
    numbers = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"][
        "config"
    ]["chapter_numbers"]
    assert set(CHAPTERS) <= set(numbers)
    assert len(set(numbers.values())) == len(numbers)


def test_a_committed_notebook_was_run_from_top_to_bottom(notebook):
    assert [cell.execution_count for cell in code(notebook)] == list(
        range(1, len(code(notebook)) + 1)
    )
    assert not [
        output
        for cell in code(notebook)
        for output in cell.outputs
        if output.output_type == "error"
    ]


def test_a_committed_notebook_holds_no_timings_and_no_folders_of_a_machine(notebook):
    held = [notebook.metadata, *(cell.metadata for cell in notebook.cells)]
    assert not [
        metadata for metadata in held if {"papermill", "execution", "ExecuteTime"} & set(metadata)
    ]
    assert not re.findall(r"(?:/home|/root|/tmp|/Users|/work)/\w+", nbformat.writes(notebook))


def test_a_cell_has_at_most_15_lines_and_defines_nothing(notebook):
    forbidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.While)
    for cell in code(notebook):
        assert len(cell.source.splitlines()) <= 15, cell.source
        assert not [
            node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, forbidden)
        ], cell.source


def test_a_cell_is_folded_under_a_line_that_says_what_it_does_or_only_hands_numbers_over(notebook):
    lines = []
    for cell in code(notebook)[:-1]:
        tags = {"hide-input", "remove-input", "remove-cell"} & set(cell.metadata.get("tags", []))
        if tags == {"hide-input"}:
            lines.append(cell.metadata.mystnb.code_prompt_show)
            assert re.fullmatch(r"[A-Z][^\n.]{8,100}", lines[-1]), lines[-1]
        else:
            assert tags == {"remove-input"}, cell.source
            assert all("scrapbook" in output.metadata for output in cell.outputs), cell.source
    assert len(set(lines)) == len(lines)


def test_a_notebook_downloaded_alone_says_in_one_line_what_it_lacks(
    notebook, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    program = "\n".join(cell.source for cell in code(notebook))
    with pytest.raises(NoStudyError, match="get the repository") as raised:
        exec(program, {})
    assert raised.value._render_traceback_() == [str(raised.value)]
    assert "\n" not in str(raised.value)


def test_one_cell_holds_the_parameters_with_the_output_folder_among_them(notebook):
    [cell] = [cell for cell in code(notebook) if "parameters" in cell.metadata.get("tags", [])]
    names = {
        target.id for node in ast.parse(cell.source).body for target in getattr(node, "targets", [])
    }
    assert "output" in names


def test_every_figure_has_a_name_a_caption_and_a_text_for_who_cannot_see_it(notebook):
    names = []
    for cell in code(notebook):
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            shown = cell.metadata.get("mystnb", {})
            names.append(shown["figure"]["name"])
            assert names[-1].startswith("fig-")
            assert len(shown["figure"]["caption"]) > 30
            assert len(shown["image"]["alt"]) > 20
    assert names
    assert len(set(names)) == len(names)


def test_a_chapter_closes_with_all_its_numbers(notebook):
    *before, last = code(notebook)
    assert last.source == "chapter.close()"
    assert list(last.outputs[0].data[NUMBERS_MIME])
    assert not [
        cell
        for cell in before
        if any(NUMBERS_MIME in output.get("data", {}) for output in cell.outputs)
    ]


#: What a chapter hands over holds its numbers with their errors; anything else would be compared as
#: text, or never.
KEPT = {
    CLAIM_MIME,
    KEPT_MIME,
    NUMBERS_MIME,
    TABLE_MIME,
    "image/png",
    "application/papermill.record/text/plain",
}


def test_every_number_that_a_chapter_shows_is_one_that_it_keeps(notebook):
    for cell in code(notebook):
        for output in cell.outputs:
            if output.output_type == "stream":
                assert not re.search(r"\d", output.text), cell.source
            else:
                assert KEPT & set(output.data), cell.source


def test_every_claim_and_every_number_of_the_prose_is_among_what_is_compared(notebook):
    kept = code(notebook)[-1].outputs[0].data[NUMBERS_MIME]
    for output in (output for cell in code(notebook) for output in cell.outputs):
        data = output.get("data", {})
        if CLAIM_MIME in data:
            assert f"claim/{data[CLAIM_MIME]['id']}/verdict" in kept
        if "scrapbook" in output.get("metadata", {}):
            assert f"prose/{output.metadata.scrapbook.name}" in kept
        for name in data.get(KEPT_MIME, []):
            assert name in kept


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_fresh_run_gives_the_committed_numbers_within_their_errors(name, built):
    committed = (
        code(nbformat.read(ROOT / f"{name}.ipynb", as_version=4))[-1].outputs[0].data[NUMBERS_MIME]
    )
    fresh = json.loads(
        (built / "results" / Path(name).name / "numbers.json").read_text(encoding="utf-8")
    )
    assert differences(committed, fresh) == []


def test_a_chapter_ends_with_two_exercises(notebook):
    [text] = [
        cell.source for cell in notebook.cells if re.search(r"^#+ .*Exercises", cell.source, re.M)
    ]
    assert len(re.findall(r"^(?:\d\.|\*\*\d)", text, re.M)) == 2


def test_the_api_reference_covers_every_module():
    source = ROOT / "src"
    modules = {
        ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        for path in (source / "rampore").rglob("*.py")
        if path.name != "__main__.py" and "reproduce" not in path.parts
    }
    inside = {"rampore", "rampore.cli"}
    documented = {
        name
        for page in (BOOK / "api").rglob("*.md")
        for name in re.findall(r"automodule:: (\S+)", page.read_text("utf-8"))
    }
    assert documented == modules - inside | {"rampore.audit.reproduce"}


def test_the_examples_of_the_page_on_own_data_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (BOOK / "own-data.md").read_text(encoding="utf-8")
    # what has files to download has a test of its own
    text = "".join(each for each in re.split(r"^## ", page, flags=re.M) if "{download}" not in each)
    cell, ledger = re.findall(r"```toml\n(.*?)```", text, re.S)
    (tmp_path / "my_cell.toml").write_text(cell, encoding="utf-8")
    (tmp_path / "my_claims.toml").write_text(ledger, encoding="utf-8")
    names = {}
    for example in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(example, names)
    assert names["cell"].perforation.hole_diameter == 5e-5
    assert names["chapter"].stated("thickness") == 3.3e-5


# ── The verdicts ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def entries(built):
    return json.loads((built / "claims.json").read_text(encoding="utf-8"))


def test_chapters_1_and_5_give_a_verdict_on_all_that_geometry_and_design_decide(entries):
    silent = [
        entry["id"]
        for entry in entries
        if entry["section"] in (1, 2, 8, 9)
        and entry["basis"] in ("geometry", "design")
        and (entry["verdict"] in (Verdict.PENDING, Verdict.NOT_TESTABLE) or not entry["link"])
    ]
    assert silent == []


def test_a_verdict_leads_to_the_section_that_computed_it(built, entries):
    for entry in entries:
        if entry["verdict"] != Verdict.NOT_TESTABLE:  # a chapter may say why, or the ledger alone
            assert bool(entry["link"]) == (entry["verdict"] != Verdict.PENDING), entry["id"]
        if entry["link"]:
            assert broken(built / "html" / "book" / "scorecard.html", entry["link"]) is None, entry[
                "id"
            ]
    assert len(entries) == len(read_ledger(LEDGER))


def test_the_readme_carries_the_summary_of_these_verdicts(entries):
    from rampore.audit.pages.scorecard import summary_readme
    from rampore.audit.reproduce.book import with_summary
    from rampore.audit.reproduce.verdicts import tables

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    committed = tables(
        {page: nbformat.read(ROOT / f"{page}.ipynb", as_version=4) for page in CHAPTERS}
    )
    expected = with_summary(readme, summary_readme(entries, committed))
    assert readme == expected, "`make notebooks` brings README.md up to date"


# ── As built ────────────────────────────────────────────────────────────────────────────────────


def broken(page, link):
    """Why a link of a page leads nowhere, or None."""
    address, fragment = urldefrag(link)
    target = (page.parent / unquote(address.split("?")[0])).resolve() if address else page
    if target.is_dir():
        target = target / "index.html"
    if not target.is_file():
        return f"{link}: no such page"
    state_of_the_filter = "=" in fragment
    if (
        fragment
        and not state_of_the_filter
        and f'id="{unquote(fragment)}"' not in target.read_text(encoding="utf-8")
    ):
        return f"{link}: no such place on the page"
    return None


@pytest.mark.parametrize("name", PAGES)
def test_no_link_within_the_book_leads_nowhere(name, built):
    page = built / "html" / f"{name}.html"
    links = set(re.findall(r'(?:href|src)="([^"]+)"', page.read_text(encoding="utf-8")))
    within = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [why for link in sorted(within) if (why := broken(page, link))] == []


def test_every_statement_has_a_page_with_its_verdict_as_the_rule_derives_it(built, entries):
    ledger = read_ledger(LEDGER)
    for entry in entries:
        claim = ledger[entry["id"]]
        derived = claims.verdict(claim, claims.reported(claim, entry))
        page = built / "html" / "book" / "claim" / f"{entry['id']}.html"
        text = page.read_text(encoding="utf-8")
        head = text[text.index('<p class="claim-head">') :].partition("</p>")[0]
        assert badge(derived) in head, entry["id"]
        assert "RAMPORE-" not in text
        assert "{{figure" not in text
    there = {path.stem for path in (built / "html" / "book" / "claim").iterdir()}
    assert there == {entry["id"] for entry in entries}


def test_no_link_of_a_statements_page_leads_nowhere(built, entries):
    pages = [built / "html" / "book" / "claim" / f"{entry['id']}.html" for entry in entries]
    targets = {}
    for page in pages:
        for link in set(re.findall(r'(?:href|src)="([^"]+)"', page.read_text(encoding="utf-8"))):
            if not re.match(r"[a-z]+:", link):
                targets.setdefault(link, page)
    assert [why for link, page in sorted(targets.items()) if (why := broken(page, link))] == []


def test_a_statements_page_leads_to_the_very_cell_that_shows_its_verdict(built, entries):
    html = built / "html" / "book"
    chapters = {name: (html / f"{Path(name).name}.html").read_text("utf-8") for name in CHAPTERS}
    for entry in entries:
        if entry["cell"]:
            anchor = f"cell-{entry['cell']['index'] + 1}"
            page = (html / "claim" / f"{entry['id']}.html").read_text(encoding="utf-8")
            assert f'href="../{entry["chapter"]}.html#{anchor}"' in page
            chapter = chapters[f"book/{entry['chapter']}"]
            after = chapter[chapter.index(f'id="{anchor}"') :]
            here = re.split(r'id="cell-\d+"', after, maxsplit=2)[1]
            assert f'href="claim/{entry["id"]}.html"' in here, entry["id"]


#: What was true once, on a page that is to say what is.
STALE = (
    r"\bso far\b(?! (?:apart|as|from))|\bnot yet (?:written|computed|there|done|run)\b"
    r"|\bcomes? later\b|\b(?:still|yet) to come\b|, to come\b"
    r"|\bcoming soon\b|\bunwritten\b|\bTODO\b"
)


@pytest.mark.parametrize(
    ("text", "stale"),
    [
        ("Chapters that come later.", True),
        ("Its chapter is still to come.", True),
        ("What was found so far.", True),
        ("They lie so far apart that nothing comes of it.", False),
        ("How a statement is to come out.", False),
    ],
)
def test_a_stale_word_is_told_from_one_that_is_none(text, stale):
    assert bool(re.search(STALE, text)) == stale


@pytest.mark.parametrize("name", [page for page in PAGES if not page.startswith("book/api")])
def test_no_page_speaks_of_what_is_still_to_come(name, built):
    text = (built / "html" / f"{name}.html").read_text(encoding="utf-8")
    article = text[text.index("<article") : text.rindex("</article>")]
    words = re.sub(r"<pre.*?</pre>|<[^>]+>", " ", article, flags=re.DOTALL)
    assert re.findall(f".{{0,40}}(?:{STALE})", " ".join(words.split())) == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CITATION.cff"])
def test_no_file_at_the_door_speaks_of_what_is_still_to_come(name):
    assert re.findall(STALE, (ROOT / name).read_text(encoding="utf-8")) == []


def tags(page):
    """What a page says of itself to who meets it elsewhere."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', text)
    return {name: content for name, content in found if content}


def test_every_page_says_what_it_is_elsewhere(built, entries):
    wanted = {"description", "og:title", "og:description", "og:image", "og:url"}
    wanted |= {"citation_title", "citation_author", "citation_reference"}
    html = built / "html"
    pages = [html / f"{name}.html" for name in PAGES]
    pages += [html / "book" / "claim" / f"{entry['id']}.html" for entry in entries]
    described = {}
    for page in pages:
        said = tags(page)
        assert wanted <= set(said), page
        assert len(said["description"]) < 700
        described.setdefault(said["og:title"], []).append(page.name)
        picture = urldefrag(said["og:image"])[0].partition("_static/")[2]
        assert (html / "_static" / picture).is_file(), said["og:image"]
    assert [names for names in described.values() if len(names) > 1] == []


def test_what_a_page_says_of_a_statement_elsewhere_is_its_verdict(built, entries):
    for entry in entries:
        said = tags(built / "html" / "book" / "claim" / f"{entry['id']}.html")
        assert said["og:title"] == f"{entry['id']}: {entry['verdict']}"
        assert said["og:image"].endswith(f"/{entry['verdict'].replace(' ', '-')}.png")


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_figure_offers_itself_its_numbers_and_its_code(name, built):
    page = built / "html" / f"{name}.html"
    figures = re.findall(
        r'<figure[^>]*\bid="(fig-[^"]+)"(.*?)</figure>', page.read_text(encoding="utf-8"), re.S
    )
    for label, inside in figures:
        shown = re.search(r'<img[^>]*\bsrc="([^"]+)"', inside)
        links = re.findall(r'<li><a href="([^"]+)"[^>]*>([^<]+)</a></li>', inside)
        assert shown
        assert {"PNG", "SVG", "code"} <= {form for _, form in links}, label
        assert {address for address, form in links if form == "SVG"} == {shown[1]}
        assert [why for address, _ in links if (why := broken(page, address))] == []
    assert any("data (CSV)" in inside for _, inside in figures)


def test_the_code_of_a_figure_unfolds_as_one_comes_to_it(built, reader):
    page, found = reader
    page.goto((built / "html" / "book" / "collector.html").as_uri())
    link = page.locator("#fig-strength a", has_text="code")
    fold = page.locator(f"details.code:has({link.get_attribute('href')})")
    assert fold.get_attribute("open") is None
    link.click()
    assert fold.get_attribute("open") is not None
    assert found == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_offers_its_notebook_and_binder(name, built):
    text = (built / "html" / f"{name}.html").read_text(encoding="utf-8")
    assert f'href="../_sources/{name}.ipynb"' in text
    assert (built / "html" / "_sources" / f"{name}.ipynb").is_file()
    assert re.search(rf'href="https://mybinder\.org/v2/gh/[^"]+{name}\.ipynb"', text)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_leads_to_the_api_of_what_it_uses(name, built):
    text = (built / "html" / f"{name}.html").read_text(encoding="utf-8")
    assert re.search(r'<main.*href="api/\w+\.html', text, re.S)


def test_an_abbreviation_explains_itself_in_prose_and_nowhere_else(built):
    page = (built / "html" / "book" / "collector.html").read_text(encoding="utf-8")
    assert '<abbr title="the coating over a hole (perforated region)">PR</abbr>' in page
    explained = [(built / "html" / f"{name}.html").read_text("utf-8") for name in CHAPTERS]
    assert not any(re.search(r"<(?:h\d|a|code)\b[^>]*>[^<]*<abbr", text) for text in explained)


def test_the_glossary_has_every_abbreviation_once_and_the_first_page_leads_there(built):
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]["config"]
    page = (built / "html" / "book" / "nomenclature.html").read_text(encoding="utf-8")
    (listed,) = re.findall(r'<dl class="[^"]*\babbreviations\b[^"]*">(.*?)</dl>', page, re.S)
    terms = re.findall(r"<dt>(.+?)</dt>", listed, re.S)
    assert [re.sub(r"<.*?>", "", term).strip() for term in terms] == sorted(
        {short for short in config["abbreviations"] if not short.endswith("s")}, key=str.lower
    )
    first = (built / "html" / "book" / "index.html").read_text(encoding="utf-8")
    assert re.search(r'<main.*href="nomenclature\.html"', first, re.S)


def test_the_source_of_a_module_leads_back_to_where_it_is_documented(built):
    pages = sorted((built / "html" / "_modules").rglob("*.html"))
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r'class="viewcode-back" href="([^"]+)"', page.read_text("utf-8"))
    ]
    assert len(links) > len(pages)
    assert [why for page, link in links if (why := broken(page, link))] == []


def test_the_font_of_the_formulas_has_what_the_formulas_are_made_of(built):
    font = TTFont(BOOK / "_static" / "formulas" / "stix-two-math.woff")
    letters = set(map(chr, font.getBestCmap()))
    # a letter alone is set in italics, which have places of their own; that of h is Planck's
    italic = {chr(0x1D434 + n) for n in range(52)} - {"\U0001d455"} | {"\N{PLANCK CONSTANT}"}
    assert italic <= letters
    for name in PAGES:
        page = (built / "html" / f"{name}.html").read_text("utf-8")
        for formula in re.findall(r"<math.*?</math>", page, re.S):
            shown = html.unescape(re.sub(r"<[^>]*>|\s|\N{VARIATION SELECTOR-1}", "", formula))
            missing = set(shown) - letters
            assert missing == set(), (name, formula)


#: What a reader would stumble over, found in the page itself.
COMPLAINTS = r"""
async () => {
  const article = document.querySelector("article");
  const found = [];
  const complain = (what, element) =>
    found.push(what + ": " + (element.getAttribute("src") || element.textContent).slice(0, 80));
  for (const formula of article.querySelectorAll(".math"))
    if (!formula.querySelector("math")) complain("a formula was not set", formula);
  for (const icon of document.querySelectorAll(":is(.fa-solid, .fas, .fab)"))
    if (getComputedStyle(icon, "::before").content === "none") complain("no icon", icon);
  for (const image of article.querySelectorAll("img")) {
    image.loading = "eager";
    await image.decode().catch(() => {});
    if (!image.alt.trim() || /\.(png|svg|jpe?g)$/.test(image.alt))
      complain("an image has no alternative text", image);
    if (!image.complete || image.naturalWidth === 0) complain("an image does not show", image);
  }
  const words = article.cloneNode(true);
  const wordless = "pre, code, script, style, math, svg";
  for (const part of words.querySelectorAll(wordless)) part.remove();
  const markup = /\\\(|\\\[|\$\$|\{[a-z:]+\}`|\]\([^)]+\)/g;
  for (const raw of words.textContent.match(markup) || []) found.push("markup shows: " + raw);
  return found;
}
"""


#: Text that can hardly be told from what it stands on (WCAG AA), and code and tables that are cut.
HARD_TO_READ = r"""
() => {
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (rgb) => {
    const linear = (c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = rgb.map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((c, i) => a * c + (1 - a) * below[i]);
  const ground = (element) => {
    if (element === null) return [255, 255, 255];
    const own = numbers(getComputedStyle(element).backgroundColor);
    return own[3] === undefined ? own : over(own, ground(element.parentElement));
  };
  const found = new Set();
  const article = document.querySelector("article");
  for (const fold of article.querySelectorAll("details")) fold.open = true;
  const walk = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const words = walk.currentNode.data.trim(), element = walk.currentNode.parentElement;
    if (!words || !element.checkVisibility({ opacityProperty: true })) continue;
    if (element.closest("math, svg, a.headerlink, button")) continue;
    const style = getComputedStyle(element);
    const below = ground(element), text = over(numbers(style.color), below);
    const [dark, light] = [luminance(text), luminance(below)].sort((x, y) => x - y);
    const large = parseFloat(style.fontSize) >= 24;
    if ((light + 0.05) / (dark + 0.05) < (large ? 3 : 4.5))
      found.add(`faint, ${element.localName}.${element.className}: ${words.slice(0, 60)}`);
  }
  for (const code of article.querySelectorAll("div.highlight pre"))
    if (code.scrollWidth > code.clientWidth + 1) found.add("cut: " + code.textContent.slice(0, 60));
  for (const table of article.querySelectorAll("table"))
    if (table.checkVisibility() && table.offsetWidth > table.parentElement.clientWidth + 1)
      found.add("cut table: " + table.textContent.trim().slice(0, 60));
  return [...found];
}
"""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_well_offline_on_a_laptop_and_on_a_phone(name, built, reader):
    page, found = reader
    page.goto((built / "html" / f"{name}.html").as_uri())
    found += page.evaluate(COMPLAINTS)
    for size in (LAPTOP, PHONE):
        page.set_viewport_size(size)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"] + 1:
            found.append(f"{width} px wide on a screen of {size['width']}")
    assert found == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_word_of_a_page_can_be_read_and_no_code_or_table_is_cut(name, theme, built, reader):
    page, found = reader
    page.goto((built / "html" / f"{name}.html").as_uri())
    page.add_style_tag(content="* { transition: none !important }")
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    page.set_viewport_size(LAPTOP)
    found += page.evaluate(HARD_TO_READ)
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print")
    found += [f"printed, {what}" for what in page.evaluate(HARD_TO_READ) if what.startswith("cut")]
    assert found == []


#: Found by axe-core, and what the reader of a page cannot mend.
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


def barriers(page, theme):
    """What axe-core finds on a page that is open."""
    page.add_style_tag(content="* { transition: none !important }")
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    page.evaluate(AXE)
    return [
        f"{barrier['id']}: {node['html'][:120]}"
        for barrier in page.evaluate("() => axe.run({ preload: false })")["violations"]
        for node in barrier["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_barrier_on_a_page(name, theme, built, reader):
    page, found = reader
    page.goto((built / "html" / f"{name}.html").as_uri())
    assert found + barriers(page, theme) == []


#: What a page may load as it is opened: pictures further down come as one comes to them [bytes].
#: The one reference page of the cell model describes many modules, and wants to be split; chapter 2
#: begins with micrographs and maps of every pore, which weigh 0.6 MB.
HEAVIEST = 1_500_000
OWN_LIMIT = {PAGES[0]: 800_000, "book/api/p4d": 1_650_000, "book/pores": 1_700_000}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(name, built, chromium):
    page, loaded = chromium.new_page(), set()
    page.on("request", lambda request: loaded.add(request.url.split("?")[0]))
    page.goto((built / "html" / f"{name}.html").as_uri())
    page.wait_for_load_state("networkidle")
    page.close()
    files = [Path(unquote(urlsplit(url).path)) for url in loaded if url.startswith("file:")]
    weight = sum(file.stat().st_size for file in files)
    assert weight < OWN_LIMIT.get(name, HEAVIEST), f"{weight / 1e6:.2f} MB"


def search(page, built, words):
    """What the search finds first: its kind and where it leads."""
    page.goto((built / "html" / "search.html").as_uri() + f"?q={words}")
    page.wait_for_selector("#search-results li")
    return page.eval_on_selector_all(
        "#search-results li",
        "items => items.map(i => [i.className, i.querySelector('a').getAttribute('href')])",
    )


def test_the_search_works_offline(built, reader):
    page, found = reader
    search(page, built, "calendering")
    assert page.locator("#search-results a[href*='nomenclature']").count()
    assert page.locator("#search-results mark").count()
    assert found == []


@pytest.mark.parametrize(
    ("words", "first"),
    [("5C", "rate-5c-20"), ("1.25C", "hppc-protocol"), ("rate-5c-20", "rate-5c-20")],
)
def test_the_search_finds_the_statement_first(words, first, built, reader):
    page, found = reader
    (kind, address), *_ = search(page, built, words)
    assert kind == "search-statement"
    assert address.endswith(f"book/claim/{first}.html")
    assert found == []


def test_the_search_finds_statements_before_prose_and_prose_before_code(built, reader):
    page, _ = reader
    kinds = [kind for kind, _ in search(page, built, "porosity")]
    assert kinds[0] == "search-statement"
    assert "search-prose" in kinds
    symbols = [kind for kind, _ in search(page, built, "rampore.collector.perforated_foil")]
    assert symbols[0] == "search-code"


def test_what_the_search_finds_is_there(built, reader):
    page, _ = reader
    found = [address for _, address in search(page, built, "contact resistance")]
    assert len(found) > 5
    assert [
        why for address in found if (why := broken(built / "html" / "search.html", address))
    ] == []


def test_a_tile_names_its_statement_under_the_pointer_and_with_the_focus(built, reader):
    page, found = reader
    page.goto((built / "html" / "book" / "index.html").as_uri())
    assert page.locator("a.tile").count() == len(read_ledger(LEDGER))
    tile = page.locator("a.tile[href='claim/rate-5c-20.html']")
    words = tile.locator(".tile-words")
    opacity = "element => getComputedStyle(element).opacity"
    assert words.evaluate(opacity) == "0"
    tile.hover()
    assert words.evaluate(opacity) == "1"
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.locator("a.tile").nth(0).focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('a.tile:focus-visible')")
    assert page.evaluate("getComputedStyle(document.activeElement.lastChild).opacity") == "1"
    tile.press("Enter")
    page.wait_for_url("**/claim/rate-5c-20.html")
    assert found == []


def test_a_count_on_the_first_page_lands_on_the_filtered_list(built, reader):
    page, found = reader
    page.goto((built / "html" / "book" / "index.html").as_uri())
    page.click(".scorecard-count a[href*='inconsistent']")
    page.wait_for_selector("form.scorecard-filter output")
    verdicts = page.eval_on_selector_all(
        "table.scorecard tr[data-verdict]",
        "rows => rows.filter(r => r.offsetHeight).map(r => r.dataset.verdict)",
    )
    assert verdicts
    assert set(verdicts) == {"inconsistent"}
    form = page.locator("form.scorecard-filter").bounding_box()
    assert form
    assert 0 <= form["y"] < LAPTOP["height"]
    assert found == []


#: Pages of statements of every verdict, one without a number and one without a chapter's cell.
STATEMENTS = [
    *("rate-5c-20", "thickness-npr", "interface-area-larger", "foil-hole-lattice"),
    *("open-fraction-by-mass", "foil-areal-mass-pcu", "p4d-gradient"),
]


@pytest.mark.parametrize("place", ["book/claim/rate-5c-20.html", "search.html?q=porosity"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_barrier_on_a_statements_page_and_in_the_search(place, theme, built, reader):
    page, found = reader
    page.goto((built / "html").as_uri() + f"/{place}")
    assert found + barriers(page, theme) == []


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statements_page_reads_well_on_every_screen(name, built, reader):
    page, found = reader
    page.goto((built / "html" / "book" / "claim" / f"{name}.html").as_uri())
    page.add_style_tag(content="* { transition: none !important }")
    found += page.evaluate(COMPLAINTS)
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        found += page.evaluate(HARD_TO_READ)
    for size in (LAPTOP, PHONE):
        page.set_viewport_size(size)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"] + 1:
            found.append(f"{width} px wide on a screen of {size['width']}")
    assert found == []
