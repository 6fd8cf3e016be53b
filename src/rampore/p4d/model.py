"""A cell on its mesh: what the equations need, prepared once, and one implicit step of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.constants import FARADAY, GAS_CONSTANT
from rampore.p4d import equations
from rampore.p4d.cell import BACK, Cell, Lithium
from rampore.p4d.equations import C, E, Hysteresis, Kinetics, Metal, S, System, Unknowns
from rampore.p4d.errors import CellError, SolverError
from rampore.p4d.expansion import follow_swelling
from rampore.p4d.grid import (
    BACK_HOLE,
    BACK_POSITIVE,
    BACK_POSITIVE_HOLE,
    POSITIVE,
    POSITIVE_HOLE,
    Grid,
    join,
    make_grid,
)
from rampore.p4d.layout import lay_out
from rampore.p4d.linear import CellMultigrid
from rampore.p4d.particles import Spheres, make_modes
from rampore.p4d.structured import HOLES
from rampore.structure.openings import SIDES

#: largest admissible imbalance of charge at any plane over the current that is imposed [-]
CHARGE = 1e-6

# A correction that moves a concentration, or a surface, by less than this share of what is there is
# followed by the reactions along their tangents: the logarithms in the potentials then err by R T /
# F times half its square, 1e-5 V [-]
TANGENT = 0.03

# What may be lost in one step however long it lasts, over what 1C gives in an hour [-]
LASTING = 1e-9

# Of what is stored: what is left of the sum of two numbers whose last digits differ [-]
DIGITS = 4e-16

# What is left of the salt, over that at the start, or of the sites at the surface of a sphere,
# where it counts as used up [-]
USED_UP = 1e-2

# How far the surface of a sphere may go beyond full or empty, in one step and in all [-]: a
# thousandth and a tenth of the error that the usual tolerance in time allows it
OVERSHOOT, OVERSHOT = 1e-6, 1e-4


class Mesh(NamedTuple):
    """How fine the cell is resolved."""

    layers: tuple[int, int, int] = (20, 10, 20)  #: cells through negative, separator, positive
    columns: tuple[int, int] = (1, 1)  #: cells along x and y
    #: cells through the depth of the holes, or half of it where the foil is coated on both faces
    hole_layers: int = 6
    modes: int = 10  #: of each sphere
    grading: float = 0.6  #: how much finer the cells are at the faces of a layer [-]


def grid_of(cell: Cell, mesh: Mesh, sides: tuple[float, float] | None = None) -> Grid:
    """The mesh that the geometry of a cell makes.

    Parameters
    ----------
    cell : rampore.p4d.cell.Cell
    mesh : Mesh
    sides : (float, float), optional
        Width of the unit cell where it has neither a perforation nor a structure [m].
    """
    if cell.back is not None:
        return join(*(grid_of(face, mesh, sides) for face in cell.faces().values()))
    stack = cell.negative, cell.separator, cell.positive
    return make_grid(
        [getattr(layer, "thickness", 0.0) for layer in stack],
        mesh.layers, cell.perforation, mesh.columns, mesh.hole_layers, mesh.grading, sides,
        cell.structure,
    )  # fmt: skip


@dataclass
class Population:
    """One active material of one electrode on the mesh."""

    electrode: str  #: its name in :attr:`rampore.p4d.cell.Cell.electrodes`
    name: str
    kinetics: Kinetics
    spheres: Spheres
    hysteresis: Hysteresis
    capacity: np.ndarray  #: charge of each cell's spheres from empty to full (count,) [C]
    x: np.ndarray  #: surface stoichiometry (count,) [-]
    j: np.ndarray  #: current density, positive where lithium leaves (count,) [A/m2]
    slopes: np.ndarray  #: those of j in c and in phi_s - phi_e at the last assembly (count, 2)

    @property
    def is_positive(self) -> bool:
        """Whether it stands on a positive foil."""
        return self.electrode.endswith("positive")

    def open_circuit(self, x: np.ndarray) -> np.ndarray:
        """Potential at the stoichiometries x, one for each sphere [V]."""
        return equations.potentials(self.kinetics, self.hysteresis.state, x)

    def half_gap(self, x: np.ndarray) -> np.ndarray:
        """Half of what the branches are apart at the stoichiometries x, one for each sphere [V]."""
        whole = np.ones_like(x)
        return equations.potentials(self.kinetics, whole, x) - equations.potentials(
            self.kinetics, 0.0 * whole, x
        )

    def condense(self, weights: np.ndarray, ahead: float) -> None:
        """Prepare a step of the spheres and of their hysteresis, as
        :meth:`rampore.p4d.particles.Spheres.condense` does.
        """
        self.spheres.condense(weights, ahead)
        if self.hysteresis.decay > 0:
            moved, per_current = self.spheres.move_of_mean()
            self.hysteresis = self.hysteresis._replace(moved=moved, per_current=per_current)

    def advance(self) -> None:
        """Take the prepared step with the current densities as they are."""
        self.hysteresis = self.hysteresis._replace(state=self.hysteresis_ahead())
        self.spheres.advance(self.j)

    def mean_ahead(self) -> np.ndarray:
        """Mean stoichiometries after the prepared step with the current densities as they are
        (count,) [-].
        """
        moved, per_current = self.spheres.move_of_mean()
        return self.spheres.mean + moved + per_current * self.j

    def hysteresis_ahead(self) -> np.ndarray:
        """Hysteresis states after the prepared step with the current densities as they are (count,)
        [-].
        """
        return equations.hysteresis_after(self.hysteresis, self.j)


class LithiumFoil:
    """A foil of lithium on the mesh: its faces, what passes them, and the lithium that it has given
    off.
    """

    def __init__(self, metal: Metal) -> None:
        self.metal = metal
        self.current = np.zeros(metal.cells.size)  #: density that dissolves lithium [A/m2]
        #: at the face: c [mol/m3], phi_e, G and overpotential [V]
        self.state = np.zeros((metal.cells.size, 4))
        self.slopes = np.zeros(
            (metal.cells.size, 3)
        )  #: of the current in c, phi_e of the cell and the foil's potential

    @property
    def total(self) -> float:
        """Current that dissolves lithium [A]."""
        return float(self.metal.area @ self.current)

    def mean_state(self) -> np.ndarray:
        """Means over the faces of what ``state`` holds."""
        return self.metal.area @ self.state / self.metal.area.sum()


class Drive(NamedTuple):
    """What is imposed on the cell."""

    #: "current" [A/m2], "voltage" [V] or "power" [W/m2]; current and power are positive on
    #: discharge
    mode: str
    value: float
    #: what of a current the back gives, in a cell whose positive foils are not tied [A/m2]
    back: float = 0.0

    def of_each(self, voltages: int) -> np.ndarray:
        """The value of each positive foil that has a voltage of its own (voltages,)."""
        if voltages == 1 or self.mode == "voltage":
            return np.full(voltages, self.value)
        return np.array([self.value - self.back, self.back])


class Model:
    """The discrete cell.

    Parameters
    ----------
    cell : rampore.p4d.cell.Cell
    mesh : Mesh
    sides : (float, float), optional
        Width of the unit cell where there is no perforation [m].
    grid : rampore.p4d.grid.Grid, optional
        A mesh of one's own, in place of the one that the cell's geometry and ``mesh`` make.
    """

    def __init__(
        self,
        cell: Cell,
        mesh: Mesh,
        sides: tuple[float, float] | None = None,
        grid: Grid | None = None,
    ) -> None:
        self.cell, self.mesh = cell, mesh
        self.grid = grid or grid_of(cell, mesh, sides)
        self.area = self.grid.area
        self.faces = cell.faces()
        grids = dict(zip(self.faces, self.grid.faces(), strict=True))
        #: of the foils with their coatings, by electrode [m2]
        self.contact_area = {
            face + side: getattr(grid, f"foil_{side}").sum()
            + cell.has_coated_holes(side)
            * np.where(grid.layer == HOLES[side], grid.wall, 0.0).sum()
            for face, grid in grids.items()
            for side in SIDES
        }
        #: of the time derivative in the step that was prepared last [1/s]
        self.weights = np.zeros(3)
        self.layout, particles = lay_out(cell, self.grid)
        self.populations = [self._population(*each) for each in particles]
        #: None where every material keeps its volume
        self.expansion = follow_swelling(cell, self.grid, self.layout, particles, self.populations)
        self.foils = {
            side: LithiumFoil(self._metal(side, plane))
            for side, plane in (("negative", 0), ("positive", -1))
            if isinstance(getattr(cell, side), Lithium)
        }
        self.salt = equations.tabulate_electrolyte(cell.electrolyte, cell.temperature)
        #: how many voltages there are
        self.voltages = 1 if cell.tied else 2
        on_back = self.grid.layer >= BACK_HOLE
        self.multigrid = CellMultigrid(
            self.layout.absent.reshape(*self.grid.shape, 3),
            bordering=np.where(on_back, self.voltages - 1, 0),
        )
        finest = self.multigrid.finest
        cells = self.layout.pore.size
        self.properties = np.empty((cells, 8))
        self._residual = np.empty((cells, 3))
        self._system = System(
            self._residual, finest.matrix.reshape(cells, -1), finest.column.reshape(cells, 3)
        )
        self._row = finest.row.reshape(cells, 3)
        layer = np.broadcast_to(self.grid.layer, self.grid.shape).ravel()
        #: whether a box belongs to the other face of the negative foil (cells,)
        self.on_back = layer >= BACK_HOLE
        #: number of the voltage that phi_s is counted from; -1 for the negative foil (cells,)
        self.counted = np.where(
            np.isin(layer, (POSITIVE, POSITIVE_HOLE, BACK_POSITIVE, BACK_POSITIVE_HOLE))
            & ~self.layout.absent.reshape(-1, 3)[:, S],
            np.where(self.on_back, self.voltages - 1, 0),
            -1,
        )
        #: share of each voltage's foil in the contacts of ``layout.positive_cells`` (voltages, ...)
        self._contacts = np.eye(self.voltages)[
            np.where(self.on_back[self.layout.positive_cells], self.voltages - 1, 0)
        ].T

    def _metal(self, side, plane):
        grid, exchange = self.grid, getattr(self.cell, side).exchange_current
        cells = np.arange(np.prod(grid.shape)).reshape(grid.shape)[..., plane].ravel()
        return Metal(
            cells=cells,
            area=grid.plan.ravel(),
            distance=float(np.diff(grid.z)[plane] / 2),
            contact=float(getattr(self.cell, f"contact_{side}")),
            thermal_voltage=2 * GAS_CONSTANT * self.cell.temperature / FARADAY,
            reference=float(exchange.reference / exchange.concentration**exchange.salt),
            salt=float(exchange.salt),
        )

    def _population(self, side, material, cells, volume):
        value, slope = equations.tabulate(material.mean_potential, material.half_gap)
        place = f"over the stoichiometry, in {len(value) - 1} steps,"
        quantity(f"{side} {material.name}: open-circuit potential {place}", value, CellError)
        exchange = material.exchange_current
        kinetics = Kinetics(
            cells=cells,
            surface=3 * volume / material.radius,
            potential=value,
            potential_slope=slope,
            thermal_voltage=2 * GAS_CONSTANT * self.cell.temperature / FARADAY,
            reference=np.full(
                cells.size, float(exchange.reference / exchange.concentration**exchange.salt)
            ),
            salt=float(exchange.salt),
            filled=float(exchange.filled),
            empty=float(exchange.empty),
        )
        return Population(
            electrode=side,
            name=material.name,
            kinetics=kinetics,
            spheres=Spheres(make_modes(self.mesh.modes), material, cells.size),
            hysteresis=Hysteresis(
                state=np.full(cells.size, float(material.hysteresis)),
                decay=float(material.hysteresis_decay),
                moved=np.zeros(cells.size),
                per_current=np.zeros(cells.size),
            ),
            capacity=FARADAY * material.maximum_concentration * volume,
            x=np.full(cells.size, float(material.stoichiometry)),
            j=np.zeros(cells.size),
            slopes=np.zeros((cells.size, 2)),
        )

    @property
    def pore(self) -> np.ndarray:
        """Present volume of electrolyte in each cell (cells,) [m3]."""
        return self.layout.pore if self.expansion is None else self.expansion.now.pore

    def start(self) -> Unknowns:
        """The cell at rest, each electrode at the potential of its reference material."""
        u = np.zeros((self.layout.pore.size, 3))
        u[:, C] = self.cell.concentration
        electrodes = self.cell.electrodes
        level = dict.fromkeys(electrodes, 0.0)
        for name, electrode in electrodes.items():
            members = [p for p in self.populations if p.electrode == name]
            if members:
                reference = members[electrode.reference_material]
                level[name] = reference.open_circuit(reference.x)[0]
        u[:, E] = -level["negative"]
        if self.cell.back is not None:
            u[self.on_back, E] = -level[BACK + "negative"]
        sides = ["", BACK][: self.voltages]
        voltage = np.array([level[f"{face}positive"] - level[f"{face}negative"] for face in sides])
        g = self.activity(u)
        for foil in self.foils.values():
            cells = foil.metal.cells
            foil.current[:] = 0.0
            foil.state[:] = np.stack(
                [u[cells, C], u[cells, E], g[cells], np.zeros(cells.size)], axis=1
            )
        return Unknowns(u, voltage)

    def conductances(self) -> np.ndarray:
        """Derivatives of the fluxes and of the foils' currents at the start; what stores and reacts
        is left out.

        Returns
        -------
        (cells, 39) array
            In the order of :class:`rampore.p4d.linear.Level` [A per mol/m3, S].
        """
        start = self.start()
        equations.transport(
            start, 0.0, start, self.counted, self.layout, self.properties, self._system
        )
        return self._system.matrix.copy()

    def against_negative_foil(self, unknowns: Unknowns) -> np.ndarray:
        """c, phi_e and phi_s (cells, 3), all potentials against the negative foil [V]."""
        u = unknowns.u.copy()
        u[:, S] += self._lift(unknowns.voltage)
        return u

    def _lift(self, voltage):
        """Potential of the foil that each phi_s is counted from (cells,) [V]."""
        return np.append(voltage, 0.0)[self.counted]

    def foil_potential(self, electrode: str, voltage: np.ndarray) -> float:
        """Of the foil of an electrode, at these voltages against the negative foil [V]."""
        if not electrode.endswith("positive"):
            return 0.0
        return float(voltage[-1 if electrode.startswith(BACK) else 0])

    def foil_current(self, u: np.ndarray) -> float:
        """Current density out of the positive foil, positive on discharge [A/m2].

        A foil of lithium passes what it did at the last :meth:`assemble`.
        """
        layout = self.layout
        if "positive" in self.foils:
            return -self.foils["positive"].total / self.area
        return float(layout.positive_foil @ u[layout.positive_cells, S]) / self.area

    def _out(self, u):
        """Current out of the positive foil of each voltage (voltages,) [A]."""
        if self.voltages == 1:
            return np.array([self.foil_current(u) * self.area])
        layout = self.layout
        return self._contacts @ (layout.positive_foil * u[layout.positive_cells, S])

    def passed(self, u: np.ndarray) -> float:
        """What conservation is measured against: the current density, of each voltage whatever its
        sign, or a hundredth of 1C [A/m2].
        """
        if self.voltages == 1:
            return max(abs(self.foil_current(u)), 0.01 * self.cell.one_c)
        return max(float(np.abs(self._out(u)).sum()) / self.area, 0.01 * self.cell.one_c)

    def into_foil(self, u: np.ndarray, voltage: np.ndarray, electrode: str) -> float:
        """Current from the coating of an electrode into its foil [A]; ``u`` is
        :meth:`against_negative_foil`.
        """
        side = electrode.removeprefix(BACK)
        if side in self.foils:
            return -self.foils[side].total
        cells = getattr(self.layout, f"{side}_cells")
        potential = self.foil_potential(electrode, voltage)
        passed = getattr(self.layout, f"{side}_foil") * (u[cells, S] - potential)
        return float(np.sum(passed[self.on_back[cells] == (side != electrode)]))

    def contact_drop(self, u: np.ndarray, voltage: np.ndarray, electrode: str) -> float:
        """Mean potential difference across the contact resistance of an electrode, from its coating
        to the foil [V]; ``u`` is :meth:`against_negative_foil`.
        """
        face = self.faces[BACK if electrode.startswith(BACK) else ""]
        resistance = getattr(face, f"contact_{electrode.removeprefix(BACK)}")
        into = self.into_foil(u, voltage, electrode)
        return resistance * into / self.contact_area[electrode]

    def through_holes(self, u: np.ndarray) -> tuple[float, float]:
        """Current in the electrolyte, and that of its cations alone, from the back to the front
        through the middle of the negative foil [A].
        """
        layout, layers = self.layout, self.grid.shape[2]
        self.activity(u)
        faces = np.flatnonzero(
            (layout.axis == 2) & (layout.left % layers == self.grid.middle - 1) & (layout.area > 0)
        )
        below, above = layout.left[faces], layout.right[faces]
        h_below, h_above, area = layout.h_left[faces], layout.h_right[faces], layout.area[faces]
        here, there = self.properties[below].T, self.properties[above].T
        resistivity, inverse_d, t, g = (
            equations.RESISTIVITY, equations.INVERSE_D, equations.T_PLUS, equations.G,
        )  # fmt: skip
        kappa = area / (h_below * here[resistivity] + h_above * there[resistivity])
        ionic = kappa * (u[below, E] - u[above, E] + there[g] - here[g])
        d = FARADAY * area / (h_below * here[inverse_d] + h_above * there[inverse_d])
        cations = d * (u[below, C] - u[above, C]) + 0.5 * (here[t] + there[t]) * ionic
        return float(ionic.sum()), float(cations.sum())

    def activity(self, u: np.ndarray) -> np.ndarray:
        """G(c) of the electrolyte in every cell [V]."""
        equations.electrolyte_properties(u, self.salt, self.layout.efficiency, self.properties)
        return self.properties[:, equations.G]

    def charge_imbalance(self, u: np.ndarray) -> np.ndarray:
        """Current through each plane of z that is not accounted for [A/m2].

        A foil of lithium passes what it did at the end of the last :meth:`newton`.
        """
        layers = self.grid.shape[2]
        by_plane = np.zeros(layers)
        self.activity(u)
        equations.through_planes(u, self.layout, self.properties, layers, by_plane)
        for side, foil in self.foils.items():
            by_plane[0 if side == "negative" else -1] -= foil.total
        return np.cumsum(by_plane) / self.area

    def condense(self, weights: np.ndarray, ahead: float) -> None:
        """Prepare the particles for a step with these weights of the time derivative [1/s].

        The second-order step is not monotone: a sphere that has just filled or emptied overshoots
        by a little of its error, and passes nothing until it is back. A step that adds more than
        ``OVERSHOOT`` to that is refused.
        """
        self.weights = weights
        for p in self.populations:
            p.condense(weights, ahead)
            worst, beyond = p.spheres.overshoot(OVERSHOOT, OVERSHOT)
            if not beyond <= 0:
                where = self.place(p.kinetics.cells[worst])
                raise SolverError(
                    f"the surface of {p.name} in the {p.electrode} electrode goes to x = "
                    f"{p.spheres.a[worst]:.7f} at {where} without any current"
                )

    def assemble(
        self, now: Unknowns, past: Unknowns, drive: Drive
    ) -> tuple[np.ndarray, np.ndarray]:
        """Residuals of cells [A] and of what is imposed, and the Jacobian of both into the linear
        solver.

        Parameters
        ----------
        now : Unknowns
        past : Unknowns
            What the past adds to their time derivative in the step that is prepared [1/s].
        drive : Drive

        Returns
        -------
        (cells, 3) array, (voltages,) array
        """
        (u, voltage), layout, system = now, self.layout, self._system
        equations.electrolyte_properties(u, self.salt, layout.efficiency, self.properties)
        equations.transport(
            now, self.weights[0], past, self.counted, layout, self.properties, system
        )
        if self.expansion is not None:
            self.expansion.convect(now, system)
        for p in self.populations:
            failed = equations.react(
                u, self.foil_potential(p.electrode, voltage), p.is_positive,
                p.spheres.a, p.spheres.b, p.hysteresis, p.x, p.j, p.slopes, p.kinetics, system,
            )  # fmt: skip
            if failed >= 0:
                where = self.place(p.kinetics.cells[failed])
                raise SolverError(
                    f"no surface state for {p.name} in the {p.electrode} electrode at {where}"
                )
        for side, foil in self.foils.items():
            failed = equations.plate(
                u, self.foil_potential(side, voltage), foil.current, foil.state, foil.slopes,
                foil.metal, self.salt, self.properties, side == "positive", system,
            )  # fmt: skip
            if failed >= 0:
                raise SolverError(
                    f"no current at the {side} lithium at {self.place(foil.metal.cells[failed])}"
                )
        return self._residual, self._impose(u, voltage, drive)

    def _impose(self, u, voltage, drive):
        """Rows and corners of what is imposed - a current or a power through each positive foil, or
        its voltage - into the linear solver; returns its residual (voltages,).
        """
        out, asked, by_voltage = self._out(u), drive.of_each(self.voltages), 0.0
        if "positive" in self.foils:
            foil = self.foils["positive"]
            by_cell = -foil.metal.area[:, None] * foil.slopes
            by_voltage = by_cell[:, 2].sum()
            place, by_cell = (foil.metal.cells[:, None], [C, E]), by_cell[:, :2]
        else:
            place, by_cell = (self.layout.positive_cells, S), self.layout.positive_foil
        if drive.mode == "current":
            self._row[place], corner, imposed = by_cell, by_voltage, out - asked * self.area
        elif drive.mode == "voltage":
            self._row[place], corner, imposed = 0.0, 1.0, voltage - asked
        else:
            self._row[place], corner = voltage * by_cell, out + voltage * by_voltage
            imposed = voltage * out - asked * self.area
        self.multigrid.corner[:] = corner
        return imposed

    def _follow(self, u, voltage, change, shift):
        """Let the reactions follow a correction, of which ``u`` and ``voltage`` are the result,
        along their tangents.

        What leaves the particles then is what the electrolyte and the solid took in the linear
        system, so lithium and salt are conserved as exactly as its lines were solved. Returns the
        largest move of a surface, or of the salt at a foil, over what was there [-].
        """
        moves = [
            equations.follow(
                change, self.foil_potential(p.electrode, shift),
                p.kinetics.cells, p.spheres.b, p.slopes, p.x, p.j,
            )
            for p in self.populations
        ]  # fmt: skip
        if self.foils:
            self.activity(u)
        for side, foil in self.foils.items():
            potential, moved = (self.foil_potential(side, each) for each in (voltage, shift))
            moves.append(
                equations.follow_plate(
                    u, potential, change, moved, foil.current, foil.state, foil.slopes,
                    foil.metal, self.salt, self.properties,
                )
            )  # fmt: skip
        return max(moves, default=0.0)

    def _conserves(self, totals, u, voltage):
        """Whether salt and charge are conserved: what all cells lose adds up to nothing, to a part
        in 10^9 of the current or of 1 % of 1C, and so does what passes each plane, to a tenth of
        what a run may miss; and neither to more than ``LASTING`` in a step of many days. The salt
        that is stored, and the charge of double layers, are told from what was by their last digits
        alone where a step is short.
        """
        scale, new = self.passed(u), abs(self.weights[0])
        lasting = LASTING * 3600.0 * self.cell.one_c * new
        potentials = np.abs(u[:, S]) + np.abs(u[:, E]) + np.abs(self._lift(voltage))
        charge = self.layout.capacitance @ potentials
        held = np.array([FARADAY * (self.layout.pore @ u[:, C]) + charge, charge, charge])
        allowed = min(1e-9 * scale, lasting) * self.area + DIGITS * new * held
        if not np.all(np.abs(totals) < allowed):
            return False
        return bool(np.abs(self.charge_imbalance(u)).max() < min(0.1 * CHARGE * scale, lasting))

    def _totals(self, u, voltage, past):
        """Sums over all cells of the residuals of salt and of charge in the electrolyte and the
        solid (3,) [A].
        """
        layout, rate = self.layout, self.weights[0]
        change = rate * u + past.u
        drop = change[:, S] - change[:, E] + self._lift(rate * voltage + past.voltage)
        reaction = layout.capacitance @ drop
        reaction += sum(float(p.kinetics.surface @ p.j) for p in self.populations)
        into_foils = layout.negative_foil @ u[layout.negative_cells, S]
        into_foils += layout.positive_foil @ u[layout.positive_cells, S]
        electrolyte = -reaction - sum(foil.total for foil in self.foils.values())
        salt = FARADAY * layout.pore @ change[:, C] + electrolyte
        if self.expansion is not None:
            salt += self.expansion.total(u[:, C])
        return np.array([salt, electrolyte, reaction + into_foils])

    def used_up(self, u: np.ndarray, x: Sequence[np.ndarray], discharging: Sequence[bool]) -> str:
        """What is used up and where, in words; empty where there is enough of everything.

        Parameters
        ----------
        u : (cells, 3) array
            As in :class:`~rampore.p4d.equations.Unknowns`.
        x : sequence of (count,) arrays
            Surface stoichiometries of each population [-].
        discharging : (voltages,) sequence of bool
            Whether lithium leaves the negative electrode, of each voltage.
        """

        def least(shares, cells, what):
            n = int(np.argmin(shares))
            return float(shares[n]), int(cells[n]), what

        pores, initial = np.flatnonzero(self.layout.pore), self.cell.concentration
        left = [least(u[pores, C] / initial, pores, "the salt is used up")]
        for side, foil in self.foils.items():
            at_face = foil.state[:, 0] / initial
            left.append(
                least(at_face, foil.metal.cells, f"the salt at the {side} lithium is used up")
            )
        for p, surface in zip(self.populations, x, strict=True):
            of_voltage = -1 if p.electrode.startswith(BACK) else 0
            empties = bool(discharging[of_voltage]) != p.is_positive
            sites = surface if empties else 1.0 - surface
            end = f"{p.name} in the {p.electrode} electrode is {'empty' if empties else 'full'}"
            left.append(least(sites, p.kinetics.cells, end))
        share, cell, what = min(left)
        return f"{what} at {self.place(cell)}" if share < USED_UP else ""

    def place(self, cell: int) -> str:
        """Where a cell lies, in words."""
        i, j, k = np.unravel_index(cell, self.grid.shape)
        middle = [
            0.5 * (edges[n] + edges[n + 1]) * 1e6
            for edges, n in zip(self.grid[:3], (i, j, k), strict=True)
        ]
        return f"z = {middle[2]:.1f} um" + (
            f", x = {middle[0]:.1f} um, y = {middle[1]:.1f} um"
            if max(self.grid.shape[:2]) > 1
            else ""
        )

    def newton(
        self,
        guess: Unknowns,
        past: Unknowns,
        drive: Drive,
        tolerance: float,
        linear_tolerance: float = 1e-3,
        maximum: int = 20,
    ) -> Unknowns:
        """Solve one implicit step from a guess; the answer conserves salt and charge.

        Parameters
        ----------
        guess : Unknowns
            Not changed.
        past, drive
            As in :meth:`assemble`.
        tolerance : float
            Error of c over the initial concentration and of the potentials, as the last two changes
            let expect [-, V].
        linear_tolerance : float
            Relative residual of the linear systems [-].
        maximum : int
            Iterations at most.

        Raises
        ------
        SolverError
            It does not converge, or a particle has no admissible surface state.
        """
        u, voltage = guess.u.copy(), guess.voltage.copy()
        shape = (*self.grid.shape, 3)
        size = np.inf
        for _ in range(maximum):
            right, imposed = self.assemble(Unknowns(u, voltage), past, drive)
            if size <= tolerance and self._conserves(right.sum(axis=0), u, voltage):
                return Unknowns(u, voltage)
            self.multigrid.prepare()
            np.negative(right, out=right)
            change, border = self.multigrid.solve(right.reshape(shape), -imposed, linear_tolerance)
            change, last = change.reshape(-1, 3), size
            cell, size, potential = equations.largest(change, self.cell.concentration)
            jump = float(np.abs(border).max())
            size = max(size, jump)
            if not np.isfinite(size):
                raise SolverError(f"Newton's iteration broke down at {self.place(cell)}")
            contraction = size / (last - size) if size < last < np.inf else 1.0
            damping = min(1.0, 0.5 / max(potential, jump, 1e-300))
            moved = equations.correct(u, change, damping)
            voltage += damping * border
            # where this does not end the iteration it is a guess for the reactions
            if damping < 1.0:
                change *= damping
            moved = max(moved, self._follow(u, voltage, change, damping * border))
            if size * min(1.0, contraction) <= tolerance and damping == 1.0 and moved <= TANGENT:
                totals = self._totals(u, voltage, past)
                if self._conserves(totals, u, voltage):
                    return Unknowns(u, voltage)
        where = self.place(cell)
        raise SolverError(
            f"Newton's iteration still moves by {size:.1e} after {maximum} steps, most at {where}"
        )
