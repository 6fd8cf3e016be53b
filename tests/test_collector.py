"""The perforated foil: lattice, areas, mass, strength, Faraday's constant."""

import math

import numpy as np
import pytest

from rampore import collector
from rampore.collector import (
    CLOSE_PACKED,
    CollectorError,
    Etching,
    PerforatedFoil,
    areal_mass,
    breakeven_thickness,
    contact_area,
    etched_hole,
    net_section,
    open_fraction_from_lattice,
    open_fraction_from_masses,
    open_fraction_from_net_section,
    perforated_foil,
    theoretical_capacity,
    web_stress,
)
from rampore.lim2026.estimates import Estimate, exclusions

COPPER = 8960.0
FOIL = PerforatedFoil(hole_diameter=75e-6, pitch=160e-6, thickness=15e-6, density=COPPER)


def test_one_hole_in_one_rhombic_cell_is_the_open_fraction():
    cell = 160e-6**2 * math.sin(math.radians(60))
    assert FOIL.open_fraction == pytest.approx(math.pi * 75e-6**2 / 4 / cell, rel=1e-14)
    assert FOIL.holes_per_area == pytest.approx(1 / cell, rel=1e-14)


def test_touching_holes_are_the_densest_packing_of_circles():
    assert open_fraction_from_lattice(1.0, 1.0) == pytest.approx(math.pi / math.sqrt(12), rel=1e-15)
    assert pytest.approx(math.pi / math.sqrt(12), rel=1e-15) == CLOSE_PACKED


@pytest.mark.parametrize("left_out", ["hole_diameter", "pitch", "open_fraction"])
def test_any_two_of_diameter_pitch_and_open_fraction_give_the_third(left_out):
    pair = {
        "hole_diameter": FOIL.hole_diameter,
        "pitch": FOIL.pitch,
        "open_fraction": FOIL.open_fraction,
    }
    pair.pop(left_out)
    foil = perforated_foil(FOIL.thickness, FOIL.density, **pair)
    assert foil.hole_diameter == pytest.approx(FOIL.hole_diameter, rel=1e-14)
    assert foil.pitch == pytest.approx(FOIL.pitch, rel=1e-14)


def test_metal_and_removed_metal_make_the_solid_foil():
    removed = FOIL.holes_per_area * math.pi * FOIL.hole_diameter**2 / 4 * FOIL.thickness * COPPER
    assert FOIL.areal_mass + removed == pytest.approx(COPPER * FOIL.thickness, rel=1e-14)


@pytest.mark.parametrize(("etching", "quarters"), [(Etching.ONE_SIDE, 1), (Etching.BOTH_SIDES, 2)])
def test_an_etched_hole_has_the_wall_and_the_volume_of_its_rotated_profile(etching, quarters):
    """Pappus: a quarter circle and its disc, turned about the axis at the distance of their
    centroids.
    """
    hole = etched_hole(etching, 15e-6, waist=30e-6)
    depth = 15e-6 / quarters
    arc, disc = math.pi / 2 * depth, math.pi / 4 * depth**2
    wall = 2 * math.pi * (30e-6 + 2 * depth / math.pi) * arc
    volume = math.pi * 30e-6**2 * depth
    volume += 2 * math.pi * (30e-6 + 4 * depth / (3 * math.pi)) * disc
    assert hole.wall == pytest.approx(quarters * wall, rel=1e-14)
    assert hole.volume == pytest.approx(quarters * volume, rel=1e-14)
    assert hole.mouth == pytest.approx(30e-6 + depth, rel=1e-14)
    assert etched_hole(etching, 15e-6, mouth=hole.mouth) == pytest.approx(hole, rel=1e-14)


def test_a_hole_etched_ever_shallower_has_the_walls_of_quarter_circles_over_straight_ones():
    """The ratio tends to pi/2 as the depth vanishes beside the radius, by first order."""
    thin = np.array([1e-8, 2e-8])
    ratio = [
        etched_hole(Etching.BOTH_SIDES, t, waist=1e-4).wall
        / etched_hole(Etching.STRAIGHT, t, waist=1e-4).wall
        for t in thin
    ]
    left = np.array(ratio) - math.pi / 2
    assert left[1] / left[0] == pytest.approx(2, rel=1e-9)
    assert 0 < left[0] < 1e-4


@pytest.mark.parametrize(
    ("radii", "words"),
    [
        ({}, "one of the two"),
        ({"mouth": 1e-5, "waist": 1e-5}, "one of the two"),
        ({"mouth": 7e-6}, "closes"),
    ],
)
def test_an_etched_hole_that_cannot_be_is_refused(radii, words):
    with pytest.raises(CollectorError, match=words):
        etched_hole(Etching.BOTH_SIDES, 15e-6, **radii)


def test_the_walls_are_those_of_the_holes_in_the_area():
    each = math.pi * FOIL.hole_diameter * FOIL.thickness
    assert FOIL.wall_area == pytest.approx(FOIL.holes_per_area * each, rel=1e-14)


