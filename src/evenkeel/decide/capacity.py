"""How many rows can be acted on: in a period, of the rows, or of any table; and who they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._arrays import as_scores
from evenkeel._checks import check_choice, check_number, did_you_mean
from evenkeel.decide.periods import PERIODS, periods_covered
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_FORM = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:(%)|(?:alerts?|rows?)?\s*(?:/|\b(?:per|an?|each|every)\b)\s*([a-z]+))?"
)
_HINT = "Write 200/day (also hour, week, month), 1.5% (of the rows), or 500 (the top of any table)."


@dataclass(frozen=True)
class Capacity:
    """The most alerts that somebody can act on.

    Parameters
    ----------
    amount
        Alerts in a period (above 0), a share of the rows (above 0, at most 1), or a whole number
        of rows of any table.
    per
        ``"hour"``, ``"day"``, ``"week"``, ``"month"``; ``"row"``; ``"table"``.

    Raises
    ------
    InvalidInput, InvalidType
        An amount outside its range, or another unit.

    Examples
    --------
    >>> Capacity(200, "day").sentence(), str(Capacity(0.015, "row"))
    ('200 alerts a day', '1.5%')
    """

    amount: float
    per: str

    def __post_init__(self) -> None:
        check_choice(self.per, (*PERIODS, "row", "table"), "per", "capacity")
        high = 1.0 if self.per == "row" else float("inf")
        whole = self.per == "table"
        check_number(
            self.amount, "amount", "capacity", low=0.0, high=high, open_low=True, whole=whole
        )
        object.__setattr__(self, "amount", float(self.amount))

    def __str__(self) -> str:
        """The text that ``read_capacity`` reads back as this capacity."""
        amount = Decimal(repr(self.amount))
        if self.per == "row":
            return f"{amount.scaleb(2).normalize():f}%"
        return f"{amount.normalize():f}" + ("" if self.per == "table" else f"/{self.per}")

    @property
    def dated(self) -> bool:
        """Whether it is counted in periods of time."""
        return self.per in PERIODS

    def sentence(self) -> str:
        """The capacity in plain words."""
        if self.per == "row":
            return f"{100 * self.amount:g} % of the rows flagged"
        unit = "row" if self.per == "table" else "alert"
        words = f"{self.amount:,.12g} {unit}" + ("" if self.amount == 1 else "s")
        return f"{words} of any table flagged" if self.per == "table" else f"{words} {a(self.per)}"

    def budget(self, n_rows: int, *, times: Any = None) -> float:
        """How many of these rows may be flagged.

        ``amount n_rows`` (share), ``amount`` (table), or ``amount`` times the periods that the
        rows cover, quiet ones included (``periods_covered``).

        Parameters
        ----------
        n_rows
            Number of rows.
        times
            ``(n_rows,)``: when each row happened, as ``periods_covered`` takes it; needed for a
            capacity per period.

        Raises
        ------
        InvalidInput
            A capacity per period without dates.

        Examples
        --------
        >>> days = np.datetime64("2024-03-01") + np.array([0, 0, 0, 9])
        >>> Capacity(20, "day").budget(4, times=days), Capacity(0.5, "row").budget(4)
        (200.0, 2.0)
        """
        if self.per not in PERIODS:
            return self.amount * n_rows if self.per == "row" else self.amount
        if times is not None and np.shape(times) != (n_rows,):
            raise InvalidInput(
                f"times of capacity must have shape ({n_rows},), one per row. "
                f"Got {np.shape(times)}."
            )
        return self.amount * periods_covered(times, per=self.per) if n_rows else 0.0


def a(period: str) -> str:
    """A period with its article.

    >>> a("day"), a("hour")
    ('a day', 'an hour')
    """
    return f"an {period}" if period == "hour" else f"a {period}"


def read_capacity(text: str) -> Capacity:
    """A capacity as people write it.

    Parameters
    ----------
    text
        ``"200/day"`` (or hour, week, month; also ``"200 a day"``, ``"200 alerts per day"``),
        ``"1.5%"`` of the rows, ``"500"`` for the top of any table.

    Raises
    ------
    InvalidInput
        Anything else.

    Examples
    --------
    >>> read_capacity("200/day"), read_capacity("1.5 %")
    (Capacity(amount=200.0, per='day'), Capacity(amount=0.015, per='row'))
    >>> str(read_capacity("200 per day"))
    '200/day'
    """
    found = _FORM.fullmatch(str(text).strip().lower())
    if not found:
        raise InvalidInput(
            f"capacity of Policy must be a number above 0 with a unit. Got {text!r}. {_HINT}"
        )
    number, percent, per = found.groups()
    if per is not None and per not in PERIODS:
        near = did_you_mean(per, PERIODS)
        raise InvalidInput(
            f"capacity of Policy must be per {', '.join(PERIODS)}. Got {text!r}. {near}".rstrip()
        )
    amount = float(Decimal(number).scaleb(-2)) if percent else float(number)
    unit = "row" if percent else per or "table"
    if not 0.0 < amount <= (1.0 if percent else float("inf")):
        rule = "above 0 and at most 100%" if percent else "above 0"
        raise InvalidInput(f"capacity of Policy must be {rule}. Got {text!r}. {_HINT}")
    if unit == "table" and amount != int(amount):
        raise InvalidInput(f"capacity of Policy without a unit is rows. Got {text!r}. {_HINT}")
    return Capacity(amount, unit)


def flag_top(score: ArrayLike, k: float) -> NDArray[np.bool_]:
    """The rows with the highest scores, at most ``k``; ties at the border are left out whole.

    Parameters
    ----------
    score
        ``(n_rows,)``: finite scores.
    k
        Most rows to flag; a fraction counts down.

    Returns
    -------
    array
        ``(n_rows,)``: whether each row is flagged. O(n), no sort.

    Examples
    --------
    >>> flag_top([0.9, 0.5, 0.5, 0.1], 2).tolist()
    [True, False, False, False]
    """
    values = as_scores(score, owner="flag_top", name="score", unit=False)
    if k >= values.size or not values.size:
        return np.ones(values.size, dtype=np.bool_)
    border = values.size - 1 - max(int(k), 0)
    return np.asarray(values > np.partition(values, border)[border])
