r"""The paper's stacks: as its design values make them, as its printed figures imply them, and with
more SiOx.

Backward from what is printed (:class:`Published`), and forward over the SiOx content at a fixed
areal capacity (:class:`Blend`, :class:`ContentBalance`): what :mod:`rampore.energy` makes of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rampore.arrays import FloatOrArray
from rampore.checks import choice, increasing, known_keys, quantity
from rampore.energy import Design, Gain, Stack, StackError, _names, gain

if TYPE_CHECKING:
    from rampore.lim2026.parameters import Branches, CellInputs, Curve


def design_of(cell: CellInputs, **changes: Any) -> Design:
    """The paper's single-sided cell on bare foil, nothing counted but foils, dry coatings and dry
    separator.

    Parameters
    ----------
    cell : parameters.CellInputs
    **changes
        Fields of :class:`rampore.energy.Design` to set otherwise.
    """
    foil = cell.collector_negative
    values = {
        "positive_foil_thickness": cell.collector_positive.thickness,
        "positive_foil_density": cell.collector_positive.density,
        "positive_loading": cell.positive.loading,
        "positive_density": cell.positive.density,
        "positive_porosity": cell.positive.porosity,
        "separator_thickness": cell.separator.thickness,
        "separator_density": cell.separator.density,
        "separator_porosity": cell.separator.porosity,
        "negative_loading": cell.negative.loading,
        "negative_density": cell.negative.density,
        "negative_porosity": cell.negative.porosity,
        "negative_foil_thickness": foil.thickness,
        "negative_foil_density": foil.areal_mass / foil.thickness,
    }
    known_keys("a design", changes, _names(), StackError)
    return Design(**values | changes)


def of_layers(design: Design, foil_mass: float, **changes: float) -> Stack:
    """The stack of a design whose negative foil weighs `foil_mass` [kg/m2], however thick it is.

    Parameters
    ----------
    design : Design
    foil_mass : float
    **changes
        Fields of `design` to set otherwise.
    """
    changed = replace(design, **changes)
    density = foil_mass / changed.negative_foil_thickness
    return replace(changed, negative_foil_density=density).stack()


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a paper prints of two cells, one on bare and one on perforated foil, and what follows
    from that alone.

    Attributes
    ----------
    foil_mass, pierced_mass : float
        Areal mass of the two foils [kg/m2].
    foil_share, pierced_share, saved_share : float
        Stated share of the bare foil, of the perforated foil, and of the saved mass [-].
    gravimetric, gravimetric_pierced : float
        Energy per mass of the two cells [J/kg].
    volumetric, volumetric_pierced : float
        Energy per volume [J/m3].
    saved_thickness : float
        Stated [m].
    """

    foil_mass: float
    pierced_mass: float
    foil_share: float
    pierced_share: float
    saved_share: float
    gravimetric: float
    gravimetric_pierced: float
    volumetric: float
    volumetric_pierced: float
    saved_thickness: float

    def __post_init__(self) -> None:
        for field in fields(self):
            most = 1 if field.name.endswith("share") else None
            quantity(field.name, getattr(self, field.name), StackError, above=0, at_most=most)

    def in_cell(self, mass: float) -> Published:
        """The same statements of a cell on bare foil of another mass [kg/m2] than the foil's share
        in it says.
        """
        return replace(self, foil_share=self.foil_mass / mass)

    @property
    def mass(self) -> float:
        """Mass of the cell on bare foil, by the foil's share in it [kg/m2]."""
        return self.foil_mass / self.foil_share

    @property
    def areal_energy(self) -> float:
        """Of the cell on bare foil [J/m2]: Eq. 5.1 turned around."""
        return self.gravimetric * self.mass

    @property
    def thickness(self) -> float:
        """Of the cell on bare foil [m]: Eq. 5.1 turned around."""
        return self.areal_energy / self.volumetric

    @property
    def saved_mass(self) -> float:
        """Difference of the foils [kg/m2]."""
        return self.foil_mass - self.pierced_mass

    @property
    def areal_energy_pierced(self) -> float:
        """Of the cell on perforated foil, by its own energy per mass [J/m2]."""
        return self.gravimetric_pierced * (self.mass - self.saved_mass)

    @property
    def thickness_to_save(self) -> float:
        """What the two energies per volume need [m], at equal areal energy."""
        return self.thickness * (1 - self.volumetric / self.volumetric_pierced)

    @property
    def share_of_pierced(self) -> float:
        """Share of the perforated foil in the cell that is lighter by the saved mass [-]."""
        return self.pierced_mass / (self.mass - self.saved_mass)

    @property
    def share_of_saved(self) -> float:
        """Share of the saved mass in the cell on bare foil [-]."""
        return self.saved_mass / self.mass

    @property
    def mass_by_pierced_share(self) -> float:
        """Mass of the cell on bare foil if the perforated foil has its stated share in the lighter
        cell [kg/m2].
        """
        return self.pierced_mass / self.pierced_share + self.saved_mass

    @property
    def mass_by_pierced_share_kept(self) -> float:
        """The same if that share is of a cell that still holds the saved mass [kg/m2]."""
        return self.pierced_mass / self.pierced_share

    @property
    def mass_by_saved_share(self) -> float:
        """Mass of the cell on bare foil by the stated share of the saved mass [kg/m2]."""
        return self.saved_mass / self.saved_share

    @property
    def mass_by_gain(self) -> float:
        """The same by the two energies per mass, at equal areal energy [kg/m2]."""
        return self.saved_mass / (1 - self.gravimetric / self.gravimetric_pierced)

    def mass_by_volume(self, thickness: float) -> float:
        """Mass of the cell on bare foil [kg/m2], of that thickness [m], by its two energies."""
        return self.volumetric * thickness / self.gravimetric

    def mass_by_volume_pierced(self, thickness: float) -> float:
        """The same by the two of the cell on perforated foil, which is thinner and lighter by what
        is stated; `thickness` is still that of the cell on bare foil [m].
        """
        pierced = self.volumetric_pierced * (thickness - self.saved_thickness)
        return pierced / self.gravimetric_pierced + self.saved_mass

    @property
    def share_of_pierced_kept(self) -> float:
        """Share of the perforated foil in a cell that still holds the saved mass [-]."""
        return self.pierced_mass / self.mass

    @property
    def gain_by_mass(self) -> float:
        """Gravimetric gain by the saved mass [-] (Eq. 5.3)."""
        return self.mass / (self.mass - self.saved_mass) - 1

    @property
    def gain_stated(self) -> Gain:
        """Ratio of the stated energy densities, less one [-]."""
        return Gain(
            self.gravimetric_pierced / self.gravimetric - 1,
            self.volumetric_pierced / self.volumetric - 1,
        )

    @property
    def gravimetric_by_mass(self) -> float:
        """Energy per mass of the cell on perforated foil, by the saved mass [J/kg]."""
        return self.gravimetric * (1 + self.gain_by_mass)

    @property
    def volumetric_by_thickness(self) -> float:
        """Energy per volume of the cell on perforated foil, by the stated saving [J/m3]."""
        return self.areal_energy / (self.thickness - self.saved_thickness)


