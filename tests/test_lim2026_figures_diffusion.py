"""What the figures of diffusion and of the designs draw, read back: shares in per cent, lengths in
um.
"""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import t

from rampore.closures import Closure
from rampore.collector import perforated_foil
from rampore.diffusion import steady_diffusion
from rampore.figures import diffusion as tool
from rampore.lim2026.coatings import PLACES, TOLD, Fields
from rampore.lim2026.figures import design as design_figures
from rampore.lim2026.figures import diffusion as figures
from rampore.lim2026.sweeps import design
from rampore.style import NEGATIVE, PCUE

FOIL = perforated_foil(15e-6, 8960.0, hole_diameter=75e-6, open_fraction=0.2)


def line(axes, label):
    """x and y of the line of one label."""
    [found] = [each for each in axes.lines if each.get_label() == label]
    return found.get_xydata().T


def test_the_depth_that_pores_reach_is_a_mean_over_sections_in_per_cent():
    table = pd.DataFrame(
        {
            "porosity": [0.2, 0.2, 0.3],
            "deepest": [0.4, 0.6, 1.0],
            "reached": [0.1, 0.3, 0.9],
            "percolates": [0, 1, 1],
        }
    )
    [axes] = figures.percolation(table, {"paper": 0.24}).axes
    assert line(axes, "a section's depth") == pytest.approx(np.array([[20, 20, 30], [40, 60, 100]]))
    assert line(axes, "depth that its pores reach") == pytest.approx(
        np.array([[20, 30], [50, 100]])
    )
    assert line(axes, "pore area joined to the surface")[1] == pytest.approx([20, 90])
    assert line(axes, "sections with a way through")[1] == pytest.approx([50, 100])
    assert axes.texts[0].get_position()[0] == pytest.approx(24)


def test_the_tortuosity_factor_is_porosity_over_efficiency():
    cubes = pd.DataFrame(
        {"porosity": [0.2, 0.4], "efficiency": [0.02, 0.2], "section_efficiency": [0.0, 0.1]}
    )
    [axes] = figures.tortuosity(
        cubes, Closure("fit", 2.0), [Closure("other", 1.5)], (0.19, 0.28)
    ).axes
    assert line(axes, "cubes") == pytest.approx(np.array([[20, 40], [10, 2]]))
    assert line(axes, "its sections, where one of eight is open") == pytest.approx(
        np.array([[40], [4]])
    )
    for name, exponent in (("fit", 2.0), ("other", 1.5)):
        per_cent, factor = line(axes, name)
        assert factor == pytest.approx((per_cent / 100) ** (1 - exponent))
    corners = axes.patches[0].get_xy() if hasattr(axes.patches[0], "get_xy") else None
    assert corners[0] == pytest.approx(19)
    assert axes.patches[0].get_width() == pytest.approx(9)


def sections():
    """Two seeds, two cases, three places, four depths: the last place ends at the second."""
    share = np.arange(12.0).reshape(2, 2, 3) / 20
    concentration = np.linspace(1, 0, 48).reshape(2, 2, 3, 4)
    concentration[:, :, 2, 2:] = np.nan
    dims = ("seed", "case", "place")
    depth = 1e-6 * (np.arange(4) + 0.5)
    return xr.Dataset(
        {"share": (dims, share), "concentration": ((*dims, "depth"), concentration)},
        {"seed": [0, 1], "place": list(PLACES), "depth": depth},
    )


def test_concentration_is_drawn_as_the_mean_of_the_seeds_down_to_where_there_are_pores():
    data = sections()
    first, second = figures.depth_curves(data, ["foil", "walls"]).axes
    for number, axes in enumerate((first, second)):
        for place in PLACES:
            c, depth = line(axes, place)
            expected = (
                data.concentration.sel(place=place).isel(case=number).mean("seed").dropna("depth")
            )
            assert c == pytest.approx(expected.values)
            assert depth == pytest.approx(1e6 * expected.depth.values)


