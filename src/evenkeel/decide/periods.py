"""Hours, days, weeks and months that rows cover, quiet ones included, and the alerts in each."""

from __future__ import annotations

from datetime import UTC, date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice
from evenkeel.errors import InvalidInput
from evenkeel.reading.moments import parse_iso

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Ints = NDArray[np.int64]
    Moments = NDArray[np.datetime64]

PERIODS = {"hour": "h", "day": "D", "week": "D", "month": "M"}  # the numpy unit that counts each
_STEPS = ("M", "D", "h", "m", "s", "ms", "us")  # what times may be whole numbers of, coarsest first
_EPOCHS = np.datetime64("1980-01-01", "us"), np.datetime64("2200-01-01", "us")


def periods_covered(times: Any, *, per: str) -> float:
    """How many periods rows cover, from the first row to the end of the last one's step.

    A step is the coarsest of month, day, hour, ... in which all times are whole: ten dates in a row
    cover ten days, rows from Monday noon to Thursday noon three. Periods in which nothing happened
    count as any other; a part counts as a part (of a month: of that month's own days).

    Parameters
    ----------
    times
        ``(n_rows,)``: dates or datetimes of Python, numpy or any frame library, ISO text, or whole
        microseconds since 1970; at least one. Those with a time zone count in UTC.
    per
        ``"hour"``, ``"day"``, ``"week"`` or ``"month"``.

    Raises
    ------
    InvalidInput
        No times, missing ones, or numbers that are no dates.

    Examples
    --------
    >>> periods_covered(np.array(["2024-02-01", "2024-02-29"], dtype="datetime64"), per="month")
    1.0
    """
    start, end = _span(_moments(times, per))
    return float(_position(end, per) - _position(start, per))


def by_period(
    flagged: ArrayLike, times: Any, *, per: str, amount: float | None = None
) -> dict[str, Any]:
    """Alerts in each calendar period that rows cover, those without any included.

    Days run from midnight, weeks from Monday. A first or last period that the rows cover only in
    part counts for ``most`` and ``over``, and for ``low`` and ``high`` only where no whole one is.

    Parameters
    ----------
    flagged
        ``(n_rows,)``: whether each row is flagged.
    times
        As for ``periods_covered``.
    per
        ``"hour"``, ``"day"``, ``"week"`` or ``"month"``.
    amount
        The capacity, for ``over``.

    Returns
    -------
    dict
        ``periods``: calendar periods touched; ``mean``: alerts by period covered (a part as a
        part); ``low``, ``high``: 5 % and 95 % of periods; ``most``: the fullest; ``over``: periods
        above the amount, None without one.

    Examples
    --------
    >>> days = np.datetime64("2024-03-01") + np.array([0, 0, 0, 2])
    >>> by_period([1, 1, 1, 0], days, per="day", amount=2)
    {'periods': 3, 'mean': 1.0, 'low': 0, 'high': 3, 'most': 3, 'over': 1}
    """
    moments, hit = _moments(times, per), np.asarray(flagged, dtype=np.bool_)
    if hit.shape != moments.shape:
        raise InvalidInput(
            f"flagged of by_period must have one value for each time, {moments.size:,}. "
            f"Got shape {hit.shape}."
        )
    start, end = _span(moments)
    first, last = (int(_number(np.array([at]), per)[0]) for at in (start, end - 1))
    counts = np.bincount(_number(moments[hit], per) - first, minlength=last - first + 1)
    whole = counts[_position(start, per) > first : counts.size - (_position(end, per) < last + 1)]
    typical = whole if whole.size else counts
    return {
        "periods": counts.size,
        "mean": float(counts.sum() / (_position(end, per) - _position(start, per))),
        "low": int(np.quantile(typical, 0.05, method="lower")),
        "high": int(np.quantile(typical, 0.95, method="higher")),
        "most": int(counts.max()),
        "over": None if amount is None else int(np.count_nonzero(counts > amount)),
    }


def _moments(times: Any, per: str) -> Moments:
    """Times as datetime64 in microseconds, or InvalidInput."""
    check_choice(per, PERIODS, "per", "capacity")
    ask = f"capacity per {per} needs a time column with dates"
    what_next = "Name it with --time (times= in Python), or give a share such as 1.5%."
    if times is None:
        raise InvalidInput(f"{ask}; got none. {what_next}")
    raw = np.asarray(times)
    if raw.dtype.kind in "OUT" and raw.ndim == 1:
        raw = _from_objects(raw.tolist(), ask)
    if raw.dtype.kind not in "Mi" or raw.ndim != 1 or not raw.size:
        raise InvalidInput(f"{ask}; got {raw.dtype} of shape {raw.shape}. {what_next}")
    # Dates come as datetime64 in any unit; mypy knows no casts between kinds of moments.
    moments: Any = raw.astype("datetime64[us]")
    missing = int(np.isnat(moments).sum())
    if missing:
        raise InvalidInput(f"{ask}; {missing:,} of {raw.size:,} times are missing. {what_next}")
    if raw.dtype.kind == "i" and not (moments.min() >= _EPOCHS[0] and moments.max() < _EPOCHS[1]):
        raise InvalidInput(
            f"{ask}; got numbers from {raw.min()} to {raw.max()}, which are no microseconds since "
            f"1970. {what_next}"
        )
    found: Moments = moments
    return found


def _from_objects(values: list[Any], ask: str) -> Any:
    """Dates and datetimes of Python, or ISO text, as datetime64 in UTC; NaT where one is missing."""
    texts = [value for value in values if isinstance(value, str)]
    if texts:
        import polars as pl

        known = pl.DataFrame({"t": pl.Series(texts, dtype=pl.String)})
        read = iter(known.select(parse_iso(pl.col("t")))["t"].to_list())
        values = [(next(read) or value) if isinstance(value, str) else value for value in values]
    wrong = [value for value in values if not isinstance(value, date | np.datetime64 | None)]
    wrong = [value for value in wrong if value == value]  # NaN is how frames write a missing cell
    if wrong:
        raise InvalidInput(
            f"{ask}; got {wrong[0]!r}. Give dates, datetimes, or text such as 2024-03-01 12:00."
        )
    naive = [
        at.astimezone(UTC).replace(tzinfo=None) if getattr(at, "tzinfo", None) else at
        for at in values
    ]
    return np.array([None if at != at else at for at in naive], dtype="datetime64[us]")


def _span(moments: Any) -> tuple[Any, Any]:
    """The first moment, and the end of the last one's step."""
    start, last = moments.min(), moments.max()
    # One day alone tells nothing about steps of a month.
    for step in _STEPS[int(start == last) :]:
        if (moments.astype(f"datetime64[{step}]") == moments).all():
            break
    return start, (last.astype(f"datetime64[{step}]") + 1).astype("datetime64[us]")


def _number(moments: Any, per: str) -> Ints:
    """The number of the calendar period that each moment lies in; weeks start on Monday."""
    found: Ints = moments.astype(f"datetime64[{PERIODS[per]}]").astype(np.int64)
    return (found + 3) // 7 if per == "week" else found  # 1970 began on a Thursday


def _position(moment: Any, per: str) -> Fraction:
    """The number of a moment's period plus the share of it that has passed."""
    number = int(_number(np.array([moment]), per)[0])
    at = np.array([number, number + 1])
    days = at * 7 - 3 if per == "week" else at
    begin, end = days.astype(f"datetime64[{PERIODS[per]}]").astype("datetime64[us]")
    passed, length = (int(span.astype(np.int64)) for span in (moment - begin, end - begin))
    # Exact, so that ten days of seven a week are ten rows and not a hair less.
    return number + Fraction(passed, length)
