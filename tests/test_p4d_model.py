"""The P4D engine, laterally uniform: limits, conservation, order, refusal."""

import re
from dataclasses import replace

import numpy as np
import pytest

from rampore import materials
from rampore.constants import FARADAY
from rampore.p4d import examples
from rampore.p4d.cell import Cell, Electrode, Lithium, Material, Separator
from rampore.p4d.equations import C, Unknowns
from rampore.p4d.errors import AtCutOffError, CellError, SolverError
from rampore.p4d.model import Drive, Model
from rampore.p4d.solution import Cause, Mesh, Step, Tolerances, simulate
from rampore.p4d.time import Integrator
from rampore.structure.openings import SIDES

COARSE = Mesh((8, 5, 8))


def with_material(electrode, **changes):
    return replace(electrode, materials=(replace(electrode.materials[0], **changes),))


def voltage_at(solution, t):
    """At times that the run met exactly."""
    return np.interp(t, solution.dataset.time, solution.dataset.voltage)


# Limits


def test_a_cell_at_rest_stays_at_its_open_circuit_voltage():
    cell = examples.marquis_2019()
    solution = simulate(cell, [Step("rest", until_time=36000.0)], COARSE)
    assert np.abs(solution.dataset.voltage - cell.open_circuit_voltage).max() < 1e-9
    assert solution.ends == ("time",)


def test_a_cell_returns_to_the_open_circuit_voltage_of_its_new_charge():
    """After 600 s at 1C and a long rest; the stoichiometries follow from the charge alone."""
    cell = examples.marquis_2019()
    solution = simulate(
        cell, [Step("current", 24.0, until_time=600.0), Step("rest", until_time=1e6)], COARSE
    )
    expected = 0.0
    for electrode, sign in ((cell.negative, -1), (cell.positive, 1)):
        material = electrode.materials[0]
        full = FARADAY * material.maximum_concentration * material.fraction * electrode.thickness
        expected += sign * material.potential(material.stoichiometry + sign * 24.0 * 600.0 / full)
    assert solution.dataset.voltage[-1] == pytest.approx(expected, abs=2e-6)
    assert solution.capacity == pytest.approx(24.0 * 600.0, rel=1e-9)


def test_with_instant_kinetics_and_flat_potentials_the_first_drop_is_ohms_law():
    """Reaction at the separator's faces where the solid conducts perfectly and kinetics are instant
    is not assumed: the transmission line of Newman and Tobias without polarisation, kappa and sigma
    in parallel, is.
    """
    kappa, sigma, length, current = 1.0, 2.0, 100e-6, 10.0
    flat = Material(
        "flat",
        0.5,
        1e-6,
        1e5,
        1e-10,
        materials.ExchangeCurrent(1e7),
        0.5,
        potential=lambda x: 1.0 + 0 * x,
    )
    electrode = Electrode(
        length, 0.5, sigma, (flat,), transport_efficiency=lambda eps: 1.0 + 0 * eps
    )
    salt = materials.Electrolyte(
        materials.constant(kappa),
        materials.constant(1e-3),
        materials.constant(0.4),
        materials.constant(0.0),
        1e4,
        "test",
    )
    cell = Cell(
        electrode, Separator(20e-6, 0.5, lambda eps: 1.0 + 0 * eps), electrode, salt,
        1000.0, 10.0, -9.0, 9.0, contact_negative=3e-4, contact_positive=1e-4,
    )  # fmt: skip
    solution = simulate(cell, [Step("current", current, until_time=1e-3)], Mesh((40, 10, 40)))
    resistance = 2 * length / (kappa + sigma) + 20e-6 / kappa + 4e-4
    assert -solution.dataset.voltage[-1] / current == pytest.approx(resistance, rel=2e-3)


def test_contact_resistance_shifts_the_voltage_by_ohms_law():
    cell = examples.marquis_2019()
    step = [Step("current", 24.0, until_time=300.0)]
    bare = simulate(cell, step, COARSE, field_times=(100.0,))
    resistive = simulate(
        replace(cell, contact_negative=2e-4, contact_positive=1e-4),
        step,
        COARSE,
        field_times=(100.0,),
    )
    assert voltage_at(bare, 100.0) - voltage_at(resistive, 100.0) == pytest.approx(
        24.0 * 3e-4, abs=2e-6
    )
    parts = resistive.dataset.parts.isel(time=-1)
    assert parts.sel(part="contact, negative") == pytest.approx(-24.0 * 2e-4)
    assert parts.sel(part="contact, positive") == pytest.approx(-24.0 * 1e-4)


