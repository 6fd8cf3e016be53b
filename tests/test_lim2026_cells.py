"""The paper's cell from ``cell.toml``: capacities, balance, scenarios, and its tests as lists of
steps.
"""

from dataclasses import replace

import numpy as np
import pytest

from rampore.coating import Keep
from rampore.lim2026 import cells, parameters, stacks
from rampore.lim2026.cells import CathodeBasis, PorositySet, Scenario
from rampore.p4d import protocols
from rampore.p4d.balance import capacities
from rampore.p4d.errors import CellError, SolverError
from rampore.p4d.model import Model
from rampore.p4d.solution import Mesh, Step, simulate

GIVEN = parameters.load()
MAH_CM2 = 36000.0  #: [C/m2]
COARSE = Mesh((6, 4, 6), (1, 1), hole_layers=3, modes=8)
HOLES = COARSE._replace(columns=(2, 3))


def capacity_on_the_mesh(model, side):
    return sum(p.capacity.sum() for p in model.populations if p.electrode == side) / model.area


# Exact values


def test_the_electrodes_hold_what_the_paper_states():
    """3.6 and 3.3 mAh/cm2: the cathode between 4.3 and 3.0 V, by the table that the nominal
    capacity goes with.
    """
    loading = Scenario(cathode=CathodeBasis.LOADING)
    kremer = parameters.with_values(GIVEN, {"nmc.ocp.chosen": "kremer"})
    _, balance = cells.full_cell(kremer, loading)
    assert balance.negative == pytest.approx(3.6 * MAH_CM2, rel=5e-4)
    # the ends of the window lie where the table is steep, and straight lines between its rows
    # differ from curves
    assert balance.positive == pytest.approx(3.311 * MAH_CM2, rel=2e-3)
    # the other table must be continued to 4.3 V; how moves its capacity by less than 1 %
    _, balance = cells.full_cell(GIVEN, loading)
    assert balance.positive == pytest.approx(3.589 * MAH_CM2, rel=1e-2)
    # as stated it is 3.3 by either table
    for given in (GIVEN, kremer):
        _, balance = cells.full_cell(given)
        assert balance.positive == pytest.approx(3.3 * MAH_CM2, rel=1e-9)


@pytest.mark.parametrize(("siox", "thickness"), [(1.0, 16.0), (0.1, 53.0)])
def test_other_contents_have_the_thickness_that_the_paper_states(siox, thickness):
    cell, balance = cells.full_cell(GIVEN, Scenario(siox_fraction=siox, lost=0.5 * MAH_CM2))
    assert cell.negative.thickness * 1e6 == pytest.approx(thickness, abs=0.5)
    # 3.6 mAh/cm2 by 1636 and 355 mAh/g of 93 % active material at 1.5 g/cm3
    exact = 3.6 / (0.93 * (1636 * siox + 355 * (1 - siox)) * 1.5) * 1e-2
    assert cell.negative.thickness == pytest.approx(exact, rel=1e-12)
    assert balance.negative == pytest.approx(3.6 * MAH_CM2, rel=5e-4)
    assert len(cell.negative.materials) == (1 if siox == 1 else 2)


def test_published_porosities_hold_three_percent_more_than_the_bare_electrode():
    _, bare = cells.full_cell(GIVEN)
    _, pierced = cells.full_cell(GIVEN, Scenario(perforated=True))
    solid = ((1 - 0.19) * 30e-6 * 0.8 + (1 - 0.28) * 45e-6 * 0.2) / ((1 - 0.24) * 33e-6)
    assert pierced.negative / bare.negative == pytest.approx(solid, rel=1e-9)
    assert pierced.lost / bare.lost == pytest.approx(solid, rel=1e-9)


# Conservation


@pytest.mark.parametrize("porosity", [PorositySet.MASS_CONSERVING, PorositySet.RECIPE])
@pytest.mark.parametrize("keep", list(Keep))
def test_equal_mass_is_equal_capacity(porosity, keep):
    _, bare = cells.full_cell(GIVEN, Scenario(porosity=porosity))
    _, pierced = cells.full_cell(GIVEN, Scenario(True, porosity, keep))
    assert pierced == pytest.approx(bare, rel=1e-9)


