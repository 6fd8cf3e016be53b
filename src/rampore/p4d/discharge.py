"""A discharge at constant current, and what is read off it: curves, depth, overpotential and salt
by region.

Domains are those of the negative coating: the porous one (HPd) over and in the holes, the dense one
(LPd) over foil.
"""

from itertools import product
from typing import NamedTuple

import numpy as np

from rampore.checks import choice
from rampore.coating import Local
from rampore.p4d.balance import ENDS, capacities
from rampore.p4d.cell import Cell
from rampore.p4d.errors import CellError, SolverError
from rampore.p4d.solution import Cause, Mesh, Solution, Step, Tolerances, simulate

#: fields are kept at every one of so many equal parts of the charge that 1C gives in an hour
MARKS = 40


class Regions(NamedTuple):
    """Means over the negative coating and its parts, in the unit of what is averaged; nan where a
    part is absent.

    Top is the half of the coating's thickness over foil that faces the separator, bottom the rest,
    with the holes. Near is the half of the coating over foil that lies closest to the edge of a
    hole, by area, far the other half.
    """

    all: float
    top: float
    bottom: float
    hpd: float  #: over and in the holes
    above: float  #: over the holes, above the foil's face
    lpd: float  #: over foil
    near: float
    far: float
    largest: float  #: anywhere
    slope: float  #: over foil, away from the edge [unit/m]


class DischargeCurve(NamedTuple):
    """A discharge over the charge that the cell gave."""

    charge: np.ndarray  #: (n,) [C/m2]
    voltage: np.ndarray  #: (n,) [V]
    #: voltage of the same cell with each electrode in equilibrium in itself (n,) [V]
    open_circuit: np.ndarray
    #: mean of phi_s - phi_e - U at the particles' surface, negative electrode (n,) [V]
    kinetic: np.ndarray

    @property
    def overpotential(self) -> np.ndarray:
        """Open-circuit voltage at the mean state of charge less the cell's voltage (n,) [V]."""
        return self.open_circuit - self.voltage


class SaltProfile(NamedTuple):
    """Salt in the pores of the negative electrode at one charge."""

    charge: float  #: that the cell gave [C/m2]
    z: np.ndarray  #: from the foil's face; negative in the holes (nz,) [m]
    concentration: np.ndarray  #: mean over the pores of each plane (nz,) [mol/m3]
    mean: float  #: over all pores, less what it was at the start [mol/m3]
    highest: float  #: anywhere, less what it was at the start [mol/m3]
    amount: float  #: salt in the pores per area of the cell, less what it was at the start [mol/m2]
    range: float  #: largest less smallest of ``concentration`` [mol/m3]
    range_lpd: float  #: the same of the coating over foil alone [mol/m3]
    depth: float  #: of the electrode, with the holes [m]


class Discharge(NamedTuple):
    """What is read off one discharge at constant current."""

    capacity: float  #: [C/m2]
    curve: DischargeCurve
    overpotential: Regions  #: phi_s - phi_e - U at the particles' surface, at the end [V]
    #: phi_s - phi_e - U at the particles' mean stoichiometry, at the end [V]
    overpotential_bulk: Regions
    #: of discharge: lithium given since the start over that held at the start, at the end [-]
    depth: Regions
    depth_capacity: Regions  #: the same over the lithium that the particles can hold [-]
    depth_surface: Regions  #: the first, of the particles' surfaces [-]
    profiles: tuple[SaltProfile, ...]  #: at the marks and at the end


# Reading ------------------------------------------------------------------------------------------


class _Coating(NamedTuple):
    """The negative coating on the mesh: the planes of z that are coating, the deepest first."""

    layers: np.ndarray  #: which planes of the whole mesh
    z: np.ndarray  #: [m]
    volume: np.ndarray  #: (nx, ny, nz) [m3]
    hole: np.ndarray  #: share that lies over or in a hole (nx, ny, nz) [-]
    #: to the edge of the nearest hole (nx, ny, 1) [m]; None without holes
    distance: np.ndarray | None
    #: share of the column over foil in the half of that area next to the holes (nx, ny, 1)
    nearer: np.ndarray | None


