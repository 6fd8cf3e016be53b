"""Cells with a structure: the mesh holds what the data say, and the limits that are known."""

from dataclasses import replace

import numpy as np
import pytest

from rampore.materials import ExchangeCurrent
from rampore.p4d import examples
from rampore.p4d.balance import capacities
from rampore.p4d.cell import Lithium, Perforation, tortuosity
from rampore.p4d.errors import CellError
from rampore.p4d.grid import POSITIVE_HOLE
from rampore.p4d.layout import lay_out
from rampore.p4d.model import Mesh, grid_of
from rampore.p4d.partners import Equal, compare, pair, unstructured
from rampore.p4d.solution import Step, Tolerances, simulate
from rampore.structure import (
    Channels,
    Coating,
    CoatingLayer,
    Holes,
    Structure,
    StructureError,
    Voxels,
)

COARSE = Mesh((6, 4, 6), (3, 5), 2)
HOLES = Holes(lattice="triangular", pitch=160e-6, width=75e-6, depth=15e-6)
CONES = Channels(lattice="triangular", pitch=160e-6, width=60e-6, floor=30e-6, depth=50e-6)
LINES = Channels(lattice="lines", pitch=100e-6, width=40e-6)


def cell(structure=None, **changes):
    base = examples.chen_2020()
    graphite = replace(base.negative.materials[0], fraction=0.65)
    changes = {"porosity": 0.3, "materials": (graphite,)} | changes
    return replace(base, negative=replace(base.negative, **changes), structure=structure)


def solid(given, mesh):
    """Volume of the negative electrode's particles over the plan [m]."""
    grid = grid_of(given, mesh)
    _, particles = lay_out(given, grid)
    return sum(p.volume.sum() for p in particles if p.side == "negative") / grid.area


def voltages(given, mesh, rate=2.0, until=400.0, **more):
    """At four times [V]."""
    t = np.linspace(0.25, 1.0, 4) * until
    step = Step("current", rate * given.one_c, until_time=until)
    data = simulate(given, [step], mesh, Tolerances(time=1e-4), t, **more).dataset
    return np.interp(t, data.time, data.voltage)


# Exact values


@pytest.mark.parametrize("mesh", [Mesh((1, 1, 1)), COARSE, Mesh((7, 2, 5), (9, 4), 3)])
@pytest.mark.parametrize(
    ("structure", "height"),
    [
        (Structure(channels=(CONES,)), 85.2e-6 - CONES.volume_in(85.2e-6)),
        (Structure((HOLES,)), 85.2e-6 + HOLES.open_fraction * 15e-6),
        (Structure((replace(HOLES, filling="electrolyte"),)), 85.2e-6),
        (
            Structure((replace(HOLES, filling=0.65),), (replace(CONES, filling=0.72),)),
            85.2e-6 - 0.6 * CONES.volume_in(85.2e-6) + 0.5 * HOLES.open_fraction * 15e-6,
        ),
        (Structure(channels=(CONES,), negative=Coating(solid="pressed")), 85.2e-6),
        (
            Structure(negative=Coating((CoatingLayer(0.3, 0.23), CoatingLayer(0.7, 0.37)))),
            (0.3 * 1.1 + 0.7 * 0.9) * 85.2e-6,
        ),
    ],
    ids=["cones", "coated holes", "open holes", "fillings", "pressed", "layers"],
)
def test_the_mesh_holds_the_solid_that_the_structure_says(structure, height, mesh):
    given = cell(structure)
    assert solid(given, mesh) == pytest.approx(0.65 * height, rel=1e-11)
    ((held, material),) = capacities(given, "negative")
    expected = 0.65 * height * material.maximum_concentration * 96485.33212
    assert held == pytest.approx(expected, rel=1e-9)


def test_voxels_of_open_electrolyte_are_a_channel():
    """Of 40 um in 100 um, as voxels of a fifth of the unit cell."""
    values = np.full((5, 1, 1), 0.3)
    values[:2] = 1.0
    lines = Structure(channels=(LINES,))
    voxels = cell(Structure(negative=Coating(Voxels(values)), sides=lines.unit_cell))
    mesh = Mesh((6, 4, 6), (10, 1))
    assert solid(voxels, mesh) == pytest.approx(0.65 * 0.6 * 85.2e-6, rel=1e-12)
    assert voltages(voxels, mesh) == pytest.approx(voltages(cell(lines), mesh), abs=1e-9)


def test_one_column_of_lines_is_the_one_dimensional_cell_of_the_mean():
    """Fine pitch: channel and coating are in parallel, f + (1 - f) e of the coating's porosity."""
    f, law = 0.4, tortuosity(1.92)
    lines = cell(Structure(channels=(LINES,)), transport_efficiency=law)
    graphite = replace(lines.negative.materials[0], fraction=0.65 * (1 - f))
    mean = replace(
        lines.negative,
        porosity=f + (1 - f) * 0.3,
        conductivity=(1 - f) * lines.negative.conductivity,
        materials=(graphite,),
        transport_efficiency=lambda eps: f + (1 - f) * law(0.3) + 0.0 * eps,
    )
    flat = replace(lines, structure=None, negative=mean)
    mesh = Mesh((10, 5, 10))
    assert voltages(lines, mesh) == pytest.approx(voltages(flat, mesh), abs=1e-9)


