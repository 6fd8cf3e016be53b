"""Material functions: printed values, derivatives, monotony, and the same functions in PyBaMM."""

import numpy as np
import pytest

from rampore import correlations, materials
from rampore.correlations import CorrelationError
from rampore.materials import library

POTENTIALS = [
    materials.graphite_mcmb,
    materials.graphite_siox_lgm50,
    materials.graphite_ecker,
    materials.graphite_mohtat,
    materials.silicon_lithiation,
    materials.silicon_delithiation,
    materials.lithium_cobalt_oxide,
    materials.nmc811_lgm50,
    materials.nmc532_mohtat,
]
SOLID_DIFFUSIVITIES = [
    materials.graphite_diffusivity_ecker,
    materials.graphite_diffusivity_oregan,
    materials.nmc811_diffusivity_oregan,
]
ELECTROLYTES = [
    materials.landesfeind_gasteiger_2019(),
    materials.landesfeind_gasteiger_2019(solvent="EMC:FEC 19:1"),
    materials.nyman_2008(),
    materials.valoen_reimers_2005(),
    materials.gen2_colclasure_2020(),
    materials.marquis_2019(),
]


@pytest.mark.parametrize(
    ("electrolyte", "printed"),
    [
        (materials.landesfeind_gasteiger_2019(), ("0.903", "2.63e-10", "0.198", "2.41")),
        (
            materials.landesfeind_gasteiger_2019(solvent="EMC:FEC 19:1"),
            ("0.615", None, "0.091", None),
        ),
        (materials.nyman_2008(), ("0.93", "1.46e-10", "0.2594", "1.0")),
        (materials.valoen_reimers_2005(), ("1.183", "2.92e-10", "0.38", "2.47")),
        (materials.gen2_colclasure_2020(), ("0.881", "1.15e-10", "0.462", "2.72")),
    ],
    ids=lambda value: getattr(value, "source", ""),
)
def test_electrolyte_at_the_papers_concentration_has_the_published_properties(electrolyte, printed):
    """1.15 mol/L, 25 C; the tolerance is the last printed digit."""
    functions = (
        electrolyte.conductivity,
        electrolyte.diffusivity,
        electrolyte.transference,
        electrolyte.thermodynamic_factor,
    )
    for function, digits in zip(functions, printed, strict=True):
        if digits is not None:
            mantissa, _, exponent = digits.partition("e")
            last_digit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
            assert function(1150.0) == pytest.approx(float(digits), abs=last_digit)


@pytest.mark.parametrize("function", POTENTIALS + SOLID_DIFFUSIVITIES, ids=lambda f: f.__name__)
def test_complex_step_agrees_with_the_central_difference(function):
    x = np.linspace(0.05, 0.95, 181)
    h = 1e-5
    central = (
        8 * (function(x + h) - function(x - h)) - function(x + 2 * h) + function(x - 2 * h)
    ) / (12 * h)
    scale = np.abs(central).max()
    assert np.abs(materials.slope(function, x) - central).max() < 1e-6 * scale


@pytest.mark.parametrize("electrolyte", ELECTROLYTES, ids=lambda e: e.source)
def test_electrolyte_functions_are_differentiable_and_physical_where_they_are_valid(electrolyte):
    c = np.linspace(100.0, 0.95 * electrolyte.validity, 50)
    for function in electrolyte[:4]:
        central = (function(c + 0.01) - function(c - 0.01)) / 0.02
        assert np.allclose(
            materials.slope(function, c),
            central,
            rtol=1e-5,
            atol=1e-6 * np.abs(function(c)).max() / 1000,
        )
    assert np.all(electrolyte.conductivity(c) > 0)
    assert np.all(electrolyte.diffusivity(c) > 0)
    assert np.all(electrolyte.transference(c) < 1)


@pytest.mark.parametrize("potential", POTENTIALS, ids=lambda f: f.__name__)
def test_potential_falls_as_lithium_goes_in(potential):
    """Thermodynamic stability. Marquis' graphite rises by less than 4 mV somewhere; no other
    potential rises at all.
    """
    u = potential(np.linspace(0.02, 0.98, 500))
    rise = np.max(u - np.minimum.accumulate(u))
    assert rise <= (0.004 if potential is materials.graphite_mcmb else 1e-12)


