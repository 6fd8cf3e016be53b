import numpy as np
import pytest

from rampore import transport
from rampore.coating import Local
from rampore.collector import perforated_foil
from rampore.micrograph import GRAPHITE_SIOX, Phase
from rampore.transport import PLACES, Case, Closure, Pair, Recipe, TransportError

FOIL = perforated_foil(15e-6, 8960.0, hole_diameter=75e-6, open_fraction=0.2)
PAIR = Pair(0.2, Local(30e-6, 45e-6), Local(0.19, 0.28), 33e-6, 0.24)
SAME = Pair(0.2, Local(33e-6, 33e-6), Local(0.24, 0.24), 33e-6, 0.24)


# Exact values


def test_an_even_flux_is_localised_nowhere():
    found = transport.localisation(np.full((20, 30), 3.0), np.ones((20, 30), bool))
    assert found == pytest.approx((0.1, 1.0))


def test_a_flux_in_a_tenth_of_the_pores_is_localised_there():
    flux = np.zeros(100)
    flux[:10] = 2.0
    assert transport.localisation(flux, np.ones(100, bool)) == pytest.approx((1.0, 0.1))


def test_a_fit_finds_the_closure_that_made_the_points():
    eps = np.array([0.2, 0.3, 0.5])
    found = transport.fit_closure(eps, Closure("", 2.2, 0.7)(eps))
    assert (found.exponent, found.prefactor) == pytest.approx((2.2, 0.7))
    assert transport.fit_closure(eps, eps**1.5, free=False).exponent == pytest.approx(1.5)


def test_equal_regions_gain_nothing_and_a_proportional_closure_never_does_by_mixing():
    assert transport.conductance_gain(SAME, Closure("", 1.5)) == pytest.approx(0, abs=1e-12)
    assert transport.mixing_gain(0.19, 0.28, 0.24, Closure("", 1.0, 0.3)) == pytest.approx(0, abs=1e-12)


def test_the_gain_weighs_each_region_by_its_area_and_its_thickness():
    by_hand = (0.8 * 0.19 / 30 + 0.2 * 0.28 / 45) * 33 / 0.24 - 1
    assert transport.conductance_gain(PAIR, Closure("", 1.0)) == pytest.approx(by_hand)


@pytest.mark.parametrize(("exponent", "sign"), [(0.5, -1), (1.5, 1), (3.0, 1)])
def test_mixing_pays_where_the_closure_is_convex(exponent, sign):
    assert np.sign(transport.mixing_gain(0.19, 0.28, 0.24, Closure("", exponent))) == sign


def test_the_prefactor_has_no_say_in_the_gain():
    gains = [transport.conductance_gain(PAIR, Closure("", 1.5, prefactor)) for prefactor in (1.0, 0.2)]
    assert gains[0] == pytest.approx(gains[1])


def test_below_its_threshold_nothing_is_transported():
    assert Closure("", 2.0, 1.0, 0.2)([0.1, 0.2, 0.7]) == pytest.approx([0, 0, 0.25])


def test_an_unperforated_unit_cell_consumes_as_the_hyperbolic_cosine_at_second_order_or_better():
    """Holes as shallow as nothing and one porosity: c = 1 / cosh at the bottom everywhere."""

    def error(step):
        cell = transport.consuming_unit_cell(SAME, FOIL, Closure("", 1.5), 0.1, step)
        return abs(cell.foil_far - 0.1)

    coarse, fine = error(33e-6 / 5), error(33e-6 / 10)
    assert fine < 1e-3
    assert np.log2(coarse / fine) > 1.7


# Bounds and symmetry


def test_far_from_holes_the_coating_is_as_without_them_and_beside_them_between_the_two():
    cell = transport.consuming_unit_cell(PAIR, FOIL, Closure("", 1.5), 0.1)
    assert cell.foil_far == pytest.approx(cell.alone, rel=0.02)
    assert cell.alone < cell.foil_near < cell.bare_foil


def test_volumes_and_solids_of_a_pair_add_up():
    thickness = 0.8 * 30e-6 + 0.2 * 45e-6
    held = PAIR.pore_volume_ratio * 0.24 * 33e-6 + PAIR.solid_volume_ratio * 0.76 * 33e-6
    assert held == pytest.approx(thickness)


# Structures


@pytest.fixture(scope="module")
def recipe():
    return Recipe(PAIR, FOIL, GRAPHITE_SIOX, 0.6e-6, 160e-6)


def test_the_wall_area_counts_every_face_between_pore_and_grain_once(recipe):
    phantom = recipe.bare(0)
    pore = phantom.pore
    solid = phantom.coating & ~pore
    faces = sum(
        np.sum(pore.take(range(pore.shape[a] - 1), a) & solid.take(range(1, pore.shape[a]), a))
        + np.sum(solid.take(range(solid.shape[a] - 1), a) & pore.take(range(1, pore.shape[a]), a))
        for a in (0, 1)
    )
    assert transport.wall_area(phantom).sum() * phantom.pixel_size == pytest.approx(faces)


def test_lithium_that_the_foil_takes_is_gone_at_the_metal(recipe):
    phantom = recipe.perforated(0)
    result = transport.diffuse(phantom, "foil", 0.05)
    metal = phantom.phase == Phase.COLLECTOR
    assert np.nanmax(result.concentration[metal]) < 1e-2
    assert result.imbalance <= 1e-3


def test_sections_are_compared_place_by_place_and_reproducibly(recipe):
    cases = [Case("foil", 0.1), Case("walls", 0.1, 300.0)]
    one, again = (transport.compare_sections(recipe, [3], cases, workers=count) for count in (1, 2))
    assert one.sizes == {"seed": 1, "case": 2, "place": 3, "depth": one.sizes["depth"]}
    assert list(one.place.values) == list(PLACES)
    np.testing.assert_array_equal(one.concentration, again.concentration)
    assert ((one.share > 0.1) & (one.participation < 1)).all()
    bottom = one.concentration.sel(place="bCuE").isel(seed=0, case=0).dropna("depth").values
    assert bottom[0] > 0.9 > bottom[-1]


def test_a_dense_section_is_closed_where_a_porous_one_is_open(recipe):
    table = transport.percolation(recipe, [0.15, 0.6], range(3)).groupby("porosity").percolates.mean()
    assert list(table) == [0, 1]


def test_a_volume_conducts_more_than_its_own_sections(recipe):
    [row] = transport.tortuosities(recipe, [0.45], [0], 24e-6, 0.6e-6).itertuples()
    assert 0 <= row.section_efficiency < row.efficiency < row.porosity
    assert row.porosity == pytest.approx(0.45, abs=0.01)


# Refusal


def test_what_makes_no_question_is_refused():
    with pytest.raises(TransportError, match="no flux"):
        transport.localisation(np.zeros(5), np.ones(5, bool))
    with pytest.raises(TransportError, match="no mixture"):
        transport.mixing_gain(0.2, 0.3, 0.4, Closure("", 1.5))
    with pytest.raises(TransportError, match="samples that percolate"):
        transport.fit_closure(np.array([0.2, 0.3]), np.array([0.0, 0.1]))
    with pytest.raises(TransportError, match="what is left on bare foil = "):
        transport.consuming_unit_cell(PAIR, FOIL, Closure("", 1.5), 1.5)
