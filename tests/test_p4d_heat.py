"""Heat by its cause: with what current and potentials do, the balance of energy, PyBaMM's heat."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from rampore import materials
from rampore.constants import FARADAY
from rampore.p4d import examples
from rampore.p4d.cell import Lithium, Perforation
from rampore.p4d.heat import HeatMeter
from rampore.p4d.model import Drive, Model
from rampore.p4d.parts import Cause, Part
from rampore.p4d.solution import Mesh, Step, Tolerances, simulate
from rampore.p4d.time import Integrator

CELL = replace(examples.chen_2020(), contact_negative=1e-3, contact_positive=2e-3)
ELECTROLYTE = ("electrolyte, ohmic", "electrolyte, diffusion")
FOIL = Lithium(materials.ExchangeCurrent(20.0, salt=0.3))
CELLS = {
    "full": (CELL, Mesh((8, 4, 8))),
    "two materials": (examples.ai_2022(), Mesh((8, 4, 8))),
    "half": (replace(CELL, negative=FOIL), Mesh((8, 4, 8))),
    "other half": (replace(CELL, positive=FOIL), Mesh((8, 4, 8))),
    "perforated": (
        replace(CELL, perforation=Perforation(75e-6, 160e-6, 15e-6, "coating")),
        Mesh((6, 3, 6), (3, 4), 2),
    ),
}


def after(cell, mesh, rate, times=12):
    """A model, and its state after some steps in time at a rate over 1C."""
    integrator = Integrator(Model(cell, mesh))
    drive = Drive("current", rate * cell.one_c)
    for step in np.geomspace(1e-3, 20.0, times):
        integrator.accept(integrator.attempt(step, drive)[0])
    return integrator.model, integrator.state


@pytest.mark.parametrize("rate", [2.0, -1.0])
@pytest.mark.parametrize("name", CELLS)
def test_heat_is_what_the_reactions_set_free_less_the_electrical_power(name, rate):
    """At every instant, to what Newton's iteration leaves of the charge."""
    cell, mesh = CELLS[name]
    model, state = after(cell, mesh, rate)
    heat = HeatMeter(model).read(state)
    free = sum(
        float((p.kinetics.surface * p.j) @ p.open_circuit(p.spheres.mean))
        for p in model.populations
    )
    balance = -free / model.area - state.current * state.voltage
    total = sum(heat.values())
    assert total == pytest.approx(balance, rel=1e-5)
    for cause in set(Cause) - {Cause.SALT_DIFFUSION, Cause.ENTROPY, Cause.SOLID_DIFFUSION}:
        assert all(value >= 0 for part, value in heat.items() if part.cause == cause)


def test_contacts_and_foils_of_lithium_heat_by_ohms_law():
    model, state = after(CELL, Mesh((8, 4, 8)), 2.0)
    heat, current = HeatMeter(model).read(state), 2.0 * CELL.one_c
    for side in ("negative", "positive"):
        resistance = getattr(CELL, f"contact_{side}")
        assert heat[Part(Cause.CONTACT, side)] == pytest.approx(resistance * current**2, rel=1e-6)
    half, mesh = CELLS["half"]
    model, state = after(half, mesh, 2.0)
    found = HeatMeter(model).read(state)[Part(Cause.CONTACT, "negative")]
    assert found == pytest.approx(half.contact_negative * current**2, rel=1e-6)


def test_what_a_cell_gives_as_current_and_heat_is_what_its_solids_lose():
    """Discharged and left to rest: heat is the change of the free energy less the work."""
    steps = [
        Step("current", CELL.one_c, until_time=1200.0),
        Step("rest", until_time=3600.0),
    ]
    solution = simulate(CELL, steps, Mesh((8, 4, 8)), Tolerances(time=1e-5))
    data = solution.dataset
    jump, power = data.jump.values[1:] > 0, (data.voltage * data.current_density).values
    work = np.diff(data.time) @ np.where(jump, power[1:], 0.5 * (power[1:] + power[:-1]))
    free = 0.0
    for side in ("negative", "positive"):
        material = getattr(CELL, side).materials[0]
        held = FARADAY * material.maximum_concentration * material.fraction
        fields = data[f"mean_stoichiometry_{side}_{material.name}"].values[[0, -1]]
        for start, end, volume in zip(
            *(f.ravel() for f in (*fields, data.volume.values)), strict=True
        ):
            if np.isfinite(start):
                area = quad(
                    lambda x, m=material: float(m.open_circuit(x)), start, end, epsabs=1e-13
                )
                free += held * volume * area[0] / data.attrs["unit_cell_area_m2"]
    assert sum(solution.heat.values()) == pytest.approx(free - work, rel=1e-4)


