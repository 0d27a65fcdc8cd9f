"""The Boltzmann machine: layers and couplings, mean field, bounds."""