def test_anisotropy_in_the_plane_is_nothing_to_a_cell_that_is_the_same_everywhere():
    """And in a channel's ribs it is."""
    mesh = Mesh((6, 4, 6), (6, 1))
    flat = cell(in_plane=2.0), cell()
    both = [voltages(each, mesh, sides=(50e-6, 50e-6)) for each in flat]
    assert both[0] == pytest.approx(both[1], abs=1e-7)
    wide = Structure(channels=(replace(LINES, pitch=400e-6, width=80e-6),))
    ribs = [voltages(cell(wide, in_plane=ratio), mesh) for ratio in (1.0, 2.0)]
    assert np.all(ribs[1] - ribs[0] > 1e-4)


# Conservation


def test_a_structure_on_both_sides_conserves_lithium_salt_and_charge():
    structure = Structure(
        (HOLES, replace(HOLES, foil="positive", depth=10e-6, between=True, filling=0.5)),
        (CONES, replace(CONES, coating="positive", depth=None)),
        negative=Coating((CoatingLayer(0.5, 0.25), CoatingLayer(0.5, 0.35))),
    )
    given = replace(cell(structure), contact_negative=1e-4, contact_positive=1e-4)
    protocol = [Step("current", given.one_c, until_time=300.0), Step("rest", until_time=60.0)]
    solution = simulate(given, protocol, COARSE)
    assert solution.conservation.lithium < 1e-10
    assert solution.conservation.salt < 1e-10
    assert solution.conservation.charge < 1e-6
    parts = solution.dataset.parts
    assert np.abs(parts.sum("part") - solution.dataset.voltage).max() < 1e-12
    drop = float(parts.sel(part="contact, positive")[5])
    grid = grid_of(given, COARSE)
    area = grid.foil_positive.sum() + grid.wall[..., grid.layer == POSITIVE_HOLE].sum()
    assert drop == pytest.approx(-given.one_c * 1e-4 * grid.area / area, rel=1e-9)


# The same thing in two ways


@pytest.mark.parametrize("filling", ["coating", "electrolyte"])
def test_round_holes_are_those_of_a_perforation(filling):
    holes = replace(HOLES, filling=filling)
    perforation = Perforation(holes.width, holes.pitch, holes.depth, filling)
    one = replace(cell(Structure((holes,))), contact_negative=1e-3)
    other = replace(one, structure=None, perforation=perforation)
    for mine, theirs in zip(grid_of(one, COARSE), grid_of(other, COARSE), strict=True):
        assert np.allclose(mine, theirs, rtol=1e-12, atol=1e-30)
    assert voltages(one, COARSE) == pytest.approx(voltages(other, COARSE), abs=1e-9)


def test_holes_in_the_positive_foil_are_a_perforation_of_the_mirrored_cell():
    """Of a symmetric cell, in which the current runs the other way."""
    base = cell()
    full = replace(base.negative.materials[0], stoichiometry=0.5)
    electrode = replace(base.negative, materials=(full,))
    symmetric = replace(base, negative=electrode, positive=electrode, lower_cutoff=-4.0)
    there = replace(symmetric, structure=Structure((replace(HOLES, foil="positive"),)))
    here = replace(symmetric, structure=Structure((HOLES,)))
    assert voltages(there, COARSE) == pytest.approx(-voltages(here, COARSE, -2.0), abs=1e-7)


def test_lines_along_x_are_lines_along_y():
    along_y, along_x = (
        cell(Structure(channels=(replace(LINES, along=along),))) for along in ("y", "x")
    )
    mesh = Mesh((6, 4, 6), (7, 2))
    turned = mesh._replace(columns=(2, 7))
    assert voltages(along_y, mesh) == pytest.approx(voltages(along_x, turned), abs=1e-9)


# Order


def test_a_mesh_that_cuts_a_channel_errs_at_second_order_like_one_along_it():
    """Walls at 25 of 80 um: on 16, 32 and 64 columns at an edge of boxes, on the others within one.
    Found: errors of 34 mV over the square of the columns along the walls, 9 to 52 mV across them.
    """
    lines = replace(LINES, pitch=160e-6, width=50e-6)
    graphite = replace(examples.chen_2020().negative.materials[0], fraction=0.55)
    given = cell(
        Structure(channels=(lines,)),
        porosity=0.42,
        materials=(graphite,),
        transport_efficiency=lambda eps: eps**2 / 1.92,
    )

    def last(n):
        return voltages(given, Mesh((6, 4, 6), (n, 1)), rate=1.0)[-1]

    along = {n: last(n) for n in (16, 32, 64)}
    limit = along[64] + (along[64] - along[32]) / 3
    constant = abs(along[16] - limit) * 16**2
    assert np.log2((along[16] - along[32]) / (along[32] - along[64])) > 1.7
    for n in (5, 7, 11, 23, 27):
        assert abs(last(n) - limit) * n**2 < 2 * constant


