import bz2
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t

from rampore.cli import main
from rampore.impedance.circuits import fit_circuit
from rampore.impedance.fitting import fit_logarithms
from rampore.impedance.kramers_kronig import ACCEPTED, kramers_kronig
from rampore.impedance.spectrum import ImpedanceError, Spectrum, read_spectrum
from rampore.impedance.transmission_line import (
    blocking_electrode,
    fit_blocking_cell,
    symmetric_cell,
    tortuosity,
)

MEASUREMENTS = Path(__file__).parent / "data" / "impedance"
FREQUENCY = np.geomspace(1e5, 0.1, 61)
OMEGA = 2 * np.pi * FREQUENCY
CELL = {
    "separator_resistance": 12.0,
    "ionic_resistance": 40.0,
    "capacitance": 6e-3,
    "exponent": 0.92,
}


def simulated(noise=0.0, seed=0, **changes):
    rng = np.random.default_rng(seed)
    z = symmetric_cell(OMEGA, **CELL | changes)
    return Spectrum(
        FREQUENCY, z * (1 + noise * (rng.standard_normal(61) + 1j * rng.standard_normal(61)))
    )


# Exact values


def test_at_low_frequency_a_line_is_a_third_of_its_resistance_before_its_capacitance():
    """R / 3 + 1 / Y - R^2 Y / 45: the third term is 1e-5 of the first here."""
    omega = np.array([1e-3])
    z = blocking_electrode(omega, 40.0, 6e-3, 1.0) - 1 / (6e-3 * 1j * omega)
    assert z[0].real == pytest.approx(40 / 3, rel=1e-5)


def test_at_high_frequency_a_line_does_not_know_its_length():
    """sqrt(R / Y): twice the length is twice R and Q, and the same impedance."""
    omega = np.array([1e5])
    one, two = (blocking_electrode(omega, n * 40.0, n * 6e-3, 0.9) for n in (1, 2))
    np.testing.assert_allclose(one, two, rtol=1e-12)
    assert np.angle(one[0]) == pytest.approx(-0.9 * np.pi / 4)


def test_a_cell_has_twice_the_ionic_resistance_of_an_electrode():
    """The intercept of the cell lies 2 R / 3 above the separator's: a factor easily lost."""
    omega = np.array([1e-3])
    z = symmetric_cell(omega, 12.0, 40.0, 6e-3, 1.0)
    assert z[0].real == pytest.approx(12 + 2 * 40 / 3, rel=1e-5)
    one_line = 12 + blocking_electrode(omega, 2 * 40.0, 6e-3 / 2, 1.0)
    np.testing.assert_allclose(z, one_line, rtol=1e-12)


def test_the_tortuosity_of_a_fit_is_that_of_the_electrode_not_of_the_cell():
    """An electrode of tortuosity 4 has R = tau L / (kappa eps A); a cell of two such is fitted."""
    area, thickness, porosity, conductivity, tau = 1e-4, 50e-6, 0.35, 0.03, 4.0
    resistance = tau * thickness / (conductivity * porosity * area)
    found = fit_blocking_cell(simulated(ionic_resistance=resistance))
    given = area, thickness, porosity, conductivity
    assert tortuosity(found.electrode_resistance, *given) == pytest.approx(tau, rel=1e-4)
    assert tortuosity(found.cell_resistance, *given) == pytest.approx(2 * tau, rel=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ionic_resistance": 400.0},
        {"exponent": 0.75},
        {"separator_resistance": 100.0},
        {"capacitance": 6e-4},
    ],
)
def test_a_simulated_cell_is_found_again(changes):
    found = fit_blocking_cell(simulated(**changes)).fit
    for name, value in (CELL | changes).items():
        assert found[name] == pytest.approx(value, rel=1e-5), name
    assert found.rms < 1e-6


def test_a_short_is_found_where_it_is_asked_for_and_spoils_the_fit_where_it_is_not():
    spectrum = simulated(short=300.0)
    with_short = fit_blocking_cell(spectrum, short=True)
    assert with_short.fit["short"] == pytest.approx(300, rel=1e-5)
    assert with_short.electrode_resistance == pytest.approx(40, rel=1e-5)
    assert fit_blocking_cell(spectrum).fit.rms > 0.02


def test_confidence_intervals_cover_as_often_as_they_say():
    """Of 60 noisy spectra, 95 % of the intervals: fewer than 51 happen once in a thousand times."""
    covered = 0
    for seed in range(60):
        fit = fit_blocking_cell(simulated(noise=0.003, seed=seed)).fit
        place = fit.names.index("ionic_resistance")
        covered += fit.low[place] <= 40.0 <= fit.high[place]
    assert covered >= 51


