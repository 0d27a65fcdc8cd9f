"""Filling in unknown values: a joint normal density, refined by denoising, and calibrated on hidden cells."""

from tildex.estimators.imputer.imputer import Imputer

__all__ = ["Imputer"]
