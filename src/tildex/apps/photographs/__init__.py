"""Restoration of photographs of any size, tile by tile."""
