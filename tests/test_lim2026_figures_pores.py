"""The figures of the pores chapter: with units, and with the paper's numbers as open markers."""

import numpy as np
import pandas as pd
import pytest
from drawings import assert_drawn_with_units
from phantoms import all_links, discs

from rampore import pores
from rampore.lim2026.figures import pores as figures
from rampore.micrograph import disc_lattice
from rampore.multiverse import Outcomes
from rampore.pores import Profile
from rampore.style import PAPER, render

PAPERS = {"bCuE": (0.60e-6, 1.2), "pCuE": (0.68e-6, 1.6)}
BARE, PERFORATED = (
    Outcomes(np.full(3, 0.24), *(np.ones((3, n)) * np.array([1e-6, 1, 9])[k] for k in range(3)))
    for n in (2, 3)
)


def make_sections():
    mask, _ = discs(6, (2, 4), 20, all_links((2, 4)), width=3)
    analysis = pores.measure(mask, 0.1e-6)
    return figures.sections(
        {"pCuE": (mask.astype(float), analysis), "bCuE": (mask.astype(float), analysis)}
    )


def make_phantoms():
    known = disc_lattice(2, 3, radius=2e-6, pitch=6e-6, pixel_size=0.2e-6)
    return figures.phantoms(
        known, known.labels, np.array([0.1, 0.2, 0.4]), np.array([0, 0.01, 0.02])
    )


def make_along():
    profile = Profile(np.linspace(0, 100e-6, 5), np.full(5, 0.2), 20e-6)
    holes = [(10e-6, 30e-6), (60e-6, 80e-6)]
    return figures.along_the_foil(
        {"pCuE": profile, "bCuE": profile}, holes, {"PR": 0.28, "NPR": 0.19, "bCuE": 0.24}
    )


TABLE = pd.DataFrame({"equivalent_radius": [0.4e-6, 0.8e-6], "coordination": [1, 2]})
SHARES = np.linspace(0, 1, 3)
MEANS = {"published": SHARES, "equal solid": SHARES**2}
WINDOWS = np.array([5, 20, 80]) * 1e-6
FIGURES = {
    "phantoms": make_phantoms,
    "sections": make_sections,
    "along_the_foil": make_along,
    "scatter_over_width": lambda: figures.scatter_over_width(
        WINDOWS, np.full((2, 3), 0.03), np.full(3, 0.03), {"hole": 75e-6}, 0.09
    ),
    "predicted": lambda: figures.predicted(
        {"bCuE": [BARE], "pCuE, published": [PERFORATED]}, PAPERS
    ),
    "multiverse": lambda: figures.multiverse(BARE, PERFORATED, PAPERS, (0.04, 0.03)),
    "distributions": lambda: figures.distributions({"bCuE": TABLE, "pCuE": TABLE}, PAPERS),
    "over_share": lambda: figures.over_share(
        SHARES,
        {"radius (–)": (MEANS, SHARES - 1, SHARES + 1), "number (–)": (MEANS, SHARES, SHARES)},
        {"radius (–)": 1.1, "number (–)": 0.4},
        {"section": 0.47},
    ),
    "microscopes": lambda: figures.microscopes({"pixel 125 nm": (BARE, PERFORATED)}, PAPERS),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_renders_with_a_unit_on_every_labelled_axis(name):
    assert_drawn_with_units(FIGURES[name]())


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_the_same_bytes_twice(name):
    assert render(FIGURES[name](), "png", dpi=50) == render(FIGURES[name](), "png", dpi=50)


@pytest.mark.parametrize(
    ("name", "count"),
    [("predicted", 4), ("multiverse", 3), ("microscopes", 4), ("along_the_foil", 4)],
)
def test_what_the_paper_states_is_an_open_marker(name, count):
    lines = [line for axes in FIGURES[name]().axes for line in axes.lines]
    stated = [
        line
        for line in lines
        if line.get_zorder() == PAPER["zorder"] and line.get_markeredgecolor() == "black"
    ]
    assert len(stated) == count
    assert {line.get_markerfacecolor() for line in stated} == {"white"}
