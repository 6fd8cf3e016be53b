"""Reading an image: its grey values in their own scale, the size of a pixel, and nothing guessed
silently.
"""

from __future__ import annotations

import lzma
import math
import os
import re
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Literal, NamedTuple
from xml.etree import ElementTree

import numpy as np

from rampore import RamporeError
from rampore.extras import needs
from rampore.units import UnitError, to_si
from rampore.untrusted import fenced, regular

__all__ = [
    "InfoBar",
    "Labels",
    "Micrograph",
    "MicrographError",
    "Pores",
    "propose_info_bar",
    "read",
    "read_labels",
]

#: Pixels that :func:`read` takes at most by default; the separation of pores needs some 50 bytes
#: for each.
MAX_PIXELS = 2**27

#: Packed strips of a TIFF may be this much larger than the image they are part of [bytes].
MAX_EXCESS = 2**28

#: What Pillow may read; of other formats some start programs.
PICTURES = ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP", "JPEG2000")

#: Beginnings of files that know their own shape.
MAGIC = {
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff\xe0": "JPEG",
    b"\xff\xd8\xff\xe1": "JPEG",
    b"\x93NUM": "NumPy",
    b"PK\3\4": "NumPy or ZIP",
}

#: A plain resolution tag coarser than this is a printer's or a screen's (72 dpi = 353 um), not a
#: microscope's [m].
PAGE_LAYOUT = 10e-6

#: Relative difference up to which two pixel sizes count as the same [-]; metadata often carry three
#: digits.
SAME_PIXEL = 5e-3


class MicrographError(RamporeError, ValueError):
    """An image that cannot be used as it is: the message names the reason and what to do."""

    exit_code = 2


class Pores(StrEnum):
    """How pores look in an image. The caller says so; nothing guesses it."""

    DARK = "dark"
    BRIGHT = "bright"


#: Which rows and which columns an image keeps; None keeps all of them.
Crop = Sequence[slice | tuple[int, int] | None]


class PixelSize(NamedTuple):
    """The size of a pixel and who says so."""

    value: float  #: [m]
    source: str  #: "given", or the metadata it stands in


@dataclass(frozen=True, eq=False)
class Micrograph:
    """A grey image with the size of its pixels.

    Attributes
    ----------
    grey : (n0, n1[, n2]) array of float
        Grey values in the file's own scale: an 8-bit file has 0 to 255. Axis 0 is depth.
    pixel_size : float
        Edge of a pixel, which is square, or of a voxel, which is a cube [m].
    source : str
        Name of the file, or "array".
    dtype : str
        Type of the values as they were stored, e.g. "uint8".
    pixel_size_source : str
        "given", or the metadata from which the pixel size was read.
    page : int, optional
        Page of a file that has several.
    crop : ((int, int), (int, int)), optional
        First and last-but-one row and column that were kept of the original; None where all were.
    """

    grey: np.ndarray
    pixel_size: float
    source: str
    dtype: str
    pixel_size_source: str = "given"
    page: int | None = None
    crop: tuple[tuple[int, int], tuple[int, int]] | None = None

    @property
    def size(self) -> tuple[float, ...]:
        """Edge lengths of what is shown [m]."""
        return tuple(n * self.pixel_size for n in self.grey.shape)

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
        part, kept = _crop(self.grey, crop, rows=self.grey.ndim - 2)
        before = self.crop or ((0, 0), (0, 0))
        kept = tuple(
            (a + offset, b + offset) for (a, b), (offset, _) in zip(kept, before, strict=True)
        )
        return replace(self, grey=_checked(part, self.source), crop=kept)


