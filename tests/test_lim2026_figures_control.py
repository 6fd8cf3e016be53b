"""What the figures of the positive control draw, read back from their lines."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rampore.lim2026 import control
from rampore.lim2026.figures import control as figures
from rampore.lim2026.sweeps import control as pairs
from rampore.style import ACCENT, MUTED, PCUE

ASKED = control.readings()


@pytest.fixture(scope="module")
def data():
    """Every pair of the sweep with a gain of its own: a hundredth of its number, its error half of
    that; one cell carries nothing.
    """
    cases = pairs.cases()
    columns = {name: [case[name] for case in cases] for name in pairs.KEYS}
    gain = 0.01 * np.arange(1.0, len(cases) + 1)
    starved = [
        case["part"] == "paper" and case["closure"] == "percolation" and case["rate"] == 5.0
        for case in cases
    ]
    columns |= {"gain": np.where(starved, np.nan, gain), "gain_error": gain / 2}
    columns["plain"] = np.where(starved, 0.0, 30.0)
    return xr.Dataset({name: ("case", np.array(values)) for name, values in columns.items()})


def markers(axes, colour):
    """x, y and the half width of the bar of each marker of an error bar of one colour."""
    found = []
    for container in axes.containers:
        line, _, bars = container.lines
        if line.get_color() == colour:
            ends = [[x for x, _ in segment] for segment in bars[0].get_segments()]
            widths = [np.ptp(pair) / 2 if pair else np.nan for pair in ends]
            found += [(*place, w) for place, w in zip(line.get_xydata(), widths, strict=True)]
    return found


def on_map(**closures):
    """Tortuosity factor and gain of closures by their names."""
    return pd.DataFrame(closures, ["tortuosity", "gain"]).T


def test_a_closure_stands_at_its_tortuosity_and_its_gain_in_per_cent():
    [axes] = figures.medium(on_map(a=(5.0, 0.01)), on_map(b=(2.0, 0.5))).axes
    drawn = {line.get_markeredgecolor(): line for line in axes.lines}
    assert drawn[PCUE].get_xydata().ravel() == pytest.approx([5.0, 1.0])
    assert drawn[MUTED].get_xydata().ravel() == pytest.approx([2.0, 50.0])
    assert {text.get_text(): text.xy for text in axes.texts} == {"a": (5.0, 1.0), "b": (2.0, 50.0)}


def test_closures_that_lie_on_each_other_have_one_marker_and_a_familys_goes_first():
    literature = on_map(b=(20.1, 0.0899), c=(20.2, 0.0901), d=(5.001, 0.01))
    [axes] = figures.medium(on_map(a=(5.0, 0.01)), literature).axes
    assert [len(line.get_xdata()) for line in axes.lines] == [1, 1]
    assert [text.get_text() for text in axes.texts] == ["a", "b, c"]


def test_the_laws_pitch_is_dashed_in_the_colour_of_its_anisotropy():
    at, gain = np.array([30.0, 300.0]), np.array([0.4, 0.1])
    figure = figures.pitches({1.0: (gain, gain / 10), 4.0: (gain, gain / 10)}, at, 0.44)
    [axes] = figure.axes
    dashed = {line.get_color(): line for line in axes.lines if line.get_linestyle() == "--"}
    assert dashed.pop(MUTED).get_label() == "ribs as wide as the law allows"
    curves = [container.lines[0] for container in axes.containers]
    for curve, ratio in zip(curves, (1.0, 4.0), strict=True):
        assert dashed[curve.get_color()].get_xdata()[0] == pytest.approx(control.law_pitch(ratio))
        assert curve.get_ydata() == pytest.approx([40, 10])
    dotted = [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == ":"]
    assert dotted == pytest.approx([44, 22])


def test_known_gains_are_drawn_with_what_was_measured(data):
    left, middle, right = figures.rates(data).axes
    stated = [line.get_xydata()[0] for line in left.lines if line.get_markeredgecolor() == "black"]
    assert np.array(stated) == pytest.approx(np.array([[3.0, 11.0], [3.0, 24.0]]))
    [stated] = [line for line in middle.lines if line.get_markeredgecolor() == "black"]
    assert stated.get_xydata()[0] == pytest.approx([6.0, 30.0])
    first = data.to_dataframe().query("part == 'raju'")
    [container] = right.containers
    assert container.lines[0].get_xydata() == pytest.approx(
        np.column_stack([first["size"], 100 * first.gain])
    )


def test_holes_and_channels_of_a_closure_stand_beside_each_other(data):
    figure = figures.paper_cell(data, 600.0)
    closures = list(ASKED["closures"])
    table = data.to_dataframe().query("part == 'paper' and separator == 2.5 and rate == 3.0")
    axes = figure.axes[2]  # rates across, separators down
    for change, colour, shift in (("holes", PCUE, 0.14), ("channel", ACCENT, -0.14)):
        its = table[table.change == change].set_index("closure").loc[closures]
        expected = [
            (100 * row.gain, n + shift, 50 * row.gain) for n, row in enumerate(its.itertuples())
        ]
        assert np.array(markers(axes, colour)) == pytest.approx(np.array(expected))
    stated = [line for line in figure.axes[3].lines if line.get_markeredgecolor() == "black"]
    assert stated[0].get_xdata()[0] == pytest.approx(20.0)
    carried = [place for place in markers(figure.axes[3], PCUE) if np.isfinite(place[0])]
    assert len(carried) == len(closures) - 1
    beside = [text.get_text() for text in figure.axes[3].texts]
    assert beside == ["bare gives", *["5.0 %"] * 4, "nothing"]
    assert closures[-1] == "percolation"


def test_a_lever_has_a_panel_with_a_line_for_each_closure(data):
    figure = figures.levers(data)
    assert [axes.get_xlabel() for axes in figure.axes] == list(pairs.LEVERS.values())
    table = data.to_dataframe().query("part == 'lever' and change == 'loading'")
    axes = figure.axes[list(pairs.LEVERS).index("loading")]
    stated = [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == ":"]
    assert stated == pytest.approx([20.0])
    drawn = [line for line in axes.lines if line.get_marker() == "o"]
    for line, closure in zip(drawn, ASKED["closures"], strict=True):
        its = table[table.closure == closure]
        assert line.get_xdata().tolist() == its["size"].tolist()
        assert line.get_ydata() == pytest.approx(100 * its.gain.to_numpy())
