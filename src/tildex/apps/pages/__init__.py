"""Shared parts of HTML pages: markup, numbers, cards."""
