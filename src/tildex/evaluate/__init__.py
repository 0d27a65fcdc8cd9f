"""Evaluation: values with standard errors, of models and of their codes."""

from tildex.evaluate.ais import AISResult, log_partition_ais, log_partition_reverse_ais
from tildex.evaluate.annealing import Annealer, temperatures
from tildex.evaluate.baselines import (
    independent_bernoulli,
    independent_gaussian,
    pca_squared_error,
    squared_error,
)
from tildex.evaluate.distances import cosine, hamming, squared_euclidean
from tildex.evaluate.estimate import Estimate
from tildex.evaluate.exact import enumerable, log_likelihood, log_partition
from tildex.evaluate.guards import GUARD_COLUMNS, Guard, guards
from tildex.evaluate.hashes import SignHash, iterative_quantization, pca_signs, random_hyperplanes
from tildex.evaluate.images import psnr
from tildex.evaluate.latent import (
    continuity,
    neighbour_error,
    probe_accuracy,
    probe_explained,
    probe_hits,
    trustworthiness,
)
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
from tildex.evaluate.retrieval import mean_average_precision, precision_at
from tildex.evaluate.score_field import relative_error, score_field
from tildex.evaluate.sparsity import Sparsity, unexplained_variance
from tildex.evaluate.spectrum import JacobianSpectrum, jacobian_spectrum, tangent_share
from tildex.evaluate.subspace import axis_cosines, principal_angles, principal_axes
from tildex.evaluate.tagging import retrieval_by_shared_tags, tag_precision
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
    "SignHash",
    "Sparsity",
    "TwoSided",
    "at_length",
    "axis_cosines",
    "continuity",
    "cosine",
    "enumerable",
    "exact_lengths",
    "guards",
    "hamming",
    "independent_bernoulli",
    "independent_gaussian",
    "iterative_quantization",
    "jacobian_spectrum",
    "likelihood",
    "log_likelihood",
    "log_partition",
    "log_partition_ais",
    "log_partition_lengths",
    "log_partition_reverse_ais",
    "log_word_probability",
    "mean_average_precision",
    "neighbour_error",
    "pca_signs",
    "pca_squared_error",
    "perplexity",
    "precision_at",
    "principal_angles",
    "principal_axes",
    "probe_accuracy",
    "probe_explained",
    "probe_hits",
    "psnr",
    "random_hyperplanes",
    "relative_error",
    "retrieval_by_shared_tags",
    "score_field",
    "squared_error",
    "squared_euclidean",
    "tag_precision",
    "tangent_share",
    "temperatures",
    "trustworthiness",
    "two_sided",
    "unexplained_variance",
]
