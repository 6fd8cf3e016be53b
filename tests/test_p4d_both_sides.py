"""A negative foil that is coated on both faces: what joins the two, and what does not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from rampore.constants import FARADAY
from rampore.materials import ExchangeCurrent
from rampore.p4d import examples
from rampore.p4d.cell import Cell, Electrode, Face, Lithium, Perforation
from rampore.p4d.discharge import read
from rampore.p4d.errors import CellError
from rampore.p4d.grid import BACK_HOLE, BACK_NEGATIVE, HOLE, join
from rampore.p4d.impedance import impedance
from rampore.p4d.model import Mesh, grid_of
from rampore.p4d.solution import Step, Tolerances, simulate
from rampore.structure import Channels, Coating, Holes, Structure

HOLES = Perforation(75e-6, 160e-6, 30e-6, "coating")
SMALL = Mesh((5, 3, 5), (3, 5), 2)
LINE = Mesh((6, 4, 6))


def thicker(electrode: Electrode, share: float) -> Electrode:
    return replace(electrode, thickness=electrode.thickness * (1 + share))


def both(perforation: Perforation | None = HOLES, negative=0.0, positive=0.0, **changes) -> Cell:
    """LG M50 on both faces; the back's coatings are thicker by these shares."""
    base = examples.chen_2020()
    back = Face(thicker(base.negative, negative), base.separator, thicker(base.positive, positive))
    return replace(base, one_c=2 * base.one_c, perforation=perforation, back=back, **changes)


def exchanged(cell: Cell) -> Cell:
    front = Face(*(getattr(cell, name) for name in Face.__dataclass_fields__))
    return replace(cell, back=front, **vars(cell.back))


def drive(cell: Cell, rate=2.0, until=300.0) -> list[Step]:
    return [Step("current", rate * cell.one_c, until_time=until)]


def run(cell, protocol=None, mesh=SMALL, **more):
    return simulate(cell, protocol or drive(cell), mesh, **more)


# Exact values


def test_two_equal_faces_are_one_with_half_the_depth_of_holes_at_half_the_current():
    """The middle of the foil is a mirror plane. Both take the same steps, so that what is left is
    the tolerance of the linear systems, some 1e-10 V.
    """
    for filling in ("coating", "electrolyte"):
        cell = both(replace(HOLES, filling=filling), contact_negative=1e-3)
        cell = replace(cell, back=replace(cell.back, contact_negative=1e-3))
        steps = [*drive(cell), Step("rest", until_time=60.0)]
        half = cell.faces()[""]
        assert half.perforation.foil_thickness == HOLES.foil_thickness / 2
        one = run(half, [replace(steps[0], value=steps[0].value / 2), steps[1]]).dataset
        two = run(cell, steps).dataset
        assert np.abs(two.voltage.values - one.voltage.values).max() < 1e-8
        assert np.abs(two.ionic_current_through_holes).max() < 1e-9 * cell.one_c


def test_the_mesh_of_both_faces_is_that_of_each_and_comes_apart_again():
    cell = both(negative=0.1, positive=0.2)
    grid = grid_of(cell, SMALL)
    front, back = grid.faces()
    assert grid.volume[..., grid.layer == BACK_NEGATIVE].sum() == pytest.approx(
        1.1 * 85.2e-6 * grid.area, rel=1e-12
    )
    holes = np.isin(grid.layer, (HOLE, BACK_HOLE))
    assert grid.volume[..., holes].sum() == pytest.approx(
        HOLES.open_fraction * grid.area * HOLES.foil_thickness, rel=1e-12
    )
    again = join(front, back)
    for one, other in zip(again, grid, strict=True):
        assert np.allclose(one, other, rtol=1e-12, atol=0)
    for own, cut in zip(cell.faces().values(), (front, back), strict=True):
        for one, other in zip(grid_of(own, SMALL), cut, strict=True):
            if one is not None:
                assert np.allclose(one, other, rtol=1e-9, atol=1e-20)


# What is conserved


@pytest.mark.parametrize("filling", ["coating", "electrolyte"])
def test_charge_lithium_and_salt_are_conserved_on_each_face(filling):
    """Each face holds what it held and what came through the holes; its positive electrode took
    what it gave. The back has a tenth more of the negative coating.
    """
    cell = both(replace(HOLES, filling=filling), negative=0.1)
    solution = run(cell, [*drive(cell), Step("rest", until_time=600.0)])
    data, electrode = solution.dataset, cell.positive
    assert solution.conservation.lithium < 1e-8
    assert solution.conservation.salt < 1e-8
    through = data.lithium_through_holes
    for name, sign, side in (("front", 1, "positive"), ("back", -1, "back_positive")):
        lithium = data[f"lithium_{name}"]
        assert np.abs(lithium - lithium[0] - sign * through).max() < 1e-8 * float(lithium[0])
        material = electrode.materials[0]
        held = FARADAY * material.maximum_concentration * material.fraction * electrode.thickness
        x = data[f"stoichiometry_{side}_nmc811"]
        assert np.abs(data[f"capacity_{name}"] - held * (x - x[0])).max() < 1e-8 * held
    assert float(np.abs(through).max()) > 1e-4 * float(data.lithium_front[0])
    given = data.capacity_front + data.capacity_back
    assert np.abs(given - data.capacity).max() < 1e-6 * float(data.capacity[-1])
    assert np.abs(data.salt_front + data.salt_back - data.total_salt).max() < 1e-12


