"""Pictures and their tags: collections, scores, queries."""
