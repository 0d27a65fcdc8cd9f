"""Trainings that are killed half-way.

``python interrupted.py`` reads lines of JSON, [name, checkpoint, N]. For each it starts a process that trains and dies
at the N-th evaluation of the loss after the first checkpoint, and writes how that process ended. What takes seconds to
import is imported once.
"""

import json
import os
import signal
import sys
import traceback

import numpy as np
import torch

from tildex import (
    CD,
    ELBO,
    IWAE,
    LBFGS,
    PCD,
    RBM,
    Adam,
    Autoencoder,
    BatchNorm,
    BatchTopK,
    Bernoulli,
    BernoulliRBM,
    Categorical,
    Convolutional,
    Cosine,
    DeepAutoencoder,
    DeepBeliefNetwork,
    DeepBoltzmannMachine,
    DenoisingAutoencoder,
    Dropout,
    FastPCD,
    Gaussian,
    LearnedGaussian,
    LinearAutoencoder,
    Missing,
    Modality,
    MultimodalDBM,
    Muon,
    ParallelTempering,
    Restorer,
    Revive,
    Shift,
    SparseAutoencoder,
    StraightThrough,
    TrajectoryTempering,
    UNet,
    VampPrior,
    VariationalAutoencoder,
    VaryingNoise,
)
from tildex.rules import Rule

torch.set_num_threads(1)


class _Labelled(DeepBeliefNetwork):
    """A network that is given labels with every fit."""

    def fit(self, X, y=None, **settings):
        return super().fit(X, (X[:, 0] > 0.5).astype(int), **settings)


SHORT = {"n_iter": 6, "batch_size": 32, "random_state": 0}

CASES = {
    "denoising": lambda: DenoisingAutoencoder(
        8,
        hidden_layer_sizes=(12,),
        noise=Dropout(0.1),
        optimizer=Adam(3e-3, schedule=Cosine(warmup=0.1)),
        averaging=0.9,
        early_stopping=True,
        clip_norm=5.0,
        **SHORT,
    ),
    # A threshold and a count of silence go from step to step, and the best of both come back at the end.
    "sparse": lambda: SparseAutoencoder(
        12,
        code=BatchTopK(2, anneal=0.9),
        penalty=Revive(after=40),
        optimizer=Adam(1e-2),
        averaging=0.9,
        early_stopping=True,
        **SHORT,
    ),
    "variational": lambda: VariationalAutoencoder(
        3, hidden_layer_sizes=(12,), likelihood=LearnedGaussian(), rule=ELBO(n_samples=2), **SHORT
    ),
    "latent": lambda: VariationalAutoencoder(
        6,
        hidden_layer_sizes=(12,),
        code=Categorical(3),
        prior=VampPrior(4),
        rule=IWAE(3, warmup=0.5, relaxation=StraightThrough()),
        averaging=0.9,
        **SHORT,
    ),
    "rbm": lambda: BernoulliRBM(9, rule=PCD(2, n_chains=20), momentum=0.5, early_stopping=True, **SHORT),
    "tempered": lambda: RBM(
        9, rule=ParallelTempering(2, n_chains=20, n_betas=3, centring=0.1), binarisation="frozen", **SHORT
    ),
    "trajectory": lambda: RBM(9, rule=TrajectoryTempering(n_chains=20, n_models=2, every=2), **SHORT),
    "fast": lambda: RBM(9, rule=FastPCD(n_chains=20, centring=0.1), **SHORT),
    "deep": lambda: DeepBoltzmannMachine(
        5,
        hidden_layer_sizes=(6, 4),
        n_iter_pretraining=2,
        **{**SHORT, "n_iter": 2},
    ),
    "growing": lambda: DeepBoltzmannMachine(
        5, hidden_layer_sizes=6, pretraining="growing", n_iter_pretraining=2, **{**SHORT, "n_iter": 2}
    ),
    "held": lambda: DeepBoltzmannMachine(
        5, hidden_layer_sizes=6, pretraining="two-stage", n_iter_pretraining=2, **{**SHORT, "n_iter": 2}
    ),
    "modalities": lambda: MultimodalDBM(
        5,
        modalities=(Modality("first", 4), Modality("second", units=Gaussian())),
        hidden_layer_sizes=6,
        n_iter_pretraining=2,
        n_iter_prediction=2,
        **{**SHORT, "n_iter": 2},
    ),
    "cd": lambda: BernoulliRBM(9, rule=CD(1), **SHORT),
    "belief": lambda: DeepBeliefNetwork(
        5, hidden_layer_sizes=(6, 4), n_iter_up_down=2, early_stopping=True, **{**SHORT, "n_iter": 2}
    ),
    "stacked": lambda: DeepAutoencoder(
        3,
        hidden_layer_sizes=(7, 5),
        pretrain=(DenoisingAutoencoder(batch_size=32), RBM(batch_size=32), "linear"),
        n_iter_pretraining=2,
        noise=Dropout(0.1),
        averaging=0.9,
        early_stopping=True,
        **{**SHORT, "n_iter": 2},
    ),
    "images": lambda: Autoencoder(
        3,
        hidden_layer_sizes=(7,),
        architecture=Convolutional((5, 2), channels=(3, 4)),
        norm=BatchNorm(),
        noise=Dropout(0.1),
        augmentation=Shift(1, (5, 2)),
        optimizer=Muon(1e-2, schedule=Cosine(warmup=0.1)),
        averaging=0.9,
        early_stopping=True,
        **SHORT,
    ),
    "restored": lambda: Restorer(
        image_shape=(5, 2),
        network=UNet(4, 2),
        corruption=Missing(0.5) >> VaryingNoise(0.1),
        averaging=0.9,
        early_stopping=True,
        **SHORT,
    ),
    "labels": lambda: _Labelled(5, hidden_layer_sizes=(6,), label_layer=True, **{**SHORT, "n_iter": 3}),
    "linear": lambda: LinearAutoencoder(3, optimizer=LBFGS(max_evaluations=4), n_iter=6, random_state=0),
    "stopped": lambda: DenoisingAutoencoder(
        4, likelihood=Bernoulli(), early_stopping=True, n_iter_no_change=1, tol=10.0, **SHORT
    ),
}


def data():
    """Return rows with structure: 203, so that the last batch is smaller."""
    draws = np.random.default_rng(0)
    codes = draws.normal(size=(203, 3))
    return 1 / (1 + np.exp(-codes @ draws.normal(size=(3, 10)))).astype("float32")


def die_at(evaluation, checkpoint):
    """Kill this process, as a full memory or a power cut would, in the middle of a step."""
    evaluations = 0

    def counted(call):
        def rule(*arguments):
            nonlocal evaluations
            evaluations += os.path.exists(checkpoint)
            if evaluations == evaluation:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments)

        return rule

    for cls in Rule.table.values():
        cls.__call__ = counted(cls.__call__)


def train(name, checkpoint, evaluation):
    """Train in a process of its own, and return its exit status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        die_at(evaluation, checkpoint)
        CASES[name]().fit(data(), checkpoint=checkpoint)
    except BaseException:
        traceback.print_exc()
    os._exit(0)


if __name__ == "__main__":
    # An optimizer imports more of torch when it is first made.
    torch.optim.SGD([torch.zeros(1)])
    for line in sys.stdin:
        print(train(*json.loads(line)), flush=True)
