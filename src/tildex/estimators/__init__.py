"""Estimators: scikit-learn faces, one short class a row of the table of models."""

from tildex.estimators.autoencoders import (
    Autoencoder,
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    DropoutAutoencoder,
    SparseAutoencoder,
)
from tildex.estimators.base import Estimator, model_table
from tildex.estimators.boltzmann import BernoulliRBM
from tildex.estimators.linear import LinearAutoencoder
from tildex.estimators.loading import load
from tildex.estimators.table import ModelRow
from tildex.estimators.variational import VariationalAutoencoder

__all__ = [
    "Autoencoder",
    "BernoulliRBM",
    "ContractiveAutoencoder",
    "DenoisingAutoencoder",
    "DropoutAutoencoder",
    "Estimator",
    "LinearAutoencoder",
    "ModelRow",
    "SparseAutoencoder",
    "VariationalAutoencoder",
    "load",
    "model_table",
]
