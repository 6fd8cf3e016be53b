"""Solids that swell in the engine: pores, thickness, the electrolyte that moves, order in time."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from numpy.polynomial import Polynomial

from rampore.p4d import examples
from rampore.p4d.balance import capacities
from rampore.p4d.cell import Face, Perforation, Swelling
from rampore.p4d.equations import Unknowns
from rampore.p4d.errors import CellError, SolverError
from rampore.p4d.grid import NEGATIVE, SEPARATOR
from rampore.p4d.model import Drive, Model
from rampore.p4d.solution import Mesh, Step, Tolerances, simulate
from rampore.structure import Channels, Structure
from rampore.swelling import Swollen, VolumeLaw, swollen

COARSE = Mesh((8, 5, 8))
PLANE = Mesh((5, 3, 5), (2, 3), 2, 8)
#: of graphite's size, and what silicon does to a third of a coating
GRAPHITE, BLEND = (VolumeLaw(Polynomial([1.0, growth]), None) for growth in (0.13, 0.5))
#: of more than the pores hold
WIDE = VolumeLaw(Polynomial([1.0, 1.0]), None)
SHARINGS = (0.0, 0.4, 1.0)


def swelling_cell(law=BLEND, swelling=None, positive=None, **changes):
    """Chen's cell, whose negative material follows a law, and whose positive one may."""
    cell = examples.chen_2020()
    return replace(
        cell,
        negative=with_law(cell.negative, law),
        positive=with_law(cell.positive, positive),
        swelling=swelling,
        **changes,
    )


def with_law(electrode, law):
    (material,) = electrode.materials
    return replace(electrode, materials=(replace(material, volume_law=law),))


def discharged(cell, rate=1.0, mesh=COARSE, tolerance=1e-3, **options):
    step = Step("current", rate * cell.one_c, until_voltage=cell.lower_cutoff)
    return simulate(cell, [step], mesh, Tolerances(time=tolerance), **options)


def perforated(filling, **changes):
    holes = Perforation(75e-6, 160e-6, 15e-6, filling)
    return swelling_cell(**({"perforation": holes, "contact_negative": 1e-3} | changes))


def solid_ratio(cell, x):
    """Volume of the negative coating's solid over that at the start, by the law of its material."""
    material = cell.negative.materials[0]
    share = material.fraction / (1 - cell.negative.porosity)
    law = material.volume_law
    return 1 + share * (law(x) / law(material.stoichiometry) - 1)


# Exact values


class Even(NamedTuple):
    """A coating at the end of a discharge at 0.01C, whose graphite is even."""

    ratio: float  #: volume of its solid over that at the start [-]
    thickness: float  #: [m]
    porosity: np.ndarray  #: of its boxes [-]
    closed_form: Swollen  #: of the mean stoichiometry


def filled_evenly(sharing):
    cell = swelling_cell(swelling=Swelling(sharing))
    end = discharged(cell, 0.01).dataset.isel(field_time=-1, time=-1)
    ratio = solid_ratio(cell, float(end.stoichiometry_negative_graphite))
    return Even(
        ratio,
        float(end.thickness_negative),
        end.porosity.values[..., (end.layer == "negative").values],
        swollen(cell.negative.thickness, cell.negative.porosity, ratio, sharing),
    )


@pytest.mark.parametrize("sharing", SHARINGS)
def test_a_coating_that_is_filled_evenly_swells_as_the_closed_form_says(sharing):
    even = filled_evenly(sharing)
    assert even.ratio < 0.8
    assert even.thickness == pytest.approx(even.closed_form.thickness, rel=1e-4)
    np.testing.assert_allclose(even.porosity, even.closed_form.porosity, rtol=1e-3)


@pytest.mark.parametrize("sharing", SHARINGS)
def test_the_cell_is_as_thick_as_its_layers(sharing):
    cell = swelling_cell(swelling=Swelling(sharing))
    data = discharged(cell).dataset
    others = cell.separator.thickness + cell.positive.thickness
    np.testing.assert_allclose(data.thickness, data.thickness_negative + others, rtol=1e-14)


