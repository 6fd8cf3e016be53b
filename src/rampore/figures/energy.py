"""Figures of a stack of layers."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from rampore.energy import Stack
from rampore.style import (
    ALUMINIUM,
    COPPER,
    ELECTROLYTE,
    MUTED,
    NEGATIVE,
    POSITIVE,
    SEPARATOR,
    UM,
    new_figure,
)

LAYERS = {
    "Al foil": ALUMINIUM,
    "cathode": POSITIVE,
    "separator": SEPARATOR,
    "anode": NEGATIVE,
    "Cu foil": COPPER,
    "electrolyte": ELECTROLYTE,
}


def layers(stack: Stack) -> Figure:
    """Mass and thickness of each layer of a stack, both per area of the unit."""
    figure, (mass, thickness) = new_figure(1, 2, width=7.5, height=3.2, sharey=True)
    rows = np.arange(len(stack.layers))
    names = [layer.name for layer in stack.layers]
    colours = [LAYERS.get(name, MUTED) for name in names]
    # 1 kg/m2 is 100 mg/cm2
    mass.barh(rows, [100 * layer.areal_mass for layer in stack.layers], color=colours)
    thickness.barh(rows, [UM * layer.thickness for layer in stack.layers], color=colours)
    mass.set(yticks=rows, yticklabels=names, xlabel="areal mass (mg cm⁻²)")
    mass.invert_yaxis()
    thickness.set(xlabel="thickness (µm)")
    return figure