def thickness_saving(thickness: float, gain: float) -> float:
    """What a stack must lose [m] to gain that much [-] in volumetric energy density at equal areal
    energy.
    """
    quantity("thickness", thickness, StackError, at_least=0, unit="m")
    quantity("gain", gain, StackError, above=-1)
    return thickness * gain / (1 + gain)


@dataclass(frozen=True)
class Blend:
    """SiOx and graphite in one coating, the inactive part of it fixed.

    Attributes
    ----------
    siox_capacity, graphite_capacity : float
        Reversible specific capacity [C/kg].
    active_fraction : float
        Mass fraction of active material in the coating [-].
    """

    siox_capacity: float
    graphite_capacity: float
    active_fraction: float

    def __post_init__(self) -> None:
        quantity("active_fraction", self.active_fraction, StackError, above=0, at_most=1)
        quantity("siox_capacity", self.siox_capacity, StackError, unit="C/kg")
        quantity("graphite_capacity", self.graphite_capacity, StackError, unit="C/kg")
        if not self.siox_capacity > self.graphite_capacity > 0:
            raise StackError(
                "SiOx must hold more charge than graphite, and graphite some: "
                f"{self.siox_capacity!r} and {self.graphite_capacity!r} C/kg"
            )

    def capacity(self, siox_fraction: FloatOrArray) -> FloatOrArray:
        """Capacity of the coating [C/kg] at a mass fraction of SiOx in the active material [-],
        scalar or array.
        """
        quantity(
            "SiOx fraction of the active material", siox_fraction, StackError, at_least=0, at_most=1
        )
        fraction = np.asarray(siox_fraction, dtype=float)
        active = fraction * self.siox_capacity + (1 - fraction) * self.graphite_capacity
        return (self.active_fraction * active)[()]

    def loading(self, siox_fraction: FloatOrArray, areal_capacity: FloatOrArray) -> FloatOrArray:
        """Loading of the coating [kg/m2] that holds an areal capacity [C/m2] (Eq. 5.4)."""
        quantity("areal capacity", areal_capacity, StackError, above=0, unit="C/m2")
        return areal_capacity / self.capacity(siox_fraction)

    def siox_fraction(self, loading: float, areal_capacity: float) -> float:
        """The SiOx fraction [-] at which a loading [kg/m2] holds an areal capacity [C/m2]: the
        inverse of `loading`.

        Raises
        ------
        StackError
            Where neither pure graphite nor pure SiOx, nor anything between, does.
        """
        quantity("loading", loading, StackError, above=0, unit="kg/m2")
        lightest, heaviest = self.loading(1.0, areal_capacity), self.loading(0.0, areal_capacity)
        if not lightest * (1 - 1e-12) <= loading <= heaviest * (1 + 1e-12):
            raise StackError(
                f"no SiOx fraction gives a loading of {100 * loading:.3g} mg/cm2: "
                f"pure SiOx needs {100 * lightest:.3g}, pure graphite {100 * heaviest:.3g} mg/cm2"
            )
        active = areal_capacity / (loading * self.active_fraction)
        return (active - self.graphite_capacity) / (self.siox_capacity - self.graphite_capacity)

    def siox_share(self, siox_fraction: FloatOrArray) -> FloatOrArray:
        """Share of the capacity that SiOx supplies [-]."""
        return (
            np.asarray(siox_fraction)
            * self.siox_capacity
            * self.active_fraction
            / self.capacity(siox_fraction)
        )


