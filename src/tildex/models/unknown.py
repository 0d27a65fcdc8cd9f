r"""Unknown values, NaN, in rows of a pair: left out of the likelihood, and shown to the encoder as unknown.

.. math:: \log P(x_{\text{known}} \mid h) = \sum_{i \text{ known}} \log P(x_i \mid h), \qquad
          \tilde x = (1 - u) \cdot x + u \cdot \bar x + S u

where u marks the unknown values. The first layer sees W S u beside the filled row: an indicator of every value, for
any architecture, that starts at plain filling with means.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tildex.units import Units

__all__ = ["Unknown", "log_each"]


class Unknown(nn.Module):
    """What an encoder sees in place of unknown values; learned with the encoder.

    Parameters
    ----------
    means : Tensor of shape (features,)
        The means of the known values, which replace unknown ones.

    Example
    -------
    >>> Unknown(torch.tensor([0.5, 2.0]))(torch.tensor([[torch.nan, 1.0]])).tolist()
    [[0.5, 1.0]]
    """

    means: Tensor

    def __init__(self, means: Tensor) -> None:
        super().__init__()
        self.register_buffer("means", means.detach().clone())
        self.shift = nn.Parameter(means.new_zeros(len(means), len(means)))

    def forward(self, x: Tensor, lost: Tensor | None = None) -> Tensor:
        """Return complete rows; values are unknown where they are NaN, and where ``lost`` is true."""
        unknown = x.isnan() if lost is None else x.isnan() | lost
        return torch.where(unknown, self.means.to(x.dtype), x) + unknown.to(x.dtype) @ self.shift


def log_each(units: Units, x: Tensor, inputs: Tensor) -> Tensor:
    """Return the log-probability of each variable, shape (..., variables), in nats; zero if unknown, which is NaN.

    A variable of several columns is unknown if one of them is.

    Example
    -------
    >>> from tildex.units import Bernoulli
    >>> log_each(Bernoulli(), torch.tensor([[torch.nan, 1.0]]), torch.zeros(1, 2)).exp()
    tensor([[1.0000, 0.5000]])
    """
    unknown = x.isnan()
    # A mean lies within the range of every family, so that no gradient is infinite.
    values = torch.where(unknown, units.mean(inputs).detach(), x)
    each = units.for_rows(values).log_probs(values, inputs)
    return torch.where(units.any_column(unknown), 0.0, each)