def test_delithiation_branch_of_silicon_lies_above_the_lithiation_branch():
    x = np.linspace(0.05, 0.95, 91)
    gap = materials.silicon_delithiation(x) - materials.silicon_lithiation(x)
    assert gap.min() > 0
    assert 0.19 < np.interp(0.5, x, gap) < 0.28


def test_table_passes_through_its_points_does_not_overshoot_and_continues_straight():
    x = np.array([0.0, 0.1, 0.2, 0.5, 1.0])
    y = np.array([1.0, 0.3, 0.25, 0.24, 0.0])
    table = materials.Tabulated(x[::-1], y[::-1])
    assert np.array_equal(table(x), y)
    fine = table(np.linspace(0, 1, 1001))
    assert np.all(np.diff(fine) < 0)
    assert table(1.1) - table(1.05) == pytest.approx(0.05 * table.slope(1.0))


def test_table_converges_to_the_function_that_it_samples():
    x = np.linspace(0.1, 0.9, 401)
    errors = []
    for n in (41, 81, 161):
        nodes = np.linspace(0.05, 0.95, n)
        errors.append(
            np.abs(
                materials.Tabulated(nodes, materials.nmc811_lgm50(nodes))(x)
                - materials.nmc811_lgm50(x)
            ).max()
        )
    assert errors[0] / errors[1] > 4
    assert errors[1] / errors[2] > 4


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([0.0, 0.5, 0.5], [1, 2, 3], "0.5 at row 3 follows 0.5"),
        ([0.0], [1.0], "two rows"),
        ([0.0, 1.0], [1.0, np.nan], "nan must be finite"),
        ([0.0, np.inf], [1.0, 0.0], "inf must be finite"),
        ([0.0, 1.0], [1.0, 0.0, 0.0], "equal length"),
    ],
)
def test_table_refuses(x, y, message):
    with pytest.raises(materials.MaterialError, match=message):
        materials.Tabulated(x, y)


def test_table_that_is_held_keeps_its_ends_and_is_level_there():
    table = materials.Tabulated([0.1, 0.5, 0.9], [3.0, 2.0, 1.5], held=True)
    x = np.array([-1.0, 0.1, 0.9, 2.0])
    assert table(x) == pytest.approx([3.0, 3.0, 1.5, 1.5], rel=1e-15)
    assert np.array_equal(table.slope(x) == 0, [True, False, False, True])


def test_exchange_current_of_the_usual_form():
    i0 = materials.symmetric_exchange_current(6.48e-7, 33133.0)
    assert i0(1000.0, 0.5) == pytest.approx(6.48e-7 * np.sqrt(1000 * (33133 / 2) ** 2))
    assert i0(250.0, 0.2) / i0(1000.0, 0.2) == pytest.approx(0.5)


