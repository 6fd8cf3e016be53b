"""From grey image to pore mask: exact on clean images, right under noise and uneven light, clear
where it cannot be.
"""

from dataclasses import replace

import numpy as np
import pytest

from rampore import pores
from rampore.pores import Length, PoreError, Recipe, segmenting

PLAIN = Recipe(denoise="none", smallest_pore="0", smallest_solid="0")


def blobs(shape=(120, 160), porosity=0.24, seed=1, size=5):
    """Truth: a random field cut at the quantile that gives the porosity."""
    field = segmenting.gaussian(np.random.default_rng(seed).random(shape), size)
    return field < np.quantile(field, porosity)


def overlap(mask, truth):
    return np.count_nonzero(mask & truth) / np.count_nonzero(mask | truth)


@pytest.mark.parametrize("shape", [(60, 80), (20, 24, 28)], ids=["section", "volume"])
@pytest.mark.parametrize("threshold", ["otsu", "fixed"])
@pytest.mark.parametrize("side", ["dark", "bright"])
def test_two_grey_values_give_the_mask_exactly(shape, threshold, side):
    truth = blobs(shape, size=3)
    grey = np.where(truth == (side == "dark"), 40, 200).astype(np.uint8)
    recipe = Recipe(
        denoise="none",
        smallest_pore="0",
        smallest_solid="0",
        threshold=threshold,
        threshold_value=100 if threshold == "fixed" else None,
    )
    np.testing.assert_array_equal(pores.segment(grey, side, recipe), truth)


@pytest.mark.parametrize("side", ["dark", "bright"])
def test_of_three_grey_values_multi_otsu_takes_the_outermost_as_pore(side):
    truth = blobs()
    grey = np.where(truth, 10.0, np.where(blobs(seed=2, porosity=0.5), 120.0, 200.0))
    grey = grey if side == "dark" else 255 - grey
    recipe = Recipe(denoise="none", smallest_pore="0", smallest_solid="0", threshold="multi-otsu")
    np.testing.assert_array_equal(pores.segment(grey, side, recipe), truth)


def test_the_scale_of_grey_values_does_not_matter():
    grey = np.where(blobs(), 60.0, 160.0) + np.random.default_rng(0).normal(0, 15, (120, 160))
    np.testing.assert_array_equal(
        pores.segment(grey, "dark"), pores.segment(4 * grey - 256, "dark")
    )


def test_the_complement_is_what_is_bright():
    """What is not dark is bright where nothing is filtered and no value stands on the threshold."""
    grey = np.where(blobs(), 60.0, 160.0)
    np.testing.assert_array_equal(
        pores.segment(grey, "dark", PLAIN), ~pores.segment(grey, "bright", PLAIN)
    )


def test_a_majority_takes_the_corners_of_a_square_and_leaves_an_octagon_at_rest():
    """A corner has 4 of 9, an edge 6, so one pass takes 4 pixels; of a square of 5 what is left has
    5 of 9 at each bevel and stays.
    """
    square = np.zeros((9, 9), bool)
    square[2:7, 2:7] = True
    octagon = square.copy()
    octagon[[2, 2, 6, 6], [2, 6, 2, 6]] = False
    grey = np.where(square, 40.0, 200.0)
    for passes in (1, 10):
        found = pores.segment(grey, "dark", replace(PLAIN, majority=passes))
        np.testing.assert_array_equal(found, octagon)


def test_a_majority_fills_and_removes_single_pixels_in_three_dimensions_and_at_the_edge():
    mask = np.zeros((8, 9, 10), bool)
    mask[:, :5] = True
    speckled = mask.copy()
    speckled[0, 0, 0], speckled[3, 2, 4], speckled[4, 7, 5] = False, False, True
    np.testing.assert_array_equal(segmenting.majority(speckled, 1), mask)


@pytest.mark.parametrize("noise", [10, 20, 30])
def test_a_median_recovers_the_pores_from_noise(noise):
    """Contrast 100; the chapter asks an intersection over union of 0.9 of a realistic image."""
    truth = blobs((300, 400))
    grey = np.where(truth, 60.0, 160.0) + np.random.default_rng(0).normal(0, noise, truth.shape)
    assert overlap(pores.segment(grey, "dark"), truth) > 0.9


def test_it_falls_below_under_noise_as_strong_as_the_contrast():
    truth = blobs((300, 400))
    grey = np.where(truth, 60.0, 160.0) + np.random.default_rng(0).normal(0, 100, truth.shape)
    assert overlap(pores.segment(grey, "dark"), truth) < 0.9


