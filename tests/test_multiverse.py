"""Many recipes on one image: each as if it were alone; and the generator's sections under the
microscope.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from phantoms import all_links, blobs, discs

from rampore import multiverse, pores
from rampore.coating import Local
from rampore.collector import perforated_foil
from rampore.micrograph import CALIBRATED, TYPICAL, bare_electrode, perforated_electrode, section
from rampore.multiverse import Specimen
from rampore.pores import CITED, PoreError, Recipe

PX = 0.1e-6
FOIL = perforated_foil(15e-6, 8960.0, hole_diameter=75e-6, open_fraction=0.20)
BARE = bare_electrode(33e-6, 0.24)
SMALL = Specimen(BARE, CALIBRATED, width=30e-6, pixel_size=0.2e-6, seed=1, microscope=TYPICAL)

RECIPES = multiverse.variations(
    Recipe(denoise="none", smallest_pore="2 px"),
    [{}, {"threshold_offset": 10.0}],
    [
        {"metric": "euclidean"},
        {"partition": "snow"},
        {"smoothing": "h-maxima", "smoothing_size": "1 px"},
    ],
    [{}, {"watershed_lines": True, "smallest_part": 9}],
    [
        {"neighbours": "throats"},
        {"neighbours": "labels", "smallest_throat": "3 px"},
        {"neighbours": "corners"},
    ],
    [
        {"isolated": isolated, "boundary": boundary}
        for isolated in (True, False)
        for boundary in (True, False)
    ],
)


def test_variations_are_every_combination_once_and_later_groups_overrule():
    assert len(RECIPES) == len(set(RECIPES)) == 2 * 3 * 2 * 3 * 4
    (only,) = multiverse.variations(Recipe(), [{"metric": "euclidean"}], [{"metric": "chessboard"}])
    assert only.metric == "chessboard"


def test_every_recipe_finds_among_others_what_it_finds_alone():
    grey = np.where(blobs((120, 150), 0.35, size=3), 70.0, 170.0) + np.random.default_rng(0).normal(
        0, 12, (120, 150)
    )
    found = multiverse.outcomes(lambda recipe: pores.segment(grey, "dark", recipe, PX), RECIPES, PX)
    for k, recipe in enumerate(RECIPES):
        alone = pores.analyse(grey, "dark", PX, recipe)
        radius, number = alone.means(np.random.default_rng(0), resamples=2)
        expected = (alone.porosity, radius.value, number.value, radius.pores)
        row = (found.porosity[k], found.radius[k, 0], found.coordination[k, 0], found.pores[k, 0])
        np.testing.assert_allclose(row, expected, rtol=1e-12, err_msg=str(recipe))


def test_groups_of_columns_share_out_the_pores_and_their_means():
    mask, _ = discs(6, (4, 6), 20, all_links((4, 6)), width=3)
    group = (np.arange(mask.shape[1]) >= 60).astype(int)
    found = multiverse.outcomes(lambda recipe: mask, [Recipe()], PX, group)
    assert found.pores.tolist() == [[24, 12, 12]]
    for each in (found.radius, found.coordination):
        assert each[0, 0] == pytest.approx(each[0, 1:].mean(), rel=1e-12)
    # 4 x 3 discs of each half: along the rows 2 of 3 have both neighbours, one has them too across
    # the border.
    assert found.coordination[0, 1] == pytest.approx((4 * (1 + 2 + 2) + 3 * (1 + 2 + 2 + 1)) / 12)


def test_one_channel_less_and_one_pore_less_move_the_means_by_no_more_than_their_errors():
    links = all_links((4, 6))

    def found(links, filled=False):
        mask, labels = discs(6, (4, 6), 20, links, width=3)
        return multiverse.outcomes(lambda recipe: mask & ~(filled & (labels == 1)), [Recipe()], PX)

    whole, cut = found(links), found(links[1:])
    assert whole.coordination[0, 0] - cut.coordination[0, 0] == pytest.approx(
        whole.coordination_error[0, 0]
    )
    alone, without = found([]), found([], filled=True)
    assert (alone.pores[0, 0], without.pores[0, 0]) == (24, 23)
    assert (
        abs(without.radius[0, 0] - alone.radius[0, 0])
        <= alone.radius_error[0, 0]
        == alone.radius[0, 0] / 24
    )


def test_another_share_over_holes_mixes_the_two_groups_by_the_number_of_their_pores():
    """A whole of 10 um over foil and 30 um at holes, with 1 and 2 pores a um."""
    ten, thirty = [1e-6, 1.0], [2e-6, 3.0]
    radius, number = (np.array([[0, *each]]) for each in zip(ten, thirty, strict=True))
    found = multiverse.Outcomes(np.array([0.2]), radius, number, np.array([[70, 10, 60]]))
    shares = np.array([0, 0.5, 0.75, 1])
    radii, numbers = multiverse.at_share(found, (10e-6, 30e-6), shares)
    np.testing.assert_allclose(radii, [[1e-6, 5e-6 / 3, 13e-6 / 7, 2e-6]])
    np.testing.assert_allclose(numbers, [[1, 7 / 3, 19 / 7, 3]])
    with pytest.raises(PoreError, match="share"):
        multiverse.at_share(found, (10e-6, 30e-6), 1.2)


@pytest.mark.parametrize(
    ("difference", "power", "pairs"),
    [(0.2, 0.8, 199), (0.5, 0.8, 34), (0.8, 0.8, 15), (1, 0.9, 13)],
)
def test_so_many_pairs_decide_as_tables_of_the_paired_t_test_have_it(difference, power, pairs):
    """Two-sided at 5 %: Cohen's small, medium and large effects, and one deviation."""
    assert multiverse.pairs_that_decide(difference, 1.0, power=power) == pairs
    assert multiverse.pairs_that_decide(-3e-9 * difference, 3e-9, power=power) == pairs


