"""Scenes that a reader can turn: a cell while it is discharged, a field in the pores of an
image.
"""

from __future__ import annotations

import numpy as np

from rampore.p4d.cell import Cell
from rampore.p4d.discharge import block
from rampore.p4d.solution import Solution
from rampore.scenes import Scene, SceneField
from rampore.style import UM

_MAH_CM2 = 3.6e4  #: C/m2 in a mAh/cm2

#: What of a discharge is shown: its label, unit, the factor to it, and the colours.
_QUANTITIES = {
    "overpotential": ("local overpotential", "mV", 1e3, "ordered"),
    "depth": ("lithium given", "%", 100.0, "ordered"),
    "salt": ("salt, less the mean of its plane", "mol m⁻³", 1.0, "signed"),
    "porosity": ("porosity", "%", 100.0, "ordered"),
}


def of_discharge(cell: Cell, solution: Solution) -> Scene:
    """The negative coating of a cell while it is discharged, with the foil where it has holes.

    The unit cell holds a quarter of a hole in two of its corners; its mirror images beyond both
    sides make the whole. A box that the edge of a hole cuts is drawn as what most of it is.

    Parameters
    ----------
    cell : Cell
    solution : Solution
        Of one step at constant current, with its fields at several times.
    """
    data = solution.dataset
    charge = np.interp(data.field_time.values, data.time.values, data.capacity.values)
    fields = []
    for quantity, (label, unit, factor, colours) in _QUANTITIES.items():
        blocks = [block(cell, solution, quantity, frame) for frame in range(charge.size)]
        values = [np.where(one.share >= 0.5, factor * one.values, np.nan) for one in blocks]
        fields.append(SceneField(label, unit, np.stack(values), colours))
    return Scene(
        tuple(UM * along for along in blocks[0][:3]),
        "µm",
        tuple(f"{one / _MAH_CM2:.2f} mAh cm⁻²" for one in charge),
        tuple(fields),
        (True, True, False),
        "foil" if blocks[0].edge else "",
    )


def of_volume(values: np.ndarray, voxel: float, label: str, unit: str) -> Scene:
    """A field in the voxels of an image.

    Parameters
    ----------
    values : (nz, ny, nx) array of float
        nan in the solid [unit]; the first axis is depth, and is drawn downward.
    voxel : float
        Side of a voxel [m].
    label, unit : str
        Of the field.
    """
    upright = np.transpose(values[::-1], (2, 1, 0))
    edges = tuple(UM * voxel * np.arange(count + 1) for count in upright.shape)
    return Scene(edges, "µm", ("",), (SceneField(label, unit, upright[np.newaxis]),))
