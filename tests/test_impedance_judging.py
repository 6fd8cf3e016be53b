"""Points that do not belong to a spectrum, circuits that are another cell's, and what the weighting
makes of a fit.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from rampore.impedance.analysing import analyse, prepare
from rampore.impedance.circuits import (
    check_circuit,
    compare,
    fit_circuit,
    read_circuit,
    undetermined,
)
from rampore.impedance.fitting import weights
from rampore.impedance.judging import judge
from rampore.impedance.kramers_kronig import ACCEPTED, TooFewError, kramers_kronig
from rampore.impedance.reading import read_spectrum
from rampore.impedance.relaxation import relaxation
from rampore.impedance.screening import screen, select
from rampore.impedance.spectrum import ImpedanceError, Spectrum
from rampore.impedance.transmission_line import fit_blocking_cell, symmetric_cell

DATA = Path(__file__).parent / "data"
CASES = DATA / "cases" / "spectra"
MEASURED = DATA / "impedance"
F = np.geomspace(1e5, 0.1, 61)
OMEGA = 2 * np.pi * F
CELL = symmetric_cell(OMEGA, 10.0, 40.0, 6e-3, 0.92)


def noisy(z, noise=1e-3, seed=0):
    rng = np.random.default_rng(seed)
    return Spectrum(F, z * (1 + noise * (rng.standard_normal(61) + 1j * rng.standard_normal(61))))


def blocking(part, weighting, _=None):
    return fit_blocking_cell(part, False, weighting).fit


# Points


@pytest.mark.parametrize("seed", range(10))
def test_a_good_spectrum_keeps_all_its_points(seed):
    """One in ten thousand would lose one."""
    assert screen(noisy(CELL, seed=seed)).kept.all()


@pytest.mark.parametrize(
    ("name", "place", "frequencies"),
    [
        ("hf_artefact.csv", "top", [1e5, 79432.8, 63095.7]),
        ("one_outlier.csv", "single", [100.0]),
    ],
)
def test_bad_points_are_named_and_the_rest_has_the_resistance_of_the_cell(name, place, frequencies):
    spectrum = read_spectrum(CASES / name)
    prepared = prepare(spectrum)
    (finding,) = prepared.screening.findings
    assert finding.place == place
    assert finding.frequencies == pytest.approx(frequencies, rel=1e-5)
    assert f"{frequencies[0]:.4g}" in str(finding)
    assert 2 * analyse(prepared, blocking).fit["ionic_resistance"] == pytest.approx(80, rel=0.002)
    with pytest.raises(ImpedanceError, match="Kramers and Kronig"):
        prepare(spectrum, screened=False).refuse_broken()


def test_a_drift_at_the_bottom_is_named_by_its_frequencies():
    z = CELL.copy()
    z[-4:] *= 1 + 0.15 * np.arange(1, 5)
    (finding,) = screen(noisy(z)).findings
    assert finding.place == "bottom"
    assert finding.frequencies == pytest.approx(F[-4:])


@pytest.mark.parametrize("bad", [[7], [6, 20], [0, 1, 2], [28, 29, 30]])
def test_five_frequencies_a_decade_suffice_to_find_the_bad_ones(bad):
    f, rng = F[::2], np.random.default_rng(1)
    z = CELL[::2] * (1 + 1e-3 * (rng.standard_normal(31) + 1j * rng.standard_normal(31)))
    z[bad] *= 1 + 0.3 * np.exp(1j * np.arange(1, len(bad) + 1))
    assert np.flatnonzero(~screen(Spectrum(f, z)).kept).tolist() == bad


def test_a_measurement_of_which_much_is_bad_keeps_all_and_is_refused():
    """Not a few of its points are bad: it is."""
    prepared = prepare(noisy(CELL + 40 * np.linspace(0, 1, 61) ** 4))
    assert prepared.screening.kept.all()
    with pytest.raises(ImpedanceError, match=r"by more than 1 % from .* to .* Hz"):
        prepared.refuse_broken()


@pytest.mark.parametrize(("number", "top"), [("008", 94.87), ("009", 15.04)])
def test_bad_measurements_are_refused_with_their_frequencies(number, top):
    spectrum = read_spectrum(MEASURED / f"blocking_symmetric_{number}.csv")
    with pytest.raises(ImpedanceError, match=f"by more than 1 % from {top} to 0.1 Hz"):
        prepare(spectrum).refuse_broken()


def test_frequencies_are_chosen_by_their_ends_and_by_name():
    spectrum = Spectrum(F, CELL)
    kept = select(spectrum, 1.0, 1e4, [100.0, (9.0, 21.0)]).frequency
    assert kept.min() == pytest.approx(1.0)
    assert kept.max() == pytest.approx(1e4)
    assert not ((kept > 9) & (kept < 21)).any()
    assert 100.0 not in kept.round(6)
    with pytest.raises(ImpedanceError, match="nothing is measured at 1e\\+06 Hz"):
        select(spectrum, mask=[1e6])
    with pytest.raises(ImpedanceError, match="2 frequencies are left"):
        select(spectrum, fmin=7e4)


@pytest.mark.parametrize(
    "name",
    sorted(
        {path.name for path in CASES.iterdir()} - {"battery.csv", "comma.mpt", "negative_real.csv"}
    ),
)
def test_the_same_cell_has_80_ohm_however_it_is_written(name):
    """Noise of 0.1 %, of which the interval of the fit speaks: 0.2 % of 80 ohm."""
    options = {"ohmcm2.csv": {"area": 1.54e-4}, "two_loops.csv": {"loop": 2}}.get(name, {})
    found = analyse(prepare(read_spectrum(CASES / name, **options)), blocking)
    assert found.judgement.describes
    assert 2 * found.fit["ionic_resistance"] == pytest.approx(80, rel=0.002)


def test_an_export_with_decimal_commas_is_read_and_its_noise_is_refused():
    """2.5 % of it, at 65 to 110 ohm: it is no blocking cell either."""
    spectrum = read_spectrum(CASES / "comma.mpt")
    assert spectrum.frequency.size == 43
    assert spectrum.impedance[0] == pytest.approx(65.470886 - 0.38998979j)
    with pytest.raises(ImpedanceError, match=r"by more than 1 % from 770\.2 to"):
        prepare(spectrum).refuse_broken()


def test_a_spectrum_below_zero_is_refused_with_a_message():
    with pytest.raises(ImpedanceError, match="no cell has a resistance below zero"):
        analyse(prepare(read_spectrum(CASES / "negative_real.csv")), blocking)


# The test with few frequencies


def test_twelve_frequencies_suffice_for_four_parameters():
    spectrum = read_spectrum(CASES / "few_12.csv")
    with pytest.raises(TooFewError):
        kramers_kronig(spectrum)
    cell = fit_blocking_cell(spectrum)
    assert cell.check is None
    assert cell.cell_resistance == pytest.approx(80.0, rel=0.005)
    z = spectrum.impedance + np.where(np.arange(12) == 5, 4.0, 0.0)
    with pytest.raises(ImpedanceError, match="12 frequencies are too few to test"):
        fit_blocking_cell(Spectrum(spectrum.frequency, z))


def test_a_sparse_spectrum_is_tested_with_fewer_time_constants():
    assert kramers_kronig(Spectrum(F[::4], CELL[::4])).elements < kramers_kronig(
        Spectrum(F, CELL)
    ).elements  # fmt: skip
    assert kramers_kronig(Spectrum(F[::4], CELL[::4])).rms < ACCEPTED / 2


# Misfit


@pytest.mark.parametrize("noise", [1e-3, 3e-3])
def test_a_circuit_that_is_that_of_the_cell_describes_it(noise):
    for seed in range(5):
        found = analyse(prepare(noisy(CELL, noise, seed)), blocking)
        assert found.judgement.describes, "once in a thousand times it would not"
        # of some hundred degrees of freedom: to 1 / sqrt(200) = 7 %, three times that
        assert found.judgement.noise == pytest.approx(noise * np.sqrt(2), rel=0.21)


def test_a_circuit_of_another_cell_is_refused_with_where_it_is_worst():
    spectrum = read_spectrum(CASES / "battery.csv")
    fit = fit_circuit(spectrum, "R0-p(R1,C1)", [0.01, 0.02, 1])
    found = analyse(prepare(spectrum), lambda *_: fit)
    assert found.judgement.misfit == pytest.approx(0.45, abs=0.01)
    assert found.judgement.noise < 0.002
    assert found.judgement.where[0][0] == pytest.approx(1e5)
    with pytest.raises(ImpedanceError, match="does not describe the spectrum: misfit 45 %"):
        found.refuse_misfit()


GOOD = ["001", "003", "004", "005", "006", "007", "010"]


@pytest.mark.parametrize("number", GOOD)
def test_measured_cells_are_not_lines_alone_and_have_the_reference_resistance_by_modulus(number):
    """Weighted by the modulus, within 5 %; the misfit is ten times the noise, and is said."""
    path = MEASURED / f"blocking_symmetric_{number}.csv"
    known = json.loads((MEASURED / "reference_fits.json").read_text())[path.name]["r_ion"]
    found = analyse(prepare(read_spectrum(path)), blocking)
    assert 2 * found.fit["ionic_resistance"] == pytest.approx(known, rel=0.05)
    assert not found.judgement.describes
    assert not found.judgement.refused
    assert found.judgement.where
    low, high = found.weighed.span("ionic_resistance", intervals=False)
    assert low < high


# Weighting


def test_what_describes_a_spectrum_says_the_same_under_each_weighting():
    found = analyse(prepare(noisy(CELL)), blocking)
    assert set(found.weighed.fits) == {"modulus", "unit", "noise"}
    for fit in found.weighed.fits.values():
        place = fit.place("ionic_resistance")
        assert fit.low[place] < 40 < fit.high[place] or fit.weighting == "unit"
        assert fit["ionic_resistance"] == pytest.approx(40, rel=0.02)
    low, high = found.weighed.span("ionic_resistance", intervals=True)
    assert low < 40 < high


def test_weights_are_the_modulus_one_number_or_the_noise_around():
    spectrum = noisy(CELL, 3e-3)
    np.testing.assert_array_equal(weights(spectrum, "modulus"), np.abs(spectrum.impedance))
    assert np.ptp(weights(spectrum, "unit")) == 0
    share = weights(spectrum, "noise") / np.abs(spectrum.impedance)
    # what the relations leave of 122 numbers, less one for each element; to 7 % as above
    left = np.sqrt(1 - kramers_kronig(spectrum).elements / 122)
    assert share.mean() == pytest.approx(0.003 * np.sqrt(2) * left, rel=0.21)
    with pytest.raises(ImpedanceError, match="modulus"):
        weights(spectrum, "modulos")


# Circuits


def test_a_fit_from_a_guess_is_that_of_impedance_py_bit_for_bit():
    from impedance.models.circuits import CustomCircuit

    z, circuit, guess = (
        5 + 20 / (1 + (1j * OMEGA * 2e-3) ** 0.9),
        "R0-p(R1,CPE1)-L2",
        [3, 10, 1e-3, 0.8, 1e-8],
    )
    spectrum = noisy(z)
    theirs = CustomCircuit(circuit, initial_guess=guess)
    theirs.fit(spectrum.frequency, spectrum.impedance, weight_by_modulus=True, maxfev=2000)
    ours = fit_circuit(spectrum, circuit, guess)
    assert ours.values.tolist() == theirs.parameters_.tolist()
    np.testing.assert_array_equal(ours.fitted, theirs.predict(spectrum.frequency))


@pytest.mark.parametrize("circuit", ["R0-p(R1,CPE1)-W2", "p(R1-C1,p(R2,CPE2))-L0", "TLMQ0-R1"])
def test_a_circuit_is_evaluated_as_impedance_py_does(circuit):
    from impedance.models.circuits import CustomCircuit

    made = read_circuit(circuit)
    values = np.linspace(0.3, 0.9, len(made.names))
    theirs = CustomCircuit(circuit, initial_guess=values.tolist())
    np.testing.assert_allclose(
        made.impedance(F, values), theirs.predict(F, use_initial=True), rtol=1e-12
    )
    assert list(made.names) == theirs.get_param_names()[0]


def test_starts_are_found_where_none_are_given():
    """The battery's own circuit: eight parameters, found to the noise."""
    spectrum = read_spectrum(CASES / "battery.csv")
    fit = fit_circuit(spectrum, "L0-R0-p(R1,CPE1)-p(R2,CPE2)-W3")
    assert judge(fit, kramers_kronig(spectrum)).describes
    assert fit["R0"] == pytest.approx(0.012, rel=0.01)


