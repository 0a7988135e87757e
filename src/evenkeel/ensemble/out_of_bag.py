"""Honest out-of-bag scores: a row is scored by members that never saw it, not even once of two draws."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._rows import take
from evenkeel.ensemble.members import (
    Member,
    Training,
    light,
    log_shares,
    probabilities_of,
    stretch,
)
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer[Any]]


def out_of_bag(
    members: Sequence[Member], training: Training, bags: Sequence[Ints], start: int, stop: int
) -> Floats:
    """Average log-odds of the rows ``start`` to ``stop`` by the members whose bag they are not in.

    Parameters
    ----------
    members, training
        Fitted members and their table.
    bags
        Distinct row numbers of each member, sorted.
    start, stop
        Rows to score; ``stop`` may lie beyond the last one.

    Returns
    -------
    float64 array (n_rows, n_classes)
        NaN for rows that every member saw.
    """
    stop = min(stop, len(training.codes))
    total = np.zeros((stop - start, training.n_classes))
    votes = np.zeros(stop - start)
    part = light(stretch(training.X, start, stop), members)
    for member, bag in zip(members, bags, strict=True):
        inside = bag[np.searchsorted(bag, start) : np.searchsorted(bag, stop)] - start
        out = np.ones(stop - start, bool)
        out[inside] = False
        rows = np.flatnonzero(out)
        if rows.size:
            total[rows] += log_shares(member, take(part, rows), training.shares)
            votes[rows] += 1
    with np.errstate(invalid="ignore"):
        return np.asarray(
            np.where(votes[:, None] > 0, total / np.maximum(votes, 1)[:, None], np.nan)
        )


def out_of_fold(ensemble: Any, training: Training, n_folds: int, least: int = 1) -> Floats:
    """Scores of each row by the ensemble fitted, from the start, without the fold of the row.

    For members that follow from one another. A row that a member's bootstrap missed has a part in
    it all the same: earlier members, which saw the row, made its neighbours hard or heavy. On noise
    such scores rank rows otherwise than by chance; these do not.

    Parameters
    ----------
    ensemble
        Fitted; stays as it is.
    training
        Its table.
    n_folds
        At least 2; at most the rows of the smallest class.
    least
        Rows of each class that a fit needs.

    Returns
    -------
    float64 array (n_rows, n_classes)
        NaN for rows of weight 0.

    Raises
    ------
    InvalidInput
        Without a fold, a class would have fewer rows than are needed.
    """
    owner, smallest = type(ensemble).__name__, int(training.counts.min())
    n_folds = min(n_folds, smallest)
    if smallest - -(-smallest // n_folds) < least:
        raise InvalidInput(
            f"oob_score of {owner} must be False where the smallest class has {smallest} row(s) in "
            f"{n_folds} fold(s): fits that leave a fold out need {least} row(s) of each class. "
            f"Got {ensemble.oob_score!r}."
        )
    random = np.random.default_rng([training.seed, 1 << 30, 1])
    fold = np.full(len(training.codes), -1)
    for rows in training.rows_of:
        fold[random.permutation(rows)] = np.arange(rows.size) % n_folds
    scores = np.full((len(fold), training.n_classes), np.nan)
    for k in range(n_folds):
        stranger = copy.copy(ensemble)
        try:
            stranger._fit_to(training.without(fold == k), [])
        except InvalidInput as error:
            raise InvalidInput(
                f"oob_score of {owner} must be False where it cannot be fitted without a fold of the "
                f"rows (one of {n_folds}). {error}"
            ) from error
        asked = np.flatnonzero(fold == k)
        scores[asked] = stranger._scores_of(take(training.X, asked))
    return scores


def judged(ensemble: Any, codes: Ints, scores: Floats) -> tuple[Floats, Any]:
    """Probabilities of the rows that have scores, NaN for others, and how good their labels are.

    Parameters
    ----------
    ensemble
        Fitted; its ``oob_score`` says how labels are scored.
    codes
        Class of each row, ``(n_rows,)``.
    scores
        Logarithms of probabilities, up to a constant of the row, or NaN, ``(n_rows, n_classes)``.
    """
    proba = np.full(scores.shape, np.nan)
    known = np.isfinite(scores[:, 0])
    proba[known] = probabilities_of(scores[known])
    said, truth = (scores[known] - np.log(ensemble.shares_)).argmax(axis=1), codes[known]
    if callable(ensemble.oob_score):
        return proba, ensemble.oob_score(ensemble.classes_[truth], ensemble.classes_[said])
    return proba, float(np.mean(said == truth)) if truth.size else float("nan")


def check_leaves_rows_out(ensemble: Any, replaced: bool) -> None:
    """Raise where out-of-bag scores are asked for and members see all rows of the smallest class."""
    if ensemble.oob_score and not replaced:
        raise InvalidInput(
            f"oob_score of {type(ensemble).__name__} must be False where rows are drawn without "
            "replacement: every member sees all rows of the smallest class. Got "
            f"{ensemble.oob_score!r}. Out of bag estimation is only available with bootstrap=True."
        )