@pytest.mark.parametrize("sharing", SHARINGS)
def test_solid_and_pore_are_the_whole_in_every_box_at_every_time(sharing):
    """By the thickness that the library gives for each slice of a coating."""
    cell = swelling_cell(swelling=Swelling(sharing))
    data = discharged(cell, 2.0, field_times=(100.0, 500.0, 1000.0)).dataset
    coating = (data.layer == "negative").values
    assert data.field_time.size >= 4
    for n, time in enumerate(data.field_time.values):
        fields = data.isel(field_time=n)
        ratio = solid_ratio(cell, fields.mean_stoichiometry_negative_graphite.values[..., coating])
        slices = swollen(1.0, cell.negative.porosity, ratio, sharing)
        solid = (1 - cell.negative.porosity) * ratio / slices.thickness
        np.testing.assert_allclose(fields.porosity.values[..., coating] + solid, 1, rtol=1e-13)
        heights = np.diff(data.z_edge.values)[coating] @ slices.thickness[0, 0]
        at = int(np.argmin(np.abs(data.time.values - time)))
        assert float(data.thickness_negative[at]) == pytest.approx(heights, rel=1e-13)
        rest = fields.porosity.values[..., ~coating]
        np.testing.assert_allclose(rest, data.porosity.values[0][..., ~coating], rtol=1e-13)


@pytest.mark.parametrize("reservoir", [None, 30e-6])
def test_what_slow_pores_displace_leaves_the_salt_even(reservoir):
    """As the rate falls the concentration goes to the one at the start, linearly."""
    cell = swelling_cell(swelling=Swelling(reservoir=reservoir))
    spread = []
    for rate in (0.02, 0.01):
        data = discharged(cell, rate).dataset
        spread.append(float(data.c_e_max.max() - data.c_e_min.min()))
    assert spread[1] < 15
    assert spread[0] / spread[1] == pytest.approx(2, abs=0.1)


def test_a_law_that_does_not_change_is_no_law():
    still = VolumeLaw(Polynomial([1.0]), None)
    plain = discharged(examples.chen_2020()).dataset
    for sharing in (0.0, 1.0):
        data = discharged(swelling_cell(still, Swelling(sharing))).dataset
        assert data.time.size == plain.time.size
        np.testing.assert_allclose(data.voltage, plain.voltage, rtol=0, atol=1e-9)
        np.testing.assert_allclose(data.thickness, data.thickness[0], rtol=1e-15)


def test_columns_side_by_side_are_one_column():
    cell = swelling_cell(swelling=Swelling(0.4), positive=GRAPHITE)
    one = discharged(cell, mesh=Mesh((6, 4, 6))).dataset
    many = discharged(cell, mesh=Mesh((6, 4, 6), (2, 3))).dataset
    for name in ("voltage", "thickness", "reservoir_volume", "reservoir_salt", "porosity_min"):
        np.testing.assert_allclose(many[name], one[name], rtol=1e-5, atol=1e-15)


# A start that is not the state that porosities and fractions are of


def as_given_at(stoichiometry, sharing=0.3, **changes):
    """The swelling cell with its porosities, fractions and thickness at another stoichiometry."""
    cell = perforated("coating", swelling=Swelling(sharing), **changes)
    (material,) = cell.negative.materials
    material = replace(material, volume_at=stoichiometry)
    return replace(cell, negative=replace(cell.negative, materials=(material,)))


def at_start(cell):
    mesh = PLANE if cell.has_pattern else COARSE
    step = Step("current", 0.0, until_time=1.0)
    return simulate(cell, [step], mesh, field_times=(0.0,)).dataset.isel(time=0, field_time=0)


