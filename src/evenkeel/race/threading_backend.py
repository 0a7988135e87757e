"""Threads of this process: nothing is copied, and nothing can be limited or killed."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from evenkeel.race.memory import share_process
from evenkeel.race.worker import run_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from evenkeel.race.worker import Died


class ThreadWorker:
    """A thread of its own.

    Parameters
    ----------
    run, shared
        Function of a trial and of what the trials share.
    """

    def __init__(self, run: Callable[[Any, Any], Any], shared: Any) -> None:
        self._run, self._shared = run, shared
        self._pool = ThreadPoolExecutor(1, initializer=share_process)

    def ready(self) -> Future[Any]:
        """Done when the thread runs."""
        return self._pool.submit(int)

    def waits(self) -> str:
        """Empty: there is always another thread."""
        return ""

    def submit(self, trial: Any) -> Future[Any]:
        """Begin a trial."""
        return self._pool.submit(run_within, self._run, trial, self._shared, None)

    def death(self, error: BaseException) -> Died | None:
        """None: a thread dies with its process."""
        return None

    def stop(self) -> None:
        """Wait for the trial at work: threads cannot be ended."""
        self._pool.shutdown(wait=True, cancel_futures=True)
