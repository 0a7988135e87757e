"""The search: a policy, truth and calibrated scores in, a decision out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._arrays import as_codes, as_scores, as_weights, same_length
from evenkeel._checks import check_choice, check_number
from evenkeel.confusion import DECISION_METRICS, beta_of, confusion_table
from evenkeel.decide.binary import choose_threshold
from evenkeel.decide.decision import Decision
from evenkeel.decide.goals import ONE_SIDED, SCENARIOS, class_names
from evenkeel.decide.multiclass import (
    MIN_ROWS,
    Goal,
    decide,
    every_start,
    search_offsets,
    utilities,
)
from evenkeel.decide.policy import Policy
from evenkeel.decide.spread import redraw_offsets
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_SLACK = 1e-12  # rounding allowed when a recall is put against its minimum


def as_policy(given: Any, owner: str) -> Policy:
    """The policy given; InvalidType for anything else, with the policy that a word may have meant."""
    if isinstance(given, Policy):
        return given
    write = "Policy.metric('f1'), Policy(cost_fn=10, cost_fp=1), ..."
    word = given if isinstance(given, str) else ""
    if word in {*DECISION_METRICS} - {*ONE_SIDED} or beta_of(word) is not None:
        write = f"Policy.metric({word!r})"
    elif word in SCENARIOS:
        write = f"Policy.scenario({word!r})"
    got = repr(given) if isinstance(given, str) else type(given).__name__
    raise InvalidType(f"policy of {owner} must be a Policy. Got {got}. Write {write}.")


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
    times: Any = None,
    share: float | None = None,
) -> Decision:
    """Choose the threshold, or the offsets of several classes, that serve a policy best.

    All distinct scores compete. With ``n_boot = 0`` a threshold is the exact optimum, and
    offsets the best of three searches along one class at a time. Otherwise costs and metrics take the median of the optima over redrawn rows, which wanders less, while a
    minimum precision or recall and a capacity keep the exact threshold; both get a 5 % to 95 %
    spread. A minimum with a confidence is settled by exact binomial tests instead.

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
        Labels in the order of the codes, for notes and for minima by label.
    times
        ``(n_rows,)``: when each row happened, for a capacity per period.
    share
        In its place: the capacity as a share of the rows.

    Returns
    -------
    Decision

    Raises
    ------
    InvalidInput
        Scores outside [0, 1], lengths that differ, one class only, columns missing or such that one
        decision is never dearer, or a policy that does not fit the number of classes.

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
    costs = as_policy(policy, "choose").costs
    if costs is not None:
        costs.check_rows(columns, np.size(y))
    return choose_part(
        policy, y, p, columns=columns, n_boot=n_boot, seed=seed, weight=weight, classes=classes,
        times=times, share=share,
    )  # fmt: skip


