"""``rampore pores`` on images and on labels: the files that it writes, and what it says."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from rampore import cli

CASES = Path(__file__).parent / "data" / "cases" / "images"


def run(image, folder, *more):
    return cli.main(["pores", str(image), "-o", str(folder), *map(str, more)])


def test_labels_are_measured_without_segmenting_them(tmp_path):
    out = tmp_path / "out"
    assert run(CASES / "anisotropic_imagej.tif", out, "--phase", 1, "--structure") == 0
    found = json.loads((out / "pores.json").read_text())
    assert found["porosity"] == 0.5
    assert found["pixel_um"] == pytest.approx([0.3, 0.1, 0.1])
    table = pd.read_csv(out / "pores.csv")
    assert table["volume_um3"].sum() == pytest.approx(0.5 * 20 * 24 * 30 * 0.3 * 0.1 * 0.1)
    throats = pd.read_csv(out / "throats.csv")
    assert len(throats) == found["throat_count"]
    neighbours = np.bincount(throats[["pore_1", "pore_2"]].to_numpy().ravel())
    np.testing.assert_array_equal(neighbours[1:], table["coordination"])
    particles = pd.read_csv(out / "particles.csv")
    assert len(particles) == found["structure"]["particle_count"]
    assert particles["volume_um3"].sum() == pytest.approx(table["volume_um3"].sum())
    correlation = pd.read_csv(out / "correlation_0.csv")
    assert correlation["probability"][0] == 0.5
    assert correlation["distance_um"][1] == pytest.approx(0.3)


def test_the_network_is_the_one_that_openpnm_takes_from_porespy(tmp_path):
    out = tmp_path / "out"
    assert run(CASES / "anisotropic_imagej.tif", out, "--phase", 1) == 0
    with np.load(out / "network.npz") as network:
        conns, coords = network["throat.conns"], network["pore.coords"]
        assert coords.shape == (len(network["pore.all"]), 3)
        assert conns.max() < len(coords)
        edge = np.linalg.norm(coords[conns[:, 0]] - coords[conns[:, 1]], axis=1)
        np.testing.assert_allclose(network["throat.direct_length"], edge)
    assert not (out / "particles.csv").exists()


def test_what_is_shown_white_is_bright(tmp_path):
    out = tmp_path / "out"
    assert run(CASES / "t_miniswhite.tif", out, "--pores", "dark", "--pixel-um", 0.1) == 0
    found = json.loads((out / "pores.json").read_text())
    assert found["porosity"] == pytest.approx(0.399, abs=5e-4)


def test_an_info_bar_is_proposed_and_left_in(tmp_path, capsys):
    image = np.random.default_rng(1).normal(120, 12, (200, 300)).clip(0, 255)
    image[60:120, 50:250] = 20
    image[-18:] = 0
    Image.fromarray(image.astype(np.uint8)).save(tmp_path / "a.png")
    out = tmp_path / "out"
    assert run(tmp_path / "a.png", out, "--pores", "dark", "--pixel-um", 0.1) == 0
    assert "rows 182 to 199 look like an info bar; --rows :182" in capsys.readouterr().err
    assert json.loads((out / "pores.json").read_text())["shape_px"] == [200, 300]
    assert run(tmp_path / "a.png", out, "--pores", "dark", "--pixel-um", 0.1, "--rows", ":182") == 0
    assert "info bar" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--pores --phase is required"),
        (["--pores", "dark", "--phase", 1], "not allowed with"),
        (["--phase", 1], "pixel size is not known"),
        (["--phase", 1, "--voxel-um", 1, 1, 1, 1], "up to three numbers"),
    ],
)
def test_a_call_that_does_not_say_what_is_pore_is_refused(options, said, tmp_path, capsys):
    try:
        code = run(CASES / "l_lzw.tif", tmp_path / "out", *options)
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert said in capsys.readouterr().err


def test_a_grey_image_is_no_labels_and_labels_are_noticed_in_a_grey_one(tmp_path, capsys):
    size = ["--pixel-um", 0.1]
    assert run(CASES / "f_empty.tif", tmp_path / "out", "--phase", 99, *size) == 2
    assert "looks grey" in capsys.readouterr().err
    assert run(CASES / "l_lzw.tif", tmp_path / "out", "--pores", "dark", *size) == 0
    assert "name those of pores by --phase" in capsys.readouterr().err