# Other codes and models


def test_a_ladder_of_resistors_and_capacitors_becomes_the_line_at_second_order():
    """n cells, each with its capacitor in its middle."""

    def ladder(n):
        step, z = 40.0 / n, np.inf
        for _ in range(n):
            z = 1 / (1 / (z + step / 2) + 1j * OMEGA[20] * 6e-3 / n) + step / 2
        return z

    exact = blocking_electrode(OMEGA[20:21], 40.0, 6e-3, 1.0)[0]
    errors = [abs(ladder(n) - exact) for n in (40, 80, 160, 320)]
    assert -np.polyfit(range(4), np.log2(errors), 1)[0] == pytest.approx(2, abs=0.1)


def test_impedance_py_has_the_same_line():
    from impedance.models.circuits.elements import circuit_elements

    theirs = circuit_elements["TLMQ"]([40.0, 6e-3, 0.92], FREQUENCY)
    np.testing.assert_allclose(blocking_electrode(OMEGA, 40.0, 6e-3, 0.92), theirs, rtol=1e-10)


def test_a_circuit_of_impedance_py_is_found_again():
    z = 5 + 20 / (1 + (1j * OMEGA * 20 * 1e-4) ** 0.9)
    found = fit_circuit(Spectrum(FREQUENCY, z), "R0-Zarc0", [3, 10, 1e-3, 0.8])
    assert found["R0"] == pytest.approx(5, rel=1e-4)
    assert found["Zarc0_0"] == pytest.approx(20, rel=1e-4)
    assert found.rms < 1e-4


def test_the_interval_of_a_circuit_is_students_of_the_numbers_that_are_left_free():
    """Of six points twelve numbers, less the three that are fitted."""
    from impedance.models.circuits import CustomCircuit

    f = np.geomspace(1e3, 1, 6)
    z = (10 + 1 / (3e-3 * (2j * np.pi * f) ** 0.9)) * (1 + 0.01 * np.array([1, -1, 2, -2, 1, 0]))
    start = [10, 3e-3, 0.9]
    theirs = CustomCircuit("R0-CPE0", initial_guess=start)
    theirs.fit(f, z, weight_by_modulus=True)
    ours = fit_circuit(Spectrum(f, z), "R0-CPE0", start)
    np.testing.assert_allclose((ours.high - ours.low) / 2, t.ppf(0.975, 9) * theirs.conf_)


def test_a_guess_outside_the_bounds_is_moved_to_them_and_finds_the_same():
    spectrum, bounds = Spectrum(FREQUENCY, symmetric_cell(OMEGA, **CELL)), ([1.0], [1e3])
    ends = [
        fit_logarithms(
            spectrum, lambda _, r: r / 40 * spectrum.impedance, [[guess]], ["r"], ["ohm"], *bounds
        )
        for guess in (30.0, 1e-9, 1e9)
    ]
    assert [end["r"] for end in ends] == pytest.approx([40.0] * 3, rel=1e-6)


def test_a_fit_that_runs_out_of_evaluations_is_none(monkeypatch):
    import scipy.optimize

    whole = scipy.optimize.least_squares
    monkeypatch.setattr(
        scipy.optimize, "least_squares", lambda *a, **k: whole(*a, **(k | {"max_nfev": 1}))
    )
    with pytest.raises(ImpedanceError, match="did not converge"):
        fit_blocking_cell(Spectrum(FREQUENCY, symmetric_cell(OMEGA, **CELL)))


MEASURED = ["001", "003", "004", "005", "006", "007", "010"]


@pytest.mark.parametrize("number", MEASURED)
def test_measured_cells_have_the_ionic_resistance_that_fipt_analysis_finds(number):
    """Within 5 %: it weighs otherwise, and cuts the spectrum. Its resistance is the cell's."""
    path = MEASUREMENTS / f"blocking_symmetric_{number}.csv"
    known = json.loads((MEASUREMENTS / "reference_fits.json").read_text())[path.name]
    found = fit_blocking_cell(read_spectrum(path))
    assert found.cell_resistance == pytest.approx(known["r_ion"], rel=0.05)


@pytest.mark.parametrize("number", ["008", "009"])
def test_bad_measurements_are_recognised_and_not_fitted(number):
    path = MEASUREMENTS / f"blocking_symmetric_{number}.csv"
    with pytest.raises(ImpedanceError, match="Kramers and Kronig"):
        fit_blocking_cell(read_spectrum(path), short=True)


# Kramers and Kronig


