"""What all estimators share: settings of training, checks, columns, saving."""
