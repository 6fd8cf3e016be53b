"""TIFF: pages and what they are, how values are meant, and what microscopes write about the size of
a pixel.
"""

from __future__ import annotations

import lzma
import math
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from rampore.extras import needs
from rampore.micrograph.stored import (
    Choice,
    MicrographError,
    Oblong,
    Stored,
    check_size,
    ordered,
    picked,
    plain_density,
    refuse_oblong,
)
from rampore.units import UnitError, to_si
from rampore.untrusted import fenced

#: Packed strips of a TIFF may be this much larger than the image they are part of [bytes].
MAX_EXCESS = 2**28

#: Where one of several pages or channels cannot be decoded alone, all together may have so many
#: times the pixels that are allowed [-].
WHOLE = 4

#: Numbers of the standard that are used here.
MINISWHITE, RGB, PALETTE, SEPARATE = 0, 2, 3, 2
LOSSY = {6, 7, 34712, 33003, 33005, 50002}  # JPEG, JPEG 2000 and JPEG XL

#: The tag of Olympus Soft Imaging Solutions.
SIS = 33560
#: Units in which a page's layout is written, whoever writes it.
PAPER = ("inch", "inches", "in", "cm")


def read_tiff(path: Path, choice: Choice, labels: bool) -> Stored:
    """Read what is chosen of a TIFF.

    Previews, masks and the coarser levels of a pyramid are left aside.

    Parameters
    ----------
    path : Path
    choice : Choice
    labels : bool
        Whether the stored numbers are labels: then a palette is left aside, and black and white
        are not exchanged but in an image of one bit.

    Raises
    ------
    MicrographError
        Where the file is damaged, or does not hold what is chosen.
    """
    with needs("images"):
        import tifffile

    with (
        fenced(f"{path.name}: the file is truncated or damaged", MicrographError),
        tifffile.TiffFile(path) as tif,
    ):
        one, choice = _series(tif, choice, path.name)
        array, axes = _pixels(tif, one, choice, path.name)
        page = one.keyframe
        array, notes = _as_meant(array, page, labels)
        turn = int(page.tags["Orientation"].value) if "Orientation" in page.tags else 1
        array = _upright(array, axes, turn)
        edges, said_by, missing, oblong = _edges(tif)
        if turn >= 5:
            edges = {{"X": "Y", "Y": "X"}.get(axis, axis): edge for axis, edge in edges.items()}
        if array.ndim > len(axes):
            axes += "S"
        return Stored(
            array,
            axes,
            edges,
            said_by,
            missing,
            notes,
            lossy=int(page.compression) in LOSSY,
            planar=int(page.planarconfig) == SEPARATE,
            oblong=oblong,
        )


def _series(tif, choice: Choice, source: str):
    """The one series of pages that is meant, and what is still to be chosen of it."""
    every = list(tif.series)
    whole = [one for one in every if not (one.keyframe.is_reduced or one.keyframe.is_mask)]
    series = whole or every
    if not series:
        raise MicrographError(f"{source}: the file holds no image")
    if len(series) == 1:
        return series[0], choice
    if choice.page is None:
        raise MicrographError(
            f"{source} has {len(series)} pages ({len(series)} images): name one with `page`, or "
            "take them all as a volume"
        )
    if choice.page == "all":
        raise MicrographError(
            f"{source} holds {len(series)} images of different shape: name one with `page`"
        )
    if not 0 <= choice.page < len(series):
        raise MicrographError(
            f"{source} has {len(series)} page(s), numbered from 0; there is no page {choice.page!r}"
        )
    return series[choice.page], choice._replace(page=None)


def _pixels(tif, one, choice: Choice, source: str) -> tuple[np.ndarray, str]:
    """What is chosen of a series, decoded, in the order ZYXS."""
    axes, shape = one.axes, one.shape
    if any(s > 4 for name, s in zip(axes, shape, strict=True) if name == "S"):
        raise MicrographError(
            f"{source}: a pixel has more than four samples (axes {axes}, shape {shape})"
        )
    index, kept = picked(axes, shape, choice, source)
    wanted = [n for n, part in zip(shape, index, strict=True) if isinstance(part, slice)]
    check_size(wanted, choice.most, source)
    planes = [i for i, name in enumerate(axes) if name not in "YXS"]
    count = math.prod(shape[i] for i in planes)
    if count > 1 and len(one.pages) == count and planes == list(range(len(planes))):
        outer = tuple(index[i] for i in planes)
        numbers = np.arange(count).reshape([shape[i] for i in planes])[outer]
        pages = [one.pages[number] for number in np.ravel(numbers)]
        _check_strips(pages, source)
        array = np.stack([page.asarray() for page in pages])
        array = array.reshape(numbers.shape + array.shape[1:])
    else:
        check_size(shape, WHOLE * choice.most, source)
        _check_strips(one.pages, source)
        array = one.asarray()[index]
    return ordered(array, kept)


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


def _as_meant(array: np.ndarray, page, labels: bool) -> tuple[np.ndarray, tuple[str, ...]]:
    """Values as they are shown: with their palette, and with white above black."""
    if page.photometric == PALETTE and page.colormap is not None and not labels:
        return (page.colormap.T >> 8).astype(np.uint8)[array.astype(np.intp)], ()
    if page.photometric != MINISWHITE or array.dtype.kind not in "bu":
        return array, ()
    if array.dtype.kind == "b":
        return ~array, ()
    if labels:
        return array, ("it shows 0 as white; labels are the numbers that are stored",)
    return array.dtype.type(2 ** int(page.bitspersample) - 1) - array, ()


