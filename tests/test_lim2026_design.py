"""Designs of the foil: what the calender makes of the coating on them, and which are best."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rampore import sweep
from rampore.audit.sweep import read
from rampore.coating import local_thickness
from rampore.lim2026 import parameters
from rampore.lim2026.sweeps import crossing, design

COMMITTED = Path(__file__).parents[1] / "book" / "data" / "design.nc"
GIVEN = parameters.load()
PERFORATED = [case for case in design.cases() if case["hole_diameter"]]


def test_every_design_holds_the_same_mass_over_foil_and_holes_together():
    solid = GIVEN.negative.density / (1 - GIVEN.negative.porosity)
    for case in PERFORATED:
        coated = design.coated(GIVEN, case)
        height = local_thickness(
            GIVEN.negative.loading / case["density"], coated.open_fraction, case["foil_thickness"]
        )
        held = [(1 - eps) * solid * h for eps, h in zip(coated.porosity, height, strict=True)]
        f = coated.open_fraction
        assert (1 - f) * held[0] + f * held[1] == pytest.approx(GIVEN.negative.loading, rel=1e-12)
        assert coated.porosity.npr < coated.mean_porosity < coated.porosity.pr
        mean_ratio = GIVEN.negative.areal_capacity / GIVEN.positive.areal_capacity
        assert coated.np_ratio.mean(f) == pytest.approx(mean_ratio, rel=1e-12)


def test_the_papers_foil_is_one_of_the_designs_and_no_two_holes_touch():
    own = design.paper_case()
    assert own in PERFORATED
    assert all(case["pitch"] - case["hole_diameter"] >= design.LIGAMENT for case in PERFORATED)
    assert len({tuple(case.values()) for case in design.cases()}) == len(design.cases())


def test_a_bare_foil_carries_its_tensile_strength_and_weighs_what_its_layers_weigh(monkeypatch):
    monkeypatch.setitem(
        crossing.MESHES, "crossing", crossing.MESHES["crossing"]._replace(layers=(6, 3, 6))
    )
    case = {
        "hole_diameter": 0.0,
        "pitch": 0.0,
        "foil_thickness": 10e-6,
        "density": 1500.0,
    }
    found = design.values(case, "crossing")
    assert found["strength"] == pytest.approx(212.5e6 * 10e-6, rel=1e-12)
    assert found["lowest_np_ratio"] == pytest.approx(3.6 / 3.3, rel=1e-12)
    assert found["capacity_0.2C"] > found["capacity_3C"] > found["capacity_5C"]
    separator = 20e-6 * (1 - 0.41) * 946
    mass = 15e-6 * 2700 + 0.198 + separator + 0.0495 + GIVEN.collector_negative.areal_mass
    thickness = 15e-6 + 0.198 / 3500 + 20e-6 + 0.0495 / 1500 + 10e-6
    assert found["gravimetric"] / found["volumetric"] == pytest.approx(thickness / mass, rel=1e-9)
    voltage = found["gravimetric"] * mass / found["capacity_0.2C"]
    assert GIVEN.lower_cutoff < voltage < GIVEN.upper_cutoff


def test_the_front_holds_what_nothing_beats_in_every_goal():
    data = xr.Dataset(
        {"a": ("case", [1.0, 2.0, 0.0, 1.0, 1.0]), "b": ("case", [2.0, 1.0, 3.0, 1.0, 2.0])}
    )
    assert design.front(data, ("a", "b")).tolist() == [True, True, True, False, True]


def test_a_design_that_is_not_there_is_named():
    data = sweep.dataset(design.cases()[:3], [sweep.Outcome({})] * 3, design.UNITS)
    assert design.nearest(data, design.cases()[2]) == 2
    with pytest.raises(sweep.SweepError, match=r"no design among the 3 is .*0\.5"):
        design.nearest(data, {"hole_diameter": 0.5})


def test_a_random_design_of_the_committed_ones_comes_out_again():
    data = read(COMMITTED)
    n = int(np.random.default_rng().integers(data.sizes["case"]))
    case = {axis.name: data[axis.name].values[n].item() for axis in design.AXES}
    assert case in design.cases()
    for name, value in design.values(case, "crossing").items():
        slack = 1e-9 * abs(value)  # geometry carries no error of the mesh
        assert value == pytest.approx(
            data[name].values[n], abs=data[f"{name}_error"].values[n] + slack
        ), (n, name)
