"""Scenes that a reader can turn: what is written, and what a browser makes of it."""

import hashlib
import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from rampore import audit
from rampore.audit.chapter import KEPT_MIME, SCENE_MIME, Chapter
from rampore.audit.pages.scenes import scene_scripts
from rampore.audit.study import ReproduceError
from rampore.figures.scenes import of_discharge, of_volume
from rampore.lim2026 import parameters
from rampore.lim2026.cells import Scenario, charged_cell
from rampore.p4d import discharge
from rampore.p4d.model import Mesh
from rampore.scenes import Scene, SceneError, SceneField

STATIC = Path(audit.__file__).parent / "static"


def boxes(values=None, **changes):
    """Two by one by three boxes at two times, one of them without a value."""
    there = np.arange(12.0).reshape(2, 2, 1, 3) if values is None else values
    if values is None:
        there[:, 1, 0, 2] = np.nan
    given = {
        "edges": (np.array([0.0, 1.0, 4.0]), np.array([0.0, 2.0]), np.array([-1.0, 0.0, 1.0, 3.0])),
        "length_unit": "µm",
        "frames": ("start", "end"),
        "fields": (SceneField("heat", "K", there),),
    }
    return Scene(**(given | changes))


@pytest.fixture(scope="module")
def run():
    """The paper's cell on perforated foil at 3C, on a coarse mesh."""
    cell = charged_cell(parameters.load(), Scenario(perforated=True))[0]
    return cell, discharge.discharge(cell, 3.0, Mesh((6, 3, 6), (4, 6), 2))[1]


# ── What is written ─────────────────────────────────────────────────────────────────────────────


def test_a_scene_that_does_not_fit_itself_is_refused():
    hole = np.arange(12.0).reshape(2, 2, 1, 3)
    hole[0, 0, 0, 0] = np.nan
    for wrong, words in (
        (boxes(np.zeros((2, 2, 1, 2))), "shape"),
        (boxes(np.full((2, 2, 1, 3), np.nan)), "some boxes"),
        (boxes(hole), "the same in every frame"),
        (boxes(edges=(np.array([0.0, 1.0, 1.0]), *boxes().edges[1:])), "edges along x"),
        (boxes(fields=(SceneField("heat", "K", hole, "rainbow"),)), "colours"),
    ):
        with pytest.raises(SceneError, match=words):
            wrong.encoded()


def test_signed_colours_have_nothing_in_their_middle():
    values = np.array([-1.0, 0.0, 3.0]).reshape(1, 1, 1, 3)
    edges = tuple(np.arange(n + 1.0) for n in (1, 1, 3))
    [field] = Scene(edges, "µm", ("",), (SceneField("x", "", values, "signed"),)).encoded()[
        "fields"
    ]
    assert (field["low"], field["high"]) == (-3.0, 3.0)


def test_summaries_are_the_least_the_mean_and_the_largest_of_each_frame():
    assert boxes().summaries()["heat"].tolist() == [0, 6, 2, 8, 4, 10]


def test_a_discharge_is_shown_with_all_its_fields_from_start_to_end(run):
    cell, solution = run
    scene = of_discharge(cell, solution)
    charge = solution.capacity / 3.6e4
    assert scene.frames[0] == "0.00 mAh cm⁻²"
    assert scene.frames[-1] == f"{charge:.2f} mAh cm⁻²"
    overpotential, depth, salt, porosity = (field.values for field in scene.fields)
    assert np.nanmax(np.abs(overpotential[0])) == pytest.approx(0, abs=1e-3)  # in equilibrium, mV
    at_end = discharge.read(solution, cell)
    assert np.nanmax(depth[-1]) == pytest.approx(100 * at_end.depth.largest)
    assert np.nanmin(porosity) == pytest.approx(100 * cell.negative.porosity.npr)
    assert np.nanmax(porosity) == pytest.approx(100 * cell.negative.porosity.pr)
    assert np.nanmin(salt) < 0 < np.nanmax(salt)
    x, _, z = scene.edges
    assert x[-1] == pytest.approx(1e6 * cell.perforation.pitch / 2)
    assert (z[0], z[-1]) == pytest.approx(
        (-1e6 * cell.perforation.foil_thickness, 1e6 * cell.negative.thickness)
    )


