"""From out-of-fold scores to figures: settle on the other folds, measure, compare by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.decide import settle
from evenkeel.intervals import (
    average_precision_interval,
    decision_interval,
    macro_replicates,
    mean_interval,
    percentiles,
    roc_auc_interval,
)
from evenkeel.metrics import METRICS, evaluate, row_cost
from evenkeel.race.stats import holm, p_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.decide import Policy, Settled
    from evenkeel.scores import Scores

BETTER, WORSE, UNCLEAR, BASELINE = "better", "worse", "no clear difference", "baseline"
LEVEL = 0.05


@dataclass
class Entry:
    """One remedy with one learner in the comparison.

    Attributes
    ----------
    name, learner, changes
        Names, and what the remedy changes.
    status, reason
        ``"ok"``, ``"skipped"``, ``"failed"`` or ``"not run"``, and why.
    scores, settled
        Out-of-fold scores, and what was settled on them; None unless ok.
    figures
        Metrics averaged over repeats, with intervals and paired differences to the baseline.
    repeats
        Metrics of each repeat.
    cost
        ``fit_rows``, ``seconds`` and ``peak_bytes`` of a fit, on average.
    """

    name: str
    learner: str
    changes: str
    status: str = "ok"
    reason: str | None = None
    scores: Scores | None = None
    settled: Settled | None = None
    figures: dict[str, Any] = field(default_factory=dict)
    repeats: list[dict[str, Any]] = field(default_factory=list)
    cost: dict[str, float | None] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether there are scores to look at."""
        return self.status == "ok"