def _upright(array: np.ndarray, axes: str, turn: int) -> np.ndarray:
    """The image as its orientation tag wants it shown."""
    rows, columns = axes.index("Y"), axes.index("X")
    if turn >= 5:
        array = array.swapaxes(rows, columns)
    flips = [
        axis for axis, turns in ((rows, (3, 4, 7, 8)), (columns, (2, 3, 6, 7))) if turn in turns
    ]
    return np.flip(array, flips) if flips else array


def _edges(tif) -> tuple[dict[str, float], str, str, bool]:
    """Edges of a voxel [m], who says so, or why nobody does, and whether they differ all the same;
    the first that makes sense counts.
    """
    odd = []
    for name, reader in READERS.items():
        try:
            edges = reader(tif)
        except Oblong as error:
            return {}, "", f"; {error}", True
        except (ArithmeticError, KeyError, TypeError, ValueError, ElementTree.ParseError):
            odd.append(name)  # an empty or damaged record is none
            continue
        if edges and all(math.isfinite(edge) and edge > 0 for edge in edges.values()):
            return edges, f"{name} metadata", "", False
        if edges:
            odd.append(name)
    tags = tif.pages[0].tags
    missing = f"; its {' and '.join(odd)} metadata make no sense" if odd else ""
    if (imagej := tif.imagej_metadata or {}).get("unit") in PAPER:
        unit = "cm" if imagej["unit"] == "cm" else "inch"
    else:
        unit = {2: "inch", 3: "cm"}.get(
            int(tags["ResolutionUnit"].value) if "ResolutionUnit" in tags else 2
        )
    if unit is None or "XResolution" not in tags or "YResolution" not in tags:
        return {}, "", missing, False
    density = [_ratio(tags[name].value) for name in ("XResolution", "YResolution")]
    edges, said_by, layout = plain_density(density, unit, "TIFF resolution")
    return edges, said_by, layout or missing, False


def _ratio(value) -> float:
    numerator, denominator = value
    return numerator / denominator if denominator else math.nan


def _fei(tif) -> dict[str, float]:
    scan = (tif.fei_metadata or {}).get("Scan") or (tif.fei_metadata or {}).get("EScan") or {}
    if "PixelWidth" not in scan:
        return {}
    width = float(scan["PixelWidth"])
    return {"X": width, "Y": float(scan.get("PixelHeight", width))}


def _zeiss(tif) -> dict[str, float]:
    records = tif.sem_metadata or {}
    for key in ("ap_image_pixel_size", "ap_pixel_size"):
        if key in records:
            _, value, unit = records[key][:3]
            size = to_si(float(value), unit, "m")
            return {"X": size, "Y": size}
    return {}


def _sis(tif) -> dict[str, float]:
    """Of the first image that has the record: a screenshot in colour may stand before it."""
    pages = [one.keyframe for one in tif.series]
    records = next((page.tags[SIS].value for page in pages if SIS in page.tags), {})
    return {axis: float(records[f"pixelsize{axis.lower()}"]) for axis in "XY"} if records else {}


def _gatan(tif) -> dict[str, float]:
    """Tags of DigitalMicrograph: units and scales along both axes."""
    tags = tif.pages[0].tags
    if 65003 not in tags or 65009 not in tags:
        return {}
    found = {}
    for i, axis in enumerate("XY"):
        unit = re.sub("[\u00b5\u03bc]", "u", str(tags[65003 + i].value))
        found[axis] = (float(tags[65009 + i].value), unit)
    return _calibrated(found)


def _ome(tif) -> dict[str, float]:
    if not tif.ome_metadata:
        return {}
    pixels = ElementTree.fromstring(tif.ome_metadata).find(".//{*}Pixels")
    if pixels is None or "PhysicalSizeX" not in pixels.attrib:
        return {}
    given = {axis: pixels.get(f"PhysicalSize{axis}") for axis in "XYZ"}
    given["Y"] = given["Y"] or given["X"]
    return _calibrated(
        {
            axis: (float(value), pixels.get(f"PhysicalSize{axis}Unit", "um"))
            for axis, value in given.items()
            if value is not None
        }
    )


def _imagej(tif) -> dict[str, float]:
    records, tags = tif.imagej_metadata or {}, tif.pages[0].tags
    unit = str(records.get("unit") or "pixel")
    if not records or "XResolution" not in tags or unit in PAPER:
        return {}
    unit = re.sub(r"\\u00b5|[\u00b5\u03bc]", "u", unit, flags=re.IGNORECASE)
    found = {
        axis: (
            1 / _ratio(tags[f"{axis}Resolution"].value),
            records.get(f"{axis.lower()}unit", unit),
        )
        for axis in "XY"
    }
    if "spacing" in records:
        found["Z"] = (abs(float(records["spacing"])), records.get("zunit", unit))
    return _calibrated(found)


def _calibrated(found: dict[str, tuple[float, str]]) -> dict[str, float]:
    """Lengths with their units in metres; none where the unit is no length, as of an image that was
    never calibrated.

    Raises
    ------
    Oblong
        Where it was never calibrated, and its voxels are no cubes all the same.
    """
    try:
        return {axis: to_si(value, str(unit), "m") for axis, (value, unit) in found.items()}
    except UnitError:
        refuse_oblong([value for value, _ in found.values()])
        return {}


READERS: dict[str, Callable] = {
    "FEI": _fei,
    "Zeiss": _zeiss,
    "Olympus": _sis,
    "Gatan": _gatan,
    "OME": _ome,
    "ImageJ": _imagej,
}