def test_reversible_heat_is_that_of_the_entropy_and_else_said_to_be_left_out():
    slope = 1e-4
    known = replace(CELL.positive.materials[0], entropic=lambda x: slope + 0.0 * x)
    cell = replace(CELL, positive=replace(CELL.positive, materials=(known,)))
    step = Step("current", cell.one_c, until_time=100.0)
    solution = simulate(cell, [step, Step("rest", until_time=50.0)], Mesh((8, 4, 8)))
    heat = solution.heat["entropy, positive nmc811"]
    # the positive electrode takes lithium up, against its potential
    assert heat == pytest.approx(-cell.temperature * slope * solution.capacity, rel=1e-9)
    assert solution.dataset.heat.attrs["without_entropy"] == "negative graphite"


#: What PyBaMM calls its heat sources.
SOURCES = ("Ohmic", "irreversible electrochemical", "reversible")


def pybamms_heat(pybamm, time, slope):
    """Heat from each of :data:`SOURCES` at a time [W/m2]; its means are over the whole thickness,
    with the foils. From meshes of n, 2 n and 4 n points, where the error is a / n + b / n^2.
    """
    values, found = pybamm.ParameterValues("Chen2020"), []
    values.update({"Positive electrode OCP entropic change [V.K-1]": slope})
    layers = [
        f"{side} {layer}"
        for side in ("Negative", "Positive")
        for layer in ("electrode", "current collector")
    ]
    thickness = sum(values[f"{layer} thickness [m]"] for layer in [*layers, "Separator"])
    for n in (20, 40, 80):
        simulation = pybamm.Simulation(
            pybamm.lithium_ion.DFN({"calculate heat source for isothermal models": "true"}),
            parameter_values=values.copy(),
            C_rate=1,
            var_pts=dict.fromkeys(("x_n", "x_s", "x_p", "r_n", "r_p"), n),
            solver=pybamm.IDAKLUSolver(rtol=1e-7, atol=1e-8),
        )
        solution = simulation.solve([0, time])
        sources = (solution[f"X-averaged {name} heating [W.m-3]"] for name in SOURCES)
        found.append(np.array([thickness * float(source(time)) for source in sources]))
    coarse, middle, fine = found
    once = 2 * middle - coarse, 2 * fine - middle
    return (4 * once[1] - once[0]) / 3


def test_heat_is_that_of_pybamm(monkeypatch):
    """Asked for: a thousandth. Met with 0.6 thousandths, of the ohmic heat."""
    monkeypatch.setenv("PYBAMM_DISABLE_TELEMETRY", "true")
    slope = 1e-4
    theirs = pybamms_heat(pytest.importorskip("pybamm"), 1000.0, slope)
    cell = examples.chen_2020()
    known = replace(cell.positive.materials[0], entropic=lambda x: slope + 0.0 * x)
    cell = replace(cell, positive=replace(cell.positive, materials=(known,)))
    step = Step("current", cell.one_c, until_time=1000.0)
    data = simulate(cell, [step], Mesh((40, 20, 40), modes=12), Tolerances(time=1e-4)).dataset
    parts, rates = data.heat_part.values.tolist(), data.heat.values[-1].tolist()
    ours = dict(zip(parts, rates, strict=True))

    def of(*causes):
        return sum(heat for part, heat in ours.items() if part.startswith(causes))

    ohmic = sum(heat for part, heat in ours.items() if part in ("solid", *ELECTROLYTE))
    assert [ohmic, of("kinetics"), of("entropy")] == pytest.approx(theirs.tolist(), rel=1e-3)
