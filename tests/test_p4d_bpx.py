"""BPX files: the same cell as by hand, and nothing but the format."""

import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from rampore import cli
from rampore.materials import graphite_mcmb, lithium_cobalt_oxide
from rampore.p4d import bpx, examples
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Mesh, Step, simulate

F = 96485.33212

pytestmark = [
    pytest.mark.filterwarnings("ignore:the limits of the stoichiometry:UserWarning"),
    pytest.mark.filterwarnings("ignore:a file of BPX version 0:UserWarning"),
    pytest.mark.filterwarnings("ignore:.* deprecated:DeprecationWarning"),
]


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
    cell = examples.marquis_2019()
    negative, positive = cell.negative.materials[0], cell.positive.materials[0]
    x = np.linspace(0.0, 1.0, 4001)
    graphite = (
        "0.194 + 1.5*exp(-120.0*x) + 0.0351*tanh((x-0.286)/0.083) - 0.0045*tanh((x-0.849)/0.119)"
        " - 0.035*tanh((x-0.9233)/0.05) - 0.0147*tanh((x-0.5)/0.034) - 0.102*tanh((x-0.194)/0.142)"
        " - 0.022*tanh((x-0.9)/0.0164) - 0.011*tanh((x-0.124)/0.0226) + "
        "0.0155*tanh((x-0.105)/0.029)"
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
                "Conductivity [S.m-1]": "0.0911 + 1.9101*(x/1000) - 1.052*(x/1000)**2 "
                "+ 0.1554*(x/1000)**3",
            },
            "Negative electrode": electrode(
                negative,
                cell.negative,
                negative.exchange_current.reference / F,
                graphite,
                (0.1, 0.8),
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
    by_hand = simulate(examples.marquis_2019(), step, Mesh((8, 5, 8))).dataset
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


def test_materials_swell_by_the_users_fields(marquis, write):
    """A number is the growth when full, and evenly on the way; the efficiency follows the pores."""
    marquis["Parameterisation"]["User-defined"] = {
        "Volume change of negative": 0.13,
        "Volume change of positive": "-0.02 * x**2",
    }
    cell = bpx.read(write(marquis))
    x = np.array([0.0, 0.5, 1.0])
    (negative,), (positive,) = cell.negative.materials, cell.positive.materials
    assert negative.volume_law(x) == pytest.approx([1.0, 1.065, 1.13])
    assert positive.volume_law(x) == pytest.approx([1.0, 0.995, 0.98])
    assert cell.negative.transport_efficiency(0.2) == pytest.approx(0.2**1.5, rel=1e-12)
    assert not bpx.read(write(marquis | {"Parameterisation": marquis["Parameterisation"]
        | {"User-defined": {}}})).swells  # fmt: skip


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"Volume change of negativ": 0.1}, "did you mean 'Volume change of negative'"),
        ({"Volume change of negative": -1.0}, "-1 at x = 1 must be finite and above -1"),
        ({"Volume change of negative": "1 / x"}, "must be finite and above -1"),
    ],
)
def test_a_volume_change_that_cannot_be_is_refused(marquis, write, field, words):
    marquis["Parameterisation"]["User-defined"] = field
    with pytest.raises(CellError, match=words):
        bpx.read(write(marquis))


def test_blended_electrode_has_its_materials_and_their_branches(marquis, write):
    sheet = marquis["Parameterisation"]["Negative electrode"]
    particle_keys = [key for key in sheet if key.split(" [")[0] in (
        "Particle radius", "Diffusivity", "OCP", "Surface area per unit volume",
        "Reaction rate constant", "Minimum stoichiometry", "Maximum stoichiometry",
        "Maximum concentration",
    )]  # fmt: skip
    particle = {key: sheet.pop(key) for key in particle_keys}
    particle["Surface area per unit volume [m-1]"] /= 2
    other = dict(particle)
    other["OCP (lithiation) [V]"], other["OCP (delithiation) [V]"] = "0.4 - 0.3*x", "0.6 - 0.3*x"
    other["OCP hysteresis decay constant"] = 20.0
    sheet["Particle"] = {"graphite": particle, "silicon": other}
    marquis["Parameterisation"]["User-defined"] = {"Volume change of silicon": 2.8}
    cell = bpx.read(write(marquis))
    assert [m.volume_law is not None for m in cell.negative.materials] == [False, True]
    graphite, silicon = cell.negative.materials
    assert graphite.open_circuit(0.5) == pytest.approx(graphite_mcmb(0.5))
    assert silicon.open_circuit(0.5, -1.0) == pytest.approx(0.25)
    assert silicon.open_circuit(0.5, 1.0) == pytest.approx(0.45)


