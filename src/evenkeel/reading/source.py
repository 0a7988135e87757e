"""Any source, a path or a table in memory, as one frame of all its columns."""

from __future__ import annotations

import glob
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenkeel.errors import InvalidInput
from evenkeel.reading.arff import read_arff
from evenkeel.reading.binary import (
    read_arrow,
    read_json,
    read_numpy,
    read_parquet,
    read_parquet_folder,
)
from evenkeel.reading.memory import from_memory
from evenkeel.reading.text import read_names, read_text
from evenkeel.reading.unpack import existing, unpack
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from evenkeel.reading.unpack import Payload


@dataclass(frozen=True)
class Raw:
    """A table as it was found: all columns, cells not yet cleaned."""

    frame: pl.DataFrame
    name: str
    source: str
    notes: tuple[str, ...] = ()
    decimal_comma: bool = False


def read_source(
    source: Any,
    *,
    names: Sequence[str] | str | Path | None = None,
    header: bool = True,
    known: Sequence[str] | None = None,
) -> Raw:
    """Read a path, a folder, a pattern or a table in memory; the content decides the format.

    Parameters
    ----------
    source
        Path of a text table (any delimiter), Parquet, Arrow, JSON Lines, ARFF, ``.npz`` or ``.npy``
        file, plain or in gzip or zip; a folder or glob pattern of Parquet files; or a frame, an
        array, a dict of columns.
    names
        Column names, or a file of them; they replace those found.
    header
        False: the first row of a text table is data. True: decided by its content.
    known
        The columns of an earlier table, for a text file that has no header.

    Raises
    ------
    InvalidInput
        The source cannot be read as a table with at least one row.
    """
    named = _names(names)
    if isinstance(source, (str, Path)):
        raw = _from_path(source, names=named, header=header, known=known)
    else:
        raw = _renamed(Raw(from_memory(source), "table", _describe(source)), named)
    if not raw.frame.height:
        raise InvalidInput(f"{raw.source} has no rows.")
    if not raw.frame.width:
        raise InvalidInput(f"{raw.source} has no columns.")
    if "" in raw.frame.columns:
        at = raw.frame.columns.index("")
        raw = replace(raw, frame=raw.frame.rename({"": f"column_{at + 1}"}))
    return raw


def _names(names: Sequence[str] | str | Path | None) -> list[str] | None:
    if names is None:
        return None
    if isinstance(names, (str, Path)):
        return read_names(unpack(Path(names).expanduser()))
    return [str(name) for name in names]


def _from_path(
    source: str | Path,
    *,
    names: list[str] | None,
    header: bool,
    known: Sequence[str] | None,
) -> Raw:
    path = Path(source).expanduser()
    text = str(path)
    is_pattern = any(mark in text for mark in "*?[") and not path.exists()
    if is_pattern:
        found = sorted(Path(name) for name in glob.glob(text, recursive=True))
        return _renamed(_folder(path, found), names)
    if existing(path).is_dir():
        return _renamed(_folder(path, sorted(path.rglob("*.parquet"))), names)
    payload = unpack(path)
    kind = _kind(payload)
    if kind in {"text", "arff"}:
        table = (
            read_arff(payload)
            if kind == "arff"
            else read_text(payload, names=names, header=header, known=known)
        )
        raw = Raw(
            table.frame, payload.name, text, (*payload.notes, *table.notes), table.decimal_comma
        )
        return raw if kind == "text" else _renamed(raw, names)
    readers = {"parquet": read_parquet, "arrow": read_arrow, "json": read_json, "numpy": read_numpy}
    frame = readers[kind](payload)
    return _renamed(Raw(frame, payload.name, text, payload.notes), names)


def _folder(path: Path, found: list[Path]) -> Raw:
    is_pattern = not path.is_dir()
    files = [file for file in found if file.is_file() and not file.name.startswith((".", "_"))]
    if not files:
        what = "matches no file" if is_pattern else "is a folder without .parquet files"
        raise InvalidInput(f"{path} {what}. Name a file, or a folder of Parquet files.")
    for file in files:
        if _kind(unpack(file)) != "parquet":
            raise InvalidInput(f"{file} is not a Parquet file; only those are read together.")
    folder = path if not is_pattern else _common_parent(files)
    frame = read_parquet_folder(folder, files)
    return Raw(
        frame, folder.name or "table", str(path), (f"read {plural(len(files), 'Parquet file')}",)
    )


def _common_parent(files: list[Path]) -> Path:
    parent = files[0].parent
    while not all(file.is_relative_to(parent) for file in files):
        parent = parent.parent
    return parent


def _kind(payload: Payload) -> str:
    head = payload.head(1024)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "arrow"
    if head.startswith((b"PK\x03\x04", b"\x93NUMPY")):
        return "numpy"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{") or (start.startswith(b"[") and start[1:].lstrip().startswith(b"{")):
        return "json"
    suffix = payload.path.name.lower()
    is_arff = suffix.endswith((".arff", ".arff.gz")) or start[:9].lower() == b"@relation"
    return "arff" if is_arff else "text"


def _renamed(raw: Raw, names: list[str] | None) -> Raw:
    """Give the columns of a source that names its own columns other names."""
    columns = raw.frame.columns
    if names is None:
        return raw
    if len(names) > len(columns):
        raise InvalidInput(
            f"There are {len(names)} column names, but {raw.source} has {len(columns)} columns."
        )
    new = [*names, *columns[len(names) :]]
    if len(set(new)) < len(new):
        raise InvalidInput(f"The names given and the columns left over in {raw.source} repeat.")
    frame = raw.frame.rename(dict(zip(columns, new, strict=True)))
    return Raw(frame, raw.name, raw.source, raw.notes, raw.decimal_comma)


def _describe(source: Any) -> str:
    kind = type(source)
    return f"a {kind.__module__.split('.')[0]} {kind.__name__}" if kind is not dict else "a dict"