@pytest.mark.parametrize("sharing", SHARINGS)
def test_the_start_is_what_became_of_the_coating_as_given(sharing):
    cell = as_given_at(0.5, sharing, perforation=None)
    (material,) = cell.negative.materials
    share = material.fraction / (1 - cell.negative.porosity)
    growth = BLEND(material.stoichiometry) / BLEND(0.5) - 1
    expected = swollen(cell.negative.thickness, cell.negative.porosity, 1 + share * growth, sharing)
    start = at_start(cell)
    assert expected.porosity != cell.negative.porosity or sharing == 1
    coating = (start.layer == "negative").values
    assert float(start.thickness_negative) == pytest.approx(expected.thickness, rel=1e-13)
    np.testing.assert_allclose(start.porosity.values[..., coating], expected.porosity, rtol=1e-12)
    salt = float((start.electrolyte_per_given_volume * start.volume * start.c_e).sum())
    assert float(start.total_salt) * start.attrs["unit_cell_area_m2"] == pytest.approx(salt)


def test_a_cell_that_came_to_its_start_goes_on_as_one_that_began_there():
    """A slow charge and a rest bring a coating to what another one says to start from."""
    began, rate = 0.2, 1e-3
    full = as_given_at(began)
    (material,) = full.negative.materials
    # with a slope everywhere, so that the slow charge leaves it even
    full = with_materials(full, replace(material, potential=lambda x: 0.5 - 0.4 * x))
    charge = charge_between(full, material.stoichiometry - began)
    slow = Step("current", -rate * full.one_c, until_time=charge / (rate * full.one_c))
    go_on = Step("current", full.one_c, until_time=1200.0)
    protocol = [slow, Step("current", 0.0, until_time=4e4), go_on]
    came = simulate(emptied(full, began, charge), protocol, PLANE).step(2)
    direct = simulate(full, [go_on], PLANE).dataset
    for name, digits in (("thickness_negative", {"rel": 1e-5}), ("porosity_min", {"abs": 1e-5})):
        ends, expected = (data[name].values[[0, -1]] for data in (came, direct))
        assert list(ends) == pytest.approx(list(expected), **digits)
    assert came.voltage.values[-1] == pytest.approx(direct.voltage.values[-1], abs=2e-4)


def with_materials(cell, negative, positive=None):
    (kept,) = cell.positive.materials
    return replace(
        cell,
        negative=replace(cell.negative, materials=(negative,)),
        positive=replace(cell.positive, materials=(positive or kept,)),
    )


def emptied(cell, stoichiometry, charge):
    """The cell with a charge of lithium [C/m2] in its positive electrode in place of its negative
    one, whose stoichiometry it leaves.
    """
    (negative,), (positive,) = cell.negative.materials, cell.positive.materials
    ((capacity, _),) = capacities(cell, "positive")
    return with_materials(
        cell,
        replace(negative, stoichiometry=stoichiometry),
        replace(positive, stoichiometry=positive.stoichiometry + charge / capacity),
    )


def charge_between(cell, change):
    """What the negative electrode takes up for a change of its stoichiometry [C/m2]."""
    return change * sum(capacity for capacity, _ in capacities(cell, "negative"))


def test_the_start_itself_may_be_named():
    """Bit for bit what the default gives."""
    named = as_given_at(perforated("coating").negative.materials[0].stoichiometry)
    plain = perforated("coating", swelling=Swelling(0.3))
    ours, theirs = (discharged(cell, mesh=PLANE).dataset for cell in (named, plain))
    for name in ("voltage", "thickness", "reservoir_salt", "porosity"):
        np.testing.assert_array_equal(ours[name].values, theirs[name].values)


def test_pores_that_are_closed_at_the_start_are_an_error():
    with pytest.raises(SolverError, match=r"pores at z = .* um close"):
        Model(as_given_at(0.0, 0.0, perforation=None, law=WIDE), COARSE)


# Conservation


