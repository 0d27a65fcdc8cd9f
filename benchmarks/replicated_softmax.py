"""Perplexity per word of held-out newsgroup posts: a replicated softmax beside latent Dirichlet allocation.

Both have 50 topics, learn from the 11,256 training posts over 1,000 words, and are judged on the publisher's test
posts by exp(-mean of log p(words) / length), every post alike. Both likelihoods are annealed: log Z of every length for
the machine, the sum over topics of every post for scikit-learn's LDA, whose own bound is printed beside. Settings are
chosen on every tenth training post (``--validate``).

    python benchmarks/replicated_softmax.py --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.decomposition import LatentDirichletAllocation
from torch import Tensor

from tildex import Adam, LengthTempering, Linear, ReplicatedSoftmaxRBM, WeightDecay, read
from tildex.evaluate import at_length, log_partition_lengths, perplexity, two_sided
from tildex.files import write_json
from tildex.generator import Generator

TOPICS = 50


def machine(X: sp.csr_matrix, seed: int, options: argparse.Namespace) -> ReplicatedSoftmaxRBM:
    """Return a trained replicated softmax."""
    return ReplicatedSoftmaxRBM(
        TOPICS,
        rule=LengthTempering(
            k=options.steps, n_chains=options.chains, penalty=WeightDecay(options.weight_decay)
        ),
        optimizer=Adam(options.rate, schedule=Linear()),
        n_iter=options.epochs,
        batch_size=options.batch,
        averaging=0.999,
        verbose=0,
        random_state=seed,
    ).fit(X)


def machine_perplexity(
    model: ReplicatedSoftmaxRBM, X: sp.csr_matrix, options: argparse.Namespace
) -> dict[str, Any]:
    """Return the perplexity, its standard error and what says whether log Z can be trusted.

    At some lengths log Z is annealed again from both sides, from the words' frequencies to the machine and back: what
    the two give, and the first less the middle of these, in nats a document.
    """
    rows = torch.from_numpy(X.toarray()).float()
    lengths = rows.sum(1).long()
    partitions = log_partition_lengths(
        model.module_, lengths, Generator(0), n_chains=1000, n_sweeps=options.sweeps, growth=0.01
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
            n_betas=options.betas,
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


def allocation(X: sp.csr_matrix, seed: int, options: argparse.Namespace) -> LatentDirichletAllocation:
    """Return a trained LDA."""
    return LatentDirichletAllocation(
        TOPICS,
        doc_topic_prior=options.alpha,
        topic_word_prior=options.eta,
        learning_method=options.learning,
        batch_size=256,
        learning_offset=50.0,
        max_iter=options.iterations,
        random_state=seed,
    ).fit(X)


def annealed(model: LatentDirichletAllocation, X: sp.csr_matrix, temperatures: int, seed: int) -> Tensor:
    """Return an estimate of log p(words) of each row given the topics' words, by annealed importance sampling.

    A row's topics are annealed from their prior: at the inverse temperature t every word's topic z has
    p(z) p(word | z)^t, and topics and their shares are drawn in turn.
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
        # The weight of a step is that of the words under the topics as they stand.
        of_words = said.gather(1, chosen[:, None])[:, 0].double() * float(warmer - colder)
        log_weights.index_add_(0, rows, of_words)
        counted = prior.clone().index_put_((rows, chosen), torch.ones(len(rows)), accumulate=True)
        shares = torch._sample_dirichlet(counted, generator=generator)
        chosen = drawn((said * warmer).exp_().mul_(shares[rows]), generator)
    return log_weights


def drawn(weights: Tensor, generator: torch.Generator) -> Tensor:
    """Return a draw of each row's categories in proportion to its weights."""
    ends = weights.cumsum(1)
    at = torch.rand(len(weights), 1, generator=generator) * ends[:, -1:]
    return torch.searchsorted(ends, at)[:, 0].clamp_(max=weights.shape[1] - 1)


def allocation_perplexity(
    model: LatentDirichletAllocation, X: sp.csr_matrix, temperatures: int, chains: int
) -> dict[str, Any]:
    """Return the perplexity from annealing, and that of scikit-learn's own bound."""
    lengths = torch.from_numpy(np.asarray(X.sum(1)).ravel().astype(float))
    runs = torch.stack([annealed(model, X, temperatures, seed) for seed in range(chains)])
    per_word = (runs.logsumexp(0) - np.log(chains)) / lengths
    return {
        "perplexity": float(torch.exp(-per_word.mean())),
        "scikit_learn_bound_per_word_of_all": float(model.perplexity(X)),
        "temperatures": temperatures,
        "chains": chains,
    }


def main() -> None:
    """Train, judge and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", choices=["machine", "lda"], help="one of the two")
    parser.add_argument("--validate", action="store_true", help="judge on every tenth training post")
    parser.add_argument("--epochs", type=int, default=60, help="of the machine")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--chains", type=int, default=300, help="of the machine's training")
    parser.add_argument("--steps", type=int, default=5, help="Gibbs steps of the chains an update")
    parser.add_argument("--rate", type=float, default=5e-3)
    parser.add_argument("--weight-decay", type=float, default=0.006)
    parser.add_argument("--sweeps", type=int, default=5, help="Gibbs sweeps at each length of the annealing")
    parser.add_argument(
        "--betas", type=int, default=5000, help="temperatures of the annealing from both sides"
    )
    parser.add_argument("--alpha", type=float, default=0.1, help="LDA's prior of topics")
    parser.add_argument("--eta", type=float, default=0.3, help="LDA's prior of words")
    parser.add_argument("--learning", choices=["online", "batch"], default="batch")
    parser.add_argument("--iterations", type=int, default=40, help="of LDA")
    parser.add_argument("--temperatures", type=int, default=500, help="of annealing LDA's topics")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data-dir", help="the folder of known data sets; $TILDEX_DATA when not given")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train, test = (
        read("20news-w1000", split=split, data_dir=options.data_dir).X for split in ("train", "test")
    )
    if options.validate:
        tenth = np.arange(train.shape[0]) % 10 == 9
        train, test = train[~tenth], train[tenth]
    train, test = (X[np.asarray(X.sum(1)).ravel() > 0] for X in (train, test))
    found: list[dict[str, Any]] = []
    for seed in options.seeds:
        for what in ("machine", "lda"):
            if options.only in (None, what):
                began = time.perf_counter()
                if what == "machine":
                    model = machine(train, seed, options)
                    minutes = (time.perf_counter() - began) / 60
                    figures = machine_perplexity(model, test, options)
                else:
                    model = allocation(train, seed, options)
                    minutes = (time.perf_counter() - began) / 60
                    figures = allocation_perplexity(model, test, options.temperatures, 3)
                found.append({"what": what, "seed": seed, "minutes": minutes, **figures})
                print(json.dumps(found[-1]), flush=True)
                if options.out:
                    write_json(options.out, found)
    means = {}
    for what in ("machine", "lda"):
        own = [record["perplexity"] for record in found if record["what"] == what]
        if own:
            means[what] = float(np.mean(own))
            print(f"{what}: {np.mean(own):.1f} ({min(own):.1f} to {max(own):.1f})")
    if len(means) == 2:
        print(
            f"machine / LDA: {means['machine'] / means['lda']:.3f}; published 953 / 1091, wanted at most 0.9"
        )


if __name__ == "__main__":
    main()
