"""BPX files: the same cell as by hand, and nothing but the format."""

import json

import numpy as np
import pytest

from rampore import cli
from rampore.materials import graphite_mcmb, lithium_cobalt_oxide
from rampore.p4d import bpx, published
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Mesh, Step, simulate

F = 96485.33212


def electrode(material, electrode, rate, ocp, limits):
    return {
        "Particle radius [m]": material.radius,
        "Thickness [m]": electrode.thickness,
        "Diffusivity [m2.s-1]": material.diffusivity,
        "OCP [V]": ocp,
        "Conductivity [S.m-1]": electrode.conductivity,
        "Surface area per unit volume [m-1]": 3 * material.fraction / material.radius,
        "Porosity": electrode.porosity,
        "Transport efficiency": electrode.porosity**1.5,
        "Reaction rate constant [mol.m-2.s-1]": rate,
        "Minimum stoichiometry": limits[0],
        "Maximum stoichiometry": limits[1],
        "Maximum concentration [mol.m-3]": material.maximum_concentration,
    }


@pytest.fixture
def marquis():
    """The published cell as a BPX file: one potential as an expression, the other as a table."""
    cell = published.marquis_2019()
    negative, positive = cell.negative.materials[0], cell.positive.materials[0]
    x = np.linspace(0.0, 1.0, 4001)
    graphite = (
        "0.194 + 1.5*exp(-120.0*x) + 0.0351*tanh((x-0.286)/0.083) - 0.0045*tanh((x-0.849)/0.119)"
        " - 0.035*tanh((x-0.9233)/0.05) - 0.0147*tanh((x-0.5)/0.034) - 0.102*tanh((x-0.194)/0.142)"
        " - 0.022*tanh((x-0.9)/0.0164) - 0.011*tanh((x-0.124)/0.0226) + 0.0155*tanh((x-0.105)/0.029)"
    )
    oxide = {"x": x.tolist(), "y": lithium_cobalt_oxide(x).tolist()}
    return {
        "Header": {"BPX": "1.1.0", "Title": "Marquis 2019", "Model": "DFN"},
        "Parameterisation": {
            "Cell": {
                "Electrode area [m2]": 2.0,
                "Number of electrode pairs connected in parallel to make a cell": 1,
                "Nominal cell capacity [A.h]": 48.0,
                "Lower voltage cut-off [V]": 2.0,
                "Upper voltage cut-off [V]": 4.1,
                "Reference temperature [K]": 298.15,
            },
            "Electrolyte": {
                "Cation transference number": 0.4,
                "Diffusivity [m2.s-1]": "5.34e-10*exp(-0.65*x/1000)",
                "Conductivity [S.m-1]": "0.0911 + 1.9101*(x/1000) - 1.052*(x/1000)**2 + 0.1554*(x/1000)**3",
            },
            "Negative electrode": electrode(
                negative, cell.negative, negative.exchange_current.reference / F, graphite, (0.1, 0.8)
            ),
            "Positive electrode": electrode(
                positive, cell.positive, positive.exchange_current.reference / F, oxide, (0.6, 0.99)
            ),
            "Separator": {"Thickness [m]": 25e-6, "Porosity": 1.0, "Transport efficiency": 1.0},
        },
        "State": {
            "Initial conditions": {
                "Initial state-of-charge": 1.0,
                "Initial temperature [K]": 298.15,
                "Initial electrolyte concentration [mol.m-3]": 1000.0,
            }
        },
    }


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "cell.json"
        path.write_text(json.dumps(content))
        return path

    return write


def test_cell_from_a_file_discharges_like_the_one_by_hand(marquis, write):
    cell = bpx.read(write(marquis))
    assert cell.one_c == 24.0
    step = [Step("current", 48.0, until_time=600.0)]
    by_hand = simulate(published.marquis_2019(), step, Mesh((8, 5, 8))).dataset
    from_file = simulate(cell, step, Mesh((8, 5, 8))).dataset
    assert float(from_file.voltage[-1]) == pytest.approx(float(by_hand.voltage[-1]), abs=2e-6)


def test_initial_stoichiometry_follows_the_state_of_charge(marquis, write):
    marquis["State"]["Initial conditions"]["Initial state-of-charge"] = 0.25
    cell = bpx.read(write(marquis))
    assert cell.negative.materials[0].stoichiometry == pytest.approx(0.1 + 0.25 * 0.7)
    assert cell.positive.materials[0].stoichiometry == pytest.approx(0.99 - 0.25 * 0.39)


