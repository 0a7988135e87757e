"""The run directory: written atomically, verified when read, never half there.

Every file is written beside its place and renamed into it. ``run.json`` is written twice: at the
start with ``"state": "running"`` (what a resume compares itself with), and last of all with
``"state": "done"`` and the SHA-256 of every file. A run without that last word is not read as one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import CannotWrite, DamagedRun, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl
    from numpy.typing import NDArray

FORMAT = "evenkeel.run/1"
REWRITTEN = ("report.html", "MODEL_CARD.md", "decision.json")  # later commands may renew these
JOURNAL = "journal"


def new_folder(out: str | Path | None, name: str, *, resume: bool) -> Path:
    """Make the run directory, ``runs/NAME-NUMBER`` unless ``out`` names another.

    Raises
    ------
    InvalidInput
        ``out`` exists and ``resume`` is off, or there is nothing to resume.
    CannotWrite
        The folder cannot be made.
    """
    if resume and out is None:
        raise InvalidInput("resume of run must know the run to go on with: name it with --out.")
    with _plain_write_errors(Path(out or "runs")):
        if out is not None:
            folder = Path(out)
            if resume:
                if not (folder / "run.json").is_file():
                    raise InvalidInput(
                        f"resume of run must go on with a run. {folder} holds none: "
                        "leave --resume out to start one."
                    )
            elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise InvalidInput(
                    f"out of run must be a new folder. {folder} exists: name another with --out, "
                    "or go on with it by --resume."
                )
            folder.mkdir(parents=True, exist_ok=True)
            return folder
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "table"
        root = Path("runs")
        root.mkdir(exist_ok=True)
        taken = [
            int(found[1])
            for path in root.iterdir()
            if (found := re.fullmatch(re.escape(plain) + r"-(\d{1,9})", path.name))
        ]
        number = max(taken, default=0) + 1
        while True:
            folder = root / f"{plain}-{number}"
            try:
                folder.mkdir()
            except FileExistsError:
                number += 1
            else:
                return folder


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step: readers see the old one or the new one, whole."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with _plain_write_errors(path):
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def write_json(path: Path, document: Any) -> None:
    """Write JSON that any reader can take: two spaces, no NaN, a newline at the end."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame as Parquet, in one step."""
    import io

    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    write_bytes(path, buffer.getvalue())


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a table as CSV or Parquet, as the file's name says.

    Raises
    ------
    InvalidInput
        Another kind of file, or a folder that does not exist.
    """
    import io

    kind = path.suffix.lower()
    if kind not in (".csv", ".parquet"):
        raise InvalidInput(f"out must be a .csv or .parquet file. Got {str(path)!r}.")
    if not path.parent.is_dir():
        raise InvalidInput(f"out must lie in a folder that exists. {path.parent} does not.")
    buffer = io.BytesIO()
    if kind == ".csv":
        frame.write_csv(buffer)
    else:
        frame.write_parquet(buffer)
    write_bytes(path, buffer.getvalue())


def read_json(path: Path) -> Any:
    """Read a JSON file of a run.

    Raises
    ------
    DamagedRun
        It is missing, or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DamagedRun(f"{path.parent} is not a finished run: {path.name} is missing.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedRun(f"{path} cannot be read as JSON: {error}.") from error


def seal(folder: Path, run: Mapping[str, Any]) -> None:
    """Close a run: write ``run.json`` with the checksum of every file, drop the journal."""
    files = {
        path.name: _digest(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != "run.json" and not path.name.startswith(".")
    }
    write_json(folder / "run.json", {**run, "format": FORMAT, "state": "done", "files": files})
    shutil.rmtree(folder / JOURNAL, ignore_errors=True)


def open_run(folder: str | Path) -> dict[str, Any]:
    """Read and verify ``run.json`` of a finished run.

    Raises
    ------
    InvalidInput
        There is no such folder.
    DamagedRun
        It is no finished run, or a file was altered or lost.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InvalidInput(f"run of evenkeel must be a run directory. {folder} is not a folder.")
    run = read_json(folder / "run.json")
    if not isinstance(run, dict) or run.get("format") != FORMAT:
        raise DamagedRun(f"{folder / 'run.json'} is not the description of an evenkeel run.")
    if run.get("state") != "done":
        raise DamagedRun(f"{folder} is not finished. Go on with it by --resume --out {folder}.")
    files = run.get("files")
    if not isinstance(files, dict):
        raise DamagedRun(f"{folder / 'run.json'} lists no files.")
    for name, digest in files.items():
        path = folder / Path(name).name
        if not path.is_file():
            raise DamagedRun(f"{folder} is damaged: {name} is missing.")
        if name not in REWRITTEN and _digest(path) != digest:
            raise DamagedRun(f"{folder} is damaged: {name} is not what the run wrote.")
    return run


class Journal:
    """Finished trials on disk, one file each, so that a killed run repeats nothing.

    Parameters
    ----------
    folder
        The run directory.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / JOURNAL

    def add(self, key: str, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep one finished trial."""
        import io

        note = json.dumps({"key": key, "facts": dict(facts)}).encode()
        buffer = io.BytesIO()
        np.savez(buffer, note=np.frombuffer(note, np.uint8), **arrays)  # type: ignore[arg-type]
        with _plain_write_errors(self.folder):
            self.folder.mkdir(exist_ok=True)
        write_bytes(self._path(key), buffer.getvalue())

    def get(self, key: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
        """A finished trial; None when it has not been run, or its file is damaged."""
        try:
            with np.load(self._path(key), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            note = json.loads(arrays.pop("note").tobytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        if note.get("key") != key:
            return None
        return note["facts"], arrays

    def _path(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _plain_write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, CannotWrite):
            raise
        why = {
            errno.ENOSPC: "the disk is full. Free some space",
            errno.EDQUOT: "the disk quota is used up. Free some space",
            errno.EROFS: "the disk is read-only. Name another folder with --out",
            errno.EACCES: "this user may not write there. Name another folder with --out",
            errno.EPERM: "this user may not write there. Name another folder with --out",
        }.get(error.errno or 0, f"{error.strerror or error}. Name another folder with --out")
        raise CannotWrite(f"{path} cannot be written: {why}.") from error
