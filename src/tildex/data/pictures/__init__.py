"""Readers of pictures: single files, folders, tagged pictures and patches."""
