"""``rampore simulate``: a protocol in sentences, what it leaves in its folder, what it refuses."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import rampore
from rampore import cli, experiment
from rampore.commands import cells, simulate
from rampore.p4d import partners, solution
from rampore.p4d.errors import SolverError
from rampore.p4d.model import Mesh
from rampore.p4d.time import Step
from rampore.structure import files as structures

CASES = Path(__file__).parent / "data" / "cases" / "cells"
CELL = CASES / "chen2020_sum_1.00000016.json"
AREA = json.loads(CELL.read_text())["Parameterisation"]["Cell"]["Electrode area [m2]"]  # [m2]
SMALL = Mesh((4, 2, 4))
SIZE = ["--layers", "4", "2", "4"]
BOXES = ["--columns", "2", "2"]
CHANNELS = """
[[channels]]
coating = "negative"
lattice = "square"
pitch = "80 um"
width = "30 um"
"""

pytestmark = [
    pytest.mark.filterwarnings("ignore:.* deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*porosity and active fractions add to 1:UserWarning"),
]


def call(protocol, output, *options, cell=CELL):
    return cli.main(["simulate", str(cell), protocol, "-o", str(output), *SIZE, *options])


def told(output, name="summary"):
    return json.loads((output / f"{name}.json").read_text(encoding="utf-8"))


def table(output, name="run"):
    return pd.read_csv(output / f"{name}.bdf.csv")


@pytest.fixture
def channels(tmp_path):
    path = tmp_path / "channels.toml"
    path.write_text(CHANNELS, encoding="utf-8")
    return path


# One run

PROTOCOL = """
Discharge at 2C for 5 min      # a comment
2 x [Rest for 40 s; Discharge at 1.5 A for 10 s]
Charge at 1C until 4.15 V
Hold at 4.15 V until C/4
"""


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Folder of a run, and what was printed."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "protocol.txt").write_text(PROTOCOL, encoding="utf-8")
    lines = []
    options = parsed(str(folder / "protocol.txt"), folder / "out")
    simulate.run(options, lines.append)
    return folder / "out", lines


def parsed(protocol, output, *options, cell=CELL):
    """Options as the command has them."""
    parser = argparse.ArgumentParser()
    cli.COMMANDS["simulate"](parser)
    return parser.parse_args([str(cell), protocol, "-o", str(output), *SIZE, *options])


def test_a_protocol_in_sentences_is_the_engines_run_bit_for_bit(followed):
    output, _ = followed
    cell = rampore.read_bpx(CELL)
    pulse = [Step("rest", until_time=40.0), Step("current", 1.5 / AREA, until_time=10.0)]
    steps = [
        Step("current", 2 * cell.one_c, until_time=300.0),
        *pulse,
        *pulse,
        Step("current", -cell.one_c, until_voltage=4.15),
        Step("voltage", 4.15, until_current=cell.one_c / 4),
    ]
    ours = solution.simulate(cell, steps, SMALL).dataset
    stored = xr.load_dataset(output / "run.nc", engine="h5netcdf")
    for name in ("time", "voltage", "current_density", "capacity"):
        assert np.array_equal(stored[name].values, ours[name].values), name


def test_every_table_passes_the_validator_of_the_format(followed, tmp_path):
    bdf = pytest.importorskip("bdf", reason="the extra `validation` is not installed")
    protocol = in_file(tmp_path / "there", "Follow cycle.csv; Follow cycle.csv in levels")
    assert call(protocol, tmp_path, "--half", "negative") == 0
    with pytest.raises(KeyboardInterrupt):
        simulate.run(parsed("Rest for 1 s; Rest for 3 s", tmp_path / "x"), InterruptedAt("2 of"))
    tables = [*followed[0].glob("*.bdf.csv"), *tmp_path.rglob("*.bdf.csv")]
    assert len(tables) == 3
    for path in tables:
        report = bdf.validate(pd.read_csv(path))
        assert report["ok"]
        assert not report["extras"]
        assert not report["legacy_labels"]


def test_the_table_is_of_the_whole_cell_in_the_names_and_signs_of_the_format(followed):
    output, _ = followed
    data, rows = xr.load_dataset(output / "run.nc", engine="h5netcdf"), table(output)
    at = [int(np.abs(rows["Test Time / s"] - t).idxmin()) for t in data.time.values]
    assert rows["Voltage / V"][at].to_numpy() == pytest.approx(data.voltage.values, abs=1e-8)
    assert rows["Current / A"][at].to_numpy() == pytest.approx(
        -AREA * data.current_density.values, rel=1e-8
    )
    assert rows["Net Capacity / Ah"][at].to_numpy() == pytest.approx(
        -AREA * data.capacity.values / 3600, abs=1e-6
    )
    pulses = rows[rows["Step Count / 1"] == 3]
    assert pulses["Current / A"].to_numpy() == pytest.approx(-1.5)
    assert rows["Step Count / 1"].unique().tolist() == list(range(1, 8))


def test_the_summary_counts_what_each_sentence_gave(followed):
    output, _ = followed
    run = told(output)["runs"]["run"]
    assert told(output)["missing"] == []
    steps = run["sentences"]
    assert [step["sentence"] for step in steps[:3]] == [
        "Discharge at 2C for 5 min",
        "Rest for 40 s",
        "Discharge at 1.5 A for 10 s",
    ]
    assert [step["ended_by"] for step in steps] == ["time"] * 5 + ["voltage", "current"]
    one_c = run["one_c_A_per_m2"]
    assert steps[0]["charge_given_Ah_per_m2"] == pytest.approx(2 * one_c * 300 / 3600)
    given = sum(step["charge_given_Ah_per_m2"] for step in steps)
    assert run["discharged_Ah_per_m2"] - run["charged_Ah_per_m2"] == pytest.approx(given)
    stored = xr.load_dataset(output / "run.nc", engine="h5netcdf")
    assert given == pytest.approx(float(stored.capacity[-1]) / 3600)
    assert run["plating_margin_V"] == pytest.approx(float(stored.plating_margin.min()))
    assert max(run["conservation"].values()) < 1e-6
    (left,) = run["validity_left"]
    assert left.startswith("salt [mol/m3] went from ")


def test_heat_is_in_the_summary_the_table_and_the_data_set(followed):
    output, lines = followed
    heat = told(output)["runs"]["run"]["heat_Wh_per_m2"]
    assert any("W h/m2 became heat" in line for line in lines)
    rates = pd.read_csv(output / "run.heat.csv")
    assert [name.removesuffix(" / W m-2") for name in rates.columns[1:]] == list(heat)
    with xr.open_dataset(output / "run.nc") as data:
        np.testing.assert_allclose(rates.to_numpy()[:, 1:], data.heat, rtol=1e-15)
        passed = np.diff(data.time) @ np.where(
            data.jump.values[1:, None] > 0,
            data.heat[1:],
            0.5 * (data.heat.values[1:] + data.heat.values[:-1]),
        )
    assert passed / 3600 == pytest.approx(list(heat.values()))


def test_a_person_reads_which_step_runs_and_what_came_of_it(followed):
    output, lines = followed
    assert any("step 1 of 7: Discharge at 2C for 5 min" in line for line in lines)
    assert any("step 7 of 7: Hold at 4.15 V until C/4" in line for line in lines)
    run = told(output)["runs"]["run"]
    said = "\n".join(lines)
    assert f"run: gave {run['discharged_Ah_per_m2']:.4g} A h/m2" in said
    assert f"run: took up {run['charged_Ah_per_m2']:.4g} A h/m2" in said
    assert f"note: run: {run['validity_left'][0]}" in said
    assert f"{1e3 * run['plating_margin_V']:.1f} mV above the plating of lithium" in said


def test_the_folder_holds_a_figure_and_nothing_unfinished(followed):
    output, _ = followed
    names = {path.name for path in output.iterdir()}
    assert names == {
        "run.bdf.csv", "run.heat.csv", "run.nc", "run.json",
        "simulate.png", "simulate.svg", "summary.json",
    }  # fmt: skip


def test_a_table_is_followed_and_its_path_is_that_of_the_protocol(tmp_path, capsys):
    protocol = in_file(tmp_path / "there", "Follow cycle.csv in levels")
    assert call(protocol, tmp_path / "out", "--half", "positive") == 0
    (sentence,) = told(tmp_path / "out")["runs"]["run"]["sentences"]
    assert sentence["ended_by"] == "time"
    amperes = np.array([7.0, -3.0] * 6)[:11]
    given = sentence["charge_given_Ah_per_m2"] * 3600 * AREA
    assert given == pytest.approx(5.0 * amperes.sum(), rel=1e-9)
    currents = -table(tmp_path / "out")["Current / A"].to_numpy()[1:]
    assert set(np.round(currents, 6)) == {7.0, -3.0}
    assert call(protocol, tmp_path / "other", "--half", "negative") == 0
    (turned,) = told(tmp_path / "other")["runs"]["run"]["sentences"]
    assert turned["charge_given_Ah_per_m2"] == pytest.approx(sentence["charge_given_Ah_per_m2"])


def test_fields_are_kept_at_the_times_that_were_asked_for(tmp_path):
    pytest.importorskip("pyvista")
    assert call("Discharge at 1C for 60 s", tmp_path, "--fields-at", "10", "40") == 0
    with xr.open_dataset(tmp_path / "run.nc") as data:
        assert data.field_time.values.tolist() == [0.0, 10.0, 40.0, 60.0]
    assert {path.name for path in tmp_path.glob("*.vtr")} == {f"run_{n}.vtr" for n in range(4)}


def test_a_stack_makes_room_for_what_swells(tmp_path):
    document = json.loads(CELL.read_text(encoding="utf-8"))
    document["Parameterisation"]["User-defined"] = {"Volume change of negative": 0.13}
    cell = tmp_path / "swelling.json"
    cell.write_text(json.dumps(document), encoding="utf-8")
    found = {}
    for sharing in ("0", "1"):
        output = tmp_path / sharing
        assert call("Discharge at 1C for 600 s", output, "--sharing", sharing, cell=cell) == 0
        found[sharing] = told(output)["runs"]["run"]
    thin, thick = (found[each]["thickness_negative_um"] for each in ("0", "1"))
    assert thin[0] == thin[1]
    assert thick[1] < thick[0]  # it shrinks
    assert call("Rest for 1 s", tmp_path / "none", "--sharing", "1") == 2


def test_a_step_whose_end_is_there_already_is_told(tmp_path, capsys):
    protocol = "Rest for 1 s; Charge at 1C until 4 V"
    assert call(protocol, tmp_path) == 0
    assert "its end is reached as soon as it begins" in capsys.readouterr().out
    assert "duration_s" not in told(tmp_path)["runs"]["run"]["sentences"][1]


# Where it starts


def started(tmp_path, *options, cell=CELL, protocol="Rest for 1 s"):
    assert call(protocol, tmp_path / "out", *options, cell=cell) == 0
    return told(tmp_path / "out")["runs"]["run"]


def test_state_of_charge_and_temperature_are_as_if_they_stood_in_the_file(tmp_path):
    document = json.loads(CELL.read_text())
    document.setdefault("State", {})["Initial conditions"] = {
        "Initial state-of-charge": 0.4,
        "Initial temperature [K]": 318.15,
        "Initial electrolyte concentration [mol.m-3]": 1000.0,
    }
    file = tmp_path / "other.json"
    file.write_text(json.dumps(document))
    cell = rampore.read_bpx(file)
    run = started(tmp_path, "--soc", "0.4", "--temperature-C", "45")
    assert run["first_voltage_V"] == pytest.approx(cell.open_circuit_voltage, abs=1e-4)
    assert run["temperature_K"] == pytest.approx(318.15)
    assert set(table(tmp_path / "out")["Ambient Temperature / degC"]) == {45.0}


def test_a_temperature_at_which_nothing_moves_is_said_of_the_file_that_was_given(tmp_path, capsys):
    assert call("Rest for 1 s", tmp_path / "out", "--temperature-C", "-273.1") == 2
    said = capsys.readouterr().err
    assert f"{CELL}: " in said
    assert "at 0.05 K = 0 must be finite and above 0" in said
    assert said.count("\n") == 1


# Half cells


@pytest.mark.parametrize("side", ["negative", "positive"])
def test_a_half_cell_has_the_potential_of_its_electrode_and_lithiates_on_discharge(side, tmp_path):
    electrode = getattr(rampore.read_bpx(CELL), side)
    protocol = "Rest for 1 s; Discharge at C/5 for 60 s; Charge at C/5 for 30 s"
    run = started(tmp_path, "--half", side, "--soc", "0.5", protocol=protocol)
    data = xr.load_dataset(tmp_path / "out" / "run.nc", engine="h5netcdf")
    (material,) = electrode.materials
    x = data[f"stoichiometry_{side}_{material.name}"].values
    assert run["first_voltage_V"] == pytest.approx(float(material.potential(x[0])), abs=1e-6)
    discharge, charge = run["sentences"][1:]
    assert discharge["final_voltage_V"] < run["first_voltage_V"] < charge["final_voltage_V"] + 0.1
    assert discharge["charge_given_Ah_per_m2"] == pytest.approx(
        -2 * charge["charge_given_Ah_per_m2"]
    )
    assert x[-1] - x[0] == pytest.approx(0.5 * np.ptp(x))
    assert table(tmp_path / "out")["Current / A"].min() < 0


def test_a_power_is_no_thing_of_the_negative_half_cell(tmp_path, capsys):
    assert call("Discharge at 1 W for 1 s", tmp_path / "out", "--half", "negative") == 2
    assert "a power is of a cell" in capsys.readouterr().err


# Pairs, rates, measured curves


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    (folder / "channels.toml").write_text(CHANNELS, encoding="utf-8")
    options = ["--structure", str(folder / "channels.toml"), "--against", "bare", *BOXES]
    lines = []
    simulate.run(parsed("Discharge at 4C until 3.2 V", folder / "out", *options), lines.append)
    return folder, lines


def test_a_gain_is_that_of_the_pair_of_equal_mass_and_its_error_that_of_half_the_boxes(paired):
    folder, lines = paired
    cell = rampore.read_bpx(CELL).with_structure(structures.read(folder / "channels.toml"))
    coating = json.loads(CELL.read_text())["Parameterisation"]["Negative electrode"]
    exponent = np.log(coating["Transport efficiency"]) / np.log(coating["Porosity"])
    negative = replace(cell.negative, transport_efficiency=lambda porosity: porosity**exponent)
    cell = replace(cell, negative=negative)
    steps = experiment.steps("Discharge at 4C until 3.2 V", cell)
    gains = []
    for mesh in (Mesh((4, 2, 4), (2, 2), 6), Mesh((2, 1, 2), (1, 1), 3)):
        runs = partners.compare(partners.pair(cell, mesh), steps, mesh)
        gains.append(runs[0].capacity / runs[1].capacity - 1)
    told_of = told(folder / "out")["gains"]["run"]["discharged_Ah"]
    assert told_of["gain"] == pytest.approx(gains[0], abs=1e-8)
    assert told_of["error"] == pytest.approx(abs(gains[0] - gains[1]), abs=1e-8)
    assert f"run: {100 * gains[0]:+.2f} ± {100 * abs(gains[0] - gains[1]):.2f} % charge" in (
        "\n".join(lines)
    )


def test_the_pair_stands_in_one_figure(paired):
    folder, _ = paired
    drawn = (folder / "out" / "simulate.svg").read_text(encoding="utf-8")
    assert "<!-- run-bare -->" in drawn
    assert "% charge" in drawn
    assert "coarse" not in drawn


@pytest.mark.parametrize("rates", [["3", "0.5"], ["3"]])
def test_each_rate_is_a_run_and_a_measured_curve_is_held_against_it(rates, tmp_path, capsys):
    """What was measured is a run's own table here: the two are as far apart as straight lines are
    from the curve.
    """
    protocol = "Discharge at {rate}C until 3.7 V"
    assert call(protocol, tmp_path, "--rates", *rates) == 0
    names = [f"{rate}C" for rate in rates]
    assert list(told(tmp_path)["runs"]) == names
    for name, rate in zip(names, rates, strict=True):
        (step,) = told(tmp_path)["runs"][name]["sentences"]
        assert step["sentence"] == f"Discharge at {float(rate)}C until 3.7 V"
    capsys.readouterr()
    files = [str(tmp_path / f"{name}.bdf.csv") for name in names]
    assert call(protocol, tmp_path, "--rates", *rates, "--measured", *files) == 0
    said = capsys.readouterr().out
    assert said.count("already") == len(rates)
    for name in names:
        apart = told(tmp_path)["measured"][name]
        assert apart["rms_mV"] < 0.01
        assert apart["points"] > 10
        assert f"{name}: {apart['rms_mV']:.2f} mV from what was measured" in said


# Interrupted


class InterruptedAt:
    """Somebody who reads along, and stops the program at a line."""

    def __init__(self, words, error=KeyboardInterrupt):
        self.words, self.error, self.lines = words, error, []

    def __call__(self, line):
        self.lines.append(line)
        if self.words in line:
            raise self.error


PULSES = "Discharge at {rate}C for 60 s; Rest for 60 s"


def test_an_interrupted_call_keeps_what_is_done_and_the_next_one_does_the_rest(tmp_path):
    rates = ["--rates", "1", "2", "3"]
    with pytest.raises(KeyboardInterrupt):
        simulate.run(parsed(PULSES, tmp_path, *rates), InterruptedAt("2C: 60 s"))
    assert list(told(tmp_path)["runs"]) == ["1C"]
    assert told(tmp_path)["missing"] == ["2C", "3C"]
    kept = table(tmp_path, "2C.unfinished")
    assert kept["Test Time / s"].iloc[-1] == 60.0
    assert not list(tmp_path.glob(".*"))
    first = (tmp_path / "1C.nc").read_bytes()
    lines = []
    simulate.run(parsed(PULSES, tmp_path, *rates), lines.append)
    assert any(line.startswith("1C: stands in") for line in lines)
    assert (tmp_path / "1C.nc").read_bytes() == first
    assert told(tmp_path)["missing"] == []
    assert not list(tmp_path.glob("*.unfinished*"))
    whole = table(tmp_path, "2C")
    pd.testing.assert_frame_equal(whole[whole["Test Time / s"] <= 60.0], kept, check_dtype=False)


LONG = "Discharge at 1C for 300 s; Follow cycle.csv; Rest for 60 s"
CYCLE = "Time / s,Discharge current / A\n" + "".join(
    f"{5 * n},{5 * (-1) ** n + 2}\n" for n in range(12)
)


def in_file(folder, words=LONG):
    """A protocol and its table beside each other."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cycle.csv").write_text(CYCLE, encoding="utf-8")
    (folder / "protocol.txt").write_text(words, encoding="utf-8")
    return str(folder / "protocol.txt")


