"""What is read off a discharge, against what must be so whatever the parameters."""

import numpy as np
import pytest

from rampore.lim2026 import LEDGER, parameters
from rampore.lim2026.cells import PorositySet, Scenario, full_cell
from rampore.lim2026.readings import Finding, compare, judge
from rampore.p4d import discharge as discharges
from rampore.p4d.balance import capacities
from rampore.p4d.discharge import discharge
from rampore.p4d.model import Mesh

GIVEN = parameters.load()
COARSE = Mesh((6, 3, 6), (4, 6), 3, 6)


@pytest.fixture(scope="module")
def perforated():
    cell, _ = full_cell(GIVEN, Scenario(perforated=True))
    return cell, *discharge(cell, 3.0, COARSE)


@pytest.fixture(scope="module")
def bare():
    cell, _ = full_cell(GIVEN, Scenario())
    return cell, *discharge(cell, 3.0, COARSE._replace(columns=(1, 1)))


@pytest.mark.parametrize("foil", ["bare", "perforated"])
def test_depth_of_discharge_times_what_was_held_is_the_charge_that_was_given(foil, request):
    cell, found, _ = request.getfixturevalue(foil)
    held = sum(
        capacity * material.stoichiometry for capacity, material in capacities(cell, "negative")
    )
    # what the double layers took is the rest: 0.2 F/m2 on 1e2 m2 of particles a m2 of cell, a few
    # tenths of a volt
    assert held * found.depth.all == pytest.approx(found.capacity, rel=5e-4)


def test_regions_add_up_to_the_whole(perforated):
    cell, found, solution = perforated
    coating = discharges._coating(solution.dataset, cell)
    over = coating.volume * discharges._local(cell.negative.materials[0].fraction, coating.hole)
    share = (over * coating.hole).sum() / over.sum()
    for regions in (found.depth, found.overpotential):
        assert share * regions.hpd + (1 - share) * regions.lpd == pytest.approx(
            regions.all, rel=1e-12
        )
        assert regions.largest >= max(regions[:-2])


def test_the_share_over_holes_is_the_open_fraction(perforated):
    cell, _, solution = perforated
    coating = discharges._coating(solution.dataset, cell)
    top = coating.volume[..., -1]
    assert (top * coating.hole[..., -1]).sum() / top.sum() == pytest.approx(
        cell.perforation.open_fraction, rel=1e-12
    )


def test_a_field_that_is_the_distance_from_the_hole_has_slope_one(perforated):
    cell, _, solution = perforated
    coating = discharges._coating(solution.dataset, cell)
    values = np.broadcast_to(coating.distance, coating.volume.shape)
    regions = discharges._regions(coating, cell.negative.thickness, values, 1.0)
    assert regions.slope == pytest.approx(1.0, rel=1e-12)
    assert regions.hpd < 0 < regions.near < regions.far
    assert (regions.near + regions.far) / 2 == pytest.approx(regions.lpd, rel=1e-12)


@pytest.mark.parametrize("foil", ["bare", "perforated"])
def test_a_cell_at_rest_has_no_overpotential(foil, request):
    _, found, _ = request.getfixturevalue(foil)
    # tables of 4000 points: their error in x, 1e-7, times the steepest slope of a potential, some
    # 10 V
    assert found.curve.overpotential[0] == pytest.approx(0.0, abs=1e-5)
    assert np.all(found.curve.overpotential[1:] > 0)


def test_overpotential_is_what_the_parts_say_but_for_the_blend_that_is_out_of_balance(bare):
    _, found, solution = bare
    parts = solution.dataset.parts
    at_rest = (parts.cause == "open circuit").values
    losses = -(parts.sum("part") - parts.isel(part=at_rest).sum("part")).values
    # Graphite and SiOx need not be at one potential in a discharge: some ten millivolts at 3C.
    assert np.abs(found.curve.overpotential - losses).max() < 0.1
    assert found.curve.overpotential[2] == pytest.approx(losses[2], abs=1e-3)


def test_a_bare_electrode_is_the_same_in_every_column():
    cell, _ = full_cell(GIVEN, Scenario())
    one, _ = discharge(cell, 3.0, COARSE._replace(columns=(1, 1)))
    many, solution = discharge(cell, 3.0, COARSE._replace(columns=(2, 3)))
    assert many.capacity == pytest.approx(one.capacity, rel=1e-6)  # Newton's tolerance
    spread = solution.dataset.c_e.isel(field_time=-1)
    assert (
        float((spread.max(("x", "y")) - spread.min(("x", "y"))).max()) < 1e-6 * cell.concentration
    )


