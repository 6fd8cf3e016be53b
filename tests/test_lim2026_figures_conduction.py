"""The figures of the conduction chapter: with units, on equal scales, and with the paper's foil as
an open marker.
"""

import numpy as np
import pytest
from drawings import assert_drawn_with_units

from rampore.collector import pitch_from_open_fraction
from rampore.conduction import field, sheet
from rampore.conduction.through_plane import CoatedFoil, ThroughPlaneMesh, through_plane
from rampore.lim2026.figures import conduction as figures
from rampore.lim2026.uniformity import Departure
from rampore.style import PAPER

PITCH = float(pitch_from_open_fraction(75e-6, 0.2))
FLOW = through_plane(
    CoatedFoil(75e-6, PITCH, 15e-6, 30e-6, 1000.0, 1.1e-7), mesh=ThroughPlaneMesh(8, 4, 2)
)
SIGNAL = field.hole_signal(
    sheet.perforated_sheet(75e-6, PITCH, cells=4), PITCH, (1e-3, 1e-3), 3.0, [1e-4, 1e-3]
)
DIAMETERS = np.geomspace(20e-6, 600e-6, 5)
RISING = Departure(*(np.linspace(0, 0.4, 5),) * 3)


FIGURES = {
    "current_maps": lambda: figures.current_maps([FLOW, FLOW]),
    "departures": lambda: figures.departures(
        DIAMETERS, (RISING, RISING), {"foil": RISING}, Departure(0.5, 1.0, 0.25), 0.1, [75e-6]
    ),
    "thresholds": lambda: figures.thresholds(
        np.array([10e-6, 100e-6]),
        [0.0],
        Departure(*(np.array([[40e-6, np.inf]]),) * 3),
        (30e-6, 75e-6),
    ),
    "sheet_conductance": lambda: figures.sheet_conductance(
        np.linspace(0, 0.8, 5),
        {"Maxwell": np.ones(5), "Rayleigh": np.ones(5)},
        ([0.2], [0.7]),
        [0.2],
    ),
    "strip_profiles": lambda: figures.strip_profiles(SIGNAL, 3.0, 2.5e-3),
    "hole_signals": lambda: figures.hole_signals(
        SIGNAL, 1e-7, (np.array([1e-4, 1e-3]), {"told": np.array([1e-4, 1e-3])}), PITCH
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_renders_with_a_unit_on_every_labelled_axis(name):
    assert_drawn_with_units(FIGURES[name]())


def test_maps_that_are_compared_share_their_colours():
    figure = FIGURES["current_maps"]()
    limits = {image.get_clim() for axis in figure.axes[:-1] for image in axis.collections}
    assert limits == {(0, 1.5)}


def test_the_papers_foil_is_an_open_marker():
    figure = FIGURES["thresholds"]()
    for axis in figure.axes:
        marks = [line for line in axis.get_lines() if line.get_marker() == PAPER["marker"]]
        assert [(mark.get_xdata()[0], mark.get_ydata()[0]) for mark in marks] == [
            pytest.approx((30, 75))
        ]
        assert marks[0].get_mfc() == "white"


def test_a_hole_that_no_limit_bounds_leaves_its_curve_out():
    (line, _) = FIGURES["thresholds"]().axes[0].get_lines()
    np.testing.assert_array_equal(np.isnan(line.get_ydata()), [False, True])


def test_the_map_at_the_top_shows_holes_as_a_triangular_lattice():
    """The middle of the map and the four neighbours of its row and the next lie over holes: least
    current.
    """
    quarter = FLOW.top_current
    shown = figures._mirrored(quarter)
    n, m = quarter.shape
    assert shown.shape == (4 * n, 2 * m)
    least = quarter[0, 0]
    for place in ((0, m), (2 * n, m), (n, 0), (3 * n, 0), (2 * n - 1, m - 1), (4 * n - 1, m)):
        assert shown[place] == pytest.approx(least)
