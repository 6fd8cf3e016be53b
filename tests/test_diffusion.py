from pathlib import Path

import numpy as np
import pytest

from rampore import diffusion
from rampore.diffusion import DiffusionError, flow_paths, steady_diffusion, transient_diffusion

VOLUMES = Path(__file__).parent / "data" / "volumes"
SHARED = Path(__file__).parents[2] / "shared" / "data" / "volumes"


def fitted_order(errors):
    """Order of convergence from errors on meshes refined by two."""
    return -np.polyfit(np.arange(len(errors)), np.log2(np.abs(errors)), 1)[0]


# Exact values


@pytest.mark.parametrize("shape", [(5, 7), (90, 80), (4, 5, 6), (30, 20, 25), (200, 1), (1, 200)])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_an_empty_image_conducts_as_the_medium_does(shape, axis):
    result = steady_diffusion(np.ones(shape), axis)
    assert result.relative_diffusivity == pytest.approx(1, abs=1e-6)
    assert result.tortuosity_factor == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("size", [20, 120])  # the direct solver and the multigrid
def test_layers_in_series_and_in_parallel_are_exact(size):
    layers = np.where(np.arange(size) % 4 < 2, 1.0, 0.1)[:, np.newaxis] * np.ones(size)
    series = steady_diffusion(layers, 0, tolerance=1e-8)
    parallel = steady_diffusion(layers, 1, tolerance=1e-8)
    assert series.relative_diffusivity == pytest.approx(2 / (1 + 10), rel=1e-6)
    assert parallel.relative_diffusivity == pytest.approx((1 + 0.1) / 2, rel=1e-6)


@pytest.mark.parametrize("contrast", [4.0, 9.0])
def test_checkerboard_approaches_the_geometric_mean_at_the_corner_singularity_order(contrast):
    """A checkerboard conducts sqrt(D1 D2) (Keller 1964); c ~ r^s at its corners, s = (4/pi)
    atan(1/sqrt(D1/D2)).
    """

    def error(n):
        # the faces cut the squares in their middle, where the field is symmetric
        quarter = np.arange(n) * 2 // n
        board = np.where((quarter[:, np.newaxis] + quarter) % 2, contrast, 1.0)
        return steady_diffusion(board, tolerance=1e-8).relative_diffusivity - np.sqrt(contrast)

    singularity = 4 / np.pi * np.arctan(1 / np.sqrt(contrast))
    errors = [error(n) for n in (32, 64, 128, 256)]
    assert fitted_order(errors) == pytest.approx(2 * singularity, abs=0.05)


def test_dilute_discs_hinder_as_rayleigh_found():
    """Insulating discs on a square lattice: 1 - 2 f / (1 + f - 0.3058 f^4) (Rayleigh 1892), to the
    stairs' error.
    """
    n = 256
    x, y = np.mgrid[:n, :n] - (n - 1) / 2
    pores = x**2 + y**2 > 0.15 / np.pi * n**2
    f = 1 - pores.mean()
    expected = 1 - 2 * f / (1 + f - 0.3058 * f**4)
    assert steady_diffusion(pores, sides="periodic").relative_diffusivity == pytest.approx(
        expected, rel=4 / n
    )


def test_dilute_spheres_hinder_as_rayleigh_found():
    """Insulating spheres, cubic lattice: 1 - 3 f / (2 + f - 0.3914 f^(10/3)) (Rayleigh 1892)."""
    n = 64
    x, y, z = np.mgrid[:n, :n, :n] - (n - 1) / 2
    pores = x**2 + y**2 + z**2 > (0.15 * 3 / (4 * np.pi)) ** (2 / 3) * n**2
    f = 1 - pores.mean()
    expected = 1 - 3 * f / (2 + f - 0.3914 * f ** (10 / 3))
    assert steady_diffusion(pores, sides="periodic").relative_diffusivity == pytest.approx(
        expected, rel=1 / n
    )


