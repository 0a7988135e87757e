"""Several labels: calibrated probabilities and a threshold for each, chosen alone or together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._arrays import as_codes, as_scores
from evenkeel.confusion import Counts, confusion_table, from_counts
from evenkeel.decide.calibrate import fit_calibrator
from evenkeel.decide.choose import choose
from evenkeel.decide.decision import Decision
from evenkeel.decide.label_policy import LabelPolicy
from evenkeel.decide.micro import highest_f
from evenkeel.decide.multiclass import MIN_ROWS
from evenkeel.decide.multilabel_decision import MultilabelDecision, two_sided
from evenkeel.decide.policy import Policy
from evenkeel.decide.threshold import FLAGS_ALL, FLAGS_NONE, threshold_curve
from evenkeel.errors import InvalidInput
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evenkeel.decide.calibrate import Calibrator

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def calibrate_labels(
    Y: Ints, raw: Floats, *, method: str = "auto", fold: Ints | None = None
) -> tuple[Calibrator, ...]:
    """Fit the calibration of each label by itself.

    Parameters
    ----------
    Y
        ``(n_rows, n_labels)``: 0 and 1.
    raw
        ``(n_repeats, n_rows, n_labels)``: out-of-fold probabilities at the original prevalence.
    method, fold
        As for ``fit_calibrator``. A label with fewer than 5 rows of either kind gets Platt's map,
        where the choice is left open.
    """
    found = []
    for label in range(Y.shape[1]):
        rarer = min(int(Y[:, label].sum()), int((1 - Y[:, label]).sum()))
        kind = "platt" if method == "auto" and rarer < MIN_ROWS else method
        pairs = two_sided(raw[..., label])
        found.append(fit_calibrator(Y[:, label], pairs, method=kind, fold=fold))
    return tuple(found)


def choose_labels(
    policy: LabelPolicy | Policy | Mapping[Any, Policy] | None,
    Y: ArrayLike,
    p: ArrayLike,
    *,
    labels: Sequence[Any] | None = None,
    columns: Mapping[str, Any] | None = None,
    times: Any = None,
    n_boot: int = 200,
    seed: int = 0,
) -> MultilabelDecision:
    """Choose the thresholds of several labels that serve a policy best.

    All distinct scores of a label compete. With ``n_boot = 0`` the result is exact: for ``"macro"``
    each label has its own optimum, for a micro F-beta all together have the highest (``highest_f``).
    Otherwise thresholds are the medians that ``choose`` takes; for a micro F-beta under the costs
    that stand for it at its highest value F: ``1 + b^2 - F`` a miss, ``F`` a false alarm. These are
    ours, not the user's: decisions name the F-beta.

    A label with fewer than 5 rows of either kind is not searched: it keeps 0.5, or what its costs
    alone ask for. A label that all or no rows carry is always or never decided. Both are in
    ``notes``.

    Parameters
    ----------
    policy
        What the decisions are to achieve; see ``LabelPolicy.of``.
    Y
        ``(n_rows, n_labels)``: 0 and 1.
    p
        ``(n_rows, n_labels)`` or ``(n_repeats, n_rows, n_labels)``: calibrated out-of-fold
        probabilities.
    labels
        Names of the labels; their numbers by default.
    columns, times
        The columns that costs name and the moments that capacities need, each ``(n_rows,)``.
    n_boot, seed
        Redraws for each threshold, and their seed.

    Raises
    ------
    InvalidInput
        Shapes that do not fit, probabilities outside [0, 1], policies for unknown labels, columns
        missing.

    Examples
    --------
    >>> Y = np.tile([[1, 0], [1, 1], [0, 0], [0, 1], [0, 0], [0, 0]], (5, 1))
    >>> p = np.tile([[0.9, 0.1], [0.4, 0.3], [0.2, 0.2], [0.1, 0.4], [0.3, 0.1], [0.1, 0.2]], (5, 1))
    >>> choose_labels(None, Y, p, n_boot=0).thresholds.tolist()
    [0.3499999940395355, 0.25]
    """
    asked, table, score = LabelPolicy.of(policy), *_checked(Y, p)
    names = tuple(range(table.shape[1])) if labels is None else tuple(labels)
    if len(names) != table.shape[1]:
        raise InvalidInput(f"labels must name {table.shape[1]} labels. Got {len(names)}.")
    policies = asked.of_labels(names)
    given: dict[str, Any] = {"columns": columns, "times": times, "n_boot": n_boot, "seed": seed}
    held = {
        label: found
        for label in range(len(names))
        if (found := _held(policies[label], table[:, label], score[..., label], columns))
    }
    free = [label for label in range(len(names)) if label not in held]
    if asked.beta is not None and free:
        pooled = _pooled(asked.beta, table, score, free, held)
        policies = tuple(held[k].policy if k in held else pooled for k in range(len(names)))
    decisions: list[Decision] = []
    for label, name in enumerate(names):
        try:
            decisions.append(
                held[label]
                if label in held
                else choose(policies[label], table[:, label], two_sided(score[..., label]), **given)
            )
        except InvalidInput as error:
            raise InvalidInput(f"label {name!r}: {error}") from error
    if asked.beta is not None:
        decisions = [
            found if label in held else _renamed(found, asked)
            for label, found in enumerate(decisions)
        ]
    notes = [
        f"label {name}: {note}"
        for name, decision in zip(names, decisions, strict=True)
        for note in decision.notes
    ]
    return MultilabelDecision(
        policy=asked, labels=names, decisions=tuple(decisions), notes=tuple(notes)
    )


def _checked(Y: ArrayLike, p: ArrayLike) -> tuple[Ints, Floats]:
    table = as_codes(Y, owner="choose_labels", name="Y", n_classes=2)
    score = as_scores(p, owner="choose_labels")
    if table.ndim != 2 or score.ndim not in {2, 3} or score.shape[-2:] != table.shape:
        raise InvalidInput(
            "Y and p of choose_labels must have shape (n_rows, n_labels), p also with repeats "
            f"before. Got {table.shape} and {score.shape}."
        )
    return table, score.reshape(-1, *table.shape)


def _held(policy: Policy, y: Ints, p: Floats, columns: Mapping[str, Any] | None) -> Decision | None:
    """The decision of a label that cannot be searched; None when it can."""
    positives = int(y.sum())
    negatives = y.size - positives
    costs = policy.costs
    if not positives or not negatives:
        threshold = FLAGS_ALL if positives else FLAGS_NONE
        note = f"{'all' if positives else 'no'} rows carry it: it is {'always' if positives else 'never'} decided"
        policy = Policy.metric("accuracy")  # which asks no columns, and this decision serves best
    elif min(positives, negatives) < MIN_ROWS and policy.limit is None and policy.cuts is None:
        threshold = 0.5 if costs is None else costs.threshold
        kind = "with it" if positives < MIN_ROWS else "without it"
        kept = "0.5" if costs is None else f"{threshold:.3g}, which its costs ask for"
        note = (
            f"{plural(min(positives, negatives), 'row')} {kind}, fewer than {MIN_ROWS}: its "
            f"threshold stays {kept}"
        )
    else:
        return None
    first = Decision(
        policy=policy,
        n_classes=2,
        threshold=threshold,
        confusion=((0.0, 0.0), (0.0, 0.0)),
        prevalence=positives / y.size,
        notes=(note,),
    )
    decided = first.apply(two_sided(p), columns=columns)
    table = confusion_table(np.tile(y, len(p)), decided.ravel()) / len(p)
    (tn, fp), (fn, tp) = table
    reached = True
    if policy.floor_of is not None and policy.floor is not None:
        share = float(np.nan_to_num(from_counts(policy.floor_of, Counts(tp, fp, fn, tn))))
        reached = share >= policy.floor and policy.confidence is None
    return replace(first, confusion=tuple(map(tuple, table.tolist())), reached=reached)


def _renamed(decision: Decision, asked: LabelPolicy) -> Decision:
    """A decision under costs that stand for a pooled F-beta, in the words of what was asked for."""
    notes: tuple[str, ...] = ()
    if decision.threshold in {FLAGS_ALL, FLAGS_NONE}:
        what = "always" if decision.threshold == FLAGS_ALL else "never"
        notes = (f"{what} decided: that serves {asked.sentence()}",)
    return replace(decision, policy=asked.policy, notes=notes)


def _pooled(
    beta: float, Y: Ints, p: Floats, free: list[int], held: Mapping[int, Decision]
) -> Policy:
    """The costs under which each label by itself reaches the highest F-beta of all together."""
    sides = []
    for label in free:
        curve = threshold_curve(np.tile(Y[:, label], len(p)), p[..., label].ravel())
        ends = np.append(0, np.flatnonzero(np.diff(curve.tp) > 0.0) + 1)  # others only add alarms
        sides.append((curve.tp[ends] / len(p), curve.fp[ends] / len(p)))
    tables = np.array([decision.confusion for decision in held.values()]).reshape(-1, 2, 2)
    hits, false = float(tables[:, 1, 1].sum()), float(tables[:, 0, 1].sum())
    value, _ = highest_f(sides, beta=beta, fixed=(hits, false, float(tables[:, 1].sum())))
    return Policy(cost_fn=1.0 + beta**2 - value, cost_fp=value)
