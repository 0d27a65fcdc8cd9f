"""Readers of sounds: single files and folders."""