@pytest.mark.parametrize("kept", [0.0, np.inf])  # at every state, and where it is broken off alone
def test_a_run_that_was_broken_off_within_goes_on_from_there(tmp_path, monkeypatch, kept):
    protocol, states = in_file(tmp_path), []
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    simulate.run(parsed(protocol, whole), lambda _: None)
    take = cells.Validity.__call__

    def interrupted(validity, state):
        states.append(state.time)
        if len(states) in (20, 60):
            raise KeyboardInterrupt
        return take(validity, state)

    monkeypatch.setattr(cells.Validity, "__call__", interrupted)
    monkeypatch.setattr(simulate, "KEPT", kept)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            simulate.run(parsed(protocol, parts), lambda _: None)
        assert (parts / "run.unfinished.state").exists()
    lines = []
    simulate.run(parsed(protocol, parts), lines.append)
    assert any(line.startswith("run: goes on from ") for line in lines)
    assert states[60] > states[58]  # nothing is computed twice
    for name in ("run.bdf.csv", "run.json", "summary.json"):
        assert (parts / name).read_bytes() == (whole / name).read_bytes()
    with xr.open_dataset(parts / "run.nc") as there, xr.open_dataset(whole / "run.nc") as here:
        assert there.identical(here)
    assert not list(parts.glob("*.unfinished*"))