CELLS = {
    "as given half full": as_given_at(0.5, 0.5),
    "rigid": swelling_cell(swelling=Swelling(reservoir=50e-6)),
    "free": swelling_cell(swelling=Swelling(1.0), positive=GRAPHITE),
    "over a hole of electrolyte": perforated("electrolyte", swelling=Swelling(0.3)),
    "over a coated hole": perforated("coating", swelling=Swelling(0.3, reservoir=50e-6)),
    "with channels": swelling_cell(
        structure=Structure(channels=(Channels(lattice="triangular", pitch=80e-6, width=20e-6),)),
        swelling=Swelling(0.5),
    ),
}


def round_trip(cell):
    """Discharge, charge and discharge."""
    protocol = [Step("current", rate * cell.one_c, until_time=400.0) for rate in (1.0, -1.0, 0.5)]
    return simulate(cell, protocol, PLANE if cell.has_pattern else COARSE)


@pytest.mark.parametrize("name", CELLS)
def test_salt_lithium_and_charge_are_kept(name):
    solution = round_trip(CELLS[name])
    assert solution.conservation.salt < 1e-10
    assert solution.conservation.lithium < 1e-10
    assert solution.conservation.charge < 1e-6
    assert np.ptp(solution.dataset.reservoir_salt.values) > 1e-4


@pytest.mark.parametrize("name", ["rigid", "over a hole of electrolyte", "over a coated hole"])
def test_what_leaves_the_pores_is_what_the_reservoir_gains(name):
    """Summed over the boxes of the fields, in a rigid stack: electrolyte, and the salt in it."""
    cell = replace(CELLS[name], swelling=Swelling())
    mesh = PLANE if cell.has_pattern else COARSE
    data = discharged(cell, mesh=mesh, field_times=(300.0, 900.0)).dataset
    area = data.attrs["unit_cell_area_m2"]
    for n, time in enumerate(data.field_time.values):
        now = data.isel(field_time=n, time=int(np.argmin(np.abs(data.time.values - time))))
        pores = now.porosity * now.volume / area
        held = float(pores.sum()), float((pores * now.c_e).sum())
        if n == 0:
            start = held
        gained = start[0] - held[0], start[1] - held[1]
        assert float(now.reservoir_volume) == pytest.approx(gained[0], rel=1e-9, abs=1e-18)
        assert float(now.reservoir_salt) == pytest.approx(gained[1], rel=1e-8, abs=1e-12)
    assert gained[0] < -3e-6


# Order


def errors_in_time(rate, sharing):
    """Largest errors of voltage [V], salt [mol/m3] and porosity [-] at three tolerances, against a
    hundredth of the last; the steps, and those of the same run without swelling at the first.
    """
    cell = swelling_cell(swelling=Swelling(sharing, reservoir=30e-6), positive=GRAPHITE)
    times = np.arange(100.0, 1200.0 / rate, 100.0)
    step = [Step("current", rate * cell.one_c, until_time=1200.0 / rate)]

    def at_times(tolerance):
        solution = simulate(cell, step, COARSE, Tolerances(time=tolerance), times)
        data = solution.dataset.sel(time=times)
        wet = np.isfinite(data.porosity.values)
        found = data.voltage.values, data.c_e_max.values, data.porosity.values[wet]
        return found, solution.counts["steps"]

    exact = at_times(1e-7)[0]
    found, steps = zip(*(at_times(tolerance) for tolerance in (1e-3, 1e-4, 1e-5)), strict=True)
    errors = {
        name: [float(np.abs(values[n] - exact[n]).max()) for values in found]
        for n, name in enumerate(("voltage", "salt", "porosity"))
    }
    plain = simulate(examples.chen_2020(), step, COARSE, field_times=times)
    return errors, steps, plain.counts["steps"]


@pytest.mark.parametrize(("rate", "sharing"), [(1.0, 0.0), (2.0, 0.4)])
def test_errors_fall_as_the_steps_squared(rate, sharing):
    errors, steps, plain = errors_in_time(rate, sharing)
    for name, each in errors.items():
        order = -np.polyfit(np.log(steps), np.log(each), 1)[0]
        assert order > 1.6, (name, each, steps)
    assert errors["porosity"][0] < 5e-4
    assert steps[0] < 1.1 * plain


