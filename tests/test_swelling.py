"""Volumes of lithiated solids and the coating that holds them: exact values, what is conserved, the
rate law integrated, another code, refusals.
"""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from rampore import swelling
from rampore.lim2026 import parameters
from rampore.swelling import GRAPHITE, LITHIUM_IN_SILICON, Coating, SwellingError, VolumeLaw

LINEAR = VolumeLaw(np.polynomial.Polynomial([1, 1.5]), None)
COATING = Coating(33e-6, 0.3, {"siox": (0.3, LINEAR), "graphite": (0.6, GRAPHITE["Ai 2020"])})


def test_monoxide_grows_by_the_volumes_of_silicon_silicate_and_lithium():
    """By hand, per 4 SiO in cm3: 80, 3 x 12 + 50 = 86, and 3 x 4 x 9 = 108 of lithium."""
    siox = swelling.silicon_monoxide(9e-6, 4.0, 20e-6, 12e-6, 50e-6)
    assert siox == pytest.approx((20e-6, 21.5e-6, 48.5e-6, 3.0), rel=1e-14, abs=0)
    assert siox.law(np.array([0, 0.5, 1])) == pytest.approx(
        [1, 35 / 21.5, 48.5 / 21.5], rel=1e-14, abs=0
    )


@pytest.mark.parametrize("name", LITHIUM_IN_SILICON)
def test_lithium_takes_less_room_in_silicon_than_as_a_metal(name):
    volume = LITHIUM_IN_SILICON[name].value
    assert 0.6 * swelling.LITHIUM_METAL < volume < swelling.LITHIUM_METAL
    siox = swelling.silicon_monoxide(volume)
    assert siox.lithiated - siox.delithiated == pytest.approx(
        siox.lithium * volume, rel=1e-14, abs=0
    )


def test_the_lattice_s_volume_is_that_of_the_cubic_cell_of_li15si4():
    """Four formula units in a cube of 10.685 angstrom, less the silicon's own volume."""
    cell = (10.685e-10) ** 3 * 6.02214076e23 / 16
    lithium = (cell - swelling.SILICON.value) / 3.75
    assert LITHIUM_IN_SILICON["lattice of Li15Si4"].value == pytest.approx(lithium, rel=0.005)


@pytest.mark.parametrize("name", GRAPHITE)
def test_graphite_grows_by_a_tenth_to_an_eighth_from_its_empty_volume(name):
    law = GRAPHITE[name]
    assert law(0.0) == 1
    assert 1.09 < law(1.0) < 1.133
    assert np.all(np.diff(law(np.linspace(0, 1, 101))) > -2e-3)  # the staging's plateau


def test_graphite_s_curve_is_the_one_that_the_dossier_types():
    """The same fit read from another parameter set, with its constant."""
    typed = parameters.load().graphite.volume_change
    x = np.linspace(0, 1, 11)
    assert GRAPHITE["Ai 2020"](x) - 1 - 4.966e-5 == pytest.approx(
        np.polyval(typed.coefficients, x), abs=1e-12
    )


def test_at_the_ends_of_the_sharing_the_thickness_or_the_porosity_stays():
    assert swelling.swollen(30e-6, 0.5, 1.4, 0.0) == pytest.approx(
        (30e-6, 1 - 0.7), rel=1e-14, abs=0
    )
    assert swelling.swollen(30e-6, 0.5, 1.4, 1.0) == pytest.approx((42e-6, 0.5), rel=1e-14, abs=0)


@pytest.mark.parametrize("sharing", [0.0, 0.4, 1.0, 1.7])
def test_solid_is_conserved_whatever_the_sharing(sharing):
    after = swelling.swollen(30e-6, 0.5, 1.4, sharing)
    assert after.thickness * (1 - after.porosity) == pytest.approx(1.4 * 15e-6, rel=1e-14, abs=0)


def test_the_closed_form_is_gomadam_and_weidner_s_rates_integrated():
    """dV/V = g dVs/Vs, and the porosity takes the rest of the solid's growth."""
    sharing, ends = 0.4, (0.0, math.log(1.4))
    rates = solve_ivp(
        lambda _, y: [sharing * y[0], (sharing - 1) * (1 - y[1])], ends, [30e-6, 0.5], rtol=1e-10
    )
    assert swelling.swollen(30e-6, 0.5, 1.4, sharing) == pytest.approx(
        rates.y[:, -1], rel=1e-7, abs=0
    )


