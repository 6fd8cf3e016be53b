"""``rampore simulate --sweep``: a protocol at many values of keys of the cell's file, of the
structure's, and of the options.

A key of the structure is a path in its TOML, as ``channels.pitch`` or, of the second of several,
``channels.2.pitch``; one of the cell a place in its JSON, as ``Negative electrode / Thickness [m]``
or as much of its end as is one place alone; an option is one of :data:`OPTIONS`. Values are parted
by commas, or are a range ``60:240:7`` of seven numbers with both ends, ``60:240:7:log`` at equal
ratios; a unit comes last, as in ``channels.pitch=60:240:7 um``.

What a case gave stands in ``sweep.jsonl`` in the folder as soon as it is known: the same call goes
on from there. All of it becomes ``sweep.csv``, ``sweep.nc``, ``summary.json`` and a figure.
"""

from __future__ import annotations

import argparse
import copy
import csv
import hashlib
import io
import itertools
import json
import math
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import rampore
from rampore import experiment, storage, sweep
from rampore.checks import nearest
from rampore.commands import simulate
from rampore.commands.files import together
from rampore.cycler import CyclerSeries
from rampore.experiment import ExperimentError, Sentence
from rampore.kernels import announced
from rampore.p4d import bpx, solution
from rampore.p4d.cell import Cell
from rampore.p4d.errors import CellError
from rampore.simple import CELL_SECONDS
from rampore.structure import files as structures
from rampore.structure.errors import StructureError
from rampore.structure.openings import SIDES
from rampore.sweep import Case, Outcome

if TYPE_CHECKING:
    import xarray

Say = Callable[[str], object]

MOST_CASES = 100_000
MOST_AXES = 2  #: keys of a figure
#: That may be swept, with their attributes and the unit of their values.
OPTIONS = {
    "rate": ("rate", "1"),
    "soc": ("soc", "1"),
    "temperature-C": ("temperature", "degC"),
    "sharing": ("sharing", "1"),
    "reservoir-um": ("reservoir_um", "um"),
    "least-porosity": ("least_porosity", "1"),
}
#: What a case may give, by the names that the summary of a run has for it, with its unit.
GIVEN = {
    "discharged_Ah_per_m2": "A h/m2",
    "charged_Ah_per_m2": "A h/m2",
    "discharged_Wh_per_m2": "W h/m2",
    "charged_Wh_per_m2": "W h/m2",
    "duration_s": "s",
    "first_voltage_V": "V",
    "final_voltage_V": "V",
    "plating_margin_V": "V",
    "plating_margin_s": "s",
    "salt_lowest_mol_per_m3": "mol/m3",
    "salt_highest_mol_per_m3": "mol/m3",
    "open_fraction": "1",
}
BARE = "bare_"  #: before the name of what the partner gives
GAIN, ERROR = "gain_", "_error"

_RANGE = re.compile(r"([^:]+):([^:]+):(\d{1,6})(:log)?")
_ENDS_IN_UNIT = re.compile(r"(?P<values>.*[\d.])\s*(?P<unit>(?!e[-+\d])[A-Za-zµ%]\S*)")


class SweptKey(NamedTuple):
    """A key, and what it is to be."""

    name: str
    place: str  #: "option", "structure" or "cell"
    path: tuple[str, ...]  #: of the entry; of an option its attribute
    values: tuple[float | str, ...]
    unit: str  #: of the values; empty of words

    @property
    def dimension(self) -> str:
        """Its name in a data set, in which a slash would part groups."""
        return self.name.replace(" / ", ", ")


class SweepInputs(NamedTuple):
    """All that a case follows from beside its own values; a worker needs no file."""

    document: dict  #: of the cell
    tables: dict | None  #: of the structure
    folder: str  #: where voxels lie that the structure names
    words: str  #: of the protocol
    sentences: Mapping[str, tuple[Sentence, ...]]  #: of the words, by the rate that they are for
    options: Mapping[str, Any]
    keys: tuple[SweptKey, ...]


# What is asked for --------------------------------------------------------------------------------


def read_keys(texts: Sequence[str], document: Mapping, tables: Mapping | None) -> list[SweptKey]:
    """The keys of ``--sweep``, each with its values.

    Parameters
    ----------
    texts : sequence of str
        ``KEY=VALUES``.
    document : mapping
        Of the cell, see :func:`rampore.p4d.bpx.load`.
    tables : mapping, optional
        Of the structure, see :func:`rampore.structure.files.load`.

    Raises
    ------
    ExperimentError
        A key is unknown or stands twice, or its values cannot be read.
    """
    keys = [_key(text, document, tables) for text in texts]
    for number, key in enumerate(keys):
        if any((key.place, key.path) == (other.place, other.path) for other in keys[:number]):
            raise ExperimentError(f"--sweep has {key.name!r} twice")
    return keys