def test_perforation_and_contact_come_from_the_users_fields(marquis, write):
    marquis["Parameterisation"]["User-defined"] = {
        "Hole diameter [m]": 75e-6,
        "Hole pitch [m]": 160e-6,
        "Foil thickness [m]": 15e-6,
        "Negative contact resistance [Ohm.m2]": 1e-4,
    }
    cell = bpx.read(write(marquis))
    assert cell.perforation.open_fraction == pytest.approx(0.1993, abs=1e-4)
    assert cell.contact_negative == 1e-4


def test_blended_electrode_has_its_materials_and_their_branches(marquis, write):
    sheet = marquis["Parameterisation"]["Negative electrode"]
    particle_keys = [key for key in sheet if key.split(" [")[0] in (
        "Particle radius", "Diffusivity", "OCP", "Surface area per unit volume", "Reaction rate constant",
        "Minimum stoichiometry", "Maximum stoichiometry", "Maximum concentration",
    )]  # fmt: skip
    particle = {key: sheet.pop(key) for key in particle_keys}
    other = dict(particle)
    other["OCP (lithiation) [V]"], other["OCP (delithiation) [V]"] = "0.4 - 0.3*x", "0.6 - 0.3*x"
    sheet["Particle"] = {"graphite": particle, "silicon": other}
    cell = bpx.read(write(marquis))
    graphite, silicon = cell.negative.materials
    assert graphite.open_circuit(0.5) == pytest.approx(graphite_mcmb(0.5))
    assert silicon.open_circuit(0.5, -1.0) == pytest.approx(0.25)
    assert silicon.open_circuit(0.5, 1.0) == pytest.approx(0.45)


def test_expressions_are_the_formats_and_nothing_else_is_executed():
    x = np.array([0.2, 0.7])
    assert np.allclose(
        bpx.expression("-2*x**2 + exp(-x)/cosh(x) - tanh(3e-1*x)")(x),
        -2 * x**2 + np.exp(-x) / np.cosh(x) - np.tanh(0.3 * x),
    )
    for text in (
        "__import__('os').getcwd()",
        "x.real",
        "y + 1",
        "exp(x, x)",
        "[x for x in (1,)]",
        "lambda: 1",
        "x if x else 1",
        "1 +",
    ):
        with pytest.raises(CellError, match="expression"):
            bpx.expression(text)


def test_refusal_of_a_file_that_is_not_of_the_format(marquis, write, tmp_path):
    del marquis["Parameterisation"]["Separator"]
    with pytest.raises(CellError, match="Separator"):
        bpx.read(write(marquis))
    with pytest.raises(CellError, match="No such file"):
        bpx.read(tmp_path / "absent.json")


def test_command_writes_its_files(marquis, write, tmp_path, capsys):
    import pyvista
    import xarray as xr

    out = tmp_path / "out"
    arguments = [str(write(marquis)), "--c-rate", "2", "--lower-cutoff-V", "3.2", "--layers", "8", "5", "8"]
    assert cli.main(["discharge", *arguments, "-o", str(out)]) == 0
    table = np.loadtxt(out / "discharge.csv", delimiter=",", skiprows=1)
    assert (out / "discharge.csv").read_text().startswith("time_s,voltage_V,capacity_Ah_m2\n")
    assert table[-1, 1] == pytest.approx(3.2, abs=1e-5)
    assert table[-1, 2] == pytest.approx(48.0 * table[-1, 0] / 3600, rel=1e-6)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["one_c_A_per_m2"] == 24.0
    assert summary["capacity_Ah_per_m2"] == pytest.approx(table[-1, 2])
    assert (out / "discharge.png").stat().st_size > 1e4
    fields = xr.load_dataset(out / "fields.nc", engine="h5netcdf")
    assert fields.c_e.attrs["units"] == "mol/m3"
    assert not [path for path in out.iterdir() if path.name.startswith(".")]
    for_paraview = pyvista.read(out / f"fields_{fields.field_time.size - 1}.vtr")
    assert for_paraview.field_data["time [s]"][0] == pytest.approx(table[-1, 0], rel=1e-8)
    c_e = for_paraview.cell_data["c_e [mol/m3]"]
    assert c_e == pytest.approx(fields.c_e.isel(field_time=-1, x=0, y=0).values)
    assert for_paraview.bounds[5] == pytest.approx(225.0)
    assert "state of charge" in capsys.readouterr().out


def test_command_that_cannot_be_carried_out_says_why(marquis, write, tmp_path, capsys):
    assert cli.main(["discharge", str(tmp_path / "absent.json"), "-o", str(tmp_path / "out")]) == 2
    assert "No such file" in capsys.readouterr().err
    assert cli.main(["discharge", str(write(marquis)), "--c-rate", "0", "-o", str(tmp_path / "out")]) == 2
    assert "discharges nothing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
