"""``rampore structure`` and ``rampore discharge --structure``: picture, numbers, refusal."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Polygon

from rampore import cli
from rampore.figures.structure import drawing
from rampore.p4d import examples
from rampore.structure import Channels, Holes, Structure

CELL = Path(__file__).parent / "data" / "cases" / "cells" / "chen2020_sum_1.00000016.json"

FILE = """
[[holes]]
lattice = "square"
pitch = "100 um"
width = "40 um"
depth = "12 um"

[[channels]]
lattice = "square"
pitch = "100 um"
width = "60 um"
floor = "20 um"
depth = "50 um"

[negative]
in_plane = 2.47
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "structure.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def polygons(axes, low, high):
    """Corners of what is drawn between two heights [um]."""
    corners = [patch.get_xy() for patch in axes.patches if isinstance(patch, Polygon)]
    return [xy for xy in corners if low - 1e-6 <= xy[:, 1].min() and xy[:, 1].max() <= high + 1e-6]


def test_the_picture_has_the_lengths_of_the_structure_and_one_scale():
    holes = Holes(lattice="square", pitch=100e-6, width=40e-6, depth=12e-6)
    cones = Channels(lattice="square", pitch=100e-6, width=60e-6, floor=20e-6, depth=50e-6)
    cell = replace(examples.chen_2020(), structure=Structure((holes,), (cones,)))
    plan, section = drawing(cell).axes[:2]
    assert plan.get_title(loc="left") == "negative electrode, from the separator"
    assert plan.get_aspect() == section.get_aspect() == 1.0
    for xy in polygons(section, -12.0, 0.0):
        assert np.ptp(xy, axis=0) == pytest.approx([40.0, 12.0])
    channels = polygons(section, 85.2 - 50.0, 85.2)
    assert len(channels) >= 3
    for xy in channels:
        assert np.ptp(xy, axis=0) == pytest.approx([60.0, 50.0])
        bottom = xy[np.isclose(xy[:, 1], 35.2)]
        assert np.ptp(bottom[:, 0]) == pytest.approx(20.0)
    widths = {round(np.ptp(patch.get_xy()[:, 0])) for patch in plan.patches}
    assert widths == {40, 60, 20}


def test_a_structure_is_drawn_and_told_before_anything_is_solved(file, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["structure", str(file), "--cell", str(CELL), "-o", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {
        "structure.png", "structure.svg", "structure.json",
    }  # fmt: skip
    told = json.loads((out / "structure.json").read_text())
    assert told["unit_cell_um"] == pytest.approx([50.0, 50.0])
    negative = told["negative"]
    cone = np.pi * 50.0 / 12 * (60.0**2 + 60.0 * 20.0 + 20.0**2) / 100.0**2
    assert negative["open_fraction_of_foil"] == pytest.approx(np.pi * 0.2**2, rel=1e-9)
    assert negative["channels_share_of_coating"] == pytest.approx(cone / 85.2, rel=1e-9)
    assert negative["touched_share_of_foil"] == pytest.approx(1 - np.pi * 0.2**2, rel=1e-9)
    solid = (85.2 - cone + np.pi * 0.2**2 * 12.0) / 85.2
    assert negative["solid_over_unstructured"] == pytest.approx(solid, rel=1e-9)
    thinner = negative["unstructured_of_equal"]["mass and porosity"]
    assert thinner["thickness_um"] == pytest.approx(85.2 * solid, rel=1e-9)
    assert told["positive"]["solid_over_unstructured"] == pytest.approx(1.0, rel=1e-9)
    assert capsys.readouterr().out.strip() == str(out / "structure.json")


def test_a_cell_is_charged_with_a_structure_and_tells_its_margin_against_plating(file, tmp_path):
    half = CELL.read_text().replace('state-of-charge": 1.0', 'state-of-charge": 0.5')
    cell, out = tmp_path / "half.json", tmp_path / "out"
    cell.write_text(half)
    mesh = ["--columns", "2", "2", "--layers", "4", "2", "4"]
    options = ["--structure", str(file), "--c-rate", "-2", *mesh]
    assert cli.main(["discharge", str(cell), *options, "-o", str(out)]) == 0
    told = json.loads((out / "summary.json").read_text())
    assert told["open_fraction"] == pytest.approx(np.pi * 0.2**2, rel=1e-9)
    assert -0.5 < told["plating_margin_V"] < 0.1
    assert 0 <= told["plating_margin_s"] <= told["duration_s"]
    assert 0 < told["plating_margin_um"][2] < 85.2


@pytest.mark.parametrize(
    ("call", "text", "message"),
    [
        (["structure", "--cell", str(CELL)], 'pich = "1 um"', "unknown key 'pich'; did you mean"),
        (["structure", "--cell", str(CELL)], 'depth = "90 um"', "deeper than the negative coating"),
        (
            ["discharge", str(CELL), "--collector", "bare"],
            'depth = "50 um"',
            "--collector has no effect beside --structure",
        ),
    ],
)
def test_refusal_is_one_line(call, text, message, file, tmp_path, capsys):
    file.write_text(FILE.replace('depth = "50 um"', text), encoding="utf-8")
    place = ["--structure", str(file)] if call[0] == "discharge" else [str(file)]
    assert cli.main([*call, *place, "-o", str(tmp_path / "out")]) == 2
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith("rampore: ")
    assert message in line
    assert not (tmp_path / "out").exists()
