"""Unit families: what a layer's values are, given its inputs."""

from tildex.units.base import Units
from tildex.units.bernoulli import Bernoulli
from tildex.units.binomial import Binomial
from tildex.units.categorical import Categorical
from tildex.units.diagonal_gaussian import DiagonalGaussian
from tildex.units.gaussian import Gaussian, LearnedGaussian
from tildex.units.poisson import Poisson
from tildex.units.relu import ReLU
from tildex.units.replicated_softmax import ReplicatedSoftmax
from tildex.units.spin import Spin

__all__ = [
    "Bernoulli",
    "Binomial",
    "Categorical",
    "DiagonalGaussian",
    "Gaussian",
    "LearnedGaussian",
    "Poisson",
    "ReLU",
    "ReplicatedSoftmax",
    "Spin",
    "Units",
]
