"""Bare against perforated foil: the two cells of a scenario through the paper's tests, on meshes that match.

Both meshes have the same planes through the layers; the bare cell, the same in every column, has one. What the two
differ by carries the error that a coarser pair of meshes shows.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rampore import parameters
from rampore.checks import quantity
from rampore.p4d.cell import Cell
from rampore.p4d.errors import CellError
from rampore.p4d.outcomes import Discharge, Finding, Judgement, compare, judge, settled
from rampore.p4d.protocols import pulse_resistances, pulse_test, rate_capacities, rate_test
from rampore.p4d.solution import Mesh, Solution, Step, Tolerances, simulate
from rampore.p4d.study import Scenario, charged_cell, half_cell

__all__ = [
    "COARSE",
    "FINE",
    "FINEST",
    "READING",
    "RESOLUTIONS",
    "TOLERANCES",
    "Pair",
    "PulseTest",
    "contact_for_ratio",
    "pair",
    "pulse_resistance",
    "pulse_tests",
    "rate_tests",
]

COARSE = Mesh((6, 3, 6), (3, 5), 2)
READING = Mesh((8, 4, 8), (4, 6), 3)
FINE = Mesh((16, 8, 16), (8, 12), 6)
FINEST = Mesh((32, 16, 32), (16, 24), 12)

#: By name three meshes: of what decides, with the next for its error, of much else, and of long protocols. An error
#: from half the cells in every direction is safe: where the order is two, it is three times what is left.
RESOLUTIONS = {"reading": (FINE, READING, COARSE), "fine": (FINEST, FINE, READING)}
TOLERANCES = Tolerances(time=3e-4)  #: at the usual one, a discharge at 5C that starves of salt loses some charge


class Pair(NamedTuple):
    """One discharge on either foil."""

    cells: tuple[Cell, Cell]  #: bare, perforated
    bare: Discharge
    perforated: Discharge
    solutions: tuple[Solution, Solution]
    findings: tuple[Finding, ...]
    errors: tuple[float, ...]  #: of the findings' margins, in their units; nan where no coarser pair was run

    @property
    def gain(self):
        """Capacity on perforated over that on bare foil, less 1 [-]."""
        return self.perforated.capacity / self.bare.capacity - 1

    @property
    def gain_error(self):
        """Numerical error of the gain [-]."""
        return next(error for one, error in zip(self.findings, self.errors, strict=True) if one.unit == "1")

    def judged(self) -> dict[str, Judgement]:
        """Each claim by the margins and their errors."""
        return judge(self.findings, self.errors)


def _cells(given: parameters.Cell, scenario: Scenario) -> tuple[Cell, Cell]:
    bare, perforated = (charged_cell(given, replace(scenario, perforated=foil))[0] for foil in (False, True))
    return bare, perforated


def pair(
    given: parameters.Cell,
    scenario: Scenario,
    rate,
    mesh: Mesh = READING,
    coarser: Mesh | None = None,
    tolerances: Tolerances = TOLERANCES,
) -> Pair:
    """Discharge a charged cell on bare and on perforated foil.

    Parameters
    ----------
    given : parameters.Cell
    scenario : Scenario
        Its ``perforated`` is not used.
    rate : float
        Over 1C [-].
    mesh : Mesh
        Of the perforated cell.
    coarser : Mesh, optional
        A second pair runs on it, three times as coarse in time; the difference is the error.
    tolerances : Tolerances
    """
    quantity("rate", rate, CellError, above=0)
    cells = _cells(given, scenario)

    def run(mesh, tolerances):
        return [
            settled(cell, rate, one, tolerances)
            for cell, one in zip(cells, (mesh._replace(columns=(1, 1)), mesh), strict=True)
        ]

    (bare, first), (perforated, second) = run(mesh, tolerances)
    findings = compare(bare, perforated)
    errors = [np.nan] * len(findings)
    if coarser is not None:
        others = compare(*(found for found, _ in run(coarser, tolerances._replace(time=3 * tolerances.time))))
        errors = [abs(one.margin - other.margin) for one, other in zip(findings, others, strict=True)]
    return Pair(cells, bare, perforated, (first, second), findings, tuple(errors))


def rate_tests(
    given: parameters.Cell, scenario: Scenario, mesh: Mesh = COARSE, tolerances: Tolerances | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Capacities of the paper's rate test on bare and on perforated foil (7,) [C/m2]."""
    bare, perforated = (
        rate_capacities(simulate(cell, rate_test(cell), one, tolerances))
        for cell, one in zip(_cells(given, scenario), (mesh._replace(columns=(1, 1)), mesh), strict=True)
    )
    return bare, perforated