def _key(text: str, document: Mapping, tables: Mapping | None) -> SweptKey:
    name, equals, words = (part.strip() for part in text.partition("="))
    if not equals or not words:
        raise ExperimentError(
            f"--sweep {text!r} is not of the form KEY=VALUES, as 'channels.pitch=60:240:7 um' is"
        )
    values, unit = _values(name, words)
    if name in OPTIONS:
        attribute, own = OPTIONS[name]
        if unit or any(isinstance(value, str) for value in values):
            raise ExperimentError(f"--sweep {text!r}: the values of {name} are plain numbers")
        return SweptKey(name, "option", (attribute,), values, own)
    head = name.split(".")[0]
    if head in ("holes", "channels", "back", *SIDES) and "." in name:
        if tables is None:
            raise ExperimentError(f"--sweep {name!r} is of a structure: name its file, --structure")
        path = _in_tables(name, tables)
        return SweptKey(name, "structure", path, values, unit or _plain(values))
    place = _in_document(name, document)
    if unit:
        raise ExperimentError(f"--sweep {text!r}: the key has its unit in brackets already")
    own = re.fullmatch(r".*\[(.+)\]", place[-1])
    return SweptKey(" / ".join(place), "cell", place, values, own[1] if own else _plain(values))


def _plain(values):
    return "" if any(isinstance(value, str) for value in values) else "1"


def _values(name: str, words: str) -> tuple[tuple[float | str, ...], str]:
    """Numbers with their unit, or words."""
    unit = ""
    if found := _ENDS_IN_UNIT.fullmatch(words):
        words, unit = found["values"], found["unit"]
    if found := _RANGE.fullmatch(words):
        try:
            first, last = float(found[1]), float(found[2])
        except ValueError:
            raise ExperimentError(f"--sweep {name}: {words!r} is no range of numbers") from None
        return _range(name, first, last, int(found[3]), bool(found[4])), unit
    parts = [part.strip() for part in words.split(",")]
    try:
        values: tuple[float | str, ...] = tuple(float(part) for part in parts)
    except ValueError:
        values = tuple(parts)
    if not all(isinstance(value, str) or math.isfinite(value) for value in values):
        raise ExperimentError(f"--sweep {name}: {words!r} holds what is no finite number")
    if "" in values:
        raise ExperimentError(f"--sweep {name}: {words!r} has an empty value")
    return values, unit


def _range(name, first, last, count, by_ratio):
    if count < 2 or not math.isfinite(first + last) or first == last:
        raise ExperimentError(
            f"--sweep {name}: a range goes from one number to another, in 2 or more"
        )
    if by_ratio and first * last <= 0:
        raise ExperimentError(f"--sweep {name}: equal ratios lead from no number over 0")
    between = np.geomspace if by_ratio else np.linspace
    return tuple(float(f"{value:.12g}") for value in between(first, last, count))


def _in_tables(name: str, tables: Mapping) -> tuple[str, ...]:
    """The path of an entry of a structure, with the number of each row."""
    path: list[str] = []
    here: Any = tables
    parts = name.split(".")
    while parts:
        if isinstance(here, list):
            number = parts.pop(0) if parts[0].isdigit() else "1" if len(here) == 1 else ""
            if not number or not 1 <= int(number) <= len(here):
                where = ".".join(path)
                raise ExperimentError(
                    f"--sweep {name!r}: the structure has {len(here)} of {where}: say which, as in "
                    f"'{where}.1.{parts[-1]}'"
                )
            path.append(number)
            here = here[int(number) - 1]
            continue
        part = parts.pop(0)
        path.append(part)
        if parts and part not in here and part not in SIDES:
            raise ExperimentError(
                f"--sweep {name!r}: the structure has no {part!r}{nearest(part, here)}"
            )
        here = here.get(part, {}) if isinstance(here, Mapping) else {}
    return tuple(path)


