r"""Reconstruction from a sparse code, watched: how many units are in use, what is left unexplained, who is dead.

.. math:: L_0 = \langle \|h\|_0 \rangle, \qquad
          \mathrm{FVU} = \frac{\langle \|x - \tilde x\|^2 \rangle}{\langle \|x - \bar x\|^2 \rangle}
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from tildex.generator import Generator
from tildex.models import Pair
from tildex.rules.reconstruction import Reconstruction

__all__ = ["SparseReconstruction"]

# A unit is dead where fewer than one row in so many uses it.
_ROWS = 10_000


class SparseReconstruction(Reconstruction):
    """:class:`Reconstruction` that keeps an eye on the code; the parameters are the same."""

    def diagnose(
        self, model: Pair, x: Tensor, generator: Generator, held_out: Tensor | None = None
    ) -> dict[str, float]:
        """Return what the code of some training rows is like.

        Returns
        -------
        dict of str to float
            ``l0``: units in use of a row, on average, as a trained model encodes it. ``fvu``: the fraction of the rows'
            variance, in the model's units, that reconstructions leave unexplained; missing where rows do not vary.
            ``dead``: the share of units that no row of training has used for 10,000 rows, where the code counts them,
            and that none of these rows uses, where it does not.
        """
        hidden = model.encoder.mean(x)
        used = hidden != 0
        units = model.encoder.units
        silent: Any = units.silent if units.sparse else None
        dead: Tensor = ~used.any(0) if silent is None else silent >= _ROWS
        found = {"l0": float(used.sum(-1).double().mean()), "dead": float(dead.double().mean())}
        if (variance := float((x - x.mean(0)).square().sum())) > 0:
            found["fvu"] = float((x - model.decoder.mean(hidden)).square().sum()) / variance
        return found
