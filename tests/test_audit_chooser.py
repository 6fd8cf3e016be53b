"""Forms over computed cases: what they refuse, and what a reader finds in a browser."""

import json
import re
from pathlib import Path

import pytest

from rampore.audit.pages.chooser import CaseAxis, Cases, ChooserError, Plot, chooser

STATIC = Path(__file__).parents[1] / "src" / "rampore" / "audit" / "static"

CHOICES = (
    CaseAxis("law", "Law", {"a": "first", "b & c": "second"}),
    CaseAxis("ohms", "Ohms", {"0": "0 Ω", "1": "1 Ω", "9": "9 Ω"}, slider=True, note="of all"),
)
CASES = Cases(
    ("gain", "word"),
    {
        (0, 0): ("+1.0 ± 0.2", "holds"),
        (0, 1): ("−2.5 ± 0.5", "fails"),
        (0, 2): "pores <close>",
        (1, 0): ("–", "open"),
    },
)
SHOWN = '<p class="chooser-answer" role="status">{gain} %: {word}</p>'
START = {"law": "a", "ohms": "0"}


def form(**changes):
    given = {"choices": CHOICES, "cases": CASES, "start": START, "shown": SHOWN} | changes
    return chooser("Which one?", **given)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cases": Cases(("gain", "word"), {(0, 3): ("1", "2")})}, "beyond"),
        ({"cases": Cases(("gain", "word"), {(0,): ("1", "2")})}, "beyond"),
        ({"cases": Cases(("gain", "word"), {(0, 0): ("1",)})}, "1 texts"),
        ({"shown": "{gian}"}, "did you mean 'gain'"),
        ({"plots": [Plot("gain", "no", "x", "y")]}, "unknown key 'no'"),
        ({"start": {"law": "c", "ohms": "0"}}, "unknown key 'c'"),
        ({"start": {"lwa": "a", "ohms": "0"}}, "did you mean 'law'"),
        ({"start": {"law": "a"}}, "start lacks ohms"),
    ],
)
def test_a_form_that_does_not_fit_its_cases_is_refused(changes, words):
    with pytest.raises(ChooserError, match=words):
        form(**changes)


def test_no_text_of_a_case_ends_the_data():
    [held] = re.findall(r'<script type="application/json">(.*?)</script>', form())
    assert json.loads(held)["rows"]["0 2"] == "pores <close>"


@pytest.fixture
def opened(tmp_path, reader):
    """The form on a page of its own, opened from a folder."""
    page, found = reader
    file = tmp_path / "form.html"

    def open_at(link="", html=None):
        script = (STATIC / "chooser.js").read_text(encoding="utf-8")
        body = html or form(plots=[Plot("gain", "gain", "x", "y", {1.0: "equal"})])
        file.write_text(
            f'<!doctype html><meta charset="utf-8"><body>{body}<script>{script}</script>',
            encoding="utf-8",
        )
        page.goto(file.as_uri() + link)
        return page

    yield open_at
    assert found == []


def answer(page):
    return page.inner_text(".chooser-answer")


def test_what_is_shown_is_the_case_that_is_chosen(opened):
    page = opened()
    assert answer(page) == "+1.0 ± 0.2 %: holds"
    page.get_by_role("slider", name="Ohms").press("ArrowRight")
    assert answer(page) == "−2.5 ± 0.5 %: fails"
    assert page.get_by_role("slider").get_attribute("aria-valuetext") == "1 Ω"
    assert page.locator("[data-word=fails]").inner_text() == "fails"
    page.get_by_label("second").check()
    assert page.locator(".chooser-outcome").is_hidden()


def test_a_case_without_an_outcome_says_why(opened):
    page = opened("#law=a&ohms=9")
    assert "pores <close>" in page.inner_text(".chooser-none")
    assert page.locator(".chooser-outcome").is_hidden()


def test_a_combination_that_was_not_computed_says_so_and_leads_to_the_nearest(opened):
    page = opened("#law=b%20%26%20c&ohms=9")
    assert "not computed" in page.inner_text(".chooser-missing")
    page.get_by_role("button", name="Go to the nearest").click()
    # one axis away by two steps, where others are two axes away, or have no outcome
    assert answer(page) == "– %: open"


def test_the_choice_stands_in_the_link_and_is_read_from_it(opened):
    page = opened("#other=1&law=b%20%26%20c")
    assert answer(page) == "– %: open"
    page.get_by_role("slider").press("End")
    page.wait_for_function("location.hash.includes('ohms=9')")
    assert page.evaluate("location.hash") == "#other=1&law=b%20%26%20c&ohms=9"
    page.evaluate("location.hash = '#law=a&ohms=1'")
    page.wait_for_function("document.querySelector('.chooser-answer').textContent.includes('2.5')")
    page.evaluate("location.hash = '#law=nonsense&ohms=0'")  # of which the second is a value
    page.wait_for_function("document.querySelector('.chooser-answer').textContent.includes('1.0')")


def test_the_chosen_case_is_marked_among_all_with_its_error(opened):
    page = opened()
    assert page.locator("circle.case").count() == 2  # a dash is no number
    width = page.evaluate(
        "(() => { const [line] = document.querySelectorAll('.chosen line'); "
        "return line.getAttribute('x2') - line.getAttribute('x1') })()"
    )
    page.get_by_role("slider").press("ArrowRight")
    wider = page.evaluate(
        "(() => { const [line] = document.querySelectorAll('.chosen line'); "
        "return line.getAttribute('x2') - line.getAttribute('x1') })()"
    )
    assert wider == pytest.approx(0.5 / 0.2 * width)
    assert "−2.5 ± 0.5" in page.get_by_role("img").get_attribute("aria-label")
