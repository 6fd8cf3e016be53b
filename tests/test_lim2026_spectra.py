"""The study's spectra: states of charge, blocking cells, what a line finds, spoilt spectra,
figures.
"""

from dataclasses import replace

import numpy as np
import pytest

from rampore.coating import Local
from rampore.figures import impedance as tool
from rampore.impedance.kramers_kronig import kramers_kronig
from rampore.impedance.spectrum import Spectrum
from rampore.impedance.transmission_line import fit_blocking_cell, symmetric_cell
from rampore.lim2026 import parameters, spectra
from rampore.lim2026.cells import PorositySet, Scenario, blocking_cell, charged_cell, half_cell
from rampore.lim2026.figures import impedance as figures
from rampore.p4d.balance import at_state_of_charge, capacities, discharged, slow_discharge
from rampore.p4d.errors import CellError
from rampore.p4d.impedance import exchange_resistance
from rampore.p4d.model import Mesh

GIVEN = parameters.load()
SMALL = Mesh((12, 3, 1), (3, 4), 3)


def held(cell, side):
    return sum(capacity * material.stoichiometry for capacity, material in capacities(cell, side))


# States of charge


def test_a_slow_discharge_moves_lithium_from_one_electrode_to_the_other():
    cell = charged_cell(GIVEN)[0]
    after = discharged(cell, 3e4)
    for side, moved in (("negative", -3e4), ("positive", 3e4)):
        assert held(after, side) - held(cell, side) == pytest.approx(moved, rel=1e-9)


def test_the_materials_of_an_electrode_stay_at_one_potential():
    siox, graphite = discharged(half_cell(GIVEN), 4e4).negative.materials
    assert siox.open_circuit(siox.stoichiometry) == pytest.approx(
        graphite.open_circuit(graphite.stoichiometry)
    )


@pytest.mark.parametrize("make", [half_cell, lambda given: charged_cell(given)[0]])
def test_a_state_of_charge_counts_what_a_slow_discharge_gives(make):
    cell = make(GIVEN)
    empty = at_state_of_charge(cell, 0.0)
    # else it is empty before the cut-off
    if held(empty, "negative") > 1e-5 * held(cell, "negative"):
        assert empty.open_circuit_voltage == pytest.approx(cell.lower_cutoff, abs=1e-6)
    half = at_state_of_charge(cell, 0.5)
    given = held(cell, "negative") - held(half, "negative")
    assert given == pytest.approx(0.5 * slow_discharge(cell), rel=1e-9)
    assert at_state_of_charge(cell, 1.0) is cell


@pytest.mark.parametrize("fraction", [-0.1, 1.1, np.nan])
def test_what_is_no_state_of_charge_is_refused(fraction):
    with pytest.raises(CellError, match="state of charge"):
        at_state_of_charge(half_cell(GIVEN), fraction)


# Charge transfer


def test_charge_transfer_goes_as_the_active_material():
    """At equal mass the foils have the same surface; what the published porosities hold more shows
    in full.
    """
    for porosity in (PorositySet.PUBLISHED, PorositySet.MASS_CONSERVING):
        bare, perforated = spectra.half_cells(GIVEN, Scenario(porosity=porosity))
        surplus = sum(c for c, _ in capacities(perforated, "negative")) / sum(
            c for c, _ in capacities(bare, "negative")
        )
        ratio = exchange_resistance(perforated, mesh=SMALL) / exchange_resistance(bare, mesh=SMALL)
        assert ratio == pytest.approx(1 / surplus, rel=1e-9)


def test_the_arc_of_a_thin_half_cell_is_its_charge_transfer():
    """A tenth of the coating's thickness: the pores' own resistance is a hundredth, and so is what
    is allowed.
    """
    cell = at_state_of_charge(spectra.half_cells(GIVEN, Scenario())[0], 0.5)
    thin = replace(cell, negative=replace(cell.negative, thickness=0.1 * cell.negative.thickness))
    fit = spectra.fit_arcs(spectra.simulate(thin, 1.0))
    assert fit["R2"] == pytest.approx(exchange_resistance(thin), rel=0.02)
    assert spectra.interval(fit, "R2") < 0.02


def test_arcs_before_a_tail_end_where_its_reactance_meets_theirs():
    """An arc R, C before a capacitor c times as large: -Im Z is least at omega = 1 / (R C sqrt(c)),
    and Re Z is R / (1 + 1 / c) there, both but for terms in 1 / c**2.
    """
    resistance, capacitance, times = 50.0, 1e-4, 1e3
    frequency = np.geomspace(1e6, 1e-2, 81)
    omega = 2j * np.pi * frequency
    arc = resistance / (1 + omega * resistance * capacitance)
    whole = Spectrum(frequency, 7.0 + arc + 1 / (omega * times * capacitance))
    assert spectra.arcs_width(whole) == pytest.approx(resistance * (1 - 1 / times), rel=1e-4)


