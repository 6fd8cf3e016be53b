"""What the figures of the P4D engine draw, read back from their lines, bars and maps: SI in, the
axis' unit out.
"""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rampore.figures import p4d as tool
from rampore.lim2026 import parameters
from rampore.lim2026.cells import PorositySet, Scenario
from rampore.lim2026.figures import p4d as figures
from rampore.lim2026.figures import verification
from rampore.lim2026.pairs import CellPair, PulseTest, pair
from rampore.lim2026.readings import Finding
from rampore.lim2026.sweeps.inverse import TARGETS
from rampore.p4d import discharge
from rampore.p4d.discharge import Discharge
from rampore.p4d.solution import Mesh, Tolerances
from rampore.style import BCUE, PCUE

GIVEN = parameters.load()
MAH_CM2 = 36000.0  #: [C/m2]


def lines(axes, colour=None):
    """x and y of each line, of one colour or of all."""
    return [
        line.get_xydata().T for line in axes.lines if colour is None or line.get_color() == colour
    ]


def bars(axes):
    """Where each horizontal bar begins, its length, and its height's middle."""
    return [
        (bar.get_x(), bar.get_width(), bar.get_y() + bar.get_height() / 2) for bar in axes.patches
    ]


def capacities(bare, perforated, error):
    """A pair of which only the capacities [C/m2] are known."""
    nothing = Discharge(*[None] * 8)
    finding = Finding("p4d-3c-capacity", "gain of capacity", perforated / bare - 1, "1", True)
    found = (nothing._replace(capacity=capacity) for capacity in (bare, perforated))
    return CellPair((), *found, (), (finding,), (error,))


@pytest.fixture(scope="module")
def fast():
    scenario = Scenario(porosity=PorositySet.RECIPE)
    return pair(GIVEN, scenario, 3.0, Mesh((4, 2, 4), (2, 3), 2, 5), None, Tolerances(time=3e-3))


# Numbers in, bars and lines out


def test_gains_are_drawn_in_per_cent_with_their_numerical_errors():
    figure = figures.gains(
        {"a": capacities(72000.0, 79200.0, 0.004), "b": capacities(36000.0, 34200.0, 0.01)}
    )
    left, right = figure.axes
    assert [width for _, width, _ in bars(left)] == pytest.approx([2.0, 2.2, 1.0, 0.95])
    assert [middle for *_, middle in bars(left)] == pytest.approx([-0.18, 0.18, 0.82, 1.18])
    points = [
        (line.get_xdata()[0], line.get_ydata()[0])
        for line in right.lines
        if line.get_marker() == "o"
    ]
    assert np.array(points) == pytest.approx(np.array([[10.0, 0], [-5.0, 1]]))
    reaches = [
        np.ptp(container.lines[2][0].get_segments()[0][:, 0]) / 2 for container in right.containers
    ]
    assert reaches == pytest.approx([0.4, 1.0])


def test_rates_are_drawn_in_their_order_with_the_papers_ratio_at_5c():
    nominal = (0.2, 1.0, 5.0, 0.2)
    bare, perforated = (
        MAH_CM2 * np.array([3.0, 2.5, 0.5, 2.9]),
        MAH_CM2 * np.array([3.1, 2.6, 0.6, 3.0]),
    )
    top, bottom = figures.rates({"a": (bare, perforated)}, nominal).axes
    assert lines(top, BCUE)[0][1] == pytest.approx([3.0, 2.5, 0.5, 2.9])
    assert lines(top, PCUE)[0][1] == pytest.approx([3.1, 2.6, 0.6, 3.0])
    assert lines(bottom, PCUE)[0][1] == pytest.approx([3.1 / 3, 1.04, 1.2, 3 / 2.9])
    stated = next(line for line in bottom.lines if line.get_label() == "paper")
    assert stated.get_xydata().ravel() == pytest.approx([2, 1.2])
    assert [text.get_text() for text in bottom.get_xticklabels()] == ["0.2", "1", "5", "0.2"]


