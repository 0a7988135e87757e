"""A canary of every run: with shuffled labels nothing can be foreseen, unless something leaks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evenkeel._rows import take
from evenkeel.audit import copies_of
from evenkeel.race.schedule import stored_outcome
from evenkeel.race.trial import Outcome, Trial, run_trial
from evenkeel.ranking import average_precision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evenkeel.journal import Journal
    from evenkeel.race.trial import Course

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

NAME = "shuffled-labels"
MOST_ROWS = 20_000
SHARE = 0.05  # of the trials of a race that the canary may add
LEAST_JUDGED = 4  # rows of a class without which its average precision says nothing
ENOUGH = 2 * LEAST_JUDGED  # to be judged on average: shuffling deals them to the folds by chance
_DRAWS, _CELLS = 1000, 4_000_000
_TAIL = 0.001
_SEED = 0x5CA


@dataclass(frozen=True)
class Canary:
    """How the pipeline foresees labels that were shuffled.

    Attributes
    ----------
    score
        Out-of-fold average precision of the baseline on shuffled labels.
    low, high
        Where 998 of 1,000 permutations of the labels put that average precision by chance.
    rows
        Rows that were scored.
    """

    score: float
    low: float
    high: float
    rows: int

    @property
    def ok(self) -> bool:
        """Whether chance explains the score; a low one is no leak."""
        return self.score <= self.high

    @property
    def sentence(self) -> str:
        """The canary in words.

        >>> Canary(0.0041, 0.0028, 0.0062, 5000).sentence
        'Shuffled labels score 0.0041 (chance 0.0028 to 0.0062): no leak in the folds of the baseline.'
        """
        told = f"Shuffled labels score {self.score:.2g} (chance {self.low:.2g} to {self.high:.2g})"
        if self.ok:
            return f"{told}: no leak in the folds of the baseline."
        return (
            f"{told}: something in the pipeline sees the labels of rows it is judged on. No figure "
            "of this comparison can be trusted. Look for a step that was fitted on all rows, and for "
            "rows copied before the split."
        )


def shuffled_labels(
    course: Course,
    learner: str,
    *,
    n_trials: int,
    journal: Journal | None = None,
) -> Canary | None:
    """Run the baseline on shuffled labels, through the same trials as the race, search included.

    Labels are permuted over all rows, copies of a row sharing one, so that whatever carries a label
    from a row that is judged to a row that is trained on shows: a step fitted on all rows, folds
    that overlap, rows copied before the split (where copies tell the classes apart, permuting would
    leave them nearly all in one class: each set of copies draws its label anew). At most 20,000 rows
    take part, and so many folds that the race grows by a twentieth, one at least, and more where one
    would judge fewer than eight rows of the rarest class. The band is that
    of permutations within the folds, copied rows and others apart, with the scores as they are.

    Settings are searched as in the race, so a search that saw the rows it is judged by would show
    where it learns from them; that it picks one of a few settings by them raises the score too little
    to be told from chance. What a remedy does beside the baseline is not seen: resampling happens in
    the same training rows by construction.

    Of a thousand honest runs two would alarm by chance, so an alarm counts only if other shuffled
    labels, on all folds, raise it too.

    Parameters
    ----------
    course
        Of the race.
    learner
        Of the baseline.
    n_trials
        Trials of the race.
    journal
        As for the race.

    Returns
    -------
    Canary or None
        None where it could not be run, or held too few rows of every class but the largest.

    References
    ----------
    Ojala, Garriga (2010), test 1, https://www.jmlr.org/papers/v11/ojala10a.html
    """
    found = _shuffled(course, learner, NAME, _SEED, SHARE * n_trials, journal)
    if found is None or found.ok:
        return found
    folds = course.folds.n_folds
    return _shuffled(course, learner, f"{NAME} again", _SEED + 1, folds, journal) or found


def _shuffled(
    course: Course, learner: str, name: str, seed: int, n_folds: float, journal: Journal | None
) -> Canary | None:
    """One shuffle, judged on so many folds at least."""
    rng = np.random.default_rng([course.seed, seed])
    rows = _some_rows(course.y, course.n_classes, rng)
    X = take(course.X, rows)
    copies = copies_of(X)
    alike = np.arange(len(rows)) if copies is None else copies
    y, copied = _dealt(course.y[rows], alike, course.n_classes, rng)
    folds = course.folds
    left_out = None if folds.left_out is None else folds.left_out[:, rows]
    time = None if folds.time is None else folds.time[rows]
    rarest = np.bincount(y, minlength=course.n_classes).min()
    few = max(1, int(n_folds), math.ceil(ENOUGH * folds.n_folds / max(rarest, 1)))
    few = min(few, folds.n_folds)
    part = folds.part[:1, rows]
    shuffled = replace(
        course,
        X=X,
        y=y,
        folds=replace(folds, part=part, left_out=left_out, blocks=None, time=time),
        remedies={name: course.remedies["none"]},
        token=f"{course.token} {name}",
    )
    scored: list[tuple[Ints, Floats]] = []
    for outcome in _outcomes(
        [Trial(name, learner, 0, fold) for fold in range(few)], shuffled, journal
    ):
        if outcome.status != "ok":
            return None
        _, valid = shuffled.folds.rows(0, outcome.trial.fold)
        # Copies in one fold have one label and one score: once is enough, and keeps the band exact.
        first = np.unique(alike[valid], return_index=True)[1]
        several = copied[valid[first]]
        parts = (first[several], first[~several])
        scored.extend((y[valid[part]], outcome.proba[part]) for part in parts)
    return _judged(scored, course.n_classes, rng)


def _outcomes(trials: list[Trial], course: Course, journal: Journal | None) -> Iterator[Outcome]:
    """Outcomes as stored, or fresh ones that are then stored."""
    for trial in trials:
        outcome = None if journal is None else stored_outcome(journal, trial)
        if outcome is None:
            outcome = run_trial(trial, course)
            if journal is not None:
                journal.add(trial.key, outcome.facts(), {"proba": outcome.proba})
        yield outcome


def _judged(
    scored: list[tuple[Ints, Floats]], n_classes: int, rng: np.random.Generator
) -> Canary | None:
    """The rarest class with enough rows, against its chance."""
    every = np.concatenate([y for y, _ in scored])
    counts = np.bincount(every, minlength=n_classes)
    able = np.flatnonzero(counts >= LEAST_JUDGED)
    if len(able) < 2:
        return None
    code = int(able[np.argmin(counts[able])])
    score = np.concatenate([proba[:, code] for _, proba in scored])
    hits = [int(np.sum(y == code)) for y, _ in scored]
    drawn = by_chance(score, [len(y) for y, _ in scored], hits, rng)
    low, high = np.quantile(drawn, [_TAIL, 1 - _TAIL])
    return Canary(average_precision(every == code, score), float(low), float(high), len(every))


def by_chance(score: Floats, sizes: list[int], hits: list[int], rng: np.random.Generator) -> Floats:
    """Average precision of permuted labels under scores that stay as they are.

    Only the rows that become positive are drawn: with ``E_1 <= ... <= E_P`` the numbers of rows at or
    above each of them, ``AP = mean(T_j / E_j)`` where ``T_j`` counts those with ``E <= E_j``.

    Parameters
    ----------
    score
        ``(n_rows,)``, fold after fold.
    sizes, hits
        Rows, and positives among them, of each fold.
    rng
        Draws the permutations.

    Returns
    -------
    array
        ``(n_draws,)``: 1,000, fewer (at least 200) with many positives.

    Examples
    --------
    >>> found = by_chance(np.linspace(0, 1, 1000), [1000], [20], np.random.default_rng(0))
    >>> bool(0.01 < np.median(found) < 0.04)
    True
    """
    above = len(score) - np.searchsorted(np.sort(score), score, side="left")
    n_draws = max(200, min(_DRAWS, _CELLS // max(sum(hits), 1)))
    ends, start = [], 0
    for size, positives in zip(sizes, hits, strict=True):
        drawn = [rng.choice(size, positives, replace=False) for _ in range(n_draws)]
        ends.append(above[start + np.stack(drawn)])
        start += size
    reached = np.sort(np.concatenate(ends, axis=1), axis=1)
    number = np.arange(1, reached.shape[1] + 1)
    # Rows of equal score enter together: each counts as the last of them.
    last = np.append(reached[:, 1:] != reached[:, :-1], np.ones((n_draws, 1), bool), axis=1)
    caught = np.where(last, number, number[-1])
    caught = np.minimum.accumulate(caught[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((caught / reached).mean(axis=1))


def _some_rows(y: Ints, n_classes: int, rng: np.random.Generator) -> Ints:
    """All rows, or so many of each class that they stay within the limit."""
    if len(y) <= MOST_ROWS:
        return np.arange(len(y))
    most = MOST_ROWS // n_classes
    kept = [np.flatnonzero(y == code) for code in range(n_classes)]
    return np.sort(
        np.concatenate(
            [at if len(at) <= most else rng.choice(at, most, replace=False) for at in kept]
        )
    )


def _dealt(
    y: Ints, alike: Ints, n_classes: int, rng: np.random.Generator
) -> tuple[Ints, NDArray[np.bool_]]:
    """Labels dealt anew, one for each set of copies, and which rows have copies."""
    _, inverse, sizes = np.unique(alike, return_inverse=True, return_counts=True)
    copied = sizes[inverse] > 1
    dealt = y.copy()
    dealt[~copied] = rng.permutation(y[~copied])
    dealt[copied] = rng.integers(0, n_classes, len(sizes))[inverse[copied]]
    return dealt, copied
