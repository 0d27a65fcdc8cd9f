"""Rules: how a model and a batch become one scalar to descend."""

from tildex.rules.base import Rule
from tildex.rules.contrastive import CD, PCD
from tildex.rules.elbo import ELBO, importance_weighted_bound
from tildex.rules.reconstruction import Reconstruction

__all__ = ["CD", "ELBO", "PCD", "Reconstruction", "Rule", "importance_weighted_bound"]
