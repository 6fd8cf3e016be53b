"""Ways to segment one image side by side, on images of known truth."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image
from scipy import ndimage

from rampore import cli
from rampore.pores import PoreError, compare, segment
from rampore.pores.comparing import noise_level

IMAGES = Path(__file__).parent / "data" / "micrographs"
#: The images that the book offers to try the tool on.
SHOWN = Path(__file__).parents[1] / "book" / "data" / "images"


def overlap(mask, truth):
    """Pixels that both have over those that one of them has [-]."""
    return np.sum(mask & truth) / np.sum(mask | truth)


def best_threshold(grey, truth, bright):
    """Overlap of the global threshold that is best in view of the truth."""
    return max(
        overlap(grey > cut if bright else grey <= cut, truth)
        for cut in np.linspace(grey.min(), grey.max(), 120)[1:-1]
    )


def three_phases(seed, noise=10.0, slope=0.2):
    """Dark pores, a grey and a bright phase, blurred, unevenly lit and noisy; and the pores."""
    rng = np.random.default_rng(seed)
    coarse, fine = (ndimage.gaussian_filter(rng.random((240, 320)), s) for s in (6, 4))
    pore = coarse < np.quantile(coarse, 0.2)
    image = np.where(pore, 40.0, np.where(fine < np.quantile(fine, 0.25), 95.0, 170.0))
    image = ndimage.gaussian_filter(image, 1.2)
    image *= 1 + slope * np.linspace(-1, 1, 240)[:, None]
    return image + rng.normal(0, noise, image.shape), pore


@pytest.fixture(scope="module")
def coating():
    grey = np.asarray(Image.open(SHOWN / "coating_sem_grey.png").convert("L"), np.float32)
    return grey, tifffile.imread(IMAGES / "coating_sem_labels.tif") == 2


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_three_phases_are_parted_as_by_the_best_threshold_or_better(seed):
    grey, pore = three_phases(seed)
    found = compare(grey, "dark", 3)
    assert overlap(found.mask, pore) > best_threshold(grey, pore, bright=False)
    assert overlap(found.mask, pore) > overlap(segment(grey, "dark"), pore)


@pytest.mark.parametrize("seed", [0, 1])
def test_light_that_falls_to_a_third_across_the_image_does_not_outvote_the_rest(seed):
    """On it no threshold holds, and all ways that take it as it is are wrong together."""
    grey, pore = three_phases(seed, slope=0.5)
    found = compare(grey, "dark", 3)
    assert all(overlap(mask, pore) < 0.7 for way, mask in found.masks.items() if "as it" in way)
    assert overlap(found.mask, pore) > 0.85


def test_a_slope_of_the_porosity_is_not_taken_for_one_of_the_light():
    rng = np.random.default_rng(0)
    coarse, fine = (ndimage.gaussian_filter(rng.random((240, 320)), s) for s in (6, 4))
    rank = coarse.ravel().argsort().argsort().reshape(coarse.shape) / coarse.size
    pore = rank < np.linspace(0.05, 0.4, 240)[:, None]
    grey = np.where(pore, 40.0, np.where(fine < np.quantile(fine, 0.25), 95.0, 170.0))
    grey = ndimage.gaussian_filter(grey, 1.2) + rng.normal(0, 10, pore.shape)
    found = compare(grey, "dark", 3).mask
    assert overlap(found, pore) > 0.85
    for half in (slice(120), slice(120, None)):
        # masks of which 0.85 overlap differ in their area by no more than the rest
        assert found[half].mean() == pytest.approx(pore[half].mean(), rel=0.15)


def test_a_real_section_is_parted_better_than_by_one_threshold_of_two_classes(coating):
    grey, pore = coating
    found = compare(grey, "bright", 3)
    assert overlap(found.mask, pore) > overlap(segment(grey, "bright"), pore) + 0.02
    # some ways come near to what no threshold beats in view of the truth, and they say how far
    assert max(overlap(mask, pore) for mask in found.masks.values()) > (
        best_threshold(grey, pore, bright=True) - 0.01
    )
    shares = [mask.mean() for mask in found.masks.values()]
    assert min(shares) <= found.mask.mean() <= max(shares)


def test_dark_and_bright_are_the_same_upside_down():
    grey, _ = three_phases(0)
    dark, bright = compare(grey, "dark", 3), compare(255 - grey, "bright", 3)
    assert np.mean(dark.mask != bright.mask) < 1e-3


def test_the_noise_is_found_on_slopes_and_beside_edges():
    grey, _ = three_phases(0, noise=7.0)
    assert noise_level(grey) == pytest.approx(7.0, rel=0.1)
    assert noise_level(np.add.outer(np.arange(20.0), np.arange(30.0))) == pytest.approx(0)


def test_what_is_disputed_lies_at_the_edges():
    grey, pore = three_phases(0)
    found = compare(grey, "dark", 3)
    doubt = (found.share > 0) & (found.share < 1)
    assert found.disputed == doubt.mean()
    near = ndimage.binary_dilation(pore, iterations=3) & ~ndimage.binary_erosion(pore, iterations=3)
    assert np.mean(near[doubt]) > 0.7


def test_a_volume_is_compared_too():
    rng = np.random.default_rng(0)
    field = ndimage.gaussian_filter(rng.random((24, 30, 28)), 3)
    pore = field < np.quantile(field, 0.3)
    grey = np.where(pore, 60.0, 160.0) + rng.normal(0, 15, pore.shape)
    assert overlap(compare(grey, "dark", 2, (2e-7, 1e-7, 1e-7)).mask, pore) > 0.9


@pytest.mark.parametrize("phases", [1, 6, 2.5])
def test_an_image_shows_two_phases_to_five(phases):
    with pytest.raises(PoreError, match="phases"):
        compare(three_phases(0)[0], "dark", phases)


def test_the_command_shows_the_ways_side_by_side(tmp_path, capsys):
    out = tmp_path / "out"
    image = str(SHOWN / "coating_sem_grey.png")
    call = ["pores", image, "--pores", "bright", "--phases", "3", "--pixel-um", "0.1"]
    assert cli.main([*call, "-o", str(out)]) == 0
    table = pd.read_csv(out / "ways.csv", index_col="way")
    assert len(table) == 7
    found = json.loads((out / "pores.json").read_text())
    assert table.loc["most, light evened", "porosity"] == pytest.approx(found["porosity"])
    assert (out / "ways.png").stat().st_size > 10_000
    assert "by 6 ways" in capsys.readouterr().err
    assert cli.main([*call, "--recipe", "threshold=local", "-o", str(out)]) == 2
    assert "threshold would have no effect with --phases" in capsys.readouterr().err
