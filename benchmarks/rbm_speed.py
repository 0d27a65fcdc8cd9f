"""Time per epoch of a restricted Boltzmann machine, against scikit-learn and against its matrix products alone.

Estimators are fitted in turn, in one process, on the same binary rows of MNIST's size; values are medians over rounds.
The share of matrix products is the time of the five products of a PCD-1 step, run alone, over the time of a step. If
learnergy is installed, its CD-1 is timed against our CD-1.

    python benchmarks/rbm_speed.py --rounds 5 --threads 2
"""

from __future__ import annotations

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

from runner import Bench, run
from tildex import CD, BernoulliRBM
from tildex.generator import Generator
from tildex.products import fast_products

VISIBLE, HIDDEN, EPOCHS = 784, 500, 3


def rbm_speed(bench: Bench, *, rows: int = 60_000, rows_small: int = 6_000, rounds: int = 5) -> None:
    """Measure and print.

    Parameters
    ----------
    rows
        Rows per epoch at batch size 100.
    rows_small
        Rows per epoch at batch size 10.
    """
    X = (np.random.default_rng(0).random((rows, VISIBLE)) < 0.13).astype(np.float32)
    with threadpool_limits(torch.get_num_threads()):
        compare(bench, X, 100, 1 / 2, rounds)
        compare(bench, X, 100, 1 / 3.5, rounds, precision="bfloat16")
        compare(bench, X[:rows_small], 10, 1 / 6, rounds)
        if importlib.util.find_spec("learnergy"):
            against_learnergy(bench, X, 100, rounds)
        for batch, n in ((100, rows), (500, rows), (10, rows_small)):
            share(bench, X[:n], batch, rounds)
        for batch in (100, 10):
            bench.note(
                what=f"batch {batch}, a bare loop of the same arithmetic", step_ms=bare_loop(X, batch) * 1e3
            )
        for batch in (100, 500):
            halved(bench, X, batch, rounds)
        with mock.patch("tildex.products._fast_is_accurate", return_value=False):
            share(bench, X, 100, rounds, ", torch's default library")


def compare(
    bench: Bench, X: np.ndarray, batch: int, target: float, rounds: int, precision: str = "float32"
) -> None:
    """Print the ratio of our epoch to scikit-learn's, pair by pair."""
    settings = {"n_components": HIDDEN, "batch_size": batch, "n_iter": EPOCHS, "random_state": 0}
    ours, theirs = [], []
    BernoulliRBM(**settings, precision=precision, device="cpu").fit(X[:batch])
    for _ in range(rounds):
        mine = BernoulliRBM(**settings, precision=precision, device="cpu")
        ours.append(seconds(functools.partial(mine.fit, X)) / EPOCHS)
        theirs.append(seconds(lambda: ReferenceRBM(**settings).fit(X)) / EPOCHS)
    told(bench, f"epoch, batch {batch:3d}, {len(X)} rows, {precision}", "scikit-learn", ours, theirs, target)


def against_learnergy(bench: Bench, X: np.ndarray, batch: int, rounds: int) -> None:
    """Print the ratio of our CD-1 epoch to learnergy's."""
    from learnergy.models.bernoulli import RBM

    rows = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.zeros(len(X)))
    ours, theirs = [], []
    for _ in range(rounds):
        mine = BernoulliRBM(HIDDEN, batch_size=batch, n_iter=1, rule=CD(1), random_state=0, device="cpu")
        ours.append(seconds(functools.partial(mine.fit, X)))
        other = RBM(VISIBLE, HIDDEN, learning_rate=0.1)
        theirs.append(seconds(functools.partial(other.fit, rows, batch_size=batch, epochs=1)))
    told(bench, f"CD-1, batch {batch}, {len(X)} rows", "learnergy", ours, theirs, 1 / 4)


def told(bench: Bench, what: str, who: str, ours: list[float], theirs: list[float], target: float) -> None:
    """Print medians and the ratio's median and range."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    seconds = {"ours": statistics.median(ours), who: statistics.median(theirs)}
    bench.note(what=f"{what}: ours / {who}", seconds=seconds, **middle(ratios), wanted_at_most=target)


def middle(ratios: list[float]) -> dict[str, float]:
    """Return the median of ratios, and their range."""
    return {"ratio": statistics.median(ratios), "lowest": min(ratios), "highest": max(ratios)}


def halved(bench: Bench, X: np.ndarray, batch: int, rounds: int) -> None:
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
    what = f"batch {batch}, epoch with float32 / with bfloat16 products"
    bench.note(what=what, **middle(ratios), wanted_at_least=1.8)


def share(bench: Bench, X: np.ndarray, batch: int, rounds: int, how: str = "") -> None:
    """Print the share of an epoch that the five matrix products take when run alone."""
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
    bench.note(
        what=f"batch {batch}, five products alone / step{how}",
        step_ms=epoch / steps * 1e3,
        products_ms=alone * 1e3,
        ratio=alone * steps / epoch,
        wanted_at_least=0.8,
    )


@torch.no_grad()
def bare_loop(X: np.ndarray, batch: int, steps: int = 500) -> float:
    """Return the seconds per step of a bare PCD-1 loop: no losses, no checks, all arrays reused.

    Only the products, the random bits and torch's own calls remain: no library on top of torch can be faster.
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
    """Return the running time of ``work``."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    run(rbm_speed)
