"""Neighbours in codes: scikit-learn's trustworthiness, brute force, and what must hold at the ends."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as theirs
from sklearn.neighbors import KNeighborsClassifier

from tildex.evaluate import continuity, distances, neighbour_error, trustworthiness

DRAWS = np.random.default_rng(0)
X = DRAWS.normal(size=(300, 80)) * np.linspace(2, 0.2, 80)
Z = X[:, :2] + 0.3 * DRAWS.normal(size=(300, 2))


@pytest.fixture(params=[1 << 21, 1000], ids=["whole", "portions"])
def portion(request, monkeypatch):
    monkeypatch.setattr(distances, "_PORTION", request.param)


def by_definition(X, Z, k):
    """Return trustworthiness with ranks counted one by one."""
    n, total = len(X), 0
    for i in range(n):
        far, near = (((A - A[i]) ** 2).sum(1) for A in (X, Z))
        far[i], near[i] = -1, np.inf
        for j in np.argsort(near, kind="stable")[:k]:
            total += max(0, int((far < far[j]).sum()) - k)
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * total


@pytest.mark.parametrize("k", [1, 5, 12])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_trustworthiness_and_continuity_are_scikit_learns(portion, k, dtype):
    x, z = X.astype(dtype), Z.astype(dtype)
    # Two of 300 distances may be equal to rounding: a swapped rank is worth 1.1e-5 at one neighbour.
    assert trustworthiness(x, z, k=k).value == pytest.approx(theirs(x, z, n_neighbors=k), abs=5e-5)
    assert continuity(x, z, k=k).value == pytest.approx(theirs(z, x, n_neighbors=k), abs=5e-5)


def test_trustworthiness_is_its_definition():
    x, z = X[:60], Z[:60]
    assert trustworthiness(x, z, k=7).value == pytest.approx(by_definition(x, z, 7))
    assert continuity(x, z, k=7).value == pytest.approx(by_definition(z, x, 7))


def test_a_code_that_only_turns_and_stretches_is_trusted_in_full():
    turned = 3 * X @ np.linalg.qr(DRAWS.normal(size=(80, 80)))[0] + 1
    assert trustworthiness(X, turned).value == 1 == continuity(X, turned).value
    assert trustworthiness(X, DRAWS.normal(size=(300, 2))).value < 0.6


def test_rows_that_are_alike_do_not_count_against_each_other():
    twice = np.repeat(X[:100], 3, axis=0)
    assert trustworthiness(twice, twice, k=2).value == 1


@pytest.mark.parametrize(("rows", "k"), [(20, 10), (20, 0)])
def test_too_few_rows_are_refused(rows, k):
    with pytest.raises(ValueError, match=f"less than half of {rows} rows, got {k}"):
        trustworthiness(X[:rows], Z[:rows], k=k)


def test_codes_of_other_rows_are_refused():
    with pytest.raises(ValueError, match="a code for each of 300 rows, got 10"):
        trustworthiness(X, Z[:10])


@pytest.mark.parametrize("k", [1, 3, 5])
def test_neighbour_error_is_that_of_scikit_learns_classifier(portion, k):
    y = np.where(X[:, 0] > 0, "right", "left")
    expected = 1 - KNeighborsClassifier(k).fit(Z[:200], y[:200]).score(Z[200:], y[200:])
    assert neighbour_error(Z[:200], y[:200], Z[200:], y[200:], k=k).value == pytest.approx(expected)


def test_where_classes_draw_the_nearest_decides():
    assert neighbour_error([[0.0], [3.0]], ["b", "a"], [[1.0]], ["b"], k=2).value == 0
