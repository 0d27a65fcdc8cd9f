"""Perplexity per word of held-out newsgroup posts: a replicated softmax against latent Dirichlet allocation.

Both have 50 topics, are trained on the 11,256 training posts over 1,000 words, and are evaluated on the publisher's
test posts by exp(-mean of log p(words) / length), with equal weight per post. Both likelihoods are annealed: log Z for
each length for the machine, the sum over topics for each post for scikit-learn's LDA, whose own bound is also printed.
Settings are chosen on every tenth training post (``--validate``).

    python benchmarks/replicated_softmax.py --seeds 0 1 2
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.decomposition import LatentDirichletAllocation
from torch import Tensor

from runner import Bench, row, run, spread
from tildex import ReplicatedSoftmaxRBM
from tildex.evaluate import at_length, log_partition_lengths, perplexity, two_sided
from tildex.generator import Generator

TOPICS = 50


def machine_perplexity(
    model: ReplicatedSoftmaxRBM, X: sp.csr_matrix, sweeps: int, betas: int
) -> dict[str, Any]:
    """Return the perplexity, its standard error and a check of log Z.

    At some lengths log Z is annealed again from both sides, from the word frequencies to the machine and back. The
    check gives both values, and the first estimate minus their midpoint, in nats per document.
    """
    rows = torch.from_numpy(X.toarray()).float()
    lengths = rows.sum(1).long()
    partitions = log_partition_lengths(
        model.module_, lengths, Generator(0), n_chains=1000, n_sweeps=sweeps, growth=0.01
    )
    found = perplexity(model.module_, rows, partitions)
    checks = {}
    for share in (0.5, 0.9, 0.99):
        length = int(lengths.double().quantile(share, interpolation="nearest"))
        place = int(torch.searchsorted(partitions.lengths, length))
        start = rows[(lengths - length).abs() <= length // 5]
        both = two_sided(
            at_length(model.module_, length),
            Generator(1),
            start=start * (length / start.sum(1, keepdim=True)),
            n_chains=200,
            n_betas=betas,
        )
        checks[length] = {
            "gap": both.gap,
            "differs": float(partitions.values[place]) - both.log_partition.value,
            "effective_size": float(partitions.effective_sizes[place]),
        }
    return {
        "perplexity": found.value,
        "standard_error": found.standard_error,
        "log_partition_by_length": checks,
        "posts_with_effective_size_below_10": float(
            torch.isin(lengths, partitions.lengths[partitions.effective_sizes < 10]).double().mean()
        ),
    }


def annealed(model: LatentDirichletAllocation, X: sp.csr_matrix, temperatures: int, seed: int) -> Tensor:
    """Return an estimate of log p(words) of each row given the topics' words, by annealed importance sampling.

    A row's topics are annealed from their prior: at inverse temperature t, each word's topic z has weight
    p(z) p(word | z)^t, and topics and their shares are sampled in turn.
    """
    counts = X.tocoo()
    n = torch.from_numpy(counts.data.astype(int))
    rows = torch.from_numpy(counts.row.astype(int)).repeat_interleave(n)
    words = torch.from_numpy(counts.col.astype(int)).repeat_interleave(n)
    topics = torch.from_numpy(model.components_ / model.components_.sum(1, keepdims=True)).float()
    said = topics.T[words].log()
    prior = torch.full((X.shape[0], TOPICS), float(model.doc_topic_prior_))
    generator = torch.Generator().manual_seed(seed)
    log_weights = torch.zeros(X.shape[0], dtype=torch.float64)
    shares = torch._sample_dirichlet(prior, generator=generator)
    levels = torch.linspace(0, 1, temperatures + 1)
    chosen = None
    for colder, warmer in itertools.pairwise(levels):
        if chosen is None:
            chosen = drawn(shares[rows], generator)
        # The weight of a step is that of the words under the current topics.
        of_words = said.gather(1, chosen[:, None])[:, 0].double() * float(warmer - colder)
        log_weights.index_add_(0, rows, of_words)
        counted = prior.clone().index_put_((rows, chosen), torch.ones(len(rows)), accumulate=True)
        shares = torch._sample_dirichlet(counted, generator=generator)
        chosen = drawn((said * warmer).exp_().mul_(shares[rows]), generator)
    return log_weights


def drawn(weights: Tensor, generator: torch.Generator) -> Tensor:
    """Sample one category per row, in proportion to its weights."""
    ends = weights.cumsum(1)
    at = torch.rand(len(weights), 1, generator=generator) * ends[:, -1:]
    return torch.searchsorted(ends, at)[:, 0].clamp_(max=weights.shape[1] - 1)


def allocation_perplexity(
    model: LatentDirichletAllocation, X: sp.csr_matrix, temperatures: int, chains: int
) -> dict[str, Any]:
    """Return the perplexity from annealing, and from scikit-learn's own bound."""
    lengths = torch.from_numpy(np.asarray(X.sum(1)).ravel().astype(float))
    runs = torch.stack([annealed(model, X, temperatures, seed) for seed in range(chains)])
    per_word = (runs.logsumexp(0) - np.log(chains)) / lengths
    return {
        "perplexity": float(torch.exp(-per_word.mean())),
        "scikit_learn_bound_per_word_of_all": float(model.perplexity(X)),
        "temperatures": temperatures,
        "chains": chains,
    }


