"""What any file of an image comes to: an array whose axes have names, the edges of its voxels, and
who says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, SupportsFloat

import numpy as np

from rampore import RamporeError
from rampore.units import to_si

#: Pixels that an image may have by default; the separation of pores needs some 50 bytes for each.
MAX_PIXELS = 2**27

#: A plain resolution tag coarser than this is a printer's or a screen's (72 dpi = 353 um), not a
#: microscope's [m].
PAGE_LAYOUT = 10e-6

#: Relative difference up to which two pixel sizes count as the same [-]; metadata often carry three
#: digits.
SAME_PIXEL = 5e-3

#: What may be an axis of slices: named so, or not named at all.
DEPTH = "ZIQ"

NAMES = {"C": "channel", "T": "time"}


class MicrographError(RamporeError, ValueError):
    """An image that cannot be used as it is: the message names the reason and what to do."""

    exit_code = 2


class Oblong(ValueError):
    """Voxels whose edges differ, in a unit that nobody names."""


class Choice(NamedTuple):
    """Which part of a file is meant, where it holds several."""

    page: int | Literal["all"] | None = None  #: slice, or all of them as a volume
    channel: int | Literal["all"] | None = None  #: all of them are slices
    time: int | Literal["all"] | None = None  #: point in time; all of them are slices
    dataset: str | None = None  #: name of an array
    most: int = MAX_PIXELS  #: pixels that are read at most


class Stored(NamedTuple):
    """What was chosen of a file."""

    array: np.ndarray  #: (n0, n1[, n2][, samples])
    axes: str  #: "YX" or "ZYX", and "S" behind them where a pixel has several samples
    edges: Mapping[str, float] = {}  #: of a voxel by the axis' letter, as far as they are known [m]
    said_by: str = ""  #: who says so
    missing: str = ""  #: why no edge is known, to end a sentence with; empty without a reason
    notes: tuple[str, ...] = ()  #: what a user should be told
    lossy: bool = False  #: whether values were mixed with their neighbours', as JPEG does
    planar: bool = False  #: whether the samples are stored one plane after the other
    oblong: bool = False  #: whether edges differ that are not known


def check_size(shape: Sequence[int], most: int, source: str) -> None:
    """Refuse more than `most` pixels."""
    if math.prod(shape) > most:
        raise MicrographError(
            f"{source}: {' x '.join(map(str, shape))} is more than {most} pixels; "
            "crop or bin the image, or raise max_pixels if the memory allows"
        )


def picked(
    axes: str, shape: Sequence[int], choice: Choice, source: str
) -> tuple[tuple[int | slice, ...], str]:
    """Index that leaves rows and columns, samples, and slices where they are asked for.

    Parameters
    ----------
    axes : str
        A letter for each axis: Z depth, C channel, T time, Y, X, S samples of a pixel; I and Q are
        pages without a name.
    shape : sequence of int
    choice : Choice
    source : str
        Of messages.

    Returns
    -------
    index : tuple
    axes : str
        Of what it leaves; what is left in front of YX is depth.

    Raises
    ------
    MicrographError
        Where an axis that has to be named is not, or is named in vain.
    """
    layout = f"axes {axes}, shape {tuple(shape)}"
    index: list[int | slice] = [slice(None)] * len(axes)
    depth = [i for i, name in enumerate(axes) if name in DEPTH and shape[i] > 1]
    for i, (name, count) in enumerate(zip(axes, shape, strict=True)):
        if name in "YXS" or i in depth:
            continue
        if name in NAMES and getattr(choice, NAMES[name]) == "all" and count > 1:
            depth.append(i)
        elif name in NAMES:
            index[i] = _of_axis(NAMES[name], getattr(choice, NAMES[name]), count, layout, source)
        elif count == 1:
            index[i] = 0
        else:
            raise MicrographError(
                f"{source} has an axis {name} of {count} ({layout}), which is neither depth, "
                "channel nor time: save the part that is meant as a file of its own"
            )
    for letter, word in NAMES.items():
        asked = getattr(choice, word)
        if asked not in (None, 0, "all") and letter not in axes and "S" not in axes:
            raise MicrographError(f"{source} has no axis of {word}: leave the {word} out")
    if len(depth) > 1:
        raise MicrographError(
            f"{source} has {len(depth)} axes that may be depth ({layout}): name the point in time, "
            "or save the volume that is meant as a file of its own"
        )
    count = shape[depth[0]] if depth else 1
    for i in depth:
        if choice.page != "all":
            index[i] = _page(choice.page, count, layout, source)
    if not depth and isinstance(choice.page, int):
        raise MicrographError(f"{source} has one page: leave the page out")
    kept = [
        "Z" if i in depth else name for i, name in enumerate(axes) if isinstance(index[i], slice)
    ]
    return tuple(index), "".join(kept)


def _of_axis(word: str, asked, count: int, layout: str, source: str) -> int:
    if count == 1 and asked in (None, 0, "all"):
        return 0
    if asked is None:
        raise MicrographError(
            f"{source} has {count} {'channels' if word == 'channel' else 'points in time'} "
            f"({layout}): name one with `{word}`, from 0, or say that all of them are slices"
        )
    if not (isinstance(asked, int) and 0 <= asked < count):
        raise MicrographError(f"{source} has no {word} {asked!r}; there are {count}, from 0")
    return asked


def _page(asked, count: int, layout: str, source: str) -> int:
    if asked is None:
        raise MicrographError(
            f"{source} has {count} pages ({layout}): name one with `page`, or take them all as a "
            "volume"
        )
    if not 0 <= asked < count:
        raise MicrographError(
            f"{source} has {count} page(s), numbered from 0; there is no page {asked!r}"
        )
    return asked


def ordered(array: np.ndarray, axes: str) -> tuple[np.ndarray, str]:
    """The array with its axes in the order ZYXS."""
    order = sorted(range(len(axes)), key=lambda i: "ZYXS".index(axes[i]))
    return array.transpose(order), "".join(axes[i] for i in order)


def refuse_oblong(edges: Sequence[float]) -> None:
    """Refuse edges in an unknown unit that differ: nothing follows from them, and cubes are wrong.

    Raises
    ------
    Oblong
    """
    if max(edges) - min(edges) > SAME_PIXEL * max(edges):
        shown = " x ".join(f"{edge:g}" for edge in edges)
        raise Oblong(f"its voxels are no cubes ({shown}), in a unit that it does not name")


def plain_density(
    density: Sequence[SupportsFloat], unit: str, name: str
) -> tuple[dict[str, float], str, str]:
    """Edges from densities along X and Y in pixels per `unit`, who says so, and why there are none
    where the density is a page layout's.
    """
    try:
        across, down = (to_si(1, unit, "m") / float(n) for n in density)
    except (ArithmeticError, TypeError, ValueError):
        return {}, "", ""
    if not all(math.isfinite(edge) and edge > 0 for edge in (across, down)):
        return {}, "", ""
    if max(across, down) > PAGE_LAYOUT:
        return {}, "", f"; its {name} of {across * 1e6:.0f} um is a page layout's"
    return {"X": across, "Y": down}, f"{name} metadata", ""