def test_so_many_pairs_show_a_difference_that_often_and_one_less_does_not():
    number = multiverse.pairs_that_decide(1.0, 1.0)
    for pairs, enough in ((number, True), (number - 1, False)):
        drawn = np.random.default_rng(0).normal(1.0, 1.0, (100_000, pairs))
        shown = scipy.stats.ttest_1samp(drawn, 0.0, axis=1).pvalue < 0.05
        assert bool(shown.mean() > 0.8) is enough


def test_with_ever_less_scatter_two_pairs_decide_and_never_one():
    assert multiverse.pairs_that_decide(1.0, 1e-6) == 2


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ((0.0, 1.0), "difference = 0 must"),
        ((1.0, 0.0), "deviation = 0 must"),
        ((1.0, 1.0, 0.05, 0.04), "power = 0.04 must"),
        ((1.0, 1.0, 0.0), "level = 0 must"),
    ],
)
def test_a_question_that_no_number_of_pairs_answers_is_refused(given, reason):
    with pytest.raises(PoreError, match=reason):
        multiverse.pairs_that_decide(*given)


def test_a_mean_over_sections_has_the_largest_error_of_one_of_them():
    sections = [
        multiverse.Outcomes(*np.array([[[0.2]], [[r]], [[z]], [[n]]]))
        for r, z, n in ((1, 2, 50), (3, 1, 100))
    ]
    assert multiverse.over_sections(sections, "radius") == pytest.approx((2.0, np.sqrt(2), 0.03))
    assert multiverse.over_sections(sections, "coordination") == pytest.approx(
        (1.5, np.sqrt(0.5), 0.04)
    )


def test_where_no_pore_is_left_there_is_no_mean():
    mask, _ = discs(6, (2, 2), 20)
    found = multiverse.outcomes(lambda recipe: mask, [Recipe(isolated=False)], PX)
    assert found.pores[0, 0] == 4
    assert found.radius[0, 0] > 0
    assert math.isnan(found.coordination[0, 0])


def test_two_processes_find_what_one_finds():
    jobs = [(SMALL, [Recipe(), CITED]), (replace(SMALL, microscope=None, seed=2), [Recipe()])]
    for alone, shared in zip(
        multiverse.survey(jobs), multiverse.survey(jobs, workers=2), strict=True
    ):
        for one, other in zip(alone, shared, strict=True):
            np.testing.assert_array_equal(one, other)
    (one,), (other,) = multiverse.generate([SMALL]), multiverse.generate([SMALL], workers=2)
    np.testing.assert_array_equal(one.phase, other.phase)


def test_a_specimen_has_its_hole_in_the_middle_and_without_a_microscope_its_true_porosity():
    electrode = perforated_electrode(30e-6, Local(npr=0.19, pr=0.28), FOIL)
    specimen = replace(
        SMALL, electrode=electrode, width=FOIL.pitch, pixel_size=0.4e-6, microscope=None
    )
    phantom = specimen.phantom()
    columns = specimen.at_holes(phantom)
    assert columns.sum() * 0.4e-6 == pytest.approx(FOIL.hole_diameter, abs=2 * 0.4e-6)
    np.testing.assert_array_equal(columns, columns[::-1])
    (found,) = multiverse.survey([(specimen, [Recipe()])])
    assert found.porosity[0] == pytest.approx(phantom.pore.sum() / phantom.coating.sum(), rel=1e-12)
    assert found.pores[0, 1:].sum() == found.pores[0, 0]


