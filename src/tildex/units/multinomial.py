r"""Word counts of documents of one common length.

.. math:: E(x) = -\log \frac{D!}{\prod_k x_k!}, \qquad A(\eta) = D \log \sum_k e^{\eta_k}, \qquad \sum_k x_k = D
"""

from __future__ import annotations

from typing import Self

from torch import Tensor

from tildex.units.replicated_softmax import ReplicatedSoftmax

__all__ = ["Multinomial"]


class Multinomial(ReplicatedSoftmax):
    """Counts over ``n_words`` words in documents of ``length`` words each: a replicated softmax of fixed length.

    A machine with such layers has one log Z, and an unknown document can be inferred and sampled, because its length
    is fixed. Counts need not be whole, so documents of other lengths can be rescaled to this one.

    Parameters
    ----------
    n_words : int
        Columns of one document.
    length : int
        Words in every document, at least 1.

    Example
    -------
    >>> import torch
    >>> Multinomial(3, length=6).for_rows(torch.tensor([[1.0, 0.0, 2.0]])).mean(torch.zeros(1, 3))
    tensor([[2., 2., 2.]])
    """

    own_lengths = False

    def __init__(self, n_words: int = 2, length: int = 1) -> None:
        super().__init__(n_words, length)
        if length < 1:
            raise ValueError(f"length must be at least 1 word, got {length}")

    def for_rows(self, x: Tensor) -> Self:
        """Return this family: all rows have the same length."""
        return self

    def outside(self, x: Tensor) -> str | None:
        """Require the counts of every document to add up to the length."""
        if (message := super().outside(x)) is not None:
            return message
        sums = self._grouped(x).sum(-1)
        if (sums - self.length).abs().max() > 1e-3 * self.length:
            return f"counts that add up to {self.length} per document, got sums up to {float(sums.max()):g}"
        return None
