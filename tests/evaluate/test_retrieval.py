"""Retrieval: ties by enumeration of all orders, rankings by scikit-learn, hashes by what defines them."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from tildex.evaluate import (
    cosine,
    hamming,
    iterative_quantization,
    mean_average_precision,
    pca_signs,
    precision_at,
    random_hyperplanes,
    squared_euclidean,
)
from tildex.generator import Generator

DRAWS = np.random.default_rng(0)
BITS, LABELS = DRAWS.integers(0, 2, (7, 3)), DRAWS.integers(0, 2, 7)
QUERIES, ASKED = DRAWS.integers(0, 2, (4, 3)), np.array([0, 1, 1, 0])


def over_all_orders(figure):
    """Return a figure of ranked relevance, the mean over all orders of tied rows, one a query."""
    means = []
    for query, asked in zip(QUERIES, ASKED, strict=True):
        near = (query != BITS).sum(1)
        groups = [np.flatnonzero(near == d) for d in np.unique(near)]
        orders = itertools.product(*(itertools.permutations(group) for group in groups))
        means.append(np.mean([figure(LABELS[np.concatenate(order)] == asked) for order in orders]))
    return means


@pytest.mark.parametrize("k", range(1, 8))
def test_precision_is_the_mean_over_all_orders_of_ties(k):
    expected = over_all_orders(lambda relevant: relevant[:k].mean())
    found = precision_at(k, QUERIES, ASKED, BITS, LABELS)
    assert found.value == pytest.approx(np.mean(expected), abs=1e-6)
    assert found.standard_error == pytest.approx(np.std(expected, ddof=1) / 2, abs=1e-6)


def test_average_precision_is_the_mean_over_all_orders_of_ties():
    def average(relevant):
        return (np.cumsum(relevant) / np.arange(1, 8))[relevant].mean()

    found = mean_average_precision(QUERIES, ASKED, BITS, LABELS)
    assert found.value == pytest.approx(np.mean(over_all_orders(average)), abs=1e-6)


@pytest.mark.parametrize("distance", [cosine, squared_euclidean])
def test_average_precision_without_ties_is_scikit_learns(distance):
    rows, queries = DRAWS.normal(size=(80, 5)), DRAWS.normal(size=(9, 5))
    labels, asked = DRAWS.integers(0, 3, 80), DRAWS.integers(0, 3, 9)
    measure = {
        cosine: lambda q: rows @ q / np.linalg.norm(rows, axis=1),
        squared_euclidean: lambda q: -((rows - q) ** 2).sum(1),
    }[distance]
    expected = [average_precision_score(labels == a, measure(q)) for q, a in zip(queries, asked, strict=True)]
    found = mean_average_precision(queries, asked, rows, labels, distance=distance)
    assert found.value == pytest.approx(np.mean(expected))
    nearest = [
        (labels[np.argsort(-measure(q))[:10]] == a).mean() for q, a in zip(queries, asked, strict=True)
    ]
    found = precision_at(10, queries, asked, rows, labels, distance=distance)
    assert found.value == pytest.approx(np.mean(nearest))


def test_hamming_counts_bits():
    import torch

    a, b = (torch.from_numpy(bits).double() for bits in (QUERIES, BITS))
    assert (hamming(a, b).numpy() == (QUERIES[:, None] != BITS).sum(2)).all()


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="k from 1 to the 7 rows there are, got 8"):
        precision_at(8, QUERIES, ASKED, BITS, LABELS)
    with pytest.raises(ValueError, match="a label for each of 4 queries"):
        precision_at(1, QUERIES, ASKED[:2], BITS, LABELS)
    with pytest.raises(ValueError, match="found none"):
        mean_average_precision(QUERIES, ASKED + 5, BITS, LABELS)


def loss(X, hash_):
    """Return the squared distance of projections from their signs."""
    V = hash_.project(X)
    return ((np.where(V > 0, 1.0, -1.0) - V) ** 2).sum()


@pytest.fixture
def mixed():
    return DRAWS.normal(size=(400, 12)) @ DRAWS.normal(size=(12, 12)) + 3


def test_no_round_of_itq_raises_its_loss(mixed):
    losses = [loss(mixed, iterative_quantization(mixed, 6, Generator(0), n_iter=n)) for n in range(12)]
    assert (np.diff(losses) <= 1e-9).all() and losses[-1] < losses[0]
    plain, turned = pca_signs(mixed, 6), iterative_quantization(mixed, 6, Generator(0))
    assert loss(mixed, turned) < loss(mixed, plain)
    # It only turns the axes: they still span the same and are at right angles.
    np.testing.assert_allclose(turned.directions.T @ turned.directions, np.eye(6), atol=1e-9)
    np.testing.assert_allclose(
        turned.directions @ turned.directions.T, plain.directions @ plain.directions.T, atol=1e-9
    )


def test_itq_finds_a_cube_that_was_turned():
    corners = 1.0 - 2 * DRAWS.integers(0, 2, (300, 4))
    turned = corners @ np.linalg.qr(DRAWS.normal(size=(4, 4)))[0]
    found = min(loss(turned, iterative_quantization(turned, 4, Generator(seed))) for seed in range(5))
    assert found < 0.05 * loss(turned, pca_signs(turned, 4))


def test_random_hyperplanes_differ_as_often_as_the_angle_says():
    x = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    bits = random_hyperplanes(x, 20_000, Generator(0))(x)
    assert (bits[0] != bits[2]).mean() == pytest.approx(0.5, abs=0.02)
    assert (bits[0] != bits[1]).all()


def test_more_bits_than_axes_are_refused(mixed):
    with pytest.raises(ValueError, match="at most 12 bits, the number of axes, got 13"):
        pca_signs(mixed, 13)
