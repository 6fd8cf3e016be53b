"""Coating the second side of a perforated foil: what keeps the first coat from leaking, what it
takes of the holes, and what a tomogram could show of either.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rampore import wetting
from rampore.checks import quantity
from rampore.coating import CoatingError, solid_density
from rampore.lim2026 import parameters
from rampore.lim2026.limits import Range, ranges

WATER = 997.0  #: density at 25 degC [kg/m3]

#: Height of the gap under a blade where slurry enters over that where it leaves at which the
#: pressure is highest, the extreme of (r - 1) / (r (r + 1)) [-].
_STEEPEST = 1 + math.sqrt(2)


class WetFilm(NamedTuple):
    """A coating before it dries."""

    height: float  #: over foil [m]
    density: float  #: [kg/m3]


def wet_film(given: parameters.CellInputs, solid_share: float) -> WetFilm:
    """The slurry that dries to the loading of one side.

    Parameters
    ----------
    given : parameters.CellInputs
    solid_share : float
        Mass of solid in the slurry [-].

    Raises
    ------
    CoatingError
        Where the share is none.
    """
    quantity("share of solid", solid_share, CoatingError, above=0, below=1)
    parts = given.negative.composition
    solid = solid_density([p.mass_fraction for p in parts], [p.density for p in parts])
    density = 1 / (solid_share / solid + (1 - solid_share) / WATER)
    return WetFilm(given.negative.loading / (solid_share * density), density)


class Ends(NamedTuple):
    """A quantity at the ends of what it depends on, and at their middles by ratio."""

    least: float
    middle: float
    most: float


class Leak(NamedTuple):
    """What presses slurry out of the holes, and what holds it back [Pa]."""

    film: Ends  #: weight of the wet film and of what fills the hole
    blade: Ends  #: the highest under the blade
    held: Ends  #: what the meniscus at the lower rim bears
    viscosity: float  #: most that it bears under the blade, all else at the middle [Pa s]

    @property
    def film_is_held(self) -> bool:
        """Whether the film by itself stays, at its worst."""
        return self.film.most < self.held.least

    @property
    def blade_is_held(self) -> bool:
        """Whether it stays under the blade too, at its worst."""
        return self.blade.most < self.held.least


def _middle(found: Range) -> float:
    return math.sqrt(found.low * found.high)


def leak(given: parameters.CellInputs) -> Leak:
    """Pressures on the first coat over the ranges of ``both_sides.toml``.

    Parameters
    ----------
    given : parameters.CellInputs
    """
    allowed = ranges("both_sides")
    hole, depth = given.perforation.hole_diameter, given.perforation.foil_thickness
    share, tension, angle = (
        allowed[name] for name in ("solid_share", "slurry_tension", "advancing_angle")
    )
    gap = [allowed[f"blade_{name}"] for name in ("speed", "length", "outlet", "inlet")]

    def weight(solid):
        film = wet_film(given, solid)
        return float(film.density * wetting.STANDARD_GRAVITY * (film.height + depth))

    def blade(viscosity, speed, length, outlet, inlet, solid):
        leaves = outlet * wet_film(given, solid).height
        return float(wetting.blade_pressure(viscosity, speed, length, inlet * leaves, leaves))

    def held(surface_tension, contact_angle):
        return float(wetting.holding_pressure(surface_tension, contact_angle, hole))

    speed, length, outlet, inlet = gap
    viscosity = allowed["blade_viscosity"]
    steepest = min(max(_STEEPEST, inlet.low), inlet.high)
    rest = [_middle(each) for each in (*gap, share)]
    flattest = min(
        blade(viscosity.low, speed.low, length.low, outlet.high, end, share.low)
        for end in (inlet.low, inlet.high)
    )
    middle = held(_middle(tension), _middle(angle))
    return Leak(
        Ends(weight(share.high), weight(_middle(share)), weight(share.low)),
        Ends(
            flattest,
            blade(_middle(viscosity), *rest),
            blade(viscosity.high, speed.high, length.high, outlet.low, steepest, share.high),
        ),
        Ends(held(tension.low, angle.low), middle, held(tension.high, angle.high)),
        middle / blade(1.0, *rest),
    )


def difference(given: parameters.CellInputs, first_share: float | np.ndarray) -> np.ndarray:
    """How much thinner the first coat is over foil than the second, at equal loading [m].

    Parameters
    ----------
    given : parameters.CellInputs
    first_share : float or array
        s, of what fills the holes [-]: the coats are thinner by s f t and (1 - s) f t.

    Raises
    ------
    CoatingError
        Where a share is none.
    """
    quantity("share of the first coat", first_share, CoatingError, at_least=0, at_most=1)
    foil = given.perforation
    return (2 * np.asarray(first_share) - 1) * foil.open_fraction * foil.foil_thickness


def share_for(given: parameters.CellInputs, thinner: float) -> float:
    """Share of the holes with which the first coat is thinner by so much [m]: the inverse of
    :func:`difference` [-].
    """
    foil = given.perforation
    quantity("thinner", thinner, CoatingError, unit="m")
    return (1 + thinner / (foil.open_fraction * foil.foil_thickness)) / 2


def heavier_of_one_gap(given: parameters.CellInputs, first_share: float = 1.0) -> float:
    """Loading that coats of one gap differ by, over that on bare foil [-]: equally thick, the first
    has more of the holes in it.
    """
    return float(difference(given, first_share)) / given.negative.thickness


def pores_below(size: np.ndarray, radius: float, spread: float) -> np.ndarray:
    """Share of the pores' area in a section that pores smaller than a size hold [-].

    Parameters
    ----------
    size : array
        Diameter [m].
    radius : float
        Mean of the pores' equivalent radii, which are lognormal [m].
    spread : float
        Standard deviation of their logarithm [-].

    Raises
    ------
    CoatingError
        Where a quantity is none.
    """
    from scipy.stats import norm

    quantity("size", size, CoatingError, above=0, unit="m")
    quantity("radius", radius, CoatingError, above=0, unit="m")
    quantity("spread", spread, CoatingError, above=0)
    # areas go with the square: their distribution is the radii's, moved by twice the variance
    middle = math.log(radius) - spread**2 / 2 + 2 * spread**2
    return norm.cdf((np.log(np.asarray(size) / 2) - middle) / spread)


def holes_in(given: parameters.CellInputs, area: float) -> float:
    """Holes in an area of foil [m2] [-]."""
    foil = given.perforation
    return foil.open_fraction * area / (math.pi / 4 * foil.hole_diameter**2)


def unseen_share(holes: float, level: float = 0.05) -> float:
    """Largest share of unfilled holes of which a field of so many shows none with the chance
    `level` [-].

    Raises
    ------
    CoatingError
        Where there is no hole, or the level is no chance.
    """
    quantity("holes", holes, CoatingError, at_least=1)
    quantity("level", level, CoatingError, above=0, below=1)
    return 1 - level ** (1 / math.floor(holes))
