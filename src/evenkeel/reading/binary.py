"""Parquet, Arrow, JSON Lines and numpy files as frames; nothing in them is ever executed."""

from __future__ import annotations

import contextlib
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput
from evenkeel.reading.memory import from_arrays
from evenkeel.reading.unpack import FREE_BYTES, MOST_BYTES, MOST_RATIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import IO, Any

    import polars as pl

    from evenkeel.reading.unpack import Payload

    Array = np.ndarray[Any, np.dtype[Any]]

MOST_CELLS = 2_000_000_000


def read_parquet(payload: Payload) -> pl.DataFrame:
    """Read one Parquet file, after a look at its size in its own metadata."""
    import polars as pl

    with _explained(payload.path, "Parquet"):
        lazy = pl.scan_parquet(
            payload.path if payload.content is None else payload.content, glob=False
        )
        _refuse_huge(lazy, payload.path)
        return lazy.collect()


def read_parquet_folder(folder: Path, files: Sequence[Path]) -> pl.DataFrame:
    """Read the Parquet files of a folder or pattern as one table; `key=value` folders are columns."""
    import polars as pl

    with _explained(folder, "a set of Parquet files"):
        partitioned = any(
            "=" in part for file in files for part in file.relative_to(folder).parts[:-1]
        )
        lazy = pl.scan_parquet(list(files), glob=False, hive_partitioning=partitioned)
        _refuse_huge(lazy, folder)
        return lazy.collect()


def read_arrow(payload: Payload) -> pl.DataFrame:
    """Read an Arrow IPC or Feather file, or an Arrow stream."""
    import polars as pl

    with _explained(payload.path, "Arrow"):
        if payload.head(6) == b"ARROW1":
            return pl.read_ipc(payload.read())
        return pl.read_ipc_stream(payload.read())


def read_json(payload: Payload) -> pl.DataFrame:
    """Read JSON Lines (one object a line), or one JSON array of objects."""
    import polars as pl

    with _explained(payload.path, "JSON Lines"):
        if payload.head(64).lstrip().startswith(b"["):
            return pl.read_json(payload.read(), infer_schema_length=None)
        return pl.read_ndjson(payload.read(), infer_schema_length=None)


def read_numpy(payload: Payload) -> pl.DataFrame:
    """Read an .npz with ``X`` and ``y``, or an .npy with one table; pickled objects are refused.

    The columns of ``X`` are called ``column_1`` and so on, the labels ``y``.

    Raises
    ------
    InvalidInput
        The file is damaged, holds Python objects, declares more than it contains, or it is not
        clear which array is the table.
    """
    try:
        if payload.head(6) == b"\x93NUMPY":
            with payload.open() as file:
                size = len(payload.read())
                return from_arrays(_array(file, size, str(payload.path)), None)
        with payload.open() as file, zipfile.ZipFile(file) as archive:
            return _from_npz(archive, payload.path)
    except InvalidInput:
        raise
    except Exception as error:  # numpy's header parser lets through whatever Python's raises
        raise InvalidInput(f"{payload.path} is a damaged numpy file ({error}).") from error


def _from_npz(archive: zipfile.ZipFile, path: Path) -> pl.DataFrame:
    members = {item.filename.removesuffix(".npy"): item for item in archive.infolist()}
    total = sum(item.file_size for item in members.values())
    packed = sum(item.compress_size for item in members.values())
    if total > MOST_BYTES or (total > FREE_BYTES and total > MOST_RATIO * max(packed, 1)):
        raise InvalidInput(
            f"{path} unpacks to {total / 2**20:,.0f} MiB from {packed / 2**20:,.2f} MiB, which looks "
            "like a decompression bomb. Unpack it yourself if you trust it."
        )
    if {"indices", "indptr", "shape"} <= set(members):
        raise InvalidInput(f"{path} holds a sparse matrix. Save a dense X and y with numpy.savez.")
    lower = {name.lower(): name for name in members}
    table = next((lower[name] for name in ("x", "data", "features") if name in lower), None)
    labels = next((lower[name] for name in ("y", "target", "labels") if name in lower), None)
    if table is None and len(members) - (labels is not None) == 1:
        table = next(name for name in members if name != labels)
    if table is None:
        raise InvalidInput(
            f"{path} must hold the arrays X and y. It holds: {listed(sorted(members))}."
        )
    arrays = {}
    for name in (table, labels):
        if name is not None:
            with archive.open(members[name]) as file:
                arrays[name] = _array(file, members[name].file_size, f"{name!r} in {path}")
    return from_arrays(arrays[table], arrays[labels] if labels else None)


def _array(file: IO[bytes], size: int, what: str) -> Array:
    """One array, once its header agrees with the bytes that are there."""
    version = np.lib.format.read_magic(file)
    read_header = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read_header(file)
    if dtype.hasobject:
        raise InvalidInput(
            f"{what} holds Python objects, which would have to be unpickled; evenkeel never does. "
            "Save numbers or fixed-width text instead."
        )
    if int(np.prod(shape, dtype=object)) * dtype.itemsize > size:
        raise InvalidInput(f"{what} declares {shape} values and holds fewer: it is damaged.")
    file.seek(0)
    array: Array = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _refuse_huge(lazy: pl.LazyFrame, path: Path) -> None:
    import polars as pl

    n_rows = int(lazy.select(pl.len()).collect().item())
    n_columns = len(lazy.collect_schema())
    if n_rows * n_columns > MOST_CELLS:
        raise InvalidInput(
            f"{path} declares {n_rows:,} rows x {n_columns:,} columns, more than the {MOST_CELLS:,} "
            "cells that evenkeel reads. Select the columns or sample the rows first."
        )


@contextlib.contextmanager
def _explained(path: Path, kind: str) -> Iterator[None]:
    """One sentence for whatever a reader says about a damaged file."""
    import polars as pl

    try:
        yield
    except InvalidInput:
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        first = str(error).strip().split("\n", 1)[0].rstrip(".")
        raise InvalidInput(f"{path} cannot be read as {kind}: {first}.") from error
