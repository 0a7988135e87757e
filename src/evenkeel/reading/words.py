"""Counts and names in messages."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def plural(count: int, noun: str) -> str:
    """A count with its noun.

    >>> plural(1, "column"), plural(1200, "row")
    ('1 column', '1,200 rows')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def free_name(wanted: Sequence[str], taken: Iterable[Any]) -> str:
    """The first wanted name that nothing has, in capitals or not; the last one is numbered.

    >>> free_name(("rest", "other"), ["Rest", 3]), free_name(("rest",), ["rest"])
    ('other', 'rest 2')
    """
    known = {str(name).lower() for name in taken}
    more = (f"{wanted[-1]} {number}" for number in count(2))
    return next(name for name in chain(wanted, more) if name.lower() not in known)
