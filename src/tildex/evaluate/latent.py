r"""The quality of a code: a linear probe, and preservation of neighbours.

.. math:: T_k = 1 - \frac{2}{n k (2n - 3k - 1)} \sum_i \sum_{j \in U_k(i)} (r_{ij} - k)

where U_k(i) are those of the k nearest codes of row i that are not among its k nearest rows, and r_ij is the rank of
row j by distance from row i.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from tildex.evaluate.distances import as_rows, portions, squared_euclidean
from tildex.evaluate.estimate import Estimate
from tildex.products import fast_products

__all__ = [
    "continuity",
    "neighbour_error",
    "probe_accuracy",
    "probe_explained",
    "probe_hits",
    "trustworthiness",
]


def probe_accuracy(Z_train: Any, y_train: Any, Z_test: Any, y_test: Any) -> Estimate:
    """Return the held-out accuracy of a logistic regression trained on codes."""
    return Estimate.of(probe_hits(Z_train, y_train, Z_test, y_test))


def probe_hits(Z_train: Any, y_train: Any, Z_test: Any, y_test: Any) -> np.ndarray:
    """Return which held-out rows a logistic regression trained on codes labels correctly, shape (rows,)."""
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    probe.fit(np.asarray(Z_train, dtype=float), y_train)
    return np.asarray(probe.predict(np.asarray(Z_test, dtype=float)) == np.asarray(y_test))


def probe_explained(Z_train: Any, y_train: Any, Z_test: Any, y_test: Any) -> np.ndarray:
    """Return the share of a real target's variance that a ridge regression on codes explains, shape (rows,).

    One value per held-out row, whose mean is R2 beside the training mean; its penalty is chosen on the training codes.
    """
    y_train, y_test = np.asarray(y_train, dtype=float), np.asarray(y_test, dtype=float)
    probe = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 3, 13)))
    probe.fit(np.asarray(Z_train, dtype=float), y_train)
    error = (probe.predict(np.asarray(Z_test, dtype=float)) - y_test) ** 2
    spread = float(((y_test - y_train.mean()) ** 2).mean())
    return 1 - error / spread if spread > 0 else np.zeros(len(error))


def trustworthiness(X: Any, Z: Any, *, k: int = 12) -> Estimate:
    """Return how far near codes belong to near rows: 1 if the ``k`` nearest neighbours are the same (Venna & Kaski,
    2001, "Neighborhood preservation in nonlinear projection methods").

    Parameters
    ----------
    X, Z : array of shape (rows, features) and (rows, components)
        The data and the code of each row.
    k : int
        Number of neighbours, fewer than half of the rows.

    Raises
    ------
    ValueError
        If the numbers of rows differ or are too small for ``k``.

    Example
    -------
    >>> X = np.arange(20.0)[:, None]
    >>> trustworthiness(X, 2 * X, k=3).value, round(trustworthiness(X, X % 10, k=3).value, 2)
    (1.0, 0.45)
    """
    x, z = as_rows(X), as_rows(Z)
    n = len(x)
    if len(z) != n:
        raise ValueError(f"expected a code for each of {n} rows, got {len(z)}")
    if not 1 <= k < n / 2:
        raise ValueError(f"expected k of at least 1 and less than half of {n} rows, got {k}")
    x, z = x - x.mean(0), z - z.mean(0)
    worst = k * (2 * n - 3 * k - 1) / 2
    with fast_products(x.device):
        found = [1 - _intrusions(x, z, part, k) / worst for part in portions(n, n)]
    return Estimate.of(torch.cat(found).cpu().numpy())


def continuity(X: Any, Z: Any, *, k: int = 12) -> Estimate:
    """Return how far near rows have near codes: trustworthiness with data and codes exchanged.

    Trustworthiness falls if a map puts distant rows together, continuity if it separates neighbours.

    Parameters
    ----------
    X, Z, k
        As in :func:`trustworthiness`.
    """
    return trustworthiness(Z, X, k=k)


def neighbour_error(Z_train: Any, y_train: Any, Z_test: Any, y_test: Any, *, k: int = 1) -> Estimate:
    """Return the error rate of k-nearest-neighbour classification of held-out codes by majority among training codes;
    in a tie, the class with the nearer code wins.

    Raises
    ------
    ValueError
        If there are fewer than ``k`` training codes.

    Example
    -------
    >>> neighbour_error([[0.0], [1.0]], ["a", "b"], [[0.1], [0.2], [0.9]], ["a", "b", "b"]).value.__round__(3)
    0.333
    """
    rows, queries = as_rows(np.asarray(Z_train)), as_rows(np.asarray(Z_test))
    if not 1 <= k <= len(rows):
        raise ValueError(f"expected k from 1 to the {len(rows)} training codes there are, got {k}")
    centre = rows.mean(0)
    rows, queries = rows - centre, queries.to(rows) - centre
    names, known = np.unique(np.asarray(y_train), return_inverse=True)
    labels = torch.from_numpy(known)
    found = []
    for part in portions(len(queries), len(rows)):
        nearest = squared_euclidean(queries[part], rows).topk(k, largest=False).indices
        votes = torch.nn.functional.one_hot(labels[nearest], len(names)).double()
        # The tie-breaker: larger for nearer codes, and less than one vote in total.
        nearness = torch.linspace(0.5, 0.1, k, dtype=torch.float64)[:, None] / k**2
        found.append((votes * (1 + nearness)).sum(1).argmax(1))
    return Estimate.of(names[torch.cat(found).numpy()] != np.asarray(y_test))


def _intrusions(x: Tensor, z: Tensor, part: slice, k: int) -> Tensor:
    """Return, per row, the sum of excess ranks among rows of the k nearest codes."""
    itself = torch.arange(part.start, part.stop, device=x.device)[:, None]
    # A row itself must come first in both rankings, even among duplicates.
    far = squared_euclidean(x[part], x).scatter_(1, itself, -torch.inf)
    near = squared_euclidean(z[part], z).scatter_(1, itself, torch.inf).topk(k, largest=False).indices
    distance = far.gather(1, near)
    total = far.new_zeros(len(far), dtype=torch.float64)
    nearer = torch.empty_like(far)
    for column in distance.unbind(1):
        # Compared into floats, which are summed many times faster than booleans.
        torch.lt(far, column[:, None], out=nearer)
        total += (nearer.sum(1) - k).clamp_min(0)
    return total
