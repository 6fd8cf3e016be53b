"""The crossing of the assumptions: its cases, what is read off it, and the committed result against
a fresh run.
"""

import argparse
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rampore.audit import sweep
from rampore.audit import sweep_command as command
from rampore.closures import Closure
from rampore.lim2026 import control, parameters
from rampore.lim2026.cells import charged_cell, full_cell, volume_laws
from rampore.lim2026.readings import compare
from rampore.lim2026.sweeps import PLANS, crossing
from rampore.p4d.errors import CellError, SolverError
from rampore.p4d.model import Mesh, Model

COMMITTED = Path(__file__).parents[1] / "book" / "data" / "crossing.nc"


@pytest.fixture(scope="module")
def committed():
    return sweep.read(COMMITTED)


def test_a_case_for_every_combination_and_none_twice():
    found = crossing.cases()
    assert len({tuple(case.items()) for case in found}) == len(found)
    per_contact = 3 * 2 * 5 * 2 * 2
    assert len(found) == per_contact * (5 + len(crossing.CONTROLS)) + 3 * 3 * 5 * 2 * 2
    assert {case["contact_ratio"] for case in found if case["contact"] == 0} == {1.0}


def test_indices_of_a_sum_of_independent_terms_are_their_shares_of_the_variance():
    values = xr.DataArray(np.add.outer([0.0, 1.0, 2.0], [0.0, 10.0]), dims=("a", "b"))
    found = crossing.indices(values)
    assert found["a"] == pytest.approx((2 / 3 / (2 / 3 + 25),) * 2)
    assert sum(alone for alone, _ in found.values()) == pytest.approx(1.0)


def test_indices_of_a_product_differ_by_what_the_factors_do_together():
    found = crossing.indices(xr.DataArray(np.outer([-1.0, 1.0], [-1.0, 1.0]), dims=("a", "b")))
    assert found == {"a": pytest.approx((0.0, 1.0)), "b": pytest.approx((0.0, 1.0))}


def test_the_contact_needed_is_as_exact_as_the_quantity_over_its_slope():
    contact = np.array([0.0, 1.0, 3.0, 7.0, 10.0])
    values = xr.DataArray(
        [0.02 * contact - 0.1, 0.02 * contact - 0.195], dims=("case", "contact")
    ).assign_coords(contact=contact)
    error = xr.full_like(values, 0.01)
    assert crossing.contact_needed(values, 0.0).values == pytest.approx([5.0, 9.75])
    # the second would need more than the axis has where it is 0.01 less: its end stands for that
    assert crossing.contact_error(values, error, 0.0).values == pytest.approx(
        [0.5, (10.0 - 9.25) / 2]
    )


def test_a_gain_by_contact_needs_a_contact_that_differs(monkeypatch):
    """The same resistance on both foils shifts both voltages by the same drop."""
    monkeypatch.setitem(crossing.MESHES, "crossing", Mesh((6, 3, 6), (3, 5), 2, 6))
    case = next(
        case for case in crossing.cases() if case["contact"] == 3.0 and case["contact_ratio"] == 0.2
    )
    margin = {
        ratio: crossing.values({**case, "contact_ratio": ratio}, "crossing")["p4d_overpotential"]
        for ratio in (0.2, 1.0)
    }
    face = 1 - 0.2 + 0.2 * 4 * 15 / 75  # foil and walls of the holes, over the plan area
    # 80 % of 3 ohm cm2 at 3C over that face; 2 %: the margin is a least one over the discharge, and
    # moves in charge.
    assert margin[0.2] - margin[1.0] == pytest.approx(0.8 * 3e-4 * 3 * 33.0 / face, rel=0.02)


def test_random_cases_of_the_committed_crossing_come_out_again(committed):
    rng = np.random.default_rng()
    # the cubes' law takes half a minute to compute; pores that close leave no numbers
    quick = np.flatnonzero((committed.closure.values != "cubes") & (committed.error.values == ""))
    for n in rng.choice(quick, 3, replace=False):
        one = committed.isel(case=int(n))
        case = {axis.name: one[axis.name].item() for axis in crossing.AXES}
        for name, value in crossing.values(case, "crossing").items():
            if not name.endswith(("_every", "_any")):
                error = one[f"{name}_error"].item()
                assert value == pytest.approx(one[name].item(), abs=error), (case, name)