# The same thing in two ways


def test_behind_closed_foil_tied_faces_are_two_cells_in_parallel():
    """At one voltage each face passes what it passes alone; the share of an imposed current is the
    one at which two single cells have one voltage.
    """
    cell = both(None, negative=0.3, positive=-0.2)
    front, back = cell.faces().values()
    hold = [Step("voltage", 3.7, until_time=200.0)]
    tight = Tolerances(time=1e-5)
    together = run(cell, hold, LINE, tolerances=tight).dataset
    for name, alone in (("front", front), ("back", back)):
        data = run(alone, hold, LINE, tolerances=tight).dataset
        assert float(together[f"capacity_{name}"][-1]) == pytest.approx(
            float(data.capacity[-1]), rel=1e-4
        )
        assert float(together[f"current_density_{name}"][-1]) == pytest.approx(
            float(data.current_density[-1]), rel=1e-4
        )

    def voltage(alone, current):
        step = Step("current", current, until_time=1e-3)
        return float(run(alone, [step], LINE).dataset.voltage[-1])

    whole = cell.one_c
    share = brentq(
        lambda s: voltage(front, s * whole) - voltage(back, (1 - s) * whole), 0.2, 0.8, xtol=1e-7
    )
    data = run(cell, [Step("current", whole, until_time=1e-3)], LINE).dataset
    assert abs(share - 0.5) > 0.02
    assert float(data.current_density_front[-1]) == pytest.approx(share * whole, rel=1e-5)


@pytest.mark.parametrize("filling", ["coating", "electrolyte"])
def test_exchanged_faces_give_the_exchanged_result(filling):
    cell = both(replace(HOLES, filling=filling), 0.1, -0.05, contact_negative=1e-3)
    one, other = (run(each).dataset for each in (cell, exchanged(cell)))
    assert np.abs(one.voltage.values - other.voltage.values).max() < 1e-8
    assert float(one.capacity_front[-1]) == pytest.approx(float(other.capacity_back[-1]), rel=1e-8)
    through = one.lithium_through_holes.values
    miss = np.abs(through + other.lithium_through_holes.values).max()
    assert miss < 1e-6 * np.abs(through).max()


def test_a_structure_on_both_faces_is_that_of_each():
    """Channels and coated holes: two equal faces are one face, and the lithium of a thicker back is
    in its place.
    """
    structure = Structure(
        (Holes(lattice="triangular", pitch=160e-6, width=75e-6, depth=30e-6),),
        (Channels(lattice="triangular", pitch=160e-6, width=40e-6, depth=50e-6),),
        negative=Coating(in_plane=1.5),
    )
    cell = both(None, structure=structure)
    one = run(cell.faces()[""], drive(cell.faces()[""])).dataset
    two = run(cell).dataset
    assert np.abs(two.voltage.values - one.voltage.values).max() < 1e-8
    unequal = replace(cell, back=replace(cell.back, negative=thicker(cell.negative, 0.2)))
    held = [float(run(each).dataset.lithium_back[0]) for each in (cell, unequal)]
    grown = 0.2 * 85.2e-6 * (1 - structure.channel_share("negative", 85.2e-6 * 1.2))
    assert held[1] > held[0] + 0.5 * grown * 0.75 * 33133 * 0.9


# Order of convergence


def test_the_order_through_the_thickness_is_two_on_unequal_faces():
    """Columns stay what they are. What goes round the edge of the foil, a corner of 270 degrees,
    converges at no less than the order 4/3 that such a corner leaves.
    """
    cell = both(negative=0.1, positive=-0.1)

    def found(n):
        mesh = Mesh((n, n // 2, n), (2, 3), n // 2)
        tight = Tolerances(time=1e-5)
        data = run(cell, drive(cell, until=60.0), mesh, tolerances=tight).dataset.isel(time=-1)
        return np.array([float(data.voltage), float(data.lithium_through_holes)])

    values = [found(n) for n in (4, 8, 16, 48)]
    errors = np.abs(np.array(values[:-1]) - values[-1])
    orders = np.log2(errors[:-1] / errors[1:])
    assert ((orders[:, 0] > 1.8) & (orders[:, 0] < 2.4)).all(), orders
    assert (orders[:, 1] > 4 / 3).all(), orders


# Refusal


def test_refusal_of_what_is_read_off_one_face():
    cell = both(None)
    with pytest.raises(CellError, match="coated on one face"):
        impedance(cell, [1.0], LINE)
    with pytest.raises(CellError, match="coated on one face"):
        read(run(cell, drive(cell, until=1.0), LINE), cell)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: replace(c, negative=Lithium(ExchangeCurrent(20.0))), "negative electrode"),
        (
            lambda c: replace(c, back=replace(c.back, positive=Lithium(ExchangeCurrent(20.0)))),
            "back positive electrode",
        ),
        (lambda c: replace(c, back=replace(c.back, contact_negative=-1.0)), "contact_negative"),
    ],
)
def test_refusal_of_faces_that_make_no_sense(change, message):
    with pytest.raises(CellError, match=message):
        change(both(None))
