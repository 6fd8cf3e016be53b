"""Cross-sections and volumes whose truth is known: one generator for the bare and for the
perforated electrode.

Grains are ellipsoids in space. A section is one plane through them, so that its shapes have the
sizes that a cut gives and not those of the grains. Positions are (x, y, z) in metres, z = 0 on the
coated face of the foil; axis 0 of an array is depth, from the free surface down, axis 1 is x, axis
2 is y.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from scipy import ndimage, sparse
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from rampore.arrays import FloatOrArray
from rampore.checks import quantity, shares
from rampore.coating import Local
from rampore.collector import PerforatedFoil
from rampore.micrograph.stored import MicrographError

__all__ = [
    "CALIBRATED",
    "GRAPHITE_SIOX",
    "POROSITY_TOLERANCE",
    "GrainKind",
    "Grains",
    "KnownPores",
    "Mixture",
    "Phantom",
    "PhantomElectrode",
    "Phase",
    "bare_electrode",
    "chequered",
    "disc_lattice",
    "perforated_electrode",
    "section",
    "volume",
]

#: How closely the prescribed porosity is met in every window in which it is enforced [-].
POROSITY_TOLERANCE = 0.002

#: Windows that hold less coating than this are not enforced for themselves [-].
_LEAST_COATING = 0.25

_STEPS = 60


class Phase(IntEnum):
    """What a pixel shows."""

    OUTSIDE = 0
    PORE = 1
    GRAPHITE = 2
    SIOX = 3
    BINDER = 4
    COLLECTOR = 5


@dataclass(frozen=True)
class GrainKind:
    """Ellipsoids of one material, log-normal in size.

    Attributes
    ----------
    phase : Phase
    share : float
        Of the volume of all grains as they are drawn [-]; in the image, where they overlap, the
        larger kind shows somewhat less (0.60 instead of 0.65 for ``GRAPHITE_SIOX``).
    diameter : float
        Diameter of the sphere of equal volume, median by volume [m].
    spread : float
        Standard deviation of its logarithm [-].
    aspect : float
        Shortest axis over the mean of the two others, median [-]; 1 is round.
    tilt : float
        Standard deviation of the angle between the shortest axis and the normal of the electrode
        [rad]; infinite where the grains lie at random.
    """

    phase: Phase
    share: float
    diameter: float
    spread: float
    aspect: float
    tilt: float

    def __post_init__(self) -> None:
        if self.phase not in list(Phase):
            raise MicrographError(
                f"phase = {self.phase!r} is none of {', '.join(each.name for each in Phase)}"
            )
        quantity("share of grains", self.share, MicrographError, above=0, at_most=1)
        quantity("diameter of grains", self.diameter, MicrographError, above=0, unit="m")
        quantity("spread of grains", self.spread, MicrographError, at_least=0, below=1.5)
        quantity("aspect of grains", self.aspect, MicrographError, above=0, at_most=1)
        if self.tilt != math.inf:
            quantity("tilt of grains", self.tilt, MicrographError, at_least=0, unit="rad")

    @property
    def mean_volume(self) -> float:
        """Mean volume of a grain by number, before the largest are left out [m3]."""
        return math.pi / 6 * self.diameter**3 * math.exp(-4.5 * self.spread**2)

    @property
    def largest(self) -> float:
        """Diameter beyond which none is drawn: two standard deviations above the median by volume
        [m].
        """
        return self.diameter * math.exp(2 * self.spread)


@dataclass(frozen=True)
class Mixture:
    """What the solid of a coating is made of.

    Attributes
    ----------
    grains : tuple of GrainKind
        Their shares sum to one.
    binder : float
        Share of the solid that is binder and carbon black, in the necks next to the pores [-].
    roughness : float
        Standard deviation by which the surface of the solid deviates from that of ellipsoids [m].
    roughness_length : float
        Length over which that changes [m].
    """

    grains: tuple[GrainKind, ...]
    binder: float = 0.0
    roughness: float = 0.0
    roughness_length: float = 1e-6

    def __post_init__(self) -> None:
        shares("the shares of the grains", [kind.share for kind in self.grains], MicrographError)
        quantity("binder", self.binder, MicrographError, at_least=0, below=1)
        quantity("roughness", self.roughness, MicrographError, at_least=0, unit="m")
        quantity("roughness_length", self.roughness_length, MicrographError, above=0, unit="m")

    def scaled(self, factor: float) -> Mixture:
        """The same mixture with all of its lengths times `factor` [-]: grains, roughness and its
        length.
        """
        quantity("factor", factor, MicrographError, above=0)
        return replace(
            self,
            grains=tuple(replace(kind, diameter=factor * kind.diameter) for kind in self.grains),
            roughness=factor * self.roughness,
            roughness_length=factor * self.roughness_length,
        )


#: Platelets of graphite and rounder grains of SiOx, 62 to 31 by mass at 2260 and 2130 kg/m3. The
#: sizes are usual ones of commercial powders; no source gives those of the paper.
GRAPHITE_SIOX = Mixture(
    grains=(
        GrainKind(Phase.GRAPHITE, share=0.653, diameter=9e-6, spread=0.40, aspect=0.45, tilt=0.35),
        GrainKind(Phase.SIOX, share=0.347, diameter=4e-6, spread=0.45, aspect=0.75, tilt=math.inf),
    ),
    binder=0.08,
    roughness=0.10e-6,
    roughness_length=0.8e-6,
)

#: ``GRAPHITE_SIOX`` made finer until bare foil's coating, 24 % porous and 33 um thick, shows pores
#: of the mean radius that the paper states for it, 0.60 um: seen by ``TYPICAL`` with 62.5 nm a
#: pixel and measured by the recipe of ``rampore.pores`` as it stands. This one factor was chosen
#: with that number in view; nothing else of the paper was.
CALIBRATED = GRAPHITE_SIOX.scaled(0.60)


@dataclass(frozen=True)
class PhantomElectrode:
    """A coating of flat top on a foil, and the porosity prescribed in it.

    Attributes
    ----------
    thickness : float
        Of the coating over foil [m].
    porosity : float or callable
        Of the coating [-]; a callable takes x, y, z [m], arrays that broadcast, and returns their
        porosities.
    foil : PerforatedFoil, optional
        A hole is centred at x = y = 0; the coating fills the holes.
    foil_thickness : float
        Of a foil without holes [m]; 0 shows none.
    """

    thickness: float
    porosity: float | Callable
    foil: PerforatedFoil | None = None
    foil_thickness: float = 0.0

    def __post_init__(self) -> None:
        quantity("thickness of a coating", self.thickness, MicrographError, above=0, unit="m")
        quantity("foil_thickness", self.foil_thickness, MicrographError, at_least=0, unit="m")
        if self.foil is not None and self.foil_thickness:
            raise MicrographError("a foil is perforated or bare: give `foil` or `foil_thickness`")
        if not callable(self.porosity):
            quantity("porosity", self.porosity, MicrographError, above=0, below=1)

    @property
    def depth(self) -> float:
        """Thickness of the foil [m]."""
        return self.foil_thickness if self.foil is None else self.foil.thickness

    def coating(self, x: FloatOrArray, y: FloatOrArray, z: FloatOrArray) -> np.ndarray:
        """Whether a place [m] lies in the coating, over foil or in a hole; arrays broadcast."""
        above = (z >= 0) & (z < self.thickness)
        if self.foil is None:
            return above & np.isfinite(x + y)
        hole = _distance_to_axis(self.foil, x, y) < self.foil.hole_diameter / 2
        return above | (hole & (z >= -self.foil.thickness) & (z < 0))

    def metal(self, x: FloatOrArray, y: FloatOrArray, z: FloatOrArray) -> np.ndarray:
        """Whether a place [m] lies in the foil; arrays that broadcast."""
        return (z >= -self.depth) & (z < 0) & ~self.coating(x, y, z)

    def porosity_at(self, x: FloatOrArray, y: FloatOrArray, z: FloatOrArray) -> np.ndarray:
        """The prescribed porosity at places [m], arrays that broadcast [-]."""
        shape = np.broadcast_shapes(*(np.shape(part) for part in (x, y, z)))
        value = self.porosity(x, y, z) if callable(self.porosity) else self.porosity
        eps = np.broadcast_to(np.asarray(value, dtype=np.float32), shape)
        if not np.all((eps > 0) & (eps < 1)):  # NaN is neither
            raise MicrographError(
                f"a porosity lies between 0 and 1, not from {np.min(eps):g} to {np.max(eps):g}"
            )
        return eps


@dataclass(frozen=True)
class _RegionPorosity:
    """One porosity over foil, one in and over the holes, with a smooth step at their edge."""

    foil: PerforatedFoil
    porosity: Local
    transition: float

    def __call__(self, x, y, z):
        outward = _distance_to_axis(self.foil, x, y) - self.foil.hole_diameter / 2
        npr = (
            outward >= 0
            if self.transition == 0
            else 0.5 * (1 + np.tanh(2 * outward / self.transition))
        )
        return self.porosity.pr + (self.porosity.npr - self.porosity.pr) * npr + 0.0 * z


def bare_electrode(
    thickness: float, porosity: float, foil_thickness: float = 0.0
) -> PhantomElectrode:
    """A coating of `thickness` [m] and one porosity [-] on a bare foil of `foil_thickness` [m]."""
    return PhantomElectrode(thickness, porosity, foil_thickness=foil_thickness)


def perforated_electrode(
    thickness: float, porosity: Local, foil: PerforatedFoil, transition: float = 10e-6
) -> PhantomElectrode:
    """A coating on a perforated foil, with its own porosity over foil (NPR) and in and over the
    holes (PR).

    Parameters
    ----------
    thickness : float
        Over foil [m].
    porosity : Local
        [-]
    foil : PerforatedFoil
    transition : float
        Width over which the porosity changes at the edge of a hole [m].
    """
    quantity("porosity", porosity, MicrographError, above=0, below=1)
    quantity("transition", transition, MicrographError, at_least=0, unit="m")
    return PhantomElectrode(thickness, _RegionPorosity(foil, porosity, transition), foil)


def _distance_to_axis(foil: PerforatedFoil, x, y):
    """Distance to the axis of the nearest hole of a lattice with a hole at the origin [m]."""
    rise = foil.pitch * math.sqrt(3) / 2
    lower = np.floor(y / rise)
    distances = []
    for row in (lower, lower + 1):
        along = x - 0.5 * foil.pitch * (row % 2)
        distances.append(
            np.hypot(along - foil.pitch * np.round(along / foil.pitch), y - row * rise)
        )
    return np.minimum(*distances)


class Grains(NamedTuple):
    """The ellipsoids of a phantom; grain number k of the image is row k - 1."""

    centre: np.ndarray  #: (n, 3) x, y, z [m]
    radii: np.ndarray  #: (n, 3) semi-axes, the last the shortest of a platelet [m]
    axes: np.ndarray  #: (n, 3, 3) rotation whose columns are the directions of the semi-axes [-]
    phase: np.ndarray  #: (n,) Phase


@dataclass(frozen=True, eq=False)
class Phantom:
    """An electrode whose every pixel is known.

    Attributes
    ----------
    phase : (n0, n1[, n2]) array of uint8
        :class:`Phase` of each pixel.
    grain : (n0, n1[, n2]) array of int32
        Number of the grain that a solid pixel belongs to, from 1; 0 elsewhere. Binder has that of
        the nearest grain.
    porosity : (n0, n1[, n2]) array of float32
        The prescribed porosity [-], NaN outside the coating.
    pixel_size : float
        [m]
    origin : (float, float, float)
        x, y and z of the corner of the image at its left, front and free surface [m].
    grains : Grains
    threshold : (float, float)
        Least and greatest distance from a grain of the mean radius at which the surface of the
        solid was put to meet the porosity [m]; other grains in proportion. Near 0 where the grains
        have the sizes that were asked for.
    """

    phase: np.ndarray
    grain: np.ndarray
    porosity: np.ndarray
    pixel_size: float
    origin: tuple[float, float, float]
    grains: Grains
    threshold: tuple[float, float]

    @property
    def pore(self) -> np.ndarray:
        """The pores, exactly."""
        return self.phase == Phase.PORE

    @property
    def coating(self) -> np.ndarray:
        """Pores and solid, without foil and surroundings."""
        return (self.phase != Phase.OUTSIDE) & (self.phase != Phase.COLLECTOR)

    @property
    def x(self) -> np.ndarray:
        """(n1,) x of the pixels' centres [m]."""
        return self.origin[0] + (np.arange(self.phase.shape[1]) + 0.5) * self.pixel_size

    @property
    def z(self) -> np.ndarray:
        """(n0,) z of the pixels' centres [m], falling with depth."""
        return self.origin[2] - (np.arange(self.phase.shape[0]) + 0.5) * self.pixel_size

    def labels(self, diagonal: bool = False) -> np.ndarray:
        """Pores that hang together, numbered from 1, of the exact mask; across edges only, or
        across corners too.
        """
        structure = ndimage.generate_binary_structure(
            self.phase.ndim, self.phase.ndim if diagonal else 1
        )
        return ndimage.label(self.pore, structure)[0]

    def section(self, index: int) -> Phantom:
        """The plane of constant y, number `index`, of a volume."""
        if self.phase.ndim != 3:
            raise MicrographError("only a volume has sections")
        most = self.phase.shape[2]
        quantity("index", index, MicrographError, at_least=-most, below=most, whole=True)
        x, y, z = self.origin
        return replace(
            self,
            phase=self.phase[:, :, index],
            grain=self.grain[:, :, index],
            porosity=self.porosity[:, :, index],
            origin=(x, y + (index % self.phase.shape[2] + 0.5) * self.pixel_size, z),
        )


