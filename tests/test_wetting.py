"""Contact angles, menisci and filling: exact values, balances of energy and force, an independent
quadrature, refusals.
"""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from rampore import wetting
from rampore.wetting import HoleContent, WettingError

WATER = 0.0728  # [N/m], at 20 degC
RIGHT = math.pi / 2


def test_a_liquid_that_spreads_adheres_twice_as_much_as_one_at_a_right_angle():
    assert wetting.work_of_adhesion(WATER, 0.0) == pytest.approx(2 * WATER, rel=1e-15, abs=0)
    assert wetting.work_of_adhesion(WATER, RIGHT) == pytest.approx(WATER, rel=1e-15, abs=0)
    assert wetting.work_of_adhesion(WATER, math.pi) == 0


def test_a_smooth_foil_without_holes_shows_the_angle_of_its_solid():
    angle = np.linspace(0, math.pi, 7)
    for holes in HoleContent:
        assert wetting.apparent_angle(angle, holes=holes) == pytest.approx(angle, abs=1e-7)


def test_roughness_drives_an_angle_away_from_the_right_one_until_the_drop_spreads_or_rolls_off():
    """Wenzel at cos = 1/2 and -1/2, and twice the area: films from there on."""
    angle = np.array([math.pi / 3, RIGHT, 2 * math.pi / 3])
    assert wetting.apparent_angle(angle, 1.5) == pytest.approx(
        [math.acos(0.75), RIGHT, math.acos(-0.75)], rel=1e-14
    )
    assert wetting.apparent_angle(angle, 2.5) == pytest.approx(
        [0, RIGHT, math.pi], rel=1e-14, abs=0
    )


def test_a_foil_that_is_all_hole_is_air_or_liquid():
    assert wetting.apparent_angle(1.0, open_fraction=1.0) == pytest.approx(math.pi)
    assert wetting.apparent_angle(1.0, open_fraction=1.0, holes=HoleContent.WET) == 0


@pytest.mark.parametrize(("holes", "within"), [(HoleContent.DRY, -1), (HoleContent.WET, 1)])
def test_the_apparent_angle_is_that_of_the_least_energy_of_a_large_drop(holes, within):
    """A cap of one volume on a plane: where base takes the place of dry plane, the energy changes
    by what Young's law gives to metal, and by a liquid surface (or its loss) over each hole.
    """
    angle, share, rough = 1.1, 0.2, 1.3
    gained = (1 - share) * rough * math.cos(angle) + share * within

    def energy(theta):
        # cap of unit volume: radius from V = pi R^3 (1 - c)^2 (2 + c) / 3
        c = math.cos(theta)
        radius = (3 / (math.pi * (1 - c) ** 2 * (2 + c))) ** (1 / 3)
        base = math.pi * (radius * math.sin(theta)) ** 2
        return 2 * math.pi * radius**2 * (1 - c) - gained * base

    least = minimize_scalar(energy, bounds=(0.1, 3.0), options={"xatol": 1e-10})
    found = wetting.apparent_angle(angle, rough, share, holes)
    assert found == pytest.approx(least.x, rel=1e-6, abs=0)


@pytest.mark.parametrize("holes", list(HoleContent))
def test_solid_and_open_fraction_are_found_again_from_the_angles_that_they_make(holes):
    apparent = wetting.apparent_angle(1.1, 1.2, 0.3, holes)
    assert wetting.contact_angle_beneath(apparent, 1.2, 0.3, holes) == pytest.approx(
        1.1, rel=1e-12, abs=0
    )
    apparent = wetting.apparent_angle(1.1, open_fraction=0.3, holes=holes)
    assert wetting.open_fraction_between(1.1, apparent, holes) == pytest.approx(
        0.3, rel=1e-12, abs=0
    )


def test_dry_holes_raise_and_wet_ones_lower_an_angle_and_never_the_other_way():
    with pytest.raises(WettingError, match="dry holes"):
        wetting.open_fraction_between(1.0, 0.5, HoleContent.DRY)
    with pytest.raises(WettingError, match="wet holes"):
        wetting.open_fraction_between(0.5, 1.0, HoleContent.WET)
    with pytest.raises(WettingError, match="do not change"):
        wetting.open_fraction_between(0.0, 1.0, HoleContent.WET)
    with pytest.raises(WettingError, match="solid's angle"):
        wetting.contact_angle_beneath(0.1, 1.0, 0.3, HoleContent.DRY)


def test_the_line_of_contact_carries_the_column_that_jurin_s_height_has():
    diameter, angle, density = 75e-6, 0.6, 998.0
    height = wetting.jurin_height(WATER, angle, diameter, density)
    weight = density * wetting.STANDARD_GRAVITY * height * math.pi * diameter**2 / 4
    assert weight == pytest.approx(WATER * math.cos(angle) * math.pi * diameter, rel=1e-14, abs=0)


