"""Evaluation: values with standard errors, of models and of their codes."""

from tildex.evaluate.ais import AISResult, log_partition_ais, log_partition_reverse_ais
from tildex.evaluate.annealing import Annealer, temperatures
from tildex.evaluate.baselines import (
    independent_bernoulli,
    independent_gaussian,
    pca_squared_error,
    squared_error,
)
from tildex.evaluate.estimate import Estimate
from tildex.evaluate.exact import enumerable, log_likelihood, log_partition
from tildex.evaluate.guards import GUARD_COLUMNS, Guard, guards
from tildex.evaluate.latent import probe_accuracy
from tildex.evaluate.lengths import (
    LengthPartitions,
    at_length,
    exact_lengths,
    log_partition_lengths,
    log_word_probability,
    perplexity,
)
from tildex.evaluate.likelihood import Annealing, Likelihood, likelihood
from tildex.evaluate.mixture import GaussianMixture
from tildex.evaluate.score_field import relative_error, score_field
from tildex.evaluate.sparsity import Sparsity, unexplained_variance
from tildex.evaluate.spectrum import JacobianSpectrum, jacobian_spectrum, tangent_share
from tildex.evaluate.two_sided import TwoSided, two_sided

__all__ = [
    "GUARD_COLUMNS",
    "AISResult",
    "Annealer",
    "Annealing",
    "Estimate",
    "GaussianMixture",
    "Guard",
    "JacobianSpectrum",
    "LengthPartitions",
    "Likelihood",
    "Sparsity",
    "TwoSided",
    "at_length",
    "enumerable",
    "exact_lengths",
    "guards",
    "independent_bernoulli",
    "independent_gaussian",
    "jacobian_spectrum",
    "likelihood",
    "log_likelihood",
    "log_partition",
    "log_partition_ais",
    "log_partition_lengths",
    "log_partition_reverse_ais",
    "log_word_probability",
    "pca_squared_error",
    "perplexity",
    "probe_accuracy",
    "relative_error",
    "score_field",
    "squared_error",
    "tangent_share",
    "temperatures",
    "two_sided",
    "unexplained_variance",
]
