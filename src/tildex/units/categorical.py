r"""Variables with several classes, one column per class.

.. math:: E(x) = 0, \qquad A(\eta) = \log \sum_c e^{\eta_c}, \qquad x \text{ one-hot}
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.units.base import Units
from tildex.units.latent import Latent, gumbel

__all__ = ["Categorical"]


class Categorical(Latent, Units):
    """Adjacent columns that form one variable of ``n_classes`` classes; ``size / n_classes`` variables side by side.

    Parameters
    ----------
    n_classes : int
        At least 2.

    Example
    -------
    >>> import torch
    >>> Categorical(3).mean(torch.zeros(1, 3))
    tensor([[0.3333, 0.3333, 0.3333]])
    """

    constrained = True
    indivisible = True

    def __init__(self, n_classes: int = 2) -> None:
        super().__init__()
        if n_classes < 2:
            raise ValueError(f"n_classes must be at least 2, got {n_classes}")
        self.n_classes = self.group = n_classes

    def energy(self, x: Tensor) -> Tensor:
        """Return zero."""
        return x.new_zeros(x.shape[:-1])

    def cgf(self, inputs: Tensor) -> Tensor:
        """Return the log-sum-exp of each variable, summed."""
        return self._grouped(inputs).logsumexp(-1).sum(-1)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the class probabilities."""
        return self._grouped(inputs).softmax(-1).flatten(-2)

    def variance(self, inputs: Tensor) -> Tensor:
        """Return p (1 - p) of each class."""
        p = self.mean(inputs)
        return p * (1 - p)

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw one class per variable by inverting the cumulative probabilities."""
        cumulative = self._grouped(inputs).softmax(-1).cumsum(-1)
        uniform = generator.uniform(*cumulative.shape[:-1], 1, dtype=inputs.dtype)
        chosen = torch.searchsorted(cumulative.contiguous(), uniform, right=True).clamp_(
            max=self.n_classes - 1
        )
        return self._one_hot(chosen.squeeze(-1), inputs)

    def mode(self, inputs: Tensor) -> Tensor:
        """Return the class with the largest input, one-hot."""
        return self._one_hot(self._grouped(inputs).argmax(-1), inputs)

    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the log-probabilities of the means, clamped to at least 0.005."""
        return mean.clamp_min(0.005).log()

    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the one-hot vectors."""
        return torch.eye(self.n_classes, dtype=inputs.dtype), inputs.new_ones(self.n_classes)

    def noise(self, *shape: int, generator: Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return one Gumbel draw per class."""
        return gumbel(*shape, generator=generator, dtype=dtype)

    def drawn(self, inputs: Tensor, noise: Tensor) -> Tensor:
        """Return the class with the largest sum of input and noise, one-hot."""
        return self.mode(inputs + noise)

    def relaxed(self, inputs: Tensor, noise: Tensor, temperature: float) -> Tensor:
        """Return soft class probabilities (Jang, Gu & Poole, 2017, "Categorical reparameterization with
        Gumbel-softmax"; Maddison, Mnih & Teh, 2017, "The concrete distribution").
        """
        return self.mean((inputs + noise) / temperature)

    def divergence(self, inputs: Tensor, others: Tensor) -> Tensor:
        """Return the divergence of each variable, shape (..., units / classes)."""
        log_p, log_q = (self._grouped(eta).log_softmax(-1) for eta in (inputs, others))
        return (log_p.exp() * (log_p - log_q)).sum(-1)

    def outside(self, x: Tensor) -> str | None:
        """Require each variable's columns to add up to one."""
        if (message := super().outside(x)) is not None:
            return message
        if x.shape[-1] % self.n_classes:
            return f"a multiple of {self.n_classes} columns, got {x.shape[-1]}"
        sums = self._grouped(x).sum(-1)
        if (sums - 1).abs().max() > 1e-3:
            return f"{self.n_classes} columns per variable that add up to 1, got sums up to {float(sums.max()):g}"
        return None

    def _grouped(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.n_classes))

    def _one_hot(self, chosen: Tensor, like: Tensor) -> Tensor:
        return torch.nn.functional.one_hot(chosen, self.n_classes).to(like.dtype).flatten(-2)
