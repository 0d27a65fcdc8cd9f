"""Features of pictures and sounds, as transformers."""