@dataclass(frozen=True)
class Judge:
    """What all entries are judged by.

    Parameters
    ----------
    policy
        What the decisions are for.
    objective
        Key of :data:`evenkeel.metrics.METRICS` that ranks the remedies.
    n_classes
        Number of classes.
    costs
        ``(n_rows, n_classes)``: cost of each possible decision; None when no costs are known.
    columns
        Per-row columns that the policy reads.
    share
        Most alerts as a share of the rows; None without a capacity.
    seed
        Seed of every bootstrap.
    """

    policy: Policy
    objective: str
    n_classes: int
    costs: NDArray[np.float64] | None = None
    columns: dict[str, NDArray[np.float64]] | None = None
    share: float | None = None
    seed: int = 0

    def measure(self, entry: Entry) -> None:
        """Settle the entry's scores and fill its figures with intervals."""
        assert entry.scores is not None
        settled = settle(
            entry.scores, self.policy, columns=self.columns, share=self.share, seed=self.seed
        )
        entry.settled = settled
        y = entry.scores.y
        repeats = [
            evaluate(y, proba, labels, n_classes=self.n_classes, costs=self.costs)
            for proba, labels in zip(settled.proba, settled.labels, strict=True)
        ]
        entry.repeats = repeats
        entry.figures = average_dicts(repeats)
        for name in dict.fromkeys(("average-precision", "cost", self.objective)):
            if name == "cost" and self.costs is None:
                continue
            low, high = self._interval(name, entry)
            key = METRICS[name].key
            entry.figures |= {f"{key}_low": low, f"{key}_high": high}

    def against(self, entry: Entry, baseline: Entry) -> None:
        """Add paired differences to the baseline on the same rows."""
        for name in dict.fromkeys(("average-precision", "cost", self.objective)):
            key = METRICS[name].key
            common = min(len(entry.repeats), len(baseline.repeats))
            mine = _average([found[key] for found in entry.repeats[:common]])
            theirs = _average([found[key] for found in baseline.repeats[:common]])
            if mine is None or theirs is None:
                continue
            low, high = self._interval(name, entry, baseline)
            entry.figures |= {
                f"{key}_difference": mine - theirs,
                f"{key}_difference_low": low,
                f"{key}_difference_high": high,
            }
        metric = METRICS[self.objective]
        for end in ("", "_difference", "_difference_low", "_difference_high"):
            entry.figures[f"objective{end}"] = entry.figures.get(f"{metric.key}{end}")

    def verdicts(self, entries: list[Entry], baseline: Entry) -> None:
        """Say of each entry whether it is better or worse than the baseline, Holm-corrected."""
        baseline.figures["versus_baseline"] = BASELINE
        rivals = [e for e in entries if e.figures.get("objective_difference_low") is not None]
        rivals = [entry for entry in rivals if entry is not baseline]
        ends = ("objective_difference", "objective_difference_low", "objective_difference_high")
        chances = holm([p_value(*(entry.figures[end] for end in ends)) for entry in rivals])
        for entry, chance in zip(rivals, chances, strict=True):
            gain = entry.figures["objective_difference"]
            right_way = (gain > 0) == METRICS[self.objective].greater_is_better
            entry.figures["objective_p"] = chance
            entry.figures["versus_baseline"] = (
                UNCLEAR if chance >= LEVEL else BETTER if right_way else WORSE
            )

    def _interval(
        self, name: str, entry: Entry, other: Entry | None = None
    ) -> tuple[float | None, float | None]:
        assert entry.scores is not None
        assert entry.settled is not None
        y = entry.scores.y
        proba, labels = entry.settled.proba, entry.settled.labels
        proba_other = labels_other = None
        if other is not None:
            assert other.settled is not None
            common = min(len(proba), len(other.settled.proba))
            proba, labels = proba[:common], labels[:common]
            proba_other = other.settled.proba[:common]
            labels_other = other.settled.labels[:common]
        kind = METRICS[name].kind
        if name == "average-precision":
            low, high = self._average_precision(y, proba, proba_other)
        elif name == "roc-auc":
            low, high = roc_auc_interval(y, proba, other=proba_other)
        elif kind == "decision":
            low, high = decision_interval(
                name, y, labels, other=labels_other, n_classes=self.n_classes, seed=self.seed
            )
        else:
            mine = self._per_row(name, y, proba, labels)
            theirs = (
                None if proba_other is None else self._per_row(name, y, proba_other, labels_other)
            )
            low, high = mean_interval(mine, other=theirs, seed=self.seed)
        return (None, None) if np.isnan(low) or np.isnan(high) else (float(low), float(high))

    def _average_precision(
        self, y: NDArray[np.int64], proba: NDArray[np.float64], other: NDArray[np.float64] | None
    ) -> tuple[float, float]:
        if self.n_classes == 2:
            rival = None if other is None else other[:, :, 1]
            return average_precision_interval(y, proba[:, :, 1], other=rival, seed=self.seed)
        found = macro_replicates(y, proba, seed=self.seed)
        if other is not None:
            found = found - macro_replicates(y, other, seed=self.seed)
        return percentiles(found)

    def _per_row(self, name: str, y: Any, proba: Any, labels: Any) -> NDArray[np.float64]:
        """Numbers ``(n_repeats, n_rows)`` whose mean is the metric."""
        if name == "cost":
            assert self.costs is not None
            return np.stack([1000.0 * row_cost(decided, self.costs) for decided in labels])
        if name == "log-loss":
            hit = np.stack([p[np.arange(len(y)), y] for p in proba])
            eps = float(np.finfo(np.float64).eps)
            return np.asarray(-np.log(np.clip(hit, eps, 1.0 - eps)))
        squares = np.asarray(((proba - np.eye(self.n_classes)[y]) ** 2).sum(axis=2))
        return squares / 2 if self.n_classes == 2 else squares


def average_dicts(dicts: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean of every number in dicts of one shape; None where any is None; counts stay means.

    >>> average_dicts([{"a": 1.0, "b": None}, {"a": 2.0, "b": 3.0}])
    {'a': 1.5, 'b': None}
    """
    first = dicts[0]
    return {key: _average([found[key] for found in dicts]) for key in first}


def _average(values: list[Any]) -> Any:
    first = values[0]
    if isinstance(first, dict):
        return average_dicts(values)
    if isinstance(first, list):
        return [_average(list(items)) for items in zip(*values, strict=True)]
    if any(value is None for value in values):
        return None
    if all(value == first for value in values):
        return first
    return float(np.mean(values))
