"""What all estimators share: training settings, checks, columns, saving."""
