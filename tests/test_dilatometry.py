"""Curves of dilatometers: what a file says, what its lithium takes, the command, refusals."""

import json

import numpy as np
import pytest

from rampore import cli
from rampore.dilatometry import Dilatometry, DilatometryError, compare, read_dilatometry
from rampore.swelling import LITHIUM_METAL, lithium_volumes

#: 1.32 mAh/cm2 in and out again, in a cell of 2 cm2; 0.5 um stay.
CURVE = """time / s,charge / mAh,voltage / V,thickness / um
0,0.0,3.1,100.0
3600,1.32,3.7,103.0
7200,2.64,4.0,105.8
14400,0.02,3.0,100.5
"""


@pytest.fixture
def curve(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text(CURVE, encoding="utf-8")
    return path


def test_a_curve_is_read_from_where_it_begins_in_si(curve):
    read = read_dilatometry(curve, area=2e-4)
    charge = np.array([0, 1.32, 2.64, 0.02]) * 3.6 / 2e-4
    assert read.charge == pytest.approx(charge, rel=1e-12)
    assert read.thickness == pytest.approx(np.array([0, 3e-6, 5.8e-6, 0.5e-6]), rel=1e-9, abs=1e-18)
    assert read.understood == "4 points of 'thickness / um' and 'charge / mAh'"


@pytest.mark.parametrize(
    ("heading", "row"),
    [
        ("Capacity (mAh/cm2);Displacement (nm)", "1.32;5800"),
        ("thickness [mm]\tcharge [C/m2]", "0.0058\t47520"),
        ("dL / µm,q / C cm-2", "5.8,4.752"),
    ],
)
def test_the_same_curve_in_other_units_is_the_same(tmp_path, heading, row):
    path = tmp_path / "curve.txt"
    separator = max(";\t,", key=heading.count)
    path.write_text(f"{heading}\n{separator.join('00')}\n{row}\n", encoding="utf-8")
    read = read_dilatometry(path)
    assert read.charge[-1] == pytest.approx(1.32 * 3.6e4, rel=1e-12)
    assert read.thickness[-1] == pytest.approx(5.8e-6, rel=1e-12, abs=0)


def test_each_mole_of_lithium_took_the_thickness_over_its_amount(curve):
    swelling = compare(read_dilatometry(curve, area=2e-4), 0.3)
    assert swelling.row == 2
    moles = 1.32 * 3.6e4 / 96485.33212
    assert swelling.volume == pytest.approx(5.8e-6 / moles, rel=1e-9, abs=0)
    assert swelling.left == pytest.approx(0.5e-6, rel=1e-9, abs=0)
    assert swelling.left_charge == pytest.approx(360.0, rel=1e-9)
    for bound in swelling.bounds:
        assert bound.volume == lithium_volumes()[bound.host]
        assert bound.least[2] == pytest.approx(bound.volume[0] * moles, rel=1e-12, abs=0)
        assert bound.most[2] == pytest.approx(bound.volume[1] * moles / 0.7, rel=1e-12, abs=0)


def test_a_cell_thickens_by_lithium_alone_up_to_dense_metal_at_the_same_porosity():
    charge = np.array([0.0, 96485.33212])
    for thickness, beyond in ((0.999, False), (1.001, True)):
        rise = thickness * LITHIUM_METAL / 0.7
        curve = Dilatometry(charge, np.array([0.0, rise]), "")
        assert compare(curve, 0.3).beyond_metal is beyond


def test_lithium_takes_most_room_as_a_metal_and_least_in_graphite():
    (least, most), *others = lithium_volumes().values()
    assert 2.9e-6 < least < most < min(low for low, _ in others)
    assert max(high for _, high in others) == LITHIUM_METAL


def test_the_command_says_and_writes_what_it_found(curve, tmp_path, capsys):
    options = ["--area-cm2", "2", "--porosity", "0.3", "-o", str(tmp_path / "out")]
    assert cli.main(["swell", str(curve), *options]) == 0
    said = capsys.readouterr().out
    assert "5.8 um at 1.32 mAh/cm2: 11.8 cm3 for each mole of lithium" in said
    summary = json.loads((tmp_path / "out" / "swelling.json").read_text(encoding="utf-8"))
    assert summary["volume_per_lithium_cm3_mol"] == pytest.approx(11.776, rel=1e-4)
    assert summary["beyond_lithium_metal"] is False
    table = (tmp_path / "out" / "bounds.csv").read_text(encoding="utf-8").splitlines()
    assert len(table) == 5
    assert table[0].count(" / um") == 7
    values = [float(cell) for cell in table[3].replace('"', "").split(",")]
    assert values[:2] == pytest.approx([1.32, 5.8])
    assert values[2:4] == pytest.approx(summary["bounds"]["lithium in graphite"]["thickness_um"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("thickness / um,charge / C/m2\n0,0\n", "2 lines"),
        ("thickness / um,charge / C/m2\n0,0\n1,1" + 5000 * " " + "1\n", "5004 characters"),
        ("thickness,charge\n0,0\n1,1\n", "no column is a thickness"),
        ("thickness / um,voltage / V\n0,0\n1,1\n", "no column is a charge"),
        ("a / um,b / nm,charge / C/m2\n0,0,0\n1,1,1\n", "both 'a / um' and 'b / nm'"),
        ("thickness / um,charge / mAh\n0,0\n1,1\n", "area is needed"),
        ("thickness / um,charge / C/m2\n0,0\n1\n", "'' in row 3 is no number"),
        ("thickness / um,charge / C/m2\n0,0\nx,1\n", "'x' in row 3"),
        ("thickness / um,charge / C/m2\n0,0\nnan,1\n", "row 3 = nan"),
    ],
)
def test_a_file_that_holds_no_curve_is_refused_by_what_it_lacks(tmp_path, text, words):
    path = tmp_path / "curve.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DilatometryError, match=words):
        read_dilatometry(path)


def test_a_curve_without_charge_or_a_coating_that_is_none_is_refused(curve, tmp_path):
    read = read_dilatometry(curve, area=2e-4)
    with pytest.raises(DilatometryError, match="porosity"):
        compare(read, 1.0)
    with pytest.raises(DilatometryError, match="largest charge"):
        compare(read._replace(charge=0 * read.charge), 0.3)
    with pytest.raises(DilatometryError, match="area"):
        read_dilatometry(curve, area=0.0)
    areal = tmp_path / "areal.csv"
    areal.write_text("thickness / um,charge / C/m2\n0,0\n1,1\n", encoding="utf-8")
    with pytest.raises(DilatometryError, match="per area already"):
        read_dilatometry(areal, area=2e-4)
    with pytest.raises(DilatometryError, match="no file"):
        read_dilatometry(tmp_path / "none.csv")