def _in_document(name: str, document: Mapping) -> tuple[str, ...]:
    """The place of an entry of a cell."""
    places = list(_entries(document.get("Parameterisation", {})))
    texts = [" / ".join(place) for place in places]
    found = [
        place
        for place, text in zip(places, texts, strict=True)
        if text == name or text.endswith(f" / {name}")
    ]
    if not found:
        raise ExperimentError(
            f"--sweep: {name!r} is neither an option that can be swept ({', '.join(OPTIONS)}) nor "
            f"a key of the cell{nearest(name, texts)}"
        )
    if len(found) > 1:
        several = " or ".join(repr(" / ".join(place)) for place in found[:4])
        raise ExperimentError(f"--sweep {name!r} may be {several}: say which")
    return found[0]


def _entries(tables: Mapping, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Places of numbers and expressions."""
    for key, value in tables.items():
        if isinstance(value, Mapping) and "x" not in value:
            yield from _entries(value, (*path, key))
        elif isinstance(value, float | int | str) and key != "description":
            yield (*path, key)


def cases_of(keys: Sequence[SweptKey], zipped: bool) -> list[dict[str, float | str]]:
    """Every combination of the values, the last key's fastest; or, zipped, the first value of each
    key, then the second.

    Raises
    ------
    ExperimentError
        Keys that go side by side have not as many values each, or there are too many cases.
    """
    counts = [len(key.values) for key in keys]
    if zipped and len(set(counts)) > 1:
        several = ", ".join(f"{key.name} {len(key.values)}" for key in keys)
        raise ExperimentError(f"--zip takes as many values of each key; these have {several}")
    whole = counts[0] if zipped else math.prod(counts)
    if whole > MOST_CASES:
        raise ExperimentError(f"{whole} cases are more than {MOST_CASES}")
    values = [key.values for key in keys]
    rows = zip(*values, strict=True) if zipped else itertools.product(*values)
    names = [key.name for key in keys]
    cases = [dict(zip(names, row, strict=True)) for row in rows]
    counts_of = Counter(tuple(case.values()) for case in cases)
    twice, times = counts_of.most_common(1)[0]
    if times > 1:
        raise ExperimentError(f"--sweep has the case {twice} {times} times")
    return cases


# A case -------------------------------------------------------------------------------------------


def cell_of(inputs: SweepInputs, case: Case) -> tuple[Cell, argparse.Namespace]:
    """The cell of a case, and its options.

    Raises
    ------
    CellError, StructureError
        A value cannot be.
    """
    options = argparse.Namespace(**inputs.options)
    document, tables = copy.deepcopy(inputs.document), copy.deepcopy(inputs.tables)
    for key in inputs.keys:
        value = case[key.name]
        if key.place == "option":
            setattr(options, key.path[0], value)
        elif key.place == "cell":
            _set(document["Parameterisation"], key.path, value)
        else:
            with_unit = f"{value!r} {key.unit}" if key.unit not in ("", "1") else value
            _set(tables, key.path, with_unit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # told once, of the file as it stands
        cell = bpx.of_document(document, options.soc, simulate.start_temperature(options))
    structure = None if tables is None else structures.of_tables(tables, inputs.folder)
    return simulate.set_up(cell, structure, options), options


def _set(tables: Any, path: Sequence[str], value: object) -> None:
    for part in path[:-1]:
        tables = tables[int(part) - 1] if isinstance(tables, list) else tables.setdefault(part, {})
    tables[path[-1]] = value


def _plans(inputs: SweepInputs, case: Case) -> list[simulate.ProtocolPlan]:
    cell, options = cell_of(inputs, case)
    sentences = inputs.sentences[_rate_word(case)]
    area = simulate.area_of(inputs.document)
    return list(simulate.plans_of(options, cell, area, {"": sentences}, ""))


def _rate_word(case: Case) -> str:
    return repr(case["rate"]) if "rate" in case else ""


def compute(inputs: SweepInputs, case: Case) -> dict[str, float]:
    """What a case gives, by the names of :data:`GIVEN`; with a partner what that gives too, and the
    gain over it with its error.

    Parameters
    ----------
    inputs : SweepInputs
    case : mapping
        A value for each key.

    Raises
    ------
    CellError, StructureError, SolverError
        The case cannot be, or cannot be computed.
    """
    summaries = {}
    for plan in _plans(inputs, case):
        found = solution.simulate(plan.cell, plan.steps, plan.mesh, grid=plan.grid)
        series = CyclerSeries.of(found.dataset)
        series = series.turned() if plan.turned else series
        summaries[plan.name] = simulate.summarised(plan, found, series)
    given = {name: summaries[""][name] for name in GIVEN if name in summaries[""]}
    if simulate.BARE not in summaries:
        return given
    bare = summaries[simulate.BARE]
    given |= {BARE + name: bare[name] for name in GIVEN if name in bare}
    for name, each in simulate.gains_of(summaries).items():
        given |= {GAIN + name: each["gain"], GAIN + name + ERROR: each["error"]}
    return given


def units(keys: Sequence[SweptKey]) -> dict[str, str]:
    """Of every number that goes in or comes out."""
    amounts = ("discharged_Ah", "discharged_Wh", "charged_Ah", "charged_Wh")
    gains = {GAIN + name + ending: "1" for name in amounts for ending in ("", ERROR)}
    bare = {BARE + name: unit for name, unit in GIVEN.items()}
    return {key.name: key.unit for key in keys if key.unit} | GIVEN | bare | gains


# All of them --------------------------------------------------------------------------------------


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
        A file, a sentence, a key or an option makes no sense, or has no effect.
    SweepError
        The sweep cannot go on; what stands is said.
    """
    inputs = _inputs(options)
    cases = cases_of(inputs.keys, options.zip)
    _check(inputs, cases)
    with together(options.output) as folder:
        journal = sweep.Journal(options.output / "sweep.jsonl", _version(inputs))
        workers = (
            sweep.cluster(options.scheduler) if options.scheduler else sweep.processes(options.jobs)
        )
        say(f"{len(cases)} cases, {sum(case in journal for case in cases)} of them stand already")
        with announced(CELL_SECONDS), workers as pool:
            outcomes = sweep.run(partial(compute, inputs), cases, journal, pool, sweep.bar(say))
        summary = _summary(options, inputs, cases, outcomes)
        _write(folder, inputs, cases, outcomes, options, summary)
    for line in told(summary):
        say(line)
    return summary


def _inputs(options: argparse.Namespace) -> SweepInputs:
    document = bpx.load(options.cell)
    tables = None if options.structure is None else structures.load(options.structure)
    keys = read_keys(options.sweep, document, tables)
    if options.against is not None and tables is None:
        raise CellError(f"--against {options.against} needs holes or channels: --structure")
    words, folder = simulate.words_of(options.protocol)
    rates = next((key.values for key in keys if key.name == "rate"), None)
    if (simulate.RATE in words) != (rates is not None):
        raise ExperimentError(
            f"the protocol has {simulate.RATE}: sweep it, as in --sweep rate=0.5,1,2"
            if simulate.RATE in words
            else f"--sweep rate has no effect on a protocol without {simulate.RATE}, as in "
            f"'Discharge at {simulate.RATE}C until 2.5 V'"
        )
    sentences = {
        repr(rate) if rate else "": experiment.parse(
            words.replace(simulate.RATE, repr(rate)) if rate else words, folder
        )
        for rate in rates or [None]
    }
    names = ("soc", "temperature", "half", "sharing", "reservoir_um", "least_porosity")
    kept = {name: getattr(options, name) for name in (*names, "against", "layers", "columns")}
    given = [
        key.name for key in keys if key.place == "option" and kept.get(key.path[0]) is not None
    ]
    if given:
        raise ExperimentError(f"--{given[0]} has no effect beside --sweep {given[0]}")
    return SweepInputs(
        document,
        tables,
        str(options.structure.parent) if options.structure else "",
        words,
        sentences,
        kept | {"fields_at": None},
        tuple(keys),
    )


def _check(inputs: SweepInputs, cases: Sequence[Case]) -> None:
    """That every value can be, each beside the first ones of the other keys, before any is run."""
    for key in inputs.keys:
        for value in key.values:
            case = next((case for case in cases if case[key.name] == value), None)
            if case is None:
                continue
            try:
                _plans(inputs, case)
            except (CellError, StructureError) as problem:
                raise type(problem)(f"--sweep {key.name}={value}: {problem}") from problem


def _version(inputs: SweepInputs) -> str:
    """Of all that decides what a case gives beside its own values; more values are no other
    version.
    """
    keys = [(key.name, key.unit) for key in inputs.keys]
    cycles = [sentence.cycle for sentence in next(iter(inputs.sentences.values()))]
    voxels = [] if inputs.tables is None else structures.beside(inputs.tables, inputs.folder)
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in voxels]
    plain = json.dumps([inputs.document, inputs.tables, inputs.options], sort_keys=True)
    content = repr([rampore.__version__, plain, inputs.words, cycles, hashes, keys])
    return hashlib.sha256(content.encode()).hexdigest()


