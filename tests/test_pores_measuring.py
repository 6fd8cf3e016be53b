"""From labelled pores to numbers: exact on phantoms, conserved, symmetric, as PoreSpy has them."""

import io

import numpy as np
import pandas as pd
import pytest
from phantoms import all_links, blobs, discs

from rampore import pores
from rampore.pores import PoreError, Recipe

PX = 0.1e-6
SNAKE = [((0, 0), 1), ((0, 1), 1), ((0, 2), 0), ((1, 2), 1), ((1, 3), 0)]


@pytest.mark.parametrize("partition", ["rabbani", "snow"])
@pytest.mark.parametrize(
    ("counts", "links", "radius", "pitch"),
    [
        ((3, 4), [], 12, 40),
        ((3, 4), SNAKE, 12, 40),
        ((3, 4), all_links((3, 4)), 12, 40),
        ((2, 3, 2), all_links((2, 3, 2)), 8, 26),
    ],
    ids=["alone", "snake", "square", "cubic"],
)
def test_each_disc_has_as_many_neighbours_as_channels_were_drawn(
    partition, counts, links, radius, pitch
):
    mask, _ = discs(radius, counts, pitch, links, width=5)
    recipe = Recipe(partition=partition)
    table = pores.pore_table(pores.partition(mask, recipe), PX, recipe=recipe)
    drawn = np.zeros(counts, int)
    for where, axis in links:
        drawn[where] += 1
        drawn[tuple(np.add(where, np.eye(len(counts), dtype=int)[axis]))] += 1
    cell = tuple(
        (table[[f"position_{a}" for a in range(len(counts))]].to_numpy() / PX // pitch)
        .astype(int)
        .T
    )
    assert len(table) == np.prod(counts)
    np.testing.assert_array_equal(table["coordination"], drawn[cell])


@pytest.mark.parametrize("radius", [5, 10, 20, 40, 80])
def test_the_radius_of_a_disc_is_right_to_the_bound_of_the_circle_problem(radius):
    """Gauss: the pixels within a circle differ from its area by at most 2 sqrt(2) pi R, so R by
    sqrt(2) px + O(1/R).
    """
    mask, _ = discs(radius, (1, 1), 2 * radius + 10)
    table = pores.pore_table(pores.partition(mask), PX)
    assert abs(table["equivalent_radius"].item() / PX - radius) <= np.sqrt(2) + 1 / radius
    assert table["area"].item() == pytest.approx(mask.sum() * PX**2, rel=1e-12)


def test_the_relative_error_of_the_radius_falls_at_least_in_first_order():
    """In the mean over centres anywhere in a pixel; the largest error over them is taken."""
    rng = np.random.default_rng(0)
    errors = []
    for radius in (6, 12, 24, 48):
        grid = np.indices((2 * radius + 9,) * 2)
        found = []
        for _ in range(30):
            centre = radius + 4 + rng.random(2)
            labels = (((grid - centre[:, None, None]) ** 2).sum(axis=0) <= radius**2).astype(int)
            found.append(pores.pore_table(labels, PX)["equivalent_radius"].item() / PX)
        errors.append(np.max(np.abs(np.array(found) / radius - 1)))
    order = np.polyfit(np.log([6, 12, 24, 48]), np.log(errors), 1)[0]
    assert order < -1


def test_equivalent_radii_are_those_of_a_disc_and_a_ball():
    assert pores.equivalent_radius(np.pi * 4, 2) == pytest.approx(2, rel=1e-15)
    assert pores.equivalent_radius(4 / 3 * np.pi * 8, 3) == pytest.approx(2, rel=1e-15)


@pytest.mark.parametrize("shape", [(150, 170), (40, 44, 48)], ids=["section", "volume"])
@pytest.mark.parametrize("partition", ["rabbani", "snow", "none"])
def test_the_pores_together_are_the_mask(shape, partition):
    mask = blobs(shape, 0.3, size=3)
    table = pores.pore_table(pores.partition(mask, Recipe(partition=partition)), PX)
    size = table["area" if mask.ndim == 2 else "volume"]
    assert size.sum() == pytest.approx(mask.sum() * PX**mask.ndim, rel=1e-12)
    assert pores.porosity(mask) * mask.size * PX**mask.ndim == pytest.approx(size.sum(), rel=1e-12)
    assert table["coordination"].sum() == 2 * len(
        pores.throats(pores.partition(mask, Recipe(partition=partition)), PX).pores
    )


@pytest.mark.parametrize("window", ["1 px", "2.5 um", "61 px"])
@pytest.mark.parametrize("axis", [0, 1])
def test_the_mean_of_the_profile_is_the_porosity(window, axis):
    mask = blobs((90, 110), 0.24)
    profile = pores.porosity_profile(mask, axis, window, PX)
    assert profile.porosity.mean() == pytest.approx(mask.mean(), rel=1e-12)
    assert len(profile.position) == mask.shape[axis]
    assert profile.position[0] == pytest.approx(PX / 2)


def test_a_chequered_porosity_comes_back_exactly_away_from_its_steps():
    """Columns of 19 and 28 of 100 pixels: within a domain by more than half the window, the profile
    is exact.
    """
    mask = np.zeros((100, 400), bool)
    for start in range(0, 400, 100):
        mask[: 19 if start % 200 else 28, start : start + 100] = True
    profile = pores.porosity_profile(mask, 1, "41 px", PX)
    assert profile.window == pytest.approx(41 * PX)
    inside = np.abs(np.arange(400) % 100 - 49.5) < 29
    expected = np.where(np.arange(400) // 100 % 2, 0.19, 0.28)
    np.testing.assert_allclose(profile.porosity[inside], expected[inside], rtol=1e-12)
    middle = profile.porosity[80:120]
    assert (np.diff(middle) < 1e-15).all()


def test_within_a_region_porosity_is_a_share_of_the_region():
    mask = blobs((60, 80), 0.3)
    region = np.zeros(mask.shape, bool)
    region[10:40, :50] = True
    assert pores.porosity(mask, region) == mask[10:40, :50].mean()
    profile = pores.porosity_profile(mask, 1, "1 px", PX, region)
    np.testing.assert_allclose(profile.porosity[:50], mask[10:40, :50].mean(axis=0), rtol=1e-12)
    assert np.isnan(profile.porosity[50:]).all()


@pytest.mark.parametrize("angle", [0, 10, 27, 45, 60, 90])
def test_the_width_of_a_straight_throat_does_not_depend_on_its_direction(angle):
    """A disc cut in two through its centre: the throat is a diameter, to a pixel at each end."""
    radius = 60
    grid = np.indices((141, 141)) - 70
    normal = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    side = normal[0] * grid[0] + normal[1] * grid[1] > 0.1
    labels = np.where((grid**2).sum(axis=0) <= radius**2, 1 + side, 0)
    (width,) = pores.throats(labels, PX).width / PX
    assert width == pytest.approx(2 * radius, abs=2)


def test_the_throat_of_a_channel_is_exactly_as_wide_as_the_channel():
    for width in (3, 4, 7):
        labels = np.zeros((20, 30), int)
        labels[5 : 5 + width, 3:15], labels[5 : 5 + width, 15:27] = 1, 2
        found = pores.throats(labels, PX)
        assert found.width.item() == pytest.approx(width * PX)
        np.testing.assert_allclose(found.position, [[(5 + width / 2) * PX, 15 * PX]])


def test_two_pores_that_meet_around_a_grain_have_one_neighbour_and_two_throats():
    labels = np.ones((31, 40), int)
    labels[:, 20:] = 2
    labels[10:20, 12:28] = 0
    table = pores.pore_table(labels, PX)
    np.testing.assert_array_equal(table["coordination"], [1, 1])
    table = pores.pore_table(labels, PX, recipe=Recipe(neighbours="throats"))
    np.testing.assert_array_equal(table["coordination"], [2, 2])
    separate = pores.throats(labels, PX, separate=True)
    np.testing.assert_allclose(np.sort(separate.width), [10 * PX, 11 * PX])
    np.testing.assert_array_equal(pores.coordination(labels, separate), [1, 1])
    np.testing.assert_allclose(pores.throats(labels, PX).width, [21 * PX])
    wide = Recipe(neighbours="throats", smallest_throat="1.05 um")
    np.testing.assert_array_equal(pores.pore_table(labels, PX, recipe=wide)["coordination"], [1, 1])


def test_in_a_volume_a_channel_around_a_grain_is_one_throat_and_two_channels_are_two():
    labels = np.zeros((20, 21, 22), int)
    labels[4:16, 4:16, 3:11], labels[4:16, 4:16, 11:19] = 1, 2
    labels[8:12, 8:12, 3:19] = 0
    assert len(pores.throats(labels, PX, separate=True).pores) == 1
    assert pores.throats(labels, PX).area.item() == pytest.approx((144 - 16) * PX**2)
    labels[:, 6:14, 8:14] = 0
    assert len(pores.throats(labels, PX, separate=True).pores) == 2


def test_pores_that_meet_at_a_corner_are_neighbours_only_where_corners_count():
    labels = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 2, 2], [0, 3, 2, 2]])
    np.testing.assert_array_equal(pores.pore_table(labels, PX)["coordination"], [0, 1, 1])
    corners = pores.pore_table(labels, PX, recipe=Recipe(neighbours="corners"))
    np.testing.assert_array_equal(corners["coordination"], [1, 2, 1])
    np.testing.assert_array_equal(pores.corner_neighbours(labels[::-1]), [[1, 2], [2, 3]])


