r"""Energy density of a cell stack: from densities, loadings and foils forward.

A :class:`Design` says what a unit of the stack is made of, :meth:`Design.stack` lays it out layer
by layer, and the areal energy divided by the stack's areal mass or thickness is the energy density
(Eq. 5.1). A perforated foil changes two things (Eq. 5.2): a fraction f of its mass is gone, and the
coating that fills its holes no longer stands above it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np

from rampore import RamporeError
from rampore.checks import choice, known_keys, quantity

#: The layers that have pores, as ``Design.electrolyte_in`` names them.
POROUS = ("cathode", "separator", "anode")

_FRACTIONS = ("open_fraction", "positive_porosity", "separator_porosity", "negative_porosity")
_POSITIVE = ("positive_density", "negative_density", "positive_loading", "negative_loading")
_NOT_NEGATIVE = (
    *(
        f"{layer}_{what}"
        for layer in ("positive_foil", "separator", "negative_foil")
        for what in ("thickness", "density")
    ),
    *("electrolyte_density", "electrolyte_excess", "casing_areal_mass", "casing_thickness"),
)


class StackError(RamporeError, ValueError):
    """A stack that cannot be built, or a question that no stack answers; the message says why."""


@dataclass(frozen=True)
class Layer:
    """One layer of a stack, per area of the unit.

    Attributes
    ----------
    name : str
    areal_mass : float
        Mass per area [kg/m2].
    thickness : float
        Thickness that the layer adds to the stack [m]; 0 for what sits in the pores of others.
    """

    name: str
    areal_mass: float
    thickness: float

    def __post_init__(self) -> None:
        for name in ("areal_mass", "thickness"):
            quantity(f"layer {self.name!r}: {name}", getattr(self, name), StackError, at_least=0)


@dataclass(frozen=True)
class Stack:
    """Layers on top of each other, in order.

    Attributes
    ----------
    layers : tuple of Layer
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        names = [layer.name for layer in self.layers]
        if not names or len(set(names)) != len(names):
            raise StackError(f"a stack needs layers with a name each, not {names!r}")

    def __getitem__(self, name: str) -> Layer:
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise StackError(
            f"the stack has no layer {name!r}; it has "
            f"{', '.join(layer.name for layer in self.layers)}"
        )

    @property
    def areal_mass(self) -> float:
        """Mass per area [kg/m2]."""
        return math.fsum(layer.areal_mass for layer in self.layers)

    @property
    def thickness(self) -> float:
        """Thickness [m]."""
        return math.fsum(layer.thickness for layer in self.layers)

    @property
    def mass_shares(self) -> dict[str, float]:
        """Share of each layer in the mass [-], by name; they sum to one."""
        return {layer.name: layer.areal_mass / self.areal_mass for layer in self.layers}


