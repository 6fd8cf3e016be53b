"""Hard cases: the engine finishes; a random sample does not break it."""

from dataclasses import replace

import numpy as np
import pytest

from rampore import materials
from rampore.coating import Local
from rampore.lim2026 import cells, parameters
from rampore.p4d import equations, examples, protocols
from rampore.p4d.cell import Cell, Electrode, Material, Perforation, Separator, tortuosity
from rampore.p4d.errors import CellError
from rampore.p4d.model import OVERSHOT, Model
from rampore.p4d.solution import Mesh, Step, Tolerances, simulate

COARSE = Mesh((8, 5, 8))


def siox_graphite_cell(rng=None):
    """The study's kind of cell; with ``rng``, every uncertain number is drawn from what the
    literature allows.
    """

    def draw(value, low, high, logarithmic=True):
        if rng is None:
            return value
        return (
            float(np.exp(rng.uniform(np.log(low), np.log(high))))
            if logarithmic
            else float(rng.uniform(low, high))
        )

    siox = Material(
        "siox",
        fraction=0.211,
        radius=draw(2.5e-6, 1e-6, 5e-6),
        maximum_concentration=draw(134300.0, 120000.0, 140000.0, False),
        diffusivity=draw(1.67e-14, 3e-16, 2e-14),
        exchange_current=materials.ExchangeCurrent(draw(0.68, 0.14, 5.0)),
        stoichiometry=draw(0.85, 0.7, 0.95, False),
        lithiation=materials.silicon_lithiation,
        delithiation=materials.silicon_delithiation,
        hysteresis=draw(1.0, -1.0, 1.0, False),
        hysteresis_decay=draw(0.0, 0.0, 20.0, False),
    )
    graphite = Material(
        "graphite",
        fraction=0.415,
        radius=draw(10e-6, 4e-6, 15e-6),
        maximum_concentration=draw(29662.0, 28000.0, 31900.0, False),
        diffusivity=draw(5.5e-14, 2e-15, 1e-13),
        exchange_current=materials.ExchangeCurrent(
            draw(2.668, 0.5, 20.0), salt=0.208, filled=0.792, empty=0.208
        ),
        stoichiometry=draw(0.85, 0.7, 0.95, False),
        potential=materials.graphite_ecker,
    )
    nmc = Material(
        "nmc",
        fraction=0.715,
        radius=draw(3e-6, 1.5e-6, 7e-6),
        maximum_concentration=draw(48490.0, 48000.0, 51900.0, False),
        diffusivity=draw(8e-15, 2e-15, 4e-13),
        exchange_current=materials.ExchangeCurrent(
            draw(5.0, 1.0, 10.0), salt=0.57, filled=0.43, empty=0.57
        ),
        stoichiometry=draw(0.35, 0.3, 0.4, False),
        potential=materials.nmc811_lgm50,
    )
    negative = Electrode(
        33e-6,
        draw(0.3, 0.2, 0.33, False),
        draw(1000.0, 0.2, 8000.0),
        (siox, graphite),
        tortuosity(draw(5.3, 3.3, 9.5)),
    )
    positive = Electrode(
        56.6e-6,
        draw(0.209, 0.15, 0.25, False),
        draw(1.8, 0.18, 2.2),
        (nmc,),
        tortuosity(draw(3.0, 2.2, 3.8)),
    )
    nyman = rng is not None and rng.random() < 0.3
    return Cell(
        negative=negative,
        separator=Separator(
            draw(20e-6, 1e-6, 25e-6), draw(0.41, 0.39, 0.55, False), tortuosity(draw(6.0, 2.5, 6.9))
        ),
        positive=positive,
        electrolyte=materials.nyman_2008() if nyman else materials.landesfeind_gasteiger_2019(),
        concentration=1150.0,
        one_c=33.0,
        lower_cutoff=3.0,
        upper_cutoff=4.3,
        contact_negative=draw(1e-4, 1e-6, 1e-3),
        contact_positive=draw(1e-4, 1e-6, 1e-3),
    )


@pytest.mark.parametrize("c_rate", [5, 10, 50])
def test_high_rates_end_at_their_cut_off(c_rate):
    solution = simulate(
        siox_graphite_cell(), [Step("current", 33.0 * c_rate, until_voltage=2.0)], COARSE
    )
    assert solution.ends == ("voltage",)
    assert solution.dataset.voltage[-1] == pytest.approx(2.0, abs=2e-6)
    assert float(solution.dataset.c_e_min.min()) > 0


def test_layers_of_a_micrometre():
    cell = examples.chen_2020()
    thin = replace(
        cell,
        negative=replace(cell.negative, thickness=1e-6),
        separator=replace(cell.separator, thickness=1e-6),
        positive=replace(cell.positive, thickness=1e-6),
    )
    solution = simulate(thin, [Step("current", cell.one_c / 80, until_voltage=2.5)], COARSE)
    assert solution.ends == ("voltage",)