class PulseTest(NamedTuple):
    """The paper's pulse test of a half cell."""

    state_of_charge: np.ndarray  #: of each level (levels,) [-]
    resistances: np.ndarray  #: (levels, pulses) [ohm m2]

    @property
    def mean(self):
        """Over states of charge and pulses [ohm m2]."""
        return float(self.resistances.mean())


def pulse_tests(
    given: parameters.Cell, scenario: Scenario, mesh: Mesh = COARSE, tolerances: Tolerances | None = None, levels=10
) -> tuple[PulseTest, PulseTest]:
    """The paper's pulse test on half cells with bare and with perforated foil.

    A state of charge counts what a discharge at 0.2C gives of the same electrode.
    """
    quantity("levels", levels, CellError, at_least=1, whole=True)
    found = []
    for foil in (False, True):
        cell = half_cell(given, replace(scenario, perforated=foil))
        one = mesh if foil else mesh._replace(columns=(1, 1))
        slow = simulate(cell, [Step("current", 0.2 * cell.one_c, until_voltage=cell.lower_cutoff)], one, tolerances)
        pulses = pulse_test(cell, slow.capacity, levels)
        solution = simulate(cell, pulses.steps, one, tolerances)
        found.append(PulseTest(1 - pulses.charge / slow.capacity, pulse_resistances(solution, pulses)))
    return found[0], found[1]


def pulse_resistance(cell: Cell, mesh: Mesh, tolerances: Tolerances | None = None, rate=5.0, duration=10.0) -> float:
    """Fall of the voltage over one pulse from equilibrium, over its current [ohm m2]; nan where it meets the cut-off.

    Parameters
    ----------
    cell : Cell
    mesh : Mesh
    tolerances : Tolerances, optional
    rate : float
        Over 1C [-].
    duration : float
        [s]
    """
    quantity("rate", rate, CellError, above=0)
    quantity("duration", duration, CellError, above=0, unit="s")
    current = rate * cell.one_c
    pulse = Step("current", current, until_voltage=cell.lower_cutoff, until_time=duration)
    solution = simulate(cell, [pulse], mesh, tolerances)
    voltage = solution.dataset.voltage.values
    return float(voltage[0] - voltage[-1]) / current if solution.ends == ("time",) else np.nan


def contact_for_ratio(bare: PulseTest, perforated: PulseTest, ratio, given: parameters.Cell) -> float:
    r"""The contact resistance of bare foil [ohm m2] with which two pulse tests that had none would stand in a ratio.

    It adds to every pulse's resistance as it is on bare foil, and with the perforated foil's share a of it over the
    metal that there is, face and walls of the holes, per area of cell:
    :math:`R_c = (R_p - q R_b) / (q - a / (1 - f + 4 f t / d))`.

    Parameters
    ----------
    bare, perforated : PulseTest
        Without contact resistance.
    ratio : float
        q, perforated over bare [-].
    given : parameters.Cell
        For the foil and the share.
    """
    quantity("ratio", ratio, CellError, above=0)
    foil = given.perforation
    metal = 1 - foil.open_fraction * (1 - 4 * foil.foil_thickness / foil.hole_diameter)
    return (perforated.mean - ratio * bare.mean) / (ratio - given.contact.perforated_ratio / metal)