def test_a_slanted_channel_has_the_tortuosity_of_its_slope():
    """A strip at 45 degrees is longer and narrower by sqrt(2) each: tau = 2, reached at first order
    in the pixel.

    The resistance of the second half of a strip of double length is free of the oblique ends.
    """

    def factor(width):
        rows, columns = np.mgrid[: 16 * width, : 8 * width]
        strip = (rows - columns) % (8 * width) < width
        resistances = [
            len(image) * steady_diffusion(image, sides="periodic", tolerance=1e-6).macmullin_number
            for image in (strip[: 8 * width], strip)
        ]
        return strip.mean() * np.diff(resistances)[0] / (8 * width)

    errors = [factor(width) - 2 for width in (4, 8, 16)]
    assert abs(errors[-1]) < 0.2
    assert fitted_order(errors) == pytest.approx(1, abs=0.2)


def test_first_order_uptake_in_a_slab_follows_the_hyperbolic_cosine_at_second_order():
    """c = cosh(m (1 - z)) / cosh(m), flux m tanh(m), with m the Thiele modulus."""
    modulus = 3.0

    def errors(n):
        result = steady_diffusion(
            np.ones((n, 2)), spacing=1 / n, outlet="closed", uptake=modulus**2, tolerance=1e-10
        )
        z = (np.arange(n) + 0.5) / n
        exact = np.cosh(modulus * (1 - z)) / np.cosh(modulus)
        return np.abs(
            result.concentration[:, 0] - exact
        ).max(), result.relative_diffusivity - modulus * np.tanh(modulus)

    profile, flux = zip(*(errors(n) for n in (16, 32, 64, 128)), strict=True)
    assert fitted_order(profile) == pytest.approx(2, abs=0.1)
    assert fitted_order(flux) == pytest.approx(2, abs=0.1)


def test_the_flux_in_a_consuming_slab_follows_the_hyperbolic_sine_at_second_order():
    """q = m sinh(m (1 - z)) / cosh(m): one face of the pixel alone would give first order."""
    modulus = 3.0

    def error(n):
        result = steady_diffusion(
            np.ones((n, 2)), spacing=1 / n, outlet="closed", uptake=modulus**2, tolerance=1e-10
        )
        z = (np.arange(n) + 0.5) / n
        return np.abs(
            result.flux[0][:, 0] - modulus * np.sinh(modulus * (1 - z)) / np.cosh(modulus)
        ).max()

    assert fitted_order([error(n) for n in (16, 32, 64, 128)]) == pytest.approx(2, abs=0.1)


def test_a_slab_fills_in_time_as_the_series_says():
    """c = 1 - sum of the slab's eigenfunctions (Crank 1975, Eq. 2.67); here the mesh of 200 leaves
    1e-5.
    """
    n, times = 200, np.array([0.05, 0.3])
    result = transient_diffusion(np.ones((n, 1)), times, spacing=1 / n, steps=256)
    z, k = (np.arange(n) + 0.5) / n, (np.arange(400) + 0.5) * np.pi
    for time, found in zip(times, result.concentration[:, :, 0], strict=True):
        exact = 1 - np.sum(2 / k * np.exp(-(k**2) * time) * np.sin(np.outer(z, k)), axis=1)
        np.testing.assert_allclose(found, exact, atol=2e-5)


def test_time_steps_converge_at_second_order():
    def middle(steps):
        return transient_diffusion(
            np.ones((50, 1)), [0.2], spacing=1 / 50, steps=steps
        ).concentration[0, 25, 0]

    finest = middle(1024)
    assert fitted_order([middle(steps) - finest for steps in (16, 32, 64, 128)]) == pytest.approx(
        2, abs=0.15
    )


def test_a_principal_diffusivity_acts_as_a_stretched_pixel_does():
    """x -> x / sqrt(a) turns D diag(1, a) into an isotropic one: pixels 1 by 1 with a are pixels 1
    by 1 / sqrt(a).
    """
    pores = blobs((90, 80), 0.7, 3)
    by_tensor = steady_diffusion(pores, anisotropy=(1.0, 4.0), tolerance=1e-8)
    by_shape = steady_diffusion(pores, spacing=(1.0, 0.5), tolerance=1e-8)
    assert by_tensor.relative_diffusivity == pytest.approx(by_shape.relative_diffusivity, rel=1e-6)


