"""What cannot be is refused where it enters: cells, steps, meshes, scenarios, and properties over
their domain.
"""

from dataclasses import replace

import numpy as np
import pytest

from rampore.lim2026 import parameters
from rampore.lim2026.cells import Keep, PorositySet, Scenario, charged_cell, power_closure
from rampore.materials import Electrolyte, ExchangeCurrent, constant
from rampore.p4d import examples, protocols
from rampore.p4d.cell import Electrode, Lithium, Perforation
from rampore.p4d.errors import CellError
from rampore.p4d.grid import make_grid
from rampore.p4d.model import Model
from rampore.p4d.solution import Mesh, Step, Tolerances, simulate

CELL, COARSE = examples.chen_2020(), Mesh((4, 2, 4), modes=3)
GRAPHITE, NEGATIVE = CELL.negative.materials[0], CELL.negative
NO_NUMBERS = [np.nan, np.inf, -np.inf, "1", None, True]

POSITIVE = [
    (GRAPHITE, ("radius", "maximum_concentration", "diffusivity", "stoichiometry")),
    (NEGATIVE, ("thickness", "porosity", "conductivity", "in_plane")),
    (CELL.separator, ("thickness", "porosity", "in_plane")),
    (Perforation(75e-6, 160e-6, 15e-6), ("pitch", "foil_thickness")),
    (CELL, ("concentration", "one_c", "temperature")),
]
NOT_NEGATIVE = [
    (GRAPHITE, ("fraction", "hysteresis_decay")),
    (NEGATIVE, ("double_layer", "inert_surface")),
    (Lithium(ExchangeCurrent(20.0)), ("double_layer",)),
    (Perforation(75e-6, 160e-6, 15e-6), ("hole_diameter",)),
    (CELL, ("contact_negative", "contact_positive", "state_of_charge")),
]


def fields(table):
    return [
        pytest.param(owner, name, id=f"{type(owner).__name__}.{name}")
        for owner, names in table
        for name in names
    ]


@pytest.mark.parametrize(("owner", "name"), fields(POSITIVE + NOT_NEGATIVE))
def test_a_field_that_is_no_number_or_below_zero_is_refused_by_name(owner, name):
    for value in (*NO_NUMBERS, -1e-9):
        with pytest.raises(CellError, match=name):
            replace(owner, **{name: value})


@pytest.mark.parametrize(("owner", "name"), fields(POSITIVE))
def test_zero_is_a_value_and_refused_where_nothing_can_be_zero(owner, name):
    with pytest.raises(CellError, match=name):
        replace(owner, **{name: 0.0})


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (GRAPHITE, "fraction", 1.1),
        (GRAPHITE, "stoichiometry", 1.0),
        (GRAPHITE, "hysteresis", -1.1),
        (GRAPHITE, "name", "a/b"),
        (GRAPHITE, "exchange_current", ExchangeCurrent(-1.0)),
        (GRAPHITE, "exchange_current", ExchangeCurrent(1.0, salt=np.nan)),
        (NEGATIVE, "porosity", 1.1),
        (CELL, "state_of_charge", 1.1),
        (CELL, "lower_cutoff", np.nan),
        (CELL, "electrolyte", CELL.electrolyte._replace(validity=0.0)),
    ],
)
def test_a_field_beyond_its_range_is_refused_by_name(owner, name, value):
    with pytest.raises(CellError, match=name.replace("name", "no name")):
        replace(owner, **{name: value})


def test_two_materials_of_one_name_are_refused():
    with pytest.raises(CellError, match="a name of its own"):
        Electrode(1e-4, 0.3, 1.0, (GRAPHITE, GRAPHITE))


