"""The coating on perforated foil: conservation, limits, inverses, calendering."""

import numpy as np
import pytest

from rampore.coating import (
    CoatingError,
    Dried,
    Keep,
    Local,
    calender,
    coating_loading,
    coating_thickness,
    dried_from_densities,
    dried_from_loading,
    dried_sink,
    local_design,
    local_loading,
    local_thickness,
    mass_conserving_porosity,
    np_ratio,
    open_fraction_from_loadings,
    open_fraction_from_local_densities,
    open_fraction_from_saving,
    other_density,
    other_loading,
    recipe_porosity,
    recipe_porosity_samples,
    solid_density,
)

EXACT = 1e-12  # a handful of float64 operations
LOADING, DENSITY = 0.0495, 1500.0
RNG = np.random.default_rng(20260175)
FOILS = list(zip(RNG.uniform(0.01, 0.85, 20), RNG.uniform(1e-6, 30e-6, 20), strict=True))


def test_loading_and_thickness_are_each_other_s_inverse():
    assert coating_thickness(LOADING, DENSITY) == pytest.approx(33e-6, rel=EXACT)
    assert coating_loading(33e-6, DENSITY) == pytest.approx(LOADING, rel=EXACT)


def test_a_fifth_of_holes_in_15_um_foil_takes_3_um_off_33_um():
    assert local_thickness(33e-6, 0.2, 15e-6) == pytest.approx((30e-6, 45e-6), rel=EXACT)
    assert local_loading(LOADING, DENSITY, 0.2, 15e-6) == pytest.approx((0.045, 0.0675), rel=EXACT)


@pytest.mark.parametrize(("fraction", "depth"), FOILS)
def test_area_weighted_local_loadings_are_the_loading(fraction, depth):
    assert local_loading(LOADING, DENSITY, fraction, depth).mean(fraction) == pytest.approx(
        LOADING, rel=EXACT
    )


@pytest.mark.parametrize(("fraction", "depth"), FOILS)
def test_calendering_keeps_the_mass_of_each_column_and_of_the_whole(fraction, depth):
    dried = dried_from_loading(LOADING, 1000.0, fraction, depth)
    for compression in (0.0, 0.2, 0.6):
        thickness, density = calender(dried, depth, compression)
        columns = Local(density.npr * thickness.npr, density.pr * thickness.pr)
        before = (dried.density * dried.thickness, dried.density * (dried.thickness + depth))
        assert columns == pytest.approx(before, rel=EXACT)
        assert columns.mean(fraction) == pytest.approx(LOADING, rel=EXACT)


def test_a_design_has_one_density_in_both_regions():
    design = local_design(LOADING, DENSITY, 129.6e3, 118.8e3, 0.3, 12e-6)
    for thickness, loading in zip(design.thickness, design.loading, strict=True):
        assert loading / thickness == pytest.approx(DENSITY, rel=EXACT)


def test_without_holes_the_electrode_is_the_bare_one():
    assert local_thickness(33e-6, 0.0, 15e-6).npr == 33e-6
    dried = dried_from_loading(LOADING, 1000.0, 0.0, 15e-6)
    assert dried.thickness == pytest.approx(coating_thickness(LOADING, 1000.0), rel=EXACT)


def test_a_hole_without_depth_makes_no_contrast():
    density = calender(Dried(50e-6, 1000.0), 0.0, 0.3).density
    assert density.pr == pytest.approx(density.npr, rel=EXACT)


def test_a_deep_hole_is_not_compressed_at_all():
    density = calender(Dried(50e-6, 1000.0), 1.0, 0.3).density
    assert density.pr == pytest.approx(1000.0, rel=2e-5)  # h0 / t of a metre is what is left
    assert density.npr == pytest.approx(1000.0 / 0.7, rel=EXACT)


def test_the_foil_is_denser_below_the_calender_than_the_hole_and_both_than_before():
    compression = np.linspace(0.01, 0.9, 50)
    density = calender(Dried(46e-6, 1000.0), 15e-6, compression).density
    assert np.all(density.npr > density.pr)
    assert np.all(density.pr > 1000.0)
    assert np.all(np.diff(density.npr - density.pr) > 0)


