"""Hard cases: the engine finishes, or says where and why it cannot; a random sample does not break it."""

from dataclasses import replace

import numpy as np
import pytest

from rampore import materials
from rampore.p4d import published
from rampore.p4d.cell import Cell, Electrode, Material, Separator, tortuosity
from rampore.p4d.errors import SolverError
from rampore.p4d.solution import Mesh, Step, simulate

COARSE = Mesh((8, 5, 8))


def siox_graphite_cell(rng=None):
    """The study's kind of cell; with ``rng``, every uncertain number is drawn from what the literature allows."""

    def draw(value, low, high, logarithmic=True):
        if rng is None:
            return value
        return float(np.exp(rng.uniform(np.log(low), np.log(high)))) if logarithmic else float(rng.uniform(low, high))

    siox = Material(
        "siox",
        fraction=0.211,
        radius=draw(2.5e-6, 1e-6, 5e-6),
        maximum_concentration=draw(134300.0, 120000.0, 140000.0, False),
        diffusivity=draw(1.67e-14, 3e-16, 2e-14),
        exchange_current=materials.ExchangeCurrent(draw(0.68, 0.14, 5.0)),
        stoichiometry=draw(0.85, 0.7, 0.95, False),
        lithiation=materials.silicon_lithiation,
        delithiation=materials.silicon_delithiation,
        hysteresis=draw(1.0, -1.0, 1.0, False),
        hysteresis_decay=draw(0.0, 0.0, 20.0, False),
    )
    graphite = Material(
        "graphite",
        fraction=0.415,
        radius=draw(10e-6, 4e-6, 15e-6),
        maximum_concentration=draw(29662.0, 28000.0, 31900.0, False),
        diffusivity=draw(5.5e-14, 2e-15, 1e-13),
        exchange_current=materials.ExchangeCurrent(draw(2.668, 0.5, 20.0), salt=0.208, filled=0.792, empty=0.208),
        stoichiometry=draw(0.85, 0.7, 0.95, False),
        potential=materials.graphite_ecker,
    )
    nmc = Material(
        "nmc",
        fraction=0.715,
        radius=draw(3e-6, 1.5e-6, 7e-6),
        maximum_concentration=draw(48490.0, 48000.0, 51900.0, False),
        diffusivity=draw(8e-15, 2e-15, 4e-13),
        exchange_current=materials.ExchangeCurrent(draw(5.0, 1.0, 10.0), salt=0.57, filled=0.43, empty=0.57),
        stoichiometry=draw(0.35, 0.3, 0.4, False),
        potential=materials.nmc811_lgm50,
    )
    negative = Electrode(
        33e-6, draw(0.3, 0.2, 0.33, False), draw(1000.0, 0.2, 8000.0), (siox, graphite), tortuosity(draw(5.3, 3.3, 9.5))
    )
    positive = Electrode(
        56.6e-6, draw(0.209, 0.15, 0.25, False), draw(1.8, 0.18, 2.2), (nmc,), tortuosity(draw(3.0, 2.2, 3.8))
    )
    nyman = rng is not None and rng.random() < 0.3
    return Cell(
        negative=negative,
        separator=Separator(draw(20e-6, 1e-6, 25e-6), draw(0.41, 0.39, 0.55, False), tortuosity(draw(6.0, 2.5, 6.9))),
        positive=positive,
        electrolyte=materials.nyman_2008() if nyman else materials.landesfeind_gasteiger_2019(),
        concentration=1150.0,
        one_c=33.0,
        lower_cutoff=3.0,
        upper_cutoff=4.3,
        contact_negative=draw(1e-4, 1e-6, 1e-3),
        contact_positive=draw(1e-4, 1e-6, 1e-3),
    )


@pytest.mark.parametrize("c_rate", [5, 10, 50])
def test_high_rates_end_at_their_cut_off(c_rate):
    solution = simulate(siox_graphite_cell(), [Step("current", 33.0 * c_rate, until_voltage=2.0)], COARSE)
    assert solution.ends == ("voltage",)
    assert solution.dataset.voltage[-1] == pytest.approx(2.0, abs=2e-6)
    assert float(solution.dataset.c_e_min.min()) > 0


def test_layers_of_a_micrometre():
    cell = published.chen_2020()
    thin = replace(
        cell,
        negative=replace(cell.negative, thickness=1e-6),
        separator=replace(cell.separator, thickness=1e-6),
        positive=replace(cell.positive, thickness=1e-6),
    )
    solution = simulate(thin, [Step("current", cell.one_c / 80, until_voltage=2.5)], COARSE)
    assert solution.ends == ("voltage",)


def test_depletion_limits_the_current_to_what_diffusion_brings():
    """Salt that is used up ends the discharge: a current well above the limit does not last."""
    cell = replace(siox_graphite_cell(), lower_cutoff=0.5)
    slow = simulate(cell, [Step("current", 5 * 33.0, until_voltage=2.0)], COARSE)
    fast = simulate(cell, [Step("current", 20 * 33.0, until_voltage=2.0)], COARSE)
    assert float(fast.dataset.c_e_min.min()) < 20.0
    assert fast.capacity < 0.2 * slow.capacity


def test_a_random_sample_finishes_or_says_why():
    rng = np.random.default_rng(2026)
    finished = 0
    for _ in range(15):
        cell = siox_graphite_cell(rng)
        rate = float(np.exp(rng.uniform(np.log(0.2), np.log(10))))
        protocol = [
            Step("current", 33.0 * rate, until_voltage=2.5),
            Step("rest", until_time=600.0),
            Step("current", -33.0 * rate / 2, until_voltage=4.2, until_time=3600.0),
            Step("voltage", 4.2, until_current=5.0, until_time=1800.0),
        ]
        try:
            solution = simulate(cell, protocol, COARSE)
        except SolverError:
            continue
        finished += 1
        assert np.isfinite(solution.dataset.voltage).all()
    assert finished >= 10
