"""The first charge of a cell and the discharge after it, so slow that each electrode stays at one
potential.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.p4d.balance import ENDS, Members, capacities, stoichiometry_at
from rampore.p4d.cell import Cell
from rampore.p4d.errors import CellError

#: Of each curve.
_POINTS = 401
#: Of a discharge that goes on until an electrode is empty, where it has no potential [-].
_SHORT_OF_EMPTY = 1 - 1e-6


class SlowCycle(NamedTuple):
    """A first cycle at open circuit, between two cut-offs.

    Of a half cell of the negative electrode the charge is what lithiates it, as the paper has it.
    """

    charged: np.ndarray  #: (n,) that went in since the cell was new [C/m2]
    charging: np.ndarray  #: (n,) voltage meanwhile [V]
    discharged: np.ndarray  #: (m,) that came back since the end of charge [C/m2]
    discharging: np.ndarray  #: (m,) voltage meanwhile [V]

    @property
    def taken(self) -> float:
        """What the first charge takes and the discharge does not give back [C/m2]."""
        return float(self.charged[-1] - self.discharged[-1])

    @property
    def efficiency(self) -> float:
        """Discharge over charge [-]."""
        return float(self.discharged[-1] / self.charged[-1])


class _Branch:
    """Charge held and common potential of materials side by side, on one branch, tabulated.

    The nodes are those of all materials' own tables, so that what is held between two of them is
    linear in the potential for each.
    """

    def __init__(self, members: Members, hysteresis: float, nodes: int = 4001) -> None:
        x = np.linspace(1 - ENDS, ENDS, nodes)
        # A table may fall back by a hair; of the places at one potential the first counts.
        curves = [
            np.maximum.accumulate(material.open_circuit(x, hysteresis)) for _, material in members
        ]
        self._potential = np.sort(np.concatenate(curves))
        self._held = sum(
            capacity * np.interp(self._potential, curve, x)
            for (capacity, _), curve in zip(members, curves, strict=True)
        )

    def held(self, potential: float) -> float:
        """[C/m2] at a potential [V]."""
        return float(np.interp(potential, self._potential, self._held))

    def potential(self, held: np.ndarray) -> np.ndarray:
        """[V] at charges held [C/m2]."""
        return np.interp(held, self._held[::-1], self._potential[::-1])


def negative_cycle(cell: Cell, lost: float) -> SlowCycle:
    """Of a half cell of the negative electrode, from new.

    Parameters
    ----------
    cell : Cell
        As :func:`rampore.lim2026.cells.half_cell` makes it.
    lost : float
        Lithium that the first charge leaves behind [C/m2], evenly over the charge: no source says
        at which potential.

    Raises
    ------
    CellError
        Where `lost` is no charge.
    """
    quantity("lost", lost, CellError, at_least=0, unit="C/m2")
    members, share = capacities(cell, "negative"), np.linspace(0.0, 1.0, _POINTS)
    lithiation, delithiation = (_Branch(members, side) for side in (-1.0, 1.0))
    upper, lower = -cell.lower_cutoff, -cell.upper_cutoff  # lithium is the positive side
    new, full, empty = lithiation.held(upper), lithiation.held(lower), delithiation.held(upper)
    taken_up = share * (full - new)
    given_back = _SHORT_OF_EMPTY * share * (full - empty)
    return SlowCycle(
        taken_up + share * lost,
        lithiation.potential(new + taken_up),
        given_back,
        delithiation.potential(full - given_back),
    )


def positive_cycle(cell: Cell) -> SlowCycle:
    """Of the positive electrode against lithium, between the cut-offs of the full cell.

    Its first charge begins with the electrode full, and is drawn from the lower cut-off on.

    Parameters
    ----------
    cell : Cell
        A full cell.
    """
    ((capacity, material),) = capacities(cell, "positive")
    ends = (stoichiometry_at(material, u, 0.0) for u in (cell.lower_cutoff, cell.upper_cutoff))
    x = np.linspace(*ends, _POINTS)
    voltage = material.open_circuit(x, 0.0)
    return SlowCycle(capacity * (1 - x), voltage, capacity * (x[::-1] - x[-1]), voltage[::-1])


def full_cycle(cell: Cell, lost: float) -> SlowCycle:
    """Of a full cell whose cathode is the only source of lithium, from new.

    Parameters
    ----------
    cell : Cell
        At the end of its first charge, as :func:`rampore.lim2026.cells.charged_cell` makes it.
    lost : float
        Lithium that this charge left behind [C/m2], evenly over the charge, which is drawn from the
        lower cut-off on.

    Raises
    ------
    CellError
        Where `lost` is no charge, or the cell does not come down to its lower cut-off.
    """
    quantity("lost", lost, CellError, at_least=0, unit="C/m2")
    members, ((capacity, positive),) = capacities(cell, "negative"), capacities(cell, "positive")
    lithiation, delithiation = (_Branch(members, side) for side in (-1.0, 1.0))
    full, share = sum(part * m.stoichiometry for part, m in members), np.linspace(0.0, 1.0, 4001)
    charged = share * (full + lost)
    charging = positive.open_circuit(1 - charged / capacity, 0.0)
    charging = charging - lithiation.potential(share * full)
    x = positive.stoichiometry
    most = min(full - delithiation.held(np.inf), (1 - x) * capacity)
    back = _SHORT_OF_EMPTY * share * most
    voltage = positive.open_circuit(x + back / capacity, 0.0) - delithiation.potential(full - back)
    if voltage[-1] > cell.lower_cutoff:
        raise CellError(
            f"empty at {voltage[-1]:.2f} V, above the lower cut-off of {cell.lower_cutoff} V"
        )
    end = int(np.argmax(voltage <= cell.lower_cutoff))
    last = np.interp(cell.lower_cutoff, voltage[end : end - 2 : -1], back[end : end - 2 : -1])
    above = charging >= cell.lower_cutoff
    return SlowCycle(
        charged[above],
        charging[above],
        np.append(back[:end], last),
        np.append(voltage[:end], cell.lower_cutoff),
    )