def test_an_anisotropy_along_the_axis_scales_what_flows():
    result = steady_diffusion(
        np.ones((90, 80)), anisotropy=(0.25, np.full((90, 80), 3.0)), tolerance=1e-8
    )
    assert result.relative_diffusivity == pytest.approx(0.25, rel=1e-6)
    assert result.tortuosity_factor == pytest.approx(1, rel=1e-6)


def test_the_flux_through_a_uniform_slab_is_one_along_the_axis_and_none_across():
    """q = D_0 c_0 / length, here 1 / (50 x 2)."""
    result = steady_diffusion(np.ones((40, 50, 3)), 1, spacing=2.0, tolerance=1e-8)
    np.testing.assert_allclose(result.flux[1], 0.01, rtol=1e-6)
    np.testing.assert_allclose(result.flux[[0, 2]], 0, atol=1e-9)
    np.testing.assert_allclose(result.flux_magnitude, 0.01, rtol=1e-6)


# Conservation and symmetry


def test_the_mean_of_the_flux_is_what_flows_through():
    """The mean over a section of the flux at centres is that through its two faces: D_eff / length
    in every one.
    """
    pores = blobs((150, 140), 0.7, 3)
    result = steady_diffusion(pores, tolerance=1e-8)
    np.testing.assert_allclose(
        result.flux[0].mean(axis=1), result.relative_diffusivity / 150, rtol=1e-7
    )
    assert (result.flux_magnitude[~pores] == 0).all()


def blobs(shape, porosity, size, seed=0):
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), size)
    return noise < np.quantile(noise, porosity)


def test_each_layer_of_a_stack_has_its_own_macmullin_number():
    """1/D within a layer; channels that take a fourth of the plane make four everywhere."""
    layers = np.repeat([1.0, 0.25, 0.5], 6)
    stack = steady_diffusion(layers[:, np.newaxis] * np.ones((18, 5)), spacing=(0.3, 1.0))
    inside = np.arange(18) % 6 % 5 > 0
    np.testing.assert_allclose(stack.macmullin_along[inside], 1 / layers[inside], rtol=1e-10)
    channels = np.zeros((7, 4, 4), bool)
    channels[:, ::2, ::2] = True
    np.testing.assert_allclose(steady_diffusion(channels).macmullin_along, 4.0, rtol=1e-10)


@pytest.mark.parametrize("shape", [(60, 50), (20, 24, 28)])
@pytest.mark.parametrize("axis", [0, 1])
def test_the_macmullin_numbers_along_the_axis_have_that_of_the_image_as_their_mean(shape, axis):
    """What is dissipated in all is what flows times what it falls by; backwards it is the same."""
    image = 0.05 + 0.95 * (np.random.default_rng(3).random(shape) < 0.6)
    found = steady_diffusion(image, axis, tolerance=1e-8)
    assert found.macmullin_along.mean() == pytest.approx(found.macmullin_number, rel=1e-7)
    turned = steady_diffusion(np.flip(image, axis), axis, tolerance=1e-8)
    np.testing.assert_allclose(turned.macmullin_along[::-1], found.macmullin_along, rtol=1e-6)


def test_where_nothing_passes_every_layer_resists_without_bound():
    image = np.ones((6, 4), bool)
    image[3] = False
    assert np.isinf(steady_diffusion(image).macmullin_along).all()


def test_what_flows_in_flows_out_through_every_section():
    result = steady_diffusion(blobs((150, 140), 0.7, 3), tolerance=1e-6)
    assert 0 < result.imbalance <= 1e-6


def test_what_enters_is_what_is_taken_up():
    pores = blobs((80, 90), 0.7, 3)
    result = steady_diffusion(pores, outlet="closed", uptake=1e-3, spacing=1.0, tolerance=1e-8)
    taken = 1e-3 * np.nansum(result.concentration)
    entering = result.relative_diffusivity * pores.shape[1] / pores.shape[0]
    assert taken == pytest.approx(entering, rel=1e-6)


