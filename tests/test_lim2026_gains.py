"""Every gain over what the bare cell delivers: the table, and how often a gain is reached."""

import numpy as np
import pytest
import xarray as xr

from rampore.lim2026.figures import p4d as figures
from rampore.lim2026.sweeps import gains
from rampore.p4d.errors import CellError


def study(contact_unit="ohm cm2", **more):
    """Two pairs, one of which gives nothing on bare foil at 5C."""
    columns = {
        "contact": [0.0, 1.0],
        "capacity_bare_3C": [40.0, 20.0],
        "capacity_perforated_3C": [44.0, 20.0],
        "capacity_bare_5C": [10.0, 0.0],
        "capacity_perforated_5C": [12.0, 5.0],
        "slow_bare": [100.0, 100.0],
        "slow_perforated": [110.0, 100.0],
        "p4d_3c_capacity": [0.1, 0.0],
        "p4d_3c_capacity_error": [0.02, 0.02],
        "gain_5C": [0.2, np.nan],
        "gain_5C_error": [0.01, np.nan],
    } | {
        f"capacity_{foil}_{rate}_error": [0.3 if foil == "bare" else 0.44] * 2
        for foil in ("bare", "perforated")
        for rate in ("3C", "5C")
    }
    data = xr.Dataset({name: ("case", values) for name, values in (columns | more).items()})
    data.contact.attrs["units"] = contact_unit
    return data


def test_a_row_has_what_the_bare_cell_delivers_and_what_the_other_delivers_more():
    pairs = gains.table({"crossing": study()})
    first = pairs[pairs.rate == "5C"].iloc[0]
    assert first.delivered == pytest.approx(0.10)
    assert first.difference == pytest.approx(12 / 110 - 0.10)
    assert first.difference_error == pytest.approx(np.hypot(0.003, 0.44 / 110))
    assert (first.gain, first.gain_error) == (0.2, 0.01)
    nothing = pairs[pairs.rate == "5C"].iloc[1]
    assert np.isnan(nothing.gain)
    assert nothing.difference == pytest.approx(0.05)
    assert pairs[pairs.rate == "3C"].gain.tolist() == [0.1, 0.0]


def test_contacts_of_both_studies_are_in_one_unit():
    pairs = gains.table({"crossing": study(), "samples": study("ohm m2", contact=[1e-4, 0.0])})
    assert pairs[pairs.study == "samples"].contact.tolist() == [1.0, 0.0] * 2


def test_a_gain_is_reached_by_more_than_its_error_and_a_pair_without_one_is_open():
    pairs = gains.table({"crossing": study()})
    found = gains.by_floor(pairs, {"5C": 0.18, "3C": 0.0})
    assert found.loc[("5C", 0.0)].tolist() == [2, 0.5, 1.0, 0.0]
    assert found.loc[("5C", 0.1)].tolist() == [1, 1.0, 1.0, 0.0]
    assert found.loc[("3C", 0.0)].tolist() == [2, 0.5, 1.0, 0.0]  # the second is within its error
    assert gains.by_floor(pairs, {"5C": 0.3}).loc[("5C", 0.02)].tolist() == [1, 0.0, 0.0, 0.0]


def test_a_pair_that_was_never_charged_is_counted_but_not_as_one_that_may():
    data = study(slow_bare=[100.0, np.nan], capacity_bare_5C=[10.0, np.nan])
    found = gains.by_floor(gains.table({"crossing": data}), {"5C": 0.18})
    assert found.loc[("5C", 0.0)].tolist() == [2, 0.5, 0.5, 0.5]


def test_a_pair_that_is_not_resolved_is_bounded_both_ways():
    data = study(capacity_perforated_5C_resolved=[0.0, 1.0])
    found = gains.by_floor(gains.table({"crossing": data}), {"5C": 0.18})
    assert found.loc[("5C", 0.0)].tolist() == [2, 0.0, 1.0, 0.0]


def test_a_ratio_is_not_taken_for_a_gain():
    with pytest.raises(CellError, match="wanted gain"):
        gains.by_floor(gains.table({"crossing": study()}), {"5C": 1.2})


def test_the_figure_has_a_point_for_every_pair():
    pairs = gains.table({"crossing": study(), "samples": study()})
    pairs["closure"] = ["cubes", "cubes", np.nan, np.nan] * 2
    pairs["swelling"] = ["none", "half", "none", "free"] * 2
    figure = figures.gains_by_share(pairs, {"5C": 0.2})
    (by_closure, _), (by_swelling, _), (by_contact, _) = np.reshape(figure.axes[:6], (3, 2))
    for axis in (by_closure, by_swelling, by_contact):
        assert sum(len(one.get_offsets()) for one in axis.collections) == len(pairs)
    stated = [line.get_ydata()[0] for line in by_closure.lines if line.get_linestyle() == "--"]
    assert stated == [20]
    assert by_closure.get_ylim()[0] < 20 < by_closure.get_ylim()[1]
