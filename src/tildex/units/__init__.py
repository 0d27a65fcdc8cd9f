"""Unit families: the distribution of a layer's values given its inputs; and activations, deterministic codes."""

from tildex.units.activation import Activation
from tildex.units.base import Units
from tildex.units.batch_top_k import BatchTopK
from tildex.units.bernoulli import Bernoulli
from tildex.units.binomial import Binomial
from tildex.units.categorical import Categorical
from tildex.units.correlated import CorrelatedGaussian
from tildex.units.diagonal_gaussian import DiagonalGaussian
from tildex.units.gaussian import Gaussian, LearnedGaussian
from tildex.units.jump_relu import JumpReLU
from tildex.units.latent import Latent
from tildex.units.mixed import Mixed
from tildex.units.multinomial import Multinomial
from tildex.units.negative_binomial import NegativeBinomial
from tildex.units.poisson import Poisson
from tildex.units.pursuit import Pursuit
from tildex.units.rectified import Rectified
from tildex.units.relu import ReLU
from tildex.units.replicated_softmax import ReplicatedSoftmax
from tildex.units.spin import Spin
from tildex.units.surroundings import Surroundings
from tildex.units.top_k import TopK

__all__ = [
    "Activation",
    "BatchTopK",
    "Bernoulli",
    "Binomial",
    "Categorical",
    "CorrelatedGaussian",
    "DiagonalGaussian",
    "Gaussian",
    "JumpReLU",
    "Latent",
    "LearnedGaussian",
    "Mixed",
    "Multinomial",
    "NegativeBinomial",
    "Poisson",
    "Pursuit",
    "ReLU",
    "Rectified",
    "ReplicatedSoftmax",
    "Spin",
    "Surroundings",
    "TopK",
    "Units",
]
