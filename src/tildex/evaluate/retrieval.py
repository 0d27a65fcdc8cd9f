r"""Retrieval precision: nearest rows of the query's class; tied rows count with the mean over all their orders.

.. math:: P@k = \frac1k \Big( r_{<d} + (k - n_{<d}) \frac{r_d}{n_d} \Big)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tildex.evaluate.distances import Distance, as_rows, hamming, portions
from tildex.evaluate.estimate import Estimate
from tildex.products import fast_products

__all__ = ["mean_average_precision", "precision_at"]


def precision_at(
    k: int, queries: Any, query_labels: Any, rows: Any, labels: Any, *, distance: Distance = hamming
) -> Estimate:
    """Return the fraction of a query's ``k`` nearest rows with its label, averaged over queries.

    Distances of bits tie: rows at the distance of the k-th nearest count fractionally, as in expectation under a
    random order.

    Parameters
    ----------
    k : int
        Number of nearest rows, at most all.
    queries : array of shape (n, features)
        Codes to search for, not contained in the rows.
    query_labels, labels : array of shape (n,) and (m,)
        Classes of queries and rows.
    rows : array of shape (m, features)
        Codes to search in.
    distance : callable
        :func:`hamming` for codes of 0 and 1, :func:`cosine` or :func:`squared_euclidean` for other codes.

    Raises
    ------
    ValueError
        If there are fewer than ``k`` rows, or the numbers of labels and codes differ.

    Example
    -------
    >>> rows = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> precision_at(2, np.array([[0, 0]]), ["a"], rows, ["a", "a", "b", "b"]).value
    0.75
    """
    found = []
    if not 1 <= k <= len(rows):
        raise ValueError(f"expected k from 1 to the {len(rows)} rows there are, got {k}")
    for near, relevant in _compared(queries, query_labels, rows, labels, distance):
        last = near.kthvalue(k, dim=1, keepdim=True).values
        # As numbers, because booleans are summed many times slower.
        before, at = torch.empty_like(near), torch.empty_like(near)
        torch.lt(near, last, out=before)
        torch.eq(near, last, out=at)
        share = (at * relevant).sum(1) / at.sum(1)
        hits = (before * relevant).sum(1) + (k - before.sum(1)) * share
        found.append(hits.double() / k)
    return Estimate.of(torch.cat(found).cpu().numpy())


def mean_average_precision(
    queries: Any, query_labels: Any, rows: Any, labels: Any, *, distance: Distance = hamming
) -> Estimate:
    """Return the average precision, averaged over queries.

    A query's average precision is the mean, over the rows of its class, of the precision among all rows at most as
    far away. Queries without a row of their class are left out.

    Ties count with the mean over all orders of the tied rows, in closed form (McSherry & Najork, 2008, "Computing
    information retrieval performance measures efficiently in the presence of tied scores").

    Parameters
    ----------
    queries, query_labels, rows, labels, distance
        As in :func:`precision_at`.

    Raises
    ------
    ValueError
        If the numbers of labels and codes differ, or no query's class is among the rows.

    Example
    -------
    >>> rows = np.array([[0, 0], [0, 1], [1, 1]])
    >>> mean_average_precision(np.array([[0, 0]]), ["a"], rows, ["a", "b", "a"]).value.__round__(4)
    0.8333
    """
    found = []
    for near, relevant in _compared(queries, query_labels, rows, labels, distance):
        in_order, order = near.sort(dim=1)
        precision = expected_precision(in_order, relevant.gather(1, order).double())
        found.append(precision[relevant.amax(1) > 0])
    values = torch.cat(found)
    if not len(values):
        raise ValueError(
            "expected rows of the queries' classes, found none: are these labels of one data set?"
        )
    return Estimate.of(values.cpu().numpy())


def expected_precision(near: Tensor, relevant: Tensor) -> Tensor:
    """Return each query's expected average precision, given sorted distances and the relevance of rows.

    In a group of n tied rows, r of them relevant, after N rows with R relevant ones, position i holds a relevant row
    with probability r / n, with (i - 1)(r - 1) / (n - 1) relevant ones expected before it in the group.
    """
    m = near.shape[1]
    place = torch.arange(1, m + 1, device=near.device, dtype=torch.float64).expand_as(near)
    ends = torch.ones_like(near, dtype=torch.bool)
    ends[:, :-1] = near[:, 1:] != near[:, :-1]
    begins = torch.roll(ends, 1, 1)
    begins[:, 0] = True
    # For every position: the position before its group, the group's last one, and the relevant rows up to each.
    first = torch.where(begins, place - 1, 0.0).cummax(1).values
    last = torch.where(ends, place, float(m)).flip(1).cummin(1).values.flip(1)
    upto = torch.nn.functional.pad(relevant.cumsum(1), (1, 0))
    behind, through = upto.gather(1, first.long()), upto.gather(1, last.long())
    size, hits = last - first, through - behind
    tied = (place - first - 1) * (hits - 1).clamp_min(0) / (size - 1).clamp_min(1)
    terms = hits / size * (behind + 1 + tied) / place
    return terms.sum(1) / upto[:, -1].clamp_min(1)


def _compared(
    queries: Any, query_labels: Any, rows: Any, labels: Any, distance: Distance
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield, per portion of queries, distances and 1 where a row has the query's label, (n, m) each."""
    query_labels, labels = np.asarray(query_labels), np.asarray(labels)
    for what, codes, named in (("queries", queries, query_labels), ("rows", rows, labels)):
        if named.shape != (len(codes),):
            raise ValueError(f"expected a label for each of {len(codes)} {what}, got {named.shape}")
    among = as_rows(rows)
    codes = as_rows(queries).to(among)
    _, both = np.unique(np.concatenate([query_labels, labels]), return_inverse=True)
    classes = torch.from_numpy(both).to(among.device)
    asked, known = classes[: len(codes)], classes[len(codes) :]
    with fast_products(among.device):
        for part in portions(len(codes), len(among)):
            near = distance(codes[part], among)
            yield near, torch.eq(asked[part, None], known).to(near.dtype)
