"""The images of *How to use it on your own data*, followed word for word."""

import contextlib
import io
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from rampore import cli, pores

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "book" / "own-data.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("## Images\n") : PAGE.index("## Spectra\n")]
BLOCK = re.compile(r"```(?P<kind>bash|python)\n(?P<text>.*?)```", re.DOTALL)
FILES = re.findall(r"\{download\}`[^<`]*<([^>]+)>`", SECTION)


class Reader:
    """Somebody who downloads the files and does what the page says, block by block."""

    def __init__(self, folder, monkeypatch):
        monkeypatch.chdir(folder)
        for file in FILES:
            source = ROOT / "book" / file
            (folder / source.name).write_bytes(source.read_bytes())
        self.names, self.shown = {}, io.StringIO()
        with contextlib.redirect_stdout(self.shown):
            for block in BLOCK.finditer(SECTION):
                self.follow(block["kind"], block["text"])

    def follow(self, kind, text):
        if kind == "python":
            exec(compile(text, "own-data.md", "exec"), self.names)
            return
        for line in text.replace("\\\n", " ").splitlines():
            command, *options = shlex.split(line)
            assert command == "rampore"
            assert cli.main(options) == 0, line


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = tmp_path_factory.mktemp("reader")
        yield folder, Reader(folder, monkeypatch)


def test_every_block_is_followed(followed):
    assert len(BLOCK.findall(SECTION)) == SECTION.count("```") // 2
    assert len(FILES) == 2


def test_the_files_that_the_page_names_are_there(followed):
    folder, _ = followed
    for name in ("ways.png", "pores.csv", "throats.csv", "particles.csv", "network.npz"):
        assert (folder / "pores" / name).is_file()
    assert len(pd.read_csv(folder / "out" / "directions.csv")) == 2
    assert (folder / "out" / "profile_0.csv").is_file()


def test_the_library_and_the_command_say_the_same(followed):
    folder, reader = followed
    found = json.loads((folder / "pores" / "pores.json").read_text())
    assert reader.names["found"].porosity == pytest.approx(found["porosity"])
    table = pd.read_csv(folder / "out" / "directions.csv")
    assert reader.names["flow"].tortuosity_factor == pytest.approx(
        table["tortuosity_factor"][0], rel=1e-6
    )
    labelled = json.loads((folder / "labelled" / "pores.json").read_text())
    assert labelled["porosity"] == pytest.approx(reader.names["share"].value)


def test_what_the_page_says_of_the_segmentation_is_so(followed):
    """71, 73 and 76 % of what either calls pore."""
    _, reader = followed
    grey = reader.names["image"].grey
    truth = tifffile.imread(ROOT / "tests" / "data" / "micrographs" / "coating_sem_labels.tif") == 2

    def overlap(mask):
        return np.sum(mask & truth) / np.sum(mask | truth)

    assert "finds 71 % of what either calls pore, the six ways together 73 %" in SECTION
    assert "has 19.8 % of pores, the six ways 14.9 to 16.5 %" in SECTION
    shares = [mask.mean() for mask in reader.names["ways"].masks.values()]
    assert truth.mean() == pytest.approx(0.198, abs=5e-4)
    assert (min(shares), max(shares)) == pytest.approx((0.149, 0.165), abs=2e-3)
    assert overlap(pores.segment(grey, "bright")) == pytest.approx(0.71, abs=0.005)
    assert overlap(reader.names["ways"].mask) == pytest.approx(0.73, abs=0.005)
    assert max(overlap(grey > cut) for cut in range(256)) == pytest.approx(0.76, abs=0.005)


def test_pores_alone_lead_through_nowhere_in_this_section(followed):
    import rampore

    _, reader = followed
    assert rampore.tortuosity(reader.names["labels"], 0).relative_diffusivity == 0