@pytest.mark.parametrize("shape", [(150, 170), (40, 44, 48)], ids=["section", "volume"])
def test_mirrored_and_turned_labels_give_the_same_numbers(shape):
    labels = pores.partition(blobs(shape, 0.5, size=3))
    for rule in ("labels", "throats", "corners"):
        recipe = Recipe(neighbours=rule)
        table = pores.pore_table(labels, PX, recipe=recipe)
        for other in (np.flip(labels, 0), np.flip(labels, -1), np.swapaxes(labels, 0, 1)):
            turned = pores.pore_table(other, PX, recipe=recipe)
            for name in ("equivalent_radius", "inscribed_radius", "boundary", "coordination"):
                np.testing.assert_array_equal(turned[name], table[name])
    width = pores.throats(labels, PX, separate=True).width
    np.testing.assert_allclose(
        np.sort(pores.throats(np.flip(labels, 0), PX, separate=True).width), np.sort(width)
    )


@pytest.mark.parametrize("shape", [(150, 170), (40, 44, 48)], ids=["section", "volume"])
def test_the_network_is_that_which_porespy_finds_in_the_same_labels(shape):
    from porespy.networks import regions_to_network

    labels = pores.partition(blobs(shape, 0.5, size=3))
    found = pores.throats(labels, PX)
    table = pores.pore_table(labels, PX, found)
    ours, theirs = pores.network(table, found), regions_to_network(labels, voxel_size=PX)
    order = np.lexsort(theirs["throat.conns"].T[::-1])
    np.testing.assert_array_equal(ours["throat.conns"], theirs["throat.conns"][order])
    np.testing.assert_allclose(
        ours["throat.inscribed_diameter"], theirs["throat.inscribed_diameter"][order], rtol=1e-6
    )
    for name in ("pore.region_label", "pore.region_volume", "pore.equivalent_diameter"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9)
    half = [PX / 2] * labels.ndim + [0] * (3 - labels.ndim)
    np.testing.assert_allclose(
        ours["pore.coords"], theirs["pore.coords"] + half, rtol=1e-9, atol=1e-15
    )
    np.testing.assert_array_equal(
        table["coordination"], np.bincount(theirs["throat.conns"].ravel(), minlength=labels.max())
    )
    assert {"pore.all", "throat.all"} <= ours.keys()


