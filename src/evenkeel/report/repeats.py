"""Which remedies a time budget kept from repeats that the baseline has."""

from __future__ import annotations

from typing import Any

from evenkeel.report import figures
from evenkeel.report.wording import is_number

MOST = 3  # names that are given
START = "Differences are over the same repeats; there was time for"


def told(facts: dict[str, Any]) -> str | None:
    """Whose figures rest on fewer repeats than were planned, in a sentence; None where none do.

    >>> rows = [{"name": "none", "repeats": 2}, {"name": "smote", "repeats": 1, "f1": 0.5}]
    >>> told({"split": {"repeats": 2}, "remedies": rows})
    'Differences are over the same repeats; there was time for 1 of 2 repeats of smote.'
    """
    planned = (facts.get("split") or {}).get("repeats")
    several = figures.learners(facts)
    measured = [
        row
        for row in facts.get("remedies") or []
        if is_number(row.get("repeats")) and row["repeats"] and row.get("name") != "prevalence"
    ]
    by_number: dict[int, list[str]] = {}
    for row in measured:
        number = row["repeats"]
        if is_number(planned) and number < planned:
            learner = f" with {row.get('learner')}" if row.get("learner") in several else ""
            by_number.setdefault(int(number), []).append(f"{row.get('name')}{learner}")
    if not by_number:
        return None
    parts = [
        f"{number} of {planned} repeats of {_listed(names, of=len(measured))}"
        for number, names in sorted(by_number.items())
    ]
    return f"{START} {'; '.join(parts)}."


def _listed(names: list[str], *, of: int) -> str:
    if len(names) == of:
        return "all"
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more
