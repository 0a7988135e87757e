"""A member fitted on rows that any resampler chose or made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._rows import take
from evenkeel.ensemble.members import Member, Training, fit_member, seeded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]


def made_table(
    resampler: Any, training: Training, rows: Ints, random: np.random.Generator, weight: Any
) -> Training:
    """What a resampler makes of some rows; a made row takes the weight of its parent.

    Parameters
    ----------
    resampler
        Object with ``plan(X, y)``; cloned, and seeded where its ``random_state`` is None.
    training, rows
        Table, and numbers of the rows that are resampled.
    random
        Source of the seed.
    weight
        Row weights ``(n_rows,)`` of the table, or None.
    """
    part = take(training.X, rows)
    codes, own = training.codes[rows], None if weight is None else weight[rows]
    plan = seeded(resampler, random).plan(part, training.classes[codes])
    X, y, mass = plan.apply(part, codes, own)
    return replace(training, X=X, codes=np.asarray(y), weight=mass)


def fit_on_made(
    template: Any,
    resampler: Any,
    training: Training,
    rows: Ints,
    random: np.random.Generator,
    columns: Ints | None,
) -> Member:
    """A clone fitted on what a resampler makes of some rows, and on some columns."""
    made = made_table(resampler, training, rows, random, training.weight)
    return fit_member(template, made, np.arange(len(made.codes)), random, columns=columns)
