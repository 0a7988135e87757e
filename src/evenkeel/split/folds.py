"""Validation folds: classes or labels spread, blocks whole, stretches of time with a gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel.blocks import class_counts, deal, join_blocks
from evenkeel.split.refusals import refuse_alike, refuse_folds
from evenkeel.split.spans import check_gap
from evenkeel.split.stretches import left_out_of, stretches
from evenkeel.strata import label_folds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

ROWS_PER_FOLD = 8  # rare rows each fold must hold: below this an average precision means nothing
MOST_LEFT_OUT = (
    0.5  # share of a fold's other rows that a gap may cost before groups are dealt whole
)


@dataclass(frozen=True)
class Folds:
    """Validation folds: ``part[r, i]`` is the fold that holds row ``i`` in repeat ``r``.

    Iterating gives ``(repeat, fold, train, valid)`` with row numbers.

    Parameters
    ----------
    part
        ``(n_repeats, n_rows)``: every row is validated once in each repeat.
    n_folds
        Number of folds.
    left_out
        ``(n_folds, n_rows)``: rows that are too near in time to a fold to train for it; None
        where no gap is kept. They are validated in their own fold all the same.
    blocks
        ``(n_rows,)``: ids of rows that stay together; None where each row was dealt by itself.
    time, gap
        Moment of each row ``(n_rows,)`` where folds are stretches of time, and the least time
        between them; None where they are not.
    """

    part: NDArray[np.int16]
    n_folds: int
    left_out: NDArray[np.bool_] | None = None
    blocks: Ints | None = None
    time: NDArray[Any] | None = None
    gap: Any = None

    @property
    def n_repeats(self) -> int:
        """Number of times the rows were dealt anew."""
        return int(self.part.shape[0])

    def rows(self, repeat: int, fold: int) -> tuple[Ints, Ints]:
        """Row numbers to train on and to validate on."""
        inside = self.part[repeat] == fold
        beside = inside if self.left_out is None else inside | self.left_out[fold]
        return np.flatnonzero(~beside), np.flatnonzero(inside)

    def __iter__(self) -> Iterator[tuple[int, int, Ints, Ints]]:
        for repeat in range(self.n_repeats):
            for fold in range(self.n_folds):
                train, valid = self.rows(repeat, fold)
                yield repeat, fold, train, valid


def make_folds(
    y: Ints,
    *,
    groups: Ints | None = None,
    duplicates: Ints | None = None,
    time: Any = None,
    gap: Any = None,
    n_folds: int | None = None,
    n_repeats: int | None = None,
    seed: int = 0,
) -> Folds:
    """Deal rows into stratified folds that keep groups and duplicates whole.

    With ``time`` the folds are stretches of time that hold equally many rows of the rarest class,
    and there is one repeat: neighbours in time are alike, so folds dealt at random would promise
    more than the future keeps. A stretch is trained for on what lies before and after it, because
    rare rows are too dear to be used once only; the test part alone looks strictly ahead. A ``gap``
    is kept on both sides, since a row just after a stretch tells as much of it as one just before::

        train  train | left out | valid  valid | left out | train
                     |<- gap -->|              |<- gap -->|

    Groups that come again in every stretch are dealt whole instead, and no gap is kept between
    folds: one on each side of rows from all times would leave nothing.

    Without ``n_folds``, k = min(5, n // 8) and at least 2, where n counts the rarest class that
    can be folded (16 rows or more). Without ``n_repeats``: 1 above 500 such rows, 2 from 100 on,
    5 below 100.

    Parameters
    ----------
    y
        Class codes ``(n_rows,)``, or ``(n_rows, n_labels)`` of 0 and 1 where a row may carry
        several labels: then each label is spread.
    groups, duplicates
        Ids ``(n_rows,)`` of rows that must stay together, or None.
    time
        Sortable values ``(n_rows,)`` without missing ones, or None.
    gap
        Least time between rows to train on and rows to validate on: timedelta64 for dates, a
        number in their unit for numbers.

    Raises
    ------
    InvalidInput
        A class lies in one block, or a gap is so long, that no two folds can be made.
    InvalidType
        A gap in another unit than the times.

    References
    ----------
    Purging and embargo: Lopez de Prado 2018, Advances in Financial Machine Learning, chapter 7.

    Examples
    --------
    >>> folds = make_folds(np.repeat([0, 1], [900, 100]))
    >>> folds.n_folds, folds.n_repeats, np.bincount(folds.part[0][900:]).tolist()
    (5, 2, [20, 20, 20, 20, 20])
    """
    y, moments = np.asarray(y), None if time is None else np.asarray(time)
    check_gap(gap, moments, "make_folds")
    refuse_alike(duplicates)
    k, repeats = _how_many(y, n_folds, n_repeats)
    blocks = join_blocks(groups, duplicates)
    code, holds = _rarest(y), _holds(y)
    block_of = np.arange(len(y)) if blocks is None else blocks
    if moments is not None:
        for fewer in range(k, 1 if gap is not None else k - 1, -1):
            part = stretches(code, moments, block_of, fewer)[None, :]
            near = left_out_of(part[0], moments, gap)
            folds = Folds(part, fewer, near, blocks, moments, gap)
            if _usable(folds, holds) and not (groups is not None and _starved(folds)):
                return folds
        # Blocks that come again all the time fill no stretch; whole blocks stop the leak alone.
        if gap is not None and groups is None:
            raise refuse_folds(code, None, grouped=False, gap=gap)
    n_blocks = int(block_of.max()) + 1
    for fewer in range(min(k, n_blocks), 1, -1):
        folds = Folds(_dealt(y, block_of, fewer, repeats, seed), fewer, blocks=blocks)
        if _usable(folds, holds):
            return folds
    raise refuse_folds(code, blocks, grouped=groups is not None, gap=None)


def _how_many(y: Ints, n_folds: int | None, n_repeats: int | None) -> tuple[int, int]:
    """Folds and repeats, as asked for or from the size of the rarest class."""
    counts = _holds(y).sum(axis=0)
    foldable = counts[counts >= 2 * ROWS_PER_FOLD]
    several = len(foldable) > (1 if y.ndim == 1 else 0)
    rare = int(foldable.min() if several else counts[counts > 0].min(initial=len(y)))
    k = max(2, min(5, rare // ROWS_PER_FOLD)) if n_folds is None else n_folds
    repeats = (1 if rare > 500 else 2 if rare >= 100 else 5) if n_repeats is None else n_repeats
    check_number(k, "n_folds", "make_folds", low=2, whole=True)
    check_number(repeats, "n_repeats", "make_folds", low=1, whole=True)
    return k, repeats


def _holds(y: Ints) -> NDArray[np.bool_]:
    """Whether a row is of a class or carries a label, ``(n_rows, n)``."""
    return np.asarray(y == 1 if y.ndim == 2 else y[:, None] == np.arange(int(y.max()) + 1))


def _rarest(y: Ints) -> Ints:
    """Class codes; of several labels, 1 where a row carries the rarest that can be folded."""
    if y.ndim == 1:
        return y
    counts = y.sum(axis=0)
    enough = np.where(counts >= 2 * ROWS_PER_FOLD, counts, counts.max() + 1)
    return np.asarray(y[:, int(np.argmin(enough))]).astype(np.int64)


def _dealt(y: Ints, block_of: Ints, k: int, repeats: int, seed: int) -> NDArray[np.int16]:
    """Fold of each row in each repeat, classes or labels spread, blocks whole."""
    if y.ndim == 2:
        return label_folds(y, n_folds=k, n_repeats=repeats, seed=seed, groups=block_of)
    table = class_counts(block_of, y)
    part = np.empty((repeats, len(y)), np.int16)
    for repeat in range(repeats):
        rng = np.random.default_rng([seed, repeat])
        part[repeat] = deal(table, np.full(k, 1 / k), rng)[block_of]
    return part


def _starved(folds: Folds) -> bool:
    """Whether a gap leaves too little to train on, as it does beside groups from all times."""
    if folds.left_out is None:
        return False
    beside = folds.part != np.arange(folds.n_folds)[:, None]  # one repeat: (n_folds, n_rows)
    return bool(np.any(folds.left_out.sum(axis=1) > MOST_LEFT_OUT * beside.sum(axis=1)))


def _usable(folds: Folds, holds: NDArray[np.bool_]) -> bool:
    """Whether every fold has rows, and every training part two classes and all that can be folded."""
    total = holds.sum(axis=0)
    needed = total >= 2 * ROWS_PER_FOLD
    fewest = min(2, int((total > 0).sum()))
    for _, _, train, valid in folds:
        left = holds[train].sum(axis=0)
        if not len(valid) or not len(train) or (left > 0).sum() < fewest:
            return False
        if not (left[needed] > 0).all():
            return False
    return True
