"""A structure of the electrodes of a cell, as data: holes in the foils, channels and layers in the
coatings.

It says what an electrode looks like and nothing of what it is made of; what a cell of it does is
:mod:`rampore.p4d`'s, which cuts it exactly on every mesh. A coating lies between its foil and the
separator; channels start at the separator. One unit cell, a rectangle that mirror planes bound,
holds all of it: lattices of different pitches have to share one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from rampore.checks import choice, quantity
from rampore.structure.errors import StructureError
from rampore.structure.mesh import section
from rampore.structure.openings import DIGITS, Channels, Holes, Openings, Outline
from rampore.structure.porosity import Coating, CoatingLayer, DepthProfile, Voxels

__all__ = [
    "Back",
    "BackLayer",
    "Channels",
    "Coating",
    "CoatingLayer",
    "DepthProfile",
    "Holes",
    "Structure",
    "StructureError",
    "Voxels",
]

#: Unit cells of one lattice that a shared one may take in, along an axis [-].
MOST = 12

#: of the area of a box, below which a part of it is rounding [-]
ROUNDING = 1e-12


@dataclass(frozen=True)
class BackLayer:
    """What a layer on the back has of its own; by default it is as that on the front.

    Attributes
    ----------
    thickness : float, optional
        [m]
    porosity : float, optional
        [-]
    """

    thickness: float | None = None
    porosity: float | None = None

    def __post_init__(self) -> None:
        if self.thickness is not None:
            quantity("back: thickness", self.thickness, StructureError, above=0, unit="m")
        if self.porosity is not None:
            quantity("back: porosity", self.porosity, StructureError, above=0, below=1)


@dataclass(frozen=True)
class Back:
    """The other face of a negative foil that is coated on both: its layers, and whether the two
    positive foils are tied. Openings and coatings hold for both faces.
    """

    negative: BackLayer = BackLayer()
    separator: BackLayer = BackLayer()
    positive: BackLayer = BackLayer()
    tied: bool = True

    def __post_init__(self) -> None:
        choice("back: tied", self.tied, (True, False), StructureError)


@dataclass(frozen=True)
class Structure:
    """Openings and coatings of a cell.

    Attributes
    ----------
    holes : tuple of Holes
        One kind for each foil at most.
    channels : tuple of Channels
    negative, positive : Coating
        Between the openings.
    sides : (float, float), optional
        Along x and y of the unit cell, where there are no openings and no lattice gives it [m].
    back : Back, optional
        Where the negative foil is coated on both faces, what its other one carries.

    Raises
    ------
    StructureError
        Openings that overlap, or lattices that share no unit cell.
    """

    holes: tuple[Holes, ...] = ()
    channels: tuple[Channels, ...] = ()
    negative: Coating = field(default_factory=Coating)
    positive: Coating = field(default_factory=Coating)
    sides: tuple[float, float] | None = None
    back: Back | None = None

    def __post_init__(self) -> None:
        foils = [holes.foil for holes in self.holes]
        if len(set(foils)) < len(foils):
            raise StructureError(f"the {foils[0]} foil has one kind of holes, not {len(foils)}")
        if self.sides is not None:
            quantity("sides", self.sides, StructureError, above=0, unit="m")
            if self.openings or len(self.sides) != 2:
                raise StructureError(
                    "sides are two lengths of a structure without openings: a lattice has its own"
                )
        width, height = self.unit_cell
        for number, one in enumerate(self.channels):
            for other in self.channels[number + 1 :]:
                if one.coating == other.coating and _overlap(one, other, width, height):
                    raise StructureError(f"channels of the {one.coating} coating overlap")

    @property
    def openings(self) -> tuple[Openings, ...]:
        """Holes and channels."""
        return (*self.holes, *self.channels)

    def openings_of(self, side: str) -> tuple[Openings, ...]:
        """Holes and channels of the "negative" or the "positive" side."""
        holes = self.holes_in(side)
        return (*((holes,) if holes else ()), *self.channels_in(side))

    def coating(self, side: str) -> Coating:
        """That of the "negative" or the "positive" electrode."""
        return self.negative if side == "negative" else self.positive

    def holes_in(self, foil: str) -> Holes | None:
        """Those of the "negative" or the "positive" foil; None where it has none."""
        return next((holes for holes in self.holes if holes.foil == foil), None)

    def channels_in(self, coating: str) -> tuple[Channels, ...]:
        """Those of the "negative" or the "positive" coating."""
        return tuple(each for each in self.channels if each.coating == coating)

    @property
    def unit_cell(self) -> tuple[float, float]:
        """Width along x and height along y of the rectangle between mirror planes [m].

        A side that no lattice asks for is as long as the other; without openings, it is 1 m where
        ``sides`` do not say otherwise.
        """
        if self.sides is not None:
            return self.sides
        mirrors = [each.mirrors for each in self.openings]
        across, up = [a for a, _ in mirrors], [b for _, b in mirrors]
        width, height = _common(across, "x"), _common(up, "y")
        return width or height or 1.0, height or width or 1.0

    def open_fraction(self, foil: str) -> float:
        """Area of holes over that of the foil [-]."""
        holes = self.holes_in(foil)
        return 0.0 if holes is None else holes.open_fraction

    def channel_share(self, side: str, thickness: float) -> float:
        """Of the volume of a coating of a thickness [m] that its channels take up [-]."""
        return sum(each.volume_in(thickness) for each in self.channels_in(side)) / thickness

    def between(self, side: str, own: float, thickness: float) -> Coating:
        """A coating between its channels, with its porosity.

        Parameters
        ----------
        side : {"negative", "positive"}
        own : float
            Porosity of the electrode, which counts where the coating has none [-].
        thickness : float
            [m]

        Raises
        ------
        StructureError
            Where what channels leave is pressed, and does not fit.
        """
        coating = self.coating(side)
        if coating.porosity is None:
            coating = replace(coating, porosity=own)
        porosity = coating.porosity
        if coating.solid == "removed" or not isinstance(porosity, int | float):
            return coating
        solid = room = 1.0
        for channels in self.channels_in(side):
            share = channels.volume_in(thickness) / thickness
            room -= share
            if not isinstance(channels.filling, str):
                solid -= share * (1 - channels.filling) / (1 - porosity)
        pressed = 1 - (1 - porosity) * solid / room
        if not 0 < pressed < 1:
            raise StructureError(
                f"the solid of the {side} coating does not fit between its channels: its porosity "
                f"would be {pressed:.3f}"
            )
        return replace(coating, porosity=pressed)

    def touched(self, side: str, x: np.ndarray, y: np.ndarray, thickness: float) -> np.ndarray:
        """Area of the foil that its coating stands on, in boxes (nx, ny) [m2].

        Parameters
        ----------
        side : {"negative", "positive"}
        x : (nx + 1,) array
        y : (ny + 1,) array
            Edges of the boxes, from 0 to the end of the unit cell [m].
        thickness : float
            Of the coating [m].

        Raises
        ------
        StructureError
            A channel goes through to the foil across the edge of a hole.
        """
        holes = self.holes_in(side)
        open_here = [] if holes is None else list(holes.outlines(x[-1], y[-1]))
        covered = np.outer(np.diff(x), np.diff(y))
        for each in self.channels_in(side):
            floor = each.width_at(1.0)
            if each.depth_in(thickness) < thickness * (1 - DIGITS) or each.filling != "electrolyte":
                continue
            bottoms = [each.outline(o.x, o.y, floor) for o in each.outlines(x[-1], y[-1])]
            for bottom in bottoms:
                _refuse_across(bottom, open_here)
            beside = [b for b in bottoms if not any(b.within(hole) for hole in open_here)]
            open_here = [h for h in open_here if not any(h.within(bottom) for bottom in beside)]
            covered -= section(x, y, each, floor, beside).area
        if holes is not None:
            covered -= section(x, y, holes, holes.width, open_here).area
        return np.where(covered < ROUNDING * np.outer(np.diff(x), np.diff(y)), 0.0, covered)


def _overlap(one: Openings, other: Openings, width: float, height: float) -> bool:
    return any(
        here.gap(there) <= 0
        for here in one.outlines(width, height)
        for there in other.outlines(width, height)
    )


def _refuse_across(bottom: Outline, holes: list[Outline]) -> None:
    for hole in holes:
        apart = bottom.gap(hole) >= 0
        if not (apart or bottom.within(hole) or hole.within(bottom)):
            raise StructureError(
                "a channel goes through to the foil across the edge of a hole: let it end above "
                "the foil, or stand over the holes or beside them"
            )


def _common(sides: list[float | None], axis: str) -> float | None:
    """The shortest length that is a multiple of all sides; None where there are none."""
    asked = [side for side in sides if side is not None]
    if not asked:
        return None
    for number in range(1, MOST + 1):
        length = number * max(asked)
        if all(abs(length / side - round(length / side)) < DIGITS * number for side in asked):
            return length
    raise StructureError(
        f"the lattices share no unit cell along {axis}: their mirror planes are "
        f"{', '.join(f'{side * 1e6:.6g}' for side in asked)} um apart"
    )
