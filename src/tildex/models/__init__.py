"""Models: the pair, the Boltzmann machine, the stack, the belief network."""

from tildex.models.belief import BeliefNetwork
from tildex.models.boltzmann.graph import Clamp, Layer
from tildex.models.boltzmann.join import attach, join, lower, parts_of
from tildex.models.boltzmann.machine import BoltzmannMachine
from tildex.models.boltzmann.mean_field import CONVERGED, mean_field
from tildex.models.boltzmann.missing import (
    draw_unknown,
    filled,
    groups,
    infer,
    knowing,
    presence,
    visible_means,
)
from tildex.models.boltzmann.pathways import gather, joined, joint_part, pathway_parts, pathways
from tildex.models.boltzmann.posterior import Posterior
from tildex.models.boltzmann.pseudo_likelihood import (
    has_pseudo_likelihood,
    pseudo_log_likelihood,
    pseudo_log_likelihood_estimate,
)
from tildex.models.boltzmann.receptive import combined_filters, hidden_inputs, maximising_inputs
from tildex.models.boltzmann.rows import for_chains, for_rows, with_units
from tildex.models.boltzmann.sample_up import sample_up
from tildex.models.boltzmann.states import joint_states, log2_states, log_partition_of
from tildex.models.denoiser import Denoiser
from tildex.models.latent import LatentPair, RowCodes, importance_weighted_bound
from tildex.models.model import Evidence, Meaning, Model
from tildex.models.network import Feedforward, Network, layers_of
from tildex.models.normal import JointNormal
from tildex.models.pair import Conditional, Pair
from tildex.models.restoration import Restoration, check_views
from tildex.models.stack import Chain, flip, grow, one_layer, unroll
from tildex.models.unknown import Unknown, log_each

__all__ = [
    "CONVERGED",
    "BeliefNetwork",
    "BoltzmannMachine",
    "Chain",
    "Clamp",
    "Conditional",
    "Denoiser",
    "Evidence",
    "Feedforward",
    "JointNormal",
    "LatentPair",
    "Layer",
    "Meaning",
    "Model",
    "Network",
    "Pair",
    "Posterior",
    "Restoration",
    "RowCodes",
    "Unknown",
    "attach",
    "check_views",
    "combined_filters",
    "draw_unknown",
    "filled",
    "flip",
    "for_chains",
    "for_rows",
    "gather",
    "groups",
    "grow",
    "has_pseudo_likelihood",
    "hidden_inputs",
    "importance_weighted_bound",
    "infer",
    "join",
    "joined",
    "joint_part",
    "joint_states",
    "knowing",
    "layers_of",
    "log2_states",
    "log_each",
    "log_partition_of",
    "lower",
    "maximising_inputs",
    "mean_field",
    "one_layer",
    "parts_of",
    "pathway_parts",
    "pathways",
    "presence",
    "pseudo_log_likelihood",
    "pseudo_log_likelihood_estimate",
    "sample_up",
    "unroll",
    "visible_means",
    "with_units",
]
