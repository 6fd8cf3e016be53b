"""``rampore simulate --sweep``: many values of keys, beside single runs; what is refused; a worker
that is killed.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
import xarray as xr
from own_data import BOOK, Section
from test_simulate_command import CELL, CHANNELS, SIZE, call, told
from test_sweep import two_workers

from rampore import cli
from rampore.commands import parametric
from rampore.experiment import ExperimentError
from rampore.figures.parametric import MOST_LINES, overview

THICKNESS = "Negative electrode / Thickness [m]"
FULL = "Discharge at 1C until 2.5 V"

pytestmark = [
    pytest.mark.filterwarnings("ignore:.* deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*porosity and active fractions add to 1:UserWarning"),
]


@pytest.fixture
def channels(tmp_path):
    path = tmp_path / "channels.toml"
    path.write_text(CHANNELS, encoding="utf-8")
    return path


def swept(output):
    return pd.read_csv(output / "sweep.csv")


def test_every_combination_gives_what_a_run_of_its_own_gives(tmp_path):
    output = tmp_path / "out"
    keys = ["rate=0.5,2", f"{THICKNESS}=8e-5,9e-5"]
    assert call("Discharge at {rate}C until 2.5 V", output, "--jobs", "1", "--sweep", *keys) == 0
    table = swept(output)
    assert table[["rate", THICKNESS]].values.tolist() == [
        [0.5, 8e-5], [0.5, 9e-5], [2, 8e-5], [2, 9e-5]
    ]  # fmt: skip
    document = json.loads(CELL.read_text(encoding="utf-8"))
    document["Parameterisation"]["Negative electrode"]["Thickness [m]"] = 9e-5
    other = tmp_path / "other.json"
    other.write_text(json.dumps(document), encoding="utf-8")
    assert call("Discharge at 2C until 2.5 V", tmp_path / "one", cell=other) == 0
    alone = told(tmp_path / "one")["runs"]["run"]
    for name in ("discharged_Ah_per_m2", "discharged_Wh_per_m2", "duration_s"):
        assert table[name][3] == pytest.approx(alone[name], rel=1e-12)
    with xr.open_dataset(output / "sweep.nc", engine="h5netcdf") as data:
        assert data.discharged_Ah_per_m2.dims == ("rate", "Negative electrode, Thickness [m]")
        assert data.discharged_Ah_per_m2.units == "A h/m2"
        assert data["Negative electrode, Thickness [m]"].units == "m"
        found = data.discharged_Ah_per_m2.sel(rate=2.0).values
    assert found == pytest.approx(table.discharged_Ah_per_m2.values[2:], rel=1e-9)
    assert told(output)["extremes"]["most"]["discharged_Ah_per_m2"] == pytest.approx(
        table.discharged_Ah_per_m2.max(), rel=1e-9
    )
    assert (output / "sweep.png").is_file()


def test_a_gain_is_that_of_the_single_call_with_its_error(tmp_path, channels):
    options = ["--structure", str(channels), "--against", "bare", "--columns", "2", "2"]
    output = tmp_path / "out"
    sweep = ["--sweep", "channels.width=20,30 um", "--jobs", "1"]
    assert call(FULL, output, *options, *sweep) == 0
    assert call(FULL, tmp_path / "one", *options) == 0
    alone = told(tmp_path / "one")["gains"]["run"]["discharged_Ah"]
    table = swept(output)
    assert table["channels.width / um"].tolist() == [20, 30]
    assert table.gain_discharged_Ah[1] == pytest.approx(alone["gain"], abs=1e-12)
    assert table.gain_discharged_Ah_error[1] == pytest.approx(alone["error"], abs=1e-12)


def test_what_stands_is_not_run_again_and_more_values_run_only_what_is_new(tmp_path, capsys):
    output = tmp_path / "out"
    for values, stand in (("0.9,1", 0), ("0.9,1", 2), ("0.8,0.9,1", 2)):
        assert call(FULL, output, "--jobs", "1", "--sweep", f"soc={values}") == 0
        cases = len(values.split(","))
        assert f"{cases} cases, {stand} of them stand already" in capsys.readouterr().out
    assert len((output / "sweep.jsonl").read_text().splitlines()) == 3
    assert call("Discharge at 2C until 2.5 V", output, "--jobs", "1", "--sweep", "soc=0.9,1") == 0
    assert "2 cases, 0 of them stand already" in capsys.readouterr().out


def test_a_protocol_with_the_number_of_a_rate_in_it_is_another_one(tmp_path, capsys):
    """At 1C both say the same; at 2C they do not."""
    output = tmp_path / "out"
    for time_, rates in (("{rate} min", "1,2"), ("1.0 min", "1,2")):
        words = f"Discharge at {{rate}}C for {time_}"
        assert call(words, output, "--jobs", "1", "--sweep", f"rate={rates}") == 0
        assert "0 of them stand already" in capsys.readouterr().out
    assert swept(output).duration_s.tolist() == pytest.approx([60, 60])


@pytest.mark.parametrize("sweep", [[], ["--jobs", "1", "--sweep", "soc=0.9"]])
def test_other_voxels_beside_the_same_structure_are_another_case(tmp_path, sweep):
    structure, output = tmp_path / "voxels.toml", tmp_path / "out"
    structure.write_text(
        'sides = ["50 um", "50 um"]\n[negative]\nporosity = "voxels.npy"\n', encoding="utf-8"
    )
    given = []
    for porosity in (0.3, 0.2):
        np.save(tmp_path / "voxels.npy", np.full((2, 2, 2), porosity))
        assert call("Discharge at 1C for 60 s", output, "--structure", str(structure), *sweep) == 0
        given.append(
            swept(output).final_voltage_V[0]
            if sweep
            else told(output)["runs"]["run"]["final_voltage_V"]
        )
    assert given[1] < given[0] - 1e-4


def test_keys_side_by_side_are_drawn_over_the_first_and_three_keys_are_not(tmp_path, capsys):
    options, beside = ["--jobs", "1", "--sweep"], ["soc=0.8,0.9", "temperature-C=20,30"]
    for name, keys, drawn in (
        ("zipped", [*beside, "--zip"], ["soc"]),
        ("crossed", [*beside, f"{THICKNESS}=8e-5,9e-5"], []),
    ):
        assert call("Rest for 1 s; Discharge at 1C for 9 s", tmp_path / name, *options, *keys) == 0
        assert told(tmp_path / name)["drawn_over"] == drawn
        assert (tmp_path / name / "sweep.png").exists() == bool(drawn)
    assert "note: no figure" in capsys.readouterr().out


def test_a_case_that_cannot_be_is_a_row_with_its_reason(tmp_path, channels, capsys):
    """Each value can be beside the first one of the other key; both last ones together cannot."""
    output = tmp_path / "out"
    keys = ["channels.pitch=80,40 um", "channels.width=20,60 um"]
    options = ["--structure", str(channels), "--columns", "2", "2", "--jobs", "1"]
    assert call("Rest for 1 s", output, *options, "--sweep", *keys) == 0
    table = swept(output)
    assert table.error.isna().tolist() == [True, True, True, False]
    assert "StructureError" in table.error[3]
    assert "1 of 4 cases have no outcome" in capsys.readouterr().out


def test_words_are_swept_as_numbers_are(tmp_path, channels):
    output = tmp_path / "out"
    options = ["--structure", str(channels), "--columns", "2", "2", "--jobs", "1"]
    assert call("Rest for 1 s", output, *options, "--sweep", "negative.solid=pressed,removed") == 0
    assert swept(output)["negative.solid"].tolist() == ["pressed", "removed"]


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        (["soc"], "not of the form KEY=VALUES"),
        (["sco=0.5"], "neither an option that can be swept"),
        (["Negative electrode / Thicknes [m]=1e-4"], "did you mean"),
        (["Thickness [m]=1e-4"], "say which"),
        (["soc=0.5,0.5"], "2 times"),
        (["soc=0.5", "soc=0.6"], "twice"),
        (["soc=0.5,2"], "soc=2"),
        (["soc=0:1:1"], "in 2 or more"),
        (["temperature-C=20,-300"], "temperature-C=-300"),
        (["soc=0:1:5:log"], "no number over 0"),
        (["soc=high"], "plain numbers"),
        (["rate=1,2"], "no effect on a protocol without {rate}"),
        (["channels.pitch=60,70 um"], "name its file, --structure"),
        ([f"{THICKNESS}=8e-5,9e-5 m"], "its unit in brackets already"),
        (["soc=0:1:400", "temperature-C=0:50:400"], "160000 cases are more"),
    ],
)
def test_what_cannot_be_meant_is_one_line_before_anything_is_run(
    tmp_path, sweep, message, capsys, monkeypatch
):
    monkeypatch.setattr("rampore.sweep.run", None)
    assert call(FULL, tmp_path / "out", "--sweep", *sweep) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line


def test_keys_side_by_side_need_as_many_values_each():
    keys = [
        parametric.SweptKey("soc", "option", ("soc",), (0.1, 0.2), "1"),
        parametric.SweptKey("rate", "option", ("rate",), (1.0,), "1"),
    ]
    with pytest.raises(ExperimentError, match="as many values of each key"):
        parametric.cases_of(keys, zipped=True)
    assert parametric.cases_of(keys[:1], zipped=True) == [{"soc": 0.1}, {"soc": 0.2}]


@pytest.mark.parametrize(
    ("words", "values", "unit"),
    [
        ("60:240:3 um", (60, 150, 240), "um"),
        ("1:100:3:log", (1, 10, 100), ""),
        ("20,40um", (20, 40), "um"),
        ("1e-4,2e-4", (1e-4, 2e-4), ""),
        ("pressed,gone", ("pressed", "gone"), ""),
    ],
)
def test_values_are_lists_ranges_and_words(words, values, unit):
    assert parametric._values("key", words) == (values, unit)


def test_many_values_of_a_second_key_make_a_map_and_few_make_lines():
    def drawn(count):
        values = np.arange(3.0 * count).reshape(3, count)
        data = xr.Dataset(
            {"discharged_Ah_per_m2": (("a", "b"), values)},
            {"a": ("a", [1.0, 2, 3], {"units": "um"}), "b": ("b", np.arange(float(count)))},
        )
        return overview(data, ["a", "b"], "discharged_Ah_per_m2").axes[0]

    assert len(drawn(2).get_legend().get_texts()) == 2
    assert drawn(MOST_LINES + 1).get_legend() is None
    assert drawn(2).get_xlabel() == "a (µm)"


# ── A cluster ───────────────────────────────────────────────────────────────────────────────────


def test_a_killed_worker_of_a_cluster_changes_nothing_of_two_hundred_cells(tmp_path):
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    keys = ["rate=0.5:2:10", f"{THICKNESS}=7e-5:9e-5:20"]
    arguments = ["simulate", str(CELL), "Discharge at {rate}C for 60 s", *SIZE, "--sweep", *keys]
    with two_workers(distributed) as cluster:
        disturbed = tmp_path / "disturbed"
        options = ["--scheduler", cluster.scheduler_address, "-o", str(disturbed)]
        running = subprocess.Popen(
            [sys.executable, "-m", "rampore", *arguments, *options], stdout=subprocess.DEVNULL
        )
        journal = disturbed / "sweep.jsonl"
        while not (journal.is_file() and len(journal.read_bytes().splitlines()) > 20):
            assert running.poll() is None, "it ended before a worker could be killed"
            time.sleep(0.05)
        [victim, _] = [worker.process.pid for worker in cluster.workers.values()]
        os.kill(victim, signal.SIGKILL)
        assert running.wait(300) == 0
    assert not psutil.pid_exists(victim)
    undisturbed = tmp_path / "undisturbed"
    assert cli.main([*arguments, "-o", str(undisturbed)]) == 0
    table = (disturbed / "sweep.csv").read_bytes()
    assert table == (undisturbed / "sweep.csv").read_bytes()
    assert len(table.splitlines()) == 201
    assert len(set(journal.read_bytes().splitlines())) == 200


# ── The page ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("title", ["A drilled anode", "Your foil, in a stack.*?"])
def test_the_page_is_followed_word_for_word(title, tmp_path):
    page = (BOOK / "sweeps.md").read_text(encoding="utf-8")
    for file in re.findall(r"\{download\}`[^<`]*<([^>]+)>`", page):
        (tmp_path / Path(file).name).write_bytes((BOOK / file).read_bytes())
    section = Section(title, "sweeps.md")
    for kind, text in section.blocks:
        if kind == "toml":
            (tmp_path / "drilled.toml").write_text(text, encoding="utf-8")
    names, shown = section.follow(tmp_path)
    assert [line for line in section.shows() if line not in shown] == []
    if "pitches" in names:  # 2 were all of the cell stretched in the plane
        assert 1 < names["pitches"]["flakes"] / names["pitches"]["even"] < 2
