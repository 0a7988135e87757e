"""Tables that are already in memory: pandas, polars, pyarrow, numpy, a dict of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    import polars as pl

    Array = np.ndarray[Any, np.dtype[Any]]

_OWNER = "the table"


def from_memory(source: Any) -> pl.DataFrame:
    """Make a polars frame of any table in memory; the source is not changed.

    Parameters
    ----------
    source
        A frame that narwhals knows (pandas, polars, pyarrow, modin, ...), lazy or not; a numpy
        array of shape ``(n_rows, n_columns)``; or a mapping of column name to values.

    Raises
    ------
    InvalidType
        It is none of these.
    InvalidInput
        Its columns cannot be read: repeated names, unequal lengths, objects in cells.

    Examples
    --------
    >>> from_memory({"a": [1, 2], "y": ["no", "yes"]}).shape
    (2, 2)
    """
    import narwhals as nw
    import polars as pl

    if isinstance(source, np.ndarray):
        return from_arrays(source, None)
    if isinstance(source, Mapping):
        return _from_mapping(source)
    if isinstance(source, pl.LazyFrame):
        source = source.collect()
    if isinstance(source, pl.DataFrame):
        return source
    try:
        frame = nw.from_native(source, pass_through=True)
    except nw.exceptions.DuplicateError as error:
        first = str(error).replace("\n", " ")
        raise InvalidInput(f"{_OWNER} must have distinct column names. {first}.") from error
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, nw.DataFrame):
        raise InvalidType(
            f"{_OWNER} must be a path, a data frame, a numpy array or a dict of columns. "
            f"Got {type(source).__name__}."
        )
    names = [str(name) for name in frame.columns]
    again = sorted({name for name in names if names.count(name) > 1})
    if again:
        raise InvalidInput(f"{_OWNER} must have distinct column names. {again[0]!r} comes twice.")
    if frame.implementation.is_pandas():
        return _from_pandas(frame.to_native(), names)
    return frame.to_polars().rename(dict(zip(frame.columns, names, strict=True)))


def from_arrays(table: Array, labels: Array | None) -> pl.DataFrame:
    """A matrix, and labels if there are any, as columns ``column_1``, ... and ``y``.

    >>> from_arrays(np.zeros((2, 1)), np.array([0, 1])).columns
    ['column_1', 'y']
    """
    import polars as pl

    if table.dtype.names:
        return pl.DataFrame({name: _series(table[name]) for name in table.dtype.names})
    if table.ndim != 2:
        raise InvalidInput(
            f"{_OWNER} must have 2 dimensions, rows and columns. Got an array of shape {table.shape}."
        )
    columns = {f"column_{at + 1}": _series(table[:, at]) for at in range(table.shape[1])}
    if labels is not None:
        flat = labels.ravel() if labels.ndim == 2 and labels.shape[1] == 1 else labels
        if flat.ndim != 1 or len(flat) != len(table):
            raise InvalidInput(
                f"y must hold one label for each of the {len(table):,} rows. "
                f"Got an array of shape {labels.shape}."
            )
        columns["y"] = _series(flat)
    return pl.DataFrame(columns)


def _series(values: Array) -> pl.Series:
    import polars as pl

    if values.dtype.kind == "O":
        return _from_objects(values.tolist())
    if values.dtype.kind == "S":
        return pl.Series([value.decode("utf-8", errors="replace") for value in values.tolist()])
    if values.dtype.kind == "U":
        return pl.Series(values.tolist(), dtype=pl.String)
    if values.dtype.kind not in "biufM":
        raise InvalidInput(f"{_OWNER} must hold numbers, text or dates. Got dtype {values.dtype}.")
    if values.dtype == np.float16 or values.dtype.itemsize > 8:
        values = values.astype(np.float64)
    return pl.Series(np.ascontiguousarray(values))


def _from_mapping(source: Mapping[Any, Any]) -> pl.DataFrame:
    import polars as pl

    columns = {}
    for name, values in source.items():
        if isinstance(values, np.ndarray):
            columns[str(name)] = _series(values)
        elif isinstance(values, (list, tuple)):
            columns[str(name)] = _from_objects(list(values))
        else:
            columns[str(name)] = _whole(str(name), values)
    try:
        return pl.DataFrame(columns)
    except pl.exceptions.PolarsError as error:
        lengths = {name: len(column) for name, column in columns.items()}
        raise InvalidInput(f"The columns must have one length. Got {lengths}.") from error


def _whole(name: str, values: Any) -> pl.Series:
    import polars as pl

    try:
        return pl.Series(values)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise InvalidType(
            f"Column {name!r} must be a list, an array or a series. Got {type(values).__name__}."
        ) from error


def _from_objects(values: list[Any]) -> pl.Series:
    """Plain Python values; a mixture of kinds becomes text, as it would in a file."""
    import polars as pl

    missing = [value is None or value is _pandas_na() or value != value for value in values]
    plain = [None if gone else value for gone, value in zip(missing, values, strict=True)]
    kinds = {type(value) for value in plain if value is not None}
    if not kinds <= {int, float} and len(kinds) > 1:
        return pl.Series(
            [None if value is None else str(value) for value in plain], dtype=pl.String
        )
    try:
        return pl.Series(plain, strict=False)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series(
            [None if value is None else str(value) for value in plain], dtype=pl.String
        )


def _pandas_na() -> Any:
    import sys

    pandas = sys.modules.get("pandas")
    return pandas.NA if pandas is not None else None


def _from_pandas(frame: Any, names: list[str]) -> pl.DataFrame:
    """Column by column: one awkward column must not spoil the others."""
    import polars as pl

    columns = {}
    for at, name in enumerate(names):
        values = frame.iloc[:, at]
        if str(values.dtype).startswith("Sparse"):
            values = values.sparse.to_dense()
        if values.dtype == object:
            columns[name] = _from_objects(values.tolist())
            continue
        try:
            columns[name] = pl.from_pandas(values, include_index=False, nan_to_null=True)
        except Exception as error:
            raise InvalidInput(
                f"Column {name!r} of the pandas frame cannot be read: {error}. Convert it to "
                "numbers or text, or drop it."
            ) from error
    return pl.DataFrame(columns)
