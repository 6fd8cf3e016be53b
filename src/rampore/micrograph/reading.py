"""Reading an image: its grey values in their own scale, the size of a pixel, and nothing guessed
silently.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from rampore.arrays import distinct
from rampore.micrograph import pictures, slices, tiff, volumes
from rampore.micrograph.stored import (
    MAX_PIXELS,
    SAME_PIXEL,
    Choice,
    MicrographError,
    Stored,
    check_size,
)
from rampore.untrusted import regular

__all__ = [
    "InfoBar",
    "Labels",
    "Micrograph",
    "Pores",
    "propose_info_bar",
    "read",
    "read_labels",
]

#: Beginnings of files that know their own shape.
MAGIC = {
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"\x93NUM": "NumPy",
    b"PK\3\4": "NumPy or ZIP",
    b"\x89HDF": "HDF5",
    b"NRRD": "NRRD",
}

#: A segmented image has so many phases at most, a grey one more values.
MOST_PHASES = 16
#: From so many phases on a user is told how many there are.
MANY_PHASES = 11

#: Edge of a pixel, which is square, or of a voxel, which is a cube; or one for each axis [m].
PixelSize = float | tuple[float, ...]


class Pores(StrEnum):
    """How pores look in an image. The caller says so; nothing guesses it."""

    DARK = "dark"
    BRIGHT = "bright"


#: Which rows and which columns an image keeps, in a volume the slices before them; None keeps all.
Crop = Sequence[slice | tuple[int | None, int | None] | None]


@dataclass(frozen=True, eq=False)
class Micrograph:
    """A grey image with the size of its pixels.

    Attributes
    ----------
    grey : (n0, n1[, n2]) array of float
        Grey values in the file's own scale: an 8-bit file has 0 to 255. Axis 0 is depth.
    pixel_size : float or tuple of float
        Edge of a pixel, which is square, or of a voxel, which is a cube; one for each axis where
        they differ [m].
    source : str
        Name of the file, or "array".
    dtype : str
        Type of the values as they were stored, e.g. "uint8".
    pixel_size_source : str
        "given", or the metadata from which the pixel size was read.
    page : int, optional
        Page of a file that has several.
    crop : ((int, int), ...), optional
        First and last-but-one of the rows and columns that were kept of the original, of a volume
        perhaps of the slices before them; None where all were.
    notes : tuple of str
        What was understood of the file and a user should know.
    """

    grey: np.ndarray
    pixel_size: PixelSize
    source: str
    dtype: str
    pixel_size_source: str = "given"
    page: int | None = None
    crop: tuple[tuple[int, int], ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def edges(self) -> tuple[float, ...]:
        """Edge of a pixel along each axis [m]."""
        return tuple(map(float, np.broadcast_to(self.pixel_size, self.grey.ndim)))

    @property
    def size(self) -> tuple[float, ...]:
        """Edge lengths of what is shown [m]."""
        return tuple(n * edge for n, edge in zip(self.grey.shape, self.edges, strict=True))

    @property
    def bits(self) -> int | None:
        """Bits in which a value was stored; None of floating-point values, which have no fixed
        scale.
        """
        kind = np.dtype(self.dtype)
        if kind.kind == "b":
            return 1
        return 8 * kind.itemsize if kind.kind in "iu" else None

    @property
    def scale(self) -> tuple[float, float] | None:
        """Least and greatest value that the file's type can hold; None of floating-point values."""
        kind = np.dtype(self.dtype)
        if kind.kind == "b":
            return 0.0, 1.0
        if kind.kind in "iu":
            return float(np.iinfo(kind).min), float(np.iinfo(kind).max)
        return None

    @property
    def saturated(self) -> tuple[float, float] | None:
        """Share of the pixels at the dark and at the bright end of the scale [-]; None where there
        is no scale.
        """
        return (
            None
            if self.scale is None
            else tuple(float(np.mean(self.grey == end)) for end in self.scale)
        )

    def cropped(self, crop: Crop) -> Micrograph:
        """The part of the image that `crop` keeps, as in :func:`read`; `crop` on the record refers
        to the original.
        """
        part, kept = cut(self.grey, crop)
        known = self.crop or ()
        missing = max(len(known), len(kept))
        before = [(0, 0)] * (missing - len(known)) + list(known)
        added = [(0, n) for n in part.shape[part.ndim - missing : part.ndim - len(kept)]] + list(
            kept
        )
        now = tuple(
            (a + start, b + start) for (a, b), (start, _) in zip(added, before, strict=True)
        )
        return replace(self, grey=_checked(part, self.source), crop=now)


