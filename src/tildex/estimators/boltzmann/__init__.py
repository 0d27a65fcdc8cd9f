"""Boltzmann machines: restricted, belief networks, deep."""