def siox_capacity(
    areal_capacity: float, loading: float, siox_mass: float, graphite_mass: float, graphite: float
) -> float:
    """What SiOx must hold [C/kg] for a coating to reach its areal capacity.

    Parameters
    ----------
    areal_capacity : float
        [C/m2]
    loading : float
        [kg/m2]
    siox_mass, graphite_mass : float
        Mass fractions in the coating [-].
    graphite : float
        Specific capacity of graphite [C/kg].
    """
    quantity("areal capacity", areal_capacity, StackError, above=0, unit="C/m2")
    quantity("loading", loading, StackError, above=0, unit="kg/m2")
    quantity("SiOx mass", siox_mass, StackError, above=0, at_most=1)
    quantity("graphite mass", graphite_mass, StackError, at_least=0, at_most=1)
    quantity("graphite's capacity", graphite, StackError, at_least=0, unit="C/kg")
    return (areal_capacity / loading - graphite_mass * graphite) / siox_mass


def blend_from_thicknesses(
    thickness: Sequence[float],
    siox_fraction: Sequence[float],
    areal_capacity: float,
    density: float,
    active_fraction: float,
) -> Blend:
    """The two specific capacities that two coatings of equal areal capacity and density imply.

    Parameters
    ----------
    thickness : (2,) sequence of float
        [m]
    siox_fraction : (2,) sequence of float
        In the active material [-], different from each other.
    areal_capacity : float
        [C/m2]
    density : float
        Of both coatings [kg/m3].
    active_fraction : float
        [-]
    """
    quantity("thickness", thickness, StackError, above=0, unit="m")
    quantity("SiOx fraction", siox_fraction, StackError, at_least=0, at_most=1)
    quantity("areal capacity", areal_capacity, StackError, above=0, unit="C/m2")
    quantity("density", density, StackError, above=0, unit="kg/m3")
    quantity("active fraction", active_fraction, StackError, above=0, at_most=1)
    fraction = np.asarray(siox_fraction, dtype=float)
    if fraction.shape != (2,) or np.shape(thickness) != (2,) or fraction[0] == fraction[1]:
        raise StackError(
            f"two thicknesses and two different SiOx fractions are needed, not {thickness} and "
            f"{fraction}"
        )
    active = areal_capacity / (np.asarray(thickness, dtype=float) * density * active_fraction)
    siox, graphite = np.linalg.solve(np.column_stack([fraction, 1 - fraction]), active)
    return Blend(float(siox), float(graphite), active_fraction)


