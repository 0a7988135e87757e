"""Which remedies a time budget kept from repeats that the baseline has."""

from __future__ import annotations

from typing import Any

from evenkeel.report import figures
from evenkeel.report.wording import is_number


def told(facts: dict[str, Any]) -> str | None:
    """Whose figures rest on fewer repeats than were planned, in a sentence; None where none do.

    >>> rows = [{"name": "none", "repeats": 2}, {"name": "smote", "repeats": 1, "f1": 0.5}]
    >>> told({"split": {"repeats": 2}, "remedies": rows})
    'Time budget: 1 of 2 repeats of smote; differences to the baseline are over the same repeats.'
    """
    planned = (facts.get("split") or {}).get("repeats")
    several = figures.learners(facts)
    measured = [row for row in facts.get("remedies") or [] if row.get("repeats")]
    by_number: dict[int, list[str]] = {}
    for row in measured:
        number = row["repeats"]
        if is_number(number) and is_number(planned) and number < planned:
            learner = f" with {row.get('learner')}" if row.get("learner") in several else ""
            by_number.setdefault(int(number), []).append(f"{row.get('name')}{learner}")
    if not by_number:
        return None
    parts = [
        f"{number} of {planned} repeats of "
        + ("all" if len(names) == len(measured) else ", ".join(names))
        for number, names in sorted(by_number.items())
    ]
    return (
        f"Time budget: {'; '.join(parts)}; differences to the baseline are over the same repeats."
    )
