"""The perforated foil: a triangular lattice of round holes, its areas, its mass, its strength.

Equations are numbered as in chapter 1 of the book.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from rampore import RamporeError
from rampore.arrays import FloatOrArray
from rampore.checks import choice, quantity
from rampore.constants import AVOGADRO, COPPER_DENSITY, ELECTRONVOLT, FARADAY

#: Open fraction at which the holes of a triangular lattice touch [-].
CLOSE_PACKED = math.pi / (2 * math.sqrt(3))


class CollectorError(RamporeError, ValueError):
    """A foil that cannot be: the message names the quantity and the reason."""


def _length(name: str, value):
    quantity(name, value, CollectorError, above=0, unit="m")


def _share(value, least: float = 0, most: float = 1):
    quantity("open fraction", value, CollectorError, at_least=least, at_most=most)


def open_fraction_from_lattice(hole_diameter: FloatOrArray, pitch: FloatOrArray) -> FloatOrArray:
    r"""Share of the plan area that is hole, :math:`f = \pi d^2 / (2\sqrt3\,p^2)` (Eq. 1.1).

    Parameters
    ----------
    hole_diameter, pitch : float or array
        Diameter d of the holes and distance p between the centres of neighbours [m].

    Returns
    -------
    float or array
        f [-].

    Raises
    ------
    CollectorError
        Where a length is none, or the holes overlap.
    """
    quantity("hole diameter", hole_diameter, CollectorError, at_least=0, unit="m")
    _length("pitch", pitch)
    ratio = hole_diameter / pitch
    quantity("hole diameter over pitch", ratio, CollectorError, at_most=1)
    return CLOSE_PACKED * ratio**2


def pitch_from_open_fraction(
    hole_diameter: FloatOrArray, open_fraction: FloatOrArray
) -> FloatOrArray:
    """Distance between the centres of neighbouring holes [m], from their diameter [m] and the open
    fraction [-].
    """
    _length("hole diameter", hole_diameter)
    quantity("open fraction", open_fraction, CollectorError, above=0, at_most=CLOSE_PACKED)
    return hole_diameter * np.sqrt(CLOSE_PACKED / open_fraction)


def hole_diameter_from_open_fraction(
    pitch: FloatOrArray, open_fraction: FloatOrArray
) -> FloatOrArray:
    """Diameter of the holes [m], from their pitch [m] and the open fraction [-]."""
    _length("pitch", pitch)
    _share(open_fraction, most=CLOSE_PACKED)
    return pitch * np.sqrt(open_fraction / CLOSE_PACKED)


def wall_area(
    open_fraction: FloatOrArray, thickness: FloatOrArray, hole_diameter: FloatOrArray
) -> FloatOrArray:
    r"""Area of the hole walls per plan area, :math:`4 f t / d` (Eq. 1.11) [-]; lengths in m."""
    _share(open_fraction)
    quantity("thickness", thickness, CollectorError, at_least=0, unit="m")
    _length("hole diameter", hole_diameter)
    return 4 * open_fraction * thickness / hole_diameter


def contact_area(
    open_fraction: FloatOrArray,
    thickness: FloatOrArray,
    hole_diameter: FloatOrArray,
    sides: int = 1,
    walls: bool = True,
) -> FloatOrArray:
    r"""Area on which one coating touches the foil, over that of a bare foil (Eq. 1.11).

    The hole takes :math:`f` from the plane and gives its wall back, :math:`4 f t/d`; where the foil
    is coated on both sides, the two coatings share the wall.

    Parameters
    ----------
    open_fraction : float or array
        f [-].
    thickness, hole_diameter : float or array
        Foil thickness t and hole diameter d [m].
    sides : {1, 2}
        Sides that are coated.
    walls : bool
        Whether the filled holes touch their walls.

    Returns
    -------
    float or array
        Contact area per side and plan area [-].

    Raises
    ------
    CollectorError
        Where `sides` is neither 1 nor 2, or a quantity is none.
    """
    choice("sides", sides, (1, 2), CollectorError)
    _share(open_fraction)
    return (
        1
        - open_fraction
        + (wall_area(open_fraction, thickness, hole_diameter) / sides if walls else 0.0)
    )


def breakeven_thickness(hole_diameter: FloatOrArray, sides: int = 1) -> FloatOrArray:
    r"""Foil thickness above which holes enlarge the contact area, :math:`n d / 4` for `n` coated
    sides [m].

    It does not depend on how many holes there are (Eq. 1.12).
    """
    choice("sides", sides, (1, 2), CollectorError)
    _length("hole diameter", hole_diameter)
    return sides * hole_diameter / 4


class Etching(StrEnum):
    """How the acid went through the foil, which makes the walls of a hole."""

    STRAIGHT = "straight"
    ONE_SIDE = "from one side"
    BOTH_SIDES = "from both sides"


class EtchedHole(NamedTuple):
    """A round hole as etching leaves it: widest at the face that the acid came from."""

    mouth: float  #: largest radius [m]
    waist: float  #: smallest radius [m]
    wall: float  #: area of the wall [m2]
    volume: float  #: of the metal that is gone [m3]


def etched_hole(
    etching: Etching, thickness: float, *, mouth: float | None = None, waist: float | None = None
) -> EtchedHole:
    r"""A hole whose wall is a quarter circle of the depth's radius, or straight (Eq. 1.13).

    An acid that bites equally fast in all directions leaves, from the edge of its mask, a quarter
    circle as wide as deep: from one side of the depth :math:`s = t`, from both sides twice of
    :math:`s = t/2`. Turned around the axis at a waist of radius :math:`a`, one quarter has the area
    :math:`2\pi s\,(\pi a/2 + s)` and holds :math:`\pi s\,(a^2 + \pi a s/2 + 2 s^2/3)`.

    Parameters
    ----------
    etching : Etching
    thickness : float
        Foil thickness t [m].
    mouth, waist : float, optional
        Largest or smallest radius of the hole [m]; one of the two.

    Returns
    -------
    EtchedHole

    Raises
    ------
    CollectorError
        Where not exactly one radius is given, or the mouth is too narrow for the depth.
    """
    choice("etching", etching, Etching, CollectorError)
    _length("thickness", thickness)
    if (mouth is None) == (waist is None):
        raise CollectorError("a hole has one of the two radii, `mouth` or `waist`")
    _length("radius", waist if mouth is None else mouth)
    if etching == Etching.STRAIGHT:
        radius = waist if mouth is None else mouth
        return EtchedHole(
            radius, radius, 2 * math.pi * radius * thickness, math.pi * radius**2 * thickness
        )
    quarters = 1 if etching == Etching.ONE_SIDE else 2
    depth = thickness / quarters
    waist = mouth - depth if waist is None else waist
    if waist <= 0:
        raise CollectorError(
            f"a mouth of {2e6 * mouth:g} um closes before a depth of {1e6 * depth:g} um"
        )
    wall = 2 * math.pi * depth * (math.pi / 2 * waist + depth)
    volume = math.pi * depth * (waist**2 + math.pi / 2 * waist * depth + 2 / 3 * depth**2)
    return EtchedHole(waist + depth, waist, quarters * wall, quarters * volume)


class NetSection(NamedTuple):
    """Strength of a perforated foil over that of the bare one, by the metal that is left to carry
    the load [-].
    """

    #: pulled at right angles to the close-packed rows: the straight section through one row
    across_rows: float
    along_rows: float  #: pulled along them: the weaker of a straight section and a staggered one
    bound: float  #: share of metal, which no foil of ductile metal exceeds


def net_section(open_fraction: FloatOrArray) -> NetSection:
    r"""Net-section strength of a triangular lattice of holes in a ductile foil (Eq. 1.14).

    At right angles to the close-packed rows a straight section keeps :math:`1 - d/p`. Along the
    rows a straight section meets every second row and keeps :math:`1 - d/(\sqrt3 p)`; a staggered
    one meets every row, at a gauge :math:`g = \sqrt3 p/2` with a stagger :math:`s = p/2`, and by
    Cochrane's rule of structural steel (add :math:`s^2/4g` a step) keeps :math:`1 - 2d/(\sqrt3 p) +
    1/12`. The share of metal, :math:`1 - f`, bounds both.

    Parameters
    ----------
    open_fraction : float or array
        f [-].

    Returns
    -------
    NetSection

    Raises
    ------
    CollectorError
        Where f is not that of separate holes.
    """
    _share(open_fraction, most=CLOSE_PACKED)
    width = np.sqrt(open_fraction / CLOSE_PACKED)
    straight = 1 - width / math.sqrt(3)
    staggered = 1 - 2 * width / math.sqrt(3) + 1 / 12
    return NetSection(1 - width, np.minimum(straight, staggered), 1 - open_fraction)


def open_fraction_from_net_section(strength_ratio: FloatOrArray) -> FloatOrArray:
    """Open fraction [-] at which a straight section through a close-packed row keeps
    `strength_ratio` [-].
    """
    quantity("strength ratio", strength_ratio, CollectorError, at_least=0, at_most=1)
    return CLOSE_PACKED * (1 - strength_ratio) ** 2


def areal_mass(solid: FloatOrArray, open_fraction: FloatOrArray) -> FloatOrArray:
    """Areal mass of a foil with holes [kg/m2], from that of the same foil without [kg/m2] and f [-]
    (Eq. 1.2).
    """
    quantity("areal mass", solid, CollectorError, above=0, unit="kg/m2")
    _share(open_fraction)
    return solid * (1 - open_fraction)


def open_fraction_from_masses(
    perforated: FloatOrArray,
    solid: FloatOrArray,
    perforated_thickness: FloatOrArray = 1.0,
    solid_thickness: FloatOrArray = 1.0,
) -> FloatOrArray:
    """Open fraction from the areal masses of a perforated and of a solid foil of one metal (Eq.
    1.2).

    Parameters
    ----------
    perforated, solid : float or array
        Areal masses [kg/m2].
    perforated_thickness, solid_thickness : float or array
        Thickness of each foil [m]; may be left out where it is the same.

    Returns
    -------
    float or array
        f [-].

    Raises
    ------
    CollectorError
        Where the perforated foil is denser than the solid one, or a mass or a thickness is none.
    """
    quantity("perforated foil's areal mass", perforated, CollectorError, at_least=0, unit="kg/m2")
    quantity("solid foil's areal mass", solid, CollectorError, above=0, unit="kg/m2")
    _length("perforated thickness", perforated_thickness)
    _length("solid thickness", solid_thickness)
    share = (perforated / perforated_thickness) / (solid / solid_thickness)
    if np.any(share > 1):
        raise CollectorError(
            f"a foil cannot gain mass by holes: {perforated} kg/m2 perforated, {solid} kg/m2 solid"
        )
    return 1 - share


@dataclass(frozen=True)
class PerforatedFoil:
    """A foil with round holes on a triangular lattice; `x` runs along a close-packed row.

    Attributes
    ----------
    hole_diameter, pitch, thickness : float
        Diameter of the holes, distance between the centres of neighbours, thickness of the foil
        [m].
    density : float
        Density of the metal [kg/m3]; of copper where none is given.

    Raises
    ------
    CollectorError
        Where a value is not positive and finite, or the holes overlap.
    """

    hole_diameter: float
    pitch: float
    thickness: float
    density: float = COPPER_DENSITY

    def __post_init__(self) -> None:
        for name in ("hole_diameter", "pitch", "thickness", "density"):
            quantity(name.replace("_", " "), getattr(self, name), CollectorError, above=0)
        if self.pitch <= self.hole_diameter:
            raise CollectorError(
                f"holes of {self.hole_diameter * 1e6:g} um overlap at a pitch of "
                f"{self.pitch * 1e6:g} um: the pitch must exceed the hole diameter"
            )

    @property
    def open_fraction(self) -> float:
        """Share of the plan area that is hole [-] (Eq. 1.1)."""
        return open_fraction_from_lattice(self.hole_diameter, self.pitch)

    @property
    def holes_per_area(self) -> float:
        """Holes per plan area [1/m2]."""
        return 2 / (math.sqrt(3) * self.pitch**2)

    @property
    def ligament_width(self) -> float:
        """Narrowest metal between two holes [m]."""
        return self.pitch - self.hole_diameter

    @property
    def areal_mass(self) -> float:
        """Mass per plan area [kg/m2] (Eq. 1.2)."""
        return areal_mass(self.density * self.thickness, self.open_fraction)

    @property
    def wall_area(self) -> float:
        """Area of the hole walls per plan area [-]."""
        return wall_area(self.open_fraction, self.thickness, self.hole_diameter)

    def contact_area(self, sides: int = 1, walls: bool = True) -> float:
        """Contact area of one coating over that on bare foil [-], see :func:`contact_area`."""
        return contact_area(self.open_fraction, self.thickness, self.hole_diameter, sides, walls)

    @property
    def net_section(self) -> NetSection:
        """Strength over that of the bare foil [-], see :func:`net_section`."""
        return net_section(self.open_fraction)

    def hole_centres(self, width: float, height: float) -> np.ndarray:
        """Centres of the holes that show in a window, one of them in its lower left corner.

        Parameters
        ----------
        width, height : float
            Size of the window [m].

        Returns
        -------
        (n, 2) array
            x and y [m]; a hole that the edge cuts is there too.
        """
        _length("width", width)
        _length("height", height)
        radius, rise = self.hole_diameter / 2, self.pitch * math.sqrt(3) / 2
        rows = np.arange(-math.ceil(radius / rise), math.ceil((height + radius) / rise) + 1)
        columns = np.arange(
            -math.ceil(radius / self.pitch) - 1, math.ceil((width + radius) / self.pitch) + 1
        )
        row, column = np.meshgrid(rows, columns, indexing="ij")
        x, y = (column + 0.5 * (row % 2)) * self.pitch, row * rise
        nearest = np.hypot(x - np.clip(x, 0, width), y - np.clip(y, 0, height))
        shown = nearest < radius
        return np.column_stack([x[shown], y[shown]])


def perforated_foil(
    thickness: float,
    density: float,
    *,
    hole_diameter: float | None = None,
    pitch: float | None = None,
    open_fraction: float | None = None,
) -> PerforatedFoil:
    """A perforated foil from two of hole diameter, pitch and open fraction.

    Parameters
    ----------
    thickness, density : float
        Foil thickness [m] and density of the metal [kg/m3].
    hole_diameter, pitch : float, optional
        [m]
    open_fraction : float, optional
        [-]

    Returns
    -------
    PerforatedFoil

    Raises
    ------
    CollectorError
        Where not exactly two of the three are given, the holes would overlap, or a value is
        nonsense.
    """
    given = {"hole_diameter": hole_diameter, "pitch": pitch, "open_fraction": open_fraction}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) != 2:
        raise CollectorError(
            "two of hole_diameter, pitch and open_fraction make a lattice; given: "
            + (", ".join(given) or "none")
        )
    if open_fraction is not None:
        quantity(
            "open fraction of separate holes",
            open_fraction,
            CollectorError,
            above=0,
            below=CLOSE_PACKED,
        )
    if pitch is None:
        pitch = float(pitch_from_open_fraction(hole_diameter, open_fraction))
    elif hole_diameter is None:
        hole_diameter = float(hole_diameter_from_open_fraction(pitch, open_fraction))
    return PerforatedFoil(hole_diameter, pitch, thickness, density)


def web_stress(tension: FloatOrArray, width: FloatOrArray, thickness: FloatOrArray) -> FloatOrArray:
    """Tensile stress [Pa] in a web under `tension` [N], `width` by `thickness` [m] (Eq. 1.15)."""
    quantity("tension", tension, CollectorError, unit="N")
    _length("width", width)
    _length("thickness", thickness)
    return tension / (width * thickness)


def theoretical_capacity(lithium_per_formula: float, molar_mass: float) -> float:
    r"""Specific capacity of a host, per mass without lithium, :math:`x F / M` (Eq. 1.16).

    Parameters
    ----------
    lithium_per_formula : float
        Lithium x that one formula unit takes up [-].
    molar_mass : float
        Molar mass M of the formula unit, without that lithium [kg/mol].

    Returns
    -------
    float
        [C/kg]

    Raises
    ------
    CollectorError
        Where either is not positive and finite.
    """
    quantity("lithium per formula", lithium_per_formula, CollectorError, above=0)
    quantity("molar mass", molar_mass, CollectorError, above=0, unit="kg/mol")
    return lithium_per_formula * FARADAY / molar_mass


def attenuation_length(
    kinetic_energy: float, molar_mass: float, density: float, atoms: int
) -> float:
    r"""Length over which a compound lets a share 1/e of photoelectrons pass (Eq. 1.18).

    The empirical law of Seah and Dench, Surf. Interface Anal. 1 (1979) 2, for inorganic compounds,
    :math:`\lambda = a\,[2170/E^2 + 0.72\sqrt{aE}]` with E in eV and the edge
    :math:`a = \sqrt[3]{M/(\rho\,n\,N_\mathrm{A})}` of an atom's cube in nm.

    Parameters
    ----------
    kinetic_energy : float
        E of the electrons [J].
    molar_mass, density : float
        M [kg/mol] and rho [kg/m3] of the compound.
    atoms : int
        Atoms n of a formula unit [-].

    Returns
    -------
    float
        [m]

    Raises
    ------
    CollectorError
        Where a value is not positive and finite.
    """
    quantity("kinetic energy", kinetic_energy, CollectorError, above=0, unit="J")
    quantity("molar mass", molar_mass, CollectorError, above=0, unit="kg/mol")
    quantity("density", density, CollectorError, above=0, unit="kg/m3")
    quantity("atoms", atoms, CollectorError, at_least=1, whole=True)
    energy = kinetic_energy / ELECTRONVOLT
    edge = 1e9 * (molar_mass / (density * atoms * AVOGADRO)) ** (1 / 3)  # nm
    return 1e-9 * edge * (2170 / energy**2 + 0.72 * math.sqrt(edge * energy))


def film_of_signal(
    ratio: FloatOrArray, length: float, in_film: float, below: float
) -> FloatOrArray:
    r"""Thickness of a film that shows so much more of an element than what lies under it does.

    Seen from straight above, a film of thickness d shows :math:`n_1(1 - e^{-d/\lambda})` and lets
    :math:`n_2\,e^{-d/\lambda}` through: :math:`d = \lambda\ln(1 + r\,n_2/n_1)` (Eq. 1.18).

    Parameters
    ----------
    ratio : float or array
        Signal r of the film over that of what lies under it [-].
    length : float
        Attenuation length lambda, the same in both [m].
    in_film, below : float
        Atoms n of the element per volume [mol/m3].

    Returns
    -------
    float or array
        [m]

    Raises
    ------
    CollectorError
        Where the ratio is negative, or another value is not positive and finite.
    """
    quantity("ratio", ratio, CollectorError, at_least=0)
    _length("length", length)
    quantity("in_film", in_film, CollectorError, above=0, unit="mol/m3")
    quantity("below", below, CollectorError, above=0, unit="mol/m3")
    return length * np.log1p(ratio * below / in_film)
