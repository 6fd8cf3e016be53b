"""Half cells, symmetric cells and double layers: limits, mirror images, conservation."""

from dataclasses import replace

import numpy as np
import pytest

from rampore import materials
from rampore.constants import FARADAY, GAS_CONSTANT, REFERENCE_TEMPERATURE
from rampore.p4d import examples
from rampore.p4d.cell import Cell, Electrode, Lithium, Material, Perforation, Separator
from rampore.p4d.equations import Unknowns
from rampore.p4d.errors import CellError
from rampore.p4d.model import Drive, Model
from rampore.p4d.solution import Mesh, Step, Tolerances, simulate

COARSE = Mesh((8, 5, 8))
RT_F = GAS_CONSTANT * REFERENCE_TEMPERATURE / FARADAY
LITHIUM = Lithium(materials.ExchangeCurrent(20.0, salt=0.3))


def unit(eps):
    return 1.0 + 0 * eps


def salt(conductivity=1.0, diffusivity=2e-10, transference=0.4, factor=1.0):
    properties = (conductivity, diffusivity, transference, factor)
    return materials.Electrolyte(
        *(materials.constant(value) for value in properties), 5000.0, "test"
    )


def lithium_on_both_sides(length=100e-6, exchange=20.0, **changes):
    foil = Lithium(materials.ExchangeCurrent(exchange, salt=0.3))
    return replace(
        Cell(
            foil,
            Separator(length, 0.5, unit),
            foil,
            salt(),
            1000.0,
            10.0,
            -9.0,
            9.0,
            contact_negative=2e-4,
        ),
        **changes,
    )


# Exact values


def test_lithium_on_both_sides_reaches_its_steady_state():
    """Linear salt between the faces, Ohm, the concentration cell and Butler-Volmer at both: all in
    closed form.
    """
    cell, current, length = lithium_on_both_sides(), 10.0, 100e-6
    data = simulate(cell, [Step("current", current, until_time=2e5)], Mesh((1, 40, 1))).dataset
    swing = 0.6 * current * length / (2 * FARADAY * 2e-10)
    near, far = 1000.0 + swing, 1000.0 - swing
    kinetics = sum(2 * RT_F * np.arcsinh(current / 40.0 / (c / 1000.0) ** 0.3) for c in (near, far))
    expected = current * (length + 2e-4) + 2 * RT_F * 0.6 * np.log(near / far) + kinetics
    # the logarithm's curvature across a cell leaves a part in 1e4 at 40 cells
    assert -float(data.voltage[-1]) == pytest.approx(expected, rel=2e-4)
    profile = data.c_e.isel(field_time=-1, x=0, y=0)
    assert np.abs(profile - (near + (far - near) * data.z / length)).max() < 1e-3


def test_a_concentration_cell_has_the_integral_of_its_thermodynamic_factor():
    """Two steady states with the same linear salt differ by 2 RT / F (1 - t) times the integral of
    chi dc / c; chi = 1 + c / c0 makes it ln(near / far) + (near - far) / c0. A thousandth is less
    than a tenth of what one per cent of chi changes.
    """
    cell, current, length = lithium_on_both_sides(), 40.0, 100e-6
    voltages = []
    for factor in (lambda c: 1 + c / 1000.0, lambda c: 0 * c):
        electrolyte = salt()._replace(thermodynamic_factor=factor)
        step = Step("current", current, until_time=2e4)
        run = simulate(replace(cell, electrolyte=electrolyte), [step], Mesh((1, 20, 1)))
        voltages.append(float(run.dataset.voltage[-1]))
    swing = 0.6 * current * length / (2 * FARADAY * 2e-10)
    near, far = 1000.0 + swing, 1000.0 - swing
    expected = 2 * RT_F * 0.6 * (np.log(near / far) + (near - far) / 1000.0)
    assert voltages[1] - voltages[0] == pytest.approx(expected, rel=1e-3)


