"""Bare against perforated foil: the two cells of a scenario through the paper's tests, on meshes
that match.

Both meshes have the same planes through the layers; the bare cell, the same in every column, has
one. What the two differ by carries the error that a coarser pair of meshes shows.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.lim2026 import parameters
from rampore.lim2026.cells import Scenario, charged_cell, half_cell
from rampore.lim2026.readings import Finding, Judgement, compare, judge
from rampore.p4d.balance import discharged, slow_discharge
from rampore.p4d.cell import Cell
from rampore.p4d.discharge import Discharge, discharge_with_retry
from rampore.p4d.errors import AtCutOffError, CellError
from rampore.p4d.protocols import pulse_resistances, pulse_test, rate_capacities, rate_test
from rampore.p4d.solution import Mesh, Solution, Step, Tolerances, simulate

__all__ = [
    "COARSE",
    "FINE",
    "FINEST",
    "READING",
    "RESOLUTIONS",
    "TOLERANCES",
    "CellPair",
    "OnBoth",
    "PulseTest",
    "contact_for_ratio",
    "halved",
    "pair",
    "plating_margins",
    "pulse_resistance",
    "pulse_tests",
    "rate_tests",
    "short_pulses",
]

COARSE = Mesh((6, 3, 6), (3, 5), 2)
READING = Mesh((8, 4, 8), (4, 6), 3)
FINE = Mesh((16, 8, 16), (8, 12), 6)
FINEST = Mesh((32, 16, 32), (16, 24), 12)

#: By name three meshes: of what decides, with the next for its error, of much else, and of long
#: protocols. An error from half the cells in every direction is safe: where the order is two, it is
#: three times what is left.
RESOLUTIONS = {"reading": (FINE, READING, COARSE), "fine": (FINEST, FINE, READING)}
LONGER = 3.0  #: tolerance in time of a run for the error, over that of the one which it checks [-]
USUAL = Tolerances()  #: of long protocols
#: at the usual one, a discharge at 5C that starves of salt loses some charge
TOLERANCES = Tolerances(time=3e-4)


def _error(self, of: Callable):
    """Numerical error of what a function reads off the runs on bare and on perforated foil, in its
    unit.

    What the coarser mesh changes, and on that mesh what longer steps in time change on either foil:
    each run chooses its own steps, so that what they leave does not cancel between the foils.

    Parameters
    ----------
    of : callable
        Of ``bare`` and ``perforated``; it gives a number or an array.

    Returns
    -------
    float or array
        nan where no coarser runs were made.
    """
    if self.coarser is None:
        return np.nan * np.asarray(of(self.bare, self.perforated))
    coarse, rough = self.coarser, self.rough
    middle = np.asarray(of(coarse.bare, coarse.perforated))
    pairs = (
        (self.bare, self.perforated),
        (rough.bare, coarse.perforated),
        (coarse.bare, rough.perforated),
    )
    return sum(np.abs(np.asarray(of(*pair)) - middle) for pair in pairs)


def _gain(bare: Discharge, perforated: Discharge) -> float:
    return perforated.capacity / bare.capacity - 1


class CellPair(NamedTuple):
    """One discharge on either foil."""

    cells: tuple[Cell, Cell]  #: bare, perforated
    bare: Discharge
    perforated: Discharge
    solutions: tuple[Solution, Solution]
    findings: tuple[Finding, ...]
    #: of the findings' margins, in their units; nan where no coarser pair was run
    errors: tuple[float, ...]
    coarser: "CellPair | None" = None  #: the same on the coarser mesh
    rough: "CellPair | None" = None  #: on that mesh, with ``LONGER`` steps in time

    error = _error

    @property
    def gain(self) -> float:
        """Capacity on perforated over that on bare foil, less 1 [-]."""
        return _gain(self.bare, self.perforated)

    @property
    def gain_error(self) -> float:
        """Numerical error of the gain [-]."""
        return next(
            error
            for finding, error in zip(self.findings, self.errors, strict=True)
            if finding.unit == "1"
        )

    @property
    def checked(self) -> "CellPair":
        """The rough pair, with the error that longer steps leave: for a figure drawn from it."""
        return self.rough._replace(coarser=self.coarser, rough=self.rough).with_errors()

    def with_errors(self) -> "CellPair":
        """The pair with the errors of its findings' margins."""
        errors = self.error(
            lambda *foils: np.array([finding.margin for finding in compare(*foils)])
        )
        return self._replace(errors=tuple(errors.tolist()))

    def judged(self) -> dict[str, Judgement]:
        """Each claim by the margins and their errors."""
        return judge(self.findings, self.errors)


