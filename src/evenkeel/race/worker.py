"""A worker runs one trial at a time; what every backend offers, and how many there may be here."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from evenkeel.errors import EvenkeelWarning
from evenkeel.race.exits import by_signal, left
from evenkeel.race.memory import memory_limit

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

ALONE, FREELY, NEVER = "alone", "freely", "never"
TOO_LONG, TOO_LARGE, DIED = "took longer than", "ran out of memory", "the process died"


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

    def waits(self) -> str:
        """What it lacks to come up, for the user; empty when it is up, or on its way."""

    def submit(self, trial: Any) -> Future[Any]:
        """Begin a trial; asked for only when the one before is over."""

    def death(self, error: BaseException) -> Died | None:
        """What an error of a future tells about the worker; None when the worker is well."""

    def stop(self) -> None:
        """End it now, whatever it does."""


def within_cores(jobs: int) -> int:
    """Workers to start on this machine: as many as asked for, and no more than it has processors.

    More would only take one another's turns, and hold the table once more each.
    """
    import joblib

    most: int = joblib.cpu_count()  # of a container, or what a scheduler gave, where that is less
    if jobs > most:
        told = "1 processor" if most == 1 else f"{most:,} processors"
        warnings.warn(
            f"jobs of the race must be at most the processors at hand. Got {jobs:,} for {told}: "
            f"{most:,} will be started.",
            EvenkeelWarning,
            stacklevel=3,
        )
    return min(jobs, most)


def run_within(run: Callable[[Any, Any], Any], trial: Any, shared: Any, memory: int | None) -> Any:
    """Run a trial within a memory limit; called in the worker.

    Returns
    -------
    Any
        The result; a :class:`Died` where its own code asked to leave Python. Passed on, that would
        end the worker, or be taken for the user's own wish.
    """
    try:
        with memory_limit(memory):
            return run(trial, shared)
    except Exception:
        raise
    except BaseException as error:
        if by_signal(error):
            raise
        return Died(left(error), NEVER)
