"""Pictures of foils whose holes are known, and what is read off them in spite of blur and light."""

import math

import numpy as np
import pytest
from foils import drawn, photograph
from scipy import ndimage

from rampore.micrograph import MicrographError, measure_foil

PIXEL = 2e-6


@pytest.fixture(scope="module")
def foil():
    return drawn(18.4, 40.0)


@pytest.mark.parametrize(
    "faults",
    [{}, {"blur": 2.5}, {"noise": 20.0}, {"slope": 0.5}],
    ids=["fair", "blur", "noise", "slope"],
)
def test_diameter_pitch_and_open_fraction_are_those_that_were_drawn(foil, faults):
    share, open_fraction = foil
    found = measure_foil(photograph(share, **faults), PIXEL, "bright")
    assert found.hole_diameter == pytest.approx(18.4 * PIXEL, rel=0.01)
    assert found.pitch == pytest.approx(40 * PIXEL, rel=1e-3)
    assert found.open_fraction == pytest.approx(open_fraction, rel=0.02)
    assert found.lattice == "triangular"
    assert found.lattice_fraction == pytest.approx(
        math.pi / (2 * math.sqrt(3)) * (18.4 / 40) ** 2, rel=0.02
    )
    assert found.axis_ratio > 0.97


def test_where_a_hole_ends_is_the_less_known_the_more_the_picture_is_blurred(foil):
    """A step from 0 to 1 blurred by s passes 0.4 and 0.6 at -0.2533 s and 0.2533 s.

    Shares of the step count as it is seen, between means without a pixel of rim: blur that reaches
    farther makes it lower, to 0.84 at 2.5 px. What is left is the bend of the edge, (s / r)^2 / 2
    or 4 %, and as much again for counting whole pixels, of which 30 a hole lie between the ends.
    """
    inside, outside = (
        ndimage.binary_erosion(part, np.ones((3, 3)), border_value=1)
        for part in (foil[0] > 0.5, foil[0] < 0.5)
    )
    for blur in (1.0, 1.5, 2.0, 2.5):
        grey = photograph(foil[0], blur=blur, noise=0)
        seen = (grey[inside].mean() - grey[outside].mean()) / 140
        found = measure_foil(grey, PIXEL, "bright")
        expected = 2 * 0.2533 * blur * seen * PIXEL
        assert found.edge_uncertainty == pytest.approx(expected, rel=0.08)
        assert abs(found.hole_diameter - 18.4 * PIXEL) < found.diameter_uncertainty


def test_each_whole_hole_has_its_place_and_its_size(foil):
    found = measure_foil(photograph(foil[0]), PIXEL, "bright")
    rows, columns = (found.centres / PIXEL).T
    step = 40 * math.sqrt(3) / 2
    row = np.round((rows - 3.3) / step)
    assert rows == pytest.approx(3.3 + step * row, abs=0.2)
    along = (columns - 1.7 - 20 * (row % 2)) / 40
    assert along == pytest.approx(np.round(along), abs=0.2 / 40)
    assert found.diameters.mean() == found.hole_diameter
    assert found.axis_ratios.min() > 0.95
    assert len(found.numbers) == found.holes < found.labels.max()


def test_a_square_lattice_is_told_from_a_triangular_one():
    share, _ = drawn(18.4, 40.0, "square")
    found = measure_foil(photograph(share), PIXEL, "bright")
    assert found.lattice == "square"
    assert found.lattice_fraction == pytest.approx(math.pi / 4 * (18.4 / 40) ** 2, rel=0.02)


@pytest.mark.parametrize("lattice", ["triangular", "square"])
@pytest.mark.parametrize("faults", [{}, {"blur": 2.5}, {"noise": 20.0}, {"slope": 0.5}])
def test_the_intervals_hold_what_was_drawn(lattice, faults):
    share, _ = drawn(18.4, 40.0, lattice)
    found = measure_foil(photograph(share, **faults), PIXEL, "bright")
    assert abs(found.hole_diameter - 18.4 * PIXEL) < found.diameter_uncertainty < PIXEL * 18.4 / 10
    assert abs(found.pitch - 40 * PIXEL) < max(found.pitch_uncertainty, 1e-3 * found.pitch)


