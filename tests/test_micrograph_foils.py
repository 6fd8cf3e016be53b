"""Pictures of foils whose holes are known, and what is read off them in spite of blur and light."""

import math

import numpy as np
import pytest
from scipy import ndimage

from rampore.micrograph import MicrographError, measure_foil

PIXEL = 2e-6


def drawn(diameter, pitch, lattice="triangular", shape=(240, 320), missing=(), scatter=0.0, fine=4):
    """A picture of round holes, each pixel by the share of it that is open, and that share of all.

    Lengths in pixels.
    """
    rng = np.random.default_rng(0)
    step = pitch * math.sqrt(3) / 2 if lattice == "triangular" else pitch
    open_ = np.zeros(np.multiply(shape, fine), bool)
    y, x = ((np.arange(n * fine) + 0.5) / fine for n in shape)
    number = 0
    for row in range(-1, int(shape[0] / step) + 2):
        shift = (row % 2) * pitch / 2 if lattice == "triangular" else 0.0
        for column in range(-1, int(shape[1] / pitch) + 2):
            number += 1
            if number in missing:
                continue
            middle = row * step + 3.3, column * pitch + shift + 1.7
            radius = diameter / 2 + scatter * rng.standard_normal()
            open_ |= np.add.outer((y - middle[0]) ** 2, (x - middle[1]) ** 2) < radius**2
    share = open_.reshape(shape[0], fine, shape[1], fine).mean(axis=(1, 3))
    return share, float(share.mean())


def photograph(share, blur=1.0, noise=5.0, slope=0.0):
    """Grey values of a picture that was taken against the light."""
    grey = ndimage.gaussian_filter(60 + 140 * share, blur)
    light = 1 + slope * np.linspace(-1, 1, share.shape[1])
    return grey * light + np.random.default_rng(1).normal(0, noise, share.shape)


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


def test_a_square_lattice_is_told_from_a_triangular_one():
    share, _ = drawn(18.4, 40.0, "square")
    found = measure_foil(photograph(share), PIXEL, "bright")
    assert found.lattice == "square"
    assert found.lattice_fraction == pytest.approx(math.pi / 4 * (18.4 / 40) ** 2, rel=0.02)


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
