"""What the numeric columns of a table answer, whatever the table is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[Any]

BLOCK = 1 << 18  # values worked on in one go: 2 MB stay in a processor's cache


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
    _places: Array | None = None  # where each row stands among those that were kept

    def only(self, rows: Array, n_rows: int) -> Numbers:
        """The same columns with some rows alone, close together, and still read by their numbers."""
        part = copy(self)
        part._cut(rows)
        part._places = np.empty(n_rows, np.intp)
        part._places[rows] = np.arange(len(rows))
        return part

    def read(self, rows: Array) -> Any:
        """Rows as an array ``(n, n_numeric)``, or a CSR matrix."""
        return self._read(rows if self._places is None else self._places[rows])

    @abstractmethod
    def _read(self, places: Array) -> Any:
        """Rows by their place among those that were kept."""

    @abstractmethod
    def _cut(self, rows: Array) -> None:
        """Keep some rows alone."""

    @abstractmethod
    def settle(self, values: Any) -> Any:
        """Values as the table would hold them: rounded to float32, cut to whole numbers, ..."""

    @abstractmethod
    def write(self, table: Any, made: Iterable[tuple[Array, Any]]) -> Any:
        """Put settled values into rows of ``table``, a fresh copy of the same kind; returns it."""

    @abstractmethod
    def not_finite(self) -> list[Any]:
        """Names (or numbers) of numeric columns with missing or infinite values."""


def settled(values: Array, dtype: np.dtype[Any]) -> Array:
    """Values that a column of this type can hold, in their own type; gaps stay gaps."""
    if values.dtype.kind != "f" or dtype.kind == "f":
        return values
    if dtype.kind == "b":
        return np.where(np.isnan(values), values, values >= 0.5)
    info = np.iinfo(dtype)
    return np.asarray(np.trunc(values.clip(info.min, info.max)))