def section(
    electrode: PhantomElectrode,
    mixture: Mixture,
    *,
    width: float,
    pixel_size: float,
    rng: np.random.Generator,
    x: float = 0.0,
    y: float = 0.0,
    above: float = 0.0,
    below: float = 0.0,
    window: float = 40e-6,
) -> Phantom:
    """A cross-section: the plane of constant y through an electrode, from its free surface down
    through the foil.

    Grains are drawn in a slab about the plane, as many as fill the solid's volume, and are pushed
    apart where they overlap. What then lies farther from all of them than a threshold is pore; the
    threshold varies slowly, so that the prescribed porosity is met within ``POROSITY_TOLERANCE`` in
    every window of a grid. Smaller windows fluctuate as the packing has it. Where natural
    fluctuations over a length are the question, `window` must be larger than it.

    Grains depend on `rng` alone and not on `pixel_size`: the same electrode may be had at several
    resolutions.

    Parameters
    ----------
    electrode : PhantomElectrode
    mixture : Mixture
    width : float
        [m]
    pixel_size : float
        [m]
    rng : numpy.random.Generator
    x, y : float
        Left edge of the section and its place across it [m]; a hole is centred at 0, 0.
    above, below : float
        Surroundings that are shown over the coating and under the foil [m].
    window : float
        Edge of the windows in which the porosity is enforced [m]; infinite: only on the whole
        image, for each prescribed porosity.

    Returns
    -------
    Phantom
        Of shape (n0, n1).

    Raises
    ------
    MicrographError
        Where a length is nonsense or the porosity cannot be met.
    """
    made = _generate(
        electrode, mixture, (width, None), pixel_size, rng, (x, y), above, below, window
    )
    return replace(
        made, phase=made.phase[..., 0], grain=made.grain[..., 0], porosity=made.porosity[..., 0]
    )


