"""Where trials run: in which workers, and what one trial may take there."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from evenkeel._checks import check_choice, check_number
from evenkeel.errors import InvalidInput, InvalidType

LOCAL = ("loky", "threading")
CLUSTERS = ("ray", "dask")
KILLABLE = ("loky", "ray")  # each trial has a process that can be limited and killed alone


@dataclass(frozen=True)
class Place:
    """Where trials run. Results are the same anywhere, unless a limit ends a trial.

    Parameters
    ----------
    backend
        ``"loky"`` (processes of this machine), ``"threading"`` (threads of this process), ``"ray"``
        or ``"dask"`` (a cluster).
    address
        Of the cluster, as Ray or Dask write it; None takes ``RAY_ADDRESS`` where it is set, and
        starts a cluster on this machine otherwise.
    trial_memory
        Most bytes that a trial may take on top of what its process held before; None for no limit.
    trial_timeout
        Most seconds that a trial may take; None for no limit.

    Raises
    ------
    InvalidInput, InvalidType
        An unknown backend, an address without a cluster, or a limit that cannot be kept there.

    Examples
    --------
    >>> Place("ray", "10.0.0.5:6379").is_cluster
    True
    """

    backend: str = "loky"
    address: str | None = None
    trial_memory: int | None = None
    trial_timeout: float | None = None

    def __post_init__(self) -> None:
        check_choice(self.backend, (*LOCAL, *CLUSTERS), "backend", "the race")
        if self.address is not None and not isinstance(self.address, str):
            raise InvalidType(f"address of the race must be a text. Got {self.address!r}.")
        if self.address is not None and not self.is_cluster:
            raise InvalidInput(
                f"address of the race must go with backend 'ray' or 'dask'. Got {self.address!r} with "
                f"{self.backend!r}. Add --backend ray."
            )
        if self.trial_memory is not None:
            check_number(self.trial_memory, "trial_memory", "the race", low=1 << 20, whole=True)
        if self.trial_timeout is not None:
            check_number(self.trial_timeout, "trial_timeout", "the race", low=0, open_low=True)
        for name in ("trial_memory", "trial_timeout"):
            if getattr(self, name) is not None and self.backend not in KILLABLE:
                raise InvalidInput(
                    f"{name} of the race must go with backend 'loky' or 'ray', where a trial has a "
                    f"process of its own. Got {self.backend!r}."
                )
        if self.trial_memory is not None and sys.platform != "linux":
            raise InvalidInput(
                f"trial_memory of the race must be left out on {sys.platform}: only Linux limits "
                "what a process takes."
            )

    @property
    def is_cluster(self) -> bool:
        """Whether trials leave this machine, or may."""
        return self.backend in CLUSTERS

    @property
    def has_limits(self) -> bool:
        """Whether a trial needs a process that may be ended alone."""
        return self.trial_memory is not None or self.trial_timeout is not None
