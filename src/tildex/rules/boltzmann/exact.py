r"""The exact likelihood of a two-layer machine that is small enough to enumerate: no chains, no noise but the batch's.

.. math:: L = F(v_{\text{data}}) + \log Z, \qquad F(v) = -\log \sum_h e^{-E(v, h)}
"""

from __future__ import annotations

from torch import Tensor

from tildex.generator import Generator
from tildex.models import BoltzmannMachine, for_rows, log2_states, log_partition_of
from tildex.rules.base import Rule
from tildex.rules.boltzmann.contrastive import require_two_layers
from tildex.rules.boltzmann.watch import watch
from tildex.shapes import Loss

__all__ = ["Exact"]

# Joint states of one side: as many rows in every step, besides the batch's.
_MOST = 14


class Exact(Rule):
    """Maximum likelihood with the partition function summed over all joint states of one side, at most 2^14.

    Chains that cannot cross between distant modes do not matter here: a machine of ten hidden units learns the exact
    shares of its modes.

    Example
    -------
    >>> from tildex import RBM
    >>> RBM(n_components=5, rule=Exact())
    RBM(n_components=5, rule=Exact())
    """

    def __call__(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Loss:
        """Return the mean negative log-likelihood of a batch, in nats a row.

        Raises
        ------
        ValueError
            If the model is no machine of two layers, both sides have too many states, or rows have own lengths.
        """
        require_two_layers(model)
        bits = min(log2_states(model, side) for side in (0, 1))
        if bits > _MOST:
            raise ValueError(
                f"Exact sums over at most 2^{_MOST} joint states, and this machine has 2^{bits:.0f}: use PCD, or at "
                f"most {_MOST} hidden units"
            )
        if for_rows(model, x[:1]) is not model:
            raise ValueError("Exact needs rows of one length: use PCD for documents")
        return Loss.of(negative_log_likelihood=log_partition_of(model) - model.log_marginal([x, x]))

    def diagnose(
        self, model: BoltzmannMachine, x: Tensor, generator: Generator, held_out: Tensor | None = None
    ) -> dict[str, float]:
        """Return the diagnostics of :func:`tildex.rules.boltzmann.watch`, without those of chains: there are none."""
        found = watch(model, x, generator, held_out=held_out)
        return {name: value for name, value in found.items() if not name.startswith("chain")}