def test_the_limiting_current_is_where_the_salt_at_the_face_runs_out():
    """2 F D c / ((1 - t) L): just below it the cell settles, just above the voltage runs away."""
    cell = lithium_on_both_sides()
    limit = 2 * FARADAY * 2e-10 * 1000.0 / (0.6 * 100e-6)
    below = simulate(
        cell, [Step("current", 0.97 * limit, until_time=1e5, until_voltage=-1.0)], COARSE
    )
    assert below.ends == ("time",)
    above = simulate(
        cell, [Step("current", 1.03 * limit, until_time=1e5, until_voltage=-1.0)], COARSE
    )
    assert above.ends == ("voltage",)


def test_a_double_layer_charges_with_its_time_constant():
    """A thin electrode of a flat potential at a current well below i0: eta = i R (1 - exp(-t / R
    C)).
    """
    thickness, capacitance, exchange = 1e-6, 2.0, 1.0
    flat = Material(
        "flat",
        0.5,
        1e-6,
        1e7,
        1e-10,
        materials.ExchangeCurrent(2 * exchange),
        0.5,
        potential=materials.constant(0.3),
    )
    cell = Cell(
        Lithium(materials.ExchangeCurrent(1e7, salt=0.0)),
        Separator(1e-6, 0.5, unit),
        Electrode(thickness, 0.5, 10.0, (flat,), unit, capacitance),
        salt(10.0, 1e-5, factor=0.0), 1000.0, 10.0, -9.0, 9.0,
    )  # fmt: skip
    surface = 3 * 0.5 / 1e-6 * thickness
    resistance, current = RT_F / (exchange * surface), 0.1
    times = resistance * capacitance * surface * np.array([0.5, 1.0, 3.0])
    errors = []
    for tolerance in (1e-5, 1e-6):
        step = Step("current", current, until_time=times[-1])
        data = simulate(cell, [step], Mesh((1, 2, 2)), Tolerances(time=tolerance), times).dataset
        # the ohmic rest, and the lag behind the surface that is charged through the particles'
        # faces, is far below
        fall = 0.3 - np.interp(times, data.time, data.voltage)
        errors.append(np.abs(fall / (current * resistance) - (1 - np.exp(-times / times[1]))).max())
    assert errors[1] < 2e-3
    assert errors[1] < 0.6 * errors[0]


def test_blocking_electrodes_take_a_third_of_their_ionic_resistance():
    """At constant current the late voltage is 2 i t / C + i (R_sep + 2 R_ion / 3): de Levie's line
    at low frequency.
    """
    length, gap, kappa, current, capacitance = 50e-6, 20e-6, 1.0, 1.0, 100.0
    blocking = Electrode(length, 0.5, 1e4, (), unit, 1.0, inert_surface=capacitance / length)
    cell = Cell(
        blocking,
        Separator(gap, 0.5, unit),
        blocking,
        salt(kappa, 1e-7, factor=0.0),
        1000.0,
        10.0,
        -9.0,
        9.0,
    )
    end = 30 * length / kappa * capacitance
    solution = simulate(cell, [Step("current", current, until_time=end)], Mesh((40, 10, 40)))
    late = -float(solution.dataset.voltage[-1]) - 2 * current * end / capacitance
    assert late == pytest.approx(current * (gap + 2 * length / 3) / kappa, rel=2e-3)
    assert solution.conservation.lithium < 1e-10
    assert abs(solution.dataset.parts.sum("part") - solution.dataset.voltage).max() < 1e-12


def test_a_symmetric_cell_of_equal_electrodes_answers_both_directions_alike():
    electrode = examples.chen_2020().negative
    half_full = replace(electrode, materials=(replace(electrode.materials[0], stoichiometry=0.5),))
    cell = replace(
        examples.chen_2020(),
        negative=half_full,
        positive=half_full,
        lower_cutoff=-1.0,
        upper_cutoff=1.0,
    )
    there, back = (
        simulate(cell, [Step("current", current, until_time=200.0)], COARSE).dataset.voltage
        for current in (40.0, -40.0)
    )
    assert float(there[0]) == 0.0
    assert float(there[-1]) == pytest.approx(-float(back[-1]), rel=1e-9)