def test_a_word_that_is_no_choice_is_refused_with_the_nearest():
    with pytest.raises(CellError, match="did you mean 'current'"):
        Step("curent", 1.0, until_time=1.0)
    with pytest.raises(CellError, match="'coating'"):
        Perforation(75e-6, 160e-6, 15e-6, "coatings")
    with pytest.raises(CellError, match="did you mean 'mass-conserving'"):
        Scenario(porosity="mass conserving")
    with pytest.raises(CellError, match="keep"):
        Scenario(keep="solid")


def test_the_exact_word_is_as_good_as_the_member_of_its_enumeration():
    given = parameters.load()
    by_word, by_member = (
        charged_cell(given, Scenario(perforated=True, porosity=word, keep=str(Keep.SOLID_RATIO)))[
            0
        ].negative.porosity
        for word in ("mass-conserving", PorositySet.MASS_CONSERVING)
    )
    assert by_word == by_member
    assert by_word != charged_cell(given, Scenario(perforated=True))[0].negative.porosity


@pytest.mark.parametrize(
    "change",
    [
        {"perforated": "yes"},
        {"lost": -1.0},
        {"lost": np.nan},
        {"hysteresis_decay": -1.0},
        {"siox_fraction": 1.5},
    ],
    ids=str,
)
def test_a_scenario_that_cannot_be_is_refused(change):
    with pytest.raises(CellError, match=next(iter(change))):
        Scenario(**change)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "current", "value": np.nan, "until_time": 1.0}, "value"),
        ({"mode": "current", "value": np.inf, "until_time": 1.0}, "value"),
        ({"mode": "power", "value": "1", "until_time": 1.0}, "value"),
        ({"mode": "current", "value": 1.0, "until_voltage": np.nan}, "until_voltage"),
        ({"mode": "current", "value": 1.0, "until_time": 0.0}, "until_time"),
        ({"mode": "current", "value": 1.0, "until_time": -1.0}, "until_time"),
        ({"mode": "current", "value": 1.0, "until_capacity": -1.0}, "until_capacity"),
        ({"mode": "voltage", "value": 4.0, "until_current": 0.0}, "until_current"),
        ({"mode": "rest", "value": 1.0, "until_time": 1.0}, "no effect"),
        ({"mode": "rest", "until_capacity": 1.0}, "until_time"),
        ({"mode": "current", "until_voltage": 3.0}, "until_time"),
        ({"mode": "current", "value": 1.0}, "without an end"),
    ],
)
def test_a_step_that_cannot_be_or_would_never_end_is_refused(arguments, message):
    with pytest.raises(CellError, match=message):
        Step(**arguments)


@pytest.mark.parametrize(
    ("mesh", "message"),
    [
        (Mesh((-8, 4, 8)), "no cells"),
        (Mesh((8, 4)), "3 whole numbers"),
        (Mesh((8, 4.5, 8)), "whole"),
        (Mesh((8, np.nan, 8)), "layers"),
        (Mesh(columns=(0, 1)), "no cells"),
        (Mesh(hole_layers=0), "no cells"),
        (Mesh(grading=1.0), "grading"),
        (Mesh(grading=np.nan), "grading"),
        (Mesh((4, 2, 4), modes=0), "modes"),
        (Mesh((4, 2, 4), modes=2.5), "modes"),
    ],
)
def test_a_mesh_that_cannot_be_is_refused(mesh, message):
    with pytest.raises(CellError, match=message):
        Model(CELL, mesh)


def test_layers_and_sides_that_cannot_be_are_refused():
    with pytest.raises(CellError, match="thicknesses"):
        make_grid((1e-4, -1e-5, 1e-4), (4, 2, 4))
    with pytest.raises(CellError, match="sides"):
        make_grid((1e-4, 1e-5, 1e-4), (4, 2, 4), sides=(1e-3, 0.0))


@pytest.mark.parametrize("name", Tolerances._fields)
def test_a_tolerance_that_is_no_positive_number_is_refused(name):
    for value in (0.0, -1.0, np.nan):
        with pytest.raises(CellError, match=name):
            simulate(
                CELL, [Step("rest", until_time=1.0)], COARSE, Tolerances()._replace(**{name: value})
            )


