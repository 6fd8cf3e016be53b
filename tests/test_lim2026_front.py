"""The first page: its answer, the picture of the cell, and what the citation file says."""

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rampore.audit.pages.front import said
from rampore.audit.reproduce import verdicts
from rampore.audit.study import find, read_notebook, read_yaml
from rampore.lim2026 import parameters
from rampore.lim2026.pages.front import answer, cell_picture, control

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def notebooks():
    return {name: read_notebook(path) for name, path in find(ROOT).chapters.items()}


@pytest.fixture(scope="module")
def entry(notebooks):
    entries = verdicts.collect(find(ROOT).ledger, notebooks)
    return next(entry for entry in entries if entry["id"] == "rate-5c-20")


def answered(entry, notebooks):
    return answer(entry, {name: said(notebook) for name, notebook in notebooks.items()})


def test_the_answer_is_one_sentence_made_of_what_the_chapters_found(entry, notebooks):
    sentence = answered(entry, notebooks)
    assert sentence.endswith(".")
    assert not re.search(r"[.?!] ", sentence)
    assert said(notebooks["p4d"])["printed-5c"] in sentence
    under = entry["assumption"]
    worse = under["needed"] / under["plausible"][1]
    (times,) = re.findall(r"(\d+) times as bad", sentence)
    assert int(times) == pytest.approx(worse, rel=0.05)


def test_where_the_verdict_is_another_one_the_answer_says_so(entry, notebooks):
    other = answered(entry | {"verdict": "reproduced"}, notebooks)
    assert other.startswith("By this run the gain at 5C is reproduced: ")


def test_the_citation_file_says_the_same(entry, notebooks):
    abstract = " ".join(read_yaml(ROOT / "CITATION.cff")["abstract"].split())
    sentence = " ".join(answered(entry, notebooks).split())
    assert sentence in abstract, "put the first page's answer into CITATION.cff"


def test_the_control_shows_the_count_of_known_outcomes():
    page = control({"verdict": "finds", "verdict-why": "4 of 5 known outcomes come out."})
    assert '<p class="fact-number">4 of 5</p><p>known outcomes come out.</p>' in page
    assert "the same model finds</a>" in page


@pytest.fixture(scope="module")
def picture():
    text = cell_picture(parameters.load())
    return ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])


def boxes(picture, kind):
    found = [each for each in picture.iter("rect") if each.get("class") == f"cell-{kind}"]
    return [[float(each.get(key)) for key in ("x", "y", "width", "height")] for each in found]


def test_the_picture_is_to_scale(picture):
    inputs = parameters.load()
    (_, _, pitches, _), *_ = boxes(picture, "copper")
    pitch, holes = pitches / 2, boxes(picture, "porous")
    assert [width for *_, width, _ in holes] == pytest.approx([75, 75])
    assert holes[1][0] - holes[0][0] == pytest.approx(pitch, abs=0.01)
    share = 3.14159265 * 75**2 / (2 * 3**0.5 * pitch**2)
    assert share == pytest.approx(inputs.perforation.open_fraction, rel=1e-3)
    for kind, length in [
        ("copper", inputs.perforation.foil_thickness),
        ("separator", inputs.separator.thickness),
        ("positive", inputs.positive.thickness),
    ]:
        ((*_, height),) = boxes(picture, kind)
        assert height == pytest.approx(1e6 * length, abs=0.01)


def test_a_hole_is_filled_down_through_the_foil_and_layers_leave_no_gap(picture):
    order = ("aluminium", "positive", "separator", "dense", "copper")
    layers = [boxes(picture, kind)[0] for kind in order]
    for (_, top, _, height), (_, below, _, _) in itertools.pairwise(layers):
        assert top + height == pytest.approx(below, abs=0.011)
    (_, foil, _, depth), (_, coat, _, _) = layers[-1], layers[-2]
    for _, top, _, height in boxes(picture, "porous"):
        assert top == pytest.approx(coat, abs=0.011)
        assert top + height == pytest.approx(foil + depth, abs=0.011)


def test_the_picture_says_aloud_what_it_shows_and_its_words_stay_inside(picture):
    assert "75 µm wide, 160 µm apart" in picture.get("aria-label").replace("\xa0", " ")
    width, height = map(float, picture.get("viewBox").split()[2:])
    for text in picture.iter("text"):
        assert 0 < float(text.get("x")) < width
        assert 0 < float(text.get("y")) < height
