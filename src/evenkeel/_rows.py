"""Rows of any table, picked by number, in and out of the same kind.

Arrays of numpy, lists, sparse matrices of scipy, arrays of pyarrow, and frames and series of pandas,
polars and pyarrow (through narwhals) keep their kind, their column types and, for pandas, the index of the
rows that were picked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import listed
from evenkeel._threads import side_by_side
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Rows = NDArray[np.integer[Any]]

_AT_ONCE = 1 << 18  # values copied in one go


def n_rows(X: Any) -> int:
    """Number of rows.

    Raises
    ------
    InvalidType
        Something without rows, or a lazy frame, whose rows are not known yet.

    Examples
    --------
    >>> n_rows([[1, 2], [3, 4], [5, 6]])
    3
    """
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) > 0:
        return int(shape[0])
    try:
        return len(X)
    except TypeError as error:
        hint = "Call .collect() first. " if hasattr(X, "collect") else ""
        raise InvalidType(
            f"X must be a table in memory: an array, a list of rows, a sparse matrix or a frame. "
            f"Got {type(X).__name__}. {hint}"
        ) from error


def take(X: Any, rows: Rows) -> Any:
    """The given rows in the given order, repeats allowed, as the same kind of table.

    Parameters
    ----------
    X
        Table, or any column that goes with it, ``(n_rows, ...)``.
    rows
        Row numbers ``(n_out,)``, from 0.

    Returns
    -------
    table of the same kind, ``(n_out, ...)``
        A copy. A pandas index follows its rows.

    Examples
    --------
    >>> take(["a", "b", "c"], np.array([2, 0, 0]))
    ['c', 'a', 'a']
    """
    if isinstance(X, np.ndarray):
        # take() is the faster one, but first copies the whole of an array in column order
        return X.take(rows, axis=0) if X.flags.c_contiguous else X[rows]
    if isinstance(X, (list, tuple)):
        return type(X)(X[row] for row in rows.tolist())
    if is_arrow(X):
        return X.take(rows)
    import narwhals as nw

    if nw.dependencies.is_into_dataframe(X) or nw.dependencies.is_into_series(X):
        return nw.from_native(X, eager_only=True, allow_series=True)[rows].to_native()
    found = _indexable(X)[rows]
    return found.asformat(X.format) if is_sparse(X) else found


def take_first(X: Any, rows: Rows, first: int) -> Any:
    """As :func:`take`; of a numeric array only the first rows are sure to be there.

    The rest is left for those who make it.
    """
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "iuf" or not X.flags.c_contiguous:
        return take(X, rows)
    out = np.empty((rows.size, *X.shape[1:]), X.dtype)
    step = max(1, _AT_ONCE // max(1, int(np.prod(X.shape[1:]))))

    def put(start: int) -> None:
        part = slice(start, min(start + step, first))
        np.take(X, rows[part], axis=0, out=out[part], mode="clip")  # no copy on the way

    side_by_side(put, range(0, first, step))
    return out


def has_index(X: Any) -> bool:
    """Whether the rows carry labels of their own: frames and series of pandas."""
    if X is None or isinstance(X, (np.ndarray, list, tuple)):
        return False
    import narwhals as nw

    return bool(nw.dependencies.is_pandas_dataframe(X) or nw.dependencies.is_pandas_series(X))


def fresh_index(X: Any) -> Any:
    """The same table with a pandas index counted anew; other kinds have none and stay as they are."""
    return X.reset_index(drop=True) if has_index(X) else X


def as_frame(X: Any) -> Any | None:
    """A narwhals frame around a frame of any library; None for everything else."""
    if isinstance(X, (np.ndarray, list, tuple)):
        return None
    import narwhals as nw

    return nw.from_native(X, eager_only=True) if nw.dependencies.is_into_dataframe(X) else None


def is_sparse(X: Any) -> bool:
    """Whether the table is a sparse matrix or array of scipy."""
    if isinstance(X, (np.ndarray, list, tuple)):
        return False
    from scipy.sparse import issparse

    return bool(issparse(X))


def is_arrow(X: Any) -> bool:
    """Whether this is an array of pyarrow, whole or in chunks."""
    if isinstance(X, (np.ndarray, list, tuple)):
        return False
    import narwhals as nw

    arrow = nw.dependencies.get_pyarrow()
    return arrow is not None and isinstance(X, (arrow.Array, arrow.ChunkedArray))


def _indexable(X: Any) -> Any:
    if is_sparse(X) and X.format not in {"csr", "csc"}:
        return X.tocsr()
    if not hasattr(X, "__getitem__") or not hasattr(X, "shape"):
        n_rows(X)  # says what a table is, where even that is unknown
        raise InvalidType(
            f"Rows of a {type(X).__name__} cannot be picked. Give an array or a frame."
        )
    return X


def columns_of(X: Any, names: Sequence[str]) -> dict[str, Any] | None:
    """Columns of a frame by name, as arrays; None when none are asked for.

    Raises
    ------
    InvalidInput
        X is no frame, or lacks a column.
    """
    if not names:
        return None
    frame = as_frame(X)
    missing = [name for name in names if frame is None or name not in frame.columns]
    if frame is None or missing:
        raise InvalidInput(
            f"X must hold the cost columns of the policy. It lacks {listed(missing)}. Give a frame "
            "that has them."
        )
    return {name: frame[name].to_numpy() for name in names}
