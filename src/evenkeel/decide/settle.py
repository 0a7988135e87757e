"""Scores in, calibrator and decision out: the only place that calibrates and chooses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel.confusion import confusion_table, from_confusion
from evenkeel.decide.calibrate import cross_fit, fit_calibrator
from evenkeel.decide.choose import as_policy, choose, choose_part
from evenkeel.decide.prior import Chained, PriorShift
from evenkeel.errors import InvalidInput
from evenkeel.metrics import row_cost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evenkeel.decide.calibrate import Calibrator
    from evenkeel.decide.decision import Decision
    from evenkeel.decide.policy import Policy
    from evenkeel.scores import Scores

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


RAREST = 1e-9  # share of a class that probabilities can still be put on the scale of


@dataclass(frozen=True, eq=False)
class Settled:
    """What was settled on out-of-fold scores.

    Parameters
    ----------
    calibrator, decision
        Fitted and chosen on all rows and repeats: what goes with the model.
    proba
        ``(n_repeats, n_rows, n_classes)``: each fold calibrated by a map fitted on the other folds
        of its repeat.
    labels
        ``(n_repeats, n_rows)``: each fold decided by a decision chosen on the other folds: what to
        judge a remedy by.
    optimism
        For the policy's goal and minimum: ``in_sample`` (the final decision on the rows it was
        chosen on), ``cross_settled`` (from ``labels``) and their ``difference``. Cost is per 1,000
        rows, so there a negative difference flatters.
    """

    calibrator: Calibrator
    decision: Decision
    proba: Floats
    labels: Ints
    optimism: dict[str, dict[str, float]]


def settle(
    scores: Scores,
    policy: Policy,
    *,
    columns: Mapping[str, Any] | None = None,
    times: Any = None,
    share: float | None = None,
    prevalence: float | None = None,
    method: str = "auto",
    n_boot: int = 200,
    seed: int = 0,
) -> Settled:
    """Calibrate out-of-fold scores and choose decisions, for the model and for judging it.

    Parameters
    ----------
    scores
        Out-of-fold scores at the original prevalence.
    policy
        What the decisions are to achieve.
    columns
        The columns that the costs name, each ``(n_rows,)``.
    times
        ``(n_rows,)``: when each row happened, for a capacity per period.
    share
        In its place, where these rows are a part of what happened: the capacity as a share of rows.
    prevalence
        Share of the positive class where the model will work, when it is not that of these rows:
        probabilities are put on that scale, and rows weighed by it.
    method
        How to calibrate: see :func:`evenkeel.decide.calibrate.fit_calibrator`.
    n_boot
        Redraws behind the final decision; those of the folds get a fifth of them.
    seed
        Seed of the redraws.

    Raises
    ------
    InvalidInput
        One class only, columns missing, or a policy that does not fit the number of classes.

    Examples
    --------
    >>> from evenkeel.decide import Policy
    >>> from evenkeel.scores import Scores
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(400) % 10 // 9
    >>> p = np.clip(0.3 * y + 0.5 * rng.random(400), 0, 1)
    >>> fold = np.arange(400)[None] // 80
    >>> scores = Scores(y, np.stack([1 - p, p], axis=1)[None], fold, ("no", "yes"))
    >>> settled = settle(scores, Policy(cost_fn=10, cost_fp=1))
    >>> settled.labels.shape, round(float(settled.proba[0, :, 1].mean()), 2)
    ((1, 400), 0.1)
    """
    policy, (n_repeats, n_rows, n_classes) = as_policy(policy, "settle"), scores.raw.shape
    method, left_out = cross_fit(scores.y, scores.raw, scores.fold, method=method)
    fitted = fit_calibrator(scores.y, scores.raw, method=method)
    shift, weight = deployment(scores.y, n_classes, prevalence)
    calibrator = fitted if shift is None else Chained((fitted, shift))
    pooled = calibrator.apply(scores.raw)
    alerts = policy.alerts
    if alerts is not None and share is None:
        share = alerts.budget(n_rows, times=times) / n_rows
    ask = _Ask(policy, columns, share, shift, weight, n_boot, seed)
    decision = ask.choose(scores.y, pooled, classes=scores.classes)
    proba = np.empty_like(scores.raw)
    labels = np.empty((n_repeats, n_rows), dtype=np.int64)
    for repeat in range(n_repeats):
        for fold in np.unique(scores.fold[repeat]):
            inside = np.flatnonzero(scores.fold[repeat] == fold)
            proba[repeat, inside], labels[repeat, inside] = _from_others(
                scores, ask, left_out.get((repeat, int(fold))), repeat, inside
            )
    final = decision.apply(pooled, columns=columns)
    optimism = _optimism(ask, scores.y, n_classes, final=final, crossed=labels)
    return Settled(calibrator, decision, proba, labels, optimism)


@dataclass(frozen=True)
class _Ask:
    """What every choice of one settling has in common."""

    policy: Policy
    columns: Mapping[str, Any] | None
    share: float | None
    shift: PriorShift | None
    weight: Floats | None
    n_boot: int
    seed: int

    def choose(
        self,
        y: Ints,
        p: Floats,
        *,
        rows: Ints | None = None,
        classes: tuple[Any, ...] | None = None,
    ) -> Decision:
        """Choose on some rows; folds get a fifth of the redraws."""
        policy, alerts = self.policy, self.policy.alerts
        if rows is not None and alerts is not None and alerts.per == "table":
            # So many rows of any table: of a part of it, its share.
            policy = replace(policy, limit=f"{100.0 * (self.share or 0.0):.17g}%")
        return (choose if rows is None else choose_part)(
            policy,
            y,
            p,
            columns=self.columns if rows is None else self.part(rows),
            weight=self.weight if rows is None or self.weight is None else self.weight[rows],
            share=self.share,
            n_boot=self.n_boot if rows is None else self.n_boot // 5,
            seed=self.seed,
            classes=classes,
        )

    def part(self, rows: Ints) -> dict[str, Any] | None:
        """The columns that the costs name, cut to some rows."""
        if self.columns is None:
            return None
        return {name: np.asarray(self.columns[name])[rows] for name in self.policy.columns}


def deployment(
    y: Ints, n_classes: int, prevalence: float | None
) -> tuple[PriorShift | None, Floats | None]:
    """The map to another prevalence, and the row weights that stand for it."""
    if prevalence is None:
        return None, None
    check_number(
        prevalence, "deploy_prevalence", "a decision",
        low=0.0, high=1.0, open_low=True, open_high=True,
    )  # fmt: skip
    if not RAREST <= prevalence <= 1.0 - RAREST:
        raise InvalidInput(
            f"deploy_prevalence of a decision must leave either class a share of {RAREST:g}. "
            f"Got {prevalence!r}."
        )
    if n_classes != 2:
        raise InvalidInput(
            "deploy_prevalence of a decision needs two classes. Name a positive class to set it "
            "against the rest."
        )
    share = float(np.mean(y == 1))
    was, now = (1.0 - share, share), (1.0 - prevalence, prevalence)
    return PriorShift(was, now), (np.asarray(now) / np.asarray(was))[y]


def _from_others(
    scores: Scores, ask: _Ask, calibrator: Calibrator | None, repeat: int, inside: Ints
) -> tuple[Floats, Ints]:
    """Probabilities and labels of one fold, by what the other folds of its repeat settle."""
    mine = scores.raw[repeat, inside]
    if calibrator is None:  # there are no other folds
        return mine, np.full(len(mine), np.bincount(scores.y).argmax())
    if ask.shift is not None:
        calibrator = Chained((calibrator, ask.shift))
    calibrated = calibrator.apply(mine)
    out = np.ones(scores.y.size, bool)
    out[inside] = False
    others = np.flatnonzero(out)
    y = scores.y[others]
    if np.ptp(y) == 0:
        return calibrated, np.full(len(mine), y[0])
    known = calibrator.apply(scores.raw[repeat, others])
    decision = ask.choose(y, known, rows=others, classes=scores.classes)
    return calibrated, decision.apply(calibrated, columns=ask.part(inside))


def _optimism(
    ask: _Ask, y: Ints, n_classes: int, *, final: Ints, crossed: Ints
) -> dict[str, dict[str, float]]:
    policy = ask.policy
    costs = policy.row_costs(y, columns=ask.columns)
    goal = None if policy.cuts is not None else policy.goal
    found = {}
    for name in dict.fromkeys(filter(None, (goal, policy.floor_of))):
        values = []
        for labels in (final, crossed):
            if name == "cost" and costs is not None:
                spent = row_cost(labels, costs)
                each = 1000.0 * np.average(spent, axis=-1, weights=ask.weight)
            else:
                tables = [
                    confusion_table(y, row, n_classes=n_classes, weight=ask.weight)
                    for row in labels
                ]
                each = np.array([float(from_confusion(name, table)) for table in tables])
            values.append(float(np.mean(each)))
        found[name.replace("-", "_")] = {
            "in_sample": values[0],
            "cross_settled": values[1],
            "difference": values[0] - values[1],
        }
    return found
