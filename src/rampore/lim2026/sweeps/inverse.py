"""The unpublished inputs, sampled together: what they may be, and what the two foils make of each
combination.

:func:`spans` says how far each input may lie from the study's own value and why; its file was
fixed before any sample was run, and so were the statements of the paper that :data:`TARGETS` asks
of a sample. A sample is a plain mapping, so that :mod:`rampore.audit.sweep` can keep it and hand it
to a process or a cluster; :func:`compute` turns it into numbers.
"""

import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from scipy.stats import qmc

from rampore.audit.inputs.records import Confidence
from rampore.audit.sweep import Plan
from rampore.checks import choice, known_keys, quantity
from rampore.coating import Local, local_thickness, mass_conserving_porosity
from rampore.lim2026 import parameters
from rampore.lim2026.cells import (
    LITHIUM_EXCHANGE_CURRENT,
    CathodeBasis,
    Keep,
    LayerClosures,
    Scenario,
    charged_cell,
    half_cell,
)
from rampore.lim2026.pairs import pulse_resistance
from rampore.lim2026.sweeps.crossing import (
    MARGIN_UNITS,
    MESHES,
    RATES,
    SHARINGS,
    about,
    beside,
    capacities,
    complete,
    discharges,
    on_both_foils,
)
from rampore.p4d.balance import slow_discharge
from rampore.p4d.cell import Cell
from rampore.p4d.errors import CellError, SolverError
from rampore.p4d.model import Mesh
from rampore.units import to_si

__all__ = [
    "COUNT",
    "LEVELS",
    "TARGETS",
    "Span",
    "Target",
    "cases",
    "compute",
    "inputs",
    "plan",
    "read_spans",
    "spans",
    "units",
    "values",
]


class Span(NamedTuple):
    """How far an input may lie, and why."""

    name: str
    low: float
    high: float
    #: "even", "logarithm" (even in it) or "from zero" (even near 0, in the logarithm far from it)
    spread: str
    unit: str
    confidence: Confidence
    why: str
    names: tuple[str, ...] = ()  #: of rivals, in place of a number between the ends

    def at(self, quantile: float) -> float | str:
        """The value below which that share of the span lies; for rivals the name."""
        quantity("quantile", quantile, CellError, at_least=0, at_most=1)
        choice("spread", self.spread, SPREADS, CellError)
        if self.names:
            return self.names[min(int(quantile * len(self.names)), len(self.names) - 1)]
        if self.spread == "logarithm":
            return float(self.low * (self.high / self.low) ** quantile)
        if self.spread == "from zero":
            return float(self.high * np.sinh(FROM_ZERO * quantile) / np.sinh(FROM_ZERO))
        return float(self.low + (self.high - self.low) * quantile)


#: how the values of a span may lie between its ends
SPREADS = ("even", "logarithm", "from zero")
#: of a span "from zero": half of it lies below 13 % of its end, a third above a quarter
FROM_ZERO = 4.0


@lru_cache(maxsize=1)
def _given() -> parameters.CellInputs:
    return parameters.load()


@lru_cache(maxsize=1)
def spans() -> tuple[Span, ...]:
    """What no source settles for this cell, and how far it may lie: ``lim2026/data/spans.toml``.

    Areal capacities, loadings, salt, thicknesses and protocols are printed, and stay as they are.

    Raises
    ------
    CellError
        The file lacks an entry, has an unknown one, or a value that cannot be.
    """
    shipped = resources.files("rampore.lim2026") / "data" / "spans.toml"
    return read_spans(shipped.read_text(encoding="utf-8"))


def read_spans(text: str) -> tuple[Span, ...]:
    """The spans of a file that is made like the package's own ``lim2026/data/spans.toml``.

    Parameters
    ----------
    text : str
        TOML.

    Raises
    ------
    CellError
        As :func:`spans`.
    """
    kinds = {"low": _with_ends, "record": _of_record, "names": _of_rivals}
    made = []
    for name, entry in tomllib.loads(text).items():
        kind = [key for key in kinds if key in entry]
        if len(kind) != 1:
            raise CellError(f"the span {name!r} must have one of {', '.join(kinds)}")
        made.append(kinds[kind[0]](name, entry))
    return tuple(made)


