"""``rampore swell --cell``: options that cannot be; what a run writes and says."""

import contextlib
import csv
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rampore import cli

CELL = Path(__file__).parent / "data" / "cases" / "cells" / "chen2020_sum_1.00000016.json"
COARSE = ["--layers", "5", "2", "5"]
SHORT = ["--c-rate", "0.5", "-0.5", "--duration-s", "1800", "600"]

pytestmark = pytest.mark.filterwarnings("ignore:.* deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    return swelling(tmp_path_factory.mktemp("cell"), 0.13)


def swelling(folder, growth):
    file = json.loads(CELL.read_text(encoding="utf-8"))
    file["Parameterisation"]["User-defined"] = {"Volume change of negative": growth}
    path = folder / "cell.json"
    path.write_text(json.dumps(file), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def curve(tmp_path_factory):
    """Of a discharge: it shrinks, at the end by more than lithium gives back; one point too far."""
    path = tmp_path_factory.mktemp("curve") / "curve.csv"
    path.write_text(
        "charge / mAh/cm2,thickness / um\n0,50\n-0.5,49.9\n-1.0,49.8\n-1.1,43.0\n-9,40\n"
    )
    return path


def swell(*options):
    return cli.main(["swell", *map(str, options)])


@pytest.fixture(scope="module")
def made(cell, curve, tmp_path_factory):
    folder, said = tmp_path_factory.mktemp("made"), io.StringIO()
    with contextlib.redirect_stdout(said):
        assert swell(curve, "--cell", cell, *SHORT, "--rest-s", 60, *COARSE, "-o", folder) == 0
    return folder, said.getvalue().splitlines()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--c-rate", "0"], "at 0 nothing swells"),
        (["--c-rate", "0.5", "--sharing", "1", "0.5", "1"], "--sharing: 1 is given twice"),
        (["--c-rate", "0.5", "--duration-s", "60", "60"], "2 of them for 1 steps"),
        (["--c-rate", "0.5", "--upper-cutoff-V", "4.1"], "--upper-cutoff-V has no effect"),
        (["--c-rate", "-0.5", "--lower-cutoff-V", "3"], "--lower-cutoff-V has no effect"),
        (["--c-rate", "0.5", "--hole-um", "50"], "--hole-um has no effect without"),
        (["--c-rate", "0.5", "--least-porosity", "0.9"], "not below the porosity at the start"),
        (["--c-rate", "0.5", "--lower-cutoff-V", "5"], "is not below the upper one"),
    ],
)
def test_what_a_cell_cannot_do_is_refused_in_a_line_and_nothing_is_written(
    options, message, cell, tmp_path, capsys
):
    assert swell("--cell", cell, *options, *COARSE, "-o", tmp_path / "out") == 2
    said = capsys.readouterr().err.splitlines()
    # the first that comes to a kernel compiles it, and says so
    [refusal] = [line for line in said if "compiling kernels" not in line]
    assert message in refusal
    assert not list((tmp_path / "out").glob("*"))


def test_a_cell_whose_materials_keep_their_volume_is_refused(tmp_path, capsys):
    assert swell("--cell", CELL, "--c-rate", 1, "-o", tmp_path / "out") == 2
    assert "has no 'Volume change of ...'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give a curve and its --porosity, or a --cell"),
        (["curve.csv"], "give a curve and its --porosity"),
        (["curve.csv", "--porosity", "0.3", "--sharing", "1"], "--sharing would have no effect"),
        (["curve.csv", "--porosity", "0.3", "--hole-um", "9"], "--hole-um would have no effect"),
        (["--cell", "a.json"], "--cell takes a --c-rate"),
        (["--cell", "a.json", "--c-rate", "1", "--porosity", "0.3"], "beside --cell"),
        (["--cell", "a.json", "--c-rate", "1", "--area-cm2", "2"], "without a curve"),
        (["--cell", "a.json", "--c-rate", "nan"], "--c-rate: value = nan"),
    ],
)
def test_a_call_says_what_is_a_curve_and_what_a_cell(options, message, capsys):
    with pytest.raises(SystemExit) as ended:
        swell(*options, "-o", "out")
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_the_table_has_every_state_of_every_run_from_where_it_began(made):
    folder, _ = made
    with (folder / "thickness.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "sharing",
        "time / s",
        "areal charge / mAh cm-2",
        "cell / um",
        "negative coating / um",
        "positive coating / um",
        "least porosity",
    ]
    values = np.array([[float(value) for value in row.values()] for row in rows])
    starts = values[values[:, 1] == 0]
    assert starts[:, 0].tolist() == [0.0, 0.5, 1.0]
    assert np.all(starts[:, 2:6] == 0)
    assert values[:, 3] == pytest.approx(values[:, 4] + values[:, 5], abs=1e-9)
    ends = values[np.append(np.flatnonzero(values[1:, 1] == 0), len(values) - 1)]
    assert ends[:, 1] == pytest.approx(1800 + 600 + 2 * 60)


