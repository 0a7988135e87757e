"""Numeric columns of arrays and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._numbers import base
from evenkeel._rows import take
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]


class Dense(base.Numbers):
    """Arrays and lists of rows."""

    def __init__(self, X: Any, labels: Sequence[int] = ()) -> None:
        self.given = X
        self.raw = _as_array(X)
        self.values, self.numeric, self.odd = _split(self.raw, labels)
        # whole arrays are read as they stand, and cut to the numeric columns row by row
        self.narrow = self.numeric if self.values is self.raw else None
        self.width = max(1, int(np.prod(self.values.shape[1:])))

    def _read(self, places: Array) -> Array:
        rows = np.asarray(take(self.values, places))
        return rows if self.narrow is None else rows[:, self.narrow]

    def every(self, n_rows: int) -> Any:
        if self.narrow is not None or self._places is not None:
            return super().every(n_rows)
        view = self.values.view()  # no copy: large tables are only looked at
        view.flags.writeable = False
        return view

    def _cut(self, rows: Array) -> None:
        self.values = np.ascontiguousarray(take(self.values, rows))

    def _column(self, position: int) -> Array:
        return np.asarray(self.raw[:, position])

    def settle(self, values: Array) -> Array:
        return base.settled(values, self.values.dtype).astype(self.values.dtype, copy=False)

    def write(self, table: Any, made: Iterable[tuple[Array, Array]]) -> Any:
        if isinstance(table, tuple):
            return tuple(self.write(list(table), made))
        memory = table if isinstance(table, list) else np.asarray(table)  # a tensor lends its own
        for at, values in made:
            if isinstance(memory, list):
                self._write_rows(memory, at, values)
            elif self.numeric is None:
                together = (
                    at.size and at[-1] - at[0] + 1 == at.size
                )  # rows that are made come sorted
                memory[slice(at[0], at[-1] + 1) if together else at] = values
            else:
                memory[at[:, None], self.numeric] = values
        return table

    def _write_rows(self, table: list[Any], at: Array, values: Array) -> None:
        for place, row in zip(at.tolist(), values.tolist(), strict=True):
            new = row
            if self.numeric is not None:
                new = list(table[place])
                for position, value in zip(self.numeric.tolist(), row, strict=True):
                    new[position] = value
            table[place] = _row_like(table[place], new)

    def put(self, table: Any, at: Array, sources: dict[int, Array], origin: Array) -> Any:
        if isinstance(table, tuple):
            return tuple(self.put(list(table), at, sources, origin))
        for position, rows in sources.items():
            if not isinstance(table, list):
                np.asarray(table)[at, position] = self.raw[rows, position]
                continue
            for place, row in zip(at.tolist(), rows.tolist(), strict=True):
                new = list(table[place])
                new[position] = self.given[row][position]
                table[place] = _row_like(table[place], new)
        return table

    def not_finite(self) -> list[int]:
        if self.values.dtype.kind != "f":
            return []
        step = max(1, base.BLOCK // self.width)
        fine = np.ones(self.values.shape[1:], dtype=bool)
        for start in range(0, len(self.values), step):
            finite = np.isfinite(self.values[start : start + step])
            if not finite.all():  # column by column takes three times as long
                fine &= finite.all(axis=0)
        wrong = np.unique(np.nonzero(~fine)[0])
        if self.narrow is not None:
            wrong = np.intersect1d(wrong, self.narrow)
        elif self.numeric is not None:
            wrong = self.numeric[wrong]
        return [int(position) for position in wrong]


def _row_like(old: Any, new: list[Any]) -> Any:
    """A made row of the kind that the others are: a list, a tuple, an array."""
    if isinstance(old, np.ndarray):
        return np.array(new, old.dtype)
    return tuple(new) if isinstance(old, tuple) else new


def _as_array(X: Any) -> Array:
    try:
        raw = np.asarray(X)
    except ValueError as error:
        raise InvalidInput(
            f"X must have rows of one length each, with one plain value in each place. {error}"
        ) from error
    except (TypeError, RuntimeError) as error:  # a tensor elsewhere, or with gradients
        raise InvalidType(
            f"X must be a table in memory. Got {type(X).__name__}. {error}"
        ) from error
    if raw.dtype.kind in "US" and isinstance(X, (list, tuple)):
        raw = np.array(X, dtype=object)  # numbers beside words stay numbers
    if raw.ndim < 2:
        raise InvalidInput(
            f"X must be two-dimensional: rows and columns. Got shape {raw.shape}. Reshape your "
            "data with X.reshape(-1, 1) if it is one column, X.reshape(1, -1) if it is one row."
        )
    if raw.dtype.kind == "c":
        raise InvalidInput("X must hold real numbers. Complex data not supported.")
    return raw


def _split(raw: Array, labels: Sequence[int]) -> tuple[Array, Array | None, list[int]]:
    """Numeric values, their positions (None for all), and positions of columns of other kinds."""
    rest = [position for position in range(raw.shape[1]) if position not in set(labels)]
    if raw.dtype.kind in "biuf":
        return raw, np.array(rest, np.intp) if labels else None, []
    if raw.dtype.kind != "O":  # words: numeric to nobody
        return np.empty((len(raw), 0)), np.array([], np.intp), rest
    if not labels and not _has_words(raw):
        try:
            return raw.astype(np.float64), None, []
        except ValueError:
            pass
        except TypeError as error:
            raise InvalidType(f"X must hold plain values. {error}") from error
    found = {position: _floats(raw[:, position], words=bool(labels)) for position in rest}
    columns = {position: values for position, values in found.items() if values is not None}
    values = np.column_stack([*columns.values(), np.empty((len(raw), 0))])
    return values, np.array([*columns], np.intp), [at for at in rest if at not in columns]


def _has_words(values: Array) -> bool:
    """Whether objects are text somewhere: digits in words, such as postcodes, are no numbers."""
    return any(isinstance(value, (str, bytes)) for value in values.ravel().tolist())


def _floats(column: Array, *, words: bool) -> Array | None:
    """Objects as floats, gaps as NaN; None where they are no numbers. Words may be read as such."""
    import pandas as pd

    if not words and _has_words(column):
        return None
    try:
        return np.where(pd.isna(column), np.nan, column).astype(np.float64)
    except ValueError:
        return None
    except TypeError as error:
        raise InvalidType(f"X must hold plain values. {error}") from error
