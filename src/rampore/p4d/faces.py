"""What each face of a negative foil that is coated on both gives and holds, and what passes through
the holes between them.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from rampore.constants import FARADAY
from rampore.p4d.cell import BACK
from rampore.p4d.equations import C, E, S
from rampore.p4d.model import Model
from rampore.p4d.time import State

#: Names of the faces in results, by what the names of their electrodes begin with.
FACES = {"": "front", BACK: "back"}


class _Amount(NamedTuple):
    """What has passed up to a time, and one step before."""

    now: float = 0.0
    before: float = 0.0

    def after(self, rate: float, weights: Sequence[float]) -> "_Amount":
        """One step later, by the rule that everything else follows in time, so that balances
        close.
        """
        new, last, before = weights
        return _Amount((rate - last * self.now - before * self.before) / new, self.now)


class FaceRecorder:
    """Follows both faces of a cell, state by state.

    Parameters
    ----------
    model : rampore.p4d.model.Model
        Of a cell whose negative foil is coated on both faces.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._pore = {
            name: np.where(model.on_back == (name == "back"), model.layout.pore, 0.0)
            for name in FACES.values()
        }
        self._held = {
            name: [
                (p, p.capacity / FARADAY)
                for p in model.populations
                if p.electrode.startswith(BACK) == (name == "back")
            ]
            for name in FACES.values()
        }
        self._charged = model.layout.capacitance > 0
        self._given = dict.fromkeys(FACES.values(), _Amount())  # charge [C]
        self._ions = {name: _Amount() for name in ("lithium", "salt")}  # to the front [mol]
        self._start: dict[str, float] = {}

    def memory(self) -> dict[str, dict]:
        """What the next state's numbers follow from."""
        return {"given": dict(self._given), "ions": dict(self._ions), "faces": dict(self._start)}

    def take_up(self, memory: Mapping[str, dict]) -> None:
        """Go on from the :meth:`memory` of another recorder of the same cell."""
        self._given, self._ions = (
            {name: _Amount(*amount) for name, amount in memory[part].items()}
            for part in ("given", "ions")
        )
        self._start = dict(memory["faces"])

    def take(self, state: State, u: np.ndarray) -> dict[str, float]:
        """Numbers by the names of :data:`SERIES`, and "drift": of the lithium of a face, less what
        came through the holes [mol].

        Parameters
        ----------
        state : State
            That was accepted last.
        u : (cells, 3) array
            All potentials against the negative foil.
        """
        model, area, found = self.model, self.model.area, {}
        ionic, cations = model.through_holes(u)
        currents = {
            name: model.into_foil(u, state.voltages, face + "positive")
            for face, name in FACES.items()
        }
        if self._start:
            weights = model.weights
            rates = {"lithium": cations / FARADAY, "salt": (cations - ionic) / FARADAY}
            self._ions = {n: a.after(rates[n], weights) for n, a in self._ions.items()}
            self._given = {n: a.after(currents[n], weights) for n, a in self._given.items()}
        drifts = []
        for name, sign in (("front", 1.0), ("back", -1.0)):
            salt, lithium = self._inventory(name, u)
            self._start.setdefault(name, lithium)
            drifts.append(abs(lithium - self._start[name] - sign * self._ions["lithium"].now))
            found |= {
                f"current_density_{name}": currents[name] / area,
                f"capacity_{name}": self._given[name].now / area,
                f"lithium_{name}": lithium / area,
                f"salt_{name}": salt / area,
            }
        found |= {f"{n}_through_holes": a.now / area for n, a in self._ions.items()}
        return found | {"ionic_current_through_holes": ionic / area, "drift": max(drifts)}

    def _inventory(self, name, u):
        """Salt, and lithium in solids, electrolyte and double layers, of one face [mol]."""
        salt = float(self._pore[name] @ u[:, C])
        solid = sum(float(held @ p.spheres.mean) for p, held in self._held[name])
        here = self._charged & (self._pore[name] > 0)
        charge = self.model.layout.capacitance[here] @ (u[here, S] - u[here, E])
        return salt, salt + solid - float(charge) / FARADAY


#: What :meth:`FaceRecorder.take` gives: unit and meaning, per area of the negative foil.
SERIES = {
    name: (unit, meaning)
    for face in FACES.values()
    for name, unit, meaning in (
        (f"current_density_{face}", "A/m2", f"current that the {face} gives"),
        (f"capacity_{face}", "C/m2", f"charge that the {face} gave"),
        (f"lithium_{face}", "mol/m2", f"lithium of the {face}, in salt and double layers too"),
        (f"salt_{face}", "mol/m2", f"salt in the pores of the {face}"),
    )
} | {
    "ionic_current_through_holes": ("A/m2", "ionic current from the back to the front"),
    "lithium_through_holes": ("mol/m2", "cations that went from the back to the front"),
    "salt_through_holes": ("mol/m2", "anions, and with them salt, that went to the front"),
}  # fmt: skip