@pytest.mark.parametrize("columns", [(3, 5), (4, 7), (7, 12)])
@pytest.mark.parametrize("open_fraction", [0.20, 0.317])
def test_the_mesh_holds_the_same_however_coarse(columns, open_fraction):
    """Boxes that the edge of a hole cuts take the mean by area, so no mesh makes the anode larger
    or smaller.
    """
    given = parameters.with_values(GIVEN, {"perforation.open_fraction": (open_fraction, "1")})
    cell, balance = cells.full_cell(given, Scenario(True))
    model = Model(cell, COARSE._replace(columns=columns))
    assert cell.perforation.open_fraction == pytest.approx(open_fraction, rel=1e-12)
    assert capacity_on_the_mesh(model, "negative") == pytest.approx(balance.negative, rel=1e-9)


def test_a_charged_cell_is_at_one_potential_and_keeps_the_lithium_of_the_cathode():
    cell, held = cells.full_cell(GIVEN)
    siox, graphite = cell.negative.materials
    assert siox.open_circuit(siox.stoichiometry) == pytest.approx(
        graphite.open_circuit(graphite.stoichiometry), abs=1e-9
    )
    nmc = cell.positive.materials[0]
    [(whole, _)] = capacities(cell, "positive")
    assert (1 - nmc.stoichiometry) * whole == pytest.approx(held.charged + held.lost, rel=1e-12)
    assert nmc.open_circuit(nmc.stoichiometry) > 4.3


# Another way


@pytest.mark.parametrize("cathode", ["hanyang", "kremer"])
@pytest.mark.parametrize("silicon", ["kuecher", "wetjen"])
def test_the_discharge_at_open_circuit_is_that_of_the_energy_balance(cathode, silicon):
    """That one interpolates tables in straight lines and ends them at their first and last rows:
    0.5 %.
    """
    given = parameters.with_values(GIVEN, {"nmc.ocp.chosen": cathode, "siox.ocp.chosen": silicon})
    blend, siox = stacks.blend_of(given), stacks.siox_fraction_of(given)
    tables = (given.nmc.ocp.base.delithiation, given.siox.ocp.base)
    other = next(one for one in stacks.balances_of(given) if (one.positive, one.siox) == tables)
    lost = other.loss(blend, siox, given.negative.areal_capacity)
    _, ours = cells.full_cell(given, Scenario(lost=lost, cathode=CathodeBasis.LOADING))
    expected = other.discharge(blend, siox, given.negative.areal_capacity)
    assert ours.discharge == pytest.approx(expected.capacity, rel=5e-3)


def test_a_slow_discharge_gives_what_the_balance_says():
    """At C/200 with particles a tenth of their size; what is left is the last of the graphite's and
    SiOx's slopes.
    """
    cell, balance = cells.full_cell(GIVEN)

    def small(electrode):
        return replace(
            electrode,
            materials=tuple(replace(m, radius=0.1 * m.radius) for m in electrode.materials),
        )

    cell = replace(cell, negative=small(cell.negative), positive=small(cell.positive))
    slow = simulate(
        cell, [Step("current", cell.one_c / 200, until_voltage=cell.lower_cutoff)], COARSE
    )
    assert slow.capacity == pytest.approx(balance.discharge, rel=3e-3)


def test_half_cells_start_lithiated_and_give_their_areal_capacity():
    cell = cells.half_cell(GIVEN)
    siox, graphite = cell.negative.materials
    assert graphite.open_circuit(graphite.stoichiometry) == pytest.approx(
        -cell.open_circuit_voltage, abs=1e-9
    )
    assert min(siox.stoichiometry, graphite.stoichiometry) > 0.95
    slow = simulate(
        cell, [Step("current", cell.one_c / 50, until_voltage=cell.lower_cutoff)], COARSE
    )
    assert slow.ends == ("voltage",)
    assert 0.9 * 3.6 < slow.capacity / MAH_CM2 < 3.6


# Scenarios and tests


def test_a_what_if_of_the_file_reaches_the_cell():
    given = parameters.with_values(
        GIVEN,
        {
            "contact.negative": (10.0, "ohm cm2"),
            "electrolyte.correlations.chosen": "ValoenReimers",
            "separator.thickness": (14, "um"),
        },
    )
    bare, _ = cells.full_cell(given)
    pierced, _ = cells.full_cell(given, Scenario(True, closure=cells.power_closure(2.0)))
    assert bare.contact_negative == pytest.approx(1e-3)
    assert pierced.contact_negative == pytest.approx(2e-4)
    assert bare.electrolyte.source == "ValoenReimers"
    assert bare.separator.thickness == pytest.approx(14e-6)
    assert pierced.separator.transport_efficiency(0.5) == pytest.approx(0.25)
    assert bare.negative.transport_efficiency(0.3) == pytest.approx(0.3 / 5.3, rel=2e-3)