def choose_part(
    policy: Policy,
    y: ArrayLike,
    p: ArrayLike,
    *,
    columns: Mapping[str, Any] | None,
    n_boot: int,
    seed: int,
    weight: ArrayLike | None,
    classes: Sequence[Any] | None,
    times: Any = None,
    share: float | None,
) -> Decision:
    """The same on a part of the rows, where it is no mistake that all amounts are 0."""
    check_number(n_boot, "n_boot", "choose", low=0, whole=True)
    if share is not None:
        check_number(share, "share", "choose", low=0.0)
    scores = as_scores(p, owner="choose")
    if scores.ndim not in {1, 2, 3} or (scores.ndim > 1 and scores.shape[-1] < 2):
        raise InvalidInput(f"p of choose must have shape (n_rows, n_classes). Got {np.shape(p)}.")
    n_classes = 2 if scores.ndim == 1 else scores.shape[-1]
    policy.check(n_classes)
    names = class_names(classes, n_classes, "choose")
    codes = as_codes(y, owner="choose", n_classes=n_classes)
    same_length("choose", y=codes, p=scores[0] if scores.ndim == 3 else scores)
    mass = None if weight is None else as_weights(weight, codes.size, owner="choose")
    if np.count_nonzero(np.bincount(codes, weights=mass)) < 2:
        raise InvalidInput("y of choose must hold at least two classes. Got one.")
    if n_classes > 2:
        repeats = scores.reshape(-1, *scores.shape[-2:])
        return _offsets(policy, codes, repeats, mass, n_boot // 4, seed, names)
    if policy.alerts is not None and share is None:
        share = policy.alerts.budget(codes.size, times=times) / codes.size
    score = np.atleast_2d(scores if scores.ndim == 1 else scores[..., 1])
    return choose_threshold(
        policy,
        codes,
        score,
        weight=mass,
        columns=columns,
        share=None if policy.alerts is None else share,
        n_boot=n_boot,
        seed=seed,
    )


def _offsets(
    policy: Policy,
    y: Ints,
    p: Floats,
    weight: Floats | None,
    n_boot: int,
    seed: int,
    names: tuple[str, ...],
) -> Decision:
    """Choose for several classes; ``p`` is ``(n_repeats, n_rows, n_classes)``."""
    costs, n_repeats, n_classes = policy.costs, len(p), p.shape[2]
    mass = np.ones(y.size) if weight is None else weight
    rows = np.bincount(y, minlength=n_classes)
    support = np.bincount(y, weights=mass, minlength=n_classes).astype(np.float64)
    table = None if costs is None else np.asarray(costs.table, dtype=np.float64)
    goal = Goal(policy.goal, support, table, floors=_floors(policy, names))
    logs = utilities(p, None if costs is None else costs.gains())
    common = int(np.argmax(support))
    tuned = np.flatnonzero((rows >= MIN_ROWS) & (np.arange(n_classes) != common))
    again, masses = np.tile(y, n_repeats), np.tile(mass, n_repeats) / n_repeats
    pooled = logs.reshape(-1, n_classes)
    low = high = None
    if n_boot < 1 or goal.floors is not None:
        start = every_start(goal, tuned)
        found = search_offsets(pooled, again, goal, weight=masses, tuned=tuned, start=start)
    if n_boot >= 1:
        drawn = redraw_offsets(logs, y, goal, weight=mass, tuned=tuned, n_boot=n_boot, seed=seed)
        low, high = (tuple(ends) for ends in np.quantile(drawn, [0.05, 0.95], axis=0).tolist())
        if goal.floors is None:
            found = np.median(drawn, axis=0)
    confusion = confusion_table(again, decide(pooled, found), n_classes=n_classes, weight=masses)
    return Decision(
        policy=policy,
        n_classes=n_classes,
        offsets=tuple(found.tolist()),
        offsets_low=low,
        offsets_high=high,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        reached=bool(goal.shortfall(confusion) <= _SLACK),
        notes=(*_floor_notes(goal, confusion, names), *_offset_notes(rows, confusion, names)),
    )


def _floors(policy: Policy, names: tuple[str, ...]) -> Floats | None:
    """Least recall of each class in the order of the codes, NaN for none."""
    if policy.floors is None:
        return None
    floors = np.full(len(names), np.nan)
    for label, floor in policy.floors:
        check_choice(str(label), names, "class of min_recall", "Policy")
        floors[names.index(str(label))] = floor
    return floors


def _floor_notes(goal: Goal, confusion: Floats, names: tuple[str, ...]) -> list[str]:
    """What recall the classes with a minimum have, with its counts, where one of them is missed."""
    if goal.floors is None or goal.shortfall(confusion) <= _SLACK:
        return []
    recalls = goal.recalls(confusion)
    each = []
    for code in np.flatnonzero((goal.floors > 0.0) & (goal.support > 0.0)).tolist():
        # Cut, never rounded up to the minimum that was missed.
        recall = math.floor(1000.0 * recalls[code] + 1e-9) / 1000.0
        counts = f"{confusion[code, code]:,.0f}/{goal.support[code]:,.0f}"
        each.append(f"{names[code]} {counts} = {recall:g} of {goal.floors[code]:g}")
    return [f"no offsets keep every minimum recall; the nearest reach {', '.join(each)}"]


def _offset_notes(rows: Ints, confusion: Floats, names: tuple[str, ...]) -> list[str]:
    notes = [
        f"class {names[code]} has {plural(int(rows[code]), 'row')}, fewer than {MIN_ROWS}: its "
        "offset stays 0"
        for code in np.flatnonzero(rows < MIN_ROWS)
    ]
    never = [names[code] for code in np.flatnonzero(confusion.sum(axis=0) == 0.0)]
    if never:
        notes.append(f"never decided on these scores: class {', '.join(never)}")
    return notes