def dataset(
    inputs: SweepInputs, cases: Sequence[Case], outcomes: Sequence[Outcome], zipped: bool
) -> xarray.Dataset:
    """What all cases gave, over their keys: a dimension for each, or ``case`` where they go side by
    side.
    """
    names = [key.name for key in inputs.keys]
    data = sweep.dataset(cases, outcomes, units(inputs.keys)).set_coords(names)
    if zipped:
        return data.rename({key.name: key.dimension for key in inputs.keys})
    attributes = {name: data[name].attrs for name in names}
    data = (
        data.set_index(case=names).unstack("case")
        if len(names) > 1
        else data.swap_dims(case=names[0])
    )
    for name in names:
        data[name].attrs |= attributes[name]
    # an index is sorted, but words have the order in which they were given
    data = data.sel({key.name: list(key.values) for key in inputs.keys})
    return data.rename({key.name: key.dimension for key in inputs.keys})


def _table(inputs, cases, outcomes) -> str:
    known = units(inputs.keys)
    given = [name for name in known if any(name in outcome.values for outcome in outcomes)]
    heads = [
        f"{key.name} / {key.unit}"
        if key.place == "structure" and key.unit not in ("", "1")
        else key.name
        for key in inputs.keys
    ]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*heads, *given, "error"])
    for case, outcome in zip(cases, outcomes, strict=True):
        writer.writerow(
            [*case.values(), *(outcome.values.get(name, "") for name in given), outcome.error]
        )
    return stream.getvalue()


