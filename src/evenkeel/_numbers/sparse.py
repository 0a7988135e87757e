"""Numeric columns of sparse matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._numbers import base
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]


class Sparse(base.Numbers):
    """Matrices and arrays of scipy."""

    def __init__(self, X: Any, labels: Sequence[int] = ()) -> None:
        if X.dtype.kind == "c":
            raise InvalidInput("X must hold real numbers. Complex data not supported.")
        self.values = X.tocsr()
        self.by_column = X.tocsc() if labels else None
        self.odd = []
        rows, columns = X.shape
        self.n_columns = columns
        if labels:
            self.numeric = np.setdiff1d(np.arange(columns), labels)
            self.values = self.values[:, self.numeric]
        # noise makes rows dense for a moment, so the width may not fall far below the columns
        self.width = max(1, self.values.nnz // max(1, rows), columns // 16)

    def _read(self, places: Array) -> Any:
        return self.values[places]

    def _cut(self, rows: Array) -> None:
        self.values = self.values[rows]

    def _column(self, position: int) -> Array:
        assert self.by_column is not None  # only columns among the labels are no numbers
        return np.asarray(self.by_column[:, [position]].toarray()).ravel()

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
        stacked = vstack([table, *(self._widen(values) for _, values in parts)], format="csr")
        return stacked[order].asformat(table.format)

    def _widen(self, values: Any) -> Any:
        """Numeric columns at their places in the table, the others empty."""
        if self.numeric is None:
            return values
        shape = (values.shape[0], self.n_columns)
        return type(values)((values.data, self.numeric[values.indices], values.indptr), shape=shape)

    def put(self, table: Any, at: Array, sources: dict[int, Array], origin: Array) -> Any:
        from scipy.sparse import coo_array

        found = {place: self._column(place)[rows] for place, rows in sources.items()}
        where = np.concatenate([at[values != 0] for values in found.values()])
        column = np.repeat(list(found), [np.count_nonzero(values) for values in found.values()])
        data = np.concatenate([values[values != 0] for values in found.values()])
        labels = coo_array((data, (where, column)), shape=table.shape, dtype=table.dtype)
        return type(table)(table + type(table)(labels))

    def not_finite(self) -> list[int]:
        wrong = np.unique(self.values.indices[~np.isfinite(self.values.data)])
        return [int(place) for place in (wrong if self.numeric is None else self.numeric[wrong])]
