"""How thick the paper's electrodes grow on a charge: what lithium adds to the volume of their
solids.

The charge is so slow that SiOx and graphite stay at one potential. Thickness follows from volumes,
not from forces: :mod:`rampore.swelling` says how coating and pores share what the solids gain.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.polynomial import Polynomial

from rampore.checks import quantity
from rampore.coating import Local, local_thickness
from rampore.lim2026 import parameters
from rampore.lim2026.cells import volume_laws
from rampore.p4d.balance import (
    capacities,
    charge_held,
    common_potential,
    slow_discharge,
    stoichiometry_at,
)
from rampore.p4d.cell import Cell
from rampore.p4d.errors import CellError
from rampore.swelling import GRAPHITE, ActiveCoating, VolumeLaw

#: The tip of the paper's dilatometer: its diameter [m], and the pressure under it [Pa].
TIP, PRESSURE = 2e-3, 1e6


class SlowCharge(NamedTuple):
    """A charge from the end of a discharge on, at open circuit."""

    charge: np.ndarray  #: taken up since its start (n,) [C/m2]
    negative: dict[str, np.ndarray]  #: stoichiometry of each host (n,) [-]
    positive: np.ndarray  #: stoichiometry (n,) [-]


def slow_charge(cell: Cell, charge: float, points: int = 61) -> SlowCharge:
    """Charge a cell that was discharged to its lower cut-off.

    Parameters
    ----------
    cell : Cell
        At the end of charge, as :func:`rampore.lim2026.cells.charged_cell` makes it.
    charge : float
        To be taken up [C/m2].
    points : int

    Raises
    ------
    CellError
        Where the cell cannot take up so much.
    """
    most = slow_discharge(cell)
    quantity("charge", charge, CellError, above=0, at_most=most, unit="C/m2")
    quantity("points", points, CellError, at_least=2, whole=True)
    members, ((capacity, positive),) = capacities(cell, "negative"), capacities(cell, "positive")
    begin = sum(part * material.stoichiometry for part, material in members) - most
    begin = max(begin, charge_held(members, 6.0, -1.0))
    taken = np.linspace(0.0, charge, points)
    levels = [common_potential(members, begin + each, -1.0) for each in taken]
    negative = {
        material.name: np.array([stoichiometry_at(material, level, -1.0) for level in levels])
        for _, material in members
    }
    return SlowCharge(taken, negative, positive.stoichiometry + (most - taken) / capacity)


def negative_coating(
    given: parameters.CellInputs,
    lithium_volume: float,
    graphite: VolumeLaw = GRAPHITE["Ai 2020"],
    porosity: float | None = None,
) -> ActiveCoating:
    """The coating on bare foil and its hosts.

    Parameters
    ----------
    given : parameters.CellInputs
    lithium_volume : float
        That a mole of lithium adds to the silicon in SiOx [m3/mol].
    graphite : VolumeLaw
    porosity : float, optional
        [-]; by default what loading, density and recipe imply.
    """
    own = given.negative
    porosity = own.porosity if porosity is None else porosity
    volume = {
        part.name: fraction / (1 - porosity)
        for part, fraction in zip(own.composition, own.volume_fractions, strict=True)
    }
    laws = volume_laws(given, lithium_volume, graphite)
    hosts = {name: (volume[name], law) for name, law in laws.items()}
    return ActiveCoating(own.thickness, porosity, hosts)


def thickening(
    coating: ActiveCoating, charge: SlowCharge, sharing: float | None = None
) -> np.ndarray:
    """Thickness that a coating gains along a charge (n,) [m]; as it was made, it held no lithium.

    Parameters
    ----------
    coating : ActiveCoating
    charge : SlowCharge
    sharing : float, optional
        g [-]; by default the pores keep their volume.
    """
    if sharing is None:
        grown = np.asarray(coating.solid_ratio(charge.negative))
        return coating.thickness * (1 - coating.porosity) * (grown - grown[0])
    x = {name: values[:, None] for name, values in charge.negative.items()}
    grown = np.asarray(coating.at(x, sharing).thickness)
    return grown - grown[0]


def shrinking(given: parameters.CellInputs, charge: SlowCharge) -> np.ndarray:
    """Thickness that the positive coating gains along a charge, its pores as large as before (n,)
    [m].

    Parameters
    ----------
    given : parameters.CellInputs
    charge : SlowCharge
    """
    own = given.positive
    share = {
        part.name: fraction
        for part, fraction in zip(own.composition, own.volume_fractions, strict=True)
    }["nmc"]
    grown = Polynomial(given.nmc.volume_change.coefficients)(charge.positive)
    return own.thickness * share * (grown - grown[0])


def columns(given: parameters.CellInputs) -> Local:
    """Height of the coating over foil and over a hole, over that on bare foil [-]: what a column of
    it thickens by, over what bare foil's does, at one state of charge and one sharing.
    """
    foil, bare = given.perforation, given.negative.thickness
    local = local_thickness(bare, foil.open_fraction, foil.foil_thickness)
    return Local(local.npr / bare, local.pr / bare)


def pore_depths(given: parameters.CellInputs) -> tuple[float, float]:
    """Volume of pores per area by the published porosities, on bare and on perforated foil [m]."""
    own, f = given.negative, given.perforation.open_fraction
    part = columns(given)
    perforated = Local(own.porosity_npr * part.npr, own.porosity_pr * part.pr).mean(f)
    return own.porosity_image * own.thickness, own.thickness * perforated