def test_the_committed_crossing_is_whole_and_says_where_it_comes_from(committed):
    held = {
        tuple(committed[axis.name].values[n] for axis in crossing.AXES)
        for n in range(committed.sizes["case"])
    }
    assert held == {tuple(case[axis.name] for axis in crossing.AXES) for case in crossing.cases()}
    assert {"title", "source", "follows_from", "mesh", "numerical_error", "packages"} <= set(
        committed.attrs
    )
    for claim in crossing.CLAIMS:
        assert np.sum(crossing.standing(committed, claim)) == pytest.approx(1.0)


def test_a_sweep_writes_its_file_and_runs_nothing_twice(tmp_path, monkeypatch):
    ends = {"contact", "contact_ratio"}
    one_each = [
        axis._replace(values=axis.values[-1:] if axis.name in ends else axis.values[:1])
        for axis in crossing.AXES
    ]
    monkeypatch.setattr(crossing, "AXES", one_each)
    for name in ("crossing", "deeper"):
        monkeypatch.setitem(crossing.MESHES, name, crossing.MESHES["coarser"])
    said: list[str] = []
    journal, output = tmp_path / "j.jsonl", tmp_path / "new" / "x.nc"
    options = argparse.Namespace(
        sweep="crossing", coarse=False, jobs=1, scheduler=None, journal=journal, output=output
    )
    for _ in range(2):
        command.run(options, PLANS, said.append)
    assert len(journal.read_text().splitlines()) == 1
    assert said[-1] == f"1 cases in {output}"
    data = sweep.read(output)
    assert data.sizes["case"] == 1
    assert all("units" in data[name].attrs for name in data if data[name].dtype.kind == "f")
    tested = itertools.product(("bare", "perforated"), crossing.RATES)
    assert {f"capacity_{foil}_{rate}_resolved" for foil, rate in tested} <= set(data)


def test_cases_that_differ_on_perforated_foil_alone_share_their_bare_cells(monkeypatch):
    made = []
    monkeypatch.setattr(crossing, "discharges", lambda cell, *_: made.append(cell))
    crossing._shared_on_bare.cache_clear()
    quick = [case for case in crossing.cases() if case["closure"] == "impedance law"]
    for case in quick:
        crossing._on_bare(case, "coarser")
    crossing._shared_on_bare.cache_clear()
    # porosities, contacts, cathodes, separators; swellings with contacts and separators
    assert len(made) == 2 * 5 * 2 * 2 + 2 * 3 * 2 * 2
    assert len(quick) == 144 + 3 * 3 * 2 * 2


def test_pores_that_close_leave_a_case_without_numbers_and_say_so():
    """In a rigid stack, before the printed coating is charged."""
    case = {axis.name: axis.values[0] for axis in crossing.AXES} | {"closure": "impedance law"}
    with pytest.raises(SolverError, match=r"the pores at z = .* um close"):
        crossing.values(case | {"swelling": "rigid"}, "coarser")


def test_swelling_takes_its_start_from_what_lithium_adds_to_the_coating_as_printed():
    case = {axis.name: axis.values[0] for axis in crossing.AXES} | {"closure": "impedance law"}
    cell = charged_cell(*crossing.inputs(case | {"swelling": "half"}))[0]
    start = Model(cell, crossing.MESHES["coarser"]._replace(columns=(1, 1))).expansion.now
    laws = volume_laws(parameters.load())
    grown = sum(
        material.fraction * (float(laws[material.name](material.stoichiometry)) - 1)
        for material in cell.negative.materials
    )
    solid = 1 - cell.negative.porosity
    expected = 1 - solid * (1 + grown / solid) ** 0.5
    coating = start.porosity < 0.2
    assert 0.05 < expected < 0.2
    assert start.porosity[coating] == pytest.approx(expected)


def test_a_shared_bare_cell_is_that_of_each_case():
    """By its discharge at one rate: the cell of the case itself, and the one that it shares."""
    case = {axis.name: axis.values[-1] for axis in crossing.AXES} | {"closure": "impedance law"}
    for porosity in ("mass-conserving", "recipe"):
        own = case | {"porosity": porosity}
        cell, _ = charged_cell(*crossing.inputs(own))
        alone = crossing.discharges(cell, {"5C": 5.0}, "coarser")["5C"].capacity
        assert crossing._on_bare(own, "coarser")["5C"].capacity == alone