def test_the_netcdf_has_units_and_says_what_made_it(made, cell):
    folder, _ = made
    data = xr.load_dataset(folder / "thickness.nc", engine="h5netcdf")
    assert data.thickness.attrs["units"] == "m"
    assert all("units" in variable.attrs for variable in data.values())
    assert json.loads(data.attrs["cell_sha256"]) == hashlib.sha256(cell.read_bytes()).hexdigest()
    assert json.loads(data.attrs["options"])["c_rate"] == [0.5, -0.5]
    assert json.loads(data.attrs["program"]).startswith("rampore ")


def test_the_summary_has_what_each_mole_of_charge_makes_of_the_thickness(made):
    folder, lines = made
    runs = json.loads((folder / "swelling.json").read_text(encoding="utf-8"))["runs"]
    rigid, middle, free = runs
    assert rigid["thicker_um"]["cell"] == 0
    assert free["thicker_um"]["cell"] < middle["thicker_um"]["cell"] < 0
    assert free["areal_charge_mAh_cm2"] < 0
    assert free["um_per_mAh_cm2"] == pytest.approx(
        free["thicker_um"]["cell"] / free["areal_charge_mAh_cm2"]
    )
    # charge and discharge of one length leave what the first of them alone had made
    assert 0 < free["left_um"] / free["thicker_um"]["cell"] < 1
    with (folder / "thickness.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if float(row["sharing"]) == 1]
    last = float(rows[-1]["cell / um"])
    assert free["left_um"] == pytest.approx(last, rel=1e-6)
    assert free["ended_by"] == ["time"] * 4
    assert free["left_areal_charge_mAh_cm2"] == pytest.approx(
        free["areal_charge_mAh_cm2"] * 2 / 3, rel=1e-6
    )
    assert any(f"{free['um_per_mAh_cm2']:.3g} um per mAh/cm2" in line for line in lines)
    assert sum("state of charge" in line for line in lines) > 6


def test_a_curve_is_told_where_it_leaves_the_bounds_and_where_no_run_has_been(made, curve):
    folder, lines = made
    told = json.loads((folder / "swelling.json").read_text(encoding="utf-8"))["curve"]
    assert (told["points"], told["judged"], told["outside"]) == (5, 4, 1)
    assert told["first_outside"] == told["farthest_outside"]
    assert told["first_outside"]["areal_charge_mAh_cm2"] == pytest.approx(-1.1)
    assert told["first_outside"]["beyond_um"] < -3
    assert "  1 of them at charges where no run has been" in lines
    assert "  1 of them beside the bounds" in lines
    assert any("below the least" in line for line in lines)
    rows = (folder / "bounds.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 6
    assert rows[-1].endswith("nan,nan")


def test_pores_that_close_are_said_and_the_run_is_a_result(tmp_path, capsys):
    """A law by which the graphite is largest when it is empty."""
    cell = swelling(tmp_path, "4.0 * (1 - x)")
    options = ["--c-rate", "0.5", "--sharing", "0", *COARSE]
    assert swell("--cell", cell, *options, "-o", tmp_path / "out") == 0
    assert "the pores close after" in capsys.readouterr().out
    (run,) = json.loads((tmp_path / "out" / "swelling.json").read_text())["runs"]
    assert run["ended_by"] == ["porosity"]
    assert run["porosity_least"] == pytest.approx(0.01, abs=1e-4)
    assert run["pores_closed_s"] == pytest.approx(run["time_s"])
    assert (tmp_path / "out" / "thickness.png").stat().st_size > 1000


def test_a_current_that_passes_no_charge_makes_nothing_and_says_so(cell, tmp_path, capsys):
    options = ["--c-rate", "0.5", "--lower-cutoff-V", "4.17", "--sharing", "1", *COARSE]
    assert swell("--cell", cell, *options, "-o", tmp_path / "out") == 0
    assert "the voltage is beyond its cut-off at once" in capsys.readouterr().out
    (run,) = json.loads((tmp_path / "out" / "swelling.json").read_text())["runs"]
    assert run["um_per_mAh_cm2"] is None
