"""What a contact between coating and foil that grows worse costs, and what it makes of a spectrum.

On bare foil the current crosses the contact evenly: it is a resistance in series. On perforated
foil the cell is solved anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rampore.checks import quantity
from rampore.impedance.spectrum import Spectrum
from rampore.lim2026.pairs import COARSE, TOLERANCES
from rampore.lim2026.spectra import DRAWN, arcs_width, simulate, with_contact_arc
from rampore.p4d.cell import Cell
from rampore.p4d.discharge import discharge_with_retry
from rampore.p4d.errors import CellError
from rampore.p4d.model import Mesh

#: Area of the spectra [m2]: what they show is per cm2.
AREA = 1e-4


def capacity_left(
    cell: Cell, contact: float, factors: Sequence[float], rate: float, mesh: Mesh = COARSE
) -> np.ndarray:
    r"""Capacity with a contact that is so many times worse, over that with the contact before.

    One discharge without contact gives all of them: the current crosses the contact evenly, and
    the voltage is lower by :math:`iR`.

    Parameters
    ----------
    cell : Cell
        Charged, on bare foil.
    contact : float
        Of the negative coating, before [ohm m2].
    factors : (n,) sequence of float
        Contact over that before [-].
    rate : float
        Over 1C [-].
    mesh : Mesh

    Returns
    -------
    (n,) array
        [-]; 0 where the cell falls below its cut-off at once.

    Raises
    ------
    CellError
        Where the cell has holes, or the contact before leaves nothing.
    """
    quantity("contact", contact, CellError, at_least=0, unit="ohm m2")
    if cell.perforation is not None:
        raise CellError("on perforated foil the current does not cross the contact evenly")
    bare = replace(cell, contact_negative=0.0)
    found, _ = discharge_with_retry(bare, rate, mesh._replace(columns=(1, 1)), TOLERANCES)
    charge, voltage = found.curve.charge, np.minimum.accumulate(found.curve.voltage)
    lost = rate * cell.one_c * contact * np.append(1.0, factors)
    capacity = np.interp(-(cell.lower_cutoff + lost), -voltage, charge, left=0.0)
    quantity("capacity with the contact before", capacity[0], CellError, above=0, unit="C/m2")
    return capacity[1:] / capacity[0]


def aged_spectrum(cell: Cell, contact: float) -> Spectrum:
    """Spectrum of 1 cm2 of a cell with another contact of its negative coating [ohm m2]."""
    quantity("contact", contact, CellError, at_least=0, unit="ohm m2")
    return simulate(replace(cell, contact_negative=contact), AREA, frequency=DRAWN)


def with_film(spectrum: Spectrum, resistance: float, capacitance: float) -> Spectrum:
    """A spectrum of 1 cm2 with an arc in series, as of a film on the particles.

    Parameters
    ----------
    spectrum : Spectrum
        Of :func:`aged_spectrum`.
    resistance : float
        [ohm m2]
    capacitance : float
        [F/m2]
    """
    return with_contact_arc(spectrum, AREA, resistance, capacitance)


def resistance(spectrum: Spectrum) -> float:
    """Of a cell, from its spectrum of 1 cm2: the intercept at the highest frequency and all arcs
    [ohm m2].
    """
    return AREA * (float(spectrum.impedance[0].real) + arcs_width(spectrum))


def apart(spectrum: Spectrum, other: Spectrum) -> float:
    """Largest difference of two spectra of the same frequencies, over the modulus [-]."""
    difference = np.abs(spectrum.impedance - other.impedance)
    return float(np.max(difference / np.abs(spectrum.impedance)))
