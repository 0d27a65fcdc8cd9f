r"""The quality of tagging, and of retrieval by tags, if a row may have any number of tags.

.. math:: AP_w = \frac{1}{|R_w|} \sum_{i \in R_w} \text{precision among all rows scored as high as } i
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from tildex.evaluate.distances import Distance, as_rows, cosine, portions
from tildex.evaluate.estimate import Estimate
from tildex.evaluate.retrieval import expected_precision
from tildex.products import fast_products

__all__ = ["retrieval_by_shared_tags", "tag_precision"]


def tag_precision(scores: Any, tags: Any) -> Estimate:
    """Return the mean average precision over tags: for each tag, of all rows ranked by its score.

    Tags that no row has are left out. Tied rows count with the mean over all their orders, so that a constant score
    earns the tag's frequency, independent of row order.

    Parameters
    ----------
    scores : array of shape (rows, tags)
        The score of each tag for each row; only the order within a column matters.
    tags : array or sparse matrix of shape (rows, tags)
        Non-zero where a tag applies.

    Raises
    ------
    ValueError
        If the shapes differ, a score is NaN, or no row has any tag.

    Example
    -------
    >>> scores = np.array([[0.9, 0.2], [0.5, 0.1], [0.1, 0.8]])
    >>> tag_precision(scores, np.array([[1, 0], [0, 1], [1, 0]])).value.__round__(4)
    0.5833
    """
    found, there = np.asarray(scores, dtype=float), _applies(tags)
    if found.shape != there.shape:
        raise ValueError(f"expected a score for each of {there.shape} tags, got {found.shape}")
    if np.isnan(found).any():
        raise ValueError("a score is not a number: were pictures without features scored?")
    used = there.any(0)
    if not used.any():
        raise ValueError("expected rows with tags, and none has any")
    # A tag is a query, and rows with high scores are near it.
    far = torch.from_numpy(-found[:, used].T.copy())
    in_order, order = far.sort(dim=1)
    relevant = torch.from_numpy(there[:, used].T.astype(float)).gather(1, order)
    return Estimate.of(expected_precision(in_order, relevant).numpy())


def retrieval_by_shared_tags(
    queries: Any, query_tags: Any, rows: Any, tags: Any, *, distance: Distance = cosine
) -> Estimate:
    """Return the mean average precision of retrieving rows that share at least one tag with the query.

    Parameters
    ----------
    queries : array of shape (n, components)
        Codes to search for, not contained in the rows.
    query_tags, tags : array or sparse matrix of shape (n, tags) and (m, tags)
        Non-zero where a tag applies.
    rows : array of shape (m, components)
        Codes to search in.
    distance : callable
        As in :func:`tildex.evaluate.precision_at`.

    Raises
    ------
    ValueError
        If the numbers of tag rows and codes differ, or no query shares a tag with any row.

    Example
    -------
    >>> rows, tags = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1, 0], [0, 1]])
    >>> retrieval_by_shared_tags(np.array([[1.0, 0.1]]), np.array([[0, 1]]), rows, tags).value
    0.5
    """
    asked, known = _applies(query_tags), _applies(tags)
    if len(asked) != len(queries) or len(known) != len(rows) or asked.shape[1] != known.shape[1]:
        raise ValueError(
            f"expected tags of {len(queries)} queries and {len(rows)} rows, got {asked.shape} and {known.shape}"
        )
    among = as_rows(rows)
    codes = as_rows(queries).to(among)
    of_query, of_row = (torch.from_numpy(part.astype(np.float32)).to(among.device) for part in (asked, known))
    found: list[Tensor] = []
    with fast_products(among.device):
        for part in portions(len(codes), len(among)):
            relevant = (of_query[part] @ of_row.T > 0).double()
            in_order, order = distance(codes[part], among).sort(dim=1)
            found.append(expected_precision(in_order, relevant.gather(1, order))[relevant.amax(1) > 0])
    values = torch.cat(found)
    if not len(values):
        raise ValueError(
            "expected rows that share tags with the queries, found none: are these tags of one set?"
        )
    return Estimate.of(values.cpu().numpy())


def _applies(tags: Any) -> np.ndarray:
    dense = tags.toarray() if sparse.issparse(tags) else np.asarray(tags)
    return np.asarray(dense != 0)