def test_parameters_are_held_and_bounded():
    z = 5 + 20 / (1 + 1j * OMEGA * 2e-3)
    spectrum = noisy(z)
    held = fit_circuit(spectrum, "R0-p(R1,C1)", [5, 10, 1e-4], fixed={"R0": 5.0})
    place = held.place("R0")
    assert (held.low[place], held["R0"], held.high[place]) == (5.0, 5.0, 5.0)
    bounded = fit_circuit(spectrum, "R0-p(R1,C1)", [5, 10, 1e-4], bounds={"R1": (1.0, 15.0)})
    assert bounded["R1"] == pytest.approx(15.0)
    for wrong in ({"fixed": {"R9": 1.0}}, {"bounds": {"R1": (2.0, 1.0)}}, {"seconds": 0.0}):
        with pytest.raises(ImpedanceError, match=r"R0|above|seconds"):
            fit_circuit(spectrum, "R0-p(R1,C1)", [5, 10, 1e-4], **wrong)


def test_a_fit_ends_in_time():
    with pytest.raises(ImpedanceError, match=r"not fitted after 0\.001 s"):
        fit_circuit(noisy(CELL), "R0-p(R1,CPE1)-p(R2,CPE2)", seconds=1e-3)


def test_a_parameter_of_which_the_spectrum_tells_nothing_is_said_to_be_one():
    z = 5 + 20 / (1 + 1j * OMEGA * 2e-3)
    loose = fit_circuit(noisy(z), "R0-p(R1,C1)-L2", [5, 20, 1e-4, 1e-12])
    assert undetermined(loose) == ("L2",)
    assert check_circuit("R0-C1", [1, 2]).names == ("R0", "C1")


