"""Applications: workflows with trained models, independent of how they were trained.

``measure`` needs no plotting library, ``report`` does; import the one you want.
"""

__all__ = ["measure", "report"]