def test_without_a_mouth_a_hole_fills_by_washburn_s_square_root_of_time():
    diameter, angle, viscosity = 75e-6, 0.6, 2.0
    pressure = wetting.capillary_pressure(WATER, angle, diameter)
    time = wetting.filling_time(15e-6, diameter, viscosity, pressure)
    washburn = math.sqrt(WATER * diameter * math.cos(angle) * time / (4 * viscosity))
    assert washburn == pytest.approx(15e-6, rel=1e-14, abs=0)


def test_a_hole_without_depth_fills_through_half_of_sampson_s_resistance():
    """Flow through a hole in a thin plane is a^3 dp / (3 eta); here one half of the plane."""
    depth, radius, viscosity, pressure = 1e-12, 40e-6, 2.0, 100.0
    flow = radius**3 * pressure / (1.5 * viscosity)
    time = wetting.filling_time(depth, 2 * radius, viscosity, pressure, wetting.MOUTH)
    assert time == pytest.approx(math.pi * radius**2 * depth / flow, rel=1e-6, abs=0)


def test_filling_through_a_mouth_is_the_time_over_which_the_resistance_adds_up():
    depth, radius, viscosity, pressure = 15e-6, 37.5e-6, 2.0, 100.0

    def pace(filled):
        resistance = viscosity * (8 * filled / (math.pi * radius**4) + 1.5 / radius**3)
        return math.pi * radius**2 * resistance / pressure

    expected, _ = quad(pace, 0, depth)
    assert wetting.filling_time(depth, 2 * radius, viscosity, pressure, 1.5) == pytest.approx(
        expected, rel=1e-12
    )


def test_the_rim_bears_most_where_the_outer_face_is_not_wetted():
    half_sphere = 4 * WATER / 75e-6
    angles = np.array([0.0, math.pi / 6, RIGHT, 2.5])
    assert wetting.holding_pressure(WATER, angles, 75e-6) == pytest.approx(
        half_sphere * np.array([0, 0.5, 1, 1]), rel=1e-14, abs=1e-9
    )


def test_a_bulge_is_the_cap_of_laplace_s_sphere():
    diameter, pressure = 75e-6, 2000.0
    height = wetting.bulge_height(pressure, WATER, diameter)
    sphere = 2 * WATER / pressure
    assert sphere == pytest.approx((diameter**2 / 4 + height**2) / (2 * height), rel=1e-13, abs=0)
    most = 4 * WATER / diameter
    assert wetting.bulge_height(most, WATER, diameter) == pytest.approx(
        diameter / 2, rel=1e-7, abs=0
    )
    assert wetting.bulge_height(0.0, WATER, diameter) == 0


def test_the_pressure_under_a_blade_is_the_highest_of_reynolds_equation():
    """Flow through each section is the same; the pressure's gradient adds up to none."""
    viscosity, speed, length, inlet, outlet = 3.0, 0.05, 2e-3, 300e-6, 100e-6
    x = np.linspace(0, length, 200001)
    gap = inlet + (outlet - inlet) * x / length
    even = 2 * inlet * outlet / (inlet + outlet)
    slope = 6 * viscosity * speed * (gap - even) / gap**3
    steps = 0.5 * (slope[1:] + slope[:-1]) * np.diff(x)
    pressure = np.concatenate([[0], np.cumsum(steps)])
    found = wetting.blade_pressure(viscosity, speed, length, inlet, outlet)
    assert abs(pressure[-1]) < 1e-6 * found
    assert found == pytest.approx(pressure.max(), rel=1e-7, abs=0)


def test_an_even_gap_makes_no_pressure():
    assert wetting.blade_pressure(3.0, 0.05, 2e-3, 1e-4, 1e-4) == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: wetting.work_of_adhesion(-0.01, 1.0), "surface tension"),
        (lambda: wetting.work_of_adhesion(WATER, 64.0), "contact angle = 64 rad"),
        (lambda: wetting.apparent_angle(1.0, 0.9), "roughness"),
        (lambda: wetting.apparent_angle(1.0, 1.0, 1.2), "open fraction"),
        (lambda: wetting.apparent_angle(1.0, holes="damp"), "damp"),
        (lambda: wetting.filling_time(1e-5, 1e-5, 1.0, -3.0), "pressure"),
        (lambda: wetting.filling_time(1e-5, 1e-5, 1.0, 3.0, -1.0), "mouth"),
        (lambda: wetting.bulge_height(1e5, WATER, 75e-6), "half a sphere"),
        (lambda: wetting.blade_pressure(1.0, 1.0, 1e-3, 1e-4, 2e-4), "inlet over outlet"),
    ],
)
def test_what_is_no_drop_or_meniscus_is_refused(call, words):
    with pytest.raises(WettingError, match=words):
        call()
