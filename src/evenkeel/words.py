"""Options as people write them, read into plain values that JSON gives back the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


def read_cost(text: str | None) -> float | str | None:
    """A cost from the command line: a number, or the name of a column; None stays None.

    >>> read_cost("122"), read_cost("amount")
    (122.0, 'amount')
    """
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def read_span(span: float | str, times: NDArray[Any], name: str, column: str) -> Any:
    """A span in the unit of some times: a duration for dates, a plain number for numbers.

    Parameters
    ----------
    span
        Such as ``"7d"`` or ``"12h"``, or a number (as text or as such).
    times
        ``(n_rows,)``: datetime64 or numbers.
    name, column
        The option and the column of time, for messages.

    Returns
    -------
    timedelta64 or float
        In the unit of the times.

    Raises
    ------
    InvalidInput
        A plain number with dates, or a duration with numbers.

    Examples
    --------
    >>> days = np.array(["2024-01-01", "2024-01-09"], dtype="datetime64[us]")
    >>> read_span("7d", days, "gap", "ts"), read_span("7", np.arange(3), "gap", "step")
    (np.timedelta64(604800000000,'us'), 7.0)
    """
    text = str(span)
    is_number = re.fullmatch(r"\s*\d+(\.\d+)?(e\d+)?\s*", text) is not None
    if times.dtype.kind != "M":
        if is_number:
            return float(text)
        raise InvalidInput(
            f"{name} of run must be a plain number in the unit of {column!r}, which holds numbers. "
            f"Got {text!r}. Write how far apart two of its values must be."
        )
    if is_number:
        raise InvalidInput(
            f"{name} of run must be a duration such as 7d or 12h: {column!r} holds dates. Got "
            f"{text.strip()!r}. Add the unit: d, h, m or s."
        )
    unit = np.datetime_data(times.dtype)[0]
    microseconds = np.array(round(1e6 * read_seconds(text, name)), "m8[us]")
    return microseconds.astype(f"m8[{unit}]")[()]


def read_bytes(text: str, name: str = "trial_memory") -> int:
    """Bytes from ``500m``, ``4g``, ``4GB``, ``4GiB`` or a plain number of them; powers of 1024.

    Parameters
    ----------
    text
        What was written.
    name
        The option, for the message.

    Raises
    ------
    InvalidInput
        Anything else.

    Examples
    --------
    >>> read_bytes("4g"), read_bytes("1.5 GiB")
    (4294967296, 1610612736)
    """
    parts = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|b)?\s*", text.lower())
    if parts is None:
        raise InvalidInput(f"{name} of run must be a size such as 500m or 4g. Got {text!r}.")
    power = 0 if parts[2] is None else "kmgt".index(parts[2]) + 1
    return int(float(parts[1]) * 1024**power)


def read_seconds(text: str, name: str = "time_budget") -> float:
    """Seconds from ``90``, ``90s``, ``10m``, ``1.5h``, ``1h30m`` or ``1d``.

    Parameters
    ----------
    text
        What was written.
    name
        The option, for the message.

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
        raise InvalidInput(f"{name} of run must be a time such as 90s, 10m or 1h30m. Got {text!r}.")
    return seconds
