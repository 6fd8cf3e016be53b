r"""Flat layers bonded to each other: a foil coated on one side or both, far from edges and holes.

Each layer is stretched and bent evenly in its plane, :math:`\epsilon(z) = \epsilon_0 - \kappa z`,
and bears an equal stress in all directions of the plane; von Mises' limit of it is the yield stress
itself. In its plane the film keeps what it has yielded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rampore.arrays import FloatOrArray
from rampore.checks import quantity
from rampore.mechanics.errors import MechanicsError
from rampore.mechanics.solids import Solid

#: Steps of Newton's method in one load; a laminate that yields throughout may need one per layer
#: and point of its thickness.
ITERATIONS = 200


class Ply(NamedTuple):
    """One layer of a laminate."""

    solid: Solid
    thickness: float  #: [m]
    points: int = 12  #: through the thickness; two suffice while all is elastic


class Bent(NamedTuple):
    """A laminate under the eigenstrain of its layers."""

    strain: float  #: in the plane, at the lower face of the first layer [-]
    curvature: float  #: kappa, positive where the upper face is the shorter [1/m]
    position: np.ndarray  #: of the points above that face (n,) [m]
    stress: np.ndarray  #: in the plane, at the points (n,) [Pa]
    plastic: np.ndarray  #: plastic strain at the points (n,) [-]
    force: tuple[float, ...]  #: of each layer, per width [N/m]


def bend(
    layers: Sequence[Ply],
    history: Sequence[Sequence[FloatOrArray]],
    *,
    flat: bool = False,
    pull: float = 0.0,
) -> list[Bent]:
    """Strain, curvature and stresses of a laminate as its layers swell.

    Parameters
    ----------
    layers : sequence of Ply
        From the lowest upwards.
    history : sequence of sequences of float
        Free strain of each layer [-], at one time after the other; what yields remembers.
    flat : bool
        Whether something keeps the laminate flat: a platen, or its own other side.
    pull : float
        Force per width in all directions of the plane [N/m].

    Returns
    -------
    list of Bent
        One for each time.

    Raises
    ------
    MechanicsError
        Where a quantity lies outside its limits, the load exceeds what yielding layers bear, or
        Newton's method did not converge.
    """
    if not layers:
        raise MechanicsError("a laminate has a layer, or more of them")
    for layer in layers:
        quantity("thickness of a layer", layer.thickness, MechanicsError, above=0, unit="m")
        quantity("points of a layer", layer.points, MechanicsError, at_least=2, whole=True)
    quantity("pull", pull, MechanicsError, unit="N/m")
    counts = [layer.points for layer in layers]
    position, weight = _points(layers)
    modulus = np.repeat([layer.solid.biaxial for layer in layers], counts)
    limit = np.repeat([layer.solid.yield_stress for layer in layers], counts)
    # in the plane, equal in two directions: the plastic strain's length is twice its component
    hardening = np.repeat([2 * layer.solid.hardening for layer in layers], counts)
    # virtual strain and curvature; heights over the whole keep the two of one size
    height = sum(layer.thickness for layer in layers)
    shape = np.stack([np.ones_like(position), -position / height], axis=1)
    shape = shape[:, :1] if flat else shape
    load = np.array([pull, -pull / 2])[: shape.shape[1]]
    unknown, plastic, hardened = np.zeros(len(load)), 0 * position, 0 * position
    course = []
    for free in history:
        if len(free) != len(layers):
            raise MechanicsError(f"{len(free)} free strains for {len(layers)} layers")
        for strain in free:
            quantity("free strain", strain, MechanicsError)
        swell = np.repeat(np.asarray(free, dtype=float), counts)
        largest = np.inf
        for _ in range(ITERATIONS):
            trial = modulus * (shape @ unknown - swell - plastic)
            beyond = np.maximum(np.abs(trial) - limit - hardening * hardened, 0)
            step = beyond / (modulus + hardening)
            stress = trial - modulus * step * np.sign(trial)
            lack = load - shape.T @ (weight * stress)
            largest = float(np.abs(lack).max())
            size = np.sum(weight * np.abs(stress)) + np.abs(pull)
            if largest <= 1e-12 * size:
                break
            tangent = np.where(beyond > 0, modulus * hardening / (modulus + hardening), modulus)
            stiffness = shape.T @ ((weight * tangent)[:, None] * shape)
            if not tangent.any():
                raise MechanicsError(f"the laminate yields throughout and lacks {largest:.3g} N/m")
            unknown = unknown + np.linalg.lstsq(stiffness, lack)[0]
        else:
            raise MechanicsError(f"the laminate lacks {largest:.3g} N/m after {ITERATIONS} steps")
        plastic, hardened = plastic + step * np.sign(trial), hardened + step
        curvature = 0.0 if flat else float(unknown[1] / height)
        force = [float(part.sum()) for part in np.split(weight * stress, np.cumsum(counts)[:-1])]
        course.append(Bent(float(unknown[0]), curvature, position, stress, plastic, tuple(force)))
    return course


def _points(layers: Sequence[Ply]) -> tuple[np.ndarray, np.ndarray]:
    """Gauss points through the layers [m], and their weights [m]."""
    position, weight, below = [], [], 0.0
    for layer in layers:
        x, w = np.polynomial.legendre.leggauss(layer.points)
        position.append(below + layer.thickness * (x + 1) / 2)
        weight.append(layer.thickness * w / 2)
        below += layer.thickness
    return np.concatenate(position), np.concatenate(weight)


def film_release(stress: FloatOrArray, thickness: FloatOrArray, solid: Solid) -> FloatOrArray:
    r"""Energy that the edge of a film releases as it comes off, per area.

    :math:`G = (1 - \nu^2)\,\sigma^2 h / 2E`: behind a straight front the film relaxes at right
    angles to it, and keeps its stretch along it. For a front far from any edge, on a foil that does
    not bend.

    Parameters
    ----------
    stress : float or array
        sigma in the plane, equal in all directions [Pa].
    thickness : float or array
        h [m].
    solid : Solid

    Returns
    -------
    float or array
        G [J/m2].
    """
    quantity("stress", stress, MechanicsError, unit="Pa")
    quantity("thickness", thickness, MechanicsError, above=0, unit="m")
    return (1 - solid.poisson**2) * np.square(stress) * thickness / (2 * solid.young)