def _cells(given: parameters.CellInputs, scenario: Scenario) -> tuple[Cell, Cell]:
    bare, perforated = (
        charged_cell(given, replace(scenario, perforated=foil))[0] for foil in (False, True)
    )
    return bare, perforated


def pair(
    given: parameters.CellInputs,
    scenario: Scenario,
    rate: float,
    mesh: Mesh = READING,
    coarser: Mesh | None = None,
    tolerances: Tolerances = TOLERANCES,
    like: CellPair | None = None,
) -> CellPair:
    """Discharge a charged cell on bare and on perforated foil.

    Parameters
    ----------
    given : parameters.CellInputs
    scenario : Scenario
        Its ``perforated`` is not used.
    rate : float
        Over 1C [-].
    mesh : Mesh
        Of the perforated cell.
    coarser : Mesh, optional
        The pair runs on it twice more, the second time with ``LONGER`` steps in time, for the
        errors.
    tolerances : Tolerances
    like : CellPair, optional
        Run on the same meshes at the same rate with the same bare cell, whose discharges are taken.

    Raises
    ------
    CellError
        Where the bare cells are not the same.
    """
    quantity("rate", rate, CellError, above=0)
    cells = _cells(given, scenario)

    def on_both_foils(mesh, tolerances, known):
        on_bare, on_perforated = _matched(mesh)
        bare = (
            (known.bare, known.solutions[0])
            if known
            else discharge_with_retry(cells[0], rate, on_bare, tolerances)
        )
        perforated = discharge_with_retry(cells[1], rate, on_perforated, tolerances)
        findings = compare(bare[0], perforated[0])
        unknown = (np.nan,) * len(findings)
        return CellPair(cells, bare[0], perforated[0], (bare[1], perforated[1]), findings, unknown)

    return _checked(on_both_foils, mesh, coarser, tolerances, _alike(cells, like)).with_errors()


def _alike(cells: tuple[Cell, Cell], like):
    """An earlier run, where its bare cell is the same as the one of these."""
    if like and _state(cells[0]) != _state(like.cells[0]):
        raise CellError("the bare cell is another one: its runs cannot be taken over")
    return like


def _state(cell: Cell) -> list:
    """What the bare cells of two scenarios may differ by."""
    numbers = [
        cell.contact_negative,
        cell.contact_positive,
        cell.concentration,
        cell.one_c,
        cell.lower_cutoff,
        -1.0 if cell.swelling is None else cell.swelling.sharing,
    ]
    for electrode in (cell.negative, cell.positive):
        efficiency = electrode.transport_efficiency(electrode.porosity)
        numbers += [electrode.thickness, electrode.porosity, electrode.conductivity, efficiency]
        for material in electrode.materials:
            numbers += [
                material.fraction,
                material.radius,
                material.maximum_concentration,
                material.stoichiometry,
                material.open_circuit(0.5),
            ]
    return numbers


