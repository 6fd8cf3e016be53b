"""What a figure shows, as numbers: so that two drawings are compared by their data and not by their
pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rampore.audit.numbers import LONGEST, ROUNDING, spaced, summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import Collection
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

_MOST = 4000  # values of a map, and corners of one artist, that a table of a figure holds
_COLUMNS = ["panel", "kind", "series", "x", "y", "width", "height", "value"]

DISTRIBUTION = summary(np.zeros(1)).size


def drawn(figure: Figure) -> Iterator[tuple[str, np.ndarray]]:
    """Name and numbers of every artist with data, axes by axes.

    A line over a rising abscissa is kept as a function of it, at evenly spaced places between its
    ends, for an adaptive computation puts its points elsewhere each time. What is larger than a row
    is kept by its distribution.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Yields
    ------
    (str, array of float)
        E.g. ``("0/line 1/y", ...)`` for the second line of the first axes [as drawn].
    """
    for number, axes in enumerate(figure.axes):
        kinds = {
            "line": axes.lines,
            "collection": axes.collections,
            "patch": axes.patches,
            "image": axes.images,
        }
        for kind, artists in kinds.items():
            for index, artist in enumerate(artists):
                for part, values in _PARTS[kind](artist):
                    values = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
                    if values.size:
                        yield f"{number}/{kind} {index}/{part}", values
        yield f"{number}/limits", np.array([*axes.get_xlim(), *axes.get_ylim()], dtype=float)


def differences(figure: Figure, coarser: Figure) -> dict[str, float]:
    """Largest difference of every artist's numbers between two drawings of the same, by the names
    of :func:`drawn`.

    A line over fewer cells is held against the other at the middle of each of its own. Two bars,
    and two points, may agree by chance: they have the largest difference of their kind on the same
    axes, and so has what the coarser drawing lacks, such as a mark that its discharge does not
    reach.

    Parameters
    ----------
    figure, coarser : matplotlib.figure.Figure

    Raises
    ------
    ValueError
        Where the two do not have the same artists.
    """
    fine, coarse = dict(drawn(figure)), dict(drawn(coarser))
    unlike = {*map(_kind, fine)} ^ {*map(_kind, coarse)}
    if unlike:
        raise ValueError(
            f"two figures of the same have unlike artists: {', '.join(sorted(unlike))}"
        )
    between = {
        part: _between(part, fine[part], coarse[part]) for part in fine.keys() & coarse.keys()
    }
    kinds = {
        kind: max((one for part, one in between.items() if _kind(part) == kind), default=0.0)
        for kind in map(_kind, fine)
    }
    alone = {part for part, values in fine.items() if values.size == 1 or "/patch " in part}
    shared = {
        part
        for part in fine
        if part not in between or (part in alone and _differs(fine[part], between[part]))
    }
    return {part: kinds[_kind(part)] if part in shared else between[part] for part in fine}


def _differs(values: np.ndarray, difference: float) -> bool:
    """Whether a difference is more than the last digits, which another processor rounds off."""
    return difference > ROUNDING * np.nanmax(np.abs(values), initial=0.0)


def _kind(part: str) -> str:
    """Axes, kind of artist and coordinate, without the artist's number."""
    axes, artist, *coordinate = part.split("/")
    return "/".join([axes, artist.partition(" ")[0], *coordinate])


def _between(part: str, fine: np.ndarray, coarse: np.ndarray) -> float:
    if fine.shape != coarse.shape and part.endswith("/colour"):
        fine, coarse = (
            values if values.size == DISTRIBUTION else summary(values) for values in (fine, coarse)
        )
    elif fine.shape != coarse.shape:
        places, own = ((np.arange(values.size) + 0.5) / values.size for values in (coarse, fine))
        fine = np.interp(places, own, fine)
    return float(np.nanmax(np.abs(fine - coarse), initial=0.0))


def words(figure: Figure) -> list[str]:
    """Every text of a figure that is not a tick's: titles, labels, legends, annotations."""
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [axes.get_title(), axes.get_xlabel(), axes.get_ylabel()]
        found += [text.get_text() for text in axes.texts]
        legend = axes.get_legend()
        found += [text.get_text() for text in legend.get_texts()] if legend else []
    return [text for text in found if text]


def as_csv(figure: Figure) -> str:
    """What a figure shows as CSV: lines by their points, bars by a corner and their size, marks and
    bands by their places, maps by the middles of their cells.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str
        To six digits, in the units of the axes, which stand above behind a ``#``. What is drawn to
        scale is no data, but for maps; a map of more values than one would read is left out. Empty
        where nothing is left.
    """
    import pandas as pd

    axes = dict(enumerate(figure.axes, start=1))
    rows = [[number, *row] for number, panel in axes.items() for row in _rows(panel)]
    if not rows:
        return ""
    table = pd.DataFrame(rows, columns=_COLUMNS).dropna(axis="columns", how="all")
    heads = [_head(number, axes[number]) for number in table["panel"].unique()]
    return "".join(heads) + table.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def _head(number: int, axes: Axes) -> str:
    title = next(filter(None, map(axes.get_title, ("left", "center", "right"))), "")
    said = {"title": title, "x": axes.get_xlabel(), "y": axes.get_ylabel()}
    told = "; ".join(f"{name}: {' '.join(text.split())}" for name, text in said.items() if text)
    return f"# panel {number}. {told}\n"


