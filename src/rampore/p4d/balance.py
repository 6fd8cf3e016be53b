"""What the electrodes of a cell hold: charge, equilibrium and state of charge, before anything
flows.

Materials side by side are at one potential; what they hold together fixes it. A state of charge is
the share of the slow discharge, at open circuit down to the lower cut-off, that is still to come.

Of a negative foil that is coated on both faces, slow is what leaves both faces at one voltage.
Where holes join them, the two negative electrodes are at one potential then, and the two positive
ones; behind closed foil each face has the lithium that it has. Tied or not makes no difference.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from rampore.coating import Local
from rampore.constants import FARADAY
from rampore.p4d.cell import BACK, Cell, Electrode, Field, Material
from rampore.p4d.errors import CellError
from rampore.p4d.grid import HOLE, NEGATIVE, POSITIVE
from rampore.p4d.model import Mesh, grid_of
from rampore.p4d.structured import COATING, HOLES, coating_medium, hole_medium
from rampore.structure.openings import SIDES


class Balance(NamedTuple):
    """What the electrodes hold and what a slow discharge gives, per area."""

    negative: float  #: reversible, between empty and full [C/m2]
    positive: float  #: between the cut-off voltages against lithium [C/m2]
    lost: float  #: lithium that the first charge leaves behind [C/m2]
    charged: float  #: held by the negative electrode at the end of charge [C/m2]
    discharge: float  #: what of it comes back until the lower cut-off at open circuit [C/m2]

    @property
    def ratio(self) -> float:
        """Negative over positive [-]."""
        return self.negative / self.positive


BOXES = 32  #: along each axis of each layer, for the mean of a function of x, y and z [-]
CUT_BOXES = 4  #: the same for a structure, whose openings are cut exactly on every mesh


def depth(cell: Cell, side: str, value: Field, sides: tuple[float, float] | None = None) -> float:
    """Integral of a field's mean over the unit cell through the depth of an electrode, holes that
    are coated included [m times the field's unit].

    Parameters
    ----------
    cell : Cell
        Where it has a structure, the field counts where there is solid, by its share.
    side : str
        Name of the electrode in :attr:`~rampore.p4d.cell.Cell.electrodes`.
    value : float, Local or callable
    sides : (float, float), optional
        Width of the unit cell where there is no perforation [m].
    """
    if cell.back is not None:
        face = cell.faces()[BACK if side.startswith(BACK) else ""]
        return depth(face, side.removeprefix(BACK), value, sides)
    thickness, foil = getattr(cell, side).thickness, cell.perforation
    holes = cell.has_coated_holes(side)
    if cell.structure is not None:
        grid = _grid(cell, CUT_BOXES if np.isscalar(value) else BOXES, sides)
        parts = {COATING[side]: coating_medium(cell, side, grid)}
        if holes:
            parts[HOLES[side]] = hole_medium(cell, side, grid)
        values = value(*grid.centres()) if callable(value) else np.full(grid.shape, float(value))
        amounts = (
            (values * grid.volume)[..., grid.layer == layer] * part.solid
            for layer, part in parts.items()
        )
        return float(sum(amount.sum() for amount in amounts) / grid.area)
    if callable(value):
        grid = _grid(cell, BOXES, sides)
        layers = (NEGATIVE, *([HOLE] if holes else [])) if side == "negative" else (POSITIVE,)
        volume = np.where(np.isin(grid.layer, layers), grid.volume, 0.0)
        return float((value(*grid.centres()) * volume).sum() / grid.area)
    f = foil.open_fraction if side == "negative" and foil else 0.0
    local = value if isinstance(value, Local) else Local(value, value)
    return local.mean(f) * thickness + (f * local.pr * foil.foil_thickness if holes else 0.0)


def _grid(cell, boxes, sides):
    return grid_of(cell, Mesh((boxes,) * 3, (boxes,) * 2, boxes), sides)


#: Charge that each holds from empty to full [C/m2], and the material.
Members = Sequence[tuple[float, Material]]

ENDS = 1e-9  #: of the stoichiometry, where potentials may have a pole [-]
FULL, EMPTY = -1.0, 6.0  #: beyond every potential of an electrode [V]


def stoichiometry_at(material: Material, potential: float, hysteresis: float) -> float:
    """Stoichiometry at a potential on a branch, between empty and full [-]."""

    def above(x):
        return material.open_circuit(x, hysteresis) - potential

    if above(ENDS) <= 0:
        return ENDS
    if above(1 - ENDS) >= 0:
        return 1 - ENDS
    return float(brentq(above, ENDS, 1 - ENDS, xtol=1e-14))


def charge_held(members: Members, potential: float, hysteresis: float) -> float:
    return sum(
        capacity * stoichiometry_at(material, potential, hysteresis)
        for capacity, material in members
    )


def common_potential(members: Members, held: float, hysteresis: float) -> float:
    """The potential [V] at which materials side by side hold a charge together."""
    return float(
        brentq(lambda u: charge_held(members, u, hysteresis) - held, FULL, EMPTY, xtol=1e-13)
    )


def charge_at_cutoff(
    members: Members, positive: Material, positive_capacity: float, lost: float, upper: float
) -> float:
    """Charge that the negative electrode holds when the first charge of a new cell ends [C/m2]."""

    def excess(potential):
        x = 1 - (charge_held(members, potential, -1.0) + lost) / positive_capacity
        return positive.open_circuit(max(x, ENDS)) - potential - upper

    if excess(0.0) < 0:
        raise CellError(
            "the negative electrode is full, at the potential of lithium, below the upper "
            f"cut-off of {upper} V"
        )
    return charge_held(members, brentq(excess, 0.0, 3.0, xtol=1e-13), -1.0)


def charged(cell: Cell, lost: float) -> Cell:
    """A new cell after its first charge, slowly to the upper cut-off, ready to be discharged: its
    positive electrodes were full of lithium, its negative ones empty.

    Parameters
    ----------
    cell : Cell
    lost : float
        Lithium that the first charge leaves behind [C/m2]; behind closed foil each face loses of it
        by what its negative electrode can hold.

    Raises
    ------
    CellError
        The negative electrode is full before, or two faces that holes join have different positive
        materials.
    """
    negative, positive = (
        {name: capacities(cell, name) for name in cell.electrodes if name.endswith(side)}
        for side in SIDES
    )
    if cell.back is not None and cell.open_fraction == 0:
        holds = [sum(capacity for capacity, _ in members) for members in negative.values()]
        faces = zip(cell.faces().items(), holds, strict=True)
        return cell.with_faces(
            {name: charged(face, lost * share / sum(holds)) for (name, face), share in faces}
        )
    members = [member for each in negative.values() for member in each]
    (capacity, material), *others = [member for each in positive.values() for member in each]
    for more, other in others:
        if replace(other, stoichiometry=material.stoichiometry) != material:
            raise CellError(
                "holes join two faces with different positive materials: give the stoichiometries "
                "of the charged cell"
            )
        capacity += more
    held = charge_at_cutoff(members, material, capacity, lost, cell.upper_cutoff)
    level = common_potential(members, held, 1.0)
    filled = {
        name: [stoichiometry_at(each, level, 1.0) for _, each in pool]
        for name, pool in negative.items()
    } | {name: [1 - (held + lost) / capacity] for name in positive}
    return cell.with_electrodes(
        {name: with_stoichiometries(cell.electrodes[name], x) for name, x in filled.items()}
    )


def capacities(
    cell: Cell, side: str, sides: tuple[float, float] | None = None
) -> list[tuple[float, Material]]:
    """What each material of an electrode holds from empty to full [C/m2]; the material.

    Parameters
    ----------
    cell : Cell
    side : str
        Name of the electrode in :attr:`~rampore.p4d.cell.Cell.electrodes`.
    sides : (float, float), optional
        Width of the unit cell where there is no perforation, for a fraction that is a function of
        x, y and z [m].
    """
    return [
        (
            FARADAY * material.maximum_concentration * depth(cell, side, material.fraction, sides),
            material,
        )
        for material in cell.electrodes[side].materials
    ]


def balance(cell: Cell, lost: float) -> Balance:
    """The balance of a charged cell.

    Parameters
    ----------
    cell : Cell
        At the end of charge.
    lost : float
        [C/m2]
    """
    if cell.back is not None:
        faces = [balance(face, 0.0) for face in cell.faces().values()]
        negative, positive, _, held, _ = map(sum, zip(*faces, strict=True))
        return Balance(negative, positive, lost, held, slow_discharge(cell))
    members, ((positive_capacity, positive),) = (
        capacities(cell, "negative"),
        capacities(cell, "positive"),
    )
    window = stoichiometry_at(positive, cell.lower_cutoff, 0.0) - stoichiometry_at(
        positive, cell.upper_cutoff, 0.0
    )
    return Balance(
        sum(capacity for capacity, _ in members),
        window * positive_capacity,
        lost,
        sum(capacity * material.stoichiometry for capacity, material in members),
        slow_discharge(cell),
    )


def discharged(cell: Cell, charge: float) -> Cell:
    """A charged cell after it gave a charge so slowly that each electrode stays at one potential.

    Parameters
    ----------
    cell : Cell
        Charged; its counter electrode may be lithium.
    charge : float
        [C/m2]
    """
    if cell.back is not None:
        return _faces_at_one_voltage(cell, charge)
    members = capacities(cell, "negative")
    held = sum(capacity * material.stoichiometry for capacity, material in members) - charge
    level = common_potential(members, held, 1.0)
    changes = {
        "negative": with_stoichiometries(
            cell.negative, [stoichiometry_at(material, level, 1.0) for _, material in members]
        )
    }
    if isinstance(cell.positive, Electrode):
        ((capacity, material),) = capacities(cell, "positive")
        changes["positive"] = with_stoichiometries(
            cell.positive, [min(material.stoichiometry + charge / capacity, 1 - ENDS)]
        )
    return replace(cell, **changes)


def _faces_at_one_voltage(cell, charge):
    """A cell with two faces after they gave a charge together [C/m2]."""
    if cell.open_fraction > 0:
        changes = {}
        for side, sign, branch in zip(SIDES, (-1.0, 1.0), (1.0, -1.0), strict=True):
            pools = {name: capacities(cell, name) for name in (side, BACK + side)}
            members = [member for pool in pools.values() for member in pool]
            held = sum(capacity * material.stoichiometry for capacity, material in members)
            level = common_potential(members, held + sign * charge, branch)
            for name, pool in pools.items():
                filled = [stoichiometry_at(material, level, branch) for _, material in pool]
                changes[name] = with_stoichiometries(cell.electrodes[name], filled)
        return cell.with_electrodes(changes)
    faces = cell.faces()

    def excess(voltage):
        return sum(_given_at(face, voltage) for face in faces.values()) - charge

    level = cell.lower_cutoff
    if excess(level) > 0:
        highest = max(face.open_circuit_voltage for face in faces.values())
        level = brentq(excess, level, highest, xtol=1e-12)
    return cell.with_faces(
        {name: discharged(face, _given_at(face, level)) for name, face in faces.items()}
    )


def _given_at(face, voltage):
    """Charge that a face gives slowly down to a voltage [C/m2]; less than nothing above its own."""
    members, ((capacity, material),) = capacities(face, "negative"), capacities(face, "positive")
    held = sum(own * each.stoichiometry for own, each in members)

    def given(level):
        return held - charge_held(members, level, 1.0)

    def excess(level):
        x = np.clip(material.stoichiometry + given(level) / capacity, ENDS, 1 - ENDS)
        return float(material.open_circuit(x)) - level - voltage

    return given(brentq(excess, FULL, EMPTY, xtol=1e-13))


def slow_discharge(cell: Cell) -> float:
    """Charge that a charged cell gives down to its lower cut-off at open circuit [C/m2]."""
    if cell.back is not None and cell.open_fraction == 0:
        return sum(slow_discharge(face) for face in cell.faces().values())
    names = {side: [name for name in cell.electrodes if name.endswith(side)] for side in SIDES}
    members = [member for name in names["negative"] for member in capacities(cell, name)]
    most = sum(capacity * material.stoichiometry for capacity, material in members) - charge_held(
        members, EMPTY, 1.0
    )
    if isinstance(cell.positive, Electrode):
        room = [
            (1 - material.stoichiometry) * capacity
            for name in names["positive"]
            for capacity, material in capacities(cell, name)
        ]
        most = min(most, sum(room))
    most *= 1 - 1e-6

    def above(charge):
        return discharged(cell, charge).open_circuit_voltage - cell.lower_cutoff

    return float(brentq(above, 0.0, most)) if above(most) < 0 else most


def at_state_of_charge(cell: Cell, fraction: float) -> Cell:
    """A charged cell, at rest where this share of its slow discharge is still to come.

    Parameters
    ----------
    cell : Cell
        Charged; its counter electrode may be lithium.
    fraction : float
        State of charge [-].

    Raises
    ------
    CellError
        Where it does not lie between 0 and 1.
    """
    if not 0 <= fraction <= 1:
        raise CellError(f"a state of charge lies between 0 and 1, not at {fraction}")
    if fraction == 1:
        return cell
    return replace(
        discharged(cell, (1 - fraction) * slow_discharge(cell)), state_of_charge=fraction
    )


def with_stoichiometries(electrode: Electrode, stoichiometries: Iterable[float]) -> Electrode:
    made = tuple(
        replace(material, stoichiometry=x)
        for material, x in zip(electrode.materials, stoichiometries, strict=True)
    )
    return replace(electrode, materials=made)
