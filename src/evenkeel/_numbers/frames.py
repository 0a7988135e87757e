"""Numeric columns of frames of pandas, polars and pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._numbers.base import Numbers, settled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]


class Frame(Numbers):
    """Frames of any library that narwhals knows."""

    def __init__(self, frame: Any, labels: Sequence[int] = ()) -> None:
        self.frame = frame
        self.columns: dict[Any, Array] = {}  # numeric columns by name
        self.types: list[np.dtype[Any]] = []  # what each can hold, gaps aside
        self.odd, self.gaps = [], []
        numeric = []
        apart = set(labels)
        columns = zip(frame.columns, frame.iter_columns(), strict=True)
        for position, (name, column) in enumerate(columns):
            if position in apart:
                continue
            dtype = numpy_dtype(column)
            if dtype is None:
                self.odd.append(name)
                continue
            # whole numbers with gaps have no numpy type: they are read as floats with NaN
            gapless = dtype.kind == "f" or not column.is_null().any()
            values = _values(column).astype(dtype if gapless else np.float64, copy=False)
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                self.gaps.append(name)
            self.columns[name] = values
            self.types.append(dtype)
            numeric.append(position)
        self.numeric = np.array(numeric, np.intp)
        kinds = [values.dtype for values in self.columns.values()]
        self.dtype = np.result_type(*kinds) if kinds else np.dtype(np.float64)
        self.width = max(1, len(kinds))

    def _read(self, places: Array) -> Array:
        out = np.empty((len(places), len(self.columns)), self.dtype)
        for j, values in enumerate(self.columns.values()):
            out[:, j] = values[places]
        return out

    def _cut(self, rows: Array) -> None:
        self.columns = {name: values[rows] for name, values in self.columns.items()}

    def _column(self, position: int) -> Any:
        return self.frame[:, position]  # by name, a whole number would be a row

    def settle(self, values: Array) -> Array:
        out = np.empty(values.shape, self.dtype)
        for j, (column, dtype) in enumerate(zip(self.columns.values(), self.types, strict=True)):
            out[:, j] = settled(values[:, j], dtype).astype(column.dtype, copy=False)
        return out

    def write(self, table: Any, made: Iterable[tuple[Array, Array]]) -> Any:
        parts = list(made)
        if not parts:
            return table
        at = np.concatenate([place for place, _ in parts])
        values = np.concatenate([block for _, block in parts])
        new = {
            name: values[:, j].astype(column.dtype)
            for j, (name, column) in enumerate(self.columns.items())
        }
        return _scatter(table, at, new)

    def put(self, table: Any, at: Array, sources: dict[int, Array], origin: Array) -> Any:
        import narwhals as nw

        new = {}
        for position, rows in sources.items():
            whole = np.array(origin)
            whole[at] = rows
            new[self.frame.columns[position]] = self._column(position)[whole]
        if nw.dependencies.is_pandas_dataframe(table):
            out = table.copy(deep=False)
            for name, column in new.items():
                out[name] = column.to_native().set_axis(table.index)
            return out
        frame = nw.from_native(table, eager_only=True)
        return frame.with_columns(*new.values()).to_native()

    def not_finite(self) -> list[Any]:
        return self.gaps


def numpy_dtype(column: Any) -> np.dtype[Any] | None:
    """The numpy type of a numeric column; None for a column of another kind."""
    kind = column.dtype
    if kind.is_numeric() or str(kind) == "Boolean":
        name = "bool" if str(kind) == "Boolean" else str(kind).lower()
        try:
            return np.dtype(name)
        except (TypeError, ValueError):  # decimals, 128-bit integers
            return np.dtype(np.float64)
    if str(kind) == "Object":
        return np.dtype(np.float64) if _holds_numbers(column) else None
    if str(kind) != "Unknown" or column.is_null().all():
        return None
    stored = np.asarray(column.head(0).to_numpy()).dtype  # sparse columns of pandas
    return stored if stored.kind in "biuf" else None


def _holds_numbers(column: Any) -> bool:
    from pandas.api.types import infer_dtype

    numbers = {"floating", "integer", "mixed-integer-float", "boolean"}
    return infer_dtype(column.to_numpy(), skipna=True) in numbers


def _values(column: Any) -> Array:
    values = np.asarray(column.to_numpy())
    if values.dtype == object:
        return np.where(column.is_null().to_numpy(), np.nan, values)
    return values


def _scatter(table: Any, at: Array, new: dict[Any, Array]) -> Any:
    import narwhals as nw

    if nw.dependencies.is_pandas_dataframe(table):
        import pandas as pd

        out = table.copy(deep=False)
        for name, values in new.items():
            column = _with(table[name], at, values)
            out[name] = pd.Series(column, index=table.index, dtype=table[name].dtype)
        return out
    frame = nw.from_native(table, eager_only=True)
    columns = []
    for name, values in new.items():
        made = nw.new_series("made", values, backend=frame.implementation)
        if values.dtype.kind == "f":  # where a parent has a gap, so has its child
            made = made.fill_nan(None)
        columns.append(frame[name].scatter(at, _cast(made, frame[name])))
    return frame.with_columns(*columns).to_native()


def _with(column: Any, at: Array, values: Array) -> Any:
    """The values of a column of pandas with some replaced; all others keep their bits."""
    import pandas as pd

    if isinstance(column.dtype, (np.dtype, pd.SparseDtype)):
        out = column.to_numpy(copy=True)
        out[at] = values
        return out
    # the values of a nullable type beside a gap would pass through floats
    out = column.array.copy()
    gaps = np.isnan(values) if values.dtype.kind == "f" else np.zeros(at.size, bool)
    out[at[~gaps]] = pd.array(values[~gaps]).astype(column.dtype)
    out[at[gaps]] = pd.NA
    return out


def _cast(made: Any, column: Any) -> Any:
    """A series of narwhals in the type of a column; decimals are rounded to its digits."""
    import narwhals as nw

    kind = column.dtype
    if not kind.is_decimal():
        return made.cast(kind)
    native = column.to_native()
    if column.implementation.is_polars():
        cast = made.to_native().round(native.dtype.scale).cast(native.dtype)
    else:
        import pyarrow.compute as pc

        cast = pc.round(made.to_native(), native.type.scale).cast(native.type)
    return nw.from_native(cast, series_only=True)