def test_of_several_circuits_the_one_with_the_parameters_that_are_needed_is_the_best():
    z = 5 + 20 / (1 + (1j * OMEGA * 2e-3) ** 0.8)
    spectrum = noisy(z)
    circuits = {
        "R0-p(R1,C1)": [5, 20, 1e-4],
        "R0-p(R1,CPE1)": [5, 20, 3e-4, 0.8],
        "R0-p(R1,CPE1)-p(R2,C2)": [5, 20, 3e-4, 0.8, 0.1, 1e-2],
    }
    order = compare({c: fit_circuit(spectrum, c, guess) for c, guess in circuits.items()})
    assert order[0].circuit == "R0-p(R1,CPE1)"
    assert order[-1].circuit == "R0-p(R1,C1)"


# Relaxation times

WIDE = np.geomspace(1e5, 0.01, 71)


def zarc(resistance, time, exponent):
    return resistance / (1 + (2j * np.pi * WIDE * time) ** exponent)


def half_a_step(found):
    """How far the nearest time of the grid may lie from any."""
    return np.sqrt(found.tau[1] / found.tau[0]) - 1


def test_the_distribution_of_a_zarc_is_the_exact_one():
    """Cole and Cole's: its cusp is smoothed, its area and place are not."""
    found = relaxation(Spectrum(WIDE, 5 + zarc(20, 1e-2, 0.7)))
    x = np.log(found.tau / 1e-2)
    exact = 20 / (2 * np.pi) * np.sin(0.3 * np.pi) / (np.cosh(0.7 * x) - np.cos(0.3 * np.pi))
    apart = np.trapezoid(np.abs(found.density - exact), x)
    assert apart < 0.1 * 20
    assert found.polarisation == pytest.approx(20, rel=0.005)
    assert found.ohmic == pytest.approx(5, rel=0.005)
    ((place, resistance),) = found.peaks()
    assert place == pytest.approx(1e-2, rel=half_a_step(found))
    assert resistance == pytest.approx(20, rel=0.05)