@pytest.mark.parametrize("times", [[np.nan], [-1.0], ["a"]])
def test_times_of_fields_that_cannot_be_are_refused(times):
    with pytest.raises((CellError, ValueError)):
        simulate(CELL, [Step("rest", until_time=1.0)], COARSE, field_times=times)


@pytest.mark.parametrize(
    "make",
    [
        lambda: protocols.charge(CELL, rate=0.0),
        lambda: protocols.charge(CELL, cutoff_rate=np.nan),
        lambda: protocols.rate_test(CELL, [1.0, -1.0]),
        lambda: protocols.pulse_test(CELL, -1.0),
        lambda: protocols.pulse_test(CELL, 1e5, levels=0),
        lambda: protocols.pulse_test(CELL, 1e5, between=0.0),
        lambda: protocols.pulse_test(CELL, 1e5, duration=-1.0),
        lambda: power_closure(np.nan),
    ],
)
def test_a_protocol_that_cannot_be_is_refused(make):
    with pytest.raises(CellError):
        make()


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("conductivity", lambda c: 1.0 - c / 1900.0),
        ("diffusivity", lambda c: 1e-10 * (c - 1.0)),
        ("transference", lambda c: c / 1500.0),
        ("thermodynamic_factor", lambda c: 1.0 / (c - c)),
    ],
)
def test_a_property_of_the_electrolyte_is_refused_where_it_cannot_be_within_its_validity(
    name, function
):
    electrolyte = CELL.electrolyte._replace(**{name: function})
    with np.errstate(all="ignore"), pytest.raises(CellError, match=f"{name} up to 2000 mol/m3"):
        Model(replace(CELL, electrolyte=electrolyte), COARSE)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("diffusivity", lambda x: 1e-14 * (0.95 - x)),
        ("potential", lambda x: 0.1 / np.maximum(x - 0.5, 0.0)),
    ],
)
def test_a_property_of_a_solid_is_refused_where_it_cannot_be(name, function):
    changed = replace(NEGATIVE, materials=(replace(GRAPHITE, **{name: function}),))
    with np.errstate(all="ignore"), pytest.raises(CellError, match=name):
        Model(replace(CELL, negative=changed), COARSE)


@pytest.mark.parametrize(
    ("name", "function"),
    [("porosity", lambda x, y, z: 0.0 * z), ("conductivity", lambda x, y, z: -1.0 + 0.0 * z)],
)
def test_a_field_is_refused_where_it_cannot_be_on_the_mesh(name, function):
    with pytest.raises(CellError, match=f"negative electrode: {name}"):
        Model(replace(CELL, negative=replace(NEGATIVE, **{name: function})), COARSE)


def test_a_transport_efficiency_beyond_that_of_the_bulk_is_refused():
    with pytest.raises(CellError, match="separator: transport_efficiency"):
        Model(
            replace(CELL, separator=replace(CELL.separator, transport_efficiency=constant(1.2))),
            COARSE,
        )


@pytest.mark.parametrize(
    ("cell", "step"),
    [
        (CELL, Step("current", -10.0, until_voltage=2.5)),
        (CELL, Step("current", 10.0, until_voltage=4.5)),
    ],
    ids=["charge to below", "discharge to above"],
)
def test_a_run_whose_cut_off_is_reached_at_its_start_is_an_error(cell, step):
    with pytest.raises(
        CellError, match=r"the cell starts at 4\.\d* V, and the end of the first step, voltage = "
    ):
        simulate(cell, [step], COARSE)


def test_an_electrolyte_of_constants_is_fine():
    salt = Electrolyte(constant(1.0), constant(1e-10), constant(0.4), constant(1.0), 3000.0, "test")
    assert Model(replace(CELL, electrolyte=salt), COARSE).salt.top == 3000.0
