"""Spectra from the files that instruments and spreadsheets write.

A table is found in whatever stands around it, its columns by their names (:mod:`.columns`), its
separator and decimal mark by its numbers. What was taken for what is told in one line, so that a
reader can see a mistake; what could mean two things is refused by name.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rampore.checks import nearest, quantity
from rampore.extras import needs
from rampore.impedance.columns import Column, column, is_unit
from rampore.impedance.kramers_kronig import kramers_kronig
from rampore.impedance.spectrum import FEWEST, ImpedanceError, Spectrum
from rampore.untrusted import MOST_BYTES, fenced, regular, text

#: More lines than this are no file of spectra, nor are longer ones [characters].
MOST_LINES, LONGEST_LINE = 20_000, 2**16
#: Lines by which the separator is chosen.
SAMPLE = 400
#: A step back by more than this factor in frequency begins another spectrum.
RESTART = 10.0
#: A sign is turned where the other one breaks Kramers and Kronig's relations this much more.
CLEARLY = 3.0

SEPARATORS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma", " ": "blank"}
_NUMBER = re.compile(
    r"[+\-−]?(\d[\d.,'’\u00a0\u202f]*|[.,]\d+)([eEdD][+\-−]?\d{1,4})?", flags=re.ASCII
)
_THOUSANDS = {
    mark: re.compile(rf"[+-]?\d{{1,3}}(\{other}\d{{3}})+(\{mark}\d*)?([eE].*)?")
    for mark, other in ((".", ","), (",", "."))
}
#: Places of frequency, real and imaginary part in tables without names, by the word that the file
#: begins with.
UNNAMED = {"ZPLOT2 ASCII": (0, 4, 5)}
#: Names of IviumSoft's own files.
IVIUM = (".idf", ".ids")
_ORDER = ("frequency", "real", "imaginary")
_FORMS = (("real", "imaginary"), ("modulus", "phase"))

Cell = str | float


class Reading(NamedTuple):
    """A spectrum, and how its file was understood."""

    spectrum: Spectrum
    understood: str  #: what was taken for what, in one line
    notes: tuple[str, ...]  #: what was left out or turned
    areal: bool  #: whether the file has resistances times area


class _Table(NamedTuple):
    """Rows of cells, and how they were parted."""

    rows: list[list[Cell]]
    first: str  #: the first line
    parted: str  #: by what
    decimal: str  #: mark


def read(
    path: str | Path,
    *,
    area: float | None = None,
    loop: int | None = None,
    sheet: str | None = None,
) -> Reading:
    """Read a spectrum, and say how its file was understood.

    A text in any of the usual encodings, packed by gzip or bzip2 or not, or a workbook of Excel
    (``.xlsx``). It has at most 32 MB and `MOST_LINES` lines. Columns are found by their names, in
    any order: frequency or angular frequency; real and imaginary part, or modulus and phase. Units
    stand in the names or in the row below. Three columns without names are frequency, real and
    imaginary part. Comments and what stands above and below the table are passed over.

    Parameters
    ----------
    path : path
    area : float, optional
        Of the electrode, by which a resistance times an area is divided [m2].
    loop : int, optional
        Which of several spectra in the file, from 1.
    sheet : str, optional
        Which sheet of a workbook; by default the one that holds a spectrum.

    Raises
    ------
    ImpedanceError
        Where the file cannot be read, holds no spectrum or several, or an area is missing.
    """
    if area is not None:
        quantity("area", area, ImpedanceError, above=0, unit="m2")
    if loop is not None:
        quantity("loop", loop, ImpedanceError, at_least=1, whole=True)
    path = regular(path, ImpedanceError)
    try:
        if zipfile.is_zipfile(path):
            found = _of_sheets(_sheets(path), sheet)
        elif sheet is not None:
            raise ImpedanceError("sheet (--sheet) would have no effect: it is no workbook of Excel")
        else:
            own = path.suffix.lower() in IVIUM
            content = text(path, ImpedanceError, encoding="cp1252", zeros=own)
            found = _spectra(_text_table(_ivium(content) if own else content))
        return _chosen(found, area, loop)
    except ImpedanceError as error:
        said = str(error)
        raise ImpedanceError(said if str(path) in said else f"{path}: {said}") from None


def read_spectrum(
    path: str | Path,
    *,
    area: float | None = None,
    loop: int | None = None,
    sheet: str | None = None,
) -> Spectrum:
    """Read a spectrum, see :func:`read`."""
    return read(path, area=area, loop=loop, sheet=sheet).spectrum


# ── Texts and workbooks to rows of cells ─────────────────────────────────────────────────────────


def _ivium(content: str) -> str:
    """The tables in a file of IviumSoft: what follows ``primary_data``, the number of columns, here
    three, and that of rows; each of impedances by the method that stands before it.
    """
    tables = []
    for place in re.finditer(r"(?m)^primary_data\s*\n\s*3\s*\n\s*(\d{1,6})\s*\n", content):
        methods = re.findall(r"(?m)^Method=(.*?)\s*$", content[: place.start()])
        if methods[-1:] == ["Impedance"]:
            rows = content[place.end() :].splitlines()[: int(place[1])]
            tables += ["Z'/Ohm\tZ''/Ohm\tf/Hz", *("\t".join(row.split()) for row in rows)]
    if not tables:
        raise ImpedanceError("no impedance is among the data of this file of IviumSoft")
    return "\n".join(tables)


def _text_table(content: str) -> _Table:
    lines = content.splitlines()
    if len(lines) > MOST_LINES:
        raise ImpedanceError(
            f"{len(lines)} lines are no file of spectra, which has at most {MOST_LINES}: thin it"
        )
    if (longest := max(map(len, lines), default=0)) > LONGEST_LINE:
        raise ImpedanceError(f"no table of columns: one of its lines has {longest} characters")
    sample = lines[:: 1 + len(lines) // SAMPLE]
    rows = {mark: [_split(line, mark) for line in sample] for mark in SEPARATORS}
    filled = {
        mark: sum(sum(map(_like_number, row)) >= 3 for row in parted)
        for mark, parted in rows.items()
    }
    separator = max(filled, key=filled.__getitem__)
    if not filled[separator]:
        raise ImpedanceError(
            "is not a table of frequency, real and imaginary part: no line has three numbers"
        )
    numbers = [list(filter(_like_number, row)) for row in rows[separator]]
    decimal = _decimal_mark([cell for row in numbers if len(row) >= 3 for cell in row], separator)
    table = [_split(line, separator) for line in lines]
    return _Table(table, lines[0] if lines else "", SEPARATORS[separator], decimal)


def _split(line: str, separator: str) -> list[Cell]:
    if separator == " ":
        return list(line.split())
    if separator not in line:
        return [line.strip().strip('"')]
    try:
        cells = next(csv.reader([line], delimiter=separator))
    except (csv.Error, StopIteration):  # a quote that is no quote
        cells = line.split(separator)
    return [cell.strip() for cell in cells]


def _like_number(cell: Cell) -> bool:
    return not isinstance(cell, str) or bool(_NUMBER.fullmatch(cell))


def _decimal_mark(cells: Sequence[Cell], separator: str) -> str:
    """The decimal mark of a table: the one of which no other reading is possible."""
    written = {cell for cell in cells if isinstance(cell, str)}
    surely = {
        mark: any(mark in cell and not _grouped(cell, mark) for cell in written)
        for mark in (".", ",")
    }
    if surely["."] and surely[","]:
        raise ImpedanceError(
            "some of its numbers have a decimal comma, and some a decimal point: write one of them"
        )
    if surely[","]:
        return ","
    only_commas = any("," in cell for cell in written) and not surely["."]
    return "," if only_commas and separator != "," else "."


def _grouped(cell: str, mark: str) -> bool:
    """Whether a mark in a number may part its thousands."""
    other = "," if mark == "." else "."
    return bool(_THOUSANDS[other].fullmatch(cell.replace("−", "-")))


def _number(cell: Cell, decimal: str) -> float | None:
    if not isinstance(cell, str):
        return float(cell)
    if not _NUMBER.fullmatch(cell):
        return None
    plain = re.sub("['’\u00a0\u202f]", "", cell).replace("−", "-")
    other = "," if decimal == "." else "."
    if other in plain and not _THOUSANDS[decimal].fullmatch(plain):
        return None
    plain = plain.replace(other, "").replace(decimal, ".")
    try:
        return float(plain.lower().replace("d", "e"))
    except ValueError:  # two decimal marks
        return None


def _sheets(path: Path) -> dict[str, _Table]:
    """The sheets of a workbook."""
    damaged = "the workbook is damaged, or none of Excel's .xlsx"
    with fenced(damaged, ImpedanceError), zipfile.ZipFile(path) as packed:
        size = sum(each.file_size for each in packed.infolist())
    if size > MOST_BYTES:
        raise ImpedanceError(f"a workbook of {size // 2**20} MB is no table of measured values")
    with needs("spectra"):
        from openpyxl import load_workbook
    with fenced(damaged, ImpedanceError):
        book = load_workbook(path, read_only=True, data_only=True)
        tables = {}
        for each in book.worksheets:
            rows = []
            for row in each.iter_rows(values_only=True):
                if len(rows) == MOST_LINES:
                    raise ImpedanceError(f"the sheet {each.title!r} has too many rows: thin it")
                rows.append([_sheet_cell(cell) for cell in row])
            cells = [cell for row in rows for cell in row if isinstance(cell, str)]
            marks = _decimal_mark([cell for cell in cells if _like_number(cell)], ";")
            tables[each.title] = _Table(rows, "", f"sheet {each.title!r}", marks)
        book.close()
    return tables


def _sheet_cell(cell: object) -> Cell:
    number = isinstance(cell, int | float) and not isinstance(cell, bool)
    return float(cell) if number else "" if cell is None else str(cell).strip()


# ── Rows of cells to spectra ─────────────────────────────────────────────────────────────────────


class _Block(NamedTuple):
    """The rows below one heading, as numbers."""

    columns: tuple[Column, ...]  #: frequency, then two of the impedance
    values: np.ndarray  #: (n, 3), as written
    loops: np.ndarray  #: (n,) what the file itself counts
    notes: tuple[str, ...]


class _Spectra(NamedTuple):
    table: _Table
    blocks: tuple[_Block, ...]


def _of_sheets(tables: dict[str, _Table], sheet: str | None) -> _Spectra:
    if sheet is not None:
        if sheet not in tables:
            raise ImpedanceError(f"there is no sheet {sheet!r}{nearest(sheet, tables)}")
        return _spectra(tables[sheet])
    found, refusals = {}, []
    for name, table in tables.items():
        try:
            found[name] = _spectra(table)
        except ImpedanceError as error:
            refusals.append(f"sheet {name!r}: {error}")
    if not found:
        raise ImpedanceError("; ".join(refusals) or "the workbook is empty")
    if len(found) > 1:
        raise ImpedanceError(
            f"several sheets hold spectra, {', '.join(map(repr, found))}: choose one by sheet "
            "(--sheet)"
        )
    return next(iter(found.values()))


def _spectra(table: _Table) -> _Spectra:
    heads = list(_heads(table))
    blocks = []
    for place, (row, columns, places) in enumerate(heads):
        end = heads[place + 1][0] if place + 1 < len(heads) else len(table.rows)
        blocks.append(_block(table, row + 1, end, columns, places))
    if not heads:
        blocks.append(_unnamed(table))
    blocks = [block for block in blocks if len(block.values)]
    if not blocks:
        raise ImpedanceError("there are headings, and no numbers below them")
    return _Spectra(table, tuple(blocks))


def _heads(table: _Table) -> Iterator[tuple[int, tuple[Column, ...], list[int]]]:
    """The rows that name a spectrum's columns: row, columns, and their places."""
    for row, cells in enumerate(table.rows):
        names = [str(cell) for cell in cells if isinstance(cell, str)]
        if len(names) < 3 and not re.search("(?i)f", " ".join(names)):
            continue
        below = table.rows[row + 1] if row + 1 < len(table.rows) else []
        units = [str(cell) for cell in below] if any(map(is_unit, map(str, below))) else []
        for parted in (cells, _words(names)):
            if found := _columns(parted, units if len(units) >= len(parted) else []):
                yield row, *found
                break


