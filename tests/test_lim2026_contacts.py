"""What a contact that grows worse costs."""

from dataclasses import replace

import numpy as np
import pytest

from rampore.lim2026 import contacts, parameters
from rampore.lim2026.cells import Scenario, charged_cell
from rampore.lim2026.pairs import COARSE, TOLERANCES
from rampore.p4d.discharge import discharge_with_retry
from rampore.p4d.errors import CellError

GIVEN = parameters.load()
CELL, _ = charged_cell(GIVEN)


def test_one_discharge_gives_what_the_engine_gives_with_the_contact():
    contact, rate = 5e-4, 0.5
    left = contacts.capacity_left(CELL, contact, [4.0], rate)
    mesh = COARSE._replace(columns=(1, 1))
    runs = [
        discharge_with_retry(replace(CELL, contact_negative=each), rate, mesh, TOLERANCES)[0]
        for each in (contact, 4 * contact)
    ]
    assert left[0] == pytest.approx(runs[1].capacity / runs[0].capacity, abs=2e-3)


def test_a_contact_as_before_costs_nothing_and_a_bad_one_everything():
    left = contacts.capacity_left(CELL, 2e-3, [1.0, 100.0], 0.5)
    assert left == pytest.approx([1.0, 0.0], abs=1e-12)


def test_a_cell_with_holes_is_refused():
    perforated, _ = charged_cell(GIVEN, Scenario(perforated=True))
    with pytest.raises(CellError, match="perforated foil"):
        contacts.capacity_left(perforated, 1e-4, [2.0], 0.5)


def test_on_bare_foil_a_contact_moves_the_spectrum_along_the_real_axis():
    fresh, aged = (contacts.aged_spectrum(CELL, each) for each in (0.0, 1e-4))
    moved = contacts.AREA * (aged.impedance - fresh.impedance)
    assert moved.real == pytest.approx(np.full(moved.size, 1e-4), rel=1e-6)
    assert np.abs(moved.imag).max() < 1e-10
    grown = contacts.resistance(aged) - contacts.resistance(fresh)
    assert grown == pytest.approx(1e-4, rel=1e-6)


def test_a_film_that_adds_as_much_is_told_by_its_arc():
    fresh, aged = (contacts.aged_spectrum(CELL, each) for each in (0.0, 1e-4))
    film = contacts.with_film(fresh, 1e-4, 0.2)
    assert contacts.apart(aged, film) > 0.01
    assert contacts.apart(aged, aged) == 0
