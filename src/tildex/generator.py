"""The one source of randomness, passed to everything that draws: same seed, same result, with a state that can be
saved.

On a CPU the bits come from numpy's SFC64, several times cheaper than torch's generator; elsewhere from the device's
generator. A Bernoulli draw compares 16 random bits with the probability. These alone would round every probability to
1/65536, so eight more bits, shared by the call, extend them: u is then uniform on multiples of 2^-24, like torch's
float32 uniform numbers, and even rare units fire with their exact probability.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["Generator"]

_LEVELS = 65536.0


class Generator:
    """Random draws on one device from one seed.

    Parameters
    ----------
    seed : int
        Non-negative; the same seed on the same device gives the same draws.
    device : torch.device or str
        Where the draws are made.

    Example
    -------
    >>> import torch
    >>> generator = Generator(0)
    >>> generator.bernoulli(torch.full((2, 3), 0.5)).shape
    torch.Size([2, 3])
    """

    def __init__(self, seed: int, device: torch.device | str = "cpu") -> None:
        self.seed = seed
        self.device = torch.device(device)
        # Orders and splits are drawn here for every device, so that a seed determines one split.
        self._numpy = np.random.Generator(np.random.SFC64(seed))
        self._torch = None if self.device.type == "cpu" else torch.Generator(self.device).manual_seed(seed)

    def bernoulli(self, probability: Tensor) -> Tensor:
        """Return 0 or 1 in the type of ``probability``, each 1 with its probability, to 24 bits on a CPU."""
        if self._torch is not None:
            return torch.bernoulli(probability, generator=self._torch)
        p = probability.detach()
        p = p if p.dtype in (torch.float32, torch.float64) else p.float()
        # In place from here on: a new array per step would cost more than the arithmetic.
        u = self._bits(p.numel()).view(p.shape).to(p.dtype)
        u.add_(_LEVELS / 2 + int(self._numpy.integers(256)) / 256).mul_(1 / _LEVELS)
        return torch.lt(u, p, out=u).to(probability.dtype)

    def uniform(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return uniform numbers in [0, 1)."""
        if self._torch is not None:
            return torch.rand(shape, generator=self._torch, device=self.device, dtype=dtype)
        return torch.from_numpy(self._numpy.random(shape, dtype=np.float32)).to(dtype)

    def normal(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return standard normal numbers."""
        if self._torch is not None:
            return torch.randn(shape, generator=self._torch, device=self.device, dtype=dtype)
        return torch.from_numpy(self._numpy.standard_normal(shape, dtype=np.float32)).to(dtype)

    def normal_like(self, x: Tensor) -> Tensor:
        """Return standard normal numbers in the shape and type of ``x``."""
        return self.normal(*x.shape, dtype=x.dtype)

    def poisson(self, rate: Tensor) -> Tensor:
        """Return Poisson counts in the type of ``rate``."""
        if self._torch is not None:
            return torch.poisson(rate, generator=self._torch)
        return torch.from_numpy(self._numpy.poisson(rate.detach().double().numpy())).to(rate.dtype)

    def binomial(self, n: int, probability: Tensor) -> Tensor:
        """Return the number of successes in ``n`` trials, in the type of ``probability``."""
        if self._torch is not None:
            return torch.binomial(torch.full_like(probability, n), probability, generator=self._torch)
        p = probability.detach().double().numpy()
        return torch.from_numpy(self._numpy.binomial(n, p)).to(probability.dtype)

    def permutation(self, n: int) -> np.ndarray:
        """Return the numbers 0 to n - 1 in random order."""
        return self._numpy.permutation(n)

    def integers(self, high: int, size: int) -> np.ndarray:
        """Return ``size`` integers in [0, high)."""
        return self._numpy.integers(0, high, size)

    def spawn(self) -> Generator:
        """Return a new generator whose seed is drawn from this one."""
        return Generator(int(self._numpy.integers(2**63 - 1)), self.device)

    def get_state(self) -> dict[str, Any]:
        """Return the state that determines the next draw: numbers, lists and tensors."""
        inner = self._numpy.bit_generator.state
        state: dict[str, Any] = {
            "words": [int(word) for word in inner["state"]["state"]],
            "has_uint32": int(inner["has_uint32"]),
            "uinteger": int(inner["uinteger"]),
        }
        if self._torch is not None:
            state["device"] = self._torch.get_state()
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore the state from :meth:`get_state`."""
        self._numpy.bit_generator.state = {
            "bit_generator": "SFC64",
            "state": {"state": np.array(state["words"], dtype=np.uint64)},
            "has_uint32": state["has_uint32"],
            "uinteger": state["uinteger"],
        }
        if self._torch is not None:
            self._torch.set_state(state["device"])

    def _bits(self, n: int) -> Tensor:
        """Return ``n`` integers, uniform on [-32768, 32768)."""
        words = self._numpy.bit_generator.random_raw((n + 3) // 4)
        return torch.from_numpy(words.view(np.int16)[:n])
