"""From grey image to files: what the library finds, what the command writes, and the figure."""

import io
import json
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import tifffile
from drawings import assert_drawn_with_units, labels
from phantoms import all_links, blobs, discs

from rampore import cli, micrograph, pores
from rampore.audit.chapter import NUMBERS_MIME
from rampore.figures.pores import report
from rampore.pores import PoreError, Recipe

ROOT = Path(__file__).resolve().parent.parent
PX = 0.1e-6
COUNTS = (4, 5)


@pytest.fixture(scope="module")
def grey():
    """Twenty joined discs, dark, with noise."""
    mask, _ = discs(12, COUNTS, 40, all_links(COUNTS), width=5)
    noise = np.random.default_rng(0).normal(0, 8, mask.shape)
    return np.clip(np.where(mask, 60, 180) + noise, 0, 255).astype(np.uint8)


def test_a_noisy_phantom_gives_its_pores_neighbours_and_radius(grey):
    """4 x 5 discs with 31 channels; each pore is a disc and its halves of the channels, by the mask
    drawn.
    """
    mask, _ = discs(12, COUNTS, 40, all_links(COUNTS), width=5)
    analysis = pores.analyse(grey, "dark", PX)
    radius, number = analysis.means(np.random.default_rng(0))
    assert len(analysis.table) == 20
    assert number.value == 2 * 31 / 20
    assert analysis.porosity == pytest.approx(mask.mean(), rel=0.02)
    area = np.pi * radius.value**2
    assert area == pytest.approx(mask.sum() / 20 * PX**2, rel=0.03)


def test_a_volume_goes_the_same_way():
    mask, _ = discs(8, (2, 3, 2), 26, all_links((2, 3, 2)), width=5)
    analysis = pores.analyse(np.where(mask, 200, 50), "bright", PX, Recipe(denoise="none"))
    assert len(analysis.table) == 12
    assert analysis.table["coordination"].sum() == 2 * 20
    np.testing.assert_array_equal(analysis.mask, mask)


def test_measuring_a_mask_is_the_second_half_of_analysing_an_image(grey):
    whole = pores.analyse(grey, "dark", PX)
    pd.testing.assert_frame_equal(pores.measure(pores.segment(grey, "dark"), PX).table, whole.table)


def test_recipes_disagree_about_a_real_section_as_the_chapter_says():
    """Chapter 2 says the least and the most that its four recipes find in a published image of an
    NMC cathode.
    """
    path = ROOT / "tests" / "data" / "micrographs" / "nmc_sem_bse_130nm.png"
    even = {"background": "divide", "background_size": "20 um"}
    tries = [
        Recipe(),
        Recipe(threshold="local", threshold_window="20 um"),
        Recipe(**even),
        Recipe(**even, threshold="multi-otsu", denoise="gaussian", denoise_size="1 px"),
    ]
    image = micrograph.read(path, 0.13e-6)
    found = [
        pores.analyse(image.grey, "dark", image.pixel_size, recipe).porosity for recipe in tries
    ]
    notebook = nbformat.read(ROOT / "book" / "pores.ipynb", as_version=4)
    [said] = [
        output.data[NUMBERS_MIME]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if NUMBERS_MIME in output.get("data", {})
    ]
    for end, of in {"low": min, "high": max}.items():
        value, error = map(float, said[f"prose/cathode-{end}"].split(" ± "))
        assert value == pytest.approx(of(found), abs=error)


def test_each_step_is_named_once(grey):
    steps = []
    pores.analyse(grey, "dark", PX, progress=steps.append)
    assert steps == [
        "noise: median",
        "threshold: otsu",
        "small objects",
        "pores: rabbani",
        "throats and sizes",
    ]


def test_the_counting_rule_changes_means_and_nothing_else():
    mask = blobs((200, 240), 0.3)
    rules = [Recipe(), Recipe(boundary=False), Recipe(isolated=False), Recipe(neighbours="corners")]
    found = [pores.measure(mask, PX, rule) for rule in rules]
    means = [each.means(np.random.default_rng(0)) for each in found]
    assert len({each.porosity for each in found}) == 1
    assert len({len(each.table) for each in found}) == 1
    assert means[1][0].pores < means[0][0].pores
    assert means[2][1].value > means[0][1].value
    assert means[2][0].value == means[0][0].value
    assert means[3][1].value >= means[0][1].value


