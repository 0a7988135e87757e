"""The search: a policy, truth and calibrated scores in, a decision out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._arrays import as_codes, as_scores, as_weights, same_length
from evenkeel._checks import check_number
from evenkeel.confusion import beta_of, confusion_table, from_counts
from evenkeel.decide.decision import Decision, rate
from evenkeel.decide.multiclass import (
    MIN_ROWS,
    Goal,
    decide,
    first_offsets,
    search_offsets,
    utilities,
)
from evenkeel.decide.policy import title
from evenkeel.decide.spread import redraw, redraw_offsets
from evenkeel.decide.threshold import FLAGS_ALL, FLAGS_NONE, Curve, optimum, threshold_curve
from evenkeel.errors import InvalidInput
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evenkeel.confusion import Counts
    from evenkeel.decide.policy import Policy

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def choose(
    policy: Policy,
    y: ArrayLike,
    p: ArrayLike,
    *,
    columns: Mapping[str, Any] | None = None,
    n_boot: int = 200,
    seed: int = 0,
    weight: ArrayLike | None = None,
    classes: Sequence[Any] | None = None,
) -> Decision:
    """Choose the threshold, or the offsets of several classes, that serve a policy best.

    All distinct scores compete. With ``n_boot = 0`` the result is the exact optimum. Otherwise
    costs and metrics take the median of the optima over redrawn rows, which wanders less, while a
    minimum precision or recall keeps the exact threshold; both get a 5 % to 95 % spread.

    Parameters
    ----------
    policy
        What the decisions are to achieve.
    y
        ``(n_rows,)``: class codes; with two classes both must occur.
    p
        ``(n_rows, n_classes)`` or ``(n_repeats, n_rows, n_classes)``: calibrated out-of-fold
        probabilities; two classes also ``(n_rows,)``, those of code 1.
    columns
        The columns that the costs name, each ``(n_rows,)``.
    n_boot
        Redraws for a threshold; offsets of several classes get a quarter of them.
    seed
        Seed of the redraws.
    weight
        ``(n_rows,)``: row weights, not negative.
    classes
        Labels in the order of the codes, for notes.

    Returns
    -------
    Decision

    Raises
    ------
    InvalidInput
        Scores outside [0, 1], lengths that differ, one class only, columns missing, or a policy
        that does not fit the number of classes.

    References
    ----------
    Elkan (2001), IJCAI, 973-978. Lipton, Elkan, Naryanaswamy (2014), "Optimal thresholding of
    classifiers to maximize F1 measure", https://doi.org/10.1007/978-3-662-44851-9_15

    Examples
    --------
    >>> from evenkeel.decide import Policy
    >>> p = [0.1, 0.2, 0.3, 0.4, 0.6, 0.8]
    >>> found = choose(Policy.metric("f1"), [0, 0, 1, 0, 1, 1], p, n_boot=0)
    >>> found.threshold, found.sentence()
    (0.25, 'Act when p >= 0.25: 667 alerts per 1,000 rows, precision 0.75 (3/4), recall 1.00 (3/3).')
    """
    check_number(n_boot, "n_boot", "choose", low=0, whole=True)
    scores = as_scores(p, owner="choose")
    if scores.ndim not in {1, 2, 3} or (scores.ndim > 1 and scores.shape[-1] < 2):
        raise InvalidInput(f"p of choose must have shape (n_rows, n_classes). Got {np.shape(p)}.")
    n_classes = 2 if scores.ndim == 1 else scores.shape[-1]
    policy.check(n_classes)
    codes = as_codes(y, owner="choose", n_classes=n_classes)
    same_length("choose", y=codes, p=scores[0] if scores.ndim == 3 else scores)
    mass = None if weight is None else as_weights(weight, codes.size, owner="choose")
    if np.count_nonzero(np.bincount(codes, weights=mass)) < 2:
        raise InvalidInput("y of choose must hold at least two classes. Got one.")
    if n_classes > 2:
        repeats = scores.reshape(-1, *scores.shape[-2:])
        return _offsets(policy, codes, repeats, mass, n_boot // 4, seed, tuple(classes or ()))
    score = np.atleast_2d(scores if scores.ndim == 1 else scores[..., 1])
    return _threshold(policy, codes, score, mass, columns, n_boot=n_boot, seed=seed)


def _threshold(
    policy: Policy,
    y: Ints,
    p: Floats,
    weight: Floats | None,
    columns: Mapping[str, Any] | None,
    *,
    n_boot: int,
    seed: int,
) -> Decision:
    """Choose for two classes; ``p`` is ``(n_repeats, n_rows)``."""
    costs, n_repeats, of_rows = policy.costs, len(p), None
    if costs is not None and costs.columns:
        p = costs.effective(p, columns=columns)
        of_rows = costs.of_rows(y, columns=columns)
    curve = threshold_curve(
        y if n_repeats == 1 else np.tile(y, n_repeats),
        p.ravel(),
        weight=None if weight is None else np.tile(weight, n_repeats),
        cost=None if of_rows is None else np.tile(of_rows, (n_repeats, 1)),
    )
    point, reached = _best(policy, curve.counts, curve.cost)
    at, low, high = int(point), None, None
    if n_boot:
        drawn = redraw(curve, y, p, n_boot=n_boot, seed=seed, weight=weight, cost=of_rows)
        found = np.sort(drawn.points[_best(policy, drawn.counts, drawn.cost)[0]])
        # Points fall with the threshold: the last ones are the lowest thresholds.
        ends = found[[round(0.95 * (n_boot - 1)), round(0.05 * (n_boot - 1))]]
        low, high = curve.thresholds_at(ends).tolist()
        if policy.floor_of is None:
            at = int(found[n_boot // 2])
    tp, fp, fn, tn = (float(count[at]) / n_repeats for count in curve.counts)
    threshold = float(curve.thresholds_at(at))
    notes = []
    if not reached:
        notes.append(_how_near(policy, tp, fp, fn))
    if threshold in {FLAGS_ALL, FLAGS_NONE}:
        notes.append(_why_degenerate(policy, curve, everything=threshold == FLAGS_ALL))
    return Decision(
        policy=policy,
        n_classes=2,
        threshold=threshold,
        threshold_low=low,
        threshold_high=high,
        confusion=((tn, fp), (fn, tp)),
        prevalence=(tp + fn) / (tp + fp + fn + tn),
        reached=bool(reached),
        notes=tuple(notes),
    )


def _best(policy: Policy, counts: Counts, cost: Floats | None) -> tuple[Any, Any]:
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
    if policy.floor_of is None or policy.floor is None:
        return optimum(goal)
    floors = np.nan_to_num(from_counts(policy.floor_of, counts), copy=False)
    if policy.floor_of == "precision":
        # Flagging nothing has no precision, so it cannot keep one.
        goal = np.where(counts.tp + counts.fp > 0.0, goal, -np.inf)
    return optimum(goal, floor_values=floors, floor=policy.floor)


def _offsets(
    policy: Policy,
    y: Ints,
    p: Floats,
    weight: Floats | None,
    n_boot: int,
    seed: int,
    classes: tuple[Any, ...],
) -> Decision:
    """Choose for several classes; ``p`` is ``(n_repeats, n_rows, n_classes)``."""
    costs, n_repeats, n_classes = policy.costs, len(p), p.shape[2]
    mass = np.ones(y.size) if weight is None else weight
    rows = np.bincount(y, minlength=n_classes)
    support = np.bincount(y, weights=mass, minlength=n_classes).astype(np.float64)
    table = None if costs is None else np.asarray(costs.table, dtype=np.float64)
    goal = Goal(policy.goal, support, table)
    logs = utilities(p, None if costs is None else costs.gains())
    common = int(np.argmax(support))
    tuned = np.flatnonzero((rows >= MIN_ROWS) & (np.arange(n_classes) != common))
    again, masses = np.tile(y, n_repeats), np.tile(mass, n_repeats) / n_repeats
    pooled = logs.reshape(-1, n_classes)
    low = high = None
    if n_boot < 1:
        start = first_offsets(goal, tuned)
        found = search_offsets(pooled, again, goal, weight=masses, tuned=tuned, start=start)
    else:
        drawn = redraw_offsets(logs, y, goal, weight=mass, tuned=tuned, n_boot=n_boot, seed=seed)
        found = np.median(drawn, axis=0)
        low, high = (tuple(ends) for ends in np.quantile(drawn, [0.05, 0.95], axis=0).tolist())
    confusion = confusion_table(again, decide(pooled, found), n_classes=n_classes, weight=masses)
    return Decision(
        policy=policy,
        n_classes=n_classes,
        offsets=tuple(found.tolist()),
        offsets_low=low,
        offsets_high=high,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        notes=_offset_notes(rows, confusion, classes),
    )


def _offset_notes(rows: Ints, confusion: Floats, classes: tuple[Any, ...]) -> tuple[str, ...]:
    names = [str(name) for name in classes or range(len(rows))]
    notes = [
        f"class {names[code]} has {plural(int(rows[code]), 'row')}, fewer than {MIN_ROWS}: its "
        "offset stays 0"
        for code in np.flatnonzero(rows < MIN_ROWS)
    ]
    never = [names[code] for code in np.flatnonzero(confusion.sum(axis=0) == 0.0)]
    if never:
        notes.append(f"never decided on these scores: class {', '.join(never)}")
    return tuple(notes)


def _how_near(policy: Policy, tp: float, fp: float, fn: float) -> str:
    wholes = {"precision": tp + fp, "recall": tp + fn}
    other = "recall" if policy.floor_of == "precision" else "precision"
    return (
        f"{policy.floor_of} {policy.floor:g} is not reached at any threshold; the best is "
        f"{tp / wholes[str(policy.floor_of)]:.2g} at {rate(other, tp, wholes[other])}"
    )


def _why_degenerate(policy: Policy, curve: Curve, *, everything: bool) -> str:
    costs = policy.costs
    what = "flags everything" if everything else "flags nothing"
    found = f"the scores run from {curve.scores[-1]:.3g} to {curve.scores[0]:.3g}"
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
