"""``rampore simulate``: a protocol in sentences on a cell from a BPX file, with its tables, its
partner without a structure and a measured curve beside it.

A run stands in the folder as soon as it is complete: ``NAME.bdf.csv`` (Battery Data Format),
``NAME.heat.csv``, ``NAME.nc``, for ParaView ``NAME_0.vtr`` and so on, and ``NAME.json``; figure and
``summary.json`` are of all that do. One that stands there already, of the same inputs, is not run
again. What a run that was broken off has given is kept in ``NAME.unfinished.bdf.csv``, and where it
stands in ``NAME.unfinished.state``: the same call goes on from there, and gives what it had given
undisturbed.
"""

import argparse
import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

import rampore
from rampore import experiment, storage
from rampore.commands import cells
from rampore.commands.discharge import faces, plating, swelling, write_paraview
from rampore.commands.files import table, together
from rampore.cycler import (
    CyclerError,
    CyclerSeries,
    MeasuredCurve,
    battery_data,
    misfit,
    read_measured,
)
from rampore.experiment import ExperimentError, Sentence
from rampore.expressions import Expression
from rampore.kernels import announced
from rampore.materials import ExchangeCurrent
from rampore.p4d import bpx, partners, solution
from rampore.p4d.cell import Cell, Electrode, Lithium, bruggeman
from rampore.p4d.checkpoint import Checkpoint
from rampore.p4d.errors import CellError
from rampore.p4d.grid import Grid
from rampore.p4d.solution import Mesh, Solution
from rampore.p4d.time import State, Step
from rampore.simple import CELL_SECONDS, HOUR
from rampore.structure import Structure
from rampore.structure import files as structures
from rampore.units import to_si
from rampore.untrusted import text

Say = Callable[[str], object]

#: What stands for the rate in a protocol that is run at several.
RATE = "{rate}"
#: Of lithium metal at 1 mol/L, Xu et al., J. Electrochem. Soc. 166 (2019) A3456 [A/m2].
LITHIUM = 70.6
SALT_EXPONENT = 0.3  #: of its exchange current [-]
PATIENCE = 5.0  #: between two lines of progress [s]
KEPT = 60.0  #: between two writings of where a run stands [s]
BARE, COARSE = "-bare", "-coarse"  #: what the names of the partners and of the coarse runs end in


class ProtocolPlan(NamedTuple):
    """One run."""

    name: str  #: of its files
    cell: Cell
    sentences: tuple[Sentence, ...]
    steps: list[Step]
    mesh: Mesh
    grid: Grid | None  #: where it is not the mesh's own
    fields_at: tuple[float, ...]  #: times at which fields are kept [s]
    #: whether the negative electrode stands against lithium, and voltages are its potential
    turned: bool
    follows_from: str  #: fingerprint of all that decides what it gives


class ProtocolOutcome(NamedTuple):
    """What a run gave."""

    summary: dict  #: plain numbers in named units
    series: CyclerSeries


def run(options: argparse.Namespace, say: Say = print) -> dict:
    """Do what the command line says; returns what ``summary.json`` holds.

    Parameters
    ----------
    options : argparse.Namespace
        Those of the subcommand, see ``rampore simulate --help``.
    say : callable
        Takes a line of progress.

    Raises
    ------
    CellError, ExperimentError, StructureError, CyclerError
        A file, a sentence or an option makes no sense, or has no effect.
    SolverError
        A run cannot be computed; what it gave until then is kept, as are those before it.
    """
    cell, area = _cell(options, say)
    plans = list(plans_of(options, cell, area, _protocols(options), _fingerprint(options)))
    measured = _measured(options.measured, plans, say)
    outcomes: dict[str, ProtocolOutcome] = {}
    summary: dict = {}
    with announced(CELL_SECONDS):
        for plan in plans:
            with together(options.output) as folder:
                outcome = _stored(plan, options.output)
                if outcome is None:
                    outcome = _computed(plan, area, options.output, folder, say)
                else:
                    say(f"{plan.name}: stands in {options.output} already")
                outcomes[plan.name] = outcome
                summary = summarise(plans, outcomes, measured)
                _write(summary, outcomes, measured, folder)
            for path in (_unfinished(options.output, plan), _standing(options.output, plan)):
                path.unlink(missing_ok=True)
    for line in told(summary, area):
        say(line)
    return summary


# What is to be run --------------------------------------------------------------------------------


