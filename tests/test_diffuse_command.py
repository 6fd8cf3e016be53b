"""``rampore diffuse``: a segmented image to its tortuosity, its fields and its figure."""

import json
import weakref
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from rampore import cli
from rampore.commands import diffuse
from rampore.diffusion import steady_diffusion
from rampore.micrograph import MicrographError, read_labels


def run(image, folder, *more):
    return cli.main(["diffuse", str(image), "-o", str(folder), *map(str, more)])


@pytest.fixture
def channels():
    """Labels 5 (solid), 7 and 9: two straight channels along axis 1, of 3 and 2 of 10 rows."""
    label = np.full((10, 12, 6), 5, np.uint8)
    label[:3], label[6:8] = 7, 9
    return label


def test_it_writes_what_the_library_finds_where_paraview_and_xarray_read_it(
    channels, tmp_path, capsys
):
    import pyvista
    import xarray

    tifffile.imwrite(tmp_path / "labels.tif", channels, photometric="minisblack")
    options = ["--phase", 7, "9=0.5", "--axis", 1, "--voxel-um", 2, "--fields"]
    assert run(tmp_path / "labels.tif", tmp_path / "out", *options) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "diffusion.json",
        "diffusion.png",
        "diffusion.svg",
        "directions.csv",
        "fields.nc",
        "fields.vti",
        "profile.csv",
    }
    found = json.loads((tmp_path / "out/diffusion.json").read_text())
    assert found["porosity"] == pytest.approx(0.5)
    assert found["relative_diffusivity"] == pytest.approx(0.3 + 0.2 * 0.5)
    assert found["tortuosity_factor"] == pytest.approx(1)
    assert found["percolating_fraction"] == 1
    assert found["imbalance"] <= 1e-4
    shown = capsys.readouterr()
    assert "solving 10 x 12 x 6" in shown.err
    assert shown.out == ""
    length = 12 * 2e-6
    with xarray.open_dataset(tmp_path / "out/fields.nc", engine="h5netcdf") as data:
        assert data.axis1.values[-1] == pytest.approx(length - 1e-6)
        np.testing.assert_allclose(
            data.flux.sel(component="axis1").values[0], 1 / length, rtol=1e-5
        )
        assert data.flux.attrs["units"] == "1/m"
        grid = pyvista.read(tmp_path / "out/fields.vti")
        assert grid.spacing == pytest.approx((2e-6,) * 3)
        for name in ("label", "concentration"):
            np.testing.assert_array_equal(
                grid.cell_data[name].reshape(channels.shape, order="F"), data[name].values
            )
    np.testing.assert_allclose(
        grid.cell_data["flux"].reshape(*channels.shape, 3, order="F")[0, ..., 1], 1 / length
    )


@pytest.mark.parametrize("ending", ["npy", "raw", "png", "page of a stack"])
def test_the_same_labels_give_the_same_number_from_every_kind_of_file(ending, tmp_path):
    label = np.where(np.random.default_rng(0).random((60, 50)) < 0.7, 255, 0).astype(np.uint8)
    options = ["--phase", 255]
    if ending == "npy":
        path = tmp_path / "a.npy"
        np.save(path, label)
    elif ending == "raw":
        path = tmp_path / "a.raw"
        label.astype(">u2").tofile(path)
        options += ["--shape", 60, 50, "--dtype", ">u2"]
    elif ending == "png":
        from PIL import Image

        path = tmp_path / "a.png"
        Image.fromarray(label).save(path)
    else:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, np.stack([0 * label, label]), photometric="minisblack")
        options += ["--page", 1]
    assert run(path, tmp_path / "out", *options) == 0
    found = json.loads((tmp_path / "out/diffusion.json").read_text())
    assert found["relative_diffusivity"] == pytest.approx(
        steady_diffusion(label == 255).relative_diffusivity
    )
    assert found["shape_px"] == [60, 50]


@pytest.mark.parametrize(("value", "expected"), [(1, 1.0), (0, 0.0)])
def test_an_image_of_pore_alone_or_of_solid_alone_has_an_answer(value, expected, tmp_path):
    np.save(tmp_path / "even.npy", np.full((20, 30), value))
    assert run(tmp_path / "even.npy", tmp_path / "out", "--phase", 1) == 0
    found = json.loads((tmp_path / "out/diffusion.json").read_text())
    assert found["relative_diffusivity"] == pytest.approx(expected)
    assert (found["tortuosity_factor"] is None) == (expected == 0)


