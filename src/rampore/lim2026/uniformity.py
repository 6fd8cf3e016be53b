r"""What 'uniform' can mean, and up to which hole the current is.

Equations are numbered as in chapter 6 of the book.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore.checks import choice, increasing, quantity
from rampore.coating import local_thickness
from rampore.collector import hole_diameter_from_open_fraction, pitch_from_open_fraction
from rampore.conduction.errors import ConductionError, check_positive
from rampore.conduction.through_plane import (
    CoatedFoil,
    ThroughPlane,
    ThroughPlaneMesh,
    through_plane,
)

if TYPE_CHECKING:
    import pandas

#: For searches: the departures are within 0.01 of those on a fine mesh.
COARSE = ThroughPlaneMesh(24, 12, 6)

#: Half as fine, for the error of a search.
COARSER = COARSE.halved


class KeptInSeries(StrEnum):
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


def compared(flows: Sequence[ThroughPlane]) -> pandas.DataFrame:
    """How far currents are from uniform [-], what share of them takes the walls [-], and how large
    they are [A/m2].

    Parameters
    ----------
    flows : sequence of ThroughPlane
        A row each, by number.
    """
    import pandas

    table = pandas.DataFrame([departure(flow) for flow in flows])
    table["through walls"] = [flow.wall_share for flow in flows]
    table["A/m2"] = [flow.mean_current for flow in flows]
    return table


def difference(flows: Sequence[ThroughPlane], others: Sequence[ThroughPlane]) -> pandas.Series:
    """Largest difference between two computations of the same currents, by the columns of
    :func:`compared`.

    To a mesh half as fine it is the numerical error, where that falls with the width of the boxes
    or faster.

    Parameters
    ----------
    flows, others : sequence of ThroughPlane
        Of the same foils.
    """
    return (compared(flows) - compared(others)).abs().max()


def series(
    foil: CoatedFoil,
    diameters: Sequence[float],
    keep: KeptInSeries,
    bare_thickness: float | None = None,
) -> list[CoatedFoil]:
    """The same coated foil with other holes.

    Parameters
    ----------
    foil : CoatedFoil
        Whose open fraction or pitch is kept.
    diameters : sequence of float
        [m]
    keep : KeptInSeries
    bare_thickness : float, optional
        Coating thickness on bare foil [m], from which each foil's follows at equal volume (Eq.
        1.3); without it the coating stays as thick as it is.

    Returns
    -------
    list of CoatedFoil
        Without those whose holes would overlap.

    Raises
    ------
    ConductionError
        Where a diameter is none, or `keep` is not one of the choices.
    """
    choice("keep", keep, KeptInSeries, ConductionError)
    check_positive(diameters=diameters)
    foils = []
    for diameter in diameters:
        pitch = (
            foil.pitch
            if keep == KeptInSeries.PITCH
            else float(pitch_from_open_fraction(diameter, foil.open_fraction))
        )
        if diameter < pitch:
            made = replace(foil, hole_diameter=float(diameter), pitch=pitch)
            if bare_thickness is not None:
                thickness = local_thickness(bare_thickness, made.open_fraction, made.hole_depth).npr
                made = replace(made, coating_thickness=float(thickness))
            foils.append(made)
    return foils


def over_diameter(
    foil: CoatedFoil, diameters: Sequence[float], mesh: ThroughPlaneMesh = COARSE
) -> Departure:
    """How the departure from uniform grows with the holes at one open fraction.

    Parameters
    ----------
    foil : CoatedFoil
        Its hole diameter and pitch set the open fraction only.
    diameters : (n,) sequence of float
        [m]
    mesh : ThroughPlaneMesh

    Returns
    -------
    Departure of (n,) arrays
    """
    found = [
        departure(through_plane(made, mesh=mesh))
        for made in series(foil, diameters, KeptInSeries.OPEN_FRACTION)
    ]
    if not found:
        raise ConductionError("there are no diameters")
    return Departure(*np.array(found).T)


def over_contact(
    foil: CoatedFoil,
    diameters: Sequence[float],
    contact_lengths: Sequence[float],
    mesh: ThroughPlaneMesh = COARSE,
) -> tuple[Departure, Departure]:
    """Between what the departure lies over a range of resistivities, of which only sigma R_c
    matters.

    Parameters
    ----------
    foil : CoatedFoil
        Its hole diameter and pitch set the open fraction only.
    diameters : (n,) sequence of float
        [m]
    contact_lengths : sequence of float
        sigma R_c [m].
    mesh : ThroughPlaneMesh

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


