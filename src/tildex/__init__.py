"""Tildex."""
