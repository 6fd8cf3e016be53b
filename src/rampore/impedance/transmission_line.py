r"""The blocking symmetric cell: two equal electrodes in which nothing reacts, face to face.

**Of what a resistance is told matters.** A measurement sees two electrodes in series. With
:math:`R_\mathrm{ion}` the ionic resistance of *one* electrode, the transmission line fitted to the
*cell* has :math:`2 R_\mathrm{ion}` (and half of one electrode's capacitance), and the cell's
low-frequency intercept lies :math:`2 R_\mathrm{ion}/3` above the separator's resistance. Here every
name says *cell* or *electrode*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rampore.arrays import FloatOrArray
from rampore.checks import quantity
from rampore.impedance.fitting import Fit, fit_logarithms
from rampore.impedance.kramers_kronig import (
    ACCEPTED,
    KramersKronig,
    TooFewError,
    kramers_kronig,
)
from rampore.impedance.spectrum import ImpedanceError, Spectrum

#: Why a spectrum is not fitted; takes the residual of the test in per cent.
BREAKS = (
    "the spectrum breaks Kramers and Kronig's relations by {:.1f} % (rms; "
    f"{100 * ACCEPTED:g} % are accepted): the cell changed meanwhile or did not answer linearly, "
    "and a fit would mean nothing"
)
#: The fit starts from these multiples of the ionic resistance that the knee of the spectrum
#: suggests.
STARTS = (0.3, 1.0, 4.0, 16.0)
#: A confidence interval of the ionic resistance wider than this share of it, to either side, tells
#: nothing.
WIDEST_INTERVAL = 0.5


def blocking_electrode(
    omega: np.ndarray, ionic_resistance: float, capacitance: float, exponent: float
) -> np.ndarray:
    r"""Impedance of one porous electrode without reactions, :math:`\sqrt{R/Y}\,\coth\sqrt{R Y}`
    [ohm].

    de Levie's line with a constant-phase element, :math:`Y = Q(i\omega)^\gamma` (Landesfeind et al.
    2016, Eq. 11).

    Parameters
    ----------
    omega : (n,) array
        [1/s]
    ionic_resistance : float
        R, of the electrolyte in the pores over the electrode's thickness [ohm].
    capacitance : float
        Q [F s^(exponent - 1)].
    exponent : float
        gamma [-]; 1 for a capacitor.

    Returns
    -------
    (n,) array of complex
        R / 3 + 1 / Y at low frequencies, sqrt(R / Y) at high ones.

    Raises
    ------
    ImpedanceError
        Where a quantity is not positive and finite.
    """
    _positive(
        omega=omega, ionic_resistance=ionic_resistance, capacitance=capacitance, exponent=exponent
    )
    return _line(omega, ionic_resistance, capacitance, exponent)


def _line(omega, ionic_resistance, capacitance, exponent):
    root = np.sqrt(ionic_resistance * capacitance * (1j * omega) ** exponent)
    return ionic_resistance / (root * np.tanh(root))


def symmetric_cell(
    omega: np.ndarray,
    separator_resistance: float,
    ionic_resistance: float,
    capacitance: float,
    exponent: float,
    short: float = np.inf,
) -> np.ndarray:
    """Impedance of separator and two equal blocking electrodes, in parallel to a short [ohm].

    Parameters
    ----------
    omega : (n,) array
        [1/s]
    separator_resistance : float
        Of the separator, with leads and contacts [ohm].
    ionic_resistance, capacitance, exponent : float
        Of **one electrode**, see :func:`blocking_electrode`.
    short : float
        Resistance of an electronic short between the electrodes [ohm].

    Returns
    -------
    (n,) array of complex

    Raises
    ------
    ImpedanceError
        Where a quantity is not positive and finite; a short may be infinite.
    """
    _positive(
        omega=omega, ionic_resistance=ionic_resistance, capacitance=capacitance, exponent=exponent
    )
    quantity("separator resistance", separator_resistance, ImpedanceError, at_least=0, unit="ohm")
    if not np.all(np.isposinf(short)):
        _positive(short=short)
    return _cell(omega, separator_resistance, ionic_resistance, capacitance, exponent, short)


def _positive(**quantities) -> None:
    for name, value in quantities.items():
        quantity(name.replace("_", " "), value, ImpedanceError, above=0)


def _cell(omega, separator_resistance, ionic_resistance, capacitance, exponent, short=np.inf):
    electrode = _line(omega, ionic_resistance, capacitance, exponent)
    return 1 / (1 / (separator_resistance + 2 * electrode) + 1 / short)


def tortuosity(
    electrode_resistance: FloatOrArray,
    area: float,
    thickness: float,
    porosity: float,
    conductivity: float,
) -> FloatOrArray:
    r"""Tortuosity factor from the ionic resistance of one electrode, :math:`\tau = R A \kappa
    \varepsilon / L` [-].

    With the resistance :math:`2R` of the cell it is Landesfeind's :math:`\tau = R_\mathrm{cell} A
    \kappa \varepsilon / 2L`.

    Parameters
    ----------
    electrode_resistance : float or array
        R of **one electrode** [ohm].
    area, thickness : float
        Of the electrode, A and L [m2, m].
    porosity : float
        [-]
    conductivity : float
        kappa of the electrolyte [S/m].

    Returns
    -------
    float or array

    Raises
    ------
    ImpedanceError
        Where a quantity is not positive and finite, or the porosity is above 1.
    """
    _positive(
        electrode_resistance=electrode_resistance,
        area=area,
        thickness=thickness,
        conductivity=conductivity,
    )
    quantity("porosity", porosity, ImpedanceError, above=0, at_most=1)
    return electrode_resistance * area * conductivity * porosity / thickness


@dataclass(frozen=True)
class BlockingCell:
    """What a blocking symmetric cell's spectrum says.

    Attributes
    ----------
    fit : Fit
        Parameters `separator_resistance`, `ionic_resistance` (of one electrode), `capacitance`,
        `exponent` and, where asked for, `short`.
    check : KramersKronig or None
        Of the whole spectrum; None where it has too few frequencies for the test.
    """

    fit: Fit
    check: KramersKronig | None

    @property
    def electrode_resistance(self) -> float:
        """Ionic resistance of one electrode [ohm]."""
        return self.fit["ionic_resistance"]

    @property
    def cell_resistance(self) -> float:
        """Ionic resistance of both electrodes: what a single line fitted to the cell has [ohm]."""
        return 2 * self.electrode_resistance


def fit_blocking_cell(
    spectrum: Spectrum, short: bool = False, weighting: str = "modulus"
) -> BlockingCell:
    """Ionic resistance of the electrodes of a blocking symmetric cell.

    Where there are too few frequencies for the test of Kramers and Kronig's relations, the fit is
    one: the line obeys them, and so does what it describes.

    Parameters
    ----------
    spectrum : Spectrum
        Of the whole cell; what is inductive is tested, not fitted.
    short : bool
        Whether to allow for an electronic short.
    weighting : str
        One of :data:`rampore.impedance.fitting.WEIGHTINGS`.

    Returns
    -------
    BlockingCell

    Raises
    ------
    ImpedanceError
        Where the spectrum breaks Kramers and Kronig's relations, has no capacitive branch, or does
        not determine the ionic resistance: it is not fitted then.
    """
    try:
        check = kramers_kronig(spectrum)
    except TooFewError:
        check = None
    if check and not check.passed:
        raise ImpedanceError(BREAKS.format(100 * check.rms))
    part = spectrum.capacitive()
    z = part.impedance
    # not the smallest: noise on a large reactance may go below zero
    intercept = float(z.real[np.argmin(np.abs(z))])
    if intercept <= 0:
        raise ImpedanceError(
            f"the spectrum nears the real axis at {intercept:.4g} ohm: no cell has a resistance "
            "below zero, was too much taken off for its leads?"
        )
    knee = float(z.real[np.argmin(np.abs(np.angle(z)[::-1] + np.pi / 4))])
    ionic = max(1.5 * (knee - intercept), 0.5 * intercept)
    capacitance = 2 / (part.omega[-1] * abs(z.imag[-1]))
    names = ["separator_resistance", "ionic_resistance", "capacitance", "exponent"]
    units = ["ohm", "ohm", "F s^(exponent - 1)", "-"]
    starts = [[intercept, share * ionic, capacitance, 0.9] for share in STARTS]
    least = [1e-3 * intercept, 1e-4 * ionic, 1e-4 * capacitance, 0.3]
    greatest = [1e3 * intercept, 1e4 * ionic, 1e4 * capacitance, 1.1]
    if short:
        names.append("short")
        units.append("ohm")
        starts = [[*start, 10 * np.abs(z).max()] for start in starts]
        least.append(0.1 * intercept)
        greatest.append(1e4 * np.abs(z).max())
    fit = fit_logarithms(part, _cell, starts, names, units, least, greatest, weighting)
    if check is None and fit.rms > ACCEPTED:
        raise ImpedanceError(
            f"{spectrum.frequency.size} frequencies are too few to test Kramers and Kronig's "
            f"relations, and the fit leaves {100 * fit.rms:.1f} % of them"
        )
    place = fit.place("ionic_resistance")
    if (
        max(fit.high[place] / fit.values[place], fit.values[place] / fit.low[place])
        > 1 + WIDEST_INTERVAL
    ):
        raise ImpedanceError(
            "the spectrum does not determine the ionic resistance: its interval spans more than "
            "half"
        )
    return BlockingCell(fit, check)
