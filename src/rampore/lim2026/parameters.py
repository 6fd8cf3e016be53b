"""Parameters: every input of the study with its unit, source and confidence, read once and turned
into SI.

``lim2026/data/cell.toml`` is what a reader edits; :func:`load` is the only thing that reads it. The
classes below say what a file must hold. A what-if changes a few values with
:func:`rampore.audit.inputs.with_values`; what follows from them follows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from rampore import correlations
from rampore.audit.inputs import ParameterError as ParameterError
from rampore.audit.inputs import read
from rampore.audit.inputs import with_values as with_values
from rampore.audit.inputs.declaring import (
    Inputs,
    correlation_field,
    described,
    group_field,
    input_field,
    limits_field,
    quantity_field,
    series_field,
    several_field,
)
from rampore.audit.inputs.records import Confidence as Confidence
from rampore.audit.inputs.values import (
    ANY,
    AT_LEAST_ONE,
    EFFICIENCY,
    FRACTION,
    NON_NEGATIVE,
    OPEN_FRACTION,
    POISSON,
    PROPER_FRACTION,
    Alternatives,
    Branches,
    Component,
    ConversionCapacity,
    Correlation,
    ExchangeCurrentInput,
    Formula,
    Limits,
    Named,
    Parts,
    Potential,
    Quantity,
    Refused,
    Series,
    Shares,
    Table,
)
from rampore.audit.inputs.values import Curve as Curve
from rampore.constants import FARADAY


def _bruggeman_exponent():
    return quantity_field(
        "1",
        "exponent b of D_eff = D eps^b that gives the same",
        ANY,
        derive=lambda own: 1 + math.log(own.tortuosity) / math.log(1 / own.porosity),
        formula="1 + ln(tau) / ln(1 / eps)",
    )


# The cell -----------------------------------------------------------------------------------------


@described
class FoilInputs:
    """A current collector without holes."""

    thickness: float = quantity_field("m", "thickness of the foil")
    density: float = quantity_field("kg/m3", "density of the metal")
    conductivity: float = quantity_field("S/m", "electronic conductivity")
    tensile_strength: float = quantity_field("Pa", "measured tensile strength")


@described
class NegativeFoil(FoilInputs):
    """The bare copper foil."""

    areal_mass: float = quantity_field("kg/m2", "measured areal mass")


@described
class PerforationInputs:
    """The perforated copper foil: a triangular lattice of round holes."""

    hole_diameter: float = quantity_field("m", "diameter of a hole")
    foil_thickness: float = quantity_field("m", "thickness of the perforated foil")
    open_fraction: float = quantity_field("1", "area fraction of holes", OPEN_FRACTION)
    areal_mass: float = quantity_field("kg/m2", "measured areal mass")
    tensile_strength: float = quantity_field("Pa", "measured tensile strength")


@described
class ElectrodeInputs:
    """A calendered coating on one side of a foil."""

    loading: float = quantity_field("kg/m2", "mass loading of one side")
    density: float = quantity_field("kg/m3", "density of the calendered coating")
    areal_capacity: float = quantity_field("C/m2", "nominal areal capacity")
    composition: tuple[Component, ...] = input_field(Shares(), "composition by mass")
    thickness: float = quantity_field(
        "m",
        "thickness of the coating",
        derive=lambda own: own.loading / own.density,
        formula="loading / density of the coating",
    )
    porosity: float = quantity_field(
        "1",
        "porosity that the recipe implies",
        PROPER_FRACTION,
        derive=lambda own: (
            1 - own.density * sum(part.mass_fraction / part.density for part in own.composition)
        ),
        formula="1 - density of the coating x sum of (mass fraction / true density)",
    )
    tortuosity: float = quantity_field("1", "tortuosity factor, D_eff = D eps / tau", AT_LEAST_ONE)
    bruggeman_exponent: float = _bruggeman_exponent()
    conductivity: float = quantity_field("S/m", "effective electronic conductivity of the coating")

    @property
    def volume_fractions(self) -> tuple[float, ...]:
        """Volume of each component per volume of coating [-], in the order of the composition."""
        return tuple(part.mass_fraction * self.density / part.density for part in self.composition)


@described
class NegativeElectrode(ElectrodeInputs):
    """The SiOx/graphite coating."""

    porosity_image: float = quantity_field(
        "1", "porosity on the bare foil, from micrographs", PROPER_FRACTION
    )
    porosity_npr: float = quantity_field(
        "1", "porosity over foil (NPR), from micrographs", PROPER_FRACTION
    )
    porosity_pr: float = quantity_field(
        "1", "porosity over a hole (PR), from micrographs", PROPER_FRACTION
    )
    initial_porosity: tuple[float, ...] = limits_field(
        "1", "range of the porosity of uncalendered graphite coatings", PROPER_FRACTION
    )
    tortuosity_law: Formula | None = correlation_field("1", "tortuosity factor over porosity")


@described
class PositiveElectrode(ElectrodeInputs):
    """The NMC622 coating."""

    porosity_over_density: Curve | None = input_field(
        Table(Series("kg/m3"), Series("1", FRACTION)),
        "porosity over the density of the coating",
        optional=True,
    )


@described
class SeparatorInputs:
    """The polyethylene separator."""

    thickness: float = quantity_field("m", "thickness in coin cells")
    thickness_pouch: float = quantity_field("m", "thickness in pouch cells")
    porosity: float = quantity_field("1", "porosity", PROPER_FRACTION)
    density: float = quantity_field("kg/m3", "density of the polymer")
    tortuosity: float = quantity_field("1", "tortuosity factor, D_eff = D eps / tau", AT_LEAST_ONE)
    macmullin_number: float = quantity_field("1", "MacMullin number, tau / eps", AT_LEAST_ONE)
    bruggeman_exponent: float = _bruggeman_exponent()
    tensile_strength: float = quantity_field("Pa", "measured tensile strength")


@described
class ElectrolyteCorrelations:
    """Transport properties over concentration and temperature, as one source measured them; None
    where it did not.
    """

    conductivity: Formula | None = correlation_field("S/m", "ionic conductivity")
    diffusivity: Formula | None = correlation_field("m2/s", "diffusivity of the salt")
    transference: Formula | None = correlation_field("1", "transference number of Li+")
    thermodynamic_factor: Formula | None = correlation_field(
        "1", "thermodynamic factor, 1 + d ln f / d ln c"
    )
    validity: tuple[float, ...] | None = input_field(
        Limits("mol/m3", NON_NEGATIVE),
        "range of the salt concentration that they are trusted in",
        optional=True,
    )


@described
class ElectrolyteInputs:
    """LiPF6 in EC/EMC."""

    concentration: float = quantity_field("mol/m3", "concentration of the salt")
    density: float = quantity_field("kg/m3", "density of the solution")
    correlations: Alternatives[ElectrolyteCorrelations] = several_field(
        ElectrolyteCorrelations, "transport in the electrolyte", choose=True
    )


@described
class Inactive:
    """A component that stores no lithium."""

    density: float = quantity_field("kg/m3", "true density")


@described
class ActiveMaterial:
    """A material that stores lithium."""

    density: float = quantity_field("kg/m3", "true density")
    specific_capacity: float = quantity_field("C/kg", "reversible specific capacity")
    radius: float = quantity_field("m", "radius of a particle")
    maximum_concentration: float = quantity_field(
        "mol/m3",
        "concentration of lithium at full stoichiometry",
        derive=lambda own: own.specific_capacity * own.density / FARADAY,
        formula="specific capacity x density / F",
    )
    diffusivity: float = quantity_field("m2/s", "diffusivity of lithium in the solid")
    exchange_current: ExchangeCurrentInput = input_field(
        Parts(
            ExchangeCurrentInput,
            (Quantity("A/m2"), Quantity("1", PROPER_FRACTION), Quantity("J/mol", NON_NEGATIVE)),
        ),
        "exchange-current density",
    )
    ocp: Alternatives[Branches] = several_field(
        Potential(), "open-circuit potential against lithium", choose=True
    )


@described
class Graphite(ActiveMaterial):
    """Artificial graphite."""

    theoretical_capacity: float = quantity_field("C/kg", "specific capacity of LiC6")
    initial_efficiency: float = quantity_field(
        "1", "Coulombic efficiency of the first cycle", EFFICIENCY
    )
    volume_change: Formula | None = correlation_field(
        "1", "relative volume change over the stoichiometry"
    )


@described
class SiliconOxide(ActiveMaterial):
    """Silicon oxide, SiOx with x about 1."""

    theoretical_capacity: ConversionCapacity = input_field(
        Parts(ConversionCapacity, (Quantity("C/kg"), Quantity("C/kg"), Quantity("1", EFFICIENCY))),
        "limits of the conversion to Li15Si4 and Li4SiO4",
    )
    first_lithiation_capacity: tuple[float, ...] = series_field(
        "C/kg", "specific capacity of the first lithiation"
    )
    initial_efficiency: tuple[float, ...] = series_field(
        "1", "Coulombic efficiency of the first cycle, from no to thick carbon coating", EFFICIENCY
    )
    volume_ratio: float = quantity_field("1", "volume of lithiated over pristine SiOx")


@described
class NickelManganeseCobalt(ActiveMaterial):
    """LiNi0.6Mn0.2Co0.2O2; its stoichiometry is the true lithium content."""

    maximum_concentration: float = quantity_field(
        "mol/m3",
        "concentration of lithium at full stoichiometry",
        derive=lambda own: own.density / own.molar_mass,
        formula="density / molar mass",
    )
    molar_mass: float = quantity_field("kg/mol", "molar mass")
    theoretical_capacity: float = quantity_field(
        "C/kg",
        "specific capacity of all lithium",
        derive=lambda own: FARADAY / own.molar_mass,
        formula="F / molar mass",
    )
    radius_large: float = quantity_field("m", "radius of the large particles")
    radius_small: float = quantity_field("m", "radius of the small particles")
    mass_fraction_large: float = quantity_field(
        "1", "mass fraction of the large particles", FRACTION
    )
    specific_surface: float = quantity_field(
        "1/m", "surface of the particles per volume of coating"
    )
    diffusivity_correlation: Formula | None = correlation_field(
        "m2/s", "diffusivity over the stoichiometry"
    )
    exchange_current_correlation: Formula | None = correlation_field(
        "A/m2", "exchange-current density over the stoichiometry"
    )
    conductivity_correlation: Formula | None = correlation_field(
        "S/m", "electronic conductivity over the stoichiometry"
    )
    volume_change: Formula | None = correlation_field(
        "1", "relative volume change over the stoichiometry"
    )


@described
class Contact:
    """Where electrons pass from foil to coating, and the double layer."""

    negative: float = quantity_field(
        "ohm m2", "contact resistance, copper to coating", NON_NEGATIVE
    )
    positive: float = quantity_field(
        "ohm m2", "contact resistance, aluminium to coating", NON_NEGATIVE
    )
    perforated_ratio: float = quantity_field(
        "1", "interfacial resistivity on perforated over bare copper"
    )
    double_layer_capacitance: float = quantity_field(
        "F/m2", "double-layer capacitance per surface of particles"
    )


@described
class Formation:
    """Lithium lost in the first cycle."""

    irreversible_capacity: tuple[float, ...] = limits_field(
        "C/m2", "range of the capacity lost in the negative electrode"
    )
    efficiency_full_cell: tuple[float, ...] = series_field(
        "1",
        "Coulombic efficiency of the full cell's first cycle, from no to thick carbon coating",
        EFFICIENCY,
    )


@described
class Calendering:
    """Compaction of the coatings."""

    compaction: Formula = input_field(Correlation("kg/m3"), "density of the coating over line load")
    positive_initial_density: float = quantity_field(
        "kg/m3", "density of the uncalendered positive coating"
    )
    positive_maximum_density: float = quantity_field("kg/m3", "lower bound of its greatest density")
    modulus_nmc: float = quantity_field("Pa", "Young's modulus of NMC in the compaction model")
    modulus_binder: float = quantity_field(
        "Pa", "Young's modulus of carbon and binder in the compaction model"
    )
    modulus_aluminium: float = quantity_field("Pa", "Young's modulus of aluminium foil")
    poisson_ratio: float = quantity_field("1", "Poisson's ratio in the compaction model", POISSON)
    yield_stress_nmc: tuple[float, ...] = limits_field("Pa", "range of the yield stress of NMC")


@described
class Formats:
    """The cells that were built."""

    half_cell_diameter: float = quantity_field("m", "diameter of the electrode in half cells")
    coin_negative_diameter: float = quantity_field(
        "m", "diameter of the negative electrode in coin cells"
    )
    coin_positive_diameter: float = quantity_field(
        "m", "diameter of the positive electrode in coin cells"
    )
    pouch_negative_width: float = quantity_field(
        "m", "edge of the square negative electrode in pouch cells"
    )
    pouch_positive_width: float = quantity_field(
        "m", "edge of the square positive electrode in pouch cells"
    )
    pouch_film_thickness: float = quantity_field("m", "thickness of the pouch film")
    stack_negative_width: float = quantity_field(
        "m", "edge of the negative electrode in the two-stack cell"
    )
    stack_positive_width: float = quantity_field(
        "m", "edge of the positive electrode in the two-stack cell"
    )
    half_cell_lower_cutoff: float = quantity_field("V", "lower cut-off voltage of half cells")
    half_cell_upper_cutoff: float = quantity_field("V", "upper cut-off voltage of half cells")


@described
class CellInputs(Inputs):
    """Every input of the study, in SI."""

    temperature: float = quantity_field("K", "temperature")
    lower_cutoff: float = quantity_field("V", "lower cut-off voltage")
    upper_cutoff: float = quantity_field("V", "upper cut-off voltage")
    collector_negative: NegativeFoil = group_field(NegativeFoil, "Bare copper foil")
    perforation: PerforationInputs = group_field(PerforationInputs, "Perforated copper foil")
    collector_positive: FoilInputs = group_field(FoilInputs, "Aluminium foil")
    negative: NegativeElectrode = group_field(NegativeElectrode, "Negative electrode")
    positive: PositiveElectrode = group_field(PositiveElectrode, "Positive electrode")
    separator: SeparatorInputs = group_field(SeparatorInputs, "SeparatorInputs")
    electrolyte: ElectrolyteInputs = group_field(ElectrolyteInputs, "ElectrolyteInputs")
    siox: SiliconOxide = group_field(SiliconOxide, "Silicon oxide")
    graphite: Graphite = group_field(Graphite, "Graphite")
    nmc: NickelManganeseCobalt = group_field(NickelManganeseCobalt, "NMC622")
    contact: Contact = group_field(Contact, "Interfaces")
    formation: Formation = group_field(Formation, "First cycle")
    calendering: Calendering = group_field(Calendering, "Calendering")
    formats: Formats = group_field(Formats, "Cells that were built")
    materials: Named[Inactive] = several_field(Inactive, "Carbon black and binders")

    @classmethod
    def agree(cls, values: Mapping[str, Any]) -> None:
        """Refuse cut-off voltages in the wrong order."""
        if values["lower_cutoff"] >= values["upper_cutoff"]:
            raise Refused("is not below upper_cutoff", "correct one of them", "lower_cutoff")
        formats = values["formats"]
        if formats.half_cell_lower_cutoff >= formats.half_cell_upper_cutoff:
            key = "formats.half_cell_lower_cutoff"
            raise Refused("is not below half_cell_upper_cutoff", "correct one of them", key)


# Reading a file -----------------------------------------------------------------------------------

_SHIPPED = "cell.toml"


def load(path: str | Path | None = None) -> CellInputs:
    """Read the inputs of a cell; by default those of the study.

    Parameters
    ----------
    path : path, optional
        A TOML file made like the package's own ``lim2026/data/cell.toml``, or one that extends it,
        see :func:`rampore.audit.inputs.read`.

    Returns
    -------
    CellInputs

    Raises
    ------
    ParameterError
        Where the file cannot be read, lacks an entry, has an unknown one, or holds a value that
        makes no sense.
    """
    if path is None:
        shipped = resources.files("rampore.lim2026") / "data" / _SHIPPED
        return read(CellInputs, shipped, name=_SHIPPED, library=correlations.printed)
    return read(CellInputs, Path(path), base=load, library=correlations.printed)