def _rows(axes: Axes) -> Iterator[list[Any]]:
    for number, mesh in enumerate(axes.collections, start=1):
        if hasattr(mesh, "get_coordinates"):
            yield from _cells(mesh, _series(mesh, number))
    for number, image in enumerate(axes.images, start=1):
        yield from _pixels(image, _series(image, number))
    if axes.get_aspect() == 1:
        return
    for number, line in enumerate(axes.lines, start=1):
        in_x, in_y = line.get_transform().contains_branch_seperately(axes.transData)
        data = (np.asarray(values, dtype=float) for values in line.get_data(orig=False))
        x, y = (
            values if counts else np.full(values.shape, np.nan)
            for values, counts in zip(data, (in_x, in_y), strict=True)
        )
        if (in_x or in_y) and x.size <= _MOST:
            yield from _points("line", _series(line, number), x, y)
    for container in axes.containers:
        for bar in getattr(container, "patches", ()):
            sides = (*bar.get_xy(), bar.get_width(), bar.get_height())
            yield ["bar", _series(container), *map(float, sides), np.nan]
    for number, collection in enumerate(axes.collections, start=1):
        if not hasattr(collection, "get_coordinates"):
            yield from _marks(collection, _series(collection, number))


def _cells(mesh: Any, series: str) -> Iterator[list[Any]]:
    corners = np.asarray(mesh.get_coordinates(), dtype=float)
    middles = (corners[1:, 1:] + corners[:-1, :-1]) / 2
    values = np.ma.filled(np.ma.asarray(mesh.get_array(), dtype=float), np.nan)
    if middles[..., 0].size == values.size <= _MOST:
        yield from _points("map", series, middles[..., 0], middles[..., 1], values)


def _pixels(image: AxesImage, series: str) -> Iterator[list[Any]]:
    values = np.ma.filled(np.ma.asarray(image.get_array(), dtype=float), np.nan)
    if values.ndim == 2 and values.size <= _MOST:
        left, right, bottom, top = image.get_extent()
        first, last = (top, bottom) if image.origin == "upper" else (bottom, top)
        down, across = ((np.arange(count) + 0.5) / count for count in values.shape)
        x, y = np.meshgrid(left + across * (right - left), first + down * (last - first))
        yield from _points("map", series, x, y, values)


def _marks(collection: Any, series: str) -> Iterator[list[Any]]:
    places, colours = _corners(collection), collection.get_array()
    if len(places) > _MOST:
        return
    values = None
    if colours is not None and np.size(colours) == len(places):
        values = np.ma.filled(np.ma.asarray(colours, dtype=float), np.nan)
    yield from _points("marks", series, places[:, 0], places[:, 1], values)


def _points(
    kind: str, series: str, x: np.ndarray, y: np.ndarray, values: np.ndarray | None = None
) -> Iterator[list[Any]]:
    values = np.full(x.shape, np.nan) if values is None else values
    for at, height, value in zip(x.ravel(), y.ravel(), values.ravel(), strict=True):
        yield [kind, series, float(at), float(height), np.nan, np.nan, float(value)]


def _series(artist: Any, number: int = 1) -> str:
    label = str(artist.get_label() or "")
    return f"unnamed {number}" if not label or label.startswith("_") else label


def _line(line: Line2D) -> Iterator[tuple[str, np.ndarray]]:
    x, y = (np.asarray(values, dtype=float) for values in line.get_data(orig=False))
    if x.size > LONGEST and np.all(np.diff(x) > 0) and np.all(np.isfinite(y)):
        at = np.linspace(x[0], x[-1], LONGEST)
        if line.axes and line.axes.get_xscale() == "log" and x[0] > 0:
            at = np.geomspace(x[0], x[-1], LONGEST)
        x, y = at, np.interp(at, x, y)
    yield "x", x[spaced(x.size)]
    yield "y", y[spaced(y.size)]


def _collection(collection: Collection) -> Iterator[tuple[str, np.ndarray]]:
    colours = collection.get_array()
    if colours is not None:
        yield "colour", _few(np.ma.filled(np.ma.asarray(colours, dtype=float), np.nan))
    corners = _corners(collection)
    yield "x", _few(corners[:, 0])
    yield "y", _few(corners[:, 1])


def _corners(collection: Any) -> np.ndarray:
    if hasattr(collection, "get_coordinates"):  # of a mesh; its paths are one a box
        return np.asarray(collection.get_coordinates(), dtype=float).reshape(-1, 2)
    offsets = np.asarray(collection.get_offsets(), dtype=float)
    paths = [path.vertices for path in collection.get_paths()]
    is_marks = len(offsets) > 1 or offsets.any() or not paths
    return offsets if is_marks else np.concatenate(paths)


def _patch(patch: Patch) -> Iterator[tuple[str, np.ndarray]]:
    corners = patch.get_patch_transform().transform(patch.get_path().vertices)
    yield "x", _few(corners[:, 0])
    yield "y", _few(corners[:, 1])


def _image(image: AxesImage) -> Iterator[tuple[str, np.ndarray]]:
    yield "colour", _few(np.ma.filled(np.ma.asarray(image.get_array(), dtype=float), np.nan))
    yield "extent", np.array(image.get_extent(), dtype=float)


def _few(values: np.ndarray) -> np.ndarray:
    values = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan).ravel()
    return values if values.size <= LONGEST else summary(values)


_PARTS: dict[str, Callable[[Any], Iterator[tuple[str, np.ndarray]]]] = {
    "line": _line,
    "collection": _collection,
    "patch": _patch,
    "image": _image,
}
