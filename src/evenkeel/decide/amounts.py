"""Amounts that costs are made of: plain numbers, columns of a table, and savings as scores."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import did_you_mean, listed
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST = 1e100  # sums over rows of larger costs, and their squares, would not be finite
_SPAN = math.log1p(MOST * MOST)


def plain_number(value: Any) -> Any:
    """A number of any library as a float of Python; what is none, or too large for one, as it is.

    >>> plain_number(np.float32(0.5)), plain_number("amount"), plain_number(True)
    (0.5, 'amount', True)
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    try:
        return float(value)
    except OverflowError:
        return value


def read_columns(
    names: Iterable[str], columns: Mapping[str, Any] | None, n_rows: int
) -> dict[str, Floats]:
    """The named columns as numbers, each ``(n_rows,)``.

    Raises
    ------
    InvalidInput
        A column that is missing, of another length, or holds anything but numbers from 0 to 1e100.

    Examples
    --------
    >>> read_columns(("amount",), {"amount": [4, 9]}, 2)["amount"].tolist()
    [4.0, 9.0]
    """
    known = {} if columns is None else columns
    values: dict[str, Floats] = {}
    for name in names:
        if name not in known:
            near = [str(key) for key in known]
            raise InvalidInput(
                f"The cost column {name!r} is not there. Given: {listed(near) or 'none'}. "
                f"{did_you_mean(name, near)}".rstrip()
            )
        values[name] = _column(name, known[name], n_rows)
    return values


def check_stakes(miss: Floats, alarm: Floats, *, names: Iterable[str]) -> None:
    """Raise InvalidInput where no row loses by a miss, or none by a false alarm.

    Parameters
    ----------
    miss, alarm
        ``(n_rows,)``: what a miss and a false alarm add to the cost of the right decision.
    names
        The cost columns, for the message.
    """
    named = f"Look at the cost columns: {', '.join(names)}."
    if miss.size and not (miss > 0.0).any():
        raise InvalidInput(
            f"A miss (cost_fn) must cost more than a caught case (cost_tp) in some row. In none of "
            f"{miss.size:,} it does, so never acting is cheapest and no threshold is needed. {named}"
        )
    if alarm.size and not (alarm > 0.0).any():
        raise InvalidInput(
            "A false alarm (cost_fp) must cost more than leaving the row alone (cost_tn) in some "
            f"row. In none of {alarm.size:,} it does, so always acting is cheapest and no threshold "
            f"is needed. {named}"
        )


def squeezed(saved: Floats) -> Floats:
    """Savings as scores within [0, 1], in their order; 1/2 for a saving of 0.

    ``1/2 + sign(g) log(1 + 1e100 |g|) / (2 log(1 + 1e200))``: on a log scale savings that differ by
    more than 1 in 1e12 stay apart, in whatever unit they are counted.

    >>> squeezed(np.array([-1.0, 0.0, 1.0])).round(9).tolist()
    [0.25, 0.5, 0.75]
    """
    size = np.log1p(np.abs(saved) * MOST) / (2.0 * _SPAN)
    return np.asarray(0.5 + np.copysign(size, saved))


def saved_at(score: float) -> float:
    """The saving that ``squeezed`` gives this score.

    >>> round(saved_at(0.75), 9), saved_at(0.5)
    (1.0, 0.0)
    """
    size = math.expm1(min(abs(2.0 * score - 1.0), 1.0) * _SPAN) / MOST
    return math.copysign(size, score - 0.5)


def _column(name: str, column: Any, n_rows: int) -> Floats:
    try:
        values = np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"The cost column {name!r} must hold numbers.") from error
    if values.shape != (n_rows,):
        raise InvalidInput(
            f"The cost column {name!r} must have {n_rows:,} values, one per row. "
            f"Got shape {values.shape}."
        )
    wrong = np.flatnonzero(~((values >= 0.0) & (values <= MOST)))
    if wrong.size:
        raise InvalidInput(
            f"The cost column {name!r} must hold numbers of at least 0, at most {MOST:g}. "
            f"{wrong.size:,} rows do not, first row {wrong[0]:,}: {values[wrong[0]]:g}."
        )
    return values
