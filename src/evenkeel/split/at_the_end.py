"""The test at the end of time, a gap before it, and groups that lie on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.blocks import class_counts, deal
from evenkeel.errors import InvalidInput
from evenkeel.split.spans import in_words, signed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

EARLY_LOSS = 0.2  # share of training rows that whole groups may cost a split by time
STRADDLERS_TO_TEST = 0.4  # share of the groups on both sides of the time cut that go to the test


def at_the_end(
    y: Ints,
    time: NDArray[Any],
    test_size: float,
    gap: Any,
    blocks: Ints | None,
    rng: np.random.Generator,
) -> tuple[Mask, Mask, int]:
    """Training rows, test rows, and how many the gap sets aside.

    Parameters
    ----------
    y
        Class codes ``(n_rows,)`` or labels ``(n_rows, n_labels)``.
    time
        Moments ``(n_rows,)``.
    gap
        Least time between a training row and the first test row, or None.
    blocks
        Block ``(n_rows,)`` of rows that stay together, or None.

    Raises
    ------
    InvalidInput
        One moment in every row, or a gap as long as all that lies before the test.
    """
    late = _late(time, test_size)
    early = ~late if gap is None else ~late & earlier_by(time, time[late].min(), gap)
    near = int((~late & ~early).sum())
    if not early.any():
        before = signed(time[~late])
        raise InvalidInput(
            f"gap of run must leave rows to train on. Got {in_words(gap)}, and the "
            f"{len(before):,} rows before the test start {in_words(time[late].min() - before.min())} "
            "before it. Take a shorter --gap or --label-delay, or a smaller --test-size."
        )
    if blocks is None:
        return early, late, near
    has_late = np.bincount(blocks, weights=late) > 0
    has_early = np.bincount(blocks, weights=early) > 0
    straddles = has_late & has_early
    to_test = straddles.copy()
    lost = straddles[blocks] & early
    if np.any(_each(y, lost) > EARLY_LOSS * _each(y, early)):
        # Dropping the past of every such block would starve the training: share them out instead.
        ids = np.flatnonzero(straddles)
        shares = np.array([1 - STRADDLERS_TO_TEST, STRADDLERS_TO_TEST])
        to_test[ids] = deal(_contents(blocks, y)[ids], shares, rng) == 1
    stays = straddles[blocks] & ~to_test[blocks]
    return early & ~to_test[blocks], late & ~stays, near


def earlier_by(time: NDArray[Any], start: Any, gap: Any) -> Mask:
    """Rows that lie at least ``gap`` before a moment."""
    return np.asarray(signed(start.reshape(1)) - signed(time) >= gap)


def _late(time: NDArray[Any], test_size: float) -> Mask:
    """Rows after the cut; rows with the cut's own time stay in training together."""
    ordered = np.sort(time)
    cut = ordered[max(0, min(len(time) - 1, int(np.ceil(len(time) * (1 - test_size))) - 1))]
    late: Mask = time > cut
    if not late.any():
        late = time == ordered[-1]
    if late.all():
        raise InvalidInput(
            "time of run must hold at least two different moments. Got one moment in every row. "
            "Name another column with --time, or leave it out."
        )
    return late


def _each(y: Ints, rows: Mask) -> Ints:
    """Rows of each class or label among some."""
    if y.ndim == 2:
        return np.asarray(y[rows].sum(axis=0))
    return np.bincount(y[rows], minlength=int(y.max()) + 1)


def _contents(blocks: Ints, y: Ints) -> Ints:
    """What each block holds of each class or label, and rows without a label."""
    if y.ndim == 1:
        return class_counts(blocks, y)
    n_blocks = int(blocks.max()) + 1
    columns = [*y.T, (y.sum(axis=1) == 0).astype(np.int64)]
    held = [np.bincount(blocks, weights=column, minlength=n_blocks) for column in columns]
    return np.stack(held, axis=1).astype(np.int64)
