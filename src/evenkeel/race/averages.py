"""Figures of several repeats as one: the mean of every number."""

from __future__ import annotations

from typing import Any

import numpy as np


def average_dicts(dicts: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean of every number in dicts of one shape; None where any is None; counts stay means.

    >>> average_dicts([{"a": 1.0, "b": None}, {"a": 2.0, "b": 3.0}])
    {'a': 1.5, 'b': None}
    """
    first = dicts[0]
    return {key: average([found[key] for found in dicts]) for key in first}


def average(values: list[Any]) -> Any:
    """Mean of numbers, or of all numbers in dicts and lists of one shape; None where any is None."""
    first = values[0]
    if isinstance(first, dict):
        return average_dicts(values)
    if isinstance(first, list):
        return [average(list(items)) for items in zip(*values, strict=True)]
    if any(value is None for value in values):
        return None
    if all(value == first for value in values):
        return first
    return float(np.mean(values))
