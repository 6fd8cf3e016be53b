"""The spectra of *How to use it on your own data*, followed word for word."""

import contextlib
import csv
import io
import json
import re
import shlex
from pathlib import Path

import pytest

from rampore import cli

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "book" / "own-data.md").read_text(encoding="utf-8")
SECTION = re.search(r"^## Spectra\n.*?(?=^## )", PAGE, re.M | re.S)[0]
BLOCKS = re.findall(r"```(bash|python|text)\n(.*?)```", SECTION, re.S)
FILES = re.findall(r"\{download\}`[^<`]*<([^>]+)>`", SECTION)


def follow(kind, text, names):
    if kind == "python":
        exec(compile(text, "own-data.md", "exec"), names)
    elif kind == "bash":
        for line in text.replace("\\\n", "").splitlines():
            command, *options = shlex.split(line, comments=True)
            assert command == "rampore"
            assert cli.main(options) == line.endswith("# refused"), line


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The folder of somebody who downloads the files and does what the page says, what was printed
    there, and the names that its Python has.
    """
    folder, names, shown = tmp_path_factory.mktemp("reader"), {}, io.StringIO()
    for file in FILES:
        (folder / Path(file).name).write_bytes((ROOT / "book" / file).read_bytes())
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(shown),
        contextlib.redirect_stderr(shown),
    ):
        for kind, text in BLOCKS:
            follow(kind, text, names)
    return folder, shown.getvalue(), names


def test_the_files_are_those_of_their_source():
    assert len(FILES) == 2
    for file in FILES:
        source = ROOT / "tests" / "data" / "impedance" / Path(file).name
        assert (ROOT / "book" / file).read_bytes() == source.read_bytes()
    assert "MIT" in (ROOT / "book" / "data" / "spectra" / "README.txt").read_text(encoding="utf-8")


def test_what_the_page_shows_is_what_comes_out(followed):
    _, shown, _ = followed
    for kind, text in BLOCKS:
        if kind == "text":
            for line in re.sub(r"\n +", " ", text).splitlines():
                assert line in shown


def test_the_library_and_the_command_say_the_same(followed):
    folder, _, names = followed
    found = json.loads((folder / "blocking" / "impedance.json").read_text())
    assert 2 * names["fit"]["ionic_resistance"] == pytest.approx(
        found["cell_ionic_resistance_ohm"], rel=1e-9
    )
    masked = json.loads((folder / "masked" / "impedance.json").read_text())
    entry = masked["parameters"]["ionic_resistance"]
    assert names["found"].fit["ionic_resistance"] == pytest.approx(entry["value"], rel=1e-6)
    assert entry["over_weightings"] == pytest.approx([names["low"], names["high"]], rel=1e-6)


def test_the_files_that_the_page_names_are_there(followed):
    folder, _, _ = followed
    for name in ("impedance.json", "residuals.csv", "impedance.png", "bode.png"):
        assert (folder / "tortuosity" / name).is_file()
    assert (folder / "circuits" / "relaxation.png").is_file()
    rows = {row["file"]: row for row in csv.DictReader((folder / "all" / "table.csv").open())}
    assert set(rows) == {Path(file).name for file in FILES}
    assert "Kramers" in rows["blocking_symmetric_008.csv"]["result"]


def test_what_the_page_says_of_the_circuits_is_so(followed):
    folder, _, names = followed
    found = json.loads((folder / "circuits" / "impedance.json").read_text())
    assert found["circuit"] == "R0-TLMQ1"
    assert names["rivals"][0].circuit == "R0-CPE1"
