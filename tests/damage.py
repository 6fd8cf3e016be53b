"""Small good files of every kind that a command reads, and what can be wrong with them."""

import gzip
import io
import json
import lzma
import random
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np


def labels(shape=(8, 10)):
    """Labels 0 and 1 of which 1 leads through along every axis."""
    label = (np.random.default_rng(3).random(shape) < 0.7).astype(np.uint8)
    label[0], label[..., 0] = 1, 1
    return label


def meta_image(volume):
    header = {
        "ObjectType": "Image",
        "NDims": 3,
        "DimSize": " ".join(map(str, volume.shape[::-1])),
        "ElementType": "MET_UCHAR",
        "ElementSpacing": "0.0001 0.0001 0.0003",
        "CompressedData": True,
        "ElementDataFile": "LOCAL",
    }
    text = "".join(f"{key} = {value}\n" for key, value in header.items())
    return text.encode() + zlib.compress(volume.astype(np.uint8).tobytes())


def nrrd(volume):
    sizes = " ".join(map(str, volume.shape[::-1]))
    text = f"NRRD0004\ntype: uchar\ndimension: 3\nsizes: {sizes}\nencoding: gzip\n\n"
    return text.encode() + gzip.compress(volume.astype(np.uint8).tobytes(), mtime=0)


def hdf5(volume):
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.create_dataset("labels", data=volume, compression="gzip")
    return stream.getvalue()


def vti(volume):
    import pyvista

    grid = pyvista.ImageData(dimensions=volume.shape)
    grid.point_data["labels"] = volume.ravel(order="F")
    with tempfile.TemporaryDirectory() as folder:
        grid.save(Path(folder) / "a.vti")
        return (Path(folder) / "a.vti").read_bytes()


def images():
    """Bytes of the same labels by file name."""
    import tifffile
    from PIL import Image

    def written(save, *arguments, **settings):
        stream = io.BytesIO()
        save(stream, *arguments, **settings)
        return stream.getvalue()

    plain, volume = labels(), labels((4, 8, 10))
    grey = {"photometric": "minisblack"}
    return {
        "plain.tif": written(tifffile.imwrite, plain, **grey),
        "zlib.tif": written(tifffile.imwrite, volume, compression="zlib", predictor=True, **grey),
        "imagej.tif": written(
            tifffile.imwrite, volume, imagej=True, resolution=(10, 10), metadata={"unit": "um"}
        ),
        "a.ome.tif": written(
            tifffile.imwrite,
            volume,
            ome=True,
            metadata={"axes": "ZYX", "PhysicalSizeX": 0.1, "PhysicalSizeXUnit": "um"},
        ),
        "a.png": written(lambda stream: Image.fromarray(plain).save(stream, "png")),
        "palette.png": written(
            lambda stream: Image.fromarray(255 * plain).convert("P").save(stream, "png")
        ),
        "a.jpg": written(lambda stream: Image.fromarray(255 * plain).save(stream, "jpeg")),
        "a.npy": written(np.save, plain),
        "a.npz": written(np.savez_compressed, plain),
        "lzw.tif": written(tifffile.imwrite, volume, compression="lzw", **grey),
        "a.mha": meta_image(volume),
        "a.nrrd": nrrd(volume),
        "a.h5": hdf5(volume),
        "a.vti": vti(volume),
    }


def spectrum(points=31, noise=0.001):
    """A blocking symmetric cell's spectrum as rows of text: frequency [Hz], real and imaginary part
    [ohm].
    """
    from rampore.impedance.transmission_line import symmetric_cell

    f = np.geomspace(1e5, 0.1, points)
    z = symmetric_cell(2 * np.pi * f, 10.0, 40.0, 6e-3, 0.92)
    rng = np.random.default_rng(1)
    z = z * (1 + noise * (rng.standard_normal(points) + 1j * rng.standard_normal(points)))
    return [
        "f / Hz,Z' / ohm,Z'' / ohm",
        *(f"{a:.8g},{b.real:.8g},{b.imag:.8g}" for a, b in zip(f, z, strict=True)),
    ]


