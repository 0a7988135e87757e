"""What all remedies of a fold share: the learner's columns, learnt once, and parts to search on."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from evenkeel._rows import has_index, is_sparse, take
from evenkeel.errors import InvalidInput
from evenkeel.learners import Columns
from evenkeel.race.search import PARTS
from evenkeel.split import in_words, make_folds

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
    """Import what evenkeel's columns step imports on first use: it takes seconds, no trial's own.

    Each OpenBLAS (numpy and scipy have one of their own) takes memory for its work when it is first
    used, and asks for ever where a limit leaves none; polars panics where its threads find none.
    Both happen here, outside the limit of a trial.
    """
    from scipy.linalg import lu

    np.linalg.inv(np.eye(2))
    lu(np.eye(2))
    if isinstance(estimator, Pipeline) and isinstance(estimator.steps[0][1], Columns):
        import_module("skrub")
        import polars as pl

        pl.thread_pool_size()


def ready_rows(
    trial: Trial, course: Course, train: NDArray[Any], valid: NDArray[Any], seed: int
) -> Ready:
    """The rows of a fold after the learner's columns step; those of one repeat are kept.

    What one remedy does to them in place, the next must not see: arrays cannot be written to, and
    of frames each remedy gets its own.
    """
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
        folds[trial.fold] = Ready(_sealed(X_train), _sealed(X_valid))
    kept = folds[trial.fold]
    return Ready(lent(kept.train), lent(kept.valid))


def lent(X: Any) -> Any:
    """The same table for one user: a frame as a copy of its own, anything else as it is."""
    if has_index(X):
        # a shallow one is not enough: copy-on-write of pandas 3 leaves categories, nullable numbers
        return X.copy()
    return X.clone() if _is_polars(X) else X  # shares its columns, which are never changed


def _is_polars(X: Any) -> bool:
    import narwhals as nw

    return bool(nw.dependencies.is_polars_dataframe(X))


def _sealed(X: Any) -> Any:
    """A table whose arrays are read-only: who writes to one fails there and then."""
    if isinstance(X, np.ndarray):
        X.setflags(write=False)
    elif is_sparse(X):
        if hasattr(X, "sum_duplicates"):
            X.sum_duplicates()  # in place, as libraries do where it is not done yet
        for name in ("data", "indices", "indptr"):
            if isinstance(array := getattr(X, name, None), np.ndarray):
                array.setflags(write=False)
    return X


def inner_parts(course: Course, repeat: int, rows: NDArray[Any]) -> dict[str, Any]:
    """What :class:`evenkeel.race.search.Searched` is to judge a trial's rows by.

    The parts are the other folds, which keep blocks, times and the gap between them whole. Two
    folds leave one: its rows are dealt anew by the same rules. Where these cannot be kept in it (a
    gap as long as the fold, one large block), it stays one part, and there is nothing to choose by.

    Returns
    -------
    dict
        ``parts`` ``(n_rows,)``, and ``left_out`` ``(n_folds, n_rows)`` or None.
    """
    folds = course.folds
    parts = folds.part[repeat][rows].astype(np.int64)
    if np.ptp(parts) > 0 or course.search < 2:
        left_out = None if folds.left_out is None else folds.left_out[:, rows]
        return {"parts": parts, "left_out": left_out}
    blocks = None if folds.blocks is None else folds.blocks[rows]
    seed = fold_seed(course.seed, repeat, int(parts[0]))
    try:
        dealt = make_folds(
            course.y[rows],
            duplicates=blocks,  # groups would be dealt without the gap where it cannot be kept
            time=None if folds.time is None else folds.time[rows],
            gap=folds.gap,
            n_folds=PARTS,
            n_repeats=1,
            seed=seed,
        )
    except InvalidInput:
        return {"parts": parts, "left_out": None}
    return {"parts": dealt.part[0].astype(np.int64), "left_out": dealt.left_out}


def not_searched(course: Course) -> str:
    """In how many folds nothing can be chosen by, and why, in one sentence; empty for none.

    More than two folds always leave parts to choose by.
    """
    folds = course.folds
    if course.search < 2 or folds.n_folds > 2:
        return ""
    trains = (folds.rows(0, fold)[0] for fold in range(folds.n_folds))
    stuck = sum(np.ptp(inner_parts(course, 0, train)["parts"]) == 0 for train in trains)
    if not stuck:
        return ""
    why = "their blocks whole" if folds.gap is None else f"a gap of {in_words(folds.gap)}"
    return (
        f"In {stuck} of {folds.n_folds} folds the training rows cannot be split again with {why}: there "
        "the default stands."
    )


def fold_seed(seed: int, repeat: int, fold: int) -> int:
    """Seed of a fold: from its name, never from the order in which trials run."""
    digest = hashlib.sha256(f"{seed}/{repeat}/{fold}".encode()).digest()
    return int.from_bytes(digest[:4], "little") >> 1


def _size(X: Any) -> int:
    """Bytes of a prepared table, near enough."""
    if has_index(X):
        return int(X.memory_usage(index=False).sum())
    if _is_polars(X):
        return int(X.estimated_size())
    if is_sparse(X):  # the arrays of its format: CSR, CSC or COO
        names = ("data", "indices", "indptr", "row", "col")
        return sum(int(getattr(getattr(X, name, None), "nbytes", 0)) for name in names)
    return int(getattr(X, "nbytes", 0))
