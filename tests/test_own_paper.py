"""The page *Audit your own paper*, followed word for word."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from rampore.audit.chapter import badge
from rampore.audit.study import read_notebook

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "book" / "own-paper.md").read_text(encoding="utf-8")
CAPTION = r"(?::caption: (?P<caption>[^\n]*)\n\n)?"
BLOCK = re.compile(
    rf"```(?P<kind>bash|text|\{{code-block\}} \w+)\n{CAPTION}(?P<text>.*?)```", re.DOTALL
)


class Reader:
    """Somebody who does what the page says, block by block."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.place, self.shown = folder, folder / "where", ""
        places = [str(Path(sys.executable).parent), os.environ["PATH"]]
        self.environment = os.environ | {"PATH": os.pathsep.join(places)}

    def follow(self, kind: str, caption: str | None, text: str) -> None:
        if kind == "bash":
            self.run(text)
        elif kind == "text":
            for line in text.splitlines():
                assert line in self.shown, f"{line}\nis not in\n{self.shown}"
        else:
            name, _, place = caption.partition(", ")
            self.write(self.folder / name, place, text)

    def run(self, commands: str) -> None:
        """In one shell, which stops where a command fails, but for a diff that found something."""
        found_some = r"\1 || test $? -eq 1"
        commands = re.sub(r"^(rampore audit diff .*)$", found_some, commands, flags=re.MULTILINE)
        done = subprocess.run(
            ["bash", "-euc", f"{commands}\npwd > '{self.place}'"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, commands + done.stdout + done.stderr
        self.shown = done.stdout.replace("\N{NO-BREAK SPACE}", " ")
        self.folder = Path(self.place.read_text(encoding="utf-8").strip())

    def write(self, path: Path, place: str, text: str) -> None:
        if place == "at its end":
            with path.open("a", encoding="utf-8") as file:
                file.write(f"\n{text}")
            return
        assert place == "a cell before the last"
        notebook = read_notebook(path)
        notebook.cells.insert(-1, new_code_cell(text.strip()))
        nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    reader = Reader(tmp_path_factory.mktemp("reader"))
    for block in BLOCK.finditer(PAGE):
        reader.follow(block["kind"], block["caption"], block["text"])
    return reader.folder


def test_the_page_can_be_followed_from_an_empty_folder_to_a_built_study(followed):
    assert len(BLOCK.findall(PAGE)) == PAGE.count("```") // 2
    html = followed / "build" / "html"
    for page in ("index", "scorecard", "inputs", "thickness"):
        assert (html / "book" / f"{page}.html").is_file()
    static = {path.name for path in (html / "_static").rglob("*") if path.is_file()}
    wanted = {"scorecard.css", "scorecard.js", "badge.svg", "claims.schema.json"}
    wanted |= {"claims.csv", "claims.json", "minisearch.js", "search.js", "search-index.js"}
    assert wanted <= static
    assert "Of the paper's 4 statements" in (followed / "README.md").read_text(encoding="utf-8")
    assert (followed / "badge.svg").is_file()


def test_every_statement_has_a_page_and_the_search_finds_it(followed):
    html = followed / "build" / "html"
    entries = json.loads((followed / "build" / "claims.json").read_text(encoding="utf-8"))
    index = (html / "_static" / "search-index.js").read_text(encoding="utf-8")
    front = (html / "book" / "index.html").read_text(encoding="utf-8")
    assert len(entries) == 4
    for entry in entries:
        page = (html / "book" / "claim" / f"{entry['id']}.html").read_text(encoding="utf-8")
        assert badge(entry["verdict"]) in page
        assert f"book/claim/{entry['id']}.html" in index
        assert f'href="claim/{entry["id"]}.html"' in front
        for link in re.findall(r'(?:href|src)="([^"#?]+)', page):
            there = (html / "book" / "claim" / link).resolve()
            assert re.match("[a-z]+:", link) or there.exists(), link
    assert "33 µm" in front.replace("\N{NO-BREAK SPACE}", " ")


def test_the_tests_of_the_study_say_that_its_verdicts_flipped(followed):
    """The page leaves it with the other density."""
    command = [sys.executable, "-m", "pytest", "-q", "tests"]
    done = subprocess.run(command, cwd=followed, capture_output=True, text=True)
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "'not reproduced'" in done.stdout
