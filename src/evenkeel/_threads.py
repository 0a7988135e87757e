"""Work on pieces of large arrays side by side, within the threads that this process was given."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")


def threads() -> int:
    """What the linear algebra would use: all cores, or what was set for this process.

    ``OMP_NUM_THREADS`` and threadpoolctl limit it, and so do the workers of joblib: jobs times
    threads stay within the cores.
    """
    return max([library.num_threads or 1 for library in _pools.libraries()], default=1)


@contextmanager
def limited(most: int | None = None) -> Iterator[None]:
    """Let the linear algebra use at most so many threads, until the last caller has left.

    A library of linear algebra has one number of threads for the whole process. Callers that each
    put back what they found would put back one another's limits; here the first one in notes the
    number, and the last one out restores it. In between, the lowest limit holds.

    Parameters
    ----------
    most
        Threads, at least 1; None sets no limit, and guards the number against libraries that set
        and restore it by themselves.

    Examples
    --------
    >>> before = threads()
    >>> with limited(1):
    ...     threads()
    1
    >>> threads() == before
    True
    """
    own = [(pool, pool.num_threads) for pool in _pools.libraries() if _by_thread(pool)]
    _pools.enter(most)
    try:
        if most is not None:  # OpenMP has a number for each thread, so nobody else's is touched
            for pool, found in own:
                pool.set_num_threads(min(most, found))
        yield
    finally:
        for pool, found in own:
            pool.set_num_threads(found)
        _pools.leave(most)


def side_by_side(work: Callable[[T], Any], parts: Iterable[T]) -> None:
    """Call ``work`` with every part; numpy lets go of the interpreter while it moves numbers.

    Meanwhile the linear algebra uses one thread for each part: its own threads would wait for one
    another, and that takes processor time.

    Examples
    --------
    >>> done = []
    >>> side_by_side(done.append, range(3))
    >>> sorted(done)
    [0, 1, 2]
    """
    listed = list(parts)
    n = min(threads(), len(listed)) if len(listed) > 1 else 1
    if n <= 1:
        for part in listed:
            work(part)
        return

    def alone(part: T) -> None:
        with limited(1):  # here, for OpenMP has a number for each thread
            work(part)

    with limited(1), ThreadPoolExecutor(n) as pool:
        for _ in pool.map(alone, listed):
            pass


class _Pools:
    """The thread pools of the loaded libraries, and the limits on them that are in force."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._found: list[Any] = []
        self._modules = -1
        self._limits: list[int | None] = []
        self._before: list[tuple[Any, int]] = []

    def libraries(self) -> list[Any]:
        """One controller for each library; looked for again only after modules were imported."""
        with self._lock:
            if self._modules != len(sys.modules):
                self._found = ThreadpoolController().lib_controllers
                self._modules = len(sys.modules)
            return self._found

    def enter(self, most: int | None) -> None:
        """Add a limit."""
        with self._lock:
            if not self._limits:
                shared = [pool for pool in self.libraries() if not _by_thread(pool)]
                self._before = [(pool, pool.num_threads) for pool in shared]
            self._limits.append(most)
            self._set()

    def leave(self, most: int | None) -> None:
        """Take a limit back."""
        with self._lock:
            self._limits.remove(most)
            self._set()

    def _set(self) -> None:
        in_force = [limit for limit in self._limits if limit is not None]
        for pool, found in self._before:
            # where nobody limits any more, a higher number was set by somebody else, and stays
            now = pool.num_threads
            _put(pool, min([found, *in_force]) if in_force else max(found, now), now)


def _by_thread(pool: Any) -> bool:
    """Whether each thread has a number of its own."""
    return "openmp" in (pool.user_api, getattr(pool, "threading_layer", ""))


def _put(pool: Any, number: int, now: int) -> None:
    """Set the number of threads of a library, whichever thread was the last to set it."""
    if number == now:
        return
    release = getattr(pool, "clear_controlling_thread", None)  # threadpoolctl 3.8: one thread sets
    if release is None:
        pool.set_num_threads(number)
        return
    release(force=True)
    pool.set_num_threads(number)
    release(force=True)


_pools = _Pools()
