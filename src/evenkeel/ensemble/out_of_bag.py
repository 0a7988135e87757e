"""Honest out-of-bag scores: a row is scored by members that never saw it, not even once of two draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._rows import take
from evenkeel.ensemble.members import Member, Training, light, log_shares, stretch
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


def check_leaves_rows_out(ensemble: Any, replaced: bool) -> None:
    """Raise where out-of-bag scores are asked for and members see all rows of the smallest class."""
    if ensemble.oob_score and not replaced:
        raise InvalidInput(
            f"oob_score of {type(ensemble).__name__} must be False where rows are drawn without "
            "replacement: every member sees all rows of the smallest class. Got "
            f"{ensemble.oob_score!r}. Out of bag estimation is only available with bootstrap=True."
        )
