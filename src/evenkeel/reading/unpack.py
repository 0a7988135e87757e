"""A path becomes bytes that can be trusted not to fill the memory: nothing is written to disk."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from evenkeel._checks import did_you_mean, listed
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from typing import IO, Protocol

    class Readable(Protocol):
        """Anything that gives bytes piece by piece."""

        def read(self, size: int, /) -> bytes:
            """Up to ``size`` bytes."""


MOST_BYTES = 8 * 2**30
MOST_RATIO = 250  # text compresses 5 to 50 times; a bomb a thousand times and more
FREE_BYTES = 64 * 2**20  # below this size no ratio is suspicious
_CHUNK = 2**20
_TABLE_SUFFIXES = frozenset(
    [
        ".csv",
        ".tsv",
        ".tab",
        ".txt",
        ".data",
        ".dat",
        ".all",
        ".test",
        ".train",
        ".names",
        ".arff",
        ".json",
        ".jsonl",
        ".ndjson",
        ".parquet",
        ".pq",
        ".feather",
        ".arrow",
        ".ipc",
        ".npz",
        ".npy",
    ]
)
_FOREIGN = {
    b"\x28\xb5\x2f\xfd": "a Zstandard file. Unpack it first",
    b"\xfd7zXZ\x00": "an xz file. Unpack it first",
    b"BZh": "a bzip2 file. Unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive. Unpack it first",
    b"Rar!": "a RAR archive. Unpack it first",
    b"\xd0\xcf\x11\xe0": "an Excel workbook. Save the sheet as CSV first",
    b"%PDF": "a PDF. Save the table as CSV first",
    b"SQLite format 3": "a SQLite database. Export the table as CSV or Parquet first",
    b"\x89HDF": "an HDF5 file. Export the table as Parquet first",
    b"\x89PNG": "an image, not a table",
    b"\xff\xd8\xff": "an image, not a table",
    b"\x80\x04": "a Python pickle, which is never loaded. Save the table as Parquet first",
    b"\x80\x05": "a Python pickle, which is never loaded. Save the table as Parquet first",
}


@dataclass(frozen=True)
class Payload:
    """One table as it lies in a file: a path that can be read directly, or bytes unpacked from it."""

    name: str
    path: Path
    content: bytes | None = None
    notes: tuple[str, ...] = field(default=())

    def head(self, n_bytes: int) -> bytes:
        """The first bytes of the table."""
        if self.content is not None:
            return self.content[:n_bytes]
        with self.path.open("rb") as file:
            return file.read(n_bytes)

    def open(self) -> IO[bytes]:
        """The table as a seekable binary file."""
        return self.path.open("rb") if self.content is None else io.BytesIO(self.content)

    def read(self) -> bytes:
        """All bytes of the table."""
        return self.path.read_bytes() if self.content is None else self.content


def existing(path: Path) -> Path:
    """The path when it exists; else an error that names near files beside it."""
    try:
        if path.exists():
            return path
        siblings = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from error
    hint = did_you_mean(path.name, siblings)
    if not hint and not path.parent.is_dir():
        hint = f"The folder {path.parent} does not exist either."
    raise InvalidInput(f"There is no file {path}." + (f" {hint}" if hint else ""))


def unpack(path: Path) -> Payload:
    """Open one file; gzip and zip are unpacked in memory, within limits.

    Raises
    ------
    InvalidInput
        The file is missing, empty, damaged, of a foreign kind, or unpacks to more than is safe.
    """
    if not existing(path).is_file():
        raise InvalidInput(f"{path} is not a regular file. Save the table to one first.")
    try:
        with path.open("rb") as file:
            magic = file.read(16)
            if not magic:
                raise InvalidInput(f"{path} is empty.")
            if magic.startswith(b"\x1f\x8b"):
                name = PurePosixPath(path.name.removesuffix(".gz")).stem
                return _inner(_gunzip(file, path), name, path)
        if magic.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return _unzip(path)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from error
    _refuse_foreign(magic, str(path))
    return Payload(path.stem, path)


def read_limited(stream: Readable, packed: int, what: str) -> bytes:
    """Read to the end, but stop as soon as the output is out of proportion to its packed size."""
    out = io.BytesIO()
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > MOST_BYTES or (size > FREE_BYTES and size > MOST_RATIO * max(packed, 1)):
            raise InvalidInput(
                f"{what} unpacks to more than {size / 2**20:,.0f} MiB from {packed / 2**20:,.2f} MiB, "
                "which looks like a decompression bomb. Unpack it yourself if you trust it."
            )
        out.write(chunk)
    return out.getvalue()


def _gunzip(file: IO[bytes], path: Path) -> bytes:
    file.seek(0)
    packed = path.stat().st_size
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            return read_limited(stream, packed, str(path))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InvalidInput(f"{path} is a damaged gzip file ({error}).") from error


def _unzip(path: Path) -> Payload:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if _is_data(item)]
            names = [item.filename for item in members]
            if names and all(name.endswith(".npy") for name in names):
                return Payload(path.stem, path)
            if "[Content_Types].xml" in names:
                raise InvalidInput(f"{path} is an Office document. Save the sheet as CSV first.")
            if not members:
                raise InvalidInput(f"{path} is a zip archive that holds no file.")
            chosen = max(members, key=lambda item: (_looks_like_table(item), item.file_size))
            inside = PurePosixPath(chosen.filename.replace("\\", "/")).name
            if chosen.flag_bits & 1:
                raise InvalidInput(f"{inside!r} in {path} is encrypted. Unpack it first.")
            if chosen.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise InvalidInput(
                    f"{inside!r} in {path} is packed in a rare way. Unpack it first."
                )
            with archive.open(chosen) as stream:
                content = read_limited(stream, chosen.compress_size, f"{inside!r} in {path}")
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise InvalidInput(f"{path} is a damaged zip archive ({error}).") from error
    others = [PurePosixPath(item.filename).name for item in members if item is not chosen]
    left = f"; left alone: {listed(others)}" if others else ""
    return _inner(content, path.stem, path, (f"read {inside!r} from the zip archive{left}",))


def _is_data(item: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(item.filename.replace("\\", "/")).parts
    hidden = any(part == "__MACOSX" or part.startswith("._") for part in parts)
    return not item.is_dir() and not hidden


def _looks_like_table(item: zipfile.ZipInfo) -> bool:
    return PurePosixPath(item.filename).suffix.lower() in _TABLE_SUFFIXES


def _inner(content: bytes, name: str, path: Path, notes: tuple[str, ...] = ()) -> Payload:
    if not content:
        raise InvalidInput(f"The table packed in {path} is empty.")
    if content.startswith((b"\x1f\x8b", b"PK\x03\x04")) and not _is_npz(content):
        raise InvalidInput(f"{path} is an archive inside an archive. Unpack it first.")
    _refuse_foreign(content[:16], f"The file packed in {path}")
    return Payload(name, path, content, notes)


def _is_npz(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _refuse_foreign(magic: bytes, what: str) -> None:
    for start, words in _FOREIGN.items():
        if magic.startswith(start):
            raise InvalidInput(f"{what} is {words}.")
