"""Unit families: what a layer's values are, given its inputs."""

from tildex.units.base import Units
from tildex.units.bernoulli import Bernoulli
from tildex.units.categorical import Categorical
from tildex.units.diagonal_gaussian import DiagonalGaussian
from tildex.units.gaussian import Gaussian, LearnedGaussian
from tildex.units.poisson import Poisson

__all__ = ["Bernoulli", "Categorical", "DiagonalGaussian", "Gaussian", "LearnedGaussian", "Poisson", "Units"]