def test_refusal_of_a_file_that_is_not_of_the_format(marquis, write, tmp_path):
    del marquis["Parameterisation"]["Separator"]
    with pytest.raises(CellError, match="Separator"):
        bpx.read(write(marquis))
    with pytest.raises(CellError, match="No such file"):
        bpx.read(tmp_path / "absent.json")


# Small files that each hold one thing that cannot be, and what is said of it

CASES = Path(__file__).parent / "data" / "cases" / "cells"
REFUSED = {
    "code_execution": r"Negative electrode / OCP \[V\]: expression .* "
    r"'eval' is not part of the format",
    "ocp_exit": r"Negative electrode / OCP \[V\]: expression 'exit\(0\)'",
    "power_diffusivity": r"Electrolyte / Diffusivity \[m2.s-1\]: "
    r"expression '9\*\*9\*\*9\*\*9\*x' .* exponent",
    "temperature_0": r"Initial temperature \[K\] = 0 must be finite and above 0",
    "salt_zero": r"Initial electrolyte concentration \[mol.m-3\] = 0 must be finite and above 0",
    "kappa_negative": r"Electrolyte / Conductivity \[S.m-1\] = -1 "
    r".* above 0, and is not between x = 8 and 4000",
    "negative_diffusivity": r"Negative electrode / Diffusivity \[m2.s-1\] "
    r".* between x = 0.50\d* and 0.7567",
    "foil_negative": r"Foil thickness \[m\] = -1.5e-05 must be finite and above 0",
    "stoich_swapped": r"Negative electrode / Minimum stoichiometry = 0.9 is not below .* = 0.8",
    "thickness_neg": r"Negative electrode / Thickness \[m\] = -0.0001 must be finite and above 0",
    "separator_efficiency_0": r"Separator / Transport efficiency = 0 must be finite and above 0",
    "soc_1.2": r"Initial state-of-charge = 1.2 must be finite and at least 0 and at most 1",
    "table_nan": r"Negative electrode / OCP \[V\] / y: row 2 = 'nan' must be a finite number",
    "ocp_duplicate_x": r"Negative electrode / OCP \[V\]: "
    r"x must increase: 0.00886719 at row 7 follows 0.00886719",
    "user_defined_typo": r"'Negative electrode contact resistance .*"
    r"'Negative contact resistance \[Ohm.m2\]'",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_with_what_cannot_be_is_refused_within_a_second_and_leaves_nothing(
    name, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    start = time.process_time()
    with pytest.raises(CellError, match=REFUSED[name]) as refused:
        bpx.read(CASES / f"{name}.json")
    assert time.process_time() - start < 1
    assert "\n" not in str(refused.value)
    assert f"{name}.json: " in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_no_valid_file_is_run_as_a_program_or_leaves_a_file(marquis, write, tmp_path, monkeypatch):
    """Both potentials as expressions, which is where bpx makes a module of them."""
    marquis["Parameterisation"]["Positive electrode"]["OCP [V]"] = "4.2 - x"
    path, empty = write(marquis), tmp_path / "temporary"
    empty.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(empty))
    bpx.read(path)
    assert not list(empty.iterdir())


def test_a_number_as_text_is_that_number():
    assert bpx.read(CASES / "contact_string.json").contact_negative == 0.1


def test_surroundings_give_the_temperature_where_no_initial_one_is_given():
    assert bpx.read(CASES / "ambient_only.json").temperature == 273.15


def test_branches_count_where_something_says_how_they_are_followed(tmp_path):
    path = CASES / "branches_without_decay.json"
    with pytest.warns(UserWarning, match="decay constant"):
        graphite = bpx.read(path).negative.materials[0]
    content = json.loads(path.read_text())
    sheet = content["Parameterisation"]["Negative electrode"]
    assert graphite.open_circuit(0.4) == pytest.approx(
        bpx.Expression(sheet["OCP [V]"])(0.4), rel=1e-12
    )
    content["State"]["Initial conditions"]["Initial hysteresis state: Negative electrode"] = -1.0
    other = tmp_path / "with a state.json"
    other.write_text(json.dumps(content))
    graphite = bpx.read(other).negative.materials[0]
    branch = bpx.Expression(sheet["OCP (lithiation) [V]"])
    assert graphite.open_circuit(0.4) == pytest.approx(branch(0.4), rel=1e-12)


def test_shares_that_miss_one_by_rounding_are_taken_with_a_word_and_computed():
    with pytest.warns(UserWarning, match="add to 1 \\+ 1.6e-07"):
        cell = bpx.read(CASES / "chen2020_sum_1.00000016.json")
    solution = simulate(
        cell, [Step("current", cell.one_c, until_time=60.0)], Mesh((6, 3, 6), modes=4)
    )
    assert solution.ends == ("time",)


def test_tables_of_the_electrolyte_end_its_validity_and_are_held_there():
    cell = bpx.read(CASES / "electrolyte_table_to_2000.json")
    given = json.loads((CASES / "electrolyte_table_to_2000.json").read_text())["Parameterisation"][
        "Electrolyte"
    ]
    assert (cell.electrolyte.lowest, cell.electrolyte.validity) == (200.0, 2000.0)
    for function, key in (
        (cell.electrolyte.conductivity, "Conductivity [S.m-1]"),
        (cell.electrolyte.diffusivity, "Diffusivity [m2.s-1]"),
    ):
        assert function(np.array([0.0, 100.0])) == pytest.approx([given[key]["y"][0]] * 2)
        assert function(np.array([2000.0, 4500.0])) == pytest.approx([given[key]["y"][-1]] * 2)


def test_a_property_that_cannot_be_beyond_the_limits_is_held_at_them(marquis, write):
    marquis["Parameterisation"]["Negative electrode"]["Diffusivity [m2.s-1]"] = "4e-14*(0.9 - x)"
    with pytest.warns(UserWarning, match="held at"):
        cell = bpx.read(write(marquis))
    assert cell.negative.materials[0].diffusivity(np.array([0.5, 1.0])) == pytest.approx(
        [1.6e-14, 0.4e-14]
    )


def places(content, path=()):
    """Every number of a file, by its path."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from places(value, (*path, key))
        elif isinstance(value, int | float):
            yield (*path, key)


def changed(content, path, value):
    content = json.loads(json.dumps(content))
    inner = content
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return content


WRONG = [
    float("nan"),
    float("inf"),
    -float("inf"),
    -1.0,
    "abc",
    "exit(0)",
    True,
    [1.0],
    {},
    {"x": [0, 1], "y": [1]},
]


@pytest.mark.parametrize("value", WRONG, ids=str)
def test_no_number_of_a_file_can_be_what_no_number_is(marquis, write, value):
    """Each of them in turn; bpx itself is as strict only with some."""
    marquis["Parameterisation"]["Positive electrode"]["OCP [V]"] = "4.2 - x"
    may_be_negative = ("Cation transference number", "Lower voltage cut-off [V]")
    for path in places(marquis):
        if value == -1.0 and path[-1] in may_be_negative:
            continue
        file = write(changed(marquis, path, value))
        with pytest.raises(CellError) as refused:
            bpx.read(file)
        assert "\n" not in str(refused.value)
        assert path[-1].partition(" [")[0] in str(refused.value), path


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Separator", 0),
        ("Cell", "x"),
        ("User-defined", None),
        ("Negative electrode", []),
        ("Electrolyte", {}),
    ],
)
def test_a_section_that_is_none_is_refused_in_one_line(marquis, write, key, value):
    with pytest.raises(CellError) as refused:
        bpx.read(write(changed(marquis, ("Parameterisation", key), value)))
    assert "\n" not in str(refused.value)


def test_a_misspelt_key_is_named_with_the_nearest(marquis, write):
    salt = marquis["Parameterisation"]["Electrolyte"]
    salt["Conductvity [S.m-1]"] = salt.pop("Conductivity [S.m-1]")
    with pytest.raises(
        CellError, match=r"'Conductvity \[S.m-1\]'; did you mean .*'Conductivity \[S.m-1\]'"
    ):
        bpx.read(write(marquis))


def test_fields_of_other_programs_are_named_and_left_alone(marquis, write):
    marquis["Parameterisation"]["User-defined"] = {
        "description": "of mine, exit(0)",
        "Tab width [m]": 0.04,
    }
    with pytest.warns(UserWarning, match=r"Tab width \[m\] has no effect"):
        bpx.read(write(marquis))


def test_holes_need_all_of_their_lengths(marquis, write):
    marquis["Parameterisation"]["User-defined"] = {"Hole pitch [m]": 160e-6}
    with pytest.raises(CellError, match="Hole diameter"):
        bpx.read(write(marquis))


DEEP = 100_000
NO_JSON = {
    "nothing": b"",
    "no object": b"[1, 2]",
    "a number": b"1",
    "half": b'{"Header": ',
    "deep lists": b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP,
    "deep and closed": b"[" * 900 + b"]" * 900,
    "deep in a field": b'{"Header": {"BPX": "1.0"}, "a": ' + b'{"a":' * 50 + b"1" + b"}" * 51,
    "twice": b'{"Header": 1, "Header": 2}',
    "zeros": bytes(1000),
    "bytes": bytes(range(256)),
    "large": b" " * (bpx.LARGEST + 1),
    "long number": b'{"Header": ' + b"9" * 100_000 + b"}",
    "many texts": json.dumps(
        {"Header": {}, "a": {str(n): "x+" * 5000 + "x" for n in range(200)}}
    ).encode(),
    "nulls": b'{"a": [' + b"null," * 1_000_000 + b"null]}",
}


@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_file_of_the_format_is_refused_within_a_second(name, tmp_path):
    path = tmp_path / "cell.json"
    path.write_bytes(NO_JSON[name])
    start = time.process_time()
    with pytest.raises(CellError) as refused:
        bpx.read(path)
    assert time.process_time() - start < 1
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_of_unicode_are_read(marquis, tmp_path, encoding):
    path = tmp_path / "cell.json"
    path.write_text(json.dumps(marquis), encoding=encoding)
    assert bpx.read(path).one_c == 24.0


def test_what_is_no_plain_file_is_refused_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    os.symlink(tmp_path / "loop", tmp_path / "loop")
    (tmp_path / "folder").mkdir()
    for name, message in (
        ("pipe", "no file"),
        ("loop", "symbolic links"),
        ("folder", "but a folder"),
        ("absent", "No such file"),
        ("a\0b", "null"),
    ):
        with pytest.raises(CellError, match=message):
            bpx.read(tmp_path / name)


# The command


def test_command_writes_its_files(marquis, write, tmp_path, capsys):
    import pyvista
    import xarray as xr

    out = tmp_path / "out"
    arguments = [
        str(write(marquis)),
        "--c-rate",
        "2",
        "--lower-cutoff-V",
        "3.2",
        "--layers",
        "8",
        "5",
        "8",
    ]
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
    assert (
        cli.main(["discharge", str(write(marquis)), "--c-rate", "0", "-o", str(tmp_path / "out")])
        == 2
    )
    assert "discharges nothing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
