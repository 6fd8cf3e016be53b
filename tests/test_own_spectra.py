"""The spectra of *How to use it on your own data*, followed word for word."""

import csv
import json
from pathlib import Path

import pytest
from own_data import BOOK, Section

SECTION = Section("Spectra")


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    names, shown = SECTION.follow(folder)
    return folder, shown, names


def test_the_files_are_those_of_their_source():
    assert len(SECTION.files) == 2
    for file in SECTION.files:
        source = BOOK.parent / "tests" / "data" / "impedance" / Path(file).name
        assert (BOOK / file).read_bytes() == source.read_bytes()
    assert "MIT" in (BOOK / "data" / "spectra" / "README.txt").read_text(encoding="utf-8")


def test_what_the_page_shows_is_what_comes_out(followed):
    _, shown, _ = followed
    assert all(line in shown for line in SECTION.shows())


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
    assert set(rows) == {Path(file).name for file in SECTION.files}
    assert "Kramers" in rows["blocking_symmetric_008.csv"]["result"]


def test_what_the_page_says_of_the_circuits_is_so(followed):
    folder, _, names = followed
    found = json.loads((folder / "circuits" / "impedance.json").read_text())
    assert found["circuit"] == "R0-TLMQ1"
    assert names["rivals"][0].circuit == "R0-CPE1"
