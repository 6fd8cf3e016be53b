r"""Electrons from a perforated foil through contact and coating: the unit cell of the lattice in
three dimensions.

Finite volumes on boxes that the edge of the holes cuts exactly. Within a unit cell the foil is one
potential: copper conducts four orders of magnitude better than the coating, and
:attr:`ThroughPlane.foil_drop` bounds what that neglects. Equations are numbered as in chapter 6 of
the book.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.collector import contact_area, open_fraction_from_lattice
from rampore.conduction.errors import ConductionError, check_positive
from rampore.unitcell import CutMesh, cut_mesh, graded, sides_of_cell

#: Largest difference between the currents out of the foil and into the top that passes as a
#: solution [-].
IMBALANCE = 1e-6


@dataclass(frozen=True)
class CoatedFoil:
    """A perforated foil with a coating on one side, which also fills the holes.

    Attributes
    ----------
    hole_diameter, pitch : float
        Diameter of the holes and distance between the centres of neighbours [m].
    hole_depth : float
        Depth of the coating in a hole: the foil's thickness, or half of it where both sides are
        coated [m]. 0 leaves the holes empty.
    coating_thickness : float
        Over the foil [m].
    conductivity : float
        Effective electronic conductivity of the coating [S/m].
    contact_resistance : float
        Of the interface, on the foil's face and on the walls of the holes [ohm m2].

    Raises
    ------
    ConductionError
        Where a value makes no sense, or the holes overlap.
    """

    hole_diameter: float
    pitch: float
    hole_depth: float
    coating_thickness: float
    conductivity: float
    contact_resistance: float

    def __post_init__(self) -> None:
        check_positive(
            hole_diameter=self.hole_diameter,
            pitch=self.pitch,
            coating_thickness=self.coating_thickness,
            conductivity=self.conductivity,
        )
        for name in ("hole_depth", "contact_resistance"):
            quantity(name.replace("_", " "), getattr(self, name), ConductionError, at_least=0)
        if self.hole_diameter >= self.pitch:
            raise ConductionError(
                f"holes of {self.hole_diameter * 1e6:g} um overlap at a pitch of "
                f"{self.pitch * 1e6:g} um"
            )

    @property
    def open_fraction(self) -> float:
        """Share of the plan area that is hole [-]."""
        return open_fraction_from_lattice(self.hole_diameter, self.pitch)

    @property
    def contact_area(self) -> float:
        """Area on which coating touches foil, per plan area [-]."""
        return contact_area(self.open_fraction, self.hole_depth, self.hole_diameter)

    @property
    def contact_length(self) -> float:
        """Thickness of coating that resists as much as the contact, sigma R_c [m]."""
        return self.conductivity * self.contact_resistance

    @property
    def bare_resistance(self) -> float:
        """Of the same coating on bare foil, R_c + h / sigma [ohm m2]."""
        return self.contact_resistance + self.coating_thickness / self.conductivity


class ThroughPlaneMesh(NamedTuple):
    """Boxes of a unit cell."""

    plane: int = 64  #: along half a pitch; as wide, or nearly so, across the rows
    coating: int = 16  #: through the coating
    hole: int = 8  #: through the depth of the holes
    grading: float = 0.5  #: how much finer the boxes are at the faces of each layer, 0 to 1 [-]

    @property
    def halved(self) -> ThroughPlaneMesh:
        """With half as many boxes along every edge."""
        return self._replace(
            **{edge: max(1, getattr(self, edge) // 2) for edge in ("plane", "coating", "hole")}
        )


MESH = ThroughPlaneMesh()  #: the default


class Network(NamedTuple):
    """Conductances between the boxes, and from them to foil and top."""

    x: np.ndarray  #: edges (nx + 1,) [m]
    y: np.ndarray  #: edges (ny + 1,) [m]
    z: np.ndarray  #: edges (nz + 1,), 0 at the foil's face [m]
    plan: np.ndarray  #: area of the boxes from above (nx, ny) [m2]
    hole: np.ndarray  #: area of their part in a hole (nx, ny) [m2]
    #: as `rampore.multigrid` takes them (nx, ny, nz) [S]
    conductances: tuple[np.ndarray, np.ndarray, np.ndarray]
    face: np.ndarray  #: conductance to the foil's face (nx, ny, nz) [S]
    wall: np.ndarray  #: to the walls of the holes (nx, ny, nz) [S]
    top: np.ndarray  #: to the top of the coating (nx, ny, nz) [S]


@dataclass(frozen=True)
class ThroughPlane:
    """Current from the foil to the top of the coating, which is one potential too.

    Attributes
    ----------
    foil : CoatedFoil
    voltage : float
        Between foil and top [V].
    network : Network
    potential : (nx, ny, nz) array
        Over that of the top [V]; NaN in the foil.
    resistance : float
        Voltage over mean current density [ohm m2].
    wall_share : float
        Share of the current that leaves the foil through the walls of the holes [-].
    imbalance : float
        Difference between the currents out of the foil and into the top, over the latter [-].
    iterations : int
        Of conjugate gradients.
    """

    foil: CoatedFoil
    voltage: float
    network: Network = field(repr=False)
    potential: np.ndarray = field(repr=False)
    resistance: float
    wall_share: float
    imbalance: float
    iterations: int

    @property
    def top_current(self) -> np.ndarray:
        """Current density into the top (nx, ny) [A/m2]."""
        return self.network.top[..., -1] * self.potential[..., -1] / self.network.plan

    @property
    def mean_current(self) -> float:
        """Mean current density [A/m2]."""
        return self.voltage / self.resistance

    @property
    def variation(self) -> float:
        """Standard deviation over mean of the current density at the top [-] (Eq. 6.3)."""
        departure = self.top_current / self.mean_current - 1
        return math.sqrt(np.average(departure**2, weights=self.network.plan))

    @property
    def least(self) -> float:
        """Smallest over mean current density at the top [-]; where holes are wide, it lies over
        their middle.
        """
        return float(self.top_current.min() / self.mean_current)

    @property
    def resistance_ratio(self) -> float:
        """Resistance over that of the same coating on bare foil [-]."""
        return self.resistance / self.foil.bare_resistance

    def foil_drop(self, foil_conductivity: float, foil_thickness: float) -> float:
        """Bound of the potential difference in the foil of one unit cell, over the voltage [-].

        All current of the cell is carried over a pitch by the narrowest metal between two holes.

        Parameters
        ----------
        foil_conductivity : float
            Of the metal [S/m].
        foil_thickness : float
            [m]
        """
        check_positive(foil_conductivity=foil_conductivity, foil_thickness=foil_thickness)
        width, height = sides_of_cell(self.foil.pitch)
        neck = (self.foil.pitch - self.foil.hole_diameter) * foil_thickness * foil_conductivity
        return 2 * width * height / self.resistance * self.foil.pitch / neck

    def current_density(self) -> np.ndarray:
        """Components along x, y and z at the centres of the boxes (3, nx, ny, nz) [A/m2]; NaN in
        the foil.
        """
        net = self.network
        inside = np.isfinite(self.potential)
        phi = np.where(inside, self.potential, 0)
        dx, dy, dz = np.ix_(*(np.diff(edges) for edges in (net.x, net.y, net.z)))
        density = []
        for axis, (k, area) in enumerate(
            zip(net.conductances, (dy * dz, dx * dz, dx * dy), strict=True)
        ):
            flow = k * (phi - np.roll(phi, -1, axis))  # through the far face; 0 through the last
            into = np.roll(flow, 1, axis)
            if axis == 2:
                into = into + net.face * np.where(inside, self.voltage - phi, 0)
                flow = flow + net.top * phi
            one_sided = (net.wall > 0) & (axis < 2)  # the wall closes the other face
            density.append(
                np.where(inside, (flow + into) / np.where(one_sided, 1, 2) / area, np.nan)
            )
        return np.array(density)


def build_network(foil: CoatedFoil, mesh: ThroughPlaneMesh = MESH) -> Network:
    """The unit cell as a network of conductances.

    A box that the edge of a hole cuts keeps its centre and its part in the hole. Contact and half a
    box in series join the boxes at the foil to it; at a wall, half a box is volume over twice the
    wall's area.

    Parameters
    ----------
    foil : CoatedFoil
    mesh : ThroughPlaneMesh

    Returns
    -------
    Network

    Raises
    ------
    ConductionError
        For a mesh without boxes.
    """
    for name in ("plane", "coating", "hole"):
        quantity(
            f"boxes of the mesh, {name}",
            getattr(mesh, name),
            ConductionError,
            at_least=1,
            whole=True,
        )
    quantity("grading", mesh.grading, ConductionError, at_least=0, below=1)
    width, height = sides_of_cell(foil.pitch)
    columns = mesh.plane, round(math.sqrt(3) * mesh.plane)
    lines = (np.linspace(0, side, n + 1) for side, n in zip((width, height), columns, strict=True))
    plane = cut_mesh(*lines, foil.hole_diameter / 2)
    above = graded(mesh.coating, foil.coating_thickness, mesh.grading)
    below = (
        graded(mesh.hole, foil.hole_depth, mesh.grading)[:-1] - foil.hole_depth
        if foil.hole_depth
        else above[:0]
    )
    z = np.concatenate([below, above])
    return Network(
        plane.x, plane.y, z, plane.plan, plane.hole, *_conductances(foil, plane, z, len(below))
    )


def _conductances(foil: CoatedFoil, plane: CutMesh, z: np.ndarray, deep: int):
    """Between boxes, to the face, to the walls and to the top; the first `deep` layers lie in the
    holes.
    """
    sigma, contact = foil.conductivity, foil.contact_resistance
    dx, dy, dz = plane.x[1] - plane.x[0], plane.y[1] - plane.y[0], np.diff(z)
    in_hole = np.arange(dz.size) < deep

    def through(inside, outside):
        return np.where(in_hole, inside[..., np.newaxis], np.asarray(outside)[..., np.newaxis])

    shape = (*plane.plan.shape, dz.size)
    kx, ky, kz, face, wall, top = (np.zeros(shape) for _ in range(6))
    kx[:-1] = sigma * through(plane.side_x, np.full_like(plane.side_x, dy)) * dz / dx
    ky[:, :-1] = sigma * through(plane.side_y, np.full_like(plane.side_y, dx)) * dz / dy
    footprint = through(plane.hole, plane.plan)
    kz[..., :-1] = (
        2 * sigma * np.minimum(footprint[..., 1:], footprint[..., :-1]) / (dz[1:] + dz[:-1])
    )
    face[..., deep] = (plane.plan - plane.hole) / (contact + dz[deep] / 2 / sigma)
    top[..., -1] = 2 * sigma * plane.plan / dz[-1]
    walled = (plane.arc > 0) & (plane.hole > 0)
    half = np.divide(plane.hole, 2 * plane.arc, out=np.full_like(plane.hole, np.inf), where=walled)
    wall[..., :deep] = (plane.arc / (contact + half / sigma))[..., np.newaxis] * dz[:deep]
    return (kx, ky, kz), face, wall, top


def through_plane(
    foil: CoatedFoil, voltage: float = 1e-3, mesh: ThroughPlaneMesh = MESH, tolerance: float = 1e-9
) -> ThroughPlane:
    r"""Current through contact and coating of a unit cell.

    Solves :math:`\nabla\cdot(\sigma\nabla\phi) = 0` in the coating (Eq. 6.1), with :math:`\mathbf
    n\cdot\mathbf j = (V - \phi)/R_c` on the foil's face and the walls of the holes (Eq. 6.2),
    :math:`\phi = 0` at the top, and no current through mirror planes and the bottoms of the holes.

    Parameters
    ----------
    foil : CoatedFoil
    voltage : float
        V, between foil and top [V].
    mesh : ThroughPlaneMesh
    tolerance : float
        Reduction of the error of the linear solver, see :meth:`rampore.multigrid.Multigrid.solve`
        [-].

    Returns
    -------
    ThroughPlane

    Raises
    ------
    ConductionError
        For a mesh without boxes.
    multigrid.ConvergenceError
        Where `tolerance` is not reached, or the currents in and out differ by more than
        `IMBALANCE`.
    """
    from rampore.multigrid import ConvergenceError, Multigrid

    check_positive(voltage=voltage, tolerance=tolerance)
    net = build_network(foil, mesh)
    to_foil = net.face + net.wall
    phi = np.zeros(to_foil.shape)
    hierarchy = Multigrid(net.conductances, to_foil + net.top)
    iterations = hierarchy.solve(to_foil, phi, tolerance=tolerance)
    into_top = float((net.top * phi).sum())
    through_face, through_wall = (float((part * (1 - phi)).sum()) for part in (net.face, net.wall))
    out_of_foil = through_face + through_wall
    if not abs(out_of_foil - into_top) <= IMBALANCE * out_of_foil:
        raise ConvergenceError(
            f"{out_of_foil:g} A leave the foil and {into_top:g} A reach the top, per volt: the "
            "boxes of this mesh are too long for their width, or the tolerance is too loose"
        )
    taking_part = hierarchy.network[-1] > 0
    return ThroughPlane(
        foil=foil,
        voltage=voltage,
        network=net,
        potential=np.where(taking_part, voltage * phi, np.nan),
        resistance=float(net.plan.sum()) / into_top,
        wall_share=through_wall / out_of_foil,
        imbalance=abs(out_of_foil / into_top - 1),
        iterations=iterations,
    )
