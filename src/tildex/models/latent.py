r"""The pair with a prior over codes: a distribution over rows, with bounds on its likelihood.

.. math:: \log P(x) \;\ge\; \mathrm{E} \log \frac1K \sum_{k=1}^K \frac{P(x \mid h_k)\, p(h_k)}{q(h_k \mid x)},
          \qquad h_k \sim q(h \mid x)

With one draw this is the evidence lower bound; with more draws it rises towards the likelihood (Burda, Grosse &
Salakhutdinov, 2016, "Importance weighted autoencoders").
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models.meanings import BOUND
from tildex.models.model import Evidence, Meaning
from tildex.models.pair import Conditional, Pair
from tildex.priors import Mixture, Prior

__all__ = ["LatentPair", "RowCodes", "importance_weighted_bound"]


class LatentPair(Pair):
    """An encoder q(h|x), a decoder P(x|h), and a prior p(h).

    Parameters
    ----------
    encoder : Conditional
        Its units must be valid for a code: DiagonalGaussian, Categorical, Bernoulli.
    decoder : Conditional
        With any units.
    prior : Prior
        The prior, sized for the code.

    Raises
    ------
    ValueError
        If the encoder's units cannot be a code.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> from tildex.maps import MLP
    >>> from tildex.priors import StandardPrior
    >>> from tildex.units import Bernoulli, DiagonalGaussian
    >>> generator, code, visible = Generator(0), DiagonalGaussian(), Bernoulli()
    >>> model = LatentPair(
    ...     Conditional(MLP([6, 4], generator=generator), code),
    ...     Conditional(MLP([2, 6], generator=generator), visible),
    ...     StandardPrior().sized(code, 2, visible=visible, n_features=6, generator=generator),
    ... )
    >>> model.log_weight(torch.zeros(5, 6), generator).shape
    torch.Size([5])
    """

    has_likelihood = True
    draws: ClassVar[str] = (
        "New rows, decoded from codes drawn from the prior: they are means of P(x | code), hence softer than data, "
        "and odd ones come from places of the code that no training row occupies."
    )
    prior: Prior
    # There is no log Z to subtract: P(x, h) is a product of normalised distributions.
    normaliser = None

    def __init__(self, encoder: Conditional, decoder: Conditional, prior: Prior) -> None:
        super().__init__(encoder, decoder)
        if not encoder.units.latent:
            raise ValueError(
                f"a code with a prior needs units such as DiagonalGaussian(), Categorical(10) or Bernoulli(), got "
                f"{encoder.units!r}"
            )
        self.prior = prior

    @property
    def score(self) -> Meaning:
        """A lower bound."""
        return BOUND

    @torch.no_grad()
    def describe(self) -> str:
        """Return the code's size and family, and the prior."""
        size = self.mixture().inputs.shape[1] // self.code.arity
        return f"a code of {size}, {self.code!r}, {self.prior!r}"

    def evidence(self, x: Tensor, generator: Generator) -> Evidence:
        """Return importance weights of rows, which are encoded once; the bound is the mean log weight."""
        return Evidence(None, self.rows(x).log_weight)

    def normaliser_rows(self, x: Tensor, generator: Generator) -> Tensor:
        """Return the rows themselves, since there is nothing to normalise."""
        return x

    @property
    def code(self) -> Any:
        """The code's unit family."""
        return self.encoder.units

    def mixture(self) -> Mixture:
        """Return the current prior."""
        return Mixture(self.code, *self.prior.components(self.encoder.inputs))

    def log_likelihood(self, x: Tensor, codes: Tensor, generator: Generator | None = None) -> Tensor:
        """Return log P(known values of x | codes) of rows (batch, features) and codes (draws, batch, size), as (draws,
        batch).
        """
        inputs = self.decoder.inputs(codes.flatten(0, 1), generator)
        return self.log_known(x, inputs.unflatten(0, codes.shape[:2]))

    def rows(self, x: Tensor) -> RowCodes:
        """Return the encoded rows, from which bounds on their likelihood are drawn."""
        return RowCodes(self, x)

    def log_weight(self, x: Tensor, generator: Generator) -> Tensor:
        """Return log P(x, h) / q(h|x) at one draw of the code for each row, shape (batch,)."""
        return self.rows(x).log_weight(generator)

    def bound(self, x: Tensor, generator: Generator) -> Tensor:
        """Return one draw of the evidence lower bound of each row, shape (batch,)."""
        return self.rows(x).bound(generator)

    def sample_codes(self, n: int, generator: Generator) -> Tensor:
        """Return ``n`` codes drawn from the prior, shape (n, size)."""
        return self.mixture().sample(n, generator)

    @torch.no_grad()
    def activity(self, x: Tensor) -> Tensor:
        """Return how strongly each code variable depends on the row, shape (variables,).

        This is the variance of its mean over the rows ``x``, summed over classes for a categorical variable; Burda et
        al. call a unit active above 0.01.
        """
        means = self.encoder.mean(self.shown(x))
        return means.var(0, correction=0).unflatten(-1, (-1, self.code.group)).sum(-1)


