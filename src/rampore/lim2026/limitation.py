"""What ends a fast discharge, and how warm the cell could make itself by it at most."""

from typing import TYPE_CHECKING

import numpy as np

from rampore.energy import Stack
from rampore.lim2026 import parameters
from rampore.lim2026.pairs import CellPair
from rampore.lim2026.stacks import design_of
from rampore.p4d.discharge import Discharge
from rampore.p4d.solution import Cause, Solution

if TYPE_CHECKING:
    import pandas

__all__ = [
    "CAUSES",
    "HEAT_CAPACITIES",
    "OTHER",
    "adiabatic_rise",
    "heat_capacity",
    "losses",
    "losses_on_bare",
]

#: Of the two foils' metals; of everything else no less than of graphite and of oxides. Handbooks'
#: values at room temperature, recalled [J/(kg K)].
HEAT_CAPACITIES, OTHER = {"Al foil": 897.0, "Cu foil": 385.0}, 700.0

#: What a reader asks after, and which of the engine's causes it sums.
CAUSES = {
    "electrolyte": (Cause.SALT_DIFFUSION, Cause.SALT_OHMIC),
    "reaction": (Cause.KINETICS, Cause.DOUBLE_LAYER),
    "particles": (Cause.SOLID_DIFFUSION,),
    "contact and solid": (Cause.CONTACT, Cause.SOLID),
}


def losses(solution: Solution, discharge: Discharge) -> "pandas.Series":
    """What a discharge's voltage has lost at its end.

    Parameters
    ----------
    solution : Solution
    discharge : Discharge
        What was read off it.

    Returns
    -------
    pandas.Series
        By cause, :data:`CAUSES`, what of the fall at the end goes to it, and ``rest``, what moves
        the open-circuit potentials of the particles [V]; then the least ``salt`` on the positive
        side and on the negative one [mol/m3].
    """
    import pandas as pd

    end = solution.dataset.isel(time=-1, field_time=-1)
    fallen = (solution.dataset.parts.isel(time=0) - end.parts).values
    lost = {
        name: float(fallen[np.isin(end.cause.values, causes)].sum())
        for name, causes in CAUSES.items()
    }
    lost["rest"] = float(fallen.sum()) - sum(lost.values())
    layers = end.layer.values
    least = {
        f"salt, {side}": float(np.nanmin(end.c_e.values[..., layers == side]))
        for side in ("negative", "positive")
    }
    return pd.Series(lost | least)


def losses_on_bare(one: CellPair) -> tuple["pandas.Series", "pandas.Series"]:
    """The :func:`losses` of a pair's discharge on bare foil, and their numerical errors.

    What one cause takes another lacks, and two meshes may agree on one of them by chance: each part
    of the fall has the largest error of any.

    Parameters
    ----------
    one : CellPair
        With its two coarser runs.
    """
    on_mesh, coarser, rough = (
        losses(each.solutions[0], each.bare) for each in (one, one.coarser, one.rough)
    )
    errors = abs(on_mesh - coarser) + abs(rough - coarser)
    parts = [*CAUSES, "rest"]
    errors[parts] = errors[parts].max()
    return on_mesh, errors


def heat_capacity(given: parameters.CellInputs) -> float:
    """Of the dry layers of the cell, less than they have [J/(m2 K)]."""
    stack: Stack = design_of(given).stack()
    return sum(HEAT_CAPACITIES.get(layer.name, OTHER) * layer.areal_mass for layer in stack.layers)


def adiabatic_rise(given: parameters.CellInputs, discharge: Discharge) -> float:
    """How much warmer the cell were at the end of a discharge if it lost no heat [K].

    All that the voltage falls short of the open-circuit voltage at the same charge becomes heat;
    that of the reactions' entropy, which takes either sign, is left out.

    Parameters
    ----------
    given : parameters.CellInputs
    discharge : Discharge
    """
    curve = discharge.curve
    return float(np.trapezoid(curve.overpotential, curve.charge)) / heat_capacity(given)
