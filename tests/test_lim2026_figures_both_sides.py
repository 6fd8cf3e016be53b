"""The figures of the chapter on the electrode that is coated on both sides."""

import numpy as np
import pytest
from drawings import assert_drawn_with_units, open_markers

from rampore.lim2026 import both_sides, parameters, second_coat
from rampore.lim2026.both_sides import Fullness, OpenAndClosed
from rampore.lim2026.figures import both_sides as figures
from rampore.lim2026.pairs import OnBoth
from rampore.style import MUTED, PCUE

TIME = np.linspace(0, 7200, 5)
FLAT = np.full(5, 0.5)
RUN = OpenAndClosed(
    Fullness(TIME, FLAT + 0.01, FLAT, None), Fullness(TIME, FLAT + 0.03, FLAT, None)
)
ONES = np.ones(6)
CHECKED = OnBoth(
    ONES, 1.1 * ONES, coarser=OnBoth(ONES, 1.09 * ONES), rough=OnBoth(ONES, 1.08 * ONES)
)
SIZE = np.linspace(0.1e-6, 4e-6, 9)

FIGURES = {
    "rates": lambda: figures.rates(
        both_sides.RATES,
        {
            "equal mass": dict.fromkeys("abc", CHECKED),
            "published": dict.fromkeys("abc", OnBoth(ONES, 0.9 * ONES)),
        },
        0.01,
    ),
    "passing": lambda: figures.passing(
        {name: dict.fromkeys((0.02, 0.05, 0.1), RUN) for name in ("tied", "half on each")}
    ),
    "coats": lambda: figures.coats(
        np.array([0.5, 1.0]), np.array([0.0, 3e-6]), (3e-6, 2.5e-6),
        second_coat.leak(parameters.load()),
    ),
    "tomogram": lambda: figures.tomogram(
        SIZE, {"pCuE": (SIZE / 5e-6, SIZE / 4e-6)}, {"pCuE": 1.36e-6}, (1.4e-6, 2.8e-6)
    ),
}  # fmt: skip
STATES_WHAT_THE_PAPER_SAYS = {"coats", "tomogram"}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_renders_with_a_unit_on_every_labelled_axis(name):
    assert_drawn_with_units(FIGURES[name]())


@pytest.mark.parametrize("name", FIGURES)
def test_what_the_paper_states_is_an_open_marker_and_nothing_else_is(name):
    assert bool(open_markers(FIGURES[name]())) == (name in STATES_WHAT_THE_PAPER_SAYS)


def test_the_gain_stands_at_each_rate_with_its_error_where_it_has_one():
    checked, lone = FIGURES["rates"]().axes
    for axes, gain, errors in ((checked, 10.0, [2.0] * 6), (lone, -10.0, [])):
        containers = axes.containers
        assert len(containers) == 3
        line, _, bars = containers[0]
        assert np.allclose(line.get_ydata(), gain)
        heights = [np.ptp(bar[:, 1]) / 2 for each in bars for bar in each.get_segments()]
        assert np.allclose(heights, errors)


def test_open_holes_are_blue_and_closed_ones_grey():
    axes = FIGURES["passing"]().axes[0]
    drawn = {
        line.get_color(): line.get_ydata()[-1]
        for line in axes.get_lines()
        if len(line.get_xdata()) == len(TIME)
    }
    assert drawn[PCUE] == pytest.approx(1.0)
    assert drawn[MUTED] == pytest.approx(3.0)