def test_the_local_tortuosity_is_drawn_down_the_depth_with_the_mean_of_the_cubes():
    local = xr.DataArray(
        [[[2.0, 4.0], [4.0, 8.0]]],
        {"porosity": [0.24], "seed": [0, 1], "depth": [1e-6, 3e-6]},
        ("porosity", "seed", "depth"),
    )
    [axes] = figures.tortuosity_along(local, {"bCuE": 0.24}).axes
    assert line(axes, "bCuE") == pytest.approx(np.array([[3, 6], [1, 3]]))
    assert len(axes.lines) == 3
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_what_sections_tell_is_drawn_beside_the_volume_and_closed_ones_are_not_counted():
    index = pd.MultiIndex.from_product([[0], [-1, 0, 1]], names=["seed", "plane"])
    quotients = pd.DataFrame(np.arange(1.0, 16.0).reshape(3, 5), index, TOLD)
    quotients.loc[(0, 1), "tortuosity"] = np.nan
    [axes] = figures.told(quotients, {"radius": 1.13}).axes
    drawn = [(each.get_marker(), list(each.get_xdata())) for each in axes.lines]
    assert [x for mark, x in drawn if mark == "."][:5] == [
        [6, 11],
        [7, 12],
        [8, 13],
        [9],
        [10, 15],
    ]
    assert [x for mark, x in drawn if mark == "D"][:5] == [[1], [2], [3], [4], [5]]
    assert [each.get_text() for each in axes.texts] == [
        f"{count} of 2 pairs" for count in (2, 2, 2, 1, 2)
    ]
    assert [1.13] in [x for _, x in drawn]


def test_crowding_has_students_interval_over_the_seeds():
    data = sections()
    cubes = pd.DataFrame(
        {"porosity": [0.21, 0.19, 0.4], "asked": [0.2, 0.2, 0.4], "share": [0.5, 0.3, 0.2]}
    )
    left, right = figures.crowding(data, cubes, ["foil", "walls"]).axes
    for shift, place, container in zip((-0.2, 0, 0.2), PLACES, left.containers, strict=True):
        share = 100 * data.share.sel(place=place).values
        middle, _, (bars,) = container.lines
        assert list(middle.get_xdata()) == pytest.approx([shift, 1 + shift])
        assert list(middle.get_ydata()) == pytest.approx(share.mean(axis=0))
        # two seeds: sd / sqrt(2) is half their difference
        half = t.ppf(0.975, 1) * np.abs(share[0] - share[1]) / 2
        reach = [np.ptp(segment[:, 1]) / 2 for segment in bars.get_segments()]
        assert reach == pytest.approx(half)
    points, mean = (each.get_xydata().T for each in right.lines if each.get_color() == NEGATIVE)
    assert points == pytest.approx(np.array([[21, 19, 40], [50, 30, 20]]))
    assert mean == pytest.approx(np.array([[20, 40], [40, 20]]))


def test_the_map_of_mixing_marks_closures_where_they_lie():
    exponents, thresholds = np.linspace(1, 3, 5), np.linspace(0, 0.15, 4)
    gain = np.add.outer(thresholds, exponents - 2)
    gains = {"a": gain, "b": gain + 0.1, "c": gain - 0.1}
    axes = figures.mixing_map(
        exponents, thresholds, gains, [Closure("one", 1.5), Closure("two", 2.5, 1, 0.1)]
    )
    axes = axes.axes[0]
    mesh = axes.collections[0]
    assert np.asarray(mesh.get_array()).ravel() == pytest.approx(100 * gain.ravel())
    assert np.asarray(mesh.get_coordinates())[-1, -1] == pytest.approx([3, 15])
    marked = [each.get_xydata()[0] for each in axes.lines if len(each.get_xdata()) == 1]
    assert np.array(marked) == pytest.approx(np.array([[1.5, 0], [2.5, 10]]))


def test_concentration_on_the_metal_is_drawn_from_the_edge_of_the_hole_on():
    distance = 1e-6 * np.array([[20.0, 57.5, 47.5]])  # the first lies over the hole
    fields = Fields(None, distance, np.array([[9.0, 0.2, 0.3]]), 0.4, 0.0, 0.0, 0.5, 0.1)
    [axes] = figures.unit_cells({"a": fields}, FOIL).axes
    assert line(axes, "a") == pytest.approx(np.array([[10, 20], [0.6, 0.4]]))
    levels = [each.get_ydata()[0] for each in axes.lines if each.get_linestyle() == ":"]
    assert levels == pytest.approx([0.2])
    [bottom] = [each for each in axes.lines if each.get_marker() == "D"]
    assert bottom.get_ydata() == pytest.approx([0.8])


