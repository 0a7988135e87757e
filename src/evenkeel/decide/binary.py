"""Two classes: the one threshold that serves a policy best, searched over all distinct scores."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.confusion import beta_of, from_counts
from evenkeel.decide.decision import Decision, per_1000, rate
from evenkeel.decide.goals import title
from evenkeel.decide.guarantee import guaranteed
from evenkeel.decide.spread import redraw
from evenkeel.decide.threshold import FLAGS_ALL, FLAGS_NONE, Curve, optimum, threshold_curve
from evenkeel.errors import InvalidInput
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evenkeel.confusion import Counts
    from evenkeel.decide.guarantee import Guarantee
    from evenkeel.decide.policy import Policy

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_SLACK = 1e-9  # rounding allowed when alerts are put against their limit
_FEW = 10  # alerts below which a precision is hardly known: 9 of 9 leave room for 0.72


def choose_threshold(
    policy: Policy,
    y: Ints,
    p: Floats,
    *,
    weight: Floats | None,
    columns: Mapping[str, Any] | None,
    share: float | None,
    n_boot: int,
    seed: int,
) -> Decision:
    """Choose the threshold of a policy.

    Parameters
    ----------
    policy
        What the decisions are to achieve.
    y
        ``(n_rows,)``: 1 for the positive class, 0 for the rest.
    p
        ``(n_repeats, n_rows)``: calibrated probabilities of the positive class.
    weight
        ``(n_rows,)`` or None.
    columns
        The columns that the costs name, each ``(n_rows,)``.
    share
        Most alerts as a share of all rows; None without a limit.
    n_boot, seed
        Redraws, and their seed.
    """
    promise = None
    if policy.confidence is not None:
        line = _one_score_a_row(y, p, weight)
        promise = _promise(policy, line)
        if promise.point is not None:
            counts = [float(count[promise.point]) for count in line.counts]
            threshold = float(line.thresholds_at(promise.point))
            return _decision(policy, threshold, counts, [promise.sentence()])
    if policy.cuts is not None:
        return _given(policy, y, p, weight, policy.cuts[1])
    score = policy.score(p, columns=columns)
    of_rows = policy.row_costs(y, columns=columns) if policy.columns else None
    curve = _curve(y, score, weight, of_rows)
    point, reached = _best(policy, curve.counts, curve.cost, share)
    at, low, high = int(point), None, None
    if policy.costs is not None and policy.alerts is not None and policy.alerts.per == "table":
        # Of the top rows only those are acted on where that pays.
        at = min(at, int(np.count_nonzero(curve.scores >= policy.costs.threshold)))
    if n_boot:
        drawn = redraw(
            curve, y, score, n_boot=n_boot, seed=seed, weight=weight, cost=of_rows,
            around=None if share is None else at,
        )  # fmt: skip
        optima = drawn.points[_best(policy, drawn.counts, drawn.cost, share)[0]]
        ranked = np.sort(optima)
        # Points fall with the threshold: the last ones are the lowest thresholds.
        last, first = ranked[[round(0.95 * (n_boot - 1)), round(0.05 * (n_boot - 1))]].tolist()
        if policy.floor_of is not None or share is not None:
            last, first = max(last, at), min(first, at)
        low, high = curve.thresholds_at([last, first]).tolist()
        if policy.floor_of is None and share is None:
            at = int(ranked[n_boot // 2])
    counts = [float(count[at]) / len(p) for count in curve.counts]
    threshold = float(curve.thresholds_at(at))
    notes = []
    if promise is not None:
        notes += [promise.sentence(), "the threshold keeps it on these scores alone"]
    if not reached:
        notes.append(_how_near(policy, counts))
    elif promise is None and policy.floor_of == "precision":
        notes += _rests_on(np.count_nonzero(score >= threshold) / len(p))
    if threshold in {FLAGS_ALL, FLAGS_NONE}:
        notes.append(_why_degenerate(policy, curve, share, everything=threshold == FLAGS_ALL))
    reached = reached and promise is None
    return _decision(policy, threshold, counts, notes, low=low, high=high, reached=bool(reached))


def _curve(y: Ints, score: Floats, weight: Floats | None, of_rows: Floats | None) -> Curve:
    n_repeats = len(score)
    return threshold_curve(
        y if n_repeats == 1 else np.tile(y, n_repeats),
        score.ravel(),
        weight=None if weight is None else np.tile(weight, n_repeats),
        cost=None if of_rows is None else np.tile(of_rows, (n_repeats, 1)),
    )


def _decision(
    policy: Policy,
    threshold: float,
    counts: list[float],
    notes: list[str],
    *,
    low: float | None = None,
    high: float | None = None,
    reached: bool = True,
) -> Decision:
    tp, fp, fn, tn = counts
    return Decision(
        policy=policy,
        n_classes=2,
        threshold=threshold,
        threshold_low=low,
        threshold_high=high,
        confusion=((tn, fp), (fn, tp)),
        prevalence=(tp + fn) / (tp + fp + fn + tn),
        reached=reached,
        notes=tuple(notes),
    )


def _best(
    policy: Policy, counts: Counts, cost: Floats | None, share: float | None
) -> tuple[Any, Any]:
    """The point of each curve that serves the policy best, and whether it keeps the minimum."""
    costs = policy.costs
    if costs is None:
        goal = from_counts(policy.goal, counts)
    elif cost is not None:
        goal = -cost
    else:
        (tn, fp), (fn, tp) = np.asarray(costs.table, dtype=np.float64)
        # Against flagging nothing: a caught case saves fn - tp, a false alarm costs fp - tn.
        goal = counts.tp * (fn - tp) - counts.fp * (fp - tn)
    goal[np.isnan(goal)] = -np.inf
    alerts = counts.tp + counts.fp
    if share is not None:
        rows = alerts + counts.fn + counts.tn
        within = alerts <= share * rows * (1.0 + _SLACK)
        fills = policy.goal == "recall" and policy.floor_of is None
        if fills or (policy.alerts is not None and policy.alerts.per == "table"):
            # A capacity is used up: the next row may be a case, though none was here.
            return np.count_nonzero(within, axis=-1) - 1, np.ones(goal.shape[:-1], dtype=np.bool_)
        goal = np.where(within, goal, -np.inf)
    if policy.floor_of is None or policy.floor is None:
        return optimum(goal)
    floors = np.nan_to_num(from_counts(policy.floor_of, counts), copy=False)
    if policy.floor_of == "precision":
        # Flagging nothing has no precision, so it cannot keep one.
        goal = np.where(alerts > 0.0, goal, -np.inf)
    return optimum(goal, floor_values=floors, floor=policy.floor)


def _one_score_a_row(y: Ints, p: Floats, weight: Floats | None) -> Curve:
    """The curve that a promise rests on: a row scored several times is still one draw.

    The first repeat: a mean over repeats is steadier than the scores of any model.
    """
    if weight is not None:
        raise InvalidInput(
            "a guaranteed minimum must rest on rows that count once each. Got row weights, or "
            "another prevalence of deployment. Leave out the confidence."
        )
    return threshold_curve(y, p[0])


def _promise(policy: Policy, line: Curve) -> Guarantee:
    assert policy.floor_of is not None
    assert policy.floor is not None
    assert policy.confidence is not None
    return guaranteed(
        line, floor_of=policy.floor_of, floor=policy.floor, confidence=policy.confidence
    )


def _given(policy: Policy, y: Ints, p: Floats, weight: Floats | None, cut: float) -> Decision:
    """The decision of a threshold that the user gave."""
    flagged, mass = p >= cut, np.ones(y.size) if weight is None else weight
    hit = y == 1
    counts = [
        float((mass * rows).sum()) / len(p)
        for rows in (flagged & hit, flagged & ~hit, ~flagged & hit, ~flagged & ~hit)
    ]
    low = 0.0 if policy.cuts is None else policy.cuts[0]
    between = float((mass * ((p >= low) & ~flagged)).sum() / (mass.sum() * len(p)))
    return _decision(policy, cut, counts, [f"{per_1000(between)} of 1,000 rows are for review"])


def _how_near(policy: Policy, counts: list[float]) -> str:
    tp, fp, fn, _ = counts
    wholes = {"precision": tp + fp, "recall": tp + fn}
    other = "recall" if policy.floor_of == "precision" else "precision"
    if not wholes[str(policy.floor_of)]:
        return (
            f"{policy.floor_of} {policy.floor:g} is not reached at any threshold within the limit"
        )
    best = tp / wholes[str(policy.floor_of)]
    held = " within the limit" if policy.limit is not None else ""
    return (
        f"{policy.floor_of} {policy.floor:g} is not reached at any threshold{held}; the best is "
        f"{math.floor(1000.0 * best + 1e-9) / 1000.0:g} at {rate(other, tp, wholes[other])}"
    )


def _rests_on(alerts: float) -> list[str]:
    """That a precision is kept by few alerts; nothing where there are enough."""
    if alerts >= _FEW:
        return []
    rests = f"this precision rests on {plural(math.ceil(alerts), 'alert')}"
    return [f"{rests}; for one that new rows keep, ask for a promise: a confidence such as 0.95"]


def _why_degenerate(policy: Policy, curve: Curve, share: float | None, *, everything: bool) -> str:
    costs = policy.costs
    what = "flags everything" if everything else "flags nothing"
    found = f"the scores run from {curve.scores[-1]:.3g} to {curve.scores[0]:.3g}"
    tied = (curve.tp + curve.fp)[1] / (curve.tp + curve.fp)[-1]
    if share is not None and not everything and tied > share * (1.0 + _SLACK):
        return (
            f"{what}: {per_1000(tied)} of 1,000 rows share the highest score, and the capacity is "
            f"{per_1000(share)}"
        )
    if share is not None and everything and policy.goal == "recall" and policy.floor_of is None:
        return f"{what}: the capacity is as large as the table"
    if policy.floor_of is not None:
        kept = f"a {policy.floor_of} of at least {policy.floor:g}"
        return f"{what}: of all thresholds that keep {kept} this one serves best; {found}"
    if costs is not None:
        return f"{what}: at these costs acting pays from {costs.threshold:.3g} on, and {found}"
    if everything and beta_of(policy.goal) is not None:
        return (
            f"{what}: {found} and tell the classes apart too little; scores without information get "
            f"their best {title(policy.goal)} that way (Lipton et al. 2014)"
        )
    return f"{what}: no other threshold has a better {title(policy.goal)}; {found}"
