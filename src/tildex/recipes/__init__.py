"""Recipes: settings that are known to work, as data, each with its source and what was measured with it."""

from tildex.recipes.reading import recipe, recipes
from tildex.recipes.recipe import Data, Measured, Recipe, Source

__all__ = ["Data", "Measured", "Recipe", "Source", "recipe", "recipes"]