def test_the_boxes_in_the_foil_without_a_value_are_about_as_many_as_there_is_metal(run):
    scene = of_discharge(*run)
    x, y, z = map(np.diff, scene.edges)
    metal = np.isnan(scene.fields[0].values[0])
    in_foil = np.broadcast_to(np.einsum("i,j,k->ijk", x, y, z), metal.shape)[..., :2]
    assert not metal[..., 2:].any()
    share = (in_foil * metal[..., :2]).sum() / in_foil.sum()
    assert share == pytest.approx(1 - run[0].perforation.open_fraction, abs=0.08)  # half boxes


def test_salt_is_measured_from_the_mean_over_the_pores_of_its_plane(run):
    cell, solution = run
    salt = discharge.block(cell, solution, "salt")
    porosity = discharge.block(cell, solution, "porosity")
    pores = np.nan_to_num(porosity.values) * salt.share * np.diff(salt.x)[:, None, None]
    pores = pores * np.diff(salt.y)[:, None]
    sums = (np.nan_to_num(salt.values) * pores).sum(axis=(0, 1))
    assert sums == pytest.approx(np.zeros(sums.size), abs=1e-9 * pores.sum() * 1e3)


def test_a_volume_stands_upright():
    """The first axis of an image is depth: its first slice is on top."""
    image = np.full((3, 2, 4), np.nan)
    image[0, 1, 2] = 7.0
    scene = of_volume(image, 0.5e-6, "flux", "")
    [[x, y, z]] = np.argwhere(np.isfinite(scene.fields[0].values[0]))
    assert (x, y, z) == (2, 1, 2)
    assert [along[-1] for along in scene.edges] == pytest.approx([2.0, 1.0, 1.5])


def test_a_chapter_hands_over_a_scene_and_keeps_its_numbers(tmp_path):
    chapter = Chapter("p4d", output=tmp_path)
    coarser = boxes(boxes().fields[0].values + 0.25)
    shown = chapter.scene("heat", boxes(), "Three boxes.", error=coarser)._repr_mimebundle_()
    assert shown[SCENE_MIME] == {"name": "heat", "scene": boxes().encoded()}
    assert shown[KEPT_MIME] == ["scene/heat/heat"]
    assert chapter.numbers.entries["scene/heat/heat"] == "0 6 2 8 4 10 ± 0.25"
    assert json.loads((tmp_path / "results" / "heat.scene.json").read_text()) == boxes().encoded()


def notebook_of(*names):
    outputs = [
        nbformat.v4.new_output(
            "display_data", {SCENE_MIME: {"name": name, "scene": boxes().encoded()}}
        )
        for name in names
    ]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=outputs)])


def test_two_scenes_of_one_name_are_refused():
    assert list(scene_scripts([notebook_of("a"), notebook_of("b")])) == ["a.js", "b.js"]
    with pytest.raises(ReproduceError, match="'a'"):
        scene_scripts([notebook_of("a"), notebook_of("b", "a")])


def test_the_bundled_viewer_is_built_from_the_source_beside_it():
    banner = (STATIC / "scene-viewer.js").read_text(encoding="utf-8")[:200]
    [built_from] = re.findall(r"sha256 (\w{64})", banner)
    source = (STATIC / "scene" / "viewer.js").read_bytes()
    assert built_from == hashlib.sha256(source).hexdigest(), "`make viewer` builds it anew"


# ── In a browser ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def opened(tmp_path, reader):
    """A page with a scene, opened from a folder."""
    page, found = reader
    folder = tmp_path / "_static"
    (folder / "scenes").mkdir(parents=True)
    for name in ("scene.js", "scene-viewer.js", "scene.css"):
        (folder / name).write_bytes((STATIC / name).read_bytes())

    def open_scene(scene):
        shown = Chapter("p4d").scene("heat", scene, "Boxes.", error=1e-6)._repr_mimebundle_()
        cell = nbformat.v4.new_code_cell(
            "", outputs=[nbformat.v4.new_output("display_data", {SCENE_MIME: shown[SCENE_MIME]})]
        )
        for name, text in scene_scripts([nbformat.v4.new_notebook(cells=[cell])]).items():
            (folder / "scenes" / name).write_bytes(text)
        html = shown["text/html"].replace("../_static", "_static")
        file = tmp_path / "page.html"
        file.write_text(
            '<!doctype html><meta charset="utf-8"><link rel="stylesheet" '
            f'href="_static/scene.css"><body>{html}{html}',
            encoding="utf-8",
        )
        page.goto(file.as_uri())
        return page

    yield open_scene
    assert found == []


