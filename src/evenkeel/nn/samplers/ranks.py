"""Which of how many processes this is, and whether all of them sample the same."""

from __future__ import annotations

from typing import Any

import torch.distributed as dist

from evenkeel._checks import check_number
from evenkeel.errors import InvalidInput


def running() -> bool:
    """Whether processes train together."""
    return dist.is_available() and dist.is_initialized()


def shard(num_replicas: int | None, rank: int | None) -> tuple[int, int]:
    """Number of processes, and the place of this one among them.

    Parameters
    ----------
    num_replicas, rank
        As given; None asks ``torch.distributed``, and is 1 and 0 where it does not run.
    """
    if num_replicas is None:
        num_replicas = dist.get_world_size() if running() else 1
    if rank is None:
        rank = dist.get_rank() if running() and num_replicas > 1 else 0
    return num_replicas, rank


def check_shard(num_replicas: int | None, rank: int | None, owner: str) -> None:
    """Raise unless the two that a user gave fit together."""
    if num_replicas is not None:
        check_number(num_replicas, "num_replicas", owner, low=1, whole=True)
    if rank is not None:
        if num_replicas is None:
            raise InvalidInput(
                f"rank of {owner} must come with num_replicas. Got rank={rank} alone. Give both, or "
                "neither for what torch.distributed says."
            )
        check_number(rank, "rank", owner, low=0, high=num_replicas - 1, whole=True)


def agree(facts: dict[str, Any], owner: str) -> None:
    """Raise on every process unless all of them hold the same facts.

    Every process has to call this. Without processes there is nothing to compare.
    """
    if not running():
        return
    found: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(found, facts)
    for name, value in found[0].items():
        values = [other.get(name) for other in found]
        if any(other != value for other in values):
            raise InvalidInput(
                f"{name} of {owner} must be the same on all ranks. Got {values}, rank after rank. "
                "Give each process the same labels, seed and checkpoint, and call set_epoch on all."
            )
