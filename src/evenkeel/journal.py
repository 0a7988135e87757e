"""Finished trials on disk, each with its checksum, and the lock that keeps a second process out."""

from __future__ import annotations

import hashlib
import io
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

import evenkeel
from evenkeel.errors import InvalidInput
from evenkeel.store import JOURNAL, plain_write_errors, write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

LOCK = "lock"
_DIGEST = hashlib.sha256().digest_size


class Journal:
    """Finished trials on disk, one file each, so that a killed run repeats nothing.

    A file is added whole or not at all, and never changed: an ``npz`` of the scores and facts of a
    trial, and behind it the SHA-256 of all bytes before. Whatever fails its checksum, or was made by
    another course or version, is not there.

    Parameters
    ----------
    folder
        The run directory.
    course
        What makes these trials what they are: data, options, versions. Trials noted under another
        course are never given back.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as run:
    ...     with Journal(pathlib.Path(run), course="seed 0") as journal:
    ...         journal.add("smote | 0", {"status": "ok"}, {"proba": np.array([0.25])})
    ...         journal.get("smote | 0"), Journal(pathlib.Path(run)).get("smote | 0")
    (({'status': 'ok'}, {'proba': array([0.25])}), None)
    """

    def __init__(self, folder: Path, *, course: str = "") -> None:
        self.folder = folder / JOURNAL
        self.course = course
        self._lock: int | None = None

    def __enter__(self) -> Journal:
        """Keep other processes out of the run directory until the end of the block.

        The system lets go of the lock when its process ends, however it ends: what a killed one
        leaves holds nobody up.

        Raises
        ------
        InvalidInput
            Another process is at work there.
        CannotWrite
            The folder or the disk refuses.
        """
        with plain_write_errors(self.folder):
            while self._lock is None:
                self.folder.mkdir(exist_ok=True)
                self._lock = self._held()
        with suppress(OSError):  # a full disk: the number is only for the message
            os.truncate(self._lock, 0)
            os.write(self._lock, str(os.getpid()).encode())
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._lock is not None
        with suppress(OSError):  # a folder that became read-only keeps the file, which holds nobody
            (self.folder / LOCK).unlink(missing_ok=True)
            if not any(self.folder.iterdir()):
                self.folder.rmdir()
        os.close(self._lock)
        self._lock = None

    def add(self, key: str, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep one finished trial.

        Raises
        ------
        CannotWrite
            The folder or the disk refuses; no part of the trial is left there.
        """
        note = json.dumps(self._head(key) | {"facts": dict(facts)}).encode()
        buffer = io.BytesIO()
        np.savez(buffer, note=np.frombuffer(note, np.uint8), **arrays)  # type: ignore[arg-type]
        content = buffer.getvalue()
        with plain_write_errors(self.folder):
            self.folder.mkdir(exist_ok=True)
        write_bytes(self._path(key), content + hashlib.sha256(content).digest())

    def get(self, key: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
        """A finished trial; None when it is not there, damaged, or of another course or version."""
        try:
            whole = self._path(key).read_bytes()
        except OSError:
            return None
        content = whole[:-_DIGEST]
        if hashlib.sha256(content).digest() != whole[-_DIGEST:]:
            return None
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            note = json.loads(arrays.pop("note").tobytes())
            head = {name: note[name] for name in self._head(key)}
            facts = dict(note["facts"])
        except Exception:  # noqa: BLE001  (whole, but not ours: the trial runs again)
            return None
        return (facts, arrays) if head == self._head(key) else None

    def _head(self, key: str) -> dict[str, str]:
        return {"key": key, "course": self.course, "version": evenkeel.__version__}

    def _path(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"

    def _held(self) -> int | None:
        """The lock file, open and ours; None when it went away meanwhile."""
        path = self.folder / LOCK
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:
            return None
        try:
            _lock(lock)
            if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
                return lock
        except BlockingIOError:
            pid = os.read(lock, 20).decode("ascii", "replace").strip()
            os.close(lock)
            raise InvalidInput(
                f"out of run must be used by one process at a time. Process {pid or '(starting)'} is at "
                f"work in {self.folder.parent}. Wait for it or stop it, or name another --out."
            ) from None
        os.close(lock)
        return None


def _lock(descriptor: int) -> None:
    """Lock an open file at once or raise BlockingIOError, where the system can lock files."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows: two processes on one folder are told apart by nothing
        return
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        return
