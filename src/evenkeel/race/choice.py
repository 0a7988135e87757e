"""What is chosen, and why: what is clearly better than the baseline, and of that the simplest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evenkeel.metrics import METRICS
from evenkeel.race.judge import BETTER
from evenkeel.race.stats import LEVEL, Z_95, holm, p_values
from evenkeel.race.trial import DUMMY
from evenkeel.widening import group_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.race.judge import Entry, Judge

    Floats = NDArray[np.float64]

# From what is easiest to keep right to what changes most.
SIMPLEST = ("nothing", "decision", "weights", "rows", "loss", "batches", "augmentation", "learner")
OTHERS = (
    "cost", "average-precision", "roc-auc", "log-loss", "balanced-accuracy", "f1", "mcc",
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """Of the remedies clearly better than the baseline, the simplest within one standard error of the best.

    Clearly better: ``p < 0.05`` after Holm's correction. The standard error is that of the paired
    difference to the best. Nothing clearly better: the baseline, which stands first.

    Parameters
    ----------
    errors
        ``(n_entries,)``: standard error of each difference to the baseline; 0 for the baseline.
    apart
        ``(n_entries, n_entries)``: standard error of the difference of every two.
    order
        ``(n_entries,)``: place in the order of simplicity.

    References
    ----------
    Breiman, Friedman, Olshen, Stone (1984), "Classification and regression trees", section 3.4.3;
    Hastie, Tibshirani, Friedman (2009), https://doi.org/10.1007/978-0-387-84858-7, section 7.10.1

    Examples
    --------
    >>> apart = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.5], [1.0, 0.5, 0.0]])
    >>> rule = Rule(apart[0], apart, np.array([0, 2, 1]))
    >>> [rule.pick(np.array(gains)) for gains in ([0, 1, 1], [0, 5, 4.6], [0, 5, 4.4])]
    [0, 2, 1]
    """

    errors: Floats
    apart: Floats
    order: NDArray[np.int64]

    def pick(self, gains: Floats) -> int:
        """Index of the chosen entry, from each gain on the baseline (positive is better)."""
        near = self.near_best(gains)
        return min(near, key=lambda at: int(self.order[at])) if near else 0

    def near_best(self, gains: Floats) -> list[int]:
        """Entries clearly better than the baseline and within one standard error of the best."""
        chances = holm(p_values(gains[1:], self.errors[1:]).tolist())
        clear = [at for at, p in enumerate(chances, 1) if p < LEVEL and gains[at] > 0]
        if not clear:
            return []
        best = max(clear, key=lambda at: float(gains[at]))
        return [at for at in clear if gains[best] - gains[at] <= self.apart[best, at]]


@dataclass(frozen=True)
class Field:
    """What the rule looks at: entries measured by one metric on the same rows.

    Parameters
    ----------
    entries
        The baseline first.
    values
        ``(n_entries,)``: the metric; of an entry with fewer repeats than the baseline, what it would
        be if it differed in the others as it does in these.
    pulls
        ``(n_entries, n_units)``: how far each row, or each group of rows, pulls it.
    sign
        1 where more is better, -1 where less is.
    rule
        How the metric chooses.
    sizes
        ``(n_units,)``: rows of each group; None where each row stands for itself.
    own
        ``(n_entries,)``: standard error of the metric, with groups; None without, where the pulls say it.
    """

    entries: list[Entry]
    values: Floats
    pulls: Floats
    sign: int
    rule: Rule
    sizes: NDArray[np.int64] | None = None
    own: Floats | None = None

    @classmethod
    def of(
        cls, entries: list[Entry], judge: Judge, metric: str, errors: Floats | None = None
    ) -> Field | None:
        """Measure entries; None where the metric is undefined for one of them.

        Parameters
        ----------
        entries
            Measured ones, the baseline first.
        judge
            With the costs.
        metric
            Key of ``METRICS``.
        errors
            Standard errors of the differences to the baseline where they are known better.
        """
        found = [_beside(entry, entries[0], judge, metric) for entry in entries]
        values, pulls = np.array([value for value, _ in found]), np.stack([h for _, h in found])
        if not (np.isfinite(values).all() and np.isfinite(pulls).all()):
            return None
        apart, own = _errors(pulls, pulls.shape[1])
        sizes = None
        if judge.groups is not None:
            n_rows = pulls.shape[1]
            pulls, sizes = group_sums(pulls, judge.groups)
            by_groups = _errors(pulls, n_rows)
            apart, own = np.maximum(apart, by_groups[0]), np.maximum(own, by_groups[1])
        rule = Rule(apart[0] if errors is None else errors, apart, _order(entries))
        sign = 1 if METRICS[metric].greater_is_better else -1
        return cls(entries, values, pulls, sign, rule, sizes, None if sizes is None else own)

    def gains(self, values: Floats) -> Floats:
        """How much better each entry is than the baseline."""
        gains: Floats = self.sign * (values - values[..., :1])
        return gains

    @property
    def picked(self) -> Entry:
        """What the rule chooses."""
        return self.entries[self.rule.pick(self.gains(self.values))]


def agreement(entries: list[Entry], judge: Judge) -> dict[str, Entry]:
    """What the same rule would choose by each other metric.

    Parameters
    ----------
    entries
        Measured ones, the baseline first.
    judge
        Its objective is left out, and the cost where no costs are known.

    Returns
    -------
    dict
        Key of ``METRICS`` to the entry chosen.
    """
    names = [name for name in OTHERS if name != judge.objective]
    fields = {
        name: Field.of(entries, judge, name)
        for name in names
        if name != "cost" or judge.costs is not None
    }
    return {name: field.picked for name, field in fields.items() if field is not None}


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
            f"Nothing beat the baseline clearly on {metric.title} (p < {LEVEL:g}{_corrected(there)})."
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
        f"[{low:+.3g}, {high:+.3g}] on the same rows (p = {chosen.figures['objective_p']:.2g}"
        f"{_corrected(there)})."
    )
    if best is not chosen:
        why += f" {best.name} measured better, but within one standard error, and this is simpler."
    doubted = [] if chosen.figures.get("folds_say") == BETTER else [chosen]
    return chosen, why + _by_folds(doubted, there)


def _corrected(there: list[Entry]) -> str:
    """That p-values allow for the number of comparisons, where there is more than one."""
    return " after Holm's correction" if len(there) > 2 else ""


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


def _beside(entry: Entry, baseline: Entry, judge: Judge, metric: str) -> tuple[float, Floats]:
    """A metric and what rows pull: the baseline's, plus the difference on the repeats that both have.

    Under a time budget the baseline may have more of them, and a repeat of its own is no difference.
    """
    there, common = len(baseline.repeats), min(len(entry.repeats), len(baseline.repeats))
    value, pull = judge.pull(metric, entry, common)
    if common == there:
        return value, pull
    whole, part = (judge.pull(metric, baseline, n) for n in (there, common))
    return whole[0] + (value - part[0]), whole[1] + (pull - part[1])


def _errors(pulls: Floats, n_rows: int) -> tuple[Floats, Floats]:
    """Standard errors of the difference of every two entries, and of each."""
    shared = pulls @ pulls.T / n_rows**2
    own = np.diag(shared)
    apart = np.sqrt(np.maximum(own[:, None] + own - 2 * shared, 0.0))
    apart[apart < 1e-9 * np.sqrt(own.max(initial=0.0))] = 0.0  # alike but for rounding
    return apart, np.sqrt(own)


def _order(entries: list[Entry]) -> NDArray[np.int64]:
    """Place of each entry, the simplest first; rows to fit on decide where all else is equal."""

    def key(at: int) -> tuple[int, int, float, int]:
        entry = entries[at]
        parts = [part for part in entry.changes.split("+") if part != "nothing"]
        if entry.learner != entries[0].learner:
            parts.append("learner")
        ranks = [SIMPLEST.index(part) if part in SIMPLEST else len(SIMPLEST) for part in parts]
        return max(ranks, default=0), len(parts), entry.cost.get("fit_rows") or 0.0, at

    order = np.empty(len(entries), np.int64)
    order[sorted(range(len(entries)), key=key)] = np.arange(len(entries))
    return order
