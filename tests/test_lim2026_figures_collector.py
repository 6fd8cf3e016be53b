"""The figures of the collector chapter: to scale, with units, and with the paper's numbers as open
markers.
"""

import numpy as np
import pytest
from drawings import assert_drawn_with_units, open_markers

from rampore.coating import Local, Porosity, calender, dried_from_loading
from rampore.collector import net_section, perforated_foil
from rampore.lim2026.estimates import Estimate, exclusions
from rampore.lim2026.figures import collector as figures

FOIL = perforated_foil(15e-6, 8960.0, hole_diameter=75e-6, open_fraction=0.2)
COATING = Local(30e-6, 45e-6)
ESTIMATES = [Estimate("loadings", 0.2, 0.005), Estimate("masses", 0.317, 0.001)]
COMPRESSION = np.linspace(0, 0.4, 5)


def make_calendering():
    dried = [dried_from_loading(25.08e-6, 1 - eps, 0.2, 15e-6) for eps in (0.50, 0.55)]
    band = [calender(start, 15e-6, COMPRESSION) for start in dried]
    pressed = calender(dried[0], 15e-6, 0.36)
    return figures.calendering(
        COMPRESSION, band, Local(0.19, 0.28), (0.36, 0.43), (dried[0], pressed, FOIL)
    )


def make_contrast_map():
    thickness = np.linspace(1e-6, 30e-6, 4)
    dried = dried_from_loading(25.08e-6, 0.5, 0.2, thickness)
    solid = calender(dried, thickness[None], COMPRESSION[:, None]).density
    porosity = Local(*(np.broadcast_to(1 - share, (5, 4)) for share in solid))
    return figures.contrast_map(thickness, COMPRESSION, porosity, {"15 µm": (15e-6, 0.36)})


FIGURES = {
    "foil_to_scale": lambda: figures.foil_to_scale(
        [FOIL, FOIL], [COATING, COATING], (400e-6, 300e-6)
    ),
    "open_fractions": lambda: figures.open_fractions(ESTIMATES, exclusions(ESTIMATES), FOIL, [0.2]),
    "local_values": lambda: figures.local_values(
        ["design"],
        {"thickness (µm)": [COATING]},
        {"thickness (µm)": [COATING]},
        {"thickness (µm)": 33e-6},
    ),
    "recipe_porosity": lambda: figures.recipe_porosity(
        {"drawn": np.linspace(0.28, 0.32, 50)}, Porosity(0.30, 0.01, 0.28, 0.32), (0.24, 0.005)
    ),
    "calendering": make_calendering,
    "contrast_map": make_contrast_map,
    "contact_areas": lambda: figures.contact_areas(
        np.geomspace(20e-6, 600e-6, 9),
        {"one side": np.linspace(1.4, 0.8, 9)},
        {"one side": (75e-6, 0.96)},
    ),
    "strength": lambda: figures.strength(
        np.linspace(0.01, 0.6, 9), net_section(np.linspace(0.01, 0.6, 9)), 0.35, {"loadings": 0.2}
    ),
    "mass_balance": lambda: figures.mass_balance({"design": Local(0.045, 0.0675)}, 0.0495, 0.2),
}
STATES_WHAT_THE_PAPER_SAYS = set(FIGURES) - {"foil_to_scale", "contrast_map", "contact_areas"}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_renders_with_a_unit_on_every_labelled_axis(name):
    assert_drawn_with_units(FIGURES[name]())


@pytest.mark.parametrize("name", FIGURES)
def test_what_the_paper_states_is_an_open_marker_and_nothing_else_is(name):
    assert bool(open_markers(FIGURES[name]())) == (name in STATES_WHAT_THE_PAPER_SAYS)


@pytest.mark.parametrize("foils", [[FOIL], [FOIL, FOIL]])
def test_top_view_and_section_share_one_scale(foils):
    figure = figures.foil_to_scale(foils, [COATING] * len(foils), (400e-6, 300e-6))
    figure.draw_without_rendering()
    scales = [axis.transData.transform([(0, 0), (100, 100)]) for axis in figure.axes]
    pixels = np.array([end - start for start, end in scales])
    np.testing.assert_allclose(pixels, pixels[0, 0], rtol=0.02)  # a pixel of the layout


def test_the_paper_s_porosities_are_drawn_where_they_are_stated():
    drawn = sorted(line.get_ydata()[0] for line in open_markers(make_calendering()))
    assert drawn == pytest.approx([19, 28], rel=1e-12)
