"""Boltzmann machines: restricted Boltzmann machines, deep belief networks, deep Boltzmann machines."""