def volume(
    electrode: PhantomElectrode,
    mixture: Mixture,
    *,
    width: float,
    breadth: float,
    pixel_size: float,
    rng: np.random.Generator,
    x: float = 0.0,
    y: float = 0.0,
    above: float = 0.0,
    below: float = 0.0,
    window: float = 40e-6,
) -> Phantom:
    """A volume of the electrode, as :func:`section` in three dimensions.

    The porosity is met in the volume, not in each of its sections, which fluctuate as sections do.

    Parameters
    ----------
    electrode, mixture, pixel_size, rng, above, below, window
        As in :func:`section`.
    width, breadth : float
        Along x and y [m].
    x, y : float
        Lower corner [m].

    Returns
    -------
    Phantom
        Of shape (n0, n1, n2).
    """
    quantity("breadth", breadth, MicrographError, above=0, unit="m")
    return _generate(
        electrode, mixture, (width, breadth), pixel_size, rng, (x, y), above, below, window
    )


def _generate(electrode, mixture, size, pixel_size, rng, corner, above, below, window) -> Phantom:
    quantity("width", size[0], MicrographError, above=0, unit="m")
    quantity("pixel size", pixel_size, MicrographError, above=0, unit="m")
    quantity("corner", corner, MicrographError, unit="m")
    quantity("surroundings above and below", [above, below], MicrographError, at_least=0, unit="m")
    if window != math.inf:
        quantity("window", window, MicrographError, above=0, unit="m")
    top = electrode.thickness + above
    height = top + electrode.depth + below
    shape = tuple(1 if length is None else round(length / pixel_size) for length in (height, *size))
    if min(shape[:2]) < 2:
        raise MicrographError(
            f"pixels of {pixel_size:g} m are too coarse for an electrode of {height:g} m"
        )
    x = corner[0] + (np.arange(shape[1]) + 0.5) * pixel_size
    y = (
        np.array([corner[1]])
        if size[1] is None
        else corner[1] + (np.arange(shape[2]) + 0.5) * pixel_size
    )
    z = top - (np.arange(shape[0]) + 0.5) * pixel_size
    box = np.array(
        [
            [corner[0], corner[0] + size[0]],
            [corner[1], corner[1] + (size[1] or 0.0)],
            [top - height, top],
        ]
    )

    grains = _place(electrode, mixture, box, rng)
    rough = _noise(box, mixture.roughness_length, (x, y, z), rng)
    fine = _noise(box, mixture.roughness_length / 3, (x, y, z), rng)
    patchy = _noise(box, 4 * mixture.roughness_length, (x, y, z), rng)

    places = x[None, :, None], y[None, None, :], z[:, None, None]
    inside = np.broadcast_to(electrode.coating(*places), shape)
    eps = electrode.porosity_at(*places)
    level, number = _distance(grains, (x, y, z), pixel_size, inside)
    radius = np.cbrt(np.prod(grains.radii, axis=1))
    relative = np.concatenate([[1.0], radius.mean() / radius]).astype(np.float32)
    level += (
        np.float32(mixture.roughness)
        * relative[number]
        * (np.float32(0.9) * rough + np.float32(0.4) * fine)
    )
    threshold = _threshold(level, inside, eps, pixel_size, window)

    level -= threshold
    pore = inside & (level > 0)
    solid = inside & ~pore
    if np.any(solid & (number == 0)):
        nearest = ndimage.distance_transform_edt(
            number == 0, return_distances=False, return_indices=True
        )
        number = number[tuple(nearest)]
    kinds = np.concatenate([[Phase.PORE], grains.phase]).astype(np.uint8)
    phase = kinds[number]
    if mixture.binder:
        patchy *= np.float32(0.15e-6)
        level += patchy
        outer = level[solid]
        most = np.partition(outer, index := round((1 - mixture.binder) * (outer.size - 1)))[index]
        phase[solid & (level > most)] = Phase.BINDER
    phase[pore] = Phase.PORE
    phase[~inside] = Phase.OUTSIDE
    phase[np.broadcast_to(electrode.metal(*places), shape)] = Phase.COLLECTOR
    number[~solid] = 0
    extent = (float(threshold[inside].min()), float(threshold[inside].max()))
    origin = (corner[0], corner[1], top)
    return Phantom(
        phase, number, np.where(inside, eps, np.float32(np.nan)), pixel_size, origin, grains, extent
    )