def test_what_has_entered_is_what_is_in_the_pores():
    pores = blobs((60, 70), 0.7, 3)
    result = transient_diffusion(pores, [50.0, 500.0], initial=0.2, steps=20)
    held = np.nansum(result.concentration - 0.2, axis=(1, 2)) / pores.size
    np.testing.assert_allclose(result.taken_in, held, rtol=1e-12)


def test_the_other_way_round_is_the_same():
    pores = blobs((150, 140), 0.7, 3)
    forth, back = (
        steady_diffusion(image, tolerance=1e-7).relative_diffusivity
        for image in (pores, pores[::-1])
    )
    assert forth == pytest.approx(back, rel=1e-6)


def test_axes_and_dimensions_are_interchangeable():
    pores = blobs((40, 50, 60), 0.5, 2)
    values = [
        steady_diffusion(pores, 2, tolerance=1e-7).relative_diffusivity,
        steady_diffusion(np.moveaxis(pores, 2, 0), 0, tolerance=1e-7).relative_diffusivity,
    ]
    assert values[0] == pytest.approx(values[1], rel=1e-6)
    section = blobs((60, 70), 0.7, 3)
    extruded = np.repeat(section[:, :, np.newaxis], 3, axis=2)
    flat, thick = (
        steady_diffusion(image, tolerance=1e-7).relative_diffusivity
        for image in (section, extruded)
    )
    assert flat == pytest.approx(thick, rel=1e-6)


def test_the_multigrid_and_the_direct_solver_agree(monkeypatch):
    pores = blobs((70, 60), 0.65, 3)
    by_multigrid = steady_diffusion(pores, tolerance=1e-8)
    monkeypatch.setattr("rampore.diffusion.DIRECT_PIXELS", pores.size)
    directly = steady_diffusion(pores)
    assert by_multigrid.iterations > 0
    assert directly.iterations == 0
    np.testing.assert_allclose(by_multigrid.concentration, directly.concentration, atol=1e-6)


# Other codes


@pytest.mark.parametrize("edge", [50, 100])
def test_overlapping_spheres_conduct_as_others_found(edge):
    """Face-centred cubic spheres whose centres are 1.9 radii apart: the table of Daubner and
    Nestler (2024), solid and pore, by TauFactor. The same voxels, so only what either solver leaves
    unsolved may differ: half a per cent.
    """
    table = np.genfromtxt(VOLUMES / "fcc_overlap10.txt", names=True)
    row = table[table["pixels"] == edge][0]
    places = (np.indices((edge,) * 3) + 0.5) / edge
    centres = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])[
        ..., np.newaxis, np.newaxis, np.newaxis
    ]
    nearest = np.min([np.sum(np.square(p - np.round(p)), axis=0) for p in places - centres], axis=0)
    solid = nearest <= 0.5 / 1.9**2
    assert solid.mean() == pytest.approx(row["vol_num"], rel=1e-12)
    for phase, expected in ((solid, row["tau_solid"]), (~solid, row["tau_pore"])):
        assert steady_diffusion(phase, tolerance=1e-4).tortuosity_factor == pytest.approx(
            expected, rel=5e-3
        )


def by_finite_volumes(conducting):
    """Tortuosity factor along axis 0 of the phase that conducts, by a factorised sparse matrix."""
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import spsolve

    number = np.where(conducting, np.cumsum(conducting).reshape(conducting.shape) - 1, -1)
    pairs = []
    for axis in range(3):
        first, second = (
            np.moveaxis(number, axis, 0)[part].ravel() for part in (slice(-1), slice(1, None))
        )
        pairs.append(np.array([first, second])[:, (first >= 0) & (second >= 0)])
    i, j = np.concatenate(pairs, axis=1)
    inlet, outlet = (number[end][number[end] >= 0] for end in (0, -1))
    diagonal = np.bincount(np.concatenate([i, j]), minlength=np.count_nonzero(conducting)).astype(
        float
    )
    diagonal += 1e-12  # clusters that touch neither face have no level of their own
    diagonal[inlet] += 2  # half a voxel to the face
    diagonal[outlet] += 2
    every = np.arange(diagonal.size)
    places = np.concatenate([i, j, every]), np.concatenate([j, i, every])
    matrix = coo_array((np.concatenate([-np.ones(2 * i.size), diagonal]), places)).tocsc()
    c = spsolve(matrix, 2.0 * np.bincount(inlet, minlength=diagonal.size))
    enters, leaves = np.sum(2 * (1 - c[inlet])), np.sum(2 * c[outlet])
    assert enters == pytest.approx(leaves, rel=1e-6)
    return conducting.mean() * conducting[0].size / (enters * len(conducting))


