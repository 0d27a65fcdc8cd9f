"""Corruptions: noise that a model must undo."""

from tildex.corruptions.base import Corruption, Then, per_column
from tildex.corruptions.gaussian_noise import GaussianNoise
from tildex.corruptions.masking import Dropout, Masking
from tildex.corruptions.salt_and_pepper import SaltAndPepper
from tildex.corruptions.to_binary import LogitNoise, StraightThrough

__all__ = [
    "Corruption",
    "Dropout",
    "GaussianNoise",
    "LogitNoise",
    "Masking",
    "SaltAndPepper",
    "StraightThrough",
    "Then",
    "per_column",
]
