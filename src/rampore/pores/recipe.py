"""What is done to an image, step by step, as one value that can be written down, read back and
varied.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import get_type_hints

import numpy as np

from rampore import RamporeError
from rampore.checks import choice, nearest, quantity
from rampore.units import UnitError, to_si


class PoreError(RamporeError, ValueError):
    """An image, a recipe or a question that cannot be answered: the message names what and why."""

    exit_code = 2


#: Edge of a pixel, which is square, or of a voxel, which is a cube; or one for each axis [m].
PixelSize = float | Sequence[float]

LONGEST = 100_000  #: a length that a recipe may hold [px]
LARGEST = 100_000  #: size of a recipe's file [bytes]
CLASSES = 5  #: of multi-Otsu; one more takes a hundred times as long [-]
PASSES = 100  #: of the majority filter, at most [-]


def edges(pixel_size: PixelSize, ndim: int) -> tuple[float, ...]:
    """Edge of a pixel along each axis [m].

    Raises
    ------
    PoreError
        Where an edge is not positive and finite, or there is not one for each axis.
    """
    quantity("pixel size", pixel_size, PoreError, above=0, unit="m")
    found = np.ravel(pixel_size).astype(float)
    if found.size not in (1, ndim):
        raise PoreError(
            f"a pixel size is one edge, or one for each of {ndim} axes, not {found.size}"
        )
    return tuple(np.broadcast_to(found, ndim).tolist())


def aspect(pixel_size: PixelSize | None, ndim: int) -> tuple[float, ...]:
    """Edge of a pixel along each axis over the shortest [-]; ones where it is not known."""
    found = edges(1.0 if pixel_size is None else pixel_size, ndim)
    return tuple(edge / min(found) for edge in found)


@dataclass(frozen=True)
class Length:
    """A length on an image: in pixels, which go with the image, or in a unit of length, which goes
    with the sample. A length is the same along every axis: where the edges of a voxel differ, a
    pixel is the shortest.

    Attributes
    ----------
    value : float
        Not negative; 0 switches off what it is the size of.
    unit : str
        ``"px"`` or a unit of length, e.g. ``"um"``.
    """

    value: float
    unit: str = "px"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 0):
            raise PoreError(
                f"a length must be finite and not negative, not {self.value!r} {self.unit}"
            )
        if self.unit != "px":
            try:
                to_si(self.value, self.unit, "m")
            except UnitError as error:
                raise PoreError(f"{self}: {error}") from None

    @classmethod
    def parse(cls, text: str) -> Length:
        """Read ``"3 px"``, ``"0.2 um"`` or ``"0"``; a bare number other than 0 is refused."""
        number, _, unit = text.strip().partition(" ")
        try:
            value = float(number)
        except ValueError:
            raise PoreError(f"{text!r} is not a length such as '3 px' or '0.2 um'") from None
        if not unit and value:
            raise PoreError(f"the length {text!r} needs a unit: '{text} px' or '{text} um'")
        return cls(value, unit.strip() or "px")

    def pixels(self, pixel_size: PixelSize | None = None) -> float:
        """The length in pixels [px], on an image whose pixels are `pixel_size` wide [m]."""
        if self.unit == "px":
            pixels = self.value
        elif pixel_size is None:
            raise PoreError(f"to take {self} as pixels, the pixel size must be known")
        else:
            pixels = to_si(self.value, self.unit, "m") / float(np.min(pixel_size))
        if not pixels <= LONGEST:
            raise PoreError(f"{self} are {pixels:.4g} px, more than any image has, {LONGEST}")
        return pixels

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


#: What each step may be called.
CHOICES = {
    "background": ("none", "subtract", "divide"),
    "denoise": ("none", "median", "gaussian"),
    "threshold": ("otsu", "multi-otsu", "local", "fixed"),
    "partition": ("rabbani", "snow", "none"),
    "metric": ("cityblock", "euclidean", "chessboard"),
    "smoothing": ("none", "median", "gaussian", "h-maxima"),
    "neighbours": ("labels", "corners", "throats"),
}


@dataclass(frozen=True)
class Recipe:
    """From grey image to pores and their neighbours: steps, values and counting rules.

    Lengths may be given as text (``"3 px"``, ``"0.2 um"``). The defaults of the partition are those
    of Rabbani et al., J. Pet. Sci. Eng. 123 (2014) 164, and of the MATLAB code that goes with it:
    city-block distance, median of 3 px. That code also leaves lines between pores and drops what is
    smaller than 9 px, see ``CITED``; and it takes a mask that was smoothed by `majority`.

    Attributes
    ----------
    background : {"none", "subtract", "divide"}
        How uneven illumination, the image blurred over `background_size`, is taken out.
    background_size : Length
        Standard deviation of that blur; several times the largest grain.
    denoise : {"none", "median", "gaussian"}
        Noise filter, of `denoise_size`.
    denoise_size : Length
        Side of the median's window, or standard deviation of the Gaussian.
    threshold : {"otsu", "multi-otsu", "local", "fixed"}
        How the grey value that parts pore from solid is found.
    threshold_classes : int
        Classes of multi-Otsu [-]; the darkest (or the brightest) is pore.
    threshold_window : Length
        Side of the neighbourhood of the local threshold.
    threshold_value : float or None
        The fixed threshold [grey].
    threshold_offset : float
        Added to the threshold [grey]; toward brighter where positive.
    majority : int
        How often each pixel then goes the way of most of the 3 x 3 (or 3 x 3 x 3) about it [-]; 10
        in Rabbani's code.
    smallest_pore, smallest_solid : Length
        Equivalent diameter below which a connected piece of pore is filled, and a piece of solid
        removed.
    partition : {"rabbani", "snow", "none"}
        Watershed of the smoothed distance map, PoreSpy's SNOW, or one pore for each connected
        piece.
    metric : {"cityblock", "euclidean", "chessboard"}
        Distance of the map; SNOW is always Euclidean.
    smoothing : {"none", "median", "gaussian", "h-maxima"}
        What smooths the map; not in SNOW. Of ``"h-maxima"``, summits that rise less than
        `smoothing_size` above the pass to a higher one are levelled.
    smoothing_size : Length
        Side of the median's window, standard deviation of the Gaussian, or the height of the
        h-maxima.
    peak_radius, peak_blur : Length
        Radius, 2 px or more, within which SNOW keeps one peak; standard deviation of its Gaussian
        before that.
    watershed_lines : bool
        Whether a pixel that touches a pore of smaller number belongs to the line between the two
        and counts to no pore's size, as where MATLAB's watershed draws its lines. It stays pore in
        the mask and in the porosity.
    smallest_part : int
        Pixels below which a part of the partition is dropped [-]; 9 in Rabbani's code.
    neighbours : {"labels", "corners", "throats"}
        What a coordination number counts: pores that share a pixel's side, pores that share at
        least a corner, or separate throats, of which two pores may share several.
    smallest_throat : Length
        Width below which a throat does not count; not with ``"corners"``, which have none.
    isolated : bool
        Whether pores without a neighbour enter the mean coordination number.
    boundary : bool
        Whether pores cut by the image's edge enter the means.

    Raises
    ------
    PoreError
        Where a value is of no use.
    """

    background: str = "none"
    background_size: Length = Length(100)
    denoise: str = "median"
    denoise_size: Length = Length(3)
    threshold: str = "otsu"
    threshold_classes: int = 3
    threshold_window: Length = Length(101)
    threshold_value: float | None = None
    threshold_offset: float = 0.0
    majority: int = 0
    smallest_pore: Length = Length(3)
    smallest_solid: Length = Length(3)
    partition: str = "rabbani"
    metric: str = "cityblock"
    smoothing: str = "median"
    smoothing_size: Length = Length(3)
    peak_radius: Length = Length(4)
    peak_blur: Length = Length(0.4)
    watershed_lines: bool = False
    smallest_part: int = 0
    neighbours: str = "labels"
    smallest_throat: Length = Length(0)
    isolated: bool = True
    boundary: bool = True

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _read(field.name, getattr(self, field.name)))
        if not 2 <= self.threshold_classes <= CLASSES:
            raise PoreError(
                f"threshold_classes must be 2 or more, up to {CLASSES}, not "
                f"{self.threshold_classes}"
            )
        if not 0 <= self.majority <= PASSES:
            raise PoreError(f"majority must be 0 or more, up to {PASSES}, not {self.majority}")
        if self.smallest_part < 0:
            raise PoreError(f"smallest_part must not be negative, as {self.smallest_part} is")
        if (self.threshold == "fixed") != (self.threshold_value is not None):
            raise PoreError("threshold_value goes with threshold = 'fixed', and only with it")
        if self.neighbours == "corners" and self.smallest_throat.value:
            raise PoreError(
                "smallest_throat cannot go with neighbours = 'corners': a corner has no width"
            )

    def as_dict(self) -> dict[str, str | float | int | bool | None]:
        """The recipe as JSON and TOML have it; lengths as text."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: str(value) if isinstance(value, Length) else value
            for name, value in values.items()
        }


