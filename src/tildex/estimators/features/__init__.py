"""Transformers from pictures and sounds to features."""
