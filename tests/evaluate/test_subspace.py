"""Angles between subspaces, and the axes of principal components."""

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from tildex.evaluate import axis_cosines, principal_angles, principal_axes

DRAWS = np.random.default_rng(0)


def test_angles_are_scipys_whatever_the_basis():
    A, B = DRAWS.normal(size=(3, 10)), DRAWS.normal(size=(3, 10))
    expected = subspace_angles(A.T, B.T)
    np.testing.assert_allclose(principal_angles(DRAWS.normal(size=(3, 3)) @ A, 5 * B), expected, atol=1e-9)


def test_a_known_turn_is_found_however_small():
    for angle in (1e-9, 1e-4, 1.0):
        turned = [[np.cos(angle), np.sin(angle), 0.0], [0.0, 0.0, 1.0]]
        assert principal_angles([[1, 0, 0], [0, 0, 1]], turned).max() == pytest.approx(angle, rel=1e-6)


def test_cosines_go_axis_by_axis():
    A = np.eye(4)[:3]
    assert axis_cosines(A, -2 * A).tolist() == [1, 1, 1]
    assert axis_cosines(A, A[[1, 0, 2]]).tolist() == [0, 0, 1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_axes_are_those_of_pca(dtype):
    X = (DRAWS.normal(size=(9000, 6)) * np.arange(6, 0, -1) + 100).astype(dtype)
    pca = PCA(3).fit(X.astype(float))
    mean, axes = principal_axes(X, 3)
    np.testing.assert_allclose(mean, pca.mean_, rtol=1e-6)
    np.testing.assert_allclose(axis_cosines(axes, pca.components_), 1, atol=1e-9)
    assert len(principal_axes(X, 9)[1]) == 6


def test_axes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="in one space"):
        principal_angles(np.eye(3), np.eye(4))
    with pytest.raises(ValueError, match="as many axes as others, got 3 and 2"):
        axis_cosines(np.eye(3), np.eye(3)[:2])