def _with_ends(name: str, entry: Mapping) -> Span:
    _complete_span(name, entry, ("low", "high", "spread", "unit", "confidence", "why"))
    quantity(f"span {name}: low", entry["low"], CellError, at_least=0)
    quantity(f"span {name}: high", entry["high"], CellError, above=entry["low"])
    if to_si(1.0, entry["unit"]) != 1.0:
        raise CellError(f"span {name}: unit = {entry['unit']!r} is not of SI")
    return Span(name, **{**entry, "confidence": _confidence(name, entry)})


def _of_record(name: str, entry: Mapping) -> Span:
    """With the range that the study's inputs give a value, or a value that is a range."""
    _complete_span(name, entry, ("record", "spread"), ("why",))
    records = _given().records
    record = records[choice(f"span {name}: record", entry["record"], records, CellError)]
    reasons = (record.note, "The range of `cell.toml`.")
    why = entry.get("why", " ".join(text for text in reasons if text))
    ends = record.range or record.si_value
    return Span(name, *ends, entry["spread"], record.si_unit, record.confidence, why)


def _of_rivals(name: str, entry: Mapping) -> Span:
    _complete_span(name, entry, ("names", "confidence", "why"))
    confidence, names = _confidence(name, entry), tuple(entry["names"])
    return Span(name, 0, 1, "even", "", confidence, entry["why"], names)


def _complete_span(name: str, entry: Mapping, needed: Iterable[str], more: Iterable[str] = ()):
    """Refuse a span that lacks a key, or has one of another kind of span or of none."""
    known_keys(f"span {name}", entry, (*needed, *more), CellError)
    if missing := [key for key in needed if key not in entry]:
        raise CellError(f"span {name} needs {', '.join(missing)}")
    if "spread" in entry:
        choice(f"span {name}: spread", entry["spread"], SPREADS, CellError)


def _confidence(name: str, entry: Mapping) -> Confidence:
    return Confidence(
        choice(f"span {name}: confidence", entry["confidence"], Confidence, CellError)
    )


class Target(NamedTuple):
    """A number of the paper that a sample must give, and how closely."""

    claim: str
    stated: float
    strict: float  #: half of the last printed digit, in the statement's unit
    wide: float  #: half of the digit before: if the paper rounded, and cells scatter, by so much
    least: bool = False  #: whether more than stated will do


#: Strictly, a sample is consistent where each number lies within ``strict`` and its numerical error
#: of what is stated; widely, within ``wide`` and that error. The 3C capacity has no printed number:
#: it must not be smaller.
TARGETS = {
    "gain_3C": Target("p4d-3c-capacity", 0.0, 0.0, 0.0, least=True),
    "gain_5C": Target("rate-5c-20", 0.20, 0.005, 0.05),
    "pulse_ratio": Target("dcir-24", 0.76, 0.005, 0.05),
}

COUNT = 512  #: samples
SEED = 75  #: of the samples
LEVELS = (0.8, 0.4)  #: states of charge of the pulses, for the paper's ten [-]


def units() -> dict[str, str]:
    """Of all numbers in the data set."""
    return (
        {span.name: span.unit for span in spans() if span.unit}
        | {f"capacity_{foil}_{rate}": "C/m2" for foil in ("bare", "perforated") for rate in RATES}
        | {f"gain_{rate}": "1" for rate in RATES}
        | {f"slow_{foil}": "C/m2" for foil in ("bare", "perforated")}
        | {"pulse_bare": "ohm m2", "pulse_perforated": "ohm m2", "pulse_ratio": "1"}
        | MARGIN_UNITS
    )


