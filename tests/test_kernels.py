"""Kernels are compiled once: kept where there is room, and said while it happens."""

import ast
import os
from pathlib import Path

import pytest

import rampore
from rampore.kernels import announced, find_room, njit

PACKAGE = Path(rampore.__file__).parent


@pytest.fixture(scope="module")
def trees():
    """Every module of the package, parsed, by its place."""
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in PACKAGE.rglob("*.py")
    }


def test_a_compilation_is_said_once_and_what_is_compiled_is_not(caplog):
    kernel = njit(lambda x: x + 1)
    with announced(3.0):
        kernel(1.0)
        kernel(1)
    with announced(3.0):
        kernel(1.0)
    assert [record.getMessage() for record in caplog.records] == [
        "compiling kernels, once: about 3 s"
    ]


def test_every_kernel_is_kept(trees):
    calls = [
        node
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "njit"
    ]
    assert len(calls) > 30
    for call in calls:
        assert any(ast.unparse(each) == "cache=True" for each in call.keywords)


def test_kernels_come_from_where_their_place_is_found_first(trees):
    direct = {
        name
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "numba" and name != "kernels.py"
    }
    assert not direct


@pytest.fixture
def places(monkeypatch, tmp_path):
    """Says which folders can be written to; gives the user's cache."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")  # so that what is set is taken back
    monkeypatch.delenv("NUMBA_CACHE_DIR")

    def allow(*folders):
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path) in folders)

    return allow, cache


def test_where_only_the_users_cache_can_be_written_to_numba_finds_it_itself(places):
    allow, cache = places
    allow(cache)
    find_room()
    assert "NUMBA_CACHE_DIR" not in os.environ
    assert cache.is_dir()


def test_where_nothing_can_be_written_to_compiled_code_lives_as_long_as_the_process(places):
    allow, _ = places
    allow()
    find_room()
    assert Path(os.environ["NUMBA_CACHE_DIR"]).is_dir()


def test_a_place_that_the_user_names_stays(places, monkeypatch):
    allow, _ = places
    monkeypatch.setenv("NUMBA_CACHE_DIR", "elsewhere")
    allow()
    find_room()
    assert os.environ["NUMBA_CACHE_DIR"] == "elsewhere"
