"""What comes into an ensemble, checked without a copy of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from evenkeel._arrays import as_scores
from evenkeel._rows import as_frame
from evenkeel.distribution import encode
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer[Any]]


def checked_table(estimator: Any, X: Any, *, reset: bool) -> Any:
    """The table, with rows and the columns of the fit; a frame as it is, for its members to read.

    Parameters
    ----------
    estimator
        Whose table; its tags say what cells may hold.
    X
        ``(n_rows, n_columns)``.
    reset
        Whether this is the table of a fit.
    """
    if as_frame(X) is not None:
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        if not len(X):
            raise InvalidInput(
                f"X of {type(estimator).__name__} must have rows. Got 0 sample(s) while a minimum of 1 "
                "is required."
            )
        return X
    reads = get_tags(estimator).input_tags
    return validate_data(
        estimator, X, reset=reset,
        dtype=None if reads.string or reads.categorical else "numeric",
        accept_sparse="csr" if reads.sparse else False,
        ensure_all_finite="allow-nan" if reads.allow_nan else True,
    )  # fmt: skip


def check_target(y: Any, owner: str) -> tuple[NDArray[Any], Ints]:
    """Sorted classes ``(n_classes,)`` and the code of each row."""
    if y is None:
        raise InvalidInput(f"{owner} requires y to be passed, but the target y is None.")
    values = column_or_1d(y, warn=True)
    if values.dtype.kind not in "biu":  # whole numbers can only be classes, and need no sorting
        check_classification_targets(values)
    labels, codes = encode(values)
    classes = np.array(labels)
    if classes.size < 2:
        raise InvalidInput(
            f"y of {owner} must hold at least two classes. Got one class. There is nothing to tell apart."
        )
    return classes, codes


def check_weight(sample_weight: Any, n_rows: int, owner: str) -> Floats | None:
    """Row weights as float64, finite and at least 0; None stays None, a number is the same for all."""
    if sample_weight is None:
        return None
    weight = as_scores(sample_weight, owner=owner, name="sample_weight", unit=False)
    if weight.ndim == 0:
        weight = np.full(n_rows, float(weight))
    if weight.shape != (n_rows,):
        raise InvalidInput(
            f"sample_weight of {owner} must have shape ({n_rows},), one for each row. "
            f"Got {weight.shape}."
        )
    if weight.min() < 0.0:
        raise InvalidInput(f"sample_weight of {owner} must not be negative. Got {weight.min():g}.")
    return weight


def only_rows(
    codes: Ints, weight: Floats | None, classes: NDArray[Any], owner: str
) -> tuple[list[Ints], Floats]:
    """Sorted rows of each class that weigh more than 0, and the weight of each class."""
    small = codes.astype(np.int16) if classes.size < 1 << 15 else codes
    order = np.argsort(small, kind="stable")  # a radix sort for 16 bits
    rows_of = np.split(order, np.cumsum(np.bincount(codes, minlength=classes.size))[:-1])
    if weight is not None:
        rows_of = [rows[weight[rows] > 0.0] for rows in rows_of]
    if not any(rows.size for rows in rows_of):
        raise InvalidInput(
            f"sample_weight of {owner} must leave rows with a weight above 0. Got a total weight of 0: "
            "all sample weights are zero."
        )
    for label, rows in zip(classes.tolist(), rows_of, strict=True):
        if not rows.size:
            raise InvalidInput(
                f"sample_weight of {owner} must leave every class a row with a weight above 0. Got none "
                f"for {label!r}: without it fewer than the classes of y remain."
            )
    return list(rows_of), masses_of(rows_of, weight)


def masses_of(rows_of: Sequence[Ints], weight: Floats | None) -> Floats:
    """The weight of each class, ``(n_classes,)``: where rows have none, their number."""
    masses = [rows.size if weight is None else weight[rows].sum() for rows in rows_of]
    return np.array(masses, dtype=np.float64)