def test_what_is_linear_and_at_rest_passes():
    for z in (  # to the 0.05 % that three time constants a decade leave
        symmetric_cell(OMEGA, **CELL),
        symmetric_cell(OMEGA, **CELL, short=200.0),
        5 + 1e-6j * OMEGA + 20 / (1 + 1j * OMEGA * 1e-3) + 8 / (1j * OMEGA) ** 0.5,
    ):
        assert kramers_kronig(Spectrum(FREQUENCY, z)).rms < 1e-3


def test_noise_is_found_at_its_size():
    """Residuals are the noise less what 27 free values take up of 122: sqrt(95 / 122) of sqrt(2) x
    0.3 %.
    """
    found = [kramers_kronig(simulated(noise=0.003, seed=seed)).rms for seed in range(20)]
    # Three standard errors: each scatters by 1 / sqrt(2 x 95), the mean of twenty by a part in
    # sqrt(20) of it.
    assert np.mean(found) == pytest.approx(
        0.003 * np.sqrt(2 * 95 / 122), rel=3 / np.sqrt(2 * 95 * 20)
    )


def test_a_cell_that_drifts_while_it_is_measured_fails():
    """Its resistance doubles on the way from the first frequency to the last."""
    z = symmetric_cell(OMEGA, **CELL | {"exponent": 1.0}).copy()
    z += 40 * np.linspace(0, 1, OMEGA.size) ** 4
    found = kramers_kronig(Spectrum(FREQUENCY, z))
    assert found.rms > ACCEPTED
    assert not found.passed


# Files, and refusal


def test_a_table_is_read_with_the_sign_that_its_heading_says(tmp_path):
    spectrum = simulated()
    path = tmp_path / "spectrum.csv"
    for name, sign in (("Z'' / ohm", 1), ("-Z'' / ohm", -1), ("Neg. Z imag", -1)):
        columns = (
            FREQUENCY[::-1],
            spectrum.impedance[::-1].real,
            sign * spectrum.impedance[::-1].imag,
        )
        np.savetxt(
            path,
            np.column_stack(columns),
            delimiter=",",
            header=f"f / Hz,Z' / ohm,{name}",
            comments="",
        )
        found = read_spectrum(path)
        np.testing.assert_allclose(found.impedance, spectrum.impedance, rtol=1e-12)
        assert found.frequency[0] == FREQUENCY[0]


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress)])
def test_a_packed_table_is_the_table(ending, pack, tmp_path):
    spectrum = simulated()
    pairs = zip(spectrum.frequency, spectrum.impedance, strict=True)
    rows = "".join(f"{f},{z.real},{z.imag}\n" for f, z in pairs)
    path = tmp_path / f"spectrum.csv.{ending}"
    path.write_bytes(pack(f"f / Hz,Z' / ohm,Z'' / ohm\n{rows}".encode()))
    np.testing.assert_allclose(read_spectrum(path).impedance, spectrum.impedance, rtol=1e-14)


def test_a_potentiostats_own_file_is_read_by_impedance_py(tmp_path):
    """Autolab's export has frequency first, and real and imaginary part fifth and sixth."""
    lines = [
        f"{f},0,0,0,{z.real},{z.imag}"
        for f, z in zip(FREQUENCY, simulated().impedance, strict=True)
    ]
    path = tmp_path / "autolab.csv"
    path.write_text("Frequency (Hz),a,b,c,Z',Z''\n" + "\n".join(lines) + "\n")
    found = read_spectrum(path, "autolab")
    np.testing.assert_allclose(found.impedance, simulated().impedance)


@pytest.mark.parametrize(
    ("f", "z", "message"),
    [
        ([1, 2, 3], [1, 1, 1], "5 or more"),
        ([1, 2, 3, 4, np.nan], [1] * 5, "finite"),
        ([1, 2, 3, 4, 4], [1] * 5, "each there once"),
        ([0, 1, 2, 3, 4], [1] * 5, "positive"),
        ([1, 2, 3, 4, 5], [0, 1, 1, 1, 1], "impedance of 0"),
    ],
)
def test_what_is_no_spectrum_is_refused(f, z, message):
    with pytest.raises(ImpedanceError, match=message):
        Spectrum(np.array(f, float), np.array(z, complex))


def test_what_cannot_be_used_is_refused_by_its_name(tmp_path):
    with pytest.raises(ImpedanceError, match="there is no file"):
        read_spectrum(tmp_path / "none.csv")
    (tmp_path / "words.csv").write_text("a,b,c\nx,y,z\n")
    with pytest.raises(ImpedanceError, match="is not a table"):
        read_spectrum(tmp_path / "words.csv")
    with pytest.raises(ImpedanceError, match="instrument"):
        read_spectrum(tmp_path / "words.csv", "voltmeter")
    sparse = Spectrum(FREQUENCY[::10], simulated().impedance[::10])
    with pytest.raises(ImpedanceError, match="cannot test"):
        kramers_kronig(sparse)


