r"""The sensitivity of a code by direction: singular values of the encoder's Jacobian.

.. math:: J(x) = U \,\mathrm{diag}(s_1 \ge s_2 \ge \dots)\, V^\top
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tildex.evaluate.estimate import Estimate
from tildex.penalties import jacobian

__all__ = ["JacobianSpectrum", "jacobian_spectrum", "tangent_share"]

# Rows whose Jacobians are in memory at once: a hundred megabytes for a thousand units and a thousand columns.
_ROWS = 32


@dataclass(frozen=True)
class JacobianSpectrum:
    """Singular values and directions at every row, most sensitive first.

    Attributes
    ----------
    values : Tensor of shape (rows, directions)
        The factor from a small step along a direction to the step of the code.
    directions : Tensor of shape (rows, directions, features)
        Orthonormal, in data space: estimates of the data manifold's tangents.
    """

    values: Tensor
    directions: Tensor

    def means(self) -> list[Estimate]:
        """Return each singular value's mean over rows, with its standard error."""
        return [Estimate.of(column) for column in self.values.t().double().cpu().numpy()]


@torch.no_grad()
def jacobian_spectrum(model: Any, x: Tensor, n_directions: int | None = None) -> JacobianSpectrum:
    """Return the singular values and right singular vectors of the encoder's Jacobian at each row.

    If a code is sensitive only along a data manifold, it has as many large values as the manifold has dimensions, and
    their directions are its tangents (Rifai, Dauphin, Vincent, Bengio & Muller, 2011, "The manifold tangent
    classifier").

    Parameters
    ----------
    model : Pair
        The model whose encoder is differentiated.
    x : Tensor of shape (rows, features)
        Points in the model's units, on or off the data.
    n_directions : int, optional
        Number of leading directions; all by default.

    Example
    -------
    >>> from tildex.generator import Generator
    >>> from tildex.maps import MLP
    >>> from tildex.models import Conditional, Pair
    >>> from tildex.units import Bernoulli, Gaussian
    >>> up, down = (MLP(sizes, generator=Generator(0)) for sizes in ([6, 2], [2, 6]))
    >>> pair = Pair(Conditional(up, Gaussian()), Conditional(down, Bernoulli()))
    >>> spectrum = jacobian_spectrum(pair, torch.zeros(5, 6))
    >>> spectrum.values.shape, spectrum.directions.shape
    (torch.Size([5, 2]), torch.Size([5, 2, 6]))
    """
    values, directions = [], []
    for rows in x.split(_ROWS):
        found = torch.linalg.svd(jacobian(model, rows), full_matrices=False)
        values.append(found.S[:, :n_directions])
        directions.append(found.Vh[:, :n_directions])
    return JacobianSpectrum(torch.cat(values), torch.cat(directions))


@torch.no_grad()
def tangent_share(model: Any, x: Tensor, tangents: Tensor) -> Estimate:
    """Return the fraction of the Jacobian's squared norm along known tangents: 1 if the code ignores all else.

    A code equally sensitive to all directions scores the number of tangents divided by that of features.

    Parameters
    ----------
    model : Pair
        The model whose encoder is differentiated.
    x : Tensor of shape (rows, features)
        Points in the model's units.
    tangents : Tensor of shape (rows, tangents, features)
        Directions in which data vary at each row, linearly independent, of any length.

    Example
    -------
    >>> from tildex.generator import Generator
    >>> from tildex.maps import MLP
    >>> from tildex.models import Conditional, Pair
    >>> from tildex.units import Gaussian
    >>> up, down = (MLP(sizes, generator=Generator(0)) for sizes in ([3, 1], [1, 3]))
    >>> pair = Pair(Conditional(up, Gaussian()), Conditional(down, Gaussian()))
    >>> followed = up.layers[0].weight.expand(2, -1, -1)
    >>> round(tangent_share(pair, torch.zeros(2, 3), followed).value, 6)
    1.0
    """
    shares = []
    for rows, ways in zip(x.split(_ROWS), tangents.split(_ROWS), strict=True):
        slopes = jacobian(model, rows)
        basis = torch.linalg.qr(ways.to(slopes).transpose(1, 2)).Q
        shares.append((slopes @ basis).square().sum((1, 2)) / slopes.square().sum((1, 2)).clamp_min(1e-30))
    return Estimate.of(torch.cat(shares).cpu().numpy())
