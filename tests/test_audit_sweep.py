"""The sweeps of a study: the errors of what the cases gave, and the file that holds them."""

import resource

import numpy as np
import pytest
import xarray
from test_sweep import CASES, planned, squared

from rampore.audit import sweep
from rampore.storage import StorageError
from rampore.sweep import Outcome, SweepError, dataset


def on_meshes(value, coarser, **finer):
    return Outcome({"square": value, "square_coarser": coarser, **finer})


def test_an_error_is_what_the_coarser_mesh_changes_but_not_below_what_is_usual_in_its_group():
    """Where numbers rise and fall two meshes agree by chance."""
    plan = planned(squared, CASES, group=lambda case: case["label"])
    evens = [on_meshes(4.0, 4.0), on_meshes(4.0, 3.5), on_meshes(4.0, 6.0)]
    odds = [on_meshes(1.0, 2.0), Outcome({}, "SolverError: no"), on_meshes(1.0, float("nan"))]
    outcomes = [outcome for pair in zip(evens, odds, strict=True) for outcome in pair]
    errors = plan.errors(outcomes)
    usual = pytest.approx(0.5 + 0.9 * 1.5)  # of 0, 0.5 and 2.0: nine tenths from the second on
    assert errors[::2] == [{"square": usual}, {"square": usual}, {"square": 2.0}]
    assert errors[1::2] == [{"square": 1.0}, {}, {}]


def test_an_error_covers_what_is_left_at_second_order_three_times():
    """Of h^2 on a mesh of h, and of 4 h^2 on one of twice the spacing."""
    h = 0.1
    plan = planned(squared, CASES[:1])
    (error,) = plan.errors([on_meshes(1 + h**2, 1 + 4 * h**2)])
    assert error["square"] == pytest.approx(3 * h**2)


def test_a_data_set_says_which_cases_a_finer_mesh_bears_out():
    """Two coarse meshes agree on the second, and both are wrong."""
    plan = planned(squared, CASES[:3])
    outcomes = [
        on_meshes(1.0, 1.5, square_finer=0.9),
        on_meshes(1.0, 1.0, square_finer=4.0),
        Outcome({}, "SolverError: no"),
    ]
    data = plan.dataset(outcomes, {"source": "a test"})
    assert data.square_error.values[:2] == pytest.approx([0.5, 0.95 * 0.5])
    assert data.square_resolved.values.tolist()[:2] == [1.0, 0.0]
    assert np.isnan(data.square_resolved.values[2])
    assert data.square_error.units == "m2"
    assert data.source == "a test"
    assert "square_coarser" not in data
    assert "square_finer" not in data


@pytest.fixture
def written(tmp_path):
    """A data set as a sweep writes it, and its file."""
    data = dataset(CASES, [Outcome(squared(case)) for case in CASES], {"x": "m", "square": "m2"})
    path = tmp_path / "squares.nc"
    sweep.write(data, path)
    return data, path


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:100],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: b"x,y\n1,2\n",
        lambda content: bytes(xarray.Dataset({"x": 3}).to_netcdf(engine="h5netcdf")),
        lambda content: bytes(
            xarray.Dataset({"x": (("a", "b"), [[1.0]])}).to_netcdf(engine="h5netcdf")
        ),
        lambda content: content.replace(b"square", b"squirt"),
    ],
    ids=[
        "empty",
        "a beginning",
        "a half",
        "the last byte",
        "a table",
        "another",
        "other dimensions",
        "renamed",
    ],
)
def test_a_data_set_that_is_damaged_or_another_is_one_line(written, damage):
    _, path = written
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SweepError, match=r"squares.nc: .*run it again") as refused:
        sweep.read(path)
    assert "\n" not in str(refused.value)


def test_a_data_set_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(SweepError, match="there is no such file"):
        sweep.read(tmp_path / "none.nc")


def test_a_data_set_that_would_fill_the_memory_is_refused(tmp_path):
    import h5py

    with h5py.File(tmp_path / "large.nc", "w") as file:
        file.create_dataset("x", (2**29,), "f8", compression="gzip")
    with pytest.raises(SweepError, match="4295 MB; no sweep writes more than 268 MB"):
        sweep.read(tmp_path / "large.nc")


@pytest.mark.parametrize("size", [0, 100, 1000, 4096, 8000])
def test_a_full_disk_leaves_the_old_data_set(written, size):
    data, path = written
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        with pytest.raises(StorageError, match="cannot write to"):
            sweep.write(data.assign_attrs(title="another"), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "where", ["", "below/journal.jsonl/result.nc", "/proc/none/result.nc", "journal.jsonl"]
)
def test_a_result_that_cannot_be_written_is_said_before_anything_is_computed(
    tmp_path, monkeypatch, capsys, where
):
    from rampore.cli import main
    from rampore.lim2026.sweeps import crossing

    (tmp_path / "below").mkdir()
    journal = tmp_path / "below/journal.jsonl"
    journal.write_text("kept\n")
    monkeypatch.setattr(crossing, "plan", lambda coarse: pytest.fail("it went on"))
    output = journal if where == "journal.jsonl" else tmp_path / where
    assert main(["sweep", "--journal", str(journal), "-o", str(output)]) == 1
    assert str(tmp_path) in capsys.readouterr().err or where.startswith("/proc")
    assert journal.read_text() == "kept\n"


def test_a_data_set_whose_numbers_were_changed_is_refused(tmp_path):
    data = dataset(CASES, [Outcome(squared(case)) for case in CASES], {"x": "m", "square": "m2"})
    path = tmp_path / "new" / "squares.nc"
    sweep.write(data, path)
    assert sweep.read(path).square.values.tolist() == [case["x"] ** 2 for case in CASES]
    mended = sweep.read(path)
    mended.square[2] = 4.5
    mended.to_netcdf(path, engine="h5netcdf")
    with pytest.raises(SweepError, match="not those that `rampore sweep` wrote"):
        sweep.read(path)
