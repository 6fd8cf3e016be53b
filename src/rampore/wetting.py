r"""Drops on a foil with holes, and liquid in the holes: contact angles, adhesion, menisci, filling.

A contact angle is measured through the liquid and given in radians; the wall of a hole is straight
and stands at right angles to the foil. Equations are numbered in the docstrings that hold them.
"""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np

from rampore import RamporeError
from rampore.arrays import FloatOrArray
from rampore.checks import choice, quantity

STANDARD_GRAVITY = 9.80665  #: [m/s2], CGPM 1901

#: Resistance of one mouth of a hole to creeping flow, in :math:`\eta / a^3` [-]: half of Sampson's
#: for a hole in a plane without thickness.
MOUTH = 1.5


class WettingError(RamporeError, ValueError):
    """A drop or a meniscus that cannot be; the message names the quantity and the reason."""


class HoleContent(StrEnum):
    """What a drop on a perforated foil finds in the holes."""

    DRY = "dry"  #: air: the drop spans them
    WET = "wet"  #: the liquid of the drop itself


def _angle(name: str, value: FloatOrArray) -> None:
    quantity(name, value, WettingError, at_least=0, at_most=math.pi, unit="rad")


def _positive(unit: str = "m", **values: FloatOrArray) -> None:
    for name, value in values.items():
        quantity(name.replace("_", " "), value, WettingError, above=0, unit=unit)


def work_of_adhesion(surface_tension: FloatOrArray, contact_angle: FloatOrArray) -> FloatOrArray:
    r"""Work that parts liquid and solid, :math:`W = \gamma (1 + \cos\theta)` (Young and Dupre).

    Parameters
    ----------
    surface_tension : float or array
        Of the liquid against its vapour, gamma [N/m].
    contact_angle : float or array
        theta on the smooth solid [rad].

    Returns
    -------
    float or array
        W [J/m2].

    Raises
    ------
    WettingError
        Where the tension is none, or the angle is not between 0 and pi.
    """
    _positive("N/m", surface_tension=surface_tension)
    _angle("contact angle", contact_angle)
    return surface_tension * (1 + np.cos(contact_angle))


def apparent_angle(
    contact_angle: FloatOrArray,
    roughness: FloatOrArray = 1.0,
    open_fraction: FloatOrArray = 0.0,
    holes: HoleContent = HoleContent.DRY,
) -> FloatOrArray:
    r"""Contact angle of a large drop on a rough foil with holes.

    .. math:: \cos\theta^* = (1 - f)\, r \cos\theta \mp f

    with minus over dry holes (Cassie and Baxter 1944) and plus over holes full of the drop's own
    liquid; without holes it is Wenzel's (1936). Where the right side leaves [-1, 1] the drop
    spreads to a film, or rolls off: 0 or pi.

    Parameters
    ----------
    contact_angle : float or array
        theta on the smooth solid [rad].
    roughness : float or array
        Area of the solid between the holes over its plan area, r >= 1 [-].
    open_fraction : float or array
        f [-].
    holes : HoleContent

    Returns
    -------
    float or array
        theta* [rad].

    Raises
    ------
    WettingError
        Where a quantity lies outside its limits, or `holes` is none of :class:`HoleContent`.
    """
    _angle("contact angle", contact_angle)
    quantity("roughness", roughness, WettingError, at_least=1)
    quantity("open fraction", open_fraction, WettingError, at_least=0, at_most=1)
    cosine = (1 - open_fraction) * roughness * np.cos(contact_angle)
    return np.arccos(np.clip(cosine + open_fraction * _cosine_of(holes), -1, 1))