def test_holes_that_the_frame_cuts_are_open_but_not_measured(foil):
    share, open_fraction = foil
    found = measure_foil(photograph(share), PIXEL, "bright")
    border = np.concatenate([found.labels[[0, -1]].ravel(), found.labels[:, [0, -1]].ravel()])
    cut = np.setdiff1d(border, [0])
    assert len(cut) > 5
    assert np.intersect1d(cut, found.numbers).size == 0
    assert len(cut) + found.holes == found.labels.max()
    assert np.isin(found.labels, found.numbers).mean() < 0.95 * open_fraction
    # each whole hole's own numbers are those of its label
    [[first, *_]] = np.argwhere(found.labels == found.numbers[0])[:1].tolist()
    assert PIXEL * first < found.centres[0, 0] < PIXEL * first + found.diameters[0]


def test_holes_may_be_dark(foil):
    share, _ = foil
    grey = photograph(share)
    bright, dark = measure_foil(grey, PIXEL, "bright"), measure_foil(255 - grey, PIXEL, "dark")
    np.testing.assert_array_equal(bright.labels, dark.labels)


def test_holes_that_differ_have_the_scatter_that_was_drawn():
    share, _ = drawn(18.4, 40.0, scatter=0.6)
    found = measure_foil(photograph(share), PIXEL, "bright")
    # what so many holes know of their scatter, twice: 1 / sqrt(2 (n - 1)) of it
    known = 2 / np.sqrt(2 * (found.labels.max() - 1))
    assert found.hole_deviation == pytest.approx(2 * 0.6 * PIXEL, rel=known)


def test_where_holes_are_missing_the_open_fraction_is_below_that_of_the_lattice():
    share, open_fraction = drawn(18.4, 40.0, missing=(25, 37, 52))
    found = measure_foil(photograph(share), PIXEL, "bright")
    assert found.open_fraction == pytest.approx(open_fraction, rel=0.02)
    assert found.open_fraction < 0.97 * found.lattice_fraction
    assert found.pitch == pytest.approx(40 * PIXEL, rel=1e-3)


def test_dust_on_the_foil_and_in_a_hole_is_neither_a_hole_nor_takes_from_one(foil):
    share, open_fraction = foil
    dusty = share.copy()
    dusty[108:111, 60:63] = 1 - dusty[108:111, 60:63]
    holes = measure_foil(photograph(share), PIXEL, "bright").labels
    middle = np.array(ndimage.center_of_mass(holes > 0, holes, 20)).astype(int)
    dusty[middle[0] - 1 : middle[0] + 2, middle[1] - 1 : middle[1] + 2] = 0
    found = measure_foil(photograph(dusty), PIXEL, "bright")
    assert found.labels.max() == holes.max()
    assert found.open_fraction == pytest.approx(open_fraction, rel=0.02)


def test_holes_at_random_are_no_lattice():
    """Distances between 30 and 60 px."""
    rng = np.random.default_rng(3)
    share, _ = drawn(16.0, 44.0)
    moved = np.zeros_like(share)
    labels, count = ndimage.label(share > 0.5)
    for number in range(1, count + 1):
        shift = rng.integers(-12, 13, 2)
        moved += np.roll(labels == number, shift, (0, 1))
    assert measure_foil(photograph(np.minimum(moved, 1)), PIXEL, "bright").lattice == "irregular"


def test_the_edge_of_a_hole_converges_with_the_size_of_a_pixel():
    errors = []
    for pixels in (9.2, 36.8):
        share, _ = drawn(pixels, 2.2 * pixels, shape=(int(13 * pixels), int(17 * pixels)))
        found = measure_foil(photograph(share, blur=0.5, noise=0), 1.0, "bright")
        errors.append(abs(found.hole_diameter / pixels - 1))
    assert errors[1] < 0.003
    assert errors[0] < 0.02


@pytest.mark.parametrize(
    ("grey", "said"),
    [
        (np.ones((50, 50)), "finite grey values that differ"),
        (np.full((50, 50), np.nan), "finite"),
        (np.zeros((5, 5, 5)), "two dimensions"),
        (photograph(drawn(18.4, 40.0, shape=(90, 90))[0]), "whole holes are on the picture"),
    ],
    ids=["even", "nan", "volume", "few"],
)
def test_what_shows_no_lattice_is_refused(grey, said):
    with pytest.raises(MicrographError, match=said):
        measure_foil(grey, PIXEL, "bright")


@pytest.mark.parametrize(("size", "holes"), [(0.0, "bright"), (PIXEL, "round")])
def test_a_size_and_a_side_that_are_none_are_refused(foil, size, holes):
    with pytest.raises(MicrographError):
        measure_foil(photograph(foil[0]), size, holes)
