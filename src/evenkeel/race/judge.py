"""From out-of-fold scores to figures: settle on the other folds, measure, compare by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.bootstrap import average_precision_replicates
from evenkeel.decide import settle
from evenkeel.intervals import (
    FEW_POSITIVES,
    average_precision_interval,
    decision_interval,
    macro_replicates,
    mean_interval,
    percentiles,
    roc_auc_interval,
)
from evenkeel.metrics import METRICS, evaluate
from evenkeel.race.averages import average, average_dicts
from evenkeel.race.pulls import ends_of, fold_values, pull_of, row_values
from evenkeel.race.stats import LEVEL, holm, p_value, resampled_t
from evenkeel.widening import in_groups, widen, widening

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.decide import Policy, Settled
    from evenkeel.scores import Scores

BETTER, WORSE, UNCLEAR, BASELINE = "better", "worse", "no clear difference", "baseline"


@dataclass
class Entry:
    """One remedy with one learner in the comparison.

    Attributes
    ----------
    name, learner, changes
        Names, and what the remedy changes.
    status, reason
        ``"ok"``, ``"skipped"``, ``"failed"``, ``"not run"`` or ``"dropped"``, and why.
    scores, settled
        Out-of-fold scores, and what was settled on them; None unless ok.
    figures
        Metrics averaged over repeats, with intervals and paired differences to the baseline.
    repeats
        Metrics of each repeat.
    cost
        ``fit_rows``, ``seconds`` and ``peak_bytes`` of a fit, on average.
    settings
        What a search chose in each trial, the default as an empty dict; nothing without a search.
    shipped
        The same for the model fitted on all rows.
    draws
        Average precision over redrawn rows by number of repeats, for its interval and for every
        difference to it.
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
    settings: list[dict[str, Any]] = field(default_factory=list)
    shipped: dict[str, Any] | None = None
    draws: dict[int, NDArray[np.float64]] = field(default_factory=dict, repr=False)

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
    beside
        Metrics that get intervals and differences beside the objective.
    groups
        ``(n_rows,)``: codes of groups of rows that are alike, which widens all intervals; None
        where rows are independent.
    """

    policy: Policy
    objective: str
    n_classes: int
    costs: NDArray[np.float64] | None = None
    columns: dict[str, NDArray[np.float64]] | None = None
    share: float | None = None
    seed: int = 0
    beside: tuple[str, ...] = ("average-precision", "cost")
    groups: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if not in_groups(self.groups):
            object.__setattr__(self, "groups", None)

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
        for name in dict.fromkeys((*self.beside, self.objective)):
            if name == "cost" and self.costs is None:
                continue
            entry.figures |= self._ends(METRICS[name].key, name, entry)
        if self.groups is not None:
            pull = self.pull("recall", entry, len(settled.proba))[1]
            entry.figures["recall_widened"] = widening(pull, self.groups, entry.scores.y)

    def against(self, entry: Entry, baseline: Entry) -> None:
        """Add paired differences to the baseline on the same rows."""
        for name in dict.fromkeys((*self.beside, self.objective)):
            key = METRICS[name].key
            common = min(len(entry.repeats), len(baseline.repeats))
            mine = average([found[key] for found in entry.repeats[:common]])
            theirs = average([found[key] for found in baseline.repeats[:common]])
            if mine is None or theirs is None:
                continue
            entry.figures[f"{key}_difference"] = mine - theirs
            entry.figures |= self._ends(f"{key}_difference", name, entry, baseline)
        metric = METRICS[self.objective]
        for end in ("", "_difference", "_difference_low", "_difference_high"):
            entry.figures[f"objective{end}"] = entry.figures.get(f"{metric.key}{end}")

    def verdicts(self, entries: list[Entry], baseline: Entry) -> None:
        """Say of each entry whether it is better or worse than the baseline, Holm-corrected.

        By rows (``versus_baseline``), which decides, and by folds (``folds_say``) beside it.
        """
        baseline.figures["versus_baseline"] = BASELINE
        rivals = [e for e in entries if e.figures.get("objective_difference_low") is not None]
        rivals = [entry for entry in rivals if entry is not baseline]
        ends = ("objective_difference", "objective_difference_low", "objective_difference_high")
        by_rows = holm([p_value(*(entry.figures[end] for end in ends)) for entry in rivals])
        for entry, chance in zip(rivals, by_rows, strict=True):
            entry.figures["objective_p"] = chance
            entry.figures["versus_baseline"] = self._word(entry, chance)
        tried = [(entry, self._over_folds(entry, baseline)) for entry in rivals]
        told = [(entry, p) for entry, p in tried if not np.isnan(p)]
        by_folds = holm([p for _, p in told])
        for (entry, _), chance in zip(told, by_folds, strict=True):
            entry.figures["objective_folds_p"] = chance
            entry.figures["folds_say"] = self._word(entry, chance)

    def _word(self, entry: Entry, chance: float) -> str:
        right_way = (entry.figures["objective_difference"] > 0) == METRICS[
            self.objective
        ].greater_is_better
        return UNCLEAR if chance >= LEVEL else BETTER if right_way else WORSE

    def _over_folds(self, entry: Entry, baseline: Entry) -> float:
        """p-value of the corrected resampled t-test over the folds that both scored."""
        found = [self._by_fold(one) for one in (entry, baseline)]
        n_repeats, n_folds = (min(one.shape[axis] for one in found) for axis in (0, 1))
        mine, theirs = (one[:n_repeats, :n_folds].ravel() for one in found)
        return resampled_t(mine - theirs, 1.0 / max(n_folds - 1, 1))[1]

    def _by_fold(self, entry: Entry) -> NDArray[np.float64]:
        assert entry.scores is not None
        assert entry.settled is not None
        scores, settled = entry.scores, entry.settled
        return fold_values(
            self.objective, scores.y, settled.proba, settled.labels, scores.fold, self.costs
        )

    def _ends(
        self, key: str, name: str, entry: Entry, other: Entry | None = None
    ) -> dict[str, float | None]:
        """Ends of an interval, with groups how many times as wide it is; None where undefined."""
        low, high = self._interval(name, entry, other)
        if np.isnan(low) or np.isnan(high):
            return {f"{key}_low": None, f"{key}_high": None}
        factor: dict[str, float | None] = {}
        if self.groups is not None:
            (low, high), wider = self._widened(name, entry, other, (low, high))
            factor = {f"{key}_widened": wider}
        return {f"{key}_low": float(low), f"{key}_high": float(high)} | factor

    def _widened(
        self, name: str, entry: Entry, other: Entry | None, ends: tuple[float, float]
    ) -> tuple[tuple[float, float], float]:
        assert entry.settled is not None
        common = len(entry.settled.proba)
        least, most = ends_of(name, self.n_classes, self.costs)
        if other is None:
            point, pull = self.pull(name, entry, common)
        else:
            assert other.settled is not None
            common = min(common, len(other.settled.proba))
            point, pull = self.pull(name, entry, common)
            theirs, pull_of_theirs = self.pull(name, other, common)
            point, pull = point - theirs, pull - pull_of_theirs
            least, most = least - most, most - least
        assert entry.scores is not None
        drawn = name == "average-precision"
        factor = widening(pull, self.groups, entry.scores.y, stratified=drawn)
        return widen(*ends, point, factor, within=(least, most)), factor

    def pull(self, name: str, entry: Entry, n_repeats: int) -> tuple[float, NDArray[np.float64]]:
        """A metric over the first repeats, and how far each row pulls it, ``(n_rows,)``."""
        assert entry.scores is not None
        assert entry.settled is not None
        proba, labels = entry.settled.proba[:n_repeats], entry.settled.labels[:n_repeats]
        return pull_of(name, entry.scores.y, proba, labels, self.costs)

    def _interval(self, name: str, entry: Entry, other: Entry | None = None) -> tuple[float, float]:
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
            low, high = self._average_precision(entry, other, len(proba))
        elif name == "roc-auc":
            low, high = roc_auc_interval(y, proba, other=proba_other)
        elif kind == "decision":
            low, high = decision_interval(
                name, y, labels, other=labels_other, n_classes=self.n_classes, seed=self.seed
            )
        else:
            mine = row_values(name, y, proba, labels, self.costs)
            theirs = None
            if proba_other is not None and labels_other is not None:
                theirs = row_values(name, y, proba_other, labels_other, self.costs)
            low, high = mean_interval(mine, other=theirs, seed=self.seed)
        return low, high

    def _average_precision(
        self, entry: Entry, other: Entry | None, n_repeats: int
    ) -> tuple[float, float]:
        assert entry.scores is not None
        assert entry.settled is not None
        y = entry.scores.y
        rare = int(np.bincount(y, minlength=self.n_classes).min())
        if self.n_classes == 2 and (rare == 0 or (other is None and rare < FEW_POSITIVES)):
            return average_precision_interval(y, entry.settled.proba[:, :, 1])
        found = self._draws(entry, n_repeats)
        if other is not None:
            found = found - self._draws(other, n_repeats)
        low, high = percentiles(found, n=rare if self.n_classes == 2 else None)
        point = entry.figures["average_precision"] if other is None else np.nan
        return float(np.fmin(low, point)), float(np.fmax(high, point))

    def _draws(self, entry: Entry, n_repeats: int) -> NDArray[np.float64]:
        if n_repeats not in entry.draws:
            assert entry.scores is not None
            assert entry.settled is not None
            y, proba = entry.scores.y, entry.settled.proba[:n_repeats]
            entry.draws[n_repeats] = (
                average_precision_replicates(y, proba[:, :, 1], seed=self.seed)
                if self.n_classes == 2
                else macro_replicates(y, proba, seed=self.seed)
            )
        return entry.draws[n_repeats]
