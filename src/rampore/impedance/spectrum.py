"""One spectrum, and the files it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rampore import RamporeError
from rampore.checks import quantity

#: Fewer frequencies than this make no spectrum.
FEWEST = 5
#: Formats that `impedance.preprocessing` reads, by the name that it gives them.
INSTRUMENTS = ("autolab", "biologic", "chinstruments", "gamry", "parstat", "powersuite", "versastudio", "zview")


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
        Where a value is not finite, a frequency not positive or there twice, or there are fewer than `FEWEST`.
    """

    frequency: np.ndarray
    impedance: np.ndarray = field(repr=False)

    def __post_init__(self) -> None:
        try:
            f, z = np.array(self.frequency), np.array(self.impedance, complex)
        except (TypeError, ValueError):
            raise ImpedanceError("a spectrum is a row of frequencies and one of impedances, all numbers") from None
        f = np.asarray(quantity("frequency", f, ImpedanceError, unit="Hz"), float)
        if f.ndim != 1 or f.shape != z.shape or f.size < FEWEST:
            raise ImpedanceError(f"{f.size} frequencies and {z.size} impedances: {FEWEST} or more of each are needed")
        if not np.isfinite(z).all():
            raise ImpedanceError(f"the impedance at {f[~np.isfinite(z)][0]:g} Hz is not finite")
        if (f <= 0).any() or np.unique(f).size < f.size:
            raise ImpedanceError("frequencies must be positive, and each there once")
        if not np.abs(z).min() > 0:
            raise ImpedanceError("an impedance of 0 can be neither weighted nor fitted")
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
            raise ImpedanceError(f"what is kept of {self.frequency.size} frequencies is as many True or False")
        return Spectrum(self.frequency[kept], self.impedance[kept])

    def capacitive(self) -> Spectrum:
        """Without the frequencies at which the leads' inductance outweighs the cell."""
        return self.where(self.impedance.imag < 0)


def read_spectrum(path: str | Path, instrument: str | None = None) -> Spectrum:
    """Read a spectrum from a table or from a potentiostat's own file.

    A table is a CSV file whose first three columns are frequency [Hz], real and imaginary part [ohm]; a name of the
    third that begins with a minus sign, or with ``neg``, changes its sign.

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
    import pandas as pd

    if instrument is not None and instrument not in INSTRUMENTS:
        raise ImpedanceError(f"instrument {instrument!r} is none of {', '.join(INSTRUMENTS)}")
    try:
        if instrument:
            from impedance.preprocessing import readFile

            return Spectrum(*readFile(str(path), instrument=instrument))
        table = pd.read_csv(path)
        name = str(table.columns[2]).strip().lower()
        f, real, imaginary = (table.iloc[:, column].to_numpy(float) for column in range(3))
    except OSError as error:
        raise ImpedanceError(f"{path}: {error.strerror or error}") from None
    except ImpedanceError as error:
        raise ImpedanceError(f"{path}: {error}") from None
    except (ValueError, IndexError, KeyError, UnicodeDecodeError, pd.errors.ParserError) as error:
        what = f"a file of {instrument}" if instrument else "a table of frequency, real and imaginary part"
        raise ImpedanceError(f"{path} is not {what}: {error}") from None
    sign = -1 if name.startswith(("-", "−", "–", "neg", "minus")) else 1
    try:
        return Spectrum(f, real + sign * 1j * imaginary)
    except ImpedanceError as error:
        raise ImpedanceError(f"{path}: {error}") from None
