"""Work on pieces of large arrays side by side, within the threads that this process was given."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from threadpoolctl import threadpool_info

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")


def threads() -> int:
    """What the linear algebra would use: all cores, or what was set for this process.

    ``OMP_NUM_THREADS`` and threadpoolctl limit it, and so do the workers of joblib: jobs times
    threads stay within the cores.
    """
    return max([pool["num_threads"] for pool in threadpool_info()], default=1)


def side_by_side(work: Callable[[T], Any], parts: Iterable[T]) -> None:
    """Call ``work`` with every part; numpy lets go of the interpreter while it moves numbers.

    Examples
    --------
    >>> done = []
    >>> side_by_side(done.append, range(3))
    >>> sorted(done)
    [0, 1, 2]
    """
    listed = list(parts)
    n = min(threads(), len(listed))
    if n <= 1:
        for part in listed:
            work(part)
        return
    with ThreadPoolExecutor(n) as pool:
        for _ in pool.map(work, listed):
            pass