def _words(names: list[str]) -> list[Cell]:
    """Names in one cell that are parted by blanks, their units beside them."""
    line = " ".join(names).strip().strip('"').strip()
    return list(re.split(r"(?<![/])\s+(?![(\[/])", line))


def _columns(cells: list[Cell], units: list[str]) -> tuple[tuple[Column, ...], list[int]] | None:
    """The columns of a spectrum among headings, with their places; the loop's last, if it is
    counted.
    """
    if sum(map(_like_number, cells)) > len(cells) / 2:
        return None
    named: dict[str, list[tuple[int, Column]]] = {}
    for place, cell in enumerate(cells):
        cell = re.sub(r"^[#%*;\s]+|^Definition=", "", str(cell))
        if found := column(cell, units[place] if units else ""):
            named.setdefault(found.kind, []).append((place, found))
    form = next((form for form in _FORMS if named.keys() >= set(form)), None)
    axis = next((kind for kind in ("frequency", "angular frequency") if kind in named), None)
    if form is None or axis is None:
        return None
    chosen = [_only(named[kind]) for kind in (axis, *form)]
    chosen += named.get("loop", [])[:1]
    for _, each in chosen:
        if not np.isfinite(each.factor):
            raise ImpedanceError(
                f"the column {each.heading!r} has the unit {each.unit!r}, which is none of its "
                "kind: Hz or rad/s, ohm or ohm cm2 (with m, k, M before it), deg or rad are read"
            )
    if chosen[1][1].areal != chosen[2][1].areal and form == _FORMS[0]:
        raise ImpedanceError(
            f"{chosen[1][1].heading!r} and {chosen[2][1].heading!r} differ by an area"
        )
    return tuple(each for _, each in chosen), [place for place, _ in chosen]


