"""The P4D engine against independent codes: COMSOL's solution of the one-dimensional model, and PyBaMM's DFN."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rampore import materials
from rampore.p4d import published
from rampore.p4d.solution import Mesh, Step, Tolerances, simulate

DISCHARGE = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "discharge"


@pytest.mark.parametrize("c_rate", ["0.1", "1", "2"])
def test_voltage_and_salt_are_those_of_comsol(c_rate):
    """The reference itself is good to about 2 mV; asked for: 1 mV RMS, 3 mV at most, 2 mol/m3."""
    if not DISCHARGE.exists():
        pytest.skip("COMSOL's solution is not here")
    t, voltage = np.loadtxt(DISCHARGE / f"comsol_marquis2019_{c_rate}C_voltage.csv", delimiter=",", skiprows=1).T
    salt = DISCHARGE / f"comsol_marquis2019_{c_rate}C_electrolyte.csv"
    times = np.array([float(name[2:-1]) for name in salt.read_text().splitlines()[0].split(",")[1:]])
    z, *profiles = np.loadtxt(salt, delimiter=",", skiprows=1).T
    cell = published.marquis_2019()
    stops = np.union1d(t[1:], times[1:])
    data = simulate(
        cell, [Step("current", float(c_rate) * cell.one_c, until_time=stops[-1])], Mesh((40, 20, 40)), field_times=stops
    ).dataset
    error = np.interp(t[1:], data.time, data.voltage) - voltage[1:]
    assert np.sqrt(np.mean(error**2)) < 1e-3
    assert np.abs(error).max() < 3e-3
    for time, profile in zip(times[1:], profiles[1:], strict=True):
        ours = data.c_e.sel(field_time=time, method="nearest").isel(x=0, y=0)
        assert np.abs(np.interp(z, ours.z, ours)[1:-1] - profile[1:-1]).max() < 2.0


def _pybamm_cell(name):
    pybamm = pytest.importorskip("pybamm")
    parameters = pybamm.ParameterValues({"ai_2022": "Chen2020_composite"}.get(name, name.title().replace("_", "")))
    options = {}
    if name == "marquis_2019":
        area = parameters["Electrode width [m]"] * parameters["Electrode height [m]"]
        parameters.update(
            {
                "Negative electrode conductivity [S.m-1]": 100.0,
                "Positive electrode conductivity [S.m-1]": 10.0,
                "Nominal cell capacity [A.h]": 24.0 * area,
            }
        )
    if name == "ai_2022":
        options = {"particle phases": ("2", "1")}
        parameters.update(
            {
                "Primary: Negative electrode OCP [V]": materials.graphite_ecker,
                "Positive electrode OCP [V]": materials.nmc811_lgm50,
                "Initial concentration in positive electrode [mol.m-3]": 17038.0,
            }
        )
    return pybamm, parameters, options


@pytest.mark.parametrize("name", ["marquis_2019", "chen_2020", "ai_2022"])
def test_voltage_at_1c_is_that_of_pybamm_extrapolated_in_its_mesh(name, monkeypatch):
    """PyBaMM's error on n points is a / n + b / n^2; three meshes remove both terms. Asked for: 0.2 mV."""
    monkeypatch.setenv("PYBAMM_DISABLE_TELEMETRY", "true")
    pybamm, parameters, options = _pybamm_cell(name)
    t = np.linspace(100.0, 3000.0, 30)
    theirs = []
    for n in (16, 32, 64):
        points = dict.fromkeys(("x_n", "x_s", "x_p", "r_n", "r_p", "r_n_prim", "r_n_sec"), n)
        simulation = pybamm.Simulation(
            pybamm.lithium_ion.DFN(options),
            parameter_values=parameters.copy(),
            C_rate=1,
            var_pts=points,
            solver=pybamm.IDAKLUSolver(rtol=1e-7, atol=1e-8),
        )
        theirs.append(simulation.solve([0, t[-1]])["Voltage [V]"](t))
    once = [2 * fine - coarse for coarse, fine in pairwise(theirs)]
    extrapolated = (4 * once[1] - once[0]) / 3
    cell = getattr(published, name)()
    solution = simulate(
        cell, [Step("current", cell.one_c, until_time=t[-1])], Mesh((40, 20, 40), modes=12), Tolerances(time=1e-4), t
    )
    ours = np.interp(t, solution.dataset.time, solution.dataset.voltage)
    assert np.abs(ours - extrapolated).max() < 2e-4