def test_functions_are_those_of_pybamm(monkeypatch):
    monkeypatch.setenv("PYBAMM_DISABLE_TELEMETRY", "true")
    pybamm = pytest.importorskip("pybamm")
    x = np.linspace(0.05, 0.95, 19)
    pairs = [
        ("Marquis2019", "Negative electrode OCP [V]", materials.graphite_mcmb),
        ("Marquis2019", "Positive electrode OCP [V]", materials.lithium_cobalt_oxide),
        ("Chen2020", "Negative electrode OCP [V]", materials.graphite_siox_lgm50),
        ("Chen2020", "Positive electrode OCP [V]", materials.nmc811_lgm50),
        ("Ecker2015", "Negative electrode OCP [V]", materials.graphite_ecker),
        ("Mohtat2020", "Negative electrode OCP [V]", materials.graphite_mohtat),
        ("Mohtat2020", "Positive electrode OCP [V]", materials.nmc532_mohtat),
        (
            "Chen2020_composite",
            "Secondary: Negative electrode lithiation OCP [V]",
            materials.silicon_lithiation,
        ),
        (
            "Chen2020_composite",
            "Secondary: Negative electrode delithiation OCP [V]",
            materials.silicon_delithiation,
        ),
    ]
    for name, key, ours in pairs:
        theirs = pybamm.ParameterValues(name)[key]
        assert np.allclose([_number(theirs(v)) for v in x], ours(x), rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "electrolyte"),
    [
        ("Marquis2019", materials.marquis_2019()),
        ("Chen2020", materials.nyman_2008()),
        ("ORegan2022", materials.landesfeind_gasteiger_2019()),
    ],
    ids=lambda value: getattr(value, "source", value),
)
def test_electrolytes_are_those_of_pybamm(name, electrolyte, monkeypatch):
    """All four properties from dilute to nearly the end of their validity."""
    monkeypatch.setenv("PYBAMM_DISABLE_TELEMETRY", "true")
    pybamm = pytest.importorskip("pybamm")
    values = pybamm.ParameterValues(name)
    c = np.array([300.0, 1150.0, 2500.0])
    for key, ours in (
        ("Electrolyte conductivity [S.m-1]", electrolyte.conductivity),
        ("Electrolyte diffusivity [m2.s-1]", electrolyte.diffusivity),
        ("Cation transference number", electrolyte.transference),
        ("Thermodynamic factor", electrolyte.thermodynamic_factor),
    ):
        theirs = values[key]
        computed = [_number(theirs(v, 298.15) if callable(theirs) else theirs) for v in c]
        np.testing.assert_allclose(computed, ours(c), rtol=1e-9, err_msg=key)


@pytest.mark.parametrize(
    ("name", "electrode", "temperature", "ours"),
    [
        ("Ecker2015", "Negative", 296.0, materials.graphite_diffusivity_ecker),
        ("ORegan2022", "Negative", 298.15, materials.graphite_diffusivity_oregan),
        ("ORegan2022", "Positive", 298.15, materials.nmc811_diffusivity_oregan),
    ],
)
def test_diffusivities_in_solids_are_those_of_pybamm(
    name, electrode, temperature, ours, monkeypatch
):
    monkeypatch.setenv("PYBAMM_DISABLE_TELEMETRY", "true")
    pybamm = pytest.importorskip("pybamm")
    theirs = pybamm.ParameterValues(name)[f"{electrode} particle diffusivity [m2.s-1]"]
    x = np.linspace(0.05, 0.95, 19)
    computed = [_number(theirs(pybamm.Scalar(v), pybamm.Scalar(temperature))) for v in x]
    np.testing.assert_allclose(computed, ours(x), rtol=1e-9)


def _number(value):
    """A PyBaMM expression without variables, or a plain number, as a float."""
    return float(np.squeeze(value.evaluate() if hasattr(value, "evaluate") else value))


def test_an_unknown_correlation_is_answered_with_the_near_one():
    for look, name, near in (
        (correlations.printed, "nyman-2008.conductivty", "nyman-2008.conductivity"),
        (library.electrolyte, "nyman", "nyman-2008"),
        (library.potential, "graphite-eckr-2015", "graphite-ecker-2015"),
    ):
        with pytest.raises(CorrelationError, match=f"did you mean '?{near}"):
            look(name)
    with pytest.raises(CorrelationError, match="has two branches"):
        library.potential("silicon-verbrugge-2015")
    with pytest.raises(CorrelationError, match="has one branch"):
        library.potential("graphite-ecker-2015", "lithiation")


def test_every_correlation_of_the_library_can_be_evaluated_over_its_validity():
    x = np.linspace(0.01, 0.99, 50)
    for name in correlations.names("potential"):
        for branch in ("lithiation", "delithiation") if "silicon" in name else (None,):
            assert np.isfinite(library.potential(name, branch)(x)).all(), name
    for name in correlations.names("electrolyte"):
        electrolyte = library.electrolyte(name)
        c = np.linspace(max(electrolyte.lowest, 1.0), electrolyte.validity, 50)
        assert (electrolyte.conductivity(c) > 0).all(), name
