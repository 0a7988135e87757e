"""Options as people write them, read into plain values that JSON gives back the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from evenkeel.errors import InvalidInput

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def plain(value: Any) -> Any:
    """What JSON can hold and gives back the same, lists as tuples."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): str(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        return tuple(plain(item) for item in value)
    return value


def read_cost(text: str) -> float | str:
    """A cost from the command line: a number, or the name of a column.

    >>> read_cost("122"), read_cost("amount")
    (122.0, 'amount')
    """
    try:
        return float(text)
    except ValueError:
        return text


def read_seconds(text: str) -> float:
    """Seconds from ``90``, ``90s``, ``10m``, ``1.5h``, ``1h30m`` or ``1d``.

    Raises
    ------
    InvalidInput
        Anything else.

    Examples
    --------
    >>> read_seconds("10m"), read_seconds("1h30m")
    (600.0, 5400.0)
    """
    plain_number = re.fullmatch(r"\s*\d+(\.\d+)?\s*", text)
    # largest unit first, each once: "30m1h" and "5m5m" are slips, not times
    parts = re.fullmatch(
        r"\s*" + "".join(rf"(?:(\d+(?:\.\d+)?)\s*{unit}\s*)?" for unit in _UNITS), text
    )
    seconds = 0.0
    if plain_number:
        seconds = float(text)
    elif parts:
        seconds = sum(
            float(number) * size
            for number, size in zip(parts.groups(), _UNITS.values(), strict=True)
            if number
        )
    if seconds == 0:
        raise InvalidInput(
            f"time_budget of run must be a time such as 90s, 10m or 1h30m. Got {text!r}."
        )
    return seconds
