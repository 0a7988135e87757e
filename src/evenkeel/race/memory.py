"""How much memory a fit needed, where the system tells it."""

from __future__ import annotations

import ctypes
from pathlib import Path


def reset_peak() -> int | None:
    """Start a new high-water mark of this process (Linux); memory held now, in bytes.

    What the allocator keeps from earlier trials is handed back first: otherwise later trials would
    look cheaper than earlier ones.
    """
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