def test_a_piece_of_a_real_electrode_has_the_tortuosity_of_another_solution_of_the_same_voxels():
    """32 voxels a side of TauFactor's electrode; asked for ten times the mismatch of the flux that
    is allowed.
    """
    packed = np.load(VOLUMES / "electrode_crop.npy")
    volume = np.unpackbits(packed).reshape(32, 32, 32).astype(bool)
    result = steady_diffusion(volume, tolerance=1e-5)
    assert result.tortuosity_factor == pytest.approx(by_finite_volumes(volume), rel=1e-4)


def test_the_electrode_of_taufactor_has_the_tortuosity_that_taufactor_finds():
    """2.0772 on the published volume, at a flux mismatch of 1e-3 (TauFactor's own criterion)."""
    path = SHARED / "electrode.tiff"
    if not path.exists():
        pytest.skip("the whole volume, 2 MB, is not in the repository")
    import tifffile

    volume = tifffile.imread(path) == 0
    assert steady_diffusion(volume, tolerance=1e-3).tortuosity_factor == pytest.approx(
        2.0772, rel=2e-3
    )


# Connectivity and hard cases


def test_a_sample_that_does_not_percolate_has_no_diffusivity_and_infinite_tortuosity():
    pores = np.ones((60, 60), bool)
    pores[30] = False
    result = steady_diffusion(pores)
    assert result.relative_diffusivity == 0
    assert result.tortuosity_factor == np.inf
    assert result.macmullin_number == np.inf
    assert result.percolating_fraction == 0


def test_pores_touching_at_a_corner_are_not_joined():
    assert steady_diffusion(np.eye(5, dtype=bool)).relative_diffusivity == 0


def test_isolated_pores_change_nothing_but_the_porosity():
    channel = np.zeros((60, 60), bool)
    channel[:, 10:20] = True
    closed = channel.copy()
    closed[20:40, 40:50] = True
    results = [steady_diffusion(image, tolerance=1e-8) for image in (channel, closed)]
    assert results[0].relative_diffusivity == pytest.approx(
        results[1].relative_diffusivity, rel=1e-9
    )
    assert results[0].percolating_fraction == 1
    assert results[1].percolating_fraction == pytest.approx(600 / 800)
    assert np.isnan(results[1].concentration[30, 45])


def test_a_path_across_a_periodic_side_counts():
    pores = np.zeros((4, 6), bool)
    pores[:2, 0] = pores[1:, 5] = True
    assert flow_paths(pores, 0, (False, False)).sum() == 0
    np.testing.assert_array_equal(flow_paths(pores, 0, (False, True)), pores)


def test_one_pixel_throats_conduct():
    pores = np.ones((61, 60), bool)
    pores[30] = False
    pores[30, 30] = True
    assert 0 < steady_diffusion(pores, tolerance=1e-6).relative_diffusivity < 0.5


def test_just_above_percolation_it_still_converges():
    pores = np.random.default_rng(0).random((200, 200)) < 0.61
    result = steady_diffusion(pores, tolerance=1e-4)
    assert 0 < result.relative_diffusivity < 0.1


def test_a_million_fold_contrast_of_phases_lies_between_its_bounds():
    image = np.where(blobs((100, 100), 0.5, 4), 1, 1e-6)
    harmonic, arithmetic = 1 / np.mean(1 / image), np.mean(image)
    assert harmonic < steady_diffusion(image).relative_diffusivity < arithmetic


