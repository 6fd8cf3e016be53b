"""Correlations of ``cell.toml`` as functions: the same as those coded by hand, and what cannot be
evaluated.
"""

import numpy as np
import pytest

from rampore import materials
from rampore.constants import FARADAY, GAS_CONSTANT
from rampore.lim2026 import correlations, parameters
from rampore.lim2026.parameters import Curve, ElectrolyteCorrelations, Formula

CELL = parameters.load()
X = np.linspace(0.02, 0.98, 97)


def test_a_correlation_that_the_file_names_is_the_librarys_and_ends_where_it_does():
    ours = correlations.electrolyte(CELL.electrolyte.correlations["LG19"], "LG19")
    theirs = materials.landesfeind_gasteiger_2019()
    assert (ours.lowest, ours.validity) == (theirs.lowest, theirs.validity) == (100.0, 3000.0)
    assert ours.conductivity(1150.0) == theirs.conductivity(1150.0)
    nyman = correlations.electrolyte(CELL.electrolyte.correlations["Nyman"], "Nyman")
    assert nyman.validity == materials.nyman_2008().validity == 2000.0
    assert correlations.potential(CELL.graphite.ocp["ecker"].lithiation)(
        0.3
    ) == materials.graphite_ecker(0.3)


def test_nymans_electrolyte_warms_by_its_activation_energy():
    given = CELL.electrolyte.correlations["Nyman"]
    cold, warm = (
        correlations.electrolyte(given, "Nyman", temperature) for temperature in (298.15, 313.15)
    )
    for name in ("conductivity", "diffusivity"):
        ratio = getattr(warm, name)(1150.0) / getattr(cold, name)(1150.0)
        assert ratio == pytest.approx(float(materials.arrhenius(17e3, 313.15)), rel=1e-12)
    assert warm.thermodynamic_factor(1150.0) == 1.0


@pytest.mark.parametrize("group", ["siox", "graphite", "nmc"])
def test_every_potential_of_the_study_falls_as_lithium_goes_in(group):
    for branches in getattr(CELL, group).ocp.values():
        for branch in branches:
            assert np.diff(correlations.potential(branch)(X)).max() < 0


def test_the_multi_site_form_is_inverted():
    """x(U) at the potential that the inverse gives is x; the table's spacing of 0.3 mV leaves less
    than 1e-4.
    """
    given = CELL.graphite.ocp["verbrugge"].lithiation
    u = correlations.potential(given)(X)[:, None]
    p = {name: np.asarray(values) for name, values in given.coefficients.items()}
    thermal = GAS_CONSTANT * 298.15 / FARADAY
    x = np.sum(p["X"] / (1 + np.exp((u - p["U0"]) / (thermal * p["w"]))), axis=1) / p["X"].sum()
    assert x == pytest.approx(X, abs=1e-4)


def test_a_table_passes_through_its_points_but_where_it_rises():
    table = correlations.potential(Curve((0.1, 0.2, 0.3, 0.4), (1.0, 0.5, 0.6, 0.4)))
    assert table(np.array([0.1, 0.2, 0.4])) == pytest.approx([1.0, 0.5, 0.4], abs=1e-8)
    assert 0.5 - 1e-8 < table(0.3) < 0.5


def test_transport_efficiency_follows_the_law_of_tortuosity():
    law = CELL.negative.tortuosity_law
    assert correlations.transport_efficiency(law)(0.3) == pytest.approx(0.3 / (4.7 * 0.3**-0.1))
    assert correlations.transport_efficiency(6.0)(0.41) == pytest.approx(0.41 / 6)


def test_refusal_of_what_cannot_be_evaluated():
    with pytest.raises(correlations.CorrelationError, match="no such form"):
        correlations.potential(Formula("no such form", "", (1.0,), "V", 1.0))
    with pytest.raises(correlations.CorrelationError, match="no coefficients"):
        correlations.potential(Formula("polynomial", "", (), "V", 1.0))
    with pytest.raises(correlations.CorrelationError, match="no conductivity and no diffusivity"):
        correlations.electrolyte(CELL.electrolyte.correlations["Nyman-recalled"], "Nyman")
    with pytest.raises(correlations.CorrelationError, match="power-law"):
        correlations.transport_efficiency(Formula("cubic", "", (1.0,), "1", 1.0))
    assert isinstance(CELL.electrolyte.correlations["Nyman-recalled"], ElectrolyteCorrelations)
