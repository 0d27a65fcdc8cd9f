"""Matrix products: on a processor, the library that multiplies fastest at the accuracy of float32.

On some processors torch's default library reaches half the speed of oneDNN, which torch carries too and takes when
it may compute in bfloat16. Where the hardware has no reason to, oneDNN then still computes in float32; a trial product
tells, once, and where accuracy would suffer nothing is changed.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator

import torch

__all__ = ["fast_products"]


@contextlib.contextmanager
def fast_products(device: torch.device) -> Iterator[None]:
    """Let float32 products on a processor take the fastest library of full accuracy, for the length of a block."""
    if device.type != "cpu" or not _fast_is_accurate():
        yield
        return
    setting = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = setting.fp32_precision
    setting.fp32_precision = "bf16"
    try:
        yield
    finally:
        setting.fp32_precision = before


@functools.cache
def _fast_is_accurate() -> bool:
    setting = getattr(torch.backends.mkldnn, "matmul", None)
    if setting is None or not torch.backends.mkldnn.is_available():
        return False
    a = torch.linspace(-1, 1, 64 * 512).sin().view(64, 512)
    exact = a.double() @ a.double().t()
    before = setting.fp32_precision
    setting.fp32_precision = "bf16"
    try:
        error = (a @ a.t() - exact).norm() / exact.norm()
    finally:
        setting.fp32_precision = before
    # float32 leaves about 3e-7, bfloat16 about 3e-3.
    return bool(error < 3e-6)
