"""One small model of every kind, and of most ways that each can be saved: what to train, and on what."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas

import tildex

draws = np.random.default_rng(0)
# Three classes of rows, so that there is something to learn.
KIND = np.arange(30) % 3
UNIT = np.clip(np.eye(3)[KIND].repeat(2, 1) * 0.7 + draws.random((30, 6)) * 0.3, 0, 1).astype("float32")
REAL = (UNIT @ draws.normal(size=(6, 5)) * [1, 10, 0.1, 3, 2] + [0, 5, 0, -7, 1]).astype("float32")
COUNTS = draws.poisson(0.3 + 3 * np.eye(3)[KIND].repeat(2, 1)[:, :5]).astype("float32")
KINDS = {"picture": UNIT, "sound": REAL, "tags": COUNTS}
IMAGES = draws.random((8, 4, 6, 3), dtype="float32")
WORDS = np.array(["no", "perhaps", "yes"])[KIND]

SHORT: dict[str, Any] = {"n_iter": 2, "batch_size": 10, "random_state": 0}
DEEP: dict[str, Any] = {**SHORT, "hidden_layer_sizes": (5,)}


@dataclass(frozen=True)
class Case:
    """A model to train, on what, and what it is asked beside the methods of rows."""

    model: Any
    X: Any
    y: Any = None
    also: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


def lively(model):
    """Return a model whose weights tell rows apart, which after two passes those of a machine do not."""
    for weight in model.module_.parameters():
        largest = float(weight.detach().abs().max())
        if weight.ndim == 2 and 0 < largest < 0.3:
            weight.data *= 1.5 / largest
    return model


@cache
def rbm():
    return lively(tildex.RBM(5, **SHORT).fit(UNIT))


@cache
def dbn():
    return lively(tildex.DeepBeliefNetwork(3, n_iter_up_down=2, **DEEP).fit(UNIT))


@cache
def dbm():
    return lively(tildex.DeepBoltzmannMachine(3, n_iter_pretraining=2, **DEEP).fit(UNIT))


def autoencoders():
    """Return models that are a pair of an encoder and a decoder, by the name of their folder."""
    noise = tildex.GaussianNoise(0.5)
    pretrain = (tildex.RBM(n_iter=1), tildex.ContractiveAutoencoder(n_iter=2))
    image = tildex.Convolutional((2, 3), channels=(2,))
    frame = pandas.DataFrame(REAL, columns=["length", "weight", "pH", "°C", "a b"])
    return {
        "linear": Case(tildex.LinearAutoencoder(2, n_iter=2, random_state=0), REAL),
        "linear-untied": Case(tildex.LinearAutoencoder(2, weights="untied", solver="closed-form"), REAL),
        "linear-nested": Case(
            tildex.LinearAutoencoder(2, rule=tildex.Nested(), n_iter=2, random_state=0), REAL
        ),
        "autoencoder": Case(tildex.Autoencoder(3, norm=tildex.BatchNorm(), averaging=0.9, **DEEP), UNIT),
        "autoencoder-convolutional": Case(tildex.Autoencoder(3, architecture=image, **DEEP), UNIT),
        "autoencoder-float64": Case(
            tildex.Autoencoder(3, norm=tildex.LayerNorm(), **DEEP), REAL.astype(float)
        ),
        "autoencoder-named": Case(tildex.Autoencoder(2, **SHORT), frame),
        "autoencoder-snapshots": Case(
            tildex.Autoencoder(2, **SHORT), UNIT[:9], settings={"snapshots": (0, 2)}
        ),
        "sparse": Case(tildex.SparseAutoencoder(8, **SHORT), UNIT),
        "sparse-batch-top-k": Case(tildex.SparseAutoencoder(8, code=tildex.BatchTopK(2), **SHORT), UNIT),
        "sparse-jump-relu": Case(tildex.SparseAutoencoder(8, code=tildex.JumpReLU(), **SHORT), UNIT),
        "sparse-pursuit": Case(tildex.SparseAutoencoder(8, code=tildex.Pursuit(2), **SHORT), UNIT),
        "sparse-top-k": Case(tildex.SparseAutoencoder(8, code=tildex.TopK(2), **SHORT), UNIT),
        "denoising": Case(
            tildex.DenoisingAutoencoder(3, tied=True, **SHORT), UNIT, also=("sample, completing",)
        ),
        "denoising-noise": Case(
            tildex.DenoisingAutoencoder(3, corruption=noise >> tildex.Masking(0.1), walkback=2, **DEEP), REAL
        ),
        "denoising-score": Case(
            tildex.DenoisingAutoencoder(3, corruption=noise, **SHORT), REAL, also=("score_field",)
        ),
        "contractive": Case(tildex.ContractiveAutoencoder(3, **SHORT), UNIT),
        "dropout": Case(tildex.DropoutAutoencoder(3, **DEEP), UNIT),
        "deep": Case(tildex.DeepAutoencoder(2, n_iter_pretraining=1, **DEEP), UNIT),
        "deep-of-machines": Case(tildex.DeepAutoencoder(2, pretrain=pretrain, **DEEP), UNIT),
        "hashing": Case(tildex.SemanticHashing(9, **SHORT), UNIT),
        "vae": Case(tildex.VariationalAutoencoder(2, **DEEP), UNIT),
        "vae-categorical": Case(
            tildex.VariationalAutoencoder(
                6, code=tildex.Categorical(3), likelihood=tildex.LearnedGaussian(), **DEEP
            ),
            REAL,
        ),
        "vae-mixture": Case(tildex.VariationalAutoencoder(2, prior=tildex.MixturePrior(3), **DEEP), UNIT),
        "vae-vamp": Case(
            tildex.VariationalAutoencoder(2, prior=tildex.VampPrior(3), rule=tildex.IWAE(2), **DEEP), REAL
        ),
        "restoration": Case(
            tildex.Restorer(network=tildex.UNet(2, levels=2), **SHORT),
            IMAGES,
            also=("corrupt", "transform, of images"),
        ),
        "restoration-missing": Case(
            tildex.Restorer(
                image_shape=(4, 6, 3),
                network=tildex.DnCNN(2, 2),
                corruption=tildex.Missing(),
                views=2,
                **SHORT,
            ),
            IMAGES.reshape(8, -1),
            also=("corrupt",),
        ),
    }


def machines():
    """Return Boltzmann machines and what is made of them."""
    known = ("sample, completing",)
    querying = ("column_names_", "infer", "generate", "generate, by chains")
    quick = {"prediction_optimizer": tildex.Adam(0.1), "averaging": None}
    stages = {"n_iter_pretraining": 1, "n_iter_prediction": 10, **quick}
    modalities = (
        tildex.Modality("picture", 6, hidden_layer_sizes=4),
        tildex.Modality("tags", units=tildex.ReplicatedSoftmax(5, 4), hidden_layer_sizes=()),
    )
    return {
        "rbm": Case(tildex.RBM(3, **SHORT), UNIT, also=known),
        "rbm-spin": Case(
            tildex.RBM(3, likelihood=tildex.Spin(), hidden=tildex.Binomial(3), rule=tildex.CD(1), **SHORT),
            np.sign(UNIT - 0.5),
        ),
        "gaussian-rbm": Case(tildex.GaussianRBM(3, **SHORT), REAL, also=known),
        "bernoulli-rbm": Case(tildex.BernoulliRBM(3, **SHORT), (UNIT * 255).round()),
        "replicated-softmax": Case(tildex.ReplicatedSoftmaxRBM(3, **SHORT), COUNTS),
        "dbn": Case(tildex.DeepBeliefNetwork(3, n_iter_up_down=2, **DEEP), UNIT, also=known),
        "dbn-labels": Case(
            tildex.DeepBeliefNetwork(3, label_layer=True, n_iter_up_down=1, **DEEP),
            UNIT,
            WORDS,
            also=("sample, of a label",),
        ),
        "dbn-started": Case(tildex.DeepBeliefNetwork(6, start=rbm(), n_iter_up_down=1, **DEEP), UNIT),
        "dbm": Case(tildex.DeepBoltzmannMachine(3, n_iter_pretraining=1, **DEEP), UNIT, also=known),
        "dbm-growing": Case(
            tildex.DeepBoltzmannMachine(3, pretraining="growing", start=rbm(), n_iter_pretraining=1, **DEEP),
            UNIT,
        ),
        "multimodal-dbm": Case(
            tildex.MultimodalDBM(3, **stages, **{**DEEP, "hidden_layer_sizes": 4}),
            {**KINDS, "tags": pandas.DataFrame(COUNTS, columns=["sea", "sky", "sun", "tree", "dog"])},
            also=querying,
        ),
        "multimodal-dbm-table": Case(
            tildex.MultimodalDBM(3, modalities=modalities, **stages, **SHORT), np.hstack([UNIT, COUNTS])
        ),
    }


def predictors():
    """Return what starts from other models."""
    both = np.stack([REAL[:, 1], REAL[:, 2]], 1)
    start = tildex.DenoisingAutoencoder(4, **DEEP)
    return {
        "classifier": Case(tildex.StackedClassifier(**DEEP), UNIT, WORDS),
        "classifier-of-dbm": Case(tildex.StackedClassifier(dbm(), **SHORT), UNIT, WORDS == "yes"),
        "classifier-of-dbn": Case(
            tildex.StackedClassifier(dbn(), **SHORT), UNIT, (UNIT[:, 1] * 3).astype(int)
        ),
        "classifier-of-rbm": Case(tildex.StackedClassifier(rbm(), **DEEP), UNIT, WORDS),
        "regressor": Case(tildex.StackedRegressor(**DEEP), UNIT, REAL[:, 0]),
        "regressor-started": Case(tildex.StackedRegressor(start.fit(UNIT), **SHORT), UNIT, both),
    }
