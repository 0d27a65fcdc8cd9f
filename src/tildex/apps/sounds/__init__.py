"""A folder of sounds as a map that plays."""
