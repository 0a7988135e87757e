"""The threshold, or the offsets, that a policy chose: what goes with the model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from evenkeel._arrays import as_scores
from evenkeel.decide.amounts import saved_at
from evenkeel.decide.capacity import flag_top
from evenkeel.decide.goals import class_names
from evenkeel.decide.multiclass import decide, utilities
from evenkeel.decide.policy import Policy, brief
from evenkeel.decide.threshold import FLAGS_ALL, FLAGS_NONE
from evenkeel.errors import DamagedRun, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray


BANDS = ("approve", "review", "block")
_MOST_ROWS = 1e15


@dataclass(frozen=True, kw_only=True)
class Decision:
    """How calibrated probabilities become decisions, and what it was chosen on.

    Two classes: code 1 is decided when the score (``Policy.score``) is at least ``threshold``; under
    a capacity of so many rows of any table, for those with the highest scores. Several classes: the
    highest ``log(proba @ gains) + offsets`` (gains only under a cost matrix).

    Parameters
    ----------
    policy
        What was asked for.
    n_classes
        Number of classes.
    threshold
        Two classes: between 0 (flags everything) and just above 1 (flags nothing).
    offsets
        Several classes: ``(n_classes,)``.
    threshold_low, threshold_high, offsets_low, offsets_high
        5 % and 95 % points over redrawn rows; None when nothing was redrawn.
    confusion
        ``(n_classes, n_classes)`` counts on the scores it was chosen on, rows true, columns
        decided; with several repeats their mean.
    prevalence
        Two classes: the share of the positive class it was chosen at.
    reached
        Whether the policy's minimum is kept on those scores.
    notes
        What a reader must know, such as why everything is flagged.
    """

    policy: Policy
    n_classes: int
    threshold: float | None = None
    threshold_low: float | None = None
    threshold_high: float | None = None
    offsets: tuple[float, ...] | None = None
    offsets_low: tuple[float, ...] | None = None
    offsets_high: tuple[float, ...] | None = None
    confusion: tuple[tuple[float, ...], ...]
    prevalence: float | None = None
    reached: bool = True
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return brief(self)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that ``apply`` needs besides the probabilities."""
        return self.policy.columns

    def apply(
        self, proba: ArrayLike, *, columns: Mapping[str, Any] | None = None
    ) -> NDArray[np.int64]:
        """Decide.

        Parameters
        ----------
        proba
            ``(..., n_rows, n_classes)``: calibrated probabilities; two classes also ``(n_rows,)``,
            those of code 1.
        columns
            The columns that the costs name, each ``(n_rows,)``.

        Returns
        -------
        array
            ``(..., n_rows)``: class codes.

        Raises
        ------
        InvalidInput
            Probabilities outside [0, 1], another number of classes, or columns missing.
        """
        p = as_scores(proba, owner="Decision.apply", name="proba")
        flat = p.ndim == 1 and self.n_classes == 2
        if not flat and (p.ndim < 2 or p.shape[-1] != self.n_classes):
            raise InvalidInput(
                f"proba of Decision.apply must have {self.n_classes} columns. Got shape {p.shape}."
            )
        costs = self.policy.costs
        if self.offsets is not None:
            gains = None if costs is None else costs.gains()
            return decide(utilities(p, gains), np.asarray(self.offsets))
        score = self.policy.score(p if flat else p[..., 1], columns=columns)
        alerts = self.policy.alerts
        if alerts is not None and alerts.per == "table":
            k, pays = int(alerts.amount), 0.0 if costs is None else costs.threshold
            rows = score.reshape(math.prod(score.shape[:-1]), score.shape[-1])
            top = np.asarray([flag_top(row, k) for row in rows], dtype=np.bool_)
            top = top.reshape(score.shape)
            return np.asarray(top & (score >= pays)).astype(np.int64)
        threshold = FLAGS_NONE if self.threshold is None else self.threshold
        return np.asarray(score >= threshold).astype(np.int64)

    def band(self, proba: ArrayLike) -> NDArray[np.str_] | None:
        """``"approve"``, ``"review"`` or ``"block"`` for each row ``(n_rows,)``; None without bands."""
        if self.policy.cuts is None:
            return None
        p = as_scores(proba, owner="Decision.band", name="proba")
        cell = np.searchsorted(self.policy.cuts, p if p.ndim == 1 else p[:, 1], side="right")
        return np.asarray(BANDS)[cell]

    def sentence(self, classes: Sequence[Any] | None = None) -> str:
        """The decision in plain words with its counts; ``classes`` are the labels to use."""
        if self.offsets is not None:
            names = class_names(classes, self.n_classes, "Decision.sentence")
            moved = ", ".join(
                f"{name} {offset:+.2f}" for name, offset in zip(names, self.offsets, strict=True)
            )
            return f"Decide for the class with the highest log-probability after adding: {moved}."
        (tn, fp), (fn, tp) = self.confusion
        alerts, rows = tp + fp, tp + fp + fn + tn
        return (
            f"{self._rule()}: {per_1000(alerts / rows)} alerts per 1,000 rows, "
            f"{rate('precision', tp, alerts)}, {rate('recall', tp, tp + fn)}."
        )

    def _rule(self) -> str:
        threshold = FLAGS_NONE if self.threshold is None else self.threshold
        if threshold in {FLAGS_ALL, FLAGS_NONE}:
            return "Flag everything" if threshold == FLAGS_ALL else "Flag nothing"
        costs, alerts = self.policy.costs, self.policy.alerts
        if alerts is not None and alerts.per == "table":
            highest = "expected savings, where acting pays" if costs and costs.columns else "scores"
            return f"Act on the {alerts.amount:,.0f} rows of a table with the highest {highest}"
        if costs is not None and costs.columns:
            if threshold >= 1.0:
                return "Act where acting costs nothing"
            if alerts is not None:
                told = f"Act when acting is expected to save at least {saved_at(threshold):.3g}"
                return told + self._spread(saved_at)
            return f"Act when {costs.rule(_factor(threshold))}{self._spread(_factor, 'factor ')}"
        if self.policy.cuts is not None:
            low, high = self.policy.cuts
            return f"Approve when p < {low:g}, review when p < {high:g}, block from there on"
        return f"Act when p >= {threshold:.3g}{self._spread(lambda p: min(p, 1.0))}"

    def _spread(self, form: Callable[[float], float], what: str = "") -> str:
        """Where the threshold lay over redrawn rows, in the terms of the rule."""
        if self.threshold_low is None or self.threshold_high is None:
            return ""
        low, high = form(self.threshold_low), form(self.threshold_high)
        return f" ({what}from {low:.3g} to {high:.3g} over redrawn rows)"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "policy": self.policy.to_dict(),
            "n_classes": self.n_classes,
            "threshold": self.threshold,
            "threshold_low": self.threshold_low,
            "threshold_high": self.threshold_high,
            "offsets": _plain(self.offsets),
            "offsets_low": _plain(self.offsets_low),
            "offsets_high": _plain(self.offsets_high),
            "confusion": [list(row) for row in self.confusion],
            "prevalence": self.prevalence,
            "reached": self.reached,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The decision that ``to_dict`` wrote; DamagedRun when it is anything else."""
        try:
            policy = Policy.from_dict(stored["policy"])
            n_classes = stored["n_classes"]
            _must(type(n_classes) is int and 2 <= n_classes <= 100_000, "n_classes")
            policy.check(n_classes)
            fields: dict[str, Any] = {"policy": policy, "n_classes": n_classes}
            for name in ("threshold", "threshold_low", "threshold_high"):
                fields[name] = _numbers([stored[name]], 1, name, low=0.0, high=FLAGS_NONE)
                fields[name] = None if fields[name] is None else fields[name][0]
            for name in ("offsets", "offsets_low", "offsets_high"):
                fields[name] = _numbers(stored[name], n_classes, name, low=-1e6, high=1e6)
            names = ("threshold", "offsets") if n_classes == 2 else ("offsets", "threshold")
            _must(fields[names[0]] is not None, names[0])
            _must(fields[names[1]] is None, names[1])
            found = [
                _numbers(row, n_classes, "confusion", low=0.0, high=_MOST_ROWS)
                for row in stored["confusion"]
            ]
            rows = tuple(row for row in found if row is not None)
            whole = len(found) == len(rows) == n_classes
            _must(whole and sum(map(sum, rows)) > 0.0, "confusion")
            share = _numbers([stored["prevalence"]], 1, "prevalence", low=0.0, high=1.0)
            _must(type(stored["reached"]) is bool, "reached")
            notes = stored["notes"]
            _must(type(notes) is list and all(type(note) is str for note in notes), "notes")
        except (KeyError, TypeError, InvalidInput) as error:
            raise DamagedRun(f"The stored decision cannot be used: {error!r}.") from error
        return cls(
            **fields,
            confusion=rows,
            prevalence=None if share is None else share[0],
            reached=stored["reached"],
            notes=tuple(notes),
        )


def _factor(score: float) -> float:
    """What weighs the false alarm of a rule per row, from the score of ``Costs.effective``."""
    return score / (1.0 - score) if score < 1.0 else math.inf


def per_1000(share: float) -> str:
    """A share as so many of 1,000.

    >>> per_1000(0.0192), per_1000(1.0)
    ('19.2', '1,000')
    """
    return f"{1000 * share:.3g}" if share < 0.9995 else f"{1000 * share:,.0f}"


def rate(name: str, part: float, whole: float) -> str:
    """A rate with its counts, such as ``"recall 0.81 (173/214)"``.

    >>> rate("recall", 173, 214)
    'recall 0.81 (173/214)'
    >>> rate("precision", 78, 16_000)
    'precision 0.0049 (78/16,000)'
    """
    counts = f"({round(part):,}/{round(whole):,})"
    if not whole:
        return f"{name} undefined {counts}"
    share = part / whole
    return f"{name} {share:.2g} {counts}" if 0.0 < share < 0.01 else f"{name} {share:.2f} {counts}"


def _plain(values: tuple[float, ...] | None) -> list[float] | None:
    return None if values is None else list(values)


def _numbers(
    values: Any, n: int, name: str, *, low: float, high: float = math.inf
) -> tuple[float, ...] | None:
    if values is None or list(values) == [None]:
        return None
    plain = all(type(value) in {int, float} for value in values)
    _must(plain and len(values) == n, name)
    # The range first: a whole number may be too large for a float. NaN lies in no range.
    _must(all(low <= value <= high and value < math.inf for value in values), name)
    return tuple(float(value) for value in values)


def _must(holds: bool, name: str) -> None:
    if not holds:
        raise DamagedRun(f"{name} of the stored decision does not hold what it must hold.")