# ── The generator and the microscope ─────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def phantom():
    return section(BARE, CALIBRATED, width=60e-6, pixel_size=62.5e-9, rng=np.random.default_rng(3))


def overlap(phantom, electrons):
    """Intersection over union of the mask found, and the truth."""
    image = replace(TYPICAL, electrons=electrons).image(phantom, np.random.default_rng(5))
    mask = pores.segment(image.grey, "dark", region=phantom.coating)
    return np.sum(mask & phantom.pore) / np.sum(mask | phantom.pore)


@pytest.mark.parametrize("electrons", [600, 150, 60])
def test_a_generated_section_is_segmented_to_an_overlap_of_nine_tenths(phantom, electrons):
    """`TYPICAL` counts 150 electrons per pixel of white, with all its other faults on; at 60 the
    contrast between graphite and pore, 0.30 of white, is 3.6 standard deviations of the noise in
    graphite.
    """
    assert overlap(phantom, electrons) >= 0.9


def test_below_40_electrons_it_falls_short_and_below_10_no_pore_is_safe(phantom):
    """At 30 the contrast is 2.5 standard deviations of the noise, at 10 it is 1.5 and the median of
    3 px gives up.
    """
    assert 0.8 < overlap(phantom, 30) < 0.9
    assert overlap(phantom, 10) < 0.7


def test_the_calibrated_bare_electrode_has_the_radius_that_it_was_calibrated_to():
    """Single sections scatter by 0.018 um; the mean of three by 0.010, and three of those are
    allowed.
    """
    specimens = [Specimen(BARE, CALIBRATED, 160e-6, 62.5e-9, seed, TYPICAL) for seed in range(3)]
    found = multiverse.survey([(specimen, [Recipe()]) for specimen in specimens])
    assert np.mean([each.radius[0, 0] for each in found]) == pytest.approx(0.60e-6, abs=0.03e-6)


def test_a_scaled_mixture_is_the_same_electrode_at_another_magnification():
    """Twice the lengths at twice the pixel size: the same random numbers place the same grains, to
    a thousandth of a pixel: grains are pushed apart with a guard of 1e-12 m against a distance of
    0.
    """
    half = section(
        bare_electrode(15e-6, 0.24),
        CALIBRATED,
        width=20e-6,
        pixel_size=PX,
        rng=np.random.default_rng(0),
    )
    whole = section(
        bare_electrode(30e-6, 0.24),
        CALIBRATED.scaled(2.0),
        width=40e-6,
        pixel_size=2 * PX,
        window=80e-6,
        rng=np.random.default_rng(0),
    )
    np.testing.assert_allclose(whole.grains.centre, 2 * half.grains.centre, rtol=0, atol=1e-3 * PX)


# ── How porosity scatters ────────────────────────────────────────────────────────────────────────


def test_independent_columns_scatter_as_the_square_root_of_their_number():
    """sqrt(p (1 - p) / n): 20 000 columns are 2000 windows of 10, which give it to 2 %, or 100 of
    200, to 7 %.
    """
    mask = np.tile(np.random.default_rng(0).random(20_000) < 0.24, (4, 1))
    found = pores.porosity_scatter(mask, np.array([10, 200]) * PX, PX)
    np.testing.assert_allclose(found[0], math.sqrt(0.24 * 0.76 / 10), rtol=0.05)
    np.testing.assert_allclose(found[1], math.sqrt(0.24 * 0.76 / 200), rtol=0.2)


def test_a_periodic_section_does_not_scatter_over_its_period():
    mask = np.tile(np.arange(400) % 20 < 5, (4, 1))
    assert pores.porosity_scatter(mask, [20 * PX, 10 * PX], PX) == pytest.approx(
        [0, 0.2121], abs=0.06
    )
    assert pores.porosity_scatter(mask, [20 * PX], PX)[0] == pytest.approx(0, abs=1e-7)


def test_porosity_scatters_as_a_share_of_the_region():
    mask = np.tile(np.arange(400) % 20 < 5, (4, 1))
    region = np.zeros((4, 400), bool)
    region[:2] = True
    np.testing.assert_allclose(
        pores.porosity_scatter(mask & region, [8 * PX], PX, region),
        pores.porosity_scatter(mask, [8 * PX], PX),
    )


def test_a_window_that_does_not_fit_twice_is_refused():
    """Half of the image does; its eleven places in a row of ones and zeros all hold the same."""
    row = np.tile([True, False], (3, 10))
    assert pores.porosity_scatter(row, [10 * PX], PX) == 0
    with pytest.raises(PoreError, match="fit twice"):
        pores.porosity_scatter(np.eye(20, dtype=bool), [11 * PX], PX)
