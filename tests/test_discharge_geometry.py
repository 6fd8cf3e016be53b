"""``rampore discharge`` on a foil that the options perforate: lengths in um become the cell's, in
m.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rampore.cli import main

CELL = Path(__file__).parent / "data" / "discharge" / "marquis2019.json"
MESH = ("--layers", "4", "2", "4", "--lower-cutoff-V", "3.5", "--c-rate", "2")


@pytest.fixture(scope="module")
def discharged(tmp_path_factory):
    """Summary and fields of a discharge with these options."""

    def run(*options):
        out = tmp_path_factory.mktemp("discharge") / "out"
        assert main(["discharge", str(CELL), *MESH, *options, "-o", str(out)]) == 0
        fields = xr.load_dataset(out / "fields.nc", engine="h5netcdf")
        return json.loads((out / "summary.json").read_text()), fields

    return run


def test_holes_pitch_and_foil_are_as_long_as_the_options_say(discharged):
    options = ("--hole-um", "60", "--pitch-um", "120", "--foil-um", "12", "--columns", "2", "3")
    summary, fields = discharged("--collector", "perforated", *options)
    assert summary["open_fraction"] == pytest.approx(
        np.pi / (2 * np.sqrt(3)) * (60 / 120) ** 2, rel=1e-12
    )
    assert summary["current_density_A_per_m2"] == pytest.approx(48.0)
    half = (fields.x_edge[-1], fields.y_edge[-1])
    assert half == pytest.approx((60e-6, np.sqrt(3) * 60e-6), rel=1e-12)
    assert float(fields.z_edge[0]) == pytest.approx(-12e-6, rel=1e-12)
    assert float(fields.z_edge[-1]) == pytest.approx(225e-6, rel=1e-12)
    # the holes' volume: a quarter of one in each of two corners
    inside = fields.volume.values[..., fields.layer.values == "hole"].sum()
    assert inside == pytest.approx(np.pi * 30e-6**2 * 12e-6 / 2, rel=1e-9)


def test_without_sizes_the_holes_are_the_papers(discharged):
    summary, fields = discharged("--collector", "perforated", "--columns", "2", "2")
    assert summary["open_fraction"] == pytest.approx(
        np.pi / (2 * np.sqrt(3)) * (75 / 160) ** 2, rel=1e-12
    )
    assert float(fields.z_edge[0]) == pytest.approx(-15e-6, rel=1e-12)


def test_a_bare_foil_has_one_column_and_no_holes(discharged):
    summary, fields = discharged("--collector", "bare")
    assert summary["open_fraction"] == 0
    assert fields.sizes["x"] == fields.sizes["y"] == 1
    assert float(fields.z_edge[0]) == 0
    energy = np.trapezoid(fields.voltage * fields.current_density, fields.time) / 3600
    assert summary["energy_Wh_per_m2"] == pytest.approx(energy, rel=1e-9)
    assert summary["capacity_Ah_per_m2"] == pytest.approx(
        48 * summary["duration_s"] / 3600, rel=1e-9
    )
    assert summary["mean_voltage_V"] == pytest.approx(
        energy / summary["capacity_Ah_per_m2"], rel=1e-9
    )