# The same thing in two ways


def test_jacobian_is_the_derivative_of_the_residual():
    cell = perforated("electrolyte", swelling=Swelling(0.5))
    model = Model(cell, PLANE)
    rng = np.random.default_rng(1)
    u, voltage = model.start()
    u = u + rng.normal(size=u.shape) * np.array([30.0, 0.02, 0.02]) * ~model.layout.absent
    weights = np.array([1.5, -2.0, 0.5]) / 20.0
    model.condense(weights, 1.0)
    for population in model.populations:
        population.j[:] = rng.normal(size=population.j.size)
    salt = model.expansion.prepare(weights, 1.0, u[:, 0], u[:, 0])
    past = Unknowns(-weights[0] * u, -weights[0] * voltage)
    past.u[:, 0] = salt
    model.assemble(Unknowns(u, voltage), past, Drive("current", 40.0))
    matrix = model.multigrid.sparse()
    direction = rng.normal(size=u.shape) * np.array([1.0, 0.0, 0.0]) * ~model.layout.absent
    sides = [
        model.assemble(Unknowns(u + h * direction, voltage), past, Drive("current", 40.0))[0].copy()
        for h in (1e-3, -1e-3)
    ]
    exact = (matrix @ np.append(direction, 0.0))[:-1]
    difference = ((sides[0] - sides[1]) / 2e-3).ravel()
    assert np.abs(difference - exact).max() < 1e-6 * np.abs(exact).max()


def flow_of(cell, mesh):
    """Displaced electrolyte on charge with an even reaction: the model, and what flows [m3/s]."""
    model = Model(cell, mesh)
    weights = np.array([1.0, -1.0, 0.0]) / 10.0
    model.condense(weights, 0.0)
    for population in model.populations:
        population.j[:] = -0.5 * (population.electrode == "negative")
    last = model.start().u[:, 0]
    pores = model.expansion.now.pore.copy()
    stored = model.expansion.prepare(weights, 0.0, last, last)
    assert np.all(np.isfinite(stored))
    model.expansion.follow()
    change = (model.expansion.ahead.pore - pores) / 10.0
    return model, change, model.expansion.flow


@pytest.mark.parametrize("name", CELLS)
def test_flow_brings_what_pores_displace_to_the_separator(name):
    """Box by box; none goes through the foil, and all of it leaves by the separator."""
    cell = CELLS[name]
    model, change, flow = flow_of(cell, PLANE if cell.has_pattern else COARSE)
    layout = model.layout
    out = np.zeros(change.size)
    np.add.at(out, layout.left, flow)
    np.add.at(out, layout.right, -flow)
    separator = np.broadcast_to(model.grid.layer == SEPARATOR, model.grid.shape).ravel()
    scale = np.abs(change).sum()
    assert abs(change.sum()) > 0.1 * scale
    np.testing.assert_allclose(out[~separator], -change[~separator], atol=1e-10 * scale)
    assert out[separator].sum() == pytest.approx(change.sum(), abs=1e-10 * scale)
    assert np.all(flow[layout.area == 0] == 0)


def test_open_channels_take_most_of_what_is_displaced_around_them():
    """Boxes that hold some of a channel are a tenth of the plan, and pass more than the rest."""
    cell = replace(CELLS["with channels"], swelling=Swelling())
    model, _, flow = flow_of(cell, Mesh((6, 3, 6), (6, 10), 2, 8))
    layers = model.grid.shape[2]
    top = np.flatnonzero(model.grid.layer == NEGATIVE)[-1]
    layout = model.layout
    leaving = (layout.axis == 2) & (layout.left % layers == top)
    plan = layout.left[leaving] // layers
    cut = (
        model.expansion.now.porosity.reshape(-1, layers)[plan, top] > cell.negative.porosity + 0.01
    )
    assert layout.area[leaving][cut].sum() < 0.11 * layout.area[leaving].sum()
    assert flow[leaving][cut].sum() > 0.5 * flow[leaving].sum()


