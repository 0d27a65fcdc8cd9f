r"""How well tags are found, and pictures by them, where a row has any number of tags.

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
    """Return the mean average precision over tags: all rows in the order of a tag's scores, judged by who has it.

    Tags that no row has are left out. Rows of one score count by the mean over all their orders, so that a constant
    score is worth what the tag's frequency is, whatever the order of the file.

    Parameters
    ----------
    scores : array of shape (rows, tags)
        How much each tag is said of each row; only the order within a column matters.
    tags : array or sparse matrix of shape (rows, tags)
        Which apply: all that is not zero.

    Raises
    ------
    ValueError
        If the shapes differ, a score is no number, or no row has any tag.

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
    # A tag is a query, and rows with a high score are near it.
    far = torch.from_numpy(-found[:, used].T.copy())
    in_order, order = far.sort(dim=1)
    relevant = torch.from_numpy(there[:, used].T.astype(float)).gather(1, order)
    return Estimate.of(expected_precision(in_order, relevant).numpy())


def retrieval_by_shared_tags(
    queries: Any, query_tags: Any, rows: Any, tags: Any, *, distance: Distance = cosine
) -> Estimate:
    """Return the mean average precision of looking for rows that share at least one tag with the query.

    Parameters
    ----------
    queries : array of shape (n, components)
        Codes to look for, not themselves among the rows.
    query_tags, tags : array or sparse matrix of shape (n, tags) and (m, tags)
        Which apply: all that is not zero.
    rows : array of shape (m, components)
        Codes to look among.
    distance : callable
        As of :func:`tildex.evaluate.precision_at`.

    Raises
    ------
    ValueError
        If there are not as many rows of tags as codes, or no query shares a tag with any row.

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
