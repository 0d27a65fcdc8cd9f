"""Baselines for tagging and retrieval: regressions, neighbours' tags and canonical correlations.

Imported by ``tagged_pictures.py``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from scipy import linalg

__all__ = ["Canonical", "logistic_scores", "propagated_scores", "standardised"]

Array = np.ndarray


def standardised(X: Array, held_out: Array) -> tuple[Array, Array]:
    """Return both, standardised by the first."""
    mean, spread = X.mean(0), X.std(0)
    spread[spread == 0] = 1
    return (X - mean) / spread, (held_out - mean) / spread


def logistic_scores(
    X: Array, tags: Array, held_out: Array, strengths: list[float]
) -> Iterator[tuple[str, Array]]:
    """Yield held-out scores of one logistic regression per tag, for each weight of the squared norm.

    All are fitted together, because their sum separates into one problem per tag.
    """
    X, held_out = standardised(X, held_out)
    x, t, z = (torch.from_numpy(part.astype(np.float32)) for part in (X, tags, held_out))
    weight = torch.zeros(x.shape[1], t.shape[1], requires_grad=True)
    bias = torch.zeros(t.shape[1], requires_grad=True)
    for strength in sorted(strengths, reverse=True):
        search = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

        def loss(search: torch.optim.LBFGS = search, strength: float = strength) -> torch.Tensor:
            search.zero_grad()
            wrong = torch.nn.functional.binary_cross_entropy_with_logits(
                x @ weight + bias, t, reduction="sum"
            )
            total = wrong + strength / 2 * weight.square().sum()
            total.backward()
            return total

        search.step(loss)
        yield f"weight {strength:g}", (z @ weight + bias).detach().numpy()


def propagated_scores(
    X: Array, tags: Array, held_out: Array, counts: list[int]
) -> Iterator[tuple[str, Array]]:
    """Yield held-out scores from the tags of the nearest training pictures, weighted by nearness, for each count.

    Nearness falls exponentially with the distance over that of the last neighbour; distances are Euclidean or sums of
    absolute differences, of unscaled features.
    """
    for name, p in (("Euclidean", 2.0), ("absolute", 1.0)):
        far = torch.cdist(torch.from_numpy(held_out), torch.from_numpy(X), p=p).numpy()
        order = far.argsort(1)
        near = np.take_along_axis(far, order, 1)
        for k in counts:
            weight = np.exp(-(near[:, :k] - near[:, :1]) / (near[:, k - 1 : k] - near[:, :1] + 1e-9) * 3)
            weight /= weight.sum(1, keepdims=True)
            yield f"{k} nearest, {name}", np.einsum("nk,nkt->nt", weight, tags[order[:, :k]])


class Canonical:
    """Regularised canonical correlations (Hotelling, 1936, "Relations between two sets of variates").

    Parameters
    ----------
    X, Y : array of shape (rows, features)
        Both modalities.
    n : int
        Pairs of axes; each is weighted by its correlation, which retrieves better than equal weights.
    ridge : float
        Added to the variance of each feature, as a share of their mean variance.
    """

    def __init__(self, X: Array, Y: Array, n: int, ridge: float) -> None:
        self.means = X.mean(0), Y.mean(0)
        X, Y = (part - mean for part, mean in zip((X, Y), self.means, strict=True))
        roots = [_inverse_root(part.T @ part / len(part), ridge) for part in (X, Y)]
        U, s, Vt = linalg.svd(roots[0] @ (X.T @ Y / len(X)) @ roots[1], full_matrices=False)
        self.axes = roots[0] @ U[:, :n] * s[:n], roots[1] @ Vt[:n].T * s[:n]

    def codes(self, X: Array | None, Y: Array | None) -> Array:
        """Return the coordinates of rows by one modality, or the mean of both."""
        found = [
            (part - mean) @ axes
            for part, mean, axes in zip((X, Y), self.means, self.axes, strict=True)
            if part is not None
        ]
        return np.mean(found, 0)


def _inverse_root(C: Array, ridge: float) -> Array:
    values, vectors = linalg.eigh(C + ridge * np.trace(C) / len(C) * np.eye(len(C)))
    return vectors / np.sqrt(values) @ vectors.T