def _only(candidates: list[tuple[int, Column]]) -> tuple[int, Column]:
    """The one column of its kind; resistances count before those times an area."""
    known = [each for each in candidates if np.isfinite(each[1].factor)] or candidates
    plain = [each for each in known if not each[1].areal] or known
    if len(plain) > 1:
        names = " and ".join(repr(each.heading) for _, each in plain)
        raise ImpedanceError(f"the columns {names} say the same: keep one of them")
    return plain[0]


def _block(
    table: _Table, first: int, end: int, columns: tuple[Column, ...], places: list[int]
) -> _Block:
    """The numbers below a heading; a row without numbers is a comment, an incomplete one at the end
    is a foot.
    """
    rows, numbers, broken = [], [], []
    for row in range(first, end):
        cells = table.rows[row]
        if str(cells[0] if cells else "").startswith(("#", "%", "//")):
            continue
        values = [
            _number(cells[place], table.decimal) if place < len(cells) else None for place in places
        ]
        if None not in values:
            rows.append(row)
            numbers.append(values)
        elif any(value is not None for value in values) or sum(map(_like_number, cells)) >= 3:
            broken.append(row)
    notes = []
    inner = [row for row in broken if rows and rows[0] < row < rows[-1]]
    if inner:
        cells = table.rows[inner[0]]
        raise ImpedanceError(
            f"line {inner[0] + 1} has no number in each of the columns "
            f"{', '.join(repr(each.heading) for each in columns[:3])}: "
            f"{' '.join(map(str, cells))!r:.80}"
        )
    if outer := [row + 1 for row in broken if rows and row > rows[-1]]:
        notes.append(f"line {outer[0]} and what follows it is incomplete and left out")
    values = np.array(numbers, float).reshape(len(numbers), len(places))
    loops = values[:, 3] if len(places) == 4 else np.zeros(len(values))
    return _Block(columns[:3], values[:, :3], loops, tuple(notes))


