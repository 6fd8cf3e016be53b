"""How large an image must be: held against structures whose scatter is known."""

import numpy as np
import pytest

from rampore.representative import PartsError, divided, interval

GRAIN = 4


def tiles(shape, share, seed, grain=GRAIN):
    """Independent squares or cubes of `grain` pixels, of which a share is pore: the variance of the
    porosity over a volume V is exactly p (1 - p) grain^d / V.
    """
    rng = np.random.default_rng(seed)
    coarse = rng.random([n // grain for n in shape]) < share
    return np.kron(coarse, np.ones((grain,) * len(shape), bool)).astype(bool)


@pytest.mark.parametrize("shape", [(256, 256), (64, 64, 64)])
def test_an_interval_of_95_percent_holds_the_truth_that_often(shape):
    truth, held, widths = 0.4, 0, []
    for seed in range(60):
        found = interval(tiles(shape, truth, seed), np.mean)
        held += found.low <= truth <= found.high
        widths.append((found.high - found.low) / 2)
    # 60 draws of 95 % fall below 52 once in 2000 times
    assert held >= 52
    exact = 1.96 * np.sqrt(truth * (1 - truth) * GRAIN ** len(shape) / np.prod(shape))
    # the larger of two estimates, with Student's factor: wider, and not by half
    assert 1.0 < np.mean(widths) / exact < 1.5


def test_the_size_for_five_percent_is_that_of_the_exact_scatter():
    sizes = [
        interval(tiles((128, 128, 128), 0.4, seed), np.mean).size_for_five_percent
        for seed in range(8)
    ]
    exact = (1.96**2 * 0.6 / 0.4 * GRAIN**3 / 0.05**2) ** (1 / 3)
    assert 1.0 < np.mean(sizes) / exact < 1.35


def test_lengths_follow_the_edges_of_a_voxel():
    image = tiles((64, 64, 64), 0.4, 0)
    cubes, flat = interval(image, np.mean), interval(image, np.mean, spacing=(3.0, 1.0, 1.0))
    assert flat.low == pytest.approx(cubes.low)
    assert flat.size_for_five_percent == pytest.approx(3 ** (1 / 3) * cubes.size_for_five_percent)
    assert flat.parts[0].edges == (96.0, 32.0, 32.0)


def test_parts_fill_the_image():
    image = np.arange(9 * 17).reshape(9, 17)
    parts, edges = divided(image, 2, (1.0, 0.5))
    assert [part.shape for part in parts] == [(4, 8)] * 4
    assert edges == (4.0, 4.0)
    np.testing.assert_array_equal(parts[3], image[4:8, 8:16])


def test_an_image_that_is_too_small_is_not_parted():
    with pytest.raises(PartsError, match="15 x 90 x 90 pixels is too small"):
        interval(np.ones((15, 90, 90)), np.mean)