def _decisive(options) -> str:
    """The number that is told and drawn: what the structure adds, or what the cell gives."""
    return GAIN + "discharged_Ah" if options.against else "discharged_Ah_per_m2"


def _axes(options, inputs) -> list[str]:
    """Over which keys the figure is drawn; of those that go side by side the first leads."""
    keys = inputs.keys[:1] if options.zip else inputs.keys
    return [key.dimension for key in keys] if len(keys) <= MOST_AXES else []


def _summary(options, inputs, cases, outcomes) -> dict:
    failed = [outcome.error for outcome in outcomes if outcome.error]
    name = _decisive(options)
    held = [
        (outcome.values[name], case)
        for case, outcome in zip(cases, outcomes, strict=True)
        if name in outcome.values
    ]
    extremes = {}
    if held:
        for word, pick in (("least", min), ("most", max)):
            value, case = pick(held, key=lambda pair: pair[0])
            extremes[word] = {name: value, **case}
    return {
        "keys": {key.name: {"unit": key.unit, "values": list(key.values)} for key in inputs.keys},
        "cases": len(cases),
        "failed": len(failed),
        "reasons": sorted(set(failed)),
        "extremes": extremes,
        "drawn_over": _axes(options, inputs) if held else [],
        "version": rampore.__version__,
        "follows_from": _version(inputs),
    }


def told(summary: Mapping) -> Iterator[str]:
    """The lines that a person reads of it."""
    for word, each in summary["extremes"].items():
        (name, value), *case = each.items()
        at = ", ".join(f"{key} {where}" for key, where in case)
        what = (
            f"{100 * value:+.2f} % charge over the partner of equal mass and thickness"
            if name.startswith(GAIN)
            else f"{value:.4g} A h/m2 discharged"
        )
        yield f"{word}: {what}, at {at}"
    if not summary["drawn_over"]:
        yield f"note: no figure, which takes {MOST_AXES} keys at most and a case with an outcome"
    if summary["failed"]:
        counts = f"{summary['failed']} of {summary['cases']}"
        yield f"note: {counts} cases have no outcome: see sweep.csv"


def _write(folder, inputs, cases, outcomes, options, summary) -> None:
    from rampore.figures.parametric import overview
    from rampore.style import render_both

    data = dataset(inputs, cases, outcomes, options.zip)
    data.attrs |= {"source": "rampore simulate --sweep", "rampore": rampore.__version__}
    (folder / "sweep.csv").write_text(_table(inputs, cases, outcomes), encoding="utf-8")
    (folder / "sweep.nc").write_bytes(storage.netcdf(data))
    if axes := summary["drawn_over"]:
        for form, image in render_both(overview(data, axes, _decisive(options))).items():
            (folder / f"sweep.{form}").write_bytes(image)
    text = json.dumps(summary, indent=1, allow_nan=False) + "\n"
    (folder / "summary.json").write_text(text, encoding="utf-8")