def test_a_cell_that_cannot_carry_the_current_gives_nothing_and_no_gain_is_read_over_it():
    case = {axis.name: axis.values[0] for axis in crossing.AXES}
    cell, _ = charged_cell(*crossing.inputs(case))
    steep = replace(cell, contact_negative=0.02)  # of the 1.7 V above the cut-off 5C takes 3.3
    bare = crossing.discharges(steep, {"5C": 5.0}, "coarser")
    bare |= crossing.discharges(cell, {"3C": 3.0}, "coarser")
    found = crossing.on_both_foils(bare, bare)
    assert found["capacity_bare_5C"] == 0
    assert "gain_5C" not in found
    assert found["gain_3C"] == 0
    with pytest.raises(CellError, match="gave nothing"):
        compare(bare["3C"], bare["5C"])


def pairs(**columns):
    """Six pairs: the claim on the capacity holds by more and by less than its error, fails by more
    and by less, holds in a pair that is not resolved on perforated foil, and has no margin, for the
    bare cell gave nothing.
    """
    values = {
        "p4d_3c_capacity": [0.1, 0.01, -0.1, -0.01, 0.1, np.nan],
        "p4d_3c_capacity_error": [0.02] * 6,
        "capacity_bare_3C": [30.0, 8.0, 30.0, 8.0, 30.0, 0.0],
        "slow_bare": [100.0] * 6,
        "capacity_perforated_3C_resolved": [1.0, 1.0, 1.0, 1.0, 0.0, 1.0],
    }
    return xr.Dataset({name: ("case", column) for name, column in (values | columns).items()})


def test_every_pair_is_in_the_denominator():
    assert crossing.standing(pairs(), "p4d-3c-capacity") == pytest.approx((1 / 6, 1 / 6, 4 / 6))


def test_a_pair_counts_from_the_share_on_that_its_bare_cell_delivers():
    for floor, counted in ((0.05, 5), (0.08, 5), (0.081, 3)):
        found = crossing.standing(pairs(), "p4d-3c-capacity", floor)
        assert found == pytest.approx((1 / counted, 1 / counted, 1 - 2 / counted))
    with pytest.raises(CellError, match="no bare cell delivers 31%"):
        crossing.standing(pairs(), "p4d-3c-capacity", 0.31)


def test_a_pair_is_settled_where_both_of_its_cells_are():
    """A data set that does not say is taken at its word."""
    silent = pairs().drop_vars("capacity_perforated_3C_resolved")
    assert crossing.settled(silent, "3C")
    assert crossing.settled(pairs(), "3C").values.tolist() == [True] * 4 + [False, True]
    bare = silent.assign(capacity_bare_3C_resolved=("case", [0.0] + [1.0] * 5))
    assert crossing.settled(bare, "3C").values.tolist() == [False] + [True] * 5


@pytest.mark.parametrize("name", crossing.AXES[2].values)
def test_a_family_of_closures_has_the_published_values(name, monkeypatch):
    """At porosities of 30 %, where impedance has a tortuosity factor of 5.3, and of 24 %."""
    cubes = Closure("cubes", 3.0, 1.5)
    monkeypatch.setattr(control, "_cubes", lambda: cubes)
    crossing.closures.cache_clear()
    found = crossing.closures(name, 2.5)
    crossing.closures.cache_clear()
    expected = {
        "constant tau": (0.30 / 5.3, 0.24 / 5.3),
        "impedance law": (0.30**1.1 / 4.7, 0.24**1.1 / 4.7),
        "Bruggeman": (0.30**1.5, 0.24**1.5),
        "percolation": ((0.27 / 0.97) ** 2.4, (0.21 / 0.97) ** 2.4),
        "cubes": (cubes(0.30), cubes(0.24)),
    }[name]
    assert [found.negative(eps) for eps in (0.30, 0.24)] == pytest.approx(expected)
    assert found.separator(0.41) == pytest.approx(0.41 / 2.5)
    assert found.positive(0.2) == pytest.approx(0.2**1.5 if name == "Bruggeman" else 0.2 / 3.0)


def test_the_printed_capacity_makes_the_printed_ratio_of_the_electrodes():
    case = {axis.name: axis.values[0] for axis in crossing.AXES}
    ratios = {
        basis: full_cell(*crossing.inputs(case | {"cathode": basis}))[1].ratio
        for basis in ("stated", "loading")
    }
    assert ratios == {
        # the anode's own materials hold 3.5999
        "stated": pytest.approx(3.6 / 3.3, rel=1e-4),
        "loading": pytest.approx(1.0, abs=0.01),
    }