def _cell(options, say):
    """The cell of the options, and the area of all its electrode pairs [m2]."""
    cell = cells.read_file(options.cell, say, options.soc, start_temperature(options))
    structure = None if options.structure is None else structures.read(options.structure)
    return set_up(cell, structure, options), area_of(bpx.load(options.cell))


def start_temperature(options: argparse.Namespace) -> float | None:
    """That of the options [K], none where the file's counts."""
    given = options.temperature
    return None if given is None else to_si(given, "degC", "K")


def set_up(cell: Cell, structure: Structure | None, options: argparse.Namespace) -> Cell:
    """A cell in its stack, as a half cell where that is asked for, and with its structure.

    Parameters
    ----------
    cell : Cell
        As its file has it.
    structure : Structure, optional
    options : argparse.Namespace
        ``sharing``, ``reservoir_um``, ``least_porosity``, ``half`` and ``against``.

    Raises
    ------
    CellError, StructureError
        An option has no effect, or the structure does not fit.
    """
    cell = cells.in_stack(cell, options, options.sharing)
    if options.half is not None:
        cell = _against_lithium(cell, options.half)
    if structure is not None or options.against is not None:
        cell = cell.with_electrodes(
            {name: _following(electrode) for name, electrode in cell.electrodes.items()}
        )
    if structure is not None:
        cell = cells.with_one_voltage(cell.with_structure(structure))
    return cell


def area_of(document: Mapping) -> float:
    """Of all electrode pairs of a cell [m2].

    Parameters
    ----------
    document : mapping
        As :func:`rampore.p4d.bpx.load` gives it.
    """
    sheet = document["Parameterisation"]["Cell"]
    area, pairs = (
        float(value) if not isinstance(value, str) else Expression(value).constant
        for value in (
            sheet["Electrode area [m2]"],
            sheet["Number of electrode pairs connected in parallel to make a cell"],
        )
    )
    return area * pairs


def _following(electrode):
    """An electrode whose transport efficiency follows its pores, by the exponent of Bruggeman's law
    that the one in the file stands for: else a partner with more pores would conduct no better.
    """
    if not isinstance(electrode, Electrode) or electrode.porosity == 1:
        return electrode
    efficiency = float(electrode.transport_efficiency(electrode.porosity))
    exponent = math.log(efficiency) / math.log(electrode.porosity)
    return replace(electrode, transport_efficiency=bruggeman(exponent))


def _against_lithium(cell, side):
    """The half cell of one electrode."""
    foil = Lithium(ExchangeCurrent(LITHIUM, salt=SALT_EXPONENT))
    if side == "negative":
        return replace(cell, positive=foil, contact_positive=0.0)
    return replace(cell, negative=foil, contact_negative=0.0, perforation=None)


def plans_of(
    options: argparse.Namespace,
    cell: Cell,
    area: float,
    protocols: Mapping[str, tuple[Sentence, ...]],
    inputs: str,
) -> Iterator[ProtocolPlan]:
    """The runs, the ones on the coarse mesh last.

    Parameters
    ----------
    options : argparse.Namespace
        ``layers``, ``columns``, ``half``, ``against`` and ``fields_at``.
    cell : Cell
    area : float
        Of all its electrode pairs [m2].
    protocols : mapping of str to tuple of Sentence
        By the names of the runs.
    inputs : str
        What the cell follows from.

    Raises
    ------
    CellError
        There is no partner to hold the cell against.
    """
    mesh = cells.mesh_of(cell, options)
    turned = options.half == "negative"
    meshes = {"": mesh}
    if options.against is not None:
        if not cell.has_pattern:
            raise CellError(
                f"--against {options.against} has no effect on a cell without holes and channels: "
                "give it some by --structure"
            )
        meshes[COARSE] = _halved(mesh)
    fields_at = tuple(options.fields_at or ())
    for ending, each in meshes.items():
        pairs: dict[str, tuple[Cell, Grid | None]] = {"": (cell, None)}
        if options.against is not None:
            pair = partners.pair(cell, each)
            pairs = {"": (cell, pair.structured_grid), BARE: (pair.plain, pair.plain_grid)}
        for name, sentences in protocols.items():
            steps = [sentence.step(cell, area) for sentence in sentences]
            if turned:
                steps = [_turned(step) for step in steps]
            for partner, (own, grid) in pairs.items():
                full = name + partner + ending
                says = f"{inputs} {full} {steps} {each} {fields_at}"
                digest = hashlib.sha256(says.encode()).hexdigest()
                yield ProtocolPlan(
                    full, own, sentences, steps, each, grid, fields_at, turned, digest
                )


