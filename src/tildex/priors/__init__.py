"""Priors: the distribution of a variational autoencoder's codes before a row is seen."""

from tildex.priors.base import Mixture, Prior
from tildex.priors.mixture import MixturePrior
from tildex.priors.standard import StandardPrior
from tildex.priors.vamp import VampPrior

__all__ = ["Mixture", "MixturePrior", "Prior", "StandardPrior", "VampPrior"]
