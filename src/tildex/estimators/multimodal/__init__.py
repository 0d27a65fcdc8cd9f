"""Several modalities in one deep Boltzmann machine."""
