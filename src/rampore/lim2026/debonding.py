r"""What parts the paper's coating from its foil: what a debond would release on either foil, how
wide a blister has to be, and how much of the foil's strength the coating takes.

Elastic energies are compared with that of a straight front on bare foil far from its edge, which
:func:`rampore.mechanics.laminates.film_release` gives: in the ratio the free strain of the coating,
of which little is known, cancels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from rampore.arrays import FloatOrArray
from rampore.checks import quantity
from rampore.lim2026 import parameters
from rampore.mechanics.cells import Crack, FoilFace, Hole, PerforatedCell
from rampore.mechanics.errors import MechanicsError
from rampore.mechanics.interfaces import energy_release
from rampore.mechanics.laminates import Ply, bend, film_release
from rampore.mechanics.solids import Solid

#: A handbook's copper, and the Poisson's ratio that the coating has in the paper's group's own
#: simulations of calendering.
COPPER, POISSON = Solid(117e9, 0.34), 0.3
#: Of a clamped disc, :math:`j_{1,1}^2/12`: :func:`buckling_strain`.
BUCKLING = 3.8317059702075125**2 / 12
#: A free strain for energies that are shown over another of the same strain [-].
_ANY = 0.01


class Debond(NamedTuple):
    """What cracks along the interface release, over a straight front's energy on bare foil."""

    length: np.ndarray  #: from the rim of a hole outwards (n,) [m]
    pegged: np.ndarray  #: at a hole full of coating (n,) [-]
    cut: np.ndarray  #: at a hole that goes through the coating, a free edge (n,) [-]


def unit_cell(given: parameters.CellInputs, young: float, **changes: Any) -> PerforatedCell:
    """A hole of the paper's perforated foil under an elastic coating.

    Parameters
    ----------
    given : parameters.CellInputs
    young : float
        Young's modulus of the coating [Pa].
    **changes
        Fields of :class:`rampore.mechanics.cells.PerforatedCell` to set otherwise.
    """
    foil, bare = given.perforation, given.negative.thickness
    radius = foil.hole_diameter / 2
    cell = PerforatedCell(
        foil=COPPER,
        coating=Solid(young, POISSON),
        foil_thickness=foil.foil_thickness,
        coating_thickness=bare - foil.open_fraction * foil.foil_thickness,
        hole_radius=radius,
        cell_radius=radius / np.sqrt(foil.open_fraction),
    )
    return replace(cell, **changes)


def debond(
    given: parameters.CellInputs,
    young: float,
    lengths: Sequence[float],
    *,
    step: float = 0.1,
    finest: float = 0.5e-6,
) -> Debond:
    """Energy that cracks release that begin at the rim of a hole, the foil held flat.

    Parameters
    ----------
    given : parameters.CellInputs
    young : float
        Young's modulus of the coating [Pa].
    lengths : sequence of float
        Of the cracks [m].
    step : float
        By which each grows, over its length [-].
    finest : float
        Smallest element, and at most an eighth of a crack [m].

    Returns
    -------
    Debond
    """
    bare = film_release(
        Solid(young, POISSON).biaxial * _ANY, given.negative.thickness, Solid(young, POISSON)
    )
    rates = []
    for hole in (Hole.FILLED, Hole.OPEN):
        cell = unit_cell(given, young, hole=hole)
        rim = cell.hole_radius
        rates.append(
            [
                energy_release(
                    cell,
                    [Crack(FoilFace.TOP, rim, rim + length)],
                    [Crack(FoilFace.TOP, rim, rim + (1 + step) * length)],
                    _ANY,
                    flat=True,
                    finest=min(finest, length / 8),
                ).rate
                / bare
                for length in lengths
            ]
        )
    return Debond(np.asarray(lengths, dtype=float), *map(np.array, rates))


def buckling_strain(thickness: FloatOrArray, radius: FloatOrArray) -> FloatOrArray:
    r"""Free strain at which a coating that has come off over a disc buckles away from its foil.

    :math:`\epsilon = \frac{j_{1,1}^2}{12}\,\frac{1}{1+\nu}\left(\frac hb\right)^2`, of a disc that
    is clamped around (Hutchinson and Suo, Adv. Appl. Mech. 29 (1992) 63).

    Parameters
    ----------
    thickness, radius : float or array
        Of the coating, h, and of the disc, b [m].

    Returns
    -------
    float or array
        [-]
    """
    quantity("thickness", thickness, MechanicsError, above=0, unit="m")
    quantity("radius", radius, MechanicsError, above=0, unit="m")
    return BUCKLING / (1 + POISSON) * np.divide(thickness, radius) ** 2


def strengths(given: parameters.CellInputs) -> dict[str, tuple[float, float]]:
    """Force per width that either foil bears [N/m], by the thicknesses that its printed stress may
    have been taken on.
    """
    thin, thick = given.collector_negative.thickness, given.perforation.foil_thickness
    bare = given.collector_negative.tensile_strength * thin
    nominal = given.perforation.tensile_strength
    return {"bare": (bare, bare), "perforated": (nominal * thin, nominal * thick)}


class Flattened(NamedTuple):
    """A foil coated on one side, whose coating bears all that it can."""

    radius: float  #: of curvature where it is free; a foil that yields bends the more [m]
    flat: float  #: mean stress in the foil, where it is held flat [Pa]
    pressure: float  #: that holds a strip of some span flat [Pa]


def one_side(given: parameters.CellInputs, stress: float, young: float, span: float) -> Flattened:
    """The bare foil under a coating on one side that yields in its plane at `stress` [Pa].

    Parameters
    ----------
    given : parameters.CellInputs
    stress : float
        That the swelling coating bears [Pa].
    young : float
        Young's modulus of the coating [Pa].
    span : float
        Of the strip that is held flat [m].
    """
    quantity("span", span, MechanicsError, above=0, unit="m")
    foil, coating = given.collector_negative.thickness, given.negative.thickness
    plies = [Ply(COPPER, foil), Ply(Solid(young, POISSON, yield_stress=stress), coating)]
    enough = 10 * stress / Solid(young, POISSON).biaxial
    [free] = bend(plies, [(0.0, enough)])
    [held] = bend(plies, [(0.0, enough)], flat=True)
    moment = stress * coating * (coating + foil) / 2
    return Flattened(
        1 / abs(free.curvature),
        held.force[0] / foil,
        8 * moment / span**2,
    )
