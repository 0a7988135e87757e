"""Processes of this machine, by joblib's loky."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import re
import signal
import sys
from typing import TYPE_CHECKING, Any

from evenkeel.race.worker import DIED, Died, run_within

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

PR_SET_PDEATHSIG = 1

_mine: dict[str, Any] = {}  # what this process, a worker, was started with


class LokyWorker:
    """A process of its own, in a loky pool of one.

    A pool of several breaks as a whole when one of its processes dies, and does not tell which
    trial it was.

    Parameters
    ----------
    run, shared
        Function of a trial and of what the trials share; both are sent once, at the start.
    memory
        Bytes that a trial may take, or None.
    threads
        Threads that a library may use in the process.
    """

    def __init__(
        self, run: Callable[[Any, Any], Any], shared: Any, *, memory: int | None, threads: int
    ) -> None:
        from joblib.externals.loky.process_executor import ProcessPoolExecutor

        limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
        self._pool = ProcessPoolExecutor(
            1,
            initializer=_start,
            initargs=(run, shared, memory, os.getpid()),
            env=limits,
        )

    def ready(self) -> Future[Any]:
        """Done when the worker has what the trials share."""
        future: Future[Any] = self._pool.submit(os.getpid)
        return future

    def waits(self) -> str:
        """Empty: the system gives every process its turn."""
        return ""

    def submit(self, trial: Any) -> Future[Any]:
        """Begin a trial."""
        future: Future[Any] = self._pool.submit(_run, trial)
        return future

    def death(self, error: BaseException) -> Died | None:
        """Which signal or exit code ended the process, as far as loky tells."""
        from concurrent.futures.process import BrokenProcessPool

        if not isinstance(error, BrokenProcessPool):
            return None
        told = re.search(r"\{(.+)\}", str(error))
        code = told[1] if told else "no exit code"
        return Died(f"{DIED} (out of memory?): {code}")

    def stop(self) -> None:
        """Kill the process."""
        self._pool.shutdown(wait=True, kill_workers=True)


def _start(run: Callable[[Any, Any], Any], shared: Any, memory: int | None, parent: int) -> None:
    """Keep what the trials share; leave Ctrl-C to the parent, and die with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.disable()  # loky turns it on; what died is a line of the table
    # loky starts a process anew that grew by 300 MB, as prepared folds may; it has no public switch
    process_executor: Any = sys.modules["joblib.externals.loky.process_executor"]
    process_executor._USE_PSUTIL = False
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # it died before it could be asked
    _mine.update(run=run, shared=shared, memory=memory)


def _run(trial: Any) -> Any:
    return run_within(_mine["run"], trial, _mine["shared"], _mine["memory"])
