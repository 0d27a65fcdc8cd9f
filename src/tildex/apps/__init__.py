"""Applications: what a user does with trained models, whatever trained them.

``measure`` needs no plotting library, ``report`` does; import the one you want.
"""

__all__ = ["measure", "report"]
