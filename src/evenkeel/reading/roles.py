"""Which column is the target, the group, the time, a cost, a feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evenkeel._checks import did_you_mean, listed
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Column = str | int


@dataclass(frozen=True)
class Roles:
    """Names of the columns by what they are for; ``features`` keep the order of the source."""

    target: str
    group: str | None
    time: str | None
    costs: tuple[str, ...]
    features: tuple[str, ...]
    keep: tuple[str, ...]
    drop: tuple[str, ...]


def find_roles(
    columns: Sequence[str],
    source: str,
    *,
    target: Column,
    group: Column | None = None,
    time: Column | None = None,
    costs: Iterable[Column] = (),
    drop: Iterable[Column] = (),
    keep: Iterable[Column] = (),
) -> Roles:
    """Find every named column, and make the rest features.

    Raises
    ------
    InvalidInput
        A column does not exist, has two roles that exclude each other, or no feature is left.

    Examples
    --------
    >>> find_roles(["id", "x", "y"], "a table", target=-1, drop=["id"]).features
    ('x',)
    """
    found = find_column(columns, target, "target")
    group_name = None if group is None else find_column(columns, group, "group")
    time_name = None if time is None else find_column(columns, time, "time")
    dropped = tuple(find_column(columns, name, "drop") for name in drop)
    kept = tuple(find_column(columns, name, "keep") for name in keep)
    paid = tuple(find_column(columns, name, "cost column") for name in costs)
    used = {"group": [group_name], "time": [time_name], "cost column": paid, "drop": dropped}
    for role, names in used.items():
        if found in names:
            raise InvalidInput(f"{role} must not be the target. Got {found!r} for both.")
    if group_name is not None and group_name == time_name:
        raise InvalidInput(f"group and time must be two columns. Got {time_name!r} for both.")
    for name in kept:
        if name in dropped:
            raise InvalidInput(f"keep and drop must not name one column. Got {name!r} for both.")
    aside = {found, *dropped, *({group_name, time_name} - set(kept))}
    features = tuple(name for name in columns if name not in aside)
    if not features:
        raise InvalidInput(
            f"{source} must have a column besides the target to learn from. "
            f"Its columns: {listed(columns, most=12)}."
        )
    return Roles(found, group_name, time_name, paid, features, kept, dropped)


def find_column(columns: Sequence[str], wanted: Column, role: str) -> str:
    """The column that a name or a position means.

    >>> find_column(["a", "b"], "-1", "target")
    'b'
    """
    if wanted in columns:
        return str(wanted)
    text = str(wanted).strip()
    if text.removeprefix("-").isdecimal() and not isinstance(wanted, bool):
        position = int(text)
        if -len(columns) <= position < len(columns):
            return columns[position]
        raise InvalidInput(
            f"{role} must be a column. Got position {position}, but there are {len(columns)} columns "
            "(0 is the first, -1 the last)."
        )
    hint = did_you_mean(text, columns) or f"The columns are {listed(columns, most=12)}."
    raise InvalidInput(f"{role} must be a column of the table. Got {text!r}. {hint}")
