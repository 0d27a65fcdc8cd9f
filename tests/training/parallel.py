"""Train in every process that torchrun starts, and save each one's weights: ``parallel.py FOLDER``."""

import os
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from tildex import (
    SGD,
    Adam,
    Autoencoder,
    BatchNorm,
    BatchTopK,
    BernoulliRBM,
    DenoisingAutoencoder,
    SparseAutoencoder,
    distributed,
)

torch.set_num_threads(1)

CASES = {
    # 41 rows in batches of 8: the last one has a single row, fewer than there are processes.
    # From PCA, where gradients are rounding errors, Adam would make steps of them.
    "plain": lambda: Autoencoder(
        3, n_iter=4, batch_size=8, init="random", optimizer=Adam(1e-2), random_state=0
    ),
    "clipped": lambda: Autoencoder(
        3, n_iter=4, batch_size=8, optimizer=SGD(0.05), clip_norm=0.5, averaging=0.9, random_state=0
    ),
    "normalised": lambda: Autoencoder(
        3, hidden_layer_sizes=5, norm=BatchNorm(), n_iter=4, batch_size=8, averaging=0.9, random_state=0
    ),
    "denoising": lambda: DenoisingAutoencoder(3, n_iter=4, batch_size=8, random_state=0),
    "sparse": lambda: SparseAutoencoder(4, code=BatchTopK(2), n_iter=4, batch_size=8, random_state=0),
    "rbm": lambda: BernoulliRBM(4, n_iter=4, batch_size=8, random_state=0),
}
DETERMINISTIC = ("plain", "clipped")


def trained(name):
    X = np.random.default_rng(0).random((41, 6), dtype="float32")
    model = CASES[name]().fit(X)
    for record in model.history_:
        # The loss is its one part, and both are those of the whole batch, not of this process's share.
        part = record.get("reconstruction", record.get("free_energy_gap"))
        assert np.isclose(record["loss"], part, rtol=1e-5, atol=1e-6), record
    return {k: v.detach().clone() for k, v in model.module_.state_dict().items()}


if __name__ == "__main__":
    for case in CASES:
        save_file(trained(case), Path(sys.argv[1]) / f"{case}-{distributed.rank()}.safetensors")
    # Who leaves first would break the other's connection.
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    # All is saved. One run in ten, torch 2.13 aborts while it takes itself down, after the last line of Python.
    os._exit(0)
