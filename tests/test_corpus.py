"""What goes wrong with files and calls: each ends in a result or in one line, soon, and in little
memory.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import damage
import pytest
from conftest import ROOT

from rampore import RamporeError, cli
from rampore.audit import claims
from rampore.audit.ledger import read_ledger
from rampore.lim2026 import LEDGER

CASES = ROOT / "tests" / "data" / "cases"
#: Of one call, libraries loaded: processor time, and time on the clock of a machine that does other
#: things too [s].
SECONDS, PATIENCE = 20.0, 300.0


class Case(NamedTuple):
    """A call in which FILE, OUT and FOLDER stand for paths, and what is in the file."""

    call: str
    content: bytes | None = None
    name: str = "file"


#: Where a command draws.
DRAWING = {
    "diffuse": ["commands.diffuse"],
    "foil": ["commands.foil"],
    "impedance": ["commands.impedance"],
    "pores": ["commands.pores", "figures.pores"],
}


class TooLong(BaseException):
    """No reader's fence catches it."""


@contextmanager
def bounded():
    def end(*_):
        raise TooLong

    before = [(number, signal.signal(number, end)) for number in (signal.SIGVTALRM, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before:
            signal.signal(number, handler)


@pytest.fixture
def ends_well(tmp_path, capsys, monkeypatch):
    """Runs a case and holds it to its end; figures, discharges, chapters and sweeps are other
    tests' affair.
    """

    def reached(*_, **__):
        raise RamporeError("the computation was reached")

    def without_figures(*_, **__):
        return {}

    monkeypatch.chdir(tmp_path)

    def run(case):
        words = case.call.split(" ")
        for drawing in DRAWING.get(words[0], ()):
            monkeypatch.setattr(f"rampore.{drawing}.render_both", without_figures)
        if words[0] in ("discharge", "simulate"):
            monkeypatch.setattr("rampore.p4d.solution.simulate", reached)
        if words[0] == "reproduce":
            monkeypatch.setattr("rampore.audit.reproduce._run_all", reached)
        if words[0] == "sweep":
            monkeypatch.setattr("rampore.sweep.run", reached)
        file = tmp_path / case.name
        if case.content is not None:
            file.write_bytes(case.content)
        places = {"FILE": str(file), "FOLDER": str(tmp_path), "OUT": str(tmp_path / "out")}
        with bounded():
            try:
                code = cli.main([places.get(word, word.replace("␣", " ")) for word in words])
            except SystemExit as ended:
                code = ended.code
        shown = capsys.readouterr()
        lines = shown.err.splitlines()
        final = [
            line
            for line in lines
            if line.startswith("rampore: ") and not line.startswith("rampore: note: ")
        ]
        final += [
            line for line in lines if line.startswith("rampore ") and line.endswith(" --help")
        ]
        assert "Traceback" not in shown.err
        assert "--debug and report" not in shown.err
        assert all(line.startswith("rampore") for line in lines), lines
        if code == 0:
            assert not final
            assert "-o" not in words or any((tmp_path / "out").glob("*.json"))
        else:
            assert code in (1, 2)
            assert len(final) == 1
            assert final[0] == lines[-1]
        return code, lines

    return run


# Files of every kind, and the calls that read them

PORES = "pores FILE --pores dark --pixel-um 0.1 -o OUT"
DIFFUSE = "diffuse FILE --phase 1 -o OUT"
BLOCKING = "impedance FILE --model blocking -o OUT"
CIRCUIT = "impedance FILE --model circuit -o OUT"
PARAMETERS = "parameters --cell FILE"
DISCHARGE = "discharge FILE -o OUT"
SIMULATE = "simulate FILE Rest␣for␣1␣s -o OUT"
RECIPE = "pores FILE --pores dark --pixel-um 0.1 -o OUT --recipe"
READERS = {
    "pores": PORES,
    "diffuse": DIFFUSE,
    "foil": "foil FILE --holes dark --pixel-um 1 -o OUT",
    "impedance": BLOCKING,
    "parameters": PARAMETERS,
    "discharge": DISCHARGE,
    "simulate": SIMULATE,
    "protocol": f"simulate {CASES / 'cells' / 'contact_string.json'} FILE -o OUT",
    "measured": f"simulate {CASES / 'cells' / 'contact_string.json'} Rest␣for␣1␣s -o OUT "
    "--measured FILE",
    "recipe": PORES.replace("FILE", str(CASES / "images" / "imagej_96dpi_inch.tif"))
    + " --recipe FILE",
    "claims": "claims --output FOLDER",
}


def damaged_images():
    for name, content in damage.images().items():
        for number, (what, changed) in enumerate(damage.truncated(content, 8).items()):
            yield f"{name} {what}", Case(DIFFUSE if number % 2 else PORES, changed, name)
        for number, (what, changed) in enumerate(damage.flipped(content, 8).items()):
            page = "--page 1" if number % 3 == 1 else ""
            yield (
                f"{name} {what}",
                Case(" ".join([PORES if number % 2 else DIFFUSE, page]).strip(), changed, name),
            )
    good = damage.images()
    for taken, called in (
        ("a.png", "a.npy"),
        ("a.npz", "a.npy"),
        ("a.npy", "a.npz"),
        ("plain.tif", "a.npz"),
    ):
        yield f"{taken} called {called}", Case(DIFFUSE, good[taken], called)
    for number, header in enumerate(
        ("(8, 10", "(8.5, 10)", "(-8, -10)", "((((8, 10))))", "(10**12,)", "(True, 80)")
    ):
        content = good["a.npy"].replace(b"(8, 10)", header.encode().ljust(7)[:16])
        yield f"npy header {number}", Case(DIFFUSE, content, "a.npy")
    for kind in ("|O", "<M8", "<c8", "|S1", "|V80"):
        content = good["a.npy"].replace(b"|u1", kind.encode())
        yield f"npy of {kind}", Case(DIFFUSE, content, "a.npy")
    yield (
        "a program in place of an image",
        Case(DIFFUSE, b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a.png"),
    )


def damaged_spectra():
    rows = damage.spectrum()
    content = "\n".join(rows).encode()
    for what, changed in (damage.truncated(content, 12) | damage.encoded("\n".join(rows))).items():
        yield f"spectrum {what}", Case(BLOCKING, changed)
    for column in range(3):
        for number, odd in enumerate(damage.ODD):
            row = rows[7].split(",")
            row[column] = odd
            changed = [*rows[:7], ",".join(row), *rows[8:]]
            yield (
                f"spectrum with odd value {number} in column {column}",
                Case(BLOCKING, "\n".join(changed).encode()),
            )
    for name, separator in (("tab", "\t"), ("semicolon", ";"), ("blank", " "), ("bar", "|")):
        yield f"spectrum with {name}", Case(BLOCKING, content.replace(b",", separator.encode()))
    yield "spectrum with a quote", Case(BLOCKING, content.replace(b"\n", b'\n"', 3))
    yield "spectrum with a column more", Case(BLOCKING, content.replace(b"\n", b"\n1,"))
    yield (
        "spectrum below zero",
        Case(
            BLOCKING,
            "\n".join([rows[0], *(row.replace(",", ",-", 1) for row in rows[1:])]).encode(),
        ),
    )
    yield "spectrum in pieces of gzip", Case(BLOCKING, content, "a.csv.gz")
    yield "spectrum in pieces of bzip2", Case(BLOCKING, b"BZh9" + content, "a.csv.bz2")
    yield "table that is an image", Case(BLOCKING, damage.images()["a.png"])
    for what, held in (
        ("blanks", b" \n\t\n,\n" * 9),
        ("a workbook cut in half", damage.workbook(rows)[:3000]),
        ("a workbook without sheets", damage.npz_of_zeros(9, (3, 3))),
    ):
        yield f"{what} in place of a spectrum", Case(BLOCKING, held, "a.xlsx")
    for option in ("--loop 2", "--loop 0", "--sheet 1", "--area-cm2 1"):
        yield f"spectrum with {option}", Case(f"{BLOCKING} {option}", content)


def circuits():
    content = "\n".join(damage.spectrum()).encode()
    wrong = [
        "R",
        "r0",
        "X1",
        "R0-",
        "-R0",
        "R0--R1",
        "p(R0)",
        "p(R0,)",
        "p(R0,C0",
        "R0)",
        "(R0,C0)",
        "R0,C0",
        "R0-R0",
        "s(R0,R1)",
        "p()",
        "__import__('os').system('true')",
        "R0.__class__",
        "R0[0]",
        "lambda:0",
        "R0+R1",
        "R0\n-R1",
        "R0;R1",
        "p(" * 200 + "R0" + ",C0)" * 200,
        "-".join(f"R{n}" for n in range(900)),
        "R1234",
        "µ0",
    ]
    for number, circuit in enumerate(wrong):
        yield (
            f"circuit {number}",
            Case(f"{CIRCUIT} --circuit {circuit.replace(' ', '␣')} --guess 1 1 1", content),
        )
    for guess in (
        "1",
        "1 1 1 1 1",
        "nan 1 1 1",
        "1 1 1 1.5",
        "-1 1 1 0.9",
        "1e400 1 1 1",
        "a 1 1 1",
        "0 0 0 0",
    ):
        yield f"guess {guess}", Case(f"{CIRCUIT} --circuit R0-p(R1,CPE1) --guess {guess}", content)
    yield "circuit that fits", Case(f"{CIRCUIT} --circuit R0-CPE1 --guess 10 0.003 0.9", content)


def damaged_cells():
    good = damage.cell()
    content = json.dumps(good).encode()
    for what, changed in (damage.truncated(content, 8) | damage.encoded(json.dumps(good))).items():
        yield f"cell {what}", Case(DISCHARGE, changed)
    places = [
        place
        for place, value in damage.leaves(good)
        if isinstance(value, float) and place[0] != "Header"
    ]
    for number, place in enumerate(places):
        odd = (
            -1.0,
            0,
            "abc",
            None,
            [],
            {},
            True,
            "nan",
            1e400,
            "__import__('os')",
            "9**9**9*x",
            "1/0",
        )[number % 12]
        changed = damage.replaced(good, place, odd)
        yield f"cell with {place[-1]} {odd!r}", Case(DISCHARGE, json.dumps(changed).encode())
    for path in sorted((CASES / "cells").glob("*.json")):
        yield f"case {path.stem}", Case(DISCHARGE.replace("FILE", str(path)))


def damaged_texts():
    for what, changed in (
        damage.truncated(damage.TOML.encode(), 8) | damage.encoded(damage.TOML)
    ).items():
        yield f"parameters {what}", Case(PARAMETERS, changed)
    for odd in (
        "-50",
        "nan",
        "0",
        "1e400",
        '"abc"',
        "[1, 2]",
        "true",
        "{}",
        "1979-05-27",
        "9" * 5000,
    ):
        yield (
            f"parameter {odd[:9]}",
            Case(PARAMETERS, damage.TOML.replace("value = 50", f"value = {odd}").encode()),
        )
    for unit in ("kg", "m9**9**9**9", "", "um um", "µm", "(" * 99, "m**1e9"):
        yield (
            f"unit {unit[:9]}",
            Case(PARAMETERS, damage.TOML.replace('"um"', f'"{unit}"').encode()),
        )
    for what, changed in (
        damage.truncated(damage.RECIPE.encode(), 6) | damage.encoded("treshold = 1")
    ).items():
        yield f"recipe {what}", Case(READERS["recipe"], changed)
    for odd in (
        "no=1",
        "threshold=ots",
        "denoise_size=3",
        "denoise_size=nan␣px",
        "denoise_size=1␣m9**9**9**9",
        "=",
        "a=b=c",
    ):
        yield f"recipe {odd}", Case(f"{RECIPE} {odd}", damage.images()["a.png"], "a.png")
    held = json.dumps(
        [
            claims.record(claim, None) | {"link": "", "cell": None}
            for claim in read_ledger(LEDGER).values()
        ][:2]
    )
    odd = {
        "null": "null",
        "a number": "3",
        "a list": "[3]",
        "an object": "{}",
        "other entries": '[{"id": 1}]',
        "deep": "[" * 99999,
    }
    everything = damage.truncated(held.encode(), 6) | damage.encoded(held)
    for what, changed in (everything | {name: text.encode() for name, text in odd.items()}).items():
        yield f"claims of {what}", Case("claims --output FOLDER", changed, "claims.json")


def wrong_calls():
    image = CASES / "images" / "float32_labels.npy"
    for more in (
        "--axis 2.5",
        "--axis -4",
        "--voxel-um 0",
        "--voxel-um nan",
        "--voxel-um 1e-300",
        "--tolerance nan",
        "--tolerance 1",
        "--tolerance -1",
        "--sides Periodic",
        "--page 0",
        "--page x",
        "--shape 20 24 30",
        "--shape 20 24 30 --dtype float32",
        "--dtype float32",
        "--phase nan",
        "--phase 0.9=inf",
        "--phase 0.9=-1",
        "--phase 99",
        "--unknown",
        "-x",
        "--",
    ):
        yield f"diffuse {more}", Case(f"diffuse {image} --phase 0.9 -o OUT {more}")
    for dtype in ("voxel", "O", "V8", "M8", "f8,f8", "S4", "i4,(2,", "u1" * 50, ""):
        yield (
            f"raw of {dtype[:9]}",
            Case(f"diffuse FILE --phase 1 --shape 2 2 --dtype {dtype} -o OUT", b"1234"),
        )
    for shape in (
        "0 -1",
        "-2 -2",
        "1 1 1 1",
        "4",
        "2.0 2",
        "3000000000 3000000000",
        "2147483647 2147483647",
    ):
        yield (
            f"raw of shape {shape}",
            Case(f"diffuse FILE --phase 1 --shape {shape} -o OUT", b"1234"),
        )
    for more in (
        "--rows 5:5",
        "--rows 5",
        "--rows a:b",
        "--columns 9999:",
        "--page all",
        "--page 3",
        "--pixel-um inf",
    ):
        yield f"pores {more}", Case(f"{PORES} {more}", damage.images()["a.png"], "a.png")
    spectrum = CASES / "spectra" / "plain.csv"
    for more in (
        "--short x",
        "--porosity 0.5",
        "--area-cm2 0",
        "--conductivity nan",
        "--model blocking",
        "--guess",
    ):
        yield f"impedance {more}", Case(f"impedance {spectrum} --model blocking -o OUT {more}")
    for call in (
        "reproduce no-such-chapter",
        "reproduce --study FOLDER",
        "reproduce --study /dev/null",
        f"reproduce collector --study {ROOT} -p no_such_parameter 1 --output OUT",
        f"reproduce collector --study {ROOT} -p hole_diameter_um abc --output OUT",
        f"reproduce collector --study {ROOT} -p hole_diameter_um nan --output OUT",
        f"reproduce collector --study {ROOT} -p hole_diameter_um -3e-6 --output OUT",
        f"reproduce p4d --study {ROOT} -p resolution coarse --output OUT",
        f"reproduce pores --study {ROOT} -p pores_are grey --output OUT",
        f"reproduce impedance --study {ROOT} -p noise None --output OUT",
        "reproduce -p onlyname",
        "sweep",
        "sweep -o",
        "sweep -o FOLDER",
        "sweep -o /dev/null/x.nc",
        "sweep design -o same.nc --journal same.nc",
        "sweep --jobs 0 -o a.nc",
        "sweep --jobs 1e9 -o a.nc",
        "sweep --scheduler nonsense://x -o a.nc",
        "claims no-such-claim --output FOLDER",
        "claims --chapter no-such-chapter --output FOLDER",
        "claims --output /dev/null",
        "claims --output /proc/self/mem",
        "parameters no.such.key",
        "discharge",
        "discharge --c-rate 1 -o OUT",
        "",
        "help",
        "--version extra --nonsense",
        "diffuse --output",
    ):
        yield call.replace(str(ROOT), "ROOT") or "nothing", Case(call)
    cell = json.dumps(damage.cell()).encode()
    for more in (
        "--c-rate nan",
        "--c-rate inf",
        "--c-rate 0",
        "--c-rate x",
        "--collector perforate",
        "--hole-um 50",
        "--foil-um 0 --collector perforated",
        "--pitch-um 1 --collector perforated",
        "--layers 0 1 1",
        "--layers 1 1",
        "--columns -1 2",
        "--lower-cutoff-V nan",
        "--lower-cutoff-V 9",
        "--hole-um nan --collector perforated",
    ):
        yield f"discharge {more}", Case(f"{DISCHARGE} {more}", cell)
    for more in (
        "--soc 1.2",
        "--soc nan",
        "--temperature-C -300",
        "--temperature-C 1e308",
        "--rates",
        "--rates 1",
        "--rates 0",
        "--against bare",
        "--against nothing",
        "--half both",
        "--structure no-such-file",
        "--measured no-such-file",
        "--layers 0 1 1",
    ):
        yield f"simulate {more}", Case(f"{SIMULATE} {more}", cell)
    for protocol in ("no-such-file", "Rest", "Rest␣for", "[[[[␣", "9␣x␣[␣" * 50, "x␣" * 50_000):
        call = SIMULATE.replace("Rest␣for␣1␣s", protocol)
        yield f"protocol {protocol[:12]}", Case(call, cell)


CORPUS = {
    name: case
    for part in (
        damaged_images,
        damaged_spectra,
        circuits,
        damaged_cells,
        damaged_texts,
        wrong_calls,
    )
    for name, case in part()
}


def test_the_corpus_is_large():
    assert len(CORPUS) > 300


@pytest.mark.parametrize("name", CORPUS)
def test_what_is_wrong_ends_in_a_result_or_one_line(name, ends_well):
    ends_well(CORPUS[name])


@pytest.mark.parametrize("path", sorted((CASES / "images").iterdir()), ids=lambda path: path.name)
def test_images_of_others_end_in_a_result_or_one_line(path, ends_well):
    for call in (PORES, DIFFUSE):
        ends_well(Case(call.replace("FILE", str(path))))


@pytest.mark.parametrize("path", sorted((CASES / "spectra").iterdir()), ids=lambda path: path.name)
def test_spectra_of_others_end_in_a_result_or_one_line(path, ends_well):
    call = BLOCKING.replace("FILE", str(path))
    if path.name == "battery.csv":
        call = call.replace("blocking", "circuit --circuit R0-p(R1,C1) --guess 0.01 0.02 1")
    ends_well(Case(call))


# Places that are no files


@contextmanager
def bound_by_modes():
    """Root without its right to read and write what a file's mode forbids, where Linux can lay it
    aside: rights of another kind stay, and so does the owner of files and folders.
    """
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; the same of rights 32 to 63
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # layout of version 3, this thread
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "capset") or libc.capget(header, sets):
        yield
        return
    effective = sets[0]
    sets[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    assert libc.capset(header, sets) == 0
    try:
        yield
    finally:
        sets[0] = effective
        assert libc.capset(header, sets) == 0


def _pipe(place: Path):
    os.mkfifo(place)


def _loop(place: Path):
    place.symlink_to(place)


def _dangling(place: Path):
    place.symlink_to(place.with_name("gone"))


def _device(place: Path):
    place.symlink_to("/dev/zero")


def _locked(place: Path):
    place.write_bytes(b"1,2,3")
    place.chmod(0)
    with suppress(PermissionError), bound_by_modes(), place.open():
        pytest.skip("this system lets root read everything")


NO_FILES = {
    "a folder": Path.mkdir,
    "a pipe": _pipe,
    "a link to itself": _loop,
    "a link to nothing": _dangling,
    "a device without end": _device,
    "nothing": lambda place: None,
    "empty": Path.touch,
    "locked": _locked,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", NO_FILES)
def test_a_place_that_is_no_file_is_named_and_never_waited_for(kind, reader, tmp_path, ends_well):
    name = "claims.json" if reader == "claims" else "a.csv"
    NO_FILES[kind](tmp_path / name)
    with bound_by_modes():
        code, lines = ends_well(Case(READERS[reader], name=name))
    if (kind, reader) == ("empty", "recipe"):
        assert code == 0  # a recipe without a word is the default
    else:
        assert code in (1, 2)
        assert name in lines[-1]


@pytest.mark.parametrize(
    "name", ["two\nlines.csv", "b\udcffad.csv", "x" * 300 + ".csv", "\x1b[31m.csv", "-o"]
)
@pytest.mark.parametrize("reader", READERS)
def test_odd_names_do_no_harm(name, reader, tmp_path, ends_well):
    if len(name) < 200:
        (tmp_path / name).write_bytes(b"no such thing")
    code, _ = ends_well(Case(READERS[reader], name=name))
    assert code in (1, 2)


# What is small and unpacks to much


def bombs(folder: Path) -> dict[str, tuple[str, ...]]:
    """Calls by name, with their files written."""
    import gzip
    import zlib

    def write(name, content):
        (folder / name).write_bytes(content)
        return str(folder / name)

    gib = 1024
    raw = damage.zeros_packed(2 * gib)
    ones = b"\x78\xda" + raw
    png = bytearray(damage.images()["a.png"])
    png[16:24] = (30_000).to_bytes(4, "big") * 2
    png[29:33] = zlib.crc32(png[12:29]).to_bytes(4, "big")
    table = gzip.compress(b"1,2,3\n" * 2**18)
    header = damage.images()["a.npy"].replace(b"(8, 10), }       ", b"(1000000000000,)}", 1)
    laughs = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(
        f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)
    )
    ome = damage.images()["a.ome.tif"].replace(
        b'<?xml version="1.0" encoding="UTF-8"?>', laughs.encode()[:38]
    )
    rows = "\n".join(f"{n},1,-1" for n in range(1, 10**6 + 1)).encode()
    wide = ",".join(map(str, range(10**6))).encode()
    segments = b"Segments=1\n" * 3500
    files = {
        "a picture that claims 900 megapixels": (DIFFUSE, "a.png", bytes(png)),
        "an array that claims 1e12 values": (DIFFUSE, "a.npy", header),
        "an archive of 2 GB": (PORES, "a.npz", damage.npz_of_zeros(2 * gib, (2 * gib, 2**20))),
        "an archive of 2 GB that claims less": (
            PORES,
            "b.npz",
            damage.npz_of_zeros(2 * gib, (30, 30)),
        ),
        "a strip of 2 GB, deflated": (PORES, "a.tif", damage.tiff_strip(ones, 8, (30, 30))),
        "a strip of 1 GB, in LZMA": (
            PORES,
            "b.tif",
            damage.tiff_strip(damage.zeros_in_xz(gib), 34925, (30, 30)),
        ),
        "pages of 2**62 pixels": (DIFFUSE, "c.tif", damage.tiff_strip(b"abc", 1, (2**31, 2**31))),
        "entities in OME metadata": (DIFFUSE, "d.ome.tif", ome),
        "a table of 2 GB, packed": (BLOCKING, "a.csv.gz", table * 1400),
        "a table of zeros, packed": (BLOCKING, "b.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\3" + raw),
        "a spectrum of a million rows": (BLOCKING, "c.csv", rows),
        "a spectrum of a million columns": (BLOCKING, "d.csv", wide + b"\n" + wide),
        "a line without end": (BLOCKING, "e.csv", b"1" * 33_000_000),
        "an export of many segments": (BLOCKING, "f.par", segments),
        "a workbook of 1 GB": (BLOCKING, "g.xlsx", damage.npz_of_zeros(1024, (30, 30))),
        "lists a hundred thousand deep": (DISCHARGE, "a.json", b"[" * 100_000),
        "tables a hundred thousand deep": (PARAMETERS, "a.toml", b"a=" + b"[" * 100_000),
        "a recipe a hundred thousand deep": (READERS["recipe"], "b.toml", b"a=" + b"[" * 100_000),
    }
    out = str(folder / "out")
    return {
        what: tuple(
            {"FILE": write(name, content), "OUT": out}.get(word, word) for word in call.split(" ")
        )
        for what, (call, name, content) in files.items()
    }


#: What is read without what would be large: the rest of an archive, metadata that are no XML.
HARMLESS = {"an archive of 2 GB that claims less", "entities in OME metadata"}
MEMORY = 2 * 2**30  #: that a process may take beyond what its libraries do [B]
CHILD = """
import contextlib, io, json, resource, sys, time
import rampore.commands.diffuse, rampore.commands.discharge, rampore.commands.foil
import rampore.commands.impedance, rampore.commands.pores
import openpyxl, tifffile, PIL.Image
from rampore import cli
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + {memory}, size + {memory}))
for call in json.load(sys.stdin):
    start, said = time.process_time(), io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            code = cli.main(call)
        except SystemExit as ended:
            code = ended.code
    print(json.dumps([code, said.getvalue(), time.process_time() - start]), flush=True)
"""


def test_what_unpacks_to_gigabytes_is_refused_in_a_moment_and_in_little_memory(tmp_path):
    calls = bombs(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(memory=MEMORY)],
        input=json.dumps(list(calls.values())),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    ended = dict(zip(calls, map(json.loads, done.stdout.splitlines()), strict=False))
    assert list(ended) == list(calls), done.stderr[-2000:]
    for what, (code, said, seconds) in ended.items():
        assert code in (1, 2) or what in HARMLESS, (what, said)
        assert "--debug and report" not in said, (what, said)
        assert "Traceback" not in said, (what, said)
        assert all(line.startswith("rampore") for line in said.splitlines()), (what, said)
        assert seconds < 4, (what, seconds)
