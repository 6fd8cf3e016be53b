"""Grey cross-section or volume -> pore mask -> pores -> their sizes, neighbours, throats and profiles."""

from rampore.pores.partitioning import distance_map, partition
from rampore.pores.recipe import CHOICES, Length, PoreError, Recipe, make_recipe, read_recipe
from rampore.pores.segmenting import segment

__all__ = [
    "CHOICES",
    "Length",
    "PoreError",
    "Recipe",
    "distance_map",
    "make_recipe",
    "partition",
    "read_recipe",
    "segment",
]
