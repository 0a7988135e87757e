"""Test rows set aside: by class, by group, at the end of time, or all of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel.blocks import class_counts, deal, join_blocks
from evenkeel.split.at_the_end import at_the_end
from evenkeel.split.refusals import Asked, refuse_alike, require_classes
from evenkeel.split.spans import check_gap
from evenkeel.strata import deal_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Row numbers of the training and the test part.

    Parameters
    ----------
    train, test
        Sorted row numbers, ``(n_train,)`` and ``(n_test,)``. They never overlap, but for
        ``"nested"``: there both hold every row, and no row is judged by a choice made with it.
    kind
        ``"stratified"``, ``"group"``, ``"time"``, ``"time and group"``, ``"file"`` or ``"nested"``.
    set_aside
        Rows in neither part: they lie within the gap, or belong to a group or a set of duplicates
        whose other rows lie on the other side of a cut in time.
    near
        Those of them that lie within the gap before the test.
    gap
        Least time between a training row and a later test row: timedelta64, a number in the unit
        of the times, or None.
    """

    train: Ints
    test: Ints
    kind: str
    set_aside: int = 0
    near: int = 0
    gap: Any = None


def hold_out(
    y: Ints,
    *,
    test_size: float = 0.2,
    groups: Ints | None = None,
    duplicates: Ints | None = None,
    time: Any = None,
    gap: Any = None,
    seed: int = 0,
    classes: Sequence[Any] | None = None,
) -> Split:
    """Set test rows aside: stratified by default, the last rows when ``time`` is given.

    Groups and duplicates stay whole. With ``time`` every test row is later than every training
    row; rows of a block that lies on both sides of the cut are set aside on one of them. A ``gap``
    takes its rows from the training side, so that the test part stays what it was::

        train  train  train | set aside | test  test  test
                            |<-- gap -->|^ first test row

    Parameters
    ----------
    y
        Class codes ``(n_rows,)``, or ``(n_rows, n_labels)`` of 0 and 1 where a row may carry
        several labels: then each label is spread.
    test_size
        Share of the rows that go to the test, in (0, 1).
    groups, duplicates
        Ids ``(n_rows,)`` of rows that must stay together, or None.
    time
        Sortable values ``(n_rows,)`` without missing ones, or None.
    gap
        Least time between a training row and the first test row: timedelta64 for dates, a number
        in their unit for numbers.
    seed
        Seed of the shuffle; unused by a split in time without groups.
    classes
        Label of each code, or of each column of y, for messages.

    Raises
    ------
    InvalidInput
        A part would hold no row of a class that has at least two rows, or only one class; all
        rows have the same features; the gap leaves nothing to train on.
    InvalidType
        A gap in another unit than the times.

    Examples
    --------
    >>> y = np.tile([0, 0, 0, 1], 50)
    >>> split = hold_out(y, time=np.arange(200), gap=10)
    >>> int(split.train.max()), int(split.test.min()), split.set_aside
    (150, 160, 9)
    """
    check_number(test_size, "test_size", "run", low=0, high=1, open_low=True, open_high=True)
    y, moments = np.asarray(y), None if time is None else np.asarray(time)
    check_gap(gap, moments, "run")
    refuse_alike(duplicates)
    blocks = join_blocks(groups, duplicates)
    rng = np.random.default_rng(seed)
    if moments is None:
        in_test = _dealt(y, blocks, np.array([1 - test_size, test_size]), rng) == 1
        kind, train, test, near = "stratified", ~in_test, in_test, 0
    else:
        train, test, near = at_the_end(y, moments, test_size, gap, blocks, rng)
        kind = "time"
    if groups is not None:
        kind = "group" if moments is None else "time and group"
    rows = np.flatnonzero(train), np.flatnonzero(test)
    aside = len(y) - len(rows[0]) - len(rows[1])
    asked = Asked(kind, blocks, moments, gap, groups is not None, test_size, classes)
    require_classes(y, *rows, asked)
    return Split(*rows, kind, aside, near, gap)


def _dealt(
    y: Ints, blocks: Ints | None, shares: NDArray[np.float64], rng: np.random.Generator
) -> Ints:
    """Part of each row, classes or labels spread, blocks whole."""
    block_of = np.arange(len(y)) if blocks is None else blocks
    if y.ndim == 2:
        return deal_labels(y, block_of, shares, rng).astype(np.int64)
    return deal(class_counts(block_of, y), shares, rng)[block_of]
