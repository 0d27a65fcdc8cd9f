"""Tildex: the whole autoencoder family, from linear autoencoders that equal PCA to Boltzmann machines."""

from tildex.corruptions import Dropout, GaussianNoise, Masking, SaltAndPepper
from tildex.data import DataError, read
from tildex.estimators import (
    Autoencoder,
    BernoulliRBM,
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    DropoutAutoencoder,
    LinearAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
    load,
)
from tildex.files import RunError
from tildex.optimizers import LBFGS, SGD, Adam, Constant, Cosine, Linear
from tildex.penalties import L1, Contractive, KLSparsity, WeightDecay
from tildex.rules import CD, ELBO, PCD, Reconstruction
from tildex.train import NonFiniteLossError
from tildex.units import Bernoulli, Categorical, Gaussian, LearnedGaussian

__version__ = "0.1.0"

__all__ = [
    "CD",
    "ELBO",
    "L1",
    "LBFGS",
    "PCD",
    "SGD",
    "Adam",
    "Autoencoder",
    "Bernoulli",
    "BernoulliRBM",
    "Categorical",
    "Constant",
    "Contractive",
    "ContractiveAutoencoder",
    "Cosine",
    "DataError",
    "DenoisingAutoencoder",
    "Dropout",
    "DropoutAutoencoder",
    "Gaussian",
    "GaussianNoise",
    "KLSparsity",
    "LearnedGaussian",
    "Linear",
    "LinearAutoencoder",
    "Masking",
    "NonFiniteLossError",
    "Reconstruction",
    "RunError",
    "SaltAndPepper",
    "SparseAutoencoder",
    "VariationalAutoencoder",
    "WeightDecay",
    "load",
    "read",
]
