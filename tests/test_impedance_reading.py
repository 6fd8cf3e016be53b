"""Files of spectra as instruments and spreadsheets write them, all of one spectrum."""

import bz2
import gzip
import io

import numpy as np
import pytest

from rampore.impedance.columns import column
from rampore.impedance.reading import MOST_LINES, read, read_spectrum
from rampore.impedance.spectrum import ImpedanceError
from rampore.impedance.transmission_line import symmetric_cell

F = np.geomspace(1e5, 0.1, 31)
Z = symmetric_cell(2 * np.pi * F, 10.0, 40.0, 6e-3, 0.92)


def table(heading, columns, separator=",", decimal=".", form="{:.12g}"):
    """A text of a heading and the columns, as a spreadsheet exports it."""
    rows = (separator.join(form.format(cell) for cell in row) for row in zip(*columns, strict=True))
    lines = [row.replace(".", decimal) for row in rows]
    return "\n".join([heading, *lines] if heading else lines) + "\n"


PLAIN = table("f,Re,Im", (F, Z.real, Z.imag))


@pytest.fixture
def found(tmp_path):
    def reading(content, name="a.csv", **options):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read(path, **options)

    return reading


def same(reading):
    np.testing.assert_allclose(reading.spectrum.frequency, F, rtol=1e-10)
    np.testing.assert_allclose(reading.spectrum.impedance, Z, rtol=1e-9)


# Names and units


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm", (F, Z.real, -Z.imag)),
        ("Frequency (Hz),-Z'' (Ohm),Z' (Ohm)", (F, -Z.imag, Z.real)),
        ("Frequency (kHz),Z' (kOhm),Z'' (mΩ)", (F / 1e3, Z.real / 1e3, Z.imag * 1e3)),
        ("f [mHz],Zre [MOhm],Zim [uOhm]", (F * 1e3, Z.real / 1e6, Z.imag * 1e6)),
        ("Index,Time (s),ω (rad/s),Zreal,Zimag", (F, F, 2 * np.pi * F, Z.real, Z.imag)),
        ("Freq,Zmod,Zphz", (F, np.abs(Z), np.angle(Z, deg=True))),
        ("|Z| / Ω,-Phase (°),Frequenz / Hz", (np.abs(Z), -np.angle(Z, deg=True), F)),
        ("frequency_hz,z_mod_ohm,phase_rad", (F, np.abs(Z), np.angle(Z))),
        ("f,Z,Phase (deg),Z',Z''", (F, 9 * F, 9 * F, Z.real, Z.imag)),
        ("f,Re(Zce)/Ohm,Re(Z)/Ohm,Im(Z)/Ohm,Re(Y)/Ohm-1", (F, F, Z.real, Z.imag, F)),
        ('Frequency (Hz),Z\' (Ohms),"Z"" (Ohms)"', (F, Z.real, Z.imag)),
        ("Freq., neg. Zim, Z real", (F, -Z.imag, Z.real)),
        ("f,-Z',Z''", (F, -Z.real, Z.imag)),
        ("Frequency (Hz),a,b,c,Z',Z''", (F, F, F, F, Z.real, Z.imag)),
    ],
)
def test_columns_are_found_by_their_names_and_units_in_any_order(heading, columns, found):
    same(found(table(heading, columns)))


def test_a_unit_is_milli_or_mega_as_it_is_written():
    assert column("Z' (mOhm)").factor == 1e-3
    assert column("Z' (MOhm)").factor == 1e6
    assert column("Z' (MOHM)").factor == 1e6
    assert column("f (mHz)").factor == 1e-3
    assert column("f (MHz)").factor == 1e6


@pytest.mark.parametrize("name", ["time/s", "E Real", "Re(Y)/Ohm-1", "|Zce|/Ohm", "I Range", "Err"])
def test_what_is_no_part_of_an_impedance_is_none(name):
    assert column(name) is None


def test_an_impedance_times_an_area_is_divided_by_the_area_and_asks_for_it(found):
    content = table("f,Z' (Ohm cm2),Z'' (Ω·cm²)", (F, 1.5 * Z.real, 1.5 * Z.imag))
    same(found(content, area=1.5e-4))
    with pytest.raises(ImpedanceError, match=r"Z' \(Ohm cm2\).*--area-cm2"):
        found(content)
    content = table("f,Z' (Ohm),Z'' (Ohm cm2)", (F, Z.real, Z.imag))
    with pytest.raises(ImpedanceError, match="differ by an area"):
        found(content)


