"""What `import rampore` offers: light, complete, and no call forgets what the one before knew."""

import subprocess
import sys

import numpy as np
import pytest

import rampore
from rampore.diffusion import DiffusionError, steady_diffusion
from rampore.micrograph import Labels
from rampore.p4d.cell import Lithium
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Mesh
from rampore.simple import COLUMNS, WrongKindError, conducting, energy_density

HEAVY = ("numpy", "scipy", "numba", "matplotlib", "pandas", "xarray")
COARSE = Mesh((3, 2, 3), (2, 2), 1, 4)


@pytest.fixture(scope="module")
def network():
    return rampore.analyse_pores(rampore.examples.micrograph(), "dark")


@pytest.fixture(scope="module")
def labels():
    return rampore.examples.volume()


@pytest.fixture(scope="module")
def run():
    foil = rampore.PerforatedFoil(75e-6, 160e-6, 15e-6)
    return rampore.discharge(rampore.examples.cell(), 1.0, foil=foil, mesh=COARSE)


def test_importing_the_package_imports_nothing_heavy():
    code = f"import rampore, sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", rampore.__all__)
def test_every_name_that_is_offered_is_there(name):
    assert getattr(rampore, name).__doc__
    assert name in dir(rampore)


def test_a_misspelt_name_is_refused_with_its_name():
    with pytest.raises(AttributeError, match="no attribute 'tortuosty'") as caught:
        _ = rampore.tortuosty
    assert (caught.value.name, caught.value.obj) == ("tortuosty", rampore)


# ── Cells ────────────────────────────────────────────────────────────────────────────────────────


def test_a_foil_that_is_given_takes_the_place_of_the_cells_own(run):
    perforation = run.cell.perforation
    assert (perforation.hole_diameter, perforation.pitch) == (75e-6, 160e-6)
    assert perforation.foil_thickness == 15e-6


def test_a_run_gives_the_energy_between_its_voltages_times_its_charge(run):
    assert run.voltage.min() * run.capacity < run.energy < run.voltage.max() * run.capacity


def test_the_default_mesh_resolves_the_holes_where_there_are_some():
    assert COLUMNS[True] > COLUMNS[False] == (1, 1)


def test_a_step_is_simulated_as_a_row_of_one_step():
    cell = rampore.examples.cell()
    step = rampore.Step("current", cell.one_c, until_time=60.0)
    mesh = COARSE._replace(columns=(1, 1))
    single, row = (rampore.simulate(cell, steps, mesh=mesh) for steps in (step, [step]))
    assert single.capacity == row.capacity == pytest.approx(60 * cell.one_c, rel=1e-9)


def test_what_is_no_cell_is_answered_with_how_to_read_one():
    with pytest.raises(WrongKindError, match=r"rampore\.read_bpx\('cell\.json'\)"):
        rampore.discharge("cell.json")


def test_what_is_no_foil_is_answered_with_how_to_write_one():
    with pytest.raises(WrongKindError, match=r"rampore\.PerforatedFoil\(hole_diameter="):
        rampore.discharge(rampore.examples.cell(), foil=75e-6)


def test_no_current_discharges_nothing():
    with pytest.raises(CellError, match="a C-rate of 0"):
        rampore.discharge(rampore.examples.cell(), 0)


# ── Images ───────────────────────────────────────────────────────────────────────────────────────


def test_an_image_keeps_its_pixel_size_through_every_call(network):
    size = rampore.examples.micrograph().pixel_size
    assert network.pixel_size == rampore.tortuosity(network).pixel_size == size


def test_a_size_that_is_known_is_not_given_again(network, labels):
    for call, image in (
        (lambda image, **size: rampore.analyse_pores(image, "dark", **size), network.image),
        (rampore.tortuosity, labels),
    ):
        with pytest.raises(WrongKindError, match="leave pixel_size out"):
            call(image, pixel_size=1e-6)


def test_the_tortuosity_is_that_of_the_solver(labels):
    result = rampore.tortuosity(labels, axis=2)
    direct = steady_diffusion(labels.label == 1, axis=2, spacing=labels.pixel_size)
    assert result.tortuosity_factor == direct.tortuosity_factor
    assert result.porosity == labels.label.mean()


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.arange(64.0).reshape(8, 8), "64 different values looks grey: segment it by"),
        (np.linspace(0, 1, 64).reshape(8, 8), "64 different values looks grey: segment it by"),
        (np.array([[0.0, 0.5], [1.5, 1.0]]), r"between 0 and 1, and these go from 0 to 1\.5"),
        (np.array([[0, 1], [2, 1]]), "which label conducts"),
        (np.array([["a", "b"], ["c", "d"]]), "an image of numbers is needed"),
    ],
)
def test_an_image_that_does_not_say_what_conducts_is_refused(image, message):
    with pytest.raises(DiffusionError, match=message):
        rampore.tortuosity(image)


