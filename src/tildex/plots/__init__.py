"""Plots: one pure function per figure, from arrays to a matplotlib figure."""

from tildex.plots.cards import Card, cards
from tildex.plots.completions import completions
from tildex.plots.curves import curves
from tildex.plots.dots import Dots, dots
from tildex.plots.filters import filters
from tildex.plots.latent_map import latent_map
from tildex.plots.latent_maps import latent_maps
from tildex.plots.reconstructions import reconstructions, versions
from tildex.plots.samples import samples
from tildex.plots.spectra import spectra
from tildex.plots.tiles import tiles
from tildex.plots.vector_field import vector_field

__all__ = [
    "Card",
    "Dots",
    "cards",
    "completions",
    "curves",
    "dots",
    "filters",
    "latent_map",
    "latent_maps",
    "reconstructions",
    "samples",
    "spectra",
    "tiles",
    "vector_field",
    "versions",
]
