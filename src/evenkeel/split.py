"""Splits that keep rare classes, whole groups, whole sets of duplicates, and the order of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel.blocks import class_counts, deal, join_blocks
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

ROWS_PER_FOLD = 8  # rare rows each fold must hold: below this an average precision means nothing
EARLY_LOSS = 0.2  # share of training rows that whole groups may cost a split by time
STRADDLERS_TO_TEST = 0.4  # share of the groups on both sides of the time cut that go to the test


@dataclass(frozen=True)
class Split:
    """Row numbers of the training and the test part.

    Parameters
    ----------
    train, test
        Sorted row numbers, ``(n_train,)`` and ``(n_test,)``; they never overlap.
    kind
        ``"stratified"``, ``"group"``, ``"time"``, ``"time and group"`` or ``"file"``.
    set_aside
        Rows in neither part: they belong to a group or a set of duplicates whose other rows lie
        on the other side of a cut in time.
    """

    train: Ints
    test: Ints
    kind: str
    set_aside: int = 0


@dataclass(frozen=True)
class Folds:
    """Validation folds: ``part[r, i]`` is the fold that holds row ``i`` in repeat ``r``.

    Iterating gives ``(repeat, fold, train, valid)`` with row numbers.
    """

    part: NDArray[np.int16]  # (n_repeats, n_rows)
    n_folds: int

    @property
    def n_repeats(self) -> int:
        """Number of times the rows were dealt anew."""
        return int(self.part.shape[0])

    def rows(self, repeat: int, fold: int) -> tuple[Ints, Ints]:
        """Row numbers to train on and to validate on."""
        inside = self.part[repeat] == fold
        return np.flatnonzero(~inside), np.flatnonzero(inside)

    def __iter__(self) -> Iterator[tuple[int, int, Ints, Ints]]:
        for repeat in range(self.n_repeats):
            for fold in range(self.n_folds):
                train, valid = self.rows(repeat, fold)
                yield repeat, fold, train, valid


def hold_out(
    y: Ints,
    *,
    test_size: float = 0.2,
    groups: Ints | None = None,
    duplicates: Ints | None = None,
    time: Any = None,
    seed: int = 0,
    classes: Sequence[Any] | None = None,
) -> Split:
    """Set test rows aside: stratified by default, the last rows when ``time`` is given.

    Groups and duplicates stay whole. With ``time`` every test row is later than every training
    row; rows of a block that lies on both sides of the cut are set aside on one of them.

    Parameters
    ----------
    y
        Class codes ``(n_rows,)``.
    test_size
        Share of the rows that go to the test, in (0, 1).
    groups, duplicates
        Ids ``(n_rows,)`` of rows that must stay together, or None.
    time
        Sortable values ``(n_rows,)`` without gaps, or None.
    seed
        Seed of the shuffle; unused by a split in time without groups.
    classes
        Label of each code, for messages.

    Raises
    ------
    InvalidInput
        A part would hold no row of a class that has at least two rows, or only one class; all
        rows have the same features.
    """
    check_number(test_size, "test_size", "run", low=0, high=1, open_low=True, open_high=True)
    y = np.asarray(y)
    _refuse_alike(duplicates)
    blocks = join_blocks(groups, duplicates)
    rng = np.random.default_rng(seed)
    if time is None:
        block_of = np.arange(len(y)) if blocks is None else blocks
        part = deal(class_counts(block_of, y), np.array([1 - test_size, test_size]), rng)
        in_test = part[block_of] == 1
        kind = "stratified" if groups is None else "group"
        split = Split(np.flatnonzero(~in_test), np.flatnonzero(in_test), kind)
    else:
        late = _late(np.asarray(time), test_size)
        split = _by_time(y, late, blocks, rng, "time" if groups is None else "time and group")
    _require_classes(y, split, test_size, classes)
    return split


def make_folds(
    y: Ints,
    *,
    groups: Ints | None = None,
    duplicates: Ints | None = None,
    time: Any = None,
    n_folds: int | None = None,
    n_repeats: int | None = None,
    seed: int = 0,
) -> Folds:
    """Deal rows into stratified folds that keep groups and duplicates whole.

    With ``time`` the folds are stretches of time that hold equally many rows of the rarest class,
    and there is one repeat: neighbours in time are alike, so folds dealt at random would promise
    more than the future keeps.

    Without ``n_folds``, k = min(5, n // 8) and at least 2, where n counts the rarest class that
    can be folded (16 rows or more). Without ``n_repeats``: 1 above 500 such rows, 2 from 100 on,
    5 below 100.

    Parameters
    ----------
    y
        Class codes ``(n_rows,)``.
    groups, duplicates
        Ids ``(n_rows,)`` of rows that must stay together, or None.
    time
        Sortable values ``(n_rows,)`` without gaps, or None.

    Raises
    ------
    InvalidInput
        A class lies in one block, so that no two folds can be made.

    Examples
    --------
    >>> folds = make_folds(np.repeat([0, 1], [900, 100]))
    >>> folds.n_folds, folds.n_repeats, np.bincount(folds.part[0][900:]).tolist()
    (5, 2, [20, 20, 20, 20, 20])
    """
    y = np.asarray(y)
    _refuse_alike(duplicates)
    counts = np.bincount(y)
    foldable = counts[counts >= 2 * ROWS_PER_FOLD]
    rare = int(foldable.min()) if len(foldable) > 1 else int(counts[counts > 0].min())
    k = max(2, min(5, rare // ROWS_PER_FOLD)) if n_folds is None else n_folds
    repeats = (1 if rare > 500 else 2 if rare >= 100 else 5) if n_repeats is None else n_repeats
    check_number(k, "n_folds", "make_folds", low=2, whole=True)
    check_number(repeats, "n_repeats", "make_folds", low=1, whole=True)
    blocks = join_blocks(groups, duplicates)
    block_of = np.arange(len(y)) if blocks is None else blocks
    if time is not None:
        part = _stretches(y, np.asarray(time), block_of, counts, k)[None, :]
        if _usable(part, y, k):
            return Folds(part, k)
        # Blocks that come again all the time fill no stretch; whole blocks stop the leak alone.
    table = class_counts(block_of, y)
    for fewer in range(min(k, len(table)), 1, -1):
        part = np.empty((repeats, len(y)), np.int16)
        for repeat in range(repeats):
            rng = np.random.default_rng([seed, repeat])
            part[repeat] = deal(table, np.full(fewer, 1 / fewer), rng)[block_of]
        if _usable(part, y, fewer):
            return Folds(part, fewer)
    raise InvalidInput(
        f"groups of make_folds must leave every class on both sides of a split. Got {len(table)} "
        "groups of rows that stay together, and a class that lies in one of them. Use a finer "
        "group column, or leave it out."
        if groups is not None
        else "Rows of a class must differ to be on both sides of a split. Got a class whose rows are "
        "identical in every feature, and copies of a row stay together. Add columns that tell them "
        "apart, or collect more rows."
    )


def _refuse_alike(duplicates: Ints | None) -> None:
    if duplicates is not None and len(duplicates) > 1 and np.ptp(duplicates) == 0:
        raise InvalidInput(
            f"The features must differ between rows. All {len(duplicates):,} rows are identical in "
            "every feature, so nothing can tell their classes apart. Check which columns were "
            "dropped, or add some that differ."
        )


def _usable(part: NDArray[np.int16], y: Ints, k: int) -> bool:
    """Whether every fold has rows, and every training part two classes and all that can be folded."""
    n_classes = int(y.max()) + 1
    total = np.bincount(y, minlength=n_classes)
    needed = total >= 2 * ROWS_PER_FOLD
    for dealt in part:
        held = np.bincount(dealt * n_classes + y, minlength=k * n_classes).reshape(k, n_classes)
        left = total - held
        if not (held.sum(axis=1) > 0).all() or not ((left > 0).sum(axis=1) > 1).all():
            return False
        if not (left[:, needed] > 0).all():
            return False
    return True


def _stretches(
    y: Ints, time: NDArray[Any], block_of: Ints, counts: Ints, k: int
) -> NDArray[np.int16]:
    """Fold of each row: stretches of time with equally many rows of the rarest foldable class.

    A block that lies in several stretches goes where its first row is.
    """
    foldable = np.where(counts >= 2 * ROWS_PER_FOLD, counts, counts.max() + 1)
    rare = y == int(np.argmin(foldable))
    order = np.argsort(time, kind="stable")
    seen = np.cumsum(rare[order]) - rare[order]
    fold = np.empty(len(y), np.int16)
    fold[order] = np.minimum(k * seen // max(1, int(rare.sum())), k - 1)
    first = np.full(int(block_of.max()) + 1, k, np.int16)
    np.minimum.at(first, block_of, fold)
    return first[block_of]


def _late(time: NDArray[Any], test_size: float) -> NDArray[np.bool_]:
    """Rows after the cut; rows with the cut's own time stay in training together."""
    ordered = np.sort(time)
    cut = ordered[max(0, min(len(time) - 1, int(np.ceil(len(time) * (1 - test_size))) - 1))]
    late: NDArray[np.bool_] = time > cut
    if not late.any():
        late = time == ordered[-1]
    if late.all():
        raise InvalidInput(
            "time of run must hold at least two different moments. Got one moment in every row. "
            "Name another column with --time, or leave it out."
        )
    return late


def _by_time(
    y: Ints,
    late: NDArray[np.bool_],
    blocks: Ints | None,
    rng: np.random.Generator,
    kind: str,
) -> Split:
    if blocks is None:
        return Split(np.flatnonzero(~late), np.flatnonzero(late), kind)
    has_late = np.bincount(blocks, weights=late) > 0
    has_early = np.bincount(blocks, weights=~late) > 0
    straddles = has_late & has_early
    dropped = straddles[blocks] & ~late
    early, lost = np.bincount(y[~late]), np.bincount(y[dropped], minlength=y.max() + 1)
    if np.any(lost[: len(early)] > EARLY_LOSS * early):
        # Dropping the past of every such block would starve the training: share them out instead.
        ids = np.flatnonzero(straddles)
        shares = np.array([1 - STRADDLERS_TO_TEST, STRADDLERS_TO_TEST])
        to_test = np.zeros(len(straddles), bool)
        to_test[ids] = deal(class_counts(blocks, y)[ids], shares, rng) == 1
        dropped = straddles[blocks] & (late != to_test[blocks])
    train, test = np.flatnonzero(~late & ~dropped), np.flatnonzero(late & ~dropped)
    return Split(train, test, kind, int(dropped.sum()))


def _require_classes(
    y: Ints, split: Split, test_size: float, classes: Sequence[Any] | None
) -> None:
    counts = np.bincount(y)
    for name, rows in (("training", split.train), ("test", split.test)):
        held = np.bincount(y[rows], minlength=len(counts)) > 0
        wanted = counts >= (2 if name == "training" else 2 / test_size)
        if len(rows) == 0 or held.sum() < 2 or np.any(wanted & ~held):
            code = int(np.flatnonzero(~held)[0])
            label = repr(classes[code]) if classes is not None else f"code {code}"
            raise InvalidInput(
                f"The {name} part ({split.kind} split, {len(rows):,} rows) holds no row of class "
                f"{label}. Change --test-size, or leave out --time or "
                "--group: whole groups and one cut in time leave this class on one side."
            )
