"""At every rate from 0.001C to 50C a discharge finishes, or says what is exhausted; and conserves.

`make bench` runs all of :mod:`rates`.
"""

import pytest
import rates

SLOW = {run.name: run for run in rates.slow_runs()}


def assert_ends_well(run):
    end, _, conservation = rates.outcome(run)
    assert end in ("voltage", "voltage at once") or end.startswith("exhausted: "), (run.name, end)
    assert conservation.lithium <= 1e-8
    assert conservation.salt <= 1e-8
    assert conservation.charge <= 1e-6


@pytest.mark.parametrize("name", [name for name in SLOW if name.endswith((" 0.005C", " 0.01C"))])
def test_a_slow_discharge_ends_at_its_cut_off(name):
    """On a plateau of the potential 0.1 mV decides where the lithium is."""
    assert_ends_well(SLOW[name])
    assert rates.outcome(SLOW[name]).end == "voltage"


def test_a_starved_cell_conserves_its_charge():
    name = "starved, published, its contact, (16, 6, 16), 5C"
    assert_ends_well(next(run for run in rates.starved_runs() if run.name == name))


@pytest.mark.parametrize("number", [17, 26, 33, 35, 36, 47, 51])
def test_a_random_cell_finishes_or_says_what_is_exhausted(number):
    assert_ends_well(rates.random_run(number))
