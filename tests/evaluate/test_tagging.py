"""Precision of tags and of finds by shared tags, against scikit-learn and by listing all orders."""

from itertools import permutations

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import average_precision_score

from tildex.evaluate import mean_average_precision, retrieval_by_shared_tags, squared_euclidean, tag_precision


def test_tag_precision_is_scikit_learns_where_no_scores_tie():
    draws = np.random.default_rng(0)
    scores, tags = draws.random((40, 7)), draws.random((40, 7)) < 0.2
    tags[:, 3] = False
    used = tags.any(0)
    expected = [average_precision_score(tags[:, k], scores[:, k]) for k in np.flatnonzero(used)]
    found = tag_precision(scores, sparse.csr_array(tags.astype(np.float32)))
    assert found.value == pytest.approx(np.mean(expected))
    assert found.standard_error == pytest.approx(np.std(expected, ddof=1) / np.sqrt(used.sum()))


def test_tied_scores_count_by_all_orders():
    scores, tags = np.array([[1.0, 0.5, 0.5, 0.5, 0.0]]).T, np.array([[0, 1, 0, 1, 1]]).T
    orders = [(0, *middle, 4) for middle in permutations((1, 2, 3))]

    def precision(order):
        hits = tags[list(order), 0].cumsum()
        places = np.arange(1, 6)
        return (hits / places)[tags[list(order), 0] == 1].mean()

    expected = np.mean([precision(order) for order in orders])
    assert tag_precision(scores, tags).value == pytest.approx(expected)


def test_a_score_of_no_use_is_worth_the_frequency():
    draws = np.random.default_rng(0)
    tags = draws.random((2000, 3)) < 0.1
    found = tag_precision(np.zeros((2000, 3)), tags).value
    assert found == pytest.approx(tags.mean(), abs=0.005)


def test_finds_by_shared_tags_are_scikit_learns():
    draws = np.random.default_rng(0)
    queries, rows = draws.normal(size=(15, 3)), draws.normal(size=(60, 3))
    asked, known = draws.random((15, 6)) < 0.3, draws.random((60, 6)) < 0.2
    relevant = (asked.astype(int) @ known.T.astype(int)) > 0
    far = ((queries[:, None] - rows) ** 2).sum(2)
    expected = [average_precision_score(relevant[k], -far[k]) for k in range(15) if relevant[k].any()]
    found = retrieval_by_shared_tags(queries, asked, rows, known, distance=squared_euclidean)
    assert found.value == pytest.approx(np.mean(expected), rel=1e-6)


def test_one_tag_each_is_a_class():
    draws = np.random.default_rng(1)
    queries, rows = draws.normal(size=(9, 4)), draws.normal(size=(30, 4))
    y, labels = draws.integers(0, 3, 9), draws.integers(0, 3, 30)
    found = retrieval_by_shared_tags(
        queries, np.eye(3)[y], rows, np.eye(3)[labels], distance=squared_euclidean
    )
    expected = mean_average_precision(queries, y, rows, labels, distance=squared_euclidean)
    assert found.value == pytest.approx(expected.value)


def test_refusals():
    with pytest.raises(ValueError, match="expected a score for each of"):
        tag_precision(np.zeros((3, 2)), np.zeros((3, 3)))
    with pytest.raises(ValueError, match="none has any"):
        tag_precision(np.zeros((3, 2)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="not a number"):
        tag_precision(np.full((3, 1), np.nan), np.ones((3, 1)))
    with pytest.raises(ValueError, match="found none"):
        retrieval_by_shared_tags(np.ones((1, 2)), [[1, 0]], np.ones((2, 2)), [[0, 1], [0, 1]])
    with pytest.raises(ValueError, match="expected tags of 1 queries and 2 rows"):
        retrieval_by_shared_tags(np.ones((1, 2)), [[1, 0]], np.ones((2, 2)), [[0, 1]])
