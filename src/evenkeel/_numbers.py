"""The numeric columns of any table: read by row as one array, written back in their own types."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import listed
from evenkeel._rows import as_frame, is_sparse
from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[Any]

BLOCK = 1 << 20  # values looked at in one go: 8 MB


class Numbers(ABC):
    """Numeric columns of a table; columns of other kinds are left alone.

    Parameters
    ----------
    X
        The table, ``(n_rows, n_columns)``.

    Attributes
    ----------
    odd
        Names (or numbers) of the columns that are not numeric.
    width
        Values that a row holds when it is read, for sizing blocks of rows; at least 1.
    """

    odd: list[Any]
    width: int

    @abstractmethod
    def read(self, rows: Array) -> Any:
        """Rows as an array ``(n, n_numeric)``, or a CSR matrix."""

    @abstractmethod
    def settle(self, values: Any) -> Any:
        """Values as the table would hold them: rounded to float32, cut to whole numbers, ..."""

    @abstractmethod
    def write(self, table: Any, made: Iterable[tuple[Array, Any]]) -> Any:
        """Put settled values into rows of ``table``, a fresh copy of the same kind; returns it."""

    @abstractmethod
    def not_finite(self) -> list[Any]:
        """Names (or numbers) of numeric columns with missing or infinite values."""


def numbers_of(X: Any) -> Numbers:
    """The numeric columns of a table of any kind."""
    if is_sparse(X):
        return _Sparse(X)
    frame = as_frame(X)
    if frame is not None:
        return _Frame(frame)
    return _Dense(X)


def all_numbers(X: Any, owner: str) -> Numbers:
    """The numeric columns of a table that must have no others, and no gaps.

    Raises
    ------
    DoesNotApply
        Columns that are no numbers, or with missing or infinite values; the message names them
        and says what to use.

    Examples
    --------
    >>> import polars as pl
    >>> all_numbers(pl.DataFrame({"city": ["Oslo"], "age": [4]}), "SMOTE")
    Traceback (most recent call last):
    ...
    evenkeel.errors.DoesNotApply: X of SMOTE must hold numbers only: it measures distances. Got 1 column of another kind: city. Use SMOTENC for mixed columns, SMOTEN for categories alone, or encode them first.
    """
    numbers = numbers_of(X)
    if numbers.odd:
        raise DoesNotApply(
            f"X of {owner} must hold numbers only: it measures distances. Got "
            f"{_columns(numbers.odd)} of another kind: {listed(numbers.odd)}. Use SMOTENC for mixed "
            "columns, SMOTEN for categories alone, or encode them first."
        )
    gaps = numbers.not_finite()
    if gaps:
        raise DoesNotApply(
            f"X of {owner} must hold finite numbers: it measures distances. Got {_columns(gaps)} "
            f"with NaN or infinite values: {listed(gaps)}. Impute them first, for example with "
            "SimpleImputer(add_indicator=True)."
        )
    return numbers


def _columns(names: list[Any]) -> str:
    return f"{len(names):,} column" + ("s" if len(names) > 1 else "")


def _settled(values: Array, dtype: np.dtype[Any]) -> Array:
    """Values that a column of this type can hold, in their own type; gaps stay gaps."""
    if values.dtype.kind != "f" or dtype.kind == "f":
        return values
    if dtype.kind == "b":
        return np.where(np.isnan(values), values, values >= 0.5)
    info = np.iinfo(dtype)
    return np.asarray(np.trunc(values.clip(info.min, info.max)))


class _Dense(Numbers):
    """Arrays and lists of rows."""

    def __init__(self, X: Any) -> None:
        self.values = _as_numbers(X)
        self.width = max(1, int(np.prod(self.values.shape[1:])))
        numeric = self.values.dtype.kind in "biuf"
        self.odd = [] if numeric else list(range(self.values.shape[1]))

    def read(self, rows: Array) -> Array:
        return self.values.take(rows, axis=0)

    def settle(self, values: Array) -> Array:
        return _settled(values, self.values.dtype).astype(self.values.dtype, copy=False)

    def write(self, table: Any, made: Iterable[tuple[Array, Array]]) -> Any:
        for at, values in made:
            if isinstance(table, list):
                for place, row in zip(at.tolist(), values.tolist(), strict=True):
                    table[place] = row
            else:
                table[at] = values
        return table

    def not_finite(self) -> list[int]:
        if self.values.dtype.kind != "f":
            return []
        step = max(1, BLOCK // self.width)
        fine = np.ones(self.values.shape[1:], dtype=bool)
        for start in range(0, len(self.values), step):
            fine &= np.isfinite(self.values[start : start + step]).all(axis=0)
        return sorted(set(np.nonzero(~fine)[0].tolist()))


def _as_numbers(X: Any) -> Array:
    values = np.asarray(X)
    if values.ndim < 2:
        raise InvalidInput(
            f"X must be two-dimensional: rows and columns. Got shape {values.shape}. Reshape your "
            "data with X.reshape(-1, 1) if it is one column, X.reshape(1, -1) if it is one row."
        )
    if values.dtype.kind == "c":
        raise InvalidInput("X must hold real numbers. Complex data not supported.")
    if values.dtype.kind != "O":
        return values
    try:
        return values.astype(np.float64)
    except ValueError:  # words: numeric to nobody, and the caller says which columns
        return values
    except TypeError as error:
        raise InvalidType(f"X must hold plain values. {error}") from error


class _Sparse(Numbers):
    """Matrices and arrays of scipy."""

    def __init__(self, X: Any) -> None:
        if X.dtype.kind == "c":
            raise InvalidInput("X must hold real numbers. Complex data not supported.")
        self.values = X.tocsr()
        self.odd = []
        rows, columns = X.shape
        # noise makes rows dense for a moment, so the width may not fall far below the columns
        self.width = max(1, self.values.nnz // max(1, rows), columns // 16)

    def read(self, rows: Array) -> Any:
        return self.values[rows]

    def settle(self, values: Any) -> Any:
        made = values.tocsr() if hasattr(values, "tocsr") else type(self.values)(values)
        made.data = _settled(made.data, self.values.dtype).astype(self.values.dtype, copy=False)
        return made

    def write(self, table: Any, made: Iterable[tuple[Array, Any]]) -> Any:
        from scipy.sparse import vstack

        parts = list(made)
        if not parts:
            return table
        at = np.concatenate([place for place, _ in parts])
        order = np.arange(table.shape[0])
        order[at] = table.shape[0] + np.arange(at.size)
        stacked = vstack([table, *(values for _, values in parts)], format="csr")
        return stacked[order].asformat(table.format)

    def not_finite(self) -> list[int]:
        wrong = ~np.isfinite(self.values.data)
        return sorted(set(self.values.indices[wrong].tolist()))


class _Frame(Numbers):
    """Frames of any library that narwhals knows."""

    def __init__(self, frame: Any) -> None:
        self.columns: dict[Any, Array] = {}  # numeric columns by name
        self.types: list[np.dtype[Any]] = []  # what each can hold, gaps aside
        self.odd, self.gaps = [], []
        for name, column in zip(frame.columns, frame.iter_columns(), strict=True):
            dtype = _numpy_dtype(column)
            if dtype is None:
                self.odd.append(name)
                continue
            # whole numbers with gaps have no numpy type: they are read as floats with NaN
            gapless = dtype.kind == "f" or not column.is_null().any()
            values = np.asarray(column.to_numpy()).astype(
                dtype if gapless else np.float64, copy=False
            )
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                self.gaps.append(name)
            self.columns[name] = values
            self.types.append(dtype)
        kinds = [values.dtype for values in self.columns.values()]
        self.dtype = np.result_type(*kinds) if kinds else np.dtype(np.float64)
        self.width = max(1, len(kinds))

    def read(self, rows: Array) -> Array:
        out = np.empty((len(rows), len(self.columns)), self.dtype)
        for j, values in enumerate(self.columns.values()):
            out[:, j] = values[rows]
        return out

    def settle(self, values: Array) -> Array:
        out = np.empty(values.shape, self.dtype)
        for j, (column, dtype) in enumerate(zip(self.columns.values(), self.types, strict=True)):
            out[:, j] = _settled(values[:, j], dtype).astype(column.dtype, copy=False)
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

    def not_finite(self) -> list[Any]:
        return self.gaps


def _numpy_dtype(column: Any) -> np.dtype[Any] | None:
    """The numpy type of a numeric column; None for a column of another kind."""
    kind = column.dtype
    if kind.is_numeric() or str(kind) == "Boolean":
        name = "bool" if str(kind) == "Boolean" else str(kind).lower()
        try:
            return np.dtype(name)
        except TypeError:  # decimals, 128-bit integers
            return np.dtype(np.float64)
    if str(kind) != "Unknown" or column.is_null().all():
        return None
    stored = np.asarray(column.head(0).to_numpy()).dtype  # sparse columns of pandas
    return stored if stored.kind in "biuf" else None


def _scatter(table: Any, at: Array, new: dict[Any, Array]) -> Any:
    import narwhals as nw

    if nw.dependencies.is_pandas_dataframe(table):
        import pandas as pd

        out = table.copy(deep=False)
        for name, values in new.items():  # only pandas can name its sparse and nullable types
            column = table[name].to_numpy(copy=True)
            column[at] = values
            out[name] = pd.Series(column, index=table.index, dtype=table[name].dtype)
        return out
    frame = nw.from_native(table, eager_only=True)
    columns = []
    for name, values in new.items():
        made = nw.new_series("made", values, backend=frame.implementation)
        if values.dtype.kind == "f":  # where a parent has a gap, so has its child
            made = made.fill_nan(None)
        columns.append(frame[name].scatter(at, made.cast(frame.schema[name])))
    return frame.with_columns(*columns).to_native()
