"""Pores on voxels that are no cubes: lengths and areas are the sample's, not the grid's."""

import math

import numpy as np
import pytest
from scipy import ndimage

from rampore.pores import (
    PoreError,
    Recipe,
    analyse,
    distance_map,
    measure,
    porosity_profile,
    throats,
)
from rampore.pores.segmenting import median

EDGES = (3e-7, 1e-7, 1e-7)


def balls(edges, centres, radius, size):
    """A mask of balls, sampled on voxels of any edges [m]."""
    shape = [round(length / edge) for length, edge in zip(size, edges, strict=True)]
    at = [edge * (np.arange(n) + 0.5) for n, edge in zip(shape, edges, strict=True)]
    at = np.stack(np.meshgrid(*at, indexing="ij"), axis=-1)
    return np.any([np.linalg.norm(at - centre, axis=-1) < radius for centre in centres], axis=0)


@pytest.mark.parametrize("metric", ["euclidean", "cityblock"])
def test_distances_are_those_of_all_pairs(metric):
    mask = np.random.default_rng(0).random((5, 7, 6)) < 0.9
    ratio = (3.0, 1.0, 1.5)
    solid = np.argwhere(~mask) * ratio
    away = np.abs(np.argwhere(mask)[:, None] * ratio - solid)
    expected = np.sqrt((away**2).sum(-1)) if metric == "euclidean" else away.sum(-1)
    found = distance_map(mask, metric, ratio)
    np.testing.assert_allclose(found[mask], expected.min(axis=1), rtol=1e-6)
    assert not found[~mask].any()


def test_a_window_spans_the_same_length_along_every_axis():
    image = np.random.default_rng(0).random((9, 12, 11))
    np.testing.assert_array_equal(
        median(image, (1, 3, 3)), ndimage.median_filter(image, (1, 3, 3), mode="reflect")
    )


@pytest.mark.parametrize("partition", ["rabbani", "snow"])
def test_two_balls_that_overlap_are_two_pores_of_their_own_size_and_place(partition):
    radius, centres = 1.5e-6, [(2.25e-6, 2e-6, 2e-6), (2.25e-6, 2e-6, 4.4e-6)]
    mask = balls(EDGES, centres, radius, (4.5e-6, 4e-6, 6.4e-6))
    found = measure(mask, EDGES, Recipe(partition=partition, metric="euclidean"))
    table = found.table
    assert len(table) == 2
    cap = radius - 1.2e-6
    whole = 4 / 3 * math.pi * radius**3 - math.pi * cap**2 * (radius - cap / 3)
    # a surface of voxels is known to a voxel's volume, 3 x 1 x 1, at one in a hundred of them
    np.testing.assert_allclose(table["volume"], whole, rtol=0.02)
    np.testing.assert_allclose(table["inscribed_radius"], radius, atol=EDGES[0] / 2)
    places = table[["position_0", "position_1", "position_2"]].to_numpy()
    np.testing.assert_allclose(places[:, :2], [(2.25e-6, 2e-6)] * 2, atol=EDGES[1] / 2)
    neck = math.pi * (radius**2 - 1.15e-6**2)  # of the last pixels' centres
    np.testing.assert_allclose(found.throats.area, neck, rtol=0.1)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_straight_cut_has_the_area_of_its_section(axis):
    labels = np.ones((4, 6, 8), np.int32)
    labels[(slice(None),) * axis + (slice(2, None),)] = 2
    found = throats(labels, EDGES)
    section = math.prod(
        n * edge for i, (n, edge) in enumerate(zip(labels.shape, EDGES, strict=True)) if i != axis
    )
    np.testing.assert_allclose(found.area, section, rtol=1e-12)
    assert found.position[0, axis] == pytest.approx(2 * EDGES[axis])


def test_a_profile_runs_along_the_length_of_the_sample():
    mask = np.zeros((4, 5, 6), bool)
    mask[1] = True
    profile = porosity_profile(mask, 0, "0.3 um", EDGES)
    np.testing.assert_allclose(profile.position, [1.5e-7, 4.5e-7, 7.5e-7, 10.5e-7])
    assert profile.porosity.tolist() == [0, 1, 0, 0]


def test_a_section_of_oblong_pixels_is_segmented_and_measured():
    grey = np.full((40, 90), 200.0)
    grey[10:20, 30:60] = 20
    found = analyse(grey, "dark", (3e-7, 1e-7), Recipe(denoise="none"))
    assert found.table["area"].tolist() == pytest.approx([10 * 3e-7 * 30 * 1e-7])


@pytest.mark.parametrize("edges", [(1e-7,), 1e-7])
def test_one_edge_serves_all_axes(edges):
    mask = balls((1e-7,) * 3, [(1e-6, 1e-6, 1e-6)], 6e-7, (2e-6,) * 3)
    found = measure(mask, edges).table["volume"].iloc[0]
    assert found == measure(mask, (1e-7,) * 3).table["volume"].iloc[0]


def test_what_makes_no_voxel_is_refused():
    mask = balls((1e-7,) * 3, [(1e-6, 1e-6, 1e-6)], 6e-7, (2e-6,) * 3)
    with pytest.raises(PoreError, match="one for each of 3 axes, not 2"):
        measure(mask, (1e-7, 2e-7))
    with pytest.raises(PoreError, match="takes voxels that are cubes"):
        measure(mask, EDGES, Recipe(metric="chessboard"))