def contact_angle_beneath(
    apparent: FloatOrArray,
    roughness: FloatOrArray = 1.0,
    open_fraction: FloatOrArray = 0.0,
    holes: HoleContent = HoleContent.DRY,
) -> FloatOrArray:
    """Contact angle of the smooth solid [rad] on which a drop shows the `apparent` one [rad].

    The inverse of :func:`apparent_angle`, with its parameters.

    Raises
    ------
    WettingError
        Where no solid shows this angle: its cosine would have to leave [-1, 1].
    """
    _angle("apparent angle", apparent)
    quantity("roughness", roughness, WettingError, at_least=1)
    quantity("open fraction", open_fraction, WettingError, at_least=0, below=1)
    cosine = np.cos(apparent) - open_fraction * _cosine_of(holes)
    cosine = cosine / ((1 - open_fraction) * roughness)
    quantity("cosine of the solid's angle", cosine, WettingError, at_least=-1, at_most=1)
    return np.arccos(cosine)


def open_fraction_between(
    contact_angle: FloatOrArray, apparent: FloatOrArray, holes: HoleContent = HoleContent.DRY
) -> FloatOrArray:
    """Open fraction [-] that alone turns the `contact_angle` of a foil into the `apparent` one
    [rad].

    Raises
    ------
    WettingError
        Where no holes do: dry ones only raise an angle, wet ones only lower it.
    """
    _angle("contact angle", contact_angle)
    _angle("apparent angle", apparent)
    within = _cosine_of(holes)
    before, after = np.cos(contact_angle), np.cos(apparent)
    if np.any(before == within):
        raise WettingError(f"{holes} holes do not change a contact angle of {contact_angle} rad")
    share = (after - before) / (within - before)
    return quantity(f"share of {holes} holes", share, WettingError, at_least=0, at_most=1)


def _cosine_of(holes: HoleContent) -> int:
    choice("holes", holes, HoleContent, WettingError)
    return 1 if holes == HoleContent.WET else -1


def capillary_pressure(
    surface_tension: FloatOrArray, contact_angle: FloatOrArray, diameter: FloatOrArray
) -> FloatOrArray:
    r"""Pressure that draws a liquid into a hole, :math:`4\gamma\cos\theta/d` [Pa]; negative where
    it has to be pressed in.

    Parameters
    ----------
    surface_tension : float or array
        gamma [N/m].
    contact_angle : float or array
        theta on the wall [rad].
    diameter : float or array
        d of the hole [m].

    Raises
    ------
    WettingError
        Where a tension or a diameter is none, or the angle is not between 0 and pi.
    """
    _positive("N/m", surface_tension=surface_tension)
    _positive(diameter=diameter)
    _angle("contact angle", contact_angle)
    return 4 * surface_tension * np.cos(contact_angle) / diameter


def jurin_height(
    surface_tension: FloatOrArray,
    contact_angle: FloatOrArray,
    diameter: FloatOrArray,
    density: FloatOrArray,
) -> FloatOrArray:
    r"""Height to which a liquid rises in a tube, :math:`4\gamma\cos\theta / (\rho g d)` [m]
    (Jurin 1718).

    Parameters
    ----------
    surface_tension, contact_angle, diameter : float or array
        As in :func:`capillary_pressure` [N/m], [rad], [m].
    density : float or array
        rho of the liquid [kg/m3].
    """
    _positive("kg/m3", density=density)
    pressure = capillary_pressure(surface_tension, contact_angle, diameter)
    return pressure / (density * STANDARD_GRAVITY)


def filling_time(
    depth: FloatOrArray,
    diameter: FloatOrArray,
    viscosity: FloatOrArray,
    pressure: FloatOrArray,
    mouth: float = 0.0,
) -> FloatOrArray:
    r"""Time in which a constant pressure fills a hole with a viscous liquid.

    Poiseuille's flow behind a meniscus (Washburn 1921), and the flow that converges to the mouth,
    which a hole wider than deep feels first (Dagan, Weinbaum and Pfeffer, J. Fluid Mech. 115
    (1982) 505: the two add up within 1 %). With the radius a and mouths of resistance c

    .. math:: t = \frac{\eta}{\Delta p} \left(\frac{4 l^2}{a^2} + \pi c\, \frac{l}{a}\right).

    Parameters
    ----------
    depth, diameter : float or array
        l and d = 2 a of the hole [m].
    viscosity : float or array
        eta of a Newtonian liquid [Pa s].
    pressure : float or array
        Capillary pressure, and what the blade and the wet film add [Pa].
    mouth : float
        c [-]; :data:`MOUTH` where the liquid comes from a wide film on one side, 0 for Washburn's
        long tube.

    Returns
    -------
    float or array
        t [s].

    Raises
    ------
    WettingError
        Where a quantity is none: a liquid that nothing drives does not fill.
    """
    _positive(depth=depth, diameter=diameter)
    _positive("Pa s", viscosity=viscosity)
    _positive("Pa", pressure=pressure)
    quantity("mouth", mouth, WettingError, at_least=0)
    slender = 2 * depth / diameter
    return viscosity / pressure * (4 * slender**2 + math.pi * mouth * slender)


