r"""Binary rows from values in [0, 1], such as grey values.

.. math:: \text{dynamic, frozen: } x_i' \sim \mathrm{Bernoulli}(x_i), \qquad
          \text{threshold: } x_i' = [x_i > \tfrac12]

Likelihoods of differently binarised rows are not comparable: on MNIST they differ by tens of nats. So the method is
always chosen by name, and should accompany every reported number.
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
    """Return binary rows with the shape, type and device of ``x``.

    Parameters
    ----------
    x : Tensor of shape (rows, features)
        Values from 0 to 1; 0 and 1 stay unchanged.
    how : str
        ``dynamic``: a new draw with the values as probabilities at every call, for training. ``frozen``: a draw
        determined by the generator's *seed*, the same at every call and on every device; pass all rows at once.
        ``threshold``: 1 above one half. ``none``: ``x`` itself. The two that are not for training leave unknown values,
        NaN, as they are.
    generator : Generator
        Makes the new draw; its seed determines the frozen one.

    Raises
    ------
    DataError
        If there is no such method, or values to freeze or threshold lie outside 0 to 1.

    Example
    -------
    >>> import torch
    >>> binarise(torch.tensor([[0.0, 0.4, 0.6, 1.0]]), "threshold", Generator(0))
    tensor([[0., 0., 1., 1.]])
    """
    return _named(how)(x, generator)


def _dynamic(x: Tensor, generator: Generator) -> Tensor:
    # Called at every training step, so the range is not checked here; the estimator has checked it once.
    return generator.bernoulli(x)


def _frozen(x: Tensor, generator: Generator) -> Tensor:
    known = x.nan_to_num(0.0)
    _require_probabilities(known)
    # Always drawn on the CPU in portions of one size, so that a seed determines one draw everywhere.
    draws = Generator(generator.seed)
    drawn = torch.cat([draws.bernoulli(part.cpu()).to(x) for part in known.split(_CHUNK)])
    return torch.where(x.isnan(), x, drawn)


def _threshold(x: Tensor, generator: Generator) -> Tensor:
    _require_probabilities(x.nan_to_num(0.0))
    return torch.where(x.isnan(), x, (x > 0.5).to(x.dtype))


def _none(x: Tensor, generator: Generator) -> Tensor:
    return x


_WAYS: dict[str, Callable[[Tensor, Generator], Tensor]] = {
    "dynamic": _dynamic,
    "frozen": _frozen,
    "threshold": _threshold,
    "none": _none,
}

BINARISATIONS: tuple[str, ...] = tuple(_WAYS)
"""The binarisation methods, by name."""


class FrozenRows:
    """A reader of frozen binary rows, drawn once and kept, one byte per value.

    Parameters
    ----------
    data : Rows
        Values from 0 to 1.
    seed : int
        Determines the draw, which equals ``binarise(all rows, "frozen", Generator(seed))``.

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
            # Batches keep the device and type of the data's batches.
            self._like = x[:0]
        self._kept = torch.cat(parts)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def n_features(self) -> int:
        """The number of columns."""
        return self._kept.shape[1]

    def take(self, index: Any) -> Tensor:
        """Return the binary rows with these indices."""
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
