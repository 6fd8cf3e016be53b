r"""Isotropic solids, elastic or elastic-plastic.

Strains and stresses are rows of Mandel components: three normal ones, then shears times
:math:`\sqrt2`, so that a row times a row is the product of the tensors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.mechanics.errors import MechanicsError


@dataclass(frozen=True)
class Solid:
    """An isotropic solid that yields by von Mises and hardens linearly.

    Attributes
    ----------
    young : float
        Young's modulus E [Pa].
    poisson : float
        Poisson's ratio [-].
    yield_stress : float
        [Pa]; ``math.inf`` for an elastic solid.
    hardening : float
        Stress gained per plastic strain [Pa].

    Raises
    ------
    MechanicsError
        Where a value is none of a stable solid's.
    """

    young: float
    poisson: float
    yield_stress: float = math.inf
    hardening: float = 0.0

    def __post_init__(self) -> None:
        quantity("Young's modulus", self.young, MechanicsError, above=0, unit="Pa")
        quantity("Poisson's ratio", self.poisson, MechanicsError, above=-1, below=0.5)
        if self.yield_stress != math.inf:
            quantity("yield stress", self.yield_stress, MechanicsError, above=0, unit="Pa")
        quantity("hardening", self.hardening, MechanicsError, at_least=0, unit="Pa")

    @property
    def shear(self) -> float:
        """Shear modulus G [Pa]."""
        return self.young / (2 * (1 + self.poisson))

    @property
    def bulk(self) -> float:
        """Bulk modulus K [Pa]."""
        return self.young / (3 * (1 - 2 * self.poisson))

    @property
    def biaxial(self) -> float:
        """Stress over strain of a film stretched evenly in its plane, E / (1 - nu) [Pa]."""
        return self.young / (1 - self.poisson)


class Response(NamedTuple):
    """Stress after a strain, and what the solid remembers; (..., c) arrays of c components."""

    stress: np.ndarray  #: [Pa]
    tangent: np.ndarray  #: d stress / d strain (..., c, c) [Pa]
    plastic: np.ndarray  #: plastic strain [-]
    hardened: np.ndarray  #: its length, added up (...) [-]


def respond(
    solid: Solid, strain: np.ndarray, plastic: np.ndarray, hardened: np.ndarray
) -> Response:
    r"""Stress of a solid by a return along the normal of von Mises' cylinder.

    Parameters
    ----------
    solid : Solid
    strain : (..., c) array
        Total strain less that without stress [-]; 4 components around an axis, 6 in space.
    plastic : (..., c) array
        Plastic strain before [-].
    hardened : (...) array
        Equivalent plastic strain before [-].

    Returns
    -------
    Response
        With the tangent of the step, not of the rate (Simo and Taylor 1985).
    """
    size = strain.shape[-1]
    one = np.zeros(size)
    one[:3] = 1
    spherical = np.outer(one, one)
    deviatoric = np.eye(size) - spherical / 3
    elastic = solid.bulk * spherical + 2 * solid.shear * deviatoric
    stress = (strain - plastic) @ elastic
    if solid.yield_stress == math.inf:
        return Response(stress, np.broadcast_to(elastic, (*stress.shape, size)), plastic, hardened)
    deviator = stress @ deviatoric
    length = np.sqrt(np.sum(deviator**2, axis=-1))
    mises = math.sqrt(1.5) * length
    beyond = mises - solid.yield_stress - solid.hardening * hardened
    stiff = 3 * solid.shear + solid.hardening
    step = np.maximum(beyond, 0) / stiff
    normal = deviator / np.where(length > 0, length, 1)[..., None]
    flow = math.sqrt(1.5) * step[..., None] * normal
    share = 3 * solid.shear * step / np.where(mises > 0, mises, 1)
    # the cylinder keeps the deviator's direction, and turns the steps that do not
    turned = 2 * solid.shear * share[..., None, None] * deviatoric
    along = np.where(beyond > 0, 3 * solid.shear / stiff - share, 0.0)
    along = 2 * solid.shear * along[..., None, None] * normal[..., :, None] * normal[..., None, :]
    return Response(
        stress - 2 * solid.shear * flow, elastic - turned - along, plastic + flow, hardened + step
    )


def mises(stress: np.ndarray) -> np.ndarray:
    """Equivalent stress of von Mises (...) [Pa], of (..., c) components [Pa]."""
    mean = stress[..., :3].mean(axis=-1, keepdims=True)
    squares = np.sum(stress**2, axis=-1) - 3 * mean[..., 0] ** 2
    return np.sqrt(1.5 * np.maximum(squares, 0))