def test_a_bad_short_beside_an_open_one_is_refused():
    with pytest.raises(ImpedanceError, match="short"):
        symmetric_cell(OMEGA[:2], **CELL, short=np.array([np.inf, -200.0]))


def test_a_spectrum_that_does_not_reach_the_ionic_resistance_is_not_fitted():
    """Above its knee, here at a hundredth of the lowest frequency, a line has no length."""
    rng = np.random.default_rng(0)
    z = symmetric_cell(OMEGA * 1e3, **CELL) * (1 + 0.002 * rng.standard_normal(61))
    with pytest.raises(ImpedanceError, match="does not determine"):
        fit_blocking_cell(Spectrum(FREQUENCY, z))


def test_a_circuit_that_makes_no_sense_is_refused():
    with pytest.raises(ImpedanceError, match="2 values"):
        fit_circuit(simulated(), "R0-CPE1", [1, 2])


# The command


@pytest.fixture
def table(tmp_path):
    def write(spectrum):
        path = tmp_path / "spectrum.csv"
        columns = spectrum.frequency, spectrum.impedance.real, spectrum.impedance.imag
        np.savetxt(
            path, np.column_stack(columns), delimiter=",", header="f,real,imaginary", comments=""
        )
        return path

    return write


GEOMETRY = [
    "--area-cm2",
    "1",
    "--thickness-um",
    "50",
    "--porosity",
    "0.35",
    "--conductivity",
    "0.9",
]


def test_the_command_writes_parameters_with_intervals_residuals_and_a_figure(
    table, tmp_path, capsys
):
    path, output = table(simulated(noise=0.001)), tmp_path / "out"
    assert main(["impedance", str(path), "--model", "blocking", *GEOMETRY, "-o", str(output)]) == 0
    found = json.loads((output / "impedance.json").read_text())
    entry = found["parameters"]["ionic_resistance"]
    assert entry["low"] < 40 < entry["high"]
    assert found["cell_ionic_resistance_ohm"] == pytest.approx(2 * entry["value"])
    assert found["tortuosity"] == pytest.approx(entry["value"] * 1e-4 * 0.9 * 0.35 / 50e-6)
    assert found["kramers_kronig"]["passed"]
    assert "with_short" in found, "how much the assumption of no short matters"
    assert (output / "impedance.png").read_bytes().startswith(b"\x89PNG")
    assert len((output / "residuals.csv").read_text().splitlines()) == 62
    assert "tortuosity" in capsys.readouterr().out


def test_the_command_tests_a_bad_spectrum_writes_that_down_and_ends_with_an_error(
    table, tmp_path, capsys
):
    bad = Spectrum(FREQUENCY, simulated().impedance + 40 * np.linspace(0, 1, 61) ** 4)
    for model in (["blocking"], ["circuit", "--circuit", "R0-CPE0", "--guess", "1", "1e-3", "0.9"]):
        output = tmp_path / model[0]
        assert main(["impedance", str(table(bad)), "--model", *model, "-o", str(output)]) == 1
        found = json.loads((output / "impedance.json").read_text())
        assert not found["kramers_kronig"]["passed"]
        assert "Kramers" in found["refused"]
        assert "parameters" not in found
        assert "Kramers" in capsys.readouterr().err
        assert (output / "impedance.png").exists()


def test_the_command_fits_a_circuit(table, tmp_path):
    z = 5 + 20 / (1 + 1j * OMEGA * 20 * 1e-4)
    call = ["--model", "circuit", "--circuit", "R0-p(R1,C1)", "--guess", "3", "10", "1e-3"]
    assert main(["impedance", str(table(Spectrum(FREQUENCY, z))), *call, "-o", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "impedance.json").read_text())["parameters"]
    assert found["C1"]["value"] == pytest.approx(1e-4, rel=1e-3)
    assert found["C1"]["unit"] == "F"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (["--model", "circuit"], "needs --circuit"),
        (["--model", "blocking", "--area-cm2", "1"], "needs all four"),
        (["--model", "blocking", *GEOMETRY[:-1], "-1"], "--conductivity: value = -1"),
    ],
)
def test_the_command_says_what_is_missing(call, message, table, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["impedance", str(table(simulated())), *call, "-o", str(tmp_path)])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