def test_a_fifth_of_75_um_holes_in_15_um_foil_leaves_96_percent_of_the_contact_area():
    assert contact_area(0.2, 15e-6, 75e-6) == pytest.approx(0.96, rel=1e-14)
    assert contact_area(0.2, 15e-6, 75e-6, walls=False) == pytest.approx(0.80, rel=1e-14)
    assert contact_area(0.2, 15e-6, 75e-6, sides=2) == pytest.approx(0.88, rel=1e-14)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("fraction", [0.01, 0.2, 0.8])
def test_at_the_breakeven_thickness_the_contact_area_is_that_of_bare_foil(sides, fraction):
    thickness = breakeven_thickness(75e-6, sides)
    assert contact_area(fraction, thickness, 75e-6, sides) == pytest.approx(1.0, rel=1e-14)
    assert contact_area(fraction, 1.01 * thickness, 75e-6, sides) > 1
    assert contact_area(fraction, 0.99 * thickness, 75e-6, sides) < 1


def test_two_coatings_share_each_wall_once():
    both = 2 * FOIL.contact_area(sides=2)
    assert both == pytest.approx(2 * (1 - FOIL.open_fraction) + FOIL.wall_area, rel=1e-14)


def test_few_holes_leave_the_bare_foil():
    foil = perforated_foil(10e-6, COPPER, hole_diameter=75e-6, open_fraction=1e-10)
    assert foil.areal_mass == pytest.approx(COPPER * 10e-6, rel=1e-9)
    assert foil.contact_area() == pytest.approx(1.0, rel=1e-9)
    # approaches as the root of f
    assert foil.net_section.across_rows == pytest.approx(1.0, abs=2e-5)


def test_the_section_through_a_close_packed_row_keeps_the_ligaments():
    assert FOIL.net_section.across_rows == pytest.approx(
        FOIL.ligament_width / FOIL.pitch, rel=1e-14
    )


def test_cochrane_s_rule_weakens_the_foil_along_its_rows_once_holes_are_wide():
    """Two rows of a staggered joint: width g a step, less a hole, more s^2 / 4 g."""
    p, d = FOIL.pitch, FOIL.hole_diameter
    gauge, stagger = p * math.sqrt(3) / 2, p / 2
    assert FOIL.net_section.along_rows == pytest.approx(
        (gauge - d + stagger**2 / (4 * gauge)) / gauge, rel=1e-14
    )
    assert net_section(1e-4).along_rows == pytest.approx(
        1 - math.sqrt(1e-4 / CLOSE_PACKED) / math.sqrt(3), rel=1e-14
    )


def test_no_section_is_stronger_than_the_metal_that_is_left():
    sections = net_section(np.linspace(1e-4, 0.9, 200))
    assert np.all(sections.across_rows <= sections.bound)
    assert np.all(sections.along_rows <= sections.bound)


def test_net_section_and_foil_masses_invert():
    assert open_fraction_from_net_section(FOIL.net_section.across_rows) == pytest.approx(
        FOIL.open_fraction, rel=1e-13
    )
    solid = COPPER * FOIL.thickness
    assert open_fraction_from_masses(FOIL.areal_mass, solid) == pytest.approx(
        FOIL.open_fraction, rel=1e-13
    )


def test_a_thicker_perforated_foil_of_the_same_mass_is_more_open():
    solid = COPPER * 10e-6
    fraction = open_fraction_from_masses(FOIL.areal_mass, solid, FOIL.thickness, 10e-6)
    assert fraction == pytest.approx(FOIL.open_fraction, rel=1e-13)
    assert areal_mass(COPPER * FOIL.thickness, fraction) == pytest.approx(
        FOIL.areal_mass, rel=1e-13
    )


def test_hole_centres_stand_a_pitch_apart_and_fill_the_window_with_the_open_fraction():
    side = 20e-3
    centres = FOIL.hole_centres(side, side)
    inside = np.all((centres >= 0) & (centres < side), axis=1).sum()
    rim = 4 * FOIL.pitch / side  # holes that the edge may add or take away
    assert inside / side**2 == pytest.approx(FOIL.holes_per_area, rel=rim)
    few = FOIL.hole_centres(1e-3, 1e-3)
    distances = np.linalg.norm(few[:, None] - few[None], axis=2)
    assert distances[distances > 0].min() == pytest.approx(FOIL.pitch, rel=1e-12)
    assert np.any(np.all(few == 0, axis=1))


def test_every_hole_that_shows_in_the_window_is_drawn_and_no_other():
    p, radius = FOIL.pitch, FOIL.hole_diameter / 2
    width, height = 3.2 * p, 2.1 * p
    i, j = np.mgrid[-20:20, -20:20]
    lattice = np.stack([i * p + j * p / 2, j * p * math.sqrt(3) / 2], axis=-1).reshape(-1, 2)
    beyond = np.maximum(lattice - [width, height], 0) + np.maximum(-lattice, 0)
    expected = lattice[np.hypot(*beyond.T) < radius]
    shown = FOIL.hole_centres(width, height)
    key = np.lexsort(np.round(shown, 9).T), np.lexsort(np.round(expected, 9).T)
    np.testing.assert_allclose(shown[key[0]], expected[key[1]], atol=1e-15)


