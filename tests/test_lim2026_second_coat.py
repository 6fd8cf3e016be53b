"""What the first coat leaves of the holes, what keeps it there, and what a tomogram could show."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from rampore import wetting
from rampore.coating import CoatingError
from rampore.lim2026 import parameters, second_coat
from rampore.lim2026.limits import ranges

GIVEN = parameters.load()


def test_a_film_holds_its_loading_and_dilutes_to_water():
    film = second_coat.wet_film(GIVEN, 0.45)
    assert film.height * film.density * 0.45 == pytest.approx(GIVEN.negative.loading, rel=1e-12)
    thin = second_coat.wet_film(GIVEN, 1e-6)
    assert thin.density == pytest.approx(second_coat.WATER, rel=1e-6)


def test_the_coats_are_as_thick_where_each_takes_half_of_the_holes():
    assert second_coat.difference(GIVEN, 0.5) == 0
    foil = GIVEN.perforation
    most = foil.open_fraction * foil.foil_thickness
    assert second_coat.difference(GIVEN, 1.0) == pytest.approx(most, rel=1e-12)
    assert second_coat.difference(GIVEN, 0.0) == pytest.approx(-most, rel=1e-12)
    for share in (0.2, 0.7):
        thinner = float(second_coat.difference(GIVEN, share))
        assert second_coat.share_for(GIVEN, thinner) == pytest.approx(share, rel=1e-12)


def test_coats_of_one_gap_differ_by_what_the_holes_hold():
    foil, height = GIVEN.perforation, GIVEN.negative.thickness
    held = foil.open_fraction * foil.foil_thickness / height
    assert second_coat.heavier_of_one_gap(GIVEN) == pytest.approx(held, rel=1e-12)
    assert second_coat.heavier_of_one_gap(GIVEN, 0.5) == 0


def test_no_point_of_the_ranges_presses_more_or_holds_less_than_their_ends_say():
    """The inlet's worst lies inside its range: 300 random points of all ranges at once."""
    allowed, rng = ranges("both_sides"), np.random.default_rng(1)
    found = second_coat.leak(GIVEN)
    foil = GIVEN.perforation

    def drawn(name):
        return rng.uniform(allowed[name].low, allowed[name].high, 300)

    share = drawn("solid_share")
    films = [second_coat.wet_film(GIVEN, each) for each in share]
    weight = [
        film.density * wetting.STANDARD_GRAVITY * (film.height + foil.foil_thickness)
        for film in films
    ]
    outlet = drawn("blade_outlet") * [film.height for film in films]
    blade = wetting.blade_pressure(
        drawn("blade_viscosity"), drawn("blade_speed"), drawn("blade_length"),
        drawn("blade_inlet") * outlet, outlet,
    )  # fmt: skip
    held = wetting.holding_pressure(
        drawn("slurry_tension"), drawn("advancing_angle"), foil.hole_diameter
    )
    for values, ends in ((weight, found.film), (blade, found.blade), (held, found.held)):
        assert ends.least <= np.min(values)
        assert ends.most >= np.max(values)
        assert ends.least < ends.middle < ends.most


def test_the_most_viscous_slurry_that_is_held_presses_as_much_as_the_meniscus_bears():
    """The pressure goes with the viscosity: by the middle's own, the middle's pressure."""
    found = second_coat.leak(GIVEN)
    middle = np.sqrt(np.prod(ranges("both_sides")["blade_viscosity"][:2]))
    assert found.viscosity / middle == pytest.approx(
        found.held.middle / found.blade.middle, rel=1e-12
    )


def test_larger_holes_leak_under_the_film_alone():
    wide = replace(GIVEN, perforation=replace(GIVEN.perforation, hole_diameter=50e-3))
    assert second_coat.leak(GIVEN).film_is_held
    assert not second_coat.leak(wide).film_is_held
    assert not second_coat.leak(GIVEN).blade_is_held


def test_the_share_of_pores_below_a_size_is_that_of_their_areas():
    """By quadrature over the density of the radii, each with its square."""
    radius, spread = 0.6e-6, 0.5
    middle = np.log(radius) - spread**2 / 2

    def area(t):
        return np.exp(2 * (middle + spread * t) - t**2 / 2)

    upper = (np.log(0.7e-6) - middle) / spread
    share = quad(area, -8, upper)[0] / quad(area, -8, 9)[0]
    found = second_coat.pores_below(np.array([1.4e-6, 1.0]), radius, spread)
    assert found == pytest.approx([share, 1.0], rel=1e-6)


def test_eleven_holes_hide_a_quarter_of_unfilled_ones():
    holes = second_coat.holes_in(GIVEN, (500e-6) ** 2)
    assert int(holes) == 11
    assert (1 - second_coat.unseen_share(holes)) ** 11 == pytest.approx(0.05, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: second_coat.wet_film(GIVEN, 1.0), "share of solid"),
        (lambda: second_coat.difference(GIVEN, 1.1), "first coat"),
        (lambda: second_coat.pores_below(np.array([0.0]), 1e-6, 0.5), "size"),
        (lambda: second_coat.pores_below(np.array([1e-6]), 1e-6, 0.0), "spread"),
        (lambda: second_coat.unseen_share(0.5), "holes"),
        (lambda: second_coat.unseen_share(3, 1.0), "level"),
    ],
)
def test_refusal_of_what_cannot_be(call, message):
    with pytest.raises(CoatingError, match=message):
        call()
