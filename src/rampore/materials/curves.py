"""Potentials, diffusivities and electrolytes whose form is their own, each with its source.

Potentials are against lithium [V], functions of the stoichiometry x = c / c_max [-]; transport
properties of an electrolyte are functions of its salt concentration [mol/m3]. What shares a form
with others stands in :mod:`rampore.materials.library`.
"""

import numpy as np

from rampore.arrays import FloatOrArray
from rampore.constants import REFERENCE_TEMPERATURE
from rampore.materials.functions import constant, polynomial
from rampore.materials.properties import Electrolyte


def graphite_mcmb(x: FloatOrArray) -> FloatOrArray:
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


def lithium_cobalt_oxide(x: FloatOrArray) -> FloatOrArray:
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


def graphite_diffusivity_ecker(x: FloatOrArray) -> FloatOrArray:
    """Graphite at 296 K, Ecker et al. 2015 [m2/s]."""
    return 8.4e-13 * np.exp(-11.3 * x) + 8.2e-15


def graphite_diffusivity_oregan(x: FloatOrArray) -> FloatOrArray:
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


def nmc811_diffusivity_oregan(x: FloatOrArray) -> FloatOrArray:
    """NMC811 of the LG M50 at 298.15 K, O'Regan et al. 2022 [m2/s]."""
    peaks = ((-0.9231, 0.3216, 0.002534), (-0.4066, 0.4532, 0.003926), (-0.993, 0.8098, 0.09924))
    return 2.7 * 10 ** (-13.96 + sum(a * np.exp(-((x - b) ** 2) / c) for a, b, c in peaks))


def gen2_colclasure_2020(temperature: float = REFERENCE_TEMPERATURE) -> Electrolyte:
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


def marquis_2019() -> Electrolyte:
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
