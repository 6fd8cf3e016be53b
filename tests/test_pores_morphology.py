"""Surface, chords, thickness, correlation and triple lines of shapes that are known."""

import math

import numpy as np
import pytest

from rampore.pores import (
    PoreError,
    chord_lengths,
    local_thickness,
    specific_surface,
    triple_phase_length,
    two_point_correlation,
)

CUBES, THICK = (1.0, 1.0, 1.0), (2.0, 1.0, 1.0)


def ball(radius, edges, room=4.0):
    """A ball, or a disc, amid its box on voxels of any edges."""
    sides = [round(2 * (radius + room) / edge) for edge in edges]
    at = [edge * (np.arange(n) + 0.5 - n / 2) for n, edge in zip(sides, edges, strict=True)]
    return np.sqrt(sum(np.square(x) for x in np.ix_(*at))) < radius


# ── Surface ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("edges", [CUBES, THICK, (1.0, 1.0), (2.0, 1.0)])
def test_the_surface_of_a_ball_is_found_to_a_few_percent_and_better_the_finer(edges):
    errors = []
    for radius in (8, 32):
        mask = ball(radius, edges)
        exact = 4 * math.pi * radius**2 if len(edges) == 3 else 2 * math.pi * radius
        found = specific_surface(mask, edges) * mask.size * math.prod(edges)
        # lines are counted over the image less a margin of one pixel
        errors.append(abs(found / exact - 1))
    assert errors[1] < 0.05
    assert errors[1] < errors[0]


def test_a_wall_across_the_image_has_its_own_area_in_the_mean_over_its_positions():
    """A plane along the axes is the worst case of thirteen directions: it is found within 10 %."""
    mask = np.zeros((20, 30, 30), bool)
    mask[8:] = True
    assert specific_surface(mask, CUBES) == pytest.approx(1 / 20, rel=0.1)


# ── Chords ───────────────────────────────────────────────────────────────────────────────────────


def test_chords_run_from_wall_to_wall():
    line = np.array([1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 1], bool)
    mask = np.tile(line, (3, 3, 1))
    assert sorted(chord_lengths(mask, THICK, 2).tolist()) == [1.0] * 9 + [3.0] * 9
    turned = np.ascontiguousarray(np.moveaxis(mask, 2, 0))
    assert sorted(chord_lengths(turned, THICK, 0).tolist()) == [2.0] * 9 + [6.0] * 9
    assert not chord_lengths(mask, THICK, 0).size


def test_the_mean_chord_of_a_ball_is_two_thirds_of_its_diameter():
    for axis in range(3):
        lengths = chord_lengths(ball(20, THICK), THICK, axis)
        assert lengths.mean() == pytest.approx(4 / 3 * 20, rel=0.03)


# ── Thickness ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("edges", [CUBES, THICK])
def test_a_ball_is_as_thick_as_its_diameter_everywhere(edges):
    mask = ball(10, edges)
    thickness = local_thickness(mask, edges)
    # the skin of pixels that the largest ball on the grid leaves is thinner
    # on a grid: to a pixel at either end, and the step between two radii
    assert thickness.quantiles((0.3, 0.9)) == pytest.approx((20, 20), abs=2.4)
    assert not thickness.diameter[~mask].any()


def test_a_slit_keeps_its_width_beside_a_wide_pore():
    mask = np.zeros((40, 60), bool)
    mask[4:34, 4:34] = True
    mask[17:22, 34:56] = True
    diameter = local_thickness(mask, 1.0, 30).diameter
    assert diameter[19, 19] == pytest.approx(30, abs=2)
    assert diameter[19, 50] == pytest.approx(5, abs=1.1)


# ── Correlation ──────────────────────────────────────────────────────────────────────────────────


def test_places_of_independent_pixels_are_alike_by_chance():
    mask = np.random.default_rng(0).random((40, 50, 60)) < 0.3
    for axis in range(3):
        found = two_point_correlation(mask, THICK, axis)
        assert found.probability[0] == mask.mean()
        # 120 000 pairs of 0.09: a standard deviation of 8e-4
        np.testing.assert_allclose(found.probability[1:], 0.09, atol=4e-3)
        assert found.distance[1] == THICK[axis]


def test_its_slope_at_the_start_is_that_of_the_surface():
    """Along an axis the probability falls by half the crossings a line makes (Debye)."""
    mask = np.random.default_rng(0).random((30, 30)) < 0.5
    found = two_point_correlation(mask, 1.0, 1)
    crossings = np.count_nonzero(np.diff(mask.astype(int), axis=1)) / (30 * 29)
    inner = np.mean([mask[:, :-1].mean(), mask[:, 1:].mean()])
    assert inner - found.probability[1] == pytest.approx(crossings / 2)


# ── Triple lines ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_three_wedges_meet_along_one_line(axis):
    labels = np.zeros((6, 6), int)
    labels[3:, :3], labels[3:, 3:] = 1, 2
    edges = np.roll([3.0, 1.0, 2.0], axis)
    volume = np.moveaxis(np.repeat(labels[None], 10, axis=0), 0, axis)
    # a line along an axis has no steps: 3/2 is taken off all the same
    exact = 10 * edges[axis] / 1.5
    assert triple_phase_length(volume, tuple(edges)) * volume.size * 6.0 == pytest.approx(exact)
    assert triple_phase_length(labels, 2.0) == pytest.approx(1 / (36 * 4.0))


def test_the_rim_of_a_lens_is_found_from_any_side():
    """The circle in which a ball in one phase meets the plane between two others."""
    radius, edges = 24.0, (1.0, 1.0, 1.0)
    inside, n = ball(radius, edges), 56
    at = np.arange(n) - n / 2 + 0.5
    z, y, x = np.ix_(at, at, at)
    lengths = []
    for normal in ([0.36, 0.48, 0.8], [0.6, 0.64, 0.48], [0.8, 0.36, 0.48]):
        above = normal[0] * z + normal[1] * y + normal[2] * x > 0.1
        labels = np.where(inside, 2, above)
        lengths.append(triple_phase_length(labels, edges) * n**3)
    # pixels of two surfaces step back and forth where these meet: an eighth too much
    assert np.mean(lengths) == pytest.approx(2 * math.pi * radius, rel=0.15)


@pytest.mark.parametrize("axis", [-1, 3, 0.5])
def test_there_is_no_such_axis(axis):
    for function in (chord_lengths, two_point_correlation):
        with pytest.raises(PoreError, match="axis"):
            function(np.ones((3, 3, 3), bool), 1.0, axis)
