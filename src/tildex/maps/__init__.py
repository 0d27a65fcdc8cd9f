"""Maps: from a condition to the natural parameters of units."""

from tildex.maps.base import Linearised, Map
from tildex.maps.coupling import Coupling, Down, Up
from tildex.maps.mlp import ACTIVATIONS, MLP, Affine, activation_named
from tildex.maps.scaling import Scaling
from tildex.maps.tied import Transposed, tie
from tildex.maps.whitening import Whitening

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "Affine",
    "Coupling",
    "Down",
    "Linearised",
    "Map",
    "Scaling",
    "Transposed",
    "Up",
    "Whitening",
    "activation_named",
    "tie",
]
