"""Measurements of trained models, as tables of values."""
