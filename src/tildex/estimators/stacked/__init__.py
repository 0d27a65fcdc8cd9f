"""Deep autoencoders, classifiers and regressors built from stacks."""
