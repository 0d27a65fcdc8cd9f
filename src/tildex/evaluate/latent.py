"""How good a code is for what comes after it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tildex.evaluate.estimate import Estimate

__all__ = ["probe_accuracy"]


def probe_accuracy(Z_train: Any, y_train: Any, Z_test: Any, y_test: Any) -> Estimate:
    """Return the accuracy on held-out codes of a logistic regression trained on codes."""
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    probe.fit(np.asarray(Z_train, dtype=float), y_train)
    return Estimate.of(probe.predict(np.asarray(Z_test, dtype=float)) == np.asarray(y_test))