@pytest.mark.parametrize(
    ("heading", "message"),
    [
        ("f,Z' (kV),Z''", "has the unit 'kV'"),
        ("f,Z' (Ohm),Z'' (Ohm/cm2)", "has the unit 'Ohm/cm2'"),
        ("f,Re,Re(Z)", r"'Re\(Z\)' is known, and the others are not"),
        ("t,f,x", "'f' is known, and the others are not"),
    ],
)
def test_a_heading_that_means_something_else_is_refused_by_its_name(heading, message, found):
    with pytest.raises(ImpedanceError, match=message):
        found(table(heading, (F, Z.real, Z.imag)))


def test_two_columns_that_say_the_same_are_refused(found):
    with pytest.raises(ImpedanceError, match="'Re' and 'Zreal' say the same"):
        found(table("f,Re,Zreal,Im", (F, Z.real, Z.real, Z.imag)))


@pytest.mark.parametrize(
    "content",
    [
        table("", (F, Z.real, Z.imag)),
        table("", (range(31), F, Z.real, Z.imag)),
        table("a,b,c", (F, Z.real, Z.imag)),
    ],
    ids=["three", "counted", "names that say nothing"],
)
def test_columns_without_names_are_frequency_real_and_imaginary_part(content, found):
    reading = found(content)
    same(reading)
    assert "'column" in reading.understood


def test_more_columns_without_names_are_refused(found):
    with pytest.raises(ImpedanceError, match="5 columns, of which none is named"):
        found(table("", (F, F, F, Z.real, Z.imag)))


# Separators, decimal marks, encodings, what stands around


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("separator", [";", "\t", " ", "|", "  "])
def test_a_separator_and_a_decimal_mark_are_told_by_the_numbers(separator, decimal, found):
    heading = separator.join(("f", "Z'", "Z''"))
    same(found(table(heading, (F, Z.real, Z.imag), separator, decimal)))
    same(found(table("", (F, Z.real, Z.imag), separator, decimal, "{:.12e}")))


def test_thousands_are_parted_by_the_mark_that_is_not_decimal(found):
    for separator, decimal, thousands in (
        (";", ",", "."), ("\t", ".", ","), (";", ".", "'"), (";", ",", "\u202f"),
    ):  # fmt: skip
        content = table("f,Re,Im".replace(",", separator), (F, Z.real, Z.imag), separator, decimal)
        grouped = f"100{thousands}000"
        same(found(content.replace("\n100000", f"\n{grouped}")))
    same(found(PLAIN.replace("\n100000", '\n"100,000"')))


def test_a_file_with_two_decimal_marks_is_refused(found):
    rows = table("f;Re;Im", (F, Z.real, Z.imag), ";").splitlines()
    rows[5] = rows[5].replace(".", ",")
    with pytest.raises(ImpedanceError, match="decimal comma, and some a decimal point"):
        found("\n".join(rows))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"]
)
def test_encodings_are_told_apart(encoding, found):
    content = table("Fréquence (Hz),|Z| (Ohm),Phase (°)", (F, np.abs(Z), np.angle(Z, deg=True)))
    same(found(content.encode(encoding)))
    same(found(content.replace("\n", "\r\n").encode(encoding)))


def test_what_stands_around_a_table_is_passed_over(found):
    lines = PLAIN.splitlines()
    same(found("\n".join(["# cell 4, 25 degC", "# operator x", "", *lines, "", "mean of 3", ""])))
    same(found("\n".join(["Device: 3", "date,1.2.2024", lines[0], "Hz,Ohm,Ohm", *lines[1:]])))
    same(found("\n".join([*lines[:9], "# a comment, 1.5", *lines[9:]])))
    cut = found("\n".join([*lines, "0.05,12.3"]))
    same(cut)
    assert cut.notes == ("line 33 and what follows it is incomplete and left out",)


def test_a_row_of_units_counts(found):
    lines = table("f,Re,Im", (F / 1e3, Z.real / 1e3, Z.imag)).splitlines()
    same(found("\n".join([lines[0], "kHz,kOhm,Ohm", *lines[1:]])))


def test_a_row_that_is_no_numbers_is_refused_by_its_line(found):
    lines = PLAIN.splitlines()
    lines[7] = lines[7].rpartition(",")[0] + ",NaN"
    with pytest.raises(ImpedanceError, match="line 8 has no number in each of the columns"):
        found("\n".join(lines))


def test_a_row_at_0_hertz_is_left_out_and_named(found):
    reading = found(PLAIN + "0,1000000,0\n")
    same(reading)
    assert reading.notes == ("a row at 0 Hz, which is no impedance, left out",)


# Signs


