"""Grey cross-section or volume -> pore mask -> pores -> their sizes, neighbours, throats and profiles."""

from rampore.pores.recipe import CHOICES, Length, PoreError, Recipe, make_recipe, read_recipe
from rampore.pores.segmenting import segment

__all__ = ["CHOICES", "Length", "PoreError", "Recipe", "make_recipe", "read_recipe", "segment"]
