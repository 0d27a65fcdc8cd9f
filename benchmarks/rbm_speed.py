"""How long an epoch of a restricted Boltzmann machine takes, beside scikit-learn and beside its own matrix products.

Estimators are fitted in turn, in one process, on the same binary rows of MNIST's size; medians over rounds. The share
of matrix products is the time of the five products a PCD-1 step needs, run alone, over the time of a step. Where
learnergy is installed, its CD-1 is timed beside our CD-1.

    python benchmarks/rbm_speed.py --rounds 5 --threads 2
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import statistics
import time
from collections.abc import Callable
from unittest import mock

import numpy as np
import torch
from sklearn.neural_network import BernoulliRBM as ReferenceRBM
from threadpoolctl import threadpool_limits

from tildex import CD, BernoulliRBM
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
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    X = (np.random.default_rng(0).random((options.rows, VISIBLE)) < 0.13).astype(np.float32)
    print(f"{VISIBLE} x {HIDDEN}, float32, torch {torch.__version__}, {options.threads} thread(s)")
    with threadpool_limits(options.threads):
        compare(X, 100, 1 / 2, options.rounds)
        compare(X, 100, 1 / 3.5, options.rounds, precision="bfloat16")
        compare(X[: options.rows_small], 10, 1 / 6, options.rounds)
        if importlib.util.find_spec("learnergy"):
            against_learnergy(X, 100, options.rounds)
        else:
            print("learnergy is not installed, and not compared with")
        for batch, rows in ((100, options.rows), (500, options.rows), (10, options.rows_small)):
            share(X[:rows], batch, options.rounds)
        for batch in (100, 10):
            bare = bare_loop(X, batch) * 1e3
            print(f"batch {batch}: a bare loop of the same arithmetic, {bare:.2f} ms a step")
        for batch in (100, 500):
            halved(X, batch, options.rounds)
        print("with torch's default library in place of oneDNN:")
        with mock.patch("tildex.products._fast_is_accurate", return_value=False):
            share(X, 100, options.rounds)


def compare(X: np.ndarray, batch: int, target: float, rounds: int, precision: str = "float32") -> None:
    """Print the ratio of our epoch to scikit-learn's, pair by pair."""
    settings = {"n_components": HIDDEN, "batch_size": batch, "n_iter": EPOCHS, "random_state": 0}
    ours, theirs = [], []
    BernoulliRBM(**settings, precision=precision, device="cpu").fit(X[:batch])
    for _ in range(rounds):
        mine = BernoulliRBM(**settings, precision=precision, device="cpu")
        ours.append(seconds(functools.partial(mine.fit, X)) / EPOCHS)
        theirs.append(seconds(lambda: ReferenceRBM(**settings).fit(X)) / EPOCHS)
    told(f"batch {batch:3d}, {len(X)} rows, {precision}", "scikit-learn", ours, theirs, target)


def against_learnergy(X: np.ndarray, batch: int, rounds: int) -> None:
    """Print the ratio of our CD-1 epoch to learnergy's."""
    from learnergy.models.bernoulli import RBM

    rows = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.zeros(len(X)))
    ours, theirs = [], []
    for _ in range(rounds):
        mine = BernoulliRBM(HIDDEN, batch_size=batch, n_iter=1, rule=CD(1), random_state=0, device="cpu")
        ours.append(seconds(functools.partial(mine.fit, X)))
        other = RBM(VISIBLE, HIDDEN, learning_rate=0.1)
        theirs.append(seconds(functools.partial(other.fit, rows, batch_size=batch, epochs=1)))
    told(f"CD-1, batch {batch}, {len(X)} rows", "learnergy", ours, theirs, 1 / 4)


def told(what: str, who: str, ours: list[float], theirs: list[float], target: float) -> None:
    """Print medians and the ratio's median and range."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    print(
        f"{what}: ours {statistics.median(ours):.2f} s, {who} {statistics.median(theirs):.2f} s, ratio "
        f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}); wanted at most {target:.3f}"
    )


def halved(X: np.ndarray, batch: int, rounds: int) -> None:
    """Print how much faster an epoch is with bfloat16 products than with float32."""
    ratios = []
    for _ in range(rounds):
        spent = {}
        for precision in ("float32", "bfloat16"):
            mine = BernoulliRBM(
                HIDDEN, batch_size=batch, n_iter=2, precision=precision, random_state=0, device="cpu"
            )
            spent[precision] = mine.fit(X).history_[-1]["seconds"]
        ratios.append(spent["float32"] / spent["bfloat16"])
    print(
        f"batch {batch}: bfloat16 products make an epoch {statistics.median(ratios):.2f} times faster "
        f"({min(ratios):.2f} to {max(ratios):.2f}); wanted 1.8"
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
        f"{alone * steps / epoch:.0%} of an epoch; wanted at least 80%"
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
