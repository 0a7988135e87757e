"""What a policy may ask for: goals by name, the usual ones of a field, and what goes together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel._checks import check_choice, check_number, did_you_mean, listed
from evenkeel.confusion import DECISION_METRICS, beta_of
from evenkeel.decide.amounts import plain_number
from evenkeel.decide.capacity import read_capacity
from evenkeel.decide.multiclass import GOALS
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evenkeel.decide.policy import Policy

BANDS = "bands"  # the goal of a policy whose thresholds are given
SCENARIOS = {
    "fraud": ("recall", "precision", 0.5),
    "screening": ("precision", "recall", 0.95),
    "spam": ("recall", "precision", 0.99),
    "general": ("f1", None, None),
}
_NUMBERS = ("cost_fn", "cost_fp", "cost_tp", "cost_tn", "floor", "confidence")
ONE_SIDED = {  # goals of one kind of error: when each is best, and what it needs beside it
    "recall": ("every row is flagged", "a minimum precision (min_precision) or a capacity"),
    "precision": ("hardly any row is flagged", "a minimum recall (min_recall)"),
    "specificity": ("no row is flagged", "a minimum recall (min_recall)"),
}


def check_goal(name: Any) -> None:
    """Raise unless ``name`` is a decision metric or ``"f<beta>"``."""
    if isinstance(name, str) and (name in DECISION_METRICS or beta_of(name) is not None):
        return
    near = _as_written_here(name)
    same = near in DECISION_METRICS or beta_of(near) is not None
    known = METRICS.get(near)
    if known is not None and not same:
        raise InvalidInput(
            f"{known.title} judges a {known.kind} and cannot choose decisions. "
            f"Use one of {', '.join(DECISION_METRICS)} or f<beta>."
        )
    hint = f"Did you mean {near!r}?" if same else did_you_mean(near, DECISION_METRICS)
    raise InvalidInput(
        f"metric of Policy must be one of {', '.join(DECISION_METRICS)} or f<beta>. Got {name!r}. "
        f"{hint}".rstrip()
    )


def _as_written_here(name: Any) -> str:
    """A metric's name elsewhere, such as in logs of a training, as a policy writes it.

    >>> [_as_written_here(name) for name in ("balanced_accuracy", "eval_macro_f1")]
    ['balanced-accuracy', 'f1']
    """
    return str(name).replace("_", "-").removeprefix("eval-").removeprefix("macro-")


def title(name: str) -> str:
    """What people read for a metric: ``"F0.5"`` for ``"f0.5"``."""
    return METRICS[name].title if name in METRICS else name.upper()


def class_names(classes: Sequence[Any] | None, n_classes: int, owner: str) -> tuple[str, ...]:
    """The label of each code as text; the codes themselves without labels.

    >>> class_names(None, 2, "choose"), class_names(("calm", "storm"), 2, "choose")
    (('0', '1'), ('calm', 'storm'))
    """
    names = tuple(str(name) for name in (range(n_classes) if classes is None else classes))
    if len(names) != n_classes:
        raise InvalidInput(
            f"classes of {owner} must name the {n_classes} classes. Got {len(names)}: "
            f"{listed(map(repr, names))}."
        )
    return names


def plain_fields(policy: Policy) -> dict[str, Any]:
    """The numbers of a policy as those of Python, and its rows as tuples: what JSON can hold."""
    found = {name: plain_number(getattr(policy, name)) for name in _NUMBERS}
    if policy.cost_matrix is not None:
        found["cost_matrix"] = cost_rows(policy.cost_matrix)
    if isinstance(policy.cuts, tuple):
        found["cuts"] = tuple(map(plain_number, policy.cuts))
    if policy.floors is not None:
        found["floors"] = tuple((_plain(label), plain_number(low)) for label, low in policy.floors)
    if policy.limit is not None:
        found["limit"] = str(policy.limit)
    return found


def cost_rows(matrix: Iterable[Any]) -> tuple[tuple[Any, ...], ...]:
    """A cost matrix as tuples of plain numbers; InvalidType when it has no rows."""
    try:
        rows = list(matrix)
        if isinstance(matrix, str) or any(isinstance(row, str) for row in rows):
            raise TypeError
        return tuple(tuple(map(plain_number, row)) for row in rows)
    except TypeError:
        raise InvalidType(
            "cost_matrix of Policy must hold one row for each true class, one column for each "
            f"decision. Got {matrix!r}. Write Policy.matrix([[0, 1], [50, 0]])."
        ) from None


def _plain(label: Any) -> Any:
    return label.item() if hasattr(label, "item") else label


def check_policy(policy: Policy) -> None:
    """Raise unless the fields of a policy fit together."""
    _check_aim(policy)
    if (policy.floor_of is None) != (policy.floor is None):
        raise InvalidInput("floor_of and floor of Policy belong together.")
    if policy.floor_of is not None:
        check_choice(policy.floor_of, ("precision", "recall"), "floor_of", "Policy")
        check_number(
            policy.floor, f"min_{policy.floor_of}", "Policy",
            low=0.0, high=1.0, open_low=True, hint="Write 0.8 or 80%.",
        )  # fmt: skip
    if policy.confidence is not None:
        _check_confidence(policy)
    for label, floor in policy.floors or ():
        check_number(floor, f"recall of {label}", "Policy", low=0.0, high=1.0, open_low=True)
    if policy.goal in ONE_SIDED:
        _check_weighed(policy)
    limit = None if policy.limit is None else read_capacity(policy.limit)
    if limit is not None and limit.per == "table" and policy.floor_of is not None:
        # Of another table other rows are the top ones: no minimum could hold there.
        raise InvalidInput(
            f"top of Policy must stand without a minimum {policy.floor_of}: so many rows are "
            "flagged in any table, whatever their scores. Give a share such as 1.5% instead."
        )
    if policy.preset is not None:
        check_choice(policy.preset, SCENARIOS, "scenario", "Policy")


def _check_weighed(policy: Policy) -> None:
    """A rate that flagging all rows, or hardly any, makes best needs something that it pays for."""
    bounds = policy.floor_of == "precision" or policy.limit is not None
    if bounds if policy.goal == "recall" else policy.floor_of == "recall":
        return
    best, ask = ONE_SIDED[policy.goal]
    beside = "alone" if policy.limit is None else "with a capacity"
    beside = beside if policy.floor_of is None else f"with a minimum {policy.floor_of}"
    raise InvalidInput(
        f"metric of Policy must weigh both kinds of error. Got {policy.goal!r} {beside}, which is "
        f"best when {best}. Use f1, f2 or f0.5, or give {ask}."
    )


def _check_confidence(policy: Policy) -> None:
    """A guarantee is settled by tests of the minimum alone: nothing else may steer the threshold."""
    if policy.floor_of is None:
        raise InvalidInput(
            "confidence of Policy must go with a minimum precision or recall. Got none. "
            "Give one, as in Policy.min_precision(0.8, confidence=0.95)."
        )
    other = "recall" if policy.floor_of == "precision" else "precision"
    beside = "a capacity" if policy.limit is not None else f"the goal {policy.goal!r}"
    if policy.limit is not None or policy.goal != other:
        raise InvalidInput(
            f"confidence of Policy must go with a minimum {policy.floor_of} alone, with the highest "
            f"{other} that allows. Got {beside} too. Leave it out, or the confidence."
        )
    check_number(
        policy.confidence, "confidence", "Policy",
        low=0.0, high=1.0, open_low=True, open_high=True,
    )  # fmt: skip


def _check_aim(policy: Policy) -> None:
    given = policy.cost_fn is not None or policy.cost_fp is not None
    if (policy.goal == BANDS) != (policy.cuts is not None):
        raise InvalidInput("cuts of Policy belong to Policy.bands(low, high).")
    if policy.goal == "cost":
        if policy.cost_matrix is None and (policy.cost_fn is None or policy.cost_fp is None):
            raise InvalidInput(
                "Policy needs both cost_fn (a miss) and cost_fp (a false alarm), a cost_matrix, "
                "or another goal such as Policy.metric('f1')."
            )
        if policy.cost_matrix is not None and given:
            raise InvalidInput("Policy takes cost_fn and cost_fp or a cost_matrix, not both.")
        _ = policy.costs
    elif given or policy.cost_matrix is not None:
        raise InvalidInput(f"Costs and the goal {policy.goal!r} exclude each other in a Policy.")
    elif policy.cuts is not None:
        _check_cuts(policy)
    else:
        check_goal(policy.goal)


def _check_cuts(policy: Policy) -> None:
    cuts: Any = policy.cuts
    if not isinstance(cuts, tuple) or len(cuts) != 2:
        raise InvalidInput(
            f"bands of Policy must be two probabilities, rising, such as 0.02,0.4. Got {cuts!r}."
        )
    for cut in cuts:
        check_number(cut, "bands", "Policy", low=0.0, high=1.0)
    if not cuts[0] < cuts[1]:
        raise InvalidInput(
            f"bands of Policy must rise. Got {cuts[0]:g} and {cuts[1]:g}. Give the lower first."
        )
    if policy.floor_of is not None or policy.limit is not None:
        raise InvalidInput(
            "bands of Policy must stand alone: their thresholds are given. Got a minimum or a "
            "capacity with them. Leave one of them out."
        )


def check_classes(policy: Policy, n_classes: int) -> None:
    """Raise InvalidInput unless a policy can decide between this many classes."""
    costs = policy.costs
    if costs is not None and len(costs.table) != n_classes:
        raise InvalidInput(
            f"Costs for {len(costs.table)} classes cannot decide between {n_classes}. "
            f"Give a cost matrix of {n_classes} rows and columns, or name a positive class."
        )
    if n_classes == 2:
        if policy.floors is not None:
            raise InvalidInput(
                "min_recall by class needs several classes. Got two: give one number, the least "
                "recall of the positive class."
            )
        return
    asked = {
        f"A minimum {policy.floor_of}": policy.floor_of,
        "A capacity": policy.limit,
        "Bands": policy.cuts,
    }
    for what, value in asked.items():
        if value is not None:
            raise InvalidInput(
                f"{what} needs two classes. Name a positive class to set it against the rest."
            )
    if policy.goal not in GOALS and beta_of(policy.goal) is None:
        raise InvalidInput(
            f"With several classes a decision can aim at {', '.join(GOALS)}. Got {policy.goal!r}."
        )
