"""What is chosen of the entries of a comparison, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evenkeel.metrics import METRICS
from evenkeel.race.choice import Field
from evenkeel.race.judge import BETTER
from evenkeel.race.stats import LEVEL, Z_95
from evenkeel.race.trial import DUMMY

if TYPE_CHECKING:
    from evenkeel.race.judge import Entry, Judge


def choose(entries: list[Entry], baseline: Entry, judge: Judge, *, weak: bool) -> tuple[Entry, str]:
    """The entry that the evidence supports, and why in a sentence.

    Parameters
    ----------
    entries
        Measured and compared with the baseline.
    baseline
        One of them.
    judge
        With the objective.
    weak
        Too few positives to call any remedy the best: the baseline is kept.
    """
    metric = METRICS[judge.objective]
    there = contenders(entries, baseline)
    if len(there) == 1:
        others = [entry for entry in entries if entry is not baseline and entry.name != DUMMY]
        return baseline, (
            "No other remedy could be run: the baseline is kept."
            if others
            else "Nothing else was compared."
        )
    if weak:
        return baseline, "Too few positives to tell remedies apart: the baseline is kept."
    seen = field_of(there, judge)
    near = [] if seen is None else seen.rule.near_best(seen.gains(seen.values))
    if seen is None or not near:
        return baseline, (
            f"Nothing beat the baseline clearly on {metric.title} (p < {LEVEL:g} after Holm's correction)."
            + _by_folds(
                [entry for entry in there if entry.figures.get("folds_say") == BETTER], there
            )
        )
    chosen = seen.picked
    best = there[max(near, key=lambda at: float(seen.gains(seen.values)[at]))]
    gain = chosen.figures["objective_difference"]
    low, high = (chosen.figures[f"objective_difference_{end}"] for end in ("low", "high"))
    why = (
        f"Clearly better than the baseline on {metric.title}: {gain:+.3g} "
        f"[{low:+.3g}, {high:+.3g}] on the same rows (p = {chosen.figures['objective_p']:.2g} after "
        "Holm's correction)."
    )
    if best is not chosen:
        why += f" {best.name} measured better, but within one standard error, and this is simpler."
    doubted = [] if chosen.figures.get("folds_say") == BETTER else [chosen]
    return chosen, why + _by_folds(doubted, there)


def _by_folds(apart: list[Entry], there: list[Entry]) -> str:
    """Where the test by folds says otherwise than the one by rows."""
    told = [entry for entry in apart if entry.figures.get("objective_folds_p") is not None]
    if not told:
        return ""
    p = max(entry.figures["objective_folds_p"] for entry in told)
    names = ", ".join(entry.name for entry in told)
    verb = "does not confirm it" if told[0].figures["versus_baseline"] == BETTER else "disagrees"
    who = "" if len(told) == 1 and verb != "disagrees" else f" on {names}"
    return f" The test over folds {verb}{who} (p = {p:.2g})."


def contenders(entries: list[Entry], baseline: Entry) -> list[Entry]:
    """What may be chosen: the baseline first, then all that were compared with it."""
    rivals = [e for e in entries if e.figures.get("objective_difference_low") is not None]
    return [baseline, *(entry for entry in rivals if entry is not baseline)]


def field_of(there: list[Entry], judge: Judge) -> Field | None:
    """The contenders by the objective, with errors from the intervals that are shown."""
    widths = [
        entry.figures["objective_difference_high"] - entry.figures["objective_difference_low"]
        for entry in there[1:]
    ]
    return Field.of(there, judge, judge.objective, np.array([0.0, *widths]) / (2 * Z_95))
