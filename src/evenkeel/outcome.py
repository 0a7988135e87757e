"""What a decision does on rows whose truth is known: the facts that depend on it, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenkeel.curves import draw_curves
from evenkeel.decide import diagnose
from evenkeel.decide.periods import by_period
from evenkeel.headline import floor_of, headline, judged
from evenkeel.untouched import untouched
from evenkeel.verdict import Assessment
from evenkeel.widening import told_widening

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from evenkeel.decide import Decision

Facts = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A decision, and the untouched rows it was tried on.

    Parameters
    ----------
    decision
        The one in force.
    y, labels
        ``(n_rows,)``: class codes, true and decided.
    proba
        ``(n_rows, n_classes)``: calibrated probabilities.
    classes
        Label of each code.
    columns
        The columns that the costs name, each ``(n_rows,)``.
    times
        ``(n_rows,)``: datetime64; None without a time column.
    groups
        ``(n_rows,)``: codes of the groups that rows come in; None where they are independent, or
        nothing is known of groups.
    request
        What to ask for, where the policy had to be assumed.
    optimism
        As settled; None where nothing was settled anew.
    doubts, few
        Why these rows are not those of deployment, and that they are too few; None if they are not.
    """

    decision: Decision
    y: NDArray[np.int64]
    labels: NDArray[np.int64]
    proba: NDArray[np.float64]
    classes: tuple[Any, ...]
    columns: Mapping[str, Any] | None = None
    times: Any = None
    groups: NDArray[np.int64] | None = None
    request: str | None = None
    optimism: dict[str, Any] | None = None
    doubts: tuple[str, ...] = ()
    few: str | None = None

    def facts(self, facts: Facts) -> Facts:
        """Facts of a run with those of this outcome in their places.

        Parameters
        ----------
        facts
            With ``data``, ``audit`` and ``chosen``.
        """
        decision, policy = self.decision, self.decision.policy
        costs = policy.row_costs(self.y, columns=self.columns)
        test = untouched(
            self.y, self.proba, self.labels, self.classes, costs=costs, groups=self.groups
        )
        told = facts | {
            "policy": policy.to_dict()
            | {
                "sentence": policy.sentence(),
                "assumed": self.request is not None,
                "request": self.request,
            },
            "decision": _decision(decision, self.classes) | {"optimism": self.optimism},
            "test": test
            | {
                "deployment": not self.doubts,
                "notes": list(self.doubts),
                "few": self.few,
                "floor": floor_of(policy.to_dict(), test),
                "alerts_by_period": self._alerts(),
            },
            "calibration": dict(diagnose(self.y, self.proba)),
            "curves": draw_curves(self.y, self.proba, self.classes, costs=costs),
        }
        widened = (facts.get("split") or {}).get("widened")
        if widened and self.groups is None:
            promised = policy.confidence is not None
            says = told_widening(
                widened["column"], widened["factor"], tested=False, promised=promised
            )
            told["split"] = facts["split"] | {"widened": widened | {"sentence": says}}
        positive = self.classes[1] if len(self.classes) == 2 else None
        found = Assessment.of_confusion(test["confusion"], self.classes, positive=positive)
        told["assessment"] = judged(told, found.level, list(found.sentences[:-1]))
        told["verdict"] = headline(told)
        return told

    def _alerts(self) -> dict[str, Any] | None:
        """Alerts a day, or whatever the capacity is counted in; None without dates."""
        dates = self.times is not None and self.times.dtype.kind == "M" and len(self.y)
        if len(self.classes) > 2 or not dates:
            return None
        alerts = self.decision.policy.alerts
        known = alerts is not None and alerts.dated
        per, amount = (alerts.per, alerts.amount) if alerts and known else ("day", None)
        found: dict[str, Any] = by_period(self.labels == 1, self.times, per=per, amount=amount)
        return {"per": per} | found


def _decision(decision: Decision, classes: tuple[Any, ...]) -> Facts:
    offsets = decision.offsets
    return {
        "policy": decision.policy.sentence(), "threshold": decision.threshold,
        "threshold_low": decision.threshold_low, "threshold_high": decision.threshold_high,
        "offsets": None if offsets is None
        else {str(label): offset for label, offset in zip(classes, offsets, strict=True)},
        "prevalence": decision.prevalence, "reached": decision.reached,
        "notes": list(decision.notes), "sentence": decision.sentence(classes),
    }  # fmt: skip
