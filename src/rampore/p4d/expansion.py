r"""Solids that change their volume with the lithium in them: pores, thickness, and the electrolyte
that moves.

A box holds the volume of solid that its particles' mean stoichiometries say,

.. math:: V_s = V_{s,0} + \sum_m V_{m,0} \left(\frac{v_m(\bar x_m)}{v_m(x_{m,0})} - 1\right),

and electrolyte in all the rest of it; 0 is the state that the cell's fractions, porosities and
thicknesses are of, the start or another (``Material.volume_at``). Planes of a coating grow as S^g,
where S is the volume of their solid over that as given and g is the sharing of
:mod:`rampore.swelling`; the foil holds them in the plane, and a coating in a hole keeps its room.
Boxes move with their solid.

Porosity, heights, transport efficiency and exchange current at the new time are those of the
stoichiometries that the extrapolated reaction makes of the step, and second order therefore. The
reaction is counted per area of particle as given: its exchange current goes as the area
itself, the volume to the power 2/3, and the radius that lithium diffuses through is a coordinate of
the material. Conductivity of the solid and capacitance stay.

**The electrolyte** is incompressible: what the pores of a box lose leaves through its faces, by
Darcy's law, to the pores of the separator, and from them evenly to a reservoir beside the stack.
The permeability is that of Kozeny and Carman, the transport efficiency times the square of the
hydraulic radius, :math:`(\varepsilon / (1 - \varepsilon))^2`, at the start. Viscosity and the size
of the particles do not matter: in one dimension there is a single way, in three the ways share by
the ratio of their permeabilities. In a box with flows :math:`Q_f` out of its faces and pores P

.. math:: \partial_t (P c) + \sum_f Q_f c_f
          = \partial_t (P c) - c\, \partial_t P + \sum_f Q_f (c_f - c),

and of the left two terms the second-order rule for the derivative leaves only what the pores were:
:math:`-w_1 P_1 (c - c_1) - w_2 P_2 (c - c_2)`. So the salt equation takes the pores at the new time
exactly, without their derivatives in the unknowns. What the flow, which is extrapolated, lacks to
the true change of the pores is exchanged with the reservoir at the salt of the box; an even
concentration stays even, and pores and reservoir together keep their salt to the last digits.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from rampore.checks import quantity
from rampore.constants import FARADAY
from rampore.kernels import njit
from rampore.p4d.cell import Cell, Swelling
from rampore.p4d.equations import CC, TO_CC, C, Layout, System, Unknowns
from rampore.p4d.errors import CellError, SolverError
from rampore.p4d.grid import SEPARATOR, Grid
from rampore.p4d.layout import STILL, Particles
from rampore.p4d.linear import ABOVE, BELOW
from rampore.p4d.structured import COATING, HOLES
from rampore.structure.openings import SIDES
from rampore.swelling import thickness_ratio

if TYPE_CHECKING:
    from rampore.p4d.model import Population

#: porosity below which pores count as closed: a thousandth of the transport is left by Bruggeman's
#: law, and what reacts there retreats before they are any tighter [-]
CLOSED = 1e-2
#: share of a least porosity of one's own down to which a step may look ahead [-]
AHEAD = 0.1
#: share of solid below which pores are as permeable as at it: where electrolyte is in the open, it
#: flows so well that more makes no difference [-]
OPEN = 0.1
#: least permeability over the largest: pores that lead nowhere still give way [-]
TIGHT = 1e-9


@njit(cache=True)
def convect(
    c: np.ndarray,
    flow: np.ndarray,
    local: np.ndarray,
    source: np.ndarray,
    layout: Layout,
    system: System,
) -> None:
    """Add the salt that the electrolyte carries to the system.

    ``flow`` (faces,) goes from the lower to the upper box [m3/s]; the salt on a face lies between
    those of the boxes as the face does. A box adds ``local`` (cells,) [A m3/mol] times its own, and
    ``source`` (cells,) [A].
    """
    residual, matrix = system.residual, system.matrix
    for f in range(flow.shape[0]):
        if flow[f] == 0.0:
            continue
        left, right, axis = layout.left[f], layout.right[f], layout.axis[f]
        share = layout.h_left[f] / (layout.h_left[f] + layout.h_right[f])
        by_left, by_right = FARADAY * flow[f] * (1.0 - share), FARADAY * flow[f] * share
        carried = by_left * c[left] + by_right * c[right]
        residual[left, C] += carried
        residual[right, C] -= carried
        matrix[left, CC] += by_left
        matrix[right, CC] -= by_right
        matrix[left, ABOVE + 5 * axis + TO_CC] += by_right
        matrix[right, BELOW + 5 * axis + TO_CC] -= by_left
    for k in range(local.shape[0]):
        residual[k, C] += local[k] * c[k] + source[k]
        matrix[k, CC] += local[k]


#: What a run tells of it in time: unit and meaning.
SERIES = {
    "thickness_negative": ("m", "mean thickness of the negative coating"),
    "thickness_positive": ("m", "mean thickness of the positive coating"),
    "thickness": ("m", "thickness of coatings and separator, without the foils"),
    "porosity_min": ("1", "least porosity of any box"),
    "reservoir_volume": ("m", "electrolyte that left the stack, per area"),
    "reservoir_salt": ("mol/m2", "salt that left the stack, per area"),
}


@njit(cache=True)
def leave_room(
    volume: np.ndarray,
    solid: np.ndarray,
    stretch: np.ndarray,
    pore: np.ndarray,
    porosity: np.ndarray,
) -> int:
    """Fill what a :class:`Shape` holds, of boxes as given and the solid in them [m3]; returns the
    number of the tightest.
    """
    layers, tightest = stretch.shape[0], 0
    for k in range(volume.shape[0]):
        room = volume[k] * stretch[k % layers]
        pore[k] = room - solid[k]
        porosity[k] = pore[k] / room if room > 0.0 else 1.0
        if porosity[k] < porosity[tightest]:
            tightest = k
    return tightest


@njit(cache=True)
def move_boxes(stretch: np.ndarray, given: Layout, layout: Layout) -> None:
    """Bring the faces of the layout to planes that are higher by ``stretch`` than given."""
    layers = stretch.shape[0]
    for f in range(given.left.shape[0]):
        left, right = stretch[given.left[f] % layers], stretch[given.right[f] % layers]
        if given.axis[f] == 2:
            layout.h_left[f] = given.h_left[f] * left
            layout.h_right[f] = given.h_right[f] * right
            longer = layout.h_left[f] + layout.h_right[f]
            layout.solid[f] = given.solid[f] * (given.h_left[f] + given.h_right[f]) / longer
        else:
            layout.area[f] = given.area[f] * left
            layout.solid[f] = given.solid[f] * left


@njit(cache=True)
def store(
    weights: np.ndarray,
    pores: tuple[np.ndarray, np.ndarray],
    salt: tuple[np.ndarray, np.ndarray],
    stored: np.ndarray,
    past: np.ndarray,
) -> bool:
    """Fill the pores that a step stores its salt in, and what the past adds to the derivative of
    the salt there, of pores [m3] and salt [mol/m3] in the last state and in the one before.

    Returns whether all that were pores are.
    """
    new, late, early = weights
    for k in range(stored.shape[0]):
        kept_late, kept_early = late * pores[0][k], early * pores[1][k]
        stored[k] = -(kept_late + kept_early) / new
        if stored[k] > 0.0:
            past[k] = (kept_late * salt[0][k] + kept_early * salt[1][k]) / stored[k]
        elif pores[0][k] > 0.0:
            return False
        else:
            past[k] = late * salt[0][k] + early * salt[1][k]
    return True


class Shape(NamedTuple):
    """What boxes have room for at one time."""

    pore: np.ndarray  #: volume of electrolyte (cells,) [m3]
    porosity: np.ndarray  #: its share of the boxes; 1 in the foil (cells,) [-]
    stretch: np.ndarray  #: height of the planes of z over that as given (nz,) [-]


class Reservoir(NamedTuple):
    """What the electrolyte beside the stack has gained since the start."""

    volume: float  #: [m3]
    salt: float  #: [mol]


class Room(NamedTuple):
    """All that the shape of a cell goes on from."""

    now: Shape
    before: Shape
    reservoir: Reservoir
    reservoir_before: Reservoir


class _Host:
    """A material whose volume follows its lithium."""

    def __init__(self, population: "Population", particles: Particles) -> None:
        material = particles.material
        name = f"{particles.side} {material.name}: volume_law over the stoichiometry"
        quantity(name, material.volume_law(np.linspace(0, 1, 501)), CellError, above=0)
        self._population, self._law = population, material.volume_law
        given = material.stoichiometry if material.volume_at is None else material.volume_at
        self._given = float(material.volume_law(given))
        self.cells, self.volume = particles.cells, particles.volume
        self._exchange = population.kinetics.reference.copy()

    def ratio(self) -> np.ndarray:
        """Volume over that as given (count,) [-]."""
        return self._ratio_at(self._population.spheres.mean)

    def ratio_ahead(self) -> np.ndarray:
        """The same after the prepared step with the current densities as they are."""
        return self._ratio_at(self._population.mean_ahead())

    def _ratio_at(self, mean):
        return self._law(np.clip(mean, 0.0, 1.0)) / self._given

    def grow(self, ratio: np.ndarray) -> None:
        """Let the reacting surface follow the volume."""
        self._population.kinetics.reference[:] = self._exchange * ratio ** (2 / 3)


class _Ways:
    """How electrolyte gets from box to box."""

    def __init__(self, layout: Layout, porosity: np.ndarray, separator: np.ndarray) -> None:
        pores = porosity / np.maximum(1.0 - porosity, OPEN)
        permeability = layout.efficiency * pores**2
        permeability = np.maximum(permeability, TIGHT * permeability.max())
        left, right = layout.left, layout.right
        self._conductance = layout.area / (
            layout.h_left / permeability[left] + layout.h_right / permeability[right]
        )
        self._conductance /= self._conductance.max()
        faces = np.arange(left.size)
        shape = porosity.size, left.size
        self._out = sp.csr_array((np.ones(left.size), (left, faces)), shape) - sp.csr_array(
            (np.ones(left.size), (right, faces)), shape
        )
        self._drive = sp.csr_array(sp.diags_array(self._conductance) @ self._out.T)
        matrix = self._out @ self._drive
        # one pressure is free, and where nothing flows there is none
        pinned = matrix.diagonal() == 0.0
        pinned[np.argmax(separator)] = True
        matrix = sp.csc_array(matrix + sp.diags_array(np.where(pinned, 1.0, 0.0)))
        self._solve = splu(
            matrix, "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        ).solve

    def flow(self, out: np.ndarray) -> np.ndarray:
        """Flow through the faces (faces,) that brings ``out`` of the boxes (cells,), which sums to
        zero [m3/s both].
        """
        return self._drive @ self._solve(out)

    def out(self, flow: np.ndarray) -> np.ndarray:
        """What a flow through the faces (faces,) brings out of the boxes (cells,) [m3/s both]."""
        return self._out @ flow


def follow_swelling(
    cell: Cell,
    grid: Grid,
    layout: Layout,
    particles: Sequence[Particles],
    populations: Sequence["Population"],
) -> "Expansion | None":
    """The expansion of a cell; None where every material keeps its volume."""
    if all(part.material.volume_law is None for part in particles):
        return None
    return Expansion(cell, grid, layout, particles, populations)


class Expansion:
    """The solids of a cell that swell and shrink, and what follows from them.

    It changes the layout's pores, efficiencies, heights and areas in place, for the step that is
    prepared. ``layout.pore`` is then what the step stores salt in, a mean of the pores before it;
    the pores themselves are those of ``now``.

    Parameters
    ----------
    cell, grid, layout
    particles : sequence of Particles
    populations : sequence of rampore.p4d.model.Population
        Of the same materials in the same order.

    Raises
    ------
    CellError
        A volume is none somewhere between empty and full, or pores are too small at the start.
    """

    def __init__(
        self,
        cell: Cell,
        grid: Grid,
        layout: Layout,
        particles: Sequence[Particles],
        populations: Sequence["Population"],
    ) -> None:
        self.settings = cell.swelling or Swelling()
        self._grid, self._layout, self._area = grid, layout, grid.area
        self._concentration = cell.concentration
        self._hosts = [
            _Host(population, part)
            for population, part in zip(populations, particles, strict=True)
            if part.material.volume_law is not None
        ]
        self._volume = grid.volume.ravel()
        self._solid = self._volume - layout.pore
        #: of the planes, with 1 m3 where there is none
        self._of_planes = self._by_plane(self._solid)
        self._empty = np.where(self._of_planes > 0.0, 0.0, 1.0)
        self._of_planes += self._empty
        self._given = layout._replace(**{
            name: getattr(layout, name).copy()
            for name in ("area", "h_left", "h_right", "solid", "efficiency")
        })  # fmt: skip
        least = self.settings.least_porosity
        self._closed = CLOSED if least is None else AHEAD * least
        # the solids of a hole keep their room
        held = np.isin(grid.layer, list(HOLES.values()))
        self._sharing = np.where(held, 0.0, self.settings.sharing)
        as_given = self._shape([1.0 for _ in self._hosts])
        self._closures = []
        for side in SIDES:
            boxes = [part.cells for part in particles if part.side == side]
            if boxes:
                boxes = np.unique(np.concatenate(boxes))
                law = getattr(cell, side).transport_efficiency
                self._closures.append((boxes, law, law(as_given.porosity[boxes])))
        self.now = self.before = self.ahead = self._start()
        separator = np.where(grid.layer == SEPARATOR, 1.0, 0.0) * layout.pore.reshape(grid.shape)
        self._drained = (separator / separator.sum()).ravel()
        self._ways = _Ways(layout, self.now.porosity, self._drained)
        self._pores_at_start = self.now.pore.sum()
        self.reservoir = self._reservoir_before = Reservoir(0.0, 0.0)
        #: of electrolyte from the lower to the upper box of each face in the step (faces,) [m3/s]
        self.flow = np.zeros(layout.left.size)
        self._out, self._local, self._source = np.zeros((3, layout.pore.size))
        self._sucked, self._reservoir_salt = np.zeros(layout.pore.size), cell.concentration
        if least is not None and not self.least_porosity > least:
            raise CellError(
                f"swelling: least_porosity = {least:g} is not below the porosity at the start, "
                f"{self.least_porosity:g}"
            )

    def _start(self) -> Shape:
        """The shape at the start, which the layout takes."""
        ratios = [host.ratio() for host in self._hosts]
        for host, ratio in zip(self._hosts, ratios, strict=True):
            host.grow(ratio)
        shape = self._shape(ratios)
        self._reach(shape)
        self._layout.pore[:] = shape.pore
        return shape

    @property
    def least_porosity(self) -> float:
        """Least porosity anywhere after the step that was solved last [-]."""
        return float(self.ahead.porosity.min())

    def series(self) -> dict[str, float]:
        """The present numbers by the names of :data:`SERIES`; a foil of lithium has no coating."""
        heights, layer, area = (
            np.diff(self._grid.z) * self.now.stretch,
            self._grid.layer,
            self._area,
        )
        coatings = {
            f"thickness_{side}": float(heights[layer == COATING[side]].sum())
            for side in SIDES
            if np.any(layer == COATING[side])
        }
        separator = float(heights[layer == SEPARATOR].sum())
        return coatings | {
            "thickness": sum(coatings.values(), separator),
            "porosity_min": self.least_porosity,
            "reservoir_volume": self.reservoir.volume / area,
            "reservoir_salt": self.reservoir.salt / area,
        }

    def _by_plane(self, volume):
        """Sum over each plane (nz,)."""
        return volume.reshape(-1, self._grid.shape[2]).sum(axis=0)

    def _shape(self, ratios) -> Shape:
        """What is left to the electrolyte where materials have these volumes over those given."""
        solid = self._solid.copy()
        for host, ratio in zip(self._hosts, ratios, strict=True):
            solid[host.cells] += host.volume * (ratio - 1.0)
        ratio = (self._by_plane(solid) + self._empty) / self._of_planes
        stretch = thickness_ratio(ratio, self._sharing)
        pore, porosity = np.empty((2, solid.size))
        tightest = leave_room(self._volume, solid, stretch, pore, porosity)
        if porosity[tightest] < self._closed:
            z = self._grid.centres()[2].ravel()[tightest]
            raise SolverError(
                f"the pores at z = {1e6 * z:.1f} um close: solid would fill "
                f"{1 - porosity[tightest]:.4g} of the volume; a larger sharing gives it to the "
                "thickness, and a least_porosity ends the step before"
            )
        return Shape(pore, porosity, stretch)

    def prepare(
        self, weights: np.ndarray, growth: float, last: np.ndarray, before: np.ndarray
    ) -> np.ndarray:
        """Bring the layout to the end of a step whose particles are condensed and whose current
        densities are guessed; returns what the past adds to the derivative of the salt (cells,)
        [mol/(m3 s)].

        Parameters
        ----------
        weights : (3,) array
            Of the time derivative [1/s].
        growth : float
            The new step over the last; 0 after a jump [-].
        last, before : (cells,) array
            Salt in the last two states [mol/m3].

        Raises
        ------
        SolverError
            Pores close, or the reservoir is dry.
        """
        ratios = [host.ratio_ahead() for host in self._hosts]
        for host, ratio in zip(self._hosts, ratios, strict=True):
            host.grow(ratio)
        self._expected = self._shape(ratios)
        self._reach(self._expected)
        stored, past = self._layout.pore, np.empty(last.size)
        if not store(weights, (self.now.pore, self.before.pore), (last, before), stored, past):
            raise SolverError("the pores change too much in one step")
        self._flow_to_reservoir(weights[0] * (self._expected.pore - stored), growth)
        return past

    def _reach(self, shape):
        """Efficiencies, heights and areas of the layout at a shape."""
        layout, given = self._layout, self._given
        for boxes, law, start in self._closures:
            present = given.efficiency[boxes] * (law(shape.porosity[boxes]) / start)
            layout.efficiency[boxes] = np.maximum(present, STILL)
        if self.settings.sharing > 0.0:
            move_boxes(shape.stretch, given, layout)

    def _flow_to_reservoir(self, change, growth):
        """What flows where the pores change at this rate (cells,) [m3/s]."""
        drain = -change.sum() * self._drained
        self.flow = self._ways.flow(-change - drain)
        self._out = self._ways.out(self.flow)
        self._sucked = np.minimum(drain, 0.0)
        self._reservoir_salt = self._salt_of_reservoir(growth)
        self._local = -FARADAY * (self._out + self._sucked)
        self._source = FARADAY * self._sucked * self._reservoir_salt

    def _salt_of_reservoir(self, growth):
        """Concentration in the reservoir at the new time, extrapolated [mol/m3]."""
        size = self.settings.reservoir
        if size is None:
            return self._concentration
        size *= self._area
        volume, salt = (
            now + growth * (now - before)
            for now, before in zip(self.reservoir, self._reservoir_before, strict=True)
        )
        if not size + volume > 0.0:
            raise SolverError(f"the reservoir, {self.settings.reservoir:g} m at the start, is dry")
        return (self._concentration * size + salt) / (size + volume)

    def convect(self, now: Unknowns, system: System) -> None:
        """Add what the electrolyte carries in the prepared step."""
        convect(now.u[:, C], self.flow, self._local, self._source, self._layout, system)

    def total(self, c: np.ndarray) -> float:
        """Sum over all cells of what :meth:`convect` adds to the residual of salt [A]."""
        return float(self._local @ c + self._source.sum())

    def follow(self) -> np.ndarray:
        """Take the shape that the step ends with, as the reaction is now; returns by how much of
        the box its porosity misses the one that was expected (cells,) [-].
        """
        self.ahead = self._shape([host.ratio_ahead() for host in self._hosts])
        return self.ahead.porosity - self._expected.porosity

    def room(self) -> Room:
        """Its last two states."""
        return Room(self.now, self.before, self.reservoir, self._reservoir_before)

    def take_up(self, room: Room) -> None:
        """Go on from the last two states of another expansion of the same cell."""
        self.now, self.before, self.reservoir, self._reservoir_before = room
        self.ahead = self.now

    def advance(self, weights: np.ndarray, c: np.ndarray) -> None:
        """Take the prepared step, at the end of which the salt is c (cells,) [mol/m3]."""
        new, late, early = weights
        change = new * self.ahead.pore + late * self.now.pore + early * self.before.pore
        gained = self._sucked @ (self._reservoir_salt - c) - c @ (change + self._out)
        salt = (gained - late * self.reservoir.salt - early * self._reservoir_before.salt) / new
        self._reservoir_before = self.reservoir
        self.reservoir = Reservoir(float(self._pores_at_start - self.ahead.pore.sum()), float(salt))
        self.before, self.now = self.now, self.ahead
