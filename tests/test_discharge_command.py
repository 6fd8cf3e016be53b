"""``rampore discharge``: options that cannot be or have no effect; what a run says of itself."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import rampore
from rampore import cli
from rampore.commands.discharge import write
from rampore.p4d.solution import Mesh, Tolerances

CASES = Path(__file__).parent / "data" / "cases" / "cells"
CELL = CASES / "contact_string.json"  #: a file that can be read, charged, from 3.85 V
COARSE = ["--layers", "6", "3", "6"]

pytestmark = pytest.mark.filterwarnings("ignore:.* deprecated:DeprecationWarning")


def discharge(file, output, *options):
    return cli.main(["discharge", str(file), "-o", str(output), *options])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--c-rate", "nan"], "--c-rate = nan must be finite"),
        (["--c-rate", "inf"], "--c-rate = inf must be finite"),
        (["--c-rate", "0"], "discharges nothing"),
        (["--c-rate=-1"], "starts full"),
        (["--hole-um", "50"], "--hole-um has no effect without --collector perforated"),
        (["--collector", "bare", "--pitch-um", "100"], "--pitch-um has no effect"),
        (
            ["--collector", "perforated", "--foil-um", "0"],
            "--foil-um = 0 must be finite and above 0",
        ),
        (["--collector", "perforated", "--hole-um", "nan"], "--hole-um = nan"),
        (["--collector", "perforated", "--hole-um", "200"], "touch each other"),
        (["--lower-cutoff-V", "nan"], "--lower-cutoff-V = nan must be finite"),
        (["--lower-cutoff-V", "3.9"], "not above the lower cut-off of 3.9 V"),
        (["--lower-cutoff-V", "5"], "not below the upper"),
        (["--upper-cutoff-V", "4.3"], "--upper-cutoff-V has no effect"),
        (["--sharing", "nan"], "--sharing = nan must be finite"),
        (["--sharing", "0.5"], "--sharing has no effect on materials that keep their volume"),
        (["--reservoir-um", "20"], "--reservoir-um has no effect"),
    ],
)
def test_an_option_that_cannot_be_or_has_no_effect_is_refused_and_nothing_is_written(
    options, message, tmp_path, capsys
):
    assert discharge(CELL, tmp_path / "out", *options) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.parametrize(
    "options",
    [["--layers", "0", "3", "6"], ["--layers", "6", "3", "1025"], ["--columns", "-1", "1"]],
)
def test_a_number_of_cells_has_a_range_and_is_checked_with_the_call(options, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        discharge(CELL, tmp_path / "out", *options)
    assert ended.value.code == 2
    assert re.search(f"{options[0]}: value = -?[0-9]+ must be", capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_a_request_to_end_in_mid_run_leaves_neither_results_nor_what_is_unfinished(tmp_path):
    command = [sys.executable, "-m", "rampore", "discharge", str(CELL), "-o", str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert any("state of charge" in line for line in process.stdout)  # it computes
    process.terminate()
    process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert not list(tmp_path.iterdir())


def test_a_cell_whose_current_takes_its_voltage_below_the_cut_off_at_once_gives_nothing(
    tmp_path, capsys
):
    """Kinetics so slow that 1C alone takes more than a volt; what it gives is nothing, and no
    error.
    """
    assert discharge(CASES / "cutoff_at_t0.json", tmp_path, *COARSE) == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["ended_by"] == "voltage at once"
    assert summary["capacity_Ah_per_m2"] == 0
    assert summary["mean_voltage_V"] is None
    assert summary["final_voltage_V"] < 2.7 < summary["open_circuit_voltage_V"]
    told = f"the voltage is {summary['final_voltage_V']:.4f} V, beyond its cut-off"
    assert told in capsys.readouterr().out


def test_a_current_that_no_voltage_brings_is_told_with_what_flows_at_the_cut_off(tmp_path, capsys):
    cell = CASES / "chen2020_sum_1.00000016.json"
    assert discharge(cell, tmp_path, "--c-rate", "1000", *COARSE) == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["ended_by"] == "voltage at once"
    assert summary["capacity_Ah_per_m2"] == 0
    assert "V, its cut-off, " in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_noticed_before_the_run(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with suppress(OSError):
        assert discharge(CELL, tmp_path / "file" / "out", *COARSE) != 0
    assert "state of charge" not in capsys.readouterr().out


def test_the_reader_is_told_where_a_run_leaves_the_tables_of_the_electrolyte(tmp_path, capsys):
    file = CASES / "electrolyte_table_to_2000.json"
    assert discharge(file, tmp_path, "--c-rate", "3", "--lower-cutoff-V", "3.3", *COARSE) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: salt")]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["electrolyte_valid_from_mol_per_m3"] == 200.0
    assert summary["electrolyte_valid_to_mol_per_m3"] == 2000.0
    assert summary["salt_highest_mol_per_m3"] > 2000.0 > 1000.0 > summary["salt_lowest_mol_per_m3"]
    assert summary["final_voltage_V"] == pytest.approx(3.3, abs=1e-4)
    assert (
        summary["final_voltage_V"] < summary["mean_voltage_V"] < summary["open_circuit_voltage_V"]
    )
    assert told == [f"note: {summary['validity_left'][0]}"]
    assert "valid from 200 to 2000" in told[0]


def test_a_run_within_its_tables_leaves_nothing_to_tell(tmp_path, capsys):
    file = CASES / "chen2020_sum_1.00000016.json"
    assert discharge(file, tmp_path, "--c-rate", "0.5", "--lower-cutoff-V", "4.05", *COARSE) == 0
    assert json.loads((tmp_path / "summary.json").read_text())["validity_left"] == []
    assert "note: salt" not in capsys.readouterr().out


def test_salt_is_told_of_boxes_with_electrolyte_alone(tmp_path, capsys):
    """In the boxes of the foil between the holes there is none; what stands in their unknowns is no
    concentration.
    """
    mesh = ["--columns", "3", "4", "--layers", "4", "2", "4"]
    options = ["--collector", "perforated", "--c-rate", "1", "--lower-cutoff-V", "3.6", *mesh]
    assert discharge(CASES / "chen2020_sum_1.00000016.json", tmp_path, *options) == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    spans = re.findall(r"salt (\d+) to (\d+) mol", capsys.readouterr().out)
    assert len(spans) > 1
    for low, high in spans:
        assert int(low) >= round(summary["salt_lowest_mol_per_m3"]) - 1
        assert int(high) <= round(summary["salt_highest_mol_per_m3"]) + 1


def test_a_run_of_solids_that_swell_tells_its_thickness(tmp_path):
    """On discharge the negative coating gives back what the sharing says; pores open."""
    file = json.loads((CASES / "chen2020_sum_1.00000016.json").read_text())
    file["Parameterisation"]["User-defined"] = {"Volume change of negative": 0.13}
    (tmp_path / "cell.json").write_text(json.dumps(file))
    options = ["--sharing", "0.4", "--reservoir-um", "30", "--lower-cutoff-V", "3.6", *COARSE]
    assert discharge(tmp_path / "cell.json", tmp_path / "out", *options) == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    start, end = summary["thickness_negative_um"]
    assert start == pytest.approx(
        1e6 * file["Parameterisation"]["Negative electrode"]["Thickness [m]"]
    )
    assert 0.97 * start < end < 0.99 * start
    change = np.diff(summary["thickness_um"])[0]
    assert change == pytest.approx(end - start, rel=1e-9)
    assert summary["porosity_least"] == pytest.approx(0.25, rel=0.01)
    fields = xr.load_dataset(tmp_path / "out" / "fields.nc", engine="h5netcdf")
    assert fields.porosity.dims == ("field_time", "x", "y", "z")


@pytest.mark.parametrize("name", sorted(os.listdir(CASES)))
def test_a_run_that_cannot_begin_ends_in_one_line_whatever_the_file_holds(name, tmp_path, capsys):
    assert discharge(CASES / name, tmp_path / "out", "--lower-cutoff-V", "nan") == 2
    said = capsys.readouterr().err
    assert said.startswith("rampore: ")
    assert said.count("\n") == 1


# The table that a discharge leaves


def test_the_table_of_a_run_is_drawn_by_straight_lines_within_a_fifth_of_a_millivolt(tmp_path):
    """Of a run with steps so short that straight lines need nothing between them."""
    cell = rampore.read_bpx(CASES / "chen2020_sum_1.00000016.json")
    options = {"mesh": Mesh((6, 3, 6))}
    solution = rampore.discharge(cell, 1.0, **options).solution
    exact = rampore.discharge(cell, 1.0, tolerances=Tolerances(time=1e-6), **options).dataset
    write(solution, {}, tmp_path)
    t, v, q = np.loadtxt(tmp_path / "discharge.csv", delimiter=",", skiprows=1).T
    steps, voltage = solution.dataset.time.values, solution.dataset.voltage.values
    assert t.size > steps.size
    assert np.interp(t, steps, solution.dataset.capacity / 3600) == pytest.approx(q, rel=1e-8)
    inside = exact.time.values[(exact.time >= t[1]) & (exact.time <= 0.98 * t[-1])]
    true = np.interp(inside, exact.time, exact.voltage)
    error = np.abs(np.interp(steps, exact.time, exact.voltage) - voltage)[1:-1].max()
    assert np.abs(np.interp(inside, t, v) - true).max() < error + 2e-4
    assert np.abs(np.interp(inside, steps, voltage) - true).max() > error + 2e-4