def test_contents_pulses_and_contact_are_drawn_as_they_are():
    [axes] = figures.contents({1.0: {1.0: 1.1, 5.0: 1.3}, 0.1: {1.0: 0.9}}).axes
    drawn = [line for line in axes.lines if line.get_marker() == "o"]
    assert [(list(line.get_xdata()), list(line.get_ydata())) for line in drawn] == [
        ([1.0, 5.0], [1.1, 1.3]),
        ([1.0], [0.9]),
    ]
    assert [line.get_label() for line in drawn] == ["100 % SiOx", "10 % SiOx"]

    level = np.array([1.0, 0.5])
    tests = (
        PulseTest(level, np.array([[4e-3, 5e-3], [6e-3, 7e-3]]) * factor) for factor in (1.0, 0.5)
    )
    first, second = figures.pulses(*tests, (5.0, 1.25)).axes
    assert lines(first, BCUE)[0] == pytest.approx(np.array([[100, 50], [40, 60]]))
    assert lines(first, PCUE)[0][1] == pytest.approx([20, 30])
    assert lines(second, BCUE)[0][1] == pytest.approx([50, 70])
    assert (first.get_title("left"), second.get_title("left")) == ("5C", "1.25C")

    values = xr.DataArray(
        [[1.0, 5.0, 3.0], [2.0, 4.0, 9.0]], dims=("contact", "case"), coords={"contact": [0, 20]}
    )
    wanted = [("gain", "gain (%)", 100.0, 0.2), ("gain", "gain", 1.0, 0.3)]
    axes, other = figures.by_contact(xr.Dataset({"gain": values}), wanted).axes
    assert [line[1].tolist() for line in lines(axes)] == [
        [100, 200],
        [500, 400],
        [300, 900],
        [300, 400],
        [20, 20],
    ]
    assert lines(other)[-2][1].tolist() == [3, 4]
    (alone,) = figures.by_contact(xr.Dataset({"gain": values}), wanted[:1]).axes
    assert lines(alone)[-2][1].tolist() == lines(axes)[-2][1].tolist()


def test_the_shares_of_a_claim_fill_the_bar_from_the_left():
    figure = figures.claims({"a": (0.6, 0.3, 0.1)}, {"a": "contact"}, {"a": "more capacity"})
    drawn = bars(figure.axes[0])
    # holds, too close, fails
    assert [width for _, width, _ in drawn] == pytest.approx([60, 10, 30])
    assert [left for left, *_ in drawn] == pytest.approx([0, 60, 70])
    assert "60 %" in [text.get_text() for text in figure.axes[0].texts]


def test_the_line_of_second_order_meets_the_finest_error_and_falls_by_four_for_each_doubling():
    part = {"sizes": [4, 8, 16], "errors_V": [9e-3, 3e-3, 1e-3], "order": 2.0}
    radius = {"sizes": [5, 10], "errors_V": [1e-3, 1e-5]}
    figure = verification.convergence(
        {"thickness": part, "plane": part, "time": part, "radius": radius}
    )
    errors, order = lines(figure.axes[0])
    assert errors[1] == pytest.approx([9, 3, 1])
    assert order[1] == pytest.approx([16, 4, 1])
    assert lines(figure.axes[3])[1][1] == pytest.approx([0.1, 0.1])


def test_another_codes_voltage_is_ours_less_the_difference():
    peer = {
        "time_s": [5.0, 10.0],
        "voltage_V": [4.0, 3.5],
        "difference_V": [1e-3, -2e-3],
        "name": "other",
    }
    top, bottom = verification.comparison([peer]).axes
    assert lines(top)[0] == pytest.approx(np.array([[0.5, 1.0], [4.0, 3.5]]))
    assert lines(top)[1][1] == pytest.approx([3.999, 3.502])
    assert lines(bottom)[0][1] == pytest.approx([1, 2])