def _protocols(options):
    """The sentences of each run by the name of its files."""
    words, folder = words_of(options.protocol)
    if (RATE in words) != (options.rates is not None):
        raise ExperimentError(
            f"the protocol has {RATE}: say which ones by --rates"
            if RATE in words
            else f"--rates has no effect on a protocol without {RATE}, as in 'Discharge at "
            f"{RATE}C until 2.5 V'"
        )
    if options.rates is None:
        return {"run": experiment.parse(words, folder)}
    names = [f"{rate:g}C" for rate in options.rates]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ExperimentError(f"--rates has {twice[0].removesuffix('C')} twice")
    return {
        name: experiment.parse(words.replace(RATE, repr(float(rate))), folder)
        for name, rate in zip(names, options.rates, strict=True)
    }


def words_of(protocol: str) -> tuple[str, str]:
    """The sentences that a protocol or its file holds, and where tables that it names lie."""
    if os.path.isfile(protocol):
        return text(protocol, ExperimentError), os.path.dirname(protocol)
    if " " not in protocol.strip():
        raise ExperimentError(
            f"{protocol!r} is neither a file nor a sentence, as 'Discharge at 1C until 2.5 V' is "
            "one"
        )
    return protocol, ""


def _halved(mesh):
    """Half the boxes in every direction."""

    def half(counts):
        return tuple(max(1, count // 2) for count in counts)

    return mesh._replace(
        layers=half(mesh.layers), columns=half(mesh.columns), hole_layers=mesh.hole_layers // 2
    )


def _turned(step):
    """What a step of the negative electrode against lithium is to the engine, for which lithium is
    the positive side: its voltage is minus the potential, and what lithiates charges.
    """
    if step.mode == "power":
        raise ExperimentError("a power is of a cell, or of the half cell of its positive electrode")
    until = None if step.until_voltage is None else -step.until_voltage
    course = step.course
    if course is not None:
        course = replace(course, values=tuple(0.0 - value for value in course.values))
    value = -step.value if step.value else 0.0
    return replace(step, value=value, until_voltage=until, course=course)


def _fingerprint(options):
    files = [options.cell]
    if options.structure is not None:
        voxels = structures.beside(structures.load(options.structure), options.structure.parent)
        files += [options.structure, *voxels]
    content = [hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in files]
    return json.dumps(
        [
            rampore.__version__,
            content,
            *(getattr(options, name) for name in ("soc", "temperature", "half")),
            *(getattr(options, name) for name in ("sharing", "reservoir_um", "least_porosity")),
        ]
    )


def _measured(files, plans, say) -> dict[str, MeasuredCurve]:
    """The measured curves, by the names of the runs that they are held against."""
    if files is None:
        return {}
    names = [plan.name for plan in plans if not plan.name.endswith((BARE, COARSE))]
    if len(files) != len(names):
        raise CyclerError(
            f"--measured has {len(files)} files for {len(names)} runs: give one for each, in the "
            "order of --rates"
        )
    curves = {}
    for name, file in zip(names, files, strict=True):
        curves[name] = read_measured(file)
        say(f"{name}: measured, {curves[name].understood}")
    return curves


# Running ------------------------------------------------------------------------------------------


class _Announced(list):
    """Steps that tell when each begins."""

    def __init__(self, steps: list[Step], begin: Callable[[int], object]) -> None:
        super().__init__(steps)
        self._begin = begin

    def __iter__(self) -> Iterator[Step]:
        for number, step in enumerate(super().__iter__()):
            self._begin(number)
            yield step


class _Watch:
    """What a run gave until now, and the lines that tell how it goes."""

    def __init__(self, plan: ProtocolPlan, output: Path, say: Say) -> None:
        self._plan, self._output, self._say, self._step = plan, output, say, 0
        self._rows: list[tuple[float, float, float, int, bool]] = []
        self.validity = cells.Validity(plan.cell)
        #: where it stands; None before it has moved
        self.checkpoint = self._taken_up()
        self._told = self._kept = time.monotonic()

    def _taken_up(self) -> Checkpoint | None:
        """Where an earlier run of the same plan was broken off."""
        try:
            head, _, content = _standing(self._output, self._plan).read_bytes().partition(b"\n")
            about = json.loads(head)
            if about["follows_from"] != self._plan.follows_from:
                return None
            checkpoint = Checkpoint.from_bytes(content)
            self.validity.take_up(about["spans"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        columns = checkpoint.record.series.columns()
        names = ("time", "voltage", "current", "step", "jump")
        self._rows = list(zip(*(columns[name].tolist() for name in names), strict=True))
        self._say(f"{self._plan.name}: goes on from {checkpoint.time:.6g} s")
        return checkpoint

    def stand(self, checkpoint: Checkpoint) -> None:
        """Remember where it stands, and write it from time to time."""
        self.checkpoint = checkpoint
        if time.monotonic() - self._kept > KEPT:
            self.keep()

    def keep(self) -> None:
        """Write where it stands."""
        if self.checkpoint is None:
            return
        about = {"follows_from": self._plan.follows_from, "spans": self.validity.spans}
        content = json.dumps(about).encode() + b"\n" + self.checkpoint.to_bytes()
        storage.write(_standing(self._output, self._plan), content)
        self._kept = time.monotonic()

    def begin(self, number: int) -> None:
        if self.checkpoint is not None and number < self.checkpoint.step:
            return
        self._step = number
        sentence = self._plan.sentences[number].text
        self._tell(f"step {number + 1} of {len(self._plan.steps)}: {sentence}")

    def __call__(self, state: State) -> None:
        self.validity(state)
        self._rows.append((state.time, state.voltage, state.current, self._step, state.jumped))
        if state.time > 0 and time.monotonic() - self._told > PATIENCE:
            self._tell("under way")

    def _tell(self, what: str) -> None:
        self._told = time.monotonic()
        now = self.series
        at = f"{now.time[-1]:.6g} s, {now.voltage[-1]:.4f} V, {now.current[-1]:.4g} A/m2"
        self._say(f"{self._plan.name}: {at}, {what}")

    @property
    def moved(self) -> bool:
        """Whether there is more than the state that it starts from."""
        return len(self._rows) > 1

    @property
    def series(self) -> CyclerSeries:
        """What it gave until now."""
        series = CyclerSeries(*(np.array(column) for column in zip(*self._rows, strict=True)))
        return series.turned() if self._plan.turned else series


def _computed(
    plan: ProtocolPlan, area: float, output: Path, folder: Path, say: Say
) -> ProtocolOutcome:
    """Run a plan, and write what it gave into a folder."""
    watch = _Watch(plan, output, say)
    protocol = _Announced(plan.steps, watch.begin)
    try:
        found = solution.simulate(
            plan.cell, protocol, plan.mesh, grid=plan.grid, field_times=plan.fields_at,
            progress=watch, since=watch.checkpoint, on_checkpoint=watch.stand,
        )  # fmt: skip
    except BaseException:
        _keep(watch, plan, area, output, say)
        raise
    series = watch.series
    summary = summarised(plan, found, series) | {"validity_left": watch.validity.left()}
    data = battery_data(series, area, plan.cell.temperature)
    (folder / f"{plan.name}.bdf.csv").write_text(_csv(data), encoding="utf-8")
    (folder / f"{plan.name}.nc").write_bytes(storage.netcdf(found.dataset))
    (folder / f"{plan.name}.heat.csv").write_text(_heat_table(found), encoding="utf-8")
    if plan.fields_at:
        write_paraview(found.dataset, folder, plan.name)
    (folder / f"{plan.name}.json").write_text(_json(summary), encoding="utf-8")
    return ProtocolOutcome(summary, series)


def _keep(watch, plan, area, output, say):
    """What a run gave until it was broken off."""
    if watch.moved:
        series = watch.series
        path = _unfinished(output, plan)
        storage.write(path, _csv(battery_data(series, area, plan.cell.temperature)))
        watch.keep()
        say(
            f"note: {plan.name} was broken off at {series.time[-1]:.6g} s; until then it is "
            f"{path}, and the same call goes on"
        )


def _unfinished(output, plan):
    return Path(output) / f"{plan.name}.unfinished.bdf.csv"


def _standing(output, plan):
    return Path(output) / f"{plan.name}.unfinished.state"


def _csv(data):
    return data.to_csv(index=False, float_format="%.10g", lineterminator="\n")


def _json(summary):
    return json.dumps(summary, indent=1, allow_nan=False) + "\n"


def _stored(plan: ProtocolPlan, output: Path) -> ProtocolOutcome | None:
    """What stands in the folder of an earlier run of the same plan."""
    import xarray

    try:
        summary = json.loads((output / f"{plan.name}.json").read_bytes())
        if summary["follows_from"] != plan.follows_from:
            return None
        with xarray.open_dataset(output / f"{plan.name}.nc", engine="h5netcdf") as data:
            series = CyclerSeries.of(data.load())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return ProtocolOutcome(summary, series.turned() if plan.turned else series)


# What is told -------------------------------------------------------------------------------------


def summarised(plan: ProtocolPlan, found: Solution, series: CyclerSeries) -> dict:
    """What the file of a run holds: plain numbers in named units.

    Parameters
    ----------
    plan : ProtocolPlan
    found : Solution
    series : CyclerSeries
        What it gave, of the half cell's electrode where there is one.
    """
    data, totals = found.dataset, series.totals
    charges = any(_charges(step) for step in plan.steps)
    return (
        {
            "follows_from": plan.follows_from,
            "discharged_Ah_per_m2": totals.discharged / HOUR,
            "charged_Ah_per_m2": totals.charged / HOUR,
            "discharged_Wh_per_m2": totals.energy_discharged / HOUR,
            "charged_Wh_per_m2": totals.energy_charged / HOUR,
            "duration_s": float(series.time[-1]),
            "first_voltage_V": float(series.voltage[0]),
            "final_voltage_V": float(series.voltage[-1]),
            "sentences": [
                _of_step(series.part(number), plan.sentences[number].text, end, exhausted)
                for number, (end, exhausted) in enumerate(
                    zip(found.ends, found.exhausted, strict=True)
                )
            ],
            "heat_Wh_per_m2": {part: heat / HOUR for part, heat in found.heat.items()},
            "heat_without_entropy_of": found.dataset.heat.attrs["without_entropy"],
            "one_c_A_per_m2": plan.cell.one_c,
            "temperature_K": plan.cell.temperature,
            "open_fraction": plan.cell.open_fraction,
            "salt_lowest_mol_per_m3": float(data.c_e_min.min()),
            "salt_highest_mol_per_m3": float(data.c_e_max.max()),
            "conservation": found.conservation._asdict(),
            "steps": found.counts,
            "mesh": plan.mesh._asdict(),
        }
        | (plating(found) if charges else {})
        | swelling(data)
        | (faces(data) if plan.cell.back else {})
    )


def _heat_table(found):
    """Heat over time by its cause."""
    data = found.dataset
    headings = ["time / s", *(f"{part} / W m-2" for part in data.heat_part.values)]
    return table(headings, [data.time.values, *data.heat.values.T])


def _charges(step):
    """Whether a step imposes a current or a power that charges."""
    if step.course is not None:
        return min(step.course.values) < 0
    return step.mode != "voltage" and step.value < 0


def _of_step(series, words, end, exhausted):
    """What one step of the protocol gave."""
    told = {"sentence": words, "ended_by": end}
    if exhausted:
        told["exhausted"] = exhausted
    if series.time.size:  # else its end was reached before it began
        totals = series.totals
        told |= {
            "duration_s": float(series.time[-1] - series.time[0]),
            "charge_given_Ah_per_m2": (totals.discharged - totals.charged) / HOUR,
            "energy_given_Wh_per_m2": (totals.energy_discharged - totals.energy_charged) / HOUR,
            "final_voltage_V": float(series.voltage[-1]),
        }
    return told


def summarise(
    plans: list[ProtocolPlan],
    outcomes: Mapping[str, ProtocolOutcome],
    measured: Mapping[str, MeasuredCurve],
) -> dict:
    """What ``summary.json`` holds: the runs that are complete, and what they say together.

    Parameters
    ----------
    plans : list of ProtocolPlan
    outcomes : mapping of str to ProtocolOutcome
        Of the runs that are complete, by their names.
    measured : mapping of str to MeasuredCurve
        By the names of the runs that they are held against.
    """
    names = [plan.name for plan in plans]
    paired = [name for name in names if name + BARE in names]
    gains = {
        name: gains_of({ending: outcomes[name + ending].summary for ending in endings})
        for name in paired
        for endings in [("", BARE, COARSE, BARE + COARSE)]
        if all(name + ending in outcomes for ending in endings)
    }
    misfits = {
        name: misfit(outcomes[name].series, curve)
        for name, curve in measured.items()
        if name in outcomes
    }
    return (
        {
            "runs": {name: outcome.summary for name, outcome in outcomes.items()},
            "missing": [name for name in names if name not in outcomes],
        }
        | ({"gains": gains} if paired else {})
        | (
            {
                "measured": {
                    name: {
                        "rms_mV": 1e3 * each.rms,
                        "largest_mV": 1e3 * each.largest,
                        "largest_s": each.time,
                        "points": each.points,
                    }
                    for name, each in misfits.items()
                }
            }
            if measured
            else {}
        )
    )


def gains_of(runs: Mapping[str, dict]) -> dict[str, dict[str, float]]:
    """What the structure adds, as a share of what its partner gives, and the error that half the
    boxes show [-].

    Parameters
    ----------
    runs : mapping of str to dict
        What :func:`summarised` gives of the cell and its partner on both meshes, by the endings of
        their names.
    """
    gains = {}
    for name in ("discharged_Ah", "discharged_Wh", "charged_Ah", "charged_Wh"):
        of = {ending: summary[f"{name}_per_m2"] for ending, summary in runs.items()}
        if of[BARE] > 0 and of[BARE + COARSE] > 0:
            fine, coarse = (of[end] / of[BARE + end] - 1 for end in ("", COARSE))
            gains[name] = {"gain": fine, "error": abs(fine - coarse)}
    return gains


def told(summary: Mapping, area: float) -> Iterator[str]:
    """The lines that a person reads of it.

    Parameters
    ----------
    summary : mapping
        What :func:`summarise` gave.
    area : float
        Of the cell [m2].
    """
    for name, each in summary["runs"].items():
        if not name.endswith(COARSE):
            yield from _told_of_run(name, each, area)
    for name, gains in summary.get("gains", {}).items():
        for what, values in gains.items():
            way, unit = what.split("_")
            kind = {"Ah": "charge", "Wh": "energy"}[unit]
            yield (
                f"{name}: {100 * values['gain']:+.2f} ± {100 * values['error']:.2f} % {kind} {way} "
                "over the partner of equal mass and thickness"
            )
    for name, each in summary.get("measured", {}).items():
        yield (
            f"{name}: {each['rms_mV']:.2f} mV from what was measured (RMS of {each['points']} "
            f"points), at most {each['largest_mV']:+.2f} mV at {each['largest_s']:g} s"
        )


def _told_of_run(name, each, area):
    """Lines of one run."""
    for way, verb in (("discharged", "gave"), ("charged", "took up")):
        charge, energy = (each[f"{way}_{unit}_per_m2"] for unit in ("Ah", "Wh"))
        if charge > 0:
            yield (
                f"{name}: {verb} {charge:.4g} A h/m2 ({charge * area:.4g} A h) and {energy:.4g} "
                f"W h/m2 ({energy * area:.4g} W h)"
            )
    ends = [f"{step['sentence']!r} by {step['ended_by']}" for step in each["sentences"][-1:]]
    yield (
        f"{name}: {each['duration_s']:.6g} s, {each['first_voltage_V']:.4f} V to "
        f"{each['final_voltage_V']:.4f} V, ended {ends[0]}"
    )
    if "plating_margin_V" in each:
        yield (
            f"{name}: {1e3 * each['plating_margin_V']:.1f} mV above the plating of lithium at "
            f"{each['plating_margin_s']:.6g} s"
        )
    heat = each["heat_Wh_per_m2"]
    most, cause = max((value, part) for part, value in heat.items())
    yield f"{name}: {sum(heat.values()):.4g} W h/m2 became heat, {most:.4g} of it by {cause}"
    lost = ", ".join(f"{what} {value:.0e}" for what, value in each["conservation"].items())
    yield f"{name}: went astray: {lost}"
    for number, step in enumerate(each["sentences"], 1):
        if step["ended_by"] in ("exhausted", "voltage at once") or "duration_s" not in step:
            why = step.get("exhausted") or "its end is reached as soon as it begins"
            yield f"note: {name}: step {number}, {step['sentence']!r}: {why}"
    for line in each["validity_left"]:
        yield f"note: {name}: {line}"


def _write(
    summary: dict,
    outcomes: Mapping[str, ProtocolOutcome],
    measured: Mapping[str, MeasuredCurve],
    folder: Path,
) -> None:
    """Write the figure and the summary of what is complete."""
    from rampore.figures.experiment import DrawnCurve, overview
    from rampore.style import render_both

    curves = [
        DrawnCurve(name, outcome.series, name.endswith(BARE), measured.get(name))
        for name, outcome in outcomes.items()
        if not name.endswith(COARSE)
    ]
    gains = {
        name: (each["discharged_Ah"]["gain"], each["discharged_Ah"]["error"])
        for name, each in summary.get("gains", {}).items()
        if "discharged_Ah" in each
    }
    for form, image in render_both(overview(curves, gains)).items():
        (folder / f"simulate.{form}").write_bytes(image)
    (folder / "summary.json").write_text(_json(summary), encoding="utf-8")
