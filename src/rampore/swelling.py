r"""Swelling: the volume of lithiated solids, and the thickness of the coating that they are in.

What lithium adds to the solid of a coating becomes thickness, or takes pores. One parameter says
which: the sharing g of Gomadam and Weidner (J. Electrochem. Soc. 153 (2006) A179), the share of the
solid's logarithmic growth that the coating follows. With the solid's volume ratio S

.. math:: L = L_0 S^g, \qquad 1 - \varepsilon = (1 - \varepsilon_0)\, S^{1 - g}.

At g = 0 the thickness stays and the pores take all, at g = 1 the porosity stays; above 1 pores
open. Between the ends, and moving with S, lies the coating whose pores keep their volume, which
:func:`sharing_at_constant_pores` gives. No measured g of a coating with SiOx was found: it is a
range to carry, not a number to know. The coating is held in its plane by the foil, so that all of
its volume goes into thickness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.polynomial import Polynomial

from rampore import RamporeError
from rampore.arrays import FloatOrArray
from rampore.checks import known_keys, quantity
from rampore.constants import FARADAY


class SwellingError(RamporeError, ValueError):
    """A volume or a coating that cannot be; the message names the quantity and the reason."""


class Sourced(NamedTuple):
    """A value, and where it was read."""

    value: float  #: in the unit of the table that it stands in
    source: str | None  #: None where none was found


#: Volume that a mole of lithium adds to silicon, by name [m3/mol].
LITHIUM_IN_SILICON: dict[str, Sourced] = {
    "BattMo": Sourced(8.8e-6, "BattMo, FullSolidDiffusionSwellingModel, after Chandrasekaran 2010"),
    "lattice of Li15Si4": Sourced(9.05e-6, None),
    "upper value in use": Sourced(11e-6, None),
    # near the molar volume of silicon itself, which it may have been taken for
    "Bonkile 2024": Sourced(12e-6, "Bonkile et al., J. Power Sources 606 (2024) 234256, in PyBaMM"),
}

#: Volume of a mole of dense lithium metal [m3/mol]: 6.94 g/mol at 534 kg/m3.
LITHIUM_METAL = 6.94e-3 / 534

#: Molar volumes of amorphous SiO and of silicon, the first by a density of 2200 kg/m3 [m3/mol].
MONOXIDE, SILICON = Sourced(20.0e-6, None), Sourced(12.05e-6, None)
#: Molar volume of Li4SiO4, by a density of 2390 kg/m3 [m3/mol].
SILICATE = Sourced(119.84e-3 / 2390, None)


class VolumeLaw(NamedTuple):
    """Volume of a host over its stoichiometry x, 0 to 1."""

    ratio: Polynomial  #: over the volume at x = 0 [-]
    source: str | None  #: None where none was found

    def __call__(self, stoichiometry: FloatOrArray) -> FloatOrArray:
        """Volume over that at x = 0 [-]; `stoichiometry` must lie within 0 and 1 [-]."""
        quantity("stoichiometry", stoichiometry, SwellingError, at_least=0, at_most=1)
        return self.ratio(stoichiometry)


#: Volume of the graphite that holds a mole of lithium as LiC6 [m3/mol]: 72.07 g/mol at 2240 kg/m3.
GRAPHITE_PER_LITHIUM = 72.066e-3 / 2240

#: Laws of graphite, by name.
GRAPHITE: dict[str, VolumeLaw] = {
    # the constant of the fit, -5e-5, is left out: the empty host has its own volume
    "Ai 2020": VolumeLaw(
        Polynomial(
            [1, 0.386, -5.706, 60.641, -312.528, 873.906, -1415.71, 1334.442, -681.229, 145.907]
        ),
        "Ai et al., J. Electrochem. Soc. 167 (2020) 013512, after Rieger 2016; in PyBaMM",
    ),
    # by its partial molar volume
    "Ai 2020, linear": VolumeLaw(
        Polynomial([1, 3.1e-6 / GRAPHITE_PER_LITHIUM]),
        "Ai et al., J. Electrochem. Soc. 167 (2020) 013512; in PyBaMM",
    ),
    "13.2 %": VolumeLaw(Polynomial([1, 0.132]), None),
}


def lithium_volumes() -> dict[str, tuple[float, float]]:
    """Least and largest volume that a mole of lithium adds to a solid, over the sources, by the
    solid [m3/mol].
    """
    silicon = [each.value for each in LITHIUM_IN_SILICON.values()]
    graphite = [float(law(1.0) - 1) * GRAPHITE_PER_LITHIUM for law in GRAPHITE.values()]
    return {
        "lithium in graphite": (min(graphite), max(graphite)),
        "lithium in silicon": (min(silicon), max(silicon)),
        "dense lithium metal": (LITHIUM_METAL, LITHIUM_METAL),
    }


class SiliconMonoxide(NamedTuple):
    """Volumes of SiO that reacted to silicon in Li4SiO4, per mole of SiO."""

    pristine: float  #: before the first charge [m3/mol]
    delithiated: float  #: silicon and silicate [m3/mol]
    lithiated: float  #: at x = 1 [m3/mol]
    lithium: float  #: reversible, mole per mole of SiO [-]

    @property
    def law(self) -> VolumeLaw:
        """Volume over the stoichiometry of the reversible lithium, over that of the delithiated
        host.
        """
        growth = self.lithiated / self.delithiated - 1
        return VolumeLaw(Polynomial([1, growth]), "molar volumes")


def silicon_monoxide(
    lithium_volume: float,
    lithium_per_silicon: float = 3.75,
    monoxide: float = MONOXIDE.value,
    silicon: float = SILICON.value,
    silicate: float = SILICATE.value,
) -> SiliconMonoxide:
    r"""Volumes of SiO by :math:`4\,\mathrm{SiO} + (4 + 3y)\,\mathrm{Li} \to
    3\,\mathrm{Li}_y\mathrm{Si} + \mathrm{Li_4SiO_4}`.

    Parameters
    ----------
    lithium_volume : float
        That a mole of lithium adds to silicon [m3/mol]; see :data:`LITHIUM_IN_SILICON`.
    lithium_per_silicon : float
        y at x = 1 [-].
    monoxide, silicon, silicate : float
        Molar volumes of SiO, Si and Li4SiO4 [m3/mol].

    Returns
    -------
    SiliconMonoxide

    Raises
    ------
    SwellingError
        Where a volume is none.
    """
    for name, value in (("lithium", lithium_volume), ("SiO", monoxide), ("Si", silicon)):
        quantity(f"molar volume of {name}", value, SwellingError, above=0, unit="m3/mol")
    quantity("molar volume of Li4SiO4", silicate, SwellingError, above=0, unit="m3/mol")
    quantity("lithium per silicon", lithium_per_silicon, SwellingError, above=0)
    lithium = 0.75 * lithium_per_silicon
    empty = 0.75 * silicon + 0.25 * silicate
    return SiliconMonoxide(monoxide, empty, empty + lithium * lithium_volume, lithium)


class Swollen(NamedTuple):
    """A coating after its solid changed volume."""

    thickness: FloatOrArray  #: [m]
    porosity: FloatOrArray  #: [-]


def thickness_ratio(solid_ratio: FloatOrArray, sharing: FloatOrArray) -> FloatOrArray:
    """Thickness of a coating over that before, S^g [-], of the volume of its solid over that
    before, S [-], and the sharing g [-].
    """
    return np.power(solid_ratio, sharing)


def swollen(
    thickness: FloatOrArray,
    porosity: FloatOrArray,
    solid_ratio: FloatOrArray,
    sharing: FloatOrArray,
) -> Swollen:
    """A coating whose solid took another volume.

    Parameters
    ----------
    thickness, porosity : float or array
        Before: L0 [m] and epsilon0 [-].
    solid_ratio : float or array
        Volume of the solid over that before, S [-].
    sharing : float or array
        g [-].

    Returns
    -------
    Swollen

    Raises
    ------
    SwellingError
        Where a quantity lies outside its limits, or the pores would have to hold solid.
    """
    quantity("thickness", thickness, SwellingError, above=0, unit="m")
    quantity("porosity", porosity, SwellingError, at_least=0, below=1)
    quantity("volume of the solid over that before", solid_ratio, SwellingError, above=0)
    quantity("sharing", sharing, SwellingError, at_least=0)
    solid = (1 - porosity) * np.power(solid_ratio, 1 - np.asarray(sharing))
    if np.any(solid > 1):
        raise SwellingError(
            f"the pores are closed: solid would fill {np.max(solid):.4g} of the volume; "
            "a larger sharing gives it to the thickness"
        )
    return Swollen(thickness * thickness_ratio(solid_ratio, sharing), 1 - solid)


def sharing_at_constant_pores(solid_ratio: FloatOrArray, porosity: FloatOrArray) -> FloatOrArray:
    """Sharing g [-] at which the pores keep their volume, and thickness grows by what the solid
    does.

    Parameters
    ----------
    solid_ratio : float or array
        S, not 1 [-].
    porosity : float or array
        Before [-].
    """
    quantity("porosity", porosity, SwellingError, at_least=0, below=1)
    return sharing_for(1 + (1 - porosity) * (np.asarray(solid_ratio) - 1), solid_ratio)


def sharing_for(thickness_ratio: FloatOrArray, solid_ratio: FloatOrArray) -> FloatOrArray:
    """Sharing g [-] that a thickness over the one before asks of a solid's volume over the one
    before [-].

    Raises
    ------
    SwellingError
        Where the solid's volume did not change, or a ratio is none.
    """
    quantity("thickness over that before", thickness_ratio, SwellingError, above=0)
    quantity("volume of the solid over that before", solid_ratio, SwellingError, above=0)
    if np.any(np.equal(solid_ratio, 1)):
        raise SwellingError("a solid that keeps its volume shares nothing")
    return np.log(thickness_ratio) / np.log(solid_ratio)


@dataclass(frozen=True)
class ActiveCoating:
    """A coating and the solids in it, at the stoichiometry 0 of all hosts.

    Attributes
    ----------
    thickness : float
        [m]
    porosity : float
        [-]
    hosts : mapping of str to (float, VolumeLaw)
        Share of the solid's volume [-] and law of each host by name; the rest keeps its volume.
    """

    thickness: float
    porosity: float
    hosts: Mapping[str, tuple[float, VolumeLaw]]

    def __post_init__(self) -> None:
        quantity("thickness", self.thickness, SwellingError, above=0, unit="m")
        quantity("porosity", self.porosity, SwellingError, at_least=0, below=1)
        for name, (share, _) in self.hosts.items():
            quantity(f"share of {name}", share, SwellingError, at_least=0, at_most=1)
        total = sum(share for share, _ in self.hosts.values())
        quantity("sum of the hosts' shares", total, SwellingError, at_most=1)

    def solid_ratio(self, stoichiometry: Mapping[str, FloatOrArray]) -> FloatOrArray:
        """Volume of the solid over that at the stoichiometry 0 [-].

        Parameters
        ----------
        stoichiometry : mapping of str to (float or array)
            Mean of the particles at a place, of each host by its name [-].

        Raises
        ------
        SwellingError
            Where the hosts are not those of the coating, or a stoichiometry is none.
        """
        known_keys("stoichiometry", stoichiometry, self.hosts, SwellingError)
        known_keys("hosts with a stoichiometry", self.hosts, stoichiometry, SwellingError)
        return 1 + sum(
            share * (law(stoichiometry[name]) - 1) for name, (share, law) in self.hosts.items()
        )

    def at(
        self,
        stoichiometry: Mapping[str, FloatOrArray],
        sharing: float,
        start: Mapping[str, FloatOrArray] | None = None,
    ) -> Swollen:
        """Thickness and mean porosity along a history of stoichiometries.

        Parameters
        ----------
        stoichiometry : mapping of str to (..., n) array
            Of each host by name [-]; the last axis runs through the depth, in slices of equal
            thickness at the start.
        sharing : float
            g [-].
        start : mapping of str to float or (n,) array, optional
            Stoichiometries at which the coating has its thickness and porosity; 0 where it is left
            out.

        Returns
        -------
        Swollen
            (...) arrays.

        Raises
        ------
        SwellingError
            As :meth:`solid_ratio` and :func:`swollen`.
        """
        before = self.solid_ratio(start or dict.fromkeys(self.hosts, 0.0))
        ratio = np.atleast_1d(self.solid_ratio(stoichiometry) / before)
        slices = swollen(self.thickness, self.porosity, ratio, sharing)
        thickness = np.mean(slices.thickness, axis=-1)
        pores = np.mean(slices.thickness * slices.porosity, axis=-1)
        return Swollen(thickness, pores / thickness)


def volume_per_lithium(thickness_change: FloatOrArray, areal_charge: FloatOrArray) -> FloatOrArray:
    r"""Volume that each mole of lithium adds to a stack, :math:`\Delta h F / q`.

    Parameters
    ----------
    thickness_change : float or array
        [m]
    areal_charge : float or array
        Charge that moved, per area [C/m2].

    Returns
    -------
    float or array
        [m3/mol]

    Raises
    ------
    SwellingError
        Where the charge is none.
    """
    quantity("thickness change", thickness_change, SwellingError, unit="m")
    quantity("areal charge", areal_charge, SwellingError, above=0, unit="C/m2")
    return np.multiply(thickness_change, FARADAY) / areal_charge