def test_samples_stand_at_their_ratios_and_the_papers_box_is_its_wide_tolerance():
    columns = {
        "contact": [1e-4, 5e-4],
        "gain_3C": [-0.1, 0.1],
        "pulse_ratio": [0.9, 0.7],
        "gain_5C": [0.1, 0.3],
    }
    data = xr.Dataset({name: ("case", np.array(values)) for name, values in columns.items()})
    axes = figures.consistency(data).axes[0]
    places = [np.asarray(group.get_offsets())[0] for group in axes.collections]
    assert places == [pytest.approx([0.9, 1.1]), pytest.approx([0.7, 1.3])]
    assert [group.get_array()[0] for group in axes.collections] == pytest.approx([1, 5])
    pulses, rate = TARGETS["pulse_ratio"], TARGETS["gain_5C"]
    [box] = axes.patches
    assert box.get_bbox().get_points() == pytest.approx(
        np.array([[0.76 - pulses.wide, 1.2 - rate.wide], [0.76 + pulses.wide, 1.2 + rate.wide]])
    )


def test_the_inputs_that_explain_most_come_first():
    table = pd.DataFrame(
        {"first": [0.1, 0.5, 0.3], "first_error": [0.01, 0.02, 0.03]}, index=["a", "b", "c"]
    )
    axes = figures.sensitivities({"gain": table}, {"a": "A", "b": "B", "c": "C"}, count=2).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["B", "C"]
    assert [width for _, width, _ in bars(axes)] == pytest.approx([50, 30])
    told = pd.DataFrame({"told": [0.4, 0.2], "chance": [0.1, 0.15]}, index=["a", "b"])
    axes = figures.informing(told, {"a": "A", "b": "B"}, count=2).axes[0]
    assert [width for _, width, _ in bars(axes)] == pytest.approx([40, 20])
    assert lines(axes)[0] == pytest.approx(np.array([[10, 15], [0, 1]]))


# A discharge


def test_voltage_and_overpotential_are_drawn_over_the_charge_of_either_foil(fast):
    top, bottom = figures.overpotentials({"a": fast}).axes
    for colour, found in ((BCUE, fast.bare), (PCUE, fast.perforated)):
        charge = found.curve.charge / MAH_CM2
        assert lines(top, colour)[0] == pytest.approx(np.array([charge, found.curve.voltage]))
        whole, local = lines(bottom, colour)
        assert whole == pytest.approx(np.array([charge[1:], 1e3 * found.curve.overpotential[1:]]))
        assert local[1] == pytest.approx(1e3 * found.curve.kinetic[1:])


def test_parts_of_the_overpotential_are_bars_in_the_order_of_the_bare_cell(fast):
    figure = figures.overpotential_parts(fast, 36000.0)
    [axes] = figure.axes
    bare, perforated = (
        discharge.losses(solution, cell, 36000.0)
        for solution, cell in zip(fast.solutions, fast.cells, strict=True)
    )
    names = sorted(bare, key=bare.get, reverse=True)
    assert [text.get_text() for text in axes.get_yticklabels()] == names
    expected = [1e3 * split[name] for split in (bare, perforated) for name in names]
    assert [width for _, width, _ in bars(axes)] == pytest.approx(expected)
    assert "1.00 mAh" in axes.get_xlabel()


def test_the_cell_voltage_is_drawn_below_the_open_circuit_and_parts_in_millivolt(fast):
    data = fast.solutions[0].dataset
    top, bottom = tool.voltage_parts(data).axes
    open_circuit, cell = lines(top)
    assert cell == pytest.approx(np.array([data.capacity / 3600, data.voltage]))
    parts = {str(name): data.parts.sel(part=name).values for name in data.part.values}
    expected = sum(part for name, part in parts.items() if name.startswith("open circuit"))
    assert open_circuit[1] == pytest.approx(expected)
    drawn = {line.get_label(): line.get_ydata() for line in bottom.lines}
    shown = {
        name
        for name, part in parts.items()
        if "open circuit" not in name and np.abs(part).max() > 1e-3
    }
    assert set(drawn) == shown
    for name, values in drawn.items():
        assert values == pytest.approx(1e3 * parts[name]), name