# The same thing in two ways


def test_lithium_on_either_side_is_the_same_cell():
    """Turned over, with the current reversed: minus the voltage."""
    whole = examples.chen_2020()
    upright = replace(whole, negative=LITHIUM, contact_negative=1e-4)
    over = replace(
        whole,
        negative=whole.positive,
        positive=LITHIUM,
        contact_positive=1e-4,
        lower_cutoff=-5.0,
        upper_cutoff=-2.0,
    )
    # tolerance: the linear solver stops at 1e-3 of each correction of at most 1e-4 V
    for current in (30.0, -10.0):
        one = simulate(
            upright, [Step("current", current, until_time=300.0)], Mesh((8, 5, 8), grading=0.0)
        )
        other = simulate(
            over, [Step("current", -current, until_time=300.0)], Mesh((8, 5, 8), grading=0.0)
        )
        assert float(one.dataset.voltage[-1]) == pytest.approx(
            -float(other.dataset.voltage[-1]), abs=1e-6
        )
        for solution in (one, other):
            assert abs(solution.dataset.parts.sum("part") - solution.dataset.voltage).max() < 1e-12
            assert solution.conservation.lithium < 1e-9


@pytest.mark.parametrize(
    "sides", [("negative",), ("positive",), ("negative", "positive")], ids="+".join
)
def test_jacobian_of_a_cell_with_lithium_is_the_derivative_of_its_residual(sides):
    cell = replace(examples.chen_2020(), lower_cutoff=-9.0, upper_cutoff=9.0, contact_positive=1e-4)
    cell = replace(cell, **dict.fromkeys(sides, LITHIUM))
    model = Model(cell, COARSE)
    rng = np.random.default_rng(1)
    u, voltage = model.start()
    u = u + rng.normal(size=u.shape) * np.array([30.0, 0.02, 0.02]) * ~model.layout.absent
    weights = np.array([1.5, -2.0, 0.5]) / 20.0
    model.condense(weights, 1.0)
    past = Unknowns(-weights[0] * u, -weights[0] * voltage)
    for drive in (Drive("current", 40.0), Drive("power", 150.0), Drive("voltage", 3.7)):
        model.assemble(Unknowns(u, voltage), past, drive)
        direction = rng.normal(size=u.shape) * np.array([1.0, 1e-3, 1e-3]) * ~model.layout.absent
        exact = model.multigrid.sparse() @ np.append(direction, 1e-3)
        sides = []
        for h in (1e-3, -1e-3):
            residual, imposed = model.assemble(
                Unknowns(u + h * direction, voltage + 1e-3 * h), past, drive
            )
            sides.append(np.append(residual, imposed))
        assert np.abs((sides[0] - sides[1]) / 2e-3 - exact).max() < 1e-6 * np.abs(exact).max()


# Conservation


def test_lithium_salt_and_charge_are_conserved_where_lithium_dissolves():
    cell = replace(examples.chen_2020(), negative=LITHIUM)
    cell = replace(cell, positive=replace(cell.positive, double_layer=0.2))
    protocol = [
        Step("current", 50.0, until_time=300.0),
        Step("rest", until_time=60.0),
        Step("voltage", 4.0, until_time=100.0),
        Step("current", -80.0, until_time=100.0),
    ]
    solution = simulate(cell, protocol, COARSE)
    assert solution.conservation.lithium < 1e-9
    assert solution.conservation.salt < 1e-12
    assert solution.conservation.charge < 1e-6


# Refusal


def test_refusal_of_holes_in_a_foil_of_lithium():
    with pytest.raises(CellError, match="lithium"):
        replace(
            examples.chen_2020(), negative=LITHIUM, perforation=Perforation(75e-6, 160e-6, 15e-6)
        )
