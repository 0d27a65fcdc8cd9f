"""Readers of file formats: arrays, tables, archives."""
