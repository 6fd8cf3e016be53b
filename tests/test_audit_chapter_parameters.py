"""What a chapter declares that it takes, and what is refused before a kernel starts."""

from pathlib import Path

import nbformat
import pytest

from rampore.audit.reproduce.parameters import declared, listing
from rampore.audit.study import UsageError, find

CELL = """\
output = None
width_um = 75.0  # [um] 1 to 1e3; of the holes
share: float | None = None  # [-] 0.01 to 0.9; from which the pitch follows
sides = 2  # 1 to 2; coated
resolution = "reading"  # one of reading, fine; of the mesh
image = ""  # file; of your own
fast = False
name = "a"
made = 2 * 3
"""


@pytest.fixture
def parameters(tmp_path):
    cells = [nbformat.v4.new_code_cell(CELL, metadata={"tags": ["parameters"]})]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "one.ipynb")
    return declared(tmp_path / "one.ipynb")


def test_a_declaration_says_type_unit_range_choices_and_meaning(parameters):
    width = parameters["width_um"]
    assert (width.kind, width.unit, width.low, width.high, width.default) == (
        float,
        "um",
        1.0,
        1000.0,
        75.0,
    )
    assert width.text == "of the holes"
    assert parameters["resolution"].choices == ("reading", "fine")
    assert parameters["share"].optional
    assert "output" not in parameters


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("width_um", "50", 50.0),
        ("width_um", "1e3", 1000.0),
        ("share", "None", None),
        ("share", "0.3", 0.3),
        ("sides", "1", 1),
        ("sides", "2.0", 2),
        ("resolution", "fine", "fine"),
        ("image", "there.png", "there.png"),
        ("image", "", ""),
        ("fast", "True", True),
        ("name", "75", "75"),
        ("made", "7", 7),
    ],
)
def test_a_value_that_fits_is_read_in_its_own_type(parameters, tmp_path, name, given, value):
    (tmp_path / "there.png").touch()
    read = parameters[name].read(given, tmp_path)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("width_um", "abc", "takes a number from 1 to 1000 um"),
        ("width_um", "0.5", "takes a number from 1 to 1000 um"),
        ("width_um", "nan", "takes a number"),
        ("width_um", "1e999", "takes a number"),
        ("width_um", "True", "takes a number"),
        ("width_um", "None", "takes a number"),
        ("width_um", "9**9**9", "takes a number"),
        ("width_um", "(" * 5000, "takes a number"),
        ("share", "2", "or None"),
        ("sides", "1.5", "a whole number from 1 to 2"),
        ("resolution", "coarse", "there are: 'reading', 'fine'"),
        ("resolution", "fin", "did you mean 'fine'"),
        ("image", "nowhere.png", "no file nowhere.png"),
        ("fast", "1", "True or False"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name_with_what_would_fit(
    parameters, tmp_path, name, given, says
):
    with pytest.raises(UsageError, match=f"-p {name}.*") as refused:
        parameters[name].read(given, tmp_path)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_listing_has_each_parameter_with_its_default_and_what_it_takes(parameters):
    text = listing({"one": parameters})
    assert "-p width_um 75.0  a number from 1 to 1000 um" in text
    assert "of the holes" in text


@pytest.mark.parametrize("chapter", find(Path(__file__)).chapters)
def test_every_parameter_of_the_book_declares_what_it_takes_and_its_default_is_among_it(chapter):
    study = find(Path(__file__))
    for parameter in declared(study.chapters[chapter]).values():
        assert parameter.is_declared, f"{chapter}: {parameter.name}"
        assert (
            parameter.read(parameter.default, study.chapters[chapter].parent) == parameter.default
        )