def _place(electrode: PhantomElectrode, mixture: Mixture, box: np.ndarray, rng) -> Grains:
    """Draw the grains of a box and of what of its surroundings can reach into it, and push them
    apart.
    """
    margin = max(kind.largest / 2 * kind.aspect ** (-1 / 3) for kind in mixture.grains)
    low, high = box[:, 0] - margin, box[:, 1] + margin
    low[2], high[2] = -electrode.depth, electrode.thickness
    probe = rng.uniform(low, high, (20_000, 3)).T
    solid = np.mean(electrode.coating(*probe) * (1 - electrode.porosity_at(*probe)))
    radii, axes, phase = [], [], []
    for kind in mixture.grains:
        share = kind.share * (1 - mixture.binder)
        count = max(1, round(solid * np.prod(high - low) * share / kind.mean_volume))
        drawn = _ellipsoids(kind, count, rng)
        radii.append(drawn[0])
        axes.append(drawn[1])
        phase.append(np.full(count, kind.phase, dtype=np.uint8))
    radii, axes, phase = np.concatenate(radii), np.concatenate(axes), np.concatenate(phase)
    centre = np.empty((0, 3))
    while len(centre) < len(radii):
        places = rng.uniform(low, high, (4 * len(radii), 3))
        chance = electrode.coating(*places.T) * (1 - electrode.porosity_at(*places.T))
        centre = np.concatenate([centre, places[rng.random(len(places)) < chance]])
    centre = _push_apart(centre[: len(radii)], radii, axes, electrode)
    reach = 2 * radii.max(axis=1, keepdims=True)
    near = np.all((centre > box[:, 0] - reach) & (centre < box[:, 1] + reach), axis=1)
    return Grains(centre[near], radii[near], axes[near], phase[near])


