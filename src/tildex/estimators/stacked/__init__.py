"""Deep autoencoders, classifiers and regressors from stacks."""