def test_a_sign_that_breaks_causality_is_turned_where_no_heading_says_it(found):
    reading = found(table("f,Z',Z''", (F, Z.real, -Z.imag)))
    same(reading)
    assert "the sign of \"Z''\" is turned" in reading.notes[0]
    few = found(table("f,Z',Z''", (F[::4], Z.real[::4], -Z.imag[::4])))
    np.testing.assert_allclose(few.spectrum.impedance, Z[::4], rtol=1e-9)


def test_a_sign_that_a_heading_says_wrongly_is_refused_by_its_name(found):
    with pytest.raises(ImpedanceError, match="\"-Z''\" has the sign that its name denies"):
        found(table("f,Z',-Z''", (F, Z.real, Z.imag)))


def test_an_inductive_spectrum_keeps_its_sign(found):
    z = 0.1 + 1e-6j * 2 * np.pi * F
    reading = found(table("f,Re,Im", (F, z.real, z.imag)))
    np.testing.assert_allclose(reading.spectrum.impedance, z, rtol=1e-9)


# Several spectra in one file


LOOPS = {
    "one after another": "f,Re,Im\n" + 2 * PLAIN.partition("\n")[2],
    "headings again": PLAIN + "\n" + PLAIN,
    "down and up": PLAIN + "\n".join(PLAIN.splitlines()[:0:-1]),
    "counted": table(
        "cycle number,f,Re,Im",
        ([1] * 31 + [2] * 31, [*F, *0.9 * F], [*Z.real] * 2, [*Z.imag] * 2),
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_of_several_spectra_one_is_chosen(name, found):
    with pytest.raises(ImpedanceError, match=r"2 spectra, one after another: .* 1 to 2"):
        found(LOOPS[name])
    chosen = found(LOOPS[name], loop=1)
    same(chosen)
    assert chosen.notes == ("spectrum 1 of 2 in the file",)
    with pytest.raises(ImpedanceError, match="loop 3 of 2"):
        found(LOOPS[name], loop=3)


# Instruments


def test_exports_of_instruments_are_read(found):
    """Made here after the forms of the programs: EC-Lab, Gamry, ZPlot, CHI, VersaStudio."""
    numbers = [f"{f:.7E}\t{z.real:.7E}\t{-z.imag:.7E}" for f, z in zip(F, Z, strict=True)]
    lab = ["EC-Lab ASCII FILE", "Nb header lines : 4", "", "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\t"]
    lab = "\r\n".join([*lab, *(row.replace(".", ",") + "\t1" for row in numbers), ""])
    gamry = ["EXPLAIN", "VDC\tPOTEN\t0,0\tT\tDC", "OCVCURVE\tTABLE\t2", "\tPt\tT\tVf", "\t#\ts\tV"]
    gamry += ["\t0\t1.5\t0.3", "ZCURVE\tTABLE", "\tPt\tTime\tFreq\tZreal\tZimag"]
    gamry += ["\t#\ts\tHz\tohm\tohm"]
    gamry += [f"\t{n}\t{n}\t{f:.12g}\t{z.real:.12g}\t{z.imag:.12g}" for n, (f, z) in pairs()]
    plot = ["ZPLOT2 ASCII", "  Begin Experiment: 0", "End Comments"]
    plot += [f"{f:.9E}\t1\t0\t{n}\t{z.real:.9E}\t{z.imag:.9E}\t0\t0\t4" for n, (f, z) in pairs()]
    old = ['"ZPlotW Data File: Version 3.2c"', "0,3,0,1,300000,0.005", "31"]
    old += ["\"  Freq(Hz)    Ampl     Bias   Time(Sec)   Z'(a)    Z''(b)    GD   Err   Range\""]
    old += [f"{f:.9E}, 1, 0, {n}, {z.real:.9E}, {z.imag:.9E}, 0, 0, 5" for n, (f, z) in pairs()]
    chi = ["Feb. 20, 2020", "Instrument Model:  CHI660E", "", "Freq/Hz, Z'/ohm, Z\"/ohm, Z/ohm", ""]
    chi += [f"{f:.9e}, {z.real:.9e}, {z.imag:.9e}, {abs(z):.4e}" for f, z in zip(F, Z, strict=True)]
    versa = ["<Segment1>", "Definition=Segment #, E(V), Frequency(Hz), E Real, Z Real, Z Imag, 0"]
    versa += [f"0,0,{f:.12g},1,{z.real:.12g},{z.imag:.12g}" for f, z in zip(F, Z, strict=True)]
    for name, content in (
        ("a.mpt", lab),
        ("a.DTA", "\n".join(gamry)),
        ("a.z", "\n".join(plot)),
        ("b.z", "\n".join(old)),
        ("a.txt", "\n".join(chi)),
        ("a.par", "\n".join([*versa, "</Segment1>"])),
    ):
        reading = found(content, name)
        np.testing.assert_allclose(reading.spectrum.frequency, F, rtol=1e-7, err_msg=name)
        np.testing.assert_allclose(reading.spectrum.impedance, Z, rtol=1e-6, err_msg=name)


def ivium(method, *spectra):
    """The bytes of a file of IviumSoft with these spectra, one after another."""
    parts = [b"\0" * 16 + b"H\0\0\0\r\nPeaks=false"]
    for z in spectra:
        rows = [f"{each.real:.8E}  {each.imag:.8E}\t{f:.8E} " for f, each in zip(F, z, strict=True)]
        head = [f"Method={method}", "Frequencies.freq[1]=100000", "Data Objects    ", "0         "]
        head += ["primary_data    ", "3         ", f"{len(rows)}        "]
        parts.append("\r\n".join([*head, *rows, "Data Options    ", "1", "2", "3"]).encode())
    return b"\r\n".join(parts)


@pytest.mark.parametrize("name", ["a.idf", "a.ids", "A.IDF"])
def test_a_file_of_iviumsoft_is_read_with_the_zero_bytes_that_it_has(found, name):
    reading = found(ivium("Impedance", Z), name)
    np.testing.assert_allclose(reading.spectrum.frequency, F, rtol=1e-7)
    np.testing.assert_allclose(reading.spectrum.impedance, Z, rtol=1e-6)
    two = ivium("Impedance", Z, 2 * Z)
    with pytest.raises(ImpedanceError, match="2 spectra"):
        found(two, name)
    np.testing.assert_allclose(found(two, name, loop=2).spectrum.impedance, 2 * Z, rtol=1e-6)


@pytest.mark.parametrize(
    "content", [b"primary_data\n3\n", ivium("CyclicVoltammetry", Z), b"\0" * 100]
)
def test_a_file_of_iviumsoft_without_an_impedance_is_refused(found, content):
    with pytest.raises(ImpedanceError, match="no impedance is among"):
        found(content, "a.idf")


def pairs():
    return enumerate(zip(F, Z, strict=True))


def workbook(sheets):
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_is_read_and_a_sheet_chosen(found):
    rows = [["cell 4"], [], ["Frequency\n(kHz)", "-Z'' (Ohm)", "Z' (Ohm)"]]
    rows += [[f / 1e3, -z.imag, z.real] for f, z in zip(F, Z, strict=True)]
    german = [["f", "Re", "Im"]]
    german += [
        [f"{x:.12g}".replace(".", ",") for x in (f, z.real, z.imag)] for _, (f, z) in pairs()
    ]
    same(found(workbook({"notes": [["nothing"]], "data": rows}), "a.xlsx"))
    same(found(workbook({"text": german}), "a.xlsx"))
    both = workbook({"one": rows, "two": german})
    with pytest.raises(ImpedanceError, match="several sheets hold spectra, 'one', 'two'"):
        found(both, "a.xlsx")
    same(found(both, "a.xlsx", sheet="two"))
    with pytest.raises(ImpedanceError, match="no sheet 'tow'"):
        found(both, "a.xlsx", sheet="tow")
    with pytest.raises(ImpedanceError, match="no workbook of Excel"):
        found(PLAIN, sheet="one")


def test_what_is_packed_is_read_and_what_is_too_long_is_not(found):
    same(found(gzip.compress(PLAIN.encode()), "a.csv.gz"))
    same(found(bz2.compress(PLAIN.encode()), "a.csv.bz2"))
    with pytest.raises(ImpedanceError, match=f"at most {MOST_LINES}"):
        found("f,Re,Im\n" + "1,2,3\n" * (MOST_LINES + 1))
    with pytest.raises(ImpedanceError, match="one of its lines has"):
        found("f,Re,Im\n" + "1," * 40_000)


def test_it_is_said_what_was_taken_for_what(found, tmp_path):
    content = table("Frequency (kHz);Z' (Ohm);-Z'' (Ohm)", (F / 1e3, Z.real, -Z.imag), ";", ",")
    assert found(content).understood == (
        "frequency from 'Frequency (kHz)' (x 1000), real part from \"Z' (Ohm)\", imaginary part "
        "from \"-Z'' (Ohm)\" (minus sign); parted by semicolon, decimal comma; 31 frequencies, "
        "100000 to 0.1 Hz"
    )
    assert read_spectrum(tmp_path / "a.csv").frequency.size == 31
