"""What a reaction and an electrolyte are described by."""

from typing import NamedTuple

import numpy as np

from rampore.arrays import FloatOrArray
from rampore.materials.functions import Function


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

    def __call__(self, c_e: FloatOrArray, x: FloatOrArray) -> FloatOrArray:
        """i_0 [A/m2] at salt concentration c_e [mol/m3] and surface stoichiometry x [-]."""
        return (
            self.reference
            * (c_e / self.concentration) ** self.salt
            * x**self.filled
            * (1 - x) ** self.empty
        )


def symmetric_exchange_current(m_ref: float, maximum_concentration: float) -> ExchangeCurrent:
    """The usual i_0 = m_ref sqrt(c_e c_s (c_max - c_s)) with m_ref in A/m2 (m3/mol)^1.5 and c_max
    in mol/m3.
    """
    return ExchangeCurrent(m_ref * np.sqrt(1000.0) * maximum_concentration)


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
