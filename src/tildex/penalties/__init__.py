"""Penalties: what training adds to the loss."""

from tildex.penalties.base import Both, Penalty
from tildex.penalties.contractive import Contractive
from tildex.penalties.decorrelation import Decorrelation
from tildex.penalties.jacobian_change import JacobianChange
from tildex.penalties.jacobians import jacobian
from tildex.penalties.kl_sparsity import KLSparsity
from tildex.penalties.l0 import L0
from tildex.penalties.l1 import L1
from tildex.penalties.neighbours import Neighbours
from tildex.penalties.revive import Revive
from tildex.penalties.virtual_adversarial import VirtualAdversarial
from tildex.penalties.weight_decay import WeightDecay
from tildex.penalties.weight_l1 import WeightL1

__all__ = [
    "L0",
    "L1",
    "Both",
    "Contractive",
    "Decorrelation",
    "JacobianChange",
    "KLSparsity",
    "Neighbours",
    "Penalty",
    "Revive",
    "VirtualAdversarial",
    "WeightDecay",
    "WeightL1",
    "jacobian",
]
