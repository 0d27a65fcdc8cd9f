r"""Binary rows from values between 0 and 1, such as grey values.

.. math:: \text{dynamic, frozen: } x_i' \sim \mathrm{Bernoulli}(x_i), \qquad
          \text{threshold: } x_i' = [x_i > \tfrac12]

Likelihoods of differently binarised rows are not comparable: on MNIST they lie tens of nats apart. So the way is always
chosen by name, and belongs beside every figure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tildex.data.record import DataError
from tildex.data.rows import Rows
from tildex.generator import Generator
from tildex.part import nearest

__all__ = ["BINARISATIONS", "FrozenRows", "binarise"]

_CHUNK = 4096


def binarise(x: Tensor, how: str, generator: Generator) -> Tensor:
    """Return binary rows in the shape, type and place of ``x``.

    Parameters
    ----------
    x : Tensor of shape (rows, features)
        Values from 0 to 1; values that are 0 or 1 stay what they are.
    how : str
        ``dynamic``: a fresh draw with the values as probabilities at every call, for training. ``frozen``: the draw
        that the generator's *seed* names, the same at every call and on every device; give it all rows at once.
        ``threshold``: 1 above a half. ``none``: ``x`` itself.
    generator : Generator
        Makes the fresh draw, or names the frozen one.

    Raises
    ------
    DataError
        If there is no such way, or values to freeze or threshold lie outside 0 to 1.

    Example
    -------
    >>> import torch
    >>> binarise(torch.tensor([[0.0, 0.4, 0.6, 1.0]]), "threshold", Generator(0))
    tensor([[0., 0., 1., 1.]])
    """
    return _named(how)(x, generator)


def _dynamic(x: Tensor, generator: Generator) -> Tensor:
    # Called at every training step, so the range is not looked at here: the estimator has done so once.
    return generator.bernoulli(x)


def _frozen(x: Tensor, generator: Generator) -> Tensor:
    _require_probabilities(x)
    # Always drawn on a processor and in portions of one size: a seed then names one draw everywhere.
    draws = Generator(generator.seed)
    return torch.cat([draws.bernoulli(part.cpu()).to(x) for part in x.split(_CHUNK)])


def _threshold(x: Tensor, generator: Generator) -> Tensor:
    _require_probabilities(x)
    return (x > 0.5).to(x.dtype)


def _none(x: Tensor, generator: Generator) -> Tensor:
    return x


_WAYS: dict[str, Callable[[Tensor, Generator], Tensor]] = {
    "dynamic": _dynamic,
    "frozen": _frozen,
    "threshold": _threshold,
    "none": _none,
}

BINARISATIONS: tuple[str, ...] = tuple(_WAYS)
"""The ways to binarise, by name."""


class FrozenRows:
    """A reader of rows whose frozen draw is made once and kept, a byte a value.

    Parameters
    ----------
    data : Rows
        Values from 0 to 1.
    seed : int
        Names the draw; it equals ``binarise(all rows, "frozen", Generator(seed))``.

    Raises
    ------
    DataError
        If values lie outside 0 to 1.
    """

    def __init__(self, data: Rows, seed: int) -> None:
        draws = Generator(seed)
        parts = []
        for start in range(0, len(data), _CHUNK):
            x = data.take(slice(start, min(start + _CHUNK, len(data))))
            _require_probabilities(x)
            parts.append(draws.bernoulli(x.cpu()).to(torch.uint8))
            # Batches are given where and in which type the data gave theirs.
            self._like = x[:0]
        self._kept = torch.cat(parts)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def n_features(self) -> int:
        """The number of columns."""
        return self._kept.shape[1]

    def take(self, index: Any) -> Tensor:
        """Return the binary rows with these numbers."""
        chosen = index if isinstance(index, slice) else torch.from_numpy(index)
        return self._kept[chosen].to(self._like)


def _named(how: str) -> Callable[[Tensor, Generator], Tensor]:
    if how not in _WAYS:
        raise DataError(f"no binarisation is called {how!r}; {nearest(str(how), _WAYS)}")
    return _WAYS[how]


def _require_probabilities(x: Tensor) -> None:
    low, high = torch.aminmax(x)
    if not (low >= 0 and high <= 1):
        raise DataError(
            f"expected values from 0 to 1 to make binary, got {float(low):g} to {float(high):g}: "
            "rescale them, or use 'none'"
        )
