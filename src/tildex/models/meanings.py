"""Texts for reports: the meaning of models' scores, learning curves and draws."""

from __future__ import annotations

from tildex.models.model import Meaning

__all__ = [
    "BOUND",
    "BOUND_AND_LOG_Z",
    "CHAINS_CURVE",
    "CHAINS_DRAWS",
    "FREE_ENERGY",
    "GIVEN_CODE",
    "PSEUDO_LIKELIHOOD",
]

PSEUDO_LIKELIHOOD = Meaning(
    "log pseudo-likelihood",
    "The summed log-probability of every feature given all others: a score that a Boltzmann machine "
    "can compute exactly without its partition function. Compare it only with other pseudo-likelihoods.",
)
BOUND = Meaning(
    "bound on log P(x)",
    "A lower bound on the log-likelihood, which the model was trained to maximise. Compare it "
    "with likelihoods of the same rows.",
)
BOUND_AND_LOG_Z = Meaning(
    "bound on log P(x) + log Z",
    "The variational bound of a deep machine, too large by log Z, which is the same for all rows. "
    "Compare rows with it, not models.",
)
FREE_ENERGY = Meaning(
    "minus free energy",
    "The log-likelihood of a row plus log Z, which is the same for all rows. Compare rows with it, not models.",
)
GIVEN_CODE = Meaning(
    "log P(x | code)",
    "How well the decoder explains a row given that row's code. It is not a likelihood of the row, "
    "since the code depends on it; compare models only in the same data units.",
)

CHAINS_CURVE = (
    "A Boltzmann machine does not minimise this loss: the free energy of data minus that of the chains hovers "
    "around zero while both change, and a growing gap means that the chains have stopped mixing."
)
CHAINS_DRAWS = (
    "New rows, each the end of its own Gibbs chain in the top machine, decoded once: chains that never saw "
    "data draw varied rows only if the top machine has learned the distribution of codes."
)
