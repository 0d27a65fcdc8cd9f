"""What the scores, learning curves and draws of models mean, in the words that every report uses."""

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
    "The log-probability of every feature given all others, summed: what a Boltzmann machine "
    "can say exactly without its partition function. Compare it with others of its kind only.",
)
BOUND = Meaning(
    "bound on log P(x)",
    "A lower bound on the log-likelihood, which is what the model was trained for. Compare it "
    "with likelihoods of the same rows.",
)
BOUND_AND_LOG_Z = Meaning(
    "bound on log P(x) + log Z",
    "The variational bound of a deep machine, one number for the whole machine too large. "
    "Compare rows with it, not models.",
)
FREE_ENERGY = Meaning(
    "minus free energy",
    "The log-likelihood of a row, one number for the whole machine too large. Compare rows with it, not models.",
)
GIVEN_CODE = Meaning(
    "log P(x | code)",
    "How well the decoder explains a row given that row's code. It is no likelihood of the row, "
    "since the code has seen it; compare it where the units of the data are the same.",
)

CHAINS_CURVE = (
    "A Boltzmann machine does not descend its loss: the free energy of data minus that of the chains hovers "
    "around zero while both move, and a gap that grows says that the chains have stopped mixing."
)
CHAINS_DRAWS = (
    "New rows, each the end of its own Gibbs chain in the top machine, sent down once: chains that never saw "
    "data draw varied rows only if the top machine has learned the distribution of codes."
)
