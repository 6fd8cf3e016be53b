r"""Adhesion of a coating on a perforated foil: cut off in the plane of the foil, or pulled off it.

Over the metal the interface holds; over a hole the coating reaches through the foil as a peg, which
has to be cut or drawn. A strength is a stress [Pa], or an energy per area [J/m2] where a cut is
measured as force per width; a law that mixes areas serves for both.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rampore import RamporeError
from rampore.arrays import FloatOrArray
from rampore.checks import quantity
from rampore.collector import PerforatedFoil


class AdhesionError(RamporeError, ValueError):
    """A bond or a cut that cannot be; the message names the quantity and the reason."""


def _strengths(interface: FloatOrArray, cohesion: FloatOrArray) -> None:
    quantity("strength of the interface", interface, AdhesionError, above=0)
    quantity("strength of the coating", cohesion, AdhesionError, at_least=0)


def _share(value: FloatOrArray) -> None:
    quantity("open fraction", value, AdhesionError, at_least=0, at_most=1)


def shear_strength(
    open_fraction: FloatOrArray, interface: FloatOrArray, cohesion: FloatOrArray
) -> FloatOrArray:
    r"""Mean strength under a blade in the plane of the foil, :math:`(1 - f)\tau_i + f\tau_c`.

    Parameters
    ----------
    open_fraction : float or array
        f, of full holes [-].
    interface, cohesion : float or array
        Shear strength of the interface on metal, tau_i, and of the coating in the pegs, tau_c; both
        in one unit [Pa] or [J/m2].

    Returns
    -------
    float or array
        In the unit of the two strengths.

    Raises
    ------
    AdhesionError
        Where the interface has no strength, or a quantity lies outside its limits.
    """
    _share(open_fraction)
    _strengths(interface, cohesion)
    return (1 - open_fraction) * interface + open_fraction * cohesion


def cohesion_for_gain(gain: FloatOrArray, open_fraction: FloatOrArray) -> FloatOrArray:
    r"""Strength of the pegs over that of the interface, :math:`1 + g/f` [-], that raises the mean
    strength by the share `gain` [-] at the `open_fraction` f [-].

    Raises
    ------
    AdhesionError
        Where there are no holes, or a loss exceeds what they can take away.
    """
    quantity("gain", gain, AdhesionError)
    quantity("open fraction", open_fraction, AdhesionError, above=0, at_most=1)
    ratio = 1 + gain / open_fraction
    return quantity("cohesion over adhesion", ratio, AdhesionError, at_least=0)


class BladeCut(NamedTuple):
    """What a wide straight blade meets on its way through one period of the lattice."""

    position: np.ndarray  #: of the edge from the centre of a row of holes (n,) [m]
    over_holes: np.ndarray  #: share of the edge that lies over holes (n,) [-]
    strength: np.ndarray  #: mean along the edge (n,), in the unit of the strengths


def cut(
    foil: PerforatedFoil,
    interface: float,
    cohesion: float,
    *,
    along_rows: bool = False,
    process_length: float = 0.0,
    points: int = 200,
) -> BladeCut:
    """Strength under a blade as it crosses the rows of holes of a foil.

    The mean over a period is :func:`shear_strength`; what the record swings about it tells pegs
    from a better interface.

    Parameters
    ----------
    foil : PerforatedFoil
    interface, cohesion : float
        As in :func:`shear_strength` [Pa] or [J/m2].
    along_rows : bool
        Whether the blade moves along the close-packed rows; else at right angles to them.
    process_length : float
        Length ahead of the edge over which the coating gives way at once [m]; 0 for an edge that
        parts what it touches.
    points : int
        Positions of the edge in one period.

    Returns
    -------
    BladeCut

    Raises
    ------
    AdhesionError
        Where a quantity lies outside its limits.
    """
    _strengths(interface, cohesion)
    quantity("process length", process_length, AdhesionError, at_least=0, unit="m")
    quantity("points", points, AdhesionError, at_least=2, whole=True)
    # rows of holes that the edge meets one after the other, and the holes' distance along it
    height = foil.pitch * math.sqrt(3) / 2
    step, apart = (foil.pitch / 2, 2 * height) if along_rows else (height, foil.pitch)
    position = np.linspace(0.0, step, points, endpoint=False)
    radius = foil.hole_diameter / 2
    reach = math.ceil((radius + process_length) / step) + 1
    from_row = position[:, None] - step * np.arange(-reach, reach + 1)
    if process_length:
        opened = _half_disc(from_row + process_length, radius) - _half_disc(from_row, radius)
        chord = opened / process_length
    else:
        chord = 2 * np.sqrt(np.maximum(radius**2 - from_row**2, 0))
    share = chord.sum(axis=1) / apart
    return BladeCut(position, share, (1 - share) * interface + share * cohesion)


def _half_disc(x: np.ndarray, radius: float) -> np.ndarray:
    """Area of a disc to the left of the line at x [m2]."""
    x = np.clip(x, -radius, radius)
    return x * np.sqrt(radius**2 - x**2) + radius**2 * (np.arcsin(x / radius) + math.pi / 2)


def pull_strength(
    open_fraction: FloatOrArray,
    interface: FloatOrArray,
    cohesion: FloatOrArray,
    wall: FloatOrArray,
    slenderness: FloatOrArray,
) -> FloatOrArray:
    r"""Mean strength against a pull at right angles to the foil.

    A peg breaks, or is drawn out of its hole where its wall holds less than its section:
    :math:`(1 - f)\sigma_i + f\min(\sigma_c, 4\tau_w t/d)`.

    Parameters
    ----------
    open_fraction : float or array
        f, of full holes [-].
    interface, cohesion : float or array
        Tensile strength of the interface on metal and of the coating [Pa].
    wall : float or array
        Shear strength of the interface on the wall, tau_w [Pa].
    slenderness : float or array
        Foil thickness over hole diameter, t / d [-].

    Returns
    -------
    float or array
        [Pa]

    Raises
    ------
    AdhesionError
        Where the interface has no strength, or a quantity lies outside its limits.
    """
    quantity("strength of the wall", wall, AdhesionError, at_least=0, unit="Pa")
    quantity("slenderness", slenderness, AdhesionError, at_least=0)
    _strengths(interface, cohesion)
    peg = np.minimum(cohesion, 4 * np.multiply(wall, slenderness))
    return shear_strength(open_fraction, interface, peg)
