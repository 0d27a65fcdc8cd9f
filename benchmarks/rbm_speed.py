"""How long an epoch of a restricted Boltzmann machine takes, beside scikit-learn and beside its own matrix products.

Both estimators are fitted in turn, in one process, on the same binary rows of MNIST's size; medians over rounds. The
share of matrix products is the time of the five products a PCD-1 step needs, run alone, over the time of a step.

    python benchmarks/rbm_speed.py --rounds 3 --threads 2
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from unittest import mock

import numpy as np
import torch
from sklearn.neural_network import BernoulliRBM as ReferenceRBM
from threadpoolctl import threadpool_limits

from tildex import BernoulliRBM
from tildex.generator import Generator
from tildex.products import fast_products

VISIBLE, HIDDEN, EPOCHS = 784, 500, 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=60_000, help="rows an epoch at batch 100")
    parser.add_argument("--rows-small", type=int, default=6_000, help="rows an epoch at batch 10")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    X = (np.random.default_rng(0).random((options.rows, VISIBLE)) < 0.13).astype(np.float32)
    print(f"{VISIBLE} x {HIDDEN}, float32, torch {torch.__version__}, {options.threads} thread(s)")
    with threadpool_limits(options.threads):
        for batch, rows, target in ((100, options.rows, 0.60), (10, options.rows_small, 1 / 3)):
            compare(X[:rows], batch, target, options.rounds)
        for batch, rows in ((100, options.rows), (10, options.rows_small)):
            share(X[:rows], batch, options.rounds)
            bare = bare_loop(X, batch) * 1e3
            print(f"batch {batch}: a bare loop of the same arithmetic, {bare:.2f} ms a step")
        print("with torch's default library in place of oneDNN:")
        with mock.patch("tildex.products._fast_is_accurate", return_value=False):
            share(X, 100, options.rounds)


def compare(X: np.ndarray, batch: int, target: float, rounds: int) -> None:
    """Print the ratio of our epoch to scikit-learn's, pair by pair."""
    settings = {"n_components": HIDDEN, "batch_size": batch, "n_iter": EPOCHS, "random_state": 0}
    ours, theirs = [], []
    BernoulliRBM(**settings, device="cpu").fit(X[:batch])
    for _ in range(rounds):
        ours.append(seconds(lambda: BernoulliRBM(**settings, device="cpu").fit(X)) / EPOCHS)
        theirs.append(seconds(lambda: ReferenceRBM(**settings).fit(X)) / EPOCHS)
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    print(
        f"batch {batch:3d}, {len(X)} rows: ours {statistics.median(ours):.2f} s, scikit-learn "
        f"{statistics.median(theirs):.2f} s, ratio {statistics.median(ratios):.3f} "
        f"({min(ratios):.3f} to {max(ratios):.3f}); wanted at most {target:.3f}"
    )


def share(X: np.ndarray, batch: int, rounds: int) -> None:
    """Print which share of an epoch the five matrix products take when run alone."""
    rbm = BernoulliRBM(HIDDEN, batch_size=batch, n_iter=1 + rounds, random_state=0, device="cpu").fit(X)
    steps = -(-len(X) // batch)
    # The first epoch also warms up memory and threads.
    epoch = statistics.median(record["seconds"] for record in rbm.history_[1:])
    W, v, h = torch.randn(HIDDEN, VISIBLE), torch.rand(batch, VISIBLE), torch.rand(batch, HIDDEN)

    def products() -> None:
        torch.mm(h, W)
        torch.mm(v, W.t())
        torch.mm(v, W.t())
        torch.mm(h.t(), v)
        torch.mm(h.t(), v)

    with fast_products(W.device):
        alone = statistics.median(seconds(products) for _ in range(300))
    print(
        f"batch {batch}: a step {epoch / steps * 1e3:.2f} ms, its five products alone {alone * 1e3:.2f} ms: "
        f"{alone * steps / epoch:.0%} of an epoch; wanted at least 70%"
    )


@torch.no_grad()
def bare_loop(X: np.ndarray, batch: int, steps: int = 500) -> float:
    """Return the seconds a step takes that does PCD-1 and nothing else: no losses, no checks, every array reused.

    What is left is the products, the random bits and torch's own calls: no library on top of torch can be faster.
    """
    rows, generator = torch.from_numpy(X), Generator(0)
    W, b, c = 0.01 * torch.randn(HIDDEN, VISIBLE), torch.zeros(VISIBLE), torch.zeros(HIDDEN)
    chains, both, hidden = (
        torch.zeros(batch, HIDDEN),
        torch.empty(2 * batch, VISIBLE),
        torch.empty(2 * batch, HIDDEN),
    )
    signs = torch.full((2 * batch, 1), -0.1 / batch)
    signs[:batch] = 0.1 / batch

    def step() -> None:
        torch.index_select(rows, 0, torch.from_numpy(generator.integers(len(rows), batch)), out=both[:batch])
        both[batch:] = generator.bernoulli(torch.addmm(b, chains, W).sigmoid_())
        torch.addmm(c, both, W.t(), out=hidden).sigmoid_()
        chains.copy_(generator.bernoulli(hidden[batch:]))
        signed = hidden * signs
        W.addmm_(signed.t(), both)
        c.add_(signed.sum(0))
        b.add_((both * signs).sum(0))

    with fast_products(W.device):
        return statistics.median(seconds(step) for _ in range(steps))


def seconds(work: Callable[[], object]) -> float:
    """Return how long ``work`` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
