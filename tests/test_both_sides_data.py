"""A foil that is coated on both faces from data: the table [back] of a structure, its picture, its
run.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Polygon, Rectangle

from rampore import cli
from rampore.figures.structure import drawing
from rampore.p4d import examples
from rampore.p4d.cell import Local
from rampore.p4d.errors import CellError
from rampore.structure import Back, BackLayer, Holes, Structure, StructureError
from rampore.structure.files import read

CELL = Path(__file__).parent / "data" / "cases" / "cells" / "chen2020_sum_1.00000016.json"
HOLES = Holes(lattice="triangular", pitch=160e-6, width=75e-6, depth=15e-6)
FILE = """
[[holes]]
lattice = "triangular"
pitch = "160 um"
width = "75 um"
depth = "15 um"

[back.negative]
thickness = "95 um"

[back.positive]
thickness = "70 um"
porosity = 0.4
"""


def written(folder, text):
    path = folder / "structure.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_back_of_a_file_is_as_the_front_but_for_what_it_says(tmp_path):
    structure = read(written(tmp_path, FILE))
    cell = examples.chen_2020()
    both = cell.with_structure(structure)
    assert both.back.negative == replace(cell.negative, thickness=95e-6)
    assert both.back.separator == cell.separator
    assert both.back.positive.thickness == 70e-6
    solid = 0.6 / (1 - cell.positive.porosity)
    assert both.back.positive.materials[0].fraction == pytest.approx(0.665 * solid, rel=1e-12)
    grown = 1 + 70e-6 * solid / cell.positive.thickness
    assert both.one_c == pytest.approx(cell.one_c * grown, rel=1e-12)
    assert both.tied
    assert both.structure.holes == structure.holes
    apart = read(written(tmp_path, FILE + "[back]\ntied = false\n"))
    assert not cell.with_structure(apart).tied


def test_the_picture_shows_both_faces_to_scale():
    """From below: positive foil, positive, separator, negative, and the foil with its holes."""
    structure = Structure((HOLES,), back=Back(negative=BackLayer(thickness=95e-6)))
    cell = examples.chen_2020().with_structure(structure)
    section = drawing(cell).axes[1]
    boxes = [patch for patch in section.patches if isinstance(patch, Rectangle)]
    levels = sorted((box.get_y(), box.get_y() + box.get_height()) for box in boxes)
    low = -15.0 - 95.0 - 12.0
    expected = [
        (low - 75.6 - 10.0, low - 75.6), (low, low + 12.0), (-15.0, 0.0), (85.2, 97.2),
        (172.8, 182.8),
    ]  # fmt: skip
    assert np.allclose(levels, expected, rtol=1e-9)
    assert section.get_ylim() == pytest.approx((low - 85.6, 182.8))
    heights = [np.ptp(p.get_xy()[:, 1]) for p in section.patches if isinstance(p, Polygon)]
    assert heights
    assert np.allclose(heights, 15.0)
    coatings = sorted(tuple(image.get_extent()[2:]) for image in section.images)
    assert np.allclose(coatings, [(low - 75.6, low), (-110.0, -15.0), (0.0, 85.2), (97.2, 172.8)])


def test_a_cell_from_data_is_told_and_discharged(tmp_path, capsys):
    file = str(written(tmp_path, FILE))
    command = ["structure", file, "--cell", str(CELL), "-o", str(tmp_path / "told")]
    assert cli.main(command) == 0
    told = json.loads((tmp_path / "told" / "structure.json").read_text(encoding="utf-8"))
    assert set(told) == {"unit_cell_um", "negative", "positive", "back negative", "back positive"}
    half = HOLES.open_fraction * 7.5e-6
    for name, thickness in (("negative", 85.2e-6), ("back negative", 95e-6)):
        assert told[name]["solid_over_unstructured"] == pytest.approx(1 + half / thickness)
    options = ["--structure", file, "--c-rate", "2", "--lower-cutoff-V", "3.7"]
    mesh = ["--layers", "3", "2", "3", "--columns", "2", "3", "-o", str(tmp_path / "run")]
    assert cli.main(["discharge", str(CELL), *options, *mesh]) == 0
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    faces = summary["faces"]
    given = sum(face["capacity_Ah_per_m2"] for face in faces.values())
    assert given == pytest.approx(summary["capacity_Ah_per_m2"], rel=1e-6)
    assert faces["front"]["capacity_Ah_per_m2"] > faces["back"]["capacity_Ah_per_m2"]
    assert summary["lithium_through_holes_mol_per_m2"] != 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[back]\nnegativ = 1", "negativ"),
        ("[back.negative]\nthickness = 95", "no length"),
        ("[back.negative]\nporosity = 1.5", "porosity"),
        ("[back]\nnegative = 3", "back.negative is a table"),
        ("back = true", "back is a table"),
        ("[back]\ntied = 'yes'", "tied"),
    ],
)
def test_refusal_of_a_back_that_makes_no_sense(text, message, tmp_path):
    with pytest.raises(StructureError, match=message):
        read(written(tmp_path, text))


def test_refusal_of_a_back_that_does_not_fit_the_cell(tmp_path, capsys):
    cell = examples.chen_2020()
    own = Structure(back=Back(positive=BackLayer(porosity=0.4)))
    with pytest.raises(CellError, match="with_structure"):
        replace(cell, structure=own)
    varied = replace(cell, positive=replace(cell.positive, porosity=Local(0.3, 0.33)))
    with pytest.raises(CellError, match="one porosity"):
        varied.with_structure(own)
    file = str(written(tmp_path, FILE + "[back]\ntied = false\n"))
    options = ["discharge", str(CELL), "--structure", file, "-o", str(tmp_path / "out")]
    assert cli.main(options) == 2
    assert "let the positive foils of [back] be tied" in capsys.readouterr().err
