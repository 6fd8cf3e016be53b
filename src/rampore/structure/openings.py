"""Openings on a lattice: holes in a foil, channels in a coating."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from rampore.checks import choice, quantity
from rampore.structure.errors import StructureError

LATTICES = ("triangular", "square", "lines")
SIDES = ("negative", "positive")

#: of a length, below which two of them are one [-]
DIGITS = 1e-9


class Outline(NamedTuple):
    """One opening in the plane: all that is within a radius of a segment along x or y."""

    x: float  #: of the centre [m]
    y: float
    along_x: float  #: half of the segment; infinite for a line [m]
    along_y: float
    radius: float  #: [m]

    def gap(self, other: Outline) -> float:
        """From rim to rim [m]; negative where the two overlap."""
        dx = max(abs(self.x - other.x) - self.along_x - other.along_x, 0.0)
        dy = max(abs(self.y - other.y) - self.along_y - other.along_y, 0.0)
        return math.hypot(dx, dy) - self.radius - other.radius

    def within(self, other: Outline) -> bool:
        """Whether no part of it lies outside of the other."""

        def overhang(apart, inner, outer):
            return 0.0 if outer == math.inf else max(apart + inner - outer, 0.0)

        beyond = math.hypot(
            overhang(abs(self.x - other.x), self.along_x, other.along_x),
            overhang(abs(self.y - other.y), self.along_y, other.along_y),
        )
        return beyond + self.radius <= other.radius * (1 + DIGITS)


@dataclass(frozen=True, kw_only=True)
class Openings:
    """Equal openings on a lattice: discs, slots with round ends, or lines.

    Attributes
    ----------
    lattice : {"triangular", "square", "lines"}
        The rows of a triangular lattice run along x.
    pitch : float
        From centre to centre of neighbours [m].
    width : float
        Diameter of a disc, width of a slot or of a line [m].
    length : float, optional
        Of a slot, its round ends included [m]; as long as wide is a disc. A line has none.
    along : {"x", "y"}
        Which way slots and lines run.
    between : bool
        Whether they stand in the middle between the places of the lattice, and not on these.
    """

    lattice: str
    pitch: float
    width: float
    length: float | None = None
    along: str = "y"
    between: bool = False

    KIND: ClassVar[str] = "openings"

    def __post_init__(self) -> None:
        choice(f"{self.KIND}: lattice", self.lattice, LATTICES, StructureError)
        choice(f"{self.KIND}: along", self.along, ("x", "y"), StructureError)
        choice(f"{self.KIND}: between", self.between, (True, False), StructureError)
        for name in ("pitch", "width"):
            value = getattr(self, name)
            quantity(f"{self.KIND}: {name}", value, StructureError, above=0, unit="m")
        if self.length is not None:
            if self.lattice == "lines":
                raise StructureError(f"{self.KIND}: a line runs on for ever: it has no length")
            quantity(
                f"{self.KIND}: length", self.length, StructureError, at_least=self.width, unit="m"
            )
        own = self.outline(*self._shift(), self.width)
        reach = 2 * (self.pitch + (self.length or self.width))
        if any(own.gap(each) <= 0 for each in self.outlines(reach, reach) if each != own):
            raise StructureError(
                f"{self.KIND} of {self._size()} at a pitch of {self.pitch * 1e6:g} um touch each "
                "other"
            )

    def _size(self):
        drawn_out = "" if self.length is None else f"{self.length * 1e6:g} x "
        return f"{drawn_out}{self.width * 1e6:g} um"

    def _shift(self):
        if not self.between:
            return 0.0, 0.0
        if self.lattice == "lines":
            return (self.pitch / 2, 0.0) if self.along == "y" else (0.0, self.pitch / 2)
        return self.pitch / 2, (self.pitch / 2 if self.lattice == "square" else 0.0)

    @property
    def mirrors(self) -> tuple[float | None, float | None]:
        """Distance of the mirror planes across x and across y [m]; None where any will do."""
        half = self.pitch / 2
        if self.lattice == "lines":
            return (half, None) if self.along == "y" else (None, half)
        return half, (half if self.lattice == "square" else math.sqrt(3) * half)

    @property
    def density(self) -> float:
        """Openings per area [1/m2]; of lines, length per area [1/m]."""
        if self.lattice == "lines":
            return 1 / self.pitch
        return 1 / self.pitch**2 * (1 if self.lattice == "square" else 2 / math.sqrt(3))

    def area(self, width: float) -> float:
        """Of one opening where it is so wide [m2]; of a line, per length [m]."""
        if self.lattice == "lines":
            return width
        return math.pi * width**2 / 4 + width * self._straight()

    def _straight(self):
        return 0.0 if self.length is None else self.length - self.width

    @property
    def open_fraction(self) -> float:
        """Area of openings per area, where they are widest [-]."""
        return self.density * self.area(self.width)

    def outline(self, x: float, y: float, width: float) -> Outline:
        """One of them, where it is so wide."""
        half = math.inf if self.lattice == "lines" else self._straight() / 2
        along = (half, 0.0) if self.along == "x" else (0.0, half)
        return Outline(x, y, *along, width / 2)

    def outlines(self, width: float, height: float) -> Iterator[Outline]:
        """Those that reach into [0, width] x [0, height], where they are widest [m]."""
        reach = max(self.width, self.length or 0.0) / 2
        for x, y in self._places(width + reach, height + reach, reach):
            yield self.outline(x, y, self.width)

    def _places(self, right, top, beyond):
        """Centres between -beyond and right, and -beyond and top."""
        dx, dy = self._shift()
        p = self.pitch

        def numbers(first, last, step):
            return range(math.floor(first / step) - 1, math.ceil(last / step) + 2)

        if self.lattice == "lines":
            limit = right if self.along == "y" else top
            shift = dx + dy
            places = [n * p + shift for n in numbers(-beyond, limit, p)]
            places = [(a, 0.0) if self.along == "y" else (0.0, a) for a in places]
        elif self.lattice == "square":
            places = [
                (i * p + dx, j * p + dy)
                for i in numbers(-beyond, right, p)
                for j in numbers(-beyond, top, p)
            ]
        else:
            row = math.sqrt(3) / 2 * p
            places = [
                ((i + 0.5 * (j % 2)) * p + dx, j * row + dy)
                for i in numbers(-beyond, right, p)
                for j in numbers(-beyond, top, row)
            ]
        return [(x, y) for x, y in places if -beyond < x < right and -beyond < y < top]


#: What an opening is filled with: nothing but "electrolyte", the "coating" as it is beside it, or
#: that coating at a porosity of its own [-].
Filling = str | float


def _check_filling(kind, filling, words):
    if isinstance(filling, str):
        choice(f"{kind}: filling", filling, words, StructureError)
    else:
        quantity(f"{kind}: porosity of the filling", filling, StructureError, above=0, below=1)


@dataclass(frozen=True, kw_only=True)
class Holes(Openings):
    """Holes through a foil, closed at the far end.

    Attributes
    ----------
    foil : {"negative", "positive"}
    depth : float
        Thickness of the foil [m].
    filling : {"electrolyte", "coating"} or float
        What is in them; a number is the porosity of the coating there [-].
    """

    depth: float
    foil: str = "negative"
    filling: Filling = "coating"

    KIND: ClassVar[str] = "holes"

    def __post_init__(self) -> None:
        super().__post_init__()
        choice(f"{self.KIND}: foil", self.foil, SIDES, StructureError)
        quantity(f"{self.KIND}: depth", self.depth, StructureError, above=0, unit="m")
        _check_filling(self.KIND, self.filling, ("electrolyte", "coating"))

    @property
    def volume(self) -> float:
        """Of the holes per area [m]."""
        return self.open_fraction * self.depth


@dataclass(frozen=True, kw_only=True)
class Channels(Openings):
    """Channels into a coating from the separator, down to the foil or blind.

    Attributes
    ----------
    coating : {"negative", "positive"}
    depth : float, optional
        [m]; by default they go through to the foil.
    floor : float, optional
        Width at their end [m], from 0 up to ``width``, which they have at the separator; by default
        their walls are straight. Round ones are cones, lines grooves.
    filling : "electrolyte" or float
        What is in them; a number is the porosity of the coating there [-].
    """

    coating: str = "negative"
    depth: float | None = None
    floor: float | None = None
    filling: Filling = "electrolyte"

    KIND: ClassVar[str] = "channels"

    def __post_init__(self) -> None:
        super().__post_init__()
        choice(f"{self.KIND}: coating", self.coating, SIDES, StructureError)
        if self.depth is not None:
            quantity(f"{self.KIND}: depth", self.depth, StructureError, above=0, unit="m")
        if self.floor is not None:
            limits = {"at_least": 0, "at_most": self.width, "unit": "m"}
            quantity(f"{self.KIND}: floor", self.floor, StructureError, **limits)
        _check_filling(self.KIND, self.filling, ("electrolyte",))

    def depth_in(self, thickness: float) -> float:
        """Depth in a coating of a thickness [m].

        Raises
        ------
        StructureError
            Where they are deeper than it is thick.
        """
        if self.depth is None:
            return thickness
        if self.depth > thickness * (1 + DIGITS):
            raise StructureError(
                f"channels of {self.depth * 1e6:g} um are deeper than the {self.coating} coating, "
                f"{thickness * 1e6:g} um"
            )
        return min(self.depth, thickness)

    def width_at(self, share: float) -> float:
        """Width at a share of their depth, 0 at the separator [m]."""
        floor = self.width if self.floor is None else self.floor
        return self.width + (floor - self.width) * share

    def volume_in(self, thickness: float) -> float:
        """Of the channels per area, in a coating of a thickness [m]."""
        top, middle, bottom = (self.area(self.width_at(share)) for share in (0.0, 0.5, 1.0))
        # Simpson's rule is exact: areas are parabolas over the depth
        return self.density * self.depth_in(thickness) * (top + 4 * middle + bottom) / 6