def _coating(data, cell: Cell) -> _Coating:
    names, volume = data.layer.values, data.volume.values
    over, within = names == "negative", names == "hole"
    layers, z = over | within, data.z.values
    foil = cell.perforation
    if foil is None or foil.hole_diameter == 0:
        return _Coating(
            layers, z[layers], volume[..., layers], np.zeros(volume[..., layers].shape), None, None
        )
    columns = volume[..., over].sum(axis=2)
    area = data.attrs["unit_cell_area_m2"] * columns / columns.sum()
    share = volume[..., within].sum(axis=2) / foil.foil_thickness / area
    hole = np.where(within, 1.0, share[..., None])[..., layers]
    x, y = np.meshgrid(data.x.values, data.y.values, indexing="ij")
    corners = ((0.0, 0.0), (foil.pitch / 2, np.sqrt(3) * foil.pitch / 2))
    distance = np.min([np.hypot(x - u, y - v) for u, v in corners], axis=0) - foil.hole_diameter / 2
    over_foil, order = (area * (1 - share)).ravel(), np.argsort(distance, axis=None, kind="stable")
    before = np.cumsum(over_foil[order]) - over_foil[order]
    nearer = np.zeros(order.size)
    nearer[order] = np.clip(
        (over_foil.sum() / 2 - before) / np.maximum(over_foil[order], 1e-300), 0, 1
    )
    return _Coating(
        layers,
        z[layers],
        volume[..., layers],
        hole,
        distance[..., None],
        nearer.reshape(*distance.shape, 1),
    )


def _regions(coating: _Coating, thickness, values, weight) -> Regions:
    """Means of ``values`` over the regions, weighted by volume times ``weight``."""
    weights = coating.volume * weight
    values = np.where(weights > 0, values, 0.0)
    upper = coating.z > thickness / 2

    def mean(part):
        total = part.sum()
        return float((values * part).sum() / total) if total > 0 else np.nan

    on_foil = near = far = weights * (1 - coating.hole)
    slope = np.nan
    if coating.distance is not None:
        near, far = on_foil * coating.nearer, on_foil * (1 - coating.nearer)
        off = coating.distance - (coating.distance * on_foil).sum() / on_foil.sum()
        slope = float((values * off * on_foil).sum() / (off**2 * on_foil).sum())
    absent = coating.distance is None
    return Regions(
        mean(weights),
        mean(weights * upper),
        mean(weights * ~upper),
        mean(weights * coating.hole),
        mean(weights * coating.hole * (coating.z > 0)),
        mean(on_foil),
        np.nan if absent else mean(near),
        np.nan if absent else mean(far),
        float(values[weights > 0].max()),
        slope,
    )


def _local(value, hole):
    """A field of the coating on its cells."""
    return value.mean(hole) if isinstance(value, Local) else np.full(hole.shape, float(value))


def _equilibrium(cell: Cell):
    """The open-circuit voltage over what the negative electrode holds [C/m2] and the positive's
    stoichiometry.

    The materials of the negative electrode share what they hold at one potential, on the branches
    of delithiation.
    """
    x = np.concatenate(
        [np.geomspace(ENDS, 1e-3, 100), np.linspace(1e-3, 1 - 1e-3, 4001)[1:], [1 - ENDS]]
    )
    curves = [
        (capacity, material.open_circuit(x, 1.0))
        for capacity, material in capacities(cell, "negative")
    ]
    levels = np.unique(np.concatenate([potential for _, potential in curves]))
    held = sum(
        capacity * np.interp(levels, potential[::-1], x[::-1]) for capacity, potential in curves
    )
    ((_, positive),) = capacities(cell, "positive")

    def voltage(charge, stoichiometry):
        return positive.open_circuit(stoichiometry) - np.interp(charge, held[::-1], levels[::-1])

    return voltage


def _curve(data, cell: Cell) -> DischargeCurve:
    held = sum(
        capacity * data[f"stoichiometry_negative_{material.name}"].values
        for capacity, material in capacities(cell, "negative")
    )
    ((_, positive),) = capacities(cell, "positive")
    open_circuit = _equilibrium(cell)(held, data[f"stoichiometry_positive_{positive.name}"].values)
    kinetic = ((data.cause == Cause.KINETICS) & (data.side == "negative")).values
    return DischargeCurve(
        data.capacity.values,
        data.voltage.values,
        open_circuit,
        -data.parts.isel(part=kinetic).sum("part").values,
    )