def test_what_cannot_be_used_ends_with_code_2_its_reason_and_no_file(tmp_path, capsys, monkeypatch):
    np.save(tmp_path / "labels.npy", np.arange(12).reshape(3, 4))
    np.save(tmp_path / "one.npy", np.ones((1, 1)))
    np.save(tmp_path / "nan.npy", np.full((5, 5), np.nan))
    np.save(tmp_path / "line.npy", np.ones(5))
    (tmp_path / "text.csv").write_text("1,2,3")
    (tmp_path / "a.raw").write_bytes(b"12345")
    calls = {
        "no pixel has the label 99; there are 0, 1": ["labels.npy", "--phase", 99],
        "axis 2": ["labels.npy", "--phase", 1, "--axis", 2],
        "one pixel": ["one.npy", "--phase", 1],
        "NaN": ["nan.npy", "--phase", 1],
        "two or three axes": ["line.npy", "--phase", 1],
        "neither PNG": ["text.csv", "--phase", 1],
        "there is no file": ["missing.tif", "--phase", 1],
        "holds 5 bytes": ["a.raw", "--phase", 1, "--shape", 2, 3],
        "no type": ["a.raw", "--phase", 1, "--shape", 5, 1, "--dtype", "voxel"],
        "knows its shape": ["labels.npy", "--phase", 1, "--shape", 3, 4],
        "leave the page out": ["labels.npy", "--phase", 1, "--page", 0],
        "holds files of 2 kinds": [".", "--phase", 1],
    }
    for reason, (name, *options) in calls.items():
        assert run(tmp_path / name, tmp_path / "out", *options) == 2, reason
        assert reason in capsys.readouterr().err
    monkeypatch.setattr("rampore.commands.diffuse.most_pixels", lambda: 10)
    assert run(tmp_path / "labels.npy", tmp_path / "out", "--phase", 1) == 2
    assert "more than 10 pixels" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_labels_come_with_the_pixel_size_that_the_file_states(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.eye(4, dtype=np.uint8),
        resolution=(1e5, 1e5),
        resolutionunit="CENTIMETER",
    )
    assert read_labels(tmp_path / "a.tif").pixel_size == pytest.approx(1e-7)


def test_labels_in_colour_are_refused(tmp_path):
    from PIL import Image

    Image.fromarray(np.random.default_rng(0).integers(0, 255, (5, 5, 3), np.uint8)).save(
        tmp_path / "a.png"
    )
    with pytest.raises(MicrographError, match="in colour"):
        read_labels(tmp_path / "a.png")


# ── Several directions, thick slices, parts ──────────────────────────────────────────────────────

CASES = Path(__file__).parent / "data" / "cases" / "images"
TAU = (1.2706, 2.6895, 6.1276)


def test_a_stack_with_thick_slices_has_a_row_and_a_profile_for_each_direction(tmp_path):
    calls = {"file": [], "given": ["--voxel-um", 0.3, 0.1, 0.1]}
    for name, options in calls.items():
        image = CASES / ("anisotropic_imagej.tif" if name == "file" else "slices")
        phase = 1 if name == "file" else 255
        out = tmp_path / name
        assert run(image, out, "--phase", phase, "--axis", 0, 1, 2, "--electrode", *options) == 0
        table = pd.read_csv(out / "directions.csv")
        np.testing.assert_allclose(table["tortuosity_factor"], TAU, atol=5e-5)
        assert (table["electrode_tortuosity_factor"] > 1).all()
        found = json.loads((out / "diffusion.json").read_text())
        assert [each["axis"] for each in found["directions"]] == [0, 1, 2]
        assert found["directions"][0]["voxel_um"] == pytest.approx([0.3, 0.1, 0.1])
        along = pd.read_csv(out / "profile_0.csv")
        assert along["position_um"].tolist() == pytest.approx(0.3 * (np.arange(20) + 0.5))
        resistance = (along["tortuosity_factor"] / along["mean_diffusivity"]).mean()
        assert resistance == pytest.approx(1 / table["relative_diffusivity"][0], rel=1e-6)
        assert not list(out.glob("fields*"))