def test_the_distribution_of_a_resistor_and_a_capacitor_is_a_line():
    found = relaxation(Spectrum(WIDE, 5 + zarc(20, 1e-2, 1.0)))
    ((place, resistance),) = found.peaks()
    assert place == pytest.approx(1e-2, rel=half_a_step(found))
    assert resistance == pytest.approx(20, rel=0.01)
    wide = found.tau[found.density > found.density.max() / 2]
    assert wide[-1] / wide[0] < 2


def test_two_processes_are_two_peaks_and_a_blocking_branch_is_none():
    z = 5 + zarc(20, 1e-3, 0.9) + zarc(10, 0.3, 0.9) + 1 / (2j * np.pi * WIDE * 1e-2)
    found = relaxation(Spectrum(WIDE, z))
    assert [r for _, r in found.peaks()] == pytest.approx([20, 10], rel=0.1)
    assert [tau for tau, _ in found.peaks()] == pytest.approx([1e-3, 0.3], rel=0.2)
    assert found.capacitance == pytest.approx(1e-2, rel=0.01)


def test_more_regularisation_is_smoother_and_leaves_more():
    spectrum = Spectrum(WIDE, 5 + zarc(20, 1e-2, 0.8))
    rough, smooth = (relaxation(spectrum, weight) for weight in (1e-6, 1e-1))
    assert smooth.density.max() < rough.density.max()
    assert smooth.rms > rough.rms


def test_a_broken_spectrum_has_no_relaxation_times():
    with pytest.raises(ImpedanceError, match="no relaxation times"):
        relaxation(noisy(CELL + 40 * np.linspace(0, 1, 61) ** 4))