def _profile(fields, charge, coating: _Coating, cell: Cell, area) -> SaltProfile:
    filled = (
        fields.electrolyte_per_given_volume.values[..., coating.layers]
        if "electrolyte_per_given_volume" in fields
        else _local(cell.negative.porosity, coating.hole)
    )
    pores = np.where(coating.volume > 0, coating.volume * filled, 0.0)
    salt = np.where(pores > 0, fields.c_e.values[..., coating.layers], 0.0)
    on_foil = (pores * (1 - coating.hole))[..., coating.z > 0]

    def by_plane(part):
        return (salt[..., -part.shape[2] :] * part).sum(axis=(0, 1)) / part.sum(axis=(0, 1))

    everywhere = by_plane(pores)
    holes = 0.0 if coating.distance is None else cell.perforation.foil_thickness
    return SaltProfile(
        charge,
        coating.z,
        everywhere,
        float((salt * pores).sum() / pores.sum() - cell.concentration),
        float(salt.max() - cell.concentration),
        float(((salt - cell.concentration) * pores).sum() / area),
        float(np.ptp(everywhere)),
        float(np.ptp(by_plane(on_foil))),
        cell.negative.thickness + holes,
    )


class _Fields:
    """What the negative coating looks like at one of the times whose fields were kept."""

    def __init__(self, data, cell: Cell, frame: int = -1):
        self.coating, self._at = _coating(data, cell), data.isel(field_time=frame)
        self._porosity = cell.negative.porosity
        self._solids = [
            (
                _local(material.fraction, self.coating.hole) * material.maximum_concentration,
                material,
            )
            for material in cell.negative.materials
        ]
        #: that the particles can hold, per volume [mol/m3]
        self.amount = sum(amount for amount, _ in self._solids)
        self.start = self._blend(lambda material: material.stoichiometry)
        self._drop = self._field("phi_s") - self._field("phi_e")

    def _blend(self, of_material):
        """Mean over the materials by what they can hold, in every cell."""
        return (
            sum(amount * of_material(material) for amount, material in self._solids) / self.amount
        )

    def _field(self, name):
        return self._at[name].values[..., self.coating.layers]

    def _stoichiometry(self, where, material):
        return self._field(f"{where}_stoichiometry_negative_{material.name}")

    def overpotential(self, where):
        """phi_s - phi_e - U, with U at the particles' "surface" or "mean" [V]."""
        return self._blend(
            lambda m: self._drop - m.open_circuit(self._stoichiometry(where, m), 1.0)
        )

    def fall(self, where):
        """Fall of the stoichiometry since the start [-]."""
        return self._blend(lambda m: m.stoichiometry - self._stoichiometry(where, m))

    def porosity(self):
        """Share of the pores [-]."""
        if "porosity" in self._at:  # of solids that swell
            return self._field("porosity")
        return _local(self._porosity, self.coating.hole)

    def salt(self):
        """Salt less its mean over the pores of the plane [mol/m3]."""
        pores = self.coating.volume * self.porosity()
        salt = np.where(pores > 0, self._field("c_e"), 0.0)
        return salt - (salt * pores).sum(axis=(0, 1)) / pores.sum(axis=(0, 1))


def read(solution: Solution, cell: Cell) -> Discharge:
    """What is read off a discharge.

    Parameters
    ----------
    solution : Solution
        One step at constant current, from the end of charge, of a full cell with coating in its
        holes.
    cell : Cell
        The one that was discharged.

    Raises
    ------
    CellError
        Its negative foil is coated on both faces.
    """
    if cell.back is not None:
        raise CellError(
            "regions and profiles are read off a foil that is coated on one face; what both faces "
            "gave is in the solution"
        )
    data = solution.dataset
    end = _Fields(data, cell)

    def regions(values):
        return _regions(end.coating, cell.negative.thickness, values, end.amount)

    at = np.interp(data.field_time.values, data.time.values, data.capacity.values)
    area = data.attrs["unit_cell_area_m2"]
    return Discharge(
        solution.capacity,
        _curve(data, cell),
        regions(end.overpotential("surface")),
        regions(end.overpotential("mean")),
        regions(end.fall("mean") / end.start),
        regions(end.fall("mean")),
        regions(end.fall("surface") / end.start),
        tuple(
            _profile(data.isel(field_time=n), float(q), end.coating, cell, area)
            for n, q in enumerate(at)
            if q > 0
        ),
    )


def discharge(
    cell: Cell, rate: float, mesh: Mesh | None = None, tolerances: Tolerances | None = None
) -> tuple[Discharge, Solution]:
    """Discharge a cell at constant current from its start to the lower cut-off, with fields at
    equal charges.

    Parameters
    ----------
    cell : Cell
    rate : float
        Over 1C [-].
    mesh, tolerances
        As in :func:`rampore.p4d.solution.simulate`.

    Returns
    -------
    Discharge, Solution
    """
    current = rate * cell.one_c
    marks = 3600.0 / rate * np.arange(1, MARKS + 1) / MARKS
    solution = simulate(
        cell,
        [Step("current", current, until_voltage=cell.lower_cutoff)],
        mesh,
        tolerances,
        field_times=marks,
    )
    return read(solution, cell), solution