def test_a_grey_image_is_refused_where_labels_are_wanted(network):
    for phase in (None, 0):
        with pytest.raises(DiffusionError, match=r"rampore\.analyse_pores\(image, 'dark'\)"):
            rampore.tortuosity(network.image, phase)


def test_labels_are_refused_where_a_grey_image_is_wanted(labels):
    with pytest.raises(WrongKindError, match="segmented already"):
        rampore.analyse_pores(labels, "dark")


def test_phases_conduct_as_they_are_told():
    label = np.array([[0, 1], [2, 1]])
    assert conducting(label, 1).tolist() == [[False, True], [False, True]]
    assert conducting(label, (1, 2)).tolist() == [[False, True], [True, True]]
    assert conducting(label, {1: 1.0, 2: 0.25}).tolist() == [[0, 1], [0.25, 1]]
    with pytest.raises(DiffusionError, match="no pixel has the label 3; there are 0, 1, 2"):
        conducting(label, 3)


# ── Stacks and spectra ───────────────────────────────────────────────────────────────────────────


def test_a_perforated_foil_takes_the_place_of_the_designs_own():
    design = rampore.examples.design()
    foil = rampore.PerforatedFoil(75e-6, 160e-6, 10e-6)
    bare, perforated = (energy_density(design, 8e5, foil=each) for each in (None, foil))
    lost = bare.stack.areal_mass - perforated.stack.areal_mass
    # equal within rounding: f of the foil's mass
    assert lost == pytest.approx(foil.open_fraction * 8960 * 10e-6, rel=1e-9)
    assert perforated.gravimetric > bare.gravimetric


def test_a_blocking_cell_gives_the_resistance_that_the_spectrum_was_made_with():
    fit = rampore.fit_impedance(rampore.examples.spectrum())
    place = fit.fit.place("ionic_resistance")
    assert fit.fit.low[place] <= 8.0 <= fit.fit.high[place]


def test_a_guess_of_another_length_is_answered_with_the_parameters_of_the_circuit():
    with pytest.raises(rampore.RamporeError, match="4 parameters, R0, R1, CPE1_0, CPE1_1"):
        rampore.fit_impedance(rampore.examples.spectrum(), "R0-p(R1,CPE1)", [1.0])


def test_a_circuit_of_another_cell_is_refused_with_its_misfit():
    with pytest.raises(rampore.RamporeError, match=r"does not describe the spectrum: misfit .* %"):
        rampore.fit_impedance(rampore.examples.spectrum(), "R0-p(R1,C1)")


def test_what_fits_the_wrong_kind_is_answered_with_what_to_write():
    with pytest.raises(WrongKindError, match=r"rampore\.read_spectrum\('file\.csv'\)"):
        rampore.fit_impedance("file.csv")
    with pytest.raises(WrongKindError, match=r"rampore\.examples\.design\(\)"):
        rampore.energy_density(rampore.examples.cell(), 1.0)


# ── What is shown ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["run", "network", "tortuosity", "stack", "spectrum"])
def test_a_result_shows_its_values_with_units_and_draws_itself(kind, run, network, labels):
    result = {
        "run": lambda: run,
        "network": lambda: network,
        "tortuosity": lambda: rampore.tortuosity(labels),
        "stack": lambda: rampore.energy_density(rampore.examples.design(), 8e5),
        "spectrum": lambda: rampore.fit_impedance(rampore.examples.spectrum()),
    }[kind]()
    text, table = repr(result), result._repr_html_()
    for name, value in result.rows():
        assert name in text
        assert value in text
    assert table.count("<tr>") == len(result.rows())
    assert result.plot()._repr_png_().startswith(b"\x89PNG")


def test_the_examples_are_the_same_in_every_call(labels):
    assert isinstance(labels, Labels)
    assert (rampore.examples.volume().label == labels.label).all()
    grey = [rampore.examples.micrograph().grey for _ in range(2)]
    assert (grey[0] == grey[1]).all()
    spectra = [rampore.examples.spectrum().impedance for _ in range(2)]
    assert (spectra[0] == spectra[1]).all()
    assert not isinstance(rampore.examples.cell().negative, Lithium)
