"""The dilatometer of *How to use it on your own data*, followed word for word."""

import json

import numpy as np
import pytest
from own_data import Section

SECTION = Section("Dilatometers")


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    return folder, *SECTION.follow(folder)


def test_what_the_page_says_is_printed_is_printed(followed):
    _, _, shown = followed
    for line in SECTION.shows():
        assert line in shown


def test_the_curve_lies_between_the_two_ends_for_graphite(followed):
    folder, _, _ = followed
    told = json.loads((folder / "swollen" / "swelling.json").read_text(encoding="utf-8"))
    least, most = told["bounds"]["lithium in graphite"]["thickness_um"]
    assert least < told["thickness_um"] < most
    assert not told["beyond_lithium_metal"]
    assert (folder / "swollen" / "bounds.csv").is_file()


def test_the_curve_lies_between_the_stacks_until_its_last_two_points(followed):
    folder, _, _ = followed
    told = json.loads((folder / "thickness" / "swelling.json").read_text(encoding="utf-8"))
    rigid, middle, free = told["runs"]
    assert rigid["thicker_um"]["cell"] == 0
    assert 0 < middle["thicker_um"]["cell"] < free["thicker_um"]["cell"]
    table = np.genfromtxt(folder / "thickness" / "bounds.csv", delimiter=",", skip_header=1)
    _, measured, least, most = table.T
    assert np.flatnonzero((measured < least) | (measured > most)).tolist() == [47, 48]
    assert (folder / "thickness" / "thickness.png").is_file()