def holding_pressure(
    surface_tension: FloatOrArray, contact_angle: FloatOrArray, diameter: FloatOrArray
) -> FloatOrArray:
    r"""Pressure at which a meniscus leaves the far rim of a hole and the liquid leaks out.

    Pinned at a sharp rim, the meniscus bulges until it meets the outer face of the foil at the
    advancing contact angle (Gibbs), or until it is half a sphere, which bears the most:
    :math:`4\gamma\sin\min(\theta, \pi/2)/d`.

    Parameters
    ----------
    surface_tension : float or array
        gamma [N/m].
    contact_angle : float or array
        Advancing angle theta on the outer face [rad].
    diameter : float or array
        d of the hole [m].

    Returns
    -------
    float or array
        Excess over the pressure beyond the foil [Pa].

    Raises
    ------
    WettingError
        Where a tension or a diameter is none, or the angle is not between 0 and pi.
    """
    _angle("contact angle", contact_angle)
    bulge = math.pi / 2 - np.minimum(contact_angle, math.pi / 2)
    return capillary_pressure(surface_tension, bulge, diameter)


def bulge_height(
    pressure: FloatOrArray, surface_tension: FloatOrArray, diameter: FloatOrArray
) -> FloatOrArray:
    """Height of the cap that a pinned meniscus makes beyond the rim [m].

    Parameters
    ----------
    pressure : float or array
        Excess in the liquid [Pa], at most that of half a sphere.
    surface_tension, diameter : float or array
        [N/m], [m].

    Raises
    ------
    WettingError
        Where no meniscus bears the pressure.
    """
    most = capillary_pressure(surface_tension, 0.0, diameter)
    quantity("pressure", pressure, WettingError, at_least=0, unit="Pa")
    share = pressure / most
    quantity("pressure over that of half a sphere", share, WettingError, at_most=1)
    # (1 - cos b) / sin b of the angle b at the rim, which loses no digits in a flat cap
    return diameter / 2 * share / (1 + np.sqrt(1 - share**2))


def blade_pressure(
    viscosity: FloatOrArray,
    speed: FloatOrArray,
    length: FloatOrArray,
    inlet: FloatOrArray,
    outlet: FloatOrArray,
) -> FloatOrArray:
    r"""Highest pressure under a coating blade whose gap narrows evenly (Reynolds 1886).

    .. math:: p = \frac{3 \eta U l\,(h_1 - h_2)}{2\, h_1 h_2\, (h_1 + h_2)}

    Parameters
    ----------
    viscosity, speed : float or array
        eta of a Newtonian slurry [Pa s] and U of the foil [m/s].
    length : float or array
        l of the gap along the foil [m].
    inlet, outlet : float or array
        Height of the gap where the slurry enters, h1, and leaves, h2 [m].

    Returns
    -------
    float or array
        p over the surroundings' [Pa].

    Raises
    ------
    WettingError
        Where a quantity is none, or the gap widens.
    """
    _positive("Pa s", viscosity=viscosity)
    _positive("m/s", speed=speed)
    _positive(length=length, inlet=inlet, outlet=outlet)
    quantity("inlet over outlet", np.divide(inlet, outlet), WettingError, at_least=1)
    drag = 1.5 * viscosity * speed * length
    return drag * (inlet - outlet) / (inlet * outlet * (inlet + outlet))
