"""The microscope: off it shows the truth, and each fault does what its name says and no more."""

from dataclasses import replace

import numpy as np
import pytest

from rampore.micrograph import (
    GRAPHITE_SIOX,
    TYPICAL,
    Contrast,
    MicrographError,
    Microscope,
    Phase,
    bare_electrode,
    blur,
    charging,
    curtaining,
    digitise,
    grain_contrast,
    pore_back,
    section,
    shot_noise,
    uneven_illumination,
    volume,
)

PIXEL = 0.2e-6


@pytest.fixture(scope="module")
def phantom():
    electrode = bare_electrode(34e-6, 0.24, foil_thickness=6e-6)
    rng = np.random.default_rng(0)
    return section(electrode, GRAPHITE_SIOX, width=60e-6, pixel_size=PIXEL, above=2e-6, rng=rng)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_with_every_fault_off_two_phases_are_two_greys_exactly(phantom):
    two = Contrast(pore=0.125, outside=0.125, graphite=0.75, siox=0.75, binder=0.75, collector=0.75)
    image = Microscope(contrast=two).image(phantom, rng())
    void = phantom.pore | (phantom.phase == Phase.OUTSIDE)
    assert np.array_equal(image.grey, np.where(void, np.float32(0.125), np.float32(0.75)))
    assert (image.pixel_size, image.bits) == (PIXEL, None)


def test_with_every_fault_off_each_phase_has_its_grey(phantom):
    image = Microscope().image(phantom, rng())
    for phase in Phase:
        assert np.all(
            image.grey[phantom.phase == phase]
            == np.float32(getattr(Contrast(), phase.name.lower()))
        )


