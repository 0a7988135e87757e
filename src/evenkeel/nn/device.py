"""Where a classifier computes, without leaving a trace in the program around it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from evenkeel._threads import threads
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator


def find_device(name: Any, owner: str) -> torch.device:
    """The device of this name; ``"auto"`` is CUDA where there is one.

    Raises
    ------
    InvalidInput
        No such device, or none in this machine.

    Examples
    --------
    >>> find_device("cpu", "TorchClassifier")
    device(type='cpu')
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        raise InvalidInput(
            f"device of {owner} must be 'auto', 'cpu' or 'cuda'. Got {name!r}."
        ) from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InvalidInput(
            f"device of {owner} must be there. Got {name!r}, but torch finds no CUDA."
        )
    return device


@contextmanager
def apart(device: torch.device, n_jobs: int, seed: int | None = None) -> Iterator[None]:
    """Random state and threads of our own, and the caller's again afterwards.

    Parameters
    ----------
    device
        Its generator is guarded beside that of the CPU.
    n_jobs
        Threads of torch, within what this process may use.
    seed
        Of torch's generators; None leaves them as they stand.
    """
    before = torch.get_num_threads()
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.set_num_threads(max(1, min(n_jobs, threads())))
        try:
            if seed is not None:
                torch.manual_seed(seed)
            yield
        finally:
            torch.set_num_threads(before)
