"""Volumes: raw voxels, MetaImage, NRRD, VTK's image data, NumPy's arrays, HDF5 and Zarr."""

from __future__ import annotations

import bz2
import json
import logging
import math
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from rampore.checks import nearest
from rampore.extras import needs
from rampore.micrograph.stored import (
    Choice,
    MicrographError,
    Oblong,
    Stored,
    check_size,
    ordered,
    picked,
    refuse_oblong,
)
from rampore.units import UnitError, to_si
from rampore.untrusted import fenced, regular

#: A header in words is no longer than this [bytes].
HEADER = 2**16

#: Axes of an array that names none, by how many it has.
UNNAMED = {2: "YX", 3: "ZYX"}

META_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2",
    "MET_INT": "i4", "MET_UINT": "u4", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
NRRD_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "f4": ("float",),
    "f8": ("double",),
}


# ── Raw voxels ───────────────────────────────────────────────────────────────────────────────────


def number_type(dtype: str) -> np.dtype:
    """The type that NumPy has by a name; its own notation for records and the like is not asked
    for.

    Raises
    ------
    MicrographError
        Where it is none of numbers.
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


def read_raw(path: Path, shape: tuple[int, ...], dtype: str, offset: int, most: int) -> Stored:
    """Read voxels without a header that is understood.

    Parameters
    ----------
    path : Path
    shape : tuple of int
        The last axis varies fastest.
    dtype : str
    offset : int
        Bytes to leave out before the first voxel.
    most : int
        Pixels.

    Raises
    ------
    MicrographError
        Where the file has another size than shape, type and offset say.
    """
    kind = number_type(dtype)
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise MicrographError(f"a shape is two or three numbers from 1 on, not {shape}")
    if offset < 0:
        raise MicrographError(f"an offset counts bytes from 0 on, not {offset}")
    stored, expected = path.stat().st_size, math.prod(shape) * kind.itemsize
    if stored != offset + expected:
        over = stored - expected
        hint = f"; is there a header of {over} bytes, to leave out by an offset?" * (
            over > 0 and not offset
        )
        behind = f" behind an offset of {offset}" if offset else ""
        raise MicrographError(
            f"{path.name} holds {stored} bytes, {' x '.join(map(str, shape))} of {kind} are "
            f"{expected}{behind}{hint}"
        )
    check_size(shape, most, path.name)
    return Stored(np.fromfile(path, kind, offset=offset).reshape(shape), UNNAMED[len(shape)])


def _voxels(
    header: Path, data: str, offset: int, kind: np.dtype, shape: tuple[int, ...], packing: str
) -> np.ndarray:
    """Voxels that a header in words describes: behind it, or in the file beside it that it names.

    `packing` is raw, gzip or bzip2; an `offset` of -1 counts from the end of the file.
    """
    path = header
    if data:
        path = header.parent / data
        if Path(data).name != data:
            raise MicrographError(
                f"{header.name} names the data file {data!r}: only one beside it is read"
            )
        regular(path, MicrographError)
    expected = math.prod(shape) * kind.itemsize
    with path.open("rb") as stream:
        if offset < 0:
            stream.seek(-expected, 2)
        else:
            stream.seek(offset)
        if packing == "raw":
            content = stream.read(expected)
        else:
            unpacker = bz2.BZ2Decompressor() if packing == "bzip2" else zlib.decompressobj(47)
            content = unpacker.decompress(stream.read(), expected)
    if len(content) != expected:
        raise MicrographError(
            f"{header.name}: the file is truncated or damaged; its header promises {expected} "
            f"bytes, there are {len(content)}"
        )
    return np.frombuffer(content, kind).reshape(shape)


def _beheaded(path: Path, end: bytes) -> tuple[list[str], int]:
    """Lines of a header in words, and where what follows it begins."""
    with path.open("rb") as stream:
        content = stream.read(HEADER)
    found = re.search(end, content)
    stop = found.end() if found else len(content)
    return content[:stop].decode("latin-1").splitlines(), stop


def _spaced(values: Iterable[float], unit: str | None) -> dict:
    """Edges along X, Y, Z as fields of :class:`Stored`; in no unit they have to be equal."""
    edges = dict(zip("XYZ", map(float, values), strict=False))
    if not all(math.isfinite(edge) and edge > 0 for edge in edges.values()):
        return {"missing": "; its spacing makes no sense"}
    if unit is None:
        try:
            refuse_oblong(list(edges.values()))
        except Oblong as error:
            return {"missing": f"; {error}", "oblong": True}
        return {}
    return {"edges": {axis: to_si(edge, unit, "m") for axis, edge in edges.items()}}


def read_meta(path: Path, choice: Choice) -> Stored:
    """Read a MetaImage, ``.mhd`` with a file beside it or ``.mha``; its lengths are millimetres."""
    lines, end = _beheaded(path, rb"ElementDataFile[^\n]*\n?")
    words = dict(map(str.strip, line.split("=", 1)) for line in lines if "=" in line)
    with fenced(f"{path.name}: its header is no MetaImage's", MicrographError):
        shape = tuple(int(n) for n in words["DimSize"].split())[::-1]
        kind = np.dtype(META_TYPES[words["ElementType"]])
        channels = int(words.get("ElementNumberOfChannels", 1))
        offset = int(words.get("HeaderSize", 0))
        data = words["ElementDataFile"]
        spacing = words.get("ElementSpacing", words.get("ElementSize", ""))
        edges = [float(edge) for edge in spacing.split()]
        # 1 is what programs write that know nothing of lengths
        spaced = _spaced(edges, "mm") if set(edges) - {1.0} else {}
    if len(shape) not in (2, 3) or min(shape) < 1 or channels != 1:
        raise MicrographError(
            f"{path.name} has {len(shape)} axes and {channels} channel(s): save one channel, of "
            "two axes or three"
        )
    check_size(shape, choice.most, path.name)
    big = words.get("BinaryDataByteOrderMSB", words.get("ElementByteOrderMSB", "False"))
    kind = kind.newbyteorder(">" if big.lower() == "true" else "<")
    packing = "gzip" if words.get("CompressedData", "False").lower() == "true" else "raw"
    inside = data.upper() == "LOCAL"
    with fenced(f"{path.name}: the file is truncated or damaged", MicrographError):
        array = _voxels(
            path, "" if inside else data, end if inside else offset, kind, shape, packing
        )
    said_by = "MetaImage metadata" if spaced.get("edges") else ""
    return Stored(array, UNNAMED[len(shape)], said_by=said_by, **spaced)


def read_nrrd(path: Path, choice: Choice) -> Stored:
    """Read an NRRD volume, with its voxels behind the header or in a file beside it."""
    lines, end = _beheaded(path, rb"\r?\n\r?\n")
    words = dict(
        map(str.strip, re.split(":=?", line, maxsplit=1))
        for line in lines[1:]
        if ":" in line and not line.startswith("#")
    )
    with fenced(f"{path.name}: its header is no NRRD's", MicrographError):
        shape = tuple(int(n) for n in words["sizes"].split())[::-1]
        name = next(kind for kind, names in NRRD_TYPES.items() if words["type"] in names)
        kind = np.dtype(name).newbyteorder(">" if words.get("endian") == "big" else "<")
        packing = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}[
            words["encoding"]
        ]
        data = words.get("data file", words.get("datafile", ""))
        offset = int(words.get("byte skip", words.get("byteskip", 0)))
        spaced = _nrrd_spacing(words)
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise MicrographError(f"{path.name} has {len(shape)} axes: save one volume")
    check_size(shape, choice.most, path.name)
    with fenced(f"{path.name}: the file is truncated or damaged", MicrographError):
        array = _voxels(path, data, offset if data else end, kind, shape, packing)
    said_by = "NRRD metadata" if spaced.get("edges") else ""
    return Stored(array, UNNAMED[len(shape)], said_by=said_by, **spaced)


def _nrrd_spacing(words: Mapping[str, str]) -> dict:
    units = re.findall(r'"([^"]*)"', words.get("space units", words.get("units", "")))
    unit = units[0].replace("\u00b5", "u") if units and len(set(units)) == 1 else None
    try:
        to_si(1, unit or "", "m")
    except UnitError:
        unit = None
    if "space directions" in words:
        vectors = re.findall(r"\(([^)]*)\)", words["space directions"])
        return _spaced([math.hypot(*map(float, each.split(","))) for each in vectors], unit)
    if "spacings" in words:
        return _spaced([float(edge) for edge in words["spacings"].split()], unit)
    return {}


@contextmanager
def _unlogged() -> Iterator[None]:
    """Where nothing is logged."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


