r"""The evidence lower bound of a variational autoencoder.

.. math:: L = -E_{q(h|x)} \log P(x \mid h) + \beta\, KL(q(h \mid x) \,\|\, N(0, I))
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import Pair
from tildex.rules.base import Rule
from tildex.shapes import Loss
from tildex.units import DiagonalGaussian

__all__ = ["ELBO", "importance_weighted_bound"]


class ELBO(Rule):
    """Minus the lower bound, the divergence in closed form (Kingma & Welling, 2014, "Auto-encoding variational
    Bayes"; Higgins et al., 2017, "beta-VAE").

    Parameters
    ----------
    beta : float
        What the divergence counts; at 1 the loss bounds minus log P(x) from above.
    n_samples : int
        Draws of the code a row.
    """

    def __init__(self, beta: float = 1.0, n_samples: int = 1) -> None:
        if beta < 0:
            raise ValueError(f"beta must not be negative, got {beta}")
        if n_samples < 1:
            raise ValueError(f"n_samples must be at least 1, got {n_samples}")
        self.beta = beta
        self.n_samples = n_samples

    def __call__(self, model: Pair, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""
        units = _gaussian_code(model)
        inputs = model.encoder.inputs(x, generator)
        draws = inputs.expand(self.n_samples, *inputs.shape)
        code = units.sample(draws, generator).flatten(0, 1)
        error = -model.decoder.log_prob(x.repeat(self.n_samples, 1), code, generator)
        divergence = units.kl_to_standard(inputs).sum(-1)
        return Loss.of(reconstruction=error, kl=self.beta * divergence)


def importance_weighted_bound(model: Pair, x: Tensor, noise: Tensor) -> Tensor:
    """Return the importance-weighted bound on log P(x), one value a row, in nats.

    Parameters
    ----------
    model : Pair
        With a two-parameter Gaussian code.
    x : Tensor of shape (batch, visible)
        The data.
    noise : Tensor of shape (samples, hidden)
        Standard normal draws, common to all rows, so that a row's value does not depend on its neighbours
        (Burda, Grosse & Salakhutdinov, 2016, "Importance weighted autoencoders").
    """
    inputs = model.encoder.inputs(x)
    mean, log_variance = _gaussian_code(model).split(inputs)
    log_prior_over_code = []
    for draw in noise:
        code = mean + draw * torch.exp(0.5 * log_variance)
        # log P(h) - log q(h|x): the constants of the two normal densities cancel.
        ratio = 0.5 * (draw.square() + log_variance - code.square()).sum(-1)
        log_prior_over_code.append(model.decoder.log_prob(x, code) + ratio)
    weights = torch.stack(log_prior_over_code)
    return weights.logsumexp(0) - torch.log(weights.new_tensor(float(len(noise))))


def _gaussian_code(model: Pair) -> DiagonalGaussian:
    units = model.encoder.units
    if not isinstance(units, DiagonalGaussian):
        raise ValueError(f"the lower bound needs a code of DiagonalGaussian() units, got {units!r}")
    return units