def mass_for_gain(saved_mass: float, gain: float) -> float:
    """Mass of the cell [kg/m2] that gains that much [-] per mass by losing `saved_mass` [kg/m2]."""
    quantity("saved mass", saved_mass, StackError, above=0, unit="kg/m2")
    quantity("gain", gain, StackError, above=0)
    return saved_mass * (1 + gain) / gain


def least_content_for_gain(
    loading: float, fraction: float, start: float, others: float, wanted: float
) -> float:
    """The least SiOx fraction [-] that can gain as much per mass as wanted, whatever it holds.

    The inverse of :func:`largest_gain_of_content` (Eq. 5.6): graphite that held nothing would make
    the anode's mass go as one over the fraction.

    Parameters
    ----------
    loading, fraction : float
        Of the known anode: its loading [kg/m2] and its SiOx fraction [-].
    start : float
        SiOx fraction to start from [-].
    others : float
        Mass of all other layers [kg/m2].
    wanted : float
        The gain per mass [-].

    Raises
    ------
    StackError
        Where not even an anode without mass gains that much.
    """
    quantity("loading", loading, StackError, above=0, unit="kg/m2")
    for name, content in (("fraction", fraction), ("start", start)):
        quantity(name, content, StackError, above=0, at_most=1)
    quantity("wanted gain", wanted, StackError, above=-1)
    left = (others + loading * fraction / start) / (1 + wanted) - others
    if left <= 0:
        raise StackError(f"no anode, however light, gains {100 * wanted:.3g} % per mass")
    return loading * fraction / left


class OverContent(NamedTuple):
    """A cell over the SiOx content of its anode at fixed areal capacity and N/P."""

    siox_fraction: np.ndarray  #: of the active material [-]
    loading: np.ndarray  #: of the anode [kg/m2]
    areal_energy: np.ndarray  #: [J/m2]
    gravimetric: np.ndarray  #: [J/kg]
    volumetric: np.ndarray  #: [J/m3]


class OpenCircuitDischarge(NamedTuple):
    """A discharge at open circuit."""

    capacity: float  #: [C/m2]
    mean_voltage: float  #: [V]
    capacity_error: float  #: what the points of the charge axis leave [C/m2]
    voltage_error: float  #: the same [V]

    @property
    def areal_energy(self) -> float:
        """Capacity times mean voltage [J/m2]."""
        return self.capacity * self.mean_voltage

    @property
    def areal_energy_error(self) -> float:
        """What the points of the charge axis leave of it [J/m2]."""
        return self.capacity_error * self.mean_voltage + self.capacity * self.voltage_error


