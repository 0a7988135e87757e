"""The verdict of a run in three sentences."""

from __future__ import annotations

from typing import Any


def headline(facts: dict[str, Any]) -> list[str]:
    """Three sentences: what the data are, what to use, and what it does on untouched rows."""
    data, chosen, test = facts["data"], facts["chosen"], facts["test"]
    rare = min(data["classes"], key=lambda row: row["count"])
    warned = sum(finding["level"] != "note" for finding in facts["audit"])
    audit = f"the audit raised {warned} point(s) to read" if warned else "the audit found no fault"
    first = (
        f"{data['target']} = {rare['label']} is {rare['count']:,} of {data['rows']:,} rows "
        f"({data['imbalance_ratio']:.3g} to 1, {data['severity']}), and {audit}."
    )
    what = "no remedy" if chosen["remedy"] == "none" else chosen["remedy"]
    second = f"Use {what} with {chosen['learner']}: {_lower_first(chosen['why'])}"
    if data["task"] == "multiclass":
        third = (
            f"On {test['rows']:,} untouched rows it reaches balanced accuracy "
            f"{test['balanced_accuracy']:.3f} and macro F1 {test['f1']:.3f}."
        )
        return [first, second, third]
    caught, positives = test["recall_count"]
    right, alerts = test["precision_count"]
    third = (
        f"On {test['rows']:,} untouched rows it catches {caught:,} of {positives:,} positives and "
        f"{right:,} of its {alerts:,} alerts are right."
    )
    return [first, second, third]


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
