"""Sounds: decoded, or a folder of them."""