def read_vti(path: Path, choice: Choice) -> Stored:
    """Read VTK's image data by VTK itself; its lengths have no unit."""
    with needs("paraview"):
        import pyvista

    with fenced(f"{path.name}: the file is no image data of VTK", MicrographError):
        with path.open("rb") as stream:
            head = re.search(rb"<ImageData[^>]*/?>", stream.read(HEADER))
        settings = ElementTree.fromstring(head[0].rstrip(b"/>") + b"/>").attrib
        ends = np.array(settings["WholeExtent"].split(), int).reshape(3, 2)
        points = tuple((ends[:, 1] - ends[:, 0] + 1).tolist())
        check_size([max(n, 1) for n in points], 2 * choice.most, path.name)
        # VTK reads on where something is wrong, and talks of it in three ways
        with (
            _unlogged(),
            pyvista.VtkErrorCatcher(raise_errors=True, send_to_logging=False),
            warnings.catch_warnings(action="error"),
        ):
            grid = pyvista.read(path)
        cells = tuple(max(n - 1, 1) for n in points)
        held = {
            name: (array, size)
            for data, size in ((grid.cell_data, cells), (grid.point_data, points))
            for name, array in data.items()
            if array.ndim == 1 and array.dtype.kind in "buif"
        }
        array, size = held[_named(list(held), choice.dataset, path.name)]
        volume = np.asarray(array).reshape(size, order="F")
        spaced = _spaced(grid.spacing, None)
    check_size(volume.shape, choice.most, path.name)
    if 1 in volume.shape:
        flat = volume.shape.index(1)
        volume = np.squeeze(volume, flat)
        if spaced.get("oblong"):
            spaced = _spaced(np.delete(grid.spacing, flat), None)
    return Stored(np.ascontiguousarray(volume), UNNAMED[volume.ndim], **spaced)


