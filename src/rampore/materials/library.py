"""Published potentials and electrolytes by name, as functions: what :mod:`rampore.correlations` has
in print.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from rampore import correlations
from rampore.arrays import FloatOrArray
from rampore.checks import nearest
from rampore.constants import REFERENCE_TEMPERATURE
from rampore.correlations import CorrelationError
from rampore.materials import forms
from rampore.materials.functions import Function
from rampore.materials.properties import Electrolyte
from rampore.units import difference_to_si

_SI = {
    "conductivity": "S/m",
    "diffusivity": "m2/s",
    "transference": "1",
    "thermodynamic_factor": "1",
    "potential": "V",
}


class Printed(NamedTuple):
    """A correlation as its source prints it, see
    :class:`rampore.materials.forms.PrintedCorrelation`.
    """

    form: str
    coefficients: tuple | Mapping
    factor: float


def _printed(table: Mapping, unit: str) -> Printed:
    value = table["value"]
    if isinstance(value, Mapping):
        coefficients = value
    else:
        coefficients = tuple(value) if isinstance(value, list) else (value,)
    return Printed(table["form"], coefficients, difference_to_si(1.0, table["unit"], unit))


@cache
def potential(name: str, branch: str | None = None) -> Function:
    """An open-circuit potential [V] over the stoichiometry [-].

    Parameters
    ----------
    name : str
        One of ``names("potential")``.
    branch : {"lithiation", "delithiation"}, optional
        Of a potential with two branches.

    Raises
    ------
    CorrelationError
        Where the library has no such potential or branch.
    """
    table = correlations.printed(name)
    branches = [each for each in ("lithiation", "delithiation") if each in table["value"]]
    if branches and branch not in branches:
        raise CorrelationError(
            f"{name} has two branches: say lithiation or delithiation, not {branch!r}"
        )
    if not branches and branch is not None:
        raise CorrelationError(f"{name} has one branch: leave {branch!r} out")
    value = table["value"][branch] if branch else table["value"]
    return forms.potential(_printed(table | {"value": value}, "V"))


@cache
def electrolyte(name: str, temperature: float = REFERENCE_TEMPERATURE) -> Electrolyte:
    """Transport in an electrolyte.

    Parameters
    ----------
    name : str
        One of ``names("electrolyte")``.
    temperature : float
        [K]

    Raises
    ------
    CorrelationError
        Where the library has no such electrolyte.
    """
    if name not in correlations.content()["electrolyte"]:
        raise CorrelationError(
            "the library has no electrolyte "
            f"{name!r}{nearest(name, correlations.names('electrolyte'))}"
        )
    tables = correlations.content()["electrolyte"][name]
    properties = {key: _printed(tables[key], unit) for key, unit in _SI.items() if key in tables}
    return forms.electrolyte(properties, tables["source"], temperature, tuple(tables["validity"]))


def landesfeind_gasteiger_2019(
    temperature: float = REFERENCE_TEMPERATURE, solvent: str = "EC:EMC 3:7"
) -> Electrolyte:
    """LiPF6 in EC:EMC 3:7 by weight (or EMC:FEC 19:1), all four properties from one set of
    measurements.

    Landesfeind and Gasteiger, J. Electrochem. Soc. 166 (2019) A3079, 10.1149/2.0571912jes, 0.1 to 3
    mol/L, -10 to 50 C.

    Parameters
    ----------
    temperature : float
        [K]
    solvent : {"EC:EMC 3:7", "EMC:FEC 19:1"}
        The second bounds what fluoroethylene carbonate does.
    """
    endings = {"EC:EMC 3:7": "", "EMC:FEC 19:1": "-emc-fec"}
    if solvent not in endings:
        raise CorrelationError(f"{solvent!r} is no solvent of this set{nearest(solvent, endings)}")
    return electrolyte(f"landesfeind-gasteiger-2019{endings[solvent]}", temperature)


def nyman_2008(temperature: float = REFERENCE_TEMPERATURE) -> Electrolyte:
    """LiPF6 in EC:EMC 3:7 with the constant transference number and the unit factor that Chen et
    al. 2020 use.

    Nyman, Behm and Lindbergh, Electrochim. Acta 53 (2008) 6356, 10.1016/j.electacta.2008.04.023.
    """
    return electrolyte("nyman-2008", temperature)


def valoen_reimers_2005(temperature: float = REFERENCE_TEMPERATURE) -> Electrolyte:
    """LiPF6 in PC:EC:DMC 10:27:63 by volume, Valoen and Reimers, J. Electrochem. Soc. 152 (2005)
    A882.
    """
    return electrolyte("valoen-reimers-2005", temperature)


def graphite_siox_lgm50(x: FloatOrArray) -> FloatOrArray:
    """Blend of graphite and SiOx of the LG M50, Chen et al. 2020, 10.1149/1945-7111/ab9050 [V]."""
    return potential("graphite-siox-chen-2020")(x)


def graphite_ecker(x: FloatOrArray) -> FloatOrArray:
    """Graphite, Ecker et al. 2015, 10.1149/2.0551509jes, fitted by Richardson et al. 2020 [V]."""
    return potential("graphite-ecker-2015")(x)


def graphite_mohtat(x: FloatOrArray) -> FloatOrArray:
    """Graphite, Mohtat et al. 2020, 10.1149/1945-7111/aba5d1 [V]."""
    return potential("graphite-mohtat-2020")(x)


def silicon_lithiation(x: FloatOrArray) -> FloatOrArray:
    """Silicon while it takes lithium up, Verbrugge et al. 2015, in the form of Ai et al. 2022 [V];
    0 < x < 1.
    """
    return potential("silicon-verbrugge-2015", "lithiation")(x)


def silicon_delithiation(x: FloatOrArray) -> FloatOrArray:
    """Silicon while it gives lithium off, Verbrugge et al. 2015, in Ai et al. 2022's form [V]."""
    return potential("silicon-verbrugge-2015", "delithiation")(x)


def nmc811_lgm50(x: FloatOrArray) -> FloatOrArray:
    """NMC811 of the LG M50, Chen et al. 2020, 10.1149/1945-7111/ab9050 [V]."""
    return potential("nmc811-chen-2020")(x)


def nmc532_mohtat(x: FloatOrArray) -> FloatOrArray:
    """NMC532, Mohtat et al. 2020, 10.1149/1945-7111/aba5d1; x scaled to its window [V]."""
    return potential("nmc532-mohtat-2020")(x)
