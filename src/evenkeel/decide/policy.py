"""What a person wants from decisions: least cost, a metric, a minimum, a capacity, bands."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from evenkeel._checks import check_choice, check_number
from evenkeel.decide.capacity import Capacity, read_capacity
from evenkeel.decide.cost import Costs
from evenkeel.decide.goals import (
    BANDS,
    SCENARIOS,
    check_classes,
    check_policy,
    cost_rows,
    plain_fields,
    title,
)
from evenkeel.errors import DamagedRun, EvenkeelError, InvalidInput, InvalidType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from evenkeel.decide.decision import Decision


def brief(frozen: Any) -> str:
    """The ``repr`` of a frozen dataclass by the fields that are not at their defaults."""
    told = ((field.name, getattr(frozen, field.name), field.default) for field in fields(frozen))
    shown = (f"{name}={value!r}" for name, value, default in told if value != default)
    return f"{type(frozen).__name__}({', '.join(shown)})"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What decisions are to achieve; ``Policy(cost_fn=122, cost_fp=4)`` is the usual form.

    One goal, and what limits it: a minimum precision or recall, a capacity, or both. Each of these
    has a maker of its own below; the fields may be combined.

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
    confidence
        The minimum is to hold for new rows with this confidence, in (0, 1), not only on these.
    limit
        Most alerts: ``"200/day"``, ``"1.5%"`` of the rows, or ``"500"`` of any table.
    cuts
        Two probabilities, rising: rows below the first are let pass, those from the second on are
        acted on, those between are for a person.
    floors
        Several classes: pairs of a label and the least recall of that class.
    preset
        The scenario this came from.

    Raises
    ------
    InvalidInput, InvalidType
        Costs that are negative, not numbers or make every decision equal; unknown metrics; minima,
        capacities or cuts outside their range.

    Examples
    --------
    >>> Policy(cost_fn=122, cost_fp=4).sentence()
    'cost: a miss 122, a false alarm 4; act when p > 0.0317 if calibrated'
    >>> Policy.scenario("fraud").sentence()
    'scenario fraud: the highest recall with a precision of at least 0.5'
    >>> Policy.capacity("200/day").sentence()
    'the highest recall with at most 200 alerts a day'
    >>> Policy.min_recall(0.9)
    Policy(goal='precision', floor_of='recall', floor=0.9)
    """

    cost_fn: float | str | None = None
    cost_fp: float | str | None = None
    cost_tp: float | str = 0.0
    cost_tn: float | str = 0.0
    cost_matrix: tuple[tuple[float, ...], ...] | None = None
    goal: str = "cost"
    floor_of: str | None = None
    floor: float | None = None
    confidence: float | None = None
    limit: str | None = None
    cuts: tuple[float, float] | None = None
    floors: tuple[tuple[Any, float], ...] | None = None
    preset: str | None = None

    def __post_init__(self) -> None:
        for name, value in plain_fields(self).items():
            object.__setattr__(self, name, value)
        check_policy(self)

    def __repr__(self) -> str:
        return brief(self)

    @classmethod
    def metric(cls, name: str) -> Self:
        """The highest value of a decision metric: ``"f1"``, ``"f0.5"``, ``"mcc"``, ..."""
        return cls(goal=name)

    @classmethod
    def min_precision(cls, precision: float, *, confidence: float | None = None) -> Self:
        """The highest recall among thresholds that keep this precision.

        With a confidence the precision is to hold for new rows of the same kind: see
        ``evenkeel.decide.guarantee``.
        """
        return cls(goal="recall", floor_of="precision", floor=precision, confidence=confidence)

    @classmethod
    def min_recall(
        cls, recall: float | Mapping[Any, float], *, confidence: float | None = None
    ) -> Self:
        """The highest precision among thresholds that keep this recall.

        Several classes: a recall for each label that must have one; balanced accuracy is then as
        high as that allows.
        """
        if hasattr(recall, "items"):
            return cls(goal="balanced-accuracy", floors=tuple(recall.items()))
        return cls(goal="precision", floor_of="recall", floor=recall, confidence=confidence)

    @classmethod
    def capacity(cls, limit: str | float, per: str | None = None) -> Self:
        """The highest recall with at most so many alerts.

        ``"200/day"`` or ``capacity(200, "day")``: on average over the days that the scored rows
        cover; ``"1.5%"`` or ``capacity(0.015, "row")``: a share of the rows.
        """
        return cls(goal="recall", limit=str(Capacity(limit, per) if per else limit))  # type: ignore[arg-type]

    @classmethod
    def top(cls, k: int) -> Self:
        """The k rows with the highest scores of whatever table is decided; ties never exceed k."""
        check_number(k, "top", "Policy", low=1, whole=True)
        return cls(goal="recall", limit=str(int(k)))

    @classmethod
    def bands(cls, low: float, high: float) -> Self:
        """Let rows below ``low`` pass, act from ``high`` on, and have a person look at the rest."""
        return cls(goal=BANDS, cuts=(low, high))

    @classmethod
    def matrix(cls, costs: Sequence[Sequence[float]]) -> Self:
        """Least cost under a matrix: rows are true classes, columns decisions."""
        return cls(cost_matrix=cost_rows(costs))

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
    def alerts(self) -> Capacity | None:
        """The limit read, None without one."""
        return None if self.limit is None else read_capacity(self.limit)

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
        check_classes(self, n_classes)

    def row_costs(
        self, y: ArrayLike, *, columns: Mapping[str, Any] | None = None
    ) -> NDArray[np.float64] | None:
        """What each decision would cost for each row, ``(n_rows, n_classes)``; None without costs."""
        return None if self.costs is None else self.costs.of_rows(y, columns=columns)

    def score(
        self, p: NDArray[np.float64], *, columns: Mapping[str, Any] | None = None
    ) -> NDArray[np.float64]:
        """What is put against the threshold: ``p``, or with cost columns what acting is worth.

        Without a limit that is ``Costs.effective``; where only so many rows may be acted on, those
        that save most come first: ``Costs.saving``. Two classes, ``(..., n_rows)``.
        """
        if self.costs is None:
            return p
        if self.limit is not None:
            return self.costs.saving(p, columns=columns)
        return self.costs.effective(p, columns=columns)

    def choose(self, y: ArrayLike, p: ArrayLike, **options: Any) -> Decision:
        """Choose the threshold, or the offsets of several classes, that serve this policy best.

        Parameters and errors as for ``evenkeel.decide.choose.choose``, which this calls.
        """
        # The search returns a Decision, and a Decision holds its Policy: one of the two must wait.
        from evenkeel.decide.choose import choose

        return choose(self, y, p, **options)

    def sentence(self) -> str:
        """The policy in plain words."""
        if self.cuts is not None:
            low, high = self.cuts
            return f"bands: approve below {low:g}, review up to {high:g}, block from there on"
        costs = self.costs
        words = f"the highest {title(self.goal)}" if costs is None else costs.sentence()
        if self.floor_of is not None:
            words += f" with a {self.floor_of} of at least {self.floor:g}"
        if self.confidence is not None:
            words += f", guaranteed with {100 * self.confidence:g} % confidence"
        if self.floors is not None:
            each = ", ".join(f"{label} {floor:g}" for label, floor in self.floors)
            words += f" with a recall of at least: {each}"
        if self.alerts is not None:
            words += f" with at most {self.alerts.sentence()}"
        return words if self.preset is None else f"scenario {self.preset}: {words}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what is not set is left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.goal != "cost" or self.cost_matrix is not None:
            del values["cost_tp"], values["cost_tn"]
        for name in ("cost_matrix", "floors"):
            if values[name] is not None:
                values[name] = [list(row) for row in values[name]]
        if self.cuts is not None:
            values["cuts"] = list(self.cuts)
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The policy that ``to_dict`` wrote; DamagedRun when it is anything else."""
        try:
            values = {
                field.name: stored[field.name] for field in fields(cls) if field.name in stored
            }
            if not all(
                isinstance(values.get(name, ""), str) for name in ("goal", "preset", "limit")
            ):
                raise InvalidType("goal, preset and limit must be words.")
            for name in ("cost_matrix", "floors"):
                if name in values:
                    values[name] = tuple(tuple(row) for row in values[name])
            if "cuts" in values:
                values["cuts"] = tuple(values["cuts"])
            return cls(**values)
        except (EvenkeelError, TypeError, ValueError, AttributeError) as error:
            raise DamagedRun(f"The stored policy cannot be used: {error}") from error