def _unnamed(table: _Table) -> _Block:
    """Numbers without headings that say something: frequency, real and imaginary part in that
    order.
    """
    filled = [
        row
        for row, cells in enumerate(table.rows)
        if sum(_number(cell, table.decimal) is not None for cell in cells) >= 3
    ]
    if not filled:
        raise ImpedanceError("is not a table of frequency, real and imaginary part")
    width = len(table.rows[filled[-1]])
    first = next(row for row in filled if len(table.rows[row]) == width)
    known = UNNAMED.get(table.first.strip())
    places = list(known or range(3))
    above = table.rows[first - 1] if first and not known else []
    for place, cell in enumerate(above):
        found = column(str(cell)) if not _like_number(cell) else None
        if found and found.kind not in ("loop", *_ORDER[place : place + 1]):
            raise ImpedanceError(
                f"the heading {found.heading!r} is known, and the others are not: name frequency, "
                "real and imaginary part (or modulus and phase)"
            )
    if width > 3 and not known:
        counted = [_number(table.rows[row][0], table.decimal) for row in filled]
        if width == 4 and counted in (list(range(len(filled))), list(range(1, len(filled) + 1))):
            places = [1, 2, 3]
        else:
            raise ImpedanceError(
                f"{width} columns, of which none is named as frequency, real or imaginary part: "
                "write a heading above them"
            )
    columns = tuple(
        Column(kind, 1.0, False, f"column {place + 1}", "")
        for kind, place in zip(_ORDER, places, strict=True)
    )
    return _block(table, first, len(table.rows), columns, places)


# ── Loops, signs, and what is said of them ───────────────────────────────────────────────────────


