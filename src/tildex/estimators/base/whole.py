"""Training that happens whole or not at all: an error or an interrupt leaves an estimator as it was before."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import torch

__all__ = ["whole"]

P = ParamSpec("P")
Self = TypeVar("Self")
Result = TypeVar("Result")


def whole(train: Callable[Concatenate[Self, P], Result]) -> Callable[Concatenate[Self, P], Result]:
    """Return a training method after whose failure the estimator is what it was: fitted as before, or not fitted.

    A half-trained model would answer as if nothing had happened. What a checkpoint has written stays, so that the
    training can still resume.
    """

    @functools.wraps(train)
    def safely(self: Self, *arguments: P.args, **settings: P.kwargs) -> Result:
        before = dict(vars(self))
        module = before.get("module_")
        # Training that continues an earlier one changes weights in place.
        weights = {} if module is None else {k: t.clone() for k, t in module.state_dict().items()}
        try:
            return train(self, *arguments, **settings)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            if module is not None:
                # A trainer that was stopped within a pass is in no state to go on from.
                vars(self).pop("_trainer", None)
                with torch.no_grad():
                    module.load_state_dict(weights)
            raise

    return safely
