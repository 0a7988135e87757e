"""What cannot be split, said with its counts and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import InvalidInput
from evenkeel.split.spans import in_words, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Asked:
    """What a split was asked to respect.

    Parameters
    ----------
    kind
        As in :class:`evenkeel.split.Split`.
    blocks
        Block ``(n_rows,)`` of rows that stay together, or None.
    time, gap
        Moments ``(n_rows,)`` and the least time before the test, or None.
    grouped
        Whether the blocks are groups that the user named, and not only copies of rows.
    test_size
        Share of the rows that go to the test.
    classes
        Label of each code, or None.
    """

    kind: str
    blocks: Ints | None
    time: NDArray[Any] | None
    gap: Any
    grouped: bool
    test_size: float
    classes: Sequence[Any] | None


def refuse_alike(duplicates: Ints | None) -> None:
    """Raise when all rows are copies of one."""
    if duplicates is not None and len(duplicates) > 1 and np.ptp(duplicates) == 0:
        raise InvalidInput(
            f"The features must differ between rows. All {len(duplicates):,} rows are identical in "
            "every feature, so nothing can tell their classes apart. Check which columns were "
            "dropped, or add some that differ."
        )


def require_classes(y: Ints, train: Ints, test: Ints, asked: Asked) -> None:
    """Raise when a part lacks a class that has rows enough for both.

    Parameters
    ----------
    y
        Class codes ``(n_rows,)`` or labels ``(n_rows, n_labels)``.
    train, test
        Row numbers.

    Raises
    ------
    InvalidInput
        With the class, its rows, and where they lie.
    """
    member = y == 1 if y.ndim == 2 else y[:, None] == np.arange(int(y.max()) + 1)
    counts = member.sum(axis=0)
    fewest = 1 if y.ndim == 2 else 2
    for name, rows in (("training", train), ("test", test)):
        held = member[rows].any(axis=0)
        wanted = counts >= (2 if name == "training" else 2 / asked.test_size)
        if len(rows) == 0 or held.sum() < fewest or np.any(wanted & ~held):
            lacking = np.flatnonzero(~held & wanted)
            code = int(lacking[0] if len(lacking) else np.argmin(held))
            label = f"code {code}" if asked.classes is None else repr(asked.classes[code])
            raise InvalidInput(
                f"The {name} part ({asked.kind} split, {len(rows):,} rows) holds no row of class "
                f"{label}: {_where(member[:, code], test, asked)}. {_fix(asked)}"
            )


def _where(member: NDArray[np.bool_], test: Ints, asked: Asked) -> str:
    """Where the rows of the class lie."""
    n = int(member.sum())
    whole = "all of its" if n > 1 else "its"
    rows = f"{whole} {n:,} row{'' if n == 1 else 's'}"
    if asked.blocks is not None:
        n_blocks = len(np.unique(asked.blocks[member]))
        if n_blocks < 3 or asked.time is None:
            what = "group" if asked.grouped else "set of copies"
            many = f"{n_blocks:,} {what}{'' if n_blocks == 1 else 's'}".replace("copiess", "copies")
            return f"{rows} lie in {many}, kept whole"
    if asked.time is None:
        return f"there are {n:,} in all"
    mine, start = asked.time[member], asked.time[test].min() if len(test) else asked.time.max()
    early = int((mine < start).sum())
    before = "" if asked.gap is None else f", with {in_words(asked.gap)} set aside before it"
    return (
        f"{early:,} of its {n:,} rows lie before {moment(start)}, where the test starts{before}, "
        f"and {n - early:,} after"
    )


def _fix(asked: Asked) -> str:
    """What to change."""
    if asked.time is not None:
        gap = "" if asked.gap is None else "shorten --gap or --label-delay, "
        group = " or --group" if asked.grouped else ""
        return f"Change --test-size, {gap}or leave out --time{group}."
    if asked.grouped:
        return "Name a finer column with --group, or leave it out."
    return "Change --test-size, or collect more rows of it."


def refuse_folds(y: Ints, blocks: Ints | None, *, grouped: bool, gap: Any) -> InvalidInput:
    """The error for training rows that cannot be folded.

    Parameters
    ----------
    y
        Class codes ``(n_rows,)``.
    blocks
        Block ``(n_rows,)`` of rows that stay together, or None.
    grouped
        Whether the blocks are groups that the user named.
    gap
        Least time between rows to train on and rows to validate on, or None.
    """
    block_of = np.arange(len(y)) if blocks is None else blocks
    pairs = np.unique(np.stack([block_of, y]), axis=1)
    blocks_of = np.bincount(pairs[1], minlength=int(y.max()) + 1)
    code = int(np.argmin(np.where(blocks_of > 0, blocks_of, len(y) + 1)))
    n = int((y == code).sum())
    n_blocks = len(np.unique(block_of))
    if gap is not None:
        return InvalidInput(
            f"gap of run must leave two classes to train on beside every stretch of time. "
            f"Got {in_words(gap)}, and {n:,} rows of the rarest class in {len(y):,} rows. Take a "
            "shorter --gap or --label-delay, or more rows."
        )
    if grouped:
        where = "one" if blocks_of[code] == 1 else f"{blocks_of[code]:,}"
        held = f"{n_blocks:,} groups, and all {n:,} rows of a class in {where}"
        return InvalidInput(
            "Groups stay whole, so they must leave every class on both sides of a split. Got "
            f"{'one group of all rows' if n_blocks == 1 else held}. Name finer groups, or leave them "
            "out."
        )
    return InvalidInput(
        "Rows of a class must differ to be on both sides of a split. Got a class whose "
        f"{n:,} rows are identical in every feature, and copies of a row stay together. Add columns "
        "that tell them apart, or collect more rows."
    )
