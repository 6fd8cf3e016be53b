"""From pore mask to pores: phantoms give the exact pores, and no pore pixel is lost."""

import numpy as np
import pytest
from phantoms import all_links, blobs, discs
from scipy import ndimage

from rampore import pores
from rampore.pores import PoreError, Recipe, partitioning

WATERSHEDS = [
    Recipe(),
    Recipe(metric="euclidean", smoothing="gaussian", smoothing_size="1 px"),
    Recipe(metric="euclidean", smoothing="median"),
    Recipe(partition="snow"),
]
NAMES = ["rabbani", "euclidean-gaussian", "euclidean-median", "snow"]


def same_parts(labels, others):
    """Whether two labellings part the same pixels in the same way, whatever the numbers."""
    pairs = np.unique(np.stack([labels.ravel(), others.ravel()]), axis=1)
    return all(len(np.unique(side)) == pairs.shape[1] for side in pairs)


@pytest.mark.parametrize("recipe", WATERSHEDS, ids=NAMES)
@pytest.mark.parametrize(
    ("counts", "radius", "pitch"), [((4, 5), 12, 40), ((2, 3, 2), 8, 26)], ids=["discs", "balls"]
)
def test_joined_discs_are_parted_into_exactly_the_discs_that_were_joined(
    recipe, counts, radius, pitch
):
    mask, place = discs(radius, counts, pitch, all_links(counts), width=5)
    labels = pores.partition(mask, recipe)
    assert labels.max() == np.prod(counts)
    assert ndimage.label(mask)[1] == 1
    for number in range(np.prod(counts)):
        in_the_disc = labels[(place == number) & discs(radius, counts, pitch)[0]]
        assert len(np.unique(in_the_disc)) == 1


@pytest.mark.parametrize("recipe", WATERSHEDS, ids=NAMES)
def test_a_channel_is_cut_at_its_middle(recipe):
    """The two cuts of an even channel are equally good; which is taken changes an area by one row
    of the channel.
    """
    counts, width = (3, 3), 5
    mask, place = discs(12, counts, 40, all_links(counts), width)
    labels = pores.partition(mask, recipe)
    for number in range(9):
        (mine,) = np.unique(labels[(place == number) & discs(12, counts, 40)[0]])
        expected = np.count_nonzero(mask & (place == number))
        assert abs(np.count_nonzero(labels == mine) - expected) <= 4 * width


@pytest.mark.parametrize("recipe", [*WATERSHEDS, Recipe(partition="none")], ids=[*NAMES, "pieces"])
@pytest.mark.parametrize("shape", [(150, 170), (40, 44, 48)], ids=["section", "volume"])
def test_every_pore_pixel_belongs_to_one_pore_and_every_pore_is_in_one_piece(recipe, shape):
    mask = blobs(shape, 0.3, size=3)
    mask[:2, :2] = True
    mask[3, 5::7] = True
    labels = pores.partition(mask, recipe)
    np.testing.assert_array_equal(labels > 0, mask)
    sizes = np.bincount(labels.ravel())[1:]
    assert (sizes > 0).all()
    assert sizes.sum() == mask.sum()
    whole = np.ones((3,) * mask.ndim)
    assert all(
        ndimage.label(labels == number, whole)[1] == 1 for number in range(1, labels.max() + 1)
    )


def test_without_a_watershed_a_pore_is_a_connected_piece():
    mask = blobs((150, 170), 0.3)
    labels = pores.partition(mask, Recipe(partition="none"))
    assert same_parts(labels, ndimage.label(mask, np.ones((3, 3)))[0])


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("recipe", WATERSHEDS, ids=NAMES)
def test_a_mirrored_phantom_gives_mirrored_pores(recipe, axis):
    """Of a phantom without plateaus across a cut: channels of an odd length."""
    mask, _ = discs(12, (3, 4), 41, all_links((3, 4)), width=5)
    assert pores.partition(np.flip(mask, axis), recipe).max() == pores.partition(mask, recipe).max()


def test_snow_gives_the_pores_of_porespy_and_one_for_each_piece_in_which_porespy_has_no_peak():
    """PoreSpy floods through solid and from side to side, where this floods in the mask and over
    corners too.
    """
    from porespy.filters import snow_partitioning

    mask = blobs((300, 320), 0.6, size=5)
    theirs = snow_partitioning(mask, r_max=4, sigma=0.4)
    ours = pores.partition(mask, Recipe(partition="snow"))
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    without_peak = np.setdiff1d(np.arange(1, count + 1), pieces[theirs.peaks > 0])
    assert without_peak.size
    assert ours.max() == theirs.peaks.max() + without_peak.size
    at_peaks = np.unique(np.stack([ours[theirs.peaks > 0], theirs.peaks[theirs.peaks > 0]]), axis=1)
    assert at_peaks.shape[1] == theirs.peaks.max() == len(np.unique(at_peaks[0]))
    with_peak = mask & ~np.isin(pieces, without_peak)
    number = dict(at_peaks.T)
    agree = np.vectorize(number.get)(ours[with_peak]) == theirs.regions[with_peak]
    assert agree.mean() > 0.9


