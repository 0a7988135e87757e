"""How much memory a fit needed, where the system tells it, and how much it may take."""

from __future__ import annotations

import ctypes
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_here = threading.local()


def share_process() -> None:
    """Say that this thread runs trials beside others: their peak is one, and nobody's own."""
    _here.shared = True


@contextmanager
def memory_limit(most: int | None) -> Iterator[None]:
    """Let this process take so many bytes on top of what it holds (Linux); then MemoryError.

    The limit is ``RLIMIT_DATA``: private memory that can be written. ``RLIMIT_AS`` would count the
    files of the libraries too, 0.6 GB after the imports, and a table that Ray shares between
    processes. numpy and scikit-learn answer with MemoryError, LightGBM with its own error that
    says bad_alloc; OpenBLAS ends the process, which the race survives.
    """
    if most is None:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = (_status("VmData") or 0) + most
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard < 0 else min(limit, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@contextmanager
def beyond_limit() -> Iterator[None]:
    """Let what the block takes not count against :func:`memory_limit`: libraries, which stay loaded.

    Within a limit that they nearly fill, OpenBLAS would wait for memory for ever.
    """
    if not Path("/proc/self/status").exists():
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if soft == hard:  # no limit of ours
        yield
        return
    before = _status("VmData") or 0
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    try:
        yield
    finally:
        limit = soft + max(0, (_status("VmData") or 0) - before)
        resource.setrlimit(resource.RLIMIT_DATA, (limit if hard < 0 else min(limit, hard), hard))


def reset_peak() -> int | None:
    """Start a new high-water mark of this process (Linux); memory held now, in bytes.

    What the allocator keeps from earlier trials is handed back first: otherwise later trials would
    look cheaper than earlier ones.
    """
    if getattr(_here, "shared", False):
        return None
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    except (OSError, AttributeError):
        return None


def peak_above(before: int | None) -> int | None:
    """Bytes that the process needed since then on top of what it held; None where that is not told."""
    if before is None:
        return None
    peak = _status("VmHWM")
    return None if peak is None else max(0, peak - before)


def _status(name: str) -> int | None:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return None
