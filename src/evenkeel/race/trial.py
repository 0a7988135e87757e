"""One trial: one remedy and one learner on one fold. Pure, picklable, the same anywhere."""

from __future__ import annotations

import secrets
import time
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from evenkeel._threads import limited
from evenkeel.catalogue import Own
from evenkeel.errors import CannotGoOn, InvalidInput
from evenkeel.race.exits import by_signal, left, no_exit
from evenkeel.race.fold_rows import (
    columns_before,
    fold_seed,
    inner_parts,
    lent,
    load_libraries,
    ready_rows,
    seeded,
)
from evenkeel.race.memory import beyond_limit, peak_above, reset_peak
from evenkeel.race.search import Searched
from evenkeel.race.space import Configuration, configurations
from evenkeel.race.worker import TOO_LARGE
from evenkeel.scores import fit_and_score
from evenkeel.wrappers import bare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from evenkeel.race.space import Space
    from evenkeel.split import Folds

_ROUNDING = 1e-9  # by which a probability may lie outside [0, 1]; it is cut to it
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
    search
        Configurations that each remedy with each learner may try on inner folds; 1 tries none
        beside the default.
    spaces
        What may be searched of each learner, by name.
    unsaved
        What keeps a file from holding an estimator, in a sentence, or None: asked of the user's own
        remedies, in their first trial. None asks nothing.
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
    search: int = 1
    spaces: Mapping[str, Space] = field(default_factory=dict)
    unsaved: Callable[[Any], str | None] | None = None
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
        Time of searching, fitting and scoring, without the columns that all remedies share.
    fit_rows
        Rows the model was fitted on.
    peak_bytes
        Memory the process needed on top of what it held before; None where it cannot be told.
    settings
        What the search chose, by name; empty for the default, None where nothing was searched.
    wall
        Seconds of the whole trial: with the columns, where this is the one that learnt them, and
        without loading libraries.
    unsaved
        Why no file could hold the model, in one sentence; None where that is not so, or not asked.
    """

    trial: Trial
    proba: NDArray[np.float64]
    status: str = "ok"
    reason: str | None = None
    seconds: float = 0.0
    fit_rows: int = 0
    peak_bytes: int | None = None
    settings: dict[str, Any] | None = None
    wall: float = 0.0
    unsaved: str | None = None

    def facts(self) -> dict[str, Any]:
        """Everything but the scores, as plain values."""
        return {
            "status": self.status, "reason": self.reason, "seconds": self.seconds,
            "fit_rows": self.fit_rows, "peak_bytes": self.peak_bytes,
            "settings": self.settings, "wall": self.wall, "unsaved": self.unsaved,
        }  # fmt: skip


def run_trial(trial: Trial, course: Course) -> Outcome:
    """Fit one treated learner on a fold's training rows and score the rows left out.

    The columns step sees training rows only and is the same for all remedies of a fold, so it is
    done once. Errors of a remedy become a reason; they never end the race.
    """
    train, valid = course.folds.rows(trial.repeat, trial.fold)
    seed = fold_seed(course.seed, trial.repeat, trial.fold)
    with limited(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with beyond_limit():
            load_libraries(course.learners[trial.learner])
        begun = time.perf_counter()
        try:
            tried = tried_by(trial, course)
            model = treated_model(trial, course, seed, tried)
            looked = time.perf_counter()
            unsaved = _unsaved(trial, course, model)
            begun += time.perf_counter() - looked
            ready = ready_rows(trial, course, train, valid, seed)
            before = reset_peak()
            start = time.perf_counter()
            proba, fitted = fit_and_score(
                model, ready.train, course.y[train], ready.valid, course.n_classes,
                **inner_parts(course, trial.repeat, train),
            )  # fmt: skip
        except BaseException as error:  # noqa: BLE001  (any remedy may raise anything)
            return _without(trial, *_trouble(error))
    seconds = time.perf_counter() - start
    if (wrong := _wrong(proba, len(valid), course.n_classes)) is not None:
        return _without(trial, "failed", wrong)
    fit_rows = int(getattr(fitted, "n_rows_", len(train)))
    chosen = _settings(fitted, tried, course.remedies[trial.remedy])
    peak, wall = peak_above(before), time.perf_counter() - begun
    return Outcome(
        trial, proba.clip(0.0, 1.0), "ok", None, seconds, fit_rows, peak, chosen, wall, unsaved
    )  # fmt: skip


def _trouble(error: BaseException) -> tuple[str, str]:
    """Status and reason of a trial that raised; what the user or a signal asked for goes on up."""
    if isinstance(error, InvalidInput):  # DoesNotApply among them
        return "skipped", str(error)
    if isinstance(error, MemoryError) or "bad_alloc" in str(error):  # how C++ says it, in LightGBM
        return "failed", TOO_LARGE
    if isinstance(error, Exception):
        return "failed", f"{type(error).__name__}: {error}"
    if isinstance(error, KeyboardInterrupt) or by_signal(error):
        raise error
    return "failed", left(error)


def _unsaved(trial: Trial, course: Course, model: Any) -> str | None:
    """Why no file could hold the model, told by one that is not fitted yet, which is small."""
    first = (trial.repeat, trial.fold) == (0, 0)
    if course.unsaved is None or not first or not isinstance(course.remedies[trial.remedy], Own):
        return None
    with beyond_limit():
        return course.unsaved(bare(model))


def tried_by(trial: Trial, course: Course) -> list[Configuration]:
    """The configurations that a trial searches: the same on every fold, the default first."""
    if trial.learner == DUMMY:
        return [Configuration()]
    space = course.spaces.get(trial.learner, {})
    seed = fold_seed(course.seed, -1, -1)  # of the race: what is chosen can be counted over folds
    return configurations(space, course.remedies[trial.remedy], course.search, seed)


def treated_model(
    trial: Trial, course: Course, seed: int, tried: list[Configuration] | None = None
) -> Any:
    """The last step of the treated learner, not fitted, with its seed set; it searches if it may."""
    remedy, base = course.remedies[trial.remedy], seeded(course.learners[trial.learner], seed)
    candidates = []
    for one in tried or [Configuration()]:
        learner = clone(base).set_params(**one.learner)
        treated = one.remedy(remedy).treat(learner, seed=seed, costs=course.costs)
        # of a learner in steps the first ones are fitted apart; a remedy may make steps of its own
        candidates.append(_last_step(treated) if isinstance(base, Pipeline) else treated)
    return candidates[0] if len(candidates) == 1 else Searched(candidates, random_state=seed)


def _last_step(estimator: Any) -> Any:
    return estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator


def _wrong(proba: NDArray[np.float64], n_rows: int, n_classes: int) -> str | None:
    """What keeps probabilities from being judged, in one sentence; None for none."""
    told = "predict_proba must give "
    if proba.shape != (n_rows, n_classes):
        return f"{told}one row for each of {n_rows:,} rows scored. Got {len(proba):,}."
    if not np.isfinite(proba).all():
        bad = np.count_nonzero(~np.isfinite(proba))
        return f"{told}finite probabilities. Got {bad:,} of {proba.size:,} missing or infinite."
    low, high = float(proba.min()), float(proba.max())
    if low < -_ROUNDING or high > 1.0 + _ROUNDING:
        return f"{told}probabilities in [0, 1]. Got {low:g} to {high:g}."
    return None


def _settings(fitted: Any, tried: list[Configuration], remedy: Any) -> dict[str, Any] | None:
    return tried[fitted.chosen_].words(remedy) if isinstance(fitted, Searched) else None


def fit_whole(remedy: str, learner: str, course: Course) -> tuple[Any, dict[str, Any] | None]:
    """Search and fit one treated learner on all rows of the course.

    Returns
    -------
    estimator, settings
        The best, fitted, and what the search chose (see :class:`Outcome`).

    Raises
    ------
    CannotGoOn
        The remedy asked Python to exit.
    """
    seed = fold_seed(course.seed, -1, -1)
    trial = Trial(remedy, learner, -1, -1)
    with limited(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        columns = columns_before(course.learners[learner], seed)
        X = lent(course.X) if columns is None else columns.fit_transform(course.X)
        tried = tried_by(trial, course)
        parts = inner_parts(course, 0, np.arange(len(course.y)))
        with no_exit(f"fit of {remedy!r} on all rows", CannotGoOn):
            model = treated_model(trial, course, seed, tried)
            _, fitted = fit_and_score(model, X, course.y, X[:1], course.n_classes, **parts)
    settings = _settings(fitted, tried, course.remedies[remedy])
    fitted = fitted.best_ if isinstance(fitted, Searched) else fitted
    whole = fitted if columns is None else Pipeline([("columns", columns), ("model", fitted)])
    return whole, settings


def lost_trial(trial: Trial, reason: str) -> Outcome:
    """The outcome of a trial whose worker died, or that exceeded what it was allowed."""
    return _without(trial, "failed", reason)


def _without(trial: Trial, status: str, reason: str) -> Outcome:
    return Outcome(trial, np.empty((0, 0)), status, " ".join(reason.split()))
