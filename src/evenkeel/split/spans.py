"""Distances in time: how near rows lie to others, and how long a span is in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import InvalidType

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIZES = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}


def near_any(time: NDArray[Any], others: NDArray[Any], gap: Any) -> NDArray[np.bool_]:
    """Whether a row lies less than ``gap`` before or after any of the others.

    Parameters
    ----------
    time, others
        Moments ``(n_rows,)`` and ``(n_others,)``: datetime64 or numbers; at least one other.
    gap
        timedelta64 or a number, in the unit of the times.

    Examples
    --------
    >>> near_any(np.array([0, 3, 4, 9]), np.array([5, 6]), 2).tolist()
    [False, False, True, False]
    """
    there = np.sort(signed(others))
    here = signed(time)
    after = np.searchsorted(there, here)
    ahead = there[np.minimum(after, len(there) - 1)] - here
    behind = here - there[np.maximum(after - 1, 0)]
    return np.asarray(np.minimum(np.abs(ahead), np.abs(behind)) < gap)


def signed(time: NDArray[Any]) -> NDArray[Any]:
    """Times whose differences can be negative: unsigned counters would wrap round."""
    return time.astype(np.int64) if time.dtype.kind == "u" else time


def check_gap(gap: Any, time: NDArray[Any] | None, owner: str) -> None:
    """Raise unless a gap is None or a span in the unit of the times.

    Raises
    ------
    InvalidType
        A number for dates, a duration for numbers, or a gap without times.
    """
    if gap is None:
        return
    dates = time is not None and time.dtype.kind == "M"
    if time is None or isinstance(gap, np.timedelta64) != dates:
        what = "a time" if time is None else "timedelta64" if dates else "a number"
        raise InvalidType(
            f"gap of {owner} must go with {what}. Got {gap!r}."
            if time is None
            else f"gap of {owner} must be {what}, as the times are. Got {gap!r}."
        )


def in_words(span: Any) -> str:
    """A span in its largest whole unit.

    >>> in_words(np.timedelta64(7, "D")), in_words(np.timedelta64(5400, "s")), in_words(12.0)
    ('7 days', '1.5 hours', '12')
    """
    if not isinstance(span, np.timedelta64):
        return f"{span:,.6g}"
    seconds = float(span / np.timedelta64(1, "s"))
    name = next((name for name, size in _SIZES.items() if abs(seconds) >= size), "second")
    amount = seconds / _SIZES[name]
    return f"{amount:,.6g} {name}{'' if amount == 1 else 's'}"


def moment(value: Any) -> str:
    """A moment as people write it, without fractions that are zero.

    >>> moment(np.datetime64("2024-03-01T00:00:00.000000")), moment(np.int64(7))
    ('2024-03-01', '7')
    """
    if not isinstance(value, np.datetime64):
        return f"{value:,.12g}" if isinstance(value, np.floating) else f"{value}"
    text = str(value.astype("datetime64[s]"))
    return text.removesuffix("T00:00:00").replace("T", " ")
