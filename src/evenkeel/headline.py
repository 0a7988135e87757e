"""The verdict of a run in three sentences."""

from __future__ import annotations

from typing import Any


def headline(facts: dict[str, Any]) -> list[str]:
    """Three sentences: what the data are, what to use, and what it does on untouched rows."""
    data, chosen, test = facts["data"], facts["chosen"], facts["test"]
    rare = min(data["classes"], key=lambda row: row["count"])
    warned = sum(finding["level"] != "note" for finding in facts["audit"])
    audit = (
        "the audit found nothing that needs action"
        if not warned
        else f"the audit raised {warned} point{'s' if warned > 1 else ''} to read"
    )
    first = (
        f"{data['target']} = {rare['label']} is {rare['count']:,} of {data['rows']:,} rows "
        f"({data['imbalance_ratio']:.3g} to 1, {data['severity']}), and {audit}."
    )
    what = "without a remedy" if chosen["remedy"] == "none" else f"with {chosen['remedy']}"
    second = f"Train {chosen['learner']} {what}: {_lower_first(chosen['why'])}"
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


def judged(facts: dict[str, Any], level: str, said: list[str]) -> dict[str, Any]:
    """What the untouched rows say about the decision, judged by the policy that was asked for.

    With costs the judge is the cost, against acting on nobody and on everybody; without, the
    assessment of the decisions stands, less its advice: remedies and thresholds have been tried.

    Parameters
    ----------
    facts
        With ``test`` and ``policy``.
    level, said
        Of :func:`evenkeel.verdict.assess`.
    """
    test = facts["test"]
    if test["cost"] is None:
        if level != "acceptable" and facts["policy"]["assumed"]:
            said = [*said, "The policy was a placeholder: say what an error costs."]
        return {"level": level, "sentences": said}
    nobody, everybody = test["cost_acting_on_nobody"], test["cost_acting_on_everybody"]
    least = min(nobody, everybody)
    sentence = (
        f"Cost {test['cost']:,.4g} per 1,000 rows [{test['cost_low']:,.4g}, "
        f"{test['cost_high']:,.4g}]; acting on nobody costs {nobody:,.4g}, on everybody "
        f"{everybody:,.4g}: it saves {100 * (1 - test['cost'] / least):.0f} %."
    )
    if test["cost"] >= least:
        level = "useless"
        sentence = sentence.rpartition(":")[0] + ": nothing is saved."
    else:
        level = "acceptable" if test["cost_high"] < least else "weak"
    return {"level": level, "sentences": [sentence]}


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
