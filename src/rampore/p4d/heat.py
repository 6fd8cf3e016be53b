r"""Heat by its cause, of a cell that keeps its temperature.

Every current times the potential that drives it is heat: of the solids :math:`i_s^2 / \sigma`, of
the electrolyte :math:`-i_e \cdot \nabla\phi_e`, of which :math:`i_e^2 / \kappa` is ohmic and the
rest diffusion's, of contacts :math:`r i^2`, of reactions :math:`j \eta`. What a surface is away
from the mean of its sphere, :math:`j (U(x_s) - U(\bar x))`, is the heat of diffusion in it. Fluxes
are those that the model balances, so the sum closes with the electrical power to the last digits
that Newton's iteration leaves,

.. math:: \dot Q = -\sum j\, U(\bar x) - I V = I (\bar U - V),

where :math:`\bar U` is the open-circuit voltage at the means, weighted by what reacts (Bernardi et
al. 1985); energy in double layers is stored beside it. The reversible heat :math:`j T dU/dT` is
that of materials whose ``entropic`` is known. The heat of mixing in the electrolyte counts as the
diffusion's.
"""

from dataclasses import replace

import numpy as np

from rampore.p4d.cell import Cell
from rampore.p4d.equations import RESISTIVITY, E, S
from rampore.p4d.layout import lay_out
from rampore.p4d.model import Model
from rampore.p4d.parts import Cause, Part
from rampore.p4d.time import State
from rampore.structure.openings import SIDES


class HeatMeter:
    """Reads the heat off a model, state by state.

    Parameters
    ----------
    model : rampore.p4d.model.Model
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._materials = [
            next(m for m in model.cell.electrodes[p.electrode].materials if m.name == p.name)
            for p in model.populations
        ]
        bare, _ = lay_out(_without_contacts(model.cell), model.grid)
        #: resistance of the solid between a foil and the boxes that touch it [ohm]
        self._beside_foils = {side: 1 / getattr(bare, f"{side}_foil") for side in SIDES}

    @property
    def without_entropy(self) -> list[str]:
        """The materials whose reversible heat is left out, as nothing is known of it."""
        return [
            f"{p.electrode} {p.name}"
            for p, material in zip(self.model.populations, self._materials, strict=True)
            if material.entropic is None
        ]

    def read(self, state: State) -> dict[Part, float]:
        """Heat per area of the cell, by cause [W/m2], in the state that was accepted last."""
        found = self._in_electrolyte(state.u)
        found |= self._in_solids(state.u)
        u = self.model.against_negative_foil(state.unknowns)
        for p, material in zip(self.model.populations, self._materials, strict=True):
            cells, current = p.kinetics.cells, p.kinetics.surface * p.j
            surface, mean = p.open_circuit(p.x), p.open_circuit(p.spheres.mean)
            side, name = p.electrode, p.name
            eta = u[cells, S] - u[cells, E] - surface
            found[Part(Cause.KINETICS, side, name)] = current @ eta
            found[Part(Cause.SOLID_DIFFUSION, side, name)] = current @ (surface - mean)
            if material.entropic is not None:
                slope = material.entropic(p.x) * np.ones_like(p.x)
                heat = self.model.cell.temperature * (current @ slope)
                found[Part(Cause.ENTROPY, side, name)] = heat
        return {part: float(heat) / self.model.area for part, heat in found.items()}

    def _in_electrolyte(self, u):
        layout = self.model.layout
        g, properties = self.model.activity(u), self.model.properties
        open_ = np.flatnonzero(layout.area > 0)
        left, right = layout.left[open_], layout.right[open_]
        resistance = layout.h_left[open_] * properties[left, RESISTIVITY]
        resistance += layout.h_right[open_] * properties[right, RESISTIVITY]
        resistance /= layout.area[open_]
        diffusion = g[right] - g[left]
        current = (u[left, E] - u[right, E] + diffusion) / resistance
        ohmic, diffusional = resistance @ current**2, -(current @ diffusion)
        found = {}
        for side, foil in self.model.foils.items():  # half a box in front of each of its faces
            passed, metal = foil.metal.area * foil.current, foil.metal
            ohmic += passed @ (foil.current * metal.distance * properties[metal.cells, RESISTIVITY])
            diffusional += passed @ (foil.state[:, 2] - g[metal.cells])
            found[Part(Cause.KINETICS, side, "lithium")] = passed @ foil.state[:, 3]
            found[Part(Cause.CONTACT, side)] = metal.contact * (passed @ foil.current)
        return found | {Part(Cause.SALT_OHMIC): ohmic, Part(Cause.SALT_DIFFUSION): diffusional}

    def _in_solids(self, u):
        """Of electrodes and their contacts, each potential against its own foil."""
        layout, model = self.model.layout, self.model
        drop = u[layout.left, S] - u[layout.right, S]
        found = {Part(Cause.SOLID): layout.solid @ drop**2}
        for side in SIDES:
            if side in model.foils:
                continue
            cells, conductance = (getattr(layout, f"{side}_{of}") for of in ("cells", "foil"))
            squared = (conductance * u[cells, S]) ** 2
            beside = self._beside_foils[side]
            found[Part(Cause.SOLID)] += squared @ beside
            found[Part(Cause.CONTACT, side)] = squared @ (1 / conductance - beside)
        return found


def _without_contacts(cell: Cell) -> Cell:
    none = {f"contact_{side}": 0.0 for side in SIDES}
    back = None if cell.back is None else replace(cell.back, **none)
    return replace(cell, back=back, **none)