@dataclass(frozen=True)
class ContentBalance:
    """What a cell can deliver when its cathode is the only source of lithium (Eq. 5.5).

    The first charge takes lithium from a full cathode until the upper cut-off; each anode material
    keeps back what its initial efficiency says; the rest comes back down to the lower cut-off. All
    at open circuit: an upper bound.

    Attributes
    ----------
    positive : parameters.Curve
        Potential [V] over stoichiometry [-]; extended in a straight line beyond its first and last
        rows.
    positive_capacity : float
        Charge of one unit of stoichiometry [C/m2].
    siox, graphite : parameters.Branches
        Potential [V] over stoichiometry [-], in both directions, as tables.
    siox_efficiency, graphite_efficiency : float
        Initial Coulombic efficiency [-].
    lower_cutoff, upper_cutoff : float
        Voltage of the cell [V].
    """

    positive: Curve
    positive_capacity: float
    siox: Branches
    graphite: Branches
    siox_efficiency: float
    graphite_efficiency: float
    lower_cutoff: float
    upper_cutoff: float

    def __post_init__(self) -> None:
        for name in ("siox_efficiency", "graphite_efficiency"):
            quantity(name, getattr(self, name), StackError, above=0, at_most=1)
        quantity("positive_capacity", self.positive_capacity, StackError, above=0, unit="C/m2")
        increasing(
            "lower_cutoff and upper_cutoff", [self.lower_cutoff, self.upper_cutoff], StackError
        )
        for name, curve in (
            ("positive", self.positive),
            *(
                (f"siox {branch}", getattr(self.siox, branch, None))
                for branch in ("lithiation", "delithiation")
            ),
            *(
                (f"graphite {branch}", getattr(self.graphite, branch, None))
                for branch in ("lithiation", "delithiation")
            ),
        ):
            if not (hasattr(curve, "x") and len(curve.x) == len(curve.y) >= 2):
                raise StackError(f"{name} must be a table of two rows or more")
            increasing(f"stoichiometry of {name}", curve.x, StackError)
            quantity(f"potential of {name}", curve.y, StackError, unit="V")

    def loss(self, blend: Blend, siox_fraction: float, areal_capacity: float) -> float:
        """Lithium that the first charge leaves in the anode [C/m2]."""
        share = blend.siox_share(siox_fraction)
        per_charge = share * (1 / self.siox_efficiency - 1) + (1 - share) * (
            1 / self.graphite_efficiency - 1
        )
        return areal_capacity * per_charge

    def discharge(
        self, blend: Blend, siox_fraction: float, areal_capacity: float, points: int = 4000
    ) -> OpenCircuitDischarge:
        """The first discharge at open circuit, with its difference to one of half as many points as
        error.

        Parameters
        ----------
        blend : Blend
        siox_fraction : float
            Of the active material [-].
        areal_capacity : float
            Reversible, of the anode [C/m2].
        points : int
            Of the charge axis; 4000 resolve the capacity to 0.03 %.

        Raises
        ------
        StackError
            Where the cut-off voltages leave nothing to discharge, or the anode is full before the
            upper one.
        """
        quantity("areal capacity", areal_capacity, StackError, above=0, unit="C/m2")
        quantity("points", points, StackError, at_least=2, whole=True)
        capacity, mean, step = self._discharge(blend, siox_fraction, areal_capacity, points)
        coarse_capacity, coarse_mean, _ = self._discharge(
            blend, siox_fraction, areal_capacity, points // 2
        )
        missing = step * (mean - self.lower_cutoff) / capacity
        return OpenCircuitDischarge(
            capacity,
            mean,
            max(abs(capacity - coarse_capacity), step),
            max(abs(mean - coarse_mean), missing),
        )

    def _discharge(self, blend: Blend, siox_fraction: float, areal_capacity: float, points: int):
        """Capacity [C/m2], mean voltage [V], and by how much the point at the lower cut-off may
        come early [C/m2].
        """
        lost = self.loss(blend, siox_fraction, areal_capacity)
        share = blend.siox_share(siox_fraction)
        parts = ((share * areal_capacity, self.siox), ((1 - share) * areal_capacity, self.graphite))
        held = np.linspace(0.0, areal_capacity, points)
        positive = _extended(self.positive, 1 - (held + lost) / self.positive_capacity)
        charging = positive - _blend_potential(
            held, [(capacity, branches.lithiation) for capacity, branches in parts]
        )
        if charging[-1] < self.upper_cutoff:
            raise StackError(f"the anode is full at {charging[-1]:.3g} V, below the upper cut-off")
        full = np.interp(self.upper_cutoff, np.maximum.accumulate(charging), held)
        left = np.linspace(0.0, full, points)
        voltage = _extended(
            self.positive, 1 - (left + lost) / self.positive_capacity
        ) - _blend_potential(
            left, [(capacity, branches.delithiation) for capacity, branches in parts]
        )
        used = voltage >= self.lower_cutoff
        if not used[-1] or full <= 0:
            raise StackError("between these cut-off voltages the cell delivers nothing")
        charge = left[used]
        capacity = charge[-1] - charge[0]
        mean = float(np.trapezoid(voltage[used], charge) / capacity)
        return float(capacity), mean, 0.0 if used[0] else float(left[1])

    @property
    def positive_share(self) -> float:
        """Share of the cathode's lithium that lies between the two cut-offs, held against lithium
        [-].
        """
        stoichiometry = np.linspace(0.0, 1.0, 20_001)
        falling = _extended(self.positive, stoichiometry)[::-1]
        ends = np.interp([self.upper_cutoff, self.lower_cutoff], falling, stoichiometry[::-1])
        return float(ends[1] - ends[0])


