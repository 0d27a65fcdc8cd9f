"""Photographs of any size, restored tile by tile."""