def turned(page):
    page.get_by_role("button", name="Turn it").first.click()
    page.wait_for_selector("canvas")
    page.wait_for_function("document.querySelector('.scene-panel [role=status]').textContent")
    return page


def test_nothing_is_loaded_before_a_reader_asks(opened):
    page = opened(boxes())
    assert page.evaluate("window.ramporeScene") is None
    assert page.get_by_role("button", name="Turn it").count() == 2


def test_a_browser_reads_the_values_that_were_written(opened):
    rng = np.random.default_rng()
    values = rng.normal(size=(5, 3, 4, 2))
    values[:, rng.random((3, 4, 2)) < 0.3] = np.nan
    edges = tuple(np.arange(n + 1.0) for n in (3, 4, 2))
    scene = Scene(edges, "µm", tuple("abcde"), (SceneField("x", "", values),))
    page = turned(opened(scene))
    [field] = scene.encoded()["fields"]
    steps = page.evaluate(
        "async () => [...await ramporeScene.steps(ramporeScenes.heat.fields[0], 5)]"
    )
    steps = np.array(steps).reshape(values.shape)
    read = field["low"] + steps / 65534 * (field["high"] - field["low"])
    assert (np.isnan(values) == (steps == 65535)).all()
    allowed = 0.51 / 65534 * (field["high"] - field["low"])
    assert np.nanmax(np.abs(read - values)) <= allowed


def test_the_frame_is_chosen_with_a_slider_and_told_in_words(opened):
    page = turned(opened(boxes()))
    status = page.locator(".scene-panel p[role=status]")
    assert status.inner_text() == "heat, end: 6.0 to 10.0 K"
    page.get_by_role("slider", name="At").press("Home")
    assert status.inner_text() == "heat, start: 0.0 to 4.0 K"
    assert page.get_by_role("slider", name="At").get_attribute("aria-valuetext") == "start"


def pixels(page):
    """How many pixels of the canvas are painted, and the mean of their colours."""
    return page.evaluate(
        """() => {
          const canvas = document.querySelector("canvas"), flat = document.createElement("canvas");
          [flat.width, flat.height] = [canvas.width, canvas.height];
          const context = flat.getContext("2d");
          context.drawImage(canvas, 0, 0);
          const { data } = context.getImageData(0, 0, flat.width, flat.height);
          let count = 0, red = 0;
          for (let n = 0; n < data.length; n += 4) if (data[n + 3]) { count++; red += data[n]; }
          return [count, red / count];
        }"""
    )


def test_a_cut_opens_the_block_and_the_keyboard_turns_it(opened):
    page = turned(opened(boxes(solid="foil")))
    whole, _ = pixels(page)
    assert whole > 1000
    page.get_by_role("slider", name="Cut along x").press("Home")
    assert pixels(page)[0] < 0.9 * whole
    before = page.locator(".scene").first.get_attribute("data-eye")
    page.get_by_role("img").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("+")
    after = page.locator(".scene").first.get_attribute("data-eye")
    assert after != before
    assert float(after.split()[0]) == pytest.approx(float(before.split()[0]) / 1.15, abs=2e-3)


def test_a_mirror_makes_the_block_twice_as_long(opened):
    page = turned(opened(boxes(mirrored=(True, False, False))))
    assert page.get_by_role("slider", name="Cut along x").get_attribute("max") == "4"
    assert page.get_by_role("slider", name="Cut along y").get_attribute("max") == "1"
    assert "8 × 2 × 4 µm" in page.get_by_role("img").get_attribute("aria-label")


def test_a_box_without_a_value_is_drawn_where_it_is_solid_alone(opened):
    empty, _ = pixels(turned(opened(boxes())))
    filled, _ = pixels(turned(opened(boxes(solid="foil"))))
    assert filled > 1.02 * empty


def test_without_webgl_the_words_and_the_still_picture_remain(opened, reader):
    reader[0].add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page = opened(boxes())
    page.get_by_role("button", name="Turn it").first.click()
    page.wait_for_selector("text=draws nothing in three dimensions")
    assert "Boxes." in page.inner_text(".scene")
    assert page.locator("canvas").count() == 0


def test_a_scene_of_a_cell_without_holes_has_no_foil():
    bare = charged_cell(parameters.load(), Scenario(perforated=False))[0]
    solution = discharge.discharge(bare, 3.0, Mesh((4, 2, 4), (1, 1), 1))[1]
    scene = of_discharge(bare, solution)
    assert scene.solid == ""
    assert all(np.isfinite(field.values).all() for field in scene.fields)
