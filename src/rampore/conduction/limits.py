r"""Closed forms for the unit cell where coating is thin or thick against the holes, or contact
outweighs coating.

Equations are numbered as in chapter 6 of the book.
"""

from __future__ import annotations

import math

import numpy as np

from rampore.arrays import FloatOrArray
from rampore.checks import quantity
from rampore.conduction.errors import ConductionError, check_positive
from rampore.conduction.through_plane import CoatedFoil


def thin_resistance(foil: CoatedFoil) -> float:
    r"""Of a coating much thinner than the holes are wide, which only conducts over foil (Eq. 6.4)
    [ohm m2].

    :math:`R = (R_c + h/\sigma) / (1 - f)`. The current is uniform there and 0 over the holes, so
    that its coefficient of variation is :func:`thin_variation`.
    """
    return foil.bare_resistance / (1 - foil.open_fraction)


def thin_variation(open_fraction: FloatOrArray) -> FloatOrArray:
    r"""Coefficient of variation of a current that is uniform over foil and 0 over holes,
    :math:`\sqrt{f/(1-f)}` [-].
    """
    quantity("open fraction", open_fraction, ConductionError, at_least=0, below=1)
    return np.sqrt(open_fraction / (1 - open_fraction))


def edge_width(coating_thickness: FloatOrArray) -> FloatOrArray:
    r"""Width of hole that the edge of the foil feeds in a thin coating, :math:`(2\ln2/\pi)\,h` (Eq.
    6.4) [m].

    Exact for a straight edge of an equipotential foil that ends on an insulating plane, by
    conformal mapping.
    """
    quantity("coating thickness", coating_thickness, ConductionError, at_least=0, unit="m")
    return 2 * math.log(2) / math.pi * coating_thickness


def thick_resistance(foil: CoatedFoil) -> float:
    r"""Of a coating much thicker than the pitch (Eq. 6.5) [ohm m2].

    :math:`R = R_c/a_c + h/\sigma + 2 f d / (3\pi\sigma)` with the contact area :math:`a_c`: the
    last term is what the current pays for spreading over empty holes that are few, in an
    equipotential foil; each disc of insulator of radius a lowers the mean potential of its plane by
    (4/3) a^3 E. Walls of filled holes make it less.
    """
    spreading = 2 * foil.open_fraction * foil.hole_diameter / (3 * math.pi * foil.conductivity)
    return (
        foil.contact_resistance / foil.contact_area + foil.coating_thickness / foil.conductivity
    ) + spreading  # fmt: skip


def contact_limited_variation(
    hole_diameter: float, pitch: float, coating_thickness: FloatOrArray, orders: int = 60
) -> FloatOrArray:
    r"""Coefficient of variation at the top where contact outweighs coating and the holes are empty
    (Eq. 6.6).

    The current then enters uniformly over foil. Each harmonic :math:`\mathbf G` of the lattice
    loses :math:`1/\cosh Gh` on its way to the top:

    .. math:: \frac{1}{(1-f)^2}
        \sum_{\mathbf G \ne 0} \left( \frac{2 f J_1(Ga)}{Ga \cosh Gh} \right)^2 .

    Parameters
    ----------
    hole_diameter, pitch : float
        [m]
    coating_thickness : float or (n,) array
        h [m].
    orders : int
        Harmonics along each reciprocal vector.

    Returns
    -------
    float or (n,) array
        [-]
    """
    from scipy.special import j1

    check_positive(hole_diameter=hole_diameter, pitch=pitch)
    quantity("coating thickness", coating_thickness, ConductionError, at_least=0, unit="m")
    quantity("hole diameter over pitch", hole_diameter / pitch, ConductionError, at_most=1)
    quantity("orders", orders, ConductionError, at_least=1, whole=True)
    f = math.pi / (2 * math.sqrt(3)) * (hole_diameter / pitch) ** 2
    m, n = np.mgrid[-orders : orders + 1, -orders : orders + 1]
    g = 4 * math.pi / (math.sqrt(3) * pitch) * np.sqrt(m**2 + m * n + n**2).ravel()
    g = g[g > 0]
    amplitude = 2 * f * j1(g * hole_diameter / 2) / (g * hole_diameter / 2) / (1 - f)
    decay = 2 / (
        np.exp(g * np.expand_dims(coating_thickness, -1))
        + np.exp(-g * np.expand_dims(coating_thickness, -1))
    )
    return np.sqrt((amplitude * decay) ** 2 @ np.ones_like(g))
