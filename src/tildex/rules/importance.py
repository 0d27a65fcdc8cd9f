r"""The importance-weighted bound of a variational autoencoder, and two estimates of its gradient.

.. math:: L = -\mathrm{E} \log \frac1K \sum_k w_k, \qquad
          w_k = P(x \mid h_k) \left(\frac{p(h_k)}{q(h_k \mid x)}\right)^{\beta_t}, \qquad
          \tilde w_k = \frac{w_k}{\sum_j w_j}
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import LatentPair, RowCodes
from tildex.rules.elbo import _Bound
from tildex.rules.relaxations import Relaxation
from tildex.shapes import Loss

__all__ = ["IWAE", "DReG"]


class IWAE(_Bound):
    """Minus the importance-weighted bound, with its plain gradient (Burda, Grosse & Salakhutdinov, 2016, "Importance
    weighted autoencoders").

    Parameters
    ----------
    n_samples : int
        Draws of the code per row; with one it is the ELBO.
    warmup : float
        The fraction of training over which the divergence's exponent in the weights rises linearly from zero.
    relaxation : Relaxation, optional
        As in :class:`ELBO`.
    """

    def __init__(self, n_samples: int = 5, warmup: float = 0.0, relaxation: Relaxation | None = None) -> None:
        super().__init__(1.0, n_samples, warmup, relaxation)

    def __call__(self, model: LatentPair, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""
        rows = self.rows(model, x, generator)
        codes = self.draw(rows, generator)
        weights = model.log_likelihood(x, codes, generator) - self.weight() * rows.divergence(codes)
        return Loss.of(importance_weighted=_minus_log_mean(weights))

    def exact(self, rows: RowCodes, generator: Generator) -> Tensor:
        """Return minus the bound of each row."""
        draws = [rows.log_weight(generator) for _ in range(self.n_samples)]
        return _minus_log_mean(torch.stack(draws))


class DReG(IWAE):
    """The same bound with the encoder's doubly reparameterised gradient, whose signal does not vanish with many draws
    (Tucker, Lawson, Gu & Maddison, 2019, "Doubly reparameterized gradient estimators for Monte Carlo objectives").
    For Gaussian codes, whose exact draws pass gradients.

    The encoder learns only through its draws, each weighted by its squared normalised weight; decoder and prior learn
    as in :class:`IWAE`.

    Parameters
    ----------
    n_samples, warmup
        As in :class:`IWAE`.
    """

    def __init__(self, n_samples: int = 5, warmup: float = 0.0) -> None:
        super().__init__(n_samples, warmup)

    def __call__(self, model: LatentPair, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""
        rows = self.rows(model, x, generator)
        if not model.code.smooth:
            raise ValueError(
                "DReG needs codes whose draws pass gradients, such as DiagonalGaussian(), got "
                f"{model.code!r}: use IWAE()"
            )
        codes = self.draw(rows, generator)
        divergence = rows.divergence(codes, rows.inputs.detach())
        weights = model.log_likelihood(x, codes, generator) - self.weight() * divergence
        shares = weights.detach().softmax(0)
        if codes.requires_grad:
            codes.register_hook(lambda gradient: shares[..., None] * gradient)
        value, slope = _minus_log_mean(weights.detach()), -(shares * weights).sum(0)
        return Loss.of(importance_weighted=value + (slope - slope.detach()))


def _minus_log_mean(weights: Tensor) -> Tensor:
    """Return minus the log of the mean weight of each row, from logs of shape (draws, batch)."""
    return math.log(len(weights)) - weights.logsumexp(0)