def test_arcs_without_a_tail_are_read_to_the_lowest_frequency():
    frequency = np.geomspace(1e8, 0.05, 60)
    arcs = [r / (1 + 2j * np.pi * frequency * r * c) for r, c in ((20.0, 1e-6), (60.0, 1e-4))]
    assert spectra.arcs_width(Spectrum(frequency, 3.0 + sum(arcs))) == pytest.approx(80.0, rel=1e-5)


def test_arcs_are_known_to_a_hundredth_from_the_mesh():
    """Of a hundred ohms and more; and on the finer mesh itself nothing is left."""
    cell = at_state_of_charge(spectra.full_cells(GIVEN, Scenario())[0], 0.2)
    coarse, fine = (
        spectra.simulate(cell, 1e-4, mesh, spectra.DRAWN)
        for mesh in (spectra.REACTING, spectra.REACTING_FINE)
    )
    found = spectra.arcs_error(cell, 1e-4, coarse)
    assert found == pytest.approx(abs(spectra.arcs_width(fine) - spectra.arcs_width(coarse)))
    assert 0 < found < 0.01 * spectra.arcs_width(coarse)
    assert spectra.arcs_error(cell, 1e-4, fine) < 1e-9 * spectra.arcs_width(fine)


def test_a_contact_with_a_capacitance_is_a_semicircle_of_its_resistance():
    """Its middle at omega = 1 / (R C); all of it far below, none above."""
    resistance, capacitance, area = 2e-3, 0.2, 1e-4  # times area, per area
    corner = 1 / (2 * np.pi * resistance * capacitance)
    bare = Spectrum(corner * np.geomspace(1e6, 1e-6, 5), np.full(5, 5.0 + 0j))
    arc = spectra.with_contact_arc(bare, area, resistance, capacitance).impedance - 5.0
    assert arc[[0, 2, 4]] == pytest.approx(20.0 * np.array([0, 0.5 - 0.5j, 1]), abs=1e-4)
    assert abs(arc - 10.0) == pytest.approx(10.0)
    fast = spectra.with_contact_arc(bare, area, resistance, 0.0).impedance - 5.0
    assert fast == pytest.approx(20.0)  # without a capacitance it is no arc


# Lines


def test_a_line_finds_the_tortuosity_of_a_coating_on_bare_foil():
    """To what the boxes leave, a third of a per cent: five times less than on half as many."""
    cell = blocking_cell(GIVEN)
    line = spectra.read_line(cell)
    assert line.tortuosity == pytest.approx(spectra.domain_tortuosity(cell).npr, rel=5e-3)
    assert line.tortuosity_by_volume == line.tortuosity
    assert line.interval[0] < line.resistance < line.interval[1]


def test_a_blocking_cell_has_the_surface_of_its_materials_and_its_pores():
    cell, whole = (make(GIVEN, Scenario(perforated=True)) for make in (blocking_cell, half_cell))
    expected = sum(
        3 * material.fraction.pr / material.radius for material in whole.negative.materials
    )
    assert cell.negative.inert_surface.pr == pytest.approx(expected, rel=1e-12)
    assert spectra.mean_porosity(blocking_cell(GIVEN)) == GIVEN.negative.porosity_image
    f, depth, h = (
        cell.perforation.open_fraction,
        cell.perforation.foil_thickness,
        cell.negative.thickness,
    )
    dense, porous = cell.negative.porosity
    by_hand = ((1 - f) * h * dense + f * (h + depth) * porous) / (h + f * depth)
    assert spectra.mean_porosity(cell) == pytest.approx(by_hand, rel=1e-12)


def test_each_difference_alone_leaves_the_other_out():
    cell = blocking_cell(GIVEN, Scenario(perforated=True))
    domains, holes = spectra.apart(cell, 0.24).values()
    assert domains.perforation.foil_thickness < 1e-8
    assert domains.negative.porosity == cell.negative.porosity
    assert holes.perforation == cell.perforation
    assert holes.negative.porosity == Local(0.24, 0.24)


def test_a_pair_counts_its_gain_against_bare_foil():
    line = spectra.Line(2.0, (1.9, 2.1), 5.0, 4.0, 0.0)
    pair = spectra.LinePair(
        (blocking_cell(GIVEN),) * 2, line, line._replace(resistance=1.5, tortuosity_by_volume=3.0)
    )
    assert pair.gain == pytest.approx(0.25)
    assert pair.factor_ratio == pytest.approx(0.75)
    resistance, factors = spectra.stack([pair, pair])
    assert resistance.tolist() == [[2.0, 2.0], [1.5, 1.5]]
    assert factors.tolist() == [[[5.0, 5.0], [5.0, 5.0]], [[4.0, 4.0], [3.0, 3.0]]]


