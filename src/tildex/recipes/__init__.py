"""Recipes: settings that are known to work, as data, each with its source and measured result."""

from tildex.recipes.reading import recipe, recipes
from tildex.recipes.recipe import Data, Measured, Recipe, Source

__all__ = ["Data", "Measured", "Recipe", "Source", "recipe", "recipes"]
