"""What a comparison says against itself: luck, rows that are alike, doubt by other tests and metrics, canaries, what is missing."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import listed
from evenkeel.intervals import wilson
from evenkeel.metrics import METRICS
from evenkeel.widening import effective_groups, in_groups, told_widening

if TYPE_CHECKING:
    from evenkeel.audit import Finding
    from evenkeel.race import Comparison
    from evenkeel.split import Folds
    from evenkeel.table import Table

Facts = dict[str, Any]

_LEAKS = ("target-copy", "leaking-column")
_RESAMPLED = ("repeated-minority", "interpolated-minority")
_UNTOLD = "Shuffled labels show nothing here: too few rows of the rare class were judged, or the fit failed."


def honest_facts(comparison: Comparison, findings: list[Finding], folds: Folds) -> Facts:
    """``optimism``, ``second_test``, ``agreement``, ``needed`` and ``canaries`` of ``docs/facts.md``."""
    return {
        "optimism": _optimism(comparison),
        "second_test": _second_test(comparison, folds),
        "agreement": _agreement(comparison),
        "needed": _needed(comparison),
        "canaries": canary_facts(comparison, findings),
    }


def canary_facts(comparison: Comparison, findings: list[Finding]) -> list[Facts]:
    """Each canary with its name, whether it lives, and a sentence."""
    canary = comparison.canary
    untold: Facts = {"ok": None, "sentence": _UNTOLD}
    told = asdict(canary) | {"ok": canary.ok, "sentence": canary.sentence} if canary else untold
    found = [{"name": "shuffled-labels"} | told]
    for name, codes, fine in (
        ("target-in-a-feature", _LEAKS, "No feature gives the target away."),
        ("resampled-before", _RESAMPLED, "No sign of resampling before the split."),
    ):
        raised = [finding.message for finding in findings if finding.code in codes]
        found.append({"name": name, "ok": not raised, "sentence": raised[0] if raised else fine})
    return found


def leak_finding(canaries: list[Facts]) -> list[Facts]:
    """A leak that shuffled labels showed, as a blocking finding of the audit."""
    return [
        {
            "code": one["name"], "level": "blocker", "message": one["sentence"],
            "todo": "Mend the pipeline, then run again.", "columns": [], "rows": [],
            "n_rows": one["rows"],
        }
        for one in canaries
        if one["name"] == "shuffled-labels" and one["ok"] is False
    ]  # fmt: skip


def widened_facts(
    comparison: Comparison, table: Table, rows: Any, *, promised: bool = False
) -> Facts | None:
    """That intervals allow for groups, and by how much for the chosen entry; None without groups.

    Parameters
    ----------
    rows
        Numbers of the rows that the comparison is made on.
    promised
        Whether the policy promises a minimum.
    """
    column = table.group_name
    if column is None or table.groups is None or not in_groups(table.groups[rows]):
        return None
    factor = comparison.chosen.figures.get(f"{METRICS[comparison.objective].key}_widened")
    groups, y = table.groups[rows], table.y[rows]
    few = min(effective_groups(groups[y == code]) for code in np.unique(y))
    says = told_widening(column, factor, few=few, promised=promised)
    return {"column": column, "factor": factor, "sentence": says}


def _optimism(comparison: Comparison) -> Facts | None:
    found, metric = comparison.flattery, METRICS[comparison.objective]
    if found is None or found.candidates < 2:
        return None
    shown = comparison.chosen.figures.get("objective")
    if shown is not None:  # with fewer repeats than the baseline it was chosen by another figure
        found = replace(found, seen=shown, corrected=found.corrected + (shown - found.seen))
    by = (found.seen - found.corrected) * (1 if metric.greater_is_better else -1)
    start = f"Chosen of {found.candidates}: its out-of-fold {metric.title} of {found.seen:.4g} "
    told = (
        f"flatters it by about {by:.2g}; figures on rows that had no part in the choice do not."
        if by >= 0.001 * abs(found.seen)
        else "is hardly flattered by the choice."
    )
    return asdict(found) | {"flattery": by, "sentence": start + told}


def _second_test(comparison: Comparison, folds: Folds) -> Facts | None:
    tried = [e for e in comparison.entries if e.figures.get("folds_say") is not None]
    if not tried:
        return None
    apart = [e for e in tried if e.figures["folds_say"] != e.figures["versus_baseline"]]
    where = f"{folds.n_folds} folds" + (
        f", dealt {folds.n_repeats} times," if folds.n_repeats > 1 else ""
    )
    several = len({e.learner for e in tried}) > 1
    said = listed(
        (
            f"{e.name}{f' with {e.learner}' if several else ''} ({e.figures['folds_say']})"
            for e in apart
        ),
        most=6,
    )
    return {
        "name": "corrected resampled t-test", "folds": folds.n_folds, "repeats": folds.n_repeats,
        "disagrees": [{"remedy": e.name, "learner": e.learner} for e in apart],
        "sentence": f"The corrected resampled t-test over {where}"
        + (f" says otherwise of {said}." if apart else " says the same of every remedy."),
    }  # fmt: skip


def _agreement(comparison: Comparison) -> Facts | None:
    if not comparison.agreement:
        return None
    chosen = (comparison.chosen.name, comparison.chosen.learner)
    others = {name: pair for name, pair in comparison.agreement.items() if pair != chosen}
    same, all_ = len(comparison.agreement) - len(others), len(comparison.agreement)
    told = f"The same rule chooses the same by {same} of {all_} other metrics"
    if same == all_:
        told = f"The same rule chooses the same by all {all_} other metrics"
    several = len({entry.learner for entry in comparison.entries if entry.name == "none"}) > 1
    by = [
        f"{METRICS[name].title} would choose {remedy}" + (f" with {learner}" if several else "")
        for name, (remedy, learner) in others.items()
    ]
    return {
        "metrics": {
            METRICS[name].key: {"remedy": remedy, "learner": learner}
            for name, (remedy, learner) in comparison.agreement.items()
        },
        "same": same == all_,
        "sentence": "; ".join([told, *by]) + ".",
    }


def _needed(comparison: Comparison) -> Facts | None:
    found, metric = comparison.needed, METRICS[comparison.objective]
    if found is None:
        return None
    rare = "positives" if len(comparison.classes) == 2 else "rows of the rarest class"
    here, tell = found.positives[0], found.to_tell_apart
    told = None
    if tell is not None and tell > here:
        told = (
            f"About {_round(tell):,} {rare} tell remedies 10 % apart in {metric.title}; there are "
            f"{here:,}."
        )
    recall = comparison.chosen.figures.get("recall")
    # rows for each independent one
    worth = comparison.chosen.figures.get("recall_widened", 1.0) ** 2
    rows = [n / worth for n in found.positives]
    ends = [wilson(recall * n, n) for n in rows] if recall is not None else []
    return {
        "objective": metric.key,
        "to_tell_apart": tell,
        "sentence": told,
        "curve": [
            {
                "positives": n,
                "width": found.width[at],
                "difference_width": found.difference_width and found.difference_width[at],
                "recall_width": ends[at][1] - ends[at][0] if ends else None,
            }
            for at, n in enumerate(found.positives)
        ],
    }


def _round(n: int) -> int:
    """Two digits: it is an estimate."""
    return int(float(f"{n:.2g}"))