def _ellipsoids(kind: GrainKind, count: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """(count, 3) semi-axes [m] and (count, 3, 3) directions of grains of one kind."""
    by_number = math.log(kind.diameter) - 3 * kind.spread**2
    diameter = np.minimum(np.exp(rng.normal(by_number, kind.spread, count)), kind.largest)
    flat = np.clip(kind.aspect * np.exp(rng.normal(0, 0.2, count)), 0.2, 1)
    oblong = np.exp(rng.normal(0, 0.15, count))
    shape = np.stack([oblong, 1 / oblong, flat], axis=1)
    radii = diameter[:, None] / 2 * shape / np.cbrt(np.prod(shape, axis=1, keepdims=True))
    if math.isinf(kind.tilt):
        return radii, Rotation.random(count, rng=rng).as_matrix()
    spin, toward = rng.uniform(0, 2 * np.pi, (2, count, 1))
    lean = np.concatenate([np.cos(toward), np.sin(toward), np.zeros((count, 1))], axis=1)
    tilted = Rotation.from_rotvec(rng.normal(0, kind.tilt, (count, 1)) * lean)
    return radii, (tilted * Rotation.from_euler("z", spin)).as_matrix()


def _push_apart(
    centre, radii, axes, electrode: PhantomElectrode, steps: int = 36, rebuild: int = 9
) -> np.ndarray:
    """Centres of grains that were moved out of each other step by step; none leaves the coating."""
    form = np.einsum("nik,nk,njk->nij", axes, radii**-2, axes)
    longest = radii.max(axis=1)
    upward = np.sqrt(np.einsum("nik,nk->ni", axes**2, radii**2))[:, 2]
    mobility = 1 / np.cbrt(np.prod(radii, axis=1))
    pair = np.empty((0, 2), dtype=int)
    for step in range(steps):
        if step % rebuild == 0:
            pair = _neighbours(centre, longest)
        i, j = pair.T
        apart = centre[j] - centre[i]
        distance = np.linalg.norm(apart, axis=1) + 1e-12
        toward = apart / distance[:, None]
        touch = sum(1 / np.sqrt(np.einsum("ni,nij,nj->n", toward, form[k], toward)) for k in (i, j))
        overlap = np.maximum(0, touch - distance)
        share = mobility[i] / (mobility[i] + mobility[j])
        push = 0.4 * overlap[:, None] * toward
        move = np.zeros_like(centre)
        for axis in range(3):
            move[:, axis] += np.bincount(j, (1 - share) * push[:, axis], len(centre))
            move[:, axis] -= np.bincount(i, share * push[:, axis], len(centre))
        length = np.linalg.norm(move, axis=1, keepdims=True)
        move *= np.minimum(1, 0.5 * radii.min(axis=1, keepdims=True) / (length + 1e-12))
        moved = centre + move
        keep = np.minimum(0.7 * upward, 0.5 * electrode.thickness)
        moved[:, 2] = np.minimum(moved[:, 2], electrode.thickness - keep)
        if electrode.foil is None:
            moved[:, 2] = np.maximum(moved[:, 2], keep)
        stays = electrode.coating(*moved.T)
        centre = np.where(stays[:, None], moved, centre)
    return centre


def _neighbours(centre: np.ndarray, longest: np.ndarray, classes: int = 6) -> np.ndarray:
    """(m, 2) pairs of grains whose bounding spheres nearly touch, sought by classes of size."""
    alike = np.array_split(np.argsort(longest, kind="stable"), classes)
    trees = [cKDTree(centre[members]) for members in alike]
    pairs = []
    for a, b in combinations_with_replacement(range(classes), 2):
        reach = 1.1 * (longest[alike[a]].max(initial=0) + longest[alike[b]].max(initial=0))
        near = trees[a].sparse_distance_matrix(trees[b], reach, output_type="ndarray")
        i, j = alike[a][near["i"]], alike[b][near["j"]]
        kept = (near["v"] < 1.1 * (longest[i] + longest[j])) & ((i < j) if a == b else True)
        pairs.append(np.column_stack([i[kept], j[kept]]))
    return np.concatenate(pairs)


def _noise(box: np.ndarray, length: float, places, rng) -> np.ndarray:
    """Smooth noise of unit variance on (z, x, y) places, from nodes `length` apart that know
    nothing of the pixels.
    """
    weights = []
    for (low, high), place in zip(box[[2, 0, 1]], (places[2], places[0], places[1]), strict=True):
        count = math.ceil((high - low) / length - 1e-9) + 4
        at = (place - low) / length + 1.0
        first = np.floor(at).astype(int)
        t = at - first
        spline = (
            np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * (1 + t - t**2) * t + 1, t**3]) / 6
        )
        rows = np.tile(np.arange(len(place)), 4)
        columns = np.concatenate([first - 1 + k for k in range(4)])
        weights.append(
            sparse.csr_array((spline.ravel(), (rows, columns)), shape=(len(place), count))
        )
    value = rng.standard_normal([weight.shape[1] for weight in weights]).astype(np.float32)
    for axis in sorted(range(3), key=lambda axis: weights[axis].shape[0] / weights[axis].shape[1]):
        weight = weights[axis]
        spread = np.sqrt(np.mean(weight.multiply(weight).sum(axis=1)))
        flat = np.moveaxis(value, axis, 0).reshape(weight.shape[1], -1)
        mixed = (weight.astype(np.float32) @ flat) / np.float32(spread)
        rest = [n for i, n in enumerate(value.shape) if i != axis]
        value = np.moveaxis(mixed.reshape(-1, *rest), 0, axis)
    return value