def _chosen(found: _Spectra, area: float | None, loop: int | None) -> Reading:
    parts = [part for block in found.blocks for part in _loops(block)]
    usable = [part for part in parts if part.values.shape[0] >= FEWEST] or parts[:1]
    if loop is None and len(usable) > 1:
        raise ImpedanceError(
            f"{len(usable)} spectra, one after another: choose one by its number, loop (--loop) "
            f"1 to {len(usable)}"
        )
    if loop is not None and loop > len(usable):
        raise ImpedanceError(f"loop {loop} of {len(usable)}: there are no more")
    part = usable[(loop or 1) - 1]
    columns, values = part.columns, part.values
    areal = columns[1].areal
    if areal and area is None:
        raise ImpedanceError(
            f"the column {columns[1].heading!r} is a resistance times an area: give the area of "
            "the electrode by which to divide it (area, --area-cm2)"
        )
    scaled = values * [each.factor for each in columns]
    f, one, two = scaled.T
    z = one + 1j * two if columns[1].kind == "real" else one * np.exp(1j * two)
    spectrum = Spectrum(f, z / area if areal else z)
    spectrum, turned = _signed(spectrum, columns)
    notes = list(part.notes)
    if turned:
        notes.append(f"the sign of {columns[2].heading!r} is turned: only so it is an impedance")
    if len(usable) > 1:
        notes.append(f"spectrum {loop} of {len(usable)} in the file")
    return Reading(spectrum, _understood(found.table, columns, spectrum), tuple(notes), areal)


def _loops(block: _Block) -> Iterator[_Block]:
    """The spectra among the rows of a block: as the file counts them, where the frequency starts
    again, and where it is there a second time.
    """
    f = block.values[:, 0]
    still = f == 0
    notes = block.notes
    if still.any():
        which = "a row" if still.sum() == 1 else f"{still.sum()} rows"
        notes = (*notes, f"{which} at 0 Hz, which is no impedance, left out")
        kept = block.values[~still]
        block = block._replace(values=kept, loops=block.loops[~still])
        f = kept[:, 0]
    if not f.size:
        raise ImpedanceError("all frequencies are 0")
    # a column that counts every row counts no loops
    counted = block.loops if np.unique(block.loops).size <= f.size / FEWEST else np.zeros(f.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.diff(np.log(np.abs(f)))
    forward = np.sign(np.median(steps)) if steps.size else 1.0
    restart = (forward * steps < -np.log(RESTART)) | (np.diff(counted) != 0)
    part = np.concatenate([[0], np.cumsum(restart)])
    occurrence = np.zeros(f.size, int)
    seen: dict[tuple[int, float], int] = {}
    for row, key in enumerate(zip(part.tolist(), f.tolist(), strict=True)):
        occurrence[row] = seen[key] = seen.get(key, -1) + 1
    for key in sorted(set(zip(part.tolist(), occurrence.tolist(), strict=True))):
        mask = (part == key[0]) & (occurrence == key[1])
        yield block._replace(values=block.values[mask], loops=block.loops[mask], notes=notes)


def _signed(spectrum: Spectrum, columns: tuple[Column, ...]) -> tuple[Spectrum, bool]:
    """The spectrum with the sign of its imaginary part that causality allows, and whether it was
    turned; a heading that says the sign is believed or refused.
    """
    other = Spectrum(spectrum.frequency, spectrum.impedance.conj())
    try:
        ours, theirs = (kramers_kronig(each).rms for each in (spectrum, other))
        wrong = ours > CLEARLY * theirs
    except ImpedanceError:  # too few frequencies to test
        slow = spectrum.impedance.imag[spectrum.frequency.size // 2 :]
        wrong = bool((slow > 0).all())
    if not wrong:
        return spectrum, False
    if columns[2].factor < 0 and columns[2].kind == "imaginary":
        raise ImpedanceError(
            f"the column {columns[2].heading!r} has the sign that its name denies: an impedance "
            "with it would answer before it is asked; take the minus sign out of the heading"
        )
    return other, True


def _understood(table: _Table, columns: tuple[Column, ...], spectrum: Spectrum) -> str:
    names = {"angular frequency": "frequency", "real": "real part", "imaginary": "imaginary part"}
    said = ", ".join(
        f"{names.get(each.kind, each.kind)} from {each.heading!r}" + _converted(each)
        for each in columns
    )
    mark = "comma" if table.decimal == "," else "point"
    f = spectrum.frequency
    return (
        f"{said}; parted by {table.parted}, decimal {mark}; {f.size} frequencies, {f[0]:g} to "
        f"{f[-1]:g} Hz"
    )


def _converted(each: Column) -> str:
    factor = abs(each.factor)
    turned = ", minus sign" if each.factor < 0 else ""
    scale = "" if each.kind == "phase" or factor == 1 else f" x {factor:.6g}"
    return f"{scale}{turned}" and f" ({(scale + turned).strip(' ,')})"