@pytest.mark.parametrize(
    ("edge", "dimensions", "share"), [(60, 2, 0.5), (150, 2, 0.6), (24, 3, 0.3)]
)
def test_a_million_fold_contrast_from_pixel_to_pixel_is_solved(edge, dimensions, share):
    image = np.where(np.random.default_rng(0).random((edge,) * dimensions) < share, 1, 1e-6)
    result = steady_diffusion(image)
    assert result.imbalance <= 1e-4
    assert 1 / np.mean(1 / image) < result.relative_diffusivity < np.mean(image)


@pytest.mark.parametrize(
    "shape", [(2000, 12), (12, 2000), (400, 5, 6), (1, 300), (300, 1), (1, 1, 90)]
)
def test_long_and_thin_samples_conduct_as_bulky_ones_do(shape):
    layers = np.where(np.arange(shape[0]) % 2, 1.0, 0.25).reshape(
        -1, *[1] * (len(shape) - 1)
    ) * np.ones(shape)
    expected = 1 / np.mean(1 / layers[(slice(None), *[0] * (len(shape) - 1))])
    assert steady_diffusion(layers, tolerance=1e-8).relative_diffusivity == pytest.approx(
        expected, rel=1e-6
    )


def test_an_image_without_pores_is_no_error_but_conducts_nothing():
    result = steady_diffusion(np.zeros((30, 40, 5)))
    assert (result.relative_diffusivity, result.tortuosity_factor) == (0, np.inf)
    assert (result.conducting_fraction, result.percolating_fraction) == (0, 0)
    assert np.isnan(result.concentration).all()
    assert (result.flux == 0).all()


def test_pixels_longer_than_wide_conduct_as_their_shape_demands():
    layers = np.where(np.arange(120) % 2, 1.0, 0.25)[:, np.newaxis] * np.ones(100)
    result = steady_diffusion(layers, spacing=(1.0, 20.0), tolerance=1e-8)
    assert result.relative_diffusivity == pytest.approx(0.4, rel=1e-6)


# Refusal


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.ones(5), "two or three dimensions"),
        (np.ones((0, 4)), "empty"),
        (np.full((3, 3), np.nan), "not finite"),
        (-np.ones((3, 3)), "negative"),
        (np.full((3, 3), "a"), "numbers"),
        (np.ones((1, 1)), "one pixel"),
        (np.broadcast_to(True, (100_000, 100_000, 1_000)), "there is memory for"),
    ],
)
def test_an_image_that_is_none_is_refused(image, message):
    with pytest.raises(DiffusionError, match=message):
        steady_diffusion(image)


def test_conditions_that_make_no_problem_are_refused():
    image = np.ones((4, 4))
    with pytest.raises(DiffusionError, match="axis = 2"):
        steady_diffusion(image, 2)
    with pytest.raises(DiffusionError, match="nothing flows"):
        steady_diffusion(image, outlet="closed")
    with pytest.raises(DiffusionError, match="spacing = 0 must"):
        steady_diffusion(image, spacing=0)
    with pytest.raises(DiffusionError, match="uptake at index"):
        steady_diffusion(image, uptake=-1.0)
    with pytest.raises(DiffusionError, match="anisotropy along axis 1 = 0 must"):
        steady_diffusion(image, anisotropy=(1.0, 0.0))
    with pytest.raises(DiffusionError, match="for each axis"):
        steady_diffusion(image, anisotropy=(1.0, 1.0, 1.0))
    with pytest.raises(DiffusionError, match="increase"):
        transient_diffusion(image, [1.0, 0.5])


@pytest.mark.parametrize("spacing", [5e-8, (1e-7, 5e-8, 5e-8)], ids=["cubes", "oblong"])
def test_single_conductances_keep_the_flux_along_a_way_of_hundreds_of_pixels(monkeypatch, spacing):
    """With lengths in metres they are no whole numbers, and what is rounded off their sums would
    take up per cents of what flows.
    """
    image = np.random.default_rng(0).random((800, 8, 8)) < 0.9
    asked = {"spacing": spacing, "tolerance": 1e-5}
    double = steady_diffusion(image, **asked)
    monkeypatch.setattr(diffusion, "LARGE", 1000)
    single = steady_diffusion(image, **asked)
    assert single.imbalance < 1e-5
    assert single.relative_diffusivity == pytest.approx(double.relative_diffusivity, rel=1e-6)
