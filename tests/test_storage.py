"""Outputs are the old ones or the new ones, whatever happens while they are written."""

import os
import resource
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import psutil
import pytest

from rampore import storage
from rampore.commands.files import together
from rampore.storage import StorageError


@contextmanager
def full_after(size):
    """As on a full disk, no file takes more than some bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def folder(tmp_path):
    """A user's folder with results of before and a file of the user's own."""
    for name in ("a.csv", "summary.json", "mine.txt"):
        (tmp_path / name).write_text("old")
    return tmp_path


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


OLD = {"a.csv": "old", "summary.json": "old", "mine.txt": "old"}


@pytest.mark.parametrize("size", [0, 1, 100, 4095, 9999])
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(folder, size):
    with (
        full_after(size),
        pytest.raises(StorageError, match=r"cannot write to .*summary.json: File too large"),
    ):
        storage.write(folder / "summary.json", "x" * 10000)
    assert contents(folder) == OLD


def test_a_link_is_followed_and_the_mode_of_a_file_kept(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    storage.write(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    "where", ["folder", "file/below", "x" * 300, "/dev/null", "/proc/none/result"]
)
def test_what_cannot_be_written_is_found_out_beforehand_and_nothing_is_made(tmp_path, where):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot write to"):
        storage.check(tmp_path / where)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


def test_a_device_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="it is no plain file"):
        storage.write(tmp_path / "pipe", "new")
    assert (tmp_path / "pipe").is_fifo()


def test_what_can_be_written_leaves_no_trace_of_the_question(tmp_path):
    storage.check(tmp_path / "new" / "deep" / "result.nc")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_unfinished_is_removed_by_the_next_and_nobody_is_disturbed(
    tmp_path,
):
    path = tmp_path / "result.nc"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    mine = storage.aside(path)
    theirs = mine.with_name(mine.name.replace(f"-{os.getpid()}-", f"-{os.getppid()}-"))
    left = mine.with_name(mine.name.replace(f"-{os.getpid()}-", f"-{ended.pid}-"))
    for each in (theirs, left):
        each.touch()
    storage.write(path, "new")
    assert set(tmp_path.iterdir()) == {path, theirs}


# Several files at once


def fill(folder, files, then=lambda work: None):
    """Texts by name come together into a folder, after something else was done where they are
    written.
    """
    with together(folder) as work:
        for name, text in files.items():
            (work / name).write_text(text)
        then(work)


def fail(error):
    raise error


def test_files_come_together_and_others_stay(folder):
    with together(folder) as work:
        for name in ("a.csv", "b.csv", "summary.json"):
            (work / name).write_text("new")
        assert contents_of_files(folder) == OLD
    assert contents(folder) == {
        "a.csv": "new",
        "b.csv": "new",
        "summary.json": "new",
        "mine.txt": "old",
    }


def contents_of_files(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt()])
def test_where_the_computation_fails_none_of_them_comes(folder, error):
    with pytest.raises(type(error)):
        fill(folder, {"a.csv": "new"}, lambda work: fail(error))
    assert contents(folder) == OLD


@pytest.mark.parametrize("size", [0, 1, 100, 4095, 9999])
def test_where_the_disk_is_full_none_of_them_comes(folder, size):
    with (
        pytest.raises(StorageError, match=f"cannot write to {folder}: File too large"),
        full_after(size),
    ):
        fill(folder, {"a.csv": "n", "summary.json": "x" * 10000})
    assert contents(folder) == OLD


def test_a_grid_that_vtk_could_not_complete_is_noticed(folder):
    pyvista = pytest.importorskip("pyvista")
    grid = pyvista.ImageData(dimensions=(30, 30, 30))
    grid.cell_data["noise"] = np.random.default_rng(1).random(29**3)
    fill(folder / "new", {}, lambda work: grid.save(work / "whole.vti"))
    assert (folder / "new/whole.vti").stat().st_size > 50_000

    def tear(work):
        grid.save(work / "torn.vti")
        os.truncate(work / "torn.vti", 50_000)

    with pytest.raises(StorageError, match=r"torn.vti: it could not be completed"):
        fill(folder, {"a.csv": "new"}, tear)
    assert contents_of_files(folder) == OLD


@pytest.mark.parametrize("where", ["summary.json", "summary.json/below", "/proc/none"])
def test_a_folder_that_cannot_be_written_to_is_said_before_the_computation(folder, where):
    with pytest.raises(StorageError, match="cannot write to"), together(folder / where):
        pytest.fail("it went on")
    assert contents(folder) == OLD


def test_a_folder_in_the_place_of_a_file_is_said_before_the_computation_where_the_name_is_known(
    tmp_path,
):
    (tmp_path / "summary.json").mkdir()
    with pytest.raises(StorageError, match="it is a folder"), together(tmp_path, ["summary.json"]):
        pytest.fail("it went on")
    with pytest.raises(StorageError, match="it is a folder"):
        fill(tmp_path, {"a.csv": "new", "summary.json": "new"})
    assert [path.name for path in tmp_path.iterdir()] == ["summary.json"]


def test_a_folder_that_was_made_in_vain_goes_again(tmp_path):
    with pytest.raises(RuntimeError), together(tmp_path / "new" / "deep"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_waits_until_all_files_have_moved(folder, monkeypatch):
    replace = os.replace

    def interrupted(source, target):
        os.kill(os.getpid(), signal.SIGINT)
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    # a shell's background has it ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            fill(folder, {"a.csv": "new", "summary.json": "new"})
    finally:
        signal.signal(signal.SIGINT, before)
    assert contents(folder) == OLD | {"a.csv": "new", "summary.json": "new"}


# Processes


def test_a_process_ends_with_the_one_that_it_works_for(tmp_path):
    child = (
        "import os, time; from rampore.lifeline import end_with\n"
        "end_with(os.getppid(), 0.1)\n"
        "print(1, flush=True); time.sleep(60)"
    )
    program = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    worker = psutil.Process(int(parent.stdout.readline()))
    assert parent.stdout.readline() == "1\n"  # it watches
    parent.kill()
    end = time.monotonic() + 30
    while worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.05)
    parent.wait()
    parent.stdout.close()