def test_pores_cut_by_the_edge_are_marked_and_stay_out_where_the_rule_says_so():
    labels = np.zeros((12, 12), int)
    labels[0:2, 3:5], labels[4:8, 4:8], labels[9:12, 9:11] = 1, 2, 3
    table = pores.pore_table(labels, PX)
    np.testing.assert_array_equal(table["boundary"], [True, False, True])
    inner = pores.mean(table, "equivalent_radius", np.random.default_rng(0), boundary=False)
    assert inner.pores == 1
    assert inner.value == pytest.approx(np.sqrt(16 / np.pi) * PX)


def test_a_mean_by_number_and_one_by_area_weigh_as_they_say():
    table = pd.DataFrame(
        {
            "area": [1.0, 3.0],
            "equivalent_radius": [1.0, 2.0],
            "boundary": False,
            "coordination": [0, 4],
        }
    )
    rng = np.random.default_rng(0)
    assert pores.mean(table, "equivalent_radius", rng).value == 1.5
    assert pores.mean(table, "equivalent_radius", rng, weighted=True).value == 1.75
    assert pores.mean(table, "coordination", rng).value == 2
    assert pores.mean(table, "coordination", rng, isolated=False).value == 4


def test_the_bootstrap_covers_the_mean_as_often_as_it_says():
    """95 % of 300 draws of 60 pores; binomial standard deviation 1.3 %, the method itself a few per
    cent.
    """
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(300):
        radius = rng.lognormal(0, 0.3, 60)
        table = pd.DataFrame(
            {"area": radius**2, "equivalent_radius": radius, "boundary": False, "coordination": 1}
        )
        found = pores.mean(table, "equivalent_radius", rng, resamples=199)
        hits += found.low <= np.exp(0.045) <= found.high
    assert 0.89 < hits / 300 < 0.99


