"""Tables for other programs: CSV or Parquet, as the file's name says."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput
from evenkeel.store import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


def check_table_path(path: Path) -> None:
    """Raise unless a table can be written there: the name says what kind, the folder exists.

    Raises
    ------
    InvalidInput
        Another kind of file, or a folder that does not exist.
    """
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise InvalidInput(f"out must be a .csv or .parquet file. Got {str(path)!r}.")
    if not path.parent.is_dir():
        raise InvalidInput(f"out must lie in a folder that exists. {path.parent} does not.")
    if path.is_dir():
        raise InvalidInput(f"out must be a file. {path} is a folder.")


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a table in one step.

    Parameters
    ----------
    frame
        Any columns for Parquet; none that are nested, binary or durations for CSV.
    path
        ``.csv`` or ``.parquet`` file in a folder that exists; an existing file is replaced.

    Raises
    ------
    InvalidInput
        As for :func:`check_table_path`, or columns that a CSV file cannot hold.
    CannotWrite
        The folder or the disk refuses.
    """
    import polars as pl

    check_table_path(path)
    buffer = io.BytesIO()
    if path.suffix.lower() == ".parquet":
        frame.write_parquet(buffer)
    else:
        unfit = [
            f"{name!r} ({dtype})"
            for name, dtype in frame.schema.items()
            if dtype.is_nested() or isinstance(dtype, pl.Binary | pl.Duration | pl.Object)
        ]
        if unfit:
            raise InvalidInput(
                f"out must be a .parquet file to hold {listed(unfit)}. Got {str(path)!r}."
            )
        frame.write_csv(buffer)
    write_bytes(path, buffer.getvalue())