def test_depletion_limits_the_current_to_what_diffusion_brings():
    """Salt that is used up ends the discharge: a current well above the limit does not last."""
    cell = replace(siox_graphite_cell(), lower_cutoff=0.5)
    slow = simulate(cell, [Step("current", 5 * 33.0, until_voltage=2.0)], COARSE)
    fast = simulate(cell, [Step("current", 20 * 33.0, until_voltage=2.0)], COARSE)
    assert float(fast.dataset.c_e_min.min()) < 20.0
    assert fast.capacity < 0.2 * slow.capacity


@pytest.mark.parametrize(
    "curve", [materials.silicon_lithiation, materials.graphite_ecker, materials.nmc811_lgm50]
)
def test_a_tabulated_potential_falls_all_the_way_to_full_and_empty(curve):
    """A pole of the correlation at x = 0 or 1 does not make the interpolation swing, so its surface
    state is unique.
    """
    value, slope = equations.tabulate(curve)
    intervals = value.shape[0] - 1
    kinetics = one_sphere(value, slope)
    for ends in (np.linspace(0, 3 / intervals, 1000), np.linspace(1 - 3 / intervals, 1, 1000)):
        assert np.all(np.diff(equations.potentials(kinetics, np.zeros(1000), ends)) < 0)


def one_sphere(value, slope):
    return equations.Kinetics(
        cells=np.array([0]), surface=np.array([1.0]), potential=value, potential_slope=slope,
        thermal_voltage=0.05138, reference=np.array([0.0845]), salt=0.5, filled=0.792, empty=0.208,
    )  # fmt: skip


@pytest.mark.parametrize("left", [1e-3, 1e-9, 1e-14, 1e-20, 1e-40, 1e-80])
@pytest.mark.parametrize("b", [-1e-2, -1e-6, -1e-10])
def test_a_surface_finds_its_state_however_few_sites_are_left(left, b):
    """The current that leaves a share ``left`` of the surface free is found from the potential that
    it takes.
    """
    value, slope = equations.tabulate(materials.graphite_ecker)
    kinetics = one_sphere(np.tile(value, (1, 2)), np.tile(slope, (1, 2)))
    full = 3.0 * abs(b) + left  # 1 - a, so that j = -3 A/m2
    a = 1.0 - full
    full = 1.0 - a
    j = (full - left) / b
    exchange = (
        kinetics.reference[0]
        * 1150.0**kinetics.salt
        * (1 - left) ** kinetics.filled
        * left**kinetics.empty
    )
    drop = equations.potentials(kinetics, np.zeros(1), np.array([1 - left]))[0]
    drop += kinetics.thermal_voltage * np.arcsinh(j / (2 * exchange))
    u = np.array([[1150.0, -drop, 0.0]])
    system = equations.System(np.zeros((1, 3)), np.zeros((1, 39)), np.zeros((1, 3)))
    none = equations.Hysteresis(np.zeros(1), 0.0, np.zeros(1), np.zeros(1))
    surface = np.array([a]), np.array([b]), none
    x, current = np.array([0.5]), np.array([0.0])
    args = np.zeros((1, 2)), kinetics
    assert equations.react(u, 0.0, False, *surface, x, current, *args, system) == -1
    # 1 - x has lost digits to a, known to 1e-16, and to the potential, known to 1e-16 V, which
    # moves it by 1e-13 left
    assert current[0] == pytest.approx(j, rel=1e-9, abs=(1e-12 * left + 4e-16) / abs(b))
    assert system.residual[0, 2] == current[0]

    # the derivative of the current with the potential, against a difference
    for change in (1e-6, -1e-6):
        other = equations.System(*(np.zeros_like(part) for part in system))
        moved = current.copy()
        shifted = u + np.array([0, 0, change])
        equations.react(shifted, 0.0, False, *surface, x.copy(), moved, *args, other)
        expected = system.matrix[0, equations.SS]
        assert (moved[0] - current[0]) / change == pytest.approx(
            expected, rel=1e-2, abs=1e-9 * abs(j) / 1e-6
        )