def test_concentration_reaches_the_steady_profile_of_the_separator():
    """There the salt falls by (1 - t) i / (F D) a metre, but for what the electrodes still exchange
    (0.3 %).
    """
    salt = materials.Electrolyte(
        materials.constant(1.0),
        materials.constant(2e-10),
        materials.constant(0.4),
        materials.constant(1.0),
        1e4,
        "test",
    )
    cell = replace(examples.marquis_2019(), electrolyte=salt)
    solution = simulate(cell, [Step("current", 6.0, until_time=4000.0)], Mesh((20, 20, 20)))
    inside = solution.dataset.c_e.isel(field_time=-1, x=0, y=0)
    inside = inside[solution.dataset.layer == "separator"]
    slope = np.polyfit(inside.z, inside, 1)[0]
    assert -slope == pytest.approx(0.6 * 6.0 / (FARADAY * 2e-10), rel=4e-3)


# Conservation


def test_lithium_salt_and_charge_are_conserved_through_a_protocol():
    protocol = [
        Step("current", 48.0, until_time=300.0),
        Step("rest", until_time=60.0),
        Step("power", -100.0, until_time=200.0),
        Step("voltage", 3.9, until_current=3.0, until_time=500.0),
        Step("current", 72.0, until_voltage=3.3),
    ]
    solution = simulate(examples.marquis_2019(), protocol, COARSE)
    assert solution.conservation.lithium < 1e-10
    assert solution.conservation.salt < 1e-10
    assert solution.conservation.charge < 1e-6
    assert solution.ends[-1] == "voltage"
    given = np.trapezoid(solution.dataset.current_density, solution.dataset.time)
    lost = solution.dataset.stoichiometry_negative_graphite
    material = examples.marquis_2019().negative.materials[0]
    full = FARADAY * material.maximum_concentration * material.fraction * 100e-6
    assert given == pytest.approx(float(lost[0] - lost[-1]) * full, rel=5e-3)


@pytest.mark.parametrize(
    "cell", [examples.chen_2020(), examples.ai_2022()], ids=["one material", "two materials"]
)
def test_parts_of_the_voltage_sum_to_it(cell):
    solution = simulate(
        cell,
        [Step("current", cell.one_c, until_time=900.0), Step("rest", until_time=900.0)],
        COARSE,
    )
    assert np.abs(solution.dataset.parts.sum("part") - solution.dataset.voltage).max() < 1e-12


def test_a_part_of_the_voltage_says_its_cause_its_side_and_its_material():
    cell = examples.ai_2022()
    parts = simulate(cell, [Step("current", cell.one_c, until_time=1.0)], COARSE).dataset.parts
    for side in ("negative", "positive"):
        materials = [material.name for material in getattr(cell, side).materials]
        for cause in ("open circuit", "solid diffusion", "kinetics"):
            of_cause = parts.isel(part=((parts.cause == cause) & (parts.side == side)).values)
            assert list(of_cause.material.values) == materials
            assert list(of_cause.part.values) == [f"{cause}, {side} {name}" for name in materials]
    assert {str(part.values): str(part.side.values) for part in parts.part[-6:]} == {
        "electrolyte, diffusion": "",
        "electrolyte, ohmic": "",
        "contact, negative": "negative",
        "solid, negative": "negative",
        "contact, positive": "positive",
        "solid, positive": "positive",
    }


# Order


def test_voltage_converges_at_second_order_through_the_thickness():
    cell = examples.chen_2020()

    def voltage(n):
        step = Step("current", 2 * cell.one_c, until_time=400.0)
        return (
            simulate(cell, [step], Mesh((n, n, n)), Tolerances(time=1e-4), (100.0, 200.0))
            .dataset.voltage[-1]
            .item()
        )

    v = [voltage(n) for n in (8, 16, 32, 64)]
    rates = np.log2(np.abs(np.diff(v)[:-1] / np.diff(v)[1:]))
    assert np.all(rates > 1.8), (v, rates)