def cases(count: int = COUNT) -> list[dict]:
    """Samples that fill each span evenly: a Latin hypercube, the same in every run.

    In the order of one input the others are at random, as what
    :func:`rampore.lim2026.sweeps.consistency.sensitivities` rests on asks for. Of a Sobol sequence
    they are not: an input that decides nothing seemed to decide up to 45 % of the variance.

    Parameters
    ----------
    count : int
    """
    quantity("count", count, CellError, at_least=1, whole=True)
    quantiles = qmc.LatinHypercube(len(spans()), rng=SEED).random(count)
    return [
        {span.name: span.at(quantile) for span, quantile in zip(spans(), row, strict=True)}
        for row in quantiles
    ]


def plan(coarse: bool = False) -> Plan:
    """The samples as :mod:`rampore.audit.sweep_command` runs them.

    Parameters
    ----------
    coarse : bool
        An eighth of the samples, for a first look.
    """
    return Plan(
        "The unpublished inputs of the P4D study, sampled together: bare against perforated foil "
        "at 3C, 5C and pulses",
        compute,
        cases(COUNT // 8 if coarse else COUNT),
        _group,
        units(),
        {
            **about("with the same electrolyte and the same half of the tortuosities"),
            "spans": "; ".join(map(_in_words, spans())),
        },
    )


def _group(case: Mapping) -> tuple:
    """What decides how far the salt starves, and so how exact a mesh is, as in
    :data:`.crossing.GROUPS`.
    """
    (tortuosity,) = (span for span in spans() if span.name == "tortuosity")
    return case["electrolyte"], case["tortuosity"] > tortuosity.at(0.5)


def _in_words(span: Span) -> str:
    ends = (
        " or ".join(span.names) or f"{span.low:.4g} to {span.high:.4g} {span.unit}, {span.spread}"
    )
    return f"{span.name}: {ends} ({span.confidence}: {span.why})"


def _exchange_current(given: parameters.ExchangeCurrentInput, reference):
    return {
        "reference": reference,
        "exponent": given.exponent,
        "activation_energy": given.activation_energy,
    }


def inputs(case: Mapping) -> tuple[parameters.CellInputs, Scenario]:
    """The study's inputs with what a sample says of them, and the scenario on bare foil.

    Parameters
    ----------
    case : mapping
        As :func:`cases` gives it.
    """
    complete(case, (span.name for span in spans()))
    for span in spans():
        if not span.names:
            quantity(span.name, case[span.name], CellError, at_least=0)
    study = _given()
    own, f = study.negative, case["open_fraction"]
    hidden = case["hidden_share"] * (own.porosity - own.porosity_image)
    bare, published = (
        own.porosity_image + hidden,
        Local(own.porosity_npr + hidden, own.porosity_pr + hidden),
    )
    heights = local_thickness(own.thickness, f, study.perforation.foil_thickness)
    conserving = mass_conserving_porosity(
        published, heights, (1 - bare) * own.thickness, f, Keep.SOLID_RATIO
    )
    npr, pr = (
        (1 - case["published_share"]) * b + case["published_share"] * a
        for a, b in zip(published, conserving, strict=True)
    )
    changes = {
        "negative.porosity_image": (bare, "1"),
        "negative.porosity_npr": (npr, "1"),
        "negative.porosity_pr": (pr, "1"),
        "perforation.open_fraction": (f, "1"),
        "contact.negative": (case["contact"], "ohm*m2"),
        "contact.perforated_ratio": (case["contact_ratio"], "1"),
        "nmc.ocp.chosen": case["cathode"],
        "electrolyte.correlations.chosen": case["electrolyte"],
    }
    exchange_units = {"reference": "A/m2", "exponent": "1", "activation_energy": "J/mol"}
    for name in ("siox", "graphite", "nmc"):
        kinetics = getattr(study, name).exchange_current
        changes |= {
            f"{name}.diffusivity": (case[f"{name}_diffusivity"], "m2/s"),
            f"{name}.radius": (case[f"{name}_radius"], "m"),
            f"{name}.exchange_current": (
                _exchange_current(kinetics, case[f"{name}_exchange_current"]),
                exchange_units,
            ),
        }
    exponent, level = case["exponent"], bare ** (1 - case["exponent"]) / case["tortuosity"]
    closure = LayerClosures(
        lambda eps: level * eps**exponent,
        lambda eps: eps / case["separator_tortuosity"],
        lambda eps: eps / case["positive_tortuosity"],
    )
    scenario = Scenario(
        closure=closure,
        lost=case["lost"],
        cathode=CathodeBasis(case["basis"]),
        sharing=SHARINGS[case["swelling"]],
    )
    return parameters.with_values(study, changes), scenario


def _with_salt(cell: Cell, factor) -> Cell:
    """The cell with the salt's conductivity and diffusivity times a factor."""
    salt = cell.electrolyte
    return replace(
        cell,
        electrolyte=salt._replace(
            conductivity=lambda c: factor * salt.conductivity(c),
            diffusivity=lambda c: factor * salt.diffusivity(c),
        ),
    )


class _Cells(NamedTuple):
    """The cells of a sample on one foil."""

    full: Cell
    half: tuple[Cell, ...]  #: at the states of charge of the pulses


def _cells(case: Mapping) -> dict[str, _Cells]:
    """Of a sample, by foil."""
    given, on_bare = inputs(case)
    lithium = LITHIUM_EXCHANGE_CURRENT._replace(reference=case["lithium_exchange_current"])

    def on_foil(scenario):
        full, *half = (
            _with_salt(cell, case["salt_transport"])
            for cell in (
                charged_cell(given, scenario)[0],
                *(half_cell(given, scenario, lithium, level) for level in LEVELS),
            )
        )
        return _Cells(full, tuple(half))

    return {"bare": on_foil(on_bare), "perforated": on_foil(replace(on_bare, perforated=True))}


def _pulses(cells: Iterable[Cell], mesh: Mesh) -> float:
    """Mean resistance of half cells' 5C pulses [ohm m2]; nan where one meets the cut-off: the test
    cannot be made.
    """
    return float(np.mean([pulse_resistance(cell, mesh) for cell in cells]))


def compute(case: Mapping) -> dict[str, float]:
    """What a sample gives: capacities and gains at 3C and 5C, pulse resistances, and the margin of
    each 3C claim; all of it on the coarser mesh too, the capacities on the deeper; and what a
    discharge at no rate at all would give.

    A claim holds where its margin is positive, see :func:`rampore.lim2026.sweeps.crossing.compute`.

    Parameters
    ----------
    case : mapping
        As :func:`cases` gives it.

    Raises
    ------
    CellError, SolverError
        The electrodes do not fit each other, or a run cannot be computed.
    """
    cells = _cells(case)

    def tested(mesh):
        return capacities(*(discharges(cells[foil].full, RATES, mesh) for foil in cells))

    return {
        **beside(lambda mesh: _values(cells, mesh), tested),
        **{f"slow_{foil}": slow_discharge(own.full) for foil, own in cells.items()},
    }


def values(case: Mapping, mesh: str) -> dict[str, float]:
    """What a sample gives on one mesh alone.

    Parameters
    ----------
    case : mapping
        As :func:`cases` gives it.
    mesh : str
        One of :data:`rampore.lim2026.sweeps.crossing.MESHES`.
    """
    return _values(_cells(case), mesh)


def _values(cells: Mapping[str, _Cells], mesh: str) -> dict[str, float]:
    found = on_both_foils(*(discharges(cells[foil].full, RATES, mesh) for foil in cells))
    columns = {"bare": (1, 1), "perforated": MESHES[mesh].columns}
    for foil, own in cells.items():
        with suppress(SolverError):
            boxes = MESHES[mesh]._replace(columns=columns[foil])
            found[f"pulse_{foil}"] = _pulses(own.half, boxes)
    if found.keys() >= {"pulse_bare", "pulse_perforated"}:
        found["pulse_ratio"] = found["pulse_perforated"] / found["pulse_bare"]
    return found
