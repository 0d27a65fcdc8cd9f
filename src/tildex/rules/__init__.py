"""Rules: how a model and a batch become one scalar to descend."""

from tildex.rules.base import Rule
from tildex.rules.contrastive import CD, PCD
from tildex.rules.elbo import ELBO, importance_weighted_bound
from tildex.rules.fast import FastPCD
from tildex.rules.lengths import LengthTempering
from tildex.rules.nested import Nested
from tildex.rules.reconstruction import Reconstruction
from tildex.rules.sparse import SparseReconstruction
from tildex.rules.supervised import Supervised
from tildex.rules.tempering import ParallelTempering
from tildex.rules.trajectory import TrajectoryTempering
from tildex.rules.up_down import UpDown
from tildex.rules.variational import Variational
from tildex.rules.watch import watch, watch_due, watched

__all__ = [
    "CD",
    "ELBO",
    "PCD",
    "FastPCD",
    "LengthTempering",
    "Nested",
    "ParallelTempering",
    "Reconstruction",
    "Rule",
    "SparseReconstruction",
    "Supervised",
    "TrajectoryTempering",
    "UpDown",
    "Variational",
    "importance_weighted_bound",
    "watch",
    "watch_due",
    "watched",
]