@pytest.mark.parametrize("compression", [0.05, 0.36, 0.7])
@pytest.mark.parametrize("depth", [5e-6, 15e-6])
def test_the_dried_coating_comes_back_from_the_calendered_one(compression, depth):
    dried = Dried(46e-6, 1040.0)
    thickness, density = calender(dried, depth, compression)
    # 1 - share cancels
    assert dried_from_densities(density, thickness.npr, depth) == pytest.approx(dried, rel=1e-10)


@pytest.mark.parametrize(("fraction", "depth"), FOILS)
def test_the_open_fraction_comes_back_from_thickness_from_loadings_and_from_densities(
    fraction, depth
):
    loading = local_loading(LOADING, DENSITY, fraction, depth)
    thickness = local_thickness(LOADING / DENSITY, fraction, depth)
    # f t against H cancels
    assert open_fraction_from_loadings(LOADING, *loading) == pytest.approx(fraction, rel=1e-9)
    assert open_fraction_from_saving(LOADING / DENSITY - thickness.npr, depth) == pytest.approx(
        fraction, rel=1e-9
    )
    densities = Local(1600.0, 1300.0)
    total = Local(1600.0 * thickness.npr, 1300.0 * thickness.pr).mean(fraction)
    back = open_fraction_from_local_densities(total, *densities, thickness.npr, depth)
    assert back == pytest.approx(fraction, rel=1e-9)


@pytest.mark.parametrize(("fraction", "depth"), FOILS)
def test_either_local_density_completes_the_mass_balance(fraction, depth):
    npr = other_density(LOADING, fraction, 30e-6, depth, pr=700.0)
    assert Local(npr * 30e-6, 700.0 * (30e-6 + depth)).mean(fraction) == pytest.approx(
        LOADING, rel=EXACT
    )
    assert other_density(LOADING, fraction, 30e-6, depth, npr=npr) == pytest.approx(700.0, rel=1e-9)


@pytest.mark.parametrize(("fraction", "depth"), FOILS)
def test_either_local_loading_completes_the_mass_balance(fraction, depth):
    loading = local_loading(LOADING, DENSITY, fraction, depth)
    # f small: cancels
    assert other_loading(LOADING, fraction, npr=loading.npr) == pytest.approx(loading.pr, rel=1e-9)
    assert other_loading(LOADING, fraction, pr=loading.pr) == pytest.approx(loading.npr, rel=1e-9)


def test_local_np_ratios_average_to_that_of_the_cell():
    local = local_design(LOADING, DENSITY, 129.6e3, 118.8e3, 0.2, 15e-6).np_ratio
    assert np_ratio(LOADING, LOADING, 129.6e3, 118.8e3) == pytest.approx(36 / 33, rel=EXACT)
    assert local.mean(0.2) == pytest.approx(36 / 33, rel=EXACT)
    assert local.npr < 36 / 33 < local.pr


@pytest.mark.parametrize("keep", list(Keep))
def test_moved_porosities_hold_the_solid_of_the_bare_electrode(keep):
    thickness, solid = Local(30e-6, 45e-6), 0.76 * 33e-6
    moved = mass_conserving_porosity(Local(0.19, 0.28), thickness, solid, 0.2, keep)
    held = Local((1 - moved.npr) * 30e-6, (1 - moved.pr) * 45e-6).mean(0.2)
    assert held == pytest.approx(solid, rel=EXACT)


def test_moving_porosities_keeps_what_it_says():
    start = Local(0.19, 0.28)
    moved = {
        keep: mass_conserving_porosity(start, Local(30e-6, 45e-6), 25.08e-6, 0.2, keep)
        for keep in Keep
    }
    solids = moved[Keep.SOLID_RATIO]
    assert (1 - solids.npr) / (1 - solids.pr) == pytest.approx(0.81 / 0.72, rel=EXACT)
    assert moved[Keep.DIFFERENCE].pr - moved[Keep.DIFFERENCE].npr == pytest.approx(0.09, rel=EXACT)
    assert moved[Keep.POROSITY_RATIO].pr / moved[Keep.POROSITY_RATIO].npr == pytest.approx(
        28 / 19, rel=EXACT
    )


@pytest.mark.parametrize("keep", list(Keep))
def test_porosities_that_conserve_mass_already_stay(keep):
    start = Local(0.2, 0.3)
    solid = Local(0.8 * 30e-6, 0.7 * 45e-6).mean(0.2)
    assert mass_conserving_porosity(start, Local(30e-6, 45e-6), solid, 0.2, keep) == pytest.approx(
        start, rel=EXACT
    )


