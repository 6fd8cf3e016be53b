"""Flat layers: Stoney and Timoshenko, balances of force and moment, yielding, refusals."""

import math

import numpy as np
import pytest

from rampore.mechanics.errors import MechanicsError
from rampore.mechanics.laminates import Ply, bend, film_release
from rampore.mechanics.solids import Solid

COPPER = Solid(110e9, 0.34)
COATING = Solid(1.5e9, 0.3)
FOIL = Ply(COPPER, 10e-6)


@pytest.mark.parametrize("ratio", [0.02, 1.0, 3.3])
def test_a_bimetal_bends_by_timoshenko_s_formula(ratio):
    """J. Opt. Soc. Am. 11 (1925) 233, with biaxial moduli."""
    upper = Ply(COATING, ratio * FOIL.thickness)
    [bent] = bend([FOIL, upper], [(0.0, 0.01)])
    m, n = ratio, COATING.biaxial / COPPER.biaxial
    height = FOIL.thickness + upper.thickness
    curvature = 6 * 0.01 * (1 + m) ** 2
    curvature /= height * (3 * (1 + m) ** 2 + (1 + m * n) * (m**2 + 1 / (m * n)))
    assert bent.curvature == pytest.approx(-curvature, rel=1e-12)


def test_a_film_that_thins_bends_its_foil_ever_closer_to_stoney_by_first_order():
    error = []
    for thickness in (1e-7, 5e-8, 2.5e-8):
        [bent] = bend([FOIL, Ply(COATING, thickness)], [(0.0, 0.01)])
        stoney = 6 * COATING.biaxial * 0.01 * thickness / (COPPER.biaxial * FOIL.thickness**2)
        error.append(-bent.curvature / stoney - 1)
    assert np.array(error[:-1]) / error[1:] == pytest.approx([2, 2], rel=0.02)


def test_layers_that_swell_alike_bear_nothing():
    [bent] = bend([FOIL, Ply(COATING, 30e-6)], [(0.01, 0.01)])
    assert bent.strain == pytest.approx(0.01, rel=1e-12)
    assert np.abs(bent.stress).max() < 1e-9 * COATING.biaxial * 0.01


@pytest.mark.parametrize("flat", [False, True])
def test_forces_add_up_to_the_pull_and_have_no_moment_about_its_middle(flat):
    layers = [Ply(COATING, 20e-6), FOIL, Ply(COATING, 35e-6)]
    [bent] = bend(layers, [(0.001, 0.0, 0.002)], flat=flat, pull=30.0)
    assert sum(bent.force) == pytest.approx(30.0, rel=1e-12)
    weights = np.concatenate(
        [layer.thickness / 2 * np.polynomial.legendre.leggauss(12)[1] for layer in layers]
    )
    moment = np.sum(weights * bent.stress * (bent.position - 32.5e-6))
    if flat:
        assert abs(moment) > 1e-6
    else:
        assert abs(moment) < 1e-12 * 30.0 * 65e-6 / 1e-3


def test_alike_on_both_sides_a_foil_stays_flat_and_bears_twice_the_film():
    swollen = (0.002, 0.0, 0.002)
    layers = [Ply(COATING, 30e-6), FOIL, Ply(COATING, 30e-6)]
    [bent] = bend(layers, [swollen])
    assert abs(bent.curvature) < 1e-12 / FOIL.thickness
    assert bent.force[1] == pytest.approx(-2 * bent.force[0], rel=1e-12)


def test_far_beyond_its_limit_a_film_bears_its_yield_stress_either_way():
    soft = Solid(1.5e9, 0.3, yield_stress=5e6)
    rigid = Ply(Solid(1e20, 0.3), 10e-6)
    up, down = bend([rigid, Ply(soft, 30e-6)], [(0.0, 0.02), (0.0, 0.0)], flat=True)
    assert up.stress[12:] == pytest.approx(np.full(12, -5e6), rel=1e-9)
    assert down.stress[12:] == pytest.approx(np.full(12, 5e6), rel=1e-9)
    assert up.plastic[-1] == pytest.approx(-0.02 + 5e6 / soft.biaxial, rel=1e-9)


def test_hardening_adds_the_stress_of_the_plastic_length():
    """On a rigid foil: sigma_y + H p, with p = 2 |e - sigma / M| in two directions."""
    soft = Solid(1.5e9, 0.3, yield_stress=5e6, hardening=1e8)
    rigid = Ply(Solid(1e20, 0.3), 10e-6)
    [bent] = bend([rigid, Ply(soft, 30e-6)], [(0.0, 0.02)], flat=True)
    stress = (5e6 + 2e8 * 0.02) / (1 + 2e8 / soft.biaxial)
    assert bent.stress[-1] == pytest.approx(-stress, rel=1e-9)


def test_a_foil_that_yields_under_a_thick_film_lets_it_stretch():
    """Both limits are met: what the film's force exceeds, the foil's limit holds."""
    foil = Ply(Solid(110e9, 0.34, yield_stress=100e6, hardening=1e9), 10e-6)
    [bent] = bend([foil, Ply(COATING, 60e-6)], [(0.0, 0.02)], flat=True)
    strained = 2 * bent.plastic[0] * 1e9 + 100e6
    assert bent.stress[0] == pytest.approx(strained, rel=1e-9)
    assert bent.stress[0] < COATING.biaxial * 0.02 * 6


def test_an_elastic_laminate_forgets_its_history():
    layers = [FOIL, Ply(COATING, 30e-6)]
    *_, after = bend(layers, [(0.0, 0.01), (0.0, 0.003), (0.0, 0.01)])
    [at_once] = bend(layers, [(0.0, 0.01)])
    assert after.stress == pytest.approx(at_once.stress, rel=1e-12)


def test_a_film_of_a_tenth_of_a_gigapascal_releases_what_a_hand_calculation_gives():
    """(1 - 0.09) (10 MPa)^2 30 um / 3 GPa."""
    assert film_release(10e6, 30e-6, COATING) == pytest.approx(0.91, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Solid(-1.0, 0.3), "Young"),
        (lambda: Solid(1.0, 0.5), "Poisson"),
        (lambda: Solid(1.0, 0.3, yield_stress=math.nan), "yield"),
        (lambda: Solid(1.0, 0.3, hardening=-1.0), "hardening"),
        (lambda: bend([], [()]), "a layer"),
        (lambda: bend([Ply(COPPER, 0.0)], [(0.0,)]), "thickness"),
        (lambda: bend([Ply(COPPER, 1e-5, 1)], [(0.0,)]), "points"),
        (lambda: bend([FOIL], [(0.0, 0.1)]), "2 free strains for 1"),
        (lambda: bend([FOIL], [(math.nan,)]), "free strain"),
        (lambda: bend([FOIL], [(0.0,)], pull=math.inf), "pull"),
        (
            lambda: bend([Ply(Solid(1e9, 0.3, 1e6), 1e-5)], [(0.0,)], flat=True, pull=11.0),
            "yields throughout and lacks 1",
        ),
        (lambda: film_release(1.0, -1.0, COPPER), "thickness"),
    ],
)
def test_what_is_no_laminate_is_refused(call, words):
    with pytest.raises(MechanicsError, match=words):
        call()
