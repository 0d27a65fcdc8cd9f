r"""The evidence lower bound of a variational autoencoder.

.. math:: L = -\mathrm{E}_{q(h|x)} \log P(x \mid h) + \beta_t \sum_j \max\big(\lambda, KL_j\big),
          \qquad KL = KL(q(h \mid x) \,\|\, p(h)), \qquad \beta_t = \beta \min(1, t / w)
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import LatentPair, RowCodes
from tildex.rules.base import Rule, require
from tildex.rules.relaxations import GumbelSoftmax, Relaxation
from tildex.shapes import Loss

__all__ = ["ELBO"]

_CHUNK = 1000

# Burda, Grosse & Salakhutdinov (2016): a code variable with variance above this is active.
_ACTIVE = 0.01


class _Bound(Rule):
    """A likelihood bound for a model with a prior over its codes, from draws of the encoder."""

    def __init__(
        self, beta: float, n_samples: int, warmup: float, relaxation: Relaxation | None = None
    ) -> None:
        if beta < 0:
            raise ValueError(f"beta must not be negative, got {beta}")
        if n_samples < 1:
            raise ValueError(f"n_samples must be at least 1, got {n_samples}")
        if not 0 <= warmup <= 1:
            raise ValueError(f"warmup must be a fraction of training in [0, 1], got {warmup}")
        self.beta = beta
        self.n_samples = n_samples
        self.warmup = warmup
        self.relaxation = relaxation

    @abstractmethod
    def exact(self, rows: RowCodes, generator: Generator) -> Tensor:
        """Return minus the bound of each row, from exact draws and after the warm-up, shape (batch,)."""

    def weight(self) -> float:
        """Return the weight of the divergence at this point of training."""
        risen = 1.0 if self.progress >= self.warmup else self.progress / self.warmup
        return self.beta * risen

    def rows(self, model: LatentPair, x: Tensor, generator: Generator | None = None) -> RowCodes:
        """Return the rows' codes, or raise an error if the model has no prior."""
        wanted = "a lower bound needs a model with a prior over its codes, a LatentPair"
        return RowCodes(require(model, LatentPair, wanted), x, generator)

    def draw(self, rows: RowCodes, generator: Generator) -> Tensor:
        """Return differentiable draws of codes, shape (draws, batch, size)."""
        relax = GumbelSoftmax() if self.relaxation is None else self.relaxation
        noise = rows.noise(self.n_samples, generator)
        return relax(rows.model.code, rows.inputs, noise, self.progress)

    def validate(self, model: LatentPair, x: Tensor, generator: Generator) -> Tensor:
        """Return minus the mean bound, from exact draws and with the divergence at full weight."""
        parts = [self.exact(self.rows(model, part), generator) for part in x.split(_CHUNK)]
        return torch.cat(parts).mean()

    def diagnose(
        self, model: LatentPair, x: Tensor, generator: Generator, held_out: Tensor | None = None
    ) -> dict[str, float]:
        """Return ``active_units``, the number of code variables that depend on the row, and ``code_nats``, the mean
        divergence of a row's code from the prior.
        """
        rows = self.rows(model, x)
        closed = rows.divergences()
        apart = rows.divergence(rows.drawn(rows.noise(1, generator)))[0] if closed is None else closed.sum(-1)
        active = (model.activity(x) > _ACTIVE).sum()
        return {"active_units": float(active), "code_nats": float(apart.mean())}


class ELBO(_Bound):
    """Minus the lower bound; the divergence is in closed form for a prior of one component, else from the same draws
    (Kingma & Welling, 2014, "Auto-encoding variational Bayes"; Higgins et al., 2017, "beta-VAE").

    Parameters
    ----------
    beta : float
        The weight of the divergence; at 1 the loss is an upper bound on minus log P(x).
    n_samples : int
        Draws of the code per row.
    warmup : float
        The fraction of training over which that weight rises linearly from zero (Bowman et al., 2016, "Generating
        sentences from a continuous space"): a remedy for unused codes.
    free_nats : float
        The divergence that each code variable may have for free, averaged over the batch (Kingma et al., 2016,
        "Improved variational inference with inverse autoregressive flow"). For priors of one component.
    relaxation : Relaxation, optional
        How gradients pass through discrete codes; ``GumbelSoftmax()`` by default.
    """

    def __init__(
        self,
        beta: float = 1.0,
        n_samples: int = 1,
        warmup: float = 0.0,
        free_nats: float = 0.0,
        relaxation: Relaxation | None = None,
    ) -> None:
        super().__init__(beta, n_samples, warmup, relaxation)
        if free_nats < 0:
            raise ValueError(f"free_nats must not be negative, got {free_nats}")
        self.free_nats = free_nats

    def __call__(self, model: LatentPair, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""
        rows = self.rows(model, x, generator)
        codes = self.draw(rows, generator)
        error = -model.log_likelihood(x, codes, generator)
        return Loss.of(reconstruction=error, kl=self.weight() * self._divergence(rows, codes))

    def exact(self, rows: RowCodes, generator: Generator) -> Tensor:
        """Return minus the bound of each row."""
        closed, bounds = rows.divergences(), []
        for _ in range(self.n_samples):
            codes = rows.drawn(rows.noise(1, generator))
            apart = rows.divergence(codes)[0] if closed is None else closed.sum(-1)
            bounds.append(self.beta * apart - rows.model.log_likelihood(rows.x, codes)[0])
        return torch.stack(bounds).mean(0)

    def _divergence(self, rows: RowCodes, codes: Tensor) -> Tensor:
        closed = rows.divergences()
        if closed is None:
            if self.free_nats:
                raise ValueError(
                    f"free_nats apply per code variable, and the prior has {len(rows.mixture)} components "
                    "that join them: use warmup, or a prior of one component"
                )
            return rows.divergence(codes)
        if self.free_nats:
            return closed.mean(0).clamp_min(self.free_nats).sum().expand(len(closed))
        return closed.sum(-1)