def test_error_in_time_follows_its_tolerance_at_second_order():
    """The step is chosen from its local error, of third order; the error of the run falls as the
    steps squared.
    """
    cell = examples.chen_2020()
    times = np.linspace(300.0, 1500.0, 5)

    def run(tolerance):
        solution = simulate(
            cell,
            [Step("current", 2 * cell.one_c, until_time=1600.0)],
            Mesh((10, 6, 10)),
            Tolerances(time=tolerance),
            times,
        )
        return voltage_at(solution, times), solution.counts["steps"]

    exact = run(1e-7)[0]
    errors, steps = [], []
    for tolerance in (1e-3, 1e-4, 1e-5):
        v, count = run(tolerance)
        errors.append(np.abs(v - exact).max())
        steps.append(count)
    order = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert errors[0] < 3e-4
    assert -order > 1.7, (errors, steps)


def test_ten_modes_leave_a_radial_error_below_a_tenth_of_a_millivolt():
    cell = examples.chen_2020()
    times = np.array([100.0, 400.0, 800.0, 1400.0])

    def run(modes):
        step = Step("current", 2 * cell.one_c, until_time=1500.0)
        return voltage_at(
            simulate(cell, [step], Mesh((10, 6, 10), modes=modes), Tolerances(time=1e-5), times),
            times,
        )

    assert np.abs(run(10) - run(24)).max() < 1e-4


# The same thing in two ways


def test_jacobian_is_the_derivative_of_the_residual():
    cell = replace(examples.ai_2022(), contact_negative=1e-3)
    graphite, silicon = cell.negative.materials
    silicon = replace(silicon, stoichiometry=0.9, hysteresis=0.5, hysteresis_decay=50.0)
    cell = replace(
        cell,
        negative=replace(cell.negative, double_layer=0.2, materials=(graphite, silicon)),
        positive=replace(cell.positive, double_layer=0.1),
    )
    model = Model(cell, COARSE)
    rng = np.random.default_rng(1)
    u, voltage = model.start()
    u = u + rng.normal(size=u.shape) * np.array([30.0, 0.02, 0.02]) * ~model.layout.absent
    weights = np.array([1.5, -2.0, 0.5]) / 20.0
    model.condense(weights, 1.0)
    past = Unknowns(-weights[0] * u, -weights[0] * voltage)
    for drive in (Drive("current", 40.0), Drive("power", 150.0), Drive("voltage", 3.7)):
        model.assemble(Unknowns(u, voltage), past, drive)
        matrix = model.multigrid.sparse()
        direction = rng.normal(size=u.shape) * np.array([1.0, 1e-3, 1e-3]) * ~model.layout.absent
        exact = matrix @ np.append(direction, 1e-3)
        sides = []
        for h in (1e-3, -1e-3):
            residual, imposed = model.assemble(
                Unknowns(u + h * direction, voltage + 1e-3 * h), past, drive
            )
            sides.append(np.append(residual, imposed))
        difference = (sides[0] - sides[1]) / 2e-3
        assert np.abs(difference - exact).max() < 1e-6 * np.abs(exact).max()


def test_two_halves_of_a_material_are_the_material():
    cell = examples.chen_2020()
    graphite = cell.negative.materials[0]
    halves = tuple(replace(graphite, name=name, fraction=0.375) for name in ("one", "other"))
    step = [Step("current", cell.one_c, until_time=600.0)]
    whole = simulate(cell, step, COARSE).dataset.voltage[-1]
    split = simulate(
        replace(cell, negative=replace(cell.negative, materials=halves)), step, COARSE
    ).dataset.voltage[-1]
    assert split == pytest.approx(float(whole), abs=1e-7)


def test_power_and_voltage_steps_repeat_the_current_that_they_follow_from():
    cell = examples.marquis_2019()
    first = simulate(cell, [Step("current", 24.0, until_time=200.0)], COARSE).dataset
    held = simulate(
        cell,
        [
            Step("current", 24.0, until_time=200.0),
            Step("voltage", float(first.voltage[-1]), until_time=1e-3),
        ],
        COARSE,
    )
    assert held.dataset.current_density[-1] == pytest.approx(24.0, rel=1e-3)
    power = simulate(
        cell,
        [
            Step("current", 24.0, until_time=200.0),
            Step("power", 24 * float(first.voltage[-1]), until_time=1e-3),
        ],
        COARSE,
    )
    assert power.dataset.voltage[-1] == pytest.approx(float(first.voltage[-1]), abs=1e-5)