def test_pores_that_keep_their_volume_hand_the_solid_s_growth_to_the_thickness():
    sharing = swelling.sharing_at_constant_pores(1.4, 0.5)
    after = swelling.swollen(30e-6, 0.5, 1.4, sharing)
    assert after.thickness - 30e-6 == pytest.approx(0.4 * 15e-6, rel=1e-12, abs=0)
    assert after.thickness * after.porosity == pytest.approx(15e-6, rel=1e-12, abs=0)
    # of an ever smaller growth it is the solid's share of the volume
    assert swelling.sharing_at_constant_pores(1 + 1e-7, 0.3) == pytest.approx(0.7, rel=1e-6, abs=0)


def test_the_sharing_that_a_thickness_asks_for_gives_it():
    sharing = swelling.sharing_for(1.5, 1.2)
    after = swelling.swollen(1.0, 0.3, 1.2, sharing)
    assert sharing > 1
    assert after == pytest.approx((1.5, 1 - 0.7 * 1.2 / 1.5), rel=1e-14, abs=0)


def test_an_even_history_is_that_of_the_formula():
    half = np.full((3, 4), 0.5)
    ratio = 1 + 0.3 * 0.75 + 0.6 * (GRAPHITE["Ai 2020"](0.5) - 1)
    after = COATING.at({"siox": half, "graphite": half}, 0.8)
    expected = swelling.swollen(33e-6, 0.3, ratio, 0.8)
    assert after.thickness == pytest.approx(np.full(3, expected.thickness), rel=1e-13, abs=0)
    assert after.porosity == pytest.approx(np.full(3, expected.porosity), rel=1e-12, abs=0)


def test_slices_of_an_uneven_coating_add_up_to_its_thickness_and_keep_its_solid():
    siox = np.linspace(0.2, 1.0, 5)
    after = COATING.at({"siox": siox, "graphite": 0 * siox}, 0.6)
    ratio = COATING.solid_ratio({"siox": siox, "graphite": 0 * siox})
    assert after.thickness == pytest.approx(33e-6 * np.mean(ratio**0.6), rel=1e-14, abs=0)
    solid = after.thickness * (1 - after.porosity)
    assert solid == pytest.approx(33e-6 * 0.7 * ratio.mean(), rel=1e-13, abs=0)


def test_a_history_that_returns_brings_the_thickness_back():
    start = {"siox": 0.1, "graphite": 0.2}
    after = COATING.at({name: np.array([x]) for name, x in start.items()}, 0.5, start)
    assert after == pytest.approx((33e-6, 0.3), rel=1e-13, abs=0)


def test_a_micrometre_per_milliampere_hour_is_2_68_cubic_centimetres_per_mole():
    """1 um cm2 is 1e-10 m3; 1 mAh is 3.6 C, and 3.6 / 96485 mol."""
    expected = 1e-10 / (3.6 / 96485.33212)
    assert swelling.volume_per_lithium(1e-6, 3.6e4) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: swelling.silicon_monoxide(-1e-6), "lithium"),
        (lambda: swelling.silicon_monoxide(9e-6, silicate=0.0), "Li4SiO4"),
        (lambda: GRAPHITE["Ai 2020"](1.2), "stoichiometry"),
        (lambda: swelling.swollen(30e-6, 0.3, 1.6, 0.0), "pores are closed: .* 1.12"),
        (lambda: swelling.swollen(30e-6, 1.0, 1.1, 0.5), "porosity"),
        (lambda: swelling.swollen(30e-6, 0.3, 1.1, -0.5), "sharing"),
        (lambda: swelling.sharing_for(1.1, 1.0), "shares nothing"),
        (lambda: swelling.volume_per_lithium(1e-6, 0.0), "charge"),
        (lambda: Coating(3e-5, 0.3, {"a": (0.7, LINEAR), "b": (0.6, LINEAR)}), "sum of"),
        (lambda: COATING.solid_ratio({"siox": 0.5}), "graphite"),
        (lambda: COATING.solid_ratio({"siox": 0.5, "graphite": 0.5, "tin": 1.0}), "tin"),
    ],
)
def test_what_is_no_solid_or_coating_is_refused(call, words):
    with pytest.raises(SwellingError, match=words):
        call()