def replicated_softmax(
    bench: Bench,
    *,
    only: Literal["machine", "lda"] | None = None,
    sweeps: int = 5,
    betas: int = 5000,
    alpha: float = 0.1,
    eta: float = 0.3,
    learning: Literal["online", "batch"] = "batch",
    iterations: int = 40,
    temperatures: int = 500,
) -> None:
    """Train, evaluate and print.

    Parameters
    ----------
    only
        One of the two.
    sweeps
        Gibbs sweeps at each annealed length.
    betas
        Temperatures of the annealing from both sides.
    alpha
        LDA's prior on topics.
    eta
        LDA's prior on words.
    iterations
        Iterations of LDA.
    temperatures
        Temperatures for annealing LDA's topics.
    """
    train, test = (bench.read("20news-w1000", split).X for split in ("train", "test"))
    if bench.validate:
        tenth = np.arange(train.shape[0]) % 10 == 9
        train, test = train[~tenth], train[tenth]
    train, test = (X[np.asarray(X.sum(1)).ravel() > 0] for X in (train, test))

    def machine(seed: int) -> dict[str, Any]:
        model = bench.train(f"machine-{seed}", bench.model("replicated-softmax-20news", seed), train)
        return machine_perplexity(model, test, sweeps, betas)

    def lda(seed: int) -> dict[str, Any]:
        model = LatentDirichletAllocation(
            TOPICS,
            doc_topic_prior=alpha,
            topic_word_prior=eta,
            learning_method=learning,
            batch_size=256,
            learning_offset=50.0,
            max_iter=iterations,
            random_state=seed,
        ).fit(train)
        return allocation_perplexity(model, test, temperatures, 3)

    both = {
        "machine": (machine, {"sweeps": sweeps, "betas": betas}),
        "lda": (lda, {"priors": [alpha, eta], "learning": learning, "passes": [iterations, temperatures]}),
    }
    found: dict[str, list[float]] = {}
    for what, seed in bench.each([only] if only else both):
        measure, settings = both[what]
        line = bench.result(partial(measure, seed), what=what, seed=seed, **settings)
        found.setdefault(what, []).append(line["perplexity"])
    row("model", "published", "perplexity a word")
    for what, values in found.items():
        row(what, {"machine": 953, "lda": 1091}[what], spread(values, ".1f"))
    if len(found) == 2:
        row(
            "machine / lda, wanted at most 0.9",
            "0.874",
            f"{np.mean(found['machine']) / np.mean(found['lda']):.3f}",
        )


if __name__ == "__main__":
    run(replicated_softmax, seeds=(0, 1, 2), threads=1)
