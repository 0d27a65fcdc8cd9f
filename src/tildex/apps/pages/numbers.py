"""Numbers as text: as many digits as the standard error justifies."""

from __future__ import annotations

import math

from tildex.evaluate import Estimate

__all__ = ["counted", "measured", "percent"]

# Rounding error of an exact zero in float32.
_NOTHING = 1e-6


def counted(n: int) -> str:
    """Return a count with thousands separators.

    Example
    -------
    >>> counted(60000)
    '60,000'
    """
    return f"{n:,}"


def measured(estimate: Estimate) -> str:
    """Return a value with its standard error, both rounded to the error's second digit.

    Example
    -------
    >>> measured(Estimate(10.4567, 0.0312)), measured(Estimate(-1234.5, 56.7)), measured(Estimate(2.5))
    ('10.457 ± 0.031', '\N{MINUS SIGN}1,234 ± 57', '2.5')
    """
    value, error = estimate.value, estimate.standard_error
    if abs(value) < _NOTHING and not error > _NOTHING:
        return "0"
    if not math.isfinite(error) or error <= 0:
        return _signed(f"{value:.4g}")
    digits = min(6, max(0, 1 - math.floor(math.log10(error))))
    return f"{_signed(f'{value:,.{digits}f}')} ± {error:,.{digits}f}"


def percent(estimate: Estimate) -> str:
    """Return a share with its standard error, in per cent.

    Example
    -------
    >>> percent(Estimate(0.9526, 0.0112))
    '95.3 ± 1.1 %'
    """
    value, error = 100 * estimate.value, 100 * estimate.standard_error
    return f"{value:.1f} ± {error:.1f} %" if math.isfinite(error) else f"{value:.1f} %"


def _signed(number: str) -> str:
    return number.replace("-", "\N{MINUS SIGN}")
