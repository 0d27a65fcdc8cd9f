"""A deep belief network 784-500-2000 on MNIST, by the bound on the log-likelihood and its importance-weighted estimate.

The lowest machine is that of a finished run of rbm_mnist.py, or is trained first. The second one starts as the first
turned round, so that the bound starts at the first one's likelihood, and sees fresh samples of the hidden layer; then
up-down trains all weights together. Every presentation is a fresh Bernoulli draw of the grey values. Training goes on
from its checkpoint when the same command is given again.

    python benchmarks/rbm_mnist.py --epochs 750 --out runs/rbm500
    python benchmarks/dbn_mnist.py --start runs/rbm500 --out runs/dbn
    tildex likelihood runs/dbn mnist --chains 500 --betas 20000 --samples 100
"""

from __future__ import annotations

import argparse
import time
from itertools import groupby
from pathlib import Path

import torch

from tildex import PCD, SGD, DeepBeliefNetwork, Linear, UpDown, load, read


def main() -> None:
    """Train, and save the run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the run folder")
    parser.add_argument("--start", type=Path, help="the run of the lowest machine")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[500, 2000], help="hidden layers, bottom first"
    )
    parser.add_argument("--batch", type=int, default=500, help="rows a step, and chains")
    parser.add_argument("--epochs", type=int, default=150, help="passes of 120 updates a machine")
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--upper", choices=("flipped", "random"), default="flipped")
    parser.add_argument("--up-down-epochs", type=int, default=100)
    parser.add_argument("--up-down-rate", type=float, default=0.02)
    parser.add_argument("--steps", type=int, default=1, help="Gibbs steps of the chains an update of up-down")
    parser.add_argument("--averaging", type=float, default=0.9995)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", default="bfloat16", help="of matrix products: float32 or bfloat16")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    X = read("mnist", split="train").X
    *between, top = options.sizes
    dbn = DeepBeliefNetwork(
        top,
        hidden_layer_sizes=between,
        start=None if options.start is None else load(options.start, device=options.device),
        upper=options.upper,
        rule=PCD(1, n_chains=options.batch, centring=0.01),
        optimizer=SGD(options.rate, schedule=Linear()),
        n_iter=options.epochs,
        up_down=UpDown(options.steps, n_chains=options.batch),
        up_down_optimizer=SGD(options.up_down_rate, schedule=Linear()),
        n_iter_up_down=options.up_down_epochs,
        batch_size=options.batch,
        averaging=options.averaging,
        binarisation="dynamic",
        precision=options.precision,
        device=options.device,
        random_state=options.seed,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    wall, processor = time.perf_counter(), time.process_time()
    dbn.fit(X, checkpoint=options.out / "checkpoint.safetensors")
    dbn.save(options.out)
    updates = -(-len(X) // options.batch)
    for stage, records in groupby(dbn.history_, lambda record: record["stage"]):
        seconds = [record["seconds"] for record in records]
        print(
            f"stage {stage:.0f}: {len(seconds)} epochs, {sum(seconds) / 60:.1f} min, "
            f"{1e3 * min(seconds) / updates:.1f} ms an update at best"
        )
    print(
        f"{options.sizes}, seed {options.seed}, {options.precision}, {options.threads} thread(s): "
        f"this run {(time.perf_counter() - wall) / 60:.1f} min wall and "
        f"{(time.process_time() - processor) / 60:.1f} min of processor"
    )


if __name__ == "__main__":
    main()
