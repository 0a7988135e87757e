"""What the rows at hand can offer: k shrinks with a warning or is an error; nothing is an error."""

from __future__ import annotations

import warnings
from typing import Any

from evenkeel.errors import DoesNotApply, EvenkeelWarning


class NothingOffered(DoesNotApply, RuntimeError):
    """No row to start from; a RuntimeError too, which users of imbalanced-learn expect here."""


def neighbors_offered(
    resampler: Any, name: str, n_rows: int, label: Any = None, *, within: str = ""
) -> int:
    """The neighbours that a row can have among ``n_rows`` rows, itself one of them.

    Parameters
    ----------
    resampler
        Its parameter ``name`` says how many are asked for; where it has a true ``strict``, too few
        are an error.
    n_rows
        Rows of the class, or of the table.
    label
        The class, for the message; None for the table.
    within
        The part of the class or table that the rows are in, for the message.

    Returns
    -------
    int
        ``min(asked, n_rows - 1)``.

    Raises
    ------
    DoesNotApply
        Too few rows, and ``strict``.
    """
    asked, owner = int(getattr(resampler, name)), type(resampler).__name__
    if n_rows > asked:
        return asked
    whose = "The table" if label is None else f"Class {label!r}"
    found = f"{whose} has {n_rows:,} row" + ("s" if n_rows > 1 else "")
    if within:
        found += f" in {within}"
    if getattr(resampler, "strict", False):
        raise DoesNotApply(
            f"{name} of {owner} must be below the rows that may be neighbours. Got {asked}. {found}. "
            f"Lower {name}, or leave the class out of sampling_strategy."
        )
    instead = f"{name} is {n_rows - 1} for it" if n_rows > 1 else "it has no neighbours"
    warnings.warn(
        f"{found}, too few for {name}={asked} of {owner}: {instead}.",
        EvenkeelWarning,
        stacklevel=2,
    )
    return n_rows - 1
