"""Matrix products: on a CPU, the fastest library with float32 accuracy.

On some CPUs torch's default library reaches half the speed of oneDNN, which torch includes and uses if allowed to
compute in bfloat16. On hardware without fast bfloat16, oneDNN then still computes in float32; one trial product
checks this, and if accuracy would suffer nothing is changed.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import torch

__all__ = ["autocast", "fast_products"]


# Below this many multiplications a product ends before a second thread has woken up; on busy cores, waiting for that
# thread can take many times as long as the work.
_WORTH_A_THREAD = 1_000_000


@contextlib.contextmanager
def fast_products(device: torch.device, largest: int = _WORTH_A_THREAD) -> Iterator[None]:
    """Make CPU products as fast as float32 accuracy allows, within a ``with`` block.

    Parameters
    ----------
    device : torch.device
        Where they are computed; only a CPU is affected.
    largest : int
        Multiplications in the largest product; small ones use one thread.
    """
    if device.type != "cpu":
        yield
        return
    threads = torch.get_num_threads()
    if largest < _WORTH_A_THREAD and threads > 1:
        torch.set_num_threads(1)
    try:
        with _onednn() if _fast_is_accurate() else contextlib.nullcontext():
            yield
    finally:
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)


def autocast(device: torch.device, dtype: torch.dtype) -> contextlib.AbstractContextManager[Any]:
    """Return a context in which products are computed in ``dtype``: in bfloat16 with float32 weights, or unchanged."""
    if dtype is torch.bfloat16:
        return torch.autocast(device.type, dtype)
    return contextlib.nullcontext()


@contextlib.contextmanager
def _onednn() -> Iterator[None]:
    setting = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = setting.fp32_precision
    setting.fp32_precision = "bf16"
    try:
        yield
    finally:
        setting.fp32_precision = before


@functools.cache
def _fast_is_accurate() -> bool:
    if not hasattr(torch.backends.mkldnn, "matmul") or not torch.backends.mkldnn.is_available():
        return False
    a = torch.linspace(-1, 1, 64 * 512).sin().view(64, 512)
    exact = a.double() @ a.double().t()
    with _onednn():
        error = (a @ a.t() - exact).norm() / exact.norm()
    # float32 leaves about 3e-7, bfloat16 about 3e-3.
    return bool(error < 3e-6)
