"""The facts of a finished run under the decision that is in force now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel.facts import rounded
from evenkeel.outcome import Outcome

if TYPE_CHECKING:
    from evenkeel.decision_file import DecisionFile
    from evenkeel.stored import StoredScores


def facts_in_force(
    facts: dict[str, Any], file: DecisionFile, tested: StoredScores
) -> dict[str, Any]:
    """The facts of a run with what the decision in force does on its untouched rows."""
    proba = tested.scores[0] if file.adjustment is None else file.adjustment.apply(tested.scores[0])
    columns = tested.columns or None
    outcome = Outcome(
        decision=file.decision,
        y=tested.y,
        labels=file.decision.apply(proba, columns=columns),
        proba=proba,
        classes=tuple(file.labels),
        columns=columns,
        times=tested.times,
        doubts=(*facts["test"]["notes"], *_shifted(file), *_same_rows(facts, file)),
        few=facts["test"]["few"],
    )
    found: dict[str, Any] = rounded(outcome.facts(facts))
    found["decision"] |= {"chosen_on": file.chosen_on, "history": list(file.history)}
    return found


def _shifted(file: DecisionFile) -> list[str]:
    if file.adjustment is None:
        return []
    told = f"The decision in force was chosen on {file.chosen_on}, and probabilities are on that "
    return [told + "scale; the untouched rows have their own prevalence."]


def _same_rows(facts: dict[str, Any], file: DecisionFile) -> list[str]:
    """That a nested run has no rows beside those a later decision is chosen on."""
    if facts.get("split", {}).get("kind") != "nested" or not file.chosen_on.startswith(
        "out-of-fold"
    ):
        return []
    told = "The decision in force was chosen on the rows it is judged on here, which flatters it; "
    return [told + "the run's own was chosen for each row without it."]
