"""The run directory: written atomically, verified when read, never half there.

Every file is written beside its place and renamed into it. ``run.json`` is written twice: at the
start with ``"state": "running"`` (what a resume compares itself with), and last of all with
``"state": "done"`` and the SHA-256 of every file. A run without that last word is not read as one.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenkeel.errors import CannotWrite, DamagedRun, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

FORMAT = "evenkeel.run/1"
TOLD = ("report.html", "MODEL_CARD.md")  # only render metrics.json; `report` makes them again
NEEDED = frozenset({"decision.json", "metrics.json", "model.skops"})
NEEDED |= {"predictions_oof.parquet", "predictions_test.parquet"}
AGAIN = "decision.json"  # may be written again, and so holds its own checksum
JOURNAL = "journal"
_BESIDE = re.compile(r"\..+\.[0-9a-f]{8}")  # what a killed write leaves


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
    if out is not None and not str(out).strip():
        raise InvalidInput("out of run must name a folder. Got an empty name.")
    with plain_write_errors(Path(out or "runs")):
        if out is not None:
            return _resumed(Path(out)) if resume else _named(Path(out))
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:100] or "table"
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


def _named(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        if not _untouched(folder):
            raise InvalidInput(
                f"out of run must be a new folder. {folder} exists: name another with --out, "
                "or go on with it by --resume."
            ) from None
    return folder


def _untouched(folder: Path) -> bool:
    """Whether a folder holds nothing but what a run killed at its first step leaves."""
    return folder.is_dir() and all(
        path.name == JOURNAL or _BESIDE.fullmatch(path.name) for path in folder.iterdir()
    )


def _resumed(folder: Path) -> Path:
    if _untouched(folder):
        return folder
    if not (folder / "run.json").is_file():
        raise InvalidInput(
            f"resume of run must go on with a run. {folder} holds none: "
            "leave --resume out to start one."
        )
    run = read_json(folder / "run.json")
    if isinstance(run, dict) and run.get("state") == "done":
        raise InvalidInput(
            f"resume of run must go on with an unfinished run. {folder} is finished and stays as "
            "it is: leave --resume out and name another --out to start a new one."
        )
    return folder


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step: readers see the old one or the new one, whole."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with plain_write_errors(path):
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
    # a file name may hold bytes that are no text: as a backslash escape they are JSON all the same
    write_bytes(path, (text + "\n").encode("utf-8", "backslashreplace"))


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame as Parquet, in one step."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    write_bytes(path, buffer.getvalue())


def read_json(path: Path) -> Any:
    """Read a JSON file of a run.

    Raises
    ------
    DamagedRun
        It is missing, or not JSON.
    """
    if path.is_symlink():
        raise DamagedRun(f"{path} is a link, and a run holds its own files.")
    if not path.is_file():
        raise DamagedRun(f"{path.parent} is not a finished run: {path.name} is missing.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedRun(f"{path} cannot be read as JSON: {error}.") from error


def begin(folder: Path, run: Mapping[str, Any]) -> None:
    """Mark a folder as a run at work: what a resume compares itself with."""
    write_json(folder / "run.json", {**run, "format": FORMAT, "state": "running"})


def seal(folder: Path, run: Mapping[str, Any]) -> None:
    """Close a run: write ``run.json`` with the checksum of every file, drop the journal."""
    for path in folder.iterdir():
        if _BESIDE.fullmatch(path.name):
            path.unlink()
    files = {
        path.name: _digest(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != "run.json" and not path.name.startswith(".")
    }
    write_json(folder / "run.json", {**run, "format": FORMAT, "state": "done", "files": files})
    shutil.rmtree(folder / JOURNAL, ignore_errors=True)


def open_run(folder: str | Path, *, reads: frozenset[str] | None = None) -> dict[str, Any]:
    """Read and verify ``run.json`` of a finished run.

    Parameters
    ----------
    folder
        The run directory.
    reads
        Names of the files to verify; by default all.

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
    no_model = {"model.skops"} if run.get("no_model") else set()
    if not isinstance(files, dict) or not set(files) >= NEEDED - no_model:
        raise DamagedRun(f"{folder / 'run.json'} does not list the files of the run.")
    for name, digest in files.items():
        if reads is None or name in reads:
            _verify(folder, name, digest)
    return run


def _verify(folder: Path, name: str, digest: str) -> None:
    path = folder / name
    if name != path.name or name == "..":
        raise DamagedRun(f"{folder / 'run.json'} lists {name!r}, which is no file of the run.")
    if path.is_symlink():
        raise DamagedRun(f"{folder} is damaged: {name} is a link, and a run holds its own files.")
    if not path.is_file():
        if name in TOLD:
            return
        raise DamagedRun(f"{folder} is damaged: {name} is missing.")
    if name not in (*TOLD, AGAIN) and _digest(path) != digest:
        raise DamagedRun(f"{folder} is damaged: {name} is not what the run wrote.")


def kept_in(folder: Path) -> str:
    """How to go on with a run that stopped.

    >>> kept_in(Path("runs/tx-1"))
    'What is done is kept: go on with the same command and --resume --out runs/tx-1.'
    """
    return f"What is done is kept: go on with the same command and --resume --out {folder}."


def discard(folder: Path) -> None:
    """Take back a run that was started and cannot be made; files that are not ours stay."""
    shutil.rmtree(folder / JOURNAL, ignore_errors=True)
    (folder / "run.json").unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def plain_write_errors(path: Path) -> Iterator[None]:
    """Turn what the system says of a file or folder that cannot be written into a sentence."""
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
