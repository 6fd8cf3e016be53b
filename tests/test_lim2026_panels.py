"""The paper's figures one by one: all are listed, with what book and ledger have of them."""

import csv
import re
from pathlib import Path

import pytest

from rampore.audit.claims import record
from rampore.audit.ledger import read_ledger
from rampore.audit.pages.panels import drawn_by, panels_page
from rampore.audit.panels import read_panels
from rampore.audit.study import find, read_notebook
from rampore.lim2026 import LEDGER

ROOT = Path(__file__).resolve().parent.parent
PAPER = ROOT.parent / "shared" / "paper" / "lim2026.txt"
STUDY = find(ROOT)
GROUPS = read_panels(STUDY.settings.figures)
PANELS = [panel for group in GROUPS.values() for panel in group]


def typed():
    """Every figure, panel, table and note, typed a second time from the paper, in its order, with
    the words that name it."""
    path = ROOT / "tests" / "data" / "paper" / "panels.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["words"] for row in csv.DictReader(file)}


def named_by(text):
    """Every figure, table and note that a text cites, by a reading of its own: after the first,
    a number goes on the list where it is of the supplement, a letter where no number follows it.
    """
    for kind, rest in re.findall(r"(Fig|Table|Note)(?:s|ures?)?\.?\s(?=(S?\d[^.;()]*))", text):
        label, number = "Fig." if kind == "Fig" else kind, ""
        for part in re.split(r" and |, |,", rest):
            pattern = r"(S\d+)?([a-z])?(?:[–-](S\d+|[a-z]))?(?: \D|$)"
            found = re.match(pattern if number else pattern.replace("S", "S?", 1), part)
            if not found or not any(found.groups()):
                break
            number, first, last = found[1] or number, found[2] or "", found[3] or ""
            if last.startswith("S"):
                ends = [int(each[1:]) for each in (number, last)]
                yield from (f"{label} S{n}" for n in range(ends[0], ends[1] + 1))
            elif first:
                codes = range(ord(first), ord(last or first) + 1)
                yield from (f"{label} {number}{chr(code)}" for code in codes)
            else:
                yield f"{label} {number}"


def test_every_figure_panel_and_table_of_the_paper_is_listed_once_and_in_its_order():
    assert [place for panel in PANELS for place in panel.places] == list(typed())


def test_the_supplement_has_31_figures_and_seven_tables_and_the_paper_six_figures():
    names = list(typed())
    for label, last in (("Fig. ", 6), ("Fig. S", 31), ("Table S", 7)):
        numbers = {int(found[1]) for name in names if (found := re.match(rf"{label}(\d+)", name))}
        assert numbers == set(range(1, last + 1))


def test_whatever_the_papers_text_cites_is_listed_and_stands_there_in_the_words_typed():
    if not PAPER.exists():
        pytest.skip("the paper's whole text, CC BY 4.0, is not in the repository")
    text = PAPER.read_text(encoding="utf-8")
    squeezed = "".join(text.split())
    unnamed = {name for name, words in typed().items() if not words}
    for name, words in typed().items():
        assert "".join(words.split()) in squeezed, name
    body = re.sub(r"\nReferences.*", "", text, flags=re.DOTALL)
    captions = {f"Fig. {number}" for number in range(1, 6)}
    known_by_their_captions = {"Fig. 5e", "Fig. 6b"}
    assert set(named_by(body)) - captions == set(typed()) - unnamed - known_by_their_captions


@pytest.fixture(scope="module")
def drawn():
    return drawn_by({name: read_notebook(path) for name, path in STUDY.chapters.items()})


def test_every_counterpart_is_a_figure_of_the_book(drawn):
    lacking = {
        (panel.name, label) for panel in PANELS for label in panel.counterpart if label not in drawn
    }
    assert lacking == set()


def test_every_statement_stands_beside_the_panels_that_the_ledger_names(drawn):
    ledger = read_ledger(LEDGER)
    page = panels_page(GROUPS, [record(claim, None) for claim in ledger.values()], drawn)
    rows = re.findall(r"^\| <span id=\"([\w-]+)\">.*$", page, re.MULTILINE)
    lines = [line for line in page.splitlines() if line.startswith("| <span")]
    beside = dict(zip((panel.name for panel in PANELS), lines, strict=True))
    assert len(set(rows)) == len(rows) == len(PANELS)
    for claim in ledger.values():
        for name in named_by(claim.where):
            (panel,) = (panel for panel in PANELS if name in panel.places)
            assert f'href="claim/{claim.id}.html"' in beside[panel.name], (claim.id, name)
    assert "Fig. S13d" in set(named_by(ledger["rct-lower"].where))


def test_every_statement_that_rests_on_a_panel_is_in_the_ledger():
    ledger = read_ledger(LEDGER)
    assert [name for panel in PANELS for name in panel.statements if name not in ledger] == []


def test_no_panel_waits_for_a_chapter():
    assert {panel.chapter for panel in PANELS} == {""}
