"""Maps: from a condition to the natural parameters of units."""

from tildex.maps.base import Map
from tildex.maps.coupling import Coupling, Down, Up
from tildex.maps.mlp import ACTIVATIONS, MLP, activation_named
from tildex.maps.scaling import Scaling

__all__ = ["ACTIVATIONS", "MLP", "Coupling", "Down", "Map", "Scaling", "Up", "activation_named"]
