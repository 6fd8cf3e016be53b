"""``rampore foil``: pictures of known truth, the structure that follows, refusals."""

import csv
import json
import math

import numpy as np
import pytest
import tifffile
from foils import drawn, photograph
from scipy import ndimage

from rampore import cli
from rampore.structure import files

DIAMETER, PITCH = 18.4, 40.0  # px
PIXEL_UM = 2.0
SIZE = ["--pixel-um", PIXEL_UM]


def saved(path, grey, **more):
    tifffile.imwrite(path, grey.clip(0, 255).astype(np.uint8), **more)
    return path


def run(picture, folder, *options):
    words = ["foil", str(picture), "-o", str(folder), *map(str, options)]
    try:
        return cli.main(words)
    except SystemExit as ended:
        return ended.code


def told(folder):
    return json.loads((folder / "foil.json").read_text(encoding="utf-8"))


def turned(share):
    """By 17 degrees, without the corners that come from outside."""
    return ndimage.rotate(share, 17, order=1, reshape=False)[80:-80, 80:-80].clip(0, 1)


@pytest.mark.parametrize("lattice", ["triangular", "square"])
@pytest.mark.parametrize(
    ("turn", "faults"),
    [(False, {}), (True, {}), (False, {"slope": 0.3}), (False, {"blur": 2.5, "noise": 8.0})],
    ids=["fair", "turned", "uneven light", "blurred"],
)
def test_intervals_hold_what_was_drawn(lattice, turn, faults, tmp_path):
    share, _ = drawn(DIAMETER, PITCH, lattice, shape=(440, 480))
    share = turned(share) if turn else share
    picture = saved(tmp_path / "foil.tif", 0.8 * photograph(share, **faults))
    out, structure = tmp_path / "out", tmp_path / "seen.toml"
    more = ["--structure", structure, "--depth-um", 10, "--filling", "electrolyte"]
    assert run(picture, out, "--holes", "bright", *SIZE, *more) == 0
    found = told(out)
    for name, length in (("hole_diameter_um", DIAMETER), ("pitch_um", PITCH)):
        interval = found[name]
        assert interval["low"] < interval["value"] < interval["high"]
        # distances of so even a lattice scatter less than a pixel's grid moves them: a thousandth
        assert interval["low"] < 1.001 * PIXEL_UM * length
        assert interval["high"] > 0.999 * PIXEL_UM * length
        assert interval["value"] == pytest.approx(PIXEL_UM * length, rel=0.02)
    assert found["lattice"] == lattice
    [holes] = files.read(structure).holes
    assert (holes.lattice, holes.foil, holes.filling) == (lattice, "negative", "electrolyte")
    assert (holes.width, holes.pitch, holes.depth) == pytest.approx(
        (1e-6 * found["hole_diameter_um"]["value"], 1e-6 * found["pitch_um"]["value"], 1e-5),
        rel=1e-3,
    )
    names = {"foil.json", "foil.png", "foil.svg", "holes.csv"}
    assert {each.name for each in out.iterdir()} == names


def test_a_picture_at_a_slant_is_said_to_be_one_and_makes_no_structure(tmp_path, capsys):
    share, _ = drawn(DIAMETER, PITCH, shape=(440, 480))
    slant = ndimage.zoom(share, (math.cos(math.radians(30)), 1), order=1)
    picture = saved(tmp_path / "foil.tif", photograph(slant))
    assert run(picture, tmp_path / "out", "--holes", "bright", *SIZE) == 0
    ratio = told(tmp_path / "out")["axis_ratio"]
    assert ratio == pytest.approx(math.cos(math.radians(30)), rel=0.02)
    assert f"{ratio:.2f} times as long one way" in capsys.readouterr().err
    file = tmp_path / "seen.toml"
    more = ["--structure", file, "--depth-um", 10]
    assert run(picture, tmp_path / "out", "--holes", "bright", *SIZE, *more) == 2
    assert "take the picture face on" in capsys.readouterr().err
    assert not file.exists()