def _extended(curve: Curve, stoichiometry):
    """A potential [V], in straight lines beyond the first and last rows of its table."""
    x, y = np.asarray(curve.x), np.asarray(curve.y)
    low = y[0] + (stoichiometry - x[0]) * (y[1] - y[0]) / (x[1] - x[0])
    high = y[-1] + (stoichiometry - x[-1]) * (y[-1] - y[-2]) / (x[-1] - x[-2])
    inside = np.interp(stoichiometry, x, y)
    return np.where(stoichiometry < x[0], low, np.where(stoichiometry > x[-1], high, inside))


def _blend_potential(charge, parts):
    """Potential [V] of materials side by side that hold a charge [C/m2] together: each is at the
    same potential.

    A slope of 1 nV a row keeps plateaus and the small bumps of measured tables invertible.
    """
    falling = [
        (np.minimum.accumulate(curve.y) - 1e-9 * np.arange(len(curve.y)))[::-1]
        for _, curve in parts
    ]
    potential = np.unique(np.concatenate(falling))
    held = sum(
        capacity * np.interp(potential, values, np.asarray(curve.x)[::-1], left=1.0, right=0.0)
        for (capacity, curve), values in zip(parts, falling, strict=True)
    )
    return np.interp(charge, held[::-1], potential[::-1])


def blend_of(cell: CellInputs) -> Blend:
    """The paper's SiOx and graphite, with the inactive share of its anode."""
    active = math.fsum(part.mass_fraction for part in cell.negative.composition if part.active)
    return Blend(cell.siox.specific_capacity, cell.graphite.specific_capacity, active)


def siox_fraction_of(cell: CellInputs) -> float:
    """SiOx fraction of the active material of the paper's anode [-]."""
    shares = {part.name: part.mass_fraction for part in cell.negative.composition if part.active}
    return shares["siox"] / math.fsum(shares.values())


def balances_of(cell: CellInputs) -> tuple[ContentBalance, ...]:
    """The balances of the paper's cell under every rival table of potentials and both ends of the
    SiOx efficiency.
    """
    active = math.fsum(part.mass_fraction for part in cell.positive.composition if part.active)
    return tuple(
        ContentBalance(
            positive=positive.delithiation,
            positive_capacity=cell.positive.loading * active * cell.nmc.theoretical_capacity,
            siox=siox,
            graphite=cell.graphite.ocp.base,
            siox_efficiency=efficiency,
            graphite_efficiency=cell.graphite.initial_efficiency,
            lower_cutoff=cell.lower_cutoff,
            upper_cutoff=cell.upper_cutoff,
        )
        for positive in _tables(cell.nmc.ocp)
        for siox in _tables(cell.siox.ocp)
        for efficiency in (min(cell.siox.initial_efficiency), max(cell.siox.initial_efficiency))
    )


def _tables(alternatives: Mapping[str, Branches]) -> list[Branches]:
    """The potentials that a source gives as a table."""
    return [branches for branches in alternatives.values() if hasattr(branches.delithiation, "x")]


def over_content(
    design: Design,
    blend: Blend,
    siox_fraction: np.ndarray,
    areal_capacity: float,
    areal_energy: FloatOrArray,
) -> OverContent:
    """Energy density over the SiOx content, the anode's areal capacity and all of the cathode
    fixed.

    Parameters
    ----------
    design : Design
        The cell; its anode loading is replaced.
    blend : Blend
    siox_fraction : (n,) array of float
        Of the active material [-].
    areal_capacity : float
        Of the anode, one side [C/m2].
    areal_energy : float or (n,) array of float
        Of one side [J/m2]. A single value says that the energy does not follow the content, which
        is the most that SiOx can give.
    """
    fraction = np.asarray(siox_fraction, dtype=float)
    quantity("areal energy", areal_energy, StackError, above=0, unit="J/m2")
    if fraction.ndim != 1 or np.shape(areal_energy) not in ((), fraction.shape):
        raise StackError(
            f"SiOx fractions of shape {fraction.shape} do not go with energies of "
            f"{np.shape(areal_energy)}"
        )
    loading = blend.loading(fraction, areal_capacity)
    energy = design.sides * np.broadcast_to(np.asarray(areal_energy, dtype=float), fraction.shape)
    stacks = [replace(design, negative_loading=float(value)).stack() for value in loading]
    return OverContent(
        fraction,
        loading,
        energy,
        energy / np.array([stack.areal_mass for stack in stacks]),
        energy / np.array([stack.thickness for stack in stacks]),
    )


