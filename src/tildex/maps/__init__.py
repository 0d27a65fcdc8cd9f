"""Maps: from a condition to the natural parameters of units."""

from tildex.maps.architectures import Architecture, Convolutional, Dense, layer_sizes
from tildex.maps.around import Around
from tildex.maps.base import Linearised, Map
from tildex.maps.convolution import Composed, Downward, Grid, Upward
from tildex.maps.coupling import Coupling, Down, Up
from tildex.maps.image_networks import DnCNN, ImageNetwork, UNet
from tildex.maps.mlp import ACTIVATIONS, MLP, Affine, activation_named
from tildex.maps.norms import BatchNorm, LayerNorm, Norm
from tildex.maps.residual import Features, Frame, Residual, marked
from tildex.maps.scaling import CommonLength, Scaling
from tildex.maps.seen import Seen, View, seen, with_views
from tildex.maps.tied import Matching, Transposed, tie
from tildex.maps.whitening import Whitening

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "Affine",
    "Architecture",
    "Around",
    "BatchNorm",
    "CommonLength",
    "Composed",
    "Convolutional",
    "Coupling",
    "Dense",
    "DnCNN",
    "Down",
    "Downward",
    "Features",
    "Frame",
    "Grid",
    "ImageNetwork",
    "LayerNorm",
    "Linearised",
    "Map",
    "Matching",
    "Norm",
    "Residual",
    "Scaling",
    "Seen",
    "Transposed",
    "UNet",
    "Up",
    "Upward",
    "View",
    "Whitening",
    "activation_named",
    "layer_sizes",
    "marked",
    "seen",
    "tie",
    "with_views",
]
