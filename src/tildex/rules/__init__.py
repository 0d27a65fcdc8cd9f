"""Rules: training criteria, which compute one scalar loss from a model and a batch."""

from tildex.rules.base import Rule
from tildex.rules.boltzmann.contrastive import CD, PCD
from tildex.rules.boltzmann.exact import Exact
from tildex.rules.boltzmann.fast import FastPCD
from tildex.rules.boltzmann.length_tempering import LengthTempering
from tildex.rules.boltzmann.multi_prediction import MultiPrediction
from tildex.rules.boltzmann.tempering import ParallelTempering
from tildex.rules.boltzmann.trajectory import TrajectoryTempering
from tildex.rules.boltzmann.up_down import UpDown
from tildex.rules.boltzmann.variational import Variational
from tildex.rules.boltzmann.watch import watch, watch_due, watched
from tildex.rules.elbo import ELBO
from tildex.rules.importance import IWAE, DReG
from tildex.rules.nested import Nested
from tildex.rules.reconstruction import Reconstruction
from tildex.rules.relaxations import GumbelSoftmax, Relaxation, StraightThrough
from tildex.rules.restoring import Restoring
from tildex.rules.sparse import SparseReconstruction
from tildex.rules.supervised import Supervised

__all__ = [
    "CD",
    "ELBO",
    "IWAE",
    "PCD",
    "DReG",
    "Exact",
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
