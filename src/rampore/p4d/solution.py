"""What a run gives: voltage and its parts in time, fields at chosen times, and how well it
conserves.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.constants import FARADAY
from rampore.p4d.cell import BACK, Cell
from rampore.p4d.checkpoint import Checkpoint, RunRecord, Tape
from rampore.p4d.equations import C, E, S
from rampore.p4d.errors import CellError, SolverError
from rampore.p4d.expansion import SERIES as SWELLING
from rampore.p4d.faces import SERIES, FaceRecorder
from rampore.p4d.grid import (
    BACK_HOLE,
    HOLE,
    NEGATIVE,
    POSITIVE,
    POSITIVE_HOLE,
    SEPARATOR,
    Grid,
)
from rampore.p4d.heat import HeatMeter
from rampore.p4d.model import CHARGE, Mesh, Model
from rampore.p4d.parts import Cause, Part
from rampore.p4d.time import Integrator, State, Step, TimeCourse, Tolerances
from rampore.structure.openings import SIDES

if TYPE_CHECKING:
    import xarray

LAYERS = {
    "hole": HOLE,
    "negative": NEGATIVE,
    "separator": SEPARATOR,
    "positive": POSITIVE,
    "positive hole": POSITIVE_HOLE,
}
LAYERS |= {BACK + name: BACK_HOLE + number for name, number in LAYERS.items()}
#: largest admissible drift of lithium and salt over what there is at the start [-]
CONSERVED = 1e-8


class Conservation(NamedTuple):
    """Largest drifts and imbalances of a run."""

    lithium: (
        #: in solids, electrolyte and foils of lithium, over that in the solids (else: salt) at the
        #: start [-]
        float
    )
    salt: float  #: over that at the start [-]
    #: current through any plane of z less the current through the cell, over it or 1 % of 1C [-]
    charge: float


class PlatingMargin(NamedTuple):
    """The least of phi_s - phi_e over the negative electrode: lithium may be plated below 0 V."""

    value: float  #: [V]
    time: float  #: [s]
    x: float  #: of the box where it is [m]
    y: float  #: [m]
    z: float  #: [m]


class Solution(NamedTuple):
    """A run."""

    dataset: object  #: xarray.Dataset: series over ``time``, fields over ``field_time``, x, y, z
    ends: tuple[str, ...]  #: what ended each step of the protocol
    conservation: Conservation
    #: of time steps, of steps that were rejected for their error, of steps that failed
    counts: dict[str, int]
    one_c: float  #: current density that is called 1C [A/m2]
    #: what was used up, where and when, of each step that ended "exhausted"; "" of the others
    exhausted: tuple[str, ...]

    @property
    def capacity(self) -> float:
        """Charge that the cell gave [C/m2]."""
        return float(self.dataset.capacity[-1])

    @property
    def heat(self) -> dict[str, float]:
        """Heat by its cause since the start [J/m2]."""
        data = self.dataset
        rate, jump = data.heat.values, data.jump.values[1:, None] > 0
        mean = np.where(jump, rate[1:], 0.5 * (rate[1:] + rate[:-1]))
        passed = np.diff(data.time.values) @ mean
        return dict(zip(data.heat_part.values.tolist(), passed.tolist(), strict=True))

    def plating_margin(self, step: int | None = None) -> PlatingMargin:
        """The least margin against plating of lithium, where and when.

        Parameters
        ----------
        step : int, optional
            Of the protocol; by default of the whole run.

        Raises
        ------
        CellError
            The negative side is a foil of lithium, or nothing reacts in it.
        """
        data = self.dataset if step is None else self.step(step)
        if "plating_margin" not in data:
            raise CellError("a plating margin takes a negative electrode with active material")
        least = data.isel(time=int(np.argmin(data.plating_margin.values)))
        return PlatingMargin(
            float(least.plating_margin),
            float(least.time),
            *(float(least[f"plating_{axis}"]) for axis in "xyz"),
        )

    def step(self, number: int) -> "xarray.Dataset":
        """The series of one step of the protocol, from the state that it starts from."""
        of_step = np.flatnonzero(self.dataset.step.values == number)
        if of_step.size and number > 0:
            of_step = np.append(of_step[0] - 1, of_step)
        return self.dataset.isel(time=of_step)


def simulate(
    cell: Cell,
    protocol: Sequence[Step],
    mesh: Mesh | None = None,
    tolerances: Tolerances | None = None,
    field_times: Sequence[float] = (),
    progress: Callable | None = None,
    sides: tuple[float, float] | None = None,
    grid: Grid | None = None,
    since: Checkpoint | None = None,
    on_checkpoint: Callable[[Checkpoint], object] | None = None,
) -> Solution:
    """Run a protocol on a cell from its initial state, or from where an earlier run of it stood.

    Parameters
    ----------
    cell : Cell
    protocol : sequence of Step
    mesh : Mesh, optional
    tolerances : Tolerances, optional
    field_times : sequence of float
        Times that are met exactly and whose fields are kept, besides those of the start and the end
        of each step [s].
    progress : callable, optional
        Called with every :class:`~rampore.p4d.time.State`; an unknown that a box does not have is
        not a number in it. What it raises ends the run.
    sides : (float, float), optional
        Width of the unit cell where there is no perforation [m].
    grid : rampore.p4d.grid.Grid, optional
        A mesh of one's own, in place of the one that the cell's geometry and ``mesh`` make.
    since : Checkpoint, optional
        Where an earlier run of the same cell, protocol, mesh and tolerances stood; what this one
        gives, from the start of that one on, is what it had given undisturbed.
    on_checkpoint : callable, optional
        Called with where the run stands after every accepted state within a step of the protocol,
        and after every step; it is kept for nothing, and outlives an interruption.

    Raises
    ------
    CellError
        A field time makes no sense, or ``since`` is of another cell, protocol or mesh.
    SolverError
        The solution cannot be continued, though nothing is used up, or does not conserve lithium,
        salt or charge.

    Notes
    -----
    A step whose current can flow no longer ends "exhausted", and the next one goes on from there:
    surfaces that are full or empty, or salt that is used up, pass what is asked of them at no
    voltage, or at one that falls to its cut-off in less time than can be told apart.

    A step whose current alone takes the voltage beyond its cut-off ends "voltage at once": no
    charge passes, and its last voltage is the one that the cell has as current begins to flow; or
    the cut-off, with the current that flows there, where what is imposed would take so much more
    that no iteration finds it.
    """
    quantity("field_times", np.asarray(field_times, float), CellError, at_least=0, unit="s")
    model = Model(cell, mesh or Mesh(), sides, grid)
    recorder = _Recorder(model, field_times)

    def on_state(state):
        recorder.take(state)
        if progress is not None:
            progress(state._replace(u=np.where(model.layout.absent, np.nan, state.u)))

    ends, exhausted = [], []

    def on_walk(standing):
        if on_checkpoint is not None:
            where = recorder.step, tuple(ends), tuple(exhausted)
            on_checkpoint(Checkpoint(*where, standing, recorder.record()))

    standing, first = (None, 0) if since is None else (since.standing, since.step)
    integrator = Integrator(model, tolerances or Tolerances(), on_state, standing)
    if since is None:
        recorder.take_fields(integrator.state)
    else:
        recorder.take_up(since.record, integrator.state)
        ends, exhausted = list(since.ends), list(since.exhausted)
    for number, step in enumerate(protocol):
        if number < first:
            continue
        recorder.step = number
        walk = standing.walk if standing is not None and number == first else None
        ends.append(integrator.run(step, field_times, walk, on_walk))
        exhausted.append(integrator.exhausted)
        recorder.take_fields(integrator.state)
        recorder.step += 1
        on_walk(integrator.standing())
    conservation = recorder.conservation()
    for name, allowed in (("lithium", CONSERVED), ("salt", CONSERVED), ("charge", CHARGE)):
        if not getattr(conservation, name) <= allowed:
            raise SolverError(
                f"{name} is conserved to {getattr(conservation, name):.1e} only, not to "
                f"{allowed:.0e}"
            )
    return Solution(
        recorder.dataset(),
        tuple(ends),
        conservation,
        integrator.counts,
        cell.one_c,
        tuple(exhausted),
    )


class _Recorder:
    """Collects what a run gives, state by state."""

    def __init__(self, model, field_times):
        self.model, self.field_times = model, np.asarray(field_times, float)
        layout = model.layout
        self._series, self._balance, self._fields = [], [], []
        self._parts: dict[str, list[Part]] = {}  # which the columns of ``parts`` are of
        self._heat = HeatMeter(model)
        self.step = 0  # of the protocol
        self._layer = np.broadcast_to(model.grid.layer, model.grid.shape).ravel()
        self._weights, self._places = {}, {}
        for side in model.cell.electrodes:
            numbered = [(n, p) for n, p in enumerate(model.populations) if p.electrode == side]
            members = [p for _, p in numbered]
            total = sum(p.capacity.sum() for p in members)
            self._weights[side] = [(n, p, p.capacity / total) for n, p in numbered]
            where = np.flatnonzero(self._layer == LAYERS[side])
            where = np.concatenate([p.kinetics.cells for p in members]) if members else where
            weight = (
                np.concatenate([p.capacity for p in members]) if members else layout.pore[where]
            )
            self._places[side] = (where, weight / weight.sum() if where.size else weight)
        reacting = [p.kinetics.cells for p in model.populations if not p.is_positive]
        #: boxes of the negative electrodes in which lithium may be plated
        self._platable = np.unique(np.concatenate(reacting)) if reacting else np.zeros(0, int)
        self._wet = np.flatnonzero(layout.pore)
        self._held = [p.capacity.sum() / FARADAY for p in model.populations]  # when full [mol]
        self._shares = [p.capacity / p.capacity.sum() for p in model.populations]
        self._capacitive = layout.capacitance > 0
        # charge that the foils of lithium gave off, now and one step before [C]
        self._metal = (0.0, 0.0)
        self._turned = 0.0  # lithium that dissolved or was plated on them [mol]
        self._of_faces = FaceRecorder(model) if model.cell.back is not None else None

    def record(self) -> RunRecord:
        """All that was taken down until now."""
        tapes = (Tape(rows, len(rows)) for rows in (self._series, self._balance, self._fields))
        memory = {
            "start": (self._salt_0, self._lithium_0, self._held_0),
            "metal": self._metal,
            "turned": self._turned,
        }
        if self._of_faces is not None:
            memory |= self._of_faces.memory()
        return RunRecord(*tapes, memory)

    def take_up(self, record: RunRecord, state: State) -> None:
        """Go on from what was taken down up to a state."""
        self._series, self._balance, self._fields = (
            tape.rows[: tape.length] for tape in record[:3]
        )
        memory = record.memory
        self._salt_0, self._lithium_0, self._held_0 = memory["start"]
        self._metal, self._turned = memory["metal"], memory["turned"]
        if self._of_faces is not None:
            self._of_faces.take_up(memory)
        self._parts_of(state)

    def take(self, state: State):
        u = self.model.against_negative_foil(state.unknowns)
        salt, c = float(self.model.pore @ state.u[:, C]), state.u[self._wet, C]
        if (expansion := self.model.expansion) is not None:
            salt += expansion.reservoir.salt
        means = self._means()
        solid = sum(held * mean for held, mean in zip(self._held, means, strict=True))
        charged = self.model.layout.capacitance * (u[:, S] - u[:, E])
        # the cations of the double layer
        solid -= float(np.sum(charged[self._capacitive])) / FARADAY
        imbalance = 0.0
        if not self._series:
            self._salt_0, self._lithium_0 = salt, salt + solid
            self._held_0 = solid if self.model.populations else salt
        else:
            if self.model.foils:  # by the same rule in time as everything else
                rate = sum(foil.total for foil in self.model.foils.values())
                new, last, before = self.model.weights
                self._metal = (
                    (rate - last * self._metal[0] - before * self._metal[1]) / new,
                    self._metal[0],
                )
                turned = sum(abs(foil.total) for foil in self.model.foils.values())
                self._turned += turned * state.step / FARADAY
            solid -= self._metal[0] / FARADAY
            loss = self.model.charge_imbalance(state.u) / self.model.passed(state.u)
            imbalance = float(np.abs(loss).max())
        lost = abs(salt + solid - self._lithium_0) / (self._held_0 + self._turned)
        self._balance.append(
            {"lithium": lost, "salt": abs(salt / self._salt_0 - 1), "charge": imbalance}
        )
        faces = {}
        if self._of_faces is not None:
            faces = self._of_faces.take(state, u) | {"voltage_back": float(state.voltages[-1])}
            drift = faces.pop("drift") / self._held_0
            self._balance.append({"lithium": drift, "salt": 0.0, "charge": 0.0})
        before = self._series[-1] if self._series else None
        passed = 0.0
        if before is not None:
            mean = state.current if state.jumped else 0.5 * (before["current"] + state.current)
            passed = before["capacity"] + mean * state.step
        self._series.append(
            {
                "time": state.time,
                "step": self.step,
                "jump": state.jumped,
                "voltage": state.voltage,
                "current": state.current,
                "capacity": passed,
                "c_min": c.min(),
                "c_max": c.max(),
                "lithium": (salt + solid) / self.model.area,
                "salt": salt / self.model.area,
                **self._parts_of(state),
                **faces,
                **self._least_margin(u),
                **({} if expansion is None else expansion.series()),
                **{
                    f"mean {p.electrode} {p.name}": mean
                    for p, mean in zip(self.model.populations, means, strict=True)
                },
            }
        )
        if np.any(np.abs(state.time - self.field_times) <= 1e-9 + 1e-12 * state.time):
            self.take_fields(state)

    def _means(self):
        """Mean stoichiometries of each population [-]."""
        return [
            float(share @ p.spheres.mean)
            for p, share in zip(self.model.populations, self._shares, strict=True)
        ]

    def _parts_of(self, state):
        """Contributions to the voltage of each face [V] and to the heat [W/m2], in the order of
        ``_parts``.
        """
        means, heat = self._means(), self._heat.read(state)
        self._parts["heat"] = list(heat)
        values = {"heat": np.array(list(heat.values()))}
        state = state._replace(u=self.model.against_negative_foil(state.unknowns))
        for name in ("parts", *(["parts_back"] if self._of_faces is not None else [])):
            parts = self.parts(state, means, back=name == "parts_back")
            self._parts[name] = list(parts)
            values[name] = np.array(list(parts.values()))
        return values

    def _least_margin(self, u):
        """The least of phi_s - phi_e in the negative electrode [V], and the number of its box; no
        such entries where there is no electrode.
        """
        if not self._platable.size:
            return {}
        margin = u[self._platable, S] - u[self._platable, E]
        least = int(np.argmin(margin))
        return {"plating": float(margin[least]), "plating_box": int(self._platable[least])}

    def parts(self, state: State, means: Sequence[float], back: bool = False) -> dict[Part, float]:
        """Contributions to the voltage across one face, averaged over its electrodes by capacity;
        they sum to it exactly [V]. All potentials of ``state`` are against the negative foil;
        ``means`` are the mean stoichiometries of each population [-].
        """
        model, u = self.model, state.u
        g = model.activity(u)
        parts, solid = {}, {}
        electrolyte = diffusion = 0.0
        electrodes = [(BACK if back else "") + side for side in SIDES]
        for side, sign in zip(electrodes, (-1.0, 1.0), strict=True):
            if side in model.foils:
                _, at_face, g_face, kinetic = model.foils[side].mean_state()
                parts[Part(Cause.KINETICS, side, "lithium")] = sign * kinetic
                electrolyte += sign * at_face
                diffusion += sign * g_face
                continue
            for n, p, weight in self._weights[side]:
                cells = p.kinetics.cells
                drop = u[cells, S] - u[cells, E]
                surface = p.open_circuit(p.x)
                open_circuit = p.open_circuit(np.full(cells.size, means[n]))
                for cause, potential in (
                    (Cause.OPEN_CIRCUIT, open_circuit),
                    (Cause.SOLID_DIFFUSION, surface - open_circuit),
                    (Cause.KINETICS, drop - surface),
                ):
                    parts[Part(cause, side, p.name)] = sign * float(weight @ potential)
            cells, weight = self._places[side]
            if not self._weights[side]:
                drop = u[cells, S] - u[cells, E]
                parts[Part(Cause.DOUBLE_LAYER, side)] = sign * float(weight @ drop)
            electrolyte += sign * float(weight @ u[cells, E])
            diffusion += sign * float(weight @ g[cells])
            solid[side] = sign * float(weight @ u[cells, S])
        parts[Part(Cause.SALT_DIFFUSION)] = diffusion
        parts[Part(Cause.SALT_OHMIC)] = electrolyte - diffusion
        for side, sign in zip(electrodes, (-1.0, 1.0), strict=True):
            foil = model.foil_potential(side, state.voltages)
            drop = model.contact_drop(u, state.voltages, side)
            parts[Part(Cause.CONTACT, side)] = -sign * drop
            if side in solid:
                parts[Part(Cause.SOLID, side)] = sign * (foil + drop) - solid[side]
        return parts

    def take_fields(self, state: State):
        if self._fields and self._fields[-1]["time"] == state.time:
            return
        shape = self.model.grid.shape
        u = self.model.against_negative_foil(state.unknowns)
        u = np.where(self.model.layout.absent, np.nan, u).reshape(*shape, 3)
        fields = {"time": state.time, "c_e": u[..., C], "phi_e": u[..., E], "phi_s": u[..., S]}
        for p in self.model.populations:
            for name, values in (
                ("surface stoichiometry", p.x),
                ("mean stoichiometry", p.spheres.mean),
                ("current density", p.j),
            ):
                full = np.full(np.prod(shape), np.nan)
                full[p.kinetics.cells] = values
                fields[f"{name}, {p.electrode} {p.name}"] = full.reshape(shape)
        if self.model.expansion is not None:
            wet = self.model.pore > 0
            porosity = np.where(wet, self.model.expansion.now.porosity, np.nan)
            fields["porosity"] = porosity.reshape(shape)
            with np.errstate(invalid="ignore"):
                pore = self.model.pore.reshape(shape) / self.model.grid.volume
            fields["electrolyte_per_given_volume"] = np.where(wet.reshape(shape), pore, np.nan)
        self._fields.append(fields)

    def conservation(self):
        return Conservation(
            *(float(max(row[name] for row in self._balance)) for name in Conservation._fields)
        )

    def _plating(self):
        """Series of the least margin against plating, and of where it is."""
        margins, boxes = (
            [entry[name] for entry in self._series] for name in ("plating", "plating_box")
        )
        meaning = "least phi_s - phi_e in the negative electrode; lithium may be plated below 0"
        data = {"plating_margin": ("time", np.array(margins), {"units": "V", "long_name": meaning})}
        for axis, centres in zip("xyz", self.model.grid.centres(), strict=True):
            values = centres.ravel()[boxes]
            meaning = f"{axis} of the box with the least phi_s - phi_e"
            data[f"plating_{axis}"] = ("time", values, {"units": "m", "long_name": meaning})
        return data

    def dataset(self):
        import xarray as xr

        grid, cell = self.model.grid, self.model.cell

        def series(name, unit, meaning):
            values = np.array([entry[name] for entry in self._series])
            return ("time", values, {"units": unit, "long_name": meaning})

        data = {
            "voltage": series("voltage", "V", "voltage of the cell"),
            "current_density": series(
                "current", "A/m2", "current per area of the cell, positive on discharge"
            ),
            "capacity": series("capacity", "C/m2", "charge that the cell gave, per area"),
            "c_e_min": series("c_min", "mol/m3", "lowest salt concentration"),
            "c_e_max": series("c_max", "mol/m3", "highest salt concentration"),
            "step": series("step", "1", "step of the protocol that led here"),
            "jump": (
                "time",
                np.array([entry["jump"] for entry in self._series], int),
                {"units": "1", "long_name": "whether what is imposed jumped at the state before"},
            ),
            "total_lithium": series(
                "lithium",
                "mol/m2",
                "lithium in solids, electrolyte, double layers and foils of it, per area",
            ),
            "total_salt": series("salt", "mol/m2", "salt, per area"),
        }
        for p in self.model.populations:
            name, electrode = f"mean {p.electrode} {p.name}", p.electrode.replace(" ", "_")
            data[f"stoichiometry_{electrode}_{p.name}"] = series(
                name, "1", f"mean stoichiometry of {p.name}"
            )
        if self._platable.size:
            data |= self._plating()
        if self._of_faces is not None:
            data["voltage_back"] = series("voltage_back", "V", "voltage across the back")
            data |= {name: series(name, *meant) for name, meant in SERIES.items()}
            data["parts_back"] = (
                ("time", "part_back"),
                np.array([entry["parts_back"] for entry in self._series]),
                {"units": "V", "long_name": "the same across the back"},
            )
        if self.model.expansion is not None:
            data |= {name: series(name, *SWELLING[name]) for name in self.model.expansion.series()}
        parts = self._parts["parts"]
        data["parts"] = (
            ("time", "part"),
            np.array([entry["parts"] for entry in self._series]),
            {"units": "V", "long_name": "contributions to the voltage, which sum to it"},
        )
        data["heat"] = (
            ("time", "heat_part"),
            np.array([entry["heat"] for entry in self._series]),
            {
                "units": "W/m2",
                "long_name": "heat by its cause, per area of the cell",
                "without_entropy": ", ".join(self._heat.without_entropy),
            },
        )
        units = {"c_e": "mol/m3", "phi_e": "V", "phi_s": "V", "current density": "A/m2"}
        for name in self._fields[0]:
            if name != "time":
                values = np.stack([fields[name] for fields in self._fields])
                unit = units.get(name.partition(",")[0], "1")
                key = name.replace(", ", "_").replace(" ", "_")
                data[key] = (
                    ("field_time", "x", "y", "z"),
                    values,
                    {"units": unit, "long_name": name},
                )
        middle = [0.5 * (edges[1:] + edges[:-1]) for edges in (grid.x, grid.y, grid.z)]
        edges = {
            f"{axis}_edge": (f"{axis}_edge", getattr(grid, axis), {"units": "m"}) for axis in "xyz"
        }
        names = {number: name for name, number in LAYERS.items()}
        if self._of_faces is not None:
            labels = [part.label for part in self._parts["parts_back"]]
            edges["part_back"] = ("part_back", labels)
        return xr.Dataset(
            data,
            {
                "time": ("time", [entry["time"] for entry in self._series], {"units": "s"}),
                "part": [part.label for part in parts],
                "heat_part": [part.label for part in self._parts["heat"]],
                **{
                    name: ("part", [str(getattr(part, name)) for part in parts])
                    for name in Part._fields
                },
                "field_time": (
                    "field_time",
                    [fields["time"] for fields in self._fields],
                    {"units": "s"},
                ),
                "x": ("x", middle[0], {"units": "m"}),
                "y": ("y", middle[1], {"units": "m"}),
                "z": ("z", middle[2], {"units": "m"}),
                "layer": ("z", [names[number] for number in grid.layer]),
                "volume": (("x", "y", "z"), grid.volume, {"units": "m3"}),
                **edges,
            },
            {"one_c_A_per_m2": cell.one_c, "unit_cell_area_m2": grid.area},
        )


__all__ = [
    "Cause",
    "Checkpoint",
    "Conservation",
    "Mesh",
    "Part",
    "PlatingMargin",
    "Solution",
    "Step",
    "TimeCourse",
    "Tolerances",
    "simulate",
]