# Ends


def nearly_empty(swelling, growth=1.5):
    """Chen's cell with an empty negative electrode whose solid grows to more than there is room."""
    cell = swelling_cell(VolumeLaw(Polynomial([1.0, growth - 1.0]), None), swelling)
    (positive,) = cell.positive.materials
    (negative,) = cell.negative.materials
    return replace(
        cell,
        negative=replace(cell.negative, materials=(replace(negative, stoichiometry=0.03),)),
        positive=replace(cell.positive, materials=(replace(positive, stoichiometry=0.9),)),
        upper_cutoff=4.5,
    )


def charged(cell, rate=0.05):
    step = Step("current", -rate * cell.one_c, until_voltage=cell.upper_cutoff)
    return simulate(cell, [step, Step("current", cell.one_c, until_time=60.0)], COARSE)


def test_pores_that_close_are_an_error_that_says_where():
    with pytest.raises(SolverError, match=r"pores at z = \d+\.\d um close.*shorter steps"):
        charged(nearly_empty(Swelling()))


def test_a_step_ends_at_the_least_porosity_and_the_next_one_goes_on():
    solution = charged(nearly_empty(Swelling(least_porosity=0.02)))
    assert solution.ends == ("porosity", "time")
    porosity = solution.step(0).porosity_min.values
    assert porosity[-1] == pytest.approx(0.02, abs=2e-6)
    assert solution.dataset.porosity_min.values[-1] > 0.02


def test_a_free_stack_keeps_its_pores():
    solution = charged(nearly_empty(Swelling(1.0, least_porosity=0.02)))
    assert solution.ends[0] == "voltage"
    np.testing.assert_allclose(solution.dataset.porosity_min, 0.25, rtol=1e-9)
    assert solution.dataset.thickness_negative.values.max() > 1.2 * 85.2e-6


# What is refused


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sharing": -0.1}, "sharing = -0.1 must be finite and at least 0"),
        ({"sharing": np.nan}, "sharing = nan"),
        ({"reservoir": 0.0}, "reservoir = 0 must be finite and above 0"),
        ({"least_porosity": 1.0}, "least_porosity = 1 must be"),
    ],
)
def test_a_stack_that_cannot_be_is_refused(change, words):
    with pytest.raises(CellError, match=words):
        Swelling(**change)


def test_a_law_that_is_none_is_refused():
    with pytest.raises(CellError, match=r"volume_law = 0\.1 is no function"):
        swelling_cell(0.1)
    with pytest.raises(CellError, match=r"volume_law over the stoichiometry at index .* above 0"):
        Model(swelling_cell(lambda x: 1.0 - 2.0 * x), COARSE)
    with pytest.raises(CellError, match=r"volume_at = 1\.5 must be"):
        as_given_at(1.5)
    with pytest.raises(CellError, match="volume_at has no effect without a volume_law"):
        replace(examples.chen_2020().negative.materials[0], volume_at=0.5)
    with pytest.raises(CellError, match="swelling has no effect"):
        replace(examples.chen_2020(), swelling=Swelling())
    with pytest.raises(CellError, match=r"least_porosity = 0\.3 is not below"):
        Model(swelling_cell(swelling=Swelling(least_porosity=0.3)), COARSE)


def test_a_foil_that_is_coated_on_both_faces_is_refused():
    cell = swelling_cell()
    with pytest.raises(CellError, match="take a foil that is coated on one face"):
        replace(cell, back=Face(cell.negative, cell.separator, cell.positive))


def test_a_dry_reservoir_is_an_error_that_says_so():
    cell = swelling_cell(swelling=Swelling(reservoir=2e-6))
    with pytest.raises(SolverError, match="the reservoir, 2e-06 m at the start, is dry"):
        discharged(cell)
