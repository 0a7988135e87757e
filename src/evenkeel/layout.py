"""Where the rows of a run go: a test part or none, folds, and the gap in time between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.audit import duplicate_ids
from evenkeel.errors import InvalidInput
from evenkeel.evidence import rare_rows
from evenkeel.settings import QUICK_FOLDS
from evenkeel.split import Folds, Split, earlier_by, hold_out, in_words, make_folds
from evenkeel.words import read_span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.settings import Settings
    from evenkeel.table import Table

TEST_SIZE = 0.2
FEW_TESTED = 30  # positives in a test part below which every row is judged instead


def lay_out(table: Table, tested: Table | None, settings: Settings) -> tuple[Split, Folds]:
    """The split that was asked for, or that the data need, and folds of its training rows.

    Without a test file, a test size or a time, a table whose test part would hold fewer than 30
    rows of the rare class is judged nested: all its rows train, and each is judged by choices made
    without it. With a time the last rows stay the test, however few: they alone stand for what
    comes later.

    Raises
    ------
    InvalidInput
        Groups, times or a gap that cannot be split with the rows at hand.
    """
    times = _times(table)
    gap = None if times is None else asked_gap(settings, times, str(table.time_name))
    duplicates = duplicate_ids(table.X)
    if tested is not None:
        split = _beside_file(table, tested, gap)
    elif is_nested(table, settings):
        every = np.arange(table.n_rows)
        split = Split(every, every, "nested", gap=gap)
    else:
        split = hold_out(
            table.y,
            test_size=TEST_SIZE if settings.test_size is None else settings.test_size,
            groups=table.groups,
            duplicates=duplicates,
            time=times,
            gap=gap,
            seed=settings.seed,
            classes=table.classes,
        )
    train = split.train
    given: dict[str, Any] = {
        "duplicates": duplicates[train],
        "groups": None if table.groups is None else table.groups[train],
        "time": None if times is None else times[train],
        "gap": gap,
        "seed": settings.seed,
    }
    folds = make_folds(table.y[train], n_repeats=settings.repeats, **given)
    if settings.quick:
        few = min(QUICK_FOLDS, folds.n_folds)
        once = settings.repeats or 1
        folds = make_folds(table.y[train], n_folds=few, n_repeats=once, **given)
    return split, folds


def is_nested(table: Table, settings: Settings) -> bool:
    """Whether every row is to be judged by choices made without it, in place of a test part."""
    if settings.nested is not None:
        return settings.nested
    if settings.test_size is not None or table.time is not None:
        return False
    return TEST_SIZE * rare_rows(table.counts) < FEW_TESTED


def asked_gap(settings: Settings, times: NDArray[Any], column: str) -> Any:
    """Least time between training rows and the rows they are judged by; None where none was asked.

    ``gap`` and ``label_delay`` both say how near to the test a training row may lie: the one
    because the model is put to work that much later, the other because a label is known that
    much after its row. Both end at the first test row, so the longer one holds and they do not
    add up. Where a model waits a week for its release *after* its labels are known, ask for a
    label delay that is a week longer.

    Examples
    --------
    >>> from evenkeel.settings import Settings
    >>> asked = Settings("y", time="day", gap=7, label_delay=30)
    >>> asked_gap(asked, np.arange(100), "day")
    30.0
    """
    spans = [
        read_span(value, times, name, column)
        for name, value in (("gap", settings.gap), ("label_delay", settings.label_delay))
        if value is not None
    ]
    return max(spans, default=None)


def _times(table: Table) -> NDArray[Any] | None:
    return None if table.time is None else table.time.to_numpy()


def _beside_file(table: Table, tested: Table, gap: Any) -> Split:
    """All rows train, but for those within the gap before the first row of the test file."""
    if np.count_nonzero(tested.counts) < 2:
        raise InvalidInput(
            f"test of run must hold at least two classes to judge by. {tested.source} holds one."
        )
    train, times, later = np.arange(table.n_rows), _times(table), _times(tested)
    if gap is not None and times is not None:
        if later is None:
            raise InvalidInput(
                f"test of run must hold the column of time, {table.time_name!r}, to keep a gap "
                f"before it. {tested.source} does not. Add it, or leave out --gap and --label-delay."
            )
        train = np.flatnonzero(earlier_by(times, later.min(), gap))
        if np.count_nonzero(np.bincount(table.y[train])) < 2:
            raise InvalidInput(
                f"gap of run must leave two classes to train on. Got {in_words(gap)}, and of "
                f"{table.n_rows:,} rows {len(train):,} lie that long before the first of "
                f"{tested.source}. Take a shorter --gap or --label-delay, or a later test file."
            )
    near = table.n_rows - len(train)
    return Split(train, np.arange(tested.n_rows), "file", near, near, gap)
