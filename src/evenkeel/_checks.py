"""One wording for errors of parameters and input: which, whose, must be, got, what next."""

from __future__ import annotations

import difflib
import math
from numbers import Real
from typing import TYPE_CHECKING, Any

from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from collections.abc import Iterable


def check_number(
    value: Any,
    name: str,
    owner: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    open_high: bool = False,
    whole: bool = False,
    hint: str = "",
) -> None:
    """Raise unless ``value`` is a finite number in the given range.

    >>> check_number(0, "k_neighbors", "SMOTE", low=1, whole=True)
    Traceback (most recent call last):
    ...
    evenkeel.errors.InvalidInput: k_neighbors of SMOTE must be a whole number of at least 1. Got 0.
    """
    rule = _range(low, high, open_low=open_low, open_high=open_high, whole=whole)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InvalidType(_sentence(name, owner, rule, value, hint))
    number = float(value)
    inside = (number > low if open_low else number >= low) and (
        number < high if open_high else number <= high
    )
    if not math.isfinite(number) or not inside or (whole and number != int(number)):
        raise InvalidInput(_sentence(name, owner, rule, value, hint))


def check_choice(value: Any, options: Iterable[str], name: str, owner: str) -> None:
    """Raise unless ``value`` is one of ``options``; near names are offered.

    >>> check_choice("smoet", ["smote", "random-over"], "remedy", "run")
    Traceback (most recent call last):
    ...
    evenkeel.errors.InvalidInput: remedy of run must be one of 'smote', 'random-over'. Got 'smoet'. Did you mean 'smote'?
    """
    known = list(options)
    if value in known:
        return
    listed = ", ".join(repr(option) for option in known)
    raise InvalidInput(
        _sentence(name, owner, f"one of {listed}", value, did_you_mean(str(value), known))
    )


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """A question that names the nearest known words, or nothing.

    >>> did_you_mean("is_frud", ["is_fraud", "amount"])
    "Did you mean 'is_fraud'?"
    >>> did_you_mean(2, ["0", "2"])
    "Did you mean '2'?"
    """
    by_lower = {str(option).lower(): str(option) for option in known}
    near = difflib.get_close_matches(str(word).lower(), by_lower, n=3, cutoff=0.6)
    if not near:
        return ""
    return "Did you mean " + " or ".join(repr(by_lower[key]) for key in near) + "?"


def listed(items: Iterable[Any], *, most: int = 5) -> str:
    """Join items for a message; a long list is cut and counted.

    >>> listed([1, 2, 3], most=2)
    '1, 2 and 1 more'
    """
    words = [str(item) for item in items]
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most:,} more"


def _range(low: float, high: float, *, open_low: bool, open_high: bool, whole: bool) -> str:
    kind = "a whole number" if whole else "a number"
    lower = f"above {low:g}" if open_low else f"of at least {low:g}"
    upper = f"below {high:g}" if open_high else f"of at most {high:g}"
    has_low, has_high = math.isfinite(low), math.isfinite(high)
    if has_low and has_high:
        return f"{kind} {lower} and {upper.removeprefix('of ')}"
    if has_low:
        return f"{kind} {lower}"
    return f"{kind} {upper}" if has_high else kind


def _sentence(name: str, owner: str, rule: str, value: Any, hint: str) -> str:
    return f"{name} of {owner} must be {rule}. Got {value!r}." + (f" {hint}" if hint else "")