# ── Arrays by name ───────────────────────────────────────────────────────────────────────────────


def _named(names: list[str], asked: str | None, source: str) -> str:
    """The name that is asked for, or the only one."""
    if asked is not None:
        if asked not in names:
            raise MicrographError(f"{source} has no array {asked!r}{nearest(asked, names)}")
        return asked
    if len(names) != 1:
        listed = ", ".join(names[:12]) + ", ..." * (len(names) > 12)
        raise MicrographError(
            f"{source} holds {len(names)} arrays ({listed}): name one with `dataset`"
            if names
            else f"{source} holds no image"
        )
    return names[0]


def read_numpy(path: Path, choice: Choice) -> Stored:
    """Read NumPy's ``.npy``, or an array of ``.npz``."""
    with fenced(f"{path.name}: the file is truncated or no array of numbers", MicrographError):
        if path.suffix.lower() == ".npy":
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            check_size(array.shape, choice.most, path.name)
            array = np.array(array)
        else:
            with zipfile.ZipFile(path) as archive:
                array = _of_archive(archive, choice, path.name)
    return Stored(array, UNNAMED.get(array.ndim, "?" * array.ndim))


def _of_archive(archive: zipfile.ZipFile, choice: Choice, source: str) -> np.ndarray:
    """An array of an archive, unpacked once its header says that it is small enough."""
    names = {name.removesuffix(".npy"): name for name in archive.namelist()}
    name = names[_named(list(names), choice.dataset, source)]
    headers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    with archive.open(name) as stream:
        shape, _, kind = headers[np.lib.format.read_magic(stream)](stream)
    check_size(shape, choice.most, source)
    if kind.kind not in "buifc":
        raise MicrographError(f"{source}: no array of numbers, but of {kind}")
    with archive.open(name) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