@pytest.mark.parametrize("shape", [(60, 200), (30, 32, 34)], ids=["section", "volume"])
def test_the_report_is_the_same_in_every_run_and_can_be_read_back(shape):
    mask = blobs(shape, 0.3, size=2)
    analysis = pores.analyse(np.where(mask, 10, 90), "dark", PX)
    files, again = (report(np.where(mask, 10, 90), analysis, "dark") for _ in range(2))
    assert files == again
    assert list(files)[-1] == "pores.json"
    np.testing.assert_array_equal(tifffile.imread(io.BytesIO(files["labels.tif"])), analysis.labels)
    entries = json.loads(files["pores.json"])
    table = pd.read_csv(io.BytesIO(files["pores.csv"]))
    assert entries["pore_count"] == len(table) == analysis.labels.max()
    assert entries["mean_equivalent_radius_um"] == pytest.approx(
        table["equivalent_radius_um"].mean(), rel=1e-9
    )
    assert entries["mean_coordination_number"] == pytest.approx(
        table["coordination"].mean(), rel=1e-9
    )
    assert entries["porosity"] == pytest.approx(mask.mean(), abs=0.05)
    assert pores.make_recipe(entries["recipe"]) == analysis.recipe


def test_every_axis_of_the_figure_has_its_unit(grey):
    from rampore.figures.pores import overview

    analysis = pores.analyse(grey, "dark", PX)
    profile = pores.porosity_profile(analysis.mask, 1, "9 px", PX)
    figure = overview(grey, analysis, profile, *analysis.means(np.random.default_rng(0)))
    assert_drawn_with_units(figure)
    assert len(labels(figure)) == 11