def gain_of_content(
    design: Design, blend: Blend, areal_capacity: float, start: float, end: float
) -> Gain:
    """The gain of going from one SiOx fraction to another [-] at fixed areal energy."""
    before, after = (
        replace(design, negative_loading=blend.loading(fraction, areal_capacity)).stack()
        for fraction in (start, end)
    )
    return gain(before, after)


def largest_gain_of_content(design: Design, fraction: float, start: float, end: float) -> Gain:
    """The most that more SiOx can gain at fixed areal capacity and energy, whatever it holds.

    The design's anode is known at one SiOx fraction. If graphite held nothing, its mass would go as
    one over the fraction, and any other pair of capacities lets it fall less: this bound needs no
    specific capacity (Eq. 5.6).

    Parameters
    ----------
    design : Design
        With the anode loading at `fraction`.
    fraction : float
        SiOx fraction of the active material in `design` [-].
    start, end : float
        From where to where [-].
    """
    for name, content in (("fraction", fraction), ("start", start), ("end", end)):
        quantity(name, content, StackError, above=0, at_most=1)
    before, after = (
        replace(design, negative_loading=design.negative_loading * fraction / content).stack()
        for content in (start, end)
    )
    return gain(before, after)


def content_for_gain(
    design: Design, blend: Blend, areal_capacity: float, start: float, wanted: float, per: str
) -> float:
    """SiOx fraction [-] that gains as much as wanted over a start, at fixed areal capacity and
    energy.

    Parameters
    ----------
    design, blend : Design, Blend
    areal_capacity : float
        [C/m2]
    start : float
        SiOx fraction to start from [-].
    wanted : float
        The gain [-].
    per : {"mass", "volume"}

    Raises
    ------
    StackError
        Where pure SiOx gains less than that.
    """
    choice("per", per, ("mass", "volume"), StackError)
    quantity("wanted gain", wanted, StackError, above=-1)
    begin = replace(design, negative_loading=blend.loading(start, areal_capacity))
    stack = begin.stack()
    saved = thickness_saving(stack.areal_mass if per == "mass" else stack.thickness, wanted)
    loading = (
        begin.negative_loading
        - saved * (1 if per == "mass" else design.negative_density) / design.sides
    )
    most = gain_of_content(design, blend, areal_capacity, start, 1.0)
    if wanted > most[0 if per == "mass" else 1]:
        raise StackError(
            f"no SiOx content gains {100 * wanted:.3g} % per {per}: pure SiOx gains "
            f"{100 * most[0 if per == 'mass' else 1]:.3g} %"
        )
    return blend.siox_fraction(loading, areal_capacity)


def capacity_growth_for_gain(
    design: Design, blend: Blend, areal_capacity: float, start: float, end: float, wanted: float
) -> float:
    """Factor by which both areal capacities must grow [-] for a SiOx content to gain as much per
    mass as wanted.

    Both coatings and the energy grow with the factor; foils, separator and casing stay (Eq. 5.7).

    Parameters
    ----------
    design, blend : Design, Blend
    areal_capacity : float
        Of the anode at the start [C/m2].
    start, end : float
        SiOx fractions [-].
    wanted : float
        The gravimetric gain [-].

    Raises
    ------
    StackError
        Where even endless coatings do not gain that much.
    """
    if design.electrolyte_density:
        raise StackError(
            "the electrolyte grows with the coatings; ask this of a design that does not count it"
        )
    quantity("wanted gain", wanted, StackError, above=-1)
    before = replace(design, negative_loading=blend.loading(start, areal_capacity)).stack()
    coatings = design.sides * (design.positive_loading + blend.loading(end, areal_capacity))
    inert = before.areal_mass - before["cathode"].areal_mass - before["anode"].areal_mass
    left = before.areal_mass - (1 + wanted) * coatings
    if left <= 0:
        raise StackError(
            f"no areal capacity gains {100 * wanted:.3g} %: coatings without any foil gain less"
        )
    return (1 + wanted) * inert / left
