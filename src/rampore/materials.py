"""Open-circuit potentials, kinetics and electrolytes: pure functions of arrays, each with its
source.

Potentials are against lithium [V], functions of the stoichiometry x = c / c_max [-]; transport
properties of the electrolyte are functions of its salt concentration [mol/m3]. All of them accept
complex arguments, so that :func:`slope` differentiates them to the last digit.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator

from rampore import RamporeError
from rampore.checks import increasing, quantity
from rampore.constants import GAS_CONSTANT, REFERENCE_TEMPERATURE

Function = Callable[[np.ndarray], np.ndarray]


class MaterialError(RamporeError, ValueError):
    """A table or a property that cannot be: the message names the value."""

    exit_code = 2


def slope(function, x):
    """Derivative of a function at x, by its own ``slope`` if it has one, else by the complex step.

    Parameters
    ----------
    function : callable
        Analytic and real on the real axis, or with an attribute ``slope``.
    x : float or array
        Where [the function's own unit].
    """
    if hasattr(function, "slope"):
        return function.slope(x)
    step = 1e-30
    return np.imag(function(np.asarray(x, float) + 1j * step)) / step


class Tabulated:
    """A measured curve, interpolated without overshoot (PCHIP), continued by straight lines or held
    at its ends.

    Parameters
    ----------
    x : (n,) array
        Abscissae, in any order, without repeats [-].
    y : (n,) array
        Values [V for a potential].
    held : bool
        Whether it keeps its first and its last value beyond them.

    Raises
    ------
    MaterialError
        Fewer than two points, a repeated abscissa, or a value that is not finite.
    """

    def __init__(self, x, y, held=False):
        x, y = np.asarray(x, float), np.asarray(y, float)
        if x.ndim != 1 or x.shape != y.shape or x.size < 2:
            raise MaterialError(
                f"a table needs two columns of equal length with two rows or more, not {x.shape}, "
                f"{y.shape}"
            )
        order = np.argsort(x)
        self.x = increasing("x of a table, in order,", x[order], MaterialError)
        self.y = quantity("y of a table, in order of x,", y[order], MaterialError)
        self.held = held
        self._curve = PchipInterpolator(self.x, self.y)
        self._slope = self._curve.derivative()

    def __call__(self, x):
        inside = np.clip(x, self.x[0], self.x[-1])
        return (
            self._curve(inside)
            if self.held
            else self._curve(inside) + self._slope(inside) * (x - inside)
        )

    def slope(self, x):
        """Derivative dy/dx [V for a potential]."""
        inside = np.clip(x, self.x[0], self.x[-1])
        return np.where(self.held & (inside != x), 0.0, self._slope(inside))


def polynomial(*coefficients):
    """The polynomial with these coefficients, highest power first."""

    def evaluate(x):
        return np.polyval(coefficients, x)

    return evaluate


def constant(value):
    """The function that is the same everywhere."""

    def evaluate(x):
        return value + 0.0 * x

    return evaluate


# Open-circuit potentials of negative materials


def graphite_mcmb(x):
    """MCMB graphite, Marquis et al. 2019 (Newman's Dualfoil) [V]."""
    return (
        0.194
        + 1.5 * np.exp(-120.0 * x)
        + 0.0351 * np.tanh((x - 0.286) / 0.083)
        - 0.0045 * np.tanh((x - 0.849) / 0.119)
        - 0.035 * np.tanh((x - 0.9233) / 0.05)
        - 0.0147 * np.tanh((x - 0.5) / 0.034)
        - 0.102 * np.tanh((x - 0.194) / 0.142)
        - 0.022 * np.tanh((x - 0.9) / 0.0164)
        - 0.011 * np.tanh((x - 0.124) / 0.0226)
        + 0.0155 * np.tanh((x - 0.105) / 0.029)
    )


def graphite_siox_lgm50(x):
    """Blend of graphite and SiOx of the LG M50, Chen et al. 2020, 10.1149/1945-7111/ab9050 [V]."""
    return (
        1.9793 * np.exp(-39.3631 * x)
        + 0.2482
        - 0.0909 * np.tanh(29.8538 * (x - 0.1234))
        - 0.04478 * np.tanh(14.9159 * (x - 0.2769))
        - 0.0205 * np.tanh(30.4444 * (x - 0.6103))
    )


def graphite_ecker(x):
    """Graphite, Ecker et al. 2015, 10.1149/2.0551509jes, fitted by Richardson et al. 2020 [V]."""
    return (
        0.716502 * np.exp(-369.028 * x)
        + 0.12193 * np.exp(-35.6478 * (x - 0.0530947))
        - 0.0189193 * np.tanh(21.1967 * (x - 0.196176))
        - 0.0169644 * np.tanh(27.1365 * (x - 0.312832))
        - 0.0199313 * np.tanh(28.5697 * (x - 0.614221))
        - 0.931153 * np.exp(36.328 * (x - 1.10743))
        + 0.140031
    )


def graphite_mohtat(x):
    """Graphite, Mohtat et al. 2020, 10.1149/1945-7111/aba5d1 [V]."""
    return (
        0.063
        + 0.8 * np.exp(-75 * (x + 0.001))
        - 0.0120 * np.tanh((x - 0.127) / 0.016)
        - 0.0118 * np.tanh((x - 0.155) / 0.016)
        - 0.0035 * np.tanh((x - 0.220) / 0.020)
        - 0.0095 * np.tanh((x - 0.190) / 0.013)
        - 0.0145 * np.tanh((x - 0.490) / 0.020)
        - 0.0800 * np.tanh((x - 1.030) / 0.055)
    )


def silicon_lithiation(x):
    """Silicon while it takes lithium up, Verbrugge et al. 2015, in the form of Ai et al. 2022 [V];
    0 < x < 1.
    """
    return np.polyval([-96.63, 372.6, -587.6, 489.9, -232.8, 62.99, -9.286, 0.8633], x) + 1e-4 * (
        1 / x + 1 / (x - 1)
    )


def silicon_delithiation(x):
    """Silicon that gives lithium off [V]; Verbrugge et al. 2015, in the form of Ai et al. 2022."""
    return np.polyval([-51.02, 161.3, -205.7, 140.2, -58.76, 16.87, -3.792, 0.9937], x)


# Open-circuit potentials of positive materials


def lithium_cobalt_oxide(x):
    """LiCoO2, Marquis et al. 2019 (Newman's Dualfoil), 0.5 < x < 0.99 [V]."""
    x = 1.062 * x
    return (
        2.16216
        + 0.07645 * np.tanh(30.834 - 54.4806 * x)
        + 2.1581 * np.tanh(52.294 - 50.294 * x)
        - 0.14169 * np.tanh(11.0923 - 19.8543 * x)
        + 0.2051 * np.tanh(1.4684 - 5.4888 * x)
        + 0.2531 * np.tanh((-x + 0.56478) / 0.1316)
        - 0.02167 * np.tanh((x - 0.525) / 0.006)
    )


def nmc811_lgm50(x):
    """NMC811 of the LG M50, Chen et al. 2020, 10.1149/1945-7111/ab9050 [V]."""
    return (
        -0.8090 * x
        + 4.4875
        - 0.0428 * np.tanh(18.5138 * (x - 0.5542))
        - 17.7326 * np.tanh(15.7890 * (x - 0.3117))
        + 17.5842 * np.tanh(15.9308 * (x - 0.3120))
    )


def nmc532_mohtat(x):
    """NMC532, Mohtat et al. 2020, 10.1149/1945-7111/aba5d1; x scaled to its window [V]."""
    return np.polyval([-2.2166, 3.5146, -2.0843, 1.6225, -1.6518, 4.3452], x) - 0.5623e-4 * np.exp(
        109.451 * x - 100.006
    )


# Diffusivities in the solid that depend on the stoichiometry


def graphite_diffusivity_ecker(x):
    """Graphite at 296 K, Ecker et al. 2015 [m2/s]."""
    return 8.4e-13 * np.exp(-11.3 * x) + 8.2e-15


def graphite_diffusivity_oregan(x):
    """Graphite of the LG M50 at 298.15 K, O'Regan et al. 2022, 10.1016/j.electacta.2022.140700
    [m2/s].
    """
    peaks = (
        (-1.553, 0.2031, 0.0006091),
        (-6.136, 0.5375, 0.06438),
        (-9.725, 0.9144, 0.0578),
        (1.85, 0.5953, 0.001356),
    )
    return 3.0321 * 10 ** (
        11.17 * x - 15.11 + sum(a * np.exp(-((x - b) ** 2) / c) for a, b, c in peaks)
    )


def nmc811_diffusivity_oregan(x):
    """NMC811 of the LG M50 at 298.15 K, O'Regan et al. 2022 [m2/s]."""
    peaks = ((-0.9231, 0.3216, 0.002534), (-0.4066, 0.4532, 0.003926), (-0.993, 0.8098, 0.09924))
    return 2.7 * 10 ** (-13.96 + sum(a * np.exp(-((x - b) ** 2) / c) for a, b, c in peaks))


def arrhenius(activation_energy, temperature, reference=REFERENCE_TEMPERATURE):
    """Factor exp(E/R (1/T_ref - 1/T)) [-] of an activation energy [J/mol]."""
    return np.exp(activation_energy / GAS_CONSTANT * (1 / reference - 1 / temperature))


# Kinetics


class ExchangeCurrent(NamedTuple):
    r"""Exchange current density :math:`i_0 = i_{ref} (c_e/c_{ref})^{a} x^{b} (1 - x)^{c}` of a
    Butler-Volmer reaction.

    The reaction itself is symmetric, :math:`j = 2 i_0 \sinh(F \eta / 2RT)`.
    """

    reference: float  #: i_ref [A/m2]
    concentration: float = 1000.0  #: c_ref [mol/m3]
    salt: float = 0.5  #: exponent a of the salt [-]
    filled: float = 0.5  #: exponent b of the sites that hold lithium [-]
    empty: float = 0.5  #: exponent c of the sites that do not [-]

    def __call__(self, c_e, x):
        """i_0 [A/m2] at salt concentration c_e [mol/m3] and surface stoichiometry x [-]."""
        return (
            self.reference
            * (c_e / self.concentration) ** self.salt
            * x**self.filled
            * (1 - x) ** self.empty
        )


def symmetric_exchange_current(m_ref, maximum_concentration):
    """The usual i_0 = m_ref sqrt(c_e c_s (c_max - c_s)) with m_ref in A/m2 (m3/mol)^1.5 and c_max
    in mol/m3.
    """
    return ExchangeCurrent(m_ref * np.sqrt(1000.0) * maximum_concentration)


# Electrolytes


class Electrolyte(NamedTuple):
    """Transport in a binary electrolyte at one temperature, as functions of the salt concentration
    [mol/m3].
    """

    conductivity: Function  #: [S/m]
    diffusivity: Function  #: [m2/s]
    transference: Function  #: of the cation, against the solvent [-]
    thermodynamic_factor: Function  #: 1 + dln f / dln c [-]
    #: highest concentration that the correlation was measured at or may be trusted to [mol/m3]
    validity: float
    source: str
    lowest: float = 0.0  #: concentration that the correlation was measured from [mol/m3]


def landesfeind_gasteiger_2019(temperature=REFERENCE_TEMPERATURE, solvent="EC:EMC 3:7"):
    """LiPF6 in EC:EMC 3:7 by weight (or EMC:FEC 19:1), all four properties from one set of
    measurements.

    Landesfeind and Gasteiger, J. Electrochem. Soc. 166 (2019) A3079, 10.1149/2.0571912jes, 0.1 to 3
    mol/L, -10 to 50 C.

    Parameters
    ----------
    temperature : float
        [K].
    solvent : {"EC:EMC 3:7", "EMC:FEC 19:1"}
        The second bounds what fluoroethylene carbonate does.
    """
    T = temperature
    kappa, diffusion, transfer, factor = _LANDESFEIND_GASTEIGER[solvent]

    def conductivity(c):
        c = c / 1000
        p1, p2, p3, p4, p5, p6 = kappa
        rise = 1 + p3 * np.sqrt(c) + p4 * (1 + p5 * np.exp(1000 / T)) * c
        return 0.1 * p1 * (1 + (T - p2)) * c * rise / (1 + c**4 * p6 * np.exp(1000 / T))

    def diffusivity(c):
        p1, p2, p3, p4 = diffusion
        return 1e-10 * p1 * np.exp(p2 * c / 1000 + p3 / T + p4 * c / 1000 / T)

    def cubic(p):
        return polynomial(
            p[6] * 1e-9,
            (p[3] + p[7] * T) * 1e-6,
            (p[1] + p[4] * T + p[8] * T**2) * 1e-3,
            p[0] + p[2] * T + p[5] * T**2,
        )

    return Electrolyte(
        conductivity,
        diffusivity,
        cubic(transfer),
        cubic(factor),
        3000.0,
        f"Landesfeind and Gasteiger 2019, {solvent}",
    )


_LANDESFEIND_GASTEIGER = {
    "EC:EMC 3:7": (
        (0.521, 228.0, -1.06, 0.353, -0.00359, 0.00148),
        (1010.0, 1.01, -1560.0, -487.0),
        (-12.8, -6.12, 0.0821, 0.904, 0.0318, -0.000127, 0.0175, -0.00312, -3.96e-05),
        (25.7, -45.1, -0.177, 1.94, 0.295, 0.000308, 0.259, -0.00946, -0.000454),
    ),
    "EMC:FEC 19:1": (
        (0.0251, 175.0, 1.23, 0.205, -0.0881, 0.00283),
        (586.0, 1.33, -1380.0, -582.0),
        (-12.2, -3.05, 0.0838, 1.78, 0.00151, -0.000137, -0.0245, -0.00515, 2.14e-05),
        (3.22, -10.1, -0.0158, 6.12, 0.0296, 2.42e-05, -0.222, -0.0157, 6.3e-06),
    ),
}


def nyman_2008():
    """LiPF6 in EC:EMC 3:7 at 25 C with the constant transference number and the unit factor that
    Chen et al. 2020 use.

    Nyman, Behm and Lindbergh, Electrochim. Acta 53 (2008) 6356, 10.1016/j.electacta.2008.04.023.
    """

    def conductivity(c):
        c = c / 1000
        return 0.1297 * c**3 - 2.51 * c**1.5 + 3.329 * c

    return Electrolyte(
        conductivity,
        polynomial(8.794e-17, -3.972e-13, 4.862e-10),
        constant(0.2594),
        constant(1.0),
        2000.0,
        "Nyman et al. 2008, transference number and factor as in Chen et al. 2020",
    )


def valoen_reimers_2005(temperature=REFERENCE_TEMPERATURE):
    """LiPF6 in PC:EC:DMC 10:27:63 by volume, Valoen and Reimers, J. Electrochem. Soc. 152 (2005)
    A882.
    """
    T = temperature

    def conductivity(c):
        c = c / 1000
        root = (
            -10.5
            + 0.0740 * T
            - 6.96e-5 * T**2
            + c * (0.668 - 0.0178 * T + 2.80e-5 * T**2)
            + c**2 * (0.494 - 8.86e-4 * T)
        )
        return 0.1 * c * root**2

    def diffusivity(c):
        c = c / 1000
        return 1e-4 * 10 ** (-4.43 - 54 / (T - 229 - 5 * c) - 0.22 * c)

    def factor(c):
        c = c / 1000
        return (0.601 - 0.24 * np.sqrt(c) + 0.982 * (1 - 0.0052 * (T - 294)) * c * np.sqrt(c)) / (
            1 - 0.38
        )

    return Electrolyte(
        conductivity, diffusivity, constant(0.38), factor, 3000.0, "Valoen and Reimers 2005"
    )


def gen2_colclasure_2020(temperature=REFERENCE_TEMPERATURE):
    """LiPF6 in EC:EMC 3:7 ("Gen2"), computed properties of Colclasure et al., Electrochim. Acta 337
    (2020) 135854.

    The factor is the one that its authors' own codes hold; some copies add 1 to it, and miss the
    dilute limit.
    """
    T = temperature
    kappa = (
        np.polyval([-2.791965e-9, 3.377143e-6, -1.532707e-3, 0.3090003, -23.35671], T),
        np.polyval([1.653786e-8, -1.99876e-5, 9.071155e-3, -1.828064, 138.0976], T),
        np.polyval([-2.887587e-8, 3.483638e-5, -1.583677e-2, 3.195295, -241.4638], T),
        np.polyval([1.909446e-4, -8.038545e-2, 9.00341], T),
        0.0,
    )
    transfer = (
        np.polyval([-2.876102e-7, 2.077407e-4, -3.881203e-2], T),
        np.polyval([1.161463e-6, -8.6825e-4, 0.1777266], T),
        np.polyval([-6.766258e-7, 6.389189e-4, 0.3091761], T),
    )

    def diffusivity(c):
        c = c / 1000
        above = T - (-24.83763 + 64.07366 * c)
        exponent = (
            -0.5688226
            - 1607.003 / above
            + (-0.8108721 + 475.291 / above) * c
            + (-0.005192312 - 33.43827 / above) * c**2
        )
        return 1e-4 * 10**exponent

    def conductivity(c):
        return np.polyval(kappa, c / 1000)

    def transference(c):
        return np.polyval(transfer, c / 1000)

    def factor(c):
        c = c / 1000
        return (
            0.341 * np.exp(261 / T) - 0.00225 * np.exp(1360 / T) * c + 0.54 * np.exp(329 / T) * c**2
        )

    return Electrolyte(
        conductivity, diffusivity, transference, factor, 2500.0, "Colclasure et al. 2020 (Gen2)"
    )


def marquis_2019():
    """LiPF6 in EC:DMC of Marquis et al. 2019 (Newman's Dualfoil, Capiglia et al. 1999),
    transference number 0.4.
    """

    def diffusivity(c):
        return 5.34e-10 * np.exp(-0.65e-3 * c)

    return Electrolyte(
        polynomial(0.1554e-9, -1.052e-6, 1.9101e-3, 0.0911),
        diffusivity,
        constant(0.4),
        constant(1.0),
        3000.0,
        "Marquis et al. 2019",
    )