def workbook(rows, separator=","):
    """Rows of text as a workbook of Excel, numbers as numbers."""
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        cells = row.split(separator)
        numbers = [cell.replace(".", "").replace("-", "").replace("e", "") for cell in cells]
        book.active.append(
            [float(c) if n.isdigit() else c for c, n in zip(cells, numbers, strict=True)]
        )
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def cell():
    """A BPX file as the format has it, with expressions and a table, small enough to be read in a
    blink.
    """
    x = np.linspace(0, 1, 21)

    def electrode(potential, low, high):
        return {
            "Particle radius [m]": 1e-5,
            "Thickness [m]": 1e-4,
            "Diffusivity [m2.s-1]": 3.9e-14,
            "OCP [V]": potential,
            "Entropic change coefficient [V.K-1]": 0.0,
            "Conductivity [S.m-1]": 50.0,
            "Surface area per unit volume [m-1]": 1.5e5,
            "Porosity": 0.3,
            "Transport efficiency": 0.164,
            "Reaction rate constant [mol.m-2.s-1]": 1e-5,
            "Minimum stoichiometry": low,
            "Maximum stoichiometry": high,
            "Maximum concentration [mol.m-3]": 30000.0,
        }

    return {
        "Header": {"BPX": "1.1.0", "Title": "a cell", "Model": "DFN"},
        "Parameterisation": {
            "Cell": {
                "Electrode area [m2]": 1.0,
                "Number of electrode pairs connected in parallel to make a cell": 1,
                "Nominal cell capacity [A.h]": 24.0,
                "Lower voltage cut-off [V]": 2.5,
                "Upper voltage cut-off [V]": 4.3,
                "Reference temperature [K]": 298.15,
            },
            "Electrolyte": {
                "Cation transference number": 0.4,
                "Diffusivity [m2.s-1]": "5.34e-10*exp(-0.65*x/1000)",
                "Conductivity [S.m-1]": "0.1 + 1.9*(x/1000) - 1.05*(x/1000)**2 + 0.155*(x/1000)**3",
            },
            "Negative electrode": electrode("0.1 + 0.7*exp(-10*x)", 0.05, 0.8),
            "Positive electrode": electrode(
                {"x": x.tolist(), "y": (4.4 - 1.2 * x).tolist()}, 0.4, 0.95
            ),
            "Separator": {"Thickness [m]": 2.5e-5, "Porosity": 0.5, "Transport efficiency": 0.35},
        },
        "State": {
            "Initial conditions": {
                "Initial state-of-charge": 1.0,
                "Initial temperature [K]": 298.15,
                "Initial electrolyte concentration [mol.m-3]": 1000.0,
            },
            "Thermal environment": {"Ambient temperature [K]": 298.15},
        },
    }


TOML = """extends = "study"

[sources.microscope]
citation = "Light microscope, 40 holes"

[perforation.hole_diameter]
value = 50
unit = "um"
source = ["microscope"]
confidence = "own"
"""

RECIPE = """denoise = "median"
denoise_size = "3 px"
threshold = "otsu"
"""

#: Other than numbers where one is expected, as text.
ODD = (
    "",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "abc",
    "-1",
    "0",
    "1,5",
    "１",
    "9" * 400,
    "\x00",
    "=1+1",
    '"',
)


def leaves(tree, path=()):
    """Every value of a tree of dicts and lists with its keys; of a list its first."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    elif isinstance(tree, list):
        yield from leaves(tree[0], (*path, 0))
    else:
        yield path, tree


def replaced(tree, path, value):
    """A copy of a tree with another value at a place; None in place of a path takes all of it."""
    tree = json.loads(json.dumps(tree))
    inner = tree
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return tree


def truncated(content, count):
    """The beginnings of a file, from nothing to all but a byte."""
    places = sorted(
        {0, 1, len(content) - 1, *(len(content) * n // count for n in range(1, count - 2))}
    )
    return {f"cut at {place}": content[:place] for place in places[:count]}


def flipped(content, count, first=256, seed=0):
    """A file with three bytes of its beginning replaced."""
    rng = random.Random(seed)
    made = {}
    for number in range(count):
        changed = bytearray(content)
        for _ in range(3):
            changed[rng.randrange(min(first, len(content)))] = rng.choice(
                [0, 255, 127, 128, rng.randrange(256)]
            )
        made[f"bytes {number} replaced"] = bytes(changed)
    return made


def encoded(text):
    """A text in encodings that are not UTF-8, and with what editors leave in it."""
    return {
        "in UTF-16": text.encode("utf-16"),
        "in UTF-16 without a mark": text.encode("utf-16-le"),
        "in UTF-32": text.encode("utf-32"),
        "with a mark": text.encode("utf-8-sig"),
        "in Latin-1": ("# µ\n" + text).encode("latin-1"),
        "with zero bytes": text.replace("\n", "\0\n").encode(),
        "with carriage returns": text.replace("\n", "\r").encode(),
        "with a bell": text.replace("1", "\a1", 1).encode(),
        "of blanks": b" \n" * 50,
    }


def zeros_packed(count, head=b""):
    """A raw deflate stream of some bytes and `count` MB of zeros, made in a moment: it repeats one
    block.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(head + bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + (count - 1) * block + packer.flush()


def zeros_in_xz(count):
    """An .xz stream of `count` MB of zeros, made in a moment: it repeats one block of 16 MB.

    The index at its end stays that of one block: who comes that far has unpacked all of it.
    """
    whole = lzma.compress(bytes(16 * 2**20), preset=0)
    index = 4 * (int.from_bytes(whole[-8:-4], "little") + 1)  # its size stands in the footer
    block = whole[12 : -12 - index]
    return whole[:12] + block * (count // 16) + whole[-12 - index :]


def npz_of_zeros(count, shape):
    """An archive with one array that holds `count` MB of zeros, whatever shape it claims."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )
    packed, size = zeros_packed(count, head.getvalue()), len(head.getvalue()) + count * 2**20
    common = (20, 0, 8, 0, 0, 0, len(packed), size, 5, 0)
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, *common) + b"a.npy"
    central = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, *common, 0, 0, 0, 0, 0) + b"a.npy"
    end = struct.pack(
        "<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(central), len(local) + len(packed), 0
    )
    return local + packed + central + end


def tiff_strip(packed, compression, shape):
    """A TIFF with one packed strip."""
    rows, columns = shape
    tags = [
        (256, 4, columns),
        (257, 4, rows),
        (258, 3, 8),
        (259, 3, compression),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, rows),
        (279, 4, len(packed)),
    ]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    head = struct.pack("<2sHI", b"II", 42, 8 + len(packed))
    return head + packed + struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
