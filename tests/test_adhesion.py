"""Cut and pulled coatings: exact mixtures, what a period keeps, a count of points, refusals."""

import math

import numpy as np
import pytest

from rampore import adhesion
from rampore.adhesion import AdhesionError
from rampore.collector import PerforatedFoil

FOIL = PerforatedFoil(hole_diameter=75e-6, pitch=160e-6, thickness=15e-6)


def test_pegs_as_strong_as_the_interface_change_nothing():
    assert adhesion.shear_strength(0.2, 1.5e6, 1.5e6) == pytest.approx(1.5e6, rel=1e-15, abs=0)


def test_empty_holes_take_their_share():
    assert adhesion.shear_strength(0.2, 1.5e6, 0.0) == pytest.approx(0.8 * 1.5e6, rel=1e-15, abs=0)
    assert adhesion.cohesion_for_gain(-0.2, 0.2) == 0


def test_a_quarter_more_strength_from_a_fifth_of_holes_needs_pegs_of_2_25_times_the_interface():
    ratio = adhesion.cohesion_for_gain(0.25, 0.2)
    assert ratio == pytest.approx(2.25, rel=1e-14, abs=0)
    assert adhesion.shear_strength(0.2, 1.0, ratio) == pytest.approx(1.25, rel=1e-14, abs=0)


@pytest.mark.parametrize("along_rows", [False, True])
@pytest.mark.parametrize("process_length", [0.0, 5e-6, 300e-6])
def test_over_a_period_a_blade_meets_the_open_fraction(along_rows, process_length):
    """Evenly spaced points of a periodic record: the chord's square roots cost the 3/2 order."""
    cut = adhesion.cut(
        FOIL, 1.0, 3.0, along_rows=along_rows, process_length=process_length, points=2000
    )
    assert cut.over_holes.mean() == pytest.approx(FOIL.open_fraction, rel=2e-4)
    mean = adhesion.shear_strength(FOIL.open_fraction, 1.0, 3.0)
    assert cut.strength.mean() == pytest.approx(mean, rel=2e-4)


@pytest.mark.parametrize("along_rows", [False, True])
def test_the_edge_lies_over_the_holes_that_a_count_of_points_finds(along_rows):
    """Points on the edge, and the holes' centres that the foil itself lists."""
    cut = adhesion.cut(FOIL, 1.0, 1.0, along_rows=along_rows, points=7)
    wide = 20 * FOIL.pitch, 20 * math.sqrt(3) * FOIL.pitch
    centres = FOIL.hole_centres(*wide)
    across, along = (1, 0) if along_rows else (0, 1)
    edge = np.linspace(0, wide[across], 40001)
    for position, share in zip(cut.position, cut.over_holes, strict=True):
        away = np.abs(centres[:, along] - position) < FOIL.hole_diameter / 2
        near = centres[away]
        half = np.sqrt(FOIL.hole_diameter**2 / 4 - (near[:, along] - position) ** 2)
        within = (np.abs(edge[:, None] - near[:, across]) < half).any(axis=1)
        assert share == pytest.approx(within.mean(), abs=5e-4)


def test_a_blade_at_right_angles_to_the_rows_swings_from_no_hole_to_the_diameter_over_the_pitch():
    cut = adhesion.cut(FOIL, 1.0, 3.0)
    assert cut.over_holes.max() == pytest.approx(75 / 160, rel=1e-14, abs=0)
    assert cut.over_holes.min() == 0


def test_a_long_process_zone_evens_the_record_out():
    swing = [
        np.ptp(adhesion.cut(FOIL, 1.0, 3.0, process_length=length).strength)
        for length in (0.0, 20e-6, 60e-6, 600e-6)
    ]
    assert np.all(np.diff(swing) < 0)
    assert swing[-1] < 0.1 * swing[0]


def test_pegs_in_a_thin_foil_are_drawn_and_in_a_thick_one_broken():
    thin = adhesion.pull_strength(0.2, 1e5, 1e6, 1e5, 0.2)
    thick = adhesion.pull_strength(0.2, 1e5, 1e6, 1e5, 20.0)
    assert thin == pytest.approx(0.8 * 1e5 + 0.2 * 4 * 0.2 * 1e5, rel=1e-14, abs=0)
    assert thick == pytest.approx(0.8 * 1e5 + 0.2 * 1e6, rel=1e-14, abs=0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: adhesion.shear_strength(1.2, 1.0, 1.0), "open fraction"),
        (lambda: adhesion.shear_strength(0.2, 0.0, 1.0), "interface"),
        (lambda: adhesion.shear_strength(0.2, 1.0, -1.0), "coating"),
        (lambda: adhesion.cohesion_for_gain(0.1, 0.0), "open fraction"),
        (lambda: adhesion.cohesion_for_gain(-0.3, 0.2), "cohesion over adhesion"),
        (lambda: adhesion.cut(FOIL, 1.0, 1.0, process_length=-1e-6), "process length"),
        (lambda: adhesion.cut(FOIL, 1.0, 1.0, points=1), "points"),
        (lambda: adhesion.pull_strength(0.2, 1.0, 1.0, -1.0, 0.2), "wall"),
        (lambda: adhesion.pull_strength(0.2, 1.0, 1.0, 1.0, -0.2), "slenderness"),
    ],
)
def test_a_bond_that_cannot_be_is_refused(call, words):
    with pytest.raises(AdhesionError, match=words):
        call()
