"""One trial: one remedy and one learner on one fold. Pure, picklable, the same anywhere."""

from __future__ import annotations

import hashlib
import secrets
import time
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from evenkeel._rows import take
from evenkeel.errors import DoesNotApply, InvalidInput
from evenkeel.race.memory import peak_above, reset_peak
from evenkeel.scores import fit_and_score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evenkeel.decide import Policy
    from evenkeel.split import Folds

DUMMY = "prevalence"  # name of the learner that forecasts the prevalence for every row


@dataclass(frozen=True)
class Trial:
    """What to run: remedy and learner by name, repeat and fold by number."""

    remedy: str
    learner: str
    repeat: int
    fold: int

    @property
    def key(self) -> str:
        """Name of the trial, unique in a race."""
        return f"{self.remedy} | {self.learner} | {self.repeat} | {self.fold}"


@dataclass(frozen=True)
class Course:
    """What all trials share: the rows, the folds, the learners and the remedies.

    Parameters
    ----------
    X
        Table with ``n_rows`` rows, of any kind.
    y
        Class codes ``(n_rows,)``.
    n_classes
        Number of classes, absent ones included.
    folds
        Validation folds.
    learners
        Not fitted estimators by name.
    remedies
        Objects with ``treat(estimator, seed=, costs=)`` by name.
    costs
        What :func:`cost_numbers` gives, for remedies that weigh costs.
    seed
        Seed of the race.
    token
        Tells this course from any other, so that prepared columns are never mixed up.
    """

    X: Any
    y: NDArray[np.int64]
    n_classes: int
    folds: Folds
    learners: Mapping[str, Any]
    remedies: Mapping[str, Any]
    costs: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    token: str = field(default_factory=lambda: secrets.token_hex(8), compare=False)


@dataclass(frozen=True)
class Outcome:
    """What a trial gave: scores of the rows left out, or the reason why there are none.

    Parameters
    ----------
    proba
        ``(n_valid, n_classes)`` probabilities on the treated scale; empty when it failed.
    status
        ``"ok"``, ``"skipped"`` (the remedy does not apply) or ``"failed"``.
    reason
        One sentence when it is not ok.
    seconds
        Time of fitting and scoring, without the columns that all remedies share.
    fit_rows
        Rows the model was fitted on.
    peak_bytes
        Memory the process needed on top of what it held before; None where it cannot be told.
    """

    trial: Trial
    proba: NDArray[np.float64]
    status: str = "ok"
    reason: str | None = None
    seconds: float = 0.0
    fit_rows: int = 0
    peak_bytes: int | None = None

    def facts(self) -> dict[str, Any]:
        """Everything but the scores, as plain values."""
        return {
            "status": self.status, "reason": self.reason, "seconds": self.seconds,
            "fit_rows": self.fit_rows, "peak_bytes": self.peak_bytes,
        }  # fmt: skip


@dataclass(frozen=True)
class _Prepared:
    train: Any
    valid: Any


_KEPT_BYTES = 1 << 29  # prepared folds of one repeat are kept while they fit in here
_kept: dict[tuple[str, str, int], dict[int, _Prepared]] = {}


def run_trial(trial: Trial, course: Course) -> Outcome:
    """Fit one treated learner on a fold's training rows and score the rows left out.

    The columns step sees training rows only and is the same for all remedies of a fold, so it is
    done once. Errors of a remedy become a reason; they never end the race.
    """
    train, valid = course.folds.rows(trial.repeat, trial.fold)
    seed = fold_seed(course.seed, trial.repeat, trial.fold)
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = treated_model(trial, course, seed)
            ready = _prepare(trial, course, train, valid, seed)
            before = reset_peak()
            start = time.perf_counter()
            proba, fitted = fit_and_score(
                model, ready.train, course.y[train], ready.valid, course.n_classes
            )
        except DoesNotApply as error:
            return _without(trial, "skipped", str(error))
        except InvalidInput as error:
            return _without(trial, "skipped", str(error))
        except MemoryError:
            return _without(trial, "failed", "ran out of memory")
        except Exception as error:  # noqa: BLE001  (any remedy may raise anything)
            return _without(trial, "failed", f"{type(error).__name__}: {error}")
    seconds = time.perf_counter() - start
    fit_rows = int(getattr(fitted, "n_rows_", len(train)))
    return Outcome(trial, proba, "ok", None, seconds, fit_rows, peak_above(before))


