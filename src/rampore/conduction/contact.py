r"""What the contact between foil and coating is to a cell's resistance.

Equations are numbered as in chapter 6 of the book.
"""

from __future__ import annotations

from rampore.checks import quantity
from rampore.conduction.errors import ConductionError, check_positive


def contact_saving(contact_resistance: float, ratio: float) -> float:
    """What a cell's resistance loses where the contact's falls to `ratio` of it, (1 - ratio) R_c
    (Eq. 6.14) [ohm m2].

    Parameters
    ----------
    contact_resistance : float
        On bare foil, per plan area [ohm m2].
    ratio : float
        [-]

    Returns
    -------
    float
        [ohm m2]

    Raises
    ------
    ConductionError
        Where a resistance or a ratio is negative.
    """
    quantity("contact resistance", contact_resistance, ConductionError, at_least=0, unit="ohm m2")
    quantity("ratio", ratio, ConductionError, at_least=0)
    return (1 - ratio) * contact_resistance


def contact_needed(share: float, resistance: float, ratio: float) -> float:
    """Contact resistance that makes a cell's resistance fall by `share` when it falls to `ratio`
    (Eq. 6.14) [ohm m2].

    Parameters
    ----------
    share : float
        Of the cell's resistance on bare foil that is gained [-].
    resistance : float
        The cell's on bare foil [ohm m2].
    ratio : float
        Of the contact resistances on perforated and bare foil [-].

    Returns
    -------
    float
        [ohm m2]

    Raises
    ------
    ConductionError
        Where the contact does not fall.
    """
    check_positive(share=share, resistance=resistance)
    quantity("ratio of a contact that saves something", ratio, ConductionError, at_least=0, below=1)
    return share * resistance / (1 - ratio)


def separator_resistance(thickness: float, macmullin_number: float, conductivity: float) -> float:
    r"""Ohmic resistance of the electrolyte in a separator, :math:`N_M L / \kappa` [ohm m2]: no cell
    has less.

    Parameters
    ----------
    thickness : float
        [m]
    macmullin_number : float
        [-]
    conductivity : float
        Of the electrolyte [S/m].
    """
    check_positive(
        thickness=thickness, macmullin_number=macmullin_number, conductivity=conductivity
    )
    return macmullin_number * thickness / conductivity
