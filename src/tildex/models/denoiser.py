r"""A pair and the corruption it undoes, as a Markov chain over rows.

.. math:: \tilde x_t \sim C(\tilde x \mid x_t), \qquad x_{t+1} \sim P\big(x \mid h = f(\tilde x_t)\big)
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from tildex.corruptions import Corruption
from tildex.generator import Generator
from tildex.models.pair import Conditional, Pair

__all__ = ["Denoiser"]


class Denoiser(Pair):
    """A pair that knows its corruption and so defines a distribution: the stationary distribution of its chain.

    If P(x | corrupted x) were exact, this would be the data's distribution for any corruption (Bengio, Yao, Alain &
    Vincent, 2013, "Generalized denoising auto-encoders as generative models").

    Parameters
    ----------
    encoder, decoder : Conditional
        As in :class:`Pair`.
    corruption : Corruption
        Applied first in every step.
    start : Tensor of shape (visible,)
        Means of the independent units that start the chains.

    Example
    -------
    >>> from tildex.corruptions import Masking
    >>> from tildex.maps import MLP
    >>> from tildex.units import Bernoulli
    >>> up, down = (MLP(sizes, generator=Generator(0)) for sizes in ([6, 2], [2, 6]))
    >>> denoiser = Denoiser(
    ...     Conditional(up, Bernoulli()), Conditional(down, Bernoulli()), Masking(0.3), torch.full((6,), 0.5)
    ... )
    >>> denoiser.walk(5, 20, Generator(0)).shape
    torch.Size([5, 6])
    """

    draws: ClassVar[str] = (
        "New rows, each the end of its own chain of corrupting, encoding and drawing that never saw data: varied rows "
        "say that the corruption reaches all kinds of rows, and odd ones that training left places the chain strays to."
    )
    start: Tensor

    def __init__(
        self, encoder: Conditional, decoder: Conditional, corruption: Corruption, start: Tensor
    ) -> None:
        super().__init__(encoder, decoder)
        self.corruption = corruption
        self.register_buffer("start", start)

    def walk(
        self,
        n: int,
        n_steps: int,
        generator: Generator,
        *,
        values: Tensor | None = None,
        known: Tensor | None = None,
    ) -> Tensor:
        """Return the mean of the last step of ``n`` chains, shape (n, visible).

        Parameters
        ----------
        n, n_steps : int
            Number of chains, and steps per chain.
        generator : Generator
            Draws everything.
        values : Tensor of shape (n, visible), optional
            The values that every step restores where ``known`` is true.
        known : boolean Tensor like ``values``, optional
            Where ``values`` are known.
        """

        def kept(x: Tensor) -> Tensor:
            return x if values is None or known is None else torch.where(known, values, x)

        units = self.decoder.family
        corruption = self.corruption.whole(units.together(len(self.start)))
        inputs = units.inputs_for(self.start).expand(n, -1)
        for _ in range(n_steps):
            x = kept(units.sample(inputs, generator))
            inputs = self.decoder.inputs(self.encoder.mean(self.corrupted(x, corruption, generator)))
        return kept(units.mean(inputs))