def test_a_full_electrode_waits_at_constant_voltage():
    """Graphite that is full takes nothing more, silicon beside it goes on; then it gives some back.

    A smaller error in time changes nothing.
    """
    cell = siox_graphite_cell()
    siox, graphite = cell.negative.materials
    siox = replace(siox, stoichiometry=0.7, hysteresis=-1.0)
    graphite = replace(graphite, stoichiometry=0.9, radius=4e-6)
    nmc = replace(cell.positive.materials[0], stoichiometry=0.4)
    cell = replace(
        cell,
        negative=replace(cell.negative, materials=(siox, graphite)),
        positive=replace(cell.positive, materials=(nmc,)),
    )
    protocol = [
        Step("current", -33.0, until_voltage=4.2, until_time=3600.0),
        Step("voltage", 4.2, until_time=1800.0),
        Step("current", 33.0, until_time=600.0),
    ]
    runs = [
        simulate(cell, protocol, COARSE, Tolerances(time=tolerance)).dataset
        for tolerance in (1e-3, 2e-4)
    ]
    for name in ("stoichiometry_negative_siox", "stoichiometry_negative_graphite"):
        assert float(runs[0][name].max()) == pytest.approx(float(runs[1][name].max()), abs=1e-3)
    assert 1 - 1e-4 < float(runs[0].stoichiometry_negative_graphite.max()) < 1 + OVERSHOT
    assert float(runs[0].voltage[-1]) == pytest.approx(float(runs[1].voltage[-1]), abs=1e-3)


def test_a_held_voltage_draws_a_current_that_converges_with_the_tolerance_in_time():
    """The current falls to an eighth while the voltage is held; its error falls as the steps
    squared.
    """
    times = np.linspace(1210.0, 2100.0, 12)
    protocol = [Step("current", 33.0, until_time=1200.0), Step("voltage", 4.15, until_time=900.0)]

    def run(tolerance):
        solution = simulate(
            siox_graphite_cell(), protocol, Mesh((6, 4, 6)), Tolerances(time=tolerance), times
        )
        data = solution.dataset
        return np.interp(times, data.time, data.current_density), solution.counts["steps"]

    exact = run(1e-7)[0]
    errors, steps = [], []
    for tolerance in (1e-3, 1e-4, 1e-5):
        current, count = run(tolerance)
        errors.append(np.abs(current / exact - 1).max())
        steps.append(count)
    assert -np.polyfit(np.log(steps), np.log(errors), 1)[0] > 1.7, (errors, steps)


@pytest.mark.parametrize("number", [10, 31])
def test_cells_of_the_study_that_rounding_makes_hard_are_conserved_all_the_same(number):
    """Their fast reactions lose digits in the pivots, so that the last correction alone leaves 1e-7
    of the lithium and 1e-5 of the charge unaccounted for. A run that misses its bounds is refused
    by :func:`simulate`.
    """
    rng = np.random.default_rng([2026, number])
    drawn, scenario = cells.draw(parameters.load(), rng)
    rate = float(np.exp(rng.uniform(np.log(0.2), np.log(10.0))))
    cell = cells.full_cell(drawn, scenario)[0]
    discharge = Step("current", rate * cell.one_c, until_voltage=cell.lower_cutoff)
    mesh = Mesh((5, 3, 5), (2, 2) if scenario.perforated else (1, 1), 1, 8)
    solution = simulate(
        cell,
        [discharge, Step("rest", until_time=600.0), *protocols.charge(cell, rate / 4, 0.1)],
        mesh,
    )
    assert solution.conservation.lithium <= 1e-10
    assert solution.conservation.charge <= 1e-6


def channels(fraction, conductivity):
    """Chen's cell with channels of bare electrolyte through the coating, over the holes."""
    cell = examples.chen_2020()
    electrode = cell.negative
    material = replace(electrode.materials[0], fraction=Local(0.75, fraction))
    return replace(
        cell,
        negative=replace(
            electrode,
            porosity=Local(0.25, 1.0 - fraction),
            conductivity=Local(electrode.conductivity, conductivity),
            materials=(material,),
        ),
        perforation=Perforation(40e-6, 100e-6, 10e-6),
    )


def test_nothing_at_all_over_the_holes_is_the_limit_of_little():
    """No solid there, and boxes that the edge misses have none to the last digit."""
    mesh = Mesh((6, 3, 6), (6, 10), 2, 6)

    def end(cell):
        step = Step("current", cell.one_c, until_time=300.0)
        return float(simulate(cell, [step], mesh, Tolerances(time=1e-5)).dataset.voltage[-1])

    nothing = end(channels(0.0, 0.0))
    differences = [abs(end(channels(little, 1e-3)) - nothing) for little in (1e-3, 1e-4)]
    assert differences[0] < 1e-3
    # the limit is reached at first order; the tenth leaves terms of second order, and the steps
    assert differences[1] == pytest.approx(differences[0] / 10, rel=0.3)


def still_below(share):
    """A percolation threshold: pores of less than this share of the volume lead nowhere."""
    return lambda porosity: np.where(porosity < share, 0.0, porosity**1.5)


