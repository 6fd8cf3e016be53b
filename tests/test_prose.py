"""No result stands typed in a chapter's prose: not in its text, and not in what its code says."""

from pathlib import Path

import pytest
from prose import hard_coded, known_numbers, of_code, of_markdown, typed

from rampore.audit.study import find, read_notebook

STUDY = find(Path(__file__).resolve().parent)

#: Numbers that may stand typed, besides those of the chapter's statements and of the inputs, by the
#: reason: chapter, number, unit.
ALLOWED = {
    "set by hand, and said to be": {
        ("conduction", 10, "%"),  # what counts as uniform
        ("conduction", 1.5, ""),  # exponents of the solid's share
        ("conduction", 1, "%"),  # of the field, in the table of standoffs
        ("diffusion", 0.01, ""),  # conductivities of the solid that no source gives
        ("diffusion", 0.1, ""),
        ("diffusion", 95, "%"),  # confidence
        ("double-sided", 95, "%"),
        ("energy", 95, "%"),
        ("pores", 5, "%"),  # by which the threshold is moved
        ("p4d", 10, "Ω cm²"),  # contact resistance of the positive control
    },
    "lengths at which something is asked": {
        ("conduction", 0.5, "mm"),  # standoffs of a magnetic sensor
        ("conduction", 1, "mm"),
        ("conduction", 2.5, "mm"),
        ("conduction", 5, "mm"),  # width of a tab
        ("energy", 6, "µm"),  # commercial copper
        ("energy", 8, "µm"),
        ("double-sided", 30, ""),  # days of rest
        ("pores", 80, "µm"),  # a window
    },
    "what the paper or another one did, and no row of the ledger states": {
        ("conduction", 60, "mAh"),
        ("conduction", 3, "A"),
        ("conduction", 3.6, "V"),
        ("conduction", 16, "µm"),  # a row of another chapter
        ("energy", 31, ""),  # SiOx to graphite
        ("energy", 62, ""),
        ("energy", 30, "wt%"),
        ("energy", 30, ""),
        ("energy", 50, "wt%"),
        ("energy", 5, "wt%"),
        ("energy", 20, "wt%"),
        ("energy", 10, ""),
        ("impedance", 30, "wt%"),
        ("impedance", 33, "wt%"),
        ("p4d", 33, "%"),
        ("p4d", 10, "s"),  # pulses
        ("p4d", 3, "mol L⁻¹"),  # up to which the conductivity was measured
        ("pores", 0.13, "µm"),  # pixel of a published section
        ("collector", 1, "µm"),  # the last digit printed of a thickness
    },
    "no quantity, but part of a name or a formula": {
        ("collector", 1, ""),  # the pure number as a unit, "/ 1"
        ("collector", 15, ""),  # Li15Si4
        ("collector", 4, ""),
        ("conduction", 0, ""),  # a departure from none
        ("conduction", 1, ""),  # less one
        ("energy", 100, ""),  # names of statements
        ("p4d", 1, ""),  # "below 1"
    },
}
NUMBERS = {place for places in ALLOWED.values() for place in places}


def typed_into(name):
    """Every number typed into a chapter that neither its statements nor the inputs hold."""
    return typed(name, read_notebook(STUDY.chapters[name]), known_numbers(STUDY.ledger, name))


@pytest.mark.parametrize("name", STUDY.chapters)
def test_no_result_is_typed_into_the_prose(name):
    wrong = [where for place, where in typed_into(name) if place not in NUMBERS]
    assert not wrong, "\n".join(["let chapter.say or chapter.phrase set these:", *wrong])


def test_no_value_is_typed_into_a_report_but_where_the_sentence_has_its_numbers():
    chapters = map(read_notebook, STUDY.chapters.values())
    found = [claim for notebook in chapters for claim in hard_coded(notebook)]
    assert found == ["sensor-array"]  # number and distance of the sensors, in the sentence itself


def test_every_number_that_may_be_typed_is():
    there = {place for name in STUDY.chapters for place, _ in typed_into(name)}
    assert NUMBERS - there == set()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("It finds between 15.8 and 29.5 % of pores.", [(15.8, "%"), (29.5, "%")]),
        ("better than 0.1 %, up to some 15 µm away", [(0.1, "%"), (15, "µm")]),
        ("by 1.4 points, −3 mV and 2.2", [(1.4, "points"), (-3, "mV"), (2.2, "")]),
        ("It is {glue:text}`saving` of $3\\,\\mu$m, `x = 3`, Fig. 3e, f and Chapter 4.", []),
        ("## 30 wt%\n\n1. At 3C, of NMC622 {cite}`lim2026` (2026), see [Table 3](a2.md).", []),
        ("$$\nx = 3\n$$ (eq-3)\n\n```{math}\n4\n```", []),
    ],
)
def test_the_finder_sees_numbers_of_prose_and_no_others(text, numbers):
    assert [(number, unit) for number, unit, _ in of_markdown(text)] == numbers


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        ('why = "The open fraction is 0.20, and {:.1f} % of 3.5 µm."', [(0.2, ""), (3.5, "µm")]),
        ('chapter.say("f-20", 0.2, "mg/cm2", 3)', []),
        ('why = f"It holds in {100 * x:.0f} % of the cases."', []),
        ("x = 3  # three of 4 µm", []),
    ],
)
def test_the_finder_sees_numbers_of_sentences_in_code(code, numbers):
    assert [(number, unit) for number, unit, _ in of_code(code)] == numbers