def read(
    image: str | os.PathLike | np.ndarray,
    pixel_size: float | None = None,
    *,
    page: int | Literal["all"] | None = None,
    crop: Crop | None = None,
    override: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> Micrograph:
    """Read a grey image from a file or an array.

    Files may be PNG, JPEG, TIFF (8 or 16 bit, floating point, several pages), ``.npy``, or ``.npz``
    with one array.

    The pixel size stands in the metadata or is given. Of the metadata the first that speaks counts:
    FEI, Zeiss, OME, ImageJ, TIFF resolution, and of PNG and JPEG the pixel density, which is the
    weakest, as many programs put there what they like. A plain density coarser than 10 um is a page
    layout's and counts as absent. A pixel size that is given and one that is read must agree to 0.5
    %, unless `override` says that the given one counts.

    The crop comes before every check, so that a coloured scale bar in the info bar does no harm.

    Parameters
    ----------
    image : path or (n0, n1[, n2]) array
        Three axes are a volume, or an image with channels where the last has at most four entries.
    pixel_size : float, optional
        [m]
    page : int or "all", optional
        Page of a file that has several, from 0; of no other. "all" stacks them to a volume with the
        pages along axis 0.
    crop : (slice or (int, int) or None, slice or (int, int) or None), optional
        Rows and columns to keep, e.g. ``np.s_[:943, :]``; of a volume, along its two last axes.
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
        in colour, or holds NaN; the page is not named or not there; the pixel size is missing, not
        square, not positive, or contradicted.
    """
    if isinstance(image, (str, os.PathLike)):
        path = Path(image)
        source = path.name
        raw, found, note = _read_file(path, page, max_pixels)
        number = page if isinstance(page, int) else None
    else:
        source, found, note, number = "array", None, "", None
        raw = np.asarray(image)
        _check_size(raw.shape, max_pixels, source)
        if page is not None:
            raise MicrographError(
                "an array has no pages: pass the part of it that is meant, e.g. image[3]"
            )
    if page == "all" and len(raw) == 1:
        raise MicrographError(f"{source} has one page: leave the page out")
    if raw.ndim not in (2, 3):
        raise MicrographError(
            f"{source}: an image has two axes and a volume three; this has the shape {raw.shape}"
        )
    colour = raw.ndim == 3 and raw.shape[-1] <= 4 and page != "all"
    kept = None
    if crop is not None:
        raw, kept = _crop(raw, crop, rows=0 if colour else raw.ndim - 2)
    if colour:
        raw = _one_channel(raw, source)
    grey = _checked(raw, source)
    size = _settle_pixel_size(pixel_size, found, note, override, source)
    return Micrograph(grey, size.value, source, str(raw.dtype), size.source, number, kept)


class Labels(NamedTuple):
    """A segmented image: a number for each phase."""

    label: np.ndarray  #: (n0, n1[, n2]), as it is stored
    pixel_size: float | None  #: from the metadata [m]; None where they do not say


def read_labels(
    image: str | os.PathLike,
    *,
    page: int | None = None,
    shape: tuple[int, ...] | None = None,
    dtype: str = "uint8",
    max_pixels: int = MAX_PIXELS,
) -> Labels:
    """Read a segmented image or volume: TIFF, PNG, ``.npy``, ``.npz`` with one array, or raw
    voxels.

    Parameters
    ----------
    image : path
    page : int, optional
        Page of a TIFF that has several, from 0; by default they are a volume, with the pages along
        axis 0.
    shape : tuple of int, optional
        Of a raw file, which has no header; the last axis varies fastest.
    dtype : str
        Type of a raw file's values, as NumPy names it, e.g. "uint8" or ">u2".
    max_pixels : int
        A larger image is refused, before it is decoded where its size stands in the header.

    Raises
    ------
    MicrographError
        Where the file is missing, truncated, too large or no image, in colour, holds NaN, or has
        another size than `shape` says.
    """
    path = regular(image, MicrographError)
    if shape is not None:
        raw, found = _read_raw(path, tuple(shape), dtype, max_pixels), None
    else:
        pages = "all" if page is None and _is_tiff(path) else page
        raw, found, _ = _read_file(path, pages, max_pixels)
        if pages == "all" and len(raw) == 1:
            raw = raw[0]
        elif not _is_tiff(path) and path.suffix.lower() not in (".npy", ".npz") and raw.ndim == 3:
            raw = _one_channel(raw, path.name)
    if raw.dtype.kind not in "buif" or raw.ndim not in (2, 3):
        raise MicrographError(
            f"{path.name}: labels are real numbers on two or three axes, not {raw.dtype} "
            f"{raw.shape}"
        )
    if raw.size == 0:
        raise MicrographError(f"{path.name}: the image is empty, its shape is {raw.shape}")
    if raw.dtype.kind == "f" and not np.isfinite(raw).all():
        raise MicrographError(
            f"{path.name}: {np.sum(~np.isfinite(raw))} pixels are NaN or infinite"
        )
    return Labels(raw, None if found is None else found.value)


def _magic(path: Path) -> str | None:
    """What kind of file one is by its first bytes."""
    with path.open("rb") as stream:
        return MAGIC.get(stream.read(4))


def _is_tiff(path: Path) -> bool:
    return _magic(path) == "TIFF"


def _read_raw(path: Path, shape: tuple[int, ...], dtype: str, max_pixels: int) -> np.ndarray:
    kind = _number_type(dtype)
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise MicrographError(f"a shape is two or three numbers from 1 on, not {shape}")
    if known := _magic(path):
        raise MicrographError(
            f"{path.name} is a {known} file and knows its shape: leave shape and type out"
        )
    stored, expected = path.stat().st_size, math.prod(shape) * kind.itemsize
    if stored != expected:
        raise MicrographError(
            f"{path.name} holds {stored} bytes, {' x '.join(map(str, shape))} of {kind} are "
            f"{expected}"
        )
    _check_size(shape, max_pixels, path.name)
    return np.fromfile(path, kind).reshape(shape)


def _number_type(dtype: str) -> np.dtype:
    """The type that NumPy has by a name; its own notation for records and the like is not asked
    for.
    """
    try:
        kind = np.dtype(dtype if re.fullmatch(r"[<>=|]?[A-Za-z]\w{0,15}", dtype) else "V")
    except (TypeError, ValueError):
        kind = np.dtype("V")
    if kind.kind not in "buif":
        raise MicrographError(
            f"{dtype!r} is no type of numbers that NumPy knows, as uint8, >u2 or float32 are"
        )
    return kind


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


def _check_size(shape, max_pixels: int, source: str) -> None:
    if math.prod(shape) > max_pixels:
        raise MicrographError(
            f"{source}: {' x '.join(map(str, shape))} is more than {max_pixels} pixels; "
            "crop or bin the image, or raise max_pixels if the memory allows"
        )


def _read_file(path: Path, page, max_pixels: int) -> tuple[np.ndarray, PixelSize | None, str]:
    path = regular(path, MicrographError)
    if _is_tiff(path):
        return _read_tiff(path, page, max_pixels)
    if page is not None:
        raise MicrographError(f"{path.name}: only a TIFF file has pages; leave the page out")
    if path.suffix.lower() in (".npy", ".npz"):
        return _read_numpy(path, max_pixels), None, ""
    return _read_picture(path, max_pixels)


def _read_numpy(path: Path, max_pixels: int) -> np.ndarray:
    with fenced(f"{path.name}: the file is truncated or no array of numbers", MicrographError):
        if path.suffix.lower() == ".npy":
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            _check_size(array.shape, max_pixels, path.name)
            return np.array(array)
        with zipfile.ZipFile(path) as archive:
            return _only_array(archive, max_pixels, path.name)


def _only_array(archive: zipfile.ZipFile, max_pixels: int, source: str) -> np.ndarray:
    """The one array of an archive, unpacked once its header says that it is small enough."""
    names = archive.namelist()
    if len(names) != 1:
        listed = ", ".join(name.removesuffix(".npy") for name in names[:12]) + ", ..." * (
            len(names) > 12
        )
        raise MicrographError(
            f"{source} holds {len(names)} arrays ({listed}): load the one that is meant and pass "
            "the array"
        )
    headers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    with archive.open(names[0]) as stream:
        shape, _, kind = headers[np.lib.format.read_magic(stream)](stream)
    _check_size(shape, max_pixels, source)
    if kind.kind not in "buifc":
        raise MicrographError(f"{source}: no array of numbers, but of {kind}")
    with archive.open(names[0]) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


def _read_picture(path: Path, max_pixels: int) -> tuple[np.ndarray, PixelSize | None, str]:
    with needs("images"):
        from PIL import Image, UnidentifiedImageError

    with fenced(f"{path.name}: the file is truncated or damaged", MicrographError):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                picture = Image.open(path, formats=PICTURES)
        except Image.DecompressionBombError as error:
            raise MicrographError(
                f"{path.name}: too large for this format; save it as TIFF ({error})"
            ) from error
        except UnidentifiedImageError as error:
            raise MicrographError(
                f"{path.name} is neither PNG, JPEG, TIFF, .npy nor .npz; raw voxels need their "
                "shape"
            ) from error
        with picture:
            _check_size(picture.size[::-1], max_pixels, path.name)
            coloured = picture.mode in ("P", "CMYK", "YCbCr")
            array = np.asarray(picture.convert("RGB") if coloured else picture)
            density, kind = picture.info.get("dpi"), picture.format
        if density is None:
            return array, None, ""
        return (array, *_plain_density(density, "inch", f"{kind} pixel density", path.name))


def _read_tiff(path: Path, page, max_pixels: int) -> tuple[np.ndarray, PixelSize | None, str]:
    with needs("images"):
        import tifffile

    with (
        fenced(f"{path.name}: the file is truncated or damaged", MicrographError),
        tifffile.TiffFile(path) as tif,
    ):
        return (_tiff_pages(tif, page, max_pixels, path.name), *_tiff_pixel_size(tif, path.name))


def _check_strips(pages, source: str) -> None:
    """Refuse packed strips that are far larger unpacked than the image they belong to."""
    packers = {
        8: (1032, zlib.decompressobj),
        32946: (1032, zlib.decompressobj),
        34925: (8000, lzma.LZMADecompressor),
    }
    for page in pages:
        if page is None or page.compression not in packers:
            continue
        most_packed, unpacker = packers[page.compression]
        allowed = page.keyframe.nbytes + MAX_EXCESS
        for offset, size in zip(page.dataoffsets, page.databytecounts, strict=True):
            if size * most_packed <= allowed:
                continue
            handle = page.parent.filehandle
            handle.seek(offset)
            if len(unpacker().decompress(handle.read(size), allowed)) >= allowed:
                raise MicrographError(
                    f"{source}: a strip unpacks to more than {allowed} bytes, the image has less"
                )


def _tiff_pages(tif, page, max_pixels: int, source: str) -> np.ndarray:
    """The page that is asked for, (rows, columns[, samples]), or all of them with the pages in
    front.
    """
    series = tif.series
    if not series:
        raise MicrographError(f"{source}: the file holds no image")
    axes, shape = series[0].axes, series[0].shape
    planes = [i for i, name in enumerate(axes) if name not in "YXS"]
    if any(s > 4 for name, s in zip(axes, shape, strict=True) if name == "S"):
        raise MicrographError(
            f"{source}: a pixel has more than four samples (axes {axes}, shape {shape})"
        )
    many = len(series) if len(series) > 1 else math.prod(shape[i] for i in planes)
    if page is None and many > 1:
        layout = f"{len(series)} images" if len(series) > 1 else f"axes {axes}, shape {shape}"
        raise MicrographError(
            f"{source} has {many} pages ({layout}): name one with `page`, or take them all as a "
            "volume"
        )
    if isinstance(page, int) and many == 1:
        raise MicrographError(f"{source} has one page: leave the page out")
    if page == "all" and len(series) > 1:
        raise MicrographError(
            f"{source} holds {len(series)} images of different shape: name one with `page`"
        )
    if page not in (None, "all") and not (isinstance(page, int) and 0 <= page < many):
        raise MicrographError(
            f"{source} has {many} page(s), numbered from 0; there is no page {page!r}"
        )
    one = series[page or 0] if len(series) > 1 else series[0]
    axes, shape = one.axes, one.shape
    planes = [i for i, name in enumerate(axes) if name not in "YXS"]
    wanted = [n for i, n in enumerate(shape) if i not in planes or page == "all"]
    _check_size(wanted, max_pixels, source)
    if page not in (None, "all") and len(series) == 1 and len(tif.pages) == many:
        one = tif.pages[page]
    _check_strips([one] if hasattr(one, "dataoffsets") else one.pages, source)
    array, axes = one.asarray(), one.axes
    planes = [i for i, name in enumerate(axes) if name not in "YXS"]
    order = [
        *planes,
        axes.index("Y"),
        axes.index("X"),
        *(i for i, name in enumerate(axes) if name == "S"),
    ]
    array = array.transpose(order)
    array = array.reshape(-1, *array.shape[len(planes) :])
    if page != "all":
        return array[page if len(array) > 1 else 0]
    if array.ndim == 4:
        raise MicrographError(f"{source}: a volume in colour; pass the array of one channel")
    return array


def _tiff_pixel_size(tif, source: str) -> tuple[PixelSize | None, str]:
    for reader in (_fei, _zeiss, _ome, _imagej):
        found = reader(tif)
        if found is not None:
            across, down, name = found
            return _square(across, down, name, source), ""
    tags = tif.pages[0].tags
    unit = {2: "inch", 3: "cm"}.get(
        int(tags["ResolutionUnit"].value) if "ResolutionUnit" in tags else 2
    )
    if unit is None or "XResolution" not in tags or "YResolution" not in tags:
        return None, ""
    density = tuple(_ratio(tags[name].value) for name in ("XResolution", "YResolution"))
    return _plain_density(density, unit, "TIFF resolution", source)


def _ratio(value) -> float:
    numerator, denominator = value
    return numerator / denominator if denominator else math.nan


def _plain_density(density, unit: str, name: str, source: str) -> tuple[PixelSize | None, str]:
    """Pixel size from a density in pixels per `unit`, and a note where it is a page layout's."""
    if not all(math.isfinite(float(n)) and n > 0 for n in density):
        return None, ""
    across, down = (to_si(1, unit, "m") / float(n) for n in density)
    if max(across, down) > PAGE_LAYOUT:
        return None, f"; its {name} of {across * 1e6:.0f} um is a page layout's"
    return _square(across, down, name, source), ""


def _square(across: float, down: float, name: str, source: str) -> PixelSize:
    if not (math.isfinite(across) and across > 0 and math.isfinite(down) and down > 0):
        raise MicrographError(
            f"{source}: the {name} metadata give a pixel size of {across!r} by {down!r} m"
        )
    if abs(across - down) > SAME_PIXEL * max(across, down):
        raise MicrographError(
            f"{source}: the pixels are not square ({across * 1e9:.4g} by {down * 1e9:.4g} nm, "
            f"{name} metadata); resample the image to square ones first"
        )
    return PixelSize(across, f"{name} metadata")


def _fei(tif) -> tuple[float, float, str] | None:
    scan = (tif.fei_metadata or {}).get("Scan") or (tif.fei_metadata or {}).get("EScan") or {}
    if "PixelWidth" not in scan:
        return None
    width = float(scan["PixelWidth"])
    return width, float(scan.get("PixelHeight", width)), "FEI"


def _zeiss(tif) -> tuple[float, float, str] | None:
    records = tif.sem_metadata or {}
    for key in ("ap_image_pixel_size", "ap_pixel_size"):
        if key in records:
            _, value, unit = records[key][:3]
            size = to_si(float(value), unit, "m")
            return size, size, "Zeiss"
    return None


def _ome(tif) -> tuple[float, float, str] | None:
    if not tif.ome_metadata:
        return None
    pixels = ElementTree.fromstring(tif.ome_metadata).find(".//{*}Pixels")
    if pixels is None or "PhysicalSizeX" not in pixels.attrib:
        return None
    across, down = (
        to_si(float(pixels.get(f"PhysicalSize{axis}", pixels.get("PhysicalSizeX"))), unit, "m")
        for axis, unit in ((axis, pixels.get(f"PhysicalSize{axis}Unit", "um")) for axis in "XY")
    )
    return across, down, "OME"


def _imagej(tif) -> tuple[float, float, str] | None:
    unit = (tif.imagej_metadata or {}).get("unit")
    tags = tif.pages[0].tags
    if not unit or "XResolution" not in tags:
        return None
    unit = re.sub(r"\\u00b5|[\u00b5\u03bc]", "u", str(unit), flags=re.IGNORECASE)
    try:
        length = to_si(1, unit, "m")
    except UnitError:  # "pixel": the image was never calibrated
        return None
    across, down = (length / _ratio(tags[name].value) for name in ("XResolution", "YResolution"))
    return across, down, "ImageJ"


def _settle_pixel_size(
    given, found: PixelSize | None, note: str, override: bool, source: str
) -> PixelSize:
    if given is None:
        if found is None:
            raise MicrographError(
                f"{source}: the pixel size is not known{note}; give pixel_size in metres"
            )
        return found
    try:
        given = float(given)
    except (TypeError, ValueError):
        given = math.nan
    if not (math.isfinite(given) and given > 0):
        raise MicrographError("a pixel size is a positive length in metres")
    if found is not None and not override and abs(given - found.value) > SAME_PIXEL * found.value:
        raise MicrographError(
            f"{source}: a pixel of {given * 1e9:.5g} nm is given, the {found.source} say "
            f"{found.value * 1e9:.5g} nm; "
            "leave the pixel size out, or set override if the file is wrong"
        )
    return PixelSize(given, "given")


def _crop(array: np.ndarray, crop: Crop, rows: int) -> tuple[np.ndarray, tuple]:
    """Part of an array that `crop` keeps, and the ranges; `rows` is the axis of the rows, the next
    that of columns.
    """
    try:
        down, across = crop
        ranges = [
            part if isinstance(part, slice) else slice(*(part or (None, None)))
            for part in (down, across)
        ]
        kept = tuple(part.indices(array.shape[rows + i]) for i, part in enumerate(ranges))
    except (TypeError, ValueError) as error:
        raise MicrographError(
            f"a crop is two ranges, of rows and of columns, as np.s_[:943, 10:900]; not {crop!r}"
        ) from error
    if any(step != 1 for *_, step in kept) or any(stop - start < 2 for start, stop, _ in kept):
        raise MicrographError(
            f"the crop {crop!r} of {array.shape} leaves no image of at least 2 by 2 pixels"
        )
    index = (slice(None),) * rows + tuple(slice(start, stop) for start, stop, _ in kept)
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
            f"{source} is in colour and its channels differ: pass the array of one channel "
            "(image[..., 0]) or of their "
            "luminance (skimage.color.rgb2gray); crop coloured writing away"
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
