"""Estimators: scikit-learn faces, one short class a row of the table of models."""

from tildex.estimators.anomaly import AnomalyDetector
from tildex.estimators.autoencoders import (
    Autoencoder,
    DropoutAutoencoder,
)
from tildex.estimators.base import Estimator, model_table
from tildex.estimators.belief import DeepBeliefNetwork
from tildex.estimators.boltzmann import BernoulliRBM
from tildex.estimators.classifier import StackedClassifier
from tildex.estimators.contractive import ContractiveAutoencoder
from tildex.estimators.deep import DeepBoltzmannMachine
from tildex.estimators.deep_autoencoder import DeepAutoencoder
from tildex.estimators.denoising import DenoisingAutoencoder
from tildex.estimators.documents import ReplicatedSoftmaxRBM
from tildex.estimators.gaussian_rbm import GaussianRBM
from tildex.estimators.hashing import SemanticHashing
from tildex.estimators.linear import LinearAutoencoder
from tildex.estimators.loading import load
from tildex.estimators.modality import Modality
from tildex.estimators.multimodal import MultimodalDBM
from tildex.estimators.patch_features import PatchFeatures
from tildex.estimators.picture_features import PictureFeatures
from tildex.estimators.regressor import StackedRegressor
from tildex.estimators.restorer import Restorer
from tildex.estimators.restricted import RBM
from tildex.estimators.sound_features import SoundFeatures
from tildex.estimators.sparse import SparseAutoencoder
from tildex.estimators.table import ModelRow
from tildex.estimators.variational import VariationalAutoencoder

__all__ = [
    "RBM",
    "AnomalyDetector",
    "Autoencoder",
    "BernoulliRBM",
    "ContractiveAutoencoder",
    "DeepAutoencoder",
    "DeepBeliefNetwork",
    "DeepBoltzmannMachine",
    "DenoisingAutoencoder",
    "DropoutAutoencoder",
    "Estimator",
    "GaussianRBM",
    "LinearAutoencoder",
    "Modality",
    "ModelRow",
    "MultimodalDBM",
    "PatchFeatures",
    "PictureFeatures",
    "ReplicatedSoftmaxRBM",
    "Restorer",
    "SemanticHashing",
    "SoundFeatures",
    "SparseAutoencoder",
    "StackedClassifier",
    "StackedRegressor",
    "VariationalAutoencoder",
    "load",
    "model_table",
]
