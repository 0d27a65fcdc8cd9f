"""Rules for Boltzmann machines."""
