"""Options as people write them, read into plain values that JSON gives back the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from evenkeel.errors import InvalidInput

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}


def plain(value: Any) -> Any:
    """What JSON can hold and gives back the same, lists as tuples."""
    if isinstance(value, np.generic):
        return value.item()
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
    """Seconds from ``90``, ``90s``, ``10m``, ``1.5h`` or ``1d``.

    Raises
    ------
    InvalidInput
        Anything else.

    Examples
    --------
    >>> read_seconds("10m")
    600.0
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", text)
    if match is None or float(match[1]) == 0:
        raise InvalidInput(
            f"time_budget of run must be a time such as 90s, 10m or 1h. Got {text!r}."
        )
    return float(match[1]) * _UNITS[match[2]]