def test_salt_is_drawn_over_the_depth_and_its_excess_over_the_charge(fast):
    first, second, third = figures.salt(fast).axes
    for axes, found, colour in ((first, fast.bare, BCUE), (second, fast.perforated, PCUE)):
        drawn_profiles = [drawn for drawn in lines(axes) if drawn.size]  # keys have no points
        for drawn, profile in zip(drawn_profiles, found.profiles[::3], strict=True):
            assert drawn == pytest.approx(np.array([profile.concentration / 1e3, 1e6 * profile.z]))
        mean, span = lines(third, colour)
        assert mean[0] == pytest.approx([profile.charge / MAH_CM2 for profile in found.profiles])
        assert mean[1] == pytest.approx([profile.mean / 1e3 for profile in found.profiles])
        assert span[1] == pytest.approx([profile.range / 1e3 for profile in found.profiles])
    assert first.get_xlim() == second.get_xlim()
    assert first.get_ylim() == second.get_ylim()


@pytest.mark.parametrize(("quantity", "factor"), [("depth", 1e2), ("overpotential", 1e3)])
def test_the_section_through_the_hole_is_the_plane_of_its_middle(fast, quantity, factor):
    figure = figures.maps(fast, quantity)
    blocks = [
        discharge.block(cell, solution, quantity)
        for cell, solution in zip(fast.cells, fast.solutions, strict=True)
    ]
    lower = next(axes for axes in figure.axes if axes.get_xlabel().startswith("from the middle"))
    section = lower.collections[0]
    assert section.get_array().filled(np.nan) == pytest.approx(
        factor * blocks[1].values[0].T, nan_ok=True
    )
    edges = np.asarray(section.get_coordinates())
    assert edges[0, :, 0] == pytest.approx(1e6 * blocks[1].y)
    assert edges[:, 0, 1] == pytest.approx(1e6 * blocks[1].z)
    limits = [f([f(block.values) for block in blocks]) for f in (np.nanmin, np.nanmax)]
    assert section.get_clim() == pytest.approx([factor * limit for limit in limits])
    [foil] = lower.patches
    end = 1e6 * blocks[1].y[-1]
    assert foil.get_bbox().bounds == pytest.approx((37.5, -15, end - 37.5, 15))


def test_the_plan_is_the_plane_of_boxes_that_lies_on_the_foil(fast):
    cell, solution = fast.cells[1], fast.solutions[1]
    found = discharge.block(cell, solution, "depth")
    plan = next(axes for axes in figures.maps(fast, "depth").axes if axes.get_xlabel() == "y (µm)")
    first = int(np.flatnonzero(np.isfinite(found.values[-1, 0]))[0])  # where foil lies below
    drawn = plan.collections[0].get_array().filled(np.nan)
    assert drawn == pytest.approx(1e2 * found.values[:, :, first])
    assert [circle.get_radius() for circle in plan.patches] == pytest.approx([37.5, 37.5])


def test_the_plan_ends_at_half_the_pitch_and_the_planes_at_their_layers(fast):
    cell, data = fast.cells[1], fast.solutions[1].dataset
    plan, section = figures.mesh(data, cell.perforation).axes[:2]
    corners = np.asarray(plan.collections[0].get_coordinates())
    half = 1e6 * cell.perforation.pitch / 2
    assert corners[-1, -1] == pytest.approx([half, np.sqrt(3) * half])
    drawn = np.concatenate(
        [np.array(group.get_segments())[:, 0, 1] for group in section.collections]
    )
    assert np.sort(drawn) == pytest.approx(1e6 * np.sort(data.z.values))
    arcs = lines(plan, PCUE)
    assert np.hypot(*arcs[0]) == pytest.approx(np.full(60, 37.5))
    assert np.hypot(*(arcs[1] - np.array([[half], [np.sqrt(3) * half]]))) == pytest.approx(
        np.full(60, 37.5)
    )


def test_a_bare_cell_is_drawn_as_wide_as_the_other(fast):
    """Its one column has no width of its own."""
    pitch = 1e6 * fast.cells[1].perforation.pitch
    section, plan = figures.maps(fast, "depth").axes[:2]
    assert np.asarray(section.collections[0].get_coordinates())[-1, -1, 0] == pytest.approx(
        pitch * np.sqrt(3) / 2
    )
    assert np.asarray(plan.collections[0].get_coordinates())[-1, -1, 1] == pytest.approx(pitch / 2)
