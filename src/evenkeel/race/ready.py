"""What all remedies of a fold share: the learner's columns, learnt once from training rows."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from evenkeel._rows import take
from evenkeel.learners import Columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.race.trial import Course, Trial


@dataclass(frozen=True)
class Ready:
    """Rows to train on and to score, as numbers and categories."""

    train: Any
    valid: Any


_KEPT_BYTES = 1 << 29  # prepared folds of one repeat are kept while they fit in here
_mine = threading.local()  # of each thread: others may be at another learner or repeat


def seeded(estimator: Any, seed: int) -> Any:
    """A clone with every ``random_state`` set, and one thread: trials run side by side instead.

    Threads that wait for each other inside one fit cost twenty times the time where another
    program shares the processors.
    """
    copy = clone(estimator)
    params = copy.get_params()
    given: dict[str, Any] = {}
    for name in params:
        last = name.rpartition("__")[2]
        if last == "random_state":
            given[name] = seed
        elif last == "n_jobs":
            given[name] = 1
    return copy.set_params(**given)


def columns_before(estimator: Any, seed: int) -> Any:
    """The steps before the last as one transformer; None when there are none."""
    if not isinstance(estimator, Pipeline) or len(estimator.steps) == 1:
        return None
    before = seeded(estimator, seed).steps[:-1]
    first = before[0][1]
    if len(before) > 1:
        return Pipeline(before)
    return None if first in ("passthrough", None) else first


def load_libraries(estimator: Any) -> None:
    """Import what evenkeel's columns step imports on first use: it takes seconds, no trial's own."""
    if isinstance(estimator, Pipeline) and isinstance(estimator.steps[0][1], Columns):
        import_module("skrub")


def ready_rows(
    trial: Trial, course: Course, train: NDArray[Any], valid: NDArray[Any], seed: int
) -> Ready:
    """The rows of a fold after the learner's columns step; those of one repeat are kept."""
    key = (course.token, trial.learner, trial.repeat)
    if getattr(_mine, "key", None) != key:
        _mine.key, _mine.folds = key, {}
    folds: dict[int, Ready] = _mine.folds
    if trial.fold not in folds:
        X_train, X_valid = take(course.X, train), take(course.X, valid)
        columns = columns_before(course.learners[trial.learner], seed)
        if columns is not None:
            X_train, X_valid = columns.fit_transform(X_train), columns.transform(X_valid)
        if (len(folds) + 1) * _size(X_train) > _KEPT_BYTES:
            folds.clear()
        folds[trial.fold] = Ready(X_train, X_valid)
    return folds[trial.fold]


def _size(X: Any) -> int:
    """Bytes of a prepared table, near enough."""
    if hasattr(X, "memory_usage"):
        return int(X.memory_usage(index=False).sum())
    return int(getattr(X, "nbytes", 0))
