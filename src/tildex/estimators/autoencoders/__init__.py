"""Autoencoders: linear, plain, sparse, denoising, contractive, dropout, hashing, variational."""
