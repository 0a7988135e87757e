"""The settings that a search chose, in words."""

from __future__ import annotations

from typing import Any

from evenkeel.report import wording

Facts = dict[str, Any]


def settings(found: Any) -> str:
    """Settings by name; nothing where none were searched.

    >>> settings({"learning_rate": 0.0512, "num_leaves": 12}), settings({}), settings(None)
    ('learning_rate=0.0512, num_leaves=12', 'default', '')
    """
    if not isinstance(found, dict):
        return ""
    return ", ".join(f"{name}={_plain(value)}" for name, value in found.items()) or "default"


def usual(found: Any) -> str:
    """What most fits chose, and how many did.

    >>> usual({"values": {"C": 0.1}, "fits": 4, "of": 5})
    'C=0.1 (4 of 5)'
    """
    if not isinstance(found, dict):
        return ""
    return f"{settings(found['values'])} ({found['fits']:,} of {found['of']:,})"


def told(facts: Facts) -> str:
    """The settings of the model that is shipped, or why nothing was searched."""
    shipped = settings((facts.get("chosen") or {}).get("settings"))
    search = str(facts.get("search") or "")
    return f"{shipped}. {search}" if shipped else search


def _plain(value: Any) -> str:
    return f"{value:g}" if wording.is_number(value) else str(value)
