r"""Reconstruction from a sparse code, with diagnostics: active units, unexplained variance and dead units.

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

# A unit is dead if fewer than one in this many rows activates it.
_ROWS = 10_000


class SparseReconstruction(Reconstruction):
    """:class:`Reconstruction` with diagnostics of the code; the parameters are the same."""

    def diagnose(
        self, model: Pair, x: Tensor, generator: Generator, held_out: Tensor | None = None
    ) -> dict[str, float]:
        """Return diagnostics of the code on some training rows.

        Returns
        -------
        dict of str to float
            ``l0``: average number of active units per row, encoded as by a trained model. ``fvu``: the fraction of
            variance unexplained by reconstructions, in the model's units; missing if the rows do not vary. ``dead``:
            the fraction of units that were inactive for the last 10,000 training rows, or, if the code does not count
            them, that are inactive on all of these rows.
        """
        x = model.shown(x)
        hidden = model.encoder.mean(x)
        used = hidden != 0
        units = model.encoder.units
        silent: Any = units.silent if units.sparse else None
        dead: Tensor = ~used.any(0) if silent is None else silent >= _ROWS
        found = {"l0": float(used.sum(-1).double().mean()), "dead": float(dead.double().mean())}
        if (variance := float((x - x.mean(0)).square().sum())) > 0:
            found["fvu"] = float((x - model.decoder.mean(hidden)).square().sum()) / variance
        return found
