"""Labels of any kind to integer codes, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._rows import is_sparse
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

SPAN = 1 << 22  # integer labels spread no wider than this are counted instead of sorted


def encode(y: Any) -> tuple[tuple[Any, ...], Ints]:
    """Sorted classes of a target, and the class of each row as a code.

    ``classes[codes[i]] == y[i]`` for every row ``i``.

    Parameters
    ----------
    y
        Labels ``(n_rows,)`` of any kind: integers, strings, bools, whole floats; a list, an array,
        a series of pandas, polars or pyarrow. A column ``(n_rows, 1)`` and one-hot rows
        ``(n_rows, n_classes)`` are understood as well; the classes of one-hot rows are the numbers
        of their columns.

    Returns
    -------
    classes : tuple
        Distinct labels as plain Python values, sorted.
    codes : int64 array (n_rows,)
        Position of each row's label in ``classes``.

    Raises
    ------
    InvalidInput
        No rows, missing labels, fractions (a continuous target), or several labels for one row.
    InvalidType
        Something that is no array of labels.

    Examples
    --------
    >>> classes, codes = encode(["ham", "spam", "ham"])
    >>> classes, codes.tolist()
    (('ham', 'spam'), [0, 1, 0])
    """
    values = _flat(_as_array(y))
    if values.size == 0:
        raise InvalidInput("y must hold at least one label. Got no rows.")
    if values.dtype.kind == "b":
        return _encode_integers(values.astype(np.int64), as_bool=True)
    if values.dtype.kind in "iu":
        return _encode_integers(values)
    if values.dtype.kind == "f":
        return _encode_floats(values)
    return _encode_objects(values)


def _as_array(y: Any) -> NDArray[Any]:
    if isinstance(y, np.ndarray):
        return y
    if is_sparse(y):  # one-hot rows
        return np.asarray(y.toarray())
    import narwhals as nw

    if nw.dependencies.is_into_series(y):
        series = nw.from_native(y, series_only=True)
        _refuse_missing(int(series.is_null().sum()), len(series))
        return np.asarray(series.to_numpy())
    if nw.dependencies.is_into_dataframe(y):
        return np.asarray(nw.from_native(y, eager_only=True).to_numpy())
    try:
        values = np.asarray(y)
    except ValueError as error:
        raise InvalidType(
            f"y must be a list or array of labels, one for each row. {error}"
        ) from error
    if values.dtype.kind == "U" and not isinstance(y, str):
        # numpy would turn [1, "a"] and ["a", None] into strings without a word
        values = np.empty(len(y), dtype=object)
        values[:] = list(y)
    return values


def _flat(values: NDArray[Any]) -> NDArray[Any]:
    if values.ndim == 1:
        return values
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    if values.ndim != 2:
        raise InvalidInput(
            f"y must be one-dimensional: one label for each row. Got shape {values.shape}."
        )
    one_hot = values.dtype.kind in "biuf" and bool(
        np.all((values == 0) | (values == 1)) and np.all(values.sum(axis=1) == 1)
    )
    if not one_hot:
        raise InvalidInput(
            "y must name one class for each row. Multilabel and multioutput targets are not "
            f"supported. Got shape {values.shape}. Treat one column at a time."
        )
    return np.asarray(values.argmax(axis=1))


def _encode_integers(
    values: NDArray[Any], *, as_bool: bool = False
) -> tuple[tuple[Any, ...], Ints]:
    low, high = int(values.min()), int(values.max())
    if high - low < SPAN:
        # signed types are widened first: int8 holds -100 and 100, but not the 200 between them
        wide = values if values.dtype.kind == "u" else values.astype(np.int64, copy=False)
        shifted = (wide - low if low else wide).astype(np.int64, copy=False)
        present = np.bincount(shifted) > 0
        codes = (np.cumsum(present) - 1)[shifted]
        classes = [int(code) + low for code in np.flatnonzero(present)]
    else:
        found, codes = np.unique(values, return_inverse=True)
        classes = found.tolist()
    labels = tuple(bool(label) if as_bool else label for label in classes)
    return labels, codes.astype(np.int64, copy=False)


def _encode_floats(values: NDArray[Any]) -> tuple[tuple[Any, ...], Ints]:
    _refuse_missing(int(np.isnan(values).sum()), values.size)
    odd = values[~np.isfinite(values) | (values != np.floor(values))]
    if odd.size:
        raise InvalidInput(
            f"y must hold class labels. Got fractions such as {odd[0]:g} (Unknown label type: "
            "continuous). Cut the values into classes first."
        )
    found, codes = np.unique(values, return_inverse=True)
    return tuple(found.tolist()), codes.astype(np.int64)


def _encode_objects(values: NDArray[Any]) -> tuple[tuple[Any, ...], Ints]:
    seen: dict[Any, int] = {}
    try:
        first = np.fromiter(
            (seen.setdefault(label, len(seen)) for label in values.tolist()), np.int64, values.size
        )
    except TypeError as error:
        raise InvalidType(f"y must hold one plain label for each row. {error}.") from error
    gaps = [code for label, code in seen.items() if _is_missing(label)]
    _refuse_missing(int(np.isin(first, gaps).sum()) if gaps else 0, values.size)
    labels = [label.item() if isinstance(label, np.generic) else label for label in seen]
    if all(isinstance(label, float) for label in labels):
        return _encode_floats(values.astype(np.float64))
    try:
        order = sorted(range(len(labels)), key=labels.__getitem__)
    except TypeError:  # labels of several types have no order of their own
        order = sorted(
            range(len(labels)), key=lambda code: (type(labels[code]).__name__, str(labels[code]))
        )
    rank = np.empty(len(labels), np.int64)
    rank[order] = np.arange(len(labels))
    return tuple(labels[code] for code in order), rank[first]


def _is_missing(label: Any) -> bool:
    if label is None:
        return True
    try:
        return bool(label != label)
    except TypeError:  # pandas' NA answers no comparison
        return True


def _refuse_missing(n_missing: int, n_rows: int) -> None:
    if n_missing:
        raise InvalidInput(
            f"y must hold a label for every row. Got {n_missing:,} missing of {n_rows:,}. "
            "Drop these rows, or find their labels."
        )


def positive_last(classes: tuple[Any, ...], codes: Ints) -> tuple[tuple[Any, ...], Ints]:
    """With two classes, the rarer one becomes code 1; a tie and more classes stay as they are.

    Examples
    --------
    >>> classes, codes = positive_last(("fraud", "ok"), np.array([1, 1, 0]))
    >>> classes, codes.tolist()
    (('ok', 'fraud'), [0, 0, 1])
    """
    counts = np.bincount(codes, minlength=len(classes))
    if len(classes) != 2 or counts[1] <= counts[0]:
        return classes, codes
    return classes[::-1], 1 - codes
