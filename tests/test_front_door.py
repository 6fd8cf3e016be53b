"""The five shortest notebooks, as the page has them."""

from pathlib import Path

import pytest
from five_lines import Numbers, examples, run

EXAMPLES = examples(Path(__file__).resolve().parent.parent / "book" / "five-lines.md")


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_of_the_page_gives_what_stands_below_it(title):
    assert run(title, EXAMPLES[title]) == ""


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_has_five_lines(title):
    assert EXAMPLES[title].count(">>> ") == 5


def test_there_are_five_examples():
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize(
    ("got", "alike"),
    [("a 1.25 m", True), ("a  1.24\nm", True), ("a 1.27 m", False), ("b 1.25 m", False)],
)
def test_an_output_is_compared_as_text_and_numbers(got, alike):
    assert Numbers().check_output("a 1.25 m", got, 0) == alike
