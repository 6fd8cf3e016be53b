"""Grey cross-section or volume -> pore mask -> pores -> their sizes, neighbours, throats and
profiles.
"""

from rampore.pores.analysis import Analysis, analyse, measure, summary
from rampore.pores.comparing import Comparison, compare
from rampore.pores.measuring import (
    FEW_PIXELS,
    Mean,
    Profile,
    Throats,
    as_csv,
    coordination,
    corner_neighbours,
    equivalent_radius,
    few_pixels,
    mean,
    network,
    pore_table,
    porosity,
    porosity_contrast,
    porosity_profile,
    porosity_scatter,
    throats,
)
from rampore.pores.morphology import (
    Thickness,
    TwoPointCorrelation,
    chord_lengths,
    local_thickness,
    specific_surface,
    triple_phase_length,
    two_point_correlation,
)
from rampore.pores.partitioning import distance_map, partition
from rampore.pores.recipe import CHOICES, CITED, Length, PoreError, Recipe, make_recipe, read_recipe
from rampore.pores.segmenting import segment

__all__ = [
    "CHOICES",
    "CITED",
    "FEW_PIXELS",
    "Analysis",
    "Comparison",
    "Length",
    "Mean",
    "PoreError",
    "Profile",
    "Recipe",
    "Thickness",
    "Throats",
    "TwoPointCorrelation",
    "analyse",
    "as_csv",
    "chord_lengths",
    "compare",
    "coordination",
    "corner_neighbours",
    "distance_map",
    "equivalent_radius",
    "few_pixels",
    "local_thickness",
    "make_recipe",
    "mean",
    "measure",
    "network",
    "partition",
    "pore_table",
    "porosity",
    "porosity_contrast",
    "porosity_profile",
    "porosity_scatter",
    "read_recipe",
    "segment",
    "specific_surface",
    "summary",
    "throats",
    "triple_phase_length",
    "two_point_correlation",
]