class TestCommand:
    """``rampore pores``."""

    @pytest.fixture(autouse=True)
    def image(self, grey, tmp_path):
        pytest.importorskip("rampore.micrograph")
        tifffile.imwrite(tmp_path / "grey.tif", grey)
        return tmp_path / "grey.tif"

    @staticmethod
    def run(image, folder, *more, pixel="0.1"):
        return cli.main(
            ["pores", str(image), "--pixel-um", pixel, "--pores", "dark", "-o", str(folder), *more]
        )

    def test_it_writes_what_the_library_finds_and_says_what_it_does(
        self, image, grey, tmp_path, capsys
    ):
        assert self.run(image, tmp_path / "a") == 0
        names = {path.name for path in (tmp_path / "a").iterdir()}
        tables = {"pores.json", "pores.csv", "throats.csv", "network.npz"}
        assert names == tables | {"labels.tif", "pores.png", "pores.svg"}
        entries = json.loads((tmp_path / "a/pores.json").read_text())
        assert entries["pore_count"] == 20
        assert entries["mean_coordination_number"] == 3.1
        assert entries["pixel_um"] == 0.1
        shown = capsys.readouterr()
        assert "noise: median" in shown.err
        assert shown.out == ""

    def test_twice_gives_the_same_bytes(self, image, tmp_path):
        self.run(image, tmp_path / "a")
        self.run(image, tmp_path / "b")
        for path in (tmp_path / "a").iterdir():
            assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()

    def test_another_pixel_size_changes_only_what_has_a_length_in_it(self, image, tmp_path):
        self.run(image, tmp_path / "a")
        self.run(image, tmp_path / "b", pixel="0.25")
        small, large = (json.loads((tmp_path / name / "pores.json").read_text()) for name in "ab")
        assert small.keys() == large.keys()
        for name, value in small.items():
            if name.endswith("_um"):
                np.testing.assert_allclose(large[name], np.multiply(2.5, value), rtol=1e-8)
            else:
                assert large[name] == value, name

    def test_a_recipe_comes_from_a_file_and_from_the_call(self, image, tmp_path):
        (tmp_path / "mine.toml").write_text('denoise = "gaussian"\ndenoise_size = "0.1 um"\n')
        recipe = [
            "--recipe",
            str(tmp_path / "mine.toml"),
            "neighbours=throats",
            "--recipe",
            "isolated=false",
        ]
        assert self.run(image, tmp_path / "a", *recipe) == 0
        entries = json.loads((tmp_path / "a/pores.json").read_text())
        assert entries["recipe"]["denoise_size"] == "0.1 um"
        assert entries["recipe"]["neighbours"] == "throats"
        assert entries["recipe"]["isolated"] is False

    def test_rows_and_columns_crop_and_pages_make_a_volume(self, image, grey, tmp_path):
        assert self.run(image, tmp_path / "a", "--rows", ":80", "--columns", "40:") == 0
        assert json.loads((tmp_path / "a/pores.json").read_text())["shape_px"] == [80, 160]
        tifffile.imwrite(tmp_path / "stack.tif", np.stack([grey] * 5), photometric="minisblack")
        assert self.run(tmp_path / "stack.tif", tmp_path / "b", "--page", "all") == 0
        assert json.loads((tmp_path / "b/pores.json").read_text())["shape_px"] == [5, *grey.shape]

    @pytest.mark.parametrize(
        ("more", "reason"),
        [
            (["--recipe", "denoise=wavelet"], "denoise = 'wavelet' is not one of the choices"),
            (["--recipe", "watershed=yes"], "did you mean 'watershed_lines'"),
            (["--recipe", "nothing.toml"], "nothing.toml"),
            (["--recipe", "threshold=fixed", "threshold_value=0"], "no pore"),
            (["--recipe", "threshold=fixed", "threshold_value=256"], "pore everywhere"),
        ],
    )
    def test_what_cannot_be_done_ends_with_code_2_its_reason_and_no_file(
        self, image, tmp_path, capsys, more, reason
    ):
        assert self.run(image, tmp_path / "a", *more) == 2
        assert reason in capsys.readouterr().err
        assert not (tmp_path / "a").exists()

    def test_an_image_that_is_missing_constant_or_broken_ends_with_code_2(
        self, image, tmp_path, capsys
    ):
        tifffile.imwrite(tmp_path / "even.tif", np.full((50, 50), 7, np.uint8))
        (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
        for name in ("none.png", "even.tif", "broken.png"):
            assert self.run(tmp_path / name, tmp_path / "a") == 2
            assert "rampore: " in capsys.readouterr().err

    def test_a_folder_that_cannot_be_written_to_ends_with_code_1(self, image, tmp_path, capsys):
        (tmp_path / "file").write_text("in the way")
        assert self.run(image, tmp_path / "file") == 1
        assert "file" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "wrong", [["--pores", "grey"], ["--page", "first"], ["--rows", "5"], ["--pixel-um", "x"]]
    )
    def test_a_wrong_call_ends_with_code_2(self, image, tmp_path, capsys, wrong):
        with pytest.raises(SystemExit) as ended:
            self.run(image, tmp_path / "a", *wrong)
        assert ended.value.code == 2
        assert "see rampore pores --help" in capsys.readouterr().err

    def test_an_earlier_result_stays_whole_where_a_later_run_fails(
        self, image, tmp_path, monkeypatch
    ):
        self.run(image, tmp_path / "a")
        before = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
        (tmp_path / "a/mine.txt").write_text("mine")
        assert (
            self.run(image, tmp_path / "a", "--recipe", "threshold=fixed", "threshold_value=0") == 2
        )
        after = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
        assert after == before | {"mine.txt": b"mine"}


def test_the_library_loads_neither_porespy_nor_matplotlib_before_they_are_needed():
    import subprocess

    heavy = ("porespy", "matplotlib", "pandas")
    code = f"import rampore.pores, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_pixel_size_of_no_use_is_refused(grey):
    with pytest.raises(PoreError, match="pixel size"):
        pores.analyse(grey, "dark", -1.0)
