"""A model of several labels: its target read from any table, its answers as one array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_consistent_length

from evenkeel._arrays import as_codes
from evenkeel._rows import as_frame, is_sparse, n_rows
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_OWNER = "DecidedMultilabelClassifier"


@dataclass(frozen=True, eq=False)
class LabelModel:
    """An estimator fitted on the labels that vary in its rows, and the value of the others.

    Parameters
    ----------
    estimator
        Fitted classifier of several labels.
    fitted
        Numbers of the labels that it knows, one for each of its columns.
    value
        ``(n_labels,)``: what every row has of a label that does not vary.
    """

    estimator: Any
    fitted: Ints
    value: Floats

    @classmethod
    def fit(cls, estimator: Any, X: Any, table: Ints) -> LabelModel:
        """Fit an estimator in place; ``table`` is ``(n_rows, n_labels)`` of 0 and 1."""
        if not hasattr(estimator, "predict_proba"):
            raise InvalidType(
                f"estimator of {_OWNER} must have predict_proba. {type(estimator).__name__} has none. Wrap it in "
                "sklearn.multiclass.OneVsRestClassifier around a classifier that has it."
            )
        varies = np.flatnonzero(np.ptp(table, axis=0))
        if not varies.size:
            raise InvalidInput(
                "Each fold must train on a label that varies. Got none in one fold. Use fewer folds."
            )
        # Of one label some estimators want a column and others refuse it; all take it twice.
        fitted = np.repeat(varies, 2) if varies.size == 1 else varies
        return cls(estimator.fit(X, table[:, fitted]), fitted, table[0].astype(np.float64))

    def one_thread(self) -> LabelModel:
        """The same, scoring in one thread: some forests add up their trees as threads finish."""
        names = self.estimator.get_params()
        self.estimator.set_params(**{k: 1 for k in names if k.rpartition("__")[2] == "n_jobs"})
        return self

    def scores(self, X: Any) -> Floats:
        """``(n_rows, n_labels)``: probability of each label, as the estimator gives it."""
        found = self.estimator.predict_proba(X)
        if isinstance(found, list):
            found = np.stack([np.asarray(each)[:, 1] for each in found], axis=1)
        found = np.asarray(found, dtype=np.float64)
        if found.shape != (n_rows(X), self.fitted.size):
            raise InvalidInput(
                f"predict_proba of {type(self.estimator).__name__} must give {self.fitted.size} "
                f"labels for {n_rows(X)} rows. Got shape {found.shape}. Wrap it in "
                "sklearn.multioutput.MultiOutputClassifier."
            )
        whole = np.repeat(self.value[None, :], len(found), axis=0)
        whole[:, self.fitted] = found
        return whole


def read_training(X: Any, Y: Any) -> tuple[Any, tuple[Any, ...], Ints]:
    """A table with rows, the names of the labels, and the labels of each row as 0 and 1.

    Y may be an array, a list of rows, a frame, whose columns give the names, or a sparse matrix.

    Raises
    ------
    InvalidInput
        No features, Y missing, of another shape or length, with other values than 0 and 1, or
        without a label that varies.

    Examples
    --------
    >>> read_training([[0.5], [0.7]], [[0, 1], [1, 1]])[2].tolist()
    [[0, 1], [1, 1]]
    """
    if not hasattr(X, "__len__") and not hasattr(X, "shape"):
        X = np.asarray(X)
    shape: tuple[int, ...] = getattr(X, "shape", ())
    if len(shape) == 2 and shape[1] == 0:
        raise InvalidInput(
            f"X of {_OWNER} has 0 feature(s) (shape={tuple(shape)}) while a minimum of 1 is required."
        )
    if Y is None:
        raise InvalidInput(f"{_OWNER} requires y to be passed, but the target y is None.")
    frame = as_frame(Y)
    table = Y.toarray() if is_sparse(Y) else np.asarray(Y) if frame is None else frame.to_numpy()
    if table.ndim != 2 or not table.size:
        raise InvalidInput(
            f"Y of {_OWNER} must have shape (n_rows, n_labels), with a column of 0 and 1 for each "
            f"label. Got {table.shape}. For one label use DecidedClassifier."
        )
    check_consistent_length(X, table)
    codes = as_codes(table, owner=_OWNER, name="Y", n_classes=2)
    if not np.ptp(codes, axis=0).any():
        raise InvalidInput(
            f"Y of {_OWNER} must hold a label that some rows carry and others do not. Got one class "
            f"for each label in {n_rows(X):,} rows."
        )
    return X, tuple(range(codes.shape[1])) if frame is None else tuple(frame.columns), codes
