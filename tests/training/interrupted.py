"""Trainings that are killed half-way.

``python interrupted.py NAME CHECKPOINT N`` dies at the N-th evaluation of the loss after the first checkpoint.
"""

import os
import signal
import sys

import numpy as np
import torch

from tildex import (
    CD,
    LBFGS,
    PCD,
    Adam,
    Bernoulli,
    BernoulliRBM,
    Cosine,
    DenoisingAutoencoder,
    Dropout,
    LearnedGaussian,
    LinearAutoencoder,
    VariationalAutoencoder,
)
from tildex.rules import Rule

torch.set_num_threads(1)

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
    "variational": lambda: VariationalAutoencoder(
        3, hidden_layer_sizes=(12,), likelihood=LearnedGaussian(), n_samples=2, **SHORT
    ),
    "rbm": lambda: BernoulliRBM(9, rule=PCD(2, n_chains=20), momentum=0.5, early_stopping=True, **SHORT),
    "cd": lambda: BernoulliRBM(9, rule=CD(1), **SHORT),
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


if __name__ == "__main__":
    name, checkpoint, evaluation = sys.argv[1:]
    die_at(int(evaluation), checkpoint)
    CASES[name]().fit(data(), checkpoint=checkpoint)