@pytest.mark.parametrize("way", ["subtract", "divide"])
def test_uneven_light_ruins_a_global_threshold_and_the_background_step_mends_it(way):
    truth = blobs((300, 400))
    slope = np.linspace(0.0, 1.0, 400)
    contrast = np.where(truth, 60.0, 160.0)
    grey = contrast + 200 * slope if way == "subtract" else contrast * (0.5 + 2 * slope)
    corrected = Recipe(background=way, background_size="40 px")
    assert overlap(pores.segment(grey, "dark"), truth) < 0.8
    assert overlap(pores.segment(grey, "dark", corrected), truth) > 0.9
    assert (
        overlap(
            pores.segment(grey, "dark", Recipe(threshold="local", threshold_window="81 px")), truth
        )
        > 0.8
    )


def test_the_background_keeps_the_mean_and_leaves_an_even_image_alone():
    grey = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    assert segmenting.illumination(grey, 8).mean() == pytest.approx(grey.mean(), rel=1e-6)
    even = np.full((64, 64), 7.0, np.float32)
    np.testing.assert_allclose(segmenting.subtract_background(even, 8), even, rtol=1e-6)
    np.testing.assert_allclose(segmenting.divide_background(even, 8), even, rtol=1e-6)


def test_the_blur_has_the_variance_it_is_asked_for():
    """Three boxes of odd width: the variance is met within what rounding the width to the next odd
    number leaves.
    """
    point = np.zeros((401, 3))
    point[200] = 1
    spread = segmenting.illumination(point, 20)[:, 1]
    sigma = np.sqrt((spread * (np.arange(401) - 200.0) ** 2).sum() / spread.sum())
    assert sigma == pytest.approx(20, abs=0.51)


def test_pieces_below_the_equivalent_diameter_go_and_those_above_stay():
    mask = np.zeros((20, 30), bool)
    mask[2:4, 2:4] = True
    mask[10:13, 10:13] = True
    kept = segmenting.remove_small(mask, np.sqrt(4 * 9 / np.pi))
    assert kept.sum() == 9
    assert kept[11, 11]
    assert segmenting.remove_small(mask, 1.0) is mask


def test_outside_the_region_nothing_is_pore_and_nothing_counts_for_the_threshold():
    truth = blobs()
    grey = np.where(truth, 100.0, 140.0)
    region = np.zeros(truth.shape, bool)
    region[:80] = True
    grey[80:100], grey[100:] = 1000.0, 0.0
    found = pores.segment(grey, "dark", PLAIN, region=region)
    np.testing.assert_array_equal(found, truth & region)


def test_lengths_in_units_follow_the_pixel_size():
    grey = np.where(blobs(), 60.0, 160.0) + np.random.default_rng(0).normal(0, 40, (120, 160))
    in_pixels = pores.segment(grey, "dark", Recipe(denoise_size="5 px"))
    in_metres = pores.segment(grey, "dark", Recipe(denoise_size="0.5 um"), pixel_size=0.1e-6)
    np.testing.assert_array_equal(in_pixels, in_metres)


def test_a_recipe_survives_being_written_and_read(tmp_path):
    recipe = Recipe(
        denoise="gaussian",
        denoise_size="0.2 um",
        threshold="fixed",
        threshold_value=80,
        isolated=False,
    )
    assert pores.make_recipe(recipe.as_dict()) == recipe
    path = tmp_path / "mine.toml"
    path.write_text(
        'denoise = "gaussian"\ndenoise_size = "0.2 um"\nisolated = true\nthreshold_classes = 4\n'
    )
    read = pores.read_recipe(str(path), "isolated=false", "threshold=fixed", "threshold_value=80")
    assert read == Recipe(**recipe.as_dict() | {"threshold_classes": 4})


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"denoise": "bilateral"}, "denoise.*median"),
        ({"denoise_size": 3}, "denoise_size.*unit"),
        ({"denoise_size": "3"}, "unit"),
        ({"denoise_size": "-3 px"}, "negative"),
        ({"denoise_size": "three px"}, "not a length"),
        ({"denoise_size": "3 kg"}, "3 kg"),
        ({"threshold": "fixed"}, "threshold_value"),
        ({"threshold_value": 3}, "fixed"),
        ({"threshold_classes": 1}, "2 or more"),
        ({"threshold_classes": 2.5}, "whole number"),
        ({"majority": 101}, "majority must be 0 or more, up to 100"),
        ({"isolated": "perhaps"}, "true or false"),
        ({"neighbours": "corners", "smallest_throat": "2 px"}, "no width"),
        ({"watershed": "yes"}, "no 'watershed'; did you mean 'watershed_lines'"),
    ],
)
def test_a_recipe_of_no_use_is_refused_by_name(values, names):
    with pytest.raises(PoreError, match=names):
        pores.make_recipe(values)


