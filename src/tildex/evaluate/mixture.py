r"""A mixture of normal distributions: data with known density and score, also after smoothing with noise.

.. math:: p_\sigma(x) = \sum_k w_k\, N(x;\, \mu_k,\, \Sigma_k + \sigma^2 I)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from tildex.generator import Generator

__all__ = ["GaussianMixture"]


@dataclass(frozen=True)
class GaussianMixture:
    """A density with a known score, to compare learned ones with; in float64.

    Attributes
    ----------
    weights : Tensor of shape (components,)
        Positive, with sum 1.
    means : Tensor of shape (components, features)
        Means of the components.
    covariances : Tensor of shape (components, features, features)
        Covariances of the components.

    Example
    -------
    >>> mixture = GaussianMixture.of([0.5, 0.5], [[-1.0, 0.0], [1.0, 0.0]], [0.25, 0.25])
    >>> mixture.smoothed(0.5).score(torch.tensor([[0.0, 1.0]])) + 0.0
    tensor([[ 0., -2.]], dtype=torch.float64)
    """

    weights: Tensor
    means: Tensor
    covariances: Tensor

    @classmethod
    def of(cls, weights: Sequence[float], means: Any, variances: Sequence[float]) -> Self:
        """Return a mixture of isotropic components."""
        centres = torch.as_tensor(means, dtype=torch.float64)
        spread = torch.tensor(variances, dtype=torch.float64)[:, None, None]
        shares = torch.tensor(weights, dtype=torch.float64)
        return cls(shares / shares.sum(), centres, spread * torch.eye(centres.shape[1], dtype=torch.float64))

    def smoothed(self, scale: float | Tensor) -> Self:
        """Return the density after adding normal noise of standard deviation ``scale``, a number or one per column."""
        noise = torch.as_tensor(scale, dtype=torch.float64).square().expand(self.means.shape[1])
        return type(self)(self.weights, self.means, self.covariances + torch.diag(noise))

    def sample(self, n: int, generator: Generator) -> Tensor:
        """Return ``n`` draws, shape (n, features)."""
        places = generator.uniform(n, dtype=torch.float64)
        chosen = torch.searchsorted(self.weights.cumsum(0), places).clamp_(max=len(self.weights) - 1)
        roots = torch.linalg.cholesky(self.covariances)[chosen]
        noise = generator.normal(n, self.means.shape[1], dtype=torch.float64)
        return self.means[chosen] + (roots @ noise[:, :, None])[..., 0]

    def log_prob(self, x: Tensor) -> Tensor:
        """Return the log-density of each row in nats."""
        return (self.weights.log() + self._components(x)).logsumexp(-1)

    def score(self, x: Tensor) -> Tensor:
        """Return the gradient of the log-density at each row, shape (rows, features)."""
        shares = (self.weights.log() + self._components(x)).softmax(-1)
        away = x.double()[:, None] - self.means
        pulls = torch.linalg.solve(self.covariances, away[..., None])[..., 0]
        return -(shares[..., None] * pulls).sum(1)

    def _components(self, x: Tensor) -> Tensor:
        normal = MultivariateNormal(self.means, self.covariances)
        return normal.log_prob(x.double()[:, None])
