"""Inputs that nobody thought of: each ends in a result or in an error that is meant for a user."""

import contextlib
import io
import json
import warnings

import damage
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rampore import RamporeError, cli
from rampore.impedance.circuits import check_circuit
from rampore.impedance.kramers_kronig import kramers_kronig
from rampore.impedance.reading import read_spectrum
from rampore.impedance.spectrum import ImpedanceError
from rampore.micrograph import Micrograph, MicrographError, read, read_labels
from rampore.p4d import bpx

BOUNDED = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

IMAGES = damage.images()
ROWS = damage.spectrum()
CELL = damage.cell()

#: A value as it may stand in a table, good or bad.
FIELDS = st.one_of(
    st.floats().map(str), st.integers().map(str), st.text(max_size=8), st.sampled_from(damage.ODD)
)


@st.composite
def cut_and_changed(draw, content: bytes):
    """Bytes with some replaced, and with an end that may be missing or too much."""
    changed = bytearray(content)
    for place, value in draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=6)
    ):
        changed[place] = value
    keep = draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    return bytes(changed[:keep]) + draw(st.binary(max_size=6))


# Spectra


@st.composite
def tables(draw):
    """A spectrum's table in which lines are replaced, dropped, repeated and moved."""
    rows = [row.split(",") for row in ROWS]
    for line in draw(st.lists(st.integers(0, len(rows) - 1), max_size=3)):
        rows[line] = draw(st.lists(FIELDS, max_size=5))
    if draw(st.booleans()):
        rows = draw(st.permutations(rows))
    separator = draw(st.sampled_from([",", ",", ",", ";", "\t", " ", "|"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"]))
    return "\n".join(separator.join(row) for row in rows).encode(encoding, "replace")


@BOUNDED
@given(
    content=st.one_of(
        tables(),
        st.binary(max_size=200),
        cut_and_changed("\n".join(ROWS).encode()),
        cut_and_changed(damage.workbook(ROWS)),
    )
)
def test_a_table_is_a_spectrum_that_can_be_tested_or_is_refused(content, tmp_path):
    (tmp_path / "a.csv").write_bytes(content)
    try:
        spectrum = read_spectrum(tmp_path / "a.csv")
        tested = kramers_kronig(spectrum)
    except ImpedanceError:
        return
    assert (np.diff(spectrum.frequency) < 0).all()
    assert np.isfinite(tested.rms)


@BOUNDED
@given(
    circuit=st.one_of(
        st.text(max_size=30),
        st.text("RCLWpCPEs01(),- ", max_size=30),
        st.recursive(
            st.sampled_from(["R", "C", "CPE", "Wo", "Zarc", "X"]).flatmap(
                lambda kind: st.integers(0, 99).map(lambda number: f"{kind}{number}")
            ),
            lambda inner: st.one_of(
                st.tuples(inner, inner).map("-".join),
                st.tuples(inner, inner).map(lambda two: f"p({','.join(two)})"),
            ),
            max_leaves=8,
        ),
    ),
    guess=st.lists(st.floats(), max_size=12),
)
def test_a_circuit_is_what_impedance_py_can_evaluate_or_is_refused(circuit, guess):
    from impedance.models.circuits import CustomCircuit

    try:
        check_circuit(circuit, guess)
    except ImpedanceError:
        return
    made = CustomCircuit(circuit, initial_guess=[max(value, 1e-3) for value in guess])
    names, _ = made.get_param_names()
    assert len(set(names)) == len(guess)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert made.predict(np.array([1.0, 10.0]), use_initial=True).shape == (2,)


# Images


@BOUNDED
@given(data=st.data(), name=st.sampled_from(sorted(IMAGES)))
def test_damaged_images_are_read_or_refused(data, name, tmp_path):
    (tmp_path / name).write_bytes(data.draw(cut_and_changed(IMAGES[name])))
    page = data.draw(st.sampled_from([None, 0, 1, 99]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(MicrographError):
            assert isinstance(read(tmp_path / name, 1e-7, page=page, override=True), Micrograph)
        with contextlib.suppress(MicrographError):
            assert np.isfinite(read_labels(tmp_path / name, page=page).label).all()


@BOUNDED
@given(data=st.data())
def test_arrays_of_any_shape_and_type_are_read_or_refused(data, tmp_path):
    from hypothesis.extra import numpy as arrays

    kinds = st.one_of(arrays.scalar_dtypes(), arrays.array_dtypes(), st.just(np.dtype("S3")))
    shape = data.draw(arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4))
    array = np.zeros(shape, data.draw(kinds))
    if array.dtype.kind in "iuf" and array.size:
        array.flat[-1] = data.draw(arrays.from_dtype(array.dtype))
    np.save(tmp_path / "a.npy", array)
    with contextlib.suppress(MicrographError):
        assert isinstance(read(tmp_path / "a.npy", 1e-7), Micrograph)
    with contextlib.suppress(MicrographError):
        assert read_labels(tmp_path / "a.npy").label.size == array.size


@BOUNDED
@given(
    content=st.binary(max_size=64),
    shape=st.lists(st.integers(-2, 2**40), max_size=5),
    dtype=st.one_of(
        st.sampled_from(["uint8", ">u2", "float32", "O", "f8,f8", "M8", "V4"]), st.text(max_size=12)
    ),
)
def test_raw_voxels_of_any_shape_and_type_are_read_or_refused(content, shape, dtype, tmp_path):
    (tmp_path / "a.raw").write_bytes(content)
    with contextlib.suppress(MicrographError):
        label = read_labels(tmp_path / "a.raw", shape=tuple(shape), dtype=dtype).label
        assert label.nbytes == len(content)


# Cells


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(-(10**30), 10**30),
    st.text(max_size=20),
    st.lists(st.floats(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.floats(), max_size=2),
    st.sampled_from(
        [
            "x",
            "exp(x)",
            "exp(exp(exp(x)))",
            "9**9**9",
            "x**x",
            "1/0",
            "exit(0)",
            "x.real",
            "(" * 300,
        ]
    ),
)


@BOUNDED
@given(place=st.sampled_from([place for place, _ in damage.leaves(CELL)]), value=VALUES)
def test_a_cell_with_any_value_in_any_place_is_read_or_refused(place, value, tmp_path):
    (tmp_path / "a.json").write_text(
        json.dumps(damage.replaced(CELL, place, value)), encoding="utf-8"
    )
    with warnings.catch_warnings(), contextlib.suppress(RamporeError):
        warnings.simplefilter("ignore")
        bpx.read(tmp_path / "a.json")


@BOUNDED
@given(
    place=st.sampled_from([place for place, _ in damage.leaves(CELL)]),
    name=st.text(max_size=20),
    data=st.data(),
)
def test_a_cell_with_a_key_renamed_or_dropped_is_read_or_refused(place, name, data, tmp_path):
    changed = damage.replaced(CELL, place, 1.0)
    inner = changed
    for key in place[: data.draw(st.integers(0, len(place) - 1))]:
        inner = inner[key]
    assume(isinstance(inner, dict))
    taken = inner.pop(data.draw(st.sampled_from(sorted(inner))))
    if name:
        inner[name] = taken
    (tmp_path / "a.json").write_text(json.dumps(changed), encoding="utf-8")
    with warnings.catch_warnings(), contextlib.suppress(RamporeError):
        warnings.simplefilter("ignore")
        bpx.read(tmp_path / "a.json")


@BOUNDED
@given(content=st.one_of(st.binary(max_size=60), cut_and_changed(json.dumps(CELL).encode())))
def test_a_damaged_cell_file_is_read_or_refused(content, tmp_path):
    (tmp_path / "a.json").write_bytes(content)
    with warnings.catch_warnings(), contextlib.suppress(RamporeError):
        warnings.simplefilter("ignore")
        bpx.read(tmp_path / "a.json")


# Options

WORDS = {
    "pores": [
        "--pores",
        "dark",
        "--pixel-um",
        "--page",
        "all",
        "--rows",
        "--columns",
        "--slices",
        "--channel",
        "--voxel-um",
        "--structure",
        "--recipe",
        "3:9",
        "a=b",
    ],
    "diffuse": [
        "--phase",
        "1=2",
        "--axis",
        "--voxel-um",
        "--sides",
        "periodic",
        "--tolerance",
        "--shape",
        "--dtype",
        "--offset",
        "--rows",
        "3:9",
        "--time",
        "--dataset",
        "--electrode",
        "--representative",
        "--no-fields",
    ],
    "impedance": [
        "--model",
        "blocking",
        "circuit",
        "--circuit",
        "R0",
        "--guess",
        "--short",
        "--loop",
        "--sheet",
        "--area-cm2",
    ],
    "discharge": [
        "--c-rate",
        "--collector",
        "perforated",
        "--hole-um",
        "--columns",
        "--layers",
        "--lower-cutoff-V",
    ],
    "parameters": ["--cell", "perforation", "--cel"],
    "claims": ["--chapter", "--verdict", "reproduced", "--output"],
    "reproduce": ["-p", "x", "1", "--jobs", "--study", "--no-html", "--force", "--update"],
}


@pytest.mark.parametrize("command", WORDS)
@settings(BOUNDED, max_examples=40)
@given(data=st.data())
def test_options_in_any_order_end_in_a_result_or_one_line(command, data, tmp_path_factory):
    """Every path that a call may name is one where nothing is and nothing can be made."""
    words = data.draw(
        st.lists(
            st.one_of(st.sampled_from([*WORDS[command], "-3e-6"]), FIELDS, st.text(max_size=6)),
            max_size=8,
        )
    )
    assume(not any(word.startswith(("-h", "--help")) for word in words))
    call = [command, "/dev/null/none", *words]
    call += {
        "claims": ["--output=/dev/null"],
        "parameters": [],
        "reproduce": ["--study=/dev/null"],
    }.get(command, ["-o", "/dev/null/out"])
    said, out = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(out):
        try:
            code = cli.main(call)
        except SystemExit as ended:
            code = ended.code
    lines = said.getvalue().splitlines()
    assert code in (0, 1, 2)
    assert "unexpected" not in said.getvalue()
    assert "Traceback" not in said.getvalue()
    assert all(line.startswith("rampore") for line in lines)
    assert (code == 0) == (not lines)