def test_assumptions_name_what_has_no_source():
    listed = cells.assumptions(GIVEN)
    for key in ("siox.ocp.verbrugge", "graphite.radius", "contact.negative", "lithium lost", "1C"):
        assert listed[key]
    assert "siox.ocp.kuecher" in cells.assumptions(
        parameters.with_values(GIVEN, {"siox.ocp.chosen": "kuecher"})
    )


@pytest.mark.parametrize("perforated", [False, True])
def test_a_rate_test_returns_to_where_it_began(perforated):
    cell, _ = cells.full_cell(GIVEN, Scenario(perforated, PorositySet.MASS_CONSERVING))
    steps = protocols.rate_test(cell, (1.0, 3.0, 1.0))
    solution = simulate(cell, steps, HOLES if perforated else COARSE)
    first, fast, last = protocols.rate_capacities(solution)
    assert set(solution.ends) == {"voltage", "current"}
    # charged to the same voltage and current at the end; the first started from open circuit at 4.3
    # V, above that
    assert last == pytest.approx(first, rel=0.02)
    assert fast < 0.7 * first


@pytest.mark.parametrize("perforated", [False, True])
def test_a_pulse_test_sees_a_contact_resistance_as_what_it_is(perforated):
    """In series with everything, it adds itself to every pulse; only where all foil is alike, as on
    the bare one.
    """
    runs = []
    for contact in (0.0, 5e-4):
        cell = cells.half_cell(GIVEN, Scenario(perforated, PorositySet.MASS_CONSERVING))
        cell = replace(cell, contact_negative=contact)
        pulses = protocols.pulse_test(cell, GIVEN.negative.areal_capacity, levels=2)
        solution = simulate(cell, pulses.steps, HOLES if perforated else COARSE)
        assert solution.capacity == pytest.approx(
            pulses.charge[-1] + 10 * 10 * cell.one_c, rel=1e-6
        )
        runs.append(protocols.pulse_resistances(solution, pulses))
    area = 1.0
    if perforated:  # face and walls of the holes together, over the plan
        hole = cell.perforation
        area = 1 - hole.open_fraction * (1 - 4 * hole.foil_thickness / hole.hole_diameter)
    # time steps end within 1e-3 of the voltage's scale of 1 V times the tolerance: 1e-5 ohm m2 at
    # 5C
    assert runs[1] - runs[0] == pytest.approx(5e-4 / area, rel=0.02 if perforated else 2e-3)


def test_a_sample_from_the_literatures_ranges_finishes_or_says_why():
    """``make bench`` runs 200 of them; nothing but the engine's own errors may come out."""
    rng = np.random.default_rng(7)
    drawn = []
    for _ in range(5):
        given, scenario = cells.draw(GIVEN, rng)
        drawn.append((given.siox.diffusivity, scenario.lost))
        low, high = GIVEN.records["siox.diffusivity"].range
        assert low <= given.siox.diffusivity <= high
        cell, _ = cells.full_cell(given, scenario)
        protocol = [
            Step("current", 4 * cell.one_c, until_voltage=cell.lower_cutoff),
            *protocols.charge(cell, 1.0, 0.2),
        ]
        try:
            solution = simulate(cell, protocol, HOLES if scenario.perforated else COARSE)
        except SolverError:
            continue
        assert solution.ends == ("voltage", "voltage", "current")
    assert len(set(drawn)) == 5


class Middle(np.random.Generator):
    """Of what is drawn evenly it gives the middle."""

    def uniform(self, low, high):
        return (low + high) / 2


def test_wide_ranges_are_drawn_by_their_logarithm_and_narrow_ones_evenly():
    given, _ = cells.draw(GIVEN, Middle(np.random.PCG64(1)))
    wide = []
    for key, record in GIVEN.records.items():
        drawn = given.records.get(key)
        if record.range and drawn and drawn.value != record.value:
            low, high = record.range
            wide.append(high > 3 * low)
            middle = np.sqrt(low * high) if wide[-1] else (low + high) / 2
            assert drawn.si_value == pytest.approx(middle, rel=1e-12), key
    assert min(sum(wide), len(wide) - sum(wide)) > 3


def test_refusal_of_electrodes_that_do_not_fit():
    with pytest.raises(CellError, match="full, at the potential of lithium"):
        cells.full_cell(parameters.with_values(GIVEN, {"negative.loading": (2.0, "mg/cm2")}))