def widest_error(
    diameters: np.ndarray, departures: np.ndarray, limit: float, error: np.ndarray
) -> float:
    """Numerical error of :func:`widest_uniform_hole` [m]: of the departures, and of the few holes
    of the series.

    An interpolation of second order errs by a third of its difference to one between holes twice as
    far apart.

    Parameters
    ----------
    diameters, departures, limit
        As there.
    error : (n,) array
        Of the departures [-].

    Returns
    -------
    float
        0 where all or none of the holes are uniform.
    """
    from scipy.interpolate import PchipInterpolator

    widest = widest_uniform_hole(diameters, departures, limit)
    if not 0 < widest < math.inf:
        return 0.0
    steepness = float(PchipInterpolator(np.log(diameters), departures)(math.log(widest), 1))
    between = widest * float(np.interp(math.log(widest), np.log(diameters), error)) / steepness
    halves = (
        widest_uniform_hole(diameters[part::2], departures[part::2], limit) for part in (0, 1)
    )
    return between + max(abs(half - widest) for half in halves if 0 < half < math.inf) / 3


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
        By monotonic interpolation over the logarithm of the diameter, where the departure last
        passes the limit; infinite or 0 where all or none of the holes are uniform.

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
    if (
        np.ndim(diameters) != 1
        or np.shape(diameters) != np.shape(departures)
        or np.size(diameters) < 2
    ):
        raise ConductionError("two diameters or more are needed, and as many departures")
    if departures[-1] <= limit:
        return math.inf
    crossings = PchipInterpolator(np.log(diameters), departures).solve(limit, extrapolate=False)
    return float(np.exp(crossings[-1])) if crossings.size else 0.0


def widest_holes(
    diameters: np.ndarray,
    band: tuple[Departure, Departure],
    coarser: tuple[Departure, Departure],
    limit: float,
) -> dict[str, list[tuple[float, float]]]:
    """The widest uniform hole at both ends of a band, the narrower first, each with its error [m],
    by definition.

    Parameters
    ----------
    diameters : (n,) array
        Increasing [m].
    band, coarser : two Departure of (n,) arrays
        Least and greatest, on a mesh and on one half as fine [-].
    limit : float
        Largest departure that counts as uniform [-].
    """
    found = {name: [] for name in Departure._fields}
    for end, coarse in zip(band, coarser, strict=True):
        for name, values, others in zip(found, end, coarse, strict=True):
            hole = widest_uniform_hole(diameters, values, limit)
            found[name].append(
                (hole, widest_error(diameters, values, limit, np.abs(values - others)))
            )
    return {name: sorted(ends) for name, ends in found.items()}


def threshold_map(
    foil: CoatedFoil,
    thicknesses: Sequence[float],
    contacts: Sequence[float],
    limit: float,
    holes: int = 10,
) -> Departure:
    """Widest uniform hole over coating thickness and the ratio of contact to bulk resistance, by
    each definition.

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
    (Departure, Departure) of (m, n) arrays
        The holes, and their numerical errors by a mesh half as fine and by half of the diameters
        [m].
    """
    check_positive(thicknesses=thicknesses, limit=limit)
    quantity("contacts", contacts, ConductionError, at_least=0)
    quantity("holes", holes, ConductionError, at_least=2, whole=True)
    found = np.empty((2, len(Departure._fields), len(contacts), len(thicknesses)))
    for row, column in np.ndindex(found.shape[2:]):
        thickness = float(thicknesses[column])
        resistance = contacts[row] * thickness / foil.conductivity
        made = replace(foil, coating_thickness=thickness, contact_resistance=resistance)
        pitches = np.geomspace(0.4, 40, holes) * thickness
        diameters = hole_diameter_from_open_fraction(pitches, foil.open_fraction)
        fine, coarse = (
            np.array(over_diameter(made, diameters, mesh)) for mesh in (COARSE, COARSER)
        )
        found[0, :, row, column] = [widest_uniform_hole(diameters, d, limit) for d in fine]
        found[1, :, row, column] = [
            widest_error(diameters, d, limit, error)
            for d, error in zip(fine, np.abs(fine - coarse), strict=True)
        ]
    return Departure(*found[0]), Departure(*found[1])
