"""Matrix products: on a CPU, the fastest library with float32 accuracy.

On some CPUs torch's default library reaches half the speed of oneDNN, which torch includes and uses if allowed to
compute in bfloat16. On hardware without fast bfloat16, oneDNN then still computes in float32; one trial product
checks this, and if accuracy would suffer nothing is changed.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
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
    with contextlib.ExitStack() as stack:
        if largest < _WORTH_A_THREAD:
            stack.enter_context(_ONE_THREAD.on())
        if _fast_is_accurate():
            stack.enter_context(_ONEDNN.on())
        yield


def autocast(device: torch.device, dtype: torch.dtype) -> contextlib.AbstractContextManager[Any]:
    """Return a context in which products are computed in ``dtype``: in bfloat16 with float32 weights, or unchanged."""
    if dtype is torch.bfloat16:
        return torch.autocast(device.type, dtype)
    return contextlib.nullcontext()


class _Switch:
    """A setting of the whole process, held while any thread is in a block: the first changes it, the last restores it.

    Blocks of several threads overlap in any order; if each restored what it found, one would restore what another had
    set.
    """

    def __init__(self, read: Callable[[], Any], write: Callable[[Any], None], value: Any) -> None:
        self.read, self.write, self.value = read, write, value
        self.lock = threading.Lock()
        self.inside = 0

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Hold the setting at its value."""
        with self.lock:
            if self.inside == 0:
                self.before = self.read()
                self._set(self.value)
            self.inside += 1
        try:
            yield
        finally:
            with self.lock:
                self.inside -= 1
                # Whatever someone else has set in the meantime stays.
                if self.inside == 0 and self.read() == self.value:
                    self._set(self.before)

    def _set(self, value: Any) -> None:
        if self.read() != value:
            self.write(value)


def _matmul() -> Any:
    return torch.backends.mkldnn.matmul  # type: ignore[attr-defined]


_ONE_THREAD = _Switch(torch.get_num_threads, torch.set_num_threads, 1)
_ONEDNN = _Switch(
    lambda: _matmul().fp32_precision, lambda value: setattr(_matmul(), "fp32_precision", value), "bf16"
)


@functools.cache
def _fast_is_accurate() -> bool:
    if not hasattr(torch.backends.mkldnn, "matmul") or not torch.backends.mkldnn.is_available():
        return False
    a = torch.linspace(-1, 1, 64 * 512).sin().view(64, 512)
    exact = a.double() @ a.double().t()
    with _ONEDNN.on():
        error = (a @ a.t() - exact).norm() / exact.norm()
    # float32 leaves about 3e-7, bfloat16 about 3e-3.
    return bool(error < 3e-6)