def test_estimates_exclude_each_other_when_their_rounding_intervals_are_apart():
    estimates = [
        Estimate("a", 0.20, 0.04),
        Estimate("b", 0.177, 0.006),
        Estimate("c", 0.317, 0.001),
    ]
    assert exclusions(estimates).tolist() == [
        [False, False, True],
        [False, False, True],
        [True, True, False],
    ]


def test_touching_intervals_do_not_exclude_each_other():
    assert not exclusions([Estimate("a", 1.0, 0.5), Estimate("b", 2.0, 0.5)]).any()


def test_a_web_of_one_square_millimetre_under_one_newton_is_at_one_megapascal():
    assert web_stress(1.0, 0.1, 10e-6) == pytest.approx(1e6, rel=1e-14)


def test_graphite_and_silicon_capacities_match_the_handbook():
    """Per mass of host; printed to one mAh/g in every battery text."""
    mah_per_g = 3600.0
    assert theoretical_capacity(1, 6 * 12.011e-3) / mah_per_g == pytest.approx(372, abs=0.5)
    # Li22Si5, 4200 mAh/g
    assert theoretical_capacity(4.4, 28.0855e-3) / mah_per_g == pytest.approx(4200, abs=5)


def test_an_atom_of_rock_salt_has_half_its_lattice_constant_and_photoelectrons_pass_twelve():
    """0.56402 nm; at 1 keV 2170/E^2 + 0.72 sqrt(282) = 12.09 such edges."""
    edge = 0.56402e-9 / 2
    found = collector.attenuation_length(1000 * 1.602176634e-19, 58.443e-3, 2163.0, 2)
    assert found == pytest.approx(edge * (0.00217 + 0.72 * math.sqrt(282.01)), rel=2e-3)


def test_a_film_shows_as_much_as_what_lies_under_it_where_it_halves_the_signal():
    """Equal densities: ln 2; and what it shows over what it lets pass is the ratio asked for."""
    assert collector.film_of_signal(1.0, 1e-9, 5.0, 5.0) == pytest.approx(1e-9 * math.log(2))
    thickness = collector.film_of_signal(np.array([0.0, 0.5, 3.0]), 2e-9, 34.5, 79.4)
    passed = np.exp(-thickness / 2e-9)
    np.testing.assert_allclose(34.5 * (1 - passed) / (79.4 * passed), [0.0, 0.5, 3.0], atol=1e-14)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pitch": 75e-6}, "overlap"),
        ({"pitch": 60e-6}, "overlap"),
        ({"thickness": 0.0}, "thickness = .* must be finite and above 0"),
        ({"hole_diameter": -75e-6}, "hole diameter = .* must be finite and above 0"),
        ({"density": math.nan}, "density = .* must be finite and above 0"),
    ],
)
def test_a_foil_that_cannot_be_is_refused(change, reason):
    with pytest.raises(CollectorError, match=reason):
        PerforatedFoil(
            **{"hole_diameter": 75e-6, "pitch": 160e-6, "thickness": 15e-6, "density": COPPER}
            | change
        )


@pytest.mark.parametrize(
    ("lattice", "reason"),
    [
        ({"pitch": 160e-6}, "given: pitch"),
        ({}, "given: none"),
        ({"pitch": 160e-6, "hole_diameter": 75e-6, "open_fraction": 0.2}, "two of"),
        ({"pitch": 160e-6, "open_fraction": 0.91}, "0.9069"),
        ({"hole_diameter": 75e-6, "open_fraction": 0.0}, "open fraction of separate holes = "),
    ],
)
def test_a_lattice_needs_exactly_two_consistent_numbers(lattice, reason):
    with pytest.raises(CollectorError, match=reason):
        perforated_foil(15e-6, COPPER, **lattice)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: contact_area(0.2, 15e-6, 75e-6, sides=3), "sides = 3 is not one of the choices"),
        (lambda: open_fraction_from_masses(0.0902, 0.0616), "cannot gain mass"),
        (lambda: collector.attenuation_length(0.0, 0.1, 3e3, 5), "kinetic energy = 0 J must"),
        (lambda: collector.attenuation_length(1e-16, 0.1, 3e3, 0), "atoms = 0 must"),
        (lambda: collector.film_of_signal(-1.0, 1e-9, 1.0, 1.0), "ratio = -1 must"),
        (lambda: collector.film_of_signal(1.0, 1e-9, 0.0, 1.0), "in_film = 0 mol/m3 must"),
        (lambda: theoretical_capacity(1, 0.0), "molar mass = 0 kg/mol must"),
        (lambda: FOIL.hole_centres(0.0, 1e-3), "width = 0 m must"),
        (lambda: areal_mass(0.0902, 1.01), "open fraction = 1.01 must"),
        (lambda: areal_mass(0.0902, -0.01), "open fraction = -0.01 must"),
    ],
)
def test_nonsense_is_refused(call, reason):
    with pytest.raises(CollectorError, match=reason):
        call()
