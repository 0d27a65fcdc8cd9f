"""Models: the pair, the Boltzmann machine, the stack."""

from tildex.models.boltzmann import BoltzmannMachine, Clamp, Layer
from tildex.models.pair import Conditional, Pair
from tildex.models.pseudo_likelihood import pseudo_log_likelihood, pseudo_log_likelihood_estimate
from tildex.models.stack import Chain, grow, unroll

__all__ = [
    "BoltzmannMachine",
    "Chain",
    "Clamp",
    "Conditional",
    "Layer",
    "Pair",
    "grow",
    "pseudo_log_likelihood",
    "pseudo_log_likelihood_estimate",
    "unroll",
]
