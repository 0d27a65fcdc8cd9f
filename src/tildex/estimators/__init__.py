"""The scikit-learn estimators: one short class per row of the table of models."""

from tildex.estimators.anomaly import AnomalyDetector
from tildex.estimators.autoencoders.autoencoder import Autoencoder, DropoutAutoencoder
from tildex.estimators.autoencoders.contractive import ContractiveAutoencoder
from tildex.estimators.autoencoders.denoising import DenoisingAutoencoder
from tildex.estimators.autoencoders.linear import LinearAutoencoder
from tildex.estimators.autoencoders.semantic_hashing import SemanticHashing
from tildex.estimators.autoencoders.sparse import SparseAutoencoder
from tildex.estimators.autoencoders.vae import VariationalAutoencoder
from tildex.estimators.base.registry import load, model_table
from tildex.estimators.base.table import ModelRow
from tildex.estimators.base.transformer import Estimator
from tildex.estimators.boltzmann.bernoulli_rbm import BernoulliRBM
from tildex.estimators.boltzmann.dbm import DeepBoltzmannMachine
from tildex.estimators.boltzmann.dbn import DeepBeliefNetwork
from tildex.estimators.boltzmann.gaussian_rbm import GaussianRBM
from tildex.estimators.boltzmann.rbm import RBM
from tildex.estimators.boltzmann.replicated_softmax_rbm import ReplicatedSoftmaxRBM
from tildex.estimators.features.patches import PatchFeatures
from tildex.estimators.features.pictures import PictureFeatures
from tildex.estimators.features.sounds import SoundFeatures
from tildex.estimators.imputer import Imputer
from tildex.estimators.multimodal.dbm import MultimodalDBM
from tildex.estimators.multimodal.modality import Modality
from tildex.estimators.restoration.restorer import Restorer
from tildex.estimators.stacked.classifier import StackedClassifier
from tildex.estimators.stacked.deep_autoencoder import DeepAutoencoder
from tildex.estimators.stacked.regressor import StackedRegressor

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
    "Imputer",
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