_TYPES = get_type_hints(Recipe)


def _read(name: str, value):
    """A field's value, from the value itself, from text or from a whole number."""
    kind = _TYPES[name]
    if name in CHOICES:
        return choice(name, value, CHOICES[name], PoreError)
    if kind is Length:
        if isinstance(value, Length):
            return value
        if isinstance(value, str) or value == 0:
            return Length.parse(str(value))
        raise PoreError(f"{name} is a length and needs a unit, e.g. '{value} px'")
    if kind is bool:
        if value not in (True, False, "true", "false"):
            raise PoreError(f"{name} must be true or false, not {value!r}")
        return value in (True, "true")
    if value is None and kind is not int:
        return None
    try:
        number = float(value)
        if not math.isfinite(number) or (kind is int and number != int(number)):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise PoreError(
            f"{name} must be a {'whole ' if kind is int else ''}number, not {value!r}"
        ) from None
    return int(number) if kind is int else number


def make_recipe(values: Mapping[str, object]) -> Recipe:
    """A recipe from names and values, as TOML or a command line give them.

    Raises
    ------
    PoreError
        Where a name is not a field of :class:`Recipe`, or a value is of no use.
    """
    unknown = sorted(set(values) - set(_TYPES))
    if unknown:
        raise PoreError(f"a recipe has no {unknown[0]!r}{nearest(unknown[0], _TYPES)}")
    return Recipe(**values)


