"""Rules: how a model and a batch become one scalar to descend."""

from tildex.rules.base import Rule
from tildex.rules.contrastive import CD, PCD
from tildex.rules.elbo import ELBO
from tildex.rules.fast import FastPCD
from tildex.rules.importance import IWAE, DReG
from tildex.rules.lengths import LengthTempering
from tildex.rules.multi_prediction import MultiPrediction
from tildex.rules.nested import Nested
from tildex.rules.reconstruction import Reconstruction
from tildex.rules.relaxations import GumbelSoftmax, Relaxation, StraightThrough
from tildex.rules.restoring import Restoring
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
    "IWAE",
    "PCD",
    "DReG",
    "FastPCD",
    "GumbelSoftmax",
    "LengthTempering",
    "MultiPrediction",
    "Nested",
    "ParallelTempering",
    "Reconstruction",
    "Relaxation",
    "Restoring",
    "Rule",
    "SparseReconstruction",
    "StraightThrough",
    "Supervised",
    "TrajectoryTempering",
    "UpDown",
    "Variational",
    "watch",
    "watch_due",
    "watched",
]