# Partners


@pytest.mark.parametrize("equal", list(Equal))
def test_partners_keep_what_they_are_asked_to(equal):
    given = cell(Structure((HOLES,), (CONES,)))
    plain = unstructured(given, equal)
    mass, thickness, porosity = (
        solid(plain, Mesh((1, 1, 1))) == pytest.approx(solid(given, COARSE), rel=1e-9),
        plain.negative.thickness == pytest.approx(given.negative.thickness, rel=1e-12),
        plain.negative.porosity == pytest.approx(given.negative.porosity, rel=1e-12),
    )
    assert {
        Equal.MASS_AND_THICKNESS: (True, True, False),
        Equal.MASS_AND_POROSITY: (True, False, True),
        Equal.THICKNESS_AND_POROSITY: (False, True, True),
    }[equal] == (mass, thickness, porosity)
    assert plain.structure is None
    assert plain.positive.thickness == given.positive.thickness


def test_a_pressed_coating_has_the_plain_one_as_its_partner():
    structure = Structure(channels=(LINES,), negative=Coating(solid="pressed"))
    plain = unstructured(cell(structure, porosity=0.6, materials=half()))
    assert plain.negative.porosity == pytest.approx(0.6, rel=1e-12)
    assert plain.negative.materials[0].fraction == pytest.approx(0.35, rel=1e-12)


def half():
    return (replace(examples.chen_2020().negative.materials[0], fraction=0.35),)


def test_a_pair_has_the_same_columns_and_the_plain_one_is_one_dimensional_on_them():
    given = cell(Structure(channels=(LINES,)))
    cells = pair(given, Mesh((6, 4, 6), (4, 1)))
    assert np.array_equal(cells.structured_grid.x, cells.plain_grid.x)
    assert cells.plain_grid.shape == cells.structured_grid.shape
    step = [Step("current", given.one_c, until_time=200.0)]
    _, plain = compare(cells, step, Mesh())
    line = simulate(cells.plain, step, Mesh((6, 4, 6)))
    assert float(plain.dataset.voltage[-1]) == pytest.approx(
        float(line.dataset.voltage[-1]), abs=1e-7
    )


# Plating


def test_the_plating_margin_is_the_least_of_the_fields_where_and_when():
    given = cell(Structure(channels=(LINES,)))
    low = replace(given.negative.materials[0], stoichiometry=0.3)
    given = replace(given, negative=replace(given.negative, materials=(low,)), upper_cutoff=5.0)
    protocol = [
        Step("current", -2 * given.one_c, until_time=300.0),
        Step("rest", until_time=60.0),
        Step("current", -3 * given.one_c, until_time=100.0),
    ]
    solution = simulate(given, protocol, Mesh((6, 4, 6), (4, 1)))
    data = solution.dataset
    for time in (300.0, 460.0):
        at_end = data.sel(field_time=time, method="nearest")
        drop = (at_end.phi_s - at_end.phi_e).where(at_end.layer == "negative")
        series = data.sel(time=time, method="nearest")
        assert float(series.plating_margin) == pytest.approx(float(drop.min()), abs=1e-12)
        place = drop.sel(x=series.plating_x, y=series.plating_y, z=series.plating_z)
        assert float(place) == float(drop.min())
        # charging starves the boxes at the separator
        assert series.plating_z > 0.9 * given.negative.thickness
    for number in range(3):
        margin = solution.plating_margin(number)
        assert margin.value == solution.step(number).plating_margin.min()
        assert margin.value == data.plating_margin.sel(time=margin.time)
    whole = solution.plating_margin()
    assert whole == min((solution.plating_margin(n) for n in range(3)), key=lambda m: m.value)


def test_a_foil_of_lithium_has_no_plating_margin():
    lithium = Lithium(ExchangeCurrent(20.0, salt=0.3))
    half = replace(examples.chen_2020(), negative=lithium, lower_cutoff=2.0)
    solution = simulate(half, [Step("current", 10.0, until_time=10.0)], Mesh((1, 4, 6)))
    assert "plating_margin" not in solution.dataset
    with pytest.raises(CellError, match="takes a negative electrode with active material"):
        solution.plating_margin()


# Refusal


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: replace(cell(Structure((HOLES,))), perforation=Perforation(7e-5, 1e-4, 1e-5)),
            "a perforation or a structure",
        ),
        (
            lambda: cell(Structure(channels=(replace(CONES, depth=90e-6),))),
            "deeper than the negative coating",
        ),
        (
            lambda: cell(Structure((HOLES,)), porosity=lambda x, y, z: 0.3 + 0.0 * x),
            "give the electrode one porosity",
        ),
        (
            lambda: replace(
                cell(Structure((HOLES,))), negative=Lithium(ExchangeCurrent(20.0, salt=0.3))
            ),
            "no coating to be structured",
        ),
    ],
)
def test_refusal_of_a_cell_that_its_structure_does_not_fit(make, message):
    with pytest.raises((CellError, StructureError), match=message):
        make()