def _distance(grains: Grains, places, pixel_size: float, inside) -> tuple[np.ndarray, np.ndarray]:
    """Distance [m] of (z, x, y) places from the nearest ellipsoid's surface, negative within, and
    its number from 1.

    Near an ellipsoid the distance is k (k - 1) / |grad k^2 / 2| with k its own norm, exact to first
    order. It counts relative to the grain's radius, for a grain of the mean one, so that all grains
    grow in proportion.
    """
    x, y, z = (np.asarray(part, dtype=np.float32) for part in places)
    shape = (len(z), len(x), len(y))
    level = np.full(shape, np.inf, dtype=np.float32)
    number = np.zeros(shape, dtype=np.int32)
    order = [2, 0, 1]
    axes = grains.axes[:, order, :]
    centre = grains.centre[:, order]
    first = np.einsum("nik,nk,njk->nij", axes, grains.radii**-2, axes).astype(np.float32)
    second = np.einsum("nik,nk,njk->nij", axes, grains.radii**-4, axes).astype(np.float64)
    radius = np.cbrt(np.prod(grains.radii, axis=1))
    relative = radius.mean() / radius
    reach = 0.5 * radius.mean()
    extent = (
        np.sqrt(np.einsum("nik,nk->ni", axes**2, grains.radii**2)) + (reach / relative)[:, None]
    )
    falling = z[::-1].astype(np.float64)
    for k in range(len(centre)):
        low, high = centre[k] - extent[k], centre[k] + extent[k]
        a0, b0 = (
            len(z) - np.searchsorted(falling, high[0]),
            len(z) - np.searchsorted(falling, low[0]),
        )
        a1, b1 = np.searchsorted(x, low[1]), np.searchsorted(x, high[1])
        a2, b2 = np.searchsorted(y, low[2]), np.searchsorted(y, high[2])
        if a0 >= b0 or a1 >= b1 or a2 >= b2:
            continue
        at = (
            (z[a0:b0] - np.float32(centre[k, 0]))[:, None, None],
            (x[a1:b1] - np.float32(centre[k, 1]))[None, :, None],
            (y[a2:b2] - np.float32(centre[k, 2]))[None, None, :],
        )
        scale = np.float32(grains.radii[k].min() ** 2)
        norm = np.sqrt(_quadratic(first[k], at))
        slope = np.sqrt(_quadratic((second[k] * float(scale)).astype(np.float32), at)) / np.sqrt(
            scale
        )
        slope += np.float32(1e-3) / np.sqrt(scale)
        gap = norm - 1
        gap *= norm * np.float32(relative[k])
        gap /= slope
        there = np.s_[a0:b0, a1:b1, a2:b2]
        closer = gap < level[there]
        np.copyto(level[there], gap, where=closer)
        np.copyto(number[there], np.int32(k + 1), where=closer)
    far = level > np.float32(reach)  # only up to there every grain that is near was asked
    if np.any(far & inside):
        away = ndimage.distance_transform_edt(far).astype(np.float32)
        level = np.where(far, np.float32(reach) + away * np.float32(pixel_size), level)
    return level, number


