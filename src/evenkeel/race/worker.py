"""A worker runs one trial at a time; what every backend offers, and what happens inside one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from evenkeel.race.memory import memory_limit

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

ALONE, FREELY, NEVER = "alone", "freely", "never"


@dataclass(frozen=True)
class Died:
    """A trial that gave nothing, because its worker went.

    Parameters
    ----------
    reason
        What is known, for the table.
    again
        ``"alone"``: once more with nothing beside it, for it may be the cause. ``"freely"``: its
        machine went, and it is not to blame. ``"never"``: it exceeded what it was allowed.
    """

    reason: str
    again: str = ALONE


class Worker(Protocol):
    """Something that runs one trial after the other and can be ended in the middle of one."""

    def ready(self) -> Future[Any]:
        """Done when the worker has what the trials share."""

    def submit(self, trial: Any) -> Future[Any]:
        """Begin a trial; asked for only when the one before is over."""

    def death(self, error: BaseException) -> Died | None:
        """What an error of a future tells about the worker; None when the worker is well."""

    def stop(self) -> None:
        """End it now, whatever it does."""


def run_within(run: Callable[[Any, Any], Any], trial: Any, shared: Any, memory: int | None) -> Any:
    """Run a trial within a memory limit; called in the worker."""
    with memory_limit(memory):
        return run(trial, shared)
