"""What a flow meets on its way, and what an electrode's impedance sees, on voxels of any edges."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.linalg import spsolve

from rampore.diffusion import (
    DiffusionError,
    electrode_tortuosity,
    flow_paths,
    steady_diffusion,
)
from rampore.micrograph import read_labels

CASES = Path(__file__).parent / "data" / "cases" / "images"
EDGES = (3.0, 1.0, 2.0)


@pytest.fixture
def ragged():
    return np.random.default_rng(1).random((12, 16, 14)) < 0.7


# ── Voxels that are no cubes ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("axis", "expected"), [(0, 1.2706), (1, 2.6895), (2, 6.1276)])
def test_a_stack_with_thick_slices_has_the_tortuosity_of_its_lengths(axis, expected):
    label, size, _ = read_labels(CASES / "anisotropic_imagej.tif")
    found = steady_diffusion(label == 1, axis, spacing=size)
    assert found.tortuosity_factor == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_voxel_in_thick_slices_is_as_good_as_the_cubes_it_is_made_of(axis):
    """Layers have one answer on any voxels: in series along their normal, in parallel across."""
    layers = np.where(np.arange(12) % 3 == 0, 0.1, 1.0)
    image = np.broadcast_to(layers[:, None, None], (12, 8, 10))
    exact = 1 / np.mean(1 / layers) if axis == 0 else layers.mean()
    for edges in ((1.0, 1.0, 1.0), (5.0, 1.0, 1.0), EDGES):
        found = steady_diffusion(image, axis, spacing=edges).relative_diffusivity
        assert found == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("ratio", [1.0, 2.0, 5.0])
def test_a_chequerboard_conducts_the_geometric_mean_on_squares_of_oblong_pixels(ratio):
    """Two phases on a chequerboard conduct sqrt(D1 D2) exactly (Keller 1964), whatever the pixels
    that its squares are made of; the corners cost an error of first order.
    """
    errors = []
    for n in (10, 20):
        tall = round(n / ratio) if ratio != 1 else n
        even, odd = np.ones((tall, n)), np.full((tall, n), 0.5)
        image = np.tile(np.block([[even, odd], [odd, even]]), (2, 2))
        found = steady_diffusion(image, 0, spacing=(n / tall, 1.0), tolerance=1e-8)
        errors.append(abs(found.relative_diffusivity / np.sqrt(0.5) - 1))
    assert errors[1] < 0.6 * errors[0]
    assert errors[1] < 0.01


# ── Profiles ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_resistances_of_slices_add_up_to_that_of_the_image(ragged, axis):
    flow = steady_diffusion(ragged, axis, spacing=EDGES, tolerance=1e-9)
    along = flow.profile()
    mean = np.mean(along.tortuosity_factor / along.diffusivity)
    assert mean == pytest.approx(1 / flow.relative_diffusivity, rel=1e-8)
    others = tuple({0, 1, 2} - {axis})
    np.testing.assert_allclose(along.diffusivity, ragged.mean(axis=others))
    np.testing.assert_allclose(along.position, EDGES[axis] * (np.arange(ragged.shape[axis]) + 0.5))


def test_a_straight_pore_has_the_tortuosity_factor_1_in_every_slice():
    image = np.zeros((9, 8), bool)
    image[:, 2:5] = True
    np.testing.assert_allclose(steady_diffusion(image).profile().tortuosity_factor, 1)


def test_a_profile_takes_a_flow_that_goes_through(ragged):
    with pytest.raises(DiffusionError, match="passes every cross-section"):
        steady_diffusion(ragged, uptake=0.1).profile()
    with pytest.raises(DiffusionError, match="passes every cross-section"):
        steady_diffusion(np.zeros((4, 4))).profile()


# ── Electrodes ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("length", [3, 40])
def test_straight_pores_have_the_electrode_tortuosity_factor_1(length):
    image = np.zeros((length, 9), bool)
    image[:, 1::2] = True
    found = electrode_tortuosity(image, spacing=(5.0, 1.0))
    assert found.tortuosity_factor == pytest.approx(1, rel=1e-7)
    assert found.reached == 1


def impedance(image, spacing, omega):
    """Of a pore network with a capacity of 1 on each wall's area: solved as it stands, complex."""
    number = np.cumsum(image).reshape(image.shape) - 1
    size = int(image.sum())
    matrix, walls = np.zeros((size, size), complex), np.zeros(size)
    for place in np.argwhere(image):
        here = number[tuple(place)]
        for axis in range(image.ndim):
            k = 1 / spacing[axis] ** 2
            for way in (1, -1):
                other = place + way * (np.arange(image.ndim) == axis)
                if axis == 0 and other[0] < 0:
                    matrix[here, here] += 2 * k
                elif not (0 <= other[axis] < image.shape[axis]):
                    continue
                elif image[tuple(other)]:
                    matrix[here, here] += k
                    matrix[here, number[tuple(other)]] -= k
                else:
                    walls[here] += 1 / spacing[axis]
    matrix[np.arange(size), np.arange(size)] += 1j * omega * walls
    entry = np.where(np.arange(size) <= number[0].max(), 2 / spacing[0] ** 2, 0) * (
        np.isin(np.arange(size), number[0][image[0]])
    )
    phi = spsolve(csr_array(matrix).tocsc(), entry.astype(complex))
    return 1 / np.sum(entry * (1 - phi))


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), EDGES])
def test_the_electrode_tortuosity_factor_is_what_impedance_tends_to(spacing):
    """Against a complex system, solved as it stands at a low frequency."""
    image = np.random.default_rng(5).random((6, 5, 6)) < 0.8
    image = flow_paths(image, 0, (False,) * 3, dead_end=True)
    found = electrode_tortuosity(image, spacing=spacing)
    n, length = image.shape[0], image.shape[0] * spacing[0]
    straight = length**2 * (1 / 3 + 1 / (6 * n**2)) / image.sum()
    assert found.tortuosity_factor == pytest.approx(
        impedance(image, spacing, 1e-5).real / straight, rel=1e-4
    )


def test_dead_ends_count_for_an_electrode_and_not_for_a_flow():
    image = np.zeros((20, 10), bool)
    image[:, 2] = True
    image[:15, 6] = True
    assert steady_diffusion(image).percolating_fraction == pytest.approx(20 / 35)
    assert electrode_tortuosity(image).reached == 1


def test_an_image_without_walls_is_no_electrode():
    with pytest.raises(DiffusionError, match="no walls"):
        electrode_tortuosity(np.ones((5, 5)))
    closed = np.zeros((6, 6), bool)
    closed[3:] = True
    assert electrode_tortuosity(closed) == (np.inf, 0.0, 0)