def _quadratic(form: np.ndarray, at) -> np.ndarray:
    """Quadratic form on a grid, at three broadcasting axes."""
    p, q, r = at
    flat = form[1, 1] * q * q + (2 * form[1, 2]) * q * r + form[2, 2] * r * r
    tilt = (2 * form[0, 1]) * q + (2 * form[0, 2]) * r
    value = p * tilt
    value += form[0, 0] * p * p + flat
    return np.maximum(value, 0, out=value)


def _threshold(level, inside, eps, pixel_size: float, window: float) -> np.ndarray:
    """Slowly varying threshold above which `level` fills the share `eps` of what is inside."""
    if not inside.any():
        raise MicrographError("the image shows no coating")
    wanted, height = eps[inside], level[inside]
    low, high = float(wanted.min()), float(wanted.max())
    bins = np.linspace(low, high, 9) if high - low > 1e-4 else np.array([low, high + 1e-6])
    which = np.clip(np.digitize(wanted, bins) - 1, 0, len(bins) - 2)
    centres, cuts = [], []
    for k in range(len(bins) - 1):
        mine = which == k
        if np.count_nonzero(mine) >= 100 or len(bins) == 2:
            centres.append(float(wanted[mine].mean()))
            cuts.append(float(np.quantile(height[mine], 1 - centres[-1])))
    base = np.interp(eps, centres, cuts).astype(np.float32)
    counts = [
        1 if math.isinf(window) else max(1, round(n * pixel_size / window)) for n in level.shape
    ]
    if max(counts) == 1:
        return base
    return base + _even_out(level - base, inside, eps, counts)


def _even_out(level, inside, eps, counts) -> np.ndarray:
    """Correction, linear between the centres of windows, with which `level` > 0 fills `eps` in each
    of them.
    """
    edges = [
        np.linspace(0, n, count + 1).round().astype(int)
        for n, count in zip(level.shape, counts, strict=True)
    ]
    weights = [_between(edge) for edge in edges]
    mixing = [
        np.add.reduceat(weight, edge[:-1], axis=0) / np.diff(edge)[:, None]
        for weight, edge in zip(weights, edges, strict=True)
    ]

    def total(array):
        for axis, edge in enumerate(edges):
            array = np.add.reduceat(array, edge[:-1], axis=axis, dtype=np.float64)
        return array

    def spread(nodes, matrices):
        for axis, matrix in enumerate(matrices):
            nodes = np.moveaxis(np.tensordot(matrix, nodes, axes=(1, axis)), 0, axis)
        return nodes

    area = total(inside)
    valid = area >= _LEAST_COATING * area.max()
    wanted = total(np.where(inside, eps, 0)) / np.maximum(area, 1)
    nearest = ndimage.distance_transform_edt(~valid, return_distances=False, return_indices=True)
    inverse = [np.linalg.inv(matrix) for matrix in mixing]
    step = 0.05 * float(level[inside].std())
    grain = 2 / float(area[valid].min())  # a window of few pixels cannot be met more closely
    nodes = np.zeros(counts)
    for _ in range(_STEPS):
        rest = level - spread(nodes, weights).astype(np.float32)
        open_, less = (total(inside & (rest > cut)) / np.maximum(area, 1) for cut in (0, step))
        excess = np.where(valid, open_ - wanted, 0)
        worst = float(np.abs(excess).max())
        if worst <= max(POROSITY_TOLERANCE / 2, grain):
            return spread(nodes, weights).astype(np.float32)
        slope = np.maximum((open_ - less) / step, 0.1 / float(level[inside].std()))
        nodes = nodes + 0.8 * spread((excess / slope)[tuple(nearest)], inverse)
    raise MicrographError(
        f"the porosity could not be met in windows of {' x '.join(map(str, counts))}: {worst:.4f} "
        f"off after {_STEPS} steps; take larger windows or a porosity that changes more slowly"
    )


def _between(edges: np.ndarray) -> np.ndarray:
    """(pixels, windows) matrix of linear interpolation between the windows' centres, constant
    beyond them.
    """
    centres = (edges[:-1] + edges[1:]) / 2
    pixels = np.arange(edges[-1]) + 0.5
    return np.stack(
        [np.interp(pixels, centres, unit) for unit in np.eye(len(centres))], axis=1
    ).astype(np.float32)