def test_holes_that_the_frame_cuts_are_in_no_mean(tmp_path):
    share, _ = drawn(DIAMETER, PITCH)
    pieces, count = ndimage.label(share[20:220, 30:300] > 0.5)
    border = np.concatenate([pieces[[0, -1]].ravel(), pieces[:, [0, -1]].ravel()])
    whole = count - len(set(border.tolist()) - {0})
    picture = saved(tmp_path / "foil.tif", photograph(share))
    part = ["--rows", "20:220", "--columns", "30:300"]
    assert run(picture, tmp_path / "out", "--holes", "bright", *SIZE, *part) == 0
    with (tmp_path / "out" / "holes.csv").open(encoding="utf-8") as stream:
        table = list(csv.DictReader(stream))
    assert len(table) == told(tmp_path / "out")["whole_holes"] == whole < count
    diameters = [float(row["diameter_um"]) for row in table]
    assert diameters == pytest.approx([PIXEL_UM * DIAMETER] * whole, rel=0.03)


def test_the_scale_is_that_of_the_file(tmp_path):
    share, _ = drawn(DIAMETER, PITCH)
    size = {"resolution": (1e4 / PIXEL_UM, 1e4 / PIXEL_UM), "resolutionunit": "CENTIMETER"}
    picture = saved(tmp_path / "foil.tif", 255 - photograph(share), **size)
    assert run(picture, tmp_path / "out", "--holes", "dark") == 0
    found = told(tmp_path / "out")
    assert found["pixel_um"] == pytest.approx(PIXEL_UM)
    assert found["pixel_size_source"] != "given"
    assert found["pitch_um"]["value"] == pytest.approx(PIXEL_UM * PITCH, rel=1e-3)


def test_holes_that_are_missing_are_told(tmp_path, capsys):
    share, _ = drawn(DIAMETER, PITCH, missing=(25, 37, 52, 45))
    picture = saved(tmp_path / "foil.tif", photograph(share))
    assert run(picture, tmp_path / "out", "--holes", "bright", *SIZE) == 0
    assert "holes are missing" in capsys.readouterr().err


SEEN = ["--structure", "seen.toml", "--depth-um", 10]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (SIZE, "--holes"),
        (["--holes", "round", *SIZE], "not one of the choices"),
        (["--holes", "bright"], "--pixel-um on the command line"),
        (["--holes", "bright", "--pixel-um", 1, 2], "are oblong"),
        (["--holes", "dark", *SIZE], "if holes are dark"),
        (["--holes", "bright", *SIZE, "--depth-um", 10], "no effect without --structure"),
        (["--holes", "bright", *SIZE, "--foil", "positive"], "no effect without --structure"),
        (["--holes", "bright", *SIZE, *SEEN[:2]], "--structure needs --depth-um"),
        (["--holes", "bright", *SIZE, "--rows", ":45"], "whole holes are on the picture"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_line(options, said, tmp_path, capsys):
    picture = saved(tmp_path / "foil.tif", photograph(drawn(DIAMETER, PITCH)[0]))
    assert run(picture, tmp_path / "out", *options) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (tmp_path / "out").exists()


def test_holes_on_no_lattice_make_no_structure(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng, share = np.random.default_rng(3), drawn(16.0, 44.0)[0]
    pieces, count = ndimage.label(share > 0.5)
    moved = sum(np.roll(pieces == n, rng.integers(-12, 13, 2), (0, 1)) for n in range(1, count + 1))
    picture = saved(tmp_path / "foil.tif", photograph(np.minimum(moved, 1)))
    assert run(picture, tmp_path / "out", "--holes", "bright", *SIZE, *SEEN) == 2
    assert "the holes lie on no lattice" in capsys.readouterr().err
    assert not (tmp_path / "seen.toml").exists()
    assert run(picture, tmp_path / "out", "--holes", "bright", *SIZE) == 0
    assert told(tmp_path / "out")["open_fraction_of_lattice"] is None