def test_a_recipe_file_that_is_missing_or_broken_is_named(tmp_path):
    with pytest.raises(PoreError, match=r"none\.toml"):
        pores.read_recipe(str(tmp_path / "none.toml"))
    (tmp_path / "broken.toml").write_text("denoise = ")
    with pytest.raises(PoreError, match=r"broken\.toml"):
        pores.read_recipe(str(tmp_path / "broken.toml"))


GREY = np.arange(100.0).reshape(10, 10)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: pores.segment(GREY, "grey"), "there are: 'dark', 'bright'"),
        (lambda: pores.segment(np.zeros((10, 10)), "dark"), "everywhere"),
        (
            lambda: pores.segment(np.where(GREY > 50, np.nan, GREY), "dark"),
            "49 pixels are not finite",
        ),
        (lambda: pores.segment(GREY[0], "dark"), "1 dimensions"),
        (lambda: pores.segment(GREY.reshape(5, 10, 2), "dark"), "5 x 10 x 2"),
        (lambda: pores.segment(GREY > 3, "dark"), "bool"),
        (lambda: pores.segment(GREY.astype(str), "dark"), "real numbers"),
        (lambda: pores.segment(GREY, "dark", Recipe(denoise_size="1 um")), "pixel size"),
        (lambda: pores.segment(GREY, "dark", region=np.zeros((10, 10), bool)), "empty"),
        (lambda: pores.segment(GREY, "dark", region=np.ones((10, 9), bool)), "shape"),
        (
            lambda: pores.segment(
                GREY - 50, "dark", Recipe(background="divide", background_size="1 px")
            ),
            "subtract",
        ),
        (
            lambda: pores.segment(
                np.eye(9), "dark", Recipe(threshold="multi-otsu", denoise="none")
            ),
            "3 classes",
        ),
        (lambda: pores.segment(np.pad([[1.0]], 5), "dark"), "after filtering"),
    ],
)
def test_an_image_that_cannot_be_segmented_is_refused_with_the_reason(call, reason):
    with pytest.raises(PoreError, match=reason):
        call()


def test_each_step_is_named_to_who_waits():
    steps = []
    pores.segment(GREY, "dark", Recipe(background="subtract"), progress=steps.append)
    assert steps == ["background: subtract", "noise: median", "threshold: otsu", "small objects"]


def test_a_length_reads_as_it_is_written():
    assert Length.parse("0.2 um") == Length(0.2, "um")
    assert str(Length.parse("3 px")) == "3 px"
    assert Length(0.2, "um").pixels(0.1e-6) == pytest.approx(2)


@pytest.mark.parametrize("shape", [(40, 50), (12, 14, 16)], ids=["section", "volume"])
@pytest.mark.parametrize("size", [1, 3, 5, 7])
def test_the_median_is_that_of_scipy_and_zero_where_it_is_not_asked_for(shape, size):
    from scipy.ndimage import median_filter

    image = np.random.default_rng(0).random(shape)
    expected = median_filter(image, size, mode="reflect")
    np.testing.assert_array_equal(segmenting.median(image, size), expected)
    where = image > 0.4
    np.testing.assert_array_equal(
        segmenting.median(image, size, where), np.where(where, expected, 0)
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"threshold_classes = " + b"9" * 5000, "not valid TOML"),
        (b"threshold_classes = 1" + b"0" * 400, "threshold_classes"),
        (b"threshold_classes = 9", "up to 5"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        (b"# " + b"x" * 200_000, "larger"),
        (b"denoise_size = '3 m9**9**9**9'", "not one that can be read"),
        (b"\xff\xfe", "not valid TOML"),
    ],
)
def test_a_recipe_that_would_take_long_or_is_none_is_refused(tmp_path, content, message):
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(PoreError, match=message):
        pores.read_recipe(str(path))


def test_a_recipe_with_a_byte_order_mark_is_read_and_a_folder_is_none(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text("denoise = 'none'", encoding="utf-8-sig")
    assert pores.read_recipe(str(path)).denoise == "none"
    with pytest.raises(PoreError, match="no file"):
        pores.read_recipe(str(tmp_path))
    with pytest.raises(PoreError, match="more than any image"):
        Length(1e9).pixels()