def _axes_of(shape: tuple[int, ...], names: Iterable[str] | None, source: str) -> str:
    axes = UNNAMED.get(len(shape), "") if names is None else "".join(names).upper()
    if len(axes) != len(shape) or not {"Y", "X"} <= set(axes) or len(set(axes)) != len(axes):
        raise MicrographError(
            f"{source}: {len(shape)} axes of {' x '.join(map(str, shape))} that nobody names; save "
            "the volume that is meant by itself"
        )
    return axes


def _chosen(data, axes: str, choice: Choice, source: str, **more) -> Stored:
    """What is chosen of an array that is read as it is indexed."""
    whole = choice if choice.page is not None else choice._replace(page="all")
    index, kept = picked(axes, data.shape, whole, source)
    check_size(
        [n for n, part in zip(data.shape, index, strict=True) if isinstance(part, slice)],
        choice.most,
        source,
    )
    array, kept = ordered(np.asarray(data[index]), kept)
    return Stored(array, kept, **more)


def read_hdf5(path: Path, choice: Choice) -> Stored:
    """Read an array of an HDF5 file; links to other files are not followed."""
    import h5py

    with (
        fenced(f"{path.name}: the file is truncated or damaged", MicrographError),
        h5py.File(path, "r") as file,
    ):
        names = []

        def note(name, item) -> None:
            if isinstance(item, h5py.Dataset) and item.ndim >= 2 and item.dtype.kind in "buif":
                names.append(name)

        file.visititems(note)
        data = file[_named(names, choice.dataset and choice.dataset.strip("/"), path.name)]
        if data.external or data.is_virtual:
            raise MicrographError(
                f"{path.name}: {data.name} lies in other files; copy it into this one"
            )
        tags = data.attrs.get("axistags")
        axes = _axes_of(
            data.shape,
            None if tags is None else [tag["key"] for tag in json.loads(tags)["axes"]],
            path.name,
        )
        size = data.attrs.get("element_size_um")
        spaced = {} if size is None else _spaced(np.ravel(size)[::-1], "um")
        said_by = "HDF5 metadata" if spaced.get("edges") else ""
        return _chosen(data, axes, choice, path.name, said_by=said_by, **spaced)


def read_zarr(path: Path, choice: Choice) -> Stored:
    """Read an array of a Zarr folder, by default the finest of an OME-Zarr."""
    with needs("images"):
        import zarr

    with fenced(f"{path.name}: the folder is no Zarr, or damaged", MicrographError):
        root = zarr.open(str(path), mode="r")
        names, spaced, said_by = None, {}, ""
        if isinstance(root, zarr.Group):
            settings = dict(root.attrs)
            scales = settings.get("ome", settings).get("multiscales")
            if scales and choice.dataset is None:
                first = scales[0]["datasets"][0]
                data = root[first["path"]]
                names = [axis["name"] for axis in scales[0]["axes"]]
                spaced = _ome_scale(scales[0]["axes"], first)
                said_by = "OME-Zarr metadata" if spaced.get("edges") else ""
            else:
                held = [
                    name
                    for name, array in root.members(max_depth=None)
                    if isinstance(array, zarr.Array)
                    and array.ndim >= 2
                    and array.dtype.kind in "buif"
                ]
                data = root[_named(held, choice.dataset and choice.dataset.strip("/"), path.name)]
        else:
            data = root
        axes = _axes_of(data.shape, names, path.name)
        return _chosen(data, axes, choice, path.name, said_by=said_by, **spaced)


def _ome_scale(axes: list[dict], dataset: dict) -> dict:
    """Edges along X, Y, Z that OME-Zarr's axes and scale say."""
    scale = next(
        change["scale"]
        for change in dataset["coordinateTransformations"]
        if change["type"] == "scale"
    )
    edges = {
        axis["name"].upper(): (value, axis.get("unit"))
        for axis, value in zip(axes, scale, strict=True)
        if axis.get("type") == "space"
    }
    values = [edges[name][0] for name in "XYZ" if name in edges]
    units = {unit for _, unit in edges.values()}
    return _spaced(values, units.pop() if len(units) == 1 else None)
