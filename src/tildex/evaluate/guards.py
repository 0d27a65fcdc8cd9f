"""Guards: checks of a training run's health, each in one sentence with a remedy.

The measures come from the training history: see :func:`tildex.rules.watch` for Boltzmann machines,
:meth:`tildex.rules.SparseReconstruction.diagnose` for sparse codes, and :meth:`tildex.rules.ELBO.diagnose` for codes
with a prior.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["GUARD_COLUMNS", "Guard", "guards"]

# A verdict uses the median of the last measurements, because the chains of a single one fluctuate.
_LAST = 3


@dataclass(frozen=True)
class Guard:
    """A verdict on one measure.

    Attributes
    ----------
    name : str
        The fault that it checks for.
    value : float
        The measure, the median of the last three in the history.
    ok : bool
        Whether it is in the range of healthy runs.
    sentence : str
        The meaning of the value, and what to do if it is not ok.
    """

    name: str
    value: float
    ok: bool
    sentence: str


@dataclass(frozen=True)
class _Kind:
    """A guard's name and column, its range of good values, and its sentences, with ``{}`` for the value."""

    name: str
    column: str
    well: Callable[[float], bool]
    healthy: str
    broken: str


_KINDS = (
    _Kind(
        "dead hidden units",
        "hidden_dead",
        lambda share: share <= 0.1,
        "{:.0%} of the hidden units are off for every row.",
        "{:.0%} of the hidden units are off for every row and add nothing: lower the learning rate, add "
        "penalty=KLSparsity(), or take fewer units.",
    ),
    _Kind(
        "saturated hidden units",
        "hidden_saturated",
        lambda share: share <= 0.1,
        "{:.0%} of the hidden units are on for every row.",
        "{:.0%} of the hidden units are on for every row and act only as biases: lower the learning rate, centre "
        "the gradient, or add penalty=KLSparsity().",
    ),
    _Kind(
        "dead units of the code",
        "dead",
        lambda share: share <= 0.1,
        "{:.1%} of the code's units have not been in use for 10,000 rows.",
        "{:.0%} of the code's units have not been in use for 10,000 rows and explain nothing: add penalty=Revive(), "
        "lower k more slowly, lower the learning rate or the penalty, or use fewer components.",
    ),
    _Kind(
        "frozen chains",
        "chain_moves",
        lambda moves: moves >= 0.05,
        "A Gibbs sweep moves the chains {:.0%} as far as independent draws would.",
        "A Gibbs sweep moves the chains only {:.1%} as far as independent draws would, so they are frozen and training "
        "uses stale samples: use more steps k, lower the learning rate, or add penalty=WeightDecay().",
    ),
    _Kind(
        "diverging chains",
        "chain_gap",
        lambda gap: abs(gap) <= 2,
        "The chains' mean energy is {:+.2f} standard deviations from the data's.",
        "The chains' mean energy is {:+.2f} standard deviations from the data's, so they are away from the data: lower "
        "the learning rate, and use more steps k or more chains.",
    ),
    _Kind(
        "overfitting",
        "held_out_gap",
        lambda gap: gap <= 0.5,
        "Held-out rows have a free energy {:+.2f} standard deviations from that of training rows.",
        "Held-out rows have a free energy {:+.2f} standard deviations from that of training rows, which the machine "
        "memorises: stop earlier, use fewer hidden units, add penalty=WeightDecay(), or give more rows.",
    ),
    _Kind(
        "posterior collapse",
        "active_units",
        lambda active: active >= 1,
        "{:.0f} units or variables of the code depend on the row.",
        "{:.0f} units of the code depend on the row: the encoder gives every row the same code, and the decoder "
        "ignores it. Train longer, introduce the divergence later with rule=ELBO(warmup=0.2), "
        "set free_nats, or lower beta.",
    ),
    _Kind(
        "empty codes",
        "code_nats",
        lambda nats: nats >= 0.1,
        "A row's code carries {:.2f} nats about it.",
        "A row's code carries only {:.2f} nats about it (posterior collapse): train longer, introduce the "
        "divergence later with rule=ELBO(warmup=0.2), leave it free_nats, or lower beta.",
    ),
)

GUARD_COLUMNS = tuple(kind.column for kind in _KINDS)
"""The history's columns that guards read."""


def guards(history: Sequence[Mapping[str, float]]) -> list[Guard]:
    """Return a verdict for every health measure in a history.

    Parameters
    ----------
    history : sequence of dict
        An estimator's ``history_``.

    Example
    -------
    >>> guards([{"epoch": 1.0, "hidden_dead": 0.0, "chain_moves": 0.012}])[1].ok
    False
    """
    found = []
    for kind in _KINDS:
        records = [record for record in history if kind.column in record]
        # Only the last stage counts: earlier stages trained other machines.
        values = [r[kind.column] for r in records if r.get("stage") == records[-1].get("stage")][-_LAST:]
        if values:
            value = statistics.median(values)
            # NaN also counts as unhealthy: it compares as false.
            ok = math.isfinite(value) and kind.well(value)
            found.append(Guard(kind.name, value, ok, (kind.healthy if ok else kind.broken).format(value)))
    return found
