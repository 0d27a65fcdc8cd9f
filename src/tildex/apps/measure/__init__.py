"""What trained models are measured by, as tables of values."""
