r"""Baselines for learned bits: signs of linear projections.

.. math:: b = [\,(x - \bar x) V R > 0\,]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tildex.evaluate.subspace import principal_axes
from tildex.generator import Generator

__all__ = ["SignHash", "iterative_quantization", "pca_signs", "random_hyperplanes"]


@dataclass(frozen=True)
class SignHash:
    """Bits that encode on which side of hyperplanes through the mean a row lies.

    Attributes
    ----------
    mean : array of shape (features,)
        Mean of the rows it was fitted on.
    directions : array of shape (features, bits)
        Normals of the hyperplanes.
    """

    mean: np.ndarray
    directions: np.ndarray

    def project(self, X: Any) -> np.ndarray:
        """Return each row's signed projections, shape (rows, bits)."""
        return (np.asarray(X, dtype=np.float64) - self.mean) @ self.directions

    def __call__(self, X: Any) -> np.ndarray:
        """Return the bits as float32 0 and 1, shape (rows, bits)."""
        return (self.project(X) > 0).astype(np.float32)


def random_hyperplanes(X: Any, bits: int, generator: Generator) -> SignHash:
    """Return hyperplanes in random directions through the mean of ``X``: locality-sensitive hashing for the cosine
    (Charikar, 2002, "Similarity estimation techniques from rounding algorithms").
    """
    X = np.asarray(X, dtype=np.float64)
    return SignHash(X.mean(0), generator.normal(X.shape[1], bits).cpu().double().numpy())


def pca_signs(X: Any, bits: int) -> SignHash:
    """Return hyperplanes normal to the principal axes of ``X``.

    Raises
    ------
    ValueError
        If there are fewer axes than bits.
    """
    mean, axes = principal_axes(X, bits)
    if len(axes) < bits:
        raise ValueError(f"expected at most {len(axes)} bits, the number of axes, got {bits}")
    return SignHash(mean, axes.T)


def iterative_quantization(X: Any, bits: int, generator: Generator, n_iter: int = 50) -> SignHash:
    """Return the principal axes, rotated to minimise the quantisation error of signs (Gong & Lazebnik, 2011,
    "Iterative quantization: a Procrustean approach to learning binary codes").

    Starting at a random rotation R, it alternates between the signs B of V R and the rotation that minimises the
    squared distance of V R from B; neither step can increase it.

    Parameters
    ----------
    X : array of shape (rows, features)
        Rows to fit to.
    bits : int
        Number of bits, at most the number of axes.
    generator : Generator
        Draws the first rotation.
    n_iter : int
        Number of iterations.

    Raises
    ------
    ValueError
        If there are fewer axes than bits.
    """
    plain = pca_signs(X, bits)
    V = plain.project(X)
    rotation = np.linalg.qr(generator.normal(bits, bits).cpu().double().numpy())[0]
    for _ in range(n_iter):
        signs = np.where(V @ rotation > 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(V.T @ signs)
        rotation = left @ right
    return SignHash(plain.mean, plain.directions @ rotation)
