"""The time that a run takes, as it is told before the run and on the page of a chapter."""

import json
import math
from pathlib import Path

import pytest

from rampore.audit import reproduce
from rampore.audit.effort import Times, boxes, read_times
from rampore.audit.pages.parameters import parameters_table
from rampore.audit.reproduce.chapters import ChapterRun
from rampore.audit.reproduce.parameters import declared
from rampore.audit.study import UsageError, find, settings
from rampore.lim2026 import known, pairs
from rampore.units import duration

STUDY = find(Path(__file__).resolve().parent.parent)


def size(mesh) -> int:
    return sum(mesh.layers) * math.prod(mesh.columns)


def shares(meshes: dict, usual: str) -> dict[str, float]:
    return {
        name: size(mesh) / size(meshes[usual]) for name, mesh in meshes.items() if name != usual
    }


@pytest.mark.parametrize(
    ("chapter", "parameter", "ratios"),
    [
        (
            "p4d",
            "resolution",
            shares({name: meshes[0] for name, meshes in pairs.RESOLUTIONS.items()}, "reading"),
        ),
        (
            "channels",
            "resolution",
            shares({name: meshes[0] for name, meshes in known.RESOLUTIONS.items()}, "reading"),
        ),
        (
            "double-sided",
            "mesh",
            shares(
                {"coarse": pairs.COARSE, "reading": pairs.READING, "fine": pairs.FINE}, "coarse"
            ),
        ),
    ],
)
def test_the_boxes_of_a_finer_choice_are_those_of_its_meshes(chapter, parameter, ratios):
    assert STUDY.settings.effort[chapter][parameter] == pytest.approx(ratios, rel=0.03)
    choices = declared(STUDY.chapters[chapter])[parameter].choices
    assert set(ratios) < set(choices)


def test_every_chapter_has_a_measured_time_and_the_exponent_is_the_solvers():
    times = read_times(STUDY.settings.times)
    assert set(times.usual) == set(STUDY.chapters)
    speed = STUDY.root / "benchmarks/results/p4d/speed.json"
    assert times.exponent == json.loads(speed.read_text())["cost_exponent"]


def test_a_time_grows_with_the_boxes_to_the_power():
    times = Times({"p4d": 100.0}, 1.5, "it")
    assert times.expected("p4d") == 100.0
    assert times.expected("p4d", 4.0) == pytest.approx(800.0)
    assert times.expected("other", 4.0) is None
    assert boxes({"resolution": {"fine": 8.0}}, {"resolution": "fine", "w": 1}) == 8
    assert boxes({"resolution": {"fine": 8.0}}, {"resolution": "reading"}) == 1
    assert [duration(each) for each in (4.35, 600.0, 7200.0)] == ["4 s", "10 min", "2.0 h"]


def test_a_finer_run_is_told_its_time_and_where_that_was_measured():
    given = {"resolution": "fine"}
    chapter = ChapterRun("p4d", STUDY.chapters["p4d"], given, Path("nowhere"))
    told = reproduce._told(STUDY, chapter)
    assert "expected: a usual run takes" in told
    assert "8 times the boxes" in told
    usual = ChapterRun("p4d", STUDY.chapters["p4d"], {}, Path("nowhere"))
    assert reproduce._told(STUDY, usual) == ""


@pytest.mark.parametrize("name", STUDY.chapters)
def test_the_table_of_a_chapter_has_every_parameter_with_its_unit_and_range(name):
    parameters = declared(STUDY.chapters[name])
    times = read_times(STUDY.settings.times)
    table = parameters_table(name, parameters, STUDY.settings.effort.get(name, {}), times)
    for parameter in parameters.values():
        assert f"<code>{parameter.name}</code>" in table
        assert parameter._replace(unit="").takes() in table
    assert ("reckoned, not measured" in table) == (name in STUDY.settings.effort)


def test_a_chapter_that_nobody_measured_has_its_parameters_and_no_time():
    parameters = declared(STUDY.chapters["p4d"])
    table = parameters_table("p4d", parameters, {}, Times())
    assert "<code>resolution</code>" in table
    assert "A usual run" not in table


@pytest.mark.parametrize("line", ["[effort]\np4d = 3", "[effort.p4d.resolution]\nfine = -1"])
def test_an_effort_that_is_none_is_one_line(tmp_path, line):
    (tmp_path / "study.toml").write_text(line)
    with pytest.raises(UsageError, match="effort"):
        settings(tmp_path)
