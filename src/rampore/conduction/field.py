r"""The magnetic field of a current sheet, by Biot and Savart's law.

Equations are numbered as in chapter 6 of the book.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.constants import mu_0

from rampore.arrays import FloatOrArray
from rampore.checks import quantity
from rampore.conduction.errors import ConductionError, check_positive
from rampore.conduction.sheet import Sheet
from rampore.unitcell import sides_of_cell

#: A pixel's current may be put into its middle where it is seen from this many pixels away: the
#: field of what repeats with the pixel is there exp(-4 pi), 3e-6 of the whole.
LEAST_DISTANCE = 2.0


def magnetic_field(
    current: np.ndarray, spacing: tuple[float, float], standoff: float
) -> np.ndarray:
    r"""Magnetic field at a distance from a flat sheet of current, above the middles of its pixels.

    :math:`\mathbf B = \frac{\mu_0}{4\pi} \int \frac{\mathbf K \times \mathbf R}{R^3}\,\mathrm dA`
    (Eq. 6.11), as a convolution by fast Fourier transforms on an array of twice the size, so that
    nothing repeats: no other current is there than the one given.

    Parameters
    ----------
    current : (2, nx, ny) array of float
        Components of the sheet current along x and y [A/m]; in single precision the field is too,
        in half the time.
    spacing : (float, float)
        Edges of a pixel along x and y [m].
    standoff : float
        Distance z above the sheet [m].

    Returns
    -------
    (3, nx, ny) array
        Components along x, y and z [T].

    Raises
    ------
    ConductionError
        Where `standoff` is less than `LEAST_DISTANCE` pixels.
    """
    from scipy.fft import irfft2, next_fast_len, rfft2

    check_positive(standoff=standoff, spacing=spacing)
    quantity("current", current, ConductionError, unit="A/m")
    if np.ndim(current) != 3 or len(current) != 2 or np.shape(spacing) != (2,):
        raise ConductionError(
            "a sheet's current has two components over x and y, and its pixels two edges"
        )
    if standoff < LEAST_DISTANCE * max(spacing):
        raise ConductionError(
            f"pixels of {max(spacing) * 1e6:.3g} um are too coarse for a distance of "
            f"{standoff * 1e6:.3g} um: they may be {standoff / LEAST_DISTANCE * 1e6:.3g} um at most"
        )
    shape = current.shape[1:]
    size = tuple(next_fast_len(2 * n - 1, real=True) for n in shape)
    offsets = [
        np.where(np.arange(m) < n, np.arange(m), np.arange(m) - m)
        for n, m in zip(shape, size, strict=True)
    ]
    x, y = (
        h * axis.astype(current.dtype) for h, axis in zip(spacing, np.ix_(*offsets), strict=True)
    )
    weight = (
        current.dtype.type(math.prod(spacing) * mu_0 / (4 * math.pi))
        / (x**2 + y**2 + standoff**2) ** 1.5
    )
    along, across = (rfft2(part, size) for part in current)
    above = rfft2(weight * standoff)
    upward = along * rfft2(weight * y) - across * rfft2(weight * x)
    here = tuple(map(slice, shape))
    return np.array([irfft2(part, size)[here] for part in (across * above, -along * above, upward)])


def long_strip_field(
    y: np.ndarray, standoff: float, width: float, sheet_current: float
) -> np.ndarray:
    r"""Field of an endless strip with uniform current along x (Eq. 6.12).

    Parameters
    ----------
    y : (n,) array
        Distance from the strip's middle line [m].
    standoff : float
        [m]
    width : float
        [m]
    sheet_current : float
        [A/m]

    Returns
    -------
    (2, n) array
        Components along y and z [T].
    """
    check_positive(standoff=standoff, width=width)
    quantity("distance", y, ConductionError, unit="m")
    quantity("sheet current", sheet_current, ConductionError, unit="A/m")
    left, right = y + width / 2, y - width / 2
    strength = mu_0 * sheet_current / (2 * math.pi)
    b_y = -strength * (np.arctan(left / standoff) - np.arctan(right / standoff))
    b_z = strength / 2 * np.log((left**2 + standoff**2) / (right**2 + standoff**2))
    return np.array([b_y, b_z])


def decay_length(pitch: FloatOrArray) -> FloatOrArray:
    r"""Distance over which the field of a triangular lattice falls by e, :math:`\sqrt3 p/4\pi` (Eq.
    6.13) [m].
    """
    check_positive(pitch=pitch)
    return math.sqrt(3) * pitch / (4 * math.pi)


def ripple(sheet: Sheet, pitch: float, standoff: FloatOrArray) -> FloatOrArray:
    r"""Largest amplitude that the holes add to the field far inside a sheet, over the field of the
    sheet (Eq. 6.13).

    The six shortest harmonics of the current, each of which falls as :math:`e^{-Gz}`, in phase:
    what is left where `standoff` exceeds the pitch by half or more.

    Parameters
    ----------
    sheet : Sheet
        With the current along x.
    pitch : float
        [m]
    standoff : float or array
        z [m].

    Returns
    -------
    float or array
        Of the component along y [-].
    """
    quantity("standoff", standoff, ConductionError, at_least=0, unit="m")
    along = sheet.tiled((2, 2))[0]
    spectrum = np.abs(np.fft.fft2(along)) / along.size
    # A rectangle of p by sqrt(3) p: (+-1, +-1) and (0, +-2) are the six shortest reciprocal
    # vectors.
    shortest = 4 * spectrum[1, 1] + 2 * spectrum[0, 2]
    return shortest * np.exp(-np.asarray(standoff) / decay_length(pitch))


def smallest_visible_pitch(amplitude: float, standoff: FloatOrArray, share: float) -> FloatOrArray:
    r"""Pitch below which the holes change the field by less than `share` (Eq. 6.13) [m].

    Parameters
    ----------
    amplitude : float
        :func:`ripple` at distance 0 [-].
    standoff : float or array
        [m]
    share : float
        Of the field that can be told [-]; less than the amplitude.
    """
    check_positive(amplitude=amplitude, standoff=standoff)
    quantity("share", share, ConductionError, above=0, below=amplitude)
    return 4 * math.pi * np.asarray(standoff) / (math.sqrt(3) * math.log(amplitude / share))


def standoff_of(level: float, standoffs: np.ndarray, greatest: np.ndarray) -> float:
    """Distance from the strip at which what the holes change has fallen to a level, between
    logarithms [m].

    Parameters
    ----------
    level : float
        [T]
    standoffs : (n,) array
        [m]
    greatest : (n,) array
        Falls with the distance [T].
    """
    order = np.argsort(standoffs)[::-1]
    rising, distances = (np.log(np.asarray(values)[order]) for values in (greatest, standoffs))
    return float(np.exp(np.interp(np.log(level), rising, distances)))


class HoleSignal(NamedTuple):
    """What holes change in the field of a strip, over the distance from it."""

    standoff: np.ndarray  #: (n,) [m]
    #: largest difference of any component anywhere above the strip, edges included (n,) [T]
    greatest: np.ndarray
    inside: np.ndarray  #: amplitude far from edges and ends (n,) [T]
    y: np.ndarray  #: distance from the middle line (ny,) [m]
    across: np.ndarray  #: difference along the middle section, components x, y, z (n, 3, ny) [T]
    field: float  #: of the endless sheet without holes, mu_0 K / 2 [T]
    width: float  #: of the strip [m]
    length: float  #: [m]


def hole_signal(
    sheet: Sheet, pitch: float, size: tuple[float, float], current: float, standoffs: np.ndarray
) -> HoleSignal:
    """Field of a perforated strip less that of a bare one with the same current.

    Both strips are of the same size, the nearest at which edges and ends are mirror planes of the
    lattice. Current is fed evenly along the ends.

    Parameters
    ----------
    sheet : Sheet
        With the current along x.
    pitch : float
        [m]
    size : (float, float)
        Length and width of the strip [m]. The difference is that of edges and ends; a piece of a
        long strip tells it.
    current : float
        [A]
    standoffs : (n,) array
        [m]

    Returns
    -------
    HoleSignal

    Raises
    ------
    ConductionError
        Where the sheet's pixels are too coarse for a distance.
    """
    check_positive(pitch=pitch, size=size, current=current, standoff=standoffs)
    if np.shape(size) != (2,) or not np.size(standoffs):
        raise ConductionError(
            "a strip has a length and a width, and is seen from one distance or more"
        )
    cell = sides_of_cell(pitch)
    cells = tuple(max(1, round(wanted / side)) for wanted, side in zip(size, cell, strict=True))
    length, width = (n * side for n, side in zip(cells, cell, strict=True))
    added = sheet.tiled(cells)
    added[0] -= 1
    added = (current / width * added).astype(np.float32)
    standoffs = np.asarray(standoffs, float)
    differences = (magnetic_field(added, sheet.spacing, float(z)) for z in standoffs)
    parts = [(np.abs(b).max(), b[:, b.shape[1] // 2]) for b in differences]
    greatest, across = (np.array(part, float) for part in zip(*parts, strict=True))
    field = mu_0 * current / (2 * width)
    y = (np.arange(added.shape[2]) + 0.5) * sheet.spacing[1] - width / 2
    inside = field * ripple(sheet, pitch, standoffs)
    return HoleSignal(standoffs, greatest, inside, y, across, field, width, length)
