"""Numeric columns of arrays, lists and sparse matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._numbers import base
from evenkeel._rows import take
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[Any]


class Dense(base.Numbers):
    """Arrays and lists of rows."""

    def __init__(self, X: Any) -> None:
        self.values = _as_numbers(X)
        self.width = max(1, int(np.prod(self.values.shape[1:])))
        numeric = self.values.dtype.kind in "biuf"
        self.odd = [] if numeric else list(range(self.values.shape[1]))

    def _read(self, places: Array) -> Array:
        return np.asarray(take(self.values, places))

    def _cut(self, rows: Array) -> None:
        self.values = np.ascontiguousarray(take(self.values, rows))

    def settle(self, values: Array) -> Array:
        return base.settled(values, self.values.dtype).astype(self.values.dtype, copy=False)

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
        step = max(1, base.BLOCK // self.width)
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


class Sparse(base.Numbers):
    """Matrices and arrays of scipy."""

    def __init__(self, X: Any) -> None:
        if X.dtype.kind == "c":
            raise InvalidInput("X must hold real numbers. Complex data not supported.")
        self.values = X.tocsr()
        self.odd = []
        rows, columns = X.shape
        # noise makes rows dense for a moment, so the width may not fall far below the columns
        self.width = max(1, self.values.nnz // max(1, rows), columns // 16)

    def _read(self, places: Array) -> Any:
        return self.values[places]

    def _cut(self, rows: Array) -> None:
        self.values = self.values[rows]

    def settle(self, values: Any) -> Any:
        made = values.tocsr() if hasattr(values, "tocsr") else type(self.values)(values)
        made.data = base.settled(made.data, self.values.dtype).astype(self.values.dtype, copy=False)
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