def test_the_fields_lie_on_the_voxels_of_the_sample(tmp_path):
    import pyvista
    import xarray

    out = tmp_path / "out"
    assert run(CASES / "anisotropic_imagej.tif", out, "--phase", 1, "--fields") == 0
    with xarray.open_dataset(out / "fields.nc", engine="h5netcdf") as data:
        assert np.diff(data.axis0.values) == pytest.approx(3e-7)
        assert np.diff(data.axis1.values) == pytest.approx(1e-7)
    assert pyvista.read(out / "fields.vti").spacing == pytest.approx((3e-7, 1e-7, 1e-7))


def test_the_parts_of_an_image_say_how_far_its_numbers_hold(tmp_path):
    pore = np.random.default_rng(0).random((64, 64)) < 0.75
    np.save(tmp_path / "a.npy", pore.astype(np.uint8))
    assert run(tmp_path / "a.npy", tmp_path / "out", "--phase", 1, "--representative") == 0
    found = json.loads((tmp_path / "out/diffusion.json").read_text())
    porosity, diffusivity = (
        found[name] for name in ("porosity_interval", "relative_diffusivity_interval")
    )
    assert porosity["low"] < 0.75 < porosity["high"]
    assert diffusivity["low"] < found["relative_diffusivity"] < diffusivity["high"]
    assert [each["count"] for each in porosity["parts"]] == [4, 16, 64]
    # 5 % of the porosity: exactly 1.96 sqrt(0.25 / 0.75) / 0.05 pixels. The larger of two spreads
    # counts, of 16 parts known to 1 / sqrt(30) = 18 %, and Student's 2.13 for 1.96.
    exact = 1.96 * np.sqrt(0.25 / 0.75) / 0.05
    assert exact < porosity["edge_for_5_percent_px"] < (1 + 0.18) * 2.13 / 1.96 * exact


def test_a_part_of_a_volume_is_named_by_slices_rows_and_columns(tmp_path):
    label = np.zeros((6, 8, 10), np.uint8)
    label[1:5, 2:6, 3:9] = 1
    np.save(tmp_path / "a.npy", label)
    cut = ["--slices", "1:5", "--rows", "2:6", "--columns", "3:9"]
    assert run(tmp_path / "a.npy", tmp_path / "out", "--phase", 1, *cut) == 0
    found = json.loads((tmp_path / "out/diffusion.json").read_text())
    assert (found["porosity"], found["shape_px"]) == (1.0, [4, 4, 6])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rows", "3:99"], "3:99 reaches beyond the image, of 64 rows"),
        (["--slices", "0:4"], "a crop is two ranges"),
        (["--axis", 0, -2], "name one of them twice"),
        (["--axis", 2], "there is no axis 2"),
        (["--voxel-um", 1, 1, 1], "one for each of 2 axes"),
        (["--channel", 1], "no axis of channel"),
        (["--dataset", "a"], "leave its name out"),
        (["--representative", "--rows", "0:9"], "too small to be parted"),
    ],
)
def test_a_part_that_is_not_there_is_refused(options, said, tmp_path, capsys):
    image = CASES / ("p_palette_lab.png" if "--dataset" in options else "l_lzw.tif")
    assert run(image, tmp_path / "out", "--phase", 1, *options) == 2
    assert said in capsys.readouterr().err


def test_what_was_understood_of_a_file_is_said(tmp_path, capsys):
    assert run(CASES / "s_3yx.tif", tmp_path / "out", "--phase", 1) == 0
    assert "note: its three planes are taken as slices" in capsys.readouterr().err


def test_the_fields_of_one_axis_are_gone_before_the_next_is_solved(channels, tmp_path, monkeypatch):
    """Those of three axes at once do not fit where those of one do."""
    solve, fields, standing = diffuse._solve, [], []

    def watched(*arguments):
        standing.append(sum(field() is not None for field in fields))
        result = solve(*arguments)
        fields.append(weakref.ref(result.concentration))
        return result

    monkeypatch.setattr(diffuse, "_solve", watched)
    np.save(tmp_path / "labels.npy", channels)
    call = ["--phase", 7, 9, "--axis", 1, 0, 2, "--no-fields"]
    assert run(tmp_path / "labels.npy", tmp_path / "out", *call) == 0
    assert standing == [0, 0, 0]