def test_hysteresis_moves_the_state_to_the_branch_of_its_direction():
    """One-state model: over a change of stoichiometry d the distance to the branch falls by
    exp(-decay d / 2).
    """
    cell = examples.ai_2022()
    silicon = replace(
        cell.negative.materials[1], hysteresis=-1.0, hysteresis_decay=40.0, fraction=0.1
    )
    cell = replace(cell, negative=replace(cell.negative, materials=(silicon,)))
    model_states = []
    solution = simulate(
        cell, [Step("current", 20.0, until_time=3000.0)], COARSE, progress=model_states.append
    )
    x = solution.dataset.stoichiometry_negative_silicon
    drop = float(x[0] - x[-1])
    low = simulate(
        cell=replace(cell, negative=with_material(cell.negative, hysteresis_decay=0.0)),
        protocol=[Step("current", 20.0, until_time=3000.0)],
        mesh=COARSE,
    ).dataset
    rise = float(low.voltage[-1] - solution.dataset.voltage[-1])
    gap = 2 * silicon.half_gap(float(x[-1]))
    # A hundredth: the state is followed at every depth, while the right side takes its mean over
    # the electrode. Half the decay would be off by 7 %.
    assert rise == pytest.approx(gap * (1 - np.exp(-20.0 * drop)), rel=0.01)


# Cut-offs and refusal


def test_cut_offs_are_met_and_not_passed():
    cell = examples.chen_2020()
    solution = simulate(cell, [Step("current", cell.one_c, until_voltage=3.5)], COARSE)
    assert solution.dataset.voltage[-1] == pytest.approx(3.5, abs=2e-6)
    assert solution.ends == ("voltage",)
    solution = simulate(
        cell, [Step("current", cell.one_c, until_capacity=1e4, until_voltage=2.5)], COARSE
    )
    assert solution.capacity == pytest.approx(1e4, rel=2e-6)
    assert solution.ends == ("capacity",)


def test_a_cut_off_in_the_first_second_is_met():
    cell = examples.chen_2020()
    solution = simulate(
        cell, [Step("current", 40 * cell.one_c, until_voltage=cell.lower_cutoff)], COARSE
    )
    assert solution.dataset.time[-1] < 5.0
    assert solution.dataset.voltage[-1] == pytest.approx(cell.lower_cutoff, abs=2e-6)


def test_a_cell_that_cannot_carry_the_current_gives_nothing_and_keeps_its_first_voltage():
    """Contact alone takes what lies above the cut-off: V = U - I R_c - kinetics, no charge
    passes.
    """
    cell = replace(examples.chen_2020(), contact_negative=1.0)
    current = 2 * (cell.open_circuit_voltage - cell.lower_cutoff) / cell.contact_negative
    discharge = Step("current", current, until_voltage=cell.lower_cutoff)
    solution = simulate(cell, [discharge, Step("rest", until_time=60.0)], COARSE)
    assert solution.ends == ("voltage at once", "time")
    data = solution.step(0)
    assert float(data.capacity[-1]) == 0
    assert np.all(np.diff(data.time) > 0)
    first = float(data.voltage[-1])
    assert first < cell.lower_cutoff - 1
    lost = -data.parts.isel(time=-1).values[(data.cause == Cause.CONTACT).values].sum()
    assert lost == pytest.approx(current * (cell.contact_negative + cell.contact_positive))


@pytest.mark.parametrize("mode", ["current", "power"])
def test_what_would_take_hundreds_of_volts_gives_nothing_and_ends_at_the_cut_off(mode):
    """No iteration finds the voltage of 1000C; at the cut-off less passes than is asked for."""
    cell = examples.chen_2020()
    asked = 1000 * cell.one_c * (3.0 if mode == "power" else 1.0)
    discharge = Step(mode, asked, until_voltage=cell.lower_cutoff)
    solution = simulate(cell, [discharge, Step("rest", until_time=60.0)], COARSE)
    assert solution.ends == ("voltage at once", "time")
    data = solution.step(0)
    assert float(data.capacity[-1]) == 0
    assert float(data.voltage[-1]) == pytest.approx(cell.lower_cutoff)
    assert 1 < float(data.current_density[-1]) / cell.one_c < 1000
    assert voltage_at(solution, 60.0) == pytest.approx(cell.open_circuit_voltage, abs=1e-6)


