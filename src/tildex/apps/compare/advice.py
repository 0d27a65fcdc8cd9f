"""The advice that follows from a table, by a stated rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tildex.apps.compare.row import Row
from tildex.evaluate import Estimate

__all__ = ["CLEAR", "WORTHWHILE", "Advice", "advise"]

CLEAR = 3.0
"""Standard errors by which a difference is clear: the best of ten equal models rarely seems so much better."""

WORTHWHILE = 0.01
"""The least part of PCA's error, or of rows labelled correctly, that a gain must have."""

_LINEAR = "linear"


class Advice(NamedTuple):
    """The model to use, and one sentence."""

    best: str
    sentence: str


def advise(rows: Sequence[Row]) -> Advice:
    """Return the model to use and one sentence of advice.

    The rule: if errors are clearly below PCA's of equal rank, by at least 3 standard errors and one per cent, use the
    simplest model, which is the first in the table, whose error is within one standard error of the lowest; otherwise
    use the linear model. Where PCA's error is 0, the best probe decides, then the best likelihood. Another model is
    named for labels if its probe is clearly above PCA's and that of the model in use, and for sampling if its
    likelihood is clearly above that of every baseline.

    Parameters
    ----------
    rows : sequence of Row
        The table; at least one model has not failed.

    Example
    -------
    >>> rows = [Row(name="PCA", error=Estimate(2.0), ratio=Estimate(1.0)),
    ...         Row(name="deep", model="DeepAutoencoder", error=Estimate(1.5), ratio=Estimate(0.75, 0.05))]
    >>> advise(rows)
    Advice(best='deep', sentence="Use deep: its error is 0.75 of PCA's, 5 standard errors below.")
    """
    models = [row for row in rows if not (row.baseline or row.failed)]
    use, reason = _for_error(models) if any(row.ratio for row in models) else _without_error(models)
    parts = [reason, _for_labels(models, use), _for_sampling(models, use)]
    return Advice(use.name, "; ".join(part for part in parts if part) + ".")


def _for_error(models: Sequence[Row]) -> tuple[Row, str]:
    judged = [row for row in models if row.ratio is not None]
    lowest = min(judged, key=_ratio)
    if not _gains(_below_one(lowest)):
        # Models that were cut short may yet become better.
        when = "in this time" if any(row.stopped_early for row in models) else "here"
        plain = next((row for row in models if row.name == _LINEAR), None)
        if plain is not None:
            return plain, f"PCA is as good as anything {when}: use {plain.name}"
        return lowest, f"PCA is as good as anything {when}: of these models, {lowest.name} comes closest"
    error = lowest.ratio.standard_error if lowest.ratio is not None else 0.0
    near = (row for row in judged if _ratio(row) <= _ratio(lowest) + error and _gains(_below_one(row)))
    use = next(near)
    gain = _below_one(use)
    return use, f"Use {use.name}: its error is {_ratio(use):.2f} of PCA's{_errors(gain, 'below')}"


def _without_error(models: Sequence[Row]) -> tuple[Row, str]:
    """Choose where PCA keeps every column, so that its error is 0."""
    why = "the code is as long as the row, so errors say nothing"
    for gain, of in (("probe_gain", "the best probe"), ("likelihood_gain", "the highest likelihood")):
        judged = [row for row in models if getattr(row, gain) is not None]
        if judged:
            use = max(judged, key=lambda row: getattr(row, gain).value)
            return use, f"Use {use.name}, which has {of}: {why}"
    return models[0], f"Choose fewer units, as {why}"


def _for_labels(models: Sequence[Row], use: Row) -> str:
    judged = [row for row in models if row.probe is not None and _gains(row.probe_gain)]
    if not judged:
        return ""
    best = max(judged, key=_probe)
    value = f"its probe reaches {_probe(best):.3f}{_errors(best.probe_gain, 'above PCA')}"
    error = 0.0 if best.probe is None else best.probe.standard_error
    if use.probe is None or best is use or _probe(best) - _probe(use) < error:
        return value.replace("its probe", "its probe for labels") if use in judged else ""
    return f"for labels use {best.name}: {value}"


def _for_sampling(models: Sequence[Row], use: Row) -> str:
    judged = [
        (row, row.likelihood_gain) for row in models if row.likelihood_gain is not None and row.can_sample
    ]
    if not judged:
        return ""
    best, gain = max(judged, key=lambda pair: pair[1].value)
    if not _clear(gain):
        return "no likelihood is clearly above that of the simple densities"
    whom = "it" if best is use else best.name
    return f"for sampling use {whom}: {gain.value:.3g} nats a row above the best simple density"


def _ratio(row: Row) -> float:
    return float("inf") if row.ratio is None else row.ratio.value


def _probe(row: Row) -> float:
    return float("-inf") if row.probe is None else row.probe.value


def _below_one(row: Row) -> Estimate | None:
    return None if row.ratio is None else Estimate(1 - row.ratio.value, row.ratio.standard_error)


def _clear(gain: Estimate) -> bool:
    return gain.value > 0 and gain.value >= CLEAR * gain.standard_error


def _gains(gain: Estimate | None) -> bool:
    return gain is not None and _clear(gain) and gain.value >= WORTHWHILE


def _errors(gain: Estimate | None, direction: str) -> str:
    if gain is None or not gain.standard_error > 0:
        return ""
    return f", {gain.value / gain.standard_error:.0f} standard errors {direction}"
