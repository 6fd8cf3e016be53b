"""The sphere: exact modes, exact conservation, the exact solution, spectral convergence."""

import numpy as np
import pytest
from scipy.optimize import brentq

from rampore.constants import FARADAY
from rampore.materials import ExchangeCurrent
from rampore.p4d.cell import Material
from rampore.p4d.particles import Spheres, make_modes

R, D, C_MAX, J = 5e-6, 4e-15, 50000.0, 2.0


def material(diffusivity=D):
    return Material(
        "ball", 0.5, R, C_MAX, diffusivity, ExchangeCurrent(1.0), 0.3, potential=lambda x: 0 * x
    )


def run(spheres, steps, dt, j=J):
    """BDF2 from rest at a constant current density, the first step by backward Euler; the surface
    at the end.
    """
    for step in range(steps):
        weights = np.array([1.0, -1.0, 0.0]) / dt if step == 0 else np.array([1.5, -2.0, 0.5]) / dt
        spheres.condense(weights, 1.0)
        spheres.advance(np.full(len(spheres.y), j))
    return float(spheres.modes.surface @ spheres.y[0])


def exact_surface(t, j=J, terms=400):
    """Surface stoichiometry of a sphere under a constant flux (Carslaw and Jaeger 1959, 9.7)."""
    roots = np.array(
        [
            brentq(lambda b: np.sin(b) - b * np.cos(b), (n + 1e-9) * np.pi, (n + 0.5) * np.pi)
            for n in range(1, terms)
        ]
    )
    tau = D * t / R**2
    series = 3 * tau + 0.2 - 2 * np.sum(np.exp(-(roots**2) * tau) / roots**2)
    return 0.3 - j * R / (FARADAY * D * C_MAX) * series


def test_lowest_rates_are_the_squares_of_the_roots_of_tan_b_equals_b():
    roots = [4.493409457909064, 7.725251836937707, 10.904121659428899]
    assert make_modes(12).rate[:4] == pytest.approx([0.0, *np.square(roots)], rel=1e-8)


def test_lithium_leaves_as_the_current_says():
    for diffusivity in (D, lambda x: D * (1 + 5 * x)):
        spheres = Spheres(make_modes(10), material(diffusivity), 3)
        run(spheres, 40, 25.0)
        expected = 0.3 - 3 * J * 1000.0 / (FARADAY * R * C_MAX)
        assert spheres.mean == pytest.approx(expected, rel=1e-13)


def test_variable_diffusivity_that_does_not_vary_is_the_constant_one():
    constant, variable = (
        Spheres(make_modes(10), material(), 1),
        Spheres(make_modes(10), material(lambda x: D + 0 * x), 1),
    )
    assert run(constant, 20, 50.0) == pytest.approx(run(variable, 20, 50.0), rel=1e-11)


def test_surface_converges_at_second_order_in_time():
    errors = [
        abs(run(Spheres(make_modes(16), material(), 1), n, 1000.0 / n) - exact_surface(1000.0))
        for n in (50, 100, 200)
    ]
    assert np.log2(errors[0] / errors[1]) > 1.8
    assert np.log2(errors[1] / errors[2]) > 1.8


def test_surface_converges_spectrally_in_the_radius():
    """At tau = 0.008, a steep profile, every two modes more divide the error by ten."""
    t = 0.008 * R**2 / D
    fine = run(Spheres(make_modes(40), material(), 1), 2000, t / 2000)
    errors = [
        abs(run(Spheres(make_modes(n), material(), 1), 2000, t / 2000) - fine)
        for n in (6, 8, 10, 12)
    ]
    assert np.all(np.array(errors[1:]) < 0.3 * np.array(errors[:-1]))


def test_variable_diffusivity_agrees_with_a_finite_volume_sphere():
    """An independent scheme, 2000 shells, explicit in D, on the same time steps refined."""

    def slowing(x):
        return D * np.exp(-3 * (x - 0.3))

    ours = run(Spheres(make_modes(14), material(slowing), 1), 800, 0.5)
    n = 800
    edges = np.linspace(0, 1, n + 1)
    volume = np.diff(edges**3) / 3
    x = np.full(n, 0.3)
    for _ in range(1600):
        from scipy.linalg import solve_banded

        conductance = edges[1:-1] ** 2 * slowing(0.5 * (x[1:] + x[:-1])) / R**2 * n
        band = np.zeros((3, n))
        band[0, 1:] = -conductance
        band[2, :-1] = -conductance
        band[1] = volume / 0.25
        band[1, :-1] += conductance
        band[1, 1:] += conductance
        right = volume / 0.25 * x
        right[-1] -= J / (FARADAY * R * C_MAX)
        x = solve_banded((1, 1), band, right)
    surface = x[-1] - J * R / (FARADAY * slowing(x[-1]) * C_MAX) / (2 * n)
    assert ours == pytest.approx(surface, abs=2e-4 * abs(surface - 0.3))


def test_profile_meets_the_surface_and_the_mean():
    spheres = Spheres(make_modes(10), material(), 1)
    surface = run(spheres, 40, 25.0)
    rho = np.linspace(0, 1, 2001)
    x = spheres.profile(rho)[0]
    assert x[-1] == pytest.approx(surface, rel=1e-10)
    assert np.trapezoid(3 * rho**2 * x, rho) == pytest.approx(spheres.mean[0], rel=1e-6)