def test_what_no_voltage_can_give_is_an_error_where_nothing_is_used_up():
    cell = examples.chen_2020()
    with pytest.raises(SolverError, match=r"under power .*, and shorter steps do not help"):
        simulate(cell, [Step("power", 1e4 * cell.one_c, until_time=1.0)], COARSE)


def test_the_least_step_is_taken_in_spite_of_a_double_layer():
    """What it holds is told from what it held by its last digits: 1e-9 s move it by none."""
    cell = examples.chen_2020()
    double = {side: replace(getattr(cell, side), double_layer=2.0) for side in SIDES}
    plain = Integrator(Model(cell, COARSE)).attempt(1e-9, Drive("current", 1.0))[0]
    layered = Integrator(Model(replace(cell, **double), COARSE))
    state, _ = layered.attempt(1e-9, Drive("current", 1.0))
    assert cell.open_circuit_voltage > state.voltage > plain.voltage - 1e-3


@pytest.mark.filterwarnings("error")
def test_salt_that_comes_back_from_almost_nothing_is_guessed_within_bounds():
    cell = examples.chen_2020()
    integrator = Integrator(Model(cell, COARSE))
    before = integrator.attempt(1.0, Drive("current", 0.0))[0]
    integrator.accept(before)
    last = integrator.attempt(1.0, Drive("current", 0.0))[0]
    last.u[:, C], before.u[:, C] = 1.0, 1e-6
    integrator.history = [last, before]
    state, _ = integrator.attempt(100.0, Drive("current", 0.0))
    assert np.all(np.isfinite(state.u))


def test_a_run_from_beyond_its_cut_off_is_an_error():
    cell = examples.chen_2020()
    for beyond in (1e-9, 0.1):
        step = Step("current", 1.0, until_voltage=cell.open_circuit_voltage + beyond)
        with pytest.raises(AtCutOffError, match="before current = 1 has any effect"):
            simulate(cell, [step], COARSE)


def test_a_cell_that_is_exhausted_says_of_what_where_and_when():
    """Without a cut-off nothing else ends a discharge; it gives what there was."""
    cell = examples.chen_2020()
    solution = simulate(cell, [Step("current", 3 * cell.one_c, until_time=1e5)], COARSE)
    assert solution.ends == ("exhausted",)
    said = r".* is (empty|full|used up) at z = .* um, at .* s and .* V under current .*"
    assert re.fullmatch(said, solution.exhausted[0])
    assert 0 < solution.capacity < 3600 * cell.one_c


def test_a_half_cell_that_fills_up_before_its_cut_off_keeps_what_it_gave_and_goes_on():
    """The last of its voltage falls by 20 mV for each halving of the time that is left."""
    lithium = Lithium(materials.ExchangeCurrent(20.0, salt=0.3))
    cell = replace(examples.chen_2020(), negative=lithium, lower_cutoff=2.0)
    discharge = Step("current", cell.one_c, until_voltage=cell.lower_cutoff)
    solution = simulate(cell, [discharge, Step("rest", until_time=60.0)], COARSE)
    assert solution.ends == ("exhausted", "time")
    assert "nmc811 in the positive electrode is full" in solution.exhausted[0]
    assert solution.exhausted[1] == ""
    data = solution.step(0)
    assert 2.0 < float(data.voltage[-1]) < 2.8
    assert np.all(np.diff(data.time) > 0)
    material = cell.positive.materials[0]
    held = FARADAY * material.maximum_concentration * material.fraction * cell.positive.thickness
    taken = float(data.stoichiometry_positive_nmc811[-1]) - material.stoichiometry
    assert float(data.capacity[-1]) == pytest.approx(taken * held, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: replace(c, one_c=0.0), "one_c"),
        (lambda c: replace(c, lower_cutoff=5.0), "cut-off"),
        (
            lambda c: replace(c, negative=with_material(c.negative, stoichiometry=1.2)),
            "stoichiometry",
        ),
        (lambda c: replace(c, negative=with_material(c.negative, potential=None)), "open-circuit"),
        (lambda c: replace(c, negative=replace(c.negative, porosity=0.6)), "add to"),
    ],
)
def test_refusal_of_a_cell_that_makes_no_sense(change, message):
    with pytest.raises(CellError, match=message):
        Model(change(examples.chen_2020()), COARSE)


def test_refusal_of_a_step_without_an_end():
    with pytest.raises(CellError, match="without an end"):
        simulate(examples.chen_2020(), [Step("current", 1.0)], COARSE)