def halved(mesh: Mesh) -> Mesh:
    """Half the cells in every direction, for the error of what has no coarser mesh of its own."""
    layers, columns = (
        tuple(-(-count // 2) for count in counts) for counts in (mesh.layers, mesh.columns)
    )
    return mesh._replace(layers=layers, columns=columns, hole_layers=-(-mesh.hole_layers // 2))


def _matched(mesh: Mesh) -> tuple[Mesh, Mesh]:
    """Of the bare cell and of the perforated one."""
    return mesh._replace(columns=(1, 1)), mesh


def _checked(run: Callable, mesh: Mesh, coarser: Mesh | None, tolerances: Tolerances, like=None):
    """What a function of mesh, tolerances and an earlier run gives, with the two runs that show its
    error.
    """
    result = run(mesh, tolerances, like)
    if coarser is None:
        return result
    longer = tolerances._replace(time=LONGER * tolerances.time)
    known = (like.coarser, like.rough) if like else (None, None)
    return result._replace(
        coarser=run(coarser, tolerances, known[0]), rough=run(coarser, longer, known[1])
    )


class OnBoth(NamedTuple):
    """What a test gives on either foil, a number or several."""

    bare: float | np.ndarray
    perforated: float | np.ndarray
    cells: tuple[Cell, Cell] | None = None  #: where both numbers are of one run each
    coarser: "OnBoth | None" = None  #: the same on the coarser mesh
    rough: "OnBoth | None" = None  #: on that mesh, with ``LONGER`` steps in time

    error = _error

    @property
    def ratio(self) -> float:
        """Perforated over bare [-]."""
        return self.perforated / self.bare

    @property
    def ratio_error(self) -> float:
        """Numerical error of the ratio [-]."""
        return self.error(lambda bare, perforated: perforated / bare)


def rate_tests(
    given: parameters.CellInputs,
    scenario: Scenario,
    mesh: Mesh = COARSE,
    coarser: Mesh | None = None,
    tolerances: Tolerances = USUAL,
    like: OnBoth | None = None,
) -> OnBoth:
    """Capacities of the paper's rate test (7,) [C/m2]; parameters as of :func:`pair`."""
    cells = _cells(given, scenario)

    def test(cell, mesh, tolerances):
        return rate_capacities(simulate(cell, rate_test(cell), mesh, tolerances))

    def on_both_foils(mesh, tolerances, known):
        on_bare, on_perforated = _matched(mesh)
        bare = known.bare if known else test(cells[0], on_bare, tolerances)
        return OnBoth(bare, test(cells[1], on_perforated, tolerances), cells)

    return _checked(on_both_foils, mesh, coarser, tolerances, _alike(cells, like))


class PulseTest(NamedTuple):
    """The paper's pulse test of a half cell."""

    state_of_charge: np.ndarray  #: of each level (levels,) [-]
    resistances: np.ndarray  #: (levels, pulses) [ohm m2]

    @property
    def mean(self) -> float:
        """Over states of charge and pulses [ohm m2]."""
        return float(self.resistances.mean())


def pulse_tests(
    given: parameters.CellInputs,
    scenario: Scenario,
    mesh: Mesh = COARSE,
    tolerances: Tolerances | None = None,
    levels: int = 10,
) -> tuple[PulseTest, PulseTest]:
    """The paper's pulse test on half cells with bare and with perforated foil.

    A state of charge counts what a discharge at 0.2C gives of the same electrode.
    """
    quantity("levels", levels, CellError, at_least=1, whole=True)
    tests = []
    for perforated, foil_mesh in zip((False, True), _matched(mesh), strict=True):
        cell = half_cell(given, replace(scenario, perforated=perforated))
        slow = simulate(
            cell,
            [Step("current", 0.2 * cell.one_c, until_voltage=cell.lower_cutoff)],
            foil_mesh,
            tolerances,
        )
        pulses = pulse_test(cell, slow.capacity, levels)
        solution = simulate(cell, pulses.steps, foil_mesh, tolerances)
        tests.append(
            PulseTest(1 - pulses.charge / slow.capacity, pulse_resistances(solution, pulses))
        )
    return tests[0], tests[1]


def pulse_resistance(
    cell: Cell,
    mesh: Mesh,
    tolerances: Tolerances | None = None,
    rate: float = 5.0,
    duration: float = 10.0,
) -> float:
    """Fall of the voltage over one pulse from equilibrium, over its current [ohm m2]; nan where it
    meets the cut-off.

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
    try:
        solution = simulate(cell, [pulse], mesh, tolerances)
    except AtCutOffError:
        return np.nan
    voltage = solution.dataset.voltage.values
    return float(voltage[0] - voltage[-1]) / current if solution.ends == ("time",) else np.nan


def short_pulses(
    given: parameters.CellInputs,
    scenario: Scenario,
    mesh: Mesh,
    coarser: Mesh | None = None,
    tolerances: Tolerances = USUAL,
    levels: Sequence[float] = (0.8, 0.4),
) -> OnBoth:
    """Mean resistance of a half cell's :func:`pulse_resistance` [ohm m2]; parameters as of
    :func:`pair`.

    Parameters
    ----------
    levels : sequence of float
        States of charge of the pulses [-].
    """
    cells = [
        [
            half_cell(given, replace(scenario, perforated=foil), state_of_charge=level)
            for level in levels
        ]
        for foil in (False, True)
    ]

    def on_both_foils(mesh, tolerances, _):
        return OnBoth(
            *(
                float(np.mean([pulse_resistance(cell, foil_mesh, tolerances) for cell in of_foil]))
                for of_foil, foil_mesh in zip(cells, _matched(mesh), strict=True)
            )
        )

    return _checked(on_both_foils, mesh, coarser, tolerances)


def plating_margins(
    given: parameters.CellInputs,
    scenario: Scenario,
    rate: float,
    mesh: Mesh,
    coarser: Mesh | None = None,
    tolerances: Tolerances = USUAL,
) -> OnBoth:
    """Least potential against that of lithium, anywhere in the coating and at any time of a charge
    from empty: (2,) to the upper cut-off, and to the charge that both cells take, since who takes
    more comes closer to lithium [V]; parameters as of :func:`pair`.

    Where it is negative, lithium may be plated there.

    Parameters
    ----------
    rate : float
        Of the charge, over 1C [-].
    """
    quantity("rate", rate, CellError, above=0)
    cells = [discharged(cell, slow_discharge(cell)) for cell in _cells(given, scenario)]

    def charged(cell, mesh, tolerances):
        charge = Step("current", -rate * cell.one_c, until_voltage=cell.upper_cutoff)
        data = simulate(cell, [charge], mesh, tolerances).dataset
        return -data.capacity.values, data.plating_margin.values

    def on_both_foils(mesh, tolerances, _):
        charges = [
            charged(cell, foil_mesh, tolerances)
            for cell, foil_mesh in zip(cells, _matched(mesh), strict=True)
        ]
        last = min(taken[-1] for taken, _ in charges)
        return OnBoth(
            *(
                np.array(
                    [
                        margin.min(),
                        min(margin[taken <= last].min(), np.interp(last, taken, margin)),
                    ]
                )
                for taken, margin in charges
            )
        )

    return _checked(on_both_foils, mesh, coarser, tolerances)


def contact_for_ratio(
    bare: float, perforated: float, ratio: float, given: parameters.CellInputs
) -> float:
    r"""The contact resistance of bare foil [ohm m2] with which two pulse tests that had none would
    stand in a ratio.

    It adds to every pulse's resistance as it is on bare foil, and with the perforated foil's share
    a of it over the metal that there is, face and walls of the holes, per area of cell: :math:`R_c
    = (R_p - q R_b) / (q - a / (1 - f + 4 f t / d))`.

    Parameters
    ----------
    bare, perforated : float
        Mean resistances of the pulses, without contact resistance [ohm m2].
    ratio : float
        q, perforated over bare [-].
    given : parameters.CellInputs
        For the foil and the share.
    """
    quantity("ratio", ratio, CellError, above=0)
    foil = given.perforation
    metal = 1 - foil.open_fraction * (1 - 4 * foil.foil_thickness / foil.hole_diameter)
    return (perforated - ratio * bare) / (ratio - given.contact.perforated_ratio / metal)
