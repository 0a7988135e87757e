"""The distinct values of one column, whatever it holds."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import InvalidType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def levels(column: Any) -> tuple[Array, Array]:
    """Number the distinct values of a column.

    Parameters
    ----------
    column
        Array ``(n,)`` of any type, or a series of narwhals.

    Returns
    -------
    codes : int32 array (n,)
        Which value each row holds, from 0 in the order of the values, which depends on nothing but
        them. Missing values are one value, the last.
    first : int64 array (n_values,)
        The first row with each value.

    Raises
    ------
    InvalidType
        Values that cannot be told apart, such as lists.

    Examples
    --------
    >>> codes, first = levels(np.array(["b", None, "a", "b"], dtype=object))
    >>> codes.tolist(), first.tolist()
    ([1, 2, 0, 1], [2, 0, 1])
    """
    seen, values = _factorize(column)
    missing = np.array([value != value for value in values.tolist()], bool)  # NaN, NaT
    order = _order(values, missing)
    n_values = int(np.count_nonzero(~missing))
    rank = np.full(len(values) + 1, n_values, np.int32)  # the last place serves -1, a gap
    rank[order[:n_values]] = np.arange(n_values)
    codes = rank[seen]
    first = np.zeros(int(codes.max(initial=-1)) + 1, np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # where one is set twice, the last one stays
    return codes, first


def _factorize(column: Any) -> tuple[Array, Array]:
    """Code of each row in no particular order, -1 for a gap; and the value of each code."""
    import pandas as pd

    native = column if isinstance(column, np.ndarray) else column.to_native()
    if isinstance(native, np.ndarray) and not native.dtype.isnative:
        native = native.astype(native.dtype.newbyteorder("="))
    try:
        if isinstance(native, (np.ndarray, pd.Series)):
            codes, values = pd.factorize(native)
            return np.asarray(codes), _array(values)
        import pyarrow as pa

        stored = column.to_arrow()
        if pa.types.is_dictionary(stored.type):
            stored = stored.dictionary_decode()  # two of its entries may be the same value
        encoded = stored.dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return codes, _array(encoded.dictionary.to_numpy(zero_copy_only=False))
    except (TypeError, NotImplementedError) as error:
        raise InvalidType(
            f"A column of categories must hold plain values, such as words or numbers. {error}"
        ) from error


def _array(values: Any) -> Array:
    found = np.asarray(values)
    return found if found.dtype.kind in "biufM" else np.asarray(values, dtype=object)


def _order(values: Array, missing: Array) -> Array:
    """Places of the values in their order, the missing ones last."""
    known = np.flatnonzero(~missing)
    try:
        known = known[np.argsort(values[known], kind="stable")]
    except TypeError:  # words and numbers side by side
        known = np.array(sorted(known.tolist(), key=lambda place: _key(values[place])), np.int64)
    return np.concatenate([known, np.flatnonzero(missing)])


def _key(value: Any) -> tuple[bool, str, Any]:
    """Numbers by size, then each other type by how it reads."""
    if isinstance(value, Real):
        return False, "", value
    return True, type(value).__name__, str(value)
