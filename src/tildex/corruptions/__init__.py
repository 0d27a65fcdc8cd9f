"""Corruptions: noise that a model must undo."""

from tildex.corruptions.base import Corruption, Then, per_column
from tildex.corruptions.gaussian_noise import GaussianNoise
from tildex.corruptions.greyscale import Greyscale
from tildex.corruptions.masking import Dropout, Masking
from tildex.corruptions.mirrored import Mirrored
from tildex.corruptions.missing import Missing
from tildex.corruptions.occlusion import Occlusion
from tildex.corruptions.salt_and_pepper import SaltAndPepper
from tildex.corruptions.shift import Shift
from tildex.corruptions.to_binary import BernoulliNoise, LogitNoise
from tildex.corruptions.turned import Turned
from tildex.corruptions.varying_noise import VaryingNoise

__all__ = [
    "BernoulliNoise",
    "Corruption",
    "Dropout",
    "GaussianNoise",
    "Greyscale",
    "LogitNoise",
    "Masking",
    "Mirrored",
    "Missing",
    "Occlusion",
    "SaltAndPepper",
    "Shift",
    "Then",
    "Turned",
    "VaryingNoise",
    "per_column",
]