def test_equal_masses_of_two_solids_have_the_harmonic_mean_density():
    assert solid_density([0.5, 0.5], [1000.0, 3000.0]) == pytest.approx(1500.0, rel=EXACT)
    assert recipe_porosity(750.0, [0.5, 0.5], [1000.0, 3000.0]).value == pytest.approx(
        0.5, rel=EXACT
    )


FRACTIONS, TRUE = np.array([0.3, 0.6, 0.1]), np.array([2200.0, 2240.0, 1200.0])
# one value at an end of its range
RANGES = np.array([(2100.0, 2200.0), (2200.0, 2300.0), (1100.0, 1400.0)])
COATING = (1450.0, 1550.0)


def test_the_first_order_uncertainty_is_that_of_a_central_difference():
    step = 1e-3
    slopes = [
        recipe_porosity(1500.0, FRACTIONS, TRUE + e).value
        - recipe_porosity(1500.0, FRACTIONS, TRUE - e).value
        for e in step * np.eye(3)
    ]
    expected = np.linalg.norm(np.array(slopes) / (2 * step) * np.ptp(RANGES, axis=1)) / np.sqrt(12)
    found = recipe_porosity(1500.0, FRACTIONS, TRUE, RANGES).standard
    assert found == pytest.approx(expected, rel=1e-6)  # rounding over the step


def test_drawn_porosities_scatter_as_the_first_order_uncertainty_says_and_stay_in_the_range():
    middle = RANGES.mean(axis=1)
    porosity = recipe_porosity(1500.0, FRACTIONS, middle, RANGES, COATING)
    drawn = recipe_porosity_samples(
        1500.0, FRACTIONS, RANGES, np.random.default_rng(1), COATING, size=40_000
    )
    # Second order: (150/1250)^2 of the least certain part; sampling: 1/sqrt(2 * 40000) = 0.4 %.
    assert drawn.std() == pytest.approx(porosity.standard, rel=0.02)
    assert drawn.mean() == pytest.approx(porosity.value, abs=1e-3)
    assert porosity.low <= drawn.min() < drawn.max() <= porosity.high


def test_the_extreme_porosities_are_those_of_the_lightest_and_the_heaviest_recipe():
    porosity = recipe_porosity(1500.0, FRACTIONS, TRUE, RANGES, COATING)
    assert porosity.low == pytest.approx(
        recipe_porosity(1550.0, FRACTIONS, RANGES[:, 0]).value, rel=EXACT
    )
    assert porosity.high == pytest.approx(
        recipe_porosity(1450.0, FRACTIONS, RANGES[:, 1]).value, rel=EXACT
    )


def test_exact_densities_leave_no_uncertainty():
    for ranges in (None, [(density, density) for density in TRUE]):
        porosity = recipe_porosity(1500.0, FRACTIONS, TRUE, ranges)
        assert porosity.standard == 0.0
        assert porosity.low == porosity.high == porosity.value


def test_the_same_seed_draws_the_same_porosities():
    first, second = (
        recipe_porosity_samples(1500.0, FRACTIONS, RANGES, np.random.default_rng(7), size=5)
        for _ in range(2)
    )
    assert first.tolist() == second.tolist()


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: local_thickness(10e-6, 0.8, 15e-6), "nothing is left over the foil"),
        (lambda: local_thickness(33e-6, 1.2, 15e-6), "open fraction = .* at least 0 and below 1"),
        (lambda: local_thickness(33e-6, -0.2, 15e-6), "open fraction = .* at least 0 and below 1"),
        (lambda: open_fraction_from_loadings(0.07, 0.045, 0.0675), "must lie between the two"),
        (lambda: open_fraction_from_loadings(0.0675, 0.045, 0.0675), "must lie between the two"),
        (lambda: open_fraction_from_loadings(0.045, 0.045, 0.0675), "must lie between the two"),
        (lambda: other_density(LOADING, 0.2, 30e-6, 15e-6), "takes one of the two"),
        (
            lambda: other_density(LOADING, 0.2, 30e-6, 15e-6, npr=1600.0, pr=1400.0),
            "takes one of the two",
        ),
        (lambda: solid_density([0.5, 0.4], [1000.0, 2000.0]), "sum to 0.9"),
        (lambda: solid_density([0.5, 0.5], [1000.0, 0.0]), r"density at index \(1,\) = 0"),
        (lambda: recipe_porosity(2500.0, [1.0], [2200.0]), "denser than what it is made of"),
        (lambda: recipe_porosity(1500.0, [1.0], [2300.0], [(2100.0, 2200.0)]), "outside the range"),
        (lambda: calender(Dried(46e-6, 1000.0), 15e-6, 1.0), "degree of calendering = 1 must"),
        (lambda: calender(Dried(46e-6, 1000.0), 15e-6, -0.1), "degree of calendering = -0.1 must"),
        (lambda: dried_from_densities(Local(1300.0, 1400.0), 30e-6, 15e-6), "denser over foil"),
        (
            lambda: dried_from_densities(Local(2200.0, 1300.0), 30e-6, 15e-6),
            "cannot differ that much",
        ),
        (
            lambda: mass_conserving_porosity(
                Local(0.19, 0.28), Local(30e-6, 45e-6), 40e-6, 0.2, Keep.DIFFERENCE
            ),
            "do not fit",
        ),
        (
            lambda: mass_conserving_porosity(
                Local(0.19, 0.28), Local(30e-6, 45e-6), 25e-6, 0.2, "nothing"
            ),
            "keep = 'nothing' is not one of the choices",
        ),
    ],
)
def test_nonsense_is_refused(call, reason):
    with pytest.raises((CoatingError, ValueError), match=reason):
        call()