def test_where_another_run_was_broken_off_is_not_gone_on_from(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        simulate.run(parsed("Rest for 1 s; Rest for 3 s", tmp_path), InterruptedAt("2 of 2"))
    lines = []
    simulate.run(parsed("Rest for 1 s; Rest for 2 s", tmp_path), lines.append)
    assert not any("goes on from" in line for line in lines)
    assert told(tmp_path)["runs"]["run"]["duration_s"] == 3.0


def test_a_damaged_state_is_not_gone_on_from(tmp_path):
    words = "Rest for 1 s; Rest for 2 s"
    with pytest.raises(KeyboardInterrupt):
        simulate.run(parsed(words, tmp_path), InterruptedAt("2 of 2"))
    state = tmp_path / "run.unfinished.state"
    state.write_bytes(state.read_bytes()[:-100])
    lines = []
    simulate.run(parsed(words, tmp_path), lines.append)
    assert not any("goes on from" in line for line in lines)
    assert told(tmp_path)["runs"]["run"]["duration_s"] == 3.0


def test_what_was_another_run_is_run_again(tmp_path):
    for words in ("Rest for 1 s", "Rest for 2 s"):
        lines = []
        simulate.run(parsed(words, tmp_path), lines.append)
        assert not any("stands in" in line for line in lines)
    assert told(tmp_path)["runs"]["run"]["duration_s"] == 2.0
    lines = []
    simulate.run(parsed("Rest for 2 s", tmp_path, "--soc", "0.9"), lines.append)
    assert not any("stands in" in line for line in lines)


def test_a_run_that_cannot_go_on_keeps_what_it_gave(tmp_path, capsys):
    error = SolverError("nothing goes any more")
    with pytest.raises(SolverError):
        simulate.run(
            parsed("Discharge at 1C for 60 s; Rest for 1 s", tmp_path),
            InterruptedAt("2 of 2", error),
        )
    assert table(tmp_path, "run.unfinished")["Test Time / s"].iloc[-1] == 60.0
    assert not (tmp_path / "summary.json").exists()


# What is refused


@pytest.mark.parametrize(
    ("protocol", "options", "message"),
    [
        ("Dicharge at 1C until 3 V", [], "'Dicharge' is no instruction"),
        ("no-such-file.txt", [], "'no-such-file.txt' is neither a file nor a sentence"),
        ("Discharge at {rate}C until 3 V", [], "the protocol has {rate}: say which ones"),
        ("Rest for 1 s", ["--rates", "1"], "--rates has no effect on a protocol without {rate}"),
        ("Discharge at {rate}C for 1 s", ["--rates", "1", "1.0"], "--rates has 1 twice"),
        ("Rest for 1 s", ["--against", "bare"], "--against bare has no effect on a cell without"),
        ("Rest for 1 s", ["--structure", "none.toml"], "none.toml"),
        ("Rest for 1 s", ["--measured", "a.csv", "b.csv"], "--measured has 2 files for 1 runs"),
        ("Rest for 1 s", ["--measured", "none.csv"], "there is no file 'none.csv'"),
        ("Rest for 1 s", ["--half", "positive", "--structure", "CHANNELS"], "there is no coating"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line_before_anything_is_run(
    protocol, options, message, tmp_path, channels, capsys
):
    options = [str(channels) if each == "CHANNELS" else each for each in options]
    assert call(protocol, tmp_path / "out", *options) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options", [["--soc", "1.2"], ["--temperature-C", "-300"], ["--rates", "0"], ["--half", "both"]]
)
def test_a_value_out_of_its_range_is_refused_with_the_call(options, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        call("Rest for 1 s", tmp_path / "out", *options)
    assert ended.value.code == 2
    assert options[0] in capsys.readouterr().err