@dataclass(frozen=True, eq=False)
class KnownPores:
    """Pores that were drawn one by one.

    Attributes
    ----------
    pore : (n0, n1) array of bool
    labels : (n0, n1) array of int32
        Number of the pore, from 1; 0 in the solid and in channels between pores.
    radius : (n,) array
        Equivalent radius of each as drawn, from its pixels [m].
    coordination : (n,) array of int
        Channels that end in each pore.
    pixel_size : float
        [m]
    """

    pore: np.ndarray
    labels: np.ndarray
    radius: np.ndarray
    coordination: np.ndarray = field(repr=False)
    pixel_size: float


def disc_lattice(
    rows: int,
    columns: int,
    *,
    radius: float,
    pitch: float,
    pixel_size: float,
    channel: float = 0.0,
    along: bool = True,
    down: bool = True,
) -> KnownPores:
    """Discs on a square lattice, each joined to its neighbours by straight channels.

    Parameters
    ----------
    rows, columns : int
        Number of discs.
    radius, pitch : float
        Of a disc, and between the centres of neighbours [m].
    pixel_size : float
        [m]
    channel : float
        Width of a channel [m]; 0 leaves the discs alone.
    along, down : bool
        Whether neighbours in a row, and in a column, are joined.

    Raises
    ------
    MicrographError
        Where the discs overlap, a channel is as wide as a disc, or the pixels are too coarse to
        show a channel.
    """
    quantity("rows and columns", [rows, columns], MicrographError, at_least=1, whole=True)
    quantity("pixel size", pixel_size, MicrographError, above=0, unit="m")
    quantity(
        "radius, pitch and channel", [radius, pitch, channel], MicrographError, at_least=0, unit="m"
    )
    if not 0 < 2 * radius < pitch - pixel_size or not 0 <= channel < 2 * radius:
        raise MicrographError("discs must not touch, and a channel is narrower than a disc")
    if 0 < channel < pixel_size:
        raise MicrographError(f"pixels of {pixel_size:g} m do not show a channel of {channel:g} m")
    each = round(pitch / pixel_size)
    at = (np.arange(each * max(rows, columns)) + 0.5) * pixel_size
    u, v = at[: each * rows, None], at[None, : each * columns]
    step = each * pixel_size
    row, column = np.floor(u / step).astype(int), np.floor(v / step).astype(int)
    du, dv = u - (row + 0.5) * step, v - (column + 0.5) * step
    disc = np.hypot(du, dv) < radius
    labels = np.where(disc, row * columns + column + 1, 0).astype(np.int32)
    pore = disc.copy()
    ends = np.zeros((rows, columns), dtype=int)
    if channel and along:
        between = (v > step / 2) & (v < (columns - 0.5) * step)
        pore |= between & (np.abs(du) < channel / 2)
        ends += (np.arange(columns) > 0).astype(int) + (np.arange(columns) < columns - 1)
    if channel and down:
        between = (u > step / 2) & (u < (rows - 0.5) * step)
        pore |= between & (np.abs(dv) < channel / 2)
        ends += ((np.arange(rows) > 0).astype(int) + (np.arange(rows) < rows - 1))[:, None]
    area = np.bincount(labels.ravel(), minlength=rows * columns + 1)[1:] * pixel_size**2
    return KnownPores(pore, labels, np.sqrt(area / np.pi), ends.ravel(), pixel_size)


def chequered(porosities: np.ndarray, *, block: int, pixel_size: float) -> KnownPores:
    """Square blocks with one square pore in the middle of each, of the share that is asked for.

    Parameters
    ----------
    porosities : (rows, columns) array
        Of each block [-]; what is drawn is the nearest share that whole pixels allow.
    block : int
        Edge of a block [pixels].
    pixel_size : float
        [m]
    """
    quantity("porosities", porosities, MicrographError, above=0, below=1)
    quantity("block", block, MicrographError, at_least=3, unit="px", whole=True)
    quantity("pixel size", pixel_size, MicrographError, above=0, unit="m")
    porosities = np.asarray(porosities, dtype=float)
    if porosities.ndim != 2 or not porosities.size:
        raise MicrographError(
            "a chequerboard takes a table of porosities between 0 and 1, and blocks of 3 pixels"
        )
    edge = np.clip(np.round(block * np.sqrt(porosities)), 1, block - 1).astype(int)
    start = (block - edge) // 2
    within = np.arange(block)
    inside = (within >= start[..., None]) & (within < (start + edge)[..., None])
    pore = (inside[..., :, None] & inside[..., None, :]).transpose(0, 2, 1, 3)
    pore = pore.reshape(porosities.shape[0] * block, porosities.shape[1] * block)
    number = np.arange(1, porosities.size + 1, dtype=np.int32).reshape(porosities.shape)
    labels = np.where(pore, np.kron(number, np.ones((block, block), dtype=np.int32)), 0)
    radius = edge.ravel() * pixel_size / math.sqrt(math.pi)
    return KnownPores(pore, labels, radius, np.zeros(porosities.size, dtype=int), pixel_size)
