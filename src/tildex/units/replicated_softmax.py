r"""Word counts of documents of different lengths.

.. math:: E(x) = -\log \frac{D!}{\prod_k x_k!}, \qquad A(\eta) = D \log \sum_k e^{\eta_k}, \qquad \sum_k x_k = D
"""

from __future__ import annotations

import copy
import itertools
import math
from typing import Self

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.units.base import Units
from tildex.units.surroundings import Surroundings

__all__ = ["ReplicatedSoftmax"]

_LONGEST = 2**24

# Count vectors are not enumerated beyond this many numbers.
_LARGEST_LIST = 1 << 22

# Numbers in the largest table of hidden inputs.
_LARGEST = 1 << 23


class ReplicatedSoftmax(Units):
    """Counts over ``n_words`` words in documents: D words drawn with the same probabilities, with D the row's length.

    The softmax units of all D words share one set of weights (Salakhutdinov & Hinton, 2009, "Replicated softmax: an
    undirected topic model"). Probabilities are of the *count vector*: the energy holds the multinomial coefficient.
    The probability of the ordered words, which perplexity uses, is smaller by that coefficient.

    A row's length comes from :meth:`for_rows`; otherwise every row has ``length`` words. In a Boltzmann machine the
    paper's hidden bias times D equals the same number added to every word's weight, because counts add up to D; the
    machine's own hidden biases count once per document, whatever its length.

    Parameters
    ----------
    n_words : int
        Columns of one document; a row holds ``size / n_words`` documents side by side.
    length : int
        Words in a document when no rows are given.

    Attributes
    ----------
    lengths : Tensor of shape (..., documents) or None
        The lengths from :meth:`for_rows`.

    Example
    -------
    >>> import torch
    >>> units = ReplicatedSoftmax(3, length=6)
    >>> units.mean(torch.zeros(1, 3))
    tensor([[2., 2., 2.]])
    >>> units.for_rows(torch.tensor([[1.0, 0.0, 2.0], [0.0, 9.0, 0.0]])).mean(torch.zeros(2, 3))
    tensor([[1., 1., 1.],
            [3., 3., 3.]])
    """

    high = math.inf
    counts_words = True
    constrained = True
    own_lengths = True
    lengths: Tensor | None = None

    def __init__(self, n_words: int = 2, length: int = 1) -> None:
        super().__init__()
        if n_words < 1:
            raise ValueError(f"n_words must be at least 1, got {n_words}")
        if length < 0:
            raise ValueError(f"length must be at least 0 words, got {length}")
        self.n_words = self.group = n_words
        self.length = length
        self.finite = math.comb(length + n_words - 1, length) * n_words <= _LARGEST_LIST

    def for_rows(self, x: Tensor) -> Self:
        """Return a copy that takes each row's length from ``x``, rounded to whole words."""
        bound = copy.copy(self)
        bound.lengths = self._grouped(x).detach().sum(-1).round_()
        return bound

    def given(self, inputs: Tensor, values: Tensor, known: Tensor) -> tuple[Self, Tensor]:
        """Return a copy for the remaining words, and inputs that give known words probability zero."""
        taken = self._grouped(torch.where(known, values, 0.0)).sum(-1)
        left = copy.copy(self)
        left.lengths = (self.lengths_of(inputs) - taken).clamp_min(0).round_()
        # If all counts are known no word is drawn, and a softmax of all minus infinity is undefined.
        closed = self._grouped(known) & ~self._grouped(known).all(-1, keepdim=True)
        return left, inputs.masked_fill(closed.flatten(-2), -torch.inf)

    def energy(self, x: Tensor) -> Tensor:
        """Return minus the log of the multinomial coefficients, the number of orders of the words."""
        total = torch.lgamma(self._grouped(x).sum(-1) + 1).sum(-1)
        if x.requires_grad:
            return torch.lgamma(x + 1).sum(-1) - total
        # Nearly all counts are 0 or 1, whose log factorial is 0, and lgamma is slow.
        rows = x.reshape(-1, x.shape[-1])
        many = ((rows != 0) & (rows != 1)).nonzero(as_tuple=True)
        repeated = rows.new_zeros(len(rows)).index_add_(0, many[0], torch.lgamma(rows[many] + 1))
        return repeated.view(x.shape[:-1]) - total

    def cgf(self, inputs: Tensor) -> Tensor:
        """Return each document's length times its log-sum-exp, summed."""
        return (self.lengths_of(inputs) * self.slopes(inputs)).sum(-1)

    def slopes(self, inputs: Tensor) -> Tensor:
        """Return the increase of each document's log-partition per added word, shape (..., documents)."""
        return self._grouped(inputs).logsumexp(-1)

    def log_probs(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return the log-probability of each document, shape (..., documents)."""
        apart = copy.copy(self)
        # The last axis is now one document, so its length broadcasts over its words.
        apart.lengths = None if self.lengths is None else self.lengths[..., None]
        return super(ReplicatedSoftmax, apart).log_probs(x, inputs)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the expected counts."""
        return (self.lengths_of(inputs)[..., None] * self._grouped(inputs).softmax(-1)).flatten(-2)

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw the words one by one by inverting the cumulative probabilities."""
        # In float64, because the row index and the position within the row share one number's digits.
        cumulative = self._grouped(inputs.detach()).double().softmax(-1).cumsum(-1).view(-1, self.n_words)
        cumulative = cumulative / cumulative[:, -1:]
        lengths = self.lengths_of(inputs).expand(*inputs.shape[:-1], -1).flatten()
        number = torch.arange(len(cumulative), device=inputs.device)
        document = number.repeat_interleave(lengths.long())
        place = document + generator.uniform(len(document), dtype=torch.float64)
        word = torch.searchsorted((cumulative + number[:, None]).flatten(), place, right=True)
        counts = inputs.new_zeros(cumulative.numel())
        return counts.index_add_(0, word, torch.ones_like(place, dtype=inputs.dtype)).view(inputs.shape)

    def mode(self, inputs: Tensor) -> Tensor:
        """Return the most likely counts: whole parts first, then one word at a time to the largest p / (count + 1)."""
        p = self._grouped(inputs).softmax(-1)
        words = self.lengths_of(inputs).expand(p.shape[:-1])
        counts = (p * words[..., None]).floor()
        left = words - counts.sum(-1)
        while (left > 0).any():
            best = (p / (counts + 1)).argmax(-1, keepdim=True)
            counts.scatter_add_(-1, best, (left > 0).to(counts.dtype)[..., None])
            left = left - 1
        return counts.flatten(-2)

    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the logs of the words' proportions, clamped to at least 1e-5."""
        counts = self._grouped(mean)
        share = counts / counts.sum(-1, keepdim=True).clamp_min(1e-30)
        return share.clamp_min(1e-5).log().flatten(-2)

    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return all count vectors of ``length`` words.

        Raises
        ------
        ValueError
            If there are too many.
        """
        if not self.finite:
            raise ValueError(
                f"{self!r} has too many count vectors to enumerate: use fewer words, or annealed importance sampling"
            )
        # Stars and bars: the positions of the bars give the count of each word.
        places = list(itertools.combinations(range(self.length + self.n_words - 1), self.n_words - 1))
        bars = torch.tensor(places, dtype=torch.long).view(len(places), self.n_words - 1)
        ends = torch.nn.functional.pad(bars, (1, 0), value=-1)
        after = torch.nn.functional.pad(bars, (0, 1), value=self.length + self.n_words - 1)
        counts = (after - ends - 1).to(inputs)
        return counts, counts.new_ones(len(counts))

    @property
    def summable(self) -> bool:
        """True: one word given all others is one of ``n_words``."""
        return True

    def log_conditionals(self, x: Tensor, around: Surroundings) -> Tensor:
        """Return the sum over all words of a row of log P(word | the row's other words), shape (batch,), in nats.

        Fractional counts weight a word fractionally.
        """
        rows, words = x.nonzero(as_tuple=True)
        each = self._of_words(around, rows, words)
        return x.new_zeros(len(x)).index_add_(0, rows, x[rows, words] * each)

    def log_conditionals_estimate(self, x: Tensor, around: Surroundings, generator: Generator) -> Tensor:
        """Return an unbiased estimate of the same from one random word per row."""
        cumulative = x.cumsum(-1)
        lengths = cumulative[:, -1:]
        place = generator.uniform(len(x), 1, dtype=x.dtype) * lengths
        words = torch.searchsorted(cumulative, place, right=True)[:, 0].clamp_(max=x.shape[1] - 1)
        # Rounding may go past a document's last word, and an empty document has none.
        rows = torch.arange(len(x), device=x.device)[(x.gather(1, words[:, None]) > 0)[:, 0]]
        each = self._of_words(around, rows, words[rows])
        return x.new_zeros(len(x)).index_add_(0, rows, lengths[rows, 0] * each)

    def _of_words(self, around: Surroundings, rows: Tensor, words: Tensor) -> Tensor:
        """Return log P(word | the others) of single words, given by row and column."""
        result, weight = around.inputs.new_empty(len(rows)), around.weight
        for document in range(len(around.bias) // self.n_words):
            own = slice(document * self.n_words, (document + 1) * self.n_words)
            chosen = (words // self.n_words == document).nonzero()[:, 0]
            for some in chosen.split(max(1, _LARGEST // weight[own].numel())):
                without = around.inputs[rows[some]] - weight[words[some]]
                log_weight = around.bias[own] + around.hidden.cgf(without[:, None] + weight[own])
                place = words[some, None] - own.start
                result[some] = log_weight.log_softmax(-1).gather(1, place)[:, 0]
        return result

    def outside(self, x: Tensor) -> str | None:
        """Refuse documents so long that float32 cannot count single words."""
        if (message := super().outside(x)) is not None:
            return message
        longest = float(self._grouped(x).sum(-1).max())
        return None if longest <= _LONGEST else f"documents of at most {_LONGEST:,} words, got {longest:g}"

    def lengths_of(self, inputs: Tensor) -> Tensor:
        """Return the lengths, shape (documents,) or (..., documents)."""
        documents = inputs.shape[-1] // self.n_words
        if self.lengths is None:
            return inputs.new_full((documents,), self.length)
        return self.lengths.to(inputs)

    def _grouped(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.n_words))