@pytest.mark.parametrize("shape", [(150, 170), (40, 44, 48)], ids=["section", "volume"])
@pytest.mark.parametrize("radius", [2, 4, 7])
def test_the_summits_are_the_peaks_that_porespy_finds(shape, radius):
    from porespy.filters import find_peaks

    mask = blobs(shape, 0.4, size=3)
    height = partitioning.gaussian(partitioning.distance_map(mask), 0.4) * mask
    np.testing.assert_array_equal(
        partitioning.summits(height, mask, radius), find_peaks(dt=height, r_max=radius)
    )


@pytest.mark.parametrize(
    ("shape", "porosity"), [((150, 170), 0.3), ((150, 170), 0.6), ((40, 44, 48), 0.4)]
)
def test_the_peaks_that_are_left_are_those_that_porespy_leaves(shape, porosity):
    """A saddle is decided the same, ties and plateaus included; a tie between neighbours by their
    numbers, so that the second step is compared on heights without ties.
    """
    from porespy import settings
    from porespy.filters import trim_nearby_peaks, trim_saddle_points

    settings.tqdm["disable"] = True
    mask = blobs(shape, porosity, size=3)
    height = partitioning.distance_map(mask)
    peaks = partitioning.summits(partitioning.gaussian(height, 0.4) * mask, mask, 4)
    left = partitioning.without_saddles(peaks, height)
    assert left.sum() < peaks.sum()
    np.testing.assert_array_equal(left, trim_saddle_points(peaks=peaks, dt=height))
    height += 0.1 * np.random.default_rng(0).random(shape)
    again = partitioning.without_neighbours(left, height)
    assert again.sum() < left.sum()
    np.testing.assert_array_equal(again, trim_nearby_peaks(peaks=left, dt=height))


def test_lines_take_their_pixels_from_sizes_and_from_nothing_else():
    """Two discs and a channel of 5 px: the cut is one line of 5 pixels on one side, or 7 where it
    steps.
    """
    mask, _ = discs(12, (1, 2), 40, [((0, 0), 1)], width=5)
    whole, lined = (
        pores.measure(mask, 1.0, recipe) for recipe in (Recipe(), Recipe(watershed_lines=True))
    )
    np.testing.assert_array_equal(whole.labels, lined.labels)
    assert whole.porosity == lined.porosity
    assert whole.table["area"].sum() - lined.table["area"].sum() == 5
    assert list(lined.table["coordination"]) == [1, 1]


def test_parts_below_the_smallest_are_dropped_and_the_rest_is_numbered_anew():
    mask = np.zeros((20, 30), bool)
    mask[2:5, 2:5] = mask[2:4, 10:14] = mask[10:15, 10:15] = True  # 9, 8 and 25 pixels
    labels = pores.partition(mask, Recipe(partition="none", smallest_part=9))
    assert np.bincount(labels.ravel())[1:].tolist() == [9, 25]
    assert pores.partition(mask, Recipe(partition="none", smallest_part=26)).max() == 0


def test_summits_that_rise_less_than_the_height_above_a_pass_are_levelled():
    """Two discs of radius 12 whose pass is 6 below the summits: one pore from a height of 7 on."""
    mask, _ = discs(12, (1, 2), 40, [((0, 0), 1)], width=13)
    height = partitioning.distance_map(mask)
    rise = height.max() - height[20, 40]
    for share, count in ((0.9, 2), (1.1, 1)):
        recipe = Recipe(
            metric="euclidean", smoothing="h-maxima", smoothing_size=pores.Length(share * rise)
        )
        assert pores.partition(mask, recipe).max() == count


@pytest.mark.parametrize(
    ("metric", "expected"), [("cityblock", 10), ("chessboard", 5), ("euclidean", np.sqrt(50))]
)
def test_the_distance_from_one_solid_corner_is_that_of_the_metric(metric, expected):
    mask = np.ones((6, 6), bool)
    mask[0, 0] = False
    assert partitioning.distance_map(mask, metric)[5, 5] == pytest.approx(expected)


def test_no_pore_gives_no_label():
    assert pores.partition(np.zeros((9, 9), bool)).max() == 0


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (np.ones((9, 9), bool), "pore everywhere"),
        (np.ones((9, 9)), "bool, not of float64"),
        (np.zeros(9, bool), "1 dimensions"),
    ],
)
def test_a_mask_that_cannot_be_parted_is_refused(mask, reason):
    with pytest.raises(PoreError, match=reason):
        pores.partition(mask)