def test_the_same_generator_gives_the_same_interval():
    table = pores.pore_table(pores.partition(blobs((150, 170), 0.3)), PX)
    first, second = (
        pores.mean(table, "coordination", np.random.default_rng(5), weighted=True) for _ in range(2)
    )
    assert first == second
    assert first.low < first.value < first.high


def test_the_csv_holds_the_table_with_units_in_its_header():
    table = pores.pore_table(pores.partition(blobs((80, 90), 0.3)), PX)
    read = pd.read_csv(io.StringIO(pores.as_csv(table)))
    assert list(read.columns[:4]) == [
        "label",
        "area_um2",
        "equivalent_radius_um",
        "inscribed_radius_um",
    ]
    np.testing.assert_allclose(
        read["equivalent_radius_um"], table["equivalent_radius"] * 1e6, rtol=1e-9
    )
    np.testing.assert_array_equal(read["coordination"], table["coordination"])
    assert set(table.attrs["units"]) == set(table.columns)


def test_without_a_pore_there_is_a_table_without_rows_and_no_mean():
    table = pores.pore_table(np.zeros((9, 9), int), PX)
    assert len(table) == 0
    with pytest.raises(PoreError, match="no pore is left"):
        pores.mean(table, "equivalent_radius", np.random.default_rng(0))


LABELS = np.eye(5, dtype=int)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: pores.pore_table(LABELS.astype(float), PX), "whole numbers"),
        (lambda: pores.pore_table(-LABELS, PX), "whole numbers"),
        (lambda: pores.pore_table(3 * LABELS, PX), "2 of them have no pixel"),
        (lambda: pores.pore_table(LABELS, 0.0), "pixel size"),
        (lambda: pores.throats(LABELS, float("nan")), "pixel size"),
        (
            lambda: pores.porosity_profile(LABELS > 0, 2, "1 px", PX),
            "axis = 2 must be finite and at least 0 and below 2",
        ),
        (lambda: pores.porosity_profile(LABELS > 0, 0, "7 px", PX), "wider than the image"),
        (lambda: pores.porosity(LABELS > 0, np.zeros((5, 5), bool)), "empty"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, reason):
    with pytest.raises(PoreError, match=reason):
        call()


def test_a_few_pixels_more_move_the_porosity_of_a_region_by_as_much_as_is_said():
    region = np.zeros((40, 50), bool)
    region[5:35] = True
    mask = blobs((40, 50), 0.3, size=3)
    more = mask.copy()
    more.ravel()[np.flatnonzero(region & ~mask)[:3]] = True
    moved = pores.porosity(more, region) - pores.porosity(mask, region)
    assert moved == pytest.approx(pores.few_pixels(region), rel=1e-9)
    assert pores.few_pixels(np.zeros((2, 2), bool)) == 3
