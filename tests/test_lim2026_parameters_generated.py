"""Parameters: whatever stands in the study's file in place of what belongs there, the answer is a
cell or one line.
"""

import json
import re
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rampore.audit.pages.inputs import inputs_page
from rampore.lim2026 import parameters
from rampore.lim2026.parameters import CellInputs, ParameterError

LINES = (
    (resources.files("rampore.lim2026") / "data" / "cell.toml")
    .read_text(encoding="utf-8")
    .splitlines()
)
#: Lines that give a key its whole value, and lines that open a table.
KEYS = [
    n
    for n, line in enumerate(LINES)
    if re.match(r"\w+ = [^\[{]", line) or re.match(r"\w+ = .*[\]}]$", line)
]
ENTRY = ("value = ", "unit = ", "source = ", "confidence = ", "note = ", "range = ")
TABLES = [n for n, line in enumerate(LINES) if line.startswith("[")]

WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "m",
            "1",
            "%",
            "given",
            "own",
            "lim2026",
            "<script>",
            "`|$",
            "m**-3",
            "1e400",
            "degC",
            "constant",
        ]
    ),
)
NUMBERS = st.one_of(
    st.integers(-(10**30), 10**30).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(
        ["0", "-0.0", "nan", "inf", "-inf", "1e999", "5e-324", "0x10", "true", "1" + "0" * 400]
    ),
)
SCALARS = st.one_of(
    NUMBERS,
    WORDS.map(json.dumps),
    st.sampled_from(["2026-11-29", "2026-11-29T12:00:00Z", "12:00:00"]),
)
LISTS = st.lists(
    st.one_of(SCALARS, st.lists(SCALARS, max_size=3).map(lambda all: f"[{', '.join(all)}]")),
    max_size=4,
)
TABLE = st.dictionaries(
    st.sampled_from(["value", "siox", "lithiation", "reference", "a"]), SCALARS, max_size=3
)
LITERALS = st.one_of(
    SCALARS,
    LISTS.map(lambda all: f"[{', '.join(all)}]"),
    TABLE.map(
        lambda all: "{ " + ", ".join(f"{name} = {value}" for name, value in all.items()) + " }"
    ),
)


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    """What comes of the study's lines with some of them changed: a cell, or the one line that
    refuses them.
    """
    path = tmp_path_factory.mktemp("generated") / "mine.toml"

    def load(changes):
        text = "\n".join(changes.get(n, line) for n, line in enumerate(LINES))
        path.write_text(text, encoding="utf-8", errors="replace")
        try:
            cell = parameters.load(path)
        except ParameterError as refused:
            line = str(refused)
            assert line.startswith(f"{path}: ")
            assert line.isprintable()
            assert len(line) < len(str(path)) + 1000
            return line
        assert isinstance(cell, CellInputs)
        assert inputs_page(cell)
        return cell

    return load


few = settings(max_examples=20, deadline=None, derandomize=True)


@few
@given(number=st.sampled_from(KEYS), literal=LITERALS)
def test_anything_in_place_of_an_entrys_value_gives_a_cell_or_one_line(answer, number, literal):
    name = LINES[number].partition(" = ")[0]
    answer({number: f"{name} = {literal}"})


@few
@given(
    number=st.sampled_from([n for n in KEYS if LINES[n].startswith("value = ")]), literal=NUMBERS
)
def test_any_number_in_place_of_a_value_gives_a_cell_or_one_line(answer, number, literal):
    answer({number: f"value = {literal}"})


@few
@given(number=st.sampled_from(KEYS + TABLES))
def test_a_line_that_is_missing_gives_a_cell_or_one_line(answer, number):
    answer({number: ""})


@few
@given(number=st.sampled_from([n for n in KEYS if LINES[n].startswith(ENTRY)] + TABLES), name=WORDS)
def test_a_key_by_another_name_is_refused_with_its_place(answer, number, name):
    key = re.match(r"\[?([\w.]+)", LINES[number])[1]
    changed = LINES[number].replace(key, json.dumps(name), 1)
    assert name == key or isinstance(answer({number: changed}), str)
