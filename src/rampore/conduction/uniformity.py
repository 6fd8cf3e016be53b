r"""What 'uniform' can mean, and up to which hole the current is.

Equations are numbered as in chapter 6 of the book.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from rampore.checks import choice, increasing, quantity
from rampore.coating import local_thickness
from rampore.collector import hole_diameter_from_open_fraction, pitch_from_open_fraction
from rampore.conduction.errors import ConductionError, check_positive
from rampore.conduction.through_plane import CoatedFoil, Mesh, ThroughPlane, through_plane

#: For searches: the departures are within 0.01 of those on a fine mesh.
COARSE = Mesh(24, 12, 6)


class Keep(StrEnum):
    """What a series of hole diameters leaves as it is."""

    OPEN_FRACTION = "open fraction"
    PITCH = "pitch"


class Departure(NamedTuple):
    """How far a current is from uniform, by three definitions; 0 is uniform (Eq. 6.3)."""

    variation: float  #: standard deviation over mean at the top [-]
    shortfall: float  #: 1 - least over mean current density at the top [-]
    excess: float  #: resistance over that of bare foil - 1; negative where holes help [-]


def departure(flow: ThroughPlane) -> Departure:
    """How far a current is from uniform."""
    return Departure(flow.variation, 1 - flow.least, flow.resistance_ratio - 1)


def series(
    foil: CoatedFoil, diameters: Sequence[float], keep: Keep, bare_thickness: float | None = None
) -> list[CoatedFoil]:
    """The same coated foil with other holes.

    Parameters
    ----------
    foil : CoatedFoil
        Whose open fraction or pitch is kept.
    diameters : sequence of float
        [m]
    keep : Keep
    bare_thickness : float, optional
        Coating thickness on bare foil [m], from which each foil's follows at equal volume (Eq. 1.3); without it the
        coating stays as thick as it is.

    Returns
    -------
    list of CoatedFoil
        Without those whose holes would overlap.

    Raises
    ------
    ConductionError
        Where a diameter is none, or `keep` is not one of the choices.
    """
    choice("keep", keep, Keep, ConductionError)
    check_positive(diameters=diameters)
    foils = []
    for diameter in diameters:
        pitch = foil.pitch if keep == Keep.PITCH else float(pitch_from_open_fraction(diameter, foil.open_fraction))
        if diameter < pitch:
            made = replace(foil, hole_diameter=float(diameter), pitch=pitch)
            if bare_thickness is not None:
                thickness = local_thickness(bare_thickness, made.open_fraction, made.hole_depth).npr
                made = replace(made, coating_thickness=float(thickness))
            foils.append(made)
    return foils


def over_diameter(foil: CoatedFoil, diameters: Sequence[float], mesh: Mesh = COARSE) -> Departure:
    """How the departure from uniform grows with the holes at one open fraction.

    Parameters
    ----------
    foil : CoatedFoil
        Its hole diameter and pitch set the open fraction only.
    diameters : (n,) sequence of float
        [m]
    mesh : Mesh

    Returns
    -------
    Departure of (n,) arrays
    """
    found = [departure(through_plane(made, mesh=mesh)) for made in series(foil, diameters, Keep.OPEN_FRACTION)]
    if not found:
        raise ConductionError("there are no diameters")
    return Departure(*np.array(found).T)


def over_contact(
    foil: CoatedFoil, diameters: Sequence[float], contact_lengths: Sequence[float], mesh: Mesh = COARSE
) -> tuple[Departure, Departure]:
    """Between what the departure lies over a range of resistivities, of which only sigma R_c matters.

    Parameters
    ----------
    foil : CoatedFoil
        Its hole diameter and pitch set the open fraction only.
    diameters : (n,) sequence of float
        [m]
    contact_lengths : sequence of float
        sigma R_c [m].
    mesh : Mesh

    Returns
    -------
    (Departure, Departure) of (n,) arrays
        Least and greatest.
    """
    found = [
        over_diameter(replace(foil, contact_resistance=length / foil.conductivity), diameters, mesh)
        for length in contact_lengths
    ]
    return Departure(*np.min(found, axis=0)), Departure(*np.max(found, axis=0))


def widest_uniform_hole(diameters: np.ndarray, departures: np.ndarray, limit: float) -> float:
    """The hole whose current departs from uniform by `limit`, between the holes of a series [m].

    Parameters
    ----------
    diameters : (n,) array
        Increasing [m].
    departures : (n,) array
        By one definition [-].
    limit : float
        Largest departure that counts as uniform [-].

    Returns
    -------
    float
        By monotonic interpolation over the logarithm of the diameter, where the departure last passes the limit;
        infinite or 0 where all or none of the holes are uniform.

    Raises
    ------
    ConductionError
        Where the diameters do not increase.
    """
    from scipy.interpolate import PchipInterpolator

    check_positive(diameters=diameters)
    increasing("diameters", diameters, ConductionError)
    quantity("departures", departures, ConductionError)
    quantity("limit", limit, ConductionError)
    if np.ndim(diameters) != 1 or np.shape(diameters) != np.shape(departures) or np.size(diameters) < 2:
        raise ConductionError("two diameters or more are needed, and as many departures")
    if departures[-1] <= limit:
        return math.inf
    crossings = PchipInterpolator(np.log(diameters), departures).solve(limit, extrapolate=False)
    return float(np.exp(crossings[-1])) if crossings.size else 0.0


def threshold_map(
    foil: CoatedFoil, thicknesses: Sequence[float], contacts: Sequence[float], limit: float, holes: int = 10
) -> Departure:
    """Widest uniform hole over coating thickness and the ratio of contact to bulk resistance, by each definition.

    Parameters
    ----------
    foil : CoatedFoil
        Keeps its open fraction and hole depth.
    thicknesses : (n,) sequence of float
        [m]
    contacts : (m,) sequence of float
        R_c over h / sigma [-].
    limit : float
        Largest departure that counts as uniform [-].
    holes : int
        Diameters between which is interpolated, with pitches from 0.4 to 40 coating thicknesses.

    Returns
    -------
    Departure of (m, n) arrays
        [m]
    """
    check_positive(thicknesses=thicknesses, limit=limit)
    quantity("contacts", contacts, ConductionError, at_least=0)
    quantity("holes", holes, ConductionError, at_least=2, whole=True)
    found = np.empty((len(Departure._fields), len(contacts), len(thicknesses)))
    for row, column in np.ndindex(found.shape[1:]):
        thickness = float(thicknesses[column])
        resistance = contacts[row] * thickness / foil.conductivity
        made = replace(foil, coating_thickness=thickness, contact_resistance=resistance)
        pitches = np.geomspace(0.4, 40, holes) * thickness
        diameters = hole_diameter_from_open_fraction(pitches, foil.open_fraction)
        found[:, row, column] = [widest_uniform_hole(diameters, d, limit) for d in over_diameter(made, diameters)]
    return Departure(*found)