def test_a_layer_of_still_pores_is_but_a_resistance_of_its_solid():
    """On boxes of one size, so that the cell without that layer has the same ones."""
    whole = examples.chen_2020()
    half = whole.negative.thickness / 2
    negative = replace(
        whole.negative,
        porosity=lambda x, y, z: np.where(z < half, 0.1, 0.25),
        transport_efficiency=still_below(0.2),
    )
    behind = half / negative.conductivity
    thin = replace(
        whole,
        negative=replace(negative, thickness=half, porosity=0.25),
        contact_negative=whole.contact_negative + behind,
    )
    step = Step("current", 0.3 * whole.one_c, until_time=1800.0)
    tight = Tolerances(time=1e-5)
    with_it = simulate(
        replace(whole, negative=negative), [step], Mesh((12, 4, 6), grading=0.0), tight
    ).dataset
    without = simulate(thin, [step], Mesh((6, 4, 6), grading=0.0), tight).dataset
    # all but the step's error, and the ends of the tolerance
    assert float(with_it.voltage[-1]) == pytest.approx(float(without.voltage[-1]), abs=2e-5)
    end = with_it.isel(field_time=-1, z=slice(0, 6))
    start = with_it.isel(field_time=0, z=slice(0, 6))
    assert float(abs(end.c_e - whole.concentration).max()) < 1e-9 * whole.concentration
    (held,) = (name for name in with_it if name.startswith("mean_stoichiometry_negative"))
    assert float(abs(end[held] - start[held]).max()) < 1e-9


def test_still_pores_in_islands_are_the_limit_of_slow_ones():
    """Over the holes, where there are pores alone, nothing but neighbours holds the potential."""
    cell = channels(0.0, 0.0)
    mesh = Mesh((6, 3, 6), (6, 10), 2, 6)

    def end(over_holes):
        def efficiency(porosity):
            return np.where(porosity > 0.9, over_holes, porosity**1.5)

        step = Step("current", cell.one_c, until_time=300.0)
        pierced = replace(cell, negative=replace(cell.negative, transport_efficiency=efficiency))
        return float(simulate(pierced, [step], mesh, Tolerances(time=1e-5)).dataset.voltage[-1])

    still = end(0.0)
    differences = [abs(end(slow) - still) for slow in (1e-4, 1e-5)]
    # the limit is reached at first order; the tenth leaves terms of second order, and the steps
    assert differences[1] == pytest.approx(differences[0] / 10, rel=0.3)


def test_a_layer_in_which_nothing_passes_is_refused():
    separator = replace(examples.chen_2020().separator, transport_efficiency=still_below(1.0))
    with pytest.raises(CellError, match="separator: transport_efficiency is 0 everywhere"):
        Model(replace(examples.chen_2020(), separator=separator), Mesh((4, 2, 4)))


def test_active_material_that_no_electron_reaches_is_refused():
    with pytest.raises(CellError, match="where the electrode conducts nothing"):
        Model(channels(0.01, 0.0), Mesh((4, 2, 4), (4, 6), 2, 4))


def test_a_random_sample_finishes_at_its_cutoffs_and_within_bounds():
    """`make bench` draws 200 from the study's own ranges."""
    rng, too_steep = np.random.default_rng(2026), 0
    for _ in range(12):
        cell = siox_graphite_cell(rng)
        rate = float(np.exp(rng.uniform(np.log(0.2), np.log(10))))
        protocol = [
            Step("current", 33.0 * rate, until_voltage=2.5),
            Step("rest", until_time=600.0),
            Step("current", -33.0 * rate / 2, until_voltage=4.2, until_time=3600.0),
            Step("voltage", 4.2, until_current=5.0, until_time=1800.0),
        ]
        solution = simulate(cell, protocol, COARSE)
        # contact and kinetics alone take what lies above the cut-off
        too_steep += solution.ends[0] == "voltage at once"
        data = solution.dataset
        assert all(
            np.isfinite(data[name]).all()
            for name in data
            if name != "parts" and "time" in data[name].dims
        )
        assert float(data.c_e_min.min()) > 0
        for name in data:
            if name.startswith("stoichiometry"):
                assert float(data[name].min()) > -OVERSHOT
                assert float(data[name].max()) < 1 + OVERSHOT
        assert abs(data.parts.sum("part") - data.voltage).max() < 1e-9
        assert solution.conservation.lithium <= 1e-8
        assert solution.conservation.salt <= 1e-8
        assert solution.conservation.charge <= 1e-6
        assert float(data.voltage[-1]) == pytest.approx(4.2, abs=2e-6)
        if solution.ends[-1] == "current":
            assert abs(float(data.current_density[-1])) <= 5.0 * (1 + 2e-6)
    assert too_steep <= 1
