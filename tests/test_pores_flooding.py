"""Maxima and watersheds: those of scikit-image, but for what is a matter of order."""

import numpy as np
import pytest
from phantoms import blobs
from scipy import ndimage
from skimage.morphology import local_maxima
from skimage.segmentation import watershed

from rampore.pores import flooding

SHAPES = pytest.mark.parametrize("shape", [(150, 170), (40, 44, 48)], ids=["section", "volume"])


def pits(shape):
    """A mask, and whole heights in it with plateaus on every level and at the edge."""
    mask = blobs(shape, 0.6, size=3)
    height = ndimage.distance_transform_cdt(mask, "taxicab")
    return mask, height


@SHAPES
@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_the_maxima_are_those_of_scikit_image(shape, kind):
    mask, height = pits(shape)
    height = height.astype(kind)
    whole = np.ones((3,) * mask.ndim)
    numbers = flooding.maxima(height, mask)
    expected, count = ndimage.label(local_maxima(height), whole)
    np.testing.assert_array_equal(numbers > 0, expected > 0)
    pairs = np.unique([numbers[numbers > 0], expected[numbers > 0]], axis=1)
    assert pairs.shape[1] == count == numbers.max()


def test_maxima_are_numbered_as_they_stand_in_the_image():
    height = np.array([[0, 2, 0, 1, 1], [0, 0, 0, 0, 0], [5, 5, 0, 3, 4]])
    numbers = flooding.maxima(height, height > 0)
    assert numbers.tolist() == [[0, 1, 0, 2, 2], [0, 0, 0, 0, 0], [3, 3, 0, 0, 4]]


@SHAPES
def test_where_no_two_heights_are_alike_labels_spread_as_in_scikit_image(shape):
    mask, height = pits(shape)
    height = height + np.random.default_rng(0).permutation(height.size).reshape(shape) / height.size
    markers = flooding.maxima(height, mask)
    expected = watershed(-height, markers, connectivity=np.ones((3,) * mask.ndim), mask=mask)
    np.testing.assert_array_equal(flooding.watershed(height, markers, mask), expected)


@SHAPES
def test_where_heights_are_alike_the_order_of_markers_decides_few_pixels(shape):
    """Those at the same distance from two of them."""
    mask, height = pits(shape)
    markers = flooding.maxima(height, mask)
    expected = watershed(-height, markers, connectivity=np.ones((3,) * mask.ndim), mask=mask)
    found = flooding.watershed(height, markers, mask)
    np.testing.assert_array_equal(found > 0, expected > 0)
    assert np.mean(found[mask] != expected[mask]) < 0.02


@SHAPES
def test_of_whole_heights_and_of_the_same_as_numbers_with_a_point_the_flood_is_one(shape):
    mask, height = pits(shape)
    markers = flooding.maxima(height, mask)
    np.testing.assert_array_equal(
        flooding.watershed(height, markers, mask),
        flooding.watershed(np.sqrt(height), markers, mask),
    )


def test_a_basin_without_a_marker_is_flooded_over_its_pass():
    """From the left over a pass of 2 onto the hill of 3 and down it, before the lower marker."""
    height = np.array([[5, 4, 2, 3, 2, 1]])
    markers = np.array([[1, 0, 0, 0, 0, 2]])
    labels = flooding.watershed(height, markers, np.ones_like(height, bool))
    assert labels.tolist() == [[1, 1, 1, 1, 1, 2]]


def test_nothing_is_flooded_outside_of_the_mask_or_without_a_marker():
    mask = np.array([[1, 1, 0, 1], [0, 0, 0, 1]], bool)
    height = np.array([[1, 2, 9, 1], [0, 0, 0, 1]])
    markers = np.array([[0, 7, 8, 0], [0, 0, 0, 0]])
    assert flooding.watershed(height, markers, mask).tolist() == [[7, 7, 0, 0], [0, 0, 0, 0]]
    assert flooding.watershed(height, markers, np.zeros_like(mask)).max() == 0