def read(
    image: str | os.PathLike | Sequence[str | os.PathLike] | np.ndarray,
    pixel_size: float | Sequence[float] | None = None,
    *,
    page: int | Literal["all"] | None = None,
    channel: int | Literal["all"] | None = None,
    time: int | Literal["all"] | None = None,
    dataset: str | None = None,
    shape: Sequence[int] | None = None,
    dtype: str = "uint8",
    offset: int = 0,
    crop: Crop | None = None,
    override: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> Micrograph:
    """Read a grey image from a file, a folder of slices or an array.

    Files may be TIFF of any usual packing, PNG, JPEG, ``.npy``, ``.npz``, MetaImage (``.mhd``,
    ``.mha``), NRRD, HDF5, VTK's ``.vti``, and raw voxels; folders a Zarr, or one with a slice in
    each file. An image is upright and as bright as a viewer shows it: orientation, palette and
    photometric interpretation are heeded, previews and the coarser levels of a pyramid left aside.

    The pixel size stands in the metadata or is given. Of the metadata the first that makes sense
    counts: FEI, Zeiss, Olympus, Gatan, OME, ImageJ, TIFF resolution, and of PNG and JPEG the pixel
    density, which is the weakest, as many programs put there what they like. A plain density
    coarser than 10 um is a page layout's and counts as absent. A pixel size that is given and one
    that is read must agree to 0.5 %, unless `override` says that the given one counts.

    The crop comes before every check, so that a coloured scale bar in the info bar does no harm.

    Parameters
    ----------
    image : path, sequence of paths or (n0, n1[, n2]) array
        Several paths are slices, in the order of depth. Three axes of an array are a volume, or an
        image with channels where the last has at most four entries.
    pixel_size : float or sequence of float, optional
        One edge, or one for each axis [m].
    page : int or "all", optional
        Page of a file that has several, from 0; of no other. "all" stacks them to a volume with the
        pages along axis 0.
    channel : int or "all", optional
        Channel, from 0, of a file that has several; all of them are taken as slices.
    time : int or "all", optional
        Point in time, from 0, of a file that has several; all of them are taken as slices.
    dataset : str, optional
        Name of the array in a file that has several.
    shape : sequence of int, optional
        Of raw voxels; the last axis varies fastest.
    dtype : str
        Type of raw voxels, as NumPy names it, e.g. "uint8" or ">u2".
    offset : int
        Bytes before the first raw voxel.
    crop : sequence of (slice or (int, int) or None), optional
        Rows and columns to keep, e.g. ``np.s_[:943, :]``; of a volume along its two last axes, or
        slices, rows and columns.
    override : bool
        Whether a given pixel size counts where the metadata disagree.
    max_pixels : int
        A larger image is refused, before it is decoded where its size stands in the header.

    Returns
    -------
    Micrograph

    Raises
    ------
    MicrographError
        Where the file is missing, truncated, too large or no image; the image is constant, empty,
        in colour, or holds NaN; the page, channel or point in time is not named or not there; the
        pixel size is missing, not positive, or contradicted.
    """
    choice = Choice(page, channel, time, dataset, max_pixels)
    if _is_path(image):
        stored, source = _stored(image, choice, shape, dtype, offset, labels=False)
    else:
        stored, source = _array(image, choice), "array"
    raw, kept, axes = stored.array, None, stored.axes
    if raw.ndim - axes.count("S") not in (2, 3):
        raise MicrographError(
            f"{source}: an image has two axes and a volume three; this has the shape {raw.shape}"
        )
    if "S" in axes and stored.planar and page == "all":
        raw, axes = np.moveaxis(raw, -1, 0), "ZYX"
    if page == "all" and axes == "YX":
        raise MicrographError(f"{source} has one page: leave the page out")
    if crop is not None:
        raw, kept = cut(raw, crop, samples=axes.endswith("S"))
    if axes.endswith("S"):
        raw = _one_channel(raw, source)
    grey = _checked(raw, source)
    size, said_by, notes = _settle(pixel_size, stored, grey.ndim, override, source)
    if size is None:
        raise MicrographError(
            f"{source}: the pixel size is not known{stored.missing}; give pixel_size in metres, "
            "or --pixel-um on the command line"
        )
    number = page if isinstance(page, int) else None
    notes = (*stored.notes, *notes)
    return Micrograph(grey, size, source, str(raw.dtype), said_by, number, kept, notes)


class Labels(NamedTuple):
    """A segmented image: a number for each phase."""

    label: np.ndarray  #: (n0, n1[, n2]), as it is stored
    #: edge of a voxel, or one for each axis where they differ [m]; None where nobody says it
    pixel_size: PixelSize | None
    notes: tuple[str, ...] = ()  #: what was understood of the file and a user should know


def read_labels(
    image: str | os.PathLike | Sequence[str | os.PathLike],
    pixel_size: float | Sequence[float] | None = None,
    *,
    page: int | None = None,
    channel: int | Literal["all"] | None = None,
    time: int | Literal["all"] | None = None,
    dataset: str | None = None,
    shape: Sequence[int] | None = None,
    dtype: str = "uint8",
    offset: int = 0,
    crop: Crop | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Labels:
    """Read a segmented image or volume, from all that :func:`read` reads.

    The numbers are those that are stored: a palette is left aside.

    Parameters
    ----------
    image : path or sequence of paths
        Several paths are slices, in the order of depth.
    pixel_size : float or sequence of float, optional
        One edge, or one for each axis; counts over what the file says [m].
    page : int, optional
        Page of a file that has several, from 0; by default they are a volume, with the pages along
        axis 0.
    channel, time, dataset, shape, dtype, offset, crop
        As in :func:`read`.
    max_pixels : int
        A larger image is refused, before it is decoded where its size stands in the header.

    Raises
    ------
    MicrographError
        Where the file is missing, truncated, too large or no image, in colour, holds NaN, has
        another size than `shape` says, or was packed as JPEG, which mixes labels with their
        neighbours; the voxels are no cubes, and nobody says how long their edges are.
    """
    choice = Choice(page, channel, time, dataset, max_pixels)
    stored, source = _stored(image, choice, shape, dtype, offset, labels=True)
    raw, axes, notes = stored.array, stored.axes, list(stored.notes)
    if axes.endswith("S"):
        stack = stored.planar and raw.ndim == 3 and raw.shape[-1] == 3
        if stack and distinct(raw).size <= MOST_PHASES:
            raw, axes = np.moveaxis(raw, -1, 0), "ZYX"
            notes.append("its three planes are taken as slices")
        else:
            raw = _one_channel(raw, source)
    if raw.dtype.kind not in "buif" or raw.ndim not in (2, 3):
        raise MicrographError(
            f"{source}: labels are real numbers on two or three axes, not {raw.dtype} {raw.shape}"
        )
    if raw.size == 0:
        raise MicrographError(f"{source}: the image is empty, its shape is {raw.shape}")
    if raw.dtype.kind == "f" and not np.isfinite(raw).all():
        raise MicrographError(f"{source}: {np.sum(~np.isfinite(raw))} pixels are NaN or infinite")
    if crop is not None:
        raw, _ = cut(raw, crop)
    held = distinct(raw).size
    if stored.lossy and held > MOST_PHASES:
        raise MicrographError(
            f"{source} is packed as JPEG, which mixes labels with their neighbours: {held} values. "
            "Save the labels as PNG or TIFF; or take it as a grey image"
        )
    if stored.lossy:
        notes.append("it is packed as JPEG, which may have mixed labels with their neighbours")
    if MANY_PHASES <= held <= MOST_PHASES:
        notes.append(f"it has {held} labels; a segmented image seldom has so many")
    size, _, more = _settle(pixel_size, stored, raw.ndim, True, source)
    if size is None and stored.oblong:
        raise MicrographError(
            f"{source}: the edges of a voxel are not known{stored.missing}; give them"
        )
    return Labels(np.ascontiguousarray(raw), size, (*notes, *more))


# ── Info bars ────────────────────────────────────────────────────────────────────────────────────


class InfoBar(NamedTuple):
    """Rows at an edge of an image that look like a microscope's info bar."""

    rows: tuple[int, int]  #: first and last-but-one row of the bar
    crop: tuple[slice, slice]  #: what to pass on as `crop` to be rid of it
    constant: float  #: mean share of a row's pixels that have the row's own grey value [-]


def propose_info_bar(grey: np.ndarray, *, share: float = 0.5, gap: float = 0.03) -> InfoBar | None:
    """Propose rows at the bottom or top that may be an info bar; a proposal to look at, applied by
    nobody.

    A row of a bar is constant but for its writing, which the noise of a detector never is: of the
    pixels at least `share` lie within 1/255 of the range from the row's median.

    Parameters
    ----------
    grey : (n0, n1) array
    share : float
        [-]
    gap : float
        Thickest line of dense writing that is still bridged, of the image's height [-].

    Returns
    -------
    InfoBar or None
        None where no such rows lie at an edge. A black margin or a saturated one looks the same as
        a bar.
    """
    grey = np.asarray(grey, dtype=float)
    if grey.ndim != 2:
        raise MicrographError(
            f"an info bar is looked for in an image with two axes, not in one of shape {grey.shape}"
        )
    step = np.ptp(grey) / 255
    constant = np.mean(np.abs(grey - np.median(grey, axis=1, keepdims=True)) <= step, axis=1)
    height = grey.shape[0]
    bridge = max(1, round(gap * height))

    def run(flat: np.ndarray) -> int:
        marks = np.flatnonzero(flat)
        if not marks.size or marks[0] > 0:
            return 0
        ends = np.flatnonzero(np.diff(marks) > bridge + 1)
        return int(marks[ends[0] if ends.size else -1]) + 1

    flat = constant >= share
    bottom, top = run(flat[::-1]), run(flat)
    if max(bottom, top) in (0, height):
        return None
    if bottom >= top:
        return InfoBar(
            (height - bottom, height), np.s_[: height - bottom, :], float(constant[-bottom:].mean())
        )
    return InfoBar((0, top), np.s_[top:, :], float(constant[:top].mean()))


# ── Files ────────────────────────────────────────────────────────────────────────────────────────


def _is_path(image) -> bool:
    return isinstance(image, (str, os.PathLike)) or (
        isinstance(image, (list, tuple))
        and len(image) > 0
        and all(isinstance(each, (str, os.PathLike)) for each in image)
    )


def _stored(image, choice: Choice, shape, dtype, offset, labels: bool) -> tuple[Stored, str]:
    """What is chosen of a file, a folder or several files, and its name."""
    paths = (
        [Path(image)] if isinstance(image, (str, os.PathLike)) else [Path(each) for each in image]
    )
    path = paths[0]
    one_of_many = len(paths) > 1 or (path.is_dir() and not _is_zarr(path))
    if shape is not None:
        if one_of_many:
            raise MicrographError("raw voxels come from one file")
        if known := _magic(regular(path, MicrographError)):
            raise MicrographError(
                f"{path.name} is a {known} file and knows its shape: leave shape and type out"
            )
        return volumes.read_raw(path, tuple(shape), dtype, offset, choice.most), path.name
    if not one_of_many:
        whole = choice._replace(page="all") if labels and choice.page is None else choice
        return _on_channel(
            _read_file(path, whole, labels, choice.page), choice, path.name
        ), path.name
    if isinstance(choice.page, int):
        raise MicrographError("several files are slices of one volume: leave the page out")
    source = f"{path.name} and {len(paths) - 1} more" if len(paths) > 1 else path.name
    files = paths if len(paths) > 1 else slices.in_folder(path)
    each = choice._replace(page=None)

    def read_one(path: Path, most: int) -> Stored:
        return _on_channel(
            _read_file(path, each._replace(most=most), labels, None), choice, path.name
        )

    return slices.stacked(files, read_one, choice.most, source), source


def _read_file(path: Path, choice: Choice, labels: bool, page) -> Stored:
    """What is chosen of one file; `page` is what was asked for, of which most kinds have none."""
    if path.is_dir():
        return volumes.read_zarr(path, choice)
    path = regular(path, MicrographError)
    kind, suffix = _magic(path), path.suffix.lower()
    if kind == "TIFF":
        return tiff.read_tiff(path, choice, labels)
    if kind == "HDF5":
        return volumes.read_hdf5(path, choice)
    if page is not None:
        raise MicrographError(f"{path.name}: only a TIFF file has pages; leave the page out")
    if choice.time not in (None, "all"):
        raise MicrographError(f"{path.name}: this kind of file has no points in time")
    if suffix in (".npy", ".npz"):
        return volumes.read_numpy(path, choice)
    if suffix == ".vti":
        return volumes.read_vti(path, choice)
    if choice.dataset is not None:
        raise MicrographError(f"{path.name} holds one array: leave its name out")
    if suffix in (".mhd", ".mha"):
        return volumes.read_meta(path, choice)
    if kind == "NRRD" or suffix == ".nhdr":
        return volumes.read_nrrd(path, choice)
    return pictures.read_picture(path, choice, labels)


def _on_channel(stored: Stored, choice: Choice, source: str) -> Stored:
    """One sample of each pixel, where a channel is asked for and a pixel has several."""
    if not isinstance(choice.channel, int) or not stored.axes.endswith("S"):
        return stored
    count = stored.array.shape[-1]
    if not 0 <= choice.channel < count:
        raise MicrographError(
            f"{source} has no channel {choice.channel!r}; there are {count}, from 0"
        )
    return stored._replace(array=stored.array[..., choice.channel], axes=stored.axes[:-1])


def _array(image, choice: Choice) -> Stored:
    raw = np.asarray(image)
    check_size(raw.shape, choice.most, "array")
    if choice.page is not None:
        raise MicrographError(
            "an array has no pages: pass the part of it that is meant, e.g. image[3]"
        )
    colour = raw.ndim == 3 and raw.shape[-1] <= 4
    return _on_channel(Stored(raw, "YXS" if colour else "ZYX"[3 - raw.ndim :]), choice, "array")


def _magic(path: Path) -> str | None:
    """What kind of file one is by its first bytes."""
    with path.open("rb") as stream:
        beginning = stream.read(4)
    return MAGIC.get(beginning) or MAGIC.get(beginning[:3])


def _is_zarr(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray"))


# ── The size of a pixel ──────────────────────────────────────────────────────────────────────────


def _settle(
    given, stored: Stored, ndim: int, override: bool, source: str
) -> tuple[PixelSize | None, str, tuple[str, ...]]:
    """The size of a pixel, who says so, and what should be told of it; None where nobody does."""
    axes = "ZYX"[3 - ndim :]
    edges = dict(stored.edges)
    notes = ()
    if ndim == 3 and "X" in edges and "Z" not in edges:
        edges["Z"] = edges["X"]
        notes = (
            "it does not say how far its slices lie apart: taken as the edge of a pixel, "
            f"{edges['X'] * 1e6:.5g} um",
        )
    found = _even([edges[axis] for axis in axes]) if set(axes) <= set(edges) else None
    if given is None:
        return found, stored.said_by, notes if found else ()
    size = _given(given, ndim)
    if found is not None and not override:
        pairs = np.broadcast_arrays(size, found)
        if np.any(np.abs(pairs[0] - pairs[1]) > SAME_PIXEL * pairs[1]):
            raise MicrographError(
                f"{source}: a pixel of {_shown(size)} nm is given, the {stored.said_by} say "
                f"{_shown(found)} nm; "
                "leave the pixel size out, or set override if the file is wrong"
            )
    return size, "given", ()


def _given(given, ndim: int) -> PixelSize:
    """A pixel size that is given, checked."""
    try:
        edges = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        edges = np.array(math.nan)
    if not (np.isfinite(edges) & (edges > 0)).all():
        raise MicrographError("a pixel size is a positive length in metres")
    if edges.shape not in ((), (1,), (ndim,)):
        raise MicrographError(
            f"a pixel size is one edge, or one for each of {ndim} axes, not {edges.size}"
        )
    return float(edges.flat[0]) if edges.size == 1 else _even(edges.tolist())


def _even(edges: list[float]) -> PixelSize:
    """One edge where all are the same; the last of them, that of columns."""
    same = max(edges) - min(edges) <= SAME_PIXEL * max(edges)
    return edges[-1] if same else tuple(edges)


def _shown(size: PixelSize) -> str:
    return " x ".join(f"{edge * 1e9:.5g}" for edge in np.ravel(size))


# ── Parts and channels ───────────────────────────────────────────────────────────────────────────


def cut(array: np.ndarray, crop: Crop, samples: bool = False) -> tuple[np.ndarray, tuple]:
    """Part of an array that `crop` keeps, and the ranges; with `samples` its last axis is no
    place.

    Raises
    ------
    MicrographError
        Where the crop is none, reaches beyond the image, or leaves less than 2 pixels.
    """
    places = array.ndim - samples
    try:
        parts = [
            part if isinstance(part, slice) else slice(*(part or (None, None))) for part in crop
        ]
        if len(parts) not in (2, places):
            raise ValueError
        first = places - len(parts)
        counts = array.shape[first:places]
        kept = tuple(part.indices(n) for part, n in zip(parts, counts, strict=True))
    except (TypeError, ValueError) as error:
        raise MicrographError(
            f"a crop is two ranges, of rows and of columns, as np.s_[:943, 10:900], or three where "
            f"there are slices; not {crop!r}"
        ) from error
    for part, count, name in zip(
        parts, counts, ("slices", "rows", "columns")[-len(parts) :], strict=True
    ):
        if any(abs(end) > count for end in (part.start, part.stop) if end is not None):
            shown = ":".join("" if end is None else str(end) for end in (part.start, part.stop))
            raise MicrographError(f"the crop {shown} reaches beyond the image, of {count} {name}")
    if any(step != 1 for *_, step in kept) or any(stop - start < 2 for start, stop, _ in kept):
        raise MicrographError(
            f"the crop {crop!r} of {array.shape} leaves no image of at least 2 by 2 pixels"
        )
    index = (slice(None),) * first + tuple(slice(start, stop) for start, stop, _ in kept)
    return array[index], tuple((start, stop) for start, stop, _ in kept)


def _one_channel(array: np.ndarray, source: str) -> np.ndarray:
    """The grey of an image with channels that say the same; opaque alpha is left away."""
    channels = array.shape[-1]
    if array.size == 0:
        raise MicrographError(f"{source}: the image is empty, its shape is {array.shape}")
    if channels in (2, 4):
        alpha = array[..., -1]
        if alpha.min() != alpha.max():
            raise MicrographError(f"{source}: parts of the image are transparent; flatten it first")
        array = array[..., :-1]
    elif channels not in (1, 3):
        raise MicrographError(
            f"{source}: an image has one grey channel or three of colour; this has {channels}"
        )
    if not np.all(array == array[..., :1]):
        raise MicrographError(
            f"{source} is in colour and its channels differ: name one with `channel`, or pass the "
            "array of their luminance (skimage.color.rgb2gray); crop coloured writing away"
        )
    return array[..., 0]


def _checked(raw: np.ndarray, source: str) -> np.ndarray:
    """The grey values as floating-point numbers that hold every value of `raw` exactly."""
    if raw.dtype.kind not in "buif":
        raise MicrographError(f"{source}: grey values are real numbers, not {raw.dtype}")
    if raw.ndim not in (2, 3) or min(raw.shape) < 2:
        raise MicrographError(
            f"{source}: an image of the shape {raw.shape}; two or three axes of at least 2 pixels "
            "make one"
        )
    grey = np.ascontiguousarray(raw, dtype=np.result_type(raw.dtype, np.float32))
    if not np.all(np.isfinite(grey)):
        bad = int(np.sum(~np.isfinite(grey)))
        raise MicrographError(
            f"{source}: {bad} pixels are NaN or infinite; crop them away or fill them first"
        )
    if grey.min() == grey.max():
        raise MicrographError(f"{source}: the image is constant ({grey.flat[0]:g} everywhere)")
    return grey
