"""The paper's cell in its dilatometer, from the states that the engine goes through.

:mod:`rampore.lim2026.thickening` says how thick lithium makes the coatings of a charge at open
circuit. Here the same solids are charged and discharged at the paper's rate: SiOx and graphite are
not at one potential then, nor equally full through the depth, and the cathode shrinks meanwhile.
The paper presses the cell, and how its stack makes room is not known: one run for each sharing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.polynomial import Polynomial

from rampore.lim2026 import parameters
from rampore.lim2026.cells import PorositySet, Scenario, charged_cell
from rampore.lim2026.pairs import COARSE, LONGER, USUAL, halved
from rampore.p4d.balance import discharged, slow_discharge
from rampore.p4d.cell import Cell
from rampore.p4d.dilation import PARTS, Dilation, dilate
from rampore.p4d.errors import SolverError
from rampore.p4d.model import Mesh
from rampore.p4d.time import Step
from rampore.swelling import VolumeLaw

RATE, SECONDS = 0.2, 7200.0  #: of the paper's charge and discharge, over 1C [-] and [s]


def discharged_cell(given: parameters.CellInputs, perforated: bool) -> Cell:
    """The paper's full cell, slowly discharged to its lower cut-off, with solids that swell.

    The pores are those that loading, density and recipe imply; the negative coating has its
    thickness and its pores where it holds no lithium, the positive one where it is full.

    Parameters
    ----------
    given : parameters.CellInputs
    perforated : bool
        Whether the negative foil is.
    """
    scenario = Scenario(perforated=perforated, porosity=PorositySet.RECIPE, sharing=0.0)
    cell, _ = charged_cell(given, scenario)
    cell = discharged(cell, slow_discharge(cell))
    (oxide,) = cell.positive.materials
    law = VolumeLaw(1 + Polynomial(given.nmc.volume_change.coefficients), "")
    oxide = replace(oxide, volume_law=law, volume_at=1.0)
    return replace(cell, positive=replace(cell.positive, materials=(oxide,)))


def protocol(cell: Cell, rate: float = RATE) -> list[Step]:
    """The paper's charge, and the discharge after it, which its cut-off may end before its time; at
    another rate of as much charge [-].
    """
    current, longest = rate * cell.one_c, SECONDS * RATE / rate
    return [
        Step("current", -current, until_voltage=cell.upper_cutoff, until_time=longest),
        Step("current", current, until_voltage=cell.lower_cutoff, until_time=longest),
    ]


#: Number of the end of charge in a :class:`Course`.
FULL = 30


class Course(NamedTuple):
    """What the paper's cell gains in thickness since the start of its charge."""

    time: np.ndarray  #: of charge and discharge, the end of charge at :data:`FULL` (n,) [s]
    cell: np.ndarray  #: coatings and separator (n,) [m]
    negative: np.ndarray  #: the negative coating (n,) [m]
    positive: np.ndarray  #: the positive coating (n,) [m]
    #: from half the cells in every direction and longer steps; itself has none
    coarser: Course | None = None


def course(
    given: parameters.CellInputs,
    perforated: bool,
    sharing: float,
    rate: float = RATE,
    mesh: Mesh = COARSE,
) -> Course:
    """Charge and discharge the paper's cell in its dilatometer.

    Parameters
    ----------
    given : parameters.CellInputs
    perforated : bool
        Whether the negative foil is.
    sharing : float
        g, of both coatings [-].
    rate : float
        Of as much charge, over 1C [-].
    mesh : Mesh
        Of the perforated cell; the bare one is one column of it.

    Raises
    ------
    SolverError
        The cell cannot be computed, or its pores close.
    """
    cell = discharged_cell(given, perforated)
    meshes = [
        each if perforated else each._replace(columns=(1, 1)) for each in (mesh, halved(mesh))
    ]
    longer = USUAL._replace(time=LONGER * USUAL.time)
    fine, coarse = (
        dilate(cell, protocol(cell, rate), sharing, *how)
        for how in zip(meshes, (USUAL, longer), strict=True)
    )
    return _read(fine)._replace(coarser=_read(coarse))


def _read(run: Dilation) -> Course:
    if run.closed is not None:
        raise SolverError(f"the pores close after {run.time[run.closed]:.4g} s")
    full = run.time[np.argmax(run.charge)]
    time = np.append(
        np.linspace(0.0, full, FULL + 1), np.linspace(full, run.time[-1], FULL + 1)[1:]
    )
    return Course(time, *(np.interp(time, run.time, run.change(part)) for part in PARTS))
