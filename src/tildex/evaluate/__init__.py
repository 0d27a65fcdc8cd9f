"""Evaluation: values with standard errors, of models and of their codes."""

from tildex.evaluate.ais import AISResult, log_partition_ais
from tildex.evaluate.baselines import independent_bernoulli, pca_squared_error, squared_error
from tildex.evaluate.estimate import Estimate
from tildex.evaluate.exact import enumerable, log_likelihood, log_partition
from tildex.evaluate.latent import probe_accuracy

__all__ = [
    "AISResult",
    "Estimate",
    "enumerable",
    "independent_bernoulli",
    "log_likelihood",
    "log_partition",
    "log_partition_ais",
    "pca_squared_error",
    "probe_accuracy",
    "squared_error",
]
