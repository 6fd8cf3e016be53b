"""A cell on its mesh: what the equations need, prepared once, and one implicit step of them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rampore.materials import FARADAY, GAS_CONSTANT
from rampore.p4d import equations
from rampore.p4d.cell import Cell, Electrode
from rampore.p4d.equations import C, E, Kinetics, Layout, S, System
from rampore.p4d.errors import CellError, SolverError
from rampore.p4d.grid import HOLE, NEGATIVE, POSITIVE, SEPARATOR, make_grid
from rampore.p4d.linear import Multigrid
from rampore.p4d.particles import Spheres, make_modes

CHARGE = 1e-6  #: largest admissible imbalance of charge at any plane over the current that is imposed [-]

# How far the surface of a sphere may go beyond full or empty, in one step and in all [-]: a thousandth and a tenth of
# the error that the usual tolerance in time allows it
OVERSHOOT, OVERSHOT = 1e-6, 1e-4


class Mesh(NamedTuple):
    """How fine the cell is resolved."""

    layers: tuple[int, int, int] = (20, 10, 20)  #: cells through negative, separator, positive
    columns: tuple[int, int] = (1, 1)  #: cells along x and y
    hole_layers: int = 6  #: cells through the depth of the holes
    modes: int = 10  #: of each sphere
    grading: float = 0.6  #: how much finer the cells are at the faces of a layer [-]


@dataclass
class Population:
    """One active material of one electrode on the mesh."""

    electrode: str
    name: str
    kinetics: Kinetics
    spheres: Spheres
    hysteresis: np.ndarray  #: state (count,) [-]
    decay: float
    capacity: np.ndarray  #: charge of each cell's spheres from empty to full (count,) [C]
    x: np.ndarray  #: surface stoichiometry (count,) [-]
    j: np.ndarray  #: current density, positive where lithium leaves (count,) [A/m2]

    def open_circuit(self, x):
        """Potential at the stoichiometries x, one for each sphere [V]."""
        return equations.potentials(self.kinetics, self.hysteresis, x)


class Drive(NamedTuple):
    """What is imposed on the cell."""

    mode: str  #: "current" [A/m2], "voltage" [V] or "power" [W/m2]; current and power are positive on discharge
    value: float


class Model:
    """The discrete cell.

    Parameters
    ----------
    cell : rampore.p4d.cell.Cell
    mesh : Mesh
    sides : (float, float), optional
        Width of the unit cell where there is no perforation [m].
    """

    def __init__(self, cell: Cell, mesh: Mesh, sides=None):
        self.cell, self.mesh = cell, mesh
        negative = cell.negative if isinstance(cell.negative, Electrode) else None
        thicknesses = (negative.thickness if negative else 0.0, cell.separator.thickness, cell.positive.thickness)
        if negative is None and cell.perforation is not None:
            raise CellError("a foil of lithium has no perforation")
        self.grid = make_grid(
            thicknesses, mesh.layers, cell.perforation, mesh.columns, mesh.hole_layers, mesh.grading, sides
        )
        self.area = self.grid.area
        negative_face = self.grid.foil_negative.sum() if negative else 0.0
        coated = cell.perforation is not None and cell.perforation.filling == "coating"
        self.contact_area = (negative_face + (self.grid.wall.sum() if coated else 0.0), self.grid.foil_positive.sum())
        self.populations: list[Population] = []
        self.layout = self._lay_out()
        self.salt = equations.tabulate_electrolyte(cell.electrolyte, cell.temperature)
        self.multigrid = Multigrid(self.layout.absent.reshape(*self.grid.shape, 3))
        finest = self.multigrid.finest
        cells = self.layout.pore.size
        self.properties = np.empty((cells, 8))
        self._residual = np.empty((cells, 3))
        self._system = System(self._residual, finest.matrix.reshape(cells, -1))
        self._column, self._row = finest.column.reshape(-1, 3), finest.row.reshape(-1, 3)
        self._column[self.layout.positive_cells, S] = -self.layout.positive_foil
        self._foil = self.layout.positive_foil.sum()

    def _lay_out(self):
        cell, grid = self.cell, self.grid
        x, y, z = grid.centres()
        shape = grid.shape
        number = np.arange(np.prod(shape)).reshape(shape)
        porosity, efficiency = np.zeros(shape), np.ones(shape)
        conductivity, capacitance = np.zeros(shape), np.zeros(shape)
        coated = cell.perforation is not None and cell.perforation.filling == "coating"

        def field(value, where):
            return (
                value(x[where], y[where], z[where])
                if callable(value)
                else np.full(np.count_nonzero(where), float(value))
            )

        for side, layers in (("negative", (NEGATIVE, HOLE) if coated else (NEGATIVE,)), ("positive", (POSITIVE,))):
            electrode = getattr(cell, side)
            where = np.isin(grid.layer, layers) & (grid.volume > 0)
            porosity[where] = field(electrode.porosity, where)
            efficiency[where] = electrode.transport_efficiency(porosity[where])
            conductivity[where] = field(electrode.conductivity, where)
            solids = porosity[where].copy()
            for material in electrode.materials:
                fraction = field(material.fraction, where)
                solids += fraction
                surface = np.zeros(shape)
                surface[where] = 3 * fraction / material.radius * grid.volume[where]
                capacitance += electrode.double_layer * surface
                self._populate(side, material, number[where], fraction * grid.volume[where])
            if np.any(solids > 1 + 1e-9) or np.any(porosity[where] <= 0):
                raise CellError(f"{side} electrode: porosity and active fractions add to {solids.max():.3f}")
        where = np.broadcast_to(grid.layer == SEPARATOR, shape)
        porosity[where] = field(cell.separator.porosity, where)
        efficiency[where] = cell.separator.transport_efficiency(porosity[where])
        if not coated:
            porosity[(grid.layer == HOLE) & (grid.volume > 0)] = 1.0
        absent = np.zeros((*shape, 3), bool)
        absent[grid.volume == 0] = True
        absent[conductivity == 0, S] = True

        lower, upper, areas, h_lower, h_upper = [], [], [], [], []
        for axis, (edges, area) in enumerate(((grid.x, grid.area_x), (grid.y, grid.area_y), (grid.z, grid.area_z))):
            half = np.expand_dims(np.diff(edges) / 2, tuple({0, 1, 2} - {axis}))
            half = np.broadcast_to(half, shape)
            lower.append(np.split(number, [-1], axis)[0].ravel())
            upper.append(np.split(number, [1], axis)[1].ravel())
            h_lower.append(half.ravel()[lower[-1]])
            h_upper.append(half.ravel()[upper[-1]])
            areas.append(area.ravel())
        lower, upper, areas, h_lower, h_upper = (
            np.concatenate(parts) for parts in (lower, upper, areas, h_lower, h_upper)
        )
        sigma_l, sigma_u = conductivity.ravel()[lower], conductivity.ravel()[upper]
        connected = (sigma_l > 0) & (sigma_u > 0)
        solid = np.zeros_like(areas)
        solid[connected] = (
            areas[connected]
            / (h_lower / np.where(connected, sigma_l, 1) + h_upper / np.where(connected, sigma_u, 1))[connected]
        )

        dz = np.diff(grid.z)
        touching = np.zeros(shape)
        if isinstance(cell.negative, Electrode):
            face = int(np.flatnonzero(grid.layer == NEGATIVE)[0])
            touching[..., face] = grid.foil_negative / (dz[face] / 2 / conductivity[..., face] + cell.contact_negative)
            walled = (grid.wall > 0) & (conductivity > 0)
            depth = np.where(walled, grid.volume, 0)[walled] / grid.wall[walled] / 2
            touching[walled] += grid.wall[walled] / (depth / conductivity[walled] + cell.contact_negative)
        negative_cells = np.flatnonzero(touching)
        positive = grid.foil_positive / (dz[-1] / 2 / conductivity[..., -1] + cell.contact_positive)
        return Layout(
            np.repeat(np.arange(3), [part.size for part in (grid.area_x, grid.area_y, grid.area_z)]).astype(np.uint32),
            lower.astype(np.uint32), upper.astype(np.uint32), areas, h_lower, h_upper, solid,
            (porosity * grid.volume).ravel(), efficiency.ravel(), capacitance.ravel(), absent.reshape(-1, 3),
            negative_cells, touching.ravel()[negative_cells], number[..., -1].ravel(), positive.ravel(),
        )  # fmt: skip

    def _populate(self, side, material, cells, volume):
        present = volume > 0
        cells, volume = cells[present], volume[present]
        value, slope = equations.tabulate(material.mean_potential, material.half_gap)
        exchange = material.exchange_current
        kinetics = Kinetics(
            cells, 3 * volume / material.radius, value, slope,
            2 * GAS_CONSTANT * self.cell.temperature / FARADAY,
            float(exchange.reference / exchange.concentration**exchange.salt),
            float(exchange.salt), float(exchange.filled), float(exchange.empty),
        )  # fmt: skip
        self.populations.append(
            Population(
                side,
                material.name,
                kinetics,
                Spheres(make_modes(self.mesh.modes), material, cells.size),
                np.full(cells.size, float(material.hysteresis)),
                material.hysteresis_decay,
                FARADAY * material.maximum_concentration * volume,
                np.full(cells.size, float(material.stoichiometry)),
                np.zeros(cells.size),
            )
        )

    def start(self):
        """Unknowns (cells, 3) and voltage of the cell at rest, the first material of each electrode in equilibrium."""
        u = np.zeros((self.layout.pore.size, 3))
        u[:, C] = self.cell.concentration
        first = {
            side: next((p for p in self.populations if p.electrode == side), None) for side in ("negative", "positive")
        }
        level = {side: p.open_circuit(p.x)[0] if p else 0.0 for side, p in first.items()}
        u[:, E] = -level["negative"]
        voltage = float(level["positive"] - level["negative"])
        layer = np.broadcast_to(self.grid.layer, self.grid.shape).ravel()
        u[layer == POSITIVE, S] = voltage
        return u, voltage

    def foil_current(self, u, voltage):
        """Current density out of the positive foil, positive on discharge [A/m2]."""
        layout = self.layout
        return float(np.sum(layout.positive_foil * (u[layout.positive_cells, S] - voltage)) / self.area)

    def contact_drops(self, u, voltage):
        """Mean potential differences across the contact resistances, from the coating to each foil [V]."""
        layout, cell = self.layout, self.cell
        negative = layout.negative_foil * u[layout.negative_cells, S]
        positive = layout.positive_foil * (u[layout.positive_cells, S] - voltage)
        drops = []
        for current, area, resistance in (
            (negative, self.contact_area[0], cell.contact_negative),
            (positive, self.contact_area[1], cell.contact_positive),
        ):
            drops.append(resistance * float(np.sum(current)) / float(np.sum(area)) if current.size else 0.0)
        return tuple(drops)

    def activity(self, u):
        """G(c) of the electrolyte in every cell [V]."""
        equations.electrolyte_properties(u, self.salt, self.layout.efficiency, self.properties)
        return self.properties[:, 2 * equations.ACTIVITY]

    def charge_imbalance(self):
        """Current through each plane of z that is not accounted for, after :meth:`newton` [A/m2]."""
        by_plane = (self._residual[:, E] + self._residual[:, S]).reshape(self.grid.shape).sum(axis=(0, 1))
        return np.cumsum(by_plane) / self.area

    def condense(self, weights, ahead):
        """Prepare the particles for a step with these weights of the time derivative [1/s].

        The second-order step is not monotone: a sphere that has just filled or emptied overshoots by a little of its
        error, and passes nothing until it is back. A step that adds more than ``OVERSHOOT`` to that is refused.
        """
        for p in self.populations:
            before = p.spheres.surface
            p.spheres.condense(weights, ahead)
            limit = np.clip(np.maximum(before - 1.0, -before), 0.0, OVERSHOT - OVERSHOOT) + OVERSHOOT
            beyond = np.maximum(p.spheres.a - 1.0, -p.spheres.a) - limit
            worst = int(np.argmax(beyond))
            if not beyond[worst] <= 0:
                where = self.place(p.kinetics.cells[worst])
                raise SolverError(
                    f"the surface of {p.name} in the {p.electrode} electrode goes to x = {p.spheres.a[worst]:.7f} "
                    f"at {where} without any current"
                )

    def assemble(self, u, voltage, u_1, u_2, weights, drive):
        """Residuals of cells [A] and of what is imposed, and the Jacobian of both into the linear solver."""
        layout, system = self.layout, self._system
        equations.electrolyte_properties(u, self.salt, layout.efficiency, self.properties)
        equations.transport(u, voltage, u_1, u_2, weights, layout, self.properties, system)
        for p in self.populations:
            failed = equations.react(u, p.spheres.a, p.spheres.b, p.hysteresis, p.x, p.j, p.kinetics, system)
            if failed >= 0:
                where = self.place(p.kinetics.cells[failed])
                raise SolverError(f"no surface state for {p.name} in the {p.electrode} electrode at {where}")

        # What is imposed: a current or a power through the positive foil, or its voltage
        out = self.foil_current(u, voltage) * self.area
        at_foil = self._row[layout.positive_cells, S]
        if drive.mode == "current":
            at_foil, corner, imposed = layout.positive_foil, -self._foil, out - drive.value * self.area
        elif drive.mode == "voltage":
            at_foil, corner, imposed = 0.0, 1.0, voltage - drive.value
        else:
            at_foil, corner = voltage * layout.positive_foil, out - voltage * self._foil
            imposed = voltage * out - drive.value * self.area
        self._row[layout.positive_cells, S] = at_foil
        self.multigrid.corner = corner
        return self._residual, imposed

    def _balances(self, right, current):
        """Whether salt and charge are conserved: what all cells lose adds up to nothing, to a part in 10^9 of the
        current or of 1 % of 1C, and so does what passes each plane, to a tenth of what a run may miss."""
        scale = max(abs(current), 0.01 * self.cell.one_c)
        total = np.abs(right.sum(axis=0)).max() / self.area
        return total < 1e-9 * scale and np.abs(self.charge_imbalance()).max() < 0.1 * CHARGE * scale

    def place(self, cell):
        """Where a cell lies, in words."""
        i, j, k = np.unravel_index(cell, self.grid.shape)
        middle = [0.5 * (edges[n] + edges[n + 1]) * 1e6 for edges, n in zip(self.grid[:3], (i, j, k), strict=True)]
        return f"z = {middle[2]:.1f} um" + (
            f", x = {middle[0]:.1f} um, y = {middle[1]:.1f} um" if max(self.grid.shape[:2]) > 1 else ""
        )

    def newton(self, u, voltage, u_1, u_2, weights, drive, tolerance, linear_tolerance=1e-3, maximum=20):
        """Solve one implicit step from a guess.

        Parameters
        ----------
        u, voltage
            The guess; not changed.
        tolerance : float
            Largest last change of c over the initial concentration and of the potentials [-, V].

        Raises
        ------
        SolverError
            It does not converge, or a particle has no admissible surface state.
        """
        u = u.copy()
        shape = (*self.grid.shape, 3)
        size, settled = np.inf, 0
        for _ in range(maximum):
            right, imposed = self.assemble(u, voltage, u_1, u_2, weights, drive)
            settled += size <= tolerance
            if settled > 2 or (settled and self._balances(right, self.foil_current(u, voltage))):
                return u, voltage
            if not settled:  # else the matrix has hardly changed
                self.multigrid.prepare()
            change, border = self.multigrid.solve(-right.reshape(shape), -imposed, linear_tolerance)
            change = change.reshape(-1, 3)
            cell, size, potential = equations.largest(change, self.cell.concentration)
            size = max(size, abs(border))
            if not np.isfinite(size):
                raise SolverError(f"Newton's iteration broke down at {self.place(cell)}")
            damping = min(1.0, 0.5 / max(potential, abs(border), 1e-300))
            equations.correct(u, change, damping)
            voltage += damping * border
        where = self.place(cell)
        raise SolverError(f"Newton's iteration still moves by {size:.1e} after {maximum} steps, most at {where}")
