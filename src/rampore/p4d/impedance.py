r"""The cell's impedance: the model linearised about its state at rest, solved at each frequency.

At rest salt and potentials are uniform, and so are the properties of the electrolyte. With the
potential that drives the ions, :math:`\psi = \phi_e - G' c`, and the one that salt adds,
:math:`\theta = G' c`, every box passes the current :math:`Y v` from its solid to its electrolyte,
:math:`v = \phi_s - \psi - \theta`, and

.. math::
    \nabla\cdot(\sigma_{eff} \nabla\phi_s) = Y v, \qquad
    \nabla\cdot(\kappa_{eff} \nabla\psi) = -Y v, \qquad
    \nabla\cdot\Big(\frac{F D_{eff}}{G'(1 - t_+)} \nabla\theta\Big)
        = \frac{i\omega F \epsilon}{G' (1 - t_+)} \theta - Y v,

three networks that one admittance per volume joins: the reactions of all materials beside the
double layer,

.. math:: Y = i\omega C a + \sum_m \frac{a_m}{R T / F i_{0,m} + U_m' H_m(i\omega)},

with :math:`H` the transfer function of the spheres, :meth:`rampore.p4d.particles.Spheres.transfer`.
The matrix :math:`W + i T` is complex symmetric, both parts positive semidefinite. It is solved by
Chebyshev's iteration with the preconditioner of Axelsson, Neytcheva and Ahmad (Numer. Algorithms 66
(2014) 811), which brings all eigenvalues between 1/2 and 1 whatever the frequency, the mesh and the
materials. One step takes two systems of :math:`W + T`, which are real and those of the engine's own
multigrid.

Hysteresis does not move: an amplitude that vanishes does not change the branch.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import sparray

from rampore.checks import choice, quantity
from rampore.constants import FARADAY
from rampore.p4d import equations
from rampore.p4d.cell import Cell, Electrode, Lithium, Mirror
from rampore.p4d.equations import CC, EC, EE, SS, C, E, S
from rampore.p4d.errors import CellError, SolverError
from rampore.p4d.grid import NEGATIVE, POSITIVE, Grid
from rampore.p4d.linear import BELOW, CellMultigrid
from rampore.p4d.model import Mesh, Model

#: How far apart the potentials of two materials of one electrode at rest may be, 1 % of the usual
#: amplitude [V].
EQUILIBRIUM = 1e-4
#: A stoichiometry this close to empty or full takes no part in the equilibrium [-].
ENDS = 1e-6
#: Across what the current of a box goes: from phi_s to psi and theta.
JOINED = np.array([-1.0, -1.0, 1.0])
#: Of each sphere; enough to follow a wave that reaches a thousandth of the radius.
MODES = 40
#: Sum of all residuals over the current that is imposed; the impedance's own error goes as its
#: square [-].
RESIDUAL = 1e-5
#: Largest share of the impedance that this residual may have been, should rounding keep it above
#: [-].
CORRECTION = 1e-4
#: Residual of the two real systems in one step [-].
INNER = 0.05
#: Where the eigenvalues of the preconditioned matrix lie [-].
SPECTRUM = (0.5, 1.0)
#: Steps at most; with exact real systems 9 are enough for `RESIDUAL`.
STEPS = 60


class Impedance(NamedTuple):
    """Impedance of a cell over frequency."""

    frequency: np.ndarray  #: (n,) [Hz]
    impedance: np.ndarray  #: (n,) complex, of the whole cell times its area [ohm m2]
    steps: np.ndarray  #: of the linear solver (n,)


def impedance(
    cell: Cell,
    frequency: np.ndarray,
    mesh: Mesh | None = None,
    cation_share: float = 1.0,
    sides: tuple[float, float] | None = None,
    grid: Grid | None = None,
) -> Impedance:
    """Impedance of a cell about its state at the start, in which it rests.

    Parameters
    ----------
    cell : Cell
        Full cell, half cell, symmetric cell; with a :class:`~rampore.p4d.cell.Mirror` the impedance
        is that of both halves, twice that of one.
    frequency : (n,) array
        [Hz]
    mesh : Mesh, optional
        Default: that of the engine with `MODES` modes of each sphere, for fast waves do not get far
        into it.
    cation_share : float
        Of the charge of the double layers that cations bring, anions taking away the rest [-]: 1 in
        the engine. Where nothing reacts it may be anything down to the transference number, at
        which no salt piles up and the electrode is a transmission line.
    sides : (float, float), optional
        Width of the unit cell where there is no perforation [m].
    grid : rampore.p4d.grid.Grid, optional
        A mesh of one's own.

    Returns
    -------
    Impedance

    Raises
    ------
    CellError
        A frequency is none, the state is not at rest or not stable, an electrode passes nothing, or
        the double layers of a cell that reacts are not to be charged by cations.
    SolverError
        The linear solver does not converge.
    """
    frequency = np.atleast_1d(
        np.asarray(quantity("frequency", frequency, CellError, above=0, unit="Hz"), float)
    )
    if frequency.ndim != 1 or not frequency.size:
        raise CellError("the frequencies are a row of one or more [Hz]")
    quantity("cation_share", cation_share, CellError)
    linear = Linearised(Model(cell, mesh or Mesh(modes=MODES), sides, grid), cation_share)
    found, steps = np.empty(frequency.size, complex), np.empty(frequency.size, int)
    for n in np.argsort(-frequency):
        found[n], steps[n] = linear.solve(2 * np.pi * frequency[n])
    return Impedance(frequency, (2 if isinstance(cell.positive, Mirror) else 1) * found, steps)


def exchange_resistance(cell: Cell, side: str = "negative", mesh: Mesh | None = None) -> float:
    """What charge transfer alone resists where the current reaches every particle alike [ohm m2].

    Of all materials side by side, in the state at the start: R T / (F sum of surface times exchange
    current).

    Parameters
    ----------
    cell : Cell
    side : str
        "negative" or "positive".
    mesh : Mesh, optional
    """
    choice("side", side, ("negative", "positive"), CellError)
    model = Model(cell, mesh or Mesh())
    if not any(p.electrode == side for p in model.populations):
        raise CellError(f"nothing reacts in the {side} electrode")
    total = sum(
        float(
            np.sum(
                p.kinetics.surface
                / equations.linearise(p.kinetics, p.hysteresis.state, p.x, cell.concentration)[0]
            )
        )
        for p in model.populations
        if p.electrode == side
    )
    return model.area / total


class Linearised:
    """The linearised cell: blocks within boxes that depend on the frequency, conductances between
    them that do not.

    The unknowns of a box are theta, psi and phi_s [V]; the bordering one is the potential of the
    positive side, into which a current of 1 A/m2 goes.

    Parameters
    ----------
    model : Model
    cation_share : float
        As in :func:`impedance`.

    Raises
    ------
    CellError
        As :func:`impedance`.
    """

    def __init__(self, model: Model, cation_share: float = 1.0) -> None:
        self.model, cell, layout = model, model.cell, model.layout
        self._refuse(cation_share)
        matrix = model.conductances()
        t, slope = model.properties[0, [equations.T_PLUS, equations.G_BY_C]]
        scale = 1 / (slope * (cation_share - t))
        between = np.zeros_like(matrix)
        between[:, CC] = scale * (matrix[:, CC] - t * matrix[:, EC])
        between[:, EE], between[:, SS] = matrix[:, EE], matrix[:, SS]
        to_salt, by_salt, ions, solid = (slice(BELOW + n, None, 5) for n in (0, 2, 3, 4))
        between[:, to_salt] = scale * (matrix[:, to_salt] - t * matrix[:, by_salt])
        between[:, ions], between[:, solid] = matrix[:, ions], matrix[:, solid]
        boxes, unknowns = np.nonzero(layout.absent)
        between[boxes, 4 * unknowns] = 1.0
        self._mass = FARADAY * layout.pore * scale
        self._border = np.zeros((layout.pore.size, 3), complex)
        if isinstance(cell.positive, Electrode):
            self._border[layout.positive_cells, S] = -layout.positive_foil
        elif isinstance(cell.positive, Mirror):
            self._meet_the_mirror(between, scale)
        self._corner = -self._border.sum()

        self.multigrid = CellMultigrid(layout.absent.reshape(*model.grid.shape, 3))
        finest = self.multigrid.finest
        self._between = between
        finest.matrix[:] = between.reshape(finest.matrix.shape)
        self._fluxes = self.multigrid.sparse().tocsr()[:-1, :-1]
        self._diagonal = self._fluxes.diagonal()
        self._kinetics = [
            (p, *equations.linearise(p.kinetics, p.hysteresis.state, p.x, cell.concentration))
            for p in model.populations
        ]
        for p, _, slope in self._kinetics:
            if not (slope <= 0).all():
                raise CellError(
                    f"{p.name} is not stable at x = {p.x[0]:.4g}: its potential rises with lithium"
                )
        self.imposed = np.zeros(3 * layout.pore.size + 1, complex)
        self.imposed[-1] = model.area
        self._guess = np.zeros_like(self.imposed)

    def _refuse(self, cation_share):
        model, cell = self.model, self.model.cell
        if cell.back is not None:
            raise CellError(
                "a spectrum takes a foil that is coated on one face: give one of the cell's faces()"
            )
        t = float(cell.electrolyte.transference(np.array([cell.concentration]))[0])
        if cation_share != 1.0 and (model.populations or model.foils):
            raise CellError(
                "only where nothing reacts, anions may take part in charging the double layers"
            )
        if not t < cation_share <= 1:
            raise CellError(
                f"cation_share = {cation_share} must lie above the transference number {t:.3f} "
                "and up to 1"
            )
        layer = np.broadcast_to(model.grid.layer, model.grid.shape).ravel()
        for side, number in (("negative", NEGATIVE), ("positive", POSITIVE)):
            if not isinstance(getattr(cell, side), Electrode):
                continue
            members = [p for p in model.populations if p.electrode == side]
            if not members and not model.layout.capacitance[layer == number].any():
                raise CellError(
                    f"the {side} electrode has neither active material nor double layer: nothing "
                    "passes"
                )
            rest = {p.name: p.open_circuit(p.x)[0] for p in members if ENDS < p.x[0] < 1 - ENDS}
            if rest and max(rest.values()) - min(rest.values()) > EQUILIBRIUM:
                potentials = ", ".join(
                    f"{name} {potential:.4f} V" for name, potential in rest.items()
                )
                raise CellError(f"the {side} electrode is not at rest: {potentials}")

    def _meet_the_mirror(self, between, scale):
        """Join the last plane of boxes to the middle of the cell: psi is the voltage there, and
        theta is zero.
        """
        grid, properties = self.model.grid, self.model.properties
        cells = np.arange(np.prod(grid.shape)).reshape(grid.shape)[..., -1].ravel()
        per_length = grid.plan.ravel() / (np.diff(grid.z)[-1] / 2)
        ions = per_length / properties[cells, equations.RESISTIVITY]
        between[cells, EE] += ions
        between[cells, CC] += scale * FARADAY * per_length / properties[cells, equations.INVERSE_D]
        self._border[cells, E] = -ions

    def _at(self, omega):
        """Blocks within boxes (cells, 3, 3), border (cells, 3) and corner at a frequency, less the
        conductances.
        """
        model = self.model
        admittance = 1j * omega * model.layout.capacitance
        for p, resistance, slope in self._kinetics:
            admittance[p.kinetics.cells] += p.kinetics.surface / (
                resistance + slope * p.spheres.transfer(omega)
            )
        blocks = admittance[:, None, None] * np.outer(JOINED, JOINED)
        blocks[:, C, C] += 1j * omega * self._mass
        border, corner = self._border.copy(), complex(self._corner)
        for side, foil in model.foils.items():
            metal = foil.metal
            passed = metal.area * self._metal_admittance(metal, getattr(model.cell, side), omega)
            blocks[metal.cells, :2, :2] += passed[:, None, None]
            if side == "positive":
                border[metal.cells, :2] = -passed[:, None]
                corner += passed.sum()
        return blocks, border, corner

    def _metal_admittance(self, metal, lithium: Lithium, omega):
        """Of the faces of a foil of lithium: contact, reaction beside double layer, half a box
        (faces,) [S/m2].
        """
        resistivity, inverse_d, t, slope = self.model.properties[
            np.ix_(
                metal.cells,
                [equations.RESISTIVITY, equations.INVERSE_D, equations.T_PLUS, equations.G_BY_C],
            )
        ].T
        exchange = metal.reference * self.model.cell.concentration**metal.salt
        face = 1 / (2 * exchange / metal.thermal_voltage + 1j * omega * lithium.double_layer)
        salt = (1 - t) * inverse_d * slope / FARADAY
        return 1 / (metal.contact + face + metal.distance * (resistivity + salt))

    def sparse(self, omega: float) -> sparray:
        """The whole bordered matrix as a ``scipy.sparse`` array, for reference; its right-hand side
        is ``imposed``.
        """
        import scipy.sparse as sp

        blocks, border, corner = self._at(omega)
        edge = border.reshape(-1, 1)
        inner = self._fluxes + sp.block_diag(blocks)
        return sp.block_array([[inner, edge], [edge.T, np.array([[corner]])]], format="csc")

    def solve(self, omega: float) -> tuple[complex, int]:
        """Potential of the positive side per current [ohm m2], and the steps that it took.

        Raises
        ------
        SolverError
            As :func:`impedance`.
        """
        matrix = self._prepare(omega)
        x, area = self._guess, self.model.area
        middle, half = 0.5 * (SPECTRUM[1] + SPECTRUM[0]), 0.5 * (SPECTRUM[1] - SPECTRUM[0])
        share, change = half / middle, 0.0
        for count in range(STEPS):
            left = self.imposed - self._act(matrix, x)
            rest = np.abs(left).sum() / area
            floor = np.finfo(float).eps * (self._diagonal * np.abs(x[:-1])).sum() / area
            if rest <= max(RESIDUAL, floor):
                found, correction = x[-1], (x * left).sum() / area
                if abs(correction) > CORRECTION * abs(found):
                    break
                self._guess = x
                return found + correction, count
            step = self._precondition(matrix, left)
            ahead = 1 / (2 * middle / half - share) if count else share
            change = ahead * share * change + 2 * ahead / half * step if count else step / middle
            share = ahead
            x = x + change
        raise SolverError(
            f"the impedance at {omega / 2 / np.pi:.3g} Hz is at {rest:.1e} of its residual after "
            f"{count + 1} steps"
        )

    def _prepare(self, omega):
        """The matrix at a frequency; the sum of its real and its imaginary part goes into the
        multigrid.
        """
        blocks, border, corner = matrix = self._at(omega)
        cells = self.model.layout.pore.size
        whole = (blocks.real + blocks.imag).reshape(cells, 9)
        finest = self.multigrid.finest
        flat = finest.matrix.reshape(cells, -1)
        flat[:] = self._between
        flat[:, :9] += whole
        finest.column.reshape(cells, 3)[:] = finest.row.reshape(cells, 3)[:] = (
            border.real + border.imag
        )
        self.multigrid.corner[:] = corner.real + corner.imag
        self.multigrid.prepare()
        return matrix

    def _within(self, matrix, x):
        """What the blocks within boxes, border and corner make of the unknowns."""
        blocks, border, corner = matrix
        inner, v = x[:-1].reshape(-1, 3), x[-1]
        out = np.einsum("kij,kj->ki", blocks, inner) + border * v
        return np.append(out, (border * inner).sum() + corner * v)

    def _act(self, matrix, x):
        out = self._within(matrix, x)
        out[:-1] += (self._fluxes @ x[:-1].view(float).reshape(-1, 2)).ravel().view(complex)
        return out

    def _precondition(self, matrix, left):
        def solve(right):
            x, v = self.multigrid.solve(
                right[:-1].reshape(*self.model.grid.shape, 3), right[-1], INNER
            )
            return np.append(x, v)

        imaginary = tuple(part.imag for part in matrix)
        both = solve(left.real + left.imag)
        last = solve(left.imag - self._within(imaginary, both))
        return both - last + 1j * last