@dataclass(frozen=True, kw_only=True)
class Design:
    """What one unit of a stack is made of; loadings and thicknesses are those of one side.

    Attributes
    ----------
    positive_foil_thickness, positive_foil_density : float
        [m], [kg/m3].
    positive_loading, positive_density, positive_porosity : float
        Coating, one side: [kg/m2], [kg/m3], [-].
    separator_thickness, separator_density, separator_porosity : float
        [m], density of the polymer [kg/m3], [-].
    negative_loading, negative_density, negative_porosity : float
        Coating, one side, what fills the holes included: [kg/m2], [kg/m3], [-].
    negative_foil_thickness, negative_foil_density : float
        [m]; density of the foil without holes [kg/m3].
    open_fraction : float
        Area fraction of the holes, f [-]; the coating fills them.
    sides : int
        1: one coating on each foil, a separator between them. 2: the unit that repeats in a cell of
        many layers, two coatings on each foil and two separators.
    electrolyte_density : float
        [kg/m3]; 0 counts none.
    electrolyte_in : tuple of str
        The layers whose pores are counted, of :data:`POROUS`.
    electrolyte_excess : float
        Electrolyte volume over the volume of those pores [-]. What exceeds 1 has mass and no
        thickness.
    casing_areal_mass, casing_thickness : float
        What the casing adds to one unit: [kg/m2], [m].
    """

    positive_foil_thickness: float
    positive_foil_density: float
    positive_loading: float
    positive_density: float
    positive_porosity: float
    separator_thickness: float
    separator_density: float
    separator_porosity: float
    negative_loading: float
    negative_density: float
    negative_porosity: float
    negative_foil_thickness: float
    negative_foil_density: float
    open_fraction: float = 0.0
    sides: int = 1
    electrolyte_density: float = 0.0
    electrolyte_in: tuple[str, ...] = POROUS
    electrolyte_excess: float = 1.0
    casing_areal_mass: float = 0.0
    casing_thickness: float = 0.0

    def __post_init__(self) -> None:
        for name in _FRACTIONS:
            quantity(name, getattr(self, name), StackError, at_least=0, below=1)
        for name in _POSITIVE:
            quantity(name, getattr(self, name), StackError, above=0)
        for name in _NOT_NEGATIVE:
            quantity(name, getattr(self, name), StackError, at_least=0)
        choice("sides", self.sides, (1, 2), StackError)
        for layer in self.electrolyte_in:
            choice("electrolyte_in", layer, POROUS, StackError)
        if len(set(self.electrolyte_in)) < len(self.electrolyte_in):
            raise StackError(
                f"electrolyte_in names a layer twice: {', '.join(self.electrolyte_in)}"
            )
        if self.thickness_saved >= self.sides * self.negative_loading / self.negative_density:
            raise StackError(
                f"the holes hold {1e6 * self.thickness_saved:.3g} um of coating, and the coating "
                "is only "
                f"{1e6 * self.sides * self.negative_loading / self.negative_density:.3g} um thick"
            )

    @property
    def thickness_saved(self) -> float:
        """Coating that the holes take in, per area: f t [m] (Eq. 5.2). Both coatings together where
        there are two.
        """
        return self.open_fraction * self.negative_foil_thickness

    @property
    def mass_saved(self) -> float:
        """Foil that the holes take away, per area: f rho t [kg/m2] (Eq. 5.2)."""
        return self.thickness_saved * self.negative_foil_density

    def stack(self) -> Stack:
        """The layers, from the positive foil to the negative; then electrolyte and casing, where
        they are counted.
        """
        positive = self.sides * self.positive_loading
        negative = self.sides * self.negative_loading
        separator = self.sides * self.separator_thickness
        layers = [
            Layer(
                "Al foil",
                self.positive_foil_thickness * self.positive_foil_density,
                self.positive_foil_thickness,
            ),
            Layer("cathode", positive, positive / self.positive_density),
            Layer(
                "separator",
                separator * (1 - self.separator_porosity) * self.separator_density,
                separator,
            ),
            Layer("anode", negative, negative / self.negative_density - self.thickness_saved),
            Layer(
                "Cu foil",
                self.negative_foil_thickness * self.negative_foil_density - self.mass_saved,
                self.negative_foil_thickness,
            ),
        ]
        if self.electrolyte_density:
            pores = {
                "cathode": self.positive_porosity * positive / self.positive_density,
                "separator": self.separator_porosity * separator,
                "anode": self.negative_porosity * negative / self.negative_density,
            }
            volume = self.electrolyte_excess * math.fsum(
                pores[name] for name in self.electrolyte_in
            )
            layers.append(Layer("electrolyte", volume * self.electrolyte_density, 0.0))
        if self.casing_areal_mass or self.casing_thickness:
            layers.append(Layer("casing", self.casing_areal_mass, self.casing_thickness))
        return Stack(tuple(layers))


def _names() -> list[str]:
    return [field.name for field in fields(Design)]


class EnergyDensity(NamedTuple):
    """Energy per mass and per volume of a stack."""

    gravimetric: float  #: [J/kg]
    volumetric: float  #: [J/m3]


def energy_density(stack: Stack, areal_energy: float) -> EnergyDensity:
    """Energy density of a stack (Eq. 5.1).

    Parameters
    ----------
    stack : Stack
    areal_energy : float
        Capacity times mean voltage, of all sides of the unit [J/m2].
    """
    quantity("areal energy", areal_energy, StackError, at_least=0, unit="J/m2")
    return EnergyDensity(areal_energy / stack.areal_mass, areal_energy / stack.thickness)


class Gain(NamedTuple):
    """Relative gain in energy density at equal areal energy."""

    gravimetric: float  #: [-]
    volumetric: float  #: [-]


def gain(before: Stack, after: Stack) -> Gain:
    """What a lighter or thinner stack gains at equal areal energy (Eq. 5.3)."""
    return Gain(before.areal_mass / after.areal_mass - 1, before.thickness / after.thickness - 1)


def gain_of_holes(design: Design) -> Gain:
    """The gain of a design over the same on bare foil."""
    return gain(replace(design, open_fraction=0.0).stack(), design.stack())


