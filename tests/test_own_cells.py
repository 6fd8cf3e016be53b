"""The cells of *How to use it on your own data*, followed word for word."""

import json

import numpy as np
import pytest
from own_data import BOOK, Section

SECTION = Section("Cells")
SOURCE = BOOK.parent / "tests" / "data" / "discharge"


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    return folder, *SECTION.follow(folder)


def summary(folder, run):
    return json.loads((folder / run / "summary.json").read_text(encoding="utf-8"))


def test_the_files_are_those_of_their_source():
    *files, cycle = SECTION.files
    assert cycle == "data/curves/cycle.csv"  # made up for the page
    assert len(files) == 2
    for file in files:
        assert (BOOK / file).read_bytes() == (SOURCE / file.rpartition("/")[2]).read_bytes()
    assert "BSD-3-Clause" in (BOOK / "data" / "cells" / "README.txt").read_text(encoding="utf-8")


def test_what_the_page_shows_is_what_comes_out(followed):
    _, _, shown = followed
    assert all(line in shown for line in SECTION.shows())


def test_the_library_and_the_command_say_the_same(followed):
    folder, names, _ = followed
    assert names["run"].capacity / 3600 == pytest.approx(
        summary(folder, "bare")["capacity_Ah_per_m2"], rel=1e-3
    )


def test_the_two_programs_differ_by_as_much_as_the_page_says(followed):
    _, names, _ = followed
    assert "The two are 0.4 mV apart" in SECTION.text
    away = names["difference"]
    assert np.sqrt(np.mean(away**2)) == pytest.approx(0.4e-3, abs=0.05e-3)


def test_the_holes_change_as_little_as_the_page_says(followed):
    folder, _, _ = followed
    bare, perforated = (summary(folder, f"{name}-3c") for name in ("bare", "perforated"))
    assert "delivers the same on both to 0.01 %" in SECTION.text
    assert perforated["capacity_Ah_per_m2"] == pytest.approx(bare["capacity_Ah_per_m2"], rel=1e-4)
    assert perforated["open_fraction"] > bare["open_fraction"] == 0


def test_the_files_and_keys_that_the_page_names_are_there(followed):
    folder, _, _ = followed
    for name in ("discharge.csv", "discharge.png", "fields.nc", "summary.json"):
        assert (folder / "bare" / name).is_file()
    for key in ("conservation", "ended_by", "exhausted", "salt_lowest_mol_per_m3", "validity_left"):
        assert key in summary(folder, "bare")
        assert f"`{key}`" in SECTION.text


def test_the_protocol_ends_as_it_is_said_and_the_overlay_is_as_far_off_as_the_page_says(followed):
    folder, _, shown = followed
    steps = summary(folder, "cycle")["runs"]["run"]["sentences"]
    assert [step["ended_by"] for step in steps] == ["time"] * 4 + ["voltage", "current"]
    assert "they are 0.4 mV apart" in SECTION.text
    apart = summary(folder, "overlaid")["measured"]["run"]["rms_mV"]
    assert apart == pytest.approx(0.4, abs=0.05)
    assert f"run: {apart:.2f} mV from what was measured" in shown
    for name in ("run.bdf.csv", "run.nc", "run.heat.csv"):
        assert (folder / "cycle" / name).is_file()
    driven = summary(folder, "driven")["runs"]["run"]
    assert [step["ended_by"] for step in driven["sentences"]] == ["time", "time"]
    assert sum(driven["heat_Wh_per_m2"].values()) > 0
    assert driven["heat_without_entropy_of"] == ""  # its coefficients stand in the file
    assert any(cause.startswith("entropy, ") for cause in driven["heat_Wh_per_m2"])