class RowCodes:
    """The codes of some rows, encoded once: draws, divergences and importance weights.

    Parameters
    ----------
    model : LatentPair
        The model.
    x : Tensor of shape (batch, features)
        The rows.
    generator : Generator, optional
        For noise inside the encoder.
    """

    def __init__(self, model: LatentPair, x: Tensor, generator: Generator | None = None) -> None:
        self.model = model
        self.x = x
        self.inputs = model.encoder.inputs(model.shown(x), generator)
        self.size = self.inputs.shape[-1] // model.code.arity
        self.mixture = model.mixture()

    def noise(self, n: int, generator: Generator) -> Tensor:
        """Return noise for ``n`` codes per row, shape (n, batch, size)."""
        shape = (n, len(self.x), self.size)
        return self.model.code.noise(*shape, generator=generator, dtype=self.inputs.dtype)

    def drawn(self, noise: Tensor) -> Tensor:
        """Return exact codes, shape (n, batch, size)."""
        drawn: Tensor = self.model.code.drawn(self.inputs, noise)
        return drawn

    def divergence(self, codes: Tensor, inputs: Tensor | None = None) -> Tensor:
        """Return log q(h|x) - log p(h) at codes (n, batch, size), shape (n, batch); for other ``inputs`` if given."""
        inputs = self.inputs if inputs is None else inputs
        return self.model.code.log_prob(codes, inputs) - self.mixture.log_prob(codes)

    def divergences(self) -> Tensor | None:
        """Return each variable's divergence from the prior, shape (batch, variables), or None without a closed form."""
        if len(self.mixture) > 1:
            return None
        closed: Tensor = self.model.code.divergence(self.inputs, self.mixture.inputs[0])
        return closed

    def log_weights(self, noise: Tensor) -> Tensor:
        """Return log P(x, h) / q(h|x) at the codes from ``noise`` (n, batch, size), shape (n, batch)."""
        codes = self.drawn(noise)
        return self.model.log_likelihood(self.x, codes) - self.divergence(codes)

    def log_weight(self, generator: Generator) -> Tensor:
        """Return the same at one draw per row, shape (batch,)."""
        return self.log_weights(self.noise(1, generator))[0]

    def bound(self, generator: Generator) -> Tensor:
        """Return one draw of the evidence lower bound, with the divergence in closed form where possible."""
        codes = self.drawn(self.noise(1, generator))
        closed = self.divergences()
        apart = self.divergence(codes)[0] if closed is None else closed.sum(-1)
        return self.model.log_likelihood(self.x, codes)[0] - apart


def importance_weighted_bound(model: LatentPair, x: Tensor, noise: Tensor) -> Tensor:
    """Return the importance-weighted bound on log P(x), one value per row, in nats.

    Parameters
    ----------
    model : LatentPair
        The model.
    x : Tensor of shape (batch, features)
        The data.
    noise : Tensor of shape (samples, size)
        Noise of the code's family, common to all rows, so that a row's value does not depend on other rows.
    """
    rows = model.rows(x)
    weights = torch.cat([rows.log_weights(draw.expand(1, len(x), -1)) for draw in noise])
    return weights.logsumexp(0) - math.log(len(noise))