def treated_model(trial: Trial, course: Course, seed: int) -> Any:
    """The last step of the treated learner, not fitted, with its seed set."""
    base = seeded(course.learners[trial.learner], seed)
    treated = course.remedies[trial.remedy].treat(base, seed=seed, costs=course.costs)
    return treated.steps[-1][1] if isinstance(treated, Pipeline) else treated


def fit_whole(remedy: str, learner: str, course: Course) -> Any:
    """Fit one treated learner on all rows of the course; returns the fitted estimator."""
    seed = fold_seed(course.seed, -1, -1)
    trial = Trial(remedy, learner, -1, -1)
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        columns = _columns(course.learners[learner], seed)
        X = course.X if columns is None else columns.fit_transform(course.X)
        model = treated_model(trial, course, seed)
        _, fitted = fit_and_score(model, X, course.y, X[:1], course.n_classes)
    return fitted if columns is None else Pipeline([("columns", columns), ("model", fitted)])


def cost_numbers(
    policy: Policy, y: NDArray[np.int64], columns: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What errors on each class cost, for weights: the row sum of the cost matrix off its diagonal.

    A column counts with its mean by class: weights by row would tilt each row's odds by its own
    costs, and the decision, which weighs the same costs row by row, would count them twice.

    Returns
    -------
    dict
        Two classes: ``cost_fn`` and ``cost_fp``. Several: ``class_costs``, ``(n_classes,)``.
        Empty without costs.

    References
    ----------
    Ting 2002, IEEE TKDE 14(3), doi:10.1109/TKDE.2002.1000348
    """
    if policy.costs is None:
        return {}
    known = {} if columns is None else columns
    sums = tuple(
        sum(
            float(np.asarray(known[cost], dtype=np.float64)[y == true].mean())
            if isinstance(cost, str)
            else float(cost)
            for decided, cost in enumerate(row)
            if decided != true
        )
        for true, row in enumerate(policy.costs.table)
    )
    return {"cost_fn": sums[1], "cost_fp": sums[0]} if len(sums) == 2 else {"class_costs": sums}


def fold_seed(seed: int, repeat: int, fold: int) -> int:
    """Seed of a fold: from its name, never from the order in which trials run."""
    digest = hashlib.sha256(f"{seed}/{repeat}/{fold}".encode()).digest()
    return int.from_bytes(digest[:4], "little") >> 1


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


def _columns(estimator: Any, seed: int) -> Any:
    """The steps before the last as one transformer; None when there are none."""
    if not isinstance(estimator, Pipeline) or len(estimator.steps) == 1:
        return None
    before = seeded(estimator, seed).steps[:-1]
    first = before[0][1]
    if len(before) > 1:
        return Pipeline(before)
    return None if first in ("passthrough", None) else first


def _prepare(
    trial: Trial, course: Course, train: NDArray[Any], valid: NDArray[Any], seed: int
) -> _Prepared:
    key = (course.token, trial.learner, trial.repeat)
    if key not in _kept:
        _kept.clear()
        _kept[key] = {}
    folds = _kept[key]
    if trial.fold not in folds:
        X_train, X_valid = take(course.X, train), take(course.X, valid)
        columns = _columns(course.learners[trial.learner], seed)
        if columns is not None:
            X_train, X_valid = columns.fit_transform(X_train), columns.transform(X_valid)
        if (len(folds) + 1) * _size(X_train) > _KEPT_BYTES:
            folds.clear()
        folds[trial.fold] = _Prepared(X_train, X_valid)
    return folds[trial.fold]


def _size(X: Any) -> int:
    """Bytes of a prepared table, near enough."""
    if hasattr(X, "memory_usage"):
        return int(X.memory_usage(index=False).sum())
    return int(getattr(X, "nbytes", 0))


def _without(trial: Trial, status: str, reason: str) -> Outcome:
    return Outcome(trial, np.empty((0, 0)), status, " ".join(reason.split()))
