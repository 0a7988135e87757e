"""What the numeric columns of a table answer, whatever the table is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._numbers.levels import levels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[Any]

BLOCK = 1 << 18  # values worked on in one go: 2 MB stay in a processor's cache


class Numbers(ABC):
    """Numeric columns of a table; columns of other kinds are left alone, or read as codes.

    Parameters
    ----------
    X
        The table, ``(n_rows, n_columns)``.
    labels
        Positions of columns that are categories, even where they hold numbers.

    Attributes
    ----------
    odd
        Names (or numbers) of the columns that are neither numeric nor among ``labels``.
    width
        Values that a row holds when it is read, for sizing blocks of rows; at least 1.
    numeric
        Positions of the numeric columns, in the order in which they are read; None for all.
    """

    odd: list[Any]
    width: int
    numeric: Array | None = None
    _places: Array | None = None  # where each row stands among those that were kept
    _kept: Array | None = None
    _known: dict[int, tuple[Array, Array]] | None = None  # levels by position

    def only(self, rows: Array, n_rows: int) -> Numbers:
        """The same columns with some rows alone, close together, and still read by their numbers."""
        part = copy(self)
        part._cut(rows)
        part._kept, part._known = rows, None
        part._places = np.empty(n_rows, np.intp)
        part._places[rows] = np.arange(len(rows))
        return part

    def read(self, rows: Array) -> Any:
        """Rows as an array ``(n, n_numeric)``, or a CSR matrix."""
        return self._read(rows if self._places is None else self._places[rows])

    def place_of(self, position: int) -> int | None:
        """Where a column stands among the numbers that are read; None for one of another kind."""
        if self.numeric is None:
            return position
        found = np.flatnonzero(self.numeric == position)
        return int(found[0]) if found.size else None

    def codes(self, rows: Array, position: int) -> Array:
        """Which value of one column each row holds, ``(n,)``; see :func:`levels`."""
        codes = self._levels(position)[0]
        return codes[rows if self._places is None else self._places[rows]]

    def rows_with(self, codes: Array, position: int) -> Array:
        """A row of the table that holds each coded value, ``(n,)``."""
        first = self._levels(position)[1][codes]
        return first if self._kept is None else self._kept[first]

    def values_of(self, position: int) -> Array:
        """The distinct values of one column, in the order of their codes."""
        column = self._column(position)
        found = column[self.rows_with(np.arange(len(self._levels(position)[1])), position)]
        if isinstance(found, np.ndarray):
            return np.asarray(found)
        if str(found.dtype) == "Categorical":  # pyarrow gives a gap among several chunks a word
            return np.array([*found.to_list(), None], object)[:-1]
        return np.asarray(found.to_numpy())

    def _levels(self, position: int) -> tuple[Array, Array]:
        if self._known is None:
            self._known = {}
        if position not in self._known:
            column = self._column(position)
            self._known[position] = levels(column if self._kept is None else column[self._kept])
        return self._known[position]

    def every(self, n_rows: int) -> Any:
        """All rows of a table of so many, to look at and not to write to."""
        return self.read(np.arange(n_rows))

    @abstractmethod
    def _read(self, places: Array) -> Any:
        """Rows by their place among those that were kept."""

    @abstractmethod
    def _cut(self, rows: Array) -> None:
        """Keep some rows alone."""

    @abstractmethod
    def _column(self, position: int) -> Any:
        """One column as it stands in the table: an array or a series of narwhals, ``(n_rows,)``."""

    @abstractmethod
    def settle(self, values: Any) -> Any:
        """Values as the table would hold them: rounded to float32, cut to whole numbers, ..."""

    @abstractmethod
    def write(self, table: Any, made: Iterable[tuple[Array, Any]]) -> Any:
        """Put settled values into rows of ``table``, a fresh copy of the same kind; returns it."""

    @abstractmethod
    def put(self, table: Any, at: Array, sources: dict[int, Array], origin: Array) -> Any:
        """Copy categories into ``table``, after :meth:`write`; returns it.

        Parameters
        ----------
        table
            Rows ``origin`` of the table that was given, ``(n_out, n_columns)``.
        at
            Places in ``table``, ``(n,)``.
        sources
            By position, the rows whose categories go there, ``(n,)``.
        origin
            The row of the given table that each row of ``table`` was taken from, ``(n_out,)``.
        """

    @abstractmethod
    def not_finite(self) -> list[Any]:
        """Names (or numbers) of numeric columns with missing or infinite values."""


def settled(values: Array, dtype: np.dtype[Any]) -> Array:
    """Values that a column of this type can hold, in their own type; gaps stay gaps."""
    if values.dtype.kind != "f":
        return values
    if dtype.kind == "f":
        return _within(values, dtype) if dtype.itemsize < values.dtype.itemsize else values
    if dtype.kind == "b":
        return np.where(np.isnan(values), values, values >= 0.5)
    info = np.iinfo(dtype)
    top = float(info.max)
    if int(top) > info.max:  # the largest whole number of 64 bits is no float, the next one wraps
        top = float(np.nextafter(top, 0.0))
    return np.asarray(np.trunc(values.clip(info.min, top)))


def _within(values: Array, dtype: np.dtype[Any]) -> Array:
    """Finite values no farther out than a smaller type of floats reaches."""
    top = float(np.finfo(dtype).max)
    if not values.size or bool((np.abs(values) <= top).all()):
        return values
    return np.where(np.isfinite(values), values.clip(-top, top), values)
