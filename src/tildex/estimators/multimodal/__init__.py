"""Several kinds of data in one deep Boltzmann machine."""
