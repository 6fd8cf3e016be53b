"""Discharges at every rate from 0.001C to 50C: slow ones, starved ones, and cells drawn at random.

``test_p4d_rates.py`` holds some of them, ``make bench`` all. Each ends at its cut-off, beyond it as
soon as current flows, or says what is exhausted; and conserves lithium, salt and charge.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rampore import RamporeError, materials
from rampore.lim2026 import cells, parameters
from rampore.p4d import examples
from rampore.p4d.cell import Cell, Lithium, Perforation
from rampore.p4d.solution import Conservation, Mesh, Step, simulate

RANDOM = 300
LINE = Mesh((10, 5, 10), (1, 1), 1, 8)
PLANE = Mesh((5, 3, 5), (2, 2), 1, 8)
SLOW_RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 1.0)  #: over 1C [-]
LITHIUM = Lithium(materials.ExchangeCurrent(20.0, salt=0.3))


class Run(NamedTuple):
    """A discharge at constant current."""

    name: str
    cell: Cell
    rate: float  #: over 1C [-]
    mesh: Mesh


class Outcome(NamedTuple):
    """How a run ended."""

    #: "voltage", "voltage at once", "exhausted" and what is, or "failed" and why
    end: str
    capacity: float  #: [C/m2]
    conservation: Conservation | None


def outcome(run: Run) -> Outcome:
    """What becomes of a run; whatever breaks down is a failure."""
    step = Step("current", run.rate * run.cell.one_c, until_voltage=run.cell.lower_cutoff)
    try:
        solution = simulate(run.cell, [step], run.mesh)
    except (RamporeError, ArithmeticError, ValueError) as problem:
        return Outcome(f"failed: {problem}", 0.0, None)
    end = ": ".join(filter(None, (solution.ends[-1], solution.exhausted[-1])))
    return Outcome(end, solution.capacity, solution.conservation)


def _with_materials(electrode, **changes):
    """An electrode whose materials have fields changed by functions of what they were."""
    made = tuple(
        replace(one, **{name: change(getattr(one, name)) for name, change in changes.items()})
        for one in electrode.materials
    )
    return replace(electrode, materials=made)


def slow_runs() -> Iterator[Run]:
    """28 discharges of four variants of a published cell, most of them slow."""
    cell = examples.marquis_2019()
    negative, positive = cell.negative, cell.positive
    variants = {
        "as published": cell,
        "radii of 1 um": replace(
            cell,
            negative=_with_materials(negative, radius=lambda _: 1e-6),
            positive=_with_materials(positive, radius=lambda _: 1e-6),
        ),
        "half as thick": replace(
            cell,
            negative=replace(negative, thickness=0.5 * negative.thickness),
            positive=replace(positive, thickness=0.5 * positive.thickness),
        ),
        "twice the radius": replace(
            cell, negative=_with_materials(negative, radius=lambda radius: 2 * radius)
        ),
    }
    for name, variant in variants.items():
        for rate in SLOW_RATES:
            yield Run(f"slow, {name}, {rate:g}C", variant, rate, LINE)


def starved_runs() -> Iterator[Run]:
    """24 discharges of the paper's cell on perforated foil, in which the salt is used up."""
    given = parameters.load()
    bare = cells.full_cell(given)[0]
    for porosity in (cells.PorositySet.PUBLISHED, cells.PorositySet.MASS_CONSERVING):
        scenario = cells.Scenario(perforated=True, porosity=porosity)
        pierced = cells.full_cell(given, scenario)[0]
        alike = replace(pierced, contact_negative=bare.contact_negative)
        for contact, cell in (("its contact", pierced), ("the bare foil's contact", alike)):
            for mesh in (Mesh((16, 6, 16), (8, 14), 4), Mesh((20, 10, 20), (8, 14), 6)):
                for rate in (4.0, 5.0, 6.0):
                    name = f"starved, {porosity}, {contact}, {mesh.layers}, {rate:g}C"
                    yield Run(name, cell, rate, mesh)


def random_run(number: int) -> Run:
    """One of the ``RANDOM`` cells: the paper's, from within what the literature allows, or a
    published one whose lengths and rates vary by factors of two and three; whole, or half and
    lithium; a third on perforated foil.
    """
    rng = np.random.default_rng([2027, number])
    rate = float(np.exp(rng.uniform(np.log(1e-3), np.log(50.0))))
    kind = rng.choice(["paper", "marquis_2019", "chen_2020", "ai_2022"])
    if kind == "paper":
        cell = cells.full_cell(*cells.draw(parameters.load(), rng))[0]
    else:
        cell = _varied(getattr(examples, kind)(), rng)
    half = rng.choice(["", "", "negative", "positive"])
    if half == "negative":  # against lithium in the positive's place, given off below 1.5 V
        cell = replace(cell, positive=LITHIUM, lower_cutoff=-1.5, upper_cutoff=1.0)
    elif half == "positive":
        cell = replace(cell, negative=LITHIUM, perforation=None)
    mesh = PLANE if cell.perforation else LINE
    return Run(f"random {number}, {kind} {half or 'whole'}, {rate:.3g}C", cell, rate, mesh)


def _varied(cell: Cell, rng) -> Cell:
    """A cell with the thicknesses, particles and contacts of another."""

    def factor(largest):
        return float(largest ** rng.uniform(-1.0, 1.0))

    def varied(electrode):
        made = _with_materials(
            electrode,
            radius=lambda value: value * factor(3.0),
            diffusivity=lambda value: value * factor(3.0),
            exchange_current=lambda value: value._replace(reference=value.reference * factor(3.0)),
            hysteresis_decay=lambda _: float(rng.uniform(0.0, 100.0)),
        )
        return replace(
            made,
            thickness=electrode.thickness * factor(2.0),
            conductivity=electrode.conductivity * factor(3.0),
        )

    holes = Perforation(75e-6, 160e-6, 15e-6, str(rng.choice(["coating", "electrolyte"])))
    return replace(
        cell,
        negative=varied(cell.negative),
        positive=varied(cell.positive),
        contact_negative=1e-4 * factor(10.0),
        contact_positive=1e-4 * factor(10.0),
        perforation=holes if rng.random() < 1 / 3 else None,
    )
