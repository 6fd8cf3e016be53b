"""The map of designs: what is held equal, what beats what, and what was computed."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rampore.audit import sweep
from rampore.collector import net_section
from rampore.energy import energy_density
from rampore.lim2026 import control, fronts, parameters, stacks
from rampore.lim2026.figures import kinds as figures
from rampore.lim2026.sweeps import PLANS, design, kinds
from rampore.p4d import bpx
from rampore.p4d.balance import depth
from rampore.p4d.errors import CellError
from rampore.structure.files import read
from rampore.sweep import SweepError

BOOK = Path(__file__).parents[1] / "book"
COMMITTED = BOOK / "data" / "kinds.nc"
UM = 1e-6

CASES = kinds.cases()


def case_of(**of):
    """The first case that has these inputs; without swelling, on one side, by the first law."""
    wanted = {"swelling": "none", "faces": 1.0, "closure": "impedance law", "cell": "paper"} | of
    return next(case for case in CASES if all(case[key] == value for key, value in wanted.items()))


@pytest.fixture(scope="module")
def data():
    return sweep.read(COMMITTED)


# What is held equal


@pytest.mark.parametrize("swelling", ["none", "free"])
@pytest.mark.parametrize("cell", ["paper", "graphite"])
def test_every_design_of_a_cell_holds_as_much_active_material(cell, swelling):
    def held(case):
        face = kinds.built(case).face
        return np.array(
            [depth(face, "negative", material.fraction) for material in face.negative.materials]
        )

    bare = held(case_of(cell=cell, kind="bare"))
    others = [case for case in CASES if (case["cell"], case["swelling"]) == (cell, swelling)]
    assert {case["kind"] for case in others} == set(kinds.KINDS)
    for case in others:
        assert held(case) == pytest.approx(bare, rel=1e-10), case


def test_a_stack_s_coatings_weigh_the_same_and_its_pores_hold_the_same():
    for cell in ("paper", "graphite"):
        layers = [kinds.built(case).stack for case in CASES if case["cell"] == cell]
        sides = [case["faces"] for case in CASES if case["cell"] == cell]
        for name in ("anode", "cathode", "electrolyte", "separator"):
            masses = [stack[name].areal_mass / n for stack, n in zip(layers, sides, strict=True)]
            assert masses == pytest.approx([masses[0]] * len(masses), rel=1e-12)


def test_holes_take_in_coating_and_copper_and_nothing_else():
    for cell in ("paper", "graphite"):
        for faces in (1.0, 2.0):
            holes = case_of(cell=cell, kind="holes", faces=faces)
            bare = case_of(cell=cell, kind="bare", faces=faces)
            f, t = kinds.built(holes).open_fraction, holes["foil_thickness"]
            pierced, whole = kinds.built(holes).stack, kinds.built(bare).stack
            assert whole.thickness - pierced.thickness == pytest.approx(f * t, rel=1e-9)
            saved = f * whole["Cu foil"].areal_mass
            assert whole.areal_mass - pierced.areal_mass == pytest.approx(saved, rel=1e-9)
            thinner = (
                kinds.built(bare).face.negative.thickness
                - kinds.built(holes).face.negative.thickness
            )
            assert thinner == pytest.approx(f * t / faces, rel=1e-9)


@pytest.mark.parametrize("kind", ["holes", "channels", "layers"])
@pytest.mark.parametrize("cell", ["paper", "graphite"])
def test_a_structure_of_nothing_is_the_bare_electrode_bit_for_bit(cell, kind):
    nothing = case_of(cell=cell, kind=kind) | {"width": 0.0, "step": 0.0}
    bare = case_of(cell=cell, kind="bare", foil_thickness=nothing["foil_thickness"])
    assert kinds.built(nothing).face == kinds.built(bare).face
    assert kinds.values(nothing, "coarser") == kinds.values(bare, "coarser")


def test_layers_are_looser_at_the_separator_and_turned_around_denser():
    for step in (0.04, -0.04):
        face = kinds.built(case_of(kind="layers", step=step)).face
        at_foil, at_separator = face.structure.negative.porosity
        assert at_separator.porosity - at_foil.porosity == pytest.approx(2 * step)


def test_the_thick_cell_has_the_asked_charge_between_its_cut_offs():
    face = kinds.built(case_of(cell="graphite", kind="bare")).face
    thin = control.literature_cell()
    assert face.one_c == pytest.approx(50.0)
    for side in ("negative", "positive"):
        ratio = getattr(face, side).thickness / getattr(thin, side).thickness
        assert ratio == pytest.approx(face.one_c / thin.one_c)


def test_what_cannot_be_is_refused():
    with pytest.raises(CellError, match="on a foil that is coated on one face"):
        kinds.built(case_of(kind="bare") | {"faces": 2.0, "swelling": "half"})
    with pytest.raises(CellError, match="kind"):
        kinds.built(case_of(kind="bare") | {"kind": "foam"})
    with pytest.raises(CellError, match="pitch"):
        kinds.built({key: 0.0 for key in kinds.KEYS if key != "pitch"})


# What beats what


def test_a_design_beats_another_beyond_the_errors_alone():
    """Two goals: the second beats the first in both; the third lies within the errors of the
    second; the fourth trades one goal for the other; the fifth lacks a value.
    """
    values = np.array([[1.0, 2.0, 2.05, 0.0, 9.0], [1.0, 2.0, 1.95, 5.0, np.nan]])
    errors = np.array([[0.1] * 5, [0.1] * 5])
    beaten = fronts.beats(values, errors)
    assert beaten.sum() == 2
    assert beaten[1:3, 0].all()
    sharp = fronts.beats(values, 0 * errors)
    assert sharp.sum() == 2
    assert sharp[1:3, 0].all()
    tied = fronts.beats(np.array([[1.0, 1.0], [1.0, 1.2]]), np.array([[0.1, 0.1], [0.1, 0.1]]))
    assert tied.tolist() == [[False, False], [True, False]]


def test_the_front_is_what_nothing_beats_and_has_all_values():
    columns = {"a": [1.0, 2.0, 2.05, 0.0, 9.0], "b": [1.0, 2.0, 1.95, 5.0, np.nan]}
    columns |= {f"{name}_error": [0.1] * 5 for name in ("a", "b")}
    designs = xr.Dataset({name: ("case", values) for name, values in columns.items()})
    assert fronts.front(designs, ("a", "b")).tolist() == [False, True, True, True, False]


def test_a_bare_foil_as_strong_is_lighter_and_thinner_than_any_with_holes(data):
    for cell in ("paper", "graphite"):
        for faces in (1, 2):
            found = fronts.as_strong(data, cell, "impedance law", faces)
            assert len(found) == 3
            for each in found:
                f = kinds.built(case_of(kind="holes")).open_fraction
                assert each.bare == pytest.approx(each.perforated * min(net_section(f)), rel=1e-12)
                assert min(each.gravimetric, each.volumetric) > 0


# What was computed


def test_the_committed_map_has_every_case_and_says_what_it_is(data):
    assert "kinds" in PLANS
    for key in kinds.KEYS:
        asked = [case[key] for case in CASES]
        stored = data[key].values.tolist()
        assert stored == asked if isinstance(asked[0], str) else stored == pytest.approx(asked)
    assert {"title", "source", "follows_from", "mesh", "numerical_error"} <= set(data.attrs)
    known = data.error.values == ""
    assert np.isfinite(data.capacity_3C.values[known]).all()
    assert np.isfinite(data.capacity_3C_error.values[known]).all()


def test_the_paper_s_foil_and_the_bare_ones_are_those_of_the_first_slice(data):
    """By another contact alone, on dry layers."""
    foils, compared = sweep.read(BOOK / "data" / "design.nc"), 0
    one = fronts.chosen(data, cell="paper", closure="impedance law", swelling="none", faces=1)
    for n in np.flatnonzero(np.isin(one.kind.values, ("bare", "holes"))):
        own = one.isel(case=int(n))
        place = {
            "hole_diameter": float(own.width),
            "pitch": float(own.pitch),
            "foil_thickness": float(own.foil_thickness),
            "density": 1500.0,
        }
        try:
            other = foils.isel(case=design.nearest(foils, place))
        except SweepError:
            continue  # that slice has no foil of 8 um
        compared += 1
        error = np.hypot(own.capacity_3C_error, other.capacity_3C_error)
        assert abs(own.capacity_3C - other.capacity_3C) <= error
        assert float(own.strength) == pytest.approx(float(other.strength), rel=1e-9)
        dry = stacks.design_of(
            parameters.load(),
            negative_foil_thickness=place["foil_thickness"],
            open_fraction=float(own.open_fraction),
        ).stack()
        gravimetric, volumetric = energy_density(dry, float(own.areal_energy))
        slack = 2 * float(own.areal_energy_error / own.areal_energy) + 1e-9
        assert gravimetric == pytest.approx(float(other.gravimetric), rel=slack)
        assert volumetric == pytest.approx(float(other.volumetric), rel=slack)
    assert compared == 6


def test_a_random_design_of_the_map_comes_out_again(data):
    known = np.flatnonzero(data.error.values == "")
    n = int(np.random.default_rng().choice(known))
    case = CASES[n]
    for name, value in kinds.values(case, "crossing").items():
        slack = 1e-9 * abs(value)
        assert value == pytest.approx(
            data[name].values[n], abs=data[f"{name}_error"].values[n] + slack
        ), (case, name)


def test_the_front_is_drawn_filled_where_energy_and_capacity_are(data):
    figure = figures.over_two_goals(data)
    group = fronts.chosen(data, cell="paper", closure="impedance law", swelling="none", faces=1)
    drawn = {False: [], True: []}
    for line in figure.axes[0].lines:
        drawn[line.get_markerfacecolor() != "none"] += line.get_xydata().tolist()
    best = fronts.front(group)
    for filled, points in drawn.items():
        wanted = np.stack([group.gravimetric / 3600, group.capacity_3C / 36000], axis=1)
        wanted = sorted(wanted[best == filled].tolist())
        assert np.array(sorted(points)) == pytest.approx(np.array(wanted), rel=1e-9)
    assert 0 < best.sum() < best.size


def test_gains_are_drawn_in_per_cent_and_margins_in_millivolt(data):
    of = {"cell": "graphite", "closure": "percolation", "swelling": "none", "faces": 1}
    for goal, factor in (("capacity_3C", 100), ("margin", 1000)):
        found = fronts.beside_bare(data, goal, **of, foil_thickness=10 * UM)
        axes = figures.beside_bare(data, goal, "change (%)").axes[-1]
        points = [line for line in axes.lines if line.get_marker() == "o"]
        drawn = np.concatenate([line.get_xydata() for line in points])
        assert drawn[np.argsort(-drawn[:, 1]), 0] == pytest.approx(
            factor * found.change, nan_ok=True
        )


def test_a_design_is_on_at_most_as_many_fronts_as_there_are_closures(data):
    often = fronts.how_often(data, 1)
    assert often.loc["channels 16 µm, foil 10 µm"].isna().tolist() == [False, True]
    counted = fronts.by_kind(often)
    for cell in ("paper", "graphite"):
        total = 0
        for closure in ("impedance law", "Bruggeman", "percolation"):
            group = fronts.chosen(data, cell=cell, closure=closure, swelling="none", faces=1)
            total += fronts.front(group).sum()
        assert often[cell].sum() == total
        assert counted[cell].designs.tolist() == [4, 3, 9, 9]
        assert (counted[cell].always + counted[cell].sometimes <= counted[cell].designs).all()


def test_a_cell_of_one_s_own_is_held_against_its_solid_spread_evenly():
    cell = bpx.read(BOOK / "data" / "cells" / "marquis2019.json")
    structured = cell.with_structure(read(BOOK / "data" / "structures" / "foil.toml"))
    unit = fronts.Unit(0.6, 245 * UM, 10 * UM, 8960.0)
    f = structured.open_fraction
    assert unit.per_mass(1.0, f) == pytest.approx(1 / (0.6 + 8960.0 * 10 * UM * (1 - f)))
    assert unit.per_volume(1.0) == pytest.approx(1 / (255 * UM))
    table = fronts.own_table(structured, unit)
    assert list(table.index) == ["with the structure", "spread evenly"]
    per_mass = [float(text.split(" ")[0]) for text in table["energy per mass (Wh kg⁻¹)"]]
    assert per_mass[0] > per_mass[1]  # of nearly one energy, less copper