def test_an_overview_shows_the_middle_of_each_pixel_along_the_flow():
    result = steady_diffusion(np.ones((4, 6)), spacing=2e-6)
    figure = tool.overview(result, np.ones((4, 6)), 2e-6)
    image, inside, crowd, along = figure.axes[:4]
    c, depth = along.lines[0].get_xydata().T
    assert depth == pytest.approx([1, 3, 5, 7])  # um
    assert c == pytest.approx([0.875, 0.625, 0.375, 0.125])
    assert image.images[0].get_extent() == pytest.approx([0, 12, 8, 0])
    assert np.asarray(inside.images[0].get_array()) == pytest.approx(
        np.repeat([[0.875], [0.625], [0.375], [0.125]], 6, axis=1)
    )
    assert np.asarray(crowd.images[0].get_array()) == pytest.approx(np.ones((4, 6)))


# Designs


@pytest.fixture
def designs():
    """The paper's design, two others at another density each, and the bare foil."""
    columns = {
        "hole_diameter": [75e-6, 75e-6, 0.0, 50e-6],
        "pitch": [160e-6, 200e-6, 160e-6, 200e-6],
        "foil_thickness": [15e-6, 15e-6, 10e-6, 10e-6],
        "density": [1400.0, 1500.0, 1500.0, 1600.0],
        "gravimetric": [3600 * 250.0, 3600 * 240.0, 3600 * 230.0, 3600 * 260.0],
        "volumetric": [3.6e6 * 690.0, 3.6e6 * 680.0, 3.6e6 * 670.0, 3.6e6 * 700.0],
        "capacity_3C": [36000 * 2.0, 36000 * 1.9, 36000 * 1.8, 36000 * 2.2],
        "capacity_5C": [36000 * 1.0, 36000 * 0.9, 36000 * 0.8, 36000 * 1.1],
        "strength": [1000.0, 1500.0, 2000.0, 800.0],
        "lowest_np_ratio": [1.0, 1.05, 1.1, 0.95],
    }
    return xr.Dataset({name: ("case", np.array(values)) for name, values in columns.items()})


def test_foils_stand_at_their_energy_and_capacity_by_density_and_the_best_are_filled(designs):
    figure, best = design_figures.trade(designs, 0), design.front(designs)
    places, filled = [], []
    for axes in figure.axes:
        for each in axes.lines:
            if each.get_label() != "paper's foil":
                places += each.get_xydata().tolist()
                filled += [each.get_markerfacecolor() != "none"] * len(each.get_xdata())
    order = np.argsort([energy for energy, _ in places])
    assert np.array(places)[order] == pytest.approx(
        np.array([[230, 1.8], [240, 1.9], [250, 2.0], [260, 2.2]])
    )
    assert np.array(filled)[order].tolist() == best[[2, 1, 0, 3]].tolist()
    assert line(figure.axes[0], "paper's foil").ravel() == pytest.approx([250, 2.0])
    bare = line(figure.axes[1], "bare")
    assert bare.ravel() == pytest.approx([230, 1.8])


def test_a_choice_is_shown_by_the_median_over_all_others_without_bare_foils(designs):
    figure = design_figures.effects(designs)
    rows = np.array(figure.axes).reshape(4, 4)
    holes, medians = rows[0, 0].lines[0].get_xydata().T
    assert holes == pytest.approx([50, 75])
    assert medians == pytest.approx([2.2, 1.95])
    density = rows[3, 3].lines[0].get_xydata()
    assert density == pytest.approx(np.array([[1.4, 1.0], [1.5, 1.05], [1.6, 0.95]]))
    assert rows[1, 1].lines[0].get_ydata() == pytest.approx([690, 690])
    assert rows[2, 2].lines[0].get_xydata() == pytest.approx(np.array([[10, 0.8], [15, 1.25]]))
    assert {each.get_color() for each in rows[0, 0].lines} == {PCUE}
