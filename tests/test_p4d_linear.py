"""The multigrid: against a sparse direct solution, and at the same rate on every mesh."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse.linalg

from rampore.p4d import examples
from rampore.p4d.cell import Perforation
from rampore.p4d.equations import Unknowns
from rampore.p4d.model import Drive, Mesh, Model
from rampore.p4d.solution import Step, simulate


def system(columns, filling="electrolyte", layers=(8, 5, 8)):
    """A model of a perforated cell, linearised about a disturbed state, and its right-hand side."""
    cell = replace(
        examples.chen_2020(),
        perforation=Perforation(75e-6, 160e-6, 15e-6, filling),
        contact_negative=1e-4,
    )
    model = Model(cell, Mesh(layers, columns, 3))
    rng = np.random.default_rng(0)
    u, voltage = model.start()
    u = u + rng.normal(size=u.shape) * np.array([30.0, 1e-3, 1e-3]) * ~model.layout.absent
    weights = np.array([1.5, -2.0, 0.5]) / 10.0
    model.condense(weights, 1.0)
    past = Unknowns(-weights[0] * u, -weights[0] * voltage)
    right, imposed = model.assemble(Unknowns(u, voltage), past, Drive("current", 100.0))
    model.multigrid.prepare()
    return model, -right.reshape(*model.grid.shape, 3), -imposed


@pytest.mark.parametrize("filling", ["electrolyte", "coating"])
@pytest.mark.parametrize("columns", [(1, 1), (3, 5), (4, 8)])
def test_multigrid_solves_what_a_direct_solver_solves(columns, filling):
    model, right, imposed = system(columns, filling)
    x, border = model.multigrid.solve(right, imposed, 1e-12)
    exact = scipy.sparse.linalg.spsolve(model.multigrid.sparse(), np.append(right, imposed))
    assert np.abs(np.append(x, border) - exact).max() < 1e-8 * np.abs(exact).max()


@pytest.mark.parametrize("filling", ["electrolyte", "coating"])
def test_a_loose_solution_conserves_in_every_plane(filling):
    """What is left of the residual sums to zero over each plane, so that salt and charge are
    conserved.
    """
    model, right, imposed = system((3, 5), filling)
    x, border = model.multigrid.solve(right, imposed, 1e-1)
    left = np.append(right, imposed) - model.multigrid.sparse() @ np.append(x, border)
    planes = left[:-1].reshape(right.shape).sum(axis=(0, 1))
    assert np.abs(left).max() > 1e-3 * np.abs(right).max()
    assert max(np.abs(planes).max(), abs(left[-1])) < 1e-10 * np.abs(right).max()


@pytest.mark.parametrize("columns", [(2, 4), (4, 7), (8, 14)])
def test_iterations_do_not_grow_with_the_mesh(columns):
    model, right, imposed = system(columns, layers=(10, 6, 10))
    model.multigrid.solve(right, imposed, 1e-6)
    assert model.multigrid.iterations <= 12


def test_holes_that_close_leave_the_bare_foil():
    """What a hole changes falls with its size, and is nothing at zero."""
    cell = examples.chen_2020()
    step = [Step("current", cell.one_c, until_time=60.0)]
    bare = simulate(cell, step, Mesh((8, 5, 8))).dataset.voltage[-1].item()
    difference = []
    for diameter in (80e-6, 20e-6, 0.0):
        holes = replace(cell, perforation=Perforation(diameter, 160e-6, 15e-6))
        difference.append(
            abs(simulate(holes, step, Mesh((8, 5, 8), (4, 6), 3)).dataset.voltage[-1].item() - bare)
        )
    assert difference[0] > 3 * difference[1] > 0
    assert difference[2] < 1e-7