def test_against_itself_a_discharge_shows_no_difference(perforated):
    _, found, _ = perforated
    own = {"p4d-3c-capacity", "p4d-overpotential", "p4d-accumulation", "p4d-gradient"}
    margins = [finding.margin for finding in compare(found, found) if finding.claim in own]
    assert len(margins) > len(own)
    assert np.all(np.array(margins) == 0)


def test_better_foil_contact_alone_gives_more_capacity_and_less_overpotential(bare):
    cell, _ = full_cell(
        parameters.with_values(GIVEN, {"contact.negative": (0.0, "ohm cm2")}), Scenario()
    )
    worse, _ = full_cell(
        parameters.with_values(GIVEN, {"contact.negative": (5.0, "ohm cm2")}), Scenario()
    )
    mesh = COARSE._replace(columns=(1, 1))
    found = compare(discharge(worse, 3.0, mesh)[0], discharge(cell, 3.0, mesh)[0])
    margin = {finding.reading: finding.margin for finding in found}
    assert margin["gain of capacity"] > 0
    # a resistance in series takes its ohmic drop at every charge, and nothing else
    drop = 5e-4 * 3.0 * cell.one_c
    assert margin["of the cell, at every charge"] == pytest.approx(drop, rel=1e-2)
    assert margin["of the cell, mean over the discharge"] == pytest.approx(drop, rel=1e-2)


def test_every_simulation_claim_of_the_ledger_has_a_reading_that_decides(bare, perforated):
    from rampore.audit.ledger import read_ledger

    ledger = {name for name in read_ledger(LEDGER) if name.startswith("p4d-")}
    ledger.remove("p4d-voltage-trend")  # of curves that are not published
    found = compare(bare[1], perforated[1])
    assert {finding.claim for finding in found if finding.decides} == ledger
    assert all(np.isfinite(finding.margin) for finding in found)


@pytest.mark.parametrize(
    ("margins", "holds"),
    [
        ((0.2, 0.3), True),
        ((0.2, -0.3), False),
        ((0.2, 0.05), None),
        ((0.05, -0.3), False),
        ((0.2, np.nan), None),
    ],
)
def test_a_margin_below_its_error_decides_nothing(margins, holds):
    findings = [Finding("a", str(margin), margin, "V", True) for margin in margins]
    assert judge(findings, [0.1, 0.1])["a"].holds is holds


@pytest.mark.parametrize(
    ("margins", "errors", "weakest"),
    [
        ((0.5, 0.2), (0.1, 0.05), (0.2, 0.05)),  # all hold: the smallest
        ((0.5, 0.02, 0.2), (0.1, 0.1, 0.1), (0.02, 0.1)),  # one is open: that one
        ((-0.1, -0.3, 0.01), (0.05, 0.06, 0.1), (-0.3, 0.06)),  # some fail: the one that fails most
    ],
)
def test_a_judgement_carries_the_weakest_of_the_margins_that_decide_and_its_error(
    margins, errors, weakest
):
    findings = [Finding("a", str(margin), margin, "V", True) for margin in margins]
    judged = judge([*findings, Finding("a", "other", -9.0, "V", False)], [*errors, 1.0])["a"]
    assert (judged.margin, judged.error) == weakest
    assert judged.readings == (-9.0,)


@pytest.mark.parametrize(
    ("porosity", "gain"),
    [
        (PorositySet.MASS_CONSERVING, 0.0),
        (PorositySet.RECIPE, 0.0),
        # what 19 and 28 % leave for solid in 30 um of coating and 15 um of holes, over 76 % of 33
        # um
        (PorositySet.PUBLISHED, (0.8 * 0.81 * 30 + 0.2 * 0.72 * 45) / (0.76 * 33) - 1),
    ],
)
def test_only_the_published_porosities_give_the_two_foils_different_masses(porosity, gain):
    held = [
        sum(
            capacity
            for capacity, _ in capacities(full_cell(GIVEN, Scenario(foil, porosity))[0], "negative")
        )
        for foil in (False, True)
    ]
    assert held[1] / held[0] - 1 == pytest.approx(gain, abs=1e-9)