GOOD_AND_BAD = np.array([0.05, 0.07])  # mean loadings [kg/m2]; the second is more than any mixture


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: local_thickness(np.array([33e-6, 2e-6]), 0.2, 15e-6), "nothing is left"),
        (lambda: open_fraction_from_loadings(GOOD_AND_BAD, 0.045, 0.0675), "between the two"),
        (
            lambda: recipe_porosity(
                1500.0, [0.5, 0.5], [2000.0, 2300.0], [(1900.0, 2100.0), (2100.0, 2200.0)]
            ),
            "outside the range",
        ),
        (
            lambda: recipe_porosity(
                1500.0, [0.5, 0.5], [2000.0, 2300.0], [(1900.0, 2100.0), (2400.0, 2200.0)]
            ),
            "a row of the lowest and the highest",
        ),
        (
            lambda: dried_from_densities(
                Local(np.array([1500.0, 1300.0]), np.array([1400.0, 1400.0])), 30e-6, 15e-6
            ),
            "denser over foil",
        ),
        (
            lambda: dried_from_densities(
                Local(np.array([1500.0, 2200.0]), np.array([1400.0, 1300.0])), 30e-6, 15e-6
            ),
            "cannot differ that much",
        ),
        (
            lambda: mass_conserving_porosity(
                Local(0.19, 0.28), Local(30e-6, 45e-6), 34e-6, 0.2, Keep.DIFFERENCE
            ),
            "do not fit",
        ),
        (
            lambda: dried_sink(np.array([1500.0, 500.0]), 0.5, 2200.0, 1000.0, 15e-6),
            "more than in a coating",
        ),
    ],
)
def test_a_bad_value_among_good_ones_is_refused(call, reason):
    with pytest.raises(CoatingError, match=reason):
        call()


def test_ten_thousand_draws_are_the_default():
    """The mean of the draws then has a hundredth of their spread as its standard error."""
    drawn = recipe_porosity_samples(1500.0, FRACTIONS, RANGES, np.random.default_rng(7))
    assert drawn.shape == (10_000,)


def test_a_slurry_that_dries_in_place_keeps_the_solid_of_each_column():
    """Wet columns of any height w and w + t, both with their solid at the dried density."""
    solids, true, water, dry, depth = 0.45, 2140.0, 1000.0, 1010.0, 15e-6
    slurry = 1 / (solids / true + (1 - solids) / water)
    wet = np.array([80e-6, 80e-6 + depth])
    flat_top = wet * slurry * solids / dry - np.array([0.0, depth])
    sink = dried_sink(dry, solids, true, water, depth)
    assert sink == pytest.approx(flat_top[0] - flat_top[1], rel=1e-12)


def test_a_slurry_that_is_as_dense_in_solid_as_the_dried_coating_does_not_sink():
    solids, true, water = 0.5, 2000.0, 1000.0
    held = 0.5 / (0.5 / true + 0.5 / water)
    assert dried_sink(held, solids, true, water, 15e-6) == pytest.approx(0, abs=1e-20)
    with pytest.raises(CoatingError, match="more than in a coating"):
        dried_sink(0.9 * held, solids, true, water, 15e-6)
