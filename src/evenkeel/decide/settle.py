"""Scores in, calibrator and decision out: the only place that calibrates and chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.confusion import confusion_table, from_confusion
from evenkeel.decide.calibrate import Platt
from evenkeel.decide.choose import choose
from evenkeel.metrics import mean_cost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evenkeel.decide.decision import Decision
    from evenkeel.decide.policy import Policy
    from evenkeel.scores import Scores

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


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

    calibrator: Platt
    decision: Decision
    proba: Floats
    labels: Ints
    optimism: dict[str, dict[str, float]]


def settle(
    scores: Scores,
    policy: Policy,
    *,
    columns: Mapping[str, Any] | None = None,
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
    n_repeats, n_rows, n_classes = scores.raw.shape
    pooled = scores.raw.reshape(-1, n_classes)
    again = np.tile(scores.y, n_repeats)
    calibrator = Platt.fit(again, pooled, weight=np.full(again.size, 1.0 / n_repeats))
    calibrated = calibrator.apply(scores.raw)
    decision = choose(
        policy,
        scores.y,
        calibrated,
        columns=columns,
        n_boot=n_boot,
        seed=seed,
        classes=scores.classes,
    )
    proba = np.empty_like(scores.raw)
    labels = np.empty((n_repeats, n_rows), dtype=np.int64)
    for repeat in range(n_repeats):
        for fold in np.unique(scores.fold[repeat]):
            inside = scores.fold[repeat] == fold
            proba[repeat, inside], labels[repeat, inside] = _from_others(
                scores, policy, repeat, inside, columns, n_boot=n_boot // 5, seed=seed
            )
    final = decision.apply(calibrated, columns=columns)
    return Settled(
        calibrator,
        decision,
        proba,
        labels,
        _optimism(policy, scores.y, n_classes, columns, final=final, crossed=labels),
    )


def _from_others(
    scores: Scores,
    policy: Policy,
    repeat: int,
    inside: NDArray[np.bool_],
    columns: Mapping[str, Any] | None,
    *,
    n_boot: int,
    seed: int,
) -> tuple[Floats, Ints]:
    """Probabilities and labels of one fold, by what the other folds of its repeat settle."""
    mine, raw = scores.raw[repeat, inside], scores.raw[repeat, ~inside]
    y = scores.y[~inside]
    present = np.unique(y)
    if not present.size:
        return mine, np.full(len(mine), np.bincount(scores.y).argmax())
    calibrator = Platt.fit(y, raw)
    calibrated = calibrator.apply(mine)
    if present.size == 1:
        return calibrated, np.full(len(mine), present[0])
    decision = choose(
        policy,
        y,
        calibrator.apply(raw),
        columns=_part(columns, policy, ~inside),
        n_boot=n_boot,
        seed=seed,
    )
    return calibrated, decision.apply(calibrated, columns=_part(columns, policy, inside))


def _part(
    columns: Mapping[str, Any] | None, policy: Policy, rows: NDArray[np.bool_]
) -> dict[str, Any] | None:
    if columns is None:
        return None
    return {name: np.asarray(columns[name])[rows] for name in policy.columns}


def _optimism(
    policy: Policy,
    y: Ints,
    n_classes: int,
    columns: Mapping[str, Any] | None,
    *,
    final: Ints,
    crossed: Ints,
) -> dict[str, dict[str, float]]:
    costs = policy.row_costs(y, columns=columns)
    found = {}
    for name in dict.fromkeys(filter(None, (policy.goal, policy.floor_of))):
        values = []
        for labels in (final, crossed):
            if name == "cost" and costs is not None:
                each = [mean_cost(row, costs) or 0.0 for row in labels]
            else:
                tables = [confusion_table(y, row, n_classes=n_classes) for row in labels]
                each = [float(from_confusion(name, table)) for table in tables]
            values.append(float(np.mean(each)))
        found[name.replace("-", "_")] = {
            "in_sample": values[0],
            "cross_settled": values[1],
            "difference": values[0] - values[1],
        }
    return found
