"""Sections of a screen about a decision and what it does, the same after ``run`` and ``decide``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evenkeel.report import figures, wording
from evenkeel.report.wording import is_number, label, number, share, spread

if TYPE_CHECKING:
    from evenkeel.report.sheet import Sheet

Facts = dict[str, Any]


def policy_section(sheet: Sheet, facts: Facts) -> None:
    """What decisions are for."""
    policy = facts.get("policy") or {}
    sheet.say(
        "Policy", wording.sentence(policy.get("sentence")), most=1 if policy.get("request") else 2
    )
    if policy.get("assumed"):
        sheet.say("", policy.get("request"), most=2, style="yellow")


def doubts_section(sheet: Sheet, facts: Facts) -> None:
    """What the comparison says against itself."""
    sheet.say("Optimism", (facts.get("optimism") or {}).get("sentence"), most=2)
    agreement, second = facts.get("agreement") or {}, facts.get("second_test") or {}
    sheet.say("Agreement", agreement.get("sentence"), most=2)
    if figures.folds_matter(facts):
        sheet.say("By folds", second.get("sentence"), most=3)
    sheet.say("Evidence", (facts.get("needed") or {}).get("sentence"), most=1)
    canaries = facts.get("canaries") or []
    dead = [one for one in canaries if one.get("ok") is False]
    told = [str(one.get("sentence")) for one in dead or canaries[:1]]
    sheet.say("Canaries", " ".join(told), most=2, style="bold red" if dead else "")


def decision_section(sheet: Sheet, facts: Facts) -> None:
    """The threshold or the offsets, and what a reader must know about them."""
    decision = facts.get("decision") or {}
    offsets = decision.get("offsets")
    if figures.costs_by_row(facts):
        sheet.say("Threshold", decision.get("sentence"), most=2)
    elif is_number(decision.get("threshold")):
        low, high = decision.get("threshold_low"), decision.get("threshold_high")
        told = wording.threshold(decision["threshold"])
        if is_number(low) and is_number(high):
            told += f" (spread {wording.threshold(low)} to {wording.threshold(high)})"
        sheet.say("Threshold", told, most=1)
    elif offsets:
        sheet.items(
            "Offsets",
            [f"{label(name, 24)} {wording.signed(to)}" for name, to in offsets.items()],
            most=1,
        )
    notes = list(decision.get("notes") or [])
    if decision.get("reached") is False and not notes:
        notes = ["What the policy asks for could not be reached; the nearest was taken."]
    sheet.say("", "; ".join(map(str, notes)), most=4, style="yellow")


def outcome_section(sheet: Sheet, facts: Facts, *, rows: str = "Test") -> None:
    """What the decision does on rows whose truth is known; ``rows`` says which these are."""
    test, data = facts.get("test") or {}, facts.get("data") or {}
    ranking = f"average precision (AP) {number(test.get('average_precision'))} {spread(test, 'average_precision')}"
    if data.get("task") == "binary":
        rates = [wording.rate(test, key) for key in ("recall", "precision")]
        parts = [*rates, f"{ranking.strip()}, base rate {number(test.get('prevalence'))}"]
        if is_number(test.get("alerts_per_1000")):
            parts.append(f"{number(test['alerts_per_1000'])} alerts per 1,000 rows")
        if is_number(test.get("cost")):
            parts.append(f"cost {number(test['cost'])} per 1,000 rows")
        sheet.say(rows, " · ".join(part.strip() for part in parts), most=4)
    else:
        keys = ("balanced_accuracy", "f1", "mcc")
        parts = [f"{wording.metric(key)} {number(test.get(key))}" for key in keys]
        if is_number(test.get("cost")):
            parts.append(f"cost {number(test['cost'])} per 1,000 rows")
        sheet.say(rows, " · ".join([*parts, ranking.strip()]), most=2)
        sheet.items("", _caught(facts), most=2, lead="recall ")
    sheet.say("", wording.alerts(test.get("alerts_by_period")), most=2)
    sure = (facts.get("policy") or {}).get("confidence") is not None
    sheet.say("", _floor(test.get("floor"), sure=sure), most=3)
    if test.get("deployment") is False:
        told = " ".join(["Not deployment figures.", *figures.test_notes(facts)])
        sheet.say("", told, most=4, style="yellow")


def _floor(floor: Facts | None, *, sure: bool) -> str:
    """Whether the minimum was kept on these rows, and how that stands to a promise."""
    if not floor:
        return ""
    counts = wording.out_of(floor["count"])
    told = f"minimum {floor['of']} of {floor['least']:g}: "
    if floor.get("kept") is None:
        told += "nothing was flagged to tell by"
    elif floor["kept"]:
        told += f"kept on these rows ({counts})"
    else:
        far = "clearly" if floor["clearly_missed"] else "by no more than chance explains"
        told += f"missed on these rows ({counts}), {far}"
    if not sure:
        return told
    told += ", which alone confirm the promise" if floor.get("confirmed") else ""
    # Why both are told: docs, "A minimum precision or recall".
    return f"{told}; the promise is about models that each lacked a fold, these rows are decided by the one fitted on all"


def _caught(facts: Facts) -> list[str]:
    counts = (facts.get("test") or {}).get("confusion") or []
    classes = (facts.get("data") or {}).get("classes") or []
    rows = [
        (sum(row), f"{label(one.get('label'), 24)} {row[at]:,}/{sum(row):,}")
        for at, (one, row) in enumerate(zip(classes, counts, strict=False))
    ]
    return [told for _, told in sorted(rows, key=lambda pair: pair[0])]


def calibration_section(sheet: Sheet, facts: Facts) -> None:
    """Whether probabilities mean what they say."""
    found = facts.get("calibration") or {}
    if each := found.get("per_class"):
        _worst_calibrated(sheet, each, (facts.get("data") or {}).get("classes") or [])
        return
    told = (
        f"predicted {share(found.get('predicted'))} against observed {share(found.get('observed'))}"
    )
    told += f" (ratio {number(found.get('ratio'))}) · slope {number(found.get('slope'))}"
    sheet.say("Calibration", told, most=1)


def _worst_calibrated(sheet: Sheet, each: list[Facts], classes: list[Facts]) -> None:
    """Of several classes, the one whose share is predicted worst: means over classes say nothing."""
    told = [
        (abs(math.log(row["ratio"])), label(one.get("label"), 24), row)
        for one, row in zip(classes, each, strict=False)
        if is_number(row.get("ratio")) and row["ratio"] > 0
    ]
    if told:
        _, name, row = max(told, key=lambda item: item[0])
        worst = f"worst for {name}: predicted {share(row['predicted'])} against observed "
        sheet.say(
            "Calibration", f"{worst}{share(row['observed'])} (ratio {number(row['ratio'])})", most=1
        )
