"""What a person wants from decisions: least cost, a metric, a minimum precision or recall."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from evenkeel._checks import check_choice, check_number, did_you_mean
from evenkeel.confusion import DECISION_METRICS, beta_of
from evenkeel.decide.cost import Costs
from evenkeel.decide.multiclass import GOALS
from evenkeel.errors import DamagedRun, EvenkeelError, InvalidInput, InvalidType
from evenkeel.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from evenkeel.decide.decision import Decision

SCENARIOS = {
    "fraud": ("recall", "precision", 0.5),
    "screening": ("precision", "recall", 0.95),
    "spam": ("recall", "precision", 0.99),
    "general": ("f1", None, None),
}


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What decisions are to achieve; ``Policy(cost_fn=122, cost_fp=4)`` is the usual form.

    Parameters
    ----------
    cost_fn, cost_fp
        Cost of a miss and of a false alarm: a number of at least 0 in any unit, or the name of a
        column that holds it for each row.
    cost_tp, cost_tn
        Cost of a caught case and of a row rightly left alone.
    cost_matrix
        In their place: one row for each true class, one column for each decision.
    goal
        What is as good as possible: ``"cost"``, or a decision metric.
    floor_of, floor
        ``"precision"`` or ``"recall"``, and the least it may be, above 0 and up to 1.
    preset
        The scenario this came from.

    Raises
    ------
    InvalidInput, InvalidType
        Costs that are negative, not numbers or make every decision equal; unknown metrics;
        minima outside their range.

    Examples
    --------
    >>> Policy(cost_fn=122, cost_fp=4).sentence()
    'cost: a miss 122, a false alarm 4; act when p > 0.0317 if calibrated'
    >>> Policy.scenario("fraud").sentence()
    'scenario fraud: the highest recall with a precision of at least 0.5'
    """

    cost_fn: float | str | None = None
    cost_fp: float | str | None = None
    cost_tp: float | str = 0.0
    cost_tn: float | str = 0.0
    cost_matrix: tuple[tuple[float, ...], ...] | None = None
    goal: str = "cost"
    floor_of: str | None = None
    floor: float | None = None
    preset: str | None = None

    def __post_init__(self) -> None:
        given = self.cost_fn is not None or self.cost_fp is not None
        if self.goal == "cost":
            if self.cost_matrix is None and (self.cost_fn is None or self.cost_fp is None):
                raise InvalidInput(
                    "Policy needs both cost_fn (a miss) and cost_fp (a false alarm), a cost_matrix, "
                    "or another goal such as Policy.metric('f1')."
                )
            if self.cost_matrix is not None and given:
                raise InvalidInput("Policy takes cost_fn and cost_fp or a cost_matrix, not both.")
            _ = self.costs
        elif given or self.cost_matrix is not None:
            raise InvalidInput(f"Costs and the goal {self.goal!r} exclude each other in a Policy.")
        else:
            check_goal(self.goal)
        if (self.floor_of is None) != (self.floor is None):
            raise InvalidInput("floor_of and floor of Policy belong together.")
        if self.floor_of is not None:
            check_choice(self.floor_of, ("precision", "recall"), "floor_of", "Policy")
            check_number(self.floor, self.floor_of, "Policy", low=0.0, high=1.0, open_low=True)
        if self.preset is not None:
            check_choice(self.preset, SCENARIOS, "scenario", "Policy")

    @classmethod
    def metric(cls, name: str) -> Self:
        """The highest value of a decision metric: ``"f1"``, ``"f0.5"``, ``"mcc"``, ..."""
        return cls(goal=name)

    @classmethod
    def min_precision(cls, precision: float) -> Self:
        """The highest recall among thresholds that keep this precision."""
        return cls(goal="recall", floor_of="precision", floor=precision)

    @classmethod
    def min_recall(cls, recall: float) -> Self:
        """The highest precision among thresholds that keep this recall."""
        return cls(goal="precision", floor_of="recall", floor=recall)

    @classmethod
    def matrix(cls, costs: Sequence[Sequence[float]]) -> Self:
        """Least cost under a matrix: rows are true classes, columns decisions."""
        return cls(cost_matrix=tuple(tuple(row) for row in costs))

    @classmethod
    def scenario(cls, name: str, n_classes: int = 2) -> Self:
        """What people in a field usually want, for when no costs are known.

        ``fraud``: highest recall at precision >= 0.5. ``screening``: highest precision at recall
        >= 0.95. ``spam``: highest recall at precision >= 0.99. ``general``: highest F1, with several
        classes highest balanced accuracy.
        """
        check_choice(name, SCENARIOS, "scenario", "Policy")
        goal, floor_of, floor = SCENARIOS[name]
        if n_classes > 2:
            if name != "general":
                raise InvalidInput(
                    f"The scenario {name!r} needs a positive class. Name one to set it against the "
                    "rest, or use the scenario 'general'."
                )
            goal = "balanced-accuracy"
        return cls(goal=goal, floor_of=floor_of, floor=floor, preset=name)

    @property
    def costs(self) -> Costs | None:
        """The costs as a table, None without costs."""
        if self.goal != "cost":
            return None
        if self.cost_matrix is not None:
            return Costs(self.cost_matrix)
        fn, fp = self.cost_fn, self.cost_fp
        return Costs(((self.cost_tn, fp), (fn, self.cost_tp)))  # type: ignore[arg-type]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that decisions need besides the score."""
        return () if self.costs is None else self.costs.columns

    @property
    def objective(self) -> str:
        """The metric that compares models under this policy: cost, else average precision."""
        return "cost" if self.goal == "cost" else "average-precision"

    def check(self, n_classes: int) -> None:
        """Raise InvalidInput unless the policy can decide between this many classes."""
        costs = self.costs
        if costs is not None and len(costs.table) != n_classes:
            raise InvalidInput(
                f"Costs for {len(costs.table)} classes cannot decide between {n_classes}. "
                f"Give a cost matrix of {n_classes} rows and columns, or name a positive class."
            )
        if n_classes == 2:
            return
        if self.floor_of is not None:
            raise InvalidInput(
                f"A minimum {self.floor_of} needs two classes. Name a positive class to set it "
                "against the rest."
            )
        if self.goal not in GOALS and beta_of(self.goal) is None:
            raise InvalidInput(
                f"With several classes a decision can aim at {', '.join(GOALS)}. Got {self.goal!r}."
            )

    def row_costs(
        self, y: ArrayLike, *, columns: Mapping[str, Any] | None = None
    ) -> NDArray[np.float64] | None:
        """What each decision would cost for each row, ``(n_rows, n_classes)``; None without costs."""
        return None if self.costs is None else self.costs.of_rows(y, columns=columns)

    def choose(
        self,
        y: ArrayLike,
        p: ArrayLike,
        *,
        columns: Mapping[str, Any] | None = None,
        n_boot: int = 200,
        seed: int = 0,
        weight: ArrayLike | None = None,
        classes: Sequence[Any] | None = None,
    ) -> Decision:
        """Choose the threshold, or the offsets of several classes, that serve this policy best.

        See ``evenkeel.decide.choose.choose``, which this calls.
        """
        # The search returns a Decision, and a Decision holds its Policy: one of the two must wait.
        from evenkeel.decide.choose import choose

        return choose(
            self, y, p, columns=columns, n_boot=n_boot, seed=seed, weight=weight, classes=classes
        )

    def sentence(self) -> str:
        """The policy in plain words."""
        costs = self.costs
        words = f"the highest {title(self.goal)}" if costs is None else costs.sentence()
        if self.floor_of is not None:
            words += f" with a {self.floor_of} of at least {self.floor:g}"
        return words if self.preset is None else f"scenario {self.preset}: {words}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what is not set is left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.goal != "cost" or self.cost_matrix is not None:
            del values["cost_tp"], values["cost_tn"]
        if self.cost_matrix is not None:
            values["cost_matrix"] = [list(row) for row in self.cost_matrix]
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The policy that ``to_dict`` wrote; DamagedRun when it is anything else."""
        try:
            values = {
                field.name: stored[field.name] for field in fields(cls) if field.name in stored
            }
            if not all(isinstance(values.get(name, ""), str) for name in ("goal", "preset")):
                raise InvalidType("goal and preset must be words.")
            if "cost_matrix" in values:
                values["cost_matrix"] = tuple(tuple(row) for row in values["cost_matrix"])
            return cls(**values)
        except (EvenkeelError, TypeError, AttributeError) as error:
            raise DamagedRun(f"The stored policy cannot be used: {error}") from error


def check_goal(name: Any) -> None:
    """Raise unless ``name`` is a decision metric or ``"f<beta>"``."""
    if isinstance(name, str) and (name in DECISION_METRICS or beta_of(name) is not None):
        return
    known = METRICS.get(name) if isinstance(name, str) else None
    if known is not None:
        raise InvalidInput(
            f"{known.title} judges a {known.kind} and cannot choose decisions. "
            f"Use one of {', '.join(DECISION_METRICS)} or f<beta>."
        )
    raise InvalidInput(
        f"metric of Policy must be one of {', '.join(DECISION_METRICS)} or f<beta>. Got {name!r}. "
        f"{did_you_mean(str(name), DECISION_METRICS)}".rstrip()
    )


def title(name: str) -> str:
    """What people read for a metric: ``"F0.5"`` for ``"f0.5"``."""
    return METRICS[name].title if name in METRICS else name.upper()
