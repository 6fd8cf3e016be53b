"""The committed pairs of the positive control against a fresh run."""

from pathlib import Path

import numpy as np
import pytest

from rampore.audit import sweep
from rampore.lim2026 import control, known, parameters
from rampore.lim2026.sweeps import control as pairs

COMMITTED = Path(__file__).parents[1] / "book" / "data" / "control.nc"


@pytest.fixture(scope="module")
def committed():
    return sweep.read(COMMITTED)


def of(row):
    """The case of a row."""
    return {name: row[name].item() for name in pairs.KEYS}


def test_the_committed_pairs_are_whole_and_say_where_they_come_from(committed):
    held = [of(committed.isel(case=n)) for n in range(committed.sizes["case"])]
    assert held == pairs.cases()
    assert {"title", "source", "follows_from", "mesh", "numerical_error", "packages"} <= set(
        committed.attrs
    )


def test_random_pairs_of_the_committed_sweep_come_out_again(committed):
    rng = np.random.default_rng()
    # the cubes' law takes half a minute to compute, and what failed has no numbers
    quick = np.flatnonzero((committed.closure.values != "cubes") & (committed.error.values == ""))
    for n in rng.choice(quick, 3, replace=False):
        row = committed.isel(case=int(n))
        for name, value in pairs.values(of(row), "crossing").items():
            error = row[f"{name}_error"].item()
            assert value == pytest.approx(row[name].item(), abs=error), (of(row), name)


def test_the_committed_closures_are_those_that_were_asked_for(committed):
    given, held = parameters.load(), known.closures_of(committed)
    assert list(held) == list(control.readings()["closures"])
    for name in set(held) - {"cubes"}:
        assert held[name] == control.closure(name, given)
