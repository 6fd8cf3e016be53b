"""The figures of the chapter on swelling, adhesion and ageing."""

import numpy as np
import pytest
from drawings import assert_drawn_with_units, open_markers

from rampore.impedance.spectrum import Spectrum
from rampore.lim2026.debonding import Debond
from rampore.lim2026.figures import swelling as figures
from rampore.lim2026.limits import Stand
from rampore.style import BCUE, PCUE

TIME = np.linspace(0, 14400, 5)
BAND = (np.array([0, 1, 2, 1, 0]) * 1e-6, np.array([0, 3, 6, 3, 0]) * 1e-6)
LINE = (np.array([0.0, 7200.0]), np.array([0.0, 4e-6]))
FOILS = ("bCuE", "pCuE")
FREQUENCY = np.geomspace(1e4, 1, 9)
SPECTRUM = Spectrum(FREQUENCY, 1 + 1 / (1 + 1j * FREQUENCY / 100))
CRACK = Debond(np.array([1e-6, 1e-5]), np.array([0.02, 0.01]), np.array([0.2, 0.2]))
STANDS = [
    Stand("it swells", "if dense", 15.0, 4.0, 8.0),
    Stand("it sticks", "if keyed", 1.9, 1.0, 3.0, paper=False),
]
RATIO = np.linspace(0.5, 3, 3)

FIGURES = {
    "volumes": lambda: figures.volumes(
        {"graphite": (3e-6, 4e-6)}, {"15 µm": (30e-6, "bCuE"), "10 µm": (20e-6, "pCuE")}
    ),
    "dilation": lambda: figures.dilation(
        TIME,
        dict.fromkeys(FOILS, BAND),
        dict.fromkeys(FOILS, dict.fromkeys(("volumes", "engine, g = 1", "engine, g = ½"), LINE)),
        {"bCuE": 15e-6, "pCuE": 10e-6},
        {"in silicon": (1e-7, 1e-6)},
        {"bCuE": 1.34e-6, "pCuE": 0.63e-6},
    ),
    "adhesion": lambda: figures.adhesion(
        RATIO,
        0.2 * (RATIO - 1),
        (-0.04, 0.05),
        (0.1, 0.25),
        RATIO,
        {"dry": RATIO, "none": RATIO, "wet": RATIO},
        {"pCuE": 0.6, "bCuE": 1.1},
    ),
    "contacts": lambda: figures.contacts(
        np.array([1.0, 100.0]),
        {"small": np.array([1.0, 0.9])},
        {"bare": (SPECTRUM, "bCuE", "-")},
    ),
    "fading": lambda: figures.fading(
        {"pCuE": 160, "bCuE": 108},
        0.8,
        np.array([1, 2]),
        {"5 %": np.array([0.5, 1]), "10 %": np.array([0.3, 0.5]), "20 %": np.array([0.1, 0.2])},
    ),
    "debonding": lambda: figures.debonding({"1 GPa": CRACK}, {"perforated": (0.5, 2)}),
    "stands": lambda: figures.stands(STANDS),
}
STATES_WHAT_THE_PAPER_SAYS = set(FIGURES) - {"contacts", "debonding"}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_renders_with_a_unit_on_every_labelled_axis(name):
    assert_drawn_with_units(FIGURES[name]())


@pytest.mark.parametrize("name", FIGURES)
def test_what_the_paper_states_is_an_open_marker_and_nothing_else_is(name):
    assert bool(open_markers(FIGURES[name]())) == (name in STATES_WHAT_THE_PAPER_SAYS)


def test_the_two_foils_are_drawn_on_one_scale():
    bare, perforated, _ = FIGURES["dilation"]().axes
    assert bare.get_ylim() == perforated.get_ylim()


def test_what_lies_outside_the_allowed_stands_right_of_the_line_in_another_colour():
    figure = FIGURES["stands"]()
    markers = [line for line in figure.axes[0].get_lines() if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in markers] == pytest.approx([15 / 8, 1.9 / 3])
    assert [line.get_mec() for line in markers] == [BCUE, "black"]
    assert markers[1].get_mfc() == "black"


def test_each_foil_keeps_its_colour():
    lines = FIGURES["fading"]().axes[0].get_lines()
    assert {line.get_color() for line in lines if len(line.get_xdata()) > 2} == {PCUE, BCUE}
