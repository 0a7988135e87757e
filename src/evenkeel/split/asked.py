"""Options of a split that exclude or need each other."""

from __future__ import annotations

from typing import Any

from evenkeel._checks import check_number
from evenkeel.errors import InvalidInput, InvalidType


def check_asked(
    *,
    test: Any,
    test_size: float | None,
    nested: bool | None,
    repeats: int | None,
    time: Any,
    gap: Any,
    label_delay: Any,
) -> None:
    """Raise when options of a split are out of range or at odds.

    Parameters
    ----------
    test, test_size, nested
        The three ways to judge the chosen model: a file, rows held out, or every row by choices
        made without it; at most one, None where nothing was said.
    repeats
        How often rows are dealt into folds, at least 1.
    time, gap, label_delay
        The column of time, and what needs one.

    Raises
    ------
    InvalidInput, InvalidType
        With the option and what to do.
    """
    if test_size is not None:
        check_number(test_size, "test_size", "run", low=0, high=1, open_low=True, open_high=True)
    if nested is not None and not isinstance(nested, bool):
        raise InvalidType(f"nested of run must be True, False or None. Got {nested!r}.")
    if nested and (test is not None or test_size is not None):
        other = "test" if test is not None else "test_size"
        raise InvalidInput(
            f"nested of run must stand alone: it judges every row, and {other} names rows to judge "
            "by. Got both. Leave one out."
        )
    if repeats is not None:
        check_number(repeats, "repeats", "run", low=1, whole=True)
        if repeats > 1 and time is not None:
            raise InvalidInput(
                "repeats of run must be 1 with time: stretches of time can be cut in one way. Got "
                f"{repeats}. Leave out --repeats or --time."
            )
    for name, value in (("gap", gap), ("label_delay", label_delay)):
        if value is not None and time is None:
            raise InvalidInput(
                f"{name} of run must go with a column of time. Got {value!r} and no time. Name the "
                "column with --time."
            )
