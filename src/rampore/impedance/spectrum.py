"""One spectrum, and the files it comes from."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rampore import RamporeError
from rampore.checks import choice, quantity
from rampore.extras import needs
from rampore.untrusted import MOST_BYTES, fenced, regular, text

#: Fewer frequencies than this make no spectrum.
FEWEST = 5
#: More than this are no single spectrum.
MOST = 2000
#: Least and greatest frequency [Hz] and modulus [ohm] that any instrument could mean.
FREQUENCIES = (1e-12, 1e15)
MODULI = (1e-18, 1e18)
#: A longer line is no row of a table [characters].
LONGEST_LINE = 2**16
#: Formats that `impedance.preprocessing` reads, with the name that it gives them.
INSTRUMENTS = {
    "autolab": "autolab",
    "biologic": "biologic",
    "chinstruments": "chinstruments",
    "gamry": "gamry",
    "parstat": "parstat",
    "powersuite": "powersuite",
    "versastudio": "versastudio",
    "zview": "zplot",
}


class ImpedanceError(RamporeError, ValueError):
    """A spectrum or a circuit that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class Spectrum:
    """Impedance over frequency, from the highest to the lowest.

    Attributes
    ----------
    frequency : (n,) array
        [Hz]
    impedance : (n,) array of complex
        [ohm]; capacitive where its imaginary part is negative.

    Raises
    ------
    ImpedanceError
        Where a value is not finite or beyond `FREQUENCIES` and `MODULI`, a frequency not positive
        or there twice, or there are fewer than `FEWEST` or more than `MOST`.
    """

    frequency: np.ndarray
    impedance: np.ndarray = field(repr=False)

    def __post_init__(self) -> None:
        try:
            f, z = np.array(self.frequency), np.array(self.impedance, complex)
        except (TypeError, ValueError):
            raise ImpedanceError(
                "a spectrum is a row of frequencies and one of impedances, all numbers"
            ) from None
        f = np.asarray(quantity("frequency", f, ImpedanceError, unit="Hz"), float)
        if f.ndim != 1 or f.shape != z.shape or f.size < FEWEST:
            raise ImpedanceError(
                f"{f.size} frequencies and {z.size} impedances: {FEWEST} or more of each are needed"
            )
        if f.size > MOST:
            raise ImpedanceError(
                f"{f.size} frequencies are no single spectrum: thin them to {MOST} or fewer"
            )
        if not np.isfinite(z).all():
            raise ImpedanceError(f"the impedance at {f[~np.isfinite(z)][0]:g} Hz is not finite")
        if (f <= 0).any() or np.unique(f).size < f.size:
            raise ImpedanceError("frequencies must be positive, and each there once")
        if not np.abs(z).min() > 0:
            raise ImpedanceError("an impedance of 0 can be neither weighted nor fitted")
        for name, values, (low, high), unit in (
            ("frequency", f, FREQUENCIES, "Hz"),
            ("modulus of the impedance", np.abs(z), MODULI, "ohm"),
        ):
            quantity(name, values, ImpedanceError, at_least=low, at_most=high, unit=unit)
        order = np.argsort(-f)
        object.__setattr__(self, "frequency", f[order])
        object.__setattr__(self, "impedance", z[order])

    @property
    def omega(self) -> np.ndarray:
        """Angular frequency (n,) [1/s]."""
        return 2 * np.pi * self.frequency

    def where(self, kept: np.ndarray) -> Spectrum:
        """The part of the spectrum for which `kept` (n,) is true."""
        if np.asarray(kept).dtype != bool or np.shape(kept) != self.frequency.shape:
            raise ImpedanceError(
                f"what is kept of {self.frequency.size} frequencies is as many True or False"
            )
        return Spectrum(self.frequency[kept], self.impedance[kept])

    def capacitive(self) -> Spectrum:
        """Without the frequencies at which the leads' inductance outweighs the cell."""
        return self.where(self.impedance.imag < 0)


def read_spectrum(path: str | Path, instrument: str | None = None) -> Spectrum:
    """Read a spectrum from a table or from a potentiostat's own file.

    A table is a CSV file whose first three columns are frequency [Hz], real and imaginary part
    [ohm]; a name of the third that begins with a minus sign, or with ``neg``, changes its sign. It
    is UTF-8, or UTF-16 with its mark, may be packed by gzip or bzip2, and has at most 32 MB and
    twice `MOST` lines.

    Parameters
    ----------
    path : path
    instrument : str, optional
        One of `INSTRUMENTS`, read by ``impedance.preprocessing``; by default the file is a table.

    Returns
    -------
    Spectrum

    Raises
    ------
    ImpedanceError
        Where the file cannot be read, or holds no spectrum.
    """
    if instrument is not None:
        choice("instrument", instrument, INSTRUMENTS, ImpedanceError)
    spectrum = _table(path) if instrument is None else _export(path, instrument)
    try:
        return Spectrum(*spectrum)
    except ImpedanceError as error:
        raise ImpedanceError(f"{path}: {error}") from None


def _table(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Frequency [Hz] and impedance [ohm] from the first three columns of a table."""
    import pandas as pd

    content = text(path, ImpedanceError)
    _check_lines(path, content)
    with fenced(f"{path} is not a table of frequency, real and imaginary part", ImpedanceError):
        table = pd.read_csv(io.StringIO(content))
        name = str(table.columns[2]).strip().lower()
        f, real, imaginary = (table.iloc[:, column].to_numpy(float) for column in range(3))
    sign = -1 if name.startswith(("-", "−", "–", "neg", "minus")) else 1
    return f, real + sign * 1j * imaginary


def _export(path: str | Path, instrument: str) -> tuple[np.ndarray, np.ndarray]:
    """Frequency [Hz] and impedance [ohm] from an instrument's own file."""
    with needs("spectra"):
        from impedance.preprocessing import readFile

    path = regular(path, ImpedanceError)
    if path.stat().st_size > MOST_BYTES:
        raise ImpedanceError(
            f"{path}: more than {MOST_BYTES // 2**20} MB are no file of one spectrum"
        )
    content = path.read_text(encoding="latin-1")
    _check_lines(path, content)
    if content.count("Segments") > MOST:
        raise ImpedanceError(f"{path}: more than {MOST} segments are no file of one spectrum")
    with fenced(f"{path} is not a file of {instrument}", ImpedanceError):
        return readFile(str(path), instrument=INSTRUMENTS[instrument])


def _check_lines(path: str | Path, content: str) -> None:
    lines = content.splitlines()
    if len(lines) > 2 * MOST:
        raise ImpedanceError(
            f"{path} has {len(lines)} lines, a spectrum has at most {MOST} frequencies: thin them"
        )
    if (longest := max(map(len, lines), default=0)) > LONGEST_LINE:
        raise ImpedanceError(
            f"{path} is no table of three columns: one of its lines has {longest} characters"
        )
