"""Tildex: the whole autoencoder family, from linear autoencoders that equal PCA to Boltzmann machines."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Names are imported on first use, so that ``tildex --help`` does not wait for torch. A test compares them with the
# public names of the rooms.
_PUBLIC = {
    "tildex.apps.compare": ("Comparison", "compare", "save_comparison"),
    "tildex.corruptions": (
        "BernoulliNoise",
        "Dropout",
        "GaussianNoise",
        "Greyscale",
        "LogitNoise",
        "Masking",
        "Mirrored",
        "Missing",
        "Occlusion",
        "SaltAndPepper",
        "Shift",
        "Turned",
        "VaryingNoise",
    ),
    "tildex.data": ("DataError", "read"),
    "tildex.estimators": (
        "AnomalyDetector",
        "Autoencoder",
        "BernoulliRBM",
        "ContractiveAutoencoder",
        "DeepAutoencoder",
        "DeepBeliefNetwork",
        "DeepBoltzmannMachine",
        "DenoisingAutoencoder",
        "DropoutAutoencoder",
        "GaussianRBM",
        "Imputer",
        "LinearAutoencoder",
        "LosesToBaseline",
        "Modality",
        "MultimodalDBM",
        "PatchFeatures",
        "PictureFeatures",
        "RBM",
        "ReplicatedSoftmaxRBM",
        "Restorer",
        "SemanticHashing",
        "SoundFeatures",
        "SparseAutoencoder",
        "StackedClassifier",
        "StackedRegressor",
        "VariationalAutoencoder",
        "load",
    ),
    "tildex.files": ("RunError",),
    "tildex.maps": ("BatchNorm", "Convolutional", "Dense", "DnCNN", "LayerNorm", "UNet"),
    "tildex.optimizers": ("Adam", "Constant", "Cosine", "LBFGS", "Linear", "Muon", "SGD"),
    "tildex.penalties": (
        "Contractive",
        "Decorrelation",
        "JacobianChange",
        "KLSparsity",
        "L0",
        "L1",
        "Neighbours",
        "Revive",
        "VirtualAdversarial",
        "WeightDecay",
        "WeightL1",
    ),
    "tildex.priors": ("MixturePrior", "StandardPrior", "VampPrior"),
    "tildex.rules": (
        "CD",
        "DReG",
        "ELBO",
        "Exact",
        "FastPCD",
        "GumbelSoftmax",
        "IWAE",
        "LengthTempering",
        "MultiPrediction",
        "Nested",
        "PCD",
        "ParallelTempering",
        "Reconstruction",
        "Restoring",
        "SparseReconstruction",
        "StraightThrough",
        "Supervised",
        "TrajectoryTempering",
        "UpDown",
        "Variational",
    ),
    "tildex.train.meter": ("NonFiniteLossError",),
    "tildex.units": (
        "BatchTopK",
        "Bernoulli",
        "Binomial",
        "Categorical",
        "CorrelatedGaussian",
        "DiagonalGaussian",
        "Gaussian",
        "JumpReLU",
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
        "TopK",
    ),
}
_HOME = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tildex' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
