"""A volume of which each slice is a file: a folder of them, or several that are named."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from rampore.micrograph.stored import SAME_PIXEL, MicrographError, Stored, check_size

#: What lies in a folder of slices and is none.
BESIDE = {".txt", ".csv", ".json", ".xml", ".log", ".md", ".db", ".ini", ".hdr", ".info"}


def in_folder(folder: Path) -> list[Path]:
    """Files of a folder of slices, in the order of their numbers.

    Raises
    ------
    MicrographError
        Where there are less than two, of several kinds, or one is missing among their numbers.
    """
    paths = [
        path
        for path in sorted(folder.iterdir(), key=lambda path: _numbers(path.name))
        if path.is_file() and path.name[0] != "." and path.suffix.lower() not in BESIDE
    ]
    kinds = sorted({path.suffix.lower() for path in paths})
    if len(paths) < 2:
        raise MicrographError(
            f"{str(folder)!r} is a folder: name a file in it, or one that holds a slice in each "
            "file"
        )
    if len(kinds) > 1:
        raise MicrographError(
            f"the folder {folder.name} holds files of {len(kinds)} kinds ({', '.join(kinds[:6])}): "
            "a volume is a folder of slices alone"
        )
    _refuse_gap(paths, folder.name)
    return paths


def _numbers(name: str) -> list:
    """A name as words and numbers, so that 10 comes after 9."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _refuse_gap(paths: Sequence[Path], source: str) -> None:
    """Refuse slices whose numbers leave out one: where depth jumps, every length is wrong."""
    names = [_numbers(path.name) for path in paths]
    differ = [i for i in range(len(names[0])) if len({str(name[i : i + 1]) for name in names}) > 1]
    if len({len(name) for name in names}) > 1 or len(differ) != 1 or differ[0] % 2 == 0:
        return
    numbers = np.array([name[differ[0]] for name in names])
    steps = np.diff(numbers)
    if (jump := np.flatnonzero(steps != steps.min())).size:
        before, after = paths[jump[0]].name, paths[jump[0] + 1].name
        raise MicrographError(
            f"the folder {source}: a slice is missing between {before} and {after}"
        )


def stacked(
    paths: Sequence[Path], read: Callable[[Path, int], Stored], most: int, source: str
) -> Stored:
    """The slices of several files as one volume.

    Parameters
    ----------
    paths : sequence of Path
        In the order of depth.
    read : callable
        Gives one slice, of at most so many pixels.
    most : int
        Pixels of the volume.
    source : str
        Of messages.

    Raises
    ------
    MicrographError
        Where one is no slice, or of another shape, type or pixel size than the first.
    """
    first = read(paths[0], most)
    if first.axes[:2] != "YX":
        raise MicrographError(f"{paths[0].name} is a volume itself: name it alone")
    check_size((len(paths), *first.array.shape[:2]), most, source)
    volume = np.empty((len(paths), *first.array.shape), first.array.dtype)
    volume[0] = first.array
    for number, path in enumerate(paths[1:], 1):
        one = read(path, most)
        if (one.axes, one.array.shape, one.array.dtype) != (
            first.axes,
            first.array.shape,
            first.array.dtype,
        ):
            raise MicrographError(
                f"{source}: {path.name} is {one.array.shape} of {one.array.dtype}, "
                f"{paths[0].name} {first.array.shape} of {first.array.dtype}"
            )
        for axis, edge in first.edges.items():
            if abs(one.edges.get(axis, edge) - edge) > SAME_PIXEL * edge:
                raise MicrographError(
                    f"{source}: {path.name} and {paths[0].name} have pixels of different size"
                )
        volume[number] = one.array
    return first._replace(array=volume, axes="Z" + first.axes)