def discharge_with_retry(
    cell: Cell, rate: float, mesh: Mesh, tolerances: Tolerances
) -> tuple[Discharge, Solution]:
    """What :func:`discharge` gives; where the salt starves so suddenly that charge is not
    conserved, with short steps.

    Raises
    ------
    SolverError
        Where a tenth of the tolerance in time does not help.
    """
    try:
        return discharge(cell, rate, mesh, tolerances)
    except SolverError:
        return discharge(cell, rate, mesh, tolerances._replace(time=tolerances.time / 10))


class Block(NamedTuple):
    """A quantity in the unit cell: the coating from the bottom of the hole up to the separator."""

    x: np.ndarray  #: edges of the cells along a row of holes, from the middle of one (nx + 1,) [m]
    y: np.ndarray  #: edges across the rows (ny + 1,) [m]
    z: np.ndarray  #: edges, from the foil's face (nz + 1,) [m]
    values: np.ndarray  #: (nx, ny, nz), nan in the foil
    edge: float  #: radius of the hole [m]; 0 without
    share: np.ndarray  #: of each box that is coating and not foil (nx, ny, nz) [-]


def block(cell: Cell, solution: Solution, quantity: str, frame: int = -1) -> Block:
    """A discharge at one time in the unit cell, a quarter of a hole in two of its corners.

    Parameters
    ----------
    cell : Cell
    solution : Solution
    quantity : {"overpotential", "depth", "salt", "porosity"}
        phi_s - phi_e - U at the particles' surface [V]; the depth of discharge [-], as in
        :class:`Discharge`; the salt less its mean over the pores of the plane [mol/m3]; the share
        of the pores [-].
    frame : int
        Which of the times whose fields were kept; by default the end.
    """
    quantities = {
        "overpotential": lambda at: at.overpotential("surface"),
        "depth": lambda at: at.fall("mean") / at.start,
        "salt": _Fields.salt,
        "porosity": _Fields.porosity,
    }
    choice("quantity", quantity, quantities, CellError)
    data = solution.dataset
    fields = _Fields(data, cell, frame)
    values = quantities[quantity](fields)
    holes = cell.perforation is not None and cell.perforation.hole_diameter > 0
    bottom = -cell.perforation.foil_thickness if holes else 0.0
    x, y = _edges(data.x.values, 0.0), _edges(data.y.values, 0.0)
    z, volume = _edges(fields.coating.z, bottom), fields.coating.volume
    boxes = np.einsum("i,j,k->ijk", *map(np.diff, (x, y, z)))
    return Block(
        x,
        y,
        z,
        np.where(volume > 0, values, np.nan),
        cell.perforation.hole_diameter / 2 if holes else 0.0,
        volume / boxes,
    )


def _edges(centres, first):
    """Edges of cells with these centres, from the first edge on."""
    edges = [first]
    for centre in centres:
        edges.append(2 * centre - edges[-1])
    return np.array(edges)


#: What adds up to the overpotential, and the causes and sides of the parts of the voltage that it
#: takes together.
LOSSES = {
    "salt: ohmic": ((Cause.SALT_OHMIC, ""),),
    "salt: diffusion": ((Cause.SALT_DIFFUSION, ""),),
    "anode: kinetics": ((Cause.KINETICS, "negative"),),
    "anode: diffusion in particles": ((Cause.SOLID_DIFFUSION, "negative"),),
    "cathode: kinetics": ((Cause.KINETICS, "positive"),),
    "cathode: diffusion in particles": ((Cause.SOLID_DIFFUSION, "positive"),),
    "contact and solids": tuple(product((Cause.CONTACT, Cause.SOLID), ("negative", "positive"))),
}


def losses(solution: Solution, cell: Cell, charge: float) -> dict[str, float]:
    """What the overpotential is made of at one charge [V].

    The last entry is what the materials of the anode are out of balance with each other by.

    Parameters
    ----------
    solution, cell
        As in :func:`read`.
    charge : float
        [C/m2]
    """
    data = solution.dataset
    lost = [-float(np.interp(charge, data.capacity.values, part)) for part in data.parts.values.T]
    sources = list(zip(data.cause.values, data.side.values, strict=True))
    made_of = {
        kind: sum(value for value, source in zip(lost, sources, strict=True) if source in taken)
        for kind, taken in LOSSES.items()
    }
    curve = _curve(data, cell)
    whole = float(np.interp(charge, curve.charge, curve.overpotential))
    return made_of | {"anode: materials out of balance": whole - sum(made_of.values())}
