"""Corruptions: noise that a model must undo."""

from tildex.corruptions.base import Corruption, Then, per_column
from tildex.corruptions.gaussian_noise import GaussianNoise
from tildex.corruptions.masking import Dropout, Masking
from tildex.corruptions.salt_and_pepper import SaltAndPepper
from tildex.corruptions.shift import Shift
from tildex.corruptions.to_binary import BernoulliNoise, LogitNoise

__all__ = [
    "BernoulliNoise",
    "Corruption",
    "Dropout",
    "GaussianNoise",
    "LogitNoise",
    "Masking",
    "SaltAndPepper",
    "Shift",
    "Then",
    "per_column",
]
