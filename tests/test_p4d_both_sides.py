"""A negative foil that is coated on both faces: what joins the two, and what does not."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse.linalg
from scipy.optimize import brentq

from rampore.constants import FARADAY
from rampore.materials import ExchangeCurrent
from rampore.p4d import examples
from rampore.p4d.balance import (
    at_state_of_charge,
    balance,
    capacities,
    charged,
    discharged,
    slow_discharge,
)
from rampore.p4d.cell import Cell, Electrode, Face, Lithium, Perforation
from rampore.p4d.discharge import read
from rampore.p4d.equations import Unknowns
from rampore.p4d.errors import CellError
from rampore.p4d.grid import BACK_HOLE, BACK_NEGATIVE, HOLE, join
from rampore.p4d.impedance import impedance
from rampore.p4d.model import Drive, Mesh, Model, grid_of
from rampore.p4d.partners import pair
from rampore.p4d.protocols import charge
from rampore.p4d.solution import Step, Tolerances, simulate
from rampore.structure import Channels, Coating, Holes, Structure

HOLES = Perforation(75e-6, 160e-6, 30e-6, "coating")
SMALL = Mesh((5, 3, 5), (3, 5), 2)
#: Of the lithium of both positives of LG M50 what its negatives lack at the start [C/m2].
LOST = 79e3
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


def test_a_rest_of_ninety_days_keeps_the_lithium_of_each_face():
    """What a plane may miss of 1 % of 1C is a rate, and the last step of the rest takes weeks."""
    cell = charged(both(None, negative=0.3), LOST)
    faces = {name: discharged(f, 0.5 * slow_discharge(f)) for name, f in cell.faces().items()}
    cell = replace(cell.with_faces(faces), perforation=HOLES)
    solution = run(cell, [Step("rest", until_time=90 * 86400.0)])
    assert solution.conservation.lithium < 1e-9


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


@pytest.mark.parametrize("columns", [(1, 1), (3, 5)])
def test_behind_closed_foil_imposed_currents_leave_each_face_alone(columns):
    """Each is the run of its own cell; 2e-5 V is what the times of the steps, which differ, leave
    at this tolerance.
    """
    cell = both(None, negative=0.1, positive=-0.1, tied=False)
    mesh, sides, tight = Mesh((5, 3, 5), columns), (80e-6, 140e-6), Tolerances(time=1e-4)
    given = dict(
        zip(("voltage", "voltage_back"), (0.6 * cell.one_c, 0.9 * cell.one_c), strict=True)
    )
    whole = sum(given.values())
    steps = [
        Step("current", whole, back=given["voltage_back"], until_time=200.0),
        Step("rest", until_time=60.0),
    ]
    together = run(cell, steps, mesh, tolerances=tight, sides=sides).dataset
    for (name, current), alone in zip(given.items(), cell.faces().values(), strict=True):
        step = Step("current", current, until_time=200.0)
        data = run(alone, [step, steps[1]], mesh, tolerances=tight, sides=sides).dataset
        t = [200.0, 260.0]
        ours, theirs = (
            np.interp(t, together.time, together[name]),
            np.interp(t, data.time, data.voltage),
        )
        assert np.abs(ours - theirs).max() < 2e-5
    assert np.abs(together.voltage[-1] - together.voltage_back[-1]) > 1e-3


def test_the_currents_that_tied_faces_share_give_both_one_voltage_when_they_are_imposed():
    """In the first millisecond, in which the share moves by so little that the voltages differ by
    less than 1e-6 V; equal shares would make it a thousand times that. The holes are open.
    """
    cell = both(negative=0.3, positive=-0.2)
    instant = {"until_time": 1e-3}
    tied = run(cell, [Step("current", cell.one_c, **instant)]).dataset
    back = float(tied.current_density_back[-1])
    apart = run(replace(cell, tied=False), [Step("current", cell.one_c, back=back, **instant)])
    data = apart.dataset.isel(time=-1)
    assert abs(back / cell.one_c - 0.5) > 0.01
    assert float(data.voltage_back) == pytest.approx(float(data.voltage), abs=1e-6)
    assert float(data.voltage) == pytest.approx(float(tied.voltage[-1]), abs=1e-6)


def test_what_one_face_alone_is_asked_for_comes_from_both_through_the_holes():
    """The back passes nothing, and its negative coating gives lithium all the same: some per cent,
    for the potential of graphite is flat, and no more than half. Each face keeps its books.
    """
    cell = both(tied=False)
    step = Step("current", cell.one_c, back=0.0, until_time=600.0)
    solution = run(cell, [step])
    data = solution.dataset
    assert float(np.abs(data.capacity_back).max()) < 1e-9 * float(data.capacity_front[-1])
    stayed = data.stoichiometry_back_positive_nmc811
    assert float(stayed[-1]) == pytest.approx(float(stayed[0]), abs=1e-9)
    through = data.lithium_through_holes
    share = float(through[-1]) * FARADAY / float(data.capacity_front[-1])
    assert 0.01 < share < 0.5
    for name, sign in (("front", 1), ("back", -1)):
        lithium = data[f"lithium_{name}"]
        assert np.abs(lithium - lithium[0] - sign * through).max() < 1e-8 * float(lithium[0])


def test_a_cut_off_is_that_of_the_face_that_meets_it_first():
    cell = both(tied=False)
    ends = Step("current", cell.one_c, back=0.7 * cell.one_c, until_voltage=3.9)
    solution = run(cell, [ends])
    assert solution.ends == ("voltage",)
    assert float(solution.dataset.voltage_back[-1]) == pytest.approx(3.9, abs=2e-6)
    assert float(solution.dataset.voltage[-1]) > 3.91


def test_the_jacobian_of_two_voltages_is_the_derivative_of_the_residual():
    cell = both(negative=0.1, tied=False, contact_negative=1e-3)
    capacitive = [replace(each, double_layer=0.2) for each in (cell.negative, cell.positive)]
    cell = replace(
        cell,
        positive=capacitive[1],
        back=replace(cell.back, negative=capacitive[0], positive=capacitive[1]),
    )
    model = Model(cell, Mesh((3, 2, 3), (2, 3), 2))
    rng = np.random.default_rng(1)
    u, voltage = model.start()
    present = ~model.layout.absent
    u = u + rng.normal(size=u.shape) * np.array([30.0, 0.02, 0.02]) * present
    weights = np.array([1.5, -2.0, 0.5]) / 20.0
    model.condense(weights, 1.0)
    past = Unknowns(-weights[0] * u, -weights[0] * voltage)
    shift = np.array([1e-3, -2e-3])
    for drive in (Drive("current", 40.0, 30.0), Drive("voltage", 3.7)):
        right, imposed = model.assemble(Unknowns(u, voltage), past, drive)
        matrix = model.multigrid.sparse()
        model.multigrid.prepare()
        x, border = model.multigrid.solve(right.reshape(*model.grid.shape, 3), imposed, 1e-12)
        solved = scipy.sparse.linalg.spsolve(matrix, np.append(right, imposed))
        assert np.abs(np.append(x, border) - solved).max() < 1e-8 * np.abs(solved).max()
        direction = rng.normal(size=u.shape) * np.array([1.0, 1e-3, 1e-3]) * present
        exact = matrix @ np.append(direction, shift)
        ends = [
            np.append(
                *model.assemble(Unknowns(u + h * direction, voltage + h * shift), past, drive)
            )
            for h in (1e-3, -1e-3)
        ]
        assert np.abs((ends[0] - ends[1]) / 2e-3 - exact).max() < 1e-6 * np.abs(exact).max()


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


# What is slow, and what lasts


def held(cell, side):
    """Lithium in the electrodes of one side of both faces [C/m2]."""
    return sum(
        capacity * material.stoichiometry
        for name in cell.electrodes
        if name.endswith(side)
        for capacity, material in capacities(cell, name)
    )


@pytest.mark.parametrize("perforation", [None, HOLES])
@pytest.mark.parametrize("loading", [0.02, 0.05, 0.1])
def test_slow_leaves_both_faces_at_one_voltage_and_loses_nothing(perforation, loading):
    """And where holes join them, each electrode at the potential of that of the other face."""
    full = charged(both(perforation, negative=loading), LOST)
    faces = full.faces().values()
    voltages = [face.open_circuit_voltage for face in faces]
    assert voltages[0] == pytest.approx(voltages[1], abs=0.03)
    slow = slow_discharge(full)
    half = at_state_of_charge(full, 0.5)
    for side, sign in (("negative", -1), ("positive", 1)):
        moved = sign * (held(half, side) - held(full, side))
        assert moved == pytest.approx(0.5 * slow, rel=1e-9)
    front, back = half.faces().values()
    assert front.open_circuit_voltage == pytest.approx(back.open_circuit_voltage, abs=1e-9)
    x = [cell.negative.materials[0].stoichiometry for cell in (front, back)]
    assert (abs(x[0] - x[1]) < 1e-9) == (perforation is not None)
    empty = at_state_of_charge(full, 0.0)
    assert empty.open_circuit_voltage == pytest.approx(full.lower_cutoff, abs=1e-6)
    held_by_both = balance(full, LOST)
    assert held_by_both.charged == pytest.approx(held(full, "negative"), rel=1e-12)
    assert held_by_both.discharge == pytest.approx(slow, rel=1e-12)


@pytest.mark.parametrize("perforation", [None, HOLES])
def test_a_slow_run_ends_where_the_slow_discharge_does(perforation):
    """A five-hundredth of 1C down to a state of charge of 0.1. There the potential of graphite
    falls; on its plateau, at 1e-5 V over all of a stoichiometry, faces take months to even out.
    """
    full = charged(both(perforation, negative=0.1), LOST)
    given = 0.9 * slow_discharge(full)
    step = Step("current", 0.002 * full.one_c, until_capacity=given)
    mesh = Mesh((3, 2, 3), (2, 3) if perforation else (1, 1), 1)
    data = run(full, [step], mesh).dataset.isel(time=-1)
    slow = discharged(full, given)
    for name, electrode in slow.electrodes.items():
        (material,) = electrode.materials
        found = float(data[f"stoichiometry_{name.replace(' ', '_')}_{material.name}"])
        assert found == pytest.approx(material.stoichiometry, abs=4e-4)


def test_ten_cycles_run_and_the_faces_even_out_at_rest():
    """Ten cycles and a discharge at 1C of faces that differ, the holes open. In the rest after it
    what passes them falls to a tenth of the most that passed them, and both negatives are as full.
    """
    cell = charged(both(negative=0.1), LOST)
    discharge = Step("current", cell.one_c, until_voltage=cell.lower_cutoff)
    cycle = [discharge, *charge(cell, 0.5, 0.1)]
    steps = [*cycle * 10, discharge, Step("rest", until_time=7200.0)]
    solution = run(cell, steps, Mesh((3, 2, 3), (1, 2), 1, 5))
    assert solution.ends[:3] == ("voltage", "voltage", "current")
    data = solution.dataset
    passing = np.abs(data.ionic_current_through_holes)
    assert float(passing[-1]) < 0.1 * float(passing.max())
    x = [
        float(data[f"stoichiometry_{name}_graphite"][-1]) for name in ("negative", "back_negative")
    ]
    assert x[0] == pytest.approx(x[1], abs=2e-3)
    through = data.lithium_through_holes
    lithium = data.lithium_front
    assert np.abs(lithium - lithium[0] - through).max() < 1e-8 * float(lithium[0])


def test_the_unstructured_partner_of_both_faces_holds_what_they_hold():
    cell = both(negative=0.1)
    cells = pair(cell, SMALL)
    assert cells.plain.perforation is None
    for name in cell.electrodes:
        one, other = (capacities(each, name)[0][0] for each in (cell, cells.plain))
        assert one == pytest.approx(other, rel=1e-12)
    assert cells.plain_grid.area == pytest.approx(cells.structured_grid.area, rel=1e-12)


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
        (lambda c: replace(c, tied="yes"), "tied"),
        (lambda c: replace(c, back=None, tied=False), "one positive foil"),
    ],
)
def test_refusal_of_faces_that_make_no_sense(change, message):
    with pytest.raises(CellError, match=message):
        change(both(None))


@pytest.mark.parametrize(
    ("tied", "step", "message"),
    [
        (True, Step("current", 1.0, back=0.5, until_time=1.0), "not tied"),
        (False, Step("current", 1.0, until_time=1.0), "what each face gives"),
        (False, Step("power", 1.0, until_time=1.0), "what each face gives"),
    ],
)
def test_refusal_of_a_step_that_does_not_fit_the_faces(tied, step, message):
    with pytest.raises(CellError, match=message):
        run(both(None, tied=tied), [step], LINE)


def test_refusal_of_a_share_of_no_current():
    with pytest.raises(CellError, match="back = 1 has no effect"):
        Step("voltage", 3.7, back=1.0, until_time=1.0)