def read_recipe(*sources: str) -> Recipe:
    """A recipe from TOML files and ``key=value`` texts; the later overrule the earlier.

    Raises
    ------
    PoreError
        Where a file cannot be read, or as :func:`make_recipe`.
    """
    values: dict[str, object] = {}
    for source in sources:
        name, equals, value = source.partition("=")
        if equals:
            values[name.strip()] = value.strip().strip("\"'")
            continue
        try:
            if not Path(source).is_file() and Path(source).exists():
                raise PoreError(f"the recipe {source} is no file")
            with open(source, "rb") as file:
                text = file.read(LARGEST + 1)
            if len(text) > LARGEST:
                raise PoreError(f"the recipe {source} is larger than {LARGEST} bytes")
            values |= tomllib.loads(text.decode("utf-8-sig"))
        except PoreError:
            raise
        except RecursionError:
            raise PoreError(f"the recipe {source} is nested too deeply") from None
        except OSError as error:
            raise PoreError(
                f"cannot read the recipe {source}: {error.strerror}; or key=value was meant"
            ) from None
        except ValueError as error:
            raise PoreError(f"the recipe {source} is not valid TOML: {error}") from None
    return make_recipe(values)


#: The partition and the sizes of Rabbani's MATLAB code.
CITED = Recipe(watershed_lines=True, smallest_part=9)