# Spoilt spectra


def line_spectrum(**changes):
    values = {
        "separator_resistance": 2.0,
        "ionic_resistance": 4.0,
        "capacitance": 3e-3,
        "exponent": 1.0,
    } | changes
    return Spectrum(spectra.COATING, symmetric_cell(2 * np.pi * spectra.COATING, **values))


def test_a_good_spectrum_is_fitted_and_a_noisy_or_drifting_one_is_refused():
    good, rng = line_spectrum(), np.random.default_rng(3)
    outcomes = spectra.attempts(
        {
            "good": spectra.noisy(good, 0.003, rng),
            "noisy": spectra.noisy(good, 0.05, rng),
            "drifting": spectra.drifting(line_spectrum(capacitance=2e-3), good, 60.0),
        }
    )
    assert outcomes["good"].startswith("R = ")
    assert outcomes["good"].masked == "R = # Ω, # to # Ω"
    assert all(outcomes[name].startswith("refused: ") for name in ("noisy", "drifting"))


def test_what_is_read_off_a_spectrum_shares_its_error():
    good, rng = line_spectrum(), np.random.default_rng(3)
    given = {"good": spectra.noisy(good, 0.003, rng), "noisy": spectra.noisy(good, 0.05, rng)}
    outcomes = spectra.attempts(given, 0.01)
    resistance = fit_blocking_cell(given["good"]).fit["ionic_resistance"]
    assert outcomes["good"].numbers[0] == (
        pytest.approx(resistance),
        pytest.approx(0.01 * resistance),
    )
    [(percent, error)] = outcomes["noisy"].numbers
    assert percent == pytest.approx(100 * kramers_kronig(given["noisy"]).rms)
    assert error == pytest.approx(0.01 * percent)


def test_a_spectrum_on_the_finer_mesh_has_no_mesh_error_and_one_on_a_coarser_mesh_more():
    cell, places = spectra.half_cells(GIVEN, Scenario())[0], spectra.DRAWN[::10]
    meshes = spectra.REACTING_FINE, spectra.REACTING, spectra.REACTING._replace(layers=(4, 2, 4))
    errors = [
        spectra.mesh_error(cell, 1.0, spectra.simulate(cell, 1.0, mesh, places), every=1)
        for mesh in meshes
    ]
    assert errors[0] == 0
    assert errors[2] > 2 * errors[1] > 0


def test_noise_has_the_size_it_is_asked_for_and_drift_ends_where_it_is_told():
    good, later = line_spectrum(), line_spectrum(capacitance=6e-3)
    noise = spectra.noisy(good, 0.01, np.random.default_rng(0)).impedance / good.impedance - 1
    # of a standard deviation from so many draws, two a frequency
    three_deviations = 3 / np.sqrt(2 * 2 * noise.size)
    assert np.sqrt(np.mean(np.abs(noise) ** 2)) == pytest.approx(
        0.01 * np.sqrt(2), rel=three_deviations
    )
    drifted = spectra.drifting(good, later, 1.0).impedance
    assert drifted[-1] == later.impedance[-1]
    assert drifted[0] == pytest.approx(good.impedance[0], rel=1e-3)


def test_a_cell_that_is_half_wetted_has_half_the_capacitance():
    cell = blocking_cell(GIVEN)
    low = [
        spectra.simulate(one, 1.0, frequency=[1, 0.8, 0.6, 0.4, 0.2])
        for one in (cell, spectra.wetted(cell, 0.5))
    ]
    assert low[1].impedance[-1].imag / low[0].impedance[-1].imag == pytest.approx(2.0, rel=1e-3)


# Figures


def test_the_figures_show_both_foils_on_axes_with_units():
    spectrum = line_spectrum()
    pair = [spectrum, spectrum]
    drawn = [
        figures.spectra({"one": pair, "two": pair}),
        figures.charge_transfer(np.array([0.1, 0.5]), {"a": np.ones((2, 2)), "b": np.ones((2, 2))}),
        figures.lines(np.array([1e-5, 2e-5]), {"a": (np.ones((2, 2)), np.ones((2, 2, 2)))}),
        tool.report(spectrum, kramers_kronig(spectrum)),
    ]
    for figure in drawn[:3]:
        labels = [
            text.get_text()
            for axis in figure.axes
            if axis.get_legend()
            for text in axis.get_legend().get_texts()
        ]
        assert any("bCuE" in label for label in labels)
        assert any("pCuE" in label for label in labels)
    assert "Ω" in drawn[0].axes[0].get_ylabel()
    assert drawn[1].axes[-1].get_xlabel() == "state of charge (%)"
    assert "µm" in drawn[2].axes[-1].get_xlabel()
    low, high = drawn[3].axes[0].get_xlim()
    assert high - low < 10  # the foot of the capacitive branch, not 1000 ohm of it
