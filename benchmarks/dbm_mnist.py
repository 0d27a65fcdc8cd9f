"""A deep Boltzmann machine on MNIST, by the variational bound on the log-likelihood.

Layers are pretrained apart with the halving trick, or the machine grows from a trained one, then all are trained
together: mean field for the data, persistent chains for the model, the centred gradient, averaged weights. Training
sees a fresh Bernoulli draw of the grey values at every presentation. It goes on from its checkpoint when the same
command is given again.

    python benchmarks/dbm_mnist.py --pretraining growing --start runs/rbm500 --rate 0.1 --epochs 300 --out runs/dbm2
    tildex likelihood runs/dbm2 mnist --chains 500 --betas 20000
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from tildex import PCD, SGD, DeepBoltzmannMachine, Linear, Variational, load, read


def main() -> None:
    """Train, and save the run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the run folder")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[500, 1000], help="hidden layers, bottom first"
    )
    parser.add_argument("--batch", type=int, default=500, help="rows a step, and chains")
    parser.add_argument(
        "--pretraining", choices=("halving", "growing", "two-stage", "none"), default="halving"
    )
    parser.add_argument("--start", type=Path, help="the run whose layers growing goes on from")
    parser.add_argument("--pretraining-epochs", type=int, default=100)
    parser.add_argument("--pretraining-rate", type=float, default=0.1)
    parser.add_argument("--epochs", type=int, default=250)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--sweeps", type=int, default=1, help="Gibbs sweeps of the chains an update")
    parser.add_argument("--mean-field", type=int, default=5, help="mean-field passes an update, at most")
    parser.add_argument("--averaging", type=float, default=0.9995)
    parser.add_argument("--sparsity", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", default="bfloat16", help="of matrix products: float32 or bfloat16")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    X = read("mnist", split="train").X
    *between, top = options.sizes
    dbm = DeepBoltzmannMachine(
        top,
        hidden_layer_sizes=between,
        pretraining=options.pretraining,
        n_iter_pretraining=options.pretraining_epochs,
        start=None if options.start is None else load(options.start),
        pretraining_rule=PCD(1, n_chains=options.batch, centring=0.01),
        pretraining_optimizer=SGD(options.pretraining_rate, schedule=Linear()),
        rule=Variational(
            options.sweeps,
            n_chains=options.batch,
            n_mean_field=options.mean_field,
            sparsity=options.sparsity,
            sparse_until=1 / 3,
        ),
        optimizer=SGD(options.rate, schedule=Linear()),
        n_iter=options.epochs,
        batch_size=options.batch,
        averaging=options.averaging,
        binarisation="dynamic",
        precision=options.precision,
        device=options.device,
        random_state=options.seed,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    wall, processor = time.perf_counter(), time.process_time()
    dbm.fit(X, checkpoint=options.out / "checkpoint.safetensors")
    spent = sum(record["seconds"] for record in dbm.history_)
    dbm.save(options.out)
    print(
        f"{options.sizes}, seed {options.seed}, {options.precision}, {options.threads} thread(s): "
        f"{spent / 60:.1f} min in all, this run {(time.perf_counter() - wall) / 60:.1f} min wall and "
        f"{(time.process_time() - processor) / 60:.1f} min of processor"
    )


if __name__ == "__main__":
    main()