def test_the_same_stream_gives_the_same_image(phantom):
    first, again, other = (TYPICAL.image(phantom, rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.grey, again.grey)
    assert not np.array_equal(first.grey, other.grey)
    assert (first.bits, first.grey.max()) == (8, 255)


def test_turning_one_fault_off_leaves_the_others_as_they_were(phantom):
    streaks = Microscope(curtain_strength=0.1)
    both = replace(streaks, grain_spread=0.05)
    pores = phantom.pore
    assert np.array_equal(
        both.image(phantom, rng()).grey[pores], streaks.image(phantom, rng()).grey[pores]
    )


def test_blur_spreads_a_point_as_a_gaussian_of_its_width_and_keeps_the_signal():
    grey = np.zeros((81, 81), dtype=np.float32)
    grey[40, 40] = 1
    width = 8 * PIXEL
    spread = blur(grey, width, PIXEL)
    assert spread.sum() == pytest.approx(1, abs=1e-5)
    # half the width from the middle
    assert spread[40, 44] / spread[40, 40] == pytest.approx(0.5, abs=1e-3)


def test_blur_has_one_width_in_metres_whatever_the_pixel():
    edge = (np.arange(400) >= 200).astype(np.float32)
    coarse = blur(np.tile(edge[::2], (8, 1)), 2e-6, 2 * PIXEL)[4]
    fine = blur(np.tile(edge, (8, 1)), 2e-6, PIXEL)[4]
    # 5 coarse pixels a width
    np.testing.assert_allclose(fine.reshape(-1, 2).mean(axis=1), coarse, atol=0.01)


@pytest.mark.parametrize("electrons", [20.0, 400.0])
def test_shot_noise_keeps_the_mean_and_has_the_variance_of_a_count(electrons):
    grey = np.full((400, 400), 0.5, dtype=np.float32)
    noisy = shot_noise(grey, electrons, rng())
    assert noisy.mean() == pytest.approx(0.5, abs=5 * np.sqrt(0.5 / electrons / grey.size))
    assert noisy.var() == pytest.approx(
        0.5 / electrons, rel=5 * np.sqrt((2 + 2 / electrons) / grey.size)
    )


def test_streaks_run_down_the_image():
    grey = np.ones((300, 300), dtype=np.float32)
    streaks = curtaining(grey, 0.05, 2 * PIXEL, PIXEL, rng())
    assert streaks.std() == pytest.approx(0.05, rel=0.02)
    across, down = (np.diff(streaks, axis=axis).std() for axis in (1, 0))
    assert across > 10 * down


def test_uneven_illumination_is_smooth_and_keeps_within_its_bounds():
    light = uneven_illumination(np.ones((200, 300), dtype=np.float32), 0.1, rng())
    assert (light.min(), light.max()) == (
        pytest.approx(0.9, abs=1e-5),
        pytest.approx(1.1, abs=1e-5),
    )
    assert np.abs(np.diff(light, axis=1)).max() < 0.01


def test_charging_brightens_the_rim_of_the_solid_and_no_pore():
    pore = np.zeros((50, 50), dtype=bool)
    pore[:, :10] = True
    grey = np.where(pore, 0.1, 0.5).astype(np.float32)
    charged = charging(grey, pore, 0.2, 3 * PIXEL, PIXEL)
    assert np.array_equal(charged[pore], grey[pore])
    gain = (charged - grey)[0, 10:]
    np.testing.assert_allclose(gain, 0.2 * np.exp(-(np.arange(40) + 0.5) / 3), atol=1e-6)


def test_the_back_of_a_pore_shows_in_pores_only_never_darkens_and_more_in_wide_ones():
    pore = np.zeros((120, 400), dtype=bool)
    pore[10:110, 20:120] = True
    pore[:, 200:380:8] = True
    grey = np.where(pore, 0.1, 0.5).astype(np.float32)
    seen = pore_back(grey, pore, 0.8, 4 * PIXEL, PIXEL, rng())
    assert np.array_equal(seen[~pore], grey[~pore])
    assert np.all(seen >= grey)
    assert seen[pore].max() <= 0.8 * 0.5
    wide, narrow = seen[10:110, 20:120], seen[:, 200:380:8]
    assert wide.mean() > narrow.mean() + 0.05


def test_a_grain_has_one_grey(phantom):
    crystal = (phantom.phase == Phase.GRAPHITE) | (phantom.phase == Phase.SIOX)
    grey = grain_contrast(
        np.full(crystal.shape, 0.5, np.float32), phantom.grain, crystal, 0.1, rng()
    )
    assert np.all(grey[~crystal] == np.float32(0.5))
    for number in np.unique(phantom.grain[crystal])[:20]:
        assert np.ptp(grey[crystal & (phantom.grain == number)]) == 0
    assert grey[crystal].std() > 0.02


@pytest.mark.parametrize("bits", [1, 8, 12, 16])
def test_digits_are_the_nearest_and_are_clipped(bits):
    white = 2**bits - 1
    grey = np.array([[-0.5, 0.0, 0.3], [0.7, 1.0, 1.5]])
    assert np.array_equal(
        digitise(grey, bits), [[0, 0, round(0.3 * white)], [round(0.7 * white), white, white]]
    )


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Microscope(spot=-1e-7), "spot"),
        (lambda: Microscope(electrons=float("nan")), "electrons"),
        (lambda: Microscope(charging_length=0.0), "charging_length"),
        (lambda: Contrast(pore=1.5), "grey of pore"),
        (lambda: digitise(np.ones((2, 2)), 0), "bits of a detector = 0 must"),
    ],
)
def test_a_microscope_that_cannot_be_is_refused(make, why):
    with pytest.raises(MicrographError, match=why):
        make()


def test_a_volume_is_cut_before_it_is_looked_at():
    electrode = bare_electrode(10e-6, 0.3)
    cube = volume(electrode, GRAPHITE_SIOX, width=10e-6, breadth=8e-6, pixel_size=1e-6, rng=rng())
    with pytest.raises(MicrographError, match="looks at a section"):
        Microscope().image(cube, rng())
    assert Microscope().image(cube.section(3), rng()).grey.shape == (10, 10)
