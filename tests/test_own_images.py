"""The images of *How to use it on your own data*, followed word for word."""

import json

import numpy as np
import pandas as pd
import pytest
import tifffile
from own_data import BOOK, Section

from rampore import pores

SECTION = Section("Images")


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    names, _ = SECTION.follow(folder)
    return folder, names


def test_every_block_is_followed(followed):
    assert len(SECTION.blocks) == SECTION.text.count("```") // 2
    assert len(SECTION.files) == 2


def test_the_files_that_the_page_names_are_there(followed):
    folder, _ = followed
    for name in ("ways.png", "pores.csv", "throats.csv", "particles.csv", "network.npz"):
        assert (folder / "pores" / name).is_file()
    assert len(pd.read_csv(folder / "out" / "directions.csv")) == 2
    assert (folder / "out" / "profile_0.csv").is_file()


def test_the_library_and_the_command_say_the_same(followed):
    folder, names = followed
    found = json.loads((folder / "pores" / "pores.json").read_text())
    assert names["found"].porosity == pytest.approx(found["porosity"])
    table = pd.read_csv(folder / "out" / "directions.csv")
    assert names["flow"].tortuosity_factor == pytest.approx(table["tortuosity_factor"][0], rel=1e-6)
    labelled = json.loads((folder / "labelled" / "pores.json").read_text())
    assert labelled["porosity"] == pytest.approx(names["share"].value)


def test_what_the_page_says_of_the_segmentation_is_so(followed):
    """71, 73 and 76 % of what either calls pore."""
    _, names = followed
    grey = names["image"].grey
    truth = (
        tifffile.imread(BOOK.parent / "tests" / "data" / "micrographs" / "coating_sem_labels.tif")
        == 2
    )

    def overlap(mask):
        return np.sum(mask & truth) / np.sum(mask | truth)

    assert "finds 71 % of what either calls pore, the six ways together 73 %" in SECTION.text
    assert "has 19.8 % of pores, the six ways 14.9 to 16.5 %" in SECTION.text
    shares = [mask.mean() for mask in names["ways"].masks.values()]
    assert truth.mean() == pytest.approx(0.198, abs=5e-4)
    assert (min(shares), max(shares)) == pytest.approx((0.149, 0.165), abs=2e-3)
    assert overlap(pores.segment(grey, "bright")) == pytest.approx(0.71, abs=0.005)
    assert overlap(names["ways"].mask) == pytest.approx(0.73, abs=0.005)
    assert max(overlap(grey > cut) for cut in range(256)) == pytest.approx(0.76, abs=0.005)


def test_pores_alone_lead_through_nowhere_in_this_section(followed):
    import rampore

    _, names = followed
    assert rampore.tortuosity(names["labels"], 0).relative_diffusivity == 0
