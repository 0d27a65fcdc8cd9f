"""Data-parallel training: torch.distributed behind a few functions that do nothing in a single process.

Start the same script with ``torchrun --nproc-per-node 2 script.py``; under SLURM, with ``srun torchrun``.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["all_gather", "all_reduce_mean", "all_reduce_sum", "broadcast", "rank", "world_size"]


@functools.cache
def world_size() -> int:
    """Return the number of processes; the first call in a process started by torchrun joins the group."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or not dist.is_available():
        return 1
    if not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return dist.get_world_size()


@functools.cache
def rank() -> int:
    """Return this process's rank, 0 in a single process."""
    return dist.get_rank() if world_size() > 1 else 0


def all_reduce_sum(tensors: Sequence[Tensor]) -> None:
    """Sum the tensors over all processes in place, in one message."""
    if world_size() == 1:
        return
    flat = torch.cat([t.reshape(-1) for t in tensors])
    dist.all_reduce(flat)
    for t, piece in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
        t.copy_(piece.view_as(t))


def all_reduce_mean(tensors: Sequence[Tensor]) -> None:
    """Replace the tensors with their means over all processes."""
    if world_size() > 1 and tensors:
        all_reduce_sum(tensors)
        torch._foreach_div_(list(tensors), world_size())


def broadcast(tensors: Sequence[Tensor]) -> None:
    """Copy the first process's tensors to every process."""
    if world_size() == 1:
        return
    for t in tensors:
        dist.broadcast(t, src=0)


def all_gather(value: Any) -> list[Any]:
    """Return the values of all processes, in rank order."""
    if world_size() == 1:
        return [value]
    gathered: list[Any] = [None] * world_size()
    dist.all_gather_object(gathered, value)
    return gathered
