import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from rampore.multigrid import ConvergenceError, Multigrid, NetworkError, degree


def network(rng, shape, periodic=(False, False, False), contrast=1.0):
    """Random conductances over `contrast` orders of magnitude, grounded along one face."""
    conductances = []
    for axis, wraps in enumerate(periodic):
        k = 10 ** (contrast * rng.uniform(-0.5, 0.5, shape))
        if shape[axis] == 1:
            k[...] = 0
        elif not wraps:
            k[(slice(None),) * axis + (-1,)] = 0
        conductances.append(k)
    ground = np.zeros(shape)
    ground[0] = 1
    return conductances, ground


def matrix_of(conductances, ground):
    cells = np.arange(ground.size).reshape(ground.shape)
    rows, columns, values = (
        [cells.ravel()],
        [cells.ravel()],
        [(degree(conductances) + ground).ravel()],
    )
    for axis, k in enumerate(conductances):
        here, there = cells.ravel(), np.roll(cells, -1, axis).ravel()
        rows += [here, there]
        columns += [there, here]
        values += [-k.ravel(), -k.ravel()]
    return coo_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    ).tocsc()


@pytest.mark.parametrize("shape", [(40, 1, 37), (13, 12, 17), (1, 50, 50)])
@pytest.mark.parametrize("periodic", [(False, False, False), (False, True, True)])
def test_the_solution_is_the_one_of_a_direct_solver(shape, periodic):
    rng = np.random.default_rng(1)
    conductances, ground = network(rng, shape, periodic)
    b = rng.standard_normal(shape)
    x = np.zeros(shape)
    Multigrid(conductances, ground).solve(b, x, tolerance=1e-12)
    expected = spsolve(matrix_of(conductances, ground), b.ravel()).reshape(shape)
    np.testing.assert_allclose(x, expected, atol=1e-9 * np.abs(expected).max())


def test_one_cycle_is_a_symmetric_positive_definite_operator():
    """Conjugate gradients need both; single precision sets the tolerance."""
    rng = np.random.default_rng(2)
    cycle = Multigrid(*network(rng, (30, 1, 31), contrast=3))
    vectors = rng.standard_normal((6, 30, 1, 31))
    images = np.array([cycle(v).copy() for v in vectors])
    gram = np.einsum("aijk,bijk->ab", vectors, images)
    np.testing.assert_allclose(gram, gram.T, atol=1e-5 * np.abs(gram).max())
    assert np.linalg.eigvalsh((gram + gram.T) / 2).min() > 0


def test_iterations_hardly_grow_with_the_network():
    """Four times the cells along each axis cost no more than half as many iterations again."""

    def iterations(n):
        conductances, ground = network(np.random.default_rng(3), (n, 1, n))
        return Multigrid(conductances, ground).solve(
            np.ones((n, 1, n)), np.zeros((n, 1, n)), tolerance=1e-8
        )

    assert iterations(256) <= 1.5 * iterations(64)


def test_an_axis_of_weak_links_is_left_uncoarsened_until_it_is_strong():
    conductances, ground = network(np.random.default_rng(4), (64, 1, 64))
    conductances[2] *= 1e-3
    hierarchy = Multigrid(conductances, ground)
    assert hierarchy.levels[0].shift == (1, 0, 0)
    x = np.zeros((64, 1, 64))
    assert hierarchy.solve(np.ones((64, 1, 64)), x, tolerance=1e-8) < 40


def test_a_network_without_links_cannot_be_coarsened_and_is_solved_at_once():
    """More cells than the coarsest level may have, each by itself: one level, and what each holds
    is b over ground.
    """
    ground = np.linspace(1.0, 2.0, 21 * 21).reshape(21, 1, 21)
    hierarchy = Multigrid([np.zeros(ground.shape) for _ in range(3)], ground)
    assert [level.shift for level in hierarchy.levels] == [(0, 0, 0)]
    x = np.zeros(ground.shape)
    assert hierarchy.solve(np.ones(ground.shape), x, tolerance=1e-6) <= 2
    np.testing.assert_allclose(x, 1 / ground, rtol=1e-6)


def test_two_phases_six_orders_of_magnitude_apart_converge():
    rng = np.random.default_rng(5)
    conductances, ground = network(rng, (64, 1, 64), contrast=0)
    islands = np.kron(rng.random((16, 16)) < 0.4, np.ones((4, 4), bool))[:, None]
    for axis, k in enumerate(conductances):
        k[islands | np.roll(islands, -1, axis)] *= 1e-6
    b = rng.standard_normal(ground.shape)
    x = np.zeros(ground.shape)
    assert Multigrid(conductances, ground).solve(b, x, tolerance=1e-10) < 100
    expected = spsolve(matrix_of(conductances, ground), b.ravel()).reshape(x.shape)
    np.testing.assert_allclose(x, expected, atol=1e-6 * np.abs(expected).max())


def test_cells_that_are_left_out_stay_as_they_are():
    conductances, ground = network(np.random.default_rng(6), (40, 1, 40))
    left_out = np.zeros(ground.shape, bool)
    left_out[10:20, 0, 10:20] = True
    for axis, k in enumerate(conductances):
        k[left_out | np.roll(left_out, -1, axis)] = 0
    ground[left_out] = 0
    b = np.where(left_out, 0.0, 1.0)
    x = np.zeros(ground.shape)
    Multigrid(conductances, ground).solve(b, x, tolerance=1e-10)
    assert (x[left_out] == 0).all()
    assert (x[~left_out] > 0).all()


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
@pytest.mark.parametrize("place", ["conductances", "ground"])
def test_a_bad_value_among_good_ones_is_refused(place, bad):
    conductances, ground = network(np.random.default_rng(7), (6, 5, 4))
    (ground if place == "ground" else conductances[1])[2, 3, 1] = bad
    with pytest.raises(NetworkError, match=place):
        Multigrid(conductances, ground)


def test_what_does_not_converge_raises():
    conductances, ground = network(np.random.default_rng(7), (40, 1, 40))
    with pytest.raises(ConvergenceError, match="iteration 3 of at most 3"):
        Multigrid(conductances, ground).solve(
            np.ones(ground.shape), np.zeros(ground.shape), tolerance=1e-14, most=3
        )