def gain_map(design: Design, foil_thickness: np.ndarray, open_fraction: np.ndarray) -> Gain:
    """The gain over foil thickness and open fraction.

    Parameters
    ----------
    design : Design
    foil_thickness : (n,) array of float
        Of the negative foil, bare and perforated alike [m].
    open_fraction : (m,) array of float
        [-]

    Returns
    -------
    Gain
        Two (m, n) arrays [-].
    """
    if not (np.size(foil_thickness) and np.size(open_fraction)):
        raise StackError("a map needs a foil thickness and an open fraction, or more of them")
    values = [
        [
            gain_of_holes(replace(design, open_fraction=float(f), negative_foil_thickness=float(t)))
            for t in foil_thickness
        ]
        for f in open_fraction
    ]
    gravimetric, volumetric = np.moveaxis(np.array(values, dtype=float), -1, 0)
    return Gain(gravimetric, volumetric)


class GainStep(NamedTuple):
    """The gain after one more change to a design."""

    name: str
    design: Design
    gain: Gain


def gain_after_each(design: Design, changes: Mapping[str, Mapping]) -> tuple[GainStep, ...]:
    """The gain of the holes as a design is changed step by step, each change on top of those
    before.

    Parameters
    ----------
    design : Design
        Where it starts.
    changes : mapping of str to mapping
        Name of each step, and the fields of :class:`Design` that it sets; an empty mapping shows
        the start.
    """
    steps = []
    for name, change in changes.items():
        known_keys(name, change, _names(), StackError)
        design = replace(design, **change)
        steps.append(GainStep(name, design, gain_of_holes(design)))
    return tuple(steps)


def counted(design: Design, electrolyte_density: float) -> dict[str, Stack]:
    """The same cell under the counting rules that are in use, by name.

    Parameters
    ----------
    design : Design
    electrolyte_density : float
        [kg/m3]
    """

    def wet(*layers):
        return replace(
            design, electrolyte_density=electrolyte_density, electrolyte_in=layers
        ).stack()

    return {
        "dry layers": replace(design, electrolyte_density=0.0).stack(),
        "and electrolyte in the separator": wet("separator"),
        "and electrolyte in all pores": wet(*POROUS),
    }


class Spread(NamedTuple):
    """Where a computed value lies when its inputs range."""

    low: float  #: 2.5 % of the draws lie below
    middle: float  #: median
    high: float  #: 2.5 % of the draws lie above
    error: float  #: largest standard error of the three, as so many draws know them

    @property
    def half_width(self) -> float:
        """Half of the distance from low to high."""
        return (self.high - self.low) / 2


def spread(
    function: Callable[..., float],
    ranges: Mapping[str, tuple[float, float]],
    rng: np.random.Generator,
    samples: int = 4000,
) -> Spread:
    """Carry ranges of inputs through a function by Monte-Carlo draws, uniform and independent in
    each range.

    Parameters
    ----------
    function : callable
        Takes the inputs by name.
    ranges : mapping of str to (float, float)
        Lowest and highest value of each input.
    rng : numpy.random.Generator
    samples : int
        Number of draws; 4000 know each limit of a uniform spread to 0.3 % of its width.
    """
    quantity("samples", samples, StackError, at_least=1, whole=True)
    for name, limits in ranges.items():
        quantity(f"range of {name!r}", limits, StackError)
        if np.shape(limits) != (2,):
            raise StackError(
                f"the range of {name!r} has a lowest and a highest value, not {limits!r}"
            )
        low, high = limits
        if not low <= high:
            raise StackError(f"the range of {name!r} runs from {low!r} down to {high!r}")
    draws = {name: rng.uniform(low, high, samples) for name, (low, high) in ranges.items()}
    values = [
        function(**{name: float(draw[k]) for name, draw in draws.items()}) for k in range(samples)
    ]
    shares = np.array([0.025, 0.5, 0.975])
    standard = np.sqrt(shares * (1 - shares) / samples)  # of the share of draws below
    below, above = (np.quantile(values, np.clip(shares + way * standard, 0, 1)) for way in (-1, 1))
    return Spread(*np.quantile(values, shares).tolist(), error=float((above - below).max() / 2))


def spread_of_design(
    design: Design,
    measure: Callable[[Design], float],
    ranges: Mapping[str, tuple[float, float]],
    rng: np.random.Generator,
    samples: int = 4000,
) -> Spread:
    """Carry ranges of a design's fields through a measure of it; see :func:`spread`.

    Raises
    ------
    StackError
        Where a range names no field of :class:`Design`.
    """
    known_keys("a design", ranges, _names(), StackError)
    return spread(lambda **values: measure(replace(design, **values)), ranges, rng, samples)
